/* SPDX-License-Identifier: GPL-2.0 */
/*
 * harness.h for tests that need faults: where the kernel injects none, all of
 * them are skipped.
 */
#ifndef _RSESS_TEST_FAULT_HARNESS_H
#define _RSESS_TEST_FAULT_HARNESS_H

#include "harness.h"
#include "fault.h"

static inline int fault_main(int argc, char **argv)
{
	if (!harness_lists(argc, argv) && !fault_possible())
		ksft_exit_skip("this kernel injects no faults\n");
	return harness_main(argc, argv);
}

/* What TEST_HARNESS_MAIN calls. */
#undef test_harness_run
#define test_harness_run fault_main

#endif /* _RSESS_TEST_FAULT_HARNESS_H */
