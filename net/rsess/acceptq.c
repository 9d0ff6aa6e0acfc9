// SPDX-License-Identifier: GPL-2.0
/*
 * The way from a listener's inner socket to accept().
 *
 * Connections are taken from the inner socket at once, so that a full queue or a
 * slow peer never holds up another peer's RESUME: each one waits for its first
 * frame by itself (pending), and a HELLO waits for room in the queue of accept()
 * (parked).  Only when too many are pending (max_pending) further ones are left to
 * TCP, which does with them as it does when a program does not accept.
 *
 * However many are parked, connections are taken, for the next one may be a RESUME.
 * When as many are parked as may be pending, a further HELLO is sent away and comes
 * again, and SYNs of peers without a session are dropped, as TCP drops them when its
 * queue is full.  Where no session is wanted at all, and none is alive, that is so when
 * the queue of accept() is full.
 *
 * An honest peer speaks as soon as it is connected.  So where too many wait the one
 * that has been silent longest goes, and who opens many connections to say nothing
 * keeps nobody out: neither from one address (max_pending_source) nor from many.
 *
 * Whenever there is room in the queue and somebody is parked, the work of the
 * first of them is about to run: rsess_acceptq_kick() follows whatever makes
 * room, and whatever changes who is the first.
 *
 * Applications with SO_REUSEPORT share a listener, and with it one queue of
 * sessions for accept().  So whoever accepts serves all clients, and one that
 * closes, or does not accept any more, leaves none behind.  All of them are woken
 * for a session, for nobody knows which one would take it.
 */
#include <linux/siphash.h>
#include <net/sock.h>
#include "fallback.h"
#include "genl.h"
#include "listener.h"
#include "net.h"
#include "owner.h"
#include "transport.h"
#include "work.h"

/* When others wait: this part of the time for a handshake. */
#define RSESS_HASTE		4

/* A connection came in; or somebody has ended the inner socket, as "ss -K" does.
 * Children are cloned with this, and with what they were offered in sk_user_data.
 */
static void rsess_acceptq_called(struct sock *sk)
{
	struct rsess_listener *lsn;

	read_lock_bh(&sk->sk_callback_lock);
	lsn = __locked_read_sk_user_data_with_flags(sk, SK_USER_DATA_NOCOPY);
	if (!lsn || rsess_synopt_is_offer(lsn))
		;			/* no listener, or not any more */
	else if (sk->sk_state == TCP_LISTEN)
		queue_delayed_work(rsess_wq, &lsn->accept_work, 0);
	else
		rsess_listener_killed(lsn);
	read_unlock_bh(&sk->sk_callback_lock);
}

/**
 * rsess_acceptq_parked() - the HELLO that waits longest for room
 * @lsn: listener, lock held
 *
 * Return: its transport, or NULL.
 */
struct rsess_transport *rsess_acceptq_parked(struct rsess_listener *lsn)
{
	return list_first_entry_or_null(&lsn->parked, struct rsess_transport,
					link);
}

/* Have TCP drop the SYNs of those who would have to be parked, if they can be told
 * from others.
 */
static void rsess_acceptq_tell_full(struct rsess_listener *lsn)
{
	bool full = lsn->nparked >= READ_ONCE(lsn->rn->max_pending);

	WRITE_ONCE(lsn->synopt.full,
		   full && lsn->negotiate != RSESS_NEGOTIATE_REQUIRE);
}

/**
 * rsess_acceptq_tell_room() - where no session is wanted the backlog is that of TCP
 * @lsn: listener, lock held
 *
 * There is no RESUME that one who waits would hold up, so TCP drops what is beyond: it counts
 * those that it has queued, and this side those that it has taken.
 */
void rsess_acceptq_tell_room(struct rsess_listener *lsn)
{
	u64 taken = (u64)lsn->qlen + lsn->npending + lsn->nparked;
	u64 room = lsn->room > taken ? lsn->room - taken : 0;

	lockdep_assert_held(&lsn->lock);
	if (lsn->negotiate != RSESS_NEGOTIATE_OFF)
		room = U32_MAX;
	WRITE_ONCE(lsn->synopt.room, min_t(u64, room, U32_MAX));
}

