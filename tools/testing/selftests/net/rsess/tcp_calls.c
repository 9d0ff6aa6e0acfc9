// SPDX-License-Identifier: GPL-2.0
/*
 * An AF_RSESS socket behaves as a TCP socket: opening and closing.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <glob.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness.h"
#include "differs.h"

static int signals;

static void count_signal(int sig)
{
	(void)sig;
	signals++;
}

FIXTURE(calls) {
	struct line l;
};

KIND_VARIANTS(calls);

FIXTURE_SETUP(calls)
{
	OK(line_init(&self->l, &variant->kind));
	OK(line_open(&self->l));
}

FIXTURE_TEARDOWN(calls)
{
	EXPECT_EQ(0, line_end(&self->l));
}

CASE(calls, names)
{
	struct sockaddr_storage before = { 0 }, after = { 0 }, s = { 0 };
	struct line *l = &self->l;
	socklen_t len = sizeof(before);

	OK(getsockname(l->c, (struct sockaddr *)&before, &len));
	EXPECT_EQ(variant->kind.family, before.ss_family);
	EXPECT_LT(0, port_of(&before));
	OK(line_talk(l));
	/* Another transport has another port: nobody sees it. */
	len = sizeof(after);
	OK(getsockname(l->c, (struct sockaddr *)&after, &len));
	OK(memcmp(&before, &after, sizeof(before)));
	len = sizeof(after);
	OK(getpeername(l->c, (struct sockaddr *)&after, &len));
	EXPECT_EQ(l->port, port_of(&after));
	len = sizeof(s);
	OK(getsockname(l->s, (struct sockaddr *)&s, &len));
	EXPECT_EQ(PORT, port_of(&s));
	/* A short buffer gets the beginning, and is told the length. */
	len = 4;
	OK(getpeername(l->c, (struct sockaddr *)&before, &len));
	EXPECT_EQ(variant->kind.family == AF_INET ? 16 : 28, len);
	len = -1;
	FAILS(EINVAL, getsockname(l->c, (struct sockaddr *)&before, &len));
}

/* The family is known before there is an address. */
CASE(calls, family)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof(ss);
	int fd = kind_socket(&variant->kind, 0);

	ASSERT_LE(0, fd);
	EXPECT_EQ(variant->kind.family, get_int(fd, SOL_SOCKET, SO_DOMAIN));
	OK(getsockname(fd, (struct sockaddr *)&ss, &len));
	EXPECT_EQ(variant->kind.family, ss.ss_family);
	EXPECT_EQ(0, port_of(&ss));
	OK(listen(fd, 1));
	len = sizeof(ss);
	OK(getsockname(fd, (struct sockaddr *)&ss, &len));
	EXPECT_EQ(variant->kind.family, ss.ss_family);
	EXPECT_LT(0, port_of(&ss));
	close(fd);
	EXPECT_EQ(variant->kind.family,
		  get_int(self->l.s, SOL_SOCKET, SO_DOMAIN));
}

CASE(calls, connect_nonblocking)
{
	int fd = kind_socket(&variant->kind, SOCK_NONBLOCK);
	struct line *l = &self->l;
	int s;

	ASSERT_LE(0, fd);
	if (line_dial(l, fd)) {
		ASSERT_EQ(EINPROGRESS, errno);
		ASSERT_LT(0, wait_for(fd, POLLOUT));
	}
	ASSERT_EQ(0, socket_error(fd));
	/* Asked again it is done, and then it was. */
	if (line_dial(l, fd))
		ASSERT_EQ(EISCONN, errno);
	FAILS(EISCONN, line_dial(l, fd));
	s = line_accept(l);
	ASSERT_LE(0, s);
	OK(write_all(fd, 0, SOME));
	OK(read_all(s, 0, SOME));
	close(fd);
	close(s);
}

/* connect() to AF_UNSPEC, and then somewhere again. */
CASE(calls, connect_again)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };
	struct line *l = &self->l;
	char c;

	OK(line_talk(l));
	OK(line_reset(l));
	OK(connect(l->c, (struct sockaddr *)&ss, sizeof(ss)));
	ASSERT_LT(0, wait_for(l->s, POLLIN));
	FAILS(ECONNRESET, recv(l->s, &c, 1, 0));
	line_close(&l->s);
	socket_error(l->c);
	OK(line_dial(l, l->c));
	l->s = line_accept(l);
	ASSERT_LE(0, l->s);
	OK(line_talk(l));
}

/**
 * struct waiter - a thread that waits in a call
 * @l: argument
 * @fd: argument
 * @ret: what the call returned, or a negative errno
 */
