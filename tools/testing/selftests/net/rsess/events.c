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

#include <linux/genetlink.h>
#include <linux/rsess_netlink.h>

#include "harness.h"
#include "line.h"
#include "pair.h"
#include "sockdiag.h"

#define NOBODY		65534
/* More than there are of any kind. */
#define ATTRS		(RSESS_A_MAX + 1)
/* Longer than anybody waits here, ms. */
#define LONG_MS		100000
#define MANY_REFUSED	100

/**
 * struct family - what there is to know of it
 * @nl: socket of NETLINK_GENERIC
 * @id: its number
 * @group: that of its events
 */
struct family {
	int nl;
	uint16_t id;
	uint32_t group;
};

/* A request with one attribute. */
struct order {
	struct nlmsghdr nlh;
	struct genlmsghdr genl;
	struct nlattr a;
	char value[60];
};

/**
 * struct answer - a message of the family
 * @nlh: its header
 * @bytes: all of it
 * @a: its attributes
 */
struct answer {
	union {
		struct nlmsghdr nlh;
		char bytes[8192];
	};
	const struct nlattr *a[ATTRS];
};

static const void *value(const struct nlattr *a)
{
	return (const char *)a + NLA_HDRLEN;
}

static void split(const struct nlattr *a, int left, const struct nlattr **to,
		  int n)
{
	memset(to, 0, n * sizeof(*to));
	while (left >= NLA_HDRLEN && a->nla_len >= NLA_HDRLEN &&
	       a->nla_len <= left) {
		if ((a->nla_type & NLA_TYPE_MASK) < n)
			to[a->nla_type & NLA_TYPE_MASK] = a;
		left -= NLA_ALIGN(a->nla_len);
		a = (const void *)((const char *)a + NLA_ALIGN(a->nla_len));
	}
}

static void split_message(const struct nlmsghdr *nlh, const struct nlattr **to,
			  int n)
{
	split((const void *)((const char *)NLMSG_DATA(nlh) + GENL_HDRLEN),
	      (int)nlh->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN), to, n);
}

/* Sends @len bytes of an attribute of a type, or none if that is 0. */
static int order(int nl, uint16_t id, uint8_t cmd, int flags, int type,
		 const void *data, size_t len)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	struct order o = {
		.nlh = {
			.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN),
			.nlmsg_type = id,
			.nlmsg_flags = NLM_F_REQUEST | flags,
		},
		.genl = { .cmd = cmd, .version = 1 },
		.a = { .nla_type = type, .nla_len = NLA_HDRLEN + len },
	};

	if (type) {
		memcpy(o.value, data, len);
		o.nlh.nlmsg_len += NLA_ALIGN(o.a.nla_len);
	}
	return sendto(nl, &o, o.nlh.nlmsg_len, 0, (struct sockaddr *)&to,
		      sizeof(to)) < 0 ? -errno : 0;
}

/* The next datagram; the errno of the kernel if it is one. */
static int next(int nl, struct answer *r)
{
	ssize_t n = recv(nl, r->bytes, sizeof(r->bytes), 0);

	if (n < 0)
		return -errno;
	if (!NLMSG_OK(&r->nlh, n))
		return -EBADMSG;
	if (r->nlh.nlmsg_type == NLMSG_ERROR)
		return *(const int *)NLMSG_DATA(&r->nlh);
	split_message(&r->nlh, r->a, ATTRS);
	return 0;
}

static uint8_t command(const struct answer *r)
{
	return ((const struct genlmsghdr *)NLMSG_DATA(&r->nlh))->cmd;
}

/* The number of the first group. */
static uint32_t group_in(const struct nlattr *groups)
{
	const struct nlattr *a[2], *g[CTRL_ATTR_MCAST_GRP_MAX + 1];

	split(value(groups), groups->nla_len - NLA_HDRLEN, a, 2);
	if (!a[1])
		return 0;
	split(value(a[1]), a[1]->nla_len - NLA_HDRLEN, g,
	      CTRL_ATTR_MCAST_GRP_MAX + 1);
	return g[CTRL_ATTR_MCAST_GRP_ID] ?
	       *(const uint32_t *)value(g[CTRL_ATTR_MCAST_GRP_ID]) : 0;
}

