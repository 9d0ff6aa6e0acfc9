// SPDX-License-Identifier: GPL-2.0
/*
 * Memory: what a socket buffers is bounded by what SO_SNDBUF and SO_RCVBUF say,
 * whatever pieces it comes in, is charged to a cgroup, and is given back.  TCP
 * shows that the tests are right.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "harness.h"
#include "line.h"
#include "pair.h"

#define BUFFER		16384
/* For what a socket may have beyond: a page or two, heads of buffers. */
#define SLACK		32768
/* TCP takes the largest segment as long as there is any room. */
#define TCP_SLACK	(2 * 65536)
/* A part of what a socket may buffer, and much more than it gets when memory is short. */
#define SOME_UNREAD	500000

/* A value of SO_MEMINFO, in bytes. */
static unsigned int meminfo(int fd, int which)
{
	unsigned int v[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(v);

	getsockopt(fd, SOL_SOCKET, SO_MEMINFO, v, &len);
	return v[which];
}

/*
 * Buffers that nobody has chosen grow as those of TCP, and no others.
 */

#define LARGEST_WMEM	4194304
#define LARGEST_RMEM	6291456
#define STRING_OF(n)	#n
#define STRING(n)	STRING_OF(n)

FIXTURE(grown) {
	struct line l;
};

KIND_QUIET_VARIANTS(grown);

FIXTURE_SETUP(grown)
{
	OK(line_init(&self->l, &variant->kind));
	OK(file_write("/proc/sys/net/ipv4/tcp_wmem",
		      "4096 16384 " STRING(LARGEST_WMEM)));
	OK(file_write("/proc/sys/net/ipv4/tcp_rmem",
		      "4096 131072 " STRING(LARGEST_RMEM)));
	OK(line_open(&self->l));
}

FIXTURE_TEARDOWN(grown)
{
	EXPECT_EQ(0, line_end(&self->l));
}

/* A stream that is much longer than what is on the way of it, whose writer is ahead. */
static int stream_for_long(struct line *l)
{
	struct way w = { .from = l->c, .to = l->s, .want = 64 << 20 };
	int ret = set_nonblock(l->c, true) ?: set_nonblock(l->s, true);
	ssize_t n;

	if (ret)
		return ret;
	n = fill(l->c, 0);
	if (n < 0)
		return n;
	w.sent = n;
	return flow(&w, 1);
}

/* TCP of newer kernels may do with less than a session begins with. */
static bool transport_has_more(const struct line *l, int rcvbuf)
{
	return !shell("ss -Hntm sport = :%d | awk -F,rb '$2 + 0 > %d { n++ } END { exit !n }'",
		      l->port, rcvbuf);
}

CASE(grown, by_a_fast_stream)
{
	int sndbuf = get_int(self->l.c, SOL_SOCKET, SO_SNDBUF);
	int rcvbuf = get_int(self->l.s, SOL_SOCKET, SO_RCVBUF);

	OK(stream_for_long(&self->l));
	if (has_session(&variant->kind))
		ASSERT_LT(sndbuf, get_int(self->l.c, SOL_SOCKET, SO_SNDBUF));
	if (has_session(&variant->kind) && !transport_has_more(&self->l, rcvbuf))
		say("the transport has no larger SO_RCVBUF");
	else
		ASSERT_LT(rcvbuf, get_int(self->l.s, SOL_SOCKET, SO_RCVBUF));
	ASSERT_GE(LARGEST_WMEM, get_int(self->l.c, SOL_SOCKET, SO_SNDBUF));
	ASSERT_GE(LARGEST_RMEM, get_int(self->l.s, SOL_SOCKET, SO_RCVBUF));
}

CASE(grown, not_if_chosen)
{
	int sndbuf, rcvbuf;

	OK(set_int(self->l.c, SOL_SOCKET, SO_SNDBUF, 100000));
	OK(set_int(self->l.s, SOL_SOCKET, SO_RCVBUF, 100000));
	sndbuf = get_int(self->l.c, SOL_SOCKET, SO_SNDBUF);
	rcvbuf = get_int(self->l.s, SOL_SOCKET, SO_RCVBUF);
	OK(stream_for_long(&self->l));
	ASSERT_EQ(sndbuf, get_int(self->l.c, SOL_SOCKET, SO_SNDBUF));
	ASSERT_EQ(rcvbuf, get_int(self->l.s, SOL_SOCKET, SO_RCVBUF));
}

/*
 * Bounds.
 */
FIXTURE(bounded) {
	struct line l;
};

KIND_QUIET_VARIANTS(bounded);

FIXTURE_SETUP(bounded)
{
	struct line *l = &self->l;

	OK(line_init(l, &variant->kind));
	OK(set_int(l->lfd, SOL_SOCKET, SO_RCVBUF, BUFFER));
	l->c = kind_socket(l->kind, 0);
	ASSERT_LE(0, l->c);
	OK(set_int(l->c, SOL_SOCKET, SO_SNDBUF, BUFFER));
	OK(line_dial(l, l->c));
	l->s = line_accept(l);
	ASSERT_LE(0, l->s);
	OK(set_int(l->c, IPPROTO_TCP, TCP_NODELAY, 1));
	OK(set_nonblock(l->c, true));
}

FIXTURE_TEARDOWN(bounded)
{
	EXPECT_EQ(0, line_end(&self->l));
}

/* Writes in pieces until nothing more goes in for a while. */
static ssize_t fill_by(int fd, size_t piece)
{
	static unsigned char buf[65536];
	ssize_t sum = 0, n;
	int idle = 0;

	while (idle < 10 * slowness()) {
		pattern_fill(sum, buf, piece);
		n = send(fd, buf, piece, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			return -errno;
		if (n > 0) {
			sum += n;
			idle = 0;
			continue;
		}
		idle++;
		usleep(50000);
	}
	return sum;
}

/* Full on both sides: no more memory than is allowed, and most of it for bytes. */
static int check_full(const struct line *l, ssize_t n)
{
	unsigned int sndbuf = meminfo(l->c, SK_MEMINFO_SNDBUF);
	unsigned int rcvbuf = meminfo(l->s, SK_MEMINFO_RCVBUF);
	unsigned int wmem = meminfo(l->c, SK_MEMINFO_WMEM_QUEUED);
	unsigned int rmem = meminfo(l->s, SK_MEMINFO_RMEM_ALLOC);

	if (n >= sndbuf / 2 && wmem <= sndbuf + SLACK &&
	    rmem <= rcvbuf + (has_session(l->kind) ? SLACK : TCP_SLACK) && rmem)
		return 0;
	say("%zd bytes: %u of %u to send, %u of %u received", n, wmem, sndbuf,
	    rmem, rcvbuf);
	return -ENOBUFS;
}

static bool is_empty(void *arg)
{
	const struct line *l = arg;

	return !meminfo(l->c, SK_MEMINFO_WMEM_QUEUED) &&
	       !meminfo(l->s, SK_MEMINFO_RMEM_ALLOC);
}

static int fill_and_drain(struct line *l, size_t piece)
{
	ssize_t n = fill_by(l->c, piece);
	int ret;

	if (n < 0)
		return n;
	ret = check_full(l, n) ?: read_all(l->s, 0, n);
	return ret ?: wait_until(is_empty, l);
}

CASE(bounded, one_byte)
{
	OK(fill_and_drain(&self->l, 1));
}

CASE(bounded, some_bytes)
{
	OK(fill_and_drain(&self->l, 300));
}

CASE(bounded, large_pieces)
{
	OK(fill_and_drain(&self->l, 65536));
}

/* The sender has more room than the reader who does not read. */
CASE(bounded, stopped_reader)
{
	struct line *l = &self->l;

	OK(set_int(l->c, SOL_SOCKET, SO_SNDBUF, 16 * BUFFER));
	OK(fill_and_drain(l, 1000));
}

/* Nor is what TCP has put together while the reader was behind; small pieces among large ones
 * are copied.
 */
TEST(pieces_that_waited)
{
	static u8 buf[12 * (33001 + 2 * RSESS_HDR_LEN)];
	struct peer *p;
	struct pair s;
	size_t len = 0, n;
	int i;

	pair_init(&s, false, AF_INET, 0);
	p = &s.p;
	OK(netns_inband());
	OK(pair_open(&s));
	OK(peer_send_data(p, 100));
	OK(wait_readable(s.fd, 100));
	/* It has been accepted, and may get more at once. */
	OK(peer_take_ack(p, p->snd_max));
	ASSERT_LT(p->snd_max + 12 * 33001, p->snd_limit);
	for (i = 0; i < 24; i++) {
		n = i % 2 ? 1 : 33000;
		len += peer_make_data(p, p->snd_nxt, n, buf + len);
		peer_sent(p, n);
	}
	OK(peer_send_raw(p, buf, len));
	n = p->snd_nxt - p->snd_start;
	OK(wait_readable(s.fd, n));
	ASSERT_GE(4 * n, meminfo(s.fd, SK_MEMINFO_RMEM_ALLOC));
	OK(pair_read(&s, n));
	OK(pair_finish(&s));
	pair_free(&s);
}

/* A segment of many frames is not paid for by each of them. */
TEST(pieces_of_a_segment)
{
	static u8 buf[15 * 4200];
	struct peer *p;
	struct pair s;
	size_t len, n;
	int i;

	pair_init(&s, false, AF_INET, 0);
	p = &s.p;
	OK(netns_inband());
	OK(pair_open(&s));
	do {
		for (i = 0, len = 0; i < 15; i++) {
			len += peer_make_data(p, p->snd_nxt, 4097, buf + len);
			p->snd_nxt += 4097;
		}
		OK(peer_send_raw(p, buf, len));
		p->snd_max = p->snd_nxt;
		OK(peer_take_ack(p, p->snd_max));
	} while (p->snd_nxt + 15 * 4097 <= p->snd_limit);
	n = p->snd_nxt - p->snd_start;
	p->write_seq = p->snd_nxt;
	ASSERT_LT(500000, n);
	OK(wait_readable(s.fd, n));
	ASSERT_LE(meminfo(s.fd, SK_MEMINFO_RMEM_ALLOC),
		  meminfo(s.fd, SK_MEMINFO_RCVBUF) + SLACK);
	OK(pair_read(&s, n));
	OK(pair_finish(&s));
	pair_free(&s);
}

/*
 * All sockets together: beyond 3/64 of the memory a protocol begins to ask, and beyond
 * 6/64 it gives no more.
 */
static size_t memory(unsigned int parts)
{
	return (size_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) / 64 * parts;
}

FIXTURE(scarce) {
	struct line l;
};

FIXTURE_VARIANT(scarce) {
	struct kind kind;
};

KIND_VARIANT(scarce, tcp4, AF_INET, AF_INET, 0, AUTO);
KIND_VARIANT(scarce, rsess4, AF_RSESS, AF_INET, 0, AUTO);

FIXTURE_SETUP(scarce)
{
	OK(line_init(&self->l, &variant->kind));
	OK(line_open(&self->l));
	OK(set_int(self->l.c, SOL_SOCKET, SO_SNDBUFFORCE, INT_MAX / 2));
}

FIXTURE_TEARDOWN(scarce)
{
	EXPECT_EQ(0, line_end(&self->l));
}

CASE(scarce, beyond_the_first_limit)
{
	struct line *l = &self->l;
	size_t n = memory(3) + 8 * 1048576;

	OK(write_all(l->c, 0, n));
	OK(read_all(l->s, 0, n));
	OK(wait_until(is_empty, l));
}

/* Who comes late gets little, but only as long as there is no more. */
CASE(scarce, at_the_last_limit)
{
	struct line *l = &self->l;
	ssize_t n, some;
	int c, s, size;

	c = line_connect(l);
	ASSERT_LE(0, c);
	s = line_accept(l);
	ASSERT_LE(0, s);
	size = get_int(c, SOL_SOCKET, SO_SNDBUF);
	n = fill_by(l->c, 65536);
	ASSERT_LT((ssize_t)memory(3), n);
	ASSERT_GT((ssize_t)memory(7), n);
	some = fill_by(c, 65536);
	ASSERT_LE(0, some);
	/* TCP's is smaller now, and grows again by and by. */
	if (is_rsess(l->kind))
		ASSERT_LE(size, get_int(c, SOL_SOCKET, SO_SNDBUF));
	OK(read_all(l->s, 0, n));
	OK(wait_until(is_empty, l));
	OK(read_all(s, 0, some));
	OK(write_all(c, some, SOME));
	OK(read_all(s, some, SOME));
	OK(line_close(&c));
	OK(line_close(&s));
}

/* An orphan whose reader takes its time holds most of it, in a namespace of its own.
 * Those that come late have the rest, and more than that: it makes room for them.
 */
TEST(orphans_at_the_last_limit)
{
	static const struct kind kind = {
		.domain = AF_RSESS, .family = AF_INET,
		.policy = RSESS_NEGOTIATE_AUTO,
	};
	struct rise dropped = { .name = "OrphansDropped", .from = 0 };
	struct timeval tv = { .tv_sec = WAIT_MS / 1000 };
	int netns, i, n = memory(3) / SOME_UNREAD;
	struct line a, b;
	int *fd;

	OK(line_init(&a, &kind));
	OK(line_open(&a));
	OK(set_int(a.c, SOL_SOCKET, SO_SNDBUFFORCE, INT_MAX / 2));
	ASSERT_LT((ssize_t)memory(3), fill_by(a.c, 65536));
	netns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, netns);
	OK(line_init(&b, &kind));
	OK(line_close(&a.c));
	/* As much as fits into their buffers, and nobody reads. */
	fd = calloc(2 * n, sizeof(*fd));
	ASSERT_NE(NULL, fd);
	for (i = 0; i < 2 * n; i += 2) {
		fd[i] = line_connect(&b);
		ASSERT_LE(0, fd[i]);
		fd[i + 1] = line_accept(&b);
		ASSERT_LE(0, fd[i + 1]);
		OK(setsockopt(fd[i], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)));
		OK(write_all(fd[i], 0, SOME_UNREAD));
	}
	for (i = 0; i < 2 * n; i++)
		OK(line_cut(&fd[i]));
	free(fd);
	OK(line_end(&b));
	OK(setns(netns, CLONE_NEWNET));
	OK(wait_until(has_risen, &dropped));
	OK(line_end(&a));
	close(netns);
}

