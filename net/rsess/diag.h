/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sockets of a namespace, over NETLINK_SOCK_DIAG.
 */
#ifndef _RSESS_DIAG_H
#define _RSESS_DIAG_H

#include <linux/types.h>
#include <linux/uidgid.h>
#include <uapi/linux/rsess.h>
#include "addr.h"

struct inet_diag_msg;
struct netlink_callback;
struct nlmsghdr;
struct rsess_net;
struct sk_buff;
struct sock;

/**
 * struct rsess_diag_sock - a socket that is told of
 * @sk: outer socket, or that of a transport if it has fallen back; with a reference
 * @roll: enum rsess_roll_of
 * @info: what it tells of itself, with its id
 */
struct rsess_diag_sock {
	struct sock		*sk;
	int			roll;
	struct rsess_info	info;
};

/**
 * struct rsess_diag_asker - who asks, and how
 * @states: bits of those that are wanted in a dump
 * @cookie: of the socket that is wanted, or INET_DIAG_NOCOOKIE
 * @id: of the session that is wanted, or NULL
 * @uid: whose netlink socket it is
 * @admin: has CAP_NET_ADMIN in the namespace
 * @sk: the netlink socket
 * @portid: of it
 * @seq: of the request
 * @tell: makes a message for a socket; -EMSGSIZE: there is no room for it
 */
struct rsess_diag_asker {
	u32			states;
	u32			cookie[2];
	const u8		*id;
	kuid_t			uid;
	bool			admin;
	struct sock		*sk;
	u32			portid;
	u32			seq;
	int			(*tell)(struct sk_buff *skb,
					const struct rsess_diag_asker *asker,
					const struct rsess_diag_sock *d,
					int flags);
};

void rsess_diag_ask(struct rsess_diag_asker *asker, struct sk_buff *skb,
		    const struct nlmsghdr *nlh);
int rsess_diag_find(struct rsess_net *rn, const struct rsess_diag_asker *asker,
		    struct rsess_diag_sock *d);
int rsess_diag_dump_start(struct netlink_callback *cb);
int rsess_diag_dump_more(struct sk_buff *skb, struct netlink_callback *cb,
			 struct rsess_diag_asker *asker);
void rsess_diag_names(const struct rsess_diag_sock *d, union rsess_addr *local,
		      union rsess_addr *peer);
int rsess_diag_put(struct sk_buff *skb, const struct rsess_diag_asker *asker,
		   const struct rsess_diag_sock *d, struct inet_diag_msg *r);

int rsess_diag_register(void);
void rsess_diag_unregister(void);

#endif /* _RSESS_DIAG_H */
