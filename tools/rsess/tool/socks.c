// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets of AF_RSESS, by NETLINK_SOCK_DIAG.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/inet_diag.h>
#include <linux/vm_sockets.h>

#include "tool.h"

/* Not in the headers of all kernels that this is built with. */
#ifndef SOCK_DESTROY
#define SOCK_DESTROY	21
#endif

/**
 * addr_from_sockaddr() - an address as the kernel has it
 * @a: is set
 * @sa: struct sockaddr_in, sockaddr_in6 or sockaddr_vm, aligned or not
 * @len: of it
 */
void addr_from_sockaddr(struct addr *a, const void *sa, size_t len)
{
	union {
		struct sockaddr		sa;
		struct sockaddr_in	in;
		struct sockaddr_in6	in6;
		struct sockaddr_vm	vm;
	} u = {};

	memset(a, 0, sizeof(*a));
	memcpy(&u, sa, len < sizeof(u) ? len : sizeof(u));
	a->family = u.sa.sa_family;
	switch (a->family) {
	case AF_INET:
		memcpy(a->host, &u.in.sin_addr, sizeof(u.in.sin_addr));
		a->port = ntohs(u.in.sin_port);
		break;
	case AF_INET6:
		memcpy(a->host, &u.in6.sin6_addr, sizeof(u.in6.sin6_addr));
		a->port = ntohs(u.in6.sin6_port);
		break;
	case AF_VSOCK:
		memcpy(a->host, &u.vm.svm_cid, sizeof(u.vm.svm_cid));
		a->port = u.vm.svm_port;
		break;
	}
}

static void addr_from_diag(struct addr *a, int family, const __be32 *host,
			   __be16 port)
{
	a->family = family;
	memcpy(a->host, host, family == AF_INET6 ? 16 : 4);
	a->port = family == AF_VSOCK ? host[1] : ntohs(port);
}

static uint64_t cookie_of(const uint32_t *cookie)
{
	return cookie[0] | (uint64_t)cookie[1] << 32;
}

static void parse_addr(struct addr *a, const struct nlattr *attr)
{
	if (attr)
		addr_from_sockaddr(a, mnl_attr_get_payload(attr),
				   mnl_attr_get_payload_len(attr));
}

static void parse_transport(struct row *r, const struct nlattr *nest)
{
	const struct nlattr *tb[RSESS_DIAG_TRANSPORT_MAX + 1] = {}, *attr;
	uint32_t cookie[2];

	mnl_attr_for_each_nested(attr, nest)
		if (mnl_attr_get_type(attr) <= RSESS_DIAG_TRANSPORT_MAX)
			tb[mnl_attr_get_type(attr)] = attr;
	netlink_copy(&r->protocol, sizeof(r->protocol),
		     tb[RSESS_DIAG_TRANSPORT_PROTOCOL]);
	netlink_copy(cookie, sizeof(cookie), tb[RSESS_DIAG_TRANSPORT_COOKIE]);
	r->transport = cookie_of(cookie);
	parse_addr(&r->inner_local, tb[RSESS_DIAG_TRANSPORT_LOCAL]);
	parse_addr(&r->inner_peer, tb[RSESS_DIAG_TRANSPORT_PEER]);
	r->has_transport = true;
}

static void parse_attributes(struct row *r, const struct nlmsghdr *nlh)
{
	const struct nlattr *tb[RSESS_DIAG_MAX + 1];

	netlink_attributes(tb, RSESS_DIAG_MAX, nlh, sizeof(struct inet_diag_msg));
	netlink_copy(&r->info, sizeof(r->info), tb[RSESS_DIAG_INFO]);
	netlink_copy(&r->times, sizeof(r->times), tb[RSESS_DIAG_TIMES]);
	netlink_copy(&r->waits, sizeof(r->waits), tb[RSESS_DIAG_LISTENER]);
	netlink_copy(&r->mem, sizeof(r->mem), tb[RSESS_DIAG_SKMEMINFO]);
	netlink_copy(&r->cgroup, sizeof(r->cgroup), tb[RSESS_DIAG_CGROUP_ID]);
	r->has_id = tb[RSESS_DIAG_ID];
	r->has_times = tb[RSESS_DIAG_TIMES];
	r->has_waits = tb[RSESS_DIAG_LISTENER];
	r->has_mem = tb[RSESS_DIAG_SKMEMINFO];
	if (tb[RSESS_DIAG_TRANSPORT])
		parse_transport(r, tb[RSESS_DIAG_TRANSPORT]);
}

static void parse(struct row *r, const struct nlmsghdr *nlh)
{
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(nlh);

	memset(r, 0, sizeof(*r));
	r->state = m->idiag_state % 32;
	r->uid = m->idiag_uid;
	r->inode = m->idiag_inode;
	r->recv_q = m->idiag_rqueue;
	r->send_q = m->idiag_wqueue;
	r->cookie = cookie_of(m->id.idiag_cookie);
	addr_from_diag(&r->local, m->idiag_family, m->id.idiag_src,
		       m->id.idiag_sport);
	addr_from_diag(&r->peer, m->idiag_family, m->id.idiag_dst,
		       m->id.idiag_dport);
	parse_attributes(r, nlh);
}

static int take(const struct nlmsghdr *nlh, void *data)
{
	struct socks *s = data;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct inet_diag_msg))
		return MNL_CB_OK;
	s->rows = grow(s->rows, s->n, sizeof(*s->rows));
	parse(&s->rows[s->n++], nlh);
	return MNL_CB_OK;
}

static struct inet_diag_req_v2 *request(char *buf, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct inet_diag_req_v2 *req;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	req = mnl_nlmsg_put_extra_header(nlh, sizeof(*req));
	req->sdiag_family = module_family();
	return req;
}

/**
 * socks_get() - all sockets of the namespace
 * @s: is set; socks_free() must follow
 * @states: in which they are, a mask
 */
int socks_get(struct socks *s, uint32_t states)
{
	char buf[256];
	struct netlink nl;
	int err;

	memset(s, 0, sizeof(*s));
	err = netlink_open(&nl, NETLINK_SOCK_DIAG);
	if (err)
		return err;
	request(buf, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP)->idiag_states = states;
	err = netlink_ask(&nl, (struct nlmsghdr *)buf, take, s);
	netlink_close(&nl);
	if (err == -ENOENT)
		return fail_missing("NETLINK_SOCK_DIAG");
	return err ? fail_errno(err, "sockets") : STATUS_OK;
}

/**
 * socks_end() - end a socket
 * @nl: of NETLINK_SOCK_DIAG
 * @r: socket
 *
 * Return: 0 or a negative errno.
 */
int socks_end(struct netlink *nl, const struct row *r)
{
	char buf[256];
	struct inet_diag_req_v2 *req = request(buf, SOCK_DESTROY, 0);

	req->id.idiag_cookie[0] = r->cookie;
	req->id.idiag_cookie[1] = r->cookie >> 32;
	return netlink_ask(nl, (struct nlmsghdr *)buf, NULL, NULL);
}

void socks_free(struct socks *s)
{
	free(s->rows);
	memset(s, 0, sizeof(*s));
}
