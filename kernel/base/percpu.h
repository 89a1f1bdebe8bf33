/* SPDX-License-Identifier: MIT */
/*
 * base/percpu.h: variables of which every processor has its own copy.
 *
 *   PERCPU(uint64_t, frames_cached);            definition; static PERCPU(...) works
 *   DECLARE_PERCPU(uint64_t, frames_cached);    in a header
 *   cpu_local_read(frames_cached)               this processor's, one instruction
 *   percpu_of(frames_cached, cpu)               pointer to another's copy
 *
 * An access to this processor's copy is only meaningful while the thread cannot
 * move: preemption off, or interrupts off if a handler uses the variable too.
 */
#ifndef BASE_PERCPU_H
#define BASE_PERCPU_H

#include "hal/cpu.h"

#define PERCPU(type, name)         __section(".percpu") typeof(type) name
#define DECLARE_PERCPU(type, name) extern typeof(type) name

/* Distance from the image's copy to each processor's; 0 for processor 0. Immutable once that processor runs. */
extern uint64_t percpu_offset[CPU_MAX];

#define percpu_of(name, cpu) ((typeof(&(name)))((uint64_t)&(name) + percpu_offset[cpu]))

#endif
