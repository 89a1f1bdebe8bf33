/* SPDX-License-Identifier: MIT */
/*
 * vm/event.h: how often things happened to memory since the start, for /proc/vmstat.
 * Each processor counts for itself; any context but an interrupt.
 */
#ifndef VM_EVENT_H
#define VM_EVENT_H

#include "base/percpu.h"
#include "lib/types.h"

enum vm_event {
	VM_EVENT_FAULT,             /* that was served, of any kind */
	VM_EVENT_MAJOR_FAULT,       /* that waited for a file */
	VM_EVENT_HUGE_FAULT,        /* that entered a large page */
	VM_EVENT_HUGE_SPLIT,        /* a large page became small ones */
	VM_EVENT_OOM_KILL,
	VM_EVENTS,
};

DECLARE_PERCPU(uint64_t [VM_EVENTS], vm_events);

static inline void vm_event(enum vm_event event)
{
	cpu_local_add(vm_events[event], 1);
}

/* The sum of all processors; a snapshot. */
uint64_t vm_event_count(enum vm_event event);

#endif