struct waiter {
	struct line *l;
	int fd;
	int ret;
};

static void *wait_to_receive(void *arg)
{
	struct waiter *w = arg;
	char c;

	w->ret = recv(w->fd, &c, 1, 0) < 0 ? -errno : 0;
	return NULL;
}

static void *wait_to_send(void *arg)
{
	struct waiter *w = arg;

	w->ret = send(w->fd, "x", 1, MSG_NOSIGNAL) < 0 ? -errno : 0;
	return NULL;
}

static void *wait_to_connect(void *arg)
{
	struct waiter *w = arg;
	struct line nobody = *w->l;

	nobody.port = 9;
	w->ret = line_dial(&nobody, w->fd) ? -errno : 0;
	return NULL;
}

/* While a thread waits the socket is disconnected, and connects again: what comes then is
 * none of the thread's business.
 */
static int connect_beside(struct line *l, void *(*wait)(void *))
{
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };
	struct waiter w = { .l = l, .fd = l->c };
	pthread_t thread;
	int ret;

	ret = -pthread_create(&thread, NULL, wait, &w);
	if (ret)
		return ret;
	usleep(QUIET_MS * 1000);
	if (connect(l->c, (struct sockaddr *)&ss, sizeof(ss)))
		return -errno;
	line_close(&l->s);
	socket_error(l->c);
	ret = line_dial(l, l->c) ? -errno : 0;
	if (ret)
		return ret;
	l->s = line_accept(l);
	ret = write_all(l->s, 0, SOME) ?: read_all(l->c, 0, SOME) ?:
	      line_talk(l) ?: -pthread_join(thread, NULL);
	return ret ?: w.ret;
}

CASE(calls, connect_beside_recv)
{
	ASSERT_EQ(-EPIPE, connect_beside(&self->l, wait_to_receive));
}

CASE(calls, connect_beside_send)
{
	ssize_t sent;
	int ret;

	OK(line_small(&self->l));
	sent = line_fill(&self->l);
	ASSERT_LT(0, sent);
	ASSERT_EQ(EAGAIN, line_full(&self->l, &sent, MSG_DONTWAIT));
	ret = connect_beside(&self->l, wait_to_send);
	/* Who is first gets the error of the socket. */
	if (ret != -ECONNRESET)
		ASSERT_EQ(-EPIPE, ret);
}

CASE(calls, connect_beside_connect)
{
	struct line *l = &self->l;

	OK(system("nft 'add table inet t;"
		  "add chain inet t in { type filter hook input priority 0; };"
		  "add rule inet t in meta l4proto { tcp, sctp } th dport 9 drop'"));
	line_close(&l->c);
	l->c = kind_socket(&variant->kind, 0);
	ASSERT_LE(0, l->c);
	ASSERT_EQ(-EPIPE, connect_beside(l, wait_to_connect));
}

static void *accept_late(void *arg)
{
	struct line *l = arg;

	l->s = accept(l->lfd, NULL, NULL);
	return NULL;
}

CASE(calls, accept_waits)
{
	struct line *l = &self->l;
	pthread_t thread;

	line_close(&l->c);
	line_close(&l->s);
	OK(pthread_create(&thread, NULL, accept_late, l));
	usleep(10000);
	l->c = line_connect(l);
	ASSERT_LE(0, l->c);
	OK(pthread_join(thread, NULL));
	ASSERT_LE(0, l->s);
	OK(line_talk(l));
}

CASE(calls, accept_flags)
{
	static const int flags[] = {
		0, SOCK_NONBLOCK, SOCK_CLOEXEC, SOCK_NONBLOCK | SOCK_CLOEXEC,
	};
	struct line *l = &self->l;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct sockaddr_storage ss;
		socklen_t len = sizeof(ss);
		int c = line_connect(l);
		int s;

		ASSERT_LE(0, c);
		s = accept4(l->lfd, (struct sockaddr *)&ss, &len, flags[i]);
		ASSERT_LE(0, s);
		EXPECT_EQ(variant->kind.family, ss.ss_family);
		EXPECT_EQ(!!(flags[i] & SOCK_NONBLOCK),
			  !!(fcntl(s, F_GETFL) & O_NONBLOCK));
		EXPECT_EQ(!!(flags[i] & SOCK_CLOEXEC),
			  !!(fcntl(s, F_GETFD) & FD_CLOEXEC));
		OK(write_all(c, 0, SOME));
		OK(read_all(s, 0, SOME));
		close(c);
		close(s);
	}
}

