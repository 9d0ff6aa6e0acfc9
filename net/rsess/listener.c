// SPDX-License-Identifier: GPL-2.0
/*
 * Listeners: who is bound to an address, and how long it is served.
 *
 * Sessions come back to the address they were accepted at, so the inner socket
 * stays open as long as one of them lives, whether or not an application still
 * listens.  Without an application it takes RESUMEs only, and refuses who does not ask
 * for a session as a closed port does.  A new application of the same user that binds
 * the same address takes it over.
 *
 * Tombstones keep none open, but where a dialer that comes to ask cannot be noticed
 * (knock.c); and those give way to anybody who binds.
 *
 * What comes to a listener is in acceptq.c.
 */
#include <net/ip.h>
#include <net/sock.h>
#include "compat.h"
#include "genl.h"
#include "inner.h"
#include "listener.h"
#include "net.h"
#include "owner.h"
#include "solsock.h"
#include "table.h"
#include "transport.h"

/* Undo rsess_listener_queue(). */
static void rsess_listener_worked(struct rsess_listener *lsn)
{
	struct rsess_net *rn = lsn->rn;

	rsess_listener_free(lsn);
	rsess_net_put(rn);
}

/* A work of the listener, which the end of the namespace waits for. */
static void rsess_listener_queue(struct rsess_listener *lsn,
				 struct work_struct *work)
{
	rsess_listener_hold(lsn);
	rsess_net_hold(lsn->rn);
	if (!queue_work(rsess_close_wq, work))
		rsess_listener_worked(lsn);
}

/**
 * rsess_listener_policy() - what a listener offers from now on
 * @lsn: listener, lock held
 *
 * Who listens last says what is wanted, and an administrator that no more sessions are; but
 * sessions that need the listener to come back can only do so if it answers them.  So
 * "off" waits until there is none, and a drain also for the peers of those that have
 * ended, which may come to ask a tombstone.
 *
 * Context: any.
 */
void rsess_listener_policy(struct rsess_listener *lsn)
{
	bool needed = lsn->users > lsn->owners;
	u8 negotiate = lsn->wanted;

	lockdep_assert_held(&lsn->lock);
	if (negotiate == RSESS_NEGOTIATE_OFF && needed)
		return;
	if (negotiate == RSESS_NEGOTIATE_AUTO && READ_ONCE(lsn->rn->drain) &&
	    !needed && !READ_ONCE(lsn->rn->nplaces))
		negotiate = RSESS_NEGOTIATE_OFF;
	if (negotiate == lsn->negotiate)
		return;
	WRITE_ONCE(lsn->negotiate, negotiate);
	lsn->ops->set_listen_offer(lsn, negotiate != RSESS_NEGOTIATE_OFF);
	rsess_acceptq_tell_room(lsn);
}

/* One of its users goes, who may have been there for tombstones. */
static void rsess_listener_put_one(struct rsess_listener *lsn, bool remnant)
{
	bool last, dead;

	spin_lock(&lsn->lock);
	if (remnant)
		lsn->remnants--;
	last = !--lsn->users;
	dead = lsn->dead;
	if (!dead)
		rsess_listener_policy(lsn);
	if (last && !dead)
		rsess_listener_queue(lsn, &lsn->free_work);
	spin_unlock(&lsn->lock);
	if (last && dead)
		rsess_listener_free(lsn);
}

/**
 * rsess_listener_put() - somebody needs the listener no more
 * @lsn: listener; may be closed, soon
 *
 * Context: any without lsn->lock.
 */
void rsess_listener_put(struct rsess_listener *lsn)
{
	rsess_listener_put_one(lsn, false);
}

static void rsess_listener_review(struct rsess_net *rn)
{
	struct rsess_listener *lsn;

	lockdep_assert_held(&rn->bind_lock);
	list_for_each_entry(lsn, &rn->listeners, list) {
		spin_lock(&lsn->lock);
		rsess_listener_policy(lsn);
		spin_unlock(&lsn->lock);
	}
}

/**
 * rsess_listener_drain() - begin or end to have no new sessions
 * @rn: namespace
 * @on: begin
 *
 * A listener at which sessions live answers them, and so new ones, until they have ended.
 *
 * Context: may sleep.
 */
void rsess_listener_drain(struct rsess_net *rn, bool on)
{
	mutex_lock(&rn->bind_lock);
	WRITE_ONCE(rn->drain, on);
	smp_mb();			/* rsess_listener_forgotten() */
	rsess_listener_review(rn);
	mutex_unlock(&rn->bind_lock);
}

/**
 * rsess_listener_forgotten() - some tombstones have gone
 * @rn: namespace
 *
 * Context: may sleep.
 */
void rsess_listener_forgotten(struct rsess_net *rn)
{
	smp_mb();			/* rsess_listener_drain() */
	if (!READ_ONCE(rn->drain) || READ_ONCE(rn->nplaces))
		return;
	mutex_lock(&rn->bind_lock);
	rsess_listener_review(rn);
	mutex_unlock(&rn->bind_lock);
}

