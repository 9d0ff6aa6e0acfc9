// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of tags.  The expected ones were computed with Python's hashlib.blake2s and
 * integers from the formulas in the description of the protocol and RFC 8439.
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include "../tag.h"
#include "suites.h"

#define PAYLOAD	100

/* The one of auth_test.c. */
static const u8 secret[RSESS_WIRE_MAC_LEN] = {
	0xe6, 0xdd, 0x3e, 0xe9, 0x04, 0x4c, 0x5d, 0x40,
	0x6c, 0x9a, 0x97, 0x24, 0x80, 0xa8, 0x36, 0x02,
	0xb8, 0x79, 0xea, 0x7f, 0x12, 0xa7, 0x1d, 0xfb,
	0x30, 0x73, 0xda, 0xab, 0x0c, 0x28, 0x82, 0xd6,
};

/* The first frame of the dialer's first transport, with salt e0..ef, header 10..2f and payload
 * 40..a3.
 */
static const u8 first[RSESS_WIRE_TAG_LEN] = {
	0x70, 0x1a, 0xc3, 0x89, 0xd3, 0xb5, 0x1c, 0x42,
	0xb9, 0x8b, 0xef, 0x37, 0x73, 0x37, 0x2f, 0xef,
};

/* A frame, and which one it is. */
struct frame {
	u8	secret[RSESS_WIRE_MAC_LEN];
	u8	salt[RSESS_WIRE_SALT_LEN];
	bool	dialer;
	u32	epoch;
	u32	before;
	u8	hdr[RSESS_HDR_LEN];
	u8	payload[PAYLOAD];
};

static struct frame frame(void)
{
	struct frame f = { .dialer = true };
	int i;

	memcpy(f.secret, secret, sizeof(secret));
	for (i = 0; i < RSESS_WIRE_SALT_LEN; i++)
		f.salt[i] = 0xe0 + i;
	for (i = 0; i < RSESS_HDR_LEN; i++)
		f.hdr[i] = 0x10 + i;
	for (i = 0; i < PAYLOAD; i++)
		f.payload[i] = 0x40 + i;
	return f;
}

/* Up to the payload. */
static void begin(struct rsess_tag *t, const struct frame *f)
{
	u8 tag[RSESS_WIRE_TAG_LEN];
	u32 i;

	rsess_tag_start(t, f->secret, f->salt, f->epoch, f->dialer);
	for (i = 0; i < f->before; i++) {
		rsess_tag_begin(t, f->hdr);
		rsess_tag_end(t, tag);
	}
	rsess_tag_begin(t, f->hdr);
}

static bool is_tag(const struct frame *f, u32 len, const u8 *want)
{
	u8 tag[RSESS_WIRE_TAG_LEN];
	struct rsess_tag t;

	begin(&t, f);
	rsess_tag_bytes(&t, f->payload, len);
	rsess_tag_end(&t, tag);
	return !memcmp(tag, want, sizeof(tag));
}

static void rsess_tag__vector(struct kunit *test)
{
	struct frame f = frame();

	KUNIT_EXPECT_TRUE(test, is_tag(&f, PAYLOAD, first));
}

static void rsess_tag__vector_without_payload(struct kunit *test)
{
	static const u8 want[RSESS_WIRE_TAG_LEN] = {
		0x07, 0xdc, 0x1d, 0x6b, 0x70, 0x06, 0x52, 0xa7,
		0x45, 0x5d, 0xf5, 0x0d, 0x12, 0xc7, 0x2d, 0xb8,
	};
	struct frame f = frame();

	KUNIT_EXPECT_TRUE(test, is_tag(&f, 0, want));
}

static void rsess_tag__vector_second_frame(struct kunit *test)
{
	static const u8 want[RSESS_WIRE_TAG_LEN] = {
		0xb3, 0xc7, 0x32, 0x37, 0x33, 0x60, 0x93, 0x53,
		0xb5, 0xe6, 0x1c, 0x48, 0x13, 0xa1, 0x36, 0xb2,
	};
	struct frame f = frame();

	f.before = 1;
	KUNIT_EXPECT_TRUE(test, is_tag(&f, PAYLOAD, want));
}

static void rsess_tag__vector_other_direction(struct kunit *test)
{
	static const u8 want[RSESS_WIRE_TAG_LEN] = {
		0x4f, 0x5a, 0x0d, 0x83, 0x22, 0x4d, 0x12, 0x28,
		0x33, 0x1c, 0x71, 0x82, 0xa5, 0x85, 0xf1, 0x8a,
	};
	struct frame f = frame();

	f.dialer = false;
	KUNIT_EXPECT_TRUE(test, is_tag(&f, PAYLOAD, want));
}

