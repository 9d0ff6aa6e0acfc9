// SPDX-License-Identifier: GPL-2.0
/*
 * What a session costs beside the TCP below it, over the loopback device.
 *
 *	bench [-q] [-r ROUNDS] [-c CONTESTANT] [-n TIMES] [ROW...]
 *
 * The contestants of a row take turns, in another order each round.  A line is printed
 * for each measurement: row, contestant, round, value, unit.  The value is of the whole
 * measurement: bench.py starts a machine whose clock counts instructions, and makes
 * ratios of these lines.
 *
 *	-q	fewer operations, and only the rows that have a baseline
 *
 * Rows:
 *
 *	bulk64k bulk4k bulk256	a stream in writes of that size
 *	later256		the same, when nothing was said for two seconds
 *	rr1 rr1k rr16k		a request and an answer of that size
 *	crr			connect, a request and an answer of 64 bytes, close
 *	sendfile splice		a file of a MiB, again and again
 *	wan			a stream over 100 ms and 1 Gbit/s, by netem
 *	torn			a stream that is reset each 4 MiB
 *	next			from a reset to the next byte
 *	crowd			many that are reset at once: until each has echoed
 *	idle			memory of connections that do nothing
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <netinet/tcp.h>

#include "destroy.h"
#include "util.h"

#define MIB		1048576
#define PIECE		65536
#define SMALL		64
#define TORN_EACH	(4 * MIB)
#define PORT_BESIDE	(PORT + 1)

/**
 * struct contestant - who is at each end
 * @name: as printed
 * @domain: of the client
 * @server: domain of the server
 * @protocol: of both
 * @tag: RSESS_TAG of the client; -1: the default
 * @beside: a listener of AF_RSESS is in the namespace, for somebody else
 */
struct contestant {
	const char *name;
	int domain;
	int server;
	int protocol;
	int tag;
	bool beside;
};

static const struct contestant contestants[] = {
	{ "tcp", AF_INET, AF_INET, 0, -1, false },
	{ "session", AF_RSESS, AF_RSESS, 0, -1, false },
	{ "tagged", AF_RSESS, AF_RSESS, 0, 1, false },
	{ "fallback", AF_RSESS, AF_INET, 0, -1, false },
	{ "mptcp", AF_INET, AF_INET, IPPROTO_MPTCP, -1, false },
	{ "bystander", AF_INET, AF_INET, 0, -1, true },
};

#define CONTESTANTS	((int)(sizeof(contestants) / sizeof(*contestants)))

/* Bits, by number of the contestant. */
enum {
	SESSIONS	= 0x06,		/* those that a reset does not end */
	PEERS		= 0x07,		/* and TCP, which shows what is not theirs */
	ALL		= 0x3f,
};

/**
 * struct job - one measurement
 * @c: the contestant
 * @size: of an operation, in bytes
 * @count: how many operations
 * @lfd: listener
 * @fd: connected client, or -1
 * @file: of a MiB
 */
struct job {
	const struct contestant *c;
	size_t size;
	int count;
	int lfd;
	int fd;
	int file;
};

/**
 * struct row - what is measured
 * @name: as printed
 * @size: of an operation, in bytes
 * @count: how many operations
 * @quick: as above, with -q; 0: it is left out
 * @rounds: at most so many; 0: as many as are asked for
 * @who: bits, by number of the contestant
 * @run: the client, which is measured; returns its value, or 0 for the time it took
 * @serve: the server, a process of its own
 * @lone: the client connects itself
 * @prepare: the namespace, or NULL
 */
struct row {
	const char *name;
	size_t size;
	int count;
	int quick;
	int rounds;
	int who;
	int64_t (*run)(struct job *j);
	void (*serve)(struct job *j);
	bool lone;
	void (*prepare)(void);
};

static bool quick;
static const char *only;	/* contestant, or NULL */
static int times = 1;		/* as many operations */

static void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void put(int fd, size_t len)
{
	static const char buf[PIECE];
	ssize_t n;

	for (; len; len -= n) {
		n = send(fd, buf, len, MSG_NOSIGNAL);
		if (n <= 0)
			die("send");
	}
}

/* Reads what comes, as large as it is. */
static void get(int fd, size_t len)
{
	static char buf[PIECE];
	ssize_t n;

	for (; len; len -= n) {
		n = recv(fd, buf, len < sizeof(buf) ? len : sizeof(buf), 0);
		if (n <= 0)
			die("recv");
	}
}

static void eof(int fd)
{
	char c;

	if (recv(fd, &c, 1, 0))
		die("no end");
}

static void nodelay(int fd)
{
	int one = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
		die("TCP_NODELAY");
}

