// SPDX-License-Identifier: GPL-2.0
/*
 * What the network, or a program, may have of a host at most: each limit of
 * sysctl.rst that is not a matter of one transport, with what is over it.
 *
 * Beside all of it an honest session goes on, and new ones are let in.
 */
#define _GNU_SOURCE
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "genl.h"
#include "harness.h"
#include "pair.h"
#include "relay.h"
#include "stream.h"

/* Longer than any test. */
#define LONG_MS		3600000
#define NOBODY		65534

/* Half-open handshakes at once, and the addresses that they come from. */
#define CROWD		10000
#define CROWD_HOSTS	50

/* Connections from one address that say nothing. */
struct silence {
	int fd[64];
	unsigned int n;
};

static void from_host(struct peer *p, const char *host)
{
	p->fromlen = address(&p->from, p->addr.ss_family, host, 0);
}

/* TCP connections at the port of the listener, of its end; from port @from, if that is not 0. */
static int connections(int family, unsigned int from)
{
	FILE *f = fopen(family == AF_INET6 ? "/proc/thread-self/net/tcp6" :
					     "/proc/thread-self/net/tcp", "re");
	unsigned int local, remote, state;
	char line[256];
	int n = 0;

	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*d: %*[0-9A-F]:%x %*[0-9A-F]:%x %x", &local,
			   &remote, &state) == 3)
			n += local == PORT && (!from || remote == from) &&
			     (state == TCP_ESTABLISHED || state == TCP_CLOSE_WAIT);
	fclose(f);
	return n;
}

/* Is the connection of a socket there at its other end, too? */
static bool has_arrived(void *socket)
{
	const struct sockaddr_storage *ss = socket;

	return connections(ss->ss_family, port_of(ss)) > 0;
}

/* Who dials next is behind it in the queue.  connect() returns when the last packet of the
 * handshake is on its way.
 */
static int arrives(const struct peer *p)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(p->fd, (struct sockaddr *)&ss, &len))
		return -errno;
	return wait_until(has_arrived, &ss);
}

/* @n more of them, from @host to where @to dials. */
static int fall_silent(struct silence *w, const struct peer *to,
		       const char *host, unsigned int n)
{
	static struct peer p;
	int ret = 0;

	p = *to;
	from_host(&p, host);
	while (!ret && n--) {
		ret = peer_dial(&p);
		w->fd[w->n++] = p.fd;
		ret = ret ?: arrives(&p);
	}
	return ret;
}

/* Has the kernel closed it? */
static bool is_closed(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, 0) == 1;
}

/* The first @n, and no other one. */
static bool are_closed(const struct silence *w, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n && is_closed(w->fd[i]); i++)
		;
	for (; i < w->n && i >= n && !is_closed(w->fd[i]); i++)
		;
	return i == w->n;
}

struct closed {
	const struct silence *w;
	unsigned int n;
};

static bool are_closed_now(void *arg)
{
	struct closed *c = arg;

	return are_closed(c->w, c->n);
}

static int wait_closed(const struct silence *w, unsigned int n)
{
	struct closed c = { w, n };

	return wait_until(are_closed_now, &c);
}

static void silence_end(struct silence *w)
{
	while (w->n)
		close(w->fd[--w->n]);
}

/*
 * struct bounds - an honest session, and others at the same listener
 * @h: the honest one
 * @s: another one
 * @w: those that say nothing
 */
FIXTURE(bounds) {
	struct family f;
	struct pair h;
	struct pair s;
	struct silence w;
};

FIXTURE_SETUP(bounds)
{
	self->w.n = 0;
	pair_init(&self->h, false, AF_INET, 0);
	pair_init(&self->s, false, AF_INET, 0);
	OK(netns_inband());
	OK(genl_open(&self->f));
	OK(genl_hear(&self->f));
	OK(pair_open(&self->h));
	OK(pair_beside(&self->s, &self->h));
}

FIXTURE_TEARDOWN(bounds)
{
	silence_end(&self->w);
	pair_free(&self->s);
	pair_free(&self->h);
	close(self->f.nl);
}

/* The honest session has not noticed anything. */
static int honest(struct pair *h)
{
	struct rsess_info info;
	int ret = pair_pump(h, 2000, 3000) ?: pair_info(h, &info);

	if (!ret && (info.lost || info.resumes)) {
		say("lost %u transports", info.lost);
		ret = -EPROTO;
	}
	return ret;
}

/* A new one comes in from @host, where @o listens, and goes. */
static int newcomer(const struct pair *o, const char *host)
{
	static struct pair s;
	int ret;

	pair_init(&s, false, o->family, 0);
	ret = pair_beside(&s, o);
	from_host(&s.p, host);
	ret = ret ?: peer_hello(&s.p) ?: pair_accept(&s) ?:
	      pair_pump(&s, 100, 200) ?: pair_finish(&s);
	pair_free(&s);
	return ret;
}

/* Only the honest session is left. */
static bool is_alone(void *arg)
{
	(void)arg;
	return sessions() == 1;
}

/*
 * Handshakes half open.
 */
