// SPDX-License-Identifier: GPL-2.0
/*
 * Labels of SELinux: what a socket accepts has that of the socket, whoever made its
 * transport.  For a kernel with the policy and the labels of packets that
 * tools/testing/selinux.sh makes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "harness.h"
#include "line.h"

/* The relay resets when it is told to, and not before. */
#define TOLD	0x40000000

#define LABEL	"user_u:base_r:listen_t"
/* Its packets are labelled wherever they go to, those of the other one by address. */
#define DIALS	"user_u:base_r:dial_t"

FIXTURE(label) {
	struct line l;
};

FIXTURE_VARIANT(label) {
	struct kind kind;
};

KIND_VARIANT(label, tcp4, AF_INET, AF_INET, 0, AUTO);
KIND_VARIANT(label, plain4, AF_RSESS, AF_INET, 0, OFF);
KIND_VARIANT(label, told4, AF_RSESS, AF_INET, TOLD, REQUIRE);
KIND_VARIANT_OF(label, sctp4, AF_RSESS, AF_INET, IPPROTO_SCTP, TOLD, REQUIRE);
KIND_VARIANT_OF(label, mptcp4, AF_RSESS, AF_INET, IPPROTO_MPTCP, TOLD, REQUIRE);

/* Sockets made from now on have this label; the process's own if it is "". */
static int label_sockets(const char *label)
{
	int fd = open("/proc/thread-self/attr/sockcreate", O_WRONLY | O_CLOEXEC);
	int ret = write(fd, label, strlen(label)) < 0 ? -errno : 0;

	close(fd);
	return ret;
}

static bool is_labelled(int fd)
{
	char label[100] = "";

	fgetxattr(fd, "security.selinux", label, sizeof(label) - 1);
	return !strcmp(label, LABEL);
}

FIXTURE_SETUP(label)
{
	OK(line_init(&self->l, &variant->kind));
}

FIXTURE_TEARDOWN(label)
{
	EXPECT_EQ(0, line_end(&self->l));
}

CASE(label, label_of_what_is_accepted)
{
	struct line *l = &self->l;

	line_close(&l->lfd);
	OK(label_sockets(LABEL));
	l->lfd = new_listener_of(l->kind->domain, l->kind->protocol,
				 l->kind->family);
	ASSERT_LE(0, l->lfd);
	OK(label_sockets(""));
	OK(line_open(l));
	OK(line_talk(l));
	OK(line_reset(l));
	OK(line_talk(l));
	ASSERT_EQ(true, is_labelled(l->lfd));
	ASSERT_EQ(true, is_labelled(l->s));
	ASSERT_EQ(false, is_labelled(l->c));
}

/*
 * Labels of packets, which a socket of TCP can tell: that of who dials, and not the
 * kernel's.
 */
FIXTURE(packets) {
	int lfd;
	int c;
	int s;
};

FIXTURE_VARIANT(packets) {
	struct kind kind;
};

KIND_VARIANT(packets, tcp4, AF_INET, AF_INET, 0, AUTO);
KIND_VARIANT(packets, plain4, AF_RSESS, AF_INET, 0, OFF);
KIND_VARIANT_OF(packets, door4, AF_INET, AF_INET, IPPROTO_RSESS, 0, OFF);

FIXTURE_SETUP(packets)
{
	self->lfd = -1;
	self->c = -1;
	self->s = -1;
	OK(netns_new());
	OK(negotiate_set(variant->kind.policy));
}

FIXTURE_TEARDOWN(packets)
{
	line_close(&self->s);
	line_close(&self->c);
	line_close(&self->lfd);
	label_sockets("");
}

/* A socket with a label. */
static int labelled_socket(const struct kind *kind, const char *label)
{
	int fd, ret = label_sockets(label);

	if (ret)
		return ret;
	fd = kind_socket(kind, 0);
	ret = label_sockets("");
	return ret ?: fd;
}

static const char *label_of_peer(int fd)
{
	static char label[100];
	socklen_t len = sizeof(label) - 1;

	memset(label, 0, sizeof(label));
	if (getsockopt(fd, SOL_SOCKET, SO_PEERSEC, label, &len))
		return strerror(errno);
	return label;
}

/* Connect, and accept that. */
static int meet(int lfd, int c)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, AF_INET, PORT);

	return connect(c, (struct sockaddr *)&ss, len) ? -errno :
							 accept(lfd, NULL, NULL);
}

