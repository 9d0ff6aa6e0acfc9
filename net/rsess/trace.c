// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include <net/sock.h>

#define CREATE_TRACE_POINTS
#include "trace.h"
