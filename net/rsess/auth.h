/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who may attach a transport, and with a pre-shared key who may open a session:
 * HMAC-SHA256 (RFC 2104) over the frames.
 */
#ifndef _RSESS_AUTH_H
#define _RSESS_AUTH_H

#include <uapi/linux/rsess.h>
#include "wire.h"

/**
 * struct rsess_psk - pre-shared key
 * @len: bytes of @key; 0: there is none
 * @key: the key
 */
struct rsess_psk {
	u32	len;
	u8	key[RSESS_PSK_MAX];
};

int rsess_auth_init(void);
void rsess_auth_exit(void);
int rsess_auth_secret(const u8 *dialer_key, const u8 *acceptor_key,
		      const struct rsess_psk *psk, const u8 *id, u8 *secret);
int rsess_auth_hello(const struct rsess_psk *psk, const u8 *hdr, const u8 *p,
		     u32 len, u8 *mac);
int rsess_auth_welcome(const u8 *secret, const u8 *hdr, const u8 *p, u32 len,
		       u8 *mac);
int rsess_auth_proof(const u8 *secret, u8 *proof);
int rsess_auth_resume(const u8 *secret, const u8 *hdr,
		      const struct rsess_wire_resume *r, u8 *mac);
int rsess_auth_mask(const u8 *secret, u8 *hdr, struct rsess_wire_resume *r);
int rsess_auth_resumed(const u8 *secret, const u8 *hdr, const u8 *id,
		       __be32 epoch, const u8 *dialer_nonce,
		       const u8 *acceptor_nonce, u8 *mac);
bool rsess_auth_equal(const u8 *a, const u8 *b);

#endif /* _RSESS_AUTH_H */
