// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of credit.  Each case runs with streams that begin at several offsets,
 * so that rcv_nxt and limit lie on both sides of 2^64.
 *
 * Offsets are counted from the start of the stream.
 */
#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/prandom.h>
#include <linux/string.h>
#include "../credit.h"
#include "suites.h"

#define WINDOW	1000
#define HALF	BIT_ULL(63)

static const u64 starts[] = {
	0, BIT_ULL(32) - 500, HALF - 500, -1ull, -500ull, -1000ull,
};

static void start_desc(const u64 *start, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "from %#llx", *start);
}

KUNIT_ARRAY_PARAM(starts, starts, start_desc);

static u64 start_of(struct kunit *test)
{
	return *(const u64 *)test->param_value;
}

/* A receiver whose peer was told what a window of WINDOW bytes allows. */
static int credit_init(struct kunit *test)
{
	struct rsess_credit *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	if (!c)
		return -ENOMEM;
	test->priv = c;
	rsess_credit_init(c, start_of(test));
	rsess_credit_told(c, WINDOW);
	return 0;
}

/* Bytes arrive; bytes are read. */
static void arrive(struct kunit *test, u32 len)
{
	struct rsess_credit *c = test->priv;

	c->rcv_nxt += len;
}

static void consume(struct kunit *test, u32 len)
{
	struct rsess_credit *c = test->priv;

	c->copied_seq += len;
}

static void expect_limit(struct kunit *test, u32 window, u64 limit)
{
	KUNIT_EXPECT_EQ(test,
			rsess_credit_limit(test->priv, window) - start_of(test),
			limit);
}

static void expect_told(struct kunit *test, u32 window, u64 limit)
{
	KUNIT_EXPECT_EQ(test,
			rsess_credit_told(test->priv, window) - start_of(test),
			limit);
}

/* --- rsess_credit_init() --- */

static void rsess_credit_init__nothing_allowed(struct kunit *test)
{
	struct rsess_credit c;
	u64 start = start_of(test);

	memset(&c, 0xff, sizeof(c));
	rsess_credit_init(&c, start);
	KUNIT_EXPECT_EQ(test, c.rcv_nxt, start);
	KUNIT_EXPECT_EQ(test, c.copied_seq, start);
	KUNIT_EXPECT_EQ(test, c.limit, start);
	KUNIT_EXPECT_EQ(test, c.acked, start);
	KUNIT_EXPECT_EQ(test, rsess_credit_judge(&c, start, 1),
			RSESS_DATA_OVER);
}

/* --- rsess_credit_limit() --- */

static void rsess_credit_limit__counts_from_the_reader(struct kunit *test)
{
	expect_limit(test, WINDOW, WINDOW);
	arrive(test, 600);
	expect_limit(test, WINDOW, WINDOW);
	consume(test, 400);
	expect_limit(test, WINDOW, 400 + WINDOW);
}

static void rsess_credit_limit__window_grows(struct kunit *test)
{
	expect_limit(test, WINDOW + 1, WINDOW + 1);
	expect_limit(test, U32_MAX, U32_MAX);
}

static void rsess_credit_limit__window_shrinks(struct kunit *test)
{
	expect_limit(test, WINDOW - 1, WINDOW);
	expect_limit(test, 0, WINDOW);
	consume(test, 1);
	expect_limit(test, WINDOW - 1, WINDOW);
	consume(test, 1);
	expect_limit(test, WINDOW - 1, WINDOW + 1);
}

static void rsess_credit_limit__changes_nothing(struct kunit *test)
{
	struct rsess_credit *c = test->priv;
	struct rsess_credit before = *c;

	rsess_credit_limit(c, 2 * WINDOW);
	KUNIT_EXPECT_EQ(test, memcmp(c, &before, sizeof(before)), 0);
}

/* --- rsess_credit_told() --- */

static void rsess_credit_told__notes_both(struct kunit *test)
{
	struct rsess_credit *c = test->priv;

	arrive(test, 600);
	consume(test, 400);
	expect_told(test, WINDOW, 400 + WINDOW);
	KUNIT_EXPECT_EQ(test, c->limit - start_of(test), 400 + WINDOW);
	KUNIT_EXPECT_EQ(test, c->acked - start_of(test), 600);
	KUNIT_EXPECT_EQ(test, c->rcv_nxt - start_of(test), 600);
	KUNIT_EXPECT_EQ(test, c->copied_seq - start_of(test), 400);
}

static void rsess_credit_told__again(struct kunit *test)
{
	expect_told(test, WINDOW, WINDOW);
	expect_told(test, WINDOW, WINDOW);
}