/* Count @tr where it waits, or no longer, with @n -1.  Locked: lsn->lock. */
static void rsess_acceptq_count(struct rsess_listener *lsn,
				const struct rsess_transport *tr, int n)
{
	lockdep_assert_held(&lsn->lock);
	if (tr->parked) {
		lsn->nparked += n;
		lsn->parked_source[tr->source] += n;
		rsess_acceptq_tell_full(lsn);
		rsess_acceptq_tell_room(lsn);
		return;
	}
	lsn->npending += n;
	lsn->source[tr->source] += n;
	rsess_acceptq_tell_room(lsn);
	if (lsn->stopped && !lsn->dead &&
	    lsn->npending < READ_ONCE(lsn->rn->max_pending)) {
		lsn->stopped = false;
		mod_delayed_work(rsess_wq, &lsn->accept_work, 0);
	}
}

/* It waits for room in the queue of accept(), or no longer.  Locked: lsn->lock. */
static void rsess_acceptq_move(struct rsess_listener *lsn,
			       struct rsess_transport *tr, bool parked)
{
	rsess_acceptq_count(lsn, tr, -1);
	tr->parked = parked;
	rsess_acceptq_count(lsn, tr, 1);
	list_move_tail(&tr->link, parked ? &lsn->parked : &lsn->pending);
}

/* May one session more wait for accept()?  Locked: lsn->lock. */
static bool rsess_acceptq_has_room(const struct rsess_listener *lsn)
{
	return lsn->qlen < lsn->room;
}

/**
 * rsess_acceptq_kick() - let the first parked HELLO in, if there is room
 * @lsn: listener, lock held
 */
void rsess_acceptq_kick(struct rsess_listener *lsn)
{
	struct rsess_transport *tr = rsess_acceptq_parked(lsn);

	rsess_acceptq_tell_room(lsn);
	if (tr && rsess_acceptq_has_room(lsn))
		rsess_transport_queue(tr);
}

/* Children of the inner socket are cloned with the hook: take it out. */
static void rsess_acceptq_unhook_child(const struct rsess_listener *lsn,
				       struct sock *sk)
{
	write_lock_bh(&sk->sk_callback_lock);
	if (sk->sk_data_ready == rsess_acceptq_called)
		sk->sk_data_ready = lsn->sk_data_ready;
	if (sk->sk_state_change == rsess_acceptq_called)
		sk->sk_state_change = lsn->sk_state_change;
	write_unlock_bh(&sk->sk_callback_lock);
}

/* What does the peer want?  0, or -ENOMEM. */
static int rsess_acceptq_judge(struct rsess_transport *tr)
{
	u8 negotiate = READ_ONCE(tr->lsn->negotiate);

	tr->offer = tr->ops->peer_offer(tr->sock);
	tr->inband = tr->offer != RSESS_OFFER_SURE;
	if (negotiate == RSESS_NEGOTIATE_REQUIRE)
		tr->offer = RSESS_OFFER_SURE;
	else
		tr->inband = false;
	if (tr->offer != RSESS_OFFER_NONE)
		return 0;
	tr->plain = rsess_fallback_alloc();
	if (!tr->plain)
		return -ENOMEM;
	if (negotiate != RSESS_NEGOTIATE_OFF)
		tr->plain->reason = RSESS_REASON_PLAIN_PEER;
	else if (READ_ONCE(tr->lsn->wanted) == RSESS_NEGOTIATE_OFF)
		tr->plain->reason = RSESS_REASON_OFF;
	else
		tr->plain->reason = RSESS_REASON_DRAIN;
	return 0;
}

/* Those of one network of IPv6 count as one: nobody has less. */
static u8 rsess_acceptq_source(const struct rsess_transport *tr)
{
	struct in6_addr host __aligned(8);
	union rsess_addr addr = {};

	/* 2: also when the connection has been reset meanwhile */
	if (tr->sock->ops->getname(tr->sock, &addr.sa, 2) < 0)
		return 0;
	rsess_addr_host(&addr, &host);
	if (!ipv6_addr_v4mapped(&host))
		memset(&host.s6_addr32[2], 0, sizeof(u64));
	return siphash(&host, sizeof(host), &tr->lsn->rn->key) % RSESS_SOURCES;
}

/* Wrap a connection that was accepted. */
static struct rsess_transport *
rsess_acceptq_wrap(struct rsess_listener *lsn, struct socket *sock)
{
	struct rsess_transport *tr;

	if (!lsn->kern && !rsess_transport_pin_net(sock->sk))
		return NULL;
	tr = rsess_transport_new(lsn->ops, sock, NULL, lsn);
	if (!tr)
		return NULL;
	if (rsess_acceptq_judge(tr)) {
		tr->sock = NULL;
		rsess_transport_put(tr);
		return NULL;
	}
	tr->ops->set_defaults(sock);
	tr->serial = lsn->serial++;
	tr->source = rsess_acceptq_source(tr);
	tr->since = jiffies;
	return tr;
}

