// SPDX-License-Identifier: GPL-2.0
/*
 * An AF_RSESS socket behaves as a TCP socket: flags of send and recv,
 * and how much there has to be.
 */
#define _GNU_SOURCE
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <linux/errqueue.h>
#include <linux/sockios.h>

#include "harness.h"
#include "differs.h"

FIXTURE(flags) {
	struct line l;
};

KIND_VARIANTS(flags);

FIXTURE_SETUP(flags)
{
	OK(line_init(&self->l, &variant->kind));
	OK(line_open(&self->l));
}

FIXTURE_TEARDOWN(flags)
{
	EXPECT_EQ(0, line_end(&self->l));
}

CASE(flags, dontwait)
{
	struct line *l = &self->l;
	ssize_t n;
	char c = 0;

	FAILS(EAGAIN, recv(l->s, &c, 1, MSG_DONTWAIT));
	OK(line_small(l));
	n = line_fill(l);
	ASSERT_LT(0, n);
	ASSERT_EQ(EAGAIN, line_full(l, &n, MSG_DONTWAIT));
	OK(line_reset(l));
	ASSERT_EQ(EAGAIN, line_full(l, &n, MSG_DONTWAIT));
	OK(set_nonblock(l->c, true));
	ASSERT_EQ(EAGAIN, line_full(l, &n, 0));
	FAILS(EAGAIN, read(l->c, &c, 1));
	OK(read_all(l->s, 0, n));
	OK(wait_events(l->c, POLLOUT));
	OK(write_all(l->c, n, 100));
	OK(read_all(l->s, n, 100));
}

CASE(flags, peek)
{
	static unsigned char buf[SOME];
	struct line *l = &self->l;
	int i;

	OK(write_all(l->c, 0, SOME));
	OK(wait_readable(l->s, SOME));
	for (i = 1; i < SOME; i += 999) {
		ASSERT_EQ(i, recv(l->s, buf, i, MSG_PEEK));
		OK(pattern_check(0, buf, i));
	}
	OK(read_all(l->s, 0, 2500));
	ASSERT_EQ(SOME - 2500, recv(l->s, buf, sizeof(buf), MSG_PEEK));
	OK(pattern_check(2500, buf, SOME - 2500));
	OK(wait_readable(l->s, SOME - 2500));
	OK(read_all(l->s, 2500, SOME - 2500));
	FAILS(EAGAIN, recv(l->s, buf, 1, MSG_PEEK | MSG_DONTWAIT));
	OK(shutdown(l->c, SHUT_WR));
	OK(wait_events(l->s, POLLIN | POLLOUT | POLLRDHUP));
	ASSERT_EQ(0, recv(l->s, buf, 1, MSG_PEEK));
	ASSERT_EQ(0, recv(l->s, buf, 1, 0));
}

/* SO_PEEK_OFF: each look continues where the last one ended.  TCP has it since
 * 6.9; before, both refuse it.
 */
CASE(flags, peek_off)
{
	unsigned char buf[1000];
	struct line *l = &self->l;
	int fd = new_socket(AF_INET, 0);
	bool has = !set_int(fd, SOL_SOCKET, SO_PEEK_OFF, 0);

	OK(line_close(&fd));
	if (!has) {
		FAILS(EOPNOTSUPP, set_int(l->s, SOL_SOCKET, SO_PEEK_OFF, 0));
		return;
	}
	OK(set_int(l->s, SOL_SOCKET, SO_PEEK_OFF, 100));
	OK(write_all(l->c, 0, 1000));
	OK(wait_readable(l->s, 1000));
	ASSERT_EQ(300, recv(l->s, buf, 300, MSG_PEEK));
	OK(pattern_check(100, buf, 300));
	OK(line_reset(l));
	ASSERT_EQ(200, recv(l->s, buf, 200, MSG_PEEK));
	OK(pattern_check(400, buf, 200));
	ASSERT_EQ(600, get_int(l->s, SOL_SOCKET, SO_PEEK_OFF));
	OK(read_all(l->s, 0, 500));
	ASSERT_EQ(100, get_int(l->s, SOL_SOCKET, SO_PEEK_OFF));
	ASSERT_EQ(400, recv(l->s, buf, sizeof(buf), MSG_PEEK));
	OK(pattern_check(600, buf, 400));
	FAILS(EAGAIN, recv(l->s, buf, 1, MSG_PEEK | MSG_DONTWAIT));
	OK(read_all(l->s, 500, 500));
	ASSERT_EQ(0, get_int(l->s, SOL_SOCKET, SO_PEEK_OFF));
	OK(set_int(l->s, SOL_SOCKET, SO_PEEK_OFF, -1));
}

