// SPDX-License-Identifier: GPL-2.0
/*
 * One delayed work per session serves all of its deadlines.
 */
#include <net/sock.h>
#include "net.h"
#include "session.h"

/* Run the work for the earliest deadline; its reference is the queued work's. */
static void rsess_timer_schedule(struct rsess_sock *rs, unsigned long at)
{
	unsigned long now = jiffies;
	unsigned long delay = time_after(at, now) ? at - now : 0;

	rs->timer_at = at;
	sock_hold(rsess_to_sk(rs));
	if (mod_delayed_work(rsess_wq, &rs->timer, delay))
		sock_put(rsess_to_sk(rs));
}

/**
 * rsess_timer_arm() - set or move a deadline
 * @rs: session, locked
 * @t: which
 * @delay: jiffies from now
 */
void rsess_timer_arm(struct rsess_sock *rs, enum rsess_timer t,
		     unsigned long delay)
{
	unsigned long at = jiffies + delay;

	rsess_owned_by_me(rs);
	if (t == RSESS_TIMER_ACK && rs->armed & BIT(t))
		return;
	rs->deadline[t] = at;
	rs->armed |= BIT(t);
	if (!delayed_work_pending(&rs->timer) || time_before(at, rs->timer_at))
		rsess_timer_schedule(rs, at);
}

/**
 * rsess_timer_stop() - forget a deadline
 * @rs: session, locked
 * @t: which
 */
void rsess_timer_stop(struct rsess_sock *rs, enum rsess_timer t)
{
	rs->armed &= ~BIT(t);
}

/**
 * rsess_timer_stop_all() - forget all deadlines
 * @rs: session, locked
 *
 * A work that already runs finds nothing to do.
 */
void rsess_timer_stop_all(struct rsess_sock *rs)
{
	rs->armed = 0;
	if (cancel_delayed_work(&rs->timer))
		sock_put(rsess_to_sk(rs));
}

/* Does this side wait for the peer to say something? */
static bool rsess_timer_waiting(const struct rsess_sock *rs)
{
	return rs->link == RSESS_LINK_LIVE &&
	       (rsess_unacked(rs) || rsess_sendq_unsent(&rs->sq) ||
		rs->pinged || rsess_to_sk(rs)->sk_state == TCP_TIME_WAIT);
}

static unsigned long rsess_timer_stall(const struct rsess_sock *rs)
{
	const struct net *net = sock_net(rsess_to_sk(rs));

	return max(msecs_to_jiffies(READ_ONCE(rsess_net(net)->stall_timeout_ms)),
		   2UL);
}

static void rsess_timer_ping(struct rsess_sock *rs)
{
	if (rs->pinged || rs->shut)
		return;
	rs->pinged = true;
	rs->pending |= RSESS_PEND(RSESS_PING);
	RSESS_INC(sock_net(rsess_to_sk(rs)), PINGS_SENT);
	rsess_push(rs);
}

/**
 * rsess_timer_watch() - begin or end to watch a transport for silence
 * @rs: session, locked
 */
void rsess_timer_watch(struct rsess_sock *rs)
{
	if (!rsess_timer_waiting(rs)) {
		rsess_timer_stop(rs, RSESS_TIMER_STALL);
		return;
	}
	if (rs->armed & BIT(RSESS_TIMER_STALL))
		return;
	rs->watched = jiffies;
	rsess_timer_arm(rs, RSESS_TIMER_STALL, rsess_timer_stall(rs) / 2);
}

/**
 * rsess_timer_probe() - look after a transport on which nothing is awaited
 * @rs: session, locked
 *
 * The peer's bytes may not get through.  It gives the transport up then, but
 * cannot dial: if the reset is lost too, only the dialer can find out.
 */
void rsess_timer_probe(struct rsess_sock *rs)
{
	const struct rsess_net *rn = rsess_net(sock_net(rsess_to_sk(rs)));
	unsigned int ms = READ_ONCE(rn->probe_interval_ms);
	unsigned long silent = jiffies - rs->last_rx;
	unsigned long interval;

	if (!rs->dialer || rs->link != RSESS_LINK_LIVE || !ms)
		return;
	interval = msecs_to_jiffies(ms);
	if (silent < interval) {
		rsess_timer_arm(rs, RSESS_TIMER_PROBE, interval - silent);
		return;
	}
	rsess_timer_arm(rs, RSESS_TIMER_PROBE, interval);
	rsess_timer_ping(rs);
}

/* Nothing was heard for too long.  What the transport has received meanwhile is
 * read before it is given up, for the next one continues behind it; and if that
 * breaks the silence, it is not given up.
 */
