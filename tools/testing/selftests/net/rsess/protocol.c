// SPDX-License-Identifier: GPL-2.0
/*
 * What an agreed session answers to a peer that errs, lies, repeats itself or
 * falls silent.  Bad input costs the peer its transport, not the session.
 */
#define _GNU_SOURCE
#include <linux/sockios.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness.h"
#include "malformed.h"
#include "pair.h"
#include "stream.h"

/* Long enough for the kernel to do what it must not do; nothing waits for it. */
#define SILENCE_MS	300

/*
 * Session that is agreed on: {the kernel dials, the kernel accepts}.
 */
PAIR_FIXTURE(protocol);

CASE(protocol, in_order)
{
	OK(pair_open(&self->s));
	OK(pair_pump(&self->s, 300000, 300000));
	OK(pair_finish(&self->s));
	EXPECT_EQ(0, stat_get("TransportsLost"));
	EXPECT_EQ(0, stat_get("FramesMalformed"));
	EXPECT_EQ(0, stat_get("FramesUnexpected"));
}

static const u8 cookie[8] = "\x01\x02\x03\x04\xfe\xff\x00\x80";

/* A PONG with the cookie; acknowledgments may come before. */
static int expect_pong(struct peer *p)
{
	int type;

	do {
		type = peer_read(p);
	} while (type == RSESS_ACK);
	if (type != RSESS_PONG) {
		say("no PONG, but %d", type);
		return -EPROTO;
	}
	return memcmp(cookie, p->raw + RSESS_HDR_LEN, sizeof(cookie));
}

CASE(protocol, ping_is_answered)
{
	struct peer *p = &self->s.p;

	OK(pair_open(&self->s));
	OK(peer_send(p, RSESS_PING, cookie, sizeof(cookie)));
	OK(expect_pong(p));
	OK(pair_finish(&self->s));
}

/* Bytes for a reader that is behind wait in the transport, and so does what comes after
 * them; but not for long.
 */
CASE(protocol, ping_behind_unread_bytes)
{
	struct peer *p = &self->s.p;
	int i;

	OK(pair_open(&self->s));
	for (i = 0; i < 3; i++) {
		OK(peer_send_data(p, 100));
		OK(wait_readable(self->s.fd, 100 * (i + 1)));
	}
	OK(peer_send(p, RSESS_PING, cookie, sizeof(cookie)));
	OK(expect_pong(p));
	OK(pair_read(&self->s, 300));
	OK(pair_finish(&self->s));
}

/* A frame whose header comes first, so that it was read, and its payload later. */
static int send_in_two(struct peer *p, const u8 *frame, size_t len)
{
	int ret = peer_send_raw(p, frame, RSESS_HDR_LEN);

	usleep(200000 * slowness());
	return ret ?: peer_send_raw(p, frame + RSESS_HDR_LEN,
				    len - RSESS_HDR_LEN);
}

/* What comes in softirq is bytes; this is for the work. */
CASE(protocol, payload_of_ping_comes_later)
{
	u8 frame[RSESS_HDR_LEN + RSESS_CTRL_MAX];
	struct peer *p = &self->s.p;
	size_t len;

	OK(pair_open(&self->s));
	len = peer_make(p, RSESS_PING, p->snd_nxt, cookie, sizeof(cookie), frame);
	OK(send_in_two(p, frame, len));
	OK(expect_pong(p));
	OK(pair_finish(&self->s));
}

CASE(protocol, payload_of_abort_comes_later)
{
	u8 frame[RSESS_HDR_LEN + RSESS_CTRL_MAX];
	struct peer *p = &self->s.p;

	OK(pair_open(&self->s));
	OK(send_in_two(p, frame, peer_make_abort(p, RSESS_REASON_APP, frame)));
	OK(peer_gone(p));
	ASSERT_EQ(ECONNRESET, pair_fails(&self->s));
}

/* More frames at once than softirq takes: the rest is not forgotten. */
CASE(protocol, many_frames_at_once)
{
	struct peer *p = &self->s.p;
	u8 buf[500 * (RSESS_HDR_LEN + 1)];
	size_t len = 0;
	int i;

	OK(pair_open(&self->s));
	for (i = 0; i < 500; i++)
		len += peer_make_data(p, p->snd_nxt + i, 1, buf + len);
	OK(peer_send_raw(p, buf, len));
	p->snd_nxt += 500;
	OK(pair_read(&self->s, 500));
	OK(pair_finish(&self->s));
}

