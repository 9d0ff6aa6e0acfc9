// SPDX-License-Identifier: GPL-2.0
/*
 * A host that is this program; see raw.h.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "raw.h"

/* So many packets may come that are none of the connection's. */
#define STRANGERS	100

static u32 sum(u32 so_far, const void *data, size_t len)
{
	const u8 *p = data;

	for (; len > 1; p += 2, len -= 2)
		so_far += p[0] << 8 | p[1];
	return len ? so_far + (*p << 8) : so_far;
}

static u16 fold(u32 s)
{
	s = (s & 0xffff) + (s >> 16);
	return (s & 0xffff) + (s >> 16);
}

static u32 pseudo_sum(const struct iphdr *ip, size_t len)
{
	return sum(IPPROTO_TCP + len, &ip->saddr, 8);
}

/* The device may leave the sum to hardware that it does not have: then it is that of
 * the pseudo header.
 */
static bool sum_is_right(const struct iphdr *ip, const struct tcphdr *th,
			 size_t len)
{
	u32 pseudo = pseudo_sum(ip, len);

	return fold(pseudo) == ntohs(th->check) ||
	       fold(sum(pseudo, th, len)) == 0xffff;
}

/**
 * raw_open() - make the device in this namespace, and be the host behind it
 * @r: filled in
 *
 * Return: 0 or a negative errno.
 */
int raw_open(struct raw *r)
{
	struct ifreq ifr = {
		.ifr_name = "raw0", .ifr_flags = IFF_TUN | IFF_NO_PI,
	};

	*r = (struct raw){ .fd = -1, .port = RAW_PORT, .isn = 0xfffffff0 };
	if (access("/dev/net/tun", F_OK)) {
		mkdir("/dev/net", 0755);
		mknod("/dev/net/tun", S_IFCHR | 0600, makedev(10, 200));
	}
	r->fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (r->fd < 0 && !system("modprobe tun"))
		r->fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (r->fd < 0 || ioctl(r->fd, TUNSETIFF, &ifr)) {
		say("tun: %s", strerror(errno));
		return -ENODEV;
	}
	if (system("ip link set raw0 up && ip addr add " RAW_KERNEL
		   "/24 dev raw0"))
		return -EINVAL;
	return 0;
}

void raw_close(struct raw *r)
{
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}

/* Is it one of the connection's?  Its fields are filled in then. */
static bool raw_parse(struct raw *r, const u8 *buf, size_t len)
{
	const struct iphdr *ip = (const struct iphdr *)buf;
	const struct tcphdr *th;
	size_t nhl, doff;

	if (len < sizeof(*ip) || ip->version != 4 || ip->protocol != IPPROTO_TCP)
		return false;
	nhl = ip->ihl * 4;
	if (len < nhl + sizeof(*th) || ntohs(ip->tot_len) != len)
		return false;
	th = (const struct tcphdr *)(buf + nhl);
	doff = th->doff * 4;
	if (ntohs(th->dest) != r->port || len < nhl + doff ||
	    (r->kport && ntohs(th->source) != r->kport))
		return false;
	if (fold(sum(0, ip, nhl)) != 0xffff ||
	    !sum_is_right(ip, th, len - nhl)) {
		say("wrong checksum");
		return false;
	}
	r->kport = ntohs(th->source);
	r->flags = th->th_flags;
	r->seq = ntohl(th->seq);
	r->role = rsess_wire_find_synopt(th + 1, doff - sizeof(*th));
	r->len = len - nhl - doff;
	memcpy(r->payload, buf + nhl + doff, r->len);
	return true;
}

/**
 * raw_read() - the next packet of the connection
 * @r: waits at most WAIT_MS for it
 *
 * Return: 0 or -ETIMEDOUT.
 */
int raw_read(struct raw *r)
{
	u8 buf[sizeof(r->payload)];
	ssize_t n;
	int i;

	for (i = 0; i < STRANGERS; i++) {
		if (wait_for(r->fd, POLLIN) < 0)
			break;
		n = read(r->fd, buf, sizeof(buf));
		if (n > 0 && raw_parse(r, buf, n))
			return 0;
	}
	return -ETIMEDOUT;
}

