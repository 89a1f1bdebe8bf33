/* SPDX-License-Identifier: MIT */
/*
 * proc/coredump_write.c: the bytes of a core file on their way: counted against
 * RLIMIT_CORE, with holes where there is nothing. By the dumper alone, no locks.
 */
#include "lib/string.h"
#include "proc/coredump.h"

static const char zeros[PAGE_SIZE];

static bool emit(struct core_writer *w, const void *bytes, size_t n)
{
	struct iter it;
	ssize_t done;

	if (thread_killed() || w->written + n > w->limit)
		return false;
	while (n) {
		iter_init_kernel(&it, (void *)bytes, n, true);
		done = file_write(w->file, &it, w->seeks ? &w->position : NULL);
		if (done <= 0)
			return false;
		w->written += (uint64_t)done;
		if (!w->seeks)
			w->position += done;
		bytes = (const char *)bytes + done;
		n -= (size_t)done;
	}
	return true;
}

bool core_write(struct core_writer *w, const void *bytes, size_t n)
{
	w->hole_at_end = false;
	return emit(w, bytes, n);
}

bool core_skip(struct core_writer *w, uint64_t n)
{
	if (w->seeks) {
		w->position += (loff_t)n;
		w->hole_at_end |= n > 0;
		return !thread_killed();
	}
	for (uint64_t part; n; n -= part) {
		part = min(n, (uint64_t)sizeof(zeros));
		if (!emit(w, zeros, part))
			return false;
	}
	return true;
}

/* A hole at the end needs a last byte to be there. */
bool core_write_end(struct core_writer *w)
{
	if (!w->hole_at_end)
		return true;
	w->position--;
	return core_write(w, zeros, 1);
}
