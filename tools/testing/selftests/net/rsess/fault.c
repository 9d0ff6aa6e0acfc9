// SPDX-License-Identifier: GPL-2.0
/*
 * Allocations that fail when a test says so; see fault.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fault.h"
#include "util.h"

#define DEBUGFS		"/sys/kernel/debug"
/* Of failures, at most; the kernel counts down. */
#define TIMES		1000000

static const char * const kinds[] = { "failslab", "fail_page_alloc" };

static int knob(const char *kind, const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), DEBUGFS "/%s/%s", kind, name);
	return file_write(path, value);
}

static int knobs(const char *name, const char *value)
{
	return knob(kinds[0], name, value) ?: knob(kinds[1], name, value);
}

static int knobs_number(const char *name, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return knobs(name, text);
}

/* Does this kernel have what is needed, and do we have the rights? */
bool fault_possible(void)
{
	return !access(DEBUGFS "/failslab/require-start", W_OK) &&
	       !access(DEBUGFS "/fail_page_alloc/require-start", W_OK) &&
	       !access("/proc/thread-self/fail-nth", W_OK);
}

/* @what: require or reject, the stacks that have an address in the range */
static int fault_range(const char *what, uint64_t start, uint64_t end)
{
	char from[32], to[32];

	snprintf(from, sizeof(from), "%s-start", what);
	snprintf(to, sizeof(to), "%s-end", what);
	return knobs_number(from, start) ?: knobs_number(to, end);
}

/**
 * fault_reset() - nothing fails, and everything may be made to fail
 *
 * With RSESS_FAULT_VERBOSE=2 in the environment the kernel's log gets the stack of
 * each failure.
 *
 * A page of this process that were missing in send() or recv() would be one more
 * that cannot be had, so all are there from now on.
 *
 * Return: 0 or a negative errno.
 */
int fault_reset(void)
{
	const char *verbose = getenv("RSESS_FAULT_VERBOSE");

	if (mlockall(MCL_CURRENT | MCL_FUTURE)) {
		say("mlockall: %s", strerror(errno));
		return -errno;
	}
	return knobs("probability", "0") ?: knobs("interval", "1") ?:
	       knobs("space", "0") ?: knobs("verbose", verbose ?: "0") ?:
	       knobs("task-filter", "N") ?: knobs("ignore-gfp-wait", "N") ?:
	       knob("failslab", "cache-filter", "N") ?:
	       knob("fail_page_alloc", "ignore-gfp-highmem", "N") ?:
	       knob("fail_page_alloc", "min-order", "0") ?:
	       knobs("stacktrace-depth", "32") ?:
	       fault_range("require", 0, UINT64_MAX) ?:
	       fault_range("reject", 0, 0) ?:
	       knobs_number("times", TIMES);
}

/* From now on only what functions of the module want to have fails, in whatever
 * task or interrupt they run.
 */
int fault_below_module(void)
{
	FILE *f = fopen("/proc/modules", "re");
	uint64_t start = 0, end = 0;
	char name[64];
	uint64_t at;
	size_t len;

	if (!f)
		return -errno;
	while (fscanf(f, "%63s %zu %*s %*s %*s %" SCNx64 "%*[^\n]", name, &len,
		      &at) == 3) {
		if (strcmp(name, "rsess"))
			continue;
		start = at;
		end = at + len;
	}
	fclose(f);
	if (!start) {
		say("where is the module?");
		return -ENOENT;
	}
	return fault_range("require", start, end);
}

/* A function of the kernel or of the module, by its name. */
static int fault_function(const char *what, const char *function)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	uint64_t start = 0, end = UINT64_MAX;
	char name[128];
	uint64_t at;

	if (!f)
		return -errno;
	while (fscanf(f, "%" SCNx64 " %*c %127s%*[^\n]", &at, name) == 2)
		if (!strcmp(name, function))
			start = at;
	rewind(f);
	while (fscanf(f, "%" SCNx64 " %*c %127s%*[^\n]", &at, name) == 2)
		if (at > start && at < end)
			end = at;
	fclose(f);
	if (!start) {
		say("no function %s", function);
		return -ENOENT;
	}
	return fault_range(what, start, end);
}

/* The same as fault_below_module() for one function. */
int fault_below(const char *function)
{
	return fault_function("require", function);
}

/* Nothing fails below this function. */
int fault_not_below(const char *function)
{
	return fault_function("reject", function);
}

/**
 * fault_start() - let allocations fail
 * @slab: how many of a hundred objects
 * @page: how many of a hundred pages
 *
 * Return: 0 or a negative errno.
 */
int fault_start(unsigned int slab, unsigned int page)
{
	char text[16];
	int ret;

	ret = knobs_number("times", TIMES);
	if (ret)
		return ret;
	snprintf(text, sizeof(text), "%u", page);
	ret = knob("fail_page_alloc", "probability", text);
	snprintf(text, sizeof(text), "%u", slab);
	return ret ?: knob("failslab", "probability", text);
}

int fault_stop(void)
{
	return knobs("probability", "0");
}

/* How many have failed since fault_start(). */
int64_t fault_count(void)
{
	int64_t sum = 0;
	char path[128];
	int64_t left;
	FILE *f;
	int i;

	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), DEBUGFS "/%s/times", kinds[i]);
		f = fopen(path, "re");
		if (!f || fscanf(f, "%" SCNd64, &left) != 1)
			left = TIMES;
		if (f)
			fclose(f);
		sum += TIMES - left;
	}
	return sum;
}

static bool fault_count_reached(void *arg)
{
	return fault_count() >= *(int64_t *)arg;
}

/* Waits until so many have failed, as long as there is one now and then. */
int fault_wait(int64_t count)
{
	int64_t n;
	int ret = 0;

	for (n = 1; n <= count && !ret; n++)
		ret = wait_until(fault_count_reached, &n);
	if (ret)
		say("%lld failures of %lld", (long long)fault_count(),
		    (long long)count);
	return ret;
}

/* Of the calling thread; the file is opened before anything can fail. */
static int nth_file(void)
{
	static pid_t owner;
	static int fd = -1;

	if (owner != getpid()) {
		owner = getpid();
		fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	}
	return fd;
}

/**
 * fault_nth() - one allocation of this thread is going to fail
 * @n: the how manieth from now on
 *
 * Return: 0 or a negative errno.
 */
int fault_nth(unsigned int n)
{
	int fd = nth_file();
	char text[16];

	snprintf(text, sizeof(text), "%u", n);
	if (pwrite(fd, text, strlen(text), 0) > 0)
		return 0;
	say("fail-nth: %s", strerror(errno));
	return -errno;
}

/* Not any more.  1: it has failed, 0: there were not so many. */
int fault_nth_end(void)
{
	int fd = nth_file();
	char text[16] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0 ||
	    pwrite(fd, "0", 1, 0) <= 0) {
		say("fail-nth: %s", strerror(errno));
		return -errno;
	}
	return !atoi(text);
}
