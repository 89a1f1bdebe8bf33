/* SPDX-License-Identifier: MIT */
/*
 * What the tests of vm/ share: spaces that no thread runs in, touched through
 * space_copy_*() and space_fault(), and a count of frames before and after.
 */
#ifndef TESTS_VM_HELPERS_H
#define TESTS_VM_HELPERS_H

#include "base/ktest.h"
#include "lib/errno.h"
#include "mem/frame.h"
#include "sched/work.h"
#include "vm/areas.h"

#define RW (AREA_READ | AREA_WRITE)
#define MAY (AREA_MAY_READ | AREA_MAY_WRITE | AREA_MAY_EXEC)
#define P PAGE_SIZE

struct frame_count { uint64_t user, tables; };

static inline struct frame_count frames_now(void)
{
	struct frame_stats s;

	work_settle();
	frame_stats(&s);
	return (struct frame_count){ s.user, s.tables };
}

/* Maps at addr (fixed), or anywhere if 0. */
static inline int map_at(struct space *s, uaddr_t *addr, size_t pages, uint32_t flags, struct object *o, uint64_t offset)
{
	struct space_map_request r = {
		.addr = *addr, .length = pages * P, .flags = flags | MAY, .fixed = *addr != 0,
		.object = o, .page_offset = offset,
	};

	return space_map(s, &r, addr);
}

/* A byte of the space; -1 when it cannot be read. */
static inline int peek(struct space *s, uaddr_t addr)
{
	uint8_t byte;

	if (space_fault(s, addr, FAULT_READ) || space_copy_from(s, &byte, addr, 1) != 1)
		return -1;
	return byte;
}

static inline bool poke(struct space *s, uaddr_t addr, uint8_t byte)
{
	return space_fault(s, addr, FAULT_WRITE) == 0 && space_copy_to(s, addr, &byte, 1, false) == 1;
}

/* Runs the body with a fresh space and compares frames at the end. */
static inline void with_space(void (*body)(struct space *s))
{
	struct frame_count before = frames_now(), after;
	struct space *s = space_create();

	check(s != NULL);
	body(s);
	space_unuse(s);
	after = frames_now();
	check_equal(after.user, before.user);
	check_equal(after.tables, before.tables);
}

#endif
