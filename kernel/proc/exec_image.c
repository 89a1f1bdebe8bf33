/* SPDX-License-Identifier: MIT */
/*
 * proc/exec_image.c: the memory of a new program: an address space with the
 * program's segments, its interpreter's, a stack, and the vDSO. It is built
 * aside, while the old program could still go on, so that whatever fails here is
 * an error of execve(2) and nothing more.
 *
 * Layout, from below: the program (at its own address, or a random one when it
 * is position independent), the heap, … mappings growing down from below the
 * stack, the stack.
 */
#include "base/cmdline.h"
#include "base/random.h"
#include "fs/procfs.h"
#include "hal/clock.h"
#include "hal/upcall.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/exec.h"
#include <linux/capability.h>
#include <linux/elf.h>
#include <linux/fcntl.h>
#include <linux/mount.h>
#include <linux/personality.h>

#define PIE_BASE         0x555555554000UL
#define PIE_RANDOM_PAGES (1UL << 28)
#define STACK_RANDOM_PAGES (1UL << 22)
#define MAP_RANDOM_PAGES (1UL << 28)
#define BRK_RANDOM_PAGES (1UL << 13)
#define STACK_GAP_MIN    MiB(128)
#define STACK_FIRST      KiB(132)  /* mapped at once; it grows from there */

/* kernel.randomize_va_space: 1 stack and mappings, 2 the heap too. Atomic; decided at the first program. */
static int32_t randomizes = -1;

PROC_INT(randomize_va_space, "sys/kernel/randomize_va_space", &randomizes, INT_MIN, INT_MAX);

static int exec_randomizes(void)
{
	if (unlikely(atomic_load(&randomizes) == -1))
		atomic_store(&randomizes, cmdline_flag("norandmaps") ? 0 : 2);
	return atomic_load(&randomizes);
}

bool exec_is_randomized(void)
{
	return exec_randomizes() && !(task_current()->personality & ADDR_NO_RANDOMIZE);
}

static uint64_t random_offset(uint64_t pages)
{
	return exec_is_randomized() ? random_u64() % pages * PAGE_SIZE : 0;
}

static int check_program(const struct path *p, const struct cred *cred)
{
	struct inode *inode = path_inode(p);

	if (!S_ISREG(inode->mode))
		return -EACCES;
	if (p->mount->flags & MS_NOEXEC)
		return -EACCES;
	/* Even root needs one execute bit. */
	if (!(inode->mode & 0111))
		return -EACCES;
	return inode_permission(inode, cred, MAY_EXEC);
}

int exec_open(struct exec_image *image, const struct walk *w, const char *name)
{
	struct path path;
	ssize_t n;
	int result = path_lookup(w, name, &path);

	if (result)
		return result;
	result = check_program(&path, w->cred);
	if (!result)
		result = file_open_path(&path, O_RDONLY, &cred_root, &image->file); /* executing needs no right to read */
	path_put(&path);
	if (result)
		return result;
	result = inode_deny_write(image->file->inode);
	if (result)
		goto fail;
	image->file->mode |= FILE_EXEC; /* file_put() allows writing again */
	image->file_size = inode_size(image->file->inode);
	memset(image->head, 0, sizeof(image->head));
	n = file_read_kernel(image->file, image->head, sizeof(image->head), 0);
	if (n < 0) {
		result = (int)n;
		goto fail;
	}
	image->head_bytes = (size_t)n;
	return 0;
fail:
	file_put(image->file);
	image->file = NULL;
	return result;
}

void exec_image_free(struct exec_image *image)
{
	if (image->space)
		space_unuse(image->space);
	if (image->file)
		file_put(image->file);
}

struct loaded {
	struct elf_header header;
	struct elf_image image;
	void *table;
	uint64_t shift;
};

/* Reads and checks both tables of an ELF file. table is the caller's to free. */
static int read_tables(struct file *f, const void *head, size_t head_bytes, uint64_t file_size, struct loaded *l)
{
	int result = elf_read_header(head, head_bytes, file_size, &l->header);

	if (result)
		return -ENOEXEC; /* Linux has one answer for everything wrong with the header */
	l->table = kmalloc(l->header.table_size, ALLOC_KERNEL);
	if (!l->table)
		return -ENOMEM;
	ssize_t n = file_read_kernel(f, l->table, l->header.table_size, (loff_t)l->header.table_offset);
	if (n != (ssize_t)l->header.table_size)
		return n < 0 ? (int)n : -ENOEXEC;
	return elf_read_table(&l->header, l->table, file_size, USER_TOP, &l->image);
}

