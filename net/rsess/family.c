// SPDX-License-Identifier: GPL-2.0
/*
 * The two doors to a session: an inet socket of the protocol IPPROTO_RSESS, and the
 * family AF_RSESS.
 *
 * The socket is an inet socket in either case, so that cgroup programs, security modules
 * and all else that looks at the rules of sockets see one and ask as they do for TCP.  No
 * part of the kernel takes it for a struct tcp_sock, because its protocol is another.
 *
 * AF_RSESS has the inet family make the socket, and then takes it over: by then the rules
 * were asked whether this process may have an inet socket.  Which of the two families it
 * has is told by its first address.  No rule is asked about one of the kernel's own, which
 * is made here.
 *
 * Inner sockets are the kernel's, and no rule is asked about those.  So the process that asks
 * for a session needs permission for a socket of its transport: one is made in its name.
 */
#include <linux/module.h>
#include <net/inet_common.h>
#include <net/protocol.h>
#include <net/rsess.h>
#include <net/sock.h>
#include "compat.h"
#include "family.h"
#include "session.h"
#include "socket.h"
#include "transport.h"

int rsess_family = AF_RSESS;
module_param_named(family, rsess_family, int, 0444);
MODULE_PARM_DESC(family, "number of the address family (default 18)");

int rsess_protocol = IPPROTO_RSESS;
module_param_named(protocol, rsess_protocol, int, 0444);
MODULE_PARM_DESC(protocol, "number of the protocol of inet sockets (default 258)");

/* AF_VSOCK knows no network namespaces, or not all kernels have it know them.  A process
 * in one of its own may be kept from it by a filter of its system calls, which looks for
 * that family and not for ours.
 */
static bool rsess_family_confined(const struct rsess_transport_ops *ops,
				  const struct net *net)
{
	return ops->family && !net_eq(net, &init_net) && !capable(CAP_NET_ADMIN);
}

/* Can there be such a socket? */
static int rsess_family_try(struct net *net, int family, int protocol, int kern)
{
	struct socket *sock;
	int err;

	err = __sock_create(net, family, SOCK_STREAM, protocol, &sock, kern);
	if (!err)
		sock_release(sock);
	return err;
}

/* May this process have a socket of the transport, and are there any?  Asking loads the
 * module that has them.  The errno is that of socket().
 */
static int rsess_family_ask(const struct rsess_transport_ops *ops,
			    struct net *net, int family, int kern)
{
	if (!kern && rsess_family_confined(ops, net))
		return -EACCES;
	return rsess_family_try(net, family, ops->protocol, kern);
}

/**
 * rsess_sock_init() - struct proto.init: what AF_INET has made becomes a session's
 * @sk: new socket, with what all inet sockets have
 *
 * Return: 0, or the errno of a socket of TCP.
 */
int rsess_sock_init(struct sock *sk)
{
	struct rsess_sock *rs = rsess_sk(sk);

	rsess_sock_setup(sk, &rsess_tcp_ops);
	rs->family = sk->sk_family;
	rsess_socket_flags(sk->sk_socket);
	if (sk->sk_kern_sock)
		return 0;
	return rsess_family_ask(rs->ops, sock_net(sk), sk->sk_family, 0);
}

/**
 * rsess_sock_refused() - struct proto.destroy: a rule has refused the new socket
 * @sk: socket that nobody has used
 *
 * sk_common_release() does the rest.
 */
void rsess_sock_refused(struct sock *sk)
{
	sock_hold(sk);	/* rsess_session_destroy() */
	rsess_session_destroy(rsess_sk(sk));
}

/* No inet socket is looked for by what it is bound to. */
void rsess_sock_unhash(struct sock *sk)
{
}

/* What rsess_kernel_args() has in the protocol: a port where there would be IPPROTO_TCP,
 * the policy, the transport, and the family.
 */
#define RSESS_ARG_PORT		0xffff
#define RSESS_ARG_KERNEL	BIT(16)
#define RSESS_ARG_CHOSEN	BIT(17)
#define RSESS_ARG_NEGOTIATE	18
#define RSESS_ARG_SCTP		BIT(20)
#define RSESS_ARG_FAMILY	24

/**
 * rsess_kernel_args() - have the kernel create an outer socket instead of one of TCP or SCTP
 * @family: AF_INET or AF_INET6, of which the socket will be; set to that of sessions
 * @protocol: IPPROTO_SCTP, or of TCP; set to what goes with it
 * @policy: for the socket
 *
 * For a user in the kernel, by whichever function it creates sockets.
 *
 * Context: any.
 */
void rsess_kernel_args(int *family, int *protocol,
		       const struct rsess_kernel_policy *policy)
{
	*protocol = RSESS_ARG_KERNEL | policy->port |
		    (*protocol == IPPROTO_SCTP ? RSESS_ARG_SCTP : 0) |
		    *family << RSESS_ARG_FAMILY;
	if (policy->chosen)
		*protocol |= RSESS_ARG_CHOSEN |
			     policy->negotiate << RSESS_ARG_NEGOTIATE;
	*family = rsess_family;
}
EXPORT_SYMBOL_GPL(rsess_kernel_args);

/* A program without rights cannot take itself for a user in the kernel. */
static bool rsess_args_allowed(const struct net *net, int args, int kern)
{
	if (!args)
		return true;
	return args & RSESS_ARG_KERNEL &&
	       (kern || ns_capable(net->user_ns, CAP_NET_ADMIN));
}

