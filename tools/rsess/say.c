// SPDX-License-Identifier: GPL-2.0
/*
 * What rsessrun -v tells, and what it always does.  Without stdio, which is not
 * async-signal-safe.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rsessrun.h"

struct line {
	char	text[200];
	size_t	len;
};

static bool verbose;

void say_init(void)
{
	verbose = getenv("RSESSRUN_VERBOSE");
}

bool say_anything(void)
{
	return verbose;
}

static void add(struct line *line, const char *text)
{
	size_t len = strlen(text), room = sizeof(line->text) - 1 - line->len;

	if (len > room)
		len = room;
	memcpy(line->text + line->len, text, len);
	line->len += len;
}

static void add_number(struct line *line, unsigned int number)
{
	char text[12] = "";
	int i = sizeof(text) - 1;

	do {
		text[--i] = '0' + number % 10;
		number /= 10;
	} while (number);
	add(line, text + i);
}

static void begin(struct line *line, int fd)
{
	line->len = 0;
	add(line, "rsessrun[");
	add_number(line, getpid());
	add(line, "]: ");
	if (fd < 0)
		return;
	add(line, "descriptor ");
	add_number(line, fd);
	add(line, ": ");
}

/* One write(), so that lines of two processes are not mixed. */
static void end(struct line *line)
{
	int err = errno;

	line->text[line->len++] = '\n';
	if (write(STDERR_FILENO, line->text, line->len) < 0)
		errno = err;
}

/**
 * say() - a line
 * @what: text
 * @fd: which descriptor it is about, or -1
 * @more: text behind it
 */
void say(const char *what, int fd, const char *more)
{
	struct line line;

	if (!verbose)
		return;
	begin(&line, fd);
	add(&line, what);
	add(&line, more);
	end(&line);
}

/**
 * warn() - a line also for those who have not asked: it is plain TCP
 * @why: text
 * @more: text behind it
 */
void warn(const char *why, const char *more)
{
	struct line line;

	begin(&line, -1);
	add(&line, why);
	add(&line, more);
	add(&line, ": plain TCP");
	end(&line);
}

/**
 * say_port() - a line about a use of a socket
 * @what: text
 * @fd: descriptor
 * @port: number behind it
 * @more: text behind that
 */
void say_port(const char *what, int fd, unsigned int port, const char *more)
{
	struct line line;

	if (!verbose)
		return;
	begin(&line, fd);
	add(&line, what);
	add_number(&line, port);
	add(&line, more);
	end(&line);
}
