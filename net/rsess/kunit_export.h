/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions that the KUnit module calls are exported in a build for tests
 * (make KUNIT=1) and nowhere else.
 */
#ifndef _RSESS_KUNIT_EXPORT_H
#define _RSESS_KUNIT_EXPORT_H

#if defined(__KERNEL__) && defined(CONFIG_RSESS_KUNIT_TEST)
#include <linux/export.h>
#define EXPORT_SYMBOL_RSESS_KUNIT(sym)	EXPORT_SYMBOL_GPL(sym)
#else
#define EXPORT_SYMBOL_RSESS_KUNIT(sym)
#endif

#endif /* _RSESS_KUNIT_EXPORT_H */