CASE(packets, have_the_label_of_who_dials)
{
	self->lfd = new_listener(AF_INET, AF_INET);
	ASSERT_LE(0, self->lfd);
	self->c = labelled_socket(&variant->kind, DIALS);
	ASSERT_LE(0, self->c);
	self->s = meet(self->lfd, self->c);
	ASSERT_LE(0, self->s);
	ASSERT_STREQ(DIALS, label_of_peer(self->s));
	OK(write_all(self->c, 0, 1000));
	OK(read_all(self->s, 0, 1000));
}

/* The label is known by the address that is dialed, when a transport may be there. */
CASE(packets, have_the_label_for_an_address)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, AF_INET, 0);

	self->lfd = new_listener(AF_INET, AF_INET);
	ASSERT_LE(0, self->lfd);
	self->c = labelled_socket(&variant->kind, LABEL);
	ASSERT_LE(0, self->c);
	OK(bind(self->c, (struct sockaddr *)&ss, len));
	self->s = meet(self->lfd, self->c);
	ASSERT_LE(0, self->s);
	ASSERT_STREQ(LABEL, label_of_peer(self->s));
	OK(write_all(self->c, 0, 1000));
	OK(read_all(self->s, 0, 1000));
}

/* Memory that has the size of an option with a label, or -1. */
static long labels_in_memory(void)
{
	FILE *f = fopen("/proc/slabinfo", "r");
	char line[300];
	long n = -1;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "kmalloc-64 %ld", &n) == 1)
			break;
	if (f)
		fclose(f);
	return n;
}

static bool has_few_labels(void *most)
{
	return labels_in_memory() < *(long *)most;
}

#define MANY	8000

CASE(packets, leave_no_label_behind)
{
	long most = labels_in_memory();
	int i;

	ASSERT_LE(0, most);
	most += MANY / 2;
	for (i = 0; i < MANY; i++) {
		self->c = kind_socket(&variant->kind, 0);
		ASSERT_LE(0, self->c);
		OK(line_close(&self->c));
	}
	OK(wait_until(has_few_labels, &most));
}

/*
 * Who the peer is, for both sides.
 */
FIXTURE(peers) {
	int lfd;
	int c;
	int s;
};

FIXTURE_VARIANT(peers) {
	struct kind kind;
};

KIND_VARIANT(peers, tcp4, AF_INET, AF_INET, 0, AUTO);
KIND_VARIANT(peers, plain4, AF_RSESS, AF_INET, 0, OFF);
KIND_VARIANT(peers, rsess4, AF_RSESS, AF_INET, 0, REQUIRE);
KIND_VARIANT_OF(peers, door4, AF_INET, AF_INET, IPPROTO_RSESS, 0, REQUIRE);

FIXTURE_SETUP(peers)
{
	const struct kind *kind = &variant->kind;

	self->c = -1;
	self->s = -1;
	OK(netns_new());
	OK(negotiate_set(kind->policy));
	OK(label_sockets(LABEL));
	self->lfd = new_listener_of(kind->domain, kind->protocol, kind->family);
	ASSERT_LE(0, self->lfd);
	self->c = labelled_socket(kind, DIALS);
	ASSERT_LE(0, self->c);
	self->s = meet(self->lfd, self->c);
	ASSERT_LE(0, self->s);
}

FIXTURE_TEARDOWN(peers)
{
	line_close(&self->s);
	line_close(&self->c);
	line_close(&self->lfd);
	label_sockets("");
}

CASE(peers, are_known)
{
	ASSERT_STREQ(DIALS, label_of_peer(self->s));
	ASSERT_STREQ(LABEL, label_of_peer(self->c));
	if (!has_session(&variant->kind))
		return;
	ASSERT_LT(0, tear(PORT));
	OK(write_all(self->c, 0, 100000));
	OK(read_all(self->s, 0, 100000));
	ASSERT_STREQ(DIALS, label_of_peer(self->s));
	ASSERT_STREQ(LABEL, label_of_peer(self->c));
}

CASE(peers, keep_their_labels)
{
	FAILS(EACCES, setsockopt(self->c, IPPROTO_IP, IP_OPTIONS, NULL, 0));
	FAILS(EACCES, setsockopt(self->s, IPPROTO_IP, IP_OPTIONS, NULL, 0));
}

/*
 * Rules for ports.
 */
#define NO_PORT	"user_u:base_r:noport_t"

FIXTURE(ports) {
	int lfd;
	int c;
};

