/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sockets and skbs for the module, in user space; included everywhere, as kernel.h.
 * An skb is one linear buffer.  Memory is accounted as in the kernel, so that
 * what is charged and not given back is found.
 */
#ifndef _FUZZ_NETWORK_H
#define _FUZZ_NETWORK_H

#include "kernel.h"

/* What compat.h makes is not looked at here. */
#define RSESS_HAVE_SENDPAGE
#define RSESS_HAVE_SK_NET_REFCNT_UPGRADE
#define RSESS_HAVE_REGISTER_NET_SYSCTL_SZ
#define RSESS_HAVE_PROTO_ACCEPT_ARG

enum {
	TCP_MAX_STATES = 13,
};

#define TCPF_ESTABLISHED	BIT(TCP_ESTABLISHED)
#define TCPF_SYN_SENT		BIT(TCP_SYN_SENT)
#define TCPF_CLOSE		BIT(TCP_CLOSE)
#define TCPF_CLOSE_WAIT		BIT(TCP_CLOSE_WAIT)
#define TCPF_LISTEN		BIT(TCP_LISTEN)

#define RCV_SHUTDOWN		1
#define SEND_SHUTDOWN		2
#define SHUTDOWN_MASK		3

/* --- skbs -------------------------------------------------------------------- */

#define SKB_OVERHEAD		576
#define SKB_WITH_OVERHEAD(n)	((n) - 320)

struct sock;

struct fuzz_skb_data {
	int ref;
	u8 bytes[];
};

struct sk_buff {
	struct list_head list;
	struct fuzz_skb_data *shared;
	struct sock *sk;
	u8 *head;
	u8 *data;
	u32 len;
	u32 size;
	u32 truesize;
	_Alignas(8) char cb[48];
};

struct sk_buff_head {
	struct list_head list;
	u32 qlen;
};

#define __skb_queue_head_init(q)	skb_queue_head_init(q)

struct sk_buff *alloc_skb(u32 size, gfp_t gfp);
struct sk_buff *skb_clone(struct sk_buff *skb, gfp_t gfp);
void kfree_skb(struct sk_buff *skb);
void *skb_put(struct sk_buff *skb, u32 len);
int skb_copy_bits(const struct sk_buff *skb, int off, void *to, int len);
void skb_orphan(struct sk_buff *skb);
void skb_set_owner_r(struct sk_buff *skb, struct sock *sk);

#define SKB_TRUESIZE(n)		((n) + SKB_OVERHEAD)

/* An skb is in one piece here. */
struct skb_seq_state {
	const struct sk_buff *skb;
	u32 from;
	u32 to;
};

#define skb_prepare_seq_read(s, f, t, st)	\
	(*(st) = (struct skb_seq_state){ .skb = s, .from = f, .to = t })

static inline unsigned int skb_seq_read(u32 done, const u8 **p,
					struct skb_seq_state *st)
{
	CHECK(st->to <= st->skb->len);
	*p = st->skb->data + st->from + done;
	return st->from + done < st->to ? st->skb->len - st->from - done : 0;
}


static inline u32 skb_tailroom(const struct sk_buff *skb)
{
	return skb->size - skb->len;
}

static inline u8 *skb_network_header(const struct sk_buff *skb)
{
	return skb->data;
}

static inline u8 *skb_tail_pointer(const struct sk_buff *skb)
{
	return skb->data + skb->len;
}

static inline void skb_queue_head_init(struct sk_buff_head *q)
{
	INIT_LIST_HEAD(&q->list);
	q->qlen = 0;
}

static inline struct sk_buff *skb_peek(const struct sk_buff_head *q)
{
	return list_empty(&q->list) ? NULL :
	       list_first_entry(&q->list, struct sk_buff, list);
}

static inline struct sk_buff *skb_peek_tail(const struct sk_buff_head *q)
{
	return list_empty(&q->list) ? NULL :
	       list_last_entry(&q->list, struct sk_buff, list);
}

static inline bool skb_queue_is_first(const struct sk_buff_head *q,
				      const struct sk_buff *skb)
{
	return skb->list.prev == &q->list;
}