/* A control frame ends a reading, and nothing tells of the bytes behind it again. */
CASE(protocol, bytes_behind_control_frames)
{
	u8 buf[2 * (2 * RSESS_HDR_LEN + sizeof(cookie) + 100)];
	struct peer *p = &self->s.p;
	size_t len = 0;
	int i;

	OK(pair_open(&self->s));
	for (i = 0; i < 2; i++) {
		len += peer_make(p, RSESS_PING, p->snd_nxt, cookie,
				 sizeof(cookie), buf + len);
		len += peer_make_data(p, p->snd_nxt, 100, buf + len);
		peer_sent(p, 100);
	}
	OK(peer_send_raw(p, buf, len));
	OK(pair_read(&self->s, 200));
	OK(expect_pong(p));
	OK(pair_finish(&self->s));
}

CASE(protocol, data_below_is_dropped)
{
	struct peer *p = &self->s.p;
	static u8 buf[4000];

	OK(pair_open(&self->s));
	OK(peer_send_data(p, 1000));
	/* All of it old; then half of it. */
	OK(peer_send_raw(p, buf, peer_make_data(p, 0, 1000, buf)));
	OK(peer_send_raw(p, buf, peer_make_data(p, 500, 1000, buf)));
	p->snd_nxt = 1500;
	p->snd_max = 1500;
	p->write_seq = 1500;
	OK(pair_read(&self->s, 1500));
	OK(pair_finish(&self->s));
	EXPECT_EQ(1500, stat_get("DuplicateBytes"));
	EXPECT_EQ(0, stat_get("TransportsLost"));
}

/* What is told once is not told again, and the bytes behind it are in place. */
CASE(protocol, urgent_byte_comes_again)
{
	struct peer *p = &self->s.p;
	u8 buf[RSESS_HDR_LEN + 100];
	int fd;
	u8 c;

	OK(pair_open(&self->s));
	fd = self->s.fd;
	peer_make_data(p, 0, 100, buf);
	buf[1] |= RSESS_F_URGENT;
	OK(peer_send_raw(p, buf, sizeof(buf)));
	ASSERT_EQ(POLLPRI, wait_for(fd, POLLPRI));
	ASSERT_EQ(1, recv(fd, &c, 1, MSG_OOB));
	OK(pattern_check(99, &c, 1));
	OK(peer_send_raw(p, buf, sizeof(buf)));
	p->snd_nxt = 100;
	p->snd_max = 100;
	p->write_seq = 100;
	OK(peer_send_data(p, 100));
	OK(pair_read(&self->s, 99));
	self->s.in++;
	OK(pair_read(&self->s, 100));
	FAILS(EINVAL, recv(fd, &c, 1, MSG_OOB));
	OK(pair_finish(&self->s));
	EXPECT_EQ(100, stat_get("DuplicateBytes"));
}

/* The frame that has it says so and ends with it. */
CASE(protocol, urgent_byte_ends_its_frame)
{
	struct peer *p = &self->s.p;
	u8 buf[10];

	OK(pair_open(&self->s));
	OK(pair_write(&self->s, 50));
	pattern_fill(50, buf, sizeof(buf));
	ASSERT_EQ(sizeof(buf), send(self->s.fd, buf, sizeof(buf), MSG_OOB));
	self->s.out += sizeof(buf);
	OK(pair_write(&self->s, 50));
	while (p->rcv_nxt < 110) {
		OK(peer_expect(p, RSESS_DATA));
		ASSERT_EQ(p->rcv_nxt == 60, !!(p->raw[1] & RSESS_F_URGENT));
	}
	OK(pair_finish(&self->s));
}

