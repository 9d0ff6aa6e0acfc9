/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The session protocol of ../protocol.rst, as net/rsess/ does it: one session
 * between a dialer and an acceptor, over transports that are lost at any moment.
 *
 *     writer(DIALER) --+                               +-- writer(ACCEPTOR)
 *                      end(DIALER) == transports == end(ACCEPTOR)
 *     reader(DIALER) --+               |    |          +-- reader(ACCEPTOR)
 *                               network()  listener()
 *
 * What is kept: every field of the header, every frame but PING and PONG, both
 * queues as offsets, the states, epochs, the listener, the tombstone.  A step of
 * a process is what the code does under one lock_sock().  What may be sent is
 * sent in a step of its own, at any time later: no run depends on a delay.
 *
 * What is left out, and why nothing is lost by it:
 *
 * - The value of a byte is its offset.  A byte that is lost, repeated or out of
 *   order is one whose value is not the next one.
 * - A MAC is the key that it was made with.  Forging is impossible by that;
 *   what was sent once can be sent again by anybody (network()).
 * - Offsets and epochs do not wrap: they are compared modulo their width, which
 *   KUnit tests.
 * - PING only finds dead transports, see awaits().  Nothing else may need it.
 * - Time.  A timer is a step that is possible when what it waits for cannot
 *   come any more; a retry is possible at once.
 *
 * Bounds and seeded mistakes are macros, given by tools/testing/model.sh.
 */

#define DIALER		0
#define ACCEPTOR	1
#define PEER(me)	(1 - (me))

/* --- bounds ------------------------------------------------------------ */

#ifndef BYTES_D		/* that the dialer's application writes */
#define BYTES_D		1
#endif
#ifndef BYTES_A		/* ... the acceptor's */
#define BYTES_A		1
#endif
#ifndef SNDBUF		/* bytes that are retained at most */
#define SNDBUF		2
#endif
#ifndef WINDOW		/* bytes in the receive queue at most */
#define WINDOW		2
#endif
#ifndef DATA_MAX	/* bytes in one DATA frame */
#define DATA_MAX	2
#endif
#ifndef ROOM		/* frames on the way in one direction of a transport */
#define ROOM		2
#endif
#ifndef SLOTS		/* transports that somebody still has open */
#define SLOTS		3
#endif
#ifndef RESETS		/* transports that the network kills */
#define RESETS		1
#endif
#ifndef REPLAYS		/* frames that somebody sends again */
#define REPLAYS		0
#endif
#ifndef REBOOTS		/* the acceptor's host forgets everything */
#define REBOOTS		0
#endif

/* --- what else may happen, off unless asked for ------------------------- */

#ifndef SILENT		/* one end is not told that its transport is dead */
#define SILENT		0
#endif
#ifndef WRITE_FIRST	/* both applications read only when all is written */
#define WRITE_FIRST	0
#endif
#ifndef CLOSE_D		/* the dialer's application may stop reading */
#define CLOSE_D		0
#endif
#ifndef CLOSE_A		/* ... the acceptor's */
#define CLOSE_A		0
#endif
#ifndef ENDLESS_D	/* the dialer's application writes until it is stopped */
#define ENDLESS_D	0
#endif
#ifndef ENDLESS_A	/* ... the acceptor's */
#define ENDLESS_A	0
#endif
#ifndef REPEATS		/* times that bytes are sent again without need */
#define REPEATS		0
#endif
#ifndef ABORTS		/* an application may cut the session */
#define ABORTS		0
#endif
#ifndef UNLISTEN	/* the acceptor's application may close its listener */
#define UNLISTEN	0
#endif
#ifndef EXPIRES		/* the tombstone may expire */
#define EXPIRES		0
#endif
#ifndef LIAR		/* the dialer's RESUME names any offset */
#define LIAR		0
#endif
#ifndef DROPS		/* transports that an end gives up with what it received */
#define DROPS		0
#endif

/* What a transport can tell of its end. */
#define AS_TCP		0	/* each direction ends alone */
#define AS_SCTP		1	/* both end together, when all has been received */
#define AS_VSOCK	2	/* a direction ends alone, but close() is a reset */
#ifndef TRANSPORT
#define TRANSPORT	AS_TCP
#endif

/* Dials: the first one, and what a loss can cost.  A replayed frame, or a HELLO
 * that comes late, costs the transport that it replaces; who cut the session or
 * forgot it may not be able to say so.
 */
#ifndef DIALS
#define DIALS		(1 + 2 * RESETS + 2 * REPLAYS + ABORTS + REBOOTS + \
			 2 * DROPS + (TRANSPORT == AS_VSOCK))
#endif

/* --- properties: README.rst says what they mean --------------------------- */

hidden byte retention = true;
hidden byte exactly_once = true;
hidden byte ack_is_promise = true;
hidden byte one_live_incarnation = true;
hidden byte drained = true;
hidden byte credit = true;
hidden byte no_silent_restart = true;
hidden byte bounded = true;
hidden byte last_byte = true;
hidden byte survives = true;
hidden byte honest = true;

inline check(property, condition)
{
	property = (condition);
	assert(property)
}

/* Places that must be reached, or what is said about them means nothing. */
#define AT_RESUME_ATTACHED		1
#define AT_RESUME_STALE			2
#define AT_BYTES_AGAIN			3
#define AT_FIN_AGAIN			4
#define AT_STOP_AGAIN			5
#define AT_DUPLICATE_DROPPED		6
#define AT_WELCOME_AGAIN		7
#define AT_HELLO_REFUSED		8
#define AT_TOMB_ANSWERED		9
#define AT_TOMB_EXPIRED			10
#define AT_STOP_TAKEN			11
#define AT_OLD_DRAINED			12
#define AT_RESUME_RANGE			13
#define AT_RESUME_UNKNOWN		14
#define AT_RESET_DURING_RESUME		15
#define AT_FRAME_CUT			17
#define AT_SILENCE_FOUND		18
#define AT_ABORT_TAKEN			19
#define AT_MAC_WRONG			20
#define AT_TIME_WAIT_BOTH		21
#define AT_UNKNOWN_IS_YES		22
#define AT_RESUME_ENDS_SESSION		23
#define AT_PART_IS_OLD			24
#define AT_RECORDED_TAKEN		16
#define AT_UNREAD_DROPPED		25
#define AT_YES_IS_ENOUGH		26
#define AT_SHUTDOWN_ANSWERED		27

