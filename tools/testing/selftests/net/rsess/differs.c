// SPDX-License-Identifier: GPL-2.0
/*
 * The differences between AF_RSESS and TCP; see differs.h. Each is described in
 * Documentation/networking/rsess/socket-api.rst.
 */
#define _GNU_SOURCE
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "differs.h"

/**
 * struct difference - one of them
 * @name: for differs()
 * @pattern: of the answers compared by compare() that differ
 * @why: for people
 * @family: of the sockets that differ; 0 is any
 * @relay: only when connections come through the relay
 * @session: only with a session, not when the socket has fallen back to TCP
 * @sctp: only over SCTP
 * @partly: not in each comparison that has such an answer
 * @from: kernels before this one do not show it; NULL: all do
 * @until: kernels from this one on do not show it; NULL: all do
 * @seen: an answer has matched @pattern
 * @used: such an answer differs indeed
 */
static struct difference {
	const char *name;
	const char *pattern;
	const char *why;
	int family;
	bool relay;
	bool session;
	bool sctp;
	bool partly;
	const char *from, *until;
	bool seen, used;
} differences[] = {
	{
		.name = "unread",
		.session = true,
		.why = "close() with unread input does not destroy output",
	},
	{
		.name = "protocol",
		.pattern = "* @(protocol|SO_PROTOCOL get *)",
		.why = "SO_PROTOCOL is IPPROTO_RSESS: it is no TCP socket that is asked",
	},
	{
		.name = "buffers",
		.pattern = "* SO_@(SND|RCV)@(BUF|LOWAT) get @(default|length *|after *)",
		.why = "buffers have a fixed size, which bounds SO_RCVLOWAT too",
	},
	{
		.name = "zerocopy",
		.pattern = "* SO_ZEROCOPY @(set|get) *",
		.until = "6.7",
		.why = "the socket core has SO_ZEROCOPY for TCP only",
	},
	{
		.name = "txrehash",
		.pattern = "* SO_TXREHASH @(set|get) *",
		.from = "6.13",
		.why = "the socket core has SO_TXREHASH for TCP only",
	},
	{
		.name = "closed_queue",
		.pattern = "@(refused|disconnected) outq?(nsd)",
		.why = "without a session nothing is queued; TCP has a remainder",
	},
	{
		.name = "lacking",
		.pattern = "* TCP_@(REPAIR*|QUEUE_SEQ|MD5SIG|ULP) @(set|get) *",
		.why = "what is about one TCP connection has no meaning here",
	},
	{
		.name = "zerocopy_receive",
		.pattern = "* TCP_ZEROCOPY_RECEIVE @(set|get) *",
		.why = "pages of a transport are not lent",
	},
	{
		.name = "fastopen",
		.pattern = "* TCP_FASTOPEN* @(set|get) *",
		.why = "the first bytes of a connection are the session's",
	},
	{
		.name = "timestamping",
		.pattern = "* SO_TIMESTAMPING @(set|get after) 130",
		.why = "the socket core forbids it without a connection for TCP only",
	},
	{
		.name = "transport",
		.partly = true,
		.pattern = "* TCP_@(MAXSEG|QUICKACK|WINDOW_CLAMP|SAVED_SYN) get *",
		.why = "the present transport answers, or one that was never connected",
	},
	{
		.name = "ip_options",
		.pattern = "accepted IP_OPTIONS get inherited*",
		.family = AF_INET,
		.relay = true,
		.why = "they are those of the connection, which is the relay's",
	},
	{
		.name = "mtu6",
		.session = true,
		.pattern = "* IPV6_MTU get @(default|length *|after *)",
		.family = AF_INET6,
		.why = "without a transport there is no path",
	},
	{
		.name = "mtu",
		.session = true,
		.pattern = "* IP_MTU get @(default|length *|after *)",
		.why = "without a transport there is no path",
	},
	{
		.name = "address_form",
		.pattern = "* IPV6_ADDRFORM @(set|get) *",
		.why = "a socket does not change its family",
	},
	{
		.name = "sctp_options",
		.pattern = "* @(TCP_*|9999|level_IPPROTO_SCTP) @(set|get) *",
		.sctp = true,
		.partly = true,
		.why = "a socket of SCTP has its options, and none of TCP",
	},
	{
		.name = "sctp_ip",
		.pattern = "* IP*_@(TOS|TCLASS|MTU_DISCOVER|MULTICAST_*|V6ONLY) get *",
		.sctp = true,
		.partly = true,
		.why = "SCTP sets the bits of ECN, and gives whom it accepts other defaults",
	},
	{
		.name = "sctp_ioctl",
		.pattern = "listening ioctl_unknown",
		.sctp = true,
		.why = "SCTP answers any ioctl of a listener with ENOTCONN",
	},
	{ .name = NULL }
};

/* Does this kernel not show it? */
static bool is_elsewhere(const struct difference *d)
{
	struct utsname u;

	if (uname(&u))
		return false;
	return (d->until && strverscmp(u.release, d->until) >= 0) ||
	       (d->from && strverscmp(u.release, d->from) < 0);
}

/* Does it concern this kind of socket, on this kernel? */
static bool concerns(const struct difference *d, const struct kind *kind)
{
	bool plain = kind->policy == RSESS_NEGOTIATE_OFF;

	if (d->sctp && kind->protocol != IPPROTO_SCTP)
		return false;
	return is_rsess(kind) && !is_elsewhere(d) &&
	       !(plain && d->session);
}

/**
 * differs() - does this kind of socket differ from TCP here?
 * @kind: of the socket
 * @name: of the difference
 *
 * A name that is not in the table ends the test.
 */
bool differs(const struct kind *kind, const char *name)
{
	struct difference *d;

	for (d = differences; d->name; d++)
		if (!strcmp(d->name, name))
			return concerns(d, kind);
	say("no such difference: %s", name);
	exit(1);
}

/**
 * differs_here() - may this answer differ from TCP's?
 * @kind: of the socket
 * @what: the question
 * @really: it does
 */
bool differs_here(const struct kind *kind, const char *what, bool really)
{
	struct difference *d;
	bool may = false;

	for (d = differences; d->name; d++) {
		if (!d->pattern || !concerns(d, kind) ||
		    (d->family && d->family != kind->family) ||
		    (d->relay && !kind->every) ||
		    fnmatch(d->pattern, what, FNM_EXTMATCH))
			continue;
		d->seen = true;
		d->used = d->used || really;
		may = true;
	}
	return may;
}

/* What is documented as a difference has to be one: how many are not. */
int differs_unused(const struct kind *kind)
{
	struct difference *d;
	int n = 0;

	/* A socket differs until it has fallen back, and many tests begin there. */
	if (kind->policy == RSESS_NEGOTIATE_OFF)
		return 0;
	for (d = differences; d->name; d++) {
		if (!is_rsess(kind) || !d->seen || d->used || d->partly)
			continue;
		say("%s does not differ any more: %s", d->name, d->why);
		n++;
	}
	return n;
}
