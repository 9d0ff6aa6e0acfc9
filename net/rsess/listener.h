/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A listener: the inner listening socket of an address, shared by the
 * applications that listen and the sessions that were accepted from it.
 */
#ifndef _RSESS_LISTENER_H
#define _RSESS_LISTENER_H

#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/uidgid.h>
#include <linux/workqueue.h>
#include "knock.h"
#include "session.h"
#include "synopt.h"

struct rsess_transport;

/* Peers with the same hash share what one may have. */
#define RSESS_SOURCES	256

/**
 * struct rsess_listener - see top
 * @ref: memory: one of the listener while it is open, one of each transport
 * @rcu: poll() looks without a lock
 * @rn: namespace
 * @list: in rsess_net.listeners, under rsess_net.bind_lock
 * @sock: inner socket; stays as long as there are @owners, who use it in their calls
 * @sk_data_ready: of @sock, to be restored; so the next one
 * @sk_state_change: of @sock
 * @addr: what @sock is bound to
 * @v6only: IPV6_V6ONLY of @sock
 * @ops: of @sock
 * @bound_dev_if: of @sock
 * @uid: of the application that bound it; another user cannot take it over
 * @synopt: of @sock, for TCP
 * @negotiate: enum rsess_negotiate; written under @lock
 * @wanted: that of who listened last; written under @lock
 * @accept_work: takes connections from @sock
 * @serial: how many it has taken; its alone
 * @retries: how often in a row it lacked memory; its alone
 * @free_work: closes the listener when nobody uses it
 * @linger_work: ends @lingering, and a listener that is there for tombstones only
 * @kill_work: somebody has ended @sock: so ends the listener
 * @kern: who opened it is the kernel, and does not keep the namespace
 * @wake_work: tells @apps of sessions that came into @acceptq under a lock
 * @lock: protects the rest
 * @users: outer sockets bound to it, sessions that resume through it,
 *	tombstones of a transport that cannot knock, and @linger_work when it is queued;
 *	it stays open as long as there is one
 * @owners: outer sockets bound to it
 * @remnants: those of @users who hold it for tombstones: nobody's bind() has to wait for
 *	them
 * @recalled: it was made to answer for tombstones, see knock.c
 * @inband: sessions whose dialers do not ask in the transport's handshake
 * @reuseport: all of them have SO_REUSEPORT, so others may join them
 * @apps: those that listen; new sessions are made from the first of them
 * @napps: how many
 * @room: sessions that may wait for accept(), the sum of what each of @apps allows
 * @acceptq: sessions for accept(), each with its application's reference
 * @deferred: sessions that come into @acceptq with their first byte
 * @plainq: transports without a session for accept()
 * @ticket: numbers what comes into @acceptq and @plainq, so that it leaves in order
 * @qlen: those in @acceptq, @deferred and @plainq, and those on their way there
 * @lingering: nobody listens, but who waits in @acceptq, @deferred and @parked
 *	may stay
 * @linger_end: until then; jiffies
 * @pending: transports whose first frame has not come
 * @parked: transports whose HELLO, or who themselves, wait for room in the queue,
 *	oldest first
 * @npending: transports in @pending
 * @nparked: transports in @parked
 * @source: how many in @pending have peers with this hash
 * @parked_source: the same of @parked
 * @stopped: connections stay in @sock until @npending is smaller
 * @dead: it is being closed
 * @closed: that is done, but for @sock if there are @owners
 */
struct rsess_listener {
	refcount_t		ref;
	struct rcu_head		rcu;
	struct rsess_net	*rn;
	struct list_head	list;
	struct socket		*sock;
	void			(*sk_data_ready)(struct sock *sk);
	void			(*sk_state_change)(struct sock *sk);
	union rsess_addr	addr;
	bool			v6only;
	const struct rsess_transport_ops *ops;
	int			bound_dev_if;
	kuid_t			uid;
	struct rsess_synopt	synopt;
	u8			negotiate;
	u8			wanted;
	struct delayed_work	accept_work;
	u32			serial;
	u32			retries;
	struct work_struct	free_work;
	struct delayed_work	linger_work;
	struct work_struct	kill_work;
	bool			kern;
	struct work_struct	wake_work;

