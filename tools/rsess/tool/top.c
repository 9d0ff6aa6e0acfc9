// SPDX-License-Identifier: GPL-2.0
/*
 * "rsess top": gauges, rates and sessions, again and again.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "counters.h"
#include "top.h"

/* Lines above the sockets: gauges, rates, what is shown, titles. */
#define HEAD		4

/**
 * struct reading - counters of one moment
 * @counters: they
 * @at: when that was, monotonic
 */
struct reading {
	struct counters	counters;
	struct timespec	at;
};

/**
 * struct top - what is shown, and how often
 * @now: the last reading
 * @before: the one before it; it has no counters if there was none
 * @sel: which sockets
 * @table: of them
 * @batch: as text, without a terminal
 * @seconds: between two readings, at least
 * @times: how many there are; 0: no end
 */
struct top {
	struct reading		now;
	struct reading		before;
	struct selection	sel;
	struct table		table;
	bool			batch;
	uint32_t		seconds;
	uint32_t		times;
};

static uint64_t gauge(const struct top *t, const char *name)
{
	const struct counter *c = counters_find(&t->now.counters, name);

	return c ? c->value : 0;
}

static double seconds_between(const struct timespec *a, const struct timespec *b)
{
	return b->tv_sec - a->tv_sec + (b->tv_nsec - a->tv_nsec) / 1e9;
}

/* How much those counters have grown whose names begin so, or are so. */
static uint64_t growth(const struct top *t, const char *name, bool begins)
{
	const struct counters *now = &t->now.counters;
	const struct counter *c, *was;
	size_t i, len = strlen(name);
	uint64_t sum = 0;

	for (i = 0; i < now->n; i++) {
		c = &now->all[i];
		if (strncmp(c->name, name, len) || (c->name[len] && !begins))
			continue;
		was = counters_find(&t->before.counters, c->name);
		sum += was ? c->value - was->value : 0;
	}
	return sum;
}

static int take_reading(struct top *t)
{
	int err;

	counters_free(&t->before.counters);
	t->before = t->now;
	err = counters_get(&t->now.counters);
	clock_gettime(CLOCK_MONOTONIC, &t->now.at);
	if (err)
		return err;
	if (!counters_go_on(&t->now.counters, &t->before.counters))
		counters_free(&t->before.counters);
	socks_free(&t->sel.socks);
	err = select_socks(&t->sel);
	if (!err)
		table_fill(&t->table, &t->sel.socks);
	return err;
}

static void put_gauges(const struct top *t, void (*put)(const char *line, bool head))
{
	time_t now = time(NULL);
	char line[TOP_LINE], at[16];
	struct tm tm;

	strftime(at, sizeof(at), "%H:%M:%S", localtime_r(&now, &tm));
	snprintf(line, sizeof(line), "rsess %s: %" PRIu64 " sessions, %" PRIu64
		 " orphans, %" PRIu64 " tombstones, %" PRIu64 " listeners", at,
		 gauge(t, "Sessions"), gauge(t, "Orphans"), gauge(t, "Tombstones"),
		 gauge(t, "Listeners"));
	put(line, false);
}

static void put_rates(const struct top *t, void (*put)(const char *line, bool head))
{
	double s = seconds_between(&t->before.at, &t->now.at);
	char line[TOP_LINE];

	if (!t->before.counters.n) {
		put("per second: not known before the next reading", false);
		return;
	}
	snprintf(line, sizeof(line),
		 "per second, over %.3f s: %.2f transports lost, %.2f resumes, %.2f bytes sent again, %.2f fallbacks",
		 s, growth(t, "TransportsLost", false) / s,
		 growth(t, "Resumes", false) / s, growth(t, "RetransBytes", false) / s,
		 growth(t, "Fallback", true) / s);
	put(line, false);
}

static void put_all(const struct top *t, size_t max,
		    void (*put)(const char *line, bool head))
{
	char line[TOP_LINE];
	size_t len;

	put_gauges(t, put);
	put_rates(t, put);
	table_sorted(&t->table, line);
	len = strlen(line);
	if (!t->batch)
		snprintf(line + len, sizeof(line) - len,
			 "   < > column, r reverse, space now, q quit");
	put(line, false);
	table_put(&t->table, max, put);
}

