// SPDX-License-Identifier: GPL-2.0
/*
 * The two doors to a session, AF_RSESS and inet sockets of IPPROTO_RSESS, lead to the
 * same socket; rules that are about inet sockets hold for it, and nothing in the kernel
 * takes it for one of TCP.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/kcm.h>
#include <linux/tls.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "bpf.h"
#include "harness.h"
#include "line.h"

#define GROUPS	"/sys/fs/cgroup"

/*
 * Who meets whom.
 */
FIXTURE(doors) {
	int lfd;
	int c;
	int s;
};

/* 0 is a TCP socket. */
FIXTURE_VARIANT(doors) {
	int dialer;
	int listener;
	int family;
	bool session;
};

#define DOOR_AF		AF_RSESS
#define DOOR_INET	1
#define DOORS(name, d, l, is_session)					\
	FIXTURE_VARIANT_ADD(doors, name##4) {				\
		.dialer = d, .listener = l, .family = AF_INET,		\
		.session = is_session,					\
	};								\
	FIXTURE_VARIANT_ADD(doors, name##6) {				\
		.dialer = d, .listener = l, .family = AF_INET6,		\
		.session = is_session,					\
	}

DOORS(inet_to_inet, DOOR_INET, DOOR_INET, true);
DOORS(inet_to_af, DOOR_INET, DOOR_AF, true);
DOORS(af_to_inet, DOOR_AF, DOOR_INET, true);
DOORS(inet_to_tcp, DOOR_INET, 0, false);
DOORS(tcp_to_inet, 0, DOOR_INET, false);

static int domain_of(int door, int family)
{
	return door == DOOR_AF ? AF_RSESS : family;
}

static int protocol_of(int door)
{
	return door == DOOR_INET ? IPPROTO_RSESS : 0;
}

FIXTURE_SETUP(doors)
{
	OK(netns_new());
	self->lfd = -1;
	self->c = -1;
	self->s = -1;
}

FIXTURE_TEARDOWN(doors)
{
	line_close(&self->lfd);
	line_close(&self->c);
	line_close(&self->s);
}

CASE(doors, lead_to_the_same)
{
	int family = variant->family;
	struct sockaddr_storage ss, name;
	socklen_t len = loopback(&ss, family, PORT), namelen = sizeof(name);
	struct rsess_info info;
	socklen_t infolen = sizeof(info);

	self->lfd = new_listener_of(domain_of(variant->listener, family),
				    protocol_of(variant->listener), family);
	ASSERT_LE(0, self->lfd);
	self->c = socket(domain_of(variant->dialer, family), SOCK_STREAM,
			 protocol_of(variant->dialer));
	ASSERT_LE(0, self->c);
	OK(connect(self->c, (struct sockaddr *)&ss, len));
	self->s = accept(self->lfd, (struct sockaddr *)&name, &namelen);
	ASSERT_LE(0, self->s);
	ASSERT_EQ(family, name.ss_family);
	ASSERT_EQ(len, namelen);
	OK(write_all(self->c, 0, 100000));
	OK(read_all(self->s, 0, 100000));
	OK(write_all(self->s, 7, 1000));
	OK(read_all(self->c, 7, 1000));
	if (variant->dialer) {
		OK(getsockopt(self->c, SOL_RSESS, RSESS_INFO, &info, &infolen));
		ASSERT_EQ(variant->session, !info.plain);
	}
}

/*
 * What it is.
 */
FIXTURE(inet) {
	int fd;
	char path[64];
};

FIXTURE_VARIANT(inet) {
	int domain;
	int protocol;
	int family;
};

FIXTURE_VARIANT_ADD(inet, tcp4) {
	.domain = AF_INET, .family = AF_INET,
};

FIXTURE_VARIANT_ADD(inet, tcp6) {
	.domain = AF_INET6, .family = AF_INET6,
};

FIXTURE_VARIANT_ADD(inet, door4) {
	.domain = AF_INET, .protocol = IPPROTO_RSESS, .family = AF_INET,
};

FIXTURE_VARIANT_ADD(inet, door6) {
	.domain = AF_INET6, .protocol = IPPROTO_RSESS, .family = AF_INET6,
};

FIXTURE_VARIANT_ADD(inet, rsess4) {
	.domain = AF_RSESS, .family = AF_INET,
};

FIXTURE_VARIANT_ADD(inet, rsess6) {
	.domain = AF_RSESS, .family = AF_INET6,
};

