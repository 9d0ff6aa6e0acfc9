// SPDX-License-Identifier: GPL-2.0
/*
 * Handshakes, both sides.  The acceptor's half runs in the work of a transport
 * that has no session yet; nothing of a session is changed before the peer has
 * shown that it knows the session's secret.
 */
#include <linux/random.h>
#include <net/sock.h>
#include <uapi/linux/rsess_netlink.h>
#include "auth.h"
#include "ctrl.h"
#include "fallback.h"
#include "genl.h"
#include "handshake.h"
#include "knock.h"
#include "listener.h"
#include "net.h"
#include "owner.h"
#include "session.h"
#include "table.h"
#include "trace.h"
#include "transport.h"
#include "work.h"

/* A peer that did not confirm our answer has so long to say HELLO: it may be a plain one that
 * waits for us to speak.
 */
#define RSESS_UNCONFIRMED_MS	3000

/* Does a TLV of the payload of HELLO or WELCOME, behind its @fixed part, say that frames
 * may have tags?  Then what follows the method, @more bytes; else NULL.
 */
static const u8 *rsess_handshake_find_tag(const struct rsess_transport *tr,
					  u32 fixed, u16 more)
{
	const u8 *method = rsess_wire_find_tlv(tr->rx.ctrl + fixed,
					       tr->rx.f.length - fixed,
					       RSESS_TLV_TAG, 1 + more);

	return method && *method == RSESS_TAG_POLY1305 ? method + 1 : NULL;
}

/* The MAC at the end of the payload of HELLO or WELCOME, or NULL; @len: of what is in
 * front of it, and is covered.
 */
static const u8 *rsess_handshake_find_mac(const struct rsess_transport *tr,
					  u32 fixed, u32 *len)
{
	const struct rsess_rx *rx = &tr->rx;
	const u8 *mac = rsess_wire_find_tlv(rx->ctrl + fixed,
					    rx->f.length - fixed,
					    RSESS_TLV_MAC, RSESS_WIRE_MAC_LEN);

	*len = rx->f.length;
	if (!mac || mac + RSESS_WIRE_MAC_LEN != rx->ctrl + rx->f.length)
		return NULL;
	*len -= RSESS_TLV_MAC_LEN;
	return mac;
}

/* Has it seen our HELLO, and has it the pre-shared key?  0, -EKEYREJECTED, -EBADMSG, or
 * an errno of the crypto API.
 */
static int rsess_handshake_check_welcome(struct rsess_sock *rs,
					 const struct rsess_transport *tr)
{
	struct net *net = sock_net(rsess_to_sk(rs));
	u8 mac[RSESS_WIRE_MAC_LEN];
	const u8 *theirs;
	u32 len;
	int err;

	theirs = rsess_handshake_find_mac(tr, sizeof(struct rsess_wire_welcome),
					  &len);
	err = rsess_auth_welcome(rs->secret, tr->rx.hdr, tr->rx.ctrl, len, mac);
	if (err || (theirs && rsess_auth_equal(mac, theirs)))
		return err;
	if (rs->psk.len) {
		RSESS_INC(net, HELLO_AUTH);
		return -EKEYREJECTED;
	}
	RSESS_INC(net, FRAMES_FORGED);
	return -EBADMSG;
}

/* For people. */
static void rsess_handshake_trace_refused(const struct rsess_transport *tr,
					  enum rsess_wire_error error)
{
	const struct rsess_frame *f = &tr->rx.f;

	trace_rsess_frame_refused(tr->sk, tr->sock->sk, f->type, f->flags,
				  f->length, error);
}

/* The frames of a transport have tags, if those of its session have.  0 or -ENOMEM. */
static int rsess_handshake_tags(const struct rsess_sock *rs,
				struct rsess_transport *tr)
{
	return rs->tagged ? rsess_transport_make_tags(tr) : 0;
}

/* With a pre-shared key the acceptor waits for a sign that HELLO was no recording. */
static int rsess_handshake_prove(struct rsess_sock *rs)
{
	int err = rsess_auth_proof(rs->secret, rs->proof);

	if (err)
		return err;
	rs->tr->prove = true;
	rs->tr->pending |= RSESS_PEND(RSESS_PONG);
	return 0;
}

