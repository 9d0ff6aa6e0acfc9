// SPDX-License-Identifier: GPL-2.0
/*
 * A user without rights: what belongs to others stays theirs, nothing is allowed
 * that TCP would not allow, and no sequence of calls does any harm.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/in6.h>
#include <linux/sockios.h>

#include "harness.h"
#include "pair.h"
#include "stream.h"

#define NOBODY		65534
/* Calls at random, of each thread. */
#define CALLS		20000
#define THREADS		3
#define SLOTS		10

static int drop_rights(void)
{
	if (!setgroups(0, NULL) && !setresgid(NOBODY, NOBODY, NOBODY) &&
	    !setresuid(NOBODY, NOBODY, NOBODY))
		return 0;
	say("%s", strerror(errno));
	return -errno;
}

/* Runs @f without rights, in a process of its own; what it returned. */
static int as_nobody(int (*f)(void *arg), void *arg)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(drop_rights() || f(arg));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	return status;
}

/*
 * struct others - a session of somebody else's
 * @s: accepted, at a listener that is still open
 */
FIXTURE(unprivileged) {
	struct pair s;
};

FIXTURE_SETUP(unprivileged)
{
	pair_init(&self->s, false, AF_INET, 0);
	OK(netns_inband());
	OK(pair_open(&self->s));
	/* So that it lives on, however long a test takes. */
	OK(pair_pump(&self->s, 100, 100));
}

FIXTURE_TEARDOWN(unprivileged)
{
	pair_free(&self->s);
}

/* It has not noticed anything. */
static int undisturbed(struct pair *s)
{
	struct rsess_info info;
	int ret = pair_pump(s, 1000, 1000) ?: pair_info(s, &info);

	return ret ?: info.lost || info.resumes;
}

/* Listens at the address of the other's session, whatever options are set. */
static int takes_address(void *arg)
{
	const struct pair *s = arg;
	static const struct {
		int family;
		int protocol;
	} kinds[] = {
		{ AF_RSESS, 0 }, { AF_INET, 0 }, { AF_INET, IPPROTO_RSESS },
	};
	int how, one = 1;

	for (how = 0; how < 4 * (int)ARRAY_SIZE(kinds); how++) {
		int fd = socket(kinds[how / 4].family, SOCK_STREAM,
				kinds[how / 4].protocol);

		if (fd < 0)
			return 1;
		if (how & 1)
			setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one,
				   sizeof(one));
		if (how & 2)
			setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one,
				   sizeof(one));
		if (!bind(fd, (struct sockaddr *)&s->p.addr, s->p.addrlen) &&
		    !listen(fd, 5)) {
			say("way %d: listening", how);
			return 1;
		}
		if (errno != EADDRINUSE) {
			say("way %d: %s", how, strerror(errno));
			return 1;
		}
		close(fd);
	}
	return 0;
}

CASE(unprivileged, address_of_a_listener)
{
	OK(as_nobody(takes_address, &self->s));
	OK(undisturbed(&self->s));
}

/* Nobody listens there any more, but the session has to come back to it. */
CASE(unprivileged, address_of_a_session)
{
	struct pair *s = &self->s;

	close(s->lfd);
	s->lfd = -1;
	OK(as_nobody(takes_address, s));
	OK(undisturbed(s));
	peer_reset(&s->p);
	OK(pair_lost(s));
	OK(as_nobody(takes_address, s));
	OK(pair_again(s));
	OK(pair_pump(s, 1000, 1000));
}

/*
 * The list of sessions.
 */

/* What /proc/net/rsess says, read in pieces of @piece bytes; after each of them @f is
 * called.  Returns a string to be freed.
 */
static char *read_list(size_t piece, void (*f)(void *arg), void *arg)
{
	int fd = open("/proc/thread-self/net/rsess", O_RDONLY | O_CLOEXEC);
	char *text = malloc(1 << 20);
	size_t len = 0;
	ssize_t n = 1;

	while (fd >= 0 && text && n > 0 && len + piece < 1 << 20) {
		n = read(fd, text + len, piece);
		if (n > 0)
			len += n;
		if (f)
			f(arg);
	}
	if (fd >= 0)
		close(fd);
	if (text)
		text[len] = 0;
	return text;
}

