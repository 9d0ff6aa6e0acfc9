// SPDX-License-Identifier: GPL-2.0
/*
 * Listening: full queues, listeners that share an address, listeners that are
 * restarted. Nobody who connects is reset.
 *
 * What TCP does too is run over both.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "peer.h"
#include "stream.h"

#define SYSCTL		"/proc/sys/net/rsess/"
/* Longer than any test. */
#define LONG_MS		"3600000"
#define NOBODY		65534

/* What is set before bind(). */
#define ADDR		1	/* SO_REUSEADDR */
#define SHARED		2	/* SO_REUSEPORT */

/* What sockets are bound to instead of the loopback address, or NULL. */
static const char *device;

/* A socket bound to the common port, or a negative errno. */
static int bound(int domain, int family, int how)
{
	const char *any = family == AF_INET ? "0.0.0.0" : "::";
	struct sockaddr_storage ss;
	socklen_t len = device ? address(&ss, family, any, PORT) :
				 loopback(&ss, family, PORT);
	int fd = new_socket(domain, SOCK_NONBLOCK);
	int one = 1;
	int ret;

	if (fd < 0)
		return -errno;
	if ((!(how & ADDR) || !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one,
					  sizeof(one))) &&
	    (!(how & SHARED) || !setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one,
					    sizeof(one))) &&
	    (!device || !setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device,
				    strlen(device))) &&
	    !bind(fd, (struct sockaddr *)&ss, len))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