/**
 * rsess_handshake_welcome() - the acceptor agrees to a session
 * @rs: session of the dialer, locked
 * @tr: holds the frame
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int rsess_handshake_welcome(struct rsess_sock *rs, struct rsess_transport *tr)
{
	const struct rsess_frame *f = &tr->rx.f;
	u32 window = rs->credit.limit - rs->credit.rcv_nxt;
	struct rsess_wire_welcome w;
	enum rsess_wire_error refused;
	const u8 *salt;
	int err;

	refused = rsess_wire_check_welcome(tr->rx.ctrl, f->length, &w);
	if (!refused && f->ack != rs->sq.snd_una)
		refused = RSESS_WIRE_PAYLOAD;
	if (refused) {
		RSESS_INC(sock_net(rsess_to_sk(rs)), FRAMES_MALFORMED);
		rsess_handshake_trace_refused(tr, refused);
		return -EPROTO;
	}
	memcpy(rs->peer_key, w.key, sizeof(rs->peer_key));
	rs->secret_made = false;
	err = rsess_ctrl_proves(rs) ? rsess_session_secret(rs) ?:
				      rsess_handshake_check_welcome(rs, tr) : 0;
	if (!err && rs->psk.len)
		err = rsess_handshake_prove(rs);
	if (err)
		return err == -EKEYREJECTED || err == -EBADMSG ? err : -ENOBUFS;
	salt = rsess_handshake_find_tag(tr, sizeof(w), sizeof(rs->salt));
	rs->tagged = rs->tag_asked && salt;
	if (rsess_handshake_tags(rs, tr))
		return -ENOBUFS;
	if (rs->tagged)
		memcpy(rs->salt, salt, sizeof(rs->salt));

	/* The credit in HELLO was counted from wherever the peer begins. */
	rsess_credit_init(&rs->credit, f->seq);
	rs->credit.limit += window;
	rs->snd_limit = f->limit;
	RSESS_INC(sock_net(rsess_to_sk(rs)), SESSIONS_DIALED);
	trace_rsess_session_new(rsess_to_sk(rs), true, rs->tagged);
	rsess_link_live(rs);
	rsess_event_session(rs, RSESS_CMD_SESSION_NEW);
	rs->attempts = 0;
	rs->unanswered = 0;
	rs->errors = 0;
	/* Something has to show soon that WELCOME is here. */
	rsess_timer_arm(rs, RSESS_TIMER_ACK, RSESS_ACK_DELAY);
	rsess_session_event(rs, RSESS_EV_AGREED);
	sk_wake_async(rsess_to_sk(rs), SOCK_WAKE_IO, POLL_OUT);
	return 0;
}

/**
 * rsess_handshake_resumed() - the acceptor attached our transport
 * @rs: session of the dialer, locked
 * @tr: holds the frame
 *
 * It may be here before RESUME has left, from one who guesses what will be asked.
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int rsess_handshake_resumed(struct rsess_sock *rs, struct rsess_transport *tr)
{
	struct rsess_wire_resumed r;
	u8 mac[RSESS_WIRE_MAC_LEN];
	int err;

	if (tr->pending & RSESS_PEND(RSESS_RESUME)) {
		RSESS_INC(sock_net(rsess_to_sk(rs)), RESUME_AUTH);
		return -EPROTO;
	}
	memcpy(&r, tr->rx.ctrl, sizeof(r));
	err = rsess_session_secret(rs) ?:
	      rsess_auth_resumed(rs->secret, tr->rx.hdr, rs->id,
				 cpu_to_be32(rs->epoch), rs->nonce, r.nonce,
				 mac) ?:
	      rsess_handshake_tags(rs, tr);
	if (err)
		return -ENOBUFS;
	if (!rsess_auth_equal(mac, r.mac)) {
		RSESS_INC(sock_net(rsess_to_sk(rs)), RESUME_AUTH);
		return -EPROTO;
	}
	rsess_link_live(rs);
	if (!rsess_link_resume(rs, &tr->rx.f))
		return -EBADE;
	/* The reader may have made room since RESUME told the limit. */
	if (rsess_credit_freed(&rs->credit, rsess_window(rs)) && !rs->rcv_fin)
		rs->ack_now = true;
	return 0;
}

