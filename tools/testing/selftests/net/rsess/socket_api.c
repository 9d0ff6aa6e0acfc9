// SPDX-License-Identifier: GPL-2.0
/*
 * An AF_RSESS socket behaves as a TCP socket.
 *
 * Each test runs over both, so that the tests themselves are known to be right;
 * where rsess promises something else the test says so.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "stream.h"

#define MIB		(1024 * 1024)

static int sigpipes;

static void count_sigpipe(int sig)
{
	(void)sig;
	sigpipes++;
}

static void ignore_signal(int sig)
{
	(void)sig;
}

static int set_nonblock(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	return fcntl(fd, F_SETFL,
		     on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

/*
 * A socket that is not connected.
 */
FIXTURE(alone) {
	int fd;
};

SOCKET_VARIANTS(alone);

FIXTURE_SETUP(alone)
{
	transport = variant->protocol;
	OK(netns_new());
	self->fd = new_socket(variant->domain, 0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(alone)
{
	close(self->fd);
}

CASE(alone, socket_arguments)
{
	int fd;
	int value;
	socklen_t len = sizeof(value);

	FAILS(EPROTONOSUPPORT, socket(variant->domain, SOCK_STREAM,
				      IPPROTO_UDP));
	FAILS(ESOCKTNOSUPPORT, socket(variant->domain, SOCK_RDM, 0));
	if (variant->domain == AF_RSESS) {
		FAILS(ESOCKTNOSUPPORT, socket(AF_RSESS, SOCK_DGRAM, 0));
		FAILS(ESOCKTNOSUPPORT, socket(AF_RSESS, SOCK_SEQPACKET, 0));
		FAILS(ESOCKTNOSUPPORT, socket(AF_RSESS, SOCK_RAW, 0));
	}
	FAILS(EINVAL, socket(variant->domain, SOCK_STREAM | 0x100000, 0));
	fd = socket(variant->domain, SOCK_STREAM, 0);
	ASSERT_LE(0, fd);
	OK(getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &value, &len));
	/* The socket core would take it for a struct tcp_sock. */
	ASSERT_EQ(variant->domain == AF_RSESS ? IPPROTO_RSESS : IPPROTO_TCP, value);
	close(fd);
}

CASE(alone, options_that_tell_what_it_is)
{
	int value;
	socklen_t len = sizeof(value);

	OK(getsockopt(self->fd, SOL_SOCKET, SO_TYPE, &value, &len));
	EXPECT_EQ(SOCK_STREAM, value);
	OK(getsockopt(self->fd, SOL_SOCKET, SO_DOMAIN, &value, &len));
	EXPECT_EQ(variant->domain == AF_RSESS ? AF_INET : variant->domain,
		  value);
	OK(getsockopt(self->fd, SOL_SOCKET, SO_PROTOCOL, &value, &len));
	EXPECT_EQ(variant->domain == AF_RSESS ? IPPROTO_RSESS : IPPROTO_TCP, value);
	OK(getsockopt(self->fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &len));
	EXPECT_EQ(0, value);
	OK(getsockopt(self->fd, SOL_SOCKET, SO_ERROR, &value, &len));
	EXPECT_EQ(0, value);
}

CASE(alone, unknown_options)
{
	char buf[64];
	socklen_t len = sizeof(buf);

	memset(buf, 0, sizeof(buf));
	FAILS(ENOPROTOOPT, setsockopt(self->fd, transport, 9999, buf, 4));
	FAILS(ENOPROTOOPT, getsockopt(self->fd, transport, 9999, buf, &len));
	FAILS(ENOPROTOOPT, setsockopt(self->fd, SOL_RSESS, 9999, buf, 4));
	FAILS(ENOPROTOOPT, setsockopt(self->fd, SOL_SOCKET, 9999, buf, 4));
	len = sizeof(buf);
	ASSERT_EQ(-1, getsockopt(self->fd, SOL_RSESS, 9999, buf, &len));
	ASSERT_TRUE(errno == ENOPROTOOPT || errno == EOPNOTSUPP);
}

CASE(alone, bind_bad_address)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, variant->family, PORT);
	struct sockaddr *sa = (struct sockaddr *)&ss;

	FAILS(EINVAL, bind(self->fd, sa, 8));
	FAILS(EINVAL, bind(self->fd, sa, 2));
	FAILS(EINVAL, bind(self->fd, sa, 0));
	FAILS(EFAULT, bind(self->fd, (void *)8, len));
	ss.ss_family = AF_UNIX;
	FAILS(EAFNOSUPPORT, bind(self->fd, sa, len));
	/* An address that this host does not have. */
	len = address(&ss, variant->family,
		      variant->family == AF_INET ? "192.0.2.1" : "2001:db8::1",
		      PORT);
	FAILS(EADDRNOTAVAIL, bind(self->fd, sa, len));
	/* None of it has bound the socket. */
	len = loopback(&ss, variant->family, PORT);
	OK(bind(self->fd, sa, len));
	FAILS(EINVAL, bind(self->fd, sa, len));
}

CASE(alone, bind_in_use)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, variant->family, PORT);
	int fd = new_socket(variant->domain, 0);

	ASSERT_LE(0, fd);
	OK(bind(self->fd, (struct sockaddr *)&ss, len));
	FAILS(EADDRINUSE, bind(fd, (struct sockaddr *)&ss, len));
	OK(listen(self->fd, 1));
	FAILS(EADDRINUSE, bind(fd, (struct sockaddr *)&ss, len));
	close(self->fd);
	OK(bind(fd, (struct sockaddr *)&ss, len));
	OK(listen(fd, 1));
	close(fd);
}

CASE(alone, bind_any_port)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, variant->family, 0);

	OK(bind(self->fd, (struct sockaddr *)&ss, len));
	len = sizeof(ss);
	OK(getsockname(self->fd, (struct sockaddr *)&ss, &len));
	EXPECT_EQ(variant->family, ss.ss_family);
	EXPECT_LT(0, port_of(&ss));
	len = sizeof(ss);
	FAILS(ENOTCONN, getpeername(self->fd, (struct sockaddr *)&ss, &len));
}

/* The port is below net.ipv4.ip_unprivileged_port_start. */
CASE(alone, bind_privileged_port)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, variant->family, 80);
	pid_t pid = fork();
	int status;

	ASSERT_LE(0, pid);
	if (!pid) {
		if (setgroups(0, NULL) || setresgid(65534, 65534, 65534) ||
		    setresuid(65534, 65534, 65534))
			_exit(1);
		_exit(bind(self->fd, (struct sockaddr *)&ss, len) == -1 &&
		      errno == EACCES ? 0 : 2);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	OK(bind(self->fd, (struct sockaddr *)&ss, len));
}

CASE(alone, connect_bad_address)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, variant->family, PORT);
	struct sockaddr *sa = (struct sockaddr *)&ss;

	FAILS(EINVAL, connect(self->fd, sa, 8));
	FAILS(EINVAL, connect(self->fd, sa, 1));
	FAILS(EFAULT, connect(self->fd, (void *)8, len));
	ss.ss_family = AF_UNIX;
	FAILS(EAFNOSUPPORT, connect(self->fd, sa, len));
}

