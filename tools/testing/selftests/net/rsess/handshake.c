// SPDX-License-Identifier: GPL-2.0
/*
 * Handshakes with a peer that errs, lies, repeats itself or forgets: HELLO and
 * WELCOME, RESUME and RESUMED.
 */
#define _GNU_SOURCE
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness.h"
#include "pair.h"

#define NOBODY		65534

/* Long enough for the kernel to do what it must not do; nothing waits for it. */
#define QUIET_MS	300

/*
 * The kernel dials.
 */
FIXTURE(dialer) {
	struct pair s;
};

FIXTURE_SETUP(dialer)
{
	pair_init(&self->s, true, AF_INET, 0);
	OK(netns_inband());
}

FIXTURE_TEARDOWN(dialer)
{
	pair_free(&self->s);
}

CASE(dialer, closed_port)
{
	struct pair *s = &self->s;

	s->p.addrlen = loopback(&s->p.addr, AF_INET, PORT);
	OK(pair_connect(s));
	ASSERT_EQ(ECONNREFUSED, pair_connect_fails(s));
}

CASE(dialer, version_refused)
{
	struct pair *s = &self->s;

	OK(pair_start(s));
	OK(peer_accept(&s->p));
	OK(peer_expect(&s->p, RSESS_HELLO));
	OK(peer_send_abort(&s->p, RSESS_REASON_VERSION));
	ASSERT_EQ(EPROTONOSUPPORT, pair_connect_fails(s));
}

CASE(dialer, welcome_of_another_version)
{
	struct pair *s = &self->s;

	OK(pair_start(s));
	/* It was not offered, so this is no peer. */
	s->p.version_min = RSESS_VERSION + 1;
	OK(peer_welcome(&s->p));
	ASSERT_EQ(EPROTONOSUPPORT, pair_connect_fails(s));
}

CASE(dialer, refused_by_abort)
{
	struct pair *s = &self->s;

	OK(pair_start(s));
	OK(peer_accept(&s->p));
	OK(peer_expect(&s->p, RSESS_HELLO));
	OK(peer_send_abort(&s->p, RSESS_REASON_REFUSED));
	ASSERT_EQ(ECONNREFUSED, pair_connect_fails(s));
}

/* The service ends in the middle of it, and nobody listens any more. */
CASE(dialer, reset_and_then_refused)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;

	OK(pair_start(s));
	OK(peer_accept(p));
	OK(peer_expect(p, RSESS_HELLO));
	close(p->lfd);
	p->lfd = -1;
	peer_reset(p);
	ASSERT_EQ(ECONNREFUSED, pair_connect_fails(s));
	ASSERT_EQ(2, stat_get("Dials"));
}

/* All is said before the application looks: connect() has succeeded. */
CASE(dialer, session_over_before_connect_returns)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	char buf[200];

	OK(pair_start(s));
	OK(peer_welcome(p));
	OK(peer_send_data(p, 100));
	OK(peer_send_fin(p));
	OK(peer_send(p, RSESS_STOP, NULL, 0));
	while (!p->fin_seen) {
		ASSERT_LT(0, peer_read(p));
	}
	OK(peer_send_ack(p));
	ASSERT_EQ(0, peer_gone(p));
	OK(connect(s->fd, (struct sockaddr *)&p->addr, p->addrlen));
	ASSERT_EQ(100, recv(s->fd, buf, sizeof(buf), 0));
	ASSERT_EQ(0, recv(s->fd, buf, sizeof(buf), 0));
}

/* An answer ends a reading, and nothing tells of the bytes behind it again. */
CASE(dialer, bytes_behind_the_answer)
{
	u8 buf[2 * RSESS_HDR_LEN + RSESS_CTRL_MAX + 100];
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	size_t len;

	OK(pair_start(s));
	OK(peer_accept(p));
	OK(peer_expect(p, RSESS_HELLO));
	len = peer_make_welcome(p, buf);
	len += peer_make_data(p, p->snd_nxt, 100, buf + len);
	peer_sent(p, 100);
	OK(peer_send_raw(p, buf, len));
	OK(pair_connected(s));
	OK(pair_read(s, 100));
	OK(peer_take_ack(p, 100));

	peer_reset(p);
	OK(peer_accept(p));
	OK(peer_expect(p, RSESS_RESUME));
	len = peer_make_resumed(p, p->rcv_nxt, buf);
	len += peer_make_data(p, p->snd_nxt, 100, buf + len);
	peer_sent(p, 100);
	OK(peer_send_raw(p, buf, len));
	OK(pair_read(s, 100));
	OK(peer_take_ack(p, 200));
}

/* Answers every dial with @len bytes until connect() fails; 0 if it does. */
static int answer(struct pair *s, const void *bytes, size_t len)
{
	int64_t end = now_ms() + WAIT_MS;

	while (now_ms() < end) {
		struct pollfd pfd[] = {
			{ .fd = s->p.lfd, .events = POLLIN },
			{ .fd = s->fd, .events = POLLOUT },
		};

		if (poll(pfd, 2, WAIT_MS) <= 0)
			break;
		if (pfd[1].revents)
			return 0;
		if (peer_accept(&s->p))
			break;
		/* The kernel may have closed it: no matter. */
		send(s->p.fd, bytes, len, MSG_NOSIGNAL);
		peer_swallow(&s->p, RSESS_HDR_LEN + 56);
		peer_close(&s->p);
	}
	say("connect() goes on");
	return -ETIMEDOUT;
}

CASE(dialer, garbage_for_welcome)
{
	static const char http[] =
		"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
	struct pair *s = &self->s;

	OK(pair_start(s));
	OK(answer(s, http, sizeof(http) - 1));
	ASSERT_EQ(EPROTONOSUPPORT, pair_connect_fails(s));
}

