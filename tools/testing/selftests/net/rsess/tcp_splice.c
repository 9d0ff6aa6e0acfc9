// SPDX-License-Identifier: GPL-2.0
/*
 * An AF_RSESS socket behaves as a TCP socket: files, pipes, and many readers and
 * writers.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "differs.h"

FIXTURE(splice) {
	struct line l;
	int p[2];
};

KIND_VARIANTS(splice);

FIXTURE_SETUP(splice)
{
	OK(line_init(&self->l, &variant->kind));
	/* Behind it: the relay has no end of the pipe. */
	OK(pipe(self->p));
	OK(line_open(&self->l));
}

FIXTURE_TEARDOWN(splice)
{
	EXPECT_EQ(0, line_end(&self->l));
	close(self->p[0]);
	close(self->p[1]);
}

/* A file with @len bytes of the stream. */
static int new_file(size_t len)
{
	static unsigned char buf[60000];
	int fd = memfd_create("stream", MFD_CLOEXEC);

	if (len > sizeof(buf))
		return -1;
	pattern_fill(0, buf, len);
	return fd >= 0 && write(fd, buf, len) == (ssize_t)len ? fd : -1;
}

/* Bytes of the stream into a pipe. */
static int pipe_fill(int fd, uint64_t off, size_t len)
{
	unsigned char buf[4096];

	pattern_fill(off, buf, len);
	return write(fd, buf, len) == (ssize_t)len ? 0 : -EIO;
}

/* And out of it. */
static int pipe_check(int fd, uint64_t off, size_t len)
{
	unsigned char buf[4096];

	return read(fd, buf, len) == (ssize_t)len ?
	       pattern_check(off, buf, len) : -EIO;
}

CASE(splice, sendfile)
{
	static const size_t chunks[] = { 1, 100, 4096, 5000, 60000 };
	int fd = new_file(20000);
	off_t off = 0;
	size_t i;

	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(chunks); i++) {
		off_t was = off;
		ssize_t n = sendfile(self->l.c, fd, &off, chunks[i]);

		ASSERT_LT(0, n);
		ASSERT_EQ(was + n, off);
		OK(read_all(self->l.s, was, n));
	}
	/* The position of the file is its own. */
	ASSERT_EQ(20000, lseek(fd, 0, SEEK_CUR));
	lseek(fd, 100, SEEK_SET);
	ASSERT_EQ(500, sendfile(self->l.c, fd, NULL, 500));
	ASSERT_EQ(600, lseek(fd, 0, SEEK_CUR));
	OK(read_all(self->l.s, 100, 500));
	off = 20000;
	ASSERT_EQ(0, sendfile(self->l.c, fd, &off, 1));
	close(fd);
}

/* Nothing waits for what a file does not have. */
CASE(splice, sendfile_beyond_the_end)
{
	struct line *l = &self->l;
	int fd = new_file(3000);
	char buf[3000];
	off_t off = 0;

	ASSERT_LE(0, fd);
	ASSERT_EQ(3000, sendfile(l->c, fd, &off, 65536));
	/* Over TCP it is there at once, not when that has waited. */
	if (!l->kind->every && l->kind->protocol != IPPROTO_SCTP)
		ASSERT_EQ(3000, recv(l->s, buf, sizeof(buf),
				     MSG_DONTWAIT | MSG_PEEK));
	OK(read_all(l->s, 0, 3000));
	close(fd);
}

CASE(splice, sendfile_between_sends)
{
	int fd = new_file(6000);
	off_t off = 1000;

	ASSERT_LE(0, fd);
	OK(write_all(self->l.c, 0, 1000));
	ASSERT_EQ(3000, sendfile(self->l.c, fd, &off, 3000));
	OK(write_all(self->l.c, 4000, 1000));
	OK(line_reset(&self->l));
	ASSERT_EQ(1000, sendfile(self->l.c, fd, &off, 1000));
	OK(read_all(self->l.s, 0, 4000));
	OK(read_all(self->l.s, 4000, 1000));
	OK(read_all(self->l.s, 4000, 1000));
	close(fd);
}

/* It is pages of the file that are sent, no copies: who writes to them before they have left the
 * host writes to what is sent.
 */
