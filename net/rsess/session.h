/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A session: what a reset must not destroy.  It lives in the outer socket, and
 * outlives the application's close() as an orphan does in TCP.
 *
 * Locks, outermost first:
 *
 *   rsess_net.bind_lock   mutex: bind(), the list of listeners
 *   rsess_sock.work_mutex mutex: works that want the same outer socket
 *   lock_sock(outer)      everything in struct rsess_sock below "locked"; a process
 *                         may keep it, so works do not wait for it (work.c), and who
 *                         has bind_lock only for one that no process has
 *   lock_sock(inner)      taken by the calls into the transport's socket
 *   rsess_net.lock        spinlock: session table, tombstones, counts
 *   rsess_listener.lock   spinlock: queues of a listener
 *   sk_callback_lock      of the inner socket: its sk_user_data
 *
 * Two outer sockets are never locked at once.  Inner callbacks run in softirq
 * and queue the transport's work.  What is steady, bytes and acknowledgments, they
 * take themselves (work.c), with the locks
 *
 *   the spinlock of the inner socket
 *   sk_callback_lock      of the inner socket
 *   the spinlock of the outer socket, if nobody has locked that
 */
#ifndef _RSESS_SESSION_H
#define _RSESS_SESSION_H

#include <linux/mutex.h>
#include <linux/rhashtable-types.h>
#include <linux/tcp.h>
#include <linux/workqueue.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <uapi/linux/rsess.h>
#include "addr.h"
#include "auth.h"
#include "cast.h"
#include "credit.h"
#include "journal.h"
#include "net.h"
#include "rate.h"
#include "sendq.h"
#include "state.h"
#include "wire.h"

struct rsess_listener;
struct rsess_sock;
struct rsess_tomb;
struct rsess_transport;
struct rsess_transport_ops;
struct rsess_transport_user;

extern int rsess_family;
extern int rsess_protocol;
extern struct proto rsess_proto;
extern struct proto rsess_kernel_proto;
/* Of sessions and transports; and of what waits for a work of the first, or takes
 * rn->bind_lock, under which such a work is waited for.
 */
extern struct workqueue_struct *rsess_wq;
extern struct workqueue_struct *rsess_close_wq;

/* What the one timer of a session is asked to do. */
enum rsess_timer {
	RSESS_TIMER_ACK,	/* send a delayed acknowledgment */
	RSESS_TIMER_RETRY,	/* memory was short: go on */
	RSESS_TIMER_DIAL,	/* open the next transport */
	RSESS_TIMER_HANDSHAKE,	/* the transport is not live yet: give it up */
	RSESS_TIMER_STALL,	/* something is awaited: PING, then give it up */
	RSESS_TIMER_PROBE,	/* nothing is awaited: PING now and then */
	RSESS_TIMER_SESSION,	/* no transport for RSESS_TIMEOUT */
	RSESS_TIMER_ORPHAN,	/* an orphan makes no progress */
	RSESS_TIMER_DEFER,	/* accept() waits no longer */
	RSESS_TIMER_CONFIRM,	/* the dialer has not shown that it has WELCOME */
	RSESS_TIMER_TIDY,	/* release pages that wait for bytes */
	RSESS_TIMER_LEFT,	/* read what waits for the reader in the transport */
	RSESS_TIMER_MAX,
};

/**
 * struct rsess_timer_handlers - what is done at a deadline
 * @due: by enum rsess_timer
 */
struct rsess_timer_handlers {
	void	(*due[RSESS_TIMER_MAX])(struct rsess_sock *rs);
};

/* RSESS_TAG of a socket. */
enum rsess_tag_choice {
	RSESS_TAG_UNSET,	/* with a pre-shared key, or as the namespace has it */
	RSESS_TAG_NEVER,
	RSESS_TAG_ALWAYS,
};

/**
 * struct rsess_options - what setsockopt() changed of the session itself
 * @user_timeout_ms: TCP_USER_TIMEOUT, 0: RSESS_TIMEOUT counts
 * @notsent_lowat: TCP_NOTSENT_LOWAT, 0: as much as SO_SNDBUF
 * @keepidle: TCP_KEEPIDLE, seconds, 0: the namespace's default
 * @keepintvl: TCP_KEEPINTVL, seconds, as above
 * @keepcnt: TCP_KEEPCNT, as above
 * @defer: TCP_DEFER_ACCEPT, seconds, of a listener
 * @nodelay: TCP_NODELAY, for the one who asks
 * @cork: TCP_CORK
 * @inq: TCP_INQ
 * @retry_unknown: RSESS_RETRY_UNKNOWN
 * @tag: RSESS_TAG: enum rsess_tag_choice
 * @recverr: IP_RECVERR, for the one who asks
 * @recverr6: IPV6_RECVERR, as above
 */