static int times_in(const char *text, const char *what)
{
	int n = 0;

	while ((text = strstr(text, what))) {
		text += strlen(what);
		n++;
	}
	return n;
}

/* The id of a session, as the list has it; its length or a negative errno. */
static int id_of(int fd, char *id)
{
	struct rsess_info info;
	socklen_t len = sizeof(info);
	int i;

	if (getsockopt(fd, SOL_RSESS, RSESS_INFO, &info, &len))
		return -errno;
	for (i = 0; i < RSESS_ID_LEN; i++)
		sprintf(id + 2 * i, "%02x", info.id[i]);
	return 2 * i;
}

static int id_is_listed(int fd)
{
	char id[2 * RSESS_ID_LEN + 1] = "";
	char *text = read_list(4096, NULL, NULL);
	int n = id_of(fd, id) > 0 && text ? times_in(text, id) : -1;

	free(text);
	return n;
}

/* Its own it sees, and of the other one that it is there. */
static int looks_for_ids(void *arg)
{
	const struct pair *s = arg;
	char *text = read_list(4096, NULL, NULL);
	int fd = socket(AF_RSESS, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int ret;

	ret = !text || times_in(text, "\n- ") != 1;
	free(text);
	if (ret || id_is_listed(s->fd) != 0)
		return 1;
	if (fd < 0 || !dial(fd, AF_INET) || errno != EINPROGRESS)
		return 1;
	return id_is_listed(fd) != 1;
}

CASE(unprivileged, id_of_a_session)
{
	OK(as_nobody(looks_for_ids, &self->s));
	ASSERT_EQ(1, id_is_listed(self->s.fd));
	OK(undisturbed(&self->s));
}

#define LISTED	60

/*
 * struct list - sessions, some of which are cut while the list is read
 * @next: the next to be cut, and those before it have been
 */
FIXTURE(list) {
	struct list {
		int lfd;
		int c[LISTED];
		int s[LISTED];
		int next;
	} l;
};

FIXTURE_SETUP(list)
{
	struct list *l = &self->l;
	int i;

	OK(netns_new());
	l->next = 0;
	l->lfd = new_listener(AF_RSESS, AF_INET);
	ASSERT_LE(0, l->lfd);
	for (i = 0; i < LISTED; i++) {
		l->c[i] = socket(AF_RSESS, SOCK_STREAM, 0);
		OK(dial(l->c[i], AF_INET));
		l->s[i] = accept(l->lfd, NULL, NULL);
		ASSERT_LE(0, l->s[i]);
	}
}

FIXTURE_TEARDOWN(list)
{
}

static void cut_one(void *arg)
{
	const struct linger hard = { .l_onoff = 1 };
	struct list *l = arg;

	if (l->next >= LISTED / 2)
		return;
	setsockopt(l->c[l->next], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(l->c[l->next++]);
}

/* Each of the others is told once, by either end. */
CASE(list, is_whole_when_sessions_go)
{
	char id[2 * RSESS_ID_LEN + 1] = "";
	struct list *l = &self->l;
	char *text = read_list(300, cut_one, l);
	int i;

	ASSERT_NE(NULL, text);
	ASSERT_LT(10, l->next);
	for (i = l->next; i < LISTED; i++) {
		ASSERT_LT(0, id_of(l->c[i], id));
		ASSERT_EQ(2, times_in(text, id));
	}
	free(text);
}

/* Nor by being root of a namespace that one may make. */
static int takes_address_as_root(void *arg)
{
	return unshare(CLONE_NEWUSER) || takes_address(arg);
}

static int takes_privileged_port(void *arg)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(&ss, AF_INET, 80);
	int fd = socket(AF_RSESS, SOCK_STREAM, 0);

	(void)arg;
	return unshare(CLONE_NEWUSER) ||
	       !bind(fd, (struct sockaddr *)&ss, len) || errno != EACCES;
}

CASE(unprivileged, root_of_a_namespace)
{
	struct pair *s = &self->s;

	OK(as_nobody(takes_privileged_port, NULL));
	close(s->lfd);
	s->lfd = -1;
	OK(as_nobody(takes_address_as_root, s));
	OK(undisturbed(s));
}

/* Is the errno of a socket over AF_VSOCK another one? */
static int vsock_differs(void *arg)
{
	int fd = socket(AF_RSESS, SOCK_STREAM, PF_VSOCK);
	int error = fd < 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	return error != *(int *)arg;
}

static int vsock_differs_for_root(void *arg)
{
	return unshare(CLONE_NEWUSER | CLONE_NEWNET) || vsock_differs(arg);
}

/* AF_VSOCK belongs to the host, and not to a namespace of somebody's. */
CASE(unprivileged, vsock_of_the_host)
{
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int first = open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC);
	int none = 0, denied = EACCES;

	ASSERT_LE(0, here);
	ASSERT_LE(0, first);
	OK(vsock_differs(&none));
	OK(as_nobody(vsock_differs, &denied));
	OK(as_nobody(vsock_differs_for_root, &denied));
	OK(setns(first, CLONE_NEWNET));
	OK(as_nobody(vsock_differs, &none));
	OK(setns(here, CLONE_NEWNET));
	close(first);
	close(here);
}

