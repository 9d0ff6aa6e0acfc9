/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A host behind a tun device that is this program: it sees each packet of the
 * kernel's TCP, and answers with packets that it makes itself, with whatever flags,
 * numbers and options a test wants.  One connection at a time, IPv4.
 *
 * Functions return 0 or a count, and a negative errno after having said what is
 * wrong.
 */
#ifndef _RSESS_TEST_RAW_H
#define _RSESS_TEST_RAW_H

#include <netinet/ip.h>
#include <netinet/tcp.h>

#include "wire.h"
#include "util.h"

#define RAW_KERNEL	"10.9.0.1"
#define RAW_HOST	"10.9.0.2"
#define RAW_PORT	9000

/**
 * struct raw - the host and its connection
 * @fd: of the tun device, or -1
 * @kport: port of the kernel's end
 * @port: port of this end
 * @isn: first sequence number of this end
 * @snd_nxt: next sequence number to send
 * @rcv_nxt: next sequence number expected
 * @flags: TH_*, of the packet read last; so the rest
 * @seq: its sequence number
 * @role: its option
 * @len: its payload
 * @payload: bytes of it
 */
struct raw {
	int fd;
	int kport;
	int port;
	u32 isn;
	u32 snd_nxt;
	u32 rcv_nxt;
	u8 flags;
	u32 seq;
	enum rsess_syn_role role;
	size_t len;
	u8 payload[4096];
};

/**
 * struct raw_packet - of TCP
 * @ip: header
 * @th: header
 * @rest: options, payload
 */
struct raw_packet {
	struct iphdr ip;
	struct tcphdr th;
	u8 rest[2000];
};

/**
 * struct raw_head - what a packet says
 * @from: its source
 * @to: its destination
 * @seq: sequence number
 * @ack: acknowledgment, if @flags has TH_ACK
 * @flags: TH_*
 * @role: of the option, or RSESS_SYN_NONE for none
 */
struct raw_head {
	struct sockaddr_in from;
	struct sockaddr_in to;
	u32 seq;
	u32 ack;
	u8 flags;
	enum rsess_syn_role role;
};

size_t raw_make(struct raw_packet *p, const struct raw_head *a,
		const void *payload, size_t len);
int raw_open(struct raw *r);
void raw_close(struct raw *r);
int raw_read(struct raw *r);
int raw_send(struct raw *r, u8 flags, enum rsess_syn_role role,
	     const void *payload, size_t len);
int raw_expect(struct raw *r, u8 flags);
int raw_accept(struct raw *r, enum rsess_syn_role role);
int raw_ask(struct raw *r, int port, enum rsess_syn_role request);
int raw_connect(struct raw *r, int port, enum rsess_syn_role request,
		enum rsess_syn_role confirm);
int raw_take(struct raw *r, size_t len);
int raw_spoof(int fd, u8 flags, u32 off, u32 ack_off, const void *payload, size_t len);

#endif /* _RSESS_TEST_RAW_H */
