// SPDX-License-Identifier: GPL-2.0
/*
 * Counters and gauges of a namespace, for those who read them.
 */
#include <linux/percpu.h>
#include "net.h"
#include "stat.h"

static const char * const rsess_stat_names[RSESS_STAT_MAX] = {
#define RSESS_MIB(name, text)	text,
#include "stat_list.h"
#undef RSESS_MIB
	[RSESS_GAUGE_SESSIONS]		= "Sessions",
	[RSESS_GAUGE_ORPHANS]		= "Orphans",
	[RSESS_GAUGE_TOMBSTONES]	= "Tombstones",
	[RSESS_GAUGE_PLACES]		= "Places",
	[RSESS_GAUGE_LISTENERS]		= "Listeners",
};

/**
 * rsess_stat_name() - the name of a counter or gauge, for people
 * @i: RSESS_MIB_* or RSESS_GAUGE_*
 */
const char *rsess_stat_name(int i)
{
	return rsess_stat_names[i];
}

static unsigned long rsess_stat_sum(const struct rsess_net *rn, int i)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu_ptr(rn->mib, cpu)->mibs[i];
	return sum;
}

/**
 * rsess_stat_value() - the value of a counter or gauge
 * @rn: namespace
 * @i: RSESS_MIB_* or RSESS_GAUGE_*
 */
unsigned long rsess_stat_value(const struct rsess_net *rn, int i)
{
	switch (i) {
	case RSESS_GAUGE_SESSIONS:
		return READ_ONCE(rn->nsessions);
	case RSESS_GAUGE_ORPHANS:
		return READ_ONCE(rn->norphans);
	case RSESS_GAUGE_TOMBSTONES:
		return READ_ONCE(rn->ntombs);
	case RSESS_GAUGE_PLACES:
		return READ_ONCE(rn->nplaces);
	case RSESS_GAUGE_LISTENERS:
		return atomic_read(&rn->roll[RSESS_ROLL_LISTENERS].n);
	default:
		return rsess_stat_sum(rn, i);
	}
}
