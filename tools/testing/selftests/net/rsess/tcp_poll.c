// SPDX-License-Identifier: GPL-2.0
/*
 * An AF_RSESS socket behaves as a TCP socket: waiting for events, by poll, select,
 * epoll and io_uring. The loss of a transport is none.
 */
#define _GNU_SOURCE
#include <liburing.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

#include "harness.h"
#include "differs.h"
#include "line.h"

FIXTURE(poll) {
	struct line l;
	int ep;
};

KIND_VARIANTS(poll);

FIXTURE_SETUP(poll)
{
	OK(line_init(&self->l, &variant->kind));
	OK(line_open(&self->l));
	self->ep = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_LE(0, self->ep);
}

FIXTURE_TEARDOWN(poll)
{
	close(self->ep);
	EXPECT_EQ(0, line_end(&self->l));
}

static int watch(int ep, int fd, uint32_t what)
{
	struct epoll_event ev = { .events = what, .data.fd = fd };

	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
}

static int watch_again(int ep, int fd, uint32_t what)
{
	struct epoll_event ev = { .events = what, .data.fd = fd };

	return epoll_ctl(ep, EPOLL_CTL_MOD, fd, &ev);
}

/* The events of one descriptor, 0 if there are none in time. */
static int told(int ep, int ms)
{
	struct epoll_event ev = { 0 };
	int n = epoll_wait(ep, &ev, 1, ms);

	return n < 0 ? -errno : n ? (int)ev.events : 0;
}

/* Edges may come more than once: the last of them. */
static int told_last(int ep, int want)
{
	int64_t end = now_ms() + WAIT_MS;
	int ev = 0;

	while (ev != want && now_ms() < end)
		ev = told(ep, 100) ?: ev;
	return ev;
}

static void *write_late(void *arg)
{
	usleep(20000);
	write_all(*(int *)arg, 0, SOME);
	return NULL;
}

CASE(poll, masks)
{
	struct line *l = &self->l;

	ASSERT_EQ(POLLOUT, events(l->c));
	ASSERT_EQ(POLLOUT, events(l->s));
	OK(write_all(l->c, 0, SOME));
	OK(wait_events(l->s, POLLIN | POLLOUT));
	OK(line_reset(l));
	ASSERT_EQ(POLLIN | POLLOUT, events(l->s));
	OK(read_all(l->s, 0, SOME));
	ASSERT_EQ(POLLOUT, events(l->s));
	OK(shutdown(l->c, SHUT_WR));
	ASSERT_EQ(POLLOUT, events(l->c));
	OK(wait_events(l->s, POLLIN | POLLOUT | POLLRDHUP));
	OK(line_reset(l));
	ASSERT_EQ(POLLIN | POLLOUT | POLLRDHUP, events(l->s));
	OK(shutdown(l->s, SHUT_WR));
	OK(wait_events(l->s, POLLIN | POLLOUT | POLLRDHUP | POLLHUP));
	OK(wait_events(l->c, POLLIN | POLLOUT | POLLRDHUP | POLLHUP));
}

/* Nothing is told of a transport that goes, to any who waits. */
CASE(poll, reset_is_no_event)
{
	struct line *l = &self->l;
	int i;

	OK(watch(self->ep, l->c, EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLET));
	OK(watch(self->ep, l->s, EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLET));
	ASSERT_EQ(0, told(self->ep, 0));
	for (i = 0; i < 3; i++) {
		OK(line_reset(l));
		ASSERT_EQ(0, told(self->ep, 20));
		ASSERT_EQ(POLLOUT, events(l->c));
		ASSERT_EQ(POLLOUT, events(l->s));
	}
	ASSERT_EQ(0, socket_error(l->c));
	ASSERT_EQ(0, socket_error(l->s));
	OK(write_all(l->c, 0, SOME));
	OK(read_all(l->s, 0, SOME));
}

CASE(poll, wakes_reader)
{
	struct line *l = &self->l;
	struct pollfd pfd = { .fd = l->s, .events = POLLIN };
	pthread_t thread;

	OK(pthread_create(&thread, NULL, write_late, &l->c));
	ASSERT_EQ(1, poll(&pfd, 1, WAIT_MS));
	ASSERT_EQ(POLLIN, pfd.revents);
	OK(pthread_join(thread, NULL));
	OK(read_all(l->s, 0, SOME));
}