/* What was seen stays where it is when the transport goes. */
CASE(flags, peek_after_reset)
{
	unsigned char buf[1000];
	struct line *l = &self->l;

	OK(write_all(l->c, 0, 600));
	OK(wait_readable(l->s, 600));
	ASSERT_EQ(600, recv(l->s, buf, sizeof(buf), MSG_PEEK));
	OK(line_reset(l));
	ASSERT_EQ(600, recv(l->s, buf, sizeof(buf), MSG_PEEK));
	OK(pattern_check(0, buf, 600));
	OK(write_all(l->c, 600, 400));
	OK(wait_readable(l->s, 1000));
	OK(line_reset(l));
	ASSERT_EQ(1000, recv(l->s, buf, sizeof(buf), MSG_PEEK | MSG_WAITALL));
	OK(pattern_check(0, buf, 1000));
	OK(read_all(l->s, 0, 1000));
}

/* MSG_TRUNC throws bytes away. */
CASE(flags, trunc)
{
	unsigned char buf[100] = "unchanged";
	struct line *l = &self->l;

	OK(write_all(l->c, 0, SOME));
	OK(wait_readable(l->s, SOME));
	ASSERT_EQ(50, recv(l->s, buf, 50, MSG_TRUNC));
	ASSERT_EQ(4000, recv(l->s, NULL, 4000, MSG_TRUNC));
	OK(memcmp(buf, "unchanged", 10));
	OK(line_reset(l));
	OK(read_all(l->s, 4050, 100));
	ASSERT_EQ(7, recv(l->s, buf, 7, MSG_TRUNC | MSG_PEEK));
	OK(read_all(l->s, 4150, SOME - 4150));
	FAILS(EAGAIN, recv(l->s, NULL, 9, MSG_TRUNC | MSG_DONTWAIT));
}

static void *write_late(void *arg)
{
	int i;

	for (i = 1; i < 6; i++) {
		usleep(10000);
		write_all(*(int *)arg, i * 1000, 1000);
	}
	return NULL;
}

CASE(flags, waitall)
{
	unsigned char buf[SOME];
	struct line *l = &self->l;
	pthread_t thread;

	OK(write_all(l->c, 0, 1000));
	OK(pthread_create(&thread, NULL, write_late, &l->c));
	ASSERT_EQ(SOME, recv(l->s, buf, SOME, MSG_WAITALL));
	OK(pattern_check(0, buf, SOME));
	OK(pthread_join(thread, NULL));
	/* It does not wait if it may not, nor behind the end. */
	OK(write_all(l->c, 0, 1000));
	OK(wait_readable(l->s, 1000));
	ASSERT_EQ(1000, recv(l->s, buf, SOME, MSG_WAITALL | MSG_DONTWAIT));
	OK(write_all(l->c, 0, 1000));
	OK(shutdown(l->c, SHUT_WR));
	ASSERT_EQ(1000, recv(l->s, buf, SOME, MSG_WAITALL));
	ASSERT_EQ(0, recv(l->s, buf, SOME, MSG_WAITALL));
}

CASE(flags, waitall_peek)
{
	unsigned char buf[SOME];
	struct line *l = &self->l;
	pthread_t thread;

	OK(write_all(l->c, 0, 1000));
	OK(pthread_create(&thread, NULL, write_late, &l->c));
	ASSERT_EQ(SOME, recv(l->s, buf, SOME, MSG_WAITALL | MSG_PEEK));
	OK(pattern_check(0, buf, SOME));
	OK(pthread_join(thread, NULL));
	OK(read_all(l->s, 0, SOME));
}

