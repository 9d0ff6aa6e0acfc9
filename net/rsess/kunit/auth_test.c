// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the MACs.  The expected ones were computed with Python's hmac and
 * hashlib from the formulas in the description of the protocol.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/string.h>
#include "../auth.h"
#include "suites.h"

#define HDR	32
#define ID	16
#define KEY	32
#define NONCE	16
#define MAC	32

/* Where the fields of RESUME are. */
#define EPOCH_AT	16
#define RESERVED_AT	20
#define NONCE_AT	24
#define MAC_AT		40
#define RESUME		72

/* Nothing but 0, and nothing but ff. */
static const u8 zeros[RESUME];
static const u8 ones[KEY] = { [0 ... KEY - 1] = 0xff };

/* Keys and id of which no two bytes are equal; the secret follows from them:
 * HMAC(00..1f 80..9f, "rsess-v1-resume" 40..4f)
 */
static const u8 secret[MAC] = {
	0xe6, 0xdd, 0x3e, 0xe9, 0x04, 0x4c, 0x5d, 0x40,
	0x6c, 0x9a, 0x97, 0x24, 0x80, 0xa8, 0x36, 0x02,
	0xb8, 0x79, 0xea, 0x7f, 0x12, 0xa7, 0x1d, 0xfb,
	0x30, 0x73, 0xda, 0xab, 0x0c, 0x28, 0x82, 0xd6,
};

static const struct rsess_psk no_psk;

static void count_up(u8 *p, u8 first, int n)
{
	while (n--)
		*p++ = first++;
}

/* A bit of a byte string. */
static void flip(u8 *p, int bit)
{
	p[bit / 8] ^= 1 << bit % 8;
}

/* --- rsess_auth_secret() --- */

/* What goes in. */
struct keys {
	u8	dialer[KEY];
	u8	acceptor[KEY];
	u8	id[ID];
};

static struct keys keys(void)
{
	struct keys k;

	count_up(k.dialer, 0x00, KEY);
	count_up(k.acceptor, 0x80, KEY);
	count_up(k.id, 0x40, ID);
	return k;
}

static void rsess_auth_secret__vector(struct kunit *test)
{
	struct keys k = keys();
	u8 out[MAC];

	KUNIT_ASSERT_EQ(test, rsess_auth_secret(k.dialer, k.acceptor,
						&no_psk, k.id, out), 0);
	KUNIT_EXPECT_EQ(test, memcmp(out, secret, MAC), 0);
}

/* HMAC(80..9f 00..1f, "rsess-v1-resume" 40..4f) */
static void rsess_auth_secret__vector_keys_swapped(struct kunit *test)
{
	static const u8 want[MAC] = {
		0x8a, 0xff, 0xaf, 0x92, 0x4c, 0xcf, 0x9e, 0xf9,
		0x55, 0x3a, 0xad, 0x97, 0x7b, 0x04, 0x02, 0xf3,
		0x2b, 0x87, 0x69, 0x82, 0x48, 0xf5, 0x36, 0xcf,
		0xdd, 0x38, 0x2b, 0xc1, 0xa5, 0x1e, 0xdb, 0x45,
	};
	struct keys k = keys();
	u8 out[MAC];

	KUNIT_ASSERT_EQ(test, rsess_auth_secret(k.acceptor, k.dialer,
						&no_psk, k.id, out), 0);
	KUNIT_EXPECT_EQ(test, memcmp(out, want, MAC), 0);
}

/* All bytes 00 */
static void rsess_auth_secret__vector_zeros(struct kunit *test)
{
	static const u8 want[MAC] = {
		0x07, 0x18, 0xec, 0xb0, 0x4f, 0x0b, 0xf6, 0x55,
		0xb4, 0x01, 0x8a, 0xcc, 0x3d, 0x5b, 0x56, 0x4c,
		0xbd, 0xd7, 0x4e, 0x4c, 0xe5, 0xe5, 0x01, 0xad,
		0x4d, 0x85, 0xb5, 0x2e, 0xf5, 0x00, 0x5a, 0xe0,
	};
	u8 out[MAC];

	KUNIT_ASSERT_EQ(test, rsess_auth_secret(zeros, zeros, &no_psk,
						zeros, out), 0);
	KUNIT_EXPECT_EQ(test, memcmp(out, want, MAC), 0);
}

