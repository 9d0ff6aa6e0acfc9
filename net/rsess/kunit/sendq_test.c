// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the retained queue.  Each case runs with streams that begin at
 * several offsets, so that 2^64 is crossed at the border of a chunk, next to
 * it, and in its middle.  After each case all references to pages must be back.
 *
 * Offsets are counted from the start of the stream.
 */
#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/bvec.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/string.h>
#include "../sendq.h"
#include "../wire.h"
#include "suites.h"

/* Compound pages of two, as sockets may have them. */
#define ORDER	1
#define SIZE	((u32)(PAGE_SIZE << ORDER))
#define PAGES	8

static const u64 starts[] = {
	0,
	BIT_ULL(32) - SIZE - 100,
	BIT_ULL(63) - SIZE - 100,
	-1ull,
	-(u64)SIZE,
	-(u64)SIZE - 100,
};

static void start_desc(const u64 *start, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "from %#llx", *start);
}

KUNIT_ARRAY_PARAM(starts, starts, start_desc);

struct fixture {
	struct rsess_sendq	q;
	u64			start;
	struct page		*page[PAGES];
};

static int sendq_init(struct kunit *test)
{
	const u64 *start = test->param_value;
	struct fixture *fx;
	int i;

	fx = kunit_kzalloc(test, sizeof(*fx), GFP_KERNEL);
	if (!fx)
		return -ENOMEM;
	test->priv = fx;
	fx->start = *start;
	rsess_sendq_init(&fx->q, fx->start);
	for (i = 0; i < PAGES; i++) {
		fx->page[i] = alloc_pages(GFP_KERNEL | __GFP_COMP, ORDER);
		if (!fx->page[i])
			return -ENOMEM;
	}
	return 0;
}

static void sendq_exit(struct kunit *test)
{
	struct fixture *fx = test->priv;
	int i;

	if (!fx)
		return;
	rsess_sendq_purge(&fx->q);
	KUNIT_EXPECT_TRUE(test, list_empty(&fx->q.chunks));
	for (i = 0; i < PAGES && fx->page[i]; i++) {
		KUNIT_EXPECT_EQ_MSG(test, page_ref_count(fx->page[i]), 1,
				    "page %d", i);
		put_page(fx->page[i]);
	}
}

static void add(struct kunit *test, int page, u32 off, u32 len)
{
	struct fixture *fx = test->priv;

	KUNIT_ASSERT_EQ(test, rsess_sendq_put(&fx->q, fx->page[page], off, len,
					      GFP_KERNEL), 0);
}

/* Two whole pages, and 1000 bytes in the middle of a third. */
#define THIRD		100
#define THIRD_LEN	1000
#define ALL		(2 * SIZE + THIRD_LEN)

static void add_three(struct kunit *test)
{
	add(test, 0, 0, SIZE);
	add(test, 1, 0, SIZE);
	add(test, 2, THIRD, THIRD_LEN);
}

static void send(struct kunit *test, u32 len)
{
	struct fixture *fx = test->priv;

	rsess_sendq_sent(&fx->q, len);
}

/* A cursor to a chunk that was freed would be followed. */
static void check_cursor(struct kunit *test)
{
	const struct fixture *fx = test->priv;
	bool held = !fx->q.cursor;
	const struct rsess_chunk *c;

	list_for_each_entry(c, &fx->q.chunks, list)
		held |= c == fx->q.cursor;
	KUNIT_ASSERT_TRUE(test, held);
}

static u64 ack(struct kunit *test, u64 offset)
{
	struct fixture *fx = test->priv;
	u64 freed = rsess_sendq_ack(&fx->q, fx->start + offset);

	check_cursor(test);
	return freed;
}

static void rewind(struct kunit *test, u64 offset)
{
	struct fixture *fx = test->priv;

	rsess_sendq_rewind(&fx->q, fx->start + offset);
}

static u64 truncate(struct kunit *test, u64 offset)
{
	struct fixture *fx = test->priv;
	u64 freed = rsess_sendq_truncate(&fx->q, fx->start + offset);

	check_cursor(test);
	return freed;
}

static u64 purge(struct kunit *test)
{
	struct fixture *fx = test->priv;
	u64 freed = rsess_sendq_purge(&fx->q);

	check_cursor(test);
	return freed;
}

static void expect_offsets(struct kunit *test, u64 una, u64 nxt, u64 max,
			   u64 end)
{
	struct fixture *fx = test->priv;
	const struct rsess_sendq *q = &fx->q;

	KUNIT_EXPECT_EQ(test, q->snd_una - fx->start, una);
	KUNIT_EXPECT_EQ(test, q->snd_nxt - fx->start, nxt);
	KUNIT_EXPECT_EQ(test, q->snd_max - fx->start, max);
	KUNIT_EXPECT_EQ(test, q->write_seq - fx->start, end);
	KUNIT_EXPECT_EQ(test, rsess_sendq_retained(q), end - una);
	KUNIT_EXPECT_EQ(test, rsess_sendq_unsent(q), end - nxt);
}

/* The next bytes to send are these. */
static void expect_frag(struct kunit *test, u32 max, int page, u32 off, u32 len)
{
	struct fixture *fx = test->priv;
	struct page *p = NULL;
	u32 o = 0;

	KUNIT_EXPECT_EQ(test, rsess_sendq_frag(&fx->q, max, &p, &o), len);
	KUNIT_EXPECT_PTR_EQ(test, p, fx->page[page]);
	KUNIT_EXPECT_EQ(test, o, off);
}

static void expect_no_frag(struct kunit *test)
{
	struct fixture *fx = test->priv;
	struct page *p;
	u32 off;

	KUNIT_EXPECT_EQ(test, rsess_sendq_frag(&fx->q, U32_MAX, &p, &off), 0);
}

