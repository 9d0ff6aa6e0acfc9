/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM rsess

#if !defined(_TRACE_RSESS_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_RSESS_H

#include <linux/tracepoint.h>
#include <net/sock.h>
#include <uapi/linux/rsess.h>

#define show_rsess_link(link)						\
	__print_symbolic(link,						\
		{ RSESS_LINK_NONE,	"none" },			\
		{ RSESS_LINK_DIALING,	"dialing" },			\
		{ RSESS_LINK_GREETING,	"greeting" },			\
		{ RSESS_LINK_LIVE,	"live" })

#define show_rsess_reason(reason)					\
	__print_symbolic(reason,					\
		{ RSESS_REASON_UNKNOWN,		"unknown" },		\
		{ RSESS_REASON_AUTH,		"auth" },		\
		{ RSESS_REASON_PROTOCOL,	"protocol" },		\
		{ RSESS_REASON_VERSION,		"version" },		\
		{ RSESS_REASON_APP,		"app" },		\
		{ RSESS_REASON_ADMIN,		"admin" },		\
		{ RSESS_REASON_RESOURCES,	"resources" },		\
		{ RSESS_REASON_TIMEOUT,		"timeout" },		\
		{ RSESS_REASON_REFUSED,		"refused" },		\
		{ RSESS_REASON_CLOSED,		"closed" },		\
		{ RSESS_REASON_CONNECT,		"connect" },		\
		{ RSESS_REASON_PLAIN_PEER,	"plain_peer" },		\
		{ RSESS_REASON_NO_HELLO,	"no_hello" },		\
		{ RSESS_REASON_BLACKHOLE,	"blackhole" },		\
		{ RSESS_REASON_OFF,		"off" },		\
		{ RSESS_REASON_SYN_LOST,	"syn_lost" },		\
		{ RSESS_REASON_DRAIN,		"drain" })

#define show_rsess_wire_error(error)					\
	__print_symbolic(error,						\
		{ RSESS_WIRE_TYPE,		"type" },		\
		{ RSESS_WIRE_FLAGS,		"flags" },		\
		{ RSESS_WIRE_RESERVED,		"reserved" },		\
		{ RSESS_WIRE_LENGTH,		"length" },		\
		{ RSESS_WIRE_PAYLOAD,		"payload" },		\
		{ RSESS_WIRE_VERSION,		"version" })

/* Whose event it is: what each of them begins with.  Where there is no session yet, or none
 * any more, the id is 0.  An address of IPv4 is mapped, and of AF_VSOCK it is the CID.
 */
#define RSESS_TRACE_WHO							\
		__field(const void *, sk)				\
		__field(__u32, netns)					\
		__field(__u16, family)					\
		__field(__u32, sport)					\
		__field(__u32, dport)					\
		__array(__u8, saddr, 16)				\
		__array(__u8, daddr, 16)				\
		__array(__u8, id, RSESS_ID_LEN)

/* @outer or @inner may be NULL. */
#define RSESS_TRACE_ASSIGN_WHO(outer, inner)				\
		do {							\
			struct rsess_trace_who who;			\
									\
			rsess_trace_who(&who, outer, inner);		\
			__entry->sk = (outer) ?: (inner);		\
			__entry->netns = who.netns;			\
			__entry->family = who.family;			\
			__entry->sport = who.sport;			\
			__entry->dport = who.dport;			\
			memcpy(__entry->saddr, &who.saddr, 16);		\
			memcpy(__entry->daddr, &who.daddr, 16);		\
			memcpy(__entry->id, who.id, RSESS_ID_LEN);	\
		} while (0)

#define RSESS_TRACE_FORMAT						\
	"sk=%p id=%s netns=%u family=%u saddr=%pI6c sport=%u daddr=%pI6c dport=%u "

#define RSESS_TRACE_VALUES						\
	__entry->sk, __print_hex_str(__entry->id, RSESS_ID_LEN),	\
	__entry->netns, __entry->family, __entry->saddr,		\
	__entry->sport, __entry->daddr, __entry->dport

/* Both sides have agreed on a session. */
TRACE_EVENT(rsess_session_new,
	TP_PROTO(const struct sock *sk, bool dialer, bool tagged),
	TP_ARGS(sk, dialer, tagged),
	TP_STRUCT__entry(
		RSESS_TRACE_WHO
		__field(__u8, dialer)
		__field(__u8, tagged)
	),
	TP_fast_assign(
		RSESS_TRACE_ASSIGN_WHO(sk, NULL);
		__entry->dialer = dialer;
		__entry->tagged = tagged;
	),
	TP_printk(RSESS_TRACE_FORMAT "role=%s tagged=%d", RSESS_TRACE_VALUES,
		  __entry->dialer ? "dialer" : "acceptor", __entry->tagged)
);

