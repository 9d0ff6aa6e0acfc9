// SPDX-License-Identifier: GPL-2.0
/*
 * An AF_RSESS socket behaves as a TCP socket: when bytes were received.  The time is that of
 * the packet that brought them, whatever becomes of its connection.
 */
#define _GNU_SOURCE
#include <linux/net_tstamp.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"
#include "line.h"

#define SECOND	1000000000LL
/* The kernel takes the times of packets, or does not any more, some time after it was asked
 * to, so one time may be missing after another one; but not so many.
 */
#define ROUNDS	50

/* An option, and what it tells: a time or three, of seconds and a part of one. */
static const struct clock {
	int name;
	int value;
	int times;
	int part;
} clocks[] = {
	{ SO_TIMESTAMP_OLD, 1, 1, 1000 },
	{ SO_TIMESTAMP_NEW, 1, 1, 1000 },
	{ SO_TIMESTAMPNS_OLD, 1, 1, 1 },
	{ SO_TIMESTAMPNS_NEW, 1, 1, 1 },
	{ SO_TIMESTAMPING_OLD, SOF_TIMESTAMPING_SOFTWARE |
			       SOF_TIMESTAMPING_RX_SOFTWARE, 3, 1 },
	{ SO_TIMESTAMPING_NEW, SOF_TIMESTAMPING_SOFTWARE |
			       SOF_TIMESTAMPING_RX_SOFTWARE, 3, 1 },
};

/* What the tests of one option use. */
#define NANOSECONDS	(&clocks[2])

FIXTURE(stamps) {
	struct line l;
};

KIND_VARIANTS(stamps);
KIND_VARIANT_OF(stamps, mptcp4, AF_RSESS, AF_INET, IPPROTO_MPTCP, 0, REQUIRE);

FIXTURE_SETUP(stamps)
{
	OK(line_init(&self->l, &variant->kind));
}

FIXTURE_TEARDOWN(stamps)
{
	EXPECT_EQ(0, line_end(&self->l));
}

static int set_clock(int fd, const struct clock *clock)
{
	return set_int(fd, SOL_SOCKET, clock->name, clock->value);
}

/* Nanoseconds, rounded as the option has them. */
static int64_t now(const struct clock *clock)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec / clock->part * clock->part;
}

/* recv(), and the time that came with it, or 0. */
static ssize_t receive(int fd, size_t len, int flags, const struct clock *clock,
		       int64_t *when)
{
	char control[200], buf[SOME];
	struct iovec iov = { buf, len };
	struct msghdr mh = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(fd, &mh, flags);
	struct cmsghdr *c = n < 0 ? NULL : CMSG_FIRSTHDR(&mh);
	int64_t time[6];

	*when = 0;
	if (!c)
		return n;
	if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != clock->name ||
	    c->cmsg_len != CMSG_LEN(clock->times * 2 * sizeof(*time)) ||
	    CMSG_NXTHDR(&mh, c)) {
		say("type %d, %zu bytes", c->cmsg_type, c->cmsg_len);
		return -EBADMSG;
	}
	memcpy(time, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	*when = time[0] * SECOND + time[1] * clock->part;
	return n;
}

/* A byte from one end to the other: its time. */
static int64_t byte(int from, int to, const struct clock *clock)
{
	int64_t when = -EIO;

	if (write_all(from, 0, 1) || wait_readable(to, 1) ||
	    receive(to, 1, 0, clock, &when) != 1)
		return -EIO;
	return when;
}

/* Waits until bytes have a time. */
static int begin(int from, int to, const struct clock *clock)
{
	int64_t end = now_ms() + WAIT_MS, when;

	do {
		when = byte(from, to, clock);
		if (when)
			return when < 0 ? when : 0;
		usleep(1000);
	} while (now_ms() < end);
	say("no time comes");
	return -ETIMEDOUT;
}

