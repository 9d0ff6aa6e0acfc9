// SPDX-License-Identifier: GPL-2.0
/*
 * Frames out: the next frame is chosen and cut when the transport has room for
 * it, in whatever context has the outer socket locked.  A frame that was begun
 * is finished before the next one, or dies with its transport.
 */
#include <linux/bvec.h>
#include <linux/mm.h>
#include <net/sock.h>
#include "ctrl.h"
#include "net.h"
#include "session.h"
#include "transport.h"
#include "urgent.h"

/* DATA with so few bytes is copied whole, behind its header: that is cheaper than lending
 * the transport one piece more.
 */
#define RSESS_TX_COPY	min_t(u32, 1024, PAGE_SIZE / 4)
/* Pieces of payload that are lent at most: a frame is given in one call. */
#define RSESS_TX_LENT	16

/* May the application add to the last bytes, so that they can wait? */
static enum rsess_more rsess_tx_tail(const struct rsess_sock *rs)
{
	if (rs->fin_queued)
		return RSESS_MORE_YES;
	if (rs->opt.cork || rs->more)
		return RSESS_MORE_MAYBE;
	return rs->opt.nodelay || rs->urgent || rs->impatient ||
	       rs->tr->tx.alone ? RSESS_MORE_NO : RSESS_MORE_SOON;
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
	rsess_timer_arm(rsess_sk(tr->sk), RSESS_TIMER_TIDY, RSESS_TIDY_DELAY);
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

/* What is left of the current frame, which always fits. */
static unsigned int rsess_tx_vec(struct rsess_sock *rs, struct rsess_tx *tx,
				 struct bio_vec *bv, u32 *len)
{
	unsigned int n = 0;
	u32 body = 0;

	if (tx->head_left)
		bvec_set_page(&bv[n++], tx->page, tx->head_left, tx->head_off);
	if (tx->body_left)
		n += rsess_sendq_vec(&rs->sq, tx->body_left, bv + n,
				     RSESS_TX_LENT, &body);
	if (tx->tail_left)
		bvec_set_page(&bv[n++], tx->page, tx->tail_left, tx->tail_off);
	*len = tx->head_left + body + tx->tail_left;
	return n;
}

/* The transport has taken @n bytes more of the current frame. */
static void rsess_tx_took(struct rsess_sock *rs, struct rsess_tx *tx, u32 n)
{
	u32 part = min(n, tx->head_left);

	tx->head_off += part;
	tx->head_left -= part;
	n -= part;

	part = min(n, tx->body_left);
	rsess_sendq_sent(&rs->sq, part);
	tx->body_left -= part;
	n -= part;

	tx->tail_off += n;
	tx->tail_left -= n;
}

/* What comes behind this DATA? */
static enum rsess_more rsess_tx_behind(const struct rsess_sock *rs,
				       const struct rsess_tx *tx)
{
	u64 end = rs->sq.snd_nxt + tx->body_left;

	if (end == rs->sq.write_seq)
		return rsess_tx_tail(rs);
	return rsess_before(end, rs->snd_limit) ? RSESS_MORE_SOON :
						  RSESS_MORE_NO;
}

/* STOP is sent behind FIN. */
static bool rsess_tx_stop_due(const struct rsess_sock *rs,
			      const struct rsess_transport *tr)
{
	return rs->stop_queued && !tr->stop_sent && tr->fin_sent && !rs->rcv_fin;
}

/* What comes behind the current frame? */
static enum rsess_more rsess_tx_more(const struct rsess_sock *rs,
				     const struct rsess_transport *tr)
{
	if (tr->tx.data)
		return rsess_tx_behind(rs, &tr->tx);
	return tr->tx.last || rsess_tx_stop_due(rs, tr) ? RSESS_MORE_YES :
							  RSESS_MORE_NO;
}

/* Give the transport what is left of the current frame. */
static int rsess_tx_flush(struct rsess_sock *rs, struct rsess_transport *tr)
{
	struct bio_vec bv[RSESS_TX_LENT + 2];
	struct rsess_tx *tx = &tr->tx;
	enum rsess_more more;
	unsigned int n;
	ssize_t sent;
	u32 len;

	while (tx->page) {
		n = rsess_tx_vec(rs, tx, bv, &len);
		more = rsess_tx_more(rs, tr);
		sent = tr->ops->send(tr->sock, bv, n, len, more);
		if (sent <= 0)
			return sent ?: -EAGAIN;
		rsess_tx_took(rs, tx, sent);
		if (sent < len)
			continue;
		put_page(tx->page);
		tx->page = NULL;
	}
	return 0;
}

/* A frame that was begun at @p gets its tag, behind what was made for it.  The payload that is
 * lent stays where it is.
 */
static void rsess_tx_tag(struct rsess_sock *rs, struct rsess_transport *tr,
			 u8 *p)
{
	struct rsess_tag *tag = &tr->tags->tx;
	struct bio_vec bv[RSESS_TX_LENT];
	struct rsess_tx *tx = &tr->tx;
	unsigned int n = 0, i;
	u32 len;

	rsess_tag_begin(tag, p);
	rsess_tag_bytes(tag, p + RSESS_HDR_LEN, tx->head_left - RSESS_HDR_LEN);
	if (tx->body_left)
		n = rsess_sendq_vec(&rs->sq, tx->body_left, bv, RSESS_TX_LENT,
				    &len);
	for (i = 0; i < n; i++)
		rsess_tag_page(tag, bv[i].bv_page, bv[i].bv_offset,
			       bv[i].bv_len);
	rsess_tag_end(tag, p + tx->head_left);
	if (tx->body_left) {
		tx->tail_off = tx->head_off + tx->head_left;
		tx->tail_left = RSESS_WIRE_TAG_LEN;
	} else {
		tx->head_left += RSESS_WIRE_TAG_LEN;
	}
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
		.length	= body ?: rsess_ctrl_len(rs, type),
		.seq	= rs->sq.snd_nxt + tr->fin_sent,
	};
	bool tagged = tr->tagged && rsess_wire_tagged(type);
	bool alone = rs->sq.snd_una == rs->sq.snd_nxt;
	bool lent = body > RSESS_TX_COPY;
	u32 len = RSESS_HDR_LEN + (lent ? 0 : f.length);
	struct rsess_tx *tx = &tr->tx;
	int err;
	u8 *p;

