/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one place that knows kernel versions.  The module is written for the
 * newest kernel; what an older one lacks is made here.  Features are probed in
 * the headers by Kbuild (RSESS_HAVE_*): version numbers do not tell, since
 * stable kernels and distributions take changes back.
 *
 * In the kernel tree this file would be empty.
 */
#ifndef _RSESS_COMPAT_H
#define _RSESS_COMPAT_H

#include <linux/bvec.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/sysctl.h>
#include <linux/uio.h>
#include <net/inet_connection_sock.h>
#include <net/sock.h>

/* What <net/sock.h> said of the memory of a protocol has a file of its own since 6.10. */
#ifdef RSESS_HAVE_PROTO_MEMORY
#include <net/proto_memory.h>
#endif

/* bind() and connect() take struct sockaddr_unsized since 7.0. */
#ifndef RSESS_HAVE_SOCKADDR_UNSIZED
#define sockaddr_unsized sockaddr
#endif

/* struct proto says where the part of IPv6 is since 6.4; before, it is the end. */
#ifdef RSESS_HAVE_IPV6_PINFO_OFFSET
#define RSESS_PROTO_INET6(type, member)					\
	.ipv6_pinfo_offset = offsetof(type, member),
#else
#define RSESS_PROTO_INET6(type, member)
#endif

/* What IPv6 has for multicast is flags of inet_sock since 6.7; else it is in @np. */
#ifdef RSESS_HAVE_MC6_FLAGS
#define rsess_inet6_set(inet, np, flag)	inet6_set_bit(flag, &(inet)->sk)
#else
#define MC6_LOOP			mc_loop
#define MC6_ALL				mc_all
#define rsess_inet6_set(inet, np, flag)	((np).flag = 1)
#endif

/* struct blake2s_state has another name since 6.19. */
#ifndef RSESS_HAVE_BLAKE2S_CTX
#define blake2s_ctx blake2s_state
#endif

/* Pages of a compound page follow each other in memory since 6.18, whatever it is. */
#ifndef nth_page
#define nth_page(page, n)	((page) + (n))
#endif

/* accept() takes struct proto_accept_arg since 6.10. */
#ifdef RSESS_HAVE_PROTO_ACCEPT_ARG
#define RSESS_ACCEPT_OP(fn)	fn
#define RSESS_DEFINE_ACCEPT_OP(fn)

static inline int rsess_inner_accept(const struct proto_ops *ops,
				     struct socket *sock, struct socket *newsock,
				     struct proto_accept_arg *arg)
{
	return ops->accept(sock, newsock, arg);
}
#else
struct proto_accept_arg {
	int flags;
	bool kern;
};

#define RSESS_ACCEPT_OP(fn)	fn##_compat
#define RSESS_DEFINE_ACCEPT_OP(fn)					\
	static int fn##_compat(struct socket *sock, struct socket *newsock, \
			       int flags, bool kern)			\
	{								\
		struct proto_accept_arg arg = {				\
			.flags = flags, .kern = kern,			\
		};							\
									\
		return fn(sock, newsock, &arg);				\
	}

static inline int rsess_inner_accept(const struct proto_ops *ops,
				     struct socket *sock, struct socket *newsock,
				     struct proto_accept_arg *arg)
{
	return ops->accept(sock, newsock, arg->flags, arg->kern);
}
#endif

/* getsockopt_iter() takes the place of getsockopt() in one family after the other; by 7.3
 * it has that of AF_VSOCK.
 */
