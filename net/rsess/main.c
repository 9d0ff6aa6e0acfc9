// SPDX-License-Identifier: GPL-2.0
/*
 * AF_RSESS: module and namespaces.
 */
#include <linux/module.h>
#include <linux/swap.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <uapi/linux/rsess.h>
#include "auth.h"
#include "compat.h"
#include "diag.h"
#include "family.h"
#include "genl.h"
#include "knock.h"
#include "kunit_export.h"
#include "listener.h"
#include "net.h"
#include "session.h"
#include "socket.h"
#include "synopt.h"
#include "table.h"
#include "transport.h"
#include "turn.h"
#include "version.h"
#include "work.h"

struct workqueue_struct *rsess_wq;
struct workqueue_struct *rsess_close_wq;

static atomic_long_t rsess_memory_allocated;
static DEFINE_PER_CPU(int, rsess_memory_per_cpu_fw_alloc);
static unsigned long rsess_memory_pressure;
static struct percpu_counter rsess_sockets_allocated;
static long rsess_mem[3];

static void rsess_enter_memory_pressure(struct sock *sk)
{
	if (!READ_ONCE(rsess_memory_pressure))
		WRITE_ONCE(rsess_memory_pressure, 1);
}

static_assert(offsetofend(struct rsess_inet_sock, rs.inet6) ==
	      sizeof(struct rsess_inet_sock), "RSESS_PROTO_INET6");

#define RSESS_PROTO(proto_name, type) {					\
	.name			= proto_name,				\
	.owner			= THIS_MODULE,				\
	.obj_size		= sizeof(type),				\
	.memory_allocated	= &rsess_memory_allocated,		\
	.per_cpu_fw_alloc	= &rsess_memory_per_cpu_fw_alloc,	\
	.memory_pressure	= &rsess_memory_pressure,		\
	.enter_memory_pressure	= rsess_enter_memory_pressure,		\
	.sockets_allocated	= &rsess_sockets_allocated,		\
	.sysctl_mem		= rsess_mem,				\
	.sysctl_wmem_offset	= offsetof(struct net, ipv4.sysctl_tcp_wmem), \
	.sysctl_rmem_offset	= offsetof(struct net, ipv4.sysctl_tcp_rmem), \
	.stream_memory_free	= rsess_memory_free,			\
	.keepalive		= rsess_keepalive,			\
	.disconnect		= rsess_session_reject,			\
	.bind_add		= rsess_sock_bind_add,			\
	.release_cb		= rsess_work_release,			\
	.no_autobind		= true,					\
	.init			= rsess_sock_init,			\
	.destroy		= rsess_sock_refused,			\
	.unhash			= rsess_sock_unhash,			\
	RSESS_PROTO_INET6(type, rs.inet6)				\
}

struct proto rsess_proto = RSESS_PROTO("RSESS", struct rsess_inet_sock);
struct proto rsess_kernel_proto =
	RSESS_PROTO("RSESS-KERNEL", struct rsess_kernel_sock);
EXPORT_SYMBOL_RSESS_KUNIT(rsess_kernel_proto);

static int __net_init rsess_net_init(struct net *net)
{
	struct rsess_net *rn = rsess_net(net);
	int err;

	mutex_init(&rn->bind_lock);
	INIT_LIST_HEAD(&rn->listeners);
	rn->net = net;
	err = rsess_table_init(rn);
	if (err)
		return err;
	rsess_turn_init(rn);
	rsess_event_init(rn);
	rsess_knock_init(rn);
	err = -ENOMEM;
	rn->mib = alloc_percpu(struct rsess_mib);
	if (!rn->mib)
		goto exit_table;
	err = rsess_sysctl_register(net);
	if (err)
		goto free_mib;
	err = rsess_proc_register(net);
	if (err)
		goto unregister_sysctl;
	return 0;

unregister_sysctl:
	rsess_sysctl_unregister(net);
free_mib:
	free_percpu(rn->mib);
exit_table:
	rsess_table_exit(rn);
	return err;
}

