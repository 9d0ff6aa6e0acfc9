// SPDX-License-Identifier: GPL-2.0
/*
 * What options of TCP mean for a session, and that every transport gets them.
 * What TCP answers to an option is the subject of tcp_options.c.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/tcp.h>

#include "harness.h"
#include "pair.h"
#include "stage.h"

/* Of <netinet/tcp.h>, which does not go together with <linux/tcp.h>. */
#define STATE_CLOSE		7
#define STATE_CLOSE_WAIT	8

static int set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

static int get_int(int fd, int level, int name)
{
	socklen_t len = sizeof(int);
	int value = -1;

	return getsockopt(fd, level, name, &value, &len) ? -1 : value;
}

/* The error that ends a session, whether or not there is something to read. */
static int error_of(int fd)
{
	int ret = wait_for(fd, 0);

	return ret < 0 ? ret : socket_error(fd);
}

/*
 * A socket of the kernel and a scripted peer.
 */
PAIR_FIXTURE(peer);

CASE(peer, keepalive_asks)
{
	struct pair *s = &self->s;
	int i;

	OK(pair_open(s));
	OK(file_write("/proc/sys/net/rsess/probe_interval_ms", "0"));
	OK(set_int(s->fd, IPPROTO_TCP, TCP_KEEPIDLE, 1));
	OK(set_int(s->fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	for (i = 0; i < 3; i++) {
		OK(peer_expect(&s->p, RSESS_PING));
	}
	EXPECT_EQ(0, stat_get("TransportsLost"));
	/* A new transport is asked as well. */
	peer_reset(&s->p);
	OK(pair_again(s));
	OK(peer_expect(&s->p, RSESS_PING));
}

CASE(peer, keepalive_gives_up)
{
	struct pair *s = &self->s;

	OK(pair_open(s));
	OK(file_write("/proc/sys/net/rsess/stall_timeout_ms", "200"));
	OK(set_int(s->fd, IPPROTO_TCP, TCP_KEEPIDLE, 1));
	OK(set_int(s->fd, IPPROTO_TCP, TCP_KEEPINTVL, 1));
	OK(set_int(s->fd, IPPROTO_TCP, TCP_KEEPCNT, 1));
	OK(set_int(s->fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	s->p.pong = false;
	ASSERT_EQ(ETIMEDOUT, error_of(s->fd));
	EXPECT_EQ(1, stat_get("SessionTimeouts"));
}

CASE(peer, user_timeout)
{
	struct pair *s = &self->s;

	OK(pair_open(s));
	OK(set_int(s->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1500));
	EXPECT_EQ(1500, get_int(s->fd, IPPROTO_TCP, TCP_USER_TIMEOUT));
	peer_free(&s->p);
	ASSERT_EQ(ETIMEDOUT, error_of(s->fd));
}

/* Set when the transport is already gone: counted anew. */
CASE(peer, user_timeout_without_transport)
{
	struct pair *s = &self->s;

	OK(pair_open(s));
	peer_free(&s->p);
	OK(pair_lost(s));
	OK(set_int(s->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 500));
	ASSERT_EQ(ETIMEDOUT, error_of(s->fd));
}

CASE(peer, user_timeout_bounds_silence)
{
	struct pair *s = &self->s;

	OK(pair_open(s));
	OK(set_int(s->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1000));
	/* Nobody confirms it; without the option that is borne ten seconds. */
	OK(pair_write(s, 100));
	s->p.pong = false;
	ASSERT_EQ(ETIMEDOUT, error_of(s->fd));
	EXPECT_EQ(1, stat_get("Stalls"));
}

/*
 * Two sockets of the kernel.
 */
FIXTURE(both) {
	struct stage s;
};

FIXTURE_VARIANT(both) {
	int family;
};

FIXTURE_VARIANT_ADD(both, ipv4) {
	.family = AF_INET,
};

FIXTURE_SETUP(both)
{
	OK(netns_new());
	stage_init(&self->s, new_listener(AF_RSESS, variant->family));
	ASSERT_LE(0, self->s.lfd);
}

FIXTURE_TEARDOWN(both)
{
	stage_free(&self->s);
	close(self->s.lfd);
}

struct option {
	int level;
	int name;
	int value;
};

/* Values that no socket has by itself. */
static const struct option kept[] = {
	{ IPPROTO_IP, IP_TTL, 33 },
	{ IPPROTO_IP, IP_TOS, 0x10 },
	{ IPPROTO_TCP, TCP_KEEPIDLE, 1234 },
	{ IPPROTO_TCP, TCP_KEEPINTVL, 56 },
	{ IPPROTO_TCP, TCP_KEEPCNT, 7 },
	{ IPPROTO_TCP, TCP_SYNCNT, 3 },
	{ IPPROTO_TCP, TCP_LINGER2, 11 },
	{ IPPROTO_TCP, TCP_NODELAY, 1 },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT, 77000 },
	{ IPPROTO_TCP, TCP_NOTSENT_LOWAT, 99999 },
};

static int set_kept(int fd)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kept); i++) {
		if (set_int(fd, kept[i].level, kept[i].name, kept[i].value)) {
			say("option %d of level %d: %s", kept[i].name,
			    kept[i].level, strerror(errno));
			return -errno;
		}
	}
	return setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
}