/* With PROBES the search prints where it came, once. */
#ifdef PROBES
c_decl { static unsigned char seen[256]; };
hidden byte place;
#endif

inline reached(where)
{
#ifdef PROBES
	place = where;
	c_code {
		if (!seen[place])
			printf("reached: %d\n", place);
		seen[place] = 1;
	}
#else
	skip
#endif
}

/* --- state ------------------------------------------------------------- */

mtype:frame = { HELLO, WELCOME, RESUME, RESUMED, DATA, FIN, STOP, ACK, ABORT };
mtype:state = { NO_SESSION, SYN_SENT, ESTABLISHED, FIN_WAIT1, FIN_WAIT2,
		CLOSING, TIME_WAIT, CLOSE_WAIT, LAST_ACK, CLOSE };
mtype:link = { DOWN, GREETING, LIVE };
mtype:error = { NONE, ECONNRESET, ETIMEDOUT };

#define NO_TRANSPORT	SLOTS
#define NO_FRAME	0

/* An end of the session: struct rsess_sock. */
typedef session {
	mtype:state	state;
	mtype:link	link;
	mtype:error	error;
	mtype:frame	pending;	/* HELLO, WELCOME, RESUME, RESUMED */
	byte		tr;
	byte		epoch;
	byte		key;
	/* sending */
	byte		snd_una;
	byte		snd_nxt;
	byte		snd_max;
	byte		write_seq;
	byte		snd_limit;
	bool		fin_queued;
	bool		fin_sent;
	bool		fin_tried;
	bool		fin_acked;
	bool		stop_queued;
	bool		stop_sent;
	bool		stopped;
	/* receiving */
	byte		rcv_nxt;
	byte		copied_seq;
	byte		limit;
	bool		rcv_fin;
	bool		ack_now;
	/* both */
	bool		hello_only;
	bool		shut;
	bool		orphaned;
	bool		abort_sent;
	/* For the properties alone: bytes that are in the receive queue or have
	 * passed it, and bytes of which nothing is held any more.
	 */
	byte		queued;
	byte		freed;
	byte		staged;		/* BUG_ACK_BEFORE_QUEUEING */
};

/* A connection, as long as one of its ends has it open.  It is in use by the
 * session that has it as its tr, or waits at the listener.
 */
typedef transport {
	bool		used;
	bool		up;		/* else dead: what is sent is lost */
	bool		waiting;	/* at the listener, for its first frame */
	bool		eos[2];		/* end of stream behind the frames to .. */
	bool		silent[2];	/* this end does not hear of its death */
	bool		answered[2];	/* AS_SCTP: its host has all, and said so */
	byte		epoch;		/* for one_live_incarnation */
};

session s[2];
transport tp[SLOTS];

#define FRAME	mtype:frame, byte, byte, byte, byte, byte, byte
chan wire[SLOTS * 2] = [ROOM] of { FRAME };
#define TO(t, end)	wire[2 * (t) + (end)]
#define some(t, end)	(len(TO(t, end)) > 0)
#define none(t, end)	(len(TO(t, end)) == 0)
#define room(t, end)	(len(TO(t, end)) < ROOM)

/* What a step needs in between; all 0 between steps. */
typedef header {
	mtype:frame	type;
	byte		seq;		/* ABORT: the reason */
	byte		length;
	byte		ack;
	byte		limit;
	byte		epoch;		/* RESUME; RESUMED: of the RESUME, by its nonce */
	byte		key;		/* WELCOME; RESUME, RESUMED: the MAC */
};

header f;		/* the frame that is read or made */
header r;		/* the HELLO or RESUME that is answered */
header g;
byte i;
byte old;
byte side;
bool lost;
bool refused;
mtype:frame answer;

bool listening = true;	/* the acceptor's application has its listener */
bool tomb;		/* of s[ACCEPTOR], whose fields it shares */
bool confirmed;		/* the dialer needs it for a yes at most */
bool ghost;		/* a recorded HELLO has opened a session of its own */
bool forgotten;		/* the acceptor's host came up again */
bool aborted;		/* an application cut the session, or the dialer lied */
byte dials;
byte resets;
byte replays;
byte reboots;
byte repeats;
byte drops;
header rec;		/* a RESUME that somebody recorded, if it has a type */

#define KEY		1
#define UNKNOWN		1
#define OTHER		0

#define unsent(me)	(s[me].write_seq - s[me].snd_nxt)
#define readable(me)	(s[me].rcv_nxt - s[me].rcv_fin - s[me].copied_seq)
#ifdef BUG_LIMIT_FROM_RCV_NXT
#define limit_now(me)	(s[me].rcv_nxt + WINDOW)
#else
#define limit_now(me) \
	(s[me].copied_seq + WINDOW > s[me].limit -> \
	 s[me].copied_seq + WINDOW : s[me].limit)
#endif
#define min(a, b)	((a) < (b) -> (a) : (b))

#define READ(c, h) \
	c ? h.type, h.seq, h.length, h.ack, h.limit, h.epoch, h.key
#define WRITE(c, h) \
	c ! h.type, h.seq, h.length, h.ack, h.limit, h.epoch, h.key

inline scrub(h)
{
	d_step {
		h.type = NO_FRAME;
		h.seq = 0;
		h.length = 0;
		h.ack = 0;
		h.limit = 0;
		h.epoch = 0;
		h.key = 0
	}
}

/* --- transports ---------------------------------------------------------- */

#define has_open(t, end) \
	(s[end].tr == (t) || (end == ACCEPTOR && tp[t].waiting))

inline forget_frames(t, end)
{
	do
	:: some(t, end) -> READ(TO(t, end), g)
	:: none(t, end) -> break
	od;
	scrub(g)
}

/* Is there anybody left who has it open? */
inline put(t)
{
	if
	:: !has_open(t, DIALER) && !has_open(t, ACCEPTOR) ->
		forget_frames(t, DIALER);
		forget_frames(t, ACCEPTOR);
		d_step {
			tp[t].used = false;
			tp[t].up = false;
			tp[t].eos[DIALER] = false;
			tp[t].eos[ACCEPTOR] = false;
			tp[t].silent[DIALER] = false;
			tp[t].silent[ACCEPTOR] = false;
			tp[t].answered[DIALER] = false;
			tp[t].answered[ACCEPTOR] = false;
			tp[t].epoch = 0
		}
	:: else
	fi
}

