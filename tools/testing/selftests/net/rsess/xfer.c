// SPDX-License-Identifier: GPL-2.0
/*
 * Transfer tool: one connection, a file in each direction at once.
 *
 * Each side sends its file, shuts down its sending direction and reads to the
 * end of the stream.  It prints one line with what was sent and received, the
 * SHA-256 of both, and how the stream ended.  The exit status is 0 only if
 * everything was sent and the end of the stream was reached without an error.
 *
 * SHA-256 is the work of sha256sum(1), one child for each direction.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/rsess.h>

#define CHUNK		(64 * 1024)
#define CONNECT_WAIT	10.0	/* seconds to wait for a listener */
#define HASH_LEN	64

#define die(fmt, ...)							\
	do {								\
		fprintf(stderr, "xfer: " fmt "\n", ##__VA_ARGS__);	\
		exit(2);						\
	} while (0)

struct hasher {
	pid_t pid;
	int in;				/* write end: the bytes */
	int out;			/* read end: the sum */
	char hex[HASH_LEN + 1];
};

struct options {
	int family;
	int protocol;
	bool listen;
	bool progress;
	const char *addr;
	const char *port;
	const char *send;
	const char *recv;
	double rate;			/* bytes a second; 0: no limit */
	double period;			/* seconds in which rate is met */
	double stall;			/* seconds without any progress */
};

struct xfer {
	const struct options *o;
	int fd;
	int in;				/* file to send, -1: none */
	int out;			/* file to keep, -1: none */
	struct hasher sent_hash;
	struct hasher recv_hash;
	char buf[CHUNK];		/* read from the file, not yet sent */
	size_t len;
	size_t off;
	__u64 sent;
	__u64 received;
	bool file_end;
	bool shut;			/* SHUT_WR done */
	bool eof;			/* the peer's end of stream was read */
	int error;			/* first error of the stream */
	double start;
	double end;
	double tokens;			/* bytes that the rate allows now */
	__u64 tick;			/* the period in which tokens was last raised */
	double moved;			/* when the last byte went either way */
	double told;			/* when progress was last printed */
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void write_all(int fd, const char *buf, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(fd, buf, len);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			die("write: %s", strerror(errno));
		}
		buf += n;
		len -= n;
	}
}

