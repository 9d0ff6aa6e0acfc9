// SPDX-License-Identifier: GPL-2.0
/*
 * Random transfers under resets.
 *
 * Each worker is a pair of threads, the client's and the server's end of one
 * session at a time on loopback, IPv4 or IPv6.  What they do is drawn from a
 * generator: sizes, directions, sizes of reads and writes, buffer sizes, slow
 * readers, half-closes, closing with input unread.  The main thread kills their
 * connections: those of TCP and MPTCP with SOCK_DESTROY, and with an nft rule from time
 * to time; associations of SCTP with sctpkill; those of AF_VSOCK go through relays that
 * reset them.
 *
 * The bytes of a stream follow from its seed and their offset, so one that is
 * lost, repeated or out of order is found at its offset.
 *
 * Run it in a network namespace of its own with lo up.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rsess.h>
#include <linux/sock_diag.h>
#include <linux/vm_sockets.h>

#include "relay.h"

#define GOLDEN		0x9e3779b97f4a7c15ull
#define MAX_SIZE	(8u << 20)
#define MAX_CHUNK	(256u << 10)
#define MAX_WORKERS	64
#define MAX_SOCKETS	1024
#define RELAYS		100		/* their ports, behind those of listeners */
#define NO_QUIT		(~0ull)
#define FAULT_TRANSFER	3	/* of worker 0, when a fault was asked for */

/* As in the kernel's net/tcp_states.h. */
enum {
	ESTABLISHED = 1, FIN_WAIT1 = 4, FIN_WAIT2 = 5, CLOSE_WAIT = 8, LAST_ACK = 9,
	CLOSING = 11,
};

enum fault { NO_FAULT, FLIP, DROP, REPEAT, SWAP, CUT, FAULTS };

static const char * const fault_names[FAULTS] = {
	"none", "flip", "drop", "repeat", "swap", "cut",
};

static struct {
	int family;
	int protocol;
	unsigned int resets;
	unsigned int transfers;
	unsigned int workers;
	unsigned int seconds;
	unsigned int stall;		/* s, on a machine that is not slow */
	unsigned int gap;		/* ms between resets, mean */
	unsigned int port;
	__u64 seed;
	bool nft;
	enum fault fault;
} opt = {
	.family = AF_RSESS, .protocol = IPPROTO_TCP, .resets = 1000, .workers = 8, .seconds = 1800,
	.stall = 60, .gap = 20, .port = 20000, .nft = true,
};

struct rng {
	__u64 state;
};

/* What one end does. Drawn by make_plan(). */
struct part {
	__u64 size;			/* bytes to send */
	__u64 seed;			/* of the bytes it sends */
	__u64 quit;			/* close after reading that many bytes */
	unsigned int write_max;
	unsigned int read_max;
	unsigned int nap_us;		/* pause of a slow reader... */
	unsigned int nap_every;		/* ... every so many reads; 0: none */
	int sndbuf;
	int rcvbuf;
	bool late_fin;			/* FIN only after the peer's */
};

struct plan {
	bool v6;
	bool serial;			/* request, half-close, answer */
	enum fault fault;		/* spoils the client's stream */
	struct part part[2];
};

struct end {
	struct worker *w;
	struct part *mine;
	struct part *peer;
	struct rng rng;
	int side;			/* 0: client, 1: server */
	int fd;
	int naps;
	__u64 sent;
	__u64 rcvd;
	bool shut;			/* no more to send */
	bool eof;
	const char *doing;
	char buf[MAX_CHUNK];
	char want[MAX_CHUNK];
};

struct worker {
	int number;
	int lfd[2];			/* listeners: IPv4, IPv6 */
	struct relay relay;		/* to the first of them, if there is one */
	struct plan plan;
	struct end end[2];
	unsigned int transfer;
	atomic_bool last;		/* no transfer after this one */
	atomic_uint gone;		/* threads that have ended */
	atomic_ullong moved;		/* ms; when anything last happened */
	pthread_barrier_t barrier;
	pthread_t thread[2];
};

static struct worker *workers;
static atomic_uint failures;
static atomic_uint transfers;
static atomic_ullong bytes;
static atomic_bool stop;

static struct {
	unsigned int destroyed;		/* established connections */
	unsigned int closing;		/* ... in a later state */
	unsigned int raced;		/* gone before we could */
	unsigned int rejects;		/* turns of the nft rule */
} count;

