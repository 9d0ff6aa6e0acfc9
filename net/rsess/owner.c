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
#include <linux/fs.h>
#include <linux/memcontrol.h>
#include <linux/net.h>
#include <net/sock.h>
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
	write_unlock_bh(&sk->sk_callback_lock);
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
		rsess_sockopt_inner(inner, SOL_SOCKET, SO_KEEPALIVE,
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
}

/**
 * rsess_owner_set() - an inner socket is an outer socket's
 * @inner: inner socket; new, or about to become a transport
 * @outer: outer socket, locked
 */
void rsess_owner_set(struct socket *inner, const struct sock *outer)
{
	sock_owned_by_me(outer);
	rsess_owner_uid(inner, outer->sk_uid);
	rsess_owner_show(inner, outer->sk_socket);
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
		rsess_owner_show(inner, NULL);
	else
		inner->file = NULL;
	sock_release(inner);
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
