/* SPDX-License-Identifier: MIT */
/*
 * What our own programs have instead of a C library: system calls, an entry
 * point and the few string functions the compiler or we need. A program that
 * includes this defines rt_main() and is linked with -nostdlib -static; it is a
 * few kilobytes, which matters because process 1 is copied and paged in at
 * every boot.
 *
 * System calls return what the kernel returns: 0 or positive, or -errno.
 */
#ifndef USER_RT_H
#define USER_RT_H

#include <asm/unistd.h>
#include <stddef.h>
#include <stdint.h>

int rt_main(int argc, char **argv, char **envp);

/* A program that must do something in its very first instruction defines this. */
#ifndef RT_FIRST
#define RT_FIRST ""
#endif

__asm__(".globl _start\n"
	"_start:\n" RT_FIRST
	"	xor %ebp, %ebp\n"
	"	mov (%rsp), %edi\n"		/* argc */
	"	lea 8(%rsp), %rsi\n"		/* argv */
	"	lea 16(%rsp,%rdi,8), %rdx\n"	/* envp, after argv's null */
	"	and $-16, %rsp\n"
	"	call rt_main\n"
	"	mov %eax, %edi\n"
	"	mov $231, %eax\n"		/* exit_group */
	"	syscall\n"
	"	ud2\n"
	".globl rt_sigreturn\n"
	"rt_sigreturn:\n"
	"	mov $15, %eax\n"
	"	syscall\n");

void rt_sigreturn(void);

static inline long sys6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

#define SYS_PICK(a, b, c, d, e, f, g, ...) sys6(a, b, c, d, e, f, g)
/* SYS(read, fd, buf, n): any system call by its name; missing arguments are 0. */
#define SYS(name, ...) SYS_NAMED(__NR_##name, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define SYS_NAMED(nr, a, b, c, d, e, f, ...) \
	SYS_PICK(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f), 0)

/* The compiler may call these two on its own. */
void *memcpy(void *to, const void *from, size_t n)
{
	char *t = to;
	const char *f = from;

	while (n--)
		*t++ = *f++;
	return to;
}

void *memset(void *to, int byte, size_t n)
{
	char *t = to;

	while (n--)
		*t++ = (char)byte;
	return to;
}

static inline size_t rt_strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

/* Where s goes on after prefix, or NULL if it does not start with it. */
static inline char *rt_after(char *s, const char *prefix)
{
	while (*prefix)
		if (*s++ != *prefix++)
			return NULL;
	return s;
}

/* Writes n in decimal at to, returns the end; no terminating zero. */
static inline char *rt_decimal(char *to, unsigned long n)
{
	char digits[20];
	int i = 0;

	do {
		digits[i++] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	while (i)
		*to++ = digits[--i];
	return to;
}

/* Reads a decimal number and moves *s past it. */
static inline unsigned rt_number(char **s)
{
	unsigned n = 0;

	for (; **s >= '0' && **s <= '9'; ++*s)
		n = n * 10 + (unsigned)(**s - '0');
	return n;
}

static inline void rt_print(int fd, const char *s)
{
	SYS(write, fd, s, rt_strlen(s));
}

#endif /* USER_RT_H */
