/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Makes a module of KUnit suites:
 *
 *	RSESS_KUNIT_SUITES(&wire_suite, &state_suite);
 *
 * Loading the module runs the suites, and they tell the kernel's log. The
 * usual kunit_test_suites() does nothing here, as it is for the kernel to call
 * KUnit when a module is loaded, and the packaged kernels don't.
 *
 * Loading succeeds if tests fail: see report.sh.
 */
#ifndef _RSESS_KUNIT_RUN_SUITES_H
#define _RSESS_KUNIT_RUN_SUITES_H

#include <kunit/test.h>
#include <linux/kernel.h>
#include <linux/module.h>

#ifdef HAVE_KUNIT_RUN_TESTS_ARG
#define rsess_kunit_run(suites, n)	__kunit_test_suites_init(suites, n, true)
#else
#define rsess_kunit_run(suites, n)	__kunit_test_suites_init(suites, n)
#endif

#define RSESS_KUNIT_SUITES(...)						\
static struct kunit_suite *rsess_kunit_suites[] = { __VA_ARGS__ };	\
									\
static int __init rsess_kunit_init(void)				\
{									\
	return rsess_kunit_run(rsess_kunit_suites,			\
			       ARRAY_SIZE(rsess_kunit_suites));		\
}									\
module_init(rsess_kunit_init);						\
									\
static void __exit rsess_kunit_exit(void)				\
{									\
	__kunit_test_suites_exit(rsess_kunit_suites,			\
				 ARRAY_SIZE(rsess_kunit_suites));	\
}									\
module_exit(rsess_kunit_exit)

#endif /* _RSESS_KUNIT_RUN_SUITES_H */
