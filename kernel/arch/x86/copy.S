/* SPDX-License-Identifier: MIT */
/*
 * The routines of hal/usercopy.h that touch user memory. Each checks its range
 * first, so that an address is canonical and below USER_TOP; stac and clac are
 * patched in where the processor has SMAP. They lie in a section of their own:
 * a fault there is served if it can be, and otherwise goes on where the
 * exception table says.
 *
 * Copies go by eight bytes, never by rep movsb, which is slow where it is
 * emulated. After a fault that stands, the rest is tried byte by byte: what lies
 * before the bad page is copied to the last byte, and the count is exact.
 */
#include "arch/x86/asm.h"

#define EFAULT    14
#define E2BIG     7
#define WORDS_MIN 64 /* from here on rep movsq */

	.section .text.usercopy, "ax"

/* Jumps to bad unless [start, start + n) lies below USER_TOP. Uses rax. */
.macro CHECK_RANGE start, n, bad
	movq \start, %rax
	addq \n, %rax
	jc \bad
	cmpq mmu_user_top, %rax
	ja \bad
.endm

/* size_t usercopy_from(void *to, uaddr_t from, size_t n) */
FUNCTION(usercopy_from)
	CHECK_RANGE %rsi, %rdx, copy_bad
	jmp copy
END(usercopy_from)

/* size_t usercopy_to(uaddr_t to, const void *from, size_t n) */
FUNCTION(usercopy_to)
	CHECK_RANGE %rdi, %rdx, copy_bad
copy:
	ASM_STAC
	cmpq $8, %rdx
	jb 20f
	cmpq $WORDS_MIN, %rdx
	jae 10f
	movl %edx, %ecx
	andl $7, %edx
	andl $~7, %ecx
	addq %rcx, %rsi
	addq %rcx, %rdi
	negq %rcx
1:	movq (%rsi,%rcx), %rax
2:	movq %rax, (%rdi,%rcx)
	addq $8, %rcx
	jnz 1b
copy_tail: /* the last rdx < 8 bytes, as a word that overlaps what is copied already */
	testl %edx, %edx
	jz copy_done
3:	movq -8(%rsi,%rdx), %rax
4:	movq %rax, -8(%rdi,%rdx)
copy_done:
	xorl %eax, %eax
	ASM_CLAC
	ret
10:	movq %rdx, %rcx
	shrq $3, %rcx
	andl $7, %edx
5:	rep movsq
	jmp copy_tail
20:	testb $4, %dl
	jz 21f
6:	movl (%rsi), %eax
7:	movl %eax, (%rdi)
	addq $4, %rsi
	addq $4, %rdi
	subl $4, %edx
21:	testb $2, %dl
	jz 22f
8:	movw (%rsi), %ax
9:	movw %ax, (%rdi)
	addq $2, %rsi
	addq $2, %rdi
	subl $2, %edx
22:	testb $1, %dl
	jz copy_done
11:	movb (%rsi), %al
12:	movb %al, (%rdi)
	jmp copy_done

copy_fix_words: /* rcx is minus the bytes left of the words */
	addq %rcx, %rsi
	addq %rcx, %rdi
	subq %rcx, %rdx
	jmp copy_bytes
copy_fix_rep: /* rcx words and rdx bytes are left */
	leaq (%rdx,%rcx,8), %rdx
copy_bytes:
30:	movb (%rsi), %al
31:	movb %al, (%rdi)
	incq %rsi
	incq %rdi
	decq %rdx
	jnz 30b
	jmp copy_done
copy_fix_bytes:
	ASM_CLAC
copy_bad:
	movq %rdx, %rax
	ret
	EXTABLE(1b, copy_fix_words)
	EXTABLE(2b, copy_fix_words)
	EXTABLE(3b, copy_bytes)
	EXTABLE(4b, copy_bytes)
	EXTABLE(5b, copy_fix_rep)
	EXTABLE(6b, copy_bytes)
	EXTABLE(7b, copy_bytes)
	EXTABLE(8b, copy_bytes)
	EXTABLE(9b, copy_bytes)
	EXTABLE(11b, copy_bytes)
	EXTABLE(12b, copy_bytes)
	EXTABLE(30b, copy_fix_bytes)
	EXTABLE(31b, copy_fix_bytes)
END(usercopy_to)

/* size_t usercopy_clear(uaddr_t to, size_t n) */
FUNCTION(usercopy_clear)
	CHECK_RANGE %rdi, %rsi, 5f
	ASM_STAC
	xorl %eax, %eax
	movq %rsi, %rcx
	shrq $3, %rcx
	andl $7, %esi
