/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where AF_RSESS answers something else than TCP, and why.  There is no other
 * difference: a test that expects one says which, by the name it has here.
 */
#ifndef _RSESS_TEST_DIFFERS_H
#define _RSESS_TEST_DIFFERS_H

#include "line.h"

bool differs(const struct kind *kind, const char *name);
bool differs_here(const struct kind *kind, const char *what, bool really);
int differs_unused(const struct kind *kind);

#endif /* _RSESS_TEST_DIFFERS_H */
