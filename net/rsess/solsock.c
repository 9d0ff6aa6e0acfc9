// SPDX-License-Identifier: GPL-2.0
/*
 * SOL_SOCKET: the socket core serves it on the outer socket, and what the inner one has to
 * obey of it is copied.
 */
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/slab.h>
#include <linux/sockptr.h>
#include <net/sock.h>
#include "compat.h"
#include "owner.h"
#include "session.h"
#include "solsock.h"
#include "stamp.h"
#include "transport.h"

/* What the socket core keeps of SOL_SOCKET and nobody else looks at. */
static void rsess_solsock_copy(struct sock *sk, const struct sock *from)
{
	sk->sk_rcvtimeo = from->sk_rcvtimeo;
	sk->sk_sndtimeo = from->sk_sndtimeo;
	sk->sk_lingertime = from->sk_lingertime;
	sk->sk_peek_off = from->sk_peek_off;
	sk->sk_no_check_tx = from->sk_no_check_tx;
	sk->sk_tsflags = from->sk_tsflags;
	sk->sk_bind_phc = from->sk_bind_phc;
	sk->sk_incoming_cpu = from->sk_incoming_cpu;
#ifdef CONFIG_NET_RX_BUSY_POLL
	sk->sk_ll_usec = from->sk_ll_usec;
	sk->sk_prefer_busy_poll = from->sk_prefer_busy_poll;
	sk->sk_busy_poll_budget = from->sk_busy_poll_budget;
#endif
}

/* The filter that inner sockets get: SO_ATTACH_FILTER is taken by the socket core, which
 * asks for CAP_NET_ADMIN if the socket is one of TCP. An outer one is not.
 */
static struct sk_filter *rsess_solsock_find_filter(const struct sock *sk)
{
	struct rsess_sock *rs = rsess_sk(sk);
	struct sk_filter *filter;

	sock_owned_by_me(sk);
	filter = rcu_dereference_protected(sk->sk_filter, true);
	if (filter && filter != rs->filter) {
		rs->filter = filter;
		rs->filter_barred = bpf_prog_was_classic(filter->prog) &&
				    !rsess_owner_capable(rs, CAP_NET_ADMIN);
	}
	return filter && rs->filter_barred ? NULL : filter;
}

/**
 * rsess_solsock_filter() - a socket has the filter of another one
 * @sk: inner socket, locked; or outer one that nobody else knows of
 * @from: outer socket, locked
 *
 * It is shared, as by those that TCP accepts: SO_ATTACH_FILTER is about packets, of which
 * an outer socket has none.
 */
void rsess_solsock_filter(struct sock *sk, const struct sock *from)
{
	struct sk_filter *filter = rsess_solsock_find_filter(from);

	if (rcu_access_pointer(sk->sk_filter) == filter)
		return;
	if (rcu_access_pointer(sk->sk_filter))
		sk_detach_filter(sk);
	if (!filter)
		return;
	refcount_inc(&filter->refcnt);
	atomic_add(bpf_prog_size(filter->prog->len), &sk->sk_omem_alloc);
	rcu_assign_pointer(sk->sk_filter, filter);
}

/**
 * rsess_solsock_inherit() - SOL_SOCKET of an accepted socket
 * @sk: outer socket that nobody else knows of
 * @parent: listening outer socket, locked
 *
 * It has what TCP's accept() copies.
 */
void rsess_solsock_inherit(struct sock *sk, const struct sock *parent)
{
	rsess_solsock_copy(sk, parent);
	sk->sk_flags = parent->sk_flags & ~(SK_FLAGS_TIMESTAMP |
					    BIT(SOCK_DEAD) | BIT(SOCK_DONE));
	rsess_stamp_inherit(sk, parent);
	sk->sk_sndbuf = parent->sk_sndbuf;
	sk->sk_rcvbuf = parent->sk_rcvbuf;
	sk->sk_userlocks = parent->sk_userlocks;
	sk->sk_rcvlowat = parent->sk_rcvlowat;
	sk->sk_priority = parent->sk_priority;
	sk->sk_mark = parent->sk_mark;
	sk->sk_bound_dev_if = parent->sk_bound_dev_if;
	sk->sk_reuse = parent->sk_reuse;
	sk->sk_reuseport = parent->sk_reuseport;
	sk->sk_txrehash = parent->sk_txrehash;
	sk->sk_max_pacing_rate = parent->sk_max_pacing_rate;
}

