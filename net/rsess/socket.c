// SPDX-License-Identifier: GPL-2.0
/*
 * The outer socket: proto_ops of AF_RSESS.
 */
#include <linux/bpf-cgroup.h>
#include <linux/compat.h>
#include <linux/poll.h>
#include <linux/random.h>
#include <linux/sched/signal.h>
#include <linux/sockios.h>
#include <net/inet_common.h>
#include <net/sock.h>
#include <net/tcp.h>
#include <asm/ioctls.h>
#include "compat.h"
#include "fallback.h"
#include "inner.h"
#include "listener.h"
#include "net.h"
#include "owner.h"
#include "recvq.h"
#include "session.h"
#include "socket.h"
#include "table.h"
#include "transport.h"
#include "urgent.h"

/* The application's address, as much as fits; its family is there. */
static int rsess_addr_get(union rsess_addr *to, const void *from, int len)
{
	if (len < (int)sizeof(sa_family_t))
		return -EINVAL;
	memset(to, 0, sizeof(*to));
	memcpy(to, from, min_t(int, len, sizeof(*to)));
	return min_t(int, len, sizeof(*to));
}

/* Lock the outer socket and the listeners of its namespace; NULL: it has fallen back.  A
 * process that keeps the socket locked keeps only those waiting who want this one.  Where
 * @rn->exiting is not set then, rsess_listener_exit() is still to come.
 */
static struct sock *rsess_lock_to_bind(struct socket *sock, struct rsess_net *rn)
{
	struct sock *sk;

	while ((sk = rsess_sock_lock(sock)) && !mutex_trylock(&rn->bind_lock)) {
		release_sock(sk);
		mutex_lock(&rn->bind_lock);
		mutex_unlock(&rn->bind_lock);
	}
	return sk;
}

/* Does the LSM allow the address?  What is no address of its family is for the transport to
 * refuse.
 */
static int rsess_may_bind(struct rsess_sock *rs, const union rsess_addr *addr,
			  int len)
{
	union rsess_addr copy = *addr;
	struct socket *inner;

	if (copy.sa.sa_family == AF_UNSPEC)
		copy.sa.sa_family = AF_INET;
	if ((copy.sa.sa_family != AF_INET && copy.sa.sa_family != AF_INET6) ||
	    len < rsess_addr_least(copy.sa.sa_family))
		return 0;
	inner = rsess_inner_get(rs, addr->sa.sa_family);
	if (IS_ERR(inner))
		return PTR_ERR(inner);
	return rsess_owner_may_bind(rs, inner, &copy);
}

static int rsess_bind(struct socket *sock, struct sockaddr_unsized *uaddr,
		      int addr_len)
{
	struct rsess_net *rn = rsess_net(sock_net(sock->sk));
	union rsess_addr addr;
	struct rsess_sock *rs;
	struct sock *sk;
	int len, err;

	len = rsess_addr_get(&addr, uaddr, addr_len);
	if (len < 0)
		return len;
	sk = rsess_lock_to_bind(sock, rn);
	if (!sk)
		return rsess_fallback(sock)->ops->bind(sock, uaddr, addr_len);
	rs = rsess_sk(sk);
	err = -EINVAL;
	if (READ_ONCE(rn->exiting))
		err = -ENETDOWN;
	else if (sk->sk_state == TCP_CLOSE && !rs->bound &&
		 rs->shown != TCP_CLOSE_WAIT)
		err = rsess_may_bind(rs, &addr, len) ?:
		      rsess_listener_bind(rs, &addr, len);
	if (!err)
		rs->port_locked = rsess_addr_has_port(&addr);
	release_sock(sk);
	mutex_unlock(&rn->bind_lock);
	return err;
}

/* Locked: the socket, which is bound; its inner socket is gone where connect() failed. */
static int rsess_bind_add(struct rsess_sock *rs, union rsess_addr *addr, int len)
{
	u16 family = addr->sa.sa_family;
	struct socket *inner;

	if ((family != AF_INET && family != AF_INET6) ||
	    len != rsess_addr_len(family) ||
	    (rsess_addr_has_port(addr) &&
	     addr->in.sin_port != rs->laddr.in.sin_port))
		return -EINVAL;
	inner = rsess_inner_get(rs, family);
	if (IS_ERR(inner))
		return PTR_ERR(inner);
	if (!rsess_inner_is_bound(inner))
		return -EINVAL;
	return rsess_owner_may_bind(rs, inner, addr) ?:
	       rsess_inner_bind_add(rs, inner, addr);
}

