// SPDX-License-Identifier: GPL-2.0
/*
 * What is shown, for people and for programs.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include <json-c/json.h>

#include "out.h"

/* Objects of json-c would take most of the time where there are many sockets, and so would
 * printf(): names and numbers need neither.
 */
static void put_decimal(uint64_t n)
{
	char digits[20];
	char *at = digits + sizeof(digits);

	do {
		*--at = '0' + n % 10;
		n /= 10;
	} while (n);
	fwrite(at, digits + sizeof(digits) - at, 1, stdout);
}

static void put_comma(struct out *o)
{
	if (o->more)
		putchar(',');
	o->more = true;
}

static void put_key(struct out *o, const char *key)
{
	put_comma(o);
	putchar('"');
	fputs(key, stdout);
	fputs("\":", stdout);
}

static void open_with(struct out *o, char c)
{
	putchar(c);
	o->more = false;
}

static void close_with(struct out *o, char c)
{
	putchar(c);
	o->more = true;
}

void out_array_begin(struct out *o)
{
	o->sep = "";
	if (o->json)
		fputs("[", stdout);
}

void out_array_end(struct out *o)
{
	if (o->json)
		fputs("\n]\n", stdout);
}

/* An object, or a line of text.  Between objects of an array there is a comma; an object
 * that is in none is a line by itself.
 */
void out_object_begin(struct out *o)
{
	if (!o->json)
		return;
	if (o->sep)
		printf("%s\n", o->sep);
	open_with(o, '{');
}

void out_object_end(struct out *o)
{
	if (o->json)
		close_with(o, '}');
	if (o->sep)
		o->sep = ",";
	if (!o->json || !o->sep)
		putchar('\n');
}

void out_group_begin(struct out *o, const char *name)
{
	if (!o->json) {
		printf(" %s:(", name);
		return;
	}
	put_key(o, name);
	open_with(o, '{');
}

void out_group_end(struct out *o)
{
	if (o->json)
		close_with(o, '}');
	else
		fputs(" )", stdout);
}

/* Lists are for programs only. */
void out_list_begin(struct out *o, const char *name)
{
	put_key(o, name);
	open_with(o, '[');
}

void out_list_end(struct out *o)
{
	close_with(o, ']');
}

void out_item_begin(struct out *o)
{
	put_comma(o);
	open_with(o, '{');
}

void out_item_end(struct out *o)
{
	close_with(o, '}');
}

/* @name and @unit are for people, @key is for programs. */
void out_number_as(struct out *o, const char *name, const char *key, uint64_t n,
		   const char *unit)
{
	if (o->json) {
		put_key(o, key);
		put_decimal(n);
	} else {
		printf(" %s:%" PRIu64 "%s", name, n, unit);
	}
}

void out_real_as(struct out *o, const char *name, const char *key, double n,
		 const char *unit)
{
	if (o->json) {
		put_key(o, key);
		printf("%.3f", n);
	} else {
		printf(" %s:%.3f%s", name, n, unit);
	}
}

/* Of most words json-c would change nothing. */
static bool is_plain(const char *word)
{
	while (*word >= ' ' && *word < 127 && *word != '"' && *word != '\\')
		word++;
	return !*word;
}

void out_word(struct out *o, const char *name, const char *word)
{
	struct json_object *quoted;

	if (!o->json) {
		printf(" %s:%s", name, word);
		return;
	}
	put_key(o, name);
	if (is_plain(word)) {
		putchar('"');
		fputs(word, stdout);
		putchar('"');
		return;
	}
	quoted = json_object_new_string(word);
	fputs(json_object_to_json_string_ext(quoted, JSON_C_TO_STRING_NOSLASHESCAPE), stdout);
	json_object_put(quoted);
}

/* Programs get it as ss prints it, too: not all of them have numbers of 64 bits. */
void out_hex(struct out *o, const char *name, uint64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIx64, n);
	out_word(o, name, text);
}

/* People see it if it is so. */
void out_flag(struct out *o, const char *name, bool is)
{
	if (o->json) {
		put_key(o, name);
		fputs(is ? "true" : "false", stdout);
	} else if (is) {
		printf(" %s", name);
	}
}

/* For people only. */
void out_text(struct out *o, const char *format, ...)
{
	va_list ap;

	if (o->json)
		return;
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
}
