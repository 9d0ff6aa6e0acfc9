// SPDX-License-Identifier: GPL-2.0
/*
 * Receive queue of a session.  Large pieces are kept by reference to the skb
 * they came in; small ones are gathered, so that memory stays proportional to
 * bytes whatever pieces the peer cuts.
 */
#include <net/sock.h>
#include "recvq.h"

/* Pieces up to this size may be gathered. */
#define RSESS_GATHER_MAX	4096
/* Room of an skb that gathers. */
#define RSESS_GATHER_SIZE	SKB_WITH_OVERHEAD(2 * PAGE_SIZE)

static int rsess_recvq_queue(struct sock *sk, struct sk_buff_head *queue,
			     struct sk_buff *skb, u32 off, u32 len, bool own)
{
	*rsess_skb_cb(skb) = (struct rsess_skb_cb){
		.off = off, .len = len, .own = own,
	};
	if (!sk_rmem_schedule(sk, skb, skb->truesize)) {
		kfree_skb(skb);
		return -ENOMEM;
	}
	skb_set_owner_r(skb, sk);
	__skb_queue_tail(queue, skb);
	return 0;
}

static int rsess_recvq_gather(struct sock *sk, struct sk_buff_head *queue,
			      const struct sk_buff *skb, unsigned int off,
			      u32 len)
{
	struct sk_buff *own = alloc_skb(RSESS_GATHER_SIZE, sk->sk_allocation);
	int err;

	if (!own)
		return -ENOMEM;
	err = skb_copy_bits(skb, off, skb_put(own, len), len);
	if (err) {
		kfree_skb(own);
		return err;
	}
	return rsess_recvq_queue(sk, queue, own, 0, len, true);
}

/**
 * rsess_recvq_add() - queue bytes for the reader
 * @sk: outer socket, locked; pays for them
 * @queue: its receive queue, or where they wait for their tag
 * @skb: from the transport; it is left as it is
 * @off: where the bytes begin in @skb
 * @len: how many, not 0
 *
 * Context: may sleep.
 * Return: 0; -ENOMEM, and then nothing was queued and the caller tries later.
 */
int rsess_recvq_add(struct sock *sk, struct sk_buff_head *queue,
		    const struct sk_buff *skb, unsigned int off, u32 len)
{
	struct sk_buff *tail = skb_peek_tail(queue);
	struct sk_buff *clone;

	if (tail && rsess_skb_cb(tail)->own && skb_tailroom(tail) >= len) {
		int err = skb_copy_bits(skb, off, skb_tail_pointer(tail), len);

		if (err)
			return err;
		skb_put(tail, len);
		rsess_skb_cb(tail)->len += len;
		return 0;
	}
	/* The window is half of SO_RCVBUF, so that this keeps within it. */
	if (len <= RSESS_GATHER_MAX && len < skb->truesize / 2)
		return rsess_recvq_gather(sk, queue, skb, off, len);

	clone = skb_clone((struct sk_buff *)skb, sk->sk_allocation);
	if (!clone)
		return -ENOMEM;
	return rsess_recvq_queue(sk, queue, clone, off, len, false);
}

/**
 * rsess_recvq_eat() - the reader has taken bytes
 * @sk: outer socket, locked
 * @skb: first of its receive queue
 * @len: how many of its bytes
 */
void rsess_recvq_eat(struct sock *sk, struct sk_buff *skb, u32 len)
{
	struct rsess_skb_cb *cb = rsess_skb_cb(skb);

	cb->off += len;
	cb->len -= len;
	if (cb->len)
		return;
	__skb_unlink(skb, &sk->sk_receive_queue);
	kfree_skb(skb);
}

/**
 * rsess_recvq_purge() - drop all that is queued
 * @sk: outer socket, locked, or unreachable for others
 */
void rsess_recvq_purge(struct sock *sk)
{
	__skb_queue_purge(&sk->sk_receive_queue);
}