CASE(bounds, source_makes_room_for_its_own)
{
	struct rise dropped = { .name = "PendingDropped", .from = 11 };
	struct silence others = {};

	OK(sysctl_set("rsess/max_pending_source", 8));
	OK(sysctl_set("rsess/handshake_timeout_ms", LONG_MS));
	OK(fall_silent(&others, &self->s.p, "127.0.0.3", 1));
	OK(fall_silent(&self->w, &self->s.p, "127.0.0.2", 20));
	/* Who was silent longest has gone. */
	OK(wait_closed(&self->w, 12));
	OK(wait_until(has_risen, &dropped));
	EXPECT_EQ(12, stat_get("PendingSource"));
	EXPECT_EQ(12, stat_get("PendingDropped"));
	OK(genl_limit(&self->f, "max_pending_source"));
	OK(newcomer(&self->h, "127.0.0.2"));
	OK(wait_closed(&self->w, 13));
	EXPECT_FALSE(is_closed(others.fd[0]));
	EXPECT_EQ(0, stat_get("PendingFull"));
	OK(honest(&self->h));
	silence_end(&others);
}

/* Nobody has only one address of a network of IPv6. */
CASE(bounds, source_is_a_network_of_ipv6)
{
	struct pair *s = &self->s;

	ASSERT_EQ(0, system("ip -6 route add local fd00:1::/32 dev lo"));
	OK(sysctl_set("ipv6/ip_nonlocal_bind", 1));
	pair_free(s);
	pair_free(&self->h);
	pair_init(s, false, AF_INET6, 0);
	OK(pair_listen(s));
	OK(sysctl_set("rsess/max_pending_source", 8));
	OK(sysctl_set("rsess/handshake_timeout_ms", LONG_MS));
	OK(fall_silent(&self->w, &s->p, "fd00:1::1", 5));
	OK(fall_silent(&self->w, &s->p, "fd00:1::2:0:0:1", 5));
	OK(wait_closed(&self->w, 2));
	EXPECT_EQ(2, stat_get("PendingDropped"));
	OK(newcomer(s, "fd00:1::1:3"));
}

/* HELLOs wait for accept() in the order in which they came: nobody makes room. */
CASE(bounds, source_of_hellos)
{
	struct rise parked = { .name = "AcceptQueueFull", .from = 3 };
	struct rise over = { .name = "HelloRefused", .from = 4 };
	struct silence *w = &self->w;
	struct peer *p = &self->s.p;
	unsigned int i;

	OK(sysctl_set("rsess/max_pending_source", 4));
	/* Nobody stands behind a HELLO: on a slow machine that takes long. */
	OK(sysctl_set("rsess/handshake_timeout_ms", LONG_MS));
	from_host(p, "127.0.0.2");
	/* 17 have a place in the queue of accept(), 4 wait, 5 are over. */
	for (i = 0; i < 26; i++) {
		memcpy(p->id, &i, sizeof(i));
		/* Those that are over may be reset at once. */
		if (peer_dial(p) || peer_send_hello(p))
			ASSERT_LE(21, i);
		w->fd[w->n++] = p->fd;
		if (i == 20)
			OK(wait_until(has_risen, &parked));
	}
	OK(wait_until(has_risen, &over));
	EXPECT_EQ(0, stat_get("PendingDropped"));
	/* On a busy machine they have not come in the order of i. */
	for (i = 0; i < 21; i++) {
		OK(pair_accept(&self->s));
		close(self->s.fd);
	}
	self->s.fd = -1;
	for (i = 0; i < 21; i++) {
		p->fd = w->fd[i];
		OK(peer_expect(p, RSESS_WELCOME));
	}
	for (; i < 26; i++) {
		p->fd = w->fd[i];
		if (p->fd >= 0)
			ASSERT_EQ(0, peer_gone(p));
	}
	w->n = 21;
	p->fd = -1;
	OK(pair_accept_nothing(&self->s));
	OK(honest(&self->h));
}

/* The queue of accept() is full, and so is that of those who wait for it: who has a
 * session comes back to it all the same.
 */
CASE(bounds, resume_beside_hellos_that_wait)
{
	struct rise parked = { .name = "AcceptQueueFull", .from = 3 };
	struct rise full = { .name = "ParkedFull", .from = 2 };
	struct rise lost = { .name = "TransportsLost", .from = 0 };
	struct silence *w = &self->w;
	struct peer *p = &self->s.p;
	unsigned int i;

	OK(sysctl_set("rsess/max_pending", 4));
	OK(sysctl_set("rsess/handshake_timeout_ms", LONG_MS));
	for (i = 0; i < 24; i++) {
		memcpy(p->id, &i, sizeof(i));
		OK(peer_dial(p));
		OK(peer_send_hello(p));
		w->fd[w->n++] = p->fd;
		if (i == 20)
			OK(wait_until(has_risen, &parked));
	}
	for (i = 0; i < 3; i++) {
		peer_reset(&self->h.p);
		OK(wait_until(has_risen, &lost));
		lost.from++;
		OK(pair_again(&self->h));
		OK(pair_pump(&self->h, 1000, 1000));
	}
	/* Those for whom there is no place are sent away, and come again. */
	OK(wait_until(has_risen, &full));
	OK(genl_limit(&self->f, "max_pending"));
	for (i = 21; i < 24; i++) {
		p->fd = w->fd[i];
		ASSERT_EQ(0, peer_gone(p));
	}
	w->n = 21;
	p->fd = -1;
	OK(pair_finish(&self->h));
	pair_free(&self->h);
}

/* Too many of them, from everywhere: a part of the time of a handshake is enough. */
CASE(bounds, pending_makes_room_for_newer)
{
	char host[32];
	int i;

	OK(sysctl_set("rsess/max_pending", 16));
	OK(sysctl_set("rsess/handshake_timeout_ms", 4000 * slowness()));
	for (i = 0; i < 40; i++) {
		snprintf(host, sizeof(host), "127.0.1.%d", i + 1);
		OK(fall_silent(&self->w, &self->s.p, host, 1));
	}
	OK(newcomer(&self->h, "127.0.0.2"));
	EXPECT_LE(25, stat_get("PendingDropped"));
	EXPECT_LE(1, stat_get("PendingFull"));
	EXPECT_EQ(0, stat_get("PendingSource"));
	OK(honest(&self->h));
}

