// SPDX-License-Identifier: GPL-2.0
/*
 * The table of "rsess top": a line for each socket.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "top.h"

#define CELL_LEN	ADDR_LEN

/**
 * struct column - of the table
 * @title: of it
 * @width: at least; less than 0: to the left
 * @field: whose value it is; NULL: it is of @text
 * @text: what stands in it; NULL if the socket has none
 * @compare: by which it is sorted; NULL: by its number, or its text
 * @processes: it is there if processes are
 */
struct column {
	const char	*title;
	int		width;
	const char	*field;
	const char	*(*text)(const struct row *r, char *buf);
	int		(*compare)(const struct row *a, const struct row *b);
	bool		processes;
};

static const char *local_text(const struct row *r, char *buf)
{
	return addr_print(&r->local, buf);
}

static const char *peer_text(const struct row *r, char *buf)
{
	return addr_print(&r->peer, buf);
}

static const char *state_text(const struct row *r, char *buf)
{
	(void)buf;
	return state_name(r->state);
}

static const char *link_text(const struct row *r, char *buf)
{
	(void)buf;
	if (r->info.plain)
		return "plain";
	return r->has_times ? link_name(r->info.link) : NULL;
}

static const char *process_text(const struct row *r, char *buf)
{
	if (!r->nprocesses)
		return NULL;
	snprintf(buf, CELL_LEN, "%s/%d%s", r->processes->name, r->processes->pid,
		 r->nprocesses > 1 ? ",.." : "");
	return buf;
}

static int addr_compare(const struct addr *a, const struct addr *b)
{
	int order = memcmp(a->host, b->host, sizeof(a->host));

	if (a->family != b->family)
		return a->family - b->family;
	if (order)
		return order;
	return a->port < b->port ? -1 : a->port > b->port;
}

static int local_compare(const struct row *a, const struct row *b)
{
	return addr_compare(&a->local, &b->local);
}

static int peer_compare(const struct row *a, const struct row *b)
{
	return addr_compare(&a->peer, &b->peer);
}

static const struct column columns[] = {
	{ "Local",	-21, NULL, local_text, local_compare, false },
	{ "Peer",	-21, NULL, peer_text, peer_compare, false },
	{ "Link",	-8, NULL, link_text, NULL, false },
	{ "Down",	6, "down", NULL, NULL, false },
	{ "Lost",	5, "lost", NULL, NULL, false },
	{ "Resumes",	7, "resumes", NULL, NULL, false },
	{ "Retained",	8, "retained", NULL, NULL, false },
	{ "Unsent",	8, "unsent", NULL, NULL, false },
	{ "RecvQ",	8, "recvq", NULL, NULL, false },
	{ "Age",	6, "age", NULL, NULL, false },
	{ "Role",	-8, "role", NULL, NULL, false },
	{ "State",	-10, NULL, state_text, NULL, false },
	{ "Process",	-15, NULL, process_text, NULL, true },
	{ "Unit",	-15, "unit", NULL, NULL, true },
};

static bool is_there(const struct table *t, size_t column)
{
	return t->processes || !columns[column].processes;
}

/**
 * table_sort_by() - choose a column
 * @t: table; processes are in it if the column wants them
 * @name: title of it
 *
 * Return: false if there is none.
 */
bool table_sort_by(struct table *t, const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(columns); i++) {
		if (strcasecmp(columns[i].title, name))
			continue;
		t->column = i;
		t->processes |= columns[i].processes;
		return true;
	}
	return false;
}

/**
 * table_move() - sort by the next column
 * @t: table
 * @step: 1, or -1 for the one before
 */
void table_move(struct table *t, int step)
{
	do {
		t->column = (t->column + ARRAY_SIZE(columns) + step) %
			    ARRAY_SIZE(columns);
	} while (!is_there(t, t->column));
}

static const char *size_text(uint64_t n, char *buf)
{
	static const char units[] = "BKMGTPE";
	double size = n;
	size_t i;

	for (i = 0; size >= 1024 && i < sizeof(units) - 2; i++)
		size /= 1024;
	if (i)
		snprintf(buf, CELL_LEN, "%.1f%c", size, units[i]);
	else
		snprintf(buf, CELL_LEN, "%" PRIu64, n);
	return buf;
}

static const char *time_text(uint64_t ms, char *buf)
{
	uint64_t s = ms / 1000;

	if (!ms)
		snprintf(buf, CELL_LEN, "0");
	else if (ms < 1000)
		snprintf(buf, CELL_LEN, "%" PRIu64 "ms", ms);
	else if (s < 60)
		snprintf(buf, CELL_LEN, "%" PRIu64 "s", s);
	else if (s < 3600)
		snprintf(buf, CELL_LEN, "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(buf, CELL_LEN, "%" PRIu64 "h%02" PRIu64 "m", s / 3600,
			 s / 60 % 60);
	else
		snprintf(buf, CELL_LEN, "%" PRIu64 "d%02" PRIu64 "h", s / 86400,
			 s / 3600 % 24);
	return buf;
}

