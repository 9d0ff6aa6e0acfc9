// SPDX-License-Identifier: GPL-2.0
/*
 * See model.h.
 */
#include "auth.h"
#include "model.h"
#include "transport.h"

static u8 model_stream[MODEL_BYTES];

static const struct {
	u32 min;
	u32 max;
} model_length[] = {
	{ 0, 0 },	/* no type */
	{ 56, 512 },	/* HELLO */
	{ 40, 512 },	/* WELCOME */
	{ 72, 72 },	/* RESUME */
	{ 48, 48 },	/* RESUMED */
	{ 1, 65536 },	/* DATA */
	{ 0, 0 },	/* ACK */
	{ 0, 0 },	/* FIN */
	{ 0, 0 },	/* STOP */
	{ 8, 8 },	/* PING */
	{ 8, 8 },	/* PONG */
	{ 20, 20 },	/* ABORT */
};

static u64 model_number(const u8 *p, int n)
{
	u64 v = 0;

	while (n--)
		v = v << 8 | *p++;
	return v;
}

/* Fill in rx->f; false if it is malformed. */
static bool model_header(struct model_rx *rx)
{
	struct rsess_frame *f = &rx->f;

	f->type = rx->hdr[0];
	f->flags = rx->hdr[1];
	f->length = model_number(rx->hdr + 4, 4);
	f->seq = model_number(rx->hdr + 8, 8);
	f->ack = model_number(rx->hdr + 16, 8);
	f->limit = model_number(rx->hdr + 24, 8);
	if (rx->hdr[2] || rx->hdr[3] || f->flags > 7)
		return false;
	if (!f->type || f->type > 11)
		return f->flags & 1 && f->length <= 65536;
	return f->length >= model_length[f->type].min &&
	       f->length <= model_length[f->type].max;
}

/* a is above b; at a distance of 2^63, each is above the other */
static bool model_above(u64 a, u64 b)
{
	return a != b && a - b <= 1ULL << 63;
}

u8 model_byte(const struct model *m, u64 seq)
{
	return model_stream[(seq - m->start) % MODEL_BYTES];
}

/* Is the next byte one that the reader steps over? */
bool model_hole(const struct model *m, bool inline_urgent)
{
	return m->urg && m->urg_seq == m->copied && !inline_urgent;
}

void model_read(struct model *m, u64 n)
{
	m->copied += n;
	if (m->urg && model_above(m->copied, m->urg_seq))
		m->urg = RSESS_URG_NONE;
}

void model_look(const struct rsess_sock *rs, struct model_view *v)
{
	const struct sock *sk = rsess_to_sk(rs);

	*v = (struct model_view){
		.limit		= rs->credit.limit,
		.snd_nxt	= rs->sq.snd_nxt,
		.snd_max	= rs->sq.snd_max,
		.write_seq	= rs->sq.write_seq,
		.body_left	= rs->tr ? rs->tr->tx.body_left : 0,
		.fin_queued	= rs->fin_queued,
		.fin_sent	= rs->tr && rs->tr->fin_sent,
		.fin_tried	= rs->fin_tried,
		.connecting	= sk->sk_state == TCP_SYN_SENT,
		.unasked	= rs->tr &&
				  rs->tr->pending & RSESS_PEND(RSESS_RESUME),
		.inline_urgent	= sock_flag(sk, SOCK_URGINLINE),
	};
}

/* ack and limit: in range from what was acknowledged to @high; then they count. */
static bool model_ack(struct model *m, const struct rsess_frame *f, u64 high,
		      const struct model_view *v)
{
	u64 low = m->una + m->fin_acked;

	if (f->ack - low > high - low || model_above(m->limit, f->limit))
		return false;
	m->limit = f->limit;
	if (!v->fin_tried || f->ack != v->write_seq + 1) {
		m->una = f->ack;
		return true;
	}
	m->una = v->write_seq;
	if (!m->fin_acked && m->passive)
		m->ended = true;
	m->fin_acked = true;
	return true;
}

