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
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf.h"
#include "util.h"

static int bpf_call(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
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
