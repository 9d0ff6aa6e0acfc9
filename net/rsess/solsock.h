/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an inner socket has to obey of SOL_SOCKET.
 */
#ifndef _RSESS_SOLSOCK_H
#define _RSESS_SOLSOCK_H

struct rsess_sock;
struct sock;
struct socket;

void rsess_solsock_memory(const struct sock *sk, struct sock *inner);
void rsess_solsock_update(struct rsess_sock *rs, struct socket *sock);
void rsess_solsock_inherit(struct sock *sk, const struct sock *parent);
void rsess_solsock_hand_over(struct socket *sock, const struct sock *from,
			     unsigned long flags);
void rsess_solsock_filter(struct sock *sk, const struct sock *from);
void rsess_solsock_buffers(struct sock *sk, const struct sock *from);
void rsess_solsock_grow(struct rsess_sock *rs);
void rsess_solsock_tell(struct socket *sock, const struct sock *sk);

#endif /* _RSESS_SOLSOCK_H */
