/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a network namespace has: limits, counters, sessions, listeners.
 */
#ifndef _RSESS_NET_H
#define _RSESS_NET_H

#include <linux/hashtable.h>
#include <linux/in6.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rhashtable-types.h>
#include <linux/siphash.h>
#include <linux/spinlock.h>
#include <linux/wait_bit.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>
#include "stat.h"

#define RSESS_PLACE_BITS	8
#define RSESS_BLACKHOLES	256

/* Users are told apart by a hash. */
#define RSESS_USERS		64
/* So are addresses that are dialed. */
#define RSESS_TURN_SETS		64

struct rsess_offers;

extern unsigned int rsess_net_id;

/* Of what is limited each user has a share. */
enum rsess_limited {
	RSESS_SESSIONS,
	RSESS_ORPHANS,
	RSESS_TOMBS,
	RSESS_LIMITED_MAX
};

/**
 * struct rsess_user - what the users with one hash have
 * @n: how many of each kind
 * @orphans: sessions whose application is gone, oldest first
 * @tombs: tombstones, oldest first: those that will hardly be asked, and others
 */
struct rsess_user {
	unsigned int		n[RSESS_LIMITED_MAX];
	struct list_head	orphans;
	struct list_head	tombs[2];
};

/**
 * struct rsess_turns - sessions that wait to dial some addresses again
 * @list: of them, the next one first
 * @next: place among those of which somebody waits
 */
struct rsess_turns {
	struct list_head	list;
	struct list_head	next;
};

/* Limits that RSESS_CMD_LIMIT_REACHED tells of. */
enum rsess_limit {
	RSESS_LIMIT_SESSIONS,
	RSESS_LIMIT_ORPHANS,
	RSESS_LIMIT_TOMBSTONES,
	RSESS_LIMIT_PENDING,
	RSESS_LIMIT_PENDING_SOURCE,
	RSESS_LIMIT_RETAINED,
	RSESS_LIMIT_EARLY_BYTES,
	RSESS_LIMIT_ERRORS,
	RSESS_LIMIT_IDLE_FRAMES,
	RSESS_LIMIT_RESUMES,
	RSESS_LIMIT_REDIALS,
	RSESS_LIMITS
};

/* What people read of a namespace, in this order. */
enum rsess_roll_of {
	RSESS_ROLL_LISTENERS,	/* struct rsess_sock that listens */
	RSESS_ROLL_SESSIONS,	/* struct rsess_sock */
	RSESS_ROLL_PLAIN,	/* struct rsess_fallback */
	RSESS_ROLLS
};

/**
 * struct rsess_roll - sockets by number, for people to read
 * @socks: has a lock of its own; what is in it has its reference until it is taken out
 * @last: the number given last
 * @n: how many
 */
struct rsess_roll {
	struct xarray	socks;
	u32		last;
	atomic_t	n;
};

/**
 * struct rsess_blackhole - a service, see blackhole.c
 * @addr: mapped if it is one of IPv4
 * @port: of it
 * @strikes: connections in a row that lost the option; 0: this one is free
 * @hold: seconds for which that is believed
 * @until: jiffies
 */
struct rsess_blackhole {
	struct in6_addr	addr;
	u16		port;
	int		strikes;
	unsigned int	hold;
	unsigned long	until;
};

/**
 * struct rsess_net - per network namespace
 * @mib: counters
 * @lock: protects changes of the tables, the tombstones, the lists, the counts, the turns
 *	and @blackhole; a session is looked up under RCU
 * @key: of hashes, so that nobody can choose what collides
 * @table: sessions that a peer may resume, by id
 * @tomb_table: tombstones, by id
 * @roll: every socket that is to be seen, by enum rsess_roll_of
 * @nsessions: how many sessions
 * @user: what each has, by the hash
 * @norphans: sessions whose application is gone, of all users
 * @ntombs: tombstones of all users
 * @tomb_work: expires tombstones
 * @turns_of: sessions that wait to dial again, by the peer's address
 * @turns_next: those of which somebody waits; the one whose turn it is comes first
 * @turns: attempts that may be made now, times HZ, at @turns_at
 * @turns_at: jiffies
 * @turn_work: gives turns
 * @places: where dialers may ask tombstones though nobody listens: one of those of each
 *	place, by address and port; read under RCU
 * @nplaces: how many places
 * @watched: packets that come in are looked at, see rsess_knock_watch()
 * @knock_work: listens for those who ask
 * @door: sockets of IPv4 and IPv6 that listen for those who ask over TCP; written under
 *	@bind_lock, read under RCU
 * @door_wanted: bits: one of them has been missed
 * @exiting: and does so no more
 * @drain: no new session where the policy is auto; written under @bind_lock
 * @limit_work: tells of @limits
 * @limits: bits of enum rsess_limit: reached, and not told yet
 * @limit_at: jiffies when each was reached last, 0: never, as far as somebody listened
 * @net: the namespace
 * @blackhole: where not to try an option of the transport again
 * @offers: of listeners, see synopt.c; NULL until there is one
 * @users: transports, works of listeners and timers that are queued or run, calls that
 *	begin a session: the end of the namespace waits for them
 * @bind_lock: serialises bind() and the end of listeners
 * @listeners: all, with and without an application; under @bind_lock
 * @sysctl: registered table
 * @timeout_ms: default of RSESS_TIMEOUT
 * @stall_timeout_ms: silence that ends a transport on which an answer is awaited
 * @probe_interval_ms: silence after which a dialer asks whether the peer is there
 * @handshake_timeout_ms: silence that ends a transport that is not live
 * @orphan_timeout_ms: an orphan without progress ends after this time
 * @dial_max_ms: the longest wait between two attempts to dial
 * @tombstone_timeout_ms: life of a tombstone
 * @max_sessions: sessions
 * @max_orphans: orphans
 * @max_tombstones: tombstones
 * @max_pending: transports per listener that have no session yet
 * @max_pending_source: of them, from one address
 * @max_retained: listeners of a user that only sessions and tombstones need
 * @max_early_bytes: to a session, before accept()
 * @max_errors: of the protocol, per session
 * @max_idle_frames: frames in a second that carry nothing, per transport
 * @max_resumes: transports of a session in a second
 * @max_redials: attempts to dial in a second, of sessions whose last one failed
 * @listen_linger: how long a listener waits for an application to listen
 * @negotiate: default of RSESS_NEGOTIATE
 * @tag: default of RSESS_TAG
 * @blackhole_timeout: how long @blackhole is believed at most, seconds
 */