/* Answer without a session: a frame of our own, then close in order. */
static void rsess_handshake_reply(struct rsess_transport *tr, void *frame,
				  size_t len)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	struct kvec vec = { .iov_base = frame, .iov_len = len };

	/* A new connection has room for it; if not, closing says enough. */
	rsess_inner_sendmsg(tr->sock, &msg, &vec, 1, len);
	rsess_acceptq_forget(tr, false);
}

static void rsess_handshake_abort(struct rsess_transport *tr, const u8 *id,
				  enum rsess_reason reason)
{
	struct rsess_frame f = {
		.type = RSESS_ABORT, .length = sizeof(struct rsess_wire_abort),
	};
	u8 frame[RSESS_HDR_LEN + sizeof(struct rsess_wire_abort)];

	rsess_wire_encode(&f, frame);
	rsess_ctrl_put_abort(id, reason, frame + RSESS_HDR_LEN);
	RSESS_INC(sock_net(tr->sock->sk), ABORTS_SENT);
	rsess_handshake_reply(tr, frame, sizeof(frame));
}

/* Did the dialer give @tr up before it dialed the transport that is attached?
 * Each has a work of its own, so they need not come to their HELLO in order.
 */
static bool rsess_handshake_is_late(const struct rsess_transport *tr,
				    const struct rsess_transport *attached)
{
	return attached && attached->lsn == tr->lsn &&
	       (s32)(tr->serial - attached->serial) < 0;
}

/* The transport of a HELLO becomes the session's. */
static void rsess_handshake_accept(struct rsess_sock *rs, struct rsess_transport *tr)
{
	get_random_bytes(rs->salt, sizeof(rs->salt));
	rsess_acceptq_claim(tr);
	rsess_link_attach(rs, tr);
	rs->tr->pending |= RSESS_PEND(RSESS_WELCOME);
	rsess_liveness_confirm(rs);
}

/* It has had its time to speak, or others need its place. */
static bool rsess_handshake_overdue(const struct rsess_transport *tr)
{
	return READ_ONCE(tr->expired) || READ_ONCE(tr->hurried);
}

/* The time in which its first frame may come begins, unless it has begun. */
static void rsess_handshake_wait(struct rsess_transport *tr)
{
	u32 ms = READ_ONCE(tr->rn->handshake_timeout_ms);

	if (tr->offer == RSESS_OFFER_MADE)
		ms = min_t(u32, ms, RSESS_UNCONFIRMED_MS);
	rsess_transport_expect(tr, msecs_to_jiffies(ms));
}

/* Lock the session that @tr asks for.  False: a process has it, and the work comes again
 * when that has done; but not for longer than any other may wait.
 */
static bool rsess_handshake_lock(struct sock *sk, struct rsess_transport *tr)
{
	if (rsess_work_lock(sk, tr))
		return true;
	if (rsess_handshake_overdue(tr)) {
		RSESS_INC(sock_net(sk), HANDSHAKE_TIMEOUTS);
		rsess_acceptq_forget(tr, true);
	} else {
		rsess_handshake_wait(tr);
	}
	return false;
}

/* Has the session had as many transports in this second as it may have?  A peer that knows
 * its secret pays less for one than this side, which sends all again that is not
 * confirmed.  One that is honest comes again, a little later each time.
 */
static bool rsess_handshake_exceeds(struct rsess_sock *rs)
{
	struct net *net = sock_net(rsess_to_sk(rs));
	u32 max = READ_ONCE(rsess_net(net)->max_resumes);

	if (rsess_rate_take(&rs->attached, max))
		return false;
	rsess_limit_reached(rsess_net(net), RSESS_LIMIT_RESUMES,
			    RSESS_MIB_RESUME_EXCESS);
	return true;
}

/* May a session have a transport that came to another listener than its own?  If that is of
 * the same user, and of the same device: rules for ports, devices and users are about who
 * is reached there.
 */
