// SPDX-License-Identifier: GPL-2.0
/*
 * "rsess kill" and "rsess resume": what is done to each of some sockets.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "genl.h"
#include "tool.h"

/**
 * struct action - what is done
 * @what: for people
 * @open: what it needs, before any socket is looked for
 * @act: on a socket; 0 or a negative errno
 * @close: undo @open
 * @fine: errno that means that there is nothing to be done
 */
struct action {
	const char	*what;
	int		(*open)(void);
	int		(*act)(const struct row *r);
	void		(*close)(void);
	int		fine;
};

static struct netlink diag;
static struct genl genl;

static int kill_open(void)
{
	return netlink_open(&diag, NETLINK_SOCK_DIAG);
}

static int kill_act(const struct row *r)
{
	return socks_end(&diag, r);
}

static void kill_close(void)
{
	netlink_close(&diag);
}

static int resume_open(void)
{
	return genl_open(&genl);
}

static int resume_act(const struct row *r)
{
	char buf[GENL_REQUEST_LEN];
	struct nlmsghdr *nlh = genl_request(&genl, buf, RSESS_CMD_SESSION_RESUME);

	mnl_attr_put_u64(nlh, RSESS_A_COOKIE, r->cookie);
	return netlink_ask(&genl.nl, nlh, NULL, NULL);
}

static void resume_close(void)
{
	genl_close(&genl);
}

/* It has gone by itself meanwhile, or there is nothing to be done. */
static bool needs_none(const struct action *a, int err)
{
	return err == -ENOENT || err == -a->fine;
}

static void complain(const struct action *a, const struct row *r, int err)
{
	char local[ADDR_LEN], peer[ADDR_LEN];

	addr_print(&r->local, local);
	addr_print(&r->peer, peer);
	fail(STATUS_FAILED, "%s %s %s: %s", a->what, local, peer,
	     err == -EOPNOTSUPP && a->act == resume_act ?
	     "only the peer can dial" : strerror(-err));
}

/* Those with which something was done stay in @s. */
static int act_on(const struct action *a, struct socks *s)
{
	int err, status = STATUS_OK;
	size_t i, n = 0;

	for (i = 0; i < s->n; i++) {
		err = a->act(&s->rows[i]);
		if (err == -EPERM) {
			s->n = n;
			return fail_errno(err, a->what);
		}
		if (!err) {
			s->rows[n++] = s->rows[i];
		} else if (!needs_none(a, err)) {
			complain(a, &s->rows[i], err);
			status = STATUS_FAILED;
		}
	}
	s->n = n;
	return status;
}

static int act_on_selected(const struct action *a, struct selection *sel, bool dry)
{
	static const struct show nothing;
	int err = select_socks(sel);

	if (err)
		return err;
	if (!sel->socks.n)
		return fail(STATUS_FAILED, "%s: there is no such socket", a->what);
	if (!dry)
		err = act_on(a, &sel->socks);
	show_rows(&sel->socks, &nothing, false);
	return err;
}

static int act_by_filter(const struct action *a, int argc, char **argv)
{
	static const struct option options[] = {
		{ "dry-run", no_argument, NULL, 'n' },
		{}
	};
	struct selection sel = { .acts = true };
	bool dry = false;
	int c, err;

	while ((c = getopt_long(argc, argv, "+n", options, NULL)) != -1) {
		if (c != 'n')
			return usage(NULL);
		dry = true;
	}
	err = select_filter(&sel, argv + optind);
	if (err)
		return err;
	if (!sel.filter.root)
		return usage("%s: an empty filter would mean all; who wants that says 'state all'",
			     a->what);
	err = a->open();
	if (!err) {
		err = act_on_selected(a, &sel, dry);
		a->close();
	}
	select_free(&sel);
	return err;
}

int cmd_kill(int argc, char **argv)
{
	static const struct action kill = {
		.what	= "kill",
		.open	= kill_open,
		.act	= kill_act,
		.close	= kill_close,
		.fine	= ENOENT,
	};

	return act_by_filter(&kill, argc, argv);
}

int cmd_resume(int argc, char **argv)
{
	static const struct action resume = {
		.what	= "resume",
		.open	= resume_open,
		.act	= resume_act,
		.close	= resume_close,
		.fine	= EALREADY,
	};

	return act_by_filter(&resume, argc, argv);
}
