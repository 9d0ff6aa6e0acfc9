// SPDX-License-Identifier: GPL-2.0
/*
 * Answers of two kinds of sockets; see compare.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compare.h"

/* Of more wrong answers only the number is told. */
#define SHOWN_MAX	200

/**
 * answer() - note what a call said
 * @as: where to
 * @ret: what it returned; errno is still what it set
 * @fmt: which call it was
 *
 * Return: the answer, for answer_value().
 */
struct answer *answer(struct answers *as, long ret, const char *fmt, ...)
{
	struct answer *a = &as->a[as->n];
	int err = errno;
	va_list ap;

	if (as->n < ANSWERS_MAX - 1)
		as->n++;
	memset(a, 0, sizeof(*a));
	a->ret = ret;
	a->err = ret == -1 ? err : 0;
	va_start(ap, fmt);
	vsnprintf(a->what, sizeof(a->what), fmt, ap);
	va_end(ap);
	return a;
}

void answer_value(struct answer *a, const void *value, size_t len)
{
	a->len = len;
	memcpy(a->value, value, len < sizeof(a->value) ? len :
							 sizeof(a->value));
}

/* In a process and a namespace of their own, so that all is the same. */
static int record(const struct kind *kind, ask_t ask, const void *arg,
		  struct answers *as)
{
	struct line l;
	int status;
	pid_t pid;
	int ret;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		signal(SIGPIPE, SIG_IGN);
		ret = line_init(&l, kind) ?: ask(&l, as, arg) ?: line_end(&l);
		_exit(!!ret);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -ECHILD;
	if (!status)
		return 0;
	say("no answers behind '%s'", as->n ? as->a[as->n - 1].what : "");
	return -EINVAL;
}

static void print_value(const struct answer *a)
{
	size_t i;

	if (a->ret == -1 && a->err)
		fprintf(stderr, " %s", strerrorname_np(a->err));
	else
		fprintf(stderr, " %#lx", a->ret);
	if (a->len)
		fprintf(stderr, " %u:", a->len);
	for (i = 0; i < a->len && i < sizeof(a->value); i++)
		fprintf(stderr, "%02x", a->value[i]);
}

static bool same(const struct answer *a, const struct answer *b)
{
	return a->ret == b->ret && a->err == b->err && a->len == b->len &&
	       !memcmp(a->value, b->value, sizeof(a->value));
}

/* Returns how many answers are wrong, after @before others. */
static int judge(const struct kind *kind, const struct answer *tcp,
		 const struct answer *here, int before)
{
	if (strcmp(tcp->what, here->what)) {
		say("asked '%s' and '%s'", tcp->what, here->what);
		return 1;
	}
	if (differs_here(kind, tcp->what, !same(tcp, here)) ||
	    same(tcp, here))
		return 0;
	if (before >= SHOWN_MAX)
		return 1;
	fprintf(stderr, "# %s: TCP:", tcp->what);
	print_value(tcp);
	fprintf(stderr, "; here:");
	print_value(here);
	fprintf(stderr, "\n");
	return 1;
}

/**
 * compare() - ask TCP and another kind of socket the same
 * @kind: the other kind
 * @ask: asks, once for each of them
 * @arg: for @ask
 *
 * Return: how many answers differ that should not, after having said which; or
 * a negative errno.
 */
int compare(const struct kind *kind, ask_t ask, const void *arg)
{
	struct kind tcp = { .domain = kind->family, .family = kind->family };
	struct answers *as = mmap(NULL, 2 * sizeof(*as), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int i;
	int wrong;

	if (as == MAP_FAILED)
		return -ENOMEM;
	wrong = record(&tcp, ask, arg, &as[0]) ?:
		record(kind, ask, arg, &as[1]);
	if (!wrong && (!as[0].n || as[0].n != as[1].n ||
		       as[0].n == ANSWERS_MAX - 1)) {
		say("%u and %u answers", as[0].n, as[1].n);
		wrong = -EINVAL;
	}
	if (!wrong) {
		for (i = 0; i < as[0].n; i++)
			wrong += judge(kind, &as[0].a[i], &as[1].a[i],
				       wrong);
		if (wrong)
			say("%d of %u answers differ", wrong, i);
		wrong += differs_unused(kind);
	}
	munmap(as, 2 * sizeof(*as));
	return wrong;
}
