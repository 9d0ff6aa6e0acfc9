/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A session between a socket of the kernel and a scripted peer.
 *
 * Every step returns at once when it has been done, so that a test reads as the
 * sequence of what happens on both sides.  Functions return 0 or a negative
 * errno after having said what is wrong.
 */
#ifndef _RSESS_TEST_PAIR_H
#define _RSESS_TEST_PAIR_H

#include "peer.h"

/**
 * struct pair - both ends
 * @dialer: the kernel's socket is the one that dials
 * @family: AF_INET or AF_INET6
 * @fd: the kernel's socket, or -1
 * @lfd: the kernel's listener, or -1
 * @in: bytes of the peer's stream that the application has read
 * @out: bytes that the application has written
 * @shut: the application has ended its direction
 * @p: the peer
 */
struct pair {
	bool dialer;
	int family;
	int fd;
	int lfd;
	u64 in;
	u64 out;
	bool shut;
	struct peer p;
};

void pair_init(struct pair *s, bool dialer, int family, u64 start);
void pair_free(struct pair *s);
int pair_beside(struct pair *s, const struct pair *o);

int pair_listen(struct pair *s);
int pair_listen_at(struct pair *s, int port);
int pair_connect(struct pair *s);
int pair_connected(struct pair *s);
int pair_connect_fails(struct pair *s);
int pair_accept(struct pair *s);
int pair_accept_nothing(struct pair *s);

int pair_start(struct pair *s);
int pair_open(struct pair *s);
int pair_lost(struct pair *s);
int pair_again(struct pair *s);

int pair_write(struct pair *s, size_t len);
int pair_read(struct pair *s, size_t len);
int pair_pump(struct pair *s, size_t out, size_t in);
int pair_shutdown(struct pair *s);
int pair_end(struct pair *s);
int pair_finish(struct pair *s);
int pair_end_unheard(struct pair *s);
int pair_fails(struct pair *s);

int pair_info(struct pair *s, struct rsess_info *info);
int pair_timeout(int fd, unsigned int ms);

/* A pair for each test, in both directions; pair_start() or pair_open() follows. */
#define PAIR_FIXTURE(fixture)						\
	FIXTURE(fixture) {						\
		struct pair s;						\
	};								\
	FIXTURE_VARIANT(fixture) {					\
		bool dialer;						\
	};								\
	FIXTURE_VARIANT_ADD(fixture, dialer) {				\
		.dialer = true,						\
	};								\
	FIXTURE_VARIANT_ADD(fixture, acceptor) {			\
		.dialer = false,					\
	};								\
	FIXTURE_SETUP(fixture)						\
	{								\
		pair_init(&self->s, variant->dialer, AF_INET, 0);	\
		OK(netns_inband());					\
	}								\
	FIXTURE_TEARDOWN(fixture)					\
	{								\
		pair_free(&self->s);					\
	}								\
	struct fixture		/* takes the semicolon */

#endif /* _RSESS_TEST_PAIR_H */
