// SPDX-License-Identifier: GPL-2.0
/*
 * Socket options: one table says of each what it does.  What is not in it fails
 * with ENOPROTOOPT, and Documentation/networking/rsess/socket-api.rst says why.
 *
 * SOL_SOCKET is served by the socket core on the outer socket, SO_ZEROCOPY apart;
 * what the inner one has to obey of it is copied by rsess_solsock_update().
 */
#include <linux/filter.h>
#include <linux/in6.h>
#include <linux/pagemap.h>
#include <linux/sctp.h>
#include <linux/slab.h>
#include <linux/sockptr.h>
#include <linux/tcp.h>
#include <linux/uaccess.h>
#include <linux/vm_sockets.h>
#include <net/sock.h>
#include "compat.h"
#include "fallback.h"
#include "info.h"
#include "inner.h"
#include "owner.h"
#include "session.h"
#include "solsock.h"
#include "stamp.h"
#include "transport.h"

/* An option of the transport: its own code judges, keeps and tells the value. */
#define RSESS_OPT_PASS		BIT(0)
/* Every later transport gets it too. */
#define RSESS_OPT_REPLAY	BIT(1)
/* A socket made by accept() does not have it from its listener. */
#define RSESS_OPT_ONE		BIT(2)
/* It cannot hold on a session: ENOPROTOOPT. */
#define RSESS_OPT_NO		BIT(6)
/* No integer: the value has any length. */
#define RSESS_OPT_BLOB		BIT(3)
/* setsockopt() fails with ENOPROTOOPT. */
#define RSESS_OPT_READ		BIT(4)
/* The answer begins with a state, which shall be the session's. */
#define RSESS_OPT_STATE		BIT(5)

/* No transport's answer is longer. */
#define RSESS_OPTION_MAX	1024
/* So often the caller's memory is asked for before it is taken for bad. */
#define RSESS_FAULT_TRIES	8

/**
 * struct rsess_option - a row of the table
 * @level: of setsockopt() and getsockopt()
 * @name: of the option
 * @flags: RSESS_OPT_*
 * @set: takes an integer that the transport, if it is asked, has taken; 0 or a
 *	negative errno.  NULL: nothing is to be done
 * @put: takes a value of any length instead, which nobody is told
 * @get: writes the answer, at most sizeof(union rsess_answer) bytes, and returns
 *	how many.  NULL: the transport answers
 */
struct rsess_option {
	u16	level;
	u16	name;
	u8	flags;
	int	(*set)(struct rsess_sock *rs, int val);
	int	(*get)(const struct rsess_sock *rs, void *answer);
	int	(*put)(struct rsess_sock *rs, const u8 *value, u32 len);
};

union rsess_answer {
	struct rsess_info	info;
	u32			val;
};

static int rsess_answer(void *answer, u32 val)
{
	memcpy(answer, &val, sizeof(val));
	return sizeof(val);
}

/* Flags that are options of SOL_SOCKET. */
#define RSESS_CORE_FLAGS						\
	(BIT(SOCK_LINGER) | BIT(SOCK_KEEPOPEN) | BIT(SOCK_BROADCAST) |	\
	 BIT(SOCK_URGINLINE) | BIT(SOCK_DBG) | BIT(SOCK_RCVTSTAMP) |	\
	 BIT(SOCK_RCVTSTAMPNS) | BIT(SOCK_TSTAMP_NEW) |			\
	 BIT(SOCK_ZEROCOPY) | BIT(SOCK_RXQ_OVFL) |			\
	 BIT(SOCK_FILTER_LOCKED) |					\
	 BIT(SOCK_WIFI_STATUS) | BIT(SOCK_NOFCS) |			\
	 BIT(SOCK_SELECT_ERR_QUEUE) | BIT(SOCK_RCVMARK) |		\
	 RSESS_RCVPRIORITY | RSESS_TIMESTAMPING_ANY)

static int rsess_set_timeout(struct rsess_sock *rs, int val)
{
	if ((u32)val > jiffies_to_msecs(MAX_JIFFY_OFFSET))
		return -EDOM;
	rs->timeout_ms = val;
	rsess_liveness_patience(rs);
	return 0;
}

static int rsess_get_timeout(const struct rsess_sock *rs, void *answer)
{
	return rsess_answer(answer, rs->timeout_ms);
}

static int rsess_set_sockfamily(struct rsess_sock *rs, int val)
{
	if (!rsess_transport_takes(rs->ops, val))
		return -EAFNOSUPPORT;
	if (rs->bound || rsess_to_sk(rs)->sk_state != TCP_CLOSE)
		return -EINVAL;
	return rsess_set_family(rs, val);
}

static int rsess_get_sockfamily(const struct rsess_sock *rs, void *answer)
{
	return rsess_answer(answer, rs->family);
}

