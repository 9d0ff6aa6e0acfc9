// SPDX-License-Identifier: GPL-2.0
/*
 * Who has refused a socket of AF_RSESS: rules that were made for a program of TCP often
 * know no other family.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "rsessrun.h"

/* No type of sockets. The kernel says EINVAL, before it looks at the family and before it
 * asks a security module. What else is said comes from a filter of system calls, which
 * knows families only.
 */
#define NO_TYPE	15

static bool is_filtered(int family)
{
	int fd = next()->socket(family, NO_TYPE, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno != EINVAL;
}

/* The first word of a file; false if there is none. */
static bool read_word(const char *path, char *word, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return false;
	len = read(fd, word, size - 1);
	close(fd);
	if (len <= 0)
		return false;
	word[len] = '\0';
	word[strcspn(word, "\n ")] = '\0';
	return true;
}

/**
 * sandbox_is() - is a socket refused by rules that allow TCP?
 * @family: of the socket
 * @err: errno of socket()
 */
bool sandbox_is(int family, int err)
{
	return err == EACCES || err == EPERM ||
	       (err == EAFNOSUPPORT && is_filtered(family));
}

/**
 * sandbox_tell() - name whose rules those are, in a line
 * @family: for which sandbox_is() holds
 */
void sandbox_tell(int family)
{
	char name[80];

	if (is_filtered(family))
		warn("AF_RSESS is refused by a seccomp filter",
		     " (systemd's RestrictAddressFamilies=?)");
	else if (read_word("/proc/thread-self/attr/apparmor/current", name,
			   sizeof(name)))
		warn("AF_RSESS is refused by AppArmor, profile ", name);
	else if (read_word("/proc/thread-self/attr/current", name, sizeof(name)))
		warn("AF_RSESS is refused by a security module, label ", name);
	else
		warn("AF_RSESS is refused by a security module", "");
}