CASE(alone, connect_unreachable)
{
	struct sockaddr_storage ss;
	socklen_t len = address(&ss, variant->family,
				variant->family == AF_INET ? "192.0.2.1" :
							     "2001:db8::1",
				PORT);

	FAILS(ENETUNREACH, connect(self->fd, (struct sockaddr *)&ss, len));
}

CASE(alone, connect_closed_port)
{
	FAILS(ECONNREFUSED, dial(self->fd, variant->family));
	/* And it can be tried again. */
	FAILS(ECONNREFUSED, dial(self->fd, variant->family));
}

CASE(alone, connect_closed_port_nonblocking)
{
	OK(set_nonblock(self->fd, true));
	if (dial(self->fd, variant->family) && errno == EINPROGRESS) {
		ASSERT_LT(0, wait_for(self->fd, POLLOUT));
		OK(wait_events(self->fd, POLLIN | POLLOUT | POLLRDHUP |
					 POLLERR | POLLHUP));
		ASSERT_EQ(ECONNREFUSED, socket_error(self->fd));
	} else {
		ASSERT_EQ(ECONNREFUSED, errno);
	}
	ASSERT_EQ(0, socket_error(self->fd));
}

/* The address given to bind() is the one that the peer sees. */
CASE(alone, connect_after_bind)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, variant->family, 7777);
	int lfd = new_listener(variant->domain, variant->family);
	int fd;

	ASSERT_LE(0, lfd);
	OK(bind(self->fd, (struct sockaddr *)&ss, len));
	OK(dial(self->fd, variant->family));
	len = sizeof(ss);
	fd = accept(lfd, (struct sockaddr *)&ss, &len);
	ASSERT_LE(0, fd);
	EXPECT_EQ(7777, port_of(&ss));
	close(fd);
	close(lfd);
}

CASE(alone, calls_that_need_a_connection)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	char c = 0;

	ASSERT_EQ(POLLOUT | POLLHUP, events(self->fd));
	FAILS(ENOTCONN, recv(self->fd, &c, 1, 0));
	FAILS(ENOTCONN, read(self->fd, &c, 1));
	FAILS(ENOTCONN, shutdown(self->fd, SHUT_WR));
	FAILS(ENOTCONN, shutdown(self->fd, SHUT_RDWR));
	FAILS(EINVAL, shutdown(self->fd, 7));
	FAILS(ENOTCONN, getpeername(self->fd, (struct sockaddr *)&ss, &len));
	signal(SIGPIPE, count_sigpipe);
	FAILS(EPIPE, send(self->fd, &c, 1, MSG_NOSIGNAL));
	ASSERT_EQ(0, sigpipes);
	FAILS(EPIPE, write(self->fd, &c, 1));
	ASSERT_EQ(1, sigpipes);
	FAILS(EINVAL, accept(self->fd, NULL, NULL));
}

CASE(alone, getsockname_before_bind)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	OK(getsockname(self->fd, (struct sockaddr *)&ss, &len));
	EXPECT_EQ(0, port_of(&ss));
	if (variant->domain != AF_RSESS)
		EXPECT_EQ(variant->family, ss.ss_family);
}

CASE(alone, listener)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, variant->family, PORT);
	char c = 0;
	int value;

	OK(bind(self->fd, (struct sockaddr *)&ss, len));
	OK(listen(self->fd, 1));
	OK(listen(self->fd, 5));
	len = sizeof(value);
	OK(getsockopt(self->fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &len));
	EXPECT_EQ(1, value);
	ASSERT_EQ(0, events(self->fd));
	FAILS(ENOTCONN, recv(self->fd, &c, 1, 0));
	FAILS(EPIPE, send(self->fd, &c, 1, MSG_NOSIGNAL));
	FAILS(EISCONN, dial(self->fd, variant->family));
	OK(set_nonblock(self->fd, true));
	FAILS(EAGAIN, accept(self->fd, NULL, NULL));
}

CASE(alone, listen_without_bind)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	/* The family of an AF_RSESS socket is known from an address only. */
	if (variant->domain == AF_RSESS)
		return;
	OK(listen(self->fd, 1));
	OK(getsockname(self->fd, (struct sockaddr *)&ss, &len));
	EXPECT_LT(0, port_of(&ss));
}

