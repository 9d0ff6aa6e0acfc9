/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is shown, once for people and for programs: " name:value", or a member of JSON.
 */
#ifndef _RSESS_TOOL_OUT_H
#define _RSESS_TOOL_OUT_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct out - where it goes
 * @json: it is JSON
 * @sep: before the next object of an array; NULL: there is none
 * @more: something is before it in the present object or list
 */
struct out {
	bool		json;
	const char	*sep;
	bool		more;
};

void out_array_begin(struct out *o);
void out_array_end(struct out *o);
void out_object_begin(struct out *o);
void out_object_end(struct out *o);
void out_group_begin(struct out *o, const char *name);
void out_group_end(struct out *o);
void out_list_begin(struct out *o, const char *name);
void out_list_end(struct out *o);
void out_item_begin(struct out *o);
void out_item_end(struct out *o);
void out_number_as(struct out *o, const char *name, const char *key, uint64_t n,
		   const char *unit);
void out_word(struct out *o, const char *name, const char *word);
void out_hex(struct out *o, const char *name, uint64_t n);
void out_real_as(struct out *o, const char *name, const char *key, double n,
		 const char *unit);
void out_flag(struct out *o, const char *name, bool is);
void out_text(struct out *o, const char *format, ...);

#define out_number(o, name, n)	out_number_as(o, name, name, n, "")
#define out_ms(o, name, n)	out_number_as(o, name, name "_ms", n, "ms")
#define out_real_ms(o, name, n)	out_real_as(o, name, name "_ms", n, "ms")

#endif /* _RSESS_TOOL_OUT_H */
