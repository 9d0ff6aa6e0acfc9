/* SPDX-License-Identifier: GPL-2.0 */
/* Frames that no codec may let pass. */
#ifndef _RSESS_TEST_MALFORMED_H
#define _RSESS_TEST_MALFORMED_H

#include "peer.h"

/* A frame's header, and what is wrong with it. */
struct bad_frame {
	const char *what;
	u8 type;
	u8 flags;
	u16 reserved;
	u32 length;
};

#define MALFORMED	29

extern const struct bad_frame malformed[MALFORMED];

int send_bad(struct peer *p, const struct bad_frame *bad);

#endif /* _RSESS_TEST_MALFORMED_H */
