// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes the session: a peer sends frames that are right or nearly right, or bytes
 * of any kind, in pieces of any size; an application reads and writes; connections
 * come and go; memory runs out.  The input says what happens.
 *
 * All of it is compared with a model of the protocol (model.c), and with what
 * always has to hold (world.c).
 */
#include "auth.h"
#include "world.h"

/* The input.  Where it ends, there are zeros. */
static const u8 *in;
static size_t in_left;

/* What the peer would send next. */
static struct {
	u64	seq;
	u64	limit;
	u64	start;
	u32	epoch;
	u32	window;
} peer;

static u8 take(void)
{
	if (!in_left)
		return 0;
	in_left--;
	return *in++;
}

static u64 take_number(int n)
{
	u64 v = 0;

	while (n--)
		v = v << 8 | take();
	return v;
}

/* Offsets of which something is to be expected. */
static u64 take_start(void)
{
	static const u64 near[] = {
		0, -1ULL, -20ULL, 1ULL << 63, (1ULL << 63) - 20, 1ULL << 32,
	};
	u8 n = take();

	return n < ARRAY_SIZE(near) ? near[n] : n < 16 ? take_number(8) : n;
}

/* --- the peer's frames ------------------------------------------------------- */

static void put_number(u8 *p, u64 v, int n)
{
	while (n--) {
		p[n] = v;
		v >>= 8;
	}
}

static void send_bytes(struct conn *c, const u8 *p, u32 len)
{
	len = min(len, CONN_IN - c->in_len);
	if (!len)
		return;
	memcpy(world_in[c->slot] + c->in_len, p, len);
	c->in_len += len;
}

static u64 choose_ack(u8 how)
{
	const struct rsess_sock *rs = world.rs;
	const struct rsess_sendq *q;

	if (!rs)
		return 0;
	q = &rs->sq;
	switch (how & 3) {
	case 0:
		return q->snd_una + rs->fin_acked;
	case 1:
		return q->snd_nxt + (rs->tr && rs->tr->fin_sent);
	case 2:
		return q->snd_una + (q->snd_nxt - q->snd_una + 1) / 2;
	default:
		return q->snd_max + rs->fin_tried;
	}
}

/* A field near what it should be, or not. */
static void mutate(u8 *hdr)
{
	static const struct {
		u8 off, len;
	} field[] = {
		{ 0, 1 }, { 1, 1 }, { 2, 2 }, { 4, 4 },
		{ 8, 8 }, { 8, 8 }, { 16, 8 }, { 24, 8 },
	};
	u8 how = take();
	u8 off = field[how & 7].off, len = field[how & 7].len;
	u64 old = 0;
	int i;

	for (i = 0; i < len; i++)
		old = old << 8 | hdr[off + i];
	if (how & 8)
		old = take_number(len);
	else
		old += (s64)(signed char)take();
	put_number(hdr + off, old, len);
}

/* The peer knows the session's secret, and says so. */
static void send_tag(struct conn *c, const u8 *hdr, const u8 *payload, u32 len,
		     bool odd)
{
	const struct rsess_sock *rs = world.rs;
	u8 tag[RSESS_WIRE_TAG_LEN];

	if (!rs || !rs->tagged || !rsess_wire_tagged(hdr[0]))
		return;
	if (!c->peer_tags)
		rsess_tag_start(&c->peer_tag, rs->secret, rs->salt, rs->epoch,
				!rs->dialer);
	c->peer_tags = true;
	rsess_tag_begin(&c->peer_tag, hdr);
	rsess_tag_bytes(&c->peer_tag, payload, len);
	rsess_tag_end(&c->peer_tag, tag);
	if (odd && !(take() & 7))
		tag[take() % sizeof(tag)] ^= 1;
	send_bytes(c, tag, sizeof(tag));
}

/* @f has type, length and payload; the rest is the next that is right. */
static void send_frame(struct conn *c, u8 type, const u8 *payload, u32 len,
		       bool odd)
{
	u8 how = take();
	u8 hdr[RSESS_HDR_LEN] = { type, 0 };

	if (type == RSESS_DATA)
		hdr[1] = how >> 2 & 6;
	else if (type > RSESS_TYPE_MAX)
		hdr[1] = RSESS_F_OPTIONAL;
	peer.limit += (how >> 5) * 16;
	put_number(hdr + 4, len, 4);
	put_number(hdr + 8, peer.seq, 8);
	put_number(hdr + 16, choose_ack(how), 8);
	put_number(hdr + 24, peer.limit, 8);
	if (odd)
		mutate(hdr);
	send_bytes(c, hdr, sizeof(hdr));
	send_bytes(c, payload, len);
	send_tag(c, hdr, payload, len, odd);
}

