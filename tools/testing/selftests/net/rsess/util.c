// SPDX-License-Identifier: GPL-2.0
/*
 * What all tests of AF_RSESS need; see util.h.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <linux/sctp.h>
#include <linux/vm_sockets.h>

#include "util.h"

/* Bytes moved by one call in write_all() and read_all(). */
#define CHUNK	65536

int transport = IPPROTO_TCP;

static void print_file(const char *name, bool counters)
{
	char line[500];
	FILE *f = fopen(name, "re");
	long long n;

	while (f && fgets(line, sizeof(line), f))
		if (!counters || sscanf(line, "%*s %lld", &n) != 1 || n)
			fprintf(stderr, "# %s", line);
	if (f)
		fclose(f);
}

/* What the module says of this namespace, and SCTP, but for counters that are zero. */
void state_print(void)
{
	print_file("/proc/thread-self/net/rsess", false);
	print_file("/proc/thread-self/net/rsess_stat", true);
	if (transport != IPPROTO_SCTP)
		return;
	print_file("/proc/thread-self/net/sctp/assocs", false);
	print_file("/proc/thread-self/net/sctp/snmp", true);
}

int slowness(void)
{
	const char *s = getenv("RSESS_SLOW");
	int n = s ? atoi(s) : 1;

	return n > 0 ? n : 1;
}

int loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int ret = 0;

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr)) {
		ret = -errno;
		say("lo: %s", strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	return ret;
}

/* Of the ports of AF_VSOCK, which knows no namespaces: each test has some of its own,
 * as do the processes that it makes.
 */
static unsigned int vsock_ports;

/* Associations that are idle say something at least each second or two, so that tear()
 * sees them. What is lost, or waits for a window, comes again in less than the second that
 * SCTP waits at the least.
 */
static int impatient_sctp(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);

	if (fd < 0)
		return -errno;
	close(fd);
	return sysctl_set("sctp/hb_interval", 500) ?:
	       sysctl_set("sctp/rto_min", 100 * slowness()) ?:
	       sysctl_set("sctp/rto_initial", 500 * slowness());
}

/* A fresh namespace for this process, in which only lo exists. */
int netns_new(void)
{
	int ret;

	vsock_ports = getpid() << 8;
	if (unshare(CLONE_NEWNET)) {
		ret = -errno;
		say("unshare: %s", strerror(errno));
		return ret;
	}
	ret = loopback_up();
	if (!ret && transport == IPPROTO_SCTP)
		ret = impatient_sctp();
	return ret;
}

/**
 * negotiate_set() - the policy of sockets made from now on
 * @policy: enum rsess_negotiate
 *
 * Return: 0 or a negative errno.
 */
int negotiate_set(int policy)
{
	return sysctl_set("rsess/negotiate", policy);
}

/**
 * netns_inband() - a namespace whose sessions need no option of TCP
 *
 * The scripted peer and the relay are plain programs over plain sockets, so TCP's
 * handshake says nothing of sessions.  Who does not speak in time has none then, so on a
 * slow machine there is more of it.  Tests that break one transport after the other
 * would wait for the dialer most of their time, so its waits are short.
 *
 * Return: 0 or a negative errno.
 */
int netns_inband(void)
{
	return netns_new() ?: negotiate_set(RSESS_NEGOTIATE_REQUIRE) ?:
	       sysctl_set("rsess/handshake_timeout_ms", 10000 * slowness()) ?:
	       sysctl_set("rsess/dial_max_ms", 50);
}

socklen_t address(struct sockaddr_storage *ss, int family, const char *host,
		  int port)
{
	struct sockaddr_in6 *s6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *s4 = (struct sockaddr_in *)ss;
	struct sockaddr_vm *vm = (struct sockaddr_vm *)ss;

	memset(ss, 0, sizeof(*ss));
	ss->ss_family = family;
	if (family == AF_INET6) {
		inet_pton(AF_INET6, host, &s6->sin6_addr);
		s6->sin6_port = htons(port);
		return sizeof(*s6);
	}
	if (family == AF_VSOCK) {
		vm->svm_cid = atoi(host);
		vm->svm_port = vsock_ports + port;
		return sizeof(*vm);
	}
	inet_pton(AF_INET, host, &s4->sin_addr);
	s4->sin_port = htons(port);
	return sizeof(*s4);
}

