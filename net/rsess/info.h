/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a socket tells of itself, and to whom.
 */
#ifndef _RSESS_INFO_H
#define _RSESS_INFO_H

#include <linux/uidgid.h>

struct rsess_info;
struct rsess_fallback;
struct rsess_sock;
struct sock;
union rsess_addr;

void rsess_info_fill(const struct rsess_sock *rs, struct rsess_info *info);
void rsess_info_plain(const struct sock *sk, const struct rsess_fallback *plain,
		      struct rsess_info *info);
void rsess_info_names(const struct sock *sk, union rsess_addr *local,
		      union rsess_addr *peer);
bool rsess_info_may_know(const struct rsess_sock *rs, kuid_t uid, bool admin);

#endif /* _RSESS_INFO_H */
