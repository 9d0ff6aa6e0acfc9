// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses in a filter: 10.0.0.0/8, 10.0.0.1:80, [2001:db8::]/32:80, :80, vsock:2:80.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "filter.h"

/**
 * filter_port_parse() - a port, or the name of a service
 * @text: of it
 * @port: is set
 *
 * Return: false if it is none.
 */
bool filter_port_parse(const char *text, uint32_t *port)
{
	const struct servent *s;

	if (number_parse(text, UINT32_MAX, port))
		return true;
	s = getservbyname(text, "tcp");
	if (s)
		*port = ntohs((uint16_t)s->s_port);
	return s;
}

/* "", "*" or HOST[/BITS]; it is taken apart. Any host has no bits that have to be equal, and
 * the family that was said already, if there was one.
 */
static bool host_parse(struct filter_addr *a, char *text, int family)
{
	unsigned int max = family == AF_INET ? 32 : 128;
	char *slash = strchr(text, '/');
	uint32_t bits = max;

	if (slash) {
		*slash = '\0';
		if (!number_parse(slash + 1, max, &bits))
			return false;
	} else if (!*text || !strcmp(text, "*")) {
		return true;
	}
	a->addr.family = family;
	a->bits = bits;
	return inet_pton(family, text, a->addr.host) == 1;
}

/* CID[:PORT], or * for a CID; it is taken apart. */
static bool vsock_parse(struct filter_addr *a, char *text)
{
	char *colon = strchr(text, ':');
	uint32_t cid;

	if (colon) {
		*colon = '\0';
		a->has_port = true;
		if (!filter_port_parse(colon + 1, &a->addr.port))
			return false;
	}
	a->addr.family = AF_VSOCK;
	if (!strcmp(text, "*"))
		return true;
	if (!number_parse(text, UINT32_MAX, &cid))
		return false;
	memcpy(a->addr.host, &cid, sizeof(cid));
	a->bits = 32;
	return true;
}

/* [HOST][/BITS][:PORT], with the brackets; it is taken apart. */
static bool brackets_parse(struct filter_addr *a, char *text)
{
	char *end = strchr(text, ']'), *colon;
	char host[ADDR_LEN];

	if (!end)
		return false;
	*end++ = '\0';
	colon = strchr(end, ':');
	if (colon) {
		*colon = '\0';
		a->has_port = true;
		if (!filter_port_parse(colon + 1, &a->addr.port))
			return false;
	}
	if (!text[1] || (*end && *end != '/'))
		return false;
	a->addr.family = AF_INET6;
	if (snprintf(host, sizeof(host), "%s%s", text + 1, end) >=
	    (int)sizeof(host))
		return false;
	return host_parse(a, host, AF_INET6);
}

/**
 * filter_addr_parse() - read an address
 * @a: is set
 * @text: of it
 *
 * Return: false if it is none.
 */
bool filter_addr_parse(struct filter_addr *a, const char *text)
{
	char buf[2 * ADDR_LEN], *colon;

	memset(a, 0, sizeof(*a));
	if (snprintf(buf, sizeof(buf), "%s", text) >= (int)sizeof(buf))
		return false;
	if (!strncmp(buf, "vsock:", 6))
		return vsock_parse(a, buf + 6);
	if (*buf == '[')
		return brackets_parse(a, buf);
	colon = strchr(buf, ':');
	if (!colon)
		return host_parse(a, buf, AF_INET);
	if (strchr(colon + 1, ':'))
		return host_parse(a, buf, AF_INET6);
	*colon = '\0';
	a->has_port = true;
	return filter_port_parse(colon + 1, &a->addr.port) &&
	       host_parse(a, buf, AF_INET);
}

static bool bits_equal(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int rest = bits % 8;

	if (memcmp(a, b, bits / 8))
		return false;
	return !rest || !((a[bits / 8] ^ b[bits / 8]) >> (8 - rest));
}

/**
 * filter_addr_matches() - is an address among those that a filter means?
 * @a: what it means
 * @is: address; one of IPv4 may be mapped to IPv6
 */
bool filter_addr_matches(const struct filter_addr *a, const struct addr *is)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	const uint8_t *host = is->host;
	int family = is->family;

	if (a->has_port && a->addr.port != is->port)
		return false;
	if (!a->addr.family)
		return true;
	if (family == AF_INET6 && a->addr.family == AF_INET &&
	    !memcmp(host, mapped, sizeof(mapped))) {
		family = AF_INET;
		host += sizeof(mapped);
	}
	return family == a->addr.family && bits_equal(host, a->addr.host, a->bits);
}
