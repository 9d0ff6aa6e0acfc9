// SPDX-License-Identifier: GPL-2.0
/*
 * A user of AF_RSESS in the kernel, as DLM is one of TCP: it creates sockets
 * with sock_create_kern(), takes over their callbacks and sk_user_data, never
 * blocks in sendmsg or recvmsg, and waits for the callbacks instead.
 *
 * Loading runs the test: one thread serves, one dials, each sends a pattern and
 * checks the other's, then shuts down and awaits the end of the stream.  insmod
 * fails with the errno of what went wrong.
 *
 * With casts=1 it takes its sockets for those of TCP, as users of TCP do, and writes into
 * all of the struct tcp_sock that it sees.  With read_sock=1 it receives by read_sock().
 * With adopted=1 its sockets of TCP have to become sessions that do not wait for more.  With
 * dial=1 it only connects.
 * Over SCTP it binds to two addresses.
 * With v6only=1 it only listens, at one port, with one socket for each version of IP.
 *
 * With device= it dials in the network namespace of whoever loads it, writes, waits
 * until that device is down, and leaves the session behind.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/in.h>
#include <linux/inet.h>
#include <linux/kthread.h>
#include <linux/mman.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/netdevice.h>
#include <linux/nsproxy.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <linux/uaccess.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/rsess.h>
#include <net/sctp/sctp.h>
#include <net/sock.h>

#ifdef RSESS_HAVE_SOCKADDR_UNSIZED
#define kuser_addr(a)	((struct sockaddr_unsized *)(a))
#else
#define kuser_addr(a)	((struct sockaddr *)(a))
#endif

static int family = AF_RSESS;
module_param(family, int, 0444);
MODULE_PARM_DESC(family, "of the sockets: AF_RSESS, or AF_INET to test the test");

static int protocol = IPPROTO_TCP;
module_param(protocol, int, 0444);
MODULE_PARM_DESC(protocol, "that carries them: IPPROTO_TCP, or IPPROTO_SCTP");

static int port = 7000;
module_param(port, int, 0444);
MODULE_PARM_DESC(port, "on the loopback address");

static uint mbytes = 16;
module_param(mbytes, uint, 0444);
MODULE_PARM_DESC(mbytes, "to send in each direction");

static char *server = "127.0.0.1";
module_param(server, charp, 0444);
MODULE_PARM_DESC(server, "whom to dial, with device= or dial=1");

static char *device;
module_param(device, charp, 0444);
MODULE_PARM_DESC(device, "leave a session behind when it is down");

static bool stay;
module_param(stay, bool, 0444);
MODULE_PARM_DESC(stay, "keep sockets until their namespace ends");

static char late[32];
module_param_string(late, late, sizeof(late), 0444);
MODULE_PARM_DESC(late, "what connect(), bind() and listen() said when it had ended");

static bool casts;
module_param(casts, bool, 0444);
MODULE_PARM_DESC(casts, "take the sockets for those of TCP");

static bool read_sock;
module_param(read_sock, bool, 0444);
MODULE_PARM_DESC(read_sock, "receive by read_sock()");

static bool adopted;
module_param(adopted, bool, 0444);
MODULE_PARM_DESC(adopted, "the sockets are of TCP, and become those of AF_RSESS");

static bool dial;
module_param(dial, bool, 0444);
MODULE_PARM_DESC(dial, "only connect, to server, in the namespace of who loads it");

static bool v6only;
module_param(v6only, bool, 0444);
MODULE_PARM_DESC(v6only, "listen at the port of IPv6 and at that of IPv4");

#define KUSER_CHUNK	16384
/* Nothing happens for so long: give up. */
#define KUSER_PATIENCE	(60 * HZ)

