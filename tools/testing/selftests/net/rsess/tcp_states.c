// SPDX-License-Identifier: GPL-2.0
/*
 * An AF_RSESS socket behaves as a TCP socket: each call in each state gives what
 * TCP gives, the right states and the wrong ones.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include "harness.h"
#include "compare.h"
#include "places.h"

/*
 * Calls: each gets the line, and a buffer for what the call writes, of which it
 * says the length.
 */
#define BUF	64

struct called {
	unsigned char buf[BUF];
	size_t len;
};

static long call_bind(struct line *l, struct called *c)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, l->kind->family, PORT + 9);

	(void)c;
	return bind(l->c, (struct sockaddr *)&ss, len);
}

static long call_bind_short(struct line *l, struct called *c)
{
	struct sockaddr_storage ss;

	(void)c;
	loopback(&ss, l->kind->family, PORT + 9);
	return bind(l->c, (struct sockaddr *)&ss, 4);
}

static long call_connect(struct line *l, struct called *c)
{
	(void)c;
	return line_dial(l, l->c);
}

static long call_connect_short(struct line *l, struct called *c)
{
	struct sockaddr_storage ss;

	(void)c;
	loopback(&ss, l->kind->family, l->port);
	return connect(l->c, (struct sockaddr *)&ss, 8);
}

static long call_connect_unix(struct line *l, struct called *c)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNIX };

	(void)c;
	return connect(l->c, (struct sockaddr *)&ss, sizeof(ss));
}

static long call_connect_unspec(struct line *l, struct called *c)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };

	(void)c;
	return connect(l->c, (struct sockaddr *)&ss, sizeof(ss));
}

static long call_listen(struct line *l, struct called *c)
{
	(void)c;
	return listen(l->c, 3);
}

static long call_accept(struct line *l, struct called *c)
{
	(void)c;
	set_nonblock(l->c, true);
	return accept(l->c, NULL, NULL);
}

static long call_accept_flags(struct line *l, struct called *c)
{
	(void)c;
	return accept4(l->c, NULL, NULL, 0x40000000);
}

/* Ports that the kernel chose, or the relay has, are not compared. */
static void name_of(struct called *c, struct sockaddr_storage *ss,
		    socklen_t len)
{
	struct sockaddr_in6 *s6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *s4 = (struct sockaddr_in *)ss;

	if (ss->ss_family == AF_INET6)
		s6->sin6_port = !!s6->sin6_port;
	else
		s4->sin_port = !!s4->sin_port;
	c->len = len;
	memcpy(c->buf, ss, len < BUF ? len : BUF);
}

static long call_getsockname(struct line *l, struct called *c)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof(ss);
	long ret = getsockname(l->c, (struct sockaddr *)&ss, &len);

	if (!ret)
		name_of(c, &ss, len);
	return ret;
}

static long call_getpeername(struct line *l, struct called *c)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof(ss);
	long ret = getpeername(l->c, (struct sockaddr *)&ss, &len);

	if (!ret)
		name_of(c, &ss, len);
	return ret;
}

static long call_send(struct line *l, struct called *c)
{
	(void)c;
	return send(l->c, "abc", 3, MSG_DONTWAIT);
}

static long call_send_empty(struct line *l, struct called *c)
{
	(void)c;
	return send(l->c, "", 0, MSG_DONTWAIT);
}

static long call_send_bad(struct line *l, struct called *c)
{
	(void)c;
	return send(l->c, (void *)8, 5, MSG_DONTWAIT);
}

static long call_send_oob(struct line *l, struct called *c)
{
	(void)c;
	return send(l->c, "a", 1, MSG_OOB | MSG_DONTWAIT);
}

static long call_sendto(struct line *l, struct called *c)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, l->kind->family, PORT + 9);

	(void)c;
	return sendto(l->c, "abc", 3, MSG_DONTWAIT, (struct sockaddr *)&ss,
		      len);
}

/* Where it connects it is refused. */
static long call_sendto_fastopen(struct line *l, struct called *c)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, l->kind->family, PORT + 9);

	(void)c;
	return sendto(l->c, "abc", 3, MSG_FASTOPEN, (struct sockaddr *)&ss, len);
}

static long call_send_fastopen(struct line *l, struct called *c)
{
	(void)c;
	return send(l->c, "abc", 3, MSG_FASTOPEN);
}

static long receive(struct line *l, struct called *c, size_t len, int flags)
{
	long ret = recv(l->c, c->buf, len, flags | MSG_DONTWAIT);

	c->len = ret > 0 ? ret : 0;
	return ret;
}

