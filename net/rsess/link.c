// SPDX-License-Identifier: GPL-2.0
/*
 * The link between a session and its present transport: dialing (dial.c), attaching,
 * losing, dialing again.
 *
 *   NONE --dial--> DIALING --connected--> GREETING --answered--> LIVE
 *    ^                 |                     |                     |
 *    +-----------------+---------lost--------+---------------------+
 *
 * The acceptor goes from NONE to LIVE when a transport is handed to it.
 */
#include <crypto/algapi.h>
#include <net/sock.h>
#include <uapi/linux/rsess_netlink.h>
#include "compat.h"
#include "genl.h"
#include "handshake.h"
#include "inner.h"
#include "listener.h"
#include "net.h"
#include "owner.h"
#include "session.h"
#include "solsock.h"
#include "trace.h"
#include "transport.h"
#include "turn.h"
#include "urgent.h"
#include "work.h"

/**
 * rsess_link_set() - the session has another transport, or none
 * @rs: session, locked
 * @tr: the transport, which has its socket as long as it is the session's; or NULL
 */
void rsess_link_set(struct rsess_sock *rs, struct rsess_transport *tr)
{
	struct sock *sk = rsess_to_sk(rs);

	rsess_locked_by_me(rs);
	spin_lock_bh(&sk->sk_lock.slock);
	WRITE_ONCE(rs->tr, tr);
	spin_unlock_bh(&sk->sk_lock.slock);
}

/**
 * rsess_link_inner() - the sock of the present transport, for one who only looks
 * @rs: session, which may be locked by anybody
 *
 * Return: it, with a reference; or NULL.
 */
struct sock *rsess_link_inner(struct rsess_sock *rs)
{
	struct sock *sk = rsess_to_sk(rs), *inner = NULL;

	spin_lock_bh(&sk->sk_lock.slock);
	if (rs->tr) {
		inner = rs->tr->sock->sk;
		sock_hold(inner);
	}
	spin_unlock_bh(&sk->sk_lock.slock);
	return inner;
}

/**
 * rsess_link_live() - the transport is agreed: bytes may flow
 * @rs: session, locked
 *
 * Context: may sleep; locks the inner socket.
 */
void rsess_link_live(struct rsess_sock *rs)
{
	struct rsess_transport *tr = rs->tr;

	if (rs->down_at) {
		u64 down = get_jiffies_64() - rs->down_at;

		WRITE_ONCE(rs->down_at, 0);
		/* rsess_diag_put_times() */
		smp_store_release(&rs->downtime, rs->downtime + down);
	}
	if (rs->tagged) {
		rsess_tag_start(&tr->tags->rx, rs->secret, rs->salt, rs->epoch,
				!rs->dialer);
		rsess_tag_start(&tr->tags->tx, rs->secret, rs->salt, rs->epoch,
				rs->dialer);
	}
	tr->tagged = rs->tagged;
	rsess_transport_greeted(tr);
	rsess_owner_learn(rsess_to_sk(rs), tr->sock->sk);
	rsess_transport_dialogue(tr, false);
	rs->link = RSESS_LINK_LIVE;
	rs->last_rx = jiffies;
	tr->since = jiffies;
	tr->heard = false;
	rsess_timer_stop(rs, RSESS_TIMER_HANDSHAKE);
	rsess_timer_stop(rs, RSESS_TIMER_DIAL);
	rsess_timer_stop(rs, RSESS_TIMER_SESSION);
	rsess_liveness_probe(rs);
	if (rs->dialer)
		rsess_turn_answered(rs);
}

/**
 * rsess_link_attach() - an accepted transport becomes that of a session
 * @rs: session of the acceptor, locked, without a transport; has its epoch
 * @tr: called from its work; the session takes over the reference of the
 *	listener's list
 */
void rsess_link_attach(struct rsess_sock *rs, struct rsess_transport *tr)
{
	struct sock *sk = rsess_to_sk(rs);

	rsess_locked_by_me(rs);
	sock_hold(sk);			/* rsess_transport_put() */
	tr->sk = sk;
	tr->rx.whole = false;
	rsess_transport_pin_as(tr->sock->sk, sk);
	rsess_inner_forget(rs);
	rsess_owner_attach(tr->sock, sk);
	if (rs->epoch)
		rsess_inner_replay(rs, tr->sock);
	rsess_solsock_update(rs, tr->sock);
	rsess_inner_unchoose(tr->sock);
	rsess_link_set(rs, tr);
	tr->fin_sent = rs->fin_acked;
	rsess_link_live(rs);
}

