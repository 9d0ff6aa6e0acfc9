/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How works lock an outer socket: see work.c.
 */
#ifndef _RSESS_WORK_H
#define _RSESS_WORK_H

#include <linux/types.h>

struct rsess_transport;
struct sock;

bool rsess_work_lock(struct sock *sk, struct rsess_transport *tr);
void rsess_work_unlock(struct sock *sk);
void rsess_work_ready(struct sock *sk);
void rsess_work_release(struct sock *sk);

#endif
