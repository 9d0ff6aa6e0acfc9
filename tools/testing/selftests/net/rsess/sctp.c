// SPDX-License-Identifier: GPL-2.0
/*
 * What SCTP has of its own: options, messages, several addresses, and somebody who aborts
 * associations.  The rest is in transports.c.
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
#include "pair.h"

/* Messages of a peer: no boundary of them is one of a frame. */
#define BULK	400000

static int info_of(int fd, struct rsess_info *info)
{
	socklen_t len = sizeof(*info);

	return getsockopt(fd, SOL_RSESS, RSESS_INFO, info, &len) ? -errno : 0;
}

/*
 * Options.
 */
FIXTURE(options) {
	struct line l;
};

FIXTURE_VARIANT(options) {
	struct kind kind;
};

KIND_VARIANT_OF(options, plain4, AF_RSESS, AF_INET, IPPROTO_SCTP, 0, OFF);
KIND_VARIANT_OF(options, plain6, AF_RSESS, AF_INET6, IPPROTO_SCTP, 0, OFF);
KIND_VARIANT_OF(options, rsess4, AF_RSESS, AF_INET, IPPROTO_SCTP, 0, AUTO);
KIND_VARIANT_OF(options, rsess6, AF_RSESS, AF_INET6, IPPROTO_SCTP, 0, AUTO);

FIXTURE_SETUP(options)
{
	OK(line_init(&self->l, &variant->kind));
	OK(line_open(&self->l));
}

FIXTURE_TEARDOWN(options)
{
	EXPECT_EQ(0, line_end(&self->l));
}

/* A socket has the options of its transport, and no other's. */
CASE(options, are_those_of_sctp)
{
	struct sctp_rtoinfo rto = { .srto_initial = 1234, .srto_max = 9000,
				    .srto_min = 500 };
	socklen_t len = sizeof(rto);
	int fd = self->l.c, other, error, one = 1;

	FAILS(ENOPROTOOPT, setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one,
				      sizeof(one)));
	other = new_socket_of(variant->kind.family, IPPROTO_SCTP, 0);
	ASSERT_EQ(-1, getsockopt(other, IPPROTO_TCP, TCP_INFO, &rto, &len));
	error = errno;
	FAILS(error, getsockopt(fd, IPPROTO_TCP, TCP_INFO, &rto, &len));
	close(other);
	ASSERT_EQ(0, get_int(fd, IPPROTO_SCTP, SCTP_NODELAY));
	OK(set_int(fd, IPPROTO_SCTP, SCTP_NODELAY, 1));
	ASSERT_EQ(1, get_int(fd, IPPROTO_SCTP, SCTP_NODELAY));
	OK(setsockopt(fd, IPPROTO_SCTP, SCTP_RTOINFO, &rto, sizeof(rto)));
	memset(&rto, 0, sizeof(rto));
	len = sizeof(rto);
	OK(getsockopt(fd, IPPROTO_SCTP, SCTP_RTOINFO, &rto, &len));
	ASSERT_EQ(9000, rto.srto_max);
}

/*
 * Messages, which mean nothing: a frame may begin and end anywhere in them.
 */
FIXTURE(messages) {
	struct pair s;
	u8 *buf;
};

FIXTURE_VARIANT(messages) {
	bool dialer;
	int family;
};

FIXTURE_VARIANT_ADD(messages, dialer4) {
	.dialer = true, .family = AF_INET,
};

FIXTURE_VARIANT_ADD(messages, dialer6) {
	.dialer = true, .family = AF_INET6,
};

FIXTURE_VARIANT_ADD(messages, acceptor4) {
	.dialer = false, .family = AF_INET,
};

FIXTURE_VARIANT_ADD(messages, acceptor6) {
	.dialer = false, .family = AF_INET6,
};

#define FRAMES		5
#define FRAME		60000

FIXTURE_SETUP(messages)
{
	struct peer *p = &self->s.p;

	transport = IPPROTO_SCTP;
	pair_init(&self->s, variant->dialer, variant->family, 0);
	self->buf = malloc(FRAMES * PEER_FRAME_MAX);
	OK(netns_inband());
	OK(pair_open(&self->s));
	OK(set_int(p->fd, SOL_SOCKET, SO_SNDBUFFORCE, 4 * FRAMES * FRAME));
}

