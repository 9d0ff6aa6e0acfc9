// SPDX-License-Identifier: GPL-2.0
/*
 * A process keeps a socket locked: it sleeps in a page fault in the middle of a call,
 * and nobody brings the page.  Others do not notice, and what the socket has missed
 * comes when the call goes on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/sctp.h>
#include <linux/userfaultfd.h>

#include "harness.h"
#include "line.h"
#include "pair.h"
#include "sockdiag.h"

/* More than works of a workqueue may wait at a time: 256. */
#define MANY		300

/**
 * struct missing - memory that is not there
 * @fd: userfaultfd, tells who wants it
 * @page: its address
 * @size: of it, bytes
 */
struct missing {
	int fd;
	char *page;
	size_t size;
};

static int missing_init(struct missing *m)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register r = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	m->size = sysconf(_SC_PAGESIZE);
	m->page = mmap(NULL, m->size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	m->fd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (m->page == MAP_FAILED || m->fd < 0)
		return -errno;
	r.range.start = (uintptr_t)m->page;
	r.range.len = m->size;
	if (ioctl(m->fd, UFFDIO_API, &api) ||
	    ioctl(m->fd, UFFDIO_REGISTER, &r))
		return -errno;
	return 0;
}

/* Until somebody wants it, and sleeps. */
static int missing_wait(struct missing *m)
{
	struct uffd_msg msg;
	int ret = wait_for(m->fd, POLLIN);

	if (ret < 0)
		return ret;
	if (read(m->fd, &msg, sizeof(msg)) != sizeof(msg))
		return -EIO;
	return msg.event == UFFD_EVENT_PAGEFAULT ? 0 : -ENOMSG;
}

/* It is there now, full of zeros, and all go on. */
static int missing_bring(struct missing *m)
{
	struct uffdio_zeropage z = {
		.range = { .start = (uintptr_t)m->page, .len = m->size },
	};

	return ioctl(m->fd, UFFDIO_ZEROPAGE, &z) ? -errno : 0;
}

/**
 * struct call - a thread in a system call
 * @thread: it
 * @fd: argument
 * @m: the memory that the call wants, if it does
 * @ret: what the call returned, or a negative errno
 */
struct call {
	pthread_t thread;
	int fd;
	struct missing *m;
	ssize_t ret;
};

static void call_returns(struct call *c, ssize_t ret)
{
	c->ret = ret < 0 ? -errno : ret;
}

static void *call_write(void *arg)
{
	struct call *c = arg;

	call_returns(c, write(c->fd, c->m->page, c->m->size));
	return NULL;
}

static void *call_getsockopt(void *arg)
{
	struct call *c = arg;
	socklen_t len = c->m->size;

	call_returns(c, getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, c->m->page,
				   &len));
	return NULL;
}

static void *call_bind(void *arg)
{
	struct call *c = arg;
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, AF_INET, 0);

	call_returns(c, bind(c->fd, (struct sockaddr *)&ss, len));
	return NULL;
}

static void *call_accept(void *arg)
{
	struct call *c = arg;

	call_returns(c, accept4(c->fd, NULL, NULL, SOCK_CLOEXEC));
	return NULL;
}

/* Its stack is small: there may be many. */
static int call_begin(struct call *c, void *(*call)(void *), int fd,
		      struct missing *m)
{
	pthread_attr_t attr;
	int err;

	*c = (struct call){ .fd = fd, .m = m };
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 << 10);
	err = pthread_create(&c->thread, &attr, call, c);
	pthread_attr_destroy(&attr);
	return -err;
}

/* begin(), and until it sleeps. */
static int call_sleeps(struct call *c, void *(*call)(void *), int fd,
		       struct missing *m)
{
	return call_begin(c, call, fd, m) ?: missing_wait(m);
}

static ssize_t call_end(struct call *c)
{
	int err = pthread_join(c->thread, NULL);

	return err ? -err : c->ret;
}

/* The other end gets what write() had in the missing page. */
static int comes(int fd, const struct missing *m)
{
	char buf[65536];
	ssize_t n = recv(fd, buf, m->size, MSG_WAITALL);

	if (n < 0)
		return -errno;
	return n == (ssize_t)m->size && !memcmp(buf, m->page, n) ? 0 : -ENOMSG;
}

FIXTURE(locked) {
	struct line l;
	struct missing m;
};

