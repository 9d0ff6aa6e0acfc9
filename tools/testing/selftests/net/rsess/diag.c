// SPDX-License-Identifier: GPL-2.0
/*
 * What NETLINK_SOCK_DIAG tells of sockets, to whom, and how an administrator ends them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "line.h"
#include "pair.h"
#include "sockdiag.h"

#define NOBODY		65534
#define FALLBACKS	500
/* The relay resets when it is told to, and not before. */
#define TOLD		0x40000000

#define TCPF(state)	(1U << TCP_##state)
enum {
	TCP_ESTABLISHED = 1, TCP_SYN_SENT, TCP_SYN_RECV, TCP_FIN_WAIT1,
	TCP_FIN_WAIT2, TCP_TIME_WAIT, TCP_CLOSE, TCP_CLOSE_WAIT, TCP_LAST_ACK,
	TCP_LISTEN, TCP_CLOSING,
};

static int info_of(int fd, struct rsess_info *info)
{
	socklen_t len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return getsockopt(fd, SOL_RSESS, RSESS_INFO, info, &len) ? -errno : 0;
}

static ino_t inode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? 0 : st.st_ino;
}

/* Runs @f without rights, in a process of its own; what it returned. */
static int as_nobody(int (*f)(void *arg), void *arg)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(setgroups(0, NULL) ||
		      setresgid(NOBODY, NOBODY, NOBODY) ||
		      setresuid(NOBODY, NOBODY, NOBODY) || f(arg));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	return status;
}

/* A stream, and a netlink socket in its namespace. */
FIXTURE(diag) {
	struct line l;
	int nl;
};

FIXTURE_VARIANT(diag) {
	struct kind kind;
};

KIND_VARIANT_OF(diag, door4, AF_INET, AF_INET, IPPROTO_RSESS, 0, AUTO);
KIND_VARIANT_OF(diag, door6, AF_INET6, AF_INET6, IPPROTO_RSESS, 0, AUTO);
KIND_VARIANT(diag, plain4, AF_RSESS, AF_INET, 0, OFF);
KIND_VARIANT(diag, plain6, AF_RSESS, AF_INET6, 0, OFF);
KIND_VARIANT(diag, rsess4, AF_RSESS, AF_INET, 0, AUTO);
KIND_VARIANT(diag, rsess6, AF_RSESS, AF_INET6, 0, AUTO);
KIND_VARIANT_OF(diag, sctp4, AF_RSESS, AF_INET, IPPROTO_SCTP, 0, AUTO);

FIXTURE_SETUP(diag)
{
	OK(line_init(&self->l, &variant->kind));
	self->nl = diag_open();
	ASSERT_LE(0, self->nl);
}

FIXTURE_TEARDOWN(diag)
{
	close(self->nl);
	EXPECT_EQ(0, line_end(&self->l));
}

static void one_more(const struct seen *seen, void *arg)
{
	(void)seen;
	++*(int *)arg;
}

/* How many sockets are there in some states? */
static int count(int nl, uint32_t states)
{
	int n = 0;
	int ret = diag_dump(nl, states, one_more, &n);

	return ret ?: n;
}

/* Is an address the one that the message has? */
static bool is_named(const struct sockaddr_storage *ss, const __be32 *host,
		     __be16 port)
{
	const struct sockaddr_in6 *in6 = (const void *)ss;
	const struct sockaddr_in *in = (const void *)ss;

	if (ss->ss_family == AF_INET)
		return in->sin_port == port && in->sin_addr.s_addr == host[0] &&
		       !host[1] && !host[2] && !host[3];
	return in6->sin6_port == port && !memcmp(&in6->sin6_addr, host, 16);
}

/* Does the message have the names that the socket has? */
static bool names_match(int fd, const struct inet_diag_msg *msg)
{
	struct sockaddr_storage local = {}, peer = {};
	socklen_t len = sizeof(local), plen = sizeof(peer);

	if (getsockname(fd, (struct sockaddr *)&local, &len) ||
	    !is_named(&local, msg->id.idiag_src, msg->id.idiag_sport) ||
	    msg->idiag_family != local.ss_family)
		return false;
	return getpeername(fd, (struct sockaddr *)&peer, &plen) ?
	       !msg->id.idiag_dport :
	       is_named(&peer, msg->id.idiag_dst, msg->id.idiag_dport);
}