struct crowd {
	int fd[CROWD];
	int n;
};

/* The next one connects; nothing waits. */
static int crowd_dial(struct crowd *w, const struct peer *to)
{
	struct sockaddr_storage ss;
	char host[32];
	socklen_t len;
	int fd;

	snprintf(host, sizeof(host), "127.0.2.%d", w->n % CROWD_HOSTS + 1);
	len = address(&ss, AF_INET, host, 0);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	w->fd[w->n++] = fd;
	if (bind(fd, (struct sockaddr *)&ss, len) ||
	    (connect(fd, (struct sockaddr *)&to->addr, to->addrlen) &&
	     errno != EINPROGRESS))
		return -errno;
	return 0;
}

static int earlier(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* How long it takes the honest session to move a lot: the median of five, ms. */
static int talk_for(struct pair *h)
{
	int ms[5];
	int i;

	for (i = 0; i < 5; i++) {
		int64_t start = now_ms();
		int ret = pair_pump(h, 500000, 500000);

		if (ret)
			return ret;
		ms[i] = now_ms() - start;
	}
	qsort(ms, 5, sizeof(*ms), earlier);
	return ms[2];
}

CASE(bounds, ten_thousand_half_open)
{
	struct rlimit files = { CROWD + 100, CROWD + 100 };
	static struct crowd w;
	int before, after;
	int most = 0;
	int i, n;

	before = talk_for(&self->h);
	ASSERT_LE(0, before);
	/* As many as the listener takes, and as TCP queues. */
	OK(setrlimit(RLIMIT_NOFILE, &files));
	for (i = 0; i < CROWD; i++) {
		OK(crowd_dial(&w, &self->s.p));
		if (i % 500)
			continue;
		OK(honest(&self->h));
		n = connections(AF_INET, 0);
		if (n > most)
			most = n;
	}
	/* Of the server's: 4096 that wait, 4096 queued, and the honest one. */
	EXPECT_LT(500, most);
	EXPECT_GE(4096 + 4096 + 10, most);
	after = talk_for(&self->h);
	ASSERT_LE(0, after);
	for (i = 0; i < 10; i++) {
		OK(newcomer(&self->h, "127.0.0.2"));
		OK(honest(&self->h));
	}
	/* For people: nothing is asserted on time. */
	printf("# %d ms before, %d ms beside them\n", before, after);
	/* On a slow machine their time is over before too many wait. */
	EXPECT_LT(0, stat_get("PendingDropped") + stat_get("HandshakeTimeouts"));
	EXPECT_EQ(0, stat_get("PendingSource"));
	while (w.n)
		close(w.fd[--w.n]);
}

/*
 * Sessions, and what is left of them.
 */
CASE(bounds, sessions)
{
	struct sockaddr *to = (struct sockaddr *)&self->s.p.addr;
	struct pair *s = &self->s;
	int fd;

	OK(sysctl_set("rsess/max_sessions", 2));
	OK(peer_hello(&s->p));
	OK(pair_accept(s));
	s->p.id[0] ^= 1;
	fd = s->p.fd;
	OK(peer_dial(&s->p));
	OK(peer_send_hello(&s->p));
	ASSERT_EQ(RSESS_REASON_RESOURCES, peer_gone(&s->p));
	EXPECT_EQ(1, stat_get("SessionsRefused"));
	s->p.id[0] ^= 1;
	s->p.fd = fd;
	fd = socket(AF_RSESS, SOCK_STREAM, 0);
	FAILS(ENOBUFS, connect(fd, to, s->p.addrlen));
	EXPECT_EQ(2, stat_get("SessionsRefused"));
	close(fd);
	OK(honest(&self->h));
	/* One goes, another one comes. */
	OK(pair_finish(s));
	close(s->fd);
	s->fd = -1;
	OK(wait_until(is_alone, NULL));
	OK(newcomer(&self->h, "127.0.0.2"));
}

/* A session that @uid begins at another port: what connect() fails with, or 0. */
static int dial_as(uid_t uid, int port, int *fd)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, AF_INET, port);
	int err = seteuid(uid) ? errno : 0;

	*fd = socket(AF_RSESS, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (!err && connect(*fd, (struct sockaddr *)&ss, len) && errno != EINPROGRESS)
		err = errno;
	return seteuid(0) ? errno : err;
}

/* A user who shares nothing with root: a hash tells users apart, and may be the same for two.
 * Root's second session takes the last place, but a user without sessions still has a share.
 */
static uid_t another_user(void)
{
	static struct peer mute;
	uid_t uid = NOBODY;
	int fd[2], err;

	peer_init(&mute, false, 0);
	if (peer_listen(&mute, AF_INET, PORT + 50) ||
	    sysctl_set("rsess/max_sessions", 2) || dial_as(0, PORT + 50, &fd[0]))
		return 0;
	while ((err = dial_as(uid, PORT + 50, &fd[1])) == ENOBUFS) {
		close(fd[1]);
		uid--;
	}
	close(fd[0]);
	close(fd[1]);
	close(mute.lfd);
	return err || wait_until(is_alone, NULL) ||
	       sysctl_set("rsess/max_sessions", 1000) ? 0 : uid;
}

