// SPDX-License-Identifier: GPL-2.0
/*
 * Counters of a namespace, for those who read them.
 */
#include <linux/percpu.h>
#include "net.h"
#include "stat.h"

static const char * const rsess_mib_names[RSESS_MIB_MAX] = {
#define RSESS_MIB(name, text)	text,
#include "stat_list.h"
#undef RSESS_MIB
};

/**
 * rsess_stat_name() - a counter's name for people
 * @i: RSESS_MIB_*
 */
const char *rsess_stat_name(int i)
{
	return rsess_mib_names[i];
}

/**
 * rsess_stat_sum() - the value of a counter
 * @rn: namespace
 * @i: RSESS_MIB_*
 */
unsigned long rsess_stat_sum(const struct rsess_net *rn, int i)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu_ptr(rn->mib, cpu)->mibs[i];
	return sum;
}