static inline struct sk_buff *skb_queue_prev(const struct sk_buff_head *q,
					     const struct sk_buff *skb)
{
	return list_entry(skb->list.prev, struct sk_buff, list);
}

static inline bool skb_queue_empty(const struct sk_buff_head *q)
{
	return list_empty(&q->list);
}

#define skb_queue_empty_lockless	skb_queue_empty

static inline void __skb_queue_tail(struct sk_buff_head *q,
				    struct sk_buff *skb)
{
	list_add_tail(&skb->list, &q->list);
	q->qlen++;
}

static inline void __skb_unlink(struct sk_buff *skb, struct sk_buff_head *q)
{
	list_del(&skb->list);
	q->qlen--;
}

void __skb_queue_purge(struct sk_buff_head *q);

#define skb_queue_walk_safe(q, skb, tmp)				\
	list_for_each_entry_safe(skb, tmp, &(q)->list, list)

struct ubuf_info;

/* --- messages ---------------------------------------------------------------- */

/* Memory of the application's, which may be a page of @bvec. */
struct iov_iter {
	u8 *p;
	size_t count;
	const struct bio_vec *bvec;
	size_t iov_offset;
};

#define MSG_SPLICE_PAGES	0x8000000
#define iov_iter_is_bvec(i)	((i)->bvec)
#define sendpage_ok(page)	((page)->ref > 0)

struct msghdr {
	struct iov_iter msg_iter;
	int msg_flags;
	int msg_namelen;
	int msg_inq;
	bool msg_get_inq;
	size_t msg_controllen;
	struct ubuf_info *msg_ubuf;
};

struct kvec {
	void *iov_base;
	size_t iov_len;
};

#define msg_data_left(m)	((m)->msg_iter.count)

size_t copy_from_iter(void *to, size_t len, struct iov_iter *i);
void iov_iter_revert(struct iov_iter *i, size_t len);
void iov_iter_advance(struct iov_iter *i, size_t len);
int memcpy_to_msg(struct msghdr *msg, const void *p, int len);
int skb_copy_datagram_msg(const struct sk_buff *skb, int off,
			  struct msghdr *msg, int len);

/* --- sockets ----------------------------------------------------------------- */

struct net {
	struct {
		u8 sysctl_txrehash;
	} core;
	struct {
		int sysctl_tcp_keepalive_time;
		int sysctl_tcp_keepalive_intvl;
		int sysctl_tcp_keepalive_probes;
	} ipv4;
};

struct proto {
	size_t obj_size;
	bool (*stream_memory_free)(const struct sock *sk, int wake);
	void (*release_cb)(struct sock *sk);
};

struct fuzz_wait {
	int unused;
};

struct socket_wq {
	struct fuzz_wait wait;
	void *fasync_list;
};

struct inode {
	kuid_t i_uid;
	void *i_private;
};

struct dst_entry;
struct proto_accept_arg;
struct request_sock;
struct socket;

/* For read_sock(), which nobody calls. */
struct read_descriptor {
	size_t count;
};

#define read_descriptor_t struct read_descriptor
typedef int (*sk_read_actor_t)(read_descriptor_t *desc, struct sk_buff *skb,
			       unsigned int off, size_t len);

/* What the module calls of them when a socket has fallen back; none does here. */
#define MSG_SENDPAGE_NOTLAST	0x20000

#define sockptr_t	void *
#define KERNEL_SOCKPTR(p)	(p)

struct proto_ops {
	ssize_t (*sendpage_locked)(struct sock *sk, struct page *page, int off,
				   size_t len, int flags);
	int (*accept)(struct socket *sock, struct socket *newsock,
		      struct proto_accept_arg *arg);
	int (*getsockopt)(struct socket *sock, int level, int optname,
			  char __user *optval, int __user *optlen);
	int (*setsockopt)(struct socket *sock, int level, int optname,
			  sockptr_t optval, unsigned int optlen);
	int (*sendmsg)(struct socket *sock, struct msghdr *msg, size_t len);
	int (*recvmsg)(struct socket *sock, struct msghdr *msg, size_t len,
		       int flags);
	int (*peek_len)(struct socket *sock);
	int (*read_sock)(struct sock *sk, read_descriptor_t *desc,
			 sk_read_actor_t recv_actor);
};