/* --- random numbers and streams ------------------------------------------ */

/* The finalizer of SplitMix64. */
static __u64 mix(__u64 z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static __u64 draw(struct rng *r)
{
	r->state += GOLDEN;
	return mix(r->state);
}

static unsigned int below(struct rng *r, unsigned int n)
{
	return draw(r) % n;
}

static bool one_in(struct rng *r, unsigned int n)
{
	return !below(r, n);
}

/* 1 to max, each power of two as likely as the others. */
static unsigned int any_size(struct rng *r, unsigned int max)
{
	unsigned int bits = 0;
	unsigned int n;

	while (bits < 31 && (2u << bits) <= max)
		bits++;
	n = 1u << below(r, bits + 1);
	n += below(r, n);
	return n < max ? n : max;
}

/* The bytes at offset off of the stream. */
static void fill(char *buf, __u64 seed, __u64 off, size_t len)
{
	__u64 word;
	size_t n;

	while (len) {
		word = mix(seed + (off / 8 + 1) * GOLDEN);
		n = 8 - off % 8;
		if (n > len)
			n = len;
		memcpy(buf, (char *)&word + off % 8, n);
		buf += n;
		off += n;
		len -= n;
	}
}

/* The same with a fault in the middle, to see that it is found. */
static void fill_spoilt(char *buf, const struct part *p, enum fault kind,
			__u64 off, size_t len)
{
	__u64 mid = p->size / 2;
	size_t i;

	for (i = 0; i < len; i++, off++) {
		__u64 from = off;

		if (kind == DROP && off >= mid)
			from += 7;
		else if (kind == REPEAT && off >= mid)
			from -= 16;
		else if (kind == SWAP && off >= mid && off < mid + 64)
			from += 64;
		else if (kind == SWAP && off >= mid + 64 && off < mid + 128)
			from -= 64;
		fill(buf + i, p->seed, from, 1);
		if (kind == FLIP && off == mid)
			buf[i] ^= 0x10;
	}
}

/* --- failures ------------------------------------------------------------ */

static void print_end(const struct end *e)
{
	fprintf(stderr, "soak:   %s: %s, sent %llu of %llu, received %llu of %llu%s%s%s\n",
		e->side ? "server" : "client", e->doing, e->sent, e->mine->size,
		e->rcvd, e->peer->size, e->shut ? ", shut" : "",
		e->eof ? ", end read" : "",
		e->mine->quit != NO_QUIT ? ", leaves input unread" : "");
}

static void fail_head(struct end *e)
{
	struct worker *w = e->w;

	flockfile(stderr);
	fprintf(stderr, "soak: worker %d transfer %u IPv%d %s, %s: ", w->number,
		w->transfer, w->plan.v6 ? 6 : 4, w->plan.serial ? "serial" : "duplex",
		e->side ? "server" : "client");
}

/* The main thread sees that something failed and ends the program. */
static void fail_tail(struct end *e)
{
	fputc('\n', stderr);
	print_end(&e->w->end[0]);
	print_end(&e->w->end[1]);
	funlockfile(stderr);
	failures++;
	for (;;)
		pause();
}

#define fail(e, fmt, ...)					\
	do {							\
		struct end *__e = (e);				\
								\
		fail_head(__e);					\
		fprintf(stderr, fmt, ##__VA_ARGS__);		\
		fail_tail(__e);					\
	} while (0)

#define die(fmt, ...)						\
	do {							\
		fprintf(stderr, "soak: " fmt "\n", ##__VA_ARGS__);	\
		_exit(2);					\
	} while (0)

/* Says from where in the stream the wrong bytes come, if from there at all. */
static void fail_bytes(struct end *e, size_t bad, size_t len)
{
	size_t n = len - bad < 16 ? len - bad : 16;
	__u64 at = e->rcvd + bad;
	__u64 off;
	char *hit;

	for (off = 0; n >= 8 && off < e->peer->size; off += MAX_CHUNK - 16) {
		fill(e->want, e->peer->seed, off, MAX_CHUNK);
		hit = memmem(e->want, MAX_CHUNK, e->buf + bad, n);
		if (!hit)
			continue;
		off += hit - e->want;
		if (off > at)
			fail(e, "at offset %llu %llu bytes are missing", at, off - at);
		fail(e, "at offset %llu what was at %llu comes again", at, off);
	}
	fail(e, "byte at offset %llu is wrong", at);
}

/* --- one end of a transfer ----------------------------------------------- */

static void moved(struct end *e, const char *doing)
{
	e->doing = doing;
	e->w->moved = now_ms();
}

static void finish_sending(struct end *e)
{
	moved(e, "shutdown");
	if (shutdown(e->fd, SHUT_WR) &&
	    (errno != ENOTCONN || e->peer->quit == NO_QUIT))
		fail(e, "shutdown: %s", strerror(errno));
	e->shut = true;
}

static void send_some(struct end *e, int flags)
{
	enum fault fault = e->side ? NO_FAULT : e->w->plan.fault;
	__u64 left = e->mine->size - e->sent;
	size_t len = 1 + below(&e->rng, e->mine->write_max);
	ssize_t n;

	if (len > left)
		len = left;
	if (fault)
		fill_spoilt(e->buf, e->mine, fault, e->sent, len);
	else
		fill(e->buf, e->mine->seed, e->sent, len);
	if (one_in(&e->rng, 8) && len < left)
		flags |= MSG_MORE;

	n = send(e->fd, e->buf, len, flags | MSG_NOSIGNAL);
	if (n < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return;
		/* A peer that left input unread reads no more. */
		if (errno != EPIPE || e->peer->quit == NO_QUIT)
			fail(e, "send: %s", strerror(errno));
		e->shut = true;
		return;
	}
	e->sent += n;
	moved(e, "transfer");
	if (fault == CUT && e->sent >= e->mine->size / 2)
		finish_sending(e);
}

static void check(struct end *e, size_t len)
{
	size_t i;

	if (e->rcvd + len > e->peer->size)
		fail(e, "%llu bytes too many", e->rcvd + len - e->peer->size);
	fill(e->want, e->peer->seed, e->rcvd, len);
	if (!memcmp(e->buf, e->want, len))
		return;
	for (i = 0; e->buf[i] == e->want[i]; i++)
		;
	fail_bytes(e, i, len);
}

static void recv_some(struct end *e, int flags)
{
	size_t len = 1 + below(&e->rng, e->mine->read_max);
	ssize_t n;

	if (e->mine->quit != NO_QUIT && len > e->mine->quit - e->rcvd)
		len = e->mine->quit - e->rcvd;
	if (one_in(&e->rng, 16))
		flags |= MSG_PEEK;
	n = recv(e->fd, e->buf, len, flags);
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			fail(e, "recv: %s", strerror(errno));
		return;
	}
	if (!n) {
		if (e->rcvd < e->peer->size)
			fail(e, "the stream ended at offset %llu", e->rcvd);
		moved(e, "end");
		e->eof = true;
		return;
	}

	check(e, n);
	moved(e, "transfer");
	if (flags & MSG_PEEK)
		return;
	e->rcvd += n;
	bytes += n;
	if (e->naps && one_in(&e->rng, e->mine->nap_every)) {
		usleep(e->mine->nap_us);
		e->naps--;
	}
}

static bool may_finish(const struct end *e)
{
	return e->sent == e->mine->size && (!e->mine->late_fin || e->eof);
}

static void run_duplex(struct end *e)
{
	struct pollfd p = { .fd = e->fd };
	bool more, quit;

	for (;;) {
		quit = e->rcvd == e->mine->quit;
		if (quit && e->sent == e->mine->size)
			return;			/* close with input unread */
		if (!e->shut && e->mine->quit == NO_QUIT && may_finish(e))
			finish_sending(e);
		if (e->shut && e->eof)
			return;

		more = !e->shut && e->sent < e->mine->size;
		p.events = (more ? POLLOUT : 0) | (e->eof || quit ? 0 : POLLIN);
		if (poll(&p, 1, 1000) <= 0)
			continue;
		if (p.revents & POLLNVAL)
			fail(e, "poll: POLLNVAL");
		if (p.events & POLLIN && p.revents & (POLLIN | POLLERR | POLLHUP))
			recv_some(e, MSG_DONTWAIT);
		if (more && p.revents & (POLLOUT | POLLERR | POLLHUP))
			send_some(e, MSG_DONTWAIT);
	}
}

/* Blocking calls only: the client asks to the end, then the server answers. */
static void run_serial(struct end *e)
{
	bool first = !e->side;

	while (!first && !e->eof)
		recv_some(e, 0);
	while (!e->shut && e->sent < e->mine->size)
		send_some(e, 0);
	if (!e->shut)
		finish_sending(e);
	while (!e->eof)
		recv_some(e, 0);
}

static void set_buffers(struct end *e)
{
	int fd = e->fd;

	if (e->mine->sndbuf && setsockopt(fd, SOL_SOCKET, SO_SNDBUF,
					  &e->mine->sndbuf, sizeof(int)))
		fail(e, "SO_SNDBUF: %s", strerror(errno));
	if (e->mine->rcvbuf && setsockopt(fd, SOL_SOCKET, SO_RCVBUF,
					  &e->mine->rcvbuf, sizeof(int)))
		fail(e, "SO_RCVBUF: %s", strerror(errno));
}

/* AF_VSOCK is one family. */
static int family_of(bool v6)
{
	if (opt.protocol == PF_VSOCK)
		return AF_VSOCK;
	return v6 ? AF_INET6 : AF_INET;
}

static int new_socket(bool v6)
{
	int domain = opt.family == AF_RSESS ? AF_RSESS : family_of(v6);
	int fd = socket(domain, SOCK_STREAM | SOCK_CLOEXEC, opt.protocol);
	/* By itself it has 2 s, and may wait behind what others have sent. */
	struct timeval patience = { .tv_sec = 5 * slowness() };

	if (fd < 0)
		die("socket: %s", strerror(errno));
	if (opt.protocol == PF_VSOCK &&
	    setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &patience,
		       sizeof(patience)))
		die("SO_VM_SOCKETS_CONNECT_TIMEOUT: %s", strerror(errno));
	return fd;
}

/* The nft rule makes TCP refuse a first connection, as a closed port would. */
static void do_connect(struct end *e)
{
	bool v6 = e->w->plan.v6;
	struct sockaddr_storage ss;
	int port = opt.port + e->w->number + (opt.protocol == PF_VSOCK ? RELAYS : 0);
	socklen_t len = loopback(&ss, family_of(v6), port);

	moved(e, "connect");
	for (;;) {
		e->fd = new_socket(v6);
		set_buffers(e);
		if (!connect(e->fd, (struct sockaddr *)&ss, len))
			return;
		if (errno != ECONNREFUSED)
			fail(e, "connect: %s", strerror(errno));
		close(e->fd);
		e->doing = "connect, refused";
		usleep(20 * 1000);
	}
}

static void do_accept(struct end *e)
{
	moved(e, "accept");
	e->fd = accept4(e->w->lfd[e->w->plan.v6], NULL, NULL, SOCK_CLOEXEC);
	if (e->fd < 0)
		fail(e, "accept: %s", strerror(errno));
	set_buffers(e);
}

/* Nothing but the one session may have come in. */
static void check_listener(struct end *e)
{
	struct pollfd p = { .fd = e->w->lfd[e->w->plan.v6], .events = POLLIN };

	if (poll(&p, 1, 0))
		fail(e, "one connection too many");
}

static void run_end(struct end *e)
{
	struct worker *w = e->w;

	if (e->side)
		do_accept(e);
	else
		do_connect(e);
	if (w->plan.serial)
		run_serial(e);
	else
		run_duplex(e);
	moved(e, "close");
	close(e->fd);
	moved(e, "done");
}

/* --- plans and workers --------------------------------------------------- */

static void make_part(struct rng *r, struct part *p, unsigned int size)
{
	unsigned int least = size / 2000 + 1;

	memset(p, 0, sizeof(*p));
	p->size = size;
	p->seed = draw(r);
	p->quit = NO_QUIT;
	p->write_max = any_size(r, MAX_CHUNK);
	if (p->write_max < least)
		p->write_max = least;
	p->read_max = any_size(r, MAX_CHUNK);
	p->nap_every = 1;
	if (one_in(r, 4)) {
		p->nap_us = any_size(r, 50 * 1000);
		p->nap_every = any_size(r, 32);
	}
	if (one_in(r, 4))
		p->sndbuf = 16384 + any_size(r, 1 << 18);
	if (one_in(r, 4))
		p->rcvbuf = 32768 + any_size(r, 1 << 18);
}

static void make_plan(struct worker *w)
{
	struct rng r = { mix(opt.seed ^ mix((__u64)w->number << 32 | w->transfer)) };
	struct plan *p = &w->plan;
	unsigned int rude;
	int i;

	memset(p, 0, sizeof(*p));
	p->v6 = one_in(&r, 2) && opt.protocol != PF_VSOCK;
	p->serial = one_in(&r, 4);
	for (i = 0; i < 2; i++)
		make_part(&r, &p->part[i],
			  one_in(&r, 12) ? 0 : any_size(&r, MAX_SIZE));
	for (i = 0; i < 2; i++)
		if (p->part[i].read_max < p->part[!i].size / 2000 + 1)
			p->part[i].read_max = p->part[!i].size / 2000 + 1;
	if (!p->serial && one_in(&r, 6))
		p->part[below(&r, 2)].late_fin = true;

	/* TCP itself would reset here, and what we sent could be lost. */
	rude = below(&r, 2);
	if (opt.family == AF_RSESS && !p->serial && p->part[!rude].size &&
	    one_in(&r, 6)) {
		p->part[rude].quit = below(&r, p->part[!rude].size);
		p->part[!rude].late_fin = false;
	}

	if (!w->number && w->transfer == FAULT_TRANSFER && opt.fault) {
		p->fault = opt.fault;
		p->part[0].size = 1000 * 1000;
		p->part[0].write_max = MAX_CHUNK;
		p->part[1].quit = NO_QUIT;
		p->part[1].read_max = MAX_CHUNK;
	}
}

static void setup_end(struct worker *w, int side)
{
	struct end *e = &w->end[side];

	e->w = w;
	e->side = side;
	e->mine = &w->plan.part[side];
	e->peer = &w->plan.part[!side];
	e->rng.state = mix(e->mine->seed + 1);
	e->naps = e->mine->nap_us ? 50 : 0;
	e->sent = 0;
	e->rcvd = 0;
	e->shut = false;
	e->eof = false;
	e->doing = "start";
}

static void *client(void *arg)
{
	struct worker *w = arg;

	do {
		w->transfer++;
		make_plan(w);
		setup_end(w, 0);
		setup_end(w, 1);
		pthread_barrier_wait(&w->barrier);
		run_end(&w->end[0]);
		pthread_barrier_wait(&w->barrier);
		check_listener(&w->end[0]);
		transfers++;
		w->last = stop;
		pthread_barrier_wait(&w->barrier);
	} while (!w->last);
	w->gone++;
	return NULL;
}

static void *server(void *arg)
{
	struct worker *w = arg;

	do {
		pthread_barrier_wait(&w->barrier);
		run_end(&w->end[1]);
		pthread_barrier_wait(&w->barrier);
		pthread_barrier_wait(&w->barrier);
	} while (!w->last);
	w->gone++;
	return NULL;
}

/* First of all: each of them is a process, and has the sockets that are there. */
static void start_relays(void)
{
	unsigned int i;

	if (opt.protocol != PF_VSOCK)
		return;
	for (i = 0; i < opt.workers; i++)
		if (relay_start(&workers[i].relay, AF_VSOCK, opt.protocol,
				opt.port + RELAYS + i, opt.port + i, SIZE_MAX))
			die("relay");
}

/* A port of AF_VSOCK belongs to no namespace: a listener of the one before may still
 * be about to go.
 */
static int bind_patiently(int fd, const struct sockaddr_storage *ss, socklen_t len)
{
	int64_t end = now_ms() + WAIT_MS;

	while (bind(fd, (const struct sockaddr *)ss, len)) {
		if (errno != EADDRINUSE || opt.protocol != PF_VSOCK || now_ms() > end)
			return -errno;
		usleep(100 * 1000);
	}
	return 0;
}

static void start_worker(int number)
{
	struct worker *w = &workers[number];
	struct sockaddr_storage ss;
	socklen_t len;
	int one = 1;
	int v6;

	w->number = number;
	w->moved = now_ms();
	for (v6 = 0; v6 < (opt.protocol == PF_VSOCK ? 1 : 2); v6++) {
		w->lfd[v6] = new_socket(v6);
		len = loopback(&ss, family_of(v6), opt.port + number);
		setsockopt(w->lfd[v6], SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		if (bind_patiently(w->lfd[v6], &ss, len) ||
		    listen(w->lfd[v6], 4))
			die("listen: %s", strerror(errno));
	}
	if (pthread_barrier_init(&w->barrier, NULL, 2) ||
	    pthread_create(&w->thread[0], NULL, client, w) ||
	    pthread_create(&w->thread[1], NULL, server, w))
		die("threads: %s", strerror(errno));
}

/* --- resets -------------------------------------------------------------- */

struct victim {
	__u8 family;
	__u8 state;
	struct inet_diag_sockid id;
};

static struct victim victims[MAX_SOCKETS];
static int diag;

static void diag_send(int type, int flags, const struct victim *v)
{
	struct {
		struct nlmsghdr h;
		struct inet_diag_req_v2 r;
	} m = {
		.h = {
			.nlmsg_len = sizeof(m),
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | flags,
		},
		.r = {
			.sdiag_family = v->family,
			.sdiag_protocol = IPPROTO_TCP,
			.idiag_states = 1 << ESTABLISHED | 1 << FIN_WAIT1 |
					1 << FIN_WAIT2 | 1 << CLOSE_WAIT |
					1 << LAST_ACK | 1 << CLOSING,
			.id = v->id,
		},
	};

	if (send(diag, &m, sizeof(m), 0) != sizeof(m))
		die("sock_diag: %s", strerror(errno));
}

static bool our_port(__be16 port)
{
	unsigned int n = ntohs(port) - opt.port;

	return n < opt.workers;
}

/* Reads one answer. False when it is the last of this request. */
static bool diag_recv(int *found, int *err)
{
	__u64 buf[4096];
	ssize_t len = recv(diag, buf, sizeof(buf), 0);
	struct nlmsghdr *h = (void *)buf;
	struct inet_diag_msg *msg;

	if (len < 0)
		die("sock_diag: %s", strerror(errno));
	for (; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
		if (h->nlmsg_type == NLMSG_ERROR)
			*err = ((struct nlmsgerr *)NLMSG_DATA(h))->error;
		if (h->nlmsg_type == NLMSG_ERROR || h->nlmsg_type == NLMSG_DONE)
			return false;
		msg = NLMSG_DATA(h);
		if (*found == MAX_SOCKETS ||
		    (!our_port(msg->id.idiag_sport) && !our_port(msg->id.idiag_dport)))
			continue;
		victims[*found].family = msg->idiag_family;
		victims[*found].state = msg->idiag_state;
		victims[*found].id = msg->id;
		(*found)++;
	}
	return true;
}

static int list_sockets(void)
{
	struct victim all = { 0 };
	int found = 0;
	int err = 0;
	int i;

	for (i = 0; i < 2; i++) {
		all.family = i ? AF_INET6 : AF_INET;
		diag_send(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &all);
		while (diag_recv(&found, &err))
			;
	}
	if (err)
		die("sock_diag: %s", strerror(-err));
	return found;
}

static void destroy(const struct victim *v)
{
	int none = MAX_SOCKETS;
	int err = 0;

	diag_send(SOCK_DESTROY, NLM_F_ACK, v);
	while (diag_recv(&none, &err))
		;
	if (err == -ENOENT)
		count.raced++;
	else if (err)
		die("SOCK_DESTROY: %s", strerror(-err));
	else if (v->state == ESTABLISHED)
		count.destroyed++;
	else
		count.closing++;
}

/* Runs nft with the input given; it takes a while, so this is done now and then. */
static void run_nft(const char *input)
{
	FILE *f = popen("nft -f -", "w");

	if (!f)
		die("popen: %s", strerror(errno));
	fputs(input, f);
	if (pclose(f))
		die("nft failed");
}

static void reject_for_a_while(struct rng *r)
{
	char rules[256];

	snprintf(rules, sizeof(rules),
		 "table inet rsess_soak {\nchain input {\n"
		 "type filter hook input priority 0;\n"
		 "tcp dport %u-%u reject with tcp reset\n"
		 "}\n}\n", opt.port, opt.port + opt.workers - 1);
	run_nft(rules);
	usleep(any_size(r, 100 * 1000));
	run_nft("delete table inet rsess_soak\n");
	count.rejects++;
}

static __be16 listener_port(const struct victim *v)
{
	return our_port(v->id.idiag_sport) ? v->id.idiag_sport : v->id.idiag_dport;
}

static void destroy_all(__be16 port)
{
	int n = list_sockets();
	int i;

	for (i = 0; i < n; i++)
		if (!port || listener_port(&victims[i]) == port)
			destroy(&victims[i]);
}

/* Associations that an ABORT has ended. */
static unsigned long sctp_aborted(void)
{
	FILE *f = fopen("/proc/net/sctp/snmp", "r");
	unsigned long n = 0;
	char line[128];

	if (!f)
		die("/proc/net/sctp/snmp: %s", strerror(errno));
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "SctpAborteds %lu", &n) == 1)
			break;
	fclose(f);
	return n;
}

