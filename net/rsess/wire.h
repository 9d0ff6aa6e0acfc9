/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Wire format of the session protocol, version 1, and its codec.
 *
 * Pure functions over bytes: no kernel state, no allocation, any context.  The
 * same sources are built in user space for the scripted peer of the selftests.
 * All fields are in network byte order.  The format is described for other
 * implementations in Documentation/networking/rsess/protocol.rst.
 */
#ifndef _RSESS_WIRE_H
#define _RSESS_WIRE_H

#include <linux/types.h>
#include <asm/byteorder.h>
#ifndef __KERNEL__
#include <stdbool.h>
#include <stddef.h>
#define u8	__u8
#define u16	__u16
#define u32	__u32
#define u64	__u64
#define s64	__s64
#endif

#define RSESS_VERSION		1
#define RSESS_MAGIC		0x52534553u	/* "RSES" */

#define RSESS_WIRE_ID_LEN	16
#define RSESS_WIRE_KEY_LEN	32
#define RSESS_WIRE_NONCE_LEN	16
#define RSESS_WIRE_MAC_LEN	32
#define RSESS_WIRE_TAG_LEN	16
#define RSESS_WIRE_SALT_LEN	16

/* Largest payload of DATA, and of a skipped optional frame; bytes. */
#define RSESS_DATA_MAX		65536
/* Largest payload of DATA and of a skipped frame with a tag: it waits for it.  Bytes. */
#define RSESS_DATA_TAGGED	16384
/* Largest payload of every other frame; bytes. */
#define RSESS_CTRL_MAX		512

enum rsess_frame_type {
	RSESS_HELLO	= 1,
	RSESS_WELCOME	= 2,
	RSESS_RESUME	= 3,
	RSESS_RESUMED	= 4,
	RSESS_DATA	= 5,
	RSESS_ACK	= 6,
	RSESS_FIN	= 7,
	RSESS_STOP	= 8,
	RSESS_PING	= 9,
	RSESS_PONG	= 10,
	RSESS_ABORT	= 11,
	RSESS_TYPE_MAX	= 11,
};

/* A receiver that does not know the type skips the frame. */
#define RSESS_F_OPTIONAL	0x01
/* The sender's buffer fills up: acknowledge at once instead of with a delay. */
#define RSESS_F_ACKNOW		0x02
/* DATA: the last byte is urgent (MSG_OOB). */
#define RSESS_F_URGENT		0x04
#define RSESS_F_ALL		(RSESS_F_OPTIONAL | RSESS_F_ACKNOW | \
				 RSESS_F_URGENT)

/**
 * struct rsess_wire_hdr - what every frame begins with, 32 bytes
 * @type: enum rsess_frame_type
 * @flags: RSESS_F_*
 * @reserved: 0
 * @length: bytes of payload that follow
 * @seq: DATA: offset of the first byte of payload; FIN: the offset that FIN
 *	takes; HELLO and WELCOME: the sender's first offset; else the sender's
 *	next offset, for information
 * @ack: next offset expected from the peer; every lower one is acknowledged
 * @limit: the peer may send offsets below this one; in HELLO it is counted from
 *	the peer's first offset, which is not known yet
 */
struct rsess_wire_hdr {
	__u8	type;
	__u8	flags;
	__be16	reserved;
	__be32	length;
	__be64	seq;
	__be64	ack;
	__be64	limit;
};

/* Payload of HELLO; TLVs may follow. */
struct rsess_wire_hello {
	__be32	magic;
	__u8	version_min;
	__u8	version_max;
	__be16	reserved;
	__u8	id[RSESS_WIRE_ID_LEN];
	__u8	key[RSESS_WIRE_KEY_LEN];
};

/* Payload of WELCOME; TLVs may follow. */
struct rsess_wire_welcome {
	__be32	magic;
	__u8	version;
	__u8	reserved[3];
	__u8	key[RSESS_WIRE_KEY_LEN];
};

/* Payload of RESUME. */
struct rsess_wire_resume {
	__u8	id[RSESS_WIRE_ID_LEN];
	__be32	epoch;
	__be32	reserved;
	__u8	nonce[RSESS_WIRE_NONCE_LEN];
	__u8	mac[RSESS_WIRE_MAC_LEN];
};

/* Payload of RESUMED. */
struct rsess_wire_resumed {
	__u8	nonce[RSESS_WIRE_NONCE_LEN];
	__u8	mac[RSESS_WIRE_MAC_LEN];
};

/* Payload of PING; PONG gives it back. */
struct rsess_wire_ping {
	__u8	cookie[8];
};

/* Payload of ABORT; enum rsess_reason.  Who does not know the id cannot end the session. */
struct rsess_wire_abort {
	__be32	reason;
	__u8	id[RSESS_WIRE_ID_LEN];
};

/* TLV behind the fixed part of HELLO and WELCOME; length counts the value. */
struct rsess_wire_tlv {
	__be16	type;
	__be16	length;
};

/* Types of TLVs. */
enum rsess_tlv {
	RSESS_TLV_MAC	= 1,	/* RSESS_WIRE_MAC_LEN bytes, over all before it; the last */
	RSESS_TLV_TAG	= 2,	/* HELLO: enum rsess_tag_method; WELCOME: salt behind it */
};

/* How frames are tagged. */
enum rsess_tag_method {
	RSESS_TAG_POLY1305 = 1,	/* RFC 8439, keys by BLAKE2s; RSESS_WIRE_TAG_LEN bytes */
};