KIND_QUIET_SCTP_VARIANTS(locked);

FIXTURE_SETUP(locked)
{
	OK(line_init(&self->l, &variant->kind));
	OK(missing_init(&self->m));
}

FIXTURE_TEARDOWN(locked)
{
	EXPECT_EQ(0, line_end(&self->l));
}

/* bind() of the socket waits, and nobody waits for that bind(). */
CASE(locked, others_bind)
{
	struct line *l = &self->l;
	struct missing *m = &self->m;
	struct call w, b;
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, l->kind->family, 0);
	int fd;

	OK(line_open(l));
	OK(call_sleeps(&w, call_write, l->c, m));
	OK(call_begin(&b, call_bind, l->c, NULL));
	usleep(QUIET_MS * 1000);

	fd = kind_socket(l->kind, 0);
	ASSERT_LE(0, fd);
	OK(bind(fd, (struct sockaddr *)&ss, len));
	OK(listen(fd, 1));
	OK(line_close(&fd));
	/* The end of a listener has to do with all others of the namespace too. */
	OK(line_close(&l->lfd));

	OK(missing_bring(m));
	ASSERT_EQ((ssize_t)m->size, call_end(&w));
	ASSERT_EQ(-EINVAL, call_end(&b));
	OK(comes(l->s, m));
}

/* Whatever happens to so many sockets that are locked, others go on. */
CASE(locked, others_talk)
{
	struct line *l = &self->l;
	struct missing *m = &self->m;
	struct call w[MANY];
	int c[MANY], s[MANY];
	char byte;
	int i;

	for (i = 0; i < MANY; i++) {
		OK(line_open(l));
		c[i] = l->c;
		s[i] = l->s;
	}
	for (i = 0; i < MANY; i++) {
		OK(call_sleeps(&w[i], call_write, s[i], m));
		ASSERT_EQ(1, write(c[i], "x", 1));
	}
	OK(line_open(l));
	OK(line_talk(l));

	OK(missing_bring(m));
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ((ssize_t)m->size, call_end(&w[i]));
		OK(comes(c[i], m));
		ASSERT_EQ(1, read(s[i], &byte, 1));
		ASSERT_EQ('x', byte);
		line_close(&c[i]);
		line_close(&s[i]);
	}
}

/* Whoever looks at sockets, and ends them, waits for none. */
FIXTURE(watched) {
	struct line l;
	struct missing m;
	int nl;
};

FIXTURE_VARIANT(watched) {
	struct kind kind;
};

KIND_VARIANT_OF(watched, door4, AF_INET, AF_INET, IPPROTO_RSESS, 0, AUTO);
KIND_VARIANT(watched, rsess6, AF_RSESS, AF_INET6, 0, AUTO);
KIND_VARIANT_OF(watched, sctp4, AF_RSESS, AF_INET, IPPROTO_SCTP, 0, AUTO);

FIXTURE_SETUP(watched)
{
	OK(line_init(&self->l, &variant->kind));
	OK(missing_init(&self->m));
	self->nl = diag_open();
	ASSERT_LE(0, self->nl);
}

FIXTURE_TEARDOWN(watched)
{
	close(self->nl);
	EXPECT_EQ(0, line_end(&self->l));
}

static void one_more(const struct seen *seen, void *arg)
{
	(void)seen;
	++*(int *)arg;
}

CASE(watched, is_told_of_and_ended)
{
	struct line *l = &self->l;
	struct rsess_info info;
	socklen_t len = sizeof(info);
	struct seen seen;
	uint64_t cookie;
	struct call w;
	int n = 0;

	OK(line_open(l));
	cookie = cookie_of(l->c);
	OK(call_sleeps(&w, call_write, l->c, &self->m));
	OK(diag_dump(self->nl, ALL_STATES, one_more, &n));
	ASSERT_EQ(3, n);
	OK(diag_get(self->nl, cookie, NULL, &seen));
	ASSERT_TRUE(has(&seen, RSESS_DIAG_TRANSPORT));
	OK(diag_kill(self->nl, cookie, NULL));

	OK(missing_bring(&self->m));
	call_end(&w);
	ASSERT_LE(0, wait_for(l->c, POLLERR));
	ASSERT_EQ(ECONNABORTED, get_int(l->c, SOL_SOCKET, SO_ERROR));
	ASSERT_LE(0, wait_for(l->s, POLLERR));
	ASSERT_EQ(ECONNRESET, get_int(l->s, SOL_SOCKET, SO_ERROR));
	OK(getsockopt(l->s, SOL_RSESS, RSESS_INFO, &info, &len));
	ASSERT_EQ(RSESS_REASON_ADMIN, info.reason);
}

