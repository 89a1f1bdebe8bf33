/* SPDX-License-Identifier: MIT */
/* The machine that base/ and mem/ see on the host: see shim.h. */
#include "shim/shim.h"

#include "base/backtrace.h"
#include "base/log.h"
#include "hal/cpu.h"
#include "hal/irq.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/kmap.h"
#include "mem/slab.h"

bool shim_irq_on = true;
char *shim_memory;
void *shim_frame_array;
paddr_t mmu_kernel_root = 1;
unsigned cpu_online_count = 1, cpu_possible_count = 1;
uint64_t percpu_offset[CPU_MAX];
uint32_t preempt_count, panic_cpu;

jmp_buf shim_panic_return;
bool shim_panic_expected;
char shim_panic_text[512];

static struct context context = { .name = "host" };
struct context *context_running = &context;

bool irq_in_progress(void)
{
	return false;
}

void cpu_kick(unsigned cpu)
{
}

/* The one processor calls itself. */
void cpu_call(uint64_t mask, void (*fn)(void *arg), void *arg, bool wait)
{
	if (!(mask & 1))
		return;
	shim_irq_on = false;
	fn(arg);
	shim_irq_on = true;
}

void preempt_check(void)
{
}

void preempt_note(void)
{
}

void rcu_read_note(int change)
{
}

unsigned context_backtrace(uint64_t fp, vaddr_t *out, unsigned max)
{
	return 0;
}

void backtrace_print(enum log_level level, const vaddr_t *chain, unsigned n)
{
}

void might_sleep_check(const char *file, int line)
{
	if (preempt_count || !shim_irq_on)
		panic("%s:%d: may sleep", file, line);
}

const char *symbol_name(vaddr_t addr, uint64_t *offset)
{
	return NULL;
}

void backtrace_log(int level)
{
}

void log_printf(enum log_level level, const char *fmt, ...)
{
}

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(shim_panic_text, sizeof(shim_panic_text), fmt, ap);
	va_end(ap);
	if (shim_panic_expected) {
		shim_panic_expected = false;
		longjmp(shim_panic_return, 1);
	}
	fprintf(stderr, "panic: %s\n", shim_panic_text);
	abort();
}

/* Kernel mappings: what is mapped at each page of the two regions that tests use; 0 is nothing. */
static paddr_t kstack_map[KSTACK_SIZE / PAGE_SIZE], vmap_map[VMAP_SIZE / PAGE_SIZE];
static char stale[VMAP_SIZE / PAGE_SIZE]; /* unmapped and not flushed: must not be mapped again */

static paddr_t *mapping(vaddr_t va)
{
	if (va - KSTACK_BASE < KSTACK_SIZE)
		return &kstack_map[(va - KSTACK_BASE) / PAGE_SIZE];
	if (va - VMAP_BASE < VMAP_SIZE)
		return &vmap_map[(va - VMAP_BASE) / PAGE_SIZE];
	return NULL;
}

int kmap_page(vaddr_t va, paddr_t pa, unsigned prot)
{
	paddr_t *m = mapping(va);

	if (!m)
		return 0; /* the frame array is there already */
	if (*m)
		return -EEXIST;
	if (va - VMAP_BASE < VMAP_SIZE && stale[(va - VMAP_BASE) / PAGE_SIZE])
		panic("mapped again before the TLBs were flushed");
	*m = pa | 1;
	return 0;
}

int kmap_large(vaddr_t va, paddr_t pa, unsigned prot)
{
	return 0;
}

bool kmap_clear(vaddr_t va, paddr_t *pa)
{
	paddr_t *m = mapping(va), old = *m;

	*pa = old & PAGE_MASK;
	*m = 0;
	if (old && va - VMAP_BASE < VMAP_SIZE)
		stale[(va - VMAP_BASE) / PAGE_SIZE] = 1;
	return old != 0;
}

bool kmap_lookup(vaddr_t va, paddr_t *pa)
{
	*pa = *mapping(va) & PAGE_MASK;
	return *mapping(va) != 0;
}

void mmu_flush_kernel(vaddr_t start, vaddr_t end)
{
	for (vaddr_t va = start; va < end; va += PAGE_SIZE)
		if (va - VMAP_BASE < VMAP_SIZE)
			stale[(va - VMAP_BASE) / PAGE_SIZE] = 0;
}

void shim_memory_init(void)
{
	size_t array = align_up(SHIM_MEMORY / PAGE_SIZE * sizeof(struct page), MiB(4));

	if (!shim_memory) {
		shim_memory = aligned_alloc(MiB(4), SHIM_MEMORY);
		shim_frame_array = aligned_alloc(MiB(4), array);
	}
	memset(shim_memory, 0xdd, SHIM_MEMORY);
	memset(shim_frame_array, 0xdd, array);
}

void shim_mem_init(void)
{
	static struct boot_info boot = { .range = { { 0, SHIM_MEMORY, 1 } }, .ranges = 1 };

	shim_memory_init();
	boot_alloc_init(&boot);
	frame_init(&boot);
	slab_init();
}
