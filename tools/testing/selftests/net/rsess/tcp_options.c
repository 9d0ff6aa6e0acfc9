// SPDX-License-Identifier: GPL-2.0
/*
 * An AF_RSESS socket behaves as a TCP socket: options.
 *
 * Each option is set and read with good and bad values and lengths, in several
 * states, on a TCP socket and on one of the kind that is tested.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/in6.h>
#include <linux/net_tstamp.h>
#include <linux/tcp.h>
#include <netinet/ip.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "compare.h"
#include "places.h"

#define NOBODY		65534

/* Since 6.15. */
#ifndef TCP_RTO_MAX_MS
#define TCP_RTO_MAX_MS		44
#define TCP_RTO_MIN_US		45
#define TCP_DELACK_MAX_US	46
#endif

/* Of <linux/in.h> and <linux/in6.h>, beside which those of libc cannot be. */
#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE	51
#endif
#ifndef SO_TXREHASH
#define SO_TXREHASH		74
#endif
#ifndef SO_RCVMARK
#define SO_RCVMARK		75
#endif

#define ROOM	512

/**
 * struct option - what is asked about one of them
 * @level: of the option
 * @name: its number
 * @text: its name
 * @values: for one that is an int: those that make sense
 * @data: for another one: a value that makes sense
 * @len: bytes of @data; 0 for an int
 * @moving: what it tells is never twice the same: only the length is compared
 */
struct option {
	int level;
	int name;
	const char *text;
	int values[3];
	const void *data;
	socklen_t len;
	bool moving;
};