static void hash_start(struct hasher *h)
{
	int to[2], from[2];

	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		die("pipe: %s", strerror(errno));
	h->pid = fork();
	if (h->pid < 0)
		die("fork: %s", strerror(errno));
	if (!h->pid) {
		if (dup2(to[0], 0) < 0 || dup2(from[1], 1) < 0)
			_exit(127);
		execlp("sha256sum", "sha256sum", (char *)NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	h->in = to[1];
	h->out = from[0];
}

static void hash_end(struct hasher *h)
{
	size_t len = 0;
	int status;
	ssize_t n;

	close(h->in);
	while (len < HASH_LEN) {
		n = read(h->out, h->hex + len, HASH_LEN - len);
		if (n <= 0)
			break;
		len += n;
	}
	close(h->out);
	if (waitpid(h->pid, &status, 0) < 0 || status || len != HASH_LEN)
		die("sha256sum failed");
	h->hex[HASH_LEN] = '\0';
}

static struct addrinfo *resolve(const struct options *o)
{
	struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | (o->listen ? AI_PASSIVE : 0),
	};
	struct addrinfo *ai;
	int err;

	err = getaddrinfo(o->addr, o->port, &hints, &ai);
	if (err)
		die("%s port %s: %s", o->addr, o->port, gai_strerror(err));
	return ai;
}

static int new_socket(const struct options *o, const struct addrinfo *ai)
{
	int domain = o->family == AF_RSESS ? AF_RSESS : ai->ai_family;
	int fd;

	fd = socket(domain, SOCK_STREAM | SOCK_CLOEXEC, o->protocol);
	if (fd < 0)
		die("socket: %s", strerror(errno));
	return fd;
}

static int do_listen(const struct options *o)
{
	struct addrinfo *ai = resolve(o);
	int lfd = new_socket(o, ai);
	int one = 1;
	int fd;

	setsockopt(lfd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(lfd, ai->ai_addr, ai->ai_addrlen) || listen(lfd, 1))
		die("listen: %s", strerror(errno));
	fd = accept4(lfd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		die("accept: %s", strerror(errno));
	close(lfd);
	freeaddrinfo(ai);
	return fd;
}

/* The listener may come later than we do: try for a while. */
static int do_connect(const struct options *o)
{
	struct addrinfo *ai = resolve(o);
	double end = now() + CONNECT_WAIT;
	int fd, err;

	for (;;) {
		fd = new_socket(o, ai);
		if (!connect(fd, ai->ai_addr, ai->ai_addrlen))
			break;
		err = errno;
		close(fd);
		if (err != ECONNREFUSED || now() > end)
			die("connect: %s", strerror(err));
		usleep(100 * 1000);
	}
	freeaddrinfo(ai);
	return fd;
}

static bool get_info(const struct xfer *x, struct rsess_info *info)
{
	socklen_t len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return x->o->family == AF_RSESS &&
	       !getsockopt(x->fd, SOL_RSESS, RSESS_INFO, info, &len);
}

static void set_error(struct xfer *x)
{
	if (!x->error)
		x->error = errno;
}

/*
 * Bytes that may be sent now.  The rate's worth of each period is given at its
 * start, the same moment on both sides; that of two periods or of a quarter of a
 * second is saved.
 */
static size_t allowance(struct xfer *x)
{
	double each = x->o->rate * x->o->period;
	double most = x->o->rate / 4 > 2 * each ? x->o->rate / 4 : 2 * each;
	__u64 tick = now() / x->o->period;

	if (!x->o->rate)
		return CHUNK;
	x->tokens += (tick - x->tick) * each;
	x->tick = tick;
	if (x->tokens > most)
		x->tokens = most;
	return x->tokens < CHUNK ? x->tokens : CHUNK;
}

/* Milliseconds until there is more to allow. */
static int next_period(const struct xfer *x)
{
	double left = (x->tick + 1) * x->o->period - now();

	return left > 0 ? 1 + left * 1000 : 1;
}

static void refill(struct xfer *x)
{
	ssize_t n;

	if (x->off < x->len || x->file_end)
		return;
	n = x->in < 0 ? 0 : read(x->in, x->buf, sizeof(x->buf));
	if (n < 0)
		die("%s: %s", x->o->send, strerror(errno));
	x->off = 0;
	x->len = n;
	if (!n)
		x->file_end = true;
}

static void send_some(struct xfer *x)
{
	size_t want = x->len - x->off;
	size_t max = allowance(x);
	ssize_t n;

	if (want > max)
		want = max;
	n = send(x->fd, x->buf + x->off, want, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return;
		set_error(x);
		x->file_end = true;
		x->shut = true;
		return;
	}
	write_all(x->sent_hash.in, x->buf + x->off, n);
	x->off += n;
	x->sent += n;
	x->tokens -= n;
	x->moved = now();
}

static void recv_some(struct xfer *x)
{
	char buf[CHUNK];
	ssize_t n;

	n = recv(x->fd, buf, sizeof(buf), MSG_DONTWAIT);
	if (n < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return;
		set_error(x);
	}
	if (n <= 0) {
		x->eof = true;
		return;
	}
	write_all(x->recv_hash.in, buf, n);
	if (x->out >= 0)
		write_all(x->out, buf, n);
	x->received += n;
	x->moved = now();
}

static void tell(struct xfer *x)
{
	struct rsess_info info;
	double t = now();

	if (!x->o->progress || t - x->told < 1)
		return;
	x->told = t;
	get_info(x, &info);
	fprintf(stderr, "xfer: %s %.0f s sent=%llu received=%llu resumes=%u\n",
		x->o->listen ? "listen" : "connect", t - x->start,
		x->sent, x->received,
		info.resumes);
}

static void run(struct xfer *x)
{
	struct pollfd p = { .fd = x->fd };
	bool more, may;
	int wait;

	while (!x->shut || !x->eof) {
		tell(x);
		refill(x);
		more = !x->shut && x->off < x->len;
		if (!more && !x->shut) {
			if (shutdown(x->fd, SHUT_WR))
				set_error(x);
			x->shut = true;
			x->moved = now();
			continue;
		}
		if (x->o->stall && now() - x->moved > x->o->stall) {
			errno = ETIME;
			set_error(x);
			return;
		}

		may = more && allowance(x);
		p.events = (may ? POLLOUT : 0) | (x->eof ? 0 : POLLIN);
		/* A dead socket is always ready: without a wish, only sleep. */
		wait = may || !more ? 500 : next_period(x);
		if (poll(&p, !!p.events, wait) < 0 && errno != EINTR)
			die("poll: %s", strerror(errno));
		if (p.events & POLLIN && p.revents & ~POLLOUT)
			recv_some(x);
		if (may && p.revents & ~POLLIN)
			send_some(x);
		p.revents = 0;
	}
}

static bool report(struct xfer *x)
{
	bool ok = !x->error && x->eof && x->file_end && x->off == x->len;
	struct rsess_info info;

	printf("xfer: ok=%d role=%s family=%s sent=%llu received=%llu",
	       ok, x->o->listen ? "listen" : "connect",
	       x->o->family == AF_RSESS ? "rsess" :
	       x->o->protocol == IPPROTO_SCTP ? "sctp" : "tcp",
	       x->sent, x->received);
	printf(" sha256_sent=%s sha256_received=%s", x->sent_hash.hex, x->recv_hash.hex);
	printf(" error=%s seconds=%.2f",
	       x->error ? strerrorname_np(x->error) : "none", x->end - x->start);
	if (get_info(x, &info))
		printf(" resumes=%u lost=%u reason=%u", info.resumes, info.lost, info.reason);
	else
		printf(" resumes=- lost=- reason=-");
	printf("\n");
	return ok;
}

static void help(void)
{
	fprintf(stderr,
		"usage: xfer [options] --listen|--connect ADDRESS PORT\n"
		"  --family rsess|plain  default rsess\n"
		"  --over tcp|sctp     the transport, default tcp\n"
		"  --send FILE         send this file (default: nothing)\n"
		"  --recv FILE|-       keep what is received in FILE (default -: only hash it)\n"
		"  --rate BYTES        send at most that many bytes a second\n"
		"  --period SECONDS    a period's worth at once, then wait (default 0.02)\n"
		"  --stall SECONDS     give up when nothing moves (default 120, 0: never)\n"
		"  --progress          a line a second on stderr\n");
	exit(2);
}

/* IPPROTO_*, or -1. */
static int protocol_of(const char *name)
{
	return !strcmp(name, "tcp") ? IPPROTO_TCP :
	       !strcmp(name, "sctp") ? IPPROTO_SCTP : -1;
}

static void parse(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "family", required_argument, NULL, 'f' },
		{ "over", required_argument, NULL, 'o' },
		{ "listen", no_argument, NULL, 'l' },
		{ "connect", no_argument, NULL, 'c' },
		{ "send", required_argument, NULL, 's' },
		{ "recv", required_argument, NULL, 'r' },
		{ "rate", required_argument, NULL, 'R' },
		{ "period", required_argument, NULL, 'P' },
		{ "stall", required_argument, NULL, 'S' },
		{ "progress", no_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 },
	};
	int roles = 0;
	int c;

	*o = (struct options){
		.family = AF_RSESS, .protocol = IPPROTO_TCP, .recv = "-",
		.period = 0.02, .stall = 120,
	};
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'f' && !strcmp(optarg, "plain"))
			o->family = AF_INET;
		else if (c == 'o' && protocol_of(optarg) >= 0)
			o->protocol = protocol_of(optarg);
		else if (c == 'f' && strcmp(optarg, "rsess"))
			help();
		else if (c == 's')
			o->send = optarg;
		else if (c == 'r')
			o->recv = optarg;
		else if (c == 'R')
			o->rate = atof(optarg);
		else if (c == 'P')
			o->period = atof(optarg);
		else if (c == 'S')
			o->stall = atof(optarg);
		else if (c == 'p')
			o->progress = true;
		else if (c == 'l' || c == 'c')
			roles++;
		else if (c != 'f')
			help();
		if (c == 'l')
			o->listen = true;
	}
	if (roles != 1 || argc - optind != 2 || o->rate < 0 || o->period <= 0)
		help();
	o->addr = argv[optind];
	o->port = argv[optind + 1];
}

int main(int argc, char **argv)
{
	static struct xfer x;
	struct options o;

	parse(&o, argc, argv);
	x.o = &o;
	x.in = -1;
	x.out = -1;
	if (o.send) {
		x.in = open(o.send, O_RDONLY | O_CLOEXEC);
		if (x.in < 0)
			die("%s: %s", o.send, strerror(errno));
	}
	if (strcmp(o.recv, "-")) {
		x.out = open(o.recv, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		if (x.out < 0)
			die("%s: %s", o.recv, strerror(errno));
	}
	hash_start(&x.sent_hash);
	hash_start(&x.recv_hash);

	x.fd = o.listen ? do_listen(&o) : do_connect(&o);
	x.start = now();
	x.tick = x.start / o.period;
	x.moved = x.start;
	x.told = x.start;
	run(&x);
	x.end = now();

	hash_end(&x.sent_hash);
	hash_end(&x.recv_hash);
	return report(&x) ? 0 : 1;
}