/* Bytes that were sent before accept() are there. */
CASE(calls, accept_after_bytes)
{
	struct line *l = &self->l;

	line_close(&l->c);
	line_close(&l->s);
	l->c = line_connect(l);
	ASSERT_LE(0, l->c);
	OK(write_all(l->c, 0, SOME));
	OK(shutdown(l->c, SHUT_WR));
	l->s = line_accept(l);
	ASSERT_LE(0, l->s);
	OK(read_all(l->s, 0, SOME));
	OK(read_eof(l->s));
}

CASE(calls, half_close)
{
	struct line *l = &self->l;
	int64_t end = now_ms() + WAIT_MS;
	char c = 0;

	OK(write_all(l->c, 0, SOME));
	OK(shutdown(l->c, SHUT_WR));
	FAILS(EPIPE, send(l->c, &c, 1, MSG_NOSIGNAL));
	OK(read_all(l->s, 0, SOME));
	OK(read_eof(l->s));
	OK(line_reset(l));
	/* The other direction goes on. */
	OK(write_all(l->s, 0, 3 * SOME));
	OK(read_all(l->c, 0, 3 * SOME));
	OK(shutdown(l->s, SHUT_WR));
	OK(read_eof(l->c));
	/* Sooner or later that is confirmed, and nothing is left to shut. */
	while (!shutdown(l->s, SHUT_WR)) {
		ASSERT_GT(end, now_ms());
		usleep(1000);
	}
	ASSERT_EQ(ENOTCONN, errno);
}

/* Who reads no more still gets what comes. */
CASE(calls, shutdown_read)
{
	struct line *l = &self->l;
	char c;

	OK(shutdown(l->s, SHUT_RD));
	ASSERT_EQ(0, recv(l->s, &c, 1, 0));
	OK(write_all(l->c, 0, SOME));
	OK(wait_readable(l->s, SOME));
	OK(read_all(l->s, 0, SOME));
	ASSERT_EQ(0, recv(l->s, &c, 1, 0));
	OK(write_all(l->s, 0, SOME));
	OK(read_all(l->c, 0, SOME));
}

static void *shutdown_late(void *arg)
{
	usleep(20000);
	shutdown(*(int *)arg, SHUT_RDWR);
	return NULL;
}

CASE(calls, shutdown_wakes)
{
	struct line *l = &self->l;
	pthread_t thread;
	char c;

	OK(line_talk(l));
	OK(pthread_create(&thread, NULL, shutdown_late, &l->c));
	ASSERT_EQ(0, recv(l->c, &c, 1, 0));
	OK(pthread_join(thread, NULL));
	OK(read_eof(l->s));
	/* Also who waits for a connection. */
	OK(pthread_create(&thread, NULL, shutdown_late, &l->lfd));
	FAILS(EINVAL, accept(l->lfd, NULL, NULL));
	OK(pthread_join(thread, NULL));
}

CASE(calls, close_delivers)
{
	struct line *l = &self->l;

	OK(write_all(l->c, 0, 20000));
	line_close(&l->c);
	OK(read_all(l->s, 0, 20000));
	OK(read_eof(l->s));
}

CASE(calls, close_with_unread_bytes)
{
	struct line *l = &self->l;
	unsigned char buf[100];
	int64_t end = now_ms() + WAIT_MS;
	ssize_t n;

	OK(write_all(l->s, 0, 100));
	OK(wait_readable(l->c, 100));
	if (differs(&variant->kind, "unread")) {
		OK(write_all(l->c, 0, SOME));
		line_close(&l->c);
		OK(read_all(l->s, 0, SOME));
		OK(read_eof(l->s));
	} else {
		line_close(&l->c);
		ASSERT_LT(0, wait_for(l->s, POLLIN));
		FAILS(ECONNRESET, recv(l->s, buf, sizeof(buf), 0));
	}
	do {
		ASSERT_GT(end, now_ms());
		usleep(1000);
		n = send(l->s, buf, sizeof(buf), MSG_NOSIGNAL);
	} while (n >= 0);
	ASSERT_EQ(EPIPE, errno);
}