/* Behind a load balancer another host may have answered. */
CASE(dialer, unknown_is_retried)
{
	struct pair *s = &self->s;
	int one = 1, i;

	OK(pair_open(s));
	OK(setsockopt(s->fd, SOL_RSESS, RSESS_RETRY_UNKNOWN, &one, sizeof(one)));
	OK(pair_write(s, 1000));
	peer_reset(&s->p);
	for (i = 0; i < 3; i++) {
		OK(peer_accept(&s->p));
		OK(peer_expect(&s->p, RSESS_RESUME));
		OK(peer_send_abort(&s->p, RSESS_REASON_UNKNOWN));
		OK(peer_gone(&s->p));
	}
	OK(pair_again(s));
	OK(pair_finish(s));
	ASSERT_EQ(3, stat_get("UnknownRetried"));
}

/* Any other reason is final. */
CASE(dialer, other_reasons_are_not_retried)
{
	struct pair *s = &self->s;
	int one = 1;

	OK(pair_open(s));
	OK(setsockopt(s->fd, SOL_RSESS, RSESS_RETRY_UNKNOWN, &one, sizeof(one)));
	peer_reset(&s->p);
	OK(peer_accept(&s->p));
	OK(peer_expect(&s->p, RSESS_RESUME));
	OK(peer_send_abort(&s->p, RSESS_REASON_APP));
	ASSERT_EQ(ECONNRESET, pair_fails(s));
}

/* A service that is none of ours answers a RESUME, over and over. */
static int stranger_answers(struct pair *s, const char *answer, int times)
{
	struct peer *p = &s->p;
	int i, ret = 0;

	for (i = 0; i < times && !ret; i++)
		ret = peer_accept(p) ?: peer_expect(p, RSESS_RESUME) ?:
		      peer_send_raw(p, answer, strlen(answer)) ?:
		      peer_gone(p);
	return ret;
}

static const char http[] = "HTTP/1.1 400 Bad Request\r\n\r\n......";
static const char smtp[] = "220 mail.example.org\r\n...........";

/* It has taken the port for a while, more often than a peer may break the protocol, and the
 * application has said that one may be the wrong host.
 */
CASE(dialer, strangers_break_nothing)
{
	struct pair *s = &self->s;
	int one = 1;

	OK(pair_open(s));
	OK(setsockopt(s->fd, SOL_RSESS, RSESS_RETRY_UNKNOWN, &one, sizeof(one)));
	OK(pair_write(s, 1000));
	peer_reset(&s->p);
	OK(stranger_answers(s, http, 33));
	OK(pair_again(s));
	OK(pair_finish(s));
	ASSERT_EQ(0, stat_get("PeersReplaced"));
}

/* Otherwise the peer has come back without the protocol, as when it does not take up the
 * option: the service is not bothered for long.
 */
CASE(dialer, strangers_take_its_place)
{
	struct pair *s = &self->s;

	OK(pair_open(s));
	OK(pair_write(s, 1000));
	peer_reset(&s->p);
	OK(stranger_answers(s, smtp, 4));
	/* In a row. */
	OK(peer_accept(&s->p));
	peer_reset(&s->p);
	OK(stranger_answers(s, smtp, 5));
	ASSERT_EQ(ECONNRESET, pair_fails(s));
	ASSERT_EQ(1, stat_get("PeersReplaced"));
}

/* Who ends connections and says nothing may be a proxy whose server is away. */
CASE(dialer, silence_is_no_stranger)
{
	struct pair *s = &self->s;
	int i;

	OK(pair_open(s));
	OK(pair_write(s, 1000));
	peer_reset(&s->p);
	for (i = 0; i < 12; i++) {
		OK(peer_accept(&s->p));
		OK(peer_expect(&s->p, RSESS_RESUME));
		OK(shutdown(s->p.fd, SHUT_WR));
		OK(peer_gone(&s->p));
	}
	OK(pair_again(s));
	OK(pair_finish(s));
}

/* A session that was dialed so often, each time but the last one in vain, and without waits. */
static int open_with_failures(struct pair *s, int n)
{
	int ret = sysctl_set("rsess/dial_max_ms", 10) ?: pair_open(s);

	if (ret)
		return ret;
	peer_reset(&s->p);
	while (n--) {
		ret = peer_accept(&s->p);
		if (ret)
			return ret;
		peer_reset(&s->p);
	}
	return pair_again(s);
}

/* With the default of two seconds this takes longer than a test may. */
CASE(dialer, dial_max_bounds_the_waits)
{
	OK(open_with_failures(&self->s, 200 * slowness()));
	OK(pair_finish(&self->s));
}

/* A transport that has lasted was of use, also when no byte went over it: how often it was dialed
 * before does not count when it is lost.
 */
CASE(dialer, no_wait_behind_an_idle_transport)
{
	struct pair *s = &self->s;

	OK(open_with_failures(s, 15));
	/* From here on the next wait of a row like that would be minutes. */
	OK(sysctl_set("rsess/dial_max_ms", 3600000));
	usleep(1200000);
	peer_reset(&s->p);
	OK(pair_again(s));
	OK(pair_finish(s));
}

/* The next RESUME, as it goes over the network; the transport is reset then. */
static int overhear_resume(struct pair *s, u8 *frame)
{
	size_t len = RSESS_HDR_LEN + sizeof(struct rsess_wire_resume);
	int ret = peer_accept(&s->p);

	if (!ret && recv(s->p.fd, frame, len, MSG_WAITALL) != (ssize_t)len)
		ret = -EPROTO;
	peer_reset(&s->p);
	return ret;
}

/* Whoever is there where a dialer is sent does not read what the peer has chosen: how much
 * there is to acknowledge, and how often it was resumed.
 */
