// SPDX-License-Identifier: GPL-2.0
/*
 * "rsess monitor": the sockets that there are, and what happens from then on.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <linux/genetlink.h>

#include "genl.h"
#include "out.h"
#include "tool.h"

#define EVENT_LEN	8192
/* Events that wait while this program does not run. */
#define BUFFER		(4 << 20)

static const char *event_name(unsigned int cmd)
{
	static const char * const names[] = {
		[RSESS_CMD_SESSION_NEW]		= "new",
		[RSESS_CMD_SESSION_LOST]	= "lost",
		[RSESS_CMD_SESSION_RESUMED]	= "resumed",
		[RSESS_CMD_SESSION_ENDED]	= "ended",
		[RSESS_CMD_SESSION_FALLBACK]	= "fallback",
		[RSESS_CMD_LIMIT_REACHED]	= "limit",
	};

	return cmd < ARRAY_SIZE(names) && names[cmd] ? names[cmd] : "?";
}

static void begin(struct out *o, const char *event)
{
	struct timespec now;
	struct tm tm;
	char at[16];

	clock_gettime(CLOCK_REALTIME, &now);
	strftime(at, sizeof(at), "%H:%M:%S", localtime_r(&now.tv_sec, &tm));
	out_object_begin(o);
	out_text(o, "%s.%03ld %-8s", at, now.tv_nsec / 1000000, event);
	if (!o->json)
		return;
	out_real_as(o, "time", "time", now.tv_sec + now.tv_nsec / 1e9, "");
	out_word(o, "event", event);
}

static void put_ends(struct out *o, const struct addr *local, const struct addr *peer)
{
	char buf[2][ADDR_LEN];

	addr_print(local, buf[0]);
	addr_print(peer, buf[1]);
	out_text(o, " %s %s", buf[0], buf[1]);
	if (o->json) {
		out_word(o, "local", buf[0]);
		out_word(o, "peer", buf[1]);
	}
}

static void put_number(struct out *o, const char *name, const struct nlattr *attr)
{
	if (attr)
		out_number(o, name, mnl_attr_get_payload_len(attr) == sizeof(uint32_t) ?
				    mnl_attr_get_u32(attr) : mnl_attr_get_u64(attr));
}

static void put_addrs(struct out *o, const struct nlattr **tb)
{
	struct addr local, peer;

	if (!tb[RSESS_A_LOCAL] || !tb[RSESS_A_PEER])
		return;
	addr_from_sockaddr(&local, mnl_attr_get_payload(tb[RSESS_A_LOCAL]),
			   mnl_attr_get_payload_len(tb[RSESS_A_LOCAL]));
	addr_from_sockaddr(&peer, mnl_attr_get_payload(tb[RSESS_A_PEER]),
			   mnl_attr_get_payload_len(tb[RSESS_A_PEER]));
	put_ends(o, &local, &peer);
}

/**
 * struct watch - who is told
 * @genl: by whom
 * @out: where to
 * @gone: the family has been unregistered: nothing will be told any more
 */
struct watch {
	struct genl	*genl;
	struct out	*out;
	bool		gone;
};

/* Of families that come and go. */
static bool is_farewell(const struct watch *w, const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[CTRL_ATTR_MAX + 1];

	if (genl->cmd != CTRL_CMD_DELFAMILY)
		return false;
	netlink_attributes(tb, CTRL_ATTR_MAX, nlh, sizeof(*genl));
	return tb[CTRL_ATTR_FAMILY_ID] &&
	       mnl_attr_get_u16(tb[CTRL_ATTR_FAMILY_ID]) == w->genl->family;
}

static int put_event(const struct nlmsghdr *nlh, void *data)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[RSESS_A_MAX + 1];
	struct watch *w = data;
	struct out *o = w->out;
	uint32_t reason;
	uint64_t cookie;
	uint8_t dialer;

	if (nlh->nlmsg_type == GENL_ID_CTRL)
		w->gone |= is_farewell(w, nlh);
	if (nlh->nlmsg_type != w->genl->family)
		return MNL_CB_OK;
	netlink_attributes(tb, RSESS_A_MAX, nlh, sizeof(*genl));
	begin(o, event_name(genl->cmd));
	put_addrs(o, tb);
	netlink_copy(&cookie, sizeof(cookie), tb[RSESS_A_COOKIE]);
	netlink_copy(&reason, sizeof(reason), tb[RSESS_A_REASON]);
	netlink_copy(&dialer, sizeof(dialer), tb[RSESS_A_DIALER]);
	if (tb[RSESS_A_LIMIT])
		out_word(o, "limit", mnl_attr_get_str(tb[RSESS_A_LIMIT]));
	if (tb[RSESS_A_DIALER])
		out_word(o, "role", dialer ? "dialer" : "acceptor");
	if (reason)
		out_word(o, "reason", reason_name(reason));
	put_number(o, "epoch", tb[RSESS_A_EPOCH]);
	put_number(o, "resumes", tb[RSESS_A_RESUMES]);
	put_number(o, "lost", tb[RSESS_A_LOST]);
	put_number(o, "error", tb[RSESS_A_ERROR]);
	put_number(o, "uid", tb[RSESS_A_UID]);
	put_number(o, "inode", tb[RSESS_A_INODE]);
	if (tb[RSESS_A_COOKIE])
		out_hex(o, "sk", cookie);
	out_object_end(o);
	return MNL_CB_OK;
}

