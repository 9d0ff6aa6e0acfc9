/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two sockets of the kernel, TCP or AF_RSESS, and the bytes between them.
 *
 * Functions return 0 or a count, and a negative errno after having said what is
 * wrong.
 */
#ifndef _RSESS_TEST_STREAM_H
#define _RSESS_TEST_STREAM_H

#include "util.h"

/* Longer than it takes for something wrong to happen; nothing waits for it. */
#define QUIET_MS	200

/**
 * struct way - one direction of a transfer
 * @from: where bytes are written
 * @to: where they are read
 * @sent: how many were written
 * @got: how many were read
 * @want: how many are to be
 */
struct way {
	int from;
	int to;
	uint64_t sent;
	uint64_t got;
	uint64_t want;
};

int new_socket_of(int domain, int protocol, int flags);
int new_socket(int domain, int flags);
int new_listener_of(int domain, int protocol, int family);
int new_listener(int domain, int family);
int dial(int fd, int family);

ssize_t fill(int fd, uint64_t off);
ssize_t fill_both(int fd, uint64_t off);
int flow(struct way *w, int n);

int wait_readable(int fd, int want);
int wait_confirmed(int fd);
int wait_live(int fd);

int events(int fd);
int wait_events(int fd, int want);

#endif /* _RSESS_TEST_STREAM_H */