/**
 * rsess_sock_bind_add() - struct proto.bind_add: one more address of this side, over SCTP
 * @sk: outer socket, bound, neither connected nor listening
 * @uaddr: the address
 * @addr_len: its bytes
 *
 * Every transport of the session is bound to it too.
 *
 * Context: the application's, for its rights; may sleep; locks @sk.
 * Return: 0 or a negative errno: -EOPNOTSUPP over TCP; -EINVAL if the socket is not bound, or
 * is connected or listens, and for more than one address.
 */
int rsess_sock_bind_add(struct sock *sk, struct sockaddr_unsized *uaddr,
			int addr_len)
{
	struct rsess_sock *rs = rsess_sk(sk);
	union rsess_addr addr;
	int len, err;

	len = rsess_addr_get(&addr, uaddr, addr_len);
	if (len < 0)
		return len;
	if (rs->ops->protocol != IPPROTO_SCTP)
		return -EOPNOTSUPP;
	lock_sock(sk);
	if (READ_ONCE(rsess_net(sock_net(sk))->exiting))
		err = -ENETDOWN;
	else if (sk->sk_state == TCP_CLOSE && rs->bound && !rs->plain)
		err = rsess_bind_add(rs, &addr, addr_len);
	else
		err = -EINVAL;
	release_sock(sk);
	return err;
}

static int rsess_listen(struct socket *sock, int backlog)
{
	union rsess_addr any;
	struct rsess_net *rn = rsess_net(sock_net(sock->sk));
	struct rsess_sock *rs;
	struct sock *sk;
	int err;

	sk = rsess_lock_to_bind(sock, rn);
	if (!sk)
		return rsess_fallback(sock)->ops->listen(sock, backlog);
	rs = rsess_sk(sk);
	err = -ENETDOWN;
	if (READ_ONCE(rn->exiting))
		goto out;
	err = -EINVAL;
	if (sock->state != SS_UNCONNECTED ||
	    !((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN)))
		goto out;
	if (!rs->bound) {
		rsess_addr_any(&any, sk->sk_family);
		err = rsess_listener_bind(rs, &any, sizeof(any));
		if (err)
			goto out;
	}
	err = rsess_listener_listen(rs, backlog);
out:
	release_sock(sk);
	mutex_unlock(&rn->bind_lock);
	return err;
}

/* Wait for the end of a state, one of @flags; the time that is left.  It is another one
 * when @disconnects is no longer that of the socket.
 */
static long rsess_state_wait(struct sock *sk, int flags, long timeo, int disconnects)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);

	add_wait_queue(sk_sleep(sk), &wait);
	while ((1 << sk->sk_state) & flags &&
	       sk->sk_disconnects == disconnects && timeo &&
	       !signal_pending(current)) {
		release_sock(sk);
		timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, timeo);
		lock_sock(sk);
	}
	remove_wait_queue(sk_sleep(sk), &wait);
	return timeo;
}

/* Each address that may be dialed passes the hooks of connect(), here with the rights and
 * in the context of the caller; the peer's own does so when it is dialed.
 */
static int rsess_connect_ask(const struct rsess_sock *rs)
{
	union rsess_addr addr;
	unsigned int i;
	int err = 0;

	for (i = 0; rs->addrs && i < rs->addrs->n && !err; i++)
		if (rsess_sock_addr(rs, i, &addr))
			err = rsess_owner_may_dial(rs, &addr);
	return err;
}

/* Begin a session: a new one, whatever the socket was before. */
static int rsess_connect_start(struct rsess_sock *rs,
			       const union rsess_addr *addr)
{
	struct sock *sk = rsess_to_sk(rs);
	int err;

	if (rs->family && rs->family != addr->sa.sa_family)
		return -EAFNOSUPPORT;
	if (rs->lsn)
		return -EADDRINUSE;
	rsess_session_init(rs, true);
	rsess_owner_note(rs);
	WRITE_ONCE(sk->sk_family, addr->sa.sa_family);
	get_random_bytes(rs->id, sizeof(rs->id));
	get_random_bytes(rs->key, sizeof(rs->key));
	rsess_set_raddr(rs, addr);
	err = rsess_connect_ask(rs) ?: rsess_table_list(rs);
	if (err)
		goto forget;
	sk->sk_shutdown = 0;
	sk->sk_err = 0;
	sock_reset_flag(sk, SOCK_DONE);
	rsess_state_set(sk, TCP_SYN_SENT);
	err = rsess_dial(rs);
	if (!err)
		return 0;
	rsess_state_set(sk, TCP_CLOSE);
	rsess_table_unlist(rs);
forget:
	memset(&rs->raddr, 0, sizeof(rs->raddr));
	return err;
}

