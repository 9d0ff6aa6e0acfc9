// SPDX-License-Identifier: GPL-2.0
/*
 * A tombstone holds no port: nobody listens there, and anybody may bind it.  The
 * dialer that comes to ask is noticed on its way in.
 *
 *   dialer				this host
 *   SYN, asks for a session  --X	LOCAL_IN: nobody listens at the port, but there is
 *					a tombstone.  The SYN is dropped, and a work opens
 *					the door: a listener at a port of its own
 *   SYN again, after a second  --->	LOCAL_IN: the door's, as a transparent proxy's,
 *					whatever its port; it answers RESUME, refuses the
 *					rest, and closes soon
 *
 * A door cannot be had of SCTP and MPTCP.  There it is the refusal that tells: LOCAL_OUT
 * drops it, and for some seconds a listener is recalled at the port itself.  It makes way
 * for an AF_RSESS socket that binds.
 *
 *   INIT, or SYN  ------------>	LOCAL_IN: asked, at the port of a tombstone
 *				  X--	LOCAL_OUT: ABORT, or RST: nobody listens
 *   INIT, or SYN, again  ------>	a listener that answers RESUME, and refuses the rest
 *
 * So whatever else is at the port has its way.  A dialer that does not ask in the
 * handshake (rsess_sock.inband) is known by its host.  When the port of a listener to be
 * recalled cannot be bound any more, the tombstone has given it up.
 */
#include <linux/hashtable.h>
#include <linux/ip.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/sctp.h>
#include <linux/tcp.h>
#include <net/inet6_hashtables.h>
#include <net/inet_hashtables.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <net/sock.h>
#include "compat.h"
#include "knock.h"
#include "kunit_export.h"
#include "listener.h"
#include "net.h"
#include "offer.h"
#include "session.h"
#include "synopt.h"
#include "table.h"
#include "transport.h"
#include "wire.h"

/* Of the parameters of an INIT so many bytes are looked at. */
#define RSESS_INIT_LEN	256

/* Not to be taken for an offer to a listener, for that is answered. */
#define RSESS_KNOCK	0x6b6e6f636b00ULL

static u64 rsess_knock_hash(const struct rsess_net *rn,
			    const struct rsess_offer_key *key)
{
	return rsess_offer_hash(rn, key) ^ RSESS_KNOCK;
}

/* The protocol in the header of IP. */
static u8 rsess_place_protocol(const struct rsess_place *at)
{
	return at->ops->protocol == IPPROTO_SCTP ? IPPROTO_SCTP : IPPROTO_TCP;
}

/* Did its listener serve a local address? */
static bool rsess_place_covers(const struct rsess_place *at,
			       const struct in6_addr *laddr)
{
	bool v4 = ipv6_addr_v4mapped(laddr);
	struct in6_addr host;

	if (at->addr.sa.sa_family == AF_INET && !at->addr.in.sin_addr.s_addr)
		return v4;
	rsess_addr_host(&at->addr, &host);
	if (ipv6_addr_any(&host))
		return !v4 || !at->v6only;
	return ipv6_addr_equal(&host, laddr);
}

/* Does one listener serve both? */
static bool rsess_place_equal(const struct rsess_place *a,
			      const struct rsess_place *b)
{
	return a->ops == b->ops && a->bound_dev_if == b->bound_dev_if &&
	       rsess_addr_equal(&a->addr, &b->addr);
}

/* And is it knocked at both by the same dialers? */
static bool rsess_place_is_same(const struct rsess_place *a,
				const struct rsess_place *b)
{
	return rsess_place_equal(a, b) && a->v6only == b->v6only &&
	       a->inband == b->inband &&
	       (!a->inband || ipv6_addr_equal(&a->peer, &b->peer));
}

/* Who does not ask in the handshake is known by its host. */
static u64 rsess_place_hash(const struct rsess_net *rn,
			    const struct in6_addr *host, __be16 port,
			    const struct in6_addr *peer)
{
	struct rsess_offer_key key = { .laddr = *host, .lport = port };

	if (peer)
		key.raddr = *peer;
	return rsess_offer_hash(rn, &key);
}

static u64 rsess_place_hash_of(const struct rsess_net *rn,
			       const struct rsess_place *at)
{
	struct in6_addr host;

	rsess_addr_host(&at->addr, &host);
	return rsess_place_hash(rn, &host, at->addr.in.sin_port,
				at->inband ? &at->peer : NULL);
}