/* How many options are not as they were set. */
static int changed(int fd)
{
	char algorithm[16] = "";
	socklen_t len = sizeof(algorithm);
	int bad = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kept); i++) {
		int value = get_int(fd, kept[i].level, kept[i].name);

		if (value == kept[i].value)
			continue;
		say("option %d of level %d is %d", kept[i].name,
		    kept[i].level, value);
		bad++;
	}
	if (getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, algorithm, &len) ||
	    strcmp(algorithm, "reno")) {
		say("congestion control is %s", algorithm);
		bad++;
	}
	return bad;
}

/* The live transport answers, so it was told what the application wants. */
CASE(both, every_transport_gets_the_options)
{
	struct stage *s = &self->s;
	int i;

	OK(set_kept(s->lfd));
	OK(stage_socket(s));
	OK(set_kept(s->fd));
	OK(changed(s->fd));
	OK(dial(s->fd, variant->family));
	OK(stage_accept(s));
	for (i = 0; i < 3; i++) {
		OK(wait_live(s->fd));
		OK(wait_live(s->peer));
		OK(changed(s->fd));
		OK(changed(s->peer));
		ASSERT_LT(0, tear(PORT));
		OK(write_all(s->fd, i * 10, 10));
		OK(read_all(s->peer, i * 10, 10));
	}
}

/* What is set while there is no transport is the next one's. */
CASE(both, options_without_a_transport)
{
	struct stage *s = &self->s;

	OK(stage_session(s));
	OK(shutdown(s->lfd, SHUT_RD));
	ASSERT_LT(0, tear(PORT));
	OK(set_kept(s->peer));
	OK(set_kept(s->fd));
	OK(write_all(s->fd, 0, 10));
	OK(read_all(s->peer, 0, 10));
	OK(wait_live(s->fd));
	OK(changed(s->peer));
	OK(changed(s->fd));
}

/* A listener's own wishes are not its sessions'. */
CASE(both, listener_keeps_some)
{
	struct stage *s = &self->s;

	OK(set_int(s->lfd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 3));
	OK(stage_client(s));
	OK(write_all(s->fd, 0, 10));
	OK(stage_accept(s));
	EXPECT_EQ(3, get_int(s->lfd, IPPROTO_TCP, TCP_DEFER_ACCEPT));
	EXPECT_EQ(0, get_int(s->peer, IPPROTO_TCP, TCP_DEFER_ACCEPT));
	OK(wait_live(s->fd));
	ASSERT_LT(0, tear(PORT));
	OK(read_all(s->peer, 0, 10));
	OK(write_all(s->fd, 10, 10));
	OK(read_all(s->peer, 10, 10));
	EXPECT_EQ(0, get_int(s->peer, IPPROTO_TCP, TCP_DEFER_ACCEPT));
}