CASE(dialer, resume_tells_strangers_nothing)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	struct rsess_wire_resume r;
	struct rsess_frame f[2];
	u32 epoch[2];
	u8 frame[200];
	int i;

	OK(pair_open(s));
	OK(pair_pump(s, 1000, 1000));
	peer_reset(p);
	for (i = 0; i < 2; i++) {
		OK(overhear_resume(s, frame));
		OK(rsess_wire_decode(frame, &f[i]));
		ASSERT_EQ(RSESS_RESUME, f[i].type);
		OK(rsess_wire_check_resume(frame + RSESS_HDR_LEN, f[i].length,
					   &r));
		OK(memcmp(r.id, p->id, sizeof(r.id)));
		epoch[i] = __be32_to_cpu(r.epoch);
		ASSERT_NE(p->snd_max, f[i].ack);
		ASSERT_NE(p->rcv_nxt, f[i].seq);
		ASSERT_LT(1ull << 32, f[i].limit - f[i].ack);
	}
	/* Nor how one differs from the other. */
	ASSERT_NE(f[0].ack, f[1].ack);
	ASSERT_NE(f[0].seq, f[1].seq);
	ASSERT_NE(f[0].limit, f[1].limit);
	ASSERT_NE(epoch[0] + 1, epoch[1]);
	p->epoch += 2;
	OK(pair_again(s));
	OK(pair_finish(s));
}

/* A peer that always takes longer than handshake_timeout_ms is given more time at
 * each attempt, or it would never be given enough.
 */
CASE(dialer, slow_answers)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	int i;

	OK(file_write("/proc/sys/net/rsess/handshake_timeout_ms", "200"));
	OK(pair_open(s));
	OK(pair_write(s, 1000));
	peer_reset(p);
	for (i = 0; i < 10; i++) {
		OK(peer_accept(p));
		OK(peer_expect(p, RSESS_RESUME));
		usleep(600000);
		if (!peer_send_resumed(p) && !peer_take(p, 1000))
			break;
		peer_reset(p);
	}
	ASSERT_GT(10, i);
	ASSERT_LT(0, stat_get("HandshakeTimeouts"));
	OK(pair_finish(s));
}

/* Attempts that were answered are no reason to wait longer for the next answer: that
 * one is lost, and the session is over before eight times as long.
 */
CASE(dialer, no_answer_after_strangers)
{
	unsigned int wait_ms = 1000 * slowness();
	struct pair *s = &self->s;
	int one = 1;

	OK(sysctl_set("rsess/timeout_ms", 6 * wait_ms));
	OK(pair_open(s));
	OK(setsockopt(s->fd, SOL_RSESS, RSESS_RETRY_UNKNOWN, &one, sizeof(one)));
	OK(pair_write(s, 1000));
	OK(sysctl_set("rsess/handshake_timeout_ms", wait_ms));
	peer_reset(&s->p);
	OK(stranger_answers(s, smtp, 6));
	OK(peer_accept(&s->p));
	OK(peer_expect(&s->p, RSESS_RESUME));
	OK(peer_gone(&s->p));
	ASSERT_EQ(1, stat_get("HandshakeTimeouts"));
	OK(pair_again(s));
	OK(pair_finish(s));
	EXPECT_EQ(0, stat_get("SessionTimeouts"));
}

/* A session that the peer has forgotten fails, and is not begun anew. */
CASE(dialer, peer_forgot_session)
{
	struct pair *s = &self->s;
	struct pollfd pfd;

	OK(pair_open(s));
	OK(pair_write(s, 1000));
	peer_reset(&s->p);
	OK(peer_accept(&s->p));
	OK(peer_expect(&s->p, RSESS_RESUME));
	OK(peer_send_abort(&s->p, RSESS_REASON_UNKNOWN));
	OK(peer_gone(&s->p));
	ASSERT_EQ(ECONNRESET, pair_fails(s));
	pfd.fd = s->p.lfd;
	pfd.events = POLLIN;
	ASSERT_EQ(0, poll(&pfd, 1, QUIET_MS));
}

/* Both streams are complete: "unknown" means that the peer has all. */
CASE(dialer, unknown_is_a_yes_at_the_end)
{
	struct pair *s = &self->s;

	OK(pair_open(s));
	OK(pair_write(s, 1000));
	OK(pair_shutdown(s));
	OK(peer_take(&s->p, 1000));
	OK(peer_expect(&s->p, RSESS_FIN));
	OK(peer_send_fin(&s->p));
	OK(read_eof(s->fd));
	peer_reset(&s->p);
	OK(peer_accept(&s->p));
	OK(peer_expect(&s->p, RSESS_RESUME));
	OK(peer_send_abort(&s->p, RSESS_REASON_UNKNOWN));
	OK(peer_gone(&s->p));
	ASSERT_EQ(0, socket_error(s->fd));
	OK(read_eof(s->fd));
	EXPECT_EQ(0, stat_get("SessionsFailed"));
}

/* Something else has taken the port: it is no peer, so the session waits. */
CASE(dialer, garbage_for_resumed)
{
	struct pair *s = &self->s;

	OK(pair_open(s));
	OK(pair_write(s, 1000));
	peer_reset(&s->p);
	OK(peer_accept(&s->p));
	OK(peer_expect(&s->p, RSESS_RESUME));
	OK(peer_send_raw(&s->p, "220 mail.example.org ESMTP service is ready\r\n",
			 44));
	OK(peer_gone(&s->p));
	OK(pair_again(s));
	OK(pair_finish(s));
}

/* OPTIONAL opens no door for frames that have to wait, nor for type 0. */
static size_t make_optional(struct peer *p, u8 type, size_t len, u8 *buf)
{
	struct rsess_frame f = {
		.type = type,
		.flags = RSESS_F_OPTIONAL,
		.length = len,
		.seq = p->snd_nxt,
		.ack = p->rcv_nxt,
		.limit = p->limit,
	};

	memset(buf, 0x41, RSESS_HDR_LEN + len);
	rsess_wire_encode(&f, buf);
	return RSESS_HDR_LEN + len;
}

/* The application reads between RESUME, which tells the old limit, and RESUMED:
 * the peer has no credit left and cannot ask, so it must be told.
 */
