// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses that SYNs with an option do not get to, though SYNs without it do: for
 * net.rsess.blackhole_timeout nobody waits for the loss of two SYNs again.
 *
 * A table of fixed size; an address takes the place of another one with the same
 * hash, which then is found out anew.
 */
#include <linux/ipv6.h>
#include <linux/jiffies.h>
#include <linux/siphash.h>
#include <net/ipv6.h>
#include "blackhole.h"
#include "net.h"

static struct rsess_blackhole *
rsess_blackhole_entry(struct rsess_net *rn, const struct in6_addr *key)
{
	u64 hash = siphash(key, sizeof(*key), &rn->key);

	return &rn->blackhole[hash % RSESS_BLACKHOLES];
}

/**
 * rsess_blackhole_note() - an address answered a SYN without the option only
 * @rn: namespace
 * @addr: the address; its port does not matter
 *
 * Context: process.
 */
void rsess_blackhole_note(struct rsess_net *rn, const union rsess_addr *addr)
{
	unsigned int s = READ_ONCE(rn->blackhole_timeout);
	struct rsess_blackhole *entry;
	struct in6_addr key __aligned(8);

	if (!s)
		return;
	rsess_addr_host(addr, &key);
	entry = rsess_blackhole_entry(rn, &key);
	spin_lock(&rn->lock);
	entry->addr = key;
	entry->until = jiffies + min_t(u64, (u64)s * HZ, MAX_JIFFY_OFFSET);
	entry->used = true;
	spin_unlock(&rn->lock);
}

/**
 * rsess_blackhole_known() - is an option worth a try?
 * @rn: namespace
 * @addr: address to be dialed
 *
 * Context: process.
 * Return: true when SYNs with an option were lost there not long ago.
 */
bool rsess_blackhole_known(struct rsess_net *rn, const union rsess_addr *addr)
{
	struct rsess_blackhole *entry;
	struct in6_addr key __aligned(8);
	bool known;

	rsess_addr_host(addr, &key);
	entry = rsess_blackhole_entry(rn, &key);
	spin_lock(&rn->lock);
	if (entry->used && time_after(jiffies, entry->until))
		entry->used = false;
	known = entry->used && ipv6_addr_equal(&entry->addr, &key);
	spin_unlock(&rn->lock);
	return known;
}
