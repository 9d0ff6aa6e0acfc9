// SPDX-License-Identifier: GPL-2.0
/*
 * AF_VSOCK as a transport: connections between a virtual machine and its host, or
 * within one of them.  They are reset when the machine is saved and restored, or moved
 * to another host.
 *
 * A reset is told as the end of both directions, and so is close().  That proves nothing
 * of the peer's session, so it is taken for a reset; what ends in order is a direction
 * that ends alone, and when the session is over that is the acceptor's.  (A proxy that
 * passes a reset on as such an end may leave the acceptor's orphan behind, until its
 * timeout; its bytes have arrived.)  Where nobody listens the answer is a reset, too.
 */
#include <net/af_vsock.h>
#include "compat.h"
#include "copied.h"
#include "inband.h"
#include "listener.h"

/* Small packets are not held back. */
static void rsess_vsock_tune(struct socket *sock)
{
}

/* Locked: @sk. */
static enum rsess_inner_state rsess_vsock_state_locked(struct sock *sk)
{
	if (sk->sk_err)
		return RSESS_INNER_DEAD;
	if (sk->sk_state == TCP_SYN_SENT)
		return RSESS_INNER_OPENING;
	if (sk->sk_state != TCP_ESTABLISHED)
		return RSESS_INNER_DEAD;
	switch (vsock_sk(sk)->peer_shutdown) {
	case SHUTDOWN_MASK:
		return RSESS_INNER_DEAD;
	case SEND_SHUTDOWN:
		return RSESS_INNER_EOF;
	default:
		return RSESS_INNER_UP;
	}
}

static enum rsess_inner_state rsess_vsock_state(const struct socket *sock)
{
	enum rsess_inner_state state;
	struct sock *sk = sock->sk;

	lock_sock(sk);
	state = rsess_vsock_state_locked(sk);
	release_sock(sk);
	return state;
}

/* Shutting the socket down does not end that. */
static void rsess_vsock_unlisten(struct rsess_listener *lsn)
{
	struct sock *sk = lsn->sock->sk;

	lock_sock(sk);
	sk->sk_state = TCP_CLOSE;
	release_sock(sk);
}

const struct rsess_transport_ops rsess_vsock_ops = {
	.protocol	= PF_VSOCK,
	.family		= AF_VSOCK,
	.level		= AF_VSOCK,
	.refused	= ECONNRESET,
	.no_half_close	= true,
	.modular	= true,
	RSESS_INBAND_OPS,
	.listen		= rsess_inband_listen,
	.unlisten	= rsess_vsock_unlisten,
	.set_defaults	= rsess_vsock_tune,
	.state		= rsess_vsock_state,
	.send		= rsess_copied_send,
	.push		= rsess_vsock_tune,
	.read		= rsess_copied_read,
	.discard	= rsess_copied_discard,
};