/*
 * Control groups: @dir is the root, which is in none, and @group one of it.
 */
struct cgroups {
	char dir[32];
	char group[48];
};

static int cgroups_init(struct cgroups *g)
{
	char path[80];

	strcpy(g->dir, "/tmp/cgroup-XXXXXX");
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    !mkdtemp(g->dir) || mount("cgroup2", g->dir, "cgroup2", 0, NULL))
		return -errno;
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", g->dir);
	snprintf(g->group, sizeof(g->group), "%s/rsess-%d", g->dir, getpid());
	return file_write(path, "+memory") ?:
	       (mkdir(g->group, 0755) ? -errno : 0);
}

static int cgroups_end(struct cgroups *g)
{
	int ret = cgroup_enter(g->dir);

	if (rmdir(g->group) || umount(g->dir) || rmdir(g->dir))
		ret = ret ?: -errno;
	return ret;
}

FIXTURE(charged) {
	struct line l;
	struct cgroups g;
};

KIND_QUIET_VARIANTS(charged);

FIXTURE_SETUP(charged)
{
	OK(line_init(&self->l, &variant->kind));
	OK(line_close(&self->l.lfd));
	OK(cgroups_init(&self->g));
}

FIXTURE_TEARDOWN(charged)
{
	EXPECT_EQ(0, line_end(&self->l));
	EXPECT_EQ(0, cgroups_end(&self->g));
}

