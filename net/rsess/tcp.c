// SPDX-License-Identifier: GPL-2.0
/*
 * TCP as a transport.
 */
#include <linux/tcp.h>
#include <net/tcp.h>
#include "compat.h"
#include "listener.h"
#include "net.h"
#include "owner.h"
#include "session.h"
#include "transport.h"

static void rsess_tcp_tune(struct socket *sock)
{
	/* Frames are whole when they are pushed: nothing gains from waiting.
	 * Setting it also sends what waits.
	 */
	tcp_sock_set_nodelay(sock->sk);
}

static int rsess_tcp_connect(struct rsess_transport *tr, union rsess_addr *addr,
			     int len, enum rsess_ask ask)
{
	if (ask == RSESS_ASK_NOTHING)
		return kernel_connect(tr->sock, (struct sockaddr_unsized *)addr,
				      len, O_NONBLOCK);
	return rsess_synopt_connect(&rsess_transport_greeting(tr)->synopt,
				    tr->sock, addr, len, ask);
}

static enum rsess_answer_kind rsess_tcp_answer(struct rsess_transport *tr)
{
	const struct rsess_synopt *so = &rsess_transport_greeting(tr)->synopt;

	if (so->answered)
		return RSESS_ANSWER_YES;
	return so->left_out ? RSESS_ANSWER_LATE : RSESS_ANSWER_NO;
}

static void rsess_tcp_end(struct rsess_transport *tr)
{
	rsess_synopt_end(&rsess_transport_greeting(tr)->synopt, tr->sock->sk);
}

static int rsess_tcp_listen(struct rsess_listener *lsn)
{
	struct sock *sk = lsn->sock->sk;
	int err = rsess_offers_init(sock_net(sk));

	if (!err)
		rsess_synopt_listen(&lsn->synopt, sk, lsn->rn);
	return err;
}

static void rsess_tcp_answers(struct rsess_listener *lsn, bool on)
{
	WRITE_ONCE(lsn->synopt.off, !on);
}

static void rsess_tcp_refuses(struct rsess_listener *lsn, bool on)
{
	WRITE_ONCE(lsn->synopt.refuse, on);
}

static void rsess_tcp_unlisten(struct rsess_listener *lsn)
{
	rsess_synopt_end(&lsn->synopt, lsn->sock->sk);
}

static enum rsess_offer rsess_tcp_offered(struct socket *sock)
{
	return rsess_synopt_offered(sock->sk);
}

/**
 * rsess_tcp_state() - &rsess_transport_ops.state
 * @sock: inner socket with the states of TCP
 */
enum rsess_inner_state rsess_tcp_state(const struct socket *sock)
{
	const struct sock *sk = sock->sk;
	int state = smp_load_acquire(&sk->sk_state); /* tcp_set_state() */

	if (READ_ONCE(sk->sk_err))
		return RSESS_INNER_DEAD;
	if (state == TCP_SYN_SENT || state == TCP_SYN_RECV)
		return RSESS_INNER_OPENING;
	if (READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN)
		return RSESS_INNER_EOF;
	/* MPTCP gives up without an error when all of its connections were reset. */
	return state == TCP_CLOSE ? RSESS_INNER_DEAD : RSESS_INNER_UP;
}

/* Is a segment on the way that is not full?  Locked, or it may be old. */
static bool rsess_tcp_small_out(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	return READ_ONCE(tp->packets_out) &&
	       after(READ_ONCE(tp->snd_sml), READ_ONCE(tp->snd_una)) &&
	       !after(READ_ONCE(tp->snd_sml), READ_ONCE(tp->snd_nxt));
}

static ssize_t rsess_tcp_send(struct socket *sock, const struct bio_vec *bv,
			      unsigned int n, size_t len, enum rsess_more more)
{
	int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
	struct sock *sk = sock->sk;
	ssize_t taken;

	lock_sock(sk);
	if (more >= RSESS_MORE_MAYBE ||
	    (more == RSESS_MORE_SOON && rsess_tcp_small_out(sk)))
		flags |= MSG_MORE;
	taken = rsess_lend_pages(sock, bv, n, len, flags);
	release_sock(sk);
	return taken;
}

/* The algorithm of Nagle (RFC 896), for bytes of the session: the transport itself never
 * waits, so that what is no DATA leaves at once.  As TCP's own: one small segment may be on
 * the way.
 */
static bool rsess_tcp_busy(struct socket *sock, u32 len)
{
	if (len >= READ_ONCE(tcp_sk(sock->sk)->mss_cache) ||
	    !rsess_tcp_small_out(sock->sk))
		return false;
	set_bit(SOCK_NOSPACE, &sock->flags);
	smp_mb__after_atomic();	/* pairs with smp_mb() in tcp_check_space() */
	return rsess_tcp_small_out(sock->sk);
}

