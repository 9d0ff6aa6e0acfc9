// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets of a namespace, over NETLINK_SOCK_DIAG: see include/uapi/linux/rsess_diag.h.
 *
 * Sockets by both doors are listed, under AF_RSESS.  No socket is locked for it: a process
 * may keep it locked as long as it likes, and one that asks would keep all others from
 * asking.  So each number is right, not all of one moment.  For the same reason it is the
 * timer's work that ends a session.
 *
 * There is no module alias: the socket core asks for the handler of a family that is
 * registered, and then this one is there.
 */
#include <linux/capability.h>
#include <linux/cgroup.h>
#include <linux/inet_diag.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <net/netlink.h>
#include <net/sock.h>
#include <uapi/linux/rsess_diag.h>
#include "compat.h"
#include "diag.h"
#include "fallback.h"
#include "info.h"
#include "listener.h"
#include "net.h"
#include "session.h"
#include "transport.h"

/**
 * struct rsess_diag_place - how far a dump has come
 * @roll: which one, enum rsess_roll_of
 * @number: that was told last
 * @admin: see struct rsess_diag_asker
 */
struct rsess_diag_place {
	int			roll;
	unsigned long		number;
	bool			admin;
};

/* The next one of a roll behind @number, which is set to its own. */
static bool rsess_diag_next_of(struct rsess_net *rn, struct rsess_diag_sock *d,
			       unsigned long *number)
{
	struct xarray *socks = &rn->roll[d->roll].socks;
	const struct rsess_fallback *plain;
	void *entry;

	xa_lock(socks);
	entry = xa_find_after(socks, number, U32_MAX, XA_PRESENT);
	if (!entry) {
		d->sk = NULL;
	} else if (d->roll == RSESS_ROLL_PLAIN) {
		plain = entry;
		d->sk = plain->sk;
		sock_hold(d->sk);
		rsess_info_plain(d->sk, plain, &d->info);
	} else {
		d->sk = rsess_to_sk(entry);
		sock_hold(d->sk);
		rsess_info_fill(entry, &d->info);
	}
	xa_unlock(socks);
	return entry;
}

/* The next socket; sock_put() must follow. */
static bool rsess_diag_next(struct rsess_net *rn, struct rsess_diag_sock *d,
			    struct rsess_diag_place *place)
{
	for (; place->roll < RSESS_ROLLS; place->roll++, place->number = 0) {
		d->roll = place->roll;
		if (rsess_diag_next_of(rn, d, &place->number))
			return true;
	}
	return false;
}

static bool rsess_diag_may_know(const struct rsess_diag_asker *asker,
				const struct rsess_diag_sock *d)
{
	return d->roll == RSESS_ROLL_SESSIONS &&
	       rsess_info_may_know(rsess_sk(d->sk), asker->uid, asker->admin);
}

/* What struct inet_diag_sockid has of an address; of one of AF_VSOCK, cid and port. */
static void rsess_diag_name(const union rsess_addr *addr, __be32 *host,
			    __be16 *port)
{
	switch (addr->sa.sa_family) {
	case AF_INET:
		host[0] = addr->in.sin_addr.s_addr;
		*port = addr->in.sin_port;
		break;
	case AF_INET6:
		memcpy(host, &addr->in6.sin6_addr, sizeof(addr->in6.sin6_addr));
		*port = addr->in6.sin6_port;
		break;
	case AF_VSOCK:
		host[0] = (__force __be32)addr->vm.svm_cid;
		host[1] = (__force __be32)addr->vm.svm_port;
		break;
	}
}

/**
 * rsess_diag_names() - the addresses of a socket
 * @d: the socket
 * @local: filled in; so is @peer
 * @peer: that of the peer; its family is 0 where there is none
 */
void rsess_diag_names(const struct rsess_diag_sock *d, union rsess_addr *local,
		      union rsess_addr *peer)
{
	if (d->roll == RSESS_ROLL_PLAIN) {
		rsess_info_names(d->sk, local, peer);
	} else {
		*local = data_race(rsess_sk(d->sk)->laddr); /* see top */
		*peer = data_race(rsess_sk(d->sk)->raddr); /* see top */
	}
}

static void rsess_diag_sockid(struct inet_diag_sockid *id,
			      const struct rsess_diag_sock *d)
{
	union rsess_addr local, peer;

	rsess_diag_names(d, &local, &peer);
	rsess_diag_name(&local, id->idiag_src, &id->idiag_sport);
	rsess_diag_name(&peer, id->idiag_dst, &id->idiag_dport);
	id->idiag_if = READ_ONCE(d->sk->sk_bound_dev_if);
	sock_diag_save_cookie(d->sk, id->idiag_cookie);
}

