// SPDX-License-Identifier: GPL-2.0
/*
 * A session within one process; see stage.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stage.h"

void stage_init(struct stage *s, int lfd)
{
	*s = (struct stage){
		.lfd = lfd, .fd = -1, .peer = -1, .aux = { -1, -1 },
	};
}

int stage_close(int *fd)
{
	int ret = *fd >= 0 ? close(*fd) : 0;

	*fd = -1;
	return ret;
}

void stage_free(struct stage *s)
{
	stage_close(&s->fd);
	stage_close(&s->peer);
	stage_close(&s->aux[0]);
	stage_close(&s->aux[1]);
}

int stage_socket(struct stage *s)
{
	s->fd = new_socket(AF_RSESS, 0);
	return s->fd < 0 ? -errno : 0;
}

int stage_nonblocking(struct stage *s)
{
	s->fd = new_socket(AF_RSESS, SOCK_NONBLOCK);
	return s->fd < 0 ? -errno : 0;
}

/* A session that waits for accept(). */
int stage_client(struct stage *s)
{
	int ret = stage_socket(s);

	if (ret)
		return ret;
	if (!dial(s->fd, AF_INET))
		return 0;
	say("connect: %s", strerror(errno));
	return -errno;
}

int stage_accept(struct stage *s)
{
	int ret = wait_for(s->lfd, POLLIN);

	if (ret < 0)
		return ret;
	s->peer = accept4(s->lfd, NULL, NULL, SOCK_CLOEXEC);
	if (s->peer >= 0)
		return 0;
	say("accept: %s", strerror(errno));
	return -errno;
}

int stage_session(struct stage *s)
{
	return stage_client(s) ?: stage_accept(s);
}

/* The client's end ends in order, and with all that it has accepted. */
int stage_end(struct stage *s)
{
	int ret = read_all(s->peer, 0, s->out) ?: read_eof(s->peer);

	stage_close(&s->peer);
	return ret ?: stage_close(&s->fd);
}

/* Bytes still go both ways, behind those that are there. */
int stage_talk(struct stage *s)
{
	int ret;

	if (s->queued > s->in) {
		ret = read_all(s->fd, s->in, s->queued - s->in);
		if (ret)
			return ret;
	}
	ret = write_all(s->peer, s->queued, 1000) ?:
	      read_all(s->fd, s->queued, 1000) ?:
	      write_all(s->fd, s->out, 1000);
	if (ret)
		return ret;
	s->out += 1000;
	if (shutdown(s->fd, SHUT_WR))
		return -errno;
	return stage_end(s);
}
