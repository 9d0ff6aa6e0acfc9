/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When bytes were received, see stamp.c.
 */
#ifndef _RSESS_STAMP_H
#define _RSESS_STAMP_H

#include <linux/errqueue.h>
#include <linux/skbuff.h>
#include <linux/socket.h>

struct sock;
struct socket;

/* What rsess_stamp_take() wants to know, as a control message. */
#define RSESS_STAMP_CONTROL	CMSG_SPACE(sizeof(struct scm_timestamping))

void rsess_stamp_inherit(struct sock *sk, const struct sock *from);
void rsess_stamp_copy(struct sk_buff *to, const struct sk_buff *from);
void rsess_stamp_note(const struct sock *sk, struct sk_buff *skb,
		      struct sk_buff **last);
void rsess_stamp_tell(struct sock *sk, struct msghdr *msg,
		      struct sk_buff *last);
void rsess_stamp_ask(struct socket *inner, const struct sock *sk);
void rsess_stamp_take(struct sk_buff *skb, const void *control, size_t len);

#endif /* _RSESS_STAMP_H */