/**
 * rsess_listener_refusal() - is a peer welcome that does not ask for a session?
 * @lsn: listener, lock held
 *
 * Not where nobody listens: a program that only connects must not take a server that
 * is gone for one that is there.
 */
void rsess_listener_refusal(struct rsess_listener *lsn)
{
	if (lsn->ops->refuses)
		lsn->ops->refuses(lsn, !lsn->napps && !lsn->lingering &&
				       !lsn->inband);
}

/* A session that was accepted does not need its listener.  Locked: lsn->lock. */
static void rsess_listener_part(struct rsess_listener *lsn,
				const struct rsess_sock *rs)
{
	if (!rs->inband)
		return;
	lsn->inband--;
	rsess_listener_refusal(lsn);
}

/**
 * rsess_listener_bereave() - a session that was accepted is no more
 * @rs: session, locked; may have no listener
 */
void rsess_listener_bereave(struct rsess_sock *rs)
{
	struct rsess_listener *lsn = rs->lsn;

	if (!lsn)
		return;
	rs->lsn = NULL;
	spin_lock(&lsn->lock);
	rsess_listener_part(lsn, rs);
	spin_unlock(&lsn->lock);
	rsess_listener_put(lsn);
}

/**
 * rsess_listener_bury() - the tombstone of a session takes its listener over
 * @rs: session, locked
 *
 * Return: the listener; rsess_listener_exhume() must follow.
 */
struct rsess_listener *rsess_listener_bury(struct rsess_sock *rs)
{
	struct rsess_listener *lsn = rs->lsn;

	rs->lsn = NULL;
	spin_lock(&lsn->lock);
	rsess_listener_part(lsn, rs);
	lsn->remnants++;
	spin_unlock(&lsn->lock);
	return lsn;
}

/**
 * rsess_listener_exhume() - undo rsess_listener_bury()
 * @lsn: listener
 */
void rsess_listener_exhume(struct rsess_listener *lsn)
{
	rsess_listener_put_one(lsn, true);
}

/* What all who listen allow: each one session more than its backlog, as TCP.
 * Locked: lsn->lock.
 */
static void rsess_listener_count_room(struct rsess_listener *lsn)
{
	struct rsess_sock *rs;

	lsn->room = 0;
	list_for_each_entry(rs, &lsn->apps, link_accept)
		lsn->room += 1ULL +
			READ_ONCE(rsess_to_sk(rs)->sk_max_ack_backlog);
	rsess_acceptq_tell_room(lsn);
}

/* The end of the namespace waits for that work, too.  Locked: lsn->lock, or nobody else
 * knows of @lsn.
 */
static void rsess_listener_linger_for(struct rsess_listener *lsn,
				      unsigned long delay)
{
	rsess_net_hold(lsn->rn);
	queue_delayed_work(rsess_wq, &lsn->linger_work, delay);
}

/* Undo rsess_listener_linger_for(), but for a work that runs.  Locked: lsn->lock, or
 * bind_lock.
 */
static bool rsess_listener_linger_cancel(struct rsess_listener *lsn)
{
	if (!cancel_delayed_work(&lsn->linger_work))
		return false;
	rsess_net_put(lsn->rn);
	return true;
}

/* The last one that listened is gone.  Locked: lsn->lock. */
static void rsess_listener_linger(struct rsess_listener *lsn)
{
	unsigned int ms = READ_ONCE(lsn->rn->listen_linger);
	unsigned long delay = msecs_to_jiffies(ms);

	if (!ms || lsn->dead)
		return;
	lsn->lingering = true;
	lsn->linger_end = jiffies + delay;
	lsn->users++;		/* rsess_listener_linger_work() */
	rsess_listener_linger_for(lsn, delay);
}

/* Somebody listens.  Locked: lsn->lock. */
static void rsess_listener_linger_stop(struct rsess_listener *lsn)
{
	if (!lsn->lingering)
		return;
	lsn->lingering = false;
	RSESS_INC(lsn->rn->net, LINGER_TAKEN);
	/* If it runs already it finds nothing to do. */
	if (rsess_listener_linger_cancel(lsn))
		lsn->users--;	/* not the last: the one that listens is there */
}

static void rsess_listener_linger_work(struct work_struct *work)
{
	struct rsess_listener *lsn =
		container_of(work, struct rsess_listener, linger_work.work);
	struct rsess_net *rn = lsn->rn;
	bool recalled;

	spin_lock(&lsn->lock);
	/* Somebody may have come and gone again meanwhile. */
	if (lsn->lingering && time_after_eq(jiffies, lsn->linger_end)) {
		lsn->lingering = false;
		RSESS_INC(rn->net, LINGER_EXPIRED);
		rsess_listener_refusal(lsn);
	}
	recalled = lsn->recalled;
	lsn->recalled = false;
	spin_unlock(&lsn->lock);
	rsess_acceptq_refuse(lsn);
	/* of rsess_listener_linger() or rsess_listener_reopen() */
	rsess_listener_put_one(lsn, recalled);
	rsess_net_put(rn);
}