static bool rsess_handshake_serves(const struct rsess_transport *tr,
				   const struct rsess_sock *rs)
{
	const struct rsess_listener *at = tr->lsn, *own = rs->lsn;

	return at == own || (uid_eq(at->uid, own->uid) &&
			     at->bound_dev_if == own->bound_dev_if);
}

/* Is it the HELLO of the dialer's that the session has, and may it have this transport? */
static bool rsess_handshake_repeats(struct rsess_sock *rs,
				    const struct rsess_transport *tr,
				    const struct rsess_wire_hello *h)
{
	if (rs->tr && rs->hello_only)
		rsess_link_read(rs);
	return rsess_to_sk(rs)->sk_state != TCP_CLOSE && rs->hello_only &&
	       rsess_handshake_serves(tr, rs) &&
	       !rsess_handshake_is_late(tr, rs->tr) &&
	       !memcmp(rs->peer_key, h->key, sizeof(h->key)) &&
	       !rsess_handshake_exceeds(rs);
}

/* HELLO for a session that exists: the answer was lost, or somebody repeats. */
static void rsess_handshake_again(struct rsess_transport *tr, struct sock *sk,
				  const struct rsess_wire_hello *h)
{
	struct rsess_sock *rs = rsess_sk(sk);
	bool taken = false;

	if (!rsess_handshake_lock(sk, tr))
		return;
	if (!rsess_handshake_repeats(rs, tr, h)) {
		RSESS_INC(sock_net(sk), HELLO_REFUSED);
	} else if (rsess_handshake_tags(rs, tr)) {
		RSESS_INC(sock_net(sk), MEMORY_SHORT);
	} else {
		taken = true;
		RSESS_INC(sock_net(sk), HELLO_REPEATED);
		rsess_link_drop(rs, true);
		rsess_handshake_accept(rs, tr);
		rsess_link_restart(rs);
		rsess_link_push(rs);
	}
	rsess_work_unlock(sk);
	if (!taken)
		rsess_acceptq_forget(tr, true);
}

/* Has the dialer the pre-shared key?  A HELLO may be a recording: until the proof comes,
 * the session is none for accept().  0, -EKEYREJECTED, or an errno of the crypto API.
 */
static int rsess_handshake_check_hello(struct rsess_sock *rs,
				       const struct rsess_transport *tr)
{
	u8 mac[RSESS_WIRE_MAC_LEN];
	const u8 *theirs;
	u32 len;
	int err;

	theirs = rsess_handshake_find_mac(tr, sizeof(struct rsess_wire_hello), &len);
	err = rsess_auth_hello(&rs->psk, tr->rx.hdr, tr->rx.ctrl, len, mac) ?:
	      rsess_auth_proof(rs->secret, rs->proof);
	if (err)
		return err;
	if (!theirs || !rsess_auth_equal(mac, theirs)) {
		RSESS_INC(sock_net(rsess_to_sk(rs)), HELLO_AUTH);
		return -EKEYREJECTED;
	}
	rs->unproven = true;
	return 0;
}

/* What only needs memory, and the pre-shared key if there is one. */
static int rsess_handshake_keys(struct rsess_sock *rs,
				const struct rsess_transport *tr)
{
	int err = rsess_ctrl_proves(rs) ? rsess_session_secret(rs) : 0;

	if (!err && rs->psk.len)
		err = rsess_handshake_check_hello(rs, tr);
	return err && err != -EKEYREJECTED ? -ENOMEM : err;
}

/**
 * rsess_handshake_proven() - the dialer knows the secret
 * @rs: session of the acceptor, locked; may be one that needs no proof
 */
void rsess_handshake_proven(struct rsess_sock *rs)
{
	if (!rs->unproven)
		return;
	rs->unproven = false;
	if (READ_ONCE(rs->deferred))
		rsess_acceptq_proven(rs);
}

/* A session for a HELLO: made, findable, and its WELCOME on the way.
 * ERR_PTR(-ENOMEM): another time it may succeed.  @parent is locked, but not any more when
 * this returns.
 */
