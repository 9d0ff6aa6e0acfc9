// SPDX-License-Identifier: GPL-2.0
/*
 * Counters and gauges of a namespace, by generic netlink.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/genetlink.h>

#include "counters.h"
#include "genl.h"

const struct counter *counters_find(const struct counters *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (!strcmp(c->all[i].name, name))
			return &c->all[i];
	return NULL;
}

static void add(struct counters *c, const char *name, uint64_t value, bool gauge)
{
	struct counter *new;

	c->all = grow(c->all, c->n, sizeof(*c->all));
	new = &c->all[c->n++];
	snprintf(new->name, sizeof(new->name), "%s", name);
	new->value = value;
	new->gauge = gauge;
}

static int take(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[RSESS_COUNTER_A_MAX + 1];
	uint64_t value;

	netlink_attributes(tb, RSESS_COUNTER_A_MAX, nlh, sizeof(struct genlmsghdr));
	if (!tb[RSESS_COUNTER_A_NAME])
		return MNL_CB_OK;
	netlink_copy(&value, sizeof(value), tb[RSESS_COUNTER_A_VALUE]);
	add(data, mnl_attr_get_str(tb[RSESS_COUNTER_A_NAME]), value,
	    tb[RSESS_COUNTER_A_GAUGE]);
	return MNL_CB_OK;
}

/**
 * counters_get() - read those of the kernel
 * @c: is set; counters_free() must follow
 */
int counters_get(struct counters *c)
{
	char buf[GENL_REQUEST_LEN];
	struct nlmsghdr *nlh;
	struct genl g;
	int err;

	memset(c, 0, sizeof(*c));
	err = genl_open(&g);
	if (err)
		return err;
	nlh = genl_request(&g, buf, RSESS_CMD_STATS_GET);
	nlh->nlmsg_flags = NLM_F_DUMP;
	err = netlink_ask(&g.nl, nlh, take, c);
	genl_close(&g);
	return err ? fail_errno(err, "counters") : STATUS_OK;
}

/**
 * counters_look() - add what the kernel does not count: it is found by looking at each socket
 * @c: as counters_get() has set it
 */
int counters_look(struct counters *c)
{
	uint64_t down = 0, plain = 0;
	struct socks s;
	int err;
	size_t i;

	err = socks_get(&s, STATES_ALL);
	for (i = 0; i < s.n; i++) {
		down += s.rows[i].times.down > 0;
		plain += s.rows[i].info.plain;
	}
	socks_free(&s);
	if (err)
		return err;
	add(c, "SessionsDown", down, true);
	add(c, "Plain", plain, true);
	return STATUS_OK;
}

/**
 * counters_go_on() - is it the same module?
 * @now: a reading
 * @before: an earlier one
 *
 * Return: false if a counter has gone back: those of a module that was loaded meanwhile begin
 * anew.
 */
bool counters_go_on(const struct counters *now, const struct counters *before)
{
	const struct counter *was;
	size_t i;

	for (i = 0; i < now->n; i++) {
		was = counters_find(before, now->all[i].name);
		if (was && !was->gauge && was->value > now->all[i].value)
			return false;
	}
	return true;
}

void counters_free(struct counters *c)
{
	free(c->all);
	memset(c, 0, sizeof(*c));
}