/* Of what was on the way the host of an end had received a part, which can still
 * be read.  The rest is gone.  The cut may go through a frame.
 */
inline lose_tail(t, end)
{
	i = (tp[t].answered[end] -> 0 : len(TO(t, end)));
	do
	:: i > 0 ->
		READ(TO(t, end), g);
		if
		:: !lost -> WRITE(TO(t, end), g)
		:: !lost && g.type == DATA && g.length == 2 ->
			reached(AT_FRAME_CUT);
			g.length = 1;
			WRITE(TO(t, end), g);
			lost = true
		:: lost = true
		fi;
		i--
	:: i == 0 -> break
	od;
	if
	:: tp[t].eos[end] && !tp[t].answered[end] -> tp[t].eos[end] = false
	:: !lost
	:: !tp[t].eos[end]
	fi;
	lost = false;
	scrub(g)
}

inline cut(t)
{
	tp[t].up = false;
	do
	:: side < 2 ->
		if
		:: has_open(t, side) -> lose_tail(t, side)
		:: else
		fi;
		side++
	:: side == 2 -> break
	od;
	side = 0
}

/* close(), as the other end sees it */
inline close(t, other)
{
#if TRANSPORT == AS_VSOCK
	tp[t].up = false
#else
	tp[t].eos[other] = true
#endif
}

/* The session closes what it does not use any more. */
inline link_drop(me, reset)
{
	s[me].link = DOWN;
	s[me].pending = NO_FRAME;
	s[me].ack_now = false;
	s[me].shut = false;
	s[me].staged = 0;
	old = s[me].tr;
	s[me].tr = NO_TRANSPORT;
	if
	:: tp[old].up && (reset) -> cut(old)
	:: tp[old].up && !(reset) -> close(old, PEER(me))
	:: !tp[old].up
	fi;
	forget_frames(old, me);
	put(old);
	old = 0
}

/* --- the end of a session ------------------------------------------------ */

/* An error needs a cause, and a reset is none. */
#define cause		(forgotten || aborted)
#define lied		(LIAR && aborted)

/* Its transport is closed by end(). */
inline session_end(me, err)
{
	if
	:: err == NONE ->
		check(exactly_once, s[me].queued == s[PEER(me)].write_seq ||
				    lied);
		check(exactly_once, s[PEER(me)].queued == s[me].write_seq ||
				    lied)
	:: err != NONE && s[me].rcv_fin && s[PEER(me)].rcv_fin ->
		check(last_byte, cause)
	:: else ->
		check(survives, cause)
	fi;
#ifndef BUG_NO_TOMBSTONE
	/* From LAST_ACK the peer has nothing to ask that needs an answer. */
	tomb = tomb || (me == ACCEPTOR && err == NONE && s[me].state == TIME_WAIT);
#endif
	s[me].state = CLOSE;
	s[me].error = err;
	s[me].pending = NO_FRAME
}

inline event_snd_fin(me)
{
	if
	:: s[me].state == ESTABLISHED -> s[me].state = FIN_WAIT1
	:: s[me].state == CLOSE_WAIT -> s[me].state = LAST_ACK
	:: else
	fi
}

#ifdef BUG_NO_TIME_WAIT
#define time_wait(me)	session_end(me, NONE)
#else
#define time_wait(me)	s[me].state = TIME_WAIT
#endif

inline event_rcv_fin(me)
{
	if
	:: s[me].state == ESTABLISHED -> s[me].state = CLOSE_WAIT
	:: s[me].state == FIN_WAIT1 -> s[me].state = CLOSING
	:: s[me].state == FIN_WAIT2 -> time_wait(me)
	:: else
	fi
}

inline event_fin_acked(me)
{
	if
	:: s[me].state == FIN_WAIT1 -> s[me].state = FIN_WAIT2
	:: s[me].state == CLOSING -> time_wait(me)
	:: s[me].state == LAST_ACK -> session_end(me, NONE)
	:: else
	fi
}

/* The peer needs no more than a yes, if that.  What is answered for it by its host is
 * no word of its session.
 */
#ifdef BUG_HOST_IS_PROOF
#define knows(me)	(me == ACCEPTOR)
#else
#define knows(me)	(me == ACCEPTOR && TRANSPORT == AS_TCP)
#endif

inline released(me)
{
	if
	:: s[PEER(me)].state == TIME_WAIT -> reached(AT_TIME_WAIT_BOTH)
	:: else
	fi;
	confirmed = confirmed || knows(me);
	session_end(me, NONE)
}

/* rsess_link_shuts(): where a direction does not end alone, or close() is no end, the
 * acceptor does it, for a dialer can come back if that gets lost.
 */
#ifdef BUG_BOTH_SHUT
#define shuts(me)	true
#else
#define shuts(me)	(TRANSPORT == AS_TCP || me == ACCEPTOR)
#endif

/* --- acknowledgments ----------------------------------------------------- */

inline free_below(me, offset)
{
	s[me].snd_una = offset;
	if
	:: s[me].snd_nxt < offset -> s[me].snd_nxt = offset
	:: else
	fi;
	if
	:: s[me].freed < offset -> s[me].freed = offset
	:: else
	fi;
	check(retention, s[me].snd_una <= s[PEER(me)].queued || lied)
}

/* The caller has checked the range. */
inline input_acked(me, offset)
{
	if
	:: s[me].fin_tried && offset == s[me].write_seq + 1 ->
		free_below(me, s[me].write_seq);
		if
		:: !s[me].fin_acked ->
			s[me].fin_acked = true;
			event_fin_acked(me)
		:: else
		fi
	:: else -> free_below(me, offset)
	fi
}

#define acked_low(me)	(s[me].snd_una + s[me].fin_acked)

inline rewind(me)
{
	if
	:: s[me].snd_una < s[me].snd_max -> reached(AT_BYTES_AGAIN)
	:: s[me].fin_tried && !s[me].fin_acked -> reached(AT_FIN_AGAIN)
	:: s[me].stop_sent && !s[me].rcv_fin -> reached(AT_STOP_AGAIN)
	:: else
	fi;
	s[me].snd_nxt = s[me].snd_una;
#ifdef BUG_FIN_ONCE
	s[me].fin_sent = s[me].fin_tried;
#else
	s[me].fin_sent = s[me].fin_acked;
#endif
#ifndef BUG_STOP_ONCE
	s[me].stop_sent = false
#endif
}

