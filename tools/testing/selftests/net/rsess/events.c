// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family: what it tells when something happens, the counters, and orders:
 * to dial now, and to have no new sessions.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "genl.h"
#include "harness.h"
#include "line.h"
#include "pair.h"
#include "sockdiag.h"

#define NOBODY		65534
/* Longer than anybody waits here, ms. */
#define LONG_MS		100000
#define MANY_REFUSED	100

/* Has a session dial now; what the kernel says. */
static int resume(struct family *f, uint64_t cookie)
{
	struct answer r;

	return genl_order(f->nl, f->id, RSESS_CMD_SESSION_RESUME, NLM_F_ACK,
		     RSESS_A_COOKIE, &cookie, sizeof(cookie)) ?:
	       genl_next(f->nl, &r);
}

/* Begins or ends to have no new sessions; what the kernel says. */
static int drain(struct family *f, uint8_t on)
{
	struct answer r;

	return genl_order(f->nl, f->id, RSESS_CMD_DRAIN_SET, NLM_F_ACK,
		     RSESS_DRAIN_A_ON, &on, sizeof(on)) ?: genl_next(f->nl, &r);
}

/* Are there none?  0 or 1, or a negative errno. */
static int is_drained(struct family *f)
{
	struct answer r;
	int ret;

	ret = genl_order(f->nl, f->id, RSESS_CMD_DRAIN_GET, 0, 0, NULL, 0) ?:
	      genl_next(f->nl, &r);
	if (ret)
		return ret;
	return r.a[RSESS_DRAIN_A_ON] ?
	       *(const uint8_t *)genl_value(r.a[RSESS_DRAIN_A_ON]) : -EBADMSG;
}

FIXTURE(events) {
	struct pair s;
	struct family f;
	struct answer r;
};

FIXTURE_SETUP(events)
{
	pair_init(&self->s, true, AF_INET, 0);
	OK(netns_inband());
	OK(genl_open(&self->f));
	ASSERT_NE(0, self->f.group);
}

FIXTURE_TEARDOWN(events)
{
	pair_free(&self->s);
	close(self->f.nl);
}

static bool is_address(const struct nlattr *a, const struct sockaddr_storage *ss)
{
	const struct sockaddr_in *in = (const void *)ss;
	const struct sockaddr_in *told = genl_value(a);

	return a->nla_len == NLA_HDRLEN + sizeof(*in) &&
	       told->sin_family == AF_INET && told->sin_port == in->sin_port &&
	       told->sin_addr.s_addr == in->sin_addr.s_addr;
}

CASE(events, of_a_session)
{
	struct pair *s = &self->s;
	struct family *f = &self->f;
	struct answer *r = &self->r;
	uint64_t cookie;

	OK(genl_hear(f));
	OK(pair_open(s));
	cookie = cookie_of(s->fd);
	OK(genl_expect(f, RSESS_CMD_SESSION_NEW, cookie, r));
	EXPECT_EQ(1, genl_number(r, RSESS_A_DIALER));
	EXPECT_NE(0, genl_number(r, RSESS_A_INODE));
	ASSERT_NE(NULL, r->a[RSESS_A_PEER]);
	EXPECT_TRUE(is_address(r->a[RSESS_A_PEER], &s->p.addr));

	peer_reset(&s->p);
	OK(genl_expect(f, RSESS_CMD_SESSION_LOST, cookie, r));
	EXPECT_EQ(1, genl_number(r, RSESS_A_LOST));
	EXPECT_EQ(ECONNRESET, genl_number(r, RSESS_A_ERROR));
	OK(pair_again(s));
	OK(genl_expect(f, RSESS_CMD_SESSION_RESUMED, cookie, r));
	EXPECT_EQ(1, genl_number(r, RSESS_A_RESUMES));
	EXPECT_EQ(1, genl_number(r, RSESS_A_EPOCH));

	OK(peer_send_abort(&s->p, RSESS_REASON_ADMIN));
	OK(genl_expect(f, RSESS_CMD_SESSION_ENDED, cookie, r));
	EXPECT_EQ(RSESS_REASON_ADMIN, genl_number(r, RSESS_A_REASON));
}

