// SPDX-License-Identifier: GPL-2.0
/*
 * Frames out: the next frame is chosen and cut when the transport has room for
 * it, in whatever context has the outer socket locked.  A frame that was begun
 * is finished before the next one, or dies with its transport.
 */
#include <linux/mm.h>
#include <net/sock.h>
#include "greet.h"
#include "net.h"
#include "session.h"
#include "transport.h"
#include "urgent.h"

/* May the application add to the last bytes, so that they can wait? */
static enum rsess_more rsess_tx_tail(const struct rsess_sock *rs)
{
	return (rs->opt.cork || rs->more) && !rs->fin_queued ?
	       RSESS_MORE_MAYBE : RSESS_MORE_NO;
}

/* What comes behind a piece of the current frame that has the next @len bytes of the
 * stream?
 */
static enum rsess_more rsess_tx_more(const struct rsess_sock *rs,
				     const struct rsess_tx *tx, u32 len)
{
	if (tx->body_left > len || tx->tag_due)
		return RSESS_MORE_NOW;
	return tx->data && rsess_sendq_unsent(&rs->sq) == len ?
	       rsess_tx_tail(rs) : RSESS_MORE_NO;
}

static void rsess_tx_put_frag(struct rsess_transport *tr)
{
	struct page_frag *frag = &tr->tx.frag;

	if (!frag->page)
		return;
	sk_mem_uncharge(tr->sk, frag->size);
	put_page(frag->page);
	frag->page = NULL;
}

/**
 * rsess_tx_free() - nothing more is sent
 * @tr: a transport that is closed; if it has a session, that is locked
 */
void rsess_tx_free(struct rsess_transport *tr)
{
	if (tr->tx.head) {
		put_page(tr->tx.head);
		tr->tx.head = NULL;
	}
	rsess_tx_put_frag(tr);
}

/* A page for headers.  An acknowledgment frees memory, so it is sent at the limits too;
 * the socket owes for it.
 */
static bool rsess_tx_get_frag(struct rsess_transport *tr)
{
	struct page_frag *frag = &tr->tx.frag;
	struct page *page = alloc_page(tr->sk->sk_allocation);

	if (!page)
		return false;
	rsess_tx_put_frag(tr);
	frag->page = page;
	frag->size = page_size(page);
	frag->offset = 0;
	rsess_send_charge(tr->sk, frag->size);
	sk_mem_charge(tr->sk, frag->size);
	return true;
}

/* A place for @len bytes that no transport refers to, with a reference to its page. */
static u8 *rsess_tx_place(struct rsess_transport *tr, u32 len)
{
	struct page_frag *frag = &tr->tx.frag;
	u8 *p;

	len = ALIGN(len, sizeof(u64));
	if (frag->page && page_ref_count(frag->page) == 1)
		frag->offset = 0;
	if (!frag->page || frag->size - frag->offset < len)
		if (!rsess_tx_get_frag(tr))
			return NULL;
	p = page_address(frag->page) + frag->offset;
	frag->offset += len;
	get_page(frag->page);
	return p;
}

/* Its header with what is behind it, or its tag. */
static int rsess_tx_head(struct rsess_sock *rs, struct rsess_transport *tr)
{
	struct rsess_tx *tx = &tr->tx;
	ssize_t n;

	while (tx->head_left) {
		n = tr->ops->send(tr->sock, tx->head, tx->head_off,
				  tx->head_left, rsess_tx_more(rs, tx, 0));
		if (n <= 0)
			return n ?: -EAGAIN;
		tx->head_off += n;
		tx->head_left -= n;
	}
	if (tx->head) {
		put_page(tx->head);
		tx->head = NULL;
	}
	return 0;
}