/* A full buffer; and a third of it free. */
CASE(poll, wakes_writer)
{
	struct line *l = &self->l;
	ssize_t sum;

	OK(line_small(l));
	OK(watch(self->ep, l->c, EPOLLOUT | EPOLLET));
	ASSERT_EQ(EPOLLOUT, told(self->ep, WAIT_MS));
	sum = line_fill(l);
	ASSERT_LT(0, sum);
	while (told(self->ep, QUIET_MS) > 0)
		;
	ASSERT_EQ(0, events(l->c));
	OK(line_reset(l));
	ASSERT_EQ(0, events(l->c));
	OK(read_all(l->s, 0, sum));
	ASSERT_EQ(EPOLLOUT, told(self->ep, WAIT_MS));
	OK(wait_events(l->c, POLLOUT));
	ASSERT_LT(0, fill(l->c, sum));
}

CASE(poll, select)
{
	struct line *l = &self->l;
	struct timeval none = { 0 };
	fd_set in, out, pri;
	int top = (l->c > l->s ? l->c : l->s) + 1;

	OK(write_all(l->c, 0, SOME));
	OK(wait_readable(l->s, SOME));
	FD_ZERO(&in);
	FD_SET(l->c, &in);
	FD_SET(l->s, &in);
	out = in;
	pri = in;
	ASSERT_EQ(3, select(top, &in, &out, &pri, &none));
	EXPECT_FALSE(FD_ISSET(l->c, &in));
	EXPECT_TRUE(FD_ISSET(l->s, &in));
	EXPECT_TRUE(FD_ISSET(l->c, &out));
	EXPECT_TRUE(FD_ISSET(l->s, &out));
	EXPECT_FALSE(FD_ISSET(l->s, &pri));
	OK(read_all(l->s, 0, SOME));
	FD_ZERO(&in);
	FD_SET(l->s, &in);
	ASSERT_EQ(0, select(top, &in, NULL, NULL, &none));
	OK(shutdown(l->c, SHUT_WR));
	FD_SET(l->s, &in);
	ASSERT_EQ(1, select(top, &in, NULL, NULL, NULL));
}

CASE(poll, listener)
{
	struct line *l = &self->l;
	int c, s;

	ASSERT_EQ(0, events(l->lfd));
	OK(watch(self->ep, l->lfd, EPOLLIN | EPOLLET));
	ASSERT_EQ(0, told(self->ep, 0));
	c = line_connect(l);
	ASSERT_LE(0, c);
	ASSERT_EQ(EPOLLIN, told(self->ep, WAIT_MS));
	ASSERT_EQ(POLLIN, events(l->lfd));
	s = line_accept(l);
	ASSERT_LE(0, s);
	ASSERT_EQ(0, events(l->lfd));
	ASSERT_EQ(0, told(self->ep, 0));
	close(c);
	close(s);
}

CASE(poll, epoll_level)
{
	struct line *l = &self->l;

	OK(watch(self->ep, l->s, EPOLLIN));
	ASSERT_EQ(0, told(self->ep, 0));
	OK(write_all(l->c, 0, SOME));
	OK(wait_readable(l->s, SOME));
	ASSERT_EQ(EPOLLIN, told(self->ep, 0));
	OK(read_all(l->s, 0, SOME - 1));
	ASSERT_EQ(EPOLLIN, told(self->ep, 0));
	OK(line_reset(l));
	ASSERT_EQ(EPOLLIN, told(self->ep, 0));
	OK(read_all(l->s, SOME - 1, 1));
	ASSERT_EQ(0, told(self->ep, 0));
}

CASE(poll, epoll_edge)
{
	struct line *l = &self->l;

	OK(watch(self->ep, l->s, EPOLLIN | EPOLLRDHUP | EPOLLET));
	ASSERT_EQ(0, told(self->ep, 0));
	OK(write_all(l->c, 0, 100));
	ASSERT_EQ(EPOLLIN, told(self->ep, WAIT_MS));
	OK(wait_readable(l->s, 100));
	ASSERT_EQ(0, told(self->ep, QUIET_MS));
	OK(line_reset(l));
	/* More is news, although nothing was read. */
	OK(write_all(l->c, 100, SOME));
	ASSERT_EQ(EPOLLIN, told(self->ep, WAIT_MS));
	OK(read_all(l->s, 0, 100 + SOME));
	OK(shutdown(l->c, SHUT_WR));
	ASSERT_EQ(EPOLLIN | EPOLLRDHUP,
		  told_last(self->ep, EPOLLIN | EPOLLRDHUP));
}

