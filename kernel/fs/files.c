/* SPDX-License-Identifier: MIT */
/*
 * fs/files.c: descriptor tables.
 *
 * struct files is what processes share (CLONE_FILES); it points to a struct
 * fd_table, which look-ups read under RCU and which is replaced by a larger copy
 * when it is full. The first table is inside of struct files. Which descriptors
 * are taken is a bitmap with a summary bit per word, so that the lowest free one
 * is found by looking at two words in tables of up to 4096.
 *
 * lock guards everything; a slot may be read without it under RCU. A descriptor
 * that is reserved but empty is taken in the bitmap and NULL in its slot.
 */
#include "base/panic.h"
#include "fs/internal.h"
#include "fs/notify.h"
#include "lib/bitmap.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"

#define FIRST_SLOTS 64

struct fd_table {
	size_t size;            /* immutable */
	struct file **slot;     /* immutable pointer; entries: lock, RCU */
	struct bitmap taken;    /* lock */
	uint64_t *cloexec;      /* lock: a bit a descriptor */
	struct rcu_head rcu;
};

struct files {
	struct refcount refs;
	struct spinlock lock;     /* rank FILES */
	struct fd_table *table;   /* lock, RCU */
	struct fd_table first;
	struct file *first_slot[FIRST_SLOTS];
	uint64_t first_taken[BITMAP_STORAGE_WORDS(FIRST_SLOTS)];
	uint64_t first_cloexec[FIRST_SLOTS / 64];
	struct rcu_head rcu;
};

static struct kcache *files_cache;
int32_t files_most = 1024 * 1024;

void files_cache_init(void)
{
	files_cache = kcache_create("files", sizeof(struct files), 64);
}

struct files *files_create(void)
{
	struct files *t = kcache_alloc(files_cache, ALLOC_KERNEL | ALLOC_ZERO);

	if (!t)
		return NULL;
	refcount_init(&t->refs, 1);
	spin_init(&t->lock, RANK_FILES);
	t->first.size = FIRST_SLOTS;
	t->first.slot = t->first_slot;
	bitmap_init(&t->first.taken, t->first_taken, FIRST_SLOTS);
	t->first.cloexec = t->first_cloexec;
	t->table = &t->first;
	return t;
}

/* size is a multiple of 64. One piece of memory: slots, then bitmaps. */
static struct fd_table *table_create(size_t size)
{
	size_t words = BITMAP_STORAGE_WORDS(size);
	struct fd_table *n = kzalloc(sizeof(*n) + size * sizeof(n->slot[0]) + (words + size / 64) * 8, ALLOC_KERNEL);

	if (!n)
		return NULL;
	n->size = size;
	n->slot = (struct file **)(n + 1);
	bitmap_init(&n->taken, (uint64_t *)(n->slot + size), size);
	n->cloexec = (uint64_t *)(n->slot + size) + words;
	return n;
}

static void table_copy_bits(struct fd_table *to, const struct fd_table *from)
{
	for (size_t i = bitmap_next_one(&from->taken, 0); i != BITMAP_NONE; i = bitmap_next_one(&from->taken, i + 1))
		bitmap_set(&to->taken, i);
	memcpy(to->cloexec, from->cloexec, from->size / 8);
}

/* Room for descriptor fd. Called and returns with the lock held, which it drops in between. */
static int files_grow(struct files *t, size_t fd)
{
	struct fd_table *old, *fresh;
	size_t size = FIRST_SLOTS;

	if (fd >= (size_t)atomic_load(&files_most))
		return -EMFILE;
	while (size <= fd)
		size *= 2;
	spin_unlock(&t->lock);
	fresh = table_create(size);
	spin_lock(&t->lock);
	old = t->table;
	if (old->size > fd) { /* somebody else was faster */
		kfree(fresh);
		return 0;
	}
	if (!fresh)
		return -ENOMEM;
	memcpy(fresh->slot, old->slot, old->size * sizeof(old->slot[0]));
	table_copy_bits(fresh, old);
	rcu_assign(t->table, fresh);
	if (old != &t->first)
		kfree_rcu(old, &old->rcu);
	return 0;
}

struct files *files_get(struct files *t)
{
	refcount_get(&t->refs);
	return t;
}

unsigned files_size(struct files *t)
{
	unsigned size;

	rcu_read_lock();
	size = (unsigned)rcu_dereference(t->table)->size;
	rcu_read_unlock();
	return size;
}

bool files_shared(const struct files *t)
{
	return refcount_read(&t->refs) > 1;
}

