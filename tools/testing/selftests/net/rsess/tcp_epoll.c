// SPDX-License-Identifier: GPL-2.0
/*
 * An AF_RSESS socket behaves as a TCP socket: epoll with hundreds of them, in
 * each of its modes.
 *
 * All that moves a byte here is epoll_wait().  If a wakeup is lost, it has
 * nothing more to tell while bytes are outstanding, and the test fails.  So it
 * does if one socket's wakeups find nothing again and again.
 *
 * A wakeup that is lost does no harm if another one follows.  So all sessions speak
 * at once first, and then one after the other, while those who wait have nothing
 * else to do.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness.h"
#include "line.h"

#define SESSIONS	200
#define ENDS		(2 * SESSIONS)
#define WORKERS		4
/* More than all descriptors of this process, or of the relay. */
#define DESCRIPTORS	1024

/* What an event belongs to, besides the number of an end. */
#define LISTENER	ENDS
#define STOP		(ENDS + 1)

/*
 * One direction of so many has bytes enough to be full, the others have a part of
 * them.  Never both of one session: what was not told of the one would be found
 * when something is told of the other.
 */
#define HEAVY		8
#define LIGHT		5
/* As small as it can be: writers have to wait. */
#define SNDBUF		1
#define RCVBUF		8000
/* Bytes of one call; a reader without EPOLLET leaves the rest for the next. */
#define READ_PIECE	1000
#define WRITE_PIECE	8192
/* So many bytes at the beginning tell who has dialed. */
#define NAME		8
/* In a row for one socket. */
#define VAIN_MAX	100

/**
 * struct mode - how epoll is used
 * @flags: of each descriptor
 * @workers: threads
 * @epolls: descriptors of epoll; a thread has its own, or all share one
 */
struct mode {
	uint32_t flags;
	int workers;
	int epolls;
};

/**
 * struct end - a socket
 * @lock: of what follows
 * @fd: descriptor
 * @no: of the session, -1 as long as an accepted end does not know
 * @dialed: and not accepted
 * @name: the first bytes that it has read
 * @sent: bytes written
 * @got: bytes read
 * @may: events that were told and are not known to be over
 * @armed: events that each epoll was asked for, 0 before the first time
 * @shut: has ended its stream
 * @eof: has read the end of the peer's
 * @rdhup: was told of it
 * @done: nothing more to do in this round
 * @vain: wakeups in a row that have found nothing
 */
struct end {
	pthread_mutex_t lock;
	int fd;
	int no;
	bool dialed;
	unsigned char name[NAME];
	uint64_t sent;
	uint64_t got;
	uint32_t may;
	uint32_t armed[WORKERS];
	bool shut;
	bool eof;
	bool rdhup;
	bool done;
	int vain;
};

/**
 * struct crowd - all sockets and those who serve them
 * @l: the line; its listener is everybody's
 * @mode: how
 * @ep: descriptors of epoll
 * @stop: tells all workers to stop
 * @had: bytes of a heavy direction up to the end of the last round
 * @want: up to the end of this round
 * @fin: streams end in this round
 * @turn: sessions up to this one are in this round, the others in the last one
 * @accepted: how many sockets were
 * @other: index of a session's end that was accepted, when it is known
 * @through: how many ends of a session are through with this round
 * @done: ends that are
 * @moves: wakeups that had an effect
 * @accept_vain: those of the listener in a row that had none
 * @full: how many times there was no room for all that was to be written
 * @error: the first one, a negative errno
 * @end: those that have dialed, then those that were accepted
 */
struct crowd {
	struct line l;
	const struct mode *mode;
	int ep[WORKERS];
	int stop;
	uint64_t had;
	uint64_t want;
	bool fin;
	atomic_int turn;
	atomic_int accepted;
	atomic_int other[SESSIONS];
	atomic_int through[SESSIONS];
	atomic_int done;
	atomic_int moves;
	atomic_int accept_vain;
	atomic_int full;
	atomic_int error;
	struct end end[ENDS];
};

/**
 * struct worker - a thread
 * @c: what it works for
 * @ep: index of its epoll
 * @stop: it was told to
 */
struct worker {
	struct crowd *c;
	int ep;
	bool stop;
};

static bool is_edge(const struct crowd *c)
{
	return c->mode->flags & EPOLLET;
}

/* EPOLLRDHUP and EPOLL_CTL_MOD don't go with it. */
static bool is_exclusive(const struct crowd *c)
{
	return c->mode->flags & EPOLLEXCLUSIVE;
}