/* A listening socket is shut down or closed; its lock is given back. */
static void rsess_stop_listening(struct sock *sk)
{
	struct rsess_sock *rs = rsess_sk(sk);
	struct rsess_listener *lsn = rs->lsn;

	WRITE_ONCE(rs->lsn, NULL);
	rs->bound = rs->port_locked;
	rsess_state_set(sk, TCP_CLOSE);
	rsess_listener_unbind(lsn, rs);
	sk->sk_state_change(sk);
	release_sock(sk);
	rsess_listener_unbind_finish(lsn);
}

/* A socket without a session, as new but for what bind() did. */
static void rsess_begin_again(struct socket *sock)
{
	struct sock *sk = sock->sk;
	struct rsess_sock *rs = rsess_sk(sk);
	union rsess_addr none;

	rsess_recvq_purge(sk);
	rsess_session_init(rs, false);
	memset(&rs->raddr, 0, sizeof(rs->raddr));
	inet_sk(sk)->inet_dport = 0;
	/* The port stays: it is nobody's, but so does TCP. */
	if (!rs->bound) {
		rsess_addr_any(&none, rs->laddr.sa.sa_family);
		rsess_addr_set_port(&none, &rs->laddr);
		rsess_set_laddr(rs, &none);
	}
	sk->sk_shutdown = 0;
	sock_reset_flag(sk, SOCK_DONE);
	sock->state = SS_UNCONNECTED;
}

/* connect(AF_UNSPEC): cut what there is, back to the beginning.  Not for a socket that
 * listens.
 */
static void rsess_disconnect(struct socket *sock)
{
	struct sock *sk = sock->sk;
	int state = rsess_shown_state(rsess_sk(sk));

	/* Who waits in a call does so for what there was. */
	sk->sk_disconnects++;
	if (sk->sk_state != TCP_CLOSE)
		rsess_session_abort(rsess_sk(sk), RSESS_REASON_APP, 0);
	/* They were those of the peer that there was. */
	if (rsess_sk(sk)->addrs)
		rsess_sk(sk)->addrs->n = 0;
	rsess_begin_again(sock);
	if ((1 << state) & (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT | TCPF_SYN_SENT |
			    TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2)) {
		WRITE_ONCE(sk->sk_err, ECONNRESET);
		sk_error_report(sk);
	}
}

/* The part of connect() that begins; 0 when there is something to wait for. */
static int rsess_connect_begin(struct socket *sock,
			       const union rsess_addr *addr, int len)
{
	u16 family = addr->sa.sa_family;
	struct sock *sk = sock->sk;
	struct rsess_net *rn = rsess_net(sock_net(sk));
	int err;

	switch (sock->state) {
	case SS_CONNECTED:
		return -EISCONN;
	case SS_CONNECTING:
		return 0;
	case SS_UNCONNECTED:
		break;
	default:
		return -EINVAL;
	}
	if (sk->sk_state != TCP_CLOSE)
		return -EISCONN;
	if (!rsess_transport_takes(rsess_sk(sk)->ops, family))
		return -EAFNOSUPPORT;
	if (len < rsess_addr_least(rsess_sk(sk)->family ?: family))
		return -EINVAL;
	if (!rsess_net_get(rn))
		return -ENETDOWN;
	err = rsess_connect_start(rsess_sk(sk), addr);
	rsess_net_put(rn);
	if (!err)
		sock->state = SS_CONNECTING;
	return err;
}

