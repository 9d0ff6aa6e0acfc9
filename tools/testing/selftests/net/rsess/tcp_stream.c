// SPDX-License-Identifier: GPL-2.0
/*
 * An AF_RSESS socket behaves as a TCP socket: bytes.
 *
 * Each test runs over TCP, over AF_RSESS, and over AF_RSESS with transports that
 * are reset all the time.
 */
#define _GNU_SOURCE
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "harness.h"
#include "differs.h"

FIXTURE(stream) {
	struct line l;
};

KIND_VARIANTS(stream);

FIXTURE_SETUP(stream)
{
	OK(line_init(&self->l, &variant->kind));
	OK(line_open(&self->l));
}

FIXTURE_TEARDOWN(stream)
{
	EXPECT_EQ(0, line_end(&self->l));
}

/* Around what a frame, a segment and a page hold. */
CASE(stream, sizes)
{
	static const size_t sizes[] = {
		1, 2, 3, 7, 31, 32, 33, 100, 1447, 1448, 1449, 4095, 4096,
		4097, 16000, 17000,
	};
	static unsigned char buf[17000];
	struct line *l = &self->l;
	uint64_t off = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ssize_t n = sizes[i];

		pattern_fill(off, buf, n);
		ASSERT_EQ(n, send(l->c, buf, n, 0));
		memset(buf, 0, n);
		ASSERT_EQ(n, recv(l->s, buf, n, MSG_WAITALL));
		OK(pattern_check(off, buf, n));
		ASSERT_EQ(n, write(l->s, buf, n));
		OK(read_all(l->c, off, n));
		off += n;
	}
}

CASE(stream, empty)
{
	struct line *l = &self->l;
	char c;

	ASSERT_EQ(0, send(l->c, "", 0, 0));
	ASSERT_EQ(0, write(l->c, "", 0));
	ASSERT_EQ(0, send(l->c, NULL, 0, 0));
	FAILS(EAGAIN, recv(l->s, &c, 1, MSG_DONTWAIT));
	ASSERT_EQ(0, read(l->s, &c, 0));
	FAILS(EAGAIN, recv(l->s, &c, 0, MSG_DONTWAIT));
	OK(line_reset(l));
	FAILS(EAGAIN, recv(l->s, &c, 1, MSG_DONTWAIT));
	OK(write_all(l->c, 0, 1));
	OK(wait_readable(l->s, 1));
	ASSERT_EQ(0, recv(l->s, &c, 0, 0));
	OK(read_all(l->s, 0, 1));
}

CASE(stream, many_sends_one_recv)
{
	unsigned char buf[SOME];
	struct line *l = &self->l;
	size_t off;

	for (off = 0; off < sizeof(buf); off += 12) {
		OK(write_all(l->c, off, 12));
	}
	OK(wait_readable(l->s, sizeof(buf)));
	ASSERT_EQ(sizeof(buf), recv(l->s, buf, sizeof(buf), 0));
	OK(pattern_check(0, buf, sizeof(buf)));
}

CASE(stream, one_send_many_recvs)
{
	unsigned char buf[13];
	struct line *l = &self->l;
	size_t off = 0;

	OK(write_all(l->c, 0, SOME));
	OK(wait_readable(l->s, SOME));
	while (off < SOME) {
		ssize_t n = recv(l->s, buf, sizeof(buf), 0);

		ASSERT_LT(0, n);
		OK(pattern_check(off, buf, n));
		off += n;
	}
	ASSERT_EQ(SOME, off);
}

