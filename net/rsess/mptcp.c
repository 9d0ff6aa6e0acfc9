// SPDX-License-Identifier: GPL-2.0
/*
 * Multipath TCP (RFC 8684) as a transport.
 *
 * It survives the loss of a path as long as there is another one, but tells nobody
 * when the last one has been reset, for a new one may come: its socket goes on taking
 * bytes.  What ends such a transport is that the peer of the session says nothing
 * more, see rsess_net.stall_timeout_ms; the dialer asks it as often.
 *
 * A peer without MPTCP is one of TCP, on the same port.
 */
#include <net/tcp.h>
#include "compat.h"
#include "copied.h"
#include "inband.h"
#include "listener.h"
#include "owner.h"
#include "session.h"

/* A connection from a peer without MPTCP has a socket of TCP. */
static bool rsess_mptcp_is(const struct sock *sk)
{
	return sk->sk_protocol == IPPROTO_MPTCP;
}

/* It takes the locks of its paths under its own, and of those of the kernel lockdep sees
 * one class.  Those that a listener accepts have, like it, none of the kernel's.
 */
static void rsess_mptcp_made(struct sock *sk)
{
	static struct lock_class_key key, slock_key;

	sock_lock_init_class_and_name(sk, "rsess_mptcp_slock", &slock_key,
				      "rsess_mptcp_lock", &key);
	sk->sk_kern_sock = 0;
}

static void rsess_mptcp_tune(struct socket *sock)
{
	rsess_inner_set(sock, SOL_TCP, TCP_NODELAY, 1);
}

/* For who knocks later. */
static int rsess_mptcp_listen(struct rsess_listener *lsn)
{
	return rsess_offers_init(sock_net(lsn->sock->sk));
}

static void rsess_mptcp_unlisten(struct rsess_listener *lsn)
{
}

const struct rsess_transport_ops rsess_mptcp_ops = {
	.protocol	= IPPROTO_MPTCP,
	.level		= SOL_TCP,
	.ulp		= TCP_ULP,
	.refused	= ECONNREFUSED,
	.waitq_space	= true,
	.silent_reset	= true,
	.shell		= true,
	.modular	= true,
	.core		= rsess_mptcp_is,
	RSESS_INBAND_OPS,
	.listen		= rsess_mptcp_listen,
	.unlisten	= rsess_mptcp_unlisten,
	.init_sock	= rsess_mptcp_made,
	.set_defaults	= rsess_mptcp_tune,
	.state		= rsess_tcp_state,
	.send		= rsess_copied_send,
	.push		= rsess_mptcp_tune,
	.read		= rsess_copied_read,
	.discard	= rsess_copied_discard,
};