/* All bytes ff */
static void rsess_auth_secret__vector_ones(struct kunit *test)
{
	static const u8 want[MAC] = {
		0xda, 0x72, 0xc0, 0x99, 0xeb, 0x4b, 0x4b, 0xeb,
		0x96, 0xd8, 0xef, 0x8d, 0x1c, 0x4d, 0x31, 0x8f,
		0xa3, 0x76, 0x01, 0xa1, 0xb4, 0xa4, 0xcc, 0x6f,
		0x15, 0xe2, 0x11, 0x66, 0xdc, 0x68, 0x01, 0xd5,
	};
	u8 out[MAC];

	KUNIT_ASSERT_EQ(test, rsess_auth_secret(ones, ones, &no_psk, ones,
						out), 0);
	KUNIT_EXPECT_EQ(test, memcmp(out, want, MAC), 0);
}

/* Every bit of both keys and of the id matters. */
static void rsess_auth_secret__any_bit(struct kunit *test)
{
	u8 out[MAC];
	int bit;

	for (bit = 0; bit < 8 * sizeof(struct keys); bit++) {
		struct keys k = keys();

		flip((u8 *)&k, bit);
		KUNIT_ASSERT_EQ(test, rsess_auth_secret(k.dialer, k.acceptor,
							&no_psk, k.id, out), 0);
		KUNIT_EXPECT_NE_MSG(test, memcmp(out, secret, MAC), 0,
				    "bit %d", bit);
	}
}

/* --- rsess_auth_resume() --- */

/* A RESUME with its header and what the MAC is keyed with. */
struct resume {
	u8	secret[MAC];
	u8	hdr[HDR];
	u8	payload[RESUME];
};

static struct resume resume(void)
{
	struct resume r = { .hdr = { 3, 0, 0, 0, 0, 0, 0, 72 } };

	memcpy(r.secret, secret, MAC);
	count_up(r.hdr + 8, 0x01, 8);
	count_up(r.hdr + 16, 0x11, 8);
	count_up(r.hdr + 24, 0x21, 8);
	count_up(r.payload, 0x40, ID);
	count_up(r.payload + EPOCH_AT, 0x01, 4);
	count_up(r.payload + NONCE_AT, 0x60, NONCE);
	return r;
}

/* HMAC(secret, "resume-c" header 40..4f 01..04 00000000 60..6f) */
static const u8 resume_mac[MAC] = {
	0xfa, 0x25, 0x1c, 0xa5, 0x6c, 0x2d, 0xd2, 0x78,
	0x0f, 0x13, 0xad, 0x30, 0xec, 0x28, 0x6a, 0x86,
	0xa6, 0x27, 0xee, 0x4f, 0x3f, 0x58, 0x84, 0xbb,
	0xa9, 0x1b, 0x84, 0xbb, 0x03, 0xcb, 0xc0, 0x80,
};

static void expect_resume(struct kunit *test, const struct resume *r,
			  const u8 *want, bool equal, const char *what, int bit)
{
	struct rsess_wire_resume payload;
	u8 out[MAC];

	memcpy(&payload, r->payload, sizeof(payload));
	KUNIT_ASSERT_EQ(test, rsess_auth_resume(r->secret, r->hdr, &payload,
						out), 0);
	KUNIT_EXPECT_EQ_MSG(test, !memcmp(out, want, MAC), equal, "%s bit %d",
			    what, bit);
}

static void rsess_auth_resume__vector(struct kunit *test)
{
	struct resume r = resume();

	expect_resume(test, &r, resume_mac, true, "no", 0);
}

/* Header of a RESUME with offsets 0; secret and payload all 0. */
static void rsess_auth_resume__vector_zeros(struct kunit *test)
{
	static const u8 want[MAC] = {
		0x81, 0xa8, 0x39, 0x3a, 0xa6, 0xdd, 0xe7, 0xa9,
		0xfd, 0x6a, 0xc1, 0xd5, 0x62, 0xe5, 0x3a, 0x5d,
		0x88, 0x2e, 0x67, 0xf5, 0x6e, 0xa9, 0x2f, 0xb0,
		0xbf, 0xb6, 0xac, 0x6a, 0x88, 0x41, 0x2e, 0xe4,
	};
	static const struct resume r = { .hdr = { 3, 0, 0, 0, 0, 0, 0, 72 } };

	expect_resume(test, &r, want, true, "no", 0);
}

