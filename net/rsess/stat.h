/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters of a namespace, see stat_list.h, and gauges.
 */
#ifndef _RSESS_STAT_H
#define _RSESS_STAT_H

#include <linux/types.h>

enum rsess_mib_index {
#define RSESS_MIB(name, text)	RSESS_MIB_##name,
#include "stat_list.h"
#undef RSESS_MIB
	RSESS_MIB_MAX
};

/* What there is now; their numbers go on behind those of the counters. */
enum rsess_gauge {
	RSESS_GAUGE_SESSIONS = RSESS_MIB_MAX,
	RSESS_GAUGE_ORPHANS,
	RSESS_GAUGE_TOMBSTONES,
	RSESS_GAUGE_PLACES,
	RSESS_GAUGE_LISTENERS,
	RSESS_STAT_MAX
};

struct rsess_mib {
	unsigned long mibs[RSESS_MIB_MAX];
};

struct rsess_net;

const char *rsess_stat_name(int i);
unsigned long rsess_stat_value(const struct rsess_net *rn, int i);

/**
 * rsess_stat_is_gauge() - does a value rise and fall?
 * @i: RSESS_MIB_* or RSESS_GAUGE_*
 */
static inline bool rsess_stat_is_gauge(int i)
{
	return i >= RSESS_MIB_MAX;
}

#endif /* _RSESS_STAT_H */
