// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family: what it tells when something happens, the counters, sockets, and
 * orders: to dial now, and to have no new sessions.
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
#include "raw.h"
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
			  RSESS_DRAIN_A_ON, &on, sizeof(on)) ?:
	       genl_next(f->nl, &r);
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

/* Whoever was dialed tells of the same transport as whoever dials. */
CASE(events, of_both_ends)
{
	struct family *f = &self->f;
	struct answer *r = &self->r;
	int lfd, fd, resumed = 0;

	lfd = new_listener(AF_RSESS, AF_INET);
	fd = new_socket(AF_RSESS, 0);
	OK(dial(fd, AF_INET));
	ASSERT_LE(0, accept(lfd, NULL, NULL));
	OK(genl_hear(f));
	ASSERT_LT(0, tear(PORT));
	while (resumed < 2) {
		OK(genl_next(f->nl, r));
		if (genl_command(r) != RSESS_CMD_SESSION_RESUMED)
			continue;
		EXPECT_EQ(1, genl_number(r, RSESS_A_EPOCH));
		resumed++;
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

	for (i = 0; i < ARRAY_SIZE(names); i++)
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

struct order {
	struct family *f;
	uint64_t cookie;
};

/* Not while it is dialing, by itself or for the order before: -EALREADY. */
static bool is_told_to_dial(void *arg)
{
	const struct order *o = arg;

	return !resume(o->f, o->cookie);
}

/* Each order is an attempt, however long the session would wait by itself. */
CASE(events, dials_when_it_is_told_to)
{
	struct order o = { .f = &self->f };
	struct pair *s = &self->s;
	struct watch w = {};
	uint64_t cookie;
	int i;

	OK(sysctl_set("rsess/dial_max_ms", 10 * LONG_MS));
	OK(pair_open(s));
	cookie = cookie_of(s->fd);
	o.cookie = cookie;
	w.fd = s->fd;
	ASSERT_EQ(-EALREADY, resume(&self->f, cookie));
	close(s->p.lfd);
	s->p.lfd = -1;
	peer_reset(&s->p);
	OK(wait_until(has_tried, &w));
	for (i = 0; i < 30 && w.seen.times.redial < LONG_MS; i++) {
		w.attempts = w.seen.times.attempts;
		OK(wait_until(is_told_to_dial, &o));
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
 * Sockets, one and all.
 */
#define MANY_STREAMS	60

FIXTURE(sockets) {
	struct line l;
	struct family f;
};

FIXTURE_VARIANT(sockets) {
	struct kind kind;
};

KIND_VARIANT_OF(sockets, door4, AF_INET, AF_INET, IPPROTO_RSESS, 0, AUTO);
KIND_VARIANT(sockets, plain4, AF_RSESS, AF_INET, 0, OFF);
KIND_VARIANT(sockets, rsess6, AF_RSESS, AF_INET6, 0, AUTO);
KIND_VARIANT_OF(sockets, sctp4, AF_RSESS, AF_INET, IPPROTO_SCTP, 0, AUTO);

FIXTURE_SETUP(sockets)
{
	OK(line_init(&self->l, &variant->kind));
	OK(genl_open(&self->f));
	OK(line_open(&self->l));
}

FIXTURE_TEARDOWN(sockets)
{
	EXPECT_EQ(0, line_end(&self->l));
	close(self->f.nl);
}

/**
 * struct told - what session-get tells, of the last socket
 * @n: messages
 * @s: idiag_inode, idiag_uid, the queues, and what is in RSESS_A_DIAG
 * @cookie: RSESS_A_COOKIE
 * @ids: sessions whose ids were told
 * @bad: a message that cannot be read
 */
struct told {
	int n;
	struct seen s;
	uint64_t cookie;
	int ids;
	bool bad;
};

static void hear_of(const struct nlmsghdr *nlh, void *arg)
{
	static const unsigned char none[RSESS_ID_LEN];
	struct told *t = arg;
	struct answer r;
	const struct nlattr *diag;

	genl_split(nlh, r.a, ATTRS);
	t->n++;
	memset(&t->s, 0, sizeof(t->s));
	diag = r.a[RSESS_A_DIAG];
	if (!diag || seen_attributes(&t->s, genl_value(diag),
				     diag->nla_len - NLA_HDRLEN)) {
		t->bad = true;
		return;
	}
	t->cookie = genl_number(&r, RSESS_A_COOKIE);
	t->s.msg.idiag_inode = genl_number(&r, RSESS_A_INODE);
	t->s.msg.idiag_uid = genl_number(&r, RSESS_A_UID);
	t->s.msg.idiag_rqueue = genl_number(&r, RSESS_A_RQUEUE);
	t->s.msg.idiag_wqueue = genl_number(&r, RSESS_A_WQUEUE);
	if (has(&t->s, RSESS_DIAG_ID) ||
	    memcmp(t->s.info.id, none, sizeof(none)))
		t->ids++;
}

/* One socket; the kernel's answer. */
static int get(struct family *f, int type, const void *data, size_t len,
	       struct told *t)
{
	int ret = genl_order(f->nl, f->id, RSESS_CMD_SESSION_GET, NLM_F_ACK,
			     type, data, len);

	memset(t, 0, sizeof(*t));
	return ret ?: genl_all(f->nl, hear_of, t);
}

static int get_all(struct family *f, struct told *t)
{
	int ret = genl_order(f->nl, f->id, RSESS_CMD_SESSION_GET, NLM_F_DUMP, 0,
			     NULL, 0);

	memset(t, 0, sizeof(*t));
	return ret ?: genl_all(f->nl, hear_of, t);
}

CASE(sockets, told_as_by_sock_diag)
{
	struct line *l = &self->l;
	const int fds[] = { l->c, l->s, l->lfd };
	uint64_t cookie;
	struct told t;
	struct seen s;
	unsigned int i;

	OK(write_all(l->c, 0, 100));
	ASSERT_LE(0, wait_for(l->s, POLLIN));
	for (i = 0; i < 3; i++) {
		cookie = cookie_of(fds[i]);
		OK(get(&self->f, RSESS_A_COOKIE, &cookie, sizeof(cookie), &t));
		ASSERT_EQ(1, t.n);
		ASSERT_FALSE(t.bad);
		OK(look_at(fds[i], &s));
		ASSERT_EQ(cookie, t.cookie);
		ASSERT_EQ(s.has, t.s.has);
		ASSERT_EQ(s.msg.idiag_inode, t.s.msg.idiag_inode);
		ASSERT_EQ(s.msg.idiag_uid, t.s.msg.idiag_uid);
		ASSERT_EQ(s.msg.idiag_rqueue, t.s.msg.idiag_rqueue);
		ASSERT_EQ(s.info.plain, t.s.info.plain);
		ASSERT_EQ(s.info.reason, t.s.info.reason);
		ASSERT_EQ(s.info.state, t.s.info.state);
		ASSERT_EQ(0, memcmp(s.info.id, t.s.info.id, sizeof(s.id)));
		ASSERT_EQ(0, memcmp(s.id, t.s.id, sizeof(s.id)));
		ASSERT_EQ(s.protocol, t.s.protocol);
		ASSERT_EQ(s.inner, t.s.inner);
		ASSERT_EQ(0, memcmp(&s.peer, &t.s.peer, sizeof(s.peer)));
		ASSERT_EQ(s.cgroup, t.s.cgroup);
		ASSERT_EQ(s.listener.backlog, t.s.listener.backlog);
	}
}

CASE(sockets, found_by_cookie_or_id)
{
	struct line *l = &self->l;
	struct family *f = &self->f;
	uint64_t cookie = cookie_of(l->c);
	unsigned char id[RSESS_ID_LEN];
	struct told t;

	OK(get(f, RSESS_A_COOKIE, &cookie, sizeof(cookie), &t));
	memcpy(id, t.s.id, sizeof(id));
	if (has_session(&variant->kind)) {
		OK(get(f, RSESS_A_ID, id, sizeof(id), &t));
		ASSERT_EQ(1, t.n);
		ASSERT_EQ(0, memcmp(id, t.s.id, sizeof(id)));
	}
	id[0]++;
	ASSERT_EQ(-ENOENT, get(f, RSESS_A_ID, id, sizeof(id), &t));
	cookie += 1000000;
	ASSERT_EQ(-ENOENT,
		  get(f, RSESS_A_COOKIE, &cookie, sizeof(cookie), &t));
	cookie = NO_COOKIE;
	ASSERT_EQ(-EINVAL,
		  get(f, RSESS_A_COOKIE, &cookie, sizeof(cookie), &t));
	ASSERT_EQ(-EINVAL, get(f, 0, NULL, 0, &t));
	ASSERT_GT(0, get(f, RSESS_A_ID, id, sizeof(id) - 1, &t));
	ASSERT_GT(0, get(f, RSESS_A_LIMIT, id, sizeof(id), &t));
}

/* More than there is room for in one message, and each of them once. */
CASE(sockets, all_are_told)
{
	struct line *l = &self->l;
	struct family *f = &self->f;
	int fd[2 * MANY_STREAMS], i;
	uint64_t cookie = 1;
	struct told t;

	for (i = 0; i < MANY_STREAMS; i++) {
		fd[2 * i] = line_connect(l);
		ASSERT_LE(0, fd[2 * i]);
		fd[2 * i + 1] = line_accept(l);
		ASSERT_LE(0, fd[2 * i + 1]);
	}
	OK(get_all(f, &t));
	ASSERT_FALSE(t.bad);
	ASSERT_EQ(3 + 2 * MANY_STREAMS, t.n);
	ASSERT_EQ(has_session(&variant->kind) ? 2 + 2 * MANY_STREAMS : 0, t.ids);
	OK(genl_order(f->nl, f->id, RSESS_CMD_SESSION_GET, NLM_F_DUMP,
		      RSESS_A_COOKIE, &cookie, sizeof(cookie)));
	ASSERT_EQ(-EINVAL, genl_all(f->nl, NULL, NULL));
	for (i = 0; i < 2 * MANY_STREAMS; i++)
		close(fd[i]);
}

/* He sees the sockets, as with ss; but no id of another user's, nor finds one by it. */
static int sees_no_ids(const unsigned char *id, bool session)
{
	struct family f;
	struct told t;

	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY) || genl_open(&f))
		return 1;
	if (get_all(&f, &t) || t.bad || t.n != 3 || t.ids)
		return 2;
	return session && get(&f, RSESS_A_ID, id, RSESS_ID_LEN, &t) != -ENOENT;
}

CASE(sockets, ids_are_secrets)
{
	struct line *l = &self->l;
	struct seen s;
	pid_t pid;
	int status;

	OK(look_at(l->c, &s));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(sees_no_ids(s.id, has_session(&variant->kind)));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
}

/*
 * What nobody means.
 */
#define FUZZ_ROUNDS	4000

static uint32_t dice(uint32_t *seed, uint32_t sides)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % sides;
}

/* Up to three attributes: of any type, nested or not, too short, too long, or that say so. */
static size_t fuzz_attributes(uint32_t *seed, char *body)
{
	uint32_t n = dice(seed, 4), i, len;
	struct nlattr a;
	size_t at = 0;

	while (n--) {
		len = dice(seed, 2) ? dice(seed, 3) * 8 : dice(seed, 24);
		a.nla_type = dice(seed, RSESS_A_MAX + 3);
		if (!dice(seed, 4))
			a.nla_type |= NLA_F_NESTED;
		a.nla_len = NLA_HDRLEN + len;
		if (!dice(seed, 8))
			a.nla_len = dice(seed, 200);
		memcpy(body + at, &a, sizeof(a));
		at += sizeof(a);
		for (i = 0; i < len; i++)
			body[at + i] = dice(seed, 2) ? dice(seed, 256) : 0;
		at += NLA_ALIGN(len);
	}
	return at;
}

static bool is_answer(int ret)
{
	switch (-ret) {
	case 0:
	case EALREADY:
	case EINVAL:
	case ENOENT:
	case EOPNOTSUPP:
	case ERANGE:
		return true;
	default:
		return false;
	}
}

CASE(events, requests_at_random)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	struct family *f = &self->f;
	struct {
		struct nlmsghdr nlh;
		struct genlmsghdr genl;
		char body[128];
	} o = {};
	uint32_t seed = 23;
	int i, ret;

	OK(pair_open(&self->s));
	for (i = 0; i < FUZZ_ROUNDS; i++) {
		memset(&o, 0, sizeof(o));
		o.genl.cmd = dice(&seed, RSESS_CMD_MAX + 2);
		o.genl.version = dice(&seed, 8) ? 1 : dice(&seed, 256);
		o.nlh.nlmsg_type = f->id;
		o.nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK |
				    (dice(&seed, 3) ? 0 : NLM_F_DUMP);
		o.nlh.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN) +
				  fuzz_attributes(&seed, o.body);
		ASSERT_EQ(o.nlh.nlmsg_len,
			  sendto(f->nl, &o, o.nlh.nlmsg_len, 0,
				 (struct sockaddr *)&to, sizeof(to)));
		ret = genl_all(f->nl, NULL, NULL);
		if (!is_answer(ret))
			TH_LOG("round %d, command %d", i, o.genl.cmd);
		ASSERT_TRUE(is_answer(ret));
	}
	OK(drain(f, 0));
	OK(pair_pump(&self->s, 1000, 1000));
}