/* The header as the codec writes it. */
static void rsess_auth_resume__encoded_header(struct kunit *test)
{
	static const struct rsess_frame f = {
		.type	= 3,
		.length	= 72,
		.seq	= 0x0102030405060708,
		.ack	= 0x1112131415161718,
		.limit	= 0x2122232425262728,
	};
	struct resume r = resume();

	memset(r.hdr, 0xff, sizeof(r.hdr));
	rsess_wire_encode(&f, r.hdr);
	expect_resume(test, &r, resume_mac, true, "no", 0);
}

/* Each of the first n bits of a part of a RESUME changes the MAC, or doesn't. */
static void expect_bits(struct kunit *test, size_t part, int n, bool equal,
			const char *what)
{
	int bit;

	for (bit = 0; bit < n; bit++) {
		struct resume r = resume();

		flip((u8 *)&r + part, bit);
		expect_resume(test, &r, resume_mac, equal, what, bit);
	}
}

static void rsess_auth_resume__any_bit_of_secret(struct kunit *test)
{
	expect_bits(test, offsetof(struct resume, secret), 8 * MAC, false,
		    "secret");
}

static void rsess_auth_resume__any_bit_of_header(struct kunit *test)
{
	expect_bits(test, offsetof(struct resume, hdr), 8 * HDR, false,
		    "header");
}

static void rsess_auth_resume__any_bit_of_id(struct kunit *test)
{
	expect_bits(test, offsetof(struct resume, payload), 8 * ID, false,
		    "id");
}

static void rsess_auth_resume__any_bit_of_epoch(struct kunit *test)
{
	expect_bits(test, offsetof(struct resume, payload[EPOCH_AT]), 8 * 4,
		    false, "epoch");
}

static void rsess_auth_resume__any_bit_of_reserved(struct kunit *test)
{
	expect_bits(test, offsetof(struct resume, payload[RESERVED_AT]), 8 * 4,
		    false, "reserved");
}

static void rsess_auth_resume__any_bit_of_nonce(struct kunit *test)
{
	expect_bits(test, offsetof(struct resume, payload[NONCE_AT]), 8 * NONCE,
		    false, "nonce");
}

static void rsess_auth_resume__its_own_mac_is_no_part(struct kunit *test)
{
	expect_bits(test, offsetof(struct resume, payload[MAC_AT]), 8 * MAC,
		    true, "mac");
}

/* --- rsess_auth_mask() --- */

static void mask(struct kunit *test, struct resume *r)
{
	struct rsess_wire_resume payload;

	memcpy(&payload, r->payload, sizeof(payload));
	KUNIT_ASSERT_EQ(test, rsess_auth_mask(r->secret, r->hdr, &payload), 0);
	memcpy(r->payload, &payload, sizeof(payload));
}

/* Offsets and epoch, xor HMAC(secret, "resume-m" 40..4f 60..6f); the rest stays. */
static void rsess_auth_mask__vector(struct kunit *test)
{
	static const u8 offsets[] = {
		0xc6, 0xa0, 0x3b, 0x19, 0xfa, 0x8e, 0x09, 0xf7,
		0xaa, 0x4e, 0xe8, 0x43, 0x22, 0x66, 0xe0, 0xeb,
		0x85, 0x3e, 0xd0, 0xd8, 0x2a, 0x92, 0xa2, 0xeb,
	};
	static const u8 epoch[] = {
		0x3a, 0x45, 0x2d, 0x1f,
	};
	struct resume want = resume(), r = resume();

	memcpy(want.hdr + 8, offsets, sizeof(offsets));
	memcpy(want.payload + EPOCH_AT, epoch, sizeof(epoch));
	mask(test, &r);
	KUNIT_EXPECT_EQ(test, memcmp(&r, &want, sizeof(r)), 0);
}

static void rsess_auth_mask__twice_is_never(struct kunit *test)
{
	struct resume want = resume(), r = resume();

	mask(test, &r);
	mask(test, &r);
	KUNIT_EXPECT_EQ(test, memcmp(&r, &want, sizeof(r)), 0);
}