CASE(alone, accept_times_out)
{
	struct timeval tv = { .tv_usec = 100000 };
	int lfd = new_listener(variant->domain, variant->family);

	ASSERT_LE(0, lfd);
	OK(setsockopt(lfd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	FAILS(EAGAIN, accept(lfd, NULL, NULL));
	close(lfd);
}

CASE(alone, accept_is_interrupted)
{
	struct sigaction sa = { .sa_handler = ignore_signal };
	struct itimerval it = { .it_value.tv_usec = 100000,
				.it_interval.tv_usec = 100000 };
	int lfd = new_listener(variant->domain, variant->family);

	ASSERT_LE(0, lfd);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
	FAILS(EINTR, accept(lfd, NULL, NULL));
	close(lfd);
}

/* One listener for both families; a v4 peer is shown as v4-mapped. */
CASE(alone, dual_stack)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int domain = variant->domain == AF_RSESS ? AF_RSESS : AF_INET;
	struct sockaddr_in6 *s6 = (struct sockaddr_in6 *)&ss;
	int fd;
	int c;

	if (variant->family != AF_INET6)
		return;
	len = address(&ss, AF_INET6, "::", PORT);
	OK(bind(self->fd, (struct sockaddr *)&ss, len));
	OK(listen(self->fd, 1));
	c = new_socket(domain, 0);
	ASSERT_LE(0, c);
	OK(dial(c, AF_INET));
	len = sizeof(ss);
	fd = accept(self->fd, (struct sockaddr *)&ss, &len);
	ASSERT_LE(0, fd);
	EXPECT_EQ(AF_INET6, ss.ss_family);
	EXPECT_TRUE(IN6_IS_ADDR_V4MAPPED(&s6->sin6_addr));
	OK(write_all(c, 0, 1000));
	OK(read_all(fd, 0, 1000));
	close(c);
	OK(read_eof(fd));
	close(fd);
	/* The other family works on it as well. */
	c = new_socket(variant->domain, 0);
	OK(dial(c, AF_INET6));
	fd = accept(self->fd, NULL, NULL);
	ASSERT_LE(0, fd);
	OK(write_all(fd, 0, 1000));
	OK(read_all(c, 0, 1000));
	close(c);
	close(fd);
}

/* A v4-mapped address on a v6 socket. */
CASE(alone, connect_v4_mapped)
{
	struct sockaddr_storage ss;
	socklen_t len = address(&ss, AF_INET6, "::ffff:127.0.0.1", PORT);
	int domain = variant->domain == AF_RSESS ? AF_RSESS : AF_INET;
	int lfd;
	int fd;

	if (variant->family != AF_INET6)
		return;
	lfd = new_listener(domain, AF_INET);
	ASSERT_LE(0, lfd);
	OK(connect(self->fd, (struct sockaddr *)&ss, len));
	fd = accept(lfd, NULL, NULL);
	ASSERT_LE(0, fd);
	OK(write_all(fd, 0, 1000));
	OK(read_all(self->fd, 0, 1000));
	len = sizeof(ss);
	OK(getpeername(self->fd, (struct sockaddr *)&ss, &len));
	EXPECT_EQ(AF_INET6, ss.ss_family);
	close(fd);
	close(lfd);
}

/*
 * A connected pair: c has connected, s was accepted.
 */
FIXTURE(stream) {
	int lfd;
	int c;
	int s;
};

SOCKET_VARIANTS(stream);

FIXTURE_SETUP(stream)
{
	transport = variant->protocol;
	OK(netns_new());
	self->lfd = new_listener(variant->domain, variant->family);
	ASSERT_LE(0, self->lfd);
	self->c = new_socket(variant->domain, 0);
	ASSERT_LE(0, self->c);
	OK(dial(self->c, variant->family));
	self->s = accept4(self->lfd, NULL, NULL, SOCK_CLOEXEC);
	ASSERT_LE(0, self->s);
}

FIXTURE_TEARDOWN(stream)
{
	close(self->c);
	close(self->s);
	close(self->lfd);
}

CASE(stream, names)
{
	struct sockaddr_storage cn, sn, cp, sp;
	socklen_t len = sizeof(cn);

	memset(&cn, 0, sizeof(cn));
	memset(&sn, 0, sizeof(sn));
	memset(&cp, 0, sizeof(cp));
	memset(&sp, 0, sizeof(sp));
	OK(getsockname(self->c, (struct sockaddr *)&cn, &len));
	EXPECT_EQ(variant->family == AF_INET ? sizeof(struct sockaddr_in) :
					       sizeof(struct sockaddr_in6),
		  len);
	len = sizeof(cn);
	OK(getsockname(self->s, (struct sockaddr *)&sn, &len));
	len = sizeof(cn);
	OK(getpeername(self->c, (struct sockaddr *)&cp, &len));
	len = sizeof(cn);
	OK(getpeername(self->s, (struct sockaddr *)&sp, &len));
	EXPECT_EQ(variant->family, cn.ss_family);
	EXPECT_EQ(PORT, port_of(&sn));
	EXPECT_EQ(PORT, port_of(&cp));
	EXPECT_EQ(port_of(&cn), port_of(&sp));
	EXPECT_EQ(0, memcmp(&cn, &sp, sizeof(cn)));
	EXPECT_EQ(0, memcmp(&sn, &cp, sizeof(cn)));
}

CASE(stream, connect_again)
{
	FAILS(EISCONN, dial(self->c, variant->family));
	FAILS(EISCONN, dial(self->s, variant->family));
	FAILS(EINVAL, listen(self->c, 1));
	FAILS(EINVAL, accept(self->c, NULL, NULL));
}

CASE(stream, connect_nonblocking)
{
	int c = new_socket(variant->domain, SOCK_NONBLOCK);
	int s;

	ASSERT_LE(0, c);
	if (dial(c, variant->family)) {
		ASSERT_EQ(EINPROGRESS, errno);
		/* EALREADY as long as it lasts, then done. */
		while (dial(c, variant->family) && errno == EALREADY)
			usleep(1000);
		ASSERT_TRUE(errno == EISCONN || errno == EALREADY ||
			    errno == EINPROGRESS);
		ASSERT_LT(0, wait_for(c, POLLOUT));
	}
	ASSERT_EQ(0, socket_error(c));
	FAILS(EISCONN, dial(c, variant->family));
	s = accept(self->lfd, NULL, NULL);
	ASSERT_LE(0, s);
	OK(write_all(c, 0, 10000));
	OK(read_all(s, 0, 10000));
	close(c);
	close(s);
}

CASE(stream, accept_flags)
{
	static const int flags[] = {
		0, SOCK_NONBLOCK, SOCK_CLOEXEC, SOCK_NONBLOCK | SOCK_CLOEXEC,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		int c = new_socket(variant->domain, 0);
		int s;

		ASSERT_LE(0, c);
		OK(dial(c, variant->family));
		s = accept4(self->lfd, NULL, NULL, flags[i]);
		ASSERT_LE(0, s);
		EXPECT_EQ(!!(flags[i] & SOCK_NONBLOCK),
			  !!(fcntl(s, F_GETFL) & O_NONBLOCK));
		EXPECT_EQ(!!(flags[i] & SOCK_CLOEXEC),
			  !!(fcntl(s, F_GETFD) & FD_CLOEXEC));
		close(c);
		close(s);
	}
	FAILS(EINVAL, accept4(self->lfd, NULL, NULL, 0x40000000));
}

CASE(stream, listener_polls)
{
	int c = new_socket(variant->domain, 0);
	int s;

	ASSERT_EQ(0, events(self->lfd));
	OK(dial(c, variant->family));
	ASSERT_EQ(POLLIN, wait_for(self->lfd, POLLIN));
	s = accept(self->lfd, NULL, NULL);
	ASSERT_LE(0, s);
	ASSERT_EQ(0, events(self->lfd));
	close(c);
	close(s);
}

CASE(stream, many_connections)
{
	int c[20];
	int s[20];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		c[i] = new_socket(variant->domain, 0);
		ASSERT_LE(0, c[i]);
		OK(dial(c[i], variant->family));
		s[i] = accept(self->lfd, NULL, NULL);
		ASSERT_LE(0, s[i]);
		OK(write_all(c[i], 0, 5000 + i));
		OK(write_all(s[i], 0, 3000 + i));
	}
	for (i = 0; i < ARRAY_SIZE(c); i++) {
		OK(read_all(s[i], 0, 5000 + i));
		OK(read_all(c[i], 0, 3000 + i));
		close(c[i]);
		OK(read_eof(s[i]));
		close(s[i]);
	}
}

CASE(stream, send_recv)
{
	char buf[16];

	ASSERT_EQ(5, send(self->c, "hello", 5, 0));
	ASSERT_EQ(5, recv(self->s, buf, 5, MSG_WAITALL));
	OK(memcmp(buf, "hello", 5));
	ASSERT_EQ(5, write(self->s, "world", 5));
	OK(wait_readable(self->c, 5));
	ASSERT_EQ(5, read(self->c, buf, sizeof(buf)));
	OK(memcmp(buf, "world", 5));
	/* The address is not looked at. */
	ASSERT_EQ(3, sendto(self->c, "abc", 3, 0, NULL, 0));
	ASSERT_EQ(3, recvfrom(self->s, buf, 3, MSG_WAITALL, NULL, NULL));
	/* Nothing is nothing, not an end of stream. */
	ASSERT_EQ(0, send(self->c, "", 0, 0));
	FAILS(EAGAIN, recv(self->s, buf, 1, MSG_DONTWAIT));
}

CASE(stream, partial_reads)
{
	char buf[8];
	int i;

	ASSERT_EQ(26, send(self->c, "abcdefghijklmnopqrstuvwxyz", 26, 0));
	OK(wait_readable(self->s, 26));
	for (i = 0; i < 26; i++) {
		ASSERT_EQ(1, recv(self->s, buf, 1, 0));
		ASSERT_EQ('a' + i, buf[0]);
	}
	/* Many small writes are one stream. */
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(1, send(self->c, "12345678" + i, 1, 0));
	}
	ASSERT_EQ(8, recv(self->s, buf, 8, MSG_WAITALL));
	OK(memcmp(buf, "12345678", 8));
}