CASE(flags, lowat)
{
	unsigned char buf[SOME];
	struct line *l = &self->l;
	pthread_t thread;
	ssize_t n;

	OK(set_int(l->s, SOL_SOCKET, SO_RCVLOWAT, 3000));
	OK(write_all(l->c, 0, 1000));
	OK(wait_readable(l->s, 1000));
	ASSERT_EQ(POLLOUT, events(l->s));
	OK(line_reset(l));
	ASSERT_EQ(POLLOUT, events(l->s));
	OK(pthread_create(&thread, NULL, write_late, &l->c));
	ASSERT_EQ(POLLIN, wait_for(l->s, POLLIN));
	/* All of it may have come meanwhile. */
	n = recv(l->s, buf, 4000, 0);
	ASSERT_LE(3000, n);
	OK(pthread_join(thread, NULL));
	/* What is there is given to one who does not wait, or wants less. */
	OK(wait_readable(l->s, SOME - n));
	ASSERT_EQ(1, recv(l->s, buf, 1, 0));
	OK(read_all(l->s, n + 1, SOME - n - 1));
	OK(write_all(l->c, 0, 500));
	OK(wait_readable(l->s, 500));
	ASSERT_EQ(500, recv(l->s, buf, sizeof(buf), MSG_DONTWAIT));
	/* The end of the stream can be read at once. */
	OK(write_all(l->c, 0, 500));
	OK(shutdown(l->c, SHUT_WR));
	OK(wait_events(l->s, POLLIN | POLLOUT | POLLRDHUP));
	ASSERT_EQ(500, recv(l->s, buf, sizeof(buf), 0));
}

/* More than the window: the socket is readable when it is full, and still is when only
 * some of it was read.
 */
CASE(flags, lowat_beyond_the_window)
{
	unsigned char buf[100];
	struct line *l = &self->l;

	OK(set_int(l->s, SOL_SOCKET, SO_RCVLOWAT, 400000));
	OK(set_int(l->s, SOL_SOCKET, SO_RCVBUF, 10000));
	ASSERT_LT(0, fill_both(l->c, 0));
	ASSERT_EQ(POLLIN, wait_for(l->s, POLLIN));
	ASSERT_EQ(100, recv(l->s, buf, sizeof(buf), 0));
	ASSERT_EQ(POLLIN, wait_for(l->s, POLLIN));
}

CASE(flags, more)
{
	struct line *l = &self->l;
	unsigned char buf[SOME];
	size_t off;

	pattern_fill(0, buf, sizeof(buf));
	for (off = 0; off < SOME; off += 100) {
		int flags = off + 100 < SOME ? MSG_MORE : 0;

		ASSERT_EQ(100, send(l->c, buf + off, 100, flags));
	}
	OK(read_all(l->s, 0, SOME));
	/* It waits for more, but not for ever. */
	ASSERT_EQ(100, send(l->c, buf, 100, MSG_MORE));
	OK(read_all(l->s, 0, 100));
	/* The end of the stream does not wait. */
	ASSERT_EQ(100, send(l->c, buf, 100, MSG_MORE));
	OK(shutdown(l->c, SHUT_WR));
	OK(read_all(l->s, 0, 100));
	OK(read_eof(l->s));
}

CASE(flags, cork)
{
	struct line *l = &self->l;
	size_t off;

	if (differs(&variant->kind, "sctp_options")) {
		FAILS(ENOPROTOOPT, set_int(l->c, IPPROTO_TCP, TCP_CORK, 1));
		return;
	}
	for (off = 0; off < SOME; off += 1500) {
		OK(set_int(l->c, IPPROTO_TCP, TCP_CORK, 1));
		OK(write_all(l->c, off, 700));
		OK(line_reset(l));
		OK(write_all(l->c, off + 700, 800));
		OK(set_int(l->c, IPPROTO_TCP, TCP_CORK, 0));
		OK(read_all(l->s, off, 1500));
	}
	/* A cork that is left in does not keep the bytes for ever. */
	OK(set_int(l->c, IPPROTO_TCP, TCP_CORK, 1));
	OK(write_all(l->c, 0, 10));
	OK(read_all(l->s, 0, 10));
	OK(write_all(l->c, 0, 10));
	OK(shutdown(l->c, SHUT_WR));
	OK(read_all(l->s, 0, 10));
	OK(read_eof(l->s));
}