/* The one that has been silent longest; of peers with this hash, unless that is
 * RSESS_SOURCES.  If there is none, is one about to leave?  Locked: lsn->lock.
 */
static struct rsess_transport *
rsess_acceptq_silent(struct rsess_listener *lsn, unsigned int source,
		     bool *leaving)
{
	struct rsess_transport *tr;

	*leaving = false;
	list_for_each_entry(tr, &lsn->pending, link) {
		if (tr->plain ||
		    (source != RSESS_SOURCES && tr->source != source))
			continue;
		if (!tr->hurried)
			return tr;
		*leaving = true;
	}
	return NULL;
}

/* It goes, unless its first frame has come meanwhile.  Locked: lsn->lock. */
static void rsess_acceptq_hurry(struct rsess_transport *tr)
{
	WRITE_ONCE(tr->hurried, true);
	rsess_transport_queue(tr);
}

/* Has its address as many as it may have?  Locked: lsn->lock. */
static bool rsess_acceptq_is_over(const struct rsess_listener *lsn,
				  unsigned int n)
{
	if (n <= READ_ONCE(lsn->rn->max_pending_source))
		return false;
	rsess_limit_reached(lsn->rn, RSESS_LIMIT_PENDING_SOURCE,
			    RSESS_MIB_PENDING_SOURCE);
	return true;
}

/* A place for a new connection, among those from its address.  False: there is none.
 * Locked: lsn->lock.
 */
static bool rsess_acceptq_place(struct rsess_listener *lsn,
				struct rsess_transport *tr)
{
	struct rsess_transport *old;
	bool leaving;

	if (rsess_acceptq_is_over(lsn, lsn->source[tr->source] + 1)) {
		old = rsess_acceptq_silent(lsn, tr->source, &leaving);
		if (old)
			rsess_acceptq_hurry(old);
		else if (!leaving)
			return false;
	}
	list_add_tail(&tr->link, &lsn->pending);
	rsess_acceptq_count(lsn, tr, 1);
	return true;
}

/* A new connection waits for its first frame.  Takes @sock over. */
static void rsess_acceptq_accept_one(struct rsess_listener *lsn,
				     struct socket *sock)
{
	struct rsess_transport *tr;
	bool placed;

	rsess_acceptq_unhook_child(lsn, sock->sk);
	lock_sock(sock->sk);
	rsess_charge_as(sock->sk, lsn->sock->sk);
	release_sock(sock->sk);
	rsess_owner_uid(sock, lsn->uid);
	rsess_owner_show(sock, NULL);
	tr = rsess_acceptq_wrap(lsn, sock);
	if (!tr) {
		sock_no_linger(sock->sk);
		sock_release(sock);
		return;
	}

	spin_lock(&lsn->lock);
	placed = rsess_acceptq_place(lsn, tr);
	spin_unlock(&lsn->lock);
	if (!placed) {
		rsess_transport_close(tr, true);
		rsess_transport_put(tr);
		return;
	}

	/* Once it is hooked its work may run, and be the last that knows it. */
	refcount_inc(&tr->ref);
	if (!tr->plain) {
		if (tr->offer == RSESS_OFFER_SURE)
			rsess_transport_dialogue(tr, true);
		rsess_transport_hook(tr);
	}
	rsess_transport_queue(tr);
	rsess_transport_put(tr);
}

/* Too many wait: who has been silent for long makes room, if not now, then when its
 * time has come.  Locked: lsn->lock.
 */
static void rsess_acceptq_make_room(struct rsess_listener *lsn)
{
	u32 ms = READ_ONCE(lsn->rn->handshake_timeout_ms) / RSESS_HASTE;
	struct rsess_transport *tr;
	unsigned long end;
	bool leaving;

	tr = rsess_acceptq_silent(lsn, RSESS_SOURCES, &leaving);
	if (!tr)
		return;
	end = tr->since + msecs_to_jiffies(ms);
	if (time_after_eq(jiffies, end))
		rsess_acceptq_hurry(tr);
	else
		queue_delayed_work(rsess_wq, &lsn->accept_work, end - jiffies);
}

/* When too many wait, connections stay where TCP has queued them.  When that
 * queue is full too, TCP drops what a client sends to connect, and the client
 * tries again.
 */
static bool rsess_acceptq_may_accept(struct rsess_listener *lsn)
{
	bool may;

	spin_lock(&lsn->lock);
	may = !lsn->dead;
	lsn->stopped = lsn->npending >= READ_ONCE(lsn->rn->max_pending);
	if (lsn->stopped && may) {
		rsess_limit_reached(lsn->rn, RSESS_LIMIT_PENDING,
				    RSESS_MIB_PENDING_FULL);
		rsess_acceptq_make_room(lsn);
		may = false;
	}
	spin_unlock(&lsn->lock);
	return may;
}

