// SPDX-License-Identifier: GPL-2.0
/*
 * Life and death of a session.
 *
 * The outer socket is the session.  References to it: one of the application's
 * socket, which becomes the orphan's and ends in rsess_session_destroy(); one of
 * each transport; one of a queued timer.
 */
#include <linux/slab.h>
#include <net/sock.h>
#include <uapi/linux/rsess_netlink.h>
#include "auth.h"
#include "compat.h"
#include "genl.h"
#include "inner.h"
#include "listener.h"
#include "net.h"
#include "owner.h"
#include "recvq.h"
#include "session.h"
#include "table.h"
#include "trace.h"
#include "transport.h"

static void rsess_sock_destruct(struct sock *sk)
{
	struct rsess_sock *rs = rsess_sk(sk);

	rsess_recvq_purge(sk);
	__skb_queue_purge(&sk->sk_error_queue);
	rsess_sendq_purge(&rs->sq);
	memzero_explicit(rs->secret, sizeof(rs->secret));
	memzero_explicit(&rs->psk, sizeof(rs->psk));
	kfree(rs->addrs);
	rsess_owner_forget(rs);
	rsess_journal_purge(&rs->journal);
	WARN_ON_ONCE(rs->tr || rs->inner || rs->lsn);
	WARN_ON_ONCE(sk->sk_wmem_queued);
	sk_mem_reclaim_final(sk);
	WARN_ON_ONCE(sk->sk_forward_alloc);
}

/* What AF_INET6 gives a socket: one of AF_RSESS may become one, and the kernel looks there
 * without asking.
 */
static void rsess_sock_inet6(struct rsess_sock *rs)
{
	struct inet_sock *inet = inet_sk(rsess_to_sk(rs));

	if (inet->pinet6)
		return;
	inet->pinet6 = &rs->inet6;
	rs->inet6.hop_limit = -1;
	rs->inet6.mcast_hops = IPV6_DEFAULT_MCASTHOPS;
	rsess_inet6_set(inet, rs->inet6, MC6_LOOP);
	rsess_inet6_set(inet, rs->inet6, MC6_ALL);
}

/* Inner sockets are locked under it, and what is locked before a socket of TCP or SCTP: the locks
 * of a session are others than theirs.  Those of the kernel are locked under other locks, too.
 */
static void rsess_sock_lock_class(struct sock *sk)
{
	static struct lock_class_key keys[2], slock_keys[2];
	bool kern = sk->sk_kern_sock;

	sock_lock_init_class_and_name(sk, kern ? "k-rsess_slock" : "rsess_slock",
				      &slock_keys[kern],
				      kern ? "k-rsess_lock" : "rsess_lock",
				      &keys[kern]);
}

/**
 * rsess_sock_setup() - an inet socket becomes an outer socket
 * @sk: new socket, as sock_init_data() left it or AF_INET
 * @ops: of its transports
 */
void rsess_sock_setup(struct sock *sk, const struct rsess_transport_ops *ops)
{
	struct rsess_sock *rs = rsess_sk(sk);
	struct net *net = sock_net(sk);

	rsess_sock_lock_class(sk);
	sk->sk_txrehash = READ_ONCE(net->core.sysctl_txrehash);
	sk->sk_destruct = rsess_sock_destruct;
	sk->sk_write_space = rsess_write_space;
	sk->sk_state = TCP_CLOSE;
	sk->sk_sndbuf = RSESS_SNDBUF;
	sk->sk_rcvbuf = RSESS_RCVBUF;
	sock_set_flag(sk, SOCK_USE_WRITE_QUEUE);
	sock_set_flag(sk, SOCK_RCU_FREE);	/* rsess_table_find() */
	/* It is in no table of TCP's.  If it looked so the socket core would take a program
	 * that chooses among those that share a port, and nobody would ask it.
	 */
	hlist_add_fake(&sk->sk_node);

	rs->sk = sk;
	rsess_sock_inet6(rs);
	if (rsess_is_kernel(sk))
		rsess_cast_setup(sk);
	rs->ops = ops;
	rs->callbacks.data_ready = sk->sk_data_ready;
	rs->callbacks.write_space = sk->sk_write_space;
	rs->callbacks.state_change = sk->sk_state_change;
	rs->callbacks.error_report = sk->sk_error_report;
	rsess_journal_init(&rs->journal);
	mutex_init(&rs->work_mutex);
	INIT_LIST_HEAD(&rs->waiting);
	INIT_LIST_HEAD(&rs->orphan);
	INIT_LIST_HEAD(&rs->turn);
	INIT_LIST_HEAD(&rs->link_accept);
	rs->timeout_ms = READ_ONCE(rsess_net(net)->timeout_ms);
	rs->negotiate = READ_ONCE(rsess_net(net)->negotiate);
	rs->opt.tag = RSESS_TAG_UNSET;
	rsess_timer_init(rs, rsess_liveness_work);
	rsess_session_init(rs, false);
	sk_sockets_allocated_inc(sk);
	sock_prot_inuse_add(net, sk->sk_prot, 1);
}

