/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module takes from the kernel apart from the network, in user space: as
 * little as it needs, for one thread.  Every file is compiled with -include of
 * this one; the headers that the module names are empty ones, see the Makefile.
 *
 * What is wrong with a caller ends the program, as a finding: a lock that is taken
 * twice, a reference too many, WARN_ON().
 */
#ifndef _FUZZ_KERNEL_H
#define _FUZZ_KERNEL_H

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <linux/types.h>
#include <asm/byteorder.h>

/* It is the kernel's that the module means. */
#define msghdr user_msghdr
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#undef msghdr

#define u8	__u8
#define u16	__u16
#define u32	__u32
#define u64	__u64
#define s32	__s32
#define s64	__s64
#define gfp_t	unsigned int
#define kuid_t	unsigned int
#define uid_eq(a, b)	((a) == (b))
#define __kuid_val(uid)	(uid)

#define cpu_to_be16	__cpu_to_be16
#define cpu_to_be32	__cpu_to_be32
#define crypto_memneq	memcmp
#define cpu_to_be64	__cpu_to_be64
#define be32_to_cpu	__be32_to_cpu

#define __percpu
#define __rcu
#define __user
#define fallthrough	__attribute__((__fallthrough__))

#define ERESTARTSYS	512
#define PAGE_SIZE	4096

/* Nobody reads here what is in it. */
struct xarray {
	u32 entries;
};

#define XA_FLAGS_ALLOC1	1
#define XA_FLAGS_ACCOUNT	0
#define xa_limit_32b	0

static inline void xa_init_flags(struct xarray *xa, unsigned int flags)
{
	xa->entries = 0;
}

static inline int xa_alloc_cyclic(struct xarray *xa, u32 *id, void *entry,
				  int limit, u32 *next, gfp_t gfp)
{
	*id = ++*next;
	xa->entries++;
	return 0;
}

static inline void xa_erase(struct xarray *xa, unsigned long id)
{
	xa->entries--;
}

/* No namespace ends while it has sessions. */
#define U32_MAX		(~0U)
#define XA_PRESENT	0
#define xa_lock(xa)	((void)(xa))
#define xa_unlock(xa)	((void)(xa))

static inline void *xa_find_after(struct xarray *xa, unsigned long *index,
				  unsigned long max, int filter)
{
	return NULL;
}

static inline void xa_destroy(struct xarray *xa)
{
	assert(!xa->entries);
}

#define PAGE_SHIFT		12
#define SZ_1M			0x00100000
#define IS_ENABLED(CONFIG_x)	0

/* A finding: says what and where, and ends the program. */
_Noreturn void fuzz_fail(const char *file, int line, const char *what);

#define CHECK(cond)							\
	do {								\
		if (!(cond))						\
			fuzz_fail(__FILE__, __LINE__, #cond);		\
	} while (0)

#define WARN_ON_ONCE(cond) ({						\
	bool __warn = (cond);						\
									\
	if (__warn)							\
		fuzz_fail(__FILE__, __LINE__, "WARN_ON " #cond);	\
	__warn;								\
})

#define BUILD_BUG_ON(cond)	_Static_assert(!(cond), #cond)
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))

#define min(a, b) ({							\
	typeof(a) __a = (a);						\
	typeof(b) __b = (b);						\
									\
	__a < __b ? __a : __b;						\
})
#define max(a, b) ({							\
	typeof(a) __a = (a);						\
	typeof(b) __b = (b);						\
									\
	__a > __b ? __a : __b;						\
})
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define max_t(type, a, b)	max((type)(a), (type)(b))
#define min3(a, b, c)	min(min(a, b), c)
#define min_not_zero(a, b) ({						\
	typeof(a) __x = (a);						\
	typeof(b) __y = (b);						\
									\
	__x == 0 ? __y : (__y == 0 ? __x : min(__x, __y));		\
})
#define swap(a, b) do {							\
	typeof(a) __swap = (a);						\
									\
	(a) = (b);							\
	(b) = __swap;							\
} while (0)

#define BIT(n)			(1UL << (n))
#define ALIGN(x, a)		(((x) + (a) - 1) & ~((a) - 1))
#define clamp(v, lo, hi)		min(max(v, lo), hi)
#define ilog2(n)		(63 - __builtin_clzl(n))
#define roundup_pow_of_two(n)	(1UL << (64 - __builtin_clzl((n) - 1)))
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define offsetofend(type, m)	(offsetof(type, m) + sizeof(((type *)0)->m))
#define sizeof_field(t, m)	sizeof(((t *)0)->m)
#define container_of(p, type, m)	((type *)((char *)(p) - offsetof(type, m)))
#define __ffs(x)		((unsigned long)__builtin_ctzl(x))