/* Bytes of @kind, for example "sock", that are charged to the group. */
static long charged_of(const char *group, const char *kind)
{
	char path[80], line[128], name[64];
	long n = -1, v;
	FILE *f;

	snprintf(path, sizeof(path), "%s/memory.stat", group);
	f = fopen(path, "r");
	while (f && n < 0 && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %ld", name, &v) == 2 &&
		    !strcmp(name, kind))
			n = v;
	if (f)
		fclose(f);
	return n;
}

/* Bytes that the group's sockets hold. */
static long charged(const char *group)
{
	return charged_of(group, "sock");
}

struct charge {
	const char *group;
	long min;
	long max;
};

static bool is_charged(void *arg)
{
	const struct charge *c = arg;
	long n = charged(c->group);

	return n >= c->min && n <= c->max;
}

static int wait_charged(const char *group, long min, long max)
{
	struct charge c = { group, min, max };
	int ret = wait_until(is_charged, &c);

	if (ret)
		say("%ld charged, not %ld to %ld", charged(group), min, max);
	return ret;
}

/* The group accepts, and does not read; who connects is in no group. */
CASE(charged, accepted)
{
	struct line *l = &self->l;
	long rmem;

	OK(cgroup_enter(self->g.group));
	l->lfd = new_listener_of(l->kind->domain, l->kind->protocol, l->kind->family);
	ASSERT_LE(0, l->lfd);
	OK(cgroup_enter(self->g.dir));
	l->c = line_connect(l);
	ASSERT_LE(0, l->c);
	OK(cgroup_enter(self->g.group));
	l->s = line_accept(l);
	ASSERT_LE(0, l->s);
	OK(cgroup_enter(self->g.dir));

	ASSERT_LT(0, line_fill(l));
	rmem = meminfo(l->s, SK_MEMINFO_RMEM_ALLOC);
	ASSERT_LT(BUFFER, rmem);
	OK(wait_charged(self->g.group, rmem, 2 * rmem + SLACK));
	OK(line_cut(&l->s));
	OK(wait_charged(self->g.group, 0, 0));
}

