/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all tests of AF_RSESS need: a network namespace of their own, addresses,
 * waiting with a limit, a stream of bytes that can be checked at any offset,
 * and what the module shows under /proc.
 *
 * Functions return 0 or a count, and a negative errno after having said on
 * stderr what went wrong.
 */
#ifndef _RSESS_TEST_UTIL_H
#define _RSESS_TEST_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <netinet/in.h>

#include <linux/rsess.h>

/* No test asserts on speed: this only ends a wait that would last for ever. */
#define WAIT_MS		(20000 * slowness())
/* Each test has its own namespace, so all can use the same port. */
#define PORT		7000

/**
 * struct rise - for has_risen()
 * @name: counter
 * @from: it is to be more than this
 */
struct rise {
	const char *name;
	int64_t from;
};

#define say(fmt, ...) \
	fprintf(stderr, "# %s:%d: " fmt "\n", __func__, __LINE__, ##__VA_ARGS__)

/* How many times slower the machine is than an emulated one: RSESS_SLOW. */
int slowness(void);

/* What sockets are made over, unless a protocol is named; IPPROTO_TCP at first.  Each test
 * is a process, and may choose.
 */
extern int transport;

int netns_new(void);
int netns_inband(void);
int negotiate_set(int policy);
int loopback_up(void);

socklen_t address(struct sockaddr_storage *ss, int family, const char *host,
		  int port);
socklen_t loopback(struct sockaddr_storage *ss, int family, int port);
int port_of(const struct sockaddr_storage *ss);

int wait_for(int fd, short events);
int shell(const char *fmt, ...);
int wait_until(bool (*test)(void *arg), void *arg);
int64_t now_ms(void);

void pattern_fill(uint64_t off, void *buf, size_t len);
int pattern_check(uint64_t off, const void *buf, size_t len);

int write_all(int fd, uint64_t off, size_t len);
int read_all(int fd, uint64_t off, size_t len);
int read_eof(int fd);
int socket_error(int fd);
void set_nodelay(int fd, int protocol);

int file_write(const char *path, const char *text);
int cgroup_enter(const char *path);
int sysctl_set(const char *name, unsigned int value);
int64_t stat_get(const char *name);
bool has_risen(void *rise);
void state_print(void);
int sessions(void);
int no_sessions(void);
int program_beside(const char *name, char *path, size_t size);
int tear(int port);

#endif /* _RSESS_TEST_UTIL_H */
