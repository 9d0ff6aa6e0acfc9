// SPDX-License-Identifier: GPL-2.0
/*
 * Negotiation in the handshake of TCP: an experimental option in SYN, SYN-ACK and
 * the ACK of the SYN-ACK tells each side whether the other has this protocol.
 *
 * TCP is not changed.  The sockets that take part have a copy of their icsk_af_ops
 * in which a few functions are ours, as those of SMC and MPTCP have:
 *
 *   dialer	queue_xmit	puts the option into SYN and ACK
 *		sk_rx_dst_set	sees the SYN-ACK when TCP has found it valid
 *   listener	conn_request	sees the SYN, also when TCP answers with a cookie
 *		syn_recv_sock	makes the child, and sees what completed its handshake
 *
 * Any ACK may be the one that completes the handshake for the listener, when those
 * before it were lost or its queue was full.  So each one that has no payload gets
 * the option until the peer's session has answered.
 *
 * Only the SYN-ACK passes none of them, so it gets its option in netfilter's
 * LOCAL_OUT.  What the SYN said is kept meanwhile in a table of hashes of fixed
 * size.  A flood may drive an entry out: then a SYN-ACK that is sent again has no
 * option and the dialer goes plain, and a dialer that had its answer before says so
 * in its ACK.
 *
 * The hooks of netfilter see also who knocks where nobody listens, see knock.c.
 *
 * What was copied is read without a lock by TCP's softirq, under RCU, so the memory
 * of struct rsess_synopt is freed a grace period after rsess_synopt_end().
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/mm.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/siphash.h>
#include <linux/tcp.h>
#include <net/checksum.h>
#include <net/inet_common.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/tcp.h>
#include "compat.h"
#include "knock.h"
#include "net.h"
#include "offer.h"
#include "session.h"
#include "synopt.h"
#include "transport.h"

#define RSESS_OFFERS_BITS	13
#define RSESS_OFFERS_WAYS	4

/**
 * struct rsess_offers - SYNs that had the option
 * @any: there has been one
 * @hash: of addresses, ports and sequence number; 0: free
 *
 * Without a lock: an entry that gets lost in a race is as one driven out.
 */
struct rsess_offers {
	bool	any;
	u64	hash[1 << RSESS_OFFERS_BITS];
};

/* The options of a TCP header that is all there, as that of any packet that came in
 * or is being made.
 */
static enum rsess_syn_role rsess_synopt_role(const struct sk_buff *skb)
{
	const struct tcphdr *th = tcp_hdr(skb);

	return rsess_wire_find_synopt(th + 1, th->doff * 4 - sizeof(*th));
}

/* Put the option behind the others.  @nhl: bytes of the IP header in front, 0 if it
 * is not made yet.  Does it have the option now?
 */
static bool rsess_synopt_insert(struct sk_buff *skb, int nhl,
				enum rsess_syn_role role)
{
	struct tcphdr *th = tcp_hdr(skb);
	int doff = th->doff * 4, len;
	u8 *p;

	if (skb_transport_offset(skb) != nhl || skb_is_gso(skb) ||
	    skb->ip_summed != CHECKSUM_PARTIAL ||
	    doff + RSESS_SYNOPT_LEN > 15 * 4 || !pskb_may_pull(skb, nhl + doff))
		return false;
	if (skb_cow_head(skb, RSESS_SYNOPT_LEN + LL_MAX_HEADER))
		return false;
	len = skb->len - nhl;
	p = skb_push(skb, RSESS_SYNOPT_LEN);
	memmove(p, p + RSESS_SYNOPT_LEN, nhl + doff);
	if (nhl)
		skb_reset_network_header(skb);
	skb_set_transport_header(skb, nhl);
	th = tcp_hdr(skb);
	rsess_wire_put_synopt(role, (u8 *)th + doff);
	th->doff += RSESS_SYNOPT_LEN / 4;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	/* So far it is the sum of the pseudo header, which has the length. */
	inet_proto_csum_replace2(&th->check, skb, htons(len),
				 htons(len + RSESS_SYNOPT_LEN), true);
	return true;
}

/**
 * rsess_offer_hash() - what is noted of a SYN
 * @rn: namespace
 * @key: the SYN
 *
 * Return: a number that nobody can choose, not 0.
 */