/* Who takes all there are keeps nobody else out. */
CASE(bounds, sessions_of_another_user)
{
	int fd[16], root, n, refused;
	uid_t other = another_user();
	static struct peer mute;

	ASSERT_NE(0, other);
	refused = stat_get("SessionsRefused");
	/* Who listens there says nothing. */
	peer_init(&mute, false, 0);
	OK(peer_listen(&mute, AF_INET, PORT + 1));
	OK(sysctl_set("rsess/max_sessions", 16));
	/* The honest one is root's. */
	for (n = 0; n < 15; n++)
		ASSERT_EQ(0, dial_as(other, PORT + 1, &fd[n]));
	ASSERT_EQ(ENOBUFS, dial_as(other, PORT + 1, &fd[n]));
	close(fd[n]);
	EXPECT_EQ(refused + 1, stat_get("SessionsRefused"));
	ASSERT_EQ(0, dial_as(0, PORT + 1, &root));
	/* One comes in where root listens, too. */
	OK(newcomer(&self->h, "127.0.0.2"));
	EXPECT_EQ(refused + 1, stat_get("SessionsRefused"));
	OK(honest(&self->h));
	close(root);
	while (n)
		close(fd[--n]);
}

CASE(bounds, tombstones)
{
	static struct peer old[3];
	struct pair *s = &self->s;
	int i;

	OK(sysctl_set("rsess/max_tombstones", 2));
	for (i = 0; i < 3; i++) {
		pair_free(s);
		pair_init(s, false, AF_INET, 0);
		OK(pair_beside(s, &self->h));
		OK(peer_hello(&s->p));
		OK(pair_accept(s));
		OK(pair_end_unheard(s));
		OK(wait_until(is_alone, NULL));
		old[i] = s->p;
	}
	OK(wait_until(is_alone, NULL));
	EXPECT_EQ(1, stat_get("TombstonesDropped"));
	OK(genl_limit(&self->f, "max_tombstones"));
	OK(peer_dial(&old[0]));
	OK(peer_send_resume(&old[0]));
	ASSERT_EQ(RSESS_REASON_UNKNOWN, peer_gone(&old[0]));
	for (i = 1; i < 3; i++) {
		OK(peer_dial(&old[i]));
		OK(peer_send_resume(&old[i]));
		OK(peer_expect(&old[i], RSESS_RESUMED));
		peer_close(&old[i]);
	}
	OK(honest(&self->h));
}

/* A tombstone answers a dialer that comes to ask. */
static int is_remembered(struct peer *old)
{
	int ret = peer_dial(old) ?: peer_send_resume(old) ?:
		  peer_expect(old, RSESS_RESUMED);

	peer_close(old);
	return ret;
}

/* A SYN looks at places, however many sessions were accepted there. */
CASE(bounds, tombstones_share_a_place)
{
	static struct peer old[21];
	struct pair *s = &self->s;
	struct pair o;
	int i;

	pair_init(&o, false, AF_INET, 0);
	OK(pair_listen_at(&o, PORT + 1));
	OK(sysctl_set("rsess/max_tombstones", 20));
	for (i = 0; i < 21; i++) {
		pair_free(s);
		pair_init(s, false, AF_INET, 0);
		OK(pair_beside(s, &o));
		OK(peer_hello(&s->p));
		OK(pair_accept(s));
		OK(pair_end_unheard(s));
		OK(wait_until(is_alone, NULL));
		old[i] = s->p;
	}
	OK(wait_until(is_alone, NULL));
	EXPECT_EQ(20, stat_get("Tombstones"));
	EXPECT_EQ(1, stat_get("Places"));
	/* Nobody listens any more.  The first has gone, and the others are found. */
	pair_free(&o);
	OK(is_remembered(&old[1]));
	OK(is_remembered(&old[20]));
	EXPECT_LT(0, stat_get("ListenersRecalled"));
	EXPECT_EQ(1, stat_get("TombstonesDropped"));
	OK(honest(&self->h));
}

/*
 * Sessions whose application is gone.
 */

/* A session whose listener was closed, at a port of its own. */
static int retained(struct pair *s, int port)
{
	int ret;

	pair_init(s, false, AF_INET, 0);
	ret = pair_listen_at(s, port) ?: peer_hello(&s->p) ?: pair_accept(s);
	close(s->lfd);
	s->lfd = -1;
	return ret;
}

/* It has written and closed, and the peer acknowledges nothing. */
static int orphan(struct pair *s, int port)
{
	int ret = retained(s, port) ?: pair_write(s, 100) ?: peer_take(&s->p, 100);

	close(s->fd);
	s->fd = -1;
	return ret;
}

/* The peer takes all there is, and ends its direction too: the orphan hears it. */
static int orphan_ends(struct pair *s)
{
	return peer_expect(&s->p, RSESS_FIN) ?: peer_expect(&s->p, RSESS_STOP) ?:
	       peer_send_ack(&s->p) ?: peer_send_fin(&s->p) ?:
	       peer_take_ack(&s->p, s->p.snd_max);
}

/* Who leaves many loses its own. */
CASE(bounds, tombstones_of_another_user)
{
	static struct pair s[6];
	struct peer *mine = &self->s.p;
	uid_t other = another_user();
	int i;

	ASSERT_NE(0, other);
	OK(sysctl_set("rsess/max_tombstones", 4));
	OK(peer_hello(mine));
	OK(pair_accept(&self->s));
	OK(pair_end_unheard(&self->s));
	OK(seteuid(other));
	for (i = 0; i < 6; i++) {
		OK(retained(&s[i], PORT + 1 + i));
		OK(pair_end_unheard(&s[i]));
	}
	OK(seteuid(0));
	OK(wait_until(is_alone, NULL));
	EXPECT_EQ(3, stat_get("TombstonesDropped"));
	EXPECT_EQ(4, stat_get("Tombstones"));
	OK(is_remembered(mine));
	OK(honest(&self->h));
}