	p = rsess_tx_place(tr, len + (tagged ? RSESS_WIRE_TAG_LEN : 0));
	if (!p)
		return -ENOMEM;
	f.limit = rsess_credit_told(&rs->credit, rsess_window(rs));
	f.ack = rs->credit.acked;
	rsess_wire_encode(&f, p);
	if (body && !lent) {
		rsess_sendq_copy(&rs->sq, body, p + RSESS_HDR_LEN);
	} else if (!body && f.length) {
		err = rsess_ctrl_payload(rs, type, p, p + RSESS_HDR_LEN);
		if (err) {
			put_page(tx->frag.page);
			return err;
		}
	}

	tx->page = tx->frag.page;
	tx->head_off = p - (u8 *)page_address(tx->page);
	tx->head_left = len;
	tx->body_left = lent ? body : 0;
	tx->tail_left = 0;
	tx->data = body;
	tx->alone = alone;
	if (tagged)
		rsess_tx_tag(rs, tr, p);

	/* What asks for an answer may get one that carries nothing else. */
	if (type != RSESS_ACK && type != RSESS_PONG && tr->rx.idle.n)
		tr->rx.idle.n--;
	rs->ack_now = false;
	rsess_timer_stop(rs, RSESS_TIMER_ACK);
	return 1;
}

/* May the last bytes wait for more?  With TCP_NODELAY they never do. */
static bool rsess_tx_waits(struct rsess_sock *rs, u64 unsent)
{
	const struct rsess_transport *tr = rs->tr;

	return !rs->opt.nodelay && !rs->fin_queued && !rs->urgent &&
	       !rs->impatient && unsent < RSESS_DATA_MAX && rs->sq.snd_una != rs->sq.snd_nxt &&
	       tr->ops->busy && tr->ops->busy(tr->sock, unsent);
}