/* As kernel_accept(); but who is accepted keeps the operations that the transport has
 * given it, which need not be those of the socket that listens.
 */
static int rsess_acceptq_take(struct socket *sock, struct socket **newsock)
{
	struct proto_accept_arg arg = { .flags = O_NONBLOCK, .kern = true };
	const struct sock *sk = sock->sk;
	int err;

	err = sock_create_lite(sk->sk_family, sk->sk_type, sk->sk_protocol,
			       newsock);
	if (err)
		return err;
	(*newsock)->ops = sock->ops;
	__module_get(sock->ops->owner);
	err = rsess_inner_accept(sock->ops, sock, *newsock, &arg);
	if (err)
		sock_release(*newsock);
	return err;
}

/* Take all that have come. */
static void rsess_acceptq_accept_all(struct rsess_listener *lsn)
{
	struct socket *sock;
	int err;

	while (rsess_acceptq_may_accept(lsn)) {
		err = rsess_acceptq_take(lsn->sock, &sock);
		if (err == -EAGAIN || err == -EINVAL)
			return;
		if (err) {
			/* No other call comes for what is waiting there. */
			RSESS_INC(lsn->rn->net, MEMORY_SHORT);
			queue_delayed_work(rsess_wq, &lsn->accept_work,
					   rsess_retry_delay(lsn->retries++));
			return;
		}
		lsn->retries = 0;
		rsess_acceptq_accept_one(lsn, sock);
		cond_resched();
	}
}

/* What waits is charged to the cgroup in which the listener was made. */
static void rsess_acceptq_accept_work(struct work_struct *work)
{
	struct rsess_listener *lsn =
		container_of(work, struct rsess_listener, accept_work.work);
	struct rsess_context context;

	rsess_context_enter(&context, lsn->sock->sk);
	rsess_acceptq_accept_all(lsn);
	rsess_context_leave(&context);
}

/* @tr waits no longer.  Locked: lsn->lock. */
static void rsess_acceptq_settled(struct rsess_listener *lsn,
				  const struct rsess_transport *tr)
{
	rsess_acceptq_count(lsn, tr, -1);
	rsess_acceptq_kick(lsn);
}

/* Take a transport off the listener's lists, if it is on one. */
static bool rsess_acceptq_unlink(struct rsess_transport *tr)
{
	struct rsess_listener *lsn = tr->lsn;
	bool linked;

	spin_lock(&lsn->lock);
	linked = !list_empty(&tr->link);
	if (linked) {
		list_del_init(&tr->link);
		rsess_acceptq_settled(lsn, tr);
	}
	spin_unlock(&lsn->lock);
	return linked;
}

/**
 * rsess_acceptq_claim() - a transport has found its session
 * @tr: called from its work; the reference of the list is the session's now
 */
void rsess_acceptq_claim(struct rsess_transport *tr)
{
	WARN_ON_ONCE(!rsess_acceptq_unlink(tr));
}

/**
 * rsess_acceptq_forget() - a transport is of no use
 * @tr: called from its work
 * @reset: see rsess_transport_close()
 *
 * Context: may sleep.
 */
void rsess_acceptq_forget(struct rsess_transport *tr, bool reset)
{
	rsess_transport_close(tr, reset);
	if (rsess_acceptq_unlink(tr))
		rsess_transport_put(tr);	/* of the list */
}

/* Are so many parked that a HELLO finds no place?  Those who have no session are told to
 * try again by TCP, and only what was on its way comes here; so there is place for as
 * many.  Locked: lsn->lock.
 */
static bool rsess_acceptq_is_full(const struct rsess_listener *lsn,
				  const struct rsess_transport *tr)
{
	u64 max = READ_ONCE(lsn->rn->max_pending);

	if (tr->plain)
		max *= 2;
	if (lsn->nparked < max)
		return false;
	rsess_limit_reached(lsn->rn, RSESS_LIMIT_PENDING,
			    RSESS_MIB_PARKED_FULL);
	return true;
}

/* It waits for room; who came first goes first.  False: too many do, or too many from its
 * address.  Locked: lsn->lock.
 */
