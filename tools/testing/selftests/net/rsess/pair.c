// SPDX-License-Identifier: GPL-2.0
/*
 * A session between a socket of the kernel and a scripted peer.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pair.h"

/* Bytes in flight in pair_pump(), at most; less than any buffer holds. */
#define PUMP_CHUNK	16384

/**
 * pair_init() - a session that has not begun
 * @s: the pair
 * @dialer: the kernel's socket is the one that dials
 * @family: AF_INET or AF_INET6
 * @start: offset at which the peer's stream starts
 */
void pair_init(struct pair *s, bool dialer, int family, u64 start)
{
	s->dialer = dialer;
	s->family = family;
	s->fd = -1;
	s->lfd = -1;
	s->in = 0;
	s->out = 0;
	s->shut = false;
	peer_init(&s->p, !dialer, start);
}

void pair_free(struct pair *s)
{
	peer_free(&s->p);
	if (s->fd >= 0)
		close(s->fd);
	if (s->lfd >= 0)
		close(s->lfd);
	s->fd = -1;
	s->lfd = -1;
}

/**
 * pair_beside() - a session that has not begun is to use another one's listener
 * @s: after pair_init()
 * @o: after pair_start() or more
 *
 * Return: 0 or a negative errno.
 */
int pair_beside(struct pair *s, const struct pair *o)
{
	s->p.addr = o->p.addr;
	s->p.addrlen = o->p.addrlen;
	if (s->dialer)
		s->p.lfd = fcntl(o->p.lfd, F_DUPFD_CLOEXEC, 0);
	else
		s->lfd = fcntl(o->lfd, F_DUPFD_CLOEXEC, 0);
	return s->p.lfd < 0 && s->lfd < 0 ? -errno : 0;
}

/* The kernel listens; the peer knows where. */
int pair_listen(struct pair *s)
{
	return pair_listen_at(s, PORT);
}