/* The end of a record is nothing to a stream. */
CASE(flags, end_of_record)
{
	unsigned char buf[SOME];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct line *l = &self->l;
	size_t off;

	pattern_fill(0, buf, sizeof(buf));
	for (off = 0; off < SOME; off += 1000) {
		ASSERT_EQ(1000, send(l->c, buf + off, 1000, MSG_EOR));
	}
	OK(wait_readable(l->s, SOME));
	ASSERT_EQ(SOME, recvmsg(l->s, &mh, 0));
	EXPECT_EQ(0, mh.msg_flags);
	OK(pattern_check(0, buf, SOME));
}

/* Flags that mean nothing on a stream are no error. */
CASE(flags, idle_flags)
{
	static const int flags[] = {
		MSG_DONTROUTE, MSG_CONFIRM, MSG_NOSIGNAL, MSG_ZEROCOPY,
		MSG_CMSG_CLOEXEC, MSG_WAITALL, 0x800000,
	};
	unsigned char buf[1000];
	struct line *l = &self->l;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		pattern_fill(1000 * i, buf, sizeof(buf));
		ASSERT_EQ(1000, send(l->c, buf, sizeof(buf), flags[i]));
		ASSERT_EQ(1000, recv(l->s, buf, sizeof(buf),
				     flags[i] | MSG_WAITALL));
		OK(pattern_check(1000 * i, buf, sizeof(buf)));
	}
}

/*
 * Urgent data: a byte of the stream is marked, and is not in line.
 */
static int send_urgent(int fd, const char *text)
{
	ssize_t len = strlen(text);

	return send(fd, text, len, MSG_OOB) == len ? 0 : -errno;
}

/* What one call of recv() gives is this text. */
static int gives(int fd, const char *text, int flags)
{
	char buf[100] = "";
	ssize_t n = recv(fd, buf, sizeof(buf), flags);

	if (n == (ssize_t)strlen(text) && !memcmp(buf, text, n))
		return 0;
	say("%zd bytes, not '%s' but '%.*s'", n, text, (int)(n > 0 ? n : 0),
	    buf);
	return -ENOMSG;
}

static int at_mark(int fd)
{
	int mark = -1;

	return ioctl(fd, SIOCATMARK, &mark) ? -errno : mark;
}

static int inq(int fd)
{
	int n = -1;

	return ioctl(fd, SIOCINQ, &n) ? -errno : n;
}

static bool all_came(void *arg)
{
	const struct line *l = arg;
	int n = -1;

	return !ioctl(l->c, SIOCOUTQ, &n) && !n;
}

/* "abc", an urgent "x", and "def"; all have come. */
static int send_marked(struct line *l)
{
	int ret = send_urgent(l->c, "abcx");

	if (!ret && send(l->c, "def", 3, 0) != 3)
		ret = -errno;
	return ret ?: wait_until(all_came, l);
}

CASE(flags, oob)
{
	struct line *l = &self->l;
	char c;

	FAILS(EINVAL, recv(l->s, &c, 1, MSG_OOB));
	ASSERT_EQ(0, at_mark(l->s));
	OK(send_marked(l));
	ASSERT_EQ(POLLIN | POLLPRI | POLLOUT, events(l->s));
	ASSERT_EQ(3, inq(l->s));
	ASSERT_EQ(0, at_mark(l->s));
	OK(gives(l->s, "abc", 0));
	ASSERT_EQ(1, at_mark(l->s));
	OK(gives(l->s, "x", MSG_OOB | MSG_PEEK));
	ASSERT_EQ(0, recv(l->s, &c, 0, MSG_OOB | MSG_PEEK));
	OK(gives(l->s, "x", MSG_OOB));
	FAILS(EINVAL, recv(l->s, &c, 1, MSG_OOB));
	ASSERT_EQ(1, at_mark(l->s));
	OK(gives(l->s, "def", 0));
	ASSERT_EQ(0, at_mark(l->s));
	ASSERT_EQ(POLLOUT, events(l->s));
}

CASE(flags, oob_is_skipped)
{
	struct line *l = &self->l;
	char c;

	OK(send_marked(l));
	OK(gives(l->s, "abc", MSG_PEEK));
	OK(gives(l->s, "abc", 0));
	OK(gives(l->s, "def", MSG_PEEK));
	OK(gives(l->s, "def", 0));
	FAILS(EINVAL, recv(l->s, &c, 1, MSG_OOB));
	FAILS(EAGAIN, recv(l->s, &c, 1, MSG_DONTWAIT));
	OK(line_talk(l));
}