FIXTURE_SETUP(inet)
{
	self->fd = -1;
	if (access(GROUPS "/cgroup.procs", W_OK))
		SKIP(return, "no cgroups of version 2");
	OK(netns_new());
	snprintf(self->path, sizeof(self->path), GROUPS "/doors-%d", getpid());
	OK(mkdir(self->path, 0755));
}

FIXTURE_TEARDOWN(inet)
{
	line_close(&self->fd);
	cgroup_enter(GROUPS);
	rmdir(self->path);
}

#define SOCKET()	socket(variant->domain, SOCK_STREAM, variant->protocol)
#define IS_TCP		(!variant->protocol && variant->domain != AF_RSESS)

#define RETURN(value)							\
	{ BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, value },		\
	{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 }

/* The program for sockets that are made: no. */
CASE(inet, is_refused_when_it_is_made)
{
	const struct bpf_insn no[] = { RETURN(0) };

	OK(bpf_attach(self->path, BPF_PROG_TYPE_CGROUP_SOCK,
		      BPF_CGROUP_INET_SOCK_CREATE, no, ARRAY_SIZE(no)));
	OK(cgroup_enter(self->path));
	FAILS(EPERM, SOCKET());
	OK(cgroup_enter(GROUPS));
	self->fd = SOCKET();
	ASSERT_LE(0, self->fd);
}

CASE(inet, is_refused_an_address)
{
	const struct bpf_insn no[] = { RETURN(0) };
	bool six = variant->family == AF_INET6;
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, variant->family, PORT);

	OK(bpf_attach(self->path, BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
		      six ? BPF_CGROUP_INET6_BIND : BPF_CGROUP_INET4_BIND, no,
		      ARRAY_SIZE(no)));
	OK(cgroup_enter(self->path));
	self->fd = SOCKET();
	ASSERT_LE(0, self->fd);
	FAILS(EPERM, bind(self->fd, (struct sockaddr *)&ss, len));
}

/* A program that sees setsockopt() and sets an option itself. */
static int set_by_program(const char *path, int level, int name, int value)
{
	const struct bpf_insn set[] = {
		{ BPF_LDX | BPF_MEM | BPF_DW, 1, 1,
		  offsetof(struct bpf_sockopt, sk), 0 },
		{ BPF_ST | BPF_MEM | BPF_W, 10, 0, -4, value },
		{ BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, level },
		{ BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, name },
		{ BPF_ALU64 | BPF_MOV | BPF_X, 4, 10, 0, 0 },
		{ BPF_ALU64 | BPF_ADD | BPF_K, 4, 0, 0, -4 },
		{ BPF_ALU64 | BPF_MOV | BPF_K, 5, 0, 0, 4 },
		{ BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_setsockopt },
		RETURN(1),
	};

	return bpf_attach(path, BPF_PROG_TYPE_CGROUP_SOCKOPT,
			  BPF_CGROUP_SETSOCKOPT, set, ARRAY_SIZE(set));
}

/* The socket has what belongs to IPv6. */
CASE(inet, has_options_of_ipv6_set_by_a_program)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, variant->family, PORT);
	int one = 1;

	self->fd = SOCKET();
	ASSERT_LE(0, self->fd);
	OK(bind(self->fd, (struct sockaddr *)&ss, len));
	OK(set_by_program(self->path, IPPROTO_IPV6, 67 /* IPV6_TCLASS */, 0x20));
	OK(cgroup_enter(self->path));
	line_close(&self->fd);
	self->fd = SOCKET();
	ASSERT_LE(0, self->fd);
	OK(bind(self->fd, (struct sockaddr *)&ss, len));
	OK(setsockopt(self->fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)));
	OK(listen(self->fd, 1));
}

CASE(inet, has_the_numbers_of_its_door)
{
	self->fd = SOCKET();
	ASSERT_LE(0, self->fd);
	EXPECT_EQ(IS_TCP ? IPPROTO_TCP : IPPROTO_RSESS,
		  get_int(self->fd, SOL_SOCKET, SO_PROTOCOL));
	EXPECT_EQ(variant->domain == AF_RSESS ? AF_INET : variant->domain,
		  get_int(self->fd, SOL_SOCKET, SO_DOMAIN));
}

