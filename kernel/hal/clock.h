/* SPDX-License-Identifier: MIT */
/*
 * hal/clock.h: reading time and asking for one interrupt at a time.
 *
 * Time is signed 64-bit nanoseconds. The time stamp counter is calibrated at
 * boot against the best thing there is (PVH/KVM clock, HPET, ACPI PM timer or
 * PIT) over a short window (under one million instructions when emulated), and
 * corrected over a longer baseline later without ever going backwards.
 */
#ifndef HAL_CLOCK_H
#define HAL_CLOCK_H

#include "lib/types.h"

#define NSEC_PER_SEC 1000000000LL

/* Calibrates, reads the RTC where there is one, starts the local timer in one-shot mode. */
void clock_init(void);

/* Nanoseconds since boot; never goes backwards. Any context, no locks. */
nsec_t clock_now(void);

/* Nanoseconds since 1970-01-01 UTC: clock_now() plus an offset that can be set. */
nsec_t clock_wall(void);
void clock_set_wall(nsec_t wall);

/*
 * Compares the time stamp counter with its reference over all the time since
 * boot and corrects its rate; time stays continuous. Thread context, no locks
 * held, not urgent. Returns the clock_now() time at which to call it next;
 * INT64_MAX when it needs no more. The first call is due at CLOCK_REFINE_FIRST.
 */
#define CLOCK_REFINE_FIRST (NSEC_PER_SEC / 4)
nsec_t clock_refine(void);

/*
 * Asks this processor's timer for one interrupt at the given clock_now() time
 * (at once if it is past; INT64_MAX cancels). Interrupts off. The interrupt
 * calls upcall_timer().
 */
void clock_set_deadline(nsec_t when);

/* Name of the clock source, for the boot log; frequency in kHz. */
const char *clock_source_name(void);
uint64_t clock_tsc_khz(void);

/*
 * The vDSO image (an ELF shared object) and the page of data it reads, as
 * frames to map into programs: data read-only directly below the image, which
 * is readable and executable.
 */
struct vdso_info {
	paddr_t image, data;           /* page aligned, in the kernel image */
	size_t image_size, data_size;  /* bytes, multiples of the page size */
	size_t sigreturn;              /* offset of the signal return trampoline in the image */
};
const struct vdso_info *vdso_info(void);

#endif
