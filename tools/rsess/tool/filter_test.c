// SPDX-License-Identifier: GPL-2.0
/*
 * What filters mean.  Prints what is wrong.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"

static int failed;

static const struct process processes[] = {
	{ .inode = 7, .pid = 100, .fd = 3, .name = "server" },
	{ .inode = 7, .pid = 200, .fd = 4, .name = "worker" },
};

static struct addr addr(int family, const char *host, uint32_t port)
{
	struct addr a = { .family = family, .port = port };

	inet_pton(family, host, a.host);
	return a;
}

static struct row session(void)
{
	struct row r = {
		.state = TCP_ESTABLISHED,
		.uid = 1000,
		.inode = 7,
		.recv_q = 100,
		.cookie = 0x1a,
		.local = addr(AF_INET, "10.1.2.3", 40000),
		.peer = addr(AF_INET, "192.0.2.130", 80),
		.info = {
			.link = RSESS_LINK_LIVE, .dialer = 1, .lost = 3, .resumes = 2,
			.id = { 0xde, 0xad, 0xbe, 0xef },
			.write_seq = 3 << 20, .snd_una = 1 << 20, .snd_nxt = 2 << 20,
		},
		.times = { .age = 60000, .down = 5001 },
		.protocol = IPPROTO_TCP,
		.has_id = true, .has_times = true, .has_transport = true,
		.processes = processes, .nprocesses = 2, .unit = "nginx@a-b:1.service",
	};

	return r;
}

static void expect(const struct row *r, const char *text, bool expected)
{
	struct filter f;
	char error[256];

	if (!filter_parse(&f, text, error, sizeof(error))) {
		printf("'%s' is not understood: %s\n", text, error);
		failed = 1;
		return;
	}
	if (filter_matches(&f, r) != expected) {
		printf("'%s' %s\n", text, expected ? "does not match" : "matches");
		failed = 1;
	}
	filter_free(&f);
}

static void expect_all(const struct row *r, const char * const *texts,
		       bool expected)
{
	for (; *texts; texts++)
		expect(r, *texts, expected);
}

static void refuse(const char *text, const char *why)
{
	struct filter f;
	char error[256];

	if (filter_parse(&f, text, error, sizeof(error))) {
		printf("'%.60s' is understood\n", text);
		filter_free(&f);
		failed = 1;
	} else if (strcmp(error, why)) {
		printf("'%.60s' is refused for \"%s\", not for \"%s\"\n", text, error,
		       why);
		failed = 1;
	}
}

static void of_a_session(void)
{
	static const char * const match[] = {
		"", " ", "state established", "state connected", "state = ESTAB",
		"state all", "exclude listening", "state synchronized", "state big",
		"src 10.1.2.3", "src = 10.1.2.3", "src 10.0.0.0/8", "src 10.1.2.3:40000",
		"src :40000", "src *:40000", "src *", "dst 192.0.2.128/25:80",
		"dst != 192.0.2.0/25", "dst :http", "src 0.0.0.0/0",
		"sport = :40000", "sport = 40000", "sport :40000", "sport 40000",
		"sport > :1024", "sport gt 1024", "dport <= :80", "dport = :http",
		"role dialer", "role = dialer", "role is dialer", "role != acceptor", "role DIALER",
		"link live", "reason none", "transport tcp",
		"lost>2", "lost > 2", "lost >= 3", "lost 3", "lost == 3", "lost!=4",
		"resumes eq 2", "retained>1M", "retained = 2M", "retained<2049k",
		"unsent=1048576", "recvq>=100", "sendq=0", "down>5s", "down>=5001ms",
		"down<1m", "age=1m", "age<1h", "age<1d", "downtime=0",
		"uid 1000", "inode 7", "cookie 1a", "cookie=1A",
		"pid 100", "pid = 200", "pid != 300", "process worker",
		"process != client", "id deadbeef", "id = d", "id != beef",
		"unit nginx@a-b:1.service", "unit = nginx@a-b:1.service",
		"unit != nginx@a-b:1", "unit!=NGINX@a-b:1.service",
		"not plain", "! plain", "not tagged", "not orphan", "!(orphan)",
		"lost>2 and role dialer", "lost>2 role dialer", "lost>2&&role dialer",
		"lost>2 & role dialer", "lost>9 or role dialer", "lost>9||role=dialer",
		"lost>9|lost>2", "not lost>9 and lost>2", "not (lost>9 or lost<2)",
		/* "and" binds more tightly than "or", on both sides */
		"lost>2 or lost>9 and lost>9", "lost>9 and lost>9 or lost>2",
		"( ( lost>2 ) )", "(lost>9 or lost>2) and (dport=:80)", "not not lost>2",
		NULL
	};
	static const char * const no_match[] = {
		"state listening", "state syn-sent", "exclude established",
		"state bucket", "not state all", "src 10.1.2.4", "src 11.0.0.0/8",
		"src 10.1.2.3:40001", "src != 10.1.2.3", "dst 192.0.2.0/25",
		"src ::1", "src [::]/0", "src [*]", "src vsock:2", "src vsock:*",
		"link != LIVE", "sport != :40000",
		"sport < :1024", "role acceptor", "link none", "reason off",
		"transport sctp", "lost>3", "lost<3", "lost!=3", "retained>2M",
		"down>1m", "down<=5s", "age>60s", "uid 0", "cookie 10", "pid 300",
		"pid != 100", "process client", "process != server", "id beef",
		"unit nginx", "unit NGINX@a-b:1.service", "unit != nginx@a-b:1.service",
		"id != dead", "plain", "tagged", "orphan", "not lost>2",
		"lost>2 and role acceptor", "lost>9 or role acceptor",
		"(lost>2 or lost>9) and lost>9", "not (lost>2)",
		NULL
	};
	struct row r = session();

	expect_all(&r, match, true);
	expect_all(&r, no_match, false);
	r.inode = 0;
	expect(&r, "orphan", false);	/* it may wait for accept() */
	r.state = TCP_FIN_WAIT1;
	expect(&r, "orphan", true);
}

