/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Programs of BPF, a few instructions each, for a cgroup.
 */
#ifndef _RSESS_TEST_BPF_H
#define _RSESS_TEST_BPF_H

#include <linux/bpf.h>

int bpf_attach(const char *cgroup, int prog_type, int attach_type,
	       const struct bpf_insn *code, unsigned int count);

#endif /* _RSESS_TEST_BPF_H */
