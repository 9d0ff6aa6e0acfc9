/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Outer sockets of users in the kernel, see cast.c.
 */
#ifndef _RSESS_CAST_H
#define _RSESS_CAST_H

struct sock;

void rsess_cast_setup(struct sock *sk);
void rsess_cast_end(struct sock *sk);
void rsess_cast_listens(struct sock *sk, bool listens);

#endif /* _RSESS_CAST_H */
