// SPDX-License-Identifier: GPL-2.0
/*
 * What a socket tells of itself, and to whom.
 */
#include <linux/uidgid.h>
#include <net/sock.h>
#include "info.h"
#include "plain.h"
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
void rsess_info_plain(const struct sock *sk, const struct rsess_plain *plain,
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