static bool memory_matches(int fd, const struct seen *seen)
{
	uint32_t memory[SK_MEMINFO_VARS];
	socklen_t len = sizeof(memory);

	return !getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &len) &&
	       !memcmp(memory, seen->memory, len);
}

CASE(diag, tells_what_the_socket_says)
{
	bool session = has_session(&variant->kind);
	struct line *l = &self->l;
	const int *ends[] = { &l->c, &l->s, &l->lfd };
	struct rsess_info info;
	struct seen seen;
	unsigned int i;

	OK(line_open(l));
	OK(write_all(l->c, 0, 100));
	OK(wait_readable(l->s, 100));
	OK(wait_confirmed(l->c));
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		int fd = *ends[i];
		bool is_session = session && fd != l->lfd;

		OK(look_at(fd, &seen));
		OK(info_of(fd, &info));
		ASSERT_EQ(cookie_of(fd), cookie_in(&seen.msg));
		ASSERT_EQ(inode_of(fd), seen.msg.idiag_inode);
		ASSERT_EQ(0, seen.msg.idiag_uid);
		ASSERT_EQ(info.state, seen.msg.idiag_state);
		ASSERT_TRUE(names_match(fd, &seen.msg));
		ASSERT_TRUE(has(&seen, RSESS_DIAG_INFO));
		ASSERT_TRUE(has(&seen, RSESS_DIAG_SKMEMINFO));
		ASSERT_TRUE(memory_matches(fd, &seen));
		ASSERT_EQ(0, memcmp(&info, &seen.info, sizeof(info)));
		ASSERT_EQ(is_session, has(&seen, RSESS_DIAG_ID));
		ASSERT_EQ(is_session, has(&seen, RSESS_DIAG_TIMES));
		ASSERT_EQ(is_session, has(&seen, RSESS_DIAG_TRANSPORT));
		ASSERT_EQ(fd == l->lfd, has(&seen, RSESS_DIAG_LISTENER));
		if (is_session)
			ASSERT_EQ(0, memcmp(info.id, seen.id, sizeof(info.id)));
		ASSERT_EQ(fd == l->s ? 100 : 0, seen.msg.idiag_rqueue);
		ASSERT_EQ(fd == l->lfd ? 16 : 0, seen.msg.idiag_wqueue);
	}
}

/* The transport is one of those that the module of its protocol tells of, with the same
 * process and cgroup.
 */
CASE(diag, names_the_transport)
{
	bool session = has_session(&variant->kind);
	struct line *l = &self->l;
	const int *ends[] = { &l->c, &l->s };
	struct inet_diag_msg msg;
	uint64_t cgroup = 0;
	struct seen seen;
	unsigned int i;
	int protocol;

	protocol = l->kind->protocol == IPPROTO_SCTP ? IPPROTO_SCTP : IPPROTO_TCP;
	OK(line_open(l));
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		OK(look_at(*ends[i], &seen));
		ASSERT_EQ(session ? protocol : 0, seen.protocol);
		if (!session || protocol != IPPROTO_TCP)
			continue;
		OK(diag_inner(self->nl, &seen, &msg, &cgroup));
		ASSERT_EQ(seen.inner, cookie_in(&msg));
		ASSERT_EQ(seen.msg.idiag_inode, msg.idiag_inode);
		ASSERT_EQ(seen.msg.idiag_uid, msg.idiag_uid);
		ASSERT_EQ(seen.cgroup, cgroup);
	}
}

CASE(diag, filters_states)
{
	struct line *l = &self->l;

	ASSERT_EQ(1, count(self->nl, ALL_STATES));
	OK(line_open(l));
	ASSERT_EQ(3, count(self->nl, ALL_STATES));
	ASSERT_EQ(1, count(self->nl, TCPF(LISTEN)));
	ASSERT_EQ(2, count(self->nl, TCPF(ESTABLISHED)));
	ASSERT_EQ(0, count(self->nl, ~(TCPF(LISTEN) | TCPF(ESTABLISHED))));
	ASSERT_EQ(0, count(self->nl, 0));
	OK(line_close(&l->lfd));
	ASSERT_EQ(0, count(self->nl, TCPF(LISTEN)));
	ASSERT_EQ(2, count(self->nl, ALL_STATES));
}

/* What an end gets: the errno, and the reason if it was a session. */
static int ended(int fd, bool session, int error, enum rsess_reason reason)
{
	struct rsess_info info;
	int ret = wait_for(fd, POLLERR);
	int got;

	if (ret < 0)
		return ret;
	got = socket_error(fd);
	ret = info_of(fd, &info);
	if (ret || got != error || (session && info.reason != reason)) {
		say("%s, reason %u", strerror(got), info.reason);
		return -EPROTO;
	}
	return 0;
}

