// SPDX-License-Identifier: GPL-2.0
/*
 * Whose an inner socket is.
 *
 * The kernel makes inner sockets, most of them in a work. An administrator's rules and
 * tools have to find the application behind them all the same:
 *
 *   meta skuid of nftables, iptables' owner	the file of the struct socket
 *   ss -p, lsof, fuser				its inode's number
 *   ip rule uidrange, SO_REUSEPORT		sk_uid, and the inode's user
 *
 * So the struct socket of an inner socket shows what the application's has, as long as
 * there is one: the same file, the same inode number, the same user.  It stays a struct
 * socket of its own, with flags and a wait queue of its own.
 *
 * The file is borrowed, without a reference: it is taken out before the application's
 * close() ends, and before the inner socket is released, for the socket core would take
 * one that has a file for the file's.
 */
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/memcontrol.h>
#include <linux/net.h>
#include <linux/uio.h>
#include <linux/sctp.h>
#include <linux/security.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include "compat.h"
#include "kunit_export.h"
#include "mptcp.h"
#include "owner.h"
#include "session.h"
#include "transport.h"

/**
 * rsess_owner_show() - an inner socket shows an application's
 * @inner: inner socket
 * @app: the application's socket; or NULL, when there is none
 *
 * The caller sees to it that @app stays until rsess_owner_hide(), or until another one
 * is shown.
 *
 * Context: any that may take the inner socket's sk_callback_lock.
 */
void rsess_owner_show(struct socket *inner, struct socket *app)
{
	struct sock *sk = inner->sk;

	write_lock_bh(&sk->sk_callback_lock);
	WRITE_ONCE(inner->file, app ? app->file : NULL);
	SOCK_INODE(inner)->i_ino = app ? SOCK_INODE(app)->i_ino : 0;
#ifdef RSESS_HAVE_SK_INO
	WRITE_ONCE(sk->sk_ino, SOCK_INODE(inner)->i_ino);
#endif
	write_unlock_bh(&sk->sk_callback_lock);
	rsess_mptcp_show_path(inner);
}

/**
 * rsess_owner_hide() - the application behind a transport goes away
 * @inner: inner socket of a transport, not locked
 *
 * Rules read the file under sk_callback_lock, the signal of urgent data under the
 * socket's lock.  A path of MPTCP has a lock of its own, and the same struct socket:
 * setting an option takes the locks of all paths.
 *
 * Context: may sleep.
 */
void rsess_owner_hide(struct socket *inner)
{
	struct sock *sk = inner->sk;

	lock_sock(sk);
	rsess_owner_show(inner, NULL);
	release_sock(sk);
	if (sk->sk_protocol == IPPROTO_MPTCP)
		rsess_inner_set(inner, SOL_SOCKET, SO_KEEPALIVE,
				sock_flag(sk, SOCK_KEEPOPEN));
}

/**
 * rsess_owner_uid() - say whose user's an inner socket is
 * @inner: inner socket
 * @uid: the user of the outer socket
 *
 * Otherwise it is that of whoever ran when it was made, in a work that is root.  TCP
 * lets sockets share a port by SO_REUSEPORT only if they are one user's.
 */
void rsess_owner_uid(struct socket *inner, kuid_t uid)
{
	SOCK_INODE(inner)->i_uid = uid;
	WRITE_ONCE(inner->sk->sk_uid, uid);
	rsess_mptcp_show_path(inner);
}

#ifdef CONFIG_SOCK_CGROUP_DATA
/* The cgroup of version 2, which a socket has from its beginning to its end, and what the
 * controllers of version 1 have put into it, which follows the process.
 *
 * Return: the cgroup that @sk was in, whose references are the caller's now; or NULL, when
 * that is the same.
 */
static struct cgroup *rsess_owner_move(struct sock *sk, const struct sock *from)
{
	struct cgroup *old = sk->sk_cgrp_data.cgroup;
	struct cgroup *new = from->sk_cgrp_data.cgroup;