static struct sock *rsess_handshake_make(struct rsess_transport *tr,
					 struct sock *parent,
					 const struct rsess_wire_hello *h)
{
	struct rsess_sock *rs;
	struct sock *sk;
	int inherited, err = -ENOMEM;

	sk = rsess_sock_alloc(sock_net(parent), parent->sk_prot, tr->ops,
			      GFP_KERNEL, !parent->sk_net_refcnt);
	if (!sk) {
		rsess_work_unlock(parent);
		rsess_listener_put(tr->lsn);
		return ERR_PTR(err);
	}
	rs = rsess_sk(sk);
	rsess_acceptq_inherit(rs, parent, tr);
	inherited = rsess_sockopt_inherit(rs, parent);
	rsess_work_unlock(parent);
	memcpy(rs->id, h->id, sizeof(rs->id));
	memcpy(rs->peer_key, h->key, sizeof(rs->peer_key));
	get_random_bytes(rs->key, sizeof(rs->key));
	rsess_credit_init(&rs->credit, tr->rx.f.seq);
	rs->snd_limit = tr->rx.f.limit;
	rs->tag_asked = rsess_handshake_find_tag(tr, sizeof(*h), 0);
	rs->tagged = rs->tag_asked && rs->opt.tag != RSESS_TAG_NEVER;

	lock_sock(sk);
	rsess_state_set(sk, TCP_ESTABLISHED);
	if (!inherited)
		err = rsess_knock_watch(sock_net(sk)) ?:
		      rsess_handshake_keys(rs, tr) ?:
		      rsess_handshake_tags(rs, tr) ?: rsess_table_list(rs) ?:
		      rsess_table_insert(rs);
	if (err) {
		sock_hold(sk);		/* rsess_session_destroy() */
		rs->orphaned = true;
		rsess_session_end(rs, RSESS_REASON_RESOURCES, 0);
		release_sock(sk);
		sock_put(sk);
		return ERR_PTR(err);
	}
	RSESS_INC(sock_net(sk), SESSIONS_ACCEPTED);
	trace_rsess_session_new(sk, false, rs->tagged);
	rsess_event_session(rs, RSESS_CMD_SESSION_NEW);
	rsess_acceptq_defer(rs);
	rsess_handshake_accept(rs, tr);
	rsess_link_push(rs);
	release_sock(sk);
	return sk;
}

/* No session came of a HELLO.  A lack of memory is no answer: the dialer finds the
 * transport lost, and tries again.
 */
static void rsess_handshake_unmade(struct rsess_transport *tr, const u8 *id, int err)
{
	struct net *net = sock_net(tr->sock->sk);

	if (err == -ENOMEM) {
		RSESS_INC(net, MEMORY_SHORT);
		rsess_acceptq_forget(tr, true);
		return;
	}
	RSESS_INC(net, HELLO_REFUSED);
	rsess_handshake_abort(tr, id, err == -EKEYREJECTED ? RSESS_REASON_AUTH :
							 RSESS_REASON_RESOURCES);
}

/* Is the session of a HELLO there?  Then it is answered. */
static bool rsess_handshake_known(struct rsess_transport *tr,
				  const struct rsess_wire_hello *h)
{
	struct sock *sk = rsess_table_find(sock_net(tr->sock->sk), h->id);

	if (!sk)
		return false;
	rsess_handshake_again(tr, sk, h);
	sock_put(sk);
	return true;
}

