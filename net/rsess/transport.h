/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A transport: one incarnation of a session's connection, an inner socket with
 * the state of its parser and of the frame being sent.
 */
#ifndef _RSESS_TRANSPORT_H
#define _RSESS_TRANSPORT_H

#include <linux/bits.h>
#include <linux/refcount.h>
#include <linux/skbuff.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include "copied.h"
#include "rate.h"
#include "synopt.h"
#include "tag.h"
#include "wire.h"

struct bio_vec;
struct rsess_listener;
struct rsess_net;
struct rsess_fallback;
struct rsess_sock;
struct rsess_transport;
union rsess_addr;

/* What an inner socket is up to. */
enum rsess_inner_state {
	RSESS_INNER_OPENING,	/* connect() is under way */
	RSESS_INNER_UP,
	RSESS_INNER_EOF,	/* the peer closed in order */
	RSESS_INNER_DEAD,	/* reset, timed out, unreachable */
};

/* What comes behind the bytes that a transport is given. */
enum rsess_more {
	RSESS_MORE_NO,		/* nothing: send them */
	RSESS_MORE_SOON,	/* nothing yet: the last may wait until others have arrived */
	RSESS_MORE_MAYBE,	/* the application may add some: TCP_CORK, MSG_MORE */
	RSESS_MORE_YES,		/* a frame, or the end, follows at once */
};

/* What the peer said. */
enum rsess_answer_kind {
	RSESS_ANSWER_NO,	/* nothing */
	RSESS_ANSWER_LATE,	/* nothing, and it was not asked in the end, for what
				 * asks seemed to get lost
				 */
	RSESS_ANSWER_YES,
	RSESS_ANSWER_LOST,	/* the connection is gone, and nobody knows */
};

/**
 * struct rsess_transport_ops - what the session layer asks of a stream below it
 * @protocol: IPPROTO_TCP, ...
 * @family: of its sockets; 0: AF_INET or AF_INET6
 * @level: of its own socket options, SOL_TCP, ...
 * @ulp: option at @level that would replace the operations of a socket; 0: none
 * @refused: errno of a connect() where nobody listens
 * @filtered: what @connect asks the peer may get lost on the way, see blackhole.c
 * @waitq_space: that there is room it tells those who sleep on the socket, and does not
 *	call sk_write_space
 * @silent_reset: it may tell nobody that it was reset
 * @no_half_close: its close() ends both directions at once, at either side; so the acceptor does
 * @shell: it keeps pointers to the struct socket that its struct sock was made for
 * @modular: it may have to be loaded, or not be there
 * @core: are options of SOL_SOCKET set by the socket's own setsockopt()?  NULL: no
 * @init_sock: an inner socket was created, not accepted, and nobody has used it yet.  NULL:
 *	nothing to do
 * @set_defaults: options that every inner socket of this kind has; not locked
 * @opened: of a dialer: it is connected for the first time; keep what may be gone when
 *	@answer is asked.  The socket's spinlock is held, or it is locked.  NULL: nothing
 * @connect: begin to connect, and ask the peer; 0, -EINPROGRESS or another errno;
 *	may sleep
 * @answer: connected: what did the peer say; may sleep
 * @end: nothing more of the handshake is to be seen: undo what @connect did to the
 *	socket, if it did; may sleep
 * @listen: a listener's inner socket is about to listen: answer those who ask; 0 or
 *	a negative errno; may sleep
 * @set_listen_offer: answer those who ask, or no longer; a spinlock is held
 * @refuses: nobody listens: refuse who does not ask, or no longer; a spinlock is held.
 *	NULL: it takes them, and they are reset
 * @unlisten: it listens no more; may sleep
 * @peer_offer: what a connection was offered that was just accepted
 * @state: see enum rsess_inner_state; may sleep
 * @incarnation: a number of the connection; another one when the peer has forgotten it
 *	and begun anew where we go on; 0: not known yet.  The socket is locked.  NULL: that
 *	cannot be.  Only for those that copy
 * @send: lend bytes of pages; returns bytes taken or a negative errno,
 *	-EAGAIN when it will tell that there is room; may sleep
 * @busy: bytes are on the way, and so few more can wait until those have arrived; then it
 *	tells that there is room.  Not locked.  NULL: never
 * @push: send what enum rsess_more had it hold back; may sleep
 * @read: give what has been received to rsess_input() until nothing is left or
 *	it stops; 0 or a negative errno; may sleep.  Nothing above is called by it
 * @receive: as @read, but in softirq, with the socket's spinlock held; never sleeps.
 *	NULL: only @read can
 * @was_read: the application has taken all that was received; NULL: nobody asks
 * @dialogue: a frame is on its way that is answered at once, and the answer acknowledges it; or
 *	no more.  Not locked; may sleep.  NULL: it cannot wait for that
 * @hurry_end: it will be closed, and is to be gone as soon as the peer has what was sent, for its
 *	port is wanted; has all been sent, if it has not arrived?  Not locked; may sleep.  NULL:
 *	nobody waits for its port
 * @discard: throw away what has been received, so that closing in order does not
 *	turn into a reset; may sleep
 *
 * To add a transport, write one file with one such table and name it in
 * rsess_transport_ops_find().  If its handshake cannot carry a question,
 * %RSESS_INBAND_OPS are those that deal with it; if it can only copy, copied.h has
 * those that do so.
 */