#define RSESS_HDR_LEN		sizeof(struct rsess_wire_hdr)
/* The end of RESUME's header, seq, ack and limit, that strangers cannot read. */
#define RSESS_MASKED_LEN	(RSESS_HDR_LEN - offsetof(struct rsess_wire_hdr, seq))
#define RSESS_TLV_MAC_LEN	(sizeof(struct rsess_wire_tlv) + RSESS_WIRE_MAC_LEN)
#define RSESS_TLV_TAG_LEN	(sizeof(struct rsess_wire_tlv) + 1)
#define RSESS_TLV_SALT_LEN	(RSESS_TLV_TAG_LEN + RSESS_WIRE_SALT_LEN)
/* So many bytes tell whether a stream begins with HELLO or RESUME. */
#define RSESS_OPENING_LEN	(RSESS_HDR_LEN + sizeof(__be32))

/* The adaptation layer indication of SCTP that says the same: "RSES". */
#define RSESS_SCTP_INDICATION	0x52534553

/**
 * struct rsess_wire_synopt - the option of TCP that says who has this protocol
 * @kind: 254, for experiments (RFC 4727)
 * @length: 8
 * @exid: %RSESS_MAGIC, the experiment (RFC 6994)
 * @version: %RSESS_SYNOPT_VERSION, of the option
 * @role: enum rsess_syn_role
 *
 * It opens no session, it only says that HELLO or RESUME may be sent.
 */
struct rsess_wire_synopt {
	__u8	kind;
	__u8	length;
	__u8	exid[4];
	__u8	version;
	__u8	role;
};

#define RSESS_SYNOPT_LEN	sizeof(struct rsess_wire_synopt)
#define RSESS_SYNOPT_KIND	254
#define RSESS_SYNOPT_VERSION	1

/* Some servers echo options that they do not know: each packet of a handshake has
 * a role of its own, so that an echo means nothing.
 */
enum rsess_syn_role {
	RSESS_SYN_NONE		= 0,	/* there is no such option */
	RSESS_SYN_REQUEST	= 1,	/* SYN */
	RSESS_SYN_ANSWER	= 2,	/* SYN-ACK */
	RSESS_SYN_CONFIRM	= 3,	/* an ACK before WELCOME: HELLO follows */
};

/**
 * struct rsess_frame - a header in host byte order
 * @type: enum rsess_frame_type, or another number with %RSESS_F_OPTIONAL
 * @flags: RSESS_F_*
 * @length: bytes of payload
 * @seq: see &struct rsess_wire_hdr
 * @ack: see &struct rsess_wire_hdr
 * @limit: see &struct rsess_wire_hdr
 */
struct rsess_frame {
	u8	type;
	u8	flags;
	u32	length;
	u64	seq;
	u64	ack;
	u64	limit;
};

/* Why a frame was refused. */
enum rsess_wire_error {
	RSESS_WIRE_OK		= 0,
	RSESS_WIRE_TYPE		= 1,	/* unknown and not optional */
	RSESS_WIRE_FLAGS	= 2,	/* a flag that version 1 does not have */
	RSESS_WIRE_RESERVED	= 3,	/* a reserved field is not 0 */
	RSESS_WIRE_LENGTH	= 4,	/* not a length of that type */
	RSESS_WIRE_PAYLOAD	= 5,	/* magic, TLV or field out of range */
	RSESS_WIRE_VERSION	= 6,	/* well formed, but no common version */
};

void rsess_wire_encode(const struct rsess_frame *f, void *buf);
enum rsess_wire_error rsess_wire_decode(const void *buf, struct rsess_frame *f);
enum rsess_wire_error rsess_wire_check_hello(const void *p, u32 len,
					     struct rsess_wire_hello *h);
enum rsess_wire_error rsess_wire_check_welcome(const void *p, u32 len,
					       struct rsess_wire_welcome *w);
enum rsess_wire_error rsess_wire_check_resume(const void *p, u32 len,
					      struct rsess_wire_resume *r);
enum rsess_wire_error rsess_wire_check_tlvs(const void *p, u32 len);
const u8 *rsess_wire_find_tlv(const void *p, u32 len, u16 type, u16 want);
bool rsess_wire_may_open(const void *p, u32 len);
void rsess_wire_put_synopt(enum rsess_syn_role role, void *buf);
enum rsess_syn_role rsess_wire_find_synopt(const void *opts, u32 len);

/* Version 1 has this type.  Another one that was decoded is optional. */
static inline bool rsess_wire_known(u8 type)
{
	return type >= RSESS_HELLO && type <= RSESS_TYPE_MAX;
}

/* Is this a type that has a tag, where frames have tags?  Those that open and resume have
 * a MAC, and ABORT may come before both sides have the key.
 */
static inline bool rsess_wire_tagged(u8 type)
{
	return type != RSESS_ABORT &&
	       (type < RSESS_HELLO || type > RSESS_RESUMED);
}

/* Comparison of stream offsets modulo 2^64, as before() and after() of TCP:
 * right as long as two offsets are less than 2^63 apart.
 */
static inline bool rsess_before(u64 a, u64 b)
{
	return (s64)(a - b) < 0;
}

static inline bool rsess_after(u64 a, u64 b)
{
	return rsess_before(b, a);
}

/* How far @end is behind @start; 0 if it is not, for they were read without a lock, and of two
 * moments.
 */
static inline u64 rsess_span(u64 start, u64 end)
{
	return rsess_before(start, end) ? end - start : 0;
}

/* low <= x <= high */
static inline bool rsess_between(u64 low, u64 x, u64 high)
{
	return x - low <= high - low;
}

/* Epochs are numbered likewise, modulo 2^32. */
static inline bool rsess_epoch_newer(u32 a, u32 b)
{
	return (int)(a - b) > 0;
}

#endif /* _RSESS_WIRE_H */