u64 rsess_offer_hash(const struct rsess_net *rn,
		     const struct rsess_offer_key *key)
{
	return siphash(key, sizeof(*key), &rn->key) | 1;
}

/* The set of entries that a hash may be in. */
static u64 *rsess_offer_set(struct rsess_net *rn, u64 hash)
{
	u32 at = hash >> (64 - RSESS_OFFERS_BITS);

	return &rn->offers->hash[at & ~(RSESS_OFFERS_WAYS - 1)];
}

/**
 * rsess_offer_find() - was a SYN noted?
 * @rn: namespace, with its rsess_offers_init() done
 * @hash: of the SYN
 *
 * Context: any, RCU.
 * Return: where it is, or NULL.
 */
u64 *rsess_offer_find(struct rsess_net *rn, u64 hash)
{
	u64 *set = rsess_offer_set(rn, hash);
	int i;

	for (i = 0; i < RSESS_OFFERS_WAYS; i++)
		if (READ_ONCE(set[i]) == hash)
			return &set[i];
	return NULL;
}

/**
 * rsess_offer_add() - note a SYN
 * @rn: namespace, with its rsess_offers_init() done
 * @hash: of the SYN
 *
 * Context: any, RCU.
 */
void rsess_offer_add(struct rsess_net *rn, u64 hash)
{
	u64 *set = rsess_offer_set(rn, hash);
	int i;

	if (rsess_offer_find(rn, hash))
		return;
	for (i = 0; i < RSESS_OFFERS_WAYS; i++)
		if (!READ_ONCE(set[i]))
			break;
	if (i == RSESS_OFFERS_WAYS) {
		this_cpu_inc(rn->mib->mibs[RSESS_MIB_OFFERS_DROPPED]);
		i = (hash >> 1) % RSESS_OFFERS_WAYS;
	}
	WRITE_ONCE(set[i], hash);
	if (!READ_ONCE(rn->offers->any))
		WRITE_ONCE(rn->offers->any, true);
}

/**
 * rsess_offer_del() - forget a SYN
 * @rn: namespace, with its rsess_offers_init() done
 * @hash: of the SYN; may be forgotten already
 *
 * Context: any, RCU.
 */
void rsess_offer_del(struct rsess_net *rn, u64 hash)
{
	u64 *entry = rsess_offer_find(rn, hash);

	if (entry)
		WRITE_ONCE(*entry, 0);
}

/* @skb came to the listener from the dialer. */
static u64 rsess_offer_of(const struct rsess_net *rn, const struct sk_buff *skb,
			  u32 isn)
{
	const struct tcphdr *th = tcp_hdr(skb);
	struct rsess_offer_key key = {
		.rport = th->source, .lport = th->dest, .isn = isn,
	};

	if (skb->protocol == htons(ETH_P_IP)) {
		ipv6_addr_set_v4mapped(ip_hdr(skb)->saddr, &key.raddr);
		ipv6_addr_set_v4mapped(ip_hdr(skb)->daddr, &key.laddr);
	} else {
		key.raddr = ipv6_hdr(skb)->saddr;
		key.laddr = ipv6_hdr(skb)->daddr;
	}
	return rsess_offer_hash(rn, &key);
}

/* TCP may hold a pointer to our copy that has been taken out meanwhile. */
static struct rsess_synopt *rsess_synopt_of(const struct sock *sk);

static int rsess_synopt_queue_xmit(struct sock *sk, struct sk_buff *skb,
				   struct flowi *fl)
{
	struct rsess_synopt *so = rsess_synopt_of(sk);
	const struct tcphdr *th = tcp_hdr(skb);

	if (sk->sk_state == TCP_SYN_SENT && th->syn && !th->ack) {
		if (so->sent >= so->tries && !so->insist)
			so->left_out = true;
		else if (rsess_synopt_insert(skb, 0, RSESS_SYN_REQUEST))
			so->sent = min(so->sent + 1, RSESS_SYNOPT_TRIES);
	} else if (so->answered && skb->len == th->doff * 4) {
		rsess_synopt_insert(skb, 0, RSESS_SYN_CONFIRM);
	}
	return so->orig->queue_xmit(sk, skb, fl);
}