/* All of what add_three() added is still to be sent from an offset on. */
static void expect_rest_of_three(struct kunit *test, u32 offset)
{
	if (offset < SIZE) {
		expect_frag(test, U32_MAX, 0, offset, SIZE - offset);
		send(test, SIZE - offset);
		offset = SIZE;
	}
	if (offset < 2 * SIZE) {
		expect_frag(test, U32_MAX, 1, offset - SIZE, 2 * SIZE - offset);
		send(test, 2 * SIZE - offset);
		offset = 2 * SIZE;
	}
	if (offset < ALL) {
		expect_frag(test, U32_MAX, 2, THIRD + offset - 2 * SIZE,
			    ALL - offset);
		send(test, ALL - offset);
	}
	expect_no_frag(test);
}

/* The queue holds so many references to the first three pages. */
static void expect_refs(struct kunit *test, int first, int second, int third)
{
	struct fixture *fx = test->priv;

	KUNIT_EXPECT_EQ(test, page_ref_count(fx->page[0]) - 1, first);
	KUNIT_EXPECT_EQ(test, page_ref_count(fx->page[1]) - 1, second);
	KUNIT_EXPECT_EQ(test, page_ref_count(fx->page[2]) - 1, third);
}

/* --- rsess_sendq_init() --- */

static void rsess_sendq_init__empty(struct kunit *test)
{
	expect_offsets(test, 0, 0, 0, 0);
	expect_no_frag(test);
}

/* --- rsess_sendq_put() --- */

static void rsess_sendq_put__takes_a_reference(struct kunit *test)
{
	add_three(test);
	expect_refs(test, 1, 1, 1);
	expect_offsets(test, 0, 0, 0, ALL);
	expect_rest_of_three(test, 0);
}

static void rsess_sendq_put__coalesces_in_a_page(struct kunit *test)
{
	add(test, 0, 10, 20);
	add(test, 0, 30, 1);
	add(test, 0, 31, SIZE - 31);
	expect_refs(test, 1, 0, 0);
	expect_offsets(test, 0, 0, 0, SIZE - 10);
	expect_frag(test, U32_MAX, 0, 10, SIZE - 10);
}

static void rsess_sendq_put__byte_by_byte(struct kunit *test)
{
	u32 i;

	for (i = 0; i < SIZE; i++)
		add(test, 0, i, 1);
	expect_refs(test, 1, 0, 0);
	expect_offsets(test, 0, 0, 0, SIZE);
	expect_frag(test, U32_MAX, 0, 0, SIZE);
}

static void rsess_sendq_put__gap_in_a_page(struct kunit *test)
{
	add(test, 0, 0, 10);
	add(test, 0, 11, 20);
	expect_refs(test, 2, 0, 0);
	expect_frag(test, U32_MAX, 0, 0, 10);
	send(test, 10);
	expect_frag(test, U32_MAX, 0, 11, 20);
}

static void rsess_sendq_put__lower_in_a_page(struct kunit *test)
{
	add(test, 0, 10, 20);
	add(test, 0, 0, 10);
	expect_refs(test, 2, 0, 0);
	expect_frag(test, U32_MAX, 0, 10, 20);
	send(test, 20);
	expect_frag(test, U32_MAX, 0, 0, 10);
}

static void rsess_sendq_put__same_place_in_another_page(struct kunit *test)
{
	add(test, 0, 0, 10);
	add(test, 1, 10, 10);
	expect_refs(test, 1, 1, 0);
	expect_frag(test, U32_MAX, 0, 0, 10);
	send(test, 10);
	expect_frag(test, U32_MAX, 1, 10, 10);
}

/* Only the last chunk may grow, or bytes would change places. */
static void rsess_sendq_put__another_page_between(struct kunit *test)
{
	add(test, 0, 0, 10);
	add(test, 1, 0, 10);
	add(test, 0, 10, 10);
	expect_refs(test, 2, 1, 0);
	expect_frag(test, U32_MAX, 0, 0, 10);
	send(test, 10);
	expect_frag(test, U32_MAX, 1, 0, 10);
	send(test, 10);
	expect_frag(test, U32_MAX, 0, 10, 10);
}

static void rsess_sendq_put__grows_a_sent_chunk(struct kunit *test)
{
	add(test, 0, 0, 10);
	expect_frag(test, U32_MAX, 0, 0, 10);
	send(test, 10);
	expect_no_frag(test);
	add(test, 0, 10, 5);
	expect_refs(test, 1, 0, 0);
	expect_offsets(test, 0, 10, 10, 15);
	expect_frag(test, U32_MAX, 0, 10, 5);
}

static void rsess_sendq_put__grows_a_partly_acked_chunk(struct kunit *test)
{
	add(test, 0, 0, 10);
	send(test, 10);
	KUNIT_EXPECT_EQ(test, ack(test, 4), 4);
	add(test, 0, 10, 5);
	expect_refs(test, 1, 0, 0);
	expect_offsets(test, 4, 10, 10, 15);
	rewind(test, 4);
	expect_frag(test, U32_MAX, 0, 4, 11);
}

static void rsess_sendq_put__after_all_was_acked(struct kunit *test)
{
	add(test, 0, 0, 10);
	send(test, 10);
	KUNIT_EXPECT_EQ(test, ack(test, 10), 10);
	expect_refs(test, 0, 0, 0);
	add(test, 0, 10, 5);
	expect_refs(test, 1, 0, 0);
	expect_offsets(test, 10, 10, 10, 15);
	expect_frag(test, U32_MAX, 0, 10, 5);
}

/* --- rsess_sendq_frag() --- */

static void rsess_sendq_frag__max(struct kunit *test)
{
	add_three(test);
	expect_frag(test, 1, 0, 0, 1);
	expect_frag(test, SIZE - 1, 0, 0, SIZE - 1);
	expect_frag(test, SIZE, 0, 0, SIZE);
	expect_frag(test, SIZE + 1, 0, 0, SIZE);
	expect_frag(test, U32_MAX, 0, 0, SIZE);
	send(test, 10);
	expect_frag(test, 1, 0, 10, 1);
	expect_frag(test, SIZE - 10, 0, 10, SIZE - 10);
	expect_frag(test, SIZE - 9, 0, 10, SIZE - 10);
}

static void rsess_sendq_frag__repeats_until_sent(struct kunit *test)
{
	add_three(test);
	expect_frag(test, 100, 0, 0, 100);
	expect_frag(test, 100, 0, 0, 100);
	expect_offsets(test, 0, 0, 0, ALL);
	send(test, 1);
	expect_frag(test, 100, 0, 1, 100);
}

