/* SPDX-License-Identifier: GPL-2.0 */
/*
 * librsessrun.so: what its files have of each other.
 *
 * The library has no table of descriptors and no lock.  What a socket is it asks
 * the kernel, so fork(), exec(), dup(), close() and a descriptor that comes from
 * elsewhere need nothing.  What is called from an interposed function is
 * async-signal-safe, as the functions of libc are that it stands for.
 */
#ifndef RSESSRUN_H
#define RSESSRUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include <linux/rsess.h>

/* --- next.c: the functions of libc, or of a library preloaded behind this one */

struct next {
	int (*socket)(int domain, int type, int protocol);
	int (*bind)(int fd, const struct sockaddr *addr, socklen_t len);
	int (*listen)(int fd, int backlog);
	int (*connect)(int fd, const struct sockaddr *addr, socklen_t len);
	int (*getsockopt)(int fd, int level, int name, void *val,
			  socklen_t *len);
};

const struct next *next(void);

/* --- filter.c: which sockets are wanted, by the environment */

/* Internal, set by rsessrun:
 * RSESSRUN_PORTS	list of ports and ranges, "80,7000-7010"; none: all
 * RSESSRUN_ROLE	"connect" or "listen"; none: both
 * RSESSRUN_VERBOSE	exists: tell on standard error
 */
enum role {
	ROLE_CONNECT	= 1,
	ROLE_LISTEN	= 2,
};

void filter_init(void);
bool filter_active(void);
bool filter_wants(enum role role, unsigned int port);

/* --- say.c: a line on standard error */

void say_init(void);
bool say_anything(void);
void say(const char *what, int fd, const char *more);
void say_port(const char *what, int fd, unsigned int port, const char *more);
void warn(const char *why, const char *more);

/* --- sandbox.c: rules that allow TCP only */

bool sandbox_is(int family, int err);
void sandbox_tell(int family);

/* --- family.c: sockets of AF_RSESS */

int family_socket(int domain, int type);
bool family_is(int fd);

/* --- options.c, epoll.c, exchange.c: a TCP socket becomes one of AF_RSESS */

void options_copy(int from, int to, int untouched);
void epoll_move(int old, int fd);

/* What a descriptor is wanted for. */
struct use {
	enum role		role;
	unsigned int		port;
	const struct sockaddr	*addr;	/* to be bound; NULL: as it is bound */
	socklen_t		len;
};

int exchange(int fd, const struct use *use);

#endif /* RSESSRUN_H */
