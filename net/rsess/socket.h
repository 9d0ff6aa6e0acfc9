/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSESS_SOCKET_H
#define _RSESS_SOCKET_H

#include <linux/net.h>

const struct proto_ops *rsess_socket_ops(int family);

#endif /* _RSESS_SOCKET_H */
