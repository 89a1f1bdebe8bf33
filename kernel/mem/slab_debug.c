/* SPDX-License-Identifier: MIT */
/*
 * Debug builds: behind every object of a slab lies a trailer. A red zone that
 * must not change; room for the link of the free list, so that the whole object
 * can be poisoned; who allocated or freed it last; and which of the two it was.
 * All are checked when the object changes hands. The owner of the object is the
 * only one who touches its trailer.
 */
#include "base/kasan.h"
#include "base/panic.h"
#include "base/sanitize.h"
#include "lib/string.h"
#include "mem/buddy.h"
#include "mem/slab_impl.h"

#if CONFIG_DEBUG

#define RED_ZONE     0x5ca1ab1e0ddba115UL
#define STATE_USED   0xa110ca7edb10c4edUL
#define STATE_FREE   0xf4eeb10cf4eeb10cUL
#define STATE_NEW    0x0bec7b0b0bec7b0bUL
#define POISON_BYTE  0x6b

struct trailer {
	uint64_t red_zone;
	void *link;      /* kcache.link points here */
	uint64_t caller;
	uint64_t state;
#if CONFIG_KASAN
	uint32_t allocated, freed; /* kasan_trace_save() */
#endif
};
_Static_assert(sizeof(struct trailer) == SLAB_DEBUG_BYTES, "slab_impl.h reserves this much");

static struct trailer *trailer_of(const struct kcache *c, void *p)
{
	return (struct trailer *)((char *)p + align_up(c->size, 8));
}

#if CONFIG_KASAN
/* What slab, which object, and who had it; in a report. */
static void describe(vaddr_t addr)
{
	const struct kcache *c;
	struct trailer *t;
	char *p;

	if (addr - DIRECT_MAP_BASE >= DIRECT_MAP_SIZE || !pfn_valid((addr - DIRECT_MAP_BASE) / PAGE_SIZE))
		return;
	c = slab_cache_of((void *)addr);
	if (!c) {
		frame_describe(phys_to_page(addr - DIRECT_MAP_BASE));
		return;
	}
	p = slab_object_start((void *)addr);
	t = trailer_of(c, p);
	sanitize_say("slab %s, object %p of %u bytes, offset %d, %s\n", c->name, p, c->size,
		     (int)(addr - (vaddr_t)p), t->state == STATE_FREE ? "free" : "allocated");
	kasan_trace_say("allocated by", t->allocated);
	kasan_trace_say("freed by", t->freed);
}

void slab_debug_init(void)
{
	kasan_describe = describe;
}

static void trace_alloc(struct trailer *t) { t->allocated = kasan_trace_save(); }
static void trace_free(struct trailer *t) { t->freed = kasan_trace_save(); }

static void report(const struct kcache *c, void *p, const char *what, uint64_t caller)
{
	if (sanitize_begin(caller, "KASAN: slab %s, object %p: %s", c->name, p, what)) {
		describe((vaddr_t)p);
		sanitize_end();
	}
}
#else
#define trace_alloc(t) ((void)(t))
#define trace_free(t) ((void)(t))
#define report(c, p, what, caller) ((void)0)
#endif

static __noreturn __cold void damaged(const struct kcache *c, void *p, const char *what, uint64_t caller)
{
	uint64_t last = trailer_of(c, p)->caller;
	const char *now = symbol_name(caller, NULL), *before = symbol_name(last, NULL);

	report(c, p, what, caller);
	panic("slab %s, object %p: %s; noticed in %s, last changed hands in %s (%llx)", c->name, p, what,
	      now ? now : "?", before ? before : "?", (unsigned long long)last);
}

void slab_debug_begin(const struct kcache *c, void *p)
{
	struct trailer *t = trailer_of(c, p);

	t->red_zone = RED_ZONE;
	t->caller = 0;
	t->state = STATE_NEW;
}

static void poison_check(const struct kcache *c, void *p, uint64_t caller)
{
	const unsigned char *byte = p;

	for (uint32_t i = 0; i < c->size; i++)
		if (byte[i] != POISON_BYTE)
			damaged(c, p, "written to after it was freed", caller);
}

void slab_debug_alloc(const struct kcache *c, void *p, uint64_t caller)
{
	struct trailer *t = trailer_of(c, p);

	if (t->state != STATE_NEW && t->state != STATE_FREE)
		damaged(c, p, "the free list holds an object that is not free", caller);
	if (t->red_zone != RED_ZONE)
		damaged(c, p, "overrun by its neighbour or after it was freed", caller);
	if (t->state == STATE_FREE)
		poison_check(c, p, caller);
	t->state = STATE_USED;
	trace_alloc(t);
	kasan_unpoison(p, c->size);
	t->caller = caller;
}

void slab_debug_free(const struct kcache *c, void *p, uint64_t caller)
{
	struct trailer *t = trailer_of(c, p);

	if (slab_object_start(p) != p)
		panic("slab %s: freeing %p, which is not the start of an object", c->name, p);
	if (t->state == STATE_FREE)
		damaged(c, p, "freed twice", caller);
	if (t->state != STATE_USED)
		damaged(c, p, "freed, but never allocated", caller);
	if (t->red_zone != RED_ZONE)
		damaged(c, p, "written beyond its end", caller);
	memset(p, POISON_BYTE, c->size);
	t->state = STATE_FREE;
	trace_free(t);
	kasan_poison(p, c->size, KASAN_SLAB_FREE);
	t->caller = caller;
}

#endif
