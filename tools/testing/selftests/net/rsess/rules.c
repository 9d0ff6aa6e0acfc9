// SPDX-License-Identifier: GPL-2.0
/*
 * What an administrator's rules and tools see: rules for a user, for a cgroup and of BPF
 * hold for sockets of AF_RSESS as for those of TCP, from the first SYN to the last byte,
 * whoever made the transport; and the process behind it is found.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bpf.h"
#include "harness.h"
#include "line.h"

#define NOBODY		65534
/* The relay resets when it is told to, and not before. */
#define TOLD		0x40000000

/* Packets of a rule of the table that the test has made, by its comment: kernels with no
 * more than they need have no counters with names.
 */
static long counted(const char *name)
{
	char command[200];
	long n = -1;
	FILE *f;

	snprintf(command, sizeof(command),
		 "nft list table inet rules | sed -n 's/.*counter packets \\([0-9]*\\) .* comment \"%s\"/\\1/p'",
		 name);
	f = popen(command, "re");
	if (!f)
		return -errno;
	if (fscanf(f, "%ld", &n) != 1)
		n = -1;
	pclose(f);
	return n;
}

static bool counts(void *counter)
{
	return counted(counter) > 0;
}

/* A socket that @uid opens. */
static int socket_of(const struct kind *kind, uid_t uid)
{
	int fd;

	if (seteuid(uid))
		return -errno;
	fd = kind_socket(kind, 0);
	if (seteuid(0))
		return -errno;
	return fd;
}

/* The line has a listener of @uid instead of that of root. */
static int listener_of(struct line *l, uid_t uid)
{
	line_close(&l->lfd);
	if (seteuid(uid))
		return -errno;
	l->lfd = new_listener_of(l->kind->domain, l->kind->protocol,
				 l->kind->family);
	if (seteuid(0))
		return -errno;
	return l->lfd < 0 ? l->lfd : 0;
}

/* Both ends; @uid opens the one that dials. */
static int open_as(struct line *l, uid_t uid)
{
	l->c = socket_of(l->kind, uid);
	if (l->c < 0)
		return l->c;
	if (line_dial(l, l->c))
		return -errno;
	l->s = line_accept(l);
	return l->s < 0 ? l->s : 0;
}

/* Counts what goes to a port ("dport"), or comes from it: what @match says, and the rest. */
static int tell_apart(const char *port, int number, const char *match)
{
	return shell("nft -f - <<END\n"
		     "table inet rules {\n"
		     "	chain output {\n"
		     "		type filter hook output priority 0;\n"
		     "		meta l4proto { tcp, sctp } th %s %d goto count\n"
		     "	}\n"
		     "	chain count {\n"
		     "		%s counter accept comment \"owned\"\n"
		     "		counter continue comment \"unowned\"\n"
		     "	}\n"
		     "}\n"
		     "END\n", port, number, match);
}

static int count_owned(const char *port, int number)
{
	return tell_apart(port, number, "meta skuid 65534");
}

static int refuse(const char *match, int port, const char *verdict)
{
	return shell("nft -f - <<END\n"
		     "table inet rules {\n"
		     "	chain output {\n"
		     "		type filter hook output priority 0;\n"
		     "		%s meta l4proto { tcp, sctp } th dport %d counter %s comment \"refused\"\n"
		     "	}\n"
		     "}\n"
		     "END\n", match, port, verdict);
}

static int allow(void)
{
	return shell("nft delete table inet rules");
}

/*
 * Users.
 */
FIXTURE(user) {
	struct line l;
};

FIXTURE_VARIANT(user) {
	struct kind kind;
};

KIND_VARIANT(user, tcp4, AF_INET, AF_INET, 0, AUTO);
KIND_VARIANT(user, plain6, AF_RSESS, AF_INET6, 0, OFF);
KIND_VARIANT(user, rsess4, AF_RSESS, AF_INET, 0, AUTO);
KIND_VARIANT(user, told6, AF_RSESS, AF_INET6, TOLD, REQUIRE);
KIND_VARIANT_OF(user, sctp4, AF_RSESS, AF_INET, IPPROTO_SCTP, TOLD, REQUIRE);
KIND_VARIANT_OF(user, mptcp4, AF_RSESS, AF_INET, IPPROTO_MPTCP, TOLD, REQUIRE);

