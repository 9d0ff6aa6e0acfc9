/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which sockets: the language of ss, and what sessions have besides; see rsess(8).
 */
#ifndef _RSESS_TOOL_FILTER_H
#define _RSESS_TOOL_FILTER_H

#include "row.h"

struct filter_node;

/**
 * struct filter - one that was read
 * @root: what has to be true; NULL: nothing
 * @all: every node
 * @asks_state: it says which states
 * @asks_listen: it names the state of sockets that listen, and does not exclude it
 * @asks_processes: it asks who has a socket
 * @asks_units: it asks for a unit of systemd
 */
struct filter {
	struct filter_node	*root;
	struct filter_node	*all;
	bool			asks_state;
	bool			asks_listen;
	bool			asks_processes;
	bool			asks_units;
};

bool filter_parse(struct filter *f, const char *text, char *error, size_t size);
bool filter_matches(const struct filter *f, const struct row *r);
void filter_free(struct filter *f);

/* filter_addr.c */

/**
 * struct filter_addr - addresses that a filter means
 * @addr: one of them; @addr.family 0: any
 * @bits: that have to be equal, of @addr.host
 * @has_port: @addr.port counts
 */
struct filter_addr {
	struct addr	addr;
	unsigned int	bits;
	bool		has_port;
};

bool filter_addr_parse(struct filter_addr *a, const char *text);
bool filter_addr_matches(const struct filter_addr *a, const struct addr *is);
bool filter_port_parse(const char *text, uint32_t *port);

#endif /* _RSESS_TOOL_FILTER_H */
