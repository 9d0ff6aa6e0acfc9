// SPDX-License-Identifier: GPL-2.0
/*
 * Whose unit of systemd a socket is: the kernel tells the number of its cgroup, and the
 * file system of cgroups has their names.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>

#include <linux/magic.h>

#include "tool.h"

/* Where a host has cgroups of version 1, too. */
#define UNIFIED		"/sys/fs/cgroup/unified"

/**
 * struct cgroup - one that is of a unit
 * @id: its number
 * @unit: name of that
 */
struct cgroup {
	uint64_t	id;
	char		unit[UNIT_LEN];
};

static struct cgroup *found;
static size_t nfound;
static size_t root_len;

/* The handle of a cgroup is its number; that of its inode may be a part of it. */
static bool number_of(const char *path, uint64_t *id)
{
	union {
		struct file_handle	h;
		char			room[sizeof(struct file_handle) + sizeof(*id)];
	} u = { .h.handle_bytes = sizeof(*id) };
	int mount;

	if (name_to_handle_at(AT_FDCWD, path, &u.h, &mount, 0) ||
	    u.h.handle_bytes != sizeof(*id))
		return false;
	memcpy(id, u.h.f_handle, sizeof(*id));
	return true;
}

static int look_at(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct cgroup c;

	(void)st;
	(void)ftw;
	if (type != FTW_D || !unit_name(path + root_len, c.unit) ||
	    !number_of(path, &c.id))
		return 0;
	if (!(nfound & (nfound - 1)))
		found = resize(found, nfound ? 2 * nfound : 1, sizeof(*found));
	found[nfound++] = c;
	return 0;
}

static int by_id(const void *a, const void *b)
{
	const struct cgroup *p = a, *q = b;

	return p->id < q->id ? -1 : p->id > q->id;
}

static const char *unit_of(uint64_t id)
{
	struct cgroup key = { .id = id };
	const struct cgroup *c;

	c = nfound ? bsearch(&key, found, nfound, sizeof(*found), by_id) : NULL;
	return c ? c->unit : NULL;
}

/**
 * units_find() - sockets get their units
 * @s: sockets; units_free() must follow
 */
void units_find(struct socks *s)
{
	const char *root = "/sys/fs/cgroup";
	struct statfs fs;
	size_t i;

	units_free();
	if (statfs(root, &fs) || fs.f_type != CGROUP2_SUPER_MAGIC)
		root = UNIFIED;
	root_len = strlen(root);
	nftw(root, look_at, 16, FTW_PHYS | FTW_MOUNT);
	qsort(found, nfound, sizeof(*found), by_id);
	for (i = 0; i < s->n; i++)
		s->rows[i].unit = unit_of(s->rows[i].cgroup);
}

void units_free(void)
{
	free(found);
	found = NULL;
	nfound = 0;
}