CASE(poll, epoll_oneshot)
{
	struct line *l = &self->l;

	OK(watch(self->ep, l->s, EPOLLIN | EPOLLONESHOT));
	OK(write_all(l->c, 0, 100));
	ASSERT_EQ(EPOLLIN, told(self->ep, WAIT_MS));
	OK(write_all(l->c, 100, SOME));
	OK(wait_readable(l->s, 100 + SOME));
	ASSERT_EQ(0, told(self->ep, 20));
	OK(watch_again(self->ep, l->s, EPOLLIN | EPOLLONESHOT));
	ASSERT_EQ(EPOLLIN, told(self->ep, WAIT_MS));
	OK(read_all(l->s, 0, 100 + SOME));
	OK(watch_again(self->ep, l->s, EPOLLIN | EPOLLONESHOT));
	ASSERT_EQ(0, told(self->ep, 0));
}

/* Of two who wait for the same at least one is woken, and all is read. */
CASE(poll, epoll_exclusive)
{
	int other = epoll_create1(EPOLL_CLOEXEC);
	struct line *l = &self->l;
	int sum;

	OK(watch(self->ep, l->s, EPOLLIN | EPOLLEXCLUSIVE));
	OK(watch(other, l->s, EPOLLIN | EPOLLEXCLUSIVE));
	OK(write_all(l->c, 0, SOME));
	OK(wait_readable(l->s, SOME));
	sum = told(self->ep, 0) + told(other, 0);
	ASSERT_LE(EPOLLIN, sum);
	OK(read_all(l->s, 0, SOME));
	ASSERT_EQ(0, told(self->ep, 0));
	ASSERT_EQ(0, told(other, 0));
	close(other);
}

/* Who waits sits on the socket before there is anything below it. */
CASE(poll, epoll_before_connect)
{
	int fd = kind_socket(&variant->kind, SOCK_NONBLOCK);
	struct line *l = &self->l;
	int s;

	ASSERT_LE(0, fd);
	OK(watch(self->ep, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET));
	ASSERT_EQ(EPOLLOUT | EPOLLHUP, told(self->ep, WAIT_MS));
	if (line_dial(l, fd))
		ASSERT_EQ(EINPROGRESS, errno);
	ASSERT_EQ(EPOLLOUT, told_last(self->ep, EPOLLOUT));
	s = line_accept(l);
	ASSERT_LE(0, s);
	OK(write_all(s, 0, SOME));
	ASSERT_EQ(EPOLLIN | EPOLLOUT,
		  told_last(self->ep, EPOLLIN | EPOLLOUT));
	OK(read_all(fd, 0, SOME));
	close(s);
	s = EPOLLIN | EPOLLOUT | EPOLLRDHUP;
	ASSERT_EQ(s, told_last(self->ep, s));
	close(fd);
}

CASE(poll, epoll_error)
{
	struct line *l = &self->l;
	int want = EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDHUP;

	OK(write_all(l->c, 0, SOME));
	OK(read_all(l->s, 0, SOME));
	/* What cuts is said once: over a transport that is not about to go. */
	OK(line_reset(l));
	OK(watch(self->ep, l->s, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET));
	OK(line_cut(&l->c));
	ASSERT_EQ(want, told_last(self->ep, want));
	ASSERT_EQ(ECONNRESET, socket_error(l->s));
	ASSERT_EQ(want & ~EPOLLERR, events(l->s));
}

/* Nothing is told of a descriptor that is gone. */
CASE(poll, epoll_closed)
{
	struct line *l = &self->l;

	OK(watch(self->ep, l->s, EPOLLIN | EPOLLRDHUP));
	line_close(&l->s);
	ASSERT_LT(0, wait_for(l->c, POLLRDHUP));
	ASSERT_EQ(0, told(self->ep, 0));
}