/**
 * struct kuser - one end
 * @sock: connected
 * @event: a callback was called
 * @buf: to send from and receive into
 * @sent: bytes
 * @received: bytes
 * @eof: the peer has shut down
 * @nospace: how often sendmsg had no room
 * @spaces: how often sk_write_space was called
 * @unlocked: a callback was called without the socket's lock
 * @err: result
 * @done: the thread has ended
 */
struct kuser {
	struct socket		*sock;
	struct completion	event;
	u8			*buf;
	u64			sent;
	u64			received;
	bool			eof;
	unsigned int		nospace;
	unsigned int		spaces;
	bool			unlocked;
	int			err;
	struct completion	done;
};

static struct kuser kuser_client, kuser_server;
static struct socket *kuser_listener;

/* A stream that repeats nowhere near: a shift by any byte shows. */
static u8 kuser_byte(u64 pos)
{
	return (pos * 0x9e3779b97f4a7c15ULL) >> 56;
}

static void kuser_event(struct sock *sk)
{
	struct kuser *k = sk->sk_user_data;

	if (!k)
		return;
	/* Locked means owned by a process, or the spinlock is held. */
	if (!sock_owned_by_user_nocheck(sk) &&
	    !raw_spin_is_locked(&sk->sk_lock.slock.rlock))
		k->unlocked = true;
	complete(&k->event);
}

static void kuser_write_space(struct sock *sk)
{
	struct kuser *k = sk->sk_user_data;

	if (!k)
		return;
	k->spaces++;
	kuser_event(sk);
}

static void kuser_hook(struct kuser *k)
{
	struct sock *sk = k->sock->sk;

	lock_sock(sk);
	sk->sk_user_data = k;
	sk->sk_data_ready = kuser_event;
	sk->sk_write_space = kuser_write_space;
	sk->sk_state_change = kuser_event;
	sk->sk_error_report = kuser_event;
	sk->sk_allocation = GFP_NOFS;
	release_sock(sk);
	complete(&k->event);	/* what came before the hook */
}

static int kuser_send(struct kuser *k)
{
	u64 total = (u64)mbytes << 20;

	while (k->sent < total) {
		struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
		size_t len = min_t(u64, KUSER_CHUNK, total - k->sent);
		struct kvec vec = { k->buf, len };
		size_t i;
		int n;

		for (i = 0; i < len; i++)
			k->buf[i] = kuser_byte(k->sent + i);
		n = kernel_sendmsg(k->sock, &msg, &vec, 1, len);
		if (n == -EAGAIN) {
			k->nospace++;
			return 0;
		}
		if (n < 0)
			return n;
		k->sent += n;
		if (k->sent == total)
			return kernel_sock_shutdown(k->sock, SHUT_WR);
	}
	return 0;
}

/* For read_sock(): check what is there, in pieces. */
static int kuser_take(read_descriptor_t *desc, struct sk_buff *skb,
		      unsigned int off, size_t len)
{
	struct kuser *k = desc->arg.data;
	size_t i;

	len = min3(len, desc->count, (size_t)KUSER_CHUNK);
	if (skb_copy_bits(skb, off, k->buf, len))
		return -EFAULT;
	for (i = 0; i < len; i++)
		if (k->buf[i] != kuser_byte(k->received + i))
			return -EILSEQ;
	k->received += len;
	desc->count -= len;
	return len;
}

/* What peek_len() says is there, can be taken; and all that can be read is taken. */
static int kuser_read_sock(struct kuser *k)
{
	read_descriptor_t desc = { .arg.data = k };
	struct sock *sk = k->sock->sk;
	int n, peeked;

	do {
		lock_sock(sk);
		peeked = k->sock->ops->peek_len(k->sock);
		desc.count = KUSER_CHUNK;
		n = k->sock->ops->read_sock(sk, &desc, kuser_take);
		k->eof = !n && sk->sk_shutdown & RCV_SHUTDOWN;
		release_sock(sk);
		if (n >= 0 && n < min(peeked, KUSER_CHUNK))
			return -EBADMSG;
	} while (n > 0);
	return n;
}