static int listener(int domain, int protocol, int port)
{
	int fd = socket(domain, SOCK_STREAM, protocol);
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, AF_INET, port);

	if (fd < 0 || bind(fd, (void *)&ss, len) || listen(fd, 4096))
		die("listen");
	return fd;
}

static int client(const struct contestant *c)
{
	int fd = socket(c->domain, SOCK_STREAM, c->protocol);
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, AF_INET, PORT);

	if (fd < 0)
		die(c->name);
	if (c->tag >= 0 &&
	    setsockopt(fd, SOL_RSESS, RSESS_TAG, &c->tag, sizeof(c->tag)))
		die("RSESS_TAG");
	if (connect(fd, (void *)&ss, len))
		die("connect");
	return fd;
}

static int server(const struct job *j)
{
	int fd = accept(j->lfd, NULL, NULL);

	if (fd < 0)
		die("accept");
	return fd;
}

/* --- streams ------------------------------------------------------------------- */

/* A byte there and back: what is measured afterwards is no connecting. */
static void warm(int fd)
{
	put(fd, 1);
	get(fd, 1);
}

static int warm_server(const struct job *j)
{
	int fd = server(j);

	get(fd, 1);
	put(fd, 1);
	return fd;
}

static void sink(struct job *j)
{
	int fd = warm_server(j);

	get(fd, j->size * j->count);
	eof(fd);
	put(fd, 1);
}

/* All has arrived.  The end sends what waits for more. */
static int64_t finish(struct job *j)
{
	if (shutdown(j->fd, SHUT_WR))
		die("shutdown");
	get(j->fd, 1);
	return 0;
}

static int64_t stream(struct job *j)
{
	int i;

	for (i = 0; i < j->count; i++)
		put(j->fd, j->size);
	return finish(j);
}

/* A connection that was idle is no dialogue to TCP any more. */
static int64_t stream_later(struct job *j)
{
	int64_t took;

	sleep(2);
	took = now_ns();
	stream(j);
	return now_ns() - took;
}

static int64_t send_files(struct job *j)
{
	size_t left;
	ssize_t n;
	off_t off;
	int i;

	for (i = 0; i < j->count; i++) {
		off = 0;
		for (left = j->size; left; left -= n) {
			n = sendfile(j->fd, j->file, &off, left);
			if (n <= 0)
				die("sendfile");
		}
	}
	return finish(j);
}

static int64_t splice_files(struct job *j)
{
	size_t done, left;
	ssize_t n, m;
	loff_t off;
	int p[2];
	int i;

	if (pipe(p))
		die("pipe");
	for (i = 0; i < j->count; i++) {
		off = 0;
		for (done = 0; done < j->size; done += n) {
			n = splice(j->file, &off, p[1], NULL, PIECE, 0);
			if (n <= 0)
				die("splice");
			for (left = n; left; left -= m) {
				m = splice(p[0], NULL, j->fd, NULL, left,
					   SPLICE_F_MORE);
				if (m <= 0)
					die("splice");
			}
		}
	}
	close(p[0]);
	close(p[1]);
	return finish(j);
}

static int64_t torn_stream(struct job *j)
{
	size_t done, from = 0;

	for (done = 0; done < j->size * j->count; done += j->size) {
		put(j->fd, j->size);
		if (j->c->domain == AF_RSESS && done - from >= TORN_EACH) {
			if (destroy_port(PORT) <= 0)
				die("nothing was reset");
			from = done;
		}
	}
	return finish(j);
}

/* --- requests ------------------------------------------------------------------- */

static void answer(struct job *j)
{
	int fd = warm_server(j);
	int i;

	nodelay(fd);
	for (i = 0; i < j->count; i++) {
		get(fd, j->size);
		put(fd, j->size);
	}
	eof(fd);
}

static int64_t ask(struct job *j)
{
	int i;

	nodelay(j->fd);
	for (i = 0; i < j->count; i++) {
		put(j->fd, j->size);
		get(j->fd, j->size);
	}
	return 0;
}