/* A transport ended, or did not come up. */
TRACE_EVENT(rsess_transport_lost,
	TP_PROTO(const struct sock *sk, u32 epoch, u8 link, int err,
		 const char *why),
	TP_ARGS(sk, epoch, link, err, why),
	TP_STRUCT__entry(
		RSESS_TRACE_WHO
		__field(__u32, epoch)
		__field(__u8, link)
		__field(int, err)
		__string(why, why)
	),
	TP_fast_assign(
		RSESS_TRACE_ASSIGN_WHO(sk, NULL);
		__entry->epoch = epoch;
		__entry->link = link;
		__entry->err = err;
		RSESS_ASSIGN_STR(why, why);
	),
	TP_printk(RSESS_TRACE_FORMAT "epoch=%u link=%s err=%d why=%s",
		  RSESS_TRACE_VALUES, __entry->epoch,
		  show_rsess_link(__entry->link), __entry->err, __get_str(why))
);

/* A transport was attached by RESUME. */
TRACE_EVENT(rsess_resume,
	TP_PROTO(const struct sock *sk, u32 epoch, u64 snd_una, u64 rcv_nxt),
	TP_ARGS(sk, epoch, snd_una, rcv_nxt),
	TP_STRUCT__entry(
		RSESS_TRACE_WHO
		__field(__u32, epoch)
		__field(__u64, snd_una)
		__field(__u64, rcv_nxt)
	),
	TP_fast_assign(
		RSESS_TRACE_ASSIGN_WHO(sk, NULL);
		__entry->epoch = epoch;
		__entry->snd_una = snd_una;
		__entry->rcv_nxt = rcv_nxt;
	),
	TP_printk(RSESS_TRACE_FORMAT "epoch=%u snd_una=%llu rcv_nxt=%llu",
		  RSESS_TRACE_VALUES, __entry->epoch, __entry->snd_una,
		  __entry->rcv_nxt)
);

/* Bytes will be sent again. */
TRACE_EVENT(rsess_retransmit,
	TP_PROTO(const struct sock *sk, u64 seq, u64 len),
	TP_ARGS(sk, seq, len),
	TP_STRUCT__entry(
		RSESS_TRACE_WHO
		__field(__u64, seq)
		__field(__u64, len)
	),
	TP_fast_assign(
		RSESS_TRACE_ASSIGN_WHO(sk, NULL);
		__entry->seq = seq;
		__entry->len = len;
	),
	TP_printk(RSESS_TRACE_FORMAT "seq=%llu len=%llu", RSESS_TRACE_VALUES,
		  __entry->seq, __entry->len)
);

/* The codec has refused a frame, its header or its payload. */
TRACE_EVENT(rsess_frame_refused,
	TP_PROTO(const struct sock *sk, const struct sock *inner, u8 type,
		 u8 flags, u32 length, u32 error),
	TP_ARGS(sk, inner, type, flags, length, error),
	TP_STRUCT__entry(
		RSESS_TRACE_WHO
		__field(__u8, type)
		__field(__u8, flags)
		__field(__u32, length)
		__field(__u32, error)
	),
	TP_fast_assign(
		RSESS_TRACE_ASSIGN_WHO(sk, inner);
		__entry->type = type;
		__entry->flags = flags;
		__entry->length = length;
		__entry->error = error;
	),
	TP_printk(RSESS_TRACE_FORMAT "type=%u flags=0x%x length=%u error=%s",
		  RSESS_TRACE_VALUES, __entry->type, __entry->flags,
		  __entry->length, show_rsess_wire_error(__entry->error))
);

/* The application gets the plain transport. */
TRACE_EVENT(rsess_fallback,
	TP_PROTO(const struct sock *sk, u32 reason),
	TP_ARGS(sk, reason),
	TP_STRUCT__entry(
		RSESS_TRACE_WHO
		__field(__u32, reason)
	),
	TP_fast_assign(
		RSESS_TRACE_ASSIGN_WHO(NULL, sk);
		__entry->reason = reason;
	),
	TP_printk(RSESS_TRACE_FORMAT "reason=%s", RSESS_TRACE_VALUES,
		  show_rsess_reason(__entry->reason))
);

/* A session is over. */
TRACE_EVENT(rsess_session_end,
	TP_PROTO(const struct sock *sk, u32 reason, int err),
	TP_ARGS(sk, reason, err),
	TP_STRUCT__entry(
		RSESS_TRACE_WHO
		__field(__u32, reason)
		__field(int, err)
	),
	TP_fast_assign(
		RSESS_TRACE_ASSIGN_WHO(sk, NULL);
		__entry->reason = reason;
		__entry->err = err;
	),
	TP_printk(RSESS_TRACE_FORMAT "reason=%s err=%d", RSESS_TRACE_VALUES,
		  show_rsess_reason(__entry->reason), __entry->err)
);

#endif /* _TRACE_RSESS_H */

#include <trace/define_trace.h>
