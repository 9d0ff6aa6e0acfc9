// SPDX-License-Identifier: GPL-2.0
/*
 * Several network namespaces at once, each with a port, a policy and sessions of its
 * own. They come and go while the others negotiate.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "stream.h"

#define HOSTS		8
#define ROUNDS		4
/* Connections in each, one after the other and all open at the end. */
#define SESSIONS	12

/* Why is there no session? 0: there is one. */
static int reason(int fd)
{
	struct rsess_info info;
	socklen_t len = sizeof(info);

	if (getsockopt(fd, SOL_RSESS, RSESS_INFO, &info, &len))
		return -errno;
	return info.plain ? info.reason : 0;
}

static int talk(int from, int to, uint64_t off)
{
	return write_all(from, off, 5000) ?: read_all(to, off, 5000);
}

/* One connection more; both ends know what it is. */
static int connection(int lfd, int family, int i, int want)
{
	int c = new_socket(AF_RSESS, 0);
	int s;

	if (c < 0 || dial(c, family))
		return -errno;
	s = accept(lfd, NULL, NULL);
	if (s < 0)
		return -errno;
	if (reason(c) != want || reason(s) != want) {
		say("%d and %d, not %d", reason(c), reason(s), want);
		return -EPROTO;
	}
	return talk(c, s, i) ?: talk(s, c, i * 7);
}

/*
 * A namespace, from its beginning to its end. The process leaves all of it open, so that
 * both end with it.
 */
static int host(int n, int round)
{
	int policy = n % 3 == 2 ? RSESS_NEGOTIATE_OFF : RSESS_NEGOTIATE_AUTO;
	int want = n % 3 == 2 ? RSESS_REASON_OFF : 0;
	int family = (n + round) % 2 ? AF_INET : AF_INET6;
	int ret = netns_new() ?: negotiate_set(policy);
	int lfd, i;

	if (ret)
		return ret;
	lfd = new_listener(AF_RSESS, family);
	if (lfd < 0)
		return lfd;
	for (i = 0; i < SESSIONS && !ret; i++)
		ret = connection(lfd, family, i, want);
	if (ret)
		return ret;
	if (stat_get("SessionsAccepted") != (want ? 0 : SESSIONS) ||
	    stat_get("FallbackOff") != (want ? SESSIONS * 2 : 0) ||
	    sessions() != (want ? 0 : SESSIONS * 2)) {
		say("%d sessions", sessions());
		return -EPROTO;
	}
	return 0;
}

FIXTURE(many) {
};

FIXTURE_SETUP(many)
{
}

FIXTURE_TEARDOWN(many)
{
}

CASE(many, namespaces_at_once)
{
	int round, n, status;
	pid_t pid[HOSTS];

	for (round = 0; round < ROUNDS; round++) {
		for (n = 0; n < HOSTS; n++) {
			pid[n] = fork();
			ASSERT_LE(0, pid[n]);
			if (!pid[n])
				_exit(host(n, round) ? 1 : 0);
		}
		for (n = 0; n < HOSTS; n++) {
			ASSERT_EQ(pid[n], waitpid(pid[n], &status, 0));
			EXPECT_EQ(0, status);
		}
	}
}

TEST_HARNESS_MAIN
