// SPDX-License-Identifier: GPL-2.0
/*
 * Names of numbers, and addresses, as people read them.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "row.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif

static const char * const state_names[] = {
	[TCP_ESTABLISHED]	= "ESTAB",
	[TCP_SYN_SENT]		= "SYN-SENT",
	[TCP_SYN_RECV]		= "SYN-RECV",
	[TCP_FIN_WAIT1]		= "FIN-WAIT-1",
	[TCP_FIN_WAIT2]		= "FIN-WAIT-2",
	[TCP_TIME_WAIT]		= "TIME-WAIT",
	[TCP_CLOSE]		= "UNCONN",
	[TCP_CLOSE_WAIT]	= "CLOSE-WAIT",
	[TCP_LAST_ACK]		= "LAST-ACK",
	[TCP_LISTEN]		= "LISTEN",
	[TCP_CLOSING]		= "CLOSING",
};

/* As ss has them besides the names above. */
static const struct {
	const char	*name;
	uint32_t	states;
} groups[] = {
	{ "all", STATES_ALL },
	{ "connected", STATES_CONNECTED },
	{ "synchronized", STATES_CONNECTED & ~(1u << TCP_SYN_SENT) },
	{ "bucket", 1u << TCP_SYN_RECV | 1u << TCP_TIME_WAIT },
	{ "big", STATES_ALL & ~(1u << TCP_SYN_RECV | 1u << TCP_TIME_WAIT) },
	{ "established", 1u << TCP_ESTABLISHED },
	{ "closed", 1u << TCP_CLOSE },
	{ "close", 1u << TCP_CLOSE },
	{ "unconnected", 1u << TCP_CLOSE },
	{ "listening", 1u << TCP_LISTEN },
};

static const struct {
	const char	*name;
	const char	*text;
} reasons[] = {
	[RSESS_REASON_NONE]	= { "none", "no reason" },
	[RSESS_REASON_UNKNOWN]	= { "unknown", "the peer does not know the session" },
	[RSESS_REASON_AUTH]	= { "auth", "the peer could not be authenticated" },
	[RSESS_REASON_PROTOCOL]	= { "protocol", "the protocol was broken too often" },
	[RSESS_REASON_VERSION]	= { "version", "no common version of the protocol" },
	[RSESS_REASON_APP]	= { "app", "the application cut the session" },
	[RSESS_REASON_ADMIN]	= { "admin", "an administrator ended the session" },
	[RSESS_REASON_RESOURCES] = { "resources",
		"a limit was reached or memory ran out" },
	[RSESS_REASON_TIMEOUT]	= { "timeout", "no transport for too long" },
	[RSESS_REASON_REFUSED]	= { "refused", "nobody listens for sessions there" },
	[RSESS_REASON_CLOSED]	= { "closed", "both directions have ended" },
	[RSESS_REASON_CONNECT]	= { "connect", "the transport could not be opened" },
	[RSESS_REASON_PLAIN_PEER] = { "plain-peer",
		"the peer has no rsess, or something on the way removes its sign" },
	[RSESS_REASON_NO_HELLO]	= { "no-hello",
		"the peer asked for a session and sent no HELLO" },
	[RSESS_REASON_BLACKHOLE] = { "blackhole",
		"something on the way drops each SYN that asks for a session" },
	[RSESS_REASON_OFF]	= { "off", "it is off on this side" },
	[RSESS_REASON_SYN_LOST]	= { "syn-lost",
		"SYNs that ask for a session were lost, this time" },
	[RSESS_REASON_DRAIN]	= { "drain", "no new sessions are wanted on this side" },
};

const char *state_name(int state)
{
	if (state < 0 || state >= (int)ARRAY_SIZE(state_names) ||
	    !state_names[state])
		return "?";
	return state_names[state];
}

/**
 * states_of() - what a name in a filter stands for
 * @name: of a state, or of a group of them
 *
 * Return: a mask of 1 << TCP_ESTABLISHED etc.; 0: there is no such name.
 */
uint32_t states_of(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(groups); i++)
		if (!strcasecmp(name, groups[i].name))
			return groups[i].states;
	for (i = 0; i < ARRAY_SIZE(state_names); i++)
		if (state_names[i] && !strcasecmp(name, state_names[i]))
			return 1u << i;
	return 0;
}

const char *link_name(unsigned int link)
{
	static const char * const names[] = {
		[RSESS_LINK_NONE]	= "none",
		[RSESS_LINK_DIALING]	= "dialing",
		[RSESS_LINK_GREETING]	= "greeting",
		[RSESS_LINK_LIVE]	= "live",
	};

	return link < ARRAY_SIZE(names) ? names[link] : "?";
}

