// SPDX-License-Identifier: GPL-2.0
/*
 * The codec: frames to bytes and back, and every check of a frame that needs
 * no knowledge of the session.  What passes here is well formed; whether it
 * fits the session is decided in input.c and handshake.c.
 */
#ifdef __KERNEL__
#include <linux/build_bug.h>
#include <linux/string.h>
#else
#include <assert.h>
#include <string.h>
#endif
#include "wire.h"
#include "kunit_export.h"

static_assert(sizeof(struct rsess_wire_hdr) == 32, "header");
static_assert(sizeof(struct rsess_wire_hello) == 56, "hello");
static_assert(sizeof(struct rsess_wire_welcome) == 40, "welcome");
static_assert(sizeof(struct rsess_wire_resume) == 72, "resume");
static_assert(sizeof(struct rsess_wire_resumed) == 48, "resumed");
static_assert(sizeof(struct rsess_wire_abort) == 20, "abort");

/* Shortest and longest payload of each type. */
static const struct {
	u32 min;
	u32 max;
} rsess_wire_length[RSESS_TYPE_MAX + 1] = {
	[RSESS_HELLO]	= { sizeof(struct rsess_wire_hello), RSESS_CTRL_MAX },
	[RSESS_WELCOME]	= { sizeof(struct rsess_wire_welcome), RSESS_CTRL_MAX },
	[RSESS_RESUME]	= { sizeof(struct rsess_wire_resume),
			    sizeof(struct rsess_wire_resume) },
	[RSESS_RESUMED]	= { sizeof(struct rsess_wire_resumed),
			    sizeof(struct rsess_wire_resumed) },
	[RSESS_DATA]	= { 1, RSESS_DATA_MAX },
	[RSESS_ACK]	= { 0, 0 },
	[RSESS_FIN]	= { 0, 0 },
	[RSESS_STOP]	= { 0, 0 },
	[RSESS_PING]	= { sizeof(struct rsess_wire_ping),
			    sizeof(struct rsess_wire_ping) },
	[RSESS_PONG]	= { sizeof(struct rsess_wire_ping),
			    sizeof(struct rsess_wire_ping) },
	[RSESS_ABORT]	= { sizeof(struct rsess_wire_abort),
			    sizeof(struct rsess_wire_abort) },
};

/**
 * rsess_wire_encode() - write a frame header
 * @f: the header; trusted, not checked
 * @buf: where to, %RSESS_HDR_LEN bytes, any alignment
 */
void rsess_wire_encode(const struct rsess_frame *f, void *buf)
{
	struct rsess_wire_hdr h = {
		.type	= f->type,
		.flags	= f->flags,
		.length	= __cpu_to_be32(f->length),
		.seq	= __cpu_to_be64(f->seq),
		.ack	= __cpu_to_be64(f->ack),
		.limit	= __cpu_to_be64(f->limit),
	};

	memcpy(buf, &h, sizeof(h));
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_wire_encode);

/**
 * rsess_wire_decode() - read and check a frame header
 * @buf: %RSESS_HDR_LEN bytes from the peer, any alignment
 * @f: filled in whatever the result, so that a refusal can be traced
 *
 * Return: %RSESS_WIRE_OK, or the first thing that is wrong with it.
 */
enum rsess_wire_error rsess_wire_decode(const void *buf, struct rsess_frame *f)
{
	struct rsess_wire_hdr h;

	memcpy(&h, buf, sizeof(h));
	f->type = h.type;
	f->flags = h.flags;
	f->length = __be32_to_cpu(h.length);
	f->seq = __be64_to_cpu(h.seq);
	f->ack = __be64_to_cpu(h.ack);
	f->limit = __be64_to_cpu(h.limit);

