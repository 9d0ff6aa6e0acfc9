/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How works lock an outer socket: see work.c.
 */
#ifndef _RSESS_WORK_H
#define _RSESS_WORK_H

#include <linux/types.h>

struct mem_cgroup;
struct rsess_sock;
struct rsess_transport;
struct sock;

/**
 * struct rsess_context - how allocations of a work are made
 * @noio: what was before
 * @noreclaim: what was before, if @memalloc
 * @memalloc: the socket has SOCK_MEMALLOC
 * @memcg: that was charged before
 */
struct rsess_context {
	unsigned int		noio;
	unsigned int		noreclaim;
	bool			memalloc;
	struct mem_cgroup	*memcg;
};

/**
 * enum rsess_came - what a note was left for
 * @RSESS_CAME_NOTHING: there was none
 * @RSESS_CAME_BYTES: nothing is known but that bytes have come
 * @RSESS_CAME_MORE: all that a work sees to
 */
enum rsess_came {
	RSESS_CAME_NOTHING,
	RSESS_CAME_BYTES,
	RSESS_CAME_MORE,
};

void rsess_context_enter(struct rsess_context *c, const struct sock *sk);
void rsess_context_leave(const struct rsess_context *c);

bool rsess_work_lock(struct sock *sk, struct rsess_transport *tr);
void rsess_work_unlock(struct sock *sk);
void rsess_work_later(struct rsess_sock *rs, struct rsess_transport *tr,
		      bool bytes);
enum rsess_came rsess_work_taken(struct rsess_sock *rs,
				 struct rsess_transport *tr);
bool rsess_work_trylock(struct sock *sk);
void rsess_work_ready(struct sock *sk);
void rsess_work_release(struct sock *sk);

#endif
