// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions over SCTP: how they are agreed on, with whom there is none, what an ABORT
 * does, and that a stream may be closed in one direction, which SCTP by itself cannot.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/sctp.h>

#include "harness.h"
#include "line.h"

/* Messages of a peer: no boundary of them is one of a frame. */
#define BULK	400000

static int info_of(int fd, struct rsess_info *info)
{
	socklen_t len = sizeof(*info);

	return getsockopt(fd, SOL_RSESS, RSESS_INFO, info, &len) ? -errno : 0;
}

/* What there is at each end: AF_RSESS, or the plain family if the policy is < 0. */
#define PLAIN	(-1)

FIXTURE(ends) {
	int lfd;
	int c;
	int s;
};

FIXTURE_VARIANT(ends) {
	int family;
	int client;
	int server;
	bool session;
	int error;
};

#define ENDS(name, cl, sv, yes, err)					\
	FIXTURE_VARIANT_ADD(ends, v4_##name) {				\
		.family = AF_INET, .client = cl, .server = sv,		\
		.session = yes, .error = err,				\
	};								\
	FIXTURE_VARIANT_ADD(ends, v6_##name) {				\
		.family = AF_INET6, .client = cl, .server = sv,		\
		.session = yes, .error = err,				\
	}

#define AUTO	RSESS_NEGOTIATE_AUTO
#define REQUIRE	RSESS_NEGOTIATE_REQUIRE
#define NO	RSESS_NEGOTIATE_OFF
ENDS(auto_auto, AUTO, AUTO, true, 0);
ENDS(require_auto, REQUIRE, AUTO, true, 0);
ENDS(auto_require, AUTO, REQUIRE, true, 0);
ENDS(auto_off, AUTO, NO, false, 0);
ENDS(off_auto, NO, AUTO, false, 0);
ENDS(auto_plain, AUTO, PLAIN, false, 0);
ENDS(plain_auto, PLAIN, AUTO, false, 0);
ENDS(plain_plain, PLAIN, PLAIN, false, 0);

/* An end; a policy is set while the socket is made. */
static int end_socket(int family, int policy)
{
	int fd;

	if (policy == PLAIN)
		return new_socket_of(family, IPPROTO_SCTP, 0);
	fd = new_socket_of(AF_RSESS, IPPROTO_SCTP, 0);
	if (fd >= 0 && set_int(fd, SOL_RSESS, RSESS_NEGOTIATE, policy))
		return -1;
	return fd;
}

FIXTURE_SETUP(ends)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, variant->family, PORT);

	OK(netns_new());
	self->s = -1;
	self->lfd = end_socket(variant->family, variant->server);
	ASSERT_LE(0, self->lfd);
	OK(bind(self->lfd, (struct sockaddr *)&ss, len));
	OK(listen(self->lfd, 5));
	self->c = end_socket(variant->family, variant->client);
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

/* Both write more than there is room for, and what they read is what was written. */
CASE(ends, both_ways)
{
	struct way w[2] = {
		{ .from = self->c, .to = self->s, .want = BULK },
		{ .from = self->s, .to = self->c, .want = BULK },
	};

	OK(flow(w, 2));
}

/* What SCTP lacks: one direction ends, the other goes on. */
CASE(ends, half_close)
{
	char c = 'x';

	OK(write_all(self->c, 0, SOME));
	OK(shutdown(self->c, SHUT_WR));
	OK(read_all(self->s, 0, SOME));
	OK(read_eof(self->s));
	if (!variant->session) {
		/* SHUTDOWN ends both: nothing may be sent any more. */
		FAILS(EPIPE, send(self->s, &c, 1, MSG_NOSIGNAL));
		return;
	}
	OK(write_all(self->s, 0, SOME));
	OK(read_all(self->c, 0, SOME));
	OK(shutdown(self->s, SHUT_WR));
	OK(read_eof(self->c));
}

