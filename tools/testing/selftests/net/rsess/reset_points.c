// SPDX-License-Identifier: GPL-2.0
/*
 * A reset at every point of a session.  The kernel has one end; the other is a
 * peer that breaks its transport exactly where the test says.  After each the
 * bytes of both directions arrive whole, once and in order.
 */
#define _GNU_SOURCE
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "pair.h"

/* Places to break a frame: in its header, at its end, in its payload. */
static const size_t cuts[] = { 1, 16, 31, 32, 33, 47 };

#define for_each_cut(cut)					\
	for (unsigned int i = 0; i < ARRAY_SIZE(cuts) &&	\
	     ((cut) = cuts[i], 1); i++)

/*
 * Session that is agreed on: {the kernel dials, the kernel accepts}.
 */
FIXTURE(reset) {
	struct pair s;
};

FIXTURE_VARIANT(reset) {
	bool dialer;
	int family;
};

FIXTURE_VARIANT_ADD(reset, dialer) {
	.dialer = true,
	.family = AF_INET,
};

FIXTURE_VARIANT_ADD(reset, acceptor) {
	.dialer = false,
	.family = AF_INET,
};

FIXTURE_VARIANT_ADD(reset, dialer_v6) {
	.dialer = true,
	.family = AF_INET6,
};

FIXTURE_VARIANT_ADD(reset, acceptor_v6) {
	.dialer = false,
	.family = AF_INET6,
};

FIXTURE_SETUP(reset)
{
	pair_init(&self->s, variant->dialer, variant->family, 0);
	OK(netns_inband());
}

FIXTURE_TEARDOWN(reset)
{
	pair_free(&self->s);
}

CASE(reset, idle)
{
	OK(pair_open(&self->s));
	peer_reset(&self->s.p);
	OK(pair_again(&self->s));
	OK(pair_finish(&self->s));
	EXPECT_EQ(1, stat_get("TransportsLost"));
	EXPECT_EQ(1, stat_get("Resumes"));
}

/* Not a reset, but lost all the same: there was no FIN of the session. */
CASE(reset, end_of_transport_is_not_end_of_stream)
{
	OK(pair_open(&self->s));
	OK(pair_write(&self->s, 100));
	OK(peer_take(&self->s.p, 100));
	peer_close(&self->s.p);
	OK(pair_again(&self->s));
	OK(pair_finish(&self->s));
}

CASE(reset, several_in_a_row)
{
	struct pair *s = &self->s;
	int i;

	OK(pair_open(s));
	for (i = 0; i < 12; i++) {
		OK(pair_write(s, 3000));
		OK(peer_send_data(&s->p, 3000));
		peer_reset(&s->p);
		OK(pair_again(s));
	}
	OK(pair_finish(s));
	EXPECT_EQ(12, stat_get("Resumes"));
}

CASE(reset, in_header_from_peer)
{
	struct peer *p = &self->s.p;
	static u8 buf[2000];
	size_t cut;

	OK(pair_open(&self->s));
	p->write_seq += 1000;
	for_each_cut(cut) {
		u64 seq = p->snd_nxt;

		if (cut > RSESS_HDR_LEN)
			break;
		peer_make_data(p, seq, 1000, buf);
		OK(peer_send_raw(p, buf, cut));
		peer_reset(p);
		/* No payload has come, so none is acknowledged. */
		if (variant->dialer) {
			OK(peer_accept(p));
			OK(peer_expect(p, RSESS_RESUME));
			OK(peer_send_resumed(p));
		} else {
			OK(peer_dial(p));
			OK(peer_send_resume(p));
			OK(peer_expect(p, RSESS_RESUMED));
		}
		ASSERT_EQ(seq, p->snd_nxt);
	}
	OK(peer_push(p));
	OK(pair_finish(&self->s));
}

CASE(reset, in_payload_from_peer)
{
	struct peer *p = &self->s.p;
	static u8 buf[2000];
	unsigned int n;

	OK(pair_open(&self->s));
	for (n = 1; n < 1000; n += 333) {
		u64 seq = p->snd_nxt;

		peer_make_data(p, seq, 1000, buf);
		OK(peer_send_raw(p, buf, RSESS_HDR_LEN + n));
		/* What came is as good as sent, in whole frames or not. */
		p->write_seq = seq + 1000;
		p->snd_max = seq + n;
		peer_reset(p);
		OK(pair_again(&self->s));
	}
	OK(pair_finish(&self->s));
}