static void rsess_handshake_hello(struct rsess_transport *tr)
{
	struct net *net = sock_net(tr->sock->sk);
	struct rsess_listener *lsn = tr->lsn;
	struct sock *parent, *sk;
	enum rsess_wire_error refused;
	struct rsess_wire_hello h;
	int err;

	refused = rsess_wire_check_hello(tr->rx.ctrl, tr->rx.f.length, &h);
	if (refused)
		rsess_handshake_trace_refused(tr, refused);
	switch (refused) {
	case RSESS_WIRE_OK:
		break;
	case RSESS_WIRE_VERSION:
		RSESS_INC(net, HELLO_REFUSED);
		rsess_handshake_abort(tr, h.id, RSESS_REASON_VERSION);
		return;
	default:
		RSESS_INC(net, FRAMES_MALFORMED);
		rsess_acceptq_forget(tr, true);
		return;
	}
	if (rsess_handshake_known(tr, &h))
		return;

	/* It may have waited for long.  A place in the queue is not for a dialer
	 * that is gone; one that was reset comes again.
	 */
	if (tr->ops->state(tr->sock) != RSESS_INNER_UP) {
		RSESS_INC(net, HELLO_REFUSED);
		rsess_acceptq_forget(tr, true);
		return;
	}
	parent = rsess_acceptq_reserve(lsn, tr);
	if (!parent)
		return;			/* waits for accept() */
	if (IS_ERR(parent)) {
		RSESS_INC(net, HELLO_REFUSED);
		if (PTR_ERR(parent) == -EBUSY)
			rsess_acceptq_forget(tr, true);
		else
			rsess_handshake_abort(tr, h.id, RSESS_REASON_REFUSED);
		return;
	}
	if (!rsess_work_lock(parent, tr)) {
		rsess_acceptq_postpone(tr, parent);
		return;
	}
	sk = rsess_handshake_make(tr, parent, &h);
	if (IS_ERR(sk)) {
		err = PTR_ERR(sk);
		sk = NULL;
		/* The same HELLO on another transport may have been faster. */
		if (err != -EEXIST || !rsess_handshake_known(tr, &h))
			rsess_handshake_unmade(tr, h.id, err);
	}
	rsess_acceptq_commit(lsn, parent, sk);
}

/**
 * struct rsess_resume - a RESUME that can be read
 * @f: header
 * @r: payload
 */
struct rsess_resume {
	struct rsess_frame		f;
	struct rsess_wire_resume	r;
};

/* Unmask a RESUME.  Is its MAC right?  Nothing has changed if not. */
static bool rsess_handshake_authentic(struct rsess_transport *tr,
				      const struct rsess_wire_resume *masked,
				      const u8 *secret, struct rsess_resume *q)
{
	struct net *net = sock_net(tr->sock->sk);
	u8 mac[RSESS_WIRE_MAC_LEN];
	u8 hdr[RSESS_HDR_LEN];

	memcpy(hdr, tr->rx.hdr, sizeof(hdr));
	q->r = *masked;
	if (rsess_auth_mask(secret, hdr, &q->r) ||
	    rsess_auth_resume(secret, hdr, &q->r, mac)) {
		RSESS_INC(net, MEMORY_SHORT);
		return false;
	}
	if (!rsess_auth_equal(mac, q->r.mac)) {
		RSESS_INC(net, RESUME_AUTH);
		return false;
	}
	/* As it was decoded already, but for the offsets. */
	rsess_wire_decode(hdr, &q->f);
	return true;
}

/* RESUME of a session that has ended in order: say so once more. */
static void rsess_handshake_tomb(struct rsess_transport *tr,
				 const struct rsess_wire_resume *r,
				 const struct rsess_tomb *tomb)
{
	struct net *net = sock_net(tr->sock->sk);
	struct rsess_resume q;
	u8 frame[RSESS_HDR_LEN + sizeof(struct rsess_wire_resumed)];
	struct rsess_frame f = {
		.type	= RSESS_RESUMED,
		.length	= sizeof(struct rsess_wire_resumed),
		.seq	= tomb->seq,
		.ack	= tomb->ack,
		.limit	= tomb->limit,
	};
	u32 epoch;

	if (!rsess_handshake_authentic(tr, r, tomb->secret, &q))
		goto refuse;
	epoch = be32_to_cpu(q.r.epoch);
	if (!rsess_tomb_renew(net, r->id, epoch)) {
		RSESS_INC(net, RESUME_STALE);
		goto refuse;
	}
	rsess_wire_encode(&f, frame);
	if (rsess_ctrl_put_resumed(tomb->secret, r->id, epoch, r->nonce,
				   frame, frame + RSESS_HDR_LEN))
		goto refuse;
	RSESS_INC(net, RESUME_TOMBSTONE);
	rsess_handshake_reply(tr, frame, sizeof(frame));
	rsess_listener_dismiss(tr->lsn);
	return;

refuse:
	rsess_acceptq_forget(tr, true);
}