static int both_ended(struct line *l, int killed, int other)
{
	bool session = has_session(l->kind);

	return ended(killed, session, ECONNABORTED, RSESS_REASON_ADMIN) ?:
	       ended(other, session, ECONNRESET, RSESS_REASON_ADMIN);
}

/* Sockets of SCTP that have fallen back are not among the variants. */
CASE(diag, ends_who_dialed)
{
	struct line *l = &self->l;
	uint64_t cookie;

	OK(line_open(l));
	cookie = cookie_of(l->c);
	OK(diag_kill(self->nl, cookie, NULL));
	OK(both_ended(l, l->c, l->s));
	ASSERT_EQ(-ENOENT, diag_kill(self->nl, cookie, NULL));
}

CASE(diag, ends_who_was_accepted)
{
	struct line *l = &self->l;

	OK(line_open(l));
	OK(diag_kill(self->nl, cookie_of(l->s), NULL));
	OK(both_ended(l, l->s, l->c));
}

/* Those who were accepted go on, and the address is free for the next. */
CASE(diag, ends_a_listener)
{
	struct line *l = &self->l;

	OK(line_open(l));
	OK(diag_kill(self->nl, cookie_of(l->lfd), NULL));
	ASSERT_LE(0, wait_for(l->lfd, POLLERR));
	ASSERT_EQ(ECONNABORTED, socket_error(l->lfd));
	FAILS(EINVAL, accept(l->lfd, NULL, NULL));
	ASSERT_EQ(0, count(self->nl, TCPF(LISTEN)));
	ASSERT_EQ(-ENOENT, diag_kill(self->nl, cookie_of(l->lfd), NULL));
	OK(line_talk(l));
	OK(line_close(&l->lfd));
	l->lfd = new_listener_of(l->kind->domain, l->kind->protocol,
				 l->kind->family);
	ASSERT_LE(0, l->lfd);
	ASSERT_EQ(1, count(self->nl, TCPF(LISTEN)));
}

/*
 * Who asks.
 */
static int is_refused(void *arg)
{
	const struct line *l = arg;
	int nl = diag_open();

	return nl < 0 ||
	       diag_kill(nl, cookie_of(l->c), NULL) != -EPERM ||
	       diag_kill(nl, cookie_of(l->lfd), NULL) != -EPERM ||
	       diag_kill(nl, 12345, NULL) != -EPERM;
}

/* Root of a user namespace that does not own the network namespace. */
static int is_refused_as_root(void *arg)
{
	return unshare(CLONE_NEWUSER) || is_refused(arg);
}

CASE(diag, ending_takes_a_right)
{
	struct line *l = &self->l;

	OK(line_open(l));
	OK(as_nobody(is_refused, l));
	OK(as_nobody(is_refused_as_root, l));
	OK(line_talk(l));
	ASSERT_EQ(3, count(self->nl, ALL_STATES));
}

/* In a namespace of one's own one may. */
static int ends_its_own(void *arg)
{
	struct rsess_info info;
	int lfd, fd, nl;

	(void)arg;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) || loopback_up())
		return 1;
	lfd = new_listener(AF_RSESS, AF_INET);
	fd = new_socket(AF_RSESS, 0);
	nl = diag_open();
	if (lfd < 0 || fd < 0 || nl < 0 || dial(fd, AF_INET))
		return 2;
	if (count(nl, ALL_STATES) != 3 || diag_kill(nl, cookie_of(fd), NULL) ||
	    wait_for(fd, POLLERR) < 0 || info_of(fd, &info))
		return 3;
	return info.reason != RSESS_REASON_ADMIN;
}

struct sum {
	int n;
	int ids;
	int infos;
	int named;
};

static void add_up(const struct seen *seen, void *arg)
{
	static const unsigned char none[RSESS_ID_LEN];
	struct sum *sum = arg;

	sum->n++;
	sum->ids += has(seen, RSESS_DIAG_ID);
	sum->infos += !!memcmp(seen->info.id, none, sizeof(none));
	sum->named += seen->msg.idiag_inode != 0;
}