/* Whoever speaks next; at times a few in a row. */
static void tear_sctp(struct rng *r)
{
	unsigned long before = sctp_aborted();
	char cmd[4200], path[4096];

	if (program_beside("sctpkill", path, sizeof(path)))
		die("/proc/self/exe: %s", strerror(errno));
	snprintf(cmd, sizeof(cmd), "%s -q -i lo -n %u -t 1 2>/dev/null",
		 path, one_in(r, 16) ? 10 : 1);
	if (system(cmd))
		die("sctpkill failed");
	if (sctp_aborted() > before)
		count.destroyed++;
	else
		count.raced++;
}

/* One at random; at times all, or the same session again while it comes back. */
static void tear_tcp(struct rng *r)
{
	unsigned int kind = below(r, 64);
	__be16 port;
	int n;

	if (kind == 0 && opt.nft) {
		reject_for_a_while(r);
	} else if (kind == 1) {
		destroy_all(0);
	} else {
		n = list_sockets();
		if (!n)
			return;
		n = below(r, n);
		port = listener_port(&victims[n]);
		destroy(&victims[n]);
		for (n = kind < 6 ? 5 : 0; n; n--) {
			usleep(any_size(r, 4000));
			destroy_all(port);
		}
	}
}

/* One worker's; at times all. */
static void tear_relayed(struct rng *r)
{
	int number = one_in(r, 64) ? -1 : (int)below(r, opt.workers);
	struct worker *w;
	__u64 before;

	for (w = workers; w < workers + opt.workers; w++) {
		if (number >= 0 && w->number != number)
			continue;
		before = w->relay.resets;
		if (relay_reset(&w->relay))
			die("relay");
		count.destroyed += w->relay.resets - before;
	}
}