/**
 * rsess_sock_alloc() - a new outer socket without a struct socket
 * @net: its namespace
 * @prot: &rsess_proto, or &rsess_kernel_proto for a user in the kernel
 * @ops: of its transports
 * @gfp: for the allocation
 * @kern: does it belong to the kernel, and so not hold the namespace?
 *
 * Return: the socket, in state TCP_CLOSE; or NULL.
 */
struct sock *rsess_sock_alloc(struct net *net, struct proto *prot,
			      const struct rsess_transport_ops *ops, gfp_t gfp,
			      int kern)
{
	struct sock *sk;

	sk = sk_alloc(net, rsess_family, gfp, prot, kern);
	if (!sk)
		return NULL;
	sock_init_data(NULL, sk);
	/* The socket core asks for it, for example about SO_REUSEPORT. */
	sk->sk_family = ops->family ?: AF_INET;
	sk->sk_protocol = ops->family ? 0 : rsess_protocol;
	rsess_sock_setup(sk, ops);
	rsess_sk(sk)->family = ops->family;
	return sk;
}

/**
 * rsess_session_init() - forget the previous session, if any
 * @rs: session; locked or not visible yet; without transport and timers
 * @dialer: which side this is
 */
void rsess_session_init(struct rsess_sock *rs, bool dialer)
{
	rs->dialer = dialer;
	rs->secret_made = false;
	rs->tag_asked = false;
	rs->tagged = false;
	rs->link = RSESS_LINK_NONE;
	rs->inband = false;
	rs->addr_at = 0;
	rs->reason = RSESS_REASON_NONE;
	rs->last_error = 0;
	rs->epoch = 0;
	rs->epoch_seen = 0;
	rs->resumes = 0;
	rs->attached.n = 0;
	rs->lost = 0;
	rs->began = get_jiffies_64();
	rs->down_at = 0;
	rs->downtime = 0;
	rs->agreed = false;
	/* What was asked of the session before. */
	WRITE_ONCE(rs->evict, RSESS_REASON_NONE);
	WRITE_ONCE(rs->hurry, false);
	rs->errors = 0;
	rs->attempts = 0;
	rs->dial_failed = false;
	rs->turn_come = false;
	rs->unanswered = 0;
	rs->quiet = 0;
	rs->refusals = 0;
	rs->strangers = 0;
	rsess_sendq_init(&rs->sq, 0);
	rsess_credit_init(&rs->credit, 0);
	rs->snd_limit = 0;
	rs->acknow_at = 0;
	rs->max_frame = RSESS_DATA_TAGGED;
	rs->fin_queued = false;
	rs->fin_tried = false;
	rs->fin_acked = false;
	rs->stop_queued = false;
	rs->stopped = false;
	rs->dropped = 0;
	rs->unread = 0;
	rs->shown = 0;
	rs->rcv_fin = false;
	rs->ack_now = false;
	rs->hello_only = true;
	rs->greeted = false;
	rs->unproven = false;
	rs->more = false;
	rs->urgent = false;
	rs->urg_state = RSESS_URG_NONE;
	rs->last_rx = jiffies;
}

