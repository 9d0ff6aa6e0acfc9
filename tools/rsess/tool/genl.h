/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The family "rsess" of generic netlink.
 */
#ifndef _RSESS_TOOL_GENL_H
#define _RSESS_TOOL_GENL_H

#include <linux/rsess_netlink.h>

#include "tool.h"

#define GENL_REQUEST_LEN	256

/**
 * struct genl - a socket for it
 * @nl: socket
 * @family: number that the kernel has given it
 * @events: number of the group of events; 0: there is none
 */
struct genl {
	struct netlink	nl;
	uint16_t	family;
	uint32_t	events;
};

int genl_open(struct genl *g);
void genl_close(struct genl *g);
struct nlmsghdr *genl_request(const struct genl *g, char *buf, uint8_t cmd);

#endif /* _RSESS_TOOL_GENL_H */