/* Of TCP, whose handshake is not looked at here. */
struct inet_connection_sock_af_ops {
	struct sock *(*syn_recv_sock)(const struct sock *sk,
				      struct sk_buff *skb,
				      struct request_sock *req,
				      struct dst_entry *dst,
				      struct request_sock *req_unhash,
				      bool *own_req);
};

struct socket {
	unsigned long flags;
	struct sock *sk;
	const struct proto_ops *ops;
	struct {
		wait_queue_head_t wait;
	} wq;
	struct inode inode;
};

#define SOCK_INODE(s)	(&(s)->inode)

enum sock_flags {
	SOCK_DEAD,
	SOCK_DONE,
	SOCK_URGINLINE,
	SOCK_KEEPOPEN,
	SOCK_LOCALROUTE,
	SOCK_ZEROCOPY,
	SOCK_USE_WRITE_QUEUE,
	SOCK_RCU_FREE,
	SOCK_MEMALLOC,
};

enum {
	SOCK_NOSPACE,
	SOCKWQ_ASYNC_NOSPACE,
	SOCK_SUPPORT_ZC,
};

enum {
	SOCK_WAKE_IO,
	SOCK_WAKE_WAITD,
	SOCK_WAKE_SPACE,
};

enum {
	SK_PACING_NONE,
	SK_PACING_NEEDED,
};

#define SK_USER_DATA_NOCOPY	1
#define SOCK_SNDBUF_LOCK	1
#define SOCK_RCVBUF_LOCK	2

struct sock {
	u16 sk_protocol;
	unsigned int sk_family;
	int sk_state;
	int sk_refcnt;
	struct {
		spinlock_t slock;	/* of owned */
		int owned;
	} sk_lock;
	struct net *sk_net;
	struct hlist_node sk_node;
	struct proto *sk_prot;
	unsigned long sk_flags;
	int sk_shutdown;
	int sk_err;
	int sk_type;
	int sk_sndbuf;
	int sk_rcvbuf;
	u8 sk_userlocks;
	int sk_rcvlowat;
	int sk_wmem_queued;
	int sk_rmem;
	int sk_forward_alloc;
	gfp_t sk_allocation;
	bool sk_use_task_frag;
	struct mem_cgroup *sk_memcg;
	kuid_t sk_uid;
	bool sk_net_refcnt;
	bool sk_kern_sock;
	u8 sk_txrehash;
	void *sk_filter;
	u8 sk_reuse;
	u8 sk_reuseport;
	u32 sk_mark;
	u32 sk_priority;
	int sk_bound_dev_if;
	u32 sk_pacing_status;
	unsigned long sk_pacing_rate;
	unsigned long sk_max_pacing_rate;
	struct sk_buff_head sk_receive_queue;
	struct sk_buff_head sk_error_queue;
	struct socket *sk_socket;
	struct socket_wq *sk_wq;
	void *sk_user_data;
	rwlock_t sk_callback_lock;	/* of what follows */
	void (*sk_state_change)(struct sock *sk);
	void (*sk_data_ready)(struct sock *sk);
	void (*sk_write_space)(struct sock *sk);
	void (*sk_error_report)(struct sock *sk);
	void (*sk_destruct)(struct sock *sk);
};

/* What belongs to IPv6 of a socket; nothing looks at it here. */
struct ipv6_pinfo {
	short hop_limit;
	short mcast_hops;
	u8 mc_loop;
	u8 mc_all;
};

#define IPV6_DEFAULT_MCASTHOPS	1

struct inet_sock {
	struct sock sk;
	struct ipv6_pinfo *pinet6;
	__be32 inet_saddr;
	__be32 inet_rcv_saddr;
	__be32 inet_daddr;
	__be16 inet_sport;
	__be16 inet_dport;
	u16 inet_num;
};

/* Nobody takes a socket for one. */
struct tcp_sock {
	struct inet_sock inet;
};

#define inet_sk(s)		((struct inet_sock *)(s))
#define sock_net(s)		((s)->sk_net)
#define sock_flag(s, f)		test_bit(f, &(s)->sk_flags)
#define sock_set_flag(s, f)	set_bit(f, &(s)->sk_flags)
/* There is one. */
extern struct net world_net;