CASE(reset, in_header_from_kernel)
{
	struct pair *s = &self->s;
	size_t cut;

	OK(pair_open(s));
	OK(pair_write(s, 1000));
	for_each_cut(cut) {
		OK(peer_swallow(&s->p, cut));
		peer_reset(&s->p);
		OK(pair_again(s));
	}
	OK(pair_finish(s));
	EXPECT_LE(6000, stat_get("RetransBytes"));
}

CASE(reset, in_payload_from_kernel)
{
	struct pair *s = &self->s;
	unsigned int n;

	OK(pair_open(s));
	OK(pair_write(s, 1000));
	for (n = 1; n < 1000; n += 333) {
		OK(peer_swallow(&s->p, RSESS_HDR_LEN + n));
		peer_reset(&s->p);
		OK(pair_again(s));
	}
	OK(pair_finish(s));
}

/* The ack was lost, not the bytes: nothing is sent again. */
CASE(reset, between_data_and_ack)
{
	struct pair *s = &self->s;

	OK(pair_open(s));
	OK(pair_write(s, 5000));
	OK(peer_take(&s->p, 5000));
	peer_reset(&s->p);
	OK(pair_again(s));
	OK(pair_finish(s));
	EXPECT_EQ(0, s->p.again);
	EXPECT_EQ(0, stat_get("RetransBytes"));
}

/* The bytes were lost: the transport had them, the session did not. */
CASE(reset, between_data_and_session)
{
	struct pair *s = &self->s;

	OK(pair_open(s));
	OK(pair_write(s, 5000));
	OK(peer_swallow(&s->p, RSESS_HDR_LEN + 5000));
	peer_reset(&s->p);
	OK(pair_again(s));
	OK(pair_finish(s));
	EXPECT_LE(5000, stat_get("RetransBytes"));
}

CASE(reset, between_data_from_peer_and_ack)
{
	struct pair *s = &self->s;

	OK(pair_open(s));
	OK(peer_send_data(&s->p, 5000));
	peer_reset(&s->p);
	OK(pair_again(s));
	OK(pair_finish(s));
}

/* What the kernel had acknowledged stays, read or not. */
CASE(reset, acknowledged_data_is_kept)
{
	struct pair *s = &self->s;

	OK(pair_open(s));
	OK(peer_send_data(&s->p, 5000));
	OK(peer_take_ack(&s->p, s->p.snd_nxt));
	peer_reset(&s->p);
	OK(pair_read(s, 5000));
	OK(pair_again(s));
	ASSERT_EQ(s->p.write_seq, s->p.snd_nxt);
	OK(pair_finish(s));
	EXPECT_EQ(0, stat_get("DuplicateBytes"));
}

/* The application goes on while there is no transport. */
CASE(reset, writes_without_transport)
{
	struct pair *s = &self->s;
	struct rsess_info info;

	OK(pair_open(s));
	peer_reset(&s->p);
	OK(pair_write(s, 20000));
	s->p.write_seq += 20000;
	OK(pair_info(s, &info));
	EXPECT_EQ(20000, info.write_seq - info.snd_una);
	OK(pair_again(s));
	OK(pair_finish(s));
}

/* Much data in both directions, torn again and again. */
CASE(reset, in_bulk)
{
	struct pair *s = &self->s;
	int i;

	OK(pair_open(s));
	for (i = 0; i < 8; i++) {
		OK(pair_pump(s, 150000 + i, 150000 - i));
		OK(pair_write(s, 20000));
		OK(peer_send_data(&s->p, 20000));
		OK(peer_swallow(&s->p, 100 * i));
		peer_reset(&s->p);
		OK(pair_again(s));
		OK(peer_take(&s->p, 20000));
		OK(pair_read(s, 20000));
	}
	OK(pair_finish(s));
}

CASE(reset, between_fin_and_ack)
{
	struct pair *s = &self->s;

	OK(pair_open(s));
	OK(pair_write(s, 1000));
	OK(pair_shutdown(s));
	OK(peer_take(&s->p, 1000));
	OK(peer_expect(&s->p, RSESS_FIN));
	peer_reset(&s->p);
	OK(pair_again(s));
	OK(peer_send_data(&s->p, 1000));
	OK(pair_end(s));
}

