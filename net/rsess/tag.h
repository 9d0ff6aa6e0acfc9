/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tags: who does not know the session's secret cannot alter a frame, nor slip one in.
 */
#ifndef _RSESS_TAG_H
#define _RSESS_TAG_H

#include <crypto/poly1305.h>
#include "wire.h"

struct page;
struct sk_buff;

/**
 * struct rsess_tag - of one direction of one transport
 * @frames: that had one, before the present
 * @key: of this direction and epoch
 * @state: of the present frame
 */
struct rsess_tag {
	u64			frames;
	u8			key[POLY1305_KEY_SIZE];
	struct poly1305_desc_ctx state;
};

void rsess_tag_start(struct rsess_tag *t, const u8 *secret, const u8 *salt,
		     u32 epoch, bool dialer);
void rsess_tag_begin(struct rsess_tag *t, const u8 *hdr);
void rsess_tag_bytes(struct rsess_tag *t, const void *p, u32 len);
void rsess_tag_page(struct rsess_tag *t, struct page *page, u32 off, u32 len);
void rsess_tag_skb(struct rsess_tag *t, const struct sk_buff *skb, u32 off,
		   u32 len);
void rsess_tag_end(struct rsess_tag *t, u8 *tag);

#endif /* _RSESS_TAG_H */
