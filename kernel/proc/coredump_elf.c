/* SPDX-License-Identifier: MIT */
/*
 * proc/coredump_elf.c: a core file: ELF header, program headers (the notes, then an
 * area each), the notes, the areas' memory. What of an area is written is decided
 * by /proc/PID/coredump_filter and MADV_DONTDUMP; the rest of it has a header and
 * no bytes. Pages that were never touched become holes.
 */
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/coredump.h"
#include "proc/internal.h"
#include <linux/elf.h>

enum { FILTER_ANON_PRIVATE = 1, FILTER_ANON_SHARED = 2, FILTER_FILE_PRIVATE = 4, FILTER_FILE_SHARED = 8, FILTER_HEADERS = 16 };

struct part {                 /* an area of the process */
	uaddr_t start, end;
	uint64_t bytes;       /* written of it */
	uint32_t flags;       /* PF_* */
	bool anonymous;       /* what is not there now is zeros */
	bool may_be_elf;      /* its first page is written if it is an ELF header */
};

struct layout {
	uint32_t filter;
	struct part *part;
	unsigned n, room;
	struct text names, ranges; /* of NT_FILE */
	uint64_t files;
	char *page;
	bool failed;
};

static uint64_t bytes_wanted(const struct layout *l, const struct area *a, bool *may_be_elf)
{
	const struct file *f = a->file;
	uint64_t all = a->end - a->start;
	bool named = f && f->inode->nlink;

	if (a->flags & AREA_SPECIAL)
		return all;
	if (a->flags & AREA_DONTDUMP)
		return 0;
	if (a->flags & AREA_SHARED)
		return l->filter & (named ? FILTER_FILE_SHARED : FILTER_ANON_SHARED) ? all : 0;
	if ((READ_ONCE(a->anon) || !a->object) && (l->filter & FILTER_ANON_PRIVATE))
		return READ_ONCE(a->anon) ? all : 0;
	if (!f)
		return 0;
	if (l->filter & FILTER_FILE_PRIVATE)
		return all;
	if (!(l->filter & FILTER_HEADERS) || a->page_offset || !(a->flags & AREA_READ))
		return 0;
	if (f->inode->mode & 0111)
		return PAGE_SIZE;
	*may_be_elf = true;
	return 0;
}

static bool grow(struct layout *l)
{
	unsigned room = l->room ? 2 * l->room : 64;
	struct part *part = krealloc(l->part, room * sizeof(*part), ALLOC_KERNEL);

	if (!part)
		return false;
	l->part = part;
	l->room = room;
	return true;
}

static void add_file(struct layout *l, const struct area *a)
{
	const struct file *f = a->file;
	uint64_t range[3] = { a->start, a->end, a->page_offset };
	const char *name;
	int error;

	name = path_name(&f->path, &root_path, l->page, PAGE_SIZE, &error);
	if (!name)
		name = "";
	text_put(&l->names, name, strlen(name) + 1);
	text_put(&l->ranges, (const char *)range, sizeof(range));
	l->files++;
}

static int add_area(void *arg, const struct area *a)
{
	struct layout *l = arg;
	struct part *p;

	if (l->n == l->room && !grow(l))
		return -ENOMEM;
	p = &l->part[l->n++];
	*p = (struct part){ .start = a->start, .end = a->end, .anonymous = !a->object && !(a->flags & AREA_SPECIAL) };
	p->bytes = bytes_wanted(l, a, &p->may_be_elf);
	p->flags = (a->flags & AREA_READ ? PF_R : 0) | (a->flags & AREA_WRITE ? PF_W : 0) |
		   (a->flags & AREA_EXEC ? PF_X : 0);
	if (a->file)
		add_file(l, a);
	return 0;
}

/* Libraries need not be executable files; what they begin with says what they are. */
static void look_for_headers(struct layout *l, struct space *s)
{
	char magic[SELFMAG];

	for (unsigned i = 0; i < l->n; i++) {
		struct part *p = &l->part[i];

		if (p->may_be_elf && space_copy_from(s, magic, p->start, SELFMAG) == SELFMAG &&
		    !memcmp(magic, ELFMAG, SELFMAG))
			p->bytes = PAGE_SIZE;
	}
}