static int kuser_receive(struct kuser *k)
{
	if (read_sock)
		return kuser_read_sock(k);
	for (;;) {
		struct msghdr msg = { .msg_flags = MSG_DONTWAIT };
		struct kvec vec = { k->buf, KUSER_CHUNK };
		int n, i;

		n = kernel_recvmsg(k->sock, &msg, &vec, 1, KUSER_CHUNK,
				   msg.msg_flags);
		if (n == -EAGAIN)
			return 0;
		if (n < 0)
			return n;
		k->eof = !n;
		if (k->eof)
			return 0;
		for (i = 0; i < n; i++)
			if (k->buf[i] != kuser_byte(k->received + i))
				return -EILSEQ;
		k->received += n;
	}
}

/* What a user of TCP may call, and write without a call. */
static void kuser_cast(struct sock *sk)
{
	if (!casts)
		return;
	tcp_sock_set_cork(sk, true);
	tcp_sock_set_nodelay(sk);
	tcp_sock_set_cork(sk, false);
	tcp_sock_set_quickack(sk, 0);
	tcp_sock_set_quickack(sk, 2);
	tcp_sock_set_syncnt(sk, 3);
	tcp_sock_set_user_timeout(sk, 60000);
	sock_set_keepalive(sk);
	tcp_sock_set_keepidle(sk, 60);
	tcp_sock_set_keepintvl(sk, 10);
	tcp_sock_set_keepcnt(sk, 6);

	if (!sk_is_tcp(sk))
		sctp_sock_set_nodelay(sk);

	ip_sock_set_tos(sk, 0x10);
	ip_sock_set_freebind(sk);
	ip_sock_set_mtu_discover(sk, IP_PMTUDISC_DO);
	ip_sock_set_pktinfo(sk);
	ip_sock_set_recverr(sk);
#if IS_ENABLED(CONFIG_IPV6)
	if (inet_sk(sk)->pinet6) {
		ip6_sock_set_v6only(sk);
		ip6_sock_set_recverr(sk);
		ip6_sock_set_recvpktinfo(sk);
		ip6_sock_set_addr_preferences(sk, IPV6_PREFER_SRC_PUBLIC);
	}
#endif

	lock_sock(sk);
	sk_set_memalloc(sk);
	sk_clear_memalloc(sk);
	sk->sk_rcvtimeo = KUSER_PATIENCE;
	sk->sk_sndtimeo = KUSER_PATIENCE;
	sk->sk_allocation = GFP_NOFS;
	sk->sk_use_task_frag = false;
	release_sock(sk);
}

/* And the rest of what TCP has there.  The timer of keepalive may be running. */
static void kuser_fill(struct sock *sk)
{
	size_t timer = offsetof(struct inet_connection_sock,
				icsk_keepalive_timer);
	size_t end = timer + sizeof(struct timer_list);
	u8 *tcp = (u8 *)sk;

	if (!casts || sk->sk_protocol != IPPROTO_RSESS)
		return;
	memset(tcp + sizeof(struct inet_sock), 0xa5,
	       timer - sizeof(struct inet_sock));
	memset(tcp + end, 0xa5, sizeof(struct tcp_sock) - end);
}

static int kuser_transfer(struct kuser *k)
{
	u64 total = (u64)mbytes << 20;
	int err;

	kuser_cast(k->sock->sk);
	kuser_fill(k->sock->sk);
	rsess_sock_set_nodelay(k->sock->sk);
	rsess_sock_set_cork(k->sock->sk, false);
	err = rsess_sock_set_timeout(k->sock, 60000);
	if (err != (family == AF_RSESS || adopted ? 0 : -ENOPROTOOPT))
		return err ?: -EINVAL;

	kuser_hook(k);
	while (!k->eof || k->sent < total) {
		if (!wait_for_completion_timeout(&k->event, KUSER_PATIENCE))
			return -ETIME;
		err = kuser_receive(k) ?: kuser_send(k);
		if (err)
			return err;
	}
	if (k->received != total)
		return -ENODATA;
	return k->unlocked ? -ENOLCK : 0;
}