/* He sees all, and no id but those of his own. */
static int sees_no_ids(void *arg)
{
	const struct line *l = arg;
	struct rsess_info info;
	struct sum sum = {};
	struct seen seen;
	int nl = diag_open();

	if (nl < 0 || diag_dump(nl, ALL_STATES, add_up, &sum))
		return 1;
	if (sum.n != 3 || sum.ids || sum.infos || sum.named != 3) {
		say("%d sockets, %d and %d ids, %d inodes", sum.n, sum.ids,
		    sum.infos, sum.named);
		return 1;
	}
	if (diag_get(nl, cookie_of(l->c), NULL, &seen) ||
	    has(&seen, RSESS_DIAG_ID))
		return 1;
	return info_of(l->c, &info) ||
	       diag_get(nl, NO_COOKIE, info.id, &seen) != -ENOENT;
}

/* A socket of root that somebody without rights reads from is still root's. */
static int sees_ids_of_his_own(void *arg)
{
	const struct line *l = arg;
	struct sum sum = {};
	int nl = diag_open();
	int fd = kind_socket(l->kind, 0);

	if (nl < 0 || fd < 0 || line_dial((struct line *)l, fd) ||
	    diag_dump(nl, ALL_STATES, add_up, &sum))
		return 1;
	return sum.ids != 1 || sum.infos != 1;
}

CASE(diag, ids_are_told_to_their_users)
{
	bool session = has_session(&variant->kind);
	struct line *l = &self->l;
	struct rsess_info info;
	struct sum sum = {};
	struct seen seen;

	OK(line_open(l));
	OK(as_nobody(sees_no_ids, l));
	OK(diag_dump(self->nl, ALL_STATES, add_up, &sum));
	ASSERT_EQ(session ? 2 : 0, sum.ids);
	ASSERT_EQ(session ? 2 : 0, sum.infos);
	OK(info_of(l->c, &info));
	ASSERT_EQ(session ? 0 : -ENOENT,
		  diag_get(self->nl, NO_COOKIE, info.id, &seen));
	ASSERT_EQ(session ? 0 : -ENOENT,
		  diag_get(self->nl, cookie_of(l->s), info.id, &seen));
	if (session) {
		ASSERT_EQ(inode_of(l->s), seen.msg.idiag_inode);
		OK(as_nobody(sees_ids_of_his_own, l));
	}
	info.id[0] ^= 1;
	ASSERT_EQ(-ENOENT, diag_get(self->nl, NO_COOKIE, info.id, &seen));
	ASSERT_EQ(-ENOENT, diag_get(self->nl, cookie_of(l->s), info.id, &seen));
}

/*
 * What is in no variant.
 */
FIXTURE(sockets) {
	struct pair s;
	int nl;
};

FIXTURE_SETUP(sockets)
{
	pair_init(&self->s, true, AF_INET, 0);
	OK(netns_inband());
	self->nl = diag_open();
	ASSERT_LE(0, self->nl);
}

FIXTURE_TEARDOWN(sockets)
{
	pair_free(&self->s);
	close(self->nl);
}

CASE(sockets, are_those_of_a_namespace)
{
	OK(pair_open(&self->s));
	OK(as_nobody(ends_its_own, NULL));
	ASSERT_EQ(1, count(self->nl, ALL_STATES));
	OK(pair_pump(&self->s, 1000, 1000));
}

/* connect() that waits for its peer. */
CASE(sockets, that_connect_are_ended)
{
	struct pair *s = &self->s;

	OK(pair_start(s));
	ASSERT_EQ(1, count(self->nl, TCPF(SYN_SENT)));
	OK(diag_kill(self->nl, cookie_of(s->fd), NULL));
	ASSERT_EQ(ECONNABORTED, pair_connect_fails(s));
	ASSERT_EQ(0, count(self->nl, ~TCPF(CLOSE)));
}

static bool is_empty(void *nl)
{
	return !count(*(int *)nl, ALL_STATES);
}

/* Nobody has them any more: they have no inode, but a cookie. */
static void keep_cookie(const struct seen *seen, void *arg)
{
	if (!seen->msg.idiag_inode)
		*(uint64_t *)arg = cookie_in(&seen->msg);
}

CASE(sockets, without_application_are_ended)
{
	struct pair *s = &self->s;
	uint64_t cookie = NO_COOKIE;

	OK(pair_open(s));
	OK(pair_write(s, 1000));
	close(s->fd);
	s->fd = -1;
	OK(diag_dump(self->nl, ALL_STATES, keep_cookie, &cookie));
	ASSERT_NE(NO_COOKIE, cookie);
	OK(diag_kill(self->nl, cookie, NULL));
	OK(peer_take(&s->p, 1000));
	OK(wait_until(is_empty, &self->nl));
	OK(no_sessions());
}