/* The inner socket is that of one of those who listen, if somebody does.  All of @apps
 * leave before they close their files.  Locked: lsn->lock.
 *
 * Return: for rsess_owner_taken_over(), which must follow when @lock is released.
 */
static struct cgroup *rsess_listener_show(struct rsess_listener *lsn)
{
	struct rsess_sock *rs;

	lockdep_assert_held(&lsn->lock);
	if (lsn->dead)
		return NULL;
	rs = list_first_entry_or_null(&lsn->apps, struct rsess_sock,
				      link_accept);
	rsess_owner_show(lsn->sock, rs ? rsess_to_sk(rs)->sk_socket : NULL);
	return rs ? rsess_owner_take_over(lsn->sock, rs) : NULL;
}

/* From now on nobody begins to use it.  Locked: lsn->lock. */
static void rsess_listener_die(struct rsess_listener *lsn)
{
	lockdep_assert_held(&lsn->lock);
	rsess_owner_show(lsn->sock, NULL);
	lsn->dead = true;
}

/* The inner socket, when the listener is closed and no outer socket is bound to it: the
 * caller releases it.  Locked: lsn->lock.
 */
static struct socket *rsess_listener_remains(struct rsess_listener *lsn)
{
	struct socket *sock = NULL;

	lockdep_assert_held(&lsn->lock);
	if (lsn->closed && !lsn->owners)
		swap(sock, lsn->sock);
	return sock;
}

/**
 * rsess_listener_unbind() - an outer socket is not bound any more
 * @lsn: listener; rsess_listener_unbind_finish() must follow
 * @rs: outer socket that was bound to it, locked
 *
 * Context: may sleep.
 */
void rsess_listener_unbind(struct rsess_listener *lsn, struct rsess_sock *rs)
{
	struct cgroup *old = NULL;
	struct socket *sock;

	rsess_owned_by_me(rs);
	spin_lock(&lsn->lock);
	lsn->owners--;
	if (!list_empty(&rs->link_accept)) {
		list_del_init(&rs->link_accept);
		lsn->napps--;
		rsess_listener_count_room(lsn);
		old = rsess_listener_show(lsn);
		if (!lsn->napps)
			rsess_listener_linger(lsn);
		rsess_listener_refusal(lsn);
	}
	sock = rsess_listener_remains(lsn);
	spin_unlock(&lsn->lock);
	rsess_roll_del(&lsn->rn->roll[RSESS_ROLL_LISTENERS], &rs->listening);
	rsess_owner_taken_over(old);
	if (sock)
		rsess_owner_release(sock);
}

/* Those who wait for their first frame are sent away: they see that the listener is
 * dead, and leave the list.
 */
static void rsess_listener_clear(struct rsess_listener *lsn)
{
	struct rsess_transport *tr;

	for (;;) {
		spin_lock(&lsn->lock);
		tr = list_first_entry_or_null(&lsn->pending,
					      struct rsess_transport, link);
		if (!tr)
			tr = rsess_acceptq_parked(lsn);
		if (tr)
			refcount_inc(&tr->ref);
		spin_unlock(&lsn->lock);
		if (!tr)
			break;
		rsess_transport_queue(tr);
		flush_work(&tr->work);
		rsess_transport_put(tr);
	}
}

/* The same, but they go when they like: an outer socket is locked. */
static void rsess_listener_clear_soon(struct rsess_listener *lsn)
{
	struct rsess_transport *tr;

	spin_lock(&lsn->lock);
	list_for_each_entry(tr, &lsn->pending, link)
		rsess_transport_queue(tr);
	list_for_each_entry(tr, &lsn->parked, link)
		rsess_transport_queue(tr);
	spin_unlock(&lsn->lock);
}

/* Locked: bind_lock.  Nobody can come to use it any more.  The outer sockets that are
 * bound to it may be in the middle of a call on the inner one, and are not locked: the
 * last of them that leaves releases it.
 */
static void rsess_listener_close(struct rsess_listener *lsn, bool wait)
{
	struct socket *sock;

	list_del(&lsn->list);
	if (lsn->synopt.door)
		rsess_knock_door(lsn->rn, lsn->addr.sa.sa_family == AF_INET6,
				 NULL);
	rsess_acceptq_unhook(lsn);
	cancel_delayed_work_sync(&lsn->accept_work);
	if (wait)
		rsess_listener_clear(lsn);
	else
		rsess_listener_clear_soon(lsn);
	/* So that nothing of TCP comes any more. */
	kernel_sock_shutdown(lsn->sock, SHUT_RDWR);
	lsn->ops->unlisten(lsn);
	spin_lock(&lsn->lock);
	lsn->closed = true;
	sock = rsess_listener_remains(lsn);
	spin_unlock(&lsn->lock);
	if (sock)
		rsess_owner_release(sock);
}

