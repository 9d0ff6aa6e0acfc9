// SPDX-License-Identifier: GPL-2.0
/*
 * Asks the kernel for sockets; see sockdiag.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sockdiag.h"

/* More than the kernel puts into one. */
union answers {
	struct nlmsghdr nlh;
	char bytes[65536];
};

int diag_open(void)
{
	int nl = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	struct timeval limit = { .tv_sec = WAIT_MS / 1000 };

	if (nl < 0 || setsockopt(nl, SOL_SOCKET, SO_RCVTIMEO, &limit,
				 sizeof(limit))) {
		say("netlink: %s", strerror(errno));
		return -errno;
	}
	return nl;
}

/**
 * question_init() - a request
 * @q: filled in
 * @type: SOCK_DIAG_BY_FAMILY or SOCK_DESTROY
 * @cookie: of the socket, or NO_COOKIE
 */
void question_init(struct question *q, int type, uint64_t cookie)
{
	memset(q, 0, sizeof(*q));
	q->nlh.nlmsg_len = NLMSG_LENGTH(sizeof(q->req));
	q->nlh.nlmsg_type = type;
	q->nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	q->req.sdiag_family = AF_RSESS;
	q->req.id.idiag_cookie[0] = cookie;
	q->req.id.idiag_cookie[1] = cookie >> 32;
}

static void question_id(struct question *q, const void *id)
{
	q->a.nla_type = RSESS_DIAG_REQ_ID;
	q->a.nla_len = NLA_HDRLEN + RSESS_ID_LEN;
	memcpy(q->value, id, RSESS_ID_LEN);
	q->nlh.nlmsg_len += q->a.nla_len;
}

int diag_send(int nl, const struct question *q)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	ssize_t n = sendto(nl, q, q->nlh.nlmsg_len, 0, (struct sockaddr *)&to,
			   sizeof(to));

	return n < 0 ? -errno : 0;
}

/* Attributes by type; those that are not known are left out. */
static int parse(const struct nlattr *a, int left, const struct nlattr **to,
		 int max)
{
	while (left > 0) {
		int type = a->nla_type & NLA_TYPE_MASK;

		if (left < NLA_HDRLEN || a->nla_len < NLA_HDRLEN ||
		    a->nla_len > left) {
			say("attribute of %d bytes, %d left", a->nla_len, left);
			return -EBADMSG;
		}
		if (type <= max)
			to[type] = a;
		left -= NLA_ALIGN(a->nla_len);
		a = (const void *)((const char *)a + NLA_ALIGN(a->nla_len));
	}
	return 0;
}

static const void *value_of(const struct nlattr *a)
{
	return (const char *)a + NLA_HDRLEN;
}

/* The value of an attribute that has @least to @most bytes: is it one? */
static bool take(void *to, int least, int most, const struct nlattr *a)
{
	int n = a ? a->nla_len - NLA_HDRLEN : -1;

	if (n < least || n > most)
		return false;
	memcpy(to, value_of(a), n);
	return true;
}

/* The transport, all of it or not. */
static bool take_transport(struct seen *s, const struct nlattr *nest)
{
	const struct nlattr *t[RSESS_DIAG_TRANSPORT_MAX + 1] = {};
	const int least = sizeof(struct sockaddr_in), most = sizeof(s->local);

	if (!nest || !(nest->nla_type & NLA_F_NESTED) ||
	    parse(value_of(nest), nest->nla_len - NLA_HDRLEN, t,
		  RSESS_DIAG_TRANSPORT_MAX))
		return false;
	return take(&s->protocol, 4, 4, t[RSESS_DIAG_TRANSPORT_PROTOCOL]) &&
	       take(&s->inner, 8, 8, t[RSESS_DIAG_TRANSPORT_COOKIE]) &&
	       take(&s->local, least, most, t[RSESS_DIAG_TRANSPORT_LOCAL]) &&
	       take(&s->peer, least, most, t[RSESS_DIAG_TRANSPORT_PEER]);
}