/* A RESUME or RESUMED says where to continue; it may lie. */
inline link_resume(me, h)
{
#ifndef BUG_OFFSET_TRUSTED
	refused = h.ack < acked_low(me) ||
		  h.ack > s[me].snd_max + s[me].fin_tried ||
		  h.limit < s[me].snd_limit;
#endif
	if
	:: refused -> reached(AT_RESUME_RANGE)
	:: else ->
		s[me].snd_limit = h.limit;
		input_acked(me, h.ack);
		if
		:: s[me].state == CLOSE -> reached(AT_RESUME_ENDS_SESSION)
		:: else -> rewind(me)
		fi
	fi
}

/* --- frames in ----------------------------------------------------------- */

inline input_abort(me)
{
	reached(AT_ABORT_TAKEN);
	if
	:: s[me].state == TIME_WAIT ->
		if
		:: f.seq == UNKNOWN -> reached(AT_UNKNOWN_IS_YES)
		:: else
		fi;
		released(me)
	:: else -> session_end(me, ECONNRESET)
	fi
}

/* Bytes for the reader, but for the first ones of them. */
inline queue_data(me, have)
{
	i = f.length - (have);
#ifdef BUG_ACK_BEFORE_QUEUEING
	s[me].staged = s[me].staged + i;
#else
	check(exactly_once, f.seq + (have) == s[me].queued);
	s[me].queued = s[me].queued + i;
#endif
	s[me].rcv_nxt = s[me].rcv_nxt + i;
	i = 0;
	if
	:: s[me].stop_queued ->
		s[me].copied_seq = s[me].rcv_nxt
	:: else
	fi;
	s[me].ack_now = true;
	check(bounded, s[me].rcv_nxt - s[me].copied_seq <= WINDOW)
}

inline input_data(me)
{
	if
	:: f.seq > s[me].rcv_nxt ->
		check(exactly_once, false)	/* a hole */
#ifndef BUG_NO_CREDIT
	:: f.seq <= s[me].rcv_nxt && f.seq + f.length > s[me].limit ->
		check(credit, false)
#endif
	:: f.seq + f.length <= s[me].rcv_nxt ->
		reached(AT_DUPLICATE_DROPPED);
		s[me].ack_now = true;
#ifdef BUG_DUPLICATE_KEPT
		queue_data(me, 0)
#endif
	:: else ->
		check(honest, !s[me].rcv_fin);
		if
		:: f.seq < s[me].rcv_nxt -> reached(AT_PART_IS_OLD)
		:: else
		fi;
		queue_data(me, s[me].rcv_nxt - f.seq)
	fi
}

inline input_fin(me)
{
	s[me].ack_now = true;
	if
	:: s[me].rcv_fin -> check(honest, f.seq + 1 == s[me].rcv_nxt)
	:: else ->
		check(exactly_once, f.seq == s[me].rcv_nxt);
		check(exactly_once, s[me].rcv_nxt == s[PEER(me)].write_seq);
		s[me].rcv_fin = true;
		s[me].rcv_nxt++;
		event_rcv_fin(me)
	fi
}

/* What no transport was given will never be wanted. */
inline input_stop(me)
{
	if
	:: s[me].stopped
	:: else ->
		reached(AT_STOP_TAKEN);
		s[me].stopped = true;
		s[me].write_seq = (s[me].snd_nxt > s[me].snd_max ->
				   s[me].snd_nxt : s[me].snd_max);
		s[me].fin_queued = true;
		event_snd_fin(me)
	fi
}

#if REPEATS
#define sent(me)	s[me].snd_max
#else
#define sent(me)	s[me].snd_nxt
#endif

inline input_live(me)
{
	s[me].hello_only = false;
	if
	:: f.type == ABORT -> input_abort(me)
	:: f.type != ABORT ->
		check(honest, f.type >= ACK && f.type <= DATA);
		check(honest, acked_low(me) <= f.ack &&
			      f.ack <= sent(me) + s[me].fin_sent);
		check(honest, s[me].snd_limit <= f.limit);
		s[me].snd_limit = f.limit;
		input_acked(me, f.ack);
		if
		:: s[me].state == CLOSE		/* that was all it needed */
		:: s[me].state != CLOSE && f.type == DATA -> input_data(me)
		:: s[me].state != CLOSE && f.type == FIN -> input_fin(me)
		:: s[me].state != CLOSE && f.type == STOP -> input_stop(me)
		:: s[me].state != CLOSE && f.type == ACK
		fi
	fi
}

/* RESUME has said that all was received. */
#ifdef BUG_YES_NOT_ENOUGH
#define enough(me)	false
#else
#define enough(me)	(!shuts(me))
#endif

/* The dialer awaits its answer. */
inline input_greeting(me)
{
	if
	:: f.type == ABORT -> input_abort(me)
	:: f.type == WELCOME && s[me].state == SYN_SENT ->
		check(honest, f.ack == s[me].snd_una);
		s[me].key = f.key;
		s[me].snd_limit = f.limit;
		s[me].link = LIVE;
		s[me].state = ESTABLISHED
	:: f.type == RESUMED && s[me].state == TIME_WAIT && enough(me) ->
		reached(AT_YES_IS_ENOUGH);
		check(honest, f.key == s[me].key && f.epoch == s[me].epoch);
		released(me)
	:: f.type == RESUMED && s[me].state != SYN_SENT &&
	   !(s[me].state == TIME_WAIT && enough(me)) ->
		check(honest, f.key == s[me].key && f.epoch == s[me].epoch);
		s[me].link = LIVE;
		link_resume(me, f);
		check(honest, !refused);
#ifndef BUG_CREDIT_FORGOTTEN
		/* The reader may have made room since RESUME was sent. */
		if
		:: s[me].state != CLOSE && limit_now(me) > s[me].limit ->
			s[me].ack_now = true
		:: else
		fi
#endif
	:: else -> check(honest, false)
	fi
}

inline receive(me)
{
	READ(TO(s[me].tr, me), f);
	check(one_live_incarnation, tp[s[me].tr].epoch == s[me].epoch);
	if
	:: s[me].link == GREETING -> input_greeting(me)
	:: s[me].link == LIVE -> input_live(me)
	fi;
	scrub(f)
}

/* --- frames out ---------------------------------------------------------- */

