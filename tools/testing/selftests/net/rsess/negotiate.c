// SPDX-License-Identifier: GPL-2.0
/*
 * Who gets a session, who gets plain TCP, and that nothing is lost either way.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "harness.h"
#include "raw.h"
#include "relay.h"
#include "stream.h"

#define RELAY_PORT	(PORT + 1)
/* More bytes than any test sends through the relay. */
#define UNTORN		1000000000

static int set_policy(int fd, int policy)
{
	return setsockopt(fd, SOL_RSESS, RSESS_NEGOTIATE, &policy,
			  sizeof(policy));
}

/* Has it fallen back, and why?  0 is a session. */
static int fallback_reason(int fd)
{
	struct rsess_info info;
	socklen_t len = sizeof(info);

	if (getsockopt(fd, SOL_RSESS, RSESS_INFO, &info, &len))
		return -errno;
	if (!info.plain)
		return info.link == RSESS_LINK_LIVE ? 0 : -ENOTCONN;
	return info.reason;
}

static int talk(int a, int b)
{
	return write_all(a, 0, 100000) ?: read_all(b, 0, 100000) ?:
	       write_all(b, 0, 100000) ?: read_all(a, 0, 100000);
}

/*
 * Two hosts, each with AF_RSESS or with TCP, over IPv4, IPv6, and IPv4 in sockets of
 * IPv6.
 */
FIXTURE(peers) {
	int lfd;
	int c;
	int s;
};

FIXTURE_VARIANT(peers) {
	int listen;
	const char *host;
	int family;
};

FIXTURE_VARIANT_ADD(peers, v4) {
	.listen = AF_INET, .family = AF_INET, .host = "127.0.0.1",
};

FIXTURE_VARIANT_ADD(peers, v6) {
	.listen = AF_INET6, .family = AF_INET6, .host = "::1",
};

FIXTURE_VARIANT_ADD(peers, mapped) {
	.listen = AF_INET6, .family = AF_INET6, .host = "::ffff:127.0.0.1",
};

FIXTURE_VARIANT_ADD(peers, v4_to_v6) {
	.listen = AF_INET6, .family = AF_INET, .host = "127.0.0.1",
};

FIXTURE_VARIANT_ADD(peers, mapped_to_v4) {
	.listen = AF_INET, .family = AF_INET6, .host = "::ffff:127.0.0.1",
};

FIXTURE_SETUP(peers)
{
	self->lfd = -1;
	self->c = -1;
	self->s = -1;
	OK(netns_new());
}

FIXTURE_TEARDOWN(peers)
{
	close(self->c);
	close(self->s);
	close(self->lfd);
}

static int listen_any(int domain, int family, int policy)
{
	struct sockaddr_storage ss;
	socklen_t len = address(&ss, family, family == AF_INET6 ? "::" :
				"0.0.0.0", PORT);
	int fd = new_socket(domain == AF_RSESS ? AF_RSESS : family, 0);
	int one = 1;

	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (domain == AF_RSESS && set_policy(fd, policy))
		return -errno;
	if (bind(fd, (struct sockaddr *)&ss, len) || listen(fd, 16))
		return -errno;
	return fd;
}

static int connect_to(int fd, int family, const char *host, int port)
{
	struct sockaddr_storage ss;
	socklen_t len = address(&ss, family, host, port);

	return connect(fd, (struct sockaddr *)&ss, len);
}

/* Both ends of a connection; -1 of @policy stands for TCP. */
#define OPEN(server_policy, client_policy)				\
	do {								\
		int sp = (server_policy), cp = (client_policy);		\
									\
		self->lfd = listen_any(sp < 0 ? 0 : AF_RSESS,		\
				       variant->listen, sp);		\
		ASSERT_LE(0, self->lfd);				\
		self->c = new_socket(cp < 0 ? variant->family : AF_RSESS, 0); \
		ASSERT_LE(0, self->c);					\
		if (cp >= 0)						\
			OK(set_policy(self->c, cp));			\
		OK(connect_to(self->c, variant->family, variant->host,	\
			      PORT));					\
		self->s = accept(self->lfd, NULL, NULL);		\
		ASSERT_LE(0, self->s);					\
	} while (0)

#define TCP	-1
#define AUTO	RSESS_NEGOTIATE_AUTO
#define REQUIRE	RSESS_NEGOTIATE_REQUIRE
#define OFF	RSESS_NEGOTIATE_OFF

CASE(peers, both_have_it)
{
	OPEN(AUTO, AUTO);
	ASSERT_EQ(0, fallback_reason(self->c));
	ASSERT_EQ(0, fallback_reason(self->s));
	ASSERT_EQ(2, sessions());
	OK(talk(self->c, self->s));
	/* It is one: it survives. */
	ASSERT_LT(0, tear(PORT));
	OK(talk(self->c, self->s));
	ASSERT_EQ(0, stat_get("FallbackPeer"));
	ASSERT_EQ(0, stat_get("SynOptionLost"));
}

CASE(peers, server_has_not)
{
	OPEN(TCP, AUTO);
	ASSERT_EQ(RSESS_REASON_PLAIN_PEER, fallback_reason(self->c));
	ASSERT_EQ(0, sessions());
	OK(talk(self->c, self->s));
	ASSERT_EQ(1, stat_get("FallbackPeer"));
}

CASE(peers, client_has_not)
{
	OPEN(AUTO, TCP);
	ASSERT_EQ(RSESS_REASON_PLAIN_PEER, fallback_reason(self->s));
	ASSERT_EQ(0, sessions());
	OK(talk(self->s, self->c));
	ASSERT_EQ(1, stat_get("FallbackPeer"));
}

CASE(peers, client_is_off)
{
	OPEN(AUTO, OFF);
	ASSERT_EQ(RSESS_REASON_OFF, fallback_reason(self->c));
	ASSERT_EQ(RSESS_REASON_PLAIN_PEER, fallback_reason(self->s));
	OK(talk(self->s, self->c));
	ASSERT_EQ(1, stat_get("FallbackOff"));
}