const char *reason_name(unsigned int reason)
{
	return reason < ARRAY_SIZE(reasons) ? reasons[reason].name : "?";
}

const char *reason_text(uint32_t reason)
{
	return reason < ARRAY_SIZE(reasons) ? reasons[reason].text :
					      "a reason that this program does not know";
}

/* NULL: there is no transport. */
const char *protocol_name(const struct row *r)
{
	if (!r->has_transport)
		return NULL;
	switch (r->protocol) {
	case 0:
		return "vsock";
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_SCTP:
		return "sctp";
	case IPPROTO_MPTCP:
		return "mptcp";
	}
	return "?";
}

/* NULL: it is no session. */
const char *role_name(const struct row *r)
{
	if (!r->has_times)
		return NULL;
	return r->info.dialer ? "dialer" : "acceptor";
}

/* Those that have a cgroup, but for slices, which have others in them. */
static bool is_unit(const char *name, size_t len)
{
	static const char * const suffixes[] = {
		".service", ".scope", ".socket", ".mount", ".swap",
	};
	size_t i, n;

	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr(":-_.\\@", name[i]))
			return false;
	for (i = 0; i < ARRAY_SIZE(suffixes); i++) {
		n = strlen(suffixes[i]);
		if (len > n && !memcmp(name + len - n, suffixes[i], n))
			return true;
	}
	return false;
}

/* Is it a unit that has others in it? */
bool slice_name(const char *name, size_t len)
{
	static const char slice[] = ".slice";
	const size_t n = sizeof(slice) - 1;

	return len > n && !memcmp(name + len - n, slice, n);
}

/**
 * unit_name() - the unit of systemd that a cgroup is of, or is in
 * @path: of the cgroup, from the root of cgroups
 * @name: is set, UNIT_LEN bytes
 *
 * It is the first one on the way that is no slice. A name that would be one of the kernel's own
 * files has "_" before it.
 *
 * Return: false if there is none.
 */
bool unit_name(const char *path, char *name)
{
	size_t len;

	do {
		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (!slice_name(path, len))
			break;
		path += len;
	} while (true);
	if (*path == '_') {
		path++;
		len--;
	}
	if (len >= UNIT_LEN || !is_unit(path, len))
		return false;
	memcpy(name, path, len);
	name[len] = '\0';
	return true;
}

/**
 * number_parse() - digits, and nothing else
 * @text: of the number
 * @max: the largest that it may be
 * @value: is set
 *
 * Return: false if it is none, or too large.
 */
bool number_parse(const char *text, uint32_t max, uint32_t *value)
{
	unsigned long long n;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	n = strtoull(text, &end, 10);
	*value = n;
	return !errno && !*end && n <= max;
}

/* At least one; poll() takes milliseconds, as an int. */
bool seconds_parse(const char *text, uint32_t *seconds)
{
	return number_parse(text, INT_MAX / 1000, seconds) && *seconds;
}

/**
 * id_print() - the id of a session
 * @id: RSESS_ID_LEN bytes
 * @buf: ID_LEN bytes
 *
 * Return: @buf.
 */
const char *id_print(const uint8_t *id, char *buf)
{
	static const char digits[] = "0123456789abcdef";
	char *at = buf;
	size_t i;

	for (i = 0; i < RSESS_ID_LEN; i++) {
		*at++ = digits[id[i] >> 4];
		*at++ = digits[id[i] & 15];
	}
	*at = 0;
	return buf;
}

/**
 * addr_print() - an address and its port, as ss shows them
 * @a: address
 * @buf: ADDR_LEN bytes
 *
 * Return: @buf.
 */
const char *addr_print(const struct addr *a, char *buf)
{
	char host[INET6_ADDRSTRLEN] = "*";
	uint32_t cid;

	switch (a->family) {
	case AF_VSOCK:
		memcpy(&cid, a->host, sizeof(cid));
		snprintf(buf, ADDR_LEN, "vsock:%u:%u", cid, a->port);
		return buf;
	case AF_INET:
	case AF_INET6:
		inet_ntop(a->family, a->host, host, sizeof(host));
	}
	if (a->port)
		snprintf(buf, ADDR_LEN, a->family == AF_INET6 ? "[%s]:%u" : "%s:%u",
			 host, a->port);
	else
		snprintf(buf, ADDR_LEN, a->family == AF_INET6 ? "[%s]:*" : "%s:*",
			 host);
	return buf;
}
