// SPDX-License-Identifier: GPL-2.0
/*
 * Bugs that others have had with the same mechanism: connections that are made
 * again and continue where they were.  Each test is named after the report.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "pair.h"
#include "stream.h"

/*
 * A socket of the kernel and a scripted peer.
 */
PAIR_FIXTURE(peer);

/* One side's half of an attempt to resume, which then fails. */
static int failed_attempt(struct pair *s, size_t cut)
{
	struct peer *p = &s->p;
	u8 buf[200];
	int ret;

	if (s->dialer) {
		ret = peer_accept(p) ?: peer_swallow(p, cut);
	} else {
		ret = peer_dial(p);
		p->epoch++;
		peer_make_resume(p, p->epoch, p->rcv_nxt, buf);
		ret = ret ?: peer_send_raw(p, buf, cut);
	}
	if (!ret)
		peer_reset(p);
	return ret;
}

/*
 * Ceph #25343: a fault while the connection was made again moved the epoch on,
 * so the peer took it for a reset of the session and dropped messages.
 */
CASE(peer, ceph_25343_fault_in_handshake)
{
	struct pair *s = &self->s;
	size_t cut;

	OK(pair_open(s));
	OK(pair_write(s, 20000));
	OK(peer_send_data(&s->p, 20000));
	OK(peer_take(&s->p, 20000));
	OK(pair_write(s, 20000));
	s->p.write_seq += 20000;
	peer_reset(&s->p);
	for (cut = 0; cut <= RSESS_HDR_LEN + 72; cut += 26) {
		OK(failed_attempt(s, cut));
	}
	OK(pair_again(s));
	OK(pair_finish(s));
}

/*
 * Ceph #30609: a restarted peer said 'reset' where 'retry' was right, and the
 * reverse.  A transport that closes without a word means retry.
 */
CASE(peer, ceph_30609_silence_means_retry)
{
	struct pair *s = &self->s;
	int i;

	OK(pair_open(s));
	OK(pair_write(s, 5000));
	peer_close(&s->p);
	for (i = 0; i < 5; i++) {
		if (variant->dialer) {
			OK(peer_accept(&s->p));
			OK(peer_expect(&s->p, RSESS_RESUME));
		} else {
			OK(peer_dial(&s->p));
		}
		peer_close(&s->p);
	}
	ASSERT_EQ(0, socket_error(s->fd));
	OK(pair_again(s));
	OK(pair_finish(s));
}

/* The reverse: a session that is not known is over, and is not begun anew. */
CASE(peer, ceph_30609_unknown_means_reset)
{
	struct pair *s = &self->s;

	if (!variant->dialer) {
		/* It answers so itself. */
		OK(pair_start(s));
		OK(peer_dial(&s->p));
		OK(peer_send_resume(&s->p));
		ASSERT_EQ(RSESS_REASON_UNKNOWN, peer_gone(&s->p));
		OK(pair_accept_nothing(s));
		return;
	}
	OK(pair_open(s));
	OK(pair_write(s, 5000));
	peer_reset(&s->p);
	OK(peer_accept(&s->p));
	OK(peer_expect(&s->p, RSESS_RESUME));
	OK(peer_send_abort(&s->p, RSESS_REASON_UNKNOWN));
	OK(peer_gone(&s->p));
	ASSERT_EQ(ECONNRESET, pair_fails(s));
}

/*
 * Ceph #3797: a reset came when there was no session yet, went unnoticed, and
 * led to a crash later.
 */
CASE(peer, ceph_3797_reset_before_session)
{
	struct pair *s = &self->s;
	int i;

	OK(pair_start(s));
	for (i = 0; i < 5; i++) {
		OK(variant->dialer ? peer_accept(&s->p) : peer_dial(&s->p));
		peer_reset(&s->p);
	}
	if (variant->dialer) {
		OK(peer_welcome(&s->p));
		OK(pair_connected(s));
	} else {
		OK(peer_hello(&s->p));
		OK(pair_accept(s));
	}
	OK(pair_finish(s));
}

