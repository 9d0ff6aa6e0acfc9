// SPDX-License-Identifier: GPL-2.0
/*
 * What a socket tells of itself, and to whom.
 */
#include <linux/uidgid.h>
#include <net/af_vsock.h>
#include <net/sock.h>
#include "addr.h"
#include "fallback.h"
#include "info.h"
#include "session.h"

/**
 * rsess_info_fill() - a session
 * @rs: session
 * @info: filled in
 *
 * If the session is not locked each number is right, not all of one moment.
 */
void __no_kcsan rsess_info_fill(const struct rsess_sock *rs,
				struct rsess_info *info)
{
	memset(info, 0, sizeof(*info));
	info->state = rsess_to_sk(rs)->sk_state;
	info->link = rs->link;
	info->dialer = rs->dialer;
	info->reason = rs->reason;
	info->error = rs->last_error;
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
	info->tagged = rs->tagged;
}

/**
 * rsess_info_plain() - a socket that has fallen back
 * @sk: that of the transport
 * @plain: what is left of the session
 * @info: filled in
 */
void rsess_info_plain(const struct sock *sk, const struct rsess_fallback *plain,
		      struct rsess_info *info)
{
	memset(info, 0, sizeof(*info));
	info->state = READ_ONCE(sk->sk_state);
	info->plain = 1;
	info->dialer = plain->outer ? 1 : 0;
	info->reason = plain->reason;
}

/**
 * rsess_info_may_know() - may somebody know the id of a session?
 * @rs: session
 * @uid: who asks
 * @admin: has CAP_NET_ADMIN in the namespace
 *
 * It is what it takes to end a session by ABORT.
 */
bool rsess_info_may_know(const struct rsess_sock *rs, kuid_t uid, bool admin)
{
	return admin || uid_eq(uid, READ_ONCE(rsess_to_sk(rs)->sk_uid));
}

/**
 * rsess_info_names() - the addresses of a socket that is no outer one
 * @sk: of a transport; need not be locked
 * @local: filled in
 * @peer: filled in
 */
void rsess_info_names(const struct sock *sk, union rsess_addr *local,
		      union rsess_addr *peer)
{
	const struct inet_sock *inet = inet_sk(sk);

	memset(local, 0, sizeof(*local));
	memset(peer, 0, sizeof(*peer));
	local->sa.sa_family = READ_ONCE(sk->sk_family);
	peer->sa.sa_family = local->sa.sa_family;
	switch (local->sa.sa_family) {
	case AF_VSOCK:
		local->vm = data_race(vsock_sk(sk)->local_addr); /* as the rest */
		peer->vm = data_race(vsock_sk(sk)->remote_addr); /* as the rest */
		return;
#if IS_ENABLED(CONFIG_IPV6)
	case AF_INET6:
		local->in6.sin6_addr = sk->sk_v6_rcv_saddr;
		peer->in6.sin6_addr = sk->sk_v6_daddr;
		break;
#endif
	default:
		local->in.sin_addr.s_addr = READ_ONCE(inet->inet_rcv_saddr);
		peer->in.sin_addr.s_addr = READ_ONCE(inet->inet_daddr);
		break;
	}
	/* sin6_port is at the same place */
	local->in.sin_port = READ_ONCE(inet->inet_sport);
	peer->in.sin_port = READ_ONCE(inet->inet_dport);
}
