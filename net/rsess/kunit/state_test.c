// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the states: the whole table, and the ways in which sessions end.
 */
#include <kunit/test.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <net/tcp_states.h>
#include "../state.h"
#include "suites.h"

/* --- rsess_state_next() --- */

/* For each state of TCP the next one by event, in the order of enum
 * rsess_event.
 */
static const struct state_case {
	int	state;
	int	next[RSESS_EV_MAX];
} states[] = {
#define ROW(state, agreed, snd_fin, fin_acked, rcv_fin, released, dead)	\
	{ TCP_##state, { TCP_##agreed, TCP_##snd_fin, TCP_##fin_acked,	\
			 TCP_##rcv_fin, TCP_##released, TCP_##dead } }

	ROW(SYN_SENT,
	    ESTABLISHED, SYN_SENT, SYN_SENT, SYN_SENT, SYN_SENT, CLOSE),
	ROW(ESTABLISHED,
	    ESTABLISHED, FIN_WAIT1, ESTABLISHED, CLOSE_WAIT, ESTABLISHED, CLOSE),
	ROW(FIN_WAIT1,
	    FIN_WAIT1, FIN_WAIT1, FIN_WAIT2, CLOSING, FIN_WAIT1, CLOSE),
	ROW(FIN_WAIT2,
	    FIN_WAIT2, FIN_WAIT2, FIN_WAIT2, TIME_WAIT, FIN_WAIT2, CLOSE),
	ROW(CLOSING,
	    CLOSING, CLOSING, TIME_WAIT, CLOSING, CLOSING, CLOSE),
	ROW(TIME_WAIT,
	    TIME_WAIT, TIME_WAIT, TIME_WAIT, TIME_WAIT, CLOSE, CLOSE),
	ROW(CLOSE_WAIT,
	    CLOSE_WAIT, LAST_ACK, CLOSE_WAIT, CLOSE_WAIT, CLOSE_WAIT, CLOSE),
	ROW(LAST_ACK,
	    LAST_ACK, LAST_ACK, CLOSE, LAST_ACK, LAST_ACK, CLOSE),

	/* Nothing happens to what is not a session, or not any more. */
	ROW(CLOSE,
	    CLOSE, CLOSE, CLOSE, CLOSE, CLOSE, CLOSE),
	ROW(LISTEN,
	    LISTEN, LISTEN, LISTEN, LISTEN, LISTEN, LISTEN),
	ROW(SYN_RECV,
	    SYN_RECV, SYN_RECV, SYN_RECV, SYN_RECV, SYN_RECV, SYN_RECV),
	ROW(NEW_SYN_RECV,
	    NEW_SYN_RECV, NEW_SYN_RECV, NEW_SYN_RECV, NEW_SYN_RECV,
	    NEW_SYN_RECV, NEW_SYN_RECV),
#undef ROW
};

static void state_desc(const struct state_case *s, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "state %d %s", s->state,
		 rsess_state_name(s->state));
}

KUNIT_ARRAY_PARAM(states, states, state_desc);

static void rsess_state_next__table(struct kunit *test)
{
	const struct state_case *s = test->param_value;
	int ev;

	for (ev = 0; ev < RSESS_EV_MAX; ev++)
		KUNIT_EXPECT_EQ_MSG(test, rsess_state_next(s->state, ev),
				    s->next[ev], "event %d", ev);
}

/* Each state stands in the table above once; the column of an event is the one
 * meant.
 */
static void rsess_state_next__table_is_whole(struct kunit *test)
{
	unsigned long seen = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		KUNIT_EXPECT_FALSE(test, seen & BIT(states[i].state));
		seen |= BIT(states[i].state);
	}
	KUNIT_EXPECT_EQ(test, seen, GENMASK(TCP_NEW_SYN_RECV, 1));
	KUNIT_EXPECT_EQ(test, RSESS_EV_AGREED, 0);
	KUNIT_EXPECT_EQ(test, RSESS_EV_SND_FIN, 1);
	KUNIT_EXPECT_EQ(test, RSESS_EV_FIN_ACKED, 2);
	KUNIT_EXPECT_EQ(test, RSESS_EV_RCV_FIN, 3);
	KUNIT_EXPECT_EQ(test, RSESS_EV_RELEASED, 4);
	KUNIT_EXPECT_EQ(test, RSESS_EV_DEAD, 5);
	KUNIT_EXPECT_EQ(test, RSESS_EV_MAX, 6);
}