/* There is one thread. */
#define READ_ONCE(x)		(x)
#define WRITE_ONCE(x, v)	((x) = (v))
#define smp_store_release(p, v)	WRITE_ONCE(*(p), v)	/* one thread */
#define smp_load_acquire(p)	READ_ONCE(*(p))		/* one thread */
#define smp_mb()		do { } while (0)	/* one thread */
#define smp_mb__after_atomic()	smp_mb()
#define smp_rmb()		smp_mb()		/* one thread */
#define cmpxchg(p, old, new)						\
	({ typeof(*(p)) was = *(p); *(p) = was == (old) ? (new) : was; was; })
#define this_cpu_inc(x)		((void)(x)++)
#define this_cpu_add(x, n)	((void)((x) += (n)))

static inline bool test_bit(int n, const unsigned long *p)
{
	return *p & BIT(n);
}

static inline void set_bit(int n, unsigned long *p)
{
	*p |= BIT(n);
}

#define clear_bit_unlock	clear_bit

static inline bool test_and_set_bit(int n, unsigned long *p)
{
	bool was = test_bit(n, p);

	set_bit(n, p);
	return was;
}

static inline void clear_bit(int n, unsigned long *p)
{
	*p &= ~BIT(n);
}

#define IS_ERR(p)	((unsigned long)(p) >= -4095UL)
#define PTR_ERR(p)	((long)(p))
#define ERR_PTR(e)	((void *)(long)(e))

/* --- lists ------------------------------------------------------------------- */

struct list_head {
	struct list_head *next, *prev;
};

static inline void INIT_LIST_HEAD(struct list_head *h)
{
	h->next = h;
	h->prev = h;
}

#define list_empty_careful	list_empty
static inline bool list_empty(const struct list_head *h)
{
	return h->next == h;
}

static inline void list_add_tail(struct list_head *e, struct list_head *h)
{
	e->next = h;
	e->prev = h->prev;
	h->prev->next = e;
	h->prev = e;
}

static inline void list_add(struct list_head *e, struct list_head *head)
{
	list_add_tail(e, head->next);
}

/* Who follows a pointer of what was taken out finds NULL. */
static inline void list_del(struct list_head *e)
{
	e->next->prev = e->prev;
	e->prev->next = e->next;
	e->next = NULL;
	e->prev = NULL;
}

static inline void list_del_init(struct list_head *e)
{
	list_del(e);
	INIT_LIST_HEAD(e);
}

static inline void list_move_tail(struct list_head *e, struct list_head *h)
{
	list_del(e);
	list_add_tail(e, h);
}

#define list_entry		container_of
#define list_first_entry(h, t, m)	list_entry((h)->next, t, m)
#define list_first_entry_or_null(head, type, member) \
	(list_empty(head) ? NULL : list_first_entry(head, type, member))
#define list_last_entry(h, t, m)	list_entry((h)->prev, t, m)
#define list_is_last(p, h)	((p)->next == (h))
#define list_next_entry(p, m)	list_entry((p)->m.next, typeof(*(p)), m)
#define list_prev_entry(p, m)	list_entry((p)->m.prev, typeof(*(p)), m)
#define list_prepare_entry(p, h, m)	((p) ?: list_entry(h, typeof(*(p)), m))

#define list_for_each_entry(p, h, m)					\
	for (p = list_first_entry(h, typeof(*(p)), m); &(p)->m != (h);	\
	     p = list_next_entry(p, m))
#define list_for_each_entry_continue(p, h, m)				\
	for (p = list_next_entry(p, m); &(p)->m != (h);			\
	     p = list_next_entry(p, m))
#define list_for_each_entry_safe(p, n, h, m)				\
	for (p = list_first_entry(h, typeof(*(p)), m),			\
	     n = list_next_entry(p, m); &(p)->m != (h);			\
	     p = n, n = list_next_entry(n, m))
#define list_for_each_entry_safe_reverse(p, n, h, m)			\
	for (p = list_last_entry(h, typeof(*(p)), m),			\
	     n = list_prev_entry(p, m); &(p)->m != (h);			\
	     p = n, n = list_prev_entry(n, m))

