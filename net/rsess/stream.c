// SPDX-License-Identifier: GPL-2.0
/*
 * The byte stream as the application sees it.
 */
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/tcp.h>
#include <net/sock.h>
#include "compat.h"
#include "fallback.h"
#include "recvq.h"
#include "session.h"
#include "solsock.h"
#include "stamp.h"
#include "transport.h"
#include "urgent.h"

/* How large a page for the next bytes may be.  This call fills at least half of it, or
 * the queue has as much already, so that memory stays proportional to bytes; and it is
 * a small part of SO_SNDBUF, for it is free again when all of it is acknowledged.
 */
static u32 rsess_send_page(const struct sock *sk, struct msghdr *msg)
{
	size_t bytes = msg_data_left(msg) + sk->sk_wmem_queued / 2;
	int sndbuf = READ_ONCE(sk->sk_sndbuf);
	int room = sndbuf - sk->sk_wmem_queued - RSESS_SENDQ_CHUNK;

	return min_t(size_t, bytes, clamp(room, 0, sndbuf / 8));
}

/* Room for one byte at least, and the memory is accounted for.  The socket has been
 * charged for what the queue keeps when bytes are put there.
 */
static bool rsess_send_room(struct rsess_sock *rs, struct msghdr *msg)
{
	struct sock *sk = rsess_to_sk(rs);
	u32 cost;

	if (rsess_sendq_refill(&rs->sq, rsess_send_page(sk, msg),
			       sk->sk_allocation))
		return false;
	cost = rsess_sendq_cost(&rs->sq);
	return !cost || rsess_send_charge(sk, cost);
}

/* Copy a piece of the application's bytes; how many, or a negative errno. */
static int rsess_send_fill(struct rsess_sock *rs, struct msghdr *msg)
{
	struct page_frag *frag = &rs->sq.frag;
	struct sock *sk = rsess_to_sk(rs);
	size_t len;
	int err = -ENOBUFS;

	if (!rsess_send_room(rs, msg))
		goto trim;
	len = min_t(size_t, msg_data_left(msg), frag->size - frag->offset);
	len = copy_from_iter(page_address(frag->page) + frag->offset, len,
			     &msg->msg_iter);
	err = -EFAULT;
	if (!len)
		goto trim;
	if (rs->shown) {		/* the peer has closed: nobody will read it */
		rs->unread += len;
		err = len;
		goto trim;
	}
	err = rsess_sendq_put(&rs->sq, frag->page, frag->offset, len,
			      sk->sk_allocation);
	if (err) {
		iov_iter_revert(&msg->msg_iter, len);
		err = -ENOBUFS;
		goto trim;
	}
	frag->offset += len;
	rsess_send_account(rs);
	return len;

trim:
	rsess_sendq_trim(&rs->sq);
	rsess_send_account(rs);
	return err;
}

/* The piece of a page that comes next, if it may be retained; how many bytes.  A page that
 * is not counted belongs to somebody who frees it in another way: no reference may be taken.
 */
static u32 rsess_send_piece(struct msghdr *msg, struct page **page, u32 *off)
{
	const struct iov_iter *iter = &msg->msg_iter;
	const struct bio_vec *bv = iter->bvec;
	u32 from;

	if (!iov_iter_is_bvec(iter))
		return 0;
	from = bv->bv_offset + iter->iov_offset;
	*page = nth_page(bv->bv_page, from >> PAGE_SHIFT);
	*off = offset_in_page(from);
	if (!sendpage_ok(*page))
		return 0;
	return min3(bv->bv_len - iter->iov_offset, msg_data_left(msg),
		    PAGE_SIZE - *off);
}

/* Retain a page of the application's, or a part of it, which is not copied; how many bytes,
 * or a negative errno.  -EIO: it has to be.
 */
static int rsess_send_borrow(struct rsess_sock *rs, struct msghdr *msg)
{
	struct sock *sk = rsess_to_sk(rs);
	struct page *page;
	u32 off, len;

	len = rsess_send_piece(msg, &page, &off);
	if (!len)
		return -EIO;
	if (!rsess_send_charge(sk, rsess_sendq_borrow_cost(len)) ||
	    rsess_sendq_borrow(&rs->sq, page, off, len, sk->sk_allocation))
		return -ENOBUFS;
	iov_iter_advance(&msg->msg_iter, len);
	rsess_send_account(rs);
	return len;
}

/* A tag is of the bytes as they were when it was made, so nobody may write to them. */
static bool rsess_send_borrows(const struct rsess_sock *rs)
{
	return !rs->shown && !rs->tagged && !rs->tag_asked;
}