CASE(peers, server_is_off)
{
	OPEN(OFF, AUTO);
	ASSERT_EQ(RSESS_REASON_PLAIN_PEER, fallback_reason(self->c));
	ASSERT_EQ(RSESS_REASON_OFF, fallback_reason(self->s));
	OK(talk(self->c, self->s));
}

CASE(peers, one_requires_it)
{
	OPEN(REQUIRE, AUTO);
	ASSERT_EQ(0, fallback_reason(self->c));
	ASSERT_EQ(0, fallback_reason(self->s));
	OK(talk(self->c, self->s));
}

CASE(peers, other_requires_it)
{
	OPEN(AUTO, REQUIRE);
	ASSERT_EQ(0, fallback_reason(self->c));
	ASSERT_EQ(0, fallback_reason(self->s));
	OK(talk(self->c, self->s));
}

/* No state is kept between SYN and ACK. */
CASE(peers, syn_cookies)
{
	OK(sysctl_set("ipv4/tcp_syncookies", 2));
	OPEN(AUTO, AUTO);
	ASSERT_EQ(0, fallback_reason(self->c));
	ASSERT_EQ(0, fallback_reason(self->s));
	OK(talk(self->c, self->s));
}

CASE(peers, syn_cookies_and_plain_peer)
{
	OK(sysctl_set("ipv4/tcp_syncookies", 2));
	OPEN(AUTO, TCP);
	ASSERT_EQ(RSESS_REASON_PLAIN_PEER, fallback_reason(self->s));
	OK(talk(self->c, self->s));
}

/* A connection whose child is made by its SYN, which has data. */
CASE(peers, fast_open)
{
	struct sockaddr_storage ss;
	socklen_t len = address(&ss, variant->family, variant->host, PORT);
	/* Client, server, server without a cookie, all listeners. */
	int mode = 1 | 2 | 4 | 0x200 | 0x400;

	OK(sysctl_set("ipv4/tcp_fastopen", mode));
	self->lfd = listen_any(AF_RSESS, variant->listen, AUTO);
	ASSERT_LE(0, self->lfd);
	self->c = new_socket(variant->family, 0);
	ASSERT_EQ(5, sendto(self->c, "hello", 5, MSG_FASTOPEN,
			    (struct sockaddr *)&ss, len));
	self->s = accept(self->lfd, NULL, NULL);
	ASSERT_LE(0, self->s);
	ASSERT_EQ(RSESS_REASON_PLAIN_PEER, fallback_reason(self->s));
	ASSERT_EQ(5, recv(self->s, &ss, sizeof(ss), 0));
	OK(talk(self->c, self->s));
	/* And the other kind of peer at the same listener. */
	close(self->c);
	close(self->s);
	self->c = new_socket(AF_RSESS, 0);
	OK(connect_to(self->c, variant->family, variant->host, PORT));
	self->s = accept(self->lfd, NULL, NULL);
	ASSERT_LE(0, self->s);
	ASSERT_EQ(0, fallback_reason(self->s));
	OK(talk(self->c, self->s));
}

/* What the addresses of a plain socket are, is what TCP says. */
CASE(peers, names)
{
	struct sockaddr_storage a, b, want;
	socklen_t alen = sizeof(a), blen = sizeof(b), len;

	OPEN(TCP, AUTO);
	len = address(&want, variant->family, variant->host, PORT);
	OK(getpeername(self->c, (struct sockaddr *)&a, &alen));
	ASSERT_EQ(len, alen);
	OK(memcmp(&a, &want, len));
	alen = sizeof(a);
	OK(getsockname(self->c, (struct sockaddr *)&a, &alen));
	OK(getpeername(self->s, (struct sockaddr *)&b, &blen));
	ASSERT_EQ(port_of(&a), port_of(&b));
	ASSERT_EQ(variant->family, a.ss_family);
}

/*
 * A socket that falls back: everything that was said to it before still holds.
 */
FIXTURE(fallback) {
	int lfd;
	int c;
	int s;
	int ep;
};

FIXTURE_SETUP(fallback)
{
	self->s = -1;
	self->ep = -1;
	OK(netns_new());
	self->lfd = new_listener(AF_INET, AF_INET);
	ASSERT_LE(0, self->lfd);
	self->c = new_socket(AF_RSESS, 0);
	ASSERT_LE(0, self->c);
}

FIXTURE_TEARDOWN(fallback)
{
	close(self->c);
	close(self->s);
	close(self->lfd);
	close(self->ep);
}

static int watch(int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	if (ep >= 0 && epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev))
		return -errno;
	return ep;
}

/* Events of the only descriptor. */
static int watched(int ep)
{
	struct epoll_event ev;
	int n = epoll_wait(ep, &ev, 1, WAIT_MS);

	return n == 1 ? (int)ev.events : -ETIMEDOUT;
}