#ifdef RSESS_HAVE_GETSOCKOPT_ITER
static inline int rsess_inner_getsockopt(const struct proto_ops *ops,
					 struct socket *sock, int level, int name,
					 char __user *optval, int __user *optlen)
{
	sockopt_t opt;
	int err;

	if (!ops->getsockopt_iter)
		return ops->getsockopt(sock, level, name, optval, optlen);
	err = sockopt_init_user(&opt, optval, optlen);
	if (err)
		return err;
	err = ops->getsockopt_iter(sock, level, name, &opt);
	return put_user(opt.optlen, optlen) ?: err;
}
#else
static inline int rsess_inner_getsockopt(const struct proto_ops *ops,
					 struct socket *sock, int level, int name,
					 char __user *optval, int __user *optlen)
{
	return ops->getsockopt(sock, level, name, optval, optlen);
}
#endif

/* A socket is told of SO_RCVBUF by 7.3. */
#ifdef RSESS_HAVE_SET_RCVBUF
#define RSESS_SET_RCVBUF_OP(fn)	.set_rcvbuf = fn##_compat,
#define RSESS_DEFINE_SET_RCVBUF_OP(fn)					\
	static void fn##_compat(struct sock *sk, int val)		\
	{								\
		const struct proto_ops *ops;				\
									\
		if (rsess_is_session(sk))				\
			return;						\
		ops = rsess_fallback(sk->sk_socket)->ops;		\
		if (ops->set_rcvbuf)					\
			ops->set_rcvbuf(sk, val);			\
	}
#else
#define RSESS_SET_RCVBUF_OP(fn)
#define RSESS_DEFINE_SET_RCVBUF_OP(fn)
#endif

/* sendpage() was replaced by MSG_SPLICE_PAGES in 6.5. */
#ifdef RSESS_HAVE_SENDPAGE
#define RSESS_SENDPAGE_OP(fn)	.sendpage = fn##_compat,
#define RSESS_DEFINE_SENDPAGE_OP(fn)					\
	static ssize_t fn##_compat(struct socket *sock, struct page *page, \
				   int off, size_t len, int flags)	\
	{								\
		struct msghdr msg = { .msg_flags = flags };		\
		struct bio_vec bv;					\
									\
		if (!rsess_is_session(rsess_sock_get(sock)))		\
			return rsess_fallback(sock)->ops->sendpage(sock, \
						page, off, len, flags);	\
		bvec_set_page(&bv, page, len, off);			\
		iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, &bv, 1, len);	\
		return fn(sock, &msg, len,				\
			  !(flags & MSG_SENDPAGE_NOTLAST));		\
	}
#else
#define RSESS_SENDPAGE_OP(fn)
#define RSESS_DEFINE_SENDPAGE_OP(fn)
#define MSG_SENDPAGE_NOTLAST	0	/* MSG_MORE says enough */
#endif

/* A user in the kernel has other pages retained, not copied, where that is a flag. */
#ifndef MSG_SPLICE_PAGES
#define MSG_SPLICE_PAGES	0
#endif

/* What splice() does for who has nothing better has a name of its own since 6.5. */
#ifndef RSESS_HAVE_COPY_SPLICE_READ
#define copy_splice_read	generic_file_splice_read
#endif

/**
 * rsess_lend_pages() - give pieces of pages to a connected kernel socket
 * @sock: a TCP socket, locked
 * @bv: the pieces, not of slab pages; TCP takes its own references
 * @n: how many pieces
 * @len: bytes of all
 * @flags: MSG_DONTWAIT, MSG_MORE, ...
 *
 * Context: may sleep.
 * Return: bytes taken, or a negative errno.
 */
static inline ssize_t rsess_lend_pages(struct socket *sock,
				       const struct bio_vec *bv, unsigned int n,
				       size_t len, int flags)
{
#ifdef RSESS_HAVE_SENDPAGE
	const int behind = MSG_MORE | MSG_SENDPAGE_NOTLAST;
	ssize_t taken = 0, done = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		taken = sock->ops->sendpage_locked(sock->sk, bv[i].bv_page,
						   bv[i].bv_offset, bv[i].bv_len,
						   flags | (i + 1 < n ? behind : 0));
		if (taken > 0)
			done += taken;
		if (taken != bv[i].bv_len)
			break;
	}
	return done ?: taken;
