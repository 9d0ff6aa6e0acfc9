// SPDX-License-Identifier: GPL-2.0
/*
 * Generic netlink: events, counters, sockets, orders.  Documentation/netlink/specs/rsess.yaml says
 * what there is.
 *
 * An event is made only if the group has a listener.  If memory is short the listeners get
 * ENOBUFS, as when their queue overruns.
 */
#include <linux/inet_diag.h>
#include <linux/module.h>
#include <linux/sock_diag.h>
#include <net/genetlink.h>
#include <net/sock.h>
#include <uapi/linux/rsess.h>
#include <uapi/linux/rsess_diag.h>
#include <uapi/linux/rsess_netlink.h>
#include "addr.h"
#include "diag.h"
#include "genl.h"
#include "info.h"
#include "listener.h"
#include "net.h"
#include "session.h"
#include "stat.h"
#include "table.h"

static struct genl_family rsess_genl_family;

/**
 * struct rsess_event_msg - one that is being made
 * @net: its namespace
 * @skb: message, or NULL
 * @hdr: of it
 */
struct rsess_event_msg {
	struct net	*net;
	struct sk_buff	*skb;
	void		*hdr;
};

static void rsess_event_missed(struct net *net)
{
	genl_set_err(&rsess_genl_family, net, 0, 0, -ENOBUFS);
}

/* False: nobody listens, or there is no memory. */
static bool rsess_event_begin(struct rsess_event_msg *e, struct net *net, u8 cmd)
{
	if (!genl_has_listeners(&rsess_genl_family, net, 0))
		return false;
	e->net = net;
	e->skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!e->skb) {
		rsess_event_missed(net);
		return false;
	}
	e->hdr = genlmsg_put(e->skb, 0, 0, &rsess_genl_family, 0, cmd);
	return true;
}

static void rsess_event_end(struct rsess_event_msg *e, int err)
{
	if (err) {
		nlmsg_free(e->skb);
		rsess_event_missed(e->net);
		return;
	}
	genlmsg_end(e->skb, e->hdr);
	genlmsg_multicast_netns(&rsess_genl_family, e->net, e->skb, 0, 0,
				GFP_KERNEL);
}

static int rsess_genl_put_addr(struct sk_buff *skb, int type,
			       const union rsess_addr *addr)
{
	if (!addr->sa.sa_family)
		return 0;
	return nla_put(skb, type, rsess_addr_len(addr->sa.sa_family), addr);
}

/* Which socket it is about; @ns is that of those who read it. */
static int rsess_genl_put_sock(struct sk_buff *skb, struct sock *sk,
			       struct user_namespace *ns,
			       const union rsess_addr *local,
			       const union rsess_addr *peer)
{
	kuid_t uid = READ_ONCE(sk->sk_uid);
	u32 cookie[2];

	sock_diag_save_cookie(sk, cookie);
	if (nla_put_u64_64bit(skb, RSESS_A_COOKIE,
			      cookie[0] | (u64)cookie[1] << 32, RSESS_A_PAD) ||
	    nla_put_u64_64bit(skb, RSESS_A_INODE, sock_i_ino(sk), RSESS_A_PAD) ||
	    nla_put_u32(skb, RSESS_A_UID,
			from_kuid_munged(ns, uid)) ||
	    rsess_genl_put_addr(skb, RSESS_A_LOCAL, local) ||
	    rsess_genl_put_addr(skb, RSESS_A_PEER, peer))
		return -EMSGSIZE;
	return 0;
}

static int rsess_event_put_sock(struct sk_buff *skb, struct sock *sk,
				const union rsess_addr *local,
				const union rsess_addr *peer)
{
	return rsess_genl_put_sock(skb, sk, sock_net(sk)->user_ns, local, peer);
}