static const struct over {
	const char *name;
	int protocol;
	void (*tear)(struct rng *r);
} overs[] = {
	{ "tcp", IPPROTO_TCP, tear_tcp },
	{ "sctp", IPPROTO_SCTP, tear_sctp },
	{ "mptcp", IPPROTO_MPTCP, tear_tcp },
	{ "vsock", PF_VSOCK, tear_relayed },
	{ NULL, 0, NULL },
};

static const struct over *over = overs;

/* --- the run ------------------------------------------------------------- */

static void check_stall(void)
{
	/* It has to bear some handshakes, which have more time there, too. */
	unsigned int patience = opt.stall * slowness();
	struct worker *w;

	for (w = workers; w < workers + opt.workers; w++) {
		if (w->gone == 2 || w->moved + patience * 1000ull > (__u64)now_ms())
			continue;
		fprintf(stderr, "soak: worker %d transfer %u: no progress for %u s\n",
			w->number, w->transfer, patience);
		print_end(&w->end[0]);
		print_end(&w->end[1]);
		if (system("ss -Htanoe >&2"))
			fprintf(stderr, "soak: ss failed\n");
		failures++;
		return;
	}
}

static bool all_gone(void)
{
	struct worker *w;

	for (w = workers; w < workers + opt.workers; w++)
		if (w->gone < 2)
			return false;
	return true;
}

