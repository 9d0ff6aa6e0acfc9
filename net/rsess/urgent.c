// SPDX-License-Identifier: GPL-2.0
/*
 * Urgent data.  The sender remembers where its last urgent byte ends (snd_up); the
 * DATA frame that has this byte ends with it and says so, over any transport.  The
 * receiver remembers the offset of the last one that came (urg_seq), and the byte.
 * It stays in the queue and takes its offset, and the reader steps over it.
 *
 * Unlike TCP's, the mark comes with its byte and not before it.
 */
#include "recvq.h"
#include "urgent.h"

/**
 * rsess_urgent_cut() - let a frame end with the urgent byte
 * @rs: session, locked
 * @len: bytes that can be sent from snd_nxt on
 * @flags: of the frame; %RSESS_F_URGENT is added if it has the byte
 *
 * Return: how many bytes the frame shall have.
 */
u32 rsess_urgent_cut(struct rsess_sock *rs, u32 len, u8 *flags)
{
	u64 seq = rs->sq.snd_nxt;

	if (!rs->urgent || !rsess_after(rs->snd_up, seq) ||
	    rsess_after(rs->snd_up, seq + len))
		return len;
	*flags |= RSESS_F_URGENT;
	return rs->snd_up - seq;
}

/**
 * rsess_urgent_arrived() - the last byte that was queued is urgent
 * @rs: session, locked
 * @byte: its value
 *
 * One before it that was not read belongs to the stream from now on, unless it is
 * what would be read next.
 */
void rsess_urgent_arrived(struct rsess_sock *rs, u8 byte)
{
	if (rsess_urgent_hole(rs))
		rsess_urgent_skip(rs);
	rs->urg_byte = byte;
	WRITE_ONCE(rs->urg_seq, rs->credit.rcv_nxt - 1);
	WRITE_ONCE(rs->urg_state, RSESS_URG_VALID);
}

/**
 * rsess_urgent_tell() - tell the application of an urgent byte
 * @rs: session, locked
 */
void rsess_urgent_tell(struct rsess_sock *rs)
{
	struct sock *sk = rsess_to_sk(rs);

	sk_send_sigurg(sk);
	if (!sock_flag(sk, SOCK_DEAD))
		sk->sk_data_ready(sk);
}

/**
 * rsess_urgent_limit() - bytes that may be read at once
 * @rs: session, locked
 * @seq: offset of the first of them
 * @len: bytes that are wanted
 *
 * Return: @len, or fewer if the mark is among them.
 */
u32 rsess_urgent_limit(const struct rsess_sock *rs, u64 seq, u32 len)
{
	if (!rs->urg_state || !rsess_after(rs->urg_seq, seq))
		return len;
	return min_t(u64, rs->urg_seq - seq, len);
}

/**
 * rsess_urgent_skip() - drop the urgent byte, which is the next one to read
 * @rs: session, locked
 */
void rsess_urgent_skip(struct rsess_sock *rs)
{
	struct sock *sk = rsess_to_sk(rs);

	WRITE_ONCE(rs->credit.copied_seq, rs->credit.copied_seq + 1);
	rsess_recvq_eat(sk, skb_peek(&sk->sk_receive_queue), 1);
	rsess_urgent_passed(rs);
}

/**
 * rsess_urgent_passed() - bytes were read: is the mark behind them?
 * @rs: session, locked
 */
void rsess_urgent_passed(struct rsess_sock *rs)
{
	if (rs->urg_state && rsess_after(rs->credit.copied_seq, rs->urg_seq))
		WRITE_ONCE(rs->urg_state, RSESS_URG_NONE);
}

/**
 * rsess_urgent_inq() - bytes that one recv() gives at most: up to the mark
 * @rs: session, locked
 */
u64 rsess_urgent_inq(const struct rsess_sock *rs)
{
	u64 seq = rs->credit.copied_seq;

	if (!rs->urg_state || sock_flag(rsess_to_sk(rs), SOCK_URGINLINE))
		return rsess_readable(rs);
	return rs->urg_seq - seq;
}

/**
 * rsess_urgent_recv() - recv() with MSG_OOB
 * @sk: outer socket, locked
 * @msg: where to
 * @len: room
 * @flags: MSG_PEEK, MSG_TRUNC
 *
 * Return: 1, or fewer if there is no room; or the errno that TCP gives.
 */
int rsess_urgent_recv(struct sock *sk, struct msghdr *msg, size_t len,
		      int flags)
{
	struct rsess_sock *rs = rsess_sk(sk);

	if (sock_flag(sk, SOCK_URGINLINE) || rs->urg_state != RSESS_URG_VALID)
		return -EINVAL;
	if (sk->sk_state == TCP_CLOSE && !sock_flag(sk, SOCK_DONE))
		return -ENOTCONN;
	if (!(flags & MSG_PEEK))
		WRITE_ONCE(rs->urg_state, RSESS_URG_READ);
	msg->msg_flags |= MSG_OOB;
	if (!len) {
		msg->msg_flags |= MSG_TRUNC;
		return 0;
	}
	if (!(flags & MSG_TRUNC) && memcpy_to_msg(msg, &rs->urg_byte, 1))
		return -EFAULT;
	return 1;
}
