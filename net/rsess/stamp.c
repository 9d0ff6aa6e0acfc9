// SPDX-License-Identifier: GPL-2.0
/*
 * Receive timestamps: SO_TIMESTAMP, SO_TIMESTAMPNS and SO_TIMESTAMPING.
 *
 * The outer socket has the kernel take the time of all packets, as any socket does that has
 * one of these options.  So the time is in the skbs that a transport gives, and goes with
 * them into the receive queue.  Bytes that are gathered in one skb have the time of the
 * last of them, as in TCP.
 */
#include <linux/ktime.h>
#include <linux/netdevice.h>
#include <linux/sockptr.h>
#include <net/sock.h>
#include "stamp.h"

/**
 * rsess_stamp_inherit() - the kernel takes the time of packets for one more socket
 * @sk: socket, locked or not visible yet
 * @from: the one that it has its options from
 *
 * The end of @sk gives that back.
 */
void rsess_stamp_inherit(struct sock *sk, const struct sock *from)
{
	unsigned long flags = from->sk_flags & SK_FLAGS_TIMESTAMP;

	if (!flags)
		return;
	if (!(sk->sk_flags & SK_FLAGS_TIMESTAMP))
		net_enable_timestamp();
	sk->sk_flags |= flags;
}

static bool rsess_stamp_is_there(const struct sk_buff *skb)
{
	return skb->tstamp || skb_shinfo(skb)->hwtstamps.hwtstamp;
}

/**
 * rsess_stamp_copy() - an skb gets bytes of another one
 * @to: the skb
 * @from: the other one; without a time @to keeps what it has
 */
void rsess_stamp_copy(struct sk_buff *to, const struct sk_buff *from)
{
	if (!rsess_stamp_is_there(from))
		return;
	to->tstamp = from->tstamp;
	skb_hwtstamps(to)->hwtstamp = skb_shinfo(from)->hwtstamps.hwtstamp;
}

/* Does the application want to know? */
static bool rsess_stamp_is_wanted(const struct sock *sk)
{
	return sock_flag(sk, SOCK_RCVTSTAMP) || READ_ONCE(sk->sk_tsflags);
}

/**
 * rsess_stamp_note() - a call hands out bytes of an skb
 * @sk: outer socket, locked
 * @skb: the skb
 * @last: the last one before it that has a time, or NULL; becomes @skb if that has one,
 *	with a reference, for rsess_stamp_tell()
 */
void rsess_stamp_note(const struct sock *sk, struct sk_buff *skb,
		      struct sk_buff **last)
{
	if (!rsess_stamp_is_wanted(sk) || !rsess_stamp_is_there(skb))
		return;
	consume_skb(*last);
	*last = skb_get(skb);
}

/**
 * rsess_stamp_tell() - tell when the last bytes of a call were received
 * @sk: outer socket, locked
 * @msg: for the control messages
 * @last: from rsess_stamp_note(); its reference is given back.  NULL: nothing is known
 */
void rsess_stamp_tell(struct sock *sk, struct msghdr *msg,
		      struct sk_buff *last)
{
	if (!last)
		return;
	__sock_recv_timestamp(msg, sk, last);
	consume_skb(last);
}

/**
 * rsess_stamp_ask() - have an inner socket tell the time in its recvmsg()
 * @inner: inner socket of a transport that copies, not locked
 * @sk: its outer socket, or NULL
 *
 * Both times in one control message, whatever the application wants.
 *
 * Context: may sleep.
 */
void rsess_stamp_ask(struct socket *inner, const struct sock *sk)
{
	int flags = 0;

	if (sk && rsess_stamp_is_wanted(sk))
		flags = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RAW_HARDWARE;
	if (READ_ONCE(inner->sk->sk_tsflags) != flags)
		sock_setsockopt(inner, SOL_SOCKET, SO_TIMESTAMPING_OLD,
				KERNEL_SOCKPTR(&flags), sizeof(flags));
}

static ktime_t rsess_stamp_time(const struct __kernel_old_timespec *ts)
{
	return ktime_set(ts->tv_sec, ts->tv_nsec);
}

/**
 * rsess_stamp_take() - an skb has what recvmsg() of an inner socket gave
 * @skb: new skb
 * @control: control messages, %RSESS_STAMP_CONTROL bytes
 * @len: bytes that were written there
 */
void rsess_stamp_take(struct sk_buff *skb, const void *control, size_t len)
{
	const struct scm_timestamping *tss;
	const struct cmsghdr *cmsg = control;

	if (len < CMSG_LEN(sizeof(*tss)) || cmsg->cmsg_level != SOL_SOCKET ||
	    cmsg->cmsg_type != SO_TIMESTAMPING_OLD)
		return;
	tss = CMSG_DATA(cmsg);
	skb->tstamp = rsess_stamp_time(&tss->ts[0]);
	skb_hwtstamps(skb)->hwtstamp = rsess_stamp_time(&tss->ts[2]);
}
