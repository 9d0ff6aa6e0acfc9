// SPDX-License-Identifier: GPL-2.0
/*
 * How long a session waits: for its peer, for a transport, for its application; and what it
 * does then.
 */
#include <net/sock.h>
#include "listener.h"
#include "net.h"
#include "session.h"
#include "transport.h"
#include "turn.h"
#include "work.h"

/**
 * rsess_liveness_stop() - forget all deadlines
 * @rs: session, locked
 *
 * A work that already runs finds nothing to do.
 */
void rsess_liveness_stop(struct rsess_sock *rs)
{
	rsess_turn_leave(rs);
	rs->armed = 0;
	if (cancel_delayed_work(&rs->timer))
		rsess_timer_put(rs);
}

/* TCP_KEEPIDLE, in jiffies. */
static unsigned long rsess_liveness_keepidle(const struct rsess_sock *rs)
{
	const struct net *net = sock_net(rsess_to_sk(rs));

	return rs->opt.keepidle ? rs->opt.keepidle * HZ :
		READ_ONCE(net->ipv4.sysctl_tcp_keepalive_time);
}

/* How long SO_KEEPALIVE bears silence altogether, in jiffies. */
static unsigned long rsess_liveness_keepalive(const struct rsess_sock *rs)
{
	const struct net *net = sock_net(rsess_to_sk(rs));
	unsigned long intvl, cnt;

	intvl = rs->opt.keepintvl ? rs->opt.keepintvl * HZ :
		READ_ONCE(net->ipv4.sysctl_tcp_keepalive_intvl);
	cnt = rs->opt.keepcnt ?:
	      READ_ONCE(net->ipv4.sysctl_tcp_keepalive_probes);
	return rsess_liveness_keepidle(rs) + intvl * cnt;
}

/* The silence of the peer that ends a session, in jiffies; 0: none does. */
static unsigned long rsess_liveness_silence(const struct rsess_sock *rs)
{
	if (rs->opt.user_timeout_ms)
		return rsess_jiffies(rs->opt.user_timeout_ms);
	return sock_flag(rsess_to_sk(rs), SOCK_KEEPOPEN) ?
	       rsess_liveness_keepalive(rs) : 0;
}

/* How long a session lives on without a transport, in jiffies from now; 0 is for
 * ever.  TCP_USER_TIMEOUT and SO_KEEPALIVE count from the peer's last sign.
 */
static unsigned long rsess_liveness_limit(const struct rsess_sock *rs)
{
	unsigned long limit = rsess_jiffies(rs->timeout_ms);
	unsigned long silent = jiffies - rs->last_rx;
	unsigned long left = rsess_liveness_silence(rs);

	/* Nothing of this host's is at stake any more. */
	if (rsess_to_sk(rs)->sk_state == TCP_TIME_WAIT)
		return rsess_orphan_delay(rs);
	if (!left)
		return limit;
	left = left > silent ? left - silent : 1;
	return limit && !rs->opt.user_timeout_ms ? min(limit, left) : left;
}

/**
 * rsess_liveness_await() - the session has no transport: how long may that last?
 * @rs: session, locked
 */
void rsess_liveness_await(struct rsess_sock *rs)
{
	unsigned long limit = rsess_liveness_limit(rs);

	if (limit && !(rs->armed & BIT(RSESS_TIMER_SESSION)))
		rsess_timer_arm(rs, RSESS_TIMER_SESSION, limit);
}

/**
 * rsess_liveness_patience() - an option that says how long to wait has changed
 * @rs: session, locked
 *
 * A session that already waits for a transport starts to count anew.
 */
void rsess_liveness_patience(struct rsess_sock *rs)
{
	bool waits = rs->armed & BIT(RSESS_TIMER_SESSION);

	rsess_timer_stop(rs, RSESS_TIMER_SESSION);
	if (waits || (!rs->tr && (1 << rsess_to_sk(rs)->sk_state) &
		      ~(TCPF_CLOSE | TCPF_LISTEN | TCPF_SYN_SENT)))
		rsess_liveness_await(rs);
	/* A BPF program sets options too, and that may not sleep. */
	if (rs->link == RSESS_LINK_LIVE)
		rsess_timer_arm(rs, RSESS_TIMER_PROBE, 0);
}

/**
 * rsess_keepalive() - SO_KEEPALIVE of the outer socket
 * @sk: outer socket, locked
 * @on: the new value
 */
void rsess_keepalive(struct sock *sk, int on)
{
	sock_valbool_flag(sk, SOCK_KEEPOPEN, on);
	rsess_liveness_patience(rsess_sk(sk));
}