/**
 * seen_attributes() - what the attributes of enum rsess_diag say
 * @s: filled in, but for @msg
 * @attrs: the first one
 * @len: bytes of all
 *
 * Return: 0 or a negative errno.
 */
int seen_attributes(struct seen *s, const void *attrs, int len)
{
	const struct nlattr *a[RSESS_DIAG_MAX + 1] = {};
	const struct {
		enum rsess_diag type;
		void *to;
		int size;
	} whole[] = {
		{ RSESS_DIAG_INFO, &s->info, sizeof(s->info) },
		{ RSESS_DIAG_ID, s->id, sizeof(s->id) },
		{ RSESS_DIAG_SKMEMINFO, s->memory, sizeof(s->memory) },
		{ RSESS_DIAG_TIMES, &s->times, sizeof(s->times) },
		{ RSESS_DIAG_LISTENER, &s->listener, sizeof(s->listener) },
		{ RSESS_DIAG_CGROUP_ID, &s->cgroup, sizeof(s->cgroup) },
	};
	unsigned int i;
	int ret;

	ret = parse(attrs, len, a, RSESS_DIAG_MAX);
	for (i = 0; i < sizeof(whole) / sizeof(*whole); i++)
		if (take(whole[i].to, whole[i].size, whole[i].size,
			 a[whole[i].type]))
			s->has |= 1U << whole[i].type;
	if (take_transport(s, a[RSESS_DIAG_TRANSPORT]))
		s->has |= 1U << RSESS_DIAG_TRANSPORT;
	return ret;
}

static int seen_read(struct seen *s, const struct nlmsghdr *nlh)
{
	const int size = NLMSG_LENGTH(sizeof(s->msg));

	memset(s, 0, sizeof(*s));
	if (nlh->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    (int)nlh->nlmsg_len < size)
		return -EBADMSG;
	memcpy(&s->msg, NLMSG_DATA(nlh), sizeof(s->msg));
	return seen_attributes(s, (const char *)nlh + NLMSG_ALIGN(size),
			       (int)nlh->nlmsg_len - NLMSG_ALIGN(size));
}

/* One datagram; 1: more follow. */
static int answer(const struct nlmsghdr *nlh, ssize_t n,
		  void (*each)(const struct seen *seen, void *arg), void *arg)
{
	struct seen seen;
	int ret;

	for (; NLMSG_OK(nlh, n); nlh = NLMSG_NEXT(nlh, n)) {
		if (nlh->nlmsg_type == NLMSG_DONE)
			return 0;
		if (nlh->nlmsg_type == NLMSG_ERROR)
			return *(const int *)NLMSG_DATA(nlh);
		ret = seen_read(&seen, nlh);
		if (ret)
			return ret;
		if (each)
			each(&seen, arg);
	}
	return 1;
}

/**
 * diag_answers() - read what comes, to the end or to an error; not for several threads
 * @nl: diag_open()
 * @each: called for each message, or NULL
 * @arg: for it
 *
 * Return: 0, or a negative errno, that of the kernel too.
 */
int diag_answers(int nl, void (*each)(const struct seen *seen, void *arg),
		 void *arg)
{
	static union answers buf;	/* a thread's stack may be small */
	ssize_t n;
	int ret;

	do {
		n = recv(nl, &buf, sizeof(buf), 0);
		if (n < 0)
			return -errno;
		ret = answer(&buf.nlh, n, each, arg);
	} while (ret > 0);
	return ret;
}

int diag_dump(int nl, uint32_t states,
	      void (*each)(const struct seen *seen, void *arg), void *arg)
{
	struct question q;

	question_init(&q, SOCK_DIAG_BY_FAMILY, 0);
	q.nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	q.req.idiag_states = states;
	return diag_send(nl, &q) ?: diag_answers(nl, each, arg);
}

static void keep(const struct seen *seen, void *arg)
{
	memcpy(arg, seen, sizeof(*seen));
}

