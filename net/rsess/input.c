// SPDX-License-Identifier: GPL-2.0
/*
 * Frames in: bytes of the transport are parsed as they come.  DATA goes to the
 * receive queue without waiting for its frame to be whole; unless it has a tag:
 * nothing of a frame is believed before that.
 *
 * All of this runs inside the transport's read(), with the inner socket locked
 * and, when there is a session, the outer one too.  So input only collects: it queues
 * bytes, counts what is acknowledged and notes what happened in &rsess_rx.events.  A
 * control frame ends the reading.  Link acts on all of that when the inner socket is
 * unlocked.
 *
 * Or it runs in softirq, inside the transport's receive(), with the spinlocks of both.
 * Then it takes bytes, acknowledgments and the end of a direction only, and leaves all other
 * frames where they are, for the work.  It does not come that far when the reader is behind: see
 * rsess_link_receive().
 */
#include <crypto/algapi.h>
#include <net/sock.h>
#include "genl.h"
#include "net.h"
#include "recvq.h"
#include "session.h"
#include "trace.h"
#include "transport.h"
#include "urgent.h"

/**
 * rsess_input_acked() - bytes are the peer's from now on
 * @rs: session, locked
 * @ack: of a header; it was checked to be in range
 *
 * Return: %RSESS_RX_FREED, %RSESS_RX_FIN_ACKED.
 */
u32 rsess_input_acked(struct rsess_sock *rs, u64 ack)
{
	bool fin = rs->fin_tried && ack == rs->sq.write_seq + 1;
	u32 events = 0;
	u64 freed;

	freed = rsess_sendq_ack(&rs->sq, fin ? ack - 1 : ack);
	if (READ_ONCE(rsess_to_sk(rs)->sk_sndbuf) >= RSESS_SNDBUF_KEEPS)
		rsess_sendq_keep(&rs->sq);
	else
		rsess_sendq_trim(&rs->sq);
	if (rs->sq.kept && !(rs->armed & BIT(RSESS_TIMER_TIDY)))
		rsess_timer_arm(rs, RSESS_TIMER_TIDY, RSESS_TIDY_DELAY);
	if (freed) {
		rs->max_frame = min_t(u32, 2 * rs->max_frame, RSESS_DATA_TAGGED);
		events |= RSESS_RX_FREED;
	}
	if (fin && !rs->fin_acked) {
		rs->fin_acked = true;
		events |= RSESS_RX_FIN_ACKED;
	}
	/* RESUME comes before its transport is the session's. */
	if (rs->tr && events) {
		if (events & RSESS_RX_FREED)
			rs->tr->acked_any = true;
		rs->tr->progress = true;
	}
	return events;
}

/* ack and limit of a frame on a live transport. */
static int rsess_input_header(struct rsess_sock *rs, struct rsess_rx *rx)
{
	const struct rsess_frame *f = &rx->f;

	if (!rsess_between(rs->sq.snd_una + rs->fin_acked, f->ack,
			   rs->sq.snd_nxt + rs->tr->fin_sent))
		return -EPROTO;
	if (rsess_before(f->limit, rs->snd_limit))
		return -EPROTO;
	rs->snd_limit = f->limit;
	rx->events |= rsess_input_acked(rs, f->ack);
	return 0;
}

static int rsess_input_data_begin(struct rsess_sock *rs,
				  const struct rsess_frame *f)
{
	switch (rsess_credit_judge(&rs->credit, f->seq, f->length)) {
	case RSESS_DATA_OK:
		if (rs->rcv_fin)
			return -EPROTO;
		break;
	case RSESS_DATA_OLD:
		rs->ack_now = true;
		break;
	default:
		return -EPROTO;
	}
	if (f->flags & RSESS_F_ACKNOW)
		rs->ack_now = true;
	return 0;
}

/* FIN stands behind the last byte, also when it comes again. */
static bool rsess_input_fin_fits(const struct rsess_sock *rs,
				 const struct rsess_frame *f)
{
	return f->seq + rs->rcv_fin == rs->credit.rcv_nxt;
}

/* The peer's stream has grown; accept() may wait for that, whatever comes next. */
static void rsess_input_grown(struct rsess_sock *rs, struct rsess_rx *rx, u32 n)
{
	WRITE_ONCE(rs->credit.rcv_nxt, rs->credit.rcv_nxt + n);
	if (READ_ONCE(rs->deferred))
		rx->events |= RSESS_RX_PRESENT;
}

