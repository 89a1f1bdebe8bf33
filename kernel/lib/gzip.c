/* SPDX-License-Identifier: MIT */
/* gzip's header and trailer around deflate data (RFC 1952). */
#include "lib/errno.h"
#include "lib/inflate.h"
#include "lib/string.h"
#include "lib/types.h"

/* Skips a string with its NUL. */
static bool skip_string(struct inflate *z)
{
	const uint8_t *nul = memchr(z->in, 0, (size_t)(z->end - z->in));

	if (nul)
		z->in = nul + 1;
	return nul != NULL;
}

static bool skip_bytes(struct inflate *z, size_t n)
{
	if (n > (size_t)(z->end - z->in))
		return false;
	z->in += n;
	return true;
}

/* RFC 1952, section 2.3: the header, with the optional fields that its flags announce. */
static int gzip_header(struct inflate *z)
{
	enum { F_HCRC = 2, F_EXTRA = 4, F_NAME = 8, F_COMMENT = 16, F_RESERVED = 0xe0 };
	const uint8_t *p = z->in;
	unsigned flags;

	if (!skip_bytes(z, 10) || p[0] != 0x1f || p[1] != 0x8b || p[2] != 8)
		return -EINVAL;
	flags = p[3];
	if (flags & F_RESERVED)
		return -EINVAL;
	if (flags & F_EXTRA &&
	    (!skip_bytes(z, 2) || !skip_bytes(z, z->in[-2] | (size_t)z->in[-1] << 8)))
		return -EINVAL;
	if (flags & F_NAME && !skip_string(z))
		return -EINVAL;
	if (flags & F_COMMENT && !skip_string(z))
		return -EINVAL;
	if (flags & F_HCRC) {
		uint32_t crc = crc32(0, p, (size_t)(z->in - p));

		if (!skip_bytes(z, 2) ||
		    (crc & 0xffff) != (z->in[-2] | (uint32_t)z->in[-1] << 8))
			return -EINVAL;
	}
	return 0;
}

static int gzip_trailer(struct inflate *z)
{
	uint32_t trailer[2];

	if (!skip_bytes(z, 8))
		return -EINVAL;
	memcpy(trailer, z->in - 8, 8);
	return trailer[0] == z->crc && trailer[1] == (uint32_t)z->total ? 0 : -EINVAL;
}

int gunzip(struct inflate *z, const void *in, size_t size, size_t *used, inflate_write_fn *write,
	   void *arg)
{
	int error;

	z->in = in;
	z->end = z->in + size;
	z->write = write;
	z->arg = arg;
	error = gzip_header(z);
	if (!error)
		error = inflate_blocks(z);
	if (!error)
		error = gzip_trailer(z);
	*used = (size_t)(z->in - (const uint8_t *)in);
	return error;
}
