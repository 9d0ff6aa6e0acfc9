/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSESS_SOCKET_H
#define _RSESS_SOCKET_H

#include <linux/net.h>
#include "compat.h"

/* What the socket core is told of the struct socket of a session.  That it has zero copy: it
 * copies, and says so.
 */
static inline void rsess_socket_flags(struct socket *sock)
{
	RSESS_CUSTOM_SOCKOPT(sock);
	set_bit(SOCK_SUPPORT_ZC, &sock->flags);
}

const struct proto_ops *rsess_socket_ops(int family);
int rsess_sock_bind_add(struct sock *sk, struct sockaddr_unsized *uaddr,
			int addr_len);

#endif /* _RSESS_SOCKET_H */