#else
	struct msghdr msg = { .msg_flags = flags | MSG_SPLICE_PAGES };

	iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, bv, n, len);
	return sock->ops->sendmsg_locked(sock->sk, &msg, len);
#endif
}

/**
 * struct rsess_child_args - what syn_recv_sock() is told and does not concern us
 * @dst: route
 * @req_unhash: request to be taken out of the hash
 * @own_req: is it?
 * @opt_child_init: initialises the child; since 7.0 and in some stable kernels
 */
struct rsess_child_args {
	struct dst_entry	*dst;
	struct request_sock	*req_unhash;
	bool			*own_req;
#ifdef RSESS_HAVE_OPT_CHILD_INIT
	void (*opt_child_init)(struct sock *newsk, const struct sock *sk);
#endif
};

#ifdef RSESS_HAVE_OPT_CHILD_INIT
#define RSESS_DEFINE_SYN_RECV_SOCK(fn)					\
	static struct sock *						\
	fn##_compat(const struct sock *sk, struct sk_buff *skb,		\
		    struct request_sock *req, struct dst_entry *dst,	\
		    struct request_sock *req_unhash, bool *own_req,	\
		    void (*opt_child_init)(struct sock *newsk,		\
					   const struct sock *sk))	\
	{								\
		struct rsess_child_args args = {			\
			dst, req_unhash, own_req, opt_child_init,	\
		};							\
									\
		return fn(sk, skb, req, &args);				\
	}
#else
#define RSESS_DEFINE_SYN_RECV_SOCK(fn)					\
	static struct sock *						\
	fn##_compat(const struct sock *sk, struct sk_buff *skb,		\
		    struct request_sock *req, struct dst_entry *dst,	\
		    struct request_sock *req_unhash, bool *own_req)	\
	{								\
		struct rsess_child_args args = { dst, req_unhash, own_req }; \
									\
		return fn(sk, skb, req, &args);				\
	}
#endif

static inline struct sock *
rsess_syn_recv_sock(const struct inet_connection_sock_af_ops *ops,
		    const struct sock *sk, struct sk_buff *skb,
		    struct request_sock *req,
		    const struct rsess_child_args *a)
{
#ifdef RSESS_HAVE_OPT_CHILD_INIT
	return ops->syn_recv_sock(sk, skb, req, a->dst, a->req_unhash,
				  a->own_req, a->opt_child_init);
#else
	return ops->syn_recv_sock(sk, skb, req, a->dst, a->req_unhash,
				  a->own_req);
#endif
}

/* Looking for a socket one had to name the table of TCP before 7.0. */
#ifdef RSESS_HAVE_LOOKUP_HASHINFO
#define RSESS_HASHINFO(net)	((net)->ipv4.tcp_death_row.hashinfo)
#define rsess_lookup4(net, hashinfo, ...)	\
	__inet_lookup_listener(net, hashinfo, __VA_ARGS__)
#define rsess_lookup6(net, hashinfo, ...)	\
	inet6_lookup_listener(net, hashinfo, __VA_ARGS__)
#define rsess_established4(net, hashinfo, ...)	\
	__inet_lookup_established(net, hashinfo, __VA_ARGS__)
#define rsess_established6(net, hashinfo, ...)	\
	__inet6_lookup_established(net, hashinfo, __VA_ARGS__)
#else
#define RSESS_HASHINFO(net)	NULL
#define rsess_lookup4(net, hashinfo, ...)	\
	__inet_lookup_listener(net, __VA_ARGS__)
#define rsess_lookup6(net, hashinfo, ...)	\
	inet6_lookup_listener(net, __VA_ARGS__)
#define rsess_established4(net, hashinfo, ...)	\
	__inet_lookup_established(net, __VA_ARGS__)
#define rsess_established6(net, hashinfo, ...)	\
	__inet6_lookup_established(net, __VA_ARGS__)
#endif