CASE(stream, iovec)
{
	static unsigned char out[SOME], in[SOME];
	struct iovec ov[UIO_MAXIOV + 1], iv[3];
	struct line *l = &self->l;
	size_t n = sizeof(out) / 1000;
	size_t i;

	/* As many pieces as there may be, some of them empty. */
	pattern_fill(0, out, sizeof(out));
	for (i = 0; i < UIO_MAXIOV; i++)
		ov[i] = (struct iovec){ out + i * n, i < 1000 ? n : 0 };
	ASSERT_EQ(1000 * n, writev(l->c, ov, UIO_MAXIOV));
	FAILS(EINVAL, writev(l->c, ov, UIO_MAXIOV + 1));
	OK(wait_readable(l->s, 1000 * n));
	iv[0] = (struct iovec){ in, 1 };
	iv[1] = (struct iovec){ in, 0 };
	iv[2] = (struct iovec){ in + 1, sizeof(in) - 1 };
	ASSERT_EQ(1000 * n, readv(l->s, iv, 3));
	OK(memcmp(in, out, 1000 * n));
	FAILS(EINVAL, readv(l->s, ov, UIO_MAXIOV + 1));
	ASSERT_EQ(0, writev(l->c, iv, 0));
}

CASE(stream, message_header)
{
	struct sockaddr_storage ss;
	char control[100];
	unsigned char buf[SOME];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr mh = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_name = &ss,
		.msg_namelen = loopback(&ss, variant->kind.family, 9),
	};
	struct line *l = &self->l;

	/* The address is not looked at. */
	pattern_fill(0, buf, sizeof(buf));
	ASSERT_EQ(SOME, sendmsg(l->c, &mh, 0));
	OK(wait_readable(l->s, SOME));
	memset(buf, 0, sizeof(buf));
	mh.msg_control = control;
	mh.msg_controllen = sizeof(control);
	mh.msg_flags = MSG_TRUNC;
	ASSERT_EQ(SOME, recvmsg(l->s, &mh, 0));
	OK(pattern_check(0, buf, sizeof(buf)));
	EXPECT_EQ(0, mh.msg_namelen);
	EXPECT_EQ(0, mh.msg_controllen);
	EXPECT_EQ(0, mh.msg_flags);
	mh.msg_iovlen = UIO_MAXIOV + 1;
	FAILS(EMSGSIZE, sendmsg(l->c, &mh, 0));
	FAILS(EMSGSIZE, recvmsg(l->s, &mh, MSG_DONTWAIT));
}

/* A control message that is not known is an error, of another level is none. */
CASE(stream, control_messages)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr h;
	} u = { .h = { .cmsg_len = CMSG_LEN(sizeof(int)) } };
	struct iovec iov = { "x", 1 };
	struct msghdr mh = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &u,
		.msg_controllen = sizeof(u),
	};
	struct line *l = &self->l;

	u.h.cmsg_level = SOL_SOCKET;
	u.h.cmsg_type = 9999;
	FAILS(EINVAL, sendmsg(l->c, &mh, 0));
	u.h.cmsg_level = IPPROTO_IPV6;
	ASSERT_EQ(1, sendmsg(l->c, &mh, 0));
	u.h.cmsg_len = 1;
	FAILS(EINVAL, sendmsg(l->c, &mh, 0));
	OK(line_reset(l));
	OK(wait_readable(l->s, 1));
}

CASE(stream, mmsg)
{
	unsigned char buf[8][1000];
	struct mmsghdr mh[8];
	struct iovec iov[8];
	struct line *l = &self->l;
	int i;

	memset(mh, 0, sizeof(mh));
	for (i = 0; i < 8; i++) {
		pattern_fill(1000 * i, buf[i], 1000);
		iov[i] = (struct iovec){ buf[i], 1000 };
		mh[i].msg_hdr.msg_iov = &iov[i];
		mh[i].msg_hdr.msg_iovlen = 1;
	}
	ASSERT_EQ(8, sendmmsg(l->c, mh, 8, 0));
	OK(wait_readable(l->s, 8000));
	memset(buf, 0, sizeof(buf));
	iov[7].iov_len = 500;
	ASSERT_EQ(8, recvmmsg(l->s, mh, 8, MSG_DONTWAIT, NULL));
	EXPECT_EQ(1000, mh[6].msg_len);
	EXPECT_EQ(500, mh[7].msg_len);
	OK(pattern_check(0, buf, 7500));
	/* There is less than was asked for. */
	ASSERT_EQ(1, recvmmsg(l->s, mh, 8, MSG_DONTWAIT, NULL));
	ASSERT_EQ(500, mh[0].msg_len);
	FAILS(EAGAIN, recvmmsg(l->s, mh, 8, MSG_DONTWAIT, NULL));
	ASSERT_EQ(1, send(l->c, "x", 1, 0));
	ASSERT_EQ(1, recvmmsg(l->s, mh, 8, MSG_WAITFORONE, NULL));
}