static bool rsess_acceptq_park(struct rsess_listener *lsn,
			       struct rsess_transport *tr)
{
	if (tr->parked)
		return true;
	if (rsess_acceptq_is_over(lsn, lsn->parked_source[tr->source] + 1) ||
	    rsess_acceptq_is_full(lsn, tr))
		return false;
	RSESS_INC(sock_net(tr->sock->sk), ACCEPT_QUEUE_FULL);
	rsess_acceptq_move(lsn, tr, true);
	return true;
}

/* Is there room for it, and nobody who came before?  Locked: lsn->lock. */
static bool rsess_acceptq_has_room_for(struct rsess_listener *lsn,
				       const struct rsess_transport *tr)
{
	return rsess_acceptq_has_room(lsn) &&
	       (tr->parked || !rsess_acceptq_parked(lsn));
}

/* Is its HELLO that of session @id?  Its work may give it up meanwhile. */
static bool rsess_acceptq_has_hello_of(const struct rsess_transport *tr, const u8 *id)
{
	const struct rsess_greeting *greeting;
	const struct rsess_wire_hello *h;
	bool same = false;

	rcu_read_lock();
	greeting = rcu_dereference(tr->greeting);
	if (greeting) {
		h = (const void *)greeting->ctrl;
		same = !memcmp(h->id, id, sizeof(h->id));
	}
	rcu_read_unlock();
	return same;
}

/**
 * rsess_acceptq_again() - a new session has lost the transport of its HELLO
 * @lsn: its listener
 * @id: of the session
 *
 * The dialer may have come again before there was the session: then its next HELLO is
 * parked, and needs no room any more.
 */
void rsess_acceptq_again(struct rsess_listener *lsn, const u8 *id)
{
	struct rsess_transport *tr;

	spin_lock(&lsn->lock);
	list_for_each_entry(tr, &lsn->parked, link)
		if (!tr->plain && rsess_acceptq_has_hello_of(tr, id))
			rsess_transport_queue(tr);
	spin_unlock(&lsn->lock);
}

/**
 * rsess_acceptq_reserve() - may a HELLO open a session?
 * @lsn: listener
 * @tr: has the HELLO
 *
 * Return: a listening outer socket, with a reference and a place in the queue,
 * and @lsn has a user more: rsess_acceptq_inherit() and rsess_acceptq_commit(), or
 * rsess_acceptq_postpone(), must follow.  NULL: the queue is full or waits for
 * somebody to listen, @tr is parked and its work is queued when there is room.
 * ERR_PTR(-ECONNREFUSED): nobody listens.  ERR_PTR(-EBUSY): too many are parked, or too
 * many from the address that @tr comes from.
 */
struct sock *rsess_acceptq_reserve(struct rsess_listener *lsn,
				   struct rsess_transport *tr)
{
	struct sock *app = NULL;

	spin_lock(&lsn->lock);
	if (lsn->dead || (!lsn->napps && !lsn->lingering)) {
		app = ERR_PTR(-ECONNREFUSED);
	} else if (!rsess_acceptq_has_room_for(lsn, tr)) {
		if (!rsess_acceptq_park(lsn, tr))
			app = ERR_PTR(-EBUSY);
	} else {
		app = rsess_to_sk(list_first_entry(&lsn->apps,
						   struct rsess_sock,
						   link_accept));
		sock_hold(app);
		lsn->users++;
		lsn->qlen++;
		rsess_acceptq_move(lsn, tr, false);
		/* It was agreed before the listener stopped offering: it has to come back. */
		rsess_listener_policy(lsn);
	}
	spin_unlock(&lsn->lock);
	return app;
}

/**
 * rsess_acceptq_postpone() - undo rsess_acceptq_reserve(): the work of @tr comes again
 * @tr: has a HELLO; is parked
 * @parent: what rsess_acceptq_reserve() returned; its reference is given back
 *
 * Those who came later stay behind it.
 */
void rsess_acceptq_postpone(struct rsess_transport *tr, struct sock *parent)
{
	struct rsess_listener *lsn = tr->lsn;
	struct rsess_transport *later;

	spin_lock(&lsn->lock);
	lsn->qlen--;
	rsess_acceptq_move(lsn, tr, true);
	list_for_each_entry(later, &lsn->parked, link)
		if ((s32)(later->serial - tr->serial) > 0)
			break;
	list_move_tail(&tr->link, &later->link);
	spin_unlock(&lsn->lock);
	rsess_listener_put(lsn);
	sock_put(parent);
}

/* The next one that listens, with a reference, or NULL; they take turns. */
static struct sock *rsess_acceptq_next_app(struct rsess_listener *lsn)
{
	struct rsess_sock *rs;

