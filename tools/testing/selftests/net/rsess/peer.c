// SPDX-License-Identifier: GPL-2.0
/*
 * A peer of the session protocol that does what a test tells it to.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/if_alg.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <unistd.h>

#include "peer.h"

/* HMAC-SHA256 by the kernel. */
static int keyed_hash(const void *key, size_t keylen, const void *msg,
		      size_t len, u8 mac[RSESS_WIRE_MAC_LEN])
{
	struct sockaddr_alg sa = {
		.salg_family = AF_ALG,
		.salg_type = "hash",
		.salg_name = "hmac(sha256)",
	};
	int tfm = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int op = -1;
	int ret = 0;

	if (tfm < 0 || bind(tfm, (struct sockaddr *)&sa, sizeof(sa)) ||
	    setsockopt(tfm, SOL_ALG, ALG_SET_KEY, key, keylen))
		goto fail;
	op = accept4(tfm, NULL, NULL, SOCK_CLOEXEC);
	if (op < 0 || send(op, msg, len, 0) != (ssize_t)len ||
	    read(op, mac, RSESS_WIRE_MAC_LEN) != RSESS_WIRE_MAC_LEN)
		goto fail;
	goto out;
fail:
	ret = -errno;
	say("hmac(sha256): %s", strerror(errno));
out:
	if (op >= 0)
		close(op);
	if (tfm >= 0)
		close(tfm);
	return ret;
}

static void put(u8 **to, const void *from, size_t len)
{
	memcpy(*to, from, len);
	*to += len;
}

/* The secret of both keys. */
static int peer_secret(struct peer *p, u8 *secret)
{
	static const char label[] = "rsess-v1-resume";
	u8 msg[sizeof(label) - 1 + RSESS_WIRE_ID_LEN];
	u8 keys[2 * RSESS_WIRE_KEY_LEN];
	u8 *m = keys;

	put(&m, p->dialer ? p->key : p->peer_key, RSESS_WIRE_KEY_LEN);
	put(&m, p->dialer ? p->peer_key : p->key, RSESS_WIRE_KEY_LEN);
	m = msg;
	put(&m, label, sizeof(label) - 1);
	put(&m, p->id, sizeof(p->id));
	return keyed_hash(keys, sizeof(keys), msg, m - msg, secret);
}

/* The MAC of a WELCOME, over the header and the payload so far. */
static int peer_mac_welcome(struct peer *p, const void *frame, size_t len, u8 *mac)
{
	u8 secret[RSESS_WIRE_MAC_LEN];
	u8 msg[128];
	u8 *m = msg;
	int ret = peer_secret(p, secret);

	put(&m, "hello--s", 8);
	put(&m, frame, len);
	return ret ?: keyed_hash(secret, sizeof(secret), msg, m - msg, mac);
}

/*
 * The MAC of RESUME ("resume-c") or RESUMED ("resume-s"): @rest is what the
 * label, header, id and epoch are followed by.
 */
static int peer_mac(struct peer *p, const char *label, const void *header,
		    u32 epoch, const void *rest, size_t len, u8 *mac)
{
	u8 secret[RSESS_WIRE_MAC_LEN];
	__be32 be = __cpu_to_be32(epoch);
	u8 msg[128];
	u8 *m = msg;
	int ret;

	ret = peer_secret(p, secret);
	if (ret)
		return ret;
	put(&m, label, strlen(label));
	put(&m, header, RSESS_HDR_LEN);
	put(&m, p->id, sizeof(p->id));
	put(&m, &be, sizeof(be));
	put(&m, rest, len);
	return keyed_hash(secret, sizeof(secret), msg, m - msg, mac);
}

/* What of a RESUME strangers cannot read, its offsets and its epoch; twice is not at all. */
int peer_mask(struct peer *p, u8 *frame)
{
	struct rsess_wire_resume *r = (void *)(frame + RSESS_HDR_LEN);
	u8 *offsets = frame + RSESS_HDR_LEN - RSESS_MASKED_LEN;
	u8 secret[RSESS_WIRE_MAC_LEN], mask[RSESS_WIRE_MAC_LEN];
	u8 *epoch = (u8 *)&r->epoch;
	u8 msg[64];
	u8 *m = msg;
	size_t i;
	int ret = peer_secret(p, secret);

	put(&m, "resume-m", 8);
	put(&m, r->id, sizeof(r->id));
	put(&m, r->nonce, sizeof(r->nonce));
	ret = ret ?: keyed_hash(secret, sizeof(secret), msg, m - msg, mask);
	for (i = 0; i < RSESS_MASKED_LEN; i++)
		offsets[i] ^= mask[i];
	for (i = 0; i < sizeof(r->epoch); i++)
		epoch[i] ^= mask[RSESS_MASKED_LEN + i];
	return ret;
}