CASE(dialer, credit_is_told_after_resumed)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	int size = 8192;
	u64 limit;

	OK(peer_listen(p, AF_INET, PORT));
	s->fd = socket(AF_RSESS, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       IPPROTO_TCP);
	ASSERT_LE(0, s->fd);
	OK(setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)));
	FAILS(EINPROGRESS,
	      connect(s->fd, (struct sockaddr *)&p->addr, p->addrlen));
	OK(peer_welcome(p));
	OK(pair_connected(s));
	limit = p->snd_limit;
	OK(peer_send_data(p, limit));
	ASSERT_EQ(limit, p->snd_nxt);
	OK(peer_take_ack(p, limit));
	ASSERT_EQ(limit, p->snd_limit);
	peer_reset(p);
	OK(peer_accept(p));
	OK(peer_expect(p, RSESS_RESUME));
	ASSERT_EQ(limit, p->snd_limit);
	OK(pair_read(s, limit));
	OK(peer_send_resumed(p));
	while (p->snd_limit == limit) {
		int type = peer_read(p);

		ASSERT_EQ(RSESS_ACK, type);
	}
	/* All that was read makes room again. */
	ASSERT_EQ(2 * limit, p->snd_limit);
	OK(pair_finish(s));
	EXPECT_EQ(1, stat_get("TransportsLost"));
}

/* Skipped, however long: it has no place in a buffer for payloads. */
CASE(dialer, optional_type_0_for_welcome)
{
	static u8 buf[PEER_FRAME_MAX];
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	size_t n;

	OK(pair_start(s));
	OK(peer_accept(p));
	OK(peer_expect(p, RSESS_HELLO));
	n = make_optional(p, 0, RSESS_DATA_MAX, buf);
	OK(peer_send_raw(p, buf, n));
	OK(peer_send_welcome(p));
	OK(pair_connected(s));
	OK(pair_finish(s));
}

/*
 * The kernel accepts.
 */
FIXTURE(acceptor) {
	struct pair s;
};

FIXTURE_SETUP(acceptor)
{
	pair_init(&self->s, false, AF_INET, 0);
	OK(netns_inband());
	OK(pair_start(&self->s));
}

FIXTURE_TEARDOWN(acceptor)
{
	pair_free(&self->s);
}

/* Another session on the same listener works, whatever happened before. */
static int other_session(struct pair *s)
{
	struct pair o;
	int ret;

	pair_init(&o, false, s->family, 0);
	o.p.addr = s->p.addr;
	o.p.addrlen = s->p.addrlen;
	o.lfd = s->lfd;
	ret = peer_hello(&o.p) ?: pair_accept(&o) ?: pair_finish(&o);
	o.lfd = -1;
	pair_free(&o);
	return ret;
}

CASE(acceptor, version_mismatch)
{
	struct peer *p = &self->s.p;

	p->version_min = RSESS_VERSION + 1;
	p->version_max = RSESS_VERSION + 3;
	OK(peer_dial(p));
	OK(peer_send_hello(p));
	ASSERT_EQ(RSESS_REASON_VERSION, peer_gone(p));
	OK(pair_accept_nothing(&self->s));
	OK(other_session(&self->s));
}

CASE(acceptor, version_range)
{
	struct peer *p = &self->s.p;

	p->version_min = 0;
	p->version_max = 200;
	OK(peer_hello(p));
	OK(pair_accept(&self->s));
	OK(pair_finish(&self->s));
}

CASE(acceptor, hello_with_tlvs)
{
	static const u8 tlvs[] = { 0, 9, 0, 3, 'a', 'b', 'c', 0xff, 0xff, 0, 0 };
	struct peer *p = &self->s.p;
	u8 buf[200];
	size_t n;

	OK(peer_dial(p));
	n = peer_make_hello(p, buf);
	memcpy(buf + n, tlvs, sizeof(tlvs));
	buf[7] += sizeof(tlvs);
	OK(peer_send_raw(p, buf, n + sizeof(tlvs)));
	OK(peer_expect(p, RSESS_WELCOME));
	OK(pair_accept(&self->s));
	OK(pair_finish(&self->s));
}

/* What may be wrong with the payload of HELLO: a byte and its new value. */
static const struct {
	const char *what;
	unsigned int at;
	u8 value;
	unsigned int more;	/* zero bytes behind it */
} bad_hellos[] = {
	{ "magic", 0, 'X', 0 },
	{ "last of magic", 3, 'X', 0 },
	{ "version_min above version_max", 4, 9, 0 },
	{ "reserved", 6, 1, 0 },
	{ "half a TLV", 0, 'R', 3 },
	{ "TLV beyond the end", 59, 1, 4 },
};

CASE(acceptor, malformed_hello)
{
	struct peer *p = &self->s.p;
	unsigned int i;
	u8 buf[200];

	for (i = 0; i < ARRAY_SIZE(bad_hellos); i++) {
		size_t n;

		TH_LOG("%s", bad_hellos[i].what);
		OK(peer_dial(p));
		memset(buf, 0, sizeof(buf));
		n = peer_make_hello(p, buf) + bad_hellos[i].more;
		buf[7] += bad_hellos[i].more;
		buf[RSESS_HDR_LEN + bad_hellos[i].at] = bad_hellos[i].value;
		OK(peer_send_raw(p, buf, n));
		OK(peer_gone(p));
	}
	OK(pair_accept_nothing(&self->s));
	OK(other_session(&self->s));
	EXPECT_EQ(ARRAY_SIZE(bad_hellos), stat_get("FramesMalformed"));
}

/* A client that knows nothing of sessions. */
CASE(acceptor, garbage_for_hello)
{
	static const char http[] = "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n";
	struct peer *p = &self->s.p;
	u8 noise[4096];
	int i;

	OK(peer_dial(p));
	OK(peer_send_raw(p, http, sizeof(http) - 1));
	OK(peer_gone(p));
	srand(1);
	for (i = 0; i < 20; i++) {
		unsigned int n;

		for (n = 0; n < sizeof(noise); n++)
			noise[n] = rand() >> 8;
		OK(peer_dial(p));
		/* It may be closed before all of it is out. */
		send(p->fd, noise, sizeof(noise), MSG_NOSIGNAL);
		OK(peer_gone(p));
	}
	OK(pair_accept_nothing(&self->s));
	OK(other_session(&self->s));
}

