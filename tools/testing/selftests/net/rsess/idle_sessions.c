// SPDX-License-Identifier: GPL-2.0
/*
 * Opens so many sessions, lets them be for a moment, and closes them.
 *
 * usage: idle_sessions COUNT
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "line.h"

/* Besides the two of each session. */
#define DESCRIPTORS	100

static int open_sessions(struct line *l, int *fds, int count)
{
	int i, ret;

	for (i = 0; i < count; i++) {
		ret = line_open(l);
		if (ret)
			return ret;
		fds[2 * i] = l->c;
		fds[2 * i + 1] = l->s;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const struct kind kind = {
		.domain = AF_RSESS, .family = AF_INET,
	};
	int count = argc == 2 ? atoi(argv[1]) : 0;
	struct rlimit limit = {
		2 * count + DESCRIPTORS, 2 * count + DESCRIPTORS,
	};
	struct line l;
	int *fds, i;

	if (count <= 0) {
		fprintf(stderr, "usage: idle_sessions COUNT\n");
		return 2;
	}
	fds = calloc(2 * count, sizeof(*fds));
	if (!fds || setrlimit(RLIMIT_NOFILE, &limit)) {
		perror("idle_sessions");
		return 1;
	}
	/* A processor that does nothing but close them has as many orphans at once.  One that
	 * is too slow has tombstones, which stay as long as the namespace and TCP's sockets.
	 */
	if (line_init(&l, &kind) || sysctl_set("rsess/max_orphans", 2 * count) ||
	    sysctl_set("rsess/tombstone_timeout_ms", 10000) ||
	    open_sessions(&l, fds, count))
		return 1;
	sleep(1);
	if (sessions() != 2 * count) {
		say("%d sessions, not %d", sessions(), 2 * count);
		return 1;
	}
	for (i = 0; i < 2 * count; i++)
		close(fds[i]);
	free(fds);
	return no_sessions() ? 1 : 0;
}
