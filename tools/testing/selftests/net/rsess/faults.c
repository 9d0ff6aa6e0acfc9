// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that the module cannot have, in whatever task or interrupt it runs.
 *
 * opening, below: for a while nothing can be allocated below one function.  When
 * that ends everything goes on by itself.
 *
 * any: some allocations fail, below any function, while transports are reset.
 *
 * module: it is loaded, and namespaces are made, as far as memory goes.
 *
 * Needs a kernel with CONFIG_FAILSLAB, CONFIG_FAIL_PAGE_ALLOC and
 * CONFIG_FAULT_INJECTION_STACKTRACE_FILTER.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "fault_harness.h"
#include "stage.h"

/* Longer than a HELLO waits for its answer. */
#define HELLO_MS	150000
/* So long a client waits that does not know that. */
#define IMPATIENT_MS	3000
/* Resets of a transfer, at most. */
#define ROUNDS		200

static char buffer[1 << 20];

/* --- one function --------------------------------------------------------- */

FIXTURE(opening) {
	struct stage s;
};

/**
 * struct opening - a way in which connect() can lack memory
 * @function: below it nothing can be allocated
 * @count: so many failures, then memory is there again; or 0: it asks for none
 * @waits: connect() is none the wiser
 */
FIXTURE_VARIANT(opening) {
	const char *function;
	int count;
	bool waits;
};

/* The connection waits to be accepted. */
FIXTURE_VARIANT_ADD(opening, accept) {
	.function = "rsess_acceptq_accept_work", .count = 4, .waits = true,
};

/* The acceptor answers that it has no memory. */
FIXTURE_VARIANT_ADD(opening, new_session) {
	.function = "rsess_sock_alloc", .count = 1,
};

FIXTURE_VARIANT_ADD(opening, tombstone) {
	.function = "rsess_table_insert", .count = 1,
};

/* It asks for none. */
FIXTURE_VARIANT_ADD(opening, welcome) {
	.function = "rsess_handshake_welcome", .count = 0, .waits = true,
};

/* HELLO and WELCOME. */
FIXTURE_VARIANT_ADD(opening, frames) {
	.function = "rsess_push", .count = 8, .waits = true,
};

FIXTURE_SETUP(opening)
{
	OK(fault_reset());
	OK(netns_new());
	stage_init(&self->s, new_listener(AF_RSESS, AF_INET));
	ASSERT_GE(self->s.lfd, 0);
}

FIXTURE_TEARDOWN(opening)
{
	fault_reset();
}

/* How connect() ends, a positive errno; EINPROGRESS when it does not. */
static int connect_result(int fd, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };

	return poll(&pfd, 1, ms) == 1 ? socket_error(fd) : EINPROGRESS;
}

static bool connect_may_fail_with(int err)
{
	return err == ECONNRESET || err == ETIMEDOUT || err == ENOMEM ||
	       err == ENOBUFS || err == ECONNABORTED;
}

/* With no memory for a session, for a file, or for its place in the table of files. */
static bool socket_may_fail_with(int err)
{
	return err == ENOBUFS || err == ENFILE || err == ENOMEM;
}

/* Clients get in afterwards, or an errno and then in. */
CASE(opening, goes_on)
{
	struct stage *s = &self->s;
	int err;

	OK(stage_nonblocking(s));
	OK(fault_below(variant->function));
	OK(fault_start(100, 100));
	FAILS(EINPROGRESS, dial(s->fd, AF_INET));
	if (variant->count) {
		OK(fault_wait(variant->count));
	} else {
		OK(connect_result(s->fd, HELLO_MS));
		ASSERT_EQ(0, fault_count());
	}
	OK(fault_stop());
	err = connect_result(s->fd, HELLO_MS);
	TH_LOG("connect: %s", strerror(err));
	if (err) {
		ASSERT_TRUE(connect_may_fail_with(err) && !variant->waits);
		stage_close(&s->fd);
		OK(stage_client(s));
	}
	OK(stage_accept(s));
	OK(stage_talk(s));
	OK(no_sessions());
}

/* What it takes to fall back is there before the peer is dialed: it is dialed once. */
FIXTURE(plain) {
	struct stage s;
};

FIXTURE_SETUP(plain)
{
	OK(fault_reset());
	OK(netns_new());
	stage_init(&self->s, new_listener(AF_INET, AF_INET));
	ASSERT_GE(self->s.lfd, 0);
}

FIXTURE_TEARDOWN(plain)
{
	fault_reset();
	stage_free(&self->s);
	stage_close(&self->s.lfd);
}