CASE(stream, dontwait)
{
	struct line *l = &self->l;
	ssize_t n;
	char c = 0;

	FAILS(EAGAIN, recv(l->s, &c, 1, MSG_DONTWAIT));
	OK(set_int(l->c, SOL_SOCKET, SO_SNDBUF, 20000));
	OK(set_int(l->s, SOL_SOCKET, SO_RCVBUF, 20000));
	n = fill_both(l->c, 0);
	ASSERT_LT(0, n);
	FAILS(EAGAIN, send(l->c, &c, 1, MSG_DONTWAIT));
	OK(line_reset(l));
	FAILS(EAGAIN, send(l->c, &c, 1, MSG_DONTWAIT));
	OK(set_nonblock(l->c, true));
	FAILS(EAGAIN, write(l->c, &c, 1));
	FAILS(EAGAIN, read(l->c, &c, 1));
	OK(read_all(l->s, 0, n));
	OK(wait_events(l->c, POLLOUT));
	OK(write_all(l->c, n, 100));
	OK(read_all(l->s, n, 100));
}

CASE(stream, peek)
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

/* What was seen stays where it is when the transport goes. */
CASE(stream, peek_after_reset)
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
CASE(stream, trunc)
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

CASE(stream, waitall)
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

CASE(stream, waitall_peek)
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

CASE(stream, lowat)
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
	n = recv(l->s, buf, sizeof(buf), 0);
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

CASE(stream, more)
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

