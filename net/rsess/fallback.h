/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sockets that have fallen back to their transport, see fallback.c.
 */
#ifndef _RSESS_FALLBACK_H
#define _RSESS_FALLBACK_H

#include <linux/slab.h>
#include <net/sock.h>
#include <uapi/linux/rsess.h>
#include "compat.h"
#include "session.h"

struct proto_accept_arg;
struct rsess_transport_ops;

/**
 * struct rsess_fallback - what a fallen-back socket has of this module
 * @ops: of the transport, which does everything
 * @transport: whose they are
 * @shell: the struct socket that the transport's was made with, where it needs that;
 *	else NULL
 * @outer: what was the application's socket while it connected, or NULL; others may
 *	be in the middle of a call on it, so it stays until the file is closed
 * @told: the transport itself keeps the state of its struct socket, and has said there
 *	that it is connected
 * @reason: enum rsess_reason
 * @sk: what is the application's socket now
 * @number: among the plain ones of rsess_net.roll, or 0
 */
struct rsess_fallback {
	const struct proto_ops	*ops;
	const struct rsess_transport_ops *transport;
	struct socket		*shell;
	struct sock		*outer;
	bool			told;
	u32			reason;
	struct sock		*sk;
	u32			number;
};

/**
 * rsess_fallback_alloc() - what a socket needs to fall back
 *
 * Context: may sleep.
 * Return: to be freed with kfree() if it is not used; or NULL.
 */
static inline struct rsess_fallback *rsess_fallback_alloc(void)
{
	return kzalloc(sizeof(struct rsess_fallback), GFP_KERNEL_ACCOUNT);
}

/**
 * rsess_fallback() - what a socket has that has fallen back
 * @sock: the application's socket; rsess_is_session() was false
 */
static inline struct rsess_fallback *rsess_fallback(struct socket *sock)
{
	return SOCK_INODE(sock)->i_private;
}

/**
 * rsess_is_session() - is it a socket of ours, or has it fallen back?
 * @sk: of the application's socket
 */
static inline bool rsess_is_session(const struct sock *sk)
{
	return sk->sk_prot == &rsess_proto || rsess_is_kernel(sk);
}

struct sock *rsess_sock_get(struct socket *sock);
struct sock *rsess_sock_lock(struct socket *sock);

void rsess_fallback_fall_back(struct rsess_sock *rs, enum rsess_reason reason);
void rsess_fallback_accept(struct sock *parent, struct socket *inner,
			   struct rsess_fallback *plain, struct socket *sock);

int rsess_fallback_getname(struct socket *sock, struct sockaddr *uaddr, int peer);
int rsess_fallback_connect(struct socket *sock, struct sockaddr_unsized *uaddr,
			   int addr_len, int flags);
int rsess_fallback_release(struct socket *sock);
int rsess_fallback_accept_more(struct socket *sock, struct socket *newsock,
			       struct proto_accept_arg *arg);
int rsess_fallback_setsockopt(struct socket *sock, int level, int optname,
			      sockptr_t optval, unsigned int optlen);
int rsess_fallback_getsockopt(struct socket *sock, int level, int optname,
			      char __user *optval, int __user *optlen);

#endif /* _RSESS_FALLBACK_H */
