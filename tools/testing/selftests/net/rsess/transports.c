// SPDX-License-Identifier: GPL-2.0
/*
 * What holds over any transport: who has a session with whom, that all bytes come in
 * both directions, that one direction may end before the other, and that all of it
 * outlives resets, which the transport by itself does not.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/mptcp.h>
#include <linux/vm_sockets.h>

#include "harness.h"
#include "line.h"

/* More than the buffers of both ends hold. */
#define BULK	400000

static int info_of(int fd, struct rsess_info *info)
{
	socklen_t len = sizeof(*info);

	return getsockopt(fd, SOL_RSESS, RSESS_INFO, info, &len) ? -errno : 0;
}

/* An end; PLAIN is a socket of the transport's own family. */
#define PLAIN	(-1)
#define AUTO	RSESS_NEGOTIATE_AUTO
#define REQUIRE	RSESS_NEGOTIATE_REQUIRE
#define NO	RSESS_NEGOTIATE_OFF

static int end_socket(int family, int protocol, int policy)
{
	int fd;

	if (policy == PLAIN)
		return new_socket_of(family, protocol, 0);
	fd = new_socket_of(AF_RSESS, protocol, 0);
	if (fd >= 0 && set_int(fd, SOL_RSESS, RSESS_NEGOTIATE, policy))
		return -1;
	return fd;
}

/* Both write more than there is room for, and what they read is what was written. */
static int both_ways(int a, int b)
{
	struct way w[2] = {
		{ .from = a, .to = b, .want = BULK },
		{ .from = b, .to = a, .want = BULK },
	};

	return flow(w, 2);
}

FIXTURE(ends) {
	int lfd;
	int c;
	int s;
};

FIXTURE_VARIANT(ends) {
	int family;
	int protocol;
	int client;
	int server;
	bool session;
};

#define END(name, f, p, cl, sv, yes)					\
	FIXTURE_VARIANT_ADD(ends, name) {				\
		.family = f, .protocol = p, .client = cl, .server = sv,	\
		.session = yes,						\
	}