/* Who makes many loses its own. */
CASE(bounds, orphans_of_another_user)
{
	struct rise dropped = { .name = "OrphansDropped", .from = 2 };
	static struct pair mine, s[6];
	uid_t other = another_user();
	int i;

	ASSERT_NE(0, other);
	OK(sysctl_set("rsess/max_orphans", 4));
	OK(orphan(&mine, PORT + 1));
	OK(seteuid(other));
	for (i = 0; i < 6; i++)
		OK(orphan(&s[i], PORT + 2 + i));
	OK(seteuid(0));
	OK(wait_until(has_risen, &dropped));
	EXPECT_EQ(3, stat_get("OrphansDropped"));
	OK(orphan_ends(&mine));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(RSESS_REASON_RESOURCES, peer_gone(&s[i].p));
	for (; i < 6; i++)
		OK(orphan_ends(&s[i]));
	for (i = 0; i < 6; i++)
		pair_free(&s[i]);
	pair_free(&mine);
	OK(honest(&self->h));
}

/* One whose peer is gone goes first. */
CASE(bounds, orphans_without_transport)
{
	struct rise dropped = { .name = "OrphansDropped", .from = 0 };
	struct rise lost = { .name = "TransportsLost", .from = 0 };
	static struct pair s[3];

	OK(sysctl_set("rsess/max_orphans", 2));
	OK(orphan(&s[0], PORT + 1));
	OK(orphan(&s[1], PORT + 2));
	peer_reset(&s[1].p);
	OK(wait_until(has_risen, &lost));
	OK(orphan(&s[2], PORT + 3));
	OK(wait_until(has_risen, &dropped));
	EXPECT_EQ(1, stat_get("OrphansDropped"));
	OK(genl_limit(&self->f, "max_orphans"));
	OK(orphan_ends(&s[0]));
	OK(orphan_ends(&s[2]));
	pair_free(&s[0]);
	pair_free(&s[1]);
	pair_free(&s[2]);
	OK(honest(&self->h));
}

/*
 * Bytes before accept().
 */
CASE(bounds, bytes_before_accept)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;

	OK(sysctl_set("rsess/max_early_bytes", 4096));
	OK(peer_hello(p));
	ASSERT_EQ(p->snd_start + 4096, p->snd_limit);
	OK(peer_send_data(p, 4096));
	OK(peer_take_ack(p, p->snd_nxt));
	ASSERT_EQ(p->snd_start + 4096, p->snd_limit);
	EXPECT_EQ(1, stat_get("EarlyFull"));
	OK(genl_limit(&self->f, "max_early_bytes"));
	/* It is told of the rest without having to ask. */
	OK(pair_accept(s));
	OK(peer_expect(p, RSESS_ACK));
	ASSERT_LT(p->snd_start + 100000, p->snd_limit);
	OK(pair_read(s, 4096));
	OK(pair_pump(s, 1000, 500000));
	OK(pair_finish(s));
	EXPECT_EQ(0, stat_get("TransportsLost"));
	EXPECT_EQ(1, stat_get("EarlyFull"));
}

static bool all_is_acknowledged(void *fd)
{
	int size;

	return !ioctl(*(int *)fd, SIOCOUTQ, &size) && !size;
}

/* Between two kernels: who writes has to wait, as with TCP. */
CASE(bounds, bytes_before_accept_hold_the_writer)
{
	struct pair *s = &self->s;
	char *buf = calloc(1, 1 << 20);
	int64_t sent = 0, got = 0;
	struct pair d;
	ssize_t n;

	ASSERT_NE(NULL, buf);
	OK(sysctl_set("rsess/max_early_bytes", 10000));
	pair_init(&d, true, AF_INET, 0);
	d.p.addr = s->p.addr;
	d.p.addrlen = s->p.addrlen;
	OK(pair_connect(&d));
	OK(pair_connected(&d));
	while ((n = send(d.fd, buf, 1 << 20, MSG_DONTWAIT)) > 0)
		sent += n;
	ASSERT_EQ(EAGAIN, errno);
	OK(wait_until(has_risen, &(struct rise){ "EarlyFull", 0 }));
	ASSERT_LT(10000, sent);
	OK(pair_accept(s));
	OK(shutdown(d.fd, SHUT_WR));
	while ((n = recv(s->fd, buf, 1 << 20, 0)) > 0)
		got += n;
	ASSERT_EQ(0, n);
	ASSERT_EQ(sent, got);
	OK(wait_until(all_is_acknowledged, &d.fd));
	pair_free(&d);
	free(buf);
}

/* Who has no session waits as with TCP, whose queue would be full. */
TEST(plain_waits_beside_hellos)
{
	struct rise full = { .name = "ParkedFull", .from = 0 };
	int fd[8], lfd, plain, i, n;

	OK(netns_new());
	OK(sysctl_set("rsess/max_pending", 2));
	lfd = new_listener(AF_RSESS, AF_INET);
	ASSERT_LE(0, lfd);
	OK(listen(lfd, 1));
	for (i = 0; i < 8; i++) {
		fd[i] = new_socket(AF_RSESS, SOCK_NONBLOCK);
		FAILS(EINPROGRESS, dial(fd[i], AF_INET));
	}
	OK(wait_until(has_risen, &full));
	plain = new_socket(AF_INET, SOCK_NONBLOCK);
	FAILS(EINPROGRESS, dial(plain, AF_INET));
	ASSERT_EQ(0, poll(&(struct pollfd){ plain, POLLOUT, 0 }, 1, 300));
	for (n = 0; n < 9; n++) {
		ASSERT_EQ(POLLIN, wait_for(lfd, POLLIN));
		ASSERT_LE(0, accept4(lfd, NULL, NULL, SOCK_CLOEXEC));
	}
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(POLLOUT, wait_for(fd[i], POLLOUT));
		ASSERT_EQ(0, socket_error(fd[i]));
	}
	ASSERT_EQ(POLLOUT, wait_for(plain, POLLOUT));
	ASSERT_EQ(0, socket_error(plain));
}

