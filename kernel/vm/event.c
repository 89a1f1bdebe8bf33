/* SPDX-License-Identifier: MIT */
/* vm/event.c: see vm/event.h. */
#include "vm/event.h"

PERCPU(uint64_t [VM_EVENTS], vm_events);

uint64_t vm_event_count(enum vm_event event)
{
	uint64_t sum = 0;

	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
		sum += READ_ONCE((*percpu_of(vm_events, cpu))[event]);
	return sum;
}
