// SPDX-License-Identifier: GPL-2.0
/*
 * Requests and answers over netlink.
 */
#include <errno.h>
#include <string.h>

#include "tool.h"

/* The kernel fills as much of it as it can, up to 32 KiB. */
#define ANSWER_LEN	32768

int netlink_open(struct netlink *nl, int bus)
{
	nl->seq = 0;
	nl->sock = mnl_socket_open2(bus, SOCK_CLOEXEC);
	if (!nl->sock)
		return fail_errno(-errno, "a socket of netlink");
	if (mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID)) {
		netlink_close(nl);
		return fail_errno(-errno, "a socket of netlink");
	}
	nl->portid = mnl_socket_get_portid(nl->sock);
	return STATUS_OK;
}

void netlink_close(struct netlink *nl)
{
	mnl_socket_close(nl->sock);
	nl->sock = NULL;
}

/**
 * netlink_ask() - send a request, and read what is answered
 * @nl: socket
 * @nlh: request; has its flags but for NLM_F_REQUEST and NLM_F_ACK
 * @cb: is called for each message of the answer; may be NULL
 * @data: for @cb
 *
 * Return: 0, or the negative errno of the kernel.
 */
int netlink_ask(struct netlink *nl, struct nlmsghdr *nlh, mnl_cb_t cb, void *data)
{
	static char buf[ANSWER_LEN];
	ssize_t len;
	int ret = 1;

	nlh->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = ++nl->seq;
	if (mnl_socket_sendto(nl->sock, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	while (ret > 0) {
		len = mnl_socket_recvfrom(nl->sock, buf, sizeof(buf));
		if (len < 0)
			return -errno;
		ret = mnl_cb_run(buf, len, nl->seq, nl->portid, cb, data);
	}
	return ret < 0 ? -errno : 0;
}

/**
 * netlink_attributes() - find attributes by their types
 * @tb: is set, has @max + 1 entries
 * @max: the last type that is wanted
 * @nlh: message
 * @offset: of the first attribute in its payload
 */
void netlink_attributes(const struct nlattr **tb, unsigned int max,
			const struct nlmsghdr *nlh, size_t offset)
{
	const struct nlattr *attr;

	memset(tb, 0, sizeof(*tb) * (max + 1));
	mnl_attr_for_each(attr, nlh, offset)
		if (mnl_attr_get_type(attr) <= max)
			tb[mnl_attr_get_type(attr)] = attr;
}

/**
 * netlink_copy() - a structure of an attribute, which may have less fields or more
 * @to: is set; fields that are not there are 0
 * @size: of it
 * @attr: attribute, or NULL
 */
void netlink_copy(void *to, size_t size, const struct nlattr *attr)
{
	size_t len = attr ? mnl_attr_get_payload_len(attr) : 0;

	memset(to, 0, size);
	if (attr)
		memcpy(to, mnl_attr_get_payload(attr), len < size ? len : size);
}