static void rsess_sendq_frag__takes_no_reference(struct kunit *test)
{
	add_three(test);
	expect_frag(test, 100, 0, 0, 100);
	expect_refs(test, 1, 1, 1);
}

static void rsess_sendq_frag__ends_with_the_chunk(struct kunit *test)
{
	add_three(test);
	send(test, SIZE - 1);
	expect_frag(test, 100, 0, SIZE - 1, 1);
	send(test, 1);
	expect_frag(test, 100, 1, 0, 100);
	send(test, 1);
	expect_frag(test, 100, 1, 1, 100);
}

/* What was looked up for the end is not the place of what comes then. */
static void rsess_sendq_frag__more_after_the_end(struct kunit *test)
{
	add(test, 0, 0, 10);
	send(test, 10);
	expect_no_frag(test);
	add(test, 1, 0, 10);
	expect_frag(test, 100, 1, 0, 10);
	send(test, 10);
	expect_no_frag(test);
}

/* --- rsess_sendq_vec(), rsess_sendq_span(), rsess_sendq_copy() --- */

/* So many bytes next, in @room pieces at most: these pages have a part of them each. */
static void expect_vec(struct kunit *test, u32 max, unsigned int room,
		       unsigned int pieces, u32 bytes)
{
	struct fixture *fx = test->priv;
	struct bio_vec bv[4] = {};
	u32 len = 0, sum = 0;
	unsigned int i, n;

	n = rsess_sendq_vec(&fx->q, max, bv, room, &len);
	KUNIT_EXPECT_EQ(test, n, pieces);
	KUNIT_EXPECT_EQ(test, len, bytes);
	for (i = 0; i < n; i++) {
		KUNIT_EXPECT_PTR_EQ(test, bv[i].bv_page, fx->page[i]);
		sum += bv[i].bv_len;
	}
	KUNIT_EXPECT_EQ(test, sum, bytes);
	if (room)
		KUNIT_EXPECT_EQ(test, rsess_sendq_span(&fx->q, max, room), bytes);
}

static void rsess_sendq_vec__several(struct kunit *test)
{
	expect_vec(test, U32_MAX, 4, 0, 0);
	add_three(test);
	expect_vec(test, U32_MAX, 4, 3, ALL);
	expect_vec(test, U32_MAX, 2, 2, 2 * SIZE);
	expect_vec(test, U32_MAX, 1, 1, SIZE);
	expect_vec(test, 1, 4, 1, 1);
	expect_vec(test, SIZE, 4, 1, SIZE);
	expect_vec(test, SIZE + 1, 4, 2, SIZE + 1);
	expect_vec(test, U32_MAX, 0, 0, 0);
	send(test, 10);
	expect_vec(test, U32_MAX, 4, 3, ALL - 10);
	expect_vec(test, SIZE, 4, 2, SIZE);
	expect_offsets(test, 0, 10, 10, ALL);
	expect_refs(test, 1, 1, 1);
}