/* Its bytes of the stream. */
static int rsess_tx_body(struct rsess_sock *rs, struct rsess_transport *tr)
{
	struct rsess_tx *tx = &tr->tx;
	struct page *page;
	u32 off, len;
	ssize_t n;

	while (tx->body_left) {
		len = rsess_sendq_frag(&rs->sq, tx->body_left, &page, &off);
		if (WARN_ON_ONCE(!len))
			return -EPROTO;
		n = tr->ops->send(tr->sock, page, off, len,
				  rsess_tx_more(rs, tx, len));
		if (n <= 0)
			return n ?: -EAGAIN;
		if (tx->tag_due)
			rsess_tag_page(&tx->tag, page, off, n);
		rsess_sendq_sent(&rs->sq, n);
		tx->body_left -= n;
	}
	return 0;
}

static void rsess_tx_set_head(struct rsess_tx *tx, u8 *p, u32 len)
{
	tx->head = tx->frag.page;
	tx->head_off = p - (u8 *)page_address(tx->head);
	tx->head_left = len;
}

/* The tag of DATA. */
static int rsess_tx_tag(struct rsess_transport *tr)
{
	u8 *p = rsess_tx_place(tr, RSESS_WIRE_TAG_LEN);
	struct rsess_tx *tx = &tr->tx;

	if (!p)
		return -ENOMEM;
	rsess_tag_end(&tx->tag, p);
	tx->tag_due = false;
	rsess_tx_set_head(tx, p, RSESS_WIRE_TAG_LEN);
	return 0;
}

/* Give the transport what is left of the current frame. */
static int rsess_tx_flush(struct rsess_sock *rs, struct rsess_transport *tr)
{
	int err;

	do {
		err = rsess_tx_head(rs, tr) ?: rsess_tx_body(rs, tr);
		if (err || !tr->tx.tag_due)
			return err;
		err = rsess_tx_tag(tr);
	} while (!err);
	return err;
}

/* Begin a frame.  Its bytes have a place of their own, for a dead transport's skbs
 * may point to the old ones.
 */
static int rsess_tx_begin(struct rsess_sock *rs, struct rsess_transport *tr,
			  u8 type, u8 flags, u32 body)
{
	struct rsess_frame f = {
		.type	= type,
		.flags	= flags,
		.length	= body ?: rsess_greet_len(rs, type),
		.seq	= rs->sq.snd_nxt + rs->fin_sent,
	};
	bool tagged = tr->tx.tag.on && rsess_wire_tagged(type);
	u32 len = RSESS_HDR_LEN + (body ? 0 : f.length);
	int err;
	u8 *p;

	p = rsess_tx_place(tr, len + (tagged ? RSESS_WIRE_TAG_LEN : 0));
	if (!p)
		return -ENOMEM;
	f.limit = rsess_credit_told(&rs->credit, rsess_window(rs));
	f.ack = rs->credit.acked;
	rsess_wire_encode(&f, p);
	if (!body && f.length) {
		err = rsess_greet_payload(rs, type, p, p + RSESS_HDR_LEN);
		if (err) {
			put_page(tr->tx.frag.page);
			return err;
		}
	}

	if (tagged)
		rsess_tag_begin(&tr->tx.tag, p);
	if (tagged && !body) {
		rsess_tag_bytes(&tr->tx.tag, p + RSESS_HDR_LEN, f.length);
		rsess_tag_end(&tr->tx.tag, p + len);
		len += RSESS_WIRE_TAG_LEN;
	}
	rsess_tx_set_head(&tr->tx, p, len);
	tr->tx.body_left = body;
	tr->tx.data = body;
	tr->tx.tag_due = tagged && body;

	/* What asks for an answer may get one that carries nothing else. */
	if (type != RSESS_ACK && type != RSESS_PONG && tr->rx.idle.n)
		tr->rx.idle.n--;
	rs->ack_now = false;
	rsess_timer_stop(rs, RSESS_TIMER_ACK);
	return 1;
}