static void rsess_synopt_rx_dst_set(struct sock *sk, const struct sk_buff *skb)
{
	struct rsess_synopt *so = rsess_synopt_of(sk);
	const struct tcphdr *th = tcp_hdr(skb);

	if (th->syn && th->ack && so->sent &&
	    rsess_synopt_role(skb) == RSESS_SYN_ANSWER)
		so->answered = true;
	so->orig->sk_rx_dst_set(sk, skb);
}

/* As TCP does where nobody listens. */
static void rsess_synopt_refuse(const struct sock *sk, struct sk_buff *skb)
{
	const struct proto *prot = skb->protocol == htons(ETH_P_IP) ?
				   &tcp_prot : sk->sk_prot;

	rsess_send_reset(prot->rsk_prot, sk, skb);
}

static bool rsess_synopt_refuses(const struct rsess_synopt *so,
				 const struct sock *sk,
				 const struct sk_buff *skb, bool asks)
{
	if (so->door)
		return tcp_hdr(skb)->dest == inet_sk(sk)->inet_sport;
	return !asks && READ_ONCE(so->refuse);
}

/* TCP compares what it has queued with the backlog.  Here some have been taken out. */
static bool rsess_synopt_is_full(const struct rsess_synopt *so,
				 const struct sock *sk)
{
	return READ_ONCE(sk->sk_ack_backlog) >= READ_ONCE(so->room);
}

/* It is dropped, and sent again.  Counted as TCP does. */
static void rsess_synopt_overflow(const struct sock *sk)
{
	NET_INC_STATS(sock_net(sk), LINUX_MIB_LISTENOVERFLOWS);
	tcp_listendrop(sk);
}

static int rsess_synopt_conn_request(struct sock *sk, struct sk_buff *skb)
{
	struct rsess_synopt *so = rsess_synopt_of(sk);
	bool asks;

	if (!so)
		return READ_ONCE(inet_csk(sk)->icsk_af_ops)->conn_request(sk,
									  skb);
	asks = rsess_synopt_role(skb) == RSESS_SYN_REQUEST;
	if (rsess_synopt_refuses(so, sk, skb, asks)) {
		rsess_synopt_refuse(sk, skb);
		return 0;
	}
	if (asks && !READ_ONCE(so->off))
		rsess_offer_add(so->rn, rsess_offer_of(so->rn, skb,
						       ntohl(tcp_hdr(skb)->seq)));
	else if (READ_ONCE(so->full) || rsess_synopt_is_full(so, sk))
		goto overflow;
	return so->orig->conn_request(sk, skb);

overflow:
	rsess_synopt_overflow(sk);
	return 0;
}

/* Their addresses are what a child's sk_user_data points to. */
static u64 rsess_offer_mark[RSESS_OFFER_SURE + 1];

/**
 * rsess_synopt_is_offer() - what does sk_user_data point to?
 * @data: the pointer
 *
 * Return: true: it says what a connection was offered that is not accepted yet.
 */
bool rsess_synopt_is_offer(const void *data)
{
	const u64 *mark = data;

	return mark >= rsess_offer_mark &&
	       mark < rsess_offer_mark + ARRAY_SIZE(rsess_offer_mark);
}

/* The first segment of a dialer whose ACK was lost may complete its handshake. */
static bool rsess_synopt_opens(const struct sk_buff *skb)
{
	u32 off = skb_transport_offset(skb) + tcp_hdrlen(skb);
	u8 buf[RSESS_OPENING_LEN];
	const void *p;

	p = skb_header_pointer(skb, off, sizeof(buf), buf);
	return p && rsess_wire_may_open(p, sizeof(buf));
}

/* What has been offered stays so, whatever is wanted meanwhile: the dialer has the answer. */
static enum rsess_offer rsess_synopt_judge(const struct rsess_synopt *so,
					   const struct sk_buff *skb, u32 isn)
{
	struct rsess_net *rn = so->rn;
	u64 hash = rsess_offer_of(rn, skb, isn);

	if (READ_ONCE(so->off) && !rsess_offer_find(rn, hash))
		return RSESS_OFFER_NONE;
	if (rsess_synopt_role(skb) == RSESS_SYN_CONFIRM ||
	    rsess_synopt_opens(skb)) {
		rsess_offer_del(rn, hash);
		return RSESS_OFFER_SURE;
	}
	return rsess_offer_find(rn, hash) ? RSESS_OFFER_MADE : RSESS_OFFER_NONE;
}