static int rsess_connect(struct socket *sock, struct sockaddr_unsized *uaddr,
			 int addr_len, int flags)
{
	union rsess_addr addr;
	struct sock *sk;
	int err, disconnects;
	bool again;
	long timeo;

	if (addr_len < (int)sizeof(sa_family_t))
		return -EINVAL;
	rsess_addr_get(&addr, uaddr, addr_len);
	sk = rsess_sock_lock(sock);
	/* The lock is given back: afterwards the socket may be anything. */
	while (sk && sk->sk_state == TCP_LISTEN &&
	       addr.sa.sa_family == AF_UNSPEC) {
		rsess_stop_listening(sk);
		sk = rsess_sock_lock(sock);
	}
	if (!sk)
		goto plain;
	if (addr.sa.sa_family == AF_UNSPEC) {
		rsess_disconnect(sock);
		err = 0;
		goto out;
	}
	again = sock->state == SS_CONNECTING;
	err = rsess_connect_begin(sock, &addr, addr_len);
	if (err)
		goto out;

	timeo = sock_sndtimeo(sk, flags & O_NONBLOCK);
	if (sk->sk_state == TCP_SYN_SENT) {
		err = again ? -EALREADY : -EINPROGRESS;
		rsess_link_connect(rsess_sk(sk));
		if (!timeo)
			goto out;
		disconnects = sk->sk_disconnects;
		timeo = rsess_state_wait(sk, TCPF_SYN_SENT, timeo, disconnects);
		if (disconnects != sk->sk_disconnects) {
			err = -EPIPE;
			goto out;
		}
		if (sk->sk_state == TCP_SYN_SENT) {
			if (signal_pending(current))
				err = sock_intr_errno(timeo);
			goto out;
		}
	}
	if (rsess_sk(sk)->plain) {
		release_sock(sk);
		goto plain;
	}
	/* A short session may have come and gone in order meanwhile. */
	if (sk->sk_state == TCP_CLOSE &&
	    rsess_sk(sk)->reason != RSESS_REASON_CLOSED) {
		err = sock_error(sk) ?: -ECONNABORTED;
		rsess_begin_again(sock);
		goto out;
	}
	sock->state = SS_CONNECTED;
	err = 0;
out:
	release_sock(sk);
	return err;

plain:
	return rsess_fallback_connect(sock, uaddr, addr_len, flags);
}

/* MSG_FASTOPEN: connect.  The bytes follow by themselves, as they do over TCP to a peer of
 * which there is no cookie: the first ones of a connection are the session's.
 */
static int rsess_fast_open(struct socket *sock, const struct msghdr *msg)
{
	int flags = msg->msg_flags & MSG_DONTWAIT ? O_NONBLOCK : 0;
	struct sockaddr_unsized *to = msg->msg_name;
	struct sock *sk = rsess_sock_get(sock);
	union rsess_addr none = {};

	if (!(READ_ONCE(sock_net(sk)->ipv4.sysctl_tcp_fastopen) &
	      TFO_CLIENT_ENABLE))
		return -EOPNOTSUPP;
	if (!to) {
		none.sa.sa_family = READ_ONCE(sk->sk_family);
		return rsess_connect(sock, (struct sockaddr_unsized *)&none,
				     sizeof(sa_family_t), flags);
	}
	if (msg->msg_namelen >= (int)sizeof(sa_family_t) &&
	    to->sa_family == AF_UNSPEC)
		return -EOPNOTSUPP;
	return rsess_connect(sock, to, msg->msg_namelen, flags);
}

static int rsess_send(struct socket *sock, struct msghdr *msg, size_t len)
{
	int err;

	if (msg->msg_flags & MSG_FASTOPEN &&
	    rsess_is_session(rsess_sock_get(sock))) {
		err = rsess_fast_open(sock, msg);
		if (err)
			return err;
		msg->msg_flags &= ~MSG_FASTOPEN;
	}
	return rsess_sendmsg(sock, msg, len);
}

/* Wait for a session in the queue; what accept() fails with, or 0. */
static int rsess_accept_wait(struct sock *sk, long *timeo)
{
	DEFINE_WAIT(wait);
	int err;

	for (;;) {
		prepare_to_wait_exclusive(sk_sleep(sk), &wait,
					  TASK_INTERRUPTIBLE);
		err = -EINVAL;
		if (sk->sk_state != TCP_LISTEN)
			break;
		err = 0;
		if (rsess_acceptq_ready(rsess_sk(sk)->lsn))
			break;
		err = -EAGAIN;
		if (!*timeo)
			break;
		err = sock_intr_errno(*timeo);
		if (signal_pending(current))
			break;
		release_sock(sk);
		*timeo = schedule_timeout(*timeo);
		lock_sock(sk);
	}
	finish_wait(sk_sleep(sk), &wait);
	return err;
}

/* The peer may send more than max_early_bytes now.  If it waits for that it is told at
 * once, else with the next frame.
 */
static void rsess_accept_credit(struct rsess_sock *rs)
{
	if (rs->credit.rcv_nxt == rs->credit.limit)
		rsess_recv_credit(rs);
	else if (rs->link == RSESS_LINK_LIVE && !rs->rcv_fin)
		rsess_timer_arm(rs, RSESS_TIMER_ACK, RSESS_ACK_DELAY);
}

