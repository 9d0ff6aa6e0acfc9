// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that a system call cannot have: its first allocation fails, then its
 * second, and so on until it has no more.  It succeeds or gives an errno, and
 * afterwards the socket is as good as before: what was accepted arrives, and no
 * more.
 *
 * Needs a kernel with CONFIG_FAILSLAB and CONFIG_FAIL_PAGE_ALLOC.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "fault_harness.h"
#include "stage.h"

/* More allocations than any call has. */
#define MANY		2000

static char buffer[1 << 20];

/* --- what calls need ------------------------------------------------------ */

static int prepare_nothing(struct stage *s)
{
	(void)s;
	return 0;
}

/* The server has written, and all of it has come. */
static int prepare_input(struct stage *s)
{
	int ret = stage_session(s);

	s->queued = 600000;
	return ret ?: write_all(s->peer, 0, s->queued) ?:
	       wait_readable(s->fd, s->queued);
}

/* The client has written. */
static int prepare_output(struct stage *s)
{
	int ret = stage_session(s);

	s->out = 100000;
	return ret ?: write_all(s->fd, 0, s->out);
}

/* A peer that does not hear of the end waits for its timeout. */
static int prepare_cut(struct stage *s)
{
	__u32 ms = 1000;
	int ret = prepare_output(s);

	if (ret)
		return ret;
	return setsockopt(s->peer, SOL_RSESS, RSESS_TIMEOUT, &ms, sizeof(ms)) ?
	       -errno : 0;
}

static int prepare_pipe(struct stage *s)
{
	return pipe2(s->aux, O_CLOEXEC) ? -errno : 0;
}

static int prepare_file(struct stage *s)
{
	int ret = stage_session(s);

	if (ret)
		return ret;
	s->aux[0] = memfd_create("stream", MFD_CLOEXEC);
	pattern_fill(0, buffer, 65536);
	if (s->aux[0] < 0 || pwrite(s->aux[0], buffer, 65536, 0) != 65536)
		return -errno;
	return 0;
}

static int prepare_full_pipe(struct stage *s)
{
	int ret = stage_session(s) ?: prepare_pipe(s);

	if (ret)
		return ret;
	pattern_fill(0, buffer, 32768);
	return write(s->aux[1], buffer, 32768) == 32768 ? 0 : -errno;
}

static int prepare_empty_pipe(struct stage *s)
{
	return prepare_input(s) ?: prepare_pipe(s);
}

static int finish_talk(struct stage *s, long ret)
{
	(void)ret;
	return stage_talk(s);
}

/* --- calls ---------------------------------------------------------------- */

static long call_socket(struct stage *s)
{
	s->fd = socket(AF_RSESS, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	return s->fd;
}

static int finish_nothing(struct stage *s, long ret)
{
	(void)s;
	(void)ret;
	return 0;
}

static long call_bind(struct stage *s)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, AF_INET, PORT + 1);

	return bind(s->fd, (struct sockaddr *)&ss, len);
}

static long call_listen(struct stage *s)
{
	return listen(s->fd, 4);
}

static int finish_bind(struct stage *s, long ret)
{
	if ((ret < 0 && call_bind(s)) || call_listen(s)) {
		say("%s", strerror(errno));
		return -errno;
	}
	return 0;
}

static int prepare_bound(struct stage *s)
{
	int ret = stage_socket(s);

	return ret ?: call_bind(s) ? -errno : 0;
}

static int finish_listen(struct stage *s, long ret)
{
	if (ret < 0 && call_listen(s)) {
		say("%s", strerror(errno));
		return -errno;
	}
	return 0;
}

static long call_connect(struct stage *s)
{
	return dial(s->fd, AF_INET);
}

static int finish_connect(struct stage *s, long ret)
{
	if (ret < 0 && call_connect(s)) {
		say("%s", strerror(errno));
		return -errno;
	}
	return stage_accept(s) ?: stage_talk(s);
}