CASE(plain, is_dialed_once)
{
	struct stage *s = &self->s;

	OK(stage_nonblocking(s));
	OK(fault_below("rsess_link_work"));
	OK(fault_start(100, 100));
	FAILS(EINPROGRESS, dial(s->fd, AF_INET));
	ASSERT_EQ(POLLOUT, wait_for(s->fd, POLLOUT));
	OK(fault_stop());
	OK(socket_error(s->fd));
	OK(stage_accept(s));
	OK(stage_talk(s));
	ASSERT_EQ(1, stat_get("Dials"));
	ASSERT_EQ(0, poll(&(struct pollfd){ s->lfd, POLLIN, 0 }, 1, 0));
}

FIXTURE(below) {
	struct stage s;
	struct way ways[2];
};

/**
 * struct below - where memory lacks while a session is there
 * @function: below it nothing can be allocated
 * @torn: transports have to be lost for that
 * @count: so many failures, then memory is there again; 0: it asks for none
 */
FIXTURE_VARIANT(below) {
	const char *function;
	bool torn;
	int count;
};

FIXTURE_VARIANT_ADD(below, dial) {
	.function = "rsess_link_redial", .torn = true, .count = 4,
};

FIXTURE_VARIANT_ADD(below, accept) {
	.function = "rsess_acceptq_accept_work", .torn = true, .count = 4,
};

FIXTURE_VARIANT_ADD(below, new_transport) {
	.function = "rsess_transport_new", .torn = true, .count = 4,
};

/* RESUMED, which waits for memory then as all that is sent. */
FIXTURE_VARIANT_ADD(below, greet) {
	.function = "rsess_handshake_work", .torn = true, .count = 1,
};

/* What a MAC needs is there since the module was loaded. */
FIXTURE_VARIANT_ADD(below, resume) {
	.function = "rsess_auth_resume", .torn = true, .count = 0,
};

FIXTURE_VARIANT_ADD(below, resumed) {
	.function = "rsess_handshake_resumed", .torn = true, .count = 0,
};

FIXTURE_VARIANT_ADD(below, frames) {
	.function = "rsess_push", .torn = false, .count = 4,
};

FIXTURE_VARIANT_ADD(below, torn_frames) {
	.function = "rsess_push", .torn = true, .count = 4,
};

FIXTURE_VARIANT_ADD(below, input) {
	.function = "rsess_input", .torn = false, .count = 4,
};

FIXTURE_VARIANT_ADD(below, torn_input) {
	.function = "rsess_input", .torn = true, .count = 4,
};

FIXTURE_VARIANT_ADD(below, send) {
	.function = "rsess_sendmsg", .torn = false, .count = 2,
};

/* What is silent is given up soon. */
static int impatient(void)
{
	return file_write("/proc/sys/net/rsess/handshake_timeout_ms", "2000") ?:
	       file_write("/proc/sys/net/rsess/stall_timeout_ms", "2000") ?:
	       file_write("/proc/sys/net/rsess/orphan_timeout_ms", "10000");
}

FIXTURE_SETUP(below)
{
	struct stage *s = &self->s;

	OK(fault_reset());
	OK(netns_new());
	OK(impatient());
	stage_init(s, new_listener(AF_RSESS, AF_INET));
	ASSERT_GE(s->lfd, 0);
	OK(stage_session(s));
	self->ways[0] = (struct way){ .from = s->fd, .to = s->peer };
	self->ways[1] = (struct way){ .from = s->peer, .to = s->fd };
	OK(fault_below(variant->function));
}

FIXTURE_TEARDOWN(below)
{
	fault_reset();
}