static int rsess_event_put_session(struct sk_buff *skb,
				   const struct rsess_sock *rs)
{
	if (nla_put_u8(skb, RSESS_A_DIALER, rs->dialer) ||
	    nla_put_u32(skb, RSESS_A_EPOCH, rs->epoch) ||
	    nla_put_u32(skb, RSESS_A_RESUMES, rs->resumes) ||
	    nla_put_u32(skb, RSESS_A_LOST, rs->lost) ||
	    nla_put_u32(skb, RSESS_A_REASON, rs->reason) ||
	    nla_put_u32(skb, RSESS_A_ERROR, rs->last_error))
		return -EMSGSIZE;
	return 0;
}

/**
 * rsess_event_session() - something has happened to a session
 * @rs: session, locked
 * @cmd: RSESS_CMD_SESSION_NEW, _LOST, _RESUMED or _ENDED
 *
 * There is nothing to tell of one that has never been agreed.
 *
 * Context: may sleep.
 */
void rsess_event_session(struct rsess_sock *rs, u8 cmd)
{
	struct sock *sk = rsess_to_sk(rs);
	struct rsess_event_msg e;

	rsess_locked_by_me(rs);
	if (cmd == RSESS_CMD_SESSION_NEW)
		rs->agreed = true;
	else if (!rs->agreed)
		return;
	if (!rsess_event_begin(&e, sock_net(sk), cmd))
		return;
	rsess_event_end(&e, rsess_event_put_sock(e.skb, sk, &rs->laddr,
						 &rs->raddr) ?:
			    rsess_event_put_session(e.skb, rs));
}

/**
 * rsess_event_fallback() - a socket has fallen back
 * @sk: of the transport, which is the application's now
 * @reason: enum rsess_reason
 *
 * Context: may sleep.
 */
void rsess_event_fallback(struct sock *sk, u32 reason)
{
	union rsess_addr local, peer;
	struct rsess_event_msg e;

	if (!rsess_event_begin(&e, sock_net(sk), RSESS_CMD_SESSION_FALLBACK))
		return;
	rsess_info_names(sk, &local, &peer);
	rsess_event_end(&e, rsess_event_put_sock(e.skb, sk, &local, &peer) ?:
			    nla_put_u32(e.skb, RSESS_A_REASON, reason));
}

/* What is refused so long after another one is told again. */
#define RSESS_LIMIT_QUIET	HZ

static void rsess_event_limit_work(struct work_struct *work)
{
	static const char * const names[] = {
		[RSESS_LIMIT_SESSIONS]		= "max_sessions",
		[RSESS_LIMIT_ORPHANS]		= "max_orphans",
		[RSESS_LIMIT_TOMBSTONES]	= "max_tombstones",
		[RSESS_LIMIT_PENDING]		= "max_pending",
		[RSESS_LIMIT_PENDING_SOURCE]	= "max_pending_source",
		[RSESS_LIMIT_RETAINED]		= "max_retained",
		[RSESS_LIMIT_EARLY_BYTES]	= "max_early_bytes",
		[RSESS_LIMIT_ERRORS]		= "max_errors",
		[RSESS_LIMIT_IDLE_FRAMES]	= "max_idle_frames",
		[RSESS_LIMIT_RESUMES]		= "max_resumes",
		[RSESS_LIMIT_REDIALS]		= "max_redials",
	};
	struct rsess_net *rn = container_of(work, struct rsess_net, limit_work);
	struct rsess_event_msg e;
	int i;

	static_assert(ARRAY_SIZE(names) == RSESS_LIMITS);
	for (i = 0; i < RSESS_LIMITS; i++) {
		if (!test_and_clear_bit(i, &rn->limits) ||
		    !rsess_event_begin(&e, rn->net, RSESS_CMD_LIMIT_REACHED))
			continue;
		rsess_event_end(&e, nla_put_string(e.skb, RSESS_A_LIMIT,
						   names[i]));
	}
}

/**
 * rsess_limit_reached() - count and tell that something is refused at a limit
 * @rn: namespace
 * @limit: which one
 * @counter: of what is refused, RSESS_MIB_...
 *
 * A peer may have something refused as often as it likes.  So it is told when that begins,
 * and again when nothing was refused for a while.
 *
 * Context: any.
 */
