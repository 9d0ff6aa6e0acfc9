/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The life of a session's two directions.  Pure function, any context.
 */
#ifndef _RSESS_STATE_H
#define _RSESS_STATE_H

/**
 * enum rsess_event - what moves a session from state to state
 * @RSESS_EV_AGREED: HELLO and WELCOME have passed
 * @RSESS_EV_SND_FIN: the application ended its direction; FIN is queued
 * @RSESS_EV_FIN_ACKED: the peer's session acknowledged our FIN
 * @RSESS_EV_RCV_FIN: the peer's FIN is in order
 * @RSESS_EV_RELEASED: the peer needs nothing more from us: it closed its
 *	transport in order, or does not know the session any more
 * @RSESS_EV_DEAD: the session failed or was cut
 */
enum rsess_event {
	RSESS_EV_AGREED,
	RSESS_EV_SND_FIN,
	RSESS_EV_FIN_ACKED,
	RSESS_EV_RCV_FIN,
	RSESS_EV_RELEASED,
	RSESS_EV_DEAD,
	RSESS_EV_MAX,
};

int rsess_state_next(int state, enum rsess_event ev);
const char *rsess_state_name(int state);

#endif /* _RSESS_STATE_H */