/**
 * rsess_solsock_buffers() - buffers are TCP's own, unless the application chose
 * @sk: inner socket, locked
 * @from: outer socket
 *
 * To TCP those of a socket that connects or listens matter before there is a peer:
 * they bound the window of the SYN.
 */
void rsess_solsock_buffers(struct sock *sk, const struct sock *from)
{
	u8 chosen = from->sk_userlocks & (SOCK_SNDBUF_LOCK | SOCK_RCVBUF_LOCK);

	if (chosen & SOCK_SNDBUF_LOCK)
		WRITE_ONCE(sk->sk_sndbuf, from->sk_sndbuf);
	if (chosen & SOCK_RCVBUF_LOCK)
		WRITE_ONCE(sk->sk_rcvbuf, from->sk_rcvbuf);
	sk->sk_userlocks |= chosen;
}

/**
 * rsess_solsock_grow() - buffers of a session are no smaller than its transport's
 * @rs: session, locked
 *
 * TCP makes its own larger as the path and the reader ask for it, within net.ipv4.tcp_wmem and
 * tcp_rmem, and a session that did not follow would be what limits it.  What the application
 * chose stays.
 */
void rsess_solsock_grow(struct rsess_sock *rs)
{
	struct sock *sk = rsess_to_sk(rs);
	int sndbuf, rcvbuf;

	rsess_owned_by_me(rs);
	if (!rs->tr)
		return;
	sndbuf = READ_ONCE(rs->tr->sock->sk->sk_sndbuf);
	rcvbuf = READ_ONCE(rs->tr->sock->sk->sk_rcvbuf);
	if (sndbuf > sk->sk_sndbuf && !(sk->sk_userlocks & SOCK_SNDBUF_LOCK))
		WRITE_ONCE(sk->sk_sndbuf, sndbuf);
	if (rcvbuf > sk->sk_rcvbuf && !(sk->sk_userlocks & SOCK_RCVBUF_LOCK))
		WRITE_ONCE(sk->sk_rcvbuf, rcvbuf);
}

/**
 * rsess_solsock_tell() - SOL_SOCKET of a transport that has code of its own for it
 * @sock: inner socket, not locked; see &rsess_transport_ops.core
 * @sk: outer socket
 *
 * It obeys as far as the caller has the right.
 *
 * Context: may sleep.
 */
void rsess_solsock_tell(struct socket *sock, const struct sock *sk)
{
	const struct sock *inner = sock->sk;

	if (inner->sk_mark != sk->sk_mark)
		rsess_inner_set(sock, SOL_SOCKET, SO_MARK, sk->sk_mark);
	if (inner->sk_priority != sk->sk_priority)
		rsess_inner_set(sock, SOL_SOCKET, SO_PRIORITY,
				sk->sk_priority);
	if (inner->sk_bound_dev_if != sk->sk_bound_dev_if)
		rsess_inner_set(sock, SOL_SOCKET, SO_BINDTOIFINDEX,
				sk->sk_bound_dev_if);
	if (inner->sk_reuse != sk->sk_reuse)
		rsess_inner_set(sock, SOL_SOCKET, SO_REUSEADDR,
				sk->sk_reuse);
	if (inner->sk_reuseport != sk->sk_reuseport)
		rsess_inner_set(sock, SOL_SOCKET, SO_REUSEPORT,
				sk->sk_reuseport);
}

/**
 * rsess_solsock_hand_over() - what is set on the outer socket becomes that of TCP's own
 * @sock: inner socket, not locked
 * @from: outer socket, locked
 * @flags: those that it gets, of sk_flags
 *
 * Context: may sleep.
 */
void rsess_solsock_hand_over(struct socket *sock, const struct sock *from,
			     unsigned long flags)
{
	struct sock *sk = sock->sk;

	lock_sock(sk);
	rsess_solsock_copy(sk, from);
	rsess_stamp_inherit(sk, from);
	sk->sk_flags = (sk->sk_flags & ~flags) | (from->sk_flags & flags);
	rsess_solsock_buffers(sk, from);
	if (sk->sk_prot->keepalive)
		sk->sk_prot->keepalive(sk, sock_flag(from, SOCK_KEEPOPEN));
	if (from->sk_rcvlowat != 1 && sock->ops->set_rcvlowat)
		sock->ops->set_rcvlowat(sk, from->sk_rcvlowat);
	release_sock(sk);
	if (rsess_transport_has_core(rsess_sk(from)->ops, sk))
		rsess_inner_set(sock, SOL_SOCKET, SO_KEEPALIVE,
				sock_flag(from, SOCK_KEEPOPEN));
}

