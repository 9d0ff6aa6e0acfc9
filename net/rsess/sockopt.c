// SPDX-License-Identifier: GPL-2.0
/*
 * Socket options.  SOL_SOCKET is served by the socket core on the outer socket;
 * what the inner one has to obey is copied to each incarnation, see
 * rsess_link_settings().  What is not in this file fails with ENOPROTOOPT.
 */
#include <linux/in6.h>
#include <linux/sockptr.h>
#include <linux/tcp.h>
#include <net/sock.h>
#include "session.h"

static int rsess_set_u32(sockptr_t optval, unsigned int optlen, u32 *val)
{
	if (optlen < sizeof(*val))
		return -EINVAL;
	return copy_from_sockptr(val, optval, sizeof(*val)) ? -EFAULT : 0;
}

static int rsess_set_timeout(struct rsess_sock *rs, sockptr_t optval,
			     unsigned int optlen)
{
	u32 val;
	int err = rsess_set_u32(optval, optlen, &val);

	if (err)
		return err;
	if (val > jiffies_to_msecs(MAX_JIFFY_OFFSET))
		return -EDOM;
	rs->timeout_ms = val;
	/* A session that already waits for a transport starts to count anew. */
	if (rs->armed & BIT(RSESS_TIMER_SESSION)) {
		rsess_timer_stop(rs, RSESS_TIMER_SESSION);
		if (val)
			rsess_timer_arm(rs, RSESS_TIMER_SESSION,
					msecs_to_jiffies(val));
	} else if (val && !rs->tr && (1 << rsess_to_sk(rs)->sk_state) &
		   ~(TCPF_CLOSE | TCPF_LISTEN | TCPF_SYN_SENT)) {
		rsess_timer_arm(rs, RSESS_TIMER_SESSION, msecs_to_jiffies(val));
	}
	return 0;
}

static int rsess_set_v6only(struct rsess_sock *rs, sockptr_t optval,
			    unsigned int optlen)
{
	u32 val;
	int err = rsess_set_u32(optval, optlen, &val);

	if (err)
		return err;
	if (rs->bound || rsess_to_sk(rs)->sk_state != TCP_CLOSE)
		return -EINVAL;
	rs->v6only = val;
	return 0;
}

/**
 * rsess_setsockopt() - proto_ops.setsockopt
 * @sock: outer
 * @level: SOL_RSESS, SOL_IPV6
 * @optname: option
 * @optval: value
 * @optlen: its bytes
 *
 * Context: process; takes the socket lock.
 * Return: 0, -ENOPROTOOPT for an option that is not supported, or another errno.
 */
int rsess_setsockopt(struct socket *sock, int level, int optname,
		     sockptr_t optval, unsigned int optlen)
{
	struct sock *sk = sock->sk;
	struct rsess_sock *rs = rsess_sk(sk);
	int err = -ENOPROTOOPT;

	lock_sock(sk);
	if (level == SOL_RSESS && optname == RSESS_TIMEOUT)
		err = rsess_set_timeout(rs, optval, optlen);
	else if (level == SOL_IPV6 && optname == IPV6_V6ONLY)
		err = rsess_set_v6only(rs, optval, optlen);
	release_sock(sk);
	return err;
}

static void rsess_get_info(struct rsess_sock *rs, struct rsess_info *info)
{
	memset(info, 0, sizeof(*info));
	info->state = rsess_to_sk(rs)->sk_state;
	info->link = rs->link;
	info->dialer = rs->dialer;
	info->reason = rs->reason;
	info->epoch = rs->epoch;
	info->resumes = rs->resumes;
	info->lost = rs->lost;
	memcpy(info->id, rs->id, sizeof(info->id));
	info->write_seq = rs->sq.write_seq;
	info->snd_una = rs->sq.snd_una;
	info->snd_nxt = rs->sq.snd_nxt;
	info->snd_limit = rs->snd_limit;
	info->rcv_nxt = rs->credit.rcv_nxt;
	info->copied_seq = rs->credit.copied_seq;
	info->rcv_limit = rs->credit.limit;
}

/**
 * rsess_getsockopt() - proto_ops.getsockopt
 * @sock: outer
 * @level: SOL_RSESS, SOL_IPV6
 * @optname: option
 * @optval: where to
 * @optlen: room, and how much was used
 *
 * Context: process; takes the socket lock.
 * Return: 0, -ENOPROTOOPT for an option that is not supported, or another errno.
 */
int rsess_getsockopt(struct socket *sock, int level, int optname,
		     char __user *optval, int __user *optlen)
{
	struct sock *sk = sock->sk;
	struct rsess_sock *rs = rsess_sk(sk);
	union {
		struct rsess_info	info;
		u32			val;
	} u;
	int len, size = sizeof(u.val);

	if (get_user(len, optlen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;

	lock_sock(sk);
	if (level == SOL_RSESS && optname == RSESS_TIMEOUT) {
		u.val = rs->timeout_ms;
	} else if (level == SOL_RSESS && optname == RSESS_INFO) {
		rsess_get_info(rs, &u.info);
		size = sizeof(u.info);
	} else if (level == SOL_IPV6 && optname == IPV6_V6ONLY) {
		u.val = rs->v6only;
	} else {
		size = -ENOPROTOOPT;
	}
	release_sock(sk);
	if (size < 0)
		return size;

	len = min(len, size);
	if (put_user(len, optlen) || copy_to_user(optval, &u, len))
		return -EFAULT;
	return 0;
}
