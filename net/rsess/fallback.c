// SPDX-License-Identifier: GPL-2.0
/*
 * Fallback: the peer has no session layer, or none is wanted, so the application
 * gets the transport itself.
 *
 * The inner socket's struct sock takes the place of ours in the application's
 * struct socket.  That one stays, with its file, its wait queue and all who wait
 * there, so nobody is left behind at a socket that nothing happens on any more.
 * From then on the socket core and TCP deal with each other as for any TCP socket;
 * our proto_ops look whose socket it is and hand the call through.
 *
 * sock->sk changes at most once, under the lock of the outer socket, and what was
 * there stays until the file is closed.  A call that has begun on it finds out when
 * it has the lock, rsess_sock_lock(), or behind its waits, rs->plain, and begins
 * again.  An accepted socket has had no other one.
 *
 * The proto_ops stay ours because the file has to be ours: what would replace them
 * (IPV6_ADDRFORM, &rsess_transport_ops.ulp) is refused.
 */
#include <linux/slab.h>
#include <linux/sock_diag.h>
#include <net/sock.h>
#include "compat.h"
#include "fallback.h"
#include "genl.h"
#include "net.h"
#include "owner.h"
#include "session.h"
#include "table.h"
#include "trace.h"
#include "transport.h"

/* What is left of the inner socket.  Parts of the transport may look there whether
 * somebody waits for room: they cannot know who does.
 */
static void rsess_fallback_leave(struct socket *inner, struct rsess_fallback *plain)
{
	inner->sk = NULL;
	if (!plain->transport->shell) {
		rsess_owner_release(inner);
		return;
	}
	set_bit(SOCK_NOSPACE, &inner->flags);
	plain->shell = inner;		/* rsess_fallback_release() */
}

static struct rsess_roll *rsess_fallback_roll(const struct sock *sk)
{
	return &rsess_net(sock_net(sk))->roll[RSESS_ROLL_PLAIN];
}

/* Without memory for that it works all the same, and is not seen. */
static void rsess_fallback_list(struct sock *sk, struct rsess_fallback *plain)
{
	plain->sk = sk;
	rsess_roll_add(rsess_fallback_roll(sk), &plain->number, plain);
}

/* The inner socket's sock becomes that of the application's socket, and belongs to the
 * kernel only as @outer does.  Locked: the sock.
 */
static void rsess_fallback_graft(struct socket *sock, struct socket *inner,
				 struct rsess_fallback *plain, const struct sock *outer)
{
	struct sock *sk = inner->sk;

	plain->ops = inner->ops;
	plain->transport = rsess_sk(outer)->ops;
	sk->sk_kern_sock = outer->sk_kern_sock;
	SOCK_INODE(sock)->i_private = plain;
	assign_bit(SOCK_SUPPORT_ZC, &sock->flags,
		   test_bit(SOCK_SUPPORT_ZC, &inner->flags));
	/* Where the inner one is kept, parts of the transport still point to it. */
	rsess_owner_show(inner, sock);
	write_lock_bh(&sk->sk_callback_lock);
	rcu_assign_pointer(sk->sk_wq, &sock->wq);
	sk_set_socket(sk, sock);
	sk->sk_uid = SOCK_INODE(sock)->i_uid;
	write_unlock_bh(&sk->sk_callback_lock);
	/* close() may come as soon as it is the application's, and undoes that. */
	rsess_fallback_list(sk, plain);
	smp_store_release(&sock->sk, sk); /* rsess_sock_get() */
	rsess_fallback_leave(inner, plain);
}

/* A user in the kernel has its own callbacks in the socket that it knows. */
static void rsess_fallback_callbacks(struct sock *sk, const struct sock *outer)
{
	const struct rsess_callbacks *def = &rsess_sk(outer)->callbacks;

	write_lock_bh(&sk->sk_callback_lock);
	if (outer->sk_data_ready != def->data_ready)
		sk->sk_data_ready = outer->sk_data_ready;
	if (outer->sk_write_space != def->write_space)
		sk->sk_write_space = outer->sk_write_space;
	if (outer->sk_state_change != def->state_change)
		sk->sk_state_change = outer->sk_state_change;
	if (outer->sk_error_report != def->error_report)
		sk->sk_error_report = outer->sk_error_report;
	if (outer->sk_user_data)
		sk->sk_user_data = outer->sk_user_data;
	write_unlock_bh(&sk->sk_callback_lock);
}