/* Of these tables there are the types only. */
struct hlist_node {
	struct list_head list;
};

#define hlist_add_fake(n)	INIT_LIST_HEAD(&(n)->list)
#define DECLARE_HASHTABLE(name, bits)	struct list_head name[1 << (bits)]

/* A hash table that grows is a list here. */
struct rhash_head {
	struct list_head list;
};

struct rhashtable_params {
	size_t key_len;
	size_t key_offset;
	size_t head_offset;
	u32 (*hashfn)(const void *key, u32 len, u32 seed);
	bool automatic_shrinking;
};

struct rhashtable {
	struct list_head list;
	struct rhashtable_params p;
};

#define jhash_2words(a, b, seed)	((u32)((a) ^ (b) ^ (seed)))
#define get_random_once(p, len)		((void)(p))

static inline int rhashtable_init(struct rhashtable *ht,
				  const struct rhashtable_params *p)
{
	INIT_LIST_HEAD(&ht->list);
	ht->p = *p;
	return 0;
}

/* It may be used again. */
#define rhashtable_destroy(ht)		CHECK(list_empty(&(ht)->list))

static inline void *rhashtable_lookup(struct rhashtable *ht, const void *key,
				      const struct rhashtable_params p)
{
	struct list_head *l;
	u8 *obj;

	for (l = ht->list.next; l != &ht->list; l = l->next) {
		obj = (u8 *)l - p.head_offset;
		if (p.hashfn(key, p.key_len, 0) ==
		    p.hashfn(obj + p.key_offset, p.key_len, 0) &&
		    !memcmp(obj + p.key_offset, key, p.key_len))
			return obj;
	}
	return NULL;
}

#define rhashtable_lookup_fast		rhashtable_lookup

int rhashtable_insert_fast(struct rhashtable *ht, struct rhash_head *head,
			   const struct rhashtable_params p);

static inline int
rhashtable_lookup_insert_fast(struct rhashtable *ht, struct rhash_head *head,
			      const struct rhashtable_params p)
{
	u8 *key = (u8 *)head - p.head_offset + p.key_offset;

	return rhashtable_lookup(ht, key, p) ? -EEXIST :
	       rhashtable_insert_fast(ht, head, p);
}

static inline int rhashtable_remove_fast(struct rhashtable *ht,
					 struct rhash_head *head,
					 const struct rhashtable_params p)
{
	list_del(&head->list);
	return 0;
}

/* --- locks and references ---------------------------------------------------- */

struct fuzz_lock {
	int held;
};

#define spinlock_t	struct fuzz_lock
#define rwlock_t	struct fuzz_lock

struct mutex {
	struct fuzz_lock lock;
};

static inline void spin_lock(struct fuzz_lock *l)
{
	CHECK(!l->held);
	l->held = 1;
}

static inline void spin_unlock(struct fuzz_lock *l)
{
	CHECK(l->held);
	l->held = 0;
}

#define spin_lock_init(l)	((l)->held = 0)
#define spin_lock_bh		spin_lock
#define spin_unlock_bh		spin_unlock
#define mutex_init(m)		spin_lock_init(&(m)->lock)
#define mutex_lock(m)		spin_lock(&(m)->lock)
#define mutex_unlock(m)		spin_unlock(&(m)->lock)
#define mutex_is_locked(m)	((m)->lock.held)
#define read_lock_bh		spin_lock
#define read_unlock_bh		spin_unlock
#define write_lock_bh		spin_lock
#define write_unlock_bh		spin_unlock
#define cond_resched()		do { } while (0)
#define __read_mostly
#define lockdep_assert_held(l)	CHECK((l)->held)
#define lockdep_assert(what)	CHECK(what)
#define rcu_read_lock()		do { } while (0)
#define rcu_access_pointer(p)	(p)
#define rcu_read_unlock()	do { } while (0)
#define rcu_dereference(p)	(p)
#define rcu_dereference_protected(p, c)	({ CHECK(c); (p); })
#define RCU_INIT_POINTER(p, v)	((p) = (v))

struct rcu_head {
	int unused;
};

#define refcount_t	struct fuzz_ref

struct fuzz_ref {
	int n;
};

static inline void refcount_set(refcount_t *r, int n)
{
	r->n = n;
}

