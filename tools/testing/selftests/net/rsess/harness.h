/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kselftest_harness.h with a choice of tests on the command line:
 *
 *	PROGRAM [--list] [TEST [VARIANT...]]
 *
 * where TEST and VARIANT are patterns as of the shell, and a variant runs if one
 * of the patterns matches it.  A fixture without variants counts as one that has
 * the variant "-".  With --list the program prints the names of the tests that it
 * would run, in their order, and runs none.  The harness itself comes with the
 * kernel's sources; the Makefile says from where.
 */
#ifndef _RSESS_TEST_HARNESS_H
#define _RSESS_TEST_HARNESS_H

#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <linux/types.h>
#include <kselftest_harness.h>

#include "util.h"

/*
 * Time for a test, seconds; enough for an emulated machine under load. It is
 * multiplied by slowness().
 */
#ifndef TEST_SECONDS
#define TEST_SECONDS	180
#endif

#define CASE(fixture, name)	TEST_F_TIMEOUT(fixture, name, TEST_SECONDS)

/*
 * The functions of the test library return 0 when all is well.  As with all that
 * the harness has: alone in a loop it needs braces, or it does not leave it.
 */
#define OK(call)		ASSERT_EQ(0, call)

/* A call that fails with the given errno. */
#define FAILS(error, call)		\
	do {				\
		errno = 0;		\
		ASSERT_EQ(-1, call);	\
		ASSERT_EQ(error, errno);\
	} while (0)

static inline void harness_keep_tests(struct __fixture_metadata *f,
				      const char *pattern)
{
	struct __test_metadata **t = &f->tests;

	while (*t) {
		if (fnmatch(pattern, (*t)->name, 0))
			*t = (*t)->next;
		else
			t = &(*t)->next;
	}
}

static inline bool harness_wants(const char *name, char *const *patterns)
{
	for (; *patterns; patterns++)
		if (!fnmatch(*patterns, name, 0))
			return true;
	return false;
}

static inline void harness_keep_variants(struct __fixture_metadata *f,
					 char *const *patterns)
{
	struct __fixture_variant_metadata **v = &f->variant;
	bool keep = !*v && harness_wants("-", patterns);

	while (*v) {
		if (harness_wants((*v)->name, patterns))
			v = &(*v)->next;
		else
			*v = (*v)->next;
	}
	if (!f->variant && !keep)
		f->tests = NULL;
}

static inline void harness_list_tests(const struct __fixture_metadata *f,
				      const char *dot, const char *variant)
{
	const struct __test_metadata *t;

	for (t = f->tests; t; t = t->next)
		printf("%s%s%s.%s\n", f->name, dot, variant, t->name);
}

static inline int harness_list(void)
{
	const struct __fixture_variant_metadata *v;
	const struct __fixture_metadata *f;

	for (f = __fixture_list; f; f = f->next) {
		if (!f->variant)
			harness_list_tests(f, "", "");
		for (v = f->variant; v; v = v->next)
			harness_list_tests(f, ".", v->name);
	}
	return 0;
}

static inline void harness_slow_down(struct __fixture_metadata *f)
{
	struct __test_metadata *t;

	for (t = f->tests; t; t = t->next)
		t->timeout *= slowness();
}

/* Are the tests to be named, and not to be run? */
static inline bool harness_lists(int argc, char **argv)
{
	return argc > 1 && !strcmp(argv[1], "--list");
}

static inline int harness_main(int argc, char **argv)
{
	bool list = harness_lists(argc, argv);
	char **choice = argv + 1 + list;
	struct __fixture_metadata *f;

	for (f = __fixture_list; f; f = f->next) {
		harness_slow_down(f);
		if (!*choice)
			continue;
		harness_keep_tests(f, choice[0]);
		if (choice[1])
			harness_keep_variants(f, choice + 1);
	}
	if (list)
		return harness_list();
	setvbuf(stdout, NULL, _IOLBF, 0);
	return test_harness_run(1, argv);
}

/* What TEST_HARNESS_MAIN calls. */
#define test_harness_run	harness_main

#endif /* _RSESS_TEST_HARNESS_H */