static void rsess_timer_silent(struct rsess_sock *rs)
{
	unsigned long last_rx = rs->last_rx;

	if (!rsess_link_read(rs))
		return;
	if (rs->last_rx != last_rx) {
		rsess_timer_watch(rs);
		rsess_push(rs);
		return;
	}
	RSESS_INC(sock_net(rsess_to_sk(rs)), STALLS);
	rsess_link_lost(rs, "silent");
}

static void rsess_timer_stalled(struct rsess_sock *rs)
{
	unsigned long stall = rsess_timer_stall(rs);
	unsigned long from = time_after(rs->last_rx, rs->watched) ?
			     rs->last_rx : rs->watched;
	unsigned long silent = jiffies - from;

	if (!rsess_timer_waiting(rs))
		return;
	if (silent >= stall) {
		rsess_timer_silent(rs);
		return;
	}
	if (silent < stall / 2) {
		rsess_timer_arm(rs, RSESS_TIMER_STALL, stall / 2 - silent);
		return;
	}
	rsess_timer_arm(rs, RSESS_TIMER_STALL, stall - silent);
	rsess_timer_ping(rs);
}

static void rsess_timer_greet(struct rsess_sock *rs)
{
	RSESS_INC(sock_net(rsess_to_sk(rs)), HANDSHAKE_TIMEOUTS);
	if (rsess_to_sk(rs)->sk_state == TCP_SYN_SENT)
		rsess_session_cut(rs, RSESS_REASON_TIMEOUT, ETIMEDOUT);
	else if (rs->tr)
		rsess_link_lost(rs, "no answer");
}

static void rsess_timer_session(struct rsess_sock *rs)
{
	if (rsess_to_sk(rs)->sk_state == TCP_TIME_WAIT) {
		rsess_session_event(rs, RSESS_EV_RELEASED);
		return;
	}
	RSESS_INC(sock_net(rsess_to_sk(rs)), SESSION_TIMEOUTS);
	rsess_session_cut(rs, RSESS_REASON_TIMEOUT, ETIMEDOUT);
}

static void rsess_timer_orphan(struct rsess_sock *rs)
{
	if (rsess_to_sk(rs)->sk_state == TCP_TIME_WAIT) {
		rsess_session_event(rs, RSESS_EV_RELEASED);
		return;
	}
	RSESS_INC(sock_net(rsess_to_sk(rs)), ORPHAN_TIMEOUTS);
	rsess_session_cut(rs, RSESS_REASON_TIMEOUT, ETIMEDOUT);
}

static void rsess_timer_fire(struct rsess_sock *rs, enum rsess_timer t)
{
	switch (t) {
	case RSESS_TIMER_ACK:
		rs->ack_now = true;
		rsess_push(rs);
		break;
	case RSESS_TIMER_RETRY:
		if (rs->tr)
			rsess_link_work(rs, rs->tr);
		break;
	case RSESS_TIMER_DIAL:
		rsess_link_redial(rs);
		break;
	case RSESS_TIMER_GREET:
		rsess_timer_greet(rs);
		break;
	case RSESS_TIMER_STALL:
		rsess_timer_stalled(rs);
		break;
	case RSESS_TIMER_PROBE:
		rsess_timer_probe(rs);
		break;
	case RSESS_TIMER_SESSION:
		rsess_timer_session(rs);
		break;
	case RSESS_TIMER_ORPHAN:
		rsess_timer_orphan(rs);
		break;
	default:
		break;
	}
}

static void rsess_timer_work(struct work_struct *work)
{
	struct rsess_sock *rs =
		container_of(work, struct rsess_sock, timer.work);
	struct sock *sk = rsess_to_sk(rs);
	unsigned long next = 0;
	bool more = false;
	int t;

	lock_sock(sk);
	for (t = 0; t < RSESS_TIMER_MAX; t++) {
		if (!(rs->armed & BIT(t)) ||
		    time_after(rs->deadline[t], jiffies))
			continue;
		rs->armed &= ~BIT(t);
		rsess_timer_fire(rs, t);
	}
	for (t = 0; t < RSESS_TIMER_MAX; t++) {
		if (!(rs->armed & BIT(t)))
			continue;
		if (!more || time_before(rs->deadline[t], next))
			next = rs->deadline[t];
		more = true;
	}
	if (more)
		rsess_timer_schedule(rs, next);
	release_sock(sk);
	sock_put(sk);			/* of rsess_timer_schedule() */
}

/**
 * rsess_timer_init() - prepare the timer of a new session
 * @rs: session
 */
void rsess_timer_init(struct rsess_sock *rs)
{
	INIT_DELAYED_WORK(&rs->timer, rsess_timer_work);
}
