// SPDX-License-Identifier: GPL-2.0
/*
 * What a socket is used for is known at connect(), listen() and bind() only.  With
 * a filter it is a plain TCP socket until then, and becomes one of AF_RSESS if its
 * use is wanted.
 *
 * It could be the other way round: a socket of AF_RSESS becomes a plain one if it
 * is not wanted.  But then what nobody asked for would be touched, an option that
 * only TCP has would be refused to a socket that is to be TCP, and bind() would
 * have to guess.  This way only the sockets that were asked for go through the
 * exchange, the options can be read from a socket that has them all, and a bound
 * address is held by the old socket until the new one has it.
 *
 * What is lost: other descriptors of the same socket (dup(), another process)
 * stay at the old one, which is never connected; options that AF_RSESS does not
 * have, and those that can be set but not asked for (SO_ATTACH_FILTER,
 * TCP_MD5SIG); O_ASYNC and its owner.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "rsessrun.h"

static int option(int fd, int level, int name)
{
	int val;
	socklen_t len = sizeof(val);

	return next()->getsockopt(fd, level, name, &val, &len) ? -1 : val;
}

/* The domain of a plain TCP socket that has not been used yet, or -1. */
static int fresh_domain(int fd)
{
	struct tcp_info info = { .tcpi_state = TCP_ESTABLISHED };
	socklen_t len = sizeof(info);
	int domain;

	if (option(fd, SOL_SOCKET, SO_PROTOCOL) != IPPROTO_TCP || family_is(fd))
		return -1;
	if (next()->getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) ||
	    info.tcpi_state != TCP_CLOSE)
		return -1;
	domain = option(fd, SOL_SOCKET, SO_DOMAIN);
	return domain == AF_INET || domain == AF_INET6 ? domain : -1;
}

static int set_reuse(int fd, int val)
{
	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &val, sizeof(val));
}

static bool is_any(const struct sockaddr_storage *ss)
{
	const struct sockaddr_in6 *s6 = (const struct sockaddr_in6 *)ss;
	const struct sockaddr_in *s4 = (const struct sockaddr_in *)ss;

	if (ss->ss_family == AF_INET6)
		return !s6->sin6_port &&
		       IN6_IS_ADDR_UNSPECIFIED(&s6->sin6_addr);
	return !s4->sin_port && s4->sin_addr.s_addr == INADDR_ANY;
}

/* Bind @to where @from is bound.  Both have the address for a moment: as neither
 * listens, SO_REUSEADDR on both is enough.
 */
static int bind_as(int from, int to)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int reuse = option(from, SOL_SOCKET, SO_REUSEADDR), err;

	if (getsockname(from, (struct sockaddr *)&ss, &len))
		return -1;
	if (is_any(&ss))
		return 0;
	if (set_reuse(from, 1) || set_reuse(to, 1))
		return -1;
	if (!next()->bind(to, (struct sockaddr *)&ss, len))
		return set_reuse(to, reuse);
	err = errno;
	set_reuse(from, reuse);
	errno = err;
	return -1;
}

/* @new takes the number @fd. */
static int replace(int fd, int new)
{
	int flags = fcntl(fd, F_GETFL), fdflags = fcntl(fd, F_GETFD);

	fcntl(new, F_SETFL, flags & O_NONBLOCK);
	return dup3(new, fd, fdflags & FD_CLOEXEC ? O_CLOEXEC : 0) < 0 ? -1 : 0;
}

/* Give @new, which is closed, what @fd has, and its number.  It takes three descriptors at
 * once, and has them before anything is touched.
 */
static int move(int fd, int new, int domain, const struct use *use)
{
	int untouched = next()->socket(domain, SOCK_STREAM | SOCK_CLOEXEC,
				       IPPROTO_TCP);
	int old = untouched < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	int ret = -1, err;

	if (old >= 0) {
		options_copy(fd, new, untouched);
		ret = use->addr ? next()->bind(new, use->addr, use->len) :
				  bind_as(fd, new);
	}
	if (!ret)
		ret = replace(fd, new);
	err = errno;
	if (untouched >= 0)
		close(untouched);
	close(new);
	if (!ret)
		epoll_move(old, fd);
	if (old >= 0)
		close(old);
	errno = err;
	return ret;
}

/* 1: it is one of AF_RSESS now; 0: it stays a TCP socket, for there is no other, or no
 * descriptor, which the program has not asked for; -1 and errno.
 */
static int try_exchange(int fd, int domain, const struct use *use)
{
	int new = family_socket(domain, SOCK_STREAM | SOCK_CLOEXEC);

	if (new >= 0 && !move(fd, new, domain, use))
		return 1;
	if (errno == EMFILE || errno == ENFILE)
		return 0;
	return new < 0 && errno == EAFNOSUPPORT ? 0 : -1;
}

static void tell(int fd, const struct use *use, const char *what)
{
	say_port(use->role == ROLE_CONNECT ? "connects to port " :
		 "listens at port ", fd, use->port, what);
}

/**
 * exchange() - make an AF_RSESS socket of a TCP socket, if it is wanted
 * @fd: of the program, anything; what is no unused TCP socket stays as it is
 * @use: what it is to be used for
 *
 * Return: 0: go on, also if the kernel has no AF_RSESS, or the program no room for
 * the descriptors that this takes.  -1 and errno: the socket is as it was.
 */
int exchange(int fd, const struct use *use)
{
	bool wanted = filter_wants(use->role, use->port);
	int err = errno, done = 0, domain;

	if (!wanted && !say_anything())
		return 0;
	domain = fresh_domain(fd);
	if (domain < 0)
		goto out;
	if (wanted)
		done = try_exchange(fd, domain, use);
	if (done < 0)
		return -1;
	tell(fd, use, done ? ", AF_RSESS" : ", TCP");
out:
	errno = err;
	return 0;
}
