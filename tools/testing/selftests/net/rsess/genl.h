/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Talks to the generic netlink family of the module.
 *
 * Functions return 0 and a negative errno, which may be the kernel's answer.
 */
#ifndef _RSESS_TEST_GENL_H
#define _RSESS_TEST_GENL_H

#include <stddef.h>
#include <stdint.h>

#include <linux/genetlink.h>
#include <linux/rsess_netlink.h>

/* More than there are of any kind. */
#define ATTRS		(RSESS_A_MAX + 1)

/**
 * struct family - what there is to know of it
 * @nl: socket of NETLINK_GENERIC
 * @id: its number
 * @group: that of its events
 */
struct family {
	int nl;
	uint16_t id;
	uint32_t group;
};

/**
 * struct answer - a message of the family
 * @nlh: its header
 * @bytes: all of it
 * @a: its attributes
 */
struct answer {
	union {
		struct nlmsghdr nlh;
		char bytes[8192];
	};
	const struct nlattr *a[ATTRS];
};

const void *genl_value(const struct nlattr *a);
void genl_split(const struct nlmsghdr *nlh, const struct nlattr **to, int n);
int genl_order(int nl, uint16_t id, uint8_t cmd, int flags, int type,
	       const void *data, size_t len);
int genl_next(int nl, struct answer *r);
uint8_t genl_command(const struct answer *r);
uint64_t genl_number(const struct answer *r, int type);

int genl_all(int nl, void (*each)(const struct nlmsghdr *nlh, void *arg),
	     void *arg);

int genl_open(struct family *f);
int genl_hear(struct family *f);
int genl_expect(struct family *f, uint8_t cmd, uint64_t cookie,
		struct answer *r);
int genl_limit(struct family *f, const char *limit);

#endif /* _RSESS_TEST_GENL_H */