	if (old != new) {
		cgroup_get(new);
		cgroup_bpf_get(new);
		WRITE_ONCE(sk->sk_cgrp_data.cgroup, new);
	}
	sock_cgroup_set_classid(&sk->sk_cgrp_data,
				sock_cgroup_classid(&from->sk_cgrp_data));
	sock_cgroup_set_prioidx(&sk->sk_cgrp_data,
				sock_cgroup_prioidx(&from->sk_cgrp_data));
	return old != new ? old : NULL;
}

static void rsess_owner_put_cgroup(struct cgroup *cgrp)
{
	cgroup_bpf_put(cgrp);
	cgroup_put(cgrp);
}

static bool rsess_owner_classified(const struct sock *sk,
				   const struct sock *from)
{
	return sock_cgroup_classid(&sk->sk_cgrp_data) ==
	       sock_cgroup_classid(&from->sk_cgrp_data) &&
	       sock_cgroup_prioidx(&sk->sk_cgrp_data) ==
	       sock_cgroup_prioidx(&from->sk_cgrp_data);
}
#else
static struct cgroup *rsess_owner_move(struct sock *sk, const struct sock *from)
{
	return NULL;
}

static void rsess_owner_put_cgroup(struct cgroup *cgrp)
{
}

static bool rsess_owner_classified(const struct sock *sk,
				   const struct sock *from)
{
	return true;
}
#endif

/* As rsess_owner_move(), of a socket that does not listen.  Whoever looks where it is does
 * so under RCU, and a cgroup is freed after a grace period.
 */
static void rsess_owner_cgroup(struct sock *sk, const struct sock *from)
{
	struct cgroup *old = rsess_owner_move(sk, from);

	if (old)
		rsess_owner_put_cgroup(old);
}

/**
 * rsess_owner_differs() - has the owner changed what can be changed?
 * @inner: inner socket
 * @outer: outer socket, locked
 *
 * fchown() gives it another user. A process that moves to another cgroup of version 1 gives
 * its sockets other marks.
 */
bool rsess_owner_differs(const struct sock *inner, const struct sock *outer)
{
	return !uid_eq(inner->sk_uid, outer->sk_uid) ||
	       !rsess_owner_classified(inner, outer);
}

/**
 * rsess_owner_update() - the inner socket follows, see rsess_owner_differs()
 * @inner: inner socket, not locked
 * @outer: outer socket, locked
 *
 * Context: may sleep.
 */
void rsess_owner_update(struct socket *inner, const struct sock *outer)
{
	rsess_owner_uid(inner, outer->sk_uid);
	/* MPTCP has new paths where the socket is, under its lock. */
	lock_sock(inner->sk);
	rsess_owner_cgroup(inner->sk, outer);
	release_sock(inner->sk);
}

/**
 * rsess_owner_set() - an inner socket is an outer socket's
 * @inner: inner socket; new, or about to become a transport
 * @outer: outer socket, locked
 */
void rsess_owner_set(struct socket *inner, const struct sock *outer)
{
	sock_owned_by_me(outer);
	rsess_owner_update(inner, outer);
	rsess_owner_show(inner, outer->sk_socket);
}

/**
 * rsess_owner_attach() - an accepted inner socket becomes an outer one's
 * @inner: inner socket, which may be receiving
 * @outer: outer socket, locked
 *
 * Its label was that of the listener, which may be another application's by now.
 */
void rsess_owner_attach(struct socket *inner, const struct sock *outer)
{
	rsess_owner_set(inner, outer);
	security_sk_clone(outer, inner->sk);
}

/* One that the kernel makes has the kernel's, for which SELinux allows everything.
 * sk_clone copies the class too; what that of @inner is its inode knows.  Smack takes the
 * label of who runs.
 */
static void rsess_owner_relabel(struct socket *inner, const struct rsess_sock *rs)
{
	const struct cred *saved = rsess_owner_assume(rs);

	security_sk_clone(rsess_to_sk(rs), inner->sk);
	security_sock_graft(inner->sk, inner);
	rsess_owner_drop(saved);
}

/* An option of IPv4 is replaced; by none if @opt is NULL.  Locked: @sk, or nobody else
 * knows of it.
 */