/* Retain some of the application's bytes; how many, or a negative errno. */
static int rsess_send_take(struct rsess_sock *rs, struct msghdr *msg,
			   bool pages)
{
	int n = pages && rsess_send_borrows(rs) ? rsess_send_borrow(rs, msg) :
						  -EIO;

	return n == -EIO ? rsess_send_fill(rs, msg) : n;
}

/* Wait until the session can take bytes, or a moment when it can, but memory is
 * short.
 */
static int rsess_send_wait(struct rsess_sock *rs, long *timeo, bool full)
{
	struct sock *sk = rsess_to_sk(rs);
	int err;

	rsess_push(rs);
	rsess_link_backlog(rs);
	rsess_solsock_grow(rs);
	if (full && sk_stream_memory_free(sk))
		return 0;
	set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
	err = sk_stream_wait_memory(sk, timeo);
	/* No acknowledgment would call it. */
	if (err == -EAGAIN && !rsess_sendq_retained(&rs->sq))
		sk->sk_write_space(sk);
	return err;
}

/* MSG_ZEROCOPY: the bytes are copied, for a reset may ask for them long after the
 * application had its buffer back, and the notification says so as TCP's does over
 * the loopback device.  That of io_uring is its own, and says so when nobody has used it.
 */
static struct ubuf_info *rsess_send_notice(struct sock *sk,
					   const struct msghdr *msg, size_t len)
{
	struct ubuf_info *uarg;

	if (!(msg->msg_flags & MSG_ZEROCOPY) || !len || msg->msg_ubuf ||
	    !sock_flag(sk, SOCK_ZEROCOPY))
		return NULL;
	uarg = rsess_zerocopy_alloc(sk, len);
	if (!uarg)
		return ERR_PTR(-ENOBUFS);
	uarg_to_msgzc(uarg)->zerocopy = 0;
	return uarg;
}

/* @pages: they may stay where they are.  @last: nothing follows at once. */
static int rsess_send_msg(struct socket *sock, struct msghdr *msg, size_t len,
			  bool pages, bool last)
{
	struct sock *sk = rsess_sock_get(sock);
	struct rsess_sock *rs = rsess_sk(sk);
	struct ubuf_info *uarg;
	int copied = 0;
	long timeo;
	bool full;
	int err;

	if (!rsess_is_session(sk))
		return rsess_fallback(sock)->ops->sendmsg(sock, msg, len);
	if (msg->msg_controllen) {
		struct sockcm_cookie sockc;

		sockcm_init(&sockc, sk);
		if (sock_cmsg_send(sk, msg, &sockc))
			return -EINVAL;
	}

	lock_sock(sk);
	rsess_link_settle(rs);
	timeo = sock_sndtimeo(sk, msg->msg_flags & MSG_DONTWAIT);
	uarg = rsess_send_notice(sk, msg, len);
	if (IS_ERR(uarg)) {
		err = PTR_ERR(uarg);
		uarg = NULL;
		goto error;
	}
	if ((1 << rsess_shown_state(rs)) &
	    ~(TCPF_ESTABLISHED | TCPF_CLOSE_WAIT)) {
		err = sk_stream_wait_connect(sk, &timeo);
		if (err)
			goto error;
	}
	if (rs->plain)
		goto plain;
	sk_clear_bit(SOCKWQ_ASYNC_NOSPACE, sk);
	if (rs->tr)
		rsess_solsock_update(rs, rs->tr->sock);
	rs->more = msg->msg_flags & MSG_MORE;

	err = -EPIPE;
	if (sk->sk_err || sk->sk_shutdown & SEND_SHUTDOWN)
		goto error;
	while (msg_data_left(msg)) {
		full = !sk_stream_memory_free(sk);
		err = full ? -ENOBUFS : rsess_send_take(rs, msg, pages);
		if (err == -ENOBUFS) {
			err = rsess_send_wait(rs, &timeo, full);
			if (err)
				goto error;
			err = -EPIPE;
			if (sk->sk_err || sk->sk_shutdown & SEND_SHUTDOWN)
				goto error;
			continue;
		}
		if (err < 0)
			goto error;
		copied += err;
		/* It is not known yet which byte is the last, and urgent. */
		if (rsess_sendq_unsent(&rs->sq) >= RSESS_DATA_MAX &&
		    !(msg->msg_flags & MSG_OOB))
			rsess_push(rs);
	}
	err = 0;
error:
	if (copied) {
		if (rs->shown == TCP_CLOSE_WAIT) {
			rsess_session_unheard(rs);
		} else if (msg->msg_flags & MSG_OOB) {
			rs->urgent = true;
			rs->snd_up = rs->sq.write_seq;
			rs->more = false;
		}
		net_zcopy_put(uarg);
		if (last)
			rsess_push(rs);
		rsess_link_backlog(rs);
		err = copied;
	} else {
		net_zcopy_put_abort(uarg, true);
		if (err)
			err = sk_stream_error(sk, msg->msg_flags, err);
	}
	release_sock(sk);
	return err;

plain:
	net_zcopy_put_abort(uarg, true);
	release_sock(sk);
	return rsess_fallback(sock)->ops->sendmsg(sock, msg, len);
}