static void rsess_input_fin(struct rsess_sock *rs, struct rsess_rx *rx)
{
	rs->ack_now = true;
	if (rs->rcv_fin)
		return;
	WRITE_ONCE(rs->rcv_fin, true);
	rsess_input_grown(rs, rx, 1);
	rs->tr->progress = true;
	rx->events |= RSESS_RX_FIN;
}

/* The peer reads no more: what no transport was given will never be wanted, and what it has
 * not acknowledged till now it throws away.
 */
static void rsess_input_stop(struct rsess_sock *rs, struct rsess_transport *tr)
{
	u64 end = rs->sq.snd_nxt + tr->tx.body_left;
	u64 dropped;

	if (rs->stopped)
		return;
	rs->stopped = true;
	tr->rx.events |= RSESS_RX_STOP;
	if (rs->sq.snd_una != rs->sq.write_seq)
		tr->rx.events |= RSESS_RX_UNHEARD;
	dropped = rsess_sendq_truncate(&rs->sq, end);
	rs->dropped += dropped;
	if (dropped)
		tr->rx.events |= RSESS_RX_DROPPED;
}

/* The peer is there.  With tags it takes a frame to show that, and the beginning of one
 * gives it the time for the rest: others may have altered its length.
 */
static void rsess_input_alive(struct rsess_transport *tr)
{
	struct rsess_sock *rs = rsess_sk(tr->sk);

	rs->last_rx = jiffies;
	tr->pinged = false;
	tr->heard = true;
}

/**
 * rsess_input_forged() - a frame does not come from who has the session
 * @tr: the transport, which is worth nothing
 *
 * Return: -EBADMSG.
 */
int rsess_input_forged(const struct rsess_transport *tr)
{
	RSESS_INC(sock_net(tr->sock->sk), FRAMES_FORGED);
	return -EBADMSG;
}

/* The answer to RESUME is none of ours.  In-band there is nothing else that tells that who has
 * answered does not have the protocol.  A connection that is reset or ends without an answer
 * does not: its other end may be a proxy's.
 */
static void rsess_input_strange(struct rsess_transport *tr)
{
	const struct rsess_sock *rs;

	if (!tr->sk)
		return;
	rs = rsess_sk(tr->sk);
	if (rs->inband && rs->link == RSESS_LINK_GREETING &&
	    rsess_to_sk(rs)->sk_state != TCP_SYN_SENT)
		tr->stranger = true;
}

/* Frames on a transport that is not live: the dialer awaits its answer. */
static int rsess_input_greeting(const struct rsess_sock *rs,
				struct rsess_transport *tr)
{
	u8 type = tr->rx.f.type;
	bool hello = rsess_to_sk(rs)->sk_state == TCP_SYN_SENT;

	if (type == RSESS_ABORT ||
	    type == (hello ? RSESS_WELCOME : RSESS_RESUMED))
		return 0;
	rsess_input_strange(tr);
	return rsess_wire_known(type) ? -EPROTO : 0;
}

/* Does a frame say anything new: bytes, an end, an acknowledgment, credit? */
static bool rsess_input_is_news(const struct rsess_sock *rs,
				const struct rsess_frame *f)
{
	if (rs->link == RSESS_LINK_LIVE &&
	    (f->ack != rs->sq.snd_una + rs->fin_acked ||
	     f->limit != rs->snd_limit))
		return true;
	switch (f->type) {
	case RSESS_DATA:
		return rsess_after(f->seq + f->length, rs->credit.rcv_nxt);
	case RSESS_FIN:
		return !rs->rcv_fin;
	case RSESS_STOP:
		return !rs->stopped;
	case RSESS_ACK:
	case RSESS_PING:
	case RSESS_PONG:
		return false;
	default:
		return rsess_wire_known(f->type);
	}
}

/* Is this frame one too many of those that carry nothing?  The peer pays less
 * for them than this side, which may have to answer.
 */
static bool rsess_input_floods(struct rsess_transport *tr)
{
	struct rsess_rx *rx = &tr->rx;
	u32 max;

	if (!tr->sk || rsess_input_is_news(rsess_sk(tr->sk), &rx->f))
		return false;
	max = READ_ONCE(rsess_net(sock_net(tr->sk))->max_idle_frames);
	return !rsess_rate_take(&rx->idle, max);
}

/**
 * rsess_input_confirmed() - the peer has sent something behind HELLO
 * @rs: session, locked; may be a dialer's
 */