static void print_counts(FILE *f, const char *what)
{
	fprintf(f, "soak: %s resets=%u transfers=%u bytes=%llu seed=%llu", what,
		count.destroyed, transfers, bytes, opt.seed);
	fprintf(f, " closing=%u raced=%u rejects=%u\n", count.closing, count.raced,
		count.rejects);
	fflush(f);
}

/* Until everything is done or something has failed. */
static void run(void)
{
	struct rng r = { mix(opt.seed) };
	__u64 start = now_ms();
	__u64 told = start;

	while (!failures && !all_gone()) {
		if (count.destroyed >= opt.resets && transfers >= opt.transfers)
			stop = true;
		if (opt.resets && !stop)
			over->tear(&r);
		usleep(below(&r, 2 * opt.gap + 1) * 1000);
		check_stall();
		if (now_ms() - start > opt.seconds * 1000ull) {
			fprintf(stderr, "soak: not done after %u s\n", opt.seconds);
			failures++;
		}
		if (now_ms() - told > 5000) {
			told = now_ms();
			print_counts(stderr, "so far");
		}
	}
	if (!failures)
		return;
	usleep(300 * 1000);	/* others may have something to say too */
	state_print();
}

static void help(void)
{
	fprintf(stderr,
		"usage: soak [options]\n"
		"  --family rsess|tcp  default rsess\n"
		"  --over tcp|sctp|mptcp|vsock\n"
		"                      transport, default tcp\n"
		"  --resets N          established connections to destroy (default 1000)\n"
		"  --transfers N       do at least that many (default 0)\n"
		"  --workers N         sessions at once (default 8)\n"
		"  --gap MS            mean time between resets (default 20)\n"
		"  --seconds N         fail after that time (default 1800)\n"
		"  --stall N           fail when a transfer stands still (default 60)\n"
		"  --seed N            repeat the plans of an earlier run\n"
		"  --port N            first port (default 20000)\n"
		"  --no-nft            destroy sockets only\n"
		"  --fault KIND        spoil a stream: flip drop repeat swap cut\n");
	exit(2);
}