	spin_lock(&lsn->lock);
	rs = list_first_entry_or_null(&lsn->apps, struct rsess_sock,
				      link_accept);
	if (rs) {
		list_move_tail(&rs->link_accept, &lsn->apps);
		sock_hold(rsess_to_sk(rs));
	}
	spin_unlock(&lsn->lock);
	return rs ? rsess_to_sk(rs) : NULL;
}

/* Tell @n who listen that there is a session.  If others do so at the same time
 * the turns mix, and still each one has its turn after now.
 *
 * Context: may sleep.
 */
static void rsess_acceptq_wake(struct rsess_listener *lsn, unsigned int n)
{
	struct sock *sk;

	while (n--) {
		sk = rsess_acceptq_next_app(lsn);
		if (!sk)
			return;
		rsess_work_ready(sk);
		sock_put(sk);
	}
}

/**
 * rsess_acceptq_plain() - a connection is to be accepted without a session
 * @tr: has what it needs to be plain; called from its work
 *
 * It is for accept(), or parked, or closed when this returns.
 *
 * Context: may sleep.
 */
void rsess_acceptq_plain(struct rsess_transport *tr)
{
	struct rsess_listener *lsn = tr->lsn;
	bool refused = false;
	unsigned int n = 0;

	rsess_transport_unhook(tr);
	rsess_transport_came(tr);
	spin_lock(&lsn->lock);
	if (lsn->dead || (!lsn->napps && !lsn->lingering)) {
		refused = true;
	} else if (!rsess_acceptq_has_room_for(lsn, tr)) {
		refused = !rsess_acceptq_park(lsn, tr);
	} else {
		n = lsn->napps;
		lsn->qlen++;
		rsess_acceptq_settled(lsn, tr);
		tr->parked = false;
		tr->queued = true;
		tr->ticket = lsn->ticket++;
		list_move_tail(&tr->link, &lsn->plainq);
	}
	spin_unlock(&lsn->lock);
	if (refused)
		rsess_acceptq_forget(tr, true);
	else
		rsess_acceptq_wake(lsn, n);
}

/**
 * rsess_acceptq_inherit() - what an accepted socket has from its listener
 * @rs: new session, not visible yet
 * @parent: listening outer socket
 * @tr: its first transport
 */
void rsess_acceptq_inherit(struct rsess_sock *rs, const struct sock *parent,
			   struct rsess_transport *tr)
{
	struct sock *sk = rsess_to_sk(rs);
	union rsess_addr addr = {};

	rs->lsn = tr->lsn;
	rs->inband = tr->inband;
	if (rs->inband) {
		spin_lock(&tr->lsn->lock);
		tr->lsn->inband++;
		spin_unlock(&tr->lsn->lock);
	}
	sk->sk_type = parent->sk_type;
	sk->sk_allocation = parent->sk_allocation;
	rsess_owner_inherit(sk, parent, tr->sock->sk);

	rsess_set_family(rs, tr->sock->sk->sk_family);
	if (kernel_getsockname(tr->sock, &addr.sa) >= 0)
		rsess_set_laddr(rs, &addr);
	memset(&addr, 0, sizeof(addr));
	/* 2: also when the connection has been reset meanwhile */
	if (tr->sock->ops->getname(tr->sock, &addr.sa, 2) >= 0)
		rsess_set_raddr(rs, &addr);
}

/**
 * rsess_acceptq_reject() - a session that nobody will accept
 * @child: its outer socket, whose reference for the application's socket is given back
 *
 * Context: may sleep; no outer socket is locked.
 */
void rsess_acceptq_reject(struct sock *child)
{
	child->sk_prot->disconnect(child, 0);
}

/**
 * rsess_acceptq_refuse() - nobody will call accept()
 * @lsn: listener
 *
 * Cuts the sessions that wait for it and refuses the HELLOs that are parked, unless
 * somebody listens, or may come to listen.
 *
 * Context: may sleep.
 */
void rsess_acceptq_refuse(struct rsess_listener *lsn)
{
	struct rsess_transport *tr, *next;
	struct rsess_sock *rs, *n;
	LIST_HEAD(refused);
	LIST_HEAD(plain);

	spin_lock(&lsn->lock);
	if (!lsn->napps && !lsn->lingering) {
		list_splice_init(&lsn->acceptq, &refused);
		list_splice_init(&lsn->deferred, &refused);
		list_for_each_entry(rs, &refused, link_accept) {
			WRITE_ONCE(rs->deferred, false);
			rs->queued = false;
			lsn->qlen--;
		}
		list_splice_init(&lsn->plainq, &plain);
		list_for_each_entry(tr, &plain, link)
			lsn->qlen--;
		list_for_each_entry(tr, &lsn->parked, link)
			rsess_transport_queue(tr);
	}
	spin_unlock(&lsn->lock);

	list_for_each_entry_safe(rs, n, &refused, link_accept) {
		list_del_init(&rs->link_accept);
		rsess_acceptq_reject(rsess_to_sk(rs));
	}
	list_for_each_entry_safe(tr, next, &plain, link) {
		list_del_init(&tr->link);
		rsess_transport_close(tr, true);
		rsess_transport_put(tr);	/* of the list */
	}
}