/*
 * io_uring.
 */
FIXTURE(uring) {
	struct line l;
	struct io_uring ring;
};

KIND_VARIANTS(uring);

FIXTURE_SETUP(uring)
{
	OK(line_init(&self->l, &variant->kind));
	OK(line_open(&self->l));
	OK(io_uring_queue_init(8, &self->ring, 0));
}

FIXTURE_TEARDOWN(uring)
{
	io_uring_queue_exit(&self->ring);
	EXPECT_EQ(0, line_end(&self->l));
}

/* The result of one request, whichever ends first, and the flags that come with it; -ETIME
 * if none does.
 */
static int result_flags(struct io_uring *ring, unsigned int *flags)
{
	struct __kernel_timespec ts = { .tv_sec = WAIT_MS / 1000 };
	struct io_uring_cqe *cqe;
	int ret = io_uring_wait_cqe_timeout(ring, &cqe, &ts);

	if (ret)
		return ret;
	ret = cqe->res;
	*flags = cqe->flags;
	io_uring_cqe_seen(ring, cqe);
	return ret;
}

static int result(struct io_uring *ring)
{
	unsigned int flags;

	return result_flags(ring, &flags);
}

/* No request has ended. */
static bool nothing(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;

	return io_uring_peek_cqe(ring, &cqe) == -EAGAIN;
}

CASE(uring, send_recv)
{
	struct io_uring *ring = &self->ring;
	unsigned char out[SOME], in[SOME];
	int i;

	for (i = 0; i < 3; i++) {
		pattern_fill(SOME * i, out, SOME);
		io_uring_prep_send(io_uring_get_sqe(ring), self->l.c, out,
				   SOME, 0);
		ASSERT_EQ(1, io_uring_submit(ring));
		ASSERT_EQ(SOME, result(ring));
		OK(line_reset(&self->l));
		io_uring_prep_recv(io_uring_get_sqe(ring), self->l.s, in, SOME,
				   MSG_WAITALL);
		ASSERT_EQ(1, io_uring_submit(ring));
		ASSERT_EQ(SOME, result(ring));
		OK(pattern_check(SOME * i, in, SOME));
	}
}

/* The request is there first, then the bytes. */
CASE(uring, recv_waits)
{
	struct io_uring *ring = &self->ring;
	unsigned char in[SOME];
	int n;

	io_uring_prep_recv(io_uring_get_sqe(ring), self->l.s, in, SOME, 0);
	ASSERT_EQ(1, io_uring_submit(ring));
	OK(line_reset(&self->l));
	ASSERT_TRUE(nothing(ring));
	OK(write_all(self->l.c, 0, SOME));
	n = result(ring);
	ASSERT_LT(0, n);
	OK(pattern_check(0, in, n));
	OK(read_all(self->l.s, n, SOME - n));
	/* And the end of the stream. */
	io_uring_prep_recv(io_uring_get_sqe(ring), self->l.s, in, SOME, 0);
	ASSERT_EQ(1, io_uring_submit(ring));
	OK(shutdown(self->l.c, SHUT_WR));
	ASSERT_EQ(0, result(ring));
}

CASE(uring, read_write)
{
	struct io_uring *ring = &self->ring;
	unsigned char out[SOME], in[SOME];
	int n;

	pattern_fill(0, out, SOME);
	io_uring_prep_write(io_uring_get_sqe(ring), self->l.c, out, SOME, 0);
	ASSERT_EQ(1, io_uring_submit(ring));
	ASSERT_EQ(SOME, result(ring));
	OK(wait_readable(self->l.s, SOME));
	io_uring_prep_read(io_uring_get_sqe(ring), self->l.s, in, SOME, 0);
	ASSERT_EQ(1, io_uring_submit(ring));
	n = result(ring);
	ASSERT_EQ(SOME, n);
	OK(pattern_check(0, in, n));
}