#define for_each_net_rcu(n)	for ((n) = &world_net; (n); (n) = NULL)

#define sock_reset_flag(s, f)	clear_bit(f, &(s)->sk_flags)
#define sk_clear_bit(f, s)	do { } while (0)

static inline void sock_valbool_flag(struct sock *sk, enum sock_flags f, int on)
{
	if (on)
		sock_set_flag(sk, f);
	else
		sock_reset_flag(sk, f);
}

void fuzz_sock_init(struct sock *sk, struct net *net, struct proto *prot);
struct sock *sk_alloc(struct net *net, int family, gfp_t gfp,
		      struct proto *prot, int kern);
void sock_init_data(struct socket *sock, struct sock *sk);
void sock_put(struct sock *sk);

static inline void sock_hold(struct sock *sk)
{
	CHECK(sk->sk_refcnt > 0);
	sk->sk_refcnt++;
}

static inline void lock_sock(struct sock *sk)
{
	CHECK(!sk->sk_lock.owned);
	sk->sk_lock.owned = 1;
}

static inline void release_sock(struct sock *sk)
{
	CHECK(sk->sk_lock.owned);
	spin_lock(&sk->sk_lock.slock);
	if (sk->sk_prot && sk->sk_prot->release_cb)
		sk->sk_prot->release_cb(sk);
	sk->sk_lock.owned = 0;
	spin_unlock(&sk->sk_lock.slock);
}

static inline void sock_owned_by_me(const struct sock *sk)
{
	CHECK(sk->sk_lock.owned || sk->sk_lock.slock.held);
}

static inline bool lockdep_sock_is_held(const struct sock *sk)
{
	return sk->sk_lock.owned || sk->sk_lock.slock.held;
}

/* There are no classes of locks here. */
struct lock_class_key { };

#define sock_lock_init_class_and_name(sk, sname, skey, name, key)	\
	((void)(skey), (void)(key))
#define bh_lock_sock_nested(sk)		spin_lock(&(sk)->sk_lock.slock)
#define bh_unlock_sock(sk)		spin_unlock(&(sk)->sk_lock.slock)

#define sock_owned_by_user_nocheck(sk)	((sk)->sk_lock.owned)
#define mutex_acquire(map, sub, try, ip)	do { } while (0)

/* Of memory, in pages, taken as in the kernel. */
bool fuzz_mem_schedule(struct sock *sk, int size);

#define sk_rmem_schedule(sk, skb, size)	fuzz_mem_schedule(sk, size)
#define sk_wmem_schedule(sk, size)	fuzz_mem_schedule(sk, size)
#define sk_mem_reclaim(sk)		((void)(sk))
/* What is refused is so for want of memory. */
#define sk_memory_allocated(sk)		((void)(sk), 1)
#define sk_prot_mem_limits(sk, i)	((void)(sk), 0)
#define sk_mem_pages(n)			((int)((n) / PAGE_SIZE))
#define SOCK_MIN_SNDBUF			4608

static inline void sk_mem_charge(struct sock *sk, int size)
{
	sk->sk_forward_alloc -= size;
	/* What a waiting reader is given at the limits is owed: a frame. */
	CHECK(sk->sk_forward_alloc >= -65536);
}

static inline void sk_mem_uncharge(struct sock *sk, int size)
{
	sk->sk_forward_alloc += size;
}

static inline void sk_wmem_queued_add(struct sock *sk, int n)
{
	sk->sk_wmem_queued += n;
	CHECK(sk->sk_wmem_queued >= 0);
}

static inline void sk_mem_reclaim_final(struct sock *sk)
{
	sk->sk_forward_alloc %= PAGE_SIZE;
}

static inline bool sk_stream_memory_free(const struct sock *sk)
{
	return sk->sk_wmem_queued < sk->sk_sndbuf &&
	       sk->sk_prot->stream_memory_free(sk, 0);
}

static inline bool __sk_stream_is_writeable(const struct sock *sk, int wake)
{
	return sk->sk_sndbuf - sk->sk_wmem_queued >= sk->sk_wmem_queued >> 1 &&
	       sk->sk_prot->stream_memory_free(sk, wake);
}

