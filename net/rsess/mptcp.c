// SPDX-License-Identifier: GPL-2.0
/*
 * Multipath TCP (RFC 8684) as a transport.
 *
 * It survives the loss of a path as long as there is another one, but tells nobody
 * when the last one has been reset, for a new one may come: its socket goes on taking
 * bytes.  What ends such a transport is that the peer of the session says nothing
 * more, see rsess_net.stall_timeout_ms; the dialer asks it as often.
 *
 * A peer without MPTCP is one of TCP, on the same port.
 */
#include <net/inet6_hashtables.h>
#include <net/inet_hashtables.h>
#include <net/tcp.h>
#include "compat.h"
#include "copied.h"
#include "inband.h"
#include "listener.h"
#include "mptcp.h"
#include "owner.h"
#include "session.h"

/* A connection from a peer without MPTCP has a socket of TCP. */
static bool rsess_mptcp_is(const struct sock *sk)
{
	return sk->sk_protocol == IPPROTO_MPTCP;
}

/* It takes the locks of its paths under its own, and of those of the kernel lockdep sees
 * one class.  Those that a listener accepts have, like it, none of the kernel's.
 */
static void rsess_mptcp_made(struct sock *sk)
{
	static struct lock_class_key key, slock_key;

	sock_lock_init_class_and_name(sk, "rsess_mptcp_slock", &slock_key,
				      "rsess_mptcp_lock", &key);
	sk->sk_kern_sock = 0;
}

#ifdef RSESS_HAVE_SK_INO
/* The first path has the addresses and the ports of the socket.  Under RCU. */
static struct sock *rsess_mptcp_find4(const struct sock *sk, bool listens)
{
	const struct inet_sock *inet = inet_sk(sk);
	struct net *net = sock_net(sk);

	if (listens)
		return rsess_lookup4(net, RSESS_HASHINFO(net), NULL, 0,
				     inet->inet_rcv_saddr, 0,
				     inet->inet_rcv_saddr, inet->inet_num,
				     sk->sk_bound_dev_if, 0);
	return rsess_established4(net, RSESS_HASHINFO(net), inet->inet_daddr,
				  inet->inet_dport, inet->inet_rcv_saddr,
				  inet->inet_num, sk->sk_bound_dev_if, 0);
}

#if IS_ENABLED(CONFIG_IPV6)
static struct sock *rsess_mptcp_find6(const struct sock *sk, bool listens)
{
	const struct inet_sock *inet = inet_sk(sk);
	struct net *net = sock_net(sk);

	if (listens)
		return rsess_lookup6(net, RSESS_HASHINFO(net), NULL, 0,
				     &sk->sk_v6_rcv_saddr, 0,
				     &sk->sk_v6_rcv_saddr, inet->inet_num,
				     sk->sk_bound_dev_if, 0);
	return rsess_established6(net, RSESS_HASHINFO(net), &sk->sk_v6_daddr,
				  inet->inet_dport, &sk->sk_v6_rcv_saddr,
				  inet->inet_num, sk->sk_bound_dev_if, 0);
}
#endif

static struct sock *rsess_mptcp_find(const struct sock *sk, bool listens)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6 && !ipv6_addr_v4mapped(&sk->sk_v6_daddr))
		return rsess_mptcp_find6(sk, listens);
#endif
	return rsess_mptcp_find4(sk, listens);
}

/**
 * rsess_mptcp_show_path() - the first path shows what its struct socket does
 * @inner: inner socket
 *
 * Newer kernels have a copy of the inode's number and user in each socket, which a path gets
 * when it begins: ss, lsof and the rules of routing look there.
 *
 * Not found is a path that has another device than its socket, as one of a link-local
 * address that was accepted has, or that shares its port with listeners of TCP; nor one
 * that came later: those have what the socket showed when they came.
 *
 * Context: any that may take the path's sk_callback_lock.
 */
void rsess_mptcp_show_path(struct socket *inner)
{
	const struct sock *sk = inner->sk;
	bool listens = sk->sk_state == TCP_LISTEN;
	struct sock *path;

	if (!rsess_mptcp_is(sk) || !inet_sk(sk)->inet_num)
		return;
	rcu_read_lock();
	path = rsess_mptcp_find(sk, listens);
	/* It may be what waits for the end of TIME_WAIT, or for an ACK. */
	if (path && sk_fullsock(path)) {
		write_lock_bh(&path->sk_callback_lock);
		if (path->sk_socket == inner) {
			WRITE_ONCE(path->sk_ino, SOCK_INODE(inner)->i_ino);
			WRITE_ONCE(path->sk_uid, SOCK_INODE(inner)->i_uid);
		}
		write_unlock_bh(&path->sk_callback_lock);
	}
	if (path && !listens)
		sock_gen_put(path);
	rcu_read_unlock();
}
#endif

static void rsess_mptcp_tune(struct socket *sock)
{
	rsess_inner_set(sock, SOL_TCP, TCP_NODELAY, 1);
}

/* For who knocks later. */
static int rsess_mptcp_listen(struct rsess_listener *lsn)
{
	return rsess_offers_init(sock_net(lsn->sock->sk));
}

static void rsess_mptcp_unlisten(struct rsess_listener *lsn)
{
}

const struct rsess_transport_ops rsess_mptcp_ops = {
	.protocol	= IPPROTO_MPTCP,
	.level		= SOL_TCP,
	.ulp		= TCP_ULP,
	.refused	= ECONNREFUSED,
	.waitq_space	= true,
	.silent_reset	= true,
	.shell		= true,
	.modular	= true,
	.core		= rsess_mptcp_is,
	RSESS_INBAND_OPS,
	.listen		= rsess_mptcp_listen,
	.unlisten	= rsess_mptcp_unlisten,
	.init_sock	= rsess_mptcp_made,
	.set_defaults	= rsess_mptcp_tune,
	.state		= rsess_tcp_state,
	.send		= rsess_copied_send,
	.push		= rsess_mptcp_tune,
	.read		= rsess_copied_read,
	.discard	= rsess_copied_discard,
};
