// SPDX-License-Identifier: GPL-2.0
/*
 * rsess(8): shows and steers sockets of AF_RSESS.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "../../../net/rsess/version.h"
#include "check.h"
#include "tool.h"

static const struct command {
	const char	*name;
	int		(*run)(int argc, char **argv);
	const char	*help;
} commands[] = {
	{ "show",	cmd_show,
	  "  show [-alitmpeojH] [FILTER]   sockets: all (-a), those that listen (-l); with their\n"
	  "                                session (-i), transport (-t), memory (-m), processes\n"
	  "                                and unit (-p), numbers (-e), timers (-o); JSON (-j)\n" },
	{ "kill",	cmd_kill,
	  "  kill [--dry-run] FILTER       end them\n" },
	{ "resume",	cmd_resume,
	  "  resume [--dry-run] FILTER     those without a transport dial now\n" },
	{ "monitor",	cmd_monitor,
	  "  monitor [-j]                  what there is, and what happens from then on\n" },
	{ "top",	cmd_top,
	  "  top [-bpr] [-d SECONDS] [-n TIMES] [-s COLUMN] [FILTER]\n"
	  "                                gauges, rates and sockets, on a screen or as text\n"
	  "                                (-b), with processes and units (-p)\n" },
	{ "stat",	cmd_stat,
	  "  stat [-z] [-d SECONDS]        counters: zeros too (-z); what they grow (-d)\n"
	  "  stat --prometheus             as Prometheus wants them\n" },
	{ "check",	cmd_check,
	  "  check [-t SECONDS] [HOST:PORT]  is there a module, for the next kernel too; would\n"
	  "                                that peer agree on a session\n" },
	{ "drain",	cmd_drain,
	  "  drain [on|off]                no new sessions, so that the module can be replaced\n" },
	{ "limits",	cmd_limits,
	  "  limits                        sysctls and parameters, and what there is of each\n" },
};

static void print_help(FILE *to)
{
	size_t i;

	fputs("usage: rsess [-N NETNS] COMMAND [OPTION...]\n", to);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fputs(commands[i].help, to);
	fputs("  -N, --net NETNS               in another network namespace\n"
	      "  -h, --help                    this text\n"
	      "  -V, --version                 of this program\n"
	      "A FILTER is one of ss, as 'dst 10.0.0.0/8 and dport = :80', with state, role, link,\n"
	      "lost>N, retained>1M, down>5s, pid, unit, id and others: see rsess(8).\n", to);
}

static int do_command(const struct command *c, const char *name, int argc, char **argv)
{
	bool check = c->run == cmd_check;
	int status = name ? enter_namespace(name) : STATUS_OK;

	/* Whoever has "check" run knows its levels only. */
	if (status)
		return check ? (int)LEVEL_UNKNOWN : status;
	optind = 0;			/* it starts anew */
	status = c->run(argc, argv);
	if ((fflush(stdout) || ferror(stdout)) && !status) {
		fail(STATUS_FAILED, "the output cannot be written");
		status = check ? (int)LEVEL_UNKNOWN : (int)STATUS_FAILED;
	}
	return status;
}

static int run(const char *name, int argc, char **argv)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[0], commands[i].name))
			return do_command(&commands[i], name, argc, argv);
	return usage("no such command: %s", argv[0]);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "net", required_argument, NULL, 'N' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{}
	};
	const char *name = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "+N:hV", options, NULL)) != -1) {
		switch (c) {
		case 'N':
			name = optarg;
			break;
		case 'h':
			print_help(stdout);
			return STATUS_OK;
		case 'V':
			puts("rsess " RSESS_MODULE_VERSION);
			return STATUS_OK;
		default:
			return usage(NULL);
		}
	}
	if (optind == argc)
		return usage("no command");
	return run(name, argc - optind, argv + optind);
}
