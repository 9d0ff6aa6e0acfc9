/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whose an inner socket is, to the kernel's rules and to those who look.
 */
#ifndef _RSESS_OWNER_H
#define _RSESS_OWNER_H

#include <linux/uidgid.h>

struct sock;
struct socket;

void rsess_owner_show(struct socket *inner, struct socket *app);
void rsess_owner_hide(struct socket *inner);
void rsess_owner_uid(struct socket *inner, kuid_t uid);
void rsess_owner_set(struct socket *inner, const struct sock *outer);
void rsess_owner_release(struct socket *inner);
void rsess_charge_as(struct sock *sk, const struct sock *owner);

#endif /* _RSESS_OWNER_H */
