// SPDX-License-Identifier: GPL-2.0
/*
 * Inner sockets: making one with all that the application set, and binding it.
 */
#include <linux/sockptr.h>
#include <net/sock.h>
#include "compat.h"
#include "inner.h"
#include "listener.h"
#include "owner.h"
#include "session.h"
#include "solsock.h"
#include "transport.h"

/* AF_VSOCK notes whose rights a socket was made with. */
static int rsess_inner_make(const struct rsess_sock *rs, int family,
			    struct socket **sock)
{
	const struct cred *saved = rsess_owner_assume(rs);
	int err;

	err = sock_create_kern(sock_net(rsess_to_sk(rs)), family, SOCK_STREAM,
			       rs->ops->protocol, sock);
	rsess_owner_drop(saved);
	return err;
}

/**
 * rsess_inner_apply() - set an option that a journal may have
 * @arg: inner socket, not locked
 * @e: the option
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int rsess_inner_apply(void *arg, const struct rsess_journal_entry *e)
{
	struct socket *sock = arg;

	if (e->level == SOL_IP && e->name == IP_OPTIONS &&
	    rsess_owner_is_labelled(sock->sk))
		return -EACCES;
	return sock->ops->setsockopt(sock, e->level, e->name,
				     KERNEL_SOCKPTR((void *)e->value), e->len);
}

/**
 * rsess_inner_replay() - give a new inner socket what the application set
 * @rs: session, locked
 * @sock: inner socket, not locked
 *
 * Context: may sleep.  The rights were those of the application when it called.
 */
void rsess_inner_replay(const struct rsess_sock *rs, struct socket *sock)
{
	rsess_owned_by_me(rs);
	rsess_journal_replay(&rs->journal, rsess_inner_apply, sock);
}

/* An inner socket with all that the application set. */
static struct socket *rsess_inner_open(struct rsess_sock *rs, int family)
{
	struct sock *sk = rsess_to_sk(rs);
	struct socket *sock;
	int err;

	if (!rsess_transport_takes(rs->ops, family))
		return ERR_PTR(-EAFNOSUPPORT);
	err = rsess_inner_make(rs, family, &sock);
	/* No file is opened: it stands for a lack of memory. */
	if (err == -ENFILE)
		err = -ENOBUFS;
	if (err)
		return ERR_PTR(err);
	if (rs->ops->init_sock)
		rs->ops->init_sock(sock->sk);
	rsess_solsock_memory(sk, sock->sk);
	rsess_owner_set(sock, sk);
	err = rsess_owner_label(sock, rs);
	if (err) {
		rsess_owner_release(sock);
		return ERR_PTR(err);
	}
	if (rs->orphaned) {
		err = rsess_owner_stand_in(sock, rs);
		if (err)
			return ERR_PTR(err);
	}
	rsess_charge_as(sock->sk, sk);
	rsess_inner_replay(rs, sock);
	rsess_solsock_update(rs, sock);
	rs->ops->set_defaults(sock);
	return sock;
}

/**
 * rsess_inner_get() - the inner socket that answers for the session
 * @rs: outer socket, locked
 * @family: AF_INET, AF_INET6, ..., the one it has to be of if that is not settled
 *	yet; 0 if any will do
 *
 * It is the transport's, the listener's, or one that waits to be used; if there
 * is none, it is made, and used by the next dial or by listen().
 *
 * Context: may sleep.
 * Return: the socket, which belongs to @rs; or an ERR_PTR.
 */
struct socket *rsess_inner_get(struct rsess_sock *rs, int family)
{
	struct socket *sock;

	rsess_locked_by_me(rs);
	if (rs->tr)
		return rs->tr->sock;
	if (rs->bound && rs->lsn)
		return rs->lsn->sock;
	if (rs->family)
		family = rs->family;
	if (rs->inner && (!family || rs->inner->sk->sk_family == family))
		return rs->inner;
	sock = rsess_inner_open(rs, family ?: AF_INET);
	if (IS_ERR(sock))
		return sock;
	rsess_inner_forget(rs);
	rs->inner = sock;
	return sock;
}

/**
 * rsess_inner_forget() - no use for the inner socket that waits
 * @rs: outer socket, locked
 *
 * Context: may sleep.
 */
void rsess_inner_forget(struct rsess_sock *rs)
{
	if (rs->inner)
		rsess_owner_release(rs->inner);
	rs->inner = NULL;
}

/**
 * rsess_inner_choose() - an inner socket that may become the application's own
 * @rs: outer socket, locked
 * @sock: inner socket, about to connect or to listen, not locked
 *
 * Context: may sleep.
 */