/*
 * Errors of the protocol.
 */
static int break_protocol(struct pair *s)
{
	static const u8 junk[RSESS_HDR_LEN] = { 0xff, 0xff, 0xff };
	struct peer *p = &s->p;

	return peer_send_raw(p, junk, sizeof(junk)) ?: peer_gone(p);
}

CASE(bounds, errors_of_a_session)
{
	struct pair *s = &self->s;
	int i;

	OK(sysctl_set("rsess/max_errors", 3));
	OK(peer_hello(&s->p));
	OK(pair_accept(s));
	for (i = 0; i < 2; i++) {
		OK(break_protocol(s));
		OK(pair_again(s));
	}
	EXPECT_EQ(0, stat_get("ErrorsExceeded"));
	ASSERT_EQ(RSESS_REASON_PROTOCOL, break_protocol(s));
	ASSERT_EQ(ECONNRESET, pair_fails(s));
	EXPECT_EQ(1, stat_get("ErrorsExceeded"));
	OK(genl_limit(&self->f, "max_errors"));
	OK(honest(&self->h));
}

CASE(bounds, frames_that_carry_nothing)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	int i;

	OK(sysctl_set("rsess/max_idle_frames", 4));
	OK(peer_hello(p));
	OK(pair_accept(s));
	for (i = 0; i < 1000 && !stat_get("FramesIdle"); i++)
		if (peer_send_ack(p))
			break;
	OK(genl_limit(&self->f, "max_idle_frames"));
	EXPECT_EQ(1, stat_get("FramesIdle"));
	OK(honest(&self->h));
}

CASE(bounds, errors_without_limit)
{
	struct pair *s = &self->s;
	int i;

	OK(sysctl_set("rsess/max_errors", 0));
	OK(peer_hello(&s->p));
	OK(pair_accept(s));
	for (i = 0; i < 50; i++) {
		OK(break_protocol(s));
		OK(pair_again(s));
	}
	EXPECT_EQ(0, stat_get("ErrorsExceeded"));
	OK(pair_pump(s, 1000, 1000));
	OK(pair_finish(s));
}

/*
 * Transports of a session, in one second.
 */

/* Who knows the keys brings one more, and leaves the one before. What is said to it, or
 * -ECONNRESET: it is sent away.
 */
static int once_more(struct pair *s, u8 type)
{
	struct peer *p = &s->p;
	int old = p->fd;
	int ret = peer_dial(p);

	if (old >= 0)
		close(old);
	if (!ret)
		ret = type == RSESS_HELLO ? peer_send_hello(p) :
					    peer_send_resume(p);
	return ret ?: peer_read(p);
}

/* As fast as it can, until there is another answer. */
static int storm(struct pair *s, u8 type, int answer)
{
	int i, ret = answer;

	for (i = 0; ret == answer && i < 1000; i++)
		ret = once_more(s, type);
	return ret;
}

static bool is_back(void *s)
{
	return once_more(s, RSESS_RESUME) == RSESS_RESUMED;
}

static bool is_greeted(void *s)
{
	return once_more(s, RSESS_HELLO) == RSESS_WELCOME;
}

/* Both sessions have one transport, and no other is open. */
static bool have_one_each(void *arg)
{
	(void)arg;
	return connections(AF_INET, 0) == 2;
}

CASE(bounds, resumes_of_a_peer)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	u8 buf[200];
	size_t n;

	OK(sysctl_set("rsess/max_resumes", 2));
	OK(peer_hello(p));
	OK(pair_accept(s));
	OK(pair_write(s, 100000));
	ASSERT_EQ(-ECONNRESET, storm(s, RSESS_RESUME, RSESS_RESUMED));
	EXPECT_EQ(1, stat_get("ResumeExcess"));
	OK(genl_limit(&self->f, "max_resumes"));
	/* Who comes again later gets in, and nothing is lost. */
	OK(wait_until(is_back, s));
	OK(wait_until(have_one_each, NULL));
	OK(peer_take(p, 100000 - (p->rcv_nxt - p->rcv_start)));
	/* The one that was sent away has been seen on the way, and is worth nothing. */
	OK(sysctl_set("rsess/max_resumes", 1));
	do {
		n = peer_make_resume(p, ++p->epoch, p->rcv_nxt, buf);
		peer_reset(p);
		OK(peer_dial(p));
		OK(peer_send_raw(p, buf, n));
	} while (peer_read(p) == RSESS_RESUMED);
	EXPECT_LE(2, stat_get("ResumeExcess"));
	OK(sysctl_set("rsess/max_resumes", 0));
	OK(peer_dial(p));
	OK(peer_send_raw(p, buf, n));
	OK(peer_gone(p));
	EXPECT_EQ(1, stat_get("ResumeStale"));
	OK(peer_resume(p));
	OK(pair_finish(s));
	pair_free(s);
	OK(honest(&self->h));
}