/* Size of a table for the descriptors that are taken. */
static size_t files_used(const struct fd_table *table)
{
	size_t last = table->size;

	while (last > FIRST_SLOTS && !table->taken.bits[last / 64 - 1])
		last -= 64;
	return last;
}

static void files_copy_slots(struct fd_table *to, const struct fd_table *from)
{
	for (size_t i = bitmap_next_one(&from->taken, 0); i != BITMAP_NONE; i = bitmap_next_one(&from->taken, i + 1)) {
		if (!from->slot[i])
			continue; /* another thread is about to open this one */
		file_get(from->slot[i]);
		to->slot[i] = from->slot[i];
		bitmap_set(&to->taken, i);
	}
	memcpy(to->cloexec, from->cloexec, min(to->size, from->size) / 8);
}

struct files *files_copy(struct files *old)
{
	struct files *t = files_create();
	struct fd_table *big = NULL;
	size_t need;

	if (!t)
		return NULL;
	spin_lock(&old->lock);
	while ((need = files_used(old->table)) > t->table->size) {
		spin_unlock(&old->lock);
		kfree(big);
		big = table_create(need);
		if (!big) {
			kcache_free(files_cache, t);
			return NULL;
		}
		t->table = big;
		spin_lock(&old->lock);
	}
	files_copy_slots(t->table, old->table);
	spin_unlock(&old->lock);
	return t;
}

static void files_free(struct rcu_head *head)
{
	struct files *t = container_of(head, struct files, rcu);

	if (t->table != &t->first)
		kfree(t->table);
	kcache_free(files_cache, t);
}

/* What close(2) does with a file beyond dropping the reference. */
static int close_file(struct files *t, struct file *f)
{
	int error = f->ops->flush ? f->ops->flush(f) : 0;

	if (atomic_load(&f->inode->flocks) && !(f->mode & FILE_PATH_ONLY))
		flock_release_owner(f->inode, t);
	dnotify_forget(f, t);
	file_put(f);
	return error;
}

void files_put(struct files *t)
{
	struct fd_table *table;

	if (!t || !refcount_put(&t->refs))
		return;
	table = t->table;
	for (size_t i = bitmap_next_one(&table->taken, 0); i != BITMAP_NONE; i = bitmap_next_one(&table->taken, i + 1))
		if (table->slot[i])
			close_file(t, table->slot[i]);
	rcu_call(&t->rcu, files_free);
}

struct file *files_lookup(struct files *t, int fd, bool path_only)
{
	struct fd_table *table;
	struct file *f = NULL;

	rcu_read_lock();
	table = rcu_dereference(t->table);
	if (likely((unsigned)fd < table->size))
		f = rcu_dereference(table->slot[fd]);
	if (f && ((f->mode & FILE_PATH_ONLY && !path_only) || !refcount_get_unless_zero(&f->refs)))
		f = NULL;
	rcu_read_unlock();
	return f;
}

struct file_loan files_borrow(struct files *t, int fd, bool path_only)
{
	struct fd_table *table = t->table;
	struct file *f = NULL;

	/* With us alone here, the table stays as it is; another user could come only through us. */
	if (unlikely(refcount_read(&t->refs) != 1)) {
		f = files_lookup(t, fd, path_only);
		return (struct file_loan){ f, f != NULL };
	}
	if (likely((unsigned)fd < table->size))
		f = table->slot[fd];
	if (f && unlikely(f->mode & FILE_PATH_ONLY) && !path_only)
		f = NULL;
	return (struct file_loan){ f, false };
}

static void cloexec_set(struct fd_table *table, size_t fd, bool on)
{
	if (on)
		table->cloexec[fd / 64] |= BIT(fd % 64);
	else
		table->cloexec[fd / 64] &= ~BIT(fd % 64);
}

int files_reserve(struct files *t, int from, uint64_t limit, bool cloexec)
{
	size_t fd;
	int error;

	if (from < 0)
		return -EINVAL;
	SPIN_GUARD(&t->lock);
	for (;;) {
		struct fd_table *table = t->table;

		fd = (size_t)from < table->size ? bitmap_next_zero(&table->taken, (size_t)from) : BITMAP_NONE;
		if (fd == BITMAP_NONE)
			fd = max((size_t)from, table->size);
		if (fd >= limit || fd > INT_MAX)
			return -EMFILE;
		if (fd < table->size)
			break;
		error = files_grow(t, fd);
		if (error)
			return error;
	}
	bitmap_set(&t->table->taken, fd);
	cloexec_set(t->table, fd, cloexec);
	return (int)fd;
}