void rsess_input_confirmed(struct rsess_sock *rs)
{
	rs->hello_only = false;
	rsess_timer_stop(rs, RSESS_TIMER_CONFIRM);
}

/* The header of a frame is there: may it come now? */
static int rsess_input_begin(struct rsess_transport *tr)
{
	const struct rsess_frame *f = &tr->rx.f;
	struct rsess_sock *rs;
	int err;

	if (!tr->sk)
		return f->type == RSESS_HELLO || f->type == RSESS_RESUME ?
		       0 : -EPROTO;
	rs = rsess_sk(tr->sk);
	if (rs->link != RSESS_LINK_LIVE)
		return rsess_input_greeting(rs, tr);

	rsess_input_confirmed(rs);
	if (f->type == RSESS_ABORT)
		return 0;
	if (rs->unproven && f->type != RSESS_PONG)
		return -EPROTO;
	if (rsess_wire_known(f->type) && f->type <= RSESS_RESUMED)
		return -EPROTO;
	err = rsess_input_header(rs, &tr->rx);
	if (err)
		return err;
	if (f->type == RSESS_DATA)
		return rsess_input_data_begin(rs, f);
	if (f->type == RSESS_FIN && !rsess_input_fin_fits(rs, f))
		return -EPROTO;
	return 0;
}

/* The last byte of a frame is there.  Reading stops behind those that link has to see to, and
 * behind the one that acknowledges FIN, for the session may end with it.
 */
static void rsess_input_end(struct rsess_transport *tr)
{
	struct rsess_rx *rx = &tr->rx;

	switch (rx->f.type) {
	case RSESS_DATA:
	case RSESS_ACK:
		break;
	case RSESS_FIN:
		rsess_input_fin(rsess_sk(tr->sk), rx);
		break;
	case RSESS_STOP:
		rsess_input_stop(rsess_sk(tr->sk), tr);
		rx->whole = true;	/* FIN may come before it, or behind */
		break;
	default:
		rx->whole = rsess_wire_known(rx->f.type);
	}
	if (rx->events & RSESS_RX_FIN_ACKED)
		rx->whole = true;
}

static gfp_t rsess_input_gfp(const struct rsess_transport *tr)
{
	return tr->rx.atomic ? GFP_ATOMIC : tr->sk->sk_allocation;
}

/* Does this frame end the session, by its acknowledgment of our FIN? */
static bool rsess_input_is_last(const struct rsess_sock *rs,
				const struct rsess_frame *f)
{
	int state = rsess_to_sk(rs)->sk_state;

	return rs->fin_tried && !rs->fin_acked &&
	       f->ack == rs->sq.write_seq + 1 &&
	       rsess_state_next(state, RSESS_EV_FIN_ACKED) == TCP_CLOSE;
}

/* Has this frame to wait for the work?  It ends the session, or asks for more than queueing
 * bytes, noting their end and freeing what is acknowledged.
 */
static bool rsess_input_waits(const struct rsess_transport *tr)
{
	const struct rsess_frame *f = &tr->rx.f;

	if (!tr->rx.atomic)
		return false;
	if (f->type != RSESS_DATA && f->type != RSESS_ACK &&
	    f->type != RSESS_FIN)
		return true;
	return f->flags & ~RSESS_F_ACKNOW ||
	       rsess_input_is_last(rsess_sk(tr->sk), f);
}

/* A piece of the payload of DATA, the first of the last @left bytes: drop what is old,
 * queue what is new.
 */
static int rsess_input_data(struct rsess_sock *rs, struct rsess_transport *tr,
			    const struct sk_buff *skb, unsigned int off, u32 len,
			    u32 left)
{
	struct rsess_credit *c = &rs->credit;
	struct sock *sk = rsess_to_sk(rs);
	u64 seq = tr->rx.f.seq + tr->rx.f.length - left;
	bool urgent = tr->rx.f.flags & RSESS_F_URGENT && len == left;
	u32 old = 0;
	u8 last = 0;
	int err = 0;

	if (rsess_before(seq, c->rcv_nxt)) {
		old = min_t(u64, len, c->rcv_nxt - seq);
		RSESS_ADD(sock_net(sk), DUPLICATE_BYTES, old);
		if (old == len)
			return 0;
	}
	len -= old;
	tr->progress = true;
	if (rs->stop_queued) {
		RSESS_ADD(sock_net(sk), DISCARDED_BYTES, len);
		c->copied_seq += len;
	} else {
		if (urgent)
			err = skb_copy_bits(skb, off + old + len - 1, &last, 1);
		err = err ?: rsess_recvq_add(sk, &sk->sk_receive_queue, skb,
					     off + old, len,
					     rsess_input_gfp(tr));
		if (err)
			return err;
	}
	rsess_input_grown(rs, &tr->rx, len);
	if (c->rcv_nxt == c->limit && rsess_is_early(rs)) {
		rsess_limit_reached(rsess_net(sock_net(sk)),
				    RSESS_LIMIT_EARLY_BYTES,
				    RSESS_MIB_EARLY_FULL);
	}
	if (urgent && !rs->stop_queued) {
		rsess_urgent_arrived(rs, last);
		tr->rx.events |= RSESS_RX_URGENT;
	}
	if (rsess_credit_owed(c, rsess_window(rs)))
		rs->ack_now = true;
	else
		rsess_timer_arm(rs, RSESS_TIMER_ACK, RSESS_ACK_DELAY);
	return 0;
}