/* Close a listener that is still used.  Who uses it finds it dead.
 * Locked: bind_lock.
 */
static void rsess_listener_drop(struct rsess_listener *lsn)
{
	bool used;

	rsess_listener_hold(lsn);
	spin_lock(&lsn->lock);
	rsess_listener_die(lsn);
	lsn->lingering = false;
	used = lsn->users;
	spin_unlock(&lsn->lock);
	rsess_acceptq_refuse(lsn);
	if (cancel_delayed_work_sync(&lsn->linger_work)) {
		rsess_net_put(lsn->rn);
		rsess_listener_put(lsn);	/* of rsess_listener_linger() */
	}
	rsess_listener_close(lsn, true);
	if (!used)
		rsess_listener_free(lsn);
	rsess_listener_free(lsn);
}

/* The same for one that only tombstones need.  Those find it dead.
 * Locked: bind_lock; an outer socket may be locked too.
 */
static void rsess_listener_vacate(struct rsess_listener *lsn)
{
	bool used;

	rsess_listener_hold(lsn);
	spin_lock(&lsn->lock);
	lsn->dead = true;
	used = lsn->users;
	spin_unlock(&lsn->lock);
	if (rsess_listener_linger_cancel(lsn))
		rsess_listener_put_one(lsn, true); /* of rsess_listener_reopen() */
	rsess_listener_close(lsn, false);
	if (!used)
		rsess_listener_free(lsn);
	rsess_listener_free(lsn);
}

static void rsess_listener_free_work(struct work_struct *work)
{
	struct rsess_listener *lsn =
		container_of(work, struct rsess_listener, free_work);
	struct rsess_net *rn = lsn->rn;
	bool last;

	if (READ_ONCE(lsn->dead))
		goto free;
	mutex_lock(&rn->bind_lock);
	spin_lock(&lsn->lock);
	last = !lsn->users && !lsn->dead;
	if (last)
		rsess_listener_die(lsn);
	spin_unlock(&lsn->lock);
	if (last) {
		rsess_listener_close(lsn, true);
		rsess_listener_free(lsn);
	}
	mutex_unlock(&rn->bind_lock);
free:
	rsess_listener_worked(lsn);
}

/* Somebody else has ended the listener's inner socket.  The timers tell the outer sockets
 * that listen, because these may be locked.
 */
static void rsess_listener_kill_work(struct work_struct *work)
{
	struct rsess_listener *lsn =
		container_of(work, struct rsess_listener, kill_work);
	struct rsess_net *rn = lsn->rn;
	struct rsess_sock *rs;

	mutex_lock(&rn->bind_lock);
	if (!READ_ONCE(lsn->dead)) {
		rsess_listener_drop(lsn);
		spin_lock(&lsn->lock);
		list_for_each_entry(rs, &lsn->apps, link_accept)
			rsess_timer_now(rs);
		spin_unlock(&lsn->lock);
	}
	mutex_unlock(&rn->bind_lock);
	rsess_listener_worked(lsn);
}

/**
 * rsess_listener_killed() - a listener's inner socket listens no more
 * @lsn: listener
 *
 * Context: any.
 */
void rsess_listener_killed(struct rsess_listener *lsn)
{
	rsess_listener_queue(lsn, &lsn->kill_work);
}

/**
 * rsess_listener_is_gone() - has somebody ended what a socket listens with?
 * @rs: outer socket, locked
 */
bool rsess_listener_is_gone(const struct rsess_sock *rs)
{
	return rsess_to_sk(rs)->sk_state == TCP_LISTEN &&
	       READ_ONCE(rs->lsn->dead);
}

/**
 * rsess_listener_abort() - tell an application so, as TCP does
 * @rs: outer socket, locked, whose listener is gone
 *
 * Return: the listener; rsess_listener_aborted() must follow.
 */
struct rsess_listener *rsess_listener_abort(struct rsess_sock *rs)
{
	struct rsess_listener *lsn = rs->lsn;
	struct sock *sk = rsess_to_sk(rs);

	WRITE_ONCE(rs->lsn, NULL);
	rs->bound = rs->port_locked;
	WRITE_ONCE(sk->sk_err, ECONNABORTED);
	sk->sk_shutdown = SHUTDOWN_MASK;
	rsess_state_set(sk, TCP_CLOSE);
	rsess_listener_unbind(lsn, rs);
	sk->sk_state_change(sk);
	sk_error_report(sk);
	return lsn;
}

/**
 * rsess_listener_aborted() - end of what rsess_listener_abort() began
 * @lsn: what it returned
 *
 * Context: may sleep; no outer socket is locked.
 */
void rsess_listener_aborted(struct rsess_listener *lsn)
{
	rsess_acceptq_refuse(lsn);
	rsess_listener_put(lsn);
}

/* Sessions and tombstones keep a listener open, but not any number: the user's oldest
 * goes.  A session that it had keeps its transport, and ends with it.
 */
