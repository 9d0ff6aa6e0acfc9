// SPDX-License-Identifier: GPL-2.0
/*
 * Listeners.
 *
 * Sessions come back to the address they were accepted at, so the inner socket
 * stays open as long as one of them lives, whether or not the application still
 * listens.  Without an application it takes RESUMEs only.  A new application of
 * the same user that binds the same address takes it over.
 *
 * Connections are taken from the inner socket at once, so that a full queue or a
 * slow peer never holds up another peer's RESUME: each one waits for its first
 * frame by itself (pending), and a HELLO waits for room in the queue of accept()
 * (parked).
 */
#include <linux/slab.h>
#include <net/sock.h>
#include "compat.h"
#include "listener.h"
#include "net.h"
#include "transport.h"

/**
 * rsess_listener_hold() - keep the memory
 * @lsn: listener
 */
void rsess_listener_hold(struct rsess_listener *lsn)
{
	refcount_inc(&lsn->ref);
}

/**
 * rsess_listener_free() - undo rsess_listener_hold()
 * @lsn: listener
 */
void rsess_listener_free(struct rsess_listener *lsn)
{
	if (refcount_dec_and_test(&lsn->ref))
		kfree_rcu(lsn, rcu);
}

/**
 * rsess_listener_put() - somebody needs the listener no more
 * @lsn: listener; may be closed, soon
 *
 * Context: any without lsn->lock.
 */
void rsess_listener_put(struct rsess_listener *lsn)
{
	bool last, dead;

	spin_lock(&lsn->lock);
	last = !--lsn->users;
	dead = lsn->dead;
	if (last && !dead && queue_work(rsess_close_wq, &lsn->free_work))
		rsess_listener_hold(lsn);	/* rsess_listener_free_work() */
	spin_unlock(&lsn->lock);
	if (last && dead)
		rsess_listener_free(lsn);
}

/* A connection came in. */
static void rsess_listener_data_ready(struct sock *sk)
{
	struct rsess_listener *lsn;

	read_lock_bh(&sk->sk_callback_lock);
	lsn = __locked_read_sk_user_data_with_flags(sk, SK_USER_DATA_NOCOPY);
	if (lsn)
		queue_delayed_work(rsess_wq, &lsn->accept_work, 0);
	read_unlock_bh(&sk->sk_callback_lock);
}

/* Children of the inner socket are cloned with the hook: take it out. */
static void rsess_listener_unhook_child(const struct rsess_listener *lsn,
					struct sock *sk)
{
	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_data_ready = lsn->sk_data_ready;
	write_unlock_bh(&sk->sk_callback_lock);
}

/* A new connection waits for its first frame.  Takes @sock over. */
static void rsess_listener_accept_one(struct rsess_listener *lsn,
				      struct socket *sock)
{
	struct rsess_net *rn = lsn->rn;
	struct rsess_transport *tr = NULL;
	bool full;

	rsess_listener_unhook_child(lsn, sock->sk);
	full = READ_ONCE(lsn->npending) >= READ_ONCE(rn->max_pending);
	if (full)
		RSESS_INC(sock_net(sock->sk), PENDING_REFUSED);
	else if (rsess_transport_pin_net(sock->sk))
		tr = rsess_transport_new(rsess_transport_ops_find(lsn->protocol),
					 sock, NULL, lsn);
	if (!tr) {
		sock_no_linger(sock->sk);
		sock_release(sock);
		return;
	}
	tr->ops->tune(sock);

	spin_lock(&lsn->lock);
	list_add_tail(&tr->link, &lsn->pending);
	lsn->npending++;
	spin_unlock(&lsn->lock);

	refcount_inc(&tr->ref);		/* rsess_transport_expire() */
	queue_delayed_work(rsess_wq, &tr->expire,
			   msecs_to_jiffies(rn->handshake_timeout_ms));
	rsess_transport_hook(tr);
	rsess_transport_queue(tr);
}

