// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of how often something is done.
 */
#include <kunit/test.h>
#include <linux/limits.h>
#include "../rate.h"
#include "suites.h"

/* So often a random number is looked at. */
#define DRAWS	100

/* --- rsess_rate_take(), rsess_rate_wait() --- */

/* How many of @n are taken in a second that has just begun? */
static u32 taken_of(struct rsess_rate *r, u32 max, u32 n)
{
	u32 i, taken = 0;

	r->since = jiffies;
	r->n = 0;
	for (i = 0; i < n; i++)
		taken += rsess_rate_take(r, max);
	return taken;
}

/* A second may end in between. */
static u32 taken_in_one_second(struct rsess_rate *r, u32 max, u32 n)
{
	u32 i, taken;

	for (i = 0; i < 10; i++) {
		taken = taken_of(r, max, n);
		if (!rsess_rate_is_over(r))
			break;
	}
	return taken;
}

static void rsess_rate_take__so_many(struct kunit *test)
{
	struct rsess_rate r;

	KUNIT_EXPECT_EQ(test, taken_in_one_second(&r, 1, 10), 1);
	KUNIT_EXPECT_EQ(test, taken_in_one_second(&r, 7, 10), 7);
	KUNIT_EXPECT_EQ(test, taken_in_one_second(&r, U32_MAX, 10), 10);
}

static void rsess_rate_take__any_number(struct kunit *test)
{
	struct rsess_rate r;

	KUNIT_EXPECT_EQ(test, taken_in_one_second(&r, 0, 1000), 1000);
	KUNIT_EXPECT_EQ(test, rsess_rate_wait(&r, 0), 0);
}

static void rsess_rate_take__next_second(struct kunit *test)
{
	struct rsess_rate r = { .n = 7, .since = jiffies - HZ };

	KUNIT_EXPECT_EQ(test, rsess_rate_wait(&r, 7), 0);
	KUNIT_EXPECT_TRUE(test, rsess_rate_take(&r, 7));
	KUNIT_EXPECT_EQ(test, r.n, 1);
}

static void rsess_rate_wait__until_the_next_second(struct kunit *test)
{
	struct rsess_rate r = { .n = 6, .since = jiffies };

	KUNIT_EXPECT_EQ(test, rsess_rate_wait(&r, 7), 0);
	r.n = 7;
	r.since = jiffies;
	KUNIT_EXPECT_LE(test, rsess_rate_wait(&r, 7), HZ);
	/* The limit may have been changed. */
	KUNIT_EXPECT_EQ(test, rsess_rate_wait(&r, 8), 0);
}

/* --- rsess_retry_delay() --- */

static void rsess_retry_delay__doubles(struct kunit *test)
{
	unsigned long delay;
	u32 n, ms;
	int i;

	for (n = 0; n <= RSESS_RETRY_DOUBLINGS; n++) {
		ms = RSESS_RETRY_MIN_MS << n;
		for (i = 0; i < DRAWS; i++) {
			delay = rsess_retry_delay(n);
			KUNIT_EXPECT_GE(test, delay, msecs_to_jiffies(ms));
			KUNIT_EXPECT_LE(test, delay, msecs_to_jiffies(2 * ms));
		}
	}
}

static void rsess_retry_delay__ends_at_seconds(struct kunit *test)
{
	static const u32 many[] = {
		RSESS_RETRY_DOUBLINGS + 1, 31, 32, 1000, U32_MAX,
	};
	unsigned long delay;
	int i;

	for (i = 0; i < ARRAY_SIZE(many); i++) {
		delay = rsess_retry_delay(many[i]);
		KUNIT_EXPECT_GE(test, delay, HZ);
		KUNIT_EXPECT_LE(test, delay, 4 * HZ);
	}
}

/* Who lacked memory at the same time does not come again at the same time. */
static void rsess_retry_delay__differs(struct kunit *test)
{
	unsigned long delay, least = ULONG_MAX, most = 0;
	int i;

	for (i = 0; i < DRAWS; i++) {
		delay = rsess_retry_delay(RSESS_RETRY_DOUBLINGS);
		least = min(least, delay);
		most = max(most, delay);
	}
	KUNIT_EXPECT_GT(test, most, least + HZ / 4);
}

static struct kunit_case rate_cases[] = {
	KUNIT_CASE(rsess_rate_take__so_many),
	KUNIT_CASE(rsess_rate_take__any_number),
	KUNIT_CASE(rsess_rate_take__next_second),
	KUNIT_CASE(rsess_rate_wait__until_the_next_second),
	KUNIT_CASE(rsess_retry_delay__doubles),
	KUNIT_CASE(rsess_retry_delay__ends_at_seconds),
	KUNIT_CASE(rsess_retry_delay__differs),
	{ }
};

struct kunit_suite rsess_rate_suite = {
	.name = "rsess_rate",
	.test_cases = rate_cases,
};
