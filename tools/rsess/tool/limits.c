// SPDX-License-Identifier: GPL-2.0
/*
 * "rsess limits": sysctls and parameters of the module, what there is of what they limit,
 * and how often they were reached.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counters.h"
#include "tool.h"

#define SYSCTLS		"/proc/sys/net/rsess"
#define PARAMETERS	"/sys/module/rsess/parameters"

/* See sysctl.rst for the counters. */
static const struct limit {
	const char	*name;
	const char	*gauge;
	const char	*reached[2];
} limits[] = {
	{ "max_sessions",	"Sessions",	{ "SessionsRefused" } },
	{ "max_orphans",	"Orphans",	{ "OrphansDropped" } },
	{ "max_tombstones",	"Tombstones",	{ "TombstonesDropped" } },
	{ "max_pending",	NULL,		{ "PendingFull", "ParkedFull" } },
	{ "max_pending_source",	NULL,		{ "PendingSource" } },
	{ "max_retained",	NULL,		{ "ListenersDropped" } },
	{ "max_early_bytes",	NULL,		{ "EarlyFull" } },
	{ "max_errors",		NULL,		{ "ErrorsExceeded" } },
	{ "max_idle_frames",	NULL,		{ "FramesIdle" } },
	{ "max_resumes",	NULL,		{ "ResumeExcess", "ResumesDelayed" } },
	{ "max_redials",	NULL,		{ "DialsDelayed" } },
	{ "timeout_ms",		NULL,		{ "SessionTimeouts" } },
	{ "orphan_timeout_ms",	NULL,		{ "OrphanTimeouts" } },
	{ "handshake_timeout_ms", NULL,		{ "HandshakeTimeouts" } },
	{ "stall_timeout_ms",	NULL,		{ "Stalls" } },
	{ "listen_linger",	NULL,		{ "LingerExpired" } },
};

static const struct limit *find(const char *name)
{
	static const struct limit none;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(limits); i++)
		if (!strcmp(limits[i].name, name))
			return &limits[i];
	return &none;
}

/**
 * limit_get() - the sysctl that limits what a gauge counts
 * @gauge: its name
 * @name: of the sysctl, is set
 * @value: of it, is set
 *
 * Return: false if there is none.
 */
bool limit_get(const char *gauge, const char **name, uint32_t *value)
{
	char line[32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		if (!limits[i].gauge || strcmp(limits[i].gauge, gauge))
			continue;
		*name = limits[i].name;
		return read_line(line, sizeof(line), SYSCTLS "/%s", *name) &&
		       number_parse(line, UINT32_MAX, value);
	}
	return false;
}

static void put_use(const struct counters *c, const struct limit *l)
{
	const struct counter *gauge = l->gauge ? counters_find(c, l->gauge) : NULL;

	if (gauge)
		printf(" %8" PRIu64, gauge->value);
	else
		printf(" %8s", "-");
}

static void put_reached(const struct counters *c, const struct limit *l)
{
	const struct counter *counter;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(l->reached); i++) {
		counter = l->reached[i] ? counters_find(c, l->reached[i]) : NULL;
		if (counter)
			printf(" %s=%" PRIu64, counter->name, counter->value);
	}
	putchar('\n');
}

static int is_visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* Each file of a directory, by name. */
static int put_all(const struct counters *c, const char *dir, const char *prefix)
{
	struct dirent **list;
	char value[32], name[64];
	int i, n;

	n = scandir(dir, &list, is_visible, alphasort);
	if (n < 0)
		return fail_errno(-errno, dir);
	for (i = 0; i < n; i++) {
		read_line(value, sizeof(value), "%s/%s", dir, list[i]->d_name);
		snprintf(name, sizeof(name), "%s%.40s", prefix, list[i]->d_name);
		printf("%-32s %10s", name, value);
		put_use(c, find(list[i]->d_name));
		put_reached(c, find(list[i]->d_name));
		free(list[i]);
	}
	free(list);
	return STATUS_OK;
}

int cmd_limits(int argc, char **argv)
{
	struct counters c = {};
	int err;

	(void)argv;
	if (argc > 1)
		return usage("limits: no argument is needed");
	err = counters_get(&c);
	if (!err) {
		printf("%-32s %10s %8s %s\n", "Limit", "Value", "Now", "Reached");
		err = put_all(&c, SYSCTLS, "net.rsess.");
	}
	if (!err)
		err = put_all(&c, PARAMETERS, "module parameter ");
	counters_free(&c);
	return err;
}