CASE(both, tcp_info_tells_the_session_state)
{
	struct tcp_info info = { .tcpi_state = 99 };
	struct stage *s = &self->s;
	socklen_t len = sizeof(info);

	OK(stage_socket(s));
	OK(getsockopt(s->fd, IPPROTO_TCP, TCP_INFO, &info, &len));
	EXPECT_EQ(STATE_CLOSE, info.tcpi_state);
	OK(dial(s->fd, variant->family));
	OK(stage_accept(s));
	OK(shutdown(s->fd, SHUT_WR));
	OK(read_eof(s->peer));
	len = sizeof(info);
	OK(getsockopt(s->peer, IPPROTO_TCP, TCP_INFO, &info, &len));
	EXPECT_EQ(STATE_CLOSE_WAIT, info.tcpi_state);
	EXPECT_NE(0, info.tcpi_snd_mss);
}

static int notsent(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	memset(&info, 0, sizeof(info));
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		return -1;
	return info.tcpi_notsent_bytes;
}

static bool all_sent(void *arg)
{
	struct stage *s = arg;

	return !notsent(s->fd);
}

/* The transport sends what it holds after 200 ms, so that a pause here may hide
 * it: some of many times are enough.
 */
static int held(struct stage *s, int flags)
{
	char buf[10];
	int i, n = 0;

	/* It would hold bytes for reasons of its own. */
	if (file_write("/proc/sys/net/ipv4/tcp_autocorking", "0"))
		return -1;
	for (i = 0; i < 20; i++) {
		pattern_fill(s->out, buf, sizeof(buf));
		if (send(s->fd, buf, sizeof(buf), flags) != sizeof(buf))
			return -errno;
		s->out += sizeof(buf);
		n += notsent(s->fd) > 0;
	}
	return n;
}

CASE(both, cork_holds)
{
	struct stage *s = &self->s;

	OK(stage_session(s));
	OK(wait_live(s->fd));
	OK(set_int(s->fd, IPPROTO_TCP, TCP_CORK, 1));
	EXPECT_EQ(1, get_int(s->fd, IPPROTO_TCP, TCP_CORK));
	ASSERT_LT(0, held(s, 0));
	OK(set_int(s->fd, IPPROTO_TCP, TCP_CORK, 0));
	OK(wait_until(all_sent, s));
	OK(read_all(s->peer, 0, s->out));
}

CASE(both, more_holds)
{
	struct stage *s = &self->s;

	OK(stage_session(s));
	OK(wait_live(s->fd));
	ASSERT_LT(0, held(s, MSG_MORE));
	/* The first bytes without the flag take the others with them. */
	OK(write_all(s->fd, s->out, 10));
	OK(wait_until(all_sent, s));
	OK(read_all(s->peer, 0, s->out + 10));
}

/* FIN is no reason to wait. */
CASE(both, fin_pushes)
{
	struct stage *s = &self->s;

	OK(stage_session(s));
	OK(set_int(s->fd, IPPROTO_TCP, TCP_CORK, 1));
	ASSERT_LE(0, held(s, MSG_MORE));
	OK(shutdown(s->fd, SHUT_WR));
	OK(wait_until(all_sent, s));
	OK(stage_end(s));
}

CASE(both, notsent_lowat)
{
	struct stage *s = &self->s;
	struct rsess_info info;
	socklen_t len = sizeof(info);
	int before, after;

	/* The peer reads nothing: its window is full long before our buffer. */
	OK(set_int(s->lfd, SOL_SOCKET, SO_RCVBUF, 32768));
	OK(stage_session(s));
	OK(set_int(s->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, 20000));
	before = fill(s->fd, 0);
	ASSERT_LT(0, before);
	s->out = before;
	OK(getsockopt(s->fd, SOL_RSESS, RSESS_INFO, &info, &len));
	before = info.write_seq - info.snd_nxt;
	EXPECT_LE(20000, before);
	EXPECT_GT(20000 + 65536, before);
	OK(set_int(s->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, 0));
	ASSERT_LT(0, wait_for(s->fd, POLLOUT));
	after = fill(s->fd, s->out);
	EXPECT_LT(0, after);
	s->out += after;
	OK(shutdown(s->fd, SHUT_WR));
	OK(stage_end(s));
}

