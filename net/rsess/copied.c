// SPDX-License-Identifier: GPL-2.0
/*
 * Transports that have neither sendpage() nor read_sock(): what they are given is
 * copied by their sendmsg(), and what they have received by their recvmsg().
 *
 * Where a message of the transport begins or ends means nothing here: a frame may be
 * sent in several, and several may be read as one.
 */
#include <linux/bvec.h>
#include <linux/gfp.h>
#include <linux/uio.h>
#include <net/sock.h>
#include "copied.h"
#include "stamp.h"
#include "transport.h"

/* What is thrown away at most: a socket has no more than its buffer. */
#define RSESS_DISCARD_MAX	SZ_64M

/* An error is told once, and whoever watches the transport wants to know it too. */
static void rsess_copied_told(struct sock *sk, int err)
{
	if (err < 0 && err != -EAGAIN && err != -ENOMEM && err != -ENOBUFS)
		cmpxchg(&sk->sk_err, 0, -err);
}

/**
 * rsess_copied_send() - &rsess_transport_ops.send
 * @sock: inner socket, not locked
 * @bv: where the bytes are
 * @n: in how many pieces
 * @len: how many
 * @more: what follows is not waited for: nothing would send it later
 *
 * Context: may sleep.
 * Return: bytes taken or a negative errno.
 */
ssize_t rsess_copied_send(struct socket *sock, const struct bio_vec *bv,
			  unsigned int n, size_t len, enum rsess_more more)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	int sent;

	len = min_t(size_t, len, RSESS_COPIED_MAX);
	iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, bv, n, len);
	/* As rsess_inner_sendmsg(). */
	sent = sock->ops->sendmsg(sock, &msg, len);
	rsess_copied_told(sock->sk, sent);
	return sent;
}

/* To the beginning of a page; bytes, or 0 or a negative errno.  @skb, unless it is NULL, is
 * told when they were received.
 */
static int rsess_copied_recv(struct socket *sock, struct page *page, u32 len,
			     struct sk_buff *skb)
{
	u8 control[RSESS_STAMP_CONTROL] __aligned(sizeof(size_t));
	struct msghdr msg = {
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct bio_vec bv;
	int n;

	bvec_set_page(&bv, page, len, 0);
	iov_iter_bvec(&msg.msg_iter, ITER_DEST, &bv, 1, len);
	n = sock->ops->recvmsg(sock, &msg, len, MSG_DONTWAIT);
	if (skb)
		rsess_stamp_take(skb, control,
				 sizeof(control) - msg.msg_controllen);
	return n;
}

/* Is it still the connection that it was?  If not, that one was reset. */
static bool rsess_copied_same(struct rsess_transport *tr)
{
	struct sock *sk = tr->sock->sk;
	u32 now;

	if (!tr->ops->incarnation)
		return true;
	lock_sock(sk);
	now = tr->ops->incarnation(sk);
	release_sock(sk);
	if (!tr->copied->incarnation)
		tr->copied->incarnation = now;
	if (!now || now == tr->copied->incarnation)
		return true;
	rsess_copied_told(sk, -ECONNRESET);
	sk_error_report(sk);
	return false;
}

/* A page that nobody else refers to.  Who keeps a part of it pays for all. */
static bool rsess_copied_room(struct page_frag *frag, gfp_t gfp)
{
	struct page *page;

	if (frag->page && page_ref_count(frag->page) == 1)
		return true;
	page = alloc_pages((gfp & ~__GFP_DIRECT_RECLAIM) | __GFP_COMP |
			   __GFP_NOWARN | __GFP_NORETRY,
			   get_order(RSESS_COPIED_MAX));
	if (!page)
		page = alloc_page(gfp);
	if (!page)
		return false;
	if (frag->page)
		put_page(frag->page);
	frag->page = page;
	frag->size = page_size(page);
	return true;
}

static void rsess_copied_tidy(struct rsess_copied *c)
{
	if (c->frag.page)
		put_page(c->frag.page);
	c->frag.page = NULL;
}

/* How many bytes are taken at once.  Before there is a session no more than belong to the
 * first frame: what stands behind it may have to wait for long, and stays where it is
 * paid for.
 */
static u32 rsess_copied_most(const struct rsess_transport *tr)
{
	const struct rsess_rx *rx = &tr->rx;
	u32 rest = RSESS_HDR_LEN - rx->hdr_len;

	if (tr->sk)
		return tr->copied->frag.size;
	return min(rest ?: rx->body_left, tr->copied->frag.size);
}

/* Take what has come.  Return: bytes in @c->unread, or 0 or a negative errno. */
static int rsess_copied_take(struct rsess_transport *tr)
{
	struct rsess_copied *c = tr->copied;
	struct socket *sock = tr->sock;
	gfp_t gfp = sock->sk->sk_allocation;
	struct page_frag *frag = &c->frag;
	struct sk_buff *skb;
	int n;

	if (!rsess_copied_room(frag, gfp))
		return -ENOMEM;
	skb = alloc_skb(0, gfp);
	if (!skb)
		return -ENOMEM;
	rsess_stamp_ask(sock, tr->sk);
	n = rsess_copied_recv(sock, frag->page, rsess_copied_most(tr), skb);
	/* Asked afterwards, for what has come before came from that one. */
	if (n > 0 && !rsess_copied_same(tr))
		n = -ECONNRESET;
	if (n <= 0) {
		kfree_skb(skb);
		rsess_copied_told(sock->sk, n);
		return n;
	}
	get_page(frag->page);
	skb_add_rx_frag(skb, 0, frag->page, 0, n, frag->size);
	c->unread = skb;
	c->off = 0;
	return n;
}

/* Give the parser what was taken.  Return: did it take all? */
static bool rsess_copied_give(struct rsess_transport *tr)
{
	struct rsess_copied *c = tr->copied;

	if (!c->unread)
		return true;
	c->off += rsess_input(tr, c->unread, c->off, c->unread->len - c->off);
	if (c->off < c->unread->len)
		return false;
	consume_skb(c->unread);
	c->unread = NULL;
	return !tr->rx.error && !tr->rx.whole;
}

/**
 * rsess_copied_read() - &rsess_transport_ops.read
 * @tr: transport
 *
 * Context: may sleep.
 * Return: 0 or a negative errno, see &struct rsess_rx.
 */
int rsess_copied_read(struct rsess_transport *tr)
{
	int n;

	if (rsess_input_start(tr))
		return tr->rx.error;
	while (rsess_copied_give(tr)) {
		n = rsess_copied_take(tr);
		if (n == -ENOMEM)
			tr->rx.error = n;
		if (n <= 0)
			break;
	}
	rsess_copied_tidy(tr->copied);
	return tr->rx.error;
}

/**
 * rsess_copied_discard() - &rsess_transport_ops.discard
 * @sock: inner socket, not locked
 *
 * Context: may sleep.
 */
void rsess_copied_discard(struct socket *sock)
{
	struct page *page = alloc_page(sock->sk->sk_allocation);
	u32 done = 0;
	int n;

	if (!page)
		return;
	do {
		n = rsess_copied_recv(sock, page, PAGE_SIZE, NULL);
		done += max(n, 0);
	} while (n > 0 && done < RSESS_DISCARD_MAX);
	__free_page(page);
}

/**
 * rsess_copied_free() - nothing more is read
 * @c: of a transport that is closed
 */
void rsess_copied_free(struct rsess_copied *c)
{
	kfree_skb(c->unread);
	c->unread = NULL;
	rsess_copied_tidy(c);
}