static void rsess_liveness_ping(struct rsess_sock *rs)
{
	if (rs->tr->pinged || rs->tr->shut)
		return;
	rs->tr->pinged = true;
	rs->tr->pending |= RSESS_PEND(RSESS_PING);
	RSESS_INC(sock_net(rsess_to_sk(rs)), PINGS_SENT);
	rsess_link_push(rs);
}

/* How often a silent peer is asked whether it is there, in jiffies; 0 is never. */
static unsigned long rsess_liveness_interval(const struct rsess_sock *rs)
{
	const struct rsess_net *rn = rsess_net(sock_net(rsess_to_sk(rs)));
	unsigned long interval = 0;

	if (rs->dialer)
		interval = msecs_to_jiffies(READ_ONCE(rn->probe_interval_ms));
	if (rs->ops->silent_reset)
		interval = min(interval, rsess_timer_stall(rs));
	if (sock_flag(rsess_to_sk(rs), SOCK_KEEPOPEN))
		interval = min_not_zero(interval, rsess_liveness_keepidle(rs));
	return interval;
}

/**
 * rsess_liveness_probe() - look after a transport on which nothing is awaited
 * @rs: session, locked
 *
 * The peer's bytes may not get through.  It gives the transport up then, but
 * cannot dial: if the reset is lost too, only the dialer can find out.  With
 * SO_KEEPALIVE, either side asks.
 */
void rsess_liveness_probe(struct rsess_sock *rs)
{
	unsigned long silent = jiffies - rs->last_rx;
	unsigned long interval = rsess_liveness_interval(rs);

	if (rs->link != RSESS_LINK_LIVE || !interval)
		return;
	if (silent < interval) {
		rsess_timer_arm(rs, RSESS_TIMER_PROBE, interval - silent);
		return;
	}
	rsess_timer_arm(rs, RSESS_TIMER_PROBE, interval);
	rsess_liveness_ping(rs);
}

/* Nothing was heard for too long.  What the transport has received meanwhile is
 * read before it is given up, for the next one continues behind it; and if that
 * breaks the silence, it is not given up.
 */
static void rsess_liveness_silent(struct rsess_sock *rs)
{
	unsigned long last_rx = rs->last_rx;

	if (!rsess_link_read(rs))
		return;
	if (rs->last_rx != last_rx) {
		rsess_timer_watch(rs);
		rsess_link_push(rs);
		return;
	}
	RSESS_INC(sock_net(rsess_to_sk(rs)), STALLS);
	if (!rs->tr->heard && rs->quiet < RSESS_QUIET_MAX)
		rs->quiet++;
	rsess_link_lost(rs, "silent");
}

/* How long silence is borne, in jiffies.  After a transport that gave nothing at all it is
 * twice as long: a peer with many sessions, or a slow one, would never be given the time.
 * Where silence ends the session itself, the time of another transport is left.
 */
static unsigned long rsess_liveness_bears(const struct rsess_sock *rs)
{
	unsigned long stall = rsess_timer_stall(rs);
	unsigned long most = rsess_liveness_silence(rs) / 2 ?: ULONG_MAX;

	if (rs->tr->heard)
		return stall;
	if (rs->orphaned)
		most = min(most, rsess_orphan_delay(rs) / 4);
	return max(stall, min(stall << rs->quiet, most));
}

static void rsess_liveness_stalled(struct rsess_sock *rs)
{
	unsigned long stall = rsess_timer_stall(rs);
	unsigned long from = time_after(rs->last_rx, rs->watched) ?
			     rs->last_rx : rs->watched;
	unsigned long silent = jiffies - from;
	unsigned long bears;

	if (!rsess_timer_waiting(rs))
		return;
	if (silent < stall / 2) {
		rsess_timer_arm(rs, RSESS_TIMER_STALL, stall / 2 - silent);
		return;
	}
	/* This may come late, but nobody is given up unasked. */
	bears = rsess_liveness_bears(rs);
	if (silent >= bears && (rs->tr->pinged || rs->tr->shut)) {
		rsess_liveness_silent(rs);
		return;
	}
	/* In small steps: when it gives something, less is borne from then on. */
	rsess_timer_arm(rs, RSESS_TIMER_STALL,
			silent < bears ? min(bears - silent, stall) : stall / 2);
	rsess_liveness_ping(rs);
}