static void rsess_listener_accept_work(struct work_struct *work)
{
	struct rsess_listener *lsn =
		container_of(work, struct rsess_listener, accept_work.work);
	struct socket *sock;
	int err;

	while (!READ_ONCE(lsn->dead)) {
		err = kernel_accept(lsn->sock, &sock, O_NONBLOCK);
		if (err == -EAGAIN || err == -EINVAL)
			return;
		if (err) {
			/* No other call comes for what is waiting there. */
			RSESS_INC(sock_net(lsn->sock->sk), MEMORY_SHORT);
			queue_delayed_work(rsess_wq, &lsn->accept_work,
					   RSESS_RETRY_DELAY);
			return;
		}
		rsess_listener_accept_one(lsn, sock);
		cond_resched();
	}
}

/* Take a transport off the listener's lists, if it is on one. */
static bool rsess_listener_unlink(struct rsess_transport *tr)
{
	struct rsess_listener *lsn = tr->lsn;
	bool linked;

	spin_lock(&lsn->lock);
	linked = !list_empty(&tr->link);
	if (linked) {
		list_del_init(&tr->link);
		lsn->npending--;
	}
	spin_unlock(&lsn->lock);
	if (linked && cancel_delayed_work(&tr->expire))
		rsess_transport_put(tr);
	return linked;
}

/**
 * rsess_listener_claim() - a transport has found its session
 * @tr: called from its work; the reference of the list is the session's now
 */
void rsess_listener_claim(struct rsess_transport *tr)
{
	WARN_ON_ONCE(!rsess_listener_unlink(tr));
	tr->parked = false;
}

/**
 * rsess_listener_forget() - a transport is of no use
 * @tr: called from its work
 * @reset: see rsess_transport_close()
 *
 * Context: may sleep.
 */
void rsess_listener_forget(struct rsess_transport *tr, bool reset)
{
	rsess_transport_close(tr, reset);
	if (rsess_listener_unlink(tr))
		rsess_transport_put(tr);	/* of the list */
}

/**
 * rsess_listener_admit() - may a HELLO open a session?
 * @lsn: listener
 * @tr: has the HELLO
 *
 * Return: the listening outer socket, with a reference and a place in its
 * queue, and @lsn has a user more: rsess_listener_inherit() and
 * rsess_listener_admitted() must follow.  NULL: the queue is full, @tr is parked
 * and its work is queued when there is room.  ERR_PTR(-ECONNREFUSED): nobody
 * listens.
 */
struct sock *rsess_listener_admit(struct rsess_listener *lsn,
				  struct rsess_transport *tr)
{
	struct sock *app;

	spin_lock(&lsn->lock);
	app = lsn->app;
	if (!app || lsn->dead) {
		app = ERR_PTR(-ECONNREFUSED);
	} else if (sk_acceptq_is_full(app)) {
		if (!tr->parked) {
			RSESS_INC(sock_net(app), ACCEPT_QUEUE_FULL);
			list_move_tail(&tr->link, &lsn->parked);
			tr->parked = true;
		}
		app = NULL;
	} else {
		sk_acceptq_added(app);
		sock_hold(app);
		lsn->users++;
	}
	spin_unlock(&lsn->lock);
	return app;
}

/**
 * rsess_listener_inherit() - what an accepted socket has from its listener
 * @rs: new session, not visible yet
 * @parent: listening outer socket
 * @tr: its first transport
 */
void rsess_listener_inherit(struct rsess_sock *rs, const struct sock *parent,
			    struct rsess_transport *tr)
{
	struct sock *sk = rsess_to_sk(rs);
	union rsess_addr addr = {};

	rs->lsn = tr->lsn;
	rs->protocol = tr->ops->protocol;
	sk->sk_type = parent->sk_type;
	sk->sk_sndbuf = READ_ONCE(parent->sk_sndbuf);
	sk->sk_rcvbuf = READ_ONCE(parent->sk_rcvbuf);
	sk->sk_userlocks = parent->sk_userlocks;
	sk->sk_rcvlowat = READ_ONCE(parent->sk_rcvlowat);
	sk->sk_rcvtimeo = READ_ONCE(parent->sk_rcvtimeo);
	sk->sk_sndtimeo = READ_ONCE(parent->sk_sndtimeo);
	sk->sk_lingertime = READ_ONCE(parent->sk_lingertime);
	sk->sk_priority = READ_ONCE(parent->sk_priority);
	WRITE_ONCE(sk->sk_mark, READ_ONCE(parent->sk_mark));
	sk->sk_bound_dev_if = READ_ONCE(parent->sk_bound_dev_if);
	sk->sk_reuse = parent->sk_reuse;
	sk->sk_allocation = parent->sk_allocation;
	sk->sk_uid = parent->sk_uid;
	sock_valbool_flag(sk, SOCK_LINGER, sock_flag(parent, SOCK_LINGER));
	sock_valbool_flag(sk, SOCK_KEEPOPEN, sock_flag(parent, SOCK_KEEPOPEN));