static int rsess_tcp_actor(read_descriptor_t *desc, struct sk_buff *skb,
			   unsigned int off, size_t len)
{
	return rsess_input(desc->arg.data, skb, off, len);
}

/* In softirq all is read as soon as it comes, and TCP would acknowledge each segment for that:
 * it takes the reader for a quick one.  The application may be slower, or answer, so this is
 * for TCP's timer, or for rsess_tcp_was_read().
 */
static void rsess_tcp_read_sock(struct socket *sock, read_descriptor_t *desc,
				sk_read_actor_t actor, bool atomic)
{
	struct inet_connection_sock *icsk = inet_csk(sock->sk);
	u8 pingpong = icsk->icsk_ack.pingpong;

	if (atomic)
		inet_csk_enter_pingpong_mode(sock->sk);
	sock->ops->read_sock(sock->sk, desc, actor);
	icsk->icsk_ack.pingpong = pingpong;
}

/* What TCP does when its reader has taken all: an acknowledgment that waits is sent, unless this
 * is a dialogue, whose answer has it.
 */
static void rsess_tcp_was_read(struct socket *sock)
{
	struct sock *sk = sock->sk;

	if (inet_csk_ack_scheduled(sk) && !inet_csk_in_pingpong_mode(sk))
		tcp_sock_set_quickack(sk, 1);
}

/* At its beginning TCP acknowledges each segment at once. */
static void rsess_tcp_dialogue(struct socket *sock, bool on)
{
	struct sock *sk = sock->sk;

	lock_sock(sk);
	if (on)
		inet_csk_enter_pingpong_mode(sk);
	else
		inet_csk_exit_pingpong_mode(sk);
	release_sock(sk);
}

/* It does not wait for the peer's FIN, and there is no TIME_WAIT. */
static bool rsess_tcp_hurry_end(struct socket *sock)
{
	struct sock *sk = sock->sk;
	bool sent;

	lock_sock(sk);
	WRITE_ONCE(tcp_sk(sk)->linger2, -1);
	sent = tcp_write_queue_empty(sk);
	release_sock(sk);
	return sent;
}

/* The inner socket is locked, or its spinlock is held. */
static int rsess_tcp_receive(struct rsess_transport *tr)
{
	read_descriptor_t desc = { .arg.data = tr, .count = 1 };
	struct socket *sock = tr->sock;
	struct sock *sk = sock->sk;

	if (rsess_input_start(tr))
		return tr->rx.error;
	rsess_tcp_read_sock(sock, &desc, rsess_tcp_actor, tr->rx.atomic);
	/* Urgent data would stop the reading for ever; no peer of ours sends it. */
	if (tcp_sk(sk)->urg_data && !tr->rx.error) {
		RSESS_INC(sock_net(sk), FRAMES_MALFORMED);
		tr->rx.error = -EPROTO;
	}
	return tr->rx.error;
}

static int rsess_tcp_read(struct rsess_transport *tr)
{
	struct sock *sk = tr->sock->sk;
	int err;

	lock_sock(sk);
	err = rsess_tcp_receive(tr);
	release_sock(sk);
	return err;
}

/* With MSG_TRUNC, TCP drops bytes instead of copying them. */
static void rsess_tcp_discard(struct socket *sock)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_TRUNC };

	rsess_inner_recvmsg(sock, &msg, NULL, 0, INT_MAX, msg.msg_flags);
}

const struct rsess_transport_ops rsess_tcp_ops = {
	.protocol	= IPPROTO_TCP,
	.level		= SOL_TCP,
	.ulp		= TCP_ULP,
	.refused	= ECONNREFUSED,
	.filtered	= true,
	.set_defaults	= rsess_tcp_tune,
	.connect	= rsess_tcp_connect,
	.answer		= rsess_tcp_answer,
	.end		= rsess_tcp_end,
	.listen		= rsess_tcp_listen,
	.set_listen_offer = rsess_tcp_answers,
	.refuses	= rsess_tcp_refuses,
	.unlisten	= rsess_tcp_unlisten,
	.peer_offer	= rsess_tcp_offered,
	.state		= rsess_tcp_state,
	.send		= rsess_tcp_send,
	.busy		= rsess_tcp_busy,
	.push		= rsess_tcp_tune,
	.read		= rsess_tcp_read,
	.receive	= rsess_tcp_receive,
	.was_read	= rsess_tcp_was_read,
	.dialogue	= rsess_tcp_dialogue,
	.hurry_end	= rsess_tcp_hurry_end,
	.discard	= rsess_tcp_discard,
};
