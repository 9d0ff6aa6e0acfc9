// SPDX-License-Identifier: GPL-2.0
/*
 * Turns to dial again, for the sessions of a namespace whose last attempt has failed.
 *
 * Each of them waits longer from one attempt to the next, but where many do so nothing
 * bounds what they cost together.  So of these attempts a second has no more than
 * net.rsess.max_redials.  As long as there are fewer nobody notices.  Beyond that sessions
 * wait in line: the addresses that they dial take turns, and so do the sessions of one
 * address.
 *
 * Where an attempt succeeds, two who wait for the same address go at once, and two more
 * for each of these that succeeds: when a host is back, so are all its sessions, soon.
 */
#include <linux/jiffies.h>
#include <linux/siphash.h>
#include <net/sock.h>
#include "genl.h"
#include "net.h"
#include "session.h"
#include "turn.h"

/* So many go when one has succeeded. */
#define RSESS_TURNS_SUCCESS	2

/* Turns of the time that went by; those of a second are kept.  Locked: rn->lock. */
static void rsess_turn_fill(struct rsess_net *rn)
{
	unsigned int max = READ_ONCE(rn->max_redials);
	u64 passed = min(jiffies - rn->turns_at, (unsigned long)HZ);

	lockdep_assert_held(&rn->lock);
	rn->turns_at = jiffies;
	rn->turns = min(rn->turns + passed * max, (u64)max * HZ);
}

/* When will there be one?  Jiffies.  Locked: rn->lock. */
static unsigned long rsess_turn_delay(const struct rsess_net *rn)
{
	unsigned int max = READ_ONCE(rn->max_redials);

	if (!max || rn->turns >= HZ)
		return 0;
	return DIV_ROUND_UP(HZ - (unsigned long)rn->turns, max);
}

static struct rsess_turns *rsess_turns_of(struct rsess_net *rn,
					  const struct rsess_sock *rs)
{
	struct in6_addr host;

	rsess_addr_host(&rs->raddr, &host);
	return &rn->turns_of[siphash(&host, sizeof(host), &rn->key) %
			     RSESS_TURN_SETS];
}

/* Locked: rn->lock. */
static void rsess_turn_add(struct rsess_net *rn, struct rsess_sock *rs)
{
	rs->turns = rsess_turns_of(rn, rs);
	if (list_empty(&rs->turns->list))
		list_add_tail(&rs->turns->next, &rn->turns_next);
	list_add_tail(&rs->turn, &rs->turns->list);
	rsess_limit_reached(rn, RSESS_LIMIT_REDIALS, RSESS_MIB_DIALS_DELAYED);
	queue_delayed_work(rsess_wq, &rn->turn_work, rsess_turn_delay(rn));
}

/* Locked: rn->lock. */
static void rsess_turn_del(struct rsess_sock *rs)
{
	list_del_init(&rs->turn);
	if (list_empty(&rs->turns->list))
		list_del_init(&rs->turns->next);
}

/* The first who waits for an address goes.  Locked: rn->lock. */
static void rsess_turn_give(struct rsess_net *rn, struct rsess_turns *turns)
{
	struct rsess_sock *rs = list_first_entry(&turns->list,
						 struct rsess_sock, turn);

	lockdep_assert_held(&rn->lock);
	list_move_tail(&turns->next, &rn->turns_next);
	rsess_turn_del(rs);
	WRITE_ONCE(rs->turn_come, true);
	rsess_timer_now(rs);
}

static void rsess_turn_work(struct work_struct *work)
{
	struct rsess_net *rn =
		container_of(work, struct rsess_net, turn_work.work);

	spin_lock(&rn->lock);
	rsess_turn_fill(rn);
	while (!list_empty(&rn->turns_next) && !rsess_turn_delay(rn)) {
		rn->turns -= min_t(u64, rn->turns, HZ);
		rsess_turn_give(rn, list_first_entry(&rn->turns_next,
						     struct rsess_turns, next));
	}
	if (!list_empty(&rn->turns_next))
		queue_delayed_work(rsess_wq, &rn->turn_work,
				   rsess_turn_delay(rn));
	spin_unlock(&rn->lock);
}

/**
 * rsess_turn_init() - nobody waits
 * @rn: namespace, not visible yet
 */
void rsess_turn_init(struct rsess_net *rn)
{
	int i;

	INIT_LIST_HEAD(&rn->turns_next);
	for (i = 0; i < RSESS_TURN_SETS; i++) {
		INIT_LIST_HEAD(&rn->turns_of[i].list);
		INIT_LIST_HEAD(&rn->turns_of[i].next);
	}
	INIT_DELAYED_WORK(&rn->turn_work, rsess_turn_work);
}

/**
 * rsess_turn_exit() - the namespace goes away
 * @rn: namespace, without sessions
 *
 * Context: may sleep.
 */
void rsess_turn_exit(struct rsess_net *rn)
{
	cancel_delayed_work_sync(&rn->turn_work);
}

/**
 * rsess_turn_take() - may a session dial whose last attempt has failed?
 * @rs: session, locked, without a transport
 *
 * Return: false if there are too many; it waits for its turn then, and its timer runs when
 * that has come, see rsess_turn_has_come().
 */
bool rsess_turn_take(struct rsess_sock *rs)
{
	struct rsess_net *rn = rsess_net(sock_net(rsess_to_sk(rs)));
	bool may;

	if (!READ_ONCE(rn->max_redials))
		return true;
	spin_lock(&rn->lock);
	rsess_turn_fill(rn);
	may = list_empty(&rn->turns_next) && !rsess_turn_delay(rn);
	if (may)
		rn->turns -= min_t(u64, rn->turns, HZ);
	else if (list_empty(&rs->turn))
		rsess_turn_add(rn, rs);
	spin_unlock(&rn->lock);
	return may;
}

/**
 * rsess_turn_has_come() - has the session waited for its turn, and may dial now?
 * @rs: session, locked
 *
 * Return: true once.
 */
bool rsess_turn_has_come(struct rsess_sock *rs)
{
	if (!READ_ONCE(rs->turn_come))
		return false;
	WRITE_ONCE(rs->turn_come, false);
	return true;
}

/**
 * rsess_turn_leave() - a session does not wait any more
 * @rs: session, locked; may not have waited
 */
void rsess_turn_leave(struct rsess_sock *rs)
{
	struct rsess_net *rn = rsess_net(sock_net(rsess_to_sk(rs)));

	/* Only its own work, which is not this one, adds it. */
	if (list_empty_careful(&rs->turn))
		return;
	spin_lock(&rn->lock);
	if (!list_empty(&rs->turn))
		rsess_turn_del(rs);
	spin_unlock(&rn->lock);
}

/**
 * rsess_turn_answered() - an attempt has succeeded: others to the same address may
 * @rs: session, locked, of the dialer
 */
void rsess_turn_answered(struct rsess_sock *rs)
{
	struct rsess_net *rn = rsess_net(sock_net(rsess_to_sk(rs)));
	struct rsess_turns *turns;
	int n;

	if (list_empty_careful(&rn->turns_next))
		return;
	spin_lock(&rn->lock);
	turns = rsess_turns_of(rn, rs);
	for (n = 0; n < RSESS_TURNS_SUCCESS && !list_empty(&turns->list); n++)
		rsess_turn_give(rn, turns);
	spin_unlock(&rn->lock);
}
