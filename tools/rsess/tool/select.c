// SPDX-License-Identifier: GPL-2.0
/*
 * The sockets that a command is about.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

/* The words of a filter, with a space behind each. */
static char *join_words(char **words)
{
	size_t len = 1;
	char *text;
	int i;

	for (i = 0; words[i]; i++)
		len += strlen(words[i]) + 1;
	text = resize(NULL, len, 1);
	text[0] = '\0';
	for (i = 0; words[i]; i++) {
		strcat(text, words[i]);
		strcat(text, " ");
	}
	return text;
}

/**
 * select_filter() - read the filter
 * @sel: its filter is set
 * @words: of the command line, to the NULL behind the last one
 */
int select_filter(struct selection *sel, char **words)
{
	char *text = join_words(words);
	char error[256];
	bool good;

	good = filter_parse(&sel->filter, text, error, sizeof(error));
	free(text);
	return good ? STATUS_OK : fail(STATUS_USAGE, "filter: %s", error);
}

/* As ss: a filter that says which states overrides what is usual. */
static uint32_t states(const struct selection *sel)
{
	uint32_t listen = 1u << TCP_LISTEN;

	if (sel->all)
		return STATES_ALL;
	if (sel->listening)
		return listen;
	if (!sel->filter.asks_state)
		return STATES_CONNECTED;
	return sel->acts && !sel->filter.asks_listen ?
	       STATES_ALL & ~listen : STATES_ALL;
}

/* Shown is what is known of units. But "not unit X" is not whatever nothing is known of. */
static bool needs_units(const struct selection *sel)
{
	return sel->acts && sel->filter.asks_units;
}

static int find_units(struct selection *sel)
{
	int err = units_find(&sel->socks);

	if (!err || !needs_units(sel))
		return STATUS_OK;
	return fail(STATUS_FAILED, "units are not known: %s", err == -ENODEV ?
		    "there is no file system of cgroups of version 2" : strerror(-err));
}

/* Somebody has the socket, but in another PID namespace, or not to be seen by the caller. */
static bool hides_processes(const struct selection *sel, const struct row *r)
{
	return sel->acts && sel->filter.asks_processes && r->inode && !r->nprocesses;
}

static bool is_meant(const struct selection *sel, const struct row *r)
{
	if (hides_processes(sel, r) || (needs_units(sel) && !r->knows_unit))
		return false;
	return filter_matches(&sel->filter, r);
}

/**
 * select_socks() - find them
 * @sel: its sockets are set; select_free() must follow
 */
int select_socks(struct selection *sel)
{
	struct socks *s = &sel->socks;
	size_t i, n = 0;
	int err;

	err = socks_get(s, states(sel));
	if (err)
		return err;
	if (sel->processes || sel->filter.asks_processes)
		processes_find(s);
	if (sel->processes || sel->filter.asks_units)
		err = find_units(sel);
	if (err)
		return err;
	for (i = 0; i < s->n; i++)
		if (is_meant(sel, &s->rows[i]))
			s->rows[n++] = s->rows[i];
	s->n = n;
	return STATUS_OK;
}

void select_free(struct selection *sel)
{
	filter_free(&sel->filter);
	socks_free(&sel->socks);
	processes_free();
	units_free();
}