FIXTURE_TEARDOWN(messages)
{
	pair_free(&self->s);
	free(self->buf);
}

/* Some frames of DATA; returns their bytes. */
static size_t make_frames(struct peer *p, u8 *buf)
{
	size_t len = 0;
	int i;

	for (i = 0; i < FRAMES; i++) {
		len += peer_make_data(p, p->snd_nxt, FRAME, buf + len);
		p->snd_nxt += FRAME;
	}
	p->snd_max = p->snd_nxt;
	p->write_seq = p->snd_nxt;
	return len;
}

/* More than the receiver has room for: it gets the message in pieces. */
CASE(messages, one_of_many_frames)
{
	struct peer *p = &self->s.p;
	size_t len = make_frames(p, self->buf);

	ASSERT_EQ((ssize_t)len, send(p->fd, self->buf, len, 0));
	OK(pair_read(&self->s, FRAMES * FRAME));
	OK(peer_take_ack(p, p->snd_max));
	OK(pair_finish(&self->s));
}

CASE(messages, of_a_byte)
{
	struct peer *p = &self->s.p;
	size_t len, i;

	p->write_seq = 500;
	len = peer_make_data(p, 0, 500, self->buf);
	for (i = 0; i < len; i++) {
		ASSERT_EQ(1, send(p->fd, self->buf + i, 1, 0));
	}
	p->snd_nxt = 500;
	p->snd_max = 500;
	OK(pair_read(&self->s, 500));
	OK(pair_finish(&self->s));
}

/* What the receiver has of a message goes on in another association. */
CASE(messages, aborted_in_the_middle)
{
	struct peer *p = &self->s.p;
	struct pair *s = &self->s;
	size_t len;

	len = make_frames(p, self->buf);
	ASSERT_EQ((ssize_t)len, send(p->fd, self->buf, len, 0));
	OK(pair_read(s, FRAME));
	peer_reset(p);
	OK(pair_lost(s));
	OK(pair_again(s));
	OK(peer_push(p));
	OK(pair_read(s, (FRAMES - 1) * FRAME));
	OK(pair_finish(s));
}

/* The peer's host answers SHUTDOWN, which is no word of its session: that may have lost
 * what it had not read, and asks, though nobody listens any more.
 */
CASE(messages, host_answers_the_end)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;

	OK(pair_shutdown(s));
	OK(peer_expect(p, RSESS_FIN));
	OK(peer_send_ack(p));
	if (variant->dialer) {
		/* It is not the dialer who ends it. */
		OK(peer_send_fin(p));
		OK(peer_take_ack(p, p->snd_max));
		OK(peer_expect_nothing(p, 200));
		peer_reset(p);
		/* Nobody has answered yet, so this is not the end either. */
		OK(peer_accept(p));
		OK(peer_expect(p, RSESS_RESUME));
		peer_close(p);
		OK(pair_again(s));
		ASSERT_EQ(0, peer_gone(p));
		close(s->fd);
		s->fd = -1;
	} else {
		close(s->lfd);
		s->lfd = -1;
		OK(peer_send_fin(p));
		OK(read_eof(s->fd));
		close(s->fd);
		s->fd = -1;
		OK(no_sessions());
		peer_close(p);
		OK(pair_again(s));
		ASSERT_EQ(p->snd_max, p->f.ack);
	}
	OK(no_sessions());
}

/* Associations that are gone before anybody has looked at them: accept() never hears of
 * them, for they were no plain ones.
 */