struct rsess_transport_ops {
	int protocol;
	u16 family;
	int level;
	int ulp;
	int refused;
	bool filtered;
	bool waitq_space;
	bool silent_reset;
	bool no_half_close;
	bool shell;
	bool modular;
	bool (*core)(const struct sock *sk);
	void (*init_sock)(struct sock *sk);
	void (*set_defaults)(struct socket *sock);
	void (*opened)(struct rsess_transport *tr);
	int (*connect)(struct rsess_transport *tr, union rsess_addr *addr,
		       int len, enum rsess_ask ask);
	enum rsess_answer_kind (*answer)(struct rsess_transport *tr);
	void (*end)(struct rsess_transport *tr);
	int (*listen)(struct rsess_listener *lsn);
	void (*set_listen_offer)(struct rsess_listener *lsn, bool on);
	void (*refuses)(struct rsess_listener *lsn, bool on);
	void (*unlisten)(struct rsess_listener *lsn);
	enum rsess_offer (*peer_offer)(struct socket *sock);
	enum rsess_inner_state (*state)(const struct socket *sock);
	u32 (*incarnation)(const struct sock *sk);
	ssize_t (*send)(struct socket *sock, const struct bio_vec *bv,
			unsigned int n, size_t len, enum rsess_more more);
	bool (*busy)(struct socket *sock, u32 len);
	void (*push)(struct socket *sock);
	int (*read)(struct rsess_transport *tr);
	int (*receive)(struct rsess_transport *tr);
	void (*was_read)(struct socket *sock);
	void (*dialogue)(struct socket *sock, bool on);
	bool (*hurry_end)(struct socket *sock);
	void (*discard)(struct socket *sock);
};

/**
 * struct rsess_transport_user - the session layer, to which a transport is given
 * @serve: something has happened on it; called by its work
 * @receive: bytes have arrived on one that can be read in softirq; false: have @serve
 *	called.  Called with the spinlock of the inner socket
 * @changed: its state has; false: have @serve called.  Called as @receive
 */
struct rsess_transport_user {
	void (*serve)(struct rsess_transport *tr);
	bool (*receive)(struct rsess_transport *tr);
	bool (*changed)(struct rsess_transport *tr);
};

