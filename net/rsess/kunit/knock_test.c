// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the watch for dialers that ask a tombstone, in a namespace that may end at any
 * moment.  Nobody accepts sessions in it.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <net/net_namespace.h>
#include "../knock.h"
#include "../net.h"
#include "suites.h"

static void rsess_knock_watch__namespace_ends(struct kunit *test)
{
	struct rsess_net *rn = rsess_net(&init_net);
	int err;

	KUNIT_ASSERT_FALSE(test, rn->watched);
	WRITE_ONCE(rn->exiting, true);
	err = rsess_knock_watch(&init_net);
	WRITE_ONCE(rn->exiting, false);

	/* Nobody would take the hooks out again. */
	KUNIT_EXPECT_EQ(test, err, -ENETDOWN);
	KUNIT_EXPECT_FALSE(test, rn->watched);
}

static void rsess_knock_watch__first_and_next(struct kunit *test)
{
	struct rsess_net *rn = rsess_net(&init_net);

	KUNIT_EXPECT_EQ(test, rsess_knock_watch(&init_net), 0);
	KUNIT_EXPECT_TRUE(test, rn->watched);
	KUNIT_EXPECT_EQ(test, rsess_knock_watch(&init_net), 0);
	KUNIT_EXPECT_TRUE(test, rn->watched);
}

static struct kunit_case rsess_knock_cases[] = {
	KUNIT_CASE(rsess_knock_watch__namespace_ends),
	KUNIT_CASE(rsess_knock_watch__first_and_next),
	{}
};

struct kunit_suite rsess_knock_suite = {
	.name = "rsess_knock",
	.test_cases = rsess_knock_cases,
};