/* Both ends in one namespace. */
CASE(events, of_a_fallback)
{
	struct family *f = &self->f;
	struct answer *r = &self->r;
	int lfd, fd, i;

	OK(negotiate_set(RSESS_NEGOTIATE_OFF));
	lfd = new_listener(AF_RSESS, AF_INET);
	fd = new_socket(AF_RSESS, 0);
	OK(genl_hear(f));
	OK(dial(fd, AF_INET));
	ASSERT_LE(0, accept(lfd, NULL, NULL));
	for (i = 0; i < 2; i++) {
		OK(genl_expect(f, RSESS_CMD_SESSION_FALLBACK, 0, r));
		EXPECT_EQ(RSESS_REASON_OFF, genl_number(r, RSESS_A_REASON));
		EXPECT_NE(0, genl_number(r, RSESS_A_INODE));
	}
}

CASE(events, of_a_limit)
{
	struct family *f = &self->f;
	struct answer *r = &self->r;
	int fd;

	OK(sysctl_set("rsess/max_sessions", 0));
	OK(genl_hear(f));
	fd = new_socket(AF_RSESS, 0);
	FAILS(ENOBUFS, dial(fd, AF_INET));
	OK(genl_expect(f, RSESS_CMD_LIMIT_REACHED, 0, r));
	ASSERT_NE(NULL, r->a[RSESS_A_LIMIT]);
	ASSERT_STREQ("max_sessions", genl_value(r->a[RSESS_A_LIMIT]));
	close(fd);
}

/* Who has it refused often does not fill the queues of those who listen; and of a session that
 * was refused nothing else is told.
 */
CASE(events, of_a_limit_are_few)
{
	struct family *f = &self->f;
	struct answer *r = &self->r;
	int i, fd, told = 0;

	OK(sysctl_set("rsess/max_sessions", 0));
	OK(genl_hear(f));
	for (i = 0; i < MANY_REFUSED; i++) {
		fd = new_socket(AF_RSESS, 0);
		FAILS(ENOBUFS, dial(fd, AF_INET));
		close(fd);
		if (!i)
			OK(genl_expect(f, RSESS_CMD_LIMIT_REACHED, 0, r));
	}
	OK(sysctl_set("rsess/max_sessions", 100));
	OK(pair_open(&self->s));
	for (;;) {
		OK(genl_next(f->nl, r));
		if (genl_command(r) == RSESS_CMD_SESSION_NEW)
			break;
		ASSERT_EQ(RSESS_CMD_LIMIT_REACHED, genl_command(r));
		told++;
	}
	ASSERT_GT(MANY_REFUSED / 2, told);
}

/* As of MPTCP's, an administrator hears of them: who listens makes work for all. */
static int hears_nothing(void)
{
	struct family f;
	int fd;

	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return 1;
	if (genl_open(&f) || genl_hear(&f) != -EPERM)
		return 2;
	fd = socket(AF_RSESS, SOCK_STREAM, 0);
	if (fd < 0 || dial(fd, AF_INET))
		return 3;
	if (drain(&f, 1) != -EPERM || is_drained(&f))
		return 4;
	return resume(&f, cookie_of(fd)) != -EPERM;
}

CASE(events, to_a_user_without_rights)
{
	int lfd = new_listener(AF_RSESS, AF_INET);
	pid_t pid;
	int status;

	ASSERT_LE(0, lfd);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(hears_nothing());
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
}

/* How much there is of something. */
struct level {
	const char *name;
	int64_t value;
};

static bool is_at(void *arg)
{
	const struct level *l = arg;

	return stat_get(l->name) == l->value;
}

/* It gets there, and stays while nothing happens. */
static int gauge(const char *name, int64_t value)
{
	struct level l = { name, value };

	return wait_until(is_at, &l);
}

