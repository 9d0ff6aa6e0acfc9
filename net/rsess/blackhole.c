// SPDX-License-Identifier: GPL-2.0
/*
 * Services that SYNs with an option do not get to, though SYNs without it do.
 *
 * A lossy start looks like that, too.  So it takes RSESS_STRIKES connections in a row to
 * believe it, and one SYN with the option that was answered to forget it.  What is
 * believed counts for a minute; then the next connection asks with one SYN, which
 * costs it a second, and if that gets lost the time doubles, up to
 * net.rsess.blackhole_timeout.
 *
 * A table of fixed size; a service takes the place of another one with the same
 * hash, which then is found out anew.
 */
#include <linux/ipv6.h>
#include <linux/jiffies.h>
#include <linux/siphash.h>
#include <net/ipv6.h>
#include "blackhole.h"
#include "net.h"

/* Connections in a row. */
#define RSESS_STRIKES	3
/* Seconds. */
#define RSESS_HOLD_MIN	60

struct rsess_service {
	struct in6_addr	addr;
	u64		port;
} __aligned(8);

static void rsess_blackhole_key(const union rsess_addr *addr,
				struct rsess_service *key)
{
	rsess_addr_host(addr, &key->addr);
	key->port = (__force u16)addr->in.sin_port; /* sin6_port is at the same place */
}

/* Its place in the table.  Locked: rn->lock. */
static struct rsess_blackhole *
rsess_blackhole_place(struct rsess_net *rn, const struct rsess_service *key)
{
	u64 hash = siphash(key, sizeof(*key), &rn->key);

	return &rn->blackhole[hash % RSESS_BLACKHOLES];
}

/* What is known of a service, or NULL.  Locked: rn->lock. */
static struct rsess_blackhole *
rsess_blackhole_find(struct rsess_net *rn, const struct rsess_service *key)
{
	struct rsess_blackhole *entry = rsess_blackhole_place(rn, key);

	return entry->strikes && entry->port == key->port &&
	       ipv6_addr_equal(&entry->addr, &key->addr) ? entry : NULL;
}

/* One more: true when it is believed from now on.  Locked: rn->lock. */
static bool rsess_blackhole_strike(struct rsess_blackhole *entry,
				   unsigned int max)
{
	entry->strikes = min(entry->strikes + 1, RSESS_STRIKES);
	if (entry->strikes < RSESS_STRIKES)
		return false;
	entry->hold = entry->hold ? min_t(u64, 2ULL * entry->hold, max) :
				    min_t(unsigned int, RSESS_HOLD_MIN, max);
	entry->until = jiffies + min_t(u64, (u64)entry->hold * HZ,
				       MAX_JIFFY_OFFSET);
	return true;
}

/**
 * rsess_blackhole_note() - a service answered a SYN without the option only
 * @rn: namespace
 * @addr: its address and port
 *
 * Context: process.
 */
void rsess_blackhole_note(struct rsess_net *rn, const union rsess_addr *addr)
{
	unsigned int max = READ_ONCE(rn->blackhole_timeout);
	struct rsess_blackhole *entry;
	struct rsess_service key;

	if (!max)
		return;
	rsess_blackhole_key(addr, &key);
	spin_lock(&rn->lock);
	entry = rsess_blackhole_find(rn, &key);
	if (!entry) {
		entry = rsess_blackhole_place(rn, &key);
		memset(entry, 0, sizeof(*entry));
		entry->addr = key.addr;
		entry->port = key.port;
	}
	if (rsess_blackhole_strike(entry, max))
		this_cpu_inc(rn->mib->mibs[RSESS_MIB_BLACKHOLES]);
	spin_unlock(&rn->lock);
}

/**
 * rsess_blackhole_clear() - a service answered a SYN with the option
 * @rn: namespace
 * @addr: its address and port
 *
 * Context: process.
 */
void rsess_blackhole_clear(struct rsess_net *rn, const union rsess_addr *addr)
{
	struct rsess_blackhole *entry;
	struct rsess_service key;

	rsess_blackhole_key(addr, &key);
	spin_lock(&rn->lock);
	entry = rsess_blackhole_find(rn, &key);
	if (entry)
		entry->strikes = 0;
	spin_unlock(&rn->lock);
}

/**
 * rsess_blackhole_path() - is an option worth a try?
 * @rn: namespace
 * @addr: address and port to be dialed
 *
 * Context: process.
 */
enum rsess_path rsess_blackhole_path(struct rsess_net *rn,
				     const union rsess_addr *addr)
{
	enum rsess_path path = RSESS_PATH_OPEN;
	struct rsess_blackhole *entry;
	struct rsess_service key;

	rsess_blackhole_key(addr, &key);
	spin_lock(&rn->lock);
	entry = rsess_blackhole_find(rn, &key);
	if (entry && entry->strikes == RSESS_STRIKES)
		path = time_before(jiffies, entry->until) ?
		       RSESS_PATH_CLOSED : RSESS_PATH_DOUBTED;
	spin_unlock(&rn->lock);
	return path;
}