/*
 * How many wakeups in a row may find nothing.  An edge may come for what was read
 * along with what came before it; of two workers who were told one comes too late,
 * also with EPOLLONESHOT, if a third one arms the descriptor in between.  Room to
 * write may be gone when memory is short, also TCP's.  Else what was told is true.
 */
static int vain_max(const struct crowd *c, uint32_t told)
{
	return is_edge(c) || c->mode->workers > 1 || told == EPOLLOUT ?
	       VAIN_MAX : 0;
}

/* Each direction of each session is another part of the stream of all tests. */
static uint64_t way_base(int no, bool from_dialer)
{
	return (uint64_t)(2 * no + from_dialer) << 32;
}

/* Bytes of a direction up to the end of the round that the session is in. */
static uint64_t way_want(const struct crowd *c, int no, bool from_dialer)
{
	uint64_t n = no <= c->turn ? c->want : c->had;

	return no % HEAVY == from_dialer ? n : n / LIGHT;
}

/* Does its stream end now? */
static bool end_fin(const struct crowd *c, const struct end *e)
{
	return c->fin && e->no >= 0 && e->no <= c->turn;
}

/* How many are still to be written?  Without a session there is nothing yet. */
static uint64_t end_unsent(const struct crowd *c, const struct end *e)
{
	return e->no < 0 ? 0 : way_want(c, e->no, e->dialed) - e->sent;
}

/* And to be read, of a session that is known? */
static uint64_t end_unread(const struct crowd *c, const struct end *e)
{
	return way_want(c, e->no, !e->dialed) - e->got;
}

/*
 * What epoll is asked for.
 */
static uint32_t end_wants(const struct crowd *c, const struct end *e)
{
	uint32_t ev = c->mode->flags;

	if (is_edge(c))
		return ev | EPOLLIN | EPOLLOUT |
		       (is_exclusive(c) ? 0 : EPOLLRDHUP);
	if (!e->eof)
		ev |= EPOLLIN;
	if (!e->rdhup && !is_exclusive(c))
		ev |= EPOLLRDHUP;
	if (end_unsent(c, e))
		ev |= EPOLLOUT;
	return ev;
}

static bool end_over(const struct crowd *c, const struct end *e)
{
	return e->shut && e->eof && (e->rdhup || is_exclusive(c));
}

static int ctl(int ep, int op, int fd, uint32_t events, uint32_t what)
{
	struct epoll_event ev = { .events = events, .data.u32 = what };

	if (!epoll_ctl(ep, op, fd, &ev))
		return 0;
	say("epoll_ctl %d: %s", op, strerror(errno));
	return -errno;
}

static int end_arm(struct crowd *c, int ep, struct end *e)
{
	uint32_t had = e->armed[ep];
	uint32_t ev = end_over(c, e) ? 0 : end_wants(c, e);
	int op = EPOLL_CTL_MOD;

	if (ev == had && !(ev & EPOLLONESHOT))
		return 0;
	e->armed[ep] = ev;
	if (had && (!ev || is_exclusive(c))) {
		if (ctl(c->ep[ep], EPOLL_CTL_DEL, e->fd, 0, 0))
			return -EINVAL;
		had = 0;
	}
	if (!ev)
		return 0;
	if (!had)
		op = EPOLL_CTL_ADD;
	return ctl(c->ep[ep], op, e->fd, ev, e - c->end);
}

static int end_arm_all(struct crowd *c, struct end *e)
{
	int ret = 0;
	int i;

	for (i = 0; i < c->mode->epolls && !ret; i++)
		ret = end_arm(c, i, e);
	return ret;
}

/*
 * Bytes.
 */
static int crowd_find(struct crowd *c, struct end *e)
{
	unsigned char his[NAME];
	int i;

	for (i = 0; i < SESSIONS; i++) {
		pattern_fill(way_base(i, true), his, NAME);
		if (memcmp(his, e->name, NAME))
			continue;
		if (!atomic_exchange(&c->other[i], e - c->end))
			return i;
		say("two other ends of session %d", i);
		return -EEXIST;
	}
	say("the first bytes are nobody's");
	return -EBADMSG;
}