CASE(uring, connect_accept)
{
	struct io_uring *ring = &self->ring;
	struct line *l = &self->l;
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, variant->kind.family, l->port);
	int fd = kind_socket(&variant->kind, 0);
	int first, second;

	ASSERT_LE(0, fd);
	io_uring_prep_accept(io_uring_get_sqe(ring), l->lfd, NULL, NULL, 0);
	ASSERT_EQ(1, io_uring_submit(ring));
	ASSERT_TRUE(nothing(ring));
	io_uring_prep_connect(io_uring_get_sqe(ring), fd,
			      (struct sockaddr *)&ss, len);
	ASSERT_EQ(1, io_uring_submit(ring));
	first = result(ring);
	second = result(ring);
	ASSERT_LE(0, first);
	ASSERT_LE(0, second);
	ASSERT_TRUE(!first != !second);
	/* One of them is the socket. */
	line_close(&l->s);
	line_close(&l->c);
	l->c = fd;
	l->s = first + second;
	OK(write_all(l->c, 0, SOME));
	OK(read_all(l->s, 0, SOME));
}

CASE(uring, connect_refused)
{
	struct io_uring *ring = &self->ring;
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, variant->kind.family, PORT + 9);
	int fd = kind_socket(&variant->kind, 0);

	ASSERT_LE(0, fd);
	io_uring_prep_connect(io_uring_get_sqe(ring), fd,
			      (struct sockaddr *)&ss, len);
	ASSERT_EQ(1, io_uring_submit(ring));
	ASSERT_EQ(-ECONNREFUSED, result(ring));
	close(fd);
}

CASE(uring, poll)
{
	struct io_uring *ring = &self->ring;
	struct line *l = &self->l;

	io_uring_prep_poll_add(io_uring_get_sqe(ring), l->s,
			       POLLIN | POLLRDHUP);
	ASSERT_EQ(1, io_uring_submit(ring));
	OK(line_reset(l));
	ASSERT_TRUE(nothing(ring));
	OK(write_all(l->c, 0, SOME));
	ASSERT_EQ(POLLIN, result(ring));
	OK(read_all(l->s, 0, SOME));
	io_uring_prep_poll_add(io_uring_get_sqe(ring), l->s,
			       POLLIN | POLLRDHUP);
	ASSERT_EQ(1, io_uring_submit(ring));
	OK(shutdown(l->c, SHUT_WR));
	ASSERT_EQ(POLLIN | POLLRDHUP, result(ring));
}

#ifndef IORING_SEND_ZC_REPORT_USAGE
#define IORING_SEND_ZC_REPORT_USAGE	0x8
#define IORING_NOTIF_USAGE_ZC_COPIED	0x80000000
#endif

/* Says with its second result that the bytes may be changed, and that they were copied. */
static int send_zc(struct io_uring *ring, int len)
{
	unsigned int flags;
	int ret;

	ret = io_uring_submit(ring);
	if (ret != 1)
		return -EIO;
	ret = result_flags(ring, &flags);
	if (ret != len || flags != IORING_CQE_F_MORE) {
		say("%d, flags %#x", ret, flags);
		return -EIO;
	}
	ret = result_flags(ring, &flags);
	if (ret != (int)IORING_NOTIF_USAGE_ZC_COPIED ||
	    flags != IORING_CQE_F_NOTIF) {
		say("%d, flags %#x", ret, flags);
		return -EIO;
	}
	return 0;
}

