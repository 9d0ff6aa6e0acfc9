// SPDX-License-Identifier: GPL-2.0
/*
 * Session table and tombstones of a namespace.  The tables grow with what is in
 * them.  Each RESUME and HELLO looks a session up, under RCU; the spinlock is held
 * for a change, which is short however many sessions there are.
 */
#include <linux/jhash.h>
#include <linux/once.h>
#include <linux/random.h>
#include <linux/rhashtable.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <net/sock.h>
#include "genl.h"
#include "listener.h"
#include "net.h"
#include "session.h"
#include "table.h"
#include "transport.h"

/* So many of a user's orphans are looked at for one to be cut. */
#define RSESS_ORPHAN_LOOKS	64

/* Where memory has run out, so often an orphan goes. */
#define RSESS_RELIEF	(HZ / 10)

/* So many tombstones of a user go at once, when their time is over. */
#define RSESS_TOMB_BATCH	1024

static siphash_key_t rsess_id_key __read_mostly;

/* Peers choose ids, and shall not choose what collides. */
static u32 rsess_id_hash(const void *id, u32 len, u32 seed)
{
	u64 hash = siphash(id, RSESS_ID_LEN, &rsess_id_key);

	return jhash_2words(hash, hash >> 32, seed);
}

static const struct rhashtable_params rsess_table_params = {
	.key_len		= RSESS_ID_LEN,
	.key_offset		= offsetof(struct rsess_sock, id),
	.head_offset		= offsetof(struct rsess_sock, hash),
	.hashfn			= rsess_id_hash,
	.automatic_shrinking	= true,
};

static const struct rhashtable_params rsess_tomb_params = {
	.key_len		= RSESS_ID_LEN,
	.key_offset		= offsetof(struct rsess_tomb, id),
	.head_offset		= offsetof(struct rsess_tomb, hash),
	.hashfn			= rsess_id_hash,
	.automatic_shrinking	= true,
};

static struct rsess_user *rsess_user_of(struct rsess_net *rn,
					const struct rsess_sock *rs)
{
	u32 uid = __kuid_val(rsess_to_sk(rs)->sk_uid);

	return &rn->user[siphash(&uid, sizeof(uid), &rn->key) % RSESS_USERS];
}

/* How many users have some?  Locked: rn->lock */
static unsigned int rsess_users(const struct rsess_net *rn,
				enum rsess_limited what)
{
	const struct rsess_user *user;
	unsigned int users = 0;

	lockdep_assert_held(&rn->lock);
	for (user = rn->user; user < &rn->user[RSESS_USERS]; user++)
		users += user->n[what] > 0;
	return users;
}

/* There are too many, @n: whose go?  @own, those of the user who made the last one, if
 * they are more than its share; else those of the user who has most.  Locked: rn->lock.
 */
static struct rsess_user *rsess_user_excess(struct rsess_net *rn,
					    struct rsess_user *own,
					    enum rsess_limited what,
					    unsigned int n)
{
	struct rsess_user *user, *most = own;

	if (own->n[what] > n / rsess_users(rn, what))
		return own;
	for (user = rn->user; user < &rn->user[RSESS_USERS]; user++)
		if (user->n[what] > most->n[what])
			most = user;
	return most;
}

/* Locked: rn->lock */
static struct rsess_tomb *rsess_tomb_lookup(struct rsess_net *rn, const u8 *id)
{
	lockdep_assert_held(&rn->lock);
	return rhashtable_lookup_fast(&rn->tomb_table, id, rsess_tomb_params);
}

static void rsess_tomb_free(struct rsess_tomb *tomb)
{
	if (!tomb)
		return;
	if (tomb->lsn)
		rsess_listener_exhume(tomb->lsn);
	memzero_explicit(tomb->secret, sizeof(tomb->secret));
	kfree_rcu(tomb, rcu);
}

/* Locked: rn->lock */
static void rsess_tomb_del(struct rsess_net *rn, struct rsess_tomb *tomb)
{
	rhashtable_remove_fast(&rn->tomb_table, &tomb->hash, rsess_tomb_params);
	list_del(&tomb->list);
	tomb->user->n[RSESS_TOMBS]--;
	WRITE_ONCE(rn->ntombs, rn->ntombs - 1);
	rsess_knock_forbid(rn, tomb);
	rsess_tomb_free(tomb);
}