/* The peer has ended its direction. */
static void rsess_link_fin(struct rsess_sock *rs)
{
	struct sock *sk = rsess_to_sk(rs);

	sk->sk_shutdown |= RCV_SHUTDOWN;
	sock_set_flag(sk, SOCK_DONE);
	rsess_session_event(rs, RSESS_EV_RCV_FIN);
	if (!sock_flag(sk, SOCK_DEAD)) {
		sk->sk_state_change(sk);
		sk_wake_async(sk, SOCK_WAKE_WAITD,
			      sk->sk_shutdown == SHUTDOWN_MASK ? POLL_HUP :
								 POLL_IN);
	}
}

/* The peer reads no more: our direction ends with FIN where it stands. */
static void rsess_link_stopped(struct rsess_sock *rs, bool unheard)
{
	if (rs->fin_queued)
		return;
	rsess_sock_show(rs);
	rs->fin_queued = true;
	rsess_session_event(rs, RSESS_EV_SND_FIN);
	if (unheard)
		rsess_session_unheard(rs);
}

/* Act on enum rsess_rx_event, in the order of the frames as far as that matters.  The session
 * may have ended afterwards.
 */
static void rsess_link_events(struct rsess_sock *rs, u32 events)
{
	if (!events)
		return;
	if (events & (RSESS_RX_FREED | RSESS_RX_DROPPED))
		rsess_send_freed(rs);
	if (events & RSESS_RX_URGENT)
		rsess_urgent_tell(rs);
	if (events & RSESS_RX_PRESENT && READ_ONCE(rs->deferred))
		rsess_acceptq_present(rs);
	if (events & (RSESS_RX_FREED | RSESS_RX_FIN_ACKED) && rs->orphaned)
		rsess_liveness_orphaned(rs);
	if (events & RSESS_RX_FIN_ACKED)
		rsess_session_event(rs, RSESS_EV_FIN_ACKED);
	if (events & RSESS_RX_FIN)
		rsess_link_fin(rs);
	if (events & RSESS_RX_STOP)
		rsess_link_stopped(rs, events & RSESS_RX_UNHEARD);
}

/**
 * rsess_link_resume() - continue where the peer says
 * @rs: session, locked
 * @f: header of RESUME or RESUMED, already authenticated
 *
 * The offset is believed only if it is one that was sent and that the peer had
 * not confirmed more than: nothing else can leave this host.
 *
 * Context: may sleep.  The session may have ended afterwards.
 * Return: false when one side has lost what it had promised.
 */
bool rsess_link_resume(struct rsess_sock *rs, const struct rsess_frame *f)
{
	struct sock *sk = rsess_to_sk(rs);
	u32 events;
	u64 again;

	if (!rsess_between(rs->sq.snd_una + rs->fin_acked, f->ack,
			   rs->sq.snd_max + rs->fin_tried) ||
	    rsess_before(f->limit, rs->snd_limit)) {
		RSESS_INC(sock_net(sk), RESUME_RANGE);
		return false;
	}
	rs->snd_limit = f->limit;
	events = rsess_input_acked(rs, f->ack);
	again = rs->sq.snd_max - rs->sq.snd_una;
	rsess_sendq_rewind(&rs->sq, rs->sq.snd_una);
	rs->acknow_at = rs->sq.snd_nxt;
	if (rs->tr)
		rs->tr->fin_sent = rs->fin_acked;
	rs->resumes++;
	RSESS_INC(sock_net(sk), RESUMES);
	RSESS_ADD(sock_net(sk), RETRANS_BYTES, again);
	trace_rsess_resume(sk, rs->epoch, rs->sq.snd_una, rs->credit.rcv_nxt);
	rsess_event_session(rs, RSESS_CMD_SESSION_RESUMED);
	if (again)
		trace_rsess_retransmit(sk, rs->sq.snd_una, again);
	rsess_link_events(rs, events);
	return true;
}

/**
 * rsess_link_restart() - the peer has none of what a lost WELCOME was sent with
 * @rs: session of the acceptor, locked
 */
void rsess_link_restart(struct rsess_sock *rs)
{
	rsess_sendq_rewind(&rs->sq, rs->sq.snd_una);
	rs->acknow_at = rs->sq.snd_nxt;
}

/**
 * rsess_link_replaced() - the peer brings a new transport, the old one is dead
 * @rs: session of the acceptor, locked; it has been drained
 *
 * Context: may sleep.
 */
void rsess_link_replaced(struct rsess_sock *rs)
{
	struct sock *sk = rsess_to_sk(rs);

	if (!rs->tr)
		return;
	rs->lost++;
	RSESS_INC(sock_net(sk), TRANSPORTS_LOST);
	trace_rsess_transport_lost(sk, rs->epoch, rs->link, 0, "replaced");
	rsess_event_session(rs, RSESS_CMD_SESSION_LOST);
	rsess_link_drop(rs, true);
}

/* Where one side cannot end its direction alone it is for the acceptor to end both:
 * a dialer can come back if that gets lost.
 */