FIXTURE(listener) {
	struct line l;
	struct missing m;
};

KIND_QUIET_VARIANTS(listener);

FIXTURE_SETUP(listener)
{
	OK(line_init(&self->l, &variant->kind));
	OK(missing_init(&self->m));
}

FIXTURE_TEARDOWN(listener)
{
	EXPECT_EQ(0, line_end(&self->l));
}

/* Who sleeps in accept() is told of what came while the listener was locked. */
CASE(listener, is_told)
{
	struct line *l = &self->l;
	struct missing *m = &self->m;
	struct call a, g;

	OK(call_begin(&a, call_accept, l->lfd, NULL));
	OK(call_sleeps(&g, call_getsockopt, l->lfd, m));
	l->c = kind_socket(l->kind, SOCK_NONBLOCK);
	ASSERT_LE(0, l->c);
	/* One of TCP connects meanwhile; a session has its options from the listener. */
	ASSERT_TRUE(!line_dial(l, l->c) || errno == EINPROGRESS);
	usleep(QUIET_MS * 1000);

	OK(missing_bring(m));
	OK(call_end(&g));
	l->s = call_end(&a);
	ASSERT_LE(0, l->s);
	ASSERT_EQ(POLLOUT, wait_for(l->c, POLLOUT));
	ASSERT_EQ(0, get_int(l->c, SOL_SOCKET, SO_ERROR));
	OK(set_nonblock(l->c, false));
	OK(line_talk(l));
}

FIXTURE(lost) {
	struct line l;
	struct missing m;
};

FIXTURE_VARIANT(lost) {
	struct kind kind;
};

KIND_VARIANT(lost, rsess4, AF_RSESS, AF_INET, RESET_EVERY, REQUIRE);
KIND_VARIANT(lost, rsess6, AF_RSESS, AF_INET6, RESET_EVERY, REQUIRE);
KIND_VARIANT_OF(lost, sctp4, AF_RSESS, AF_INET, IPPROTO_SCTP, RESET_EVERY,
		REQUIRE);

FIXTURE_SETUP(lost)
{
	OK(line_init(&self->l, &variant->kind));
	OK(missing_init(&self->m));
	OK(line_open(&self->l));
}

FIXTURE_TEARDOWN(lost)
{
	EXPECT_EQ(0, line_end(&self->l));
}

/* The transport is lost while the socket is locked; the call goes on at once, or when
 * those who asked for the session have given up more than once.
 */
static int goes_on(struct line *l, struct missing *m, int fd, int other,
		   bool late)
{
	struct rise r = { "HandshakeTimeouts", stat_get("HandshakeTimeouts") };
	struct call w;
	ssize_t n;
	int ret;

	ret = call_sleeps(&w, call_write, fd, m) ?: relay_reset(&l->relay);
	if (ret)
		return ret;
	r.from += 3;
	if (late)
		ret = wait_until(has_risen, &r);
	else
		usleep(QUIET_MS * 1000);
	ret = ret ?: missing_bring(m);
	n = call_end(&w);
	if (n != (ssize_t)m->size)
		ret = ret ?: -EIO;
	return ret ?: comes(other, m) ?: line_talk(l);
}

CASE(lost, by_the_dialer)
{
	struct line *l = &self->l;

	OK(goes_on(l, &self->m, l->c, l->s, false));
}

CASE(lost, by_the_acceptor)
{
	struct line *l = &self->l;

	OK(goes_on(l, &self->m, l->s, l->c, false));
}

/* An option that SCTP answers under its lock. */
static void *call_ask_sctp(void *arg)
{
	struct call *c = arg;
	socklen_t len = c->m->size;

	call_returns(c, getsockopt(c->fd, IPPROTO_SCTP, SCTP_RTOINFO,
				   c->m->page, &len));
	return NULL;
}

/* Somebody asks the listener, with memory that is not there. */
static int ask_sleeps(struct call *c, const struct line *l, struct missing *m)
{
	return call_sleeps(c, l->kind->protocol == IPPROTO_SCTP ?
			   call_ask_sctp : call_getsockopt, l->lfd, m);
}

