/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSESS_TRACE_H
#define _RSESS_TRACE_H

#include "compat.h"
#include <trace/events/rsess.h>

#endif /* _RSESS_TRACE_H */
