// SPDX-License-Identifier: GPL-2.0
/*
 * Retained queue.  Knows bytes, offsets and pages, and what those cost; neither
 * sockets nor accounting, which the callers keep from the numbers that are here.
 */
#include <linux/bvec.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "compat.h"
#include "wire.h"
#include "sendq.h"
#include "kunit_export.h"

/**
 * rsess_sendq_init() - an empty queue
 * @q: the queue
 * @seq: offset of the first byte to come
 */
void rsess_sendq_init(struct rsess_sendq *q, u64 seq)
{
	INIT_LIST_HEAD(&q->chunks);
	q->cursor = NULL;
	q->snd_una = seq;
	q->snd_nxt = seq;
	q->snd_max = seq;
	q->write_seq = seq;
	q->frag = (struct page_frag){};
	q->one.page = NULL;
	q->kept = false;
	q->truesize = 0;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_sendq_init);

/* All of a page of ours, whatever part of it the bytes take. */
static u32 rsess_page_truesize(const struct page *page)
{
	return page_size((struct page *)page) + RSESS_SENDQ_CHUNK;
}

static u32 rsess_chunk_truesize(const struct rsess_chunk *c)
{
	return c->borrowed ? rsess_sendq_borrow_cost(c->len) :
			     rsess_page_truesize(c->page);
}

/* Bytes at one end of a chunk are not there any more. */
static void rsess_chunk_cut(struct rsess_sendq *q, struct rsess_chunk *c,
			    u32 len)
{
	if (c->borrowed)
		q->truesize -= len;
	c->len -= len;
}

static void rsess_chunk_free(struct rsess_sendq *q, struct rsess_chunk *c)
{
	if (q->cursor == c)
		q->cursor = NULL;
	q->truesize -= rsess_chunk_truesize(c);
	list_del(&c->list);
	put_page(c->page);
	if (c == &q->one)
		c->page = NULL;
	else
		kfree(c);
}

/* The page of @frag has no chunk any more, or has one again. */
static void rsess_sendq_set_kept(struct rsess_sendq *q, bool kept)
{
	if (q->kept == kept)
		return;
	q->kept = kept;
	if (kept)
		q->truesize += page_size(q->frag.page);
	else
		q->truesize -= page_size(q->frag.page);
}

/**
 * rsess_sendq_trim() - release @frag, unless a chunk has its page
 * @q: the queue
 */
void rsess_sendq_trim(struct rsess_sendq *q)
{
	if (!q->frag.page || (!list_empty(&q->chunks) && q->frag.offset))
		return;
	rsess_sendq_set_kept(q, false);
	put_page(q->frag.page);
	q->frag.page = NULL;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_sendq_trim);

/**
 * rsess_sendq_keep() - bytes were freed, and more are expected
 * @q: the queue
 *
 * If nothing is retained a page stays for the next bytes: who sends little and waits for
 * an answer does not take one each time.  rsess_sendq_trim() releases it.
 */
void rsess_sendq_keep(struct rsess_sendq *q)
{
	struct page_frag *frag = &q->frag;

	if (!frag->page || !list_empty(&q->chunks))
		return;
	if (frag->size > PAGE_SIZE || page_ref_count(frag->page) > 1) {
		rsess_sendq_trim(q);
		return;
	}
	frag->offset = 0;
	rsess_sendq_set_kept(q, true);
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_sendq_keep);

/**
 * rsess_sendq_refill() - make room in @frag for one byte at least
 * @q: the queue
 * @size: how large a new page may be; one of PAGE_SIZE may be larger
 * @gfp: for a new page
 *
 * Return: 0 or -ENOMEM.
 */