/* An inet socket has its family from the beginning. */
CASE(inet, takes_addresses_of_its_family)
{
	int other = variant->family == AF_INET ? AF_INET6 : AF_INET;
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, other, PORT);

	self->fd = SOCKET();
	ASSERT_LE(0, self->fd);
	/* The first address tells which family it is. */
	if (variant->domain == AF_RSESS) {
		OK(bind(self->fd, (struct sockaddr *)&ss, len));
		return;
	}
	FAILS(other == AF_INET ? EINVAL : EAFNOSUPPORT,
	      bind(self->fd, (struct sockaddr *)&ss, len));
	FAILS(other == AF_INET ? EINVAL : EAFNOSUPPORT,
	      connect(self->fd, (struct sockaddr *)&ss, len));
}

/* A program that says no to the sockets of one protocol. */
static int refuse_protocol(const char *path, int protocol)
{
	const struct bpf_insn no[] = {
		{ BPF_LDX | BPF_MEM | BPF_W, 1, 1,
		  offsetof(struct bpf_sock, protocol), 0 },
		{ BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1 },
		{ BPF_JMP | BPF_JNE | BPF_K, 1, 0, 1, protocol },
		{ BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0 },
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
	};

	return bpf_attach(path, BPF_PROG_TYPE_CGROUP_SOCK,
			  BPF_CGROUP_INET_SOCK_CREATE, no, ARRAY_SIZE(no));
}

CASE(inet, is_refused_as_its_transport)
{
	OK(refuse_protocol(self->path, IPPROTO_TCP));
	OK(cgroup_enter(self->path));
	FAILS(EPERM, SOCKET());
	OK(cgroup_enter(GROUPS));
	self->fd = SOCKET();
	ASSERT_LE(0, self->fd);
}

/*
 * What takes sockets of TCP takes none of these.
 */
CASE(inet, is_in_no_sockmap)
{
	union bpf_attr map = {
		.map_type = BPF_MAP_TYPE_SOCKMAP, .key_size = 4,
		.value_size = 4, .max_entries = 1,
	};
	int key = 0, mfd = syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof(map));
	union bpf_attr update = { .map_fd = mfd, .key = (uintptr_t)&key };
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, variant->family, PORT);

	if (mfd < 0 && errno == EINVAL)
		SKIP(return, "no sockmap");
	ASSERT_LE(0, mfd);
	self->fd = SOCKET();
	ASSERT_LE(0, self->fd);
	OK(bind(self->fd, (struct sockaddr *)&ss, len));
	OK(listen(self->fd, 1));
	update.value = (uintptr_t)&self->fd;
	if (IS_TCP) {
		OK(syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &update, sizeof(update)));
	} else {
		FAILS(EOPNOTSUPP, syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &update,
					  sizeof(update)));
	}
	close(mfd);
}

CASE(inet, has_no_kcm)
{
	int kcm = socket(AF_KCM, SOCK_DGRAM, KCMPROTO_CONNECTED);
	const struct bpf_insn whole[] = { RETURN(0) };
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insns = (uintptr_t)whole, .insn_cnt = ARRAY_SIZE(whole),
		.license = (uintptr_t)"GPL",
	};
	struct kcm_attach attach = {
		.bpf_fd = syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load)),
	};

	if (kcm < 0)
		SKIP(return, "no kcm");
	ASSERT_LE(0, attach.bpf_fd);
	self->fd = SOCKET();
	ASSERT_LE(0, self->fd);
	attach.fd = self->fd;
	/* A socket of TCP has to be connected. */
	FAILS(EOPNOTSUPP, ioctl(kcm, SIOCKCMATTACH, &attach));
	close(kcm);
	close(attach.bpf_fd);
}

/* The errno of the kernel for what it does not support, which has no name here. */
#ifndef ENOTSUPP
#define ENOTSUPP	524
#endif

/* What setsockopt() says to a program of BPF that is to choose a socket: 0 or an errno. */
static int attach(int fd, unsigned int type)
{
	const struct bpf_insn pass[] = { RETURN(1) };
	union bpf_attr load = {
		.prog_type = type,
		.insns = (uintptr_t)pass, .insn_cnt = ARRAY_SIZE(pass),
		.license = (uintptr_t)"GPL",
	};
	int prog = syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load));
	int ret = prog < 0 ? -1 : 0;

	if (!ret && setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, &prog,
			       sizeof(prog)))
		ret = errno;
	close(prog);
	return ret;
}

/* The same of the classic kind. */
static int attach_classic(int fd)
{
	struct sock_filter none[] = { { BPF_RET | BPF_K, 0, 0, 7 } };
	struct sock_fprog classic = { .len = 1, .filter = none };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &classic,
			  sizeof(classic)) ? errno : 0;
}

