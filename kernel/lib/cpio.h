/* SPDX-License-Identifier: MIT */
/*
 * Reading cpio archives in the "newc" form (magic 070701, or 070702 with
 * checksums, which are not looked at) from memory, as an initramfs is made of
 * them: several archives one after the other, with zeros between them. Every
 * length in the archive is checked; nothing is copied.
 *
 *	struct cpio c;
 *	cpio_open(&c, buf, size);
 *	while ((n = cpio_next(&c, &entry)) > 0) ...
 *	n < 0: malformed. n == 0: c.left bytes at c.p are something else (perhaps
 *	a compressed archive, see archive_compression) or there are none.
 */
#ifndef LIB_CPIO_H
#define LIB_CPIO_H

#include "lib/types.h"

struct cpio {
	const uint8_t *p; /* the next header */
	size_t left;	  /* bytes from there */
	size_t offset;	  /* of p within its archive: what is aligned to 4 */
	bool inside;	  /* an archive has begun and its trailer has not come */
};

struct cpio_entry {
	const char *name; /* in the archive, with its NUL */
	const uint8_t *data;
	size_t size; /* bytes of data */
	uint32_t ino, mode, uid, gid, nlink, mtime;
	uint32_t dev_major, dev_minor;
	uint32_t rdev_major, rdev_minor; /* for device nodes */
};

void cpio_open(struct cpio *c, const void *buf, size_t size);

/*
 * 1 and the next entry, trailers skipped; 0 when nothing more is here that is
 * a cpio archive; -EINVAL for a malformed or truncated one.
 */
int cpio_next(struct cpio *c, struct cpio_entry *entry);

/*
 * For readers of a stream: takes apart the CPIO_HEADER_SIZE bytes of a header.
 * name and data stay as they are; *name_size counts the NUL. The name follows,
 * up to a multiple of 4 from the header on; then the data, likewise.
 */
#define CPIO_HEADER_SIZE 110
#define CPIO_TRAILER	 "TRAILER!!!"
int cpio_parse_header(const uint8_t *header, struct cpio_entry *entry, uint32_t *name_size);

/* "gzip", "xz", "zstd" and so on from the first bytes; NULL when unknown. */
const char *archive_compression(const void *p, size_t size);

#endif
