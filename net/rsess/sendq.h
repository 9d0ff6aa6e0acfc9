/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Retained bytes: everything the application wrote and the peer's session has
 * not acknowledged, in pages that are lent to the transports and never written
 * twice.  The pages of a file that sendfile() sends are its own, as with TCP: who
 * writes to the file writes to what was not sent, and to what is sent again.
 */
#ifndef _RSESS_SENDQ_H
#define _RSESS_SENDQ_H

#include <linux/list.h>
#include <linux/log2.h>
#include <linux/mm_types_task.h>
#include <linux/types.h>
#include "wire.h"

struct bio_vec;
struct page;

/**
 * struct rsess_chunk - consecutive bytes of the stream in one page
 * @list: place in the queue, lowest offset first
 * @seq: offset of the first byte
 * @page: holds them; the chunk has a reference
 * @off: where in @page
 * @len: how many
 * @borrowed: somebody else made the page, and may write to it
 */
struct rsess_chunk {
	struct list_head	list;
	u64			seq;
	struct page		*page;
	u32			off;
	u32			len;
	bool			borrowed;
};

/**
 * struct rsess_sendq - retained queue of one session
 * @chunks: offsets @snd_una up to @write_seq, without a hole
 * @cursor: a chunk not behind the one that holds @snd_nxt, where a search for it
 *	begins; NULL for the first
 * @snd_una: oldest offset not acknowledged by the peer's session
 * @snd_nxt: next offset to give to the present transport
 * @snd_max: highest @snd_nxt ever reached; no valid acknowledgment is above
 * @write_seq: offset behind the last byte
 * @frag: page that the next bytes are written to, behind the last ones.  Nobody else
 *	writes there, so what a chunk keeps in memory are bytes of this queue
 * @one: a chunk that is not allocated: for who sends little and waits for an answer.  It is in
 *	use when it has a page
 * @kept: no chunk has the page of @frag, which waits for more bytes and is in @truesize
 * @truesize: bytes of memory that the chunks keep
 *
 * Protected by the lock of the outer socket.
 */
struct rsess_sendq {
	struct list_head	chunks;
	struct rsess_chunk	*cursor;
	u64			snd_una;
	u64			snd_nxt;
	u64			snd_max;
	u64			write_seq;
	struct page_frag	frag;
	struct rsess_chunk	one;
	bool			kept;
	u64			truesize;
};

/* No page is larger. */
#define RSESS_SENDQ_PAGE_MAX	32768
/* What a chunk keeps beside its page, and what the first byte in a page costs at least. */
#define RSESS_SENDQ_CHUNK	roundup_pow_of_two(sizeof(struct rsess_chunk))
#define RSESS_SENDQ_COST_MIN	(PAGE_SIZE + RSESS_SENDQ_CHUNK)

void rsess_sendq_init(struct rsess_sendq *q, u64 seq);
int rsess_sendq_refill(struct rsess_sendq *q, u32 size, gfp_t gfp);
u32 rsess_sendq_cost(const struct rsess_sendq *q);
void rsess_sendq_keep(struct rsess_sendq *q);
void rsess_sendq_trim(struct rsess_sendq *q);
int rsess_sendq_put(struct rsess_sendq *q, struct page *page, u32 off, u32 len,
		    gfp_t gfp);
u32 rsess_sendq_borrow_cost(u32 len);
int rsess_sendq_borrow(struct rsess_sendq *q, struct page *page, u32 off,
		       u32 len, gfp_t gfp);
u32 rsess_sendq_frag(struct rsess_sendq *q, u32 max, struct page **page,
		     u32 *off);
unsigned int rsess_sendq_vec(struct rsess_sendq *q, u32 max, struct bio_vec *bv,
			     unsigned int room, u32 *len);
u32 rsess_sendq_span(struct rsess_sendq *q, u32 max, unsigned int n);
void rsess_sendq_sent(struct rsess_sendq *q, u32 len);
void rsess_sendq_copy(struct rsess_sendq *q, u32 len, u8 *to);
u64 rsess_sendq_ack(struct rsess_sendq *q, u64 seq);
void rsess_sendq_rewind(struct rsess_sendq *q, u64 seq);
u64 rsess_sendq_truncate(struct rsess_sendq *q, u64 seq);
u64 rsess_sendq_purge(struct rsess_sendq *q);

/* Bytes that wait for the peer's session.  Without the lock it may be old. */
static inline u64 rsess_sendq_retained(const struct rsess_sendq *q)
{
	return rsess_span(READ_ONCE(q->snd_una), READ_ONCE(q->write_seq));
}

/* Bytes that the present transport has not been given.  As above. */
static inline u64 rsess_sendq_unsent(const struct rsess_sendq *q)
{
	return rsess_span(READ_ONCE(q->snd_nxt), READ_ONCE(q->write_seq));
}

#endif /* _RSESS_SENDQ_H */