static void rsess_owner_set_opt4(struct sock *sk, struct ip_options_rcu *opt)
{
	opt = unrcu_pointer(xchg(&inet_sk(sk)->inet_opt, RCU_INITIALIZER(opt)));
	if (opt)
		kfree_rcu(opt, rcu);
}

static void rsess_owner_set_opt6(struct sock *sk, struct ipv6_txoptions *opt)
{
	struct ipv6_pinfo *np = inet_sk(sk)->pinet6;

	opt = unrcu_pointer(xchg(&np->opt, RCU_INITIALIZER(opt)));
	if (!opt)
		return;
	atomic_sub(opt->tot_len, &sk->sk_omem_alloc);
	txopt_put(opt);
}

static int rsess_owner_copy_opt4(struct sock *sk, const struct inet_sock *from)
{
	const struct ip_options_rcu *old;
	struct ip_options_rcu *opt = NULL;

	old = rcu_dereference_protected(from->inet_opt,
					lockdep_sock_is_held(&from->sk));
	if (old) {
		opt = kmemdup(old, sizeof(*old) + old->opt.optlen, GFP_KERNEL);
		if (!opt)
			return -ENOMEM;
	}
	rsess_owner_set_opt4(sk, opt);
	return 0;
}

static int rsess_owner_copy_opt6(struct sock *sk, const struct inet_sock *from)
{
	struct ipv6_txoptions *old, *opt = NULL;

	old = rcu_dereference_protected(from->pinet6->opt,
					lockdep_sock_is_held(&from->sk));
	if (old) {
		opt = ipv6_dup_options(sk, old);
		if (!opt)
			return -ENOMEM;
	}
	rsess_owner_set_opt6(sk, opt);
	return 0;
}

/* The options of IP of a socket are those of another one.  The lengths that depend on
 * them TCP reckons when it connects.
 */
static int rsess_owner_copy_options(struct sock *sk, const struct rsess_sock *rs)
{
	const struct inet_sock *from = inet_sk(rsess_to_sk(rs));
	int err;

	lock_sock(sk);
	err = rsess_owner_copy_opt4(sk, from);
	if (!err && sk->sk_family == AF_INET6)
		err = rsess_owner_copy_opt6(sk, from);
	release_sock(sk);
	return err;
}

/**
 * rsess_owner_label() - a new inner socket has the label of the outer one
 * @inner: inner socket, of which nobody else knows yet
 * @rs: outer socket, locked
 *
 * Where packets have labels (NetLabel: CIPSO, CALIPSO) those of the socket are options of
 * IP, which the LSM gives a socket that is made, here the kernel's to @inner.
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int rsess_owner_label(struct socket *inner, const struct rsess_sock *rs)
{
	rsess_owned_by_me(rs);
	rsess_owner_relabel(inner, rs);
	if (rs->ops->family)
		return 0;
	return rsess_owner_copy_options(inner->sk, rs);
}

/**
 * rsess_owner_label_dial() - a transport that connects labels its packets as the outer
 * socket would
 * @inner: inner socket, not locked, not connected
 * @rs: outer socket, locked
 *
 * The LSM may know the label by the address only, and has given it to @rs in connect().
 * @inner may have been there before.
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int rsess_owner_label_dial(struct socket *inner, const struct rsess_sock *rs)
{
	const struct inet_sock *inet = inet_sk(rsess_to_sk(rs));

	rsess_owned_by_me(rs);
	if (!rcu_access_pointer(inet->inet_opt) &&
	    !rcu_access_pointer(inet->pinet6->opt))
		return 0;
	return rsess_owner_copy_options(inner->sk, rs);
}

/**
 * rsess_owner_inherit() - a new session's outer socket is where its listener is
 * @child: new outer socket, not visible yet
 * @parent: listening outer socket
 * @inner: of its first transport
 *
 * The inner one has the label of the inner listener, which is that of @parent, and with
 * it the label of the peer.
 */
