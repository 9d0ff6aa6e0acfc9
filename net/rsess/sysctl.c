// SPDX-License-Identifier: GPL-2.0
/*
 * net.rsess.*: limits and timers of a namespace, see
 * Documentation/networking/rsess/sysctl.rst.
 */
#include <linux/slab.h>
#include <linux/sysctl.h>
#include <uapi/linux/rsess.h>
#include "compat.h"
#include "net.h"
#include "session.h"

static unsigned int rsess_ms_min = 100;
static unsigned int rsess_ms_max = 24 * 3600 * 1000;
static unsigned int rsess_dial_ms_min = RSESS_DIAL_MIN_MS;
/* A tombstone is no place to stay. */
static unsigned int rsess_tomb_ms_max = 600 * 1000;
static unsigned int rsess_tomb_max = 65536;
static unsigned int rsess_window_min = RSESS_WINDOW_MIN;

#define RSESS_SYSCTL_RANGE(name, min, max)				\
	{								\
		.procname	= #name,				\
		.data		= (void *)offsetof(struct rsess_net, name), \
		.maxlen		= sizeof(unsigned int),			\
		.mode		= 0644,					\
		.proc_handler	= proc_douintvec_minmax,		\
		.extra1		= min,					\
		.extra2		= max,					\
	}

#define RSESS_SYSCTL_MS(name, min)	RSESS_SYSCTL_RANGE(name, min, &rsess_ms_max)
#define RSESS_SYSCTL_MAX(name, min)	RSESS_SYSCTL_RANGE(name, min, NULL)

/* data is an offset here, and becomes an address in the copy for a namespace */
static const struct ctl_table rsess_sysctls[] = {
	RSESS_SYSCTL_MS(timeout_ms, SYSCTL_ZERO),
	RSESS_SYSCTL_MS(stall_timeout_ms, &rsess_ms_min),
	RSESS_SYSCTL_MS(probe_interval_ms, SYSCTL_ZERO),
	RSESS_SYSCTL_MS(handshake_timeout_ms, &rsess_ms_min),
	RSESS_SYSCTL_MS(orphan_timeout_ms, &rsess_ms_min),
	RSESS_SYSCTL_MS(dial_max_ms, &rsess_dial_ms_min),
	RSESS_SYSCTL_RANGE(tombstone_timeout_ms, SYSCTL_ZERO, &rsess_tomb_ms_max),
	RSESS_SYSCTL_MAX(max_sessions, SYSCTL_ZERO),
	RSESS_SYSCTL_MAX(max_orphans, SYSCTL_ZERO),
	RSESS_SYSCTL_RANGE(max_tombstones, SYSCTL_ZERO, &rsess_tomb_max),
	RSESS_SYSCTL_MAX(max_pending, SYSCTL_ONE),
	RSESS_SYSCTL_MAX(max_pending_source, SYSCTL_ONE),
	RSESS_SYSCTL_MAX(max_retained, SYSCTL_ZERO),
	RSESS_SYSCTL_MAX(max_early_bytes, &rsess_window_min),
	RSESS_SYSCTL_MAX(max_errors, SYSCTL_ZERO),
	RSESS_SYSCTL_MAX(max_idle_frames, SYSCTL_ZERO),
	RSESS_SYSCTL_MAX(max_resumes, SYSCTL_ZERO),
	RSESS_SYSCTL_MAX(max_redials, SYSCTL_ZERO),
	RSESS_SYSCTL_MS(listen_linger, SYSCTL_ZERO),
	RSESS_SYSCTL_RANGE(negotiate, SYSCTL_ZERO, SYSCTL_TWO),
	RSESS_SYSCTL_RANGE(tag, SYSCTL_ZERO, SYSCTL_ONE),
	RSESS_SYSCTL_MAX(blackhole_timeout, SYSCTL_ZERO),
};

/**
 * rsess_sysctl_register() - defaults and files of a namespace
 * @net: namespace
 *
 * Return: 0 or -ENOMEM.
 */
int rsess_sysctl_register(struct net *net)
{
	struct rsess_net *rn = rsess_net(net);
	struct ctl_table *table;
	int i;

	rn->timeout_ms = 924600;	/* as tcp_retries2 = 15 */
	rn->stall_timeout_ms = 10000;
	rn->probe_interval_ms = 30000;
	rn->handshake_timeout_ms = 10000;
	rn->orphan_timeout_ms = 120000;
	rn->dial_max_ms = 2000;
	rn->tombstone_timeout_ms = 120000;
	rn->max_sessions = 65536;
	rn->max_orphans = 4096;
	rn->max_tombstones = 16384;
	rn->max_pending = 4096;
	rn->max_pending_source = 1024;
	rn->max_retained = 1024;
	rn->max_early_bytes = 65536;
	rn->max_errors = 32;
	rn->max_idle_frames = 1000;
	rn->max_resumes = 256;
	rn->max_redials = 1000;
	rn->listen_linger = 0;
	rn->negotiate = RSESS_NEGOTIATE_AUTO;
	rn->tag = 0;
	rn->blackhole_timeout = 3600;

	/* One entry more: older kernels end a table with an empty one. */
	table = kcalloc(ARRAY_SIZE(rsess_sysctls) + 1, sizeof(*table),
			GFP_KERNEL);
	if (!table)
		return -ENOMEM;
	memcpy(table, rsess_sysctls, sizeof(rsess_sysctls));
	for (i = 0; i < ARRAY_SIZE(rsess_sysctls); i++)
		table[i].data = (char *)rn + (unsigned long)table[i].data;
	rn->sysctl = register_net_sysctl_sz(net, "net/rsess", table,
					    ARRAY_SIZE(rsess_sysctls));
	if (!rn->sysctl) {
		kfree(table);
		return -ENOMEM;
	}
	return 0;
}

/**
 * rsess_sysctl_unregister() - undo rsess_sysctl_register()
 * @net: namespace
 */
void rsess_sysctl_unregister(struct net *net)
{
	struct rsess_net *rn = rsess_net(net);
	const struct ctl_table *table = rn->sysctl->ctl_table_arg;

	unregister_net_sysctl_table(rn->sysctl);
	kfree(table);
}
