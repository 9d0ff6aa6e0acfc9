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
		{ RSESS_REASON_SYN_LOST,	"syn_lost" })

/* A transport ended, or did not come up. */
TRACE_EVENT(rsess_transport_lost,
	TP_PROTO(const struct sock *sk, u32 epoch, u8 link, int err,
		 const char *why),
	TP_ARGS(sk, epoch, link, err, why),
	TP_STRUCT__entry(
		__field(const void *, sk)
		__field(u32, epoch)
		__field(u8, link)
		__field(int, err)
		__string(why, why)
	),
	TP_fast_assign(
		__entry->sk = sk;
		__entry->epoch = epoch;
		__entry->link = link;
		__entry->err = err;
		RSESS_ASSIGN_STR(why, why);
	),
	TP_printk("sk=%p epoch=%u link=%s err=%d why=%s", __entry->sk,
		  __entry->epoch, show_rsess_link(__entry->link), __entry->err,
		  __get_str(why))
);

/* A transport was attached by RESUME. */
TRACE_EVENT(rsess_resume,
	TP_PROTO(const struct sock *sk, u32 epoch, u64 snd_una, u64 rcv_nxt),
	TP_ARGS(sk, epoch, snd_una, rcv_nxt),
	TP_STRUCT__entry(
		__field(const void *, sk)
		__field(u32, epoch)
		__field(u64, snd_una)
		__field(u64, rcv_nxt)
	),
	TP_fast_assign(
		__entry->sk = sk;
		__entry->epoch = epoch;
		__entry->snd_una = snd_una;
		__entry->rcv_nxt = rcv_nxt;
	),
	TP_printk("sk=%p epoch=%u snd_una=%llu rcv_nxt=%llu", __entry->sk,
		  __entry->epoch, __entry->snd_una, __entry->rcv_nxt)
);

/* Bytes will be sent again. */
TRACE_EVENT(rsess_retransmit,
	TP_PROTO(const struct sock *sk, u64 seq, u64 len),
	TP_ARGS(sk, seq, len),
	TP_STRUCT__entry(
		__field(const void *, sk)
		__field(u64, seq)
		__field(u64, len)
	),
	TP_fast_assign(
		__entry->sk = sk;
		__entry->seq = seq;
		__entry->len = len;
	),
	TP_printk("sk=%p seq=%llu len=%llu", __entry->sk, __entry->seq,
		  __entry->len)
);

/* The application gets the plain transport. */
TRACE_EVENT(rsess_fallback,
	TP_PROTO(const struct sock *sk, u32 reason),
	TP_ARGS(sk, reason),
	TP_STRUCT__entry(
		__field(const void *, sk)
		__field(u32, reason)
	),
	TP_fast_assign(
		__entry->sk = sk;
		__entry->reason = reason;
	),
	TP_printk("sk=%p reason=%s", __entry->sk,
		  show_rsess_reason(__entry->reason))
);

/* A session is over. */
TRACE_EVENT(rsess_session_end,
	TP_PROTO(const struct sock *sk, u32 reason, int err),
	TP_ARGS(sk, reason, err),
	TP_STRUCT__entry(
		__field(const void *, sk)
		__field(u32, reason)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->sk = sk;
		__entry->reason = reason;
		__entry->err = err;
	),
	TP_printk("sk=%p reason=%s err=%d", __entry->sk,
		  show_rsess_reason(__entry->reason), __entry->err)
);

#endif /* _TRACE_RSESS_H */

#include <trace/define_trace.h>
