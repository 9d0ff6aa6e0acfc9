// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the journal of socket options.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "../journal.h"
#include "suites.h"

/* What replay handed out: a letter an entry, its level. */
struct heard {
	char	levels[16];
	int	values[16];
	int	count;
	int	refuse;		/* entries of this level */
};

static int hear(void *arg, const struct rsess_journal_entry *e)
{
	struct heard *h = arg;

	if (h->count == ARRAY_SIZE(h->values) - 1)
		return -ENOSPC;
	h->levels[h->count] = 'a' + e->level;
	memcpy(&h->values[h->count], e->value, sizeof(int));
	h->count++;
	return e->level == h->refuse ? -EINVAL : 0;
}

static void put(struct kunit *test, int level, int name, int value, bool inherit)
{
	struct rsess_journal *j = test->priv;
	struct rsess_journal_entry *e;

	e = rsess_journal_entry_new(level, name, &value, sizeof(value));
	KUNIT_ASSERT_NOT_NULL(test, e);
	KUNIT_EXPECT_EQ(test, e->len, (u32)sizeof(value));
	e->inherit = inherit;
	rsess_journal_add(j, e);
}

static int journal_init(struct kunit *test)
{
	struct rsess_journal *j = kunit_kzalloc(test, sizeof(*j), GFP_KERNEL);

	if (!j)
		return -ENOMEM;
	rsess_journal_init(j);
	test->priv = j;
	return 0;
}

static void journal_exit(struct kunit *test)
{
	if (test->priv)
		rsess_journal_purge(test->priv);
}

static void rsess_journal__empty(struct kunit *test)
{
	struct heard h = { .refuse = -1 };

	KUNIT_EXPECT_EQ(test, rsess_journal_replay(test->priv, hear, &h), 0);
	KUNIT_EXPECT_EQ(test, h.count, 0);
}

static void rsess_journal__keeps_the_order(struct kunit *test)
{
	struct heard h = { .refuse = -1 };

	put(test, 2, 1, 20, true);
	put(test, 0, 1, 21, true);
	put(test, 1, 1, 22, true);
	KUNIT_EXPECT_EQ(test, rsess_journal_replay(test->priv, hear, &h), 0);
	KUNIT_EXPECT_STREQ(test, h.levels, "cab");
	KUNIT_EXPECT_EQ(test, h.values[2], 22);
}

/* The newest value counts, at the place of the newest call. */
static void rsess_journal__forgets_old_values(struct kunit *test)
{
	struct heard h = { .refuse = -1 };

	put(test, 0, 1, 10, true);
	put(test, 1, 1, 11, true);
	put(test, 0, 1, 12, true);
	rsess_journal_replay(test->priv, hear, &h);
	KUNIT_EXPECT_STREQ(test, h.levels, "ba");
	KUNIT_EXPECT_EQ(test, h.values[1], 12);
}

static void rsess_journal__tells_names_and_levels_apart(struct kunit *test)
{
	struct heard h = { .refuse = -1 };

	put(test, 0, 1, 10, true);
	put(test, 0, 2, 11, true);
	put(test, 1, 1, 12, true);
	rsess_journal_replay(test->priv, hear, &h);
	KUNIT_EXPECT_EQ(test, h.count, 3);
}

static void rsess_journal__a_refusal_does_not_stop_it(struct kunit *test)
{
	struct heard h = { .refuse = 1 };

	put(test, 0, 1, 10, true);
	put(test, 1, 1, 11, true);
	put(test, 2, 1, 12, true);
	KUNIT_EXPECT_EQ(test, rsess_journal_replay(test->priv, hear, &h), 1);
	KUNIT_EXPECT_EQ(test, h.count, 3);
}

static void rsess_journal__inherits_what_may_be(struct kunit *test)
{
	struct heard h = { .refuse = -1 };
	struct rsess_journal child;

	rsess_journal_init(&child);
	put(test, 0, 1, 10, true);
	put(test, 1, 1, 11, false);
	put(test, 2, 1, 12, true);
	KUNIT_EXPECT_EQ(test, rsess_journal_inherit(&child, test->priv), 0);
	/* A copy: the parent may go. */
	rsess_journal_purge(test->priv);
	rsess_journal_replay(&child, hear, &h);
	rsess_journal_purge(&child);
	KUNIT_EXPECT_STREQ(test, h.levels, "ac");
	KUNIT_EXPECT_EQ(test, h.values[1], 12);
	KUNIT_EXPECT_TRUE(test, list_empty(&child.entries));
}

static void rsess_journal__value_of_full_length(struct kunit *test)
{
	u8 value[RSESS_JOURNAL_VALUE_MAX];
	struct rsess_journal_entry *e;

	memset(value, 0x5a, sizeof(value));
	e = rsess_journal_entry_new(1, 1, value, sizeof(value));
	KUNIT_ASSERT_NOT_NULL(test, e);
	KUNIT_EXPECT_EQ(test, memcmp(e->value, value, sizeof(value)), 0);
	rsess_journal_add(test->priv, e);
}

static struct kunit_case journal_cases[] = {
	KUNIT_CASE(rsess_journal__empty),
	KUNIT_CASE(rsess_journal__keeps_the_order),
	KUNIT_CASE(rsess_journal__forgets_old_values),
	KUNIT_CASE(rsess_journal__tells_names_and_levels_apart),
	KUNIT_CASE(rsess_journal__a_refusal_does_not_stop_it),
	KUNIT_CASE(rsess_journal__inherits_what_may_be),
	KUNIT_CASE(rsess_journal__value_of_full_length),
	{}
};

struct kunit_suite rsess_journal_suite = {
	.name		= "rsess_journal",
	.init		= journal_init,
	.exit		= journal_exit,
	.test_cases	= journal_cases,
};