/* MSG_FASTOPEN connects and sends. */
CASE(calls, fast_open)
{
	struct line *l = &self->l;
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, variant->kind.family, l->port);
	struct sockaddr *sa = (struct sockaddr *)&ss;
	unsigned char buf[SOME];
	int fd = kind_socket(&variant->kind, 0);
	int s;

	ASSERT_LE(0, fd);
	signal(SIGPIPE, count_signal);
	pattern_fill(0, buf, SOME);
	FAILS(EINVAL, send(fd, buf, SOME, MSG_FASTOPEN));
	FAILS(EINVAL, sendto(fd, buf, SOME, MSG_FASTOPEN, sa, 8));
	loopback(&ss, variant->kind.family, PORT + 9);
	FAILS(ECONNREFUSED, sendto(fd, buf, SOME, MSG_FASTOPEN, sa, len));
	sa->sa_family = AF_UNSPEC;
	FAILS(EOPNOTSUPP, sendto(fd, buf, SOME, MSG_FASTOPEN, sa, len));
	loopback(&ss, variant->kind.family, l->port);
	ASSERT_EQ(SOME, sendto(fd, buf, SOME, MSG_FASTOPEN, sa, len));
	s = line_accept(l);
	ASSERT_LE(0, s);
	OK(read_all(s, 0, SOME));
	FAILS(EISCONN, sendto(fd, buf, SOME, MSG_FASTOPEN, sa, len));
	FAILS(EISCONN, send(fd, buf, SOME, MSG_FASTOPEN));
	close(fd);
	OK(read_eof(s));
	close(s);
	fd = kind_socket(&variant->kind, SOCK_NONBLOCK);
	ASSERT_LE(0, fd);
	OK(sysctl_set("ipv4/tcp_fastopen", 0));
	FAILS(EOPNOTSUPP, sendto(fd, buf, SOME, MSG_FASTOPEN, sa, len));
	OK(sysctl_set("ipv4/tcp_fastopen", 1));
	FAILS(EINPROGRESS, sendto(fd, buf, SOME, MSG_FASTOPEN, sa, len));
	ASSERT_LT(0, wait_for(fd, POLLOUT));
	OK(socket_error(fd));
	s = line_accept(l);
	ASSERT_LE(0, s);
	OK(write_all(fd, 0, SOME));
	OK(read_all(s, 0, SOME));
	ASSERT_EQ(0, signals);
	close(fd);
	close(s);
}

/* Does the session know that its peer has closed?  TCP never does. */
static bool has_heard(void *arg)
{
	struct rsess_info info = {};
	socklen_t len = sizeof(info);

	return getsockopt(*(int *)arg, SOL_RSESS, RSESS_INFO, &info, &len) ||
	       info.plain || info.state == TCP_LAST_ACK ||
	       info.state == TCP_CLOSE;
}

/* A peer that has closed looks as one that has ended its direction, until something is
 * written to it: what programs say when they leave is no error.
 */
CASE(calls, goodbye_to_a_closed_peer)
{
	const int open = POLLIN | POLLOUT | POLLRDHUP;
	struct line *l = &self->l;
	struct pollfd nothing = { .fd = l->c };

	signal(SIGPIPE, count_signal);
	OK(line_talk(l));
	OK(write_all(l->s, SOME, 100));
	OK(wait_readable(l->c, 100));
	OK(wait_confirmed(l->c));
	line_close(&l->s);
	ASSERT_LT(0, wait_for(l->c, POLLRDHUP));
	OK(wait_until(has_heard, &l->c));
	ASSERT_EQ(open, events(l->c));
	ASSERT_EQ(0, poll(&nothing, 1, 0));
	ASSERT_EQ(0, send(l->c, "", 0, 0));
	FAILS(EFAULT, send(l->c, (void *)8, 3, 0));
	ASSERT_EQ(open, events(l->c));
	ASSERT_EQ(3, send(l->c, "bye", 3, 0));
	OK(wait_events(l->c, open | POLLERR | POLLHUP));
	ASSERT_EQ(0, signals);
	/* What has come is there to be read. */
	OK(read_all(l->c, SOME, 100));
	OK(read_eof(l->c));
	FAILS(EPIPE, write(l->c, "bye", 3));
	ASSERT_EQ(1, signals);
	FAILS(EPIPE, send(l->c, "bye", 3, MSG_NOSIGNAL));
	ASSERT_EQ(0, socket_error(l->c));
	FAILS(ENOTCONN, shutdown(l->c, SHUT_WR));
	line_close(&l->c);
	if (has_session(&variant->kind)) {
		OK(no_sessions());
	}
}

CASE(calls, broken_pipe)
{
	struct line *l = &self->l;
	char c = 0;

	OK(line_talk(l));
	signal(SIGPIPE, count_signal);
	OK(shutdown(l->c, SHUT_WR));
	FAILS(EPIPE, send(l->c, &c, 1, MSG_NOSIGNAL));
	ASSERT_EQ(0, signals);
	FAILS(EPIPE, send(l->c, &c, 1, 0));
	ASSERT_EQ(1, signals);
	FAILS(EPIPE, write(l->c, &c, 1));
	ASSERT_EQ(2, signals);
}