1:	rep stosq
	movl %esi, %ecx
2:	rep stosb
	ASM_CLAC
	ret
3:	leaq (%rsi,%rcx,8), %rcx
	jmp 2b
4:	movq %rcx, %rax
	ASM_CLAC
	ret
5:	movq %rsi, %rax
	ret
	EXTABLE(1b, 3b)
	EXTABLE(2b, 4b)
END(usercopy_clear)

/*
 * ssize_t usercopy_string(char *to, uaddr_t from, size_t size)
 *
 * A word that is aligned, or does not cross a page, may be read whole even if
 * the string ends in it. (w - 0x01..) & ~w & 0x80.. has the lowest set bit in
 * the first byte of w that is zero.
 */
FUNCTION(usercopy_string)
	cmpq mmu_user_top, %rsi
	jae 32f
	ASM_STAC
	movq %rdi, %r10
	movabsq $0x0101010101010101, %r8
	movabsq $0x8080808080808080, %r9
	cmpq $8, %rdx
	jb 20f
	movl %esi, %eax
	andl $4095, %eax
	cmpl $4088, %eax
	ja 20f
1:	movq (%rsi), %rax
	movq %rax, (%rdi)
	movq %rax, %rcx
	notq %rcx
	subq %r8, %rax
	andq %rcx, %rax
	andq %r9, %rax
	jnz 30f
	movl %esi, %ecx /* go on at the next aligned word */
	notl %ecx
	andl $7, %ecx
	incl %ecx
	addq %rcx, %rsi
	addq %rcx, %rdi
	subq %rcx, %rdx
10:	cmpq $8, %rdx
	jb 20f
2:	movq (%rsi), %rax
	movq %rax, (%rdi)
	movq %rax, %rcx
	notq %rcx
	subq %r8, %rax
	andq %rcx, %rax
	andq %r9, %rax
	jnz 30f
	addq $8, %rsi
	addq $8, %rdi
	subq $8, %rdx
	jmp 10b
20:	testq %rdx, %rdx
	jz 31f
3:	movb (%rsi), %al
	movb %al, (%rdi)
	testb %al, %al
	jz 21f
	incq %rsi
	incq %rdi
	decq %rdx
	testb $7, %sil
	jz 10b
	jmp 20b
21:	movq %rdi, %rax
	subq %r10, %rax
	ASM_CLAC
	ret
30:	bsfq %rax, %rax
	shrl $3, %eax
	addq %rdi, %rax
	subq %r10, %rax
	ASM_CLAC
	ret
31:	movq $-E2BIG, %rax
	ASM_CLAC
	ret
32:	movq $-EFAULT, %rax
	ASM_CLAC
	ret
	EXTABLE(1b, 32b)
	EXTABLE(2b, 32b)
	EXTABLE(3b, 32b)
END(usercopy_string)

/* int usercopy_store16(uaddr_t to, uint16_t value) */
FUNCTION(usercopy_store16)
	CHECK_RANGE %rdi, $2, 2f
	ASM_STAC
1:	movw %si, (%rdi)
	ASM_CLAC
	xorl %eax, %eax
	ret
2:	movl $-EFAULT, %eax
	ASM_CLAC
	ret
	EXTABLE(1b, 2b)
END(usercopy_store16)

/* int usercopy_load32(uint32_t *value, uaddr_t from) */
FUNCTION(usercopy_load32)
	CHECK_RANGE %rsi, $4, 2f
	ASM_STAC
1:	movl (%rsi), %eax
	ASM_CLAC
	movl %eax, (%rdi)
	xorl %eax, %eax
	ret
2:	movl $-EFAULT, %eax
	ASM_CLAC
	ret
	EXTABLE(1b, 2b)
END(usercopy_load32)

/* int usercopy_cmpxchg32(uaddr_t at, uint32_t old, uint32_t value, uint32_t *seen) */
FUNCTION(usercopy_cmpxchg32)
	CHECK_RANGE %rdi, $4, 2f
	ASM_STAC
	movl %esi, %eax
1:	lock cmpxchgl %edx, (%rdi)
	ASM_CLAC
	movl %eax, (%rcx)
	xorl %eax, %eax
	ret
2:	movl $-EFAULT, %eax
	ASM_CLAC
	ret
	EXTABLE(1b, 2b)
END(usercopy_cmpxchg32)