CASE(stream, iovec)
{
	char a[3], b[4], c[5];
	struct iovec out[] = {
		{ "one", 3 }, { "", 0 }, { "four", 4 }, { "five5", 5 },
	};
	struct iovec in[] = { { a, 3 }, { b, 4 }, { c, 5 } };
	struct msghdr mh = { .msg_iov = out, .msg_iovlen = 4 };

	ASSERT_EQ(12, writev(self->c, out, 4));
	OK(wait_readable(self->s, 12));
	ASSERT_EQ(12, readv(self->s, in, 3));
	OK(memcmp(b, "four", 4));
	OK(memcmp(c, "five5", 5));
	ASSERT_EQ(12, sendmsg(self->s, &mh, 0));
	mh.msg_iov = in;
	mh.msg_iovlen = 3;
	ASSERT_EQ(12, recvmsg(self->c, &mh, MSG_WAITALL));
	ASSERT_EQ(0, mh.msg_flags);
	OK(memcmp(a, "one", 3));
	OK(memcmp(c, "five5", 5));
}

CASE(stream, mmsg)
{
	char a[4], b[4];
	struct iovec iov[] = { { "abcd", 4 }, { "efgh", 4 } };
	struct mmsghdr mh[2] = {
		{ .msg_hdr = { .msg_iov = &iov[0], .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = &iov[1], .msg_iovlen = 1 } },
	};

	ASSERT_EQ(2, sendmmsg(self->c, mh, 2, 0));
	OK(wait_readable(self->s, 8));
	iov[0].iov_base = a;
	iov[1].iov_base = b;
	ASSERT_EQ(2, recvmmsg(self->s, mh, 2, MSG_DONTWAIT, NULL));
	ASSERT_EQ(4, mh[0].msg_len);
	ASSERT_EQ(4, mh[1].msg_len);
	OK(memcmp(a, "abcd", 4));
	OK(memcmp(b, "efgh", 4));
}

/* A file with @len bytes of the stream. */
static int new_file(size_t len)
{
	static unsigned char buf[65536];
	int fd = memfd_create("stream", MFD_CLOEXEC);
	size_t off;

	for (off = 0; off < len; off += sizeof(buf)) {
		size_t n = len - off < sizeof(buf) ? len - off : sizeof(buf);

		pattern_fill(off, buf, n);
		if (write(fd, buf, n) != (ssize_t)n)
			return -1;
	}
	return fd;
}

CASE(stream, sendfile)
{
	size_t len = 3 * MIB + 17;
	int fd = new_file(len);
	off_t off = 0;
	size_t got = 0;

	ASSERT_LE(0, fd);
	OK(set_nonblock(self->c, true));
	while (got < len) {
		size_t was = off;
		ssize_t ret = sendfile(self->c, fd, &off, len - off);

		if (ret < 0)
			ASSERT_EQ(EAGAIN, errno);
		OK(read_all(self->s, was, off - was));
		got += off - was;
	}
	close(fd);
}

CASE(stream, splice_out)
{
	char buf[1000];
	int p[2];
	size_t got = 0;

	OK(pipe(p));
	OK(write_all(self->c, 0, 10000));
	OK(wait_readable(self->s, 10000));
	while (got < 10000) {
		ssize_t n = splice(self->s, NULL, p[1], NULL, sizeof(buf), 0);

		ASSERT_LT(0, n);
		ASSERT_EQ(n, read(p[0], buf, sizeof(buf)));
		OK(pattern_check(got, buf, n));
		got += n;
	}
	/* At the end of the stream it is 0. */
	OK(shutdown(self->c, SHUT_WR));
	OK(read_eof(self->s));
	ASSERT_EQ(0, splice(self->s, NULL, p[1], NULL, sizeof(buf), 0));
}

CASE(stream, splice_nonblocking)
{
	int p[2];

	OK(pipe(p));
	OK(set_nonblock(self->s, true));
	FAILS(EAGAIN, splice(self->s, NULL, p[1], NULL, 10, 0));
}

CASE(stream, splice_in)
{
	unsigned char buf[4096];
	int p[2];
	int i;

	OK(pipe(p));
	for (i = 0; i < 20; i++) {
		size_t left = sizeof(buf);

		pattern_fill(i * sizeof(buf), buf, sizeof(buf));
		ASSERT_EQ((ssize_t)sizeof(buf), write(p[1], buf, sizeof(buf)));
		while (left) {
			ssize_t n = splice(p[0], NULL, self->c, NULL, left,
					   SPLICE_F_MORE);

			ASSERT_LT(0, n);
			left -= n;
		}
		OK(read_all(self->s, i * sizeof(buf), sizeof(buf)));
	}
}

CASE(stream, peek)
{
	char buf[16];

	ASSERT_EQ(10, send(self->c, "0123456789", 10, 0));
	OK(wait_readable(self->s, 10));
	ASSERT_EQ(10, recv(self->s, buf, sizeof(buf), MSG_PEEK));
	OK(memcmp(buf, "0123456789", 10));
	ASSERT_EQ(4, recv(self->s, buf, 4, MSG_PEEK));
	ASSERT_EQ(4, recv(self->s, buf, 4, 0));
	ASSERT_EQ(6, recv(self->s, buf, sizeof(buf), MSG_PEEK));
	OK(memcmp(buf, "456789", 6));
	OK(wait_readable(self->s, 6));
	ASSERT_EQ(6, recv(self->s, buf, 6, MSG_PEEK | MSG_WAITALL));
	ASSERT_EQ(6, recv(self->s, buf, sizeof(buf), 0));
	FAILS(EAGAIN, recv(self->s, buf, 1, MSG_PEEK | MSG_DONTWAIT));
	OK(shutdown(self->c, SHUT_WR));
	OK(read_eof(self->s));
	ASSERT_EQ(0, recv(self->s, buf, 1, MSG_PEEK));
}

/* On a stream MSG_TRUNC throws bytes away. */
CASE(stream, trunc)
{
	char buf[16] = "unchanged";

	ASSERT_EQ(10, send(self->c, "0123456789", 10, 0));
	OK(wait_readable(self->s, 10));
	ASSERT_EQ(4, recv(self->s, buf, 4, MSG_TRUNC));
	OK(strcmp(buf, "unchanged"));
	ASSERT_EQ(6, recv(self->s, buf, 16, 0));
	OK(memcmp(buf, "456789", 6));
}

static void *write_late(void *arg)
{
	int fd = *(int *)arg;
	int i;

	for (i = 1; i < 4; i++) {
		usleep(50000);
		write_all(fd, i * 1000, 1000);
	}
	return NULL;
}

CASE(stream, waitall)
{
	unsigned char buf[4000];
	pthread_t thread;

	OK(write_all(self->c, 0, 1000));
	OK(pthread_create(&thread, NULL, write_late, &self->c));
	ASSERT_EQ(4000, recv(self->s, buf, sizeof(buf), MSG_WAITALL));
	OK(pattern_check(0, buf, sizeof(buf)));
	OK(pthread_join(thread, NULL));
	/* The end of the stream ends the wait. */
	OK(write_all(self->c, 0, 1000));
	OK(shutdown(self->c, SHUT_WR));
	ASSERT_EQ(1000, recv(self->s, buf, sizeof(buf), MSG_WAITALL));
}