FIXTURE_SETUP(user)
{
	OK(line_init(&self->l, &variant->kind));
}

/* What has another transport when the first is reset. */
FIXTURE(redial) {
	struct line l;
};

FIXTURE_VARIANT(redial) {
	struct kind kind;
};

KIND_VARIANT(redial, told6, AF_RSESS, AF_INET6, TOLD, REQUIRE);
KIND_VARIANT_OF(redial, sctp4, AF_RSESS, AF_INET, IPPROTO_SCTP, TOLD, REQUIRE);
KIND_VARIANT_OF(redial, mptcp4, AF_RSESS, AF_INET, IPPROTO_MPTCP, TOLD, REQUIRE);

FIXTURE_SETUP(redial)
{
	OK(line_init(&self->l, &variant->kind));
}

FIXTURE_TEARDOWN(redial)
{
	EXPECT_EQ(0, line_end(&self->l));
}

FIXTURE_TEARDOWN(user)
{
	EXPECT_EQ(0, line_end(&self->l));
}

/* A port that a rule forbids to a user. */
CASE(user, is_refused_a_port)
{
	bool sctp = variant->kind.protocol == IPPROTO_SCTP;
	struct line *l = &self->l;

	/* SCTP takes no notice of an answer of ICMP's. */
	OK(refuse("meta skuid 65534", l->port,
		  sctp ? "drop" : "meta l4proto tcp reject with tcp reset"));
	l->c = socket_of(l->kind, NOBODY);
	ASSERT_LE(0, l->c);
	if (sctp)
		OK(set_nonblock(l->c, true));
	FAILS(sctp ? EINPROGRESS : ECONNREFUSED, line_dial(l, l->c));
	ASSERT_LT(0, counted("refused"));
	line_close(&l->c);
	OK(open_as(l, 0));
	OK(line_talk(l));
}

CASE(user, owns_each_packet)
{
	struct line *l = &self->l;
	int i;

	OK(count_owned("dport", l->port));
	OK(open_as(l, NOBODY));
	for (i = 0; i < 3; i++) {
		OK(line_talk(l));
		OK(line_reset(l));
	}
	OK(line_talk(l));
	ASSERT_LT(0, counted("owned"));
	ASSERT_EQ(0, counted("unowned"));
}

/* The rule comes when there is a session already. */
CASE(redial, is_refused)
{
	struct line *l = &self->l;

	OK(open_as(l, NOBODY));
	OK(line_talk(l));
	OK(refuse("meta skuid 65534", l->port, "drop"));
	OK(relay_reset(&l->relay));
	OK(wait_until(counts, "refused"));
	ASSERT_EQ(0, stat_get("Resumes"));
	OK(allow());
	OK(line_talk(l));
	ASSERT_LT(0, stat_get("Resumes"));
}

/* Before accept() there is no owner, as with TCP. */
CASE(user, owns_what_was_accepted)
{
	struct line *l = &self->l;
	int i;

	OK(listener_of(l, NOBODY));
	OK(count_owned("sport", PORT));
	OK(seteuid(NOBODY));	/* the file of accept() is that of who calls it */
	OK(line_open(l));
	OK(seteuid(0));
	OK(line_talk(l));
	OK(line_reset(l));
	OK(line_talk(l));
	OK(allow());
	OK(count_owned("sport", PORT));
	for (i = 0; i < 10; i++)
		OK(line_talk(l));
	ASSERT_LT(0, counted("owned"));
	ASSERT_EQ(0, counted("unowned"));
}

/* SYN-ACKs are the listener's. */
CASE(user, owns_a_listener)
{
	struct line *l = &self->l;

	OK(listener_of(l, NOBODY));
	OK(count_owned("sport", PORT));
	l->c = socket_of(l->kind, 0);
	ASSERT_LE(0, l->c);
	OK(line_dial(l, l->c));
	ASSERT_LT(0, counted("owned"));
}

/* The new owner of the socket. */
static bool uid_is_shown(void *arg)
{
	const struct line *l = arg;

	/* What is sent asks the socket. */
	write_all(l->c, 0, 1);
	return !shell("ss -Hane %s | grep -q uid:4242",
		      l->kind->protocol == IPPROTO_SCTP ? "-S" : "-t");
}

