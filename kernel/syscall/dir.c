/* SPDX-License-Identifier: MIT */
/*
 * syscall/dir.c: getdents(2) and getdents64(2). Entries are put together in a
 * kernel buffer and copied out at the end: the directory is locked while it is
 * read, and user memory must not be touched then.
 */
#include "lib/string.h"
#include "mem/slab.h"
#include "syscall/syscall.h"

/* Linux's records; the old one has the type in its last byte. */
struct dirent64 {
	uint64_t ino;
	int64_t next;
	uint16_t length;
	uint8_t type;
	char name[];
};
struct dirent_old {
	uint64_t ino;
	uint64_t next;
	uint16_t length;
	char name[];
};

#define BUFFER_MAX (8 * PAGE_SIZE)

struct dir_buffer {
	struct dir_sink sink;
	uint8_t *data;
	size_t used, size;
	bool old, too_small;
};

static void fill_record(const struct dir_buffer *b, uint8_t *at, const char *name, size_t len, uint64_t ino,
			unsigned type, loff_t next, size_t length)
{
	memset(at + length - 8, 0, 8);
	if (b->old) {
		struct dirent_old *d = (struct dirent_old *)at;

		*d = (struct dirent_old){ ino, (uint64_t)next, (uint16_t)length };
		memcpy(d->name, name, len);
		d->name[len] = '\0';
		at[length - 1] = (uint8_t)type;
	} else {
		struct dirent64 *d = (struct dirent64 *)at;

		d->ino = ino;
		d->next = next;
		d->length = (uint16_t)length;
		d->type = (uint8_t)type;
		memcpy(d->name, name, len);
		d->name[len] = '\0';
	}
}

static bool dir_emit(struct dir_sink *s, const char *name, size_t len, uint64_t ino, unsigned type, loff_t next)
{
	struct dir_buffer *b = container_of(s, struct dir_buffer, sink);
	size_t length = align_up(b->old ? offsetof(struct dirent_old, name) + len + 2 :
					  offsetof(struct dirent64, name) + len + 1, 8UL);

	if (length > b->size - b->used) {
		b->too_small = !b->used;
		return false;
	}
	fill_record(b, b->data + b->used, name, len, ino, type, next, length);
	b->used += length;
	return true;
}

static int64_t read_directory(int fd, uaddr_t to, unsigned size, bool old)
{
	struct dir_buffer b = { .sink.emit = dir_emit, .size = min_t(size_t, size, BUFFER_MAX), .old = old };
	int64_t result;
	FILE_GUARD(f, fd);

	if (!f)
		return -EBADF;
	b.data = kmalloc(max_t(size_t, b.size, 1), ALLOC_KERNEL);
	if (!b.data)
		return -ENOMEM;
	loff_t before = f->position;
	result = file_iterate(f, &b.sink);
	if (!result && b.too_small)
		result = -EINVAL;
	if (!result)
		result = (int64_t)b.used;
	if (b.used && copy_to_user(to, b.data, b.used)) {
		file_seek(f, before, 0);
		result = -EFAULT;
	}
	kfree(b.data);
	return result;
}

SYSCALL3(getdents, int, fd, uaddr_t, to, unsigned, size)
{
	return read_directory(fd, to, size, true);
}

SYSCALL3(getdents64, int, fd, uaddr_t, to, unsigned, size)
{
	return read_directory(fd, to, size, false);
}