CASE(reset, fin_lost)
{
	struct pair *s = &self->s;

	OK(pair_open(s));
	OK(pair_shutdown(s));
	OK(peer_swallow(&s->p, RSESS_HDR_LEN));
	peer_reset(&s->p);
	OK(pair_again(s));
	OK(peer_expect(&s->p, RSESS_FIN));
	OK(peer_send_data(&s->p, 1000));
	OK(pair_end(s));
}

CASE(reset, in_fin)
{
	struct pair *s = &self->s;

	OK(pair_open(s));
	OK(pair_shutdown(s));
	OK(peer_swallow(&s->p, 16));
	peer_reset(&s->p);
	OK(pair_again(s));
	OK(pair_end(s));
}

CASE(reset, between_fin_from_peer_and_ack)
{
	struct pair *s = &self->s;

	OK(pair_open(s));
	OK(peer_send_data(&s->p, 1000));
	OK(peer_send_fin(&s->p));
	peer_reset(&s->p);
	OK(pair_again(s));
	OK(pair_read(s, 1000));
	OK(read_eof(s->fd));
	OK(pair_write(s, 1000));
	OK(pair_end(s));
}

CASE(reset, in_fin_from_peer)
{
	struct pair *s = &self->s;
	u8 buf[RSESS_HDR_LEN];

	OK(pair_open(s));
	peer_make(&s->p, RSESS_FIN, s->p.snd_nxt, NULL, 0, buf);
	OK(peer_send_raw(&s->p, buf, 20));
	peer_reset(&s->p);
	OK(pair_again(s));
	OK(pair_finish(s));
}

/* Both FINs under way at once. */
CASE(reset, closing)
{
	struct pair *s = &self->s;

	OK(pair_open(s));
	OK(pair_shutdown(s));
	OK(peer_send_fin(&s->p));
	peer_reset(&s->p);
	OK(pair_again(s));
	OK(pair_end(s));
}

/* The kernel ended first; its last ack is lost. */
CASE(reset, peer_in_last_ack)
{
	struct pair *s = &self->s;

	OK(pair_open(s));
	OK(pair_shutdown(s));
	OK(peer_expect(&s->p, RSESS_FIN));
	OK(peer_send_fin(&s->p));
	OK(read_eof(s->fd));
	peer_reset(&s->p);
	OK(pair_again(s));
	OK(pair_end(s));
	ASSERT_EQ(s->p.snd_max, s->p.snd_una);
}

/* The same, and the application is gone: an orphan or a tombstone answers. */
CASE(reset, peer_in_last_ack_after_close)
{
	struct pair *s = &self->s;

	OK(pair_open(s));
	OK(pair_shutdown(s));
	OK(peer_expect(&s->p, RSESS_FIN));
	OK(peer_send_fin(&s->p));
	OK(read_eof(s->fd));
	close(s->fd);
	s->fd = -1;
	peer_reset(&s->p);
	OK(pair_again(s));
	OK(peer_take_ack(&s->p, s->p.snd_max));
	OK(peer_gone(&s->p));
}

/* The peer ended first; its last ack is lost. */
CASE(reset, peer_in_time_wait)
{
	struct pair *s = &self->s;

	OK(pair_open(s));
	OK(peer_send_fin(&s->p));
	OK(read_eof(s->fd));
	OK(pair_shutdown(s));
	OK(peer_expect(&s->p, RSESS_FIN));
	peer_reset(&s->p);
	OK(pair_again(s));
	OK(pair_end(s));
}

CASE(reset, peer_in_time_wait_after_close)
{
	struct pair *s = &self->s;

	OK(pair_open(s));
	OK(peer_send_fin(&s->p));
	OK(read_eof(s->fd));
	OK(pair_write(s, 3000));
	close(s->fd);
	s->fd = -1;
	OK(peer_take(&s->p, 3000));
	OK(peer_expect(&s->p, RSESS_FIN));
	peer_reset(&s->p);
	OK(pair_again(s));
	OK(peer_take_ack(&s->p, s->p.snd_max));
	OK(peer_gone(&s->p));
}