/* What was promised is promised. */
static void rsess_credit_told__window_shrinks(struct kunit *test)
{
	struct rsess_credit *c = test->priv;
	u64 start = start_of(test);

	expect_told(test, WINDOW / 2, WINDOW);
	expect_told(test, 0, WINDOW);
	KUNIT_EXPECT_EQ(test, rsess_credit_judge(c, start, WINDOW),
			RSESS_DATA_OK);
	arrive(test, WINDOW);
	consume(test, WINDOW / 2);
	expect_told(test, WINDOW / 2, WINDOW);
	consume(test, WINDOW / 2);
	expect_told(test, WINDOW / 2, WINDOW + WINDOW / 2);
}

/* Whatever the window does, and whatever is read. */
static void rsess_credit_told__never_decreases(struct kunit *test)
{
	struct rsess_credit *c = test->priv;
	u64 start = start_of(test), last = c->limit - start;
	struct rnd_state rnd;
	int i;

	prandom_seed_state(&rnd, 20250517);
	for (i = 0; i < 10000; i++) {
		u32 window = prandom_u32_state(&rnd) % (2 * WINDOW);
		u64 room = c->limit - c->rcv_nxt;
		u64 limit;

		arrive(test, prandom_u32_state(&rnd) % (room + 1));
		consume(test, prandom_u32_state(&rnd) %
			      (c->rcv_nxt - c->copied_seq + 1));
		limit = rsess_credit_told(c, window) - start;
		KUNIT_ASSERT_GE(test, limit, last);
		KUNIT_ASSERT_EQ(test, limit,
				max(last, c->copied_seq - start + window));
		KUNIT_ASSERT_EQ(test, c->acked, c->rcv_nxt);
		last = limit;
	}
	KUNIT_EXPECT_GT(test, last, 100 * WINDOW);
}

/* --- rsess_credit_owed() --- */

static void rsess_credit_owed__a_quarter(struct kunit *test)
{
	struct rsess_credit *c = test->priv;

	KUNIT_EXPECT_FALSE(test, rsess_credit_owed(c, WINDOW));
	arrive(test, WINDOW / 4 - 1);
	KUNIT_EXPECT_FALSE(test, rsess_credit_owed(c, WINDOW));
	arrive(test, 1);
	KUNIT_EXPECT_TRUE(test, rsess_credit_owed(c, WINDOW));
	arrive(test, WINDOW - WINDOW / 4);
	KUNIT_EXPECT_TRUE(test, rsess_credit_owed(c, WINDOW));
}

static void rsess_credit_owed__not_after_it_was_told(struct kunit *test)
{
	struct rsess_credit *c = test->priv;

	arrive(test, WINDOW / 2);
	rsess_credit_told(c, WINDOW);
	KUNIT_EXPECT_FALSE(test, rsess_credit_owed(c, WINDOW));
	arrive(test, WINDOW / 4);
	KUNIT_EXPECT_TRUE(test, rsess_credit_owed(c, WINDOW));
}

/* An acknowledgment is owed for what arrived, not for what was read. */
static void rsess_credit_owed__reading_does_not_count(struct kunit *test)
{
	struct rsess_credit *c = test->priv;

	arrive(test, WINDOW / 4);
	rsess_credit_told(c, WINDOW);
	consume(test, WINDOW / 4);
	KUNIT_EXPECT_FALSE(test, rsess_credit_owed(c, WINDOW));
}

/* --- rsess_credit_freed() --- */

static void rsess_credit_freed__a_quarter(struct kunit *test)
{
	struct rsess_credit *c = test->priv;

	arrive(test, WINDOW);
	KUNIT_EXPECT_FALSE(test, rsess_credit_freed(c, WINDOW));
	consume(test, WINDOW / 4 - 1);
	KUNIT_EXPECT_FALSE(test, rsess_credit_freed(c, WINDOW));
	consume(test, 1);
	KUNIT_EXPECT_TRUE(test, rsess_credit_freed(c, WINDOW));
	consume(test, WINDOW - WINDOW / 4);
	KUNIT_EXPECT_TRUE(test, rsess_credit_freed(c, WINDOW));
}

static void rsess_credit_freed__not_after_it_was_told(struct kunit *test)
{
	struct rsess_credit *c = test->priv;

	arrive(test, WINDOW);
	consume(test, WINDOW / 2);
	rsess_credit_told(c, WINDOW);
	KUNIT_EXPECT_FALSE(test, rsess_credit_freed(c, WINDOW));
	consume(test, WINDOW / 4);
	KUNIT_EXPECT_TRUE(test, rsess_credit_freed(c, WINDOW));
}

