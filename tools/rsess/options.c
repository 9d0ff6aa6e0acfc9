// SPDX-License-Identifier: GPL-2.0
/*
 * The options of a socket that is exchanged.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>

#include "rsessrun.h"

struct option {
	const char	*text;
	int		level;
	int		name;
	bool		doubled;	/* the kernel tells twice what was set */
};

#define OPTION(level, name)	{ #name, level, name, false }
#define DOUBLED(level, name)	{ #name, level, name, true }

/* All that a TCP socket has, that can be asked for and that can be set before it
 * is connected.
 */
static const struct option options[] = {
	OPTION(SOL_SOCKET,	SO_REUSEADDR),
	OPTION(SOL_SOCKET,	SO_REUSEPORT),
	OPTION(SOL_SOCKET,	SO_KEEPALIVE),
	OPTION(SOL_SOCKET,	SO_OOBINLINE),
	OPTION(SOL_SOCKET,	SO_DONTROUTE),
	OPTION(SOL_SOCKET,	SO_LINGER),
	OPTION(SOL_SOCKET,	SO_RCVTIMEO),
	OPTION(SOL_SOCKET,	SO_SNDTIMEO),
	OPTION(SOL_SOCKET,	SO_RCVLOWAT),
	DOUBLED(SOL_SOCKET,	SO_RCVBUF),
	DOUBLED(SOL_SOCKET,	SO_SNDBUF),
	OPTION(SOL_SOCKET,	SO_BINDTODEVICE),
	OPTION(SOL_SOCKET,	SO_MARK),
	OPTION(SOL_SOCKET,	SO_TIMESTAMP),
	OPTION(SOL_SOCKET,	SO_TIMESTAMPNS),
	OPTION(SOL_SOCKET,	SO_TIMESTAMPING),
	OPTION(SOL_SOCKET,	SO_INCOMING_CPU),
	OPTION(SOL_SOCKET,	SO_BUSY_POLL),
	OPTION(SOL_SOCKET,	SO_MAX_PACING_RATE),
	OPTION(SOL_SOCKET,	SO_ZEROCOPY),

	OPTION(IPPROTO_IPV6,	IPV6_V6ONLY),
	OPTION(IPPROTO_IPV6,	IPV6_TCLASS),
	OPTION(IPPROTO_IPV6,	IPV6_UNICAST_HOPS),
	OPTION(IPPROTO_IPV6,	IPV6_MINHOPCOUNT),
	OPTION(IPPROTO_IPV6,	IPV6_MTU_DISCOVER),
	OPTION(IPPROTO_IPV6,	IPV6_DONTFRAG),
	OPTION(IPPROTO_IPV6,	IPV6_AUTOFLOWLABEL),
	OPTION(IPPROTO_IPV6,	IPV6_ADDR_PREFERENCES),
	OPTION(IPPROTO_IPV6,	IPV6_FREEBIND),
	OPTION(IPPROTO_IPV6,	IPV6_TRANSPARENT),
	OPTION(IPPROTO_IPV6,	IPV6_RECVERR),
	OPTION(IPPROTO_IPV6,	IPV6_RECVTCLASS),
	OPTION(IPPROTO_IPV6,	IPV6_RECVHOPLIMIT),
	OPTION(IPPROTO_IPV6,	IPV6_RECVPKTINFO),

	OPTION(IPPROTO_IP,	IP_TOS),
	OPTION(IPPROTO_IP,	IP_TTL),
	OPTION(IPPROTO_IP,	IP_MINTTL),
	OPTION(IPPROTO_IP,	IP_MTU_DISCOVER),
	OPTION(IPPROTO_IP,	IP_FREEBIND),
	OPTION(IPPROTO_IP,	IP_TRANSPARENT),
	OPTION(IPPROTO_IP,	IP_BIND_ADDRESS_NO_PORT),
	OPTION(IPPROTO_IP,	IP_RECVERR),
	OPTION(IPPROTO_IP,	IP_RECVTOS),
	OPTION(IPPROTO_IP,	IP_RECVTTL),
	OPTION(IPPROTO_IP,	IP_PKTINFO),

	OPTION(IPPROTO_TCP,	TCP_NODELAY),
	OPTION(IPPROTO_TCP,	TCP_CORK),
	OPTION(IPPROTO_TCP,	TCP_MAXSEG),
	OPTION(IPPROTO_TCP,	TCP_KEEPIDLE),
	OPTION(IPPROTO_TCP,	TCP_KEEPINTVL),
	OPTION(IPPROTO_TCP,	TCP_KEEPCNT),
	OPTION(IPPROTO_TCP,	TCP_USER_TIMEOUT),
	OPTION(IPPROTO_TCP,	TCP_SYNCNT),
	OPTION(IPPROTO_TCP,	TCP_LINGER2),
	OPTION(IPPROTO_TCP,	TCP_DEFER_ACCEPT),
	OPTION(IPPROTO_TCP,	TCP_WINDOW_CLAMP),
	OPTION(IPPROTO_TCP,	TCP_QUICKACK),
	OPTION(IPPROTO_TCP,	TCP_CONGESTION),
	OPTION(IPPROTO_TCP,	TCP_THIN_LINEAR_TIMEOUTS),
	OPTION(IPPROTO_TCP,	TCP_NOTSENT_LOWAT),
	OPTION(IPPROTO_TCP,	TCP_FASTOPEN),
	OPTION(IPPROTO_TCP,	TCP_FASTOPEN_CONNECT),
	OPTION(IPPROTO_TCP,	TCP_FASTOPEN_NO_COOKIE),
	OPTION(IPPROTO_TCP,	TCP_SAVE_SYN),
	OPTION(IPPROTO_TCP,	TCP_INQ),
	OPTION(IPPROTO_TCP,	TCP_TX_DELAY),

	/* IP_TOS sets it too. */
	OPTION(SOL_SOCKET,	SO_PRIORITY),
	{ },
};

struct value {
	socklen_t	len;
	union {
		int	number;
		char	bytes[64];
	};
};

static bool get(int fd, const struct option *opt, struct value *val)
{
	memset(val, 0, sizeof(*val));
	val->len = sizeof(val->bytes);
	return !next()->getsockopt(fd, opt->level, opt->name, val->bytes,
				   &val->len);
}

static bool equal(const struct value *a, const struct value *b)
{
	return a->len == b->len && !memcmp(a->bytes, b->bytes, a->len);
}

/**
 * options_copy() - give a socket what was set on another
 * @from: TCP socket of the program
 * @to: new socket
 * @untouched: TCP socket as @from was at first: what is equal was not set, and
 *	@to keeps its own default
 *
 * An option that AF_RSESS does not have is left out.
 */
void options_copy(int from, int to, int untouched)
{
	struct value val, before;
	const struct option *opt;

	for (opt = options; opt->text; opt++) {
		if (!get(from, opt, &val) ||
		    (get(untouched, opt, &before) && equal(&val, &before)))
			continue;
		if (opt->doubled)
			val.number /= 2;
		if (setsockopt(to, opt->level, opt->name, val.bytes, val.len))
			say("not kept: ", to, opt->text);
	}
}
