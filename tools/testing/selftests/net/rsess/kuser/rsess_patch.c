// SPDX-License-Identifier: GPL-2.0
/*
 * A live patch of a function that rsess_adopt.ko looks at, for adopt.sh.
 */
#include <linux/livepatch.h>
#include <linux/module.h>
#include <linux/net.h>

static int calls;
module_param(calls, int, 0444);
MODULE_PARM_DESC(calls, "how often the patched function was called");

static int patch_sock_create_kern(struct net *net, int family, int type,
				  int protocol, struct socket **res)
{
	WRITE_ONCE(calls, READ_ONCE(calls) + 1);
	return __sock_create(net, family, type, protocol, res, 1);
}

static struct klp_func patch_funcs[] = {
	{
		.old_name	= "sock_create_kern",
		.new_func	= patch_sock_create_kern,
	}, { }
};

static struct klp_object patch_objects[] = {
	{ .funcs = patch_funcs }, { }
};

static struct klp_patch patch = {
	.mod	= THIS_MODULE,
	.objs	= patch_objects,
};

static int __init patch_init(void)
{
	return klp_enable_patch(&patch);
}

/* It can be removed when it is disabled. */
static void __exit patch_exit(void)
{
}

module_init(patch_init);
module_exit(patch_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Live patch of sock_create_kern()");
MODULE_INFO(livepatch, "Y");
