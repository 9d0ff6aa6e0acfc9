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

/* Variants of a fixture: the family of sockets, that of their addresses, and what is to
 * become the transport.
 */
#define SOCKET_VARIANT(fixture, name, d, f, p)				\
	FIXTURE_VARIANT_ADD(fixture, name) {				\
		.domain = d, .family = f, .protocol = p,		\
	}

#define SESSION_VARIANTS(fixture)					\
	FIXTURE_VARIANT(fixture) {					\
		int domain;						\
		int family;						\
		int protocol;						\
	};								\
	SOCKET_VARIANT(fixture, rsess4, AF_RSESS, AF_INET, IPPROTO_TCP); \
	SOCKET_VARIANT(fixture, rsess6, AF_RSESS, AF_INET6, IPPROTO_TCP); \
	SOCKET_VARIANT(fixture, sctp4, AF_RSESS, AF_INET, IPPROTO_SCTP); \
	SOCKET_VARIANT(fixture, sctp6, AF_RSESS, AF_INET6, IPPROTO_SCTP)

/* With TCP itself, which shows that the test is right. */
#define SOCKET_VARIANTS(fixture)					\
	SESSION_VARIANTS(fixture);					\
	SOCKET_VARIANT(fixture, tcp4, AF_INET, AF_INET, IPPROTO_TCP);	\
	SOCKET_VARIANT(fixture, tcp6, AF_INET6, AF_INET6, IPPROTO_TCP)

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
