// SPDX-License-Identifier: GPL-2.0
/*
 * Tags of frames: two sockets of the kernel, and between them a host that this program
 * is, which forwards bytes, alters some, and adds others.
 *
 * At worst the transport is lost, and the stream is whole.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "raw.h"
#include "relay.h"
#include "stream.h"

#define MAN_PORT	(PORT + 1)
#define SILENCE_MS	400
/* Nothing is to be altered. */
#define NEVER		SIZE_MAX
/* A frame with so many bytes of the stream. */
#define BYTES		100
#define FRAME		(RSESS_HDR_LEN + BYTES + RSESS_WIRE_TAG_LEN)
#define WELCOME		(RSESS_HDR_LEN + sizeof(struct rsess_wire_welcome) + \
			 RSESS_TLV_SALT_LEN + RSESS_TLV_MAC_LEN)

/**
 * struct man - in the middle
 * @lfd: where the client dials
 * @fd: to the client and to the server, or -1
 * @eof: the end of what comes from @fd of the same index was forwarded
 * @passed: bytes that were forwarded from @fd of the same index on this transport
 * @flip: which of those that come from @fd of the same index is to be altered
 * @transports: that were opened
 */
struct man {
	int lfd;
	int fd[2];
	bool eof[2];
	size_t passed[2];
	size_t flip[2];
	unsigned int transports;
};

FIXTURE(tags) {
	struct man m;
	int lfd;
	/* client and server, by index as in struct man */
	int end[2];
};

/* Who sends what is altered: 0 the client, 1 the server. */
FIXTURE_VARIANT(tags) {
	int from;
};

FIXTURE_VARIANT_ADD(tags, dialer) {
	.from = 0,
};

FIXTURE_VARIANT_ADD(tags, acceptor) {
	.from = 1,
};

static void man_drop(struct man *m)
{
	struct linger hard = { .l_onoff = 1 };
	int i;

	for (i = 0; i < 2; i++) {
		if (m->fd[i] < 0)
			continue;
		setsockopt(m->fd[i], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
		close(m->fd[i]);
		m->fd[i] = -1;
		m->eof[i] = false;
		m->passed[i] = 0;
	}
}

static int man_accept(struct man *m)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, AF_INET, PORT);

	man_drop(m);
	m->fd[0] = accept4(m->lfd, NULL, NULL, SOCK_CLOEXEC);
	m->fd[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	if (m->fd[0] < 0 || m->fd[1] < 0) {
		say("%s", strerror(errno));
		return -errno;
	}
	m->transports++;
	if (connect(m->fd[1], (struct sockaddr *)&ss, len))
		man_drop(m);
	return 0;
}

/* Forward at most @max bytes that are there from one side to the other, or their end; how
 * many, or an errno.
 */
static ssize_t man_pass(struct man *m, int from, size_t max)
{
	u8 buf[4096];
	ssize_t n = recv(m->fd[from], buf, max < sizeof(buf) ? max : sizeof(buf),
			 MSG_DONTWAIT);

	if (n < 0)
		return -errno;
	if (!n) {
		m->eof[from] = true;
		return shutdown(m->fd[!from], SHUT_WR) ? -errno : 0;
	}
	if (m->flip[from] >= m->passed[from] &&
	    m->flip[from] - m->passed[from] < (size_t)n) {
		buf[m->flip[from] - m->passed[from]] ^= 1;
		m->flip[from] = NEVER;
	}
	m->passed[from] += n;
	return send(m->fd[!from], buf, n, MSG_NOSIGNAL) == n ? n : -EPIPE;
}

/* Whatever is there to be done, once. */
static bool man_step(struct man *m)
{
	struct pollfd pfd[3] = {
		{ .fd = m->eof[0] ? -1 : m->fd[0], .events = POLLIN },
		{ .fd = m->eof[1] ? -1 : m->fd[1], .events = POLLIN },
		{ .fd = m->lfd, .events = POLLIN },
	};
	ssize_t ret;
	int i;

	if (poll(pfd, 3, 5) < 0)
		return false;
	for (i = 0; i < 2; i++) {
		if (!pfd[i].revents)
			continue;
		ret = man_pass(m, i, SIZE_MAX);
		if (ret < 0 && ret != -EAGAIN) {
			man_drop(m);
			break;
		}
	}
	return !pfd[2].revents || !man_accept(m);
}