CASE(stamps, of_each_option)
{
	const struct clock *clock;
	struct line *l = &self->l;
	int64_t from, until, when;
	int i;

	OK(line_open(l));
	for (clock = clocks; clock < clocks + ARRAY_SIZE(clocks); clock++) {
		OK(set_clock(l->s, clock));
		for (i = 0, when = 0; i < ROUNDS && !when; i++) {
			OK(begin(l->c, l->s, clock));
			from = now(clock);
			OK(write_all(l->c, 0, 100));
			OK(wait_readable(l->s, 100));
			until = now(clock);
			OK(line_reset(l));
			ASSERT_EQ(100, receive(l->s, SOME, 0, clock, &when));
		}
		ASSERT_LE(from, when);
		ASSERT_GE(until, when);
		OK(set_int(l->s, SOL_SOCKET, clock->name, 0));
		ASSERT_EQ(0, byte(l->c, l->s, clock));
	}
}

/* Bytes of two times: seen, not touched, thrown away but the last, read.  -EAGAIN if a time
 * is missing.
 */
static int last_bytes(struct line *l, const struct clock *clock)
{
	int64_t from, seen, none, cut, last;

	if (begin(l->c, l->s, clock) || write_all(l->c, 0, 100) ||
	    wait_readable(l->s, 100) || line_reset(l))
		return -EIO;
	from = now(clock);
	if (write_all(l->c, 100, 2000) || wait_readable(l->s, 2100) ||
	    line_reset(l))
		return -EIO;
	if (receive(l->s, SOME, MSG_PEEK, clock, &seen) != 2100 ||
	    receive(l->s, 0, 0, clock, &none) != 0 ||
	    receive(l->s, 2099, MSG_TRUNC, clock, &cut) != 2099 ||
	    receive(l->s, SOME, 0, clock, &last) != 1)
		return -EBADMSG;
	if (!seen || !none || !cut || !last)
		return -EAGAIN;
	return from <= seen && seen == last ? 0 : -EBADMSG;
}

/* What was received at different times has that of the last. */
CASE(stamps, of_the_last_bytes)
{
	const struct clock *clock = NANOSECONDS;
	struct line *l = &self->l;
	int i, ret = -EAGAIN;
	int64_t when;

	OK(line_open(l));
	OK(set_clock(l->s, clock));
	for (i = 0; i < ROUNDS && ret == -EAGAIN; i++)
		ret = last_bytes(l, clock);
	ASSERT_EQ(0, ret);
	/* The end of the stream has none. */
	OK(shutdown(l->c, SHUT_WR));
	ASSERT_EQ(0, receive(l->s, SOME, 0, clock, &when));
	ASSERT_EQ(0, when);
}

/* As well as those of a socket that was asked before it had a peer. */
CASE(stamps, of_who_connects)
{
	const struct clock *clock = NANOSECONDS;
	struct line *l = &self->l;

	l->c = kind_socket(l->kind, 0);
	ASSERT_LE(0, l->c);
	OK(set_clock(l->c, clock));
	OK(line_dial(l, l->c));
	l->s = line_accept(l);
	ASSERT_LE(0, l->s);
	OK(begin(l->s, l->c, clock));
	OK(line_reset(l));
	OK(begin(l->s, l->c, clock));
}

/* A socket has it from its listener, and the kernel goes on when that one is gone. */
CASE(stamps, of_who_is_accepted)
{
	struct line *l = &self->l;
	const struct clock *clock;
	int i;

	for (clock = clocks; clock < clocks + ARRAY_SIZE(clocks); clock++) {
		if (l->lfd < 0)
			l->lfd = new_listener_of(l->kind->domain,
						 l->kind->protocol,
						 l->kind->family);
		OK(set_clock(l->lfd, clock));
		OK(line_open(l));
		OK(begin(l->c, l->s, clock));
		OK(line_close(&l->lfd));
		for (i = 0; i < ROUNDS; i++) {
			ASSERT_LE(0, byte(l->c, l->s, clock));
			usleep(1000);
		}
		OK(begin(l->c, l->s, clock));
		OK(line_check(l, l->c));
		OK(line_cut(&l->c));
		OK(line_close(&l->s));
	}
}

TEST_HARNESS_MAIN