void rsess_owner_inherit(struct sock *child, const struct sock *parent,
			 const struct sock *inner)
{
	child->sk_uid = parent->sk_uid;
	rsess_owner_cgroup(child, parent);
	/* MPTCP gives what it accepts the label of who runs. */
	security_sk_clone(inner->sk_protocol == IPPROTO_MPTCP ? parent : inner,
			  child);
}

/**
 * rsess_owner_accept() - an accepted outer socket is where the one is that accepts it
 * @child: outer socket, locked
 * @parent: listening outer socket
 *
 * It need not be the one that @child was made from, where more than one listen.
 */
void rsess_owner_accept(struct sock *child, const struct sock *parent)
{
	sock_owned_by_me(child);
	rsess_owner_cgroup(child, parent);
}

/**
 * rsess_owner_take_over() - another application listens on an inner socket
 * @inner: inner socket of a listener
 * @rs: outer socket that listens, and does so as long as this takes
 *
 * SYN-ACKs are where that one is from now on, and what is not accepted yet.
 *
 * Return: for rsess_owner_taken_over(), which must follow.
 */
struct cgroup *rsess_owner_take_over(struct socket *inner,
				     const struct rsess_sock *rs)
{
	struct cgroup *old;

	old = rsess_owner_move(inner->sk, rsess_to_sk(rs));
	rsess_owner_relabel(inner, rs);
	return old;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_owner_take_over);

/**
 * struct rsess_owner_past - a cgroup that a socket was in which listens
 * @rcu: for a grace period
 * @cgrp: the cgroup
 */
struct rsess_owner_past {
	struct rcu_head	rcu;
	struct cgroup	*cgrp;
};

static void rsess_owner_past_free(struct rcu_head *rcu)
{
	struct rsess_owner_past *past =
		container_of(rcu, struct rsess_owner_past, rcu);

	rsess_owner_put_cgroup(past->cgrp);
	kfree(past);
}

/**
 * rsess_owner_taken_over() - end of rsess_owner_take_over()
 * @old: what that returned
 *
 * TCP clones a socket that listens without its lock, under RCU: it copies the pointer, and
 * takes references then, which must not be the first ones of a cgroup that goes away.
 *
 * Context: may sleep.
 */
void rsess_owner_taken_over(struct cgroup *old)
{
	struct rsess_owner_past *past;

	if (!old)
		return;
	past = kmalloc(sizeof(*past), GFP_KERNEL);
	if (!past) {
		synchronize_rcu();
		rsess_owner_put_cgroup(old);
		return;
	}
	past->cgrp = old;
	call_rcu(&past->rcu, rsess_owner_past_free);
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_owner_taken_over);

/* Has it a file of its own, see rsess_owner_stand_in()? */
static bool rsess_owner_is_alone(const struct socket *inner)
{
	return inner->file && inner->file->private_data == inner;
}

/* The file is closed later, in a work of the kernel's, and has a reference to the inode
 * then.  sock_release() has done all that concerns the socket before.
 */
static void rsess_owner_release_alone(struct socket *inner)
{
	struct file *file = inner->file;

	ihold(SOCK_INODE(inner));	/* sock_close() */
	sock_release(inner);
	fput(file);
}

/* Programs of BPF are told when an application's socket is released, and of no inner one.
 * Those of MPTCP do not look like the kernel's, see rsess_mptcp_made().
 */
static void rsess_owner_unmake(struct sock *sk)
{
	if (sk->sk_kern_sock)
		return;
	lock_sock(sk);
	sk->sk_kern_sock = 1;
	release_sock(sk);
}

/**
 * rsess_owner_release() - sock_release() for an inner socket
 * @inner: inner socket, not locked; with a sock, or without one
 *
 * Context: may sleep.
 */
void rsess_owner_release(struct socket *inner)
{
	if (inner->sk)
		rsess_owner_unmake(inner->sk);
	if (rsess_owner_is_alone(inner)) {
		rsess_owner_release_alone(inner);
		return;
	}
	if (inner->sk)
		rsess_owner_show(inner, NULL);
	else
		inner->file = NULL;
	sock_release(inner);
}