/* The queues of a socket that has fallen back, as the diag modules tell them. */
static void rsess_diag_plain_queues(struct sock *sk, struct inet_diag_msg *r)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	if (READ_ONCE(sk->sk_state) == TCP_LISTEN) {
		r->idiag_rqueue = READ_ONCE(sk->sk_ack_backlog);
		r->idiag_wqueue = READ_ONCE(sk->sk_max_ack_backlog);
	} else if (sk->sk_protocol == IPPROTO_TCP) {
		r->idiag_rqueue = max_t(int, READ_ONCE(tp->rcv_nxt) -
					     READ_ONCE(tp->copied_seq), 0);
		r->idiag_wqueue = READ_ONCE(tp->write_seq) -
				  READ_ONCE(tp->snd_una);
	} else {
		r->idiag_rqueue = sk_rmem_alloc_get(sk);
		r->idiag_wqueue = sk_wmem_alloc_get(sk);
	}
}

static void rsess_diag_session_queues(const struct rsess_sock *rs,
				      struct inet_diag_msg *r)
{
	r->idiag_rqueue = min_t(u64, rsess_readable(rs), U32_MAX);
	r->idiag_wqueue = min_t(u64, rsess_sendq_retained(&rs->sq), U32_MAX);
}

/* What waits for a socket that listens, or has until now. */
static void rsess_diag_waits(struct sock *sk, struct rsess_diag_listener *l)
{
	struct rsess_listener *lsn;

	memset(l, 0, sizeof(*l));
	l->backlog = READ_ONCE(sk->sk_max_ack_backlog);
	rcu_read_lock();		/* rsess_listener_free() */
	lsn = READ_ONCE(rsess_sk(sk)->lsn);
	if (lsn) {
		spin_lock(&lsn->lock);
		l->pending = lsn->npending;
		l->parked = lsn->nparked;
		l->queued = lsn->qlen;
		l->retained = lsn->users - lsn->owners;
		spin_unlock(&lsn->lock);
	}
	rcu_read_unlock();
}

static int rsess_diag_put_listener(struct sk_buff *skb, struct sock *sk,
				   struct inet_diag_msg *r)
{
	struct rsess_diag_listener l;

	rsess_diag_waits(sk, &l);
	r->idiag_rqueue = l.queued;
	r->idiag_wqueue = l.backlog;
	return nla_put(skb, RSESS_DIAG_LISTENER, sizeof(l), &l);
}