/* accept() takes a session: its outer socket has been there for long. */
static void rsess_accept_session(const struct sock *sk, struct sock *child,
				 struct socket *newsock)
{
	lock_sock(child);
	sock_graft(child, newsock);
	rsess_owner_accept(child, sk);
	if (rsess_sk(child)->tr) {
		rsess_owner_set(rsess_sk(child)->tr->sock, child);
		rsess_owner_learn(child, rsess_sk(child)->tr->sock->sk);
	}
	rsess_socket_flags(newsock);
	newsock->state = SS_CONNECTED;
	rsess_accept_credit(rsess_sk(child));
	release_sock(child);
}

/* accept() takes a peer without a session. */
static void rsess_accept_plain(struct sock *sk, struct rsess_transport *tr,
			       struct socket *newsock)
{
	struct socket *inner = tr->sock;

	tr->sock = NULL;
	rsess_fallback_accept(sk, inner, tr->plain, newsock);
	tr->plain = NULL;
	RSESS_CUSTOM_SOCKOPT(newsock);
	newsock->state = SS_CONNECTED;
	rsess_transport_put(tr);	/* rsess_acceptq_dequeue() */
}

static int rsess_accept(struct socket *sock, struct socket *newsock,
			struct proto_accept_arg *arg)
{
	struct rsess_transport *tr = NULL;
	struct sock *sk, *child = NULL;
	long timeo;
	int err;

	sk = rsess_sock_lock(sock);
	if (!sk)
		return rsess_fallback_accept_more(sock, newsock, arg);
	timeo = sock_rcvtimeo(sk, arg->flags & O_NONBLOCK);
	do {
		err = rsess_accept_wait(sk, &timeo);
		/* Another one that listens there may be faster. */
		if (!err)
			child = rsess_acceptq_dequeue(rsess_sk(sk)->lsn, &tr);
	} while (!err && !child && !tr);
	/* One wakeup may have been for several of them, and wakes one who waits. */
	if (!err && rsess_acceptq_ready(rsess_sk(sk)->lsn))
		sk->sk_data_ready(sk);
	if (tr)
		rsess_accept_plain(sk, tr, newsock);
	release_sock(sk);
	/* Its listener was a program's, and it has no room for a user in the kernel. */
	if (child && rsess_is_kernel(sk) && !rsess_is_kernel(child)) {
		rsess_acceptq_reject(child);
		return -ECONNABORTED;
	}
	if (child)
		rsess_accept_session(sk, child, newsock);
	return err;
}

RSESS_DEFINE_ACCEPT_OP(rsess_accept)

/* A program may have the application see another address.  Each kind has a key, which is
 * to be named.
 */
static void rsess_getname_ask(struct sock *sk, union rsess_addr *addr, bool peer)
{
	int family = addr->sa.sa_family, len = rsess_addr_len(family);
	struct sockaddr *sa = &addr->sa;

	if (family == AF_INET && peer)
		rsess_run_sa_prog(sk, sa, &len, CGROUP_INET4_GETPEERNAME);
	else if (family == AF_INET)
		rsess_run_sa_prog(sk, sa, &len, CGROUP_INET4_GETSOCKNAME);
	else if (family == AF_INET6 && peer)
		rsess_run_sa_prog(sk, sa, &len, CGROUP_INET6_GETPEERNAME);
	else if (family == AF_INET6)
		rsess_run_sa_prog(sk, sa, &len, CGROUP_INET6_GETSOCKNAME);
}

static int rsess_getname(struct socket *sock, struct sockaddr *uaddr, int peer)
{
	struct sock *sk = rsess_sock_lock(sock);
	union rsess_addr addr;
	struct rsess_sock *rs;
	int len;

	if (!sk)
		return rsess_fallback_getname(sock, uaddr, peer);
	rs = rsess_sk(sk);
	rsess_link_settle(rs);
	addr = peer ? rs->raddr : rs->laddr;
	if (peer && (!addr.sa.sa_family || !rsess_addr_has_port(&addr) ||
		     ((1 << rsess_shown_state(rs)) &
		      (TCPF_CLOSE | TCPF_SYN_SENT) && peer == 1))) {
		release_sock(sk);
		return -ENOTCONN;
	}
	if (!addr.sa.sa_family)
		rsess_addr_any(&addr, sk->sk_family);
	rsess_getname_ask(sk, &addr, peer);
	release_sock(sk);
	len = rsess_addr_len(addr.sa.sa_family);
	if (addr.sa.sa_family == AF_INET)
		memset(addr.in.sin_zero, 0, sizeof(addr.in.sin_zero));
	memcpy(uaddr, &addr, len);
	return len;
}

