/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/initramfs.c: unpacks cpio archives into the root.
 *
 * The bytes come as a stream, since a compressed archive is decompressed piece by
 * piece and never lies in memory as a whole. A small machine takes them: between
 * archives it skips zeros; it gathers a header, then a name (and a symbolic link's
 * text); file data goes straight on to the file. Making the files is in
 * fs/mem/initramfs_make.c.
 */
#include "fs/mem/initramfs.h"
#include "base/log.h"
#include "fs/mem/initramfs_make.h"
#include "fs/path.h"
#include "lib/errno.h"
#include "lib/inflate.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "mem/vmap.h"
#include <linux/limits.h>

enum unpack_state { BETWEEN, HEADER, NAME, LINK, DATA, PADDING };

struct unpack {
	enum unpack_state state;
	size_t have, need;          /* bytes in text, and how many this state gathers */
	size_t data_left, padding;  /* bytes of the entry still to come */
	struct cpio_entry entry;
	struct initramfs_maker maker;
	uint8_t header[CPIO_HEADER_SIZE];
	char name[PATH_MAX + 4];
	char link[PATH_MAX + 4];
};

static void gather_begin(struct unpack *u, enum unpack_state state, size_t need)
{
	u->state = state;
	u->have = 0;
	u->need = need;
}

/* Takes bytes into buf until need are there. True when complete. */
static bool gather(struct unpack *u, void *buf, const uint8_t **p, size_t *n)
{
	size_t take = min(*n, u->need - u->have);

	memcpy((uint8_t *)buf + u->have, *p, take);
	u->have += take;
	*p += take;
	*n -= take;
	return u->have == u->need;
}

static void entry_end(struct unpack *u)
{
	u->state = u->padding ? PADDING : HEADER;
	if (u->state == HEADER)
		gather_begin(u, HEADER, CPIO_HEADER_SIZE);
}

static int header_complete(struct unpack *u)
{
	uint32_t name_size;

	if (cpio_parse_header(u->header, &u->entry, &name_size) || !name_size || name_size > PATH_MAX)
		return -EINVAL;
	gather_begin(u, NAME, align_up(CPIO_HEADER_SIZE + name_size, 4u) - CPIO_HEADER_SIZE);
	return 0;
}

static int name_complete(struct unpack *u)
{
	int error;

	if (!memchr(u->name, '\0', u->need))
		return -EINVAL;
	u->entry.name = u->name;
	u->data_left = u->entry.size;
	u->padding = -u->entry.size & 3;
	if (strcmp(u->name, CPIO_TRAILER) == 0) {
		initramfs_forget_links(&u->maker);
		u->state = BETWEEN;
		return 0;
	}
	if (S_ISLNK(u->entry.mode)) {
		if (u->data_left >= PATH_MAX)
			return -EINVAL;
		gather_begin(u, LINK, u->data_left);
		return 0;
	}
	error = initramfs_make(&u->maker, &u->entry);
	if (!error && u->data_left)
		u->state = DATA;
	else if (!error)
		entry_end(u);
	return error;
}

static int link_complete(struct unpack *u)
{
	int error;

	u->link[u->need] = '\0';
	error = initramfs_make_link(&u->maker, &u->entry, u->link);
	entry_end(u);
	return error;
}

static int take_data(struct unpack *u, const uint8_t **p, size_t *n)
{
	size_t take = min(*n, u->data_left);
	int error = initramfs_write(&u->maker, *p, take);

	*p += take;
	*n -= take;
	u->data_left -= take;
	if (!error && !u->data_left) {
		error = initramfs_finish(&u->maker, &u->entry);
		entry_end(u);
	}
	return error;
}

/* Between archives: zeros; a header's first digit begins one; at anything else *stop. */
static void take_between(struct unpack *u, const uint8_t **p, size_t *n, bool *stop)
{
	while (*n && !**p) {
		(*p)++;
		(*n)--;
	}
	*stop = *n && **p != '0';
	if (*n && !*stop)
		gather_begin(u, HEADER, CPIO_HEADER_SIZE);
}