CASE(user, changes)
{
	OK(open_as(&self->l, NOBODY));
	OK(fchown(self->l.c, 4242, -1));
	OK(wait_until(uid_is_shown, &self->l));
}

/*
 * Processes.
 */
struct shown {
	const struct kind *kind;
	int fd;
};

/* Does ss show a descriptor of this process? */
static bool is_shown(void *arg)
{
	const struct shown *s = arg;

	return !shell("ss -Hanp %s | grep -q 'pid=%d,fd=%d)'",
		      s->kind->protocol == IPPROTO_SCTP ? "-S" : "-t", getpid(),
		      s->fd);
}

static int show(const struct line *l, int fd)
{
	struct shown s = { .kind = l->kind, .fd = fd };
	int ret = wait_until(is_shown, &s);

	if (ret)
		shell("ss -anp | grep -v '^u_'");
	return ret;
}

static int show_all(const struct line *l)
{
	return show(l, l->lfd) ?: show(l, l->c) ?: show(l, l->s);
}

CASE(user, is_found_by_ss)
{
	struct line *l = &self->l;

	OK(show(l, l->lfd));
	OK(line_open(l));
	OK(show_all(l));
	OK(line_talk(l));
	OK(line_reset(l));
	OK(show_all(l));
}

/* Does lsof find a descriptor of this process at a port, in a state of TCP? */
static int is_open(int fd, int port, const char *state)
{
	return shell("lsof -n -P -a -p %d -d %d -i TCP:%d -s TCP:%s >/dev/null",
		     getpid(), fd, port, state);
}

/* And fuser this process, at the port that a descriptor is bound to? */
static int is_user(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	return getsockname(fd, (struct sockaddr *)&ss, &len) ?:
	       shell("fuser -n tcp %d 2>/dev/null | grep -qw %d", port_of(&ss),
		     getpid());
}

static int is_found(const struct line *l)
{
	return is_open(l->lfd, PORT, "LISTEN") ?:
	       is_open(l->s, PORT, "ESTABLISHED") ?:
	       is_open(l->c, l->port, "ESTABLISHED") ?:
	       is_user(l->lfd);
}

/* As the inode's number is shown, so they do it. */
CASE(user, is_found_by_lsof_and_fuser)
{
	struct line *l = &self->l;

	/* Neither finds a socket of SCTP, whoever has it. */
	if (variant->kind.protocol == IPPROTO_SCTP)
		return;
	OK(is_open(l->lfd, PORT, "LISTEN"));
	OK(is_user(l->lfd));
	OK(line_open(l));
	OK(is_found(l));
	OK(line_talk(l));
	OK(line_reset(l));
	OK(is_found(l));
	/* The dialer alone. */
	line_close(&l->lfd);
	OK(is_open(l->c, l->port, "ESTABLISHED"));
	OK(is_open(l->s, PORT, "ESTABLISHED"));
}

/* One of several listeners of an address. */
static int shared_listener(const struct line *l)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, l->kind->family, PORT);
	int fd = kind_socket(l->kind, 0);

	if (fd < 0)
		return -errno;
	if (set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1) ||
	    bind(fd, (struct sockaddr *)&ss, len) || listen(fd, 5)) {
		say("%s", strerror(errno));
		return -errno;
	}
	return fd;
}

/* They share what the kernel has, and it is shown as that of one that is there. */
CASE(user, is_found_when_others_listen_too)
{
	struct line *l = &self->l;
	int fds[3];
	int i;

	line_close(&l->lfd);
	for (i = 0; i < 3; i++) {
		fds[i] = shared_listener(l);
		ASSERT_LE(0, fds[i]);
	}
	OK(show(l, fds[0]));
	close(fds[0]);
	OK(show(l, fds[1]));
	close(fds[1]);
	OK(show(l, fds[2]));
	l->lfd = fds[2];
	OK(line_open(l));
	OK(show_all(l));
}

/* After close() there is no owner, as with TCP; but who dials has one. */
CASE(user, has_left_an_orphan)
{
	struct line *l = &self->l;
	struct stat st;

	OK(open_as(l, NOBODY));
	ASSERT_LT(0, line_fill(l));
	OK(fstat(l->c, &st));
	line_close(&l->c);
	OK(count_owned("dport", l->port));
	ASSERT_NE(0, shell("ss -Hane | grep -q ino:%lu", (long)st.st_ino));
	ASSERT_EQ(0, counted("owned"));
	if (!variant->kind.every)
		return;
	OK(line_reset(l));
	ASSERT_LT(0, counted("owned"));
}