/* Does the dialer come in by the door? */
static bool rsess_place_has_door(const struct rsess_place *at)
{
	return at->ops->protocol == IPPROTO_TCP;
}

/**
 * struct rsess_knocker - a dialer that comes, or is refused
 * @protocol: in the header of IP
 * @key: its connection
 * @asked: it asks for a session in the transport's handshake
 * @dif: index of the device that its packets come by
 * @sdif: of the one that this belongs to, or 0
 */
struct rsess_knocker {
	u8			protocol;
	const struct rsess_offer_key *key;
	bool			asked;
	int			dif;
	int			sdif;
};

/* What was bound to a device answers nobody else. */
static bool rsess_place_is_at(const struct rsess_place *at,
			      const struct rsess_knocker *who)
{
	return !at->bound_dev_if || at->bound_dev_if == who->dif ||
	       at->bound_dev_if == who->sdif;
}

static bool rsess_place_fits(const struct rsess_place *at,
			     const struct rsess_knocker *who, bool door)
{
	return rsess_place_is_at(at, who) && at->addr.in.sin_port == who->key->lport &&
	       rsess_place_protocol(at) == who->protocol &&
	       rsess_place_has_door(at) == door &&
	       rsess_place_covers(at, &who->key->laddr) &&
	       (at->inband ? ipv6_addr_equal(&at->peer, &who->key->raddr) :
			     who->asked);
}

/* Is there a tombstone of a listener that was bound to @host?  Locked: RCU. */
static struct rsess_tomb *rsess_knock_find_at(const struct rsess_net *rn,
					      const struct rsess_knocker *who,
					      bool door,
					      const struct in6_addr *host,
					      const struct in6_addr *peer)
{
	const u64 hash = rsess_place_hash(rn, host, who->key->lport, peer);
	struct rsess_tomb *tomb;

	hash_for_each_possible_rcu(rn->places, tomb, knock, hash)
		if (rsess_place_fits(&tomb->at, who, door))
			return tomb;
	return NULL;
}

/* A tombstone for who knocks, or NULL.  However many there are, few are looked at.
 * Locked: RCU.
 */
static struct rsess_tomb *rsess_knock_find(const struct rsess_net *rn,
					   const struct rsess_knocker *who,
					   bool door)
{
	struct in6_addr hosts[] = { who->key->laddr, in6addr_any, in6addr_any };
	struct rsess_tomb *tomb = NULL;
	int i, n = 2;

	if (ipv6_addr_v4mapped(&hosts[0]))
		ipv6_addr_set_v4mapped(htonl(INADDR_ANY), &hosts[n++]);
	for (i = 0; i < n && !tomb; i++) {
		if (who->asked)
			tomb = rsess_knock_find_at(rn, who, door, &hosts[i],
						   NULL);
		if (!tomb)
			tomb = rsess_knock_find_at(rn, who, door, &hosts[i],
						   &who->key->raddr);
	}
	return tomb;
}

/* The header of a SYN, or NULL. */
static const struct tcphdr *rsess_knock_syn(const struct sk_buff *skb, int off,
					    struct tcphdr *copy,
					    struct rsess_offer_key *key)
{
	const struct tcphdr *th;

	th = skb_header_pointer(skb, off, sizeof(*copy), copy);
	if (!th || !th->syn || th->ack || th->rst || th->doff < 5)
		return NULL;
	key->rport = th->source;
	key->lport = th->dest;
	key->isn = ntohl(th->seq);
	return th;
}

static bool rsess_knock_syn_asks(const struct sk_buff *skb, int off,
				 const struct tcphdr *th)
{
	u8 buf[15 * 4 - sizeof(struct tcphdr)];
	int len = th->doff * 4 - sizeof(*th);
	const void *opts;

	opts = skb_header_pointer(skb, off + sizeof(*th), len, buf);
	return opts && rsess_wire_find_synopt(opts, len) == RSESS_SYN_REQUEST;
}

