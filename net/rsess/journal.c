// SPDX-License-Identifier: GPL-2.0
/*
 * Journal of socket options.
 */
#include <linux/slab.h>
#include <linux/string.h>
#include "journal.h"
#include "kunit_export.h"

/**
 * rsess_journal_init() - an empty journal
 * @j: journal
 */
void rsess_journal_init(struct rsess_journal *j)
{
	INIT_LIST_HEAD(&j->entries);
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_journal_init);

/**
 * rsess_journal_entry_new() - what rsess_journal_add() takes
 * @level: of setsockopt()
 * @name: of the option
 * @value: of the option
 * @len: its bytes, at most RSESS_JOURNAL_VALUE_MAX
 *
 * The entry is made before the transport is asked, so that nothing can fail when
 * it has agreed; who does not add it frees it with kfree().
 *
 * Context: may sleep.
 * Return: the entry, or NULL.
 */
struct rsess_journal_entry *rsess_journal_entry_new(int level, int name,
						    const void *value, u32 len)
{
	struct rsess_journal_entry *e;

	if (WARN_ON_ONCE(len > sizeof(e->value)))
		return NULL;
	e = kzalloc(sizeof(*e), GFP_KERNEL_ACCOUNT);
	if (!e)
		return NULL;
	e->level = level;
	e->name = name;
	e->len = len;
	memcpy(e->value, value, len);
	return e;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_journal_entry_new);

/**
 * rsess_journal_add() - an option was set
 * @j: journal
 * @new: the option; belongs to the journal now and is its newest entry.  The
 *	former value is forgotten.
 */
void rsess_journal_add(struct rsess_journal *j, struct rsess_journal_entry *new)
{
	struct rsess_journal_entry *e;

	list_for_each_entry(e, &j->entries, list) {
		if (e->level != new->level || e->name != new->name)
			continue;
		list_del(&e->list);
		kfree(e);
		break;
	}
	list_add_tail(&new->list, &j->entries);
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_journal_add);

/**
 * rsess_journal_inherit() - the journal of an accepted socket
 * @j: an empty journal
 * @parent: journal of the listening socket
 *
 * Context: may sleep.
 * Return: 0; -ENOMEM, and then @j has a part.
 */
int rsess_journal_inherit(struct rsess_journal *j,
			  const struct rsess_journal *parent)
{
	const struct rsess_journal_entry *e;

	list_for_each_entry(e, &parent->entries, list) {
		struct rsess_journal_entry *copy;

		if (!e->inherit)
			continue;
		copy = kmemdup(e, sizeof(*e), GFP_KERNEL_ACCOUNT);
		if (!copy)
			return -ENOMEM;
		list_add_tail(&copy->list, &j->entries);
	}
	return 0;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_journal_inherit);

/**
 * rsess_journal_replay() - hand out every option, oldest first
 * @j: journal
 * @fn: takes it; what it returns other than 0 does not stop the rest
 * @arg: for @fn
 *
 * Return: how many options @fn did not take.
 */
int rsess_journal_replay(const struct rsess_journal *j, rsess_journal_fn fn,
			 void *arg)
{
	const struct rsess_journal_entry *e;
	int refused = 0;

	list_for_each_entry(e, &j->entries, list)
		if (fn(arg, e))
			refused++;
	return refused;
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_journal_replay);

/**
 * rsess_journal_purge() - forget everything
 * @j: journal
 */
void rsess_journal_purge(struct rsess_journal *j)
{
	struct rsess_journal_entry *e, *n;

	list_for_each_entry_safe(e, n, &j->entries, list) {
		list_del(&e->list);
		kfree(e);
	}
}
EXPORT_SYMBOL_RSESS_KUNIT(rsess_journal_purge);