CASE(fallback, epoll_registered_before)
{
	fcntl(self->c, F_SETFL, O_NONBLOCK);
	self->ep = watch(self->c, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
	ASSERT_LE(0, self->ep);
	ASSERT_EQ(EPOLLOUT | EPOLLHUP, watched(self->ep));
	FAILS(EINPROGRESS, dial(self->c, AF_INET));
	ASSERT_EQ(EPOLLOUT, watched(self->ep));
	ASSERT_EQ(0, socket_error(self->c));
	ASSERT_EQ(RSESS_REASON_PLAIN_PEER, fallback_reason(self->c));
	self->s = accept(self->lfd, NULL, NULL);
	ASSERT_EQ(1, send(self->s, "x", 1, 0));
	ASSERT_EQ(EPOLLIN | EPOLLOUT, watched(self->ep));
	close(self->s);
	self->s = -1;
	ASSERT_EQ(EPOLLIN | EPOLLOUT | EPOLLRDHUP, watched(self->ep));
}

CASE(fallback, connect_again_says_connected)
{
	fcntl(self->c, F_SETFL, O_NONBLOCK);
	FAILS(EINPROGRESS, dial(self->c, AF_INET));
	ASSERT_EQ(POLLOUT, wait_for(self->c, POLLOUT));
	OK(dial(self->c, AF_INET));
	FAILS(EISCONN, dial(self->c, AF_INET));
}

/* A thread with a call that waits. */
struct sleeper {
	int fd;
	bool send;
	ssize_t ret;
	int tid;
	pthread_t thread;
};

static bool is_asleep(void *arg)
{
	char path[64], state = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", *(int *)arg);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(f);
	return state == 'S';
}

static void *sleeper_main(void *arg)
{
	struct sleeper *s = arg;
	char c = 'y';

	__atomic_store_n(&s->tid, gettid(), __ATOMIC_RELEASE);
	s->ret = s->send ? send(s->fd, &c, 1, 0) : recv(s->fd, &c, 1, 0);
	return NULL;
}

static bool has_tid(void *arg)
{
	return __atomic_load_n(&((struct sleeper *)arg)->tid, __ATOMIC_ACQUIRE);
}

/* A call that waits on the socket before it falls back. */
static int sleep_in(struct sleeper *s, int fd, bool send)
{
	*s = (struct sleeper){ .fd = fd, .send = send };
	if (pthread_create(&s->thread, NULL, sleeper_main, s))
		return -EAGAIN;
	return wait_until(has_tid, s) ?: wait_until(is_asleep, &s->tid);
}

/* The peer is silent until both wait: it is a host that this program is. */
CASE(fallback, calls_that_wait)
{
	struct sleeper reader, writer;
	struct raw r;

	OK(raw_open(&r));
	fcntl(self->c, F_SETFL, O_NONBLOCK);
	FAILS(EINPROGRESS, connect_to(self->c, AF_INET, RAW_HOST, RAW_PORT));
	OK(raw_expect(&r, TH_SYN));
	fcntl(self->c, F_SETFL, 0);
	OK(sleep_in(&reader, self->c, false));
	OK(sleep_in(&writer, self->c, true));
	OK(raw_accept(&r, RSESS_SYN_NONE));
	ASSERT_EQ(0, pthread_join(writer.thread, NULL));
	ASSERT_EQ(1, writer.ret);
	if (!r.len)
		OK(raw_take(&r, 1));
	ASSERT_EQ('y', r.payload[0]);
	OK(raw_send(&r, TH_ACK | TH_PUSH, RSESS_SYN_NONE, "z", 1));
	ASSERT_EQ(0, pthread_join(reader.thread, NULL));
	ASSERT_EQ(1, reader.ret);
	raw_close(&r);
}

static int sigio_count;

static void on_sigio(int sig)
{
	(void)sig;
	__atomic_add_fetch(&sigio_count, 1, __ATOMIC_RELAXED);
}

static bool got_sigio(void *arg)
{
	return __atomic_load_n(&sigio_count, __ATOMIC_RELAXED) > *(int *)arg;
}

CASE(fallback, signals_asked_for_before)
{
	int n = 0;

	signal(SIGIO, on_sigio);
	fcntl(self->c, F_SETOWN, getpid());
	fcntl(self->c, F_SETFL, O_ASYNC | O_NONBLOCK);
	FAILS(EINPROGRESS, dial(self->c, AF_INET));
	OK(wait_until(got_sigio, &n));
	self->s = accept(self->lfd, NULL, NULL);
	n = __atomic_load_n(&sigio_count, __ATOMIC_RELAXED);
	ASSERT_EQ(1, send(self->s, "x", 1, 0));
	OK(wait_until(got_sigio, &n));
	signal(SIGIO, SIG_IGN);
}

/* Options that the socket core, the session and TCP have kept. */
static const struct {
	int level;
	int name;
	int value;
} kept[] = {
	{ SOL_SOCKET, SO_KEEPALIVE, 1 },
	{ SOL_SOCKET, SO_OOBINLINE, 1 },
	{ SOL_SOCKET, SO_PRIORITY, 3 },
	{ SOL_SOCKET, SO_MARK, 77 },
	{ SOL_SOCKET, SO_RCVLOWAT, 5 },
	{ SOL_SOCKET, SO_SNDBUF, 50000 },
	{ SOL_SOCKET, SO_RCVBUF, 60000 },
	{ SOL_TCP, TCP_NODELAY, 1 },
	{ SOL_TCP, TCP_CORK, 1 },
	{ SOL_TCP, TCP_USER_TIMEOUT, 12345 },
	{ SOL_TCP, TCP_NOTSENT_LOWAT, 4321 },
	{ SOL_TCP, TCP_KEEPIDLE, 100 },
	{ SOL_TCP, TCP_KEEPINTVL, 11 },
	{ SOL_TCP, TCP_KEEPCNT, 3 },
	{ SOL_TCP, TCP_INQ, 1 },
	{ SOL_IP, IP_TTL, 33 },
	{ SOL_IP, IP_RECVERR, 1 },
};

static int set_kept(int fd)
{
	struct linger l = { .l_onoff = 1, .l_linger = 7 };
	struct timeval tv = { .tv_sec = 9 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kept); i++) {
		if (setsockopt(fd, kept[i].level, kept[i].name, &kept[i].value,
			       sizeof(kept[i].value))) {
			say("option %zu: %s", i, strerror(errno));
			return -errno;
		}
	}
	return setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)) ?:
	       setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
}

static int check_kept(int fd)
{
	struct linger l = {};
	struct timeval tv = {};
	socklen_t len;
	size_t i;
	int val;

	for (i = 0; i < ARRAY_SIZE(kept); i++) {
		int want = kept[i].value;

		len = sizeof(val);
		if (getsockopt(fd, kept[i].level, kept[i].name, &val, &len))
			return -errno;
		/* The kernel doubles them. */
		if (kept[i].level == SOL_SOCKET &&
		    (kept[i].name == SO_SNDBUF || kept[i].name == SO_RCVBUF))
			want *= 2;
		if (val != want) {
			say("option %zu: %d for %d", i, val, want);
			return -EINVAL;
		}
	}
	len = sizeof(l);
	getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &len);
	len = sizeof(tv);
	getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, &len);
	return l.l_linger == 7 && tv.tv_sec == 9 ? 0 : -EDOM;
}