/*
 * Ceph #27359: each side waited for the other for ever.  Here neither has
 * credit when the transport is made again, and each gives it later.
 */
CASE(peer, ceph_27359_both_wait)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	u64 limit;

	p->window = 5000;
	OK(pair_open(s));
	p->window = 0;
	OK(pair_write(s, 30000));
	OK(peer_send_data(p, 1));
	OK(peer_take(p, 5000));
	OK(peer_take_ack(p, 1));
	limit = p->snd_limit;
	OK(peer_send_data(p, limit + 1000));
	OK(peer_take_ack(p, limit));
	peer_reset(p);
	OK(pair_again(s));
	OK(peer_expect_nothing(p, QUIET_MS));
	/* The application reads, and so does the peer. */
	OK(pair_read(s, limit));
	p->window = PEER_WINDOW;
	OK(peer_send_ack(p));
	OK(peer_take(p, 25000));
	while (p->snd_limit < p->write_seq + 1000) {
		ASSERT_LT(0, peer_read(p));
	}
	OK(peer_push(p));
	OK(pair_finish(s));
}

/*
 * Ceph #24218: a dead connection that was still registered blocked every new
 * one.
 */
CASE(peer, ceph_24218_dead_transport_blocks_no_resume)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	int old[10];
	unsigned int i;

	OK(pair_open(s));
	OK(file_write("/proc/sys/net/rsess/stall_timeout_ms", "300"));
	for (i = 0; i < ARRAY_SIZE(old); i++) {
		old[i] = p->fd;
		OK(pair_write(s, 1000));
		/* The old one stays open, and says nothing. */
		OK(pair_again(s));
		OK(peer_take(p, 1000));
		OK(peer_send_ack(p));
	}
	OK(file_write("/proc/sys/net/rsess/stall_timeout_ms", "30000"));
	OK(pair_finish(s));
	for (i = 0; i < ARRAY_SIZE(old); i++)
		close(old[i]);
}

/*
 * Ceph #44638: one reply was lost, and the connection stayed in 'opening'.
 */
CASE(peer, ceph_44638_lost_reply)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	int silent;

	if (!variant->dialer)
		return;
	OK(pair_open(s));
	OK(file_write("/proc/sys/net/rsess/handshake_timeout_ms", "500"));
	OK(pair_write(s, 1000));
	peer_reset(p);
	OK(peer_accept(p));
	OK(peer_expect(p, RSESS_RESUME));
	/* RESUMED does not come, and nothing else does either. */
	silent = p->fd;
	OK(pair_again(s));
	close(silent);
	OK(pair_finish(s));
	EXPECT_LE(1, stat_get("HandshakeTimeouts"));
}

/*
 * EternalTerminal #787, #797: with much to send again each attempt was torn
 * down before it was done, and the next one began at the beginning.
 */
CASE(peer, et_787_reconnect_with_large_backlog)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	ssize_t backlog;
	int i = 0;

	OK(pair_open(s));
	peer_reset(p);
	backlog = fill(s->fd, 0);
	ASSERT_LT(100000, backlog);
	s->out = backlog;
	while (p->rcv_nxt < (u64)backlog) {
		u64 was = p->rcv_nxt;

		OK(pair_again(s));
		/* One frame, and the next attempt. */
		OK(peer_expect(p, RSESS_DATA));
		ASSERT_LT(was, p->rcv_nxt);
		peer_reset(p);
		i++;
	}
	ASSERT_LT(1, i);
	OK(pair_again(s));
	OK(pair_finish(s));
	EXPECT_EQ(0, p->again);
}

/*
 * EternalTerminal #798: one resume that was stuck half way blocked all others.
 */
