// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the codec.  Bytes and limits are written out as the description of
 * the protocol has them, not as wire.h does, so that a slip in one shows.
 *
 * What is read lies before a page that is not there: a read too far faults.
 */
#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include "../wire.h"
#include "suites.h"

#define HDR		32
#define HELLO		56
#define WELCOME		40
#define RESUME		72
#define DATA_MAX	65536

#define OPTIONAL	0x01
#define ACKNOW		0x02
#define URGENT		0x04

/* Shortest and longest payload of each type. */
static const struct type_case {
	const char	*name;
	u8		type;
	u32		min;
	u32		max;
} types[] = {
	{ "HELLO",	1,	56,	512 },
	{ "WELCOME",	2,	40,	512 },
	{ "RESUME",	3,	72,	72 },
	{ "RESUMED",	4,	48,	48 },
	{ "DATA",	5,	1,	DATA_MAX },
	{ "ACK",	6,	0,	0 },
	{ "FIN",	7,	0,	0 },
	{ "STOP",	8,	0,	0 },
	{ "PING",	9,	8,	8 },
	{ "PONG",	10,	8,	8 },
	{ "ABORT",	11,	20,	20 },
};

static void type_desc(const struct type_case *t, char *desc)
{
	strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(types, types, type_desc);

/* A header with a different value in each byte, and its bytes. */
static const struct rsess_frame sample = {
	.type	= 3,
	.flags	= 2,
	.length	= 72,
	.seq	= 0xf1f2f3f4f5f6f7f8,
	.ack	= 0x2122232425262728,
	.limit	= 0xe1e2e3e4e5e6e7e8,
};

static const u8 sample_bytes[HDR] = {
	0x03, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x48,
	0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8,
	0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28,
	0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8,
};

/* The place whose last byte is the last one that can be read. */
static void *at_end(struct kunit *test, const void *bytes, size_t len)
{
	void *p = test->priv + PAGE_SIZE - len;

	memcpy(p, bytes, len);
	return p;
}

static void put_be16(u8 *p, u16 v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put_be32(u8 *p, u32 v)
{
	put_be16(p, v >> 16);
	put_be16(p + 2, v);
}

/* What the codec says of a header. */
static int judge(struct kunit *test, u8 type, u8 flags, u32 length)
{
	struct rsess_frame f;
	u8 b[HDR] = { type, flags };

	put_be32(b + 4, length);
	return rsess_wire_decode(at_end(test, b, sizeof(b)), &f);
}

/* The same of a length of some type, which may be right or wrong. */
static void expect_length(struct kunit *test, u32 length)
{
	const struct type_case *t = test->param_value;
	int want = length >= t->min && length <= t->max ? RSESS_WIRE_OK :
							  RSESS_WIRE_LENGTH;

	KUNIT_EXPECT_EQ_MSG(test, judge(test, t->type, 0, length), want,
			    "length %u", length);
	KUNIT_EXPECT_EQ_MSG(test, judge(test, t->type, OPTIONAL, length), want,
			    "optional, length %u", length);
}

/* --- rsess_wire_encode() --- */

static void rsess_wire_encode__bytes(struct kunit *test)
{
	u8 b[HDR];

	memset(b, 0xff, sizeof(b));
	rsess_wire_encode(&sample, b);
	KUNIT_EXPECT_EQ(test, memcmp(b, sample_bytes, sizeof(b)), 0);
}

static void rsess_wire_encode__writes_a_header_only(struct kunit *test)
{
	u8 b[1 + HDR + 1];

	memset(b, 0xa5, sizeof(b));
	rsess_wire_encode(&sample, b + 1);
	KUNIT_EXPECT_EQ(test, b[0], 0xa5);
	KUNIT_EXPECT_EQ(test, b[1 + HDR], 0xa5);
}

static void rsess_wire_encode__any_alignment(struct kunit *test)
{
	u8 b[8 + HDR];
	int i;

	for (i = 0; i < 8; i++) {
		memset(b, 0xff, sizeof(b));
		rsess_wire_encode(&sample, b + i);
		KUNIT_EXPECT_EQ_MSG(test, memcmp(b + i, sample_bytes, HDR), 0,
				    "offset %d", i);
	}
}

/* --- rsess_wire_decode() --- */

static void expect_sample(struct kunit *test, const void *p)
{
	struct rsess_frame f;

	memset(&f, 0xff, sizeof(f));
	KUNIT_EXPECT_EQ(test, rsess_wire_decode(p, &f), RSESS_WIRE_OK);
	KUNIT_EXPECT_EQ(test, f.type, sample.type);
	KUNIT_EXPECT_EQ(test, f.flags, sample.flags);
	KUNIT_EXPECT_EQ(test, f.length, sample.length);
	KUNIT_EXPECT_EQ(test, f.seq, sample.seq);
	KUNIT_EXPECT_EQ(test, f.ack, sample.ack);
	KUNIT_EXPECT_EQ(test, f.limit, sample.limit);
}

static void rsess_wire_decode__bytes(struct kunit *test)
{
	expect_sample(test, at_end(test, sample_bytes, HDR));
}

static void rsess_wire_decode__any_alignment(struct kunit *test)
{
	u8 b[8 + HDR];
	int i;

	for (i = 0; i < 8; i++) {
		memcpy(b + i, sample_bytes, HDR);
		expect_sample(test, b + i);
	}
}

static void expect_round_trip(struct kunit *test, const struct rsess_frame *f)
{
	struct rsess_frame g;
	u8 b[HDR];

	memset(&g, 0xff, sizeof(g));
	rsess_wire_encode(f, b);
	KUNIT_EXPECT_EQ(test, rsess_wire_decode(b, &g), RSESS_WIRE_OK);
	KUNIT_EXPECT_EQ(test, g.type, f->type);
	KUNIT_EXPECT_EQ(test, g.flags, f->flags);
	KUNIT_EXPECT_EQ(test, g.length, f->length);
	KUNIT_EXPECT_EQ(test, g.seq, f->seq);
	KUNIT_EXPECT_EQ(test, g.ack, f->ack);
	KUNIT_EXPECT_EQ(test, g.limit, f->limit);
}

/* Every type, every flag, and offsets from one end to the other. */
static void rsess_wire_decode__round_trip(struct kunit *test)
{
	static const u64 offsets[] = {
		0, 1, U32_MAX, BIT_ULL(32), S64_MAX, BIT_ULL(63), U64_MAX,
	};
	const struct type_case *t = test->param_value;
	struct rsess_frame f = { .type = t->type };
	int i, n = ARRAY_SIZE(offsets);

	for (f.flags = 0; f.flags <= (OPTIONAL | ACKNOW | URGENT); f.flags++) {
		for (i = 0; i < n; i++) {
			f.seq = offsets[i];
			f.ack = offsets[(i + 1) % n];
			f.limit = offsets[(i + 2) % n];
			f.length = t->min;
			expect_round_trip(test, &f);
			f.length = t->max;
			expect_round_trip(test, &f);
		}
	}
}

/* A refusal can be traced with what the header said. */
static void rsess_wire_decode__refused_is_filled_in(struct kunit *test)
{
	struct rsess_frame f;
	u8 b[HDR];

	memcpy(b, sample_bytes, sizeof(b));
	memset(b, 0xcc, 8);
	memset(&f, 0, sizeof(f));
	KUNIT_EXPECT_NE(test, rsess_wire_decode(b, &f), RSESS_WIRE_OK);
	KUNIT_EXPECT_EQ(test, f.type, 0xcc);
	KUNIT_EXPECT_EQ(test, f.flags, 0xcc);
	KUNIT_EXPECT_EQ(test, f.length, 0xcccccccc);
	KUNIT_EXPECT_EQ(test, f.seq, sample.seq);
	KUNIT_EXPECT_EQ(test, f.ack, sample.ack);
	KUNIT_EXPECT_EQ(test, f.limit, sample.limit);
}

static void rsess_wire_decode__reserved(struct kunit *test)
{
	struct rsess_frame f;
	u8 b[HDR];
	int bit;

	for (bit = 0; bit < 16; bit++) {
		memcpy(b, sample_bytes, sizeof(b));
		put_be16(b + 2, 1 << bit);
		KUNIT_EXPECT_EQ_MSG(test, rsess_wire_decode(b, &f),
				    RSESS_WIRE_RESERVED, "bit %d", bit);
	}
}

static void rsess_wire_decode__unknown_flags(struct kunit *test)
{
	int flags;

	for (flags = 8; flags < 256; flags++) {
		KUNIT_EXPECT_EQ_MSG(test, judge(test, 6, flags, 0),
				    RSESS_WIRE_FLAGS, "flags %#x", flags);
		KUNIT_EXPECT_EQ_MSG(test, judge(test, 200, flags, 0),
				    RSESS_WIRE_FLAGS,
				    "flags %#x of an unknown type", flags);
	}
}

/* Types that version 1 does not have: 0, and 12 and above. */
#define for_each_unknown_type(type)	\
	for (type = 0; type < 256; type = type ? type + 1 : 12)

static void rsess_wire_decode__unknown_type(struct kunit *test)
{
	int type;

	for_each_unknown_type(type) {
		KUNIT_EXPECT_EQ_MSG(test, judge(test, type, 0, 0),
				    RSESS_WIRE_TYPE, "type %d", type);
		KUNIT_EXPECT_EQ_MSG(test, judge(test, type, ACKNOW, 1),
				    RSESS_WIRE_TYPE, "type %d", type);
	}
}

static void rsess_wire_decode__unknown_optional_type(struct kunit *test)
{
	static const u32 lengths[] = { 0, 1, 512, 513, DATA_MAX };
	int type, i;

	for_each_unknown_type(type)
		for (i = 0; i < ARRAY_SIZE(lengths); i++)
			KUNIT_EXPECT_EQ_MSG(test,
					    judge(test, type, OPTIONAL,
						  lengths[i]),
					    RSESS_WIRE_OK, "type %d length %u",
					    type, lengths[i]);
	KUNIT_EXPECT_EQ(test, judge(test, 12, OPTIONAL | ACKNOW, 1),
			RSESS_WIRE_OK);
}

static void rsess_wire_decode__unknown_optional_too_long(struct kunit *test)
{
	static const u32 lengths[] = { DATA_MAX + 1, BIT(31), U32_MAX };
	int type, i;

	for_each_unknown_type(type)
		for (i = 0; i < ARRAY_SIZE(lengths); i++)
			KUNIT_EXPECT_EQ_MSG(test,
					    judge(test, type, OPTIONAL,
						  lengths[i]),
					    RSESS_WIRE_LENGTH,
					    "type %d length %u", type,
					    lengths[i]);
}

static void rsess_wire_decode__length_0(struct kunit *test)
{
	expect_length(test, 0);
}

static void rsess_wire_decode__length_1(struct kunit *test)
{
	expect_length(test, 1);
}

static void rsess_wire_decode__length_below_min(struct kunit *test)
{
	const struct type_case *t = test->param_value;
	u32 length;

	for (length = 0; length < t->min; length++)
		expect_length(test, length);
}

static void rsess_wire_decode__length_min(struct kunit *test)
{
	const struct type_case *t = test->param_value;

	expect_length(test, t->min);
}

static void rsess_wire_decode__length_max(struct kunit *test)
{
	const struct type_case *t = test->param_value;

	expect_length(test, t->max);
}

static void rsess_wire_decode__length_above_max(struct kunit *test)
{
	const struct type_case *t = test->param_value;

	expect_length(test, t->max + 1);
}

static void rsess_wire_decode__length_of_another_type(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		expect_length(test, types[i].min);
		expect_length(test, types[i].max);
		expect_length(test, types[i].max + 1);
	}
}

static void rsess_wire_decode__length_2_to_31(struct kunit *test)
{
	expect_length(test, BIT(31) - 1);
	expect_length(test, BIT(31));
}

static void rsess_wire_decode__length_2_to_32_less_1(struct kunit *test)
{
	expect_length(test, U32_MAX);
}

/* --- rsess_wire_check_tlvs() --- */

static int check_tlvs(struct kunit *test, const void *b, u32 len)
{
	return rsess_wire_check_tlvs(at_end(test, b, len), len);
}

static void rsess_wire_check_tlvs__none(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, check_tlvs(test, "", 0), RSESS_WIRE_OK);
}

