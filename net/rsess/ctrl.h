/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Payloads of control frames, those that are not DATA.
 */
#ifndef _RSESS_CTRL_H
#define _RSESS_CTRL_H

#include <linux/types.h>
#include <uapi/linux/rsess.h>

struct rsess_sock;

bool rsess_ctrl_proves(const struct rsess_sock *rs);
u32 rsess_ctrl_len(const struct rsess_sock *rs, u8 type);
int rsess_ctrl_payload(struct rsess_sock *rs, u8 type, u8 *hdr, u8 *p);
int rsess_ctrl_put_resumed(const u8 *secret, const u8 *id, u32 epoch,
			   const u8 *nonce, const u8 *hdr, u8 *p);
void rsess_ctrl_put_abort(const u8 *id, enum rsess_reason reason, u8 *p);

#endif /* _RSESS_CTRL_H */