struct rsess_options {
	u32	user_timeout_ms;
	u32	notsent_lowat;
	u32	keepidle;
	u32	keepintvl;
	u32	keepcnt;
	u32	defer;
	bool	nodelay;
	bool	cork;
	bool	inq;
	bool	retry_unknown;
	u8	tag;
	bool	recverr;
	bool	recverr6;
};

/**
 * struct rsess_callbacks - those that the socket core gave the outer socket
 * @data_ready: sk_data_ready
 * @write_space: sk_write_space
 * @state_change: sk_state_change
 * @error_report: sk_error_report
 *
 * A user in the kernel may have replaced them.
 */
struct rsess_callbacks {
	void	(*data_ready)(struct sock *sk);
	void	(*write_space)(struct sock *sk);
	void	(*state_change)(struct sock *sk);
	void	(*error_report)(struct sock *sk);
};

/* The peer's last urgent byte; without the lock the state is read by poll(). */
enum rsess_urg {
	RSESS_URG_NONE,		/* there is none, or it is behind what was read */
	RSESS_URG_VALID,	/* it can be read */
	RSESS_URG_READ,		/* it was, but still marks its place */
};

/**
 * struct rsess_addrs - further addresses
 * @n: how many of the peer
 * @addr: those, of RSESS_ADD_ADDR
 * @nlocal: how many of this side; 0: it has the one of bind()
 * @local: that one and those of sock_bind_add(), without a port
 */
struct rsess_addrs {
	unsigned int		n;
	union rsess_addr	addr[RSESS_ADDRS_MAX];
	unsigned int		nlocal;
	union rsess_addr	local[1 + RSESS_ADDRS_MAX];
};

/* Frames waiting to be made, by type; DATA, FIN, STOP and ACK are derived. */
#define RSESS_PEND(type)	BIT(type)