/* RESUME of a session that is not there. */
static void rsess_handshake_ended(struct rsess_transport *tr,
				  const struct rsess_wire_resume *r)
{
	struct net *net = sock_net(tr->sock->sk);
	struct rsess_tomb tomb;

	if (rsess_tomb_find(net, r->id, &tomb)) {
		rsess_handshake_tomb(tr, r, &tomb);
		memzero_explicit(&tomb, sizeof(tomb));
		return;
	}
	RSESS_INC(net, RESUME_UNKNOWN);
	rsess_handshake_abort(tr, r->id, RSESS_REASON_UNKNOWN);
}

/* Is the RESUME authentic and new, has it come to the right place, and is it not one too
 * many?  The session is locked and still as it was.
 */
static bool rsess_handshake_verify(struct rsess_sock *rs,
				   struct rsess_transport *tr,
				   const struct rsess_wire_resume *r,
				   struct rsess_resume *q)
{
	u32 epoch;

	if (rsess_session_secret(rs) || rsess_handshake_tags(rs, tr)) {
		RSESS_INC(sock_net(rsess_to_sk(rs)), MEMORY_SHORT);
		return false;
	}
	if (!rsess_handshake_authentic(tr, r, rs->secret, q))
		return false;
	epoch = be32_to_cpu(q->r.epoch);
	if (!rsess_epoch_newer(epoch, rs->epoch_seen)) {
		RSESS_INC(sock_net(rsess_to_sk(rs)), RESUME_STALE);
		return false;
	}
	if (!rsess_handshake_serves(tr, rs)) {
		RSESS_INC(sock_net(rsess_to_sk(rs)), RESUME_ELSEWHERE);
		return false;
	}
	if (!rsess_handshake_exceeds(rs))
		return true;
	/* Somebody may have recorded this RESUME, and must not use it later. */
	rs->epoch_seen = epoch;
	return false;
}

/* Attach the transport.  What the old one had received is read first, for the
 * answer promises where the peer is to continue.  Otherwise the reason for which
 * the transport is to be sent away.
 */
static enum rsess_reason rsess_handshake_attach(struct rsess_sock *rs,
						struct rsess_transport *tr,
						const struct rsess_resume *q)
{
	struct sock *sk = rsess_to_sk(rs);
	bool ok;

	rs->resuming = true;
	if (rs->tr) {
		rsess_link_drain(rs);
		rsess_link_replaced(rs);
	}
	rs->epoch = be32_to_cpu(q->r.epoch);
	ok = sk->sk_state == TCP_CLOSE || rsess_link_resume(rs, &q->f);
	rs->resuming = false;
	if (!ok) {
		rsess_session_end(rs, RSESS_REASON_PROTOCOL, ECONNRESET);
		return RSESS_REASON_PROTOCOL;
	}
	/* Its ack may have been the last thing that was missing. */
	if (sk->sk_state == TCP_CLOSE)
		return RSESS_REASON_UNKNOWN;

	rsess_acceptq_claim(tr);
	rsess_link_attach(rs, tr);
	rs->epoch_seen = rs->epoch;
	rsess_handshake_proven(rs);
	rsess_input_confirmed(rs);
	memcpy(rs->nonce, q->r.nonce, sizeof(rs->nonce));
	rs->tr->pending |= RSESS_PEND(RSESS_RESUMED);
	rsess_link_push(rs);
	return RSESS_REASON_NONE;
}

static void rsess_handshake_resume(struct rsess_transport *tr)
{
	struct net *net = sock_net(tr->sock->sk);
	enum rsess_reason reason = RSESS_REASON_NONE;
	enum rsess_wire_error refused;
	struct rsess_wire_resume r;
	struct rsess_resume q;
	struct sock *sk;
	bool ended, ok;

	refused = rsess_wire_check_resume(tr->rx.ctrl, tr->rx.f.length, &r);
	if (refused) {
		RSESS_INC(net, FRAMES_MALFORMED);
		rsess_handshake_trace_refused(tr, refused);
		rsess_acceptq_forget(tr, true);
		return;
	}
	sk = rsess_table_find(net, r.id);
	if (!sk) {
		rsess_handshake_ended(tr, &r);
		return;
	}

	if (!rsess_handshake_lock(sk, tr)) {
		sock_put(sk);
		return;
	}
	ended = sk->sk_state == TCP_CLOSE;
	ok = ended || rsess_handshake_verify(rsess_sk(sk), tr, &r, &q);
	if (ended)
		reason = RSESS_REASON_UNKNOWN;
	else if (ok)
		reason = rsess_handshake_attach(rsess_sk(sk), tr, &q);
	rsess_work_unlock(sk);
	sock_put(sk);
	if (!ok)
		rsess_acceptq_forget(tr, true);
	else if (reason == RSESS_REASON_UNKNOWN)
		rsess_handshake_ended(tr, &r);
	else if (reason)
		rsess_handshake_abort(tr, r.id, reason);
}