#ifdef BUG_CREDIT_IGNORED
#define may_send(me)	DATA_MAX
#elif defined(BUG_NO_CREDIT)
#define may_send(me)	DATA_MAX
#else
#define may_send(me)	(s[me].snd_limit - s[me].snd_nxt)
#endif

#define data_next(me)	(unsent(me) > 0 && may_send(me) > 0)
#define fin_next(me) \
	(s[me].fin_queued && !s[me].fin_sent && unsent(me) == 0)
#define stop_next(me) \
	(s[me].stop_queued && !s[me].stop_sent && s[me].fin_sent && \
	 !s[me].rcv_fin)
#define something_to_send(me) \
	(s[me].pending != NO_FRAME || \
	 (s[me].link == LIVE && (data_next(me) || fin_next(me) || \
				 stop_next(me) || s[me].ack_now)))
/* A dead transport takes all there is. */
#define has_room(me) \
	(!tp[s[me].tr].up || !has_open(s[me].tr, PEER(me)) || \
	 room(s[me].tr, PEER(me)))

/* Nothing goes behind a SHUTDOWN of the other end. */
#define ended(me)	(TRANSPORT == AS_SCTP && tp[s[me].tr].eos[me])

/* It claims to have lost what it acknowledged, or to have what was never sent,
 * and goes.
 */
inline lie()
{
	if
	:: true
	:: f.ack > 0 -> f.ack--; aborted = true
	:: f.ack++; aborted = true
	fi
}

/* Every frame tells what is acknowledged and how far the peer may send. */
inline transmit(me, frame)
{
	s[me].limit = limit_now(me);
	s[me].ack_now = false;
	f.type = frame;
	f.ack = s[me].rcv_nxt;
	f.limit = s[me].limit;
	check(ack_is_promise, f.ack <= s[me].queued + s[me].rcv_fin);
#if LIAR
	if
	:: frame == RESUME -> lie()
	:: else
	fi;
#endif
	if
	:: tp[s[me].tr].up && has_open(s[me].tr, PEER(me)) && !ended(me) ->
		WRITE(TO(s[me].tr, PEER(me)), f)
	:: else
	fi
}

inline record()
{
	if
	:: true
	:: rec.type = RESUME;
	   rec.ack = f.ack;
	   rec.limit = f.limit;
	   rec.epoch = f.epoch;
	   rec.key = f.key
	fi
}

inline push_pending(me)
{
	if
	:: s[me].pending == WELCOME -> f.key = s[me].key
	:: s[me].pending == RESUME || s[me].pending == RESUMED ->
		f.key = s[me].key;
		f.epoch = s[me].epoch
	:: s[me].pending == HELLO
	fi;
	transmit(me, s[me].pending);
	if
	:: REPLAYS > 0 && f.type == RESUME -> record()
	:: else
	fi;
	s[me].pending = NO_FRAME
}

inline push_data(me)
{
	f.seq = s[me].snd_nxt;
	f.length = min(unsent(me), may_send(me));
	f.length = min(f.length, DATA_MAX);
	check(retention, s[me].freed <= f.seq &&
			 f.seq + f.length <= s[me].write_seq);
	s[me].snd_nxt = s[me].snd_nxt + f.length;
	if
	:: s[me].snd_nxt > s[me].snd_max -> s[me].snd_max = s[me].snd_nxt
	:: else
	fi;
#ifdef BUG_FREE_ON_TRANSPORT_ACK
	s[me].freed = s[me].snd_nxt;
#endif
	transmit(me, DATA)
}

/* The next frame: rsess_tx_next() */
inline push(me)
{
	if
	:: s[me].pending != NO_FRAME -> push_pending(me)
	:: s[me].pending == NO_FRAME && data_next(me) -> push_data(me)
	:: s[me].pending == NO_FRAME && !data_next(me) && fin_next(me) ->
		f.seq = s[me].snd_nxt;
		s[me].fin_sent = true;
		s[me].fin_tried = true;
		transmit(me, FIN)
	:: s[me].pending == NO_FRAME && !data_next(me) && !fin_next(me) ->
		if
		:: stop_next(me) ->
			s[me].stop_sent = true;
			transmit(me, STOP)
		:: else -> transmit(me, ACK)
		fi
	fi;
	if
	:: lied && me == DIALER && s[me].state != CLOSE ->
		s[me].abort_sent = true;
		session_end(me, ECONNRESET)
	:: else
	fi;
	scrub(f)
}

/* --- the link ------------------------------------------------------------ */

/* Who waits for something finds out when nothing comes; so does a dialer that
 * waits for nothing, for nobody else can open the next transport.
 */
#ifdef BUG_IDLE_DIALER
#define idle_dialer(me)	false
#else
#define idle_dialer(me)	(me == DIALER)
#endif
#define awaits(me) \
	(s[me].link != LIVE || s[me].snd_una != s[me].snd_nxt || \
	 unsent(me) > 0 || (s[me].fin_sent && !s[me].fin_acked) || \
	 s[me].state == TIME_WAIT || idle_dialer(me))

/* All that had been received is read before the loss is seen. */
#define is_lost(me) \
	(s[me].tr != NO_TRANSPORT && !tp[s[me].tr].up && \
	 none(s[me].tr, me) && (!tp[s[me].tr].silent[me] || awaits(me)))

#define is_eof(me) \
	(s[me].tr != NO_TRANSPORT && tp[s[me].tr].eos[me] && \
	 none(s[me].tr, me))

#ifdef BUG_NO_CREDIT
/* As TCP: what does not fit stays in the transport, and all that is behind. */
#define reads(me) \
	(readable(me) < WINDOW || !TO(s[me].tr, me) ? [DATA,_,_,_,_,_,_])
#else
#define reads(me)	true
#endif

#ifdef BUG_LISTENER_NOT_KEPT
#define tomb_listens	false
#else
#define tomb_listens	(tomb && !confirmed)
#endif
#define reachable \
	(listening || tomb_listens || (s[ACCEPTOR].state != NO_SESSION && \
				       s[ACCEPTOR].state != CLOSE))

inline link_lost(me)
{
	if
	:: tp[s[me].tr].silent[me] -> reached(AT_SILENCE_FOUND)
	:: else
	fi;
	if
	:: s[me].link == GREETING && s[me].state != SYN_SENT ->
		reached(AT_RESET_DURING_RESUME)
	:: else
	fi;
	link_drop(me, s[me].state != CLOSE ||
		      (s[me].error != NONE && !s[me].abort_sent));
	if
	:: me == ACCEPTOR && s[me].state == TIME_WAIT ->
		session_end(me, NONE)	/* the tombstone answers */
	:: else
	fi
}