/* Those of a user that will hardly be asked come first. */
static struct rsess_tomb *rsess_tomb_first(struct rsess_user *user)
{
	return list_first_entry_or_null(&user->tombs[false], struct rsess_tomb,
					list) ?:
	       list_first_entry_or_null(&user->tombs[true], struct rsess_tomb,
					list);
}

/* Makes room for one more of a user.  Locked: rn->lock */
static bool rsess_tomb_room(struct rsess_net *rn, struct rsess_user *own)
{
	struct rsess_user *user;

	if (rn->ntombs < READ_ONCE(rn->max_tombstones))
		return true;
	if (!rn->ntombs)
		return false;
	user = rsess_user_excess(rn, own, RSESS_TOMBS, rn->ntombs);
	rsess_limit_reached(rn, RSESS_LIMIT_TOMBSTONES,
			    RSESS_MIB_TOMBSTONES_DROPPED);
	rsess_tomb_del(rn, rsess_tomb_first(user));
	return true;
}

/* @asked: the peer may come to ask.  Locked: rn->lock */
static void rsess_tomb_add(struct rsess_net *rn, struct rsess_tomb *tomb,
			   bool asked)
{
	struct rsess_user *user = tomb->user;

	/* Also if there is no room: a drain may have waited for the place that is free then. */
	queue_delayed_work(rsess_close_wq, &rn->tomb_work, HZ);
	if (!rsess_tomb_room(rn, user) ||
	    rhashtable_insert_fast(&rn->tomb_table, &tomb->hash,
				   rsess_tomb_params)) {
		this_cpu_inc(rn->mib->mibs[RSESS_MIB_TOMBSTONES_DROPPED]);
		rsess_knock_forbid(rn, tomb);
		rsess_tomb_free(tomb);
		return;
	}
	list_add_tail(&tomb->list, &user->tombs[asked]);
	user->n[RSESS_TOMBS]++;
	WRITE_ONCE(rn->ntombs, rn->ntombs + 1);
}

/* A peer that is known to have all does not come. */
static void rsess_tomb_fill(struct rsess_net *rn, struct rsess_tomb *tomb,
			    struct rsess_sock *rs)
{
	u32 ms = READ_ONCE(rn->tombstone_timeout_ms);

	if (!rs->confirmed && rs->ops->family)
		tomb->lsn = rsess_listener_bury(rs);
	else if (!rs->confirmed)
		rsess_knock_allow(rn, tomb, rs);
	memcpy(tomb->id, rs->id, sizeof(tomb->id));
	memcpy(tomb->secret, rs->secret, sizeof(tomb->secret));
	tomb->epoch = rs->epoch_seen;
	tomb->seq = rs->sq.write_seq + 1;
	tomb->ack = rs->credit.rcv_nxt;
	tomb->limit = rs->credit.limit;
	tomb->user = rsess_user_of(rn, rs);
	tomb->expires = jiffies + rsess_jiffies(ms);
}

/* The oldest ones go, of which each list begins with one.  How many, at most @most?
 * Locked: rn->lock
 */
static int rsess_tomb_expire(struct rsess_net *rn, struct list_head *tombs,
			     int most)
{
	struct rsess_tomb *tomb, *n;
	int gone = 0;

	list_for_each_entry_safe(tomb, n, tombs, list) {
		if (gone == most || time_before(jiffies, tomb->expires))
			break;
		rsess_tomb_del(rn, tomb);
		gone++;
	}
	return gone;
}

static void rsess_tomb_work(struct work_struct *work)
{
	struct rsess_net *rn =
		container_of(work, struct rsess_net, tomb_work.work);
	struct rsess_user *user;
	bool more = false;
	int i;

	for (user = rn->user; user < &rn->user[RSESS_USERS]; user++) {
		spin_lock(&rn->lock);
		for (i = 0; i < 2; i++)
			more |= rsess_tomb_expire(rn, &user->tombs[i],
						  RSESS_TOMB_BATCH) ==
				RSESS_TOMB_BATCH;
		spin_unlock(&rn->lock);
		cond_resched();
	}
	rsess_listener_forgotten(rn);
	if (READ_ONCE(rn->ntombs))
		queue_delayed_work(rsess_close_wq, &rn->tomb_work, more ? 0 : HZ);
}