/* Does anybody listen where a SYN goes? */
static bool rsess_knock_is_heard(struct net *net, struct sk_buff *skb,
				 const struct tcphdr *th, int off)
{
	int doff = off + th->doff * 4;

	if (skb->protocol == htons(ETH_P_IP))
		return rsess_lookup4(net, RSESS_HASHINFO(net), skb, doff,
				     ip_hdr(skb)->saddr, th->source,
				     ip_hdr(skb)->daddr, ntohs(th->dest),
				     inet_iif(skb), inet_sdif(skb));
#if IS_ENABLED(CONFIG_IPV6)
	return rsess_lookup6(net, RSESS_HASHINFO(net), skb, doff,
			     &ipv6_hdr(skb)->saddr, th->source,
			     &ipv6_hdr(skb)->daddr, ntohs(th->dest),
			     inet6_iif(skb), inet6_sdif(skb));
#else
	return false;
#endif
}

static void rsess_knock_comes_by(struct rsess_knocker *who, struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IP)) {
		who->dif = inet_iif(skb);
		who->sdif = inet_sdif(skb);
#if IS_ENABLED(CONFIG_IPV6)
	} else {
		who->dif = inet6_iif(skb);
		who->sdif = inet6_sdif(skb);
#endif
	}
}

/* The door takes a SYN in, as it would one to its own port. */
static bool rsess_knock_enter(struct rsess_net *rn, struct sk_buff *skb)
{
	struct sock *sk;

	sk = rcu_dereference(rn->door[skb->protocol != htons(ETH_P_IP)]);
	if (!sk || !refcount_inc_not_zero(&sk->sk_refcnt))
		return false;
	skb_orphan(skb);
	skb->sk = sk;
	skb->destructor = sock_edemux;
	return true;
}

/* A SYN comes in. Returns true if it has to be dropped, because no door is open yet. */
static bool rsess_knock_in_tcp(struct rsess_net *rn, struct sk_buff *skb,
			       int off, struct rsess_offer_key *key)
{
	struct rsess_knocker who = { .protocol = IPPROTO_TCP, .key = key };
	const struct tcphdr *th;
	struct tcphdr copy;

	/* It belongs to a socket already: of a connection, or of a transparent proxy. */
	if (skb->sk)
		return false;
	th = rsess_knock_syn(skb, off, &copy, key);
	if (!th)
		return false;
	rsess_knock_comes_by(&who, skb);
	who.asked = rsess_knock_syn_asks(skb, off, th);
	if (who.asked && rsess_knock_find(rn, &who, false))
		rsess_offer_add(rn, rsess_knock_hash(rn, key));
	if (!rsess_knock_find(rn, &who, true) ||
	    READ_ONCE(rn->exiting) || rsess_knock_is_heard(rn->net, skb, th, off))
		return false;
	if (rsess_knock_enter(rn, skb))
		return false;
	set_bit(skb->protocol != htons(ETH_P_IP), &rn->door_wanted);
	queue_work(rsess_close_wq, &rn->knock_work);
	return true;
}

/* What TCP says to a SYN when nobody listens. */
static bool rsess_knock_tcp_refused(const struct sk_buff *skb, int off,
				    struct rsess_offer_key *key)
{
	const struct tcphdr *th;
	struct tcphdr copy;

	th = skb_header_pointer(skb, off, sizeof(copy), &copy);
	if (!th || !th->rst || !th->ack || th->syn || th->seq)
		return false;
	key->rport = th->dest;
	key->lport = th->source;
	key->isn = ntohl(th->ack_seq) - 1;
	return true;
}

/* Is the indication among the parameters of an INIT? */
static bool rsess_knock_indicates(const u8 *p, int len)
{
	while (len >= (int)sizeof(struct sctp_paramhdr)) {
		const struct sctp_paramhdr *h = (const void *)p;
		int n = ntohs(h->length);

		if (n < (int)sizeof(*h) || n > len)
			return false;
		if (h->type == SCTP_PARAM_ADAPTATION_LAYER_IND &&
		    n == sizeof(struct sctp_adaptation_ind_param))
			return ((const struct sctp_adaptation_ind_param *)p)
				->adaptation_ind == htonl(RSESS_SCTP_INDICATION);
		n = ALIGN(n, 4);
		p += n;
		len -= n;
	}
	return false;
}

/* A packet of SCTP with its first chunk. */
struct rsess_sctp_head {
	struct sctphdr	sctp;
	struct sctp_chunkhdr chunk;
};