static int later(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The 99th percentile of the times, times the count, so that it is one of the same kind. */
static int64_t ask_worst(struct job *j)
{
	int64_t *took = calloc(j->count, sizeof(*took));
	int64_t worst, begin;
	int i;

	if (!took)
		die("memory");
	nodelay(j->fd);
	for (i = 0; i < j->count; i++) {
		begin = now_ns();
		put(j->fd, j->size);
		get(j->fd, j->size);
		took[i] = now_ns() - begin;
	}
	qsort(took, j->count, sizeof(*took), later);
	worst = took[j->count * 99 / 100] * j->count;
	free(took);
	return worst;
}

static void answer_each(struct job *j)
{
	int fd, i;

	for (i = 0; i < j->count; i++) {
		fd = server(j);
		get(fd, j->size);
		put(fd, j->size);
		eof(fd);
		close(fd);
	}
}

static int64_t ask_each(struct job *j)
{
	int fd, i;

	for (i = 0; i < j->count; i++) {
		fd = client(j->c);
		put(fd, j->size);
		get(fd, j->size);
		close(fd);
	}
	return 0;
}

static void echo(struct job *j)
{
	int fd = server(j);
	char c;

	while (recv(fd, &c, 1, 0) == 1)
		put(fd, 1);
}

/* Each operation is a reset and a byte there and back. */
static int64_t ask_after_reset(struct job *j)
{
	int i;

	for (i = 0; i < j->count; i++) {
		if (destroy_port(PORT) <= 0)
			die("nothing was reset");
		warm(j->fd);
	}
	return 0;
}

/* --- many ------------------------------------------------------------------------ */

static int *open_many(const struct job *j, int (*one)(const struct job *j))
{
	int *fd = calloc(j->count, sizeof(*fd));
	int i;

	if (!fd)
		die("memory");
	for (i = 0; i < j->count; i++)
		fd[i] = one(j);
	return fd;
}

static int warm_client(const struct job *j)
{
	int fd = client(j->c);

	warm(fd);
	return fd;
}

/* Echoes, until the first has no more. */
static void crowd_server(struct job *j)
{
	int *fd = open_many(j, warm_server);
	int i;

	for (i = 0; i < j->count; i++) {
		get(fd[i], 1);
		put(fd[i], 1);
	}
	eof(fd[0]);
}

static int64_t crowd(struct job *j)
{
	int *fd = open_many(j, warm_client);
	int64_t took;
	int i;

	took = now_ns();
	if (j->c->domain == AF_RSESS && destroy_port(PORT) < j->count)
		die("not all were reset");
	for (i = 0; i < j->count; i++)
		put(fd[i], 1);
	for (i = 0; i < j->count; i++)
		get(fd[i], 1);
	took = now_ns() - took;
	for (i = 0; i < j->count; i++)
		close(fd[i]);
	return took;
}

static void idle_server(struct job *j)
{
	int *fd = open_many(j, warm_server);

	eof(fd[0]);
}

/* What all slabs have, in bytes: pages that are kept for the next bytes are none of them. */
static int64_t slabs(void)
{
	long long each, number, sum = 0;
	char line[512];
	FILE *f = fopen("/proc/slabinfo", "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s%*d%*d%*d%*d%lld : tunables%*d%*d%*d : slabdata%*d%lld",
			   &each, &number) == 2)
			sum += each * number;
	if (!f || !sum)
		die("slabinfo");
	fclose(f);
	return sum * sysconf(_SC_PAGESIZE);
}

/* When nothing more returns of what was before: nobody looks at the time here. */
static int64_t slabs_at_rest(void)
{
	int64_t before, now = 0;
	int i;

	for (i = 0; i < 30; i++) {
		before = now;
		if (system("echo 3 >/proc/sys/vm/drop_caches; "
			   "for f in /sys/kernel/slab/*/shrink; do echo 1 >$f; done"))
			die("slabs");
		sleep(2);
		now = slabs();
		if (llabs(now - before) < 64 << 10)
			break;
	}
	return now;
}

static int64_t idle(struct job *j)
{
	int64_t before = slabs_at_rest();
	int *fd = open_many(j, warm_client);
	int64_t after = slabs_at_rest();
	int i;

	for (i = 0; i < j->count; i++)
		close(fd[i]);
	return after - before;
}

static void prepare_wan(void)
{
	if (system("tc qdisc add dev lo root netem delay 50ms rate 1gbit limit 20000"))
		die("netem");
}

/* --- rows ------------------------------------------------------------------------- */

