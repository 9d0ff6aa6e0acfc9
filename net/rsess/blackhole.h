/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Services that SYNs with an option do not get to, see blackhole.c.
 */
#ifndef _RSESS_BLACKHOLE_H
#define _RSESS_BLACKHOLE_H

#include "session.h"

/* How a service is to be asked. */
enum rsess_path {
	RSESS_PATH_OPEN,	/* as any */
	RSESS_PATH_DOUBTED,	/* with one SYN: the option was lost there for long */
	RSESS_PATH_CLOSED,	/* not at all, for now */
};

void rsess_blackhole_note(struct rsess_net *rn, const union rsess_addr *addr);
void rsess_blackhole_clear(struct rsess_net *rn, const union rsess_addr *addr);
enum rsess_path rsess_blackhole_path(struct rsess_net *rn,
				     const union rsess_addr *addr);

#endif /* _RSESS_BLACKHOLE_H */