/* The application reads nothing: credit runs out, acknowledgements do not. */
CASE(protocol, acks_flow_while_nobody_reads)
{
	struct peer *p = &self->s.p;
	u64 limit;

	OK(pair_open(&self->s));
	OK(peer_send_data(p, 1));
	OK(peer_take_ack(p, 1));
	limit = p->snd_limit;
	OK(peer_send_data(p, limit - 1));
	ASSERT_EQ(limit, p->snd_nxt);
	OK(peer_take_ack(p, limit));
	ASSERT_EQ(limit, p->snd_limit);
	OK(pair_read(&self->s, limit));
	while (p->snd_limit < limit + 2000) {
		ASSERT_LT(0, peer_read(p));
	}
	OK(pair_finish(&self->s));
	EXPECT_EQ(0, stat_get("TransportsLost"));
}

CASE(protocol, data_beyond_credit_ends_transport)
{
	struct peer *p = &self->s.p;
	u8 buf[100];
	u64 limit;

	OK(pair_open(&self->s));
	OK(peer_send_data(p, 1));
	OK(peer_take_ack(p, 1));
	limit = p->snd_limit;
	OK(peer_send_data(p, limit - 1));
	OK(peer_send_raw(p, buf, peer_make_data(p, limit, 1, buf)));
	OK(peer_gone(p));
	OK(pair_again(&self->s));
	ASSERT_EQ(limit, p->snd_una);
	OK(pair_read(&self->s, limit));
	while (p->snd_limit < limit + 2000) {
		ASSERT_LT(0, peer_read(p));
	}
	OK(pair_finish(&self->s));
}

/* peer_read() refuses a byte beyond the credit. */
CASE(protocol, credit_is_respected)
{
	struct pair *s = &self->s;

	s->p.window = 10000;
	OK(pair_open(s));
	/* HELLO or WELCOME gave it; from here on no frame raises it. */
	s->p.window = 0;
	OK(pair_write(s, 50000));
	OK(peer_take(&s->p, 10000));
	OK(peer_send_ack(&s->p));
	OK(peer_expect_nothing(&s->p, SILENCE_MS));
	s->p.limit += 1;
	OK(peer_send_ack(&s->p));
	OK(peer_take(&s->p, 1));
	OK(peer_expect_nothing(&s->p, SILENCE_MS));
	/* A reset gives no credit. */
	peer_reset(&s->p);
	OK(pair_again(s));
	OK(peer_expect_nothing(&s->p, SILENCE_MS));
	s->p.window = PEER_WINDOW;
	OK(peer_send_ack(&s->p));
	OK(peer_take(&s->p, 39999));
	OK(pair_finish(s));
}

/* FIN needs no credit. */
CASE(protocol, fin_without_credit)
{
	struct pair *s = &self->s;

	s->p.window = 1000;
	OK(pair_open(s));
	s->p.window = 0;
	OK(pair_write(s, 1000));
	OK(pair_shutdown(s));
	OK(peer_take(&s->p, 1000));
	OK(peer_expect(&s->p, RSESS_FIN));
	OK(pair_end(s));
}

/* Behind good frames in one piece: those still count. */
CASE(protocol, malformed_frame_behind_data)
{
	struct pair *s = &self->s;
	u8 buf[2000];
	size_t n;

	OK(pair_open(s));
	n = peer_make_data(&s->p, 0, 1000, buf);
	memset(buf + n, 0xff, 64);
	s->p.write_seq = 1000;
	s->p.snd_max = 1000;
	OK(peer_send_raw(&s->p, buf, n + 64));
	OK(peer_gone(&s->p));
	OK(pair_again(s));
	ASSERT_EQ(1000, s->p.snd_una);
	OK(pair_finish(s));
}

CASE(protocol, unknown_optional_frame_is_skipped)
{
	static const u32 lengths[] = { 0, 1, 100, 32768, RSESS_DATA_MAX };
	static u8 buf[PEER_FRAME_MAX];
	struct peer *p = &self->s.p;
	unsigned int i;

	OK(pair_open(&self->s));
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct rsess_frame f = {
			.type = i ? 100 + i : 0,
			.flags = RSESS_F_OPTIONAL,
			.length = lengths[i],
			.seq = p->snd_nxt,
			.ack = p->rcv_nxt,
			.limit = p->limit,
		};

		memset(buf, 0x5a, sizeof(buf));
		rsess_wire_encode(&f, buf);
		OK(peer_send_raw(p, buf, RSESS_HDR_LEN + lengths[i]));
		OK(peer_send_data(p, 100));
	}
	OK(pair_read(&self->s, 500));
	OK(pair_finish(&self->s));
	EXPECT_EQ(0, stat_get("TransportsLost"));
}

