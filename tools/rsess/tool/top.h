/* SPDX-License-Identifier: GPL-2.0 */
/*
 * "rsess top": what it shows, and where.
 */
#ifndef _RSESS_TOOL_TOP_H
#define _RSESS_TOOL_TOP_H

#include <stdbool.h>
#include <stddef.h>

#include "tool.h"

#define TOP_LINE	512

/* top_table.c */

/**
 * struct table - sockets in lines
 * @column: by which they are sorted
 * @reverse: the other way round
 * @processes: who has them is known
 * @order: they, sorted
 * @n: how many
 */
struct table {
	size_t			column;
	bool			reverse;
	bool			processes;
	const struct row	**order;
	size_t			n;
};

bool table_sort_by(struct table *t, const char *name);
void table_move(struct table *t, int step);
void table_fill(struct table *t, const struct socks *s);
void table_sort(struct table *t);
const char *table_sorted(const struct table *t, char *line);
void table_put(const struct table *t, size_t max,
	       void (*put)(const char *line, bool head));
void table_free(struct table *t);

/* top_screen.c */

/**
 * enum wish - what a person wants
 * @WISH_NONE: nothing yet
 * @WISH_SIZE: the terminal has another size
 * @WISH_BEFORE: sort by the column before this one
 * @WISH_AFTER: by that behind it
 * @WISH_REVERSE: the other way round
 * @WISH_READ: do not wait
 * @WISH_LEAVE: the end
 */
enum wish {
	WISH_NONE, WISH_SIZE, WISH_BEFORE, WISH_AFTER, WISH_REVERSE, WISH_READ, WISH_LEAVE,
};

int screen_open(void);
void screen_close(void);
void screen_begin(void);
void screen_put(const char *line, bool head);
void screen_end(void);
size_t screen_lines(void);
enum wish screen_wait(int ms);

#endif /* _RSESS_TOOL_TOP_H */
