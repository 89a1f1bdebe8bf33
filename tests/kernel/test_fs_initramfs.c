/* SPDX-License-Identifier: MIT */
/* Tests of unpacking archives: what is made, and what hostile ones do (nothing worse than an error). */
#include "base/ktest.h"
#include "fs/file.h"
#include "fs/mem/initramfs.h"
#include "lib/cpio.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mem/slab.h"
#include <linux/fcntl.h>

#define ROOM 16384

/* An archive under construction. */
struct archive {
	uint8_t *buf;
	size_t n;
};

static void add(struct archive *a, const char *name, uint32_t mode, uint32_t ino, uint32_t nlink, const char *data)
{
	size_t name_size = strlen(name) + 1, size = strlen(data);

	format((char *)a->buf + a->n, ROOM - a->n, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", ino,
	       mode, 7, 8, nlink, 0x10000000, size, 0, 1, 1, 3, name_size, 0);
	a->n += CPIO_HEADER_SIZE;
	memcpy(a->buf + a->n, name, name_size);
	a->n = align_up(a->n + name_size, 4UL);
	memcpy(a->buf + a->n, data, size);
	a->n = align_up(a->n + size, 4UL);
}

static struct archive archive_begin(void)
{
	struct archive a = { .buf = kzalloc(ROOM, ALLOC_KERNEL) };

	add(&a, "cpio", S_IFDIR | 0751, 1, 2, "");
	add(&a, "cpio/one", S_IFREG | 0640, 2, 2, "");
	add(&a, "cpio/two", S_IFREG | 0640, 2, 2, "contents");
	add(&a, "cpio/link", S_IFLNK | 0777, 3, 1, "two");
	add(&a, "cpio/null", S_IFCHR | 0666, 4, 1, "");
	add(&a, "cpio/pipe", S_IFIFO | 0600, 5, 1, "");
	return a;
}

static struct walk at_root(unsigned flags)
{
	return (struct walk){ .start = root_path, .root = root_path, .cred = &cred_root, .flags = flags };
}

static struct inode *inode_of(const char *name)
{
	struct walk w = at_root(WALK_NOFOLLOW);
	struct inode *i;
	struct path p;

	if (path_lookup(&w, name, &p))
		return NULL;
	i = p.dentry->inode;
	path_put(&p); /* the directory keeps it */
	return i;
}

static void clean(void)
{
	static const char *const names[] = { "/cpio/one", "/cpio/two", "/cpio/link", "/cpio/null", "/cpio/pipe" };
	struct walk w = at_root(0);

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		path_unlink(&w, names[i]);
	path_rmdir(&w, "/cpio");
}

KTEST(fs_initramfs_makes_all_kinds_of_files)
{
	struct archive a = archive_begin();
	struct walk w = at_root(0);
	struct file *f;
	struct inode *i;
	char buf[16];

	add(&a, CPIO_TRAILER, 0, 0, 1, "");
	check_equal(initramfs_unpack(a.buf, a.n + 100), 0); /* zeros behind are fine */
	i = inode_of("/cpio");
	check(i && i->mode == (S_IFDIR | 0751) && i->uid == 7 && i->gid == 8 && i->mtime.sec == 0x10000000);
	i = inode_of("/cpio/one");
	check(i && i == inode_of("/cpio/two") && i->nlink == 2 && i->mtime.sec == 0x10000000);
	i = inode_of("/cpio/null");
	check(i && S_ISCHR(i->mode) && i->rdev == 0x103);
	i = inode_of("/cpio/pipe");
	check(i && S_ISFIFO(i->mode));
	check_equal(file_open(&w, "/cpio/link", O_RDONLY, 0, &f), 0);
	check_equal(file_read_kernel(f, buf, sizeof(buf), 0), 8);
	check(memcmp(buf, "contents", 8) == 0);
	file_put(f);
	check_equal(initramfs_unpack(a.buf, a.n), 0); /* a second archive replaces the first */
	clean();
	kfree(a.buf);
}

KTEST(fs_initramfs_survives_truncation_everywhere)
{
	struct archive a = archive_begin();

	add(&a, CPIO_TRAILER, 0, 0, 1, "");
	for (size_t n = 1; n < a.n - 4; n += 37) {
		check(initramfs_unpack(a.buf, n) < 0);
		clean();
	}
	kfree(a.buf);
}

KTEST(fs_initramfs_survives_hostile_archives)
{
	struct archive a = archive_begin();

	for (unsigned round = 0; round < 200; round++) {
		uint8_t *copy = kmalloc(a.n, ALLOC_KERNEL);

		check(copy != NULL);
		memcpy(copy, a.buf, a.n);
		for (unsigned i = 0; i < 4; i++)
			copy[ktest_random() % a.n] = (uint8_t)ktest_random();
		(void)initramfs_unpack(copy, a.n);
		clean();
		kfree(copy);
	}
	check(initramfs_unpack("\xfd" "7zXZ\0\0", 8) < 0);
	check(initramfs_unpack("\x1f\x8b\x08 nonsense", 12) < 0);
	check(initramfs_unpack("\x1f\x8b", 2) < 0);
	clean();
	kfree(a.buf);
}
