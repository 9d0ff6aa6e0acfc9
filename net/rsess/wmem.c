// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of retained bytes: what an outer socket is charged for them, and who waits for room.
 */
#include <linux/sizes.h>
#include <net/sock.h>
#include "compat.h"
#include "session.h"
#include "solsock.h"
#include "table.h"

/**
 * rsess_write_space() - sk_write_space of the outer socket
 * @sk: outer socket
 *
 * As TCP's: wake writers when a third of the buffer is free.
 */
void rsess_write_space(struct sock *sk)
{
	struct socket *sock = sk->sk_socket;
	struct socket_wq *wq;

	if (!sock || !__sk_stream_is_writeable(sk, 1))
		return;
	clear_bit(SOCK_NOSPACE, &sock->flags);
	rcu_read_lock();
	wq = rcu_dereference(sk->sk_wq);
	if (skwq_has_sleeper(wq))
		wake_up_interruptible_poll(&wq->wait, EPOLLOUT | EPOLLWRNORM |
						      EPOLLWRBAND);
	if (wq && wq->fasync_list && !(sk->sk_shutdown & SEND_SHUTDOWN))
		sock_wake_async(wq, SOCK_WAKE_SPACE, POLL_OUT);
	rcu_read_unlock();
}

/* Is there room behind the last bytes, or may there be a page more?  It fits, or SO_SNDBUF
 * is so small that a third of it is less than a page.
 */
static bool rsess_page_free(const struct sock *sk)
{
	const struct page_frag *frag = &rsess_sk(sk)->sq.frag;
	int queued = READ_ONCE(sk->sk_wmem_queued);
	int sndbuf = READ_ONCE(sk->sk_sndbuf);

	if (READ_ONCE(frag->page) && READ_ONCE(frag->offset) < frag->size)
		return true;
	return queued <= sndbuf / 3 * 2 ||
	       sndbuf - queued >= (int)RSESS_SENDQ_COST_MIN;
}

/**
 * rsess_memory_free() - proto.stream_memory_free: TCP_NOTSENT_LOWAT, and pages
 * @sk: outer socket
 * @wake: is it asked in order to wake a writer?  Half must be free then.
 */
bool rsess_memory_free(const struct sock *sk, int wake)
{
	const struct rsess_sock *rs = rsess_sk(sk);
	u32 lowat = READ_ONCE(rs->opt.notsent_lowat);
	u64 unsent = rsess_sendq_unsent(&rs->sq);

	return (!lowat || (unsent << wake) < lowat) && rsess_page_free(sk);
}

/**
 * rsess_send_account() - the retained bytes have become more or less
 * @rs: session, locked
 *
 * What the queue keeps in memory is charged, not what the application wrote.
 */
void rsess_send_account(struct rsess_sock *rs)
{
	struct sock *sk = rsess_to_sk(rs);
	int more = (int)rs->sq.truesize - sk->sk_wmem_queued;

	if (!more)
		return;
	sk_wmem_queued_add(sk, more);
	if (more > 0)
		sk_mem_charge(sk, more);
	else
		sk_mem_uncharge(sk, -more);
}

/* Was @len refused because all sockets together are at their limit?  Each processor may
 * have memory that is not counted yet.
 */
static bool rsess_memory_is_gone(const struct sock *sk, size_t len)
{
	return sk_memory_allocated(sk) + sk_mem_pages(len) +
	       (SZ_1M >> PAGE_SHIFT) > sk_prot_mem_limits(sk, 2);
}

/**
 * rsess_send_freed() - memory of the retained bytes was freed
 * @rs: session, locked
 */
void rsess_send_freed(struct rsess_sock *rs)
{
	struct sock *sk = rsess_to_sk(rs);

	rsess_send_account(rs);
	smp_mb();	/* pairs with smp_mb__after_atomic() in rsess_poll() */
	rsess_send_space(sk);
}

/**
 * rsess_send_charge() - have memory that will be charged to a socket
 * @sk: outer socket, locked
 * @len: bytes
 *
 * At the limits what the kernel takes off sk_sndbuf nobody would give back; instead
 * nothing is taken but what it has forced.  Orphans make room.
 *
 * Return: false when there is none.
 */
bool rsess_send_charge(struct sock *sk, size_t len)
{
	int sndbuf = READ_ONCE(sk->sk_sndbuf);
	bool charged = sk_wmem_schedule(sk, len);

	if (READ_ONCE(sk->sk_sndbuf) != sndbuf) {
		WRITE_ONCE(sk->sk_sndbuf, sndbuf);
		if (sk->sk_wmem_queued) {
			sk_mem_reclaim(sk);
			charged = false;
		}
	}
	if (!charged && rsess_memory_is_gone(sk, len))
		rsess_orphan_relieve();
	return charged;
}

/**
 * rsess_send_space() - a writer need not wait for room any more
 * @sk: outer socket, locked
 *
 * As TCP's: a user in the kernel that was not told to wait does not hear of it, and who was may
 * get a larger buffer.
 */
void rsess_send_space(struct sock *sk)
{
	if (!sk->sk_socket || !test_bit(SOCK_NOSPACE, &sk->sk_socket->flags))
		return;
	rsess_solsock_grow(rsess_sk(sk));
	sk->sk_write_space(sk);
}
