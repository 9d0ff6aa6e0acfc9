/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Generic netlink: events, counters, sockets, orders.
 */
#ifndef _RSESS_GENL_H
#define _RSESS_GENL_H

#include <linux/types.h>
#include "net.h"

struct rsess_sock;
struct sock;

void rsess_event_session(struct rsess_sock *rs, u8 cmd);
void rsess_event_fallback(struct sock *sk, u32 reason);
void rsess_limit_reached(struct rsess_net *rn, enum rsess_limit limit,
			 unsigned int counter);

void rsess_event_init(struct rsess_net *rn);
void rsess_event_exit(struct rsess_net *rn);

int rsess_genl_register(void);
void rsess_genl_unregister(void);

#endif /* _RSESS_GENL_H */