CASE(peer, et_798_stuck_resume_blocks_no_accept)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;
	struct pair o;
	int stuck[20];
	unsigned int i;
	u8 buf[200];

	if (variant->dialer)
		return;
	OK(pair_open(s));
	peer_reset(p);
	for (i = 0; i < ARRAY_SIZE(stuck); i++) {
		OK(peer_dial(p));
		peer_make_resume(p, 1, 0, buf);
		OK(peer_send_raw(p, buf, 5 * i));
		stuck[i] = p->fd;
	}
	/* A new session, and this one. */
	pair_init(&o, false, AF_INET, 0);
	o.lfd = s->lfd;
	o.p.addr = p->addr;
	o.p.addrlen = p->addrlen;
	OK(peer_hello(&o.p));
	OK(pair_accept(&o));
	OK(pair_again(s));
	OK(pair_finish(&o));
	OK(pair_finish(s));
	for (i = 0; i < ARRAY_SIZE(stuck); i++)
		close(stuck[i]);
}

/*
 * OpenSSH roaming, CVE-2016-0777: the peer said how much to send again, and
 * memory that was never sent leaked out.
 */
CASE(peer, ssh_roaming_resume_offset_is_bounded)
{
	static const u64 lies[] = {
		1001, 1002, 5000, 1ull << 32, 1ull << 63, 0ull - 1, 0ull - 1000,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		struct pair *s = &self->s;
		struct peer *p = &s->p;
		u8 buf[200];
		size_t n;

		OK(pair_open(s));
		OK(pair_write(s, 1000));
		OK(peer_take(p, 1000));
		/* Written, but not sent: it has no transport. */
		peer_reset(p);
		OK(pair_lost(s));
		OK(pair_write(s, 1000));
		if (variant->dialer) {
			OK(peer_accept(p));
			OK(peer_expect(p, RSESS_RESUME));
			n = peer_make_resumed(p, lies[i], buf);
		} else {
			OK(peer_dial(p));
			p->epoch++;
			n = peer_make_resume(p, p->epoch, lies[i], buf);
		}
		OK(peer_send_raw(p, buf, n));
		ASSERT_EQ(RSESS_REASON_PROTOCOL, peer_gone(p));
		ASSERT_EQ(1000, p->rcv_nxt);
		ASSERT_EQ(ECONNRESET, pair_fails(s));
		pair_free(s);
		pair_init(s, variant->dialer, AF_INET, 0);
	}
	EXPECT_EQ(ARRAY_SIZE(lies), stat_get("ResumeRange"));
}

/*
 * DLM midcomms: comparison of sequence numbers that breaks where they wrap.
 */
CASE(peer, dlm_compare_at_wrap)
{
	static const u64 starts[] = {
		1ull << 31, 1ull << 32, 1ull << 63, 0,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		struct pair *s = &self->s;

		pair_free(s);
		pair_init(s, variant->dialer, AF_INET, starts[i] - 5000);
		OK(pair_open(s));
		OK(peer_send_data(&s->p, 4999));
		OK(pair_read(s, 4999));
		peer_reset(&s->p);
		OK(pair_again(s));
		OK(peer_send_data(&s->p, 2));
		peer_reset(&s->p);
		OK(pair_again(s));
		OK(pair_finish(s));
	}
}

/*
 * DLM midcomms: queues without a limit.
 */
CASE(peer, dlm_queue_is_bounded)
{
	struct pair *s = &self->s;
	struct pollfd pfd;
	ssize_t n;

	OK(pair_open(s));
	peer_reset(&s->p);
	n = fill(s->fd, 0);
	ASSERT_LT(0, n);
	ASSERT_GT(32 * 1024 * 1024, n);
	pfd.fd = s->fd;
	pfd.events = POLLOUT;
	ASSERT_EQ(0, poll(&pfd, 1, 0));
	s->out = n;
	OK(pair_again(s));
	OK(peer_take(&s->p, n));
	OK(peer_send_ack(&s->p));
	OK(pair_finish(s));
}

/*
 * DLM midcomms: everything was sent again, whatever had arrived.
 */