/* The mark comes while there are bytes that were not read. */
CASE(flags, oob_behind_unread_bytes)
{
	struct line *l = &self->l;
	char c;

	OK(write_all(l->c, 0, 10));
	OK(wait_readable(l->s, 10));
	OK(wait_until(all_came, l));
	OK(send_marked(l));
	OK(read_all(l->s, 0, 10));
	OK(gives(l->s, "abc", 0));
	OK(gives(l->s, "x", MSG_OOB));
	OK(gives(l->s, "def", 0));
	/* Nothing has asked for the state before. */
	OK(write_all(l->c, 0, 10));
	OK(wait_readable(l->s, 10));
	OK(wait_until(all_came, l));
	OK(send_urgent(l->c, "y"));
	ASSERT_EQ(3, send(l->c, "ghi", 3, 0));
	OK(wait_until(all_came, l));
	OK(read_all(l->s, 0, 10));
	OK(gives(l->s, "ghi", 0));
	FAILS(EINVAL, recv(l->s, &c, 1, MSG_OOB));
	OK(line_talk(l));
}

CASE(flags, oob_inline)
{
	struct line *l = &self->l;
	char c;

	OK(set_int(l->s, SOL_SOCKET, SO_OOBINLINE, 1));
	OK(send_marked(l));
	FAILS(EINVAL, recv(l->s, &c, 1, MSG_OOB));
	ASSERT_EQ(7, inq(l->s));
	OK(gives(l->s, "abc", 0));
	ASSERT_EQ(1, at_mark(l->s));
	OK(gives(l->s, "xdef", 0));
	ASSERT_EQ(0, at_mark(l->s));
}

/* One that was not read is of the stream again when another one comes. */
CASE(flags, oob_twice)
{
	struct line *l = &self->l;

	OK(send_marked(l));
	OK(send_urgent(l->c, "ghy"));
	OK(write_all(l->c, 0, SOME));
	OK(line_reset(l));
	OK(wait_until(all_came, l));
	OK(gives(l->s, "abcxdefgh", 0));
	ASSERT_EQ(1, at_mark(l->s));
	OK(gives(l->s, "y", MSG_OOB));
	OK(read_all(l->s, 0, SOME));
}

/* Every mark is where it was, whatever was sent again. */
CASE(flags, oob_after_resets)
{
	struct line *l = &self->l;
	unsigned char buf[700], c;
	int i;

	for (i = 0; i < 12; i++) {
		pattern_fill(i * sizeof(buf), buf, sizeof(buf));
		ASSERT_EQ(sizeof(buf), send(l->c, buf, sizeof(buf), MSG_OOB));
		ASSERT_EQ(POLLPRI, wait_for(l->s, POLLPRI));
		ASSERT_EQ(sizeof(buf) - 1, inq(l->s));
		OK(read_all(l->s, i * sizeof(buf), sizeof(buf) - 1));
		ASSERT_EQ(1, at_mark(l->s));
		ASSERT_EQ(1, recv(l->s, &c, 1, MSG_OOB));
		ASSERT_EQ(buf[sizeof(buf) - 1], c);
	}
}

CASE(flags, error_queue)
{
	struct line *l = &self->l;
	char c;

	OK(write_all(l->c, 0, SOME));
	OK(wait_readable(l->s, SOME));
	FAILS(EAGAIN, recv(l->s, &c, 1, MSG_ERRQUEUE));
	FAILS(EAGAIN, recv(l->c, &c, 1, MSG_ERRQUEUE));
	OK(read_all(l->s, 0, SOME));
}

/* The notification that is in the error queue of a socket. */
static int read_notice(int fd, const struct kind *kind,
		       struct sock_extended_err *ee)
{
	union {
		char buf[CMSG_SPACE(sizeof(*ee) + sizeof(struct sockaddr_in6))];
		struct cmsghdr h;
	} u;
	struct msghdr mh = {
		.msg_control = &u,
		.msg_controllen = sizeof(u),
	};
	bool v6 = kind->family == AF_INET6;
	int ret = wait_for(fd, POLLERR);

