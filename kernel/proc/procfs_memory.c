/* SPDX-License-Identifier: MIT */
/*
 * proc/procfs_memory.c: what /proc/PID shows of an address space.
 */
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/internal.h"
#include "proc/procfs.h"

struct space *proc_task_space(struct task *t)
{
	struct space *s;

	spin_lock(&t->lock);
	s = t->space;
	if (s)
		space_get(s);
	spin_unlock(&t->lock);
	return s;
}

struct space *task_visit_space(struct task *t)
{
	struct space *s = proc_task_space(t);

	if (!s)
		return NULL;
	if (space_use_unless_zero(s))
		return s;
	space_put(s);
	return NULL;
}

/* We may be the last, and hold locks of files. */
void task_leave_space(struct space *s)
{
	space_unuse_later(s);
	space_put(s);
}

/* Bytes of another program's memory as text; stops at the first page that is not there. */
static int show_range(struct task *t, struct text *x, uaddr_t (*start)(struct space *), uaddr_t (*end)(struct space *))
{
	struct space *s = task_visit_space(t);
	char *page;

	if (!s)
		return 0;
	page = kmalloc(PAGE_SIZE, ALLOC_KERNEL);
	if (!page) {
		task_leave_space(s);
		return -ENOMEM;
	}
	uaddr_t at = start(s), stop = end(s);
	while (at < stop) {
		size_t n = min(stop - at, (uaddr_t)PAGE_SIZE), got = space_copy_from(s, page, at, n);

		text_put(x, page, got);
		if (got < n)
			break;
		at += n;
	}
	kfree(page);
	task_leave_space(s);
	return 0;
}

static uaddr_t arg_start(struct space *s) { return s->arg_start; }
static uaddr_t arg_end(struct space *s) { return s->arg_end; }
static uaddr_t env_start(struct space *s) { return s->env_start; }
static uaddr_t env_end(struct space *s) { return s->env_end; }

int proc_show_cmdline(void *task, struct text *x) { return show_range(task, x, arg_start, arg_end); }
int proc_show_environ(void *task, struct text *x) { return show_range(task, x, env_start, env_end); }

int proc_show_auxv(void *task, struct text *x)
{
	struct space *s = proc_task_space(task);

	if (!s)
		return 0;
	text_put(x, (const char *)s->auxv, s->auxv_words * sizeof(s->auxv[0]));
	space_put(s);
	return 0;
}

static const char *area_name(const struct space *s, const struct area *a)
{
	if (a->name)
		return a->name;
	if (a->flags & AREA_STACK)
		return "[stack]";
	if (a->flags & AREA_HEAP)
		return "[heap]";
	return NULL;
}

static void put_name(struct text *x, const struct area *a, size_t before)
{
	struct file *f = a->file;
	const char *name = area_name(a->space, a), *shown = name;
	char *page = NULL;
	int error;

	if (!f && !name)
		return;
	while (x->length - before < 73 && !x->failed)
		text_put(x, " ", 1);
	if (f) {
		page = kmalloc(PAGE_SIZE, ALLOC_KERNEL);
		shown = page ? path_name(&f->path, &root_path, page, PAGE_SIZE, &error) : NULL;
	}
	text_printf(x, "%s", shown ? shown : "");
	kfree(page);
}

int proc_put_area(struct text *x, const struct area *a)
{
	struct file *f = a->file;
	size_t before = x->length;

	text_printf(x, "%08lx-%08lx %c%c%c%c %08lx ", a->start, a->end, a->flags & AREA_READ ? 'r' : '-',
		    a->flags & AREA_WRITE ? 'w' : '-', a->flags & AREA_EXEC ? 'x' : '-',
		    a->flags & AREA_SHARED ? 's' : 'p', f ? a->page_offset * PAGE_SIZE : 0);
	if (!f) {
		text_printf(x, "00:00 0 ");
	} else {
		uint64_t dev = f->inode->sb->dev;

		text_printf(x, "%02x:%02x %lu ", (unsigned)(dev >> 8 & 0xfff), (unsigned)(dev & 0xff), f->inode->ino);
	}
	put_name(x, a, before);
	text_put(x, "\n", 1);
	return x->failed ? -ENOMEM : 0;
}