/* @cookie may be NO_COOKIE, and @id NULL. */
int diag_get(int nl, uint64_t cookie, const void *id, struct seen *seen)
{
	struct question q;

	question_init(&q, SOCK_DIAG_BY_FAMILY, cookie);
	if (id)
		question_id(&q, id);
	return diag_send(nl, &q) ?: diag_answers(nl, keep, seen);
}

int diag_kill(int nl, uint64_t cookie, const void *id)
{
	struct question q;

	question_init(&q, SOCK_DESTROY, cookie);
	if (id)
		question_id(&q, id);
	return diag_send(nl, &q) ?: diag_answers(nl, NULL, NULL);
}

static uint64_t cgroup_in(const struct nlmsghdr *nlh)
{
	const struct nlattr *a[INET_DIAG_CGROUP_ID + 1] = {};
	const int size = NLMSG_LENGTH(sizeof(struct inet_diag_msg));
	uint64_t id = 0;

	parse((const void *)((const char *)nlh + NLMSG_ALIGN(size)),
	      (int)nlh->nlmsg_len - NLMSG_ALIGN(size), a, INET_DIAG_CGROUP_ID);
	take(&id, sizeof(id), sizeof(id), a[INET_DIAG_CGROUP_ID]);
	return id;
}

/* Where struct inet_diag_sockid has an address. */
static void sockid_name(const struct sockaddr_storage *ss, __be32 *host,
			__be16 *port)
{
	const struct sockaddr_in6 *in6 = (const void *)ss;
	const struct sockaddr_in *in = (const void *)ss;

	*port = in->sin_port;
	if (ss->ss_family == AF_INET6)
		memcpy(host, &in6->sin6_addr, sizeof(in6->sin6_addr));
	else
		memcpy(host, &in->sin_addr, sizeof(in->sin_addr));
}

/**
 * diag_inner() - what TCP says of the transport of a session
 * @nl: diag_open()
 * @outer: the session
 * @msg: filled in
 * @cgroup: filled in with the id of its cgroup
 *
 * The kernel looks for the addresses, and whether the cookie is right.
 *
 * Return: 0 or a negative errno.
 */
int diag_inner(int nl, const struct seen *outer, struct inet_diag_msg *msg,
	       uint64_t *cgroup)
{
	static union answers buf;
	const struct nlmsghdr *nlh = &buf.nlh;
	struct question q;
	ssize_t n;
	int ret;

	question_init(&q, SOCK_DIAG_BY_FAMILY, outer->inner);
	q.nlh.nlmsg_flags = NLM_F_REQUEST;
	q.req.sdiag_family = outer->local.ss_family;
	q.req.sdiag_protocol = IPPROTO_TCP;
	q.req.idiag_states = ALL_STATES;
	sockid_name(&outer->local, q.req.id.idiag_src, &q.req.id.idiag_sport);
	sockid_name(&outer->peer, q.req.id.idiag_dst, &q.req.id.idiag_dport);
	ret = diag_send(nl, &q);
	n = ret ? ret : recv(nl, &buf, sizeof(buf), 0);
	if (n < 0 || !NLMSG_OK(nlh, n))
		return ret ?: -EBADMSG;
	if (nlh->nlmsg_type == NLMSG_ERROR)
		return *(const int *)NLMSG_DATA(nlh);
	memcpy(msg, NLMSG_DATA(nlh), sizeof(*msg));
	*cgroup = cgroup_in(nlh);
	return 0;
}

uint64_t cookie_of(int fd)
{
	uint64_t cookie = NO_COOKIE;
	socklen_t len = sizeof(cookie);

	getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len);
	return cookie;
}

uint64_t cookie_in(const struct inet_diag_msg *msg)
{
	return msg->id.idiag_cookie[0] |
	       (uint64_t)msg->id.idiag_cookie[1] << 32;
}

/* What there is to say of a socket of this process. */
int look_at(int fd, struct seen *seen)
{
	int nl = diag_open();
	int ret = nl < 0 ? nl : diag_get(nl, cookie_of(fd), NULL, seen);

	if (nl >= 0)
		close(nl);
	return ret;
}