/* What has happened while a transport was read, for link to act on; bits. */
enum rsess_rx_event {
	RSESS_RX_FREED		= BIT(0),	/* retained bytes were acknowledged */
	RSESS_RX_DROPPED	= BIT(1),	/* retained bytes are not sent any more */
	RSESS_RX_PRESENT	= BIT(2),	/* accept() has waited for what came */
	RSESS_RX_URGENT		= BIT(3),	/* an urgent byte was queued */
	RSESS_RX_FIN_ACKED	= BIT(4),	/* the peer's session has FIN */
	RSESS_RX_FIN		= BIT(5),	/* the peer's FIN was taken */
	RSESS_RX_STOP		= BIT(6),	/* the peer reads no more */
	RSESS_RX_UNHEARD	= BIT(7),	/* and has not acknowledged all */
};

/**
 * struct rsess_rx - parser
 * @f: header of the frame being read
 * @hdr: its bytes
 * @hdr_len: how many of them are there
 * @body_left: payload bytes still to come
 * @tag_left: bytes of its tag still to come
 * @sound: its tag was right
 * @held_left: bytes of &rsess_tags.held that the session has not taken
 * @ctrl: payload of a frame other than DATA; in &rsess_greeting, or @live_ctrl
 * @ctrl_len: bytes in @ctrl
 * @ctrl_max: for how many there is room
 * @live_ctrl: of a transport that is live: no such payload is longer then
 * @idle: frames that carried nothing
 * @events: enum rsess_rx_event, since link has looked
 * @whole: there is a frame that link, or the acceptor's handshake, has to see to; reading
 *	stops behind it
 * @error: reading stops; -EPROTO: the peer broke the protocol, this transport is
 *	given up; -EBADMSG: somebody else did, likewise; -ENOMEM: try again later;
 *	-EINPROGRESS: what comes next cannot be taken in softirq
 * @atomic: read in softirq: nothing may sleep or end
 * @frames: how many more of them may be taken there
 */
struct rsess_rx {
	struct rsess_frame	f;
	u8			hdr[RSESS_HDR_LEN];
	u32			hdr_len;
	u32			body_left;
	u32			tag_left;
	bool			sound;
	u32			held_left;
	u8			*ctrl;
	u16			ctrl_len;
	u16			ctrl_max;
	u8			live_ctrl[sizeof(struct rsess_wire_abort)];
	struct rsess_rate	idle;
	u32			events;
	bool			whole;
	bool			atomic;
	u32			frames;
	int			error;
};

/**
 * struct rsess_tx - the frame being sent
 * @page: holds what was made for the frame, and has a reference; NULL: no frame is being
 *	sent
 * @head_off: in @page: next byte of its header and, unless it is DATA of more than a few
 *	bytes, which are lent, of its payload and tag
 * @head_left: bytes of them that the transport has not taken
 * @body_left: lent payload not taken, from the session's snd_nxt on
 * @tail_off: in @page: next byte of the tag behind lent payload
 * @tail_left: bytes of it that the transport has not taken
 * @data: it is DATA
 * @alone: when it began all bytes before had been acknowledged
 * @last: the transport is shut behind what is sent now
 * @frag: page for @page, which nobody else writes to, so that what the transport
 *	keeps are bytes of its own; the outer socket is charged for it
 */
struct rsess_tx {
	struct page	*page;
	u32		head_off;
	u32		head_left;
	u32		body_left;
	u32		tail_off;
	u32		tail_left;
	bool		data;
	bool		alone;
	bool		last;
	struct page_frag frag;
};

/**
 * struct rsess_tags - of a transport whose frames have tags
 * @rx: of the peer's direction
 * @tx: of this one
 * @theirs: the tag that comes
 * @held: payload of DATA whose tag has not come; paid for by the outer socket
 */
struct rsess_tags {
	struct rsess_tag	rx;
	struct rsess_tag	tx;
	u8			theirs[RSESS_WIRE_TAG_LEN];
	struct sk_buff_head	held;
};

/**
 * struct rsess_greeting - what a transport needs until it is live
 * @rcu: callbacks, TCP and @expire look without a lock
 * @tr: the transport
 * @expire: of one that was accepted: gives up waiting for HELLO or RESUME
 * @expects: that was begun; its work does so
 * @synopt: of a dialer, for TCP
 * @ctrl: &rsess_rx.ctrl
 */