static int rsess_tx_data(struct rsess_sock *rs, struct rsess_transport *tr,
			 u32 len)
{
	const struct sock *sk = rsess_to_sk(rs);
	u8 flags = 0;

	if (tr->tx.tag.on)
		len = min(len, rs->piece);
	/* Only the sender knows how near its buffer is to being full. */
	if (sk->sk_wmem_queued >= READ_ONCE(sk->sk_sndbuf) / 2)
		flags = RSESS_F_ACKNOW;
	len = rsess_urgent_cut(rs, len, &flags);
	return rsess_tx_begin(rs, tr, RSESS_DATA, flags, len);
}

/* Begin the next frame; 1 when there is one, 0 when not, or an errno. */
static int rsess_tx_next(struct rsess_sock *rs, struct rsess_transport *tr)
{
	struct net *net = sock_net(rsess_to_sk(rs));
	u64 unsent, credit;
	int err;

	if (rs->pending) {
		u8 type = __ffs(rs->pending);

		err = rsess_tx_begin(rs, tr, type, 0, 0);
		if (err > 0)
			rs->pending &= ~RSESS_PEND(type);
		return err;
	}
	if (rs->link != RSESS_LINK_LIVE)
		return 0;

	unsent = rsess_sendq_unsent(&rs->sq);
	credit = rsess_before(rs->sq.snd_nxt, rs->snd_limit) ?
		 rs->snd_limit - rs->sq.snd_nxt : 0;
	if (unsent && credit)
		return rsess_tx_data(rs, tr, min3(unsent, credit,
						  (u64)RSESS_DATA_MAX));
	if (rs->fin_queued && !rs->fin_sent && !unsent) {
		err = rsess_tx_begin(rs, tr, RSESS_FIN, 0, 0);
		if (err > 0) {
			rs->fin_sent = true;
			rs->fin_tried = true;
		}
		return err;
	}
	if (rs->stop_queued && !rs->stop_sent && rs->fin_sent && !rs->rcv_fin) {
		err = rsess_tx_begin(rs, tr, RSESS_STOP, 0, 0);
		if (err > 0)
			rs->stop_sent = true;
		return err;
	}
	if (rs->ack_now) {
		RSESS_INC(net, ACKS_SENT);
		return rsess_tx_begin(rs, tr, RSESS_ACK, 0, 0);
	}
	return 0;
}

/**
 * rsess_push() - send what can be sent
 * @rs: session, locked
 *
 * Context: may sleep; locks the inner socket.  Does nothing while the transport
 * is being read, for whoever reads pushes afterwards.
 */
void rsess_push(struct rsess_sock *rs)
{
	struct rsess_transport *tr = rs->tr;
	int err;

	rsess_owned_by_me(rs);
	if (!tr || !tr->sock || tr->reading || rs->shut ||
	    rs->link < RSESS_LINK_GREETING)
		return;
	do {
		err = rsess_tx_flush(rs, tr);
		if (!err)
			err = rsess_tx_next(rs, tr);
	} while (err > 0);

	if (!err) {
		if (!(rs->armed & BIT(RSESS_TIMER_RETRY)))
			rs->retries = 0;
		rsess_link_done(rs);
	} else if (err == -ENOMEM) {
		rsess_timer_retry(rs);
	} else if (err != -EAGAIN) {
		/* It is dead or dying: its work finds out. */
		rsess_transport_queue(tr);
	}
	rsess_timer_watch(rs);
}

/**
 * rsess_push_held() - send what TCP_CORK or MSG_MORE held back
 * @rs: session, locked
 *
 * Context: may sleep; locks the inner socket.
 */
void rsess_push_held(struct rsess_sock *rs)
{
	rs->more = false;
	rsess_push(rs);
	if (rs->tr && rs->link == RSESS_LINK_LIVE && !rs->tr->reading)
		rs->tr->ops->push(rs->tr->sock);
}

/**
 * rsess_push_tidy() - a session that has nothing to say keeps no memory for it
 * @rs: session, locked
 */
void rsess_push_tidy(struct rsess_sock *rs)
{
	struct rsess_transport *tr = rs->tr;

	if (tr && tr->tx.frag.page && !tr->tx.head &&
	    page_ref_count(tr->tx.frag.page) == 1)
		rsess_tx_put_frag(tr);
}