static bool rsess_link_shuts(const struct rsess_sock *rs)
{
	return !rs->ops->no_half_close || !rs->dialer;
}

/* In TIME_WAIT the last acknowledgment is on its way; closing our direction of the transport
 * behind it tells the peer that nothing more comes.
 */
static bool rsess_link_is_done(const struct rsess_sock *rs)
{
	return rsess_to_sk(rs)->sk_state == TCP_TIME_WAIT && rs->tr &&
	       !rs->tr->shut && rs->link == RSESS_LINK_LIVE &&
	       rsess_link_shuts(rs);
}

/**
 * rsess_link_push() - send what can be sent, and end the transport behind the last of it
 * @rs: session, locked
 *
 * What a system call sends is never the last: use rsess_push() there.
 *
 * Context: may sleep.
 */
void rsess_link_push(struct rsess_sock *rs)
{
	struct rsess_transport *tr = rs->tr;
	bool done = rsess_link_is_done(rs);

	if (tr)
		tr->tx.last = done;
	if (!rsess_push(rs) || !done)
		return;
	tr->shut = true;
	kernel_sock_shutdown(tr->sock, SHUT_WR);
}

/**
 * rsess_link_drop() - the session has no transport any more
 * @rs: session, locked
 * @reset: see rsess_transport_close()
 *
 * Context: may sleep.
 */
void rsess_link_drop(struct rsess_sock *rs, bool reset)
{
	struct rsess_transport *tr = rs->tr;

	rsess_locked_by_me(rs);
	if (rs->link == RSESS_LINK_LIVE) {
		rs->down_at = get_jiffies_64();
		if (tr->heard)
			rs->quiet = 0;
		if (!tr->acked_any)
			rs->max_frame = max(rs->max_frame / 4, RSESS_PIECE_MIN);
	}
	rs->link = RSESS_LINK_NONE;
	rs->ack_now = false;
	rsess_timer_stop(rs, RSESS_TIMER_ACK);
	rsess_timer_stop(rs, RSESS_TIMER_RETRY);
	rsess_timer_stop(rs, RSESS_TIMER_HANDSHAKE);
	rsess_timer_stop(rs, RSESS_TIMER_STALL);
	rsess_timer_stop(rs, RSESS_TIMER_PROBE);
	rsess_timer_stop(rs, RSESS_TIMER_LEFT);
	if (!tr)
		return;
	rsess_link_set(rs, NULL);
	rsess_transport_close(tr, reset);
	rsess_transport_put(tr);
}

/* Was there a connection before it failed?  If not, connect() says why: also when an earlier one
 * was lost before a session was agreed, for so it is with TCP.
 */
static bool rsess_link_was_up(const struct rsess_sock *rs, int err)
{
	if (rs->link != RSESS_LINK_DIALING || rsess_transport_opened(rs->tr))
		return true;
	return err != rs->ops->refused &&
	       (!err || err == ECONNRESET || err == ECONNABORTED || err == EPIPE);
}

/* A dial has failed, or the transport that came of it, which @was_up or not. */
static void rsess_link_note_failure(struct rsess_sock *rs, int err, bool was_up)
{
	bool stranger = rs->tr && rs->tr->stranger;
	bool refused = !was_up && err == rs->ops->refused;

	rs->refusals = refused ? rs->refusals + 1 : 0;
	rs->strangers = stranger ? rs->strangers + 1 : 0;
}

/* Has another service taken the peer's place?  Dials that are lost or refused do not say who
 * comes back there; and behind an address there may be several hosts.
 */
static bool rsess_link_is_replaced(const struct rsess_sock *rs)
{
	u32 places = 1 + (rs->addrs ? rs->addrs->n : 0);

	return rs->strangers >= RSESS_STRANGERS * places &&
	       !rs->opt.retry_unknown;
}

/* It is worth another attempt.  SCTP says so of an association that it cannot have. */
static bool rsess_link_lacks_memory(int err)
{
	return err == ENOMEM || err == ENOBUFS || err == EAGAIN;
}

/* The session has no transport, for the transport's reason or none; @again: connect() may try
 * once more, for there was one, or only memory was short.  What now?
 */