static void rsess_wire_check_tlvs__whole(struct kunit *test)
{
	static const u8 one[] = { 0, 1, 0, 3, 'a', 'b', 'c' };

	KUNIT_EXPECT_EQ(test, check_tlvs(test, one, sizeof(one)),
			RSESS_WIRE_OK);
}

static void rsess_wire_check_tlvs__without_value(struct kunit *test)
{
	static const u8 none[] = { 0, 1, 0, 0 };

	KUNIT_EXPECT_EQ(test, check_tlvs(test, none, sizeof(none)),
			RSESS_WIRE_OK);
}

static void rsess_wire_check_tlvs__unknown(struct kunit *test)
{
	u8 b[] = { 0, 0, 0, 1, 0 };
	int bit;

	for (bit = 0; bit < 16; bit++) {
		put_be16(b, 1 << bit);
		KUNIT_EXPECT_EQ(test, check_tlvs(test, b, sizeof(b)),
				RSESS_WIRE_OK);
	}
	put_be16(b, U16_MAX);
	KUNIT_EXPECT_EQ(test, check_tlvs(test, b, sizeof(b)), RSESS_WIRE_OK);
}

static void rsess_wire_check_tlvs__several(struct kunit *test)
{
	static const u8 three[] = {
		0, 7, 0, 2, 0xff, 0xff, 0, 7, 0, 0, 0xff, 0xfe, 0, 1, 0,
	};

	KUNIT_EXPECT_EQ(test, check_tlvs(test, three, sizeof(three)),
			RSESS_WIRE_OK);
}