/* What each command takes, and what it does not. */
static const struct {
	uint8_t cmd;
	int type;
	size_t len;
	bool ok;
} requests[] = {
	{ RSESS_CMD_SESSION_RESUME, 0, 0, false },
	{ RSESS_CMD_SESSION_RESUME, RSESS_A_COOKIE, 0, false },
	{ RSESS_CMD_SESSION_RESUME, RSESS_A_COOKIE, 4, false },
	{ RSESS_CMD_SESSION_RESUME, RSESS_A_COOKIE | NLA_F_NESTED, 8, false },
	{ RSESS_CMD_SESSION_RESUME, RSESS_A_ID, 16, false },
	{ RSESS_CMD_SESSION_GET, 0, 0, false },
	{ RSESS_CMD_SESSION_GET, RSESS_A_COOKIE, 7, false },
	{ RSESS_CMD_SESSION_GET, RSESS_A_COOKIE | NLA_F_NESTED, 8, false },
	{ RSESS_CMD_SESSION_GET, RSESS_A_ID, 0, false },
	{ RSESS_CMD_SESSION_GET, RSESS_A_ID, 15, false },
	{ RSESS_CMD_SESSION_GET, RSESS_A_ID, 17, false },
	{ RSESS_CMD_SESSION_GET, RSESS_A_ID | NLA_F_NESTED, 16, false },
	{ RSESS_CMD_SESSION_GET, RSESS_A_DIAG | NLA_F_NESTED, 8, false },
	{ RSESS_CMD_DRAIN_SET, 0, 0, false },
	{ RSESS_CMD_DRAIN_SET, RSESS_DRAIN_A_ON, 0, false },
	{ RSESS_CMD_DRAIN_SET, RSESS_DRAIN_A_ON, 1, true },
	{ RSESS_CMD_DRAIN_SET, RSESS_DRAIN_A_ON | NLA_F_NESTED, 1, false },
	{ RSESS_CMD_DRAIN_SET, RSESS_DRAIN_A_ON + 1, 1, false },
	{ RSESS_CMD_DRAIN_GET, 0, 0, true },
	{ RSESS_CMD_SESSION_NEW, 0, 0, false },
	{ RSESS_CMD_LIMIT_REACHED, 0, 0, false },
	{ RSESS_CMD_MAX + 1, 0, 0, false },
};