/* Do that until @done. */
static int man_until(struct man *m, bool (*done)(void *), void *arg)
{
	int64_t end = now_ms() + WAIT_MS;

	while (!done(arg)) {
		if (!man_step(m) || now_ms() > end) {
			say("waited in vain");
			state_print();
			return -ETIMEDOUT;
		}
	}
	return 0;
}

static bool is_writable(void *fd)
{
	return events(*(int *)fd) & (POLLOUT | POLLERR);
}

static bool is_acceptable(void *fd)
{
	return events(*(int *)fd) & POLLIN;
}

static int set_tag(int fd, int tag)
{
	return setsockopt(fd, SOL_RSESS, RSESS_TAG, &tag, sizeof(tag));
}

/* Connect, with tags on the client and on the server or without. */
static int begin(struct man *m, int *lfd, int *end, bool client, bool server)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, AF_INET, MAN_PORT);
	int one = 1;
	int ret;

	*lfd = new_socket(AF_RSESS, 0);
	end[0] = new_socket(AF_RSESS, SOCK_NONBLOCK);
	if (*lfd < 0 || end[0] < 0 || set_tag(*lfd, server) ||
	    set_tag(end[0], client))
		return -EINVAL;
	if (connect(end[0], (struct sockaddr *)&ss, len) && errno != EINPROGRESS)
		return -errno;
	len = loopback(&ss, AF_INET, PORT);
	setsockopt(*lfd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(*lfd, (struct sockaddr *)&ss, len) || listen(*lfd, 16))
		return -errno;
	ret = man_until(m, is_writable, &end[0]) ?: -socket_error(end[0]) ?:
	      man_until(m, is_acceptable, lfd);
	if (ret)
		return ret;
	end[1] = accept4(*lfd, NULL, NULL, SOCK_NONBLOCK);
	return end[1] < 0 ? -errno : 0;
}

#define BEGIN(client, server) \
	begin(&self->m, &self->lfd, self->end, client, server)

static bool is_over(void *arg)
{
	(void)arg;
	return !sessions();
}

/* A length that was altered makes the other side wait. */
static int bear_silence(unsigned int ms)
{
	return sysctl_set("rsess/stall_timeout_ms", ms * slowness());
}

/* Close all, and wait until nothing is left that would come again.  On a busy machine this
 * program may be silent for a while itself: a client that does not see the end of its last
 * transport for that would dial a server that is gone.
 */
static int end(struct man *m, int *lfd, int *end)
{
	int ret = bear_silence(5000);

	if (ret)
		return ret;
	close(end[0]);
	close(end[1]);
	close(*lfd);
	end[0] = -1;
	end[1] = -1;
	*lfd = -1;
	ret = man_until(m, is_over, NULL);
	man_drop(m);
	return ret ?: bear_silence(SILENCE_MS);
}

#define END()	end(&self->m, &self->lfd, self->end)

FIXTURE_SETUP(tags)
{
	struct man *m = &self->m;
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, AF_INET, MAN_PORT);

	*m = (struct man){ .fd = { -1, -1 }, .flip = { NEVER, NEVER } };
	self->lfd = -1;
	self->end[0] = -1;
	self->end[1] = -1;
	OK(netns_inband());
	OK(bear_silence(SILENCE_MS));
	m->lfd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	OK(bind(m->lfd, (struct sockaddr *)&ss, len));
	OK(listen(m->lfd, 16));
}

FIXTURE_TEARDOWN(tags)
{
	man_drop(&self->m);
	close(self->m.lfd);
	close(self->end[0]);
	close(self->end[1]);
	close(self->lfd);
}

static int info_of(int fd, struct rsess_info *info)
{
	socklen_t len = sizeof(*info);

	return getsockopt(fd, SOL_RSESS, RSESS_INFO, info, &len) ? -errno : 0;
}

/* Bytes that wait to be read. */
struct awaited {
	int fd;
	unsigned int bytes;
};

static bool is_there(void *arg)
{
	const struct awaited *a = arg;
	u8 buf[16384];

	return recv(a->fd, buf, sizeof(buf), MSG_PEEK) >= (ssize_t)a->bytes;
}

