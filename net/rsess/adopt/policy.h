/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whose sockets are adopted, see policy.c.
 */
#ifndef _RSESS_ADOPT_POLICY_H
#define _RSESS_ADOPT_POLICY_H

struct adopt_user;
struct rsess_kernel_policy;

struct adopt_user *adopt_find(unsigned long ip,
			      struct rsess_kernel_policy *policy);
void adopt_count(struct adopt_user *user);

#endif /* _RSESS_ADOPT_POLICY_H */