static bool rsess_knock_sctp_asks(const struct sk_buff *skb, int off,
				  struct rsess_offer_key *key)
{
	struct {
		struct rsess_sctp_head	h;
		struct sctp_inithdr	init;
	} copy;
	const typeof(copy) *p;
	u8 buf[RSESS_INIT_LEN];
	const void *params;
	int len;

	p = skb_header_pointer(skb, off, sizeof(copy), &copy);
	if (!p || p->h.chunk.type != SCTP_CID_INIT)
		return false;
	key->rport = p->h.sctp.source;
	key->lport = p->h.sctp.dest;
	key->isn = ntohl(p->init.init_tag);
	off += sizeof(copy);
	len = ntohs(p->h.chunk.length) -
	      (int)(sizeof(p->h.chunk) + sizeof(p->init));
	len = min3(len, RSESS_INIT_LEN, (int)skb->len - off);
	if (len <= 0)
		return false;
	params = skb_header_pointer(skb, off, len, buf);
	return params && rsess_knock_indicates(params, len);
}

static bool rsess_knock_sctp_refused(const struct sk_buff *skb, int off,
				     struct rsess_offer_key *key)
{
	const struct rsess_sctp_head *p;
	struct rsess_sctp_head copy;

	p = skb_header_pointer(skb, off, sizeof(copy), &copy);
	if (!p || p->chunk.type != SCTP_CID_ABORT)
		return false;
	key->rport = p->sctp.dest;
	key->lport = p->sctp.source;
	key->isn = ntohl(p->sctp.vtag);
	return true;
}

/* A packet comes to this host. Returns true if it has to be dropped, and will be welcome
 * when it comes again.
 */
static bool rsess_knock_in(struct rsess_net *rn, struct sk_buff *skb, int off,
			   u8 protocol, struct rsess_offer_key *key)
{
	struct rsess_knocker who = {
		.protocol = protocol, .key = key, .asked = true,
	};

	if (protocol == IPPROTO_TCP)
		return rsess_knock_in_tcp(rn, skb, off, key);
	if (protocol != IPPROTO_SCTP || !rsess_knock_sctp_asks(skb, off, key))
		return false;
	rsess_knock_comes_by(&who, skb);
	if (rsess_knock_find(rn, &who, false))
		rsess_offer_add(rn, rsess_knock_hash(rn, key));
	return false;
}

static unsigned int rsess_knock_in4(void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
	const struct iphdr *iph = ip_hdr(skb);
	struct rsess_offer_key key;
	struct rsess_net *rn;

	if (ip_is_fragment(iph) ||
	    rsess_knock_passes(skb, ip_hdrlen(skb), iph->protocol))
		return NF_ACCEPT;
	rn = rsess_net(state->net);
	if (!READ_ONCE(rn->nplaces))
		return NF_ACCEPT;
	key = (struct rsess_offer_key){};
	ipv6_addr_set_v4mapped(iph->saddr, &key.raddr);
	ipv6_addr_set_v4mapped(iph->daddr, &key.laddr);
	return rsess_knock_in(rn, skb, ip_hdrlen(skb), iph->protocol, &key) ?
	       NF_DROP : NF_ACCEPT;
}

static unsigned int rsess_knock_in6(void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
	const struct ipv6hdr *h = ipv6_hdr(skb);
	struct rsess_offer_key key;
	struct rsess_net *rn;

	if (rsess_knock_passes(skb, sizeof(*h), h->nexthdr))
		return NF_ACCEPT;
	rn = rsess_net(state->net);
	if (!READ_ONCE(rn->nplaces))
		return NF_ACCEPT;
	key = (struct rsess_offer_key){ .raddr = h->saddr, .laddr = h->daddr };
	return rsess_knock_in(rn, skb, sizeof(*h), h->nexthdr, &key) ?
	       NF_DROP : NF_ACCEPT;
}

/* Behind all filters. */
static const struct nf_hook_ops rsess_knock_hooks[] = {
	{
		.hook		= rsess_knock_in4,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_LOCAL_IN,
		.priority	= NF_IP_PRI_LAST,
	},
	{
		.hook		= rsess_knock_in6,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_LOCAL_IN,
		.priority	= NF_IP6_PRI_LAST,
	},
};

