/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Addresses that SYNs with an option do not get to, see blackhole.c.
 */
#ifndef _RSESS_BLACKHOLE_H
#define _RSESS_BLACKHOLE_H

#include "session.h"

void rsess_blackhole_note(struct rsess_net *rn, const union rsess_addr *addr);
bool rsess_blackhole_known(struct rsess_net *rn, const union rsess_addr *addr);

#endif /* _RSESS_BLACKHOLE_H */