/* Bytes have come by the time it accepts: they are charged as the later ones, or more
 * would be given back in the end than was taken.
 */
CASE(charged, accepted_late)
{
	struct line *l = &self->l;
	long rmem;
	int i;

	OK(cgroup_enter(self->g.group));
	l->lfd = new_listener_of(l->kind->domain, l->kind->protocol, l->kind->family);
	ASSERT_LE(0, l->lfd);
	OK(cgroup_enter(self->g.dir));
	for (i = 0; i < 20; i++) {
		l->c = line_connect(l);
		ASSERT_LE(0, l->c);
		OK(write_all(l->c, 0, 2 * BUFFER));
		ASSERT_LT(0, wait_for(l->lfd, POLLIN));
		usleep(20000);
		OK(cgroup_enter(self->g.group));
		l->s = line_accept(l);
		ASSERT_LE(0, l->s);
		OK(cgroup_enter(self->g.dir));
		if (i == 19)
			break;
		OK(read_all(l->s, 0, 2 * BUFFER));
		OK(line_cut(&l->s));
		OK(line_cut(&l->c));
	}
	OK(wait_readable(l->s, 2 * BUFFER));
	rmem = meminfo(l->s, SK_MEMINFO_RMEM_ALLOC);
	ASSERT_LE(2 * BUFFER, rmem);
	OK(wait_charged(self->g.group, rmem, 2 * rmem + SLACK));
	OK(line_cut(&l->s));
	OK(wait_charged(self->g.group, 0, 0));
}