static void add_file_note(struct text *notes, struct layout *l)
{
	uint64_t head[2] = { l->files, PAGE_SIZE };
	struct text x = {0};

	if (!l->files)
		return;
	text_put(&x, (const char *)head, sizeof(head));
	text_put(&x, l->ranges.buf, l->ranges.length);
	text_put(&x, l->names.buf, l->names.length);
	if (x.failed || l->ranges.failed || l->names.failed)
		notes->failed = true;
	else
		core_note(notes, "CORE", NT_FILE, x.buf, x.length);
	kfree(x.buf);
}

static void make_notes(struct text *x, struct layout *l, int sig, const siginfo_t *info, struct task **others, unsigned n)
{
	core_notes_thread(x, task_current(), sig);
	core_notes_process(x, info);
	add_file_note(x, l);
	core_notes_extended(x, task_current());
	for (unsigned i = 0; i < n; i++) {
		core_notes_thread(x, others[i], sig);
		core_notes_extended(x, others[i]);
	}
}

static bool write_headers(struct core_writer *w, const struct layout *l, const struct text *notes)
{
	uint64_t at = sizeof(Elf64_Ehdr) + (l->n + 1) * sizeof(Elf64_Phdr);
	Elf64_Ehdr e = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_CORE, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
		.e_phoff = sizeof(e), .e_ehsize = sizeof(e), .e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (Elf64_Half)(l->n + 1),
	};
	Elf64_Phdr h = { .p_type = PT_NOTE, .p_offset = at, .p_filesz = notes->length, .p_align = 4 };

	if (!core_write(w, &e, sizeof(e)) || !core_write(w, &h, sizeof(h)))
		return false;
	at = align_up(at + notes->length, PAGE_SIZE);
	for (unsigned i = 0; i < l->n; i++) {
		const struct part *p = &l->part[i];

		h = (Elf64_Phdr){ .p_type = PT_LOAD, .p_flags = p->flags, .p_offset = at, .p_vaddr = p->start,
				  .p_filesz = p->bytes, .p_memsz = p->end - p->start, .p_align = PAGE_SIZE };
		at += p->bytes;
		if (!core_write(w, &h, sizeof(h)))
			return false;
	}
	return core_write(w, notes->buf, notes->length) &&
	       core_skip(w, align_up((uint64_t)w->position, PAGE_SIZE) - (uint64_t)w->position);
}

static bool write_part(struct core_writer *w, const struct layout *l, const struct part *p, struct space *s)
{
	for (uaddr_t at = p->start; at < p->start + p->bytes; at += PAGE_SIZE) {
		bool there = p->anonymous ? space_copy_present(s, l->page, at) :
					    space_copy_from(s, l->page, at, PAGE_SIZE) == PAGE_SIZE;

		if (!(there ? core_write(w, l->page, PAGE_SIZE) : core_skip(w, PAGE_SIZE)))
			return false;
	}
	return true;
}

static void write_all(struct core_writer *w, const struct layout *l, const struct text *notes, struct space *s)
{
	if (!write_headers(w, l, notes))
		return;
	for (unsigned i = 0; i < l->n; i++)
		if (!write_part(w, l, &l->part[i], s))
			return;
	(void)core_write_end(w); /* a file cut short is one all the same */
}

bool core_write_elf(struct core_writer *w, int sig, const siginfo_t *info, struct task **others, unsigned n)
{
	struct space *s = task_current()->space;
	struct layout l = { .filter = atomic_load(&process_current()->core_filter) };
	struct text notes = {0};
	bool good;

	l.page = kmalloc(PAGE_SIZE, ALLOC_KERNEL);
	good = l.page && !space_for_each(s, 0, add_area, &l);
	if (good) {
		look_for_headers(&l, s);
		make_notes(&notes, &l, sig, info, others, n);
		good = !notes.failed;
	}
	if (good)
		write_all(w, &l, &notes, s);
	kfree(notes.buf);
	kfree(l.names.buf);
	kfree(l.ranges.buf);
	kfree(l.part);
	kfree(l.page);
	return good;
}