void rsess_limit_reached(struct rsess_net *rn, enum rsess_limit limit,
			 unsigned int counter)
{
	unsigned long last;

	this_cpu_inc(rn->mib->mibs[counter]);
	if (!genl_has_listeners(&rsess_genl_family, rn->net, 0))
		return;
	last = xchg(&rn->limit_at[limit], jiffies ?: 1);
	if (last && time_before(jiffies, last + RSESS_LIMIT_QUIET))
		return;
	set_bit(limit, &rn->limits);
	queue_work(rsess_wq, &rn->limit_work);
}

/**
 * rsess_event_init() - events of a namespace
 * @rn: namespace, not visible yet
 */
void rsess_event_init(struct rsess_net *rn)
{
	INIT_WORK(&rn->limit_work, rsess_event_limit_work);
}

/**
 * rsess_event_exit() - undo rsess_event_init()
 * @rn: namespace, in which nothing happens any more
 *
 * Context: may sleep.
 */
void rsess_event_exit(struct rsess_net *rn)
{
	cancel_work_sync(&rn->limit_work);
}

/* The session with a cookie, with a reference; or NULL. */
static struct rsess_sock *rsess_genl_find(struct rsess_net *rn, u64 cookie)
{
	unsigned long number = 0;
	struct rsess_sock *rs;

	if (!cookie)
		return NULL;		/* nobody has asked for that of a socket */
	while ((rs = rsess_table_next(rn, &number))) {
		if ((u64)atomic64_read(&rsess_to_sk(rs)->sk_cookie) == cookie)
			break;
		sock_put(rsess_to_sk(rs));
		cond_resched();
	}
	return rs;
}

/* The acceptor cannot dial; and who dials already does so. */
static int rsess_genl_hurry(struct rsess_sock *rs)
{
	if (!READ_ONCE(rs->dialer))
		return -EOPNOTSUPP;
	if (READ_ONCE(rsess_to_sk(rs)->sk_state) == TCP_CLOSE)
		return -ENOENT;
	if (READ_ONCE(rs->link) != RSESS_LINK_NONE)
		return -EALREADY;
	rsess_timer_hurry(rs);
	return 0;
}

static int rsess_genl_session_resume(struct sk_buff *skb,
				     struct genl_info *info)
{
	struct rsess_sock *rs;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, RSESS_A_COOKIE))
		return -EINVAL;
	rs = rsess_genl_find(rsess_net(genl_info_net(info)),
			     nla_get_u64(info->attrs[RSESS_A_COOKIE]));
	if (!rs)
		return -ENOENT;
	err = rsess_genl_hurry(rs);
	sock_put(rsess_to_sk(rs));
	return err;
}

