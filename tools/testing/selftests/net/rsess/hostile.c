// SPDX-License-Identifier: GPL-2.0
/*
 * A hostile peer: every frame in every state, lies about offsets, sessions of
 * others, floods and silence, from the side that dials and from a server.
 *
 * An attack costs the attacker its transport, or is ignored where the protocol
 * says so; a counter tells of it; its own session can be resumed and has lost
 * nothing, unless it was the one that ended it; and another session beside it,
 * at the same address, does not notice.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "genl.h"
#include "harness.h"
#include "malformed.h"
#include "pair.h"

/* How long the kernel bears silence, while somebody is silent on purpose. */
#define SILENCE_MS	(1000 * slowness())
/* Of max_idle_frames, while somebody sends FLOOD of them. */
#define IDLE_MAX	200
#define FLOOD		4000
/* Payload of DATA, unless an attack says otherwise. */
#define PIECE		100
/* Sent by the kernel and not taken, when its transport is lost. */
#define UNTAKEN		500
/* Half a circle of offsets: neither before nor behind. */
#define HALF		((u64)INT64_MAX + 1)

/* When an attack comes. */
enum state {
	FIRST,		/* acceptor: nothing has been said yet */
	GREETING,	/* dialer: WELCOME is awaited */
	LIVE,
	FIN_SENT,	/* the kernel's FIN is sent and confirmed */
	FIN_TAKEN,	/* the peer's FIN is */
	STOPPED,	/* the peer has sent FIN and STOP, no more */
	ENDED,		/* both FINs are confirmed: TIME_WAIT */
	AWAY,		/* no transport: RESUME or RESUMED is awaited */
};

/* What becomes of it. */
enum fate {
	IGNORED,	/* the transport goes on */
	CLOSED,		/* it ends; the session goes on with another one */
	OVER,		/* so does the session */
};

struct scene;

/*
 * struct attack - an honest frame, but
 * @dialer: the kernel dials
 * @state: when it comes
 * @start: offset at which the peer's stream starts
 * @type: of the frame
 * @flags: of the frame
 * @seq: added to the honest one; so the next two
 * @ack: as above; the MAC covers it
 * @limit: as above
 * @epoch: as above, for RESUME, whose honest one is 1 more than the last
 * @flip: this byte of the frame is altered, when all is made
 * @make: made by this instead
 * @how: flags of send()
 * @times: sent so often
 * @cut: no more than so many bytes of it are sent, and then nothing
 * @leave: and then a reset
 * @counter: goes up
 * @fate: of the transport
 * @reason: of the ABORT that the peer is sent, if any
 * @err: what the application is told
 * @agreed: the session exists afterwards, though it did not before
 */
struct attack {
	bool dialer;
	enum state state;
	u64 start;
	u8 type;
	u8 flags;
	u64 seq;
	u64 ack;
	u64 limit;
	u32 epoch;
	unsigned int flip;
	size_t (*make)(struct scene *c, u8 *buf);
	int how;
	unsigned int times;
	size_t cut;
	bool leave;
	const char *counter;
	enum fate fate;
	int reason;
	int err;
	bool agreed;
};

/*
 * struct scene - an attacked session, and an honest one
 * @s: the attacked one
 * @h: the honest one; it owns the listener of either side
 */
struct scene {
	struct pair s;
	struct pair h;
};

/* How long silence is borne. */
static int patience(unsigned int ms)
{
	return sysctl_set("rsess/handshake_timeout_ms", ms) ?:
	       sysctl_set("rsess/stall_timeout_ms", ms);
}

/* Some bytes both ways. */
static int honest_talk(struct scene *c)
{
	return pair_pump(&c->h, 2000, 3000);
}

/* The honest session, before anybody comes. */
static int scene_begin(struct scene *c, bool dialer, u64 start)
{
	int ret;

	pair_init(&c->s, dialer, AF_INET, start);
	pair_init(&c->h, dialer, AF_INET, 0);
	ret = netns_inband() ?: pair_open(&c->h) ?: honest_talk(c);
	if (!ret)
		ret = pair_beside(&c->s, &c->h);
	return ret;
}

/* It has not noticed anything. */
static int honest_end(struct scene *c)
{
	struct rsess_info info;
	int ret = honest_talk(c) ?: pair_info(&c->h, &info);

	if (!ret && (info.lost || info.resumes || c->h.p.again)) {
		say("lost %u transports, %llu bytes came again", info.lost,
		    (unsigned long long)c->h.p.again);
		ret = -EPROTO;
	}
	return ret ?: pair_finish(&c->h);
}

/* TCP connections that somebody holds: ESTABLISHED, CLOSE_WAIT. */
static bool no_connections(void *arg)
{
	FILE *f = fopen("/proc/thread-self/net/tcp", "re");
	unsigned int state;
	char line[256];
	int n = 0;

	(void)arg;
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*d: %*s %*s %x", &state) == 1)
			n += state == 1 || state == 8;
	fclose(f);
	return !n;
}

/* No session is left, and no transport. */
static int scene_end(struct scene *c)
{
	int ret = honest_end(c);

	pair_free(&c->s);
	pair_free(&c->h);
	return ret ?: no_sessions() ?: wait_until(no_connections, NULL);
}

/* The kernel has read all that was sent before. */
static int answered(struct peer *p)
{
	int ret = peer_send(p, RSESS_PING, "question", 8);

	while (!ret) {
		ret = peer_read(p);
		if (ret == RSESS_PONG)
			return 0;
		if (ret > 0)
			ret = 0;
	}
	say("no PONG: %d", ret);
	return ret;
}

/* A session of the attacker's own. */
static int scene_session(struct scene *c)
{
	struct pair *s = &c->s;
	int ret;

	if (s->dialer)
		ret = pair_connect(s) ?: peer_welcome(&s->p) ?:
		      pair_connected(s);
	else
		ret = peer_hello(&s->p) ?: pair_accept(s);
	return ret ?: pair_pump(s, 3000, 2000) ?: answered(&s->p);
}

/* The next transport of a session that has none. */
static int next_transport(struct scene *c)
{
	struct peer *p = &c->s.p;

	if (c->s.dialer)
		return peer_accept(p) ?: peer_expect(p, RSESS_RESUME);
	return pair_lost(&c->s) ?: peer_dial(p);
}