/* As much as the payload of a frame holds, in one and in many. */
static void rsess_wire_check_tlvs__as_many_as_fit(struct kunit *test)
{
	u8 b[512 - WELCOME] = { 0, 1 };

	put_be16(b + 2, sizeof(b) - 4);
	KUNIT_EXPECT_EQ(test, check_tlvs(test, b, sizeof(b)), RSESS_WIRE_OK);
	memset(b, 0, sizeof(b));
	KUNIT_EXPECT_EQ(test, check_tlvs(test, b, sizeof(b)), RSESS_WIRE_OK);
}

static void rsess_wire_check_tlvs__cut_header(struct kunit *test)
{
	static const u8 b[4];
	u32 len;

	for (len = 1; len < 4; len++)
		KUNIT_EXPECT_EQ_MSG(test, check_tlvs(test, b, len),
				    RSESS_WIRE_PAYLOAD, "%u bytes", len);
}

static void rsess_wire_check_tlvs__cut_value(struct kunit *test)
{
	static const u8 b[4 + 8] = { 0, 1, 0, 8 };
	u32 len;

	for (len = 4; len < sizeof(b); len++)
		KUNIT_EXPECT_EQ_MSG(test, check_tlvs(test, b, len),
				    RSESS_WIRE_PAYLOAD, "%u bytes", len);
	KUNIT_EXPECT_EQ(test, check_tlvs(test, b, sizeof(b)), RSESS_WIRE_OK);
}