/* connect(), and at once who we are */
inline dial(t)
{
	check(bounded, dials < DIALS || ghost);
	dials++;
	tp[t].used = true;
	tp[t].up = true;
	tp[t].waiting = true;
	s[DIALER].tr = t;
	s[DIALER].link = GREETING;
	if
	:: s[DIALER].state == SYN_SENT -> s[DIALER].pending = HELLO
	:: else ->
		s[DIALER].epoch++;
		s[DIALER].pending = RESUME
	fi;
	tp[t].epoch = s[DIALER].epoch
}

#define some_slot	(!tp[0].used || !tp[1].used || !tp[SLOTS - 1].used)

inline free_slot(t)
{
	if
	:: !tp[0].used -> t = 0
	:: tp[0].used && !tp[1].used -> t = 1
#if SLOTS > 2
	:: tp[0].used && tp[1].used && !tp[2].used -> t = 2
#endif
	fi
}

/* Nothing can come any more that the session waits for. */
#define nobody_waits \
	(!tp[0].waiting && !tp[1].waiting && !tp[SLOTS - 1].waiting)
#define abandoned(me) \
	(s[me].tr == NO_TRANSPORT && \
	 (me == DIALER -> !reachable || ghost : \
			  s[DIALER].state == CLOSE && nobody_waits))

/* --- an end of the session ----------------------------------------------- */

proctype end(byte me)
{
	byte t;

	do
	:: s[me].state == CLOSE && s[me].tr == NO_TRANSPORT -> break
	:: atomic {
		s[me].state != CLOSE && s[me].tr != NO_TRANSPORT &&
		some(s[me].tr, me) && reads(me) -> receive(me)
	   }
	:: atomic {
		s[me].state != CLOSE && s[me].tr != NO_TRANSPORT &&
		!s[me].shut && something_to_send(me) && has_room(me) ->
			push(me)
	   }
	/* What is confirmed is told: our direction of the transport is done. */
	:: atomic {
		s[me].state == TIME_WAIT && s[me].link == LIVE && shuts(me) &&
		!s[me].shut && !something_to_send(me) ->
			s[me].shut = true;
			if
			:: tp[s[me].tr].up && has_open(s[me].tr, PEER(me)) ->
				tp[s[me].tr].eos[PEER(me)] = true
			:: else
			fi
	   }
	/* The peer's host has received all, its session may read it some time. */
	:: atomic {
		TRANSPORT == AS_SCTP && s[me].tr != NO_TRANSPORT && s[me].shut &&
		tp[s[me].tr].up && !tp[s[me].tr].eos[me] ->
			reached(AT_SHUTDOWN_ANSWERED);
			tp[s[me].tr].answered[PEER(me)] = true;
			tp[s[me].tr].eos[me] = true
	   }
	:: atomic {
		is_eof(me) && s[me].state == TIME_WAIT &&
		s[me].link == LIVE && (s[me].shut || !shuts(me)) ->
			released(me)
	   }
	:: atomic {
		(s[me].state == CLOSE && s[me].tr != NO_TRANSPORT) ||
		is_lost(me) || (is_eof(me) && !(s[me].state == TIME_WAIT &&
						s[me].link == LIVE)) ->
			link_lost(me)
	   }
	:: atomic {
		me == DIALER && s[me].tr == NO_TRANSPORT &&
		s[me].state != CLOSE && reachable && some_slot &&
		(!ghost || dials < DIALS) ->
			free_slot(t);
			dial(t);
			t = 0
	   }
	/* The code never does, another peer may. */
	:: atomic {
		repeats < REPEATS && s[me].snd_una < s[me].snd_nxt &&
		!s[me].fin_sent ->
			repeats++;
			s[me].snd_nxt = s[me].snd_una
	   }
	/* No memory, say. */
	:: atomic {
		drops < DROPS && s[me].link == LIVE && s[me].state != CLOSE &&
		some(s[me].tr, me) ->
			reached(AT_UNREAD_DROPPED);
			drops++;
			link_drop(me, true)
	   }
	/* The timer of the session. */
	:: atomic {
		s[me].state != CLOSE && s[me].state != NO_SESSION &&
		abandoned(me) ->
			if
			:: s[me].state == TIME_WAIT ->
				session_end(me, NONE)
			:: else -> session_end(me, ETIMEDOUT)
			fi
	   }
#ifdef BUG_ACK_BEFORE_QUEUEING
	:: atomic {
		s[me].staged > 0 ->
			s[me].queued = s[me].queued + s[me].staged;
			s[me].staged = 0
	   }
#endif
	:: me == ACCEPTOR && s[me].state == NO_SESSION ->
end_accept:	(s[me].state != NO_SESSION)
	od
}

/* --- the applications ---------------------------------------------------- */

#define can_write(me) \
	((s[me].state == ESTABLISHED || s[me].state == CLOSE_WAIT) && \
	 !s[me].fin_queued)
#define bytes_of(me)	(me == DIALER -> BYTES_D : BYTES_A)

#define endless(me)	(me == DIALER -> ENDLESS_D : ENDLESS_A)

inline session_shutdown(me)
{
	if
	:: !s[me].fin_queued ->
		s[me].fin_queued = true;
		event_snd_fin(me)
	:: else
	fi
}

inline session_cut(me)
{
	aborted = true;
	if
	:: s[me].tr != NO_TRANSPORT && !s[me].shut && has_room(me) ->
		f.seq = OTHER;
		transmit(me, ABORT);
		scrub(f);
		s[me].abort_sent = true
	:: else
	fi;
	session_end(me, ECONNRESET)
}

proctype writer(byte me)
{
end_accept:
	s[me].state != NO_SESSION;
	s[me].state != SYN_SENT;
	do
	:: atomic {
		can_write(me) && s[me].write_seq < bytes_of(me) &&
		s[me].write_seq - s[me].snd_una < SNDBUF ->
			s[me].write_seq++
	   }
	:: atomic {
		ABORTS && !aborted && s[me].state != CLOSE -> session_cut(me)
	   }
	:: atomic {
		!can_write(me) || (s[me].write_seq == bytes_of(me) &&
				   !endless(me)) ->
			if
			:: s[me].state != CLOSE -> session_shutdown(me)
			:: else
			fi;
			break
	   }
	od
}