/* Segments go over what is there, as on Linux, whatever that does to the program. */
static int map_file_part(struct space *s, struct file *f, const struct elf_segment *seg, uint64_t shift)
{
	uaddr_t start = align_down(seg->address + shift, PAGE_SIZE);
	struct space_map_request r = {
		.addr = start,
		.length = align_up(seg->address + shift + seg->file_size, PAGE_SIZE) - start,
		.flags = elf_segment_prot(seg) | AREA_MAY_READ | AREA_MAY_WRITE | AREA_MAY_EXEC,
		.fixed = true,
		.may_low = cred_capable(cred_current(), CAP_SYS_RAWIO),
		.page_offset = align_down(seg->offset, PAGE_SIZE) / PAGE_SIZE,
		.file = f,
	};

	if (!r.length) /* not so if nothing of the file is meant, but in the middle of a page: zeros go into that */
		return 0;
	if (!f->ops->map)
		return -ENOEXEC;
	int result = f->ops->map(f, &r);
	return result ? result : space_map(s, &r, &start);
}

/*
 * What lies behind the parts that the file fills: zeros, from the highest byte
 * of a file so far to the highest byte of memory so far. As Linux, whatever the
 * segments say: it is memory to write to, and executable if the segment is.
 */
struct zero_part {
	uaddr_t from, to; /* before the shift */
	bool writable;	  /* the page that from is in */
	bool exec;
};

static void zero_part_add(struct zero_part *z, const struct elf_segment *seg)
{
	if (seg->address + seg->file_size > z->from) {
		z->from = seg->address + seg->file_size;
		z->writable = seg->flags & PF_W;
	}
	if (seg->address + seg->memory_size > z->to) {
		z->to = seg->address + seg->memory_size;
		z->exec = seg->flags & PF_X;
	}
}

static int zero_part_map(struct space *s, const struct zero_part *z, uint64_t shift)
{
	uaddr_t start = align_up(z->from + shift, PAGE_SIZE), end = align_up(z->to + shift, PAGE_SIZE);
	struct space_map_request r = {
		.addr = start,
		.length = end - start,
		.flags = AREA_READ | AREA_WRITE | AREA_MAY_READ | AREA_MAY_WRITE | AREA_MAY_EXEC |
			 (z->exec ? AREA_EXEC : 0),
		.fixed = true,
		.may_low = cred_capable(cred_current(), CAP_SYS_RAWIO),
	};

	return end > start ? space_map(s, &r, &start) : 0;
}

/* Clears the rest of the last page that the file fills. */
static int zero_part_clear(struct space *s, const struct zero_part *z, uint64_t shift)
{
	size_t n = -(z->from + shift) % PAGE_SIZE;

	if (!n || z->to <= z->from)
		return 0;
	return z->writable && space_clear(s, z->from + shift, n) == n ? 0 : -EFAULT;
}

static void note_ranges(struct space *s, const struct elf_segment *seg, uint64_t shift)
{
	uaddr_t start = seg->address + shift, end = start + seg->file_size;

	if (seg->flags & PF_X) {
		s->code_start = s->code_start ? s->code_start : start;
		s->code_end = end;
	} else if (seg->flags & PF_W) {
		s->data_start = start;
		s->data_end = end;
	}
}

static int map_segments(struct space *s, struct file *f, const struct loaded *l, bool note)
{
	struct zero_part zero = {0};
	int result;

	for (unsigned i = 0; i < elf_segment_count(&l->header); i++) {
		struct elf_segment seg;

		elf_segment(l->table, i, &seg);
		if (seg.type != PT_LOAD)
			continue;
		/* The next segment lies above, or over it: now, while it is known where. */
		result = zero_part_map(s, &zero, l->shift);
		if (result)
			return result;
		zero_part_clear(s, &zero, l->shift); /* Linux does not look either */
		result = map_file_part(s, f, &seg, l->shift);
		if (result)
			return result;
		zero_part_add(&zero, &seg);
		if (note)
			note_ranges(s, &seg, l->shift);
	}
	result = zero_part_map(s, &zero, l->shift);
	return result ? result : zero_part_clear(s, &zero, l->shift);
}

/* Finds a place for a position-independent image: reserves the whole span without access. */
static int reserve(struct space *s, struct loaded *l, uaddr_t hint)
{
	struct space_map_request r = {
		.addr = hint,
		.length = l->image.high - l->image.low,
		.flags = AREA_MAY_READ | AREA_MAY_WRITE | AREA_MAY_EXEC,
	};
	uaddr_t at;
	int result = space_map(s, &r, &at);

	if (!result)
		l->shift = at - l->image.low;
	return result;
}

