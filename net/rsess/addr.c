// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses of the families that transports have.
 */
#include <linux/string.h>
#include <net/ipv6.h>
#include "addr.h"

/**
 * rsess_addr_len() - bytes of an address
 * @family: AF_INET, AF_INET6 or AF_VSOCK
 */
int rsess_addr_len(u16 family)
{
	switch (family) {
	case AF_INET6:
		return sizeof(struct sockaddr_in6);
	case AF_VSOCK:
		return sizeof(struct sockaddr_vm);
	default:
		return sizeof(struct sockaddr_in);
	}
}

/**
 * rsess_addr_least() - bytes of an address that connect() needs
 * @family: AF_INET, AF_INET6 or AF_VSOCK
 *
 * Over IPv6 it takes one without the scope.
 */
int rsess_addr_least(u16 family)
{
	return family == AF_INET6 ?
	       (int)offsetofend(struct sockaddr_in6, sin6_addr) :
	       rsess_addr_len(family);
}

/**
 * rsess_addr_any() - the address of a socket that was not bound
 * @addr: to be filled in
 * @family: AF_INET, AF_INET6 or AF_VSOCK
 */
void rsess_addr_any(union rsess_addr *addr, u16 family)
{
	memset(addr, 0, sizeof(*addr));
	addr->sa.sa_family = family;
	if (family != AF_VSOCK)
		return;
	addr->vm.svm_cid = VMADDR_CID_ANY;
	addr->vm.svm_port = VMADDR_PORT_ANY;
}

/**
 * rsess_addr_has_port() - is there a port?
 * @addr: any address; one that is not known has none
 */
bool rsess_addr_has_port(const union rsess_addr *addr)
{
	if (addr->sa.sa_family == AF_VSOCK)
		return addr->vm.svm_port != VMADDR_PORT_ANY;
	return addr->in.sin_port;	/* sin6_port is at the same place */
}

/**
 * rsess_addr_set_port() - take the port of another address
 * @addr: to be changed
 * @from: of the same family
 */
void rsess_addr_set_port(union rsess_addr *addr, const union rsess_addr *from)
{
	if (addr->sa.sa_family == AF_VSOCK)
		addr->vm.svm_port = from->vm.svm_port;
	else
		addr->in.sin_port = from->in.sin_port;	/* as above */
}

/**
 * rsess_addr_equal() - are two addresses the same to bind()?
 * @a: one
 * @b: the other
 */
bool rsess_addr_equal(const union rsess_addr *a, const union rsess_addr *b)
{
	if (a->sa.sa_family != b->sa.sa_family)
		return false;
	switch (a->sa.sa_family) {
	case AF_INET6:
		return a->in6.sin6_port == b->in6.sin6_port &&
		       a->in6.sin6_scope_id == b->in6.sin6_scope_id &&
		       !memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr,
			       sizeof(a->in6.sin6_addr));
	case AF_VSOCK:
		return a->vm.svm_port == b->vm.svm_port &&
		       a->vm.svm_cid == b->vm.svm_cid;
	default:
		return a->in.sin_port == b->in.sin_port &&
		       a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
	}
}

/**
 * rsess_addr_host() - the address without its port
 * @addr: the address
 * @host: to be filled in; what is not of IPv6 is mapped as IPv4 is
 */
void rsess_addr_host(const union rsess_addr *addr, struct in6_addr *host)
{
	switch (addr->sa.sa_family) {
	case AF_INET6:
		*host = addr->in6.sin6_addr;
		break;
	case AF_VSOCK:
		ipv6_addr_set_v4mapped(htonl(addr->vm.svm_cid), host);
		break;
	default:
		ipv6_addr_set_v4mapped(addr->in.sin_addr.s_addr, host);
		break;
	}
}
