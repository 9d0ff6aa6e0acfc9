// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of what a listening inner socket leaves behind when another application takes it
 * over.
 */
#include <kunit/test.h>
#include <linux/cgroup.h>
#include <linux/net.h>
#include <linux/rcupdate.h>
#include <net/sock.h>
#include <uapi/linux/rsess.h>
#include "../owner.h"
#include "../session.h"
#include "suites.h"

/* A cgroup of which one socket has the last references. */
struct last {
	struct cgroup	cgrp;
	bool		is_gone;
};

static void last_is_gone(struct percpu_ref *ref)
{
	struct last *last = container_of(ref, struct last, cgrp.self.refcnt);

	WRITE_ONCE(last->is_gone, true);
}

#ifdef CONFIG_CGROUP_BPF
static void last_has_no_program(struct percpu_ref *ref)
{
}

static int last_init_bpf(struct cgroup *cgrp)
{
	return percpu_ref_init(&cgrp->bpf.refcnt, last_has_no_program,
			       PERCPU_REF_INIT_ATOMIC, GFP_KERNEL);
}

static void last_exit_bpf(struct cgroup *cgrp)
{
	percpu_ref_exit(&cgrp->bpf.refcnt);
}
#else
static int last_init_bpf(struct cgroup *cgrp)
{
	return 0;
}

static void last_exit_bpf(struct cgroup *cgrp)
{
}
#endif

static int last_init(struct last *last)
{
	return percpu_ref_init(&last->cgrp.self.refcnt, last_is_gone,
			       PERCPU_REF_INIT_ATOMIC, GFP_KERNEL) ?:
	       last_init_bpf(&last->cgrp);
}

/* Who clones the socket does so in a read section of RCU, with the cgroup that it had. */
static void rsess_owner_taken_over__waits_for_clones(struct kunit *test)
{
	struct last *last = kunit_kzalloc(test, sizeof(*last), GFP_KERNEL);
	struct socket *inner, *outer;
	struct cgroup *was, *old;
	unsigned long period;
	bool is_gone, over;

	KUNIT_ASSERT_NOT_NULL(test, last);
	KUNIT_ASSERT_EQ(test, last_init(last), 0);
	KUNIT_ASSERT_EQ(test, sock_create_kern(&init_net, PF_INET, SOCK_STREAM,
					       IPPROTO_TCP, &inner), 0);
	KUNIT_ASSERT_EQ(test, sock_create_kern(&init_net, AF_RSESS, SOCK_STREAM,
					       0, &outer), 0);
	was = inner->sk->sk_cgrp_data.cgroup;
	inner->sk->sk_cgrp_data.cgroup = &last->cgrp;

	period = get_state_synchronize_rcu();
	lock_sock(outer->sk);
	old = rsess_owner_take_over(inner, rsess_sk(outer->sk));
	release_sock(outer->sk);
	rsess_owner_taken_over(old);
	is_gone = READ_ONCE(last->is_gone);
	over = poll_state_synchronize_rcu(period);
	KUNIT_EXPECT_TRUE(test, !is_gone || over);
	KUNIT_EXPECT_PTR_EQ(test, inner->sk->sk_cgrp_data.cgroup,
			    outer->sk->sk_cgrp_data.cgroup);
	rcu_barrier();
	KUNIT_EXPECT_TRUE(test, READ_ONCE(last->is_gone));

	cgroup_bpf_put(was);
	cgroup_put(was);
	sock_release(inner);
	sock_release(outer);
	last_exit_bpf(&last->cgrp);
	percpu_ref_exit(&last->cgrp.self.refcnt);
}

static struct kunit_case owner_cases[] = {
	KUNIT_CASE(rsess_owner_taken_over__waits_for_clones),
	{}
};

struct kunit_suite rsess_owner_suite = {
	.name = "rsess_owner",
	.test_cases = owner_cases,
};
