// SPDX-License-Identifier: GPL-2.0
/*
 * What a socket of AF_RSESS that has fallen back to TCP costs beside one of TCP: round
 * trips of a byte, and bytes in large pieces, over the loopback device.
 *
 *	fallback_cost [ROUNDS]
 *
 * Each round takes both kinds of sockets, in turn first; the ratio of each round is
 * computed by itself, and the median of all is printed.  TCP beside TCP, which is
 * done likewise, shows what is noise.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "stream.h"

#define TRIPS	3000
#define BULK	(16 << 20)

struct ends {
	int c;
	int s;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct ends open_ends(int domain)
{
	int lfd = new_listener(domain, AF_INET);
	struct rsess_info info;
	socklen_t len = sizeof(info);
	struct ends e;

	e.c = new_socket(domain, 0);
	if (lfd < 0 || e.c < 0 || dial(e.c, AF_INET))
		die("connect");
	e.s = accept(lfd, NULL, NULL);
	if (e.s < 0)
		die("accept");
	if (domain == AF_RSESS &&
	    (getsockopt(e.c, SOL_RSESS, RSESS_INFO, &info, &len) ||
	     !info.plain))
		die("fallback");
	close(lfd);
	return e;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void trip(int from, int to)
{
	char c = 0;

	if (send(from, &c, 1, 0) != 1 || recv(to, &c, 1, 0) != 1)
		die("trip");
}

static double trips(struct ends e)
{
	double begin = seconds();
	int i;

	for (i = 0; i < TRIPS; i++) {
		trip(e.c, e.s);
		trip(e.s, e.c);
	}
	return seconds() - begin;
}

static double bulk(struct ends e)
{
	static char buf[65536];
	double begin = seconds();
	size_t done;

	/* One process: what one call sends fits into the buffers. */
	for (done = 0; done < BULK; done += sizeof(buf))
		if (send(e.c, buf, sizeof(buf), 0) != sizeof(buf) ||
		    recv(e.s, buf, sizeof(buf), MSG_WAITALL) != sizeof(buf))
			die("bulk");
	return seconds() - begin;
}

static double once(int domain, double (*work)(struct ends e))
{
	struct ends e = open_ends(domain);
	double t;

	work(e);		/* warm */
	t = work(e);
	close(e.c);
	close(e.s);
	return t;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median of what @domain takes, in units of what TCP takes, and the quartiles. */
static void measure(const char *name, int domain,
		    double (*work)(struct ends e), int rounds)
{
	double *ratio = calloc(rounds, sizeof(*ratio));
	double tcp, other;
	int i;

	if (!ratio)
		die("calloc");
	for (i = 0; i < rounds; i++) {
		other = i % 2 ? once(domain, work) : 0;
		tcp = once(AF_INET, work);
		if (!(i % 2))
			other = once(domain, work);
		ratio[i] = other / tcp;
	}
	qsort(ratio, rounds, sizeof(*ratio), compare);
	printf("%-28s %.3f  (quartiles %.3f to %.3f)\n", name,
	       ratio[rounds / 2], ratio[rounds / 4], ratio[rounds * 3 / 4]);
	free(ratio);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 20;

	if (rounds < 1 || netns_new() ||
	    negotiate_set(RSESS_NEGOTIATE_OFF))
		return 1;
	measure("round trips, TCP", AF_INET, trips, rounds);
	measure("round trips, fallen back", AF_RSESS, trips, rounds);
	measure("64 KiB pieces, TCP", AF_INET, bulk, rounds);
	measure("64 KiB pieces, fallen back", AF_RSESS, bulk, rounds);
	return 0;
}