static __poll_t rsess_poll(struct file *file, struct socket *sock,
			   poll_table *wait)
{
	struct sock *sk = rsess_sock_get(sock);
	struct rsess_sock *rs = rsess_sk(sk);
	struct rsess_listener *lsn;
	__poll_t mask = 0;
	u8 shutdown;
	int state;

	if (!rsess_is_session(sk))
		return rsess_fallback(sock)->ops->poll(file, sock, wait);
	sock_poll_wait(file, sock, wait);
	rsess_link_catch_up(rsess_sk(sk));
	state = smp_load_acquire(&sk->sk_state); /* rsess_state_set() */
	if (state == TCP_LISTEN) {
		rcu_read_lock();	/* rsess_listener_free() */
		lsn = READ_ONCE(rs->lsn);
		if (lsn && rsess_acceptq_ready(lsn))
			mask = EPOLLIN | EPOLLRDNORM;
		rcu_read_unlock();
		return mask;
	}

	shutdown = READ_ONCE(sk->sk_shutdown);
	if (shutdown == SHUTDOWN_MASK ||
	    (state == TCP_CLOSE && READ_ONCE(rs->shown) != TCP_CLOSE_WAIT))
		mask |= EPOLLHUP;
	if (shutdown & RCV_SHUTDOWN)
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;

	if (state != TCP_SYN_SENT) {
		if (rsess_stream_ready(rs, sock_rcvlowat(sk, 0, INT_MAX) +
				       rsess_urgent_hole(rs)))
			mask |= EPOLLIN | EPOLLRDNORM;
		if (READ_ONCE(rs->urg_state) == RSESS_URG_VALID)
			mask |= EPOLLPRI;
		if (shutdown & SEND_SHUTDOWN) {
			mask |= EPOLLOUT | EPOLLWRNORM;
		} else if (__sk_stream_is_writeable(sk, 1)) {
			mask |= EPOLLOUT | EPOLLWRNORM;
		} else {
			sk_set_bit(SOCKWQ_ASYNC_NOSPACE, sk);
			set_bit(SOCK_NOSPACE, &sock->flags);
			/* pairs with the test after the bytes are freed */
			smp_mb__after_atomic();
			if (__sk_stream_is_writeable(sk, 1))
				mask |= EPOLLOUT | EPOLLWRNORM;
		}
	}
	/* pairs with the store before sk_error_report() */
	smp_rmb();
	if (READ_ONCE(sk->sk_err) ||
	    !skb_queue_empty_lockless(&sk->sk_error_queue))
		mask |= EPOLLERR;
	return mask;
}

static int rsess_shutdown(struct socket *sock, int how)
{
	struct sock *sk = rsess_sock_lock(sock);
	struct rsess_sock *rs;
	int err = 0;

	if (!sk)
		return rsess_fallback(sock)->ops->shutdown(sock, how);
	rs = rsess_sk(sk);
	rsess_link_settle(rs);
	how++;			/* SHUT_RD .. SHUT_RDWR to RCV, SEND, both */
	if (how & ~SHUTDOWN_MASK || !how) {
		release_sock(sk);
		return -EINVAL;
	}

	switch (rsess_shown_state(rs)) {
	case TCP_CLOSE:
	case TCP_TIME_WAIT:
		err = -ENOTCONN;
		/* as TCP: whoever polls sees the hangup */
		fallthrough;
	default:
		sk->sk_shutdown |= how & RCV_SHUTDOWN;
		if (how & SEND_SHUTDOWN && sk->sk_state != TCP_CLOSE)
			rsess_session_shutdown(rs);
		else if (how & SEND_SHUTDOWN)
			sk->sk_shutdown |= SEND_SHUTDOWN;
		if (how & SEND_SHUTDOWN && rs->shown == TCP_CLOSE_WAIT)
			WRITE_ONCE(rs->shown, 0);
		break;
	case TCP_LISTEN:
		if (!(how & RCV_SHUTDOWN))
			break;
		rsess_stop_listening(sk);
		return 0;
	case TCP_SYN_SENT:
		rsess_disconnect(sock);
		break;
	}
	sk->sk_state_change(sk);
	release_sock(sk);
	return err;
}

/* SO_LINGER: wait until the peer's session has everything. */
static void rsess_linger(struct sock *sk)
{
	if (sock_flag(sk, SOCK_LINGER) && sk->sk_lingertime &&
	    !(current->flags & PF_EXITING))
		rsess_state_wait(sk, TCPF_FIN_WAIT1 | TCPF_CLOSING | TCPF_LAST_ACK,
				 sk->sk_lingertime, sk->sk_disconnects);
}

