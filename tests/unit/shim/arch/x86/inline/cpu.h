/* SPDX-License-Identifier: MIT */
/* The inlines of hal/cpu.h for one processor that is a thread of the host. */
#ifndef SHIM_CPU_H
#define SHIM_CPU_H

#include <stdbool.h>
#include <stdint.h>

#define cpu_local_read(var)	    (var)
#define cpu_local_read_stable(var)  (var)
#define cpu_local_write(var, value) ((void)((var) = (value)))
#define cpu_local_add(var, n)	    ((void)((var) += (n)))
#define cpu_local_ptr(var)	    (&(var))

extern bool shim_irq_on;

static inline unsigned cpu_id(void) { return 0; }
static inline bool irq_enabled(void) { return shim_irq_on; }
static inline void irq_disable(void) { shim_irq_on = false; }
static inline void irq_enable(void) { shim_irq_on = true; }
static inline uint64_t irq_save(void)
{
	bool was = shim_irq_on;
	shim_irq_on = false;
	return was;
}
static inline void irq_restore(uint64_t state) { shim_irq_on = state; }
static inline void cpu_relax(void) { }
static inline uint64_t cpu_cycles(void) { return 0; }
static inline uint64_t cpu_frame_pointer(void) { return 0; }

#endif