/**
 * model_resumed() - a transport was attached by RESUME or RESUMED
 * @m: model
 * @f: the header
 * @v: view, where the new transport begins afterwards
 */
void model_resumed(struct model *m, const struct rsess_frame *f,
		   struct model_view *v)
{
	CHECK(model_ack(m, f, v->snd_max + v->fin_tried, v));
	v->snd_nxt = m->una;
	v->fin_sent = m->fin_acked;
	v->body_left = 0;
}

/* The connection carries the session: are there tags from now on? */
void model_tags(struct model_rx *rx, const struct rsess_sock *rs,
		const u8 *secret, u32 epoch)
{
	if (!rs->tagged)
		return;
	rsess_tag_start(&rx->tag, secret, rs->salt, epoch, !rs->dialer);
	rx->tagged = true;
}

/* Who asked for tags wants to see that WELCOME is for its HELLO. */
static bool model_proof(struct model_rx *rx, const struct rsess_sock *rs)
{
	u8 secret[RSESS_WIRE_MAC_LEN], mac[RSESS_WIRE_MAC_LEN];
	u32 at = 40, fixed = rx->f.length - 36;

	if (!rs->tag_asked)
		return true;
	/* The first MAC is the last TLV. */
	while (at < fixed && model_number(rx->ctrl + at, 2) != RSESS_TLV_MAC)
		at += 4 + model_number(rx->ctrl + at + 2, 2);
	if (rx->f.length < 76 || at != fixed ||
	    model_number(rx->ctrl + at, 4) != (RSESS_TLV_MAC << 16 | 32))
		return false;
	rsess_auth_secret(rs->key, rx->ctrl + 8, &rs->psk, rs->id, secret);
	rsess_auth_welcome(secret, rx->hdr, rx->ctrl, fixed, mac);
	return !memcmp(mac, rx->ctrl + fixed + 4, sizeof(mac));
}

static bool model_welcome(struct model *m, struct model_rx *rx,
			  struct model_view *v, const struct rsess_sock *rs)
{
	const u8 *p = rx->ctrl;
	u32 at = 40;

	if (memcmp(p, "RSES\1\0\0\0", 8) || rx->f.ack != m->una)
		return false;
	while (at < rx->f.length) {
		if (rx->f.length - at < 4)
			return false;
		at += 4 + model_number(p + at + 2, 2);
	}
	if (at != rx->f.length || !model_proof(rx, rs))
		return false;
	m->begun = true;
	m->start = rx->f.seq;
	m->rcv = m->start;
	m->copied = m->start;
	m->limit = rx->f.limit;
	v->limit += m->start;
	v->connecting = false;
	return true;
}

static bool model_answer(struct model *m, struct model_rx *rx,
			 struct model_view *v, struct rsess_sock *rs)
{
	u8 mac[RSESS_WIRE_MAC_LEN];

	if (v->connecting)
		return model_welcome(m, rx, v, rs);
	if (v->unasked)
		return false;
	rsess_auth_resumed(rs->secret, rx->hdr, rs->id, cpu_to_be32(rs->epoch),
			   rs->nonce, rx->ctrl, mac);
	if (memcmp(mac, rx->ctrl + 16, sizeof(mac)) ||
	    !model_ack(m, &rx->f, v->snd_max + v->fin_tried, v))
		return false;
	v->snd_nxt = m->una;
	v->fin_sent = m->fin_acked;
	v->body_left = 0;
	return true;
}

/* A header is there: may it be? */
static bool model_begin(struct model *m, struct model_rx *rx,
			struct model_view *v, const struct rsess_sock *rs)
{
	const struct rsess_frame *f = &rx->f;
	bool known;

