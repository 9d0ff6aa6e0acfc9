// SPDX-License-Identifier: GPL-2.0
/*
 * A process that forwards bytes and tears transports; see relay.h.
 *
 * It is bounded by its parent: it ends when the parent closes the control
 * socket or dies.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "relay.h"

#define RELAY_PAIRS	256

/**
 * struct hop - bytes on their way from one connection to the other
 * @off: where the first of them is in @buf
 * @len: how many
 * @eof: no more will come
 * @buf: the bytes
 */
struct hop {
	size_t off;
	size_t len;
	bool eof;
	char buf[8192];
};

/**
 * struct couple - two connections
 * @fd: the one that was accepted, the one that was dialed; -1: unused
 * @up: the one that was dialed has connected
 * @left: bytes until both are reset
 * @hop: bytes that were read from @fd of the same index
 */
struct couple {
	int fd[2];
	bool up;
	size_t left;
	struct hop hop[2];
};

static struct couple couples[RELAY_PAIRS];
/* So many of them, the first ones, have been in use. */
static int couples_top;
static uint64_t resets;

/* Ends both connections, with a reset or in order. */
static void couple_close(struct couple *c, bool reset)
{
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };
	int i;

	for (i = 0; i < 2; i++) {
		if (reset)
			setsockopt(c->fd[i], SOL_SOCKET, SO_LINGER, &hard,
				   sizeof(hard));
		close(c->fd[i]);
		c->fd[i] = -1;
	}
}

static void relay_reset_all(void)
{
	int i;

	for (i = 0; i < couples_top; i++)
		if (couples[i].fd[0] >= 0) {
			couple_close(&couples[i], true);
			resets++;
		}
}

static struct couple *couple_unused(void)
{
	int i;

	for (i = 0; i < RELAY_PAIRS; i++)
		if (couples[i].fd[0] < 0)
			return &couples[i];
	return NULL;
}

static void relay_accept(int lfd, int family, int protocol, int to,
			 size_t every)
{
	struct couple *c = couple_unused();
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, family, to);
	int fd = accept4(lfd, NULL, NULL, SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (c == &couples[couples_top])
		couples_top++;
	memset(c, 0, sizeof(*c));
	c->left = every;
	c->fd[0] = fd;
	c->fd[1] = socket(family, SOCK_STREAM | SOCK_NONBLOCK, protocol);
	set_nodelay(c->fd[0], protocol);
	set_nodelay(c->fd[1], protocol);
	if (connect(c->fd[1], (struct sockaddr *)&ss, len) &&
	    errno != EINPROGRESS)
		couple_close(c, true);
}

/* AF_VSOCK tells of a reset as of an end; but who was reset takes nothing any more. */
static bool was_reset(int fd)
{
	socklen_t len = sizeof(int);
	int domain = 0;

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
	return domain == AF_VSOCK && send(fd, "", 0, MSG_NOSIGNAL) < 0 &&
	       errno == EPIPE;
}

/* Reads as much as may pass; false when the connection is broken. */
static bool couple_read(struct couple *c, int i)
{
	struct hop *h = &c->hop[i];
	size_t n = sizeof(h->buf) < c->left ? sizeof(h->buf) : c->left;
	ssize_t ret = recv(c->fd[i], h->buf, n, 0);

	if (ret < 0)
		return errno == EAGAIN;
	if (!ret && was_reset(c->fd[i]))
		return false;
	h->eof = !ret;
	h->off = 0;
	h->len = ret;
	c->left -= ret;
	return true;
}

/* Writes what there is; false when the connection is broken. */
static bool couple_write(struct couple *c, int i)
{
	struct hop *h = &c->hop[i];
	ssize_t ret;

	if (h->len) {
		ret = send(c->fd[!i], h->buf + h->off, h->len, MSG_NOSIGNAL);
		if (ret < 0)
			return errno == EAGAIN;
		h->off += ret;
		h->len -= ret;
	}
	if (!h->len && h->eof)
		shutdown(c->fd[!i], SHUT_WR);
	return true;
}

static void couple_serve(struct couple *c, const struct pollfd *pfd)
{
	bool ok = true;
	int i;

	if (!c->up) {
		if (pfd[1].revents & (POLLERR | POLLHUP))
			couple_close(c, true);
		c->up = pfd[1].revents;
		return;
	}
	for (i = 0; i < 2 && ok; i++)
		if (pfd[i].revents & (POLLERR | POLLHUP | POLLIN) &&
		    !c->hop[i].len && !c->hop[i].eof)
			ok = couple_read(c, i) && couple_write(c, i);
	for (i = 0; i < 2 && ok; i++)
		if (pfd[!i].revents & (POLLERR | POLLOUT) && c->hop[i].len)
			ok = couple_write(c, i);
	/* What is stuck in between now is lost: the peers have to repeat it. */
	if (!c->left)
		resets++;
	if (!ok || !c->left)
		couple_close(c, true);
	else if (c->hop[0].eof && c->hop[1].eof && !c->hop[0].len &&
		 !c->hop[1].len)
		couple_close(c, false);
}

