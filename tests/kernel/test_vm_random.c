/* SPDX-License-Identifier: MIT */
/*
 * Random operations on a window of a space, beside a model of it: an array with
 * what every page should hold, or every unit of pages. Children are forked along the way, with a copy
 * of the model, and checked and changed too.
 */
#include "vm_helpers.h"

#include "lib/string.h"
#include "mem/slab.h"
#include <linux/mman.h>

#define WINDOW 96
#define LARGE  64                              /* pages of a unit where tables are to be shared */
#define SPACES 4
#define STEPS  4000

/* What the window's elements are: one page each, or many of which some are touched. */
static unsigned unit;

static uaddr_t place(unsigned i)
{
	return 0x40000000UL - 48 * P + (unit > 1 ? 48 * P : 0) + i * unit * P; /* over a border of tables */
}

struct model {
	struct space *s;
	bool mapped[WINDOW];
	uint32_t prot[WINDOW];
	uint8_t value[WINDOW];
};

static bool check_page(const struct model *m, unsigned i)
{
	int expected = m->mapped[i] && m->prot[i] ? m->value[i] : -1;

	for (unsigned page = 0; page < unit; page += 8)
		if (peek(m->s, place(i) + page * P) != expected)
			return false;
	return true;
}

/* Areas in order, without overlap, and counted right. */
static bool check_areas(const struct model *m)
{
	struct area *a;
	uaddr_t last = 0;
	uint64_t total = 0;
	unsigned count = 0;
	bool good = true;

	mutex_lock(&m->s->lock);
	area_for_each(&m->s->areas, a, 0) {
		good &= a->start >= last && a->start < a->end && area_alive(a);
		last = a->end;
		total += area_pages(a);
		count++;
	}
	good &= count == m->s->area_count && total == m->s->count.total;
	mutex_unlock(&m->s->lock);
	for (unsigned i = 0; i < WINDOW; i++)
		total -= m->mapped[i] ? unit : 0;
	return good && total == 0;
}

static bool all_mapped(const struct model *m, unsigned first, unsigned n)
{
	for (unsigned i = first; i < first + n; i++)
		if (!m->mapped[i])
			return false;
	return true;
}

static bool step_map(struct model *m, unsigned first, unsigned n, uint32_t prot)
{
	uaddr_t at = place(first);

	if (map_at(m->s, &at, n * unit, prot, NULL, 0))
		return false;
	for (unsigned i = first; i < first + n; i++) {
		m->mapped[i] = true;
		m->prot[i] = prot;
		m->value[i] = 0;
	}
	return true;
}

static bool step_unmap(struct model *m, unsigned first, unsigned n)
{
	for (unsigned i = first; i < first + n; i++)
		m->mapped[i] = false;
	return space_unmap(m->s, place(first), n * unit * P) == 0;
}

/* What lies before a hole is changed all the same. */
static bool step_protect(struct model *m, unsigned first, unsigned n, uint32_t prot)
{
	bool whole = all_mapped(m, first, n);
	int error = space_protect(m->s, place(first), n * unit * P, prot);

	for (unsigned i = first; i < first + n && m->mapped[i]; i++)
		m->prot[i] = prot;
	return error == (whole ? 0 : -ENOMEM);
}

static bool step_write(struct model *m, unsigned i, uint8_t value)
{
	bool may = m->mapped[i] && (m->prot[i] & AREA_WRITE);

	if (may)
		m->value[i] = value;
	for (unsigned page = 0; page < unit; page += 8)
		if (poke(m->s, place(i) + page * P, value) != may)
			return false;
	return true;
}

static bool step_drop(struct model *m, unsigned first, unsigned n)
{
	bool whole = all_mapped(m, first, n);

	for (unsigned i = first; i < first + n; i++)
		m->value[i] = 0;
	return space_advise(m->s, place(first), n * unit * P, MADV_DONTNEED) == (whole ? 0 : -ENOMEM);
}

/* Moves n pages to where they do not overlap. Only inside one area, so within one earlier protection. */
static bool step_move(struct model *m, unsigned from, unsigned to, unsigned n)
{
	uaddr_t result;

	if (from + n > to && to + n > from)
		return true;
	if (space_remap(m->s, place(from), n * unit * P, n * unit * P, MREMAP_MAYMOVE | MREMAP_FIXED,
			place(to), &result))
		return true; /* several areas, or a hole */
	for (unsigned i = 0; i < n; i++) {
		m->mapped[to + i] = true;
		m->prot[to + i] = m->prot[from + i];
		m->value[to + i] = m->value[from + i];
		m->mapped[from + i] = false;
	}
	return true;
}

static bool step(struct model *m)
{
	static const uint32_t prots[] = { RW, RW, RW, AREA_READ, 0, RW };
	unsigned first = (unsigned)(ktest_random() % WINDOW);
	unsigned n = 1 + (unsigned)(ktest_random() % min(WINDOW - first, 20u));
	uint32_t prot = prots[ktest_random() % ARRAY_SIZE(prots)];
	unsigned to = (unsigned)(ktest_random() % (WINDOW - n + 1));

	switch (ktest_random() % 12) {
	case 0:
	case 1: return step_map(m, first, n, prot);
	case 2: return step_unmap(m, first, n);
	case 3: return step_protect(m, first, n, prot);
	case 4: return step_drop(m, first, n);
	case 5: return step_move(m, first, to, n);
	case 6: return check_page(m, first);
	default: return step_write(m, first, (uint8_t)ktest_random());
	}
}

static bool fork_model(const struct model *from, struct model *to)
{
	*to = *from;
	return space_fork(from->s, &to->s) == 0;
}

static bool run_steps(struct model *m)
{
	for (unsigned i = 0; i < STEPS; i++) {
		unsigned which = (unsigned)(ktest_random() % SPACES);

		if (!m[which].s) {
			unsigned parent = (which + 1) % SPACES;

			if (m[parent].s && !fork_model(&m[parent], &m[which]))
				return false;
		} else if (which && ktest_random() % 60 == 0) {
			space_unuse(m[which].s);
			m[which].s = NULL;
		}
		if (m[which].s && !step(&m[which]))
			return false;
	}
	for (unsigned which = 0; which < SPACES; which++)
		for (unsigned i = 0; m[which].s && i < WINDOW; i++)
			if (!check_page(&m[which], i) || !check_areas(&m[which]))
				return false;
	return true;
}

static void random_operations(unsigned pages)
{
	struct frame_count before = frames_now(), after;
	struct model *m = kcalloc(SPACES, sizeof(*m), ALLOC_KERNEL);
	uint64_t committed = vm_committed();
	bool good;

	check(m != NULL);
	unit = pages;
	m[0].s = space_create();
	check(m[0].s != NULL);
	good = run_steps(m);
	for (unsigned i = 0; i < SPACES; i++)
		if (m[i].s)
			space_unuse(m[i].s);
	kfree(m);
	check(good);
	after = frames_now();
	check_equal(after.user, before.user);
	check_equal(after.tables, before.tables);
	check_equal(vm_committed(), committed);
}

KTEST(vm_random_operations_agree_with_a_model) { random_operations(1); }
KTEST(vm_random_operations_on_shared_tables) { random_operations(LARGE); }