CASE(peer, dlm_resends_what_is_missing)
{
	struct pair *s = &self->s;

	OK(pair_open(s));
	OK(pair_write(s, 10000));
	OK(peer_take(&s->p, 10000));
	s->p.rcv_nxt = 3000;
	peer_reset(&s->p);
	OK(pair_again(s));
	OK(peer_expect(&s->p, RSESS_DATA));
	ASSERT_EQ(3000, s->p.f.seq);
	OK(peer_take(&s->p, 10000 - s->p.rcv_nxt));
	OK(pair_finish(s));
	EXPECT_EQ(0, s->p.again);
	EXPECT_EQ(7000, stat_get("RetransBytes"));
}

/*
 * SMC behind servers that echo: one's own words were taken for a peer's.
 */
CASE(peer, smc_echo_is_no_peer)
{
	struct pair *s = &self->s;
	struct peer *p = &s->p;

	if (!variant->dialer)
		return;
	OK(pair_start(s));
	OK(peer_accept(p));
	OK(peer_swallow(p, RSESS_HDR_LEN + 56));
	OK(peer_send_raw(p, p->raw, RSESS_HDR_LEN + 56));
	ASSERT_EQ(EPROTONOSUPPORT, pair_connect_fails(s));
}

/*
 * MPTCP with one path: after a reset send() goes on for a minute into nothing,
 * and nobody sees it.
 */
CASE(peer, mptcp_reset_is_seen)
{
	struct pair *s = &self->s;
	struct rsess_info info;
	int64_t end;
	char c = 0;

	OK(pair_open(s));
	OK(pair_timeout(s->fd, 2000));
	peer_free(&s->p);
	OK(pair_lost(s));
	OK(pair_info(s, &info));
	EXPECT_EQ(1, info.lost);
	end = now_ms() + WAIT_MS;
	do {
		ASSERT_GT(end, now_ms());
		usleep(1000);
	} while (send(s->fd, &c, 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1);
	ASSERT_EQ(ETIMEDOUT, errno);
	ASSERT_EQ(POLLHUP, wait_for(s->fd, 0));
}

/*
 * Two sockets of the kernel.
 */
FIXTURE(both) {
	int lfd;
	int c;
	int s;
};

FIXTURE_SETUP(both)
{
	OK(netns_new());
	self->lfd = new_listener(AF_RSESS, AF_INET);
	ASSERT_LE(0, self->lfd);
	self->c = new_socket(AF_RSESS, 0);
	ASSERT_LE(0, self->c);
	OK(dial(self->c, AF_INET));
	self->s = accept4(self->lfd, NULL, NULL, SOCK_CLOEXEC);
	ASSERT_LE(0, self->s);
}

FIXTURE_TEARDOWN(both)
{
	close(self->c);
	close(self->s);
	close(self->lfd);
}

/*
 * Ceph #27359 once more: all buffers are full on both sides when the transport
 * goes.
 */
CASE(both, ceph_27359_all_buffers_full)
{
	struct way w[] = {
		{ .from = self->c, .to = self->s },
		{ .from = self->s, .to = self->c },
	};
	int i;

	w[0].sent = fill_both(self->c, 0);
	w[1].sent = fill_both(self->s, 0);
	w[0].want = w[0].sent;
	w[1].want = w[1].sent;
	for (i = 0; i < 3; i++) {
		OK(wait_live(self->c));
		ASSERT_LT(0, tear(PORT));
	}
	w[0].want += 500000;
	w[1].want += 500000;
	OK(flow(w, 2));
}

/*
 * EternalTerminal #730: a buffer filled without flow control, and a key press
 * took minutes to be answered.
 */
CASE(both, et_730_full_buffer_delays_no_answer)
{
	ssize_t n = fill_both(self->c, 0);
	struct rsess_info info;
	socklen_t len = sizeof(info);

	/* Nobody reads: what is on the way is what the reader allowed. */
	OK(getsockopt(self->s, SOL_RSESS, RSESS_INFO, &info, &len));
	ASSERT_LE(info.rcv_nxt, info.rcv_limit);
	/* The other direction is free all the same. */
	OK(write_all(self->s, 0, 1));
	OK(read_all(self->c, 0, 1));
	OK(wait_confirmed(self->s));
	OK(read_all(self->s, 0, n));
}

struct writer {
	int fd;
	uint64_t len;
	int ret;
};

/* Small writes of all sizes, blocking. */
static void *write_pieces(void *arg)
{
	struct writer *w = arg;
	unsigned char buf[3001];
	uint64_t off = 0;
	unsigned int seed = 1;

	while (off < w->len && !w->ret) {
		size_t n = 1 + rand_r(&seed) % sizeof(buf);

		if (n > w->len - off)
			n = w->len - off;
		pattern_fill(off, buf, n);
		if (send(w->fd, buf, n, MSG_NOSIGNAL) != (ssize_t)n)
			w->ret = errno ?: EIO;
		off += n;
	}
	return NULL;
}

/*
 * DLM midcomms: an ack freed the buffer while its sender was not done with it.
 */
CASE(both, dlm_ack_races_with_writer)
{
	struct writer w = { .fd = self->c, .len = 4 * 1024 * 1024 };
	pthread_t thread;
	uint64_t off;

	OK(pthread_create(&thread, NULL, write_pieces, &w));
	for (off = 0; off < w.len; off += w.len / 8) {
		OK(read_all(self->s, off, w.len / 8));
		tear(PORT);
	}
	OK(pthread_join(thread, NULL));
	ASSERT_EQ(0, w.ret);
}

/*
 * SMC fallback: epoll hung, because the waiter sat on a socket that was not the
 * one below any more.
 */
CASE(both, smc_epoll_survives_transport)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET };
	int ep = epoll_create1(0);
	int i;

	OK(epoll_ctl(ep, EPOLL_CTL_ADD, self->s, &ev));
	for (i = 0; i < 5; i++) {
		OK(wait_live(self->c));
		ASSERT_LT(0, tear(PORT));
		ASSERT_EQ(0, epoll_wait(ep, &ev, 1, QUIET_MS));
		OK(write_all(self->c, i, 1));
		ASSERT_EQ(1, epoll_wait(ep, &ev, 1, WAIT_MS));
		ASSERT_EQ(EPOLLIN, ev.events);
		OK(read_all(self->s, i, 1));
	}
	OK(shutdown(self->c, SHUT_WR));
	ASSERT_EQ(1, epoll_wait(ep, &ev, 1, WAIT_MS));
	ASSERT_EQ(EPOLLIN | EPOLLRDHUP, ev.events);
	close(ep);
}

