// SPDX-License-Identifier: GPL-2.0
/*
 * Dialing: a socket for the next transport, where to, what its SYN asks, and what is said to
 * whom it reaches.  When to dial again is for link.c, see rsess_dial_delay().
 */
#include <linux/random.h>
#include <net/sock.h>
#include <uapi/linux/rsess_netlink.h>
#include "blackhole.h"
#include "fallback.h"
#include "genl.h"
#include "inner.h"
#include "net.h"
#include "owner.h"
#include "session.h"
#include "solsock.h"
#include "transport.h"

/* How long to wait for an answer: after each attempt that got none twice as long, up to
 * eight times.  A peer with many sessions to resume, or a slow one, would never be
 * given the time that it needs.
 */
static unsigned long rsess_dial_answer_delay(const struct rsess_sock *rs)
{
	const struct rsess_net *rn = rsess_net(sock_net(rsess_to_sk(rs)));

	return msecs_to_jiffies(READ_ONCE(rn->handshake_timeout_ms)) <<
	       min(rs->unanswered, 3U);
}

static int rsess_dial_connect(const struct rsess_sock *rs,
			      union rsess_addr *addr)
{
	const struct cred *saved = rsess_owner_assume(rs);
	int err;

	err = rsess_owner_label_dial(rs->tr->sock, rs) ?:
	      rs->ops->connect(rs->tr, addr, rsess_addr_len(addr->sa.sa_family),
			       rs->tr->asked);
	rsess_owner_drop(saved);
	return err;
}

/* The socket for the next dial.  The first one has the address and the port
 * that the application chose; for a later one the port would still be taken by
 * its predecessor.
 */
static struct socket *rsess_dial_socket(struct rsess_sock *rs)
{
	union rsess_addr addr = rs->laddr, any;
	struct socket *sock;
	int err;

	sock = rsess_inner_get(rs, rs->raddr.sa.sa_family);
	if (IS_ERR(sock))
		return sock;
	rs->inner = NULL;
	rsess_solsock_update(rs, sock);
	if (!rs->greeted)
		rsess_inner_choose(rs, sock);
	if (!rs->bound || rsess_inner_is_bound(sock))
		return sock;
	if (rs->greeted) {
		rsess_addr_any(&any, addr.sa.sa_family);
		rsess_addr_set_port(&addr, &any);
	}
	err = rsess_inner_bind(rs, sock, &addr);
	if (err) {
		rsess_owner_release(sock);
		return ERR_PTR(err);
	}
	return sock;
}

/* What does the SYN ask the peer?  A session that was agreed by the SYN is resumed by it
 * only: otherwise the peer's application might read what is meant for its kernel.
 */
static enum rsess_ask rsess_dial_ask(const struct rsess_sock *rs)
{
	struct rsess_net *rn = rsess_net(sock_net(rsess_to_sk(rs)));

	if (rsess_policy(rs) == RSESS_NEGOTIATE_OFF || rs->inband)
		return RSESS_ASK_NOTHING;
	if (rs->greeted)
		return RSESS_ASK_INSIST;
	if (!rs->ops->filtered)
		return RSESS_ASK_SESSION;
	switch (rsess_blackhole_path(rn, &rs->raddr)) {
	case RSESS_PATH_CLOSED:
		return RSESS_ASK_NOTHING;
	case RSESS_PATH_DOUBTED:
		return RSESS_ASK_ONCE;
	default:
		return RSESS_ASK_SESSION;
	}
}

/* Must a new session be avoided because of a drain?  One that is agreed goes on. */
static bool rsess_dial_is_drained(const struct rsess_sock *rs)
{
	return !rs->greeted && rsess_policy(rs) == RSESS_NEGOTIATE_AUTO &&
	       READ_ONCE(rsess_net(sock_net(rsess_to_sk(rs)))->drain);
}

/* An application that did not bind learns where its first transport began. */
static void rsess_dial_note_laddr(struct rsess_sock *rs, struct socket *sock)
{
	union rsess_addr addr = {};

	if (rs->greeted)
		return;
	if (kernel_getsockname(sock, &addr.sa) >= 0)
		rsess_set_laddr(rs, &addr);
}

/* Where to dial: first where the last transport was of use, then in turn at the others. */
static void rsess_dial_target(struct rsess_sock *rs, union rsess_addr *addr)
{
	const struct rsess_addrs *more = rs->addrs;
	u16 family = rs->raddr.sa.sa_family;

	*addr = rs->raddr;
	if (!rs->greeted || !more || rsess_to_sk(rs)->sk_state == TCP_SYN_SENT)
		return;
	/* Where nothing came after the answer, there may be a middlebox that keeps it back. */
	if (rs->attempts > 1 || rs->quiet)
		rs->addr_at = (rs->addr_at + 1) % (more->n + 1);
	if (!rs->addr_at || more->addr[rs->addr_at - 1].sa.sa_family != family)
		return;
	rsess_sock_addr(rs, rs->addr_at - 1, addr);
}