static int writes_sysctls(void *arg)
{
	(void)arg;
	return !access("/proc/sys/net/rsess/max_sessions", W_OK) ||
	       access("/proc/sys/net/rsess/max_sessions", R_OK);
}

CASE(unprivileged, sysctls)
{
	OK(as_nobody(writes_sysctls, NULL));
}

/* Sees nothing of others in a network namespace of its own, nor reaches it. */
static int sees_others(void *arg)
{
	const struct pair *s = arg;
	int fd;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) || loopback_up())
		return 1;
	if (sessions() || stat_get("SessionsAccepted") || stat_get("Dials"))
		return 2;
	fd = socket(AF_RSESS, SOCK_STREAM, 0);
	if (!connect(fd, (struct sockaddr *)&s->p.addr, s->p.addrlen) ||
	    errno != ECONNREFUSED)
		return 3;
	return stat_get("Dials") != 1;
}

CASE(unprivileged, other_namespaces)
{
	int64_t dials = stat_get("Dials");

	ASSERT_EQ(1, sessions());
	OK(as_nobody(sees_others, &self->s));
	EXPECT_EQ(dials, stat_get("Dials"));
	ASSERT_EQ(1, sessions());
	OK(undisturbed(&self->s));
}

/* No option that TCP keeps from such a user, in any state. */
static int sets_options(void *arg)
{
	static const int levels[] = {
		SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP,
	};
	static const int values[] = { 0, 1, 7, 100, 0x7fffffff };
	const struct pair *s = arg;
	unsigned int l, v;
	int opt, state;
	int refused = 0;

	for (state = 0; state < 2; state++) {
		int tcp = socket(AF_INET6, SOCK_STREAM, 0);
		int fd = socket(AF_RSESS, SOCK_STREAM, 0);

		for (l = 0; l < ARRAY_SIZE(levels); l++) {
			for (opt = 0; opt < 256; opt++) {
				v = opt % ARRAY_SIZE(values);
				if (!setsockopt(tcp, levels[l], opt, &values[v],
						sizeof(int)) ||
				    (errno != EPERM && errno != EACCES))
					continue;
				refused++;
				if (setsockopt(state ? s->fd : fd, levels[l],
					       opt, &values[v], sizeof(int)))
					continue;
				say("level %d option %d", levels[l], opt);
				return 1;
			}
		}
		close(tcp);
		close(fd);
	}
	/* SO_MARK, SO_RCVBUFFORCE, TCP_REPAIR, IP_TRANSPARENT, and more */
	return refused < 8;
}

CASE(unprivileged, options)
{
	OK(as_nobody(sets_options, &self->s));
	OK(undisturbed(&self->s));
}

/*
 * Calls at random; RSESS_SEED says which.  Threads share the sockets, so that one closes
 * what another one uses.
 */
