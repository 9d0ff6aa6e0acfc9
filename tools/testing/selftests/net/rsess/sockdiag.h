/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Asks the kernel for sockets, over NETLINK_SOCK_DIAG.
 *
 * Functions return 0 or a count, and a negative errno, which may be the kernel's answer.
 */
#ifndef _RSESS_TEST_SOCKDIAG_H
#define _RSESS_TEST_SOCKDIAG_H

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rsess_diag.h>
#include <linux/sock_diag.h>

#include "util.h"

#define NO_COOKIE	UINT64_MAX
#define ALL_STATES	UINT32_MAX

/**
 * struct seen - what is told of a socket; what is not is 0
 * @msg: the message
 * @has: bit per attribute, enum rsess_diag, that came and had its length
 * @info: RSESS_DIAG_INFO
 * @id: RSESS_DIAG_ID
 * @protocol: of the transport
 * @inner: cookie of its socket
 * @local: its address
 * @peer: that of its peer
 * @memory: RSESS_DIAG_SKMEMINFO
 * @times: RSESS_DIAG_TIMES
 * @listener: RSESS_DIAG_LISTENER
 * @cgroup: RSESS_DIAG_CGROUP_ID
 */
struct seen {
	struct inet_diag_msg msg;
	uint32_t has;
	struct rsess_info info;
	unsigned char id[RSESS_ID_LEN];
	uint32_t protocol;
	uint64_t inner;
	struct sockaddr_storage local;
	struct sockaddr_storage peer;
	uint32_t memory[SK_MEMINFO_VARS];
	struct rsess_diag_times times;
	struct rsess_diag_listener listener;
	uint64_t cgroup;
};

/* A request with one attribute, or none. */
struct question {
	struct nlmsghdr nlh;
	struct inet_diag_req_v2 req;
	struct nlattr a;
	unsigned char value[64];
};

static inline bool has(const struct seen *seen, enum rsess_diag attribute)
{
	return seen->has & 1U << attribute;
}

int seen_attributes(struct seen *s, const void *attrs, int len);

int diag_open(void);
void question_init(struct question *q, int type, uint64_t cookie);
int diag_send(int nl, const struct question *q);
int diag_answers(int nl, void (*each)(const struct seen *seen, void *arg),
		 void *arg);
int diag_dump(int nl, uint32_t states,
	      void (*each)(const struct seen *seen, void *arg), void *arg);
int diag_get(int nl, uint64_t cookie, const void *id, struct seen *seen);
int diag_kill(int nl, uint64_t cookie, const void *id);
int diag_inner(int nl, const struct seen *outer, struct inet_diag_msg *msg,
	       uint64_t *cgroup);

uint64_t cookie_of(int fd);
uint64_t cookie_in(const struct inet_diag_msg *msg);
int look_at(int fd, struct seen *seen);

#endif /* _RSESS_TEST_SOCKDIAG_H */