CASE(events, gauges)
{
	struct pair *s = &self->s;
	int lfd, c, a;

	lfd = new_listener(AF_RSESS, AF_INET);
	ASSERT_LE(0, lfd);
	OK(gauge("Listeners", 1));
	OK(gauge("Sessions", 0));
	c = new_socket(AF_RSESS, 0);
	OK(dial(c, AF_INET));
	a = accept(lfd, NULL, NULL);
	ASSERT_LE(0, a);
	OK(gauge("Sessions", 2));
	OK(gauge("Orphans", 0));
	close(lfd);
	OK(gauge("Listeners", 0));
	close(c);
	close(a);
	OK(gauge("Sessions", 0));

	/* One whose peer confirms nothing, so that it stays. */
	OK(pair_open(s));
	OK(pair_write(s, 1000));
	OK(gauge("Sessions", 1));
	close(s->fd);
	s->fd = -1;
	OK(gauge("Orphans", 1));
	OK(gauge("Sessions", 1));
	OK(peer_send_abort(&s->p, RSESS_REASON_ADMIN));
	OK(gauge("Orphans", 0));
	OK(gauge("Sessions", 0));
}

static bool is_gauge(const char *name)
{
	static const char * const names[] = {
		"Sessions", "Orphans", "Tombstones", "Places", "Listeners",
	};
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* The messages of a datagram; 1: more follow. */
static int counters(const struct answer *r, ssize_t n, int *count)
{
	const struct nlmsghdr *nlh = &r->nlh;
	const struct nlattr *a[RSESS_COUNTER_A_MAX + 1];
	uint64_t told;

	for (; NLMSG_OK(nlh, n); nlh = NLMSG_NEXT(nlh, n)) {
		if (nlh->nlmsg_type == NLMSG_DONE)
			return 0;
		genl_split(nlh, a, RSESS_COUNTER_A_MAX + 1);
		if (!a[RSESS_COUNTER_A_NAME] || !a[RSESS_COUNTER_A_VALUE])
			return -EBADMSG;
		memcpy(&told, genl_value(a[RSESS_COUNTER_A_VALUE]), sizeof(told));
		if (stat_get(genl_value(a[RSESS_COUNTER_A_NAME])) != (int64_t)told) {
			say("%s", (const char *)genl_value(a[RSESS_COUNTER_A_NAME]));
			return -EPROTO;
		}
		if (is_gauge(genl_value(a[RSESS_COUNTER_A_NAME])) !=
		    !!a[RSESS_COUNTER_A_GAUGE])
			return -EPROTO;
		++*count;
	}
	return 1;
}

/* As /proc/net/rsess_stat. */
CASE(events, counters_are_all_told)
{
	struct family *f = &self->f;
	struct answer *r = &self->r;
	FILE *proc = fopen("/proc/thread-self/net/rsess_stat", "re");
	int lines = 0, count = 0, ret;
	ssize_t n;
	int c;

	OK(pair_open(&self->s));
	OK(pair_pump(&self->s, 1000, 1000));
	ASSERT_NE(NULL, proc);
	while ((c = fgetc(proc)) != EOF)
		lines += c == '\n';
	fclose(proc);
	OK(genl_order(f->nl, f->id, RSESS_CMD_STATS_GET, NLM_F_DUMP, 0, NULL, 0));
	do {
		n = recv(f->nl, r->bytes, sizeof(r->bytes), 0);
		ASSERT_LT(0, n);
		ret = counters(r, n, &count);
	} while (ret > 0);
	OK(ret);
	ASSERT_EQ(lines, count);
}

/*
 * The order to dial.
 */
struct watch {
	int fd;
	uint32_t attempts;
	struct seen seen;
};

/* Has it tried once more, and waits again? */
static bool has_tried(void *arg)
{
	struct watch *w = arg;

	return !look_at(w->fd, &w->seen) && w->seen.times.redial &&
	       w->seen.times.attempts > w->attempts;
}

/* Each order is an attempt, however long the session would wait by itself. */
CASE(events, dials_when_it_is_told_to)
{
	struct pair *s = &self->s;
	struct watch w = {};
	uint64_t cookie;
	int i;

	OK(sysctl_set("rsess/dial_max_ms", 10 * LONG_MS));
	OK(pair_open(s));
	cookie = cookie_of(s->fd);
	w.fd = s->fd;
	ASSERT_EQ(-EALREADY, resume(&self->f, cookie));
	close(s->p.lfd);
	s->p.lfd = -1;
	peer_reset(&s->p);
	OK(wait_until(has_tried, &w));
	for (i = 0; i < 30 && w.seen.times.redial < LONG_MS; i++) {
		w.attempts = w.seen.times.attempts;
		/* It may be dialing by itself: -EALREADY. */
		resume(&self->f, cookie);
		OK(wait_until(has_tried, &w));
	}
	ASSERT_LE(LONG_MS, w.seen.times.redial);
	OK(peer_listen(&s->p, AF_INET, PORT));
	OK(resume(&self->f, cookie));
	OK(pair_again(s));
	OK(pair_pump(s, 1000, 1000));
}

CASE(events, orders_that_cannot_be)
{
	struct family *f = &self->f;
	struct pair a;
	struct answer r;
	uint64_t cookie;

	pair_init(&a, false, AF_INET, 0);
	OK(pair_open(&a));
	ASSERT_EQ(-ENOENT, resume(f, 0));	/* it has no cookie yet */
	cookie = cookie_of(a.fd);
	ASSERT_EQ(-EOPNOTSUPP, resume(f, cookie));
	ASSERT_EQ(-ENOENT, resume(f, cookie + 1));
	OK(genl_order(f->nl, f->id, RSESS_CMD_SESSION_RESUME, NLM_F_ACK, 0, NULL, 0));
	ASSERT_EQ(-EINVAL, genl_next(f->nl, &r));
	OK(genl_order(f->nl, f->id, RSESS_CMD_SESSION_RESUME, NLM_F_ACK,
		 RSESS_A_COOKIE, &cookie, 4));
	ASSERT_GT(0, genl_next(f->nl, &r));
	OK(genl_order(f->nl, f->id, RSESS_CMD_SESSION_RESUME, NLM_F_ACK,
		 RSESS_A_LIMIT, &cookie, 8));
	ASSERT_EQ(-EINVAL, genl_next(f->nl, &r));
	OK(pair_pump(&a, 1000, 1000));
	pair_free(&a);
}

/*
 * No new sessions.
 */
FIXTURE(drain) {
	struct line l;
	struct family f;
};

FIXTURE_VARIANT(drain) {
	struct kind kind;
};

KIND_VARIANT_OF(drain, door4, AF_INET, AF_INET, IPPROTO_RSESS, 0, AUTO);
KIND_VARIANT(drain, rsess4, AF_RSESS, AF_INET, 0, AUTO);
KIND_VARIANT(drain, rsess6, AF_RSESS, AF_INET6, 0, AUTO);
KIND_VARIANT_OF(drain, sctp4, AF_RSESS, AF_INET, IPPROTO_SCTP, 0, AUTO);

FIXTURE_SETUP(drain)
{
	OK(line_init(&self->l, &variant->kind));
	OK(genl_open(&self->f));
}

FIXTURE_TEARDOWN(drain)
{
	EXPECT_EQ(0, line_end(&self->l));
	close(self->f.nl);
}

/* The reason of a socket that is plain, or 0. */
static int reason_of(int fd)
{
	struct rsess_info info;
	socklen_t len = sizeof(info);

	if (getsockopt(fd, SOL_RSESS, RSESS_INFO, &info, &len))
		return -errno;
	return info.plain ? (int)info.reason : 0;
}

static int set_policy(int fd, int policy)
{
	return set_int(fd, SOL_RSESS, RSESS_NEGOTIATE, policy);
}

CASE(drain, new_ones_are_plain)
{
	struct line *l = &self->l;

	ASSERT_EQ(0, is_drained(&self->f));
	OK(drain(&self->f, 1));
	ASSERT_EQ(1, is_drained(&self->f));
	OK(line_open(l));
	ASSERT_EQ(RSESS_REASON_DRAIN, reason_of(l->c));
	ASSERT_EQ(RSESS_REASON_DRAIN, reason_of(l->s));
	ASSERT_EQ(2, stat_get("FallbackDrain"));
	ASSERT_EQ(0, sessions());
	if (variant->kind.protocol != IPPROTO_SCTP)
		OK(line_talk(l));
	line_close(&l->c);
	line_close(&l->s);

	OK(drain(&self->f, 0));
	ASSERT_EQ(0, is_drained(&self->f));
	OK(line_open(l));
	ASSERT_EQ(0, reason_of(l->c));
	ASSERT_EQ(0, reason_of(l->s));
	ASSERT_EQ(2, stat_get("FallbackDrain"));
}

/* Does it answer no offer any more? */
static bool listener_is_drained(void *arg)
{
	struct line *l = arg;
	bool ret;

	if (line_open(l))
		return false;
	ret = reason_of(l->s) == RSESS_REASON_DRAIN;
	line_close(&l->c);
	line_close(&l->s);
	return ret;
}

/* A session that was accepted has its listener answer, until it ends. */
CASE(drain, sessions_go_on)
{
	struct line *l = &self->l;
	int c, s;

	OK(line_open(l));
	ASSERT_EQ(2, sessions());
	OK(drain(&self->f, 1));
	OK(line_reset(l));
	OK(line_talk(l));
	c = l->c;
	s = l->s;
	OK(line_open(l));
	ASSERT_EQ(RSESS_REASON_DRAIN, reason_of(l->c));
	ASSERT_EQ(RSESS_REASON_PLAIN_PEER, reason_of(l->s));
	line_close(&l->c);
	line_close(&l->s);
	l->c = c;
	l->s = s;
	OK(line_reset(l));
	OK(line_talk(l));
	line_close(&l->c);
	line_close(&l->s);
	OK(wait_until(listener_is_drained, l));
}

/* Each end alone, beside one that is left as it is; and both of those. */
CASE(drain, who_requires_a_session)
{
	struct line *l = &self->l;

	OK(drain(&self->f, 1));
	l->c = kind_socket(l->kind, 0);
	ASSERT_LE(0, l->c);
	OK(set_policy(l->c, RSESS_NEGOTIATE_REQUIRE));
	FAILS(EPROTONOSUPPORT, line_dial(l, l->c));
	line_close(&l->c);

	line_close(&l->lfd);
	OK(negotiate_set(RSESS_NEGOTIATE_REQUIRE));
	l->lfd = new_listener_of(l->kind->domain, l->kind->protocol,
				 l->kind->family);
	ASSERT_LE(0, l->lfd);
	l->c = kind_socket(l->kind, 0);
	ASSERT_LE(0, l->c);
	OK(set_policy(l->c, RSESS_NEGOTIATE_AUTO));
	OK(line_dial(l, l->c));
	ASSERT_EQ(RSESS_REASON_DRAIN, reason_of(l->c));
	line_close(&l->c);

	OK(line_open(l));
	ASSERT_EQ(0, reason_of(l->c));
	ASSERT_EQ(0, reason_of(l->s));
	OK(line_talk(l));
}

/* A change finds sockets that listen, and those that begin to. */
CASE(drain, turned_on_and_off)
{
	struct line *l = &self->l;
	int i;

	for (i = 0; i < 10; i++) {
		OK(drain(&self->f, 1));
		OK(drain(&self->f, 1));
		line_close(&l->lfd);
		l->lfd = new_listener_of(l->kind->domain, l->kind->protocol,
					 l->kind->family);
		ASSERT_LE(0, l->lfd);
		OK(line_open(l));
		ASSERT_EQ(RSESS_REASON_DRAIN, reason_of(l->s));
		line_close(&l->c);
		line_close(&l->s);
		OK(drain(&self->f, 0));
		OK(line_open(l));
		ASSERT_EQ(0, reason_of(l->s));
		line_close(&l->c);
		line_close(&l->s);
		OK(no_sessions());
	}
}

TEST_HARNESS_MAIN