/**
 * rsess_session_secret() - have the secret, now that it is wanted
 * @rs: session, locked, which has both keys
 *
 * Most sessions end without: only tags, a pre-shared key, a RESUME, and what is left for one,
 * need it.
 *
 * Context: may sleep.
 * Return: 0, with &rsess_sock.secret filled in, or a negative errno of the crypto API.
 */
int rsess_session_secret(struct rsess_sock *rs)
{
	int err;

	rsess_locked_by_me(rs);
	if (rs->secret_made)
		return 0;
	err = rs->dialer ?
	      rsess_auth_secret(rs->key, rs->peer_key, &rs->psk, rs->id,
				rs->secret) :
	      rsess_auth_secret(rs->peer_key, rs->key, &rs->psk, rs->id,
				rs->secret);
	rs->secret_made = !err;
	return err;
}

/**
 * rsess_session_event() - move to the next state
 * @rs: session, locked
 * @ev: what happened
 *
 * Context: may sleep if that is the last state: the session has ended afterwards.
 */
void rsess_session_event(struct rsess_sock *rs, enum rsess_event ev)
{
	struct sock *sk = rsess_to_sk(rs);
	int state = rsess_state_next(sk->sk_state, ev);

	rsess_owned_by_me(rs);
	if (state == sk->sk_state)
		return;
	if (state == TCP_CLOSE) {
		rsess_session_end(rs, RSESS_REASON_CLOSED, 0);
		return;
	}
	rsess_state_set(sk, state);
	/* close() with SO_LINGER waits for such a change. */
	if (!sock_flag(sk, SOCK_DEAD) && !rs->shown)
		sk->sk_state_change(sk);
}

/* Retained bytes are worth nothing any more. */
static void rsess_session_purge(struct rsess_sock *rs)
{
	rsess_sendq_purge(&rs->sq);
	rsess_send_account(rs);
}

static void rsess_session_report(struct sock *sk, int err)
{
	sk->sk_shutdown = SHUTDOWN_MASK;
	if (sock_flag(sk, SOCK_DEAD))
		return;
	sk->sk_state_change(sk);
	if (err)
		sk_error_report(sk);
	rsess_send_space(sk);
}

/**
 * rsess_session_end() - the session is over
 * @rs: session, locked
 * @reason: enum rsess_reason
 * @err: what the application gets, a positive errno; 0 after an orderly end
 *
 * What was received and not read stays readable.
 *
 * Context: may sleep.
 */
void rsess_session_end(struct rsess_sock *rs, enum rsess_reason reason, int err)
{
	bool orderly = reason == RSESS_REASON_CLOSED;
	struct sock *sk = rsess_to_sk(rs);
	/* From LAST_ACK there is nothing left to ask, see state.c, unless it is just being
	 * asked.
	 */
	bool tomb = orderly && !rs->dialer &&
		    (sk->sk_state == TCP_TIME_WAIT || rs->resuming);

	rsess_locked_by_me(rs);
	if (rs->reason)
		return;
	tomb = tomb && !rsess_session_secret(rs);
	rs->reason = reason;
	trace_rsess_session_end(sk, reason, err);
	rsess_event_session(rs, RSESS_CMD_SESSION_ENDED);
	if (orderly)
		RSESS_INC(sock_net(sk), SESSIONS_CLOSED);
	else
		RSESS_INC(sock_net(sk), SESSIONS_FAILED);

	if (rs->shown == TCP_CLOSE)
		err = 0;		/* the application has had its error */
	else if (!orderly)
		WRITE_ONCE(rs->shown, 0);
	/* Whoever sees the state without a lock sees the error and the end too. */
	if (err)
		WRITE_ONCE(sk->sk_err, err);
	if (!rs->shown)
		sk->sk_shutdown = SHUTDOWN_MASK;
	rsess_state_set(sk, TCP_CLOSE);
	rsess_table_remove(rs, tomb);
	rsess_liveness_stop(rs);
	rsess_link_drop(rs, !orderly && !rs->cut);
	rsess_session_purge(rs);
	/* Or before anybody has stood behind its HELLO: accept() does not see it. */
	if ((READ_ONCE(rs->deferred) || (rs->hello_only && !rs->dialer && rs->lsn)) &&
	    rsess_acceptq_withdraw(rs)) {
		sock_set_flag(sk, SOCK_DEAD);
		rs->orphaned = true;
	}
	rsess_listener_bereave(rs);
	if (!rs->shown)
		rsess_session_report(sk, err);
	if (rs->orphaned)
		rsess_session_destroy(rs);
}

