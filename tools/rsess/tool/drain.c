// SPDX-License-Identifier: GPL-2.0
/*
 * "rsess drain": no new sessions, so that the module can be replaced.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/genetlink.h>

#include "genl.h"

static int take(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[RSESS_DRAIN_A_MAX + 1];

	netlink_attributes(tb, RSESS_DRAIN_A_MAX, nlh, sizeof(struct genlmsghdr));
	netlink_copy(data, sizeof(uint8_t), tb[RSESS_DRAIN_A_ON]);
	return MNL_CB_OK;
}

static int get(struct genl *g, uint8_t *on)
{
	char buf[GENL_REQUEST_LEN];

	return netlink_ask(&g->nl, genl_request(g, buf, RSESS_CMD_DRAIN_GET), take, on);
}

static int set(struct genl *g, uint8_t on)
{
	char buf[GENL_REQUEST_LEN];
	struct nlmsghdr *nlh = genl_request(g, buf, RSESS_CMD_DRAIN_SET);

	mnl_attr_put_u8(nlh, RSESS_DRAIN_A_ON, on);
	return netlink_ask(&g->nl, nlh, NULL, NULL);
}

/* How far it is. */
static int put(uint8_t on)
{
	size_t i, sessions = 0;
	struct socks s;
	int err;

	err = socks_get(&s, STATES_ALL);
	for (i = 0; i < s.n; i++)
		sessions += s.rows[i].has_times;
	socks_free(&s);
	if (!err)
		printf("drain %s, %zu sessions\n", on ? "on" : "off", sessions);
	return err;
}

int cmd_drain(int argc, char **argv)
{
	uint8_t on = argc == 2 && !strcmp(argv[1], "on");
	struct genl g;
	int err;

	if (argc > 2 || (argc == 2 && !on && strcmp(argv[1], "off")))
		return usage("drain: on, off, or nothing");
	err = genl_open(&g);
	if (err)
		return err;
	err = argc == 2 ? set(&g, on) : get(&g, &on);
	genl_close(&g);
	if (err == -EOPNOTSUPP)
		return fail_missing("drain");
	return err ? fail_errno(err, "drain") : put(on);
}