/* A socket has the options of its transport, and no other's. */
CASE(ends, options)
{
	struct sctp_rtoinfo rto = { .srto_initial = 1234, .srto_max = 9000,
				    .srto_min = 500 };
	socklen_t len = sizeof(rto);
	int fd, error, one = 1;

	if (variant->client == PLAIN)
		return;
	FAILS(ENOPROTOOPT, setsockopt(self->c, IPPROTO_TCP, TCP_NODELAY, &one,
				      sizeof(one)));
	fd = new_socket_of(variant->family, IPPROTO_SCTP, 0);
	ASSERT_EQ(-1, getsockopt(fd, IPPROTO_TCP, TCP_INFO, &rto, &len));
	error = errno;
	FAILS(error, getsockopt(self->c, IPPROTO_TCP, TCP_INFO, &rto, &len));
	close(fd);
	ASSERT_EQ(0, get_int(self->c, IPPROTO_SCTP, SCTP_NODELAY));
	OK(set_int(self->c, IPPROTO_SCTP, SCTP_NODELAY, 1));
	ASSERT_EQ(1, get_int(self->c, IPPROTO_SCTP, SCTP_NODELAY));
	OK(setsockopt(self->c, IPPROTO_SCTP, SCTP_RTOINFO, &rto, sizeof(rto)));
	memset(&rto, 0, sizeof(rto));
	len = sizeof(rto);
	OK(getsockopt(self->c, IPPROTO_SCTP, SCTP_RTOINFO, &rto, &len));
	ASSERT_EQ(9000, rto.srto_max);
}

/*
 * Associations that are aborted.
 */
FIXTURE(aborted) {
	struct line l;
};

FIXTURE_VARIANT(aborted) {
	struct kind kind;
};

KIND_VARIANT_OF(aborted, v4, AF_RSESS, AF_INET, IPPROTO_SCTP, 20000, REQUIRE);
KIND_VARIANT_OF(aborted, v6, AF_RSESS, AF_INET6, IPPROTO_SCTP, 20000, REQUIRE);

FIXTURE_SETUP(aborted)
{
	OK(line_init(&self->l, &variant->kind));
	OK(line_open(&self->l));
}

FIXTURE_TEARDOWN(aborted)
{
	EXPECT_EQ(0, line_end(&self->l));
}

CASE(aborted, both_ways)
{
	struct way w[2] = {
		{ .from = self->l.c, .to = self->l.s, .want = BULK },
		{ .from = self->l.s, .to = self->l.c, .want = BULK },
	};
	struct rsess_info info;

	OK(flow(w, 2));
	OK(info_of(self->l.c, &info));
	ASSERT_LT(10, info.resumes);
	line_close(&self->l.c);
	line_close(&self->l.s);
	OK(no_sessions());
}

/* The half that is open outlives ABORTs, and so does the one that is closed. */
CASE(aborted, half_close)
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

/* A plain association does not outlive one. */
TEST(plain_is_reset)
{
	struct kind kind = { .domain = AF_INET, .family = AF_INET,
			     .protocol = IPPROTO_SCTP, .every = 20000 };
	struct line l;
	char c;

	OK(line_init(&l, &kind));
	OK(line_open(&l));
	OK(write_all(l.c, 0, SOME));
	OK(read_all(l.s, 0, SOME));
	OK(relay_reset(&l.relay));
	ASSERT_LT(0, wait_for(l.s, POLLIN));
	FAILS(ECONNRESET, recv(l.s, &c, 1, 0));
	line_close(&l.c);
	line_close(&l.s);
	line_close(&l.lfd);
	OK(relay_stop(&l.relay));
}

/*
 * Associations that somebody else aborts.
 */
FIXTURE(killed) {
	struct line l;
	pid_t killer;
};

FIXTURE_VARIANT(killed) {
	struct kind kind;
};

