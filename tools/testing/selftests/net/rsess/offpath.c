// SPDX-License-Identifier: GPL-2.0
/*
 * Somebody who sends in the peer's name and sees nothing of the answer: resets and
 * bytes, with sequence numbers that were guessed well and badly.
 *
 * At worst the transport is lost, and the session goes on with another one.
 */
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "pair.h"
#include "raw.h"

/* What a guess is off by, and still within any window. */
#define NEAR		600
/* In none. */
#define FAR		0x40000000

/* What becomes of the transport. */
enum fate {
	STAYS,
	LOST,
};

PAIR_FIXTURE(offpath);

/* All has come, once and in order, with as many transports as it may have cost. */
static int survived(struct pair *s, enum fate fate)
{
	unsigned int lost = fate == LOST;
	struct rsess_info info;
	int ret = 0;

	if (lost) {
		ret = pair_lost(s);
		peer_reset(&s->p);
		ret = ret ?: pair_again(s);
	}
	ret = ret ?: pair_pump(s, 5000, 5000) ?: pair_info(s, &info);
	if (!ret && info.lost != lost) {
		say("%u transports were lost", info.lost);
		ret = -EPROTO;
	}
	return ret ?: pair_finish(s);
}

/* A session in use. */
static int begin(struct pair *s)
{
	return pair_open(s) ?: pair_pump(s, 3000, 2000);
}

CASE(offpath, rst_exact)
{
	OK(begin(&self->s));
	OK(raw_spoof(self->s.p.fd, TH_RST, 0, 0, NULL, 0));
	OK(survived(&self->s, LOST));
}

/* RFC 5961: in the window and not exact is answered, and believed of nobody. */
CASE(offpath, rst_in_window)
{
	OK(begin(&self->s));
	OK(raw_spoof(self->s.p.fd, TH_RST, NEAR, 0, NULL, 0));
	OK(survived(&self->s, STAYS));
}

CASE(offpath, rst_outside)
{
	OK(begin(&self->s));
	OK(raw_spoof(self->s.p.fd, TH_RST, FAR, 0, NULL, 0));
	OK(raw_spoof(self->s.p.fd, TH_RST, -NEAR, 0, NULL, 0));
	OK(survived(&self->s, STAYS));
}

CASE(offpath, syn_in_window)
{
	OK(begin(&self->s));
	OK(raw_spoof(self->s.p.fd, TH_SYN, NEAR, 0, NULL, 0));
	OK(survived(&self->s, STAYS));
}

/* The end of a transport is not that of the session. */
CASE(offpath, fin_exact)
{
	OK(begin(&self->s));
	OK(raw_spoof(self->s.p.fd, TH_FIN | TH_ACK, 0, 0, NULL, 0));
	OK(survived(&self->s, LOST));
}

static const u8 junk[] = "These are no bytes of any frame, and none of the stream.";

/* Between two frames. */
CASE(offpath, bytes_exact)
{
	OK(begin(&self->s));
	OK(raw_spoof(self->s.p.fd, TH_ACK, 0, 0, junk, sizeof(junk)));
	OK(survived(&self->s, LOST));
	EXPECT_EQ(1, stat_get("FramesMalformed"));
}

/* A frame, by one who knows all but the session's offsets. */
CASE(offpath, frame_exact)
{
	struct peer *p = &self->s.p;
	u8 buf[RSESS_HDR_LEN + 100];
	size_t n;

	OK(begin(&self->s));
	n = peer_make_data(p, p->snd_nxt + 1000000007, 100, buf);
	OK(raw_spoof(p->fd, TH_ACK, 0, 0, buf, n));
	OK(survived(&self->s, LOST));
	EXPECT_EQ(1, stat_get("FramesUnexpected"));
}

/* Where bytes will be: TCP has them, till those of the peer come. */
CASE(offpath, bytes_in_window)
{
	struct pair *s = &self->s;

	OK(begin(s));
	OK(raw_spoof(s->p.fd, TH_ACK, NEAR, 0, junk, sizeof(junk)));
	OK(peer_send_data(&s->p, 3 * NEAR));
	OK(pair_read(s, 3 * NEAR));
	OK(survived(s, STAYS));
}

/* RFC 5961: a blind guess has to be right of the acknowledgment too. */
CASE(offpath, bytes_with_wrong_ack)
{
	OK(begin(&self->s));
	OK(raw_spoof(self->s.p.fd, TH_ACK, 0, FAR, junk, sizeof(junk)));
	OK(survived(&self->s, STAYS));
	EXPECT_EQ(0, stat_get("FramesMalformed"));
}

/* While nobody has answered HELLO or RESUME. */
CASE(offpath, rst_in_handshake)
{
	struct pair *s = &self->s;
	int i;

	OK(begin(s));
	for (i = 0; i < 5; i++) {
		peer_reset(&s->p);
		if (s->dialer) {
			OK(peer_accept(&s->p));
			OK(peer_expect(&s->p, RSESS_RESUME));
		} else {
			OK(pair_lost(s));
			OK(peer_dial(&s->p));
		}
		OK(raw_spoof(s->p.fd, TH_RST, 0, 0, NULL, 0));
	}
	peer_reset(&s->p);
	OK(pair_again(s));
	OK(pair_pump(s, 1000, 1000));
	OK(pair_finish(s));
}

TEST_HARNESS_MAIN