CASE(acceptor, repeated_hello)
{
	struct peer *p = &self->s.p;
	u8 key[RSESS_WIRE_KEY_LEN];
	int i;

	OK(peer_hello(p));
	memcpy(key, p->peer_key, sizeof(key));
	for (i = 0; i < 3; i++) {
		peer_reset(p);
		OK(peer_hello(p));
		OK(memcmp(key, p->peer_key, sizeof(key)));
	}
	OK(pair_accept(&self->s));
	OK(pair_accept_nothing(&self->s));
	OK(pair_finish(&self->s));
	EXPECT_EQ(3, stat_get("HelloRepeated"));
	EXPECT_EQ(1, stat_get("SessionsAccepted"));
}

/* The dialer has given the old transport up; the kernel has not noticed. */
CASE(acceptor, repeated_hello_beside_old_transport)
{
	struct peer *p = &self->s.p;
	int old;

	OK(peer_hello(p));
	old = p->fd;
	OK(peer_hello(p));
	close(old);
	OK(pair_accept(&self->s));
	OK(pair_accept_nothing(&self->s));
	OK(pair_finish(&self->s));
}

/* What the dialer gave up comes last; it does not take the place of what it has
 * now.
 */
CASE(acceptor, repeated_hello_of_older_transport)
{
	struct peer *p = &self->s.p;
	u8 buf[RSESS_HDR_LEN + RSESS_CTRL_MAX];
	size_t len = peer_make_hello(p, buf);
	int old, live;

	OK(peer_dial(p));
	OK(peer_send_raw(p, buf, len - 1));
	old = p->fd;
	OK(peer_hello(p));
	live = p->fd;
	p->fd = old;
	OK(peer_send_raw(p, buf + len - 1, 1));
	OK(peer_gone(p));
	p->fd = live;
	OK(pair_accept(&self->s));
	OK(pair_accept_nothing(&self->s));
	OK(pair_finish(&self->s));
	EXPECT_EQ(1, stat_get("HelloRefused"));
	EXPECT_EQ(0, stat_get("HelloRepeated"));
}

CASE(acceptor, repeated_hello_with_another_key)
{
	struct peer *p = &self->s.p;
	int live;

	OK(peer_hello(p));
	live = p->fd;
	OK(peer_dial(p));
	p->key[5] ^= 1;
	OK(peer_send_hello(p));
	OK(peer_gone(p));
	p->key[5] ^= 1;
	p->fd = live;
	OK(pair_accept(&self->s));
	OK(pair_accept_nothing(&self->s));
	OK(pair_finish(&self->s));
	EXPECT_EQ(1, stat_get("HelloRefused"));
}

/* Another listener of the kernel's, at @port; a negative errno. */
static int listener_beside(struct peer *p, int port, uid_t uid, const char *device)
{
	int fd, ret = -1;

	p->addrlen = loopback(&p->addr, AF_INET, port);
	if (seteuid(uid))
		return -errno;
	fd = socket(AF_RSESS, SOCK_STREAM | SOCK_CLOEXEC, transport);
	if (seteuid(0))
		return -errno;
	if (fd >= 0)
		ret = setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device,
				 strlen(device)) ||
		      bind(fd, (struct sockaddr *)&p->addr, p->addrlen) ||
		      listen(fd, 16);
	if (!ret)
		return fd;
	ret = -errno;
	say("%s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return ret;
}

/* A frame of the session's that comes to a listener that is not its own costs that
 * transport, and nothing else.
 */
static int refused_beside(struct peer *p, int (*send)(struct peer *p))
{
	int live = p->fd;
	int ret = peer_dial(p) ?: send(p) ?: peer_gone(p);

	p->fd = live;
	return ret;
}

CASE(acceptor, resume_where_another_user_listens)
{
	struct peer *p = &self->s.p;
	int fd[3];
	int i;

	OK(peer_hello(p));
	OK(pair_accept(&self->s));
	fd[0] = listener_beside(p, PORT + 1, NOBODY, "");
	ASSERT_LE(0, fd[0]);
	OK(refused_beside(p, peer_send_resume));
	ASSERT_EQ(1, stat_get("ResumeElsewhere"));
	fd[1] = listener_beside(p, PORT + 2, 0, "lo");
	ASSERT_LE(0, fd[1]);
	OK(refused_beside(p, peer_send_resume));
	ASSERT_EQ(2, stat_get("ResumeElsewhere"));
	OK(pair_pump(&self->s, 1000, 1000));
	ASSERT_EQ(0, stat_get("TransportsLost"));
	/* The user's own will do. */
	fd[2] = listener_beside(p, PORT + 3, 0, "");
	ASSERT_LE(0, fd[2]);
	peer_reset(p);
	OK(peer_resume(p));
	OK(pair_finish(&self->s));
	for (i = 0; i < 3; i++)
		close(fd[i]);
}

CASE(acceptor, hello_again_where_another_user_listens)
{
	struct peer *p = &self->s.p;
	const struct sockaddr_storage own = p->addr;
	int fd;

	OK(peer_hello(p));
	fd = listener_beside(p, PORT + 1, NOBODY, "");
	ASSERT_LE(0, fd);
	OK(refused_beside(p, peer_send_hello));
	ASSERT_EQ(1, stat_get("HelloRefused"));
	ASSERT_EQ(0, stat_get("HelloRepeated"));
	p->addr = own;
	OK(pair_accept(&self->s));
	OK(pair_finish(&self->s));
	close(fd);
}