/**
 * rsess_owner_note() - an application dials: by its rights the session's works dial
 * @rs: outer socket, locked
 *
 * The rights are those of the file, which rules ask too. A user in the kernel has none.
 */
void rsess_owner_note(struct rsess_sock *rs)
{
	const struct socket *app = rsess_to_sk(rs)->sk_socket;

	rsess_owned_by_me(rs);
	if (!rs->cred && app && app->file)
		rs->cred = get_cred(app->file->f_cred);
}

/**
 * rsess_owner_capable() - has the application a right in its namespace?
 * @rs: outer socket, locked
 * @cap: CAP_*
 *
 * Both who calls and who opened the file must have it, as a work has all rights. An orphan
 * has none.
 *
 * Return: true if so.
 */
bool rsess_owner_capable(const struct rsess_sock *rs, int cap)
{
	struct user_namespace *ns = sock_net(rsess_to_sk(rs))->user_ns;
	const struct socket *app = rsess_to_sk(rs)->sk_socket;

	rsess_owned_by_me(rs);
	return app && ns_capable(ns, cap) &&
	       (!app->file || file_ns_capable(app->file, ns, cap));
}

/**
 * rsess_owner_forget() - undo rsess_owner_note()
 * @rs: outer socket that is about to be freed
 *
 * And what an LSM has given it for labels, as inet_sock_destruct().
 */
void rsess_owner_forget(struct rsess_sock *rs)
{
	put_cred(rs->cred);
	rs->cred = NULL;
	rsess_owner_set_opt4(rsess_to_sk(rs), NULL);
	rsess_owner_set_opt6(rsess_to_sk(rs), NULL);
}

/**
 * rsess_owner_stand_in() - an orphan's new inner socket has a file of its own
 * @inner: inner socket that nobody else knows yet; released if this fails
 * @rs: orphan, locked
 *
 * TCP's orphans have no owner, but they do not connect. A session's do, and where to is a
 * matter for the rules of the user whose they were.
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int rsess_owner_stand_in(struct socket *inner, const struct rsess_sock *rs)
{
	const struct cred *saved;
	struct file *file;

	rsess_owned_by_me(rs);
	if (!rs->cred)
		return 0;
	saved = rsess_owner_assume(rs);
	file = sock_alloc_file(inner, 0, NULL);
	rsess_owner_drop(saved);
	return PTR_ERR_OR_ZERO(file);
}

/* security_socket_connect() and _bind() are not for modules: SELinux, which looks at
 * addresses, has the same answer for one more of SCTP's.  Locked: @sk.
 */
static int rsess_owner_ask_lsm(struct sock *sk, int what, union rsess_addr *addr)
{
	return security_sctp_bind_connect(sk, what, &addr->sa,
					  rsess_addr_len(addr->sa.sa_family));
}

/* Ask the hooks of connect() about an address.  A program may put another address in its
 * place; so it does when that is dialed.
 */
static int rsess_owner_ask(struct sock *sk, union rsess_addr *addr)
{
	int len = rsess_addr_len(addr->sa.sa_family);
	struct proto *prot = sk->sk_prot;
	int err = 0;

	lock_sock(sk);
	if (prot->pre_connect)
		err = prot->pre_connect(sk, (struct sockaddr_unsized *)addr,
					len);
	if (!err)
		err = rsess_owner_ask_lsm(sk, SCTP_SOCKOPT_CONNECTX, addr);
	release_sock(sk);
	return err;
}

