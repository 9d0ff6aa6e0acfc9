/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whose an inner socket is, to the kernel's rules and to those who look.
 */
#ifndef _RSESS_OWNER_H
#define _RSESS_OWNER_H

#include <linux/uidgid.h>

union rsess_addr;
struct cgroup;
struct cred;
struct kvec;
struct msghdr;
struct rsess_sock;
struct sock;
struct socket;

void rsess_owner_show(struct socket *inner, struct socket *app);
void rsess_owner_hide(struct socket *inner);
void rsess_owner_uid(struct socket *inner, kuid_t uid);
void rsess_owner_set(struct socket *inner, const struct sock *outer);
bool rsess_owner_differs(const struct sock *inner, const struct sock *outer);
void rsess_owner_update(struct socket *inner, const struct sock *outer);
void rsess_owner_attach(struct socket *inner, const struct sock *outer);
int rsess_owner_label(struct socket *inner, const struct rsess_sock *rs);
int rsess_owner_label_dial(struct socket *inner, const struct rsess_sock *rs);
void rsess_owner_inherit(struct sock *child, const struct sock *parent,
			 const struct sock *inner);
void rsess_owner_accept(struct sock *child, const struct sock *parent);
struct cgroup *rsess_owner_take_over(struct socket *inner,
				     const struct rsess_sock *rs);
void rsess_owner_taken_over(struct cgroup *old);
void rsess_owner_release(struct socket *inner);

void rsess_owner_note(struct rsess_sock *rs);
bool rsess_owner_capable(const struct rsess_sock *rs, int cap);
void rsess_owner_forget(struct rsess_sock *rs);
int rsess_owner_stand_in(struct socket *inner, const struct rsess_sock *rs);
int rsess_owner_may_dial(const struct rsess_sock *rs,
			 const union rsess_addr *addr);
int rsess_owner_may_connect(const struct rsess_sock *rs, struct socket *inner,
			    union rsess_addr *addr);
int rsess_owner_may_bind(const struct rsess_sock *rs, struct socket *inner,
			 union rsess_addr *addr);
void rsess_owner_learn(struct sock *sk, const struct sock *inner);
void rsess_owner_accept_label(struct sock *sk, struct sock *parent);
bool rsess_owner_is_labelled(struct sock *sk);
const struct cred *rsess_owner_assume(const struct rsess_sock *rs);
void rsess_owner_drop(const struct cred *saved);

int rsess_inner_set(struct socket *sock, int level, int name, int val);
int rsess_inner_sendmsg(struct socket *sock, struct msghdr *msg,
			struct kvec *vec, size_t n, size_t len);
int rsess_inner_recvmsg(struct socket *sock, struct msghdr *msg,
			struct kvec *vec, size_t n, size_t len, int flags);
void rsess_charge_as(struct sock *sk, const struct sock *owner);

#endif /* _RSESS_OWNER_H */