/**
 * struct rsess_sock - the session in an outer socket
 * @sk: the outer socket, see rsess_sk(); constant
 *
 * Set before the session can be found, then constant:
 * @id: names the session
 * @key: of this side, from its HELLO or WELCOME
 * @peer_key: of the other side
 * @dialer: this side opens the transports
 * @tag_asked: HELLO asked for tags
 * @tagged: every transport has them
 * @callbacks: before a user in the kernel replaced them
 * @lsn: listening: its listener, which others may share; accepted: the one that
 *	resumes come to, if not to another one of the same user
 *
 * Locked (lock_sock() of this socket):
 * @secret: of both keys, if it was made; keys the MACs, see rsess_session_secret()
 * @secret_made: it was
 * @ops: of the transports; constant
 * @family: of the inner sockets, AF_INET, AF_INET6 or that of @ops; 0 until it is known
 * @laddr: local address given to bind(), or of the first transport
 * @raddr: address of the peer
 * @addrs: further addresses of the peer, or NULL
 * @number: among the sessions of rsess_net.roll, or 0
 * @listening: among the listeners there, or 0
 * @cred: of the application that has dialed; NULL: nobody has, or a user in the kernel
 * @addr_at: which address the present transport was dialed at; 0: @raddr
 * @bound: bind() was called
 * @port_locked: and named the port, which outlives listening
 * @v6only: IPV6_V6ONLY, when @bound
 * @only_port: of an adopted socket: at another port it is plain; 0: at none
 * @inner: socket made by bind() or for an option, to be used by the next dial or
 *	by listen(); else NULL
 * @journal: options that each new inner socket gets
 * @tr: the present transport, or NULL; written under the spinlock in sk_lock too
 * @link: enum rsess_link of @tr
 * @negotiate: enum rsess_negotiate
 * @inband: the peer was asked without an option of the transport: HELLO and RESUME
 *	are sent whatever it has; of the acceptor: it was
 * @plain: it has fallen back, nothing happens here any more, see fallback.c
 * @last_error: errno with which the last transport was lost
 * @reason: enum rsess_reason
 * @epoch: of the newest transport
 * @epoch_seen: of the acceptor: of the newest RESUME that was attached or, over max_resumes,
 *	sent away
 * @resumes: transports attached by RESUME
 * @attached: the same, and those of a HELLO that came again; of the dialer: RESUMEs
 * @lost: transports lost
 * @began: jiffies, of 64 bits, when the session began
 * @down_at: since when it has no transport that is live, as above; 0: it has one, or never
 *	had
 * @downtime: how long it had none before that, as above
 * @errors: protocol errors of the peer
 * @timeout_ms: RSESS_TIMEOUT
 * @filter: the filter of the socket core that was looked at last
 * @filter_barred: the application may not attach that to a socket of TCP
 * @opt: other options
 * @more: the last call to send had MSG_MORE
 * @impatient: the last bytes wait for no others
 * @urgent: a call to send had MSG_OOB
 * @snd_up: behind the last urgent byte of this side
 * @urg_state: enum rsess_urg
 * @urg_byte: the last urgent byte of the peer
 * @urg_seq: its offset
 * @sq: retained bytes
 * @snd_limit: credit given by the peer
 * @acknow_at: DATA from this offset on may ask for an acknowledgment again
 * @max_frame: most bytes of the next DATA with a tag: what a transport carried of a frame is
 *	lost with it, so after one that moved nothing there are smaller ones
 * @credit: the receiving half
 * @fin_queued: the application ended its direction; FIN has offset write_seq
 * @fin_tried: some transport was given FIN
 * @fin_acked: the peer's session has it
 * @stop_queued: this side reads no more
 * @stopped: the peer reads no more
 * @dropped: bytes that were not sent because the peer reads no more
 * @unread: bytes that were taken when the peer had closed: as good as sent
 * @shown: state that the application sees when that is not the session's, else 0: the
 *	peer has ended our direction too, the application has not, so it is TCP_CLOSE_WAIT
 *	until it has written something, and TCP_CLOSE then
 * @rcv_fin: the peer's FIN was taken
 * @ack_now: an acknowledgment or credit is due
 * @hello_only: no frame but HELLO has arrived
 * @hello_end: jiffies; so long a session lives for which @hello_only holds
 * @greeted: a HELLO was sent, so a failure need not mean a closed port
 * @orphaned: the application closed the socket
 * @orphan_rx: @last_rx when the timer of the orphan was armed
 * @orphan_asked: the peer was asked since whether it is there
 * @evict: enum rsess_reason for which the timer is to end what there is; set without the
 *	lock
 * @hurry: the timer is to dial now; set without the lock
 * @timer_due: rsess_timer_now(); set without the lock
 * @agreed: RSESS_CMD_SESSION_NEW was told of it, if anybody listened
 * @cut: ABORT was given to the transport, which is to deliver it
 * @resuming: a RESUME is being looked at, which an answer is due to
 * @confirmed: the peer ended the transport in TIME_WAIT, so it has all; else it
 *	may come to ask the tombstone, and needs the listener for it
 * @abort_reason: payload of the next ABORT
 * @destroyed: the reference of the socket was given back
 * @tomb: for the table when the session has ended, or NULL
 * @attempts: dials since a transport was of use, see rsess_link_served()
 * @dial_failed: the last one did not bring a live transport
 * @refusals: dials in a row that the peer's host has refused
 * @strangers: dials in a row that were answered by a host which does not have the protocol
 * @retries: since memory was short the first time in a row
 * @unanswered: those of @attempts that handshake_timeout_ms has ended
 * @quiet: since a transport gave something: how many were given up for silence, up to
 *	RSESS_QUIET_MAX
 * @last_rx: jiffies when the transport last gave something
 * @watched: jiffies when this side began to wait for the peer
 * @psk: RSESS_PSK
 * @proof: with @psk, what the dialer shows when it has WELCOME
 * @unproven: acceptor: @proof has not come
 * @nonce: of the last RESUME, of the dialer
 * @salt: of the last WELCOME, for tags
 * @timer: work for the earliest of @deadline
 * @timer_at: jiffies when @timer runs
 * @armed: bit per enum rsess_timer
 * @deadline: jiffies
 *
 * @work_mutex: taken by works, before they lock this socket
 *
 * Under the spinlock in sk_lock, see work.c:
 * @waiting: notes of transports whose works found this socket locked
 * @timer_waits: so did that of @timer
 * @ready_waits: so did so many that had something for accept()
 * @behind: something has arrived on a transport and was left there
 * @readers: so many processes wait for bytes; they are under the lock of the socket
 *
 * Under rsess_net.lock:
 * @orphan: place in a list of orphans
 * @orphans: whose list that is
 * @listed: who has the session; with @number
 * @turn: place among those that wait to dial again
 * @turns: where that is
 * @turn_come: the wait is over; also read without the lock
 * @hash: place in the table of sessions that can be resumed
 * @hashed: it is there
 *
 * Under the lock of @lsn:
 * @link_accept: place in the listener's queue, or among those who listen there
 * @queued: it is in the queue, as itself or @deferred
 * @ticket: its turn in that queue
 * @deferred: in the queue it is not for accept(), which waits for bytes or for
 *	@proof; also read without the lock
 */