CASE(bounds, resumes_without_limit)
{
	struct pair *s = &self->s;
	int i;

	OK(sysctl_set("rsess/max_resumes", 0));
	OK(peer_hello(&s->p));
	OK(pair_accept(s));
	for (i = 0; i < 300; i++)
		ASSERT_EQ(RSESS_RESUMED, once_more(s, RSESS_RESUME));
	EXPECT_EQ(0, stat_get("ResumeExcess"));
	OK(pair_finish(s));
}

/* Nobody has stood behind the session, so whoever has seen its HELLO may repeat it. */
CASE(bounds, hellos_of_a_peer)
{
	struct pair *s = &self->s;

	OK(sysctl_set("rsess/handshake_timeout_ms", LONG_MS));
	OK(sysctl_set("rsess/max_resumes", 2));
	OK(peer_hello(&s->p));
	ASSERT_EQ(-ECONNRESET, storm(s, RSESS_HELLO, RSESS_WELCOME));
	EXPECT_EQ(1, stat_get("ResumeExcess"));
	OK(wait_until(is_greeted, s));
	OK(wait_until(have_one_each, NULL));
	OK(pair_accept(s));
	OK(pair_pump(s, 1000, 1000));
	OK(pair_finish(s));
	OK(honest(&self->h));
}

/* Transports that live for some bytes only: who dials waits, and all arrives. */
CASE(bounds, resumes_of_kernels)
{
	struct rise delayed = { .name = "ResumesDelayed", .from = 0 };
	struct pair *s = &self->s;
	struct relay r;
	struct pair d;
	u64 off;

	OK(sysctl_set("rsess/max_resumes", 1));
	pair_init(&d, true, AF_INET, 0);
	d.p.addrlen = loopback(&d.p.addr, AF_INET, PORT + 1);
	OK(relay_start(&r, AF_INET, IPPROTO_TCP, PORT + 1, PORT, 4000));
	OK(pair_connect(&d));
	OK(pair_accept(s));
	OK(pair_connected(&d));
	/* On a machine that is slow enough there is no more than one in a second. */
	for (off = 0; !has_risen(&delayed); off += 10000) {
		ASSERT_GT(1000000, off);
		OK(write_all(d.fd, off, 10000));
		OK(read_all(s->fd, off, 10000));
	}
	OK(genl_limit(&self->f, "max_resumes"));
	OK(shutdown(d.fd, SHUT_WR));
	OK(read_eof(s->fd));
	OK(relay_stop(&r));
	pair_free(&d);
}

/*
 * Attempts to dial, of all sessions.
 */
#define REDIALERS	60

/*
 * struct redial - sessions with a host that refuses
 * @lfd: listener
 * @fd: clients
 * @peer: their other ends
 */
FIXTURE(redial) {
	struct family f;
	int lfd;
	int fd[REDIALERS];
	int peer[REDIALERS];
};

FIXTURE_SETUP(redial)
{
	struct sockaddr_storage ss;
	socklen_t len = address(&ss, AF_INET, "0.0.0.0", PORT);

	OK(netns_new());
	OK(genl_open(&self->f));
	OK(genl_hear(&self->f));
	OK(sysctl_set("rsess/dial_max_ms", 10));
	self->lfd = new_socket(AF_RSESS, 0);
	ASSERT_LE(0, self->lfd);
	OK(bind(self->lfd, (struct sockaddr *)&ss, len));
	OK(listen(self->lfd, 16));
}

FIXTURE_TEARDOWN(redial)
{
	close(self->f.nl);
}

/* A session more, with an address of this host. */
static int redialer(int lfd, const char *host, int *fd, int *peer)
{
	struct sockaddr_storage ss;
	socklen_t len = address(&ss, AF_INET, host, PORT);

	*fd = new_socket(AF_RSESS, 0);
	if (*fd < 0 || connect(*fd, (struct sockaddr *)&ss, len))
		return -errno;
	*peer = accept4(lfd, NULL, NULL, SOCK_CLOEXEC);
	return *peer < 0 ? -errno : write_all(*fd, 0, 100) ?:
				   read_all(*peer, 0, 100);
}

/* The host refuses who comes to these addresses, until that table is gone. */
static int refuse(const char *table, const char *hosts)
{
	return shell("nft 'add table ip %s; "
		     "add chain ip %s c { type filter hook input priority 0; }; "
		     "add rule ip %s c ip daddr %s tcp dport %d tcp flags syn reject with tcp reset'",
		     table, table, table, hosts, PORT);
}

/* All have lost their transport, and a host that refuses; the first wait. */
static int stand_in_line(int lfd, int *fd, int *peer)
{
	struct rise delayed = { .name = "DialsDelayed",
				.from = REDIALERS / 2 };
	int i, ret = 0;

	for (i = 0; !ret && i < REDIALERS; i++)
		ret = redialer(lfd, "127.0.0.1", &fd[i], &peer[i]);
	ret = ret ?: refuse("a", "127.0.0.1");
	if (!ret && tear(PORT) < REDIALERS)
		ret = -ESRCH;
	return ret ?: wait_until(has_risen, &delayed);
}

/* They do not dial more often than a second allows, but for what was kept of one. */
CASE(redial, takes_turns)
{
	struct rise resumes = { .name = "Resumes", .from = 2 * REDIALERS - 1 };
	struct rise failed = { .name = "DialsFailed" };
	const unsigned int max = 5;
	int64_t start, before;
	int i;

	OK(sysctl_set("rsess/max_redials", max));
	OK(stand_in_line(self->lfd, self->fd, self->peer));
	/* Each one dials at once, the first time. */
	failed.from = REDIALERS - 1;
	OK(wait_until(has_risen, &failed));
	start = now_ms();
	before = stat_get("DialsFailed");
	failed.from = before + 2 * max;
	OK(wait_until(has_risen, &failed));
	EXPECT_GE(before + max + max * (now_ms() - start + 1000) / 1000,
		  stat_get("DialsFailed"));
	/* The host is back: nobody waits for a turn then. */
	OK(sysctl_set("rsess/max_redials", 1));
	OK(system("nft delete table ip a"));
	OK(wait_until(has_risen, &resumes));
	for (i = 0; i < REDIALERS; i++) {
		OK(write_all(self->fd[i], 100, 100));
		OK(read_all(self->peer[i], 100, 100));
	}
}