#define OPT(l, n, ...) \
	{ .level = l, .name = n, .text = #n, .values = { __VA_ARGS__ } }
#define OPT_DATA(l, n, ptr, size) \
	{ .level = l, .name = n, .text = #n, .data = ptr, .len = size }
#define OPT_MOVING(l, n) \
	{ .level = l, .name = n, .text = #n, .moving = true }

static const struct linger linger = { .l_onoff = 1, .l_linger = 7 };
static const struct timeval timeval = { .tv_sec = 3, .tv_usec = 40000 };
static const struct ip_mreqn mreq;
/* A record route with room for one address, padded. */
static const unsigned char ip_options[8] = { 7, 7, 4 };
static const char port_range[4];

static const struct option socket_options[] = {
	OPT(SOL_SOCKET, SO_DEBUG, 0, 1),
	/* Not 0 first: what the accepted socket leaves in TIME_WAIT would be in the
	 * way of the next listener.
	 */
	OPT(SOL_SOCKET, SO_REUSEADDR, 1, 0, 2),
	OPT(SOL_SOCKET, SO_TYPE),
	OPT(SOL_SOCKET, SO_ERROR),
	OPT(SOL_SOCKET, SO_DONTROUTE, 1, 0),
	OPT(SOL_SOCKET, SO_BROADCAST, 1),
	OPT(SOL_SOCKET, SO_SNDBUF, 5000, 100000, 30000),
	OPT(SOL_SOCKET, SO_RCVBUF, 5000, 100000, 30000),
	OPT(SOL_SOCKET, SO_SNDBUFFORCE, 5000, 1000000),
	OPT(SOL_SOCKET, SO_RCVBUFFORCE, 5000, 1000000),
	OPT(SOL_SOCKET, SO_KEEPALIVE, 1, 0),
	OPT(SOL_SOCKET, SO_OOBINLINE, 1, 0),
	OPT(SOL_SOCKET, SO_NO_CHECK, 1),
	OPT(SOL_SOCKET, SO_PRIORITY, 0, 6, 7),
	OPT_DATA(SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)),
	OPT(SOL_SOCKET, SO_BSDCOMPAT, 1),
	OPT(SOL_SOCKET, SO_REUSEPORT, 1, 0),
	OPT(SOL_SOCKET, SO_PASSCRED, 1),
	OPT(SOL_SOCKET, SO_PEERCRED),
	OPT(SOL_SOCKET, SO_RCVLOWAT, 10, 100, 0),
	OPT(SOL_SOCKET, SO_SNDLOWAT, 10),
	OPT_DATA(SOL_SOCKET, SO_RCVTIMEO, &timeval, sizeof(timeval)),
	OPT_DATA(SOL_SOCKET, SO_SNDTIMEO, &timeval, sizeof(timeval)),
	OPT_DATA(SOL_SOCKET, SO_BINDTODEVICE, "lo", 3),
	OPT_DATA(SOL_SOCKET, SO_ATTACH_FILTER, "", 1),
	OPT(SOL_SOCKET, SO_DETACH_FILTER),
	OPT_MOVING(SOL_SOCKET, SO_PEERNAME),
	OPT(SOL_SOCKET, SO_TIMESTAMP, 1, 0),
	OPT(SOL_SOCKET, SO_TIMESTAMPNS, 1, 0),
	OPT(SOL_SOCKET, SO_ACCEPTCONN),
	OPT(SOL_SOCKET, SO_PEERSEC),
	OPT(SOL_SOCKET, SO_MARK, 5, 0),
	OPT(SOL_SOCKET, SO_PROTOCOL),
	OPT(SOL_SOCKET, SO_DOMAIN),
	OPT(SOL_SOCKET, SO_RXQ_OVFL, 1, 0),
	OPT(SOL_SOCKET, SO_WIFI_STATUS, 1, 0),
	OPT(SOL_SOCKET, SO_PEEK_OFF, 3, -1),
	OPT(SOL_SOCKET, SO_NOFCS, 1, 0),
	OPT(SOL_SOCKET, SO_LOCK_FILTER, 0),
	OPT(SOL_SOCKET, SO_SELECT_ERR_QUEUE, 1, 0),
	OPT(SOL_SOCKET, SO_BUSY_POLL, 50, 0),
	OPT(SOL_SOCKET, SO_PREFER_BUSY_POLL, 1, 0),
	OPT(SOL_SOCKET, SO_BUSY_POLL_BUDGET, 8),
	OPT(SOL_SOCKET, SO_MAX_PACING_RATE, 1000000),
	OPT_MOVING(SOL_SOCKET, SO_INCOMING_CPU),
	OPT_MOVING(SOL_SOCKET, SO_MEMINFO),
	OPT_MOVING(SOL_SOCKET, SO_INCOMING_NAPI_ID),
	OPT_MOVING(SOL_SOCKET, SO_COOKIE),
	OPT(SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_TX_SOFTWARE |
					 SOF_TIMESTAMPING_SOFTWARE,
	    SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_OPT_ID, 0),
	OPT(SOL_SOCKET, SO_ZEROCOPY, 1, 0),
	OPT(SOL_SOCKET, SO_TXTIME, 1),
	OPT(SOL_SOCKET, SO_BINDTOIFINDEX, 1, 0),
	OPT(SOL_SOCKET, SO_BUF_LOCK, 1, 3, 0),
	OPT(SOL_SOCKET, SO_RESERVE_MEM, 4096),
	OPT(SOL_SOCKET, SO_TXREHASH, 1, 0),
	OPT(SOL_SOCKET, SO_RCVMARK, 1, 0),
	OPT(SOL_SOCKET, 82, 1, 0),		/* SO_RCVPRIORITY, since 6.14 */
	OPT(SOL_SOCKET, 9999, 1),
	{ .text = NULL }
};

static const struct option tcp_options[] = {
	OPT(IPPROTO_TCP, TCP_NODELAY, 1, 0),
	OPT(IPPROTO_TCP, TCP_MAXSEG, 1000, 536),
	OPT(IPPROTO_TCP, TCP_CORK, 1, 0),
	OPT(IPPROTO_TCP, TCP_KEEPIDLE, 100, 32767),
	OPT(IPPROTO_TCP, TCP_KEEPINTVL, 10, 32767),
	OPT(IPPROTO_TCP, TCP_KEEPCNT, 5, 127),
	OPT(IPPROTO_TCP, TCP_SYNCNT, 3, 127),
	OPT(IPPROTO_TCP, TCP_LINGER2, 5, 0, 60),
	OPT(IPPROTO_TCP, TCP_DEFER_ACCEPT, 0, 4),
	OPT(IPPROTO_TCP, TCP_WINDOW_CLAMP, 30000, 100000),
	OPT_MOVING(IPPROTO_TCP, TCP_INFO),
	OPT(IPPROTO_TCP, TCP_QUICKACK, 1, 0),
	OPT_DATA(IPPROTO_TCP, TCP_CONGESTION, "reno", 4),
	OPT(IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, 1, 0),
	OPT(IPPROTO_TCP, TCP_THIN_DUPACK, 1, 0),
	OPT(IPPROTO_TCP, TCP_USER_TIMEOUT, 5000, 0),
	OPT(IPPROTO_TCP, TCP_FASTOPEN, 5, 0),
	OPT_MOVING(IPPROTO_TCP, TCP_TIMESTAMP),
	OPT(IPPROTO_TCP, TCP_NOTSENT_LOWAT, 1000, 0),
	OPT_MOVING(IPPROTO_TCP, TCP_CC_INFO),
	OPT(IPPROTO_TCP, TCP_SAVE_SYN, 1, 2, 0),
	OPT_MOVING(IPPROTO_TCP, TCP_SAVED_SYN),
	OPT(IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1, 0),
	OPT(IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 1, 0),
	OPT(IPPROTO_TCP, TCP_INQ, 1, 0),
	OPT(IPPROTO_TCP, TCP_TX_DELAY, 0),
	OPT(IPPROTO_TCP, TCP_RTO_MAX_MS, 30000),
	OPT(IPPROTO_TCP, TCP_RTO_MIN_US, 100000),
	OPT(IPPROTO_TCP, TCP_DELACK_MAX_US, 30000),
	OPT(IPPROTO_TCP, 9999, 1),
	{ .text = NULL }
};

/* Those that an AF_RSESS socket does not have. */
static const struct option lacking_options[] = {
	OPT(IPPROTO_TCP, TCP_REPAIR, 0),
	OPT(IPPROTO_TCP, TCP_REPAIR_QUEUE, 0),
	OPT(IPPROTO_TCP, TCP_REPAIR_OPTIONS, 0),
	OPT(IPPROTO_TCP, TCP_QUEUE_SEQ, 0),
	OPT(IPPROTO_TCP, TCP_MD5SIG, 0),
	OPT_DATA(IPPROTO_TCP, TCP_ULP, "smc", 3),
	OPT_DATA(IPPROTO_TCP, TCP_FASTOPEN_KEY, "0123456789abcdef", 16),
	OPT_MOVING(IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE),
	OPT(IPPROTO_IPV6, IPV6_ADDRFORM, AF_INET),
	{ .text = NULL }
};

static const struct option ip_options_table[] = {
	OPT(IPPROTO_IP, IP_TOS, 0x10, 0xb8, 0x3),
	OPT(IPPROTO_IP, IP_TTL, 64, 1, 255),
	OPT(IPPROTO_IP, IP_HDRINCL, 1),
	OPT_DATA(IPPROTO_IP, IP_OPTIONS, ip_options, sizeof(ip_options)),
	OPT(IPPROTO_IP, IP_RECVOPTS, 1, 0),
	OPT(IPPROTO_IP, IP_RETOPTS, 1, 0),
	OPT(IPPROTO_IP, IP_PKTINFO, 1, 0),
	OPT(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO, IP_PMTUDISC_DONT,
	    IP_PMTUDISC_WANT),
	OPT(IPPROTO_IP, IP_RECVERR, 1, 0),
	OPT(IPPROTO_IP, IP_RECVTTL, 1, 0),
	OPT(IPPROTO_IP, IP_RECVTOS, 1, 0),
	OPT(IPPROTO_IP, IP_MTU),
	OPT(IPPROTO_IP, IP_FREEBIND, 1, 0),
	OPT(IPPROTO_IP, IP_PASSSEC, 1, 0),
	OPT(IPPROTO_IP, IP_TRANSPARENT, 1, 0),
	OPT(IPPROTO_IP, IP_ORIGDSTADDR, 1, 0),
	OPT(IPPROTO_IP, IP_MINTTL, 1, 0),
	OPT(IPPROTO_IP, IP_NODEFRAG, 1),
	OPT(IPPROTO_IP, IP_CHECKSUM, 1, 0),
	OPT(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1, 0),
	OPT(IPPROTO_IP, IP_RECVFRAGSIZE, 1),
	OPT(IPPROTO_IP, IP_RECVERR_RFC4884, 1, 0),
	OPT_DATA(IPPROTO_IP, IP_MULTICAST_IF, &mreq, sizeof(mreq)),
	OPT(IPPROTO_IP, IP_MULTICAST_TTL, 5),
	OPT(IPPROTO_IP, IP_MULTICAST_LOOP, 1, 0),
	OPT(IPPROTO_IP, IP_MULTICAST_ALL, 1, 0),
	OPT(IPPROTO_IP, IP_UNICAST_IF, 0),
	OPT_DATA(IPPROTO_IP, IP_LOCAL_PORT_RANGE, port_range, 4),
	OPT(IPPROTO_IP, 9999, 1),
	{ .text = NULL }
};

static const struct option ipv6_options[] = {
	OPT(IPPROTO_IPV6, IPV6_V6ONLY, 1, 0),
	OPT(IPPROTO_IPV6, IPV6_UNICAST_HOPS, 64, -1, 255),
	OPT(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 5),
	OPT(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1, 0),
	OPT(IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO,
	    IPV6_PMTUDISC_DONT, IPV6_PMTUDISC_WANT),
	OPT(IPPROTO_IPV6, IPV6_MTU, 1280),
	OPT(IPPROTO_IPV6, IPV6_RECVERR, 1, 0),
	OPT(IPPROTO_IPV6, IPV6_FLOWINFO_SEND, 1, 0),
	OPT(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, 0),
	OPT(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1, 0),
	OPT(IPPROTO_IPV6, IPV6_RECVTCLASS, 1, 0),
	OPT(IPPROTO_IPV6, IPV6_TCLASS, 0x10, 0xb8, -1),
	OPT(IPPROTO_IPV6, IPV6_DONTFRAG, 1, 0),
	OPT(IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 1, 0),
	OPT(IPPROTO_IPV6, IPV6_MINHOPCOUNT, 1, 0),
	OPT(IPPROTO_IPV6, IPV6_TRANSPARENT, 1, 0),
	OPT(IPPROTO_IPV6, IPV6_FREEBIND, 1, 0),
	OPT(IPPROTO_IPV6, IPV6_UNICAST_IF, 0),
	OPT(IPPROTO_IPV6, IPV6_ADDR_PREFERENCES, IPV6_PREFER_SRC_TMP),
	OPT(IPPROTO_IPV6, IPV6_RECVERR_RFC4884, 1, 0),
	OPT(IPPROTO_IPV6, 9999, 1),
	{ .text = NULL }
};

#define OTHER(l)	{ .level = l, .name = 1, .text = "level_" #l }

/* No protocol has them, or another one. */
static const struct option other_options[] = {
	OTHER(IPPROTO_UDP),
	OTHER(IPPROTO_SCTP),
	OTHER(IPPROTO_RAW),
	OTHER(IPPROTO_ICMP),
	OTHER(12345),
	OTHER(-1),
	{ .text = NULL }
};

/* A question and its circumstances. */
struct asking {
	struct answers *as;
	const char *state;
	const struct option *o;
	int fd;
};

/* What an option has, asked with a buffer of a given length. */
static void ask_get(const struct asking *q, socklen_t room, const char *how)
{
	unsigned char buf[ROOM];
	socklen_t len = room;
	struct answer *a;
	int ret;

	memset(buf, 0xa5, sizeof(buf));
	ret = getsockopt(q->fd, q->o->level, q->o->name, buf, &len);
	a = answer(q->as, ret, "%s %s get %s", q->state, q->o->text, how);
	if (ret)
		return;
	if (q->o->moving)
		memset(buf, 0, sizeof(buf));
	answer_value(a, buf, len > sizeof(buf) ? sizeof(buf) : len);
	a->len = len;
}

static void ask_set_value(const struct asking *q, int value)
{
	char how[32];

	snprintf(how, sizeof(how), "after %d", value);
	answer(q->as, setsockopt(q->fd, q->o->level, q->o->name, &value,
				 sizeof(value)),
	       "%s %s set %d", q->state, q->o->text, value);
	ask_get(q, sizeof(value), how);
}

static void ask_set_data(const struct asking *q)
{
	socklen_t len;

	for (len = q->o->len; len + 1; len--) {
		answer(q->as, setsockopt(q->fd, q->o->level, q->o->name,
					 q->o->data, len),
		       "%s %s set %u bytes", q->state, q->o->text, len);
		ask_get(q, ROOM, "after data");
	}
}

/* Lengths and addresses that no int has. */
static void ask_set_bad(const struct asking *q)
{
	static const int lens[] = { 0, 1, 2, 3, 5, 8, ROOM, 1000000, -1 };
	static int buf[1000000 / sizeof(int)] = { 1 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		answer(q->as, setsockopt(q->fd, q->o->level, q->o->name, buf,
					 lens[i]),
		       "%s %s set length %d", q->state, q->o->text, lens[i]);
	}
	ask_get(q, ROOM, "after lengths");
	answer(q->as, setsockopt(q->fd, q->o->level, q->o->name, NULL, 4),
	       "%s %s set NULL", q->state, q->o->text);
	answer(q->as, setsockopt(q->fd, q->o->level, q->o->name, NULL, 0),
	       "%s %s set nothing", q->state, q->o->text);
	answer(q->as, setsockopt(q->fd, q->o->level, q->o->name, (void *)8,
				 ROOM),
	       "%s %s set bad pointer", q->state, q->o->text);
}

static void ask_get_bad(const struct asking *q)
{
	socklen_t len = sizeof(int);
	int value;

	ask_get(q, 0, "length 0");
	ask_get(q, 1, "length 1");
	ask_get(q, 3, "length 3");
	ask_get(q, ROOM, "length 512");
	ask_get(q, -1, "length -1");
	answer(q->as, getsockopt(q->fd, q->o->level, q->o->name, NULL, &len),
	       "%s %s get NULL", q->state, q->o->text);
	answer(q->as, getsockopt(q->fd, q->o->level, q->o->name, &value, NULL),
	       "%s %s get NULL length", q->state, q->o->text);
}

/* Bad lengths and addresses do not depend on the state: @all or only values. */
static void ask_option(const struct asking *q, bool all)
{
	static const int odd[] = { -1, 2, 65536, 0x7fffffff, -0x7fffffff - 1 };
	size_t i;

	ask_get(q, q->o->len ?: sizeof(int), "default");
	if (all)
		ask_get_bad(q);
	for (i = 0; i < ARRAY_SIZE(q->o->values) && !q->o->len; i++)
		ask_set_value(q, q->o->values[i]);
	if (q->o->len)
		ask_set_data(q);
	else if (all)
		ask_set_bad(q);
	for (i = 0; i < ARRAY_SIZE(odd) && !q->o->len; i++)
		ask_set_value(q, odd[i]);
}

/**
 * struct when - a state in which an option is asked for
 * @state: its name
 * @all: ask everything
 */
static const struct when {
	const char *state;
	bool all;
} whens[] = {
	{ "fresh", true }, { "bound", false },
	{ "listening", true }, { "connecting", false },
	{ "connected", true }, { "accepted", false },
	{ "reset_told", false }, { "disconnected", false },
};

static int ask_when(struct line *l, struct asking *q, const struct when *w)
{
	int ret = place_enter(l, w->state);

	if (ret)
		return ret;
	q->state = w->state;
	q->fd = l->c;
	ask_option(q, w->all);
	place_leave(l);
	return 0;
}

/**
 * struct quiz - what compare() is to ask
 * @o: options
 */
struct quiz {
	const struct option *o;
};

static int ask_options(struct line *l, struct answers *as, const void *arg)
{
	const struct quiz *quiz = arg;
	struct asking q = { .as = as };
	size_t i;
	int ret;

	for (q.o = quiz->o; q.o->text; q.o++) {
		for (i = 0; i < ARRAY_SIZE(whens); i++) {
			ret = ask_when(l, &q, &whens[i]);
			if (ret)
				return ret;
		}
	}
	return 0;
}

static void set_option(int fd, const struct option *o, int value)
{
	if (o->len)
		setsockopt(fd, o->level, o->name, o->data, o->len);
	else
		setsockopt(fd, o->level, o->name, &value, sizeof(value));
}

/*
 * An option that is set before connect(), of the listener before the connection
 * comes, and of the listener before accept(): who has it afterwards?
 */
static int ask_kept_one(struct line *l, struct asking *q, int value)
{
	int fd = kind_socket(l->kind, 0);
	int ret;

	if (fd < 0)
		return fd;
	set_option(fd, q->o, value);
	set_option(l->lfd, q->o, value);
	q->fd = fd;
	q->state = "before connect";
	ask_get(q, ROOM, "set");
	ret = line_dial(l, fd);
	answer(q->as, ret, "connect with %s", q->o->text);
	if (ret) {
		close(fd);
		return 0;
	}
	q->state = "connected";
	ask_get(q, ROOM, "set before connect");
	l->c = fd;
	l->s = line_accept(l);
	if (l->s < 0)
		return l->s;
	q->fd = l->s;
	q->state = "accepted";
	ask_get(q, ROOM, "inherited");
	ret = line_reset(l);
	ask_get(q, ROOM, "inherited, after reset");
	q->fd = l->c;
	q->state = "connected";
	ask_get(q, ROOM, "set, after reset");
	answer(q->as, write_all(l->c, 0, 100) ?: read_all(l->s, 0, 100),
	       "bytes with %s", q->o->text);
	return ret;
}

static int ask_kept(struct line *l, struct answers *as, const void *arg)
{
	const struct quiz *quiz = arg;
	struct asking q = { .as = as };
	int ret = 0;

	for (q.o = quiz->o; q.o->text && !ret; q.o++) {
		/* Each has a listener of its own, that has seen no other. */
		line_close(&l->lfd);
		l->lfd = new_listener(l->kind->domain, l->kind->family);
		if (l->lfd < 0)
			return l->lfd;
		ret = ask_kept_one(l, &q, q.o->values[0]);
		place_leave(l);
	}
	return ret;
}

/* One state after the other, in which a reset has no part. */
FIXTURE(answers) {
};

KIND_QUIET_SCTP_VARIANTS(answers);

FIXTURE_SETUP(answers)
{
}

FIXTURE_TEARDOWN(answers)
{
}

/* Before and after connect(), accept(), and a reset. */
FIXTURE(options) {
};

KIND_TCP_VARIANTS(options);

FIXTURE_SETUP(options)
{
}

FIXTURE_TEARDOWN(options)
{
}

#define OPTIONS(name, table)						\
	CASE(answers, name)						\
	{								\
		struct quiz quiz = { .o = table };			\
									\
		OK(compare(&variant->kind, ask_options, &quiz));	\
	}								\
	CASE(options, name)						\
	{								\
		struct quiz quiz = { .o = table };			\
									\
		OK(compare(&variant->kind, ask_kept, &quiz));		\
	}

/* A filter is asked about each packet. */
FIXTURE(filter) {
	struct line l;
};

KIND_QUIET_VARIANTS(filter);

FIXTURE_SETUP(filter)
{
	OK(line_init(&self->l, &variant->kind));
	OK(line_open(&self->l));
}

FIXTURE_TEARDOWN(filter)
{
	EXPECT_EQ(0, line_end(&self->l));
}

/* So many bytes of each packet pass. */
static int filter_set(int fd, unsigned int bytes)
{
	struct sock_filter code = BPF_STMT(BPF_RET | BPF_K, bytes);
	struct sock_fprog prog = { .len = 1, .filter = &code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
}

/* How many instructions a socket's filter has. */
static int filter_len(int fd)
{
	socklen_t len = 0;

	return getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, NULL, &len) ? -errno : (int)len;
}

static bool is_sent_again(void *fd)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);

	return !getsockopt(*(int *)fd, IPPROTO_TCP, TCP_INFO, &info, &len) &&
	       info.tcpi_total_retrans;
}