static long call_recv(struct line *l, struct called *c)
{
	return receive(l, c, 10, 0);
}

static long call_recv_empty(struct line *l, struct called *c)
{
	return receive(l, c, 0, 0);
}

static long call_recv_peek(struct line *l, struct called *c)
{
	return receive(l, c, 10, MSG_PEEK);
}

static long call_recv_waitall(struct line *l, struct called *c)
{
	return receive(l, c, 10, MSG_WAITALL);
}

static long call_recv_oob(struct line *l, struct called *c)
{
	return receive(l, c, 1, MSG_OOB);
}

static long call_recv_errqueue(struct line *l, struct called *c)
{
	return receive(l, c, 10, MSG_ERRQUEUE);
}

static long call_recv_bad(struct line *l, struct called *c)
{
	(void)c;
	return recv(l->c, (void *)8, 10, MSG_DONTWAIT);
}

static long call_shutdown_read(struct line *l, struct called *c)
{
	(void)c;
	return shutdown(l->c, SHUT_RD);
}

static long call_shutdown_write(struct line *l, struct called *c)
{
	(void)c;
	return shutdown(l->c, SHUT_WR);
}

static long call_shutdown_both(struct line *l, struct called *c)
{
	(void)c;
	return shutdown(l->c, SHUT_RDWR);
}

static long call_shutdown_bad(struct line *l, struct called *c)
{
	(void)c;
	return shutdown(l->c, 3);
}

static long call_shutdown_negative(struct line *l, struct called *c)
{
	(void)c;
	return shutdown(l->c, -1);
}

static long asked_int(struct line *l, struct called *c, int name)
{
	socklen_t len = sizeof(int);

	c->len = len;
	return getsockopt(l->c, SOL_SOCKET, name, c->buf, &len);
}

static long call_error(struct line *l, struct called *c)
{
	return asked_int(l, c, SO_ERROR);
}

static long call_acceptconn(struct line *l, struct called *c)
{
	return asked_int(l, c, SO_ACCEPTCONN);
}

static long call_domain(struct line *l, struct called *c)
{
	return asked_int(l, c, SO_DOMAIN);
}

static long call_protocol(struct line *l, struct called *c)
{
	return asked_int(l, c, SO_PROTOCOL);
}

static long ioctl_int(struct line *l, struct called *c, unsigned long cmd)
{
	int value = -1;
	long ret = ioctl(l->c, cmd, &value);

	c->len = sizeof(value);
	memcpy(c->buf, &value, sizeof(value));
	return ret;
}

static long call_inq(struct line *l, struct called *c)
{
	return ioctl_int(l, c, SIOCINQ);
}

/* What is on its way is confirmed sooner or later. */
static long call_outq(struct line *l, struct called *c)
{
	long ret = ioctl_int(l, c, SIOCOUTQ);
	int i;

	for (i = 0; i < 100 && !ret && memcmp(c->buf, "\0\0\0", 4); i++) {
		usleep(1000);
		ret = ioctl_int(l, c, SIOCOUTQ);
	}
	return ret;
}

static long call_outqnsd(struct line *l, struct called *c)
{
	return ioctl_int(l, c, SIOCOUTQNSD);
}

static long call_atmark(struct line *l, struct called *c)
{
	return ioctl_int(l, c, SIOCATMARK);
}

static long call_ioctl_unknown(struct line *l, struct called *c)
{
	return ioctl_int(l, c, 0x8fff);
}

static long call_ioctl_bad(struct line *l, struct called *c)
{
	(void)c;
	return ioctl(l->c, SIOCINQ, (void *)8);
}

static long call_write_empty(struct line *l, struct called *c)
{
	(void)c;
	return write(l->c, "", 0);
}

static long call_pread(struct line *l, struct called *c)
{
	return pread(l->c, c->buf, 1, 0);
}

static long call_splice_from(struct line *l, struct called *c)
{
	long ret = -1;
	int p[2];

	(void)c;
	if (pipe(p))
		return -2;
	set_nonblock(l->c, true);
	ret = splice(l->c, NULL, p[1], NULL, 10, SPLICE_F_NONBLOCK);
	close(p[0]);
	close(p[1]);
	return ret;
}

