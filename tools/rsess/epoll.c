// SPDX-License-Identifier: GPL-2.0
/*
 * A socket that is exchanged may be watched already: many programs give it to
 * epoll before they connect it.  A registration belongs to the old socket and
 * would go with it.  The kernel lists what an epoll descriptor watches in
 * /proc/thread-self/fdinfo, so it can be made again without a list here.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rsessrun.h"

#define LINK	"anon_inode:[eventpoll]"

/* A line of fdinfo: tfd: 5 events: 19 data: 5 pos:0 ino:6 sdev:9 */
struct watch {
	int		fd;
	ino_t		ino;
	struct epoll_event event;
};

/* The value behind "NAME:", which may be preceded by blanks. */
static bool field(const char *line, const char *name, int base,
		  unsigned long long *value)
{
	const char *p = strstr(line, name);
	char *end;

	if (!p)
		return false;
	p += strlen(name);
	*value = strtoull(p, &end, base);
	return end != p;
}

static bool parse(const char *line, struct watch *watch)
{
	unsigned long long fd, events, data, ino;

	if (strncmp(line, "tfd:", 4) ||
	    !field(line, "tfd:", 10, &fd) ||
	    !field(line, "events:", 16, &events) ||
	    !field(line, "data:", 16, &data) ||
	    !field(line, "ino:", 16, &ino))
		return false;
	watch->fd = fd;
	watch->ino = ino;
	watch->event.events = events;
	watch->event.data.u64 = data;
	return true;
}

/* The registrations of one epoll descriptor.  Two of a socket under different
 * numbers, by dup(), are two; only that of @fd is exchanged.
 */
static void move_lines(int epfd, char *text, ino_t old, int fd)
{
	struct watch watch;
	char *line, *end;

	for (line = text; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		if (parse(line, &watch) && watch.fd == fd && watch.ino == old)
			epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &watch.event);
	}
	memmove(text, line, strlen(line) + 1);
}

static void move_all(int epfd, int info, ino_t old, int fd)
{
	char text[2048];
	size_t len = 0;
	ssize_t n;

	for (;;) {
		n = read(info, text + len, sizeof(text) - 1 - len);
		if (n <= 0)
			return;
		text[len + n] = '\0';
		move_lines(epfd, text, old, fd);
		len = strlen(text);
	}
}

static void move_of(int dir, const char *name, ino_t old, int fd)
{
	char path[64] = "/proc/thread-self/fdinfo/", to[sizeof(LINK)];
	int info;

	if (readlinkat(dir, name, to, sizeof(to)) != sizeof(LINK) - 1 ||
	    memcmp(to, LINK, sizeof(LINK) - 1))
		return;
	strncat(path, name, sizeof(path) - strlen(path) - 1);
	info = open(path, O_RDONLY | O_CLOEXEC);
	if (info < 0)
		return;
	move_all(atoi(name), info, old, fd);
	close(info);
}

/**
 * epoll_move() - watch the new socket as the old one was
 * @old: another descriptor of the old socket, which keeps it
 * @fd: the number that was watched; it is the new socket now
 *
 * An epoll descriptor that only another process has is not found, and nothing is
 * without /proc.
 */
void epoll_move(int old, int fd)
{
	union {
		struct dirent64	first;	/* how the rest is aligned */
		char		bytes[1024];
	} buf;
	int dir = open("/proc/thread-self/fd", O_RDONLY | O_DIRECTORY |
		       O_CLOEXEC);
	const struct dirent64 *entry;
	struct stat st;
	ssize_t len, at;

	if (dir < 0)
		return;
	if (fstat(old, &st))
		goto out;
	while ((len = getdents64(dir, &buf, sizeof(buf))) > 0)
		for (at = 0; at < len; at += entry->d_reclen) {
			entry = (const struct dirent64 *)(buf.bytes + at);
			move_of(dir, entry->d_name, st.st_ino, fd);
		}
out:
	close(dir);
}