/* As much as goes in, and no more than @len. */
static int write_some(struct way *w, size_t len)
{
	ssize_t ret;

	pattern_fill(w->sent, buffer, len);
	ret = send(w->from, buffer, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (ret < 0 && errno != EAGAIN) {
		say("%s", strerror(errno));
		return -errno;
	}
	if (ret > 0)
		w->sent += ret;
	return 0;
}

/* All that was accepted arrives, and some more. */
static int both_flow(struct way *ways, size_t more)
{
	ways[0].want = ways[0].sent + more;
	ways[1].want = ways[1].sent + more;
	return flow(ways, 2);
}

static int both_end(struct way *ways)
{
	int ret;

	if (shutdown(ways[0].from, SHUT_WR) || shutdown(ways[1].from, SHUT_WR))
		return -errno;
	ret = read_eof(ways[0].to) ?: read_eof(ways[1].to);
	close(ways[0].from);
	close(ways[1].from);
	return ret ?: no_sessions();
}

/* A transfer goes on by itself when memory is there again. */
CASE(below, transfer_goes_on)
{
	struct way *ways = self->ways;

	OK(both_flow(ways, 100000));
	OK(fault_start(100, 100));
	/* It may have been lost before: silence is easily too long here. */
	if (variant->torn)
		tear(PORT);
	OK(write_some(&ways[0], 200000));
	OK(write_some(&ways[1], 200000));
	if (variant->count) {
		OK(fault_wait(variant->count));
	} else {
		OK(both_flow(ways, 0));
		ASSERT_EQ(0, fault_count());
	}
	OK(fault_stop());
	OK(both_flow(ways, 0));
	OK(both_flow(ways, 100000));
	OK(both_end(ways));
}

/* So does the end of a session that no application has any more. */
CASE(below, close_goes_on)
{
	struct stage *s = &self->s;
	struct way *ways = self->ways;

	OK(both_flow(ways, 1000));
	OK(write_some(&ways[0], 200000));
	OK(fault_start(100, 100));
	if (variant->torn)
		tear(PORT);
	OK(stage_close(&s->fd));
	/* Not every function is called then. */
	usleep(500000);
	OK(fault_stop());
	OK(read_all(s->peer, ways[0].got, ways[0].sent - ways[0].got));
	OK(read_eof(s->peer));
	OK(stage_close(&s->peer));
	OK(no_sessions());
}

/* --- any function ---------------------------------------------------------- */

FIXTURE(any) {
	struct stage s;
	struct way ways[2];
};

FIXTURE_VARIANT(any) {
	unsigned int slab;
	unsigned int page;
};

/* Too often, and no resume comes to an end. */
FIXTURE_VARIANT_ADD(any, slab) { .slab = 8 };
FIXTURE_VARIANT_ADD(any, page) { .page = 30 };
FIXTURE_VARIANT_ADD(any, both) { .slab = 4, .page = 10 };
FIXTURE_VARIANT_ADD(any, seldom) { .slab = 1, .page = 1 };

FIXTURE_SETUP(any)
{
	struct stage *s = &self->s;

	OK(fault_reset());
	OK(fault_below_module());
	OK(netns_new());
	OK(impatient());
	stage_init(s, new_listener(AF_RSESS, AF_INET));
	ASSERT_GE(s->lfd, 0);
}

FIXTURE_TEARDOWN(any)
{
	fault_reset();
}

static int resumes(int fd)
{
	struct rsess_info info;
	socklen_t len = sizeof(info);

	if (getsockopt(fd, SOL_RSESS, RSESS_INFO, &info, &len))
		return -errno;
	return info.resumes;
}

/* Every byte arrives, and what is on its way when memory is there again too. */
CASE(any, transfer)
{
	struct stage *s = &self->s;
	struct way *ways = self->ways;
	int64_t count;
	int i;

	OK(stage_session(s));
	ways[0] = (struct way){ .from = s->fd, .to = s->peer };
	ways[1] = (struct way){ .from = s->peer, .to = s->fd };
	OK(fault_start(variant->slab, variant->page));
	for (i = 0; i < ROUNDS; i++) {
		OK(both_flow(ways, 262144));
		count = fault_count();
		if (i >= 8 && resumes(s->fd) >= 4 && count >= 50 &&
		    stat_get("MemoryShort") > 0)
			break;
		tear(PORT);
		OK(write_some(&ways[0], 100000));
	}
	TH_LOG("%lld failures, %d resumes, %llu bytes", (long long)count,
	       resumes(s->fd), (unsigned long long)ways[0].got);
	ASSERT_LT(i, ROUNDS);
	tear(PORT);
	OK(write_some(&ways[0], 500000));
	OK(write_some(&ways[1], 500000));
	OK(fault_stop());
	OK(both_flow(ways, 0));
	ASSERT_GT(stat_get("MemoryShort"), 0);
	OK(both_end(ways));
}

/* The end that the client dialed, among those that were given up. */
static int accept_mine(struct stage *s)
{
	struct rsess_info mine, his;
	socklen_t len = sizeof(mine);
	int ret;

	if (getsockopt(s->fd, SOL_RSESS, RSESS_INFO, &mine, &len))
		return -errno;
	for (;;) {
		ret = wait_for(s->lfd, POLLIN);
		if (ret < 0)
			return ret;
		/* A socket that cannot be had: the session waits on. */
		s->peer = accept4(s->lfd, NULL, NULL, SOCK_CLOEXEC);
		if (s->peer < 0)
			continue;
		len = sizeof(his);
		if (getsockopt(s->peer, SOL_RSESS, RSESS_INFO, &his, &len))
			return -errno;
		if (!memcmp(mine.id, his.id, sizeof(his.id)))
			return 0;
		stage_close(&s->peer);
	}
}

/* A session from beginning to end; 0: connect() had an errno. */
static int short_session(struct stage *s, int n)
{
	struct way ways[2] = { };
	int ret;

	s->fd = socket(AF_RSESS, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       IPPROTO_TCP);
	if (s->fd < 0)
		return socket_may_fail_with(errno) ? 0 : -errno;
	ret = dial(s->fd, AF_INET) ? errno : 0;
	if (ret == EINPROGRESS)
		ret = connect_result(s->fd, IMPATIENT_MS);
	if (ret) {
		stage_close(&s->fd);
		if (ret == EINPROGRESS || connect_may_fail_with(ret))
			return 0;
		say("connect: %s", strerror(ret));
		return -EINVAL;
	}
	ret = accept_mine(s);
	if (ret)
		return ret;
	ways[0] = (struct way){ .from = s->fd, .to = s->peer };
	ways[1] = (struct way){ .from = s->peer, .to = s->fd };
	ret = both_flow(ways, 20000);
	if (!ret && n % 3 == 0) {
		tear(PORT);
		ret = both_flow(ways, 20000);
	}
	if (ret)
		return ret;
	/* One end and the other is the first to close, or only shuts down. */
	if (n % 4 == 0)
		stage_close(&s->fd);
	else if (n % 4 == 1)
		stage_close(&s->peer);
	else if (n % 4 == 2)
		ret = shutdown(s->fd, SHUT_WR) ? -errno : read_eof(s->peer);
	stage_close(&s->fd);
	stage_close(&s->peer);
	return ret ?: 1;
}

/* Every session ends, and what was not one leaves nothing. */
CASE(any, sessions)
{
	int good = 0;
	int ret;
	int i;

	OK(fault_start(variant->slab, variant->page));
	for (i = 0; i < 40; i++) {
		ret = short_session(&self->s, i);
		ASSERT_GE(ret, 0);
		good += ret;
	}
	TH_LOG("%lld failures, %d of %d sessions", (long long)fault_count(),
	       good, i);
	ASSERT_GT(fault_count(), 0);
	ASSERT_GT(good, 0);
	OK(fault_stop());
	/* Sessions that wait for accept() are the listener's. */
	stage_close(&self->s.lfd);
	OK(no_sessions());
	self->s.lfd = new_listener(AF_RSESS, AF_INET);
	OK(stage_session(&self->s));
	OK(stage_talk(&self->s));
}

/* --- the module ------------------------------------------------------------ */

FIXTURE(module) {
	int ko;
};

static int insert(int ko)
{
	return syscall(SYS_finit_module, ko, "", 0);
}

static int remove_module(void)
{
	return syscall(SYS_delete_module, "rsess", O_NONBLOCK);
}

static bool module_is_gone(void *arg)
{
	(void)arg;
	return !remove_module() || errno == ENOENT;
}

/* RSESS_KO, or the one that was built beside this program. */
static int open_module(void)
{
	const char *path = getenv("RSESS_KO");
	struct utsname name;
	char own[4096];
	char ko[8192];
	ssize_t len;

	if (path)
		return open(path, O_RDONLY | O_CLOEXEC);
	len = readlink("/proc/self/exe", own, sizeof(own) - 1);
	if (len < 0 || uname(&name))
		return -1;
	own[len] = '\0';
	*strrchr(own, '/') = '\0';
	snprintf(ko, sizeof(ko), "%s/../%s/rsess.ko", own, name.release);
	return open(ko, O_RDONLY | O_CLOEXEC);
}

/* Nobody has a socket any more: this is also the test that it can be unloaded. */
FIXTURE_SETUP(module)
{
	OK(fault_reset());
	self->ko = open_module();
	ASSERT_GE(self->ko, 0);
	OK(wait_until(module_is_gone, NULL));
}

FIXTURE_TEARDOWN(module)
{
	fault_reset();
	insert(self->ko);
}

/* Loading succeeds or fails, and fails with nothing left. */
CASE(module, init)
{
	int percent, failed = 0;
	int i;

	OK(fault_below("do_one_initcall"));
	/* It loses the name of the cache. */
	OK(fault_not_below("sysfs_slab_add"));
	for (i = 0; i < 60; i++) {
		percent = i < 20 ? 50 : i < 40 ? 10 : 2;
		OK(fault_start(percent, percent));
		if (!insert(self->ko)) {
			OK(fault_stop());
			OK(remove_module());
			continue;
		}
		ASSERT_TRUE(errno == ENOMEM || errno == ENOBUFS);
		failed++;
	}
	OK(fault_stop());
	TH_LOG("%d of %d failed", failed, i);
	ASSERT_GT(failed, 0);
	ASSERT_LT(failed, i);
}

/* A new namespace comes or does not come. */
CASE(module, new_namespace)
{
	int failed = 0;
	int i;

	OK(insert(self->ko));
	OK(fault_below_module());
	for (i = 0; i < 30; i++) {
		OK(fault_start(i < 10 ? 100 : 20, i < 10 ? 100 : 20));
		if (!unshare(CLONE_NEWNET))
			continue;
		ASSERT_EQ(ENOMEM, errno);
		failed++;
	}
	OK(fault_stop());
	TH_LOG("%d of %d failed", failed, i);
	ASSERT_GT(failed, 0);
	ASSERT_LT(failed, i);
}

TEST_HARNESS_MAIN
