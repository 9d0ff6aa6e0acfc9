// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints, and who an event is about.
 */
#include <linux/module.h>
#include <net/inet_sock.h>
#include <net/sock.h>
#include "addr.h"
#include "session.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static u32 rsess_trace_port(const union rsess_addr *addr)
{
	if (addr->sa.sa_family == AF_VSOCK)
		return addr->vm.svm_port;
	return ntohs(addr->in.sin_port);	/* sin6_port is at the same place */
}

static void rsess_trace_session(struct rsess_trace_who *who,
				const struct rsess_sock *rs)
{
	who->family = rs->raddr.sa.sa_family;
	who->sport = rsess_trace_port(&rs->laddr);
	who->dport = rsess_trace_port(&rs->raddr);
	rsess_addr_host(&rs->laddr, &who->saddr);
	rsess_addr_host(&rs->raddr, &who->daddr);
	memcpy(who->id, rs->id, sizeof(who->id));
}

/* That of AF_VSOCK is none of inet. */
static void rsess_trace_transport(struct rsess_trace_who *who,
				  const struct sock *sk)
{
	who->family = sk->sk_family;
	if (sk->sk_family == AF_VSOCK)
		return;
	who->sport = sk->sk_num;
	who->dport = ntohs(sk->sk_dport);
	if (sk->sk_family == AF_INET6) {
		who->saddr = sk->sk_v6_rcv_saddr;
		who->daddr = sk->sk_v6_daddr;
		return;
	}
	ipv6_addr_set_v4mapped(sk->sk_rcv_saddr, &who->saddr);
	ipv6_addr_set_v4mapped(sk->sk_daddr, &who->daddr);
}

/**
 * rsess_trace_who() - whose event it is
 * @who: to be filled in
 * @outer: socket of the session, locked; or NULL
 * @inner: socket of the transport, if there is no session; or NULL
 */
void rsess_trace_who(struct rsess_trace_who *who, const struct sock *outer,
		     const struct sock *inner)
{
	memset(who, 0, sizeof(*who));
	who->netns = sock_net(outer ?: inner)->ns.inum;
	if (outer)
		rsess_trace_session(who, rsess_sk(outer));
	else
		rsess_trace_transport(who, inner);
}
