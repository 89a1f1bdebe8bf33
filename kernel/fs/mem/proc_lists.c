/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/proc_lists.c: lists in /proc that are short here, or empty: there are no block
 * devices, no swap, no modules, one zone of memory and one node.
 */
#include "base/random.h"
#include "hal/cpu.h"
#include "fs/mem/procfs.h"
#include "lib/string.h"
#include "mem/frame.h"

PROC_CONSTANT(swaps, "swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority");
PROC_CONSTANT(execdomains, "execdomains", "0-0\tLinux           \t[kernel]");
PROC_CONSTANT(devices, "devices",
	      "Character devices:\n  1 mem\n  4 /dev/vc/0\n  4 tty\n  4 ttyS\n  5 /dev/tty\n  5 /dev/console\n"
	      "  5 /dev/ptmx\n128 ptm\n136 pts\n\nBlock devices:");

static int nothing_show(struct text *t)
{
	return 0;
}

TABLE_ENTRY(proc_entries, struct proc_entry, modules) = { "modules", 0444, nothing_show, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, partitions) = { "partitions", 0444, nothing_show, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, diskstats) = { "diskstats", 0444, nothing_show, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, misc) = { "misc", 0444, nothing_show, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, fb) = { "fb", 0444, nothing_show, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, crypto) = { "crypto", 0444, nothing_show, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, consoles) = { "consoles", 0444, nothing_show, NULL };

static int zoneinfo_show(struct text *t)
{
	struct frame_stats f;

	frame_stats(&f);
	text_printf(t, "Node 0, zone   Normal\n  pages free     %lu\n        spanned  %lu\n        present  %lu\n"
		       "        managed  %lu\n  start_pfn:           0\n",
		    (unsigned long)f.free, (unsigned long)f.total, (unsigned long)f.total, (unsigned long)f.total);
	return 0;
}

static int buddyinfo_show(struct text *t)
{
	text_printf(t, "Node 0, zone   Normal ");
	for (unsigned order = 0; order <= FRAME_ORDER_MAX; order++)
		text_printf(t, "%6u ", frame_free_blocks(order));
	text_printf(t, "\n");
	return 0;
}

/* Interrupt handlers leave no work behind here: threads do it, or nobody. */
static int softirqs_show(struct text *t)
{
	static const char *const names[] = {
		"HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "TASKLET", "SCHED", "HRTIMER", "RCU",
	};

	text_printf(t, "                    ");
	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
		text_printf(t, "CPU%-8u", cpu);
	text_printf(t, "\n");
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		text_printf(t, "%12s:", names[i]);
		for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
			text_printf(t, " %10u", 0u);
		text_printf(t, "\n");
	}
	return 0;
}

TABLE_ENTRY(proc_entries, struct proc_entry, buddyinfo) = { "buddyinfo", 0444, buddyinfo_show, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, softirqs) = { "softirqs", 0444, softirqs_show, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, zoneinfo) = { "zoneinfo", 0444, zoneinfo_show, NULL };

/* ---- /proc/sys/kernel/random ------------------------------------------------------------ */

/* A random number in the form of RFC 4122, version 4. */
static void uuid_print(struct text *t, const uint8_t *b)
{
	for (unsigned i = 0; i < 16; i++)
		text_printf(t, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", b[i]);
	text_printf(t, "\n");
}

static void uuid_make(uint8_t *b)
{
	random_bytes(b, 16);
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
}

static int uuid_show(struct text *t)
{
	uint8_t b[16];

	uuid_make(b);
	uuid_print(t, b);
	return 0;
}

static int boot_id_show(struct text *t)
{
	static struct mutex lock = MUTEX_INIT(lock, RANK_SLEEP_LEAF);
	static uint8_t id[16]; /* lock */

	MUTEX_GUARD(&lock);
	if (!id[6])
		uuid_make(id);
	uuid_print(t, id);
	return 0;
}

TABLE_ENTRY(proc_entries, struct proc_entry, uuid) = { "sys/kernel/random/uuid", 0444, uuid_show, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, boot_id) = { "sys/kernel/random/boot_id", 0444, boot_id_show, NULL };
PROC_CONSTANT(entropy, "sys/kernel/random/entropy_avail", "256");
PROC_CONSTANT(poolsize, "sys/kernel/random/poolsize", "256");