CASE(calls, linger)
{
	struct linger soft = { .l_onoff = 1, .l_linger = 30 };
	struct line *l = &self->l;

	OK(setsockopt(l->c, SOL_SOCKET, SO_LINGER, &soft, sizeof(soft)));
	OK(write_all(l->c, 0, SOME));
	line_close(&l->c);
	/* By now it is there. */
	OK(wait_readable(l->s, SOME));
	OK(read_all(l->s, 0, SOME));
	OK(read_eof(l->s));
}

CASE(calls, cut)
{
	struct line *l = &self->l;
	char c = 0;

	OK(line_talk(l));
	OK(line_reset(l));
	OK(line_cut(&l->c));
	ASSERT_LT(0, wait_for(l->s, POLLIN));
	ASSERT_EQ(ECONNRESET, socket_error(l->s));
	/* It is told once. */
	ASSERT_EQ(0, socket_error(l->s));
	ASSERT_EQ(0, recv(l->s, &c, 1, 0));
	FAILS(EPIPE, send(l->s, &c, 1, MSG_NOSIGNAL));
}

/* The error wakes who waits, and is told to one. */
static void *cut_late(void *arg)
{
	usleep(20000);
	line_cut(arg);
	return NULL;
}

CASE(calls, cut_wakes)
{
	struct line *l = &self->l;
	pthread_t thread;
	char c;

	OK(line_talk(l));
	OK(line_reset(l));
	OK(pthread_create(&thread, NULL, cut_late, &l->c));
	FAILS(ECONNRESET, recv(l->s, &c, 1, 0));
	OK(pthread_join(thread, NULL));
}

CASE(calls, queue_lengths)
{
	struct line *l = &self->l;
	int n = -1;

	OK(ioctl(l->s, SIOCINQ, &n));
	ASSERT_EQ(0, n);
	OK(write_all(l->c, 0, SOME));
	OK(wait_readable(l->s, SOME));
	OK(wait_confirmed(l->c));
	OK(ioctl(l->c, SIOCOUTQNSD, &n));
	ASSERT_EQ(0, n);
	OK(line_reset(l));
	OK(ioctl(l->s, FIONREAD, &n));
	ASSERT_EQ(SOME, n);
	OK(read_all(l->s, 0, 1000));
	OK(ioctl(l->s, FIONREAD, &n));
	ASSERT_EQ(SOME - 1000, n);
	OK(ioctl(l->s, SIOCATMARK, &n));
	ASSERT_EQ(0, n);
	OK(read_all(l->s, 1000, SOME - 1000));
	FAILS(EINVAL, ioctl(l->lfd, SIOCINQ, &n));
}

/* Nobody reads: what is not confirmed is counted. */
CASE(calls, queue_of_a_full_peer)
{
	struct line *l = &self->l;
	ssize_t sum;
	int out = 0, in = 0;

	OK(line_small(l));
	sum = line_fill(l);
	ASSERT_LT(0, sum);
	OK(ioctl(l->c, SIOCOUTQ, &out));
	OK(ioctl(l->s, SIOCINQ, &in));
	EXPECT_LT(0, out);
	EXPECT_LE(sum, out + in);
	OK(read_all(l->s, 0, sum));
	OK(wait_confirmed(l->c));
}

/* The first write when the peer has closed is sent, and nobody has it. */
CASE(calls, queue_of_a_closed_peer)
{
	struct line *l = &self->l;
	int out = 0, unsent = 0;

	OK(line_talk(l));
	OK(line_close(&l->s));
	OK(read_eof(l->c));
	OK(write_all(l->c, 0, 100));
	ASSERT_LT(0, wait_for(l->c, POLLERR));
	OK(ioctl(l->c, SIOCOUTQ, &out));
	OK(ioctl(l->c, SIOCOUTQNSD, &unsent));
	ASSERT_EQ(100, out);
	ASSERT_EQ(0, unsent);
}

/* Many connections, one after the other and at once. */
CASE(calls, many)
{
	struct line *l = &self->l;
	int c[16], s[16];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		c[i] = line_connect(l);
		ASSERT_LE(0, c[i]);
		s[i] = line_accept(l);
		ASSERT_LE(0, s[i]);
		OK(write_all(c[i], 100 * i, 3000));
	}
	for (i = 0; i < ARRAY_SIZE(c); i++) {
		OK(read_all(s[i], 100 * i, 3000));
		close(c[i]);
		OK(read_eof(s[i]));
		close(s[i]);
	}
}

/*
 * Nobody answers.
 */
FIXTURE(unanswered) {
	struct sockaddr_storage ss;
	socklen_t len;
	int fd;
};

FIXTURE_VARIANT(unanswered) {
	struct kind kind;
};