static void rsess_wire_check_tlvs__too_long(struct kunit *test)
{
	static const u16 lengths[] = { 5, 255, 256, S16_MAX, 0x8000, U16_MAX };
	u8 b[4 + 4] = { 0, 1 };
	int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		put_be16(b + 2, lengths[i]);
		KUNIT_EXPECT_EQ_MSG(test, check_tlvs(test, b, sizeof(b)),
				    RSESS_WIRE_PAYLOAD, "length %u",
				    lengths[i]);
	}
}

static void rsess_wire_check_tlvs__second_is_cut(struct kunit *test)
{
	static const u8 b[] = { 0, 1, 0, 1, 0, 0, 2, 0, 2, 0, 0 };
	u32 len;

	for (len = 6; len < sizeof(b); len++)
		KUNIT_EXPECT_EQ_MSG(test, check_tlvs(test, b, len),
				    RSESS_WIRE_PAYLOAD, "%u bytes", len);
	KUNIT_EXPECT_EQ(test, check_tlvs(test, b, 5), RSESS_WIRE_OK);
	KUNIT_EXPECT_EQ(test, check_tlvs(test, b, sizeof(b)), RSESS_WIRE_OK);
}

/* --- HELLO and WELCOME alike --- */

/* Payloads with one TLV of @value bytes that says that it has @said. */
static u32 put_tlv(u8 *p, u16 said, u16 value)
{
	put_be16(p, 0xabcd);
	put_be16(p + 2, said);
	memset(p + 4, 0, value);
	return 4 + value;
}

/* --- rsess_wire_check_hello() --- */

/* A right one, of version 1, with room for a TLV. */
struct hello {
	u8 b[HELLO + 16];
};

static struct hello hello(void)
{
	struct hello h = { { 'R', 'S', 'E', 'S', 1, 1 } };
	int i;

	for (i = 8; i < HELLO; i++)
		h.b[i] = i;
	return h;
}

static int check_hello(struct kunit *test, const struct hello *h, u32 len)
{
	struct rsess_wire_hello out;

	return rsess_wire_check_hello(at_end(test, h->b, len), len, &out);
}

static void rsess_wire_check_hello__fields(struct kunit *test)
{
	struct hello h = hello();
	struct rsess_wire_hello out;

	h.b[4] = 0;
	h.b[5] = 7;
	KUNIT_EXPECT_EQ(test, rsess_wire_check_hello(h.b, HELLO, &out),
			RSESS_WIRE_OK);
	KUNIT_EXPECT_EQ(test, out.version_min, 0);
	KUNIT_EXPECT_EQ(test, out.version_max, 7);
	KUNIT_EXPECT_EQ(test, memcmp(out.id, h.b + 8, 16), 0);
	KUNIT_EXPECT_EQ(test, memcmp(out.key, h.b + 24, 32), 0);
}

static void rsess_wire_check_hello__too_short(struct kunit *test)
{
	struct hello h = hello();
	u32 len;

	for (len = 0; len < HELLO; len++)
		KUNIT_EXPECT_EQ_MSG(test, check_hello(test, &h, len),
				    RSESS_WIRE_LENGTH, "%u bytes", len);
	KUNIT_EXPECT_EQ(test, check_hello(test, &h, HELLO), RSESS_WIRE_OK);
}

static void rsess_wire_check_hello__magic(struct kunit *test)
{
	int bit;

	for (bit = 0; bit < 32; bit++) {
		struct hello h = hello();

		h.b[bit / 8] ^= 1 << bit % 8;
		KUNIT_EXPECT_EQ_MSG(test, check_hello(test, &h, HELLO),
				    RSESS_WIRE_PAYLOAD, "bit %d", bit);
	}
}

static void rsess_wire_check_hello__version_in_range(struct kunit *test)
{
	struct hello h = hello();
	int min, max;

	for (min = 0; min <= 1; min++) {
		for (max = 1; max < 256; max++) {
			h.b[4] = min;
			h.b[5] = max;
			KUNIT_EXPECT_EQ_MSG(test, check_hello(test, &h, HELLO),
					    RSESS_WIRE_OK, "%d..%d", min, max);
		}
	}
}

static void rsess_wire_check_hello__version_below(struct kunit *test)
{
	struct hello h = hello();

	h.b[4] = 0;
	h.b[5] = 0;
	KUNIT_EXPECT_EQ(test, check_hello(test, &h, HELLO), RSESS_WIRE_VERSION);
}

static void rsess_wire_check_hello__version_above(struct kunit *test)
{
	static const u8 ranges[][2] = { { 2, 2 }, { 2, 255 }, { 255, 255 } };
	struct hello h = hello();
	int i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		h.b[4] = ranges[i][0];
		h.b[5] = ranges[i][1];
		KUNIT_EXPECT_EQ_MSG(test, check_hello(test, &h, HELLO),
				    RSESS_WIRE_VERSION, "%d..%d", h.b[4],
				    h.b[5]);
	}
}

