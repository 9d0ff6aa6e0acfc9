// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets of AF_RSESS.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "rsessrun.h"

#define PARAMETER "/sys/module/rsess/parameters/family"

/* The number of the family; 0: not asked yet, -1: there is none for this process. */
static atomic_int family;

/* The module's parameter, if it is loaded. */
static int read_parameter(void)
{
	int fd = open(PARAMETER, O_RDONLY | O_CLOEXEC);
	int i, number = 0;
	char text[8];
	ssize_t len;

	if (fd < 0)
		return AF_RSESS;
	len = read(fd, text, sizeof(text));
	close(fd);
	for (i = 0; i < len && text[i] >= '0' && text[i] <= '9'; i++)
		number = number * 10 + text[i] - '0';
	return number ? number : AF_RSESS;
}

/* socket() has failed: if it always will, plain TCP has to do, and one line says why. */
static void give_up(int number)
{
	int err = errno;
	bool refused = sandbox_is(number, err);

	errno = err;
	if (!refused && err != EAFNOSUPPORT)
		return;
	if (atomic_exchange(&family, -1) != -1) {
		if (refused)
			sandbox_tell(number);
		else
			say("the kernel has no AF_RSESS: plain TCP", -1, "");
	}
	errno = EAFNOSUPPORT;
}

/* The kernel looks for a module each time when there is none, so it is asked
 * once.  It is asked twice when the parameter can be known only now, for this
 * call has loaded the module.
 */
static int find_family(int type)
{
	int number = read_parameter(), again;
	int fd = next()->socket(number, type, 0);

	if (fd < 0 && errno == EAFNOSUPPORT) {
		again = read_parameter();
		if (again != number)
			fd = next()->socket(again, type, 0);
		else
			errno = EAFNOSUPPORT;
		number = again;
	}
	if (fd >= 0)
		atomic_store(&family, number);
	else
		give_up(number);
	return fd;
}

static int make(int type)
{
	int number = atomic_load(&family), fd;

	if (!number)
		return find_family(type);
	if (number < 0) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	/* A program may put itself into a sandbox when it has its first sockets. */
	fd = next()->socket(number, type, 0);
	if (fd < 0)
		give_up(number);
	return fd;
}

/**
 * family_socket() - a socket of AF_RSESS
 * @domain: AF_INET or AF_INET6, whose addresses it is to take
 * @type: SOCK_STREAM, with flags
 *
 * Return: the descriptor, or -1 and errno; EAFNOSUPPORT: plain TCP has to do.
 */
int family_socket(int domain, int type)
{
	int fd = make(type);

	/* A module without the option takes addresses of both. */
	if (fd >= 0 && setsockopt(fd, SOL_RSESS, RSESS_FAMILY, &domain,
				  sizeof(domain)) && errno != ENOPROTOOPT) {
		close(fd);
		errno = EAFNOSUPPORT;
		fd = -1;
	}
	return fd;
}

/**
 * family_is() - is it one?  Ask who knows.
 * @fd: any descriptor
 */
bool family_is(int fd)
{
	struct rsess_info info;
	socklen_t len = sizeof(info);

	return !next()->getsockopt(fd, SOL_RSESS, RSESS_INFO, &info, &len);
}
