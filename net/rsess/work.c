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
#include <linux/sched/mm.h>
#include <net/sock.h>
#include "compat.h"
#include "session.h"
#include "transport.h"
#include "work.h"

/**
 * rsess_context_enter() - allocations of a work are for a socket
 * @c: rsess_context_leave() must follow
 * @sk: the socket, which stays; or NULL, when the work is nobody's
 *
 * No work waits for input or output: to free memory a file system may have to write
 * through a session, and when memory is short one thread serves the works of all.  Of a
 * socket with SOCK_MEMALLOC they may use what is kept back for that.
 *
 * Allocations that are accounted are charged to the cgroup of the socket.
 */
void rsess_context_enter(struct rsess_context *c, const struct sock *sk)
{
	c->noio = memalloc_noio_save();
	c->memalloc = sk && sock_flag(sk, SOCK_MEMALLOC);
	if (c->memalloc)
		c->noreclaim = memalloc_noreclaim_save();
	c->memcg = set_active_memcg(sk ? rsess_sk_memcg(sk) : NULL);
}

/**
 * rsess_context_leave() - undo rsess_context_enter()
 * @c: what it was given
 */
void rsess_context_leave(const struct rsess_context *c)
{
	set_active_memcg(c->memcg);
	if (c->memalloc)
		memalloc_noreclaim_restore(c->noreclaim);
	memalloc_noio_restore(c->noio);
}

/* Where the note of a transport for an outer socket is. */
static struct rsess_note *rsess_work_note(const struct rsess_sock *rs,
					  struct rsess_transport *tr)
{
	return &tr->notes[rsess_to_sk(rs) != tr->sk];
}

/**
 * rsess_work_later() - have a transport's work queued when the outer socket is unlocked
 * @rs: session; a process has locked its socket, and its spinlock is held
 * @tr: the transport
 * @bytes: nothing is known but that bytes have come
 */
void rsess_work_later(struct rsess_sock *rs, struct rsess_transport *tr,
		      bool bytes)
{
	struct rsess_note *note = rsess_work_note(rs, tr);

	lockdep_assert_held(&rsess_to_sk(rs)->sk_lock.slock);
	if (!bytes)
		note->more = true;
	/* If it is there already, the work will be queued after now. */
	if (test_and_set_bit(0, &note->left))
		return;
	refcount_inc(&tr->ref);		/* rsess_work_release(), rsess_work_taken() */
	note->tr = tr;
	list_add_tail(&note->list, &rs->waiting);
}

/* Lock an outer socket behind other works, or see to it that the work comes again. */
static bool rsess_work_enter(struct sock *sk, struct rsess_transport *tr,
			     bool again)
{
	struct rsess_sock *rs = rsess_sk(sk);
	bool locked;

	mutex_lock(&rs->work_mutex);
	spin_lock_bh(&sk->sk_lock.slock);
	locked = !sock_owned_by_user_nocheck(sk);
	if (locked)
		sk->sk_lock.owned = 1;
	else if (again && tr)
		rsess_work_later(rs, tr, false);
	else if (again)
		rs->timer_waits = true;
	spin_unlock_bh(&sk->sk_lock.slock);
	if (locked)
		mutex_acquire(&sk->sk_lock.dep_map, 0, 1, _RET_IP_);
	else
		mutex_unlock(&rs->work_mutex);
	return locked;
}

/**
 * rsess_work_lock() - lock an outer socket in a work
 * @sk: the outer socket
 * @tr: the transport whose work it is, which need not be that of the session; or NULL:
 *	that of the session's timer
 *
 * Context: the work.
 * Return: true: locked, to be unlocked by rsess_work_unlock().  false: a process has it,
 * and the work will be queued when that unlocks it.
 */
bool rsess_work_lock(struct sock *sk, struct rsess_transport *tr)
{
	return rsess_work_enter(sk, tr, true);
}

/**
 * rsess_work_trylock() - the same, for one who has nothing to come back for
 * @sk: the outer socket
 *
 * Context: process.  Waits for works, and for no process that has locked the socket.
 * Return: true: locked, to be unlocked by rsess_work_unlock().
 */
bool rsess_work_trylock(struct sock *sk)
{
	return rsess_work_enter(sk, NULL, false);
}

/**
 * rsess_work_unlock() - end of rsess_work_lock()
 * @sk: the outer socket
 */
void rsess_work_unlock(struct sock *sk)
{
	release_sock(sk);
	mutex_unlock(&rsess_sk(sk)->work_mutex);
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

/* The note is not there any more; the caller has its reference. */
static void rsess_work_unnote(struct rsess_note *note)
{
	list_del(&note->list);
	note->more = false;
	/* Its work, maybe with another socket now, may leave it again. */
	clear_bit_unlock(0, &note->left);
}

/**
 * rsess_work_taken() - who has locked an outer socket does what a note was left for
 * @rs: session, locked by this process
 * @tr: a transport, with a reference
 *
 * Context: process.
 * Return: what that was.
 */
enum rsess_came rsess_work_taken(struct rsess_sock *rs,
				 struct rsess_transport *tr)
{
	struct rsess_note *note = rsess_work_note(rs, tr);
	enum rsess_came came = RSESS_CAME_NOTHING;
	struct sock *sk = rsess_to_sk(rs);

	if (!test_bit(0, &note->left))
		return came;
	spin_lock_bh(&sk->sk_lock.slock);
	if (test_bit(0, &note->left)) {
		came = note->more ? RSESS_CAME_MORE : RSESS_CAME_BYTES;
		rsess_work_unnote(note);
	}
	spin_unlock_bh(&sk->sk_lock.slock);
	if (came)
		rsess_transport_put(tr);	/* of rsess_work_later() */
	return came;
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
	struct rsess_note *note, *next;

	list_for_each_entry_safe(note, next, &rs->waiting, list) {
		struct rsess_transport *tr = note->tr;

		rsess_work_unnote(note);
		rsess_transport_queue(tr);
		rsess_transport_put(tr);	/* of rsess_work_later() */
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
