// SPDX-License-Identifier: GPL-2.0
/*
 * "rsess check": what it finds, a line each, and how bad it is altogether.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>

#include "check.h"
#include "tool.h"

static enum level worst;

/**
 * check_say() - a finding
 * @level: how bad it is
 * @format: of it, as printf()
 */
void check_say(enum level level, const char *format, ...)
{
	static const char * const names[] = {
		"OK", "WARNING", "CRITICAL", "UNKNOWN",
	};
	va_list ap;

	/* What is known to be bad is worse than what is not known. */
	if (level == LEVEL_CRITICAL || (level > worst && worst != LEVEL_CRITICAL))
		worst = level;
	printf("%s: ", names[level]);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
}

static int misused(const char *what)
{
	usage("check: %s", what);
	return LEVEL_UNKNOWN;
}

int cmd_check(int argc, char **argv)
{
	static const struct option options[] = {
		{ "timeout", required_argument, NULL, 't' },
		{}
	};
	uint32_t seconds = 10;
	int c;

	while ((c = getopt_long(argc, argv, "+t:", options, NULL)) != -1) {
		if (c != 't')
			return misused("unknown option");
		if (!seconds_parse(optarg, &seconds))
			return misused("no number of seconds");
	}
	if (argc - optind > 1)
		return misused("one HOST:PORT, or none");
	setvbuf(stdout, NULL, _IOLBF, 0);
	check_module();
	if (argv[optind])
		check_peer(argv[optind], seconds);
	return worst;
}