static const char *field_text(const struct field *f, const struct row *r, char *buf)
{
	uint64_t n;

	if (f->word)
		return f->word(r);
	if (!f->number(r, &n))
		return NULL;
	if (f->kind == FIELD_SIZE)
		return size_text(n, buf);
	if (f->kind == FIELD_TIME)
		return time_text(n, buf);
	snprintf(buf, CELL_LEN, "%" PRIu64, n);
	return buf;
}

static const char *cell(const struct column *c, const struct row *r, char *buf)
{
	return c->text ? c->text(r, buf) : field_text(field_find(c->field), r, buf);
}

/**
 * struct order - how sockets are compared
 * @column: by which
 * @field: whose number that is; NULL: it has none
 * @reverse: the other way round
 */
struct order {
	const struct column	*column;
	const struct field	*field;
	bool			reverse;
};

/* Which of two comes first; *@has is set to which of them have a value: 1, 2 or both. */
static int compare_values(const struct order *o, const struct row *a,
			  const struct row *b, int *has)
{
	char buf[2][CELL_LEN];
	const char *p, *q;
	uint64_t m, n;

	if (o->field && o->field->number) {
		*has = (o->field->number(a, &m) ? 1 : 0) |
		       (o->field->number(b, &n) ? 2 : 0);
		return *has < 3 ? 0 : m > n ? -1 : m < n;
	}
	if (o->column->compare) {
		*has = 3;
		return o->column->compare(a, b);
	}
	p = cell(o->column, a, buf[0]);
	q = cell(o->column, b, buf[1]);
	*has = (p ? 1 : 0) | (q ? 2 : 0);
	return *has < 3 ? 0 : strcmp(p, q);
}

/* Large numbers first, and words as in a dictionary. What a socket does not have is last,
 * whichever way; and those that are equal do not change places from one time to the next.
 */
static int compare(const void *a, const void *b, void *data)
{
	const struct row *p = *(const struct row * const *)a;
	const struct row *q = *(const struct row * const *)b;
	const struct order *o = data;
	int has, order = compare_values(o, p, q, &has);

	if (has == 1 || has == 2)
		return has == 1 ? -1 : 1;
	if (order)
		return o->reverse ? -order : order;
	return p->cookie < q->cookie ? -1 : p->cookie > q->cookie;
}

/**
 * table_sort() - put the sockets in order
 * @t: table
 */
void table_sort(struct table *t)
{
	struct order o = { &columns[t->column], NULL, t->reverse };

	if (o.column->field)
		o.field = field_find(o.column->field);
	qsort_r(t->order, t->n, sizeof(*t->order), compare, &o);
}

/**
 * table_fill() - show these sockets
 * @t: table; table_free() must follow
 * @s: sockets, which have to stay as long
 */
void table_fill(struct table *t, const struct socks *s)
{
	size_t i;

	t->order = resize(t->order, s->n ?: 1, sizeof(*t->order));
	t->n = s->n;
	for (i = 0; i < s->n; i++)
		t->order[i] = &s->rows[i];
	table_sort(t);
}

/**
 * table_sorted() - say how
 * @t: table
 * @line: TOP_LINE bytes
 *
 * Return: @line.
 */
const char *table_sorted(const struct table *t, char *line)
{
	snprintf(line, TOP_LINE, "%zu sockets by %s%s", t->n, columns[t->column].title,
		 t->reverse ? ", reversed" : "");
	return line;
}

/* Addresses have the room that those need which are shown. */
static void measure(const struct table *t, size_t n, int *widths)
{
	char buf[CELL_LEN];
	const char *text;
	size_t i, c;
	int len;

	for (c = 0; c < ARRAY_SIZE(columns); c++) {
		widths[c] = abs(columns[c].width);
		for (i = 0; is_there(t, c) && i < n; i++) {
			text = cell(&columns[c], t->order[i], buf);
			len = text ? strlen(text) : 0;
			if (len > widths[c])
				widths[c] = len;
		}
	}
}

/* A line of the titles, or of a socket; what does not fit into TOP_LINE is cut. */
static void put_line(const struct table *t, const struct row *r, const int *widths,
		     void (*put)(const char *line, bool head))
{
	char line[TOP_LINE], buf[CELL_LEN];
	const char *text;
	size_t c, len = 0;

	line[0] = '\0';
	for (c = 0; c < ARRAY_SIZE(columns) && len < sizeof(line); c++) {
		if (!is_there(t, c))
			continue;
		text = r ? cell(&columns[c], r, buf) : columns[c].title;
		len += snprintf(line + len, sizeof(line) - len, "%s%*s", c ? " " : "",
				columns[c].width < 0 ? -widths[c] : widths[c],
				text ?: "-");
	}
	for (len = strlen(line); len && line[len - 1] == ' '; len--)
		line[len - 1] = '\0';
	put(line, !r);
}

/**
 * table_put() - titles, and sockets
 * @t: table
 * @max: sockets that there is room for
 * @put: shows a line
 */
void table_put(const struct table *t, size_t max,
	       void (*put)(const char *line, bool head))
{
	size_t i, n = t->n < max ? t->n : max;
	int widths[ARRAY_SIZE(columns)];

	measure(t, n, widths);
	put_line(t, NULL, widths, put);
	for (i = 0; i < n; i++)
		put_line(t, t->order[i], widths, put);
}

void table_free(struct table *t)
{
	free(t->order);
	t->order = NULL;
}
