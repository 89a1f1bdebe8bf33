/* SPDX-License-Identifier: MIT */
/*
 * A boot sector that spoils the BIOS, then starts the boot sector of the second disk: for tests
 * of what the loader does with a BIOS that has no memory map, fails reads, or leaves A20 shut.
 * The test puts what to spoil into the byte at offset 3. It moves itself to 0x80000, where no
 * loader looks, and hooks interrupts 13h and 15h there.
 */
#define HOOK_SEGMENT	0x8000
#define SECOND_DISK	0x81

#define SPOIL_E820	0x01	/* no memory map */
#define SPOIL_READS	0x02	/* every other read fails */
#define SPOIL_A20	0x04	/* A20 starts shut, and the BIOS call to open it fails */
#define SPOIL_LBA	0x08	/* no int 13h extensions */
#define SPOIL_HIGH	0x10	/* A20 starts shut, and the BIOS call opens it */

	.code16
	.text
start:
	jmp	begin
	.org	3
spoil:	.byte	0

begin:
	cli
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %ss
	movw	$0x7c00, %sp
	movw	$HOOK_SEGMENT, %ax
	movw	%ax, %es
	movw	$0x7c00, %si
	xorw	%di, %di
	movw	$256, %cx
	cld
	rep movsw
	ljmp	$HOOK_SEGMENT, $(moved - start)

moved:
	movw	$0x13 * 4, %bx
	movw	$(hook13 - start), %cx
	movw	$(old13 - start), %di
	call	hook
	movw	$0x15 * 4, %bx
	movw	$(hook15 - start), %cx
	movw	$(old15 - start), %di
	call	hook
	sti

	xorw	%ax, %ax
	movw	%ax, %es
	movw	$0x0201, %ax		/* the second disk's first sector to 0x7c00 */
	movw	$0x7c00, %bx
	movw	$1, %cx
	movw	$SECOND_DISK, %dx
	pushf
	lcall	*%cs:(old13 - start)
	testb	$(SPOIL_A20 | SPOIL_HIGH), %cs:(spoil - start)
	jz	1f
	inb	$0x92, %al
	andb	$0xfc, %al
	outb	%al, $0x92
1:	movw	$SECOND_DISK, %dx
	ljmp	$0, $0x7c00

/* Keeps vector BX (times 4) at ES:DI and points it at our CX. */
hook:
	movl	(%bx), %eax
	movl	%eax, %es:(%di)
	movw	%cx, (%bx)
	movw	$HOOK_SEGMENT, 2(%bx)
	ret

hook13:
	cmpb	$0x41, %ah
	jne	1f
	testb	$SPOIL_LBA, %cs:(spoil - start)
	jnz	fail
1:	cmpb	$0x42, %ah
	jne	2f
	testb	$SPOIL_READS, %cs:(spoil - start)
	jz	2f
	xorb	$1, %cs:(turn - start)
	jnz	fail
2:	ljmp	*%cs:(old13 - start)

hook15:
	cmpw	$0xe820, %ax
	jne	3f
	testb	$SPOIL_E820, %cs:(spoil - start)
	jnz	fail
3:	cmpw	$0x2401, %ax
	jne	4f
	testb	$SPOIL_A20, %cs:(spoil - start)
	jnz	fail
4:	ljmp	*%cs:(old15 - start)

/* Back to the caller with carry set, as the BIOS reports an error. */
fail:
	pushw	%bp
	movw	%sp, %bp
	orw	$1, 6(%bp)
	popw	%bp
	movb	$0x04, %ah
	iret

old13:	.long	0
old15:	.long	0
turn:	.byte	0

	.org	510
	.word	0xaa55
	.section .note.GNU-stack, "", @progbits
