// SPDX-License-Identifier: GPL-2.0
/*
 * Which sockets.  A filter is read by recursive descent:
 *
 *	any	all { or all }
 *	all	one { [and] one }
 *	one	not one | ( any ) | predicate
 */
#include <ctype.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"

/* Deeper than anybody writes, and no deeper than the stack. */
#define MAX_DEPTH	100
#define MAX_LEN		16384

enum compare { CMP_EQ, CMP_NE, CMP_LT, CMP_LE, CMP_GT, CMP_GE };

enum node_type {
	NODE_OR, NODE_AND, NODE_NOT, NODE_STATE, NODE_ADDR, NODE_PORT, NODE_FIELD,
};

/**
 * struct filter_node - a filter, or a part of one
 * @next: of all that the filter has
 * @type: which of the following there are
 * @left: of NODE_OR, NODE_AND; what NODE_NOT is not
 * @right: of NODE_OR, NODE_AND
 * @op: how it is compared
 * @peer: it is the peer's address or port
 * @states: mask
 * @addr: addresses
 * @field: what is compared
 * @value: with which number
 * @word: with which word
 */
struct filter_node {
	struct filter_node	*next;
	enum node_type		type;
	struct filter_node	*left;
	struct filter_node	*right;
	enum compare		op;
	bool			peer;
	uint32_t		states;
	struct filter_addr	addr;
	const struct field	*field;
	uint64_t		value;
	char			word[UNIT_LEN];
};

/**
 * struct reader - who reads a filter
 * @f: filter
 * @at: what is not read yet
 * @token: what is being read: a word, a parenthesis, an operator; "": the end
 * @depth: of parentheses and negations
 * @error: what is wrong, or ""
 * @size: of @error
 */
struct reader {
	struct filter	*f;
	const char	*at;
	char		token[UNIT_LEN];
	int		depth;
	char		*error;
	size_t		size;
};

static struct filter_node *any(struct reader *r);

static struct filter_node *wrong(struct reader *r, const char *what)
{
	if (!*r->error)
		snprintf(r->error, r->size, "%s%s%s%s", what,
			 *r->token ? ": '" : "", r->token,
			 *r->token ? "'" : " at its end");
	return NULL;
}

/* Of the whole of it, and not of a word. */
static struct filter_node *impossible(struct reader *r, const char *what)
{
	if (!*r->error)
		snprintf(r->error, r->size, "%s", what);
	return NULL;
}

/* How long the operator at @s is; 0: there is none. */
static size_t operator_len(const char *s)
{
	if (!*s || !strchr("()&|!=<>", *s))
		return 0;
	if ((strchr("!=<>", *s) && s[1] == '=') ||
	    (strchr("&|", *s) && s[1] == *s))
		return 2;
	return 1;
}

static void next(struct reader *r)
{
	size_t len;

	while (isspace((unsigned char)*r->at))
		r->at++;
	len = operator_len(r->at);
	if (!len)
		while (r->at[len] && !isspace((unsigned char)r->at[len]) &&
		       !operator_len(r->at + len))
			len++;
	if (len >= sizeof(r->token)) {
		r->token[0] = '\0';
		impossible(r, "a word is too long");
		return;
	}
	memcpy(r->token, r->at, len);
	r->token[len] = '\0';
	r->at += len;
}

static bool is(const struct reader *r, const char *a, const char *b, const char *c)
{
	return !strcmp(r->token, a) || !strcmp(r->token, b) ||
	       !strcmp(r->token, c);
}

static bool is_or(const struct reader *r)
{
	return is(r, "or", "|", "||");
}

/* What cannot be a value. */
static bool is_no_value(const struct reader *r)
{
	return !*r->token || operator_len(r->token);
}

static struct filter_node *node(struct reader *r, enum node_type type)
{
	struct filter_node *n = calloc(1, sizeof(*n));

	if (!n)
		return impossible(r, "out of memory");
	n->type = type;
	n->next = r->f->all;
	r->f->all = n;
	return n;
}

static struct filter_node *join(struct reader *r, enum node_type type,
				struct filter_node *left,
				struct filter_node *right)
{
	struct filter_node *n = left && right ? node(r, type) : NULL;

	if (n) {
		n->left = left;
		n->right = right;
	}
	return n;
}

/* An operator, if there is one; = is not needed. */
static enum compare operator(struct reader *r)
{
	static const struct {
		const char	*names[4];
		enum compare	op;
	} ops[] = {
		{ { "=", "==", "eq", "is" }, CMP_EQ },
		{ { "!=", "ne", "neq", "" }, CMP_NE },
		{ { "<", "lt", "", "" }, CMP_LT }, { { "<=", "le", "leq", "" }, CMP_LE },
		{ { ">", "gt", "", "" }, CMP_GT }, { { ">=", "ge", "geq", "" }, CMP_GE },
	};
	size_t i, j;