	rsess_set_family(rs, tr->sock->sk->sk_family);
	if (kernel_getsockname(tr->sock, &addr.sa) >= 0)
		rsess_set_laddr(rs, &addr);
	memset(&addr, 0, sizeof(addr));
	/* 2: also when the connection has been reset meanwhile */
	if (tr->sock->ops->getname(tr->sock, &addr.sa, 2) >= 0)
		rsess_set_raddr(rs, &addr);
}

/* A session that nobody will accept. */
static void rsess_listener_reject(struct sock *child)
{
	struct rsess_sock *rs = rsess_sk(child);

	sock_hold(child);
	lock_sock(child);
	sock_set_flag(child, SOCK_DEAD);
	rs->orphaned = true;
	if (child->sk_state == TCP_CLOSE)
		rsess_session_destroy(rs);
	else
		rsess_session_cut(rs, RSESS_REASON_APP, 0);
	release_sock(child);
	sock_put(child);
}

/**
 * rsess_listener_admitted() - end of what rsess_listener_admit() began
 * @lsn: listener
 * @parent: what it returned; its reference is given back
 * @child: the new session's outer socket, for accept(); or NULL if none came of
 *	it
 *
 * Context: may sleep.
 */
void rsess_listener_admitted(struct rsess_listener *lsn, struct sock *parent,
			     struct sock *child)
{
	bool queued = false;

	spin_lock(&lsn->lock);
	if (child && lsn->app == parent) {
		list_add_tail(&rsess_sk(child)->link_accept, &lsn->acceptq);
		queued = true;
	} else {
		sk_acceptq_removed(parent);
	}
	spin_unlock(&lsn->lock);

	if (child && !queued)
		rsess_listener_reject(child);
	if (queued) {
		lock_sock(parent);
		if (parent->sk_state == TCP_LISTEN)
			parent->sk_data_ready(parent);
		release_sock(parent);
	}
	sock_put(parent);
}

/**
 * rsess_listener_ready() - has accept() something to take?
 * @lsn: listener
 *
 * Context: any.
 */
bool rsess_listener_ready(struct rsess_listener *lsn)
{
	return !list_empty_careful(&lsn->acceptq);
}

static struct rsess_transport *rsess_listener_parked(struct rsess_listener *lsn)
{
	return list_first_entry_or_null(&lsn->parked, struct rsess_transport,
					link);
}

/**
 * rsess_listener_dequeue() - the next session for accept()
 * @lsn: listener
 * @sk: listening outer socket, locked
 *
 * Return: the outer socket with the reference that the application's socket will
 * have, or NULL.
 */
struct sock *rsess_listener_dequeue(struct rsess_listener *lsn, struct sock *sk)
{
	struct rsess_sock *rs;

	spin_lock(&lsn->lock);
	rs = list_first_entry_or_null(&lsn->acceptq, struct rsess_sock,
				      link_accept);
	if (rs) {
		list_del_init(&rs->link_accept);
		sk_acceptq_removed(sk);
		if (rsess_listener_parked(lsn))
			rsess_transport_queue(rsess_listener_parked(lsn));
	}
	spin_unlock(&lsn->lock);
	return rs ? rsess_to_sk(rs) : NULL;
}

/**
 * rsess_listener_leave() - the application does not listen any more
 * @lsn: listener
 * @sk: the outer socket that was bound to it, not locked
 *
 * Sessions that were not accepted are cut, HELLOs that wait are refused.  When
 * this returns the address is free, unless accepted sessions need it.
 *
 * Context: may sleep.
 */