/* A peer that has taken the connection, and not answered in-band, does not have the protocol. */
static void rsess_liveness_handshake(struct rsess_sock *rs)
{
	/* The answer may have come, and nobody had the time to look. */
	if (rs->tr && rs->link == RSESS_LINK_GREETING) {
		if (!rsess_link_read(rs))
			return;
		if (rs->link == RSESS_LINK_LIVE) {
			rsess_link_push(rs);
			return;
		}
	}
	RSESS_INC(sock_net(rsess_to_sk(rs)), HANDSHAKE_TIMEOUTS);
	rs->unanswered++;
	/* It may have been reset and not have said so. */
	if (rs->link == RSESS_LINK_GREETING && rs->ops->silent_reset &&
	    rs->attempts < RSESS_HELLO_ERRORS)
		rsess_link_lost(rs, "no answer");
	else if (rsess_to_sk(rs)->sk_state == TCP_SYN_SENT)
		rsess_session_abort(rs, RSESS_REASON_TIMEOUT,
				    rs->inband &&
				    rs->link == RSESS_LINK_GREETING ?
				    EPROTONOSUPPORT : ETIMEDOUT);
	else if (rs->tr)
		rsess_link_lost(rs, "no answer");
}

static void rsess_liveness_session(struct rsess_sock *rs)
{
	if (rsess_to_sk(rs)->sk_state == TCP_TIME_WAIT) {
		rsess_session_event(rs, RSESS_EV_RELEASED);
		return;
	}
	RSESS_INC(sock_net(rsess_to_sk(rs)), SESSION_TIMEOUTS);
	rsess_session_abort(rs, RSESS_REASON_TIMEOUT, ETIMEDOUT);
}

/**
 * rsess_liveness_confirm() - a session was opened: its dialer has to show that it knows
 * @rs: session of the acceptor, locked
 *
 * A HELLO that nobody stands behind must not have a place in the queue of accept(), or
 * a process that waits for its first byte, for longer than a handshake may take.  Who
 * is silent is asked; but with a pre-shared key the proof is awaited anyway, see
 * rsess_acceptq_defer().
 */
void rsess_liveness_confirm(struct rsess_sock *rs)
{
	const struct rsess_net *rn = rsess_net(sock_net(rsess_to_sk(rs)));
	unsigned long delay = rsess_jiffies(READ_ONCE(rn->handshake_timeout_ms));

	if (rs->unproven)
		return;
	rs->hello_end = jiffies + delay;
	rsess_timer_arm(rs, RSESS_TIMER_CONFIRM, delay / 2);
}

static void rsess_liveness_unconfirmed(struct rsess_sock *rs)
{
	long left;

	/* It may have come, and nobody had the time to look. */
	if (rs->tr && rs->hello_only && !rsess_link_read(rs) &&
	    rsess_to_sk(rs)->sk_state == TCP_CLOSE)
		return;
	if (!rs->hello_only)
		return;
	left = rs->hello_end - jiffies;
	if (left <= 0) {
		RSESS_INC(sock_net(rsess_to_sk(rs)), HELLO_UNCONFIRMED);
		rsess_session_abort(rs, RSESS_REASON_TIMEOUT, ETIMEDOUT);
		return;
	}
	rsess_timer_arm(rs, RSESS_TIMER_CONFIRM, left);
	if (rs->link == RSESS_LINK_LIVE)
		rsess_liveness_ping(rs);
}

/**
 * rsess_liveness_orphaned() - an orphan has so long to make progress
 * @rs: session, locked
 */
void rsess_liveness_orphaned(struct rsess_sock *rs)
{
	rs->orphan_rx = rs->last_rx;
	rs->orphan_asked = false;
	rsess_timer_arm(rs, RSESS_TIMER_ORPHAN, rsess_orphan_delay(rs));
}

/* Has the orphan bytes for which the peer has given no credit?  Its reader may take its
 * time, as with TCP, as long as the peer is there.  What keeps many of them from staying
 * are max_orphans and, when others want the memory, rsess_orphan_relieve().
 */
static bool rsess_liveness_orphan_waits(struct rsess_sock *rs)
{
	if (rs->sq.write_seq == rs->sq.snd_max ||
	    rsess_before(rs->sq.snd_max, rs->snd_limit))
		return false;
	if (rs->last_rx != rs->orphan_rx) {
		rsess_liveness_orphaned(rs);
		return true;
	}
	if (rs->link != RSESS_LINK_LIVE || rs->orphan_asked)
		return false;
	rsess_liveness_orphaned(rs);
	rs->orphan_asked = true;
	rsess_liveness_ping(rs);
	return true;
}

static void rsess_liveness_orphan(struct rsess_sock *rs)
{
	if (rsess_to_sk(rs)->sk_state == TCP_TIME_WAIT) {
		rsess_session_event(rs, RSESS_EV_RELEASED);
		return;
	}
	if (rsess_liveness_orphan_waits(rs))
		return;
	RSESS_INC(sock_net(rsess_to_sk(rs)), ORPHAN_TIMEOUTS);
	rsess_session_abort(rs, RSESS_REASON_TIMEOUT, ETIMEDOUT);
}