CASE(stream, nonblocking)
{
	char c;

	FAILS(EAGAIN, recv(self->s, &c, 1, MSG_DONTWAIT));
	OK(set_nonblock(self->s, true));
	FAILS(EAGAIN, recv(self->s, &c, 1, 0));
	FAILS(EAGAIN, read(self->s, &c, 1));
	ASSERT_LT(0, fill_both(self->s, 0));
	FAILS(EAGAIN, write(self->s, &c, 1));
}

CASE(stream, receive_timeout)
{
	struct timeval tv = { .tv_usec = 100000 };
	char c;

	OK(setsockopt(self->s, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	FAILS(EAGAIN, recv(self->s, &c, 1, 0));
	/* What has come by then is given. */
	ASSERT_EQ(1, send(self->c, "x", 1, 0));
	OK(wait_readable(self->s, 1));
	ASSERT_EQ(1, recv(self->s, &c, 1, MSG_WAITALL));
}

CASE(stream, send_timeout)
{
	struct timeval tv = { .tv_usec = 100000 };
	char c = 0;

	OK(setsockopt(self->c, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)));
	ASSERT_LT(0, fill_both(self->c, 0));
	FAILS(EAGAIN, send(self->c, &c, 1, 0));
}

CASE(stream, recv_is_interrupted)
{
	struct sigaction sa = { .sa_handler = ignore_signal };
	struct itimerval it = { .it_value.tv_usec = 100000,
				.it_interval.tv_usec = 100000 };
	char c = 0;

	sigaction(SIGALRM, &sa, NULL);
	ASSERT_LT(0, fill_both(self->c, 0));
	setitimer(ITIMER_REAL, &it, NULL);
	FAILS(EINTR, recv(self->c, &c, 1, 0));
	FAILS(EINTR, send(self->c, &c, 1, 0));
}

CASE(stream, bad_buffers)
{
	char c;
	void *bad = mmap(NULL, 100000, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);

	ASSERT_NE(MAP_FAILED, bad);
	FAILS(EFAULT, send(self->c, bad, 10, 0));
	FAILS(EFAULT, write(self->c, bad, 100000));
	ASSERT_EQ(3, send(self->c, "abc", 3, 0));
	OK(wait_readable(self->s, 3));
	FAILS(EFAULT, recv(self->s, bad, 3, 0));
	/* Nothing of it is lost, and nothing else was sent. */
	ASSERT_EQ(1, recv(self->s, &c, 1, 0));
	ASSERT_EQ('a', c);
	FAILS(EFAULT, getpeername(self->s, bad, bad));
	munmap(bad, 100000);
}

/* Half of the buffer can be read: what was taken is what was told. */
CASE(stream, half_bad_buffer)
{
	long page = sysconf(_SC_PAGESIZE);
	unsigned char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ssize_t n;

	ASSERT_NE(MAP_FAILED, (void *)map);
	pattern_fill(0, map, page);
	OK(mprotect(map + page, page, PROT_NONE));
	n = send(self->c, map, 2 * page, 0);
	if (n < 0) {
		ASSERT_EQ(EFAULT, errno);
		n = 0;
	}
	ASSERT_GE(page, n);
	OK(write_all(self->c, n, 1000));
	OK(read_all(self->s, 0, n + 1000));
	munmap(map, 2 * page);
}

CASE(stream, events)
{
	char c;

	ASSERT_EQ(POLLOUT, events(self->c));
	ASSERT_EQ(POLLOUT, events(self->s));
	ASSERT_EQ(1, send(self->c, "x", 1, 0));
	OK(wait_events(self->s, POLLIN | POLLOUT));
	ASSERT_EQ(1, recv(self->s, &c, 1, 0));
	ASSERT_EQ(POLLOUT, events(self->s));
	/* The peer's direction ends. */
	OK(shutdown(self->c, SHUT_WR));
	OK(wait_events(self->s, POLLIN | POLLOUT | POLLRDHUP));
	ASSERT_EQ(POLLOUT, events(self->c));
	/* Ours too. */
	OK(shutdown(self->s, SHUT_WR));
	OK(wait_events(self->s, POLLIN | POLLOUT | POLLRDHUP | POLLHUP));
	OK(wait_events(self->c, POLLIN | POLLOUT | POLLRDHUP | POLLHUP));
	OK(read_eof(self->c));
}

CASE(stream, events_of_full_buffer)
{
	ssize_t n = fill_both(self->c, 0);

	ASSERT_LT(0, n);
	ASSERT_EQ(0, events(self->c));
	OK(read_all(self->s, 0, n));
	OK(wait_events(self->c, POLLOUT));
	ASSERT_LT(0, fill(self->c, n));
}

CASE(stream, events_of_reset)
{
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };
	char c;

	OK(setsockopt(self->c, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
	close(self->c);
	OK(wait_events(self->s, POLLIN | POLLOUT | POLLRDHUP | POLLERR |
				POLLHUP));
	FAILS(ECONNRESET, recv(self->s, &c, 1, 0));
	/* It is told once. */
	ASSERT_EQ(0, socket_error(self->s));
	ASSERT_EQ(0, recv(self->s, &c, 1, 0));
	FAILS(EPIPE, send(self->s, &c, 1, MSG_NOSIGNAL));
	FAILS(ENOTCONN, shutdown(self->s, SHUT_WR));
}

CASE(stream, poll_wakes_up)
{
	struct pollfd pfd = { .fd = self->s, .events = POLLIN };
	pthread_t thread;

	OK(pthread_create(&thread, NULL, write_late, &self->c));
	ASSERT_EQ(1, poll(&pfd, 1, WAIT_MS));
	ASSERT_EQ(POLLIN, pfd.revents);
	OK(pthread_join(thread, NULL));
}

static int epoll_events(int ep, int ms)
{
	struct epoll_event ev = { 0 };
	int n = epoll_wait(ep, &ev, 1, ms);

	return n < 0 ? -errno : n ? (int)ev.events : 0;
}

CASE(stream, epoll_level)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int ep = epoll_create1(0);
	char c;

	OK(epoll_ctl(ep, EPOLL_CTL_ADD, self->s, &ev));
	ASSERT_EQ(0, epoll_events(ep, 0));
	ASSERT_EQ(2, send(self->c, "xy", 2, 0));
	ASSERT_EQ(EPOLLIN, epoll_events(ep, WAIT_MS));
	OK(wait_readable(self->s, 2));
	ASSERT_EQ(1, recv(self->s, &c, 1, 0));
	ASSERT_EQ(EPOLLIN, epoll_events(ep, 0));
	ASSERT_EQ(1, recv(self->s, &c, 1, 0));
	ASSERT_EQ(0, epoll_events(ep, 0));
	close(ep);
}

CASE(stream, epoll_edge)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET | EPOLLRDHUP };
	int ep = epoll_create1(0);

	OK(epoll_ctl(ep, EPOLL_CTL_ADD, self->s, &ev));
	ASSERT_EQ(0, epoll_events(ep, 0));
	ASSERT_EQ(1, send(self->c, "x", 1, 0));
	ASSERT_EQ(EPOLLIN, epoll_events(ep, WAIT_MS));
	OK(wait_readable(self->s, 1));
	ASSERT_EQ(0, epoll_events(ep, QUIET_MS));
	/* More comes: that is news, although nothing was read. */
	ASSERT_EQ(1, send(self->c, "y", 1, 0));
	ASSERT_EQ(EPOLLIN, epoll_events(ep, WAIT_MS));
	OK(shutdown(self->c, SHUT_WR));
	ASSERT_EQ(EPOLLIN | EPOLLRDHUP, epoll_events(ep, WAIT_MS));
	close(ep);
}