/* close() with bytes on the way: they and FIN still arrive. */
CASE(reset, after_close)
{
	struct pair *s = &self->s;

	OK(pair_open(s));
	OK(pair_write(s, 20000));
	close(s->fd);
	s->fd = -1;
	OK(peer_swallow(&s->p, 10000));
	peer_reset(&s->p);
	OK(pair_again(s));
	OK(peer_take(&s->p, 20000));
	OK(peer_expect(&s->p, RSESS_FIN));
	OK(peer_expect(&s->p, RSESS_STOP));
	OK(peer_send_fin(&s->p));
	OK(peer_take_ack(&s->p, s->p.snd_max));
	OK(peer_gone(&s->p));
}

CASE(reset, in_resume)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	u8 buf[200];
	size_t cut;

	OK(pair_open(s));
	OK(pair_write(s, 5000));
	p->write_seq += 5000;
	peer_reset(p);
	for_each_cut(cut) {
		if (variant->dialer) {
			OK(peer_accept(p));
			OK(peer_swallow(p, cut));
		} else {
			OK(peer_dial(p));
			p->epoch++;
			peer_make_resume(p, p->epoch, p->rcv_nxt, buf);
			OK(peer_send_raw(p, buf, cut));
		}
		peer_reset(p);
	}
	OK(pair_again(s));
	OK(pair_finish(s));
}

CASE(reset, between_resume_and_resumed)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	int i;

	OK(pair_open(s));
	OK(pair_write(s, 5000));
	p->write_seq += 5000;
	peer_reset(p);
	for (i = 0; i < 5; i++) {
		if (variant->dialer) {
			OK(peer_accept(p));
			OK(peer_expect(p, RSESS_RESUME));
		} else {
			OK(peer_dial(p));
			OK(peer_send_resume(p));
		}
		peer_reset(p);
	}
	OK(pair_again(s));
	OK(pair_finish(s));
}

CASE(reset, in_resumed)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	u8 buf[200];
	size_t cut;

	OK(pair_open(s));
	OK(pair_write(s, 5000));
	p->write_seq += 5000;
	peer_reset(p);
	for_each_cut(cut) {
		if (variant->dialer) {
			OK(peer_accept(p));
			OK(peer_expect(p, RSESS_RESUME));
			peer_make_resumed(p, p->rcv_nxt, buf);
			OK(peer_send_raw(p, buf, cut));
		} else {
			OK(peer_dial(p));
			OK(peer_send_resume(p));
			OK(peer_swallow(p, cut));
		}
		peer_reset(p);
	}
	OK(pair_again(s));
	OK(pair_finish(s));
}

/* RESUMED arrives, and the transport is gone before a byte of data. */
CASE(reset, behind_resumed)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	int i;

	OK(pair_open(s));
	OK(pair_write(s, 5000));
	p->write_seq += 5000;
	peer_reset(p);
	for (i = 0; i < 5; i++) {
		if (variant->dialer) {
			OK(peer_accept(p));
			OK(peer_expect(p, RSESS_RESUME));
			OK(peer_send_resumed(p));
		} else {
			OK(peer_dial(p));
			OK(peer_send_resume(p));
			OK(peer_expect(p, RSESS_RESUMED));
		}
		peer_reset(p);
	}
	OK(pair_again(s));
	OK(pair_finish(s));
}

/* The peer falls silent: PING, then another transport. */
CASE(reset, stall)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	int old;

	OK(pair_open(s));
	OK(file_write("/proc/sys/net/rsess/stall_timeout_ms", "1000"));
	p->pong = false;
	OK(pair_write(s, 1000));
	OK(peer_take(p, 1000));
	OK(peer_expect(p, RSESS_PING));
	if (variant->dialer) {
		old = p->fd;
		OK(pair_again(s));
		close(old);
	} else {
		OK(peer_gone(p));
		OK(pair_again(s));
	}
	p->pong = true;
	OK(pair_finish(s));
	EXPECT_LT(0, stat_get("PingsSent"));
	EXPECT_EQ(1, stat_get("Stalls"));
}

/* The peer takes what is written and says nothing, until it is given up. */
static int falls_silent(struct pair *s)
{
	s->p.pong = false;
	return pair_write(s, 1000) ?: peer_take(&s->p, 1000) ?: peer_gone(&s->p);
}