static void kuser_close(struct kuser *k)
{
	struct sock *sk;

	if (!k->sock)
		return;
	sk = k->sock->sk;
	lock_sock(sk);
	sk->sk_user_data = NULL;
	release_sock(sk);
	sock_release(k->sock);
	k->sock = NULL;
}

static void kuser_end(struct kuser *k, int err)
{
	kuser_close(k);
	k->err = err;
	complete(&k->done);
}

static int kuser_serve(void *arg)
{
	struct kuser *k = arg;
	int err;

	kuser_listener->sk->sk_rcvtimeo = KUSER_PATIENCE;
	err = kernel_accept(kuser_listener, &k->sock, 0);
	kuser_end(k, err ?: kuser_transfer(k));
	return 0;
}

/* A second address, which SCTP has and TCP has not. */
static int kuser_bind_add(struct socket *sock, u32 host)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(host),
	};
	int err;

	err = sock_bind_add(sock->sk, kuser_addr(&addr), sizeof(addr));
	if (protocol == IPPROTO_SCTP)
		return err;
	return err == -EOPNOTSUPP ? 0 : err ?: -EINVAL;
}

static int kuser_bind(struct socket *sock)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1),
	};

	return kernel_bind(sock, kuser_addr(&addr), sizeof(addr));
}

/* Over SCTP it is our second address that the first transport uses. */
static int kuser_dial(void *arg)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct kuser *k = arg;
	int err;

	err = sock_create_kern(&init_net, family, SOCK_STREAM, protocol,
			       &k->sock);
	if (!err)
		kuser_cast(k->sock->sk);
	if (!err && protocol == IPPROTO_SCTP)
		err = kuser_bind(k->sock) ?:
		      kuser_bind_add(k->sock, INADDR_LOOPBACK);
	if (!err)
		err = kernel_connect(k->sock, kuser_addr(&addr), sizeof(addr),
				     0);
	kuser_end(k, err ?: kuser_transfer(k));
	return 0;
}

/* What getsockopt() says, which wants memory of a process: that of who loads this. */
static int kuser_option(struct socket *sock, int level, int name, int *val)
{
	unsigned long at = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, 0);
	int __user *p = (int __user *)at;
	int err;

	if (IS_ERR_VALUE(at))
		return at;
	err = put_user(sizeof(*val), p + 1) ?:
	      sock->ops->getsockopt(sock, level, name, (char __user *)p, p + 1) ?:
	      get_user(*val, p);
	vm_munmap(at, PAGE_SIZE);
	return err;
}

/* A user says that nothing is to wait by a cast, which a session does not see, so one that is
 * adopted has it from the beginning; and what it falls back to as well.
 */
static int kuser_adopted(struct socket *sock)
{
	int val = 0;
	int err;

	if (!adopted)
		return 0;
	err = protocol == IPPROTO_SCTP ?
	      kuser_option(sock, SOL_SCTP, SCTP_NODELAY, &val) :
	      kuser_option(sock, SOL_TCP, TCP_NODELAY, &val);
	if (!err && val != 1) {
		pr_err("rsess_kuser: nodelay is %d\n", val);
		err = -EPROTO;
	}
	return err;
}

/* By its protocol sunrpc tells rpcbind what a port is dialed with. */
static int kuser_protocol(struct socket *sock, int expected)
{
	if ((family != AF_RSESS && !adopted) || sock->sk->sk_protocol == expected)
		return 0;
	pr_err("rsess_kuser: the protocol is %d\n", sock->sk->sk_protocol);
	return -EPROTO;
}