static bool is_confirmed(void *fd)
{
	struct rsess_info info;

	return !info_of(*(int *)fd, &info) && info.snd_una == info.write_seq &&
	       info.link == RSESS_LINK_LIVE;
}

/* @len bytes from one end arrive at the other, whatever that takes, and this is known. */
static int transfer(struct man *m, const int *end, int from, u64 off, size_t len)
{
	struct awaited a = { .fd = end[!from], .bytes = len };
	int fd = end[from];

	return write_all(end[from], off, len) ?: man_until(m, is_there, &a) ?:
	       read_all(end[!from], off, len) ?:
	       man_until(m, is_confirmed, &fd);
}

CASE(tags, agreed)
{
	struct rsess_info info;
	bool both;
	int i;

	for (i = 0; i < 4; i++) {
		both = i == 3;
		OK(BEGIN(i & 1, i & 2));
		OK(info_of(self->end[0], &info));
		ASSERT_EQ(both, info.tagged);
		OK(info_of(self->end[1], &info));
		ASSERT_EQ(both, info.tagged);
		OK(transfer(&self->m, self->end, 0, 0, 10000));
		OK(transfer(&self->m, self->end, 1, 0, 10000));
		OK(END());
	}
	EXPECT_EQ(0, stat_get("FramesForged"));
}

CASE(tags, option)
{
	int val = 2;
	socklen_t len = sizeof(val);

	OK(BEGIN(true, true));
	FAILS(EINVAL, set_tag(self->end[0], 2));
	FAILS(EINVAL, set_tag(self->end[0], -1));
	FAILS(EISCONN, set_tag(self->end[0], 0));
	FAILS(EISCONN, set_tag(self->lfd, 0));
	OK(getsockopt(self->end[1], SOL_RSESS, RSESS_TAG, &val, &len));
	ASSERT_EQ(1, val);
}

static int wants_tags(int fd)
{
	int val = -1;
	socklen_t len = sizeof(val);

	return getsockopt(fd, SOL_RSESS, RSESS_TAG, &val, &len) ? -errno : val;
}

/* Who connects asks if it has a key, or the namespace says so; its option comes first. */
CASE(tags, by_default)
{
	static const char key[] = "0123456789abcdef0123456789abcdef";
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, AF_INET, PORT);
	struct rsess_info info;
	int asks, set, c, s;
	int one = 1;
	unsigned int i;

	for (i = 0; i < 12; i++) {
		bool has_key = i & 1, all = i & 2;

		set = (int)(i >> 2) - 1;
		asks = set < 0 ? has_key || all : set;
		OK(sysctl_set("rsess/tag", all));
		self->lfd = new_socket(AF_RSESS, 0);
		c = new_socket(AF_RSESS, 0);
		if (has_key) {
			OK(setsockopt(c, SOL_RSESS, RSESS_PSK, key, 32));
			OK(setsockopt(self->lfd, SOL_RSESS, RSESS_PSK, key, 32));
		}
		if (set >= 0)
			OK(set_tag(c, set));
		ASSERT_EQ(asks, wants_tags(c));
		OK(setsockopt(self->lfd, SOL_SOCKET, SO_REUSEADDR, &one,
			      sizeof(one)));
		OK(bind(self->lfd, (struct sockaddr *)&ss, len));
		OK(listen(self->lfd, 16));
		OK(dial(c, AF_INET));
		s = accept(self->lfd, NULL, NULL);
		ASSERT_LE(0, s);
		OK(info_of(c, &info));
		ASSERT_EQ(asks, info.tagged);
		OK(info_of(s, &info));
		ASSERT_EQ(asks, info.tagged);
		close(c);
		close(s);
		close(self->lfd);
		self->lfd = -1;
		OK(wait_until(is_over, NULL));
	}
}

/* Each byte of a frame that carries bytes, one frame after the other: more often than a
 * peer may break the protocol.
 */