	if (!model_header(rx))
		return false;
	known = f->type && f->type <= 11;
	if (!rs)
		return f->type == RSESS_HELLO || f->type == RSESS_RESUME;
	if (f->type == RSESS_ABORT)
		return true;
	if (!rx->live)
		return !known || f->type == (v->connecting ? RSESS_WELCOME :
							     RSESS_RESUMED);
	if (known && f->type < RSESS_DATA)
		return false;
	if (!model_ack(m, f, v->snd_nxt + v->fin_sent, v))
		return false;
	if (f->type != RSESS_DATA || m->ended)
		return true;
	return !model_above(f->seq, m->rcv) &&
	       !model_above(f->seq + f->length, v->limit) &&
	       (!m->fin || !model_above(f->seq + f->length, m->rcv));
}

static bool model_fin(struct model *m, u64 seq, const struct model_view *v)
{
	if (m->fin)
		return seq + 1 == m->rcv;
	if (seq != m->rcv)
		return false;
	m->fin = true;
	m->passive = !v->fin_queued;
	m->rcv++;
	return true;
}

/* What no connection was given is not sent any more. */
static void model_stop(struct model *m, struct model_view *v)
{
	u64 end = v->snd_nxt + v->body_left;

	if (m->stopped)
		return;
	m->stopped = true;
	if (model_above(v->snd_max, end))
		end = v->snd_max;
	if (model_above(v->write_seq, end))
		v->write_seq = end;
	v->fin_queued = true;
}

/* A frame is whole. */
static bool model_end(struct model *m, struct model_rx *rx,
		      struct model_view *v, struct rsess_sock *rs)
{
	const struct rsess_frame *f = &rx->f;

	if (!rs) {
		rx->whole = true;
		return true;
	}
	switch (f->type) {
	case RSESS_ABORT:
		if (memcmp(rx->ctrl + 4, rs->id, RSESS_ID_LEN))
			return false;
		m->ended = true;
		return true;
	case RSESS_WELCOME:
	case RSESS_RESUMED:
		rx->live = model_answer(m, rx, v, rs);
		return rx->live;
	case RSESS_FIN:
		return model_fin(m, f->seq, v);
	case RSESS_STOP:
		model_stop(m, v);
		return true;
	case RSESS_PING:
		memcpy(m->ping, rx->ctrl, sizeof(m->ping));
		return true;
	default:
		return true;
	}
}

static void model_data(struct model *m, struct model_rx *rx,
		       const struct model_view *v, const u8 *p, u32 len)
{
	u64 seq = rx->f.seq + rx->f.length - rx->left;
	bool last = len == rx->left;
	bool new = false;

	for (; len; len--, p++, seq++) {
		if (model_above(m->rcv, seq))
			continue;
		CHECK(seq == m->rcv);
		model_stream[(seq - m->start) % MODEL_BYTES] = *p;
		m->rcv++;
		new = true;
	}
	if (m->closed)
		m->copied = m->rcv - m->fin;
	else if (new && last && rx->f.flags & RSESS_F_URGENT) {
		if (model_hole(m, v->inline_urgent))
			model_read(m, 1);
		m->urg = RSESS_URG_VALID;
		m->urg_seq = m->rcv - 1;
	}
}

/* A header that is to have a tag, or that of an ABORT. */
static bool model_hold(struct model_rx *rx)
{
	if (!model_header(rx) || rx->f.length > RSESS_DATA_TAGGED)
		return false;
	if (rx->f.type == RSESS_ABORT)
		return true;
	if (rx->f.type >= RSESS_HELLO && rx->f.type <= RSESS_RESUMED)
		return false;
	rsess_tag_begin(&rx->tag, rx->hdr);
	rx->tag_left = RSESS_WIRE_TAG_LEN;
	return true;
}

/* Nothing of a frame counts before its tag. */
static bool model_tag(struct model *m, struct model_rx *rx,
		      struct model_view *v, struct rsess_sock *rs)
{
	u8 tag[RSESS_WIRE_TAG_LEN];
	u32 len = rx->f.length;

	rsess_tag_bytes(&rx->tag, rx->held, len);
	rsess_tag_end(&rx->tag, tag);
	if (memcmp(tag, rx->theirs, sizeof(tag)) || !model_begin(m, rx, v, rs))
		return false;
	if (m->ended)
		return true;
	rx->left = len;
	if (rx->f.type == RSESS_DATA)
		model_data(m, rx, v, rx->held, len);
	else if (rx->f.type && rx->f.type <= 11)
		memcpy(rx->ctrl, rx->held, len);
	rx->left = 0;
	return true;
}