static void rsess_acceptq_wake_work(struct work_struct *work)
{
	struct rsess_listener *lsn =
		container_of(work, struct rsess_listener, wake_work);
	unsigned int n;

	spin_lock(&lsn->lock);
	n = lsn->napps;
	spin_unlock(&lsn->lock);
	rsess_acceptq_wake(lsn, n);
	rsess_listener_free(lsn);	/* of rsess_acceptq_present() */
}

/* accept() waits for the session's first byte, but not for ever. */
static void rsess_acceptq_await_byte(struct rsess_sock *rs)
{
	rsess_timer_arm(rs, RSESS_TIMER_DEFER,
			min_t(u64, (u64)rs->opt.defer * HZ, MAX_JIFFY_OFFSET));
	rs->opt.defer = 0;	/* the listener's, as in TCP */
}

/**
 * rsess_acceptq_defer() - does accept() wait for the session's first byte, or for
 * the proof of its pre-shared key?
 * @rs: new session, locked, not visible yet, with its listener's options
 *
 * For bytes it does with TCP_DEFER_ACCEPT.  Meanwhile the session has a place in the
 * queue: what does not speak is limited as what is not accepted.
 */
void rsess_acceptq_defer(struct rsess_sock *rs)
{
	u32 ms = READ_ONCE(rs->lsn->rn->handshake_timeout_ms);

	rs->deferred = rs->opt.defer || rs->unproven;
	if (rs->unproven)
		rsess_timer_arm(rs, RSESS_TIMER_DEFER, msecs_to_jiffies(ms));
	else if (rs->opt.defer)
		rsess_acceptq_await_byte(rs);
}

/**
 * rsess_acceptq_proven() - the proof of the pre-shared key has come
 * @rs: session, locked, deferred
 */
void rsess_acceptq_proven(struct rsess_sock *rs)
{
	if (rs->opt.defer)
		rsess_acceptq_await_byte(rs);
	else
		rsess_acceptq_present(rs);
}

/* Nobody waits for the session's first byte any more.  Was it in the queue till
 * now?  Not if it has been refused, nor if it is on its way there.
 * Locked: lsn->lock.
 */
static bool rsess_acceptq_undefer(struct rsess_sock *rs)
{
	bool queued = rs->deferred && !list_empty(&rs->link_accept);

	WRITE_ONCE(rs->deferred, false);
	return queued;
}

/**
 * rsess_acceptq_present() - the session is for accept() now
 * @rs: session, locked; may be none that is deferred
 */
void rsess_acceptq_present(struct rsess_sock *rs)
{
	struct rsess_listener *lsn = rs->lsn;
	bool queued;

	spin_lock(&lsn->lock);
	queued = rsess_acceptq_undefer(rs);
	if (queued) {
		rs->ticket = lsn->ticket++;
		list_move_tail(&rs->link_accept, &lsn->acceptq);
	}
	spin_unlock(&lsn->lock);
	if (!queued)
		return;
	/* Another outer socket cannot be locked here. */
	rsess_listener_hold(lsn);
	if (!queue_work(rsess_wq, &lsn->wake_work))
		rsess_listener_free(lsn);
}

/**
 * rsess_acceptq_withdraw() - a session has ended before its first byte, or its first
 * frame
 * @rs: session, locked
 *
 * Return: true if accept() will not see it: the reference that the application's
 * socket would have had is the caller's.
 */
bool rsess_acceptq_withdraw(struct rsess_sock *rs)
{
	struct rsess_listener *lsn = rs->lsn;
	bool withdrawn;

	spin_lock(&lsn->lock);
	WRITE_ONCE(rs->deferred, false);
	withdrawn = rs->queued;
	if (withdrawn) {
		rs->queued = false;
		list_del_init(&rs->link_accept);
		lsn->qlen--;
		rsess_acceptq_kick(lsn);
	}
	spin_unlock(&lsn->lock);
	return withdrawn;
}