/* What leads from a live session to a state. */
static int proceed(struct scene *c, enum state state)
{
	struct pair *s = &c->s;
	struct peer *p = &s->p;
	int ret = 0;

	if (state == FIN_SENT || state == ENDED)
		ret = pair_shutdown(s) ?: peer_expect(p, RSESS_FIN) ?:
		      peer_send_ack(p);
	if (!ret && (state == FIN_TAKEN || state == ENDED))
		ret = peer_send_fin(p) ?: peer_take_ack(p, p->snd_max) ?:
		      read_eof(s->fd);
	if (!ret && state == STOPPED) {
		s->shut = true;
		ret = peer_send_fin(p) ?: peer_send(p, RSESS_STOP, NULL, 0);
	}
	if (!ret && state == AWAY) {
		ret = pair_write(s, UNTAKEN);
		peer_reset(p);
		ret = ret ?: next_transport(c);
	}
	return ret;
}

static int reach(struct scene *c, enum state state)
{
	struct peer *p = &c->s.p;

	if (state == FIRST)
		return peer_dial(p);
	if (state == GREETING)
		return pair_connect(&c->s) ?: peer_accept(p) ?:
		       peer_expect(p, RSESS_HELLO);
	return scene_session(c) ?: proceed(c, state);
}

/* A frame that is as it should be, except for what the attack changes. */
static size_t frame_make(struct peer *p, const struct attack *a, u8 *buf)
{
	static const u8 zeros[RSESS_CTRL_MAX];

	switch (a->type) {
	case RSESS_HELLO:
		return peer_make_hello(p, buf);
	case RSESS_WELCOME:
		return peer_make_welcome(p, buf);
	case RSESS_RESUME:
		return peer_make_resume(p, p->epoch + 1 + a->epoch, p->rcv_nxt,
					buf);
	case RSESS_RESUMED:
		return peer_make_resumed(p, p->rcv_nxt, buf);
	case RSESS_DATA:
		return peer_make_data(p, p->snd_nxt + a->seq, PIECE, buf);
	case RSESS_PING:
	case RSESS_PONG:
		return peer_make(p, a->type, p->snd_nxt, zeros, 8, buf);
	case RSESS_ABORT:
		return peer_make_abort(p, RSESS_REASON_APP, buf);
	default:
		return peer_make(p, a->type, p->snd_nxt + a->seq, NULL, 0, buf);
	}
}

static size_t attack_make(struct scene *c, const struct attack *a, u8 *buf)
{
	struct peer *p = &c->s.p;
	u32 window = p->window;
	size_t n;

	if (a->make)
		return a->make(c, buf);
	p->rcv_nxt += a->ack;
	p->limit += a->limit;
	if (a->limit)
		p->window = 0;
	n = frame_make(p, a, buf);
	p->rcv_nxt -= a->ack;
	p->window = window;
	/* What was given is not taken back, unless nobody took it. */
	if (a->fate != IGNORED)
		p->limit -= a->limit;
	buf[1] = a->flags;
	if (a->flip)
		buf[a->flip] ^= 1;
	return n;
}

/* The kernel may have closed the transport before all is sent. */
static void strike(struct scene *c, const struct attack *a)
{
	struct peer *p = &c->s.p;
	unsigned int times = a->times ?: 1;
	u8 buf[1024];
	size_t n = attack_make(c, a, buf);

	if (a->cut && a->cut < n) {
		n = a->cut;
		/* Half a payload counts. */
		if (a->type == RSESS_DATA) {
			p->write_seq += PIECE;
			p->snd_max = p->write_seq;
		}
	}
	while (times-- &&
	       send(p->fd, buf, n, a->how | MSG_NOSIGNAL) == (ssize_t)n)
		;
	if (a->leave)
		peer_reset(p);
}

/* The session goes on where it was. */
static int again(struct scene *c, const struct attack *a)
{
	struct pair *s = &c->s;
	struct peer *p = &s->p;
	int ret;

	if (a->state != GREETING)
		return pair_again(s);
	ret = peer_accept(p) ?: peer_read(p);
	if (ret == RSESS_HELLO)
		ret = peer_send_welcome(p);
	else if (ret == RSESS_RESUME)
		ret = peer_send_resumed(p);
	return ret ?: pair_connected(s);
}

/* All that was sent has come, and the session ends in order. */
static int whole(struct scene *c)
{
	struct pair *s = &c->s;
	int ret = 0;

	if (!s->p.fin_sent)
		ret = peer_send_data(&s->p, 1000);
	if (!ret && !s->shut)
		ret = pair_write(s, 1000);
	return ret ?: pair_end(s);
}

static bool is_over(void *arg)
{
	struct rsess_info info;

	return pair_info(arg, &info) || info.reason;
}

/* The application is told; returns its errno, positive. */
static int told(struct scene *c, const struct attack *a)
{
	int ret;

	if (a->state == GREETING)
		return pair_connect_fails(&c->s);
	ret = wait_until(is_over, &c->s);
	return ret ?: socket_error(c->s.fd);
}

/* Frames that were refused, and what it cost. */
static int64_t trouble(void)
{
	return stat_get("FramesMalformed") + stat_get("FramesUnexpected") +
	       stat_get("FramesIdle") + stat_get("TransportsLost") +
	       stat_get("DialsFailed") + stat_get("ResumeAuth");
}

FIXTURE(attack) {
	struct scene c;
};

FIXTURE_VARIANT(attack) {
	struct attack a;
};

FIXTURE_SETUP(attack)
{
	OK(scene_begin(&self->c, variant->a.dialer, variant->a.start));
}

FIXTURE_TEARDOWN(attack)
{
	pair_free(&self->c.s);
	pair_free(&self->c.h);
}

