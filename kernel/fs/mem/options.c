/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/options.c: reads "size=", "nr_blocks=", "nr_inodes=", "mode=", "uid=",
 * "gid=" (tmpfs(5)). Pure: no state, no locks; also built on the host. Options
 * that only tune ("huge=", "mpol=", "noswap", "inode64") are accepted and mean
 * nothing here.
 */
#include "fs/mem/options.h"
#include "lib/errno.h"
#include "lib/string.h"

static const char *const ignored[] = { "huge", "mpol", "noswap", "inode32", "inode64", "newinstance", "ptmxmode" };

static bool name_is(const char *s, size_t n, const char *name)
{
	return strlen(name) == n && memcmp(s, name, n) == 0;
}

static bool at_end(const char *s)
{
	return *s == '\0' || *s == ',';
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

static int parse_one(const char *name, size_t n, const char *value, struct mount_options *o)
{
	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		if (name_is(name, n, ignored[i]))
			return 0;
	if (!value)
		return -EINVAL;
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
	return name_is(name, n, "gid") ? parse_number(value, 10, &o->gid) : -EINVAL;
}

int mount_options_parse(const char *data, struct mount_options *o)
{
	while (data && *data) {
		size_t n = 0;
		int error;

		while (!at_end(data + n) && data[n] != '=')
			n++;
		error = at_end(data) ? 0 : parse_one(data, n, data[n] == '=' ? data + n + 1 : NULL, o);
		if (error)
			return error;
		while (!at_end(data))
			data++;
		if (*data == ',')
			data++;
	}
	return 0;
}
