// SPDX-License-Identifier: GPL-2.0
/*
 * Which sockets are wanted.  Read once; the program may change its environment.
 */
#include <stdlib.h>
#include <string.h>

#include "rsessrun.h"

#define PORTS	65536

static bool by_port;
static unsigned int roles = ROLE_CONNECT | ROLE_LISTEN;
static uint8_t ports[PORTS / 8];

static void add_range(unsigned long first, unsigned long last)
{
	unsigned long port;

	for (port = first; port <= last && port < PORTS; port++)
		ports[port / 8] |= 1 << port % 8;
}

/* rsessrun has looked at it: what is not a list of ports matches nothing. */
static void add_ports(const char *list)
{
	unsigned long first, last;
	char *end;

	for (;; list = end + 1) {
		first = strtoul(list, &end, 10);
		last = first;
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		add_range(first, last);
		if (*end != ',')
			return;
	}
}

void filter_init(void)
{
	const char *list = getenv("RSESSRUN_PORTS");
	const char *role = getenv("RSESSRUN_ROLE");

	if (list) {
		by_port = true;
		add_ports(list);
	}
	if (role && !strcmp(role, "connect"))
		roles = ROLE_CONNECT;
	else if (role && !strcmp(role, "listen"))
		roles = ROLE_LISTEN;
}

/* Does it depend on the use of a socket whether it is wanted? */
bool filter_active(void)
{
	return by_port || roles != (ROLE_CONNECT | ROLE_LISTEN);
}

bool filter_wants(enum role role, unsigned int port)
{
	if (!(roles & role))
		return false;
	return !by_port || (port < PORTS && ports[port / 8] & 1 << port % 8);
}
