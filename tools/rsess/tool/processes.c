// SPDX-License-Identifier: GPL-2.0
/*
 * Who has a socket: its inode is behind a descriptor, as /proc tells.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

static struct process *found;
static size_t nfound;

/* Whatever a process calls itself, it is to be read by terminals and by JSON. */
static void read_name(struct process *p)
{
	char *c;

	read_line(p->name, sizeof(p->name), "/proc/%d/comm", p->pid);
	for (c = p->name; *c; c++)
		if (!isascii(*c) || !isprint(*c))
			*c = '?';
}

static void add(int pid, int fd, uint32_t inode)
{
	struct process *p;

	found = grow(found, nfound, sizeof(*found));
	p = &found[nfound++];
	memset(p, 0, sizeof(*p));
	p->pid = pid;
	p->fd = fd;
	p->inode = inode;
	if (nfound > 1 && p[-1].pid == pid)
		memcpy(p->name, p[-1].name, sizeof(p->name));
	else
		read_name(p);
}

/* Other users' descriptors are not to be seen, and are none. */
static void look_at(int pid)
{
	char path[64], link[64];
	struct dirent *d;
	unsigned int inode;
	ssize_t len;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		return;
	while ((d = readdir(dir))) {
		len = readlinkat(dirfd(dir), d->d_name, link, sizeof(link) - 1);
		if (len < 0)
			continue;
		link[len] = '\0';
		if (sscanf(link, "socket:[%u]", &inode) == 1)
			add(pid, atoi(d->d_name), inode);
	}
	closedir(dir);
}

static int by_inode(const void *a, const void *b)
{
	const struct process *p = a, *q = b;

	if (p->inode != q->inode)
		return p->inode < q->inode ? -1 : 1;
	return p->pid != q->pid ? p->pid - q->pid : p->fd - q->fd;
}

static void give(struct row *r)
{
	size_t low = 0, high = nfound, mid;

	if (!r->inode)
		return;
	while (low < high) {
		mid = (low + high) / 2;
		if (found[mid].inode < r->inode)
			low = mid + 1;
		else
			high = mid;
	}
	r->processes = found + low;
	while (low + r->nprocesses < nfound &&
	       r->processes[r->nprocesses].inode == r->inode)
		r->nprocesses++;
}

/**
 * processes_find() - sockets get their processes
 * @s: sockets
 */
void processes_find(struct socks *s)
{
	struct dirent *d;
	size_t i;
	DIR *dir;

	processes_free();
	dir = opendir("/proc");
	if (!dir)
		return;
	while ((d = readdir(dir)))
		if (isdigit((unsigned char)d->d_name[0]))
			look_at(atoi(d->d_name));
	closedir(dir);
	qsort(found, nfound, sizeof(*found), by_inode);
	for (i = 0; i < s->n; i++)
		give(&s->rows[i]);
}

void processes_free(void)
{
	free(found);
	found = NULL;
	nfound = 0;
}