	for (i = 0; *r->token && i < ARRAY_SIZE(ops); i++)
		for (j = 0; j < ARRAY_SIZE(ops[i].names); j++)
			if (!strcmp(r->token, ops[i].names[j])) {
				next(r);
				return ops[i].op;
			}
	return CMP_EQ;
}

static struct filter_node *parse_state(struct reader *r, bool exclude)
{
	struct filter_node *n = node(r, NODE_STATE);

	r->f->asks_state = true;
	if (!n)
		return NULL;
	if (!exclude && operator(r) != CMP_EQ)
		return wrong(r, "a state is or is not");
	n->states = states_of(r->token);
	if (!n->states)
		return wrong(r, "no such state");
	if (exclude)
		n->states = ~n->states;
	else if (n->states & 1u << TCP_LISTEN)
		r->f->asks_listen = true;
	next(r);
	return n;
}

static struct filter_node *parse_address(struct reader *r, bool peer)
{
	struct filter_node *n = node(r, NODE_ADDR);

	if (!n)
		return NULL;
	n->peer = peer;
	n->op = operator(r);
	if (n->op != CMP_EQ && n->op != CMP_NE)
		return wrong(r, "addresses are compared by = and != only");
	if (is_no_value(r) || !filter_addr_parse(&n->addr, r->token))
		return wrong(r, "no address");
	next(r);
	return n;
}

static struct filter_node *parse_port(struct reader *r, bool peer)
{
	struct filter_node *n = node(r, NODE_PORT);
	const char *text = r->token;
	uint32_t value = 0;

	if (!n)
		return NULL;
	n->peer = peer;
	n->op = operator(r);
	if (*text == ':')
		text++;
	if (is_no_value(r) || !filter_port_parse(text, &value))
		return wrong(r, "no port");
	n->value = value;
	next(r);
	return n;
}

static bool is_word(enum field_kind kind)
{
	return kind == FIELD_WORD || kind == FIELD_PROCESS || kind == FIELD_ID ||
	       kind == FIELD_UNIT;
}

static bool is_ordered(enum field_kind kind)
{
	return !is_word(kind) && kind != FIELD_PID;
}

static struct filter_node *parse_value(struct reader *r,
				       const struct field *field)
{
	struct filter_node *n = node(r, NODE_FIELD);
	size_t len;

	if (!n)
		return NULL;
	n->field = field;
	r->f->asks_processes |= field->kind == FIELD_PID ||
				field->kind == FIELD_PROCESS;
	r->f->asks_units |= field->kind == FIELD_UNIT;
	if (field->kind == FIELD_FLAG)
		return n;
	n->op = operator(r);
	len = strlen(r->token);
	if (n->op != CMP_EQ && n->op != CMP_NE && !is_ordered(field->kind))
		return wrong(r, "that is compared by = and != only");
	if (is_no_value(r) || len >= sizeof(n->word))
		return wrong(r, "no value");
	if (field->kind == FIELD_WORD && !field_has_word(field, r->token))
		return wrong(r, "no such word");
	if (field->kind == FIELD_ID && strspn(r->token, "0123456789abcdef") != len)
		return wrong(r, "no id");
	if (!is_word(field->kind) && !field_value(field, r->token, &n->value))
		return wrong(r, field->kind == FIELD_TIME ?
				"no time, as 5s or 100ms" : "no number");
	memcpy(n->word, r->token, len + 1);
	next(r);
	return n;
}

static struct filter_node *parse_predicate(struct reader *r)
{
	const struct field *field = field_find(r->token);
	char name[sizeof(r->token)];

	memcpy(name, r->token, sizeof(name));
	if (field) {
		next(r);
		return parse_value(r, field);
	}
	if (is(r, "state", "exclude", "excl")) {
		next(r);
		return parse_state(r, name[0] == 'e');
	}
	if (is(r, "src", "dst", "dst")) {
		next(r);
		return parse_address(r, name[0] == 'd');
	}
	if (is(r, "sport", "dport", "dport")) {
		next(r);
		return parse_port(r, name[0] == 'd');
	}
	return wrong(r, "not understood");
}

static struct filter_node *parse_parentheses(struct reader *r)
{
	struct filter_node *n;

	next(r);
	n = any(r);
	if (!n || !is(r, ")", ")", ")"))
		return wrong(r, "no closing parenthesis");
	next(r);
	return n;
}

static struct filter_node *one(struct reader *r)
{
	struct filter_node *n;