KIND_VARIANT_OF(killed, plain4, AF_INET, AF_INET, IPPROTO_SCTP, 0, AUTO);
KIND_VARIANT_OF(killed, plain6, AF_INET6, AF_INET6, IPPROTO_SCTP, 0, AUTO);
KIND_VARIANT_OF(killed, rsess4, AF_RSESS, AF_INET, IPPROTO_SCTP, 0, AUTO);
KIND_VARIANT_OF(killed, rsess6, AF_RSESS, AF_INET6, IPPROTO_SCTP, 0, AUTO);

/* sctpkill stands beside this program; it says when it listens. */
static int kill_some(pid_t *killer, const char *every)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 10);
	int pipefd[2];
	char c;

	if (n < 0 || pipe2(pipefd, O_CLOEXEC))
		return -errno;
	strcpy(path + n, "kill");
	*killer = fork();
	if (!*killer) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(pipefd[1], 2);
		execl(path, path, "-q", "-t", "600", "-e", every, "7000", NULL);
		_exit(127);
	}
	close(pipefd[1]);
	n = *killer < 0 ? -1 : read(pipefd[0], &c, 1);
	/* What it says later is not read: the pipe takes it. */
	return n == 1 ? 0 : -ESRCH;
}

FIXTURE_SETUP(killed)
{
	OK(line_init(&self->l, &variant->kind));
	OK(line_open(&self->l));
}

FIXTURE_TEARDOWN(killed)
{
	int status;

	/* It has not ended by itself, for it had to say something. */
	if (self->killer > 0) {
		EXPECT_EQ(0, waitpid(self->killer, &status, WNOHANG));
		kill(self->killer, SIGTERM);
		waitpid(self->killer, &status, 0);
	}
	EXPECT_EQ(0, line_end(&self->l));
}

/* A plain association is reset, at both ends; a session moves all bytes. */
CASE(killed, both_ways)
{
	struct way w[2] = {
		{ .from = self->l.c, .to = self->l.s },
		{ .from = self->l.s, .to = self->l.c },
	};
	bool plain = variant->kind.domain != AF_RSESS;
	struct rsess_info info;
	struct line *l = &self->l;
	char c = 'x';
	int i;

	OK(kill_some(&self->killer, plain ? "1" : "60"));
	if (!plain) {
		for (i = 0, info.resumes = 0; i < 100 && info.resumes < 3; i++) {
			w[0].want += BULK;
			w[1].want += BULK;
			OK(flow(w, 2));
			OK(info_of(l->c, &info));
		}
		ASSERT_LE(3, info.resumes);
		return;
	}
	ASSERT_EQ(1, send(l->c, &c, 1, 0));
	ASSERT_LT(0, wait_for(l->s, POLLIN));
	/* The byte has come before what aborts. */
	if (recv(l->s, &c, 1, 0) == 1)
		FAILS(ECONNRESET, recv(l->s, &c, 1, 0));
	ASSERT_EQ(ECONNRESET, errno);
	FAILS(ECONNRESET, recv(l->c, &c, 1, 0));
}

/* Who is not there says so. */
TEST(refused)
{
	int fd;

	OK(netns_new());
	fd = new_socket_of(AF_RSESS, IPPROTO_SCTP, 0);
	ASSERT_LE(0, fd);
	FAILS(ECONNREFUSED, dial(fd, AF_INET));
	close(fd);
	OK(no_sessions());
}

/* Who has to have a session does not take a peer without. */
TEST(required)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, AF_INET, PORT);
	int lfd, fd;

	OK(netns_new());
	OK(sysctl_set("rsess/handshake_timeout_ms", 500));
	lfd = end_socket(AF_INET, PLAIN);
	OK(bind(lfd, (struct sockaddr *)&ss, len));
	OK(listen(lfd, 5));
	fd = end_socket(AF_INET, REQUIRE);
	FAILS(EPROTONOSUPPORT, dial(fd, AF_INET));
	close(fd);
	close(lfd);
	OK(no_sessions());
}

TEST_HARNESS_MAIN
