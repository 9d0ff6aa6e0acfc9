// SPDX-License-Identifier: GPL-2.0
/*
 * Two ends of a stream; see line.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "line.h"

#define RELAY_PORT	(PORT + 1)

/**
 * kind_socket() - a socket
 * @kind: of this kind
 * @flags: SOCK_NONBLOCK or 0
 *
 * A TCP socket has its family from the beginning. One of AF_RSESS is told.
 *
 * Return: a descriptor or a negative errno.
 */
int kind_socket(const struct kind *kind, int flags)
{
	int fd = new_socket_of(kind->domain, kind->protocol, flags);

	if (fd < 0)
		return -errno;
	if (kind->domain == AF_RSESS)
		set_int(fd, SOL_RSESS, RSESS_FAMILY, kind->family);
	return fd;
}

/**
 * line_init() - a namespace with a listener, and what tears the transports
 * @l: the line
 * @kind: what it is made of
 *
 * Return: 0 or a negative errno.
 */
int line_init(struct line *l, const struct kind *kind)
{
	int ret = netns_new();

	*l = (struct line){
		.kind = kind, .port = PORT, .lfd = -1, .c = -1, .s = -1,
	};
	if (!ret && is_rsess(kind))
		/* A relay that serves many may not be run for as long as the default. */
		ret = negotiate_set(kind->policy) ?:
		      sysctl_set("rsess/handshake_timeout_ms",
				 (kind->every ? 60000 : 10000) * slowness());
	if (!ret && kind->every) {
		l->port = RELAY_PORT;
		ret = relay_start(&l->relay, kind->family, kind->protocol,
				  RELAY_PORT, PORT, kind->every);
	}
	if (ret)
		return ret;
	l->lfd = new_listener_of(kind->domain, kind->protocol, kind->family);
	return l->lfd < 0 ? l->lfd : 0;
}

/* connect() of the line, to the relay if there is one. */
int line_dial(struct line *l, int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, l->kind->family, l->port);

	return connect(fd, (struct sockaddr *)&ss, len);
}

/* A socket that has connected. */
int line_connect(struct line *l)
{
	int fd = kind_socket(l->kind, 0);

	if (fd < 0)
		return fd;
	if (!line_dial(l, fd))
		return fd;
	say("connect: %s", strerror(errno));
	close(fd);
	return -ECONNREFUSED;
}

/* Its other end. */
int line_accept(struct line *l)
{
	int ret = wait_for(l->lfd, POLLIN);

	if (ret < 0)
		return ret;
	ret = accept4(l->lfd, NULL, NULL, SOCK_CLOEXEC);
	if (ret >= 0)
		return ret;
	say("accept: %s", strerror(errno));
	return -errno;
}

/**
 * line_open() - both ends
 * @l: line without ends
 *
 * Return: 0 or a negative errno.
 */
int line_open(struct line *l)
{
	l->c = line_connect(l);
	if (l->c < 0)
		return l->c;
	l->s = line_accept(l);
	return l->s < 0 ? l->s : 0;
}

static int line_info(int fd, struct rsess_info *info)
{
	socklen_t len = sizeof(*info);

	return getsockopt(fd, SOL_RSESS, RSESS_INFO, info, &len);
}

/* Has an end resumed since @info?  Then so has the other one. */
static bool line_resumed(int fd, const struct rsess_info *before)
{
	struct rsess_info info;

	return line_info(fd, &info) ||
	       (info.link == RSESS_LINK_LIVE &&
		info.resumes != before->resumes);
}

/* Waits until each of @n ends has gone on over another transport. */
static int line_resume(const int *fds, const struct rsess_info *before, int n)
{
	int64_t end = now_ms() + WAIT_MS;
	int i;

	for (i = 0; i < n; i++) {
		while (!line_resumed(fds[i], &before[i])) {
			if (now_ms() > end) {
				say("no other transport for fd %d", fds[i]);
				return -ETIMEDOUT;
			}
			usleep(1000);
		}
	}
	return 0;
}

/**
 * line_reset_all() - reset the transports of many ends now
 * @l: the line
 * @fds: ends of different streams
 * @n: how many
 *
 * Nothing happens on a line whose transports are not to be reset.
 *
 * Return: 0 when all goes on over other transports, or a negative errno.
 */
int line_reset_all(struct line *l, const int *fds, int n)
{
	struct rsess_info *before;
	int i, ret;

	if (!l->kind->every)
		return 0;
	before = calloc(n + 1, sizeof(*before));
	if (!before)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		line_info(fds[i], &before[i]);
	ret = relay_reset(&l->relay) ?: line_resume(fds, before, n);
	free(before);
	return ret;
}

/* The same for the line's own ends. */
int line_reset(struct line *l)
{
	int fd = l->c >= 0 ? l->c : l->s;

	return line_reset_all(l, &fd, fd >= 0);
}

