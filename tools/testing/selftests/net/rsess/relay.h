/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A process between client and server that forwards bytes in both directions
 * and resets both TCP connections after every so many of them, or when it is
 * told to.
 *
 * Functions return 0, or a negative errno after having said what is wrong.
 */
#ifndef _RSESS_TEST_RELAY_H
#define _RSESS_TEST_RELAY_H

#include "util.h"

/**
 * struct relay - a process that tears transports
 * @pid: of the process, or 0
 * @ctl: our end of the socket that it takes its orders from
 * @resets: how many pairs of connections it has reset by itself so far, as of
 *	the last order
 */
struct relay {
	pid_t pid;
	int ctl;
	uint64_t resets;
};

int relay_start(struct relay *r, int family, int protocol, int from, int to,
		size_t every);
int relay_reset(struct relay *r);
int relay_stop(struct relay *r);

#endif /* _RSESS_TEST_RELAY_H */