	if (ret < 0)
		return ret;
	if (recvmsg(fd, &mh, MSG_ERRQUEUE) || !(mh.msg_flags & MSG_ERRQUEUE))
		return -ENOMSG;
	memcpy(ee, CMSG_DATA(&u.h), sizeof(*ee));
	return u.h.cmsg_level == (v6 ? SOL_IPV6 : SOL_IP) &&
	       u.h.cmsg_type == (v6 ? IPV6_RECVERR : IP_RECVERR) ? 0 : -EINVAL;
}

/* Each call is confirmed once, by its number.  Over the loopback device TCP too
 * says that it has copied.
 */
CASE(flags, zerocopy)
{
	unsigned int calls = 5, next = 0;
	struct sock_extended_err ee;
	unsigned char buf[SOME / 5];
	struct line *l = &self->l;
	unsigned int i;

	/* What has fallen back is a socket of TCP. */
	if (differs(&variant->kind, "zerocopy") &&
	    variant->kind.policy != RSESS_NEGOTIATE_OFF) {
		FAILS(EOPNOTSUPP, set_int(l->c, SOL_SOCKET, SO_ZEROCOPY, 1));
		return;
	}
	OK(set_int(l->c, SOL_SOCKET, SO_ZEROCOPY, 1));
	ASSERT_EQ(1, get_int(l->c, SOL_SOCKET, SO_ZEROCOPY));
	for (i = 0; i < calls; i++) {
		pattern_fill(i * sizeof(buf), buf, sizeof(buf));
		ASSERT_EQ(sizeof(buf), send(l->c, buf, sizeof(buf),
					    MSG_ZEROCOPY));
	}
	OK(read_all(l->s, 0, SOME));
	while (next < calls) {
		OK(read_notice(l->c, &variant->kind, &ee));
		ASSERT_EQ(0, ee.ee_errno);
		ASSERT_EQ(SO_EE_ORIGIN_ZEROCOPY, ee.ee_origin);
		ASSERT_EQ(SO_EE_CODE_ZEROCOPY_COPIED, ee.ee_code);
		ASSERT_EQ(next, ee.ee_info);
		ASSERT_LE(ee.ee_info, ee.ee_data);
		next = ee.ee_data + 1;
	}
	ASSERT_EQ(calls, next);
	FAILS(EAGAIN, recv(l->c, buf, 1, MSG_ERRQUEUE));
	ASSERT_EQ(POLLOUT, events(l->c));
	/* A call that fails has no number. */
	OK(shutdown(l->c, SHUT_WR));
	FAILS(EPIPE, send(l->c, buf, 1, MSG_ZEROCOPY | MSG_NOSIGNAL));
	FAILS(EAGAIN, recv(l->c, buf, 1, MSG_ERRQUEUE));
}

/* The reader can ask how much more there is. */
CASE(flags, bytes_behind)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr h;
	} u;
	unsigned char buf[1000];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr mh = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &u,
		.msg_controllen = sizeof(u),
	};
	struct line *l = &self->l;

	if (differs(&variant->kind, "sctp_options")) {
		FAILS(ENOPROTOOPT, set_int(l->s, IPPROTO_TCP, TCP_INQ, 1));
		return;
	}
	OK(set_int(l->s, IPPROTO_TCP, TCP_INQ, 1));
	OK(write_all(l->c, 0, SOME));
	OK(wait_readable(l->s, SOME));
	ASSERT_EQ(1000, recvmsg(l->s, &mh, 0));
	ASSERT_EQ(CMSG_SPACE(sizeof(int)), mh.msg_controllen);
	EXPECT_EQ(IPPROTO_TCP, u.h.cmsg_level);
	EXPECT_EQ(TCP_CM_INQ, u.h.cmsg_type);
	EXPECT_EQ(SOME - 1000, *(int *)CMSG_DATA(&u.h));
	OK(read_all(l->s, 1000, SOME - 1000));
	/* The end of the stream counts as a byte. */
	OK(shutdown(l->c, SHUT_WR));
	OK(wait_events(l->s, POLLIN | POLLOUT | POLLRDHUP));
	mh.msg_controllen = sizeof(u);
	ASSERT_EQ(0, recvmsg(l->s, &mh, 0));
	EXPECT_EQ(1, *(int *)CMSG_DATA(&u.h));
}

TEST_HARNESS_MAIN