static void rsess_sendq_copy__across_chunks(struct kunit *test)
{
	struct fixture *fx = test->priv;
	u8 *buf = kunit_kzalloc(test, ALL, GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	for (i = 0; i < 3; i++)
		memset(page_address(fx->page[i]), 'a' + i, SIZE);
	add_three(test);
	send(test, SIZE - 1);
	rsess_sendq_copy(&fx->q, SIZE + 2, buf);
	expect_offsets(test, 0, 2 * SIZE + 1, 2 * SIZE + 1, ALL);
	KUNIT_EXPECT_EQ(test, buf[0], 'a');
	for (i = 1; i <= SIZE; i++)
		KUNIT_EXPECT_EQ(test, buf[i], 'b');
	KUNIT_EXPECT_EQ(test, buf[SIZE + 1], 'c');
	KUNIT_EXPECT_EQ(test, buf[SIZE + 2], 0);
}

/* --- rsess_sendq_sent() --- */

static void rsess_sendq_sent__moves_both(struct kunit *test)
{
	add_three(test);
	send(test, 1);
	expect_offsets(test, 0, 1, 1, ALL);
	send(test, SIZE);
	expect_offsets(test, 0, SIZE + 1, SIZE + 1, ALL);
	send(test, ALL - SIZE - 1);
	expect_offsets(test, 0, ALL, ALL, ALL);
}

static void rsess_sendq_sent__max_stays_after_rewind(struct kunit *test)
{
	add_three(test);
	send(test, SIZE + 10);
	rewind(test, 5);
	send(test, SIZE);
	expect_offsets(test, 0, SIZE + 5, SIZE + 10, ALL);
	send(test, 5);
	expect_offsets(test, 0, SIZE + 10, SIZE + 10, ALL);
	send(test, 1);
	expect_offsets(test, 0, SIZE + 11, SIZE + 11, ALL);
}

/* --- rsess_sendq_ack() --- */

static void rsess_sendq_ack__nothing_new(struct kunit *test)
{
	add_three(test);
	KUNIT_EXPECT_EQ(test, ack(test, 0), 0);
	send(test, 100);
	KUNIT_EXPECT_EQ(test, ack(test, 0), 0);
	KUNIT_EXPECT_EQ(test, ack(test, 50), 50);
	KUNIT_EXPECT_EQ(test, ack(test, 50), 0);
	expect_offsets(test, 50, 100, 100, ALL);
	expect_refs(test, 1, 1, 1);
}

/* Sends all, acknowledges up to an offset, and sends the rest once more. */
static void expect_ack(struct kunit *test, u32 offset, int first, int second,
		       int third)
{
	add_three(test);
	send(test, ALL);
	KUNIT_EXPECT_EQ(test, ack(test, offset), offset);
	expect_offsets(test, offset, ALL, ALL, ALL);
	expect_refs(test, first, second, third);
	rewind(test, offset);
	expect_rest_of_three(test, offset);
	expect_offsets(test, offset, ALL, ALL, ALL);
}

static void rsess_sendq_ack__first_byte(struct kunit *test)
{
	expect_ack(test, 1, 1, 1, 1);
}

static void rsess_sendq_ack__part_of_a_chunk(struct kunit *test)
{
	expect_ack(test, SIZE / 2, 1, 1, 1);
}

static void rsess_sendq_ack__before_a_border(struct kunit *test)
{
	expect_ack(test, SIZE - 1, 1, 1, 1);
}

static void rsess_sendq_ack__at_a_border(struct kunit *test)
{
	expect_ack(test, SIZE, 0, 1, 1);
}

static void rsess_sendq_ack__behind_a_border(struct kunit *test)
{
	expect_ack(test, SIZE + 1, 0, 1, 1);
}

static void rsess_sendq_ack__several_chunks(struct kunit *test)
{
	expect_ack(test, 2 * SIZE + 1, 0, 0, 1);
}

static void rsess_sendq_ack__all_but_one_byte(struct kunit *test)
{
	expect_ack(test, ALL - 1, 0, 0, 1);
}

static void rsess_sendq_ack__all(struct kunit *test)
{
	expect_ack(test, ALL, 0, 0, 0);
}

static void rsess_sendq_ack__byte_by_byte(struct kunit *test)
{
	u32 i;

	add_three(test);
	send(test, ALL);
	for (i = 1; i <= ALL; i++)
		KUNIT_ASSERT_EQ_MSG(test, ack(test, i), 1, "byte %u", i);
	expect_offsets(test, ALL, ALL, ALL, ALL);
	expect_refs(test, 0, 0, 0);
}

/* Acknowledged up to where sending goes on, in and between chunks. */
static void rsess_sendq_ack__up_to_nxt(struct kunit *test)
{
	add_three(test);
	expect_frag(test, 100, 0, 0, 100);
	send(test, 100);
	KUNIT_EXPECT_EQ(test, ack(test, 100), 100);
	expect_frag(test, U32_MAX, 0, 100, SIZE - 100);
	send(test, SIZE - 100);
	KUNIT_EXPECT_EQ(test, ack(test, SIZE), SIZE - 100);
	expect_refs(test, 0, 1, 1);
	expect_rest_of_three(test, SIZE);
}

/* The peer says behind a rewind that it had more than was thought. */
static void rsess_sendq_ack__above_nxt(struct kunit *test)
{
	add_three(test);
	send(test, 2 * SIZE);
	rewind(test, 0);
	expect_frag(test, 100, 0, 0, 100);
	send(test, 100);
	KUNIT_EXPECT_EQ(test, ack(test, SIZE + 7), SIZE + 7);
	expect_offsets(test, SIZE + 7, SIZE + 7, 2 * SIZE, ALL);
	expect_refs(test, 0, 1, 1);
	expect_rest_of_three(test, SIZE + 7);
}

/* --- rsess_sendq_rewind() --- */

static void expect_rewind(struct kunit *test, u32 offset)
{
	add_three(test);
	expect_rest_of_three(test, 0);
	rewind(test, offset);
	expect_offsets(test, 0, offset, ALL, ALL);
	expect_refs(test, 1, 1, 1);
	expect_rest_of_three(test, offset);
	expect_offsets(test, 0, ALL, ALL, ALL);
}

static void rsess_sendq_rewind__to_the_start(struct kunit *test)
{
	expect_rewind(test, 0);
}

static void rsess_sendq_rewind__into_a_chunk(struct kunit *test)
{
	expect_rewind(test, SIZE + SIZE / 2);
}

static void rsess_sendq_rewind__before_a_border(struct kunit *test)
{
	expect_rewind(test, SIZE - 1);
}

static void rsess_sendq_rewind__to_a_border(struct kunit *test)
{
	expect_rewind(test, SIZE);
}

static void rsess_sendq_rewind__to_the_end(struct kunit *test)
{
	expect_rewind(test, ALL);
}

/* Reset after reset: each transport gets less far than the one before. */
static void rsess_sendq_rewind__again_and_again(struct kunit *test)
{
	u32 len;

	add_three(test);
	expect_rest_of_three(test, 0);
	for (len = ALL - 1; len > 100; len -= 100) {
		rewind(test, 0);
		send(test, len);
		expect_offsets(test, 0, len, ALL, ALL);
	}
	rewind(test, 0);
	expect_rest_of_three(test, 0);
}

/* Back, then on from behind what was sent first. */
static void rsess_sendq_rewind__forward(struct kunit *test)
{
	add_three(test);
	send(test, SIZE + 10);
	rewind(test, 0);
	expect_frag(test, 1, 0, 0, 1);
	rewind(test, SIZE + 10);
	expect_rest_of_three(test, SIZE + 10);
}

/* --- rsess_sendq_truncate() --- */

static void rsess_sendq_truncate__nothing_to_drop(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, truncate(test, 0), 0);
	add_three(test);
	KUNIT_EXPECT_EQ(test, truncate(test, ALL), 0);
	KUNIT_EXPECT_EQ(test, truncate(test, ALL + 1), 0);
	expect_offsets(test, 0, 0, 0, ALL);
	send(test, ALL);
	KUNIT_EXPECT_EQ(test, truncate(test, 0), 0);
	expect_offsets(test, 0, ALL, ALL, ALL);
	expect_refs(test, 1, 1, 1);
}

static void rsess_sendq_truncate__all(struct kunit *test)
{
	add_three(test);
	KUNIT_EXPECT_EQ(test, truncate(test, 0), ALL);
	expect_offsets(test, 0, 0, 0, 0);
	expect_refs(test, 0, 0, 0);
	expect_no_frag(test);
}

static void rsess_sendq_truncate__in_a_chunk(struct kunit *test)
{
	add_three(test);
	KUNIT_EXPECT_EQ(test, truncate(test, SIZE + 1), ALL - SIZE - 1);
	expect_offsets(test, 0, 0, 0, SIZE + 1);
	expect_refs(test, 1, 1, 0);
	send(test, SIZE);
	expect_frag(test, U32_MAX, 1, 0, 1);
	send(test, 1);
	expect_no_frag(test);
}