static void __net_exit rsess_net_exit(struct net *net)
{
	struct rsess_net *rn = rsess_net(net);

	rsess_proc_unregister(net);
	rsess_sysctl_unregister(net);
	rsess_knock_exit(rn);
	rsess_session_end_all(rn);
	rsess_listener_exit(rn);
	rsess_offers_exit(net);
	rsess_table_exit(rn);
	rsess_turn_exit(rn);
	/* rsess_net_get(): who has not seen @exiting is among @users. */
	smp_mb();
	wait_var_event(&rn->users, !atomic_read(&rn->users));
	rsess_event_exit(rn);
	free_percpu(rn->mib);
}

/* A device, so that it exits before TCP does. */
static struct pernet_operations rsess_pernet_ops = {
	.init	= rsess_net_init,
	.exit	= rsess_net_exit,
	.id	= &rsess_net_id,
	.size	= sizeof(struct rsess_net),
};

/* As TCP: 3, 4 and 6 parts of 64 of the memory, in pages. */
static void __init rsess_mem_init(void)
{
	unsigned long limit = max(nr_free_buffer_pages() / 16, 128UL);

	rsess_mem[0] = limit / 4 * 3;
	rsess_mem[1] = limit;
	rsess_mem[2] = rsess_mem[0] * 2;
}

static int __init rsess_init(void)
{
	int err;

	rsess_mem_init();
	rsess_transport_use(&rsess_link_user);
	err = percpu_counter_init(&rsess_sockets_allocated, 0, GFP_KERNEL);
	if (err)
		return err;
	err = -ENOMEM;
	rsess_wq = alloc_workqueue("rsess", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!rsess_wq)
		goto destroy_counter;
	rsess_close_wq = alloc_workqueue("rsess_close",
					 WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!rsess_close_wq)
		goto destroy_wq;
	err = rsess_auth_init();
	if (err)
		goto destroy_close_wq;
	err = proto_register(&rsess_proto, 1);
	if (err)
		goto exit_auth;
	err = proto_register(&rsess_kernel_proto, 1);
	if (err)
		goto unregister_proto;
	err = register_pernet_device(&rsess_pernet_ops);
	if (err)
		goto unregister_kernel_proto;
	err = rsess_genl_register();
	if (err)
		goto unregister_pernet;
	err = rsess_diag_register();
	if (err)
		goto unregister_genl;
	/* The last one: when sockets can be made there is no way back. */
	err = rsess_family_register();
	if (err)
		goto unregister_diag;
	return 0;

unregister_diag:
	rsess_diag_unregister();
unregister_genl:
	rsess_genl_unregister();
unregister_pernet:
	unregister_pernet_device(&rsess_pernet_ops);
unregister_kernel_proto:
	proto_unregister(&rsess_kernel_proto);
unregister_proto:
	proto_unregister(&rsess_proto);
exit_auth:
	rsess_auth_exit();
destroy_close_wq:
	destroy_workqueue(rsess_close_wq);
destroy_wq:
	destroy_workqueue(rsess_wq);
destroy_counter:
	percpu_counter_destroy(&rsess_sockets_allocated);
	return err;
}

/* No outer socket exists any more, orphans included: each pins the module. */
static void __exit rsess_exit(void)
{
	rsess_family_unregister();
	rsess_diag_unregister();
	rsess_genl_unregister();
	unregister_pernet_device(&rsess_pernet_ops);
	destroy_workqueue(rsess_close_wq);
	destroy_workqueue(rsess_wq);
	rcu_barrier();
	proto_unregister(&rsess_kernel_proto);
	proto_unregister(&rsess_proto);
	rsess_auth_exit();
	percpu_counter_destroy(&rsess_sockets_allocated);
}

module_init(rsess_init);
module_exit(rsess_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Session layer below the socket: streams that survive ECONNRESET");
MODULE_VERSION(RSESS_MODULE_VERSION);
