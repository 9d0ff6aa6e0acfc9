// SPDX-License-Identifier: GPL-2.0
/*
 * Payloads of control frames: their length, and how they are written.
 */
#include <linux/random.h>
#include <net/sock.h>
#include "auth.h"
#include "ctrl.h"
#include "session.h"
#include "transport.h"

/**
 * rsess_ctrl_proves() - does WELCOME have a MAC?
 * @rs: session, locked
 *
 * It shows that the acceptor has seen HELLO, or even has the pre-shared key.
 */
bool rsess_ctrl_proves(const struct rsess_sock *rs)
{
	return rs->psk.len || rs->tag_asked;
}

/**
 * rsess_ctrl_len() - payload of a frame that is not DATA
 * @rs: session, locked
 * @type: enum rsess_frame_type
 *
 * Return: bytes, 0 for those that have none.
 */
u32 rsess_ctrl_len(const struct rsess_sock *rs, u8 type)
{
	switch (type) {
	case RSESS_HELLO:
		return sizeof(struct rsess_wire_hello) +
		       (rs->tag_asked ? RSESS_TLV_TAG_LEN : 0) +
		       (rs->psk.len ? RSESS_TLV_MAC_LEN : 0);
	case RSESS_WELCOME:
		return sizeof(struct rsess_wire_welcome) +
		       (rs->tagged ? RSESS_TLV_SALT_LEN : 0) +
		       (rsess_ctrl_proves(rs) ? RSESS_TLV_MAC_LEN : 0);
	case RSESS_RESUME:
		return sizeof(struct rsess_wire_resume);
	case RSESS_RESUMED:
		return sizeof(struct rsess_wire_resumed);
	case RSESS_PING:
	case RSESS_PONG:
		return sizeof(struct rsess_wire_ping);
	case RSESS_ABORT:
		return sizeof(struct rsess_wire_abort);
	default:
		return 0;
	}
}

static u8 *rsess_ctrl_put_tlv(u8 *p, enum rsess_tlv type, const void *value,
			      u16 len)
{
	const struct rsess_wire_tlv tlv = {
		.type	= cpu_to_be16(type),
		.length	= cpu_to_be16(len),
	};

	memcpy(p, &tlv, sizeof(tlv));
	memcpy(p + sizeof(tlv), value, len);
	return p + sizeof(tlv) + len;
}

static int rsess_ctrl_put_hello(const struct rsess_sock *rs, const u8 *hdr,
				u8 *p)
{
	struct rsess_wire_hello h = {
		.magic		= cpu_to_be32(RSESS_MAGIC),
		.version_min	= RSESS_VERSION,
		.version_max	= RSESS_VERSION,
	};
	const u8 method = RSESS_TAG_POLY1305;
	u8 mac[RSESS_WIRE_MAC_LEN];
	u8 *end = p + sizeof(h);
	int err;

	memcpy(h.id, rs->id, sizeof(h.id));
	memcpy(h.key, rs->key, sizeof(h.key));
	memcpy(p, &h, sizeof(h));
	if (rs->tag_asked)
		end = rsess_ctrl_put_tlv(end, RSESS_TLV_TAG, &method, 1);
	if (!rs->psk.len)
		return 0;
	err = rsess_auth_hello(&rs->psk, hdr, p, end - p, mac);
	rsess_ctrl_put_tlv(end, RSESS_TLV_MAC, mac, sizeof(mac));
	return err;
}

static int rsess_ctrl_put_welcome(const struct rsess_sock *rs, const u8 *hdr,
				  u8 *p)
{
	struct rsess_wire_welcome w = {
		.magic		= cpu_to_be32(RSESS_MAGIC),
		.version	= RSESS_VERSION,
	};
	u8 tag[1 + RSESS_WIRE_SALT_LEN] = { RSESS_TAG_POLY1305 };
	u8 mac[RSESS_WIRE_MAC_LEN];
	u8 *end = p + sizeof(w);
	int err;

	memcpy(w.key, rs->key, sizeof(w.key));
	memcpy(p, &w, sizeof(w));
	memcpy(tag + 1, rs->salt, sizeof(rs->salt));
	if (rs->tagged)
		end = rsess_ctrl_put_tlv(end, RSESS_TLV_TAG, tag, sizeof(tag));
	if (!rsess_ctrl_proves(rs))
		return 0;
	err = rsess_auth_welcome(rs->secret, hdr, p, end - p, mac);
	rsess_ctrl_put_tlv(end, RSESS_TLV_MAC, mac, sizeof(mac));
	return err;
}

