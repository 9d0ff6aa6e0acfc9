// SPDX-License-Identifier: GPL-2.0
/*
 * Labels of SELinux: what a socket accepts has that of the socket, whoever made its
 * transport.  For a kernel with a policy that has a type of this name, see
 * tools/testing/selinux.sh.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "harness.h"
#include "line.h"

/* The relay resets when it is told to, and not before. */
#define TOLD	0x40000000

#define LABEL	"user_u:base_r:listen_t"

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

TEST_HARNESS_MAIN