/* --- rsess_auth_resumed() --- */

struct resumed {
	u8	secret[MAC];
	u8	hdr[HDR];
	u8	id[ID];
	u8	epoch[4];
	u8	dialer_nonce[NONCE];
	u8	acceptor_nonce[NONCE];
};

static struct resumed resumed(void)
{
	struct resumed r = { .hdr = { 4, 0, 0, 0, 0, 0, 0, 48 } };

	memcpy(r.secret, secret, MAC);
	count_up(r.hdr + 8, 0x31, 8);
	count_up(r.hdr + 16, 0x41, 8);
	count_up(r.hdr + 24, 0x51, 8);
	count_up(r.id, 0x40, ID);
	count_up(r.epoch, 0x01, 4);
	count_up(r.dialer_nonce, 0x60, NONCE);
	count_up(r.acceptor_nonce, 0x70, NONCE);
	return r;
}

/* HMAC(secret, "resume-s" header 40..4f 01..04 60..6f 70..7f) */
static const u8 resumed_mac[MAC] = {
	0x82, 0x36, 0xd0, 0x04, 0x01, 0x3c, 0xe4, 0xbd,
	0x83, 0x9d, 0x85, 0xc6, 0x5c, 0xfc, 0x88, 0xeb,
	0x9b, 0x16, 0xbb, 0xd8, 0xe5, 0xd6, 0x5b, 0xde,
	0x28, 0xaa, 0x8c, 0x8a, 0x17, 0xcf, 0xa4, 0x75,
};

static void resumed_out(struct kunit *test, const struct resumed *r, u8 *out)
{
	__be32 epoch;

	memcpy(&epoch, r->epoch, sizeof(epoch));
	KUNIT_ASSERT_EQ(test, rsess_auth_resumed(r->secret, r->hdr, r->id,
						 epoch, r->dialer_nonce,
						 r->acceptor_nonce, out), 0);
}

static void rsess_auth_resumed__vector(struct kunit *test)
{
	struct resumed r = resumed();
	u8 out[MAC];

	resumed_out(test, &r, out);
	KUNIT_EXPECT_EQ(test, memcmp(out, resumed_mac, MAC), 0);
}

/* Header of a RESUMED with offsets 0; all else 0. */
static void rsess_auth_resumed__vector_zeros(struct kunit *test)
{
	static const u8 want[MAC] = {
		0x8e, 0xb4, 0xd1, 0x24, 0xd6, 0x4d, 0x30, 0x2f,
		0xf7, 0xa2, 0xbd, 0x5d, 0x9c, 0x11, 0x43, 0x68,
		0x72, 0xb6, 0xe5, 0x5a, 0x84, 0x76, 0xe3, 0xc8,
		0x49, 0x97, 0x28, 0xc8, 0x7c, 0x03, 0x6d, 0x8c,
	};
	static const struct resumed r = { .hdr = { 4, 0, 0, 0, 0, 0, 0, 48 } };
	u8 out[MAC];

	resumed_out(test, &r, out);
	KUNIT_EXPECT_EQ(test, memcmp(out, want, MAC), 0);
}

/* Every bit of secret, header, id, epoch and both nonces matters. */
static void rsess_auth_resumed__any_bit(struct kunit *test)
{
	u8 out[MAC];
	int bit;

	for (bit = 0; bit < 8 * sizeof(struct resumed); bit++) {
		struct resumed r = resumed();

		flip((u8 *)&r, bit);
		resumed_out(test, &r, out);
		KUNIT_EXPECT_NE_MSG(test, memcmp(out, resumed_mac, MAC), 0,
				    "bit %d", bit);
	}
}

static void rsess_auth_resumed__nonces_swapped(struct kunit *test)
{
	struct resumed r = resumed();
	u8 out[MAC];

	count_up(r.dialer_nonce, 0x70, NONCE);
	count_up(r.acceptor_nonce, 0x60, NONCE);
	resumed_out(test, &r, out);
	KUNIT_EXPECT_NE(test, memcmp(out, resumed_mac, MAC), 0);
}

/* --- rsess_auth_equal() --- */

