/* SPDX-License-Identifier: MIT */
/* Tests of record locks: splitting, merging, conflicts, release. */
#include "base/ktest.h"
#include "fs/file.h"
#include "lib/errno.h"
#include <linux/fcntl.h>
#include <linux/fs.h>

static int owner_a, owner_b; /* tokens are addresses, nothing more */

static struct file *open_file(void)
{
	struct walk w = { .start = root_path, .root = root_path, .cred = &cred_root };
	struct file *f;

	return file_open(&w, "/locked", O_CREAT | O_RDWR, 0600, &f) ? NULL : f;
}

static void remove_file(void)
{
	struct walk w = { .start = root_path, .root = root_path, .cred = &cred_root };

	path_unlink(&w, "/locked");
}

static int set(struct file *f, void *owner, int type, loff_t start, loff_t len)
{
	struct flock l = { .l_type = (short)type, .l_whence = SEEK_SET, .l_start = start, .l_len = len };

	return flock_set(f, owner, F_SETLK, &l, 42);
}

/* The first lock that stands against writing from start on, as start * 1000 + length; -1: none. */
static long find(struct file *f, loff_t start, loff_t len)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = len };

	flock_get(f, &owner_b, F_GETLK, &l);
	return l.l_type == F_UNLCK ? -1 : l.l_start * 1000 + l.l_len;
}

KTEST(fs_record_locks_split_and_merge)
{
	struct file *f = open_file();

	check(f != NULL);
	check_equal(set(f, &owner_a, F_WRLCK, 0, 100), 0);
	check_equal(find(f, 0, 1), 100);
	check_equal(set(f, &owner_a, F_UNLCK, 40, 20), 0); /* two pieces */
	check_equal(find(f, 0, 1), 40);
	check_equal(find(f, 40, 20), -1);
	check_equal(find(f, 60, 1), 60 * 1000 + 40);
	check_equal(set(f, &owner_a, F_RDLCK, 10, 10), 0); /* a piece of another kind inside */
	check_equal(find(f, 0, 1), 10);
	check_equal(find(f, 12, 1), 10 * 1000 + 10);
	check_equal(find(f, 20, 1), 20 * 1000 + 20);
	check_equal(set(f, &owner_a, F_WRLCK, 10, 50), 0); /* closes both gaps */
	check_equal(find(f, 0, 1), 100);
	check_equal(set(f, &owner_a, F_WRLCK, 100, 0), 0); /* adjacent, to the end */
	check_equal(find(f, 1000000, 1), 0);
	flock_release_owner(f->inode, &owner_a);
	check_equal(find(f, 0, 0), -1);
	file_put(f);
	remove_file();
}

KTEST(fs_record_locks_conflict)
{
	struct file *f = open_file();

	check(f != NULL);
	check_equal(set(f, &owner_a, F_RDLCK, 0, 10), 0);
	check_equal(set(f, &owner_b, F_RDLCK, 0, 10), 0);
	check_equal(set(f, &owner_b, F_WRLCK, 9, 10), -EAGAIN);
	check_equal(set(f, &owner_b, F_WRLCK, 10, 10), 0);
	check_equal(set(f, &owner_a, F_RDLCK, 19, 1), -EAGAIN);
	check_equal(set(f, &owner_a, F_UNLCK, 0, 0), 0);
	check_equal(set(f, &owner_b, F_WRLCK, 0, 0), 0);
	check_equal(set(f, &owner_a, F_RDLCK, -1, 1), -EINVAL);
	flock_release_owner(f->inode, &owner_b);
	file_put(f);
	remove_file();
}

KTEST(fs_flock_converts_and_excludes)
{
	struct file *f = open_file(), *g = open_file();

	check(f && g);
	check_equal(flock_whole(f, LOCK_SH | LOCK_NB, 1), 0);
	check_equal(flock_whole(g, LOCK_SH | LOCK_NB, 1), 0);
	check_equal(flock_whole(g, LOCK_EX | LOCK_NB, 1), -EAGAIN);
	check_equal(flock_whole(f, LOCK_EX | LOCK_NB, 1), 0); /* the failed conversion lost g's lock, as on Linux */
	check_equal(flock_whole(g, LOCK_SH | LOCK_NB, 1), -EAGAIN);
	file_put(f);
	check_equal(flock_whole(g, LOCK_EX | LOCK_NB, 1), 0);
	check_equal(flock_whole(g, LOCK_UN, 1), 0);
	file_put(g);
	remove_file();
}