static const struct row rows[] = {
	{ "bulk64k", 65536, 512, 128, 0, ALL, stream, sink, false, NULL },
	{ "bulk4k", 4096, 2048, 512, 0, ALL, stream, sink, false, NULL },
	{ "bulk256", 256, 8192, 2048, 0, ALL, stream, sink, false, NULL },
	{ "later256", 256, 8192, 2048, 0, ALL, stream_later, sink, false, NULL },
	{ "rr1", 1, 1000, 300, 0, ALL, ask, answer, false, NULL },
	{ "rr1k", 1024, 1000, 300, 0, ALL, ask, answer, false, NULL },
	{ "rr16k", 16384, 500, 150, 0, ALL, ask, answer, false, NULL },
	{ "crr", SMALL, 200, 60, 0, ALL, ask_each, answer_each, true, NULL },
	{ "sendfile", MIB, 32, 8, 0, ALL, send_files, sink, false, NULL },
	{ "splice", MIB, 32, 0, 0, ALL, splice_files, sink, false, NULL },
	{ "rr1.p99", 1, 1000, 0, 0, ALL, ask_worst, answer, false, NULL },
	{ "rr1k.p99", 1024, 1000, 0, 0, ALL, ask_worst, answer, false, NULL },
	{ "rr16k.p99", 16384, 500, 0, 0, ALL, ask_worst, answer, false, NULL },
	{ "wan", 65536, 1024, 0, 2, PEERS, stream, sink, false, prepare_wan },
	{ "torn", 65536, 1024, 0, 3, PEERS, torn_stream, sink, false, NULL },
	{ "next", 1, 50, 0, 3, SESSIONS, ask_after_reset, echo, false, NULL },
	{ "crowd", 1, 8000, 0, 1, PEERS, crowd, crowd_server, true, NULL },
	{ "idle", 1, 4000, 0, 1, PEERS, idle, idle_server, true, NULL },
};

#define ROWS	((int)(sizeof(rows) / sizeof(*rows)))

/* A file in memory: no disk has a part in this. */
static int make_file(void)
{
	int fd = memfd_create("bench", 0);
	int i;

	if (fd < 0)
		die("memfd");
	for (i = 0; i < MIB / PIECE; i++) {
		static const char buf[PIECE];

		if (write(fd, buf, sizeof(buf)) != sizeof(buf))
			die("memfd");
	}
	return fd;
}

static void serve(const struct row *row, struct job *j)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	row->serve(j);
	_exit(0);
}

/* In a namespace of its own, so that nothing is left of what was before. */
static int64_t measure(const struct row *row, struct job *j)
{
	int64_t value, took;
	int status;
	pid_t pid;

	if (netns_new())
		die("namespace");
	if (row->prepare)
		row->prepare();
	j->lfd = listener(j->c->server, j->c->protocol, PORT);
	if (j->c->beside)
		listener(AF_RSESS, 0, PORT_BESIDE);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		serve(row, j);
	close(j->lfd);
	j->fd = -1;
	/* Namespaces of those before end meanwhile, at nobody's cost. */
	sleep(2);
	if (!row->lone) {
		j->fd = client(j->c);
		warm(j->fd);
	}
	took = now_ns();
	value = row->run(j);
	took = now_ns() - took;
	if (j->fd >= 0)
		close(j->fd);
	if (waitpid(pid, &status, 0) != pid || status)
		die("the server failed");
	return value ?: took;
}

/* Round -1 is not told. */
static void measure_apart(const struct row *row, int who, int round)
{
	struct job j = { .c = &contestants[who], .size = row->size };
	int status;
	pid_t pid;

	j.count = (quick ? row->quick : row->count) * times;
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		long long each;

		j.file = make_file();
		each = measure(row, &j) / j.count;
		if (round >= 0)
			printf("%s %s %d %lld %s\n", row->name, j.c->name, round,
			       each, row->run == idle ? "bytes" : "ns");
		exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		exit(1);
}

static void measure_row(const struct row *row, int rounds)
{
	int round, i;

	if (row->rounds && row->rounds < rounds)
		rounds = row->rounds;
	/* Whoever is first in a row finds less in caches, and pools that are empty. */
	if (!only)
		measure_apart(row, ffs(row->who) - 1, -1);
	for (round = 0; round < rounds; round++)
		for (i = 0; i < CONTESTANTS; i++) {
			int who = (i + round) % CONTESTANTS;

			if (only && strcmp(only, contestants[who].name))
				continue;
			if (row->who & 1 << who)
				measure_apart(row, who, round);
		}
}

static bool wanted(const struct row *row, char **names)
{
	if (quick && !row->quick)
		return false;
	if (!*names)
		return true;
	for (; *names; names++)
		if (!strcmp(*names, row->name))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	struct rlimit files = { 65536, 65536 };
	int rounds = 5;
	int opt, i;

	while ((opt = getopt(argc, argv, "qr:c:n:")) != -1) {
		switch (opt) {
		case 'q':
			quick = true;
			break;
		case 'c':
			only = optarg;
			break;
		case 'n':
			times = atoi(optarg);
			break;
		case 'r':
			rounds = atoi(optarg);
			break;
		default:
			fprintf(stderr,
				"usage: bench [-q] [-r ROUNDS] [-c CONTESTANT] [-n TIMES] [ROW...]\n");
			return 2;
		}
	}
	if (setrlimit(RLIMIT_NOFILE, &files))
		die("files");
	for (i = 0; i < ROWS; i++)
		if (wanted(&rows[i], argv + optind))
			measure_row(&rows[i], rounds);
	return 0;
}
