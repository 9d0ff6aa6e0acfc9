/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Journal: what the application set with setsockopt() and every new inner socket
 * has to get, the latest value of each option, in the order of the calls.
 */
#ifndef _RSESS_JOURNAL_H
#define _RSESS_JOURNAL_H

#include <linux/list.h>
#include <linux/types.h>

/* The longest value: IP_OPTIONS has up to 40 bytes. */
#define RSESS_JOURNAL_VALUE_MAX	64

/**
 * struct rsess_journal_entry - an option
 * @list: place in the journal, oldest first
 * @level: of setsockopt()
 * @name: of the option
 * @inherit: an accepted socket has it too
 * @len: bytes of @value
 * @value: as the application gave it
 */
struct rsess_journal_entry {
	struct list_head	list;
	int			level;
	int			name;
	bool			inherit;
	u32			len;
	u8			value[RSESS_JOURNAL_VALUE_MAX];
};

/**
 * struct rsess_journal - see top
 * @entries: struct rsess_journal_entry
 *
 * Protected by the lock of the outer socket.
 */
struct rsess_journal {
	struct list_head	entries;
};

typedef int (*rsess_journal_fn)(void *arg, const struct rsess_journal_entry *e);

void rsess_journal_init(struct rsess_journal *j);
struct rsess_journal_entry *rsess_journal_entry_new(int level, int name,
						    const void *value, u32 len);
void rsess_journal_add(struct rsess_journal *j, struct rsess_journal_entry *new);
int rsess_journal_inherit(struct rsess_journal *j,
			  const struct rsess_journal *parent);
int rsess_journal_replay(const struct rsess_journal *j, rsess_journal_fn fn,
			 void *arg);
void rsess_journal_purge(struct rsess_journal *j);

#endif /* _RSESS_JOURNAL_H */