/**
 * rsess_table_init() - an empty table
 * @rn: namespace, not visible yet
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int rsess_table_init(struct rsess_net *rn)
{
	struct rsess_user *user;
	int i, err;

	get_random_once(&rsess_id_key, sizeof(rsess_id_key));
	spin_lock_init(&rn->lock);
	get_random_bytes(&rn->key, sizeof(rn->key));
	for (i = 0; i < RSESS_ROLLS; i++)
		xa_init_flags(&rn->roll[i].socks,
			      XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	for (user = rn->user; user < &rn->user[RSESS_USERS]; user++) {
		INIT_LIST_HEAD(&user->orphans);
		INIT_LIST_HEAD(&user->tombs[false]);
		INIT_LIST_HEAD(&user->tombs[true]);
	}
	INIT_DELAYED_WORK(&rn->tomb_work, rsess_tomb_work);
	err = rhashtable_init(&rn->table, &rsess_table_params);
	if (err)
		return err;
	err = rhashtable_init(&rn->tomb_table, &rsess_tomb_params);
	if (err)
		rhashtable_destroy(&rn->table);
	return err;
}

/**
 * rsess_table_exit() - drop the tombstones of a namespace that goes away
 * @rn: namespace, without listeners
 *
 * Context: may sleep.
 */
void rsess_table_exit(struct rsess_net *rn)
{
	struct rsess_user *user;
	struct rsess_tomb *tomb;
	int i;

	WRITE_ONCE(rn->max_tombstones, 0);
	cancel_delayed_work_sync(&rn->tomb_work);
	spin_lock(&rn->lock);
	for (user = rn->user; user < &rn->user[RSESS_USERS]; user++)
		while ((tomb = rsess_tomb_first(user)))
			rsess_tomb_del(rn, tomb);
	spin_unlock(&rn->lock);
	rhashtable_destroy(&rn->tomb_table);
	rhashtable_destroy(&rn->table);
	for (i = 0; i < RSESS_ROLLS; i++)
		xa_destroy(&rn->roll[i].socks);
}

/**
 * rsess_roll_add() - have a socket seen
 * @roll: of its namespace
 * @number: where its number goes
 * @entry: the socket, see enum rsess_roll_of
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM, and @number is 0.
 */
int rsess_roll_add(struct rsess_roll *roll, u32 *number, void *entry)
{
	if (xa_alloc_cyclic(&roll->socks, number, entry, xa_limit_32b,
			    &roll->last, GFP_KERNEL) < 0) {
		*number = 0;
		return -ENOMEM;
	}
	atomic_inc(&roll->n);
	return 0;
}

/**
 * rsess_roll_del() - undo rsess_roll_add(), if it was done
 * @roll: of its namespace
 * @number: its number, or 0; 0 afterwards
 *
 * Nobody who reads the roll looks at it when this returns, unless he has a reference.
 */
void rsess_roll_del(struct rsess_roll *roll, u32 *number)
{
	if (!*number)
		return;
	xa_erase(&roll->socks, *number);
	atomic_dec(&roll->n);
	*number = 0;
}

/* May a user have one more session?  Beyond the limit he may if he has less than his
 * share, for then others have more than theirs.  Locked: rn->lock
 */
static bool rsess_table_has_room(const struct rsess_net *rn,
				 const struct rsess_user *user)
{
	unsigned int max = READ_ONCE(rn->max_sessions);
	unsigned int n = user->n[RSESS_SESSIONS];

	return rn->nsessions < max ||
	       n < max / (rsess_users(rn, RSESS_SESSIONS) + !n);
}