/* An id will do, too. */
CASE(sockets, are_ended_by_their_id)
{
	struct pair *s = &self->s;
	struct rsess_info info;

	OK(pair_open(s));
	OK(pair_info(s, &info));
	info.id[3]++;
	ASSERT_EQ(-ENOENT, diag_kill(self->nl, NO_COOKIE, info.id));
	info.id[3]--;
	ASSERT_EQ(-ENOENT, diag_kill(self->nl, cookie_of(s->fd) + 1, info.id));
	OK(diag_kill(self->nl, NO_COOKIE, info.id));
	ASSERT_LE(0, wait_for(s->fd, POLLERR));
	OK(peer_expect(&s->p, RSESS_ABORT));
	ASSERT_EQ(RSESS_REASON_ADMIN, s->p.raw[RSESS_HDR_LEN + 3]);
}

/* The peer is away. */
struct watch {
	int fd;
	struct seen seen;
};

static bool is_down(void *arg)
{
	struct watch *w = arg;

	return !look_at(w->fd, &w->seen) && w->seen.times.down &&
	       w->seen.times.attempts > 1 && w->seen.times.redial &&
	       !has(&w->seen, RSESS_DIAG_TRANSPORT);
}

CASE(sockets, tell_how_long_they_are_down)
{
	struct pair *s = &self->s;
	struct watch w;

	OK(pair_open(s));
	w.fd = s->fd;
	OK(look_at(s->fd, &w.seen));
	ASSERT_EQ(0, w.seen.times.down);
	ASSERT_EQ(0, w.seen.times.downtime);
	ASSERT_EQ(0, w.seen.times.redial);
	close(s->p.lfd);
	s->p.lfd = -1;
	peer_reset(&s->p);
	OK(wait_until(is_down, &w));
	ASSERT_EQ(w.seen.times.down, w.seen.times.downtime);
	ASSERT_LE(w.seen.times.downtime, w.seen.times.age);
	ASSERT_EQ(1, w.seen.info.lost);

	OK(peer_listen(&s->p, AF_INET, PORT));
	OK(pair_again(s));
	OK(pair_pump(s, 1000, 1000));
	OK(look_at(s->fd, &w.seen));
	ASSERT_EQ(0, w.seen.times.down);
	ASSERT_LT(0, w.seen.times.downtime);
	ASSERT_TRUE(has(&w.seen, RSESS_DIAG_TRANSPORT));
}

/* A listener whose queue is short. */
static bool waits(void *arg)
{
	struct watch *w = arg;

	return !look_at(w->fd, &w->seen) && w->seen.listener.pending == 2 &&
	       w->seen.listener.parked == 1;
}

CASE(sockets, tell_who_waits_for_accept)
{
	struct watch w = { .fd = new_listener(AF_RSESS, AF_INET) };
	int c[6], s[3], i;

	ASSERT_LE(0, w.fd);
	OK(sysctl_set("rsess/handshake_timeout_ms", 3600000));
	OK(listen(w.fd, 2));
	for (i = 0; i < 3; i++) {
		c[i] = new_socket(AF_RSESS, 0);
		OK(dial(c[i], AF_INET));
	}
	c[3] = new_socket(AF_RSESS, SOCK_NONBLOCK);
	FAILS(EINPROGRESS, dial(c[3], AF_INET));
	for (i = 4; i < 6; i++) {
		c[i] = new_socket(AF_INET, 0);
		OK(dial(c[i], AF_INET));
	}
	OK(wait_until(waits, &w));
	EXPECT_EQ(3, w.seen.listener.queued);
	EXPECT_EQ(3, w.seen.msg.idiag_rqueue);
	EXPECT_EQ(2, w.seen.listener.backlog);
	EXPECT_EQ(2, w.seen.msg.idiag_wqueue);
	EXPECT_EQ(3, w.seen.listener.retained);
	for (i = 0; i < 3; i++) {
		s[i] = accept(w.fd, NULL, NULL);
		ASSERT_LE(0, s[i]);
	}
	OK(look_at(w.fd, &w.seen));
	EXPECT_LE(3, w.seen.listener.retained);
}

