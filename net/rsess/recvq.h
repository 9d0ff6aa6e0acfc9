/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Receive queue: sk_receive_queue of the outer socket, under its lock.
 */
#ifndef _RSESS_RECVQ_H
#define _RSESS_RECVQ_H

#include <linux/skbuff.h>

struct sock;

/**
 * struct rsess_skb_cb - which bytes of a queued skb are the stream's
 * @off: where they begin
 * @len: how many the reader has not taken
 * @own: made by this module: more may be appended while there is tail room
 */
struct rsess_skb_cb {
	u32	off;
	u32	len;
	bool	own;
};

static inline struct rsess_skb_cb *rsess_skb_cb(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct rsess_skb_cb) > sizeof(skb->cb));
	return (struct rsess_skb_cb *)skb->cb;
}

int rsess_recvq_add(struct sock *sk, struct sk_buff_head *queue,
		    const struct sk_buff *skb, unsigned int off, u32 len,
		    gfp_t gfp);
void rsess_recvq_eat(struct sock *sk, struct sk_buff *skb, u32 len);
void rsess_recvq_purge(struct sock *sk);

#endif /* _RSESS_RECVQ_H */
