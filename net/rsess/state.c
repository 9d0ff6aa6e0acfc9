// SPDX-License-Identifier: GPL-2.0
/*
 * States of a session, with TCP's names and meaning (RFC 9293, figure 5; the
 * paper, figure 2).  The transport below comes and goes without a change here.
 *
 *                 SYN_SENT (dialer only)
 *                     | agreed
 *                ESTABLISHED ------------- rcv FIN ------> CLOSE_WAIT
 *                     | snd FIN                                | snd FIN
 *                 FIN_WAIT1 --- rcv FIN ---> CLOSING       LAST_ACK
 *                     | FIN acked               | FIN acked    | FIN acked
 *                 FIN_WAIT2 --- rcv FIN ---> TIME_WAIT         |
 *                                               | released     |
 *                                             CLOSE <----------+
 *
 * In TIME_WAIT all is confirmed to us, but the peer may still wait for our last
 * acknowledgment, so the session must be able to say it once more.  From
 * LAST_ACK there is nothing left to say: the peer's FIN came before ours, so
 * the acknowledgment of ours confirms that it had our acknowledgment of its.
 */
#include <net/tcp_states.h>
#include "state.h"
#include "kunit_export.h"

/* One row per state; an event that is not in the row leaves the state. */
static const unsigned char rsess_states[TCP_MAX_STATES][RSESS_EV_MAX] = {
	[TCP_SYN_SENT] = {
		[RSESS_EV_AGREED]	= TCP_ESTABLISHED,
		[RSESS_EV_DEAD]		= TCP_CLOSE,
	},
	[TCP_ESTABLISHED] = {
		[RSESS_EV_SND_FIN]	= TCP_FIN_WAIT1,
		[RSESS_EV_RCV_FIN]	= TCP_CLOSE_WAIT,
		[RSESS_EV_DEAD]		= TCP_CLOSE,
	},
	[TCP_FIN_WAIT1] = {
		[RSESS_EV_FIN_ACKED]	= TCP_FIN_WAIT2,
		[RSESS_EV_RCV_FIN]	= TCP_CLOSING,
		[RSESS_EV_DEAD]		= TCP_CLOSE,
	},
	[TCP_FIN_WAIT2] = {
		[RSESS_EV_RCV_FIN]	= TCP_TIME_WAIT,
		[RSESS_EV_DEAD]		= TCP_CLOSE,
	},
	[TCP_CLOSING] = {
		[RSESS_EV_FIN_ACKED]	= TCP_TIME_WAIT,
		[RSESS_EV_DEAD]		= TCP_CLOSE,
	},
	[TCP_TIME_WAIT] = {
		[RSESS_EV_RELEASED]	= TCP_CLOSE,
		[RSESS_EV_DEAD]		= TCP_CLOSE,
	},
	[TCP_CLOSE_WAIT] = {
		[RSESS_EV_SND_FIN]	= TCP_LAST_ACK,
		[RSESS_EV_DEAD]		= TCP_CLOSE,
	},
	[TCP_LAST_ACK] = {
		[RSESS_EV_FIN_ACKED]	= TCP_CLOSE,
		[RSESS_EV_DEAD]		= TCP_CLOSE,
	},
};

/**
 * rsess_state_next() - the state after an event
 * @state: TCP_ESTABLISHED, ...
 * @ev: what happened
 *
 * Return: the new state, or @state when the event means nothing in it.
 */
int rsess_state_next(int state, enum rsess_event ev)
{
	if (state <= 0 || state >= TCP_MAX_STATES || ev >= RSESS_EV_MAX)
		return state;
	return rsess_states[state][ev] ?: state;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_state_next);

/**
 * rsess_state_name() - a state's name for people
 * @state: TCP_ESTABLISHED, ...
 *
 * Return: "ESTABLISHED", ...; "?" for a number that is no state.
 */
const char *rsess_state_name(int state)
{
	static const char * const names[TCP_MAX_STATES] = {
		[TCP_ESTABLISHED]	= "ESTABLISHED",
		[TCP_SYN_SENT]		= "SYN_SENT",
		[TCP_FIN_WAIT1]		= "FIN_WAIT1",
		[TCP_FIN_WAIT2]		= "FIN_WAIT2",
		[TCP_TIME_WAIT]		= "TIME_WAIT",
		[TCP_CLOSE]		= "CLOSE",
		[TCP_CLOSE_WAIT]	= "CLOSE_WAIT",
		[TCP_LAST_ACK]		= "LAST_ACK",
		[TCP_LISTEN]		= "LISTEN",
		[TCP_CLOSING]		= "CLOSING",
	};

	if (state <= 0 || state >= TCP_MAX_STATES || !names[state])
		return "?";
	return names[state];
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_state_name);