/* Send ABORT.  Has the transport taken all of it? */
static bool rsess_session_tell(struct rsess_sock *rs, enum rsess_reason reason)
{
	if (!rs->tr || rs->link < RSESS_LINK_GREETING)
		return false;
	rs->abort_reason = reason;
	rs->link = RSESS_LINK_GREETING;	/* no bytes behind it */
	rs->tr->pending = RSESS_PEND(RSESS_ABORT);
	rsess_push(rs);
	if (rs->tr->pending || rs->tr->tx.page)
		return false;
	RSESS_INC(sock_net(rsess_to_sk(rs)), ABORTS_SENT);
	return true;
}

/**
 * rsess_session_abort() - end the session and tell the peer, if that can be done
 * at once
 * @rs: session, locked
 * @reason: enum rsess_reason, for the peer
 * @err: what the application gets, a positive errno; 0 for nothing
 *
 * A peer that does not hear of it finds the session unknown when it resumes.
 *
 * Context: may sleep.
 */
void rsess_session_abort(struct rsess_sock *rs, enum rsess_reason reason, int err)
{
	rs->cut = rsess_session_tell(rs, reason);
	rsess_session_end(rs, reason, err);
	rs->cut = false;
}

/**
 * rsess_session_shutdown() - the application writes no more
 * @rs: session, locked
 *
 * Context: may sleep.
 */
void rsess_session_shutdown(struct rsess_sock *rs)
{
	rsess_to_sk(rs)->sk_shutdown |= SEND_SHUTDOWN;
	if (rs->fin_queued)
		return;
	rs->fin_queued = true;
	rsess_session_event(rs, RSESS_EV_SND_FIN);
	rsess_push(rs);
}

/**
 * rsess_session_close() - the application neither writes nor reads any more
 * @rs: session, locked
 *
 * What it did not read is dropped, what it wrote is still delivered.
 *
 * Context: may sleep.
 */
void rsess_session_close(struct rsess_sock *rs)
{
	rs->stop_queued = true;
	WRITE_ONCE(rs->shown, 0);
	rs->credit.copied_seq = rs->credit.rcv_nxt - rs->rcv_fin;
	rsess_recvq_purge(rsess_to_sk(rs));
	if (!rs->rcv_fin)
		rs->ack_now = true;	/* the credit grew */
	rsess_session_shutdown(rs);
	rsess_push(rs);
}

/**
 * rsess_session_unheard() - bytes of the application will never be read
 * @rs: session, locked, to which its peer has said so
 *
 * TCP gets a reset for them, in CLOSE_WAIT.  The session goes on to its end.
 */
void rsess_session_unheard(struct rsess_sock *rs)
{
	struct sock *sk = rsess_to_sk(rs);

	WRITE_ONCE(sk->sk_err, EPIPE);
	WRITE_ONCE(rs->shown, TCP_CLOSE);
	rsess_session_report(sk, EPIPE);
}

/* Too many orphans: one goes.  It cannot be locked here, for another
 * session is.
 */
static bool rsess_session_evict(struct rsess_sock *rs)
{
	struct rsess_sock *victim = rsess_orphan_add(rs);

	if (!victim)
		return false;
	rsess_limit_reached(rsess_net(sock_net(rsess_to_sk(rs))),
			    RSESS_LIMIT_ORPHANS, RSESS_MIB_ORPHANS_DROPPED);
	if (victim != rs)
		rsess_timer_evict(victim, RSESS_REASON_RESOURCES);
	sock_put(rsess_to_sk(victim));	/* rsess_orphan_add() */
	return victim == rs;
}