/* What was a session, or did not become one, listens: it is told once, as what it is. */
CASE(sockets, that_failed_may_listen)
{
	int fd = new_socket(AF_RSESS, 0);
	struct seen seen;

	FAILS(ECONNREFUSED, dial(fd, AF_INET));
	ASSERT_EQ(1, count(self->nl, TCPF(CLOSE)));
	OK(listen(fd, 5));
	ASSERT_EQ(1, count(self->nl, ALL_STATES));
	OK(look_at(fd, &seen));
	EXPECT_TRUE(has(&seen, RSESS_DIAG_LISTENER));
	EXPECT_EQ(0, sessions());
	close(fd);
	ASSERT_EQ(0, count(self->nl, ALL_STATES));
}

/*
 * Many.
 */
#define MANY	(1000 / slowness())

/**
 * struct many - sessions, some of which are cut while they are told
 * @n: how many
 * @c: those who dialed
 * @s: the others
 * @cookie: of both, one after the other
 * @times: how often each was told
 * @cut: so many have been
 * @strange: sockets that are none of them
 */
struct many {
	int n;
	int *c;
	int *s;
	uint64_t *cookie;
	int *times;
	int cut;
	int strange;
};

static int many_open(struct many *m, int lfd)
{
	struct rlimit files = { .rlim_cur = 2 * m->n + 100 };
	int i;

	files.rlim_max = files.rlim_cur;
	m->c = calloc(m->n, sizeof(*m->c));
	m->s = calloc(m->n, sizeof(*m->s));
	m->cookie = calloc(2 * m->n, sizeof(*m->cookie));
	m->times = calloc(2 * m->n, sizeof(*m->times));
	if (setrlimit(RLIMIT_NOFILE, &files))
		return -errno;
	for (i = 0; i < m->n; i++) {
		m->c[i] = new_socket(AF_RSESS, 0);
		if (m->c[i] < 0 || dial(m->c[i], AF_INET))
			return -errno;
		m->s[i] = accept(lfd, NULL, NULL);
		if (m->s[i] < 0)
			return -errno;
		m->cookie[2 * i] = cookie_of(m->c[i]);
		m->cookie[2 * i + 1] = cookie_of(m->s[i]);
	}
	return 0;
}

static void many_note(const struct seen *seen, void *arg)
{
	uint64_t cookie = cookie_in(&seen->msg);
	struct many *m = arg;
	int i;

	for (i = 0; i < 2 * m->n && m->cookie[i] != cookie; i++)
		;
	if (i < 2 * m->n)
		m->times[i]++;
	else
		m->strange++;
	/* Each is followed by a cut of another one, from both ends of the list. */
	i = m->cut % 2 ? m->n - 1 - m->cut / 2 : m->cut / 2;
	if (m->cut < m->n / 2 && !line_cut(&m->c[i]))
		m->cut++;
}

/* Those that stay are told once, and no others. */
CASE(sockets, are_told_once_while_others_end)
{
	int lfd = new_listener(AF_RSESS, AF_INET);
	int i, early = 0, size = 1;
	struct many m = { .n = MANY };

	ASSERT_LE(0, lfd);
	OK(many_open(&m, lfd));
	ASSERT_EQ(2 * m.n, count(self->nl, TCPF(ESTABLISHED)));
	/* What is told at a time has to be read before there is more. */
	OK(setsockopt(self->nl, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)));
	OK(diag_dump(self->nl, TCPF(ESTABLISHED), many_note, &m));
	ASSERT_EQ(0, m.strange);
	ASSERT_EQ(m.n / 2, m.cut);
	for (i = 0; i < m.n; i++) {
		if (m.c[i] >= 0) {
			ASSERT_EQ(1, m.times[2 * i]);
			ASSERT_EQ(1, m.times[2 * i + 1]);
		} else {
			ASSERT_GE(1, m.times[2 * i]);
			ASSERT_GE(1, m.times[2 * i + 1]);
			early += !m.times[2 * i];
		}
	}
	/* Some ended before they were told: it was not all of one moment. */
	ASSERT_LT(0, early);
}

/* Somebody who asks all the time. */
static void *watches(void *stop)
{
	int nl = diag_open();

	while (nl >= 0 && !__atomic_load_n((bool *)stop, __ATOMIC_ACQUIRE))
		count(nl, ALL_STATES);
	close(nl);
	return NULL;
}