static int rsess_tx_data(struct rsess_sock *rs, struct rsess_transport *tr,
			 u32 len)
{
	const struct sock *sk = rsess_to_sk(rs);
	int sndbuf = READ_ONCE(sk->sk_sndbuf);
	u8 flags = 0;

	if (tr->tagged)
		len = min(len, rs->max_frame);
	/* Only the sender knows how near its buffer is to being full. */
	if (sk->sk_wmem_queued >= sndbuf / 2 &&
	    !rsess_before(rs->sq.snd_nxt, rs->acknow_at)) {
		flags = RSESS_F_ACKNOW;
		rs->acknow_at = rs->sq.snd_nxt +
				min_t(u64, sndbuf / 4,
				      rsess_sendq_retained(&rs->sq) / 2);
	}
	if (len > RSESS_TX_COPY)
		len = rsess_sendq_span(&rs->sq, len, RSESS_TX_LENT);
	len = rsess_urgent_cut(rs, len, &flags);
	return rsess_tx_begin(rs, tr, RSESS_DATA, flags, len);
}

/* Begin the next frame; 1 when there is one, 0 when not, or an errno. */
static int rsess_tx_next(struct rsess_sock *rs, struct rsess_transport *tr)
{
	struct net *net = sock_net(rsess_to_sk(rs));
	u64 unsent, credit;
	int err;

	if (tr->pending) {
		u8 type = __ffs(tr->pending);

		err = rsess_tx_begin(rs, tr, type, 0, 0);
		if (err > 0)
			tr->pending &= ~RSESS_PEND(type);
		return err;
	}
	if (rs->link != RSESS_LINK_LIVE)
		return 0;

	unsent = rsess_sendq_unsent(&rs->sq);
	credit = rsess_before(rs->sq.snd_nxt, rs->snd_limit) ?
		 rs->snd_limit - rs->sq.snd_nxt : 0;
	if (unsent && credit && !rsess_tx_waits(rs, unsent))
		return rsess_tx_data(rs, tr, min3(unsent, credit,
						  (u64)RSESS_DATA_MAX));
	if (rs->fin_queued && !tr->fin_sent && !unsent) {
		err = rsess_tx_begin(rs, tr, RSESS_FIN, 0, 0);
		if (err > 0) {
			tr->fin_sent = true;
			rs->fin_tried = true;
		}
		return err;
	}
	if (rsess_tx_stop_due(rs, tr)) {
		err = rsess_tx_begin(rs, tr, RSESS_STOP, 0, 0);
		if (err > 0)
			tr->stop_sent = true;
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
 * Context: may sleep; locks the inner socket.
 * Return: true when the transport has taken all that there is to say.
 */
bool rsess_push(struct rsess_sock *rs)
{
	struct rsess_transport *tr = rs->tr;
	int err;

	rsess_locked_by_me(rs);
	if (!tr || !tr->sock || tr->shut || rs->link < RSESS_LINK_GREETING)
		return false;
	do {
		err = rsess_tx_flush(rs, tr);
		if (!err)
			err = rsess_tx_next(rs, tr);
	} while (err > 0);

	if (!err) {
		if (!(rs->armed & BIT(RSESS_TIMER_RETRY)))
			rs->retries = 0;
	} else if (err == -ENOMEM) {
		rsess_timer_retry(rs);
	} else if (err != -EAGAIN) {
		/* It is dead or dying: its work finds out. */
		rsess_transport_queue(tr);
	}
	rsess_timer_watch(rs);
	return !err;
}

/**
 * rsess_push_impatient() - who wrote waits for an answer now
 * @rs: session, locked
 *
 * Context: may sleep; locks the inner socket.
 */
void rsess_push_impatient(struct rsess_sock *rs)
{
	if (!rsess_sendq_unsent(&rs->sq) || rs->opt.cork || rs->more)
		return;
	rs->impatient = true;
	rsess_push(rs);
	rs->impatient = false;
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
	if (rs->tr && rs->link == RSESS_LINK_LIVE)
		rs->tr->ops->push(rs->tr->sock);
}

/**
 * rsess_push_tidy() - a session that has nothing to say keeps no memory for it
 * @rs: session, locked
 *
 * As long as it has, this is called from time to time.
 */
void rsess_push_tidy(struct rsess_sock *rs)
{
	struct rsess_transport *tr = rs->tr;

	if (rs->sq.kept) {
		rsess_sendq_trim(&rs->sq);
		rsess_send_freed(rs);
	}
	if (tr && tr->tx.frag.page && !tr->tx.page &&
	    page_ref_count(tr->tx.frag.page) == 1)
		rsess_tx_put_frag(tr);
	if (tr && tr->tx.frag.page)
		rsess_timer_arm(rs, RSESS_TIMER_TIDY, RSESS_TIDY_DELAY);
}
