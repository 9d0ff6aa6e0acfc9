/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The suites of KUnit tests, one for each idea that can be tested without a
 * peer.
 */
#ifndef _RSESS_KUNIT_SUITES_H
#define _RSESS_KUNIT_SUITES_H

#include <kunit/test.h>

extern struct kunit_suite rsess_wire_suite;
extern struct kunit_suite rsess_seq_suite;
extern struct kunit_suite rsess_state_suite;
extern struct kunit_suite rsess_sendq_suite;
extern struct kunit_suite rsess_credit_suite;
extern struct kunit_suite rsess_auth_suite;
extern struct kunit_suite rsess_tag_suite;
extern struct kunit_suite rsess_journal_suite;
extern struct kunit_suite rsess_rate_suite;
extern struct kunit_suite rsess_owner_suite;
extern struct kunit_suite rsess_knock_suite;

#endif /* _RSESS_KUNIT_SUITES_H */