/* A program that may change an address is told its length since 6.7. */
#ifdef RSESS_HAVE_SA_PROG_LEN
#define rsess_run_sa_prog(sk, addr, len, atype)	\
	BPF_CGROUP_RUN_SA_PROG(sk, addr, len, atype)
#else
#define rsess_run_sa_prog(sk, addr, len, atype)	\
	((void)(len), BPF_CGROUP_RUN_SA_PROG(sk, addr, atype))
#endif

/* A reset has a reason since 6.10. */
#ifdef RSESS_HAVE_RST_REASON
#define rsess_send_reset(ops, sk, skb)	\
	((ops)->send_reset(sk, skb, SK_RST_REASON_NO_SOCKET))
#else
#define rsess_send_reset(ops, sk, skb)	((ops)->send_reset(sk, skb))
#endif

/* sk_net_refcnt_upgrade() is there since 6.14 and some stable kernels. */
#ifndef RSESS_HAVE_SK_NET_REFCNT_UPGRADE
static inline void sk_net_refcnt_upgrade(struct sock *sk)
{
	struct net *net = sock_net(sk);

	sk->sk_net_refcnt = 1;
	get_net_track(net, &sk->ns_tracker, GFP_KERNEL);
	sock_inuse_add(net, 1);
}
#endif

/* sk_memcg has a flag in its lowest bit, and a function that knows, since 6.18. */
#ifdef RSESS_HAVE_MEM_CGROUP_FROM_SK
#define rsess_sk_memcg(sk)	mem_cgroup_from_sk(sk)
#elif defined(CONFIG_MEMCG)
#define rsess_sk_memcg(sk)	((sk)->sk_memcg)
#else
#define rsess_sk_memcg(sk)	((struct mem_cgroup *)NULL)
#endif

/* A table of sysctls has its size given since 6.6, and no last empty entry. */
#ifndef RSESS_HAVE_REGISTER_NET_SYSCTL_SZ
#define register_net_sysctl_sz(net, path, table, size)	\
	register_net_sysctl(net, path, table)
#endif

/* setsockopt() with SOL_SOCKET comes to the socket itself since 6.7. */
#ifdef RSESS_HAVE_CUSTOM_SOCKOPT
#define RSESS_CUSTOM_SOCKOPT(sock)	set_bit(SOCK_CUSTOM_SOCKOPT, &(sock)->flags)
#else
#define RSESS_CUSTOM_SOCKOPT(sock)	do { } while (0)
#endif

/* msg_zerocopy_realloc() is told of memory of devices since 6.16. */
#ifdef RSESS_HAVE_ZEROCOPY_DEVMEM
#define rsess_zerocopy_alloc(sk, size) \
	msg_zerocopy_realloc(sk, size, NULL, false)
#else
#define rsess_zerocopy_alloc(sk, size)	msg_zerocopy_realloc(sk, size, NULL)
#endif

/* SO_RCVPRIORITY is a flag of the socket, since 6.14. */
#ifdef RSESS_HAVE_RCVPRIORITY
#define RSESS_RCVPRIORITY	BIT(SOCK_RCVPRIORITY)
#else
#define RSESS_RCVPRIORITY	0
#endif

/* A flag of the socket says whether it has some of SO_TIMESTAMPING, by 7.3. */
#ifdef RSESS_HAVE_TIMESTAMPING_ANY
#define RSESS_TIMESTAMPING_ANY	BIT(SOCK_TIMESTAMPING_ANY)
#else
#define RSESS_TIMESTAMPING_ANY	0
#endif

/* __assign_str() takes its source from __string() since 6.10. */
#ifdef RSESS_HAVE_ASSIGN_STR_1
#define RSESS_ASSIGN_STR(dst, src)	__assign_str(dst)
#else
#define RSESS_ASSIGN_STR(dst, src)	__assign_str(dst, src)
#endif

#endif /* _RSESS_COMPAT_H */
