// SPDX-License-Identifier: GPL-2.0
/*
 * SCTP as a transport, one-to-one style.
 *
 * Who has the session layer says so in the adaptation layer indication (RFC 5061,
 * 4.2.6) of INIT and INIT ACK, which who does not know it ignores.  There is no
 * middle to be unsure in: who is accepted has had our INIT ACK.
 *
 * All bytes go through one stream, in order.  SCTP's own SHUTDOWN ends both
 * directions; it is sent only when the session is over in both, by the acceptor.
 *
 * An ABORT is sent once, and may be lost: what was sent before it is acknowledged then,
 * and the association is there until something is asked of it.
 *
 * Nothing of sctp.ko is linked to: it is loaded when a socket of it is asked for.
 */
#include <linux/sctp.h>
#include <linux/tcp.h>
#include <net/sctp/sctp.h>
#include <net/sctp/structs.h>
#include "compat.h"
#include "copied.h"
#include "listener.h"
#include "transport.h"
#include "wire.h"

/* The only one of a one-to-one socket that does not listen.  Locked: @sk. */
static struct sctp_association *rsess_sctp_assoc(const struct sock *sk)
{
	struct sctp_endpoint *ep = sctp_sk(sk)->ep;

	return list_first_entry_or_null(&ep->asocs, struct sctp_association,
					asocs);
}

/* An association begins with what it is at that moment, without a lock of ours. */
static void rsess_sctp_indicate(struct sock *sk, bool on)
{
	WRITE_ONCE(sctp_sk(sk)->adaptation_ind,
		   on ? RSESS_SCTP_INDICATION : 0);
}

/* Have both said it?  Each does so of its own accord, so one may have been alone.  An
 * accepted socket has what its listener had.  When the association is gone, so is what
 * the peer has said.
 */
static enum rsess_answer_kind rsess_sctp_agreed_locked(const struct sock *sk)
{
	const struct sctp_association *asoc = rsess_sctp_assoc(sk);

	if (!asoc)
		return RSESS_ANSWER_LOST;
	return asoc->peer.adaptation_ind == RSESS_SCTP_INDICATION &&
	       sctp_sk(sk)->adaptation_ind == RSESS_SCTP_INDICATION ?
	       RSESS_ANSWER_YES : RSESS_ANSWER_NO;
}

static enum rsess_answer_kind rsess_sctp_agreed(struct sock *sk)
{
	enum rsess_answer_kind ret;

	lock_sock(sk);
	ret = rsess_sctp_agreed_locked(sk);
	release_sock(sk);
	return ret;
}

/* The peer may be gone soon. */
static void rsess_sctp_opened(struct rsess_transport *tr)
{
	tr->answer = rsess_sctp_agreed_locked(tr->sock->sk);
}

/* sctp_sock_set_nodelay(), with which a user in the kernel takes an outer socket for one of
 * SCTP, writes between the two fields: into what is TCP's there, but for its timer (cast.c).
 */
static_assert(sizeof(struct sctp_sock) <= sizeof(struct tcp_sock));
static_assert(offsetof(struct sctp_sock, pd_point) >=
	      offsetofend(struct inet_connection_sock, icsk_keepalive_timer) ||
	      offsetof(struct sctp_sock, pd_mode) <=
	      offsetof(struct inet_connection_sock, icsk_keepalive_timer));

static void rsess_sctp_tune(struct socket *sock)
{
	sctp_sock_set_nodelay(sock->sk);
}

static int rsess_sctp_connect(struct rsess_transport *tr,
			      union rsess_addr *addr, int len,
			      enum rsess_ask ask)
{
	rsess_sctp_indicate(tr->sock->sk, ask != RSESS_ASK_NOTHING);
	return kernel_connect(tr->sock, (struct sockaddr_unsized *)addr, len,
			      O_NONBLOCK);
}

static enum rsess_answer_kind rsess_sctp_answer(struct rsess_transport *tr)
{
	enum rsess_answer_kind answer = rsess_sctp_agreed(tr->sock->sk);

	if (answer == RSESS_ANSWER_LOST && rsess_transport_opened(tr))
		return tr->answer;
	return answer;
}

