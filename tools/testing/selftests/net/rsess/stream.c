// SPDX-License-Identifier: GPL-2.0
/*
 * Two sockets of the kernel and the bytes between them; see stream.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "stream.h"

/* A socket, also an AF_RSESS one, that says why there is none. */
int new_socket_of(int domain, int protocol, int flags)
{
	int fd = socket(domain, SOCK_STREAM | SOCK_CLOEXEC | flags, protocol);

	if (fd < 0)
		say("socket: %s", strerror(errno));
	return fd;
}

int new_socket(int domain, int flags)
{
	return new_socket_of(domain, transport, flags);
}

/* A listener on the common port; negative errno when there is none. */
int new_listener_of(int domain, int protocol, int family)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, family, PORT);
	int fd = new_socket_of(domain, protocol, 0);
	int one = 1;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&ss, len) || listen(fd, 16)) {
		int ret = -errno;

		say("%s", strerror(errno));
		close(fd);
		return ret;
	}
	return fd;
}

int new_listener(int domain, int family)
{
	return new_listener_of(domain, transport, family);
}

/* connect() to the listener of the namespace that @fd is in. */
int dial(int fd, int family)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, family, PORT);

	return connect(fd, (struct sockaddr *)&ss, len);
}

/* Writes until not one more byte goes in; returns how many did. */
ssize_t fill(int fd, uint64_t off)
{
	unsigned char buf[16384];
	size_t n = sizeof(buf);
	ssize_t sum = 0;

	for (;;) {
		ssize_t ret;

		pattern_fill(off + sum, buf, n);
		ret = send(fd, buf, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (ret < 0 && errno != EAGAIN)
			return -errno;
		if (ret >= 0) {
			sum += ret;
			continue;
		}
		if (n == 1)
			return sum;
		n = 1;
	}
}

/* The same, until nothing goes in for a while: the peer's side is full too. */
ssize_t fill_both(int fd, uint64_t off)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	ssize_t sum = 0;
	int quiet = 0;
	ssize_t ret;

	while (quiet < slowness()) {
		ret = fill(fd, off + sum);
		if (ret < 0)
			return ret;
		sum += ret;
		usleep(QUIET_MS * 1000);
		quiet = ret || poll(&pfd, 1, 0) ? 0 : quiet + 1;
	}
	return sum;
}

static int way_send(struct way *w)
{
	static unsigned char buf[65536];
	size_t n = w->want - w->sent;
	ssize_t ret;

	if (n > sizeof(buf))
		n = sizeof(buf);
	pattern_fill(w->sent, buf, n);
	ret = send(w->from, buf, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (ret < 0 && errno != EAGAIN)
		return -errno;
	if (ret > 0)
		w->sent += ret;
	return 0;
}

static int way_recv(struct way *w)
{
	static unsigned char buf[65536];
	ssize_t ret = recv(w->to, buf, sizeof(buf), MSG_DONTWAIT);

	if (ret < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (!ret)
		return -ENODATA;
	if (pattern_check(w->got, buf, ret))
		return -EBADMSG;
	w->got += ret;
	return 0;
}

/* Moves all directions at once until each has what it wants. */
int flow(struct way *w, int n)
{
	struct pollfd pfd[8];
	int i;

	for (;;) {
		bool done = true;
		int ret = 0;

		for (i = 0; i < n; i++) {
			done = done && w[i].got == w[i].want;
			pfd[2 * i].fd = w[i].sent < w[i].want ? w[i].from : -1;
			pfd[2 * i].events = POLLOUT;
			pfd[2 * i + 1].fd = w[i].got < w[i].want ? w[i].to : -1;
			pfd[2 * i + 1].events = POLLIN;
		}
		if (done)
			return 0;
		if (poll(pfd, 2 * n, WAIT_MS) <= 0) {
			say("stuck");
			return -ETIMEDOUT;
		}
		for (i = 0; i < n && !ret; i++) {
			if (pfd[2 * i].revents)
				ret = way_send(&w[i]);
			if (!ret && pfd[2 * i + 1].revents)
				ret = way_recv(&w[i]);
		}
		if (ret) {
			say("%s", strerror(-ret));
			return ret;
		}
	}
}

/* Waits until so much can be read. */
int wait_readable(int fd, int want)
{
	int64_t end = now_ms() + WAIT_MS;
	int n;

	for (;;) {
		if (ioctl(fd, FIONREAD, &n))
			return -errno;
		if (n == want)
			return 0;
		if (n > want || now_ms() > end) {
			say("%d readable, not %d", n, want);
			state_print();
			return -ETIMEDOUT;
		}
		usleep(2000);
	}
}

/* Waits until all is confirmed. */
int wait_confirmed(int fd)
{
	int64_t end = now_ms() + WAIT_MS;
	int n;

	do {
		if (ioctl(fd, SIOCOUTQ, &n))
			return -errno;
		if (!n)
			return 0;
		usleep(2000);
	} while (now_ms() < end);
	say("%d bytes are not confirmed", n);
	return -ETIMEDOUT;
}

/* Waits until there is a transport. */
int wait_live(int fd)
{
	int64_t end = now_ms() + WAIT_MS;
	struct rsess_info info;

	do {
		socklen_t len = sizeof(info);

		if (getsockopt(fd, SOL_RSESS, RSESS_INFO, &info, &len))
			return -errno;
		if (info.link == RSESS_LINK_LIVE)
			return 0;
		usleep(2000);
	} while (now_ms() < end);
	say("no transport");
	return -ETIMEDOUT;
}

/* What poll() tells now. */
int events(int fd)
{
	struct pollfd pfd = {
		.fd = fd,
		.events = POLLIN | POLLOUT | POLLRDHUP | POLLPRI,
	};

	return poll(&pfd, 1, 0) < 0 ? -errno : pfd.revents;
}

/* Waits until poll() tells exactly this. */
int wait_events(int fd, int want)
{
	int64_t end = now_ms() + WAIT_MS;
	int ev;

	while ((ev = events(fd)) != want) {
		if (now_ms() > end) {
			say("events %#x, not %#x", ev, want);
			return -ETIMEDOUT;
		}
		usleep(2000);
	}
	return 0;
}
