// SPDX-License-Identifier: GPL-2.0
/*
 * Incarnations: an inner socket with its callbacks hooked and a work item that
 * serves it.
 *
 * The callbacks run in softirq with the inner socket's spinlock held.  They queue the
 * work, unless what has arrived can be taken at once.  sk_user_data of the inner socket
 * points to the transport as long as it is hooked; sk_callback_lock makes sure that
 * nobody uses it later.
 *
 * While there is no session the work owns the transport.  Later everything
 * happens under the lock of the outer socket, in the work or in a system call.
 */
#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/sock.h>
#include "compat.h"
#include "listener.h"
#include "net.h"
#include "owner.h"
#include "transport.h"

/* Set before there is a transport. */
static const struct rsess_transport_user *rsess_transport_user __read_mostly;

/**
 * rsess_transport_use() - who serves transports
 * @user: the session layer; called once, before there is a transport
 */
void rsess_transport_use(const struct rsess_transport_user *user)
{
	rsess_transport_user = user;
}

/**
 * rsess_transport_ops_find() - the transport for a protocol number
 * @protocol: IPPROTO_TCP, ...
 *
 * Return: its operations, or NULL.
 */
const struct rsess_transport_ops *rsess_transport_ops_find(int protocol)
{
	static const struct rsess_transport_ops * const all[] = {
		&rsess_tcp_ops,
#if IS_ENABLED(CONFIG_IP_SCTP)
		&rsess_sctp_ops,
#endif
#if IS_ENABLED(CONFIG_MPTCP)
		&rsess_mptcp_ops,
#endif
#if IS_ENABLED(CONFIG_VSOCKETS)
		&rsess_vsock_ops,
#endif
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i]->protocol == protocol)
			return all[i];
	return NULL;
}

/* TCP tells that it is connected before it looks at what comes next, be it a FIN or a
 * reset; the work may see only these.
 */
static void rsess_inner_note(struct rsess_transport *tr, const struct sock *sk)
{
	if (READ_ONCE(tr->opened) || READ_ONCE(sk->sk_state) != TCP_ESTABLISHED)
		return;
	if (tr->ops->opened && !tr->lsn)
		tr->ops->opened(tr);
	smp_store_release(&tr->opened, true); /* rsess_transport_opened() */
}

/* Tell the transport of @sk, if it is still hooked.  If @handle does not deal with it the work
 * does; NULL: the work does.
 */