static struct sock *
rsess_synopt_syn_recv_sock(const struct sock *sk, struct sk_buff *skb,
			   struct request_sock *req,
			   const struct rsess_child_args *args)
{
	struct rsess_synopt *so = rsess_synopt_of(sk);
	const struct inet_connection_sock_af_ops *orig =
		so ? so->orig : READ_ONCE(inet_csk(sk)->icsk_af_ops);
	u32 isn = tcp_rsk(req)->rcv_isn;
	enum rsess_offer offer;
	struct sock *child;

	if (so && rsess_synopt_is_full(so, sk)) {
		rsess_synopt_overflow(sk);
		dst_release(args->dst);
		return NULL;
	}
	child = rsess_syn_recv_sock(orig, sk, skb, req, args);
	if (!child || !so)
		return child;
	/* It was cloned with our copy, unless IPv6 gave it what is for IPv4. */
	if (inet_csk(child)->icsk_af_ops == &so->ops)
		inet_csk(child)->icsk_af_ops = orig;
	offer = rsess_synopt_judge(so, skb, isn);
	__rcu_assign_sk_user_data_with_flags(child, &rsess_offer_mark[offer],
					     SK_USER_DATA_NOCOPY);
	return child;
}

RSESS_DEFINE_SYN_RECV_SOCK(rsess_synopt_syn_recv_sock)

static struct rsess_synopt *rsess_synopt_of(const struct sock *sk)
{
	const struct inet_connection_sock_af_ops *ops =
		READ_ONCE(inet_csk(sk)->icsk_af_ops);

	if (ops->queue_xmit != rsess_synopt_queue_xmit &&
	    ops->conn_request != rsess_synopt_conn_request)
		return NULL;
	return (struct rsess_synopt *)container_of(ops, struct rsess_synopt,
						   ops);
}

/* Have the functions of a dialer stand in for what is there.  Locked. */
static void rsess_synopt_stand_in(struct rsess_synopt *so, struct sock *sk)
{
	struct inet_connection_sock *icsk = inet_csk(sk);

	if (icsk->icsk_af_ops == &so->ops)
		return;
	so->orig = icsk->icsk_af_ops;
	so->ops = *so->orig;
	so->ops.queue_xmit = rsess_synopt_queue_xmit;
	so->ops.sk_rx_dst_set = rsess_synopt_rx_dst_set;
	WRITE_ONCE(icsk->icsk_af_ops, &so->ops);
}

/**
 * rsess_synopt_connect() - open a connection and ask for a session
 * @so: of the socket; rsess_synopt_end() must follow
 * @sock: socket of TCP, not connected, not locked
 * @addr: as for connect()
 * @len: bytes of @addr
 * @ask: how much that is wanted
 *
 * For an address of IPv4 that is mapped into IPv6, connect() gives the socket
 * other functions while it sends the SYN: then the SYN gets its option on its way
 * out, as a SYN-ACK does, and ours stand in for those before the SYN-ACK is seen.
 *
 * Context: may sleep.
 * Return: as connect() of a socket that does not block.
 */
int rsess_synopt_connect(struct rsess_synopt *so, struct socket *sock,
			 union rsess_addr *addr, int len, enum rsess_ask ask)
{
	struct sockaddr_unsized *to = (struct sockaddr_unsized *)addr;
	struct sock *sk = sock->sk;
	int err;

	so->insist = ask == RSESS_ASK_INSIST;
	so->tries = ask == RSESS_ASK_ONCE ? 1 : RSESS_SYNOPT_TRIES;
	if (addr->sa.sa_family == AF_INET6 &&
	    ipv6_addr_v4mapped(&addr->in6.sin6_addr)) {
		err = rsess_offers_init(sock_net(sk));
		if (err)
			return err;
	}
	lock_sock(sk);
	rsess_synopt_stand_in(so, sk);
	err = __inet_stream_connect(sock, to, len, O_NONBLOCK, 0);
	if (!err || err == -EINPROGRESS)
		rsess_synopt_stand_in(so, sk);
	release_sock(sk);
	return err;
}