static int end_got(struct crowd *c, struct end *e, const unsigned char *buf,
		   size_t n)
{
	uint64_t at = e->got;

	if (at < NAME)
		memcpy(e->name + at, buf, n < NAME - at ? n : NAME - at);
	if (e->no < 0 && at + n >= NAME) {
		e->no = crowd_find(c, e);
		if (e->no < 0)
			return e->no;
	}
	e->got += n;
	/* It is verified with the rest of the name. */
	if (e->no < 0)
		return 0;
	if (e->got > way_want(c, e->no, !e->dialed)) {
		say("session %d: more bytes than were written", e->no);
		return -EBADMSG;
	}
	return pattern_check(way_base(e->no, !e->dialed) + at, buf, n);
}

static int end_eof(struct crowd *c, struct end *e)
{
	e->eof = true;
	if (end_fin(c, e) && !end_unread(c, e))
		return 0;
	say("session %d: an end after %llu bytes", e->no,
	    (unsigned long long)e->got);
	return -ENODATA;
}

static int end_read(struct crowd *c, struct end *e)
{
	unsigned char buf[READ_PIECE];
	int ret = 0;
	ssize_t n;

	while (!ret && e->may & EPOLLIN && !e->eof) {
		n = recv(e->fd, buf, sizeof(buf), 0);
		if (n < 0 && errno != EAGAIN) {
			ret = -errno;
			say("recv: %s", strerror(errno));
		} else if (n > 0) {
			ret = end_got(c, e, buf, n);
		} else if (!n) {
			ret = end_eof(c, e);
		}
		if (n < 0 || !is_edge(c))
			e->may &= ~EPOLLIN;
	}
	return ret;
}

static int end_write(struct crowd *c, struct end *e)
{
	unsigned char buf[WRITE_PIECE];

	while (e->may & EPOLLOUT && end_unsent(c, e)) {
		ssize_t n = end_unsent(c, e);
		ssize_t ret;

		if (n > WRITE_PIECE)
			n = WRITE_PIECE;
		pattern_fill(way_base(e->no, e->dialed) + e->sent, buf, n);
		ret = send(e->fd, buf, n, MSG_NOSIGNAL);
		if (ret < 0 && errno != EAGAIN) {
			say("send: %s", strerror(errno));
			return -errno;
		}
		if (ret > 0)
			e->sent += ret;
		if (ret < n)
			c->full++;
		if (ret < 0 || !is_edge(c))
			e->may &= ~EPOLLOUT;
	}
	return 0;
}

/* Is this end through with the round?  The last one stops all. */
static void end_done(struct crowd *c, struct end *e)
{
	if (e->done || e->no < 0 || end_unsent(c, e) || end_unread(c, e) ||
	    (c->fin && !end_over(c, e)))
		return;
	e->done = true;
	c->through[e->no]++;
	if (++c->done == ENDS)
		eventfd_write(c->stop, 1);
}

static int end_move(struct crowd *c, struct end *e)
{
	int ret = end_read(c, e) ?: end_write(c, e);

	/* Not before it has got all: the end of a stream would wake who waits. */
	if (!ret && end_fin(c, e) && !end_unsent(c, e) && !end_unread(c, e) &&
	    !e->shut) {
		e->shut = true;
		ret = shutdown(e->fd, SHUT_WR) ? -errno : 0;
	}
	return ret;
}

/* Errors, and an end where there can be none. */
static int end_told(struct crowd *c, struct end *e, uint32_t told)
{
	if (told & EPOLLERR ||
	    (!end_fin(c, e) && told & (EPOLLRDHUP | EPOLLHUP))) {
		say("session %d: events %#x, error %d", e->no, told,
		    socket_error(e->fd));
		return -EIO;
	}
	e->may = is_edge(c) ? e->may | told : told;
	if (told & EPOLLRDHUP)
		e->rdhup = true;
	return 0;
}

static int end_vain(struct crowd *c, struct end *e, uint32_t told)
{
	if (++e->vain <= vain_max(c, told))
		return 0;
	say("session %d: %#x is told, and nothing is found", e->no, told);
	return -ELOOP;
}

/* All that changes when there is something to do. */
static uint64_t end_sum(const struct end *e)
{
	return e->sent + e->got + e->shut + e->eof + e->rdhup;
}

static int end_serve(struct crowd *c, struct end *e, uint32_t told)
{
	uint64_t before = end_sum(e);
	int ret;

	ret = end_told(c, e, told) ?: end_move(c, e);
	if (ret)
		return ret;
	end_done(c, e);
	if (end_sum(e) != before) {
		e->vain = 0;
		c->moves++;
	} else if (told) {
		ret = end_vain(c, e, told);
	}
	return ret;
}

