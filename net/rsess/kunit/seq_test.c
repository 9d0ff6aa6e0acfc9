// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the comparisons of offsets, modulo 2^64, and of epochs, modulo 2^32.
 */
#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include "../wire.h"
#include "suites.h"

#define HALF	BIT_ULL(63)
#define HALF32	((u32)BIT(31))

/* Where numbers begin, end, change their sign or carry over. */
static const u64 places[] = {
	0, 1, S32_MAX, HALF32, U32_MAX, BIT_ULL(32), HALF - 1, HALF, HALF + 1,
	U64_MAX - 1, U64_MAX,
};

/* Distances at which the order of two offsets is certain. */
static const u64 distances[] = {
	1, 2, 65536, S32_MAX, HALF32, U32_MAX, BIT_ULL(32), BIT_ULL(62), HALF - 1,
};

#define PAIRS	(ARRAY_SIZE(places) * ARRAY_SIZE(distances))

/* Pair number i: an offset, and one that is less than 2^63 above it. */
static void get_pair(int i, u64 *a, u64 *b)
{
	*a = places[i / ARRAY_SIZE(distances)];
	*b = *a + distances[i % ARRAY_SIZE(distances)];
}

static void rsess_before__equal(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(places); i++)
		KUNIT_EXPECT_FALSE(test, rsess_before(places[i], places[i]));
}

static void rsess_before__at_wrap(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, rsess_before(U64_MAX, 0));
	KUNIT_EXPECT_FALSE(test, rsess_before(0, U64_MAX));
	KUNIT_EXPECT_TRUE(test, rsess_before(U64_MAX - 1, 1));
	KUNIT_EXPECT_FALSE(test, rsess_before(1, U64_MAX - 1));
}

static void rsess_before__less_than_half_apart(struct kunit *test)
{
	u64 a, b;
	int i;

	for (i = 0; i < PAIRS; i++) {
		get_pair(i, &a, &b);
		KUNIT_EXPECT_TRUE_MSG(test, rsess_before(a, b),
				      "%#llx %#llx", a, b);
		KUNIT_EXPECT_FALSE_MSG(test, rsess_before(b, a),
				       "%#llx %#llx", b, a);
	}
}

/* Half of the circle apart, there is no order: each is before the other. */
static void rsess_before__half_apart(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(places); i++)
		KUNIT_EXPECT_EQ(test,
				rsess_before(places[i], places[i] + HALF),
				rsess_before(places[i] + HALF, places[i]));
}

static void rsess_before__more_than_half_apart(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		u64 a = places[i], b = a + HALF + 1;

		KUNIT_EXPECT_FALSE(test, rsess_before(a, b));
		KUNIT_EXPECT_TRUE(test, rsess_before(b, a));
	}
}

static void rsess_after__equal(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(places); i++)
		KUNIT_EXPECT_FALSE(test, rsess_after(places[i], places[i]));
}

static void rsess_after__at_wrap(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, rsess_after(0, U64_MAX));
	KUNIT_EXPECT_FALSE(test, rsess_after(U64_MAX, 0));
}

static void rsess_after__less_than_half_apart(struct kunit *test)
{
	u64 a, b;
	int i;

	for (i = 0; i < PAIRS; i++) {
		get_pair(i, &a, &b);
		KUNIT_EXPECT_TRUE_MSG(test, rsess_after(b, a),
				      "%#llx %#llx", b, a);
		KUNIT_EXPECT_FALSE_MSG(test, rsess_after(a, b),
				       "%#llx %#llx", a, b);
	}
}

static void rsess_between__both_ends_are_in(struct kunit *test)
{
	u64 a, b;
	int i;

	for (i = 0; i < PAIRS; i++) {
		get_pair(i, &a, &b);
		KUNIT_EXPECT_TRUE(test, rsess_between(a, a, b));
		KUNIT_EXPECT_TRUE(test, rsess_between(a, b, b));
		KUNIT_EXPECT_TRUE(test, rsess_between(a, a + (b - a) / 2, b));
	}
}

static void rsess_between__next_to_the_ends_is_out(struct kunit *test)
{
	u64 a, b;
	int i;

	for (i = 0; i < PAIRS; i++) {
		get_pair(i, &a, &b);
		KUNIT_EXPECT_FALSE(test, rsess_between(a, a - 1, b));
		KUNIT_EXPECT_FALSE(test, rsess_between(a, b + 1, b));
		KUNIT_EXPECT_FALSE(test, rsess_between(a, a + HALF, b));
	}
}