/**
 * rsess_sendmsg() - proto_ops.sendmsg of a socket that need not be connected first
 * @sock: outer
 * @msg: bytes; with %MSG_SPLICE_PAGES their pages are retained, not copies
 * @len: how many
 *
 * Context: process; takes the socket lock.
 * Return: how many bytes are retained, or the errno that TCP gives.
 */
int rsess_sendmsg(struct socket *sock, struct msghdr *msg, size_t len)
{
	return rsess_send_msg(sock, msg, len, msg->msg_flags & MSG_SPLICE_PAGES,
			      true);
}

/**
 * rsess_sendpages() - proto_ops.sendpage, where the kernel has that
 * @sock: outer
 * @msg: pages, which are retained; not copies, if possible
 * @len: bytes
 * @last: there is not another call with more at once
 *
 * Context: process; takes the socket lock.
 * Return: how many bytes are retained, or the errno that TCP gives.
 */
int rsess_sendpages(struct socket *sock, struct msghdr *msg, size_t len,
		    bool last)
{
	return rsess_send_msg(sock, msg, len, true, last);
}

/* Hand out what is queued, up to the mark of urgent data.  @skip is where a
 * MSG_PEEK begins; @stamp is for rsess_stamp_tell().  How many bytes, or a negative
 * errno when none could be handed out.
 */
static int rsess_recv_queue(struct sock *sk, struct msghdr *msg, size_t len,
			    u32 skip, int flags, struct sk_buff **stamp)
{
	struct rsess_sock *rs = rsess_sk(sk);
	struct sk_buff *skb, *tmp;
	size_t done = 0;
	u64 seq;

	if (rsess_urgent_hole(rs)) {
		if (flags & MSG_PEEK)
			skip++;
		else
			rsess_urgent_skip(rs);
	}
	seq = rs->credit.copied_seq + skip;
	skb_queue_walk_safe(&sk->sk_receive_queue, skb, tmp) {
		struct rsess_skb_cb *cb = rsess_skb_cb(skb);
		u32 n;

		if (done && (done == len || rsess_urgent_at(rs, seq)))
			break;
		if (skip >= cb->len) {
			skip -= cb->len;
			continue;
		}
		n = min_t(size_t, cb->len - skip, len - done);
		n = rsess_urgent_limit(rs, seq, n);
		if (n && !(flags & MSG_TRUNC) &&
		    skb_copy_datagram_msg(skb, cb->off + skip, msg, n))
			return done ?: -EFAULT;
		rsess_stamp_note(sk, skb, stamp);
		if (!n)
			break;
		done += n;
		seq += n;
		skip = 0;
		if (flags & MSG_PEEK)
			continue;
		WRITE_ONCE(rs->credit.copied_seq, rs->credit.copied_seq + n);
		rsess_recvq_eat(sk, skb, n);
		rsess_urgent_passed(rs);
	}
	return done;
}

/* Has the reader come to the mark of urgent data, where it stops? */
static bool rsess_recv_at_mark(const struct rsess_sock *rs, int flags,
			       size_t done)
{
	return rsess_urgent_at(rs, rs->credit.copied_seq +
				   (flags & MSG_PEEK ? done : 0));
}

/**
 * rsess_recv_credit() - the reader made room: tell the peer when it is worth a frame
 * @rs: session, locked
 *
 * Context: may sleep.
 */
void rsess_recv_credit(struct rsess_sock *rs)
{
	if (rs->link == RSESS_LINK_LIVE && rs->ops->was_read &&
	    skb_queue_empty(&rsess_to_sk(rs)->sk_receive_queue))
		rs->ops->was_read(rs->tr->sock);
	if (!rsess_credit_freed(&rs->credit, rsess_window(rs)) ||
	    rs->link != RSESS_LINK_LIVE || rs->rcv_fin)
		return;
	rsess_solsock_grow(rs);
	rs->ack_now = true;
	rsess_push(rs);
}