/* One byte at a time. */
CASE(protocol, frames_in_small_pieces)
{
	struct peer *p = &self->s.p;
	u8 buf[100];
	size_t n;
	size_t i;

	OK(pair_open(&self->s));
	n = peer_make_data(p, 0, 50, buf);
	for (i = 0; i < n; i++) {
		OK(peer_send_raw(p, buf + i, 1));
		usleep(1000);
	}
	p->write_seq = 50;
	p->snd_nxt = 50;
	p->snd_max = 50;
	OK(pair_read(&self->s, 50));
	OK(pair_finish(&self->s));
	EXPECT_EQ(0, stat_get("TransportsLost"));
}

CASE(protocol, errors_are_bounded)
{
	struct pair *s = &self->s;
	int reason = 0;
	int i;

	OK(pair_open(s));
	for (i = 0; i < 100 && !reason; i++) {
		OK(send_bad(&s->p, &malformed[0]));
		reason = peer_gone(&s->p);
		ASSERT_LE(0, reason);
		if (reason)
			break;
		ASSERT_LT(i, 32);
		OK(pair_again(s));
	}
	ASSERT_EQ(RSESS_REASON_PROTOCOL, reason);
	ASSERT_LE(31, i);
	ASSERT_LT(0, pair_fails(s));
}

/* What was queued is read first, as with TCP. */
CASE(protocol, abort_fails_behind_data)
{
	struct pair *s = &self->s;
	struct rsess_info info;
	char c;

	OK(pair_open(s));
	OK(peer_send_data(&s->p, 1000));
	OK(peer_take_ack(&s->p, 1000));
	OK(peer_send_abort(&s->p, RSESS_REASON_APP));
	OK(peer_gone(&s->p));
	OK(pair_read(s, 1000));
	ASSERT_EQ(ECONNRESET, pair_fails(s));
	/* The error is told once. */
	ASSERT_EQ(0, recv(s->fd, &c, 1, MSG_DONTWAIT));
	FAILS(EPIPE, send(s->fd, &c, 1, MSG_DONTWAIT | MSG_NOSIGNAL));
	OK(pair_info(s, &info));
	EXPECT_EQ(RSESS_REASON_APP, info.reason);
	EXPECT_EQ(1, stat_get("AbortsReceived"));
}

/* Both directions have ended and are confirmed: nothing is left to be cut. */
CASE(protocol, abort_behind_the_end)
{
	struct pair *s = &self->s;
	struct rsess_info info;

	OK(pair_open(s));
	OK(peer_send_data(&s->p, 100));
	OK(pair_shutdown(s));
	OK(peer_expect(&s->p, RSESS_FIN));
	OK(peer_send_fin(&s->p));
	OK(peer_take_ack(&s->p, s->p.snd_max));
	OK(peer_send_abort(&s->p, RSESS_REASON_APP));
	OK(peer_gone(&s->p));
	OK(wait_until(has_risen, &(struct rise){ "AbortsReceived", 0 }));
	OK(pair_read(s, 100));
	OK(read_eof(s->fd));
	ASSERT_EQ(0, socket_error(s->fd));
	OK(pair_info(s, &info));
	EXPECT_EQ(RSESS_REASON_CLOSED, info.reason);
	EXPECT_EQ(0, stat_get("SessionsFailed"));
}

static int outq(struct pair *s, int name)
{
	int n = -1;

	return ioctl(s->fd, name, &n) ? -errno : n;
}

static int sigpipes;

static void count_sigpipe(int sig)
{
	(void)sig;
	sigpipes++;
}

/* The peer's application closed its socket: STOP behind FIN. */
CASE(protocol, stop_gives_epipe)
{
	struct pair *s = &self->s;
	char c = 0;

	OK(pair_open(s));
	OK(pair_write(s, 500));
	OK(peer_send_data(&s->p, 1000));
	OK(peer_send_fin(&s->p));
	OK(peer_send(&s->p, RSESS_STOP, NULL, 0));
	/* The kernel ends its stream behind what it has sent. */
	OK(peer_take(&s->p, 500));
	OK(peer_expect(&s->p, RSESS_FIN));
	signal(SIGPIPE, count_sigpipe);
	FAILS(EPIPE, send(s->fd, &c, 1, MSG_NOSIGNAL));
	ASSERT_EQ(0, sigpipes);
	FAILS(EPIPE, write(s->fd, &c, 1));
	ASSERT_EQ(1, sigpipes);
	/* Whatever it sent before is read. */
	OK(pair_read(s, 1000));
	OK(read_eof(s->fd));
	s->shut = true;
	OK(pair_end(s));
}

