/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allocations that fail when a test says so: failslab and fail_page_alloc of the
 * kernel's fault injection, see Documentation/fault-injection/ there.
 *
 * Functions return 0 or a count, and a negative errno after having said what is
 * wrong.
 */
#ifndef _RSESS_TEST_FAULT_H
#define _RSESS_TEST_FAULT_H

#include <stdbool.h>
#include <stdint.h>

bool fault_possible(void);
int fault_reset(void);

int fault_below_module(void);
int fault_below(const char *function);
int fault_not_below(const char *function);
int fault_start(unsigned int slab, unsigned int page);
int fault_stop(void);
int64_t fault_count(void);
int fault_wait(int64_t count);

int fault_nth(unsigned int n);
int fault_nth_end(void);

#endif /* _RSESS_TEST_FAULT_H */