static void rsess_state_next__state_out_of_range(struct kunit *test)
{
	static const int numbers[] = {
		INT_MIN, -1, 0, TCP_MAX_STATES, TCP_MAX_STATES + 1, 255, 256,
		INT_MAX,
	};
	int i, ev;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		for (ev = 0; ev < RSESS_EV_MAX; ev++)
			KUNIT_EXPECT_EQ(test, rsess_state_next(numbers[i], ev),
					numbers[i]);
}

static void rsess_state_next__event_out_of_range(struct kunit *test)
{
	static const int numbers[] = {
		INT_MIN, -1, RSESS_EV_MAX, RSESS_EV_MAX + 1, 255, INT_MAX,
	};
	int i, state;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		for (state = 1; state < TCP_MAX_STATES; state++)
			KUNIT_EXPECT_EQ(test,
					rsess_state_next(state, numbers[i]),
					state);
}

/* --- ways through the table --- */

struct step {
	enum rsess_event	ev;
	int			state;
};

/* Events one after the other, and the state after each. */
static void walk(struct kunit *test, int state, const struct step *step, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		state = rsess_state_next(state, step[i].ev);
		KUNIT_EXPECT_EQ_MSG(test, state, step[i].state, "step %d", i);
	}
}

static void rsess_state_next__we_close_first(struct kunit *test)
{
	static const struct step steps[] = {
		{ RSESS_EV_AGREED,	TCP_ESTABLISHED },
		{ RSESS_EV_SND_FIN,	TCP_FIN_WAIT1 },
		{ RSESS_EV_FIN_ACKED,	TCP_FIN_WAIT2 },
		{ RSESS_EV_RCV_FIN,	TCP_TIME_WAIT },
		{ RSESS_EV_RELEASED,	TCP_CLOSE },
	};

	walk(test, TCP_SYN_SENT, steps, ARRAY_SIZE(steps));
}

static void rsess_state_next__peer_closes_first(struct kunit *test)
{
	static const struct step steps[] = {
		{ RSESS_EV_RCV_FIN,	TCP_CLOSE_WAIT },
		{ RSESS_EV_SND_FIN,	TCP_LAST_ACK },
		{ RSESS_EV_FIN_ACKED,	TCP_CLOSE },
	};

	walk(test, TCP_ESTABLISHED, steps, ARRAY_SIZE(steps));
}

static void rsess_state_next__both_close_at_once(struct kunit *test)
{
	static const struct step steps[] = {
		{ RSESS_EV_SND_FIN,	TCP_FIN_WAIT1 },
		{ RSESS_EV_RCV_FIN,	TCP_CLOSING },
		{ RSESS_EV_FIN_ACKED,	TCP_TIME_WAIT },
		{ RSESS_EV_RELEASED,	TCP_CLOSE },
	};

	walk(test, TCP_ESTABLISHED, steps, ARRAY_SIZE(steps));
}

/* We have ended our direction; the peer's goes on as long as it likes. */
static void rsess_state_next__half_close_by_us(struct kunit *test)
{
	static const struct step steps[] = {
		{ RSESS_EV_SND_FIN,	TCP_FIN_WAIT1 },
		{ RSESS_EV_RELEASED,	TCP_FIN_WAIT1 },
		{ RSESS_EV_FIN_ACKED,	TCP_FIN_WAIT2 },
		{ RSESS_EV_FIN_ACKED,	TCP_FIN_WAIT2 },
		{ RSESS_EV_RELEASED,	TCP_FIN_WAIT2 },
		{ RSESS_EV_SND_FIN,	TCP_FIN_WAIT2 },
		{ RSESS_EV_RCV_FIN,	TCP_TIME_WAIT },
	};

	walk(test, TCP_ESTABLISHED, steps, ARRAY_SIZE(steps));
}

static void rsess_state_next__half_close_by_peer(struct kunit *test)
{
	static const struct step steps[] = {
		{ RSESS_EV_RCV_FIN,	TCP_CLOSE_WAIT },
		{ RSESS_EV_RCV_FIN,	TCP_CLOSE_WAIT },
		{ RSESS_EV_RELEASED,	TCP_CLOSE_WAIT },
		{ RSESS_EV_SND_FIN,	TCP_LAST_ACK },
	};

	walk(test, TCP_ESTABLISHED, steps, ARRAY_SIZE(steps));
}

