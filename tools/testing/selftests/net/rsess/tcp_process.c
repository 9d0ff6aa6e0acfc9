// SPDX-License-Identifier: GPL-2.0
/*
 * An AF_RSESS socket behaves as a TCP socket: processes that share
 * one, signals, timeouts.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "differs.h"

static int signals;

static void count_signal(int sig)
{
	(void)sig;
	signals++;
}

/* A signal every 50 ms. */
static void start_alarms(int flags)
{
	struct sigaction sa = { .sa_handler = count_signal, .sa_flags = flags };
	struct itimerval it = {
		.it_value.tv_usec = 50000,
		.it_interval.tv_usec = 50000,
	};

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
}

static void stop_alarms(void)
{
	const struct itimerval never = { 0 };

	setitimer(ITIMER_REAL, &never, NULL);
}

FIXTURE(process) {
	struct line l;
};

KIND_VARIANTS(process);

FIXTURE_SETUP(process)
{
	OK(line_init(&self->l, &variant->kind));
	OK(line_open(&self->l));
}

FIXTURE_TEARDOWN(process)
{
	stop_alarms();		/* nor is the end of the relay interrupted */
	EXPECT_EQ(0, line_end(&self->l));
}

static int send_fd(int to, int fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr h;
	} u = {
		.h = {
			.cmsg_len = CMSG_LEN(sizeof(int)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		},
	};
	struct iovec iov = { "x", 1 };
	struct msghdr mh = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &u,
		.msg_controllen = sizeof(u),
	};

	memcpy(CMSG_DATA(&u.h), &fd, sizeof(fd));
	return sendmsg(to, &mh, 0) == 1 ? 0 : -errno;
}

static int receive_fd(int from)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr h;
	} u;
	char c;
	struct iovec iov = { &c, 1 };
	struct msghdr mh = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &u,
		.msg_controllen = sizeof(u),
	};
	int fd;

	if (recvmsg(from, &mh, 0) != 1)
		return -errno;
	memcpy(&fd, CMSG_DATA(&u.h), sizeof(fd));
	return fd;
}

/* The socket lives in a message for a while. */
CASE(process, passed_on)
{
	struct line *l = &self->l;
	int u[2];
	char c;

	OK(socketpair(AF_UNIX, SOCK_STREAM, 0, u));
	OK(write_all(l->c, 0, 3000));
	OK(send_fd(u[0], l->s));
	line_close(&l->s);
	OK(line_reset(l));
	OK(write_all(l->c, 3000, 3000));
	l->s = receive_fd(u[1]);
	ASSERT_LE(0, l->s);
	OK(read_all(l->s, 0, 6000));
	/* A stream carries no descriptors, only the byte. */
	OK(send_fd(l->c, u[0]));
	ASSERT_EQ(1, recv(l->s, &c, 1, 0));
	close(u[0]);
	close(u[1]);
}

CASE(process, dup)
{
	struct line *l = &self->l;
	int fd = dup(l->c);

	ASSERT_LE(0, fd);
	OK(write_all(l->c, 0, 3000));
	line_close(&l->c);
	OK(write_all(fd, 3000, 3000));
	OK(read_all(l->s, 0, 6000));
	FAILS(EAGAIN, recv(l->s, &(char){ 0 }, 1, MSG_DONTWAIT));
	/* The last one ends the stream. */
	l->c = fd;
	line_close(&l->c);
	OK(read_eof(l->s));
}

CASE(process, fork)
{
	struct line *l = &self->l;
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(!!write_all(l->c, 0, SOME));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	OK(line_reset(l));
	OK(write_all(l->c, SOME, SOME));
	OK(read_all(l->s, 0, 2 * SOME));
	ASSERT_EQ(POLLOUT, events(l->s));
}

/* A process is killed: what it has written comes. */
CASE(process, killed)
{
	struct line *l = &self->l;
	pid_t pid;
	int status;

	fflush(NULL);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		write_all(l->c, 0, SOME);
		raise(SIGKILL);
	}
	line_close(&l->c);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status));
	OK(read_all(l->s, 0, SOME));
	OK(read_eof(l->s));
}

/* SIGIO when something can be read. */
CASE(process, signal_driven)
{
	struct line *l = &self->l;
	int64_t end = now_ms() + WAIT_MS;

	signal(SIGIO, count_signal);
	OK(fcntl(l->s, F_SETOWN, getpid()));
	ASSERT_EQ(getpid(), fcntl(l->s, F_GETOWN));
	OK(fcntl(l->s, F_SETFL, fcntl(l->s, F_GETFL) | O_ASYNC));
	OK(line_reset(l));
	ASSERT_EQ(0, signals);
	OK(write_all(l->c, 0, SOME));
	while (!signals) {
		ASSERT_GT(end, now_ms());
		usleep(1000);
	}
	OK(read_all(l->s, 0, SOME));
}

/* Urgent data is told to who owns the socket, also without O_ASYNC. */
CASE(process, urgent)
{
	struct line *l = &self->l;
	int64_t end = now_ms() + WAIT_MS;

	signal(SIGURG, count_signal);
	OK(fcntl(l->s, F_SETOWN, getpid()));
	OK(write_all(l->c, 0, SOME));
	OK(read_all(l->s, 0, SOME));
	ASSERT_EQ(0, signals);
	ASSERT_EQ(1, send(l->c, "x", 1, MSG_OOB));
	while (!signals) {
		ASSERT_GT(end, now_ms());
		usleep(1000);
	}
	OK(line_reset(l));
	ASSERT_EQ(1, signals);
}

CASE(process, interrupted)
{
	struct line *l = &self->l;
	ssize_t sent;
	char c = 0;

	OK(line_talk(l));
	OK(line_small(l));
	sent = line_fill(l);
	ASSERT_LT(0, sent);
	start_alarms(0);
	FAILS(EINTR, recv(l->c, &c, 1, 0));
	ASSERT_EQ(EINTR, line_full(l, &sent, 0));
	FAILS(EINTR, accept(l->lfd, NULL, NULL));
}

static void *write_after_signals(void *arg)
{
	int64_t end = now_ms() + WAIT_MS;
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	while (signals < 3 && now_ms() < end)
		usleep(1000);
	write_all(*(int *)arg, 0, SOME);
	return NULL;
}

CASE(process, restarted)
{
	struct line *l = &self->l;
	unsigned char buf[SOME];
	pthread_t thread;

	OK(pthread_create(&thread, NULL, write_after_signals, &l->c));
	start_alarms(SA_RESTART);
	ASSERT_LT(0, recv(l->s, buf, 1, 0));
	ASSERT_LE(3, signals);
	OK(read_all(l->s, 1, SOME - 1));
	OK(pthread_join(thread, NULL));
}

CASE(process, timeouts)
{
	struct timeval tv = { .tv_usec = 50000 };
	struct line *l = &self->l;
	ssize_t sent;
	char c = 0;

	OK(line_talk(l));
	OK(setsockopt(l->s, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	OK(setsockopt(l->lfd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	FAILS(EAGAIN, recv(l->s, &c, 1, 0));
	FAILS(EAGAIN, accept(l->lfd, NULL, NULL));
	OK(write_all(l->c, 0, 1));
	ASSERT_EQ(1, recv(l->s, &c, 1, MSG_WAITALL));
	OK(line_small(l));
	OK(setsockopt(l->c, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)));
	sent = line_fill(l);
	ASSERT_LT(0, sent);
	ASSERT_EQ(EAGAIN, line_full(l, &sent, 0));
}

TEST_HARNESS_MAIN
