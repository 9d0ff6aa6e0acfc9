/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How often something is done: so many times in one second and no more, or less and less
 * often.
 */
#ifndef _RSESS_RATE_H
#define _RSESS_RATE_H

#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/random.h>
#include <linux/types.h>

/**
 * struct rsess_rate - what was counted in the last second
 * @n: how many
 * @since: jiffies when the second began
 */
struct rsess_rate {
	u32		n;
	unsigned long	since;
};

static inline bool rsess_rate_is_over(const struct rsess_rate *r)
{
	return jiffies - r->since >= HZ;
}

/**
 * rsess_rate_take() - count one more
 * @r: the count
 * @max: how many a second may have; 0: any number
 *
 * Return: false if it is one too many, and is not counted.
 */
static inline bool rsess_rate_take(struct rsess_rate *r, u32 max)
{
	if (rsess_rate_is_over(r)) {
		r->since = jiffies;
		r->n = 0;
	}
	if (max && r->n >= max)
		return false;
	r->n++;
	return true;
}

/**
 * rsess_rate_wait() - when may the next one be counted?
 * @r: the count
 * @max: as above
 *
 * Return: jiffies from now; 0: now.
 */
static inline unsigned long rsess_rate_wait(const struct rsess_rate *r, u32 max)
{
	if (!max || r->n < max || rsess_rate_is_over(r))
		return 0;
	return r->since + HZ - jiffies;
}

/* Memory was short: 50 ms the first time, in the end two seconds or three. */
#define RSESS_RETRY_MIN_MS	50U
#define RSESS_RETRY_DOUBLINGS	5U

/**
 * rsess_retry_delay() - when to try again what lacked memory
 * @retries: how often that was done
 *
 * Return: jiffies; longer each time, and not the same for all.
 */
static inline unsigned long rsess_retry_delay(u32 retries)
{
	u32 ms = RSESS_RETRY_MIN_MS << min(retries, RSESS_RETRY_DOUBLINGS);

	return msecs_to_jiffies(ms + get_random_u32() % ms);
}

#endif /* _RSESS_RATE_H */