struct rsess_sock {
	struct sock		*sk;

	u8			id[RSESS_ID_LEN];
	u8			key[RSESS_WIRE_KEY_LEN];
	u8			peer_key[RSESS_WIRE_KEY_LEN];
	bool			dialer;
	bool			tag_asked;
	bool			tagged;
	struct rsess_callbacks	callbacks;
	struct rsess_listener	*lsn;

	u8			secret[RSESS_WIRE_MAC_LEN];
	bool			secret_made;
	const struct rsess_transport_ops *ops;
	u16			family;
	union rsess_addr	laddr;
	union rsess_addr	raddr;
	struct rsess_addrs	*addrs;
	u32			number;
	u32			listening;
	const struct cred	*cred;
	u8			addr_at;
	bool			bound;
	bool			port_locked;
	bool			v6only;
	__be16			only_port;
	struct socket		*inner;
	const struct sk_filter	*filter;
	bool			filter_barred;
	struct rsess_journal	journal;
	struct rsess_transport	*tr;
	u8			link;
	u8			negotiate;
	bool			inband;
	bool			plain;
	u8			reason;
	u32			last_error;
	u32			epoch;
	u32			epoch_seen;
	u32			resumes;
	struct rsess_rate	attached;
	u32			lost;
	u64			began;
	u64			down_at;
	u64			downtime;
	u32			errors;
	u32			timeout_ms;
	struct rsess_options	opt;
	bool			more;
	bool			impatient;
	bool			urgent;
	u64			snd_up;
	u8			urg_state;
	u8			urg_byte;
	u64			urg_seq;

	struct rsess_sendq	sq;
	u64			snd_limit;
	u64			acknow_at;
	u32			max_frame;
	struct rsess_credit	credit;

	bool			fin_queued;
	bool			fin_tried;
	bool			fin_acked;
	bool			stop_queued;
	bool			stopped;
	u64			dropped;
	u64			unread;
	u8			shown;
	bool			rcv_fin;
	bool			ack_now;
	bool			hello_only;
	unsigned long		hello_end;
	bool			greeted;
	bool			orphaned;
	unsigned long		orphan_rx;
	bool			orphan_asked;
	u8			evict;
	bool			hurry;
	bool			timer_due;
	bool			agreed;
	bool			cut;
	bool			destroyed;
	bool			resuming;
	bool			confirmed;
	u8			abort_reason;
	struct rsess_tomb	*tomb;

	u32			attempts;
	bool			dial_failed;
	u32			unanswered;
	u32			refusals;
	u32			strangers;
	u32			retries;
	u8			quiet;
	unsigned long		last_rx;
	unsigned long		watched;
	struct rsess_psk	psk;
	u8			proof[sizeof(struct rsess_wire_ping)];
	bool			unproven;
	u8			nonce[RSESS_WIRE_NONCE_LEN];
	u8			salt[RSESS_WIRE_SALT_LEN];

	struct delayed_work	timer;
	unsigned long		timer_at;
	unsigned long		armed;
	unsigned long		deadline[RSESS_TIMER_MAX];

	struct mutex		work_mutex;	/* before the socket */
	struct list_head	waiting;
	bool			timer_waits;
	unsigned int		ready_waits;
	bool			behind;
	unsigned int		readers;

	struct list_head	orphan;
	struct rsess_user	*orphans;
	struct rsess_user	*listed;
	struct list_head	turn;
	struct rsess_turns	*turns;
	bool			turn_come;
	struct rhash_head	hash;
	bool			hashed;
	struct list_head	link_accept;
	bool			queued;
	u32			ticket;
	bool			deferred;

	struct ipv6_pinfo	inet6;		/* the last one: RSESS_PROTO_INET6() */
};