/* close() comes at each moment of the work that makes a socket a plain one. */
CASE(sockets, that_fall_back_are_closed)
{
	int lfd = new_listener(AF_INET, AF_INET), policy = RSESS_NEGOTIATE_AUTO;
	bool stop = false;
	pthread_t thread;
	int i, fd, s;

	ASSERT_LE(0, lfd);
	OK(fcntl(lfd, F_SETFL, O_NONBLOCK));
	OK(-pthread_create(&thread, NULL, watches, &stop));
	for (i = 0; i < FALLBACKS; i++) {
		fd = new_socket(AF_RSESS, SOCK_NONBLOCK);
		OK(setsockopt(fd, SOL_RSESS, RSESS_NEGOTIATE, &policy,
			      sizeof(policy)));
		FAILS(EINPROGRESS, dial(fd, AF_INET));
		usleep(i % 50 * 20);
		close(fd);
		while ((s = accept4(lfd, NULL, NULL, SOCK_NONBLOCK)) >= 0)
			close(s);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	OK(wait_until(is_empty, &self->nl));
	ASSERT_LT(FALLBACKS / 20, stat_get("FallbackPeer"));
	close(lfd);
}

/* The order to end is of that connection, and not of the next one of the socket. */
CASE(sockets, that_connect_anew_are_not_ended)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };
	int lfd = new_listener(AF_RSESS, AF_INET);
	int i, fd, a[2];

	for (i = 0; i < 5; i++) {
		fd = new_socket(AF_RSESS, 0);
		OK(dial(fd, AF_INET));
		OK(diag_kill(self->nl, cookie_of(fd), NULL));
		connect(fd, &none, sizeof(none));
		OK(dial(fd, AF_INET));
		a[0] = accept(lfd, NULL, NULL);
		a[1] = accept(lfd, NULL, NULL);
		ASSERT_LE(0, a[1]);
		OK(write_all(fd, 0, 100));
		/* Its timers run in between, which would see to the order. */
		usleep(300000);
		OK(write_all(fd, 100, 100));
		ASSERT_EQ(1, !read_all(a[0], 0, 200) + !read_all(a[1], 0, 200));
		close(a[0]);
		close(a[1]);
		close(fd);
	}
	close(lfd);
}

/*
 * Requests that are none.
 */

/* Sends as many bytes as there should be, or fewer, or more. */
static int asks(int nl, struct question *q, int len, int flags)
{
	q->nlh.nlmsg_len = len;
	q->nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	return diag_send(nl, q) ?: diag_answers(nl, NULL, NULL);
}

static const int whole = NLMSG_LENGTH(sizeof(struct inet_diag_req_v2));

CASE(sockets, short_requests)
{
	static const int types[] = { SOCK_DIAG_BY_FAMILY, SOCK_DESTROY };
	struct question q;
	unsigned int t;
	int len;

	OK(pair_open(&self->s));
	for (t = 0; t < ARRAY_SIZE(types); t++) {
		question_init(&q, types[t], cookie_of(self->s.fd));
		for (len = NLMSG_HDRLEN; len < whole; len++) {
			ASSERT_EQ(-EINVAL, asks(self->nl, &q, len, 0));
			ASSERT_EQ(-EINVAL, asks(self->nl, &q, len, NLM_F_DUMP));
		}
	}
	OK(pair_pump(&self->s, 1000, 1000));
}

/* All that has no meaning. */
CASE(sockets, fields_without_meaning)
{
	const size_t off = offsetof(struct question, req.sdiag_protocol);
	uint64_t cookie;
	struct question q;
	unsigned int i;

	OK(pair_open(&self->s));
	cookie = cookie_of(self->s.fd);
	for (i = 0; i < 3; i++) {
		question_init(&q, SOCK_DIAG_BY_FAMILY, cookie);
		((char *)&q)[off + i] = 1;
		ASSERT_EQ(-EINVAL, asks(self->nl, &q, whole, 0));
		q.req.id.idiag_cookie[0] = 0;
		ASSERT_EQ(-EINVAL, asks(self->nl, &q, whole, NLM_F_DUMP));
		q.nlh.nlmsg_type = SOCK_DESTROY;
		ASSERT_EQ(-EINVAL, asks(self->nl, &q, whole, 0));
	}
	/* A dump is of all. */
	for (i = 0; i < sizeof(q.req.id); i++) {
		question_init(&q, SOCK_DIAG_BY_FAMILY, 0);
		((char *)&q.req.id)[i] = 1;
		ASSERT_EQ(-EINVAL, asks(self->nl, &q, whole, NLM_F_DUMP));
	}
	/* And without a dump it is one. */
	question_init(&q, SOCK_DIAG_BY_FAMILY, NO_COOKIE);
	ASSERT_EQ(-EINVAL, asks(self->nl, &q, whole, 0));
	question_init(&q, SOCK_DESTROY, NO_COOKIE);
	ASSERT_EQ(-EINVAL, asks(self->nl, &q, whole, 0));
	OK(pair_pump(&self->s, 1000, 1000));
}