/* Serialises the first in a namespace; innermost but for what netfilter locks. */
static DEFINE_MUTEX(rsess_knock_mutex);

/**
 * rsess_knock_watch() - there may be tombstones from now on
 * @net: namespace; may be watched already
 *
 * Where nobody has accepted a session no packet that comes in is looked at.
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int rsess_knock_watch(struct net *net)
{
	struct rsess_net *rn = rsess_net(net);
	int err = 0;

	if (READ_ONCE(rn->watched))
		return 0;
	mutex_lock(&rsess_knock_mutex);
	if (rn->exiting) {
		err = -ENETDOWN;
	} else if (!rn->watched) {
		err = nf_register_net_hooks(net, rsess_knock_hooks,
					    ARRAY_SIZE(rsess_knock_hooks));
		WRITE_ONCE(rn->watched, !err);
	}
	mutex_unlock(&rsess_knock_mutex);
	return err;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_knock_watch);

/* Does the host itself say so?  What comes out of a socket was meant by somebody: an
 * association that is there, or who speaks in its name.  Of IPv6 TCP's has no socket.
 */
static bool rsess_knock_is_hosts(const struct rsess_net *rn,
				 const struct sk_buff *skb)
{
	const struct sock *sk = skb->sk;

	if (!sk)
		return true;
#if IS_ENABLED(CONFIG_IP_SCTP)
	if (sk == rn->net->sctp.ctl_sock)
		return true;
#endif
	return sk->sk_kern_sock && sk->sk_type == SOCK_RAW;
}

/**
 * rsess_knock_out() - a packet leaves this host
 * @rn: namespace
 * @skb: the packet
 * @dev: by this device
 * @off: where the header behind that of IP is
 * @protocol: of that header
 * @key: has the addresses
 *
 * Context: any, RCU.
 * Return: true: it refuses a dialer who may be served in a moment, and is to be dropped.
 */
bool rsess_knock_out(struct rsess_net *rn, const struct sk_buff *skb,
		     const struct net_device *dev, int off, u8 protocol,
		     struct rsess_offer_key *key)
{
	struct rsess_knocker who = {
		.protocol = protocol, .key = key, .dif = dev->ifindex,
		.sdif = l3mdev_master_ifindex_rcu(dev),
	};
	struct rsess_tomb *tomb;
	bool refused = false;
	u64 hash;

	if (protocol == IPPROTO_TCP)
		refused = rsess_knock_tcp_refused(skb, off, key);
	else if (protocol == IPPROTO_SCTP)
		refused = rsess_knock_sctp_refused(skb, off, key);
	if (!refused || !rsess_knock_is_hosts(rn, skb))
		return false;
	hash = rsess_knock_hash(rn, key);
	who.asked = rsess_offer_find(rn, hash);
	if (who.asked)
		rsess_offer_del(rn, hash);
	tomb = READ_ONCE(rn->exiting) ? NULL : rsess_knock_find(rn, &who, false);
	if (!tomb)
		return false;
	WRITE_ONCE(tomb->knocked, true);
	queue_work(rsess_close_wq, &rn->knock_work);
	return true;
}

/* Where somebody has knocked, once; false: nowhere. */
static bool rsess_knock_next(struct rsess_net *rn, struct rsess_place *at)
{
	struct rsess_tomb *tomb;
	bool found = false;
	int i;

	spin_lock(&rn->lock);
	hash_for_each(rn->places, i, tomb, knock) {
		if (!READ_ONCE(tomb->knocked) ||
		    (found && !rsess_place_equal(&tomb->at, at)))
			continue;
		WRITE_ONCE(tomb->knocked, false);
		*at = tomb->at;
		found = true;
	}
	spin_unlock(&rn->lock);
	return found;
}

/* The port is somebody else's now.  What is asked for in vain is refused, then. */
static void rsess_knock_give_up(struct rsess_net *rn,
				const struct rsess_place *at)
{
	struct rsess_tomb *tomb, *next;
	struct hlist_node *n;
	int i;

	spin_lock(&rn->lock);
	hash_for_each_safe(rn->places, i, n, tomb, knock) {
		if (!rsess_place_equal(&tomb->at, at))
			continue;
		for (; hash_hashed(&tomb->knock); tomb = next) {
			next = list_next_entry(tomb, same);
			rsess_knock_forbid(rn, tomb);
		}
	}
	spin_unlock(&rn->lock);
}