CASE(tags, each_byte_of_data)
{
	struct man *m = &self->m;
	struct rsess_info info;
	unsigned int i;

	OK(BEGIN(true, true));
	for (i = 0; i < FRAME; i++) {
		unsigned int transports = m->transports;

		m->flip[variant->from] = m->passed[variant->from] + i;
		OK(transfer(m, self->end, variant->from, i * BYTES, BYTES));
		ASSERT_LT(transports, m->transports);
	}
	OK(info_of(self->end[1], &info));
	/* On a slow machine one or other is taken for dead besides. */
	ASSERT_LE(FRAME, info.resumes);
	/* All but where a length that was too long made the other side wait. */
	EXPECT_LE(FRAME - 2, stat_get("FramesForged"));
	EXPECT_EQ(0, stat_get("FramesMalformed"));
	EXPECT_EQ(0, stat_get("FramesUnexpected"));
}

/* And of the one that acknowledges them. */
CASE(tags, each_byte_of_ack)
{
	struct man *m = &self->m;
	int to = !variant->from;
	unsigned int i, n = RSESS_HDR_LEN + RSESS_WIRE_TAG_LEN;

	OK(BEGIN(true, true));
	for (i = 0; i < n; i++) {
		unsigned int transports = m->transports;

		m->flip[to] = m->passed[to] + i;
		OK(transfer(m, self->end, variant->from, i * BYTES, BYTES));
		ASSERT_LT(transports, m->transports);
	}
	EXPECT_LE(n - 2, stat_get("FramesForged"));
}

/* The way that is missing to those who do not see the connection: with the right numbers
 * their bytes come first, and TCP takes those of the peer for old ones.
 */
static int inject(struct man *m, const int *end, int from)
{
	u8 junk[BYTES];
	size_t half = RSESS_HDR_LEN + 5000;
	ssize_t n;
	int ret;

	memset(junk, 'j', sizeof(junk));
	ret = write_all(end[from], 0, 10000);
	while (!ret && half) {
		n = wait_for(m->fd[from], POLLIN);
		n = n < 0 ? n : man_pass(m, from, half);
		if (n < 0)
			ret = n;
		else
			half -= n;
	}
	return ret ?: raw_spoof(m->fd[!from], TH_ACK, 0, 0, junk, sizeof(junk));
}

CASE(tags, bytes_slipped_in)
{
	struct awaited a = { .bytes = 10000 };
	struct man *m = &self->m;
	struct rsess_info info;

	OK(BEGIN(true, true));
	OK(inject(m, self->end, variant->from));
	a.fd = self->end[!variant->from];
	OK(man_until(m, is_there, &a));
	OK(read_all(a.fd, 0, 10000));
	OK(info_of(a.fd, &info));
	ASSERT_EQ(1, info.lost);
	ASSERT_EQ(1, stat_get("FramesForged"));
}

/* It is what TCP's users live with. */
CASE(tags, bytes_slipped_in_without)
{
	struct awaited a = { .bytes = 10000 };
	struct man *m = &self->m;
	u8 buf[10000], junk[BYTES];

	memset(junk, 'j', sizeof(junk));
	OK(BEGIN(false, true));
	OK(inject(m, self->end, variant->from));
	a.fd = self->end[!variant->from];
	OK(man_until(m, is_there, &a));
	ASSERT_EQ(sizeof(buf), recv(a.fd, buf, sizeof(buf), 0));
	OK(memcmp(buf + 5000, junk, sizeof(junk)));
}

/* An end of the session, by one who does not know which session it is. */
CASE(tags, abort_slipped_in)
{
	struct rsess_frame f = {
		.type = RSESS_ABORT, .length = sizeof(struct rsess_wire_abort),
	};
	u8 buf[RSESS_HDR_LEN + sizeof(struct rsess_wire_abort)] = {};
	struct man *m = &self->m;

	OK(BEGIN(true, true));
	rsess_wire_encode(&f, buf);
	buf[RSESS_HDR_LEN + 3] = RSESS_REASON_APP;
	ASSERT_EQ(sizeof(buf), send(m->fd[!variant->from], buf, sizeof(buf), 0));
	OK(transfer(m, self->end, variant->from, 0, 5000));
	OK(transfer(m, self->end, !variant->from, 0, 5000));
	ASSERT_EQ(1, stat_get("FramesForged"));
	ASSERT_EQ(0, stat_get("AbortsReceived"));
}

