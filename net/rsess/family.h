/* SPDX-License-Identifier: GPL-2.0 */
/*
 * AF_RSESS and IPPROTO_RSESS.
 */
#ifndef _RSESS_FAMILY_H
#define _RSESS_FAMILY_H

struct sock;

int rsess_sock_init(struct sock *sk);
void rsess_sock_refused(struct sock *sk);
void rsess_sock_unhash(struct sock *sk);

int rsess_family_register(void);
void rsess_family_unregister(void);

#endif /* _RSESS_FAMILY_H */