static inline int sock_error(struct sock *sk)
{
	int err = sk->sk_err;

	sk->sk_err = 0;
	return -err;
}

/* Nobody waits: all calls are made with MSG_DONTWAIT. */
#define sock_sndtimeo(sk, noblock)	0L
#define sock_rcvtimeo(sk, noblock)	0L
#define sock_intr_errno(timeo)		(-EINTR)
#define sk_wait_data(sk, timeo, skb)	WARN_ON_ONCE(true)
#define sock_rcvlowat(sk, all, len)					\
	((size_t)((all) ? (len) : min_t(size_t, (sk)->sk_rcvlowat, len)) ?: 1)
#define sk_peek_offset(sk, flags)	0
#define sk_peek_offset_fwd(sk, n)	do { } while (0)
#define sk_peek_offset_bwd(sk, n)	do { } while (0)

int sk_stream_wait_connect(struct sock *sk, long *timeo);
int sk_stream_wait_memory(struct sock *sk, long *timeo);
int sk_stream_error(struct sock *sk, int flags, int err);

#define sk_error_report(sk)		((sk)->sk_error_report(sk))
#define sk_send_sigurg(sk)		do { } while (0)
#define sk_wake_async(sk, how, band)	do { } while (0)
#define sock_wake_async(wq, how, band)	do { } while (0)
#define skwq_has_sleeper(wq)		((wq) && (wq)->fasync_list)
#define wake_up_interruptible_poll(w, mask)	do { } while (0)
#define sk_sockets_allocated_inc(sk)	do { } while (0)
#define sk_sockets_allocated_dec(sk)	do { } while (0)
#define sock_prot_inuse_add(net, prot, n)	((void)(net))
#define sk_dst_reset(sk)		do { } while (0)
#define maybe_get_net(net)		(net)
#define put_net(net)			((void)(net))
#define sk_net_refcnt_upgrade(sk)	((void)((sk)->sk_net_refcnt = true))
#define sock_no_linger(sk)		do { } while (0)

#define rcu_assign_sk_user_data(sk, p)	((void)((sk)->sk_user_data = (p)))
#define __rcu_assign_sk_user_data_with_flags(sk, p, flags)		\
	rcu_assign_sk_user_data(sk, p)
#define __rcu_dereference_sk_user_data_with_flags(sk, flags)		\
	((sk)->sk_user_data)
#define __locked_read_sk_user_data_with_flags(sk, flags)		\
	((sk)->sk_user_data)

/* Control messages, notifications of MSG_ZEROCOPY and the error queue are not
 * tried.
 */
struct sockcm_cookie {
	int unused;
};

struct ubuf_info {
	int zerocopy;
};

static inline void ipv6_addr_set_v4mapped(__be32 addr, struct in6_addr *v4mapped)
{
	memset(v4mapped, 0, 10);
	memset(&v4mapped->s6_addr[10], 0xff, 2);
	memcpy(&v4mapped->s6_addr[12], &addr, 4);
}

#define sockcm_init(c, sk)			((void)(c))
#define sock_cmsg_send(sk, msg, c)		(-EINVAL)
#define put_cmsg(msg, level, type, len, p)	do { } while (0)
#define sock_recv_errqueue(sk, m, len, level, type)	(-EAGAIN)
#define msg_zerocopy_realloc(sk, size, u)	((struct ubuf_info *)NULL)
#define uarg_to_msgzc(u)			(u)
#define net_zcopy_put(u)			((void)(u))
#define net_zcopy_put_abort(u, have)		((void)(u))

/* Sockets of the transports, see world.c. */
int sock_create_kern(struct net *net, int family, int type, int protocol,
		     struct socket **sock);
void sock_release(struct socket *sock);
int kernel_bind(struct socket *sock, struct sockaddr *addr, int len);
int sock_bind_add(struct sock *sk, struct sockaddr *addr, int len);
int kernel_getsockname(struct socket *sock, struct sockaddr *addr);
int kernel_getpeername(struct socket *sock, struct sockaddr *addr);
int kernel_sock_shutdown(struct socket *sock, int how);


#endif /* _FUZZ_NETWORK_H */