CASE(fallback, options)
{
	OK(set_kept(self->c));
	OK(dial(self->c, AF_INET));
	ASSERT_EQ(RSESS_REASON_PLAIN_PEER, fallback_reason(self->c));
	OK(check_kept(self->c));
}

CASE(fallback, options_are_inherited)
{
	close(self->lfd);
	close(self->c);
	self->lfd = new_listener(AF_RSESS, AF_INET);
	OK(set_kept(self->lfd));
	self->c = new_socket(AF_INET, 0);
	OK(dial(self->c, AF_INET));
	self->s = accept(self->lfd, NULL, NULL);
	ASSERT_EQ(RSESS_REASON_PLAIN_PEER, fallback_reason(self->s));
	OK(check_kept(self->s));
}

/* Options of sessions, and those that would take the socket from its file. */
CASE(fallback, options_refused)
{
	int val = 0;
	socklen_t len = sizeof(val);

	OK(dial(self->c, AF_INET));
	FAILS(ENOPROTOOPT, setsockopt(self->c, SOL_RSESS, RSESS_TIMEOUT, &val,
				      sizeof(val)));
	FAILS(ENOPROTOOPT, getsockopt(self->c, SOL_RSESS, RSESS_TIMEOUT, &val,
				      &len));
	FAILS(ENOPROTOOPT, set_policy(self->c, AUTO));
	FAILS(ENOPROTOOPT, setsockopt(self->c, SOL_TCP, TCP_ULP, "tls", 3));
	len = sizeof(val);
	OK(getsockopt(self->c, SOL_RSESS, RSESS_FAMILY, &val, &len));
	ASSERT_EQ(AF_INET, val);
}

CASE(fallback, policy)
{
	int val = 99;
	socklen_t len = sizeof(val);

	FAILS(EINVAL, set_policy(self->c, 3));
	FAILS(EINVAL, set_policy(self->c, -1));
	OK(set_policy(self->c, REQUIRE));
	OK(getsockopt(self->c, SOL_RSESS, RSESS_NEGOTIATE, &val, &len));
	ASSERT_EQ(REQUIRE, val);
	OK(negotiate_set(OFF));
	close(self->c);
	self->c = new_socket(AF_RSESS, 0);
	OK(getsockopt(self->c, SOL_RSESS, RSESS_NEGOTIATE, &val, &len));
	ASSERT_EQ(OFF, val);
	OK(dial(self->c, AF_INET));
	ASSERT_EQ(RSESS_REASON_OFF, fallback_reason(self->c));
}

CASE(fallback, closed_port)
{
	close(self->lfd);
	self->lfd = -1;
	FAILS(ECONNREFUSED, dial(self->c, AF_INET));
	/* Nothing has fallen back: the next one may be of ours. */
	self->lfd = new_listener(AF_RSESS, AF_INET);
	OK(dial(self->c, AF_INET));
	self->s = accept(self->lfd, NULL, NULL);
	ASSERT_EQ(0, fallback_reason(self->c));
	OK(talk(self->c, self->s));
}

/* connect(AF_UNSPEC): TCP goes on with the socket, as it does with its own. */
CASE(fallback, disconnect)
{
	struct sockaddr sa = { .sa_family = AF_UNSPEC };
	int fd;

	OK(dial(self->c, AF_INET));
	self->s = accept(self->lfd, NULL, NULL);
	OK(connect(self->c, &sa, sizeof(sa)));
	ASSERT_EQ(ECONNRESET, socket_error(self->c));
	FAILS(EPIPE, send(self->c, "x", 1, MSG_NOSIGNAL));
	close(self->s);
	OK(dial(self->c, AF_INET));
	self->s = accept(self->lfd, NULL, NULL);
	OK(talk(self->c, self->s));
	/* It may even listen then. */
	OK(connect(self->c, &sa, sizeof(sa)));
	OK(listen(self->c, 1));
	close(self->s);
	{
		struct sockaddr_storage ss;
		socklen_t len = sizeof(ss);

		OK(getsockname(self->c, (struct sockaddr *)&ss, &len));
		self->s = new_socket(AF_INET, 0);
		OK(connect_to(self->s, AF_INET, "127.0.0.1", port_of(&ss)));
	}
	fd = accept(self->c, NULL, NULL);
	ASSERT_LE(0, fd);
	ASSERT_EQ(RSESS_REASON_PLAIN_PEER, fallback_reason(fd));
	OK(talk(self->s, fd));
	close(fd);
}