static void rsess_inner_tell(struct sock *sk,
			     bool (*handle)(struct rsess_transport *tr))
{
	struct rsess_transport *tr;

	read_lock_bh(&sk->sk_callback_lock);
	tr = __locked_read_sk_user_data_with_flags(sk, SK_USER_DATA_NOCOPY);
	if (tr) {
		rsess_inner_note(tr, sk);
		if (!handle || !tr->ops->receive || !handle(tr))
			rsess_transport_queue(tr);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

/* Its state, or an error. */
static void rsess_inner_change(struct sock *sk)
{
	rsess_inner_tell(sk, rsess_transport_user->changed);
}

/* Bytes have arrived. */
static void rsess_inner_data_ready(struct sock *sk)
{
	rsess_inner_tell(sk, rsess_transport_user->receive);
}

/**
 * rsess_transport_synopt() - how a dialer's socket negotiates
 * @sk: any socket of TCP
 *
 * Context: any, under rcu_read_lock().
 * Return: that of its transport; or NULL, when it is not that of one.
 */
struct rsess_synopt *rsess_transport_synopt(struct sock *sk)
{
	struct rsess_greeting *greeting;
	struct rsess_transport *tr;

	if (READ_ONCE(sk->sk_state_change) != rsess_inner_change)
		return NULL;
	tr = __rcu_dereference_sk_user_data_with_flags(sk,
						       SK_USER_DATA_NOCOPY);
	greeting = tr ? rcu_dereference(tr->greeting) : NULL;
	return greeting ? &greeting->synopt : NULL;
}

static void rsess_inner_write_space(struct sock *sk)
{
	struct socket *sock = sk->sk_socket;

	if (!sock || !__sk_stream_is_writeable(sk, 1))
		return;
	clear_bit(SOCK_NOSPACE, &sock->flags);
	rsess_inner_tell(sk, NULL);
}

/* Somebody who sleeps on the inner socket is woken. */
static int rsess_inner_room(struct wait_queue_entry *room, unsigned int mode,
			    int sync, void *key)
{
	if (key_to_poll(key) & EPOLLOUT)
		rsess_transport_queue(room->private);
	return 0;
}

/**
 * rsess_transport_queue() - have the transport's work run
 * @tr: the caller has a reference, or is a hooked callback
 *
 * Context: any.
 */
void rsess_transport_queue(struct rsess_transport *tr)
{
	refcount_inc(&tr->ref);
	if (!queue_work(rsess_wq, &tr->work))
		rsess_transport_put(tr);
}

/**
 * rsess_transport_unqueue() - somebody else does what the transport's work is to do
 * @tr: the transport; the caller has another reference, and looks at it afterwards
 *
 * Context: any.
 */
void rsess_transport_unqueue(struct rsess_transport *tr)
{
	if (cancel_work(&tr->work))
		rsess_transport_put(tr);	/* of rsess_transport_queue() */
}

static void rsess_transport_work(struct work_struct *work)
{
	struct rsess_transport *tr =
		container_of(work, struct rsess_transport, work);

	rsess_transport_user->serve(tr);
	rsess_transport_put(tr);	/* as above */
}

/* A transport without a session has waited long enough. */
static void rsess_transport_expire(struct timer_list *timer)
{
	struct rsess_greeting *greeting =
		container_of(timer, struct rsess_greeting, expire);
	struct rsess_transport *tr = greeting->tr;

	WRITE_ONCE(tr->expired, true);
	rsess_transport_queue(tr);
	rsess_transport_put(tr);	/* of rsess_transport_expect() */
}

/**
 * rsess_transport_expect() - the first frame has its time, unless that runs already
 * @tr: the transport, accepted and without a session
 * @delay: jiffies
 *
 * Context: the transport's work.
 */
void rsess_transport_expect(struct rsess_transport *tr, unsigned long delay)
{
	struct rsess_greeting *greeting = rsess_transport_greeting(tr);

	if (greeting->expects)
		return;
	greeting->expects = true;
	refcount_inc(&tr->ref);		/* rsess_transport_expire() */
	mod_timer(&greeting->expire, jiffies + delay);
}

/**
 * rsess_transport_came() - the first frame is there, or is not waited for any more
 * @tr: the transport, not live; the caller owns its @sock (see top), and has a reference
 *
 * Context: any.
 */
void rsess_transport_came(struct rsess_transport *tr)
{
	if (timer_delete(&rsess_transport_greeting(tr)->expire))
		rsess_transport_put(tr);	/* as above */
}

/* What one that copies needs. */
static bool rsess_transport_make_copied(struct rsess_transport *tr)
{
	tr->copied = kzalloc(sizeof(*tr->copied), GFP_KERNEL_ACCOUNT);
	if (!tr->copied)
		return false;
	init_waitqueue_func_entry(&tr->copied->room, rsess_inner_room);
	tr->copied->room.private = tr;
	return true;
}

/* What it needs until it is live. */
static bool rsess_transport_make_greeting(struct rsess_transport *tr)
{
	struct rsess_greeting *greeting = kzalloc(sizeof(*greeting),
						  GFP_KERNEL_ACCOUNT);

	if (!greeting)
		return false;
	greeting->tr = tr;
	timer_setup(&greeting->expire, rsess_transport_expire, 0);
	RCU_INIT_POINTER(tr->greeting, greeting);
	tr->rx.ctrl = greeting->ctrl;
	tr->rx.ctrl_max = sizeof(greeting->ctrl);
	return true;
}

/**
 * rsess_transport_greeted() - it is live, or closed
 * @tr: the transport; the caller owns its @sock (see top); may be called again
 *
 * Context: may sleep; locks the inner socket.
 */
void rsess_transport_greeted(struct rsess_transport *tr)
{
	struct rsess_greeting *greeting = rsess_transport_greeting(tr);

	if (!greeting)
		return;
	rsess_transport_came(tr);
	tr->ops->end(tr);
	tr->rx.ctrl = tr->rx.live_ctrl;
	tr->rx.ctrl_len = 0;
	tr->rx.ctrl_max = sizeof(tr->rx.live_ctrl);
	RCU_INIT_POINTER(tr->greeting, NULL);
	kfree_rcu(greeting, rcu);
}

/**
 * rsess_transport_make_tags() - its frames are going to have tags
 * @tr: the transport, not live; may have them already
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int rsess_transport_make_tags(struct rsess_transport *tr)
{
	if (tr->tags)
		return 0;
	tr->tags = kzalloc(sizeof(*tr->tags), GFP_KERNEL_ACCOUNT);
	if (!tr->tags)
		return -ENOMEM;
	__skb_queue_head_init(&tr->tags->held);
	return 0;
}

/* Nobody has it any more, but callbacks may look. */
static void rsess_transport_free(struct rsess_transport *tr)
{
	struct rsess_greeting *greeting =
		rcu_dereference_protected(tr->greeting, true);

	if (greeting)
		kfree_rcu(greeting, rcu);
	kfree_sensitive(tr->tags);
	kfree(tr->copied);
	kfree_rcu(tr, rcu);
}

/**
 * rsess_transport_new() - wrap an inner socket
 * @ops: of its protocol
 * @sock: the inner socket; belongs to the transport from now on, on success
 * @sk: the outer socket, or NULL when it is not known yet
 * @lsn: where it was accepted, or NULL
 *
 * Context: may sleep.
 * Return: a transport with one reference, its callbacks not hooked; or NULL.
 */
struct rsess_transport *
rsess_transport_new(const struct rsess_transport_ops *ops, struct socket *sock,
		    struct sock *sk, struct rsess_listener *lsn)
{
	struct rsess_transport *tr = kzalloc(sizeof(*tr), GFP_KERNEL_ACCOUNT);

	if (!tr)
		return NULL;
	if (!rsess_transport_make_greeting(tr) ||
	    (ops->read == rsess_copied_read && !rsess_transport_make_copied(tr))) {
		rsess_transport_free(tr);
		return NULL;
	}
	refcount_set(&tr->ref, 1);
	INIT_WORK(&tr->work, rsess_transport_work);
	INIT_LIST_HEAD(&tr->link);
	tr->ops = ops;
	tr->rn = rsess_net(sock_net(sock->sk));
	rsess_net_hold(tr->rn);		/* rsess_transport_put() */
	tr->sock = sock;
	if (lsn) {
		rsess_listener_hold(lsn);	/* rsess_transport_put() */
		tr->lsn = lsn;
	}
	if (sk) {
		sock_hold(sk);		/* rsess_transport_put() */
		tr->sk = sk;
	}
	return tr;
}

/**
 * rsess_transport_hook() - replace the inner socket's callbacks
 * @tr: the transport
 *
 * What happened before is not called back: if anything can have, queue the work once after this.
 */
void rsess_transport_hook(struct rsess_transport *tr)
{
	struct sock *sk = tr->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	tr->sk_data_ready = sk->sk_data_ready;
	tr->sk_write_space = sk->sk_write_space;
	tr->sk_state_change = sk->sk_state_change;
	tr->sk_error_report = sk->sk_error_report;
	sk->sk_data_ready = rsess_inner_data_ready;
	sk->sk_write_space = rsess_inner_write_space;
	sk->sk_state_change = rsess_inner_change;
	sk->sk_error_report = rsess_inner_change;
	__rcu_assign_sk_user_data_with_flags(sk, tr, SK_USER_DATA_NOCOPY);
	if (tr->ops->waitq_space)
		add_wait_queue(&tr->sock->wq.wait, &tr->copied->room);
	write_unlock_bh(&sk->sk_callback_lock);
}

/**
 * rsess_transport_unhook() - give the inner socket its own callbacks back
 * @tr: the transport; no callback uses it when this returns
 */
void rsess_transport_unhook(struct rsess_transport *tr)
{
	struct sock *sk = tr->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	if (__locked_read_sk_user_data_with_flags(sk, SK_USER_DATA_NOCOPY) ==
	    tr) {
		sk->sk_data_ready = tr->sk_data_ready;
		sk->sk_write_space = tr->sk_write_space;
		sk->sk_state_change = tr->sk_state_change;
		sk->sk_error_report = tr->sk_error_report;
		rcu_assign_sk_user_data(sk, NULL);
		if (tr->ops->waitq_space)
			remove_wait_queue(&tr->sock->wq.wait,
					  &tr->copied->room);
	}
	write_unlock_bh(&sk->sk_callback_lock);
}

/**
 * rsess_tx_put_frag() - nothing more is made in the page for what is sent
 * @tr: a transport; if it has a session, that is locked
 */
void rsess_tx_put_frag(struct rsess_transport *tr)
{
	struct page_frag *frag = &tr->tx.frag;

	if (!frag->page)
		return;
	sk_mem_uncharge(tr->sk, frag->size);
	put_page(frag->page);
	frag->page = NULL;
}

/* Nothing more is sent. */
static void rsess_tx_free(struct rsess_transport *tr)
{
	if (tr->tx.page) {
		put_page(tr->tx.page);
		tr->tx.page = NULL;
	}
	rsess_tx_put_frag(tr);
}

/**
 * rsess_transport_close() - give the inner socket up
 * @tr: the transport; the caller owns its @sock (see top)
 * @reset: true: what it still holds is worth nothing, reset it.  false: TCP
 *	delivers what it was given, then closes in order
 *
 * Context: may sleep.
 */
void rsess_transport_close(struct rsess_transport *tr, bool reset)
{
	struct socket *sock = tr->sock;

	if (!sock)
		return;
	rsess_transport_unhook(tr);
	rsess_transport_greeted(tr);
	tr->sock = NULL;
	rsess_tx_free(tr);
	if (tr->tags)
		__skb_queue_purge(&tr->tags->held);
	if (tr->copied)
		rsess_copied_free(tr->copied);
	if (reset)
		sock_no_linger(sock->sk);
	else
		tr->ops->discard(sock);
	rsess_owner_release(sock);
}

/**
 * rsess_transport_put() - give a reference back
 * @tr: the transport
 *
 * Context: any, as long as the socket is closed before the last reference goes.
 */
void rsess_transport_put(struct rsess_transport *tr)
{
	if (!refcount_dec_and_test(&tr->ref))
		return;
	WARN_ON_ONCE(tr->sock);
	if (tr->sk)
		sock_put(tr->sk);
	if (tr->lsn)
		rsess_listener_free(tr->lsn);
	kfree(tr->plain);
	rsess_net_put(tr->rn);
	rsess_transport_free(tr);
}

/**
 * rsess_transport_pin_net() - let the inner socket hold its namespace
 * @sk: inner socket, not locked
 *
 * A kernel socket does not by itself, and TCP then stops its timers in close():
 * a tail that was lost would never be sent again.
 *
 * Context: may sleep.
 * Return: false when the namespace is going away.
 */
bool rsess_transport_pin_net(struct sock *sk)
{
	struct net *net = sock_net(sk);

	if (sk->sk_net_refcnt)
		return true;
	if (!maybe_get_net(net))
		return false;
	sk_net_refcnt_upgrade(sk);
	put_net(net);
	return true;
}

/**
 * rsess_transport_pin_as() - let the inner socket hold its namespace if the outer one does
 * @sk: inner socket, not locked
 * @outer: outer socket
 *
 * One of the kernel's that does not is to end with the namespace, so nothing below it may
 * keep that.
 *
 * Context: may sleep.
 * Return: false when the namespace is going away.
 */
bool rsess_transport_pin_as(struct sock *sk, const struct sock *outer)
{
	return !outer->sk_net_refcnt || rsess_transport_pin_net(sk);
}
