// SPDX-License-Identifier: GPL-2.0
/*
 * The functions that are interposed, as the program would have got them.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>

#include "rsessrun.h"

static struct next functions;
static atomic_bool ready;

/* dlsym() and getenv() may not be called from a signal handler, so all is done
 * before main(); by the first call if the constructor of another library makes
 * one earlier still.
 */
static void init(void)
{
	functions.socket = dlsym(RTLD_NEXT, "socket");
	functions.bind = dlsym(RTLD_NEXT, "bind");
	functions.listen = dlsym(RTLD_NEXT, "listen");
	functions.connect = dlsym(RTLD_NEXT, "connect");
	functions.getsockopt = dlsym(RTLD_NEXT, "getsockopt");
	filter_init();
	say_init();
	atomic_store_explicit(&ready, true, memory_order_release);
}

__attribute__((constructor)) static void next_init(void)
{
	next();
}

const struct next *next(void)
{
	if (!atomic_load_explicit(&ready, memory_order_acquire))
		init();
	return &functions;
}