/* Take what waits in the transport: there is enough, or not yet.  Is there more to read? */
static bool rsess_recv_more(struct rsess_sock *rs, size_t done, bool enough)
{
	if (done && signal_pending(current))
		return false;
	return enough ? rsess_link_settle(rs) : rsess_link_fetch(rs);
}

/* Nothing is queued: 0 is the end of the stream, 1 means wait. */
static int rsess_recv_idle(struct sock *sk, long timeo)
{
	if (sock_flag(sk, SOCK_DONE))
		return 0;
	if (sk->sk_err)
		return sock_error(sk);
	if (sk->sk_shutdown & RCV_SHUTDOWN)
		return 0;
	if (sk->sk_state == TCP_CLOSE)
		return -ENOTCONN;
	if (!timeo)
		return -EAGAIN;
	if (signal_pending(current))
		return sock_intr_errno(timeo);
	return 1;
}

/* TCP_INQ: how much is left, and that the end of the stream is one thing more.
 * @err of recvmsg() is handed through.
 */
static int rsess_recv_inq(struct sock *sk, struct msghdr *msg, size_t done,
			  int err)
{
	struct rsess_sock *rs = rsess_sk(sk);
	int inq;

	if (!done && err < 0)
		return err;
	rsess_link_settle(rs);
	inq = min_t(u64, rsess_urgent_inq(rs), INT_MAX);
	if (!inq && sock_flag(sk, SOCK_DONE))
		inq = 1;
	msg->msg_inq = inq;
	if (rs->opt.inq)
		put_cmsg(msg, SOL_TCP, TCP_CM_INQ, sizeof(inq), &inq);
	return err;
}

/* Nothing but notifications of MSG_ZEROCOPY. */
static int rsess_recv_error(struct sock *sk, struct msghdr *msg, size_t len)
{
	if (READ_ONCE(sk->sk_family) == AF_INET6)
		return sock_recv_errqueue(sk, msg, len, SOL_IPV6, IPV6_RECVERR);
	return sock_recv_errqueue(sk, msg, len, SOL_IP, IP_RECVERR);
}

/**
 * rsess_recvmsg() - proto_ops.recvmsg
 * @sock: outer
 * @msg: where to
 * @len: room
 * @flags: MSG_PEEK, MSG_TRUNC, MSG_WAITALL, MSG_DONTWAIT
 *
 * Context: process; takes the socket lock.
 * Return: bytes, 0 at the end of the stream, or the errno that TCP gives.
 */
int rsess_recvmsg(struct socket *sock, struct msghdr *msg, size_t len,
		  int flags)
{
	struct sock *sk = rsess_sock_get(sock);
	struct sk_buff *stamp = NULL;
	size_t target, done = 0;
	bool fetched = false;
	u32 peek_off;
	long timeo;
	int n = 0;

	if (!rsess_is_session(sk))
		return rsess_fallback(sock)->ops->recvmsg(sock, msg, len, flags);
	msg->msg_namelen = 0;
	if (flags & MSG_ERRQUEUE)
		return rsess_recv_error(sk, msg, len);

	lock_sock(sk);
	if (flags & MSG_OOB)
		rsess_link_settle(rsess_sk(sk));
	if (sk->sk_state == TCP_LISTEN || flags & MSG_OOB) {
		n = sk->sk_state == TCP_LISTEN ? -ENOTCONN :
		    rsess_urgent_recv(sk, msg, len, flags);
		release_sock(sk);
		return n;
	}
	timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT);
	target = sock_rcvlowat(sk, flags & MSG_WAITALL, len);
	peek_off = max(sk_peek_offset(sk, flags), 0);
	for (;;) {
		if (rsess_sk(sk)->plain) {
			release_sock(sk);
			return rsess_fallback(sock)->ops->recvmsg(sock, msg, len,
								  flags);
		}
		if (done && rsess_recv_at_mark(rsess_sk(sk), flags, done))
			break;
		n = rsess_recv_queue(sk, msg, len - done,
				     flags & MSG_PEEK ? peek_off + done : 0,
				     flags, &stamp);
		if (n < 0)
			break;
		if (n)
			fetched = false;
		done += n;
		if (!(flags & MSG_PEEK))
			rsess_recv_credit(rsess_sk(sk));
		if (len && done == len)
			break;
		if (done && rsess_recv_at_mark(rsess_sk(sk), flags, done))
			break;
		/* No room for a byte: it is enough that there is one. */
		if (!len && rsess_readable(rsess_sk(sk)))
			break;
		/* An error is kept for the next call. */
		if (done && (sk->sk_err || sk->sk_state == TCP_CLOSE))
			break;
		/* Of what is fetched something has to be read, before there is more. */
		if (!fetched && rsess_recv_more(rsess_sk(sk), done,
						done >= target)) {
			fetched = true;
			continue;
		}
		if (done >= target)
			break;
		n = rsess_recv_idle(sk, timeo);
		if (n <= 0)
			break;
		rsess_push_impatient(rsess_sk(sk));
		rsess_sk(sk)->readers++;
		n = sk_wait_data(sk, &timeo,
				 skb_peek_tail(&sk->sk_receive_queue));
		rsess_sk(sk)->readers--;
		fetched = false;
		if (n < 0)
			break;
	}
	if (flags & MSG_PEEK)
		sk_peek_offset_fwd(sk, done);
	else
		sk_peek_offset_bwd(sk, done);
	rsess_stamp_tell(sk, msg, stamp);
	if (rsess_sk(sk)->opt.inq || msg->msg_get_inq)
		n = rsess_recv_inq(sk, msg, done, n);
	rsess_link_backlog(rsess_sk(sk));
	release_sock(sk);
	return done ?: n;
}