static void send_data(struct conn *c, bool odd)
{
	static u8 payload[8192];
	u32 i, len = take();

	if (len >= 240)
		len = (len - 239) * 512;
	len = max(len, 1U);
	for (i = 0; i < len; i++)
		payload[i] = pattern(~(peer.seq + i));
	/* Some of it, or all, may be known already. */
	if (odd && take() & 1)
		peer.seq -= take();
	send_frame(c, RSESS_DATA, payload, len, odd);
	peer.seq += len;
}

static void send_other(struct conn *c, bool odd)
{
	static const u8 types[] = {
		RSESS_ACK, RSESS_STOP, RSESS_PING, RSESS_PONG, RSESS_ABORT,
		200, RSESS_WELCOME, RSESS_RESUMED,
	};
	u8 payload[64] = { 0 };
	u8 n = take();
	u32 len = 0;

	switch (types[n & 7]) {
	case RSESS_PING:
	case RSESS_PONG:
		len = 8;
		break;
	case RSESS_ABORT:
		len = 20;
		payload[3] = n >> 3;
		if (world.rs && !odd)
			memcpy(payload + 4, world.rs->id, RSESS_ID_LEN);
		break;
	case 200:
		len = n >> 3;
		break;
	case RSESS_WELCOME:
		len = 40;
		break;
	case RSESS_RESUMED:
		len = 48;
		break;
	}
	if (len >= 8 && types[n & 7] != RSESS_ABORT)
		payload[0] = n;
	send_frame(c, types[n & 7], payload, len, odd);
}

/* --- the peer's handshake ---------------------------------------------------- */

static void flip(u8 *p, u32 len, bool odd)
{
	u8 where;

	if (!odd)
		return;
	where = take();
	p[where % len] ^= take();
}

static void greet_header(u8 *hdr, u8 type, u32 len, u64 ack)
{
	memset(hdr, 0, RSESS_HDR_LEN);
	hdr[0] = type;
	put_number(hdr + 4, len, 4);
	put_number(hdr + 8, peer.seq, 8);
	put_number(hdr + 16, ack, 8);
	put_number(hdr + 24, peer.limit, 8);
}

static void send_welcome(struct conn *c, bool odd)
{
	u8 p[RSESS_HDR_LEN + 40 + 8 + RSESS_TLV_SALT_LEN + RSESS_TLV_MAC_LEN] = { 0 };
	u32 tlv = odd ? take() % 9 : 0;
	u32 len = 40 + tlv;

	peer.seq = peer.start;
	peer.limit = world.start + peer.window;
	memcpy(p + RSESS_HDR_LEN, "RSES\1", 5);
	p[RSESS_HDR_LEN + 43] = tlv - 4;
	if (world.tagged) {
		u8 *tag = p + RSESS_HDR_LEN + len, *mac = tag + RSESS_TLV_SALT_LEN;
		const struct rsess_sock *rs = world.rs;
		u8 secret[RSESS_WIRE_MAC_LEN];

		memcpy(tag, "\0\2\0\21\1", 5);
		memset(tag + 5, peer.start, RSESS_WIRE_SALT_LEN);
		memcpy(mac, "\0\1\0\40", 4);
		len += RSESS_TLV_SALT_LEN + RSESS_TLV_MAC_LEN;
		greet_header(p, RSESS_WELCOME, len, world.start);
		rsess_auth_secret(rs->key, p + RSESS_HDR_LEN + 8, &rs->psk,
				  rs->id, secret);
		rsess_auth_welcome(secret, p, p + RSESS_HDR_LEN,
				   len - RSESS_TLV_MAC_LEN, mac + 4);
	} else {
		greet_header(p, RSESS_WELCOME, len, world.start);
	}
	flip(p, RSESS_HDR_LEN + len, odd);
	send_bytes(c, p, RSESS_HDR_LEN + len);
}

/* After a new connection the peer sends again from what was acknowledged. */
static u64 peer_resumes(bool odd)
{
	u8 how = take();

	peer.seq = world.rs ? world.rs->credit.rcv_nxt : peer.seq;
	if (world.rs && world.rs->rcv_fin && how & 0x80)
		peer.seq--;
	if (how & 0x40)
		peer.seq -= how & 15;
	return choose_ack(how) + (odd ? (signed char)take() : 0);
}

static void send_resumed(struct conn *c, bool odd)
{
	const struct rsess_sock *rs = world.rs;
	u8 p[RSESS_HDR_LEN + 48] = { 0 };

	if (!rs)
		return;
	greet_header(p, RSESS_RESUMED, 48, peer_resumes(odd && take() & 1));
	rsess_auth_resumed(rs->secret, p, rs->id, cpu_to_be32(rs->epoch),
			   rs->nonce, p + RSESS_HDR_LEN, p + RSESS_HDR_LEN + 16);
	flip(p, sizeof(p), odd && take() & 1);
	send_bytes(c, p, sizeof(p));
}

