/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Transports whose bytes are copied, see copied.c.
 */
#ifndef _RSESS_COPIED_H
#define _RSESS_COPIED_H

#include <linux/mm_types_task.h>
#include <linux/net.h>
#include <linux/skbuff.h>
#include <linux/wait.h>

struct bio_vec;
struct rsess_transport;
enum rsess_more;

/* Bytes that are given or taken at once. */
#define RSESS_COPIED_MAX	SZ_16K

/**
 * struct rsess_copied - what came from such a transport
 * @frag: page that is filled, while reading
 * @unread: what the parser has not taken when it stopped; or NULL
 * @off: where it begins in @unread
 * @incarnation: of the connection, see &rsess_transport_ops.incarnation
 * @room: sleeps on the socket, see &rsess_transport_ops.waitq_space
 */
struct rsess_copied {
	struct page_frag	frag;
	struct sk_buff		*unread;
	u32			off;
	u32			incarnation;
	struct wait_queue_entry	room;
};

ssize_t rsess_copied_send(struct socket *sock, const struct bio_vec *bv,
			  unsigned int n, size_t len, enum rsess_more more);
int rsess_copied_read(struct rsess_transport *tr);
void rsess_copied_discard(struct socket *sock);
void rsess_copied_free(struct rsess_copied *c);

#endif /* _RSESS_COPIED_H */