/* What carries the sessions of a new socket; NULL: nothing that there is. */
static const struct rsess_transport_ops *rsess_family_transport(int protocol,
								int args)
{
	if (args)
		protocol = args & RSESS_ARG_SCTP ? IPPROTO_SCTP : IPPROTO_TCP;
	return rsess_transport_ops_find(protocol ?: IPPROTO_TCP);
}

/* A socket of a user in the kernel. */
static struct sock *rsess_family_make(struct net *net,
				      const struct rsess_transport_ops *ops,
				      int args, int kern)
{
	int family = args >> RSESS_ARG_FAMILY;
	struct rsess_sock *rs;
	struct sock *sk;
	int err;

	if (args && !rsess_transport_takes(ops, family))
		return ERR_PTR(-EAFNOSUPPORT);
	/* The rules are asked about what a process has the kernel create. */
	err = kern ? 0 : rsess_family_try(net, family ?: PF_INET,
					  rsess_protocol, 0);
	if (err)
		return ERR_PTR(err);
	sk = rsess_sock_alloc(net, &rsess_kernel_proto, ops, GFP_KERNEL, kern);
	if (!sk)
		return ERR_PTR(-ENOBUFS);
	if (!args)
		return sk;
	rs = rsess_sk(sk);
	rsess_set_family(rs, family);
	rs->only_port = htons(args & RSESS_ARG_PORT);
	/* It says so by a cast, see cast.c, or would cork by one. */
	rs->opt.nodelay = true;
	if (args & RSESS_ARG_CHOSEN)
		rs->negotiate = args >> RSESS_ARG_NEGOTIATE & 3;
	return sk;
}

/* An inet socket of TCP's kind, in the hands of nobody. */
static struct sock *rsess_family_take(struct net *net)
{
	struct socket *made;
	struct sock *sk;
	int err;

	err = __sock_create(net, PF_INET, SOCK_STREAM, rsess_protocol, &made, 0);
	if (err)
		return ERR_PTR(err);
	sk = made->sk;
	lock_sock(sk);
	sock_orphan(sk);
	sock_reset_flag(sk, SOCK_DEAD);
	made->sk = NULL;
	rsess_sk(sk)->family = 0;	/* it has none yet */
	release_sock(sk);
	sock_release(made);
	return sk;
}

/* A socket of a program. */
static struct sock *rsess_family_open(struct net *net,
				      const struct rsess_transport_ops *ops)
{
	if (!ops->family)
		return rsess_family_take(net);
	return rsess_sock_alloc(net, &rsess_proto, ops, GFP_KERNEL, 0) ?:
	       ERR_PTR(-ENOBUFS);
}

/* net_proto_family.create.  The errno is what AF_INET gives. */
static int rsess_family_create(struct net *net, struct socket *sock, int protocol,
			       int kern)
{
	int args = protocol & ~RSESS_ARG_PORT ? protocol : 0;
	const struct rsess_transport_ops *ops;
	struct sock *sk;
	int err;

	if (sock->type != SOCK_STREAM)
		return -ESOCKTNOSUPPORT;
	ops = rsess_family_transport(protocol, args);
	if (!ops || !rsess_args_allowed(net, args, kern))
		return -EPROTONOSUPPORT;
	err = ops->modular ? rsess_family_ask(ops, net, ops->family ?: PF_INET,
					     kern) : 0;
	if (err)
		return err;
	sk = kern || args ? rsess_family_make(net, ops, args, kern) :
			    rsess_family_open(net, ops);
	if (IS_ERR(sk))
		return PTR_ERR(sk);
	rsess_sk(sk)->ops = ops;
	sock->state = SS_UNCONNECTED;
	sock->ops = rsess_socket_ops(PF_RSESS);
	rsess_socket_flags(sock);
	sk->sk_type = sock->type;
	sock_graft(sk, sock);
	return 0;
}

static struct net_proto_family rsess_family_ops = {
	.create	= rsess_family_create,
	.owner	= THIS_MODULE,
};

static struct inet_protosw rsess_protosw = {
	.type	= SOCK_STREAM,
	.prot	= &rsess_proto,
};

static struct inet_protosw rsess_protosw6 = {
	.type	= SOCK_STREAM,
	.prot	= &rsess_proto,
};

static void rsess_protosw_unregister(void)
{
	inet_unregister_protosw(&rsess_protosw);
	if (IS_ENABLED(CONFIG_IPV6))
		inet6_unregister_protosw(&rsess_protosw6);
}

/**
 * rsess_family_register() - sockets can be made
 *
 * Return: 0, or the errno of a number that is taken.
 */
int rsess_family_register(void)
{
	int err;

	rsess_family_ops.family = rsess_family;
	rsess_protosw.protocol = rsess_protocol;
	rsess_protosw.ops = rsess_socket_ops(PF_INET);
	rsess_protosw6.protocol = rsess_protocol;
	rsess_protosw6.ops = rsess_socket_ops(PF_INET6);

	if (IS_ENABLED(CONFIG_IPV6)) {
		err = inet6_register_protosw(&rsess_protosw6);
		if (err)
			return err;
	}
	inet_register_protosw(&rsess_protosw);
	err = sock_register(&rsess_family_ops);
	if (err)
		rsess_protosw_unregister();
	return err;
}

/**
 * rsess_family_unregister() - undo rsess_family_register()
 */
void rsess_family_unregister(void)
{
	sock_unregister(rsess_family);
	rsess_protosw_unregister();
}

MODULE_ALIAS_NETPROTO(AF_RSESS);
/* socket(AF_INET or AF_INET6, SOCK_STREAM, IPPROTO_RSESS) */
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_INET, 258, 1);
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_INET6, 258, 1);