static int rsess_diag_put_inner(struct sk_buff *skb, struct sock *inner)
{
	union rsess_addr local, peer;
	struct nlattr *nest;
	u32 cookie[2];
	int len;

	nest = nla_nest_start(skb, RSESS_DIAG_TRANSPORT);
	if (!nest)
		return -EMSGSIZE;
	rsess_info_names(inner, &local, &peer);
	len = rsess_addr_len(local.sa.sa_family);
	sock_diag_save_cookie(inner, cookie);
	if (nla_put_u32(skb, RSESS_DIAG_TRANSPORT_PROTOCOL,
			inner->sk_protocol) ||
	    nla_put(skb, RSESS_DIAG_TRANSPORT_COOKIE, sizeof(cookie), cookie) ||
	    nla_put(skb, RSESS_DIAG_TRANSPORT_LOCAL, len, &local) ||
	    nla_put(skb, RSESS_DIAG_TRANSPORT_PEER, len, &peer))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int rsess_diag_put_transport(struct sk_buff *skb, struct rsess_sock *rs)
{
	struct sock *inner = rsess_link_inner(rs);
	int err;

	if (!inner)
		return 0;
	err = rsess_diag_put_inner(skb, inner);
	sock_put(inner);
	return err;
}

/* Milliseconds.  The moment may have been noted behind the asking. */
static u64 rsess_diag_since(u64 at)
{
	u64 now = get_jiffies_64();

	return now > at ? jiffies64_to_msecs(now - at) : 0;
}

static int __no_kcsan rsess_diag_put_times(struct sk_buff *skb,
					   const struct rsess_sock *rs)
{
	struct rsess_diag_times t = {};
	long redial = rs->deadline[RSESS_TIMER_DIAL] - jiffies;
	u64 downtime, down_at;

	/* rsess_link_live() adds what is down now; then it is not down. */
	downtime = smp_load_acquire(&rs->downtime);
	down_at = READ_ONCE(rs->down_at);
	t.age = rsess_diag_since(READ_ONCE(rs->began));
	if (down_at && rsess_to_sk(rs)->sk_state != TCP_CLOSE)
		t.down = rsess_diag_since(down_at);
	t.downtime = jiffies64_to_msecs(downtime) + t.down;
	if (rs->armed & BIT(RSESS_TIMER_DIAL))
		t.redial = jiffies_to_msecs(max(redial, 1L));
	t.attempts = rs->attempts;
	return nla_put_64bit(skb, RSESS_DIAG_TIMES, sizeof(t), &t,
			     RSESS_DIAG_PAD);
}

/* What only a session has. */
static int rsess_diag_put_session(struct sk_buff *skb,
				  const struct rsess_diag_asker *asker,
				  const struct rsess_diag_sock *d,
				  struct inet_diag_msg *r)
{
	struct rsess_sock *rs = rsess_sk(d->sk);

	rsess_diag_session_queues(rs, r);
	if (rsess_diag_may_know(asker, d) &&
	    nla_put(skb, RSESS_DIAG_ID, RSESS_ID_LEN, d->info.id))
		return -EMSGSIZE;
	return rsess_diag_put_times(skb, rs) ?: rsess_diag_put_transport(skb, rs);
}

static int rsess_diag_put_cgroup(struct sk_buff *skb, struct sock *sk)
{
	u64 id = 0;

#ifdef CONFIG_SOCK_CGROUP_DATA
	rcu_read_lock();		/* rsess_owner_cgroup() */
	id = cgroup_id(sock_cgroup_ptr(&sk->sk_cgrp_data));
	rcu_read_unlock();
#endif
	return nla_put_u64_64bit(skb, RSESS_DIAG_CGROUP_ID, id, RSESS_DIAG_PAD);
}

/**
 * rsess_diag_put() - the attributes of a socket
 * @skb: where they go
 * @asker: who asks
 * @d: the socket
 * @r: its idiag_rqueue and idiag_wqueue are set, to 0 if there are none
 *
 * Return: 0 or -EMSGSIZE.
 */
int rsess_diag_put(struct sk_buff *skb, const struct rsess_diag_asker *asker,
		   const struct rsess_diag_sock *d, struct inet_diag_msg *r)
{
	struct rsess_info info = d->info;
	int err = 0;

	if (!rsess_diag_may_know(asker, d))
		memset(info.id, 0, sizeof(info.id));
	if (nla_put_64bit(skb, RSESS_DIAG_INFO, sizeof(info), &info,
			  RSESS_DIAG_PAD) ||
	    sock_diag_put_meminfo(d->sk, skb, RSESS_DIAG_SKMEMINFO) ||
	    rsess_diag_put_cgroup(skb, d->sk))
		return -EMSGSIZE;
	switch (d->roll) {
	case RSESS_ROLL_LISTENERS:
		err = rsess_diag_put_listener(skb, d->sk, r);
		break;
	case RSESS_ROLL_SESSIONS:
		err = rsess_diag_put_session(skb, asker, d, r);
		break;
	case RSESS_ROLL_PLAIN:
		rsess_diag_plain_queues(d->sk, r);
		break;
	}
	return err;
}

/* &rsess_diag_asker.tell */
static int rsess_diag_tell(struct sk_buff *skb,
			   const struct rsess_diag_asker *asker,
			   const struct rsess_diag_sock *d, int flags)
{
	struct user_namespace *ns = sk_user_ns(asker->sk);
	kuid_t uid = READ_ONCE(d->sk->sk_uid);
	struct inet_diag_msg *r;
	struct nlmsghdr *nlh;

	nlh = nlmsg_put(skb, asker->portid, asker->seq, SOCK_DIAG_BY_FAMILY,
			sizeof(*r), flags);
	if (!nlh)
		return -EMSGSIZE;
	r = nlmsg_data(nlh);
	memset(r, 0, sizeof(*r));
	r->idiag_family = READ_ONCE(d->sk->sk_family);
	r->idiag_state = d->info.state;
	rsess_diag_sockid(&r->id, d);
	r->idiag_uid = from_kuid_munged(ns, uid);
	r->idiag_inode = sock_i_ino(d->sk);
	if (rsess_diag_put(skb, asker, d, r)) {
		nlmsg_cancel(skb, nlh);
		return -EMSGSIZE;
	}
	nlmsg_end(skb, nlh);
	return 0;
}

static const struct nla_policy rsess_diag_policy[RSESS_DIAG_REQ_MAX + 1] = {
	[RSESS_DIAG_REQ_ID] = NLA_POLICY_EXACT_LEN(RSESS_ID_LEN),
};

/**
 * rsess_diag_ask() - the sender of a message
 * @asker: filled in, but for its rights and for what is wanted
 * @skb: has the message
 * @nlh: the message
 */
void rsess_diag_ask(struct rsess_diag_asker *asker, struct sk_buff *skb,
		    const struct nlmsghdr *nlh)
{
	*asker = (struct rsess_diag_asker){
		.states = ~0,
		.cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE },
		.uid = READ_ONCE(NETLINK_CB(skb).sk->sk_uid),
		.sk = NETLINK_CB(skb).sk,
		.portid = NETLINK_CB(skb).portid,
		.seq = nlh->nlmsg_seq,
	};
}

