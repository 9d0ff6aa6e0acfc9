// SPDX-License-Identifier: GPL-2.0
/*
 * An AF_RSESS socket behaves as a TCP socket: what a listener lets in, and when.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
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

TEST_HARNESS_MAIN