CASE(splice, sendfile_lends_pages)
{
	struct line *l = &self->l;
	unsigned char buf[4096];
	int fd = new_file(20000);
	off_t off = 0;

	ASSERT_LE(0, fd);
	ASSERT_EQ(20000, sendfile(l->c, fd, &off, 20000));
	pattern_fill(50000, buf, sizeof(buf));
	ASSERT_EQ(sizeof(buf), pwrite(fd, buf, sizeof(buf), 4096));
	close(fd);
	OK(read_all(l->s, 0, 4096));
	/* A relay has read it already, and SCTP has copied it. */
	if (!l->kind->every && l->kind->protocol != IPPROTO_SCTP) {
		OK(read_all(l->s, 50000, 4096));
		OK(read_all(l->s, 8192, 20000 - 8192));
	}
}

/* Pages that are cut off the file are still sent. */
CASE(splice, sendfile_then_file_is_gone)
{
	int fd = new_file(10000);
	off_t off = 0;

	ASSERT_LE(0, fd);
	ASSERT_EQ(10000, sendfile(self->l.c, fd, &off, 10000));
	OK(ftruncate(fd, 0));
	close(fd);
	OK(line_reset(&self->l));
	OK(read_all(self->l.s, 0, 10000));
}

CASE(splice, sendfile_refused)
{
	int fd = new_file(100);
	off_t off = 0;

	ASSERT_LE(0, fd);
	OK(write_all(self->l.c, 0, SOME));
	OK(read_all(self->l.s, 0, SOME));
	FAILS(EINVAL, sendfile(self->l.c, self->l.c, NULL, 10));
	FAILS(EBADF, sendfile(self->l.c, -1, NULL, 10));
	FAILS(EFAULT, sendfile(self->l.c, fd, (void *)8, 10));
	signal(SIGPIPE, SIG_IGN);
	OK(shutdown(self->l.c, SHUT_WR));
	FAILS(EPIPE, sendfile(self->l.c, fd, &off, 10));
	close(fd);
}

CASE(splice, sendfile_nonblocking)
{
	int fd = new_file(60000);
	uint64_t sent = 0;
	ssize_t n = 0;
	off_t off;
	int i;

	ASSERT_LE(0, fd);
	OK(line_small(&self->l));
	OK(set_nonblock(self->l.c, true));
	for (i = 0; i < 1000 && n >= 0; i++) {
		off = sent % 60000;
		n = sendfile(self->l.c, fd, &off, 60000);
		sent += n > 0 ? n : 0;
	}
	ASSERT_EQ(-1, n);
	ASSERT_EQ(EAGAIN, errno);
	for (off = 0; (uint64_t)off < sent; off += n) {
		n = sent - off < 60000 ? sent - off : 60000;
		OK(read_all(self->l.s, 0, n));
	}
	close(fd);
}

CASE(splice, from_pipe)
{
	size_t off;

	for (off = 0; off < 20000; off += 4000) {
		size_t left = 4000;

		OK(pipe_fill(self->p[1], off, 4000));
		while (left) {
			ssize_t n = splice(self->p[0], NULL, self->l.c, NULL,
					   left, SPLICE_F_MOVE);

			ASSERT_LT(0, n);
			left -= n;
		}
		OK(read_all(self->l.s, off, 4000));
	}
	OK(set_nonblock(self->p[0], true));
	FAILS(EAGAIN, splice(self->p[0], NULL, self->l.c, NULL, 10, 0));
	close(self->p[1]);
	self->p[1] = -1;
	ASSERT_EQ(0, splice(self->p[0], NULL, self->l.c, NULL, 10, 0));
}

/* SPLICE_F_MORE is MSG_MORE. */
CASE(splice, from_pipe_more)
{
	size_t off;

	for (off = 0; off < SOME; off += 600) {
		OK(pipe_fill(self->p[1], off, 600));
		ASSERT_EQ(600, splice(self->p[0], NULL, self->l.c, NULL, 600,
				      off + 600 < SOME ? SPLICE_F_MORE : 0));
	}
	OK(read_all(self->l.s, 0, SOME));
}

CASE(splice, to_pipe)
{
	size_t off = 0;

	OK(write_all(self->l.c, 0, 20000));
	OK(wait_readable(self->l.s, 20000));
	while (off < 20000) {
		ssize_t n = splice(self->l.s, NULL, self->p[1], NULL, 3000, 0);

		ASSERT_LT(0, n);
		OK(pipe_check(self->p[0], off, n));
		off += n;
	}
	ASSERT_EQ(20000, off);
	OK(shutdown(self->l.c, SHUT_WR));
	OK(wait_events(self->l.s, POLLIN | POLLOUT | POLLRDHUP));
	ASSERT_EQ(0, splice(self->l.s, NULL, self->p[1], NULL, 10, 0));
}