/* Sockets that share an address share a queue: nobody would ask a program that chooses
 * among them, so it is refused, before and behind bind() and listen().
 */
CASE(inet, is_chosen_by_no_program)
{
	int chooser = IS_TCP ? 0 : ENOTSUPP, other = IS_TCP ? 0 : EINVAL;
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, variant->family, PORT);
	int one = 1;
	int i;

	self->fd = SOCKET();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(EINVAL, attach_classic(self->fd));
	OK(setsockopt(self->fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(other, attach_classic(self->fd));
		ASSERT_EQ(other, attach(self->fd, BPF_PROG_TYPE_SOCKET_FILTER));
		ASSERT_EQ(chooser, attach(self->fd, BPF_PROG_TYPE_SK_REUSEPORT));
		if (i == 0)
			OK(bind(self->fd, (struct sockaddr *)&ss, len));
		if (i == 1)
			OK(listen(self->fd, 1));
	}
}

/*
 * Programs of a cgroup that go with a socket from its beginning to its end.
 */
FIXTURE(group) {
	char path[64];
	int counter;
	int lfd;
	int c;
	int s;
};

FIXTURE_VARIANT(group) {
	struct kind kind;
};

KIND_VARIANT(group, tcp4, AF_INET, AF_INET, 0, AUTO);
KIND_VARIANT(group, tcp6, AF_INET6, AF_INET6, 0, AUTO);
KIND_VARIANT(group, plain4, AF_RSESS, AF_INET, 0, OFF);
KIND_VARIANT(group, rsess4, AF_RSESS, AF_INET, 0, REQUIRE);
KIND_VARIANT(group, rsess6, AF_RSESS, AF_INET6, 0, REQUIRE);
KIND_VARIANT_OF(group, door4, AF_INET, AF_INET, IPPROTO_RSESS, 0, REQUIRE);
KIND_VARIANT_OF(group, door6, AF_INET6, AF_INET6, IPPROTO_RSESS, 0, REQUIRE);
KIND_VARIANT_OF(group, sctp4, AF_RSESS, AF_INET, IPPROTO_SCTP, 0, REQUIRE);
KIND_VARIANT_OF(group, mptcp4, AF_RSESS, AF_INET, IPPROTO_MPTCP, 0, REQUIRE);
KIND_VARIANT_OF(group, mptcp_plain4, AF_RSESS, AF_INET, IPPROTO_MPTCP, 0, OFF);

FIXTURE_SETUP(group)
{
	self->counter = -1;
	self->lfd = -1;
	self->c = -1;
	self->s = -1;
	OK(netns_new());
	OK(negotiate_set(variant->kind.policy));
	snprintf(self->path, sizeof(self->path), GROUPS "/group-%d", getpid());
	OK(mkdir(self->path, 0755));
}

FIXTURE_TEARDOWN(group)
{
	line_close(&self->counter);
	line_close(&self->s);
	line_close(&self->c);
	line_close(&self->lfd);
	cgroup_enter(GROUPS);
	rmdir(self->path);
}

/* A pair at the port, of a protocol. */
static int meet(const struct kind *kind, int *lfd, int *c, int *s)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, kind->family, PORT);

	*lfd = new_listener_of(kind->domain, kind->protocol, kind->family);
	*c = kind_socket(kind, 0);
	if (*lfd < 0 || *c < 0 || connect(*c, (struct sockaddr *)&ss, len))
		return -errno;
	*s = accept(*lfd, NULL, NULL);
	return *s < 0 ? -errno : 0;
}

static int map_new(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4,
		.value_size = 8, .max_entries = 1,
	};

	return syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

static int64_t map_get(int map)
{
	int64_t value = 0;
	int key = 0;
	union bpf_attr attr = {
		.map_fd = map, .key = (uintptr_t)&key,
		.value = (uintptr_t)&value,
	};

	if (syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr)))
		say("map: %s", strerror(errno));
	return value;
}

/* A program that adds @number to the element of @map. */
static int count_by(const char *path, int attach_type, int map, int number)
{
	const struct bpf_insn add[] = {
		{ BPF_ST | BPF_MEM | BPF_W, 10, 0, -4, 0 },
		{ BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0 },
		{ BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -4 },
		{ BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, map },
		{ 0, 0, 0, 0, 0 },
		{ BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem },
		{ BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2, 0 },
		{ BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, number },
		{ BPF_STX | BPF_ATOMIC | BPF_DW, 0, 1, 0, BPF_ADD },
		RETURN(1),
	};

	return bpf_attach(path, BPF_PROG_TYPE_CGROUP_SOCK, attach_type, add,
			  ARRAY_SIZE(add));
}

