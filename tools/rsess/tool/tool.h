/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rsess(8): what its commands share.
 */
#ifndef _RSESS_TOOL_H
#define _RSESS_TOOL_H

#include <libmnl/libmnl.h>

#include "filter.h"
#include "row.h"

/**
 * enum status - with which rsess ends
 * @STATUS_OK: done
 * @STATUS_FAILED: not done
 * @STATUS_USAGE: not understood
 * @STATUS_MISSING: there is no module
 * @STATUS_OLD: the module is older than this program
 * @STATUS_DENIED: the right is missing
 */
enum status {
	STATUS_OK,
	STATUS_FAILED,
	STATUS_USAGE,
	STATUS_MISSING,
	STATUS_OLD,
	STATUS_DENIED,
};

/* main.c */
int usage(const char *format, ...);

/* say.c */
extern void (*say_before)(void);
int fail(enum status status, const char *format, ...);
int fail_missing(const char *what);
int fail_errno(int err, const char *what);
void *resize(void *p, size_t n, size_t size);
void *grow(void *p, size_t n, size_t size);
bool read_line(char *buf, size_t size, const char *format, ...);
bool module_is_loaded(void);
int module_family(void);
int enter_namespace(const char *name);

/* netlink.c */

/**
 * struct netlink - a socket of netlink
 * @sock: libmnl's
 * @portid: of it
 * @seq: of the last request
 */
struct netlink {
	struct mnl_socket	*sock;
	unsigned int		portid;
	unsigned int		seq;
};

int netlink_open(struct netlink *nl, int bus);
void netlink_close(struct netlink *nl);
int netlink_ask(struct netlink *nl, struct nlmsghdr *nlh, mnl_cb_t cb, void *data);
void netlink_attributes(const struct nlattr **tb, unsigned int max,
			const struct nlmsghdr *nlh, size_t offset);
void netlink_copy(void *to, size_t size, const struct nlattr *attr);

/* socks.c */

/**
 * struct socks - those of a namespace
 * @rows: of them
 * @n: how many
 */
struct socks {
	struct row	*rows;
	size_t		n;
};

int socks_get(struct socks *s, uint32_t states);
int socks_end(struct netlink *nl, const struct row *r);
void socks_free(struct socks *s);
void addr_from_sockaddr(struct addr *a, const void *sa, size_t len);

/* select.c */

/**
 * struct selection - which sockets are meant
 * @all: also those that listen or have ended
 * @listening: those that listen
 * @processes: find out who has them, and of which unit
 * @acts: something is done to them: a service that is not to accept any more has to be named as
 *	such, and what is asked of units and processes has to be known
 * @filter: what else has to be true
 * @socks: they
 */
struct selection {
	bool		all;
	bool		listening;
	bool		processes;
	bool		acts;
	struct filter	filter;
	struct socks	socks;
};

int select_filter(struct selection *sel, char **words);
int select_socks(struct selection *sel);
void select_free(struct selection *sel);

/* processes.c */
void processes_find(struct socks *s);
void processes_free(void);

/* units.c */
int units_find(struct socks *s);
void units_free(void);

/* tcpinfo.c */
struct out;
int tcp_join(struct socks *s);
void tcp_put(struct out *o, const struct tcp_seen *tcp);
void tcp_free(void);

/* show.c */

/**
 * struct show - what is shown of a socket
 * @info: of its session, and what TCP says of the transport
 * @transport: addresses of that
 * @times: timers
 * @memory: queues
 * @processes: who has it, and its unit
 * @details: numbers that tell it apart
 */
struct show {
	bool	info;
	bool	transport;
	bool	times;
	bool	memory;
	bool	processes;
	bool	details;
};

void show_rows(const struct socks *s, const struct show *show, bool header);

/* limits.c */
bool limit_get(const char *gauge, const char **name, uint32_t *value);

/* The commands. */
int cmd_show(int argc, char **argv);
int cmd_kill(int argc, char **argv);
int cmd_resume(int argc, char **argv);
int cmd_stat(int argc, char **argv);
int cmd_limits(int argc, char **argv);
int cmd_monitor(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_drain(int argc, char **argv);

#endif /* _RSESS_TOOL_H */
