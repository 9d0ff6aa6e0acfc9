// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets and skbs in user space, see include/network.h.
 */

/* --- skbs -------------------------------------------------------------------- */

struct sk_buff *alloc_skb(u32 size, gfp_t gfp)
{
	struct sk_buff *skb = kmalloc(sizeof(*skb), gfp);

	if (!skb)
		return NULL;
	memset(skb, 0, sizeof(*skb));
	skb->shared = kmalloc(sizeof(*skb->shared) + size, gfp);
	if (!skb->shared) {
		kfree(skb);
		return NULL;
	}
	skb->shared->ref = 1;
	skb->head = skb->shared->bytes;
	skb->data = skb->head;
	skb->size = size;
	skb->truesize = size + SKB_OVERHEAD;
	return skb;
}

struct sk_buff *skb_clone(struct sk_buff *skb, gfp_t gfp)
{
	struct sk_buff *clone = kmalloc(sizeof(*clone), gfp);

	if (!clone)
		return NULL;
	*clone = *skb;
	clone->sk = NULL;
	clone->shared->ref++;
	return clone;
}

void skb_orphan(struct sk_buff *skb)
{
	if (!skb->sk)
		return;
	skb->sk->sk_rmem -= skb->truesize;
	sk_mem_uncharge(skb->sk, skb->truesize);
	skb->sk = NULL;
}

void kfree_skb(struct sk_buff *skb)
{
	if (!skb)
		return;
	skb_orphan(skb);
	CHECK(skb->shared->ref > 0);
	if (!--skb->shared->ref)
		kfree(skb->shared);
	kfree(skb);
}

void *skb_put(struct sk_buff *skb, u32 len)
{
	u8 *tail = skb_tail_pointer(skb);

	CHECK(len <= skb_tailroom(skb));
	skb->len += len;
	return tail;
}

int skb_copy_bits(const struct sk_buff *skb, int off, void *to, int len)
{
	if (off < 0 || len < 0 || (u32)off > skb->len ||
	    (u32)len > skb->len - off)
		return -EFAULT;
	memcpy(to, skb->data + off, len);
	return 0;
}

void skb_set_owner_r(struct sk_buff *skb, struct sock *sk)
{
	skb->sk = sk;
	sk->sk_rmem += skb->truesize;
	sk_mem_charge(sk, skb->truesize);
}

void __skb_queue_purge(struct sk_buff_head *q)
{
	struct sk_buff *skb;

	while ((skb = skb_peek(q))) {
		__skb_unlink(skb, q);
		kfree_skb(skb);
	}
}

/* --- messages ---------------------------------------------------------------- */

size_t copy_from_iter(void *to, size_t len, struct iov_iter *i)
{
	len = min(len, i->count);
	memcpy(to, i->p, len);
	iov_iter_advance(i, len);
	return len;
}

void iov_iter_revert(struct iov_iter *i, size_t len)
{
	i->p -= len;
	i->count += len;
	i->iov_offset -= len;
}

void iov_iter_advance(struct iov_iter *i, size_t len)
{
	CHECK(len <= i->count);
	i->p += len;
	i->count -= len;
	i->iov_offset += len;
}

int memcpy_to_msg(struct msghdr *msg, const void *p, int len)
{
	if ((size_t)len > msg->msg_iter.count)
		return -EFAULT;
	memcpy(msg->msg_iter.p, p, len);
	msg->msg_iter.p += len;
	msg->msg_iter.count -= len;
	return 0;
}

int skb_copy_datagram_msg(const struct sk_buff *skb, int off,
			  struct msghdr *msg, int len)
{
	CHECK(off >= 0 && len > 0 && (u32)off + len <= skb->len);
	CHECK((size_t)len <= msg->msg_iter.count);
	return memcpy_to_msg(msg, skb->data + off, len);
}

/* --- sockets ----------------------------------------------------------------- */

static void fuzz_callback(struct sock *sk)
{
	CHECK(sk->sk_refcnt > 0);
}

void fuzz_sock_init(struct sock *sk, struct net *net, struct proto *prot)
{
	sk->sk_net = net;
	sk->sk_prot = prot;
	sk->sk_refcnt = 1;
	sk->sk_rcvlowat = 1;
	sk->sk_max_pacing_rate = ~0UL;
	sk->sk_pacing_rate = ~0UL;
	skb_queue_head_init(&sk->sk_receive_queue);
	skb_queue_head_init(&sk->sk_error_queue);
	sk->sk_state_change = fuzz_callback;
	sk->sk_data_ready = fuzz_callback;
	sk->sk_write_space = fuzz_callback;
	sk->sk_error_report = fuzz_callback;
}

struct sock *sk_alloc(struct net *net, int family, gfp_t gfp,
		      struct proto *prot, int kern)
{
	struct sock *sk = kzalloc(prot->obj_size, gfp);

	if (sk)
		fuzz_sock_init(sk, net, prot);
	return sk;
}

/* sk_alloc() did it. */
void sock_init_data(struct socket *sock, struct sock *sk)
{
}

void sock_put(struct sock *sk)
{
	CHECK(sk->sk_refcnt > 0);
	if (--sk->sk_refcnt)
		return;
	CHECK(!sk->sk_lock.owned);
	if (sk->sk_destruct)
		sk->sk_destruct(sk);
	CHECK(!sk->sk_rmem);
	kfree(sk);
}

bool fuzz_mem_schedule(struct sock *sk, int size)
{
	if (fuzz_alloc_fails && !--fuzz_alloc_fails)
		return false;
	while (sk->sk_forward_alloc < size)
		sk->sk_forward_alloc += PAGE_SIZE;
	return true;
}

int sk_stream_wait_connect(struct sock *sk, long *timeo)
{
	if (sk->sk_err)
		return sock_error(sk);
	return sk->sk_state == TCP_SYN_SENT ? -EAGAIN : -EPIPE;
}

int sk_stream_wait_memory(struct sock *sk, long *timeo)
{
	if (sk->sk_err || sk->sk_shutdown & SEND_SHUTDOWN)
		return -EPIPE;
	return sk_stream_memory_free(sk) ? 0 : -EAGAIN;
}

int sk_stream_error(struct sock *sk, int flags, int err)
{
	return err == -EPIPE ? sock_error(sk) ?: -EPIPE : err;
}