/* What lies in the pipe outlives the transport it came by, and the socket. */
CASE(splice, to_pipe_and_away)
{
	ssize_t n;

	OK(write_all(self->l.c, 0, 4000));
	OK(wait_readable(self->l.s, 4000));
	n = splice(self->l.s, NULL, self->p[1], NULL, 4000, 0);
	ASSERT_LT(0, n);
	OK(line_reset(&self->l));
	OK(read_all(self->l.s, n, 4000 - n));
	line_close(&self->l.s);
	line_close(&self->l.c);
	OK(pipe_check(self->p[0], 0, n));
}

CASE(splice, to_pipe_nonblocking)
{
	OK(write_all(self->l.c, 0, SOME));
	OK(read_all(self->l.s, 0, SOME));
	OK(set_nonblock(self->l.s, true));
	FAILS(EAGAIN, splice(self->l.s, NULL, self->p[1], NULL, 10, 0));
	FAILS(EINVAL, splice(self->l.s, NULL, self->l.c, NULL, 10, 0));
}

/* A splice that waits is woken. */
static void *write_one(void *arg)
{
	usleep(20000);
	write_all(*(int *)arg, 0, 1000);
	return NULL;
}

CASE(splice, to_pipe_waits)
{
	pthread_t thread;
	ssize_t n;

	OK(pthread_create(&thread, NULL, write_one, &self->l.c));
	n = splice(self->l.s, NULL, self->p[1], NULL, 1000, 0);
	ASSERT_LT(0, n);
	OK(pthread_join(thread, NULL));
	OK(line_reset(&self->l));
	OK(pipe_check(self->p[0], 0, n));
	OK(read_all(self->l.s, n, 1000 - n));
}

/* What was seen by a peek is what a splice takes. */
CASE(splice, peek_then_splice)
{
	unsigned char buf[2500];
	size_t off = 0;

	OK(write_all(self->l.c, 0, sizeof(buf)));
	OK(wait_readable(self->l.s, sizeof(buf)));
	ASSERT_EQ(sizeof(buf), recv(self->l.s, buf, sizeof(buf), MSG_PEEK));
	while (off < sizeof(buf)) {
		ssize_t n = splice(self->l.s, NULL, self->p[1], NULL,
				   sizeof(buf) - off, 0);

		ASSERT_LT(0, n);
		OK(pipe_check(self->p[0], off, n));
		off += n;
	}
	FAILS(EAGAIN, recv(self->l.s, buf, 1, MSG_DONTWAIT));
}

/* In by one end, through a pipe, and back by the same end. */
CASE(splice, echo)
{
	size_t got = 0;

	OK(write_all(self->l.c, 0, 15000));
	while (got < 15000) {
		ssize_t n = splice(self->l.s, NULL, self->p[1], NULL, 4096, 0);
		ssize_t m;

		ASSERT_LT(0, n);
		while (n) {
			m = splice(self->p[0], NULL, self->l.s, NULL, n, 0);
			ASSERT_LT(0, m);
			OK(read_all(self->l.c, got, m));
			got += m;
			n -= m;
		}
	}
}

CASE(splice, vmsplice)
{
	long page = sysconf(_SC_PAGESIZE);
	unsigned char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec iov = { map, 2 * page };
	ssize_t n, left;

	ASSERT_NE(MAP_FAILED, (void *)map);
	pattern_fill(0, map, 2 * page);
	left = vmsplice(self->p[1], &iov, 1, 0);
	ASSERT_EQ(2 * page, left);
	while (left) {
		n = splice(self->p[0], NULL, self->l.c, NULL, left, 0);
		ASSERT_LT(0, n);
		left -= n;
	}
	OK(line_reset(&self->l));
	OK(read_all(self->l.s, 0, 2 * page));
}

/* Of two pipes the second has what tee() has let it have. */
CASE(splice, tee)
{
	int other[2];

	OK(pipe(other));
	OK(pipe_fill(self->p[1], 0, 4000));
	ASSERT_EQ(4000, tee(self->p[0], other[1], 4000, 0));
	ASSERT_EQ(4000, splice(self->p[0], NULL, self->l.c, NULL, 4000, 0));
	ASSERT_EQ(4000, splice(other[0], NULL, self->l.s, NULL, 4000, 0));
	OK(read_all(self->l.s, 0, 4000));
	OK(read_all(self->l.c, 0, 4000));
	close(other[0]);
	close(other[1]);
}