/* The group connects, and nobody reads what it writes. */
CASE(charged, connected)
{
	struct line *l = &self->l;
	long wmem;

	l->lfd = new_listener_of(l->kind->domain, l->kind->protocol, l->kind->family);
	ASSERT_LE(0, l->lfd);
	OK(cgroup_enter(self->g.group));
	OK(line_open(l));
	OK(cgroup_enter(self->g.dir));
	ASSERT_LT(0, line_fill(l));
	wmem = meminfo(l->c, SK_MEMINFO_WMEM_QUEUED);
	ASSERT_LT(BUFFER, wmem);
	OK(wait_charged(self->g.group, wmem, LONG_MAX));
	OK(line_cut(&l->c));
	OK(line_cut(&l->s));
	OK(wait_charged(self->g.group, 0, 0));
}

/* At least, of the kernel's objects. */
struct objects {
	const char *group;
	long min;
};

static bool are_charged(void *arg)
{
	const struct objects *o = arg;

	return charged_of(o->group, "slab") >= o->min;
}

/* The group listens, and accepts nobody: it pays for who waits, those who have a place in
 * the queue, and those who have none.
 */
TEST(waiting_for_accept)
{
	static const struct kind kind = {
		.domain = AF_RSESS, .family = AF_INET,
		.policy = RSESS_NEGOTIATE_AUTO,
	};
	struct rise parked = { .name = "AcceptQueueFull", .from = 199 };
	struct objects o;
	struct cgroups g;
	struct line l;
	int fd[217];
	int i;

	OK(line_init(&l, &kind));
	OK(line_close(&l.lfd));
	OK(cgroups_init(&g));
	OK(cgroup_enter(g.group));
	l.lfd = new_listener(AF_RSESS, AF_INET);
	ASSERT_LE(0, l.lfd);
	OK(cgroup_enter(g.dir));
	o.group = g.group;
	o.min = charged_of(g.group, "slab") + 200 * 1024;
	for (i = 0; i < 217; i++) {
		fd[i] = kind_socket(&kind, SOCK_NONBLOCK);
		FAILS(EINPROGRESS, dial(fd[i], AF_INET));
	}
	OK(wait_until(has_risen, &parked));
	OK(wait_until(are_charged, &o));
	for (i = 0; i < 217; i++)
		close(fd[i]);
	OK(line_end(&l));
	OK(cgroups_end(&g));
}