/* The peer had all that was written: the application may say one thing more, which is not
 * sent.
 */
CASE(protocol, stop_takes_a_goodbye)
{
	const int open = POLLIN | POLLOUT | POLLRDHUP;
	struct pair *s = &self->s;

	OK(pair_open(s));
	OK(pair_write(s, 500));
	OK(peer_take(&s->p, 500));
	OK(peer_send_fin(&s->p));
	OK(peer_send(&s->p, RSESS_STOP, NULL, 0));
	OK(peer_expect(&s->p, RSESS_FIN));
	ASSERT_EQ(open, events(s->fd));
	ASSERT_EQ(3, send(s->fd, "bye", 3, MSG_NOSIGNAL));
	ASSERT_EQ(open | POLLERR | POLLHUP, events(s->fd));
	EXPECT_EQ(3, outq(s, SIOCOUTQ));
	FAILS(EPIPE, send(s->fd, "bye", 3, MSG_NOSIGNAL));
	OK(read_eof(s->fd));
	s->shut = true;
	OK(pair_end(s));
}

/* STOP is lost with its transport and comes again with the next. */
CASE(protocol, stop_is_sent_again)
{
	struct pair *s = &self->s;

	OK(pair_open(s));
	close(s->fd);
	s->fd = -1;
	OK(peer_expect(&s->p, RSESS_FIN));
	OK(peer_expect(&s->p, RSESS_STOP));
	peer_reset(&s->p);
	OK(pair_again(s));
	OK(peer_expect(&s->p, RSESS_STOP));
	OK(peer_send_fin(&s->p));
	OK(peer_take_ack(&s->p, s->p.snd_max));
	OK(peer_gone(&s->p));
}

/* close() with unread input: the peer reads all that was sent. */
CASE(protocol, close_with_unread_input)
{
	struct pair *s = &self->s;

	OK(pair_open(s));
	OK(peer_send_data(&s->p, 5000));
	OK(peer_take_ack(&s->p, 5000));
	OK(pair_write(s, 5000));
	close(s->fd);
	s->fd = -1;
	OK(peer_take(&s->p, 5000));
	OK(peer_expect(&s->p, RSESS_FIN));
	OK(peer_expect(&s->p, RSESS_STOP));
	/* What is still sent is acknowledged and thrown away. */
	OK(peer_send_data(&s->p, 5000));
	OK(peer_send_fin(&s->p));
	OK(peer_take_ack(&s->p, s->p.snd_max));
	OK(peer_gone(&s->p));
	EXPECT_LE(5000, stat_get("DiscardedBytes"));
}

/* The peer's end has come behind bytes that had not been read then: it is known to close(),
 * and nobody is told to STOP.
 */
CASE(protocol, close_behind_unread_end)
{
	struct pair *s = &self->s;
	char buf[100];

	OK(pair_open(s));
	OK(peer_send_data(&s->p, sizeof(buf)));
	OK(wait_readable(s->fd, sizeof(buf)));
	OK(peer_send_fin(&s->p));
	ASSERT_EQ(sizeof(buf), recv(s->fd, buf, sizeof(buf), 0));
	close(s->fd);
	s->fd = -1;
	OK(peer_expect(&s->p, RSESS_FIN));
	OK(peer_send_ack(&s->p));
	OK(peer_gone(&s->p));
}

CASE(protocol, hard_close_aborts)
{
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };
	struct pair *s = &self->s;

	OK(pair_open(s));
	OK(pair_write(s, 1000));
	OK(setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
	close(s->fd);
	s->fd = -1;
	ASSERT_EQ(RSESS_REASON_APP, peer_aborted(&s->p));
	EXPECT_EQ(1, stat_get("AbortsSent"));
	OK(no_sessions());
}