/**
 * rsess_owner_may_dial() - do the rules of connect() allow an address?
 * @rs: outer socket, locked
 * @addr: with a port
 *
 * A process may not have the kernel connect where it must not itself: programs of BPF in
 * the cgroup of @rs are asked, and SELinux.  Paths of MPTCP are sockets of TCP.
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int rsess_owner_may_dial(const struct rsess_sock *rs,
			 const union rsess_addr *addr)
{
	const struct sock *outer = rsess_to_sk(rs);
	union rsess_addr copy = *addr;
	int protocol = rs->ops->protocol;
	struct socket *sock;
	int err;

	rsess_owned_by_me(rs);
	if (rs->ops->family)
		return 0;
	if (protocol == IPPROTO_MPTCP)
		protocol = IPPROTO_TCP;
	err = sock_create_kern(sock_net(outer), addr->sa.sa_family,
			       SOCK_STREAM, protocol, &sock);
	if (err)
		return err == -ENFILE ? -ENOBUFS : err;
	rsess_owner_set(sock, outer);
	rsess_owner_relabel(sock, rs);
	sock->sk->sk_mark = outer->sk_mark;
	sock->sk->sk_bound_dev_if = outer->sk_bound_dev_if;
	err = rsess_owner_ask(sock->sk, &copy);
	rsess_owner_release(sock);
	return err;
}

/* The outer socket was asked about the address, but it is not of TCP's class, so SELinux
 * does not look at a port to connect to, and at one to bind by other rules.  Those of the
 * inner one are those of its transport.  Nobody asks the kernel.
 */
static int rsess_owner_ask_inner(const struct rsess_sock *rs,
				 struct socket *inner, int what,
				 union rsess_addr *addr)
{
	int err;

	rsess_owned_by_me(rs);
	if (rs->ops->family || rsess_to_sk(rs)->sk_kern_sock)
		return 0;
	lock_sock(inner->sk);
	err = rsess_owner_ask_lsm(inner->sk, what, addr);
	release_sock(inner->sk);
	return err;
}

/**
 * rsess_owner_may_connect() - does the LSM allow the address of connect()?
 * @rs: outer socket, locked
 * @inner: inner socket, not locked
 * @addr: where to
 *
 * Context: the application's, for its label; may sleep.
 * Return: 0 or a negative errno.
 */
int rsess_owner_may_connect(const struct rsess_sock *rs, struct socket *inner,
			    union rsess_addr *addr)
{
	return rsess_owner_ask_inner(rs, inner, SCTP_SOCKOPT_CONNECTX, addr);
}

/**
 * rsess_owner_may_bind() - does the LSM allow the address of bind()?
 * @rs: outer socket, locked
 * @inner: inner socket, not locked
 * @addr: the address
 *
 * Context: the application's, for its label; may sleep.
 * Return: 0 or a negative errno.
 */
int rsess_owner_may_bind(const struct rsess_sock *rs, struct socket *inner,
			 union rsess_addr *addr)
{
	return rsess_owner_ask_inner(rs, inner, SCTP_SOCKOPT_BINDX_ADD, addr);
}

/**
 * rsess_owner_learn() - who the peer is, to the LSM
 * @sk: outer socket
 * @inner: inner socket of its transport, which has the label of @sk, that of the peer
 *	and the class of a transport: SO_PEERSEC has an answer for those only
 *
 * What MPTCP accepts has the label of who runs.
 */
void rsess_owner_learn(struct sock *sk, const struct sock *inner)
{
	if (!rsess_sk(sk)->ops->family && inner->sk_protocol != IPPROTO_MPTCP)
		security_sk_clone(inner, sk);
}

static u32 rsess_owner_secid(struct sock *sk)
{
	struct flowi_common flow = {};

	security_sk_classify_flow(sk, &flow);
	return flow.flowic_secid;
}

/**
 * rsess_owner_accept_label() - a connection without a session has its acceptor's label
 * @sk: what is accepted
 * @parent: listening outer socket
 *
 * It has that of who listened first; what it knows of the peer it keeps if that is the
 * same.
 */
void rsess_owner_accept_label(struct sock *sk, struct sock *parent)
{
	if (rsess_owner_secid(sk) != rsess_owner_secid(parent))
		security_sk_clone(parent, sk);
}

/**
 * rsess_owner_is_labelled() - have the packets of a socket a label?
 * @sk: inner socket
 *
 * An application may not take it away by other options of IP.  The LSM would see to it,
 * but what is copied from socket to socket it does not know to be there.
 */