/* TCP's own reset, for nothing stands behind the socket. */
CASE(fallback, reset)
{
	struct linger l = { .l_onoff = 1 };
	char c;

	OK(dial(self->c, AF_INET));
	self->s = accept(self->lfd, NULL, NULL);
	OK(setsockopt(self->s, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	close(self->s);
	self->s = -1;
	ASSERT_LT(0, wait_for(self->c, POLLIN));
	ASSERT_EQ(ECONNRESET, socket_error(self->c));
	ASSERT_EQ(0, recv(self->c, &c, 1, 0));
}

/* A server that says what it has to say and ends the connection, in order or not. */
struct herald {
	int lfd;
	int n;
	bool cut;
	pthread_t thread;
};

#define CALLS	200

static void *herald_run(void *arg)
{
	struct linger hard = { .l_onoff = 1 };
	struct herald *h = arg;
	int fd;

	while ((fd = accept(h->lfd, NULL, NULL)) >= 0) {
		h->n++;
		if (h->cut)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard,
				   sizeof(hard));
		else
			send(fd, "220 hello\r\n", 11, MSG_NOSIGNAL);
		close(fd);
	}
	return NULL;
}

static int herald_start(struct herald *h, int lfd, bool cut)
{
	h->lfd = lfd;
	h->cut = cut;
	h->n = 0;
	return pthread_create(&h->thread, NULL, herald_run, h);
}

/* How many connections it had. */
static int herald_stop(struct herald *h)
{
	shutdown(h->lfd, SHUT_RDWR);
	pthread_join(h->thread, NULL);
	return h->n;
}

/* All of it may be there before the kernel looks what came of connect(). */
CASE(fallback, who_answers_and_leaves_is_asked_once)
{
	struct herald h;
	char buf[20];
	int i;

	OK(herald_start(&h, self->lfd, false));
	for (i = 0; i < CALLS; i++) {
		int fd = new_socket(AF_RSESS, 0);

		OK(dial(fd, AF_INET));
		ASSERT_EQ(11, recv(fd, buf, sizeof(buf), MSG_WAITALL));
		ASSERT_EQ(0, recv(fd, buf, sizeof(buf), 0));
		close(fd);
	}
	ASSERT_EQ(CALLS, herald_stop(&h));
	EXPECT_EQ(0, stat_get("DialsFailed"));
}

/* As with TCP: connect() may have been in time, or not. */
CASE(fallback, who_resets_is_asked_once)
{
	struct herald h;
	char c;
	int i;

	OK(herald_start(&h, self->lfd, true));
	for (i = 0; i < CALLS; i++) {
		int fd = new_socket(AF_RSESS, 0);

		if (!dial(fd, AF_INET)) {
			ASSERT_EQ(-1, recv(fd, &c, 1, 0));
		}
		ASSERT_EQ(ECONNRESET, errno);
		close(fd);
	}
	ASSERT_EQ(CALLS, herald_stop(&h));
}

/* The same over SCTP: the association is gone, and with it what it said. */
CASE(fallback, who_answers_and_leaves_is_asked_once_over_sctp)
{
	struct herald h;
	char buf[20];
	int lfd, i;

	transport = IPPROTO_SCTP;
	lfd = new_socket(AF_RSESS, 0);
	if (lfd < 0)
		SKIP(return, "no SCTP");
	close(lfd);
	close(self->lfd);
	self->lfd = new_listener(AF_INET, AF_INET);
	ASSERT_LE(0, self->lfd);
	OK(herald_start(&h, self->lfd, false));
	for (i = 0; i < CALLS; i++) {
		int fd = new_socket(AF_RSESS, 0);

		OK(dial(fd, AF_INET));
		ASSERT_EQ(11, recv(fd, buf, sizeof(buf), 0));
		close(fd);
	}
	/* Its listener is not shut down, so nobody is left in accept() for ever. */
	pthread_cancel(h.thread);
	pthread_join(h.thread, NULL);
	ASSERT_EQ(CALLS, h.n);
}

/*
 * RSESS_NEGOTIATE_REQUIRE.
 */
CASE(fallback, required_but_peer_speaks)
{
	OK(set_policy(self->c, REQUIRE));
	fcntl(self->c, F_SETFL, O_NONBLOCK);
	FAILS(EINPROGRESS, dial(self->c, AF_INET));
	self->s = accept(self->lfd, NULL, NULL);
	ASSERT_EQ(9, send(self->s, "SSH-2.0-x", 9, 0));
	ASSERT_EQ(30, send(self->s, "............................\r\n", 30, 0));
	ASSERT_LT(0, wait_for(self->c, POLLOUT));
	ASSERT_EQ(EPROTONOSUPPORT, socket_error(self->c));
}

CASE(fallback, required_but_peer_waits)
{
	OK(sysctl_set("rsess/handshake_timeout_ms", 200));
	OK(set_policy(self->c, REQUIRE));
	FAILS(EPROTONOSUPPORT, dial(self->c, AF_INET));
}

CASE(fallback, required_of_a_client)
{
	char c;

	close(self->c);
	close(self->lfd);
	self->lfd = listen_any(AF_RSESS, AF_INET, REQUIRE);
	self->c = new_socket(AF_INET, 0);
	OK(dial(self->c, AF_INET));
	OK(write_all(self->c, 0, 100));
	FAILS(ECONNRESET, recv(self->c, &c, 1, 0));
	fcntl(self->lfd, F_SETFL, O_NONBLOCK);
	FAILS(EAGAIN, accept(self->lfd, NULL, NULL));
	ASSERT_EQ(1, stat_get("FramesMalformed"));
}

/* A path that strips the option: the relay's two connections are its own. */
static int through_relay(int policy, int *c, int *s, struct relay *relay)
{
	int lfd, ret;

	ret = relay_start(relay, AF_INET, IPPROTO_TCP, RELAY_PORT, PORT, UNTORN);
	if (ret)
		return ret;
	lfd = listen_any(AF_RSESS, AF_INET, policy);
	*c = new_socket(AF_RSESS, 0);
	if (lfd < 0 || set_policy(*c, policy) ||
	    connect_to(*c, AF_INET, "127.0.0.1", RELAY_PORT))
		return -errno;
	*s = accept(lfd, NULL, NULL);
	close(lfd);
	return *s < 0 ? -errno : 0;
}

CASE(fallback, path_strips_option)
{
	struct relay relay;

	close(self->c);
	close(self->lfd);
	self->lfd = -1;
	OK(through_relay(AUTO, &self->c, &self->s, &relay));
	ASSERT_EQ(RSESS_REASON_PLAIN_PEER, fallback_reason(self->c));
	ASSERT_EQ(RSESS_REASON_PLAIN_PEER, fallback_reason(self->s));
	OK(talk(self->c, self->s));
	OK(relay_stop(&relay));
}

CASE(fallback, path_strips_option_and_both_require)
{
	struct relay relay;

	close(self->c);
	close(self->lfd);
	self->lfd = -1;
	OK(through_relay(REQUIRE, &self->c, &self->s, &relay));
	ASSERT_EQ(0, fallback_reason(self->c));
	ASSERT_EQ(0, fallback_reason(self->s));
	OK(talk(self->c, self->s));
	OK(relay_reset(&relay));
	OK(talk(self->c, self->s));
	OK(relay_stop(&relay));
}

/*
 * The kernel connects to a host that does with the option what it likes.
 */
FIXTURE(dialing) {
	struct raw r;
	int fd;
};

FIXTURE_SETUP(dialing)
{
	OK(netns_new());
	OK(raw_open(&self->r));
	self->fd = new_socket(AF_RSESS, SOCK_NONBLOCK);
	ASSERT_LE(0, self->fd);
	FAILS(EINPROGRESS, connect_to(self->fd, AF_INET, RAW_HOST, RAW_PORT));
}

FIXTURE_TEARDOWN(dialing)
{
	close(self->fd);
	raw_close(&self->r);
}

/* Plain bytes both ways. */
static int raw_talk(struct raw *r, int fd)
{
	char buf[6];
	int ret;

	if (send(fd, "hello", 5, 0) != 5)
		return -errno;
	ret = raw_take(r, 5);
	if (ret)
		return ret;
	if (memcmp(r->payload, "hello", 5))
		return -EBADMSG;
	ret = raw_send(r, TH_ACK | TH_PUSH, RSESS_SYN_NONE, "world", 5);
	r->snd_nxt += 5;
	if (ret || wait_for(fd, POLLIN) < 0)
		return -ETIMEDOUT;
	return recv(fd, buf, sizeof(buf), 0) == 5 && !memcmp(buf, "world", 5) ?
	       0 : -EBADMSG;
}

/* Some servers and middleboxes give back what they do not know. */
CASE(dialing, option_is_echoed)
{
	OK(raw_expect(&self->r, TH_SYN));
	ASSERT_EQ(RSESS_SYN_REQUEST, self->r.role);
	OK(raw_accept(&self->r, RSESS_SYN_REQUEST));
	ASSERT_EQ(RSESS_SYN_NONE, self->r.role);
	ASSERT_EQ(POLLOUT, wait_for(self->fd, POLLOUT));
	ASSERT_EQ(RSESS_REASON_PLAIN_PEER, fallback_reason(self->fd));
	OK(raw_talk(&self->r, self->fd));
}

CASE(dialing, option_is_answered)
{
	OK(raw_expect(&self->r, TH_SYN));
	OK(raw_accept(&self->r, RSESS_SYN_ANSWER));
	/* Whoever keeps no state learns it from the ACK. */
	ASSERT_EQ(RSESS_SYN_CONFIRM, self->r.role);
	OK(raw_take(&self->r, RSESS_HDR_LEN + sizeof(struct rsess_wire_hello)));
	ASSERT_EQ(RSESS_HELLO, self->r.payload[0]);
	ASSERT_EQ(0, events(self->fd));
}

/* The ACK and HELLO were lost: then it is another ACK that completes the handshake. */
CASE(dialing, answer_is_confirmed_again)
{
	struct raw *r = &self->r;

	OK(raw_expect(r, TH_SYN));
	OK(raw_accept(r, RSESS_SYN_ANSWER));
	ASSERT_EQ(RSESS_SYN_CONFIRM, r->role);
	do {
		OK(raw_read(r));
	} while (!r->len);
	ASSERT_EQ(RSESS_HELLO, r->payload[0]);
	r->seq = r->rcv_nxt - 1;
	OK(raw_accept(r, RSESS_SYN_ANSWER));
	while (r->len) {
		OK(raw_read(r));
	}
	ASSERT_EQ(RSESS_SYN_CONFIRM, r->role);
}

/* Who has the protocol does not answer so: it may be somebody who guesses numbers.  But
 * not for ever.
 */
CASE(dialing, garbage_for_welcome)
{
	static const u8 garbage[RSESS_HDR_LEN];
	struct raw *r = &self->r;
	int i;

	for (i = 0; i < 3; i++) {
		r->kport = 0;
		OK(raw_expect(r, TH_SYN));
		ASSERT_EQ(RSESS_SYN_REQUEST, r->role);
		OK(raw_accept(r, RSESS_SYN_ANSWER));
		OK(raw_take(r, RSESS_HDR_LEN + sizeof(struct rsess_wire_hello)));
		ASSERT_EQ(0, events(self->fd));
		OK(raw_send(r, TH_ACK | TH_PUSH, RSESS_SYN_NONE, garbage,
			    sizeof(garbage)));
		OK(raw_expect(r, TH_RST));
	}
	ASSERT_LT(0, wait_for(self->fd, POLLOUT));
	ASSERT_EQ(EPROTO, socket_error(self->fd));
}

/* A connection that was lost before a session was agreed is opened again.  If that cannot be,
 * connect() says why, as it does of the first one.
 */
CASE(dialing, reset_and_then_unreachable)
{
	struct raw *r = &self->r;

	OK(raw_expect(r, TH_SYN));
	OK(raw_accept(r, RSESS_SYN_ANSWER));
	OK(raw_take(r, RSESS_HDR_LEN + sizeof(struct rsess_wire_hello)));
	/* What the host sends is still taken. */
	OK(sysctl_set("ipv4/conf/all/rp_filter", 0));
	OK(sysctl_set("ipv4/conf/raw0/rp_filter", 0));
	OK(system("ip route add unreachable " RAW_HOST));
	OK(raw_send(r, TH_RST | TH_ACK, RSESS_SYN_NONE, NULL, 0));
	ASSERT_LT(0, wait_for(self->fd, POLLOUT));
	ASSERT_EQ(EHOSTUNREACH, socket_error(self->fd));
	ASSERT_EQ(2, stat_get("Dials"));
}

/* One more connection to the host: until its first SYN is there. It has a port of its own,
 * for what is still said on the last one must not be taken for it.
 */
static int dial_again(struct raw *r, int *fd, int port)
{
	static int kport = 20000;
	struct sockaddr_storage ss;
	socklen_t len = address(&ss, AF_INET, RAW_KERNEL, ++kport);

	close(*fd);
	*fd = new_socket(AF_RSESS, SOCK_NONBLOCK);
	if (bind(*fd, (struct sockaddr *)&ss, len))
		return -errno;
	r->kport = kport;
	r->port = port;
	if (connect_to(*fd, AF_INET, RAW_HOST, port) != -1 ||
	    errno != EINPROGRESS)
		return -EINVAL;
	return raw_expect(r, TH_SYN);
}

/* The first SYN has been read. @n SYNs with the option are lost. */
static int lose_syns(struct raw *r, int fd, int n)
{
	int ret;

	while (n--) {
		if (r->role != RSESS_SYN_REQUEST)
			return -EPROTO;
		ret = raw_expect(r, TH_SYN);
		if (ret)
			return ret;
	}
	if (r->role != RSESS_SYN_NONE)
		return -EPROTO;
	ret = raw_accept(r, RSESS_SYN_NONE);
	if (ret)
		return ret;
	return wait_for(fd, POLLOUT) == POLLOUT ? 0 : -ETIMEDOUT;
}

/* So it is with a path that loses what it likes: once is no rule. */
CASE(dialing, lost_syns)
{
	struct rise fell = { .name = "FallbackSynLost", .from = 0 };
	struct raw *r = &self->r;

	OK(raw_expect(r, TH_SYN));
	OK(lose_syns(r, self->fd, 2));
	ASSERT_EQ(RSESS_REASON_SYN_LOST, fallback_reason(self->fd));
	/* It is counted when the socket has been told. */
	OK(wait_until(has_risen, &fell));
	ASSERT_EQ(1, stat_get("FallbackSynLost"));
	OK(raw_talk(r, self->fd));
	OK(dial_again(r, &self->fd, RAW_PORT));
	ASSERT_EQ(RSESS_SYN_REQUEST, r->role);
	OK(lose_syns(r, self->fd, 2));
	/* Whoever answers a SYN with the option, be it without, gets it. */
	OK(dial_again(r, &self->fd, RAW_PORT));
	ASSERT_EQ(RSESS_SYN_REQUEST, r->role);
	OK(raw_accept(r, RSESS_SYN_NONE));
	ASSERT_EQ(POLLOUT, wait_for(self->fd, POLLOUT));
	ASSERT_EQ(RSESS_REASON_PLAIN_PEER, fallback_reason(self->fd));
	OK(dial_again(r, &self->fd, RAW_PORT));
	OK(lose_syns(r, self->fd, 2));
	OK(dial_again(r, &self->fd, RAW_PORT));
	ASSERT_EQ(RSESS_SYN_REQUEST, r->role);
	EXPECT_EQ(0, stat_get("Blackholes"));
	EXPECT_EQ(0, stat_get("FallbackBlackhole"));
}

/* It is remembered then, of this service, so that the next one does not wait. */
CASE(dialing, lost_syns_again_and_again)
{
	struct raw *r = &self->r;
	int i;

	OK(raw_expect(r, TH_SYN));
	OK(lose_syns(r, self->fd, 2));
	for (i = 1; i < 3; i++) {
		OK(dial_again(r, &self->fd, RAW_PORT));
		OK(lose_syns(r, self->fd, 2));
		ASSERT_EQ(RSESS_REASON_SYN_LOST, fallback_reason(self->fd));
	}
	ASSERT_EQ(1, stat_get("Blackholes"));
	OK(dial_again(r, &self->fd, RAW_PORT));
	OK(lose_syns(r, self->fd, 0));
	ASSERT_EQ(RSESS_REASON_BLACKHOLE, fallback_reason(self->fd));
	ASSERT_EQ(1, stat_get("FallbackBlackhole"));
	OK(raw_talk(r, self->fd));
	OK(dial_again(r, &self->fd, RAW_PORT + 1));
	ASSERT_EQ(RSESS_SYN_REQUEST, r->role);
}

/* Not for long: the next one asks again, and waits for no more than one SYN. */
CASE(dialing, lost_syns_are_forgotten)
{
	struct raw *r = &self->r;
	int i;

	OK(sysctl_set("rsess/blackhole_timeout", 1));
	OK(raw_expect(r, TH_SYN));
	OK(lose_syns(r, self->fd, 2));
	for (i = 1; i < 3; i++) {
		OK(dial_again(r, &self->fd, RAW_PORT));
		OK(lose_syns(r, self->fd, 2));
	}
	for (i = 0; i < 100; i++) {
		OK(dial_again(r, &self->fd, RAW_PORT));
		if (r->role == RSESS_SYN_REQUEST)
			break;
		usleep(100000);
	}
	OK(lose_syns(r, self->fd, 1));
	ASSERT_EQ(RSESS_REASON_SYN_LOST, fallback_reason(self->fd));
	for (i = 0; i < 100; i++) {
		OK(dial_again(r, &self->fd, RAW_PORT));
		if (r->role == RSESS_SYN_REQUEST)
			break;
		usleep(100000);
	}
	ASSERT_EQ(RSESS_SYN_REQUEST, r->role);
	/* It came through, so it is forgotten. */
	OK(raw_accept(r, RSESS_SYN_NONE));
	ASSERT_EQ(POLLOUT, wait_for(self->fd, POLLOUT));
	OK(dial_again(r, &self->fd, RAW_PORT));
	OK(lose_syns(r, self->fd, 2));
}

/* Two SYNs may get lost without the path being to blame. */
CASE(dialing, answered_at_second_syn)
{
	OK(raw_expect(&self->r, TH_SYN));
	OK(raw_expect(&self->r, TH_SYN));
	ASSERT_EQ(RSESS_SYN_REQUEST, self->r.role);
	OK(raw_accept(&self->r, RSESS_SYN_ANSWER));
	ASSERT_EQ(RSESS_SYN_CONFIRM, self->r.role);
}

/*
 * A host connects to the kernel, and does with the option what it likes.
 */
FIXTURE(accepting) {
	struct raw r;
	int lfd;
	int fd;
};

FIXTURE_SETUP(accepting)
{
	self->fd = -1;
	OK(netns_new());
	OK(raw_open(&self->r));
	self->lfd = listen_any(AF_RSESS, AF_INET, AUTO);
	ASSERT_LE(0, self->lfd);
	fcntl(self->lfd, F_SETFL, O_NONBLOCK);
}

FIXTURE_TEARDOWN(accepting)
{
	close(self->fd);
	close(self->lfd);
	raw_close(&self->r);
}

static int take(int lfd)
{
	int ret = wait_for(lfd, POLLIN);

	return ret < 0 ? ret : accept(lfd, NULL, NULL);
}

CASE(accepting, each_syn_is_answered)
{
	struct raw *r = &self->r;
	int i;

	r->kport = PORT;
	r->snd_nxt = r->isn;
	for (i = 0; i < 3; i++) {
		OK(raw_send(r, TH_SYN, RSESS_SYN_REQUEST, NULL, 0));
		OK(raw_expect(r, TH_SYN | TH_ACK));
		ASSERT_EQ(RSESS_SYN_ANSWER, r->role);
	}
	/* And so is that which TCP sends again by itself. */
	OK(raw_expect(r, TH_SYN | TH_ACK));
	ASSERT_EQ(RSESS_SYN_ANSWER, r->role);
}

CASE(accepting, only_a_request_is_answered)
{
	struct raw *r = &self->r;
	int i;

	for (i = RSESS_SYN_NONE; i <= RSESS_SYN_CONFIRM; i++) {
		r->port++;
		OK(raw_connect(r, PORT, i, RSESS_SYN_NONE));
		ASSERT_EQ(i == RSESS_SYN_REQUEST ? RSESS_SYN_ANSWER :
						   RSESS_SYN_NONE, r->role);
	}
}

/* More hosts ask than there are places to remember it.  Whoever asks honestly, also by
 * a SYN that gets a cookie only, is heard.
 */
CASE(accepting, offers_are_bounded)
{
	struct raw *r = &self->r;
	int i;

	for (i = 0; i < 12000; i++) {
		r->port = 10000 + i;
		r->kport = PORT;
		r->snd_nxt = r->isn;
		OK(raw_send(r, TH_SYN, RSESS_SYN_REQUEST, NULL, 0));
	}
	EXPECT_LT(0, stat_get("OffersDropped"));
	self->fd = new_socket(AF_RSESS, 0);
	ASSERT_LE(0, self->fd);
	OK(connect_to(self->fd, AF_INET, "127.0.0.1", PORT));
	i = take(self->lfd);
	ASSERT_LE(0, i);
	ASSERT_EQ(0, fallback_reason(self->fd));
	ASSERT_EQ(0, fallback_reason(i));
	OK(talk(self->fd, i));
	close(i);
}

/* The answer was lost on the way to it: it is plain, and says so by speaking. */
CASE(accepting, answer_is_stripped)
{
	struct raw *r = &self->r;
	char buf[6];

	OK(raw_connect(r, PORT, RSESS_SYN_REQUEST, RSESS_SYN_NONE));
	OK(raw_send(r, TH_ACK | TH_PUSH, RSESS_SYN_NONE, "hello", 5));
	r->snd_nxt += 5;
	self->fd = take(self->lfd);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(RSESS_REASON_NO_HELLO, fallback_reason(self->fd));
	ASSERT_EQ(5, recv(self->fd, buf, sizeof(buf), 0));
	OK(memcmp(buf, "hello", 5));
	ASSERT_EQ(1, stat_get("FallbackNoHello"));
	OK(raw_talk(r, self->fd));
}

/* Or it waits for us to speak. */
CASE(accepting, answer_is_stripped_and_server_speaks)
{
	struct raw *r = &self->r;

	OK(raw_connect(r, PORT, RSESS_SYN_REQUEST, RSESS_SYN_NONE));
	self->fd = take(self->lfd);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(RSESS_REASON_NO_HELLO, fallback_reason(self->fd));
	OK(raw_talk(r, self->fd));
}

/* Its first bytes may look like ours for a while. */
CASE(accepting, bytes_like_a_hello)
{
	struct raw *r = &self->r;
	u8 buf[RSESS_OPENING_LEN + 1], got[sizeof(buf)];
	struct rsess_frame f = {
		.type = RSESS_HELLO,
		.length = sizeof(struct rsess_wire_hello),
	};

	memset(buf, 0, sizeof(buf));
	rsess_wire_encode(&f, buf);
	OK(raw_connect(r, PORT, RSESS_SYN_REQUEST, RSESS_SYN_NONE));
	OK(raw_send(r, TH_ACK | TH_PUSH, RSESS_SYN_NONE, buf, 20));
	r->snd_nxt += 20;
	OK(raw_expect(r, TH_ACK));
	OK(raw_send(r, TH_ACK | TH_PUSH, RSESS_SYN_NONE, buf + 20,
		    sizeof(buf) - 20));
	r->snd_nxt += sizeof(buf) - 20;
	self->fd = take(self->lfd);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(sizeof(buf), recv(self->fd, got, sizeof(got), MSG_WAITALL));
	OK(memcmp(buf, got, sizeof(buf)));
	OK(raw_talk(r, self->fd));
}

/* Who confirms means it: an application is not given what is meant for a kernel. */
CASE(accepting, confirmed_but_silent)
{
	struct raw *r = &self->r;

	OK(sysctl_set("rsess/handshake_timeout_ms", 300));
	OK(raw_connect(r, PORT, RSESS_SYN_REQUEST, RSESS_SYN_CONFIRM));
	OK(raw_expect(r, TH_RST));
	FAILS(EAGAIN, accept(self->lfd, NULL, NULL));
	ASSERT_EQ(1, stat_get("HandshakeTimeouts"));
}

CASE(accepting, confirmed_but_speaks_otherwise)
{
	struct raw *r = &self->r;
	char text[50] = "GET / HTTP/1.0";

	OK(raw_connect(r, PORT, RSESS_SYN_REQUEST, RSESS_SYN_CONFIRM));
	OK(raw_send(r, TH_ACK | TH_PUSH, RSESS_SYN_NONE, text, sizeof(text)));
	OK(raw_expect(r, TH_RST));
	FAILS(EAGAIN, accept(self->lfd, NULL, NULL));
	ASSERT_EQ(1, stat_get("FramesMalformed"));
}

/* With SYN cookies, and with a table that has forgotten it, the ACK tells. */
CASE(accepting, confirmed_without_request)
{
	struct raw *r = &self->r;

	OK(sysctl_set("rsess/handshake_timeout_ms", 300));
	OK(raw_connect(r, PORT, RSESS_SYN_NONE, RSESS_SYN_CONFIRM));
	OK(raw_expect(r, TH_RST));
	FAILS(EAGAIN, accept(self->lfd, NULL, NULL));
}

TEST_HARNESS_MAIN