static long call_splice_to(struct line *l, struct called *c)
{
	long ret = -1;
	int p[2];

	(void)c;
	if (pipe(p) || write(p[1], "abc", 3) != 3)
		return -2;
	set_nonblock(l->c, true);
	ret = splice(p[0], NULL, l->c, NULL, 3, 0);
	close(p[0]);
	close(p[1]);
	return ret;
}

static long call_sendfile(struct line *l, struct called *c)
{
	int fd = memfd_create("abc", MFD_CLOEXEC);
	off_t off = 0;
	long ret;

	(void)c;
	if (fd < 0 || write(fd, "abc", 3) != 3)
		return -2;
	set_nonblock(l->c, true);
	ret = sendfile(l->c, fd, &off, 3);
	close(fd);
	return ret;
}

#define CALL(n)		{ .name = #n, .call = call_##n }
#define HARMLESS(n)	{ .name = #n, .call = call_##n, .harmless = true }

/**
 * struct call - a call
 * @name: of the call
 * @call: makes it
 * @harmless: it leaves the state as it was, so that others can be made after it.
 *	These stand last.
 */
static const struct call {
	const char *name;
	long (*call)(struct line *l, struct called *c);
	bool harmless;
} calls[] = {
	CALL(bind), CALL(connect), CALL(connect_unspec), CALL(listen),
	CALL(accept), CALL(send), CALL(send_empty), CALL(send_bad),
	CALL(send_oob), CALL(sendto), CALL(sendto_fastopen), CALL(recv),
	CALL(recv_empty), CALL(recv_peek), CALL(recv_waitall), CALL(recv_oob),
	CALL(recv_bad),
	CALL(shutdown_read), CALL(shutdown_write), CALL(shutdown_both),
	CALL(error), CALL(write_empty), CALL(splice_from), CALL(splice_to),
	CALL(sendfile),
	HARMLESS(bind_short), HARMLESS(connect_short), HARMLESS(connect_unix),
	HARMLESS(accept_flags), HARMLESS(send_fastopen), HARMLESS(getsockname),
	HARMLESS(getpeername), HARMLESS(recv_errqueue), HARMLESS(shutdown_bad),
	HARMLESS(shutdown_negative), HARMLESS(acceptconn), HARMLESS(domain),
	HARMLESS(protocol), HARMLESS(inq), HARMLESS(outq), HARMLESS(outqnsd),
	HARMLESS(atmark), HARMLESS(ioctl_unknown), HARMLESS(ioctl_bad),
	HARMLESS(pread),
};

/* What was sent to a peer that has closed comes back as a reset, in a moment. */
static int events_in_the_end(struct line *l, const char *place)
{
	int before, now = events(l->c), i;

	if (strcmp(place, "peer_closed"))
		return now;
	for (i = 0; i < 100; i++) {
		before = now;
		usleep(5000 * slowness());
		now = events(l->c);
		if (now == before)
			break;
	}
	return now;
}

/* A call, and what poll() tells afterwards. */
static void ask_call(struct line *l, struct answers *as, const char *place,
		     const struct call *call)
{
	struct called c = { 0 };
	struct answer *a;
	long ret;

	ret = call->call(l, &c);
	if (ret >= 0 && !strcmp(call->name, "accept")) {
		close(ret);
		ret = 0;
	}
	a = answer(as, ret, "%s %s", place, call->name);
	if (c.len && ret != -1)
		answer_value(a, c.buf, c.len);
	answer(as, events_in_the_end(l, place), "%s %s, poll", place,
	       call->name);
}

static int ask_place(struct line *l, struct answers *as, const void *arg)
{
	const char *place = arg;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		int ret = l->c < 0 ? place_enter(l, place) : 0;

		if (ret)
			return ret;
		ask_call(l, as, place, &calls[i]);
		if (!calls[i].harmless)
			place_leave(l);
	}
	place_leave(l);
	return 0;
}

FIXTURE(state) {
};

KIND_QUIET_SCTP_VARIANTS(state);

FIXTURE_SETUP(state)
{
}

FIXTURE_TEARDOWN(state)
{
}

#define STATE(name)						\
	CASE(state, name)					\
	{							\
		OK(compare(&variant->kind, ask_place, #name));	\
	}

STATE(fresh)
STATE(bound)
STATE(listening)
STATE(connecting)
STATE(refused)
STATE(connected)
STATE(accepted)
STATE(readable)
STATE(peer_shut)
STATE(peer_closed)
STATE(shut_read)
STATE(shut_write)
STATE(shut_both)
STATE(over)
STATE(reset)
STATE(reset_told)
STATE(disconnected)

TEST_HARNESS_MAIN