/* There is no session in it.  Whoever accepts finds all that has come. */
static void rsess_handshake_plain(struct rsess_transport *tr)
{
	tr->plain = rsess_fallback_alloc();
	if (!tr->plain) {
		RSESS_INC(sock_net(tr->sock->sk), MEMORY_SHORT);
		rsess_acceptq_forget(tr, true);
		return;
	}
	tr->plain->reason = RSESS_REASON_NO_HELLO;
	rsess_acceptq_plain(tr);
}

/* It is not known whether the peer got our answer: what it says first tells.  Nothing
 * is taken out of the socket until then.  False: wait, or it is plain.
 */
static bool rsess_handshake_is_ours(struct rsess_transport *tr)
{
	struct msghdr msg = { .msg_flags = MSG_PEEK | MSG_DONTWAIT };
	u8 buf[RSESS_OPENING_LEN];
	struct kvec vec = { .iov_base = buf, .iov_len = sizeof(buf) };
	int n;

	n = rsess_inner_recvmsg(tr->sock, &msg, &vec, 1, sizeof(buf),
				msg.msg_flags);
	if (n == sizeof(buf) && rsess_wire_may_open(buf, n)) {
		tr->offer = RSESS_OFFER_SURE;
		return true;
	}
	if (rsess_handshake_overdue(tr) ||
	    (n > 0 ? !rsess_wire_may_open(buf, n) : n != -EAGAIN))
		rsess_handshake_plain(tr);
	else
		rsess_handshake_wait(tr);
	return false;
}

/**
 * rsess_handshake_work() - something happened on a transport without a session
 * @tr: the transport; has a session afterwards, or waits, or is closed
 *
 * Context: the transport's work.
 */
void rsess_handshake_work(struct rsess_transport *tr)
{
	enum rsess_inner_state state;
	struct net *net;

	if (tr->queued || !tr->sock)
		return;
	net = sock_net(tr->sock->sk);
	if (READ_ONCE(tr->lsn->dead)) {
		rsess_acceptq_forget(tr, true);
		return;
	}
	if (tr->plain) {
		rsess_acceptq_plain(tr);
		return;
	}
	if (tr->offer == RSESS_OFFER_MADE && !rsess_handshake_is_ours(tr))
		return;
	state = tr->ops->state(tr->sock);
	if (!tr->rx.whole && tr->ops->read(tr)) {
		rsess_acceptq_forget(tr, true);
		return;
	}
	if (state != RSESS_INNER_UP && (tr->parked || !tr->rx.whole)) {
		if (tr->parked)
			RSESS_INC(net, HELLO_REFUSED);
		else
			RSESS_INC(net, HANDSHAKES_LOST);
		rsess_acceptq_forget(tr, true);
		return;
	}
	/* Not before it was read: the time may have gone by with waiting for us. */
	if (!tr->rx.whole) {
		if (!rsess_handshake_overdue(tr)) {
			rsess_handshake_wait(tr);
			return;
		}
		if (READ_ONCE(tr->hurried))
			RSESS_INC(net, PENDING_DROPPED);
		else
			RSESS_INC(net, HANDSHAKE_TIMEOUTS);
		rsess_acceptq_forget(tr, true);
		return;
	}
	if (tr->rx.f.type == RSESS_HELLO)
		rsess_handshake_hello(tr);
	else
		rsess_handshake_resume(tr);
}
