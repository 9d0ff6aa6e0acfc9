/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Handshakes: HELLO and WELCOME open a session, RESUME and RESUMED attach a
 * transport to one.
 */
#ifndef _RSESS_HANDSHAKE_H
#define _RSESS_HANDSHAKE_H

#include <linux/types.h>

struct rsess_sock;
struct rsess_transport;

void rsess_handshake_proven(struct rsess_sock *rs);
int rsess_handshake_welcome(struct rsess_sock *rs, struct rsess_transport *tr);
int rsess_handshake_resumed(struct rsess_sock *rs, struct rsess_transport *tr);
void rsess_handshake_work(struct rsess_transport *tr);

#endif /* _RSESS_HANDSHAKE_H */