/* It is part of the secret of sessions that begin later. */
static int rsess_put_psk(struct rsess_sock *rs, const u8 *value, u32 len)
{
	if (len && len < RSESS_PSK_MIN)
		return -EINVAL;
	if (rsess_to_sk(rs)->sk_state != TCP_CLOSE)
		return -EISCONN;
	memzero_explicit(&rs->psk, sizeof(rs->psk));
	memcpy(rs->psk.key, value, len);
	rs->psk.len = len;
	return 0;
}

static int rsess_set_retry_unknown(struct rsess_sock *rs, int val)
{
	if (val < 0 || val > 1)
		return -EINVAL;
	rs->opt.retry_unknown = val;
	return 0;
}

static int rsess_get_retry_unknown(const struct rsess_sock *rs, void *answer)
{
	return rsess_answer(answer, rs->opt.retry_unknown);
}

/* The application's address, if it is one that can be dialed. */
static int rsess_addr_check(const struct rsess_sock *rs,
			    const union rsess_addr *addr, u32 len)
{
	u16 family = rs->raddr.sa.sa_family ?: rs->family;
	u16 given = addr->sa.sa_family;

	if (len < sizeof(given) || len < rsess_addr_len(given))
		return -EINVAL;
	if (!rsess_transport_takes(rs->ops, given))
		return -EAFNOSUPPORT;
	if (family && family != given)
		return -EAFNOSUPPORT;
	return 0;
}

/* The last of the addresses is to pass the hooks of connect(), as soon as its port is known;
 * if that is the peer's, connect() sees to it.
 */
static int rsess_addr_ask(const struct rsess_sock *rs)
{
	union rsess_addr addr;

	if (!rsess_sock_addr(rs, rs->addrs->n, &addr))
		return 0;
	return rsess_owner_may_dial(rs, &addr);
}

static int rsess_put_addr(struct rsess_sock *rs, const u8 *value, u32 len)
{
	union rsess_addr addr = {};
	struct rsess_addrs *addrs;
	int err;

	memcpy(&addr, value, min_t(u32, len, sizeof(addr)));
	err = rsess_addr_check(rs, &addr, len);
	if (err)
		return err;
	/* Who was connected to does not dial. */
	if (!rs->dialer && rsess_to_sk(rs)->sk_state != TCP_CLOSE)
		return -EOPNOTSUPP;
	addrs = rsess_sock_addrs(rs);
	if (!addrs)
		return -ENOMEM;
	if (addrs->n == RSESS_ADDRS_MAX)
		return -ENOSPC;
	addrs->addr[addrs->n] = addr;
	err = rsess_addr_ask(rs);
	if (!err)
		addrs->n++;
	return err;
}

/* It is settled by the first packet, or by the first that comes. */
static int rsess_set_negotiate(struct rsess_sock *rs, int val)
{
	if (val < RSESS_NEGOTIATE_AUTO || val > RSESS_NEGOTIATE_OFF)
		return -EINVAL;
	if (rsess_to_sk(rs)->sk_state != TCP_CLOSE)
		return -EISCONN;
	rs->negotiate = val;
	return 0;
}

static int rsess_get_negotiate(const struct rsess_sock *rs, void *answer)
{
	return rsess_answer(answer, rs->negotiate);
}

static int rsess_set_tag(struct rsess_sock *rs, int val)
{
	if (val < 0 || val > 1)
		return -EINVAL;
	if (rsess_to_sk(rs)->sk_state != TCP_CLOSE)
		return -EISCONN;
	rs->opt.tag = val ? RSESS_TAG_ALWAYS : RSESS_TAG_NEVER;
	return 0;
}

static int rsess_get_tag(const struct rsess_sock *rs, void *answer)
{
	return rsess_answer(answer, rsess_wants_tags(rs));
}

static int rsess_get_info(const struct rsess_sock *rs, void *answer)
{
	rsess_info_fill(rs, answer);
	return sizeof(struct rsess_info);
}

/* Setting it sends what was held back, as in TCP. */
static int rsess_set_nodelay(struct rsess_sock *rs, int val)
{
	rs->opt.nodelay = val;
	if (val)
		rsess_push_held(rs);
	return 0;
}

static int rsess_get_nodelay(const struct rsess_sock *rs, void *answer)
{
	return rsess_answer(answer, rs->opt.nodelay);
}

static int rsess_set_cork(struct rsess_sock *rs, int val)
{
	rs->opt.cork = val;
	if (!val)
		rsess_push_held(rs);
	return 0;
}

static int rsess_get_cork(const struct rsess_sock *rs, void *answer)
{
	return rsess_answer(answer, rs->opt.cork);
}

static int rsess_set_keepidle(struct rsess_sock *rs, int val)
{
	rs->opt.keepidle = val;
	rsess_liveness_patience(rs);
	return 0;
}

static int rsess_set_keepintvl(struct rsess_sock *rs, int val)
{
	rs->opt.keepintvl = val;
	rsess_liveness_patience(rs);
	return 0;
}