/* Who waits for the connection finds it, and what has come meanwhile. */
static void rsess_fallback_wake(struct sock *sk)
{
	sk->sk_state_change(sk);
	if (sk->sk_err)
		sk_error_report(sk);
	sk_wake_async(sk, SOCK_WAKE_IO, POLL_OUT);
	if (!skb_queue_empty(&sk->sk_receive_queue))
		sk->sk_data_ready(sk);
}

static void rsess_fallback_count(struct sock *sk, enum rsess_reason reason)
{
	switch (reason) {
	case RSESS_REASON_PLAIN_PEER:
		RSESS_INC(sock_net(sk), FALLBACK_PEER);
		break;
	case RSESS_REASON_NO_HELLO:
		RSESS_INC(sock_net(sk), FALLBACK_NO_HELLO);
		break;
	case RSESS_REASON_BLACKHOLE:
		RSESS_INC(sock_net(sk), FALLBACK_BLACKHOLE);
		break;
	case RSESS_REASON_SYN_LOST:
		RSESS_INC(sock_net(sk), FALLBACK_SYN_LOST);
		break;
	case RSESS_REASON_DRAIN:
		RSESS_INC(sock_net(sk), FALLBACK_DRAIN);
		break;
	default:
		RSESS_INC(sock_net(sk), FALLBACK_OFF);
		break;
	}
	trace_rsess_fallback(sk, reason);
	rsess_event_fallback(sk, reason);
}

/**
 * rsess_fallback_fall_back() - a socket that connected gets its transport
 * @rs: session that does not come to be; locked, in TCP_SYN_SENT, with a transport
 *	that was connected once and of which nothing was read, and that has its @plain
 * @reason: why
 *
 * Context: the transport's work, or a process in connect(); may sleep.
 */
void rsess_fallback_fall_back(struct rsess_sock *rs, enum rsess_reason reason)
{
	struct rsess_transport *tr = rs->tr;
	struct sock *outer = rsess_to_sk(rs);
	struct rsess_fallback *plain = tr->plain;
	struct socket *inner = tr->sock;
	struct sock *sk = inner->sk;

	rsess_owned_by_me(rs);
	tr->plain = NULL;
	plain->reason = reason;
	plain->outer = outer;
	plain->told = inner->state == SS_CONNECTED;

	rsess_transport_unhook(tr);
	rsess_link_set(rs, NULL);
	tr->sock = NULL;
	rsess_link_drop(rs, false);
	rsess_liveness_stop(rs);
	rsess_table_unlist(rs);
	rsess_sockopt_hand_over(rs, inner, true);

	lock_sock(sk);
	rsess_fallback_callbacks(sk, outer);
	WRITE_ONCE(rs->plain, true);
	rs->reason = reason;
	rsess_fallback_graft(outer->sk_socket, inner, plain, outer);
	/* Whoever waits for it to be connected waits no longer. */
	rsess_state_set(outer, TCP_ESTABLISHED);
	rsess_fallback_wake(sk);
	rsess_fallback_count(sk, reason);
	sock_hold(sk);			/* close() waits for no more than this lock */
	release_sock(sk);
	/* Who wanted the session to end has seen it, or sees that it is none. */
	smp_mb();			/* pairs with that in rsess_diag_end() */
	if (READ_ONCE(rs->evict))
		sock_diag_destroy(sk, ECONNABORTED);
	sock_put(sk);
	rsess_transport_put(tr);
}

/**
 * rsess_fallback_accept() - accept() takes a transport without a session
 * @parent: listening outer socket, locked
 * @inner: the transport's inner socket, its callbacks its own
 * @plain: from rsess_fallback_alloc(), with its reason
 * @sock: new socket of the application
 *
 * Context: may sleep.
 */
void rsess_fallback_accept(struct sock *parent, struct socket *inner,
			   struct rsess_fallback *plain, struct socket *sock)
{
	struct sock *sk = inner->sk;

	rsess_transport_pin_as(sk, parent);
	rsess_sockopt_hand_over(rsess_sk(parent), inner, false);
	rsess_owner_update(inner, parent);
	rsess_owner_accept_label(sk, parent);
	lock_sock(sk);
	rsess_charge_as(sk, parent);
	rsess_fallback_graft(sock, inner, plain, parent);
	rsess_fallback_count(sk, plain->reason);
	release_sock(sk);
}

/* Is it what an earlier connect() of the session's was waiting for? */
static bool rsess_fallback_connected(struct socket *sock)
{
	struct sock *sk = sock->sk;
	bool ret;

	lock_sock(sk);
	ret = sock->state == SS_CONNECTING &&
	      !((1 << sk->sk_state) &
		(TCPF_CLOSE | TCPF_SYN_SENT | TCPF_SYN_RECV));
	if (ret)
		sock->state = SS_CONNECTED;
	release_sock(sk);
	return ret;
}

