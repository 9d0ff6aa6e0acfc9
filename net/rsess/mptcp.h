/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Multipath TCP.
 */
#ifndef _RSESS_MPTCP_H
#define _RSESS_MPTCP_H

struct socket;

#if defined(RSESS_HAVE_SK_INO) && IS_ENABLED(CONFIG_MPTCP)
void rsess_mptcp_show_path(struct socket *inner);
#else
/* A path has what its struct socket has. */
static inline void rsess_mptcp_show_path(struct socket *inner)
{
}
#endif

#endif /* _RSESS_MPTCP_H */