static void rsess_link_next(struct rsess_sock *rs, int err, bool again)
{
	bool replaced = rsess_link_is_replaced(rs);
	struct sock *sk = rsess_to_sk(rs);

	if (sk->sk_state == TCP_SYN_SENT &&
	    (!again || replaced || rs->attempts >= RSESS_HELLO_TRIES)) {
		if (rs->greeted && rs->inband && again &&
		    !rsess_link_lacks_memory(err))
			err = EPROTONOSUPPORT;
		rsess_session_end(rs, RSESS_REASON_CONNECT, err ?: ECONNRESET);
		return;
	}
	/* The acceptor's tombstone answers as well as we could. */
	if (sk->sk_state == TCP_TIME_WAIT &&
	    (!rs->dialer || replaced || rs->refusals >= RSESS_LAST_TRIES)) {
		rsess_session_event(rs, RSESS_EV_RELEASED);
		return;
	}
	/* The same as when the peer has come back and does not know the session. */
	if (replaced) {
		RSESS_INC(sock_net(sk), PEERS_REPLACED);
		rsess_session_end(rs, RSESS_REASON_UNKNOWN, ECONNRESET);
		return;
	}
	if (!rs->dialer && READ_ONCE(rs->lsn->dead)) {
		rsess_session_end(rs, RSESS_REASON_RESOURCES, err ?: ECONNRESET);
		return;
	}
	if (!rs->dialer && rs->hello_only)
		rsess_acceptq_again(rs->lsn, rs->id);
	rsess_liveness_await(rs);
	if (rs->dialer)
		rsess_timer_arm(rs, RSESS_TIMER_DIAL,
				rsess_dial_delay(rs));
}

/* Was the transport of use, or has it lasted at least?  Else there would be no backoff. */
static bool rsess_link_served(const struct rsess_sock *rs)
{
	const struct rsess_transport *tr = rs->tr;

	return tr->progress ||
	       (rs->link == RSESS_LINK_LIVE &&
		time_after_eq(jiffies, tr->since + RSESS_LASTED));
}

/**
 * rsess_link_lost() - the transport is of no use any more
 * @rs: session, locked, with a transport
 * @why: for people
 *
 * Context: may sleep.
 */
void rsess_link_lost(struct rsess_sock *rs, const char *why)
{
	struct sock *sk = rsess_to_sk(rs);
	int err = -sock_error(rs->tr->sock->sk);
	bool was_up = rsess_link_was_up(rs, err);

	rs->dial_failed = rs->link != RSESS_LINK_LIVE;
	if (!rs->dial_failed) {
		rs->lost++;
		RSESS_INC(sock_net(sk), TRANSPORTS_LOST);
	} else {
		RSESS_INC(sock_net(sk), DIALS_FAILED);
	}
	trace_rsess_transport_lost(sk, rs->epoch, rs->link, err, why);
	rsess_link_note_failure(rs, err, was_up);
	rs->last_error = err;
	if (!rs->dial_failed)
		rsess_event_session(rs, RSESS_CMD_SESSION_LOST);
	if (rsess_link_served(rs)) {
		rs->attempts = 0;
		rs->unanswered = 0;
	}
	rsess_link_drop(rs, true);
	rsess_link_next(rs, err, was_up);
}

/**
 * rsess_link_redial() - time for the next attempt
 * @rs: session of the dialer, locked
 * @turn: it has waited for its turn
 *
 * Context: may sleep.
 */
void rsess_link_redial(struct rsess_sock *rs, bool turn)
{
	int err;

	if (rs->tr || rsess_to_sk(rs)->sk_state == TCP_CLOSE)
		return;
	if (rs->dial_failed && !turn && !rsess_turn_take(rs))
		return;			/* comes again */
	err = rsess_dial(rs);
	if (!err)
		return;
	rs->dial_failed = true;
	RSESS_INC(sock_net(rsess_to_sk(rs)), DIALS_FAILED);
	rsess_link_note_failure(rs, -err, false);
	rsess_link_next(rs, -err, rsess_link_lacks_memory(-err));
}

/* The peer ends the session. */
static int rsess_link_aborted(struct rsess_sock *rs, const u8 *payload)
{
	bool connecting = rsess_to_sk(rs)->sk_state == TCP_SYN_SENT;
	struct net *net = sock_net(rsess_to_sk(rs));
	struct rsess_wire_abort a;
	u32 reason;
	int err;

	memcpy(&a, payload, sizeof(a));
	if (memcmp(a.id, rs->id, sizeof(a.id)))
		return rsess_input_forged(rs->tr);
	reason = be32_to_cpu(a.reason);
	RSESS_INC(net, ABORTS_RECEIVED);

	/* All is confirmed; whyever the peer has nothing left to ask, it is no error. */
	if (rsess_to_sk(rs)->sk_state == TCP_TIME_WAIT) {
		rs->confirmed = true;
		rsess_session_event(rs, RSESS_EV_RELEASED);
		return 0;
	}
	if (reason == RSESS_REASON_UNKNOWN && rs->opt.retry_unknown &&
	    rs->link == RSESS_LINK_GREETING && !connecting) {
		RSESS_INC(net, UNKNOWN_RETRIED);
		return -EHOSTUNREACH;
	}
	switch (reason) {
	case RSESS_REASON_VERSION:
		err = EPROTONOSUPPORT;
		break;
	case RSESS_REASON_REFUSED:
		err = ECONNREFUSED;
		break;
	case RSESS_REASON_AUTH:
		err = connecting ? EKEYREJECTED : ECONNRESET;
		break;
	default:
		err = ECONNRESET;
		if (!reason || reason > RSESS_REASON_REFUSED)
			reason = RSESS_REASON_PROTOCOL;
	}
	rsess_session_end(rs, reason, err);
	return 0;
}