static void rsess_sendq_truncate__at_a_border(struct kunit *test)
{
	add_three(test);
	KUNIT_EXPECT_EQ(test, truncate(test, SIZE), ALL - SIZE);
	expect_offsets(test, 0, 0, 0, SIZE);
	expect_refs(test, 1, 0, 0);
	expect_frag(test, U32_MAX, 0, 0, SIZE);
	send(test, SIZE);
	expect_no_frag(test);
}

static void rsess_sendq_truncate__last_byte(struct kunit *test)
{
	add_three(test);
	KUNIT_EXPECT_EQ(test, truncate(test, ALL - 1), 1);
	expect_offsets(test, 0, 0, 0, ALL - 1);
	expect_refs(test, 1, 1, 1);
}

static void rsess_sendq_truncate__never_below_max(struct kunit *test)
{
	add_three(test);
	send(test, SIZE + 10);
	KUNIT_EXPECT_EQ(test, truncate(test, 5), ALL - SIZE - 10);
	expect_offsets(test, 0, SIZE + 10, SIZE + 10, SIZE + 10);
	expect_refs(test, 1, 1, 0);
	expect_no_frag(test);
}

static void rsess_sendq_truncate__never_below_max_after_rewind(struct kunit *test)
{
	add_three(test);
	send(test, SIZE + 10);
	rewind(test, 5);
	KUNIT_EXPECT_EQ(test, truncate(test, 5), ALL - SIZE - 10);
	expect_offsets(test, 0, 5, SIZE + 10, SIZE + 10);
	expect_frag(test, U32_MAX, 0, 5, SIZE - 5);
	send(test, SIZE - 5);
	expect_frag(test, U32_MAX, 1, 0, 10);
	send(test, 10);
	expect_no_frag(test);
}

/* The chunk whose bytes come next goes; what follows is found all the same. */
static void rsess_sendq_truncate__the_chunk_in_hand(struct kunit *test)
{
	add_three(test);
	send(test, SIZE);
	expect_frag(test, 100, 1, 0, 100);
	KUNIT_EXPECT_EQ(test, truncate(test, SIZE), ALL - SIZE);
	expect_no_frag(test);
	add(test, 3, 0, 10);
	expect_frag(test, 100, 3, 0, 10);
}

static void rsess_sendq_truncate__after_ack(struct kunit *test)
{
	add_three(test);
	send(test, SIZE + 10);
	KUNIT_EXPECT_EQ(test, ack(test, SIZE + 10), SIZE + 10);
	KUNIT_EXPECT_EQ(test, truncate(test, SIZE + 10), ALL - SIZE - 10);
	expect_offsets(test, SIZE + 10, SIZE + 10, SIZE + 10, SIZE + 10);
	expect_refs(test, 0, 0, 0);
}

/* --- rsess_sendq_purge() --- */

static void rsess_sendq_purge__empty(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, purge(test), 0);
}

static void rsess_sendq_purge__all(struct kunit *test)
{
	add_three(test);
	KUNIT_EXPECT_EQ(test, purge(test), ALL);
	expect_refs(test, 0, 0, 0);
	expect_no_frag(test);
	KUNIT_EXPECT_EQ(test, purge(test), 0);
}

static void rsess_sendq_purge__offsets_stay(struct kunit *test)
{
	add_three(test);
	send(test, SIZE + 10);
	KUNIT_EXPECT_EQ(test, ack(test, 7), 7);
	rewind(test, 9);
	expect_frag(test, 1, 0, 9, 1);
	KUNIT_EXPECT_EQ(test, purge(test), ALL - 7);
	expect_offsets(test, 7, 9, SIZE + 10, ALL);
	expect_refs(test, 0, 0, 0);
}

/* --- rsess_sendq_refill(), rsess_sendq_cost(), rsess_sendq_trim() --- */

static void refill(struct kunit *test, u32 size)
{
	struct fixture *fx = test->priv;

	KUNIT_ASSERT_EQ(test, rsess_sendq_refill(&fx->q, size, GFP_KERNEL), 0);
	KUNIT_ASSERT_LT(test, fx->q.frag.offset, fx->q.frag.size);
}

/* As who sends does it. */
static void fill(struct kunit *test, u32 len)
{
	struct fixture *fx = test->priv;
	struct page_frag *frag = &fx->q.frag;

	KUNIT_ASSERT_LE(test, len, frag->size - frag->offset);
	KUNIT_ASSERT_EQ(test, rsess_sendq_put(&fx->q, frag->page, frag->offset,
					      len, GFP_KERNEL), 0);
	frag->offset += len;
}

static void rsess_sendq_refill__size(struct kunit *test)
{
	static const struct {
		u32 ask, get;
	} sizes[] = {
		{ 0, PAGE_SIZE }, { 1, PAGE_SIZE }, { PAGE_SIZE, PAGE_SIZE },
		{ 2 * PAGE_SIZE - 1, PAGE_SIZE },
		{ 2 * PAGE_SIZE, 2 * PAGE_SIZE },
		{ RSESS_SENDQ_PAGE_MAX, RSESS_SENDQ_PAGE_MAX },
		{ U32_MAX, RSESS_SENDQ_PAGE_MAX },
	};
	struct fixture *fx = test->priv;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		refill(test, sizes[i].ask);
		/* When memory is in pieces it is a small one. */
		KUNIT_EXPECT_LE(test, fx->q.frag.size,
				max_t(u32, sizes[i].get, PAGE_SIZE));
		rsess_sendq_trim(&fx->q);
		KUNIT_EXPECT_TRUE(test, !fx->q.frag.page);
	}
}

/* --- rsess_sendq_borrow() --- */

static void borrow(struct kunit *test, int page, u32 off, u32 len)
{
	struct fixture *fx = test->priv;

	KUNIT_ASSERT_EQ(test, rsess_sendq_borrow(&fx->q, fx->page[page], off,
						 len, GFP_KERNEL), 0);
}

