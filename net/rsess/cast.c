// SPDX-License-Identifier: GPL-2.0
/*
 * Users in the kernel that take an outer socket for a socket of TCP.
 *
 * They call tcp_sock_set_nodelay() and its like, which cast the struct sock that they are
 * given to a struct tcp_sock without a question, and write there.  Nobody can stop such a
 * call, so the outer socket of a user in the kernel begins with a struct tcp_sock, which
 * the session does not use: what is written there means nothing, and harms nothing.
 *
 * Two things in it have to be as TCP leaves them: the write queue of struct sock is empty,
 * so that there is nothing to push, and the timer of keepalive can run.  What the user
 * wants to hold it says by setsockopt().
 *
 * sk_protocol is that of sessions, so who asks first (sk_is_tcp()) gets the true answer.  But
 * who makes a port known by the protocol of what listens there, as sunrpc does with rpcbind,
 * has to find the one under which others dial it.
 */
#include <linux/smp.h>
#include <linux/tcp.h>
#include <linux/timer.h>
#include <net/inet_connection_sock.h>
#include <net/sock.h>
#include "cast.h"
#include "session.h"
#include "transport.h"

/* tcp_sock_set_keepidle() has armed it.  A session has timers of its own. */
static void rsess_cast_timer(struct timer_list *t)
{
	struct inet_connection_sock *icsk =
		container_of(t, struct inet_connection_sock,
			     icsk_keepalive_timer);

	sock_put(&icsk->icsk_inet.sk);	/* sk_reset_timer() */
}

/**
 * rsess_cast_setup() - prepare the part that is TCP's
 * @sk: new outer socket of a user in the kernel
 *
 * nvmet-tcp takes sk_incoming_cpu for the number of a processor, which it is on any
 * socket of TCP that has received.
 */
void rsess_cast_setup(struct sock *sk)
{
	timer_setup(&inet_csk(sk)->icsk_keepalive_timer, rsess_cast_timer, 0);
	WRITE_ONCE(sk->sk_incoming_cpu, raw_smp_processor_id());
}

/**
 * rsess_cast_end() - the user has no socket any more
 * @sk: outer socket of a user in the kernel
 */
void rsess_cast_end(struct sock *sk)
{
	sk_stop_timer(sk, &inet_csk(sk)->icsk_keepalive_timer);
}

/**
 * rsess_cast_listens() - whose port is it?
 * @sk: outer socket of a user in the kernel, locked or not visible yet
 * @listens: is it one that others dial?  They may do that without a session.
 *
 * One that a process had the kernel create (sock_create()) may have a descriptor, by which
 * programs of BPF and other modules would find a socket of TCP.
 */
void rsess_cast_listens(struct sock *sk, bool listens)
{
	const struct rsess_transport_ops *ops = rsess_sk(sk)->ops;

	if (sk->sk_kern_sock && !ops->family)
		WRITE_ONCE(sk->sk_protocol,
			   listens ? ops->protocol : rsess_protocol);
}