/*
 * What is the session's, over any transport.
 */
FIXTURE(over) {
	struct stage s;
};

FIXTURE_VARIANT(over) {
	int protocol;
	const char *refuse;
};

FIXTURE_VARIANT_ADD(over, tcp) {
	.protocol = IPPROTO_TCP,
	.refuse = "reject with tcp reset",
};

FIXTURE_VARIANT_ADD(over, sctp) {
	.protocol = IPPROTO_SCTP,
	.refuse = "drop",
};

FIXTURE_SETUP(over)
{
	transport = variant->protocol;
	OK(netns_new());
	stage_init(&self->s, new_listener(AF_RSESS, AF_INET));
	ASSERT_LE(0, self->s.lfd);
}

FIXTURE_TEARDOWN(over)
{
	stage_free(&self->s);
	close(self->s.lfd);
}

/* What goes to the server is refused, if a condition holds.  SCTP is not told of it,
 * so it shall not wait for long; and who aborts may send what he likes.
 */
static int refuse_if(const char *condition, const char *how)
{
	bool sctp = transport == IPPROTO_SCTP;
	char cmd[400];

	snprintf(cmd, sizeof(cmd),
		 "nft 'add table t;"
		 "add chain t out { type filter hook output priority 0; };"
		 "%sadd rule t out %s dport 7000 %s %s'",
		 sctp ? "add rule t out sctp chunk abort exists accept;" : "",
		 sctp ? "sctp" : "tcp", condition, how);
	return system(cmd) ?:
	       sysctl_set("rsess/handshake_timeout_ms", 2000 * slowness()) ?:
	       sysctl_set("rsess/stall_timeout_ms", 2000 * slowness());
}

/* IP's options are whatever it carries; its lowest two bits of TOS are the transport's. */
CASE(over, options_of_every_transport)
{
	struct stage *s = &self->s;
	int i;

	OK(stage_session(s));
	OK(set_int(s->fd, IPPROTO_IP, IP_TTL, 33));
	OK(set_int(s->fd, IPPROTO_IP, IP_TOS, 0x10));
	OK(set_int(s->peer, IPPROTO_IP, IP_TTL, 44));
	for (i = 0; i < 3; i++) {
		OK(wait_live(s->fd));
		EXPECT_EQ(33, get_int(s->fd, IPPROTO_IP, IP_TTL));
		EXPECT_EQ(0x10, get_int(s->fd, IPPROTO_IP, IP_TOS) & ~3);
		EXPECT_EQ(44, get_int(s->peer, IPPROTO_IP, IP_TTL));
		ASSERT_LT(0, tear(PORT));
		OK(write_all(s->fd, i * 10, 10));
		OK(read_all(s->peer, i * 10, 10));
	}
}

/* A route that only marked packets have: each transport is marked. */
CASE(over, mark_of_every_transport)
{
	struct stage *s = &self->s;

	OK(stage_socket(s));
	OK(refuse_if("meta mark != 77", variant->refuse));
	OK(set_int(s->fd, SOL_SOCKET, SO_MARK, 77));
	OK(dial(s->fd, AF_INET));
	OK(stage_accept(s));
	ASSERT_LT(0, tear(PORT));
	OK(stage_talk(s));
}

static bool is_dropped(void *arg)
{
	(void)arg;
	return stat_get("OrphansDropped") > 0;
}

CASE(over, oldest_orphan_is_dropped)
{
	struct stage s[3];
	int i;

	OK(file_write("/proc/sys/net/rsess/max_orphans", "2"));
	for (i = 0; i < 3; i++) {
		stage_init(&s[i], self->s.lfd);
		OK(stage_session(&s[i]));
		s[i].out = fill_both(s[i].fd, 0);
		OK(stage_close(&s[i].fd));
	}
	OK(wait_until(is_dropped, NULL));
	EXPECT_EQ(1, stat_get("OrphansDropped"));
	/* The younger ones are delivered to their last byte. */
	for (i = 1; i < 3; i++) {
		OK(stage_end(&s[i]));
	}
	ASSERT_EQ(ECONNRESET, error_of(s[0].peer));
	OK(stage_close(&s[0].peer));
}

