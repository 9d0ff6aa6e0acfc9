// SPDX-License-Identifier: GPL-2.0
/*
 * Would a peer agree on a session?
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "tool.h"

/* HOST:PORT or [HOST]:PORT; NULL: it is none. */
static struct addrinfo *resolve(const char *where)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	const char *colon = strrchr(where, ':');
	char host[256];
	int err;

	if (!colon || colon == where || !colon[1]) {
		check_say(LEVEL_UNKNOWN, "%s: HOST:PORT is wanted", where);
		return NULL;
	}
	snprintf(host, sizeof(host), "%.*s", (int)(colon - where), where);
	if (host[0] == '[' && host[strlen(host) - 1] == ']') {
		host[strlen(host) - 1] = '\0';
		memmove(host, host + 1, strlen(host));
	}
	err = getaddrinfo(host, colon + 1, &hints, &list);
	if (!err)
		return list;
	check_say(LEVEL_UNKNOWN, "%s: %s", where, gai_strerror(err));
	return NULL;
}

/* 0 or a negative errno */
static int wait_for(int fd, int seconds)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int err = 0;
	socklen_t len = sizeof(err);

	switch (poll(&p, 1, seconds * 1000)) {
	case -1:
		return -errno;
	case 0:
		return -ETIMEDOUT;
	}
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) ? -errno : -err;
}

static int connect_within(int fd, const struct addrinfo *to, int seconds)
{
	if (!connect(fd, to->ai_addr, to->ai_addrlen))
		return 0;
	return errno == EINPROGRESS ? wait_for(fd, seconds) : -errno;
}

/* What is usual here does not count: it is asked whether there could be a session. */
static int open_socket(void)
{
	int value = RSESS_NEGOTIATE_AUTO;
	int fd = socket(module_family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			IPPROTO_TCP);

	if (fd >= 0)
		setsockopt(fd, SOL_RSESS, RSESS_NEGOTIATE, &value, sizeof(value));
	return fd;
}

static void judge(int fd, const char *where)
{
	struct rsess_info info = {};
	socklen_t len = sizeof(info);

	if (getsockopt(fd, SOL_RSESS, RSESS_INFO, &info, &len))
		check_say(LEVEL_UNKNOWN, "%s: RSESS_INFO: %s", where, strerror(errno));
	else if (info.plain)
		check_say(LEVEL_WARNING, "%s: no session, plain TCP (%s): %s", where,
			  reason_name(info.reason), reason_text(info.reason));
	else
		check_say(LEVEL_OK, "%s: there is a session", where);
}

/* 0, or a negative errno; what there is to say has been said if it is 0. */
static int try_address(const struct addrinfo *to, const char *where, int seconds)
{
	int fd = open_socket(), err;

	if (fd < 0) {
		check_say(LEVEL_CRITICAL, "no socket of AF_RSESS: %s",
			  strerror(errno));
		return 0;
	}
	err = connect_within(fd, to, seconds);
	if (!err)
		judge(fd, where);
	close(fd);
	return err;
}

/* As with clients, the first address that can be reached is what counts. */
static void try_all(const struct addrinfo *list, const char *where, int seconds)
{
	char why[512], host[NI_MAXHOST];
	size_t len = 0;
	int err;

	for (; list; list = list->ai_next) {
		err = try_address(list, where, seconds);
		if (!err)
			return;
		if (getnameinfo(list->ai_addr, list->ai_addrlen, host, sizeof(host),
				NULL, 0, NI_NUMERICHOST))
			strcpy(host, "?");
		if (len < sizeof(why))
			len += snprintf(why + len, sizeof(why) - len, "%s%s (%s)",
					len ? ", " : "", strerror(-err), host);
	}
	check_say(LEVEL_CRITICAL, "%s: %s", where, why);
}

/**
 * check_peer() - connect to it, and end at once
 * @where: HOST:PORT
 * @seconds: that each of its addresses may take
 */
void check_peer(const char *where, int seconds)
{
	struct addrinfo *list = resolve(where);

	if (!list)
		return;
	try_all(list, where, seconds);
	freeaddrinfo(list);
}