CASE(redial, of_an_orphan_is_refused)
{
	struct line *l = &self->l;

	OK(open_as(l, NOBODY));
	ASSERT_LT(0, line_fill(l));
	line_close(&l->c);
	OK(refuse("meta skuid 65534", l->port, "drop"));
	OK(relay_reset(&l->relay));
	OK(wait_until(counts, "refused"));
	ASSERT_EQ(0, stat_get("Resumes"));
	OK(allow());
	ASSERT_EQ(0, line_reset(l));
}

/*
 * Cgroups.  The one that dials, or listens, is in one of its own.
 */
#define GROUPS	"/sys/fs/cgroup"

struct group {
	struct line l;
	char path[64];
	char match[100];
};

static int leave(void)
{
	return cgroup_enter(GROUPS);
}

static int group_init(struct group *g, const struct kind *kind)
{
	snprintf(g->path, sizeof(g->path), GROUPS "/rules-%d", getpid());
	snprintf(g->match, sizeof(g->match),
		 "socket cgroupv2 level 1 \"rules-%d\"", getpid());
	return line_init(&g->l, kind) ?: mkdir(g->path, 0755);
}

static int group_end(struct group *g)
{
	int ret = line_end(&g->l);

	leave();
	rmdir(g->path);
	return ret;
}

FIXTURE(group) {
	struct group g;
};

FIXTURE_VARIANT(group) {
	struct kind kind;
};

KIND_VARIANT(group, tcp4, AF_INET, AF_INET, 0, AUTO);
KIND_VARIANT(group, plain4, AF_RSESS, AF_INET, 0, OFF);
KIND_VARIANT(group, rsess4, AF_RSESS, AF_INET, 0, AUTO);
KIND_VARIANT(group, told4, AF_RSESS, AF_INET, TOLD, REQUIRE);
KIND_VARIANT_OF(group, sctp4, AF_RSESS, AF_INET, IPPROTO_SCTP, TOLD, REQUIRE);

FIXTURE_SETUP(group)
{
	OK(group_init(&self->g, &variant->kind));
}

FIXTURE_TEARDOWN(group)
{
	EXPECT_EQ(0, group_end(&self->g));
}

/* What has another transport when the first is reset. */
FIXTURE(redialing_group) {
	struct group g;
};

FIXTURE_VARIANT(redialing_group) {
	struct kind kind;
};

KIND_VARIANT(redialing_group, told4, AF_RSESS, AF_INET, TOLD, REQUIRE);
KIND_VARIANT_OF(redialing_group, sctp4, AF_RSESS, AF_INET, IPPROTO_SCTP, TOLD, REQUIRE);

FIXTURE_SETUP(redialing_group)
{
	OK(group_init(&self->g, &variant->kind));
}

FIXTURE_TEARDOWN(redialing_group)
{
	EXPECT_EQ(0, group_end(&self->g));
}

/* What may have more than one address, of TCP: no program is asked about SCTP. */
FIXTURE(addressed_group) {
	struct group g;
};

FIXTURE_VARIANT(addressed_group) {
	struct kind kind;
};

KIND_VARIANT(addressed_group, told4, AF_RSESS, AF_INET, TOLD, REQUIRE);
KIND_VARIANT_OF(addressed_group, mptcp4, AF_RSESS, AF_INET, IPPROTO_MPTCP, TOLD, REQUIRE);

FIXTURE_SETUP(addressed_group)
{
	OK(group_init(&self->g, &variant->kind));
}

FIXTURE_TEARDOWN(addressed_group)
{
	EXPECT_EQ(0, group_end(&self->g));
}

/* Opened in the cgroup, whatever cgroup the process is in later. */
static int open_in(struct line *l, const char *path)
{
	int ret = cgroup_enter(path);

	l->c = kind_socket(l->kind, 0);
	ret = ret ?: leave();
	if (ret || l->c < 0)
		return ret ?: -errno;
	if (line_dial(l, l->c))
		return -errno;
	l->s = line_accept(l);
	return l->s < 0 ? l->s : 0;
}