KIND_VARIANT(unanswered, tcp4, AF_INET, AF_INET, 0, AUTO);
KIND_VARIANT(unanswered, rsess4, AF_RSESS, AF_INET, 0, AUTO);

FIXTURE_SETUP(unanswered)
{
	OK(netns_new());
	OK(system("ip link add name d0 up type dummy"));
	OK(system("ip addr add 10.1.0.1/24 dev d0"));
	self->len = address(&self->ss, AF_INET, "10.1.0.2", PORT);
	self->fd = kind_socket(&variant->kind, 0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(unanswered)
{
	EXPECT_EQ(0, close(self->fd));
}

CASE(unanswered, connect_runs_out_of_time_twice)
{
	struct timeval tv = { .tv_usec = 100000 };
	struct sockaddr *sa = (struct sockaddr *)&self->ss;

	OK(setsockopt(self->fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)));
	FAILS(EINPROGRESS, connect(self->fd, sa, self->len));
	FAILS(EALREADY, connect(self->fd, sa, self->len));
	OK(set_nonblock(self->fd, true));
	FAILS(EALREADY, connect(self->fd, sa, self->len));
}

/*
 * connect() to the address that stands for this host.
 */
FIXTURE(anywhere) {
	struct line l;
};

KIND_TCP_VARIANTS(anywhere);

FIXTURE_SETUP(anywhere)
{
	OK(line_init(&self->l, &variant->kind));
}

FIXTURE_TEARDOWN(anywhere)
{
	EXPECT_EQ(0, line_end(&self->l));
}

CASE(anywhere, peer_is_who_was_reached)
{
	int family = variant->kind.family;
	struct line *l = &self->l;
	struct sockaddr_storage any, want, name = { 0 };
	socklen_t len = sizeof(name), wantlen;

	address(&any, family, family == AF_INET ? "0.0.0.0" : "::", l->port);
	wantlen = loopback(&want, family, l->port);
	l->c = kind_socket(&variant->kind, 0);
	ASSERT_LE(0, l->c);
	OK(connect(l->c, (struct sockaddr *)&any, wantlen));
	l->s = line_accept(l);
	ASSERT_LE(0, l->s);
	OK(getpeername(l->c, (struct sockaddr *)&name, &len));
	ASSERT_EQ(wantlen, len);
	OK(memcmp(&want, &name, len));
	OK(line_talk(l));
	OK(line_reset(l));
	OK(write_all(l->c, 0, 100));
	OK(read_all(l->s, 0, 100));
}

/* What a caller says beside the address is no part of the peer's name. */
CASE(anywhere, name_has_what_counts)
{
	struct line *l = &self->l;
	struct sockaddr_storage to = { 0 }, want = { 0 }, name = { 0 };
	struct sockaddr_in6 *s6 = (struct sockaddr_in6 *)&to;
	struct sockaddr_in *s4 = (struct sockaddr_in *)&to;
	socklen_t len = sizeof(name), wantlen;

	wantlen = loopback(&want, variant->kind.family, l->port);
	to = want;
	if (to.ss_family == AF_INET6) {
		s6->sin6_flowinfo = htonl(5);
		s6->sin6_scope_id = 7;
	} else {
		memset(s4->sin_zero, 1, sizeof(s4->sin_zero));
	}
	l->c = kind_socket(&variant->kind, 0);
	ASSERT_LE(0, l->c);
	OK(connect(l->c, (struct sockaddr *)&to, wantlen));
	OK(getpeername(l->c, (struct sockaddr *)&name, &len));
	ASSERT_EQ(wantlen, len);
	OK(memcmp(&want, &name, len));
}

/*
 * Over the loopback device what was sent is there when send() returns, and the end when
 * close() or shutdown() does.  Programs count on it.  So it is counted how often it is not:
 * by recv(), and by poll(), which takes no lock.
 *
 * With TCP that is so as long as softirqs run at once.  When there are many, it is a thread of
 * the kernel that runs them: that of the one processor which the test runs on is made to go
 * first.
 */

#define PROMPT_ROUNDS	300

/**
 * struct prompt - how often something was not there
 * @late: to recv()
 * @late_polls: to poll()
 */
struct prompt {
	int late;
	int late_polls;
};

FIXTURE(prompt) {
	struct line l;
	struct prompt p;
	cpu_set_t all;
	pid_t ksoftirqd;
};

KIND_QUIET_VARIANTS(prompt);

static int prompt_pin(int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	return sched_setaffinity(0, sizeof(one), &one);
}

/* The thread that runs softirqs on a processor, or a negative errno. */
static pid_t find_ksoftirqd(int cpu)
{
	char want[32], comm[32];
	glob_t all;
	pid_t pid = -ESRCH;
	size_t i;
	FILE *f;

	snprintf(want, sizeof(want), "ksoftirqd/%d\n", cpu);
	if (glob("/proc/[0-9]*/comm", 0, NULL, &all))
		return pid;
	for (i = 0; i < all.gl_pathc && pid < 0; i++) {
		f = fopen(all.gl_pathv[i], "r");
		if (!f)
			continue;
		if (fgets(comm, sizeof(comm), f) && !strcmp(comm, want))
			pid = atoi(all.gl_pathv[i] + strlen("/proc/"));
		fclose(f);
	}
	globfree(&all);
	return pid;
}

static int go_first(pid_t pid, bool on)
{
	struct sched_param param = { .sched_priority = on };

	return sched_setscheduler(pid, on ? SCHED_FIFO : SCHED_OTHER, &param);
}

FIXTURE_SETUP(prompt)
{
	OK(line_init(&self->l, &variant->kind));
	OK(sched_getaffinity(0, sizeof(self->all), &self->all));
	OK(prompt_pin(sched_getcpu()));
	self->ksoftirqd = find_ksoftirqd(sched_getcpu());
	ASSERT_LT(0, self->ksoftirqd);
	OK(go_first(self->ksoftirqd, true));
}

FIXTURE_TEARDOWN(prompt)
{
	EXPECT_EQ(0, go_first(self->ksoftirqd, false));
	EXPECT_EQ(0, self->p.late);
	EXPECT_EQ(0, self->p.late_polls);
	EXPECT_EQ(0, line_end(&self->l));
}

/* @want bytes, or the end, have to be there. */
static int prompt_take(struct prompt *p, int fd, ssize_t want)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char buf[100];
	ssize_t n;

	if (poll(&pfd, 1, 0) != 1)
		p->late_polls++;
	n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN) {
		p->late++;
		n = recv(fd, buf, sizeof(buf), 0);
	}
	if (n == want)
		return 0;
	say("%zd, not %zd: %s", n, want, n < 0 ? strerror(errno) : "");
	return -EIO;
}