struct rsess_net {
	struct rsess_mib __percpu *mib;

	spinlock_t		lock;	/* tables and lists below */
	siphash_key_t		key;
	struct rhashtable	table;
	struct rhashtable	tomb_table;
	struct rsess_roll	roll[RSESS_ROLLS];
	unsigned int		nsessions;
	struct rsess_user	user[RSESS_USERS];
	unsigned int		norphans;
	unsigned int		ntombs;
	struct delayed_work	tomb_work;
	struct rsess_turns	turns_of[RSESS_TURN_SETS];
	struct list_head	turns_next;
	u64			turns;
	unsigned long		turns_at;
	struct delayed_work	turn_work;
	DECLARE_HASHTABLE(places, RSESS_PLACE_BITS);
	unsigned int		nplaces;
	bool			watched;
	struct work_struct	knock_work;
	struct sock __rcu	*door[2];
	unsigned long		door_wanted;
	bool			exiting;
	bool			drain;
	struct work_struct	limit_work;
	unsigned long		limits;
	unsigned long		limit_at[RSESS_LIMITS];
	struct net		*net;
	struct rsess_blackhole	blackhole[RSESS_BLACKHOLES];

	struct rsess_offers	*offers;

	atomic_t		users;
	struct mutex		bind_lock;	/* listeners */
	struct list_head	listeners;

	struct ctl_table_header	*sysctl;
	unsigned int		timeout_ms;
	unsigned int		stall_timeout_ms;
	unsigned int		probe_interval_ms;
	unsigned int		handshake_timeout_ms;
	unsigned int		orphan_timeout_ms;
	unsigned int		dial_max_ms;
	unsigned int		tombstone_timeout_ms;
	unsigned int		max_sessions;
	unsigned int		max_orphans;
	unsigned int		max_tombstones;
	unsigned int		max_pending;
	unsigned int		max_pending_source;
	unsigned int		max_retained;
	unsigned int		max_early_bytes;
	unsigned int		max_errors;
	unsigned int		max_idle_frames;
	unsigned int		max_resumes;
	unsigned int		max_redials;
	unsigned int		listen_linger;
	unsigned int		negotiate;
	unsigned int		tag;
	unsigned int		blackhole_timeout;
};

struct rsess_net *rsess_net(const struct net *net);

/* msecs_to_jiffies() takes what is above INT_MAX for "never". */
static inline unsigned long rsess_jiffies(u32 ms)
{
	return min_t(u64, (u64)(ms / 1000) * HZ + msecs_to_jiffies(ms % 1000),
		     MAX_JIFFY_OFFSET);
}

static inline void rsess_net_hold(struct rsess_net *rn)
{
	atomic_inc(&rn->users);
}

/* @rn may be gone afterwards. */
static inline void rsess_net_put(struct rsess_net *rn)
{
	if (atomic_dec_and_test(&rn->users))
		wake_up_var(&rn->users);
}

/* For a call of a user in the kernel, which may not keep the namespace.  False: the
 * namespace ends; else rsess_net_put() must follow.
 */
static inline bool rsess_net_get(struct rsess_net *rn)
{
	rsess_net_hold(rn);
	smp_mb__after_atomic();		/* rsess_net_exit() */
	if (!READ_ONCE(rn->exiting))
		return true;
	rsess_net_put(rn);
	return false;
}

int rsess_sysctl_register(struct net *net);
void rsess_sysctl_unregister(struct net *net);
int rsess_proc_register(struct net *net);
void rsess_proc_unregister(struct net *net);

#define RSESS_INC(net, field)						\
	this_cpu_inc(rsess_net(net)->mib->mibs[RSESS_MIB_##field])
#define RSESS_ADD(net, field, n)					\
	this_cpu_add(rsess_net(net)->mib->mibs[RSESS_MIB_##field], (n))

#endif /* _RSESS_NET_H */