#define RSESS_GENL_IS_DIAG(name)					\
	static_assert((int)RSESS_DIAG_A_##name == (int)RSESS_DIAG_##name)
#define RSESS_GENL_IS_TRANSPORT(name)					\
	static_assert((int)RSESS_TRANSPORT_A_##name ==			\
		      (int)RSESS_DIAG_TRANSPORT_##name)
RSESS_GENL_IS_DIAG(PAD);
RSESS_GENL_IS_DIAG(INFO);
RSESS_GENL_IS_DIAG(ID);
RSESS_GENL_IS_DIAG(TRANSPORT);
RSESS_GENL_IS_DIAG(SKMEMINFO);
RSESS_GENL_IS_DIAG(TIMES);
RSESS_GENL_IS_DIAG(LISTENER);
RSESS_GENL_IS_DIAG(CGROUP_ID);
static_assert((int)RSESS_DIAG_A_MAX == (int)RSESS_DIAG_MAX);
RSESS_GENL_IS_TRANSPORT(PROTOCOL);
RSESS_GENL_IS_TRANSPORT(COOKIE);
RSESS_GENL_IS_TRANSPORT(LOCAL);
RSESS_GENL_IS_TRANSPORT(PEER);
static_assert((int)RSESS_TRANSPORT_A_MAX == (int)RSESS_DIAG_TRANSPORT_MAX);

static int rsess_genl_put_diag(struct sk_buff *skb,
			       const struct rsess_diag_asker *asker,
			       const struct rsess_diag_sock *d)
{
	struct inet_diag_msg r = {};
	struct nlattr *nest;

	nest = nla_nest_start(skb, RSESS_A_DIAG);
	if (!nest || rsess_diag_put(skb, asker, d, &r))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	if (nla_put_u32(skb, RSESS_A_RQUEUE, r.idiag_rqueue) ||
	    nla_put_u32(skb, RSESS_A_WQUEUE, r.idiag_wqueue))
		return -EMSGSIZE;
	return 0;
}

/* &rsess_diag_asker.tell */
static int rsess_genl_tell(struct sk_buff *skb,
			   const struct rsess_diag_asker *asker,
			   const struct rsess_diag_sock *d, int flags)
{
	union rsess_addr local, peer;
	void *hdr;

	hdr = genlmsg_put(skb, asker->portid, asker->seq, &rsess_genl_family,
			  flags, RSESS_CMD_SESSION_GET);
	if (!hdr)
		return -EMSGSIZE;
	rsess_diag_names(d, &local, &peer);
	if (rsess_genl_put_sock(skb, d->sk, sk_user_ns(asker->sk), &local,
				&peer) ||
	    rsess_genl_put_diag(skb, asker, d)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static int rsess_genl_session_get(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *id = info->attrs[RSESS_A_ID];
	const struct nlattr *cookie = info->attrs[RSESS_A_COOKIE];
	struct rsess_diag_asker asker;
	struct rsess_diag_sock d;
	struct sk_buff *reply;
	u64 number;
	int err;

	rsess_diag_ask(&asker, skb, info->nlhdr);
	asker.admin = netlink_net_capable(skb, CAP_NET_ADMIN);
	if (cookie) {
		number = nla_get_u64(cookie);
		asker.cookie[0] = number;
		asker.cookie[1] = number >> 32;
	}
	if (id)
		asker.id = nla_data(id);
	err = rsess_diag_find(rsess_net(genl_info_net(info)), &asker, &d);
	if (err)
		return err;
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	err = reply ? rsess_genl_tell(reply, &asker, &d, 0) : -ENOMEM;
	sock_put(d.sk);
	if (!err)
		return genlmsg_reply(reply, info);
	nlmsg_free(reply);
	return err;
}

static int rsess_genl_session_dump_start(struct netlink_callback *cb)
{
	if (nlmsg_attrlen(cb->nlh, GENL_HDRLEN))
		return -EINVAL;
	return rsess_diag_dump_start(cb);
}

static int rsess_genl_session_dump(struct sk_buff *skb,
				   struct netlink_callback *cb)
{
	struct rsess_diag_asker asker;

	rsess_diag_ask(&asker, cb->skb, cb->nlh);
	asker.tell = rsess_genl_tell;
	return rsess_diag_dump_more(skb, cb, &asker);
}

static int rsess_genl_put_counter(struct sk_buff *skb,
				  struct netlink_callback *cb, int i)
{
	const struct rsess_net *rn = rsess_net(sock_net(skb->sk));
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &rsess_genl_family, NLM_F_MULTI, RSESS_CMD_STATS_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_string(skb, RSESS_COUNTER_A_NAME, rsess_stat_name(i)) ||
	    nla_put_u64_64bit(skb, RSESS_COUNTER_A_VALUE,
			      rsess_stat_value(rn, i), RSESS_COUNTER_A_PAD) ||
	    (rsess_stat_is_gauge(i) &&
	     nla_put_flag(skb, RSESS_COUNTER_A_GAUGE))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static int rsess_genl_stats_dump(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	while (cb->args[0] < RSESS_STAT_MAX &&
	       !rsess_genl_put_counter(skb, cb, cb->args[0]))
		cb->args[0]++;
	return skb->len;
}

static int rsess_genl_drain_set(struct sk_buff *skb, struct genl_info *info)
{
	if (GENL_REQ_ATTR_CHECK(info, RSESS_DRAIN_A_ON))
		return -EINVAL;
	rsess_listener_drain(rsess_net(genl_info_net(info)),
			     nla_get_u8(info->attrs[RSESS_DRAIN_A_ON]));
	return 0;
}

static int rsess_genl_drain_get(struct sk_buff *skb, struct genl_info *info)
{
	const struct rsess_net *rn = rsess_net(genl_info_net(info));
	struct sk_buff *reply;
	void *hdr;

	reply = genlmsg_new(nla_total_size(sizeof(u8)), GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	hdr = genlmsg_put_reply(reply, info, &rsess_genl_family, 0,
				RSESS_CMD_DRAIN_GET);
	if (!hdr || nla_put_u8(reply, RSESS_DRAIN_A_ON, READ_ONCE(rn->drain))) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);
}

/* As the generator makes it of the specification. */
static const struct nla_policy
rsess_session_resume_nl_policy[RSESS_A_COOKIE + 1] = {
	[RSESS_A_COOKIE] = { .type = NLA_U64, },
};

static const struct nla_policy rsess_session_get_nl_policy[RSESS_A_ID + 1] = {
	[RSESS_A_COOKIE] = { .type = NLA_U64, },
	[RSESS_A_ID] = NLA_POLICY_EXACT_LEN(RSESS_ID_LEN),
};

static const struct nla_policy
rsess_drain_set_nl_policy[RSESS_DRAIN_A_ON + 1] = {
	[RSESS_DRAIN_A_ON] = NLA_POLICY_MAX(NLA_U8, 1),
};

static const struct genl_ops rsess_genl_ops[] = {
	{
		.cmd		= RSESS_CMD_SESSION_RESUME,
		.doit		= rsess_genl_session_resume,
		.policy		= rsess_session_resume_nl_policy,
		.maxattr	= RSESS_A_COOKIE,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= RSESS_CMD_STATS_GET,
		.dumpit		= rsess_genl_stats_dump,
	},
	{
		.cmd		= RSESS_CMD_DRAIN_SET,
		.doit		= rsess_genl_drain_set,
		.policy		= rsess_drain_set_nl_policy,
		.maxattr	= RSESS_DRAIN_A_ON,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= RSESS_CMD_DRAIN_GET,
		.doit		= rsess_genl_drain_get,
	},
	{
		.cmd		= RSESS_CMD_SESSION_GET,
		.doit		= rsess_genl_session_get,
		.start		= rsess_genl_session_dump_start,
		.dumpit		= rsess_genl_session_dump,
		.policy		= rsess_session_get_nl_policy,
		.maxattr	= RSESS_A_ID,
	},
};

static const struct genl_multicast_group rsess_genl_mcgrps[] = {
	{
		.name	= RSESS_MCGRP_EVENTS,
		.flags	= GENL_MCAST_CAP_NET_ADMIN,
	},
};

static struct genl_family rsess_genl_family __ro_after_init = {
	.name		= RSESS_FAMILY_NAME,
	.version	= RSESS_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.ops		= rsess_genl_ops,
	.n_ops		= ARRAY_SIZE(rsess_genl_ops),
	.resv_start_op	= RSESS_CMD_SESSION_RESUME,
	.mcgrps		= rsess_genl_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(rsess_genl_mcgrps),
};

/**
 * rsess_genl_register() - the family can be found, and events are sent
 *
 * Return: 0 or a negative errno.
 */
int rsess_genl_register(void)
{
	return genl_register_family(&rsess_genl_family);
}

/**
 * rsess_genl_unregister() - undo rsess_genl_register()
 */
void rsess_genl_unregister(void)
{
	genl_unregister_family(&rsess_genl_family);
}