static long call_connect_nonblocking(struct stage *s)
{
	long ret = dial(s->fd, AF_INET);

	return ret && errno == EINPROGRESS ? 0 : ret;
}

static int finish_connect_nonblocking(struct stage *s, long ret)
{
	int events;

	if (ret < 0 && call_connect_nonblocking(s))
		return -errno;
	events = wait_for(s->fd, POLLOUT);
	if (events < 0)
		return events;
	return -socket_error(s->fd) ?: stage_accept(s) ?: stage_talk(s);
}

static long call_disconnect(struct stage *s)
{
	struct sockaddr sa = { .sa_family = AF_UNSPEC };

	return connect(s->fd, &sa, sizeof(sa));
}

/* The same socket again; what was before is cut. */
static int finish_disconnect(struct stage *s, long ret)
{
	stage_close(&s->peer);
	s->out = 0;
	return finish_connect(s, ret ?: call_connect(s));
}

static long call_accept(struct stage *s)
{
	s->peer = accept4(s->lfd, NULL, NULL, SOCK_CLOEXEC);
	return s->peer;
}

static int finish_accept(struct stage *s, long ret)
{
	return (ret < 0 ? stage_accept(s) : 0) ?: stage_talk(s);
}

static long call_send(struct stage *s, size_t len, int flags)
{
	return send(s->fd, buffer, len, flags | MSG_NOSIGNAL);
}

static int prepare_send(struct stage *s)
{
	pattern_fill(0, buffer, sizeof(buffer));
	return stage_session(s);
}

static long call_send_1(struct stage *s)
{
	return call_send(s, 1, 0);
}

static long call_send_64k(struct stage *s)
{
	return call_send(s, 65536, 0);
}

static long call_send_1m(struct stage *s)
{
	return call_send(s, sizeof(buffer), 0);
}

static long call_send_nonblocking(struct stage *s)
{
	return call_send(s, 65536, MSG_DONTWAIT);
}

/* What the call said that it has taken is what arrives. */
static int finish_send(struct stage *s, long ret)
{
	if (ret > 0)
		s->out += ret;
	return stage_talk(s);
}

static long call_sendfile(struct stage *s)
{
	off_t off = 0;

	return sendfile(s->fd, s->aux[0], &off, 65536);
}

static long call_splice_in(struct stage *s)
{
	return splice(s->aux[0], NULL, s->fd, NULL, 32768, 0);
}

static long call_recv(struct stage *s)
{
	return recv(s->fd, buffer, 500000, MSG_WAITALL);
}

static int prepare_recv(struct stage *s)
{
	memset(buffer, 0, sizeof(buffer));
	return prepare_input(s);
}

static int finish_recv(struct stage *s, long ret)
{
	if (ret > 0)
		s->in = ret;
	return pattern_check(0, buffer, s->in) ?: stage_talk(s);
}

static long call_splice_out(struct stage *s)
{
	return splice(s->fd, NULL, s->aux[1], NULL, 32768, 0);
}

static int finish_splice_out(struct stage *s, long ret)
{
	if (ret > 0 && read(s->aux[0], buffer, ret) != ret)
		return -EIO;
	return finish_recv(s, ret);
}

static long call_poll(struct stage *s)
{
	struct pollfd pfd[] = {
		{ .fd = s->fd, .events = POLLIN },
		{ .fd = s->peer, .events = POLLIN },
	};

	return poll(pfd, 2, 1);
}

static long call_ioctl(struct stage *s)
{
	int n;

	return ioctl(s->fd, SIOCINQ, &n) ?: ioctl(s->fd, SIOCOUTQ, &n);
}

static long call_setsockopt(struct stage *s)
{
	__u32 ms = 60000;

	return setsockopt(s->fd, SOL_RSESS, RSESS_TIMEOUT, &ms, sizeof(ms));
}

static long call_setsockopt_socket(struct stage *s)
{
	struct sock_filter all = { .code = BPF_RET | BPF_K, .k = ~0u };
	struct sock_fprog prog = { .len = 1, .filter = &all };

	return setsockopt(s->fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
			  sizeof(prog));
}