TEST(gone_at_once)
{
	static const struct kind kind = {
		.domain = AF_RSESS, .family = AF_INET, .protocol = IPPROTO_SCTP,
	};
	struct sctp_setadaptation rses = { .ssb_adaptation_ind = 0x52534553 };
	struct linger now = { .l_onoff = 1 };
	struct sockaddr_storage ss;
	struct pollfd p = { .events = POLLIN };
	struct line l;
	socklen_t len;
	int i, c;

	OK(line_init(&l, &kind));
	len = loopback(&ss, AF_INET, PORT);
	for (i = 0; i < 300; i++) {
		c = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);
		ASSERT_LE(0, c);
		OK(setsockopt(c, IPPROTO_SCTP, SCTP_ADAPTATION_LAYER, &rses,
			      sizeof(rses)));
		OK(setsockopt(c, SOL_SOCKET, SO_LINGER, &now, sizeof(now)));
		OK(connect(c, (struct sockaddr *)&ss, len));
		close(c);
	}
	p.fd = l.lfd;
	ASSERT_EQ(0, poll(&p, 1, QUIET_MS));
	OK(line_end(&l));
}

/* The peer's host came up again, and dials from the port that it had: the association
 * is another one, on the same socket, and its bytes do not belong to the frame that the
 * first one did not end.
 */
TEST(restarted)
{
	static u8 buf[PEER_FRAME_MAX];
	struct peer *p;
	struct pair s;

	transport = IPPROTO_SCTP;
	pair_init(&s, false, AF_INET, 0);
	p = &s.p;
	p->fromlen = loopback(&p->from, AF_INET, PORT + 1);
	OK(netns_inband());
	OK(pair_open(&s));
	peer_make_data(p, 0, 50000, buf);
	OK(peer_send_raw(p, buf, RSESS_HDR_LEN + 1000));
	OK(pair_read(&s, 1000));
	OK(system("nft 'add table inet t;"
		  "add chain inet t out { type filter hook output priority 0; };"
		  "add rule inet t out sctp sport 7001 sctp chunk abort exists drop'"));
	peer_reset(p);
	p->write_seq = 2000;
	p->snd_nxt = 1000;
	p->snd_max = 1000;
	/* It is the acceptor's old transport too, and ends with that. */
	ASSERT_EQ(-ECONNRESET, peer_resume(p));
	OK(system("nft delete table inet t"));
	peer_reset(p);
	OK(peer_resume(p));
	OK(peer_push(p));
	OK(pair_read(&s, 1000));
	OK(pair_finish(&s));
	pair_free(&s);
}

/* The peer's addresses are those that SCTP knows of: when one is not reached the
 * association goes on over the other, and the session knows nothing of it.
 */
TEST(own_addresses)
{
	struct way w[2] = { { .want = BULK }, { .want = BULK } };
	struct sockaddr_storage ss;
	struct rsess_info info;
	socklen_t len;
	int lfd, c, s;

	OK(netns_new());
	transport = IPPROTO_SCTP;
	OK(system("ip link add name d0 up type dummy"));
	OK(system("ip addr add 10.1.0.1/24 dev d0"));
	OK(system("ip addr add 10.2.0.1/24 dev d0"));
	lfd = new_socket(AF_RSESS, 0);
	len = address(&ss, AF_INET, "0.0.0.0", PORT);
	OK(bind(lfd, (struct sockaddr *)&ss, len));
	OK(listen(lfd, 5));
	c = new_socket(AF_RSESS, 0);
	len = address(&ss, AF_INET, "10.1.0.1", PORT);
	OK(connect(c, (struct sockaddr *)&ss, len));
	s = accept(lfd, NULL, NULL);
	ASSERT_LE(0, s);
	w[0].from = c;
	w[0].to = s;
	w[1].from = s;
	w[1].to = c;
	OK(flow(w, 2));
	OK(system("nft 'add table t;"
		  "add chain t out { type filter hook output priority 0; };"
		  "add rule t out sctp dport 7000 ip daddr 10.1.0.1 drop'"));
	w[0].want += BULK;
	w[1].want += BULK;
	OK(flow(w, 2));
	OK(info_of(c, &info));
	ASSERT_EQ(0, info.lost);
	close(c);
	close(s);
	close(lfd);
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

/* It says when it listens. */
static int kill_some(pid_t *killer, const char *every)
{
	char path[4096];
	int pipefd[2];
	ssize_t n;
	char c;

	if (program_beside("sctpkill", path, sizeof(path)) ||
	    pipe2(pipefd, O_CLOEXEC))
		return -errno;
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
	bool plain = !is_rsess(&variant->kind);
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

TEST_HARNESS_MAIN
