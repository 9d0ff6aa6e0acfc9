/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Urgent data (MSG_OOB) as TCP has it: one byte of the stream is marked, and kept
 * out of line unless the reader wants it there.
 */
#ifndef _RSESS_URGENT_H
#define _RSESS_URGENT_H

#include <net/sock.h>
#include "session.h"

/* Is there a mark, and is it at this offset? */
static inline bool rsess_urgent_at(const struct rsess_sock *rs, u64 seq)
{
	return READ_ONCE(rs->urg_state) && READ_ONCE(rs->urg_seq) == seq;
}

/* Is the next byte to read one that the reader is not to see? */
static inline bool rsess_urgent_hole(const struct rsess_sock *rs)
{
	return rsess_urgent_at(rs, READ_ONCE(rs->credit.copied_seq)) &&
	       !sock_flag(rsess_to_sk(rs), SOCK_URGINLINE);
}

void rsess_urgent_arrived(struct rsess_sock *rs, u8 byte);
void rsess_urgent_tell(struct rsess_sock *rs);
u32 rsess_urgent_cut(struct rsess_sock *rs, u32 len, u8 *flags);
u32 rsess_urgent_limit(const struct rsess_sock *rs, u64 seq, u32 len);
void rsess_urgent_skip(struct rsess_sock *rs);
void rsess_urgent_passed(struct rsess_sock *rs);
u64 rsess_urgent_inq(const struct rsess_sock *rs);
int rsess_urgent_recv(struct sock *sk, struct msghdr *msg, size_t len,
		      int flags);

#endif /* _RSESS_URGENT_H */