/* What a socket does not have is not compared. */
static void of_a_listener(void)
{
	static const char * const match[] = {
		"state listening", "state listen", "not lost>0", "not lost=0",
		"src [2001:db8::1]", "src [2001:db8::]/32:80", "src 2001:db8::1",
		"src 2001:db8::/33", "src [2001:db8::1]:80", "dst [::]",
		"src [*]:80", "sport :80", NULL
	};
	static const char * const no_match[] = {
		"state connected", "lost=0", "lost>=0", "age<1d", "role dialer",
		"role != dialer", "link != live", "transport != tcp", "id 0", "orphan",
		"src [2001:db9::]/32", "src [2001:db8::]:81", "src 10.0.0.0/8",
		"pid != 1", "process != server", "id != 0", "unit != a.service", "src vsock:*",
		"src vsock:*:80", NULL
	};
	struct row r = {
		.state = TCP_LISTEN, .has_waits = true,
		.local = addr(AF_INET6, "2001:db8::1", 80),
		.peer = addr(AF_INET6, "::", 0),
	};

	expect_all(&r, match, true);
	expect_all(&r, no_match, false);
}

static void of_other_families(void)
{
	struct row r = { .state = TCP_ESTABLISHED };
	uint32_t cid = 2;

	r.local = addr(AF_INET6, "::ffff:10.1.2.3", 1);
	expect(&r, "src 10.1.0.0/16", true);
	expect(&r, "src 10.2.0.0/16", false);
	expect(&r, "src [::ffff:0:0]/96", true);
	r.local = (struct addr){ .family = AF_VSOCK, .port = 70000 };
	memcpy(r.local.host, &cid, sizeof(cid));
	expect(&r, "src vsock:2", true);
	expect(&r, "src vsock:2:70000", true);
	expect(&r, "src vsock:*:70000", true);
	expect(&r, "sport > :65535", true);
	expect(&r, "src vsock:3", false);
	expect(&r, "src vsock:2:1", false);
	expect(&r, "src 2.0.0.0", false);
	r.info.plain = 1;
	r.info.reason = RSESS_REASON_OFF;
	expect(&r, "plain and reason off", true);
}