bool rsess_owner_is_labelled(struct sock *sk)
{
	const struct ip_options_rcu *opt;
	bool ret;

	if (sk->sk_family != AF_INET && sk->sk_family != AF_INET6)
		return false;
	rcu_read_lock();
	opt = rcu_dereference(inet_sk(sk)->inet_opt);
	ret = opt && opt->opt.cipso;
	rcu_read_unlock();
	return ret;
}

/**
 * rsess_owner_assume() - have the rights of the application that has dialed, no others
 * @rs: session, locked
 *
 * Return: for rsess_owner_drop().
 */
const struct cred *rsess_owner_assume(const struct rsess_sock *rs)
{
	return rs->cred ? override_creds(rs->cred) : NULL;
}

/**
 * rsess_owner_drop() - undo rsess_owner_assume()
 * @saved: what that returned
 */
void rsess_owner_drop(const struct cred *saved)
{
	if (saved)
		revert_creds(saved);
}

/**
 * rsess_inner_sendmsg() - kernel_sendmsg() for an inner socket
 * @sock: inner socket, not locked
 * @msg: flags
 * @vec: what is sent
 * @n: pieces of @vec
 * @len: bytes
 *
 * LSMs are not asked: the application was, at its own socket, and who runs now may be a
 * work.
 *
 * Return: bytes, or a negative errno.
 */
int rsess_inner_sendmsg(struct socket *sock, struct msghdr *msg,
			struct kvec *vec, size_t n, size_t len)
{
	iov_iter_kvec(&msg->msg_iter, ITER_SOURCE, vec, n, len);
	return sock->ops->sendmsg(sock, msg, len);
}

/**
 * rsess_inner_recvmsg() - kernel_recvmsg() for an inner socket
 * @sock: inner socket, not locked
 * @msg: message
 * @vec: where to
 * @n: pieces of @vec
 * @len: bytes
 * @flags: MSG_*
 *
 * As rsess_inner_sendmsg().
 *
 * Return: bytes, or a negative errno.
 */
int rsess_inner_recvmsg(struct socket *sock, struct msghdr *msg,
			struct kvec *vec, size_t n, size_t len, int flags)
{
	iov_iter_kvec(&msg->msg_iter, ITER_DEST, vec, n, len);
	return sock->ops->recvmsg(sock, msg, len, flags);
}

/**
 * rsess_charge_as() - charge a new socket to the cgroup of another one
 * @sk: socket, locked or known to nobody else
 * @owner: the other one
 *
 * Otherwise it is that of whoever ran when it was made; a work is in none.  What the
 * socket has received by then was charged to nobody: it is charged now, for it will be
 * given back to the cgroup.
 */
void rsess_charge_as(struct sock *sk, const struct sock *owner)
{
#ifdef CONFIG_MEMCG
	int bytes = sk->sk_forward_alloc + atomic_read(&sk->sk_rmem_alloc);

	if (sk->sk_memcg && sk->sk_memcg != owner->sk_memcg && !bytes) {
		css_put(&sk->sk_memcg->css);
		sk->sk_memcg = NULL;
	}
	if (sk->sk_memcg || !owner->sk_memcg)
		return;
	/* MPTCP has more, in places of its own. */
	if (bytes && (!sk_has_account(sk) || sk->sk_protocol == IPPROTO_MPTCP))
		return;
	bytes = PAGE_ALIGN(bytes);
	if (bytes)
		__sk_mem_reclaim(sk, bytes);
	css_get(&owner->sk_memcg->css);	/* sk_free() */
	sk->sk_memcg = owner->sk_memcg;
	/* If it fails they are owed: sk_forward_alloc is what it has beyond its use. */
	if (bytes)
		__sk_mem_schedule(sk, bytes, SK_MEM_RECV);
#endif
}

/**
 * rsess_inner_set() - set an option of an inner socket that is an integer
 * @sock: inner socket, not locked
 * @level: of the option
 * @name: the option
 * @val: its value
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int rsess_inner_set(struct socket *sock, int level, int name, int val)
{
	return sock->ops->setsockopt(sock, level, name, KERNEL_SOCKPTR(&val),
				     sizeof(val));
}