FIXTURE_VARIANT(ports) {
	struct kind kind;
};

KIND_VARIANT(ports, tcp4, AF_INET, AF_INET, 0, AUTO);
KIND_VARIANT(ports, tcp6, AF_INET6, AF_INET6, 0, AUTO);
KIND_VARIANT(ports, plain4, AF_RSESS, AF_INET, 0, OFF);
KIND_VARIANT(ports, rsess4, AF_RSESS, AF_INET, 0, AUTO);
KIND_VARIANT(ports, rsess6, AF_RSESS, AF_INET6, 0, AUTO);
KIND_VARIANT_OF(ports, door4, AF_INET, AF_INET, IPPROTO_RSESS, 0, AUTO);
KIND_VARIANT_OF(ports, door6, AF_INET6, AF_INET6, IPPROTO_RSESS, 0, AUTO);
KIND_VARIANT_OF(ports, sctp4, AF_RSESS, AF_INET, IPPROTO_SCTP, 0, AUTO);
KIND_VARIANT_OF(ports, mptcp4, AF_RSESS, AF_INET, IPPROTO_MPTCP, 0, AUTO);

#define ENFORCE	"/sys/fs/selinux/enforce"

FIXTURE_SETUP(ports)
{
	const struct kind *kind = &variant->kind;

	self->c = -1;
	OK(netns_new());
	OK(negotiate_set(kind->policy));
	self->lfd = new_listener_of(kind->domain, kind->protocol, kind->family);
	ASSERT_LE(0, self->lfd);
	OK(file_write(ENFORCE, "1"));
}

FIXTURE_TEARDOWN(ports)
{
	file_write(ENFORCE, "0");
	line_close(&self->c);
	line_close(&self->lfd);
	label_sockets("");
}

CASE(ports, are_refused)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, variant->kind.family, PORT);

	self->c = labelled_socket(&variant->kind, NO_PORT);
	ASSERT_LE(0, self->c);
	FAILS(EACCES, connect(self->c, (struct sockaddr *)&ss, len));
	loopback(&ss, variant->kind.family, PORT + 1);
	FAILS(EACCES, bind(self->c, (struct sockaddr *)&ss, len));
	line_close(&self->c);
	self->c = labelled_socket(&variant->kind, DIALS);
	ASSERT_LE(0, self->c);
	/* The class of a socket of AF_RSESS has no permission to be bound to a node. */
	if (variant->kind.domain != AF_RSESS) {
		OK(bind(self->c, (struct sockaddr *)&ss, len));
	}
	loopback(&ss, variant->kind.family, PORT);
	OK(connect(self->c, (struct sockaddr *)&ss, len));
}

/*
 * Rules for sockets of a transport.
 */
#define NO_SOCKET	"user_u:base_r:nosock_t"

FIXTURE(carried) {
	int fd;
};

FIXTURE_VARIANT(carried) {
	int domain;
	int protocol;
};

#define CARRIED(name, d, p)						\
	FIXTURE_VARIANT_ADD(carried, name) { .domain = d, .protocol = p }

CARRIED(tcp, AF_INET, IPPROTO_TCP);
CARRIED(sctp, AF_INET, IPPROTO_SCTP);
CARRIED(mptcp, AF_INET, IPPROTO_MPTCP);
CARRIED(vsock, AF_VSOCK, PF_VSOCK);
CARRIED(door4, AF_INET, IPPROTO_RSESS);
CARRIED(door6, AF_INET6, IPPROTO_RSESS);
CARRIED(by_tcp, AF_RSESS, IPPROTO_TCP);
CARRIED(by_sctp, AF_RSESS, IPPROTO_SCTP);
CARRIED(by_mptcp, AF_RSESS, IPPROTO_MPTCP);
CARRIED(by_vsock, AF_RSESS, PF_VSOCK);

FIXTURE_SETUP(carried)
{
	self->fd = -1;
	OK(file_write(ENFORCE, "1"));
}

FIXTURE_TEARDOWN(carried)
{
	label_sockets("");
	file_write(ENFORCE, "0");
	line_close(&self->fd);
}

CASE(carried, are_refused)
{
	OK(label_sockets(NO_SOCKET));
	FAILS(EACCES, socket(variant->domain, SOCK_STREAM, variant->protocol));
	OK(label_sockets(""));
	self->fd = socket(variant->domain, SOCK_STREAM, variant->protocol);
	ASSERT_LE(0, self->fd);
}

TEST_HARNESS_MAIN
