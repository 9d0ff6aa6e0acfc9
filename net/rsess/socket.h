/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSESS_SOCKET_H
#define _RSESS_SOCKET_H

struct net;
struct socket;

int rsess_create(struct net *net, struct socket *sock, int protocol, int kern);

#endif /* _RSESS_SOCKET_H */