static void rsess_release_session(struct sock *sk)
{
	struct rsess_sock *rs = rsess_sk(sk);

	if (sk->sk_state == TCP_CLOSE) {
		rsess_recvq_purge(sk);
	} else if (sk->sk_state == TCP_SYN_SENT ||
		   (sock_flag(sk, SOCK_LINGER) && !sk->sk_lingertime)) {
		rsess_session_abort(rs, RSESS_REASON_APP, 0);
	} else {
		rsess_session_close(rs);
		rsess_linger(sk);
	}
}

static int rsess_release(struct socket *sock)
{
	struct sock *sk = rsess_sock_get(sock);
	struct rsess_sock *rs;
	struct socket *inner;
	bool homeless;

	if (!sk)
		return 0;
	if (!rsess_is_session(sk))
		return rsess_fallback_release(sock);
	rs = rsess_sk(sk);
	/* The session may stay, and its timers need the namespace. */
	homeless = !rsess_transport_pin_net(sk);
	sock_hold(sk);
	lock_sock(sk);
	if (rs->plain) {
		release_sock(sk);
		sock_put(sk);
		return rsess_fallback_release(sock);
	}
	/* If the peer's end has come, this is the second. */
	rsess_link_settle(rs);
	/* as inet_release() */
	if (!rs->ops->family && !sk->sk_kern_sock)
		BPF_CGROUP_RUN_PROG_INET_SOCK_RELEASE(sk);
	if (rs->tr && rs->tr->sock && !homeless)
		rsess_transport_pin_net(rs->tr->sock->sk);
	sk->sk_shutdown = SHUTDOWN_MASK;
	/* An accepted session that is closed has no listener any more. */
	if (rs->lsn && (1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN)) {
		rsess_stop_listening(sk);
		lock_sock(sk);
	} else {
		rsess_release_session(sk);
	}
	inner = rs->inner;
	rs->inner = NULL;
	sock_orphan(sk);
	sock->sk = NULL;
	if (rs->tr)
		rsess_owner_hide(rs->tr->sock);
	if (homeless && sk->sk_state != TCP_CLOSE)
		rsess_session_abort(rs, RSESS_REASON_APP, 0);
	rsess_session_orphan(rs);
	release_sock(sk);
	if (inner)
		rsess_owner_release(inner);
	/* Its work looks at the namespace, which nothing keeps. */
	if (homeless)
		rsess_timer_end(rs);
	sock_put(sk);
	return 0;
}

/* What any inet socket is asked for: addresses of devices, routes, ... */
static int rsess_ioctl_inner(struct rsess_sock *rs, unsigned int cmd,
			     unsigned long arg)
{
	struct socket *inner = rsess_inner_get(rs, 0);

	if (IS_ERR(inner))
		return PTR_ERR(inner);
	return inner->ops->ioctl(inner, cmd, arg);
}

/* How many bytes, or a negative errno. */
static s64 rsess_ioctl_count(struct rsess_sock *rs, unsigned int cmd)
{
	int state = rsess_to_sk(rs)->sk_state;

	if (cmd == SIOCATMARK)
		return rsess_urgent_at(rs, rs->credit.copied_seq);
	if (state == TCP_LISTEN)
		return -EINVAL;
	if (cmd == SIOCINQ)
		return rsess_urgent_inq(rs);
	/* The offsets outlive the session: an error delivers nothing. */
	if (cmd == SIOCOUTQNSD)
		return rs->dropped + rsess_sendq_unsent(&rs->sq);
	return rs->dropped + rs->unread + rsess_sendq_retained(&rs->sq);
}

static int rsess_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg)
{
	struct sock *sk = rsess_sock_lock(sock);
	struct rsess_sock *rs;
	s64 answer;
	int err;

	if (!sk)
		return rsess_fallback(sock)->ops->ioctl(sock, cmd, arg);
	rs = rsess_sk(sk);
	rsess_link_settle(rs);
	switch (cmd) {
	case SIOCATMARK:
	case SIOCINQ:
	case SIOCOUTQ:
	case SIOCOUTQNSD:
		answer = rsess_ioctl_count(rs, cmd);
		break;
	default:
		err = rsess_ioctl_inner(rs, cmd, arg);
		release_sock(sk);
		return err;
	}
	release_sock(sk);
	if (answer < 0)
		return answer;
	return put_user((int)min_t(s64, answer, INT_MAX), (int __user *)arg);
}