static void set_name(int c, const char *name)
{
	int i;

	if (c == 'o') {
		for (over = overs; over->name && strcmp(name, over->name); over++)
			;
		if (!over->name)
			help();
		opt.protocol = over->protocol;
		return;
	}
	if (c == 'f') {
		if (!strcmp(name, "tcp"))
			opt.family = AF_INET;
		else if (strcmp(name, "rsess"))
			help();
		return;
	}
	for (i = 0; i < FAULTS && strcmp(name, fault_names[i]); i++)
		;
	if (i == FAULTS)
		help();
	opt.fault = i;
}

static void parse(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "family", required_argument, NULL, 'f' },
		{ "over", required_argument, NULL, 'o' },
		{ "fault", required_argument, NULL, 'F' },
		{ "no-nft", no_argument, NULL, 'n' },
		{ "seed", required_argument, NULL, 's' },
		{ "resets", required_argument, NULL, 0 },
		{ "transfers", required_argument, NULL, 1 },
		{ "workers", required_argument, NULL, 2 },
		{ "gap", required_argument, NULL, 3 },
		{ "seconds", required_argument, NULL, 4 },
		{ "stall", required_argument, NULL, 5 },
		{ "port", required_argument, NULL, 6 },
		{ NULL, 0, NULL, 0 },
	};
	unsigned int * const numbers[] = {
		&opt.resets, &opt.transfers, &opt.workers, &opt.gap, &opt.seconds,
		&opt.stall, &opt.port,
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c >= 0 && c <= 6)
			*numbers[c] = strtoul(optarg, NULL, 0);
		else if (c == 'f' || c == 'F' || c == 'o')
			set_name(c, optarg);
		else if (c == 's')
			opt.seed = strtoull(optarg, NULL, 0);
		else if (c == 'n')
			opt.nft = false;
		else
			help();
	}
	if (optind != argc || !opt.workers || opt.workers > MAX_WORKERS)
		help();
}

int main(int argc, char **argv)
{
	struct timespec ts;
	unsigned int i;

	parse(argc, argv);
	if (!opt.seed) {
		clock_gettime(CLOCK_REALTIME, &ts);
		opt.seed = mix(ts.tv_sec * GOLDEN + ts.tv_nsec) >> 32;
	}
	diag = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (diag < 0)
		die("sock_diag: %s", strerror(errno));
	workers = calloc(opt.workers, sizeof(*workers));
	if (!workers)
		die("no memory");
	fprintf(stderr, "soak: seed=%llu\n", opt.seed);
	start_relays();
	for (i = 0; i < opt.workers; i++)
		start_worker(i);
	run();
	print_counts(stdout, failures ? "FAILED" : "done");
	_exit(failures ? 1 : 0);
}