/* Bytes that an association of the listener has not been asked for; the most of any. */
static unsigned int unread_of_sctp(void)
{
	FILE *f = fopen("/proc/thread-self/net/sctp/assocs", "re");
	unsigned int bytes, port, most = 0;
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %*s %*d %*d %*d %*d %*d %*d %u %*d %*d %u",
			   &bytes, &port) == 2 && port == PORT && bytes > most)
			most = bytes;
	if (f)
		fclose(f);
	return most;
}

/* What stands behind a HELLO that waits for accept() is left to the transport, whose
 * buffer it fills.
 */
TEST(bytes_behind_a_hello_that_waits)
{
	struct rise parked = { .name = "AcceptQueueFull", .from = 0 };
	static u8 buf[RSESS_HDR_LEN + RSESS_CTRL_MAX + BUFFER / 2];
	static struct pair s, other;
	struct peer *p = &s.p;
	size_t len;

	transport = IPPROTO_SCTP;
	OK(netns_inband());
	pair_init(&s, false, AF_INET, 0);
	OK(pair_listen(&s));
	OK(listen(s.lfd, 0));
	/* The only one that has room. */
	pair_init(&other, false, AF_INET, 0);
	OK(pair_beside(&other, &s));
	OK(peer_hello(&other.p));
	/* One message, of which nobody will want the rest. */
	p->id[0] ^= 1;
	OK(peer_dial(p));
	len = peer_make_hello(p, buf);
	OK(peer_send_raw(p, buf, len + BUFFER / 2));
	OK(wait_until(has_risen, &parked));
	ASSERT_LE(BUFFER / 2, unread_of_sctp());
	pair_free(&other);
	pair_free(&s);
}