static inline void refcount_inc(refcount_t *r)
{
	CHECK(r->n > 0);
	r->n++;
}

#define atomic_t		struct fuzz_atomic

struct fuzz_atomic {
	int n;
};

#define atomic_inc(a)		((void)((a)->n += 1))
#define atomic_dec(a)		((void)((a)->n -= 1))
#define atomic_dec_and_test(a)	(!((a)->n -= 1))
#define wake_up_var(a)		((void)(a))

/* Also of a socket, which counts in an int. */
#define refcount_inc_not_zero(r)	(++*(int *)(r) > 1)

static inline bool refcount_dec_and_test(refcount_t *r)
{
	CHECK(r->n > 0);
	return !--r->n;
}

/* --- memory ------------------------------------------------------------------ */

#define GFP_KERNEL		0
#define GFP_KERNEL_ACCOUNT	0
#define GFP_ATOMIC		0
#define __GFP_DIRECT_RECLAIM	0
#define __GFP_COMP		0
#define __GFP_NOWARN		0
#define __GFP_NORETRY		0

/* What was allocated and not freed; and how many allocations succeed before one
 * fails, 0 for all.
 */
extern long fuzz_live;
extern unsigned int fuzz_alloc_fails;

#define RSESS_HAVE_MEM_CGROUP_FROM_SK	1
#define mem_cgroup_from_sk(sk)		((sk)->sk_memcg)
#define memalloc_noio_save()		0
#define memalloc_noio_restore(flags)	((void)(flags))
#define memalloc_noreclaim_save()	0
#define memalloc_noreclaim_restore(flags)	((void)(flags))

struct mem_cgroup;

static inline struct mem_cgroup *set_active_memcg(struct mem_cgroup *memcg)
{
	return memcg;
}

void *kmalloc(size_t size, gfp_t gfp);
void *kzalloc(size_t size, gfp_t gfp);
void *kmemdup(const void *p, size_t size, gfp_t gfp);
void kfree(const void *p);

#define kfree_sensitive		kfree
#define kfree_rcu(p, member)	kfree(p)
#define memzero_explicit	explicit_bzero

struct page {
	int ref;
	u32 size;
	u8 data[];
};

/* Nobody sleeps on a socket here. */
struct wait_queue_entry {
	void *private;
	int (*func)(struct wait_queue_entry *wq, unsigned int mode, int sync,
		    void *key);
};

#define wait_queue_head_t	int
#define init_waitqueue_func_entry(wq, fn)	((wq)->func = (fn))
#define add_wait_queue(head, wq)		((void)(head), (void)(wq))
#define remove_wait_queue(head, wq)		((void)(head), (void)(wq))
#define key_to_poll(key)			((uintptr_t)(key))

struct page_frag {
	struct page *page;
	u32 offset;
	u32 size;
};

struct bio_vec {
	struct page *bv_page;
	u32 bv_len;
	u32 bv_offset;
};

static inline void bvec_set_page(struct bio_vec *bv, struct page *page, u32 len,
				 u32 off)
{
	*bv = (struct bio_vec){ page, len, off };
}

#define page_address(p)		((void *)(p)->data)
#define memcpy_from_page(to, p, off, len) \
	memcpy(to, (u8 *)page_address(p) + (off), len)
#define page_size(p)		((unsigned long)(p)->size)
#define page_ref_count(p)	((p)->ref)

static inline void get_page(struct page *p)
{
	CHECK(p->ref > 0);
	p->ref++;
}

/* Compound: what follows a page in memory is the next one. */
#define nth_page(p, n)		((struct page *)((u8 *)(p) + (n) * PAGE_SIZE))
#define kmap_local_page(p)	page_address(p)
#define kunmap_local(p)		((void)(p))
#define offset_in_page(off)	((off) & (PAGE_SIZE - 1))

void put_page(struct page *p);
struct page *alloc_pages(gfp_t gfp, unsigned int order);

#define alloc_page(gfp)		alloc_pages(gfp, 0)

struct page *fuzz_page(void);

/* --- time and work ----------------------------------------------------------- */

#define HZ			250
#define MAX_JIFFY_OFFSET	((LONG_MAX >> 1) - 1)

extern unsigned long jiffies;

#define get_jiffies_64()	((u64)jiffies)

