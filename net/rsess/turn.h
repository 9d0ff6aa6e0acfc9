/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Turns to dial again, see turn.c.
 */
#ifndef _RSESS_TURN_H
#define _RSESS_TURN_H

#include <linux/types.h>

struct rsess_net;
struct rsess_sock;

void rsess_turn_init(struct rsess_net *rn);
void rsess_turn_exit(struct rsess_net *rn);

bool rsess_turn_take(struct rsess_sock *rs);
bool rsess_turn_has_come(struct rsess_sock *rs);
void rsess_turn_leave(struct rsess_sock *rs);
void rsess_turn_answered(struct rsess_sock *rs);

#endif /* _RSESS_TURN_H */
