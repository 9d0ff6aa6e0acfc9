// SPDX-License-Identifier: GPL-2.0
/*
 * Standard input to an AF_RSESS socket, and the socket to standard output.
 *
 *	rsess_cat [-t MS] [-w SECONDS] [-r] [-l] ADDRESS PORT
 *
 * -l listens and takes one connection.  The end of standard input ends one
 * direction, and the end of the stream the program.  -t sets RSESS_TIMEOUT, -w
 * goes on trying to connect for so long, -r sets RSESS_RETRY_UNKNOWN.  The exit
 * status is 0 after an orderly end; otherwise it is 1, and the name of the error
 * is the last line on stderr.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/rsess.h>

static void fail(const char *what)
{
	fprintf(stderr, "rsess_cat: %s\n%s\n", what, strerrorname_np(errno));
	exit(1);
}

static socklen_t parse(struct sockaddr_storage *ss, const char *host,
		       const char *port)
{
	struct sockaddr_in6 *s6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *s4 = (struct sockaddr_in *)ss;

	memset(ss, 0, sizeof(*ss));
	if (inet_pton(AF_INET, host, &s4->sin_addr) == 1) {
		s4->sin_family = AF_INET;
		s4->sin_port = htons(atoi(port));
		return sizeof(*s4);
	}
	errno = EINVAL;
	if (inet_pton(AF_INET6, host, &s6->sin6_addr) != 1)
		fail(host);
	s6->sin6_family = AF_INET6;
	s6->sin6_port = htons(atoi(port));
	return sizeof(*s6);
}

static int open_socket(unsigned int timeout)
{
	int fd = socket(AF_RSESS, SOCK_STREAM, IPPROTO_TCP);

	if (fd < 0)
		fail("socket");
	if (timeout && setsockopt(fd, SOL_RSESS, RSESS_TIMEOUT, &timeout,
				  sizeof(timeout)))
		fail("RSESS_TIMEOUT");
	return fd;
}

static int take_one(const struct sockaddr *sa, socklen_t len,
		    unsigned int timeout)
{
	int lfd = open_socket(timeout);
	int one = 1;
	int fd;

	if (setsockopt(lfd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(lfd, sa, len) || listen(lfd, 1))
		fail("listen");
	fprintf(stderr, "listening\n");
	fd = accept(lfd, NULL, NULL);
	if (fd < 0)
		fail("accept");
	close(lfd);
	return fd;
}

static int dial(const struct sockaddr *sa, socklen_t len, unsigned int timeout,
		int wait)
{
	for (;;) {
		int fd = open_socket(timeout);

		if (!connect(fd, sa, len))
			return fd;
		if (errno != ECONNREFUSED || wait-- <= 0)
			fail("connect");
		close(fd);
		sleep(1);
	}
}

/* All of it, or the end of this program. */
static void put(int fd, const char *buf, size_t len, const char *what)
{
	while (len) {
		ssize_t n = write(fd, buf, len);

		if (n < 0)
			fail(what);
		buf += n;
		len -= n;
	}
}

/* Something is wrong with the socket, or it just cannot be written any more. */
static void check(int fd)
{
	socklen_t len = sizeof(errno);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &errno, &len) || errno)
		fail("session");
}

/* Until the peer's session has all that was written. */
static void confirm(int fd)
{
	int left;

	while (!ioctl(fd, SIOCOUTQ, &left) && left) {
		check(fd);
		usleep(10000);
	}
	check(fd);
}

static void pump(int fd)
{
	static char buf[65536];
	struct pollfd pfd[] = {
		{ .fd = 0, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};
	ssize_t n;

	while (pfd[0].fd >= 0 || pfd[1].events) {
		if (poll(pfd, 2, -1) < 0)
			fail("poll");
		if (pfd[1].revents && !pfd[1].events) {
			check(fd);
			errno = EPIPE;
			fail("write");
		}
		if (pfd[1].revents) {
			n = read(fd, buf, sizeof(buf));
			if (n < 0)
				fail("read");
			put(1, buf, n, "stdout");
			/* From now on only an error is of interest. */
			if (!n)
				pfd[1].events = 0;
		}
		if (pfd[0].revents) {
			n = read(0, buf, sizeof(buf));
			if (n < 0)
				fail("stdin");
			put(fd, buf, n, "write");
			if (!n) {
				shutdown(fd, SHUT_WR);
				pfd[0].fd = -1;
			}
		}
	}
	confirm(fd);
}

int main(int argc, char **argv)
{
	struct sockaddr_storage ss;
	unsigned int timeout = 0;
	bool listening = false;
	socklen_t len;
	int wait = 0, fd;
	int opt, retry = 0;

	while ((opt = getopt(argc, argv, "lrt:w:")) != -1) {
		switch (opt) {
		case 'l':
			listening = true;
			break;
		case 'r':
			retry = 1;
			break;
		case 't':
			timeout = atoi(optarg);
			break;
		case 'w':
			wait = atoi(optarg);
			break;
		default:
			return 2;
		}
	}
	if (argc - optind != 2)
		return 2;
	len = parse(&ss, argv[optind], argv[optind + 1]);
	if (listening)
		fd = take_one((struct sockaddr *)&ss, len, timeout);
	else
		fd = dial((struct sockaddr *)&ss, len, timeout, wait);
	if (retry && setsockopt(fd, SOL_RSESS, RSESS_RETRY_UNKNOWN, &retry,
				sizeof(retry)))
		fail("RSESS_RETRY_UNKNOWN");
	pump(fd);
	return 0;
}
