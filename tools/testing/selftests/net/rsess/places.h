/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The states that a socket can be in, as the application sees them.
 */
#ifndef _RSESS_TEST_PLACES_H
#define _RSESS_TEST_PLACES_H

#include "line.h"

int place_enter(struct line *l, const char *name);
void place_leave(struct line *l);

#endif /* _RSESS_TEST_PLACES_H */
