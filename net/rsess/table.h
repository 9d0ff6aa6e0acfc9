/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which sessions a peer may resume, and what is left of ended ones.
 */
#ifndef _RSESS_TABLE_H
#define _RSESS_TABLE_H

#include <linux/rhashtable-types.h>
#include "knock.h"
#include "wire.h"

struct net;
struct rsess_listener;
struct rsess_net;
struct rsess_roll;
struct rsess_sock;
struct rsess_user;
struct sock;

/**
 * struct rsess_tomb - tombstone: what it takes to answer a RESUME of a session
 * that has ended in order
 * @hash: place in the table, under the lock of rsess_net, as the rest
 * @list: place in the list of @user
 * @user: who had the session
 * @lsn: listener that is kept open for the RESUME, where a dialer that knocks is not
 *	noticed; else NULL
 * @rcu: who knocks looks without a lock
 * @knock: place in rsess_net.places, of one of those with an equal @at; else not hashed
 * @same: ring of those with an equal @at, or alone: nobody has to come
 * @at: where the session was accepted, if somebody has to come; does not change
 * @knocked: with @knock: somebody has, and nobody listens; written without a lock
 * @expires: jiffies
 * @id: of the session
 * @secret: of the session
 * @epoch: of the newest transport
 * @seq: offset behind our FIN
 * @ack: offset behind the peer's FIN
 * @limit: last credit that was told
 */
struct rsess_tomb {
	struct rhash_head	hash;
	struct list_head	list;
	struct rsess_user	*user;
	struct rsess_listener	*lsn;
	struct rcu_head		rcu;
	struct hlist_node	knock;
	struct list_head	same;
	struct rsess_place	at;
	bool			knocked;
	unsigned long		expires;
	u8			id[RSESS_WIRE_ID_LEN];
	u8			secret[RSESS_WIRE_MAC_LEN];
	u32			epoch;
	u64			seq;
	u64			ack;
	u64			limit;
};

int rsess_table_init(struct rsess_net *rn);
void rsess_table_exit(struct rsess_net *rn);
int rsess_roll_add(struct rsess_roll *roll, u32 *number, void *entry);
void rsess_roll_del(struct rsess_roll *roll, u32 *number);
struct rsess_sock *rsess_table_next(struct rsess_net *rn,
				    unsigned long *number);
int rsess_table_list(struct rsess_sock *rs);
void rsess_table_unlist(struct rsess_sock *rs);
int rsess_table_insert(struct rsess_sock *rs);
void rsess_table_remove(struct rsess_sock *rs, bool tomb);
struct rsess_sock *rsess_orphan_add(struct rsess_sock *rs);
void rsess_orphan_remove(struct rsess_sock *rs);
void rsess_orphan_relieve(void);
struct sock *rsess_table_find(struct net *net, const u8 *id);
bool rsess_tomb_find(struct net *net, const u8 *id, struct rsess_tomb *copy);
bool rsess_tomb_renew(struct net *net, const u8 *id, u32 epoch);

#endif /* _RSESS_TABLE_H */
