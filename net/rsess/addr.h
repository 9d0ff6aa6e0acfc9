/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Addresses of the families that transports have.
 */
#ifndef _RSESS_ADDR_H
#define _RSESS_ADDR_H

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/socket.h>
#include <linux/vm_sockets.h>

/* Its family is 0 as long as it is not known. */
union rsess_addr {
	struct sockaddr		sa;
	struct sockaddr_in	in;
	struct sockaddr_in6	in6;
	struct sockaddr_vm	vm;
};

int rsess_addr_len(u16 family);
int rsess_addr_least(u16 family);
void rsess_addr_any(union rsess_addr *addr, u16 family);
bool rsess_addr_has_port(const union rsess_addr *addr);
void rsess_addr_set_port(union rsess_addr *addr, const union rsess_addr *from);
bool rsess_addr_equal(const union rsess_addr *a, const union rsess_addr *b);
void rsess_addr_host(const union rsess_addr *addr, struct in6_addr *host);

#endif /* _RSESS_ADDR_H */