/* One step of the machine. */
static int unpack_step(struct unpack *u, const uint8_t **p, size_t *n, bool *stop)
{
	size_t take;

	switch (u->state) {
	case BETWEEN:
		take_between(u, p, n, stop);
		return 0;
	case HEADER:
		return gather(u, u->header, p, n) ? header_complete(u) : 0;
	case NAME:
		return gather(u, u->name, p, n) ? name_complete(u) : 0;
	case LINK:
		return gather(u, u->link, p, n) ? link_complete(u) : 0;
	case DATA:
		return take_data(u, p, n);
	default:
		take = min(*n, u->padding);
		u->padding -= take;
		*p += take;
		*n -= take;
		if (!u->padding)
			entry_end(u);
		return 0;
	}
}

/* Takes bytes until the end, or until something between archives is not one. Returns how many, or an errno. */
static ssize_t unpack_feed(struct unpack *u, const uint8_t *data, size_t n)
{
	const uint8_t *p = data;
	bool stop = false;
	int error = 0;

	while (!error && !stop && (n || (u->state == LINK && u->need == 0)))
		error = unpack_step(u, &p, &n, &stop);
	return error ? error : p - data;
}

static int unpack_inflated(void *arg, const uint8_t *data, size_t n)
{
	ssize_t used = unpack_feed(arg, data, n);

	if (used >= 0 && (size_t)used != n)
		return -EINVAL;
	return used < 0 ? (int)used : 0;
}

/* A gzip member. Returns how many bytes it took, or an errno. */
static ssize_t unpack_gzip(struct unpack *u, const uint8_t *data, size_t n)
{
	struct inflate *z = vmap_alloc(sizeof(*z), ALLOC_KERNEL);
	size_t used = 0;
	int error;

	if (!z)
		return -ENOMEM;
	error = gunzip(z, data, n, &used, unpack_inflated, u);
	vmap_free(z);
	return error ? error : (ssize_t)used;
}

static ssize_t unpack_compressed(struct unpack *u, const uint8_t *data, size_t n)
{
	const char *kind = archive_compression(data, n);

	if (!kind) {
		log_err("initramfs: not a cpio archive\n");
		return -EINVAL;
	}
	if (strcmp(kind, "gzip") == 0)
		return unpack_gzip(u, data, n);
	log_err("initramfs: compressed with %s, which this kernel cannot read; use gzip or none\n", kind);
	return -EOPNOTSUPP;
}

/* Some bytes: all that is plain, or one compressed member. Returns how many it took, or an errno. */
static ssize_t unpack_piece(struct unpack *u, const uint8_t *data, size_t n)
{
	ssize_t used = unpack_feed(u, data, n);

	if (used != 0)
		return used;
	used = unpack_compressed(u, data, n);
	if (used >= 0 && u->state != BETWEEN)
		return -EINVAL; /* an archive may not end in the middle of a member's last entry */
	return used;
}

int initramfs_unpack(const void *data, size_t n)
{
	struct unpack *u = kzalloc(sizeof(*u), ALLOC_KERNEL);
	const uint8_t *p = data;
	ssize_t used = 0;

	if (!u)
		return -ENOMEM;
	while (n) {
		used = unpack_piece(u, p, n);
		if (used < 0)
			break;
		p += used;
		n -= (size_t)used;
	}
	if (used >= 0 && u->state != BETWEEN)
		used = -EINVAL;
	/* A compression that cannot be read was named already. */
	if (used < 0 && used != -EOPNOTSUPP)
		log_err("initramfs: truncated or malformed at byte %zu (error %d); going on with what there is\n",
			(size_t)(p - (const uint8_t *)data), (int)-used);
	initramfs_end(&u->maker);
	kfree(u);
	return used < 0 ? (int)used : 0;
}