/**
 * rsess_peek_len() - proto_ops.peek_len
 * @sock: outer
 *
 * Context: process; may sleep.  Not for a callback.
 * Return: bytes that can be read at once.
 */
int rsess_peek_len(struct socket *sock)
{
	struct sock *sk = rsess_sock_get(sock);

	if (rsess_is_session(sk)) {
		rsess_link_catch_up(rsess_sk(sk));
		return min_t(u64, rsess_urgent_inq(rsess_sk(sk)), INT_MAX);
	}
	if (!rsess_fallback(sock)->ops->peek_len)
		return -EOPNOTSUPP;
	return rsess_fallback(sock)->ops->peek_len(sock);
}

/* Hand the next piece to @recv_actor; how many bytes it took, or a negative errno. */
static int rsess_read_piece(struct sock *sk, struct sk_buff *skb,
			    read_descriptor_t *desc, sk_read_actor_t recv_actor)
{
	struct rsess_sock *rs = rsess_sk(sk);
	u32 len = rsess_urgent_limit(rs, rs->credit.copied_seq,
				     rsess_skb_cb(skb)->len);
	int used;

	used = recv_actor(desc, skb, rsess_skb_cb(skb)->off, len);
	if (used <= 0)
		return used;
	if (WARN_ON_ONCE(used > len))
		used = len;
	WRITE_ONCE(rs->credit.copied_seq, rs->credit.copied_seq + used);
	rsess_recvq_eat(sk, skb, used);
	rsess_urgent_passed(rs);
	return used;
}

/**
 * rsess_read_sock() - proto_ops.read_sock, for users in the kernel
 * @sk: of the application's socket, locked
 * @desc: for @recv_actor; it wants no more when its count is 0
 * @recv_actor: gets an skb, an offset in it, and a length; returns how many of these bytes
 *	it took, or a negative errno
 *
 * Context: process.
 * Return: bytes taken; if none, what @recv_actor returned; or -ENOTCONN, as TCP.
 */
int rsess_read_sock(struct sock *sk, read_descriptor_t *desc,
		    sk_read_actor_t recv_actor)
{
	const struct proto_ops *plain;
	struct sk_buff *skb;
	int copied = 0, used;
	bool fetched = false;

	sock_owned_by_me(sk);
	if (!rsess_is_session(sk)) {
		plain = rsess_fallback(sk->sk_socket)->ops;
		return plain->read_sock ? plain->read_sock(sk, desc, recv_actor) :
					  -EOPNOTSUPP;
	}
	if (sk->sk_state == TCP_LISTEN)
		return -ENOTCONN;
	for (;;) {
		skb = skb_peek(&sk->sk_receive_queue);
		/* Once: who is as fast as the peer would keep the lock for ever. */
		if (!skb && !fetched && rsess_link_fetch(rsess_sk(sk))) {
			fetched = true;
			continue;
		}
		if (!skb)
			break;
		if (rsess_urgent_hole(rsess_sk(sk))) {
			rsess_urgent_skip(rsess_sk(sk));
			continue;
		}
		used = rsess_read_piece(sk, skb, desc, recv_actor);
		if (used <= 0) {
			copied = copied ?: used;
			break;
		}
		copied += used;
		if (!desc->count)
			break;
	}
	if (copied > 0)
		rsess_recv_credit(rsess_sk(sk));
	return copied;
}