/**
 * raw_make() - make a packet
 * @p: filled in
 * @a: from where, to where, and what TCP says
 * @payload: bytes
 * @len: how many
 *
 * Return: its length.
 */
size_t raw_make(struct raw_packet *p, const struct raw_head *a,
		const void *payload, size_t len)
{
	size_t opts = a->role ? RSESS_SYNOPT_LEN : 0;
	size_t l4 = sizeof(p->th) + opts + len;

	*p = (struct raw_packet){
		.ip = { .version = 4, .ihl = 5, .ttl = 64,
			.protocol = IPPROTO_TCP },
	};
	p->ip.saddr = a->from.sin_addr.s_addr;
	p->ip.daddr = a->to.sin_addr.s_addr;
	p->ip.tot_len = htons(sizeof(p->ip) + l4);
	p->ip.check = htons(~fold(sum(0, &p->ip, sizeof(p->ip))));
	p->th.source = a->from.sin_port;
	p->th.dest = a->to.sin_port;
	p->th.seq = htonl(a->seq);
	p->th.ack_seq = htonl(a->flags & TH_ACK ? a->ack : 0);
	p->th.doff = (sizeof(p->th) + opts) / 4;
	p->th.th_flags = a->flags;
	p->th.window = htons(65535);
	if (a->role)
		rsess_wire_put_synopt(a->role, p->rest);
	memcpy(p->rest + opts, payload, len);
	p->th.check = htons(~fold(sum(pseudo_sum(&p->ip, l4), &p->th, l4)));
	return sizeof(p->ip) + l4;
}

/**
 * raw_send() - make a packet, and send it
 * @r: connection
 * @flags: TH_*
 * @role: of the option, or RSESS_SYN_NONE for none
 * @payload: bytes
 * @len: how many
 *
 * Return: 0 or a negative errno.
 */
int raw_send(struct raw *r, u8 flags, enum rsess_syn_role role,
	     const void *payload, size_t len)
{
	struct raw_head a = {
		.from.sin_port = htons(r->port), .to.sin_port = htons(r->kport),
		.seq = r->snd_nxt, .ack = r->rcv_nxt, .flags = flags,
		.role = role,
	};
	struct raw_packet p;

	inet_pton(AF_INET, RAW_HOST, &a.from.sin_addr);
	inet_pton(AF_INET, RAW_KERNEL, &a.to.sin_addr);
	len = raw_make(&p, &a, payload, len);
	if (write(r->fd, &p, len) < 0) {
		say("write: %s", strerror(errno));
		return -errno;
	}
	return 0;
}

/**
 * raw_expect() - read until a packet has certain flags
 * @r: connection
 * @flags: TH_*
 *
 * Return: 0 or a negative errno.
 */
int raw_expect(struct raw *r, u8 flags)
{
	int i;

	for (i = 0; i < STRANGERS; i++) {
		if (raw_read(r))
			break;
		if ((r->flags & flags) == flags)
			return 0;
	}
	say("no packet with flags %#x", flags);
	return -ETIMEDOUT;
}

/**
 * raw_accept() - answer the SYN that was read, and wait for the ACK
 * @r: connection
 * @role: of the option of the SYN-ACK
 *
 * Return: 0 or a negative errno.
 */
int raw_accept(struct raw *r, enum rsess_syn_role role)
{
	int ret;

	r->rcv_nxt = r->seq + 1;
	r->snd_nxt = r->isn;
	ret = raw_send(r, TH_SYN | TH_ACK, role, NULL, 0);
	r->snd_nxt++;
	return ret ?: raw_expect(r, TH_ACK);
}

/**
 * raw_ask() - begin to connect to the kernel
 * @r: connection
 * @port: of the kernel's listener
 * @request: of the option of the SYN
 *
 * Return: 0 or a negative errno; @r->role is that of the SYN-ACK.
 */