CASE(acceptor, replayed_resume)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	u8 buf[200];
	size_t n;
	int live;

	OK(peer_hello(p));
	OK(pair_accept(s));
	OK(pair_write(s, 1000));
	OK(peer_take(p, 1000));
	peer_reset(p);
	OK(peer_dial(p));
	p->epoch++;
	n = peer_make_resume(p, p->epoch, p->rcv_nxt, buf);
	OK(peer_send_raw(p, buf, n));
	OK(peer_expect(p, RSESS_RESUMED));
	/* The same bytes once more, on a transport of their own. */
	live = p->fd;
	OK(peer_dial(p));
	OK(peer_send_raw(p, buf, n));
	OK(peer_gone(p));
	/* A new RESUME of an epoch that is not newer. */
	OK(peer_dial(p));
	n = peer_make_resume(p, p->epoch - 1, p->rcv_nxt, buf);
	OK(peer_send_raw(p, buf, n));
	OK(peer_gone(p));
	p->fd = live;
	OK(pair_finish(s));
	EXPECT_EQ(2, stat_get("ResumeStale"));
	EXPECT_EQ(1, stat_get("TransportsLost"));
}

/* Who says HELLO and goes has no place in the queue, or a process, for long. */
CASE(acceptor, hello_and_reset)
{
	struct pair *s = &self->s;

	OK(sysctl_set("rsess/handshake_timeout_ms", 500));
	OK(peer_hello(&s->p));
	peer_reset(&s->p);
	OK(no_sessions());
	OK(pair_accept_nothing(s));
	EXPECT_EQ(1, stat_get("HelloUnconfirmed"));
	OK(other_session(s));
}

CASE(acceptor, hello_and_reset_when_accepted)
{
	struct pair *s = &self->s;

	OK(sysctl_set("rsess/handshake_timeout_ms", 500));
	OK(peer_hello(&s->p));
	OK(pair_accept(s));
	peer_reset(&s->p);
	ASSERT_EQ(ETIMEDOUT, pair_fails(s));
}

/* Nor who does not even go. */
CASE(acceptor, hello_and_silence)
{
	struct pair *s = &self->s;

	OK(sysctl_set("rsess/handshake_timeout_ms", 500));
	s->p.pong = false;
	OK(peer_hello(&s->p));
	OK(pair_accept(s));
	ASSERT_EQ(ETIMEDOUT, pair_fails(s));
	OK(other_session(s));
}

/* Who has nothing to say is asked, and has all the time then. */
CASE(acceptor, hello_and_patience)
{
	struct pair *s = &self->s;

	OK(sysctl_set("rsess/handshake_timeout_ms", 3000));
	s->p.pong = false;
	OK(peer_hello(&s->p));
	OK(peer_expect(&s->p, RSESS_PING));
	OK(peer_send(&s->p, RSESS_PONG, s->p.raw + RSESS_HDR_LEN, 8));
	/* What is waited for is that nothing happens. */
	sleep(4);
	peer_reset(&s->p);
	OK(peer_resume(&s->p));
	OK(pair_accept(s));
	OK(pair_finish(s));
	EXPECT_EQ(0, stat_get("HelloUnconfirmed"));
}

/* Epochs are compared modulo 2^32. */
CASE(acceptor, epoch_wraps)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	int i;

	OK(peer_hello(p));
	OK(pair_accept(s));
	for (i = 0; i < 5; i++) {
		peer_reset(p);
		p->epoch += 0x60000000;
		OK(peer_resume(p));
	}
	OK(pair_finish(s));
}

/* The new transport is attached while the old one still stands. */
CASE(acceptor, old_transport_is_dead)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	u8 buf[200];
	int old;
	int new;

	OK(peer_hello(p));
	OK(pair_accept(s));
	OK(peer_expect(p, RSESS_ACK));	/* there is more room than before */
	OK(peer_send_data(p, 1000));
	old = p->fd;
	OK(peer_resume(p));
	/* What the old one had received was taken first. */
	ASSERT_EQ(1000, p->snd_una);
	new = p->fd;
	/* What it says now is not heard. */
	p->fd = old;
	send(old, buf, peer_make_data(p, 1000, 100, buf), MSG_NOSIGNAL);
	OK(peer_gone(p));
	p->fd = new;
	OK(peer_send_data(p, 500));
	OK(pair_read(s, 1500));
	OK(pair_finish(s));
	EXPECT_EQ(0, stat_get("DuplicateBytes"));
}

/* A session that ended in order still answers. */
CASE(acceptor, tombstone)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	int i;

	OK(peer_hello(p));
	OK(pair_accept(s));
	OK(pair_shutdown(s));
	OK(peer_expect(p, RSESS_FIN));
	OK(peer_send_data(p, 100));
	OK(peer_send_fin(p));
	OK(pair_read(s, 100));
	OK(read_eof(s->fd));
	close(s->fd);
	s->fd = -1;
	peer_reset(p);
	/* Once is not enough: the answer may be lost too. */
	for (i = 0; i < 3; i++) {
		OK(peer_dial(p));
		OK(peer_send_resume(p));
		OK(peer_expect(p, RSESS_RESUMED));
		ASSERT_EQ(p->snd_max, p->f.ack);
		peer_reset(p);
	}
	/* Its door is locked as well. */
	p->epoch -= 2;
	OK(peer_dial(p));
	OK(peer_send_resume(p));
	ASSERT_EQ(0, peer_gone(p));
	EXPECT_LT(0, stat_get("ResumeTombstone"));
	EXPECT_EQ(1, stat_get("ResumeStale"));
}

/* The application closes first, without having read: an orphan in TIME_WAIT. */
static int orphan_in_time_wait(struct pair *s)
{
	struct peer *p = &s->p;
	int ret = peer_hello(p) ?: pair_accept(s);

	if (ret)
		return ret;
	close(s->fd);
	s->fd = -1;
	return peer_expect(p, RSESS_FIN) ?: peer_expect(p, RSESS_STOP) ?:
	       peer_send_ack(p) ?: peer_send_data(p, 100) ?:
	       peer_send_fin(p) ?: peer_take_ack(p, p->snd_max);
}

/* The peer asks how the session ended, and is told that all has come.  While a listener is on
 * its way to the end it may be refused, and asks again.
 */