/* It costs its bytes, whatever is acknowledged or dropped of them. */
static void rsess_sendq_borrow__costs_its_bytes(struct kunit *test)
{
	struct fixture *fx = test->priv;

	borrow(test, 0, 10, 100);
	expect_refs(test, 1, 0, 0);
	KUNIT_EXPECT_EQ(test, fx->q.truesize, rsess_sendq_borrow_cost(100));
	borrow(test, 1, 0, SIZE);
	expect_frag(test, U32_MAX, 0, 10, 100);
	send(test, 100);
	expect_frag(test, U32_MAX, 1, 0, SIZE);
	KUNIT_EXPECT_EQ(test, ack(test, 30), 30);
	KUNIT_EXPECT_EQ(test, fx->q.truesize, rsess_sendq_borrow_cost(70) +
					      rsess_sendq_borrow_cost(SIZE));
	KUNIT_EXPECT_EQ(test, rsess_sendq_truncate(&fx->q, fx->start + 150),
			SIZE - 50);
	KUNIT_EXPECT_EQ(test, fx->q.truesize, rsess_sendq_borrow_cost(70) +
					      rsess_sendq_borrow_cost(50));
	KUNIT_EXPECT_EQ(test, rsess_sendq_purge(&fx->q), 120);
	KUNIT_EXPECT_EQ(test, fx->q.truesize, 0);
}

/* Bytes that were copied into it do not become somebody else's, nor the other way round. */
static void rsess_sendq_borrow__its_own_page(struct kunit *test)
{
	struct fixture *fx = test->priv;
	u32 size;

	refill(test, 1);
	size = fx->q.frag.size;
	fill(test, 10);
	KUNIT_ASSERT_EQ(test, rsess_sendq_borrow(&fx->q, fx->q.frag.page, 10, 5,
						 GFP_KERNEL), 0);
	KUNIT_EXPECT_TRUE(test, !fx->q.frag.page);
	KUNIT_EXPECT_EQ(test, fx->q.truesize, size + RSESS_SENDQ_CHUNK +
					      rsess_sendq_borrow_cost(5));
	refill(test, 1);
	KUNIT_EXPECT_EQ(test, rsess_sendq_cost(&fx->q),
			fx->q.frag.size + RSESS_SENDQ_CHUNK);
	fill(test, 1);
	KUNIT_EXPECT_EQ(test, rsess_sendq_purge(&fx->q), 16);
	KUNIT_EXPECT_EQ(test, fx->q.truesize, 0);
}

/* Nor do bytes that follow in a page that both have. */
static void rsess_sendq_borrow__does_not_grow(struct kunit *test)
{
	struct fixture *fx = test->priv;

	borrow(test, 0, 0, 10);
	add(test, 0, 10, 10);
	expect_refs(test, 2, 0, 0);
	KUNIT_EXPECT_EQ(test, fx->q.truesize, SIZE + RSESS_SENDQ_CHUNK +
					      rsess_sendq_borrow_cost(10));
	borrow(test, 0, 20, 10);
	expect_refs(test, 3, 0, 0);
	KUNIT_EXPECT_EQ(test, rsess_sendq_purge(&fx->q), 30);
	KUNIT_EXPECT_EQ(test, fx->q.truesize, 0);
}

/* A page that waited for more bytes does not wait any longer. */
static void rsess_sendq_borrow__after_a_kept_page(struct kunit *test)
{
	struct fixture *fx = test->priv;

	refill(test, 1);
	fill(test, 10);
	send(test, 10);
	KUNIT_EXPECT_EQ(test, ack(test, 10), 10);
	rsess_sendq_keep(&fx->q);
	borrow(test, 0, 0, 7);
	KUNIT_EXPECT_TRUE(test, !fx->q.frag.page);
	KUNIT_EXPECT_EQ(test, fx->q.truesize, rsess_sendq_borrow_cost(7));
}

/* Small pieces share a page, and only the first of them pays. */
static void rsess_sendq_cost__once_for_a_page(struct kunit *test)
{
	struct fixture *fx = test->priv;
	u32 i, size;

	refill(test, 1);
	size = fx->q.frag.size;
	KUNIT_EXPECT_EQ(test, rsess_sendq_cost(&fx->q), size + RSESS_SENDQ_CHUNK);
	KUNIT_EXPECT_EQ(test, fx->q.truesize, 0);
	for (i = 0; i < size; i++) {
		refill(test, 1);
		KUNIT_ASSERT_EQ(test, rsess_sendq_cost(&fx->q),
				i ? 0 : size + RSESS_SENDQ_CHUNK);
		fill(test, 1);
		KUNIT_ASSERT_EQ(test, fx->q.truesize, size + RSESS_SENDQ_CHUNK);
	}
	refill(test, 1);
	KUNIT_EXPECT_LT(test, 0, rsess_sendq_cost(&fx->q));
}

static void rsess_sendq_trim__keeps_a_page_in_use(struct kunit *test)
{
	struct fixture *fx = test->priv;

	refill(test, 1);
	fill(test, 10);
	rsess_sendq_trim(&fx->q);
	KUNIT_EXPECT_EQ(test, rsess_sendq_cost(&fx->q), 0);
	send(test, 10);
	KUNIT_EXPECT_EQ(test, ack(test, 9), 9);
	KUNIT_EXPECT_EQ(test, rsess_sendq_cost(&fx->q), 0);
	KUNIT_EXPECT_LT(test, 0, fx->q.truesize);
	KUNIT_EXPECT_EQ(test, ack(test, 10), 1);
	rsess_sendq_trim(&fx->q);
	KUNIT_EXPECT_TRUE(test, !fx->q.frag.page);
	KUNIT_EXPECT_EQ(test, fx->q.truesize, 0);
}