static void couple_poll(const struct couple *c, struct pollfd *pfd)
{
	int i;

	if (!c->up) {	/* SCTP, unlike TCP, takes nothing yet */
		pfd[0].fd = -1;
		pfd[1] = (struct pollfd){ .fd = c->fd[1], .events = POLLOUT };
		return;
	}
	for (i = 0; i < 2; i++) {
		pfd[i].fd = c->fd[i];
		pfd[i].events = c->hop[i].len || c->hop[i].eof ? 0 : POLLIN;
		if (c->hop[!i].len)
			pfd[i].events |= POLLOUT;
		/* Both ways are over here: a hangup says no more. */
		if (!pfd[i].events && c->hop[i].eof)
			pfd[i].fd = -1;
	}
}

/* An order: reset all, or only say how many were reset since the beginning. */
static bool relay_obey(int ctl)
{
	char order;

	if (read(ctl, &order, 1) != 1)
		return false;
	if (order == 'r')
		relay_reset_all();
	return write(ctl, &resets, sizeof(resets)) == sizeof(resets);
}

static void relay_run(int ctl, int lfd, int family, int protocol, int to,
		      size_t every)
{
	struct pollfd pfd[2 + 2 * RELAY_PAIRS];
	int i;

	for (i = 0; i < RELAY_PAIRS; i++)
		couples[i].fd[0] = -1;
	for (;;) {
		pfd[0] = (struct pollfd){ .fd = ctl, .events = POLLIN };
		pfd[1] = (struct pollfd){ .fd = lfd, .events = POLLIN };
		if (!couple_unused())
			pfd[1].fd = -1;
		for (i = 0; i < couples_top; i++)
			couple_poll(&couples[i], &pfd[2 + 2 * i]);
		if (poll(pfd, 2 + 2 * couples_top, -1) < 0)
			return;
		for (i = 0; i < couples_top; i++)
			if (couples[i].fd[0] >= 0)
				couple_serve(&couples[i], &pfd[2 + 2 * i]);
		if (pfd[0].revents && !relay_obey(ctl))
			return;
		if (pfd[1].revents)
			relay_accept(lfd, family, protocol, to, every);
	}
}

static int relay_listen(int family, int protocol, int port)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, family, port);
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
			protocol);
	int one = 1;

	/* One that was there before may have left TIME_WAIT. */
	if (fd >= 0 &&
	    !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) &&
	    !bind(fd, (struct sockaddr *)&ss, len) &&
	    !listen(fd, RELAY_PAIRS))
		return fd;
	say("%s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/**
 * relay_start() - begin to forward
 * @r: the relay
 * @family: AF_INET or AF_INET6
 * @protocol: IPPROTO_TCP or IPPROTO_SCTP
 * @from: port at which it listens
 * @to: port that it dials
 * @every: bytes after which a pair of connections is reset, in both directions
 *	together and with all that the peers say to each other
 *
 * Has to be called before there are other sockets: the process would have them
 * too.
 *
 * Return: 0 or a negative errno.
 */
int relay_start(struct relay *r, int family, int protocol, int from, int to,
		size_t every)
{
	int lfd = relay_listen(family, protocol, from);
	int ctl[2];

	*r = (struct relay){ .ctl = -1 };
	if (lfd < 0)
		return -EINVAL;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ctl)) {
		close(lfd);
		return -errno;
	}
	r->pid = fork();
	if (!r->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ctl[0]);
		relay_run(ctl[1], lfd, family, protocol, to, every);
		_exit(0);
	}
	close(ctl[1]);
	close(lfd);
	r->ctl = ctl[0];
	if (r->pid > 0)
		return 0;
	close(r->ctl);
	return -EAGAIN;
}

static int relay_order(struct relay *r, const char *order)
{
	int ret;

	if (write(r->ctl, order, 1) != 1)
		return -EPIPE;
	ret = wait_for(r->ctl, POLLIN);
	if (ret < 0)
		return ret;
	return read(r->ctl, &r->resets, sizeof(r->resets)) ==
	       sizeof(r->resets) ? 0 : -EPIPE;
}

/**
 * relay_reset() - reset all connections now
 * @r: the relay
 *
 * Return: 0 when they are reset, or a negative errno.
 */
int relay_reset(struct relay *r)
{
	return relay_order(r, "r");
}

/**
 * relay_stop() - end the process and its connections
 * @r: the relay; how many connections it has reset before stays
 *
 * Return: 0 or a negative errno.
 */
int relay_stop(struct relay *r)
{
	int ret = relay_order(r, "n");
	int status = 0;

	close(r->ctl);
	if (waitpid(r->pid, &status, 0) != r->pid || status)
		ret = ret ?: -ECHILD;
	r->pid = 0;
	return ret;
}