static void what_is_refused(void)
{
	char deep[500], wide[20000];

	refuse("lost", "no value at its end");
	refuse("lost>", "no value at its end");
	refuse("lost>x", "no number: 'x'");
	refuse("lost>-1", "no number: '-1'");
	refuse("lost>1k", "no number: '1k'");
	refuse("lost>99999999999999999999", "no number: '99999999999999999999'");
	refuse("retained>99999999999999G", "no number: '99999999999999G'");
	refuse("retained>1T", "no number: '1T'");
	refuse("down>5", "no time, as 5s or 100ms: '5'");
	refuse("down>5x", "no time, as 5s or 100ms: '5x'");
	refuse("role>dialer", "that is compared by = and != only: 'dialer'");
	refuse("pid>5", "that is compared by = and != only: '5'");
	refuse("unit > a.service",
	       "that is compared by = and != only: 'a.service'");
	refuse("unit", "no value at its end");
	refuse("id xyz", "no id: 'xyz'");
	refuse("state", "no such state at its end");
	refuse("state open", "no such state: 'open'");
	refuse("state > established", "a state is or is not: 'established'");
	refuse("src", "no address at its end");
	refuse("src 10.0.0", "no address: '10.0.0'");
	refuse("src 10.0.0.0/33", "no address: '10.0.0.0/33'");
	refuse("src 10.0.0.0/", "no address: '10.0.0.0/'");
	refuse("src [::1", "no address: '[::1'");
	refuse("src [::1]x", "no address: '[::1]x'");
	refuse("src [::]/129", "no address: '[::]/129'");
	refuse("src 10.0.0.1:x", "no address: '10.0.0.1:x'");
	refuse("src []", "no address: '[]'");
	refuse("src []:80", "no address: '[]:80'");
	refuse("src vsock:", "no address: 'vsock:'");
	refuse("src vsock::80", "no address: 'vsock::80'");
	refuse("role != dailer", "no such word: 'dailer'");
	refuse("link lve", "no such word: 'lve'");
	refuse("reason != of", "no such word: 'of'");
	refuse("transport udp", "no such word: 'udp'");
	refuse("src vsock:x", "no address: 'vsock:x'");
	refuse("src > 10.0.0.1", "addresses are compared by = and != only: '10.0.0.1'");
	refuse("sport = :x", "no port: ':x'");
	refuse("sport", "no port at its end");
	refuse("lost>1)", "not understood: ')'");
	refuse("(lost>1", "no closing parenthesis at its end");
	refuse("()", "not understood: ')'");
	refuse("not", "not understood at its end");
	refuse("lost>1 and", "not understood at its end");
	refuse("or lost>1", "not understood: 'or'");
	refuse("lost>1 or and lost>2", "not understood: 'and'");
	refuse("10.0.0.1", "not understood: '10.0.0.1'");
	refuse("=", "not understood: '='");
	memset(deep, '(', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	refuse(deep, "too deep");
	memset(wide, ' ', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';
	refuse(wide, "too long");
	memset(wide, 'x', UNIT_LEN);
	wide[UNIT_LEN] = '\0';
	refuse(wide, "a word is too long");
}

static void expect_unit(const char *path, const char *unit)
{
	char name[UNIT_LEN] = "";
	bool found = unit_name(path, name);

	if (found == !unit || (unit && strcmp(name, unit))) {
		printf("'%s' is of '%s', not of '%s'\n", path,
		       found ? name : "no unit", unit ?: "none");
		failed = 1;
	}
}

static void of_cgroups(void)
{
	char longest[UNIT_LEN + 16] = "/system.slice/", *name = strrchr(longest, '/') + 1;

	expect_unit("/system.slice/nginx.service", "nginx.service");
	expect_unit("system.slice/nginx.service/", "nginx.service");
	expect_unit("/system.slice/docker.service/a/b.service", "docker.service");
	expect_unit("/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service");
	expect_unit("/user.slice/user-1000.slice/session-3.scope", "session-3.scope");
	expect_unit("/user.slice/user-1000.slice/user@1000.service/app.slice/x.service",
		    "user@1000.service");
	expect_unit("/machine.slice/libpod-1.scope/container", "libpod-1.scope");
	expect_unit("/init.scope", "init.scope");
	expect_unit("/system.slice/a\\x2db.socket", "a\\x2db.socket");
	expect_unit("/system.slice/_memory.service", "memory.service");
	expect_unit("/system.slice/data.mount", "data.mount");
	expect_unit("/-.slice/a.swap", "a.swap");
	expect_unit("/", NULL);
	expect_unit("", NULL);
	expect_unit("/system.slice", NULL);
	expect_unit("/system.slice/", NULL);
	expect_unit("/docker/0123", NULL);
	expect_unit("/docker/a.service", NULL);
	expect_unit("/.slice/a.service", NULL);
	expect_unit("/system.slice/.service", NULL);
	expect_unit("/system.slice/_.service", NULL);
	expect_unit("/system.slice/_", NULL);
	expect_unit("/system.slice/a b.service", NULL);
	expect_unit("/system.slice/a\033.service", NULL);
	memset(name, 'x', UNIT_LEN);
	memcpy(name + UNIT_LEN - 1 - strlen(".service"), ".service", 9);
	expect_unit(longest, name);
	memset(name, 'x', UNIT_LEN);
	memcpy(name + UNIT_LEN - strlen(".service"), ".service", 9);
	expect_unit(longest, NULL);
}

/* What may have units in it, and what is one or none. */
static void of_slices(void)
{
	static const char * const slices[] = { "a.slice", "-.slice", "a-b.slice" };
	static const char * const others[] = {
		"", "a", ".slice", "slice", "a.service", "a.slices", "a.slice.service",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(slices); i++)
		if (!slice_name(slices[i], strlen(slices[i]))) {
			printf("'%s' is no slice\n", slices[i]);
			failed = 1;
		}
	for (i = 0; i < ARRAY_SIZE(others); i++)
		if (slice_name(others[i], strlen(others[i]))) {
			printf("'%s' is a slice\n", others[i]);
			failed = 1;
		}
}

/* Whatever is written, it is refused or means something. */
static void at_random(void)
{
	static const char * const words[] = {
		"(", ")", "not", "!", "and", "or", "lost", ">", "=", "1", "src", ":80",
		"10.0.0.0/8", "[::1]:80", "state", "established", "role", "dialer",
		"pid", "unit", "id", "dead", "down", "5s", "plain", "<=", "!=", "vsock:1", "[",
	};
	struct row r = session();
	char text[512], error[256];
	unsigned int seed = 1;
	struct filter f;
	int i, j;

	for (i = 0; i < 200000; i++) {
		text[0] = '\0';
		for (j = rand_r(&seed) % 12; j >= 0; j--) {
			strcat(text, words[rand_r(&seed) % ARRAY_SIZE(words)]);
			if (rand_r(&seed) % 4)
				strcat(text, " ");
		}
		if (!filter_parse(&f, text, error, sizeof(error)))
			continue;
		filter_matches(&f, &r);
		filter_free(&f);
	}
}

int main(void)
{
	of_a_session();
	of_a_listener();
	of_other_families();
	what_is_refused();
	of_cgroups();
	of_slices();
	at_random();
	return failed;
}