static void rsess_auth_equal__equal(struct kunit *test)
{
	u8 copy[MAC];

	memcpy(copy, secret, MAC);
	KUNIT_EXPECT_TRUE(test, rsess_auth_equal(secret, copy));
	KUNIT_EXPECT_TRUE(test, rsess_auth_equal(secret, secret));
	KUNIT_EXPECT_TRUE(test, rsess_auth_equal(zeros, zeros));
}

static void rsess_auth_equal__any_bit(struct kunit *test)
{
	int bit;

	for (bit = 0; bit < 8 * MAC; bit++) {
		u8 other[MAC];

		memcpy(other, secret, MAC);
		flip(other, bit);
		KUNIT_EXPECT_FALSE_MSG(test, rsess_auth_equal(secret, other),
				       "bit %d", bit);
		KUNIT_EXPECT_FALSE_MSG(test, rsess_auth_equal(other, secret),
				       "bit %d", bit);
	}
}

/* What lies behind a MAC is not compared. */
static void rsess_auth_equal__no_more_than_a_mac(struct kunit *test)
{
	u8 a[MAC + 1] = { }, b[MAC + 1] = { };

	b[MAC] = 1;
	KUNIT_EXPECT_TRUE(test, rsess_auth_equal(a, b));
}

/* --- with a pre-shared key --- */

/* c0..d3 */
static struct rsess_psk psk(void)
{
	struct rsess_psk p = { .len = 20 };

	count_up(p.key, 0xc0, p.len);
	return p;
}

/* HMAC(00..1f 80..9f c0..d3, "rsess-v1-resume" 40..4f) */
static void rsess_auth_secret__vector_psk(struct kunit *test)
{
	static const u8 want[MAC] = {
		0x94, 0x1a, 0xb5, 0x61, 0x23, 0xbb, 0x88, 0xfb,
		0x9a, 0x81, 0xad, 0xa7, 0x4b, 0x37, 0xaa, 0xd4,
		0xb4, 0xb9, 0x53, 0x79, 0x32, 0x45, 0xf3, 0x46,
		0x4b, 0xdc, 0x76, 0x4b, 0xcc, 0x32, 0xbc, 0x40,
	};
	struct rsess_psk p = psk();
	struct keys k = keys();
	u8 out[MAC];

	KUNIT_ASSERT_EQ(test, rsess_auth_secret(k.dialer, k.acceptor, &p, k.id,
						out), 0);
	KUNIT_EXPECT_EQ(test, memcmp(out, want, MAC), 0);
}

/* Every bit and the length of it matters. */
static void rsess_auth_secret__any_bit_of_psk(struct kunit *test)
{
	struct rsess_psk p = psk();
	struct keys k = keys();
	u8 want[MAC], out[MAC];
	int i;

	KUNIT_ASSERT_EQ(test, rsess_auth_secret(k.dialer, k.acceptor, &p, k.id,
						want), 0);
	for (i = 0; i < 8 * p.len; i++) {
		flip(p.key, i);
		KUNIT_ASSERT_EQ(test, rsess_auth_secret(k.dialer, k.acceptor,
							&p, k.id, out), 0);
		KUNIT_EXPECT_NE(test, memcmp(out, want, MAC), 0);
		flip(p.key, i);
	}
	p.len++;
	KUNIT_ASSERT_EQ(test, rsess_auth_secret(k.dialer, k.acceptor, &p, k.id,
						out), 0);
	KUNIT_EXPECT_NE(test, memcmp(out, want, MAC), 0);
}

/* HMAC(c0..d3, "hello--c" 10..2f 20..57) */
static void rsess_auth_hello__vector(struct kunit *test)
{
	static const u8 want[MAC] = {
		0x91, 0x26, 0x2b, 0x7f, 0x43, 0xf1, 0x33, 0x82,
		0x84, 0xad, 0xd6, 0xb2, 0x2c, 0x0c, 0xd2, 0x20,
		0x73, 0x21, 0x49, 0x81, 0x32, 0x72, 0x06, 0xbc,
		0xf0, 0xb2, 0x5c, 0x0e, 0xd9, 0x33, 0xe8, 0x90,
	};
	struct rsess_psk p = psk();
	u8 hdr[HDR], h[sizeof(struct rsess_wire_hello)], out[MAC];

	count_up(hdr, 0x10, HDR);
	count_up(h, 0x20, sizeof(h));
	KUNIT_ASSERT_EQ(test, rsess_auth_hello(&p, hdr, h, sizeof(h), out), 0);
	KUNIT_EXPECT_EQ(test, memcmp(out, want, MAC), 0);
}