static int family_open(struct family *f)
{
	struct timeval limit = { .tv_sec = WAIT_MS / 1000 };
	const struct nlattr *a[CTRL_ATTR_MAX + 1];
	struct answer r;
	int ret;

	f->nl = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (f->nl < 0 || setsockopt(f->nl, SOL_SOCKET, SO_RCVTIMEO, &limit,
				    sizeof(limit)))
		return -errno;
	ret = order(f->nl, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0,
		    CTRL_ATTR_FAMILY_NAME, RSESS_FAMILY_NAME,
		    sizeof(RSESS_FAMILY_NAME)) ?: next(f->nl, &r);
	if (ret)
		return ret;
	split_message(&r.nlh, a, CTRL_ATTR_MAX + 1);
	if (!a[CTRL_ATTR_FAMILY_ID] || !a[CTRL_ATTR_MCAST_GROUPS])
		return -EBADMSG;
	f->id = *(const uint16_t *)value(a[CTRL_ATTR_FAMILY_ID]);
	f->group = group_in(a[CTRL_ATTR_MCAST_GROUPS]);
	return 0;
}

/* Hears of events from now on. */
static int hear(struct family *f)
{
	return setsockopt(f->nl, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &f->group,
			  sizeof(f->group)) ? -errno : 0;
}

/* Has a session dial now; what the kernel says. */
static int resume(struct family *f, uint64_t cookie)
{
	struct answer r;

	return order(f->nl, f->id, RSESS_CMD_SESSION_RESUME, NLM_F_ACK,
		     RSESS_A_COOKIE, &cookie, sizeof(cookie)) ?:
	       next(f->nl, &r);
}

/* Begins or ends to have no new sessions; what the kernel says. */
static int drain(struct family *f, uint8_t on)
{
	struct answer r;

	return order(f->nl, f->id, RSESS_CMD_DRAIN_SET, NLM_F_ACK,
		     RSESS_DRAIN_A_ON, &on, sizeof(on)) ?: next(f->nl, &r);
}

/* Are there none?  0 or 1, or a negative errno. */
static int is_drained(struct family *f)
{
	struct answer r;
	int ret;

	ret = order(f->nl, f->id, RSESS_CMD_DRAIN_GET, 0, 0, NULL, 0) ?:
	      next(f->nl, &r);
	if (ret)
		return ret;
	return r.a[RSESS_DRAIN_A_ON] ?
	       *(const uint8_t *)value(r.a[RSESS_DRAIN_A_ON]) : -EBADMSG;
}

static uint64_t number(const struct answer *r, int type)
{
	uint64_t n = 0;

	if (r->a[type])
		memcpy(&n, value(r->a[type]), r->a[type]->nla_len - NLA_HDRLEN);
	return n;
}

/* The next event is @cmd, and of the socket with this cookie, if it is not 0. */
static int expect(struct family *f, uint8_t cmd, uint64_t cookie,
		  struct answer *r)
{
	const struct genlmsghdr *genl;
	int ret = next(f->nl, r);

	if (ret)
		return ret;
	genl = NLMSG_DATA(&r->nlh);
	if (r->nlh.nlmsg_type == f->id && genl->cmd == cmd &&
	    (!cookie || number(r, RSESS_A_COOKIE) == cookie))
		return 0;
	say("event %d, not %d", genl->cmd, cmd);
	return -EPROTO;
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
	OK(family_open(&self->f));
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
	const struct sockaddr_in *told = value(a);

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

	OK(hear(f));
	OK(pair_open(s));
	cookie = cookie_of(s->fd);
	OK(expect(f, RSESS_CMD_SESSION_NEW, cookie, r));
	EXPECT_EQ(1, number(r, RSESS_A_DIALER));
	EXPECT_NE(0, number(r, RSESS_A_INODE));
	ASSERT_NE(NULL, r->a[RSESS_A_PEER]);
	EXPECT_TRUE(is_address(r->a[RSESS_A_PEER], &s->p.addr));

