// SPDX-License-Identifier: GPL-2.0
/*
 * What goes wrong, in a line and a status; and what the kernel tells in files.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

/* Called before something is said, if there is one: it makes that readable. */
void (*say_before)(void);

static void complain(const char *format, va_list ap, const char *end)
{
	if (say_before)
		say_before();
	fflush(stdout);
	fputs("rsess: ", stderr);
	vfprintf(stderr, format, ap);
	fputs(end, stderr);
}

/**
 * usage() - a command line is not understood
 * @format: why, as printf(); NULL: getopt_long() has said so
 *
 * Return: STATUS_USAGE.
 */
int usage(const char *format, ...)
{
	va_list ap;

	if (!format)
		return STATUS_USAGE;
	va_start(ap, format);
	complain(format, ap, "; see 'rsess --help'\n");
	va_end(ap);
	return STATUS_USAGE;
}

/**
 * fail() - say why
 * @status: with which the program ends
 * @format: of the line, as printf()
 *
 * Return: @status.
 */
int fail(enum status status, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	complain(format, ap, "\n");
	va_end(ap);
	return status;
}

/**
 * resize() - an array that grows; there is always memory for it
 * @p: array, or NULL
 * @n: how many it is to have
 * @size: of each
 */
void *resize(void *p, size_t n, size_t size)
{
	p = reallocarray(p, n, size);
	if (!p)
		exit(fail(STATUS_FAILED, "out of memory"));
	return p;
}

/**
 * grow() - room for one element more
 * @p: array, or NULL
 * @n: how many it has; at a power of two it is full
 * @size: of each
 */
void *grow(void *p, size_t n, size_t size)
{
	return n & (n - 1) ? p : resize(p, n ? 2 * n : 1, size);
}

bool module_is_loaded(void)
{
	return !access("/sys/module/rsess", F_OK);
}

/**
 * fail_missing() - the kernel does not know what is asked for
 * @what: that is
 */
int fail_missing(const char *what)
{
	char version[32] = "";

	if (!module_is_loaded())
		return fail(STATUS_MISSING,
			    "the module rsess is not loaded; the first socket or 'modprobe rsess' loads it");
	read_line(version, sizeof(version), "/sys/module/rsess/version");
	return fail(STATUS_OLD,
		    "the module rsess %s that is loaded is too old: it has no %s",
		    version, what);
}

/**
 * fail_errno() - the kernel has refused
 * @err: negative errno
 * @what: that was asked for
 */
int fail_errno(int err, const char *what)
{
	if (err == -EPERM || err == -EACCES)
		return fail(STATUS_DENIED,
			    "%s takes CAP_NET_ADMIN in this network namespace", what);
	return fail(STATUS_FAILED, "%s: %s", what, strerror(-err));
}

/**
 * read_line() - the first line of a file
 * @buf: is set, "" if there is none
 * @size: of @buf
 * @format: name of the file, as printf()
 *
 * Return: false if it cannot be read.
 */
bool read_line(char *buf, size_t size, const char *format, ...)
{
	char path[512];
	ssize_t len;
	va_list ap;
	int fd;

	buf[0] = '\0';
	va_start(ap, format);
	vsnprintf(path, sizeof(path), format, ap);
	va_end(ap);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, buf, size - 1);
	close(fd);
	if (len < 0)
		return false;
	buf[len] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return true;
}

/* The number of the address family, which whoever loads the module may choose. */
int module_family(void)
{
	char line[16];

	if (read_line(line, sizeof(line), "/sys/module/rsess/parameters/family"))
		return atoi(line);
	return AF_RSESS;
}

/**
 * enter_namespace() - be in another network namespace
 * @name: as "ip netns" has it, or a path
 */
int enter_namespace(const char *name)
{
	char path[512];
	int fd, err;

	snprintf(path, sizeof(path), "%s%s",
		 strchr(name, '/') ? "" : "/run/netns/", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(STATUS_FAILED, "%s: %s", path, strerror(errno));
	err = setns(fd, CLONE_NEWNET) ? errno : 0;
	close(fd);
	if (err == EPERM)
		return fail(STATUS_DENIED, "-N takes CAP_SYS_ADMIN");
	if (err)
		return fail(STATUS_FAILED, "%s: %s", path, strerror(err));
	return STATUS_OK;
}