/* Of the one session that this peer opens, again and again. */
static void peer_identity(u8 *id, u8 *key)
{
	memset(id, 0x1d, RSESS_WIRE_ID_LEN);
	memset(key, 0x6e, RSESS_WIRE_KEY_LEN);
}

static void send_hello(struct conn *c, bool odd)
{
	u8 p[RSESS_HDR_LEN + sizeof(struct rsess_wire_hello) +
	     RSESS_TLV_TAG_LEN] = { 0 };
	u32 len = sizeof(struct rsess_wire_hello);
	struct rsess_wire_hello h = {
		.magic		= cpu_to_be32(RSESS_MAGIC),
		.version_min	= 1,
		.version_max	= 1,
	};

	if (!world.rs) {
		peer.seq = peer.start;
		peer.limit = world.start + peer.window;
	}
	peer_identity(h.id, h.key);
	memcpy(p + RSESS_HDR_LEN, &h, sizeof(h));
	if (world.tagged) {
		memcpy(p + RSESS_HDR_LEN + len, "\0\2\0\1\1", 5);
		len += RSESS_TLV_TAG_LEN;
	}
	greet_header(p, RSESS_HELLO, len, 0);
	flip(p, RSESS_HDR_LEN + len, odd);
	send_bytes(c, p, RSESS_HDR_LEN + len);
}

/* A peer that was told the key knows the secret; here the keys are looked up. */
static void send_resume(struct conn *c, bool odd)
{
	static u8 secret[RSESS_WIRE_MAC_LEN];
	u8 p[RSESS_HDR_LEN + sizeof(struct rsess_wire_resume)];
	struct rsess_wire_resume r = { 0 };
	u8 key[RSESS_WIRE_KEY_LEN];

	if (world.rs) {
		const struct rsess_sock *rs = world.rs;

		rsess_auth_secret(rs->peer_key, rs->key, &rs->psk, rs->id, secret);
		peer.epoch = max(peer.epoch, rs->epoch);
	}
	peer_identity(r.id, key);
	peer.epoch += odd ? take() & 3 : 1;
	r.epoch = cpu_to_be32(peer.epoch);
	greet_header(p, RSESS_RESUME, sizeof(r), peer_resumes(odd));
	rsess_auth_resume(secret, p, &r, r.mac);
	rsess_auth_mask(secret, p, &r);
	memcpy(p + RSESS_HDR_LEN, &r, sizeof(r));
	flip(p, sizeof(p), odd && take() & 1);
	send_bytes(c, p, sizeof(p));
}

static void send_greeting(struct conn *c, bool odd)
{
	const struct rsess_sock *rs = world.rs;

	if (rs && rs->dialer) {
		if (rsess_to_sk(rs)->sk_state == TCP_SYN_SENT)
			send_welcome(c, odd);
		else
			send_resumed(c, odd);
	} else if (take() & 1) {
		send_hello(c, odd);
	} else {
		send_resume(c, odd);
	}
}

static void send_raw(struct conn *c)
{
	u8 p[64];
	u32 i, len = take() % sizeof(p);

	for (i = 0; i < len; i++)
		p[i] = take();
	send_bytes(c, p, len);
}

/* --- what happens ------------------------------------------------------------ */

/* Bytes arrive: some, or all. */
static void arrive(struct conn *c, u32 n)
{
	c->in_come = min(c->in_come + n, c->in_len);
	world_bytes(c);
}

static void do_connection(struct conn *c)
{
	u8 how = take();

	switch (how & 7) {
	case 0:
		c->state = RSESS_INNER_DEAD;
		break;
	case 1:
		c->state = RSESS_INNER_EOF;
		break;
	case 2:
		c->room = how >> 3;
		break;
	case 3:
		c->room = ~0U;
		break;
	case 4:
		if (c->state == RSESS_INNER_OPENING)
			c->state = RSESS_INNER_UP;
		break;
	default:
		arrive(c, how >> 3);
		return;
	}
	world_event(c);
}