static void rsess_sctp_end(struct rsess_transport *tr)
{
	rsess_sctp_indicate(tr->sock->sk, false);
}

static int rsess_sctp_listen(struct rsess_listener *lsn)
{
	/* For who knocks later. */
	int err = rsess_offers_init(sock_net(lsn->sock->sk));

	if (!err)
		rsess_sctp_indicate(lsn->sock->sk, true);
	return err;
}

static void rsess_sctp_answers(struct rsess_listener *lsn, bool on)
{
	rsess_sctp_indicate(lsn->sock->sk, on);
}

/* Shutting the socket down does not end that; and before 6.12 SCTP says there that it
 * cannot be disconnected.
 */
static void rsess_sctp_unlisten(struct rsess_listener *lsn)
{
	lsn->sock->state = SS_UNCONNECTED;
	kernel_listen(lsn->sock, 0);
}

static enum rsess_offer rsess_sctp_offered(struct socket *sock)
{
	enum rsess_answer_kind agreed = rsess_sctp_agreed(sock->sk);

	rsess_sctp_indicate(sock->sk, false);
	switch (agreed) {
	case RSESS_ANSWER_YES:
		return RSESS_OFFER_SURE;
	case RSESS_ANSWER_LOST:
		/* For accept() only if there is something to read. */
		return skb_queue_empty_lockless(&sock->sk->sk_receive_queue) ?
		       RSESS_OFFER_SURE : RSESS_OFFER_MADE;
	default:
		return RSESS_OFFER_NONE;
	}
}

/* An association that has failed leaves the socket in the state that it was in; and
 * the callback that tells of it comes when that is half done.  Locked: @sk.
 */
static enum rsess_inner_state rsess_sctp_state_locked(const struct sock *sk)
{
	const struct sctp_association *asoc = rsess_sctp_assoc(sk);

	if (sk->sk_err)
		return RSESS_INNER_DEAD;
	if (!asoc || asoc->state == SCTP_STATE_CLOSED)
		return sk->sk_shutdown ? RSESS_INNER_EOF : RSESS_INNER_DEAD;
	if (asoc->state < SCTP_STATE_ESTABLISHED)
		return RSESS_INNER_OPENING;
	return sk->sk_shutdown & RCV_SHUTDOWN ? RSESS_INNER_EOF :
						RSESS_INNER_UP;
}

static enum rsess_inner_state rsess_sctp_state(const struct socket *sock)
{
	enum rsess_inner_state state;
	struct sock *sk = sock->sk;

	lock_sock(sk);
	state = rsess_sctp_state_locked(sk);
	release_sock(sk);
	return state;
}

/* An INIT from the address and port of an association that is there restarts it (RFC
 * 9260, 5.2.4), and the socket is not told unless it asks: the tag is another one.
 */
static u32 rsess_sctp_incarnation(const struct sock *sk)
{
	const struct sctp_association *asoc = rsess_sctp_assoc(sk);

	return asoc ? asoc->peer.i.init_tag : 0;
}

/* Without Nagle's algorithm nothing is held back. */
static void rsess_sctp_push(struct socket *sock)
{
}

const struct rsess_transport_ops rsess_sctp_ops = {
	.protocol	= IPPROTO_SCTP,
	.level		= SOL_SCTP,
	.refused	= ECONNREFUSED,
	.waitq_space	= true,
	.silent_reset	= true,
	.no_half_close	= true,
	.modular	= true,
	.set_defaults	= rsess_sctp_tune,
	.opened		= rsess_sctp_opened,
	.connect	= rsess_sctp_connect,
	.answer		= rsess_sctp_answer,
	.end		= rsess_sctp_end,
	.listen		= rsess_sctp_listen,
	.set_listen_offer = rsess_sctp_answers,
	.unlisten	= rsess_sctp_unlisten,
	.peer_offer	= rsess_sctp_offered,
	.state		= rsess_sctp_state,
	.incarnation	= rsess_sctp_incarnation,
	.send		= rsess_copied_send,
	.push		= rsess_sctp_push,
	.read		= rsess_copied_read,
	.discard	= rsess_copied_discard,
};