/* The first PONG of a session with a pre-shared key: the dialer has our WELCOME. */
static int rsess_link_ponged(struct rsess_sock *rs, const u8 *proof)
{
	if (!rs->unproven)
		return 0;
	if (crypto_memneq(proof, rs->proof, sizeof(rs->proof))) {
		RSESS_INC(sock_net(rsess_to_sk(rs)), HELLO_AUTH);
		return -EPROTO;
	}
	rsess_handshake_proven(rs);
	return 0;
}

/* The reading has stopped behind a frame.  -EPROTO and -EBADMSG as of &rsess_rx.error;
 * -EBADE: one side lost what it had promised; -EKEYREJECTED: the peer has another
 * pre-shared key, or none; -EHOSTUNREACH: the wrong host has answered; -ENOBUFS: there is
 * no memory, and another transport is to try again.
 */
static int rsess_link_control(struct rsess_sock *rs, struct rsess_transport *tr)
{
	const u8 *payload = tr->rx.ctrl;

	switch (tr->rx.f.type) {
	case RSESS_WELCOME:
		return rsess_handshake_welcome(rs, tr);
	case RSESS_RESUMED:
		return rsess_handshake_resumed(rs, tr);
	case RSESS_PING:
		memcpy(tr->ping_cookie, payload, sizeof(tr->ping_cookie));
		tr->pending |= RSESS_PEND(RSESS_PONG);
		return 0;
	case RSESS_PONG:
		return rsess_link_ponged(rs, payload);
	case RSESS_ABORT:
		return rsess_link_aborted(rs, payload);
	default:
		return 0;
	}
}

/* Read to the end, or to a frame that is to be seen to, and act on what has come.  Nothing
 * tells again of what is behind such a frame.  1: read on; 0: all is read, or the
 * transport is not the session's any more; else why it cannot be used.
 */
static int rsess_link_step(struct rsess_sock *rs, struct rsess_transport *tr)
{
	int err = tr->ops->read(tr);
	u32 events = tr->rx.events;

	tr->rx.events = 0;
	rsess_link_events(rs, events);
	if (rs->tr != tr)
		return 0;
	if (err || !tr->rx.whole)
		return err;
	tr->rx.whole = false;
	err = rsess_link_control(rs, tr);
	if (rs->tr != tr)
		return 0;
	return err ?: 1;
}

/**
 * rsess_link_drain() - read what the transport has received
 * @rs: session, locked, with a transport
 *
 * Context: may sleep.  The session may have ended afterwards.
 * Return: 0, or why the transport cannot be used any more.
 */
int rsess_link_drain(struct rsess_sock *rs)
{
	struct rsess_transport *tr = rs->tr;
	u64 rcv_nxt = rs->credit.rcv_nxt;
	struct sock *sk = rsess_to_sk(rs);
	int err;

	WRITE_ONCE(rs->behind, false);
	rsess_timer_stop(rs, RSESS_TIMER_LEFT);
	do {
		err = rsess_link_step(rs, tr);
	} while (err > 0);
	if (rs->credit.rcv_nxt != rcv_nxt && !sock_flag(sk, SOCK_DEAD) &&
	    rsess_stream_ready(rs, READ_ONCE(sk->sk_rcvlowat)))
		sk->sk_data_ready(sk);
	if (err != -ENOMEM)
		return err;
	rsess_timer_retry(rs);
	return 0;
}

/* So many frames are taken in softirq at once.  A peer could have a window full of small
 * ones come all at a time: the rest is for the work, which may be preempted.
 */
#define RSESS_SOFTIRQ_FRAMES	64

/* May bytes be taken in softirq?  Others may wait for more than the reader then. */
static bool rsess_link_is_steady(const struct rsess_sock *rs,
				 const struct rsess_transport *tr)
{
	return rs->tr == tr && rs->link == RSESS_LINK_LIVE && !rs->unproven &&
	       !rs->orphaned && !READ_ONCE(rs->deferred);
}

/* The spinlocks of both sockets are held, nobody has locked the outer one, and the transport,
 * which may not be the present one, can be read in softirq.  False: there is more to do, for
 * its work.
 */