socklen_t loopback(struct sockaddr_storage *ss, int family, int port)
{
	const char *host = "127.0.0.1";

	if (family == AF_INET6)
		host = "::1";
	else if (family == AF_VSOCK)
		host = "1";	/* VMADDR_CID_LOCAL */
	return address(ss, family, host, port);
}

int port_of(const struct sockaddr_storage *ss)
{
	if (ss->ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)ss)->sin6_port);
	if (ss->ss_family == AF_VSOCK)
		return ((struct sockaddr_vm *)ss)->svm_port - vsock_ports;
	return ntohs(((struct sockaddr_in *)ss)->sin_port);
}

int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

/* Waits until poll() tells one of @events, or an error or a hangup. */
int wait_for(int fd, short events)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	int ret;

	do {
		ret = poll(&pfd, 1, WAIT_MS);
	} while (ret < 0 && errno == EINTR);
	if (ret < 0)
		return -errno;
	if (!ret) {
		say("nothing happened on fd %d (events %#x)", fd, events);
		state_print();
		return -ETIMEDOUT;
	}
	return pfd.revents;
}

/* Runs a shell command; its exit status. */
int shell(const char *fmt, ...)
{
	char command[2000];
	int status;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Asks again and again, for what no descriptor reports. */
int wait_until(bool (*test)(void *arg), void *arg)
{
	int64_t end = now_ms() + WAIT_MS;

	while (!test(arg)) {
		if (now_ms() > end) {
			say("it did not come true");
			return -ETIMEDOUT;
		}
		usleep(5000);
	}
	return 0;
}

/* Eight bytes of the stream; no two places of it look alike. */
static uint64_t pattern_word(uint64_t n)
{
	n = (n + 1) * 0x9e3779b97f4a7c15ull;
	return n ^ n >> 29;
}

void pattern_fill(uint64_t off, void *buf, size_t len)
{
	unsigned char *p = buf;

	while (len) {
		uint64_t word = pattern_word(off / 8);
		size_t skip = off % 8;
		size_t n = 8 - skip < len ? 8 - skip : len;

		memcpy(p, (unsigned char *)&word + skip, n);
		p += n;
		off += n;
		len -= n;
	}
}

int pattern_check(uint64_t off, const void *buf, size_t len)
{
	const unsigned char *p = buf;

	while (len) {
		uint64_t word = pattern_word(off / 8);
		size_t skip = off % 8;
		size_t n = 8 - skip < len ? 8 - skip : len;

		if (memcmp(p, (unsigned char *)&word + skip, n)) {
			say("wrong byte near offset %llu",
			    (unsigned long long)off);
			return -EBADMSG;
		}
		p += n;
		off += n;
		len -= n;
	}
	return 0;
}

/* Writes @len bytes of the stream from offset @off. */
int write_all(int fd, uint64_t off, size_t len)
{
	static unsigned char buf[CHUNK];

	while (len) {
		size_t n = len < sizeof(buf) ? len : sizeof(buf);
		ssize_t ret;

		pattern_fill(off, buf, n);
		ret = send(fd, buf, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (ret < 0 && errno == EAGAIN) {
			ret = wait_for(fd, POLLOUT);
			if (ret < 0)
				return ret;
			continue;
		}
		if (ret <= 0) {
			say("send: %s", strerror(errno));
			return -errno;
		}
		off += ret;
		len -= ret;
	}
	return 0;
}

/* Reads @len bytes and compares them with the stream from offset @off. */
int read_all(int fd, uint64_t off, size_t len)
{
	static unsigned char buf[CHUNK];

	while (len) {
		size_t n = len < sizeof(buf) ? len : sizeof(buf);
		ssize_t ret = recv(fd, buf, n, MSG_DONTWAIT);

		if (ret < 0 && errno == EAGAIN) {
			ret = wait_for(fd, POLLIN);
			if (ret < 0)
				return ret;
			continue;
		}
		if (ret < 0) {
			say("recv: %s", strerror(errno));
			return -errno;
		}
		if (!ret) {
			say("end of stream with %zu bytes missing", len);
			return -ENODATA;
		}
		if (pattern_check(off, buf, ret))
			return -EBADMSG;
		off += ret;
		len -= ret;
	}
	return 0;
}

/* The next thing is the end of the stream. */
int read_eof(int fd)
{
	char c;
	int ret;

	for (;;) {
		ret = recv(fd, &c, 1, MSG_DONTWAIT);
		if (!ret)
			return 0;
		if (ret > 0) {
			say("a byte where the end should be");
			return -EBADMSG;
		}
		if (errno != EAGAIN) {
			say("recv: %s", strerror(errno));
			return -errno;
		}
		ret = wait_for(fd, POLLIN);
		if (ret < 0)
			return ret;
	}
}

int socket_error(int fd)
{
	socklen_t len = sizeof(int);
	int err;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len))
		return -errno;
	return err;
}