	peer_reset(&s->p);
	OK(expect(f, RSESS_CMD_SESSION_LOST, cookie, r));
	EXPECT_EQ(1, number(r, RSESS_A_LOST));
	EXPECT_EQ(ECONNRESET, number(r, RSESS_A_ERROR));
	OK(pair_again(s));
	OK(expect(f, RSESS_CMD_SESSION_RESUMED, cookie, r));
	EXPECT_EQ(1, number(r, RSESS_A_RESUMES));
	EXPECT_EQ(1, number(r, RSESS_A_EPOCH));

	OK(peer_send_abort(&s->p, RSESS_REASON_ADMIN));
	OK(expect(f, RSESS_CMD_SESSION_ENDED, cookie, r));
	EXPECT_EQ(RSESS_REASON_ADMIN, number(r, RSESS_A_REASON));
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
	OK(hear(f));
	OK(dial(fd, AF_INET));
	ASSERT_LE(0, accept(lfd, NULL, NULL));
	for (i = 0; i < 2; i++) {
		OK(expect(f, RSESS_CMD_SESSION_FALLBACK, 0, r));
		EXPECT_EQ(RSESS_REASON_OFF, number(r, RSESS_A_REASON));
		EXPECT_NE(0, number(r, RSESS_A_INODE));
	}
}

CASE(events, of_a_limit)
{
	struct family *f = &self->f;
	struct answer *r = &self->r;
	int fd;

	OK(sysctl_set("rsess/max_sessions", 0));
	OK(hear(f));
	fd = new_socket(AF_RSESS, 0);
	FAILS(ENOBUFS, dial(fd, AF_INET));
	OK(expect(f, RSESS_CMD_LIMIT_REACHED, 0, r));
	ASSERT_NE(NULL, r->a[RSESS_A_LIMIT]);
	ASSERT_STREQ("max_sessions", value(r->a[RSESS_A_LIMIT]));
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
	OK(hear(f));
	for (i = 0; i < MANY_REFUSED; i++) {
		fd = new_socket(AF_RSESS, 0);
		FAILS(ENOBUFS, dial(fd, AF_INET));
		close(fd);
	}
	OK(sysctl_set("rsess/max_sessions", 100));
	OK(pair_open(&self->s));
	for (;;) {
		OK(next(f->nl, r));
		if (command(r) == RSESS_CMD_SESSION_NEW)
			break;
		ASSERT_EQ(RSESS_CMD_LIMIT_REACHED, command(r));
		told++;
	}
	ASSERT_LT(0, told);
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
	if (family_open(&f) || hear(&f) != -EPERM)
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
		split_message(nlh, a, RSESS_COUNTER_A_MAX + 1);
		if (!a[RSESS_COUNTER_A_NAME] || !a[RSESS_COUNTER_A_VALUE])
			return -EBADMSG;
		memcpy(&told, value(a[RSESS_COUNTER_A_VALUE]), sizeof(told));
		if (stat_get(value(a[RSESS_COUNTER_A_NAME])) != (int64_t)told) {
			say("%s", (const char *)value(a[RSESS_COUNTER_A_NAME]));
			return -EPROTO;
		}
		if (is_gauge(value(a[RSESS_COUNTER_A_NAME])) !=
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
	OK(order(f->nl, f->id, RSESS_CMD_STATS_GET, NLM_F_DUMP, 0, NULL, 0));
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
	OK(order(f->nl, f->id, RSESS_CMD_SESSION_RESUME, NLM_F_ACK, 0, NULL, 0));
	ASSERT_EQ(-EINVAL, next(f->nl, &r));
	OK(order(f->nl, f->id, RSESS_CMD_SESSION_RESUME, NLM_F_ACK,
		 RSESS_A_COOKIE, &cookie, 4));
	ASSERT_GT(0, next(f->nl, &r));
	OK(order(f->nl, f->id, RSESS_CMD_SESSION_RESUME, NLM_F_ACK,
		 RSESS_A_LIMIT, &cookie, 8));
	ASSERT_EQ(-EINVAL, next(f->nl, &r));
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
	OK(family_open(&self->f));
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