static void *close_it(void *arg)
{
	struct pair *s = arg;

	close(s->fd);
	s->fd = -1;
	return NULL;
}

/* SO_LINGER waits for the peer's session, not for the peer's TCP. */
CASE(protocol, linger_waits_for_confirmation)
{
	struct linger soft = { .l_onoff = 1, .l_linger = 60 };
	struct pair *s = &self->s;
	pthread_t thread;
	int left;

	OK(pair_open(s));
	OK(pair_write(s, 1000));
	OK(peer_take(&s->p, 1000));
	OK(setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &soft, sizeof(soft)));
	OK(ioctl(s->fd, SIOCOUTQ, &left));
	ASSERT_EQ(1000, left);
	OK(pthread_create(&thread, NULL, close_it, s));
	OK(peer_expect(&s->p, RSESS_FIN));
	usleep(SILENCE_MS * 1000);
	ASSERT_LE(0, s->fd);
	OK(peer_send_ack(&s->p));
	OK(pthread_join(thread, NULL));
	ASSERT_EQ(-1, s->fd);
	OK(peer_expect(&s->p, RSESS_STOP));
	OK(peer_send_fin(&s->p));
	OK(peer_take_ack(&s->p, s->p.snd_max));
	OK(peer_gone(&s->p));
}

/* An honest answer to "has it arrived?". */
CASE(protocol, outq_counts_what_the_session_has_not_confirmed)
{
	struct pair *s = &self->s;
	int left;

	OK(pair_open(s));
	OK(pair_write(s, 1000));
	OK(peer_take(&s->p, 1000));
	OK(ioctl(s->fd, SIOCOUTQ, &left));
	ASSERT_EQ(1000, left);
	s->p.rcv_nxt -= 400;
	OK(peer_send_ack(&s->p));
	s->p.rcv_nxt += 400;
	do {
		OK(ioctl(s->fd, SIOCOUTQ, &left));
	} while (left == 1000);
	ASSERT_EQ(400, left);
	OK(peer_send_ack(&s->p));
	do {
		OK(ioctl(s->fd, SIOCOUTQ, &left));
	} while (left == 400);
	ASSERT_EQ(0, left);
	OK(pair_finish(s));
}

/* Nothing is delivered by an error. */
CASE(protocol, outq_stays_after_econnreset)
{
	struct pair *s = &self->s;

	OK(pair_open(s));
	OK(pair_write(s, 1000));
	OK(peer_take(&s->p, 1000));
	s->p.rcv_nxt -= 400;
	OK(peer_send_ack(&s->p));
	OK(peer_send_abort(&s->p, RSESS_REASON_APP));
	ASSERT_EQ(ECONNRESET, pair_fails(s));
	EXPECT_EQ(400, outq(s, SIOCOUTQ));
	EXPECT_EQ(0, outq(s, SIOCOUTQNSD));
}

CASE(protocol, outq_stays_after_etimedout)
{
	struct pair *s = &self->s;

	OK(pair_open(s));
	OK(pair_timeout(s->fd, 300));
	peer_free(&s->p);
	OK(pair_write(s, 1000));
	ASSERT_EQ(ETIMEDOUT, pair_fails(s));
	EXPECT_EQ(1000, outq(s, SIOCOUTQ));
}

/* Nor by a peer that reads no more. */
CASE(protocol, outq_stays_after_stop)
{
	struct pair *s = &self->s;

	s->p.window = 1000;
	OK(pair_open(s));
	s->p.window = 0;
	OK(pair_write(s, 5000));
	OK(peer_take(&s->p, 1000));
	OK(peer_send_fin(&s->p));
	OK(peer_send(&s->p, RSESS_STOP, NULL, 0));
	OK(peer_expect(&s->p, RSESS_FIN));
	OK(peer_send_ack(&s->p));
	OK(peer_gone(&s->p));
	EXPECT_EQ(4000, outq(s, SIOCOUTQ));
	EXPECT_EQ(4000, outq(s, SIOCOUTQNSD));
}

/* The side that dials finds that the session is gone, so does the other. */
CASE(protocol, hard_close_without_transport)
{
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };
	struct pair *s = &self->s;

	if (variant->dialer)
		return;
	OK(pair_open(s));
	peer_reset(&s->p);
	OK(setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
	close(s->fd);
	s->fd = -1;
	OK(peer_dial(&s->p));
	OK(peer_send_resume(&s->p));
	ASSERT_EQ(RSESS_REASON_UNKNOWN, peer_aborted(&s->p));
}