struct monkey {
	pthread_t thread;
	uint32_t seed;
	int *fd;
};

static uint32_t draw(struct monkey *m)
{
	m->seed ^= m->seed << 13;
	m->seed ^= m->seed >> 17;
	m->seed ^= m->seed << 5;
	return m->seed;
}

static int any_fd(struct monkey *m)
{
	return __atomic_load_n(&m->fd[draw(m) % SLOTS], __ATOMIC_RELAXED);
}

/* Of both doors, and of TCP. */
static int any_socket(struct monkey *m)
{
	static const struct {
		int family;
		int protocol;
	} kinds[] = {
		{ AF_RSESS, 0 }, { AF_RSESS, 0 }, { AF_INET, 0 },
		{ AF_INET, IPPROTO_RSESS }, { AF_INET6, IPPROTO_RSESS },
	};
	int i = draw(m) % ARRAY_SIZE(kinds);

	return socket(kinds[i].family,
		      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		      kinds[i].protocol);
}

/* A place for a new descriptor; what was there is closed. */
static void keep(struct monkey *m, int fd)
{
	int old = __atomic_exchange_n(&m->fd[draw(m) % SLOTS], fd,
				      __ATOMIC_RELAXED);

	if (old >= 0)
		close(old);
}

/* One of few addresses, so that they meet. */
static socklen_t any_address(struct monkey *m, struct sockaddr_storage *ss)
{
	static const int families[] = {
		AF_INET, AF_INET, AF_INET6, AF_UNSPEC,
	};
	int family = families[draw(m) % 4];
	socklen_t len = loopback(ss, family, PORT + draw(m) % 3);

	ss->ss_family = family;
	return draw(m) % 16 ? len : draw(m) % (sizeof(*ss) + 1);
}

/* Some options, and SIOCGSTAMP, have the kernel patch its own text, which an emulated
 * machine with more than one processor may not survive; and close() takes as long as
 * SO_LINGER says.
 */
static bool is_left_out(int level, int opt)
{
	static const struct {
		int level;
		int opt;
	} out[] = {
		{ SOL_SOCKET, SO_LINGER },
		{ SOL_SOCKET, SO_TIMESTAMP_OLD },
		{ SOL_SOCKET, SO_TIMESTAMP_NEW },
		{ SOL_SOCKET, SO_TIMESTAMPNS_OLD },
		{ SOL_SOCKET, SO_TIMESTAMPNS_NEW },
		{ SOL_SOCKET, SO_TIMESTAMPING_OLD },
		{ SOL_SOCKET, SO_TIMESTAMPING_NEW },
		{ IPPROTO_IP, IP_MINTTL },
		{ IPPROTO_IPV6, IPV6_MINHOPCOUNT },
		{ IPPROTO_IPV6, IPV6_FLOWLABEL_MGR },
		{ IPPROTO_TCP, TCP_MD5SIG },
		{ IPPROTO_TCP, TCP_MD5SIG_EXT },
		{ IPPROTO_TCP, TCP_TX_DELAY },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(out); i++)
		if (out[i].level == level && out[i].opt == opt)
			return true;
	return false;
}

static void any_option(struct monkey *m, int fd, bool set)
{
	static const int levels[] = {
		SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, SOL_RSESS,
	};
	int level = levels[draw(m) % ARRAY_SIZE(levels)];
	int opt = draw(m) % (level == SOL_RSESS ? 10 : 80);
	socklen_t len = draw(m) % 4 ? sizeof(int) : draw(m) % 200;
	uint32_t value[50];
	unsigned int i;

	if (set && is_left_out(level, opt))
		return;
	for (i = 0; i < ARRAY_SIZE(value); i++)
		value[i] = draw(m) % 3 ? draw(m) % 4 : draw(m);
	if (set)
		setsockopt(fd, level, opt, value, len);
	else
		getsockopt(fd, level, opt, value, &len);
}