static int both_ways(struct stage *s)
{
	return write_all(s->fd, 0, 10000) ?: read_all(s->peer, 0, 10000) ?:
	       write_all(s->peer, 0, 10000) ?: read_all(s->fd, 0, 10000);
}

static int listen_at(const char *host)
{
	struct sockaddr_storage ss;
	socklen_t len = address(&ss, AF_INET, host, PORT);
	int fd = new_socket(AF_RSESS, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return bind(fd, (struct sockaddr *)&ss, len) || listen(fd, 16) ?
	       -errno : fd;
}

static int add_addr(int fd, int family, const char *host)
{
	struct sockaddr_storage ss;
	socklen_t len = address(&ss, family, host, 0);

	return setsockopt(fd, SOL_RSESS, RSESS_ADD_ADDR, &ss, len);
}

/* The way to the server's first address is closed, its other address is reached.  To SCTP
 * it is one of the peer's anyway, but not when a transport is opened.
 */
CASE(over, server_by_its_other_address)
{
	struct stage *s = &self->s;

	OK(system("ip link add name d0 up type dummy"));
	OK(system("ip addr add 10.1.0.7/24 dev d0"));
	OK(system("ip addr add 10.1.0.8/24 dev d0"));
	close(s->lfd);
	s->lfd = listen_at("0.0.0.0");
	ASSERT_LE(0, s->lfd);
	OK(stage_session(s));
	OK(add_addr(s->fd, AF_INET, "10.1.0.7"));
	OK(add_addr(s->fd, AF_INET, "10.1.0.8"));
	OK(both_ways(s));
	OK(refuse_if("ip daddr != 10.1.0.8", variant->refuse));
	OK(both_ways(s));
	ASSERT_LT(0, tear(PORT));
	/* Where it has found the peer it looks first. */
	OK(both_ways(s));
}

CASE(over, more_addresses)
{
	struct stage *s = &self->s;
	struct sockaddr_storage ss;
	int i;

	OK(stage_session(s));
	FAILS(EAFNOSUPPORT, add_addr(s->fd, AF_INET6, "::1"));
	FAILS(EOPNOTSUPP, add_addr(s->peer, AF_INET, "127.0.0.2"));
	address(&ss, AF_INET, "127.0.0.2", 0);
	FAILS(EINVAL, setsockopt(s->fd, SOL_RSESS, RSESS_ADD_ADDR, &ss, 8));
	ss.ss_family = AF_UNIX;
	FAILS(EAFNOSUPPORT, setsockopt(s->fd, SOL_RSESS, RSESS_ADD_ADDR, &ss,
				       sizeof(struct sockaddr_in)));
	for (i = 0; i < RSESS_ADDRS_MAX; i++) {
		OK(add_addr(s->fd, AF_INET, "127.0.0.2"));
	}
	FAILS(ENOSPC, add_addr(s->fd, AF_INET, "127.0.0.2"));
	OK(both_ways(s));
	/* They are those of this peer. */
	ss.ss_family = AF_UNSPEC;
	OK(connect(s->fd, (struct sockaddr *)&ss, sizeof(ss)));
	OK(add_addr(s->fd, AF_INET, "127.0.0.2"));
}

CASE(over, retry_unknown)
{
	struct stage *s = &self->s;

	OK(stage_session(s));
	ASSERT_EQ(0, get_int(s->fd, SOL_RSESS, RSESS_RETRY_UNKNOWN));
	OK(set_int(s->fd, SOL_RSESS, RSESS_RETRY_UNKNOWN, 1));
	ASSERT_EQ(1, get_int(s->fd, SOL_RSESS, RSESS_RETRY_UNKNOWN));
	FAILS(EINVAL, set_int(s->fd, SOL_RSESS, RSESS_RETRY_UNKNOWN, 2));
	OK(both_ways(s));
}

TEST_HARNESS_MAIN
