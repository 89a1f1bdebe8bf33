/* SPDX-License-Identifier: MIT */
/* The linked vDSO as data, on pages of its own. VDSO_IMAGE names the file. */
	.section .rodata.vdso, "a"
	.balign	4096
	.globl	vdso_image_start
vdso_image_start:
	.incbin	VDSO_IMAGE
	.balign	4096
	.globl	vdso_image_end
vdso_image_end:
	.section .note.GNU-stack, "", @progbits