/* One more session; false: there are too many. */
static bool rsess_table_count(struct rsess_net *rn, struct rsess_sock *rs)
{
	struct rsess_user *user = rsess_user_of(rn, rs);
	bool ok;

	spin_lock(&rn->lock);
	ok = rsess_table_has_room(rn, user);
	if (ok) {
		rs->listed = user;
		user->n[RSESS_SESSIONS]++;
		WRITE_ONCE(rn->nsessions, rn->nsessions + 1);
	}
	spin_unlock(&rn->lock);
	return ok;
}

static void rsess_table_uncount(struct rsess_net *rn, struct rsess_sock *rs)
{
	spin_lock(&rn->lock);
	rs->listed->n[RSESS_SESSIONS]--;
	WRITE_ONCE(rn->nsessions, rn->nsessions - 1);
	spin_unlock(&rn->lock);
}

/**
 * rsess_table_next() - walk over the sessions of a namespace
 * @rn: namespace
 * @number: where the walk has come to, 0 in the beginning
 *
 * Nothing is locked between two steps.
 *
 * Return: the next session, with a reference; or NULL.
 */
struct rsess_sock *rsess_table_next(struct rsess_net *rn, unsigned long *number)
{
	struct xarray *sessions = &rn->roll[RSESS_ROLL_SESSIONS].socks;
	struct rsess_sock *rs;

	xa_lock(sessions);
	rs = xa_find_after(sessions, number, U32_MAX, XA_PRESENT);
	if (rs)
		sock_hold(rsess_to_sk(rs));
	xa_unlock(sessions);
	return rs;
}

/**
 * rsess_table_list() - have a session seen, and count it
 * @rs: session, locked or not visible yet
 *
 * Context: may sleep.
 * Return: 0; -ENOBUFS when there are too many; -ENETDOWN when the namespace ends; or
 * -ENOMEM.
 */
int rsess_table_list(struct rsess_sock *rs)
{
	struct net *net = sock_net(rsess_to_sk(rs));
	struct rsess_net *rn = rsess_net(net);

	if (rs->number)
		return 0;		/* a second connect() */
	if (!rsess_table_count(rn, rs)) {
		rsess_limit_reached(rn, RSESS_LIMIT_SESSIONS,
				    RSESS_MIB_SESSIONS_REFUSED);
		return -ENOBUFS;
	}
	if (rsess_roll_add(&rn->roll[RSESS_ROLL_SESSIONS], &rs->number, rs)) {
		rsess_table_uncount(rn, rs);
		return -ENOMEM;
	}
	/* It has come too late for rsess_session_end_all(), or that finds it. */
	if (READ_ONCE(rn->exiting)) {
		rsess_table_unlist(rs);
		return -ENETDOWN;
	}
	return 0;
}

/**
 * rsess_table_unlist() - undo rsess_table_list(), if it was done
 * @rs: session, locked
 *
 * See rsess_roll_del().
 */
void rsess_table_unlist(struct rsess_sock *rs)
{
	struct rsess_net *rn = rsess_net(sock_net(rsess_to_sk(rs)));

	if (!rs->number)
		return;
	rsess_roll_del(&rn->roll[RSESS_ROLL_SESSIONS], &rs->number);
	rsess_table_uncount(rn, rs);
}

/**
 * rsess_table_insert() - let a peer resume a session
 * @rs: session of the acceptor, locked; rsess_table_remove() must follow
 *
 * Context: may sleep.
 * Return: 0, -EEXIST when the id is or was in use, or -ENOMEM.
 */
int rsess_table_insert(struct rsess_sock *rs)
{
	struct rsess_net *rn = rsess_net(sock_net(rsess_to_sk(rs)));
	int err = 0;

	/* Now, for at its end the session cannot do without. */
	rs->tomb = kzalloc(sizeof(*rs->tomb), GFP_KERNEL_ACCOUNT);
	if (!rs->tomb)
		return -ENOMEM;
	INIT_LIST_HEAD(&rs->tomb->same);
	spin_lock(&rn->lock);
	if (rsess_tomb_lookup(rn, rs->id))
		err = -EEXIST;
	else
		err = rhashtable_lookup_insert_fast(&rn->table, &rs->hash,
						    rsess_table_params);
	rs->hashed = !err;
	spin_unlock(&rn->lock);
	return err && err != -EEXIST ? -ENOMEM : err;
}

