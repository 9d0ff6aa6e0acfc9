/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sockets of a namespace, over NETLINK_SOCK_DIAG.
 */
#ifndef _RSESS_DIAG_H
#define _RSESS_DIAG_H

int rsess_diag_register(void);
void rsess_diag_unregister(void);

#endif /* _RSESS_DIAG_H */