/**
 * rsess_fallback_getname() - proto_ops.getname
 * @sock: fallen back
 * @uaddr: where the address goes
 * @peer: the peer's?
 *
 * Return: bytes of the address, or a negative errno.
 */
int rsess_fallback_getname(struct socket *sock, struct sockaddr *uaddr, int peer)
{
	if (peer && rsess_fallback(sock)->told)
		rsess_fallback_connected(sock);
	return rsess_fallback(sock)->ops->getname(sock, uaddr, peer);
}

/**
 * rsess_fallback_connect() - proto_ops.connect
 * @sock: fallen back
 * @uaddr: where to
 * @addr_len: length of @uaddr, at least that of a family
 * @flags: O_NONBLOCK
 *
 * The transport may know nothing of the call that has waited till now.
 *
 * Return: 0, or what the transport says.
 */
int rsess_fallback_connect(struct socket *sock, struct sockaddr_unsized *uaddr,
			   int addr_len, int flags)
{
	if (uaddr->sa_family != AF_UNSPEC && rsess_fallback_connected(sock))
		return 0;
	return rsess_fallback(sock)->ops->connect(sock, uaddr, addr_len, flags);
}

/**
 * rsess_fallback_release() - proto_ops.release
 * @sock: fallen back
 *
 * Return: what the transport says.
 */
int rsess_fallback_release(struct socket *sock)
{
	struct rsess_fallback *plain = rsess_fallback(sock);
	struct sock *outer = plain->outer;
	int err;

	rsess_roll_del(rsess_fallback_roll(plain->sk), &plain->number);
	err = plain->ops->release(sock);
	if (plain->shell)
		rsess_owner_release(plain->shell);
	if (outer) {
		sock_hold(outer);	/* rsess_session_destroy() */
		lock_sock(outer);
		sock_orphan(outer);
		rsess_sk(outer)->orphaned = true;
		rsess_state_set(outer, TCP_CLOSE);
		rsess_session_destroy(rsess_sk(outer));
		release_sock(outer);
		sock_put(outer);
	}
	SOCK_INODE(sock)->i_private = NULL;
	kfree(plain);
	return err;
}

/**
 * rsess_fallback_accept_more() - proto_ops.accept
 * @sock: fallen back, disconnected and listening: then TCP has no session either
 * @newsock: new socket of the application
 * @arg: flags
 *
 * Return: 0 or a negative errno.
 */
int rsess_fallback_accept_more(struct socket *sock, struct socket *newsock,
			       struct proto_accept_arg *arg)
{
	struct rsess_fallback *new = rsess_fallback_alloc();
	int err;

	if (!new)
		return -ENOMEM;
	new->ops = rsess_fallback(sock)->ops;
	new->transport = rsess_fallback(sock)->transport;
	new->reason = rsess_fallback(sock)->reason;
	SOCK_INODE(newsock)->i_private = new;
	err = rsess_inner_accept(new->ops, sock, newsock, arg);
	if (err) {
		SOCK_INODE(newsock)->i_private = NULL;
		kfree(new);
		return err;
	}
	/* A peer may be one that the transport gives other operations. */
	if (newsock->ops != sock->ops) {
		new->ops = newsock->ops;
		newsock->ops = sock->ops;
	}
	rsess_fallback_list(newsock->sk, new);
	return 0;
}

/**
 * rsess_fallback_setsockopt() - proto_ops.setsockopt
 * @sock: fallen back
 * @level: of the option
 * @optname: option
 * @optval: value
 * @optlen: its bytes
 *
 * Return: 0; -ENOPROTOOPT for an option that is for sessions, or that would replace
 * the proto_ops; -EACCES for one that an LSM has set; or what the transport says.
 */
int rsess_fallback_setsockopt(struct socket *sock, int level, int optname,
			      sockptr_t optval, unsigned int optlen)
{
	const struct rsess_transport_ops *transport =
		rsess_fallback(sock)->transport;

	if (level == SOL_SOCKET && !rsess_transport_has_core(transport, sock->sk))
		return sock_setsockopt(sock, level, optname, optval, optlen);
	if (level == SOL_IP && optname == IP_OPTIONS &&
	    rsess_owner_is_labelled(sock->sk))
		return -EACCES;
	if (level == SOL_RSESS ||
	    (level == SOL_IPV6 && optname == IPV6_ADDRFORM) ||
	    (transport->ulp && level == transport->level &&
	     optname == transport->ulp))
		return -ENOPROTOOPT;
	return rsess_fallback(sock)->ops->setsockopt(sock, level, optname, optval,
						     optlen);
}