/* HMAC(secret, "hello--s" 10..2f 30..57) */
static void rsess_auth_welcome__vector(struct kunit *test)
{
	static const u8 want[MAC] = {
		0xd0, 0x46, 0xd4, 0xef, 0x7e, 0xc1, 0x57, 0xc3,
		0xaf, 0x22, 0x3a, 0x69, 0xb5, 0x84, 0xc4, 0x0a,
		0xdf, 0x0d, 0xba, 0x51, 0x67, 0x78, 0x72, 0x3f,
		0xf0, 0xd8, 0xe4, 0xd8, 0xfb, 0x2c, 0x46, 0x71,
	};
	u8 hdr[HDR], w[sizeof(struct rsess_wire_welcome)], out[MAC];

	count_up(hdr, 0x10, HDR);
	count_up(w, 0x30, sizeof(w));
	KUNIT_ASSERT_EQ(test, rsess_auth_welcome(secret, hdr, w, sizeof(w), out),
			0);
	KUNIT_EXPECT_EQ(test, memcmp(out, want, MAC), 0);
}

/* The beginning of HMAC(secret, "proof--c") */
static void rsess_auth_proof__vector(struct kunit *test)
{
	static const u8 want[8] = {
		0x3f, 0xc3, 0x8c, 0xee, 0x80, 0x26, 0x77, 0xb4,
	};
	u8 out[8];

	KUNIT_ASSERT_EQ(test, rsess_auth_proof(secret, out), 0);
	KUNIT_EXPECT_EQ(test, memcmp(out, want, sizeof(out)), 0);
}

static struct kunit_case auth_cases[] = {
	KUNIT_CASE(rsess_auth_secret__vector),
	KUNIT_CASE(rsess_auth_secret__vector_keys_swapped),
	KUNIT_CASE(rsess_auth_secret__vector_zeros),
	KUNIT_CASE(rsess_auth_secret__vector_ones),
	KUNIT_CASE(rsess_auth_secret__any_bit),
	KUNIT_CASE(rsess_auth_secret__vector_psk),
	KUNIT_CASE(rsess_auth_secret__any_bit_of_psk),
	KUNIT_CASE(rsess_auth_hello__vector),
	KUNIT_CASE(rsess_auth_welcome__vector),
	KUNIT_CASE(rsess_auth_proof__vector),
	KUNIT_CASE(rsess_auth_resume__vector),
	KUNIT_CASE(rsess_auth_resume__vector_zeros),
	KUNIT_CASE(rsess_auth_resume__encoded_header),
	KUNIT_CASE(rsess_auth_resume__any_bit_of_secret),
	KUNIT_CASE(rsess_auth_resume__any_bit_of_header),
	KUNIT_CASE(rsess_auth_resume__any_bit_of_id),
	KUNIT_CASE(rsess_auth_resume__any_bit_of_epoch),
	KUNIT_CASE(rsess_auth_resume__any_bit_of_reserved),
	KUNIT_CASE(rsess_auth_resume__any_bit_of_nonce),
	KUNIT_CASE(rsess_auth_resume__its_own_mac_is_no_part),
	KUNIT_CASE(rsess_auth_mask__vector),
	KUNIT_CASE(rsess_auth_mask__twice_is_never),
	KUNIT_CASE(rsess_auth_resumed__vector),
	KUNIT_CASE(rsess_auth_resumed__vector_zeros),
	KUNIT_CASE(rsess_auth_resumed__any_bit),
	KUNIT_CASE(rsess_auth_resumed__nonces_swapped),
	KUNIT_CASE(rsess_auth_equal__equal),
	KUNIT_CASE(rsess_auth_equal__any_bit),
	KUNIT_CASE(rsess_auth_equal__no_more_than_a_mac),
	{ }
};

struct kunit_suite rsess_auth_suite = {
	.name = "rsess_auth",
	.test_cases = auth_cases,
};