struct rsess_greeting {
	struct rcu_head		rcu;
	struct rsess_transport	*tr;
	struct timer_list	expire;
	bool			expects;
	struct rsess_synopt	synopt;
	u8			ctrl[RSESS_CTRL_MAX];
};

/**
 * struct rsess_note - the work of a transport has found an outer socket locked
 * @list: in rsess_sock.waiting
 * @tr: the transport, with a reference while the note is there
 * @left: bit 0: it is
 * @more: there is more to see to than bytes that have come
 */
struct rsess_note {
	struct list_head	list;
	struct rsess_transport	*tr;
	unsigned long		left;
	bool			more;
};

/**
 * struct rsess_transport - see top
 * @rcu: callbacks and TCP look without a lock
 * @ref: the owner has one, a queued @work has one, a pending &rsess_greeting.expire has one
 * @serial: @lsn has accepted so many before this one
 * @work: reads, writes and watches @sock
 * @ops: by protocol
 * @rn: its namespace, with a reference
 * @sock: the inner socket; NULL when closed.  Belongs to @work until there is
 *	a session, then under the lock of the outer socket
 * @sk: the outer socket, with a reference; set once, by @work or before it can run
 * @lsn: where it was accepted and waits for its first frame, else NULL
 * @since: jiffies when @lsn accepted it, or when it became that of a session
 * @notes: what it came for, at the socket of its session and at another one, that of who
 *	listens or of the session that was asked for: each may be locked for as long as it likes
 * @link: place in a list of @lsn, under the lock of @lsn
 * @plain: accepted: it is to be so without a session, else NULL; of a first dial: for
 *	a peer without one
 * @ticket: when @queued: its turn
 * @source: hash of the peer's address
 * @opened: it was connected once, whatever became of it; written by the callbacks
 * @answer: of SCTP: enum rsess_answer_kind when it was
 * @stranger: of a session's dialer: who has answered does not have the protocol
 * @inband: its peer has not asked for a session in the handshake, of one that was accepted
 * @offer: enum rsess_offer, of one that was accepted
 * @queued: it waits for accept() as such, and belongs to its listener; under the
 *	lock of @lsn
 * @parked: has a HELLO, or @plain, that waits for room in the queue of accept(); under
 *	the lock of @lsn
 * @expired: &rsess_greeting.expire has run
 * @hurried: others need its place; under the lock of @lsn, and read without it
 * @sk_data_ready: of @sock, to be restored; so the next three
 * @sk_write_space: of @sock
 * @sk_state_change: of @sock
 * @sk_error_report: of @sock
 * @pending: RSESS_PEND() bits; so to @ping_cookie under the lock of the outer socket
 * @asked: of a dialer: enum rsess_ask
 * @drained: of a dialer: nothing, because no new sessions are wanted
 * @fin_sent: it was given FIN
 * @stop_sent: it was given STOP
 * @acked_any: bytes were acknowledged on it
 * @progress: bytes moved on it, in either direction
 * @pinged: a PING is unanswered
 * @heard: it has given something since it is live
 * @prove: of a dialer: the next PONG is @proof of the session
 * @shut: its sending direction was closed
 * @tagged: its frames have tags; @tags is there
 * @ping_cookie: to be given back by PONG
 * @tags: made before it is live, when that can still fail; or NULL
 * @greeting: until it is live; protected as @sock
 * @copied: of those that copy, else NULL
 * @rx: parser, protected as @sock
 * @tx: protected as @sock
 */
struct rsess_transport {
	struct rcu_head		rcu;
	refcount_t		ref;
	u32			serial;
	struct work_struct	work;
	const struct rsess_transport_ops *ops;
	struct rsess_net	*rn;
	struct socket		*sock;
	struct sock		*sk;
	struct rsess_listener	*lsn;
	unsigned long		since;
	struct rsess_note	notes[2];
	struct list_head	link;
	struct rsess_fallback	*plain;
	u32			ticket;
	u8			source;
	bool			opened;
	u8			answer;
	bool			stranger;
	bool			inband;
	u8			offer;
	bool			queued;
	bool			parked;
	bool			expired;
	bool			hurried;

