// SPDX-License-Identifier: GPL-2.0
/*
 * Tags of frames: Poly1305 (RFC 8439) over header and payload, each with a key of its
 * own.  That comes by BLAKE2s (RFC 7693) from the key of a direction and an epoch and from
 * the number of the frame on its transport, so that no frame can be put into another
 * place.
 *
 * Both take their bytes where they lie, in pieces, in any context, and cannot fail.
 */
#include <crypto/blake2s.h>
#include <linux/build_bug.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include "tag.h"
#include "compat.h"
#include "kunit_export.h"

/* Of secrets, of BLAKE2s and of Poly1305. */
#define RSESS_TAG_KEY_LEN	32

static_assert(RSESS_TAG_KEY_LEN == RSESS_WIRE_MAC_LEN, "secret");
static_assert(RSESS_TAG_KEY_LEN == POLY1305_KEY_SIZE, "key");
static_assert(RSESS_WIRE_TAG_LEN == POLY1305_DIGEST_SIZE, "tag");

/* A key from another one, of 32 bytes each. */
static void rsess_tag_key(const u8 *from, const u8 *p, size_t len, u8 *key)
{
	struct blake2s_ctx ctx;

	blake2s_init_key(&ctx, RSESS_TAG_KEY_LEN, from, RSESS_TAG_KEY_LEN);
	blake2s_update(&ctx, p, len);
	blake2s_final(&ctx, key);
}

/**
 * rsess_tag_start() - a transport is agreed: what follows has tags
 * @t: of one of its directions
 * @secret: of the session
 * @salt: of its last WELCOME: a HELLO may be repeated, and a key must not
 * @epoch: of the transport
 * @dialer: it is the direction in which the dialer sends
 */
void rsess_tag_start(struct rsess_tag *t, const u8 *secret, const u8 *salt,
		     u32 epoch, bool dialer)
{
	struct {
		u8	label[8];
		u8	salt[RSESS_WIRE_SALT_LEN];
		__be32	epoch;
	} what = { .epoch = cpu_to_be32(epoch) };

	memcpy(what.label, dialer ? "tags---c" : "tags---s", sizeof(what.label));
	memcpy(what.salt, salt, sizeof(what.salt));
	rsess_tag_key(secret, (const u8 *)&what, sizeof(what), t->key);
	t->frames = 0;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_tag_start);

/**
 * rsess_tag_begin() - the next frame
 * @t: of its direction
 * @hdr: its header as on the wire
 */
void rsess_tag_begin(struct rsess_tag *t, const u8 *hdr)
{
	__be64 number = cpu_to_be64(t->frames++);
	u8 key[POLY1305_KEY_SIZE];

	rsess_tag_key(t->key, (const u8 *)&number, sizeof(number), key);
	poly1305_init(&t->state, key);
	memzero_explicit(key, sizeof(key));
	poly1305_update(&t->state, hdr, RSESS_HDR_LEN);
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_tag_begin);

/**
 * rsess_tag_bytes() - more of its payload
 * @t: of its direction
 * @p: the bytes
 * @len: how many
 */
void rsess_tag_bytes(struct rsess_tag *t, const void *p, u32 len)
{
	poly1305_update(&t->state, p, len);
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_tag_bytes);

/**
 * rsess_tag_page() - more of its payload
 * @t: of its direction
 * @page: holds the bytes, may be compound
 * @off: where in @page
 * @len: how many
 */
void rsess_tag_page(struct rsess_tag *t, struct page *page, u32 off, u32 len)
{
	while (len) {
		u32 n = min_t(u32, len, PAGE_SIZE - offset_in_page(off));
		void *p = kmap_local_page(nth_page(page, off >> PAGE_SHIFT));

		poly1305_update(&t->state, p + offset_in_page(off), n);
		kunmap_local(p);
		off += n;
		len -= n;
	}
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_tag_page);

/**
 * rsess_tag_skb() - more of its payload
 * @t: of its direction
 * @skb: holds the bytes, anywhere
 * @off: where in @skb
 * @len: how many
 */
void rsess_tag_skb(struct rsess_tag *t, const struct sk_buff *skb, u32 off,
		   u32 len)
{
	struct skb_seq_state seq;
	unsigned int n, done = 0;
	const u8 *p;

	skb_prepare_seq_read((struct sk_buff *)skb, off, off + len, &seq);
	while ((n = skb_seq_read(done, &p, &seq))) {
		n = min(n, len - done);
		poly1305_update(&t->state, p, n);
		done += n;
	}
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_tag_skb);

/**
 * rsess_tag_end() - the frame's tag
 * @t: of its direction
 * @tag: %RSESS_WIRE_TAG_LEN bytes
 */
void rsess_tag_end(struct rsess_tag *t, u8 *tag)
{
	poly1305_final(&t->state, tag);
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_tag_end);