static int tombstone_answers(struct peer *p)
{
	int64_t end = now_ms() + WAIT_MS;
	int ret;

	do {
		ret = peer_dial(p);
	} while (ret == -ECONNREFUSED && now_ms() < end);
	if (ret) {
		say("connect: %s", strerror(-ret));
		return ret;
	}
	ret = peer_send_resume(p) ?: peer_expect(p, RSESS_RESUMED);
	if (!ret && p->f.ack != p->snd_max) {
		say("ack %llu of %llu", (unsigned long long)p->f.ack,
		    (unsigned long long)p->snd_max);
		ret = -EPROTO;
	}
	peer_reset(p);
	return ret;
}

static void close_listener(struct pair *s)
{
	close(s->lfd);
	s->lfd = -1;
}

/* Nobody listens any more, and no session lives: the address is still there for
 * the peer's question, and for nobody else but a listener of the same user.
 */
CASE(acceptor, tombstone_answers_without_a_listener)
{
	struct pair *s = &self->s;
	struct peer q;

	OK(orphan_in_time_wait(s));
	close_listener(s);
	peer_reset(&s->p);
	OK(no_sessions());
	/* Once is not enough: the answer may be lost too. */
	OK(tombstone_answers(&s->p));
	OK(tombstone_answers(&s->p));
	peer_init(&q, true, 0);
	q.addr = s->p.addr;
	q.addrlen = s->p.addrlen;
	OK(peer_dial(&q));
	OK(peer_send_hello(&q));
	ASSERT_EQ(RSESS_REASON_REFUSED, peer_gone(&q));
	peer_free(&q);

	OK(pair_listen(s));
	OK(other_session(s));
	OK(tombstone_answers(&s->p));
	close_listener(s);
	OK(tombstone_answers(&s->p));
	EXPECT_EQ(4, stat_get("ResumeTombstone"));
}

/* Can a plain TCP socket listen at the address? */
static bool address_is_free(void *arg)
{
	struct pair *s = arg;
	int fd = socket(s->family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	int one = 1;
	bool ret;

	ret = fd >= 0 &&
	      !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) &&
	      !bind(fd, (struct sockaddr *)&s->p.addr, s->p.addrlen) &&
	      !listen(fd, 1);
	if (fd >= 0)
		close(fd);
	return ret;
}

static bool nobody_answers(void *arg)
{
	struct peer *p = arg;
	int ret = peer_dial(p);

	peer_reset(p);
	return ret == -ECONNREFUSED;
}

/* What the application allows a session does not count for what is left of it. */
CASE(acceptor, tombstone_expires_whatever_the_timeout)
{
	struct pair *s = &self->s;

	OK(sysctl_set("rsess/tombstone_timeout_ms", 300));
	OK(pair_timeout(s->lfd, 0x80000000));
	OK(orphan_in_time_wait(s));
	close_listener(s);
	peer_reset(&s->p);
	OK(no_sessions());
	OK(wait_until(address_is_free, s));
	OK(wait_until(nobody_answers, &s->p));
}

/* The transport was lost first, and the application closed afterwards. */
CASE(acceptor, tombstone_answers_after_a_late_close)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;

	OK(peer_hello(p));
	OK(pair_accept(s));
	OK(pair_shutdown(s));
	OK(peer_expect(p, RSESS_FIN));
	OK(peer_send_ack(p));
	OK(peer_send_data(p, 100));
	OK(peer_send_fin(p));
	OK(peer_take_ack(p, p->snd_max));
	OK(pair_read(s, 100));
	OK(read_eof(s->fd));
	peer_reset(p);
	OK(pair_lost(s));
	close_listener(s);
	close(s->fd);
	s->fd = -1;
	OK(no_sessions());
	OK(tombstone_answers(p));
}

/* The transport ended in order, so the peer has nothing to ask. */
CASE(acceptor, orderly_end_frees_the_address)
{
	struct pair *s = &self->s;

	OK(orphan_in_time_wait(s));
	close_listener(s);
	ASSERT_FALSE(address_is_free(s));
	ASSERT_EQ(0, peer_gone(&s->p));
	OK(wait_until(address_is_free, s));

	/* The listener may as well be closed last. */
	pair_init(s, false, AF_INET, 0);
	OK(pair_listen(s));
	OK(orphan_in_time_wait(s));
	ASSERT_EQ(0, peer_gone(&s->p));
	OK(no_sessions());
	close_listener(s);
	OK(wait_until(address_is_free, s));
	EXPECT_EQ(2, stat_get("SessionsClosed"));
}

/* One HELLO on many connections at once: one of them is the session's, and none is told
 * that there is no room.
 */
CASE(acceptor, hello_many_times_at_once)
{
	struct pair *s = &self->s;
	int fd[8], i, round;
	u8 buf[200];
	size_t len;
	struct peer q;

	for (round = 0; round < 50; round++) {
		peer_init(&q, true, 0);
		q.addr = s->p.addr;
		q.addrlen = s->p.addrlen;
		len = peer_make_hello(&q, buf);
		for (i = 0; i < 8; i++) {
			OK(peer_dial(&q));
			fd[i] = q.fd;
			q.fd = -1;
		}
		for (i = 0; i < 8; i++) {
			ASSERT_EQ((ssize_t)len, send(fd[i], buf, len, 0));
		}
		for (i = 0; i < 8; i++) {
			q.fd = fd[i];
			ASSERT_NE(RSESS_ABORT, peer_read(&q));
			peer_reset(&q);
		}
		peer_free(&q);
		OK(pair_accept(s));
		close(s->fd);
		s->fd = -1;
	}
}

/* Both have confirmed the end: nothing stays behind. */
CASE(acceptor, no_session_stays)
{
	int i;

	for (i = 0; i < 10; i++) {
		OK(other_session(&self->s));
	}
	OK(no_sessions());
	EXPECT_EQ(10, stat_get("SessionsClosed"));
	EXPECT_EQ(0, stat_get("SessionsFailed"));
}