static void rsess_wire_check_hello__version_range_upside_down(struct kunit *test)
{
	static const u8 ranges[][2] = { { 1, 0 }, { 2, 1 }, { 255, 0 } };
	struct hello h = hello();
	int i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		h.b[4] = ranges[i][0];
		h.b[5] = ranges[i][1];
		KUNIT_EXPECT_EQ_MSG(test, check_hello(test, &h, HELLO),
				    RSESS_WIRE_PAYLOAD, "%d..%d", h.b[4],
				    h.b[5]);
	}
}

static void rsess_wire_check_hello__reserved(struct kunit *test)
{
	struct hello h = hello();
	int bit;

	for (bit = 0; bit < 16; bit++) {
		put_be16(h.b + 6, 1 << bit);
		KUNIT_EXPECT_EQ_MSG(test, check_hello(test, &h, HELLO),
				    RSESS_WIRE_RESERVED, "bit %d", bit);
	}
}

static void rsess_wire_check_hello__unknown_tlv(struct kunit *test)
{
	struct hello h = hello();
	u32 len = put_tlv(h.b + HELLO, 5, 5);

	KUNIT_EXPECT_EQ(test, check_hello(test, &h, HELLO + len),
			RSESS_WIRE_OK);
}

static void rsess_wire_check_hello__cut_tlv(struct kunit *test)
{
	struct hello h = hello();
	u32 len = put_tlv(h.b + HELLO, 5, 5);

	while (--len)
		KUNIT_EXPECT_EQ_MSG(test, check_hello(test, &h, HELLO + len),
				    RSESS_WIRE_PAYLOAD, "%u bytes", len);
}

static void rsess_wire_check_hello__too_long_tlv(struct kunit *test)
{
	struct hello h = hello();
	u32 len = put_tlv(h.b + HELLO, U16_MAX, 5);

	KUNIT_EXPECT_EQ(test, check_hello(test, &h, HELLO + len),
			RSESS_WIRE_PAYLOAD);
}

/* --- rsess_wire_check_welcome() --- */

struct welcome {
	u8 b[WELCOME + 16];
};

static struct welcome welcome(void)
{
	struct welcome w = { { 'R', 'S', 'E', 'S', 1 } };
	int i;

	for (i = 8; i < WELCOME; i++)
		w.b[i] = i;
	return w;
}

static int check_welcome(struct kunit *test, const struct welcome *w, u32 len)
{
	struct rsess_wire_welcome out;

	return rsess_wire_check_welcome(at_end(test, w->b, len), len, &out);
}

static void rsess_wire_check_welcome__fields(struct kunit *test)
{
	struct welcome w = welcome();
	struct rsess_wire_welcome out;

	KUNIT_EXPECT_EQ(test, rsess_wire_check_welcome(w.b, WELCOME, &out),
			RSESS_WIRE_OK);
	KUNIT_EXPECT_EQ(test, out.version, 1);
	KUNIT_EXPECT_EQ(test, memcmp(out.key, w.b + 8, 32), 0);
}

static void rsess_wire_check_welcome__too_short(struct kunit *test)
{
	struct welcome w = welcome();
	u32 len;

	for (len = 0; len < WELCOME; len++)
		KUNIT_EXPECT_EQ_MSG(test, check_welcome(test, &w, len),
				    RSESS_WIRE_LENGTH, "%u bytes", len);
	KUNIT_EXPECT_EQ(test, check_welcome(test, &w, WELCOME), RSESS_WIRE_OK);
}

static void rsess_wire_check_welcome__magic(struct kunit *test)
{
	int bit;

	for (bit = 0; bit < 32; bit++) {
		struct welcome w = welcome();

		w.b[bit / 8] ^= 1 << bit % 8;
		KUNIT_EXPECT_EQ_MSG(test, check_welcome(test, &w, WELCOME),
				    RSESS_WIRE_PAYLOAD, "bit %d", bit);
	}
}

static void rsess_wire_check_welcome__reserved(struct kunit *test)
{
	int bit;

	for (bit = 0; bit < 24; bit++) {
		struct welcome w = welcome();

		w.b[5 + bit / 8] ^= 1 << bit % 8;
		KUNIT_EXPECT_EQ_MSG(test, check_welcome(test, &w, WELCOME),
				    RSESS_WIRE_RESERVED, "bit %d", bit);
	}
}

static void rsess_wire_check_welcome__version(struct kunit *test)
{
	struct welcome w = welcome();
	int version;

	for (version = 0; version < 256; version++) {
		if (version == 1)
			continue;
		w.b[4] = version;
		KUNIT_EXPECT_EQ_MSG(test, check_welcome(test, &w, WELCOME),
				    RSESS_WIRE_VERSION, "version %d", version);
	}
}

