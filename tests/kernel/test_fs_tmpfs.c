/* SPDX-License-Identifier: MIT */
/* Tests of files in memory: data, holes, limits, directories that change while read; and nothing left behind. */
#include "base/ktest.h"
#include "fs/file.h"
#include "hal/clock.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "sched/timer.h"
#include "sched/work.h"
#include <asm/statfs.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/mount.h>

static struct walk at_root(void)
{
	return (struct walk){ .start = root_path, .root = root_path, .cred = &cred_root };
}

static int scratch(const char *data)
{
	struct walk w = at_root();
	struct path p;
	int error;

	path_mkdir(&w, "/scratch", 0755);
	error = path_lookup(&w, "/scratch", &p);
	if (error)
		return error;
	error = data ? mount_new("tmpfs", "scratch", &p, 0, data) : mount_remove(&p, 0);
	path_put(&p);
	if (!error && !data)
		error = path_rmdir(&w, "/scratch");
	return error;
}

static ssize_t put(struct file *f, const void *buf, size_t n, loff_t at)
{
	struct iter it;

	iter_init_kernel(&it, (void *)(uintptr_t)buf, n, true);
	return file_write(f, &it, &at);
}

static ssize_t get(struct file *f, void *buf, size_t n, loff_t at)
{
	return file_read_kernel(f, buf, n, at);
}

static struct file *open_scratch(const char *name, uint32_t flags)
{
	struct walk w = at_root();
	struct file *f;

	return file_open(&w, name, flags, 0644, &f) ? NULL : f;
}

KTEST(fs_tmpfs_keeps_data_and_holes)
{
	struct file *f;
	char buf[16];

	check_equal(scratch("size=1m"), 0);
	f = open_scratch("/scratch/f", O_CREAT | O_RDWR);
	check(f != NULL);
	check_equal(put(f, "hello", 5, 3 * PAGE_SIZE - 2), 5);
	check_equal(get(f, buf, 16, 3 * PAGE_SIZE - 2), 5);
	check(memcmp(buf, "hello", 5) == 0);
	check_equal(get(f, buf, 4, 100), 4);
	check(memcmp(buf, "\0\0\0", 4) == 0);
	check_equal(file_seek(f, 0, SEEK_DATA), 2 * PAGE_SIZE);
	check_equal(file_seek(f, 0, SEEK_HOLE), 0);
	check_equal(file_seek(f, 2 * PAGE_SIZE, SEEK_HOLE), 3 * PAGE_SIZE + 3);
	check_equal(file_seek(f, 4 * PAGE_SIZE, SEEK_DATA), -ENXIO);
	check_equal(file_truncate(f, 3 * PAGE_SIZE), 0);
	check_equal(get(f, buf, 16, 3 * PAGE_SIZE - 2), 2);
	check_equal(file_allocate(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 3 * PAGE_SIZE), 0);
	check_equal(get(f, buf, 16, 3 * PAGE_SIZE - 2), 2);
	check_equal(buf[0], 0);
	check_equal(f->inode->object.page_count, 0);
	file_put(f);
	check_equal(scratch(NULL), 0);
}

KTEST(fs_tmpfs_has_limits)
{
	static char block[PAGE_SIZE];
	struct statfs st;
	struct file *f;
	loff_t at = 0;

	check_equal(scratch("size=64k,nr_inodes=3"), 0);
	f = open_scratch("/scratch/f", O_CREAT | O_RDWR);
	check(f != NULL);
	while (put(f, block, PAGE_SIZE, at) == PAGE_SIZE)
		at += PAGE_SIZE;
	check_equal(at, 64 * 1024);
	check_equal(put(f, block, 1, at), -ENOSPC);
	check_equal(put(f, block, PAGE_SIZE, 100), PAGE_SIZE); /* what is there may be written over */
	check_equal(super_statfs(f->inode->sb, &st), 0);
	check_equal(st.f_bfree, 0);
	check_equal(file_truncate(f, PAGE_SIZE), 0);
	check_equal(super_statfs(f->inode->sb, &st), 0);
	check_equal(st.f_bfree, 15);
	check_equal(file_allocate(f, 0, 0, 100 * 1024), -ENOSPC);
	file_put(f);
	f = open_scratch("/scratch/g", O_CREAT | O_RDWR);
	check(f != NULL);
	file_put(f);
	check(open_scratch("/scratch/h", O_CREAT | O_RDWR) == NULL);
	check_equal(scratch(NULL), 0);
}

#define WRITERS 4