CASE(events, requests_that_are_wrong)
{
	static const char zero[32];
	struct family *f = &self->f;
	uint8_t two = 2;
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		OK(genl_order(f->nl, f->id, requests[i].cmd, NLM_F_ACK,
			      requests[i].type, zero, requests[i].len));
		ret = genl_all(f->nl, NULL, NULL);
		if (!ret != requests[i].ok)
			TH_LOG("request %u: %d", i, ret);
		ASSERT_EQ(requests[i].ok, !ret);
	}
	ASSERT_EQ(-ERANGE, drain(f, two));
	ASSERT_EQ(0, is_drained(f));
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
	/* One that is left over would be waited for. */
	OK(sysctl_set("rsess/max_tombstones", 0));
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

/* One that is left behind by a session at another port. */
static int leave_tombstone(void)
{
	struct pair s;

	pair_init(&s, false, AF_INET, 0);
	return negotiate_set(RSESS_NEGOTIATE_REQUIRE) ?:
	       pair_listen_at(&s, PORT + 5) ?: peer_hello(&s.p) ?:
	       pair_accept(&s) ?: pair_end_unheard(&s) ?: no_sessions() ?:
	       negotiate_set(RSESS_NEGOTIATE_AUTO);
}

/* A peer whose session has ended has to be answered as one that resumes. */
CASE(drain, tombstones_may_be_asked)
{
	struct line *l = &self->l;

	OK(sysctl_set("rsess/max_tombstones", 2));
	OK(sysctl_set("rsess/tombstone_timeout_ms", 600000));
	OK(leave_tombstone());
	OK(gauge("Places", 1));
	OK(drain(&self->f, 1));
	OK(line_open(l));
	ASSERT_EQ(RSESS_REASON_DRAIN, reason_of(l->c));
	ASSERT_EQ(RSESS_REASON_PLAIN_PEER, reason_of(l->s));
	line_close(&l->c);
	line_close(&l->s);
	/* It makes room for another one, whose time is over soon. */
	OK(sysctl_set("rsess/max_tombstones", 1));
	OK(sysctl_set("rsess/tombstone_timeout_ms", 1));
	OK(leave_tombstone());
	OK(gauge("Places", 0));
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

/* A dialer that has the answer speaks to a kernel, whatever is wanted meanwhile. */
FIXTURE(offered) {
	struct family f;
	struct raw r;
	int lfd;
};

FIXTURE_SETUP(offered)
{
	struct sockaddr_in any = {
		.sin_family = AF_INET, .sin_port = htons(PORT),
	};

	OK(netns_new());
	OK(genl_open(&self->f));
	OK(raw_open(&self->r));
	self->lfd = new_socket(AF_RSESS, SOCK_NONBLOCK);
	ASSERT_LE(0, self->lfd);
	OK(bind(self->lfd, (struct sockaddr *)&any, sizeof(any)));
	OK(listen(self->lfd, 16));
}

FIXTURE_TEARDOWN(offered)
{
	close(self->lfd);
	raw_close(&self->r);
	close(self->f.nl);
}

/* A SYN that asks is answered with @role. */
static int asks(struct raw *r, enum rsess_syn_role role)
{
	return raw_ask(r, PORT, RSESS_SYN_REQUEST) ?:
	       (r->role == role ? 0 : -EPROTO);
}

/* It is answered, a drain begins, and it confirms. */
static int offered_before_drain(struct raw *r, struct family *f)
{
	return asks(r, RSESS_SYN_ANSWER) ?: drain(f, 1) ?:
	       raw_send(r, TH_ACK, RSESS_SYN_CONFIRM, NULL, 0);
}

/* Nor has accept() anything before it has spoken. */
CASE(offered, before_a_drain)
{
	struct raw *r = &self->r;

	OK(sysctl_set("rsess/handshake_timeout_ms", 300));
	OK(offered_before_drain(r, &self->f));
	OK(raw_expect(r, TH_RST));
	FAILS(EAGAIN, accept(self->lfd, NULL, NULL));
	ASSERT_EQ(1, stat_get("HandshakeTimeouts"));
	/* This one is too late. */
	r->port++;
	OK(asks(r, RSESS_SYN_NONE));
}

/* The session that comes of it can come back, so the listener answers again. */
CASE(offered, has_a_session)
{
	u8 hello[RSESS_HDR_LEN + RSESS_CTRL_MAX];
	struct raw *r = &self->r;
	struct peer p;
	size_t len;
	int fd;

	peer_init(&p, true, 0);
	len = peer_make_hello(&p, hello);
	OK(offered_before_drain(r, &self->f));
	OK(raw_send(r, TH_ACK | TH_PUSH, RSESS_SYN_NONE, hello, len));
	r->snd_nxt += len;
	OK(raw_take(r, RSESS_HDR_LEN + sizeof(struct rsess_wire_welcome)));
	ASSERT_EQ(RSESS_WELCOME, r->payload[0]);
	ASSERT_LT(0, wait_for(self->lfd, POLLIN));
	fd = accept(self->lfd, NULL, NULL);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, reason_of(fd));
	r->port++;
	OK(asks(r, RSESS_SYN_ANSWER));
	close(fd);
	peer_free(&p);
}

TEST_HARNESS_MAIN