CASE(group, owns_each_packet)
{
	struct line *l = &self->g.l;
	int i;

	OK(tell_apart("dport", l->port, self->g.match));
	OK(open_in(l, self->g.path));
	for (i = 0; i < 3; i++) {
		OK(line_talk(l));
		OK(line_reset(l));
	}
	OK(line_talk(l));
	ASSERT_LT(0, counted("owned"));
	ASSERT_EQ(0, counted("unowned"));
}

CASE(redialing_group, is_refused)
{
	struct line *l = &self->g.l;

	OK(open_in(l, self->g.path));
	OK(line_talk(l));
	OK(refuse(self->g.match, l->port, "drop"));
	OK(relay_reset(&l->relay));
	OK(wait_until(counts, "refused"));
	ASSERT_EQ(0, stat_get("Resumes"));
	OK(allow());
	OK(line_talk(l));
}

/* Who is accepted is in the cgroup of who listens. */
CASE(group, owns_what_was_accepted)
{
	struct line *l = &self->g.l;
	int i;

	line_close(&l->lfd);
	OK(cgroup_enter(self->g.path));
	OK(listener_of(l, 0));
	OK(leave());
	OK(line_open(l));
	OK(line_talk(l));
	for (i = 0; i < 2; i++) {
		OK(tell_apart("sport", PORT, self->g.match));
		OK(line_talk(l));
		ASSERT_LT(0, counted("owned"));
		ASSERT_EQ(0, counted("unowned"));
		OK(allow());
		OK(line_reset(l));
		OK(line_talk(l));
	}
}

/* Two share the port: one in the cgroup, and the line's, which is in @path. */
static int listen_beside(struct line *l, const char *group, const char *path)
{
	int first, ret;

	line_close(&l->lfd);
	ret = cgroup_enter(group);
	first = shared_listener(l);
	ret = ret ?: cgroup_enter(path);
	l->lfd = shared_listener(l);
	ret = ret ?: leave();
	if (first >= 0 && l->lfd < 0)
		close(first);
	return ret ?: l->lfd < 0 ? l->lfd : first;
}

/* Opens the line; what TCP gives to @beside instead is closed. */
static int open_beside(struct line *l, int beside)
{
	struct pollfd p[2] = {
		{ .fd = l->lfd, .events = POLLIN },
		{ .fd = beside, .events = POLLIN },
	};
	int i;

	for (i = 0; i < 100; i++) {
		l->c = kind_socket(l->kind, 0);
		if (l->c < 0 || line_dial(l, l->c))
			return -errno;
		if (poll(p, 2, WAIT_MS) <= 0)
			return -ETIMEDOUT;
		if (p[0].revents) {
			l->s = line_accept(l);
			return l->s < 0 ? l->s : 0;
		}
		close(accept(beside, NULL, NULL));
		line_close(&l->c);
	}
	return -EAGAIN;
}

/* Whoever listens beside it. */
CASE(group, owns_what_it_accepts_beside_another)
{
	struct line *l = &self->g.l;
	int i;
	int beside = listen_beside(l, GROUPS, self->g.path);

	ASSERT_LE(0, beside);
	OK(open_beside(l, beside));
	OK(line_talk(l));
	for (i = 0; i < 2; i++) {
		OK(tell_apart("sport", PORT, self->g.match));
		OK(line_talk(l));
		ASSERT_LT(0, counted("owned"));
		ASSERT_EQ(0, counted("unowned"));
		OK(allow());
		OK(line_reset(l));
		OK(line_talk(l));
	}
	close(beside);
}

/* What one of them leaves behind is not where it was any more, from the SYN-ACK on. */
CASE(group, is_of_who_has_stayed)
{
	struct line *l = &self->g.l;
	int gone = listen_beside(l, self->g.path, GROUPS);

	ASSERT_LE(0, gone);
	close(gone);
	OK(tell_apart("sport", PORT, self->g.match));
	OK(line_open(l));
	OK(line_talk(l));
	ASSERT_EQ(0, counted("owned"));
	ASSERT_LT(0, counted("unowned"));
}

#define V1	"/tmp/v1"