/* @req is known to be all there. */
static void rsess_diag_want(struct rsess_diag_asker *asker,
			    const struct inet_diag_req_v2 *req)
{
	asker->states = req->idiag_states;
	memcpy(asker->cookie, req->id.idiag_cookie, sizeof(asker->cookie));
	asker->tell = rsess_diag_tell;
}

/* What has no meaning is 0, so that it may get one. */
static int rsess_diag_parse(struct rsess_diag_asker *asker, struct sk_buff *skb,
			    const struct nlmsghdr *nlh)
{
	struct nlattr *tb[RSESS_DIAG_REQ_MAX + 1];
	const struct inet_diag_req_v2 *req;
	int err;

	rsess_diag_ask(asker, skb, nlh);
	req = nlmsg_data(nlh);
	err = nlmsg_parse(nlh, sizeof(*req), tb, RSESS_DIAG_REQ_MAX,
			  rsess_diag_policy, NULL);
	if (err)
		return err;
	if (req->sdiag_protocol || req->idiag_ext || req->pad)
		return -EINVAL;
	if (tb[RSESS_DIAG_REQ_ID])
		asker->id = nla_data(tb[RSESS_DIAG_REQ_ID]);
	rsess_diag_want(asker, req);
	asker->admin = netlink_net_capable(skb, CAP_NET_ADMIN);
	return 0;
}

static struct rsess_diag_place *rsess_diag_place(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct rsess_diag_place) > sizeof(cb->ctx));
	return (struct rsess_diag_place *)cb->ctx;
}

/**
 * rsess_diag_dump_start() - somebody asks for all sockets
 * @cb: its ctx is that of rsess_diag_dump_more()
 *
 * The right is that of the one who asks, and not of the one who reads.
 */
int rsess_diag_dump_start(struct netlink_callback *cb)
{
	struct rsess_diag_place *place = rsess_diag_place(cb);

	place->roll = 0;
	place->number = 0;
	place->admin = netlink_net_capable(cb->skb, CAP_NET_ADMIN);
	return 0;
}

/**
 * rsess_diag_dump_more() - as many sockets as find room in a message
 * @skb: the message
 * @cb: how far the dump has come
 * @asker: who asks; @admin is that of rsess_diag_dump_start()
 *
 * Return: bytes in @skb, 0 behind the last one.
 */
int rsess_diag_dump_more(struct sk_buff *skb, struct netlink_callback *cb,
			 struct rsess_diag_asker *asker)
{
	struct rsess_net *rn = rsess_net(sock_net(skb->sk));
	struct rsess_diag_place *place = rsess_diag_place(cb);
	struct rsess_diag_place next = *place;
	struct rsess_diag_sock d;
	int err = 0;

	asker->admin = place->admin;
	while (!err && rsess_diag_next(rn, &d, &next)) {
		if (asker->states & BIT(d.info.state))
			err = asker->tell(skb, asker, &d, NLM_F_MULTI);
		sock_put(d.sk);
		if (!err)
			*place = next;
		if (fatal_signal_pending(current))
			break;
		cond_resched();
	}
	return skb->len;
}

static int rsess_diag_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct rsess_diag_asker asker;

	rsess_diag_ask(&asker, cb->skb, cb->nlh);
	rsess_diag_want(&asker, nlmsg_data(cb->nlh));
	return rsess_diag_dump_more(skb, cb, &asker);
}