void files_install(struct files *t, int fd, struct file *f)
{
	SPIN_GUARD(&t->lock);
	assert(bitmap_test(&t->table->taken, (size_t)fd) && !t->table->slot[fd]);
	rcu_assign(t->table->slot[fd], f);
}

void files_unreserve(struct files *t, int fd)
{
	SPIN_GUARD(&t->lock);
	assert(!t->table->slot[fd]);
	bitmap_clear(&t->table->taken, (size_t)fd);
}

/* Takes the file out of a slot, which becomes free. NULL: nothing was open there. Lock held. */
static struct file *take_out(struct fd_table *table, size_t fd)
{
	struct file *f = fd < table->size ? table->slot[fd] : NULL;

	if (f) {
		rcu_assign(table->slot[fd], (struct file *)NULL);
		bitmap_clear(&table->taken, fd);
	}
	return f;
}

int files_close(struct files *t, int fd)
{
	struct file *f;

	spin_lock(&t->lock);
	f = take_out(t->table, (unsigned)fd);
	spin_unlock(&t->lock);
	return f ? close_file(t, f) : -EBADF;
}

int files_replace(struct files *t, int fd, struct file *f, bool cloexec, uint64_t limit)
{
	struct file *old;
	int error = 0;

	if (fd < 0 || (uint64_t)fd >= limit)
		return -EBADF;
	spin_lock(&t->lock);
	while ((size_t)fd >= t->table->size && !error)
		error = files_grow(t, (size_t)fd);
	old = error ? NULL : t->table->slot[fd];
	if (!error && !old && bitmap_test(&t->table->taken, (size_t)fd))
		error = -EBUSY; /* an open in another thread has it reserved */
	if (error) {
		spin_unlock(&t->lock);
		return error;
	}
	file_get(f);
	rcu_assign(t->table->slot[fd], f);
	bitmap_set(&t->table->taken, (size_t)fd);
	cloexec_set(t->table, (size_t)fd, cloexec);
	spin_unlock(&t->lock);
	if (old)
		close_file(t, old);
	return 0;
}

int files_close_range(struct files *t, unsigned first, unsigned last, bool cloexec_only)
{
	size_t fd = first;

	while (fd <= last) {
		struct file *f = NULL;

		spin_lock(&t->lock);
		fd = fd < t->table->size ? bitmap_next_one(&t->table->taken, fd) : BITMAP_NONE;
		if (fd <= last && cloexec_only)
			cloexec_set(t->table, fd, true);
		else if (fd <= last)
			f = take_out(t->table, fd);
		spin_unlock(&t->lock);
		if (fd == BITMAP_NONE)
			break;
		if (f)
			close_file(t, f);
		fd++;
	}
	return 0;
}

/* The next descriptor at or after fd that closes on exec, taken out. NULL at the end. */
static struct file *take_cloexec(struct files *t, size_t *fd)
{
	struct fd_table *table;
	struct file *f;

	SPIN_GUARD(&t->lock);
	table = t->table;
	for (size_t word = *fd / 64; word < table->size / 64; word++) {
		uint64_t hits;

		while ((hits = table->cloexec[word] & table->taken.bits[word] & (~0UL << *fd % 64)) != 0) {
			*fd = word * 64 + (size_t)__builtin_ctzll(hits);
			f = take_out(table, *fd);
			if (f)
				return f;
			cloexec_set(table, *fd, false);
		}
		*fd = (word + 1) * 64;
	}
	return NULL;
}

void files_close_on_exec(struct files *t)
{
	size_t fd = 0;
	struct file *f;

	while ((f = take_cloexec(t, &fd)) != NULL)
		close_file(t, f);
}

int files_get_cloexec(struct files *t, int fd)
{
	struct fd_table *table;

	SPIN_GUARD(&t->lock);
	table = t->table;
	if ((unsigned)fd >= table->size || !table->slot[fd])
		return -EBADF;
	return table->cloexec[fd / 64] >> (fd % 64) & 1;
}

int files_set_cloexec(struct files *t, int fd, bool on)
{
	SPIN_GUARD(&t->lock);
	if ((unsigned)fd >= t->table->size || !t->table->slot[fd])
		return -EBADF;
	cloexec_set(t->table, (size_t)fd, on);
	return 0;
}

int files_next(struct files *t, int from)
{
	size_t fd = (size_t)from;

	if (from < 0)
		return -1;
	SPIN_GUARD(&t->lock);
	for (;; fd++) {
		fd = fd < t->table->size ? bitmap_next_one(&t->table->taken, fd) : BITMAP_NONE;
		if (fd == BITMAP_NONE)
			return -1;
		if (t->table->slot[fd])
			return (int)fd;
	}
}
