/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two ends of a stream, in each of the kinds that a test of socket behaviour is
 * run in: TCP, which shows that the test is right; AF_RSESS; AF_RSESS that has
 * fallen back to TCP; AF_RSESS with transports that are reset all the time.
 *
 * Functions return 0 or a descriptor, and a negative errno after having said
 * what is wrong.
 */
#ifndef _RSESS_TEST_LINE_H
#define _RSESS_TEST_LINE_H

#include "relay.h"
#include "stream.h"

/* A transport is reset after so many bytes. A handshake takes 300. */
#define RESET_EVERY	2000
/* More than fits through one transport, for tests that move bytes. */
#define SOME		6000

/**
 * struct kind - what a test is run over
 * @domain: of the socket
 * @family: of its addresses
 * @protocol: of the transport
 * @every: bytes after which a transport is reset, or 0
 * @policy: enum rsess_negotiate
 */
struct kind {
	int domain;
	int family;
	int protocol;
	size_t every;
	int policy;
};

/**
 * struct line - a stream
 * @kind: what it is made of
 * @relay: tears the transports, if @kind says so
 * @port: where to dial
 * @lfd: listener, or -1
 * @c: has connected, or -1
 * @s: was accepted, or -1
 */
struct line {
	const struct kind *kind;
	struct relay relay;
	int port;
	int lfd;
	int c;
	int s;
};

/* The variants of a fixture; each has the kind as its only member. */
#define KIND_VARIANT_OF(fixture, name, d, f, t, n, p)		\
	FIXTURE_VARIANT_ADD(fixture, name) {		\
		.kind = { .domain = d, .family = f, .protocol = t,	\
			  .every = n, .policy = RSESS_NEGOTIATE_##p }, \
	}

#define KIND_VARIANT(fixture, name, d, f, n, p)				\
	KIND_VARIANT_OF(fixture, name, d, f, IPPROTO_TCP, n, p)

/* Of them, door4 and door6 are inet sockets of IPPROTO_RSESS, the others of AF_RSESS. */
#define KIND_QUIET_VARIANTS(fixture)					\
	FIXTURE_VARIANT(fixture) {					\
		struct kind kind;					\
	};								\
	KIND_VARIANT_OF(fixture, door4, AF_INET, AF_INET, IPPROTO_RSESS, \
			0, AUTO);					\
	KIND_VARIANT_OF(fixture, door6, AF_INET6, AF_INET6, IPPROTO_RSESS, \
			0, AUTO);					\
	KIND_VARIANT(fixture, tcp4, AF_INET, AF_INET, 0, AUTO);		\
	KIND_VARIANT(fixture, tcp6, AF_INET6, AF_INET6, 0, AUTO);	\
	KIND_VARIANT(fixture, plain4, AF_RSESS, AF_INET, 0, OFF);	\
	KIND_VARIANT(fixture, plain6, AF_RSESS, AF_INET6, 0, OFF);	\
	KIND_VARIANT(fixture, rsess4, AF_RSESS, AF_INET, 0, AUTO);	\
	KIND_VARIANT(fixture, rsess6, AF_RSESS, AF_INET6, 0, AUTO)

/* With a session over SCTP; without one its socket does not behave as one of TCP. */
#define KIND_QUIET_SCTP_VARIANTS(fixture)				\
	KIND_QUIET_VARIANTS(fixture);					\
	KIND_VARIANT_OF(fixture, sctp4, AF_RSESS, AF_INET, IPPROTO_SCTP, \
			0, AUTO);					\
	KIND_VARIANT_OF(fixture, sctp6, AF_RSESS, AF_INET6, IPPROTO_SCTP, \
			0, AUTO)

#define KIND_TCP_VARIANTS(fixture)					\
	KIND_QUIET_VARIANTS(fixture);					\
	KIND_VARIANT(fixture, reset4, AF_RSESS, AF_INET, RESET_EVERY,	\
		     REQUIRE);						\
	KIND_VARIANT(fixture, reset6, AF_RSESS, AF_INET6, RESET_EVERY,	\
		     REQUIRE)

#define KIND_VARIANTS(fixture)						\
	KIND_TCP_VARIANTS(fixture);					\
	KIND_VARIANT_OF(fixture, sctp4, AF_RSESS, AF_INET, IPPROTO_SCTP, \
			0, AUTO);					\
	KIND_VARIANT_OF(fixture, sctp_reset6, AF_RSESS, AF_INET6,	\
			IPPROTO_SCTP, RESET_EVERY, REQUIRE)

bool is_rsess(const struct kind *kind);
bool has_session(const struct kind *kind);
int line_init(struct line *l, const struct kind *kind);
int line_open(struct line *l);
int line_end(struct line *l);

int kind_socket(const struct kind *kind, int flags);
int line_dial(struct line *l, int fd);
int line_connect(struct line *l);
int line_accept(struct line *l);
int line_reset(struct line *l);
int line_reset_all(struct line *l, const int *fds, int n);
int line_check(struct line *l, int fd);
int line_small(struct line *l);
ssize_t line_fill(struct line *l);
int line_full(struct line *l, ssize_t *sent, int flags);
int line_talk(struct line *l);
int line_close(int *fd);
int line_cut(int *fd);

int set_nonblock(int fd, bool on);
int set_int(int fd, int level, int name, int value);
int get_int(int fd, int level, int name);

#endif /* _RSESS_TEST_LINE_H */