/* The listener is closed; sessions that it accepted go on. */
CASE(acceptor, listener_closed)
{
	struct pair *s = &self->s;
	struct peer q;

	OK(peer_hello(&s->p));
	OK(pair_accept(s));
	close(s->lfd);
	s->lfd = -1;
	peer_init(&q, true, 0);
	q.addr = s->p.addr;
	q.addrlen = s->p.addrlen;
	OK(peer_dial(&q));
	OK(peer_send_hello(&q));
	ASSERT_EQ(RSESS_REASON_REFUSED, peer_gone(&q));
	OK(pair_write(s, 1000));
	peer_reset(&s->p);
	OK(peer_resume(&s->p));
	OK(pair_finish(s));
	peer_free(&q);
}

/* Sessions that nobody has accepted end with their listener. */
CASE(acceptor, listener_closed_before_accept)
{
	struct pair *s = &self->s;

	OK(peer_hello(&s->p));
	close(s->lfd);
	s->lfd = -1;
	ASSERT_LE(0, peer_gone(&s->p));
	OK(no_sessions());
	/* Nobody listens at all. */
	ASSERT_EQ(-ECONNREFUSED, peer_dial(&s->p));
}

/* The transport is dead before the session of its HELLO is made. */
CASE(acceptor, reset_behind_hello)
{
	struct pair *s = &self->s;
	struct pollfd pfd = { .fd = s->lfd, .events = POLLIN };
	struct sockaddr_storage addr;
	int i;

	for (i = 0; i < 20; i++) {
		struct peer p;

		peer_init(&p, true, 0);
		p.addr = s->p.addr;
		p.addrlen = s->p.addrlen;
		OK(peer_dial(&p));
		OK(peer_send_hello(&p));
		peer_reset(&p);
		peer_free(&p);
	}
	while (poll(&pfd, 1, QUIET_MS) > 0) {
		socklen_t len = sizeof(addr);
		int fd = accept(s->lfd, NULL, NULL);

		ASSERT_LE(0, fd);
		OK(getpeername(fd, (struct sockaddr *)&addr, &len));
		close(fd);
	}
	/* None of those was taken for the listener. */
	OK(other_session(s));
}

/* accept() waits for a byte, which has come, though the end has come with it. */
CASE(acceptor, abort_behind_awaited_byte)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	int seconds = 30;
	u8 buf[100];
	size_t len;

	OK(setsockopt(s->lfd, SOL_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds)));
	OK(peer_hello(p));
	OK(pair_accept_nothing(s));
	len = peer_make_data(p, p->snd_nxt, 1, buf);
	len += peer_make_abort(p, RSESS_REASON_APP, buf + len);
	OK(peer_send_raw(p, buf, len));
	OK(pair_accept(s));
	ASSERT_EQ(1, recv(s->fd, buf, 1, 0));
	ASSERT_EQ(ECONNRESET, pair_fails(s));
}

static void leave(struct peer *p)
{
	peer_free(p);
	free(p);
}

/* One more peer that says HELLO; leave() follows. */
static struct peer *knock(const struct pair *s)
{
	struct peer *p = malloc(sizeof(*p));

	if (!p)
		return NULL;
	peer_init(p, true, 0);
	p->addr = s->p.addr;
	p->addrlen = s->p.addrlen;
	if (!peer_dial(p) && !peer_send_hello(p))
		return p;
	leave(p);
	return NULL;
}

/* A queue that is full answers late; the dialer waits. */
CASE(acceptor, backlog_is_bounded)
{
	struct pair *s = &self->s;
	struct peer *p[6];
	int welcomed = 0;
	unsigned int i;

	OK(listen(s->lfd, 1));
	for (i = 0; i < ARRAY_SIZE(p); i++) {
		p[i] = knock(s);
		ASSERT_NE(NULL, p[i]);
	}
	usleep(QUIET_MS * 1000);
	for (i = 0; i < ARRAY_SIZE(p); i++) {
		struct pollfd pfd = { .fd = p[i]->fd, .events = POLLIN };

		welcomed += poll(&pfd, 1, 0) > 0;
	}
	ASSERT_LT(0, welcomed);
	ASSERT_GT(ARRAY_SIZE(p), welcomed);
	/* As accept() makes room, all of them get their answer. */
	for (i = 0; i < ARRAY_SIZE(p); i++) {
		OK(pair_accept(s));
		close(s->fd);
		s->fd = -1;
	}
	for (i = 0; i < ARRAY_SIZE(p); i++) {
		OK(peer_expect(p[i], RSESS_WELCOME));
		leave(p[i]);
	}
}

/* The dialer came again while its first HELLO waited for room.  When that has a session,
 * and turns out to be of a dead transport, the second needs no room: a server that
 * serves one client after the other may be waiting for this very one.
 */
CASE(acceptor, parked_hello_of_a_session)
{
	struct pair *s = &self->s;
	struct peer *p[4];
	struct rise parked = { .name = "AcceptQueueFull" };
	int again;
	unsigned int i;

	/* When it is over, each one that waits is looked at anyway. */
	OK(sysctl_set("rsess/handshake_timeout_ms", 3600000));
	OK(listen(s->lfd, 1));
	for (i = 0; i < ARRAY_SIZE(p); i++) {
		p[i] = knock(s);
		ASSERT_NE(NULL, p[i]);
		if (i < 2) {
			OK(peer_expect(p[i], RSESS_WELCOME));
			continue;
		}
		OK(wait_until(has_risen, &parked));
		parked.from++;
	}
	/* The third is parked, and the fourth behind it: now the third comes again. */
	again = p[2]->fd;
	OK(peer_dial(p[2]));
	OK(peer_send_hello(p[2]));
	OK(wait_until(has_risen, &parked));
	i = p[2]->fd;
	p[2]->fd = again;
	again = i;
	OK(pair_accept(s));
	OK(peer_expect(p[2], RSESS_WELCOME));
	peer_reset(p[2]);
	p[2]->fd = again;
	OK(peer_expect(p[2], RSESS_WELCOME));
	ASSERT_EQ(1, stat_get("HelloRepeated"));
	for (i = 0; i < ARRAY_SIZE(p); i++)
		leave(p[i]);
}

TEST_HARNESS_MAIN