static void rsess_knock_work(struct work_struct *work)
{
	struct rsess_net *rn =
		container_of(work, struct rsess_net, knock_work);
	struct rsess_place at;
	int v6;

	for (v6 = 0; v6 < 2 && !READ_ONCE(rn->exiting); v6++)
		if (test_and_clear_bit(v6, &rn->door_wanted))
			rsess_listener_door(rn, v6);
	while (!READ_ONCE(rn->exiting) && rsess_knock_next(rn, &at))
		if (rsess_listener_recall(rn, &at) == -EADDRINUSE)
			rsess_knock_give_up(rn, &at);
}

/**
 * rsess_knock_door() - a listener is the door, or no longer
 * @rn: namespace, with its bind_lock held
 * @v6: for IPv6
 * @sk: its inner socket, or NULL; freed a grace period later at the earliest
 */
void rsess_knock_door(struct rsess_net *rn, bool v6, struct sock *sk)
{
	rcu_assign_pointer(rn->door[v6], sk);
}

/**
 * rsess_knock_allow() - a dialer may come and ask a tombstone
 * @rn: namespace, its lock held
 * @tomb: about to be seen
 * @rs: the session that it stands for, with its listener
 */
void rsess_knock_allow(struct rsess_net *rn, struct rsess_tomb *tomb,
		       const struct rsess_sock *rs)
{
	const struct rsess_listener *lsn = rs->lsn;
	struct rsess_place *at = &tomb->at;
	struct rsess_tomb *other;
	u64 hash;

	lockdep_assert_held(&rn->lock);
	at->ops = rs->ops;
	at->addr = lsn->addr;
	at->v6only = lsn->v6only;
	at->bound_dev_if = lsn->bound_dev_if;
	at->uid = lsn->uid;
	at->inband = rs->inband;
	rsess_addr_host(&rs->raddr, &at->peer);
	hash = rsess_place_hash_of(rn, at);
	hash_for_each_possible(rn->places, other, knock, hash) {
		if (!rsess_place_is_same(&other->at, at))
			continue;
		list_add_tail(&tomb->same, &other->same);
		return;
	}
	hash_add_rcu(rn->places, &tomb->knock, hash);
	WRITE_ONCE(rn->nplaces, rn->nplaces + 1);
}

/**
 * rsess_knock_forbid() - undo rsess_knock_allow(), if it was done
 * @rn: namespace, its lock held
 * @tomb: the tombstone; to be freed a grace period later
 */
void rsess_knock_forbid(struct rsess_net *rn, struct rsess_tomb *tomb)
{
	struct rsess_tomb *next = NULL;

	lockdep_assert_held(&rn->lock);
	if (!list_empty(&tomb->same))
		next = list_next_entry(tomb, same);
	list_del_init(&tomb->same);
	if (!hash_hashed(&tomb->knock))
		return;
	/* Another one of the place stands for it, before this one does no more. */
	if (next) {
		WRITE_ONCE(next->knocked, READ_ONCE(tomb->knocked));
		hash_add_rcu(rn->places, &next->knock,
			     rsess_place_hash_of(rn, &next->at));
	} else {
		WRITE_ONCE(rn->nplaces, rn->nplaces - 1);
	}
	hash_del_rcu(&tomb->knock);
}

/**
 * rsess_knock_init() - nobody knocks yet
 * @rn: namespace, not visible yet
 */
void rsess_knock_init(struct rsess_net *rn)
{
	hash_init(rn->places);
	INIT_WORK(&rn->knock_work, rsess_knock_work);
}

/**
 * rsess_knock_exit() - the host refuses dialers that knock from now on
 * @rn: namespace
 *
 * Context: may sleep.
 */
void rsess_knock_exit(struct rsess_net *rn)
{
	mutex_lock(&rsess_knock_mutex);
	WRITE_ONCE(rn->exiting, true);
	mutex_unlock(&rsess_knock_mutex);
	if (rn->watched)
		nf_unregister_net_hooks(rn->net, rsess_knock_hooks,
					ARRAY_SIZE(rsess_knock_hooks));
	if (rn->offers)
		synchronize_rcu();	/* rsess_knock_out() */
	cancel_work_sync(&rn->knock_work);
}