#define may_close(me)	(me == DIALER -> CLOSE_D : CLOSE_A)

inline copy_byte(me)
{
	check(exactly_once, s[me].copied_seq < s[me].queued);
	s[me].copied_seq++;
	if
	:: limit_now(me) > s[me].limit && s[me].link == LIVE &&
	   !s[me].rcv_fin -> s[me].ack_now = true
	:: else
	fi
}

/* What was not read is dropped, what was written is still delivered. */
inline session_close(me)
{
	s[me].stop_queued = true;
	s[me].copied_seq = s[me].rcv_nxt - s[me].rcv_fin;
	if
	:: !s[me].rcv_fin -> s[me].ack_now = true
	:: else
	fi;
	session_shutdown(me)
}

inline session_orphan(me)
{
	s[me].orphaned = true;
	if
	:: me == ACCEPTOR && s[me].state == TIME_WAIT &&
	   s[me].tr == NO_TRANSPORT -> session_end(me, NONE)
	:: else
	fi
}

proctype reader(byte me)
{
end_accept:
	s[me].state != NO_SESSION;
	!WRITE_FIRST || s[me].fin_queued || s[me].state == CLOSE;
	do
	:: atomic { readable(me) > 0 -> copy_byte(me) }
	:: atomic {
		readable(me) == 0 && s[me].rcv_fin && s[me].fin_queued ->
			break
	   }
	:: atomic { readable(me) == 0 && s[me].state == CLOSE -> break }
	:: atomic {
		may_close(me) && s[me].state != SYN_SENT &&
		s[me].state != CLOSE -> break
	   }
	od;
	atomic {
		if
		:: s[me].state != CLOSE ->
			session_close(me);
			session_orphan(me)
		:: else
		fi
	}
}

/* --- the listener of the acceptor, and its tombstone ---------------------- */

#define session_lives \
	(s[ACCEPTOR].state != NO_SESSION && s[ACCEPTOR].state != CLOSE)
#define authentic	(r.key == s[ACCEPTOR].key)
#ifdef BUG_EPOCH_IGNORED
#define newer		true
#else
#define newer		(r.epoch > s[ACCEPTOR].epoch)
#endif
#ifdef BUG_HELLO_ANY_TIME
#define hello_again	true
#else
#define hello_again	s[ACCEPTOR].hello_only
#endif

#define unread \
	(s[ACCEPTOR].tr != NO_TRANSPORT && some(s[ACCEPTOR].tr, ACCEPTOR))

/* Nothing was sent on it, unless it is closed in order. */
inline forget(t, reset)
{
	tp[t].waiting = false;
	if
	:: tp[t].up && !(reset) -> close(t, DIALER)
	:: tp[t].up && (reset) -> tp[t].up = false
	:: !tp[t].up
	fi;
	forget_frames(t, ACCEPTOR);
	put(t)
}

inline greet_make()
{
	s[ACCEPTOR].state = ESTABLISHED;
	s[ACCEPTOR].key = KEY;
	s[ACCEPTOR].snd_limit = r.limit;
	s[ACCEPTOR].hello_only = true;
	answer = WELCOME
}

/* The peer has none of what a lost WELCOME was sent with. */
inline greet_again()
{
	reached(AT_WELCOME_AGAIN);
	s[ACCEPTOR].snd_nxt = s[ACCEPTOR].snd_una;
	s[ACCEPTOR].fin_sent = false;
	s[ACCEPTOR].stop_sent = false;
	answer = WELCOME
}

inline greet_hello()
{
	if
	:: session_lives ->
		/* What is on the way may have been received. */
		if
		:: unread -> s[ACCEPTOR].hello_only = false
		:: true
		fi;
		if
		:: hello_again -> greet_again()
		:: else -> reached(AT_HELLO_REFUSED)
		fi
	:: s[ACCEPTOR].state == NO_SESSION && listening -> greet_make()
	:: s[ACCEPTOR].state == CLOSE && !tomb &&
	   s[DIALER].state != SYN_SENT ->
		ghost = true		/* another session, another key */
	:: else ->
		f.type = ABORT;
		f.seq = OTHER
	fi
}

/* RESUME of a session that is not there. */
inline greet_ended()
{
	if
	:: tomb && authentic && newer ->
		reached(AT_TOMB_ANSWERED);
		s[ACCEPTOR].epoch = r.epoch;
		f.type = RESUMED;
		f.ack = s[ACCEPTOR].rcv_nxt;
		f.limit = s[ACCEPTOR].limit;
		f.epoch = r.epoch;
		f.key = s[ACCEPTOR].key
	:: tomb && !(authentic && newer) -> reached(AT_RESUME_STALE)
#ifdef BUG_MAC_IGNORED
	:: !tomb && ghost ->
		f.type = RESUMED;
		f.epoch = r.epoch;
		f.key = r.key
#else
	:: !tomb && ghost -> reached(AT_MAC_WRONG)
#endif
#ifdef BUG_SILENT_RESTART
	:: !tomb && !ghost ->
		f.type = RESUMED;
		f.ack = r.seq;
		f.limit = r.limit;
		f.epoch = r.epoch;
		f.key = r.key
#else
	:: !tomb && !ghost ->
		reached(AT_RESUME_UNKNOWN);
		f.type = ABORT;
		f.seq = UNKNOWN
#endif
	fi
}

/* What the old transport had received is read, for the answer promises where
 * the peer is to continue.
 */
inline drain()
{
	if
	:: s[ACCEPTOR].tr != NO_TRANSPORT && tp[s[ACCEPTOR].tr].up ->
		old = s[ACCEPTOR].tr;
		cut(old);
		old = 0
	:: else
	fi;
#ifndef BUG_NOT_DRAINED
	do
	:: unread && session_lives ->
		reached(AT_OLD_DRAINED);
		receive(ACCEPTOR)
	:: !(unread && session_lives) -> break
	od;
#endif
	check(drained, !unread || !session_lives)
}