static uint64_t pages_written; /* atomic */
static unsigned writers_left;  /* atomic */
static struct waitq writers_done = WAITQ_INIT(writers_done);

static void fill_up(void *arg)
{
	static char block[3 * PAGE_SIZE];
	char name[] = "/scratch/w0";
	struct file *f;
	loff_t at = 0;
	ssize_t n;

	name[sizeof(name) - 2] = (char)('0' + (uintptr_t)arg);
	f = open_scratch(name, O_CREAT | O_RDWR);
	while (f && (n = put(f, block, sizeof(block), at)) > 0) {
		at += n;
		sched_yield();
	}
	atomic_add(&pages_written, (uint64_t)at / PAGE_SIZE);
	if (f)
		file_put(f);
	atomic_dec(&writers_left);
	waitq_wake_all(&writers_done);
}

/* Each looked whether there was room, and then they all wrote. */
KTEST(fs_tmpfs_limit_was_overrun_by_writers_at_once)
{
	struct walk w = at_root();
	struct path p;
	struct statfs st;

	pages_written = 0;
	writers_left = WRITERS;
	check_equal(scratch("size=1m"), 0);
	for (uintptr_t i = 0; i < WRITERS; i++)
		check(kthread_create("writer", fill_up, (void *)i) != NULL);
	wait_event(&writers_done, atomic_load(&writers_left) == 0);
	check_equal(pages_written, MiB(1) / PAGE_SIZE);
	check_equal(path_lookup(&w, "/scratch", &p), 0);
	check_equal(super_statfs(p.dentry->sb, &st), 0);
	check_equal(st.f_bfree, 0);
	path_put(&p);
	check_equal(scratch(NULL), 0);
}

struct counting {
	struct dir_sink sink;
	unsigned seen, most;
	struct walk w;
};

static bool count_and_remove(struct dir_sink *s, const char *name, size_t len, uint64_t ino, unsigned type, loff_t next)
{
	struct counting *c = container_of(s, struct counting, sink);

	if (name[0] == '.')
		return true;
	if (!c->most--)
		return false;
	c->seen++;
	return true;
}

KTEST(fs_readdir_meets_every_name_once_while_others_go)
{
	struct counting c = { .sink = { .emit = count_and_remove } };
	struct walk w = at_root();
	struct file *dir;
	char name[32];
	unsigned rounds = 0;

	check_equal(scratch("size=1m"), 0);
	for (unsigned i = 0; i < 100; i++) {
		format(name, sizeof(name), "/scratch/%u", i);
		file_put(open_scratch(name, O_CREAT | O_RDWR));
	}
	dir = open_scratch("/scratch", O_RDONLY | O_DIRECTORY);
	check(dir != NULL);
	do {
		c.most = 10;
		check_equal(file_iterate(dir, &c.sink), 0);
		format(name, sizeof(name), "/scratch/%u", 99 - rounds * 10); /* seen already: the newest come first */
		check_equal(path_unlink(&w, name), 0);
		format(name, sizeof(name), "/scratch/new%u", rounds);
		file_put(open_scratch(name, O_CREAT | O_RDWR));
	} while (++rounds < 10);
	check_equal(c.seen, 100);
	file_put(dir);
	check_equal(scratch(NULL), 0);
}

static uint64_t inodes_used;

static void find_inodes(void *arg, const struct kcache_stats *s)
{
	if (strcmp(s->name, arg) == 0)
		inodes_used = s->used;
}

static uint64_t used_of(const char *cache)
{
	work_settle();
	inodes_used = 0;
	kcache_for_each(find_inodes, (void *)(uintptr_t)cache);
	return inodes_used;
}

KTEST(fs_unmount_leaves_no_inodes_behind)
{
	uint64_t before = used_of("inode"), files = used_of("file");
	struct walk w = at_root();
	char name[64];

	check_equal(scratch("size=1m"), 0);
	for (unsigned i = 0; i < 50; i++) {
		format(name, sizeof(name), "/scratch/d%u", i);
		check_equal(path_mkdir(&w, name, 0755), 0);
		format(name, sizeof(name), "/scratch/d%u/file", i);
		file_put(open_scratch(name, O_CREAT | O_RDWR));
		format(name, sizeof(name), "/scratch/d%u/absent", i);
		check(open_scratch(name, O_RDONLY) == NULL);
	}
	check_equal(scratch(NULL), 0);
	check_equal(used_of("inode"), before);
	check_equal(used_of("file"), files);
}