/* A page that waits for bytes is paid for, and only once. */
static void rsess_sendq_keep__one_page(struct kunit *test)
{
	struct fixture *fx = test->priv;
	struct page *page;
	int i;

	refill(test, 1);
	page = fx->q.frag.page;
	for (i = 1; i <= 3; i++) {
		fill(test, 10);
		KUNIT_EXPECT_EQ(test, fx->q.truesize,
				PAGE_SIZE + RSESS_SENDQ_CHUNK);
		send(test, 10);
		rsess_sendq_keep(&fx->q);
		KUNIT_EXPECT_EQ(test, fx->q.frag.offset, 10);
		KUNIT_EXPECT_EQ(test, ack(test, 10 * i), 10);
		rsess_sendq_keep(&fx->q);
		rsess_sendq_keep(&fx->q);
		KUNIT_EXPECT_PTR_EQ(test, fx->q.frag.page, page);
		KUNIT_EXPECT_EQ(test, fx->q.truesize, PAGE_SIZE);
		refill(test, PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, fx->q.frag.offset, 0);
		KUNIT_EXPECT_EQ(test, rsess_sendq_cost(&fx->q),
				RSESS_SENDQ_CHUNK);
	}
	rsess_sendq_trim(&fx->q);
	KUNIT_EXPECT_TRUE(test, !fx->q.frag.page);
	KUNIT_EXPECT_EQ(test, fx->q.truesize, 0);
}

/* The transport may still send from it. */
static void rsess_sendq_keep__not_a_lent_page(struct kunit *test)
{
	struct fixture *fx = test->priv;
	struct page *page;

	refill(test, 1);
	page = fx->q.frag.page;
	get_page(page);
	fill(test, 10);
	send(test, 10);
	ack(test, 10);
	rsess_sendq_keep(&fx->q);
	KUNIT_EXPECT_TRUE(test, !fx->q.frag.page);
	KUNIT_EXPECT_EQ(test, fx->q.truesize, 0);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 1);
	put_page(page);
}

/* One that nobody wrote to goes, though there are bytes. */
static void rsess_sendq_trim__a_new_page(struct kunit *test)
{
	struct fixture *fx = test->priv;

	refill(test, 1);
	fill(test, fx->q.frag.size);
	refill(test, 1);
	rsess_sendq_trim(&fx->q);
	KUNIT_EXPECT_TRUE(test, !fx->q.frag.page);
	KUNIT_EXPECT_LT(test, 0, fx->q.truesize);
}

/* --- all of it, against a model --- */

/* What a stream is without pages: four offsets, and bytes that follow from
 * theirs.
 */
struct model {
	struct rnd_state	rnd;
	u64			una;
	u64			nxt;
	u64			max;
	u64			end;
	int			page;	/* that is being filled */
	u32			fill;	/* how far */
};

static u8 byte_at(u64 offset)
{
	return offset * 151 + (offset >> 8) * 31 + (offset >> 16);
}

/* 0..n */
static u64 up_to(struct model *m, u64 n)
{
	return prandom_u32_state(&m->rnd) % (n + 1);
}

/* A page that nobody holds, for the writer never writes twice. */
static bool model_turn_page(struct fixture *fx, struct model *m)
{
	int i;

	for (i = 0; i < PAGES; i++) {
		if (page_ref_count(fx->page[i]) != 1)
			continue;
		m->page = i;
		m->fill = 0;
		return true;
	}
	return false;
}

static void model_put(struct kunit *test, struct model *m)
{
	struct fixture *fx = test->priv;
	u32 i, len;
	u8 *p;

	/* Now and then a hole in the page. */
	if (!up_to(m, 3))
		m->fill = min_t(u32, m->fill + up_to(m, 50), SIZE);
	if (m->fill == SIZE && !model_turn_page(fx, m))
		return;
	len = 1 + up_to(m, min_t(u32, SIZE - m->fill, 1000) - 1);
	p = page_address(fx->page[m->page]) + m->fill;
	for (i = 0; i < len; i++)
		p[i] = byte_at(m->end + i);
	add(test, m->page, m->fill, len);
	m->fill += len;
	m->end += len;
}

static void model_send(struct kunit *test, struct model *m)
{
	struct fixture *fx = test->priv;
	u32 i, len, off, max = 1 + up_to(m, 3000);
	struct page *page;
	u8 *p;

	len = rsess_sendq_frag(&fx->q, max, &page, &off);
	KUNIT_ASSERT_LE(test, len, min_t(u64, max, m->end - m->nxt));
	KUNIT_ASSERT_EQ(test, !len, m->nxt == m->end);
	if (!len)
		return;
	KUNIT_ASSERT_LE(test, off + len, SIZE);
	p = page_address(page) + off;
	for (i = 0; i < len && p[i] == byte_at(m->nxt + i); i++)
		;
	KUNIT_ASSERT_EQ_MSG(test, i, len, "bytes from %llu on are wrong",
			    m->nxt);
	if (!up_to(m, 2))
		len = up_to(m, len);
	send(test, len);
	m->nxt += len;
	m->max = max(m->max, m->nxt);
}

static void model_ack(struct kunit *test, struct model *m)
{
	u64 offset = m->una + up_to(m, m->max - m->una);

	KUNIT_ASSERT_EQ(test, ack(test, offset), offset - m->una);
	m->una = offset;
	m->nxt = max(m->nxt, offset);
}

static void model_rewind(struct kunit *test, struct model *m)
{
	m->nxt = m->una + up_to(m, m->max - m->una);
	rewind(test, m->nxt);
}

/* The bytes behind the new end are gone, and so are their places in the page:
 * the writer does not know that it could use them again.
 */
static void model_truncate(struct kunit *test, struct model *m)
{
	u64 offset = m->una + up_to(m, m->end - m->una + 10);
	u64 end = min(max(offset, m->max), m->end);

	KUNIT_ASSERT_EQ(test, truncate(test, offset), m->end - end);
	m->end = end;
}

/* Chunks without a hole, and one reference for each. */
static void model_compare(struct kunit *test, const struct model *m)
{
	struct fixture *fx = test->priv;
	u64 seq = fx->start + m->una;
	int refs[PAGES] = { };
	const struct rsess_chunk *c;
	u64 truesize = 0;
	int i;

	expect_offsets(test, m->una, m->nxt, m->max, m->end);
	list_for_each_entry(c, &fx->q.chunks, list) {
		KUNIT_ASSERT_EQ(test, c->seq, seq);
		KUNIT_ASSERT_GT(test, c->len, 0);
		seq += c->len;
		truesize += SIZE + RSESS_SENDQ_CHUNK;
		for (i = 0; i < PAGES; i++)
			refs[i] += c->page == fx->page[i];
	}
	KUNIT_ASSERT_EQ(test, seq - fx->start, m->end);
	KUNIT_ASSERT_EQ(test, fx->q.truesize, truesize);
	for (i = 0; i < PAGES; i++)
		KUNIT_ASSERT_EQ(test, page_ref_count(fx->page[i]), 1 + refs[i]);
}