static long call_getsockopt(struct stage *s)
{
	struct rsess_info info;
	socklen_t len = sizeof(info);

	return getsockopt(s->fd, SOL_RSESS, RSESS_INFO, &info, &len);
}

static long call_getsockopt_socket(struct stage *s)
{
	socklen_t len = sizeof(int);
	int n;

	return getsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &n, &len);
}

static long call_shutdown(struct stage *s)
{
	return shutdown(s->fd, SHUT_WR);
}

/* FIN comes behind the bytes; the other direction still works. */
static int finish_shutdown(struct stage *s, long ret)
{
	(void)ret;
	return read_all(s->peer, 0, s->out) ?: read_eof(s->peer) ?:
	       write_all(s->peer, 0, 1000) ?: read_all(s->fd, 0, 1000);
}

static long call_close(struct stage *s)
{
	return stage_close(&s->fd);
}

static int finish_close(struct stage *s, long ret)
{
	(void)ret;
	return stage_end(s);
}

/* SO_LINGER {1, 0}: close() drops everything. */
static int prepare_fence(struct stage *s)
{
	struct linger now = { .l_onoff = 1 };
	int ret = prepare_cut(s);

	if (ret)
		return ret;
	return setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)) ?
	       -errno : 0;
}

static int finish_fence(struct stage *s, long ret)
{
	(void)ret;
	do {
		ret = recv(s->peer, buffer, sizeof(buffer), 0);
	} while (ret > 0);
	if (ret < 0 && (errno == ECONNRESET || errno == ETIMEDOUT))
		return 0;
	say("%s", ret ? strerror(errno) : "an end in order");
	return -EINVAL;
}

/**
 * struct call - a system call
 * @prepare: what it needs
 * @make: the call alone
 * @finish: what must be true when it has returned @ret, which is what the call
 *	returns
 * @must: some of its allocations can fail
 * @errors: what it may fail with, besides ENOMEM and ENOBUFS
 */
struct call {
	int (*prepare)(struct stage *s);
	long (*make)(struct stage *s);
	int (*finish)(struct stage *s, long ret);
	bool must;
	int errors[2];
};

FIXTURE(calls) {
	int lfd;
};

FIXTURE_VARIANT(calls) {
	struct call call;
};

FIXTURE_VARIANT_ADD(calls, socket) {
	{ prepare_nothing, call_socket, finish_nothing, true, { ENFILE } },
};

/* TCP too takes a port for which it has no memory for one in use. */
FIXTURE_VARIANT_ADD(calls, bind) {
	{ stage_socket, call_bind, finish_bind, true, { EADDRINUSE } },
};

FIXTURE_VARIANT_ADD(calls, listen) {
	{ prepare_bound, call_listen, finish_listen, true, { EADDRINUSE } },
};

FIXTURE_VARIANT_ADD(calls, connect) {
	{ stage_socket, call_connect, finish_connect, true, { 0 } },
};

FIXTURE_VARIANT_ADD(calls, connect_nonblocking) {
	{ stage_nonblocking, call_connect_nonblocking,
	  finish_connect_nonblocking, true, { 0 } },
};

FIXTURE_VARIANT_ADD(calls, disconnect) {
	{ prepare_cut, call_disconnect, finish_disconnect, true, { 0 } },
};

FIXTURE_VARIANT_ADD(calls, accept) {
	{ stage_client, call_accept, finish_accept, true, { ENFILE } },
};

FIXTURE_VARIANT_ADD(calls, send_1) {
	{ prepare_send, call_send_1, finish_send, true, { 0 } },
};

FIXTURE_VARIANT_ADD(calls, send_64k) {
	{ prepare_send, call_send_64k, finish_send, true, { 0 } },
};

FIXTURE_VARIANT_ADD(calls, send_1m) {
	{ prepare_send, call_send_1m, finish_send, true, { 0 } },
};

FIXTURE_VARIANT_ADD(calls, send_nonblocking) {
	{ prepare_send, call_send_nonblocking, finish_send, true, { EAGAIN } },
};