inline greet_attach()
{
	drain();
	if
	:: session_lives -> link_resume(ACCEPTOR, r)
	:: else
	fi;
	if
	:: refused ->
		check(honest, LIAR);
		session_end(ACCEPTOR, ECONNRESET);
		f.type = ABORT;
		f.seq = OTHER
	:: !refused && session_lives ->
		reached(AT_RESUME_ATTACHED);
		s[ACCEPTOR].hello_only = false;
		answer = RESUMED
	:: !refused && !session_lives
	fi
}

inline greet_resume(t)
{
	if
	:: session_lives && authentic && newer ->
		if
		:: !has_open(t, DIALER) -> reached(AT_RECORDED_TAKEN)
		:: else
		fi;
		greet_attach()
	:: session_lives && !(authentic && newer) -> reached(AT_RESUME_STALE)
	:: !session_lives
	fi;
	if
	:: !session_lives && !refused -> greet_ended()
	:: else
	fi;
	refused = false
}

inline attach(t)
{
	check(one_live_incarnation, tp[t].epoch > s[ACCEPTOR].epoch ||
				    (answer == WELCOME &&
				     s[ACCEPTOR].epoch == 0));
	if
	:: s[ACCEPTOR].tr != NO_TRANSPORT -> link_drop(ACCEPTOR, true)
	:: else
	fi;
	tp[t].waiting = false;
	s[ACCEPTOR].tr = t;
	s[ACCEPTOR].epoch = tp[t].epoch;
	s[ACCEPTOR].link = LIVE;
	s[ACCEPTOR].pending = answer
}

inline greet(t)
{
	READ(TO(t, ACCEPTOR), r);
	if
	:: r.type == HELLO -> greet_hello()
	:: r.type == RESUME -> greet_resume(t)
	:: else				/* ABORT */
	fi;
	check(no_silent_restart, !forgotten || (answer != RESUMED &&
						f.type != RESUMED));
	if
	:: answer != NO_FRAME -> attach(t)
	:: else ->
		if
		:: f.type != NO_FRAME && tp[t].up && has_open(t, DIALER) ->
			WRITE(TO(t, DIALER), f)
		:: else
		fi;
		forget(t, f.type == NO_FRAME)
	fi;
	answer = NO_FRAME;
	scrub(f);
	scrub(r)
}

#define first_frame(t)	(tp[t].waiting && some(t, ACCEPTOR))
#define no_frame(t) \
	(tp[t].waiting && none(t, ACCEPTOR) && \
	 (!tp[t].up || tp[t].eos[ACCEPTOR]))

proctype listener()
{
	byte t;

end_listener:
	do
	:: atomic {
		if
		:: first_frame(0) -> t = 0
		:: first_frame(1) -> t = 1
#if SLOTS > 2
		:: first_frame(2) -> t = 2
#endif
		fi;
		greet(t);
		t = 0
	   }
	:: atomic {
		if
		:: no_frame(0) -> t = 0
		:: no_frame(1) -> t = 1
#if SLOTS > 2
		:: no_frame(2) -> t = 2
#endif
		fi;
		forget(t, true);
		t = 0
	   }
	:: atomic { UNLISTEN && listening && s[ACCEPTOR].state != NO_SESSION ->
		listening = false
	   }
	/* It lives as long as a dialer may need it for more than a yes. */
	:: atomic {
#ifndef BUG_TOMBSTONE_TOO_SHORT
		(s[DIALER].state == CLOSE || s[DIALER].state == TIME_WAIT) &&
#endif
		tomb && EXPIRES ->
			reached(AT_TOMB_EXPIRED);
			tomb = false
	   }
	od
}

/* --- what the network and strangers do ------------------------------------ */

inline silence(t)
{
	if
	:: true
	:: SILENT && has_open(t, DIALER) -> tp[t].silent[DIALER] = true
	:: SILENT && has_open(t, ACCEPTOR) -> tp[t].silent[ACCEPTOR] = true
	fi
}

/* Somebody connects, sends what was recorded, and goes. */
inline replay(t)
{
	replays++;
	tp[t].used = true;
	tp[t].waiting = true;
	if
	:: rec.type == RESUME ->
		tp[t].epoch = rec.epoch;
		WRITE(TO(t, ACCEPTOR), rec)
	:: f.type = HELLO;
	   f.limit = WINDOW;
	   WRITE(TO(t, ACCEPTOR), f);
	   scrub(f)
	fi
}

inline reboot()
{
	forgotten = true;
	tomb = false;
	do
	:: i < SLOTS && tp[i].waiting -> forget(i, true)
	:: i < SLOTS && !tp[i].waiting -> i++
	:: i == SLOTS -> break
	od;
	i = 0;
	if
	:: s[ACCEPTOR].state != CLOSE -> session_end(ACCEPTOR, ECONNRESET)
	:: else
	fi
}

proctype network()
{
	byte t;

end_network:
	do
	:: atomic {
		if
		:: resets < RESETS && tp[0].up -> t = 0
		:: resets < RESETS && tp[1].up -> t = 1
#if SLOTS > 2
		:: resets < RESETS && tp[2].up -> t = 2
#endif
		fi;
		resets++;
		cut(t);
		silence(t);
		t = 0
	   }
	:: atomic {
		replays < REPLAYS && s[ACCEPTOR].state != NO_SESSION &&
		some_slot ->
			free_slot(t);
			replay(t);
			t = 0
	   }
	:: atomic {
		reboots < REBOOTS && s[ACCEPTOR].state != NO_SESSION ->
			reboots++;
			reboot()
	   }
	/* Or no more of it. */
	:: atomic {
		resets < RESETS || replays < REPLAYS || reboots < REBOOTS ->
			resets = RESETS;
			replays = REPLAYS;
			reboots = REBOOTS
	   }
	od
}

init {
	atomic {
		s[DIALER].state = SYN_SENT;
		s[DIALER].link = DOWN;
		s[DIALER].error = NONE;
		s[DIALER].tr = NO_TRANSPORT;
		s[ACCEPTOR].state = NO_SESSION;
		s[ACCEPTOR].link = DOWN;
		s[ACCEPTOR].error = NONE;
		s[ACCEPTOR].tr = NO_TRANSPORT;
		run end(DIALER);
		run end(ACCEPTOR);
		run writer(DIALER);
		run writer(ACCEPTOR);
		run reader(DIALER);
		run reader(ACCEPTOR);
		run listener();
		run network()
	}
}

#ifdef LIVENESS
#define over	(s[DIALER].state == CLOSE && s[ACCEPTOR].state == CLOSE)
ltl progress { <> over }
#endif