int rsess_sendq_refill(struct rsess_sendq *q, u32 size, gfp_t gfp)
{
	struct page_frag *frag = &q->frag;
	struct page *page = NULL;
	u32 order;

	if (frag->page && frag->offset < frag->size)
		return 0;
	size = min_t(u32, size, RSESS_SENDQ_PAGE_MAX);
	order = size > PAGE_SIZE ? ilog2(size / PAGE_SIZE) : 0;
	if (order)
		page = alloc_pages((gfp & ~__GFP_DIRECT_RECLAIM) | __GFP_COMP |
				   __GFP_NOWARN | __GFP_NORETRY, order);
	if (!page)
		page = alloc_page(gfp);
	if (!page)
		return -ENOMEM;
	if (frag->page)
		put_page(frag->page);
	frag->page = page;
	frag->offset = 0;
	frag->size = page_size(page);
	return 0;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_sendq_refill);

/* Does the next byte in a page follow the last one of the queue? */
static bool rsess_sendq_continues(const struct rsess_sendq *q,
				  const struct page *page, u32 off)
{
	const struct rsess_chunk *c;

	if (list_empty(&q->chunks))
		return false;
	c = list_last_entry(&q->chunks, struct rsess_chunk, list);
	return c->page == page && c->off + c->len == off && !c->borrowed;
}

/**
 * rsess_sendq_cost() - what the next bytes in @frag add to @truesize
 * @q: the queue, after rsess_sendq_refill()
 *
 * Return: bytes; 0 when the page is paid for.
 */
u32 rsess_sendq_cost(const struct rsess_sendq *q)
{
	if (rsess_sendq_continues(q, q->frag.page, q->frag.offset))
		return 0;
	return q->kept ? RSESS_SENDQ_CHUNK : rsess_page_truesize(q->frag.page);
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_sendq_cost);

static bool rsess_sendq_append(struct rsess_sendq *q, struct page *page,
			       u32 off, u32 len, bool borrowed, gfp_t gfp)
{
	struct rsess_chunk *c = &q->one;

	if (c->page)
		c = kmalloc(sizeof(*c), gfp);
	if (!c)
		return false;
	get_page(page);
	c->page = page;
	c->off = off;
	c->len = len;
	c->borrowed = borrowed;
	c->seq = q->write_seq;
	list_add_tail(&c->list, &q->chunks);
	q->truesize += rsess_chunk_truesize(c);
	q->write_seq += len;
	return true;
}

/**
 * rsess_sendq_put() - append bytes
 * @q: the queue
 * @page: holds the bytes; a reference is taken when one is needed
 * @off: where in @page
 * @len: how many, not 0
 * @gfp: for the chunk
 *
 * Bytes that follow the last ones in the same page extend their chunk, so that
 * memory stays proportional to bytes however small the writes are.
 *
 * Return: 0 or -ENOMEM.
 */
int rsess_sendq_put(struct rsess_sendq *q, struct page *page, u32 off, u32 len,
		    gfp_t gfp)
{
	struct rsess_chunk *c;

	if (rsess_sendq_continues(q, page, off)) {
		c = list_last_entry(&q->chunks, struct rsess_chunk, list);
		c->len += len;
		q->write_seq += len;
		return 0;
	}

	if (!rsess_sendq_append(q, page, off, len, false, gfp))
		return -ENOMEM;
	if (page == q->frag.page)
		rsess_sendq_set_kept(q, false);
	return 0;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_sendq_put);

/**
 * rsess_sendq_borrow_cost() - what bytes in somebody else's page add to @truesize
 * @len: how many
 *
 * As for TCP, the page is not counted: it would be there without us.
 */
u32 rsess_sendq_borrow_cost(u32 len)
{
	return len + RSESS_SENDQ_CHUNK;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_sendq_borrow_cost);

/**
 * rsess_sendq_borrow() - append bytes in a page that somebody else has made
 * @q: the queue
 * @page: holds the bytes; of no slab.  A reference is taken
 * @off: where in @page
 * @len: how many, not 0
 * @gfp: for the chunk
 *
 * Return: 0 or -ENOMEM.
 */