	spinlock_t		lock;	/* all below */
	unsigned int		users;
	unsigned int		owners;
	unsigned int		remnants;
	bool			recalled;
	unsigned int		inband;
	bool			reuseport;
	struct list_head	apps;
	unsigned int		napps;
	u64			room;
	struct list_head	acceptq;
	struct list_head	deferred;
	struct list_head	plainq;
	u32			ticket;
	unsigned int		qlen;
	bool			lingering;
	unsigned long		linger_end;
	struct list_head	pending;
	struct list_head	parked;
	unsigned int		npending;
	unsigned int		nparked;
	unsigned int		source[RSESS_SOURCES];
	unsigned int		parked_source[RSESS_SOURCES];
	bool			stopped;
	bool			dead;
	bool			closed;
};

/**
 * rsess_listener_hold() - keep the memory
 * @lsn: listener
 */
static inline void rsess_listener_hold(struct rsess_listener *lsn)
{
	refcount_inc(&lsn->ref);
}

/**
 * rsess_listener_free() - undo rsess_listener_hold()
 * @lsn: listener
 */
static inline void rsess_listener_free(struct rsess_listener *lsn)
{
	if (refcount_dec_and_test(&lsn->ref))
		kfree_rcu(lsn, rcu);
}

/* listener.c: for the application's socket */
int rsess_listener_bind(struct rsess_sock *rs, const union rsess_addr *addr,
			int len);
int rsess_listener_listen(struct rsess_sock *rs, int backlog);
void rsess_listener_unbind(struct rsess_listener *lsn, struct rsess_sock *rs);
void rsess_listener_unbind_finish(struct rsess_listener *lsn);

void rsess_listener_policy(struct rsess_listener *lsn);
void rsess_listener_put(struct rsess_listener *lsn);
void rsess_listener_drain(struct rsess_net *rn, bool on);
void rsess_listener_forgotten(struct rsess_net *rn);
void rsess_listener_exit(struct rsess_net *rn);
void rsess_listener_refusal(struct rsess_listener *lsn);
void rsess_listener_killed(struct rsess_listener *lsn);
bool rsess_listener_is_gone(const struct rsess_sock *rs);
struct rsess_listener *rsess_listener_abort(struct rsess_sock *rs);
void rsess_listener_aborted(struct rsess_listener *lsn);

/* for sessions that were accepted, and what is left of them */
void rsess_listener_bereave(struct rsess_sock *rs);
struct rsess_listener *rsess_listener_bury(struct rsess_sock *rs);
void rsess_listener_exhume(struct rsess_listener *lsn);
int rsess_listener_recall(struct rsess_net *rn, const struct rsess_place *at);
void rsess_listener_door(struct rsess_net *rn, bool v6);
void rsess_listener_dismiss(struct rsess_listener *lsn);

/* acceptq.c: for the application's socket */
struct sock *rsess_acceptq_dequeue(struct rsess_listener *lsn,
				   struct rsess_transport **tr);
void rsess_acceptq_reject(struct sock *child);
bool rsess_acceptq_ready(struct rsess_listener *lsn);

/* for a session that waits for accept() */
void rsess_acceptq_defer(struct rsess_sock *rs);
void rsess_acceptq_present(struct rsess_sock *rs);
void rsess_acceptq_proven(struct rsess_sock *rs);
bool rsess_acceptq_withdraw(struct rsess_sock *rs);

/* for transports without a session */
void rsess_acceptq_claim(struct rsess_transport *tr);
void rsess_acceptq_forget(struct rsess_transport *tr, bool reset);
void rsess_acceptq_plain(struct rsess_transport *tr);
void rsess_acceptq_again(struct rsess_listener *lsn, const u8 *id);
struct sock *rsess_acceptq_reserve(struct rsess_listener *lsn,
				   struct rsess_transport *tr);
void rsess_acceptq_postpone(struct rsess_transport *tr, struct sock *parent);
void rsess_acceptq_inherit(struct rsess_sock *rs, const struct sock *parent,
			   struct rsess_transport *tr);
void rsess_acceptq_commit(struct rsess_listener *lsn, struct sock *parent,
			  struct sock *child);

/* for listener.c */
void rsess_acceptq_queue_init(struct rsess_listener *lsn);
void rsess_acceptq_hook(struct rsess_listener *lsn);
void rsess_acceptq_unhook(struct rsess_listener *lsn);
void rsess_acceptq_kick(struct rsess_listener *lsn);
void rsess_acceptq_tell_room(struct rsess_listener *lsn);
void rsess_acceptq_refuse(struct rsess_listener *lsn);
struct rsess_transport *rsess_acceptq_parked(struct rsess_listener *lsn);

#endif /* _RSESS_LISTENER_H */
