// SPDX-License-Identifier: GPL-2.0
/*
 * An AF_RSESS socket behaves as a TCP socket: what a listener lets in, and when.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"
#include "line.h"

/* How often a port is to be free again. */
#define FREED		200
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
 * The backlog, where no session is wanted: with one, HELLO waits.
 */
#define BACKLOG		2
#define CLIENTS		10

FIXTURE(backlog) {
	struct line l;
	int c[CLIENTS];
};

FIXTURE_VARIANT(backlog) {
	struct kind kind;
};

KIND_VARIANT(backlog, tcp4, AF_INET, AF_INET, 0, AUTO);
KIND_VARIANT(backlog, tcp6, AF_INET6, AF_INET6, 0, AUTO);
KIND_VARIANT(backlog, plain4, AF_RSESS, AF_INET, 0, OFF);
KIND_VARIANT(backlog, plain6, AF_RSESS, AF_INET6, 0, OFF);

FIXTURE_SETUP(backlog)
{
	OK(line_init(&self->l, &variant->kind));
	OK(listen(self->l.lfd, BACKLOG));
}

FIXTURE_TEARDOWN(backlog)
{
	EXPECT_EQ(0, line_end(&self->l));
}

/* A counter of TCP's in this namespace: a line of names, and one of values. */
static long counter(const char *path, const char *group, const char *name)
{
	char names[8192], values[8192], *n, *v, *more, *most;
	FILE *f = fopen(path, "re");
	long value = -ENOENT;

	while (f && value < 0 && fgets(names, sizeof(names), f) &&
	       fgets(values, sizeof(values), f)) {
		n = strtok_r(names, "\n ", &more);
		v = strtok_r(values, "\n ", &most);
		if (!n || strcmp(n, group))
			continue;
		while (n && v && strcmp(n, name)) {
			n = strtok_r(NULL, "\n ", &more);
			v = strtok_r(NULL, "\n ", &most);
		}
		if (v)
			value = atol(v);
	}
	if (f)
		fclose(f);
	return value;
}

static long came_in(void)
{
	return counter("/proc/net/snmp", "Tcp:", "PassiveOpens");
}

static long were_held(void)
{
	return counter("/proc/net/netstat", "TcpExt:", "ListenOverflows");
}

/* One more has come in, or is held back. */
static bool is_settled(void *before)
{
	return came_in() > *(long *)before || were_held();
}

CASE(backlog, holds_clients_back)
{
	struct line *l = &self->l;
	struct pollfd p = { .events = POLLOUT };
	long before = came_in();
	int i, n, fd;

	ASSERT_LE(0, before);
	ASSERT_EQ(0, were_held());
	for (n = 0; n < CLIENTS && !were_held(); n++) {
		before = came_in();
		self->c[n] = kind_socket(l->kind, SOCK_NONBLOCK);
		ASSERT_LE(0, self->c[n]);
		if (line_dial(l, self->c[n]))
			ASSERT_EQ(EINPROGRESS, errno);
		OK(wait_until(is_settled, &before));
	}
	/* One more than the backlog, and one that was on its way. */
	ASSERT_LE(BACKLOG + 2, n);
	ASSERT_GE(BACKLOG + 3, n);
	p.fd = self->c[n - 1];
	ASSERT_EQ(0, poll(&p, 1, QUIET_MS));
	/* It comes again, as soon as there is room. */
	for (i = 0; i < n; i++) {
		fd = line_accept(l);
		ASSERT_LE(0, fd);
		close(fd);
	}
	for (i = 0; i < n; i++) {
		ASSERT_LT(0, wait_for(self->c[i], POLLOUT));
		OK(socket_error(self->c[i]));
		close(self->c[i]);
	}
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

static bool binds(void *arg)
{
	struct line *l = arg;
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, l->kind->family, l->port);

	return !bind(l->lfd, (struct sockaddr *)&ss, len);
}

/* A session that was never accepted does not keep the port, whichever side closes first:
 * bind() succeeds once the peer has been told, and no TIME_WAIT is in its way.
 */
CASE(again, when_nobody_was_accepted)
{
	struct line *l = &self->l;
	int i;

	for (i = 0; i < FREED; i++) {
		l->c = line_connect(l);
		ASSERT_LE(0, l->c);
		if (i % 2)
			OK(line_close(&l->c));
		OK(line_close(&l->lfd));
		l->lfd = kind_socket(l->kind, 0);
		ASSERT_LE(0, l->lfd);
		OK(wait_until(binds, l));
		OK(listen(l->lfd, 5));
		if (l->c >= 0)
			OK(line_close(&l->c));
	}
}

TEST_HARNESS_MAIN
