// SPDX-License-Identifier: GPL-2.0
/*
 * The module of all suites; loading it runs them.  It needs an rsess.ko that
 * was built with KUNIT=DIR, which exports what the tests call.
 */
#include <linux/module.h>
#include <run_suites.h>
#include "suites.h"

RSESS_KUNIT_SUITES(&rsess_wire_suite, &rsess_seq_suite, &rsess_state_suite,
		   &rsess_sendq_suite, &rsess_credit_suite, &rsess_auth_suite,
		   &rsess_tag_suite, &rsess_journal_suite, &rsess_rate_suite,
		   &rsess_owner_suite, &rsess_knock_suite);

MODULE_DESCRIPTION("KUnit tests of rsess");
MODULE_LICENSE("GPL");