static int rsess_ctrl_put_resume(struct rsess_sock *rs, u8 *hdr, u8 *p)
{
	struct rsess_wire_resume r = {
		.epoch = cpu_to_be32(rs->epoch),
	};
	int err;

	get_random_bytes(rs->nonce, sizeof(rs->nonce));
	memcpy(r.id, rs->id, sizeof(r.id));
	memcpy(r.nonce, rs->nonce, sizeof(r.nonce));
	err = rsess_session_secret(rs) ?:
	      rsess_auth_resume(rs->secret, hdr, &r, r.mac) ?:
	      rsess_auth_mask(rs->secret, hdr, &r);
	memcpy(p, &r, sizeof(r));
	return err;
}

/**
 * rsess_ctrl_put_resumed() - write the payload of RESUMED
 * @secret: of the session, or of what is left of it
 * @id: of the session
 * @epoch: of the RESUME
 * @nonce: of the RESUME
 * @hdr: the frame's header
 * @p: where to
 *
 * Context: may sleep.
 * Return: 0 or a negative errno of the crypto API.
 */
int rsess_ctrl_put_resumed(const u8 *secret, const u8 *id, u32 epoch,
			   const u8 *nonce, const u8 *hdr, u8 *p)
{
	struct rsess_wire_resumed r;
	int err;

	get_random_bytes(r.nonce, sizeof(r.nonce));
	err = rsess_auth_resumed(secret, hdr, id, cpu_to_be32(epoch), nonce,
				 r.nonce, r.mac);
	memcpy(p, &r, sizeof(r));
	return err;
}

/**
 * rsess_ctrl_put_abort() - write the payload of ABORT
 * @id: of the session
 * @reason: enum rsess_reason, for the peer
 * @p: where to
 */
void rsess_ctrl_put_abort(const u8 *id, enum rsess_reason reason, u8 *p)
{
	struct rsess_wire_abort a = { .reason = cpu_to_be32(reason) };

	memcpy(a.id, id, sizeof(a.id));
	memcpy(p, &a, sizeof(a));
}

/**
 * rsess_ctrl_payload() - write the payload of a frame that is not DATA
 * @rs: session, locked
 * @type: enum rsess_frame_type
 * @hdr: the frame's header; that of RESUME is masked
 * @p: where to, rsess_ctrl_len() bytes
 *
 * Context: may sleep.
 * Return: 0 or a negative errno of the crypto API.
 */
int rsess_ctrl_payload(struct rsess_sock *rs, u8 type, u8 *hdr, u8 *p)
{
	switch (type) {
	case RSESS_HELLO:
		return rsess_ctrl_put_hello(rs, hdr, p);
	case RSESS_WELCOME:
		return rsess_ctrl_put_welcome(rs, hdr, p);
	case RSESS_RESUME:
		return rsess_ctrl_put_resume(rs, hdr, p);
	case RSESS_RESUMED:
		return rsess_ctrl_put_resumed(rs->secret, rs->id, rs->epoch,
					      rs->nonce, hdr, p);
	case RSESS_PING:
		get_random_bytes(p, sizeof(struct rsess_wire_ping));
		return 0;
	case RSESS_PONG:
		memcpy(p, rs->tr->prove ? rs->proof : rs->tr->ping_cookie,
		       sizeof(rs->tr->ping_cookie));
		rs->tr->prove = false;
		return 0;
	case RSESS_ABORT:
		rsess_ctrl_put_abort(rs->id, rs->abort_reason, p);
		return 0;
	default:
		return -EINVAL;
	}
}
