// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/net/rsess: sessions.  /proc/net/rsess_stat: counters and gauges.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/seq_file_net.h>
#include <net/sock.h>
#include "info.h"
#include "net.h"
#include "session.h"

static int rsess_stat_show(struct seq_file *seq, void *v)
{
	const struct rsess_net *rn = rsess_net(seq_file_single_net(seq));
	int i;

	/* Whoever reads them beside those of other protocols, as nstat does, sees whose they
	 * are.
	 */
	for (i = 0; i < RSESS_STAT_MAX; i++)
		seq_printf(seq, "Rsess%-20s %lu\n", rsess_stat_name(i),
			   rsess_stat_value(rn, i));
	return 0;
}

/**
 * struct rsess_proc - somebody who reads the list of sessions
 * @net: namespace; the first, for the helpers of seq_file
 * @admin: has CAP_NET_ADMIN there
 */
struct rsess_proc {
	struct seq_net_private	net;
	bool			admin;
};

static struct xarray *rsess_proc_sessions(struct seq_file *seq)
{
	return &rsess_net(seq_file_net(seq))->roll[RSESS_ROLL_SESSIONS].socks;
}

/* The session with this number, or the next one that there is.  So whoever reads on finds
 * his place at once, and misses none because another one has gone.
 */
static void *rsess_proc_find(struct seq_file *seq, loff_t *pos)
{
	unsigned long number = *pos;
	void *rs;

	rs = xa_find(rsess_proc_sessions(seq), &number, U32_MAX, XA_PRESENT);
	if (rs)
		*pos = number;
	return rs;
}

/* The capability is that of the one who has opened the file. */
static void *rsess_proc_start(struct seq_file *seq, loff_t *pos)
	__acquires(&rsess_proc_sessions(seq)->xa_lock)
{
	struct rsess_proc *reader = seq->private;

	reader->admin = file_ns_capable(seq->file, seq_file_net(seq)->user_ns,
					CAP_NET_ADMIN);
	xa_lock(rsess_proc_sessions(seq));
	return *pos ? rsess_proc_find(seq, pos) : SEQ_START_TOKEN;
}

static void *rsess_proc_next(struct seq_file *seq, void *v, loff_t *pos)
{
	++*pos;
	return rsess_proc_find(seq, pos);
}

static void rsess_proc_stop(struct seq_file *seq, void *v)
	__releases(&rsess_proc_sessions(seq)->xa_lock)
{
	xa_unlock(rsess_proc_sessions(seq));
}

static void rsess_proc_id(struct seq_file *seq, const struct rsess_sock *rs)
{
	const struct rsess_proc *reader = seq->private;

	if (rsess_info_may_know(rs, seq->file->f_cred->fsuid, reader->admin))
		seq_printf(seq, "%*phN", RSESS_ID_LEN, rs->id);
	else
		seq_putc(seq, '-');
}

static void rsess_proc_addr(struct seq_file *seq, const union rsess_addr *addr)
{
	if (addr->sa.sa_family == AF_VSOCK)
		seq_printf(seq, " vsock:%u:%u", addr->vm.svm_cid,
			   addr->vm.svm_port);
	else
		seq_printf(seq, " %pISpc", addr);
}

/* The session is not locked: each number is right, not all of one moment. */
static int rsess_proc_show(struct seq_file *seq, void *v)
{
	static const char * const links[] = {
		[RSESS_LINK_NONE]	= "none",
		[RSESS_LINK_DIALING]	= "dialing",
		[RSESS_LINK_GREETING]	= "greeting",
		[RSESS_LINK_LIVE]	= "live",
	};
	union rsess_addr laddr, raddr;
	const struct rsess_sock *rs = v;

	if (v == SEQ_START_TOKEN) {
		seq_puts(seq, "id role state link epoch resumes lost retained unsent queued owner local remote\n");
		return 0;
	}
	/* A connect() under way may be about to fill them in. */
	laddr = data_race(rs->laddr);	/* see above */
	raddr = data_race(rs->raddr);	/* see above */
	rsess_proc_id(seq, rs);
	seq_printf(seq, " %s %s %s %u %u %u %llu %llu %llu %s",
		   rs->dialer ? "dialer" : "acceptor",
		   rsess_state_name(READ_ONCE(rsess_to_sk(rs)->sk_state)),
		   links[READ_ONCE(rs->link)], READ_ONCE(rs->epoch),
		   READ_ONCE(rs->resumes), READ_ONCE(rs->lost),
		   rsess_sendq_retained(&rs->sq), rsess_sendq_unsent(&rs->sq),
		   rsess_readable(rs),
		   READ_ONCE(rs->orphaned) ? "orphan" : "socket");
	rsess_proc_addr(seq, &laddr);
	rsess_proc_addr(seq, &raddr);
	seq_putc(seq, '\n');
	return 0;
}

static const struct seq_operations rsess_proc_ops = {
	.start	= rsess_proc_start,
	.next	= rsess_proc_next,
	.stop	= rsess_proc_stop,
	.show	= rsess_proc_show,
};

/**
 * rsess_proc_register() - make the files of a namespace
 * @net: namespace
 *
 * Return: 0 or -ENOMEM.
 */
int rsess_proc_register(struct net *net)
{
	if (!proc_create_net_single("rsess_stat", 0444, net->proc_net,
				    rsess_stat_show, NULL))
		return -ENOMEM;
	if (!proc_create_net("rsess", 0444, net->proc_net, &rsess_proc_ops,
			     sizeof(struct rsess_proc))) {
		remove_proc_entry("rsess_stat", net->proc_net);
		return -ENOMEM;
	}
	return 0;
}

/**
 * rsess_proc_unregister() - undo rsess_proc_register()
 * @net: namespace
 */
void rsess_proc_unregister(struct net *net)
{
	remove_proc_entry("rsess", net->proc_net);
	remove_proc_entry("rsess_stat", net->proc_net);
}
