/* SPDX-License-Identifier: MIT */
/*
 * Iterators: see vm/iter.h. Everything is one loop over runs of bytes that lie
 * together; what differs between kinds is how one run is copied.
 */
#include "vm/iter.h"

#include "base/panic.h"
#include "hal/usercopy.h"
#include "lib/string.h"

void iter_init_segments(struct iter *it, enum iter_kind kind, const struct iter_segment *s, unsigned n,
			size_t count, bool source)
{
	it->kind = kind;
	it->source = source;
	it->segments = n;
	it->segment = s;
	it->offset = 0;
	it->count = count;
}

static void init_single(struct iter *it, enum iter_kind kind, uint64_t base, size_t n, bool source)
{
	it->single = (struct iter_segment){ base, n };
	iter_init_segments(it, kind, &it->single, 1, n, source);
}

void iter_init_user(struct iter *it, uaddr_t base, size_t n, bool source)
{
	init_single(it, ITER_USER, base, n, source);
}

void iter_init_kernel(struct iter *it, void *base, size_t n, bool source)
{
	init_single(it, ITER_KERNEL, (uint64_t)base, n, source);
}

void iter_init_pages(struct iter *it, struct page **page, size_t offset, size_t n, bool source)
{
	*it = (struct iter){
		.kind = ITER_PAGES,
		.source = source,
		.segments = (unsigned)div_round_up(offset + n, PAGE_SIZE),
		.page = page,
		.offset = offset,
		.count = n,
	};
}

/* Bytes of the current segment or page behind the position, and where they are (an address of the kind). */
static inline size_t run(const struct iter *it, uint64_t *at)
{
	if (it->kind == ITER_PAGES) {
		*at = (uint64_t)page_address(*it->page) + it->offset;
		return min(PAGE_SIZE - it->offset, it->count);
	}
	*at = it->segment->base + it->offset;
	return min(it->segment->length - it->offset, it->count);
}

/* Goes n bytes on inside the current segment, and over its end and empty ones. */
static inline void step(struct iter *it, size_t n)
{
	it->offset += n;
	it->count -= n;
	if (it->kind == ITER_PAGES) {
		if (it->offset == PAGE_SIZE && it->count) {
			it->page++;
			it->segments--;
			it->offset = 0;
		}
		return;
	}
	while (it->count && it->offset == it->segment->length) {
		assert(it->segments > 1);
		it->segment++;
		it->segments--;
		it->offset = 0;
	}
}

void iter_advance(struct iter *it, size_t n)
{
	assert(n <= it->count);
	while (n) {
		uint64_t at;
		size_t part = min(run(it, &at), n);

		step(it, part);
		n -= part;
	}
}

void iter_restore(struct iter *it, const struct iter *saved)
{
	*it = *saved;
}

void iter_truncate(struct iter *it, size_t n)
{
	it->count = min(it->count, n);
}

enum move { PUT, TAKE, ZERO };

/* One run. Bytes moved; fewer than n only for user memory. */
static __always_inline size_t move_run(const struct iter *it, uint64_t at, void *buf, size_t n, enum move move)
{
	if (it->kind == ITER_USER) {
		if (move == PUT)
			return n - usercopy_to(at, buf, n);
		return n - (move == TAKE ? usercopy_from(buf, at, n) : usercopy_clear(at, n));
	}
	if (move == PUT)
		memcpy((void *)at, buf, n);
	else if (move == TAKE)
		memcpy(buf, (void *)at, n);
	else
		memset((void *)at, 0, n);
	return n;
}

/* Part of each of the functions below, which makes them short for what they do. */
static __always_inline size_t move_bytes(struct iter *it, char *buf, size_t n, enum move move)
{
	size_t done = 0;

	assert(it->source == (move == TAKE));
	n = min(n, it->count);
	while (done < n) {
		uint64_t at;
		size_t part = min(run(it, &at), n - done);
		size_t moved = move_run(it, at, buf + done, part, move);

		step(it, moved);
		done += moved;
		if (moved < part)
			break;
	}
	return done;
}

size_t iter_put(struct iter *it, const void *buf, size_t n)
{
	return move_bytes(it, (char *)buf, n, PUT);
}

size_t iter_take(struct iter *it, void *buf, size_t n)
{
	return move_bytes(it, buf, n, TAKE);
}

size_t iter_put_zeros(struct iter *it, size_t n)
{
	return move_bytes(it, NULL, n, ZERO);
}

size_t iter_put_atomic(struct iter *it, const void *buf, size_t n)
{
	size_t done;

	usercopy_disable_faults();
	done = move_bytes(it, (char *)buf, n, PUT);
	usercopy_enable_faults();
	return done;
}

size_t iter_take_atomic(struct iter *it, void *buf, size_t n)
{
	size_t done;

	usercopy_disable_faults();
	done = move_bytes(it, buf, n, TAKE);
	usercopy_enable_faults();
	return done;
}

/*
 * Makes the page of a user address present for the access to come. For writing,
 * a zero is exchanged for a zero: the processor asks for write permission
 * whether or not the word is zero, and nothing changes.
 */
static bool touch(uaddr_t addr, bool read_only)
{
	uint32_t seen;
	char byte;

	if (read_only)
		return usercopy_from(&byte, addr, 1) == 0;
	return user_range_ok(addr, 1) && usercopy_cmpxchg32(align_down(addr, 4), 0, 0, &seen) == 0;
}

int iter_fault_in(struct iter *it, size_t n)
{
	struct iter walk = *it;
	bool any = false;

	n = min(n, it->count);
	if (it->kind != ITER_USER || n == 0)
		return 0;
	step(&walk, 0);
	while (n) {
		uint64_t at;
		size_t part = min(run(&walk, &at), n);

		part = min(part, PAGE_SIZE - (at & (PAGE_SIZE - 1)));
		if (!touch(at, it->source))
			return any ? 0 : -EFAULT;
		any = true;
		step(&walk, part);
		n -= part;
	}
	return 0;
}