CASE(stream, cork)
{
	struct line *l = &self->l;
	size_t off;

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
CASE(stream, end_of_record)
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
CASE(stream, idle_flags)
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

CASE(stream, oob)
{
	struct line *l = &self->l;
	char c = 'x';

	OK(write_all(l->c, 0, SOME));
	OK(read_all(l->s, 0, SOME));
	FAILS(EINVAL, recv(l->s, &c, 1, MSG_OOB));
	if (differs(&variant->kind, "oob")) {
		FAILS(EOPNOTSUPP, send(l->c, &c, 1, MSG_OOB));
		FAILS(EINVAL, recv(l->s, &c, 1, MSG_OOB));
		ASSERT_EQ(POLLOUT, events(l->s));
		return;
	}
	ASSERT_EQ(1, send(l->c, &c, 1, MSG_OOB));
	ASSERT_EQ(POLLPRI, wait_for(l->s, POLLPRI));
	ASSERT_EQ(1, recv(l->s, &c, 1, MSG_OOB));
}

CASE(stream, error_queue)
{
	struct line *l = &self->l;
	char c;

	OK(write_all(l->c, 0, SOME));
	OK(wait_readable(l->s, SOME));
	FAILS(EAGAIN, recv(l->s, &c, 1, MSG_ERRQUEUE));
	FAILS(EAGAIN, recv(l->c, &c, 1, MSG_ERRQUEUE));
	OK(read_all(l->s, 0, SOME));
}

CASE(stream, bad_address)
{
	void *bad = mmap(NULL, 100000, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	struct line *l = &self->l;
	struct msghdr mh = { .msg_iov = bad, .msg_iovlen = 1 };

	ASSERT_NE(MAP_FAILED, bad);
	FAILS(EFAULT, send(l->c, bad, 10, 0));
	FAILS(EFAULT, write(l->c, bad, 100000));
	FAILS(EFAULT, sendmsg(l->c, &mh, 0));
	FAILS(EFAULT, sendmsg(l->c, bad, 0));
	FAILS(EFAULT, writev(l->c, bad, 1));
	OK(write_all(l->c, 0, SOME));
	OK(wait_readable(l->s, SOME));
	FAILS(EFAULT, recv(l->s, bad, 3, 0));
	FAILS(EFAULT, recv(l->s, bad, 3, MSG_PEEK));
	OK(line_reset(l));
	FAILS(EFAULT, read(l->s, bad, 100000));
	FAILS(EFAULT, recvmsg(l->s, &mh, 0));
	/* Nothing is lost of it, and nothing else was sent. */
	OK(read_all(l->s, 0, SOME));
	FAILS(EAGAIN, recv(l->s, bad, 3, MSG_DONTWAIT));
}

/* Behind the first page there is none: what was taken is what was told. */
CASE(stream, half_bad_address)
{
	long page = sysconf(_SC_PAGESIZE);
	unsigned char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct line *l = &self->l;
	ssize_t n, got;

	ASSERT_NE(MAP_FAILED, (void *)map);
	pattern_fill(0, map, page);
	OK(mprotect(map + page, page, PROT_NONE));
	n = send(l->c, map, 2 * page, 0);
	if (n < 0) {
		ASSERT_EQ(EFAULT, errno);
		n = 0;
	}
	ASSERT_GE(page, n);
	OK(write_all(l->c, n, 2 * page - n));
	OK(wait_readable(l->s, 2 * page));
	memset(map, 0, page);
	got = recv(l->s, map, 2 * page, 0);
	if (got < 0) {
		ASSERT_EQ(EFAULT, errno);
		got = 0;
	}
	ASSERT_GE(page, got);
	OK(pattern_check(0, map, got));
	OK(read_all(l->s, got, 2 * page - got));
}

/* A positioned call needs a file that has positions. */
CASE(stream, no_positions)
{
	struct line *l = &self->l;
	unsigned char buf[SOME];
	struct iovec iov = { buf, sizeof(buf) };

	pattern_fill(0, buf, sizeof(buf));
	FAILS(ESPIPE, pwrite(l->c, buf, 1, 0));
	FAILS(ESPIPE, pread(l->c, buf, 1, 0));
	FAILS(ESPIPE, pwritev(l->c, &iov, 1, 0));
	FAILS(ESPIPE, preadv(l->c, &iov, 1, 0));
	FAILS(ESPIPE, lseek(l->c, 0, SEEK_CUR));
	FAILS(ESPIPE, pwritev2(l->c, &iov, 1, 0, 0));
	/* The offset -1 stands for none. */
	ASSERT_EQ(SOME, pwritev2(l->c, &iov, 1, -1, 0));
	OK(wait_readable(l->s, SOME));
	ASSERT_EQ(SOME, preadv2(l->s, &iov, 1, -1, 0));
	OK(pattern_check(0, buf, SOME));
}

CASE(stream, both_directions)
{
	uint64_t n = variant->kind.every ? 60000 : 1000000;
	struct way w[] = {
		{ .from = self->l.c, .to = self->l.s, .want = n },
		{ .from = self->l.s, .to = self->l.c, .want = n },
	};

	OK(flow(w, 2));
	OK(wait_confirmed(self->l.c));
	OK(wait_confirmed(self->l.s));
}

/* Buffers that hold less than a transport carries, or little more. */
CASE(stream, small_buffers)
{
	struct way w[] = {
		{ .from = self->l.c, .to = self->l.s, .want = 40000 },
		{ .from = self->l.s, .to = self->l.c, .want = 40000 },
	};
	int i;

	for (i = 0; i < 2; i++) {
		OK(set_int(w[i].from, SOL_SOCKET, SO_SNDBUF, 1));
		OK(set_int(w[i].from, SOL_SOCKET, SO_RCVBUF, 1));
	}
	OK(flow(w, 2));
}

CASE(stream, receive_buffer_grows)
{
	struct line *l = &self->l;
	struct way w = { .from = l->c, .to = l->s };

	OK(set_int(l->c, SOL_SOCKET, SO_SNDBUF, 20000));
	OK(set_int(l->s, SOL_SOCKET, SO_RCVBUF, 80000));
	w.sent = fill_both(l->c, 0);
	ASSERT_LT(0, (ssize_t)w.sent);
	OK(set_int(l->s, SOL_SOCKET, SO_RCVBUF, 400000));
	w.want = w.sent + 20000;
	OK(flow(&w, 1));
}

/* The reader can ask how much more there is. */
CASE(stream, bytes_behind)
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