int rsess_sendq_borrow(struct rsess_sendq *q, struct page *page, u32 off,
		       u32 len, gfp_t gfp)
{
	if (!rsess_sendq_append(q, page, off, len, true, gfp))
		return -ENOMEM;
	/* Its bytes would not follow the last ones. */
	if (q->frag.page) {
		rsess_sendq_set_kept(q, false);
		put_page(q->frag.page);
		q->frag.page = NULL;
	}
	return 0;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_sendq_borrow);

static struct rsess_chunk *rsess_sendq_find(struct rsess_sendq *q, u64 seq)
{
	struct rsess_chunk *c = q->cursor;

	if (c && rsess_before(seq, c->seq))
		c = NULL;
	c = list_prepare_entry(c, &q->chunks, list);
	if (&c->list != &q->chunks && rsess_before(seq, c->seq + c->len))
		return c;
	list_for_each_entry_continue(c, &q->chunks, list)
		if (rsess_before(seq, c->seq + c->len))
			return c;
	return NULL;
}

/**
 * rsess_sendq_frag() - the bytes to send next
 * @q: the queue
 * @max: no more than so many
 * @page: the page they are in; borrowed
 * @off: where in the page
 *
 * Return: how many lie together at @snd_nxt, 0 when all are sent.
 */
u32 rsess_sendq_frag(struct rsess_sendq *q, u32 max, struct page **page,
		     u32 *off)
{
	struct rsess_chunk *c = rsess_sendq_find(q, q->snd_nxt);
	u32 skip;

	if (!c) {
		/* What comes next is behind the last one. */
		if (!list_empty(&q->chunks))
			q->cursor = list_last_entry(&q->chunks,
						    struct rsess_chunk, list);
		return 0;
	}
	q->cursor = c;
	skip = q->snd_nxt - c->seq;
	*page = c->page;
	*off = c->off + skip;
	return min(max, c->len - skip);
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_sendq_frag);

/**
 * rsess_sendq_vec() - the bytes to send next, of several chunks
 * @q: the queue
 * @max: no more than so many
 * @bv: filled in; pages are borrowed
 * @room: how many pieces at most
 * @len: how many bytes the pieces have
 *
 * Return: how many pieces, 0 when all are sent.
 */
unsigned int rsess_sendq_vec(struct rsess_sendq *q, u32 max, struct bio_vec *bv,
			     unsigned int room, u32 *len)
{
	struct rsess_chunk *c;
	struct page *page;
	unsigned int n = 0;
	u32 off, part;

	*len = 0;
	part = rsess_sendq_frag(q, max, &page, &off);
	if (!part || !room)
		return 0;
	c = q->cursor;
	for (;;) {
		bvec_set_page(&bv[n++], page, part, off);
		*len += part;
		max -= part;
		if (!max || n == room || list_is_last(&c->list, &q->chunks))
			return n;
		c = list_next_entry(c, list);
		page = c->page;
		off = c->off;
		part = min(max, c->len);
	}
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_sendq_vec);

/**
 * rsess_sendq_span() - how many of the bytes to send next lie in a few chunks
 * @q: the queue
 * @max: no more than so many
 * @n: how many chunks
 */
u32 rsess_sendq_span(struct rsess_sendq *q, u32 max, unsigned int n)
{
	struct rsess_chunk *c;
	struct page *page;
	u32 off, len;

	len = rsess_sendq_frag(q, max, &page, &off);
	if (!len)
		return 0;
	for (c = q->cursor; len < max && --n; len += min(max - len, c->len)) {
		if (list_is_last(&c->list, &q->chunks))
			break;
		c = list_next_entry(c, list);
	}
	return len;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_sendq_span);

/**
 * rsess_sendq_sent() - bytes were given to the transport
 * @q: the queue
 * @len: how many from @snd_nxt on
 */
void rsess_sendq_sent(struct rsess_sendq *q, u32 len)
{
	q->snd_nxt += len;
	if (rsess_after(q->snd_nxt, q->snd_max))
		q->snd_max = q->snd_nxt;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_sendq_sent);

