/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/proc_interrupts.c: /proc/interrupts (proc(5)), and the same numbers as
 * /proc/stat has them: how often each line, message and kind of interrupt came, by processor.
 *
 * What is registered is gathered under the lines' locks and printed after them.
 */
#include "base/percpu.h"
#include "fs/mem/procfs.h"
#include "hal/irq.h"
#include "lib/errno.h"
#include "mem/slab.h"

struct row {
	unsigned number, cpu;
	uint64_t count;
	const char *controller, *name;
	bool level;
};

struct rows {
	unsigned n;    /* registered; more than room: not all are here */
	unsigned room;
	struct row row[];
};

static void gather(void *arg, const struct irq_info *i)
{
	struct rows *r = arg;

	if (r->n < r->room)
		r->row[r->n] = (struct row){ i->number, i->cpu, i->action->count, i->controller, i->action->name, i->level };
	r->n++;
}

/* All that are registered, to be freed with kfree(); NULL when out of memory. May sleep. */
static struct rows *rows_get(void)
{
	unsigned room = 16;

	for (;;) {
		struct rows *r = kmalloc(sizeof(*r) + room * sizeof(r->row[0]), ALLOC_KERNEL);

		if (!r)
			return NULL;
		r->n = 0;
		r->room = room;
		irq_for_each(gather, r);
		if (r->n <= room)
			return r;
		room = r->n + 8;
		kfree(r);
	}
}

/* One number's row: whoever shares it is told on it. The index behind them. */
static unsigned line_print(struct text *t, const struct rows *r, unsigned i)
{
	const struct row *row = &r->row[i];

	text_printf(t, "%3u: ", row->number);
	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
		text_printf(t, "%10lu ", cpu == row->cpu ? row->count : 0);
	text_printf(t, " %8s %3u-%-8s  %s", row->controller, row->number, row->level ? "fasteoi" : "edge", row->name);
	while (++i < r->n && r->row[i].number == row->number)
		text_printf(t, ", %s", r->row[i].name);
	text_printf(t, "\n");
	return i;
}

static const struct {
	const char *name, *text;
} kinds[IRQ_KINDS] = {
	[IRQ_KIND_NMI]        = { "NMI", "Non-maskable interrupts" },
	[IRQ_KIND_TIMER]      = { "LOC", "Local timer interrupts" },
	[IRQ_KIND_SPURIOUS]   = { "SPU", "Spurious interrupts" },
	[IRQ_KIND_RESCHEDULE] = { "RES", "Rescheduling interrupts" },
	[IRQ_KIND_CALL]       = { "CAL", "Function call interrupts" },
	[IRQ_KIND_TLB]        = { "TLB", "TLB shootdowns" },
};

static void kind_print(struct text *t, enum irq_kind kind)
{
	text_printf(t, "%s: ", kinds[kind].name);
	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
		text_printf(t, "%10lu ", irq_count_kind(cpu, kind));
	text_printf(t, "  %s\n", kinds[kind].text);
}

static int interrupts_show(struct text *t)
{
	struct rows *r = rows_get();

	if (!r)
		return -ENOMEM;
	text_printf(t, "%11s", "");
	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
		text_printf(t, "CPU%-8u", cpu);
	text_printf(t, "\n");
	for (unsigned i = 0; i < r->n;)
		i = line_print(t, r, i);
	for (enum irq_kind kind = 0; kind < IRQ_KINDS; kind++)
		kind_print(t, kind);
	kfree(r);
	return 0;
}

int proc_interrupt_counts(struct text *t)
{
	struct rows *r = rows_get();
	unsigned next = 0;

	if (!r)
		return -ENOMEM;
	text_printf(t, "intr %lu", irq_count_total());
	for (unsigned i = 0; i < r->n; i++) {
		if (i && r->row[i].number == r->row[i - 1].number)
			continue;
		for (; next < r->row[i].number; next++)
			text_printf(t, " 0");
		text_printf(t, " %lu", r->row[i].count);
		next++;
	}
	text_printf(t, "\n");
	kfree(r);
	return 0;
}

TABLE_ENTRY(proc_entries, struct proc_entry, interrupts) = { "interrupts", 0444, interrupts_show, NULL };
