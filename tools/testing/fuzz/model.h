/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The receiving side of the protocol once more, after protocol.rst and not after
 * the module: what each byte of the peer has to lead to.
 */
#ifndef _FUZZ_MODEL_H
#define _FUZZ_MODEL_H

#include "session.h"
#include "tag.h"
#include "wire.h"

#define MODEL_BYTES	65536

/**
 * struct model_rx - the parser of one connection
 * @f: header
 * @hdr: its bytes
 * @hdr_len: how many are there
 * @left: payload that is missing
 * @ctrl: payload of a frame other than DATA
 * @ctrl_len: how many bytes are there
 * @held: payload of a frame that is to have a tag
 * @tag: of the peer's frames
 * @tagged: frames have one
 * @theirs: tag that came
 * @tag_left: bytes of it that are missing
 * @live: the connection carries the session
 * @whole: there was a first frame, and there is no session yet
 * @error: the peer broke the protocol: nothing behind this counts
 */
struct model_rx {
	struct rsess_frame	f;
	u8			hdr[RSESS_HDR_LEN];
	u32			hdr_len;
	u32			left;
	u8			ctrl[RSESS_CTRL_MAX];
	u32			ctrl_len;
	u8			held[RSESS_DATA_TAGGED];
	struct rsess_tag	tag;
	bool			tagged;
	u8			theirs[RSESS_WIRE_TAG_LEN];
	u32			tag_left;
	bool			live;
	bool			whole;
	bool			error;
};

/**
 * struct model - the session
 * @begun: both sides know where the peer's stream begins
 * @start: there
 * @rcv: next offset expected
 * @copied: next offset to read
 * @fin: the peer's FIN came
 * @passive: before ours
 * @una: acknowledged
 * @fin_acked: as is our FIN
 * @limit: credit of the peer
 * @stopped: STOP came
 * @closed: the application is gone: bytes are dropped
 * @ended: the session is over
 * @urg: enum rsess_urg
 * @urg_seq: mark
 * @ping: payload of the last PING
 * @bytes: that the peer sent, by offset
 */
struct model {
	bool	begun;
	u64	start;
	u64	rcv;
	u64	copied;
	bool	fin;
	bool	passive;
	u64	una;
	bool	fin_acked;
	u64	limit;
	bool	stopped;
	bool	closed;
	bool	ended;
	u8	urg;
	u64	urg_seq;
	u8	ping[8];
};

/**
 * struct model_view - what the session has told its peer, before some bytes
 * @limit: credit
 * @snd_nxt: bytes given to the connection end here
 * @snd_max: bytes given to any
 * @write_seq: bytes of the application
 * @body_left: of a frame being sent
 * @fin_queued: the application wrote all
 * @fin_sent: FIN was given to the connection
 * @fin_tried: FIN was given to any
 * @connecting: WELCOME is awaited
 * @unasked: RESUME has not left: RESUMED would be no answer
 * @inline_urgent: SO_OOBINLINE
 */
struct model_view {
	u64	limit;
	u64	snd_nxt;
	u64	snd_max;
	u64	write_seq;
	u32	body_left;
	bool	fin_queued;
	bool	fin_sent;
	bool	fin_tried;
	bool	connecting;
	bool	unasked;
	bool	inline_urgent;
};

u8 model_byte(const struct model *m, u64 seq);
bool model_hole(const struct model *m, bool inline_urgent);
void model_read(struct model *m, u64 n);
void model_look(const struct rsess_sock *rs, struct model_view *v);
void model_bytes(struct model *m, struct model_rx *rx, struct model_view *v,
		 struct rsess_sock *rs, const u8 *p, u32 len);
void model_compare_read(const struct model *m, const struct rsess_sock *rs);
void model_compare(const struct model *m, const struct rsess_sock *rs);
void model_tags(struct model_rx *rx, const struct rsess_sock *rs,
		const u8 *secret, u32 epoch);
void model_resumed(struct model *m, const struct rsess_frame *f,
		   struct model_view *v);

#endif /* _FUZZ_MODEL_H */
