// SPDX-License-Identifier: GPL-2.0
/*
 * An AF_RSESS socket behaves as a TCP socket: bytes.
 *
 * Each test runs over TCP, over AF_RSESS, and over AF_RSESS with transports that
 * are reset all the time.
 */
#define _GNU_SOURCE
#include <string.h>
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
	struct way w;

	OK(line_small(l));
	w = (struct way){ .from = l->c, .to = l->s };
	w.sent = line_fill(l);
	ASSERT_LT(0, (ssize_t)w.sent);
	OK(set_int(l->s, SOL_SOCKET, SO_RCVBUF, 400000));
	w.want = w.sent + 20000;
	OK(flow(&w, 1));
}

/*
 * The writer is gone, and the reader takes its time: for longer than an orphan may be
 * without progress.
 */
FIXTURE(patient) {
	struct line l;
};

KIND_QUIET_SCTP_VARIANTS(patient);

FIXTURE_SETUP(patient)
{
	OK(line_init(&self->l, &variant->kind));
	/* So that the module is there, and its sysctls. */
	close(socket(AF_RSESS, SOCK_STREAM, 0));
	OK(sysctl_set("rsess/orphan_timeout_ms", 3000));
}

FIXTURE_TEARDOWN(patient)
{
	line_end(&self->l);
}

/* More than the reader's kernel takes, so that the rest waits for credit. */
static ssize_t more_than_fits(struct line *l)
{
	ssize_t sum;

	if (set_nonblock(l->c, true))
		return -errno;
	sum = line_fill(l);
	if (sum > 0 && sum < 300000) {
		say("only %zd bytes", sum);
		return -EINVAL;
	}
	return sum;
}

CASE(patient, slow_reader)
{
	struct line *l = &self->l;
	ssize_t n;

	OK(line_open(l));
	n = more_than_fits(l);
	ASSERT_LT(0, n);
	OK(line_close(&l->c));
	/* Longer than that; what is waited for is that nothing happens. */
	sleep(7);
	OK(read_all(l->s, 0, n));
	OK(read_eof(l->s));
	EXPECT_EQ(0, stat_get("OrphanTimeouts"));
}

CASE(patient, slow_to_accept)
{
	struct line *l = &self->l;
	ssize_t n;

	l->c = line_connect(l);
	ASSERT_LE(0, l->c);
	n = more_than_fits(l);
	ASSERT_LT(0, n);
	OK(line_close(&l->c));
	sleep(4);
	l->s = line_accept(l);
	ASSERT_LE(0, l->s);
	OK(read_all(l->s, 0, n));
	OK(read_eof(l->s));
	EXPECT_EQ(0, stat_get("OrphanTimeouts"));
}

TEST_HARNESS_MAIN