static void rsess_credit_freed__arriving_does_not_count(struct kunit *test)
{
	arrive(test, WINDOW);
	KUNIT_EXPECT_FALSE(test, rsess_credit_freed(test->priv, WINDOW));
}

/* With a smaller window the reader frees what was promised too much first. */
static void rsess_credit_freed__window_shrinks(struct kunit *test)
{
	struct rsess_credit *c = test->priv;
	u32 small = WINDOW / 2;

	arrive(test, WINDOW);
	KUNIT_EXPECT_FALSE(test, rsess_credit_freed(c, small));
	consume(test, WINDOW - small);
	KUNIT_EXPECT_FALSE(test, rsess_credit_freed(c, small));
	consume(test, small / 4 - 1);
	KUNIT_EXPECT_FALSE(test, rsess_credit_freed(c, small));
	consume(test, 1);
	KUNIT_EXPECT_TRUE(test, rsess_credit_freed(c, small));
}

static void rsess_credit_freed__window_grows(struct kunit *test)
{
	struct rsess_credit *c = test->priv;

	KUNIT_EXPECT_FALSE(test, rsess_credit_freed(c, WINDOW + 10));
	KUNIT_EXPECT_FALSE(test, rsess_credit_freed(c, 2 * WINDOW));
	arrive(test, WINDOW / 2);
	KUNIT_EXPECT_FALSE(test, rsess_credit_freed(c, 2 * WINDOW));
	arrive(test, 1);
	KUNIT_EXPECT_FALSE(test, rsess_credit_freed(c, WINDOW + 10));
	KUNIT_EXPECT_TRUE(test, rsess_credit_freed(c, 2 * WINDOW));
}

/* --- rsess_credit_judge() --- */

/* Offsets may be below 0, that is, before the stream began. */
static void expect_verdict(struct kunit *test, u64 offset, u32 len, int verdict)
{
	KUNIT_EXPECT_EQ_MSG(test,
			    rsess_credit_judge(test->priv,
					       start_of(test) + offset, len),
			    verdict, "offset %lld length %u", (s64)offset, len);
}

static void rsess_credit_judge__next(struct kunit *test)
{
	expect_verdict(test, 0, 1, RSESS_DATA_OK);
	expect_verdict(test, 0, WINDOW - 1, RSESS_DATA_OK);
	arrive(test, 600);
	expect_verdict(test, 600, 1, RSESS_DATA_OK);
	expect_verdict(test, 600, 399, RSESS_DATA_OK);
}

static void rsess_credit_judge__up_to_the_limit(struct kunit *test)
{
	expect_verdict(test, 0, WINDOW, RSESS_DATA_OK);
	arrive(test, WINDOW - 1);
	expect_verdict(test, WINDOW - 1, 1, RSESS_DATA_OK);
}

static void rsess_credit_judge__old_and_new(struct kunit *test)
{
	arrive(test, 600);
	expect_verdict(test, 0, 601, RSESS_DATA_OK);
	expect_verdict(test, 599, 2, RSESS_DATA_OK);
	expect_verdict(test, 0, WINDOW, RSESS_DATA_OK);
	expect_verdict(test, 599, 401, RSESS_DATA_OK);
}

static void rsess_credit_judge__old(struct kunit *test)
{
	arrive(test, 600);
	expect_verdict(test, 0, 1, RSESS_DATA_OLD);
	expect_verdict(test, 0, 599, RSESS_DATA_OLD);
	expect_verdict(test, 0, 600, RSESS_DATA_OLD);
	expect_verdict(test, 599, 1, RSESS_DATA_OLD);
}

static void rsess_credit_judge__old_of_long_ago(struct kunit *test)
{
	arrive(test, 600);
	expect_verdict(test, -1ull, 1, RSESS_DATA_OLD);
	expect_verdict(test, -BIT_ULL(32), RSESS_DATA_MAX, RSESS_DATA_OLD);
	expect_verdict(test, 600 - HALF + 1, RSESS_DATA_MAX, RSESS_DATA_OLD);
}

static void rsess_credit_judge__old_without_credit(struct kunit *test)
{
	arrive(test, WINDOW);
	expect_verdict(test, 0, WINDOW, RSESS_DATA_OLD);
	expect_verdict(test, WINDOW - 1, 1, RSESS_DATA_OLD);
}