static void rsess_listener_trim(struct rsess_net *rn, kuid_t uid)
{
	struct rsess_listener *lsn, *oldest;
	unsigned int n;

	mutex_lock(&rn->bind_lock);
	do {
		oldest = NULL;
		n = 0;
		list_for_each_entry(lsn, &rn->listeners, list) {
			if (!uid_eq(lsn->uid, uid) || READ_ONCE(lsn->owners) ||
			    !READ_ONCE(lsn->users))
				continue;
			if (!n++)
				oldest = lsn;
		}
		if (n <= READ_ONCE(rn->max_retained))
			break;
		rsess_limit_reached(rn, RSESS_LIMIT_RETAINED,
				    RSESS_MIB_LISTENERS_DROPPED);
		rsess_listener_drop(oldest);
	} while (n > READ_ONCE(rn->max_retained));
	mutex_unlock(&rn->bind_lock);
}

/**
 * rsess_listener_unbind_finish() - end of what rsess_listener_unbind() began
 * @lsn: listener
 *
 * If that was the last one that listened, sessions that were not accepted are cut
 * and HELLOs that wait are refused, now or when listen_linger is over.  When this
 * returns the address is free, unless others share it, accepted sessions need it
 * or the queue lingers.
 *
 * Context: may sleep; no outer socket is locked.
 */
void rsess_listener_unbind_finish(struct rsess_listener *lsn)
{
	struct rsess_net *rn = lsn->rn;
	kuid_t uid = lsn->uid;

	rsess_acceptq_refuse(lsn);
	rsess_listener_hold(lsn);
	rsess_listener_put(lsn);
	flush_work(&lsn->free_work);
	rsess_listener_free(lsn);
	rsess_listener_trim(rn, uid);
}

/**
 * rsess_listener_exit() - the namespace goes away
 * @rn: namespace
 *
 * Context: may sleep.
 */
void rsess_listener_exit(struct rsess_net *rn)
{
	struct rsess_listener *lsn, *n;

	mutex_lock(&rn->bind_lock);
	list_for_each_entry_safe(lsn, n, &rn->listeners, list)
		rsess_listener_drop(lsn);
	mutex_unlock(&rn->bind_lock);
}

/* The user's listener at an address, or NULL.  Locked: bind_lock. */
static struct rsess_listener *rsess_listener_find(const struct rsess_sock *rs,
						  const union rsess_addr *addr)
{
	const struct sock *sk = rsess_to_sk(rs);
	struct rsess_net *rn = rsess_net(sock_net(sk));
	struct rsess_listener *lsn;

	list_for_each_entry(lsn, &rn->listeners, list) {
		if (lsn->ops != rs->ops ||
		    lsn->v6only != rs->v6only ||
		    lsn->bound_dev_if != sk->sk_bound_dev_if ||
		    !uid_eq(lsn->uid, sk->sk_uid) ||
		    !rsess_addr_equal(&lsn->addr, addr))
			continue;
		return lsn;
	}
	return NULL;
}

/* May a socket be bound to a listener?  It may if nobody is, for then only
 * sessions need it, or if all want to share.  Locked: lsn->lock.
 */
static bool rsess_listener_is_open(const struct rsess_listener *lsn,
				   const struct sock *sk)
{
	return !lsn->dead &&
	       (!lsn->owners || (lsn->reuseport && sk->sk_reuseport));
}

/* Somebody has bound its address meanwhile and is about to listen.  Locked: lsn->lock. */
static void rsess_listener_adopt(struct rsess_listener *lsn)
{
	if (!lsn->recalled || !rsess_listener_linger_cancel(lsn))
		return;
	lsn->recalled = false;
	lsn->inband = 0;
	lsn->remnants--;
	lsn->users--;		/* not the last: the one that joins is there */
}

/* Bind a socket to the user's listener at an address.  Locked: bind_lock.
 * Return: 0; -EADDRINUSE; -ENOENT when there is none.
 */
static int rsess_listener_join(struct rsess_sock *rs,
			       const union rsess_addr *addr)
{
	struct rsess_listener *lsn = rsess_listener_find(rs, addr);
	struct sock *sk = rsess_to_sk(rs);
	int err = -EADDRINUSE;

	if (!lsn)
		return -ENOENT;
	spin_lock(&lsn->lock);
	if (rsess_listener_is_open(lsn, sk)) {
		if (!lsn->owners++)
			lsn->reuseport = sk->sk_reuseport;
		lsn->users++;
		rsess_listener_adopt(lsn);
		rs->lsn = lsn;
		err = 0;
	}
	spin_unlock(&lsn->lock);
	return err;
}

/* Is there a listener that does not want to be shared?  TCP knows of the inner
 * socket only, which may have been made by one that did.  Locked: bind_lock.
 */
static bool rsess_listener_is_taken(const struct rsess_sock *rs,
				    const union rsess_addr *addr)
{
	struct rsess_listener *lsn = rsess_listener_find(rs, addr);
	bool taken;

	if (!lsn)
		return false;
	spin_lock(&lsn->lock);
	taken = !rsess_listener_is_open(lsn, rsess_to_sk(rs));
	spin_unlock(&lsn->lock);
	return taken;
}