static void rsess_tag__vector_other_epoch(struct kunit *test)
{
	static const u8 want[RSESS_WIRE_TAG_LEN] = {
		0xec, 0xc6, 0x86, 0x25, 0x06, 0x67, 0x17, 0xd4,
		0xc0, 0x82, 0x27, 0x8d, 0xc1, 0x15, 0x5a, 0xc8,
	};
	struct frame f = frame();

	f.epoch = 7;
	KUNIT_EXPECT_TRUE(test, is_tag(&f, PAYLOAD, want));
}

static void flip_each(struct kunit *test, struct frame *f, u8 *p, int len)
{
	int bit;

	for (bit = 0; bit < 8 * len; bit++) {
		p[bit / 8] ^= 1 << bit % 8;
		KUNIT_EXPECT_FALSE_MSG(test, is_tag(f, PAYLOAD, first),
				       "bit %d", bit);
		p[bit / 8] ^= 1 << bit % 8;
	}
}

static void rsess_tag__any_bit(struct kunit *test)
{
	struct frame f = frame();

	flip_each(test, &f, f.secret, sizeof(f.secret));
	flip_each(test, &f, f.salt, sizeof(f.salt));
	flip_each(test, &f, f.hdr, sizeof(f.hdr));
	flip_each(test, &f, f.payload, sizeof(f.payload));
}

/* However the bytes lie: in each two pieces, and in a page. */
static void rsess_tag__pieces(struct kunit *test)
{
	struct frame f = frame();
	u8 tag[RSESS_WIRE_TAG_LEN];
	struct rsess_tag t;
	u32 cut;

	for (cut = 0; cut <= PAYLOAD; cut++) {
		begin(&t, &f);
		rsess_tag_bytes(&t, f.payload, cut);
		rsess_tag_bytes(&t, f.payload + cut, PAYLOAD - cut);
		rsess_tag_end(&t, tag);
		KUNIT_EXPECT_EQ_MSG(test, memcmp(tag, first, sizeof(tag)), 0,
				    "cut %u", cut);
	}
}

static void rsess_tag__pages(struct kunit *test)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 1);
	struct frame f = frame();
	u8 tag[RSESS_WIRE_TAG_LEN];
	struct rsess_tag t;
	u32 off = PAGE_SIZE - PAYLOAD / 3;

	KUNIT_ASSERT_NOT_NULL(test, page);
	memcpy(page_address(page) + off, f.payload, PAYLOAD);
	begin(&t, &f);
	rsess_tag_page(&t, page, off, PAYLOAD);
	rsess_tag_end(&t, tag);
	KUNIT_EXPECT_EQ(test, memcmp(tag, first, sizeof(tag)), 0);
	__free_pages(page, 1);
}

/* A piece of an skb with bytes in its head and in a fragment. */
static void rsess_tag__skb(struct kunit *test)
{
	struct sk_buff *skb = alloc_skb(PAYLOAD, GFP_KERNEL);
	struct page *page = alloc_page(GFP_KERNEL);
	struct frame f = frame();
	u8 tag[RSESS_WIRE_TAG_LEN];
	struct rsess_tag t;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_ASSERT_NOT_NULL(test, page);
	skb_put_data(skb, "xx", 2);
	skb_put_data(skb, f.payload, 30);
	memcpy(page_address(page) + 11, f.payload + 30, PAYLOAD - 30);
	skb_add_rx_frag(skb, 0, page, 11, PAGE_SIZE - 11, PAGE_SIZE);
	begin(&t, &f);
	rsess_tag_skb(&t, skb, 2, PAYLOAD);
	rsess_tag_end(&t, tag);
	KUNIT_EXPECT_EQ(test, memcmp(tag, first, sizeof(tag)), 0);
	kfree_skb(skb);
}

static struct kunit_case tag_cases[] = {
	KUNIT_CASE(rsess_tag__vector),
	KUNIT_CASE(rsess_tag__vector_without_payload),
	KUNIT_CASE(rsess_tag__vector_second_frame),
	KUNIT_CASE(rsess_tag__vector_other_direction),
	KUNIT_CASE(rsess_tag__vector_other_epoch),
	KUNIT_CASE(rsess_tag__any_bit),
	KUNIT_CASE(rsess_tag__pieces),
	KUNIT_CASE(rsess_tag__pages),
	KUNIT_CASE(rsess_tag__skb),
	{}
};

struct kunit_suite rsess_tag_suite = {
	.name = "rsess_tag",
	.test_cases = tag_cases,
};