	void			(*sk_data_ready)(struct sock *sk);
	void			(*sk_write_space)(struct sock *sk);
	void			(*sk_state_change)(struct sock *sk);
	void			(*sk_error_report)(struct sock *sk);

	u32			pending;
	u8			asked;
	bool			drained;
	bool			fin_sent;
	bool			stop_sent;
	bool			acked_any;
	bool			progress;
	bool			pinged;
	bool			heard;
	bool			prove;
	bool			shut;
	bool			tagged;
	u8			ping_cookie[sizeof(struct rsess_wire_ping)];
	struct rsess_tags	*tags;
	struct rsess_greeting __rcu *greeting;
	struct rsess_copied	*copied;
	struct rsess_rx		rx;
	struct rsess_tx		tx;
};

const struct rsess_transport_ops *rsess_transport_ops_find(int protocol);
extern const struct rsess_transport_ops rsess_tcp_ops;
extern const struct rsess_transport_ops rsess_sctp_ops;
extern const struct rsess_transport_ops rsess_mptcp_ops;
extern const struct rsess_transport_ops rsess_vsock_ops;
enum rsess_inner_state rsess_tcp_state(const struct socket *sock);

static inline bool
rsess_transport_takes(const struct rsess_transport_ops *ops, u16 family)
{
	return ops->family ? family == ops->family :
			     family == AF_INET || family == AF_INET6;
}

/* NULL when it is live. */
static inline struct rsess_greeting *
rsess_transport_greeting(const struct rsess_transport *tr)
{
	return rcu_dereference_protected(tr->greeting, !tr->sk ||
					 lockdep_sock_is_held(tr->sk));
}

/* Was a dialer's transport connected once? */
static inline bool rsess_transport_opened(const struct rsess_transport *tr)
{
	return smp_load_acquire(&tr->opened); /* rsess_inner_note() */
}

/* Has SOL_SOCKET of an inner socket to be set by its own setsockopt()? */
static inline bool
rsess_transport_has_core(const struct rsess_transport_ops *ops,
			 const struct sock *sk)
{
	return ops->core && ops->core(sk);
}

/* See &rsess_transport_ops.dialogue. */
static inline void rsess_transport_dialogue(const struct rsess_transport *tr,
					    bool on)
{
	if (tr->ops->dialogue)
		tr->ops->dialogue(tr->sock, on);
}

void rsess_transport_use(const struct rsess_transport_user *user);
struct rsess_transport *
rsess_transport_new(const struct rsess_transport_ops *ops, struct socket *sock,
		    struct sock *sk, struct rsess_listener *lsn);
void rsess_transport_hook(struct rsess_transport *tr);
void rsess_transport_unhook(struct rsess_transport *tr);
int rsess_transport_make_tags(struct rsess_transport *tr);
void rsess_transport_greeted(struct rsess_transport *tr);
void rsess_transport_close(struct rsess_transport *tr, bool reset);
struct rsess_synopt *rsess_transport_synopt(struct sock *sk);
void rsess_transport_expect(struct rsess_transport *tr, unsigned long delay);
void rsess_transport_came(struct rsess_transport *tr);
void rsess_transport_queue(struct rsess_transport *tr);
void rsess_transport_unqueue(struct rsess_transport *tr);
void rsess_transport_put(struct rsess_transport *tr);
bool rsess_transport_pin_net(struct sock *sk);
bool rsess_transport_pin_as(struct sock *sk, const struct sock *outer);

void rsess_tx_put_frag(struct rsess_transport *tr);

/* input.c */
int rsess_input_start(struct rsess_transport *tr);
int rsess_input_forged(const struct rsess_transport *tr);
size_t rsess_input(struct rsess_transport *tr, const struct sk_buff *skb,
		   unsigned int off, size_t len);

#endif /* _RSESS_TRANSPORT_H */