/* The same, over both nonces, as RESUMED has it. */
static int peer_mac_resumed(struct peer *p, const void *header,
			    const u8 *nonce, u8 *mac)
{
	u8 nonces[2 * RSESS_WIRE_NONCE_LEN];

	memcpy(nonces, p->nonce, RSESS_WIRE_NONCE_LEN);
	memcpy(nonces + RSESS_WIRE_NONCE_LEN, nonce, RSESS_WIRE_NONCE_LEN);
	return peer_mac(p, "resume-s", header, p->epoch, nonces, sizeof(nonces),
			mac);
}

static int peer_mac_resume(struct peer *p, const void *header, u32 epoch,
			   const u8 *nonce, u8 *mac)
{
	u8 rest[4 + RSESS_WIRE_NONCE_LEN] = { 0 };

	memcpy(rest + 4, nonce, RSESS_WIRE_NONCE_LEN);
	return peer_mac(p, "resume-c", header, epoch, rest, sizeof(rest), mac);
}

/**
 * peer_init() - a new session, without a transport
 * @p: the peer
 * @dialer: it dials
 * @start: offset at which its stream starts
 */
void peer_init(struct peer *p, bool dialer, u64 start)
{
	memset(p, 0, offsetof(struct peer, raw));
	p->fd = -1;
	p->lfd = -1;
	p->dialer = dialer;
	p->pong = true;
	p->version_min = RSESS_VERSION;
	p->version_max = RSESS_VERSION;
	p->window = PEER_WINDOW;
	p->snd_start = start;
	p->snd_nxt = start;
	p->snd_max = start;
	p->snd_una = start;
	p->write_seq = start;
	if (getrandom(p->id, sizeof(p->id), 0) < 0 ||
	    getrandom(p->key, sizeof(p->key), 0) < 0)
		say("getrandom: %s", strerror(errno));
}

void peer_free(struct peer *p)
{
	peer_close(p);
	if (p->lfd >= 0)
		close(p->lfd);
	p->lfd = -1;
}

int peer_listen(struct peer *p, int family, int port)
{
	int one = 1;

	p->addrlen = loopback(&p->addr, family, port);
	p->lfd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, transport);
	if (p->lfd < 0 ||
	    setsockopt(p->lfd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(p->lfd, (struct sockaddr *)&p->addr, p->addrlen) ||
	    listen(p->lfd, 16)) {
		say("%s", strerror(errno));
		return -errno;
	}
	return 0;
}

/* A wait in send() or recv() ends, whatever the other side does. */
static void peer_set_options(int fd)
{
	struct timeval tv = { .tv_sec = WAIT_MS / 1000 };

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	set_nodelay(fd, transport);
}

/**
 * peer_dial() - open a transport to @addr
 * @p: the peer; a transport that it has is left open and forgotten
 *
 * Return: 0, or what connect() said.
 */
int peer_dial(struct peer *p)
{
	int fd = socket(p->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC,
			transport);

	p->fd = -1;
	if (fd < 0)
		return -errno;
	if ((p->fromlen &&
	     bind(fd, (struct sockaddr *)&p->from, p->fromlen)) ||
	    connect(fd, (struct sockaddr *)&p->addr, p->addrlen)) {
		int ret = -errno;

		close(fd);
		return ret;
	}
	peer_set_options(fd);
	p->fd = fd;
	return 0;
}

/**
 * peer_accept() - wait until the other side opens a transport
 * @p: the peer; a transport that it has is left open and forgotten
 *
 * Return: 0 or -ETIMEDOUT.
 */
int peer_accept(struct peer *p)
{
	int ret = wait_for(p->lfd, POLLIN);

	p->fd = -1;
	if (ret < 0) {
		say("nobody dials");
		return ret;
	}
	p->fd = accept4(p->lfd, NULL, NULL, SOCK_CLOEXEC);
	if (p->fd < 0)
		return -errno;
	peer_set_options(p->fd);
	return 0;
}