/* Has SOL_SOCKET changed since the inner socket was told? */
static bool rsess_solsock_same(const struct sock *sk, const struct sock *inner)
{
	return READ_ONCE(inner->sk_mark) == READ_ONCE(sk->sk_mark) &&
	       READ_ONCE(inner->sk_priority) == READ_ONCE(sk->sk_priority) &&
	       READ_ONCE(inner->sk_bound_dev_if) ==
	       READ_ONCE(sk->sk_bound_dev_if) &&
	       READ_ONCE(inner->sk_max_pacing_rate) ==
	       READ_ONCE(sk->sk_max_pacing_rate) &&
	       sock_flag(inner, SOCK_LOCALROUTE) ==
	       sock_flag(sk, SOCK_LOCALROUTE) &&
	       READ_ONCE(inner->sk_txrehash) == READ_ONCE(sk->sk_txrehash) &&
	       rcu_access_pointer(inner->sk_filter) ==
	       rsess_solsock_find_filter(sk) &&
	       !rsess_owner_differs(inner, sk) &&
	       inner->sk_reuse == sk->sk_reuse &&
	       inner->sk_reuseport == sk->sk_reuseport;
}

/**
 * rsess_solsock_memory() - an inner socket gets memory as the outer one
 * @sk: outer socket, locked
 * @inner: inner socket, not locked
 *
 * A user in the kernel that has to write in order to free memory says so at any time:
 * by sk_allocation, sk_use_task_frag and sk_set_memalloc().
 *
 * Context: may sleep.
 */
void rsess_solsock_memory(const struct sock *sk, struct sock *inner)
{
	bool memalloc = sock_flag(sk, SOCK_MEMALLOC);

	if (inner->sk_allocation == sk->sk_allocation &&
	    inner->sk_use_task_frag == sk->sk_use_task_frag &&
	    sock_flag(inner, SOCK_MEMALLOC) == memalloc)
		return;
	lock_sock(inner);
	inner->sk_allocation = sk->sk_allocation;
	inner->sk_use_task_frag = sk->sk_use_task_frag;
	/* What it takes beside the flag is there as long as @sk has it. */
	sock_valbool_flag(inner, SOCK_MEMALLOC, memalloc);
	release_sock(inner);
}

/**
 * rsess_solsock_update() - what SOL_SOCKET is on the outer socket, the inner one
 * obeys
 * @rs: session, locked
 * @sock: inner socket, not locked
 *
 * The socket core does not tell when an option of that level is set, so this is
 * called before the inner socket is used.
 *
 * Context: may sleep.
 */
void rsess_solsock_update(struct rsess_sock *rs, struct socket *sock)
{
	struct sock *sk = rsess_to_sk(rs), *inner = sock->sk;

	rsess_solsock_memory(sk, inner);
	if (rsess_solsock_same(sk, inner))
		return;
	if (rsess_transport_has_core(rs->ops, inner))
		rsess_solsock_tell(sock, sk);
	rsess_owner_update(sock, sk);
	lock_sock(inner);
	if (inner->sk_mark != sk->sk_mark ||
	    inner->sk_bound_dev_if != sk->sk_bound_dev_if ||
	    sock_flag(inner, SOCK_LOCALROUTE) != sock_flag(sk, SOCK_LOCALROUTE))
		sk_dst_reset(inner);
	WRITE_ONCE(inner->sk_mark, READ_ONCE(sk->sk_mark));
	WRITE_ONCE(inner->sk_priority, READ_ONCE(sk->sk_priority));
	WRITE_ONCE(inner->sk_bound_dev_if, READ_ONCE(sk->sk_bound_dev_if));
	sock_valbool_flag(inner, SOCK_LOCALROUTE,
			  sock_flag(sk, SOCK_LOCALROUTE));
	if (READ_ONCE(sk->sk_max_pacing_rate) != ~0UL)
		cmpxchg(&inner->sk_pacing_status, SK_PACING_NONE,
			SK_PACING_NEEDED);
	WRITE_ONCE(inner->sk_max_pacing_rate, READ_ONCE(sk->sk_max_pacing_rate));
	inner->sk_pacing_rate = min(inner->sk_pacing_rate,
				    inner->sk_max_pacing_rate);
	inner->sk_reuse = sk->sk_reuse;
	inner->sk_reuseport = sk->sk_reuseport;
	WRITE_ONCE(inner->sk_txrehash, READ_ONCE(sk->sk_txrehash));
	rsess_solsock_filter(inner, sk);
	release_sock(inner);
}
