// SPDX-License-Identifier: GPL-2.0
/*
 * The states that a socket can be in; see places.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/tcp.h>

#include "places.h"

/* Ports that nothing else uses. */
#define OTHER_PORT	(PORT + 5)
#define FULL_PORTS	(PORT + 100)

static int bind_to(int fd, int family, int port)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, family, port);

	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (!bind(fd, (struct sockaddr *)&ss, len))
		return 0;
	say("bind: %s", strerror(errno));
	return -errno;
}

static int dial_port(int fd, int family, int port)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, family, port);

	return connect(fd, (struct sockaddr *)&ss, len);
}

static int enter_fresh(struct line *l)
{
	l->c = kind_socket(l->kind, 0);
	return l->c < 0 ? l->c : 0;
}

static int enter_bound(struct line *l)
{
	return enter_fresh(l) ?: bind_to(l->c, l->kind->family, OTHER_PORT);
}

static int enter_listening(struct line *l)
{
	int ret = enter_bound(l);

	if (ret)
		return ret;
	return listen(l->c, 4) ? -errno : 0;
}

/* The listener's queue is full: nobody answers. l->s is the listener.  Each has a
 * port of its own: TCP's queue has room for one, which a late segment with a SYN
 * cookie of the listener before could take.
 */
static int enter_connecting(struct line *l)
{
	static int full_port = FULL_PORTS;
	int ret, fd;

	full_port++;
	l->s = kind_socket(l->kind, 0);
	if (l->s < 0)
		return l->s;
	ret = bind_to(l->s, l->kind->family, full_port);
	if (ret)
		return ret;
	if (listen(l->s, 0))
		return -errno;
	fd = kind_socket(l->kind, 0);
	if (fd < 0 || dial_port(fd, l->kind->family, full_port))
		return -errno;
	wait_for(l->s, POLLIN);
	close(fd);
	l->c = kind_socket(l->kind, SOCK_NONBLOCK);
	if (l->c < 0)
		return l->c;
	if (dial_port(l->c, l->kind->family, full_port) != -1 ||
	    errno != EINPROGRESS) {
		say("connect: %s", strerror(errno));
		return -EINVAL;
	}
	return 0;
}

static int enter_refused(struct line *l)
{
	int ret = enter_fresh(l);

	if (ret)
		return ret;
	if (dial_port(l->c, l->kind->family, OTHER_PORT) == -1 &&
	    errno == ECONNREFUSED)
		return 0;
	say("connect: %s", strerror(errno));
	return -EINVAL;
}

static int enter_connected(struct line *l)
{
	return line_open(l) ?: line_reset(l);
}

/* The same, of the other end. */
static int enter_accepted(struct line *l)
{
	int ret = enter_connected(l);
	int fd = l->c;

	l->c = l->s;
	l->s = fd;
	return ret;
}

static int enter_readable(struct line *l)
{
	return enter_connected(l) ?: write_all(l->s, 0, 100) ?:
	       wait_readable(l->c, 100);
}

static int enter_peer_shut(struct line *l)
{
	int ret = enter_connected(l);

	if (ret || shutdown(l->s, SHUT_WR))
		return ret ?: -errno;
	ret = wait_for(l->c, POLLRDHUP);
	return ret < 0 ? ret : 0;
}

static int enter_peer_closed(struct line *l)
{
	int ret = enter_connected(l);

	if (ret || line_close(&l->s))
		return ret ?: -errno;
	ret = wait_for(l->c, POLLRDHUP);
	return ret < 0 ? ret : 0;
}

static int enter_shut(struct line *l, int how)
{
	return enter_connected(l) ?: (shutdown(l->c, how) ? -errno : 0);
}

static int enter_shut_read(struct line *l)
{
	return enter_shut(l, SHUT_RD);
}

static int enter_shut_write(struct line *l)
{
	int ret = enter_shut(l, SHUT_WR);

	if (!ret)
		ret = wait_for(l->s, POLLRDHUP);
	return ret < 0 ? ret : 0;
}

static int enter_shut_both(struct line *l)
{
	int ret = enter_shut(l, SHUT_RDWR);

	if (!ret)
		ret = wait_for(l->s, POLLRDHUP);
	return ret < 0 ? ret : 0;
}

/* Both directions have ended. */
static bool is_over(void *arg)
{
	struct rsess_info session = {};
	struct tcp_info info = {};
	socklen_t len = sizeof(info);
	socklen_t size = sizeof(session);
	int *fd = arg;

	if (!getsockopt(*fd, SOL_RSESS, RSESS_INFO, &session, &size))
		info.tcpi_state = session.state;
	else if (getsockopt(*fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		return false;
	return info.tcpi_state == TCP_CLOSE || info.tcpi_state == TCP_TIME_WAIT;
}

/* The last acknowledgment may need a moment. */
static int enter_over(struct line *l)
{
	int ret = enter_peer_shut(l);

	if (ret || shutdown(l->c, SHUT_WR))
		return ret ?: -errno;
	return wait_until(is_over, &l->c);
}

static int enter_reset(struct line *l)
{
	int ret = enter_connected(l) ?: line_cut(&l->s);

	if (!ret)
		ret = wait_for(l->c, 0);
	return ret < 0 ? ret : 0;
}

/* The error was told. */
static int enter_reset_told(struct line *l)
{
	int ret = enter_reset(l);

	if (ret)
		return ret;
	return socket_error(l->c) == ECONNRESET ? 0 : -EINVAL;
}

/* connect() to AF_UNSPEC. */
static int enter_disconnected(struct line *l)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };
	int ret = enter_connected(l);

	if (ret)
		return ret;
	return connect(l->c, (struct sockaddr *)&ss, sizeof(ss)) ? -errno : 0;
}

/**
 * struct place - a state of a socket
 * @name: of the state
 * @enter: brings a line there; l->c is the socket
 */
static const struct place {
	const char *name;
	int (*enter)(struct line *l);
} places[] = {
	{ "fresh", enter_fresh },
	{ "bound", enter_bound },
	{ "listening", enter_listening },
	{ "connecting", enter_connecting },
	{ "refused", enter_refused },
	{ "connected", enter_connected },
	{ "accepted", enter_accepted },
	{ "readable", enter_readable },
	{ "peer_shut", enter_peer_shut },
	{ "peer_closed", enter_peer_closed },
	{ "shut_read", enter_shut_read },
	{ "shut_write", enter_shut_write },
	{ "shut_both", enter_shut_both },
	{ "over", enter_over },
	{ "reset", enter_reset },
	{ "reset_told", enter_reset_told },
	{ "disconnected", enter_disconnected },
	{ NULL, NULL }
};

/**
 * place_enter() - have a socket in a state
 * @l: line with nothing but its listener
 * @name: of the state
 *
 * Return: 0, and the socket is l->c; or a negative errno.
 */
int place_enter(struct line *l, const char *name)
{
	const struct place *p = places;
	int ret;

	while (p->name && strcmp(p->name, name))
		p++;
	ret = p->name ? p->enter(l) : -EINVAL;
	if (ret)
		say("%s: %s", name, strerror(-ret));
	return ret;
}

/* The line is as it was before. */
void place_leave(struct line *l)
{
	line_close(&l->c);
	line_close(&l->s);
}