/* A path of MPTCP may be in the cgroup of the work that makes its socket. */
static int rsess_dial_ask_first(const struct rsess_sock *rs,
				const union rsess_addr *addr)
{
	if (!rs->greeted || rs->ops->protocol != IPPROTO_MPTCP)
		return 0;
	return rsess_owner_may_dial(rs, addr);
}

/* The peer may be plain: then the connection is the application's, and no lack of memory
 * may have it dialed again.
 */
static bool rsess_dial_may_fall_back(const struct rsess_sock *rs,
				     struct rsess_transport *tr)
{
	if (rs->greeted)
		return true;
	tr->plain = rsess_fallback_alloc();
	return tr->plain;
}

/**
 * rsess_dial() - open a transport
 * @rs: session of the dialer, locked, without a transport
 *
 * Context: may sleep.
 * Return: 0 when it is on its way, or the errno with which connect() fails.
 */
int rsess_dial(struct rsess_sock *rs)
{
	struct sock *sk = rsess_to_sk(rs);
	struct rsess_transport *tr;
	union rsess_addr addr;
	struct socket *sock;
	int err;

	rsess_locked_by_me(rs);
	RSESS_INC(sock_net(sk), DIALS);
	rs->attempts++;
	rsess_dial_target(rs, &addr);
	err = rsess_dial_ask_first(rs, &addr);
	if (err)
		return err;
	sock = rsess_dial_socket(rs);
	if (IS_ERR(sock))
		return PTR_ERR(sock);
	/* Once, by connect(): further addresses it has asked about, too. */
	err = rs->attempts == 1 && !rs->greeted ?
	      rsess_owner_may_connect(rs, sock, &addr) : 0;
	if (err)
		goto release;
	err = -ENETDOWN;
	if (READ_ONCE(rsess_net(sock_net(sk))->exiting) ||
	    !rsess_transport_pin_as(sock->sk, sk))
		goto release;
	err = -ENOMEM;
	tr = rsess_transport_new(rs->ops, sock, sk, NULL);
	if (!tr)
		goto release;
	if (!rsess_dial_may_fall_back(rs, tr)) {
		tr->sock = NULL;
		rsess_transport_put(tr);
		goto release;
	}

	rsess_transport_hook(tr);
	rsess_link_set(rs, tr);
	rs->link = RSESS_LINK_DIALING;
	tr->drained = rsess_dial_is_drained(rs);
	tr->asked = tr->drained ? RSESS_ASK_NOTHING : rsess_dial_ask(rs);
	err = rsess_dial_connect(rs, &addr);
	if (err && err != -EINPROGRESS) {
		rsess_link_drop(rs, true);
		return err;
	}
	rsess_dial_note_laddr(rs, sock);
	if (rs->greeted)
		rsess_timer_arm(rs, RSESS_TIMER_HANDSHAKE,
				rsess_dial_answer_delay(rs));
	/* TCP's has told already, or will. */
	if (!rs->ops->receive)
		rsess_transport_queue(tr);
	return 0;

release:
	rsess_owner_release(sock);
	return err;
}

static u32 rsess_dial_max_resumes(const struct rsess_sock *rs)
{
	const struct net *net = sock_net(rsess_to_sk(rs));

	return READ_ONCE(rsess_net(net)->max_resumes);
}

/* The peer is who was reached: 0.0.0.0 and :: stand for this host, and what is resolved
 * once need not be so again.
 */
static void rsess_dial_note_raddr(struct rsess_sock *rs)
{
	union rsess_addr addr = {};

	if (kernel_getpeername(rs->tr->sock, &addr.sa) >= 0 &&
	    addr.sa.sa_family == rs->raddr.sa.sa_family)
		rsess_set_raddr(rs, &addr);
}

/**
 * rsess_dial_handshake() - the inner socket is connected: say who we are
 * @rs: session of the dialer, locked, with a transport
 */
void rsess_dial_handshake(struct rsess_sock *rs)
{
	struct sock *sk = rsess_to_sk(rs);
	unsigned long delay;

	rs->link = RSESS_LINK_GREETING;
	rs->last_rx = jiffies;
	if (sk->sk_state == TCP_SYN_SENT) {
		rsess_dial_note_raddr(rs);
		rs->tr->pending = RSESS_PEND(RSESS_HELLO);
		rs->tag_asked = rsess_wants_tags(rs);
		/* A plain peer may wait for more, and never answer. */
		delay = rs->inband ? rsess_dial_answer_delay(rs) :
				     RSESS_HELLO_DELAY;
		/* HELLO may have arrived, and the answer been lost in silence: it comes
		 * again while the acceptor's session still waits to be confirmed.
		 */
		if (rs->ops->silent_reset)
			delay /= 2;
	} else {
		rs->epoch++;
		rsess_rate_take(&rs->attached, rsess_dial_max_resumes(rs));
		rs->tr->pending = RSESS_PEND(RSESS_RESUME);
		delay = rsess_dial_answer_delay(rs);
	}
	rs->greeted = true;
	rsess_transport_dialogue(rs->tr, true);
	rsess_inner_unchoose(rs->tr->sock);
	rsess_timer_arm(rs, RSESS_TIMER_HANDSHAKE, delay);
}