/**
 * rsess_table_remove() - a session has ended
 * @rs: session, locked
 * @tomb: leave a tombstone
 */
void rsess_table_remove(struct rsess_sock *rs, bool tomb)
{
	struct rsess_net *rn = rsess_net(sock_net(rsess_to_sk(rs)));

	spin_lock(&rn->lock);
	if (rs->hashed) {
		rhashtable_remove_fast(&rn->table, &rs->hash,
				       rsess_table_params);
		rs->hashed = false;
		if (tomb) {
			rsess_tomb_fill(rn, rs->tomb, rs);
			rsess_tomb_add(rn, rs->tomb, !rs->confirmed);
			rs->tomb = NULL;
		}
	}
	spin_unlock(&rn->lock);
	rsess_tomb_free(rs->tomb);
	rs->tomb = NULL;
}

/**
 * rsess_table_find() - the session with an id
 * @net: namespace
 * @id: the id
 *
 * Return: its outer socket with a reference, or NULL.
 */
struct sock *rsess_table_find(struct net *net, const u8 *id)
{
	struct rsess_net *rn = rsess_net(net);
	struct sock *sk = NULL;
	struct rsess_sock *rs;

	rcu_read_lock();		/* SOCK_RCU_FREE */
	rs = rhashtable_lookup(&rn->table, id, rsess_table_params);
	if (rs && refcount_inc_not_zero(&rsess_to_sk(rs)->sk_refcnt))
		sk = rsess_to_sk(rs);
	rcu_read_unlock();
	return sk;
}

/**
 * rsess_tomb_find() - the tombstone with an id
 * @net: namespace
 * @id: the id
 * @copy: filled in
 *
 * Return: is there one?
 */
bool rsess_tomb_find(struct net *net, const u8 *id, struct rsess_tomb *copy)
{
	struct rsess_net *rn = rsess_net(net);
	struct rsess_tomb *tomb;

	spin_lock(&rn->lock);
	tomb = rsess_tomb_lookup(rn, id);
	if (tomb)
		*copy = *tomb;
	spin_unlock(&rn->lock);
	return tomb;
}

/**
 * rsess_tomb_renew() - a tombstone is about to answer an authentic RESUME
 * @net: namespace
 * @id: the id
 * @epoch: of the RESUME
 *
 * Return: false when the epoch is not newer than the last, or the tombstone is
 * gone.
 */
bool rsess_tomb_renew(struct net *net, const u8 *id, u32 epoch)
{
	struct rsess_net *rn = rsess_net(net);
	struct rsess_tomb *tomb;
	bool newer;

	spin_lock(&rn->lock);
	tomb = rsess_tomb_lookup(rn, id);
	newer = tomb && rsess_epoch_newer(epoch, tomb->epoch);
	if (newer)
		tomb->epoch = epoch;
	spin_unlock(&rn->lock);
	return newer;
}

/* Locked: rn->lock */
static void rsess_orphan_del(struct rsess_net *rn, struct rsess_sock *rs)
{
	lockdep_assert_held(&rn->lock);
	if (list_empty(&rs->orphan))
		return;
	list_del_init(&rs->orphan);
	rs->orphans->n[RSESS_ORPHANS]--;
	WRITE_ONCE(rn->norphans, rn->norphans - 1);
}

/* Which one goes?  The oldest; but of the first that are looked at one that has no
 * transport, for its peer may never come again.  Locked: rn->lock.
 */
static struct rsess_sock *rsess_orphan_victim(const struct rsess_user *user)
{
	struct rsess_sock *rs;
	int looks = 0;

	list_for_each_entry(rs, &user->orphans, orphan) {
		if (!READ_ONCE(rs->tr))
			return rs;
		if (++looks == RSESS_ORPHAN_LOOKS)
			break;
	}
	return list_first_entry(&user->orphans, struct rsess_sock, orphan);
}

/**
 * rsess_orphan_add() - count a session whose application is gone
 * @rs: session, locked
 *
 * Return: NULL; or an orphan that is one too many and is not counted any more, with a
 * reference.
 */