CASE(stream, epoll_edge_writable)
{
	struct epoll_event ev = { .events = EPOLLOUT | EPOLLET };
	int ep = epoll_create1(0);
	ssize_t n;

	OK(epoll_ctl(ep, EPOLL_CTL_ADD, self->c, &ev));
	ASSERT_EQ(EPOLLOUT, epoll_events(ep, WAIT_MS));
	n = fill_both(self->c, 0);
	ASSERT_LT(0, n);
	while (epoll_events(ep, QUIET_MS) > 0)
		;
	OK(read_all(self->s, 0, n));
	ASSERT_EQ(EPOLLOUT, epoll_events(ep, WAIT_MS));
	close(ep);
}

/* The waiter sits on the socket before it has anything below it. */
CASE(stream, epoll_before_connect)
{
	struct epoll_event ev = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
	};
	int c = new_socket(variant->domain, SOCK_NONBLOCK);
	int ep = epoll_create1(0);
	int got;
	int s;

	OK(epoll_ctl(ep, EPOLL_CTL_ADD, c, &ev));
	/* An unconnected socket is hung up. */
	ASSERT_EQ(EPOLLOUT | EPOLLHUP, epoll_events(ep, WAIT_MS));
	if (dial(c, variant->family))
		ASSERT_EQ(EINPROGRESS, errno);
	do {
		got = epoll_events(ep, WAIT_MS);
	} while (got & EPOLLHUP);
	ASSERT_EQ(EPOLLOUT, got);
	s = accept(self->lfd, NULL, NULL);
	ASSERT_LE(0, s);
	ASSERT_EQ(1, send(s, "x", 1, 0));
	do {
		got = epoll_events(ep, WAIT_MS);
	} while (got == EPOLLOUT);
	ASSERT_EQ(EPOLLIN | EPOLLOUT, got);
	close(s);
	do {
		got = epoll_events(ep, WAIT_MS);
	} while (got == (EPOLLIN | EPOLLOUT));
	ASSERT_EQ(EPOLLIN | EPOLLOUT | EPOLLRDHUP, got);
	close(ep);
	close(c);
}

CASE(stream, half_close)
{
	struct way w = { .from = self->s, .to = self->c, .want = 2 * MIB };
	char c = 0;

	OK(write_all(self->c, 0, 1000));
	OK(shutdown(self->c, SHUT_WR));
	FAILS(EPIPE, send(self->c, &c, 1, MSG_NOSIGNAL));
	OK(read_all(self->s, 0, 1000));
	OK(read_eof(self->s));
	/* The other direction goes on for as long as it likes. */
	OK(flow(&w, 1));
	usleep(QUIET_MS * 1000);
	w.want += 100000;
	OK(flow(&w, 1));
	close(self->s);
	OK(read_eof(self->c));
	self->s = -1;
}

CASE(stream, shutdown_twice)
{
	OK(shutdown(self->c, SHUT_WR));
	OK(shutdown(self->c, SHUT_WR));
	OK(read_eof(self->s));
	OK(shutdown(self->s, SHUT_RDWR));
	OK(read_eof(self->c));
	FAILS(EINVAL, shutdown(self->c, 3));
}

CASE(stream, shutdown_read)
{
	char c;

	OK(shutdown(self->c, SHUT_RD));
	ASSERT_EQ(0, recv(self->c, &c, 1, 0));
	ASSERT_EQ(POLLIN | POLLOUT | POLLRDHUP, events(self->c));
	/* The other direction does not notice. */
	OK(write_all(self->c, 0, 1000));
	OK(read_all(self->s, 0, 1000));
	ASSERT_EQ(POLLOUT, events(self->s));
}

static void *shutdown_late(void *arg)
{
	usleep(50000);
	shutdown(*(int *)arg, SHUT_RDWR);
	return NULL;
}

/* A thread in recv() wakes up when another one ends the stream. */
CASE(stream, shutdown_wakes_reader)
{
	pthread_t thread;
	char c;

	OK(pthread_create(&thread, NULL, shutdown_late, &self->c));
	ASSERT_EQ(0, recv(self->c, &c, 1, 0));
	OK(pthread_join(thread, NULL));
	OK(read_eof(self->s));
}

CASE(stream, sigpipe)
{
	char c = 0;

	signal(SIGPIPE, count_sigpipe);
	OK(shutdown(self->c, SHUT_WR));
	FAILS(EPIPE, send(self->c, &c, 1, MSG_NOSIGNAL));
	ASSERT_EQ(0, sigpipes);
	FAILS(EPIPE, send(self->c, &c, 1, 0));
	ASSERT_EQ(1, sigpipes);
	FAILS(EPIPE, write(self->c, &c, 1));
	ASSERT_EQ(2, sigpipes);
}

/* A peer that has closed: the first byte goes nowhere, EPIPE after a while. */
CASE(stream, write_to_closed_peer)
{
	int64_t end = now_ms() + WAIT_MS;
	char c = 0;

	close(self->s);
	self->s = -1;
	OK(read_eof(self->c));
	ASSERT_EQ(1, send(self->c, &c, 1, MSG_NOSIGNAL));
	do {
		usleep(1000);
		ASSERT_GT(end, now_ms());
	} while (send(self->c, &c, 1, MSG_NOSIGNAL) == 1);
	ASSERT_TRUE(errno == EPIPE ||
		    (errno == ECONNRESET && variant->domain != AF_RSESS));
}

/* close() with unread input costs TCP the output that is on its way. */
CASE(stream, close_with_unread_data)
{
	if (variant->domain != AF_RSESS)
		return;
	OK(write_all(self->s, 0, 5000));
	OK(wait_readable(self->c, 5000));
	OK(write_all(self->c, 0, 100000));
	close(self->c);
	self->c = -1;
	OK(read_all(self->s, 0, 100000));
	OK(read_eof(self->s));
}

CASE(stream, close_delivers)
{
	OK(write_all(self->c, 0, 100000));
	close(self->c);
	self->c = -1;
	OK(read_all(self->s, 0, 100000));
	OK(read_eof(self->s));
}

CASE(stream, linger)
{
	struct linger soft = { .l_onoff = 1, .l_linger = 30 };

	OK(setsockopt(self->c, SOL_SOCKET, SO_LINGER, &soft, sizeof(soft)));
	OK(write_all(self->c, 0, 5000));
	close(self->c);
	self->c = -1;
	/* It has arrived by now. */
	OK(wait_readable(self->s, 5000));
	OK(read_all(self->s, 0, 5000));
	OK(read_eof(self->s));
}

CASE(stream, queue_sizes)
{
	int n;

	OK(ioctl(self->s, SIOCINQ, &n));
	ASSERT_EQ(0, n);
	OK(write_all(self->c, 0, 12345));
	OK(wait_readable(self->s, 12345));
	/* It is confirmed although nobody reads. */
	OK(wait_confirmed(self->c));
	OK(read_all(self->s, 0, 345));
	OK(ioctl(self->s, FIONREAD, &n));
	ASSERT_EQ(12000, n);
	/* FIN is not counted as a byte. */
	OK(shutdown(self->c, SHUT_WR));
	OK(wait_events(self->s, POLLIN | POLLOUT | POLLRDHUP));
	OK(ioctl(self->s, FIONREAD, &n));
	ASSERT_EQ(12000, n);
	OK(read_all(self->s, 345, 12000));
	OK(read_eof(self->s));
	FAILS(EINVAL, ioctl(self->lfd, SIOCINQ, &n));
}

