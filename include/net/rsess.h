/* SPDX-License-Identifier: GPL-2.0 */
/*
 * AF_RSESS for users in the kernel.
 *
 * Such a socket is made with sock_create_kern() and used with the kernel_*()
 * calls.  It is no socket of TCP, but has room for a struct tcp_sock: on it
 * tcp_sock_set_*(), ip_sock_set_*() and sctp_sock_set_nodelay() do nothing, and harm
 * nothing.  sock_set_*() of <net/sock.h> do what they say, and so do the functions here,
 * which take sockets of AF_RSESS and plain ones alike.  See
 * Documentation/networking/rsess/kernel-users.rst.
 */
#ifndef _NET_RSESS_H
#define _NET_RSESS_H

#include <linux/net.h>
#include <linux/sockptr.h>
#include <linux/tcp.h>
#include <net/sock.h>
#include <uapi/linux/rsess.h>

/**
 * struct rsess_kernel_policy - what a user in the kernel wants of a socket
 * @chosen: @negotiate counts, and not what is usual in the namespace
 * @negotiate: enum rsess_negotiate
 * @port: where it counts; a socket that connects or listens elsewhere is plain.  0: anywhere
 */
struct rsess_kernel_policy {
	bool	chosen;
	u8	negotiate;
	u16	port;
};

void rsess_kernel_args(int *family, int *protocol,
		       const struct rsess_kernel_policy *policy);

/* An option of TCP: no cast, for an outer socket that listens may say that it is TCP's. */
static inline void __rsess_sock_set_tcp(struct sock *sk, int name, int val)
{
	struct socket *sock = sk->sk_socket;

	if (sock && sock->ops->setsockopt)
		sock->ops->setsockopt(sock, SOL_TCP, name, KERNEL_SOCKPTR(&val),
				      sizeof(val));
}

/**
 * rsess_sock_set_nodelay() - tcp_sock_set_nodelay() for a socket of any family
 * @sk: of TCP, or an outer socket
 *
 * Context: may sleep; locks @sk.
 */
static inline void rsess_sock_set_nodelay(struct sock *sk)
{
	__rsess_sock_set_tcp(sk, TCP_NODELAY, 1);
}

/**
 * rsess_sock_set_cork() - tcp_sock_set_cork() for a socket of any family
 * @sk: of TCP, or an outer socket
 * @on: collect small writes
 *
 * Context: may sleep; locks @sk.
 */
static inline void rsess_sock_set_cork(struct sock *sk, bool on)
{
	__rsess_sock_set_tcp(sk, TCP_CORK, on);
}

/**
 * rsess_sock_set_timeout() - set RSESS_TIMEOUT
 * @sock: outer socket
 * @ms: milliseconds without a transport after which the session fails with
 *	ETIMEDOUT; 0 is never
 *
 * Context: may sleep; locks the socket.
 * Return: 0; -ENOPROTOOPT on a socket that is not of AF_RSESS.
 */
static inline int rsess_sock_set_timeout(struct socket *sock, u32 ms)
{
	if (!sock->ops->setsockopt)
		return -ENOPROTOOPT;
	return sock->ops->setsockopt(sock, SOL_RSESS, RSESS_TIMEOUT,
				     KERNEL_SOCKPTR(&ms), sizeof(ms));
}

#endif /* _NET_RSESS_H */