static int prompt_send(struct prompt *p, int from, int to)
{
	return write_all(from, 0, 7) ?: prompt_take(p, to, 7);
}

/* A new connection, of which the side that accepts says the first word or the last one. */
static int prompt_round(struct prompt *p, struct line *l, int i)
{
	int first, last, ret;

	ret = line_open(l);
	if (ret)
		return ret;
	first = i & 1 ? l->s : l->c;
	last = first == l->s ? l->c : l->s;
	ret = prompt_send(p, first, last) ?: prompt_send(p, last, first);
	if (!ret && i & 2) {
		ret = shutdown(first, SHUT_WR) ? -errno :
		      prompt_take(p, last, 0) ?:
		      prompt_send(p, last, first) ?:
		      close(last) ?: prompt_take(p, first, 0);
		close(first);
	} else if (!ret) {
		ret = close(first) ?: prompt_take(p, last, 0);
		close(last);
	}
	l->c = -1;
	l->s = -1;
	return ret;
}

CASE(prompt, bytes_and_ends)
{
	int i;

	for (i = 0; i < PROMPT_ROUNDS; i++) {
		OK(prompt_round(&self->p, &self->l, i));
	}
}

/* Who dials has TCP only, and then the one who listens. */
CASE(prompt, beside_tcp)
{
	struct kind tcp = {
		.domain = variant->kind.family, .family = variant->kind.family,
	};
	struct line *l = &self->l;
	int i;

	l->kind = &tcp;
	for (i = 0; i < PROMPT_ROUNDS; i++) {
		OK(prompt_round(&self->p, &self->l, i));
	}
	l->kind = &variant->kind;
	line_close(&l->lfd);
	l->lfd = new_listener(tcp.domain, tcp.family);
	ASSERT_LE(0, l->lfd);
	for (i = 0; i < PROMPT_ROUNDS; i++) {
		OK(prompt_round(&self->p, &self->l, i));
	}
}

CASE(prompt, long_talk)
{
	struct line *l = &self->l;
	int i;

	OK(line_open(l));
	for (i = 0; i < PROMPT_ROUNDS; i++) {
		OK(prompt_send(&self->p, l->c, l->s));
		OK(prompt_send(&self->p, l->s, l->c));
	}
}