static void any_send(struct monkey *m, int fd)
{
	static const int flags[] = {
		0, MSG_OOB, MSG_MORE, MSG_EOR, MSG_ZEROCOPY, MSG_FASTOPEN,
		MSG_DONTROUTE, MSG_CONFIRM,
	};
	struct sockaddr_storage ss;
	char control[64] = {};
	static char buf[65536];
	struct iovec iov = { buf, draw(m) % (draw(m) % 2 ? 100 : sizeof(buf)) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c = (struct cmsghdr *)control;

	if (draw(m) % 8 == 0) {
		msg.msg_name = &ss;
		msg.msg_namelen = any_address(m, &ss);
	}
	if (draw(m) % 16 == 0) {
		c->cmsg_len = CMSG_LEN(sizeof(int));
		c->cmsg_level = draw(m) % 2 ? SOL_SOCKET : IPPROTO_TCP;
		c->cmsg_type = draw(m) % 64;
		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int));
	}
	sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL |
		flags[draw(m) % ARRAY_SIZE(flags)]);
}

static void any_receive(struct monkey *m, int fd)
{
	static const int flags[] = {
		0, MSG_OOB, MSG_PEEK, MSG_TRUNC, MSG_WAITALL, MSG_ERRQUEUE,
		MSG_PEEK | MSG_TRUNC, MSG_CMSG_CLOEXEC,
	};
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	static char buf[65536];

	recvfrom(fd, buf, draw(m) % sizeof(buf),
		 MSG_DONTWAIT | flags[draw(m) % ARRAY_SIZE(flags)],
		 (struct sockaddr *)&ss, &len);
}

static void any_splice(struct monkey *m, int fd)
{
	size_t len = draw(m) % 70000;
	static char buf[100];
	int p[2];

	if (pipe2(p, O_NONBLOCK | O_CLOEXEC))
		return;
	if (write(p[1], buf, sizeof(buf)) > 0 && draw(m) % 2)
		splice(p[0], NULL, fd, NULL, len,
		       SPLICE_F_NONBLOCK | SPLICE_F_MORE);
	else
		splice(fd, NULL, p[1], NULL, len, SPLICE_F_NONBLOCK);
	close(p[0]);
	close(p[1]);
}

static void any_ioctl(struct monkey *m, int fd)
{
	static const unsigned long cmds[] = {
		SIOCINQ, SIOCOUTQ, SIOCOUTQNSD, SIOCATMARK, SIOCGIFCONF,
		FIOASYNC, FIONREAD, SIOCGIFNAME,
	};
	char arg[64] = {};

	ioctl(fd, cmds[draw(m) % ARRAY_SIZE(cmds)], arg);
}

static void any_call(struct monkey *m)
{
	struct sockaddr_storage ss;
	struct pollfd pfd = { .events = POLLIN | POLLOUT | POLLPRI };
	socklen_t len = any_address(m, &ss);
	struct sockaddr *sa = (struct sockaddr *)&ss;
	int fd = any_fd(m);

	switch (draw(m) % 20) {
	case 0:
		keep(m, any_socket(m));
		break;
	case 1:
		bind(fd, sa, len);
		break;
	case 2:
		listen(fd, draw(m) % 8);
		break;
	case 3:
	case 4:
		connect(fd, sa, len);
		break;
	case 5:
		keep(m, accept4(fd, sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC));
		break;
	case 6:
		shutdown(fd, draw(m) % 4);
		break;
	case 7:
	case 8:
	case 9:
		any_send(m, fd);
		break;
	case 10:
	case 11:
		any_receive(m, fd);
		break;
	case 12:
		any_splice(m, fd);
		break;
	case 13:
	case 14:
		any_option(m, fd, true);
		break;
	case 15:
		any_option(m, fd, false);
		break;
	case 16:
		any_ioctl(m, fd);
		break;
	case 17:
		pfd.fd = fd;
		poll(&pfd, 1, 0);
		break;
	case 18:
		if (draw(m) % 2)
			getsockname(fd, sa, &len);
		else
			getpeername(fd, sa, &len);
		break;
	case 19:
		if (draw(m) % 4 == 0)
			keep(m, fcntl(fd, F_DUPFD_CLOEXEC, 0));
		else if (draw(m) % 4 == 0)
			keep(m, -1);
		break;
	}
}

