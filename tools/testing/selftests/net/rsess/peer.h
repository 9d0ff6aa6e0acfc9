/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A peer of the session protocol that does what a test tells it to.
 *
 * It speaks the protocol of Documentation/networking/rsess/protocol.rst over
 * a plain TCP socket, as dialer or as acceptor.  It keeps its books by itself
 * (offsets, acknowledgements, credit, epoch, secret), checks those of the other
 * side, and sends nothing unless it is told to, except PONG.  All fields may be
 * changed between two calls, and every frame can be made, altered and sent in
 * pieces: peer_make_*() and peer_send_raw().
 *
 * Its stream is the one of pattern_fill(), and so must be the other side's.
 *
 * Functions return 0, or a negative errno after having said what is wrong.
 * -ENODATA: the transport ended; -ECONNRESET: it was reset.
 */
#ifndef _RSESS_TEST_PEER_H
#define _RSESS_TEST_PEER_H

#include <sys/socket.h>

#include "wire.h"
#include "util.h"

#define PEER_FRAME_MAX	(RSESS_HDR_LEN + RSESS_DATA_MAX)
#define PEER_WINDOW	1048576

/**
 * struct peer - one side of one session
 * @fd: the transport, or -1
 * @lfd: acceptor: where it listens, or -1
 * @addr: dialer: where to dial; acceptor: where it listens
 * @addrlen: bytes of @addr
 * @from: dialer: its own address, unless @fromlen is 0
 * @fromlen: bytes of @from
 * @dialer: this side dials
 * @pong: answer PING with PONG while reading
 * @version_min: of HELLO; also the version of WELCOME
 * @version_max: of HELLO
 * @id: of the session
 * @key: ours
 * @peer_key: the other side's, from HELLO or WELCOME
 * @tag_asked: acceptor: HELLO asked for tags
 * @nonce: dialer: ours, of the last RESUME; acceptor: the other side's
 * @epoch: of the last RESUME, whoever sent it
 * @snd_start: offset at which our stream starts
 * @snd_nxt: next offset to send on this transport
 * @snd_max: offset behind everything ever sent, FIN included
 * @write_seq: offset behind the last byte of our stream so far
 * @snd_una: acknowledged by the other side
 * @snd_limit: credit given by the other side
 * @fin_sent: our stream ends at @write_seq
 * @rcv_start: offset at which the other side's stream starts
 * @rcv_nxt: next offset expected
 * @limit: credit given to the other side
 * @hello_limit: the same, as HELLO gave it
 * @window: every frame sent raises @limit to @rcv_nxt plus this; 0 leaves it
 * @fin_seen: the other side's FIN has come in order
 * @stop_seen: STOP has come
 * @again: payload bytes that came although they had been taken before
 * @f: the frame read last
 * @raw: its bytes, header and payload
 */
struct peer {
	int fd;
	int lfd;
	struct sockaddr_storage addr;
	socklen_t addrlen;
	struct sockaddr_storage from;
	socklen_t fromlen;
	bool dialer;
	bool pong;

	u8 version_min;
	u8 version_max;
	u8 id[RSESS_WIRE_ID_LEN];
	u8 key[RSESS_WIRE_KEY_LEN];
	u8 peer_key[RSESS_WIRE_KEY_LEN];
	bool tag_asked;
	u8 nonce[RSESS_WIRE_NONCE_LEN];
	u32 epoch;

	u64 snd_start;
	u64 snd_nxt;
	u64 snd_max;
	u64 write_seq;
	u64 snd_una;
	u64 snd_limit;
	bool fin_sent;

	u64 rcv_start;
	u64 rcv_nxt;
	u64 limit;
	u64 hello_limit;
	u32 window;
	bool fin_seen;
	bool stop_seen;
	u64 again;

	struct rsess_frame f;
	u8 raw[PEER_FRAME_MAX];
};

void peer_init(struct peer *p, bool dialer, u64 start);
void peer_free(struct peer *p);

/* Transports. */
int peer_listen(struct peer *p, int family, int port);
int peer_dial(struct peer *p);
int peer_accept(struct peer *p);
void peer_reset(struct peer *p);
void peer_close(struct peer *p);

/* Frames made, to be altered or sent in pieces; each returns its bytes. */
size_t peer_make(struct peer *p, u8 type, u64 seq, const void *payload,
		 size_t len, u8 *buf);
size_t peer_make_data(struct peer *p, u64 seq, size_t len, u8 *buf);
size_t peer_make_hello(struct peer *p, u8 *buf);
size_t peer_make_welcome(struct peer *p, u8 *buf);
size_t peer_make_resume(struct peer *p, u32 epoch, u64 ack, u8 *buf);
size_t peer_make_resumed(struct peer *p, u64 ack, u8 *buf);
size_t peer_make_abort(struct peer *p, u32 reason, u8 *buf);
int peer_mask(struct peer *p, u8 *frame);
int peer_send_raw(struct peer *p, const void *buf, size_t len);
void peer_sent(struct peer *p, size_t len);

/* Frames sent, whole. */
int peer_send(struct peer *p, u8 type, const void *payload, size_t len);
int peer_send_hello(struct peer *p);
int peer_send_welcome(struct peer *p);
int peer_send_resume(struct peer *p);
int peer_send_resumed(struct peer *p);
int peer_send_ack(struct peer *p);
int peer_send_fin(struct peer *p);
int peer_send_abort(struct peer *p, u32 reason);
int peer_send_data(struct peer *p, size_t len);
int peer_push(struct peer *p);

/* Frames read. */
int peer_swallow(struct peer *p, size_t len);
int peer_read(struct peer *p);
int peer_expect(struct peer *p, u8 type);
int peer_expect_nothing(struct peer *p, int ms);
int peer_take(struct peer *p, size_t len);
int peer_take_ack(struct peer *p, u64 ack);
int peer_gone(struct peer *p);
int peer_aborted(struct peer *p);

/* Both halves of a handshake. */
int peer_hello(struct peer *p);
int peer_welcome(struct peer *p);
int peer_resume(struct peer *p);
int peer_resumed(struct peer *p);

#endif /* _RSESS_TEST_PEER_H */
