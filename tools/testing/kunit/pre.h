/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Included ahead of each source file of kunit.ko and of the test modules: says
 * that KUnit is there, in a kernel built without it.
 */
#ifndef _RSESS_KUNIT_PRE_H
#define _RSESS_KUNIT_PRE_H

/*
 * CONFIG_KUNIT adds members to struct module and struct task_struct. They must
 * have the layout that the kernel knows, so these headers come first.
 */
#include <linux/module.h>
#include <linux/sched.h>

#include "features.h"

#define CONFIG_KUNIT_MODULE 1
#define CONFIG_KUNIT_DEFAULT_ENABLED 1
#define CONFIG_KUNIT_DEFAULT_FILTER ""
#define CONFIG_KUNIT_DEFAULT_FILTER_ACTION ""
#define CONFIG_KUNIT_DEFAULT_FILTER_GLOB ""
#define CONFIG_KUNIT_DEFAULT_TIMEOUT 300

/*
 * Here KUnit would have the test that a thread runs. A thread that runs one has
 * NULL in the other: no file system is at work in it.
 */
#define kunit_test journal_info

struct kunit;

#endif /* _RSESS_KUNIT_PRE_H */
