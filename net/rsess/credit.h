/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Credit: how far the peer may send.  Pure functions over offsets; the state
 * is protected by the lock of the outer socket.
 */
#ifndef _RSESS_CREDIT_H
#define _RSESS_CREDIT_H

#include "wire.h"

/**
 * struct rsess_credit - the receiving half of a session, in offsets
 * @rcv_nxt: next offset expected
 * @copied_seq: next offset the application will read
 * @limit: the highest limit that the peer was told; never decreases
 * @acked: the highest rcv_nxt that the peer was told
 * @read: copied_seq when it was told
 */
struct rsess_credit {
	u64	rcv_nxt;
	u64	copied_seq;
	u64	limit;
	u64	acked;
	u64	read;
};

static inline void rsess_credit_init(struct rsess_credit *c, u64 seq)
{
	c->rcv_nxt = seq;
	c->copied_seq = seq;
	c->limit = seq;
	c->acked = seq;
	c->read = seq;
}

/* The limit to tell now, given the window in bytes. */
static inline u64 rsess_credit_limit(const struct rsess_credit *c, u32 window)
{
	u64 limit = c->copied_seq + window;

	return rsess_before(limit, c->limit) ? c->limit : limit;
}

/* The header of a frame that is being made tells both: note and return. */
static inline u64 rsess_credit_told(struct rsess_credit *c, u32 window)
{
	WRITE_ONCE(c->limit, rsess_credit_limit(c, window));
	c->acked = c->rcv_nxt;
	c->read = c->copied_seq;
	return c->limit;
}

/* Is enough owed for a frame of its own?  A quarter of the window is. */
static inline bool rsess_credit_owed(const struct rsess_credit *c, u32 window)
{
	return c->rcv_nxt - c->acked >= window / 4;
}

/* Has the reader freed enough for a frame of its own?  That the window has grown is worth one
 * when half of what the peer was told of is used up; otherwise the next frame tells.
 */
static inline bool rsess_credit_freed(const struct rsess_credit *c, u32 window)
{
	u32 enough = window / 4;

	return rsess_credit_limit(c, window) - c->limit >= enough &&
	       (c->copied_seq - c->read >= enough ||
		c->limit - c->rcv_nxt < (c->limit - c->read) / 2);
}

/* Where DATA stands. */
enum rsess_data_verdict {
	RSESS_DATA_OK,		/* new bytes, maybe behind old ones */
	RSESS_DATA_OLD,		/* nothing but old bytes */
	RSESS_DATA_GAP,		/* begins above rcv_nxt */
	RSESS_DATA_OVER,	/* goes beyond the credit */
};

/**
 * rsess_credit_judge() - may this DATA be taken?
 * @c: the receiving half
 * @seq: offset of its first byte
 * @len: its bytes
 *
 * Return: a verdict; for %RSESS_DATA_OK the first rcv_nxt - @seq bytes are old.
 */
static inline enum rsess_data_verdict
rsess_credit_judge(const struct rsess_credit *c, u64 seq, u32 len)
{
	if (rsess_after(seq, c->rcv_nxt))
		return RSESS_DATA_GAP;
	if (rsess_after(seq + len, c->limit))
		return RSESS_DATA_OVER;
	if (!rsess_after(seq + len, c->rcv_nxt))
		return RSESS_DATA_OLD;
	return RSESS_DATA_OK;
}

#endif /* _RSESS_CREDIT_H */