static void rsess_wire_check_welcome__unknown_tlv(struct kunit *test)
{
	struct welcome w = welcome();
	u32 len = put_tlv(w.b + WELCOME, 5, 5);

	KUNIT_EXPECT_EQ(test, check_welcome(test, &w, WELCOME + len),
			RSESS_WIRE_OK);
}

static void rsess_wire_check_welcome__cut_tlv(struct kunit *test)
{
	struct welcome w = welcome();
	u32 len = put_tlv(w.b + WELCOME, 5, 5);

	while (--len)
		KUNIT_EXPECT_EQ_MSG(test,
				    check_welcome(test, &w, WELCOME + len),
				    RSESS_WIRE_PAYLOAD, "%u bytes", len);
}

static void rsess_wire_check_welcome__too_long_tlv(struct kunit *test)
{
	struct welcome w = welcome();
	u32 len = put_tlv(w.b + WELCOME, U16_MAX, 5);

	KUNIT_EXPECT_EQ(test, check_welcome(test, &w, WELCOME + len),
			RSESS_WIRE_PAYLOAD);
}

/* --- rsess_wire_check_resume() --- */

struct resume {
	u8 b[512];
};

static struct resume resume(void)
{
	struct resume r = { };
	int i;

	for (i = 0; i < RESUME; i++)
		r.b[i] = i < 20 || i >= 24 ? i + 1 : 0;
	return r;
}

static int check_resume(struct kunit *test, const struct resume *r, u32 len)
{
	struct rsess_wire_resume out;

	return rsess_wire_check_resume(at_end(test, r->b, len), len, &out);
}

static void rsess_wire_check_resume__fields(struct kunit *test)
{
	struct resume r = resume();
	struct rsess_wire_resume out;

	KUNIT_EXPECT_EQ(test, rsess_wire_check_resume(r.b, RESUME, &out),
			RSESS_WIRE_OK);
	KUNIT_EXPECT_EQ(test, memcmp(out.id, r.b, 16), 0);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(out.epoch), 0x11121314);
	KUNIT_EXPECT_EQ(test, memcmp(out.nonce, r.b + 24, 16), 0);
	KUNIT_EXPECT_EQ(test, memcmp(out.mac, r.b + 40, 32), 0);
}

static void rsess_wire_check_resume__too_short(struct kunit *test)
{
	struct resume r = resume();
	u32 len;

	for (len = 0; len < RESUME; len++)
		KUNIT_EXPECT_EQ_MSG(test, check_resume(test, &r, len),
				    RSESS_WIRE_LENGTH, "%u bytes", len);
	KUNIT_EXPECT_EQ(test, check_resume(test, &r, RESUME), RSESS_WIRE_OK);
}

static void rsess_wire_check_resume__too_long(struct kunit *test)
{
	struct resume r = resume();
	u32 len;

	for (len = RESUME + 1; len <= sizeof(r.b); len++)
		KUNIT_EXPECT_EQ_MSG(test, check_resume(test, &r, len),
				    RSESS_WIRE_LENGTH, "%u bytes", len);
}

static void rsess_wire_check_resume__reserved(struct kunit *test)
{
	struct resume r = resume();
	int bit;

	for (bit = 0; bit < 32; bit++) {
		put_be32(r.b + 20, BIT(bit));
		KUNIT_EXPECT_EQ_MSG(test, check_resume(test, &r, RESUME),
				    RSESS_WIRE_RESERVED, "bit %d", bit);
	}
}

static int wire_init(struct kunit *test)
{
	test->priv = vmalloc(PAGE_SIZE);
	return test->priv ? 0 : -ENOMEM;
}

static void wire_exit(struct kunit *test)
{
	vfree(test->priv);
}

/* --- rsess_wire_find_tlv() --- */

static void rsess_wire_find_tlv__each(struct kunit *test)
{
	/* Types 7, 1 and 9 with 2, 3 and 0 bytes. */
	static const u8 list[] = {
		0, 7, 0, 2, 'a', 'b', 0, 1, 0, 3, 'c', 'd', 'e', 0, 9, 0, 0,
	};
	u32 len = sizeof(list);

	KUNIT_EXPECT_PTR_EQ(test, rsess_wire_find_tlv(list, len, 7, 2), list + 4);
	KUNIT_EXPECT_PTR_EQ(test, rsess_wire_find_tlv(list, len, 1, 3),
			    list + 10);
	KUNIT_EXPECT_PTR_EQ(test, rsess_wire_find_tlv(list, len, 9, 0),
			    list + len);
	KUNIT_EXPECT_NULL(test, rsess_wire_find_tlv(list, len, 2, 3));
	KUNIT_EXPECT_NULL(test, rsess_wire_find_tlv(list, len, 1, 2));
	KUNIT_EXPECT_NULL(test, rsess_wire_find_tlv(list, 0, 7, 2));
}

/* A list that ends within a TLV has only those before it. */
static void rsess_wire_find_tlv__cut(struct kunit *test)
{
	static const u8 list[] = { 0, 7, 0, 0, 0, 1, 0, 3, 'c', 'd', 'e' };
	u32 len;

	for (len = 4; len < sizeof(list); len++) {
		KUNIT_EXPECT_NULL(test, rsess_wire_find_tlv(list, len, 1, 3));
		KUNIT_EXPECT_NOT_NULL(test, rsess_wire_find_tlv(list, len, 7, 0));
	}
}

