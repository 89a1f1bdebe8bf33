/* SPDX-License-Identifier: MIT */
/*
 * Stage 1: the master boot record, what the BIOS reads from sector 0 to 0x7c00 and jumps to in
 * real mode, the drive's number in DL. It reads the next 63 sectors (our header, stage 2) right
 * behind itself with one call, and jumps to stage 2. Whatever fails is told on the screen and on
 * COM1 in one line, then the machine halts.
 *
 * Bytes 3 to 0x59 are left free: some BIOSes take any USB stick for a floppy with a FAT
 * parameter block there, and write into it. The disk signature (0x1b8) and the partition table
 * (0x1be) are filled in by tools/mkimage.
 */
#include "layout.h"

	.code16
	.text
	.globl	stage1_start
stage1_start:
	jmp	begin
	nop
	.org	0x5a

begin:
	ljmp	$0, $1f			/* some BIOSes jump to 07c0:0000 */
1:	cli
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	$STACK_TOP, %sp
	sti
	cld
	movb	%dl, drive

	movb	$0x41, %ah		/* are the int 13h extensions there? */
	movw	$0x55aa, %bx
	int	$0x13
	movw	$no_extensions, %si
	jc	fail
	cmpw	$0xaa55, %bx
	jne	fail
	testb	$1, %cl
	jz	fail

	movw	$5, %di			/* tries */
2:	movw	$(1 + STAGE2_SECTORS), packet_count
	movw	$packet, %si
	movb	$0x42, %ah
	movb	drive, %dl
	int	$0x13
	jnc	3f
	xorb	%ah, %ah		/* reset the drive before the next try */
	movb	drive, %dl
	int	$0x13
	decw	%di
	jnz	2b
	movw	$read_error, %si
	jmp	fail

3:	movw	$no_image, %si
	cmpl	$HEADER_MAGIC_LOW, HEADER_ADDR
	jne	fail
	cmpl	$HEADER_MAGIC_HIGH, HEADER_ADDR + 4
	jne	fail
	movb	drive, %dl
	ljmp	$0, $STAGE2_ADDR

/* Prints the prefix, then the text at SI, then halts for good. */
fail:
	call	serial_start
	pushw	%si
	movw	$prefix, %si
	call	print
	popw	%si
	call	print
	movw	$line_end, %si
	call	print
4:	cli
	hlt
	jmp	4b

/* COM1 to 115200 baud, 8 bits, no parity, one stop bit. */
serial_start:
	pushw	%si
	movw	$serial_setup, %si
5:	lodsw				/* AL: the register, AH: its value */
	testb	%al, %al
	jz	6f
	movw	$COM1_PORT, %dx
	addb	%al, %dl
	decw	%dx
	movb	%ah, %al
	outb	%al, %dx
	jmp	5b
6:	popw	%si
	ret

print:
	lodsb
	testb	%al, %al
	jz	9f
	pushw	%ax
	movb	$0x0e, %ah
	movw	$7, %bx
	int	$0x10
	movw	$0xffff, %cx
7:	movw	$(COM1_PORT + 5), %dx
	inb	%dx, %al
	testb	$0x20, %al		/* room for a byte; also set where no port answers */
	loopz	7b
	movw	$COM1_PORT, %dx
	popw	%ax
	outb	%al, %dx
	jmp	print
9:	ret

packet:
	.byte	16, 0
packet_count:
	.word	0
	.word	HEADER_ADDR, 0
	.quad	HEADER_LBA

/* Pairs of register number plus one, and value; a zero ends. */
serial_setup:
	.byte	3 + 1, 0x80, 0 + 1, 1, 1 + 1, 0, 3 + 1, 3, 2 + 1, 7, 0

prefix:		.asciz	"linnet boot: "
no_extensions:	.asciz	"this BIOS reads no disk by block number"
read_error:	.asciz	"disk read error"
no_image:	.asciz	"no Linnet image behind the boot sector"
line_end:	.asciz	"\r\n"
drive:		.byte	0

	.globl	stage1_code_end
stage1_code_end:
	.org	510
	.word	0xaa55