static void rsess_credit_judge__gap(struct kunit *test)
{
	expect_verdict(test, 1, 1, RSESS_DATA_GAP);
	arrive(test, 600);
	expect_verdict(test, 601, 1, RSESS_DATA_GAP);
	expect_verdict(test, 601, RSESS_DATA_MAX, RSESS_DATA_GAP);
	expect_verdict(test, WINDOW, 1, RSESS_DATA_GAP);
	expect_verdict(test, 600 + HALF - 1, 1, RSESS_DATA_GAP);
}

static void rsess_credit_judge__over(struct kunit *test)
{
	expect_verdict(test, 0, WINDOW + 1, RSESS_DATA_OVER);
	expect_verdict(test, 0, RSESS_DATA_MAX, RSESS_DATA_OVER);
	arrive(test, 600);
	expect_verdict(test, 600, 401, RSESS_DATA_OVER);
	expect_verdict(test, 0, WINDOW + 1, RSESS_DATA_OVER);
	expect_verdict(test, 599, 402, RSESS_DATA_OVER);
}

static void rsess_credit_judge__no_credit(struct kunit *test)
{
	arrive(test, WINDOW);
	expect_verdict(test, WINDOW, 1, RSESS_DATA_OVER);
	expect_verdict(test, WINDOW - 1, 2, RSESS_DATA_OVER);
}

/* It is the limit that the peer was told that counts, not the one it would be
 * told now.
 */
static void rsess_credit_judge__freed_but_not_told(struct kunit *test)
{
	arrive(test, WINDOW);
	consume(test, WINDOW);
	expect_verdict(test, WINDOW, 1, RSESS_DATA_OVER);
	rsess_credit_told(test->priv, WINDOW);
	expect_verdict(test, WINDOW, WINDOW, RSESS_DATA_OK);
	expect_verdict(test, WINDOW, WINDOW + 1, RSESS_DATA_OVER);
}

/* FIN needs no credit, so it may have taken the offset of the limit. */
static void rsess_credit_judge__behind_fin(struct kunit *test)
{
	arrive(test, WINDOW);
	arrive(test, 1);
	expect_verdict(test, WINDOW - 1, 1, RSESS_DATA_OLD);
	expect_verdict(test, WINDOW + 1, 1, RSESS_DATA_OVER);
}

#define CREDIT_CASE(name)	KUNIT_CASE_PARAM(name, starts_gen_params)

static struct kunit_case credit_cases[] = {
	CREDIT_CASE(rsess_credit_init__nothing_allowed),
	CREDIT_CASE(rsess_credit_limit__counts_from_the_reader),
	CREDIT_CASE(rsess_credit_limit__window_grows),
	CREDIT_CASE(rsess_credit_limit__window_shrinks),
	CREDIT_CASE(rsess_credit_limit__changes_nothing),
	CREDIT_CASE(rsess_credit_told__notes_both),
	CREDIT_CASE(rsess_credit_told__again),
	CREDIT_CASE(rsess_credit_told__window_shrinks),
	CREDIT_CASE(rsess_credit_told__never_decreases),
	CREDIT_CASE(rsess_credit_owed__a_quarter),
	CREDIT_CASE(rsess_credit_owed__not_after_it_was_told),
	CREDIT_CASE(rsess_credit_owed__reading_does_not_count),
	CREDIT_CASE(rsess_credit_freed__a_quarter),
	CREDIT_CASE(rsess_credit_freed__not_after_it_was_told),
	CREDIT_CASE(rsess_credit_freed__arriving_does_not_count),
	CREDIT_CASE(rsess_credit_freed__window_shrinks),
	CREDIT_CASE(rsess_credit_freed__window_grows),
	CREDIT_CASE(rsess_credit_judge__next),
	CREDIT_CASE(rsess_credit_judge__up_to_the_limit),
	CREDIT_CASE(rsess_credit_judge__old_and_new),
	CREDIT_CASE(rsess_credit_judge__old),
	CREDIT_CASE(rsess_credit_judge__old_of_long_ago),
	CREDIT_CASE(rsess_credit_judge__old_without_credit),
	CREDIT_CASE(rsess_credit_judge__gap),
	CREDIT_CASE(rsess_credit_judge__over),
	CREDIT_CASE(rsess_credit_judge__no_credit),
	CREDIT_CASE(rsess_credit_judge__freed_but_not_told),
	CREDIT_CASE(rsess_credit_judge__behind_fin),
	{ }
};

struct kunit_suite rsess_credit_suite = {
	.name = "rsess_credit",
	.init = credit_init,
	.test_cases = credit_cases,
};