/* What was sent may be sent again, when the caller has its memory back long since. */
CASE(uring, send_zc)
{
	struct io_uring *ring = &self->ring;
	struct line *l = &self->l;
	unsigned char out[SOME];
	struct iovec iov = { out, sizeof(out) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	int ends[] = { l->c, l->s };
	struct io_uring_sqe *sqe;
	int i;

	for (i = 0; i < 2; i++) {
		pattern_fill(0, out, SOME);
		io_uring_prep_send_zc(io_uring_get_sqe(ring), ends[i], out, SOME,
				      MSG_WAITALL, IORING_SEND_ZC_REPORT_USAGE);
		OK(send_zc(ring, SOME));
		pattern_fill(SOME, out, SOME);
		OK(line_reset(l));
		sqe = io_uring_get_sqe(ring);
		io_uring_prep_sendmsg_zc(sqe, ends[i], &mh, MSG_WAITALL);
		sqe->ioprio |= IORING_SEND_ZC_REPORT_USAGE;
		OK(send_zc(ring, SOME));
		memset(out, 0, SOME);
		OK(line_reset(l));
		OK(read_all(ends[!i], 0, 2 * SOME));
	}
}

/* The notification is io_uring's, also if the socket has some of its own. */
CASE(uring, send_zc_has_one_notice)
{
	struct io_uring *ring = &self->ring;
	struct line *l = &self->l;
	char c[100] = "";

	if (set_int(l->c, SOL_SOCKET, SO_ZEROCOPY, 1))
		ASSERT_TRUE(differs(&variant->kind, "zerocopy"));
	io_uring_prep_send_zc(io_uring_get_sqe(ring), l->c, c, sizeof(c), 0,
			      IORING_SEND_ZC_REPORT_USAGE);
	OK(send_zc(ring, sizeof(c)));
	FAILS(EAGAIN, recv(l->c, c, sizeof(c), MSG_ERRQUEUE));
}

/*
 * One request that gives what comes, as long as there are buffers.
 */
#define PIECE		100
#define BUFFERS		(8 * SOME / PIECE)
#define BUFFER_GROUP	7

struct multishot {
	unsigned char buf[BUFFERS][PIECE];
	uint64_t got;
};

static int multishot_begin(struct io_uring *ring, struct multishot *m, int fd)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	io_uring_prep_provide_buffers(sqe, m->buf, PIECE, BUFFERS, BUFFER_GROUP,
				      0);
	if (io_uring_submit(ring) != 1 || result(ring) < 0)
		return -EIO;
	sqe = io_uring_get_sqe(ring);
	io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = BUFFER_GROUP;
	return io_uring_submit(ring) == 1 ? 0 : -EIO;
}

/* The next bytes; the request goes on. */
static int multishot_next(struct io_uring *ring, struct multishot *m)
{
	unsigned int flags = 0;
	int n = result_flags(ring, &flags);

	if (n <= 0 || !(flags & IORING_CQE_F_MORE) ||
	    !(flags & IORING_CQE_F_BUFFER)) {
		say("%d, flags %#x, after %d bytes", n, flags, (int)m->got);
		state_print();
		return -EIO;
	}
	if (pattern_check(m->got, m->buf[flags >> IORING_CQE_BUFFER_SHIFT], n))
		return -EBADMSG;
	m->got += n;
	return 0;
}

CASE(uring, recv_multishot)
{
	static struct multishot m;
	struct io_uring *ring = &self->ring;
	/* The ring has room for the results of five pieces. */
	static const int at_once[] = { PIECE, 5 * PIECE };
	struct line *l = &self->l;
	unsigned int flags;
	uint64_t sent = 0;
	int i;

	OK(multishot_begin(ring, &m, l->s));
	for (i = 0; i < 2; i++) {
		while (sent < (uint64_t)SOME * (i + 1)) {
			OK(write_all(l->c, sent, at_once[i]));
			sent += at_once[i];
			while (m.got < sent) {
				OK(multishot_next(ring, &m));
			}
		}
		OK(line_reset(l));
		ASSERT_TRUE(nothing(ring));
	}
	OK(shutdown(l->c, SHUT_WR));
	ASSERT_EQ(0, result_flags(ring, &flags));
	ASSERT_EQ(0, flags & IORING_CQE_F_MORE);
}

/* A request that waits is ended by an error, or taken back. */
CASE(uring, error_and_cancel)
{
	struct io_uring *ring = &self->ring;
	struct io_uring_sqe *sqe;
	struct line *l = &self->l;
	char c;
	int first, second;

	sqe = io_uring_get_sqe(ring);
	io_uring_prep_recv(sqe, l->s, &c, 1, 0);
	io_uring_sqe_set_data64(sqe, 77);
	ASSERT_EQ(1, io_uring_submit(ring));
	io_uring_prep_cancel64(io_uring_get_sqe(ring), 77, 0);
	ASSERT_EQ(1, io_uring_submit(ring));
	first = result(ring);
	second = result(ring);
	ASSERT_EQ(-ECANCELED, first + second);
	io_uring_prep_recv(io_uring_get_sqe(ring), l->s, &c, 1, 0);
	ASSERT_EQ(1, io_uring_submit(ring));
	OK(line_cut(&l->c));
	ASSERT_EQ(-ECONNRESET, result(ring));
}

TEST_HARNESS_MAIN