/* A transport that is live has no room for more: no other payload is kept of what may come. */
static_assert(sizeof(struct rsess_wire_ping) <=
	      sizeof_field(struct rsess_rx, live_ctrl), "PING, PONG");

/* Take a piece of a payload; how much was taken, or an errno. */
static int rsess_input_body(struct rsess_transport *tr,
			    const struct sk_buff *skb, unsigned int off,
			    u32 len)
{
	struct rsess_rx *rx = &tr->rx;
	int err = 0;

	if (rsess_input_waits(tr))
		return -EINPROGRESS;
	len = min(len, rx->body_left);
	if (rx->f.type == RSESS_DATA && rx->tag_left) {
		err = rsess_recvq_add(tr->sk, &tr->tags->held, skb, off, len,
				      rsess_input_gfp(tr));
	} else if (rx->f.type == RSESS_DATA) {
		err = rsess_input_data(rsess_sk(tr->sk), tr, skb, off, len,
				       rx->body_left);
	} else if (rsess_wire_known(rx->f.type)) {
		if (rx->ctrl_len + len > rx->ctrl_max)
			return -EPROTO;
		err = skb_copy_bits(skb, off, rx->ctrl + rx->ctrl_len, len);
		rx->ctrl_len += len;
	}
	if (err)
		return err;
	if (rx->tag_left)
		rsess_tag_skb(&tr->tags->rx, skb, off, len);
	rx->body_left -= len;
	return len;
}

/* The header of a frame is there, and its payload too if it has a tag. */
static int rsess_input_judge(struct rsess_transport *tr)
{
	int err;

	if (rsess_input_floods(tr)) {
		rsess_limit_reached(tr->rn, RSESS_LIMIT_IDLE_FRAMES,
				    RSESS_MIB_FRAMES_IDLE);
		return -EPROTO;
	}
	err = rsess_input_begin(tr);
	if (err == -EPROTO)
		RSESS_INC(sock_net(tr->sock->sk), FRAMES_UNEXPECTED);
	return err;
}

/* The tag was right: take the bytes that waited for it. */
static int rsess_input_held(struct rsess_sock *rs, struct rsess_transport *tr)
{
	struct rsess_rx *rx = &tr->rx;
	struct sk_buff *skb;
	int err;

	while ((skb = skb_peek(&tr->tags->held))) {
		const struct rsess_skb_cb *cb = rsess_skb_cb(skb);
		u32 len = cb->len;

		err = rsess_input_data(rs, tr, skb, cb->off, len,
				       rx->held_left);
		if (err)
			return err;
		rx->held_left -= len;
		__skb_unlink(skb, &tr->tags->held);
		kfree_skb(skb);
	}
	return 0;
}

/* Take a piece of a tag; how much was taken, or an errno. */
static int rsess_input_tag(struct rsess_transport *tr,
			   const struct sk_buff *skb, unsigned int off, u32 len)
{
	struct rsess_rx *rx = &tr->rx;
	u8 tag[RSESS_WIRE_TAG_LEN];
	int err;

	len = min(len, rx->tag_left);
	err = skb_copy_bits(skb, off, tr->tags->theirs + sizeof(tag) - rx->tag_left,
			    len);
	if (err)
		return err;
	if (len < rx->tag_left) {
		rx->tag_left -= len;
		return len;
	}
	if (!rx->sound) {
		if (rsess_input_waits(tr))
			return -EINPROGRESS;
		rsess_tag_end(&tr->tags->rx, tag);
		if (crypto_memneq(tag, tr->tags->theirs, sizeof(tag)))
			return rsess_input_forged(tr);
		rx->sound = true;
		rsess_input_alive(tr);
		err = rsess_input_judge(tr);
		if (err)
			return err;
	}
	err = rsess_input_held(rsess_sk(tr->sk), tr);
	if (err)
		return err;
	rx->tag_left = 0;
	return len;
}