/* Listeners at the same port that only tombstones need make way.  Was there one?
 * Locked: bind_lock.
 */
static bool rsess_listener_yield(struct rsess_net *rn,
				 const struct rsess_transport_ops *ops,
				 const union rsess_addr *addr)
{
	struct rsess_listener *lsn, *n;
	union rsess_addr port;
	bool yielded = false;
	bool yields;

	list_for_each_entry_safe(lsn, n, &rn->listeners, list) {
		port = lsn->addr;
		rsess_addr_set_port(&port, addr);
		if (lsn->ops != ops || !rsess_addr_equal(&port, &lsn->addr))
			continue;
		spin_lock(&lsn->lock);
		yields = !lsn->owners && lsn->users == lsn->remnants;
		spin_unlock(&lsn->lock);
		if (yields)
			rsess_listener_vacate(lsn);
		yielded |= yields;
	}
	return yielded;
}

static int rsess_listener_bind_inner(struct rsess_sock *rs,
				     const union rsess_addr *addr, int len)
{
	union rsess_addr bound = {};
	struct socket *sock;
	int err;

	sock = rsess_inner_get(rs, addr->sa.sa_family);
	if (IS_ERR(sock))
		return PTR_ERR(sock);
	rsess_solsock_update(rs, sock);
	/* A user in the kernel has set it where TCP has it. */
	if (addr->sa.sa_family == AF_INET6 && rsess_to_sk(rs)->sk_ipv6only)
		ip6_sock_set_v6only(sock->sk);
	rs->v6only = sock->sk->sk_ipv6only;
	/* In the caller's context: its capabilities count for the port. */
	err = kernel_bind(sock, (struct sockaddr_unsized *)addr, len);
	if (err == -EADDRINUSE &&
	    rsess_listener_yield(rsess_net(sock_net(sock->sk)), rs->ops, addr))
		err = kernel_bind(sock, (struct sockaddr_unsized *)addr, len);
	if (!err)
		err = min(kernel_getsockname(sock, &bound.sa), 0);
	if (!err && rsess_listener_is_taken(rs, &bound))
		err = -EADDRINUSE;
	if (err) {
		rsess_inner_forget(rs);
		return err;
	}
	rsess_inner_bind_locals(rs, sock);
	rsess_set_family(rs, sock->sk->sk_family);
	rsess_set_laddr(rs, &bound);
	return 0;
}

/**
 * rsess_listener_bind() - bind an outer socket
 * @rs: outer socket, locked, not bound
 * @addr: the address; at least its family is there
 * @len: its bytes, as the application gave them
 *
 * What may be bound together TCP knows, for the inner socket has SO_REUSEADDR,
 * SO_REUSEPORT and the user of @rs.  What it refuses may still be a listener that
 * can be joined.
 *
 * Context: the application's, for its rights; bind_lock held; may sleep.
 * Return: 0 or the errno that TCP gives.
 */
int rsess_listener_bind(struct rsess_sock *rs, const union rsess_addr *addr,
			int len)
{
	int err;

	/* Those of sock_bind_add() went with the address that they were added to. */
	if (!rs->bound && rs->addrs)
		rs->addrs->nlocal = 0;
	err = rsess_listener_bind_inner(rs, addr, len);
	if (err == -EADDRINUSE && !rsess_listener_join(rs, addr)) {
		rsess_set_family(rs, addr->sa.sa_family);
		rsess_set_laddr(rs, addr);
		err = 0;
	}
	if (!err)
		rs->bound = true;
	return err;
}

static struct rsess_listener *
rsess_listener_new(struct rsess_net *rn, struct socket *sock,
		   const struct rsess_place *at)
{
	struct rsess_listener *lsn = kzalloc(sizeof(*lsn), GFP_KERNEL_ACCOUNT);

	if (!lsn)
		return NULL;
	refcount_set(&lsn->ref, 1);
	lsn->rn = rn;
	lsn->sock = sock;
	lsn->addr = at->addr;
	lsn->v6only = at->v6only;
	lsn->ops = at->ops;
	lsn->bound_dev_if = at->bound_dev_if;
	lsn->uid = at->uid;
	INIT_WORK(&lsn->free_work, rsess_listener_free_work);
	INIT_WORK(&lsn->kill_work, rsess_listener_kill_work);
	INIT_DELAYED_WORK(&lsn->linger_work, rsess_listener_linger_work);
	spin_lock_init(&lsn->lock);
	INIT_LIST_HEAD(&lsn->apps);
	rsess_acceptq_queue_init(lsn);
	lsn->users = 1;
	return lsn;
}

/* Have the inner socket listen.  It belongs to the listener from then on.
 * Locked: bind_lock.
 */