/* A transport that gives nothing at all is borne for twice as long as the one before. */
CASE(reset, stall_doubles)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	int64_t begin;
	int i;

	OK(pair_open(s));
	OK(file_write("/proc/sys/net/rsess/stall_timeout_ms", "500"));
	for (i = 0; i < 4; i++) {
		begin = now_ms();
		OK(falls_silent(s));
		EXPECT_LE(i < 2 ? 450 << i : 1900, now_ms() - begin);
		OK(pair_again(s));
	}
	OK(file_write("/proc/sys/net/rsess/stall_timeout_ms", "10000"));
	p->pong = true;
	OK(pair_finish(s));
	EXPECT_EQ(4, stat_get("Stalls"));
}

/* But not until TCP_USER_TIMEOUT ends the session: there is time for one more. */
CASE(reset, stall_leaves_time)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	int limit = 9600, i;

	if (!variant->dialer)
		return;
	OK(pair_open(s));
	OK(setsockopt(s->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof(limit)));
	OK(file_write("/proc/sys/net/rsess/stall_timeout_ms", "3000"));
	for (i = 0; i < 3; i++) {
		OK(falls_silent(s));
		OK(pair_again(s));
	}
	p->pong = true;
	OK(pair_finish(s));
}

/* Where one address gives nothing behind the answer, the other one is tried. */
CASE(reset, stall_goes_elsewhere)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	struct sockaddr_storage ss;
	int first = p->lfd;
	socklen_t len;

	if (!variant->dialer || variant->family != AF_INET)
		return;
	OK(pair_open(s));
	len = address(&ss, AF_INET, "127.0.0.2", PORT);
	p->lfd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	OK(bind(p->lfd, (struct sockaddr *)&ss, len));
	OK(listen(p->lfd, 1));
	OK(setsockopt(s->fd, SOL_RSESS, RSESS_ADD_ADDR, &ss, len));
	OK(file_write("/proc/sys/net/rsess/stall_timeout_ms", "1000"));
	OK(falls_silent(s));
	OK(pair_again(s));
	close(first);
	OK(file_write("/proc/sys/net/rsess/stall_timeout_ms", "10000"));
	p->pong = true;
	OK(pair_finish(s));
}

/* An answer is all that it takes, even if nothing is acknowledged. */
CASE(reset, pong_prevents_stall)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	int pings = 0;

	OK(pair_open(s));
	OK(file_write("/proc/sys/net/rsess/stall_timeout_ms", "6000"));
	OK(pair_write(s, 1000));
	/* Not entered in the books, so PONG does not acknowledge it. */
	OK(peer_expect(p, RSESS_DATA));
	p->rcv_nxt -= 1000;
	while (pings < 2) {
		int type = peer_read(p);

		ASSERT_LT(0, type);
		pings += type == RSESS_PING;
	}
	p->rcv_nxt += 1000;
	OK(pair_finish(s));
	EXPECT_EQ(0, stat_get("Stalls"));
}

/*
 * Handshake, the kernel dials.
 */
FIXTURE(hello_out) {
	struct pair s;
};

FIXTURE_SETUP(hello_out)
{
	pair_init(&self->s, true, AF_INET, 0);
	OK(netns_inband());
	OK(pair_start(&self->s));
}

FIXTURE_TEARDOWN(hello_out)
{
	pair_free(&self->s);
}

CASE(hello_out, in_hello)
{
	struct peer *p = &self->s.p;
	size_t cut;

	for_each_cut(cut) {
		OK(peer_accept(p));
		OK(peer_swallow(p, cut));
		peer_reset(p);
	}
	OK(peer_welcome(p));
	OK(pair_connected(&self->s));
	OK(pair_finish(&self->s));
}

/* It is the same HELLO each time, so no second session can come of it. */
CASE(hello_out, between_hello_and_welcome)
{
	struct peer *p = &self->s.p;
	u8 hello[RSESS_HDR_LEN + sizeof(struct rsess_wire_hello)];
	int i;

	OK(peer_accept(p));
	OK(peer_expect(p, RSESS_HELLO));
	memcpy(hello, p->raw, sizeof(hello));
	for (i = 0; i < 5; i++) {
		peer_reset(p);
		OK(peer_accept(p));
		OK(peer_expect(p, RSESS_HELLO));
		OK(memcmp(hello, p->raw, sizeof(hello)));
	}
	OK(peer_send_welcome(p));
	OK(pair_connected(&self->s));
	OK(pair_finish(&self->s));
	EXPECT_EQ(1, stat_get("SessionsDialed"));
}