/* Who dials another host does not wait behind them; but for few hosts that have the same
 * hash.
 */
CASE(redial, of_another_host)
{
	struct rise resumes = { .name = "Resumes", .from = 1 };
	struct rise failed = { .name = "DialsFailed" };
	int fd[4], peer[4], i;
	char host[32];

	OK(sysctl_set("rsess/max_redials", 1));
	OK(stand_in_line(self->lfd, self->fd, self->peer));
	for (i = 0; i < 4; i++) {
		snprintf(host, sizeof(host), "127.0.0.%d", i + 2);
		OK(redialer(self->lfd, host, &fd[i], &peer[i]));
	}
	OK(refuse("b", "127.0.0.2-127.0.0.5"));
	failed.from = stat_get("DialsFailed") + 4 - 1;
	ASSERT_LE(4, tear(PORT));
	OK(wait_until(has_risen, &failed));
	OK(system("nft delete table ip b"));
	failed.from = stat_get("DialsFailed") + REDIALERS / 2;
	OK(wait_until(has_risen, &resumes));
	/* Not so many of those have had a turn meanwhile. */
	EXPECT_FALSE(has_risen(&failed));
}

/* A few are as quick as one. */
CASE(redial, of_a_few_is_not_delayed)
{
	struct rise failed = { .name = "DialsFailed", .from = 100 };
	int i;

	for (i = 0; i < 3; i++)
		OK(redialer(self->lfd, "127.0.0.1", &self->fd[i],
			    &self->peer[i]));
	OK(refuse("a", "127.0.0.1"));
	ASSERT_LE(3, tear(PORT));
	OK(wait_until(has_risen, &failed));
	EXPECT_EQ(0, stat_get("DialsDelayed"));
	OK(system("nft delete table ip a"));
	for (i = 0; i < 3; i++) {
		OK(write_all(self->fd[i], 100, 100));
		OK(read_all(self->peer[i], 100, 100));
	}
}

/* What ends while it waits for a turn is gone. */
CASE(redial, ends_in_the_line)
{
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };
	int i, end;

	OK(sysctl_set("rsess/max_redials", 1));
	OK(stand_in_line(self->lfd, self->fd, self->peer));
	OK(genl_limit(&self->f, "max_redials"));
	for (i = 0; i < 2 * REDIALERS; i++) {
		end = i & 1 ? self->fd[i / 2] : self->peer[i / 2];
		OK(setsockopt(end, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
		close(end);
	}
	OK(no_sessions());
}

/*
 * Listeners that nobody listens at.
 */

CASE(bounds, listeners_retained)
{
	static struct pair s[5];
	int i;

	OK(sysctl_set("rsess/max_retained", 2));
	/* Another user's count by themselves. */
	OK(seteuid(NOBODY));
	OK(retained(&s[4], PORT + 5));
	OK(seteuid(0));
	for (i = 0; i < 4; i++)
		OK(retained(&s[i], PORT + 1 + i));
	EXPECT_EQ(2, stat_get("ListenersDropped"));
	OK(genl_limit(&self->f, "max_retained"));
	/* All go on with the transport that they have. */
	for (i = 0; i < 5; i++)
		OK(pair_pump(&s[i], 1000, 1000));
	/* The oldest cannot get another one. */
	for (i = 0; i < 2; i++) {
		peer_reset(&s[i].p);
		ASSERT_EQ(ECONNRESET, pair_fails(&s[i]));
		ASSERT_EQ(-ECONNREFUSED, peer_dial(&s[i].p));
	}
	for (; i < 5; i++) {
		peer_reset(&s[i].p);
		OK(pair_lost(&s[i]));
		OK(pair_again(&s[i]));
		OK(pair_pump(&s[i], 1000, 1000));
		OK(pair_finish(&s[i]));
	}
	for (i = 0; i < 5; i++)
		pair_free(&s[i]);
	OK(honest(&self->h));
}

/* Can a plain TCP socket listen at a port? */
static bool port_is_free(void *arg)
{
	struct sockaddr_storage ss;
	socklen_t len = address(&ss, AF_INET, "0.0.0.0", *(int *)arg);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	int one = 1;
	bool ret;

	ret = fd >= 0 &&
	      !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) &&
	      !bind(fd, (struct sockaddr *)&ss, len) && !listen(fd, 1);
	if (fd >= 0)
		close(fd);
	return ret;
}

/* What is left of sessions that ended retains none. */
CASE(bounds, tombstones_retain_no_listeners)
{
	static struct pair s;
	int i, port;

	for (i = 0; i < 20; i++) {
		OK(retained(&s, PORT + 1 + i));
		OK(pair_end_unheard(&s));
	}
	OK(wait_until(is_alone, NULL));
	for (i = 0; i < 20; i++) {
		port = PORT + 1 + i;
		OK(wait_until(port_is_free, &port));
	}
	EXPECT_EQ(0, stat_get("ListenersDropped"));
	OK(honest(&self->h));
}

TEST_HARNESS_MAIN