static int rsess_listener_start(struct rsess_listener *lsn)
{
	int backlog = READ_ONCE(lsn->rn->net->core.sysctl_somaxconn);
	int err;

	rsess_acceptq_hook(lsn);
	/* The application's backlog bounds sessions, not connections.  Those are
	 * taken at once, and TCP's queue is as long as any program could have it.
	 */
	err = kernel_listen(lsn->sock, max(backlog, SOMAXCONN));
	if (err) {
		rsess_acceptq_unhook(lsn);
		lsn->ops->unlisten(lsn);
		return err;
	}
	list_add_tail(&lsn->list, &lsn->rn->listeners);
	return 0;
}

/* Make a listener of the inner socket. */
static int rsess_listener_open(struct rsess_sock *rs)
{
	struct sock *sk = rsess_to_sk(rs);
	const struct rsess_place at = {
		.ops = rs->ops, .addr = rs->laddr, .v6only = rs->v6only,
		.bound_dev_if = sk->sk_bound_dev_if, .uid = sk->sk_uid,
	};
	struct rsess_listener *lsn;
	int err;

	lsn = rsess_listener_new(rsess_net(sock_net(sk)), rs->inner, &at);
	if (!lsn)
		return -ENOMEM;
	lsn->owners = 1;
	lsn->reuseport = sk->sk_reuseport;
	lsn->kern = !sk->sk_net_refcnt;
	rsess_solsock_update(rs, lsn->sock);
	err = rs->ops->listen(lsn);
	if (!err) {
		rsess_inner_choose(rs, lsn->sock);
		err = rsess_listener_start(lsn);
	}
	if (err) {
		rsess_listener_free(lsn);
		return err;
	}
	rs->inner = NULL;
	rs->lsn = lsn;
	return 0;
}

/* A socket that is bound as that of a listener which is gone. */
static struct socket *rsess_listener_rebind(struct rsess_net *rn,
					    const struct rsess_place *at,
					    bool door)
{
	union rsess_addr addr = at->addr;
	struct socket *sock;
	int err;

	err = sock_create_kern(rn->net, addr.sa.sa_family, SOCK_STREAM,
			       at->ops->protocol, &sock);
	if (err)
		return ERR_PTR(err);
	if (at->ops->init_sock)
		at->ops->init_sock(sock->sk);
	rsess_owner_uid(sock, at->uid);
	if (door)
		ip_sock_set_freebind(sock->sk);	/* the device may be down */
	lock_sock(sock->sk);
	sock->sk->sk_reuse = SK_CAN_REUSE;	/* for connections in TIME_WAIT */
	sock->sk->sk_bound_dev_if = at->bound_dev_if;
	sock->sk->sk_ipv6only = at->v6only;
	release_sock(sock->sk);
	err = kernel_bind(sock, (struct sockaddr_unsized *)&addr,
			  rsess_addr_len(addr.sa.sa_family));
	if (!err)
		return sock;
	rsess_owner_release(sock);
	return ERR_PTR(err);
}

/* So long a listener waits for a dialer that has knocked: it comes again after a second
 * over TCP, after three over SCTP.
 */
#define RSESS_RECALL	(5 * HZ)

static int rsess_listener_reopen(struct rsess_net *rn,
				 const struct rsess_place *at, bool door)
{
	struct rsess_listener *lsn;
	struct socket *sock;
	int err = -ENOMEM;

	sock = rsess_listener_rebind(rn, at, door);
	if (IS_ERR(sock))
		return PTR_ERR(sock);
	lsn = rsess_listener_new(rn, sock, at);
	if (!lsn)
		goto release;
	lsn->recalled = true;
	lsn->remnants = 1;
	lsn->inband = at->inband;
	if (at->inband)
		lsn->negotiate = RSESS_NEGOTIATE_REQUIRE;
	lsn->wanted = lsn->negotiate;
	lsn->synopt.door = door;
	err = lsn->ops->listen(lsn);
	rsess_listener_refusal(lsn);
	if (!err)
		err = rsess_listener_start(lsn);
	if (err)
		goto free;
	if (door)
		rsess_knock_door(rn, at->addr.sa.sa_family == AF_INET6, sock->sk);
	RSESS_INC(rn->net, LISTENERS_RECALLED);
	rsess_listener_linger_for(lsn, RSESS_RECALL);
	return 0;

free:
	rsess_listener_free(lsn);
release:
	rsess_owner_release(sock);
	return err;
}

/**
 * rsess_listener_recall() - listen for a moment, for dialers who ask tombstones
 * @rn: namespace
 * @at: where
 *
 * Context: a work; may sleep.
 * Return: 0; -EADDRINUSE when the port is somebody else's; or another errno.
 */
int rsess_listener_recall(struct rsess_net *rn, const struct rsess_place *at)
{
	struct rsess_listener *lsn;
	int err = 0;

	mutex_lock(&rn->bind_lock);
	/* There may be one already, and the refusal was on its way. */
	list_for_each_entry(lsn, &rn->listeners, list)
		if (lsn->ops == at->ops && lsn->bound_dev_if == at->bound_dev_if &&
		    rsess_addr_equal(&lsn->addr, &at->addr))
			goto unlock;
	err = rsess_listener_reopen(rn, at, false);
unlock:
	mutex_unlock(&rn->bind_lock);
	return err;
}