/*
 * Offsets that cross 2^64: the peer's stream starts 300000 below.
 */
CASE(protocol, offsets_wrap)
{
	struct pair *s = &self->s;
	u64 start = 0ull - 300000;
	int i;

	pair_free(s);
	pair_init(s, variant->dialer, AF_INET, start);
	OK(pair_open(s));
	for (i = 0; i < 4; i++) {
		OK(pair_pump(s, 262144, 262144));
		OK(pair_write(s, 1000));
		OK(peer_send_data(&s->p, 1000));
		peer_reset(&s->p);
		OK(pair_again(s));
		OK(peer_take(&s->p, 1000));
		OK(pair_read(s, 1000));
	}
	OK(pair_finish(s));
	ASSERT_LT(s->p.snd_nxt, start);
}

/* The reset falls right on the wrap, and FIN takes the offset 0. */
CASE(protocol, fin_wraps)
{
	struct pair *s = &self->s;

	pair_free(s);
	pair_init(s, variant->dialer, AF_INET, 0ull - 1000);
	OK(pair_open(s));
	OK(peer_send_data(&s->p, 1000));
	peer_reset(&s->p);
	OK(pair_again(s));
	ASSERT_EQ(0, s->p.write_seq);
	OK(peer_send_fin(&s->p));
	OK(pair_read(s, 1000));
	OK(read_eof(s->fd));
	peer_reset(&s->p);
	OK(pair_again(s));
	OK(pair_end(s));
	ASSERT_EQ(1, s->p.snd_una);
}

static int pings(struct peer *p, int n)
{
	int ret = 0;

	while (!ret && n--)
		ret = peer_expect(p, RSESS_PING);
	return ret;
}

/* Nothing is awaited.  If the peer gave this transport up, only the side that
 * dials can find out, and has to ask.
 */
CASE(protocol, idle_dialer_probes)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	struct pollfd pfd;

	if (!variant->dialer)
		return;
	OK(file_write("/proc/sys/net/rsess/probe_interval_ms", "300"));
	OK(pair_open(s));
	/* The application has sent nothing; then all of it is confirmed. */
	OK(pings(p, 3));
	OK(pair_write(s, 1000));
	OK(peer_take(p, 1000));
	OK(peer_send_ack(p));
	OK(pings(p, 3));
	EXPECT_EQ(0, stat_get("TransportsLost"));

	p->pong = false;
	OK(file_write("/proc/sys/net/rsess/stall_timeout_ms", "1000"));
	OK(peer_expect(p, RSESS_PING));
	OK(peer_gone(p));
	OK(file_write("/proc/sys/net/rsess/stall_timeout_ms", "10000"));
	p->pong = true;
	OK(pair_again(s));
	OK(peer_expect(p, RSESS_PING));
	EXPECT_EQ(1, stat_get("Stalls"));

	/* 0: never. */
	OK(file_write("/proc/sys/net/rsess/probe_interval_ms", "0"));
	peer_reset(p);
	OK(pair_again(s));
	pfd.fd = p->fd;
	pfd.events = POLLIN;
	ASSERT_EQ(0, poll(&pfd, 1, 4 * SILENCE_MS));
	OK(pair_finish(s));
}

/* Nobody comes back, or nobody is there any more. */
CASE(protocol, alone_times_out)
{
	struct pair *s = &self->s;
	struct rsess_info info;
	char c;

	OK(pair_open(s));
	OK(pair_timeout(s->fd, 2000));
	peer_free(&s->p);
	ASSERT_EQ(ETIMEDOUT, pair_fails(s));
	FAILS(EPIPE, send(s->fd, &c, 1, MSG_DONTWAIT | MSG_NOSIGNAL));
	OK(pair_info(s, &info));
	EXPECT_EQ(RSESS_REASON_TIMEOUT, info.reason);
	EXPECT_EQ(1, stat_get("SessionTimeouts"));
	close(s->fd);
	s->fd = -1;
	OK(no_sessions());
}

TEST_HARNESS_MAIN