/* Opens and maps the interpreter that PT_INTERP names. */
static int load_interpreter(struct exec_image *image, const struct loaded *program)
{
	size_t n = program->image.interp_size;
	struct exec_image *interp = kzalloc(sizeof(*interp), ALLOC_KERNEL);
	char *name = kmalloc(n, ALLOC_KERNEL);
	struct loaded l = {0};
	struct task_walk w;
	int result = -ENOMEM;

	if (!name || !interp)
		goto out;
	result = -ENOEXEC;
	if (file_read_kernel(image->file, name, n, (loff_t)program->image.interp_offset) != (ssize_t)n || name[n - 1])
		goto out;
	result = task_walk_begin(&w, AT_FDCWD, name, 0);
	if (result)
		goto out;
	result = exec_open(interp, &w.walk, name);
	task_walk_end(&w);
	if (result)
		goto out;
	result = read_tables(interp->file, interp->head, interp->head_bytes, interp->file_size, &l);
	if (result) {
		result = result == -ENOEXEC ? -ELIBBAD : result;
		goto out;
	}
	if (l.header.position_independent)
		result = reserve(image->space, &l, 0);
	if (!result)
		result = map_segments(image->space, interp->file, &l, false);
	image->interpreter_base = l.image.low + l.shift;
	image->entry = l.header.entry + l.shift;
out:
	kfree(l.table);
	kfree(name);
	if (interp)
		exec_image_free(interp);
	kfree(interp);
	return result;
}

static int map_stack(struct exec_image *image)
{
	struct space *s = image->space;
	uaddr_t top = USER_WINDOW - PAGE_SIZE - random_offset(STACK_RANDOM_PAGES);
	struct space_map_request r = {
		.addr = top - STACK_FIRST,
		.length = STACK_FIRST,
		.flags = AREA_READ | AREA_WRITE | AREA_GROWSDOWN | AREA_STACK | AREA_ACCOUNT | AREA_MAY_READ |
			 AREA_MAY_WRITE | AREA_MAY_EXEC | (image->exec_stack ? AREA_EXEC : 0),
		.fixed = true,
	};
	uaddr_t at;

	image->stack_top = s->stack_top = top;
	return space_map(s, &r, &at);
}

/* Where mmap(2) looks from, downward: below the room the stack may take. */
static void place_mappings(struct space *s)
{
	uint64_t gap = s->stack_limit;

	if (gap < STACK_GAP_MIN)
		gap = STACK_GAP_MIN;
	if (gap > USER_WINDOW / 6 * 5)
		gap = USER_WINDOW / 6 * 5;
	if (exec_is_randomized())
		gap += STACK_RANDOM_PAGES * PAGE_SIZE;
	s->mmap_base = align_down(USER_WINDOW - gap - random_offset(MAP_RANDOM_PAGES), PAGE_SIZE);
}

static int map_vdso(struct space *s)
{
	const struct vdso_info *v = vdso_info();
	uint32_t may = AREA_SPECIAL | AREA_READ | AREA_MAY_READ | AREA_DONTDUMP;
	struct space_map_request both = { .length = v->data_size + v->image_size, .flags = may };
	uaddr_t at;
	int result;

	/* One place for both, then each in it. */
	result = space_map(s, &(struct space_map_request){ .length = both.length, .flags = AREA_MAY_READ }, &at);
	if (result)
		return result;
	struct space_map_request data = { .addr = at, .length = v->data_size, .flags = may, .fixed = true,
					  .name = "[vvar]", .special = v->data };
	result = space_map(s, &data, &at);
	if (result)
		return result;
	struct space_map_request code = { .addr = at + v->data_size, .length = v->image_size,
					  .flags = may | AREA_EXEC | AREA_MAY_EXEC, .fixed = true,
					  .name = "[vdso]", .special = v->image };
	result = space_map(s, &code, &at);
	s->vdso = at;
	return result;
}

static void set_limits(struct space *s)
{
	s->stack_limit = process_limit(RLIMIT_STACK);
	s->data_limit = process_limit(RLIMIT_DATA);
	s->address_limit = process_limit(RLIMIT_AS);
}

static int load_program(struct exec_image *image, struct loaded *l)
{
	struct space *s = image->space;
	int result = read_tables(image->file, image->head, image->head_bytes, image->file_size, l);

	if (result)
		return result;
	image->exec_stack = l->image.exec_stack;
	place_mappings(s);
	result = map_stack(image);
	if (result)
		return result;
	if (l->header.position_independent)
		result = reserve(s, l, align_down(PIE_BASE + random_offset(PIE_RANDOM_PAGES / 16), l->image.align));
	if (!result)
		result = map_segments(s, image->file, l, true);
	if (result)
		return result;
	image->program_entry = image->entry = l->header.entry + l->shift;
	image->headers = l->image.table ? l->image.table + l->shift : 0;
	image->header_count = elf_segment_count(&l->header);
	s->brk_start = align_up(l->image.brk + l->shift, PAGE_SIZE);
	if (exec_randomizes() > 1)
		s->brk_start += random_offset(BRK_RANDOM_PAGES);
	s->brk = s->brk_start;
	if (l->image.interp_size)
		result = load_interpreter(image, l);
	return result;
}

int exec_image_load(struct exec_image *image)
{
	struct loaded l = {0};
	int result;

	image->space = space_create();
	if (!image->space)
		return -ENOMEM;
	set_limits(image->space);
	image->space->no_huge = space_current() && space_current()->no_huge;
	result = load_program(image, &l);
	if (!result)
		result = map_vdso(image->space);
	if (!result) {
		file_get(image->file);
		image->space->exe = image->file;
	}
	kfree(l.table);
	return result;
}
