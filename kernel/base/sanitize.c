/* SPDX-License-Identifier: MIT */
/*
 * Reports of the sanitizer builds. One processor reports at a time; the others
 * wait, and so does nobody who holds what a report needs, since it needs
 * nothing. Places that were reported are remembered by address, so that a
 * kernel that goes on after reports says each only once.
 */
#include "base/sanitize.h"
#include "base/cmdline.h"
#include "base/log.h"
#include "base/panic.h"
#include "hal/context.h"
#include "hal/cpu.h"
#include "lib/atomic.h"
#include "lib/format.h"
#include "lib/string.h"

#if CONFIG_UBSAN || CONFIG_KASAN || CONFIG_KCSAN

#define PLACES_MAX 256
#define CHAIN_MAX  24

static uint32_t reporter;          /* atomic: the processor that reports + 1, or 0 */
static unsigned count;             /* reporter; read without */
static vaddr_t place[PLACES_MAX];  /* reporter: what was reported */
static char heading[256];          /* reporter */
static uint64_t irq_state;         /* reporter */

void sanitize_say(const char *fmt, ...)
{
	static char line[320]; /* reporter */
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vformat(line, sizeof(line), fmt, ap);
	va_end(ap);
	log_emergency(line, min_t(size_t, (size_t)n, sizeof(line) - 1));
}

void sanitize_say_chain(const vaddr_t *chain, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint64_t offset = 0;
		const char *name = symbol_name(chain[i], &offset);

		sanitize_say("  %016llx %s+0x%llx\n", (unsigned long long)chain[i], name ? name : "?",
			     (unsigned long long)offset);
	}
}

static bool seen_before(vaddr_t caller)
{
	for (unsigned i = 0; i < min(count, (unsigned)PLACES_MAX); i++)
		if (place[i] == caller)
			return true;
	return false;
}

/* True on the one processor that may report. Interrupts are off then. */
static bool enter(vaddr_t caller)
{
	uint64_t irq = irq_save();
	uint32_t nobody = 0, self = cpu_id() + 1;

	while (!atomic_compare_exchange(&reporter, &nobody, self)) {
		if (nobody == self || panic_active())
			goto no;
		nobody = 0;
		cpu_relax();
	}
	if (!panic_active() && !seen_before(caller)) {
		irq_state = irq;
		return true;
	}
	atomic_store_release(&reporter, 0);
no:
	irq_restore(irq);
	return false;
}

bool sanitize_begin(vaddr_t caller, const char *fmt, ...)
{
	static vaddr_t chain[CHAIN_MAX]; /* reporter */
	const struct context *c = context_current();
	va_list ap;

	if (!enter(caller))
		return false;
	place[count++ % PLACES_MAX] = caller;
	va_start(ap, fmt);
	vformat(heading, sizeof(heading), fmt, ap);
	va_end(ap);
	sanitize_say("\nsanitizer: %s\nprocessor %u, thread %s\n", heading, cpu_id(),
		     c && c->name ? c->name : "(none)");
	sanitize_say_chain(chain, context_backtrace(cpu_frame_pointer(), chain, CHAIN_MAX));
	return true;
}

void sanitize_end(void)
{
	const char *how = cmdline_get("sanitize");
	bool known = *cmdline_text(); /* before that, a panic would not know what to do then */

	if (known && (!how || strcmp(how, "report") != 0))
		panic("%s", heading);
	atomic_store_release(&reporter, 0);
	irq_restore(irq_state);
}

unsigned sanitize_count(void)
{
	return atomic_load(&count);
}

#endif
