/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Dialers that ask for a session at a port where nobody listens, see knock.c.
 */
#ifndef _RSESS_KNOCK_H
#define _RSESS_KNOCK_H

#include <linux/in6.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/uidgid.h>
#include "addr.h"

struct net_device;
struct rsess_net;
struct rsess_offer_key;
struct rsess_sock;
struct rsess_tomb;
struct rsess_transport_ops;

/**
 * struct rsess_place - where a session that has ended was accepted
 * @ops: of its transports
 * @addr: of its listener; its family is 0: nobody may knock
 * @v6only: IPV6_V6ONLY of that
 * @bound_dev_if: of that
 * @uid: of that
 * @peer: the dialer's host
 * @inband: the dialer says nothing in the transport's handshake
 */
struct rsess_place {
	const struct rsess_transport_ops *ops;
	union rsess_addr	addr;
	bool			v6only;
	int			bound_dev_if;
	kuid_t			uid;
	struct in6_addr		peer;
	bool			inband;
};

void rsess_knock_init(struct rsess_net *rn);
void rsess_knock_exit(struct rsess_net *rn);
void rsess_knock_allow(struct rsess_net *rn, struct rsess_tomb *tomb,
		       const struct rsess_sock *rs);
void rsess_knock_forbid(struct rsess_net *rn, struct rsess_tomb *tomb);
void rsess_knock_door(struct rsess_net *rn, bool v6, struct sock *sk);
int rsess_knock_watch(struct net *net);
bool rsess_knock_out(struct rsess_net *rn, const struct sk_buff *skb,
		     const struct net_device *dev, int off, u8 protocol,
		     struct rsess_offer_key *key);

/**
 * rsess_knock_passes() - is there nothing to be seen in a packet?
 * @skb: the packet, no later fragment
 * @nhl: bytes of the IP header
 * @protocol: of the header behind it
 *
 * Most packets are of a connection of TCP that stands.
 *
 * Return: true if so.
 */
static inline bool rsess_knock_passes(const struct sk_buff *skb, int nhl,
				      u8 protocol)
{
	const struct tcphdr *th = (void *)(skb_network_header(skb) + nhl);

	return protocol == IPPROTO_TCP && skb_tail_pointer(skb) >= (u8 *)(th + 1) &&
	       !th->syn && !th->rst;
}

#endif /* _RSESS_KNOCK_H */