#define time_after(a, b)	((long)((b) - (a)) < 0)
#define time_before(a, b)	time_after(b, a)
#define time_after_eq(a, b)	((long)((a) - (b)) >= 0)
#define time_in_range(a, b, c)	(time_after_eq(a, b) && time_after_eq(c, a))

static inline unsigned long msecs_to_jiffies(unsigned int ms)
{
	return ((u64)ms * HZ + 999) / 1000;
}

struct workqueue_struct;
struct work_struct;

#define work_func_t	fuzz_work_fn
typedef void (*fuzz_work_fn)(struct work_struct *work);

/* With a delay the work waits in the same list until its time has come. */
struct work_struct {
	struct list_head list;
	fuzz_work_fn fn;
	bool pending;
	unsigned long at;
};

struct delayed_work {
	struct work_struct work;
};

#define INIT_WORK(w, f)		((w)->fn = (f), (w)->pending = false)
#define INIT_DELAYED_WORK(w, f)	INIT_WORK(&(w)->work, f)
#define delayed_work_pending(w)	((w)->work.pending)
#define cancel_delayed_work_sync cancel_delayed_work
#define cancel_work		fuzz_work_cancel

/* Works are independent of each other: the last may run first. */
extern bool fuzz_work_lifo;

bool fuzz_work_queue(struct work_struct *w, unsigned long delay, bool move);
bool fuzz_work_cancel(struct work_struct *w);
bool fuzz_work_run(void);
bool fuzz_work_next(unsigned long *at);

static inline bool queue_work(struct workqueue_struct *wq,
			      struct work_struct *w)
{
	return fuzz_work_queue(w, 0, false);
}

static inline bool queue_delayed_work(struct workqueue_struct *wq,
				      struct delayed_work *w,
				      unsigned long delay)
{
	return fuzz_work_queue(&w->work, delay, false);
}

static inline bool mod_delayed_work(struct workqueue_struct *wq,
				    struct delayed_work *w,
				    unsigned long delay)
{
	return !fuzz_work_queue(&w->work, delay, true);
}

static inline bool cancel_delayed_work(struct delayed_work *w)
{
	return fuzz_work_cancel(&w->work);
}

/* As a work that has no queue. */
struct timer_list {
	struct work_struct work;
	void (*fn)(struct timer_list *timer);
};

static inline void fuzz_timer_run(struct work_struct *w)
{
	struct timer_list *timer = container_of(w, struct timer_list, work);

	timer->fn(timer);
}

#define timer_setup(t, f, flags) \
	(INIT_WORK(&(t)->work, fuzz_timer_run), (t)->fn = (f))
#define timer_delete(t)		fuzz_work_cancel(&(t)->work)

static inline void mod_timer(struct timer_list *timer, unsigned long at)
{
	fuzz_work_queue(&timer->work, at - jiffies, true);
}

/* --- other ------------------------------------------------------------------- */

struct ctl_table_header;

#define siphash_key_t	struct fuzz_siphash_key

struct fuzz_siphash_key {
	u64 key[2];
};

u64 siphash(const void *p, size_t len, const siphash_key_t *key);

/* Enough to tell one frame from another. */
#define POLY1305_KEY_SIZE	32
#define POLY1305_DIGEST_SIZE	16

struct poly1305_desc_ctx {
	u64 hash;
};

struct blake2s_state {
	struct poly1305_desc_ctx sum;
};

void poly1305_init(struct poly1305_desc_ctx *ctx, const u8 *key);
void poly1305_update(struct poly1305_desc_ctx *ctx, const u8 *p, size_t len);
void poly1305_final(struct poly1305_desc_ctx *ctx, u8 *out);

#define blake2s_init_key(ctx, outlen, key, len)	poly1305_init(&(ctx)->sum, key)
#define blake2s_update(ctx, p, len)	poly1305_update(&(ctx)->sum, p, len)
#define blake2s_final(ctx, out)						\
	do {								\
		poly1305_final(&(ctx)->sum, out);			\
		poly1305_final(&(ctx)->sum, (out) + 16);		\
	} while (0)
void fuzz_random_seed(void);
void get_random_bytes(void *p, size_t len);
u32 get_random_u32(void);

/* The module's own header of tracepoints is used: they do nothing. */
#define TP_PROTO(...)	__VA_ARGS__
#define TRACE_EVENT(name, proto, ...)					\
	static inline void trace_##name(proto) { }

#define current			0
#define signal_pending(task)	false

#endif /* _FUZZ_KERNEL_H */
