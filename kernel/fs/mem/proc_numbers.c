/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/proc_numbers.c: how the files of /proc/sys that hold numbers are read and
 * written. Programs see the details: which spellings are taken, what is ignored, how
 * much of a text counts as written. Pure but for the numbers themselves, which are
 * stored one at a time; two writers of one file leave what either wrote, number by number.
 */
#include "fs/procfs.h"
#include "lib/errno.h"
#include "lib/string.h"

#define DIGITS_MAX 21 /* longer words are refused, whatever they say */

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* What may stand between two numbers. */
static bool is_separator(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

int proc_numbers_show(const struct proc_numbers *v, struct text *t)
{
	for (unsigned i = 0; i < v->count; i++) {
		if (i)
			text_put(t, "\t", 1);
		if (v->is_long)
			text_printf(t, "%lu", atomic_load(&v->longs[i]));
		else
			text_printf(t, "%d", atomic_load(&v->ints[i]));
	}
	text_put(t, "\n", 1);
	return 0;
}

/* The word at the start of n bytes. Bytes used or -EINVAL. */
static int word_read(const char *s, size_t n, uint64_t *value, bool *negative)
{
	const char *end;

	*negative = *s == '-';
	if (parse_u64(s + *negative, &end, 0, value) || end - s >= DIGITS_MAX ||
	    ((size_t)(end - s) < n && !is_separator(*end)))
		return -EINVAL;
	return (int)(end - s);
}

static int set_one(const struct proc_numbers *v, unsigned i, uint64_t value, bool negative)
{
	int64_t number = negative ? -(int64_t)value : (int64_t)value;

	if (v->is_long) {
		if (negative)
			return 0; /* ignored, as ever */
		if (value < (uint64_t)v->low || value > (uint64_t)v->high)
			return -EINVAL;
		atomic_store(&v->longs[i], value);
		return 0;
	}
	if (value > (uint64_t)INT_MAX + negative || number < v->low || number > v->high)
		return -EINVAL;
	atomic_store(&v->ints[i], (int32_t)number);
	return 0;
}

static size_t skip_space(const char *buf, size_t at)
{
	while (is_space(buf[at]))
		at++;
	return at;
}

int proc_numbers_store(const struct proc_numbers *v, const char *buf, size_t n)
{
	size_t at = skip_space(buf, 0);
	unsigned i;

	for (i = 0; i < v->count && at < n; i++) {
		uint64_t value;
		bool negative;
		int used = word_read(buf + at, n - at, &value, &negative), error = used < 0 ? used : set_one(v, i, value, negative);

		if (error)
			return error;
		at = skip_space(buf, at + (size_t)used);
	}
	if (!i)
		return -EINVAL;
	return (int)min(at, n);
}