CASE(attack, fails)
{
	const struct attack *a = &variant->a;
	struct scene *c = &self->c;
	struct pair *s = &c->s;
	struct rise rise = { .name = a->counter };
	bool silent = a->cut && !a->leave && !a->how;
	bool exists;
	int64_t before;
	u64 taken;

	if (a->times > 2)
		OK(sysctl_set("rsess/max_idle_frames", IDLE_MAX));
	if (silent && a->state != LIVE)
		OK(patience(SILENCE_MS));
	OK(reach(c, a->state));
	if (silent && a->state == LIVE) {
		/* Something is awaited. */
		OK(patience(SILENCE_MS));
		OK(pair_write(s, UNTAKEN));
		s->p.pong = false;
	}
	taken = s->p.rcv_nxt;
	before = trouble();
	if (a->counter)
		rise.from = stat_get(a->counter);
	strike(c, a);
	if (!silent)
		OK(honest_talk(c));

	switch (a->fate) {
	case IGNORED:
		if (a->state == FIRST) {
			OK(peer_expect(&s->p, RSESS_WELCOME));
			OK(pair_accept(s));
		} else if (a->state == GREETING) {
			OK(peer_send_welcome(&s->p));
			OK(pair_connected(s));
		} else if (a->state != ENDED) {
			OK(answered(&s->p));
		}
		ASSERT_EQ(before, trouble());
		OK(whole(c));
		break;
	case CLOSED:
		if (!a->leave)
			ASSERT_EQ(a->reason, peer_gone(&s->p));
		OK(patience(10000));
		s->p.pong = true;
		exists = a->state != FIRST || a->agreed;
		if (a->state == FIRST && a->agreed)
			OK(pair_accept(s));
		if (a->state == FIRST)
			OK(pair_accept_nothing(s));
		if (exists) {
			OK(again(c, a));
			OK(whole(c));
		}
		break;
	case OVER:
		ASSERT_EQ(a->reason, peer_gone(&s->p));
		/* Not a byte that was not asked for. */
		if (a->state == AWAY)
			ASSERT_EQ(taken, s->p.rcv_nxt);
		ASSERT_EQ(a->err, told(c, a));
		break;
	}
	if (a->counter)
		OK(wait_until(has_risen, &rise));
	OK(scene_end(c));
}

#define ATTACK(name, ...)						\
	FIXTURE_VARIANT_ADD(attack, name) { .a = { __VA_ARGS__ } }