static void put_text(const char *line, bool head)
{
	(void)head;
	puts(line);
}

static int show_text(const struct top *t)
{
	put_all(t, SIZE_MAX, put_text);
	putchar('\n');
	return fflush(stdout) ? fail_errno(-errno, "the output") : STATUS_OK;
}

static int show_screen(const struct top *t)
{
	size_t lines = screen_lines();

	screen_begin();
	put_all(t, lines > HEAD ? lines - HEAD : 0, screen_put);
	screen_end();
	return STATUS_OK;
}

static int show(const struct top *t)
{
	return t->batch ? show_text(t) : show_screen(t);
}

static void act_on(struct top *t, enum wish wish)
{
	if (wish == WISH_REVERSE)
		t->table.reverse = !t->table.reverse;
	if (wish == WISH_BEFORE || wish == WISH_AFTER)
		table_move(&t->table, wish == WISH_AFTER ? 1 : -1);
	table_sort(&t->table);
	show(t);
}

static int ms_until(const struct timespec *end)
{
	struct timespec now;
	double left;

	clock_gettime(CLOCK_MONOTONIC, &now);
	left = seconds_between(&now, end);
	return left > 0 ? left * 1000 + 1 : 0;
}

/* Until the next reading is due; false: there is to be none. */
static bool wait_for_next(struct top *t)
{
	enum wish wish;
	struct timespec end;
	int left;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += t->seconds;
	while ((left = ms_until(&end))) {
		wish = WISH_NONE;
		if (t->batch)
			poll(NULL, 0, left);
		else
			wish = screen_wait(left);
		if (wish == WISH_LEAVE || wish == WISH_READ)
			return wish == WISH_READ;
		if (wish != WISH_NONE)
			act_on(t, wish);
	}
	return true;
}

static int run(struct top *t)
{
	uint32_t done = 0;
	int err = take_reading(t);

	if (!err && !t->batch)
		err = screen_open();
	while (!err) {
		err = show(t);
		if (err || ++done == t->times || !wait_for_next(t))
			break;
		err = take_reading(t);
	}
	screen_close();
	return err;
}

/* 0, or what is wrong with it has been said. */
static int take_option(struct top *t, int c)
{
	switch (c) {
	case 'b':
		t->batch = true;
		return 0;
	case 'd':
		return seconds_parse(optarg, &t->seconds) ? 0 :
		       usage("no number of seconds: %s", optarg);
	case 'n':
		return number_parse(optarg, UINT32_MAX, &t->times) && t->times ? 0 :
		       usage("no number of times: %s", optarg);
	case 'p':
		t->table.processes = true;
		return 0;
	case 'r':
		t->table.reverse = true;
		return 0;
	}
	return usage(NULL);
}

int cmd_top(int argc, char **argv)
{
	static const struct option options[] = {
		{ "batch", no_argument, NULL, 'b' },
		{ "delay", required_argument, NULL, 'd' },
		{ "iterations", required_argument, NULL, 'n' },
		{ "processes", no_argument, NULL, 'p' },
		{ "reverse", no_argument, NULL, 'r' },
		{ "sort", required_argument, NULL, 's' },
		{}
	};
	struct top t = { .seconds = 1 };
	const char *column = "down";
	int c, err = 0;

	while (!err && (c = getopt_long(argc, argv, "+bd:n:prs:", options, NULL)) != -1) {
		if (c == 's')
			column = optarg;
		else
			err = take_option(&t, c);
	}
	if (!err && !table_sort_by(&t.table, column))
		err = usage("no such column: %s", column);
	t.sel.processes = t.table.processes;
	if (!err)
		err = select_filter(&t.sel, argv + optind) ?: run(&t);
	select_free(&t.sel);
	table_free(&t.table);
	counters_free(&t.before.counters);
	counters_free(&t.now.counters);
	return err;
}