static void put_socket(struct out *o, const struct row *r)
{
	begin(o, "now");
	put_ends(o, &r->local, &r->peer);
	out_word(o, "state", state_name(r->state));
	if (r->has_times) {
		out_word(o, "role", role_name(r));
		out_word(o, "link", link_name(r->info.link));
		out_number(o, "epoch", r->info.epoch);
		out_number(o, "resumes", r->info.resumes);
		out_number(o, "lost", r->info.lost);
	}
	if (r->info.reason)
		out_word(o, "reason", reason_name(r->info.reason));
	out_number(o, "uid", r->uid);
	out_number(o, "inode", r->inode);
	out_hex(o, "sk", r->cookie);
	out_object_end(o);
}

static int put_sockets(struct out *o)
{
	struct socks s;
	int err;
	size_t i;

	err = socks_get(&s, STATES_ALL);
	for (i = 0; !err && i < s.n; i++)
		put_socket(o, &s.rows[i]);
	socks_free(&s);
	return err;
}

/* How many messages this socket could not be given, ever: /proc has it, by the inode. */
static uint64_t drops_of(const struct netlink *nl)
{
	unsigned long drops, inode;
	struct stat st;
	uint64_t found = 0;
	char line[256];
	FILE *f;

	if (fstat(mnl_socket_get_fd(nl->sock), &st))
		return 0;
	f = fopen("/proc/net/netlink", "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %*s %*s %*s %*s %*s %*s %*s %lu %lu", &drops,
			   &inode) == 2 && inode == st.st_ino)
			found = drops;
	fclose(f);
	return found;
}

/* What was told before is not what there is: it is told anew. */
static int put_missed(struct out *o, const struct netlink *nl, uint64_t *drops)
{
	uint64_t now = drops_of(nl);

	begin(o, "missed");
	/* None is counted if the kernel had no memory for the event itself. */
	if (now > *drops)
		out_number(o, "events", now - *drops);
	out_object_end(o);
	*drops = now;
	return put_sockets(o);
}

/* Events until there is none; *@missed: there was no room for some. The kernel gives no new
 * ones to a socket that was too full, until it is empty.
 */
static int put_events(struct watch *w, bool *missed)
{
	static char buf[EVENT_LEN];
	ssize_t len;

	for (;;) {
		len = mnl_socket_recvfrom(w->genl->nl.sock, buf, sizeof(buf));
		if (len >= 0)
			mnl_cb_run(buf, len, 0, 0, put_event, w);
		else if (errno == ENOBUFS)
			*missed = true;
		else if (errno == EAGAIN)
			return w->gone ? fail(STATUS_MISSING,
					      "the module rsess has been unloaded") :
					 STATUS_OK;
		else if (errno != EINTR)
			return fail_errno(-errno, "events");
	}
}

static int watch(struct genl *g, struct out *o)
{
	struct pollfd p = { .fd = mnl_socket_get_fd(g->nl.sock), .events = POLLIN };
	uint64_t drops = drops_of(&g->nl);
	struct watch w = { .genl = g, .out = o };
	bool missed = false;
	int err;

	err = put_sockets(o);
	while (!err) {
		if (fflush(stdout))
			return fail_errno(-errno, "the output");
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return fail_errno(-errno, "events");
		missed = false;
		err = put_events(&w, &missed);
		if (!err && missed)
			err = put_missed(o, &g->nl, &drops);
	}
	return err;
}

static void set_buffer(const struct genl *g, int size)
{
	int fd = mnl_socket_get_fd(g->nl.sock);

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

static int listen_to(struct genl *g, int size)
{
	int fd = mnl_socket_get_fd(g->nl.sock);
	int families = GENL_ID_CTRL;	/* the group has its number */

	set_buffer(g, size);
	if (!g->events)
		return fail_missing("group of events");
	if (mnl_socket_setsockopt(g->nl.sock, NETLINK_ADD_MEMBERSHIP, &g->events,
				  sizeof(g->events)) ||
	    mnl_socket_setsockopt(g->nl.sock, NETLINK_ADD_MEMBERSHIP, &families,
				  sizeof(families)) ||
	    fcntl(fd, F_SETFL, O_NONBLOCK))
		return fail_errno(-errno, "monitor");
	return STATUS_OK;
}

int cmd_monitor(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "buffer", required_argument, NULL, 'b' },
		{}
	};
	struct out o = {};
	struct genl g;
	uint32_t size = BUFFER;
	int c, err;

	while ((c = getopt_long(argc, argv, "+jb:", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			o.json = true;
			break;
		case 'b':
			if (!number_parse(optarg, INT_MAX, &size) || !size)
				return usage("no number of bytes: %s", optarg);
			break;
		default:
			return usage(NULL);
		}
	}
	if (argv[optind])
		return usage("monitor: no argument is needed");
	err = genl_open(&g);
	if (err)
		return err;
	err = listen_to(&g, size) ?: watch(&g, &o);
	genl_close(&g);
	return err;
}