/**
 * rsess_session_orphan() - the application is gone, the session is not
 * @rs: session, locked
 *
 * Context: may sleep.
 */
void rsess_session_orphan(struct rsess_sock *rs)
{
	struct sock *sk = rsess_to_sk(rs);

	rs->orphaned = true;
	if (sk->sk_state == TCP_CLOSE) {
		rsess_session_destroy(rs);
		return;
	}
	if (rsess_session_evict(rs)) {
		rsess_session_abort(rs, RSESS_REASON_RESOURCES, 0);
		return;
	}
	if (sk->sk_state == TCP_TIME_WAIT && !rs->tr && !rs->dialer) {
		rsess_session_event(rs, RSESS_EV_RELEASED);
		return;
	}
	rsess_liveness_orphaned(rs);
}

/**
 * rsess_session_destroy() - give the reference of the application's socket back
 * @rs: session in state TCP_CLOSE, orphaned, locked; the caller has a reference
 */
void rsess_session_destroy(struct rsess_sock *rs)
{
	struct sock *sk = rsess_to_sk(rs);

	if (rs->destroyed)
		return;
	rs->destroyed = true;
	rsess_orphan_remove(rs);
	rsess_table_unlist(rs);
	rsess_liveness_stop(rs);
	if (rsess_is_kernel(sk))
		rsess_cast_end(sk);
	sk_sockets_allocated_dec(sk);
	sock_prot_inuse_add(sock_net(sk), sk->sk_prot, -1);
	sock_put(sk);
}

/* TCP resets a connection that nobody has accepted, which leaves its port free.  Here ABORT has to
 * arrive: the transport ends in order, but without TIME_WAIT; unless the peer's application has
 * closed, and its kernel ends the transport at the same moment, which would leave one.
 */
static bool rsess_session_may_reset(const struct rsess_sock *rs)
{
	const struct rsess_transport *tr = rs->tr;

	return tr->ops->hurry_end && tr->ops->hurry_end(tr->sock) && rs->stopped;
}

/**
 * rsess_session_reject() - proto.disconnect: nobody will accept the session
 * @sk: outer socket, not locked
 * @flags: not used
 *
 * Only the queue of accept() calls this, as that of TCP does.
 *
 * Context: may sleep.
 * Return: 0.
 */
int rsess_session_reject(struct sock *sk, int flags)
{
	struct rsess_sock *rs = rsess_sk(sk);

	sock_hold(sk);
	lock_sock(sk);
	rsess_link_finish(rs);
	sock_set_flag(sk, SOCK_DEAD);
	rs->orphaned = true;
	if (sk->sk_state == TCP_CLOSE) {
		rsess_session_destroy(rs);
	} else {
		rs->cut = rsess_session_tell(rs, RSESS_REASON_APP) &&
			  !rsess_session_may_reset(rs);
		rsess_session_end(rs, RSESS_REASON_APP, 0);
	}
	release_sock(sk);
	sock_put(sk);
	return 0;
}

/**
 * rsess_session_end_all() - end the sessions that a namespace still has
 * @rn: namespace that goes away
 *
 * They belong to users in the kernel that do not keep the namespace.  Nothing of them
 * runs any more afterwards.
 *
 * Context: may sleep.
 */
void rsess_session_end_all(struct rsess_net *rn)
{
	unsigned long number = 0;
	struct rsess_sock *rs;

	while ((rs = rsess_table_next(rn, &number))) {
		lock_sock(rsess_to_sk(rs));
		rsess_session_abort(rs, RSESS_REASON_APP, ENETDOWN);
		rsess_inner_forget(rs);
		rsess_table_unlist(rs);
		release_sock(rsess_to_sk(rs));
		rsess_timer_end(rs);
		sock_put(rsess_to_sk(rs));	/* rsess_table_next() */
		number = 0;		/* the next one to be listed may have a lower one */
	}
}
