// SPDX-License-Identifier: GPL-2.0
/*
 * The family "rsess" of generic netlink: which number it has, and how it is asked.
 */
#include <errno.h>
#include <string.h>

#include <linux/genetlink.h>

#include "genl.h"

static void take_group(struct genl *g, const struct nlattr *group)
{
	const struct nlattr *attr;
	const char *name = "";
	uint32_t id = 0;

	mnl_attr_for_each_nested(attr, group) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME)
			name = mnl_attr_get_str(attr);
		else if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID)
			id = mnl_attr_get_u32(attr);
	}
	if (!strcmp(name, RSESS_MCGRP_EVENTS))
		g->events = id;
}

static int take_family(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr, *group;
	struct genl *g = data;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			g->family = mnl_attr_get_u16(attr);
		if (mnl_attr_get_type(attr) != CTRL_ATTR_MCAST_GROUPS)
			continue;
		mnl_attr_for_each_nested(group, attr)
			take_group(g, group);
	}
	return MNL_CB_OK;
}

/**
 * genl_request() - begin a request
 * @g: socket
 * @buf: for it, GENL_REQUEST_LEN bytes
 * @cmd: RSESS_CMD_*
 *
 * Return: its header, in @buf.
 */
struct nlmsghdr *genl_request(const struct genl *g, char *buf, uint8_t cmd)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = g->family;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = RSESS_FAMILY_VERSION;
	return nlh;
}

/**
 * genl_open() - find the family
 * @g: is set; genl_close() must follow
 */
int genl_open(struct genl *g)
{
	char buf[GENL_REQUEST_LEN];
	struct nlmsghdr *nlh;
	int err;

	memset(g, 0, sizeof(*g));
	err = netlink_open(&g->nl, NETLINK_GENERIC);
	if (err)
		return err;
	g->family = GENL_ID_CTRL;
	nlh = genl_request(g, buf, CTRL_CMD_GETFAMILY);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, RSESS_FAMILY_NAME);
	err = netlink_ask(&g->nl, nlh, take_family, g);
	if (!err)
		return STATUS_OK;
	genl_close(g);
	if (err == -ENOENT)
		return fail_missing("generic netlink");
	return fail_errno(err, "generic netlink");
}

void genl_close(struct genl *g)
{
	netlink_close(&g->nl);
}