/* Small messages are not held back, for a reset would take them. */
void set_nodelay(int fd, int protocol)
{
	int one = 1;

	setsockopt(fd, protocol, protocol == IPPROTO_SCTP ? SCTP_NODELAY :
							    TCP_NODELAY,
		   &one, sizeof(one));
}

int file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0 || write(fd, text, strlen(text)) < 0) {
		ret = -errno;
		say("%s: %s", path, strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	return ret;
}

/* The process is in the cgroup at @path from now on. */
int cgroup_enter(const char *path)
{
	char procs[100];

	snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
	return file_write(procs, "0");
}

/* One below /proc/sys/net, in this namespace; 0 or a negative errno. */
int sysctl_set(const char *name, unsigned int value)
{
	char path[100], text[20];

	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	snprintf(text, sizeof(text), "%u", value);
	return file_write(path, text);
}

/* A counter of /proc/net/rsess_stat, named without "Rsess" before it, or -ENOENT. */
int64_t stat_get(const char *name)
{
	FILE *f = fopen("/proc/thread-self/net/rsess_stat", "re");
	long long value = -ENOENT;
	char word[64];
	long long n;

	if (!f) {
		say("/proc/net/rsess_stat: %s", strerror(errno));
		return -ENOENT;
	}
	while (fscanf(f, " Rsess%63s %lld", word, &n) == 2)
		if (!strcasecmp(word, name))
			value = n;
	fclose(f);
	if (value == -ENOENT)
		say("no counter %s", name);
	return value;
}

/* For wait_until(), with a struct rise. */
bool has_risen(void *rise)
{
	struct rise *r = rise;

	return stat_get(r->name) > r->from;
}

/* Sessions listed in /proc/net/rsess; its first line is a heading. */
int sessions(void)
{
	FILE *f = fopen("/proc/thread-self/net/rsess", "re");
	int lines = -1;
	int c;

	if (!f) {
		say("/proc/net/rsess: %s", strerror(errno));
		return -ENOENT;
	}
	while ((c = getc(f)) != EOF)
		lines += c == '\n';
	fclose(f);
	return lines < 0 ? 0 : lines;
}

static bool sessions_are_gone(void *arg)
{
	(void)arg;
	return sessions() <= 0;
}

/* The end of a session may need a moment, and that of many as long as there are fewer each
 * time.
 */
int no_sessions(void)
{
	int left, now = sessions();
	int ret;

	do {
		left = now;
		ret = wait_until(sessions_are_gone, NULL);
		now = sessions();
	} while (ret && now < left);
	if (ret)
		state_print();
	return ret ?: now;
}

/* The path of a program that stands beside this one. */
int program_beside(const char *name, char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size - strlen(name) - 1);

	if (n < 0)
		return -errno;
	path[n] = 0;
	strcpy(strrchr(path, '/') + 1, name);
	return 0;
}

/* Aborts an association of a port as soon as something is sent there. */
static int tear_sctp(int port)
{
	char cmd[4200], path[4096];
	int ret = program_beside("sctpkill", path, sizeof(path));

	if (ret)
		return ret;
	snprintf(cmd, sizeof(cmd), "%s -q -i lo -n 1 -t 20 %d 2>/dev/null",
		 path, port);
	return system(cmd) ? -ESRCH : 1;
}

/*
 * Kills the connections of a port: those of TCP as an administrator would, one of SCTP
 * as an enemy would.  Returns how many sockets it met; each connection within one
 * namespace has two.
 */
int tear(int port)
{
	char cmd[128];
	FILE *f;
	int n = 0;
	int c;

	if (transport == IPPROTO_SCTP)
		return tear_sctp(port);

	snprintf(cmd, sizeof(cmd),
		 "ss -HKtn 'sport = :%d or dport = :%d' 2>/dev/null", port,
		 port);
	f = popen(cmd, "re");
	if (!f)
		return -errno;
	while ((c = getc(f)) != EOF)
		n += c == '\n';
	pclose(f);
	return n;
}
