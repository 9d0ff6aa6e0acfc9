// SPDX-License-Identifier: GPL-2.0
/*
 * One delayed work per session serves all of its deadlines.  What is done when one has come
 * is in liveness.c.
 */
#include <net/sock.h>
#include "net.h"
#include "session.h"
#include "transport.h"

/**
 * rsess_timer_put() - the work has run, or will not
 * @rs: session
 *
 * What queued it has taken references.
 */
void rsess_timer_put(struct rsess_sock *rs)
{
	struct sock *sk = rsess_to_sk(rs);
	struct rsess_net *rn = rsess_net(sock_net(sk));

	sock_put(sk);
	rsess_net_put(rn);
}

/* The queued work has a reference, and the end of the namespace waits for it. */
static void rsess_timer_queue(struct rsess_sock *rs, unsigned long delay)
{
	sock_hold(rsess_to_sk(rs));
	rsess_net_hold(rsess_net(sock_net(rsess_to_sk(rs))));
	if (mod_delayed_work(rsess_wq, &rs->timer, delay))
		rsess_timer_put(rs);
}

/* Run the work for the earliest deadline. */
static void rsess_timer_schedule(struct rsess_sock *rs, unsigned long at)
{
	unsigned long now = jiffies;

	rs->timer_at = at;
	/* Whom rsess_timer_now() has promised it does not wait for a deadline. */
	rsess_timer_queue(rs, time_after(at, now) && !READ_ONCE(rs->timer_due) ?
			      at - now : 0);
}

/* What they are for does not wait longer because more comes. */
#define RSESS_TIMERS_FIRST	(BIT(RSESS_TIMER_ACK) | BIT(RSESS_TIMER_LEFT))

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
	if (rs->armed & BIT(t) & RSESS_TIMERS_FIRST)
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
 * rsess_timer_end() - forget all deadlines, and wait for the work if it runs
 * @rs: session, not locked, which arms no timer any more; the caller has a reference
 *
 * Context: may sleep.
 */
void rsess_timer_end(struct rsess_sock *rs)
{
	lock_sock(rsess_to_sk(rs));
	rs->armed = 0;
	release_sock(rsess_to_sk(rs));
	if (cancel_delayed_work_sync(&rs->timer))
		rsess_timer_put(rs);
}

/**
 * rsess_timer_now() - have the timer's work run
 * @rs: session; the caller has a reference
 *
 * Context: any.
 */
void rsess_timer_now(struct rsess_sock *rs)
{
	WRITE_ONCE(rs->timer_due, true);
	rsess_timer_queue(rs, 0);
}

/**
 * rsess_timer_retry() - memory is short: go on later
 * @rs: session, locked
 */
void rsess_timer_retry(struct rsess_sock *rs)
{
	RSESS_INC(sock_net(rsess_to_sk(rs)), MEMORY_SHORT);
	if (rs->armed & BIT(RSESS_TIMER_RETRY))
		return;
	rsess_timer_arm(rs, RSESS_TIMER_RETRY, rsess_retry_delay(rs->retries));
	rs->retries++;
}

/**
 * rsess_timer_evict() - let the timer end a socket that this context cannot lock
 * @rs: session, or one that listens, not locked; the caller has a reference
 * @reason: enum rsess_reason, not 0
 */
void rsess_timer_evict(struct rsess_sock *rs, enum rsess_reason reason)
{
	WRITE_ONCE(rs->evict, reason);
	rsess_timer_now(rs);
}

/**
 * rsess_timer_hurry() - let the timer dial now
 * @rs: session, not locked; the caller has a reference
 */
void rsess_timer_hurry(struct rsess_sock *rs)
{
	WRITE_ONCE(rs->hurry, true);
	rsess_timer_now(rs);
}

/* What the peer has to acknowledge on a transport that is live: FIN takes an offset. */
static bool rsess_timer_unacked(const struct rsess_sock *rs)
{
	return rs->sq.snd_una != rs->sq.snd_nxt ||
	       (rs->tr->fin_sent && !rs->fin_acked);
}

/**
 * rsess_timer_waiting() - does this side wait for the peer to say something?
 * @rs: session, locked
 */
bool rsess_timer_waiting(const struct rsess_sock *rs)
{
	return rs->link == RSESS_LINK_LIVE &&
	       (rsess_timer_unacked(rs) || rsess_sendq_unsent(&rs->sq) ||
		rs->tr->pinged || rsess_to_sk(rs)->sk_state == TCP_TIME_WAIT);
}

/**
 * rsess_timer_stall() - how long a transport may be silent while something is awaited
 * @rs: session, locked
 *
 * Return: jiffies.
 */
unsigned long rsess_timer_stall(const struct rsess_sock *rs)
{
	const struct net *net = sock_net(rsess_to_sk(rs));
	u32 ms = READ_ONCE(rsess_net(net)->stall_timeout_ms);

	if (rs->opt.user_timeout_ms)
		ms = min(ms, rs->opt.user_timeout_ms);
	return max(msecs_to_jiffies(ms), 2UL);
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
 * rsess_timer_run() - do what is due, and wait for the next deadline
 * @rs: session, locked
 * @handlers: what is done
 *
 * Context: the timer's work.  The session may have ended afterwards.
 */
void rsess_timer_run(struct rsess_sock *rs,
		     const struct rsess_timer_handlers *handlers)
{
	unsigned long next = 0;
	bool more = false;
	int t;

	for (t = 0; t < RSESS_TIMER_MAX; t++) {
		if (!(rs->armed & BIT(t)) ||
		    time_after(rs->deadline[t], jiffies))
			continue;
		rs->armed &= ~BIT(t);
		handlers->due[t](rs);
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
}

/**
 * rsess_timer_init() - prepare the timer of a new session
 * @rs: session
 * @work: serves it
 */
void rsess_timer_init(struct rsess_sock *rs, work_func_t work)
{
	INIT_DELAYED_WORK(&rs->timer, work);
}