/**
 * struct rsess_inet_sock - outer socket of a program
 * @inet: so that code which reads addresses of an inet socket finds them
 * @rs: its session
 */
struct rsess_inet_sock {
	struct inet_sock	inet;
	struct rsess_sock	rs;
};

/**
 * struct rsess_kernel_sock - outer socket of a user in the kernel
 * @tcp: so that a user which takes it for a socket of TCP writes nowhere else, see cast.c
 * @rs: its session
 */
struct rsess_kernel_sock {
	struct tcp_sock		tcp;
	struct rsess_sock	rs;
};

/**
 * rsess_is_kernel() - is it an outer socket of a user in the kernel?
 * @sk: outer socket
 *
 * Return: true if it is a struct rsess_kernel_sock.
 */
static inline bool rsess_is_kernel(const struct sock *sk)
{
	return sk->sk_prot == &rsess_kernel_proto;
}

static inline struct rsess_sock *rsess_sk(const struct sock *sk)
{
	if (rsess_is_kernel(sk))
		return &((struct rsess_kernel_sock *)sk)->rs;
	return &((struct rsess_inet_sock *)sk)->rs;
}

static inline struct sock *rsess_to_sk(const struct rsess_sock *rs)
{
	return rs->sk;
}

static inline void rsess_owned_by_me(const struct rsess_sock *rs)
{
	sock_owned_by_me(rsess_to_sk(rs));
}

/* Locked by a process or a work, which may sleep; not by its spinlock alone. */
static inline void rsess_locked_by_me(const struct rsess_sock *rs)
{
	rsess_owned_by_me(rs);
	lockdep_assert(rsess_to_sk(rs)->sk_lock.owned);
}

/* Pairs with smp_load_acquire() in rsess_poll(): who sees the state sees what led
 * to it.
 */
static inline void rsess_state_set(struct sock *sk, int state)
{
	if (rsess_is_kernel(sk))
		rsess_cast_listens(sk, state == TCP_LISTEN);
	smp_store_release(&sk->sk_state, state); /* see above */
}

/* The state of the socket, which may be another one than that of the session. */
static inline int rsess_shown_state(const struct rsess_sock *rs)
{
	return READ_ONCE(rs->shown) ?: READ_ONCE(rsess_to_sk(rs)->sk_state);
}

/* What is wanted at the port that is dialed or listened at.  Without the key there is no
 * fallback, or who takes out an option could have it.
 */
static inline u8 rsess_policy(const struct rsess_sock *rs)
{
	const struct inet_sock *inet = inet_sk(rsess_to_sk(rs));

	if (rs->only_port &&
	    rs->only_port != (inet->inet_dport ?: inet->inet_sport))
		return RSESS_NEGOTIATE_OFF;
	return rs->psk.len && rs->negotiate == RSESS_NEGOTIATE_AUTO ?
	       RSESS_NEGOTIATE_REQUIRE : rs->negotiate;
}

/* Does a dialer ask for tags?  An acceptor agrees unless it was told not to. */
static inline bool rsess_wants_tags(const struct rsess_sock *rs)
{
	if (rs->opt.tag != RSESS_TAG_UNSET)
		return rs->opt.tag == RSESS_TAG_ALWAYS;
	return rs->psk.len || READ_ONCE(rsess_net(sock_net(rsess_to_sk(rs)))->tag);
}

/* Does the session wait for accept()? */
static inline bool rsess_is_early(const struct rsess_sock *rs)
{
	return !rs->dialer && !rs->orphaned && !rsess_to_sk(rs)->sk_socket;
}

#define RSESS_WINDOW_MIN	2048

/* Bytes the peer may have on the way: half the buffer, for skbs have overhead. */
static inline u32 rsess_window(const struct rsess_sock *rs)
{
	const struct sock *sk = rsess_to_sk(rs);
	u32 window = max_t(u32, READ_ONCE(sk->sk_rcvbuf) / 2, RSESS_WINDOW_MIN);

	if (!rsess_is_early(rs))
		return window;
	return min(window, READ_ONCE(rsess_net(sock_net(sk))->max_early_bytes));
}

/* Bytes in the receive queue. */
static inline u64 rsess_readable(const struct rsess_sock *rs)
{
	return rsess_span(READ_ONCE(rs->credit.copied_seq),
			  READ_ONCE(rs->credit.rcv_nxt) -
			  READ_ONCE(rs->rcv_fin));
}