/* --- rsess_wire_may_open() --- */

static void rsess_wire_may_open__frames(struct kunit *test)
{
	u8 buf[RSESS_OPENING_LEN] = { };
	__be32 magic = cpu_to_be32(RSESS_MAGIC);
	struct rsess_frame f = { };
	u32 len;

	for (f.type = RSESS_HELLO; f.type <= RSESS_TYPE_MAX; f.type++) {
		bool may = f.type == RSESS_HELLO || f.type == RSESS_RESUME;

		f.length = f.type == RSESS_HELLO ?
			   sizeof(struct rsess_wire_hello) :
			   sizeof(struct rsess_wire_resume);
		rsess_wire_encode(&f, buf);
		memcpy(buf + RSESS_HDR_LEN, &magic, sizeof(magic));
		for (len = 1; len <= sizeof(buf); len++)
			KUNIT_EXPECT_EQ(test, rsess_wire_may_open(buf, len),
					may);
	}
}

static void rsess_wire_may_open__not_quite(struct kunit *test)
{
	struct rsess_frame f = {
		.type = RSESS_HELLO,
		.length = sizeof(struct rsess_wire_hello),
	};
	u8 buf[RSESS_OPENING_LEN] = { };

	rsess_wire_encode(&f, buf);	/* without the magic number */
	KUNIT_EXPECT_TRUE(test, rsess_wire_may_open(buf, sizeof(buf) - 1));
	KUNIT_EXPECT_FALSE(test, rsess_wire_may_open(buf, sizeof(buf)));
	f.type = RSESS_RESUME;		/* with the length of HELLO */
	rsess_wire_encode(&f, buf);
	KUNIT_EXPECT_FALSE(test, rsess_wire_may_open(buf, sizeof(buf)));
}

/* --- rsess_wire_find_synopt() --- */

static void rsess_wire_find_synopt__roles(struct kunit *test)
{
	u8 opt[RSESS_SYNOPT_LEN];
	int role;

	for (role = 0; role < 256; role++) {
		rsess_wire_put_synopt(role, opt);
		KUNIT_EXPECT_EQ(test, (int)rsess_wire_find_synopt(opt, sizeof(opt)),
				role <= RSESS_SYN_CONFIRM ? role : 0);
	}
}

/* As on the wire: kind, length, "RSES", version, role. */
static void rsess_wire_put_synopt__bytes(struct kunit *test)
{
	static const u8 want[] = { 254, 8, 'R', 'S', 'E', 'S', 1, 2 };
	u8 opt[RSESS_SYNOPT_LEN];

	rsess_wire_put_synopt(RSESS_SYN_ANSWER, opt);
	KUNIT_EXPECT_EQ(test, memcmp(opt, want, sizeof(want)), 0);
}

/* Any change of a byte but the last makes another option of it. */
static void rsess_wire_find_synopt__other_options(struct kunit *test)
{
	u8 opt[RSESS_SYNOPT_LEN];
	int i;

	for (i = 0; i < (int)sizeof(opt) - 1; i++) {
		rsess_wire_put_synopt(RSESS_SYN_REQUEST, opt);
		opt[i] ^= 0x10;
		KUNIT_EXPECT_EQ(test, (int)rsess_wire_find_synopt(opt, sizeof(opt)),
				(int)RSESS_SYN_NONE);
	}
}

static void rsess_wire_find_synopt__among_others(struct kunit *test)
{
	/* MSS, filler, window scale, SACK permitted, and behind ours the end. */
	u8 opts[40] = { 2, 4, 5, 180, 1, 3, 3, 7, 4, 2 };

	rsess_wire_put_synopt(RSESS_SYN_REQUEST, opts + 10);
	KUNIT_EXPECT_EQ(test, (int)rsess_wire_find_synopt(opts, sizeof(opts)),
			(int)RSESS_SYN_REQUEST);
	KUNIT_EXPECT_EQ(test, (int)rsess_wire_find_synopt(opts, 17),
			(int)RSESS_SYN_NONE);
	opts[4] = 0;		/* the list ends here */
	KUNIT_EXPECT_EQ(test, (int)rsess_wire_find_synopt(opts, sizeof(opts)),
			(int)RSESS_SYN_NONE);
}

/* No length of an option leads out of the list, or nowhere. */
static void rsess_wire_find_synopt__bad_lengths(struct kunit *test)
{
	u8 opts[40];
	int len, n;

	for (len = 0; len < 256; len++) {
		for (n = 0; n <= (int)sizeof(opts); n++) {
			memset(opts, len, sizeof(opts));
			KUNIT_EXPECT_EQ(test,
					(int)rsess_wire_find_synopt(opts, n),
					(int)RSESS_SYN_NONE);
		}
	}
}