static int listener(int domain, int family, int how, int backlog)
{
	int fd = bound(domain, family, how);
	int ret;

	if (fd < 0 || !listen(fd, backlog))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

/* What bound() gives to another user. */
static int bound_by_nobody(int domain, int family, int how)
{
	int status;
	int fd;
	pid_t pid = fork();

	if (!pid) {
		if (setresuid(NOBODY, NOBODY, NOBODY))
			_exit(255);
		fd = bound(domain, family, how);
		_exit(fd < 0 ? -fd : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -ECHILD;
	return -WEXITSTATUS(status);
}

/* accept() without waiting for longer than a wait may last. */
static int accept_soon(int lfd)
{
	int ret = wait_for(lfd, POLLIN);

	return ret < 0 ? ret : accept4(lfd, NULL, NULL, SOCK_CLOEXEC);
}

static bool is_ready(int lfd)
{
	struct pollfd pfd = { .fd = lfd, .events = POLLIN };

	return poll(&pfd, 1, 0) == 1 && pfd.revents == POLLIN;
}

/*
 * Clients that connect, write a byte each, and get it back.
 */
struct crowd {
	int n;
	int domain;
	int family;
	int c[1000];
	int s[1000];
	int accepted;
	int answered;
	bool asked[1000];
};

static int crowd_init(struct crowd *w, int domain, int family)
{
	struct rlimit files = { 4096, 4096 };

	memset(w, 0, sizeof(*w));
	w->domain = domain;
	w->family = family;
	return setrlimit(RLIMIT_NOFILE, &files);
}

static void crowd_free(struct crowd *w)
{
	int i;

	for (i = 0; i < w->n; i++)
		if (w->c[i] >= 0)
			close(w->c[i]);
	for (i = 0; i < w->accepted; i++)
		if (w->s[i] >= 0)
			close(w->s[i]);
}

/* @n more clients connect; nothing waits. */
static int crowd_dial(struct crowd *w, int n)
{
	while (n--) {
		int fd = new_socket(w->domain, SOCK_NONBLOCK);

		if (fd < 0)
			return -errno;
		w->c[w->n++] = fd;
		if (dial(fd, w->family) && errno != EINPROGRESS) {
			say("connect: %s", strerror(errno));
			return -errno;
		}
	}
	return 0;
}

/* The next step of a client: 0, or the errno that it sees. */
static int crowd_step(struct crowd *w, int i)
{
	char byte = i;
	int err = socket_error(w->c[i]);

	if (err) {
		say("client %d: %s", i, strerror(err));
		return -err;
	}
	if (!w->asked[i]) {
		w->asked[i] = true;
		return send(w->c[i], &byte, 1, MSG_NOSIGNAL) == 1 ? 0 : -errno;
	}
	if (recv(w->c[i], &byte, 1, MSG_DONTWAIT) != 1 || byte != (char)i) {
		say("client %d: no answer: %s", i, strerror(errno));
		return -EPROTO;
	}
	w->answered++;
	close(w->c[i]);
	w->c[i] = -1;
	return 0;
}

/* A session's byte goes back; then it has nothing more to do. */
static int crowd_answer(struct crowd *w, int i)
{
	char byte;
	int ret = recv(w->s[i], &byte, 1, MSG_DONTWAIT);

	if (ret < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (ret)
		return send(w->s[i], &byte, 1, MSG_NOSIGNAL) == 1 ? 0 : -errno;
	close(w->s[i]);
	w->s[i] = -1;
	return 0;
}

/* Accepts at @lfd until @upto clients have had their answer. */
static int crowd_serve(struct crowd *w, int lfd, int upto)
{
	static struct pollfd pfd[2001];
	int ret = 0;
	int i;

	while (!ret && w->answered < upto) {
		for (i = 0; i < w->n; i++) {
			pfd[i].fd = w->c[i];
			pfd[i].events = w->asked[i] ? POLLIN : POLLOUT;
		}
		for (i = 0; i < w->accepted; i++) {
			pfd[w->n + i].fd = w->s[i];
			pfd[w->n + i].events = POLLIN;
		}
		pfd[w->n + i].fd = w->accepted < 1000 ? lfd : -1;
		pfd[w->n + i].events = POLLIN;
		if (poll(pfd, w->n + i + 1, WAIT_MS * 4) <= 0) {
			say("%d of %d accepted, %d answered", w->accepted, upto,
			    w->answered);
			return -ETIMEDOUT;
		}
		for (i = 0; i < w->n && !ret; i++)
			if (pfd[i].revents)
				ret = crowd_step(w, i);
		for (i = 0; i < w->accepted && !ret; i++)
			if (pfd[w->n + i].revents)
				ret = crowd_answer(w, i);
		if (!ret && pfd[w->n + w->accepted].revents) {
			w->s[w->accepted] = accept4(lfd, NULL, NULL,
						    SOCK_CLOEXEC);
			if (w->s[w->accepted] >= 0)
				w->accepted++;
			else if (errno != EAGAIN)
				ret = -errno;
		}
	}
	return ret;
}

/* Waits until all who dialed are connected. */
static int crowd_connected(struct crowd *w)
{
	int i;

	for (i = 0; i < w->n; i++) {
		int ret;

		if (w->c[i] < 0)
			continue;
		ret = wait_for(w->c[i], POLLOUT);
		if (ret < 0)
			return ret;
		ret = socket_error(w->c[i]);
		if (ret)
			return -ret;
	}
	return 0;
}

/*
 * What TCP does too.
 */
FIXTURE(listening) {
	struct crowd w;
};

SOCKET_VARIANTS(listening);

/* What silence() has dropped comes again soon: the waits of SCTP double. */
static int resend_soon(void)
{
	return transport != IPPROTO_SCTP ? 0 : sysctl_set("sctp/rto_max", 2000);
}

FIXTURE_SETUP(listening)
{
	transport = variant->protocol;
	OK(netns_new());
	OK(resend_soon());
	OK(crowd_init(&self->w, variant->domain, variant->family));
}

FIXTURE_TEARDOWN(listening)
{
	crowd_free(&self->w);
}

#define BOUND(how)		bound(variant->domain, variant->family, how)
#define LISTENER(how, backlog)	\
	listener(variant->domain, variant->family, how, backlog)

CASE(listening, reuseport_missing_is_in_use)
{
	int a = LISTENER(SHARED, 5);

	ASSERT_LE(0, a);
	ASSERT_EQ(-EADDRINUSE, BOUND(0));
	ASSERT_EQ(-EADDRINUSE, BOUND(ADDR));
	close(a);
	a = LISTENER(ADDR, 5);
	ASSERT_LE(0, a);
	ASSERT_EQ(-EADDRINUSE, BOUND(SHARED));
	ASSERT_EQ(-EADDRINUSE, BOUND(ADDR | SHARED));
	close(a);
	a = BOUND(SHARED);
	ASSERT_LE(0, a);
	ASSERT_EQ(-EADDRINUSE, BOUND(0));
	close(a);
}

CASE(listening, reuseport_other_user_refused)
{
	int a = LISTENER(SHARED, 5);

	ASSERT_LE(0, a);
	ASSERT_EQ(-EADDRINUSE, bound_by_nobody(variant->domain,
					       variant->family, SHARED));
	close(a);
	ASSERT_EQ(0, bound_by_nobody(variant->domain, variant->family, SHARED));
	/* Bound and not listening is enough. */
	a = BOUND(SHARED);
	ASSERT_LE(0, a);
	ASSERT_EQ(-EADDRINUSE, bound_by_nobody(variant->domain,
					       variant->family, SHARED));
	close(a);
}

/* Who is only bound gets nothing, is in nobody's way, and may listen later. */
CASE(listening, reuseport_bound_only)
{
	int a = BOUND(SHARED);
	int b = BOUND(SHARED);
	int c = BOUND(SHARED);

	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	ASSERT_LE(0, c);
	FAILS(ECONNREFUSED, dial(new_socket(variant->domain, 0),
				 variant->family));
	OK(listen(b, 16));
	OK(crowd_dial(&self->w, 5));
	OK(crowd_serve(&self->w, b, 5));
	close(b);
	OK(listen(c, 16));
	OK(crowd_dial(&self->w, 5));
	OK(crowd_serve(&self->w, c, 10));
	close(a);
	close(c);
}

CASE(listening, reuseaddr_second_listen_is_in_use)
{
	int a = BOUND(ADDR);
	int b = BOUND(ADDR);

	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	OK(listen(a, 5));
	FAILS(EADDRINUSE, listen(b, 5));
	close(a);
	OK(listen(b, 5));
	close(b);
}

/* Its listener may be somebody else's by now; here it is still its own. */
CASE(listening, listen_after_failed_connect)
{
	int fd = BOUND(ADDR);
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, variant->family, PORT + 1);

	ASSERT_LE(0, fd);
	if (connect(fd, (struct sockaddr *)&ss, len)) {
		ASSERT_TRUE(errno == EINPROGRESS || errno == ECONNREFUSED);
		if (errno == EINPROGRESS) {
			ASSERT_LT(0, wait_for(fd, POLLOUT));
			ASSERT_EQ(ECONNREFUSED, socket_error(fd));
			/* It is told once more. */
			connect(fd, (struct sockaddr *)&ss, len);
		}
	}
	OK(listen(fd, 16));
	OK(crowd_dial(&self->w, 3));
	OK(crowd_serve(&self->w, fd, 3));
	close(fd);
}

CASE(listening, linger_zero_refused_as_tcp)
{
	int a = LISTENER(ADDR, 5);
	int c = new_socket(variant->domain, 0);
	char byte;

	ASSERT_LE(0, a);
	OK(dial(c, variant->family));
	/* The client's side may be connected first. */
	ASSERT_LT(0, wait_for(a, POLLIN));
	close(a);
	ASSERT_LT(0, wait_for(c, POLLIN));
	FAILS(ECONNRESET, recv(c, &byte, 1, 0));
	close(c);
	c = new_socket(variant->domain, 0);
	FAILS(ECONNREFUSED, dial(c, variant->family));
	close(c);
}

/* More clients than the queue has room for: they wait, and get in. TCP's come
 * again after 1, 2, 4, ... seconds, so it has fewer of them.
 */
CASE(listening, backlog_full_waits)
{
	int n = variant->domain == AF_RSESS ? 1000 / slowness() : 8;
	int a = LISTENER(ADDR, 2);

	ASSERT_LE(0, a);
	OK(crowd_dial(&self->w, n));
	OK(crowd_serve(&self->w, a, n));
	close(a);
}

/* Each has as many as it was given, whoever takes them. */
CASE(listening, reuseport_all_get_in)
{
	struct crowd *w = &self->w;
	int a = LISTENER(SHARED, 64);
	int b = LISTENER(SHARED, 64);

	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	OK(crowd_dial(w, 30));
	OK(crowd_connected(w));
	/* As many as there are at one of them, the rest at the other. */
	while (w->accepted < 30 && is_ready(a))
		w->s[w->accepted++] = accept(a, NULL, NULL);
	OK(crowd_serve(w, b, 30));
	close(a);
	close(b);
}

/* Of the clients of a listener: those that were reset, and those that get in. */
struct toll {
	struct crowd *w;
	int lfd;
	int lost;
};

static bool toll_is_known(void *arg)
{
	struct toll *t = arg;
	struct crowd *w = t->w;
	int i;

	while (is_ready(t->lfd))
		w->s[w->accepted++] = accept(t->lfd, NULL, NULL);
	for (i = 0; i < w->n; i++)
		t->lost += socket_error(w->c[i]) == ECONNRESET;
	return t->lost + w->accepted == w->n;
}

/* One of those that share is closed. With TCP who waited there is reset. */
CASE(listening, reuseport_close_resets_nobody)
{
	int a = LISTENER(SHARED, 64);
	int b = LISTENER(SHARED, 64);
	struct crowd *w = &self->w;
	struct toll toll = { .w = w, .lfd = b };
	int fd;
	int i;

	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	OK(crowd_dial(w, 30));
	OK(crowd_connected(w));
	for (i = 0; i < 30; i++)
		ASSERT_EQ(1, send(w->c[i], "x", 1, MSG_NOSIGNAL));
	close(a);
	if (variant->domain == AF_RSESS) {
		for (i = 0; i < 30; i++)
			w->asked[i] = true;
		for (i = 0; i < 30; i++) {
			fd = accept_soon(b);
			ASSERT_LE(0, fd);
			w->s[w->accepted++] = fd;
			OK(wait_readable(fd, 1));
		}
		EXPECT_FALSE(is_ready(b));
		EXPECT_EQ(0, stat_get("SessionsFailed"));
		close(b);
		return;
	}
	OK(wait_until(toll_is_known, &toll));
	EXPECT_LT(0, toll.lost);
	close(b);
}

/*
 * A port at which nobody listens any more is nobody's.
 */
static bool is_free_to_all(void *arg)
{
	int family = *(int *)arg;
	int fd = listener(family, family, ADDR, 1);

	if (fd < 0)
		return false;
	close(fd);
	return !bound_by_nobody(family, family, ADDR) &&
	       !bound_by_nobody(AF_RSESS, family, ADDR);
}

/* What connect() says to nobody: an errno. */
static int called(int domain, int family)
{
	int fd = new_socket(domain, 0);
	int ret = dial(fd, family) ? errno : 0;

	close(fd);
	return ret;
}

/* A connection, and nobody listens any more. */
static int last_one(int domain, int family, int *c, int *s)
{
	int a = listener(domain, family, ADDR, 5);

	*c = new_socket(domain, 0);
	if (a < 0 || *c < 0 || dial(*c, family))
		return -errno;
	*s = accept_soon(a);
	close(a);
	return *s < 0 ? *s : 0;
}

CASE(listening, port_is_free_when_the_client_closed_first)
{
	int family = variant->family;
	int c, s;

	OK(last_one(variant->domain, family, &c, &s));
	OK(write_all(c, 0, 100));
	close(c);
	OK(read_all(s, 0, 100));
	OK(read_eof(s));
	close(s);
	if (variant->domain == AF_RSESS) {
		OK(no_sessions());
	}
	OK(wait_until(is_free_to_all, &family));
	ASSERT_EQ(ECONNREFUSED, called(family, family));
	ASSERT_EQ(ECONNREFUSED, called(AF_RSESS, family));
}

CASE(listening, port_is_free_when_the_server_closed_first)
{
	int family = variant->family;
	int c, s;

	OK(last_one(variant->domain, family, &c, &s));
	OK(write_all(s, 0, 100));
	close(s);
	OK(read_all(c, 0, 100));
	OK(read_eof(c));
	close(c);
	if (variant->domain == AF_RSESS) {
		OK(no_sessions());
	}
	OK(wait_until(is_free_to_all, &family));
	ASSERT_EQ(ECONNREFUSED, called(family, family));
	ASSERT_EQ(ECONNREFUSED, called(AF_RSESS, family));
}

/* An administrator ends the listener: "ss -K". SCTP has no such thing. */
CASE(listening, killed)
{
	int a, c, s;

	if (variant->protocol != IPPROTO_TCP) {
		return;
	}
	a = LISTENER(ADDR, 5);
	ASSERT_LE(0, a);
	c = new_socket(variant->domain, 0);
	OK(dial(c, variant->family));
	s = accept_soon(a);
	ASSERT_LE(0, s);
	OK(system("ss -HKltn 'sport = :7000' >/dev/null"));
	ASSERT_TRUE(wait_for(a, POLLIN) & POLLERR);
	ASSERT_EQ(ECONNABORTED, socket_error(a));
	FAILS(EINVAL, accept(a, NULL, NULL));
	ASSERT_EQ(ECONNREFUSED, called(variant->family, variant->family));
	/* Who is connected is not concerned. */
	OK(write_all(c, 0, 1000));
	OK(read_all(s, 0, 1000));
	close(c);
	close(s);
	close(a);
	a = LISTENER(ADDR, 5);
	ASSERT_LE(0, a);
	close(a);
}

/*
 * What "ss -K" can end.
 */
FIXTURE(killing) {
	struct crowd w;
};

FIXTURE_VARIANT(killing) {
	int domain;
	int family;
	int protocol;
};

SOCKET_VARIANT(killing, tcp4, AF_INET, AF_INET, IPPROTO_TCP);
SOCKET_VARIANT(killing, rsess4, AF_RSESS, AF_INET, IPPROTO_TCP);
SOCKET_VARIANT(killing, rsess6, AF_RSESS, AF_INET6, IPPROTO_TCP);

FIXTURE_SETUP(killing)
{
	transport = variant->protocol;
	OK(netns_new());
	OK(crowd_init(&self->w, variant->domain, variant->family));
}

FIXTURE_TEARDOWN(killing)
{
	crowd_free(&self->w);
}

static int kill_listener(void)
{
	return system("ss -HKltn 'sport = :7000' >/dev/null");
}

/*
 * struct bound_only - who is bound where a session needs what listened
 * @variant: of the fixture
 * @fd: is bound there
 */
struct bound_only {
	const struct _fixture_variant_killing *variant;
	int fd;
};

/* Can it listen, and does somebody reach it?  Each time it may be told of an end. */
static bool can_listen(void *arg)
{
	struct bound_only *b = arg;
	int c = new_socket(b->variant->domain, 0);
	bool ok;

	ok = !listen(b->fd, 5) && !dial(c, b->variant->family);
	if (!ok)
		socket_error(b->fd);
	close(c);
	return ok;
}

/* Who is bound there and does not listen yet has not lost anything. */
CASE(killing, is_not_for_one_that_is_only_bound)
{
	struct bound_only b = { .variant = variant };
	int c, s;

	OK(last_one(variant->domain, variant->family, &c, &s));
	b.fd = BOUND(ADDR);
	ASSERT_LE(0, b.fd);
	OK(kill_listener());
	OK(wait_until(can_listen, &b));
	close(b.fd);
	close(c);
	close(s);
}

/*
 * struct asker - a thread that asks a listener for this and that
 * @calls: how often it has done so
 * @failed: errno of a call that failed, or 0
 */
struct asker {
	pthread_t thread;
	int fd;
	bool done;
	int calls;
	int failed;
};

static bool asks(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);
	int mss = 1000;

	return !getsockopt(fd, SOL_TCP, TCP_INFO, &info, &len) &&
	       !setsockopt(fd, SOL_TCP, TCP_MAXSEG, &mss, sizeof(mss));
}

static void *asker(void *arg)
{
	struct asker *k = arg;

	while (!__atomic_load_n(&k->done, __ATOMIC_RELAXED)) {
		if (!asks(k->fd))
			k->failed = errno;
		__atomic_add_fetch(&k->calls, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static bool has_asked(void *arg)
{
	struct asker *k = arg;

	return __atomic_load_n(&k->calls, __ATOMIC_RELAXED) > 10;
}

/* A socket that listens no more has options still, and what it listened with is not
 * taken away while it is asked.
 */
CASE(killing, while_it_is_asked)
{
	int i;

	for (i = 0; i < 20; i++) {
		struct asker k = { .fd = LISTENER(ADDR, 5) };

		ASSERT_LE(0, k.fd);
		OK(pthread_create(&k.thread, NULL, asker, &k));
		OK(wait_until(has_asked, &k));
		OK(kill_listener());
		ASSERT_TRUE(wait_for(k.fd, POLLIN) & POLLERR);
		__atomic_store_n(&k.calls, 0, __ATOMIC_RELAXED);
		OK(wait_until(has_asked, &k));
		__atomic_store_n(&k.done, true, __ATOMIC_RELAXED);
		OK(pthread_join(k.thread, NULL));
		ASSERT_EQ(0, k.failed);
		close(k.fd);
	}
	i = LISTENER(ADDR, 16);
	ASSERT_LE(0, i);
	OK(crowd_dial(&self->w, 5));
	OK(crowd_serve(&self->w, i, 5));
	close(i);
}

/* What is said at the common port gets lost, until speak(). */
static int silence(void)
{
	return system("nft 'add table inet t;"
		      "add chain inet t in { type filter hook input priority 0;};"
		      "add rule inet t in meta l4proto {tcp, sctp} th sport 7000 drop'");
}

static int speak(void)
{
	return system("nft delete table inet t");
}

static bool has_no_transport(void *fd)
{
	struct rsess_info info;
	socklen_t len = sizeof(info);

	return !getsockopt(*(int *)fd, SOL_RSESS, RSESS_INFO, &info, &len) &&
	       info.link == RSESS_LINK_NONE;
}

/* The server's host has lost the connection and has not said so, as when it comes up anew;
 * and a service that knows of no sessions has the port.  Its listener, or a negative errno.
 */
static int comes_back_plain(int domain, int family, int *s)
{
	struct linger now = { .l_onoff = 1 };
	int ret = silence() ? -EIO : 0;

	/* Over a transport a session would say that it is cut. */
	if (!ret && domain == AF_RSESS)
		ret = tear(PORT) > 0 ? wait_until(has_no_transport, s) : -EIO;
	if (ret ||
	    setsockopt(*s, SOL_SOCKET, SO_LINGER, &now, sizeof(now)) ||
	    close(*s))
		return ret ?: -EIO;
	*s = -1;
	ret = wait_until(is_free_to_all, &family);
	if (ret)
		return ret;
	ret = listener(family, family, ADDR, 50);
	return speak() ? -EIO : ret;
}

CASE(listening, comes_back_without_sessions)
{
	int family = variant->family;
	int a, c, s, n = 0;

	OK(last_one(variant->domain, family, &c, &s));
	OK(write_all(c, 0, 100));
	OK(read_all(s, 0, 100));
	a = comes_back_plain(variant->domain, family, &s);
	ASSERT_LE(0, a);
	ASSERT_EQ(1, send(c, "x", 1, MSG_NOSIGNAL));
	ASSERT_LT(0, wait_for(c, POLLERR));
	ASSERT_EQ(ECONNRESET, socket_error(c));
	close(c);
	/* The new service has not been bothered for long. */
	while ((s = accept(a, NULL, NULL)) >= 0) {
		close(s);
		n++;
	}
	ASSERT_GT(10, n);
	if (variant->domain == AF_RSESS) {
		ASSERT_EQ(1, stat_get("PeersReplaced"));
		OK(no_sessions());
	}
	close(a);
}

/* A service that serves only whom it has: who comes to see whether it is there must not
 * take it for alive. SCTP cannot tell before it has an association.
 */
CASE(listening, draining_service_refuses)
{
	struct rise resumes = { .name = "Resumes" };
	int family = variant->family;
	int c, s;

	OK(last_one(variant->domain, family, &c, &s));
	if (variant->protocol == IPPROTO_TCP) {
		ASSERT_EQ(ECONNREFUSED, called(family, family));
	}
	ASSERT_EQ(ECONNREFUSED, called(AF_RSESS, family));
	OK(write_all(c, 0, 100));
	OK(read_all(s, 0, 100));
	if (variant->domain == AF_RSESS) {
		ASSERT_LT(0, tear(PORT));
		OK(write_all(c, 0, 100));
		OK(read_all(s, 0, 100));
		/* An ABORT of SCTP may hit another association. */
		if (variant->protocol == IPPROTO_TCP) {
			OK(wait_until(has_risen, &resumes));
		}
	}
	close(c);
	close(s);
}

struct caller {
	int listener;
	int family;
};

/* Is one who dials plain?  It is accepted, or it would be a session that has not ended. */
static bool is_plain_by_now(void *arg)
{
	const struct caller *who = arg;
	struct rsess_info info = { };
	socklen_t len = sizeof(info);
	int fd = new_socket(AF_RSESS, 0);

	if (fd < 0)
		return false;
	if (!dial(fd, who->family)) {
		getsockopt(fd, SOL_RSESS, RSESS_INFO, &info, &len);
		close(accept_soon(who->listener));
	}
	close(fd);
	return info.plain;
}

/* A session that was accepted at an address can come back there, whatever the next who
 * listens there says; he has his way when it has ended.
 */
CASE(listening, off_waits_for_the_last_session)
{
	struct caller who = { .family = variant->family };
	int off = RSESS_NEGOTIATE_OFF;
	int a, c, s;

	if (variant->domain != AF_RSESS || variant->protocol != IPPROTO_TCP) {
		return;
	}
	OK(last_one(variant->domain, variant->family, &c, &s));
	a = BOUND(ADDR);
	ASSERT_LE(0, a);
	OK(setsockopt(a, SOL_RSESS, RSESS_NEGOTIATE, &off, sizeof(off)));
	OK(listen(a, 100));
	ASSERT_LT(0, tear(PORT));
	OK(write_all(c, 0, 100));
	OK(read_all(s, 0, 100));
	close(c);
	OK(read_eof(s));
	close(s);
	who.listener = a;
	OK(wait_until(is_plain_by_now, &who));
	close(a);
}

/* The same of a service for both families. */
CASE(listening, draining_service_for_all_refuses)
{
	struct sockaddr_storage ss;
	socklen_t len = address(&ss, AF_INET6, "::", PORT);
	int domain = variant->domain == AF_RSESS ? AF_RSESS : AF_INET6;
	int family = variant->family;
	int a, c, s;

	if (variant->protocol != IPPROTO_TCP) {
		return;
	}
	a = new_socket(domain, 0);
	ASSERT_LE(0, a);
	OK(bind(a, (struct sockaddr *)&ss, len));
	OK(listen(a, 5));
	c = new_socket(variant->domain, 0);
	OK(dial(c, family));
	s = accept_soon(a);
	ASSERT_LE(0, s);
	close(a);
	ASSERT_EQ(ECONNREFUSED, called(AF_INET, AF_INET));
	ASSERT_EQ(ECONNREFUSED, called(AF_INET6, AF_INET6));
	ASSERT_EQ(ECONNREFUSED, called(AF_RSESS, AF_INET));
	OK(write_all(c, 0, 100));
	OK(read_all(s, 0, 100));
	close(c);
	close(s);
}

/*
 * What TCP does not do.
 */
FIXTURE(queue) {
	struct crowd w;
};

SESSION_VARIANTS(queue);

FIXTURE_SETUP(queue)
{
	transport = variant->protocol;
	OK(netns_new());
	OK(resend_soon());
	/* So that the module is there, and its sysctls. */
	close(new_socket(AF_RSESS, 0));
	OK(crowd_init(&self->w, variant->domain, variant->family));
}

FIXTURE_TEARDOWN(queue)
{
	crowd_free(&self->w);
}

/* Is there an event for @lfd? Waits for one if there is to be one. */
static int epoll_ready(int efd, bool want)
{
	struct epoll_event ev;

	return epoll_wait(efd, &ev, 1, want ? WAIT_MS : 0);
}

/* One of them can take all. Both see what is there, and what is not any more. */
CASE(queue, reuseport_shares_queue)
{
	int a = LISTENER(SHARED, 64);
	int b = LISTENER(SHARED, 64);
	struct crowd *w = &self->w;

	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	OK(crowd_dial(w, 20));
	OK(crowd_connected(w));
	ASSERT_TRUE(is_ready(a));
	ASSERT_TRUE(is_ready(b));
	OK(crowd_serve(w, b, 20));
	ASSERT_FALSE(is_ready(a));
	ASSERT_FALSE(is_ready(b));
	OK(crowd_dial(w, 1));
	OK(crowd_serve(w, a, 21));
	close(a);
	close(b);
}

CASE(queue, reuseport_epoll)
{
	int lfd[3];
	int level[3];
	int edge[3];
	int i;

	for (i = 0; i < 3; i++) {
		struct epoll_event ev = { .events = EPOLLIN };

		lfd[i] = LISTENER(SHARED, 5);
		ASSERT_LE(0, lfd[i]);
		level[i] = epoll_create1(EPOLL_CLOEXEC);
		edge[i] = epoll_create1(EPOLL_CLOEXEC);
		OK(epoll_ctl(level[i], EPOLL_CTL_ADD, lfd[i], &ev));
		ev.events |= EPOLLET;
		OK(epoll_ctl(edge[i], EPOLL_CTL_ADD, lfd[i], &ev));
		ASSERT_EQ(0, epoll_ready(level[i], false));
		ASSERT_EQ(0, epoll_ready(edge[i], false));
	}
	/* Each is told of each session. */
	for (i = 0; i < 3; i++) {
		int j;

		OK(crowd_dial(&self->w, 1));
		for (j = 0; j < 3; j++) {
			ASSERT_EQ(1, epoll_ready(edge[j], true));
			ASSERT_EQ(1, epoll_ready(level[j], true));
			ASSERT_EQ(1, epoll_ready(level[j], true));
		}
		OK(crowd_serve(&self->w, lfd[i], i + 1));
		for (j = 0; j < 3; j++) {
			ASSERT_EQ(0, epoll_ready(level[j], false));
			FAILS(EAGAIN, accept(lfd[j], NULL, NULL));
		}
	}
	for (i = 0; i < 3; i++)
		close(lfd[i]);
}

static void *accept_blocking(void *arg)
{
	int *fd = arg;

	*fd = accept(*fd, NULL, NULL);
	return NULL;
}

/* No program can choose whose a session is: any of them accepts it. */
CASE(queue, reuseport_takes_no_program)
{
	struct sock_filter first[] = { { BPF_RET | BPF_K, 0, 0, 0 } };
	struct sock_fprog classic = { .len = 1, .filter = first };
	int a = LISTENER(SHARED, 5);

	ASSERT_LE(0, a);
	FAILS(EINVAL, setsockopt(a, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF,
				 &classic, sizeof(classic)));
	OK(crowd_dial(&self->w, 1));
	OK(crowd_serve(&self->w, a, 1));
	close(a);
}

/* Those who sleep in accept() are woken, one for each session. */
CASE(queue, reuseport_blocking_accept)
{
	pthread_t thread[4];
	int lfd[4];
	int fd[4];
	int i;

	for (i = 0; i < 4; i++) {
		lfd[i] = LISTENER(SHARED, 5);
		ASSERT_LE(0, lfd[i]);
		OK(fcntl(lfd[i], F_SETFL, 0));
		fd[i] = lfd[i];
		OK(pthread_create(&thread[i], NULL, accept_blocking, &fd[i]));
	}
	OK(crowd_dial(&self->w, 4));
	for (i = 0; i < 4; i++) {
		OK(pthread_join(thread[i], NULL));
		ASSERT_LE(0, fd[i]);
		close(fd[i]);
	}
	for (i = 0; i < 4; i++) {
		OK(fcntl(lfd[i], F_SETFL, O_NONBLOCK));
		FAILS(EAGAIN, accept(lfd[i], NULL, NULL));
		close(lfd[i]);
	}
}

static bool are_parked(void *arg)
{
	return stat_get("AcceptQueueFull") >= *(int *)arg;
}

static bool six_are_accepted(void *arg)
{
	(void)arg;
	return stat_get("SessionsAccepted") >= 6;
}

/* The backlogs add up, each with one more, as TCP's. */
CASE(queue, reuseport_adds_room)
{
	int a = LISTENER(SHARED, 1);
	int b = LISTENER(SHARED, 3);
	struct crowd *w = &self->w;
	int parked = 4;

	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	OK(crowd_dial(w, 10));
	OK(wait_until(are_parked, &parked));
	OK(wait_until(six_are_accepted, NULL));
	EXPECT_EQ(6, stat_get("SessionsAccepted"));
	/* What is there stays, though there is less room now. */
	close(b);
	OK(crowd_serve(w, a, 10));
	close(a);
	EXPECT_EQ(0, stat_get("SessionsFailed"));
}

/* A longer queue lets in who waits. */
CASE(queue, listen_again_makes_room)
{
	int a = LISTENER(ADDR, 1);
	struct crowd *w = &self->w;
	int parked = 8;

	ASSERT_LE(0, a);
	OK(crowd_dial(w, 10));
	OK(wait_until(are_parked, &parked));
	OK(listen(a, 16));
	OK(crowd_connected(w));
	OK(crowd_serve(w, a, 10));
	close(a);
}

/* Who waited longest and has gone takes no place away. */
CASE(queue, parked_ones_give_up)
{
	static struct peer p[20];
	struct crowd *w = &self->w;
	int parked = 20;
	int a, i;

	OK(negotiate_set(RSESS_NEGOTIATE_REQUIRE));
	a = LISTENER(ADDR, 1);
	ASSERT_LE(0, a);
	OK(crowd_dial(w, 2));
	OK(crowd_connected(w));
	for (i = 0; i < 20; i++) {
		peer_init(&p[i], true, 0);
		p[i].addrlen = loopback(&p[i].addr, variant->family, PORT);
		OK(peer_dial(&p[i]));
		OK(peer_send_hello(&p[i]));
	}
	OK(wait_until(are_parked, &parked));
	OK(crowd_dial(w, 2));
	parked += 2;
	OK(wait_until(are_parked, &parked));
	for (i = 0; i < 20; i++)
		peer_reset(&p[i]);
	OK(crowd_serve(w, a, 4));
	close(a);
}

/* Of many who wait for accept() max_pending do so here; others come again, and all get in. */
CASE(queue, parked_full_comes_again)
{
	int a = LISTENER(ADDR, 1);

	ASSERT_LE(0, a);
	OK(file_write(SYSCTL "max_pending", "4"));
	/* Nobody is slow. */
	OK(file_write(SYSCTL "handshake_timeout_ms", LONG_MS));
	OK(crowd_dial(&self->w, 100));
	OK(crowd_serve(&self->w, a, 100));
	EXPECT_LT(0, stat_get("ParkedFull"));
	EXPECT_EQ(0, stat_get("SessionsFailed"));
	close(a);
}

static bool six_were_idle(void *arg)
{
	(void)arg;
	return stat_get("HandshakeTimeouts") + stat_get("PendingDropped") >= 6;
}

/* Idle connections are in the way, but not for ever. */
CASE(queue, pending_full_of_idle_ones)
{
	int domain = variant->family;
	int idle[6];
	int a, i;

	OK(negotiate_set(RSESS_NEGOTIATE_REQUIRE));
	a = LISTENER(ADDR, 16);
	ASSERT_LE(0, a);
	OK(file_write(SYSCTL "max_pending", "2"));
	OK(file_write(SYSCTL "handshake_timeout_ms", "300"));
	for (i = 0; i < 6; i++) {
		idle[i] = new_socket(domain, 0);
		OK(dial(idle[i], variant->family));
	}
	OK(crowd_dial(&self->w, 10));
	OK(crowd_serve(&self->w, a, 10));
	/* The last may have its time while the others were served. */
	OK(wait_until(six_were_idle, NULL));
	for (i = 0; i < 6; i++)
		close(idle[i]);
	close(a);
}

CASE(queue, linger_keeps_queue)
{
	struct crowd *w = &self->w;
	int a = LISTENER(ADDR, 16);

	ASSERT_LE(0, a);
	OK(file_write(SYSCTL "listen_linger", LONG_MS));
	OK(crowd_dial(w, 5));
	OK(crowd_connected(w));
	close(a);
	a = LISTENER(ADDR, 16);
	ASSERT_LE(0, a);
	OK(crowd_serve(w, a, 5));
	EXPECT_EQ(1, stat_get("LingerTaken"));
	EXPECT_EQ(0, stat_get("SessionsFailed"));
	/* Once more, by shutdown() and for a listener that shares. */
	OK(crowd_dial(w, 5));
	OK(crowd_connected(w));
	OK(shutdown(a, SHUT_RD));
	close(a);
	a = LISTENER(SHARED, 16);
	ASSERT_LE(0, a);
	OK(crowd_serve(w, a, 10));
	EXPECT_EQ(2, stat_get("LingerTaken"));
	EXPECT_EQ(0, stat_get("SessionsFailed"));
	OK(file_write(SYSCTL "listen_linger", "0"));
	close(a);
}

/* The next one may have a shorter queue: who waits still gets in. */
CASE(queue, linger_shorter_backlog)
{
	struct crowd *w = &self->w;
	int a = LISTENER(ADDR, 16);

	ASSERT_LE(0, a);
	OK(file_write(SYSCTL "listen_linger", LONG_MS));
	OK(crowd_dial(w, 10));
	OK(crowd_connected(w));
	close(a);
	OK(crowd_dial(w, 10));
	a = LISTENER(ADDR, 0);
	ASSERT_LE(0, a);
	OK(crowd_serve(w, a, 20));
	OK(file_write(SYSCTL "listen_linger", "0"));
	close(a);
}

CASE(queue, linger_parks_hello)
{
	struct crowd *w = &self->w;
	int a = LISTENER(ADDR, 16);
	int parked = 5;
	int i;

	ASSERT_LE(0, a);
	OK(file_write(SYSCTL "listen_linger", LONG_MS));
	close(a);
	OK(crowd_dial(w, 5));
	OK(wait_until(are_parked, &parked));
	for (i = 0; i < 5; i++) {
		struct pollfd pfd = { .fd = w->c[i], .events = POLLOUT };

		ASSERT_EQ(0, poll(&pfd, 1, 0));
	}
	a = LISTENER(ADDR, 16);
	ASSERT_LE(0, a);
	OK(crowd_serve(w, a, 5));
	EXPECT_EQ(0, stat_get("HelloRefused"));
	OK(file_write(SYSCTL "listen_linger", "0"));
	close(a);
}

static bool address_is_free(void *arg)
{
	int family = *(int *)arg;
	int fd = listener(family, family, ADDR, 1);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

CASE(queue, linger_runs_out_refused)
{
	struct crowd *w = &self->w;
	int family = variant->family;
	int a = LISTENER(ADDR, 16);
	char byte;

	ASSERT_LE(0, a);
	OK(file_write(SYSCTL "listen_linger", "2000"));
	OK(crowd_dial(w, 1));
	OK(crowd_connected(w));
	close(a);
	OK(crowd_dial(w, 1));
	/* As at once without it: cut who was in the queue, refuse the others. */
	ASSERT_LT(0, wait_for(w->c[0], POLLIN));
	FAILS(ECONNRESET, recv(w->c[0], &byte, 1, 0));
	ASSERT_LT(0, wait_for(w->c[1], POLLOUT));
	ASSERT_EQ(ECONNREFUSED, socket_error(w->c[1]));
	EXPECT_EQ(1, stat_get("LingerExpired"));
	EXPECT_EQ(0, stat_get("LingerTaken"));
	OK(wait_until(address_is_free, &family));
	FAILS(ECONNREFUSED, dial(new_socket(AF_RSESS, 0), family));
}

/* Whoever comes at that moment is refused at once, in whatever step of its handshake. */
CASE(queue, linger_runs_out_while_dialing)
{
	struct crowd *w = &self->w;
	int family = variant->family;
	char ms[16];
	int i;

	for (i = 0; i < 30; i++) {
		int64_t dials = stat_get("Dials");
		int a = LISTENER(ADDR, 16);

		ASSERT_LE(0, a);
		snprintf(ms, sizeof(ms), "%d", 1 + i);
		OK(file_write(SYSCTL "listen_linger", ms));
		close(a);
		usleep(1000 * i + 250 * (i % 8));
		OK(crowd_dial(w, 1));
		ASSERT_LT(0, wait_for(w->c[i], POLLOUT));
		ASSERT_EQ(ECONNREFUSED, socket_error(w->c[i]));
		/* Those that were lost while the listener went, and one that was refused. */
		ASSERT_GE(dials + 8, stat_get("Dials"));
		OK(wait_until(address_is_free, &family));
	}
}

CASE(queue, linger_other_user_not_taken)
{
	struct crowd *w = &self->w;
	int family = variant->family;
	int a = LISTENER(ADDR, 16);

	ASSERT_LE(0, a);
	OK(file_write(SYSCTL "listen_linger", LONG_MS));
	OK(crowd_dial(w, 3));
	OK(crowd_connected(w));
	close(a);
	ASSERT_EQ(-EADDRINUSE, bound_by_nobody(AF_RSESS, family, ADDR));
	ASSERT_EQ(-EADDRINUSE, bound_by_nobody(AF_RSESS, family, SHARED));
	/* Nor by a plain socket of the same user. */
	ASSERT_FALSE(address_is_free(&family));
	a = LISTENER(0, 16);
	ASSERT_LE(0, a);
	OK(crowd_serve(w, a, 3));
	OK(file_write(SYSCTL "listen_linger", "0"));
	close(a);
}

/* bind() alone takes the address, not the queue. */
CASE(queue, linger_bound_only)
{
	struct crowd *w = &self->w;
	int a = LISTENER(ADDR, 16);
	int b;

	ASSERT_LE(0, a);
	OK(file_write(SYSCTL "listen_linger", LONG_MS));
	OK(crowd_dial(w, 3));
	OK(crowd_connected(w));
	close(a);
	a = BOUND(0);
	ASSERT_LE(0, a);
	ASSERT_EQ(-EADDRINUSE, BOUND(0));
	ASSERT_EQ(-EADDRINUSE, BOUND(SHARED));
	close(a);
	a = BOUND(SHARED);
	b = BOUND(SHARED);
	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	ASSERT_EQ(0, stat_get("LingerTaken"));
	OK(listen(b, 16));
	OK(crowd_serve(w, b, 3));
	EXPECT_EQ(1, stat_get("LingerTaken"));
	OK(file_write(SYSCTL "listen_linger", "0"));
	close(b);
	close(a);
}

/* A listener that wants no company took over one that did. */
CASE(queue, taken_over_without_reuseport)
{
	struct crowd *w = &self->w;
	int a = LISTENER(SHARED, 16);

	ASSERT_LE(0, a);
	OK(file_write(SYSCTL "listen_linger", LONG_MS));
	OK(crowd_dial(w, 3));
	OK(crowd_connected(w));
	close(a);
	a = LISTENER(0, 16);
	ASSERT_LE(0, a);
	ASSERT_EQ(-EADDRINUSE, BOUND(SHARED));
	OK(crowd_serve(w, a, 3));
	OK(file_write(SYSCTL "listen_linger", "0"));
	close(a);
}

/*
 * A server that is restarted again and again while clients come without pause.
 */
#define RESTARTS	25
#define CLIENTS		4

struct client {
	pthread_t thread;
	int domain;
	int family;
	int served;
	int error;
	bool *stop;
};

static int client_once(struct client *c)
{
	int fd = new_socket(c->domain, 0);
	char byte = c->served;
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (dial(fd, c->family) || send(fd, &byte, 1, MSG_NOSIGNAL) != 1 ||
	    recv(fd, &byte, 1, 0) != 1 || byte != (char)c->served)
		ret = -(errno ?: EPROTO);
	close(fd);
	return ret;
}

static void *client_run(void *arg)
{
	struct client *c = arg;

	while (!__atomic_load_n(c->stop, __ATOMIC_RELAXED) && !c->error) {
		errno = 0;
		c->error = client_once(c);
		__atomic_fetch_add(&c->served, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* Accepts and answers some clients. */
static int serve(int lfd, int n)
{
	while (n--) {
		int fd = accept_soon(lfd);
		char byte;

		if (fd < 0)
			return fd;
		if (recv(fd, &byte, 1, 0) != 1 ||
		    send(fd, &byte, 1, MSG_NOSIGNAL) != 1) {
			say("session: %s", strerror(errno));
			return -EPROTO;
		}
		close(fd);
	}
	return 0;
}

/* Restarts; the last one that listens serves until all clients have stopped. */
static int restarts(int domain, int family, int how, bool overlap)
{
	int lfd = listener(domain, family, how, 1);
	int ret = lfd < 0 ? lfd : 0;
	int i;

	for (i = 0; i < RESTARTS && !ret; i++) {
		int next = overlap ? listener(domain, family, how, 1) : -1;

		ret = serve(lfd, i % 5);
		close(lfd);
		if (!overlap)
			next = listener(domain, family, how, 1);
		if (next < 0) {
			say("restart %d: %s", i, strerror(-next));
			return next;
		}
		lfd = next;
	}
	return ret ?: lfd;
}

static int clients_start(struct client *c, int domain, int family, bool *stop)
{
	int i;

	for (i = 0; i < CLIENTS; i++) {
		c[i].domain = domain;
		c[i].family = family;
		c[i].stop = stop;
		if (pthread_create(&c[i].thread, NULL, client_run, &c[i]))
			return -EAGAIN;
	}
	return 0;
}

static void *clients_join(void *arg)
{
	struct client *c = arg;
	int i;

	for (i = 0; i < CLIENTS; i++)
		pthread_join(c[i].thread, NULL);
	return NULL;
}

/* Serves until the clients are gone. */
static int clients_stop(struct client *c, int lfd, bool *stop)
{
	int64_t end = now_ms() + WAIT_MS;
	pthread_t joiner;

	__atomic_store_n(stop, true, __ATOMIC_RELAXED);
	if (pthread_create(&joiner, NULL, clients_join, c))
		return -EAGAIN;
	while (pthread_tryjoin_np(joiner, NULL)) {
		if (now_ms() > end) {
			say("clients wait for ever");
			return -ETIMEDOUT;
		}
		while (is_ready(lfd))
			if (serve(lfd, 1))
				return -EPROTO;
		usleep(2000);
	}
	return 0;
}

CASE(queue, listener_restart_loop_overlapping)
{
	struct client c[CLIENTS] = {};
	bool stop = false;
	int lfd;
	int i;

	/* Somebody listens before the first one comes. */
	lfd = LISTENER(SHARED, 1);
	ASSERT_LE(0, lfd);
	OK(clients_start(c, variant->domain, variant->family, &stop));
	i = restarts(variant->domain, variant->family, SHARED, true);
	ASSERT_LE(0, i);
	close(lfd);
	OK(clients_stop(c, i, &stop));
	close(i);
	for (i = 0; i < CLIENTS; i++) {
		EXPECT_EQ(0, c[i].error);
		EXPECT_LT(0, c[i].served);
	}
	EXPECT_EQ(0, stat_get("HelloRefused"));
}

CASE(queue, listener_restart_loop_lingering)
{
	struct client c[CLIENTS] = {};
	bool stop = false;
	int lfd;
	int i;

	OK(file_write(SYSCTL "listen_linger", LONG_MS));
	lfd = LISTENER(ADDR, 1);
	ASSERT_LE(0, lfd);
	OK(clients_start(c, variant->domain, variant->family, &stop));
	close(lfd);
	lfd = restarts(variant->domain, variant->family, ADDR, false);
	ASSERT_LE(0, lfd);
	OK(clients_stop(c, lfd, &stop));
	OK(file_write(SYSCTL "listen_linger", "0"));
	close(lfd);
	for (i = 0; i < CLIENTS; i++) {
		EXPECT_EQ(0, c[i].error);
		EXPECT_LT(0, c[i].served);
	}
	EXPECT_EQ(RESTARTS + 1, stat_get("LingerTaken"));
	EXPECT_EQ(0, stat_get("HelloRefused"));
}

/*
 * The last acknowledgment is lost, and nobody listens any more.
 */
static bool in_state(int fd, int state)
{
	struct rsess_info info;
	socklen_t len = sizeof(info);

	return !getsockopt(fd, SOL_RSESS, RSESS_INFO, &info, &len) &&
	       info.state == state;
}

static bool in_time_wait(void *fd)
{
	return in_state(*(int *)fd, TCP_TIME_WAIT);
}

static bool in_close(void *fd)
{
	return in_state(*(int *)fd, TCP_CLOSE);
}

static bool is_one_session(void *arg)
{
	(void)arg;
	return sessions() == 1;
}

/* A dialer whose packets get lost tries again, after ten seconds and then after twenty. */
static int wait_for_close(int *c)
{
	int ret = 0;
	int i;

	for (i = 0; i < 4; i++) {
		ret = wait_until(in_close, c);
		if (!ret)
			break;
	}
	return ret;
}

/* The server has closed first, and all that it says then gets lost. */
static int last_word_is_lost(int family, int *c)
{
	int ret, s;

	ret = last_one(AF_RSESS, family, c, &s);
	if (ret || shutdown(s, SHUT_WR))
		return ret ?: -errno;
	ret = read_eof(*c);
	if (ret)
		return ret;
	if (silence())
		return -EIO;
	if (shutdown(*c, SHUT_WR))
		return -errno;
	ret = wait_until(in_time_wait, &s);
	close(s);
	if (ret)
		return ret;
	ret = tear(PORT);
	if (ret <= 0)
		return -EIO;
	/* A work closes the transport and the listener. */
	return wait_until(is_one_session, NULL) ?:
	       wait_until(is_free_to_all, &family);
}

/* The dialer still hears it: what is left of the session is found at its port.  All the
 * time it is a closed port to a program that only connects; SCTP cannot tell that one.
 */
CASE(queue, last_word_is_said_where_nobody_listens)
{
	int family = variant->family;
	int64_t end = now_ms() + WAIT_MS;
	int c;

	OK(last_word_is_lost(family, &c));
	ASSERT_EQ(0, bound_by_nobody(family, family, ADDR));
	OK(speak());
	while (transport == IPPROTO_TCP && !in_close(&c)) {
		ASSERT_EQ(ECONNREFUSED, called(family, family));
		ASSERT_GT(end, now_ms());
	}
	OK(wait_for_close(&c));
	EXPECT_EQ(0, socket_error(c));
	EXPECT_EQ(1, stat_get("ResumeTombstone"));
	EXPECT_LT(0, stat_get("ListenersRecalled"));
	close(c);
	OK(no_sessions());
	OK(wait_until(is_free_to_all, &family));
	ASSERT_EQ(ECONNREFUSED, called(family, family));
}

/* The port is somebody else's, who has nothing to do with it. */
CASE(queue, last_word_gives_way)
{
	int family = variant->family;
	int c, a;

	OK(last_word_is_lost(family, &c));
	/* With room for the dialer, too, which is not accepted either. */
	a = listener(family, family, ADDR, 50);
	ASSERT_LE(0, a);
	OK(speak());
	ASSERT_EQ(0, called(family, family));
	ASSERT_EQ(0, called(AF_RSESS, family));
	close(a);
	close(c);
	/* And of a session layer's. */
	ASSERT_EQ(0, bound_by_nobody(AF_RSESS, family, ADDR));
	a = listener(AF_RSESS, family, ADDR, 5);
	ASSERT_LE(0, a);
	ASSERT_EQ(0, called(AF_RSESS, family));
	close(a);
}

/* The host is one of several, says the application: it may be another one next time. */
CASE(queue, comes_back_without_sessions_but_may_be_another)
{
	/* More than are enough without the option. */
	struct rise many = { .name = "SynOptionLost", .from = 6 };
	int family = variant->family;
	int one = 1;
	int a, c, s;

	OK(last_one(AF_RSESS, family, &c, &s));
	OK(setsockopt(c, SOL_RSESS, RSESS_RETRY_UNKNOWN, &one, sizeof(one)));
	OK(write_all(c, 0, 100));
	OK(read_all(s, 0, 100));
	a = comes_back_plain(AF_RSESS, family, &s);
	ASSERT_LE(0, a);
	ASSERT_EQ(1, send(c, "x", 1, MSG_NOSIGNAL));
	OK(wait_until(has_risen, &many));
	ASSERT_EQ(0, socket_error(c));
	ASSERT_EQ(0, stat_get("PeersReplaced"));
	close(c);
	close(a);
}

/* Somebody calls from another namespace, by another device than that which the port was
 * bound to: is refused by the host, and not by what is left of a session.
 */
static void call_by_device(int family, int other)
{
	struct sockaddr_storage ss;
	socklen_t len = address(&ss, family, family == AF_INET ? "10.9.9.1" : "fd09::1",
				PORT);
	char c;
	int fd;

	/* Until there is a link to this namespace. */
	if (netns_new() || write(other, "x", 1) != 1 || read(other, &c, 1) != 1)
		_exit(1);
	if (system("ip addr add 10.9.9.2/24 dev vb;"
		   "ip addr add fd09::2/64 dev vb nodad; ip link set vb up"))
		_exit(2);
	fd = new_socket(AF_RSESS, 0);
	if (!connect(fd, (struct sockaddr *)&ss, len) || errno != ECONNREFUSED) {
		say("%s", strerror(errno));
		_exit(3);
	}
	_exit(stat_get("AbortsReceived") ? 4 : 0);
}

CASE(queue, last_word_is_not_said_at_another_device)
{
	int family = variant->family;
	int c, up[2], status;
	char cmd[512], x;
	pid_t pid;

	OK(socketpair(AF_UNIX, SOCK_STREAM, 0, up));
	pid = fork();
	if (!pid) {
		close(up[0]);
		call_by_device(family, up[1]);
	}
	ASSERT_LT(0, pid);
	close(up[1]);
	ASSERT_EQ(1, read(up[0], &x, 1));
	device = "lo";
	OK(last_word_is_lost(family, &c));
	OK(system("nft delete table inet t"));
	OK(wait_for_close(&c));
	EXPECT_EQ(0, socket_error(c));
	EXPECT_EQ(1, stat_get("ResumeTombstone"));
	snprintf(cmd, sizeof(cmd),
		 "ip link add va type veth peer name vb netns %d;"
		 "ip addr add 10.9.9.1/24 dev va;"
		 "ip addr add fd09::1/64 dev va nodad; ip link set va up", pid);
	OK(system(cmd));
	ASSERT_EQ(1, write(up[0], "x", 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	EXPECT_EQ(1, stat_get("Tombstones"));
	close(up[0]);
	close(c);
}

/* It is not kept for ever. */
CASE(queue, last_word_is_forgotten)
{
	int family = variant->family;
	int c;

	OK(sysctl_set("rsess/tombstone_timeout_ms", 100));
	OK(last_word_is_lost(family, &c));
	sleep(2);
	OK(speak());
	/* The dialer has sent all, but does not know that it arrived. */
	ASSERT_LT(0, wait_for(c, POLLERR));
	close(c);
}

/*
 * The namespace ends while a listener lingers. A link into it tells when.
 */
static bool link_is_gone(void *arg)
{
	return !if_nametoindex(arg);
}

static pid_t lonely_namespace(int family, const char *linger, int clients,
			      int ready)
{
	struct crowd *w;
	pid_t pid = fork();
	int lfd;

	if (pid)
		return pid;
	w = malloc(sizeof(*w));
	if (!w || netns_new() || crowd_init(w, AF_RSESS, family) ||
	    file_write(SYSCTL "listen_linger", linger))
		_exit(1);
	lfd = listener(AF_RSESS, family, ADDR, 5);
	if (lfd < 0 || crowd_dial(w, clients) || crowd_connected(w))
		_exit(2);
	if (write(ready, "x", 1) != 1)
		_exit(3);
	/* Until there is a link to this namespace. */
	for (lfd = 0; !if_nametoindex("rsess-in") && lfd < 4000; lfd++)
		usleep(5000);
	_exit(if_nametoindex("rsess-in") ? 0 : 5);
}

static int namespace_ends(int family, const char *linger, int clients)
{
	char cmd[128];
	int status;
	int fd[2];
	pid_t pid;
	char c;

	if (pipe(fd))
		return -errno;
	pid = lonely_namespace(family, linger, clients, fd[1]);
	close(fd[1]);
	if (pid < 0 || read(fd[0], &c, 1) != 1) {
		say("the other namespace is not ready");
		return -ECHILD;
	}
	close(fd[0]);
	snprintf(cmd, sizeof(cmd),
		 "ip link add rsess-out type veth peer name rsess-in netns %d",
		 pid);
	if (system(cmd) || waitpid(pid, &status, 0) != pid || status) {
		say("the other namespace failed");
		return -ECHILD;
	}
	return wait_until(link_is_gone, "rsess-out");
}

/* With an empty queue it does not wait. */
CASE(queue, linger_namespace_ends_at_once)
{
	OK(namespace_ends(variant->family, LONG_MS, 0));
}

/* Sessions that wait keep the namespace until the time is over. */
CASE(queue, linger_namespace_ends_in_time)
{
	OK(namespace_ends(variant->family, "1500", 3));
}

TEST_HARNESS_MAIN
