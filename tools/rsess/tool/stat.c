// SPDX-License-Identifier: GPL-2.0
/*
 * "rsess stat": counters and gauges.
 */
#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "counters.h"
#include "tool.h"

/* TransportsLost is transports_lost. */
static void put_snake(const char *name)
{
	size_t i;

	for (i = 0; name[i]; i++) {
		if (i && isupper((unsigned char)name[i]))
			putchar('_');
		putchar(tolower((unsigned char)name[i]));
	}
}

static void put_metric_name(const struct counter *c)
{
	fputs("rsess_", stdout);
	put_snake(c->name);
	if (!c->gauge)
		fputs("_total", stdout);
}

static void put_metric(const struct counter *c)
{
	fputs("# HELP ", stdout);
	put_metric_name(c);
	printf(" %s of AF_RSESS.\n# TYPE ", c->name);
	put_metric_name(c);
	printf(" %s\n", c->gauge ? "gauge" : "counter");
	put_metric_name(c);
	printf(" %" PRIu64 "\n", c->value);
}

/* Of what is no counter of the kernel's. @labels: in braces, or "" */
static void put_gauge(const char *name, const char *help, const char *labels,
		      uint64_t value)
{
	printf("# HELP rsess_%s %s.\n# TYPE rsess_%s gauge\n"
	       "rsess_%s%s %" PRIu64 "\n", name, help, name, name, labels, value);
}

static void put_limit(const char *gauge)
{
	const char *name;
	uint32_t value;
	char help[64];

	if (!limit_get(gauge, &name, &value))
		return;
	snprintf(help, sizeof(help), "The sysctl net.rsess.%s", name);
	put_gauge(name, help, "", value);
}

static void put_module(void)
{
	char version[32], labels[64];

	if (!read_line(version, sizeof(version), "/sys/module/rsess/version"))
		return;
	snprintf(labels, sizeof(labels), "{version=\"%s\"}", version);
	put_gauge("module_info", "The module that is loaded", labels, 1);
}

/* Whoever reads it later has to see whether it was read, and when: what comes last is there
 * only if it is whole.
 */
static void put_prometheus(const struct counters *c, bool up)
{
	size_t i;

	for (i = 0; up && i < c->n; i++) {
		put_metric(&c->all[i]);
		if (c->all[i].gauge)
			put_limit(c->all[i].name);
	}
	if (up)
		put_module();
	put_gauge("up", "Whether the counters could be read", "", up);
	put_gauge("stat_timestamp_seconds", "When that was", "", time(NULL));
}

static void put_text(const struct counters *c, bool zeros)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (zeros || c->all[i].value)
			printf("%-24s %" PRIu64 "\n", c->all[i].name,
			       c->all[i].value);
}

/* Of gauges there is no difference that would say something. */
static void subtract(struct counters *c, const struct counters *before)
{
	const struct counter *was;
	size_t i;

	for (i = 0; i < c->n; i++) {
		was = counters_find(before, c->all[i].name);
		if (was && !c->all[i].gauge)
			c->all[i].value -= was->value;
	}
}

static int get(struct counters *c, unsigned int seconds)
{
	struct counters before = {};
	int err = STATUS_OK;

	if (seconds) {
		err = counters_get(&before);
		if (!err)
			sleep(seconds);
	}
	if (!err)
		err = counters_get(c) ?: counters_look(c);
	if (!err && !counters_go_on(c, &before))
		err = fail(STATUS_FAILED,
			   "the module was loaded anew meanwhile, and its counters begin at 0");
	if (!err)
		subtract(c, &before);
	counters_free(&before);
	return err;
}

int cmd_stat(int argc, char **argv)
{
	static const struct option options[] = {
		{ "zeros", no_argument, NULL, 'z' },
		{ "delta", required_argument, NULL, 'd' },
		{ "prometheus", no_argument, NULL, 'P' },
		{}
	};
	bool zeros = false, prometheus = false;
	struct counters counters = {};
	uint32_t seconds = 0;
	int c, err;

	while ((c = getopt_long(argc, argv, "+zd:", options, NULL)) != -1) {
		switch (c) {
		case 'z':
			zeros = true;
			break;
		case 'd':
			if (!seconds_parse(optarg, &seconds))
				return usage("no number of seconds: %s", optarg);
			break;
		case 'P':
			prometheus = true;
			break;
		default:
			return usage(NULL);
		}
	}
	if (argv[optind] || (prometheus && seconds))
		return usage("stat: that has no meaning here");
	err = get(&counters, seconds);
	if (prometheus)
		put_prometheus(&counters, !err);
	else if (!err)
		put_text(&counters, zeros);
	counters_free(&counters);
	return err;
}