static void do_application(void)
{
	struct sock *sk = world.app.sk;
	u8 how = take();

	if (!sk) {
		world_take();
		return;
	}
	world_hold(false);
	switch (how & 15) {
	case 0:
		world_close(false);
		break;
	case 1:
		world_close(true);
		break;
	case 2:
		world_shutdown(SEND_SHUTDOWN);
		break;
	case 3:
		world_shutdown(RCV_SHUTDOWN);
		break;
	case 4:
		sock_valbool_flag(sk, SOCK_URGINLINE, how & 0x10);
		break;
	case 5:
		world_read(1, MSG_OOB | (how & 0x10 ? MSG_PEEK : 0));
		break;
	case 6:
		world_write((how >> 4) + 1, MSG_OOB);
		break;
	case 7:
		world_write(200 + how, MSG_MORE);
		break;
	case 8:
		world_write(2000, how & 0x10 ? MSG_SPLICE_PAGES : 0);
		break;
	case 9:
		rsess_sk(sk)->opt.cork = how & 0x10;
		break;
	case 10:
		rsess_sk(sk)->opt.user_timeout_ms = (how & 0xf0) * 10;
		break;
	case 11:
		sk->sk_rcvbuf = 4096 << (how >> 6);
		world.window = max(world.window, rsess_window(rsess_sk(sk)));
		break;
	case 12:
		world_read(256 * how, 0);
		break;
	case 13:
		world_read((how >> 4) + 1, MSG_PEEK);
		break;
	case 14:
		world_read(how, MSG_TRUNC);
		break;
	default:
		world_read(how, MSG_WAITALL);
	}
}

static void do_settings(void)
{
	u8 how = take();

	switch (how & 7) {
	case 0:
		fuzz_alloc_fails = (how >> 3) + 1;
		break;
	case 1:
		world.piece = (how >> 3) + 1;
		break;
	case 2:
		world.piece = CONN_IN;
		break;
	case 3:
		world.tight = how & 8;
		break;
	case 4:
		world.connects = how & 8;
		break;
	case 5:
		world.admit = (how >> 3) % 3;
		break;
	case 6:
		fuzz_work_lifo = how & 8;
		world_hold(how & 0x10);
		break;
	default:
		jiffies += 1UL << (how >> 3) % 20;
	}
}

static struct conn *choose_conn(u8 n)
{
	int i;

	/* The newest is the one that most is said to. */
	for (i = CONNS - 1; i >= 0; i--) {
		if (!world.conn[i])
			continue;
		if (n & 1) {
			n = 0;
			if (i)
				continue;
		}
		return world.conn[i];
	}
	return NULL;
}

static void do_conn(struct conn *c, u8 op)
{
	bool odd = op & 0x20;

	switch (op & 15) {
	case 0:
	case 1:
	case 2:
		send_data(c, odd);
		break;
	case 3:
		send_frame(c, RSESS_ACK, NULL, 0, odd);
		break;
	case 4:
		send_frame(c, RSESS_FIN, NULL, 0, odd);
		break;
	case 5:
		send_other(c, odd);
		break;
	case 6:
		send_raw(c);
		break;
	case 7:
	case 8:
		send_greeting(c, odd);
		break;
	case 9:
		do_connection(c);
		return;
	}
	/* As a rule, at once. */
	if (!(op & 0x40))
		arrive(c, CONN_IN);
}

static void do_one(u8 op)
{
	struct conn *c;

	switch (op & 15) {
	case 10:
		world_hold(false);
		if (world.app.sk)
			world_read(take() + 1, 0);
		break;
	case 11:
		world_hold(false);
		if (world.app.sk)
			world_write(take() + 1, 0);
		break;
	case 12:
		do_application();
		break;
	case 13:
		do_settings();
		break;
	case 14:
	case 15:
		c = choose_conn(op >> 7);
		if (c && c->state == RSESS_INNER_OPENING) {
			c->state = RSESS_INNER_UP;
			world_event(c);
		} else if (!world.rs || !world.rs->dialer) {
			world_accept();
		}
		break;
	default:
		c = choose_conn(op >> 7);
		if (c)
			do_conn(c, op);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 how, buffers;

	in = data;
	in_left = size;
	world_begin();
	memset(&peer, 0, sizeof(peer));
	how = take();
	buffers = take();
	world.start = take_start();
	peer.start = take_start();
	world.rcvbuf = 4096 << (buffers & 7);
	world.sndbuf = 256 << (buffers >> 3 & 15);
	peer.window = 64 << (how >> 4);
	world.defer = how & 2;
	world.waits = buffers & 0x80;
	world.tagged = how & 8;
	if (how & 1) {
		world_connect();
		world_settle();
	} else {
		world_accept();
	}
	/* As a rule, the handshake is as it should be. */
	if (!(how & 4)) {
		struct conn *c = choose_conn(0);

		c->state = RSESS_INNER_UP;
		world_event(c);
		world_settle();
		if (how & 1)
			send_welcome(c, false);
		else
			send_hello(c, false);
		arrive(c, CONN_IN);
		world_settle();
	}
	while (in_left) {
		u8 op = take();

		do_one(op);
		/* Or other things happen first. */
		if (!(op & 0x10))
			world_settle();
	}
	world_end();
	return 0;
}