struct rsess_sock *rsess_orphan_add(struct rsess_sock *rs)
{
	struct rsess_net *rn = rsess_net(sock_net(rsess_to_sk(rs)));
	struct rsess_sock *victim = NULL;
	struct rsess_user *user;

	spin_lock(&rn->lock);
	rs->orphans = rsess_user_of(rn, rs);
	list_add_tail(&rs->orphan, &rs->orphans->orphans);
	rs->orphans->n[RSESS_ORPHANS]++;
	WRITE_ONCE(rn->norphans, rn->norphans + 1);
	if (rn->norphans > READ_ONCE(rn->max_orphans)) {
		user = rsess_user_excess(rn, rs->orphans, RSESS_ORPHANS,
					 rn->norphans);
		victim = rsess_orphan_victim(user);
		rsess_orphan_del(rn, victim);
		sock_hold(rsess_to_sk(victim));
	}
	spin_unlock(&rn->lock);
	return victim;
}

/* The orphan whose peer has not acknowledged most, if that is more than @weight, which is
 * told how much.  Locked: rn->lock
 */
static struct rsess_sock *rsess_orphan_heaviest(struct rsess_net *rn, int *weight)
{
	struct rsess_sock *rs, *found = NULL;
	struct rsess_user *user;
	int queued;

	lockdep_assert_held(&rn->lock);
	for (user = rn->user; user < &rn->user[RSESS_USERS]; user++) {
		list_for_each_entry(rs, &user->orphans, orphan) {
			queued = READ_ONCE(rsess_to_sk(rs)->sk_wmem_queued);
			if (queued <= *weight)
				continue;
			*weight = queued;
			found = rs;
		}
	}
	return found;
}

/* Locked: RCU */
static void rsess_orphan_sacrifice(struct rsess_sock *rs)
{
	struct net *net = sock_net(rsess_to_sk(rs));
	struct rsess_net *rn = rsess_net(net);
	bool late;

	spin_lock(&rn->lock);
	late = list_empty(&rs->orphan);
	rsess_orphan_del(rn, rs);
	spin_unlock(&rn->lock);
	if (late)
		return;
	RSESS_INC(net, ORPHANS_DROPPED);
	rsess_timer_evict(rs, RSESS_REASON_RESOURCES);
}

/**
 * rsess_orphan_relieve() - somebody wants memory, and all there may be is used
 *
 * An orphan whose reader takes its time goes on only as long as nobody is kept waiting by
 * that, as with TCP.  The limit is that of all namespaces, so whose orphan it is does not
 * matter: one that holds most is cut, a moment later the next one.
 */
void rsess_orphan_relieve(void)
{
	static unsigned long last;
	struct rsess_sock *rs, *victim = NULL;
	unsigned long then = READ_ONCE(last);
	int weight = SOCK_MIN_SNDBUF;
	struct rsess_net *rn;
	struct net *net;

	if (time_in_range(jiffies, then, then + RSESS_RELIEF) ||
	    cmpxchg(&last, then, jiffies) != then)
		return;
	rcu_read_lock();		/* namespaces, and who ends them */
	for_each_net_rcu(net) {
		rn = rsess_net(net);
		spin_lock(&rn->lock);
		rs = rsess_orphan_heaviest(rn, &weight);
		if (rs)
			sock_hold(rsess_to_sk(rs));
		spin_unlock(&rn->lock);
		if (!rs)
			continue;
		if (victim)
			sock_put(rsess_to_sk(victim));
		victim = rs;
	}
	if (victim) {
		rsess_orphan_sacrifice(victim);
		sock_put(rsess_to_sk(victim));
	}
	rcu_read_unlock();
}

/**
 * rsess_orphan_remove() - an orphan is no more
 * @rs: session, locked; orphan or not
 */
void rsess_orphan_remove(struct rsess_sock *rs)
{
	struct rsess_net *rn = rsess_net(sock_net(rsess_to_sk(rs)));

	spin_lock(&rn->lock);
	rsess_orphan_del(rn, rs);
	spin_unlock(&rn->lock);
}