static int rsess_set_rcvlowat(struct sock *sk, int val)
{
	const struct proto_ops *ops;

	if (!rsess_is_session(sk)) {
		ops = rsess_fallback(sk->sk_socket)->ops;
		if (ops->set_rcvlowat)
			return ops->set_rcvlowat(sk, val);
		WRITE_ONCE(sk->sk_rcvlowat, val ?: 1);
		return 0;
	}
	WRITE_ONCE(sk->sk_rcvlowat, min_t(u32, val ?: 1,
					  rsess_window(rsess_sk(sk))));
	if (!sock_flag(sk, SOCK_DEAD))
		sk->sk_data_ready(sk);
	return 0;
}

/* For TCP_ZEROCOPY_RECEIVE, which a session does not have. */
static int rsess_mmap(struct file *file, struct socket *sock,
		      struct vm_area_struct *vma)
{
	if (rsess_is_session(rsess_sock_get(sock)))
		return sock_no_mmap(file, sock, vma);
	return rsess_fallback(sock)->ops->mmap(file, sock, vma);
}

/* Not every transport has a way of its own to splice. */
static ssize_t rsess_splice_read(struct socket *sock, loff_t *ppos,
				 struct pipe_inode_info *pipe, size_t len,
				 unsigned int flags)
{
	if (rsess_is_session(rsess_sock_get(sock)) ||
	    !rsess_fallback(sock)->ops->splice_read)
		return copy_splice_read(sock->file, ppos, pipe, len, flags);
	return rsess_fallback(sock)->ops->splice_read(sock, ppos, pipe, len,
						      flags);
}

/* sendfile() has come to the end of a file before what it was asked for: nothing follows
 * what it has sent with MSG_MORE.
 */
static void rsess_splice_eof(struct socket *sock)
{
	struct sock *sk = rsess_sock_lock(sock);

	if (!sk) {
		if (rsess_fallback(sock)->ops->splice_eof)
			rsess_fallback(sock)->ops->splice_eof(sock);
		return;
	}
	if (rsess_sk(sk)->more && !rsess_sk(sk)->opt.cork)
		rsess_push_held(rsess_sk(sk));
	release_sock(sk);
}

RSESS_DEFINE_SENDPAGE_OP(rsess_sendpages)
RSESS_DEFINE_SET_RCVBUF_OP(rsess_set_rcvbuf)

/* What the socket core calls. */
#define RSESS_OPS(pf)							\
	.family		= pf,						\
	.owner		= THIS_MODULE,					\
	.release	= rsess_release,				\
	.bind		= rsess_bind,					\
	.connect	= rsess_connect,				\
	.socketpair	= sock_no_socketpair,				\
	.accept		= RSESS_ACCEPT_OP(rsess_accept),		\
	.getname	= rsess_getname,				\
	.poll		= rsess_poll,					\
	.ioctl		= rsess_ioctl,					\
	.gettstamp	= sock_gettstamp,				\
	.listen		= rsess_listen,					\
	.shutdown	= rsess_shutdown,				\
	.setsockopt	= rsess_setsockopt,				\
	.getsockopt	= rsess_getsockopt,				\
	.sendmsg	= rsess_send,					\
	.recvmsg	= rsess_recvmsg,				\
	.mmap		= rsess_mmap,					\
	.set_rcvlowat	= rsess_set_rcvlowat,				\
	.read_sock	= rsess_read_sock,				\
	.peek_len	= rsess_peek_len,				\
	.splice_read	= rsess_splice_read,				\
	.splice_eof	= rsess_splice_eof,				\
	RSESS_SENDPAGE_OP(rsess_sendpages)				\
	RSESS_SET_RCVBUF_OP(rsess_set_rcvbuf)

static const struct proto_ops rsess_ops[] = {
	{ RSESS_OPS(PF_RSESS) },
	{ RSESS_OPS(PF_INET) },
	{ RSESS_OPS(PF_INET6) },
};

static const struct proto_ops rsess_ops_peek_off[] = {
	{ RSESS_OPS(PF_RSESS) .set_peek_off = sk_set_peek_off },
	{ RSESS_OPS(PF_INET) .set_peek_off = sk_set_peek_off },
	{ RSESS_OPS(PF_INET6) .set_peek_off = sk_set_peek_off },
};

/**
 * rsess_socket_ops() - operations of a socket
 * @family: PF_RSESS, PF_INET or PF_INET6
 *
 * SO_PEEK_OFF is there if TCP of this kernel has it, as it does since 6.9.
 *
 * Return: they differ by the family that they name only.
 */
const struct proto_ops *rsess_socket_ops(int family)
{
	const struct proto_ops *ops = inet_stream_ops.set_peek_off ?
				      rsess_ops_peek_off : rsess_ops;

	while (ops->family != family)
		ops++;
	return ops;
}
