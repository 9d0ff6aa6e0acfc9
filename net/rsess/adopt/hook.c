// SPDX-License-Identifier: GPL-2.0
/*
 * rsess_adopt: modules of the kernel that know nothing of it have sessions.
 *
 * A module that creates a socket of TCP, or SCTP, calls one of three functions.  ftrace stops
 * there for a moment, looks who has called, and if that one is to have sessions puts other
 * arguments in their registers: then the function creates an outer socket.  It is not
 * replaced, so nobody is ever in code of this module but for that moment, and removing it
 * need wait for nothing else; a live patch of the same function finds its arguments.
 *
 * No other function is stopped at.  The sockets that were made stay what they are when
 * this module is removed.
 */
#include <linux/ftrace.h>
#include <linux/in.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/socket.h>
#include <net/rsess.h>
#include "../version.h"
#include "policy.h"

/* Arguments are in registers, of which it takes the lower half. */
static void notrace adopt_rewrite(unsigned long caller, unsigned long *family,
				  unsigned long type, unsigned long *protocol)
{
	int fam = *family, proto = *protocol;
	struct rsess_kernel_policy policy;
	struct adopt_user *user;

	if ((fam != AF_INET && fam != AF_INET6) || (int)type != SOCK_STREAM ||
	    (proto != IPPROTO_TCP && proto != IPPROTO_IP &&
	     proto != IPPROTO_SCTP))
		return;
	user = adopt_find(caller, &policy);
	if (!user)
		return;
	rsess_kernel_args(&fam, &proto, &policy);
	*family = fam;
	*protocol = proto;
	adopt_count(user);
}

/* sock_create_kern(net, family, type, protocol, res), and __sock_create() alike */
static void notrace adopt_in_net(unsigned long ip, unsigned long parent_ip,
				 struct ftrace_ops *op, struct ftrace_regs *fregs)
{
	struct pt_regs *regs = ftrace_get_regs(fregs);

	if (!WARN_ON_ONCE(!regs))
		adopt_rewrite(parent_ip, &regs->si, regs->dx, &regs->cx);
}

/* sock_create(family, type, protocol, res) */
static void notrace adopt_in_own_net(unsigned long ip, unsigned long parent_ip,
				     struct ftrace_ops *op,
				     struct ftrace_regs *fregs)
{
	struct pt_regs *regs = ftrace_get_regs(fregs);

	if (!WARN_ON_ONCE(!regs))
		adopt_rewrite(parent_ip, &regs->di, regs->si, &regs->dx);
}

/* Permanent: kernel.ftrace_enabled=0 is refused, and does not make plain sockets. */
#define ADOPT_FLAGS	(FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_PERMANENT)

static struct ftrace_ops adopt_in_net_ops = {
	.func	= adopt_in_net,
	.flags	= ADOPT_FLAGS,
};

static struct ftrace_ops adopt_in_own_net_ops = {
	.func	= adopt_in_own_net,
	.flags	= ADOPT_FLAGS,
};

static void adopt_free_filters(void)
{
	ftrace_free_filter(&adopt_in_net_ops);
	ftrace_free_filter(&adopt_in_own_net_ops);
}

static int __init adopt_init(void)
{
	int err;

	err = ftrace_set_filter_ip(&adopt_in_net_ops,
				   (unsigned long)sock_create_kern, 0, 0) ?:
	      ftrace_set_filter_ip(&adopt_in_net_ops,
				   (unsigned long)__sock_create, 0, 0) ?:
	      ftrace_set_filter_ip(&adopt_in_own_net_ops,
				   (unsigned long)sock_create, 0, 0) ?:
	      register_ftrace_function(&adopt_in_net_ops);
	if (err)
		goto free;
	err = register_ftrace_function(&adopt_in_own_net_ops);
	if (!err)
		return 0;
	unregister_ftrace_function(&adopt_in_net_ops);
free:
	adopt_free_filters();
	return err;
}

static void __exit adopt_exit(void)
{
	unregister_ftrace_function(&adopt_in_own_net_ops);
	unregister_ftrace_function(&adopt_in_net_ops);
	adopt_free_filters();
}

module_init(adopt_init);
module_exit(adopt_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Sockets of other modules become AF_RSESS ones");
MODULE_VERSION(RSESS_MODULE_VERSION);