/* The credit of a peer that reads nothing must not hold its acks back. */
CASE(stream, confirmed_while_nobody_reads)
{
	struct way w[] = {
		{ .from = self->c, .to = self->s },
		{ .from = self->s, .to = self->c },
	};

	OK(write_all(self->c, 0, 20000));
	OK(write_all(self->s, 0, 20000));
	OK(wait_confirmed(self->c));
	OK(wait_confirmed(self->s));
	w[0].sent = 20000;
	w[1].sent = 20000;
	w[0].want = 20000;
	w[1].want = 20000;
	OK(flow(w, 2));
}

CASE(stream, both_directions)
{
	struct way w[] = {
		{ .from = self->c, .to = self->s, .want = 4 * MIB },
		{ .from = self->s, .to = self->c, .want = 4 * MIB },
	};

	OK(flow(w, 2));
	OK(wait_confirmed(self->c));
	OK(wait_confirmed(self->s));
}

/* Both write before either reads; what goes in is bounded, and comes out. */
CASE(stream, both_write_64_mib_first)
{
	struct way w[] = {
		{ .from = self->c, .to = self->s, .want = 64 * MIB },
		{ .from = self->s, .to = self->c, .want = 64 * MIB },
	};
	bool moved;

	do {
		moved = false;
		for (int i = 0; i < 2; i++) {
			ssize_t n = fill_both(w[i].from, w[i].sent);

			ASSERT_LE(0, n);
			w[i].sent += n;
			moved = moved || n;
		}
	} while (moved);
	ASSERT_GT(32 * MIB, w[0].sent);
	ASSERT_GT(32 * MIB, w[1].sent);
	OK(flow(w, 2));
}

struct blaster {
	int fd;
	int ret;
};

static void *blast(void *arg)
{
	static const char zeros[65536];
	struct blaster *b = arg;
	size_t left = 64 * MIB;

	while (left) {
		ssize_t n = send(b->fd, zeros, sizeof(zeros), MSG_NOSIGNAL);

		if (n <= 0)
			break;
		left -= n;
	}
	b->ret = left;
	return NULL;
}

/* The same with blocking writes, in threads. */
CASE(stream, both_write_64_mib_first_blocking)
{
	struct blaster b[] = { { .fd = self->c }, { .fd = self->s } };
	static char buf[262144];
	size_t left[2] = { 64 * MIB, 64 * MIB };
	pthread_t thread[2];
	int i;

	OK(pthread_create(&thread[0], NULL, blast, &b[0]));
	OK(pthread_create(&thread[1], NULL, blast, &b[1]));
	/* Until both are stuck. */
	usleep(QUIET_MS * 1000);
	OK(wait_events(self->c, POLLIN));
	OK(wait_events(self->s, POLLIN));
	while (left[0] || left[1]) {
		struct pollfd pfd[] = {
			{ .fd = left[0] ? self->s : -1, .events = POLLIN },
			{ .fd = left[1] ? self->c : -1, .events = POLLIN },
		};

		ASSERT_LT(0, poll(pfd, 2, WAIT_MS));
		for (i = 0; i < 2; i++) {
			ssize_t n = 0;

			if (pfd[i].revents)
				n = recv(pfd[i].fd, buf, sizeof(buf),
					 MSG_DONTWAIT);
			ASSERT_TRUE(n >= 0 || errno == EAGAIN);
			if (n > 0)
				left[i] -= n;
		}
	}
	for (i = 0; i < 2; i++) {
		OK(pthread_join(thread[i], NULL));
		ASSERT_EQ(0, b[i].ret);
	}
}

