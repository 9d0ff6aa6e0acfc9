// SPDX-License-Identifier: GPL-2.0
/*
 * The functions that the program calls in the place of libc's.
 *
 * Without a filter socket() makes sockets of AF_RSESS, and nothing else is to be
 * done.  With one see exchange.c.  What libc calls by itself does not come here:
 * its resolver has names of its own for these functions.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>

#include "rsessrun.h"

#define INTERPOSED __attribute__((visibility("default")))

static bool is_tcp(int domain, int type, int protocol)
{
	return (domain == AF_INET || domain == AF_INET6) &&
	       (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_STREAM &&
	       (protocol == 0 || protocol == IPPROTO_TCP);
}

/* Both families have the port at the same place. */
static bool get_port(const struct sockaddr *addr, socklen_t len,
		     unsigned int *port)
{
	if (!addr || len < sizeof(struct sockaddr_in) ||
	    (addr->sa_family != AF_INET && addr->sa_family != AF_INET6))
		return false;
	*port = ntohs(((const struct sockaddr_in *)addr)->sin_port);
	return true;
}

INTERPOSED int socket(int domain, int type, int protocol)
{
	const struct next *libc = next();
	int err = errno, fd;

	if (!is_tcp(domain, type, protocol) || filter_active())
		return libc->socket(domain, type, protocol);
	fd = family_socket(domain, type);
	if (fd < 0 && errno != EAFNOSUPPORT)
		return fd;
	errno = err;
	if (fd < 0)
		return libc->socket(domain, type, protocol);
	say("made as AF_RSESS", fd, "");
	return fd;
}

INTERPOSED int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	const struct next *libc = next();
	struct use use = { .role = ROLE_CONNECT };

	if (filter_active() && get_port(addr, len, &use.port) &&
	    exchange(fd, &use))
		return -1;
	return libc->connect(fd, addr, len);
}

INTERPOSED int listen(int fd, int backlog)
{
	const struct next *libc = next();
	struct use use = { .role = ROLE_LISTEN };
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int err = errno;

	if (filter_active() &&
	    !getsockname(fd, (struct sockaddr *)&ss, &len) &&
	    get_port((struct sockaddr *)&ss, len, &use.port) &&
	    exchange(fd, &use))
		return -1;
	errno = err;
	return libc->listen(fd, backlog);
}

/* What an address is bound for is not known yet, so TCP binds it.  But AF_RSESS
 * keeps an address while sessions live that were accepted there, and gives it to
 * a socket of its own only.
 */
INTERPOSED int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	const struct next *libc = next();
	struct use use = { .role = ROLE_LISTEN, .addr = addr, .len = len };
	int err = errno, ret = libc->bind(fd, addr, len);

	if (!ret || errno != EADDRINUSE || !filter_active() ||
	    !get_port(addr, len, &use.port) || !use.port ||
	    !filter_wants(ROLE_LISTEN, use.port))
		return ret;
	ret = exchange(fd, &use);
	if (ret || !family_is(fd)) {
		errno = EADDRINUSE;
		return -1;
	}
	errno = err;
	return 0;
}

/* A program that asks what its socket is gets the answer of TCP.  The kernel's own
 * is another: parts of it take a socket of this protocol for one of TCP's.
 */
INTERPOSED int getsockopt(int fd, int level, int name, void *val,
			  socklen_t *len)
{
	int ret = next()->getsockopt(fd, level, name, val, len), err = errno;
	int *protocol = val;

	if (ret || level != SOL_SOCKET || name != SO_PROTOCOL ||
	    *len != sizeof(*protocol) || *protocol == IPPROTO_TCP)
		return ret;
	if (family_is(fd))
		*protocol = IPPROTO_TCP;
	errno = err;
	return 0;
}