static void rsess_sendq__model(struct kunit *test)
{
	static void (*const act[])(struct kunit *test, struct model *m) = {
		model_put, model_put, model_put, model_put, model_put,
		model_send, model_send, model_send, model_send,
		model_ack, model_rewind,
	};
	struct model m = { .fill = SIZE };
	int step;

	prandom_seed_state(&m.rnd, 20250517);
	for (step = 0; step < 20000; step++) {
		if (!up_to(&m, 50))
			model_truncate(test, &m);
		else
			act[up_to(&m, ARRAY_SIZE(act) - 1)](test, &m);
		model_compare(test, &m);
		cond_resched();
	}
	/* It was a real stream. */
	KUNIT_EXPECT_GT(test, m.una, 10 * SIZE);
}

#define SENDQ_CASE(name)	KUNIT_CASE_PARAM(name, starts_gen_params)

static struct kunit_case sendq_cases[] = {
	SENDQ_CASE(rsess_sendq_init__empty),
	SENDQ_CASE(rsess_sendq_put__takes_a_reference),
	SENDQ_CASE(rsess_sendq_put__coalesces_in_a_page),
	SENDQ_CASE(rsess_sendq_put__byte_by_byte),
	SENDQ_CASE(rsess_sendq_put__gap_in_a_page),
	SENDQ_CASE(rsess_sendq_put__lower_in_a_page),
	SENDQ_CASE(rsess_sendq_put__same_place_in_another_page),
	SENDQ_CASE(rsess_sendq_put__another_page_between),
	SENDQ_CASE(rsess_sendq_put__grows_a_sent_chunk),
	SENDQ_CASE(rsess_sendq_put__grows_a_partly_acked_chunk),
	SENDQ_CASE(rsess_sendq_put__after_all_was_acked),
	SENDQ_CASE(rsess_sendq_borrow__costs_its_bytes),
	SENDQ_CASE(rsess_sendq_borrow__its_own_page),
	SENDQ_CASE(rsess_sendq_borrow__does_not_grow),
	SENDQ_CASE(rsess_sendq_borrow__after_a_kept_page),
	SENDQ_CASE(rsess_sendq_frag__max),
	SENDQ_CASE(rsess_sendq_frag__repeats_until_sent),
	SENDQ_CASE(rsess_sendq_frag__takes_no_reference),
	SENDQ_CASE(rsess_sendq_frag__ends_with_the_chunk),
	SENDQ_CASE(rsess_sendq_frag__more_after_the_end),
	SENDQ_CASE(rsess_sendq_vec__several),
	SENDQ_CASE(rsess_sendq_copy__across_chunks),
	SENDQ_CASE(rsess_sendq_sent__moves_both),
	SENDQ_CASE(rsess_sendq_sent__max_stays_after_rewind),
	SENDQ_CASE(rsess_sendq_ack__nothing_new),
	SENDQ_CASE(rsess_sendq_ack__first_byte),
	SENDQ_CASE(rsess_sendq_ack__part_of_a_chunk),
	SENDQ_CASE(rsess_sendq_ack__before_a_border),
	SENDQ_CASE(rsess_sendq_ack__at_a_border),
	SENDQ_CASE(rsess_sendq_ack__behind_a_border),
	SENDQ_CASE(rsess_sendq_ack__several_chunks),
	SENDQ_CASE(rsess_sendq_ack__all_but_one_byte),
	SENDQ_CASE(rsess_sendq_ack__all),
	SENDQ_CASE(rsess_sendq_ack__byte_by_byte),
	SENDQ_CASE(rsess_sendq_ack__up_to_nxt),
	SENDQ_CASE(rsess_sendq_ack__above_nxt),
	SENDQ_CASE(rsess_sendq_rewind__to_the_start),
	SENDQ_CASE(rsess_sendq_rewind__into_a_chunk),
	SENDQ_CASE(rsess_sendq_rewind__before_a_border),
	SENDQ_CASE(rsess_sendq_rewind__to_a_border),
	SENDQ_CASE(rsess_sendq_rewind__to_the_end),
	SENDQ_CASE(rsess_sendq_rewind__again_and_again),
	SENDQ_CASE(rsess_sendq_rewind__forward),
	SENDQ_CASE(rsess_sendq_truncate__nothing_to_drop),
	SENDQ_CASE(rsess_sendq_truncate__all),
	SENDQ_CASE(rsess_sendq_truncate__in_a_chunk),
	SENDQ_CASE(rsess_sendq_truncate__at_a_border),
	SENDQ_CASE(rsess_sendq_truncate__last_byte),
	SENDQ_CASE(rsess_sendq_truncate__never_below_max),
	SENDQ_CASE(rsess_sendq_truncate__never_below_max_after_rewind),
	SENDQ_CASE(rsess_sendq_truncate__the_chunk_in_hand),
	SENDQ_CASE(rsess_sendq_truncate__after_ack),
	SENDQ_CASE(rsess_sendq_purge__empty),
	SENDQ_CASE(rsess_sendq_purge__all),
	SENDQ_CASE(rsess_sendq_purge__offsets_stay),
	SENDQ_CASE(rsess_sendq_refill__size),
	SENDQ_CASE(rsess_sendq_cost__once_for_a_page),
	SENDQ_CASE(rsess_sendq_trim__keeps_a_page_in_use),
	SENDQ_CASE(rsess_sendq_trim__a_new_page),
	SENDQ_CASE(rsess_sendq_keep__one_page),
	SENDQ_CASE(rsess_sendq_keep__not_a_lent_page),
	SENDQ_CASE(rsess_sendq__model),
	{ }
};

struct kunit_suite rsess_sendq_suite = {
	.name = "rsess_sendq",
	.init = sendq_init,
	.exit = sendq_exit,
	.test_cases = sendq_cases,
};
