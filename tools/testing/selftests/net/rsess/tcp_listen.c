// SPDX-License-Identifier: GPL-2.0
/*
 * An AF_RSESS socket behaves as a TCP socket: what a listener lets in, and when.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"
#include "line.h"

/* More seconds than a test takes. */
#define LONG		600

FIXTURE(deferred) {
	struct line l;
};

KIND_QUIET_VARIANTS(deferred);

/* The client has connected, and says nothing. */
FIXTURE_SETUP(deferred)
{
	struct line *l = &self->l;

	OK(line_init(l, &variant->kind));
	OK(set_int(l->lfd, IPPROTO_TCP, TCP_DEFER_ACCEPT, LONG));
	OK(set_nonblock(l->lfd, true));
	l->c = line_connect(l);
	ASSERT_LE(0, l->c);
}

FIXTURE_TEARDOWN(deferred)
{
	EXPECT_EQ(0, line_end(&self->l));
}

/* Nobody is there for accept(). */
static bool silent(const struct line *l)
{
	struct pollfd p = { .fd = l->lfd, .events = POLLIN };

	return !poll(&p, 1, QUIET_MS) && accept(l->lfd, NULL, NULL) < 0 &&
	       errno == EAGAIN;
}

/* Somebody has come, and has sent a byte. */
static int accepted(struct line *l, char byte)
{
	char c = 0;

	l->s = line_accept(l);
	if (l->s < 0)
		return l->s;
	return read(l->s, &c, 1) == 1 && c == byte ? 0 : -ENOMSG;
}

TEST_F(deferred, until_a_byte)
{
	struct line *l = &self->l;

	ASSERT_TRUE(silent(l));
	ASSERT_EQ(1, write(l->c, "x", 1));
	OK(accepted(l, 'x'));
	ASSERT_EQ(0, get_int(l->s, IPPROTO_TCP, TCP_DEFER_ACCEPT));
	OK(line_talk(l));
}

TEST_F(deferred, until_the_end)
{
	struct line *l = &self->l;
	char c;

	ASSERT_TRUE(silent(l));
	ASSERT_EQ(0, shutdown(l->c, SHUT_WR));
	l->s = line_accept(l);
	ASSERT_LE(0, l->s);
	ASSERT_EQ(0, read(l->s, &c, 1));
}

/* Who speaks comes before who came first. */
TEST_F(deferred, who_speaks_comes_first)
{
	struct line *l = &self->l;
	int mute = l->c;

	l->c = line_connect(l);
	ASSERT_LE(0, l->c);
	ASSERT_EQ(1, write(l->c, "x", 1));
	OK(accepted(l, 'x'));
	ASSERT_TRUE(silent(l));
	OK(line_close(&l->s));
	ASSERT_EQ(1, write(mute, "y", 1));
	OK(accepted(l, 'y'));
	OK(line_close(&mute));
}

/* The client is gone before it has said a word: accept() never hears of it. */
TEST_F(deferred, nobody_is_left)
{
	struct line *l = &self->l;

	ASSERT_TRUE(silent(l));
	OK(line_cut(&l->c));
	ASSERT_TRUE(silent(l));
	l->c = line_connect(l);
	ASSERT_LE(0, l->c);
	ASSERT_EQ(1, write(l->c, "x", 1));
	OK(accepted(l, 'x'));
	ASSERT_TRUE(silent(l));
}

TEST_F(deferred, listener_closes)
{
	struct line *l = &self->l;
	char c;

	ASSERT_TRUE(silent(l));
	OK(line_close(&l->lfd));
	/* TCP's client finds out when it speaks, and one error tells it. */
	if (send(l->c, "x", 1, MSG_NOSIGNAL) == 1)
		ASSERT_EQ(-1, read(l->c, &c, 1));
	ASSERT_EQ(ECONNRESET, errno);
}