static int kuser_listen(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int err;

	/* As nvmet-tcp does, where others call sock_create_kern(). */
	if (adopted)
		err = sock_create(family, SOCK_STREAM, protocol,
				  &kuser_listener);
	else
		err = sock_create_kern(&init_net, family, SOCK_STREAM,
				       protocol, &kuser_listener);
	if (err)
		return err;
	sock_set_reuseaddr(kuser_listener->sk);
	kuser_cast(kuser_listener->sk);
	kuser_fill(kuser_listener->sk);
	err = kuser_adopted(kuser_listener) ?:
	      kernel_bind(kuser_listener, kuser_addr(&addr), sizeof(addr)) ?:
	      kuser_bind_add(kuser_listener, INADDR_LOOPBACK + 1) ?:
	      kuser_protocol(kuser_listener, IPPROTO_RSESS) ?:
	      kernel_listen(kuser_listener, 1);
	return err ?: kuser_protocol(kuser_listener, kuser_listener->sk->sk_kern_sock ?
						     protocol : IPPROTO_RSESS);
}

static void kuser_start(struct kuser *k, int (*fn)(void *), const char *name)
{
	struct task_struct *task;

	init_completion(&k->event);
	init_completion(&k->done);
	k->buf = kmalloc(KUSER_CHUNK, GFP_KERNEL);
	task = k->buf ? kthread_run(fn, k, "%s", name) : ERR_PTR(-ENOMEM);
	if (IS_ERR(task))
		kuser_end(k, PTR_ERR(task));
}

static int kuser_result(struct kuser *k, const char *name)
{
	/* It ends by itself, but on a slow machine not before this task is taken for hung. */
	while (!wait_for_completion_timeout(&k->done, KUSER_PATIENCE))
		;
	kfree(k->buf);
	pr_info("rsess_kuser: %s: sent %llu received %llu nospace %u spaces %u err %d\n",
		name, k->sent, k->received, k->nospace, k->spaces, k->err);
	if (!k->err && k->nospace && !k->spaces)
		return -ENOSPC;
	return k->err;
}

static bool kuser_is_down(struct net *net)
{
	struct net_device *dev = dev_get_by_name(net, device);
	bool down = !dev || !netif_running(dev);

	dev_put(dev);
	return down;
}

static int kuser_write_and_wait(struct socket *sock, u8 *buf)
{
	struct kvec vec = { buf, KUSER_CHUNK };
	struct msghdr msg = {};
	int i, n;

	for (i = 0; !kuser_is_down(sock_net(sock->sk)); i++) {
		if (i == 600)
			return -ETIME;
		msleep(100);
	}
	n = kernel_sendmsg(sock, &msg, &vec, 1, KUSER_CHUNK);
	return min(n, 0);
}

static int kuser_leave(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = in_aton(server),
	};
	u8 *buf = kzalloc(KUSER_CHUNK, GFP_KERNEL);
	struct socket *sock;
	int err;

	if (!buf)
		return -ENOMEM;
	err = sock_create_kern(current->nsproxy->net_ns, family, SOCK_STREAM,
			       protocol, &sock);
	if (err)
		goto free;
	err = kernel_connect(sock, kuser_addr(&addr), sizeof(addr), 0) ?:
	      kuser_write_and_wait(sock, buf);
	sock_release(sock);
free:
	kfree(buf);
	return err;
}

/* What does not keep its namespace: a listener, and both ends of a connection. */
static struct socket *kuser_kept[3];
static struct net *kuser_net;

static void kuser_release(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(kuser_kept); i++)
		if (kuser_kept[i])
			sock_release(kuser_kept[i]);
	memset(kuser_kept, 0, sizeof(kuser_kept));
	kuser_net = NULL;
}

/* The module of the sockets has heard of the end, and we are about to. */
static int kuser_late(struct net *net, int (*call)(struct socket *sock))
{
	struct socket *sock;
	int err;

	err = sock_create_kern(net, family, SOCK_STREAM, protocol, &sock);
	if (err)
		return err;
	err = call(sock);
	sock_release(sock);
	return err;
}

