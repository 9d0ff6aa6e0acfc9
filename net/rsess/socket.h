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

#endif /* _RSESS_SOCKET_H */