/* What has come in pieces is there as one, whichever call asks first. */
static int prompt_has_all(struct line *l, int i)
{
	char buf[100], control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { .iov_base = buf, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	const struct cmsghdr *cmsg;
	int n = 0;

	switch (i % 4) {
	case 0:
		break;
	case 1:
		n = recv(l->s, buf, sizeof(buf), MSG_PEEK | MSG_DONTWAIT);
		break;
	case 2:
		if (ioctl(l->s, FIONREAD, &n))
			return -errno;
		break;
	case 3:
		if (recvmsg(l->s, &msg, MSG_DONTWAIT) != 1)
			return -EIO;
		cmsg = CMSG_FIRSTHDR(&msg);
		if (!cmsg || cmsg->cmsg_type != TCP_CM_INQ)
			return -ENOMSG;
		memcpy(&n, CMSG_DATA(cmsg), sizeof(n));
		return n == 20 && recv(l->s, buf, sizeof(buf),
				       MSG_DONTWAIT) == 20 ? 0 : -EIO;
	}
	if (i % 4 && n != 21)
		return -EIO;
	return recv(l->s, buf, sizeof(buf), MSG_DONTWAIT) == 21 ? 0 : -EIO;
}

CASE(prompt, pieces)
{
	struct line *l = &self->l;
	int i, n;

	OK(line_open(l));
	OK(set_int(l->s, SOL_TCP, TCP_INQ, 1));
	OK(set_int(l->c, SOL_TCP, TCP_NODELAY, 1));
	for (i = 0; i < PROMPT_ROUNDS; i++) {
		for (n = 0; n < 3; n++)
			OK(write_all(l->c, 0, 7));
		OK(prompt_has_all(l, i));
	}
}

/* Before accept() there is no socket that it could come to. */
CASE(prompt, sent_before_accept)
{
	struct line *l = &self->l;
	int i;

	for (i = 0; i < PROMPT_ROUNDS; i++) {
		l->c = line_connect(l);
		ASSERT_LE(0, l->c);
		OK(write_all(l->c, 0, 7));
		if (i & 1) {
			OK(close(l->c));
		}
		l->s = line_accept(l);
		ASSERT_LE(0, l->s);
		OK(prompt_take(&self->p, l->s, 7));
		if (i & 1) {
			OK(prompt_take(&self->p, l->s, 0));
		} else {
			OK(close(l->c));
		}
		OK(close(l->s));
		l->c = -1;
		l->s = -1;
	}
}

/* The peer gives up with SO_LINGER: each call says so, and none takes bytes for it. */
static bool prompt_is_cut(int fd, int i)
{
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);
	struct tcp_info info = { 0 };

	switch (i % 4) {
	case 0:
		return getpeername(fd, (struct sockaddr *)&name, &len) &&
		       errno == ENOTCONN;
	case 1:
		return send(fd, "x", 1, MSG_NOSIGNAL) < 0 && errno == ECONNRESET;
	case 2:
		return shutdown(fd, SHUT_WR) && errno == ENOTCONN;
	default:
		len = sizeof(info);
		return !getsockopt(fd, SOL_TCP, TCP_INFO, &info, &len) &&
		       info.tcpi_state == TCP_CLOSE;
	}
}

CASE(prompt, cuts)
{
	const struct linger hard = { .l_onoff = 1 };
	struct line *l = &self->l;
	int i;

	for (i = 0; i < PROMPT_ROUNDS; i++) {
		OK(line_open(l));
		OK(prompt_send(&self->p, l->c, l->s));
		OK(setsockopt(l->c, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
		OK(line_close(&l->c));
		self->p.late += !prompt_is_cut(l->s, i);
		OK(line_close(&l->s));
	}
}

/* A thread on another processor asks all the time, and has the socket locked: what comes then
 * is there all the same when recv() has the lock.  poll() waits for none.
 */
struct asker {
	int fd;
	cpu_set_t all;
};

static void *ask_always(void *arg)
{
	const struct asker *a = arg;

	sched_setaffinity(0, sizeof(a->all), &a->all);
	for (;;) {
		get_int(a->fd, SOL_TCP, TCP_MAXSEG);
		pthread_testcancel();
	}
	return NULL;
}

CASE(prompt, beside_a_call)
{
	struct asker asker = { .all = self->all };
	struct line *l = &self->l;
	pthread_t thread;
	int i;

	OK(line_open(l));
	asker.fd = l->s;
	/* An acknowledgment that Nagle's algorithm waits for may come from there. */
	OK(set_int(l->c, SOL_TCP, TCP_NODELAY, 1));
	OK(pthread_create(&thread, NULL, ask_always, &asker));
	for (i = 0; i < PROMPT_ROUNDS; i++) {
		OK(prompt_send(&self->p, l->c, l->s));
	}
	OK(pthread_cancel(thread));
	OK(pthread_join(thread, NULL));
	self->p.late_polls = 0;
}

TEST_HARNESS_MAIN