/* Version 1 marks the sockets of a process, and those that it had before. */
CASE(group, marks_as_version_1_does)
{
	struct line *l = &self->g.l;
	int i;

	OK(shell("mkdir -p " V1 "; mountpoint -q " V1 " || mount -t cgroup -o net_cls none " V1));
	OK(shell("mkdir -p " V1 "/rules && echo 0x10001 >" V1 "/rules/net_cls.classid"));
	OK(open_in(l, self->g.path));
	OK(line_talk(l));
	OK(cgroup_enter(V1 "/rules"));
	OK(line_talk(l));
	OK(tell_apart("dport", l->port, "meta cgroup 0x10001"));
	for (i = 0; i < 2; i++) {
		OK(line_talk(l));
		OK(line_reset(l));
	}
	OK(cgroup_enter(V1));
	ASSERT_LT(0, counted("owned"));
	if (variant->kind.every)
		ASSERT_EQ(0, counted("unowned"));
}

/*
 * Programs of BPF.  They refuse this address.
 */
#define FORBIDDEN	"127.0.0.9"

/* Has connect() to FORBIDDEN fail with EPERM in a cgroup. */
static int forbid(const char *path)
{
	const struct bpf_insn code[] = {
		{ BPF_LDX | BPF_MEM | BPF_W, 2, 1,
		  offsetof(struct bpf_sock_addr, user_ip4), 0 },
		{ BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1 },
		{ BPF_JMP | BPF_JNE | BPF_K, 2, 0, 1, inet_addr(FORBIDDEN) },
		{ BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0 },
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
	};

	return bpf_attach(path, BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
			  BPF_CGROUP_INET4_CONNECT, code, ARRAY_SIZE(code));
}

static int add_address(int fd, const char *host, int port)
{
	struct sockaddr_storage ss;
	socklen_t len = address(&ss, AF_INET, host, port);

	return setsockopt(fd, SOL_RSESS, RSESS_ADD_ADDR, &ss, len);
}

CASE(group, may_not_connect_where_a_program_says_no)
{
	struct line *l = &self->g.l;
	struct sockaddr_storage ss;
	socklen_t len = address(&ss, AF_INET, FORBIDDEN, PORT);

	OK(forbid(self->g.path));
	OK(cgroup_enter(self->g.path));
	l->c = kind_socket(l->kind, 0);
	OK(leave());
	/* No program is asked about SCTP, and nobody listens. */
	FAILS(variant->kind.protocol == IPPROTO_SCTP ? ECONNREFUSED : EPERM,
	      connect(l->c, (struct sockaddr *)&ss, len));
}

/* The kernel must not go either where the process may not. */
CASE(addressed_group, may_not_add_one)
{
	struct line *l = &self->g.l;
	int fd;

	OK(forbid(self->g.path));
	OK(open_in(l, self->g.path));
	FAILS(EPERM, add_address(l->c, FORBIDDEN, PORT));
	FAILS(EPERM, add_address(l->c, FORBIDDEN, 0));
	OK(add_address(l->c, "127.0.0.2", PORT));

	OK(cgroup_enter(self->g.path));
	fd = kind_socket(l->kind, 0);
	OK(leave());
	FAILS(EPERM, add_address(fd, FORBIDDEN, PORT));
	/* Without a port it is known with connect(). */
	OK(add_address(fd, FORBIDDEN, 0));
	FAILS(EPERM, line_dial(l, fd));
	close(fd);
}

/* A program that comes later has to be asked at each dial. */
CASE(addressed_group, may_not_redial_there_either)
{
	struct line *l = &self->g.l;
	struct sockaddr_storage ss;
	socklen_t len = address(&ss, AF_INET, FORBIDDEN, PORT + 5);
	struct rise dials = { .name = "DialsFailed" };
	struct pollfd p = { .events = POLLIN };

	p.fd = socket(AF_INET, SOCK_STREAM, 0);
	OK(bind(p.fd, (struct sockaddr *)&ss, len));
	OK(listen(p.fd, 5));
	OK(open_in(l, self->g.path));
	OK(line_talk(l));
	OK(add_address(l->c, FORBIDDEN, PORT + 5));
	OK(forbid(self->g.path));
	/* Nobody is at the first address any more. */
	OK(relay_stop(&l->relay));
	dials.from = stat_get("DialsFailed") + 4;
	OK(wait_until(has_risen, &dials));
	ASSERT_EQ(0, poll(&p, 1, 0));
	close(p.fd);
	line_cut(&l->c);
	OK(relay_start(&l->relay, l->kind->family, l->kind->protocol,
		       l->port, PORT, TOLD));
}

TEST_HARNESS_MAIN