static int end_event(struct crowd *c, int ep, struct end *e, uint32_t told);

/* What begins is told by nobody. */
static int end_kick(struct crowd *c, struct end *e)
{
	int ret = 0;
	int i;

	for (i = 0; i < c->mode->epolls && !ret; i++)
		ret = end_event(c, i, e, 0);
	return ret;
}

/* The next session may speak, when both ends of this one are through. */
static int crowd_turn(struct crowd *c, int no)
{
	int next = no + 1;

	if (c->turn != no || c->through[no] < 2 || next == SESSIONS ||
	    !atomic_compare_exchange_strong(&c->turn, &no, next))
		return 0;
	return end_kick(c, &c->end[next]) ?:
	       end_kick(c, &c->end[c->other[next]]);
}

/* @told: by epoll number @ep; 0 when something begins */
static int end_event(struct crowd *c, int ep, struct end *e, uint32_t told)
{
	int ret = 0;
	int no;

	pthread_mutex_lock(&e->lock);
	/* Another worker may have been faster. */
	if (!end_over(c, e))
		ret = end_serve(c, e, told);
	if (!ret)
		ret = end_arm(c, ep, e);
	no = e->no;
	pthread_mutex_unlock(&e->lock);
	return ret || no < 0 ? ret : crowd_turn(c, no);
}

/* A socket begins to be served. */
static int end_begin(struct crowd *c, struct end *e, int fd, int no)
{
	int ret;

	pthread_mutex_lock(&e->lock);
	e->fd = fd;
	e->no = no;
	e->dialed = no >= 0;
	ret = end_arm_all(c, e);
	pthread_mutex_unlock(&e->lock);
	return ret;
}

/*
 * The crowd.
 */
static int crowd_buffers(int fd)
{
	return set_int(fd, SOL_SOCKET, SO_SNDBUF, SNDBUF) ?:
	       set_int(fd, SOL_SOCKET, SO_RCVBUF, RCVBUF);
}

