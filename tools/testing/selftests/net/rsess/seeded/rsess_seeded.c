// SPDX-License-Identifier: GPL-2.0
/*
 * Mistakes made on purpose, with the module's own structures and on sessions that
 * carry bytes: the kernel that the tests run on must see each of them.  Built for
 * tests only (make seeded).
 *
 * Loading makes two sessions' ends, transfers in both directions, makes the
 * mistake named by the parameter, and transfers again.  insmod fails when that
 * does not work; whether the mistake was seen is in the kernel's log.
 */
#include <linux/in.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <net/rsess.h>
#include <net/sock.h>
#include "listener.h"
#include "sendq.h"
#include "session.h"
#include "transport.h"

#ifdef RSESS_HAVE_SOCKADDR_UNSIZED
#define seeded_addr(a)	((struct sockaddr_unsized *)(a))
#else
#define seeded_addr(a)	((struct sockaddr *)(a))
#endif

static char *mistake = "none";
module_param(mistake, charp, 0444);
MODULE_PARM_DESC(mistake, "none, inversion, use_after_free, leak, race, refcount or sleep");

static int port = 7000;
module_param(port, int, 0444);
MODULE_PARM_DESC(port, "on the loopback address");

static uint rounds = 64;
module_param(rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "of a transfer in both directions");

#define SEEDED_CHUNK	65536
#define SEEDED_PATIENCE	(60 * HZ)
/* Memory that is still in a register or on a stack is not lost. */
#define SEEDED_LOST	16

static struct socket *seeded_listener;
static struct socket *seeded_client;
static struct socket *seeded_server;
static u8 *seeded_buf;

/* rsess_sk(): all sockets here are those of a user in the kernel. */
static struct rsess_sock *seeded_sk(const struct sock *sk)
{
	return &((struct rsess_kernel_sock *)sk)->rs;
}

static int seeded_create(struct socket **sock)
{
	int err = sock_create_kern(&init_net, AF_RSESS, SOCK_STREAM,
				   IPPROTO_TCP, sock);

	if (err)
		return err;
	(*sock)->sk->sk_rcvtimeo = SEEDED_PATIENCE;
	(*sock)->sk->sk_sndtimeo = SEEDED_PATIENCE;
	return 0;
}

/* The backlog takes the session before there is an accept(). */
static int seeded_connect(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int err;

	err = seeded_create(&seeded_listener) ?: seeded_create(&seeded_client);
	if (err)
		return err;
	sock_set_reuseaddr(seeded_listener->sk);
	err = kernel_bind(seeded_listener, seeded_addr(&addr), sizeof(addr)) ?:
	      kernel_listen(seeded_listener, 1) ?:
	      kernel_connect(seeded_client, seeded_addr(&addr), sizeof(addr),
			     0) ?:
	      kernel_accept(seeded_listener, &seeded_server, 0);
	if (!err)
		seeded_server->sk->sk_rcvtimeo = SEEDED_PATIENCE;
	return err;
}

static int seeded_move(struct socket *from, struct socket *to)
{
	struct msghdr out = { .msg_flags = MSG_NOSIGNAL };
	struct msghdr in = { .msg_flags = MSG_WAITALL };
	struct kvec vec = { seeded_buf, SEEDED_CHUNK };
	int n;

	n = kernel_sendmsg(from, &out, &vec, 1, SEEDED_CHUNK);
	if (n == SEEDED_CHUNK)
		n = kernel_recvmsg(to, &in, &vec, 1, SEEDED_CHUNK,
				   in.msg_flags);
	if (n < 0)
		return n;
	return n == SEEDED_CHUNK ? 0 : -ENODATA;
}

static int seeded_transfer(void)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < rounds && !err; i++)
		err = seeded_move(seeded_client, seeded_server) ?:
		      seeded_move(seeded_server, seeded_client);
	return err;
}

static int seeded_none(void)
{
	return 0;
}