void proc_put_area_kind(struct text *x, const struct area *a)
{
	struct file *f = a->file;
	char *page;
	int error;

	if (f) {
		page = kmalloc(PAGE_SIZE, ALLOC_KERNEL);
		const char *shown = page ? path_name(&f->path, &root_path, page, PAGE_SIZE, &error) : NULL;

		text_printf(x, " file=%s", shown ? shown : "");
		kfree(page);
	} else if (a->flags & AREA_HEAP) {
		text_printf(x, " heap");
	} else if (a->flags & AREA_STACK) {
		text_printf(x, " stack");
	}
}

static int show_area(void *arg, const struct area *a)
{
	return proc_put_area(arg, a);
}

int proc_for_each_area(void *task, int (*visit)(void *arg, const struct area *a), void *arg)
{
	struct space *s = proc_task_space(task);
	int result;

	if (!s)
		return 0;
	result = space_for_each(s, 0, visit, arg);
	space_put(s);
	return result;
}

int proc_show_maps(void *task, struct text *x)
{
	return proc_for_each_area(task, show_area, x);
}

int proc_link_exe(void *task, struct path *out)
{
	struct space *s = proc_task_space(task);
	struct file *f;
	int result = -ENOENT;

	if (!s)
		return result;
	mutex_lock(&s->lock);
	f = s->exe;
	if (f) {
		*out = f->path;
		path_get(out);
		result = 0;
	}
	mutex_unlock(&s->lock);
	space_put(s);
	return result;
}

struct mapped {
	struct proc_area *area;
	struct path *path; /* NULL: not wanted */
};

/* The first area with a file; ends the walk. */
static int take_mapped(void *arg, const struct area *a)
{
	const struct file *f = a->file;
	struct mapped *m = arg;

	if (!f)
		return 0;
	*m->area = (struct proc_area){
		.start = a->start, .end = a->end,
		.readable = f->mode & FILE_READ, .writable = f->mode & FILE_WRITE,
	};
	if (m->path) {
		*m->path = f->path;
		path_get(m->path);
	}
	return 1;
}

static bool next_mapped(struct task *t, struct proc_area *a, struct path *path)
{
	struct space *s = proc_task_space(t);
	bool found;

	if (!s)
		return false;
	found = space_for_each(s, a->start, take_mapped, &(struct mapped){ a, path });
	space_put(s);
	return found;
}

bool proc_next_mapped(void *task, struct proc_area *a)
{
	return next_mapped(task, a, NULL);
}

int proc_link_mapped(void *task, const struct proc_area *a, struct path *out)
{
	struct proc_area found = *a;

	if (!next_mapped(task, &found, out))
		return -ENOENT;
	if (found.start == a->start && found.end == a->end)
		return 0;
	path_put(out);
	return -ENOENT;
}

/* /proc/PID/mem: through a page of our own, as the two memories cannot be touched at once. */
static ssize_t transfer(struct task *t, struct io *io, struct iter *it, bool write)
{
	struct space *s = task_visit_space(t);
	char *page;
	ssize_t done = 0;

	if (!s)
		return 0;
	if (proc_file_is_stale(io->file)) {
		task_leave_space(s);
		return 0;
	}
	page = kmalloc(PAGE_SIZE, ALLOC_KERNEL);
	while (page && it->count) {
		size_t n = min(it->count, (size_t)PAGE_SIZE), moved;
		uaddr_t at = (uaddr_t)io->position;

		if (write) {
			n = iter_take(it, page, n);
			moved = space_copy_to(s, at, page, n, true);
		} else {
			moved = iter_put(it, page, space_copy_from(s, page, at, n));
		}
		done += (ssize_t)moved;
		io->position += (loff_t)moved;
		if (moved < n || !n)
			break;
	}
	kfree(page);
	task_leave_space(s);
	return !page ? -ENOMEM : done ? done : it->count ? -EIO : 0;
}

ssize_t proc_read_mem(void *task, struct io *io, struct iter *to) { return transfer(task, io, to, false); }
ssize_t proc_write_mem(void *task, struct io *io, struct iter *from) { return transfer(task, io, from, true); }