void rsess_listener_leave(struct rsess_listener *lsn, struct sock *sk)
{
	struct rsess_sock *rs, *n;
	struct rsess_transport *tr;
	LIST_HEAD(acceptq);

	spin_lock(&lsn->lock);
	lsn->owner = NULL;
	lsn->app = NULL;
	list_splice_init(&lsn->acceptq, &acceptq);
	list_for_each_entry(tr, &lsn->parked, link)
		rsess_transport_queue(tr);
	spin_unlock(&lsn->lock);

	list_for_each_entry_safe(rs, n, &acceptq, link_accept) {
		list_del_init(&rs->link_accept);
		sk_acceptq_removed(sk);
		rsess_listener_reject(rsess_to_sk(rs));
	}
	rsess_listener_hold(lsn);
	rsess_listener_put(lsn);
	flush_work(&lsn->free_work);
	rsess_listener_free(lsn);
}

/* Locked: bind_lock.  Nobody can come to use it any more. */
static void rsess_listener_close(struct rsess_listener *lsn)
{
	struct sock *sk = lsn->sock->sk;
	struct rsess_transport *tr;

	list_del(&lsn->list);
	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_data_ready = lsn->sk_data_ready;
	rcu_assign_sk_user_data(sk, NULL);
	write_unlock_bh(&sk->sk_callback_lock);
	cancel_delayed_work_sync(&lsn->accept_work);

	for (;;) {
		spin_lock(&lsn->lock);
		tr = list_first_entry_or_null(&lsn->pending,
					      struct rsess_transport, link);
		if (!tr)
			tr = rsess_listener_parked(lsn);
		if (tr)
			refcount_inc(&tr->ref);
		spin_unlock(&lsn->lock);
		if (!tr)
			break;
		/* It sees that the listener is dead, and leaves the list. */
		rsess_transport_queue(tr);
		flush_work(&tr->work);
		rsess_transport_put(tr);
	}
	sock_release(lsn->sock);
	lsn->sock = NULL;
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
		lsn->dead = true;
	spin_unlock(&lsn->lock);
	if (last) {
		rsess_listener_close(lsn);
		rsess_listener_free(lsn);
	}
	mutex_unlock(&rn->bind_lock);
free:
	rsess_listener_free(lsn);	/* of rsess_listener_put() */
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
	bool used;

	mutex_lock(&rn->bind_lock);
	list_for_each_entry_safe(lsn, n, &rn->listeners, list) {
		spin_lock(&lsn->lock);
		lsn->dead = true;
		used = lsn->users;
		spin_unlock(&lsn->lock);
		rsess_listener_close(lsn);
		if (!used)
			rsess_listener_free(lsn);
	}
	mutex_unlock(&rn->bind_lock);
}

static bool rsess_addr_equal(const union rsess_addr *a,
			     const union rsess_addr *b)
{
	if (a->sa.sa_family != b->sa.sa_family ||
	    a->in.sin_port != b->in.sin_port)
		return false;
	if (a->sa.sa_family == AF_INET)
		return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
	return !memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr,
		       sizeof(a->in6.sin6_addr)) &&
	       a->in6.sin6_scope_id == b->in6.sin6_scope_id;
}

/* A listener whose application is gone, but not its sessions, goes to the next
 * socket of the same user that binds the same address.  Locked: bind_lock.
 */
static struct rsess_listener *rsess_listener_adopt(struct rsess_sock *rs,
						   const union rsess_addr *addr)
{
	struct sock *sk = rsess_to_sk(rs);
	struct rsess_net *rn = rsess_net(sock_net(sk));
	struct rsess_listener *lsn;
	bool mine;

	list_for_each_entry(lsn, &rn->listeners, list) {
		if (lsn->protocol != rs->protocol ||
		    lsn->v6only != rs->v6only ||
		    lsn->bound_dev_if != sk->sk_bound_dev_if ||
		    !uid_eq(lsn->uid, sk->sk_uid) ||
		    !rsess_addr_equal(&lsn->addr, addr))
			continue;
		spin_lock(&lsn->lock);
		mine = !lsn->owner && !lsn->dead;
		if (mine) {
			lsn->owner = sk;
			lsn->users++;
		}
		spin_unlock(&lsn->lock);
		return mine ? lsn : NULL;
	}
	return NULL;
}