static int rsess_set_keepcnt(struct rsess_sock *rs, int val)
{
	rs->opt.keepcnt = val;
	rsess_liveness_patience(rs);
	return 0;
}

/* How long accept() waits for a session's first bytes. */
static int rsess_set_defer(struct rsess_sock *rs, int val)
{
	rs->opt.defer = max(val, 0);
	return 0;
}

static int rsess_set_user_timeout(struct rsess_sock *rs, int val)
{
	if (val < 0)
		return -EINVAL;
	rs->opt.user_timeout_ms = val;
	rsess_liveness_patience(rs);
	return 0;
}

static int rsess_get_user_timeout(const struct rsess_sock *rs, void *answer)
{
	return rsess_answer(answer, rs->opt.user_timeout_ms);
}

static int rsess_set_notsent_lowat(struct rsess_sock *rs, int val)
{
	struct sock *sk = rsess_to_sk(rs);

	WRITE_ONCE(rs->opt.notsent_lowat, val);
	sk->sk_write_space(sk);
	return 0;
}

static int rsess_get_notsent_lowat(const struct rsess_sock *rs, void *answer)
{
	return rsess_answer(answer, rs->opt.notsent_lowat);
}

static int rsess_set_inq(struct rsess_sock *rs, int val)
{
	if (val < 0 || val > 1)
		return -EINVAL;
	rs->opt.inq = val;
	return 0;
}

static int rsess_get_inq(const struct rsess_sock *rs, void *answer)
{
	return rsess_answer(answer, rs->opt.inq);
}

/* Kept from the transport: an ICMP error would end it at once. */
static int rsess_set_recverr(struct rsess_sock *rs, int val)
{
	rs->opt.recverr = val;
	return 0;
}

static int rsess_get_recverr(const struct rsess_sock *rs, void *answer)
{
	return rsess_answer(answer, rs->opt.recverr);
}

static int rsess_set_recverr6(struct rsess_sock *rs, int val)
{
	rs->opt.recverr6 = val;
	return 0;
}

static int rsess_get_recverr6(const struct rsess_sock *rs, void *answer)
{
	return rsess_answer(answer, rs->opt.recverr6);
}

/* TCP derives the one from the other, and SO_PRIORITY shows it. */
static int rsess_set_tos(struct rsess_sock *rs, int val)
{
	struct socket *sock = rsess_inner_get(rs, 0);

	if (!IS_ERR(sock))
		WRITE_ONCE(rsess_to_sk(rs)->sk_priority,
			   READ_ONCE(sock->sk->sk_priority));
	return 0;
}