CASE(splice, refused)
{
	OK(write_all(self->l.c, 0, SOME));
	OK(read_all(self->l.s, 0, SOME));
	OK(pipe_fill(self->p[1], 0, 10));
	OK(shutdown(self->l.c, SHUT_WR));
	signal(SIGPIPE, SIG_IGN);
	FAILS(EPIPE, splice(self->p[0], NULL, self->l.c, NULL, 10, 0));
	FAILS(EBADF, splice(self->p[0], NULL, -1, NULL, 10, 0));
}

/*
 * Many at one end. Each writer has a byte of its own, and all the bytes come.
 */
#define CROWD	4
#define EACH	4000

struct worker {
	int fd;
	int id;
	size_t seen[CROWD];
	bool bad;
};

static void *work_write(void *arg)
{
	struct worker *w = arg;
	unsigned char buf[100];
	size_t sent = 0;

	memset(buf, w->id, sizeof(buf));
	while (sent < EACH && !w->bad) {
		ssize_t n = send(w->fd, buf, sizeof(buf), MSG_NOSIGNAL);

		w->bad = n <= 0;
		sent += n;
	}
	return NULL;
}

/* Until the end of the stream. */
static void *work_read(void *arg)
{
	struct worker *w = arg;
	unsigned char buf[300];
	ssize_t n, i;

	while ((n = recv(w->fd, buf, sizeof(buf), 0)) > 0) {
		for (i = 0; i < n; i++) {
			if (buf[i] < CROWD)
				w->seen[buf[i]]++;
			else
				w->bad = true;
		}
	}
	w->bad = w->bad || n;
	return NULL;
}

static size_t seen_by_all(const struct worker *w, int n, int id)
{
	size_t sum = 0;

	while (n--)
		sum += w[n].seen[id];
	return sum;
}

/* @writers and @readers in threads. */
static int crowd_threads(struct line *l, int writers, int readers)
{
	struct worker *w = calloc(writers + readers, sizeof(*w));
	pthread_t thread[2 * CROWD];
	int i, ret = 0;

	for (i = 0; i < writers + readers; i++) {
		w[i].id = i;
		w[i].fd = i < writers ? l->c : l->s;
		ret |= pthread_create(&thread[i], NULL,
				      i < writers ? work_write : work_read,
				      &w[i]);
	}
	for (i = 0; i < writers + readers; i++) {
		ret |= pthread_join(thread[i], NULL);
		ret |= w[i].bad;
		if (i == writers - 1)
			shutdown(l->c, SHUT_WR);
	}
	for (i = 0; i < writers; i++)
		ret |= seen_by_all(w + writers, readers, i) != EACH;
	free(w);
	return ret;
}

/* The same, in processes: the workers are in memory that all have. */
static int crowd_processes(struct line *l, int writers, int readers)
{
	struct worker *w = mmap(NULL, (writers + readers) * sizeof(*w),
				PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid[2 * CROWD];
	int i, status, ret = 0;

	for (i = 0; i < writers + readers; i++) {
		w[i].id = i;
		w[i].fd = i < writers ? l->c : l->s;
		fflush(NULL);
		pid[i] = fork();
		if (pid[i])
			continue;
		(i < writers ? work_write : work_read)(&w[i]);
		_exit(w[i].bad);
	}
	for (i = 0; i < writers + readers; i++) {
		ret |= waitpid(pid[i], &status, 0) != pid[i] || status;
		if (i == writers - 1)
			shutdown(l->c, SHUT_WR);
	}
	for (i = 0; i < writers; i++)
		ret |= seen_by_all(w + writers, readers, i) != EACH;
	munmap(w, (writers + readers) * sizeof(*w));
	return ret;
}

CASE(splice, threads_write)
{
	OK(crowd_threads(&self->l, CROWD, 1));
}

CASE(splice, threads_read)
{
	OK(crowd_threads(&self->l, 1, CROWD));
}

CASE(splice, threads_write_and_read)
{
	OK(crowd_threads(&self->l, CROWD, CROWD));
}

CASE(splice, processes_write)
{
	OK(crowd_processes(&self->l, CROWD, 1));
}

CASE(splice, processes_read)
{
	OK(crowd_processes(&self->l, 1, CROWD));
}

CASE(splice, processes_write_and_read)
{
	OK(crowd_processes(&self->l, CROWD, CROWD));
}

TEST_HARNESS_MAIN