static int rsess_listener_bind_inner(struct rsess_sock *rs,
				     const union rsess_addr *addr, int len)
{
	union rsess_addr bound = {};
	struct socket *sock;
	int err;

	sock = rsess_link_inner(rs, addr->sa.sa_family);
	if (IS_ERR(sock))
		return PTR_ERR(sock);
	rsess_link_settings(rs, sock);
	rs->v6only = sock->sk->sk_ipv6only;
	/* In the caller's context: its capabilities count for the port. */
	err = kernel_bind(sock, (struct sockaddr_unsized *)addr, len);
	if (!err)
		err = min(kernel_getsockname(sock, &bound.sa), 0);
	if (err)
		return err;
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
 * Context: the application's, for its rights; bind_lock held; may sleep.
 * Return: 0 or the errno that TCP gives.
 */
int rsess_listener_bind(struct rsess_sock *rs, const union rsess_addr *addr,
			int len)
{
	int err;

	err = rsess_listener_bind_inner(rs, addr, len);
	if (err == -EADDRINUSE) {
		rs->lsn = rsess_listener_adopt(rs, addr);
		if (rs->lsn) {
			rsess_link_forget_inner(rs);
			rsess_set_family(rs, addr->sa.sa_family);
			rsess_set_laddr(rs, addr);
			err = 0;
		}
	}
	if (!err)
		rs->bound = true;
	return err;
}

static struct rsess_listener *rsess_listener_new(struct rsess_sock *rs)
{
	struct sock *sk = rsess_to_sk(rs);
	struct rsess_listener *lsn = kzalloc(sizeof(*lsn), GFP_KERNEL);

	if (!lsn)
		return NULL;
	refcount_set(&lsn->ref, 1);
	lsn->rn = rsess_net(sock_net(sk));
	lsn->sock = rs->inner;
	lsn->addr = rs->laddr;
	lsn->v6only = rs->v6only;
	lsn->protocol = rs->protocol;
	lsn->bound_dev_if = sk->sk_bound_dev_if;
	lsn->uid = sk->sk_uid;
	INIT_DELAYED_WORK(&lsn->accept_work, rsess_listener_accept_work);
	INIT_WORK(&lsn->free_work, rsess_listener_free_work);
	spin_lock_init(&lsn->lock);
	INIT_LIST_HEAD(&lsn->acceptq);
	INIT_LIST_HEAD(&lsn->pending);
	INIT_LIST_HEAD(&lsn->parked);
	lsn->owner = sk;
	lsn->users = 1;
	return lsn;
}

/* Make a listener of the inner socket.  It belongs to it from then on. */
static int rsess_listener_open(struct rsess_sock *rs)
{
	struct sock *inner = rs->inner->sk;
	struct rsess_listener *lsn;
	int err;

	lsn = rsess_listener_new(rs);
	if (!lsn)
		return -ENOMEM;
	write_lock_bh(&inner->sk_callback_lock);
	lsn->sk_data_ready = inner->sk_data_ready;
	inner->sk_data_ready = rsess_listener_data_ready;
	__rcu_assign_sk_user_data_with_flags(inner, lsn, SK_USER_DATA_NOCOPY);
	write_unlock_bh(&inner->sk_callback_lock);

	/* The application's backlog bounds sessions, not connections. */
	err = kernel_listen(rs->inner, SOMAXCONN);
	if (err) {
		write_lock_bh(&inner->sk_callback_lock);
		inner->sk_data_ready = lsn->sk_data_ready;
		rcu_assign_sk_user_data(inner, NULL);
		write_unlock_bh(&inner->sk_callback_lock);
		rsess_listener_free(lsn);
		return err;
	}
	rs->inner = NULL;
	rs->lsn = lsn;
	list_add_tail(&lsn->list, &lsn->rn->listeners);
	return 0;
}

/**
 * rsess_listener_listen() - listen at the bound address
 * @rs: outer socket, locked, bound
 * @backlog: of listen()
 *
 * Context: bind_lock held; may sleep.
 * Return: 0 or a negative errno.
 */
int rsess_listener_listen(struct rsess_sock *rs, int backlog)
{
	struct sock *sk = rsess_to_sk(rs);
	int err;

	if (!rs->lsn) {
		err = rsess_listener_open(rs);
		if (err)
			return err;
	}
	sk->sk_ack_backlog = 0;
	WRITE_ONCE(sk->sk_max_ack_backlog, backlog);
	rsess_state_set(sk, TCP_LISTEN);
	spin_lock(&rs->lsn->lock);
	rs->lsn->app = sk;
	spin_unlock(&rs->lsn->lock);
	return 0;
}