static void rsess_between__one_offset(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		u64 a = places[i];

		KUNIT_EXPECT_TRUE(test, rsess_between(a, a, a));
		KUNIT_EXPECT_FALSE(test, rsess_between(a, a + 1, a));
		KUNIT_EXPECT_FALSE(test, rsess_between(a, a - 1, a));
		KUNIT_EXPECT_FALSE(test, rsess_between(a, a + HALF, a));
	}
}

static void rsess_between__across_wrap(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, rsess_between(U64_MAX, 0, 1));
	KUNIT_EXPECT_TRUE(test, rsess_between(U64_MAX - 9, U64_MAX, 9));
	KUNIT_EXPECT_FALSE(test, rsess_between(U64_MAX - 9, 10, 9));
	KUNIT_EXPECT_FALSE(test, rsess_between(U64_MAX - 9, U64_MAX - 10, 9));
}

/* The same for epochs. */
static const u32 epochs[] = {
	0, 1, HALF32 - 1, HALF32, HALF32 + 1, U32_MAX - 1, U32_MAX,
};

static const u32 steps[] = { 1, 2, 65536, BIT(30), HALF32 - 1 };

static void rsess_epoch_newer__equal(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(epochs); i++)
		KUNIT_EXPECT_FALSE(test,
				   rsess_epoch_newer(epochs[i], epochs[i]));
}

static void rsess_epoch_newer__at_wrap(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, rsess_epoch_newer(0, U32_MAX));
	KUNIT_EXPECT_FALSE(test, rsess_epoch_newer(U32_MAX, 0));
}

static void rsess_epoch_newer__less_than_half_apart(struct kunit *test)
{
	int i, j;

	for (i = 0; i < ARRAY_SIZE(epochs); i++) {
		for (j = 0; j < ARRAY_SIZE(steps); j++) {
			u32 a = epochs[i], b = a + steps[j];

			KUNIT_EXPECT_TRUE_MSG(test, rsess_epoch_newer(b, a),
					      "%#x %#x", b, a);
			KUNIT_EXPECT_FALSE_MSG(test, rsess_epoch_newer(a, b),
					       "%#x %#x", a, b);
		}
	}
}

/* There is no order, so neither may replace the other. */
static void rsess_epoch_newer__half_apart(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(epochs); i++)
		KUNIT_EXPECT_FALSE(test, rsess_epoch_newer(epochs[i] + HALF32,
							   epochs[i]));
}

/* 2^32 epochs later the number is the same one, and not newer. */
static void rsess_epoch_newer__all_the_way_round(struct kunit *test)
{
	int i, j;

	for (i = 0; i < ARRAY_SIZE(epochs); i++) {
		u32 first = epochs[i], epoch = first;

		for (j = 0; j < 8; j++) {
			u32 next = epoch + BIT(29);

			KUNIT_EXPECT_TRUE(test, rsess_epoch_newer(next, epoch));
			KUNIT_EXPECT_FALSE(test,
					   rsess_epoch_newer(epoch, next));
			epoch = next;
		}
		KUNIT_EXPECT_EQ(test, epoch, first);
		KUNIT_EXPECT_FALSE(test, rsess_epoch_newer(epoch, first));
	}
}

static struct kunit_case seq_cases[] = {
	KUNIT_CASE(rsess_before__equal),
	KUNIT_CASE(rsess_before__at_wrap),
	KUNIT_CASE(rsess_before__less_than_half_apart),
	KUNIT_CASE(rsess_before__half_apart),
	KUNIT_CASE(rsess_before__more_than_half_apart),
	KUNIT_CASE(rsess_after__equal),
	KUNIT_CASE(rsess_after__at_wrap),
	KUNIT_CASE(rsess_after__less_than_half_apart),
	KUNIT_CASE(rsess_between__both_ends_are_in),
	KUNIT_CASE(rsess_between__next_to_the_ends_is_out),
	KUNIT_CASE(rsess_between__one_offset),
	KUNIT_CASE(rsess_between__across_wrap),
	KUNIT_CASE(rsess_epoch_newer__equal),
	KUNIT_CASE(rsess_epoch_newer__at_wrap),
	KUNIT_CASE(rsess_epoch_newer__less_than_half_apart),
	KUNIT_CASE(rsess_epoch_newer__half_apart),
	KUNIT_CASE(rsess_epoch_newer__all_the_way_round),
	{ }
};

struct kunit_suite rsess_seq_suite = {
	.name = "rsess_seq",
	.test_cases = seq_cases,
};