static void rsess_liveness_ack(struct rsess_sock *rs)
{
	rs->ack_now = true;
	rsess_link_push(rs);
}

static void rsess_liveness_again(struct rsess_sock *rs)
{
	if (rs->tr)
		rsess_link_work(rs, rs->tr);
}

/* Bytes have waited for their reader.  The peer is not to wait for their acknowledgment too. */
static void rsess_liveness_left(struct rsess_sock *rs)
{
	u64 rcv_nxt = rs->credit.rcv_nxt;

	rsess_liveness_again(rs);
	if (rs->credit.rcv_nxt == rcv_nxt || rs->link != RSESS_LINK_LIVE ||
	    rs->credit.acked == rs->credit.rcv_nxt)
		return;
	rsess_liveness_ack(rs);
}

static void rsess_liveness_dial(struct rsess_sock *rs)
{
	rsess_link_redial(rs, false);
}

/* What accept() waits for has not come in time. */
static void rsess_liveness_undeferred(struct rsess_sock *rs)
{
	if (!rs->unproven) {
		rsess_acceptq_present(rs);
		return;
	}
	RSESS_INC(sock_net(rsess_to_sk(rs)), HELLO_AUTH);
	rsess_session_abort(rs, RSESS_REASON_AUTH, 0);
}

static const struct rsess_timer_handlers rsess_liveness_handlers = { {
	[RSESS_TIMER_ACK]	= rsess_liveness_ack,
	[RSESS_TIMER_RETRY]	= rsess_liveness_again,
	[RSESS_TIMER_DIAL]	= rsess_liveness_dial,
	[RSESS_TIMER_HANDSHAKE]	= rsess_liveness_handshake,
	[RSESS_TIMER_STALL]	= rsess_liveness_stalled,
	[RSESS_TIMER_PROBE]	= rsess_liveness_probe,
	[RSESS_TIMER_SESSION]	= rsess_liveness_session,
	[RSESS_TIMER_ORPHAN]	= rsess_liveness_orphan,
	[RSESS_TIMER_DEFER]	= rsess_liveness_undeferred,
	[RSESS_TIMER_CONFIRM]	= rsess_liveness_unconfirmed,
	[RSESS_TIMER_TIDY]	= rsess_push_tidy,
	[RSESS_TIMER_LEFT]	= rsess_liveness_left,
} };

/* rsess_timer_evict() has been called for this socket.  One that listens no more has a
 * listener afterwards that is rsess_listener_aborted().
 */
static struct rsess_listener *rsess_liveness_evict(struct rsess_sock *rs)
{
	enum rsess_reason reason = READ_ONCE(rs->evict);
	int state = rsess_to_sk(rs)->sk_state;

	if (!reason)
		return NULL;
	WRITE_ONCE(rs->evict, RSESS_REASON_NONE);
	if (state == TCP_LISTEN)
		return rsess_listener_abort(rs);
	if (state != TCP_CLOSE && !rs->plain)
		rsess_session_abort(rs, reason, reason == RSESS_REASON_ADMIN ?
				    ECONNABORTED : 0);
	return NULL;
}

/* rsess_timer_hurry() has been called for this socket. */
static void rsess_liveness_hurry(struct rsess_sock *rs)
{
	if (!READ_ONCE(rs->hurry))
		return;
	WRITE_ONCE(rs->hurry, false);
	if (!rs->dialer || rs->plain ||
	    rsess_to_sk(rs)->sk_state == TCP_LISTEN)
		return;
	rsess_turn_leave(rs);
	rsess_link_redial(rs, true);
}

/**
 * rsess_liveness_work() - a deadline has come, or somebody has asked for a look
 * @work: &rsess_sock.timer
 */
void rsess_liveness_work(struct work_struct *work)
{
	struct rsess_sock *rs =
		container_of(work, struct rsess_sock, timer.work);
	struct rsess_listener *gone;
	struct sock *sk = rsess_to_sk(rs);
	struct rsess_context context;

	rsess_context_enter(&context, sk);
	if (!rsess_work_lock(sk, NULL))
		goto put;
	WRITE_ONCE(rs->timer_due, false);
	if (rsess_listener_is_gone(rs))
		gone = rsess_listener_abort(rs);
	else
		gone = rsess_liveness_evict(rs);
	rsess_liveness_hurry(rs);
	if (rsess_turn_has_come(rs))
		rsess_link_redial(rs, true);
	rsess_timer_run(rs, &rsess_liveness_handlers);
	rsess_work_unlock(sk);
	if (gone)
		rsess_listener_aborted(gone);
put:
	rsess_context_leave(&context);
	rsess_timer_put(rs);		/* of rsess_timer_queue() */
}