/**
 * rsess_synopt_listen() - a socket about to listen answers those who ask
 * @so: of the socket; rsess_synopt_end() must follow
 * @sk: socket of TCP, not listening yet, not locked
 * @rn: namespace, with its rsess_offers_init() done
 *
 * Context: may sleep.
 */
void rsess_synopt_listen(struct rsess_synopt *so, struct sock *sk,
			 struct rsess_net *rn)
{
	lock_sock(sk);
	so->rn = rn;
	so->orig = inet_csk(sk)->icsk_af_ops;
	so->ops = *so->orig;
	so->ops.conn_request = rsess_synopt_conn_request;
	so->ops.syn_recv_sock = rsess_synopt_syn_recv_sock_compat;
	WRITE_ONCE(inet_csk(sk)->icsk_af_ops, &so->ops);
	release_sock(sk);
}

/**
 * rsess_synopt_end() - give the socket its own functions back
 * @so: of the socket; may have ended already
 * @sk: socket of TCP, not locked
 *
 * A listening socket must not listen any more.
 *
 * Context: may sleep.
 */
void rsess_synopt_end(struct rsess_synopt *so, struct sock *sk)
{
	if (!so->orig || READ_ONCE(inet_csk(sk)->icsk_af_ops) != &so->ops)
		return;
	lock_sock(sk);
	/* If connect() has failed, TCP may have done so already. */
	if (inet_csk(sk)->icsk_af_ops == &so->ops)
		WRITE_ONCE(inet_csk(sk)->icsk_af_ops, so->orig);
	release_sock(sk);
}

/**
 * rsess_synopt_offered() - what was a connection offered that was just accepted?
 * @child: socket of TCP; forgets it
 *
 * Return: enum rsess_offer.
 */
enum rsess_offer rsess_synopt_offered(struct sock *child)
{
	const u64 *mark;

	write_lock_bh(&child->sk_callback_lock);
	mark = __locked_read_sk_user_data_with_flags(child,
						     SK_USER_DATA_NOCOPY);
	rcu_assign_sk_user_data(child, NULL);
	write_unlock_bh(&child->sk_callback_lock);
	return mark ? mark - rsess_offer_mark : RSESS_OFFER_NONE;
}

/* The SYN of a dialer whose address is mapped, see rsess_synopt_connect(). */
static bool rsess_offers_ask(struct sk_buff *skb, int nhl)
{
	struct sock *sk = skb->sk;
	struct rsess_synopt *so;

	if (!sk || !sk_fullsock(sk) || sk->sk_family != AF_INET6 ||
	    sk->sk_state != TCP_SYN_SENT)
		return false;
	so = rsess_transport_synopt(sk);
	if (!so || !so->orig || so->sent ||
	    !rsess_synopt_insert(skb, nhl, RSESS_SYN_REQUEST))
		return false;
	so->sent = 1;
	return true;
}

/* A packet of a handshake that gets the option here?  @key has the addresses. */
static bool rsess_offers_out(struct rsess_net *rn, struct sk_buff *skb, int nhl,
			     struct rsess_offer_key *key)
{
	const struct tcphdr *th;
	u64 hash;

	if (!pskb_may_pull(skb, nhl + sizeof(*th)))
		return false;
	th = (const struct tcphdr *)(skb_network_header(skb) + nhl);
	if (!th->syn)
		return false;
	if (!th->ack)
		return rsess_offers_ask(skb, nhl);
	key->rport = th->dest;
	key->lport = th->source;
	key->isn = ntohl(th->ack_seq) - 1;
	if (!READ_ONCE(rn->offers->any))
		return false;
	hash = rsess_offer_hash(rn, key);
	if (!rsess_offer_find(rn, hash))
		return false;
	if (rsess_synopt_insert(skb, nhl, RSESS_SYN_ANSWER))
		return true;
	rsess_offer_del(rn, hash);
	return false;
}

