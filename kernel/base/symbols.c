/* SPDX-License-Identifier: MIT */
/*
 * Names for addresses of kernel text, out of the table that tools/mksyms makes
 * from the first link: the low 32 bits of all text symbols, ascending. Read
 * only; works from the first instruction on and inside a panic.
 */
#include "base/panic.h"
#include "hal/mmu.h"

extern const uint32_t ksyms_count;
extern const uint32_t ksyms_offset[], ksyms_name[];
extern const char ksyms_names[];

/* No function is longer: beyond it, an address is not in the text at all. */
#define FUNCTION_MAX KiB(64)

const char *symbol_name(vaddr_t addr, uint64_t *offset)
{
	uint32_t low = (uint32_t)addr;
	uint32_t first = 0, count = ksyms_count; /* the answer is before first + count */

	if (addr < KERNEL_BASE || count == 0 || low < ksyms_offset[0])
		return NULL;
	while (count > 1) {
		uint32_t half = count / 2;

		if (ksyms_offset[first + half] <= low) {
			first += half;
			count -= half;
		} else {
			count = half;
		}
	}
	if (low - ksyms_offset[first] >= FUNCTION_MAX)
		return NULL;
	while (first > 0 && ksyms_offset[first - 1] == ksyms_offset[first])
		first--; /* of several names the first wins */
	if (offset)
		*offset = low - ksyms_offset[first];
	return ksyms_names + ksyms_name[first];
}
