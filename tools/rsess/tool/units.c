// SPDX-License-Identifier: GPL-2.0
/*
 * Whose unit of systemd a socket is: the kernel tells the number of its cgroup, and the
 * file system of cgroups has their names.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "tool.h"

#define DIRECTORY	(O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/**
 * struct cgroup - one that there is
 * @id: its number
 * @unit: of which it is, or ""
 */
struct cgroup {
	uint64_t	id;
	char		unit[UNIT_LEN];
};

/**
 * struct entry - a directory that is still to be looked at
 * @depth: of it, that of the root is 0
 * @in_slice: it is in slices only, and may be a unit
 * @unit: of which the directory is that it is in
 * @name: there
 */
struct entry {
	size_t	depth;
	bool	in_slice;
	char	unit[UNIT_LEN];
	char	name[NAME_MAX + 1];
};

/**
 * struct walk - through all cgroups
 * @entries: the last one is next
 * @n: how many
 * @fd: of the directory that was entered last, in which or above which the next one is
 * @depth: of that
 * @mount: the number of the root's
 *
 * There is one descriptor, however deep it goes: anybody to whom a cgroup was delegated
 * nests them as he likes.
 */
struct walk {
	struct entry	*entries;
	size_t		n;
	int		fd;
	size_t		depth;
	int		mount;
};

static struct cgroup *found;
static size_t nfound;

/* The handle of a cgroup is its number; that of its inode may be a part of it. */
static bool number_of(int fd, uint64_t *id, int *mount)
{
	union {
		struct file_handle	h;
		char			room[sizeof(struct file_handle) + sizeof(*id)];
	} u = { .h.handle_bytes = sizeof(*id) };

	if (name_to_handle_at(fd, "", &u.h, mount, AT_EMPTY_PATH) ||
	    u.h.handle_bytes != sizeof(*id))
		return false;
	memcpy(id, u.h.f_handle, sizeof(*id));
	return true;
}

/* Others make and remove cgroups meanwhile, and not all are for everybody. */
static bool is_no_fault(int err)
{
	return err == ENOENT || err == ENOTDIR || err == ELOOP || err == EACCES ||
	       err == EPERM || err == ENODEV;
}

static struct entry *push(struct walk *w)
{
	w->entries = grow(w->entries, w->n, sizeof(*w->entries));
	return &w->entries[w->n++];
}

static void push_child(struct walk *w, const struct entry *parent, const char *name)
{
	struct entry *e = push(w);

	e->depth = parent->depth + 1;
	e->in_slice = parent->in_slice;
	memcpy(e->unit, parent->unit, sizeof(e->unit));
	strcpy(e->name, name);
}

/* All that is in the directory @w->fd, which is @e. */
static int push_children(struct walk *w, const struct entry *e)
{
	struct dirent *d;
	int err, fd = dup(w->fd);
	DIR *dir;

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return -errno;		/* too many are open: the end */
	while (errno = 0, (d = readdir(dir)))
		if (d->d_type == DT_DIR && strcmp(d->d_name, ".") &&
		    strcmp(d->d_name, ".."))
			push_child(w, e, d->d_name);
	err = errno;
	closedir(dir);
	return is_no_fault(err) ? 0 : -err;
}

/* What is below a unit is of that one; what is below something else is of none. */
static void name_unit(struct entry *e)
{
	if (!e->in_slice || slice_name(e->name, strlen(e->name)))
		return;
	e->in_slice = false;
	if (!unit_name(e->name, e->unit))
		e->unit[0] = '\0';
}

static void add(uint64_t id, const struct entry *e)
{
	found = grow(found, nfound, sizeof(*found));
	found[nfound].id = id;
	memcpy(found[nfound++].unit, e->unit, sizeof(e->unit));
}

/* Where ".." is not to be had there is no way back, so it is not entered. */
static int go(struct walk *w, const char *name)
{
	int err, fd = openat(w->fd, name, DIRECTORY);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstatat(fd, ".", &st, 0)) {
		err = -errno;
		close(fd);
		return err;
	}
	close(w->fd);
	w->fd = fd;
	return 0;
}

/* A directory that was removed knows still what it was in. */
static int look_at(struct walk *w, struct entry *e)
{
	int err, mount;
	uint64_t id;

	for (; w->depth >= e->depth; w->depth--) {
		err = go(w, "..");
		if (err)
			return err;
	}
	err = go(w, e->name);
	if (err)
		return is_no_fault(-err) ? 0 : err;
	w->depth = e->depth;
	name_unit(e);
	if (!number_of(w->fd, &id, &mount) || mount != w->mount)
		return 0;
	add(id, e);
	return push_children(w, e);
}

static int open_root(const char *path)
{
	int fd = open(path, DIRECTORY);
	struct statfs fs;

	if (fd >= 0 && !fstatfs(fd, &fs) && fs.f_type == CGROUP2_SUPER_MAGIC)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int walk(void)
{
	struct entry e = { .in_slice = true };
	struct walk w = {};
	uint64_t id;
	int err;

	w.fd = open_root("/sys/fs/cgroup");
	if (w.fd < 0)	/* a host may have cgroups of version 1, too */
		w.fd = open_root("/sys/fs/cgroup/unified");
	if (w.fd < 0)
		return -ENODEV;
	if (number_of(w.fd, &id, &w.mount)) {
		add(id, &e);
		err = push_children(&w, &e);
	} else {
		err = -errno;
	}
	while (!err && w.n) {
		e = w.entries[--w.n];
		err = look_at(&w, &e);
	}
	close(w.fd);
	free(w.entries);
	return err;
}

static int by_id(const void *a, const void *b)
{
	const struct cgroup *p = a, *q = b;

	return p->id < q->id ? -1 : p->id > q->id;
}

static void give(struct row *r)
{
	struct cgroup key = { .id = r->cgroup };
	const struct cgroup *c;

	c = nfound ? bsearch(&key, found, nfound, sizeof(*found), by_id) : NULL;
	r->knows_unit = c;
	r->unit = c && *c->unit ? c->unit : NULL;
}

/**
 * units_find() - sockets get their units
 * @s: sockets; units_free() must follow
 *
 * Return: 0, or a negative errno if not all were looked for; -ENODEV: there are no cgroups of
 * version 2.
 */
int units_find(struct socks *s)
{
	size_t i;
	int err;

	units_free();
	err = walk();
	qsort(found, nfound, sizeof(*found), by_id);
	for (i = 0; i < s->n; i++)
		give(&s->rows[i]);
	return err;
}

void units_free(void)
{
	free(found);
	found = NULL;
	nfound = 0;
}