void rsess_inner_choose(struct rsess_sock *rs, struct socket *sock)
{
	lock_sock(sock->sk);
	rsess_solsock_buffers(sock->sk, rsess_to_sk(rs));
	release_sock(sock->sk);
}

/**
 * rsess_inner_unchoose() - an inner socket has become a session's
 * @sock: inner socket, not locked
 *
 * What the application chose bounds the session's buffers, and TCP tunes its own.
 *
 * Context: may sleep.
 */
void rsess_inner_unchoose(struct socket *sock)
{
	if (!(sock->sk->sk_userlocks & (SOCK_SNDBUF_LOCK | SOCK_RCVBUF_LOCK)))
		return;
	lock_sock(sock->sk);
	sock->sk->sk_userlocks &= ~(SOCK_SNDBUF_LOCK | SOCK_RCVBUF_LOCK);
	release_sock(sock->sk);
}

/**
 * rsess_inner_is_bound() - has an inner socket a port?
 * @sock: inner socket, not locked
 *
 * Context: may sleep.
 */
bool rsess_inner_is_bound(struct socket *sock)
{
	union rsess_addr addr = {};

	return kernel_getsockname(sock, &addr.sa) >= 0 &&
	       rsess_addr_has_port(&addr);
}

/* SCTP looks at the port of the first address if there is none. */
static int rsess_inner_bind_local(struct socket *sock, const union rsess_addr *local)
{
	union rsess_addr addr = *local;

	return sock_bind_add(sock->sk, (struct sockaddr_unsized *)&addr,
			     rsess_addr_len(addr.sa.sa_family));
}

static void rsess_inner_note_local(struct rsess_addrs *addrs,
				   const union rsess_addr *addr)
{
	static const union rsess_addr no_port;
	union rsess_addr *local = &addrs->local[addrs->nlocal++];

	*local = *addr;
	rsess_addr_set_port(local, &no_port);
}

/**
 * rsess_inner_bind_add() - bind to one more address, as SCTP can
 * @rs: outer socket, locked, bound
 * @sock: its inner socket, or that of the listener that it has joined, bound, not locked
 * @addr: the address, of which the port is that of the first, or 0
 *
 * The first one is noted too: SCTP tells of the address that it uses, which may be another
 * one.  A listener may have all of them already.
 *
 * Context: the application's, for its rights; may sleep.
 * Return: 0 or a negative errno: -EOPNOTSUPP over TCP.
 */
int rsess_inner_bind_add(struct rsess_sock *rs, struct socket *sock,
			 const union rsess_addr *addr)
{
	struct rsess_addrs *addrs = rsess_sock_addrs(rs);
	int err;

	if (!addrs)
		return -ENOMEM;
	if (rs->lsn && addr->sa.sa_family != sock->sk->sk_family)
		return -EINVAL;
	if (addrs->nlocal == ARRAY_SIZE(addrs->local))
		return -ENOSPC;
	err = rsess_inner_bind_local(sock, addr);
	if (err && (err != -EINVAL || !rs->lsn))
		return err;
	if (!addrs->nlocal)
		rsess_inner_note_local(addrs, &rs->laddr);
	rsess_inner_note_local(addrs, addr);
	return 0;
}

/**
 * rsess_inner_bind_locals() - bind to what rsess_inner_bind_add() has noted
 * @rs: outer socket, locked
 * @sock: inner socket, bound, not locked
 *
 * An address that it has already, or that the host does not have any more, is left out.
 *
 * Context: may sleep.
 */
void rsess_inner_bind_locals(const struct rsess_sock *rs, struct socket *sock)
{
	unsigned int i;

	for (i = 0; rs->addrs && i < rs->addrs->nlocal; i++)
		rsess_inner_bind_local(sock, &rs->addrs->local[i]);
}

/**
 * rsess_inner_bind() - bind an inner socket as the application would
 * @rs: outer socket, locked
 * @sock: inner socket, not locked
 * @addr: where to
 *
 * A work has the rights of the application, and not its own.
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int rsess_inner_bind(const struct rsess_sock *rs, struct socket *sock,
		     union rsess_addr *addr)
{
	const struct cred *saved = rsess_owner_assume(rs);
	int err;

	err = kernel_bind(sock, (struct sockaddr_unsized *)addr,
			  rsess_addr_len(addr->sa.sa_family));
	/* The host may have another one still. */
	if (!err || err == -EADDRNOTAVAIL)
		rsess_inner_bind_locals(rs, sock);
	if (err == -EADDRNOTAVAIL && rsess_inner_is_bound(sock))
		err = 0;
	rsess_owner_drop(saved);
	return err;
}
