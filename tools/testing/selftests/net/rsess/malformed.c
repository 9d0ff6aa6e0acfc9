// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "malformed.h"

const struct bad_frame malformed[MALFORMED] = {
	{ "type 0", 0, 0, 0, 0 },
	{ "unknown type", RSESS_TYPE_MAX + 1, 0, 0, 0 },
	{ "unknown type 255", 255, 0, 0, 8 },
	{ "unknown flag", RSESS_ACK, 0x80, 0, 0 },
	{ "unknown flag 8", RSESS_ACK, 0x08, 0, 0 },
	{ "reserved field", RSESS_ACK, 0, 1, 0 },
	{ "DATA without payload", RSESS_DATA, 0, 0, 0 },
	{ "DATA too long", RSESS_DATA, 0, 0, RSESS_DATA_MAX + 1 },
	{ "DATA of 2 GiB", RSESS_DATA, 0, 0, 0x80000000 },
	{ "DATA of 4 GiB", RSESS_DATA, 0, 0, 0xffffffff },
	{ "ACK with payload", RSESS_ACK, 0, 0, 1 },
	{ "ACK of 2 GiB", RSESS_ACK, 0, 0, 0x80000000 },
	{ "FIN with payload", RSESS_FIN, 0, 0, 4 },
	{ "STOP with payload", RSESS_STOP, 0, 0, 4 },
	{ "short PING", RSESS_PING, 0, 0, 7 },
	{ "long PING", RSESS_PING, 0, 0, 9 },
	{ "short PONG", RSESS_PONG, 0, 0, 0 },
	{ "short ABORT", RSESS_ABORT, 0, 0, 19 },
	{ "long ABORT", RSESS_ABORT, 0, 0, 21 },
	{ "short HELLO", RSESS_HELLO, 0, 0, 55 },
	{ "long HELLO", RSESS_HELLO, 0, 0, RSESS_CTRL_MAX + 1 },
	{ "HELLO of 4 GiB", RSESS_HELLO, 0, 0, 0xffffffff },
	{ "short WELCOME", RSESS_WELCOME, 0, 0, 39 },
	{ "short RESUME", RSESS_RESUME, 0, 0, 71 },
	{ "long RESUME", RSESS_RESUME, 0, 0, 73 },
	{ "short RESUMED", RSESS_RESUMED, 0, 0, 47 },
	{ "long RESUMED", RSESS_RESUMED, 0, 0, 49 },
	{ "skipped of 2 GiB", 100, RSESS_F_OPTIONAL, 0, 0x80000000 },
	{ "long skipped", 100, RSESS_F_OPTIONAL, 0, RSESS_DATA_MAX + 1 },
};

/* Sends such a frame, with as much of its payload as is sensible. */
int send_bad(struct peer *p, const struct bad_frame *bad)
{
	static u8 buf[RSESS_HDR_LEN + 600];
	struct rsess_frame f = {
		.type = bad->type,
		.flags = bad->flags,
		.length = bad->length,
		.seq = p->snd_nxt,
		.ack = p->rcv_nxt,
		.limit = p->limit,
	};

	memset(buf, 0, sizeof(buf));
	rsess_wire_encode(&f, buf);
	buf[3] = bad->reserved;
	return peer_send_raw(p, buf, RSESS_HDR_LEN +
			     (bad->length < 600 ? bad->length : 0));
}