/* A frame that was right once. */
CASE(tags, frame_repeated)
{
	struct man *m = &self->m;
	int from = variant->from;
	u8 frame[FRAME];

	OK(BEGIN(true, true));
	OK(write_all(self->end[from], 0, BYTES));
	ASSERT_EQ(FRAME, recv(m->fd[from], frame, FRAME, MSG_WAITALL));
	ASSERT_EQ(FRAME, send(m->fd[!from], frame, FRAME, 0));
	ASSERT_EQ(FRAME, send(m->fd[!from], frame, FRAME, 0));
	OK(wait_readable(self->end[!from], BYTES));
	OK(read_all(self->end[!from], 0, BYTES));
	OK(transfer(m, self->end, from, BYTES, BYTES));
	ASSERT_EQ(1, stat_get("FramesForged"));
	ASSERT_EQ(0, stat_get("DuplicateBytes"));
}

/* Somebody else's answer to HELLO: the keys would be others, and no resume would ever be
 * believed.
 */
CASE(tags, each_byte_of_key_in_welcome)
{
	struct man *m = &self->m;
	unsigned int i, n = 0;

	for (i = 0; i < RSESS_WIRE_KEY_LEN + RSESS_WIRE_MAC_LEN; i += 3) {
		m->flip[1] = i < RSESS_WIRE_KEY_LEN ?
			     WELCOME - RSESS_TLV_MAC_LEN - RSESS_TLV_SALT_LEN - 1 - i :
			     WELCOME - 1 - (i - RSESS_WIRE_KEY_LEN);
		OK(BEGIN(true, true));
		OK(transfer(m, self->end, 0, 0, 1000));
		OK(END());
		n++;
	}
	EXPECT_EQ(n, stat_get("FramesForged"));
}

/* With a pre-shared key it holds against those on the path. */
CASE(tags, with_psk)
{
	static const char key[] = "a key of 20 bytes...";
	struct man *m = &self->m;
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, AF_INET, PORT);
	unsigned int i;

	self->lfd = new_socket(AF_RSESS, 0);
	self->end[0] = new_socket(AF_RSESS, SOCK_NONBLOCK);
	OK(setsockopt(self->lfd, SOL_RSESS, RSESS_PSK, key, 20));
	OK(setsockopt(self->end[0], SOL_RSESS, RSESS_PSK, key, 20));
	OK(bind(self->lfd, (struct sockaddr *)&ss, len));
	OK(listen(self->lfd, 16));
	len = loopback(&ss, AF_INET, MAN_PORT);
	FAILS(EINPROGRESS, connect(self->end[0], (struct sockaddr *)&ss, len));
	OK(man_until(m, is_acceptable, &self->lfd));
	self->end[1] = accept4(self->lfd, NULL, NULL, SOCK_NONBLOCK);
	for (i = 0; i < FRAME; i += 11) {
		m->flip[variant->from] = m->passed[variant->from] + i;
		OK(transfer(m, self->end, variant->from, i * BYTES / 11, BYTES));
	}
	EXPECT_LT(0, stat_get("FramesForged"));
}

/* Where a transport carries less than a frame, frames become smaller. */
CASE(tags, transports_that_carry_little)
{
	struct way w[2] = {
		{ .want = 30000 }, { .want = 30000 },
	};
	struct sockaddr_storage ss;
	struct relay relay;
	socklen_t len;

	close(self->m.lfd);
	self->m.lfd = -1;
	OK(relay_start(&relay, AF_INET, IPPROTO_TCP, MAN_PORT, PORT, 1500));
	self->lfd = new_socket(AF_RSESS, 0);
	self->end[0] = new_socket(AF_RSESS, 0);
	len = loopback(&ss, AF_INET, PORT);
	OK(bind(self->lfd, (struct sockaddr *)&ss, len));
	OK(listen(self->lfd, 16));
	len = loopback(&ss, AF_INET, MAN_PORT);
	OK(connect(self->end[0], (struct sockaddr *)&ss, len));
	self->end[1] = accept(self->lfd, NULL, NULL);
	ASSERT_LE(0, self->end[1]);
	w[0].from = self->end[0];
	w[0].to = self->end[1];
	w[1].from = self->end[1];
	w[1].to = self->end[0];
	OK(flow(w, 2));
	OK(relay_stop(&relay));
	EXPECT_LT(20, relay.resets);
}

TEST_HARNESS_MAIN
