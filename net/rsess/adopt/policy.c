// SPDX-License-Identifier: GPL-2.0
/*
 * Whose sockets are adopted: the parameters of the module, which can be changed while it
 * is loaded.
 *
 * A module that was named once keeps its place in the table until rsess_adopt is removed,
 * so that it keeps its counter, and so that those who look, at any time and in any context,
 * need no lock.
 */
#include <linux/atomic.h>
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/rsess.h>
#include "policy.h"

#define ADOPT_USERS	32
#define ADOPT_NAME_LEN	(64 - sizeof(unsigned long))

/**
 * struct adopt_user - a module that was named
 * @name: of the module; constant as soon as it is in the table
 * @wanted: is it named now?
 * @policy: of its sockets
 * @adopted: how many of its sockets were
 *
 * Those who look may find @wanted of one write to the parameter and @policy of the next.
 */
struct adopt_user {
	char		name[ADOPT_NAME_LEN];
	bool		wanted;
	struct rsess_kernel_policy policy;
	atomic_long_t	adopted;
};

static const char * const adopt_negotiate[] = {
	[RSESS_NEGOTIATE_AUTO]		= "auto",
	[RSESS_NEGOTIATE_REQUIRE]	= "require",
};

static struct adopt_user adopt_users[ADOPT_USERS];
static unsigned int adopt_nusers;

/* Modules whose sockets must stay TCP's. */
static const struct {
	const char *name;
	const char *reason;
} adopt_refused[] = {
	{ "rsess",	"its sockets of TCP are the transports" },
	{ "rsess_adopt", "it has no sockets" },
	{ "rds_tcp",	"it reads write_seq and snd_una of a struct tcp_sock" },
	{ "siw",	"it reads the segment size of a struct tcp_sock" },
	{ "erdma",	"it gives the numbers of a struct tcp_sock to a device" },
	{ "drbd",	"it waits for a callback of the socket that accept() is to give" },
	{ "smc",	"it negotiates in TCP's handshake" },
	{ "tls",	"it takes over sockets of programs, and asks for TCP's" },
	{ "nbd",	"it takes over sockets of programs, and asks for TCP's" },
	{ "iscsi_tcp",	"it takes over sockets of programs, and asks for TCP's" },
	{ "kcm",	"it takes over sockets of programs, and asks for TCP's" },
	{ "chtls",	"its sockets belong to a device" },
	{ "libcxgbi",	"its sockets belong to a device" },
};

static const char *adopt_reason(const char *name)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(adopt_refused); i++)
		if (!strcmp(name, adopt_refused[i].name))
			return adopt_refused[i].reason;
	return NULL;
}

/* The name of the module that an address is in, in @buf; or NULL.  There is no function
 * for modules that finds a module.
 */
static const char *adopt_module_at(unsigned long ip, char *buf)
{
	char *name, *end;

	/* Most are not: a program's socket() comes by here. */
	if (ip < MODULES_VADDR || ip >= MODULES_END)
		return NULL;
	sprint_symbol_no_offset(buf, ip);
	name = strrchr(buf, '[');
	end = name ? strchr(name, ']') : NULL;
	if (!end)
		return NULL;
	*end = '\0';
	return name + 1;
}

/**
 * adopt_find() - is it a caller whose sockets are adopted?
 * @ip: address in the caller
 * @policy: set to that of its sockets
 *
 * Context: any.
 * Return: the caller, for adopt_count(); or NULL.
 */
struct adopt_user *adopt_find(unsigned long ip,
			      struct rsess_kernel_policy *policy)
{
	/* Pairs with smp_store_release() in adopt_set(). */
	unsigned int i, n = smp_load_acquire(&adopt_nusers);
	char buf[KSYM_SYMBOL_LEN];
	const char *name;

	name = n ? adopt_module_at(ip, buf) : NULL;
	if (!name)
		return NULL;
	for (i = 0; i < n; i++) {
		if (!READ_ONCE(adopt_users[i].wanted) ||
		    strcmp(adopt_users[i].name, name))
			continue;
		*policy = READ_ONCE(adopt_users[i].policy);
		return &adopt_users[i];
	}
	return NULL;
}

/**
 * adopt_count() - a socket was adopted
 * @user: whose
 */
void adopt_count(struct adopt_user *user)
{
	atomic_long_inc(&user->adopted);
}

static int adopt_parse_negotiate(const char *word,
				 struct rsess_kernel_policy *policy)
{
	int i = word ? match_string(adopt_negotiate,
				    ARRAY_SIZE(adopt_negotiate), word) : 0;

	if (i < 0)
		return -EINVAL;
	policy->chosen = word;
	policy->negotiate = i;
	return 0;
}

