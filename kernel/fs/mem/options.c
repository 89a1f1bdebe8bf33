/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/options.c: reads "size=", "nr_blocks=", "nr_inodes=", "mode=", "uid=",
 * "gid=" (tmpfs(5)). Pure: no state, no locks; also built on the host. Options
 * that only tune ("huge=", "mpol=", "inode64") are looked at and mean nothing here.
 */
#include "fs/mem/options.h"
#include "lib/errno.h"
#include "lib/string.h"

static const char *const huge_values[] = { "never", "always", "within_size", "advise" };
static const char *const policies[] = { "default", "prefer", "bind", "interleave", "local" };
static const char *const ignored_flags[] = { "inode32", "inode64" };
static const char *const names[] = { "size", "nr_blocks", "nr_inodes", "mode", "uid", "gid", "huge", "mpol" };

static bool name_is(const char *s, size_t n, const char *name)
{
	return strlen(name) == n && memcmp(s, name, n) == 0;
}

static bool at_end(const char *s)
{
	return *s == '\0' || *s == ',';
}

/* Bytes before c, or before the end. */
static size_t word_length(const char *s, char c)
{
	size_t n = 0;

	while (!at_end(s + n) && s[n] != c)
		n++;
	return n;
}

static int parse_pages(const char *value, struct mount_options *o)
{
	const char *end;
	uint64_t n;
	int error = parse_size(value, &end, &n);

	if (!error && *end == '%') {
		o->pages = o->memory_pages * n / 100;
		return at_end(end + 1) ? 0 : -EINVAL;
	}
	if (error || !at_end(end))
		return -EINVAL;
	o->pages = n / 4096 + (n % 4096 != 0);
	return 0;
}

static int parse_count(const char *value, uint64_t *out)
{
	const char *end;

	return parse_size(value, &end, out) || !at_end(end) ? -EINVAL : 0;
}

static int parse_number(const char *value, int base, uint32_t *out)
{
	const char *end;
	uint64_t n;

	if (parse_u64(value, &end, base, &n) || !at_end(end) || n > UINT32_MAX)
		return -EINVAL;
	*out = (uint32_t)n;
	return 0;
}

static bool name_in(const char *s, size_t n, const char *const list[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (name_is(s, n, list[i]))
			return true;
	return false;
}

static int parse_one(const char *name, size_t n, const char *value, struct mount_options *o)
{
	if (name_in(name, n, ignored_flags, ARRAY_SIZE(ignored_flags)))
		return value ? -E2BIG : 0;
	if (!name_in(name, n, names, ARRAY_SIZE(names)))
		return -ENOENT;
	if (!value)
		return -EINVAL;
	if (name_is(name, n, "huge"))
		return name_in(value, word_length(value, '\0'), huge_values, ARRAY_SIZE(huge_values)) ? 0 : -EINVAL;
	if (name_is(name, n, "mpol")) /* "bind:0-3", "prefer=static:1" */
		return name_in(value, min(word_length(value, ':'), word_length(value, '=')), policies, ARRAY_SIZE(policies)) ?
			       0 : -EINVAL;
	if (name_is(name, n, "size"))
		return parse_pages(value, o);
	if (name_is(name, n, "nr_blocks"))
		return parse_count(value, &o->pages);
	if (name_is(name, n, "nr_inodes"))
		return parse_count(value, &o->inodes);
	if (name_is(name, n, "mode")) {
		if (parse_number(value, 8, &o->mode))
			return -EINVAL;
		o->mode &= 07777;
		return 0;
	}
	if (name_is(name, n, "uid"))
		return parse_number(value, 10, &o->uid);
	return parse_number(value, 10, &o->gid);
}

/* The option at the start of the text. */
static int parse_first(const char *data, struct mount_options *o)
{
	size_t n = word_length(data, '=');

	return at_end(data) ? 0 : parse_one(data, n, data[n] == '=' ? data + n + 1 : NULL, o);
}

int mount_option_check(const char *option)
{
	struct mount_options scratch = { .memory_pages = 100 };

	return *option ? parse_first(option, &scratch) : -ENOENT;
}

int mount_options_parse(const char *data, struct mount_options *o)
{
	while (data && *data) {
		if (parse_first(data, o))
			return -EINVAL;
		while (!at_end(data))
			data++;
		if (*data == ',')
			data++;
	}
	return 0;
}