static noinline unsigned int rsess_offers_see4(struct sk_buff *skb,
					       const struct nf_hook_state *state)
{
	struct rsess_net *rn = rsess_net(state->net);
	struct iphdr *iph = ip_hdr(skb);
	struct rsess_offer_key key = {};

	ipv6_addr_set_v4mapped(iph->daddr, &key.raddr);
	ipv6_addr_set_v4mapped(iph->saddr, &key.laddr);
	if (READ_ONCE(rn->nplaces) &&
	    rsess_knock_out(rn, skb, state->out, ip_hdrlen(skb),
			    iph->protocol, &key))
		return NF_DROP;
	if (iph->protocol != IPPROTO_TCP)
		return NF_ACCEPT;
	if (rsess_offers_out(rn, skb, ip_hdrlen(skb), &key)) {
		iph = ip_hdr(skb);
		iph->tot_len = htons(skb->len);
		ip_send_check(iph);
	}
	return NF_ACCEPT;
}

static unsigned int rsess_offers_out4(void *priv, struct sk_buff *skb,
				      const struct nf_hook_state *state)
{
	const struct iphdr *iph = ip_hdr(skb);

	if (ip_is_fragment(iph) ||
	    rsess_knock_passes(skb, iph->ihl * 4, iph->protocol))
		return NF_ACCEPT;
	return rsess_offers_see4(skb, state);
}

static noinline unsigned int rsess_offers_see6(struct sk_buff *skb,
					       const struct nf_hook_state *state)
{
	struct rsess_net *rn = rsess_net(state->net);
	const struct ipv6hdr *h = ipv6_hdr(skb);
	struct rsess_offer_key key = { .raddr = h->daddr, .laddr = h->saddr };

	if (READ_ONCE(rn->nplaces) &&
	    rsess_knock_out(rn, skb, state->out, sizeof(*h), h->nexthdr, &key))
		return NF_DROP;
	/* Our own SYN-ACK has options of IPv6 at most if the application asks for
	 * them; then the peer gets plain TCP.
	 */
	if (h->nexthdr != IPPROTO_TCP)
		return NF_ACCEPT;
	if (rsess_offers_out(rn, skb, sizeof(*h), &key))
		ipv6_hdr(skb)->payload_len =
			htons(skb->len - sizeof(struct ipv6hdr));
	return NF_ACCEPT;
}

static unsigned int rsess_offers_out6(void *priv, struct sk_buff *skb,
				      const struct nf_hook_state *state)
{
	const struct ipv6hdr *h = ipv6_hdr(skb);

	if (rsess_knock_passes(skb, sizeof(*h), h->nexthdr))
		return NF_ACCEPT;
	return rsess_offers_see6(skb, state);
}

/* Before connection tracking and address translation. */
static const struct nf_hook_ops rsess_offers_hooks[] = {
	{
		.hook		= rsess_offers_out4,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_LOCAL_OUT,
		.priority	= NF_IP_PRI_FIRST,
	},
	{
		.hook		= rsess_offers_out6,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_LOCAL_OUT,
		.priority	= NF_IP6_PRI_FIRST,
	},
};

/* Makes a namespace ready once; innermost but for what netfilter locks. */
static DEFINE_MUTEX(rsess_offers_mutex);

/**
 * rsess_offers_init() - a namespace has its first listener, or mapped dialer
 * @net: namespace; may be ready already
 *
 * Other namespaces pay nothing, neither memory nor a look at each packet.
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int rsess_offers_init(struct net *net)
{
	struct rsess_net *rn = rsess_net(net);
	int err = 0;

	mutex_lock(&rsess_offers_mutex);
	if (rn->offers)
		goto out;
	err = -ENOMEM;
	rn->offers = kvzalloc(sizeof(*rn->offers), GFP_KERNEL_ACCOUNT);
	if (!rn->offers)
		goto out;
	err = nf_register_net_hooks(net, rsess_offers_hooks,
				    ARRAY_SIZE(rsess_offers_hooks));
	if (err) {
		kvfree(rn->offers);
		rn->offers = NULL;
	}
out:
	mutex_unlock(&rsess_offers_mutex);
	return err;
}

/**
 * rsess_offers_exit() - undo rsess_offers_init(), if it was done
 * @net: namespace, without listeners
 *
 * Context: may sleep.
 */
void rsess_offers_exit(struct net *net)
{
	struct rsess_net *rn = rsess_net(net);

	if (!rn->offers)
		return;
	nf_unregister_net_hooks(net, rsess_offers_hooks,
				ARRAY_SIZE(rsess_offers_hooks));
	synchronize_rcu();	/* what came to its listeners */
	kvfree(rn->offers);
	rn->offers = NULL;
}