CASE(hello_out, in_welcome)
{
	struct peer *p = &self->s.p;
	u8 buf[200];
	size_t cut;

	for_each_cut(cut) {
		OK(peer_accept(p));
		OK(peer_expect(p, RSESS_HELLO));
		peer_make_welcome(p, buf);
		OK(peer_send_raw(p, buf, cut));
		peer_reset(p);
	}
	OK(peer_welcome(p));
	OK(pair_connected(&self->s));
	OK(pair_finish(&self->s));
}

/* Whether WELCOME has been read decides what comes next. */
CASE(hello_out, behind_welcome)
{
	struct peer *p = &self->s.p;
	int ret;

	OK(peer_welcome(p));
	peer_reset(p);
	OK(peer_accept(p));
	ret = peer_read(p);
	if (ret == RSESS_HELLO) {
		OK(peer_send_welcome(p));
	} else {
		ASSERT_EQ(RSESS_RESUME, ret);
		OK(peer_send_resumed(p));
	}
	OK(pair_connected(&self->s));
	OK(pair_finish(&self->s));
}

/* WELCOME and DATA in one piece. */
CASE(hello_out, data_with_welcome)
{
	struct peer *p = &self->s.p;
	u8 buf[2000];
	size_t n;

	OK(peer_accept(p));
	OK(peer_expect(p, RSESS_HELLO));
	n = peer_make_welcome(p, buf);
	n += peer_make_data(p, p->snd_nxt, 1000, buf + n);
	OK(peer_send_raw(p, buf, n));
	p->write_seq += 1000;
	p->snd_nxt += 1000;
	p->snd_max = p->snd_nxt;
	OK(pair_connected(&self->s));
	OK(pair_read(&self->s, 1000));
	OK(pair_finish(&self->s));
}

/*
 * Handshake, the kernel accepts.
 */
FIXTURE(hello_in) {
	struct pair s;
};

FIXTURE_SETUP(hello_in)
{
	pair_init(&self->s, false, AF_INET, 0);
	OK(netns_inband());
	OK(pair_start(&self->s));
}

FIXTURE_TEARDOWN(hello_in)
{
	pair_free(&self->s);
}

CASE(hello_in, in_hello)
{
	struct peer *p = &self->s.p;
	u8 buf[200];
	size_t cut;

	for_each_cut(cut) {
		OK(peer_dial(p));
		peer_make_hello(p, buf);
		OK(peer_send_raw(p, buf, cut));
		peer_reset(p);
	}
	OK(pair_accept_nothing(&self->s));
	OK(peer_hello(p));
	OK(pair_accept(&self->s));
	OK(pair_finish(&self->s));
}

CASE(hello_in, between_hello_and_welcome)
{
	struct peer *p = &self->s.p;
	int i;

	for (i = 0; i < 5; i++) {
		OK(peer_dial(p));
		OK(peer_send_hello(p));
		peer_reset(p);
	}
	OK(peer_hello(p));
	OK(pair_accept(&self->s));
	OK(pair_accept_nothing(&self->s));
	OK(pair_finish(&self->s));
	EXPECT_EQ(1, stat_get("SessionsAccepted"));
}

CASE(hello_in, in_welcome)
{
	struct peer *p = &self->s.p;
	size_t cut;

	for_each_cut(cut) {
		OK(peer_dial(p));
		OK(peer_send_hello(p));
		OK(peer_swallow(p, cut));
		peer_reset(p);
	}
	OK(peer_hello(p));
	OK(pair_accept(&self->s));
	OK(pair_accept_nothing(&self->s));
	OK(pair_finish(&self->s));
	EXPECT_EQ(1, stat_get("SessionsAccepted"));
}

/* accept() came first; the dialer still repeats its HELLO. */
CASE(hello_in, welcome_lost_after_accept)
{
	struct peer *p = &self->s.p;
	int i;

	OK(peer_dial(p));
	OK(peer_send_hello(p));
	OK(pair_accept(&self->s));
	OK(pair_write(&self->s, 3000));
	for (i = 0; i < 3; i++) {
		OK(peer_swallow(p, RSESS_HDR_LEN + 10));
		peer_reset(p);
		OK(peer_dial(p));
		OK(peer_send_hello(p));
	}
	OK(peer_expect(p, RSESS_WELCOME));
	OK(pair_accept_nothing(&self->s));
	OK(pair_finish(&self->s));
}

TEST_HARNESS_MAIN
