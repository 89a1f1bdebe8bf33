/* SPDX-License-Identifier: MIT */
/*
 * The newc reader. A header is 110 characters: the magic and 13 fields of 8
 * hexadecimal digits; then the name with its NUL; then the data. Name and data
 * each end at a multiple of 4, counted from the start of the archive.
 */
#include "lib/cpio.h"

#include "lib/errno.h"
#include "lib/string.h"
#include "lib/types.h"

enum field {
	F_INO,
	F_MODE,
	F_UID,
	F_GID,
	F_NLINK,
	F_MTIME,
	F_SIZE,
	F_DEV_MAJOR,
	F_DEV_MINOR,
	F_RDEV_MAJOR,
	F_RDEV_MINOR,
	F_NAME_SIZE,
	F_CHECK,
	FIELDS,
};

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_fields(const uint8_t *p, uint32_t *fields)
{
	for (unsigned f = 0; f < FIELDS; f++) {
		uint32_t value = 0;

		for (unsigned i = 0; i < 8; i++) {
			int digit = hex_digit(*p++);

			if (digit < 0)
				return false;
			value = value << 4 | (uint32_t)digit;
		}
		fields[f] = value;
	}
	return true;
}

static bool is_magic(const uint8_t *p)
{
	return memcmp(p, "07070", 5) == 0 && (p[5] == '1' || p[5] == '2');
}

static bool has_magic(const struct cpio *c)
{
	return c->left >= 6 && is_magic(c->p);
}

/* Moves on by n, and to the next multiple of 4 as far as there are bytes. */
static bool advance(struct cpio *c, size_t n)
{
	size_t padding;

	if (n > c->left)
		return false;
	padding = min(-(c->offset + n) & 3, c->left - n);
	c->p += n + padding;
	c->left -= n + padding;
	c->offset += n + padding;
	return true;
}

/* Between archives: zeros are skipped, and counting starts anew. */
static bool archive_begin(struct cpio *c)
{
	while (c->left && !*c->p) {
		c->p++;
		c->left--;
	}
	c->offset = 0;
	return has_magic(c);
}

void cpio_open(struct cpio *c, const void *buf, size_t size)
{
	*c = (struct cpio){ .p = buf, .left = size };
}

static void entry_fill(struct cpio_entry *entry, const uint32_t *fields)
{
	entry->ino = fields[F_INO];
	entry->mode = fields[F_MODE];
	entry->uid = fields[F_UID];
	entry->gid = fields[F_GID];
	entry->nlink = fields[F_NLINK];
	entry->mtime = fields[F_MTIME];
	entry->size = fields[F_SIZE];
	entry->dev_major = fields[F_DEV_MAJOR];
	entry->dev_minor = fields[F_DEV_MINOR];
	entry->rdev_major = fields[F_RDEV_MAJOR];
	entry->rdev_minor = fields[F_RDEV_MINOR];
}

int cpio_parse_header(const uint8_t *header, struct cpio_entry *entry, uint32_t *name_size)
{
	uint32_t fields[FIELDS];

	if (!is_magic(header) || !parse_fields(header + 6, fields))
		return -EINVAL;
	entry_fill(entry, fields);
	*name_size = fields[F_NAME_SIZE];
	return 0;
}

/* One header with name and data, the trailer's included. */
static int read_entry(struct cpio *c, struct cpio_entry *entry)
{
	uint32_t name_size;

	if (c->left < CPIO_HEADER_SIZE || cpio_parse_header(c->p, entry, &name_size))
		return -EINVAL;
	if (name_size == 0 || name_size > c->left - CPIO_HEADER_SIZE)
		return -EINVAL;
	entry->name = (const char *)c->p + CPIO_HEADER_SIZE;
	if (entry->name[name_size - 1] != '\0')
		return -EINVAL;
	if (!advance(c, CPIO_HEADER_SIZE + name_size))
		return -EINVAL;
	entry->data = c->p;
	return advance(c, entry->size) ? 0 : -EINVAL;
}

int cpio_next(struct cpio *c, struct cpio_entry *entry)
{
	for (;;) {
		int error;

		if (!c->inside && !archive_begin(c))
			return 0;
		c->inside = true;
		error = read_entry(c, entry);
		if (error)
			return error;
		if (strcmp(entry->name, CPIO_TRAILER) != 0)
			return 1;
		c->inside = false;
	}
}

const char *archive_compression(const void *p, size_t size)
{
	static const struct {
		const char *name;
		uint8_t length;
		char magic[6];
	} known[] = {
		{ "gzip", 2, "\x1f\x8b" },	  { "bzip2", 3, "BZh" },
		{ "xz", 6, "\xfd" "7zXZ" },	  { "zstd", 4, "\x28\xb5\x2f\xfd" },
		{ "lz4", 4, "\x02\x21\x4c\x18" }, { "lz4", 4, "\x04\x22\x4d\x18" },
		{ "lzop", 4, "\x89LZO" },	  { "lzma", 3, "\x5d\0\0" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(known); i++)
		if (size >= known[i].length && memcmp(p, known[i].magic, known[i].length) == 0)
			return known[i].name;
	return NULL;
}