/* Who listens pays for what is kept of the address, beside the socket. */
TEST(listeners)
{
	static const struct kind kind = {
		.domain = AF_RSESS, .family = AF_INET,
		.policy = RSESS_NEGOTIATE_AUTO,
	};
	struct sockaddr_storage ss;
	struct objects o;
	struct cgroups g;
	struct line l;
	int fd[200];
	int i;

	OK(line_init(&l, &kind));
	OK(cgroups_init(&g));
	for (i = 0; i < 200; i++) {
		fd[i] = kind_socket(&kind, 0);
		OK(bind(fd[i], (struct sockaddr *)&ss,
			loopback(&ss, AF_INET, PORT + 1 + i)));
	}
	OK(cgroup_enter(g.group));
	o.group = g.group;
	o.min = charged_of(g.group, "slab") + 200 * 1024;
	for (i = 0; i < 200; i++)
		OK(listen(fd[i], 1));
	OK(cgroup_enter(g.dir));
	OK(wait_until(are_charged, &o));
	for (i = 0; i < 200; i++)
		close(fd[i]);
	OK(line_end(&l));
	OK(cgroups_end(&g));
}

/*
 * What the kernel holds, and what it charges.
 */
#define PIECES		5000
/* A page fragment of the kernel's. */
#define FRAGMENT	32768
/* What other parts of the kernel may take meanwhile. */
#define NOISE		(24 << 20)

/* Bytes of memory that nobody uses, or that can be had at once. */
static long memory_left(void)
{
	static const char * const names[] = {
		"MemFree: %ld", "Buffers: %ld", "Cached: %ld",
		"SReclaimable: %ld",
	};
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128];
	long sum = 0, kb;
	size_t i;

	while (f && fgets(line, sizeof(line), f))
		for (i = 0; i < sizeof(names) / sizeof(*names); i++)
			if (sscanf(line, names[i], &kb) == 1)
				sum += kb;
	if (f)
		fclose(f);
	return sum << 10;
}

/**
 * struct held - a session whose peer acknowledges nothing, and a connection beside
 * @s: the session; the kernel dials
 * @g: its group
 * @other: two ends of a connection of the same process
 */
FIXTURE(held) {
	struct pair s;
	struct cgroups g;
	int other[2];
};

FIXTURE_SETUP(held)
{
	static const struct kind tcp = { .domain = AF_INET, .family = AF_INET };
	struct line l;

	pair_init(&self->s, true, AF_INET, 0);
	OK(line_init(&l, &tcp));
	OK(line_open(&l));
	self->other[0] = l.c;
	self->other[1] = l.s;
	line_close(&l.lfd);
	OK(negotiate_set(RSESS_NEGOTIATE_REQUIRE));
	OK(sysctl_set("rsess/stall_timeout_ms", 3600000));
	OK(cgroups_init(&self->g));
	OK(cgroup_enter(self->g.group));
	OK(pair_open(&self->s));
	OK(cgroup_enter(self->g.dir));
}

FIXTURE_TEARDOWN(held)
{
	pair_free(&self->s);
	close(self->other[0]);
	close(self->other[1]);
	EXPECT_EQ(0, cgroups_end(&self->g));
}

/* A piece goes into the session, and what is left of the page into the connection. */
static int write_beside(int fd, const int *other, u64 off, size_t piece)
{
	return write_all(fd, off, piece) ?:
	       write_all(other[0], off * FRAGMENT, FRAGMENT - piece) ?:
	       read_all(other[1], off * FRAGMENT, FRAGMENT - piece);
}

CASE(held, small_pieces_between_others)
{
	long left, held, queued;
	int fd = self->s.fd;
	int i;

	left = memory_left();
	for (i = 0; i < PIECES; i++)
		OK(write_beside(fd, self->other, i, 1));
	held = left - memory_left();
	queued = meminfo(fd, SK_MEMINFO_WMEM_QUEUED);
	printf("# %ld bytes held, %ld queued\n", held, queued);
	ASSERT_LE(PIECES, queued);
	ASSERT_GE(4 * PIECES, queued);
	OK(wait_charged(self->g.group, queued, LONG_MAX));
	ASSERT_GE(queued + NOISE, held);
}

TEST_HARNESS_MAIN