	if (h.reserved)
		return RSESS_WIRE_RESERVED;
	if (f->flags & ~RSESS_F_ALL)
		return RSESS_WIRE_FLAGS;
	if (!rsess_wire_known(f->type)) {
		if (!(f->flags & RSESS_F_OPTIONAL))
			return RSESS_WIRE_TYPE;
		return f->length > RSESS_DATA_MAX ? RSESS_WIRE_LENGTH :
						    RSESS_WIRE_OK;
	}
	if (f->length < rsess_wire_length[f->type].min ||
	    f->length > rsess_wire_length[f->type].max)
		return RSESS_WIRE_LENGTH;
	return RSESS_WIRE_OK;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_wire_decode);

/**
 * rsess_wire_check_tlvs() - are these bytes a list of whole TLVs?
 * @p: the bytes
 * @len: how many
 *
 * What is not known is skipped; a list that does not end where the payload does is
 * malformed.
 *
 * Return: %RSESS_WIRE_OK or %RSESS_WIRE_PAYLOAD.
 */
enum rsess_wire_error rsess_wire_check_tlvs(const void *p, u32 len)
{
	struct rsess_wire_tlv tlv;
	u32 value;

	while (len) {
		if (len < sizeof(tlv))
			return RSESS_WIRE_PAYLOAD;
		memcpy(&tlv, p, sizeof(tlv));
		value = __be16_to_cpu(tlv.length);
		if (value > len - sizeof(tlv))
			return RSESS_WIRE_PAYLOAD;
		p = (const u8 *)p + sizeof(tlv) + value;
		len -= sizeof(tlv) + value;
	}
	return RSESS_WIRE_OK;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_wire_check_tlvs);

/**
 * rsess_wire_find_tlv() - look for a TLV
 * @p: a list that rsess_wire_check_tlvs() has found in order
 * @len: its bytes
 * @type: enum rsess_tlv
 * @want: bytes that its value must have
 *
 * Return: the value of the first one of the type; NULL if there is none, or it has
 * another length.
 */
const u8 *rsess_wire_find_tlv(const void *p, u32 len, u16 type, u16 want)
{
	struct rsess_wire_tlv tlv;
	const u8 *at = p;
	u32 value;

	while (len >= sizeof(tlv)) {
		memcpy(&tlv, at, sizeof(tlv));
		value = __be16_to_cpu(tlv.length);
		at += sizeof(tlv);
		len -= sizeof(tlv);
		if (value > len)
			return NULL;
		if (__be16_to_cpu(tlv.type) == type)
			return value == want ? at : NULL;
		at += value;
		len -= value;
	}
	return NULL;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_wire_find_tlv);

/**
 * rsess_wire_check_hello() - read and check the payload of a HELLO
 * @p: payload
 * @len: its bytes
 * @h: the fixed part, still in network byte order
 *
 * Return: %RSESS_WIRE_OK, %RSESS_WIRE_VERSION when it is well formed but
 * version 1 is not offered, or another error.
 */
enum rsess_wire_error rsess_wire_check_hello(const void *p, u32 len,
					     struct rsess_wire_hello *h)
{
	if (len < sizeof(*h))
		return RSESS_WIRE_LENGTH;
	memcpy(h, p, sizeof(*h));
	if (__be32_to_cpu(h->magic) != RSESS_MAGIC ||
	    h->version_min > h->version_max)
		return RSESS_WIRE_PAYLOAD;
	if (h->reserved)
		return RSESS_WIRE_RESERVED;
	if (rsess_wire_check_tlvs((const u8 *)p + sizeof(*h), len - sizeof(*h)))
		return RSESS_WIRE_PAYLOAD;
	if (h->version_min > RSESS_VERSION || h->version_max < RSESS_VERSION)
		return RSESS_WIRE_VERSION;
	return RSESS_WIRE_OK;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_wire_check_hello);

/**
 * rsess_wire_check_welcome() - read and check the payload of a WELCOME
 * @p: payload
 * @len: its bytes
 * @w: the fixed part
 *
 * Return: as rsess_wire_check_hello().
 */