#define RSESS_KEEP	(RSESS_OPT_PASS | RSESS_OPT_REPLAY)
#define RSESS_OWN(level, name, fn)					\
	{ level, name, 0, rsess_set_##fn, rsess_get_##fn }

static const struct rsess_option rsess_options[] = {
	RSESS_OWN(SOL_RSESS, RSESS_TIMEOUT, timeout),
	RSESS_OWN(SOL_RSESS, RSESS_FAMILY, sockfamily),
	RSESS_OWN(SOL_RSESS, RSESS_NEGOTIATE, negotiate),
	RSESS_OWN(SOL_RSESS, RSESS_RETRY_UNKNOWN, retry_unknown),
	RSESS_OWN(SOL_RSESS, RSESS_TAG, tag),
	{ SOL_RSESS, RSESS_PSK, RSESS_OPT_BLOB, .put = rsess_put_psk },
	{ SOL_RSESS, RSESS_ADD_ADDR, RSESS_OPT_BLOB, .put = rsess_put_addr },
	{ SOL_RSESS, RSESS_INFO, RSESS_OPT_READ, .get = rsess_get_info },

	RSESS_OWN(SOL_TCP, TCP_NODELAY, nodelay),
	RSESS_OWN(SOL_TCP, TCP_CORK, cork),
	RSESS_OWN(SOL_TCP, TCP_USER_TIMEOUT, user_timeout),
	RSESS_OWN(SOL_TCP, TCP_NOTSENT_LOWAT, notsent_lowat),
	RSESS_OWN(SOL_TCP, TCP_INQ, inq),
	{ SOL_TCP, TCP_KEEPIDLE, RSESS_KEEP, rsess_set_keepidle },
	{ SOL_TCP, TCP_KEEPINTVL, RSESS_KEEP, rsess_set_keepintvl },
	{ SOL_TCP, TCP_KEEPCNT, RSESS_KEEP, rsess_set_keepcnt },
	{ SOL_TCP, TCP_MAXSEG, RSESS_KEEP },
	{ SOL_TCP, TCP_SYNCNT, RSESS_KEEP },
	{ SOL_TCP, TCP_LINGER2, RSESS_KEEP },
	{ SOL_TCP, TCP_WINDOW_CLAMP, RSESS_KEEP },
	{ SOL_TCP, TCP_CONGESTION, RSESS_KEEP | RSESS_OPT_BLOB },
	{ SOL_TCP, TCP_THIN_LINEAR_TIMEOUTS, RSESS_KEEP },
	{ SOL_TCP, TCP_THIN_DUPACK, RSESS_KEEP },
	{ SOL_TCP, TCP_TX_DELAY, RSESS_KEEP },
#ifdef TCP_RTO_MAX_MS
	{ SOL_TCP, TCP_RTO_MAX_MS, RSESS_KEEP },
#endif
#ifdef TCP_RTO_MIN_US
	{ SOL_TCP, TCP_RTO_MIN_US, RSESS_KEEP },
#endif
#ifdef TCP_DELACK_MAX_US
	{ SOL_TCP, TCP_DELACK_MAX_US, RSESS_KEEP },
#endif
	{ SOL_TCP, TCP_DEFER_ACCEPT, RSESS_KEEP | RSESS_OPT_ONE, rsess_set_defer },
	{ SOL_TCP, TCP_SAVE_SYN, RSESS_KEEP },
	{ SOL_TCP, TCP_QUICKACK, RSESS_OPT_PASS },
	{ SOL_TCP, TCP_TIMESTAMP, RSESS_OPT_PASS },
	{ SOL_TCP, TCP_SAVED_SYN, RSESS_OPT_READ },
	{ SOL_TCP, TCP_CC_INFO, RSESS_OPT_READ },
	{ SOL_TCP, TCP_INFO, RSESS_OPT_READ | RSESS_OPT_STATE },
	{ SOL_TCP, TCP_REPAIR, RSESS_OPT_NO },
	{ SOL_TCP, TCP_REPAIR_QUEUE, RSESS_OPT_NO },
	{ SOL_TCP, TCP_REPAIR_OPTIONS, RSESS_OPT_NO },
	{ SOL_TCP, TCP_REPAIR_WINDOW, RSESS_OPT_NO },
	{ SOL_TCP, TCP_QUEUE_SEQ, RSESS_OPT_NO },
	{ SOL_TCP, TCP_FASTOPEN, RSESS_OPT_NO },
	{ SOL_TCP, TCP_FASTOPEN_KEY, RSESS_OPT_NO },
	{ SOL_TCP, TCP_FASTOPEN_CONNECT, RSESS_OPT_NO },
	{ SOL_TCP, TCP_FASTOPEN_NO_COOKIE, RSESS_OPT_NO },
	{ SOL_TCP, TCP_ULP, RSESS_OPT_NO },
	{ SOL_TCP, TCP_MD5SIG, RSESS_OPT_NO },
	{ SOL_TCP, TCP_MD5SIG_EXT, RSESS_OPT_NO },
	{ SOL_TCP, TCP_ZEROCOPY_RECEIVE, RSESS_OPT_NO },

	RSESS_OWN(SOL_SCTP, SCTP_NODELAY, nodelay),
	{ SOL_SCTP, SCTP_RTOINFO, RSESS_KEEP | RSESS_OPT_BLOB },
	{ SOL_SCTP, SCTP_ASSOCINFO, RSESS_KEEP | RSESS_OPT_BLOB },
	{ SOL_SCTP, SCTP_INITMSG, RSESS_KEEP | RSESS_OPT_BLOB },
	{ SOL_SCTP, SCTP_MAXSEG, RSESS_KEEP | RSESS_OPT_BLOB },
	{ SOL_SCTP, SCTP_DELAYED_SACK, RSESS_KEEP | RSESS_OPT_BLOB },
	{ SOL_SCTP, SCTP_MAX_BURST, RSESS_KEEP | RSESS_OPT_BLOB },
	{ SOL_SCTP, SCTP_STATUS, RSESS_OPT_READ },
	{ SOL_SCTP, SCTP_GET_ASSOC_STATS, RSESS_OPT_READ },

	{ AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, RSESS_KEEP | RSESS_OPT_BLOB },
	{ AF_VSOCK, SO_VM_SOCKETS_BUFFER_MIN_SIZE, RSESS_KEEP | RSESS_OPT_BLOB },
	{ AF_VSOCK, SO_VM_SOCKETS_BUFFER_MAX_SIZE, RSESS_KEEP | RSESS_OPT_BLOB },
	{ AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT_OLD, RSESS_KEEP | RSESS_OPT_BLOB },
	{ AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW, RSESS_KEEP | RSESS_OPT_BLOB },

	RSESS_OWN(SOL_IP, IP_RECVERR, recverr),
	{ SOL_IP, IP_TOS, RSESS_KEEP, rsess_set_tos },
	{ SOL_IP, IP_TTL, RSESS_KEEP },
	{ SOL_IP, IP_MINTTL, RSESS_KEEP },
	{ SOL_IP, IP_MTU_DISCOVER, RSESS_KEEP },
	/* An accepted connection has those of its SYN, reversed. */
	{ SOL_IP, IP_OPTIONS, RSESS_KEEP | RSESS_OPT_ONE | RSESS_OPT_BLOB },
	{ SOL_IP, IP_FREEBIND, RSESS_KEEP },
	{ SOL_IP, IP_TRANSPARENT, RSESS_KEEP },
	{ SOL_IP, IP_BIND_ADDRESS_NO_PORT, RSESS_KEEP },
	{ SOL_IP, IP_PKTINFO, RSESS_KEEP },
	{ SOL_IP, IP_RECVTTL, RSESS_KEEP },
	{ SOL_IP, IP_RECVTOS, RSESS_KEEP },
	{ SOL_IP, IP_RECVOPTS, RSESS_KEEP },
	{ SOL_IP, IP_RETOPTS, RSESS_KEEP },
	{ SOL_IP, IP_RECVERR_RFC4884, RSESS_KEEP },
	{ SOL_IP, IP_RECVORIGDSTADDR, RSESS_KEEP },
	{ SOL_IP, IP_RECVFRAGSIZE, RSESS_KEEP },
	{ SOL_IP, IP_CHECKSUM, RSESS_KEEP },
	{ SOL_IP, IP_PASSSEC, RSESS_KEEP },
	{ SOL_IP, IP_NODEFRAG, RSESS_KEEP },
	{ SOL_IP, IP_HDRINCL, RSESS_KEEP },
	{ SOL_IP, IP_MULTICAST_TTL, RSESS_KEEP },
	{ SOL_IP, IP_MULTICAST_LOOP, RSESS_KEEP },
	{ SOL_IP, IP_MULTICAST_ALL, RSESS_KEEP },
	{ SOL_IP, IP_MULTICAST_IF, RSESS_KEEP | RSESS_OPT_BLOB },
	{ SOL_IP, IP_UNICAST_IF, RSESS_KEEP | RSESS_OPT_BLOB },
#ifdef IP_LOCAL_PORT_RANGE
	{ SOL_IP, IP_LOCAL_PORT_RANGE, RSESS_KEEP | RSESS_OPT_BLOB },
#endif
	{ SOL_IP, IP_MTU, RSESS_OPT_READ },

	{ SOL_IPV6, IPV6_V6ONLY, RSESS_KEEP },
	{ SOL_IPV6, IPV6_TCLASS, RSESS_KEEP, rsess_set_tos },
	{ SOL_IPV6, IPV6_UNICAST_HOPS, RSESS_KEEP },
	{ SOL_IPV6, IPV6_MINHOPCOUNT, RSESS_KEEP },
	{ SOL_IPV6, IPV6_MTU_DISCOVER, RSESS_KEEP },
	{ SOL_IPV6, IPV6_DONTFRAG, RSESS_KEEP },
	{ SOL_IPV6, IPV6_FREEBIND, RSESS_KEEP },
	{ SOL_IPV6, IPV6_TRANSPARENT, RSESS_KEEP },
	{ SOL_IPV6, IPV6_AUTOFLOWLABEL, RSESS_KEEP },
	{ SOL_IPV6, IPV6_ADDR_PREFERENCES, RSESS_KEEP },
	{ SOL_IPV6, IPV6_RECVPKTINFO, RSESS_KEEP },
	{ SOL_IPV6, IPV6_RECVHOPLIMIT, RSESS_KEEP },
	{ SOL_IPV6, IPV6_RECVTCLASS, RSESS_KEEP },
	{ SOL_IPV6, IPV6_RECVERR_RFC4884, RSESS_KEEP },
	{ SOL_IPV6, IPV6_FLOWINFO_SEND, RSESS_KEEP },
	{ SOL_IPV6, IPV6_MULTICAST_HOPS, RSESS_KEEP },
	{ SOL_IPV6, IPV6_MULTICAST_LOOP, RSESS_KEEP },
	{ SOL_IPV6, IPV6_UNICAST_IF, RSESS_KEEP | RSESS_OPT_BLOB },
	{ SOL_IPV6, IPV6_MTU, RSESS_KEEP },
	{ SOL_IPV6, IPV6_ADDRFORM, RSESS_OPT_NO },
	RSESS_OWN(SOL_IPV6, IPV6_RECVERR, recverr6),
};

/* Has the transport options of this level? */
static bool rsess_option_level(const struct rsess_sock *rs, int level)
{
	if (level == SOL_RSESS)
		return true;
	if (level == SOL_IP || level == SOL_IPV6)
		return !rs->ops->family;
	return level == rs->ops->level;
}

static const struct rsess_option *
rsess_option_find(const struct rsess_sock *rs, int level, int name)
{
	int i;

	if (!rsess_option_level(rs, level))
		return NULL;
	for (i = 0; i < ARRAY_SIZE(rsess_options); i++)
		if (rsess_options[i].level == level &&
		    rsess_options[i].name == name)
			return &rsess_options[i];
	return NULL;
}

/* Who judges the option?  As long as no family is chosen, an option of IPv6 is
 * asked of a socket that has it.
 */
static struct socket *rsess_option_inner(struct rsess_sock *rs, int level)
{
	return rsess_inner_get(rs, level == SOL_IPV6 ? AF_INET6 : 0);
}

/* IPv4 has no options of IPv6. */
static bool rsess_option_foreign(struct rsess_sock *rs, int level)
{
	struct socket *sock;

	if (level != SOL_IPV6)
		return false;
	sock = rsess_option_inner(rs, level);
	return !IS_ERR(sock) && sock->sk->sk_family != AF_INET6;
}

/**
 * rsess_sockopt_inherit() - options of an accepted socket
 * @rs: new session, not visible yet
 * @parent: listening outer socket, locked
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int rsess_sockopt_inherit(struct rsess_sock *rs, const struct sock *parent)
{
	sock_owned_by_me(parent);
	rsess_solsock_inherit(rsess_to_sk(rs), parent);
	rsess_solsock_filter(rsess_to_sk(rs), parent);
	rsess_charge_as(rsess_to_sk(rs), parent);
	rs->timeout_ms = rsess_sk(parent)->timeout_ms;
	rs->negotiate = rsess_sk(parent)->negotiate;
	rs->psk = rsess_sk(parent)->psk;
	rs->opt = rsess_sk(parent)->opt;
	return rsess_journal_inherit(&rs->journal, &rsess_sk(parent)->journal);
}

/* What the session kept from the transport is an option like any other to it. */
static void rsess_hand_over_own(const struct rsess_sock *rs, struct socket *sock)
{
	const struct rsess_option *o;
	union rsess_answer answer;
	int i, level;

	for (i = 0; i < ARRAY_SIZE(rsess_options); i++) {
		o = &rsess_options[i];
		level = o->level;
		if (level == SOL_RSESS || !o->set || !o->get ||
		    !rsess_option_level(rs, level) ||
		    (level == SOL_IPV6 && sock->sk->sk_family != AF_INET6))
			continue;
		o->get(rs, &answer);
		sock->ops->setsockopt(sock, level, o->name,
				      KERNEL_SOCKPTR(&answer.val),
				      sizeof(answer.val));
	}
}

/**
 * rsess_sockopt_hand_over() - the application gets the inner socket itself
 * @rs: outer socket that has the options, locked
 * @sock: inner socket, not locked
 * @same: it is @rs itself that falls back, not a connection that it accepts
 *
 * What the transport was to judge it has already, from the journal or from its
 * listener.
 *
 * Context: may sleep.
 */
void rsess_sockopt_hand_over(struct rsess_sock *rs, struct socket *sock,
			     bool same)
{
	unsigned long flags = RSESS_CORE_FLAGS;

	if (same)
		flags |= BIT(SOCK_FASYNC);
	rsess_solsock_update(rs, sock);
	rsess_solsock_hand_over(sock, rsess_to_sk(rs), flags);
	rsess_hand_over_own(rs, sock);
}

/* The transport judges and takes the value, the journal keeps it. */
static int rsess_option_pass(struct rsess_sock *rs, const struct rsess_option *o,
			     const u8 *value, u32 len)
{
	struct rsess_journal_entry *e;
	struct socket *sock;
	int err;

	sock = rsess_option_inner(rs, o->level);
	if (IS_ERR(sock))
		return PTR_ERR(sock);
	e = rsess_journal_entry_new(o->level, o->name, value, len);
	if (!e)
		return -ENOMEM;
	e->inherit = !(o->flags & RSESS_OPT_ONE);
	err = rsess_inner_apply(sock, e);
	if (!err && o->flags & RSESS_OPT_REPLAY)
		rsess_journal_add(&rs->journal, e);
	else
		kfree(e);
	return err;
}

static int rsess_option_set(struct rsess_sock *rs, const struct rsess_option *o,
			    const u8 *value, u32 len)
{
	int err = 0, val = 0;

	if (o->put)
		return o->put(rs, value, len);
	if (o->flags & RSESS_OPT_PASS)
		err = rsess_option_pass(rs, o, value, len);
	if (err || !o->set)
		return err;
	/* The transport has taken it, so IP took a byte for an integer. */
	if (len < sizeof(val))
		val = len ? *value : 0;
	else
		memcpy(&val, value, sizeof(val));
	return o->set(rs, val);
}

/* What IP makes of a short integer is IP's affair. */
static bool rsess_option_short(const struct rsess_option *o, unsigned int len)
{
	if (o->flags & RSESS_OPT_BLOB || len >= sizeof(int))
		return false;
	if (o->level == SOL_IPV6)
		return !(o->flags & RSESS_OPT_PASS);
	return o->level != SOL_IP;
}

/* IPv6 takes no value for 0. */
static int rsess_option_copy(int level, sockptr_t optval, void *value, u32 len)
{
	if (level == SOL_IPV6 && sockptr_is_null(optval)) {
		memset(value, 0, len);
		return 0;
	}
	return copy_from_sockptr(value, optval, len) ? -EFAULT : 0;
}

/* What is not in the table: the errors that come before ENOPROTOOPT in TCP. */
static int rsess_option_unknown(int level, sockptr_t optval,
				unsigned int optlen)
{
	int val;

	if (level == SOL_TCP && optlen < sizeof(val))
		return -EINVAL;
	if (level != SOL_TCP && level != SOL_IPV6)
		return -ENOPROTOOPT;
	if (optlen >= sizeof(val) &&
	    rsess_option_copy(level, optval, &val, sizeof(val)))
		return -EFAULT;
	return -ENOPROTOOPT;
}

/* The socket core has SO_ZEROCOPY for sockets of TCP itself only. */
static int rsess_set_zerocopy(struct sock *sk, sockptr_t optval,
			      unsigned int optlen)
{
	int val;

	if (optlen < sizeof(val))
		return -EINVAL;
	if (copy_from_sockptr(&val, optval, sizeof(val)))
		return -EFAULT;
	if (val < 0 || val > 1)
		return -EINVAL;
	lock_sock(sk);
	sock_valbool_flag(sk, SOCK_ZEROCOPY, val);
	release_sock(sk);
	return 0;
}

/* SOL_SOCKET, where the socket core does not keep that to itself. */
static int rsess_set_core(struct socket *sock, struct sock *sk, int optname,
			  sockptr_t optval, unsigned int optlen)
{
	switch (optname) {
	case SO_ZEROCOPY:
		return rsess_set_zerocopy(sk, optval, optlen);
	case SO_ATTACH_FILTER:
		/* As for TCP, for which the core takes this socket not. */
		if (!ns_capable(sock_net(sk)->user_ns, CAP_NET_ADMIN))
			return -EPERM;
		break;
	}
	return sock_setsockopt(sock, SOL_SOCKET, optname, optval, optlen);
}

/**
 * rsess_setsockopt() - proto_ops.setsockopt
 * @sock: outer
 * @level: SOL_SOCKET, SOL_RSESS, SOL_TCP, SOL_IP, SOL_IPV6
 * @optname: option
 * @optval: value
 * @optlen: its bytes
 *
 * Context: process; takes the socket lock.
 * Return: 0, -ENOPROTOOPT for an option that is not supported, or the errno that
 * TCP gives.
 */
int rsess_setsockopt(struct socket *sock, int level, int optname,
		     sockptr_t optval, unsigned int optlen)
{
	u8 value[RSESS_JOURNAL_VALUE_MAX];
	const struct rsess_option *o;
	struct sock *sk;
	bool foreign;
	u32 len;
	int err;

	sk = rsess_sock_lock(sock);
	if (!sk)
		goto plain;
	o = rsess_option_find(rsess_sk(sk), level, optname);
	foreign = rsess_option_foreign(rsess_sk(sk), level) ||
		  !rsess_option_level(rsess_sk(sk), level);
	release_sock(sk);
	if (level == SOL_SOCKET)
		return rsess_set_core(sock, sk, optname, optval, optlen);
	if ((o && o->flags & RSESS_OPT_NO) || foreign)
		return -ENOPROTOOPT;
	if (!o || o->flags & RSESS_OPT_READ)
		return rsess_option_unknown(level, optval, optlen);
	if (rsess_option_short(o, optlen) || (o->put && optlen > sizeof(value)))
		return -EINVAL;
	len = min_t(u32, optlen, o->flags & RSESS_OPT_BLOB ? sizeof(value) :
							     sizeof(int));
	if (rsess_option_copy(level, optval, value, len))
		return -EFAULT;

	sk = rsess_sock_lock(sock);
	if (!sk)
		goto plain;
	err = rsess_option_set(rsess_sk(sk), o, value, len);
	release_sock(sk);
	memzero_explicit(value, len);	/* may be a key */
	return err;

plain:
	return rsess_fallback_setsockopt(sock, level, optname, optval, optlen);
}

/* The transport answers, also that it knows no such option. */
static int rsess_option_ask(struct rsess_sock *rs, int level, int name,
			    char __user *optval, int __user *optlen)
{
	struct socket *sock = rsess_option_inner(rs, level);

	if (IS_ERR(sock))
		return PTR_ERR(sock);
	return rsess_inner_getsockopt(sock->ops, sock, level, name, optval, optlen);
}

/* Its state is not the socket's. */
static int rsess_option_state(const struct rsess_sock *rs, char __user *optval,
			      int __user *optlen)
{
	int len;

	if (get_user(len, optlen))
		return -EFAULT;
	return len ? put_user((u8)rsess_shown_state(rs),
			      (u8 __user *)optval) : 0;
}

/* An own answer, in as many bytes as there is room for.  IP says what fits into a
 * byte in one; to IPv6 the room is never negative.
 */
static int rsess_option_tell(int level, const union rsess_answer *answer,
			     int size, char __user *optval, int __user *optlen)
{
	u8 byte = answer->val;
	int len;

	if (get_user(len, optlen))
		return -EFAULT;
	if (len < 0 && level != SOL_IPV6)
		return -EINVAL;
	if (level == SOL_IP && len && len < size && answer->val == byte) {
		if (put_user(1, optlen) || put_user(byte, (u8 __user *)optval))
			return -EFAULT;
		return 0;
	}
	len = min_t(u32, len, size);
	if (put_user(len, optlen) || copy_to_user(optval, answer, len))
		return -EFAULT;
	return 0;
}

/* The answer, as long as it is not told yet: its bytes; or 0 when it has been told, or a
 * negative errno.  Nothing may sleep for the caller's memory: with a listening socket
 * others wait for the locks that are held.
 */
static int rsess_option_answer(struct rsess_sock *rs, int level, int name,
			       union rsess_answer *answer,
			       char __user *optval, int __user *optlen)
{
	const struct rsess_option *o = rsess_option_find(rs, level, name);
	int size;

	if (o && (o->flags & RSESS_OPT_NO || o->put))
		return -ENOPROTOOPT;
	if (o && o->get && !rsess_option_foreign(rs, level))
		return o->get(rs, answer);
	pagefault_disable();
	size = rsess_option_ask(rs, level, name, optval, optlen);
	if (!size && o && o->flags & RSESS_OPT_STATE)
		size = rsess_option_state(rs, optval, optlen);
	pagefault_enable();
	return size;
}

/* Have the caller's memory there, as far as it can be had. */
static void rsess_option_fault_in(char __user *optval, int __user *optlen)
{
	int len;

	if (get_user(len, optlen))
		return;
	len = clamp(len, 0, RSESS_OPTION_MAX);
	fault_in_safe_writeable((char __user *)optlen, sizeof(*optlen));
	fault_in_safe_writeable(optval, len);
}

/**
 * rsess_getsockopt() - proto_ops.getsockopt
 * @sock: outer
 * @level: SOL_RSESS, SOL_TCP, SOL_IP, SOL_IPV6
 * @optname: option
 * @optval: where to
 * @optlen: room, and how much was used
 *
 * Context: process; takes the socket lock.
 * Return: 0, -ENOPROTOOPT for an option that is not supported, or the errno that
 * TCP gives.
 */
int rsess_getsockopt(struct socket *sock, int level, int optname,
		     char __user *optval, int __user *optlen)
{
	int size, tries = RSESS_FAULT_TRIES;
	union rsess_answer answer;
	struct sock *sk;

	do {
		rsess_option_fault_in(optval, optlen);
		sk = rsess_sock_lock(sock);
		if (!sk)
			return rsess_fallback_getsockopt(sock, level, optname,
							 optval, optlen);
		rsess_link_settle(rsess_sk(sk));
		size = rsess_option_answer(rsess_sk(sk), level, optname,
					   &answer, optval, optlen);
		release_sock(sk);
		/* The memory may have gone again meanwhile. */
	} while (size == -EFAULT && --tries);
	if (size <= 0)
		return size;
	return rsess_option_tell(level, &answer, size, optval, optlen);
}

/* What there is to say without a session. */
static int rsess_fallback_answer(struct socket *sock, int optname,
				 union rsess_answer *answer)
{
	const struct rsess_fallback *plain = rsess_fallback(sock);
	const struct sock *sk = sock->sk;

	switch (optname) {
	case RSESS_INFO:
		rsess_info_plain(sk, plain, &answer->info);
		return sizeof(answer->info);
	case RSESS_FAMILY:
		return rsess_answer(answer, READ_ONCE(sk->sk_family));
	default:
		return -ENOPROTOOPT;
	}
}

/**
 * rsess_fallback_getsockopt() - proto_ops.getsockopt
 * @sock: fallen back
 * @level: of the option
 * @optname: option
 * @optval: where to
 * @optlen: room, and how much was used
 *
 * Return: as rsess_fallback_setsockopt().
 */
int rsess_fallback_getsockopt(struct socket *sock, int level, int optname,
			      char __user *optval, int __user *optlen)
{
	union rsess_answer answer;
	int size;

	if (level != SOL_RSESS)
		return rsess_inner_getsockopt(rsess_fallback(sock)->ops, sock, level,
					      optname, optval, optlen);
	size = rsess_fallback_answer(sock, optname, &answer);
	if (size < 0)
		return size;
	return rsess_option_tell(level, &answer, size, optval, optlen);
}
