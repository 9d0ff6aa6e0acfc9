// SPDX-License-Identifier: GPL-2.0
/*
 * Works, and sockets that a process has locked.
 *
 * A process keeps the lock of its socket as long as it likes: it sleeps in a page fault
 * in the middle of send(), and who is to bring the page is a program too (a FUSE,
 * userfaultfd).  The works are of all sessions.  So none of them waits for such a lock:
 * it leaves a note of what it came for, and release_sock() has it come again, as it has
 * TCP's backlog served.
 *
 * The notes are under the spinlock in sk_lock, and there are some only while the socket
 * is locked.  For each other, which is not for long, works do wait: at a mutex that no
 * process takes.
 */
#include <linux/lockdep.h>
#include <net/sock.h>
#include "session.h"
#include "transport.h"
#include "work.h"

/* lock_sock() without the wait.  Locked: the spinlock in sk_lock. */
static bool rsess_work_try(struct sock *sk)
{
	if (sock_owned_by_user_nocheck(sk))
		return false;
	sk->sk_lock.owned = 1;
	return true;
}

/* The rest of it, for lockdep. */
static bool rsess_work_tried(struct sock *sk, bool locked)
{
	if (locked)
		mutex_acquire(&sk->sk_lock.dep_map, 0, 1, _RET_IP_);
	else
		mutex_unlock(&rsess_sk(sk)->works);
	return locked;
}

/**
 * rsess_work_lock() - lock an outer socket in the work of a transport
 * @sk: the outer socket of a session
 * @tr: the transport, which need not be that of the session
 *
 * Context: the work of @tr.
 * Return: true: locked, to be unlocked by rsess_work_unlock().  false: a process has it,
 * and the work will be queued when that unlocks it.
 */
bool rsess_work_lock(struct sock *sk, struct rsess_transport *tr)
{
	struct rsess_sock *rs = rsess_sk(sk);
	bool locked;

	mutex_lock(&rs->works);
	spin_lock_bh(&sk->sk_lock.slock);
	locked = rsess_work_try(sk);
	/* Or it is on a list already, and its work will be queued after now. */
	if (!locked && !test_and_set_bit(0, &tr->waits)) {
		refcount_inc(&tr->ref);		/* rsess_work_release() */
		list_add_tail(&tr->wait, &rs->waiting);
	}
	spin_unlock_bh(&sk->sk_lock.slock);
	return rsess_work_tried(sk, locked);
}

/**
 * rsess_work_lock_timer() - lock an outer socket in the work of its timer
 * @rs: session
 *
 * Context: the work of @rs->timer.
 * Return: as rsess_work_lock().
 */
bool rsess_work_lock_timer(struct rsess_sock *rs)
{
	struct sock *sk = rsess_to_sk(rs);
	bool locked;

	mutex_lock(&rs->works);
	spin_lock_bh(&sk->sk_lock.slock);
	locked = rsess_work_try(sk);
	if (!locked)
		rs->timer_waits = true;
	spin_unlock_bh(&sk->sk_lock.slock);
	return rsess_work_tried(sk, locked);
}

/**
 * rsess_work_unlock() - end of rsess_work_lock() and rsess_work_lock_timer()
 * @sk: the outer socket
 */
void rsess_work_unlock(struct sock *sk)
{
	release_sock(sk);
	mutex_unlock(&rsess_sk(sk)->works);
}

/**
 * rsess_work_ready() - tell one who listens that accept() has something to take
 * @sk: the outer socket; the caller has a reference
 *
 * It is told now, or when it is unlocked.
 *
 * Context: process.
 */
void rsess_work_ready(struct sock *sk)
{
	spin_lock_bh(&sk->sk_lock.slock);
	if (sock_owned_by_user_nocheck(sk))
		rsess_sk(sk)->ready_waits++;
	else if (sk->sk_state == TCP_LISTEN)
		sk->sk_data_ready(sk);
	spin_unlock_bh(&sk->sk_lock.slock);
}

/**
 * rsess_work_release() - release_cb: an outer socket is about to be unlocked
 * @sk: the outer socket
 *
 * Context: the spinlock in sk_lock is held.
 */
void rsess_work_release(struct sock *sk)
{
	struct rsess_sock *rs = rsess_sk(sk);
	struct rsess_transport *tr, *next;

	list_for_each_entry_safe(tr, next, &rs->waiting, wait) {
		list_del(&tr->wait);
		/* Its work, maybe with another socket now, may put it on a list. */
		clear_bit_unlock(0, &tr->waits);
		rsess_transport_queue(tr);
		rsess_transport_put(tr);	/* of rsess_work_lock() */
	}
	if (rs->timer_waits) {
		rs->timer_waits = false;
		rsess_timer_now(rs);
	}
	/* Each of them wakes one who waits. */
	for (; rs->ready_waits; rs->ready_waits--)
		if (sk->sk_state == TCP_LISTEN)
			sk->sk_data_ready(sk);
}