static bool rsess_link_take(struct rsess_sock *rs, struct rsess_transport *tr)
{
	struct sock *sk = rsess_to_sk(rs);
	u64 rcv_nxt = rs->credit.rcv_nxt;
	int state = sk->sk_state;
	bool shut_off, whole;
	u32 events;
	int err;

	rsess_owned_by_me(rs);
	if (!rsess_link_is_steady(rs, tr))
		return false;
	shut_off = rsess_sendq_unsent(&rs->sq) &&
		   !rsess_before(rs->sq.snd_nxt, rs->snd_limit);
	tr->rx.atomic = true;
	tr->rx.frames = RSESS_SOFTIRQ_FRAMES;
	err = tr->ops->receive(tr);
	tr->rx.atomic = false;
	whole = tr->rx.whole;
	tr->rx.whole = false;
	events = tr->rx.events;
	tr->rx.events = 0;
	/* Nothing of it sleeps: of a session that waits for accept(), of an orphan, and of a
	 * frame that ends the session or is STOP, there is nothing here.
	 */
	rsess_link_events(rs, events);
	if (rs->credit.rcv_nxt != rcv_nxt &&
	    rsess_stream_ready(rs, READ_ONCE(sk->sk_rcvlowat)))
		sk->sk_data_ready(sk);
	if (err || whole || rs->ack_now || sk->sk_state != state)
		return false;
	return !shut_off || !rsess_before(rs->sq.snd_nxt, rs->snd_limit);
}

/* May bytes wait in the transport?  The reader is behind, and knows that there are some; and
 * nothing is awaited from the peer.
 */
static bool rsess_link_may_leave(const struct rsess_sock *rs,
				 const struct rsess_transport *tr)
{
	const struct sock *sk = rsess_to_sk(rs);

	return rsess_link_is_steady(rs, tr) && sk->sk_socket && !rs->readers &&
	       rs->sq.snd_una == rs->sq.write_seq && !rs->fin_queued &&
	       rsess_readable(rs) &&
	       rsess_stream_ready(rs, READ_ONCE(sk->sk_rcvlowat));
}

/* They wait until the reader has taken what is queued, see rsess_link_settle(), and not for
 * long if it does not.  So the transport acknowledges as it does for a reader of its own, and
 * the reader parses all at once.
 */
static void rsess_link_leave(struct rsess_sock *rs)
{
	struct sock *sk = rsess_to_sk(rs);

	rsess_timer_arm(rs, RSESS_TIMER_LEFT, RSESS_LEFT_DELAY);
	sk->sk_data_ready(sk);
}

/* Take what has arrived on a transport, in softirq if that is possible.  If somebody has
 * locked the outer socket, that will see to it, see rsess_link_backlog(), or the work, which
 * is queued when it is unlocked.
 */
static bool rsess_link_receive(struct rsess_transport *tr)
{
	struct sock *sk = READ_ONCE(tr->sk);
	struct rsess_sock *rs;
	bool done = true;

	if (!sk)
		return false;
	rs = rsess_sk(sk);
	bh_lock_sock_nested(sk);
	if (sock_owned_by_user_nocheck(sk))
		rsess_work_later(rs, tr, true);
	else if (rsess_link_may_leave(rs, tr))
		rsess_link_leave(rs);
	else
		done = rsess_link_take(rs, tr);
	WRITE_ONCE(rs->behind,
		   !skb_queue_empty(&tr->sock->sk->sk_receive_queue));
	bh_unlock_sock(sk);
	return done;
}

/* The state of a transport has changed.  If somebody has locked the outer socket, connect()
 * deals with the change in rsess_link_connect(), or release_sock() queues the work.
 */
static bool rsess_link_changed(struct rsess_transport *tr)
{
	struct sock *sk = READ_ONCE(tr->sk);
	bool owned;

	if (!sk)
		return false;
	bh_lock_sock_nested(sk);
	owned = sock_owned_by_user_nocheck(sk);
	if (owned)
		rsess_work_later(rsess_sk(sk), tr, false);
	bh_unlock_sock(sk);
	return owned;
}

/* Is there something to read on an inner socket, maybe in its backlog? */
static bool rsess_link_has_come(const struct sock *inner)
{
	if (sock_owned_by_user_nocheck(inner))
		return true;
	smp_rmb();	/* who gives the lock back has served the backlog */
	return !skb_queue_empty_lockless(&inner->sk_receive_queue);
}

/* Do what the work would, in a process that has locked the socket. */
static void rsess_link_work_here(struct rsess_sock *rs)
{
	struct rsess_context context;

	rsess_context_enter(&context, rsess_to_sk(rs));
	rsess_transport_unqueue(rs->tr);
	rsess_link_work(rs, rs->tr);
	rsess_context_leave(&context);
}

