/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters of a namespace, see stat_list.h.
 */
#ifndef _RSESS_STAT_H
#define _RSESS_STAT_H

enum rsess_mib_index {
#define RSESS_MIB(name, text)	RSESS_MIB_##name,
#include "stat_list.h"
#undef RSESS_MIB
	RSESS_MIB_MAX
};

struct rsess_mib {
	unsigned long mibs[RSESS_MIB_MAX];
};

struct rsess_net;

const char *rsess_stat_name(int i);
unsigned long rsess_stat_sum(const struct rsess_net *rn, int i);

#endif /* _RSESS_STAT_H */