/**
 * rsess_listener_door() - open the door for dialers of TCP who ask tombstones
 * @rn: namespace
 * @v6: for IPv6
 *
 * Its own port is of the loopback device, and refuses everybody.
 *
 * Context: a work; may sleep.
 */
void rsess_listener_door(struct rsess_net *rn, bool v6)
{
	struct rsess_place at = {
		.ops = &rsess_tcp_ops, .v6only = v6, .uid = GLOBAL_ROOT_UID,
		.inband = true,
	};

	rsess_addr_any(&at.addr, v6 ? AF_INET6 : AF_INET);
	if (v6)
		at.addr.in6.sin6_addr = in6addr_loopback;
	else
		at.addr.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	mutex_lock(&rn->bind_lock);
	if (!rcu_access_pointer(rn->door[v6]) &&
	    rsess_listener_reopen(rn, &at, true))
		RSESS_INC(rn->net, MEMORY_SHORT);
	mutex_unlock(&rn->bind_lock);
}

/**
 * rsess_listener_dismiss() - a tombstone was asked, and has answered
 * @lsn: where; is closed if it was there for nothing else
 */
void rsess_listener_dismiss(struct rsess_listener *lsn)
{
	spin_lock(&lsn->lock);
	if (lsn->recalled && rsess_listener_linger_cancel(lsn))
		rsess_listener_linger_for(lsn, HZ / 10);
	spin_unlock(&lsn->lock);
}

/* An outer socket that was bound gets its listener: the one that is there, or a
 * new one.
 */
static int rsess_listener_get(struct rsess_sock *rs)
{
	union rsess_addr addr = rs->laddr;
	int err;

	/* A connect() that failed has used the inner socket up; an option may
	 * have made another one.
	 */
	if (!rs->inner || !rsess_inner_is_bound(rs->inner)) {
		err = rsess_listener_bind(rs, &addr,
					  rsess_addr_len(addr.sa.sa_family));
		if (err)
			return err;
	}
	if (!rs->lsn) {
		err = rsess_listener_join(rs, &addr);
		if (err == -ENOENT)
			return rsess_listener_open(rs);
		if (err)
			return err;
		rsess_inner_forget(rs);
	}
	rsess_inner_bind_locals(rs, rs->lsn->sock);
	return 0;
}

/* Somebody has ended the listener that a socket is bound with, before it listens.
 * Locked: bind_lock.
 */
static void rsess_listener_forsake(struct rsess_sock *rs)
{
	struct rsess_listener *lsn = rs->lsn;

	WRITE_ONCE(rs->lsn, NULL);
	rsess_listener_unbind(lsn, rs);
	rsess_listener_put(lsn);
}

/**
 * rsess_listener_listen() - listen at the bound address
 * @rs: outer socket, locked, bound; may listen already
 * @backlog: of listen()
 *
 * Context: bind_lock held; may sleep.
 * Return: 0 or a negative errno.
 */
int rsess_listener_listen(struct rsess_sock *rs, int backlog)
{
	struct sock *sk = rsess_to_sk(rs);
	struct rsess_listener *lsn;
	struct cgroup *old;
	int err;

	if (rs->lsn && sk->sk_state == TCP_CLOSE && READ_ONCE(rs->lsn->dead))
		rsess_listener_forsake(rs);
	if (!rs->lsn) {
		err = rsess_listener_get(rs);
		if (err)
			return err;
	}
	lsn = rs->lsn;
	rsess_table_unlist(rs);		/* a session that it was before */
	/* Without memory for that it works all the same, and is not seen. */
	if (!rs->listening)
		rsess_roll_add(&lsn->rn->roll[RSESS_ROLL_LISTENERS],
			       &rs->listening, rs);
	WRITE_ONCE(sk->sk_max_ack_backlog, backlog);
	WRITE_ONCE(rs->evict, RSESS_REASON_NONE);
	rsess_state_set(sk, TCP_LISTEN);
	spin_lock(&lsn->lock);
	if (list_empty(&rs->link_accept)) {
		list_add_tail(&rs->link_accept, &lsn->apps);
		lsn->napps++;
	}
	WRITE_ONCE(lsn->wanted, rsess_policy(rs));
	rsess_listener_policy(lsn);
	rsess_listener_count_room(lsn);
	old = rsess_listener_show(lsn);
	rsess_listener_linger_stop(lsn);
	rsess_listener_refusal(lsn);
	rsess_acceptq_kick(lsn);
	spin_unlock(&lsn->lock);
	rsess_owner_taken_over(old);
	/* Sessions of those who listened before may wait. */
	if (rsess_acceptq_ready(lsn))
		sk->sk_data_ready(sk);
	return 0;
}
