// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes the codec: the input is a header, or a part of one, and a payload.  What
 * it has to answer is worked out here once more, from protocol.rst.
 */

#include "wire.h"

static u64 number(const u8 *p, int n)
{
	u64 v = 0;

	while (n--)
		v = v << 8 | *p++;
	return v;
}

static const struct {
	u32 min;
	u32 max;
} length_of[] = {
	{ 0, 65536 },	/* unknown, skipped */
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

static void header(const u8 *p)
{
	bool known = p[0] >= 1 && p[0] <= 11;
	u32 length = number(p + 4, 4);
	u8 back[RSESS_HDR_LEN];
	enum rsess_wire_error err;
	struct rsess_frame f;
	int i;

	memset(&f, 0xa5, sizeof(f));
	err = rsess_wire_decode(p, &f);
	CHECK(f.type == p[0] && f.flags == p[1] && f.length == length);
	CHECK(f.seq == number(p + 8, 8) && f.ack == number(p + 16, 8));
	CHECK(f.limit == number(p + 24, 8));
	CHECK(rsess_wire_known(p[0]) == known);

	if (p[2] || p[3])
		CHECK(err == RSESS_WIRE_RESERVED);
	else if (p[1] & ~7)
		CHECK(err == RSESS_WIRE_FLAGS);
	else if (!known && !(p[1] & 1))
		CHECK(err == RSESS_WIRE_TYPE);
	else
		CHECK(err == (length < length_of[known ? p[0] : 0].min ||
			      length > length_of[known ? p[0] : 0].max ?
			      RSESS_WIRE_LENGTH : RSESS_WIRE_OK));
	if (err)
		return;

	rsess_wire_encode(&f, back);
	for (i = 0; i < (int)sizeof(back); i++)
		CHECK(back[i] == p[i]);
}

/* Does the list of TLVs end where the payload does? */
static bool tlvs_fit(const u8 *p, u32 len)
{
	u32 at = 0;

	while (at != len) {
		if (len - at < 4)
			return false;
		at += 4 + number(p + at + 2, 2);
		if (at > len)
			return false;
	}
	return true;
}

static void hello(const u8 *p, u32 len)
{
	struct rsess_wire_hello h;
	enum rsess_wire_error err = rsess_wire_check_hello(p, len, &h);

	if (len < 56) {
		CHECK(err == RSESS_WIRE_LENGTH);
		return;
	}
	CHECK(!memcmp(&h, p, 56));
	if (memcmp(p, "RSES", 4) || p[4] > p[5])
		CHECK(err == RSESS_WIRE_PAYLOAD);
	else if (p[6] || p[7])
		CHECK(err == RSESS_WIRE_RESERVED);
	else if (!tlvs_fit(p + 56, len - 56))
		CHECK(err == RSESS_WIRE_PAYLOAD);
	else
		CHECK(err == (p[4] <= 1 && p[5] >= 1 ? RSESS_WIRE_OK :
						       RSESS_WIRE_VERSION));
}

static void welcome(const u8 *p, u32 len)
{
	struct rsess_wire_welcome w;
	enum rsess_wire_error err = rsess_wire_check_welcome(p, len, &w);

	if (len < 40) {
		CHECK(err == RSESS_WIRE_LENGTH);
		return;
	}
	CHECK(!memcmp(&w, p, 40));
	if (memcmp(p, "RSES", 4))
		CHECK(err == RSESS_WIRE_PAYLOAD);
	else if (p[5] || p[6] || p[7])
		CHECK(err == RSESS_WIRE_RESERVED);
	else if (!tlvs_fit(p + 40, len - 40))
		CHECK(err == RSESS_WIRE_PAYLOAD);
	else
		CHECK(err == (p[4] == 1 ? RSESS_WIRE_OK : RSESS_WIRE_VERSION));
}

static void resume(const u8 *p, u32 len)
{
	struct rsess_wire_resume r;
	enum rsess_wire_error err = rsess_wire_check_resume(p, len, &r);

	if (len != 72) {
		CHECK(err == RSESS_WIRE_LENGTH);
		return;
	}
	CHECK(!memcmp(&r, p, 72));
	CHECK(err == (number(p + 20, 4) ? RSESS_WIRE_RESERVED : RSESS_WIRE_OK));
}

/* A value lies within the list, and has the type and length that were asked for. */
static void tlvs(const u8 *p, u32 len)
{
	u16 type = len > 1 ? number(p, 2) : 1;
	u16 want = len > 3 ? number(p + 2, 2) : 0;
	const u8 *v = rsess_wire_find_tlv(p, len, type, want);

	CHECK(!v || (v >= p + 4 && want <= len - (v - p)));
	CHECK(!v || (number(v - 4, 2) == type && number(v - 2, 2) == want));
	if (tlvs_fit(p, len) && len)
		CHECK(v == p + 4);
}

/* What may open a stream is never more with more bytes of it. */
static void opening(const u8 *p, u32 len)
{
	bool may = true;
	u32 n;

	for (n = 1; n <= len && n <= RSESS_OPENING_LEN + 1; n++) {
		CHECK(may || !rsess_wire_may_open(p, n));
		may = rsess_wire_may_open(p, n);
	}
}

/* An option that is found is found in a list of its own too. */
static void synopt(const u8 *p, u32 len)
{
	enum rsess_syn_role role;
	u8 buf[RSESS_SYNOPT_LEN];

	role = rsess_wire_find_synopt(p, len);
	CHECK(role <= RSESS_SYN_CONFIRM);
	rsess_wire_put_synopt(role, buf);
	CHECK(rsess_wire_find_synopt(buf, sizeof(buf)) == role);
	if (role)
		CHECK(memmem(p, len, buf, sizeof(buf)));
}

/* Offsets are compared modulo 2^64. */
static void offsets(const u8 *p)
{
	u64 a = number(p, 8), b = number(p + 8, 8), c = number(p + 16, 8);

	CHECK(rsess_before(a, b) == (b - a - 1 < (1ULL << 63) - 1 ||
				     b - a == 1ULL << 63));
	CHECK(rsess_after(a, b) == rsess_before(b, a));
	CHECK(rsess_between(a, a, b) && rsess_between(a, b, b));
	CHECK(rsess_between(a, b, c) == rsess_between(0, b - a, c - a));
	CHECK(!rsess_epoch_newer(a, a));
	CHECK(rsess_epoch_newer(a + 1, a));
}

/* A copy as large as it is, so that reading beyond it is seen. */
static u8 *copy(const u8 *data, size_t size)
{
	u8 *p = malloc(size ?: 1);

	CHECK(p);
	memcpy(p, data, size);
	return p;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len;
	u8 *p;

	if (size >= RSESS_HDR_LEN) {
		p = copy(data, RSESS_HDR_LEN);
		header(p);
		offsets(p + 8);
		free(p);
		data += RSESS_HDR_LEN;
		size -= RSESS_HDR_LEN;
	}
	len = size;
	p = copy(data, len);
	hello(p, len);
	welcome(p, len);
	resume(p, len);
	CHECK(rsess_wire_check_tlvs(p, len) ==
	      (tlvs_fit(p, len) ? RSESS_WIRE_OK : RSESS_WIRE_PAYLOAD));
	tlvs(p, len);
	opening(p, len);
	free(p);
	/* The options of a TCP header are never more. */
	len = len < 40 ? len : 40;
	p = copy(data, len);
	synopt(p, len);
	free(p);
	return 0;
}