/* Returns -EAGAIN if there is nobody to accept. */
static int crowd_accept_one(struct crowd *c)
{
	int fd = accept4(c->l.lfd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int i;

	if (fd < 0)
		return -errno;
	i = c->accepted++;
	if (i >= SESSIONS) {
		say("more sockets than have dialed");
		close(fd);
		return -EBADMSG;
	}
	return end_begin(c, &c->end[SESSIONS + i], fd, -1);
}

static int crowd_accept(struct crowd *c, int ep)
{
	int n = 0;
	int ret;

	do {
		ret = crowd_accept_one(c);
		n += !ret;
	} while (!ret && is_edge(c));
	if (ret && ret != -EAGAIN)
		return ret;
	c->moves += n;
	if (n) {
		c->accept_vain = 0;
	} else if (++c->accept_vain > vain_max(c, EPOLLIN)) {
		say("one is told, and none is there to accept");
		return -ELOOP;
	}
	if (c->mode->flags & EPOLLONESHOT)
		return ctl(c->ep[ep], EPOLL_CTL_MOD, c->l.lfd,
			   EPOLLIN | c->mode->flags, LISTENER);
	return 0;
}

static int crowd_dial(struct crowd *c)
{
	int ret = 0;
	int i;

	for (i = 0; i < SESSIONS && !ret; i++) {
		int fd = kind_socket(c->l.kind, SOCK_NONBLOCK);

		if (fd < 0)
			return fd;
		ret = crowd_buffers(fd);
		if (!ret && line_dial(&c->l, fd) && errno != EINPROGRESS) {
			ret = -errno;
			say("connect: %s", strerror(errno));
		}
		ret = ret ?: end_begin(c, &c->end[i], fd, i);
	}
	return ret;
}

static int crowd_open(struct crowd *c)
{
	int ret = 0;
	int i;

	c->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ret = crowd_buffers(c->l.lfd) ?: listen(c->l.lfd, SESSIONS) ?:
	      set_nonblock(c->l.lfd, true);
	for (i = 0; i < c->mode->epolls && !ret; i++) {
		c->ep[i] = epoll_create1(EPOLL_CLOEXEC);
		ret = ctl(c->ep[i], EPOLL_CTL_ADD, c->stop, EPOLLIN, STOP) ?:
		      ctl(c->ep[i], EPOLL_CTL_ADD, c->l.lfd,
			  EPOLLIN | c->mode->flags, LISTENER);
	}
	return ret;
}

/* Says which sockets are waited for. */
static void crowd_stuck(struct crowd *c)
{
	int n = 0;
	int i;

	say("%d of %d ends are through, %d are accepted", c->done, ENDS,
	    c->accepted);
	for (i = 0; i < ENDS && n < 5; i++) {
		struct end *e = &c->end[i];

		if (e->fd < 0 || e->done)
			continue;
		say("session %d %s: sent %llu, %llu left; got %llu%s%s; poll %#x",
		    e->no, e->dialed ? "dialed" : "accepted",
		    (unsigned long long)e->sent,
		    (unsigned long long)end_unsent(c, e),
		    (unsigned long long)e->got, e->eof ? ", end" : "",
		    e->rdhup ? ", told of it" : "", events(e->fd));
		n++;
	}
}

/* Serves what is told at once; how many events, or a negative errno. */
static int worker_step(struct worker *w, int ms)
{
	struct epoll_event ev[64];
	struct crowd *c = w->c;
	int n = epoll_wait(c->ep[w->ep], ev, ARRAY_SIZE(ev), ms);
	int ret = n < 0 ? -errno : 0;
	int i;

	for (i = 0; i < n && !ret; i++) {
		if (ev[i].data.u32 == STOP)
			w->stop = true;
		else if (ev[i].data.u32 == LISTENER)
			ret = crowd_accept(c, w->ep);
		else
			ret = end_event(c, w->ep, &c->end[ev[i].data.u32],
					ev[i].events);
	}
	return ret ?: n;
}

/* The others may be told while this one is not. */
static int worker_serve(struct worker *w)
{
	while (!w->stop) {
		int moves = w->c->moves;
		int n = worker_step(w, WAIT_MS);

		if (n < 0)
			return n;
		if (!n && moves == w->c->moves) {
			crowd_stuck(w->c);
			return -ETIMEDOUT;
		}
	}
	return 0;
}

static void crowd_fail(struct crowd *c, int ret)
{
	int none = 0;

	if (ret && atomic_compare_exchange_strong(&c->error, &none, ret))
		eventfd_write(c->stop, 1);
}

static void *worker_run(void *arg)
{
	struct worker *w = arg;

	crowd_fail(w->c, worker_serve(w));
	return NULL;
}

static int crowd_first(struct crowd *c)
{
	return end_kick(c, &c->end[0]) ?: end_kick(c, &c->end[c->other[0]]);
}

/* @begin: is called while the others work already */
static int crowd_round(struct crowd *c, int (*begin)(struct crowd *c))
{
	struct worker w[WORKERS];
	pthread_t thread[WORKERS];
	eventfd_t value;
	int i;

	for (i = 0; i < c->mode->workers; i++)
		w[i] = (struct worker){ .c = c, .ep = i % c->mode->epolls };
	for (i = 1; i < c->mode->workers; i++)
		if (pthread_create(&thread[i], NULL, worker_run, &w[i]))
			exit(1);
	crowd_fail(c, begin(c));
	worker_run(&w[0]);
	for (i = 1; i < c->mode->workers; i++)
		pthread_join(thread[i], NULL);
	eventfd_read(c->stop, &value);
	return c->error;
}

/* @turn: the last one that speaks from the beginning */
static int crowd_set(struct crowd *c, uint64_t want, bool fin, int turn)
{
	int i;

	c->had = c->want;
	c->want = want;
	c->fin = fin;
	c->turn = turn;
	c->done = 0;
	for (i = 0; i < SESSIONS; i++)
		c->through[i] = 0;
	for (i = 0; i < ENDS; i++)
		c->end[i].done = false;
	return 0;
}

/* Nobody is told of anything. */
static int crowd_quiet(struct crowd *c, int ms)
{
	struct epoll_event ev;
	int i;

	for (i = 0; i < c->mode->epolls; i++) {
		int n = epoll_wait(c->ep[i], &ev, 1, ms);

		if (!n)
			continue;
		say("epoll %d of end %u: events %#x", i, ev.data.u32,
		    ev.events);
		return -EBUSY;
	}
	return 0;
}

/* Edges may come late; with the last acknowledgment they are over. */
static int crowd_calm(struct crowd *c)
{
	int ret = 0;
	int i;

	for (i = 0; i < ENDS && !ret; i++)
		ret = wait_confirmed(c->end[i].fd) ?:
		      end_arm_all(c, &c->end[i]);
	for (i = 0; i < c->mode->epolls && !ret && is_edge(c); i++) {
		struct worker w = { .c = c, .ep = i };

		do {
			ret = worker_step(&w, 0);
		} while (ret > 0);
	}
	return ret;
}

/* Sessions that have nothing to say are no event, whatever they lose. */
static int crowd_idle(struct crowd *c)
{
	int fds[SESSIONS];
	int i;

	for (i = 0; i < SESSIONS; i++)
		fds[i] = c->end[i].fd;
	return crowd_calm(c) ?: crowd_quiet(c, 0) ?:
	       line_reset_all(&c->l, fds, SESSIONS) ?:
	       crowd_quiet(c, QUIET_MS);
}

/* Has the first round met what it is for? */
static int crowd_met(struct crowd *c)
{
	int ret = 0;
	int i;

	for (i = 0; i < ENDS && !ret; i++)
		ret = line_check(&c->l, c->end[i].fd);
	if (!ret && !c->full) {
		say("nobody had to wait for room");
		ret = -ENOMSG;
	}
	return ret;
}

static int crowd_run(struct crowd *c, const struct mode *mode)
{
	uint64_t n = c->l.kind->every ? SOME : 5 * SOME;

	c->mode = mode;
	return crowd_open(c) ?:
	       crowd_set(c, n, false, SESSIONS) ?:
	       crowd_round(c, crowd_dial) ?:
	       crowd_met(c) ?: crowd_idle(c) ?:
	       crowd_set(c, n + n / 4, true, 0) ?:
	       crowd_round(c, crowd_first);
}

static void crowd_init(struct crowd *c)
{
	int i;

	memset(c, 0, sizeof(*c));
	c->stop = -1;
	for (i = 0; i < WORKERS; i++)
		c->ep[i] = -1;
	for (i = 0; i < ENDS; i++) {
		c->end[i].fd = -1;
		pthread_mutex_init(&c->end[i].lock, NULL);
	}
}

static void crowd_close(struct crowd *c)
{
	int i;

	for (i = 0; i < ENDS; i++)
		line_close(&c->end[i].fd);
	for (i = 0; i < WORKERS; i++)
		line_close(&c->ep[i]);
	line_close(&c->stop);
}

/* Two for each session, here and in the relay. */
static int enough_descriptors(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r))
		return -errno;
	if (r.rlim_cur < DESCRIPTORS)
		r.rlim_cur = DESCRIPTORS;
	if (r.rlim_max < r.rlim_cur)
		r.rlim_max = r.rlim_cur;
	return setrlimit(RLIMIT_NOFILE, &r);
}