static void rsess_state_next__nothing_leaves_close(struct kunit *test)
{
	int ev;

	for (ev = 0; ev < RSESS_EV_MAX; ev++)
		KUNIT_EXPECT_EQ(test, rsess_state_next(TCP_CLOSE, ev),
				TCP_CLOSE);
}

/* What can happen while two peers end a session: each sends its FIN, each FIN
 * arrives, and each FIN's acknowledgment arrives.
 */
enum { SENT_A, SENT_B, ARRIVED_A, ARRIVED_B, ACKED_A, ACKED_B, HAPPENINGS };

/* Goes through all orders that keep cause before effect; returns how many. */
static int close_orders(struct kunit *test, unsigned long done, int a, int b)
{
	int i, n = 0;

	if (done == GENMASK(HAPPENINGS - 1, 0)) {
		a = rsess_state_next(a, RSESS_EV_RELEASED);
		b = rsess_state_next(b, RSESS_EV_RELEASED);
		KUNIT_EXPECT_EQ(test, a, TCP_CLOSE);
		KUNIT_EXPECT_EQ(test, b, TCP_CLOSE);
		return 1;
	}
	for (i = 0; i < HAPPENINGS; i++) {
		bool to_a = i == SENT_A || i == ARRIVED_B || i == ACKED_A;
		enum rsess_event ev = i <= SENT_B ? RSESS_EV_SND_FIN :
				      i <= ARRIVED_B ? RSESS_EV_RCV_FIN :
						       RSESS_EV_FIN_ACKED;
		int old = to_a ? a : b, new = rsess_state_next(old, ev);

		if (done & BIT(i) || (i >= ARRIVED_A && !(done & BIT(i - 2))))
			continue;
		KUNIT_EXPECT_NE(test, new, old);
		n += close_orders(test, done | BIT(i), to_a ? new : a,
				  to_a ? b : new);
	}
	return n;
}

static void rsess_state_next__every_order_of_a_close(struct kunit *test)
{
	/* Two chains of three, interleaved. */
	KUNIT_EXPECT_EQ(test, close_orders(test, 0, TCP_ESTABLISHED,
					   TCP_ESTABLISHED), 20);
}

/* --- rsess_state_name() --- */

static void rsess_state_name__names(struct kunit *test)
{
	static const struct {
		int		state;
		const char	*name;
	} names[] = {
		{ TCP_ESTABLISHED,	"ESTABLISHED" },
		{ TCP_SYN_SENT,		"SYN_SENT" },
		{ TCP_FIN_WAIT1,	"FIN_WAIT1" },
		{ TCP_FIN_WAIT2,	"FIN_WAIT2" },
		{ TCP_TIME_WAIT,	"TIME_WAIT" },
		{ TCP_CLOSE,		"CLOSE" },
		{ TCP_CLOSE_WAIT,	"CLOSE_WAIT" },
		{ TCP_LAST_ACK,		"LAST_ACK" },
		{ TCP_LISTEN,		"LISTEN" },
		{ TCP_CLOSING,		"CLOSING" },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		KUNIT_EXPECT_STREQ(test, rsess_state_name(names[i].state),
				   names[i].name);
}

static void rsess_state_name__no_state(struct kunit *test)
{
	static const int numbers[] = {
		INT_MIN, -1, 0, TCP_SYN_RECV, TCP_NEW_SYN_RECV, TCP_MAX_STATES,
		255, INT_MAX,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		KUNIT_EXPECT_STREQ(test, rsess_state_name(numbers[i]), "?");
}

static struct kunit_case state_cases[] = {
	KUNIT_CASE_PARAM(rsess_state_next__table, states_gen_params),
	KUNIT_CASE(rsess_state_next__table_is_whole),
	KUNIT_CASE(rsess_state_next__state_out_of_range),
	KUNIT_CASE(rsess_state_next__event_out_of_range),
	KUNIT_CASE(rsess_state_next__we_close_first),
	KUNIT_CASE(rsess_state_next__peer_closes_first),
	KUNIT_CASE(rsess_state_next__both_close_at_once),
	KUNIT_CASE(rsess_state_next__half_close_by_us),
	KUNIT_CASE(rsess_state_next__half_close_by_peer),
	KUNIT_CASE(rsess_state_next__nothing_leaves_close),
	KUNIT_CASE(rsess_state_next__every_order_of_a_close),
	KUNIT_CASE(rsess_state_name__names),
	KUNIT_CASE(rsess_state_name__no_state),
	{ }
};

struct kunit_suite rsess_state_suite = {
	.name = "rsess_state",
	.test_cases = state_cases,
};