enum rsess_wire_error rsess_wire_check_welcome(const void *p, u32 len,
					       struct rsess_wire_welcome *w)
{
	if (len < sizeof(*w))
		return RSESS_WIRE_LENGTH;
	memcpy(w, p, sizeof(*w));
	if (__be32_to_cpu(w->magic) != RSESS_MAGIC)
		return RSESS_WIRE_PAYLOAD;
	if (w->reserved[0] || w->reserved[1] || w->reserved[2])
		return RSESS_WIRE_RESERVED;
	if (rsess_wire_check_tlvs((const u8 *)p + sizeof(*w), len - sizeof(*w)))
		return RSESS_WIRE_PAYLOAD;
	if (w->version != RSESS_VERSION)
		return RSESS_WIRE_VERSION;
	return RSESS_WIRE_OK;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_wire_check_welcome);

/**
 * rsess_wire_check_resume() - read and check the payload of a RESUME
 * @p: payload
 * @len: its bytes
 * @r: filled in, in network byte order
 *
 * Return: %RSESS_WIRE_OK or what is wrong.  The MAC is not looked at here.
 */
enum rsess_wire_error rsess_wire_check_resume(const void *p, u32 len,
					      struct rsess_wire_resume *r)
{
	if (len != sizeof(*r))
		return RSESS_WIRE_LENGTH;
	memcpy(r, p, sizeof(*r));
	if (r->reserved)
		return RSESS_WIRE_RESERVED;
	return RSESS_WIRE_OK;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_wire_check_resume);

/**
 * rsess_wire_may_open() - does a stream begin as one of this protocol?
 * @p: its first bytes
 * @len: how many of them are there, at least one
 *
 * Return: false when they cannot be the beginning of a HELLO or a RESUME.  With
 * %RSESS_OPENING_LEN bytes the answer is final.
 */
bool rsess_wire_may_open(const void *p, u32 len)
{
	struct rsess_frame f;
	__be32 magic;

	if (*(const u8 *)p != RSESS_HELLO && *(const u8 *)p != RSESS_RESUME)
		return false;
	if (len < RSESS_OPENING_LEN)
		return true;
	if (rsess_wire_decode(p, &f))
		return false;
	memcpy(&magic, (const u8 *)p + RSESS_HDR_LEN, sizeof(magic));
	return f.type == RSESS_RESUME || __be32_to_cpu(magic) == RSESS_MAGIC;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_wire_may_open);

/**
 * rsess_wire_put_synopt() - write the option
 * @role: of the packet that it goes into
 * @buf: %RSESS_SYNOPT_LEN bytes
 */
void rsess_wire_put_synopt(enum rsess_syn_role role, void *buf)
{
	const __be32 exid = __cpu_to_be32(RSESS_MAGIC);
	struct rsess_wire_synopt opt = {
		.kind		= RSESS_SYNOPT_KIND,
		.length		= RSESS_SYNOPT_LEN,
		.version	= RSESS_SYNOPT_VERSION,
		.role		= role,
	};

	memcpy(opt.exid, &exid, sizeof(exid));
	memcpy(buf, &opt, sizeof(opt));
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_wire_put_synopt);

/**
 * rsess_wire_find_synopt() - look for the option
 * @opts: the options of a TCP header, from the network
 * @len: their bytes
 *
 * Return: its role; %RSESS_SYN_NONE when it is not there or not of a version or
 * with a role that is known.
 */
enum rsess_syn_role rsess_wire_find_synopt(const void *opts, u32 len)
{
	struct rsess_wire_synopt want, opt;
	const u8 *p = opts;

	rsess_wire_put_synopt(RSESS_SYN_NONE, &want);
	while (len && *p) {		/* 0 ends the list */
		u32 n = 1;		/* 1 is a filler */

		if (*p != 1) {
			if (len < 2 || p[1] < 2 || p[1] > len)
				break;
			n = p[1];
		}
		if (n == sizeof(opt)) {
			memcpy(&opt, p, sizeof(opt));
			if (!memcmp(&opt, &want,
				    offsetof(struct rsess_wire_synopt, role)))
				return opt.role <= RSESS_SYN_CONFIRM ?
				       opt.role : RSESS_SYN_NONE;
		}
		p += n;
		len -= n;
	}
	return RSESS_SYN_NONE;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_wire_find_synopt);
