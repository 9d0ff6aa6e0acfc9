// SPDX-License-Identifier: GPL-2.0
/*
 * What TCP tells of the transports: INET_DIAG has their sockets, by the same cookie.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <linux/inet_diag.h>
#include <linux/tcp.h>

#include "out.h"
#include "tool.h"

/**
 * struct tcp_seen - a socket of TCP
 * @cookie: of it
 * @info: its struct tcp_info; what an older kernel does not have is 0
 * @cong: name of its congestion control
 */
struct tcp_seen {
	uint64_t	cookie;
	struct tcp_info	info;
	char		cong[16];
};

static struct tcp_seen *seen;
static size_t nseen;

static int take(const struct nlmsghdr *nlh, void *data)
{
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[INET_DIAG_CONG + 1];
	struct tcp_seen *t;

	(void)data;
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*m))
		return MNL_CB_OK;
	netlink_attributes(tb, INET_DIAG_CONG, nlh, sizeof(*m));
	if (!tb[INET_DIAG_INFO])
		return MNL_CB_OK;
	seen = grow(seen, nseen, sizeof(*seen));
	t = &seen[nseen++];
	t->cookie = m->id.idiag_cookie[0] | (uint64_t)m->id.idiag_cookie[1] << 32;
	netlink_copy(&t->info, sizeof(t->info), tb[INET_DIAG_INFO]);
	netlink_copy(t->cong, sizeof(t->cong), tb[INET_DIAG_CONG]);
	t->cong[sizeof(t->cong) - 1] = '\0';
	return MNL_CB_OK;
}

static int dump(struct netlink *nl, int family)
{
	char buf[256];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct inet_diag_req_v2 *req;

	nlh->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	nlh->nlmsg_flags = NLM_F_DUMP;
	req = mnl_nlmsg_put_extra_header(nlh, sizeof(*req));
	req->sdiag_family = family;
	req->sdiag_protocol = IPPROTO_TCP;
	req->idiag_ext = 1 << (INET_DIAG_INFO - 1) | 1 << (INET_DIAG_CONG - 1);
	req->idiag_states = STATES_CONNECTED;
	return netlink_ask(nl, nlh, take, NULL);
}

static int by_cookie(const void *a, const void *b)
{
	const struct tcp_seen *p = a, *q = b;

	return p->cookie < q->cookie ? -1 : p->cookie > q->cookie;
}

static bool has_tcp(const struct row *r, int family)
{
	return r->has_transport && r->protocol == IPPROTO_TCP &&
	       r->inner_local.family == family;
}

/* Only what is needed is asked for. */
static int dump_for(struct netlink *nl, const struct socks *s, int family)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (has_tcp(&s->rows[i], family))
			return dump(nl, family);
	return 0;
}

/**
 * tcp_join() - sessions over TCP get what TCP tells
 * @s: sockets; tcp_free() must follow
 */
int tcp_join(struct socks *s)
{
	struct tcp_seen key = {};
	struct netlink nl;
	int err;
	size_t i;

	err = netlink_open(&nl, NETLINK_SOCK_DIAG);
	if (err)
		return err;
	err = dump_for(&nl, s, AF_INET) ?: dump_for(&nl, s, AF_INET6);
	netlink_close(&nl);
	/* A kernel without that module: it has nothing to tell. */
	if (err && err != -ENOENT)
		return fail_errno(err, "sockets of TCP");
	qsort(seen, nseen, sizeof(*seen), by_cookie);
	for (i = 0; i < s->n; i++) {
		key.cookie = s->rows[i].transport;
		if (s->rows[i].has_transport && nseen)
			s->rows[i].tcp = bsearch(&key, seen, nseen, sizeof(*seen),
						 by_cookie);
	}
	return STATUS_OK;
}

/**
 * tcp_put() - show it
 * @o: where
 * @tcp: socket of TCP
 */
void tcp_put(struct out *o, const struct tcp_seen *tcp)
{
	const struct tcp_info *i = &tcp->info;

	out_group_begin(o, "tcp");
	if (tcp->cong[0])
		out_word(o, "cong", tcp->cong);
	out_real_ms(o, "rtt", i->tcpi_rtt / 1000.0);
	out_real_ms(o, "rttvar", i->tcpi_rttvar / 1000.0);
	out_real_ms(o, "rto", i->tcpi_rto / 1000.0);
	out_number(o, "mss", i->tcpi_snd_mss);
	out_number(o, "cwnd", i->tcpi_snd_cwnd);
	out_number(o, "bytes_sent", i->tcpi_bytes_sent);
	out_number(o, "bytes_acked", i->tcpi_bytes_acked);
	out_number(o, "bytes_received", i->tcpi_bytes_received);
	out_number(o, "unacked", i->tcpi_unacked);
	out_number(o, "retrans", i->tcpi_total_retrans);
	out_number(o, "delivery_rate", i->tcpi_delivery_rate);
	out_ms(o, "lastsnd", i->tcpi_last_data_sent);
	out_ms(o, "lastrcv", i->tcpi_last_data_recv);
	out_group_end(o);
}

void tcp_free(void)
{
	free(seen);
	seen = NULL;
	nseen = 0;
}