/* Who comes back to the listener need not wait for that. */
CASE(lost, while_the_listener_is_asked)
{
	struct line *l = &self->l;
	struct missing *m = &self->m;
	struct call g;

	OK(ask_sleeps(&g, l, m));
	OK(relay_reset(&l->relay));
	OK(line_talk(l));
	OK(missing_bring(m));
	OK(call_end(&g));
}

static bool is_gone(void *name)
{
	return !if_nametoindex(name);
}

/* A connection to the listener that says nothing. */
static int silent(const struct line *l)
{
	int fd = socket(l->kind->family, SOCK_STREAM | SOCK_CLOEXEC,
			l->kind->protocol);
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (fd < 0 || getsockname(l->lfd, (struct sockaddr *)&ss, &len) ||
	    connect(fd, (struct sockaddr *)&ss, len))
		return -errno;
	return fd;
}

/* Nor has another namespace to, in order to end: not even when the listener's work waits
 * for its lock, because there is a place for the second of two silent connections.
 */
CASE(lost, namespaces_end_meanwhile)
{
	struct rise full = { .name = "PendingFull", .from = 0 };
	struct line *l = &self->l;
	int first, second;
	struct missing *m = &self->m;
	char cmd[128];
	struct call g;
	int up[2];
	pid_t pid;
	char c;

	OK(pipe(up));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (netns_new() || write(up[1], "", 1) != 1)
			_exit(1);
		pause();
	}
	ASSERT_EQ(1, read(up[0], &c, 1));
	/* It goes with the namespace of its other end. */
	snprintf(cmd, sizeof(cmd),
		 "ip link add va type veth peer name vb netns %d", pid);
	OK(system(cmd));
	ASSERT_FALSE(is_gone("va"));
	OK(sysctl_set("rsess/max_pending", 1));
	OK(sysctl_set("rsess/handshake_timeout_ms", 3600000));
	first = silent(l);
	second = silent(l);
	ASSERT_LE(0, first);
	ASSERT_LE(0, second);
	OK(wait_until(has_risen, &full));
	OK(ask_sleeps(&g, l, m));
	close(first);
	usleep(QUIET_MS * 1000);
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	OK(wait_until(is_gone, "va"));
	OK(missing_bring(m));
	OK(call_end(&g));
	close(second);
	OK(line_talk(l));
}

CASE(lost, for_long)
{
	struct line *l = &self->l;

	OK(sysctl_set("rsess/handshake_timeout_ms", 500 * slowness()));
	OK(goes_on(l, &self->m, l->s, l->c, true));
}

/* A peer that errs, while the kernel dials and is kept from looking. */
FIXTURE(early) {
	struct pair s;
	struct missing m;
};

FIXTURE_SETUP(early)
{
	pair_init(&self->s, true, AF_INET, 0);
	OK(netns_inband());
	OK(missing_init(&self->m));
}

FIXTURE_TEARDOWN(early)
{
	pair_free(&self->s);
}

/* RESUMED is there before RESUME has left, with all that RESUME would have asked of it. */
CASE(early, answer_to_resume)
{
	struct rise again = { .name = "Dials", .from = 1 };
	u8 buf[RSESS_HDR_LEN + RSESS_CTRL_MAX];
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	struct call w;
	int filler;

	OK(pair_open(s));
	/* A queue that is full drops the SYN, which comes again in a second. */
	OK(listen(p->lfd, 0));
	filler = socket(AF_INET, SOCK_STREAM, 0);
	OK(connect(filler, (struct sockaddr *)&p->addr, p->addrlen));
	peer_reset(p);
	OK(wait_until(has_risen, &again));
	OK(call_sleeps(&w, call_write, s->fd, &self->m));
	close(accept(p->lfd, NULL, NULL));
	OK(peer_accept(p));
	p->epoch++;
	OK(peer_send_raw(p, buf, peer_make_resumed(p, p->rcv_nxt, buf)));

	OK(missing_bring(&self->m));
	ASSERT_EQ((ssize_t)self->m.size, call_end(&w));
	OK(peer_gone(p));
	ASSERT_EQ(1, stat_get("ResumeAuth"));
	ASSERT_EQ(0, stat_get("Resumes"));
	OK(pair_again(s));
	close(filler);
}

TEST_HARNESS_MAIN
