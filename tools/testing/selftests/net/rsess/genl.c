// SPDX-License-Identifier: GPL-2.0
/*
 * Talks to the generic netlink family of the module; see genl.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "genl.h"
#include "util.h"

/* A request with one attribute. */
struct order {
	struct nlmsghdr nlh;
	struct genlmsghdr genl;
	struct nlattr a;
	char value[60];
};

const void *genl_value(const struct nlattr *a)
{
	return (const char *)a + NLA_HDRLEN;
}

static void split(const struct nlattr *a, int left, const struct nlattr **to,
		  int n)
{
	memset(to, 0, n * sizeof(*to));
	while (left >= NLA_HDRLEN && a->nla_len >= NLA_HDRLEN &&
	       a->nla_len <= left) {
		if ((a->nla_type & NLA_TYPE_MASK) < n)
			to[a->nla_type & NLA_TYPE_MASK] = a;
		left -= NLA_ALIGN(a->nla_len);
		a = (const void *)((const char *)a + NLA_ALIGN(a->nla_len));
	}
}

/* The attributes of a message, by number. */
void genl_split(const struct nlmsghdr *nlh, const struct nlattr **to, int n)
{
	split((const void *)((const char *)NLMSG_DATA(nlh) + GENL_HDRLEN),
	      (int)nlh->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN), to, n);
}

/* Sends @len bytes of an attribute of a type, or none if that is 0. */
int genl_order(int nl, uint16_t id, uint8_t cmd, int flags, int type,
	       const void *data, size_t len)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	struct order o = {
		.nlh = {
			.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN),
			.nlmsg_type = id,
			.nlmsg_flags = NLM_F_REQUEST | flags,
		},
		.genl = { .cmd = cmd, .version = 1 },
		.a = { .nla_type = type, .nla_len = NLA_HDRLEN + len },
	};

	if (type) {
		memcpy(o.value, data, len);
		o.nlh.nlmsg_len += NLA_ALIGN(o.a.nla_len);
	}
	return sendto(nl, &o, o.nlh.nlmsg_len, 0, (struct sockaddr *)&to,
		      sizeof(to)) < 0 ? -errno : 0;
}

/* The next datagram; the errno of the kernel if it is one. */
int genl_next(int nl, struct answer *r)
{
	ssize_t n = recv(nl, r->bytes, sizeof(r->bytes), 0);

	if (n < 0)
		return -errno;
	if (!NLMSG_OK(&r->nlh, n))
		return -EBADMSG;
	if (r->nlh.nlmsg_type == NLMSG_ERROR)
		return *(const int *)NLMSG_DATA(&r->nlh);
	genl_split(&r->nlh, r->a, ATTRS);
	return 0;
}

uint8_t genl_command(const struct answer *r)
{
	return ((const struct genlmsghdr *)NLMSG_DATA(&r->nlh))->cmd;
}

/* Reads what comes, to the end of a dump or to an errno, which may be 0: with NLM_F_ACK there
 * is one.
 */
int genl_all(int nl, void (*each)(const struct nlmsghdr *nlh, void *arg),
	     void *arg)
{
	static struct answer r;
	const struct nlmsghdr *nlh;
	ssize_t n;

	for (;;) {
		n = recv(nl, r.bytes, sizeof(r.bytes), 0);
		if (n < 0)
			return -errno;
		for (nlh = &r.nlh; NLMSG_OK(nlh, n); nlh = NLMSG_NEXT(nlh, n)) {
			if (nlh->nlmsg_type == NLMSG_DONE ||
			    nlh->nlmsg_type == NLMSG_ERROR)
				return *(const int *)NLMSG_DATA(nlh);
			if (each)
				each(nlh, arg);
		}
	}
}

/* The number of the first group. */
static uint32_t group_in(const struct nlattr *groups)
{
	const struct nlattr *a[2], *g[CTRL_ATTR_MCAST_GRP_MAX + 1];

	split(genl_value(groups), groups->nla_len - NLA_HDRLEN, a, 2);
	if (!a[1])
		return 0;
	split(genl_value(a[1]), a[1]->nla_len - NLA_HDRLEN, g,
	      CTRL_ATTR_MCAST_GRP_MAX + 1);
	return g[CTRL_ATTR_MCAST_GRP_ID] ?
	       *(const uint32_t *)genl_value(g[CTRL_ATTR_MCAST_GRP_ID]) : 0;
}

int genl_open(struct family *f)
{
	struct timeval limit = { .tv_sec = WAIT_MS / 1000 };
	const struct nlattr *a[CTRL_ATTR_MAX + 1];
	struct answer r;
	int ret;

	f->nl = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (f->nl < 0 || setsockopt(f->nl, SOL_SOCKET, SO_RCVTIMEO, &limit,
				    sizeof(limit)))
		return -errno;
	ret = genl_order(f->nl, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0,
			 CTRL_ATTR_FAMILY_NAME, RSESS_FAMILY_NAME,
			 sizeof(RSESS_FAMILY_NAME)) ?: genl_next(f->nl, &r);
	if (ret)
		return ret;
	genl_split(&r.nlh, a, CTRL_ATTR_MAX + 1);
	if (!a[CTRL_ATTR_FAMILY_ID] || !a[CTRL_ATTR_MCAST_GROUPS])
		return -EBADMSG;
	f->id = *(const uint16_t *)genl_value(a[CTRL_ATTR_FAMILY_ID]);
	f->group = group_in(a[CTRL_ATTR_MCAST_GROUPS]);
	return 0;
}

/* Hears of events from now on. */
int genl_hear(struct family *f)
{
	return setsockopt(f->nl, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &f->group,
			  sizeof(f->group)) ? -errno : 0;
}

uint64_t genl_number(const struct answer *r, int type)
{
	uint64_t n = 0;

	if (r->a[type])
		memcpy(&n, genl_value(r->a[type]), r->a[type]->nla_len - NLA_HDRLEN);
	return n;
}

/* The next event is @cmd, and of the socket with this cookie, if it is not 0. */
int genl_expect(struct family *f, uint8_t cmd, uint64_t cookie,
		struct answer *r)
{
	const struct genlmsghdr *genl;
	int ret = genl_next(f->nl, r);

	if (ret)
		return ret;
	genl = NLMSG_DATA(&r->nlh);
	if (r->nlh.nlmsg_type == f->id && genl->cmd == cmd &&
	    (!cookie || genl_number(r, RSESS_A_COOKIE) == cookie))
		return 0;
	say("event %d, not %d", genl->cmd, cmd);
	return -EPROTO;
}

/* Waits for the event of a limit; others are left out. */
int genl_limit(struct family *f, const char *limit)
{
	struct answer r;
	int ret;

	do {
		ret = genl_next(f->nl, &r);
		if (ret && ret != -ENOBUFS)
			return ret;
	} while (ret || genl_command(&r) != RSESS_CMD_LIMIT_REACHED ||
		 !r.a[RSESS_A_LIMIT] ||
		 strcmp(genl_value(r.a[RSESS_A_LIMIT]), limit));
	return 0;
}
