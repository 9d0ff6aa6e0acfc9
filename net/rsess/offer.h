/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SYNs that had the option and are not answered yet, see synopt.c.
 */
#ifndef _RSESS_OFFER_H
#define _RSESS_OFFER_H

#include <linux/in6.h>
#include <linux/types.h>

struct rsess_net;

/* A connection as the listener's host sees it; zero where there is nothing. */
struct rsess_offer_key {
	struct in6_addr	raddr;
	struct in6_addr	laddr;
	__be16		rport;
	__be16		lport;
	u32		isn;
} __aligned(8);

u64 rsess_offer_hash(const struct rsess_net *rn,
		     const struct rsess_offer_key *key);
u64 *rsess_offer_find(struct rsess_net *rn, u64 hash);
void rsess_offer_add(struct rsess_net *rn, u64 hash);
void rsess_offer_del(struct rsess_net *rn, u64 hash);

#endif /* _RSESS_OFFER_H */
