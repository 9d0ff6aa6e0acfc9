// SPDX-License-Identifier: GPL-2.0
/*
 * Programs of BPF, a few instructions each, for a cgroup.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf.h"
#include "util.h"

static int bpf_call(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/* One of each kind stays as long as the test program runs, in a cgroup without processes.
 * With the first one of a kind, and when the last has gone, the kernel changes its own code,
 * which an emulated processor may still run as it was: see threads_of in vm/lib.sh.
 */
#define HELD	"/sys/fs/cgroup/held.%d"

static const struct {
	int prog_type, attach_type;
} held[] = {
	{ BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE },
	{ BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_RELEASE },
	{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_BIND },
	{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_BIND },
	{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT },
	{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_GETPEERNAME },
	{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_GETPEERNAME },
	{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_GETSOCKNAME },
	{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_GETSOCKNAME },
	{ BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_SETSOCKOPT },
	{}
};

static pid_t holder;

/* Only the process of the program itself: its tests are children of it. */
static void __attribute__((destructor)) bpf_release(void)
{
	char path[64];

	if (getpid() != holder)
		return;
	snprintf(path, sizeof(path), HELD, holder);
	rmdir(path);
}

/* A program that only lists its tests changes nothing. */
static void __attribute__((constructor)) bpf_hold(int argc, char **argv)
{
	static const struct bpf_insn yes[] = {
		{ BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1 },
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
	};
	char path[64];
	unsigned int i;

	if (argc > 1 && !strcmp(argv[1], "--list"))
		return;
	holder = getpid();
	snprintf(path, sizeof(path), HELD, holder);
	if (mkdir(path, 0755))
		return;
	for (i = 0; held[i].prog_type; i++)
		bpf_attach(path, held[i].prog_type, held[i].attach_type, yes, 2);
}

/**
 * bpf_attach() - a program for the processes of a cgroup, until that is removed
 * @cgroup: its directory
 * @prog_type: enum bpf_prog_type
 * @attach_type: enum bpf_attach_type
 * @code: the program
 * @count: of instructions
 *
 * Return: 0 or a negative errno.
 */
int bpf_attach(const char *cgroup, int prog_type, int attach_type,
	       const struct bpf_insn *code, unsigned int count)
{
	union bpf_attr load = {
		.prog_type = prog_type,
		.expected_attach_type = attach_type,
		.insns = (uintptr_t)code,
		.insn_cnt = count,
		.license = (uintptr_t)"GPL",
	};
	int dir = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int prog = bpf_call(BPF_PROG_LOAD, &load);
	union bpf_attr attach = {
		.target_fd = dir,
		.attach_bpf_fd = prog,
		.attach_type = attach_type,
	};
	int ret = dir < 0 || prog < 0 || bpf_call(BPF_PROG_ATTACH, &attach) ?
		  -errno : 0;

	if (ret)
		say("bpf: %s", strerror(errno));
	if (prog >= 0)
		close(prog);
	if (dir >= 0)
		close(dir);
	return ret;
}