struct balance {
	int map;
	int64_t sum;
};

static bool is_balanced(void *arg)
{
	const struct balance *b = arg;

	return !sessions() && map_get(b->map) == b->sum;
}

/* Of a pair of TCP's there is one socket more that is released than made: that which is
 * accepted.  So it is of this one.
 */
CASE(group, is_told_of_each_release)
{
	const struct kind *kind = &variant->kind;
	struct balance b = { .sum = -1 };

	self->counter = map_new();
	ASSERT_LE(0, self->counter);
	b.map = self->counter;
	OK(count_by(self->path, BPF_CGROUP_INET_SOCK_CREATE, b.map, 1));
	OK(count_by(self->path, BPF_CGROUP_INET_SOCK_RELEASE, b.map, -1));
	OK(cgroup_enter(self->path));
	OK(meet(kind, &self->lfd, &self->c, &self->s));
	OK(write_all(self->c, 0, 1000));
	OK(read_all(self->s, 0, 1000));
	if (has_session(kind) && kind->protocol != IPPROTO_MPTCP &&
	    kind->protocol != IPPROTO_SCTP) {
		ASSERT_LT(0, tear(PORT));
		OK(write_all(self->c, 0, 1000));
		OK(read_all(self->s, 0, 1000));
	}
	ASSERT_EQ(2, map_get(b.map));
	OK(line_close(&self->s));
	OK(line_close(&self->c));
	OK(line_close(&self->lfd));
	OK(wait_until(is_balanced, &b));
}

/* A program that has an application see another port. */
static int show_port(const char *path, int attach_type, int port)
{
	const struct bpf_insn show[] = {
		{ BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, htons(port) },
		{ BPF_STX | BPF_MEM | BPF_W, 1, 2,
		  offsetof(struct bpf_sock_addr, user_port), 0 },
		RETURN(1),
	};

	return bpf_attach(path, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, attach_type,
			  show, ARRAY_SIZE(show));
}

static int port_by(int (*name)(int fd, struct sockaddr *sa, socklen_t *len), int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	return name(fd, (struct sockaddr *)&ss, &len) ? -errno : port_of(&ss);
}

CASE(group, shows_another_address)
{
	bool six = variant->kind.family == AF_INET6;

	OK(cgroup_enter(self->path));
	OK(meet(&variant->kind, &self->lfd, &self->c, &self->s));
	ASSERT_EQ(PORT, port_by(getpeername, self->c));
	ASSERT_EQ(PORT, port_by(getsockname, self->s));
	OK(show_port(self->path, six ? BPF_CGROUP_INET6_GETPEERNAME :
				       BPF_CGROUP_INET4_GETPEERNAME, 1));
	OK(show_port(self->path, six ? BPF_CGROUP_INET6_GETSOCKNAME :
				       BPF_CGROUP_INET4_GETSOCKNAME, 2));
	EXPECT_EQ(1, port_by(getpeername, self->c));
	EXPECT_EQ(2, port_by(getsockname, self->c));
	EXPECT_EQ(1, port_by(getpeername, self->s));
	EXPECT_EQ(2, port_by(getsockname, self->s));
	EXPECT_EQ(2, port_by(getsockname, self->lfd));
}

static bool is_asked(void *arg)
{
	(void)arg;
	return stat_get("PingsSent") > 0;
}

/* A program of BPF may not sleep, and what it asks for comes to be all the same. */
CASE(group, is_kept_alive_by_a_program)
{
	const struct kind *kind = &variant->kind;

	OK(cgroup_enter(self->path));
	OK(meet(kind, &self->lfd, &self->c, &self->s));
	OK(set_by_program(self->path, SOL_SOCKET, SO_KEEPALIVE, 1));
	ASSERT_EQ(0, get_int(self->c, SOL_SOCKET, SO_KEEPALIVE));
	OK(set_int(self->c, SOL_SOCKET, SO_PRIORITY, 1));
	ASSERT_EQ(1, get_int(self->c, SOL_SOCKET, SO_KEEPALIVE));
	if (!has_session(kind) || kind->protocol == IPPROTO_SCTP)
		return;
	OK(set_int(self->c, SOL_TCP, TCP_KEEPIDLE, 1));
	OK(wait_until(is_asked, NULL));
}

TEST_HARNESS_MAIN
