/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A session within one process, from socket() to close(), for tests that look at
 * one step of it.
 *
 * Functions return 0, and a negative errno after having said what is wrong.
 */
#ifndef _RSESS_TEST_STAGE_H
#define _RSESS_TEST_STAGE_H

#include "stream.h"

/**
 * struct stage - where a call is made
 * @lfd: listener, of all stages of a test
 * @fd: client's end, or the socket that the call is about; or -1
 * @peer: server's end, or -1
 * @aux: two more descriptors
 * @out: bytes that the client's end has accepted
 * @in: bytes that the client's end has given to the reader
 * @queued: bytes that the server's end has accepted
 */
struct stage {
	int lfd;
	int fd;
	int peer;
	int aux[2];
	uint64_t out;
	uint64_t in;
	uint64_t queued;
};

void stage_init(struct stage *s, int lfd);
void stage_free(struct stage *s);
int stage_close(int *fd);

int stage_socket(struct stage *s);
int stage_nonblocking(struct stage *s);
int stage_client(struct stage *s);
int stage_accept(struct stage *s);
int stage_session(struct stage *s);

int stage_end(struct stage *s);
int stage_talk(struct stage *s);

#endif /* _RSESS_TEST_STAGE_H */