/* What the client does not say in time it need not say. */
TEST_F(deferred, not_for_ever)
{
	struct line *l = &self->l;
	char c;

	OK(line_cut(&l->c));
	OK(set_int(l->lfd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 1));
	l->c = line_connect(l);
	ASSERT_LE(0, l->c);
	l->s = line_accept(l);
	ASSERT_LE(0, l->s);
	ASSERT_EQ(1, write(l->s, "x", 1));
	ASSERT_EQ(1, read(l->c, &c, 1));
}

/*
 * Threads that wait for a session each.
 */
#define WAITERS		8
#define ROUNDS		20

FIXTURE(waiters) {
	struct line l;
	pthread_t thread[WAITERS];
	int c[WAITERS];
};

KIND_QUIET_VARIANTS(waiters);

FIXTURE_SETUP(waiters)
{
	OK(line_init(&self->l, &variant->kind));
	OK(set_int(self->l.lfd, IPPROTO_TCP, TCP_DEFER_ACCEPT, LONG));
}

FIXTURE_TEARDOWN(waiters)
{
	EXPECT_EQ(0, line_end(&self->l));
}

static void *accept_one(void *arg)
{
	int fd = accept(*(int *)arg, NULL, NULL);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? (void *)1 : NULL;
}

/* All clients speak at once, and nobody comes after them. */
CASE(waiters, all_are_woken)
{
	struct line *l = &self->l;
	struct timespec end;
	void *failed;
	int i, round;

	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < WAITERS; i++) {
			OK(pthread_create(&self->thread[i], NULL, accept_one, &l->lfd));
			self->c[i] = line_connect(l);
			ASSERT_LE(0, self->c[i]);
		}
		for (i = 0; i < WAITERS; i++) {
			ASSERT_EQ(1, write(self->c[i], "x", 1));
		}
		clock_gettime(CLOCK_REALTIME, &end);
		end.tv_sec += WAIT_MS / 1000;
		for (i = 0; i < WAITERS; i++) {
			OK(pthread_timedjoin_np(self->thread[i], &failed, &end));
			ASSERT_EQ(NULL, failed);
			OK(line_cut(&self->c[i]));
		}
	}
}

/*
 * A listener that stops, and goes on.
 */
FIXTURE(again) {
	struct line l;
};

KIND_QUIET_VARIANTS(again);

FIXTURE_SETUP(again)
{
	OK(line_init(&self->l, &variant->kind));
}

FIXTURE_TEARDOWN(again)
{
	EXPECT_EQ(0, line_end(&self->l));
}

/* The port that bind() named is still the socket's. */
CASE(again, at_the_same_port)
{
	struct sockaddr_storage ss = { 0 };
	struct line *l = &self->l;
	socklen_t len = sizeof(ss);

	ASSERT_EQ(0, shutdown(l->lfd, SHUT_RD));
	OK(getsockname(l->lfd, (struct sockaddr *)&ss, &len));
	ASSERT_EQ(l->port, port_of(&ss));
	FAILS(EINVAL, bind(l->lfd, (struct sockaddr *)&ss, len));
	OK(listen(l->lfd, 5));
	OK(getsockname(l->lfd, (struct sockaddr *)&ss, &len));
	ASSERT_EQ(l->port, port_of(&ss));
	OK(line_open(l));
	OK(line_talk(l));
}

/* One that nobody named is not. */
CASE(again, at_any_port)
{
	struct sockaddr_storage ss = { 0 };
	struct line *l = &self->l;
	socklen_t len = sizeof(ss);

	OK(line_close(&l->lfd));
	l->lfd = kind_socket(l->kind, 0);
	ASSERT_LE(0, l->lfd);
	OK(listen(l->lfd, 5));
	ASSERT_EQ(0, shutdown(l->lfd, SHUT_RD));
	len = loopback(&ss, l->kind->family, l->port);
	OK(bind(l->lfd, (struct sockaddr *)&ss, len));
	OK(listen(l->lfd, 5));
	OK(line_open(l));
}

TEST_HARNESS_MAIN