/* The transport dies by RST. */
void peer_reset(struct peer *p)
{
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	peer_close(p);
}

/* The transport ends in order. */
void peer_close(struct peer *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

/* Every frame tells what we have and what may come. */
static void peer_header(struct peer *p, u8 type, u64 seq, u64 ack, u32 length,
			u8 *buf)
{
	struct rsess_frame f = {
		.type = type,
		.length = length,
		.seq = seq,
		.ack = ack,
	};

	if (p->window && rsess_before(p->limit, p->rcv_nxt + p->window))
		p->limit = p->rcv_nxt + p->window;
	f.limit = p->limit;
	rsess_wire_encode(&f, buf);
}

size_t peer_make(struct peer *p, u8 type, u64 seq, const void *payload,
		 size_t len, u8 *buf)
{
	peer_header(p, type, seq, p->rcv_nxt, len, buf);
	if (len)
		memcpy(buf + RSESS_HDR_LEN, payload, len);
	return RSESS_HDR_LEN + len;
}

/* DATA with the bytes that our stream has at @seq. */
size_t peer_make_data(struct peer *p, u64 seq, size_t len, u8 *buf)
{
	peer_header(p, RSESS_DATA, seq, p->rcv_nxt, len, buf);
	pattern_fill(seq - p->snd_start, buf + RSESS_HDR_LEN, len);
	return RSESS_HDR_LEN + len;
}

size_t peer_make_hello(struct peer *p, u8 *buf)
{
	struct rsess_wire_hello h = {
		.magic = __cpu_to_be32(RSESS_MAGIC),
		.version_min = p->version_min,
		.version_max = p->version_max,
	};

	memcpy(h.id, p->id, sizeof(h.id));
	memcpy(h.key, p->key, sizeof(h.key));
	/* Where the other side's stream starts is not known yet: the limit of
	 * HELLO counts from there.
	 */
	peer_header(p, RSESS_HELLO, p->snd_start, 0, sizeof(h), buf);
	p->hello_limit = p->limit;
	memcpy(buf + RSESS_HDR_LEN, &h, sizeof(h));
	return RSESS_HDR_LEN + sizeof(h);
}

/* It has a MAC if HELLO asked for tags; there are none. */
size_t peer_make_welcome(struct peer *p, u8 *buf)
{
	struct rsess_wire_welcome w = {
		.magic = __cpu_to_be32(RSESS_MAGIC),
		.version = p->version_min,
	};
	const struct rsess_wire_tlv tlv = {
		.type = __cpu_to_be16(RSESS_TLV_MAC),
		.length = __cpu_to_be16(RSESS_WIRE_MAC_LEN),
	};
	u8 *end = buf + RSESS_HDR_LEN;
	u32 more = p->tag_asked ? RSESS_TLV_MAC_LEN : 0;

	memcpy(w.key, p->key, sizeof(w.key));
	peer_header(p, RSESS_WELCOME, p->snd_start, p->rcv_nxt,
		    sizeof(w) + more, buf);
	put(&end, &w, sizeof(w));
	if (more) {
		put(&end, &tlv, sizeof(tlv));
		peer_mac_welcome(p, buf, RSESS_HDR_LEN + sizeof(w), end);
		end += RSESS_WIRE_MAC_LEN;
	}
	return end - buf;
}

/* ABORT says which session is meant. */
size_t peer_make_abort(struct peer *p, u32 reason, u8 *buf)
{
	struct rsess_wire_abort a = { .reason = __cpu_to_be32(reason) };

	memcpy(a.id, p->id, sizeof(a.id));
	return peer_make(p, RSESS_ABORT, p->snd_nxt, &a, sizeof(a), buf);
}

/* RESUME with a nonce of its own, which RESUMED must answer. */
size_t peer_make_resume(struct peer *p, u32 epoch, u64 ack, u8 *buf)
{
	struct rsess_wire_resume r = { .epoch = __cpu_to_be32(epoch) };

	if (getrandom(p->nonce, sizeof(p->nonce), 0) < 0)
		say("getrandom: %s", strerror(errno));
	memcpy(r.id, p->id, sizeof(r.id));
	memcpy(r.nonce, p->nonce, sizeof(r.nonce));
	peer_header(p, RSESS_RESUME, p->snd_nxt, ack, sizeof(r), buf);
	peer_mac_resume(p, buf, epoch, r.nonce, r.mac);
	memcpy(buf + RSESS_HDR_LEN, &r, sizeof(r));
	peer_mask(p, buf);
	return RSESS_HDR_LEN + sizeof(r);
}

/* RESUMED to the RESUME that was read last. */
size_t peer_make_resumed(struct peer *p, u64 ack, u8 *buf)
{
	struct rsess_wire_resumed r = { 0 };

	if (getrandom(r.nonce, sizeof(r.nonce), 0) < 0)
		say("getrandom: %s", strerror(errno));
	peer_header(p, RSESS_RESUMED, p->snd_nxt, ack, sizeof(r), buf);
	peer_mac_resumed(p, buf, r.nonce, r.mac);
	memcpy(buf + RSESS_HDR_LEN, &r, sizeof(r));
	return RSESS_HDR_LEN + sizeof(r);
}

/* Sends bytes as they are; a frame cut short is such bytes. */
int peer_send_raw(struct peer *p, const void *buf, size_t len)
{
	const u8 *b = buf;

	while (len) {
		ssize_t ret = send(p->fd, b, len, MSG_NOSIGNAL);

		if (ret < 0) {
			ret = -errno;
			say("send: %s", strerror(errno));
			return ret;
		}
		b += ret;
		len -= ret;
	}
	return 0;
}

int peer_send(struct peer *p, u8 type, const void *payload, size_t len)
{
	u8 buf[RSESS_HDR_LEN + RSESS_CTRL_MAX];

	len = peer_make(p, type, p->snd_nxt, payload, len, buf);
	return peer_send_raw(p, buf, len);
}

int peer_send_hello(struct peer *p)
{
	u8 buf[RSESS_HDR_LEN + RSESS_CTRL_MAX];

	return peer_send_raw(p, buf, peer_make_hello(p, buf));
}

int peer_send_welcome(struct peer *p)
{
	u8 buf[RSESS_HDR_LEN + RSESS_CTRL_MAX];

	return peer_send_raw(p, buf, peer_make_welcome(p, buf));
}

/* RESUME with the next epoch. */
int peer_send_resume(struct peer *p)
{
	u8 buf[RSESS_HDR_LEN + RSESS_CTRL_MAX];

	p->epoch++;
	return peer_send_raw(p, buf, peer_make_resume(p, p->epoch, p->rcv_nxt,
						      buf));
}

int peer_send_resumed(struct peer *p)
{
	u8 buf[RSESS_HDR_LEN + RSESS_CTRL_MAX];

	return peer_send_raw(p, buf, peer_make_resumed(p, p->rcv_nxt, buf));
}

int peer_send_ack(struct peer *p)
{
	return peer_send(p, RSESS_ACK, NULL, 0);
}

int peer_send_abort(struct peer *p, u32 reason)
{
	u8 buf[RSESS_HDR_LEN + RSESS_CTRL_MAX];

	return peer_send_raw(p, buf, peer_make_abort(p, reason, buf));
}

/* The next @len bytes of our stream are sent raw. */
void peer_sent(struct peer *p, size_t len)
{
	p->snd_nxt += len;
	p->write_seq = p->snd_nxt;
	p->snd_max = p->snd_nxt;
}

/* Adds @len bytes to our stream and sends what the credit allows. */
int peer_send_data(struct peer *p, size_t len)
{
	p->write_seq += len;
	return peer_push(p);
}

/* Ends our stream and sends all of it that the credit allows. */
int peer_send_fin(struct peer *p)
{
	p->fin_sent = true;
	return peer_push(p);
}

/**
 * peer_push() - send what this transport has not carried yet
 * @p: the peer
 *
 * Bytes up to the credit, then FIN if there is one.  After a resume that is
 * what the other side lacks.
 *
 * Return: 0 or a negative errno.
 */
int peer_push(struct peer *p)
{
	static u8 buf[PEER_FRAME_MAX];
	int ret;

	while (rsess_before(p->snd_nxt, p->write_seq) &&
	       rsess_before(p->snd_nxt, p->snd_limit)) {
		u64 n = p->write_seq - p->snd_nxt;

		if (n > p->snd_limit - p->snd_nxt)
			n = p->snd_limit - p->snd_nxt;
		if (n > RSESS_DATA_MAX)
			n = RSESS_DATA_MAX;
		ret = peer_send_raw(p, buf,
				    peer_make_data(p, p->snd_nxt, n, buf));
		if (ret)
			return ret;
		p->snd_nxt += n;
		if (rsess_after(p->snd_nxt, p->snd_max))
			p->snd_max = p->snd_nxt;
	}
	if (!p->fin_sent || p->snd_nxt != p->write_seq)
		return 0;
	ret = peer_send(p, RSESS_FIN, NULL, 0);
	if (ret)
		return ret;
	p->snd_nxt++;
	if (rsess_after(p->snd_nxt, p->snd_max))
		p->snd_max = p->snd_nxt;
	return 0;
}

/* Reads bytes without looking at them: a frame is left half read. */
int peer_swallow(struct peer *p, size_t len)
{
	size_t got = 0;

	while (got < len) {
		ssize_t ret = recv(p->fd, p->raw + got, len - got, 0);

		if (!ret)
			return -ENODATA;
		if (ret < 0) {
			ret = -errno;
			if (ret == -EAGAIN) {
				say("nothing comes");
				ret = -ETIMEDOUT;
			}
			return ret;
		}
		got += ret;
	}
	return 0;
}

/* What is acknowledged, and credit, which every frame but HELLO carries. */
static int peer_note_ack(struct peer *p)
{
	if (p->f.type == RSESS_HELLO) {
		if (p->f.ack) {
			say("HELLO with an ack");
			return -EPROTO;
		}
		p->snd_limit = p->snd_start + p->f.limit;
		return 0;
	}
	if (!rsess_between(p->snd_una, p->f.ack, p->snd_max)) {
		say("ack %llu not within %llu and %llu",
		    (unsigned long long)p->f.ack,
		    (unsigned long long)p->snd_una,
		    (unsigned long long)p->snd_max);
		return -EPROTO;
	}
	if (p->f.type != RSESS_WELCOME &&
	    rsess_before(p->f.limit, p->snd_limit)) {
		say("limit went down by %llu",
		    (unsigned long long)(p->snd_limit - p->f.limit));
		return -EPROTO;
	}
	p->snd_una = p->f.ack;
	p->snd_limit = p->f.limit;
	return 0;
}

static int peer_note_hello(struct peer *p)
{
	struct rsess_wire_hello h;
	int err = rsess_wire_check_hello(p->raw + RSESS_HDR_LEN, p->f.length,
					 &h);

	if (err) {
		say("bad HELLO: %d", err);
		return -EPROTO;
	}
	memcpy(p->id, h.id, sizeof(p->id));
	memcpy(p->peer_key, h.key, sizeof(p->peer_key));
	p->tag_asked = rsess_wire_find_tlv(p->raw + RSESS_HDR_LEN + sizeof(h),
					   p->f.length - sizeof(h),
					   RSESS_TLV_TAG, 1);
	p->rcv_start = p->f.seq;
	p->rcv_nxt = p->f.seq;
	p->limit = p->f.seq + p->window;
	return 0;
}

static int peer_note_welcome(struct peer *p)
{
	struct rsess_wire_welcome w;
	int err = rsess_wire_check_welcome(p->raw + RSESS_HDR_LEN, p->f.length,
					   &w);

	if (err) {
		say("bad WELCOME: %d", err);
		return -EPROTO;
	}
	memcpy(p->peer_key, w.key, sizeof(p->peer_key));
	p->rcv_start = p->f.seq;
	p->rcv_nxt = p->f.seq;
	p->limit = p->f.seq + p->hello_limit;
	return 0;
}

static int peer_note_resume(struct peer *p)
{
	u8 mac[RSESS_WIRE_MAC_LEN];
	struct rsess_wire_resume r;
	u32 epoch;
	int err;

	err = rsess_wire_check_resume(p->raw + RSESS_HDR_LEN, p->f.length, &r);
	if (err || memcmp(r.id, p->id, sizeof(p->id))) {
		say("bad RESUME: %d", err);
		return -EPROTO;
	}
	epoch = __be32_to_cpu(r.epoch);
	if (!rsess_epoch_newer(epoch, p->epoch)) {
		say("epoch %u after %u", epoch, p->epoch);
		return -EPROTO;
	}
	peer_mac_resume(p, p->raw, epoch, r.nonce, mac);
	if (memcmp(mac, r.mac, sizeof(mac))) {
		say("RESUME with a wrong MAC");
		return -EPROTO;
	}
	p->epoch = epoch;
	memcpy(p->nonce, r.nonce, sizeof(p->nonce));
	p->snd_nxt = p->f.ack;
	return 0;
}

static int peer_note_resumed(struct peer *p)
{
	u8 mac[RSESS_WIRE_MAC_LEN];
	struct rsess_wire_resumed r;

	memcpy(&r, p->raw + RSESS_HDR_LEN, sizeof(r));
	peer_mac_resumed(p, p->raw, r.nonce, mac);
	if (memcmp(mac, r.mac, sizeof(mac))) {
		say("RESUMED with a wrong MAC");
		return -EPROTO;
	}
	p->snd_nxt = p->f.ack;
	return 0;
}

/* Bytes below @rcv_nxt have been taken before; none may be missing. */
static int peer_note_data(struct peer *p)
{
	u64 end = p->f.seq + p->f.length;
	int ret;

	if (rsess_after(p->f.seq, p->rcv_nxt) || p->fin_seen ||
	    rsess_before(p->f.seq, p->rcv_start)) {
		say("DATA at %llu, expected %llu",
		    (unsigned long long)p->f.seq,
		    (unsigned long long)p->rcv_nxt);
		return -EPROTO;
	}
	if (rsess_after(end, p->limit)) {
		say("DATA beyond the credit by %llu",
		    (unsigned long long)(end - p->limit));
		return -EPROTO;
	}
	ret = pattern_check(p->f.seq - p->rcv_start, p->raw + RSESS_HDR_LEN,
			    p->f.length);
	if (ret)
		return ret;
	if (rsess_before(end, p->rcv_nxt)) {
		p->again += p->f.length;
		return 0;
	}
	p->again += p->rcv_nxt - p->f.seq;
	p->rcv_nxt = end;
	return 0;
}

static int peer_note_fin(struct peer *p)
{
	if (p->fin_seen && p->f.seq + 1 == p->rcv_nxt)
		return 0;
	if (p->fin_seen || p->f.seq != p->rcv_nxt) {
		say("FIN at %llu, expected %llu", (unsigned long long)p->f.seq,
		    (unsigned long long)p->rcv_nxt);
		return -EPROTO;
	}
	p->fin_seen = true;
	p->rcv_nxt++;
	return 0;
}

static int peer_note(struct peer *p)
{
	int ret = 0;

	if (p->f.type == RSESS_ABORT)
		return 0;
	if (p->f.type == RSESS_RESUME)
		ret = peer_mask(p, p->raw) ?: (int)rsess_wire_decode(p->raw, &p->f);
	/* The books begin with HELLO and WELCOME. */
	if (p->f.type == RSESS_HELLO)
		ret = peer_note_hello(p);
	else if (p->f.type == RSESS_WELCOME)
		ret = peer_note_welcome(p);
	if (!ret)
		ret = peer_note_ack(p);
	if (ret)
		return ret;

	switch (p->f.type) {
	case RSESS_RESUME:
		return peer_note_resume(p);
	case RSESS_RESUMED:
		return peer_note_resumed(p);
	case RSESS_DATA:
		return peer_note_data(p);
	case RSESS_FIN:
		return peer_note_fin(p);
	case RSESS_STOP:
		p->stop_seen = true;
		return 0;
	case RSESS_PING:
		if (!p->pong)
			return 0;
		return peer_send(p, RSESS_PONG, p->raw + RSESS_HDR_LEN,
				 p->f.length);
	}
	return 0;
}

/**
 * peer_read() - read one frame, check it and enter it in the books
 * @p: the peer
 *
 * Return: its type, -ENODATA at the end of the transport, -ECONNRESET when it
 * was reset, or another negative errno.
 */
int peer_read(struct peer *p)
{
	int ret = peer_swallow(p, RSESS_HDR_LEN);
	u8 header[RSESS_HDR_LEN];

	if (ret)
		return ret;
	memcpy(header, p->raw, sizeof(header));
	ret = rsess_wire_decode(header, &p->f);
	if (ret) {
		say("malformed frame: %d", ret);
		return -EPROTO;
	}
	ret = peer_swallow(p, p->f.length);
	if (ret)
		return ret;
	memmove(p->raw + RSESS_HDR_LEN, p->raw, p->f.length);
	memcpy(p->raw, header, sizeof(header));
	return peer_note(p) ?: p->f.type;
}

/* The next frame that is not ACK, PING or PONG has this type. */
int peer_expect(struct peer *p, u8 type)
{
	int ret;

	do {
		ret = peer_read(p);
	} while (ret != type && (ret == RSESS_ACK || ret == RSESS_PING ||
				 ret == RSESS_PONG));
	if (ret == type)
		return 0;
	say("expected frame %d, got %d", type, ret);
	return ret < 0 ? ret : -EPROTO;
}

/* For so long nothing comes but ACK and PING. */
int peer_expect_nothing(struct peer *p, int ms)
{
	int64_t end = now_ms() + ms;

	for (;;) {
		struct pollfd pfd = { .fd = p->fd, .events = POLLIN };
		int64_t left = end - now_ms();
		int ret;

		if (left <= 0 || poll(&pfd, 1, left) == 0)
			return 0;
		ret = peer_read(p);
		if (ret != RSESS_ACK && ret != RSESS_PING) {
			say("got %d where nothing should come", ret);
			return ret < 0 ? ret : -EPROTO;
		}
	}
}

/* Reads until @len further bytes of the stream have come. */
int peer_take(struct peer *p, size_t len)
{
	u64 end = p->rcv_nxt + len;

	while (rsess_before(p->rcv_nxt, end)) {
		int ret = peer_expect(p, RSESS_DATA);

		if (ret)
			return ret;
	}
	if (p->rcv_nxt == end)
		return 0;
	say("%llu bytes too many", (unsigned long long)(p->rcv_nxt - end));
	return -EPROTO;
}

/* Reads until the other side has acknowledged all below @ack. */
int peer_take_ack(struct peer *p, u64 ack)
{
	while (rsess_before(p->snd_una, ack)) {
		int ret = peer_read(p);

		if (ret < 0) {
			say("no ack: %s", strerror(-ret));
			return ret;
		}
	}
	return 0;
}

/**
 * peer_gone() - the other side ends this transport
 * @p: the peer; its transport is closed
 *
 * Frames before the end are read and checked.
 *
 * Return: 0, the reason of an ABORT that came first, or a negative errno.
 */
int peer_gone(struct peer *p)
{
	int reason = 0;
	int ret;

	do {
		ret = peer_read(p);
		if (ret == RSESS_ABORT) {
			__be32 be;

			memcpy(&be, p->raw + RSESS_HDR_LEN, sizeof(be));
			reason = __be32_to_cpu(be);
		}
	} while (ret > 0);
	/* The last is what SCTP says to who has ended it. */
	if (ret != -ENODATA && ret != -ECONNRESET && ret != -ENOTCONN) {
		say("%s", strerror(-ret));
		return ret;
	}
	peer_close(p);
	return reason;
}

/* The other side sends ABORT; returns its reason. */
int peer_aborted(struct peer *p)
{
	__be32 be;
	int ret;

	do {
		ret = peer_read(p);
	} while (ret > 0 && ret != RSESS_ABORT);
	if (ret < 0) {
		say("no ABORT: %s", strerror(-ret));
		return ret;
	}
	memcpy(&be, p->raw + RSESS_HDR_LEN, sizeof(be));
	return __be32_to_cpu(be);
}

/* Dialer: open the session on a new transport. */
int peer_hello(struct peer *p)
{
	return peer_dial(p) ?: peer_send_hello(p) ?:
			       peer_expect(p, RSESS_WELCOME);
}

/* Acceptor: the same from the other side. */
int peer_welcome(struct peer *p)
{
	return peer_accept(p) ?: peer_expect(p, RSESS_HELLO) ?:
				 peer_send_welcome(p);
}

/* Dialer: attach a new transport, and send what the other side lacks. */
int peer_resume(struct peer *p)
{
	return peer_dial(p) ?: peer_send_resume(p) ?:
			       peer_expect(p, RSESS_RESUMED) ?: peer_push(p);
}

/* Acceptor: the same from the other side. */
int peer_resumed(struct peer *p)
{
	return peer_accept(p) ?: peer_expect(p, RSESS_RESUME) ?:
				 peer_send_resumed(p) ?: peer_push(p);
}