/* A process in a namespace of its own, which ends in the middle of things. */
static void end_in_namespace(int i)
{
	int lfd;
	int c;
	int s;

	if (netns_new())
		_exit(1);
	lfd = new_listener(AF_RSESS, AF_INET);
	c = new_socket(AF_RSESS, 0);
	if (lfd < 0 || c < 0 || dial(c, AF_INET))
		_exit(2);
	s = accept(lfd, NULL, NULL);
	if (fill(c, 0) < 0 || fill(s, 0) < 0)
		_exit(3);
	if (i & 1)
		tear(PORT);
	if (i & 2)
		close(c);
	if (i & 4)
		close(lfd);
	if (i & 8)
		close(s);
	if (i & 16)
		kill(getpid(), SIGKILL);
	_exit(0);
}

/*
 * Inner sockets without a reference to their namespace: timers ran after it
 * was gone.  A kernel that survives this says nothing in its log.
 */
CASE(both, namespace_ends_with_sessions)
{
	int status;
	pid_t pid;
	int i;

	for (i = 0; i < 32; i++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			end_in_namespace(i);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_TRUE(WIFSIGNALED(status) || !WEXITSTATUS(status));
	}
	/* This one is as it was. */
	OK(write_all(self->c, 0, 1000));
	OK(read_all(self->s, 0, 1000));
}

TEST_HARNESS_MAIN