CASE(filter, drops_what_comes)
{
	struct line *l = &self->l;
	char c;

	OK(filter_set(l->s, 0));
	/* What the outer socket is told the transport knows with the next byte. */
	ASSERT_EQ(1, send(l->s, "x", 1, 0));
	ASSERT_EQ(1, send(l->c, "y", 1, 0));
	OK(wait_until(is_sent_again, &l->c));
	FAILS(EAGAIN, recv(l->s, &c, 1, MSG_DONTWAIT));
	OK(set_int(l->s, SOL_SOCKET, SO_DETACH_FILTER, 0));
	ASSERT_EQ(1, send(l->s, "x", 1, 0));
	ASSERT_EQ(1, recv(l->s, &c, 1, 0));
	ASSERT_EQ('y', c);
}

CASE(filter, is_inherited)
{
	struct line *l = &self->l;
	int c, s;

	OK(filter_set(l->lfd, UINT_MAX));
	OK(set_int(l->lfd, SOL_SOCKET, SO_LOCK_FILTER, 1));
	c = kind_socket(l->kind, 0);
	ASSERT_LE(0, c);
	OK(filter_set(c, UINT_MAX));
	OK(line_dial(l, c));
	s = line_accept(l);
	ASSERT_LE(0, s);
	ASSERT_EQ(1, filter_len(c));
	ASSERT_EQ(1, filter_len(s));
	FAILS(EPERM, set_int(s, SOL_SOCKET, SO_DETACH_FILTER, 0));
	OK(set_int(c, SOL_SOCKET, SO_DETACH_FILTER, 0));
	OK(write_all(c, 0, 1000));
	OK(read_all(s, 0, 1000));
	OK(line_close(&c));
	OK(line_close(&s));
}

/* TCP has asked for CAP_NET_ADMIN since a filter could alter what others rely on. The
 * socket core of older kernels asks only TCP: then it is taken, and filters nothing.
 */
CASE(filter, needs_a_right)
{
	struct line *l = &self->l;
	pid_t pid = fork();
	int status;
	char c;

	ASSERT_LE(0, pid);
	if (!pid) {
		if (setresuid(NOBODY, NOBODY, NOBODY) ||
		    (filter_set(l->s, 0) && errno != EPERM))
			_exit(1);
		_exit(send(l->s, "x", 1, 0) != 1);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	ASSERT_EQ(1, send(l->c, "y", 1, 0));
	ASSERT_EQ(POLLIN, wait_for(l->s, POLLIN));
	ASSERT_EQ(1, recv(l->s, &c, 1, 0));
	ASSERT_EQ('y', c);
}

OPTIONS(socket, socket_options)
OPTIONS(tcp, tcp_options)
OPTIONS(lacking, lacking_options)
OPTIONS(ip, ip_options_table)
OPTIONS(ipv6, ipv6_options)
OPTIONS(other, other_options)

TEST_HARNESS_MAIN
