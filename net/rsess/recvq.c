// SPDX-License-Identifier: GPL-2.0
/*
 * Receive queue of a session.  Large pieces are kept by reference to the skb
 * they came in; small ones are gathered, so that memory stays proportional to
 * bytes whatever pieces the peer cuts.
 */
#include <net/sock.h>
#include "recvq.h"
#include "stamp.h"

/* Room of an skb that gathers: for a small piece that a reader waits for, for those that
 * come while it does not, and for larger ones.
 */
#define RSESS_GATHER_ONE	SKB_WITH_OVERHEAD(1024)
#define RSESS_GATHER_SMALL	SKB_WITH_OVERHEAD(2 * PAGE_SIZE)
#define RSESS_GATHER_LARGE	SKB_WITH_OVERHEAD(8 * PAGE_SIZE)

static int rsess_recvq_queue(struct sock *sk, struct sk_buff_head *queue,
			     struct sk_buff *skb, u32 off, u32 len, bool own)
{
	*rsess_skb_cb(skb) = (struct rsess_skb_cb){
		.off = off, .len = len, .own = own,
	};
	/* A reader that waits for bytes gets them at the limits too; the socket owes for
	 * them.
	 */
	if (!sk_rmem_schedule(sk, skb, skb->truesize) &&
	    !skb_queue_empty(&sk->sk_receive_queue)) {
		kfree_skb(skb);
		return -ENOMEM;
	}
	skb_set_owner_r(skb, sk);
	__skb_queue_tail(queue, skb);
	return 0;
}

static u32 rsess_recvq_room(const struct sk_buff_head *queue, u32 len)
{
	if (len <= RSESS_GATHER_ONE && skb_queue_empty(queue))
		return RSESS_GATHER_ONE;
	return len <= RSESS_GATHER_SMALL ? RSESS_GATHER_SMALL :
					   RSESS_GATHER_LARGE;
}

/* Copy a piece: into the room of the last skb, and what does not fit into a new one. */
static int rsess_recvq_gather(struct sock *sk, struct sk_buff_head *queue,
			      const struct sk_buff *skb, unsigned int off,
			      u32 len, gfp_t gfp)
{
	struct sk_buff *own, *tail = skb_peek_tail(queue);
	u32 room = 0, rest;
	int err;

	if (tail && rsess_skb_cb(tail)->own)
		room = min_t(u32, skb_tailroom(tail), len);
	if (room) {
		err = skb_copy_bits(skb, off, skb_tail_pointer(tail), room);
		if (err)
			return err;
	}
	rest = len - room;
	if (rest) {
		own = alloc_skb(rsess_recvq_room(queue, rest), gfp);
		if (!own)
			return -ENOMEM;
		err = skb_copy_bits(skb, off + room, skb_put(own, rest), rest);
		if (err) {
			kfree_skb(own);
			return err;
		}
		rsess_stamp_copy(own, skb);
		err = rsess_recvq_queue(sk, queue, own, 0, rest, true);
		if (err)
			return err;
	}
	if (room) {
		rsess_stamp_copy(tail, skb);
		skb_put(tail, room);
		rsess_skb_cb(tail)->len += room;
	}
	return 0;
}

/* Another piece will pay for the bytes that this one refers to. */
static void rsess_recvq_relieve(struct sock *sk, struct sk_buff *skb)
{
	skb_orphan(skb);
	skb->truesize = SKB_TRUESIZE(0);
	skb_set_owner_r(skb, sk);
}

/**
 * rsess_recvq_add() - queue bytes for the reader
 * @sk: outer socket, locked; pays for them
 * @queue: its receive queue, or where they wait for their tag
 * @skb: from the transport; it is left as it is
 * @off: where the bytes begin in @skb
 * @len: how many, not 0
 * @gfp: for an skb
 *
 * Of the pieces of an skb that are kept by reference the last one pays for all of it: it is
 * read last.  A small one is kept so only if it is most of the skb.  The window is half of
 * SO_RCVBUF, so that this keeps within it.
 *
 * Context: any; may sleep if @gfp allows it.
 * Return: 0; -ENOMEM, and then nothing was queued and the caller tries later.
 */
int rsess_recvq_add(struct sock *sk, struct sk_buff_head *queue,
		    const struct sk_buff *skb, unsigned int off, u32 len,
		    gfp_t gfp)
{
	struct sk_buff *tail = skb_peek_tail(queue);
	struct sk_buff *clone, *last = tail;
	int err;

	if ((tail && rsess_skb_cb(tail)->own && skb_tailroom(tail) >= len) ||
	    (len <= RSESS_GATHER_LARGE && len < skb->truesize / 2))
		return rsess_recvq_gather(sk, queue, skb, off, len, gfp);

	clone = skb_clone((struct sk_buff *)skb, gfp);
	if (!clone)
		return -ENOMEM;
	/* Small ones may have been gathered since. */
	while (last && rsess_skb_cb(last)->own)
		last = skb_queue_is_first(queue, last) ?
		       NULL : skb_queue_prev(queue, last);
	err = rsess_recvq_queue(sk, queue, clone, off, len, false);
	if (!err && last && last->head == skb->head)
		rsess_recvq_relieve(sk, last);
	return err;
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