	if (r->depth == MAX_DEPTH)
		return impossible(r, "too deep");
	r->depth++;
	if (is(r, "not", "!", "!")) {
		next(r);
		n = one(r);
		n = join(r, NODE_NOT, n, n);
	} else if (is(r, "(", "(", "(")) {
		n = parse_parentheses(r);
	} else {
		n = parse_predicate(r);
	}
	r->depth--;
	return n;
}

static struct filter_node *all(struct reader *r)
{
	struct filter_node *n = one(r);

	while (n && *r->token && !is_or(r) && !is(r, ")", ")", ")")) {
		if (is(r, "and", "&", "&&"))
			next(r);
		n = join(r, NODE_AND, n, one(r));
	}
	return n;
}

static struct filter_node *any(struct reader *r)
{
	struct filter_node *n = all(r);

	while (n && is_or(r)) {
		next(r);
		n = join(r, NODE_OR, n, all(r));
	}
	return n;
}

/**
 * filter_parse() - read a filter
 * @f: is set; filter_free() must follow
 * @text: of it; with nothing in it all match
 * @error: what is wrong with it
 * @size: of @error
 *
 * Return: false if it is not understood.
 */
bool filter_parse(struct filter *f, const char *text, char *error, size_t size)
{
	struct reader r = { .f = f, .at = text, .error = error, .size = size };

	memset(f, 0, sizeof(*f));
	*error = '\0';
	if (strlen(text) > MAX_LEN) {
		impossible(&r, "too long");
		return false;
	}
	next(&r);
	if (*r.token)
		f->root = any(&r);
	if (f->root && *r.token)
		wrong(&r, "not understood");
	if (!*error)
		return true;
	filter_free(f);
	return false;
}

void filter_free(struct filter *f)
{
	struct filter_node *n;

	while (f->all) {
		n = f->all;
		f->all = n->next;
		free(n);
	}
	f->root = NULL;
}

static bool compares(enum compare op, uint64_t a, uint64_t b)
{
	switch (op) {
	case CMP_EQ:
		return a == b;
	case CMP_NE:
		return a != b;
	case CMP_LT:
		return a < b;
	case CMP_LE:
		return a <= b;
	case CMP_GT:
		return a > b;
	case CMP_GE:
		return a >= b;
	}
	return false;
}

static bool has_id(const struct filter_node *n, const struct row *r)
{
	char id[ID_LEN];

	return !strncmp(id_print(r->info.id, id), n->word, strlen(n->word));
}

static bool has_process(const struct filter_node *n, const struct row *r)
{
	const struct process *p = r->processes;
	size_t i;

	for (i = 0; i < r->nprocesses; i++)
		if (n->field->kind == FIELD_PID ? (uint64_t)p[i].pid == n->value :
						  !strcmp(p[i].name, n->word))
			return true;
	return false;
}

/* Nothing compares with what a socket does not have. */
static bool field_matches(const struct filter_node *n, const struct row *r)
{
	const char *word;
	uint64_t value;

	switch (n->field->kind) {
	case FIELD_FLAG:
		return n->field->number(r, &value) && value;
	case FIELD_WORD:
		word = n->field->word(r);
		return word && !strcasecmp(word, n->word) == (n->op == CMP_EQ);
	case FIELD_UNIT:
		word = n->field->word(r);
		return word && !strcmp(word, n->word) == (n->op == CMP_EQ);
	case FIELD_ID:
		return r->has_id && has_id(n, r) == (n->op == CMP_EQ);
	case FIELD_PID:
	case FIELD_PROCESS:
		return r->nprocesses && has_process(n, r) == (n->op == CMP_EQ);
	default:
		return n->field->number(r, &value) &&
		       compares(n->op, value, n->value);
	}
}

static bool node_matches(const struct filter_node *n, const struct row *r)
{
	switch (n->type) {
	case NODE_OR:
		return node_matches(n->left, r) || node_matches(n->right, r);
	case NODE_AND:
		return node_matches(n->left, r) && node_matches(n->right, r);
	case NODE_NOT:
		return !node_matches(n->left, r);
	case NODE_STATE:
		return n->states >> r->state & 1;
	case NODE_ADDR:
		return filter_addr_matches(&n->addr, n->peer ? &r->peer :
						     &r->local) == (n->op == CMP_EQ);
	case NODE_PORT:
		return compares(n->op, n->peer ? r->peer.port : r->local.port,
				n->value);
	case NODE_FIELD:
		return field_matches(n, r);
	}
	return false;
}

/**
 * filter_matches() - is a socket among those that a filter means?
 * @f: filter
 * @r: socket
 */
bool filter_matches(const struct filter *f, const struct row *r)
{
	return !f->root || node_matches(f->root, r);
}