/* An end that has moved more than one transport carries has lost one. */
int line_check(struct line *l, int fd)
{
	struct rsess_info info;

	if (!l->kind->every || fd < 0 || line_info(fd, &info))
		return 0;
	if (info.write_seq + info.rcv_nxt < l->kind->every || info.lost)
		return 0;
	say("%llu bytes without a reset", (unsigned long long)
	    (info.write_seq + info.rcv_nxt));
	return -ENOMSG;
}

/**
 * line_end() - close all, and look whether there were resets
 * @l: the line
 *
 * Return: 0, or a negative errno if the transports should have been reset, but
 * were not.
 */
int line_end(struct line *l)
{
	int ret = 0;

	if (l->kind->every) {
		ret = line_check(l, l->c) ?: line_check(l, l->s);
		if (!ret)
			ret = relay_stop(&l->relay);
		if (!ret && l->relay.resets && !stat_get("TransportsLost")) {
			say("%llu resets that nobody has noticed",
			    (unsigned long long)l->relay.resets);
			ret = -ENOMSG;
		}
	}
	line_close(&l->c);
	line_close(&l->s);
	line_close(&l->lfd);
	return ret;
}

/* Does the module make its sockets, by either door? */
bool is_rsess(const struct kind *kind)
{
	return kind->domain == AF_RSESS || kind->protocol == IPPROTO_RSESS;
}

/* Or is it a plain socket, perhaps one that has fallen back? */
bool has_session(const struct kind *kind)
{
	return is_rsess(kind) && kind->policy != RSESS_NEGOTIATE_OFF;
}

/**
 * line_small() - have buffers that are soon full
 * @l: line with both ends, over which nothing has gone yet
 *
 * AF_RSESS takes back no credit that it has given: it is opened anew. TCP on
 * loopback sends pieces of 64 KiB, and waits long for the room of one.
 *
 * Return: 0 or a negative errno.
 */
int line_small(struct line *l)
{
	if (!has_session(l->kind))
		return set_int(l->c, SOL_SOCKET, SO_SNDBUF, 30000) ?:
		       set_int(l->s, SOL_SOCKET, SO_RCVBUF, 80000);
	line_close(&l->c);
	line_close(&l->s);
	return set_int(l->lfd, SOL_SOCKET, SO_RCVBUF, 10000) ?: line_open(l) ?:
	       set_int(l->c, SOL_SOCKET, SO_SNDBUF, 10000);
}

/* Can the peer take more, before it reads? */
static bool line_has_credit(int fd, struct rsess_info *info)
{
	return !line_info(fd, info) && info->snd_una < info->snd_limit;
}

/* More than any buffers hold. */
#define FILL_MAX	(256 << 20)

/**
 * line_fill() - write until both ends are full
 * @l: the line; what l->c writes begins at offset 0
 *
 * Return: how many bytes went in, or a negative errno.
 */
ssize_t line_fill(struct line *l)
{
	int64_t end = now_ms() + WAIT_MS;
	struct rsess_info i = {};
	ssize_t sum = 0, n;

	do {
		n = fill_both(l->c, sum);
		if (n < 0)
			return n;
		sum += n;
		if (n && sum < FILL_MAX)
			end = now_ms() + WAIT_MS;
		if (now_ms() > end) {
			say("never full: snd_una %llu, snd_nxt %llu, limit %llu, of %llu",
			    i.snd_una, i.snd_nxt, i.snd_limit, i.write_seq);
			return -ETIMEDOUT;
		}
	} while (line_has_credit(l->c, &i));
	return sum;
}

/**
 * line_full() - write until not one byte more goes in
 * @l: the line
 * @sent: how many went in before, and then
 * @flags: of send()
 *
 * After line_fill() the first byte may still find room: TCP probes a closed window
 * with bytes that the peer keeps.
 *
 * Return: the errno of send().
 */
int line_full(struct line *l, ssize_t *sent, int flags)
{
	unsigned char c;
	int i;

	for (i = 0; i < 100000; i++) {
		pattern_fill(*sent, &c, 1);
		if (send(l->c, &c, 1, flags) != 1)
			return errno;
		(*sent)++;
	}
	say("never full");
	return 0;
}

/* More than fits through a transport, both ways. */
int line_talk(struct line *l)
{
	return write_all(l->c, 0, SOME) ?: read_all(l->s, 0, SOME) ?:
	       write_all(l->s, 0, SOME) ?: read_all(l->c, 0, SOME);
}

int line_close(int *fd)
{
	int ret = *fd >= 0 ? close(*fd) : 0;

	*fd = -1;
	return ret;
}

/* close() that resets. */
int line_cut(int *fd)
{
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };

	if (setsockopt(*fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)))
		return -errno;
	return line_close(fd);
}

int set_nonblock(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	return fcntl(fd, F_SETFL,
		     on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

int set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

/* The value of an option, or -1000 - errno. */
int get_int(int fd, int level, int name)
{
	socklen_t len = sizeof(int);
	int value = 0;

	return getsockopt(fd, level, name, &value, &len) ? -1000 - errno :
							   value;
}