CASE(stream, fork)
{
	pid_t pid = fork();
	int status;

	ASSERT_LE(0, pid);
	if (!pid) {
		int ret = write_all(self->c, 0, 1000);

		close(self->c);
		_exit(ret ? 1 : 0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	OK(write_all(self->c, 1000, 1000));
	OK(read_all(self->s, 0, 2000));
	/* The child's close() was not the last. */
	ASSERT_EQ(POLLOUT, events(self->s));
}

/* Bytes of a process that was killed are delivered, and nothing stays. */
CASE(stream, killed)
{
	int ready[2];
	pid_t pid;
	char c;

	OK(pipe(ready));
	close(self->s);
	close(self->c);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		self->c = new_socket(variant->domain, 0);
		c = dial(self->c, variant->family) ||
		    write_all(self->c, 0, 5000);
		if (write(ready[1], &c, 1) == 1)
			pause();
		_exit(1);
	}
	self->s = accept(self->lfd, NULL, NULL);
	ASSERT_LE(0, self->s);
	ASSERT_EQ(1, read(ready[0], &c, 1));
	ASSERT_EQ(0, c);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	OK(read_all(self->s, 0, 5000));
	OK(read_eof(self->s));
	close(self->s);
	self->c = -1;
	self->s = -1;
	if (variant->domain == AF_RSESS)
		OK(no_sessions());
}

/* The same port in two namespaces, each with its own sessions. */
CASE(stream, namespaces)
{
	int lfd;
	int c;
	int s;

	OK(netns_new());
	c = new_socket(variant->domain, 0);
	FAILS(ECONNREFUSED, dial(c, variant->family));
	close(c);
	lfd = new_listener(variant->domain, variant->family);
	ASSERT_LE(0, lfd);
	c = new_socket(variant->domain, 0);
	OK(dial(c, variant->family));
	s = accept(lfd, NULL, NULL);
	ASSERT_LE(0, s);
	OK(write_all(c, 0, 5000));
	OK(write_all(self->c, 777, 5000));
	OK(read_all(s, 0, 5000));
	OK(read_all(self->s, 777, 5000));
	close(c);
	close(s);
	close(lfd);
	/* The socket remembers where it was made. */
	c = new_socket(variant->domain, 0);
	FAILS(ECONNREFUSED, dial(c, variant->family));
	close(c);
	OK(write_all(self->s, 0, 100));
	OK(read_all(self->c, 0, 100));
}

/* A server is restarted: new clients come in, old sessions go on. */
CASE(stream, listener_restart)
{
	int c;
	int s;

	close(self->lfd);
	OK(write_all(self->c, 0, 100));
	self->lfd = new_listener(variant->domain, variant->family);
	ASSERT_LE(0, self->lfd);
	c = new_socket(variant->domain, 0);
	OK(dial(c, variant->family));
	s = accept(self->lfd, NULL, NULL);
	ASSERT_LE(0, s);
	OK(write_all(c, 0, 100));
	OK(read_all(s, 0, 100));
	OK(read_all(self->s, 0, 100));
	if (variant->domain == AF_RSESS)
		ASSERT_LT(0, tear(PORT));
	OK(write_all(self->s, 0, 100));
	OK(read_all(self->c, 0, 100));
	OK(write_all(s, 0, 100));
	OK(read_all(c, 0, 100));
	close(c);
	close(s);
}

CASE(stream, listener_closed)
{
	int c = new_socket(variant->domain, 0);

	close(self->lfd);
	self->lfd = -1;
	FAILS(ECONNREFUSED, dial(c, variant->family));
	close(c);
	OK(write_all(self->s, 0, 100));
	OK(read_all(self->c, 0, 100));
}

/*
 * What TCP does not have.
 */
FIXTURE(rsess) {
	int lfd;
	int c;
	int s;
};

SESSION_VARIANTS(rsess);

FIXTURE_SETUP(rsess)
{
	transport = variant->protocol;
	OK(netns_new());
	self->lfd = new_listener(AF_RSESS, variant->family);
	ASSERT_LE(0, self->lfd);
	self->c = new_socket(AF_RSESS, 0);
	ASSERT_LE(0, self->c);
	OK(dial(self->c, variant->family));
	self->s = accept4(self->lfd, NULL, NULL, SOCK_CLOEXEC);
	ASSERT_LE(0, self->s);
}

FIXTURE_TEARDOWN(rsess)
{
	close(self->c);
	close(self->s);
	close(self->lfd);
}

CASE(rsess, info)
{
	struct rsess_info c, s;
	socklen_t len = sizeof(c);
	char few[5];

	OK(write_all(self->c, 0, 1000));
	OK(wait_readable(self->s, 1000));
	OK(wait_confirmed(self->c));
	OK(read_all(self->s, 0, 400));
	OK(getsockopt(self->c, SOL_RSESS, RSESS_INFO, &c, &len));
	ASSERT_EQ(sizeof(c), len);
	OK(getsockopt(self->s, SOL_RSESS, RSESS_INFO, &s, &len));
	EXPECT_EQ(TCP_ESTABLISHED, c.state);
	EXPECT_EQ(TCP_ESTABLISHED, s.state);
	EXPECT_EQ(RSESS_LINK_LIVE, c.link);
	EXPECT_EQ(1, c.dialer);
	EXPECT_EQ(0, s.dialer);
	EXPECT_EQ(0, memcmp(c.id, s.id, sizeof(c.id)));
	EXPECT_EQ(RSESS_REASON_NONE, c.reason);
	EXPECT_EQ(0, c.epoch);
	EXPECT_EQ(1000, c.write_seq);
	EXPECT_EQ(1000, c.snd_una);
	EXPECT_EQ(1000, s.rcv_nxt);
	EXPECT_EQ(400, s.copied_seq);
	EXPECT_LE(1000, s.rcv_limit);
	/* A short buffer gets a part. */
	len = sizeof(few);
	OK(getsockopt(self->c, SOL_RSESS, RSESS_INFO, few, &len));
	EXPECT_EQ(sizeof(few), len);
	FAILS(ENOPROTOOPT, setsockopt(self->c, SOL_RSESS, RSESS_INFO, &c,
				      sizeof(c)));
}

CASE(rsess, timeout_option)
{
	__u32 value = 12345;
	socklen_t len = sizeof(value);
	int s;
	int c;

	OK(setsockopt(self->c, SOL_RSESS, RSESS_TIMEOUT, &value, len));
	value = 0;
	OK(getsockopt(self->c, SOL_RSESS, RSESS_TIMEOUT, &value, &len));
	EXPECT_EQ(12345, value);
	EXPECT_EQ(sizeof(value), len);
	FAILS(EINVAL, setsockopt(self->c, SOL_RSESS, RSESS_TIMEOUT, &value, 3));
	FAILS(EFAULT, setsockopt(self->c, SOL_RSESS, RSESS_TIMEOUT, (void *)8,
				 4));
	len = 3;
	ASSERT_TRUE(getsockopt(self->c, SOL_RSESS, RSESS_TIMEOUT, &value,
			       &len) == 0 || errno == EINVAL);
	/* An accepted socket has its listener's. */
	value = 4321;
	len = sizeof(value);
	OK(setsockopt(self->lfd, SOL_RSESS, RSESS_TIMEOUT, &value, len));
	c = new_socket(AF_RSESS, 0);
	OK(dial(c, variant->family));
	s = accept(self->lfd, NULL, NULL);
	ASSERT_LE(0, s);
	OK(getsockopt(s, SOL_RSESS, RSESS_TIMEOUT, &value, &len));
	EXPECT_EQ(4321, value);
	close(s);
	close(c);
}

/* The application sees at most a pause. */
CASE(rsess, tears_are_not_seen)
{
	struct way w[] = {
		{ .from = self->c, .to = self->s },
		{ .from = self->s, .to = self->c },
	};
	int i;

	for (i = 0; i < 10; i++) {
		int n = 0;

		/* As much on the way as goes in. */
		w[0].sent += fill(self->c, w[0].sent);
		w[1].sent += fill(self->s, w[1].sent);
		OK(wait_live(self->c));
		while (!n)
			n = tear(PORT);
		ASSERT_LT(0, n);
		w[0].want = w[0].sent + 100000;
		w[1].want = w[1].sent + 100000;
		OK(flow(w, 2));
	}
	OK(wait_confirmed(self->c));
	OK(wait_confirmed(self->s));
	EXPECT_LE(10, stat_get("Resumes"));
}

/* Poll tells nothing of a lost transport. */
CASE(rsess, tears_wake_nobody)
{
	OK(wait_live(self->c));
	ASSERT_LT(0, tear(PORT));
	ASSERT_EQ(POLLOUT, events(self->c));
	ASSERT_EQ(POLLOUT, events(self->s));
	usleep(QUIET_MS * 1000);
	ASSERT_EQ(POLLOUT, events(self->c));
	ASSERT_EQ(POLLOUT, events(self->s));
	ASSERT_EQ(0, socket_error(self->c));
	ASSERT_EQ(0, socket_error(self->s));
}

CASE(rsess, tear_after_close)
{
	ssize_t n = fill_both(self->c, 0);

	ASSERT_LT(0, n);
	close(self->c);
	self->c = -1;
	ASSERT_LT(0, tear(PORT));
	OK(read_all(self->s, 0, n));
	OK(read_eof(self->s));
	close(self->s);
	self->s = -1;
	OK(no_sessions());
}

/* Nobody needs to do anything: what was lost is sent again by itself. */
CASE(rsess, tear_with_blocked_reader)
{
	pthread_t thread;
	unsigned char buf[4000];

	OK(write_all(self->c, 0, 1000));
	OK(pthread_create(&thread, NULL, write_late, &self->c));
	tear(PORT);
	ASSERT_EQ(4000, recv(self->s, buf, sizeof(buf), MSG_WAITALL));
	OK(pattern_check(0, buf, sizeof(buf)));
	OK(pthread_join(thread, NULL));
}

CASE(rsess, nothing_stays_behind)
{
	int c;
	int s;
	int i;

	for (i = 0; i < 20; i++) {
		c = new_socket(AF_RSESS, 0);
		OK(dial(c, variant->family));
		s = accept(self->lfd, NULL, NULL);
		ASSERT_LE(0, s);
		OK(write_all(c, 0, 1000));
		close(c);
		close(s);
	}
	close(self->c);
	close(self->s);
	self->c = -1;
	self->s = -1;
	OK(no_sessions());
	EXPECT_EQ(0, stat_get("SessionsFailed"));
}

TEST_HARNESS_MAIN