/* Is there enough to read, or as much as the peer is allowed to send?
 * Context: any.
 */
static inline bool rsess_stream_ready(const struct rsess_sock *rs, u32 enough)
{
	u64 bytes = rsess_readable(rs);

	return bytes >= enough ||
	       (bytes && !rsess_before(READ_ONCE(rs->credit.rcv_nxt),
				       READ_ONCE(rs->credit.limit)));
}

/* Buffers of a new socket, in bytes, as SO_SNDBUF and SO_RCVBUF count them. */
#define RSESS_SNDBUF		1048576
#define RSESS_RCVBUF		2097152

/* DATA with a tag is never cut smaller than this for a path that loses transports. */
#define RSESS_PIECE_MIN		64U

/* A page that waits for bytes is a small part of this SO_SNDBUF. */
#define RSESS_SNDBUF_KEEPS	((int)(16 * PAGE_SIZE))

/* Delays, in jiffies. */
#define RSESS_ACK_DELAY		msecs_to_jiffies(40)
#define RSESS_LEFT_DELAY	msecs_to_jiffies(10)
#define RSESS_TIDY_DELAY	HZ
/* A dialer's transport that is lost later was one, whatever went over it. */
#define RSESS_LASTED		HZ
#define RSESS_DIAL_MIN_MS	10U
/* A HELLO may wait for the peer's accept(), as long as TCP tries to connect. */
#define RSESS_HELLO_DELAY	(127 * HZ)
/* Transports in a row that may be lost before WELCOME. */
#define RSESS_HELLO_TRIES	16
/* Of them, those that a peer which has the protocol may seem to have broken, or where
 * a transport that does not tell of resets was silent.
 */
#define RSESS_HELLO_ERRORS	3
/* So often is doubled how long silence is borne. */
#define RSESS_QUIET_MAX		2
/* A service without the protocol that answers so often at each address of the peer has
 * taken its place.
 */
#define RSESS_STRANGERS		5
/* In TIME_WAIT the dialer has all, and asks for the acceptor's sake.  Where it is refused so
 * often, for some seconds, there is nobody who needs that.
 */
#define RSESS_LAST_TRIES	8

/* session.c: life and death */
void rsess_sock_setup(struct sock *sk, const struct rsess_transport_ops *ops);
struct sock *rsess_sock_alloc(struct net *net, struct proto *prot,
			      const struct rsess_transport_ops *ops, gfp_t gfp,
			      int kern);
void rsess_session_init(struct rsess_sock *rs, bool dialer);
int rsess_session_secret(struct rsess_sock *rs);
void rsess_session_event(struct rsess_sock *rs, enum rsess_event ev);
void rsess_session_end(struct rsess_sock *rs, enum rsess_reason reason, int err);
void rsess_session_abort(struct rsess_sock *rs, enum rsess_reason reason, int err);
void rsess_session_shutdown(struct rsess_sock *rs);
void rsess_session_close(struct rsess_sock *rs);
void rsess_session_unheard(struct rsess_sock *rs);
void rsess_session_orphan(struct rsess_sock *rs);
void rsess_session_destroy(struct rsess_sock *rs);
int rsess_session_reject(struct sock *sk, int flags);
void rsess_session_end_all(struct rsess_net *rn);

/* sock.c */
int rsess_set_family(struct rsess_sock *rs, int family);
void rsess_set_laddr(struct rsess_sock *rs, const union rsess_addr *addr);
void rsess_set_raddr(struct rsess_sock *rs, const union rsess_addr *addr);
struct rsess_addrs *rsess_sock_addrs(struct rsess_sock *rs);
bool rsess_sock_addr(const struct rsess_sock *rs, unsigned int i,
		     union rsess_addr *addr);
void rsess_sock_show(struct rsess_sock *rs);
unsigned long rsess_orphan_delay(const struct rsess_sock *rs);

