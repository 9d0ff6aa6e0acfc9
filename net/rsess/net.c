// SPDX-License-Identifier: GPL-2.0
/*
 * What a namespace has of this module is found here.
 */
#include <net/netns/generic.h>
#include "kunit_export.h"
#include "net.h"

unsigned int rsess_net_id;

/**
 * rsess_net() - what a namespace has of this module
 * @net: namespace
 *
 * Return: never NULL while the namespace is up.
 */
struct rsess_net *rsess_net(const struct net *net)
{
	return net_generic(net, rsess_net_id);
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_net);
