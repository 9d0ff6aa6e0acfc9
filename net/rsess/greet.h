/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Handshakes: HELLO and WELCOME open a session, RESUME and RESUMED attach a
 * transport to one.
 */
#ifndef _RSESS_GREET_H
#define _RSESS_GREET_H

#include <linux/types.h>

struct rsess_sock;
struct rsess_transport;

void rsess_greet_proven(struct rsess_sock *rs);
int rsess_greet_welcome(struct rsess_sock *rs, struct rsess_transport *tr);
int rsess_greet_resumed(struct rsess_sock *rs, struct rsess_transport *tr);
void rsess_greet_work(struct rsess_transport *tr);

#endif /* _RSESS_GREET_H */
