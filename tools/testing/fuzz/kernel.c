// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel in user space, see include/kernel.h.
 */

long fuzz_live;
unsigned int fuzz_alloc_fails;
unsigned long jiffies;
bool fuzz_work_lifo;

static struct list_head fuzz_works = { &fuzz_works, &fuzz_works };
static u64 fuzz_random;

void fuzz_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
	abort();
}

/* --- memory ------------------------------------------------------------------ */

static bool fuzz_out_of_memory(void)
{
	return fuzz_alloc_fails && !--fuzz_alloc_fails;
}

void *kmalloc(size_t size, gfp_t gfp)
{
	void *p;

	if (fuzz_out_of_memory())
		return NULL;
	p = malloc(size);
	CHECK(p);
	fuzz_live++;
	return p;
}

void *kzalloc(size_t size, gfp_t gfp)
{
	void *p = kmalloc(size, gfp);

	if (p)
		memset(p, 0, size);
	return p;
}

void *kmemdup(const void *from, size_t size, gfp_t gfp)
{
	void *p = kmalloc(size, gfp);

	if (p)
		memcpy(p, from, size);
	return p;
}

void kfree(const void *p)
{
	if (!p)
		return;
	fuzz_live--;
	free((void *)p);
}

void put_page(struct page *p)
{
	CHECK(p->ref > 0);
	if (!--p->ref)
		kfree(p);
}

/* Small, so that a frame has several; one that is copied whole has room. */
static size_t page_room(u32 size)
{
	return sizeof(struct page) + max(size, PAGE_SIZE / 2);
}

static struct page *page_begin(struct page *p, u32 size)
{
	if (!p)
		return NULL;
	p->ref = 1;
	p->size = size;
	return p;
}

/* Small ones, so that what is retained is in many. */
struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	u32 size = 192 << order;

	return page_begin(kmalloc(page_room(size), gfp), size);
}

/* One that was there before, and so cannot be missing. */
struct page *fuzz_page(void)
{
	struct page *p = malloc(page_room(PAGE_SIZE));

	CHECK(p);
	fuzz_live++;
	return page_begin(p, PAGE_SIZE);
}

/* --- time and work ----------------------------------------------------------- */

/* False if it was waiting already; then @move gives it another time. */
bool fuzz_work_queue(struct work_struct *w, unsigned long delay, bool move)
{
	bool was = w->pending;

	if (was && !move)
		return false;
	w->at = jiffies + delay;
	if (!was)
		list_add_tail(&w->list, &fuzz_works);
	w->pending = true;
	return !was;
}

bool fuzz_work_cancel(struct work_struct *w)
{
	bool was = w->pending;

	if (was)
		list_del(&w->list);
	w->pending = false;
	return was;
}

/* Run a work that is due, the first or the last; false if there is none. */
bool fuzz_work_run(void)
{
	struct work_struct *w, *due = NULL;

	list_for_each_entry(w, &fuzz_works, list) {
		if (time_after(w->at, jiffies))
			continue;
		due = w;
		if (!fuzz_work_lifo)
			break;
	}
	if (!due)
		return false;
	fuzz_work_cancel(due);
	due->fn(due);
	return true;
}

/* When is the next one due?  False if none waits. */
bool fuzz_work_next(unsigned long *at)
{
	struct work_struct *w;
	bool any = false;

	list_for_each_entry(w, &fuzz_works, list) {
		if (!any || time_before(w->at, *at))
			*at = w->at;
		any = true;
	}
	return any;
}

/* --- other ------------------------------------------------------------------- */

void poly1305_init(struct poly1305_desc_ctx *ctx, const u8 *key)
{
	ctx->hash = 0xcbf29ce484222325;
	poly1305_update(ctx, key, POLY1305_KEY_SIZE);
}

void poly1305_update(struct poly1305_desc_ctx *ctx, const u8 *p, size_t len)
{
	while (len--)
		ctx->hash = (ctx->hash ^ *p++) * 0x100000001b3;
}

void poly1305_final(struct poly1305_desc_ctx *ctx, u8 *out)
{
	int i;

	for (i = 0; i < POLY1305_DIGEST_SIZE; i++) {
		ctx->hash = (ctx->hash ^ i) * 0x100000001b3;
		out[i] = ctx->hash >> 40;
	}
}

u64 siphash(const void *p, size_t len, const siphash_key_t *key)
{
	const u8 *b = p;
	u64 h = 1469598103934665603ULL;

	while (len--)
		h = (h ^ *b++) * 1099511628211ULL;
	return h;
}

/* It may lack memory. */
int rhashtable_insert_fast(struct rhashtable *ht, struct rhash_head *head,
			   const struct rhashtable_params p)
{
	if (fuzz_alloc_fails && !--fuzz_alloc_fails)
		return -ENOMEM;
	list_add_tail(&head->list, &ht->list);
	return 0;
}

/* The same numbers for each input. */
void fuzz_random_seed(void)
{
	fuzz_random = 88172645463325252ULL;
}

u32 get_random_u32(void)
{
	fuzz_random ^= fuzz_random << 13;
	fuzz_random ^= fuzz_random >> 7;
	fuzz_random ^= fuzz_random << 17;
	return fuzz_random >> 16;
}

void get_random_bytes(void *p, size_t len)
{
	u8 *b = p;

	while (len--)
		*b++ = get_random_u32();
}