/**
 * rsess_acceptq_commit() - end of what rsess_acceptq_reserve() began
 * @lsn: listener
 * @parent: what it returned; its reference is given back
 * @child: the new session's outer socket, for accept(); or NULL if none came of
 *	it
 *
 * Context: may sleep.
 */
void rsess_acceptq_commit(struct rsess_listener *lsn, struct sock *parent,
			  struct sock *child)
{
	bool queued = false;
	unsigned int n;

	spin_lock(&lsn->lock);
	n = lsn->napps;
	if (child && !lsn->dead && (n || lsn->lingering)) {
		struct rsess_sock *rs = rsess_sk(child);

		rs->ticket = lsn->ticket++;
		rs->queued = true;
		list_add_tail(&rs->link_accept,
			      rs->deferred ? &lsn->deferred : &lsn->acceptq);
		if (rs->deferred)
			n = 0;
		queued = true;
	} else {
		lsn->qlen--;
	}
	/* Not before the listening socket was locked: each that cannot would wake the next. */
	rsess_acceptq_kick(lsn);
	spin_unlock(&lsn->lock);

	if (queued)
		rsess_acceptq_wake(lsn, n);
	else if (child)
		rsess_acceptq_reject(child);
	sock_put(parent);
}

/**
 * rsess_acceptq_ready() - has accept() something to take?
 * @lsn: listener
 *
 * Context: any.
 */
bool rsess_acceptq_ready(struct rsess_listener *lsn)
{
	return !list_empty_careful(&lsn->acceptq) ||
	       !list_empty_careful(&lsn->plainq);
}

/**
 * rsess_acceptq_dequeue() - the next one for accept()
 * @lsn: listener
 * @plain: a transport without a session, if it is one, with the reference of the
 *	list; else NULL
 *
 * Return: the outer socket of a session, with the reference that the application's
 * socket will have; or NULL.
 */
struct sock *rsess_acceptq_dequeue(struct rsess_listener *lsn,
				   struct rsess_transport **plain)
{
	struct rsess_transport *tr;
	struct rsess_sock *rs;

	spin_lock(&lsn->lock);
	rs = list_first_entry_or_null(&lsn->acceptq, struct rsess_sock,
				      link_accept);
	tr = list_first_entry_or_null(&lsn->plainq, struct rsess_transport,
				      link);
	if (rs && tr && (s32)(tr->ticket - rs->ticket) < 0)
		rs = NULL;
	if (rs) {
		tr = NULL;
		rs->queued = false;
		list_del_init(&rs->link_accept);
	} else if (tr) {
		list_del_init(&tr->link);
	}
	if (rs || tr) {
		lsn->qlen--;
		rsess_acceptq_kick(lsn);
	}
	spin_unlock(&lsn->lock);
	*plain = tr;
	return rs ? rsess_to_sk(rs) : NULL;
}

/**
 * rsess_acceptq_queue_init() - the queues of a new listener, and their works
 * @lsn: listener
 */
void rsess_acceptq_queue_init(struct rsess_listener *lsn)
{
	INIT_DELAYED_WORK(&lsn->accept_work, rsess_acceptq_accept_work);
	INIT_WORK(&lsn->wake_work, rsess_acceptq_wake_work);
	INIT_LIST_HEAD(&lsn->acceptq);
	INIT_LIST_HEAD(&lsn->deferred);
	INIT_LIST_HEAD(&lsn->plainq);
	INIT_LIST_HEAD(&lsn->pending);
	INIT_LIST_HEAD(&lsn->parked);
	lsn->synopt.room = U32_MAX;
}

/**
 * rsess_acceptq_hook() - hear of connections
 * @lsn: listener, with its inner socket
 */
void rsess_acceptq_hook(struct rsess_listener *lsn)
{
	struct sock *sk = lsn->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	lsn->sk_data_ready = sk->sk_data_ready;
	lsn->sk_state_change = sk->sk_state_change;
	sk->sk_data_ready = rsess_acceptq_called;
	sk->sk_state_change = rsess_acceptq_called;
	__rcu_assign_sk_user_data_with_flags(sk, lsn, SK_USER_DATA_NOCOPY);
	write_unlock_bh(&sk->sk_callback_lock);
}

/**
 * rsess_acceptq_unhook() - undo rsess_acceptq_hook()
 * @lsn: listener
 */
void rsess_acceptq_unhook(struct rsess_listener *lsn)
{
	struct sock *sk = lsn->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_data_ready = lsn->sk_data_ready;
	sk->sk_state_change = lsn->sk_state_change;
	rcu_assign_sk_user_data(sk, NULL);
	write_unlock_bh(&sk->sk_callback_lock);
}