#define ENDS(name, f, p)						\
	END(name##_off_auto, f, p, NO, AUTO, false);			\
	END(name##_auto_off, f, p, AUTO, NO, false);			\
	END(name##_auto_plain, f, p, AUTO, PLAIN, false);		\
	END(name##_plain_auto, f, p, PLAIN, AUTO, false);		\
	END(name##_plain_plain, f, p, PLAIN, PLAIN, false);		\
	END(name##_require_require, f, p, REQUIRE, REQUIRE, true)

/* Its handshake says who has sessions. */
#define ENDS_ASKING(name, f, p)						\
	ENDS(name, f, p);						\
	END(name##_auto_auto, f, p, AUTO, AUTO, true);			\
	END(name##_require_auto, f, p, REQUIRE, AUTO, true);		\
	END(name##_auto_require, f, p, AUTO, REQUIRE, true)

/* It does not. */
#define ENDS_INBAND(name, f, p)						\
	ENDS(name, f, p);						\
	END(name##_auto_auto, f, p, AUTO, AUTO, false)

ENDS_ASKING(sctp4, AF_INET, IPPROTO_SCTP);
ENDS_ASKING(sctp6, AF_INET6, IPPROTO_SCTP);
ENDS_INBAND(mptcp4, AF_INET, IPPROTO_MPTCP);
ENDS_INBAND(mptcp6, AF_INET6, IPPROTO_MPTCP);
ENDS_INBAND(vsock, AF_VSOCK, PF_VSOCK);

FIXTURE_SETUP(ends)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int one = 1;

	OK(netns_new());
	len = loopback(&ss, variant->family, PORT);
	self->s = -1;
	self->lfd = end_socket(variant->family, variant->protocol,
			       variant->server);
	ASSERT_LE(0, self->lfd);
	setsockopt(self->lfd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	OK(bind(self->lfd, (struct sockaddr *)&ss, len));
	OK(listen(self->lfd, 5));
	self->c = end_socket(variant->family, variant->protocol,
			     variant->client);
	ASSERT_LE(0, self->c);
	if (dial(self->c, variant->family))
		ASSERT_EQ(0, errno);
	ASSERT_LT(0, wait_for(self->lfd, POLLIN));
	self->s = accept(self->lfd, NULL, NULL);
	ASSERT_LE(0, self->s);
}

FIXTURE_TEARDOWN(ends)
{
	line_close(&self->c);
	line_close(&self->s);
	line_close(&self->lfd);
	if (variant->session)
		EXPECT_EQ(0, no_sessions());
}

CASE(ends, agree)
{
	struct rsess_info info;

	if (variant->client != PLAIN) {
		OK(info_of(self->c, &info));
		ASSERT_EQ(!variant->session, info.plain);
	}
	if (variant->server != PLAIN) {
		OK(info_of(self->s, &info));
		ASSERT_EQ(!variant->session, info.plain);
	}
	OK(write_all(self->c, 0, SOME));
	OK(read_all(self->s, 0, SOME));
	OK(write_all(self->s, 7, SOME));
	OK(read_all(self->c, 7, SOME));
}

CASE(ends, both_ways)
{
	OK(both_ways(self->c, self->s));
}

/* One direction ends, the other goes on.  SCTP by itself lacks that. */
CASE(ends, half_close)
{
	char c = 'x';

	OK(write_all(self->c, 0, SOME));
	OK(shutdown(self->c, SHUT_WR));
	OK(read_all(self->s, 0, SOME));
	OK(read_eof(self->s));
	if (variant->protocol == IPPROTO_SCTP && !variant->session) {
		/* SHUTDOWN ends both: nothing may be sent any more. */
		FAILS(EPIPE, send(self->s, &c, 1, MSG_NOSIGNAL));
		return;
	}
	OK(write_all(self->s, 0, SOME));
	OK(read_all(self->c, 0, SOME));
	OK(shutdown(self->s, SHUT_WR));
	OK(read_eof(self->c));
}

static int name_of(int fd, bool peer, struct sockaddr_storage *ss)
{
	socklen_t len = sizeof(*ss);
	int ret;

	memset(ss, 0, sizeof(*ss));
	ret = peer ? getpeername(fd, (struct sockaddr *)ss, &len) :
		     getsockname(fd, (struct sockaddr *)ss, &len);
	return ret ? -errno : (int)len;
}

/* What one end calls itself the other one calls it too. */
CASE(ends, names)
{
	struct sockaddr_storage want, cn, cp, sn, sp;
	int len = loopback(&want, variant->family, PORT);

	ASSERT_EQ(len, name_of(self->c, true, &cp));
	ASSERT_EQ(len, name_of(self->s, false, &sn));
	ASSERT_EQ(len, name_of(self->c, false, &cn));
	ASSERT_EQ(len, name_of(self->s, true, &sp));
	ASSERT_EQ(0, memcmp(&cp, &want, len));
	ASSERT_EQ(port_of(&want), port_of(&sn));
	ASSERT_EQ(port_of(&cn), port_of(&sp));
	ASSERT_EQ(variant->family, sn.ss_family);
	ASSERT_EQ(variant->family, sp.ss_family);
}

/* An option of SOL_SOCKET that a protocol may have code of its own for. */
CASE(ends, low_mark)
{
	int room = get_int(self->c, SOL_SOCKET, SO_RCVBUF);

	OK(set_int(self->c, SOL_SOCKET, SO_RCVLOWAT, room));
	/* MPTCP may do as TCP does, and make room for it. */
	if (variant->protocol != IPPROTO_MPTCP)
		ASSERT_EQ(room, get_int(self->c, SOL_SOCKET, SO_RCVBUF));
	OK(set_int(self->c, SOL_SOCKET, SO_RCVLOWAT, 2000));
	ASSERT_EQ(2000, get_int(self->c, SOL_SOCKET, SO_RCVLOWAT));
	OK(write_all(self->s, 0, SOME));
	OK(read_all(self->c, 0, SOME));
}

/* The server goes first, and begins anew at the same address. */
CASE(ends, restart)
{
	int i;

	OK(write_all(self->s, 0, SOME));
	OK(read_all(self->c, 0, SOME));
	line_close(&self->lfd);
	line_close(&self->s);
	OK(read_eof(self->c));
	line_close(&self->c);
	if (variant->session)
		OK(no_sessions());
	/* What a transport leaves behind may take a moment. */
	for (i = 0; i < 100 && self->lfd < 0; i++) {
		usleep(100000);
		self->lfd = new_listener_of(variant->server == PLAIN ?
					    variant->family : AF_RSESS,
					    variant->protocol, variant->family);
	}
	ASSERT_LE(0, self->lfd);
}

/*
 * Transports that are reset.
 */
FIXTURE(torn) {
	struct line l;
};

FIXTURE_VARIANT(torn) {
	struct kind kind;
};

#define TORN(name, f, p)						\
	KIND_VARIANT_OF(torn, name, AF_RSESS, f, p, 20000, REQUIRE)

TORN(sctp4, AF_INET, IPPROTO_SCTP);
TORN(sctp6, AF_INET6, IPPROTO_SCTP);
TORN(mptcp4, AF_INET, IPPROTO_MPTCP);
TORN(mptcp6, AF_INET6, IPPROTO_MPTCP);
TORN(vsock, AF_VSOCK, PF_VSOCK);

FIXTURE_SETUP(torn)
{
	OK(line_init(&self->l, &variant->kind));
	OK(line_open(&self->l));
}

FIXTURE_TEARDOWN(torn)
{
	EXPECT_EQ(0, line_end(&self->l));
}

CASE(torn, both_ways)
{
	struct rsess_info info;

	OK(both_ways(self->l.c, self->l.s));
	OK(info_of(self->l.c, &info));
	ASSERT_LT(10, info.resumes);
	line_close(&self->l.c);
	line_close(&self->l.s);
	OK(no_sessions());
}

/* The half that is open outlives resets, and so does the one that is closed. */
CASE(torn, half_close)
{
	struct line *l = &self->l;
	int i;

	OK(write_all(l->c, 0, SOME));
	OK(shutdown(l->c, SHUT_WR));
	OK(read_all(l->s, 0, SOME));
	OK(read_eof(l->s));
	for (i = 0; i < 20; i++) {
		OK(line_reset(l));
		OK(write_all(l->s, i * SOME, SOME));
		OK(read_all(l->c, i * SOME, SOME));
	}
	OK(line_reset(l));
	OK(shutdown(l->s, SHUT_WR));
	OK(read_eof(l->c));
	line_close(&l->c);
	line_close(&l->s);
	OK(no_sessions());
}

/* A reset in the middle of the end of a session leaves nobody behind that waits for
 * the other one, who is gone.  SCTP and MPTCP do not always tell of one; but connect()
 * has all the time it needs.
 */
CASE(torn, end)
{
	const char *handshake = "rsess/handshake_timeout_ms";
	struct line *l = &self->l;
	int i;

	OK(sysctl_set("rsess/stall_timeout_ms", 1000 * slowness()));
	OK(sysctl_set("rsess/probe_interval_ms", 1000));
	for (i = 0; i < 40; i += slowness()) {
		if (i) {
			OK(sysctl_set(handshake, 10000 * slowness()));
			OK(line_open(l));
		}
		OK(sysctl_set(handshake, 1000 * slowness()));
		OK(write_all(l->s, 0, 30 * SOME));
		OK(write_all(l->c, 0, SOME));
		OK(shutdown(l->c, SHUT_WR));
		OK(shutdown(l->s, SHUT_WR));
		line_close(&l->c);
		usleep(i * 200);
		OK(relay_reset(&l->relay));
		line_close(&l->s);
		/* Each connection is torn some forty times; not too many of them at once. */
		if (i % 8 == 0) {
			OK(no_sessions());
		}
	}
	OK(no_sessions());
}

/*
 * A plain transport outlives no reset.
 */
FIXTURE(plain) {
	struct line l;
};

FIXTURE_VARIANT(plain) {
	struct kind kind;
	int error;
};

#define PLAIN_VARIANT(name, f, p, err)					\
	FIXTURE_VARIANT_ADD(plain, name) {				\
		.kind = { .domain = f, .family = f, .protocol = p,	\
			  .every = 20000 },				\
		.error = err,						\
	}

PLAIN_VARIANT(sctp4, AF_INET, IPPROTO_SCTP, ECONNRESET);
PLAIN_VARIANT(sctp6, AF_INET6, IPPROTO_SCTP, ECONNRESET);
PLAIN_VARIANT(mptcp4, AF_INET, IPPROTO_MPTCP, ECONNRESET);
PLAIN_VARIANT(mptcp6, AF_INET6, IPPROTO_MPTCP, ECONNRESET);
/* It does not even say so. */
PLAIN_VARIANT(vsock, AF_VSOCK, PF_VSOCK, 0);

FIXTURE_SETUP(plain)
{
	OK(line_init(&self->l, &variant->kind));
	OK(line_open(&self->l));
}

FIXTURE_TEARDOWN(plain)
{
	line_close(&self->l.c);
	line_close(&self->l.s);
	line_close(&self->l.lfd);
	EXPECT_EQ(0, relay_stop(&self->l.relay));
}

CASE(plain, is_reset)
{
	struct line *l = &self->l;
	char c;

	OK(write_all(l->c, 0, SOME));
	OK(read_all(l->s, 0, SOME));
	OK(relay_reset(&l->relay));
	ASSERT_LT(0, wait_for(l->s, POLLIN));
	if (variant->error)
		FAILS(variant->error, recv(l->s, &c, 1, 0));
	else
		ASSERT_EQ(0, recv(l->s, &c, 1, 0));
}

/* Nobody has asked the socket since it said that it would connect. */
TEST(vsock_has_a_name)
{
	static const struct kind kind = {
		.domain = AF_RSESS, .family = AF_VSOCK, .protocol = PF_VSOCK,
	};
	struct sockaddr_vm vm;
	socklen_t len = sizeof(vm);
	struct line l;

	OK(line_init(&l, &kind));
	l.c = kind_socket(&kind, SOCK_NONBLOCK);
	ASSERT_LE(0, l.c);
	if (line_dial(&l, l.c))
		ASSERT_EQ(EINPROGRESS, errno);
	ASSERT_EQ(POLLOUT, wait_for(l.c, POLLOUT));
	OK(getpeername(l.c, (struct sockaddr *)&vm, &len));
	ASSERT_EQ(AF_VSOCK, vm.svm_family);
	l.s = line_accept(&l);
	ASSERT_LE(0, l.s);
	line_close(&l.c);
	line_close(&l.s);
	line_close(&l.lfd);
}

/*
 * Somebody who is not there, or not one of us.
 */
FIXTURE(nobody) {
};

FIXTURE_VARIANT(nobody) {
	int family;
	int protocol;
	int error;
};

#define NOBODY(name, f, p, err)						\
	FIXTURE_VARIANT_ADD(nobody, name) {				\
		.family = f, .protocol = p, .error = err,		\
	}

NOBODY(sctp4, AF_INET, IPPROTO_SCTP, ECONNREFUSED);
NOBODY(sctp6, AF_INET6, IPPROTO_SCTP, ECONNREFUSED);
NOBODY(mptcp4, AF_INET, IPPROTO_MPTCP, ECONNREFUSED);
NOBODY(mptcp6, AF_INET6, IPPROTO_MPTCP, ECONNREFUSED);
NOBODY(vsock, AF_VSOCK, PF_VSOCK, ECONNRESET);

FIXTURE_SETUP(nobody)
{
	OK(netns_new());
}

FIXTURE_TEARDOWN(nobody)
{
	EXPECT_EQ(0, no_sessions());
}

/* Who is not there says so, at once, as it does without us. */
CASE(nobody, refuses)
{
	int fd = end_socket(variant->family, variant->protocol, PLAIN);

	ASSERT_LE(0, fd);
	FAILS(variant->error, dial(fd, variant->family));
	close(fd);
	fd = end_socket(variant->family, variant->protocol, REQUIRE);
	ASSERT_LE(0, fd);
	FAILS(variant->error, dial(fd, variant->family));
	ASSERT_EQ(1, stat_get("Dials"));
	close(fd);
}

/* Who has to have a session does not take a peer without. */
CASE(nobody, answers_hello)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int lfd, fd;

	OK(sysctl_set("rsess/handshake_timeout_ms", 500));
	len = loopback(&ss, variant->family, PORT);
	lfd = end_socket(variant->family, variant->protocol, PLAIN);
	ASSERT_LE(0, lfd);
	OK(bind(lfd, (struct sockaddr *)&ss, len));
	OK(listen(lfd, 50));
	fd = end_socket(variant->family, variant->protocol, REQUIRE);
	FAILS(EPROTONOSUPPORT, dial(fd, variant->family));
	close(fd);
	close(lfd);
}

/* A family that the transport does not have. */
CASE(nobody, is_of_that_family)
{
	int other = variant->family == AF_VSOCK ? AF_INET : AF_VSOCK;
	int fd = end_socket(variant->family, variant->protocol, AUTO);
	struct sockaddr_storage ss;
	socklen_t len;

	ASSERT_LE(0, fd);
	len = loopback(&ss, other, PORT);
	FAILS(EAFNOSUPPORT, connect(fd, (struct sockaddr *)&ss, len));
	FAILS(EAFNOSUPPORT, set_int(fd, SOL_RSESS, RSESS_FAMILY, other));
	FAILS(EAFNOSUPPORT, setsockopt(fd, SOL_RSESS, RSESS_ADD_ADDR, &ss,
				       len));
	len = loopback(&ss, variant->family, PORT);
	FAILS(EINVAL, connect(fd, (struct sockaddr *)&ss, len / 2));
	close(fd);
}

/*
 * Multipath TCP: a peer with TCP only, and resets that it tells nobody of.
 */
FIXTURE(mixed) {
	int lfd;
	int c;
	int s;
};

FIXTURE_VARIANT(mixed) {
	int family;
	int client;
	int server;
	int protocol[2];
	bool session;
};

#define MIXED(name, f, cl, sv, cp, sp, yes)				\
	FIXTURE_VARIANT_ADD(mixed, name) {				\
		.family = f, .client = cl, .server = sv,		\
		.protocol = { cp, sp }, .session = yes,			\
	}

MIXED(tcp4_plain, AF_INET, PLAIN, AUTO, IPPROTO_TCP, IPPROTO_MPTCP, false);
MIXED(tcp6_plain, AF_INET6, PLAIN, AUTO, IPPROTO_TCP, IPPROTO_MPTCP, false);
MIXED(tcp4_session, AF_INET, REQUIRE, REQUIRE, IPPROTO_TCP, IPPROTO_MPTCP, true);
MIXED(tcp6_session, AF_INET6, REQUIRE, REQUIRE, IPPROTO_TCP, IPPROTO_MPTCP, true);
MIXED(mptcp4_mptcp, AF_INET, REQUIRE, REQUIRE, IPPROTO_MPTCP, IPPROTO_MPTCP, true);
MIXED(mptcp6_mptcp, AF_INET6, REQUIRE, REQUIRE, IPPROTO_MPTCP, IPPROTO_MPTCP, true);
MIXED(mptcp4_plain, AF_INET, AUTO, PLAIN, IPPROTO_MPTCP, IPPROTO_TCP, false);
MIXED(mptcp6_session, AF_INET6, REQUIRE, REQUIRE, IPPROTO_MPTCP, IPPROTO_TCP, true);

FIXTURE_SETUP(mixed)
{
	struct sockaddr_storage ss;
	socklen_t len;

	OK(netns_new());
	len = loopback(&ss, variant->family, PORT);
	self->lfd = end_socket(variant->family, variant->protocol[1],
			       variant->server);
	ASSERT_LE(0, self->lfd);
	OK(bind(self->lfd, (struct sockaddr *)&ss, len));
	OK(listen(self->lfd, 5));
	self->c = end_socket(variant->family, variant->protocol[0],
			     variant->client);
	OK(dial(self->c, variant->family));
	self->s = accept(self->lfd, NULL, NULL);
	ASSERT_LE(0, self->s);
}

FIXTURE_TEARDOWN(mixed)
{
	line_close(&self->c);
	line_close(&self->s);
	line_close(&self->lfd);
	if (variant->session)
		EXPECT_EQ(0, no_sessions());
}

/* Have both ends agreed on MPTCP?  Those of TCP have no such option. */
static bool is_multipath(int fd)
{
	struct mptcp_info info = {};
	socklen_t len = sizeof(info);

	return !getsockopt(fd, SOL_MPTCP, MPTCP_INFO, &info, &len) &&
	       !(info.mptcpi_flags & MPTCP_INFO_FLAG_FALLBACK);
}

/* With TCP at one end it is TCP, with MPTCP at both it is that. */
CASE(mixed, transport)
{
	bool both = variant->protocol[0] == variant->protocol[1];

	ASSERT_EQ(both, is_multipath(self->c));
	ASSERT_EQ(both, is_multipath(self->s));
}

CASE(mixed, both_ways)
{
	OK(both_ways(self->c, self->s));
}

/* Resets of all subflows, which the sockets of MPTCP do not notice. */
CASE(mixed, silent_resets)
{
	struct way w[2] = {
		{ .from = self->c, .to = self->s },
		{ .from = self->s, .to = self->c },
	};
	struct rsess_info info;
	int i;

	if (!variant->session)
		return;
	OK(sysctl_set("rsess/stall_timeout_ms", 500));
	for (i = 0; i < 3; i++) {
		w[0].want += BULK;
		w[1].want += BULK;
		OK(flow(w, 2));
		ASSERT_LT(0, tear(PORT));
	}
	w[0].want += BULK;
	w[1].want += BULK;
	OK(flow(w, 2));
	OK(info_of(self->c, &info));
	ASSERT_LE(3, info.resumes);
}

/* A socket has the options of its transport, and they are there after a reset. */
CASE(torn, options)
{
	unsigned long long room = 70000;
	struct line *l = &self->l;
	socklen_t len = sizeof(room);

	if (variant->kind.family == AF_VSOCK) {
		OK(setsockopt(l->c, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &room,
			      len));
		OK(line_reset(l));
		room = 0;
		OK(getsockopt(l->c, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &room,
			      &len));
		ASSERT_EQ(70000, room);
		FAILS(ENOPROTOOPT, set_int(l->c, SOL_IP, IP_TOS, 16));
		FAILS(ENOPROTOOPT, set_int(l->c, IPPROTO_TCP, TCP_NODELAY, 1));
		return;
	}
	FAILS(ENOPROTOOPT, setsockopt(l->c, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE,
				      &room, len));
	if (variant->kind.protocol == IPPROTO_MPTCP) {
		OK(set_int(l->c, IPPROTO_TCP, TCP_NODELAY, 1));
		OK(line_reset(l));
		ASSERT_EQ(1, get_int(l->c, IPPROTO_TCP, TCP_NODELAY));
	}
	if (variant->kind.family == AF_INET) {
		OK(set_int(l->c, SOL_IP, IP_TOS, 16));
		OK(line_reset(l));
		/* The lowest two bits are the transport's. */
		ASSERT_EQ(16, get_int(l->c, SOL_IP, IP_TOS) & ~3);
	}
}

TEST_HARNESS_MAIN