/* lock_sock() of the inner socket, then of the outer one. */
static noinline int seeded_inversion(void)
{
	struct sock *sk = seeded_client->sk;
	struct rsess_sock *rs = seeded_sk(sk);
	struct sock *inner = NULL;

	lock_sock(sk);
	if (rs->tr) {
		inner = rs->tr->sock->sk;
		sock_hold(inner);
	}
	release_sock(sk);
	if (!inner)
		return -ENOTCONN;

	lock_sock(inner);
	lock_sock(sk);
	release_sock(sk);
	release_sock(inner);
	sock_put(inner);
	return 0;
}

/* The socket of a session is looked at behind its end. */
static noinline int seeded_use_after_free(void)
{
	struct socket *sock;
	struct rsess_sock *rs;
	int err = seeded_create(&sock);

	if (err)
		return err;
	rs = seeded_sk(sock->sk);
	sock_release(sock);
	rcu_barrier();		/* sk_destruct() */
	return READ_ONCE(rs->epoch) ? 1 : 0;
}

/* Chunks as those of the retained queue, in no queue. */
static noinline int seeded_leak(void)
{
	struct rsess_chunk *c;
	int i;

	for (i = 0; i < SEEDED_LOST; i++) {
		c = kmalloc(sizeof(*c), GFP_KERNEL);
		if (!c)
			return -ENOMEM;
		INIT_LIST_HEAD(&c->list);
	}
	return 0;
}

/* A field of a live session is changed without its lock. */
static noinline int seeded_race_thread(void *arg)
{
	struct rsess_sock *rs = arg;

	while (!kthread_should_stop()) {
		rs->last_rx--;
		barrier();
		rs->last_rx++;
		cond_resched();
	}
	return 0;
}

static noinline int seeded_race(void)
{
	struct task_struct *task;
	int err;

	task = kthread_run(seeded_race_thread, seeded_sk(seeded_client->sk),
			   "rsess_race");
	if (IS_ERR(task))
		return PTR_ERR(task);
	err = seeded_transfer();
	kthread_stop(task);
	return err;
}

/* A reference is given back that somebody else has. */
static noinline int seeded_refcount(void)
{
	struct socket *sock;
	int err = seeded_create(&sock);

	if (err)
		return err;
	__sock_put(sock->sk);
	return 0;
}

/* The session's lock is taken under the spinlock of its listener. */
static noinline int seeded_sleep(void)
{
	struct sock *sk = seeded_server->sk;
	struct rsess_listener *lsn = seeded_sk(sk)->lsn;

	spin_lock(&lsn->lock);
	lock_sock(sk);
	release_sock(sk);
	spin_unlock(&lsn->lock);
	return 0;
}

static const struct {
	const char *name;
	int (*make)(void);
} seeded_mistakes[] = {
	{ "none", seeded_none },
	{ "inversion", seeded_inversion },
	{ "use_after_free", seeded_use_after_free },
	{ "leak", seeded_leak },
	{ "race", seeded_race },
	{ "refcount", seeded_refcount },
	{ "sleep", seeded_sleep },
};

static int seeded_make(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(seeded_mistakes); i++)
		if (!strcmp(mistake, seeded_mistakes[i].name))
			return seeded_mistakes[i].make();
	return -EINVAL;
}

static void seeded_close(struct socket *sock)
{
	if (sock)
		sock_release(sock);
}

static int __init seeded_init(void)
{
	int err;

	seeded_buf = kzalloc(SEEDED_CHUNK, GFP_KERNEL);
	if (!seeded_buf)
		return -ENOMEM;
	err = seeded_connect() ?: seeded_transfer() ?: seeded_make() ?:
	      seeded_transfer();
	pr_info("rsess_seeded: mistake %s, error %d\n", mistake, err);
	seeded_close(seeded_client);
	seeded_close(seeded_server);
	seeded_close(seeded_listener);
	kfree(seeded_buf);
	return err;
}

static void __exit seeded_exit(void)
{
}

module_init(seeded_init);
module_exit(seeded_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test of AF_RSESS: mistakes that must be seen");