/* link.c: transports come and go */
extern const struct rsess_transport_user rsess_link_user;
void rsess_link_redial(struct rsess_sock *rs, bool turn);
void rsess_link_attach(struct rsess_sock *rs, struct rsess_transport *tr);
void rsess_link_set(struct rsess_sock *rs, struct rsess_transport *tr);
struct sock *rsess_link_inner(struct rsess_sock *rs);
void rsess_link_drop(struct rsess_sock *rs, bool reset);
void rsess_link_lost(struct rsess_sock *rs, const char *why);
int rsess_link_drain(struct rsess_sock *rs);
bool rsess_link_read(struct rsess_sock *rs);
void rsess_link_live(struct rsess_sock *rs);
void rsess_link_push(struct rsess_sock *rs);
void rsess_link_work(struct rsess_sock *rs, struct rsess_transport *tr);
bool rsess_link_fetch(struct rsess_sock *rs);
void rsess_link_backlog(struct rsess_sock *rs);
void rsess_link_connect(struct rsess_sock *rs);
void rsess_link_finish(struct rsess_sock *rs);
bool rsess_link_settle(struct rsess_sock *rs);
void rsess_link_catch_up(struct rsess_sock *rs);
void rsess_link_restart(struct rsess_sock *rs);
void rsess_link_replaced(struct rsess_sock *rs);
bool rsess_link_resume(struct rsess_sock *rs, const struct rsess_frame *f);

/* dial.c */
int rsess_dial(struct rsess_sock *rs);
bool rsess_dial_may_handshake(struct rsess_sock *rs);
void rsess_dial_handshake(struct rsess_sock *rs);
unsigned long rsess_dial_delay(const struct rsess_sock *rs);

/* timer.c */
void rsess_timer_init(struct rsess_sock *rs, work_func_t work);
void rsess_timer_run(struct rsess_sock *rs,
		     const struct rsess_timer_handlers *handlers);
void rsess_timer_put(struct rsess_sock *rs);
void rsess_timer_arm(struct rsess_sock *rs, enum rsess_timer t,
		     unsigned long delay);
void rsess_timer_stop(struct rsess_sock *rs, enum rsess_timer t);
void rsess_timer_end(struct rsess_sock *rs);
void rsess_timer_now(struct rsess_sock *rs);
void rsess_timer_retry(struct rsess_sock *rs);
void rsess_timer_evict(struct rsess_sock *rs, enum rsess_reason reason);
void rsess_timer_hurry(struct rsess_sock *rs);
bool rsess_timer_waiting(const struct rsess_sock *rs);
unsigned long rsess_timer_stall(const struct rsess_sock *rs);
void rsess_timer_watch(struct rsess_sock *rs);

/* liveness.c */
void rsess_liveness_work(struct work_struct *work);
void rsess_liveness_stop(struct rsess_sock *rs);
void rsess_liveness_probe(struct rsess_sock *rs);
void rsess_liveness_await(struct rsess_sock *rs);
void rsess_liveness_patience(struct rsess_sock *rs);
void rsess_liveness_confirm(struct rsess_sock *rs);
void rsess_liveness_orphaned(struct rsess_sock *rs);
void rsess_keepalive(struct sock *sk, int on);

/* input.c */
u32 rsess_input_acked(struct rsess_sock *rs, u64 ack);
void rsess_input_confirmed(struct rsess_sock *rs);

/* output.c */
bool rsess_push(struct rsess_sock *rs);
void rsess_push_held(struct rsess_sock *rs);
void rsess_push_impatient(struct rsess_sock *rs);
void rsess_push_tidy(struct rsess_sock *rs);

/* stream.c */
int rsess_sendmsg(struct socket *sock, struct msghdr *msg, size_t len);
int rsess_sendpages(struct socket *sock, struct msghdr *msg, size_t len,
		    bool last);
int rsess_recvmsg(struct socket *sock, struct msghdr *msg, size_t len,
		  int flags);
int rsess_read_sock(struct sock *sk, read_descriptor_t *desc,
		    sk_read_actor_t recv_actor);
int rsess_peek_len(struct socket *sock);
void rsess_recv_credit(struct rsess_sock *rs);

/* wmem.c */
bool rsess_send_charge(struct sock *sk, size_t len);
void rsess_send_account(struct rsess_sock *rs);
void rsess_send_freed(struct rsess_sock *rs);
void rsess_send_space(struct sock *sk);
void rsess_write_space(struct sock *sk);
bool rsess_memory_free(const struct sock *sk, int wake);

/* sockopt.c */
int rsess_setsockopt(struct socket *sock, int level, int optname,
		     sockptr_t optval, unsigned int optlen);
int rsess_getsockopt(struct socket *sock, int level, int optname,
		     char __user *optval, int __user *optlen);
int rsess_sockopt_inherit(struct rsess_sock *rs, const struct sock *parent);
void rsess_sockopt_hand_over(struct rsess_sock *rs, struct socket *sock,
			     bool same);

#endif /* _RSESS_SESSION_H */
