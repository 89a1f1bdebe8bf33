/* SPDX-License-Identifier: MIT */
/*
 * Where the vDSO lies in the kernel image. The linked object is data here
 * (vdso_image.S); its entry point is the signal return trampoline.
 */
#include "arch/x86/clock.h"
#include "hal/clock.h"
#include "hal/mmu.h"
#include <linux/elf.h>

extern const char vdso_image_start[], vdso_image_end[];

static struct vdso_info info; /* immutable after vdso_init() */

void vdso_init(const struct clock_shared *shared)
{
	info = (struct vdso_info){
		.image = mmu_image_phys(vdso_image_start),
		.image_size = (size_t)(vdso_image_end - vdso_image_start),
		.data = mmu_image_phys(shared),
		.data_size = sizeof(*shared),
		.sigreturn = ((const Elf64_Ehdr *)vdso_image_start)->e_entry,
	};
}

const struct vdso_info *vdso_info(void)
{
	return &info;
}
