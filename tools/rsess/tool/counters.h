/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters of a namespace, and what it has now.
 */
#ifndef _RSESS_TOOL_COUNTERS_H
#define _RSESS_TOOL_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct counter - one
 * @name: as in /proc/net/rsess_stat, without "Rsess"
 * @value: of it
 * @gauge: it is what there is now, and no count of what happened
 */
struct counter {
	char		name[32];
	uint64_t	value;
	bool		gauge;
};

/**
 * struct counters - all
 * @all: of them
 * @n: how many
 */
struct counters {
	struct counter	*all;
	size_t		n;
};

int counters_get(struct counters *c);
int counters_look(struct counters *c);
const struct counter *counters_find(const struct counters *c, const char *name);
bool counters_go_on(const struct counters *now, const struct counters *before);
void counters_free(struct counters *c);

#endif /* _RSESS_TOOL_COUNTERS_H */