#define ON_DIALER(name, ...)						\
	ATTACK(dialer_##name, .dialer = true, __VA_ARGS__)
#define ON_ACCEPTOR(name, ...)						\
	ATTACK(acceptor_##name, .dialer = false, __VA_ARGS__)
#define ON_BOTH(name, ...)						\
	ON_DIALER(name, __VA_ARGS__);					\
	ON_ACCEPTOR(name, __VA_ARGS__)

#define AT(when, kind)	.state = when, .type = RSESS_##kind
#define OPTIONAL	.type = 200, .flags = RSESS_F_OPTIONAL
#define UNEXPECTED	.counter = "FramesUnexpected", .fate = CLOSED
#define DUPLICATE	.counter = "DuplicateBytes", .fate = IGNORED
#define REFUSED		.counter = "FramesUnexpected", .fate = OVER,	\
			.err = EPROTONOSUPPORT
#define IDLE		.counter = "FramesIdle", .fate = CLOSED, .times = FLOOD
#define ABORTED		.counter = "AbortsReceived", .fate = OVER,	\
			.err = ECONNRESET
#define OUT_OF_RANGE	.counter = "ResumeRange", .fate = OVER,		\
			.reason = RSESS_REASON_PROTOCOL, .err = ECONNRESET

/* Frames that only an agreed session may have. */
#define AGREED_FRAMES(role, name, when, ...)				\
	role(name##_data, AT(when, DATA), __VA_ARGS__);			\
	role(name##_ack, AT(when, ACK), __VA_ARGS__);			\
	role(name##_fin, AT(when, FIN), __VA_ARGS__);			\
	role(name##_stop, AT(when, STOP), __VA_ARGS__);			\
	role(name##_ping, AT(when, PING), __VA_ARGS__);			\
	role(name##_pong, AT(when, PONG), __VA_ARGS__)

/* Nobody has spoken: only HELLO and RESUME open a transport. */
AGREED_FRAMES(ON_ACCEPTOR, first, FIRST, UNEXPECTED);
ON_ACCEPTOR(first_welcome, .type = RSESS_WELCOME, UNEXPECTED);
ON_ACCEPTOR(first_resumed, .type = RSESS_RESUMED, UNEXPECTED);
ON_ACCEPTOR(first_abort, .type = RSESS_ABORT, UNEXPECTED);
ON_ACCEPTOR(first_optional, OPTIONAL, UNEXPECTED);
ON_ACCEPTOR(first_resume, .type = RSESS_RESUME, .counter = "ResumeUnknown",
	    .fate = CLOSED, .reason = RSESS_REASON_UNKNOWN);

/* WELCOME is awaited: connect() says that this is no peer. */
AGREED_FRAMES(ON_DIALER, greeting, GREETING, REFUSED);
ON_DIALER(greeting_optional_data, AT(GREETING, DATA), .flags = RSESS_F_OPTIONAL,
	  REFUSED);
ON_DIALER(greeting_hello, AT(GREETING, HELLO), REFUSED);
ON_DIALER(greeting_resume, AT(GREETING, RESUME), REFUSED);
ON_DIALER(greeting_resumed, AT(GREETING, RESUMED), REFUSED);
ON_DIALER(greeting_abort, AT(GREETING, ABORT), ABORTED);
ON_DIALER(greeting_optional, .state = GREETING, OPTIONAL, .fate = IGNORED);
ON_DIALER(greeting_optional_flood, .state = GREETING, OPTIONAL, .times = FLOOD,
	  .counter = "FramesIdle", .fate = OVER, .err = EPROTONOSUPPORT);

/* RESUME or RESUMED is awaited: the session waits for another transport. */
AGREED_FRAMES(ON_BOTH, away, AWAY, UNEXPECTED);
ON_BOTH(away_welcome, AT(AWAY, WELCOME), UNEXPECTED);
ON_DIALER(away_hello, AT(AWAY, HELLO), UNEXPECTED);
ON_DIALER(away_resume, AT(AWAY, RESUME), UNEXPECTED);
ON_DIALER(away_abort, AT(AWAY, ABORT), ABORTED);
ON_DIALER(away_optional_data, AT(AWAY, DATA), .flags = RSESS_F_OPTIONAL,
	  UNEXPECTED);
ON_DIALER(away_optional_flood, .state = AWAY, OPTIONAL, IDLE);
ON_ACCEPTOR(away_hello, AT(AWAY, HELLO), .counter = "HelloRefused",
	    .fate = CLOSED);
ON_ACCEPTOR(away_resumed, AT(AWAY, RESUMED), UNEXPECTED);
ON_ACCEPTOR(away_abort, AT(AWAY, ABORT), UNEXPECTED);

/* What no agreed session may get, and what it takes in any state. */
#define LIVE_FRAMES(name, when)						\
	ON_BOTH(name##_hello, AT(when, HELLO), UNEXPECTED);		\
	ON_BOTH(name##_welcome, AT(when, WELCOME), UNEXPECTED);		\
	ON_BOTH(name##_resume, AT(when, RESUME), UNEXPECTED);		\
	ON_BOTH(name##_resumed, AT(when, RESUMED), UNEXPECTED);		\
	ON_BOTH(name##_pong, AT(when, PONG))

LIVE_FRAMES(live, LIVE);
LIVE_FRAMES(fin_sent, FIN_SENT);
LIVE_FRAMES(fin_taken, FIN_TAKEN);
LIVE_FRAMES(stopped, STOPPED);
LIVE_FRAMES(ended, ENDED);
ON_BOTH(live_abort, AT(LIVE, ABORT), ABORTED);
ON_BOTH(fin_sent_abort, AT(FIN_SENT, ABORT), ABORTED);
ON_BOTH(fin_taken_abort, AT(FIN_TAKEN, ABORT), ABORTED);
ON_BOTH(stopped_abort, AT(STOPPED, ABORT), ABORTED);
/* All is confirmed: it is no error of either side any more. */
ON_BOTH(ended_abort, AT(ENDED, ABORT), .counter = "AbortsReceived",
	.fate = OVER);
ON_BOTH(abort_unknown_reason, AT(LIVE, ABORT), .flip = 32, ABORTED);

/* Behind FIN nothing comes, and there is one. */
#define BEHIND_FIN(name, when)						\
	ON_BOTH(name##_data, AT(when, DATA), UNEXPECTED);		\
	ON_BOTH(name##_second_fin, AT(when, FIN), UNEXPECTED);		\
	ON_BOTH(name##_fin_again, AT(when, FIN), .seq = -1)

BEHIND_FIN(fin_taken, FIN_TAKEN);
BEHIND_FIN(stopped, STOPPED);
BEHIND_FIN(ended, ENDED);
ON_BOTH(fin_taken_data_again, AT(FIN_TAKEN, DATA), .seq = -PIECE - 1,
	DUPLICATE);
ON_BOTH(stopped_stop_again, AT(STOPPED, STOP));

/* Offsets: behind, ahead, at the wrap. */
ON_BOTH(data_again, AT(LIVE, DATA), .seq = -PIECE, DUPLICATE);
ON_BOTH(data_far_behind, AT(LIVE, DATA), .seq = -(1ull << 62), DUPLICATE);
ON_BOTH(data_ahead, AT(LIVE, DATA), .seq = 1, UNEXPECTED);
ON_BOTH(data_far_ahead, AT(LIVE, DATA), .seq = 1ull << 62, UNEXPECTED);
ON_BOTH(data_half_circle, AT(LIVE, DATA), .seq = HALF, UNEXPECTED);
ON_BOTH(fin_ahead, AT(LIVE, FIN), .seq = 1, UNEXPECTED);
ON_BOTH(fin_behind, AT(LIVE, FIN), .seq = -1, UNEXPECTED);
ON_BOTH(fin_half_circle, AT(LIVE, FIN), .seq = HALF, UNEXPECTED);
ON_BOTH(wrap_data_again, .state = LIVE, .start = -2000, .type = RSESS_DATA,
	.seq = -PIECE, DUPLICATE);
ON_BOTH(wrap_data_ahead, .state = LIVE, .start = -2050, .type = RSESS_DATA,
	.seq = 1, UNEXPECTED);
ON_BOTH(wrap_fin_behind, .state = LIVE, .start = -2000, .type = RSESS_FIN,
	.seq = -1, UNEXPECTED);
ON_BOTH(wrap_data_behind_fin, .state = FIN_TAKEN, .start = -2000,
	.type = RSESS_DATA, UNEXPECTED);

/* Acknowledgments of what was never sent, and those taken back. */
ON_BOTH(ack_above_sent, AT(LIVE, ACK), .ack = 1, UNEXPECTED);
ON_BOTH(ack_far_above, AT(LIVE, ACK), .ack = 1ull << 62, UNEXPECTED);
ON_BOTH(ack_half_circle, AT(LIVE, ACK), .ack = HALF, UNEXPECTED);
ON_BOTH(ack_taken_back, AT(LIVE, ACK), .ack = -1, UNEXPECTED);
ON_BOTH(ack_above_sent_in_data, AT(LIVE, DATA), .ack = 1, UNEXPECTED);
ON_BOTH(ack_above_sent_in_ping, AT(LIVE, PING), .ack = 1, UNEXPECTED);
ON_BOTH(ack_above_sent_in_optional, .state = LIVE, OPTIONAL, .ack = 1,
	UNEXPECTED);
ON_BOTH(ack_above_fin, AT(FIN_SENT, ACK), .ack = 1, UNEXPECTED);
ON_BOTH(ack_of_fin_taken_back, AT(FIN_SENT, ACK), .ack = -1, UNEXPECTED);
ON_DIALER(welcome_acks_too_much, AT(GREETING, WELCOME), .ack = 1,
	  .counter = "FramesMalformed", .fate = OVER, .err = EPROTONOSUPPORT);

/* Credit. */
ON_BOTH(limit_shrinks, AT(LIVE, ACK), .limit = -1, UNEXPECTED);
ON_BOTH(limit_shrinks_in_data, AT(LIVE, DATA), .limit = -1, UNEXPECTED);
ON_BOTH(limit_overflows, AT(LIVE, ACK), .limit = HALF, UNEXPECTED);
ON_BOTH(limit_far_above, AT(LIVE, ACK), .limit = 1ull << 62);

/* Flags that mean nothing on such a frame. */
ON_BOTH(urgent_ack, AT(LIVE, ACK), .flags = RSESS_F_URGENT);
ON_BOTH(urgent_pong, AT(LIVE, PONG), .flags = RSESS_F_ALL);
ON_BOTH(urgent_fin_again, AT(FIN_TAKEN, FIN), .seq = -1, .flags = RSESS_F_ALL);

/* The urgent data of TCP, which is not that of a session. */
#define TCP_URGENT	.how = MSG_OOB, .counter = "FramesMalformed",	\
			.fate = CLOSED

ON_ACCEPTOR(first_tcp_urgent, .type = RSESS_HELLO, .cut = 16, TCP_URGENT);
ON_BOTH(tcp_urgent, AT(LIVE, ACK), TCP_URGENT);

/* Floods of what carries nothing. */
ON_BOTH(ping_flood, AT(LIVE, PING), IDLE);
ON_BOTH(pong_flood, AT(LIVE, PONG), IDLE);
ON_BOTH(ack_flood, AT(LIVE, ACK), IDLE);
ON_BOTH(optional_flood, .state = LIVE, OPTIONAL, IDLE);
ON_BOTH(data_again_flood, AT(LIVE, DATA), .seq = -PIECE, IDLE);
ON_BOTH(fin_again_flood, AT(FIN_TAKEN, FIN), .seq = -1, IDLE);
ON_BOTH(stop_again_flood, AT(STOPPED, STOP), IDLE);
ON_BOTH(ended_ping_flood, AT(ENDED, PING), IDLE);

/* Half of something, and then nothing. */
#define TIMED_OUT	.counter = "HandshakeTimeouts", .fate = CLOSED

ON_ACCEPTOR(first_half_header, .type = RSESS_HELLO, .cut = 16, TIMED_OUT);
ON_ACCEPTOR(first_half_hello, .type = RSESS_HELLO, .cut = 60, TIMED_OUT);
ON_ACCEPTOR(away_half_resume, AT(AWAY, RESUME), .cut = 60, TIMED_OUT);
ON_DIALER(away_half_header, AT(AWAY, RESUMED), .cut = 16, TIMED_OUT);
ON_DIALER(away_half_resumed, AT(AWAY, RESUMED), .cut = 60, TIMED_OUT);
ON_BOTH(half_header, AT(LIVE, ACK), .cut = 16, .counter = "Stalls",
	.fate = CLOSED);
ON_BOTH(half_data, AT(LIVE, DATA), .cut = 60, .counter = "Stalls",
	.fate = CLOSED);

/* Half of something, and then a reset. */
ON_ACCEPTOR(first_half_hello_reset, .type = RSESS_HELLO, .cut = 60,
	    .leave = true, .counter = "HandshakesLost", .fate = CLOSED);
ON_ACCEPTOR(away_half_resume_reset, AT(AWAY, RESUME), .cut = 60, .leave = true,
	    .counter = "HandshakesLost", .fate = CLOSED);
ON_DIALER(greeting_half_welcome_reset, AT(GREETING, WELCOME), .cut = 60,
	  .leave = true, .counter = "DialsFailed", .fate = CLOSED);
ON_DIALER(away_half_resumed_reset, AT(AWAY, RESUMED), .cut = 60, .leave = true,
	  .counter = "DialsFailed", .fate = CLOSED);
ON_BOTH(half_data_reset, AT(LIVE, DATA), .cut = 60, .leave = true,
	.counter = "TransportsLost", .fate = CLOSED);

/* HELLO and WELCOME. */
static size_t make_zero_id(struct scene *c, u8 *buf)
{
	memset(c->s.p.id, 0, sizeof(c->s.p.id));
	return peer_make_hello(&c->s.p, buf);
}

/* What the honest session began with. */
static size_t make_hello_of_another(struct scene *c, u8 *buf)
{
	return peer_make_hello(&c->h.p, buf);
}

static size_t make_id_of_another(struct scene *c, u8 *buf)
{
	memcpy(c->s.p.id, c->h.p.id, sizeof(c->h.p.id));
	return peer_make_hello(&c->s.p, buf);
}

ON_ACCEPTOR(hello_zero_id, .make = make_zero_id);
ON_ACCEPTOR(hello_of_another, .make = make_hello_of_another,
	    .counter = "HelloRefused", .fate = CLOSED);
ON_ACCEPTOR(hello_id_of_another, .make = make_id_of_another,
	    .counter = "HelloRefused", .fate = CLOSED);
ON_ACCEPTOR(hello_twice, .type = RSESS_HELLO, .times = 2, .agreed = true,
	    UNEXPECTED);
ON_DIALER(welcome_twice, AT(GREETING, WELCOME), .times = 2, UNEXPECTED);

/* RESUME and RESUMED with a right MAC and a lie. */
#define RESUME_LIES(role, name, kind)					\
	role(name##_above_sent, .state = AWAY, .type = kind,		\
	     .ack = UNTAKEN + 1, OUT_OF_RANGE);				\
	role(name##_far_above, .state = AWAY, .type = kind,		\
	     .ack = 1ull << 40, OUT_OF_RANGE);				\
	role(name##_half_circle, .state = AWAY, .type = kind,		\
	     .ack = HALF, OUT_OF_RANGE);				\
	role(name##_below_confirmed, .state = AWAY, .type = kind,	\
	     .ack = -1, OUT_OF_RANGE);					\
	role(name##_limit_shrinks, .state = AWAY, .type = kind,		\
	     .limit = -1, OUT_OF_RANGE)

RESUME_LIES(ON_ACCEPTOR, resume, RSESS_RESUME);
RESUME_LIES(ON_DIALER, resumed, RSESS_RESUMED);

#define STALE		.counter = "ResumeStale", .fate = CLOSED

ON_ACCEPTOR(resume_same_epoch, AT(AWAY, RESUME), .epoch = -1, STALE);
ON_ACCEPTOR(resume_half_circle_epoch, AT(AWAY, RESUME), .epoch = INT32_MAX,
	    STALE);

/* A question that was right once. */
static size_t make_recorded_resume(struct scene *c, u8 *buf)
{
	struct peer *p = &c->s.p;
	size_t n = peer_make_resume(p, ++p->epoch, p->rcv_nxt, buf);

	if (peer_send_raw(p, buf, n) || peer_expect(p, RSESS_RESUMED) ||
	    peer_take(p, UNTAKEN))
		return 0;
	peer_reset(p);
	return next_transport(c) ? 0 : n;
}

ON_ACCEPTOR(resume_recorded, .state = AWAY, .make = make_recorded_resume, STALE);

/* A byte is altered: the last of the header's seq, ack and limit, of the nonce, of the
 * MAC.
 */
#define UNPROVEN	.state = AWAY, .counter = "ResumeAuth", .fate = CLOSED
#define FORGED(role, name, kind, nonce, mac)				\
	role(name##_seq_altered, .type = kind, .flip = 15, UNPROVEN);	\
	role(name##_ack_altered, .type = kind, .flip = 23, UNPROVEN);	\
	role(name##_limit_altered, .type = kind, .flip = 31, UNPROVEN);	\
	role(name##_nonce_altered, .type = kind, .flip = nonce,		\
	     UNPROVEN);							\
	role(name##_mac_altered, .type = kind, .flip = mac, UNPROVEN)

FORGED(ON_ACCEPTOR, resume, RSESS_RESUME, 71, 103);
FORGED(ON_DIALER, resumed, RSESS_RESUMED, 47, 79);

/* Offsets and epoch as they are. */
static size_t make_unmasked_resume(struct scene *c, u8 *buf)
{
	struct peer *p = &c->s.p;
	size_t n = peer_make_resume(p, p->epoch + 1, p->rcv_nxt, buf);

	return peer_mask(p, buf) ? 0 : n;
}

ON_ACCEPTOR(resume_epoch_altered, .type = RSESS_RESUME, .flip = 51, UNPROVEN);
ON_ACCEPTOR(resume_unmasked, .make = make_unmasked_resume, UNPROVEN);

/* The honest session's id, with a MAC by the attacker's secret. */
static size_t make_secret_of_another(struct scene *c, u8 *buf)
{
	u8 id[RSESS_WIRE_ID_LEN];
	struct peer *p = &c->s.p;
	size_t n;

	memcpy(id, p->id, sizeof(id));
	memcpy(p->id, c->h.p.id, sizeof(id));
	n = peer_make_resume(p, p->epoch + 1, p->rcv_nxt, buf);
	memcpy(p->id, id, sizeof(id));
	return n;
}

/* The attacker's own RESUME, with the honest session's id. */
static size_t make_mac_of_another(struct scene *c, u8 *buf)
{
	struct peer *p = &c->s.p;
	size_t n = peer_make_resume(p, p->epoch + 1, p->rcv_nxt, buf);

	memcpy(buf + RSESS_HDR_LEN, c->h.p.id, sizeof(c->h.p.id));
	return n;
}

/* RESUMED of the honest session, to the RESUME of the attacked one. */
static size_t make_resumed_of_another(struct scene *c, u8 *buf)
{
	struct peer *h = &c->h.p;
	size_t n;

	memcpy(h->nonce, c->s.p.nonce, sizeof(h->nonce));
	h->epoch = c->s.p.epoch;
	n = peer_make_resumed(h, c->s.p.rcv_nxt, buf);
	h->epoch = 0;
	return n;
}

/* An answer that was right once, to the next question. */
static size_t make_recorded_resumed(struct scene *c, u8 *buf)
{
	struct peer *p = &c->s.p;
	size_t n = peer_make_resumed(p, p->rcv_nxt, buf);

	if (peer_send_raw(p, buf, n) || peer_take(p, UNTAKEN))
		return 0;
	peer_reset(p);
	return next_transport(c) ? 0 : n;
}

/* The dialer's question for an answer. */
static size_t make_reflected_resume(struct scene *c, u8 *buf)
{
	size_t n = RSESS_HDR_LEN + sizeof(struct rsess_wire_resume);

	memcpy(buf, c->s.p.raw, n);
	return n;
}

ON_ACCEPTOR(resume_by_secret_of_another, .make = make_secret_of_another,
	    UNPROVEN);
ON_ACCEPTOR(resume_by_mac_of_another, .make = make_mac_of_another, UNPROVEN);
ON_DIALER(resumed_of_another, .make = make_resumed_of_another, UNPROVEN);
ON_DIALER(resumed_recorded, .make = make_recorded_resumed, UNPROVEN);
ON_DIALER(resume_reflected, .state = AWAY, .make = make_reflected_resume,
	  UNEXPECTED);

/*
 * Frames that no codec lets pass, where others are awaited.
 */
FIXTURE(codec) {
	struct scene c;
};

FIXTURE_VARIANT(codec) {
	bool dialer;
	enum state state;
};

FIXTURE_SETUP(codec)
{
	OK(scene_begin(&self->c, variant->dialer, 0));
}

FIXTURE_TEARDOWN(codec)
{
	pair_free(&self->c.s);
	pair_free(&self->c.h);
}

#define CODEC(role, is_dialer, name, when)				\
	FIXTURE_VARIANT_ADD(codec, role##_##name) {			\
		.dialer = is_dialer, .state = when,			\
	}
#define CODEC_BOTH(name, when)						\
	CODEC(dialer, true, name, when);				\
	CODEC(acceptor, false, name, when)

CODEC(acceptor, false, first, FIRST);
CODEC(dialer, true, greeting, GREETING);
CODEC_BOTH(live, LIVE);
CODEC_BOTH(fin_sent, FIN_SENT);
CODEC_BOTH(fin_taken, FIN_TAKEN);
CODEC_BOTH(ended, ENDED);
CODEC_BOTH(away, AWAY);

CASE(codec, refuses)
{
	enum state state = variant->state;
	struct scene *c = &self->c;
	struct pair *s = &c->s;
	unsigned int i;
	int one = 1;

	for (i = 0; i < MALFORMED; i++) {
		TH_LOG("%s", malformed[i].what);
		if (!i || state == FIRST || state == GREETING)
			OK(reach(c, state));
		/* So many bad answers are a stranger's, who would take the peer's place. */
		if (!i && state == AWAY && variant->dialer) {
			OK(setsockopt(s->fd, SOL_RSESS, RSESS_RETRY_UNKNOWN, &one,
				      sizeof(one)));
		}
		OK(send_bad(&s->p, &malformed[i]));
		OK(peer_gone(&s->p));
		switch (state) {
		case FIRST:
			break;
		case GREETING:
			ASSERT_EQ(EPROTONOSUPPORT, pair_connect_fails(s));
			close(s->fd);
			s->fd = -1;
			break;
		case AWAY:
			OK(next_transport(c));
			break;
		default:
			OK(pair_again(s));
			break;
		}
		if (i % 8 == 0)
			OK(honest_talk(c));
	}
	/* A tombstone answers the RESUME, and reads no further. */
	if (state == ENDED && !variant->dialer) {
		ASSERT_LE(1, stat_get("FramesMalformed"));
	} else {
		ASSERT_EQ(MALFORMED, stat_get("FramesMalformed"));
	}
	if (state == FIRST || state == GREETING) {
		OK(scene_session(c));
	} else if (state == AWAY) {
		peer_reset(&s->p);
		OK(pair_again(s));
	}
	OK(whole(c));
	OK(scene_end(c));
}

/*
 * Many connections at once.
 */
FIXTURE(flood) {
	struct scene c;
};

FIXTURE_SETUP(flood)
{
	OK(scene_begin(&self->c, false, 0));
}

FIXTURE_TEARDOWN(flood)
{
	pair_free(&self->c.s);
	pair_free(&self->c.h);
}

/* Who comes afterwards is served, and nothing is left. */
static int flood_end(struct scene *c)
{
	return scene_session(c) ?: whole(c) ?: scene_end(c);
}

/* They end while they are still being taken from the inner socket. */
CASE(flood, of_resets)
{
	/* A reset may overtake what it follows: TCP tells of nothing then. */
	struct rise rise = { .name = "HandshakesLost", .from = 1000 };
	struct scene *c = &self->c;
	int i;

	for (i = 0; i < 2000; i++) {
		OK(peer_dial(&c->s.p));
		peer_reset(&c->s.p);
		if (i % 200 == 0)
			OK(honest_talk(c));
	}
	OK(wait_until(has_risen, &rise));
	OK(flood_end(c));
}

CASE(flood, of_silence)
{
	struct scene *c = &self->c;
	struct peer *p = &c->s.p;
	struct family f;
	int fd[40];
	unsigned int i;

	OK(genl_open(&f));
	OK(genl_hear(&f));
	OK(sysctl_set("rsess/max_pending", 30));
	OK(patience(SILENCE_MS));
	for (i = 0; i < ARRAY_SIZE(fd); i++) {
		OK(peer_dial(p));
		fd[i] = p->fd;
	}
	OK(honest_talk(c));
	for (i = 0; i < ARRAY_SIZE(fd); i++) {
		p->fd = fd[i];
		OK(peer_gone(p));
	}
	OK(patience(10000));
	EXPECT_EQ(ARRAY_SIZE(fd), stat_get("HandshakeTimeouts") +
				  stat_get("PendingDropped"));
	EXPECT_LT(0, stat_get("PendingFull"));
	OK(genl_limit(&f, "max_pending"));
	close(f.nl);
	OK(flood_end(c));
}

/* Each wants a session of its own, and goes. */
CASE(flood, of_hellos)
{
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };
	struct rise parked = { .name = "AcceptQueueFull", .from = 39 };
	struct rise refused = { .name = "HelloRefused", .from = 39 };
	struct scene *c = &self->c;
	struct peer *p = &c->s.p;
	int fd[57];
	unsigned int i;
	int n = 0;

	for (i = 0; i < ARRAY_SIZE(fd); i++) {
		memcpy(p->id, &i, sizeof(i));
		OK(peer_dial(p));
		OK(peer_send_hello(p));
		fd[i] = p->fd;
	}
	/* 17 have a place in the queue of accept(). */
	OK(wait_until(has_risen, &parked));
	OK(honest_talk(c));
	for (i = 0; i < ARRAY_SIZE(fd); i++) {
		p->fd = fd[i];
		peer_reset(p);
	}
	OK(wait_until(has_risen, &refused));
	for (;;) {
		int s = accept4(c->h.lfd, NULL, NULL, SOCK_CLOEXEC);

		if (s < 0)
			break;
		OK(setsockopt(s, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
		close(s);
		n++;
	}
	ASSERT_EQ(17, n);
	EXPECT_EQ(18, stat_get("SessionsAccepted"));
	OK(flood_end(c));
}

/* The same one, on one connection after the other. */
CASE(flood, of_one_hello)
{
	struct scene *c = &self->c;
	struct peer *p = &c->s.p;
	int i;

	OK(peer_hello(p));
	for (i = 0; i < 100; i++) {
		int old = p->fd;

		OK(peer_hello(p));
		close(old);
		if (i % 25 == 0)
			OK(honest_talk(c));
	}
	OK(pair_accept(&c->s));
	OK(pair_accept_nothing(&c->s));
	EXPECT_EQ(100, stat_get("HelloRepeated"));
	EXPECT_EQ(2, stat_get("SessionsAccepted"));
	OK(whole(c));
	OK(scene_end(c));
}

/* Somebody knows the honest session's id, and not the secret. */
CASE(flood, of_resumes)
{
	struct scene *c = &self->c;
	struct peer *p = &c->s.p;
	struct peer forger = c->h.p;
	u8 buf[200];
	u32 i;

	for (i = 1; i <= 100; i++) {
		size_t n = peer_make_resume(&forger, i, 0, buf);

		buf[n - 1] ^= 0x80;
		OK(peer_dial(p));
		OK(peer_send_raw(p, buf, n));
		OK(peer_gone(p));
		if (i % 25 == 0)
			OK(honest_talk(c));
	}
	EXPECT_EQ(100, stat_get("ResumeAuth"));
	OK(flood_end(c));
}

/* Each wants a session of its own, and goes when it has one: none of them has a place
 * for longer than a handshake may take.
 */
CASE(flood, of_hellos_that_go)
{
	struct rise unconfirmed = { .name = "HelloUnconfirmed" };
	struct scene *c = &self->c;
	struct peer *p = &c->s.p;
	int i, round;

	OK(sysctl_set("rsess/handshake_timeout_ms", SILENCE_MS));
	for (round = 0; round < 2; round++) {
		/* 17 have a place in the queue of accept(). */
		for (i = 0; i < 17; i++) {
			p->id[0]++;
			OK(peer_hello(p));
			peer_reset(p);
		}
		unconfirmed.from = 17 * (round + 1) - 1;
		OK(wait_until(has_risen, &unconfirmed));
		OK(honest_talk(c));
	}
	OK(pair_accept_nothing(&c->s));
	OK(patience(10000));
	OK(flood_end(c));
}

/* Who has the secret of its own session comes again as fast as it can. */
CASE(flood, of_true_resumes)
{
	struct rise excess = { .name = "ResumeExcess", .from = 99 };
	struct scene *c = &self->c;
	struct pair *s = &c->s;
	struct peer *p = &s->p;
	int i;

	OK(sysctl_set("rsess/max_resumes", 8));
	OK(scene_session(c));
	OK(pair_write(s, 500000));
	for (i = 0; !has_risen(&excess); i++) {
		ASSERT_GT(10000, i);
		peer_reset(p);
		OK(peer_dial(p));
		OK(peer_send_resume(p));
		/* Some see what became of it, others do not wait. */
		if (i % 3)
			peer_read(p);
		if (i % 25 == 0)
			OK(honest_talk(c));
	}
	peer_reset(p);
	OK(sysctl_set("rsess/max_resumes", 0));
	OK(pair_again(s));
	OK(whole(c));
	OK(scene_end(c));
}

/* What is left of a session that ended is as safe as the session was. */
CASE(flood, at_a_tombstone)
{
	struct scene *c = &self->c;
	struct peer *p = &c->s.p;
	u8 buf[200];
	size_t n;
	int i;

	OK(reach(c, ENDED));
	peer_reset(p);
	OK(pair_lost(&c->s));
	close(c->s.fd);
	c->s.fd = -1;
	for (i = 0; i < 10; i++) {
		n = peer_make_resume(p, p->epoch + 1, p->rcv_nxt, buf);
		buf[n - 1 - i] ^= 1;
		OK(peer_dial(p));
		OK(peer_send_raw(p, buf, n));
		OK(peer_gone(p));
		/* Its id is nobody else's yet. */
		OK(peer_dial(p));
		OK(peer_send_hello(p));
		ASSERT_EQ(RSESS_REASON_RESOURCES, peer_gone(p));
	}
	EXPECT_EQ(10, stat_get("ResumeAuth"));
	EXPECT_EQ(10, stat_get("HelloRefused"));
	OK(pair_accept_nothing(&c->s));
	OK(peer_dial(p));
	OK(peer_send_resume(p));
	OK(peer_expect(p, RSESS_RESUMED));
	ASSERT_EQ(p->snd_max, p->f.ack);
	OK(scene_end(c));
}

/* Who had the session asks what is left of it again and again: it is told, and keeps it
 * no longer than it is kept.
 */
CASE(flood, of_true_resumes_at_a_tombstone)
{
	struct scene *c = &self->c;
	struct peer *p = &c->s.p;
	int i, ret;

	/* Long enough for all who come, and not for the last. */
	OK(sysctl_set("rsess/tombstone_timeout_ms", 30 * SILENCE_MS));
	OK(reach(c, ENDED));
	peer_reset(p);
	OK(pair_lost(&c->s));
	close(c->s.fd);
	c->s.fd = -1;
	for (i = 0; i < 50; i++) {
		OK(peer_dial(p));
		OK(peer_send_resume(p));
		OK(peer_expect(p, RSESS_RESUMED));
		ASSERT_EQ(p->snd_max, p->f.ack);
		peer_close(p);
		if (i % 25 == 0)
			OK(honest_talk(c));
	}
	do {
		OK(peer_dial(p));
		OK(peer_send_resume(p));
		ret = peer_gone(p);
	} while (!ret);
	ASSERT_EQ(RSESS_REASON_UNKNOWN, ret);
	EXPECT_LE(50, stat_get("ResumeTombstone"));
	OK(scene_end(c));
}

/* A session that the kernel dialed is not to be found where it listens. */
CASE(flood, at_a_dialer)
{
	struct scene *c = &self->c;
	struct peer *p = &c->s.p;
	struct pair d;

	pair_init(&d, true, AF_INET6, 0);
	OK(pair_open(&d));
	OK(pair_pump(&d, 1000, 1000));
	memcpy(p->id, d.p.id, sizeof(p->id));
	memcpy(p->key, d.p.peer_key, sizeof(p->key));
	memcpy(p->peer_key, d.p.key, sizeof(p->peer_key));
	OK(peer_dial(p));
	OK(peer_send_resume(p));
	ASSERT_EQ(RSESS_REASON_UNKNOWN, peer_gone(p));
	EXPECT_EQ(1, stat_get("ResumeUnknown"));
	OK(pair_finish(&d));
	pair_free(&d);
	OK(scene_end(c));
}

/* Where an inet socket of IPPROTO_RSESS listens. */
CASE(flood, at_the_other_door)
{
	struct scene *c = &self->c;
	struct pair *s = &c->s;
	struct peer *p = &s->p;
	int i;

	close(s->lfd);
	p->addrlen = loopback(&p->addr, AF_INET, PORT + 1);
	s->lfd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			IPPROTO_RSESS);
	ASSERT_LE(0, s->lfd);
	OK(bind(s->lfd, (struct sockaddr *)&p->addr, p->addrlen));
	OK(listen(s->lfd, 16));
	for (i = 0; i < MALFORMED; i++) {
		OK(peer_dial(p));
		OK(send_bad(p, &malformed[i]));
		OK(peer_gone(p));
	}
	EXPECT_EQ(MALFORMED, stat_get("FramesMalformed"));
	OK(scene_session(c));
	for (i = 0; i < MALFORMED; i++) {
		OK(send_bad(p, &malformed[i]));
		OK(peer_gone(p));
		OK(pair_again(s));
	}
	EXPECT_EQ(2 * MALFORMED, stat_get("FramesMalformed"));
	OK(whole(c));
	OK(scene_end(c));
}

/* What two kernels say to each other is no flood, however small the limit. */
CASE(flood, is_none_between_honest_ones)
{
	struct scene *c = &self->c;
	int size = 16384;
	struct pair d;
	u64 off;

	OK(sysctl_set("rsess/max_idle_frames", 1));
	pair_init(&d, true, AF_INET, 0);
	OK(pair_beside(&c->s, &c->h));
	d.p.addr = c->s.p.addr;
	d.p.addrlen = c->s.p.addrlen;
	OK(pair_connect(&d));
	OK(pair_accept(&c->s));
	OK(pair_connected(&d));
	/* So small that each frame asks for an acknowledgment. */
	OK(setsockopt(d.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)));
	OK(setsockopt(c->s.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)));
	for (off = 0; off < 4000000; off += size) {
		OK(write_all(d.fd, off, size));
		OK(write_all(c->s.fd, off, size));
		OK(read_all(d.fd, off, size));
		OK(read_all(c->s.fd, off, size));
	}
	EXPECT_EQ(0, stat_get("FramesIdle"));
	EXPECT_EQ(0, stat_get("TransportsLost"));
	close(c->s.fd);
	c->s.fd = -1;
	OK(read_eof(d.fd));
	pair_free(&d);
	OK(scene_end(c));
}

TEST_HARNESS_MAIN
