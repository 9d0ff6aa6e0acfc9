/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The same calls made on a TCP socket and on one of another kind: every answer
 * has to be the same, or be one of the differences of differs.c.
 */
#ifndef _RSESS_TEST_COMPARE_H
#define _RSESS_TEST_COMPARE_H

#include "differs.h"

/**
 * struct answer - what a call said
 * @what: which call, and in which state
 * @ret: what it returned
 * @err: errno, if it returned -1
 * @len: bytes of @value
 * @value: what it wrote, at most so much
 */
struct answer {
	char what[72];
	long ret;
	int err;
	unsigned int len;
	unsigned char value[48];
};

#define ANSWERS_MAX	65536

/**
 * struct answers - what all calls said
 * @n: how many
 * @a: in the order in which they were made
 */
struct answers {
	unsigned int n;
	struct answer a[ANSWERS_MAX];
};

/**
 * typedef ask_t - makes calls and notes the answers
 * @l: what to make them on; nothing is open but the listener
 * @as: where to note the answers
 * @arg: as given to compare()
 *
 * Return: 0, or a negative errno when a state could not be had.
 */
typedef int (*ask_t)(struct line *l, struct answers *as, const void *arg);

struct answer *answer(struct answers *as, long ret, const char *fmt, ...);
void answer_value(struct answer *a, const void *value, size_t len);
int compare(const struct kind *kind, ask_t ask, const void *arg);

#endif /* _RSESS_TEST_COMPARE_H */