static int adopt_parse_port(const char *word, struct rsess_kernel_policy *policy)
{
	if (!word)
		return 0;
	return kstrtou16(word, 10, &policy->port) || !policy->port ? -EINVAL : 0;
}

/* NAME[:POLICY][@PORT], for the table. */
static int adopt_parse(char *word, struct adopt_user *user)
{
	char *name = strsep(&word, "@");
	const char *port = word, *reason;
	int err;

	word = strsep(&name, ":");
	err = adopt_parse_negotiate(name, &user->policy) ?:
	      adopt_parse_port(port, &user->policy);
	if (err)
		return err;
	strreplace(word, '-', '_');
	if (strscpy(user->name, word, sizeof(user->name)) <= 0)
		return -EINVAL;
	reason = adopt_reason(user->name);
	if (!reason)
		return 0;
	pr_err("rsess_adopt: not for %s: %s\n", user->name, reason);
	return -EOPNOTSUPP;
}

/* The one of that name in the table; a new one behind its end; or NULL. */
static struct adopt_user *adopt_place(const char *name, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (!strcmp(adopt_users[i].name, name))
			return &adopt_users[i];
	return n < ADOPT_USERS ? &adopt_users[n] : NULL;
}

/* All of @words is good, and nobody else writes. */
static int adopt_apply(const struct adopt_user *words, unsigned int nwords)
{
	unsigned int i, n = adopt_nusers;
	struct adopt_user *user;

	for (i = 0; i < nwords; i++) {
		user = adopt_place(words[i].name, n);
		if (!user)
			return -ENOSPC;
		if (user == &adopt_users[n]) {
			strscpy(user->name, words[i].name, sizeof(user->name));
			n++;
		}
	}
	for (i = 0; i < n; i++)
		WRITE_ONCE(adopt_users[i].wanted, false);
	for (i = 0; i < nwords; i++) {
		user = adopt_place(words[i].name, n);
		WRITE_ONCE(user->policy, words[i].policy);
		WRITE_ONCE(user->wanted, true);
	}
	smp_store_release(&adopt_nusers, n); /* adopt_find() */
	return 0;
}

static int adopt_set(const char *val, const struct kernel_param *kp)
{
	struct adopt_user *words;
	char *copy, *rest, *word;
	unsigned int n = 0;
	int err = -ENOMEM;

	copy = kstrdup(val, GFP_KERNEL);
	words = kcalloc(ADOPT_USERS, sizeof(*words), GFP_KERNEL);
	if (!copy || !words)
		goto out;
	err = 0;
	rest = strim(copy);
	while (!err && (word = strsep(&rest, ","))) {
		if (!*word)
			continue;
		err = n < ADOPT_USERS ? adopt_parse(word, &words[n++]) : -ENOSPC;
	}
	if (!err)
		err = adopt_apply(words, n);
out:
	kfree(words);
	kfree(copy);
	return err;
}

static int adopt_get(char *buf, const struct kernel_param *kp)
{
	unsigned int i;
	int len = 0;

	for (i = 0; i < adopt_nusers; i++) {
		const struct adopt_user *user = &adopt_users[i];

		if (!user->wanted)
			continue;
		len += scnprintf(buf + len, PAGE_SIZE - len, "%s%s",
				 len ? "," : "", user->name);
		if (user->policy.chosen)
			len += scnprintf(buf + len, PAGE_SIZE - len, ":%s",
					 adopt_negotiate[user->policy.negotiate]);
		if (user->policy.port)
			len += scnprintf(buf + len, PAGE_SIZE - len, "@%u",
					 user->policy.port);
	}
	return len + scnprintf(buf + len, PAGE_SIZE - len, "\n");
}

static int adopt_get_counts(char *buf, const struct kernel_param *kp)
{
	unsigned int i;
	int len = 0;

	for (i = 0; i < adopt_nusers; i++)
		len += scnprintf(buf + len, PAGE_SIZE - len, "%s %ld\n",
				 adopt_users[i].name,
				 atomic_long_read(&adopt_users[i].adopted));
	return len;
}

static const struct kernel_param_ops adopt_modules_ops = {
	.set	= adopt_set,
	.get	= adopt_get,
};

static const struct kernel_param_ops adopt_adopted_ops = {
	.get	= adopt_get_counts,
};

module_param_cb(modules, &adopt_modules_ops, NULL, 0644);
MODULE_PARM_DESC(modules, "whose sockets: NAME[:auto|:require][@PORT], separated by commas");
module_param_cb(adopted, &adopt_adopted_ops, NULL, 0444);
MODULE_PARM_DESC(adopted, "how many sockets of each module that was named");