static bool rsess_diag_is_wanted(const struct rsess_diag_asker *asker,
				 const struct rsess_diag_sock *d)
{
	if (sock_diag_check_cookie(d->sk, asker->cookie))
		return false;
	return !asker->id || (rsess_diag_may_know(asker, d) &&
			      !memcmp(asker->id, d->info.id, RSESS_ID_LEN));
}

/**
 * rsess_diag_find() - the socket that is asked for
 * @rn: namespace
 * @asker: by cookie, by id, or both
 * @d: filled in; sock_put() must follow
 *
 * Context: may sleep.
 * Return: 0; -EINVAL: there is neither; -ENOENT: there is none; or -EINTR.
 */
int rsess_diag_find(struct rsess_net *rn, const struct rsess_diag_asker *asker,
		    struct rsess_diag_sock *d)
{
	const u32 *cookie = asker->cookie;
	struct rsess_diag_place place = {};

	if (!asker->id && cookie[0] == INET_DIAG_NOCOOKIE &&
	    cookie[1] == INET_DIAG_NOCOOKIE)
		return -EINVAL;
	while (rsess_diag_next(rn, d, &place)) {
		if (rsess_diag_is_wanted(asker, d))
			return 0;
		sock_put(d->sk);
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return -ENOENT;
}

static int rsess_diag_get(struct net *net, const struct rsess_diag_asker *asker)
{
	struct rsess_diag_sock d;
	struct sk_buff *skb;
	int err;

	err = rsess_diag_find(rsess_net(net), asker, &d);
	if (err)
		return err;
	skb = nlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	err = skb ? rsess_diag_tell(skb, asker, &d, 0) : -ENOMEM;
	sock_put(d.sk);
	if (!err)
		return nlmsg_unicast(net->diag_nlsk, skb, asker->portid);
	nlmsg_free(skb);
	return err;
}

static int rsess_diag_handle(struct sk_buff *skb, struct nlmsghdr *nlh)
{
	struct netlink_dump_control c = {
		.start	= rsess_diag_dump_start,
		.dump	= rsess_diag_dump,
	};
	struct net *net = sock_net(skb->sk);
	const struct inet_diag_req_v2 *req;
	struct rsess_diag_asker asker;
	int err;

	err = rsess_diag_parse(&asker, skb, nlh);
	if (err)
		return err;
	if (!(nlh->nlmsg_flags & NLM_F_DUMP))
		return rsess_diag_get(net, &asker);
	req = nlmsg_data(nlh);
	if (asker.id || memchr_inv(&req->id, 0, sizeof(req->id)))
		return -EINVAL;
	return netlink_dump_start(net->diag_nlsk, skb, nlh, &c);
}

/* Ends a socket: when nobody has it locked.  One that has fallen back is TCP's to end, which
 * waits for its lock.
 */
static int rsess_diag_end(struct rsess_diag_sock *d)
{
	struct rsess_sock *rs;

	if (d->roll == RSESS_ROLL_PLAIN)
		return sock_diag_destroy(d->sk, ECONNABORTED);
	if (d->info.state == TCP_CLOSE)
		return -ENOENT;
	rs = rsess_sk(d->sk);
	rsess_timer_evict(rs, RSESS_REASON_ADMIN);
	smp_mb();			/* rsess_fallback_fall_back() */
	return READ_ONCE(rs->plain) ? -ENOENT : 0;
}

static int rsess_diag_destroy(struct sk_buff *skb, struct nlmsghdr *nlh)
{
	struct net *net = sock_net(skb->sk);
	struct rsess_diag_asker asker;
	struct rsess_diag_sock d;
	int err;

	err = rsess_diag_parse(&asker, skb, nlh);
	if (err)
		return err;
	if (!asker.admin)
		return -EPERM;
	err = rsess_diag_find(rsess_net(net), &asker, &d);
	if (err)
		return err;
	err = rsess_diag_end(&d);
	sock_put(d.sk);
	return err;
}

static struct sock_diag_handler rsess_diag_handler = {
	.owner		= THIS_MODULE,
	.dump		= rsess_diag_handle,
	.destroy	= rsess_diag_destroy,
};

/**
 * rsess_diag_register() - sockets can be asked for
 *
 * Context: the number of the family is known.
 * Return: 0, or the errno of a number that is taken.
 */
int rsess_diag_register(void)
{
	rsess_diag_handler.family = rsess_family;
	return sock_diag_register(&rsess_diag_handler);
}

/**
 * rsess_diag_unregister() - undo rsess_diag_register()
 */
void rsess_diag_unregister(void)
{
	sock_diag_unregister(&rsess_diag_handler);
}
