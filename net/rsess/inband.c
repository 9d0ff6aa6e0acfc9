// SPDX-License-Identifier: GPL-2.0
/*
 * Transports whose handshake cannot carry a question.  Who wants a session over one
 * has to require it, at both ends: HELLO is what the dialer says first, and what the
 * listener waits for.  Otherwise there is none.
 */
#include <linux/net.h>
#include "compat.h"
#include "inband.h"

/**
 * rsess_inband_connect() - &rsess_transport_ops.connect
 * @tr: transport
 * @addr: where to
 * @len: its bytes
 * @ask: cannot be asked
 */
int rsess_inband_connect(struct rsess_transport *tr, union rsess_addr *addr,
			 int len, enum rsess_ask ask)
{
	return kernel_connect(tr->sock, (struct sockaddr_unsized *)addr, len,
			      O_NONBLOCK);
}

/**
 * rsess_inband_answer() - &rsess_transport_ops.answer
 * @tr: transport
 */
enum rsess_answer_kind rsess_inband_answer(struct rsess_transport *tr)
{
	return RSESS_ANSWER_NO;
}

/**
 * rsess_inband_end() - &rsess_transport_ops.end
 * @tr: transport
 */
void rsess_inband_end(struct rsess_transport *tr)
{
}

/**
 * rsess_inband_listen() - &rsess_transport_ops.listen
 * @lsn: listener
 */
int rsess_inband_listen(struct rsess_listener *lsn)
{
	return 0;
}

/**
 * rsess_inband_answers() - &rsess_transport_ops.set_listen_offer
 * @lsn: listener
 * @on: cannot be said
 */
void rsess_inband_answers(struct rsess_listener *lsn, bool on)
{
}

/**
 * rsess_inband_offered() - &rsess_transport_ops.peer_offer
 * @sock: inner socket
 */
enum rsess_offer rsess_inband_offered(struct socket *sock)
{
	return RSESS_OFFER_NONE;
}