int raw_ask(struct raw *r, int port, enum rsess_syn_role request)
{
	int ret;

	r->kport = port;
	r->snd_nxt = r->isn;
	ret = raw_send(r, TH_SYN, request, NULL, 0) ?:
	      raw_expect(r, TH_SYN | TH_ACK);
	r->rcv_nxt = r->seq + 1;
	r->snd_nxt++;
	return ret;
}

/**
 * raw_connect() - connect to the kernel
 * @r: connection
 * @port: of the kernel's listener
 * @request: of the option of the SYN
 * @confirm: of the option of the ACK
 *
 * Return: 0 or a negative errno; @r->role is that of the SYN-ACK.
 */
int raw_connect(struct raw *r, int port, enum rsess_syn_role request,
		enum rsess_syn_role confirm)
{
	return raw_ask(r, port, request) ?:
	       raw_send(r, TH_ACK, confirm, NULL, 0);
}

/**
 * raw_take() - read payload that comes in order, and acknowledge it
 * @r: connection
 * @len: bytes
 *
 * Return: 0, with all of it in @r->payload if it came at once.
 */
int raw_take(struct raw *r, size_t len)
{
	size_t got = 0;
	int ret;

	while (got < len) {
		ret = raw_read(r);
		if (ret)
			return ret;
		if (!r->len || r->seq != r->rcv_nxt)
			continue;
		got += r->len;
		r->rcv_nxt += r->len;
		ret = raw_send(r, TH_ACK, RSESS_SYN_NONE, NULL, 0);
		if (ret)
			return ret;
	}
	return 0;
}

/* The next number of a queue of a socket of TCP. */
static int next_seq(int fd, int queue, u32 *seq)
{
	socklen_t len = sizeof(*seq);
	int on = TCP_REPAIR_ON, off = TCP_REPAIR_OFF_NO_WP;
	int ret = 0;

	if (setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, &queue,
		       sizeof(queue)) ||
	    getsockopt(fd, IPPROTO_TCP, TCP_QUEUE_SEQ, seq, &len) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &off, sizeof(off))) {
		say("%s", strerror(errno));
		ret = -errno;
	}
	return ret;
}

static bool is_all_sent(void *fd)
{
	int n;

	return !ioctl(*(int *)fd, SIOCOUTQNSD, &n) && !n;
}

/**
 * raw_spoof() - send a packet in the name of a connected socket of TCP
 * @fd: the socket
 * @flags: TH_*
 * @off: of the sequence number from the one that the socket would use
 * @ack_off: of the acknowledgment, likewise
 * @payload: bytes
 * @len: how many
 *
 * Bytes that the socket keeps for now, of which its sequence number knows, are sent first:
 * else there is a hole before the packet, and what fills it may go further than the hole.
 *
 * Return: 0 or a negative errno.
 */
int raw_spoof(int fd, u8 flags, u32 off, u32 ack_off, const void *payload, size_t len)
{
	socklen_t al = sizeof(struct sockaddr_in), bl = al;
	struct raw_head a = { .flags = flags };
	struct raw_packet packet;
	int ret, out;

	if (getsockname(fd, (struct sockaddr *)&a.from, &al) ||
	    getpeername(fd, (struct sockaddr *)&a.to, &bl))
		return -errno;
	ret = wait_until(is_all_sent, &fd) ?:
	      next_seq(fd, TCP_SEND_QUEUE, &a.seq) ?:
	      next_seq(fd, TCP_RECV_QUEUE, &a.ack);
	if (ret)
		return ret;
	a.seq += off;
	a.ack += ack_off;
	len = raw_make(&packet, &a, payload, len);
	out = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (out < 0 || sendto(out, &packet, len, 0, (struct sockaddr *)&a.to,
			      sizeof(a.to)) < 0) {
		say("%s", strerror(errno));
		ret = -errno;
	}
	close(out);
	return ret;
}
