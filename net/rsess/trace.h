/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSESS_TRACE_H
#define _RSESS_TRACE_H

#include <linux/in6.h>
#include <uapi/linux/rsess.h>
#include "compat.h"
#include "wire.h"

struct sock;

/**
 * struct rsess_trace_who - whose event it is
 * @netns: inode of the network namespace
 * @family: of the addresses, AF_INET, AF_INET6 or AF_VSOCK
 * @sport: local port
 * @dport: port of the peer
 * @saddr: local address, see rsess_addr_host()
 * @daddr: address of the peer
 * @id: of the session, or 0
 */
struct rsess_trace_who {
	u32		netns;
	u16		family;
	u32		sport;
	u32		dport;
	struct in6_addr	saddr;
	struct in6_addr	daddr;
	u8		id[RSESS_ID_LEN];
};

void rsess_trace_who(struct rsess_trace_who *who, const struct sock *outer,
		     const struct sock *inner);

#include <trace/events/rsess.h>

#endif /* _RSESS_TRACE_H */