int pair_listen_at(struct pair *s, int port)
{
	struct peer *p = &s->p;
	int one = 1;

	p->addrlen = loopback(&p->addr, s->family, port);
	s->lfd = socket(AF_RSESS, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			transport);
	if (s->lfd < 0 ||
	    setsockopt(s->lfd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(s->lfd, (struct sockaddr *)&p->addr, p->addrlen) ||
	    listen(s->lfd, 16)) {
		say("%s", strerror(errno));
		return -errno;
	}
	return 0;
}

/* The kernel dials the peer, which listens; connect() does not wait. */
int pair_connect(struct pair *s)
{
	s->fd = socket(AF_RSESS, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       transport);
	if (s->fd >= 0 && connect(s->fd, (struct sockaddr *)&s->p.addr,
				  s->p.addrlen) && errno == EINPROGRESS)
		return 0;
	say("connect: %s", strerror(errno));
	return -errno ?: -EINVAL;
}

/* connect() has succeeded. */
int pair_connected(struct pair *s)
{
	int ret = wait_for(s->fd, POLLOUT);

	if (ret < 0)
		return ret;
	ret = socket_error(s->fd);
	if (ret)
		say("connect: %s", strerror(ret));
	return -ret;
}

/* connect() fails; returns the errno, positive. */
int pair_connect_fails(struct pair *s)
{
	int ret = wait_for(s->fd, POLLOUT);

	return ret < 0 ? ret : socket_error(s->fd);
}

int pair_accept(struct pair *s)
{
	int ret = wait_for(s->lfd, POLLIN);

	if (ret < 0)
		return ret;
	s->fd = accept4(s->lfd, NULL, NULL, SOCK_CLOEXEC);
	if (s->fd < 0) {
		say("accept: %s", strerror(errno));
		return -errno;
	}
	return 0;
}

/* No session waits for accept(). */
int pair_accept_nothing(struct pair *s)
{
	int fd = accept4(s->lfd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0 && errno == EAGAIN)
		return 0;
	say("accept() gave a socket that nobody asked for");
	if (fd >= 0)
		close(fd);
	return -EINVAL;
}

/* One side listens; when the kernel is the dialer, it dials. */
int pair_start(struct pair *s)
{
	if (!s->dialer)
		return pair_listen(s);
	return peer_listen(&s->p, s->family, PORT) ?: pair_connect(s);
}

/* A session agreed on both sides. */
int pair_open(struct pair *s)
{
	int ret = pair_start(s);

	if (ret)
		return ret;
	if (s->dialer)
		return peer_welcome(&s->p) ?: pair_connected(s);
	return peer_hello(&s->p) ?: pair_accept(s);
}

static bool pair_is_lost(void *arg)
{
	struct rsess_info info;

	return pair_info(arg, &info) || info.link != RSESS_LINK_LIVE;
}

/* The kernel has noticed that the transport is gone. */
int pair_lost(struct pair *s)
{
	return wait_until(pair_is_lost, s);
}

/* A new transport, after the old one was lost. */
int pair_again(struct pair *s)
{
	return s->dialer ? peer_resumed(&s->p) : peer_resume(&s->p);
}

int pair_write(struct pair *s, size_t len)
{
	int ret = write_all(s->fd, s->out, len);

	if (!ret)
		s->out += len;
	return ret;
}

int pair_read(struct pair *s, size_t len)
{
	int ret = read_all(s->fd, s->in, len);

	if (!ret)
		s->in += len;
	return ret;
}

/* As much as the application can write now, at most @len. */
static ssize_t pump_write(struct pair *s, size_t len)
{
	unsigned char buf[PUMP_CHUNK];
	ssize_t ret;

	if (len > sizeof(buf))
		len = sizeof(buf);
	pattern_fill(s->out, buf, len);
	ret = send(s->fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (ret < 0)
		return errno == EAGAIN ? 0 : -errno;
	s->out += ret;
	return ret;
}

/* As much as the application can read now. */
static ssize_t pump_read(struct pair *s)
{
	unsigned char buf[PUMP_CHUNK];
	ssize_t ret = recv(s->fd, buf, sizeof(buf), MSG_DONTWAIT);

	if (ret < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (!ret)
		return -ENODATA;
	if (pattern_check(s->in, buf, ret))
		return -EBADMSG;
	s->in += ret;
	return ret;
}

/**
 * pair_pump() - move bytes in both directions at once
 * @s: a session with a transport
 * @out: bytes that the application writes and the peer takes
 * @in: bytes that the peer sends and the application reads
 *
 * Return: 0 or a negative errno.
 */
int pair_pump(struct pair *s, size_t out, size_t in)
{
	struct peer *p = &s->p;
	u64 take = p->rcv_nxt + out;
	u64 acked = p->rcv_nxt;
	u64 want = s->in + in;

	p->write_seq += in;
	while (s->in < want || p->rcv_nxt != take || out) {
		struct pollfd pfd[] = {
			{ .fd = s->fd, .events = POLLIN },
			{ .fd = p->fd, .events = POLLIN },
		};
		ssize_t ret;

		if (out)
			pfd[0].events |= POLLOUT;
		if (poll(pfd, 2, WAIT_MS) <= 0) {
			say("stuck: %zu to write, %llu to take, %llu to read",
			    out, (unsigned long long)(take - p->rcv_nxt),
			    (unsigned long long)(want - s->in));
			return -ETIMEDOUT;
		}
		if (pfd[1].revents) {
			ret = peer_read(p);
			if (ret < 0)
				return ret;
		}
		ret = peer_push(p);
		if (!ret && p->rcv_nxt - acked >= PUMP_CHUNK) {
			acked = p->rcv_nxt;
			ret = peer_send_ack(p);
		}
		if (ret)
			return ret;
		if (pfd[0].revents & POLLIN && s->in < want) {
			ret = pump_read(s);
			if (ret < 0)
				return ret;
		}
		if (pfd[0].revents & POLLOUT && out) {
			ret = pump_write(s, out);
			if (ret < 0)
				return ret;
			out -= ret;
		}
	}
	return peer_send_ack(p);
}

/* The application ends its direction. */
int pair_shutdown(struct pair *s)
{
	if (!shutdown(s->fd, SHUT_WR)) {
		s->shut = true;
		return 0;
	}
	say("%s", strerror(errno));
	return -errno;
}

/**
 * pair_end() - the session ends in order
 * @s: a session with a transport; what was written on either side may still be
 *	on its way
 *
 * Both sides send FIN if they have not yet.  All that was written since the
 * session began has come once and in order, or this fails.
 *
 * Return: 0 or a negative errno.
 */
int pair_end(struct pair *s)
{
	struct peer *p = &s->p;
	int ret = 0;

	if (!s->shut)
		ret = pair_shutdown(s);
	if (!ret && !p->fin_sent)
		ret = peer_send_fin(p);
	if (!ret && !p->fin_seen)
		ret = peer_take(p, s->out - (p->rcv_nxt - p->rcv_start)) ?:
		      peer_expect(p, RSESS_FIN);
	if (ret)
		return ret;
	ret = peer_send_ack(p) ?:
	      pair_read(s, p->write_seq - p->snd_start - s->in) ?:
	      read_eof(s->fd) ?: peer_take_ack(p, p->snd_max);
	if (ret)
		return ret;
	/* SCTP ends both directions at once, and the acceptor does it. */
	if (transport == IPPROTO_SCTP && s->dialer)
		shutdown(p->fd, SHUT_WR);
	ret = peer_gone(p);
	if (ret)
		say("the transport does not end in order: %d", ret);
	close(s->fd);
	s->fd = -1;
	return ret;
}

/* The session still works: some more in both directions, and the end. */
int pair_finish(struct pair *s)
{
	return pair_write(s, 1000) ?: peer_send_data(&s->p, 1000) ?:
				      pair_end(s);
}

/* The session fails; returns the errno that the application sees, positive. */
int pair_fails(struct pair *s)
{
	char c;
	int ret;

	ret = wait_for(s->fd, POLLIN);
	if (ret < 0)
		return ret;
	ret = recv(s->fd, &c, 1, MSG_DONTWAIT);
	return ret < 0 ? errno : 0;
}

int pair_info(struct pair *s, struct rsess_info *info)
{
	socklen_t len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	if (getsockopt(s->fd, SOL_RSESS, RSESS_INFO, info, &len)) {
		say("%s", strerror(errno));
		return -errno;
	}
	return 0;
}

/* How long a session lives without a transport. */
int pair_timeout(int fd, unsigned int ms)
{
	__u32 value = ms;

	if (setsockopt(fd, SOL_RSESS, RSESS_TIMEOUT, &value, sizeof(value))) {
		say("%s", strerror(errno));
		return -errno;
	}
	return 0;
}

/* Ends in order, but for the last word of the peer, which may come to ask. */
int pair_end_unheard(struct pair *s)
{
	int ret = pair_shutdown(s) ?: peer_expect(&s->p, RSESS_FIN) ?:
		  peer_send_fin(&s->p) ?:
		  peer_take_ack(&s->p, s->p.snd_max);

	peer_reset(&s->p);
	pair_free(s);
	return ret;
}