/* The attribute of any length, of any type, with any flag, and cut off. */
CASE(sockets, attributes_that_are_wrong)
{
	static const int types[] = { SOCK_DIAG_BY_FAMILY, SOCK_DESTROY };
	struct rsess_info info;
	struct question q;
	unsigned int t;
	int len, type;

	OK(pair_open(&self->s));
	OK(pair_info(&self->s, &info));
	for (t = 0; t < ARRAY_SIZE(types); t++) {
		question_init(&q, types[t], cookie_of(self->s.fd));
		memcpy(q.value, info.id, sizeof(info.id));
		for (type = 0; type < 64; type++) {
			for (len = 0; len <= (int)sizeof(q.value); len++) {
				if (type == RSESS_DIAG_REQ_ID &&
				    len == RSESS_ID_LEN)
					continue;
				q.a.nla_type = type;
				q.a.nla_len = NLA_HDRLEN + len;
				ASSERT_EQ(type == RSESS_DIAG_REQ_ID ? -ERANGE :
								     -EINVAL,
					  asks(self->nl, &q,
					       whole + NLA_HDRLEN + len, 0));
			}
		}
		q.a.nla_len = NLA_HDRLEN + RSESS_ID_LEN;
		q.a.nla_type = RSESS_DIAG_REQ_ID | NLA_F_NESTED;
		ASSERT_EQ(-EINVAL, asks(self->nl, &q, whole + q.a.nla_len, 0));
		q.a.nla_type = RSESS_DIAG_REQ_ID;
		for (len = 1; len < q.a.nla_len; len++)
			ASSERT_EQ(-EINVAL, asks(self->nl, &q, whole + len, 0));
		for (len = 0; len < NLA_HDRLEN; len++) {
			q.a.nla_len = len;
			ASSERT_EQ(-EINVAL, asks(self->nl, &q, whole + 20, 0));
		}
	}
	question_init(&q, SOCK_DIAG_BY_FAMILY, 0);
	q.a.nla_type = RSESS_DIAG_REQ_ID;
	q.a.nla_len = NLA_HDRLEN + RSESS_ID_LEN;
	ASSERT_EQ(-EINVAL, asks(self->nl, &q, whole + q.a.nla_len, NLM_F_DUMP));
	OK(pair_pump(&self->s, 1000, 1000));
}

/* RSESS_SEED says which. */
static uint32_t draw(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void distort(struct question *q, uint32_t *seed)
{
	const uint32_t first = offsetof(struct question, req.sdiag_protocol);
	int n = draw(seed) % 8;

	while (n--)
		((unsigned char *)q)[first + draw(seed) % (sizeof(*q) - first)] =
			draw(seed) % 3 ? draw(seed) % 4 : draw(seed);
}

CASE(sockets, requests_at_random)
{
	const char *text = getenv("RSESS_SEED");
	uint32_t seed = text ? atoi(text) : 1;
	int i, ret, answered = 0;
	struct question q;
	struct pair *s = &self->s;

	printf("# seed %u\n", seed);
	OK(pair_open(s));
	for (i = 0; i < 20000 / slowness(); i++) {
		question_init(&q, draw(&seed) % 4 ? SOCK_DIAG_BY_FAMILY :
						    SOCK_DESTROY, NO_COOKIE);
		if (draw(&seed) % 2 && q.nlh.nlmsg_type != SOCK_DESTROY)
			memset(&q.req.id, 0, sizeof(q.req.id));
		q.a.nla_type = draw(&seed) % 3;
		q.a.nla_len = NLA_HDRLEN + RSESS_ID_LEN;
		distort(&q, &seed);
		ret = asks(self->nl, &q,
			   whole + (draw(&seed) % 4 ? draw(&seed) % 64 : 0),
			   draw(&seed) % 2 ? NLM_F_DUMP : 0);
		ASSERT_TRUE(!ret || ret == -EINVAL || ret == -ERANGE ||
			    ret == -ENOENT);
		answered += !ret;
	}
	EXPECT_LT(0, answered);
	OK(pair_pump(s, 1000, 1000));
	ASSERT_EQ(1, count(self->nl, ALL_STATES));
}

TEST_HARNESS_MAIN
