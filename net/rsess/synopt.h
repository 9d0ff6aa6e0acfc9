/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Negotiation in the handshake of TCP, see synopt.c.
 */
#ifndef _RSESS_SYNOPT_H
#define _RSESS_SYNOPT_H

#include <net/inet_connection_sock.h>
#include "wire.h"

struct rsess_net;
struct rsess_offers;
union rsess_addr;

/* SYNs with the option that may be lost before one goes without it. */
#define RSESS_SYNOPT_TRIES	2

/* What a dialer asks of the peer while the transport connects. */
enum rsess_ask {
	RSESS_ASK_NOTHING,
	RSESS_ASK_ONCE,		/* a session, but hardly, and a connection before all */
	RSESS_ASK_SESSION,	/* a session, but a connection before all */
	RSESS_ASK_INSIST,	/* a session */
};

/**
 * struct rsess_synopt - a socket of TCP that takes part
 * @ops: stand in for @orig in icsk_af_ops
 * @orig: to be restored; NULL: they never stood in
 * @rn: listener: where offers are noted
 * @insist: dialer: every SYN has the option
 * @tries: dialer: else so many may be lost
 * @sent: dialer: SYNs that had it
 * @left_out: dialer: a SYN went without it
 * @answered: dialer: the SYN-ACK had it
 * @off: listener: no offer is answered
 * @refuse: listener: a SYN that does not ask is refused
 * @door: listener: it is for SYNs to other ports, see knock.c
 * @full: listener: who does not ask for a session is to try again later
 * @room: listener: more of those who are not accepted yet are to try again later
 *
 * Of a dialer, under the lock of the socket.  @off, @refuse, @full and @room are written at
 * any time.
 */
struct rsess_synopt {
	struct inet_connection_sock_af_ops ops;
	const struct inet_connection_sock_af_ops *orig;
	struct rsess_net	*rn;
	bool			insist;
	u8			tries;
	u8			sent;
	bool			left_out;
	bool			answered;
	bool			off;
	bool			refuse;
	bool			door;
	bool			full;
	u32			room;
};

/* What an accepted connection was offered. */
enum rsess_offer {
	RSESS_OFFER_NONE,	/* nothing: a plain peer */
	RSESS_OFFER_MADE,	/* a session; whether our answer arrived is not known */
	RSESS_OFFER_SURE,	/* a session, and it has our answer: HELLO follows */
};

int rsess_synopt_connect(struct rsess_synopt *so, struct socket *sock,
			 union rsess_addr *addr, int len, enum rsess_ask ask);
void rsess_synopt_listen(struct rsess_synopt *so, struct sock *sk,
			 struct rsess_net *rn);
void rsess_synopt_end(struct rsess_synopt *so, struct sock *sk);
enum rsess_offer rsess_synopt_offered(struct sock *child);
bool rsess_synopt_is_offer(const void *data);

int rsess_offers_init(struct net *net);
void rsess_offers_exit(struct net *net);

#endif /* _RSESS_SYNOPT_H */