static void *monkey(void *arg)
{
	struct monkey *m = arg;
	int i;

	for (i = 0; i < CALLS; i++)
		any_call(m);
	return NULL;
}

static int monkeys(void *arg)
{
	const char *seed = getenv("RSESS_SEED");
	struct monkey m[THREADS];
	const int *round = arg;
	int fd[SLOTS];
	int i;

	signal(SIGIO, SIG_IGN);
	signal(SIGURG, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);	/* of splice() */
	memset(fd, -1, sizeof(fd));
	for (i = 0; i < THREADS; i++) {
		m[i].seed = (seed ? atoi(seed) : 1) + *round * THREADS + i;
		m[i].fd = fd;
		printf("# seed %u\n", m[i].seed);
		if (pthread_create(&m[i].thread, NULL, monkey, &m[i]))
			return 1;
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(m[i].thread, NULL);
	return 0;
}

/* A socket of two threads: one makes it listen and takes that back, and what the other
 * one may have begun meanwhile goes on for a while.
 */
#define TURNS		40

struct shared {
	int fd;
	bool listening;
	bool done;
	struct sockaddr_storage addr;
	socklen_t len;
};

static void *listens(void *arg)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct shared *s = arg;
	int i;

	for (i = 0; i < TURNS; i++) {
		if (listen(s->fd, 5))
			say("listen: %s", strerror(errno));
		__atomic_store_n(&s->listening, true, __ATOMIC_RELAXED);
		poll(NULL, 0, 5);
		connect(s->fd, &none, sizeof(none));
		if (get_nprocs() == 1)	/* nobody comes in between by chance */
			poll(NULL, 0, 1);
		__atomic_store_n(&s->listening, false, __ATOMIC_RELAXED);
		poll(NULL, 0, 200);
		connect(s->fd, &none, sizeof(none));
	}
	__atomic_store_n(&s->done, true, __ATOMIC_RELAXED);
	return NULL;
}

/* The other one connects. */
static void *connects(void *arg)
{
	struct shared *s = arg;

	while (!__atomic_load_n(&s->done, __ATOMIC_RELAXED)) {
		if (__atomic_load_n(&s->listening, __ATOMIC_RELAXED))
			connect(s->fd, (struct sockaddr *)&s->addr, s->len);
		else
			poll(NULL, 0, 1);
	}
	return NULL;
}

CASE(unprivileged, disconnect_beside_connect)
{
	pthread_t a, b;
	struct shared s = {
		.fd = socket(AF_RSESS, SOCK_STREAM | SOCK_NONBLOCK, 0),
		.len = loopback(&s.addr, AF_INET, PORT + 1),
	};
	int lfd = socket(AF_RSESS, SOCK_STREAM, 0);

	ASSERT_LE(0, s.fd);
	OK(bind(lfd, (struct sockaddr *)&s.addr, s.len));
	OK(listen(lfd, 1000));
	OK(sysctl_set("rsess/orphan_timeout_ms", 2000));
	OK(pthread_create(&a, NULL, listens, &s));
	OK(pthread_create(&b, NULL, connects, &s));
	while (!__atomic_load_n(&s.done, __ATOMIC_RELAXED))
		tear(PORT + 1);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	close(s.fd);
	close(lfd);
	EXPECT_LT(5, stat_get("Dials"));
	OK(undisturbed(&self->s));
	OK(pair_finish(&self->s));
	pair_free(&self->s);
	OK(no_sessions());
}

/* All of it ends when the program does. */
CASE(unprivileged, calls_at_random)
{
	int i;

	OK(sysctl_set("rsess/orphan_timeout_ms", 2000));
	OK(sysctl_set("rsess/timeout_ms", 2000));
	OK(negotiate_set(RSESS_NEGOTIATE_AUTO));
	for (i = 0; i < 3; i++) {
		OK(as_nobody(monkeys, &i));
		OK(undisturbed(&self->s));
	}
	EXPECT_LT(10, stat_get("SessionsAccepted"));
	OK(pair_finish(&self->s));
	pair_free(&self->s);
	OK(no_sessions());
}

TEST_HARNESS_MAIN
