/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Transports whose handshake cannot carry a question, see inband.c.
 */
#ifndef _RSESS_INBAND_H
#define _RSESS_INBAND_H

#include "transport.h"

int rsess_inband_connect(struct rsess_transport *tr, union rsess_addr *addr,
			 int len, enum rsess_ask ask);
enum rsess_answer_kind rsess_inband_answer(struct rsess_transport *tr);
void rsess_inband_end(struct rsess_transport *tr);
int rsess_inband_listen(struct rsess_listener *lsn);
void rsess_inband_answers(struct rsess_listener *lsn, bool on);
enum rsess_offer rsess_inband_offered(struct socket *sock);

/* For struct rsess_transport_ops. */
#define RSESS_INBAND_OPS						\
	.connect	= rsess_inband_connect,				\
	.answer		= rsess_inband_answer,				\
	.end		= rsess_inband_end,				\
	.set_listen_offer = rsess_inband_answers,			\
	.peer_offer	= rsess_inband_offered

#endif /* _RSESS_INBAND_H */
