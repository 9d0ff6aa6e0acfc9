// SPDX-License-Identifier: GPL-2.0
/*
 * Resets connections as "ss -K" does, without the cost of a process.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/tcp.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>

#include "destroy.h"

/**
 * struct found - connections of a port
 * @port: of this side, in network byte order
 * @id: what names them
 * @n: how many
 * @room: for how many there is room in @id
 */
struct found {
	uint16_t port;
	struct inet_diag_sockid *id;
	int n;
	int room;
};

static struct inet_diag_req_v2 *request(char *buf, int type, int flags)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct inet_diag_req_v2 *req;

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | flags;
	req = mnl_nlmsg_put_extra_header(h, sizeof(*req));
	req->sdiag_family = AF_INET;
	req->sdiag_protocol = IPPROTO_TCP;
	req->idiag_states = 1 << TCP_ESTABLISHED;
	return req;
}

static int keep(const struct nlmsghdr *h, void *arg)
{
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(h);
	struct found *f = arg;

	if (m->id.idiag_sport != f->port)
		return MNL_CB_OK;
	if (f->n == f->room) {
		f->room = f->room * 2 + 16;
		f->id = realloc(f->id, f->room * sizeof(*f->id));
		if (!f->id)
			return MNL_CB_ERROR;
	}
	f->id[f->n++] = m->id;
	return MNL_CB_OK;
}

static int find(struct mnl_socket *nl, struct found *f)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	ssize_t n;
	int ret;

	request(buf, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
	if (mnl_socket_sendto(nl, buf, ((struct nlmsghdr *)buf)->nlmsg_len) < 0)
		return -errno;
	do {
		n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (n < 0)
			return -errno;
		ret = mnl_cb_run(buf, n, 0, 0, keep, f);
	} while (ret == MNL_CB_OK);
	return ret == MNL_CB_ERROR ? -errno : 0;
}

static int destroy(struct mnl_socket *nl, const struct inet_diag_sockid *id)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	ssize_t n;

	request(buf, SOCK_DESTROY, NLM_F_ACK)->id = *id;
	if (mnl_socket_sendto(nl, buf, ((struct nlmsghdr *)buf)->nlmsg_len) < 0)
		return -errno;
	n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (n < 0 || mnl_cb_run(buf, n, 0, 0, NULL, NULL) < 0)
		return -errno;
	return 0;
}

/**
 * destroy_port() - reset the established connections of TCP that a port has
 * @port: of the side whose sockets are destroyed; the peers get a RST
 *
 * Return: how many, or a negative errno.
 */
int destroy_port(int port)
{
	struct found f = { .port = htons(port) };
	struct mnl_socket *nl = mnl_socket_open(NETLINK_SOCK_DIAG);
	int ret, i, n = 0;

	if (!nl)
		return -errno;
	ret = find(nl, &f);
	for (i = 0; i < f.n && !ret; i++)
		if (!destroy(nl, &f.id[i]))
			n++;
	mnl_socket_close(nl);
	free(f.id);
	return ret ?: n;
}