/* There will be no session. */
static void rsess_dial_fall_back(struct rsess_sock *rs,
				 enum rsess_answer_kind answer)
{
	enum rsess_reason reason = RSESS_REASON_PLAIN_PEER;

	if (rsess_policy(rs) == RSESS_NEGOTIATE_OFF)
		reason = RSESS_REASON_OFF;
	else if (rs->tr->drained)
		reason = RSESS_REASON_DRAIN;
	else if (rs->tr->asked == RSESS_ASK_NOTHING)
		reason = RSESS_REASON_BLACKHOLE;
	else if (answer == RSESS_ANSWER_LATE)
		reason = RSESS_REASON_SYN_LOST;
	rsess_fallback_fall_back(rs, reason);
}

/* The first connection tells whether SYNs with an option get there.  Those of a resume
 * may go to other addresses.
 */
static void rsess_dial_note_path(const struct rsess_sock *rs,
				 enum rsess_answer_kind answer)
{
	struct rsess_net *rn = rsess_net(sock_net(rsess_to_sk(rs)));

	if (!rs->ops->filtered || rs->greeted || rs->tr->asked == RSESS_ASK_NOTHING)
		return;
	if (answer == RSESS_ANSWER_LATE)
		rsess_blackhole_note(rn, &rs->raddr);
	else
		rsess_blackhole_clear(rn, &rs->raddr);
}

/**
 * rsess_dial_may_handshake() - the inner socket is connected: is the peer one of ours?
 * @rs: session of the dialer, locked, with a transport
 *
 * If there will be no session the socket falls back.
 *
 * Context: may sleep.
 * Return: may it be spoken to as one?
 */
bool rsess_dial_may_handshake(struct rsess_sock *rs)
{
	struct net *net = sock_net(rsess_to_sk(rs));
	struct rsess_transport *tr = rs->tr;
	enum rsess_answer_kind answer = tr->ops->answer(tr);

	rsess_dial_note_path(rs, answer);
	if (answer == RSESS_ANSWER_YES || rs->inband)
		return true;
	if (answer == RSESS_ANSWER_LOST) {
		rsess_link_lost(rs, "reset");
		return false;
	}
	if (rs->greeted) {
		RSESS_INC(net, SYN_OPTION_LOST);
		tr->stranger = true;
		rsess_link_lost(rs, "no option");
		return false;
	}
	if (rsess_policy(rs) == RSESS_NEGOTIATE_REQUIRE) {
		rs->inband = true;
		return true;
	}
	tr->ops->end(tr);
	rsess_dial_fall_back(rs, answer);
	return false;
}

/* How long the dialer waits before its next attempt: nothing before the first, then
 * RSESS_DIAL_MIN_MS doubled up to dial_max_ms, a quarter less or more.  For a new session
 * up to eight times that: the attempts are counted, and a listener whose queues are full
 * sends HELLOs away.
 */
static unsigned long rsess_dial_backoff(const struct rsess_sock *rs)
{
	u32 max = READ_ONCE(rsess_net(sock_net(rsess_to_sk(rs)))->dial_max_ms);
	u32 ms;

	if (!rs->attempts)
		return 0;
	if (rsess_to_sk(rs)->sk_state == TCP_SYN_SENT)
		max = 8 * min(max, UINT_MAX / 8);
	ms = min(RSESS_DIAL_MIN_MS << min(rs->attempts - 1, 20U), max);
	return msecs_to_jiffies(ms * 3 / 4 + get_random_u32() % (ms / 2 + 1));
}

/**
 * rsess_dial_delay() - how long to wait before the next attempt
 * @rs: session of the dialer, locked
 *
 * The backoff, but no more RESUMEs in a second than a session may have: where transports move
 * bytes, and are lost at once all the same, there is no backoff.
 *
 * Return: jiffies.
 */
unsigned long rsess_dial_delay(const struct rsess_sock *rs)
{
	unsigned long wait = rsess_rate_wait(&rs->attached,
					     rsess_dial_max_resumes(rs));
	unsigned long backoff = rsess_dial_backoff(rs);

	if (wait <= backoff)
		return backoff;
	rsess_limit_reached(rsess_net(sock_net(rsess_to_sk(rs))),
			    RSESS_LIMIT_RESUMES, RSESS_MIB_RESUMES_DELAYED);
	return wait;
}
