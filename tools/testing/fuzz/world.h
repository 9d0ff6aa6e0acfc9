/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is around one session: connections, a listener, an application, a clock.
 */
#ifndef _FUZZ_WORLD_H
#define _FUZZ_WORLD_H

#include "session.h"
#include "transport.h"
#include "model.h"

#define CONNS		3
#define CONN_IN		16384	/* bytes that a connection can bring */
#define URGENTS		16	/* urgent bytes that are remembered */

/**
 * struct conn - a fake TCP connection
 * @sock: the inner socket, and
 * @sk: its other half
 * @slot: place in world.conn
 * @state: what the module sees of it
 * @in_len: bytes that the peer has sent, in world_in[slot]
 * @in_come: of them, arrived
 * @in_off: of them, read
 * @room: bytes that can be sent before it is full
 * @peer_tag: of the peer's frames
 * @out_tag: of ours
 * @rx: what the model knows of the bytes that were read
 * @out: the frame being sent; @out_have bytes of header and payload are there
 * @out_left: payload of it that is missing
 * @out_tag_left: tag of it that is missing
 * @frames: sent
 * @fin: FIN was sent
 * @shut: nothing more will be sent
 */
struct conn {
	struct socket			sock;
	struct sock			sk;
	int				slot;
	enum rsess_inner_state		state;
	u32				in_len;
	u32				in_come;
	u32				in_off;
	u32				room;
	struct rsess_tag		peer_tag;
	bool				peer_tags;
	struct rsess_tag		out_tag;
	bool				out_tags;
	struct model_rx			rx;
	struct rsess_frame		out;
	u8				out_buf[RSESS_HDR_LEN + RSESS_CTRL_MAX +
						RSESS_WIRE_TAG_LEN];
	u32				out_have;
	u32				out_left;
	u32				out_tag_left;
	u32				frames;
	bool				fin;
	bool				shut;
};

/**
 * struct world - see top
 * @rs: the session, or NULL
 * @app: the application's socket; its sk is NULL when it is closed, or not there
 * @conn: open connections
 * @m: what the session should be
 * @start: offset at which its stream starts
 * @rcvbuf: of a new session
 * @sndbuf: of a new session
 * @piece: a connection gives so many bytes at once
 * @reading: bytes of a connection are being taken
 * @held: the application sleeps in the middle of a call, and has the lock of its socket
 * @tight: skbs have no overhead, so that they are kept, not copied
 * @connects: a dial succeeds
 * @admit: what a HELLO meets: 0 room, 1 nobody, 2 a full queue
 * @defer: TCP_DEFER_ACCEPT
 * @waits: a new session waits until accept() is called
 * @tagged: both sides want tags
 * @window: the largest that the session had
 * @told: what follows counts
 * @told_ack: highest acknowledgment that was sent
 * @told_limit: highest credit that was sent
 * @last_limit: credit at the last look
 * @urgent: offsets behind bytes that were sent as urgent
 * @urgents: how many there were
 * @epoch: of the newest connection, of an acceptor
 */
struct world {
	struct rsess_sock	*rs;
	struct socket		app;
	struct conn		*conn[CONNS];
	struct model		m;
	u64			start;
	int			rcvbuf;
	int			sndbuf;
	u32			piece;
	bool			reading;
	bool			held;
	bool			tight;
	bool			connects;
	int			admit;
	bool			defer;
	bool			waits;
	bool			tagged;
	u32			window;
	bool			told;
	u64			told_ack;
	u64			told_limit;
	u64			last_limit;
	u64			urgent[URGENTS];
	u32			urgents;
	u32			epoch;
};

extern struct world world;
extern u8 world_in[CONNS][CONN_IN];

/* What this side writes is known by its offset. */
static inline u8 pattern(u64 seq)
{
	return seq * 37 + (seq >> 8) * 11 + 5;
}

void world_begin(void);
void world_end(void);
void world_connect(void);
void world_accept(void);
void world_take(void);
void world_hold(bool on);
void world_close(bool cut);
void world_shutdown(int how);
void world_write(u32 len, int flags);
void world_read(u32 len, int flags);
void world_event(struct conn *c);
void world_bytes(struct conn *c);
void world_settle(void);

#endif /* _FUZZ_WORLD_H */