static struct kunit_case wire_cases[] = {
	KUNIT_CASE(rsess_wire_encode__bytes),
	KUNIT_CASE(rsess_wire_encode__writes_a_header_only),
	KUNIT_CASE(rsess_wire_encode__any_alignment),
	KUNIT_CASE(rsess_wire_decode__bytes),
	KUNIT_CASE(rsess_wire_decode__any_alignment),
	KUNIT_CASE_PARAM(rsess_wire_decode__round_trip, types_gen_params),
	KUNIT_CASE(rsess_wire_decode__refused_is_filled_in),
	KUNIT_CASE(rsess_wire_decode__reserved),
	KUNIT_CASE(rsess_wire_decode__unknown_flags),
	KUNIT_CASE(rsess_wire_decode__unknown_type),
	KUNIT_CASE(rsess_wire_decode__unknown_optional_type),
	KUNIT_CASE(rsess_wire_decode__unknown_optional_too_long),
	KUNIT_CASE_PARAM(rsess_wire_decode__length_0, types_gen_params),
	KUNIT_CASE_PARAM(rsess_wire_decode__length_1, types_gen_params),
	KUNIT_CASE_PARAM(rsess_wire_decode__length_below_min, types_gen_params),
	KUNIT_CASE_PARAM(rsess_wire_decode__length_min, types_gen_params),
	KUNIT_CASE_PARAM(rsess_wire_decode__length_max, types_gen_params),
	KUNIT_CASE_PARAM(rsess_wire_decode__length_above_max, types_gen_params),
	KUNIT_CASE_PARAM(rsess_wire_decode__length_of_another_type,
			 types_gen_params),
	KUNIT_CASE_PARAM(rsess_wire_decode__length_2_to_31, types_gen_params),
	KUNIT_CASE_PARAM(rsess_wire_decode__length_2_to_32_less_1,
			 types_gen_params),
	KUNIT_CASE(rsess_wire_check_tlvs__none),
	KUNIT_CASE(rsess_wire_check_tlvs__whole),
	KUNIT_CASE(rsess_wire_check_tlvs__without_value),
	KUNIT_CASE(rsess_wire_check_tlvs__unknown),
	KUNIT_CASE(rsess_wire_check_tlvs__several),
	KUNIT_CASE(rsess_wire_check_tlvs__as_many_as_fit),
	KUNIT_CASE(rsess_wire_check_tlvs__cut_header),
	KUNIT_CASE(rsess_wire_check_tlvs__cut_value),
	KUNIT_CASE(rsess_wire_check_tlvs__too_long),
	KUNIT_CASE(rsess_wire_check_tlvs__second_is_cut),
	KUNIT_CASE(rsess_wire_check_hello__fields),
	KUNIT_CASE(rsess_wire_check_hello__too_short),
	KUNIT_CASE(rsess_wire_check_hello__magic),
	KUNIT_CASE(rsess_wire_check_hello__version_in_range),
	KUNIT_CASE(rsess_wire_check_hello__version_below),
	KUNIT_CASE(rsess_wire_check_hello__version_above),
	KUNIT_CASE(rsess_wire_check_hello__version_range_upside_down),
	KUNIT_CASE(rsess_wire_check_hello__reserved),
	KUNIT_CASE(rsess_wire_check_hello__unknown_tlv),
	KUNIT_CASE(rsess_wire_check_hello__cut_tlv),
	KUNIT_CASE(rsess_wire_check_hello__too_long_tlv),
	KUNIT_CASE(rsess_wire_check_welcome__fields),
	KUNIT_CASE(rsess_wire_check_welcome__too_short),
	KUNIT_CASE(rsess_wire_check_welcome__magic),
	KUNIT_CASE(rsess_wire_check_welcome__reserved),
	KUNIT_CASE(rsess_wire_check_welcome__version),
	KUNIT_CASE(rsess_wire_check_welcome__unknown_tlv),
	KUNIT_CASE(rsess_wire_check_welcome__cut_tlv),
	KUNIT_CASE(rsess_wire_check_welcome__too_long_tlv),
	KUNIT_CASE(rsess_wire_check_resume__fields),
	KUNIT_CASE(rsess_wire_check_resume__too_short),
	KUNIT_CASE(rsess_wire_check_resume__too_long),
	KUNIT_CASE(rsess_wire_check_resume__reserved),
	KUNIT_CASE(rsess_wire_find_tlv__each),
	KUNIT_CASE(rsess_wire_find_tlv__cut),
	KUNIT_CASE(rsess_wire_may_open__frames),
	KUNIT_CASE(rsess_wire_may_open__not_quite),
	KUNIT_CASE(rsess_wire_find_synopt__roles),
	KUNIT_CASE(rsess_wire_put_synopt__bytes),
	KUNIT_CASE(rsess_wire_find_synopt__other_options),
	KUNIT_CASE(rsess_wire_find_synopt__among_others),
	KUNIT_CASE(rsess_wire_find_synopt__bad_lengths),
	{ }
};

struct kunit_suite rsess_wire_suite = {
	.name = "rsess_wire",
	.init = wire_init,
	.exit = wire_exit,
	.test_cases = wire_cases,
};