FIXTURE_VARIANT_ADD(calls, sendfile) {
	{ prepare_file, call_sendfile, finish_send, true, { 0 } },
};

FIXTURE_VARIANT_ADD(calls, splice_in) {
	{ prepare_full_pipe, call_splice_in, finish_send, true, { 0 } },
};

FIXTURE_VARIANT_ADD(calls, recv) {
	{ prepare_recv, call_recv, finish_recv, true, { 0 } },
};

FIXTURE_VARIANT_ADD(calls, splice_out) {
	{ prepare_empty_pipe, call_splice_out, finish_splice_out, true,
	  { EAGAIN } },
};

FIXTURE_VARIANT_ADD(calls, poll) {
	{ stage_session, call_poll, finish_talk, false, { 0 } },
};

FIXTURE_VARIANT_ADD(calls, ioctl) {
	{ stage_session, call_ioctl, finish_talk, false, { 0 } },
};

FIXTURE_VARIANT_ADD(calls, setsockopt) {
	{ stage_session, call_setsockopt, finish_talk, false, { 0 } },
};

FIXTURE_VARIANT_ADD(calls, setsockopt_socket) {
	{ stage_session, call_setsockopt_socket, finish_talk, true, { 0 } },
};

FIXTURE_VARIANT_ADD(calls, getsockopt) {
	{ stage_session, call_getsockopt, finish_talk, false, { 0 } },
};

FIXTURE_VARIANT_ADD(calls, getsockopt_socket) {
	{ stage_session, call_getsockopt_socket, finish_talk, false, { 0 } },
};

FIXTURE_VARIANT_ADD(calls, shutdown) {
	{ prepare_output, call_shutdown, finish_shutdown, false, { 0 } },
};

FIXTURE_VARIANT_ADD(calls, close) {
	{ prepare_output, call_close, finish_close, true, { 0 } },
};

FIXTURE_VARIANT_ADD(calls, fence) {
	{ prepare_fence, call_close, finish_fence, true, { 0 } },
};

FIXTURE_SETUP(calls)
{
	OK(fault_reset());
	OK(netns_new());
	self->lfd = new_listener(AF_RSESS, AF_INET);
	ASSERT_GE(self->lfd, 0);
}

FIXTURE_TEARDOWN(calls)
{
}

static bool may_fail_with(const int *errors, int err)
{
	return err == ENOMEM || err == ENOBUFS || err == errors[0] ||
	       err == errors[1];
}

/* The call with its @n-th allocation failing; 1: there was one. */
static int fail_once(const struct call *c, int lfd, unsigned int n)
{
	struct stage s;
	int hit, err;
	long result;
	int ret;

	stage_init(&s, lfd);
	ret = c->prepare(&s) ?: fault_nth(n);
	if (ret) {
		say("no stage for %u", n);
		return ret;
	}
	result = c->make(&s);
	err = errno;
	hit = fault_nth_end();
	if (hit < 0)
		return hit;
	if (result < 0 && (!hit || !may_fail_with(c->errors, err))) {
		say("failure %u: %s", n, strerror(err));
		return -err;
	}
	ret = c->finish(&s, result);
	stage_free(&s);
	ret = ret ?: no_sessions();
	if (ret)
		say("behind failure %u, %s", n,
		    result < 0 ? strerror(err) : "success");
	return ret ? -EINVAL : hit;
}

CASE(calls, each_failure)
{
	unsigned int n, tries = 0;
	int hit;

	/* Sometimes a call needs nothing: others are just sending for it. */
	do {
		n = 0;
		do {
			hit = fail_once(&variant->call, self->lfd, ++n);
			ASSERT_GE(hit, 0);
			ASSERT_LT(n, MANY);
		} while (hit);
	} while (n == 1 && variant->call.must && ++tries < 20);
	TH_LOG("%u failures", n - 1);
	ASSERT_TRUE(n > 1 || !variant->call.must);
}

TEST_HARNESS_MAIN