/**
 * model_bytes() - bytes of the peer
 * @m: model
 * @rx: of the connection
 * @v: what was said before
 * @rs: the session, or NULL if there is none yet
 * @p: bytes
 * @len: how many
 */
void model_bytes(struct model *m, struct model_rx *rx, struct model_view *v,
		 struct rsess_sock *rs, const u8 *p, u32 len)
{
	u32 n;

	while (len && !rx->error && !rx->whole && !(rs && m->ended)) {
		if (rx->hdr_len < RSESS_HDR_LEN) {
			n = min_t(u32, len, RSESS_HDR_LEN - rx->hdr_len);
			memcpy(rx->hdr + rx->hdr_len, p, n);
			rx->hdr_len += n;
			if (rx->hdr_len == RSESS_HDR_LEN) {
				rx->error = rx->tagged ? !model_hold(rx) :
					    !model_begin(m, rx, v, rs);
				rx->left = rx->f.length;
				rx->ctrl_len = 0;
			}
		} else if (!rx->left) {
			n = min(len, rx->tag_left);
			memcpy(rx->theirs + sizeof(rx->theirs) - rx->tag_left,
			       p, n);
			rx->tag_left -= n;
			if (!rx->tag_left)
				rx->error = !model_tag(m, rx, v, rs);
		} else if (rx->tag_left) {
			n = min(len, rx->left);
			memcpy(rx->held + rx->f.length - rx->left, p, n);
			rx->left -= n;
		} else {
			n = min(len, rx->left);
			if (rx->f.type == RSESS_DATA) {
				model_data(m, rx, v, p, n);
			} else if (rx->f.type && rx->f.type <= 11) {
				memcpy(rx->ctrl + rx->ctrl_len, p, n);
				rx->ctrl_len += n;
			}
			rx->left -= n;
		}
		p += n;
		len -= n;
		if (rx->hdr_len == RSESS_HDR_LEN && !rx->left &&
		    !rx->tag_left && !rx->error &&
		    !(rs && m->ended)) {
			rx->hdr_len = 0;
			rx->error = !model_end(m, rx, v, rs);
		}
	}
}

/**
 * model_compare_read() - has the session got what was read?
 * @m: model
 * @rs: session
 */
void model_compare_read(const struct model *m, const struct rsess_sock *rs)
{
	CHECK(rs->stop_queued == m->closed);
	if (!m->begun)
		return;
	CHECK(rs->credit.rcv_nxt == m->rcv);
	CHECK(rs->credit.copied_seq == m->copied);
	CHECK(rs->rcv_fin == m->fin);
	/* The last ack may have come with a RESUME that ended it. */
	if (!m->ended) {
		CHECK(rs->sq.snd_una == m->una);
		CHECK(rs->fin_acked == m->fin_acked);
		CHECK(rs->snd_limit == m->limit);
	}
	CHECK(rs->stopped == m->stopped);
	CHECK(rs->urg_state == m->urg);
	CHECK(!m->urg || rs->urg_seq == m->urg_seq);
	CHECK(m->urg != RSESS_URG_VALID ||
	      rs->urg_byte == model_byte(m, m->urg_seq));
}

/**
 * model_compare() - is the session what it should be?
 * @m: model
 * @rs: session
 */
void model_compare(const struct model *m, const struct rsess_sock *rs)
{
	const struct sock *sk = rsess_to_sk(rs);

	model_compare_read(m, rs);
	CHECK(!!rs->reason == m->ended);
	CHECK((sk->sk_state == TCP_CLOSE) == m->ended);
	if (!m->begun)
		return;
	CHECK(!!(sk->sk_shutdown & RCV_SHUTDOWN) >= m->fin);
	CHECK(!!sock_flag(sk, SOCK_DONE) == m->fin);
}