FIXTURE(epoll) {
	struct crowd c;
};

KIND_VARIANTS(epoll);

FIXTURE_SETUP(epoll)
{
	crowd_init(&self->c);
	OK(enough_descriptors());
	OK(line_init(&self->c.l, &variant->kind));
}

FIXTURE_TEARDOWN(epoll)
{
	crowd_close(&self->c);
	EXPECT_EQ(0, line_end(&self->c.l));
}

CASE(epoll, level)
{
	static const struct mode mode = { .workers = 1, .epolls = 1 };

	OK(crowd_run(&self->c, &mode));
}

CASE(epoll, edge)
{
	static const struct mode mode = {
		.flags = EPOLLET, .workers = 1, .epolls = 1,
	};

	OK(crowd_run(&self->c, &mode));
}

CASE(epoll, oneshot)
{
	static const struct mode mode = {
		.flags = EPOLLONESHOT, .workers = 1, .epolls = 1,
	};

	OK(crowd_run(&self->c, &mode));
}

/* What it is for: who was told has the socket to himself. */
CASE(epoll, oneshot_shared)
{
	static const struct mode mode = {
		.flags = EPOLLONESHOT, .workers = WORKERS, .epolls = 1,
	};

	OK(crowd_run(&self->c, &mode));
}

CASE(epoll, exclusive)
{
	static const struct mode mode = {
		.flags = EPOLLEXCLUSIVE, .workers = WORKERS, .epolls = WORKERS,
	};

	OK(crowd_run(&self->c, &mode));
}

CASE(epoll, exclusive_edge)
{
	static const struct mode mode = {
		.flags = EPOLLEXCLUSIVE | EPOLLET,
		.workers = WORKERS, .epolls = WORKERS,
	};

	OK(crowd_run(&self->c, &mode));
}

TEST_HARNESS_MAIN