/* The header of a frame that is to have a tag.  Who knows the session does not get it
 * wrong, and a wrong length would have us wait.
 */
static int rsess_input_unproven(struct rsess_transport *tr, bool refused)
{
	struct rsess_rx *rx = &tr->rx;

	if (refused || rx->f.length > RSESS_DATA_TAGGED)
		return rsess_input_forged(tr);
	rsess_input_alive(tr);
	if (rx->f.type == RSESS_ABORT)
		return 0;
	if (!rsess_wire_tagged(rx->f.type))
		return rsess_input_forged(tr);
	rsess_tag_begin(&tr->tags->rx, rx->hdr);
	rx->tag_left = RSESS_WIRE_TAG_LEN;
	rx->held_left = rx->f.length;
	rx->sound = false;
	return 0;
}

/* Take a piece of a header; how much was taken, or an errno. */
static int rsess_input_hdr(struct rsess_transport *tr,
			   const struct sk_buff *skb, unsigned int off,
			   u32 len)
{
	struct rsess_rx *rx = &tr->rx;
	enum rsess_wire_error refused;
	int err;

	len = min_t(u32, len, RSESS_HDR_LEN - rx->hdr_len);
	if (rx->atomic && (len < RSESS_HDR_LEN || !rx->frames))
		return -EINPROGRESS;
	err = skb_copy_bits(skb, off, rx->hdr + rx->hdr_len, len);
	if (err)
		return err;
	rx->hdr_len += len;
	if (rx->hdr_len < RSESS_HDR_LEN)
		return len;

	refused = rsess_wire_decode(rx->hdr, &rx->f);
	if (rx->atomic && (refused || rsess_input_waits(tr))) {
		rx->hdr_len = 0;
		return -EINPROGRESS;
	}
	if (rx->atomic)
		rx->frames--;
	rx->body_left = rx->f.length;
	rx->ctrl_len = 0;
	if (refused)
		trace_rsess_frame_refused(tr->sk, tr->sock->sk, rx->f.type,
					  rx->f.flags, rx->f.length, refused);
	if (tr->tagged)
		return rsess_input_unproven(tr, refused) ?: len;
	if (refused) {
		RSESS_INC(sock_net(tr->sock->sk), FRAMES_MALFORMED);
		rsess_input_strange(tr);
		return -EPROTO;
	}
	return rsess_input_judge(tr) ?: len;
}

/**
 * rsess_input_start() - the transport is about to be read
 * @tr: the transport
 *
 * Return: 0, or the error that a reading in softirq has ended with and nobody has seen.
 */
int rsess_input_start(struct rsess_transport *tr)
{
	struct rsess_rx *rx = &tr->rx;

	if (rx->error == -ENOMEM || rx->error == -EINPROGRESS)
		rx->error = 0;
	return rx->error;
}

/**
 * rsess_input() - bytes from the transport
 * @tr: the transport; its inner socket is locked
 * @skb: where they are; left as it is
 * @off: where they begin in @skb
 * @len: how many
 *
 * Context: may sleep, unless &rsess_rx.atomic is set.
 * Return: how many were taken; fewer than @len when reading has to stop, see
 * &struct rsess_rx.
 */
size_t rsess_input(struct rsess_transport *tr, const struct sk_buff *skb,
		   unsigned int off, size_t len)
{
	struct rsess_rx *rx = &tr->rx;
	size_t done = 0;
	int n;

	if (tr->sk && !tr->tagged)
		rsess_input_alive(tr);
	while (done < len && !rx->error && !rx->whole) {
		if (rx->hdr_len < RSESS_HDR_LEN)
			n = rsess_input_hdr(tr, skb, off + done, len - done);
		else if (rx->body_left)
			n = rsess_input_body(tr, skb, off + done, len - done);
		else
			n = rsess_input_tag(tr, skb, off + done, len - done);
		if (n < 0) {
			rx->error = n;
			break;
		}
		done += n;
		if (rx->hdr_len == RSESS_HDR_LEN && !rx->body_left &&
		    !rx->tag_left) {
			rx->hdr_len = 0;
			rsess_input_end(tr);
		}
	}
	return done;
}