/* A page may be compound, and of a file. */
static void rsess_sendq_copy_page(struct page *page, u32 off, u32 len, u8 *to)
{
	while (len) {
		u32 n = min_t(u32, len, PAGE_SIZE - offset_in_page(off));

		memcpy_from_page(to, nth_page(page, off >> PAGE_SHIFT),
				 offset_in_page(off), n);
		to += n;
		off += n;
		len -= n;
	}
}

/**
 * rsess_sendq_copy() - copy the bytes to send next: the transport is given the copy
 * @q: the queue
 * @len: how many from @snd_nxt on; so many are there
 * @to: where to
 */
void rsess_sendq_copy(struct rsess_sendq *q, u32 len, u8 *to)
{
	struct page *page;
	u32 off, n;

	for (; len; len -= n) {
		n = rsess_sendq_frag(q, len, &page, &off);
		if (WARN_ON_ONCE(!n))
			return;
		rsess_sendq_copy_page(page, off, n, to);
		rsess_sendq_sent(q, n);
		to += n;
	}
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_sendq_copy);

/**
 * rsess_sendq_ack() - the peer's session has all offsets below one
 * @q: the queue
 * @seq: that offset; the caller has checked that it is in snd_una..snd_max
 *
 * rsess_sendq_keep() or rsess_sendq_trim() must follow.
 *
 * Return: bytes freed.
 */
u64 rsess_sendq_ack(struct rsess_sendq *q, u64 seq)
{
	u64 freed = seq - q->snd_una;
	struct rsess_chunk *c, *n;

	list_for_each_entry_safe(c, n, &q->chunks, list) {
		u32 part;

		if (!rsess_before(c->seq, seq))
			break;
		if (!rsess_after(c->seq + c->len, seq)) {
			rsess_chunk_free(q, c);
			continue;
		}
		part = seq - c->seq;
		c->seq += part;
		c->off += part;
		rsess_chunk_cut(q, c, part);
		break;
	}
	q->snd_una = seq;
	if (rsess_before(q->snd_nxt, seq))
		q->snd_nxt = seq;
	return freed;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_sendq_ack);

/**
 * rsess_sendq_rewind() - a new transport continues from an offset
 * @q: the queue
 * @seq: the offset, in snd_una..snd_max
 */
void rsess_sendq_rewind(struct rsess_sendq *q, u64 seq)
{
	q->snd_nxt = seq;
	q->cursor = NULL;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_sendq_rewind);

/**
 * rsess_sendq_truncate() - drop the end of the queue
 * @q: the queue
 * @seq: the new end; raised to @snd_max, for what was sent must be kept
 *
 * Return: bytes freed.
 */
u64 rsess_sendq_truncate(struct rsess_sendq *q, u64 seq)
{
	struct rsess_chunk *c, *n;
	u64 freed;

	if (rsess_before(seq, q->snd_max))
		seq = q->snd_max;
	if (!rsess_before(seq, q->write_seq))
		return 0;

	list_for_each_entry_safe_reverse(c, n, &q->chunks, list) {
		if (!rsess_after(c->seq + c->len, seq))
			break;
		if (rsess_before(c->seq, seq)) {
			rsess_chunk_cut(q, c, c->seq + c->len - seq);
			break;
		}
		rsess_chunk_free(q, c);
	}
	rsess_sendq_trim(q);
	freed = q->write_seq - seq;
	q->write_seq = seq;
	return freed;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_sendq_truncate);

/**
 * rsess_sendq_purge() - drop everything
 * @q: the queue; its offsets stay, so that they can be told afterwards
 *
 * Return: bytes freed.
 */
u64 rsess_sendq_purge(struct rsess_sendq *q)
{
	u64 freed = 0;
	struct rsess_chunk *c, *n;

	list_for_each_entry_safe(c, n, &q->chunks, list) {
		freed += c->len;
		rsess_chunk_free(q, c);
	}
	rsess_sendq_trim(q);
	return freed;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_sendq_purge);
