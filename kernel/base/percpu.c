/* SPDX-License-Identifier: MIT */
/*
 * Where each processor's variables are. Processor 0 uses the image's section
 * itself. Every other one gets a zeroed copy when it is started, so that a
 * per-processor variable must be right when it is all zero, or be set up by its
 * owner for each processor.
 */
#include "base/percpu.h"

uint64_t percpu_offset[CPU_MAX];
