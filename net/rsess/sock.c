// SPDX-License-Identifier: GPL-2.0
/*
 * The outer socket: what is asked of it, and noted in it, without a change of the session.
 */
#include <net/sock.h>
#include "fallback.h"
#include "net.h"
#include "session.h"

/**
 * rsess_set_family() - the address family is known
 * @rs: session, locked or not visible yet
 * @family: AF_INET, AF_INET6 or that of the transport
 *
 * The socket core and the security modules treat the outer socket as an inet
 * socket, though not as one of TCP: sk_protocol is %IPPROTO_RSESS, but for what
 * rsess_cast_listens() says.
 *
 * Return: 0, or -EAFNOSUPPORT when it was another one.
 */
int rsess_set_family(struct rsess_sock *rs, int family)
{
	if (rs->family && rs->family != family)
		return -EAFNOSUPPORT;
	rs->family = family;
	WRITE_ONCE(rsess_to_sk(rs)->sk_family, family);
	return 0;
}

/**
 * rsess_set_laddr() - note the local address, also where inet sockets have it
 * @rs: session, locked or not visible yet
 * @addr: the address
 */
void rsess_set_laddr(struct rsess_sock *rs, const union rsess_addr *addr)
{
	struct inet_sock *inet = inet_sk(rsess_to_sk(rs));

	rs->laddr = *addr;
	switch (addr->sa.sa_family) {
	case AF_INET:
		inet->inet_saddr = addr->in.sin_addr.s_addr;
		inet->inet_rcv_saddr = inet->inet_saddr;
		break;
#if IS_ENABLED(CONFIG_IPV6)
	case AF_INET6:
		inet->sk.sk_v6_rcv_saddr = addr->in6.sin6_addr;
		break;
#endif
	default:
		return;
	}
	inet->inet_sport = addr->in.sin_port;	/* sin6_port is at the same place */
	inet->inet_num = ntohs(addr->in.sin_port);
}

/**
 * rsess_set_raddr() - note the peer's address, also where inet sockets have it
 * @rs: session, locked or not visible yet
 * @addr: the address
 */
void rsess_set_raddr(struct rsess_sock *rs, const union rsess_addr *addr)
{
	struct inet_sock *inet = inet_sk(rsess_to_sk(rs));

	rs->raddr = *addr;
	switch (addr->sa.sa_family) {
	case AF_INET:
		inet->inet_daddr = addr->in.sin_addr.s_addr;
		break;
#if IS_ENABLED(CONFIG_IPV6)
	case AF_INET6:
		inet->sk.sk_v6_daddr = addr->in6.sin6_addr;
		break;
#endif
	default:
		return;
	}
	inet->inet_dport = addr->in.sin_port;	/* as above */
}

/**
 * rsess_orphan_delay() - how long an orphan may go without progress
 * @rs: session
 *
 * Return: jiffies.
 */
unsigned long rsess_orphan_delay(const struct rsess_sock *rs)
{
	const struct net *net = sock_net(rsess_to_sk(rs));
	u32 ms = READ_ONCE(rsess_net(net)->orphan_timeout_ms);

	if (rs->timeout_ms)
		ms = min(ms, rs->timeout_ms);
	return msecs_to_jiffies(ms);
}

/**
 * rsess_sock_show() - the peer has closed: to the application that is CLOSE_WAIT
 * @rs: session, locked, whose application has not ended its direction
 *
 * As with TCP it may write, and finds out by that.  All that was written has come to the
 * peer, and no event tells it apart from an end of one direction.
 */
void rsess_sock_show(struct rsess_sock *rs)
{
	WRITE_ONCE(rs->shown, TCP_CLOSE_WAIT);
}

/**
 * rsess_sock_get() - the sock of an application's socket
 * @sock: the application's socket
 *
 * If rsess_is_session() is false for it, rsess_fallback() is there too.
 */
struct sock *rsess_sock_get(struct socket *sock)
{
	return smp_load_acquire(&sock->sk); /* rsess_fallback_graft() */
}

/**
 * rsess_sock_lock() - lock the outer socket
 * @sock: the application's socket
 *
 * Context: may sleep.
 * Return: the locked socket, or NULL if it has fallen back.
 */
struct sock *rsess_sock_lock(struct socket *sock)
{
	struct sock *sk = rsess_sock_get(sock);

	if (!rsess_is_session(sk))
		return NULL;
	lock_sock(sk);
	if (!rsess_sk(sk)->plain)
		return sk;
	release_sock(sk);
	return NULL;
}

/**
 * rsess_sock_addrs() - further addresses of a session, which may have none yet
 * @rs: session, locked
 *
 * Context: may sleep.
 * Return: them, or NULL without memory.
 */
struct rsess_addrs *rsess_sock_addrs(struct rsess_sock *rs)
{
	rsess_locked_by_me(rs);
	if (!rs->addrs)
		rs->addrs = kzalloc(sizeof(*rs->addrs), GFP_KERNEL_ACCOUNT);
	return rs->addrs;
}

/**
 * rsess_sock_addr() - a further address of the peer
 * @rs: session, locked
 * @i: which of @addrs
 * @addr: filled in, with the port of the peer if it had none
 *
 * Return: is there such a port?
 */
bool rsess_sock_addr(const struct rsess_sock *rs, unsigned int i,
		     union rsess_addr *addr)
{
	*addr = rs->addrs->addr[i];
	if (rsess_addr_has_port(addr))
		return true;
	rsess_addr_set_port(addr, &rs->raddr);
	return rsess_addr_has_port(addr);
}
