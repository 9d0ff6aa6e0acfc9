/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Inner sockets of an outer one.
 */
#ifndef _RSESS_INNER_H
#define _RSESS_INNER_H

#include <linux/types.h>

struct rsess_journal_entry;
struct rsess_sock;
struct socket;
union rsess_addr;

struct socket *rsess_inner_get(struct rsess_sock *rs, int family);
void rsess_inner_forget(struct rsess_sock *rs);
void rsess_inner_choose(struct rsess_sock *rs, struct socket *sock);
void rsess_inner_unchoose(struct socket *sock);
bool rsess_inner_is_bound(struct socket *sock);
int rsess_inner_bind(const struct rsess_sock *rs, struct socket *sock,
		     union rsess_addr *addr);
int rsess_inner_bind_add(struct rsess_sock *rs, struct socket *sock,
			 const union rsess_addr *addr);
void rsess_inner_bind_locals(const struct rsess_sock *rs, struct socket *sock);
int rsess_inner_apply(void *arg, const struct rsess_journal_entry *e);
void rsess_inner_replay(const struct rsess_sock *rs, struct socket *sock);

#endif /* _RSESS_INNER_H */