static int kuser_connect(struct socket *sock)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	return kernel_connect(sock, kuser_addr(&addr), sizeof(addr), O_NONBLOCK);
}

static void __net_exit kuser_net_exit(struct net *net)
{
	if (net != kuser_net)
		return;
	snprintf(late, sizeof(late), "%d %d %d",
		 kuser_late(net, kuser_connect), kuser_late(net, kuser_bind),
		 kernel_listen(kuser_kept[0], 1));
	kuser_release();
}

static struct pernet_operations kuser_net_ops = {
	.exit = kuser_net_exit,
};

static int kuser_stay(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct net *net = current->nsproxy->net_ns;
	int err;

	err = sock_create_kern(net, family, SOCK_STREAM, protocol,
			       &kuser_kept[0]) ?:
	      sock_create_kern(net, family, SOCK_STREAM, protocol,
			       &kuser_kept[1]) ?:
	      kernel_bind(kuser_kept[0], kuser_addr(&addr), sizeof(addr)) ?:
	      kernel_listen(kuser_kept[0], 1) ?:
	      kernel_connect(kuser_kept[1], kuser_addr(&addr), sizeof(addr),
			     0) ?:
	      kernel_accept(kuser_kept[0], &kuser_kept[2], 0);
	if (!err)
		err = register_pernet_subsys(&kuser_net_ops);
	if (err)
		kuser_release();
	else
		kuser_net = net;
	return err;
}

static int kuser_listen_at(struct sockaddr *addr, int len, struct socket **sock)
{
	int err;

	/* And others this one. */
	err = __sock_create(&init_net, family == AF_RSESS ? AF_RSESS :
			    addr->sa_family, SOCK_STREAM, protocol, sock, 1);
	if (err)
		return err;
	sock_set_reuseaddr((*sock)->sk);
	if (addr->sa_family == AF_INET6)
		ip6_sock_set_v6only((*sock)->sk);
	err = kernel_bind(*sock, kuser_addr(addr), len) ?:
	      kernel_listen(*sock, 1);
	if (err)
		sock_release(*sock);
	return err;
}

static int kuser_v6only(void)
{
	struct sockaddr_in6 addr6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};
	struct socket *six, *four;
	int err;

	err = kuser_listen_at((struct sockaddr *)&addr6, sizeof(addr6), &six);
	if (err)
		return err;
	err = kuser_listen_at((struct sockaddr *)&addr, sizeof(addr), &four);
	if (!err)
		sock_release(four);
	sock_release(six);
	return err;
}

static int kuser_reach(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = in_aton(server),
	};
	struct socket *sock;
	int err;

	err = sock_create_kern(current->nsproxy->net_ns, family, SOCK_STREAM,
			       protocol, &sock);
	if (err)
		return err;
	err = kernel_connect(sock, kuser_addr(&addr), sizeof(addr), 0) ?:
	      kuser_adopted(sock);
	sock_release(sock);
	return err;
}

static int __init kuser_init(void)
{
	int err, err2;

	if (stay)
		return kuser_stay();
	if (v6only)
		return kuser_v6only();
	if (dial)
		return kuser_reach();
	if (device)
		return kuser_leave();
	err = kuser_listen();
	if (err)
		goto out;
	kuser_start(&kuser_server, kuser_serve, "rsess_kuser_s");
	kuser_start(&kuser_client, kuser_dial, "rsess_kuser_c");
	err = kuser_result(&kuser_server, "server");
	err2 = kuser_result(&kuser_client, "client");
	err = err ?: err2;
out:
	if (kuser_listener)
		sock_release(kuser_listener);
	return err;
}

static void __exit kuser_exit(void)
{
	if (stay)
		unregister_pernet_subsys(&kuser_net_ops);
}

module_init(kuser_init);
module_exit(kuser_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test of AF_RSESS: a user in the kernel");