/**
 * rsess_link_fetch() - take what waits in the transport
 * @rs: session, locked by a process that has found nothing to read, or by a work
 *
 * It has come while somebody had locked the socket, or the reader was behind.  The work or a
 * timer is on its way.  But TCP's backlog has been served before the next one has the lock, and
 * who reads right after the peer's send() counts on it.
 *
 * Context: may sleep.  The session may have ended afterwards.
 * Return: has the peer's stream grown?
 */
bool rsess_link_fetch(struct rsess_sock *rs)
{
	struct rsess_transport *tr = rs->tr;
	u64 rcv_nxt = rs->credit.rcv_nxt;

	rsess_locked_by_me(rs);
	if (rs->link != RSESS_LINK_LIVE || !tr->ops->receive)
		return false;
	if (!rsess_link_has_come(tr->sock->sk))
		return false;
	rsess_work_taken(rs, tr);
	rsess_link_work_here(rs);
	return rs->credit.rcv_nxt != rcv_nxt;
}

/**
 * rsess_link_backlog() - see to what has come while this process had locked the socket
 * @rs: session, locked by a process that is about to unlock it, or to wait
 *
 * As TCP does in release_sock(): it is here, and need not wake a work.
 *
 * Context: process; may sleep.  The session may have ended afterwards.
 */
void rsess_link_backlog(struct rsess_sock *rs)
{
	struct rsess_transport *tr = rs->tr;
	enum rsess_came came;

	if (rs->link != RSESS_LINK_LIVE || !tr->ops->receive)
		return;
	came = rsess_work_taken(rs, tr);
	if (came == RSESS_CAME_BYTES && rsess_link_may_leave(rs, tr))
		rsess_link_leave(rs);
	else if (came)
		rsess_link_work_here(rs);
}

/**
 * rsess_link_connect() - see to a connection that is there already
 * @rs: session, locked by a process in connect()
 *
 * Over the loopback device it is there at once.
 *
 * Context: process; may sleep.  The session may have ended afterwards, or fallen back.
 */
void rsess_link_connect(struct rsess_sock *rs)
{
	if (rs->tr && rs->ops->receive && rsess_work_taken(rs, rs->tr))
		rsess_link_work_here(rs);
}

/**
 * rsess_link_finish() - see to all that has come, the end of the transport too
 * @rs: session, locked by a process that is about to cut it
 *
 * Context: process; may sleep.  The session may have ended afterwards.
 */
void rsess_link_finish(struct rsess_sock *rs)
{
	if (rs->link == RSESS_LINK_LIVE && rs->tr->ops->receive)
		rsess_link_work_here(rs);
}

/**
 * rsess_link_settle() - see to what was left in the transport
 * @rs: session, locked by a process that asks for its state or acts on it
 *
 * Over the loopback device the peer's session is cut when its close() returns, as with TCP.
 *
 * Context: process; may sleep.  The session may have ended afterwards.
 * Return: has the peer's stream grown?
 */
bool rsess_link_settle(struct rsess_sock *rs)
{
	return READ_ONCE(rs->behind) && rsess_link_fetch(rs);
}

/**
 * rsess_link_catch_up() - rsess_link_fetch() for one who has not locked the socket
 * @rs: session
 *
 * Waits for works, and for no process that has locked it.
 *
 * Context: process; may sleep.
 */
void rsess_link_catch_up(struct rsess_sock *rs)
{
	if (!READ_ONCE(rs->behind) && !mutex_is_locked(&rs->work_mutex))
		return;
	if (!rsess_work_trylock(rsess_to_sk(rs)))
		return;
	rsess_link_fetch(rs);
	rsess_work_unlock(rsess_to_sk(rs));
}

/* One protocol error more: too many?  Only a peer that has shown that it is the
 * session's can break it: a stranger who answers in its place costs no more than the
 * time.
 */
static bool rsess_link_exhausted(struct rsess_sock *rs)
{
	struct net *net = sock_net(rsess_to_sk(rs));
	u32 max = READ_ONCE(rsess_net(net)->max_errors);

	if (rs->link != RSESS_LINK_LIVE || ++rs->errors < max || !max)
		return false;
	rsess_limit_reached(rsess_net(net), RSESS_LIMIT_ERRORS,
			    RSESS_MIB_ERRORS_EXCEEDED);
	return true;
}

