/* SPDX-License-Identifier: GPL-2.0 */
/*
 * "rsess check" ends as plugins of monitoring do.
 */
#ifndef _RSESS_TOOL_CHECK_H
#define _RSESS_TOOL_CHECK_H

/**
 * enum level - how bad it is, and the exit status
 * @LEVEL_OK: all is well
 * @LEVEL_WARNING: something is not as it should be, or will not be
 * @LEVEL_CRITICAL: there are no sessions
 * @LEVEL_UNKNOWN: it was not found out
 */
enum level { LEVEL_OK, LEVEL_WARNING, LEVEL_CRITICAL, LEVEL_UNKNOWN };

void check_say(enum level level, const char *format, ...);

/* check_module.c */
void check_module(void);

/* check_peer.c */
void check_peer(const char *where, int seconds);

#endif /* _RSESS_TOOL_CHECK_H */
