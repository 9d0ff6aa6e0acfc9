// SPDX-License-Identifier: GPL-2.0
/*
 * What a filter may ask of a socket.  A line in the table is all that a field needs.
 */
#include <ctype.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "row.h"

/**
 * row_is_orphan() - has its application closed it?
 * @r: socket
 *
 * Who waits for accept() has no application either.
 */
bool row_is_orphan(const struct row *r)
{
	return r->has_times && !r->inode && r->state != TCP_ESTABLISHED &&
	       r->state != TCP_CLOSE_WAIT;
}

/* Of a session only. */
#define FIELD_OF_SESSION(field, value)					\
static bool get_##field(const struct row *r, uint64_t *v)		\
{									\
	*v = (value);							\
	return r->has_times;						\
}

#define FIELD_OF_ALL(field, value)					\
static bool get_##field(const struct row *r, uint64_t *v)		\
{									\
	*v = (value);							\
	return true;							\
}

FIELD_OF_SESSION(lost, r->info.lost)
FIELD_OF_SESSION(resumes, r->info.resumes)
FIELD_OF_SESSION(epoch, r->info.epoch)
FIELD_OF_SESSION(retained, row_ahead(r->info.write_seq, r->info.snd_una))
FIELD_OF_SESSION(unsent, row_ahead(r->info.write_seq, r->info.snd_nxt))
FIELD_OF_SESSION(age, r->times.age)
FIELD_OF_SESSION(down, r->times.down)
FIELD_OF_SESSION(downtime, r->times.downtime)
FIELD_OF_SESSION(attempts, r->times.attempts)
FIELD_OF_SESSION(tagged, r->info.tagged)
FIELD_OF_SESSION(orphan, row_is_orphan(r))
FIELD_OF_ALL(recvq, r->recv_q)
FIELD_OF_ALL(sendq, r->send_q)
FIELD_OF_ALL(uid, r->uid)
FIELD_OF_ALL(inode, r->inode)
FIELD_OF_ALL(cookie, r->cookie)
FIELD_OF_ALL(plain, r->info.plain)

static const char *get_link(const struct row *r)
{
	return r->has_times ? link_name(r->info.link) : NULL;
}

static const char *get_reason(const struct row *r)
{
	return reason_name(r->info.reason);
}

static const char *get_unit(const struct row *r)
{
	return r->unit;
}

static const char *roles(unsigned int n)
{
	static const char * const names[] = { "dialer", "acceptor" };

	return n < ARRAY_SIZE(names) ? names[n] : "?";
}

static const char *transports(unsigned int n)
{
	static const char * const names[] = { "tcp", "sctp", "mptcp", "vsock" };

	return n < ARRAY_SIZE(names) ? names[n] : "?";
}

static const struct field fields[] = {
	{ "role",	FIELD_WORD,	NULL,		role_name,	roles },
	{ "link",	FIELD_WORD,	NULL,		get_link,	link_name },
	{ "reason",	FIELD_WORD,	NULL,		get_reason,	reason_name },
	{ "transport",	FIELD_WORD,	NULL,		protocol_name,	transports },
	{ "lost",	FIELD_NUMBER,	get_lost,	NULL, NULL },
	{ "resumes",	FIELD_NUMBER,	get_resumes,	NULL, NULL },
	{ "epoch",	FIELD_NUMBER,	get_epoch,	NULL, NULL },
	{ "attempts",	FIELD_NUMBER,	get_attempts,	NULL, NULL },
	{ "retained",	FIELD_SIZE,	get_retained,	NULL, NULL },
	{ "unsent",	FIELD_SIZE,	get_unsent,	NULL, NULL },
	{ "recvq",	FIELD_SIZE,	get_recvq,	NULL, NULL },
	{ "sendq",	FIELD_SIZE,	get_sendq,	NULL, NULL },
	{ "age",	FIELD_TIME,	get_age,	NULL, NULL },
	{ "down",	FIELD_TIME,	get_down,	NULL, NULL },
	{ "downtime",	FIELD_TIME,	get_downtime,	NULL, NULL },
	{ "uid",	FIELD_NUMBER,	get_uid,	NULL, NULL },
	{ "inode",	FIELD_NUMBER,	get_inode,	NULL, NULL },
	{ "cookie",	FIELD_HEX,	get_cookie,	NULL, NULL },
	{ "id",		FIELD_ID,	NULL,		NULL, NULL },
	{ "pid",	FIELD_PID,	NULL,		NULL, NULL },
	{ "process",	FIELD_PROCESS,	NULL,		NULL, NULL },
	{ "unit",	FIELD_UNIT,	NULL,		get_unit,	NULL },
	{ "plain",	FIELD_FLAG,	get_plain,	NULL, NULL },
	{ "orphan",	FIELD_FLAG,	get_orphan,	NULL, NULL },
	{ "tagged",	FIELD_FLAG,	get_tagged,	NULL, NULL },
};

/**
 * field_has_word() - may the value of a field be so?
 * @f: field of FIELD_WORD
 * @word: value
 */
bool field_has_word(const struct field *f, const char *word)
{
	unsigned int n;

	for (n = 0; strcmp(f->words(n), "?"); n++)
		if (!strcasecmp(f->words(n), word))
			return true;
	return false;
}

const struct field *field_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++)
		if (!strcmp(name, fields[i].name))
			return &fields[i];
	return NULL;
}

struct unit {
	const char	*name;
	uint64_t	factor;
};

/* What one of some units is; 0: it is none. */
static uint64_t unit_factor(const struct unit *units, const char *name)
{
	for (; units->name; units++)
		if (!strcasecmp(name, units->name))
			return units->factor;
	return 0;
}

static uint64_t factor_of(enum field_kind kind, const char *name, uint64_t value)
{
	static const struct unit sizes[] = {
		{ "", 1 }, { "k", 1 << 10 }, { "m", 1 << 20 }, { "g", 1 << 30 }, {}
	};
	static const struct unit times[] = {
		{ "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 },
		{ "h", 3600 * 1000 }, { "d", 24 * 3600 * 1000 }, {}
	};

	if (kind == FIELD_SIZE)
		return unit_factor(sizes, name);
	if (kind == FIELD_TIME && (value || *name))
		return unit_factor(times, name);
	return !*name;
}

/**
 * field_value() - read a number as a field has it
 * @f: field
 * @text: of the number, and of its unit
 * @value: is set
 *
 * Return: false if it is none.
 */
bool field_value(const struct field *f, const char *text, uint64_t *value)
{
	uint64_t factor;
	char *end;

	if (!isxdigit((unsigned char)*text))
		return false;
	errno = 0;
	*value = strtoull(text, &end, f->kind == FIELD_HEX ? 16 : 10);
	if (errno || end == text)
		return false;
	factor = factor_of(f->kind, end, *value);
	return factor && !__builtin_mul_overflow(*value, factor, value);
}