/* The peer did what it may not do, or its answer could not be verified. */
static void rsess_link_broken(struct rsess_sock *rs, int err)
{
	bool connecting = rsess_to_sk(rs)->sk_state == TCP_SYN_SENT;

	if (err == -ENOBUFS) {
		RSESS_INC(sock_net(rsess_to_sk(rs)), MEMORY_SHORT);
		rsess_link_lost(rs, "no memory");
	} else if (err == -EBADMSG) {
		rsess_link_lost(rs, "forged");
	} else if (err == -EHOSTUNREACH) {
		rsess_link_lost(rs, "unknown to this host");
	} else if (err == -EKEYREJECTED) {
		rsess_session_abort(rs, RSESS_REASON_AUTH, EKEYREJECTED);
	} else if (connecting && !rs->inband &&
		   rs->attempts < RSESS_HELLO_ERRORS) {
		/* It has the protocol, so this may be somebody else. */
		rsess_link_lost(rs, "no WELCOME");
	} else if (connecting) {
		rsess_session_end(rs, RSESS_REASON_PROTOCOL,
				  rs->inband ? EPROTONOSUPPORT : EPROTO);
	} else if (err == -EBADE || rsess_link_exhausted(rs)) {
		rsess_session_abort(rs, RSESS_REASON_PROTOCOL, ECONNRESET);
	} else {
		rsess_link_lost(rs, "protocol error");
	}
}

/**
 * rsess_link_read() - read what the transport has received, and see to the rest
 * @rs: session, locked, with a transport
 *
 * Context: may sleep.  The session may have ended afterwards.
 * Return: false when the transport is not the session's any more.
 */
bool rsess_link_read(struct rsess_sock *rs)
{
	struct rsess_transport *tr = rs->tr;
	int err = rsess_link_drain(rs);

	if (rs->tr != tr)
		return false;
	if (err)
		rsess_link_broken(rs, err);
	return !err;
}

/**
 * rsess_link_work() - something happened on a transport
 * @rs: session, locked
 * @tr: the transport; not of interest any more unless it is the present one
 *
 * Context: the transport's work, or a process that does what that would; may sleep.
 */
void rsess_link_work(struct rsess_sock *rs, struct rsess_transport *tr)
{
	struct sock *sk = rsess_to_sk(rs);
	enum rsess_inner_state state;
	bool asking, over;

	if (rs->tr != tr)
		return;
	rsess_solsock_memory(sk, tr->sock->sk);
	/* Asked before reading: what is read afterwards is all there was. */
	state = tr->ops->state(tr->sock);
	if (rs->link == RSESS_LINK_DIALING) {
		if (state == RSESS_INNER_OPENING)
			return;
		if (state != RSESS_INNER_UP && !rsess_transport_opened(tr)) {
			rsess_link_lost(rs, "connect failed");
			return;
		}
		/* A plain connection is the application's, also when it has ended
		 * meanwhile: a server may have answered, and would be asked twice.
		 */
		if (!rsess_dial_may_handshake(rs))
			return;
		if (state != RSESS_INNER_UP) {
			rsess_link_lost(rs, "connect failed");
			return;
		}
		rsess_dial_handshake(rs);
	}

	asking = rs->link == RSESS_LINK_GREETING &&
		 sk->sk_state == TCP_TIME_WAIT && !rsess_link_shuts(rs);
	if (!rsess_link_read(rs))
		return;
	/* RESUME said that we have all, and was answered: that is as good as an end.
	 * Before the answer an end is anybody's.
	 */
	over = rs->link == RSESS_LINK_LIVE &&
	       (asking || (state == RSESS_INNER_EOF && !tr->rx.hdr_len));
	if (over && sk->sk_state == TCP_TIME_WAIT) {
		rsess_link_push(rs);
		if (tr->shut || !rsess_link_shuts(rs)) {
			/* The peer's host may have ended it with us, by itself. */
			rs->confirmed = !rs->ops->no_half_close;
			rsess_session_event(rs, RSESS_EV_RELEASED);
			return;
		}
	}
	if (state == RSESS_INNER_EOF || state == RSESS_INNER_DEAD) {
		rsess_link_lost(rs, state == RSESS_INNER_EOF ? "end of stream" :
							       "reset");
		return;
	}
	rsess_link_push(rs);
}

/* Whose memory does its work use?  Once it is queued for accept() it is not the work's. */
static const struct sock *rsess_link_payer(const struct rsess_transport *tr)
{
	if (tr->sk)
		return tr->sk;
	return !tr->queued && tr->sock ? tr->sock->sk : NULL;
}

/* The work of a transport. */
static void rsess_link_serve(struct rsess_transport *tr)
{
	struct rsess_context context;

	rsess_context_enter(&context, rsess_link_payer(tr));
	if (!tr->sk)
		rsess_handshake_work(tr);
	if (tr->sk && rsess_work_lock(tr->sk, tr)) {
		rsess_link_work(rsess_sk(tr->sk), tr);
		rsess_push_tidy(rsess_sk(tr->sk));
		rsess_work_unlock(tr->sk);
	}
	rsess_context_leave(&context);
}

const struct rsess_transport_user rsess_link_user = {
	.serve		= rsess_link_serve,
	.receive	= rsess_link_receive,
	.changed	= rsess_link_changed,
};
