/* SPDX-License-Identifier: MIT */
/*
 * Restartable sequences: registration errors, the processor number, and that a
 * signal inside a critical section leads to its abort handler.
 */

#include "tap.h"

#include <linux/rseq.h>
#include <sched.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

static struct rseq *area(void)
{
	return (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
}

static long sys_rseq(void *at, unsigned length, int flags, unsigned signature)
{
	return syscall(SYS_rseq, at, length, flags, signature);
}

static volatile int alarms;

static void on_alarm(__attribute__((unused)) int sig)
{
	alarms++;
}

/* Spins inside a critical section until something interrupts it: 1 if the abort handler ran. */
static int spin_in_section(struct rseq *r)
{
	int aborted;

	__asm__ volatile(
		".pushsection .data, \"aw\"\n"
		".balign 32\n"
		"1: .long 0, 0\n"
		".quad 2f, 3f - 2f, 4f\n"
		".popsection\n"
		"leaq 1b(%%rip), %%rax\n"
		"movq %%rax, %c[cs](%[r])\n"
		"2: pause\n"
		"jmp 2b\n"
		"3: movl $0, %[aborted]\n"
		"jmp 5f\n"
		".long 0x53053053\n"
		"4: movl $1, %[aborted]\n"
		"5:\n"
		: [aborted] "=&r"(aborted)
		: [r] "r"(r), [cs] "i"(__builtin_offsetof(struct rseq, rseq_cs))
		: "rax", "memory", "cc");
	return aborted;
}

static void on_signal(__attribute__((unused)) int sig)
{
}

/* A section at an address that is not there is the program's end when a signal looks at it. */
static void bad_section(void)
{
	int status = IN_CHILD({
		signal(SIGUSR1, on_signal);
		area()->rseq_cs = 0x1000;
		raise(SIGUSR1);
	});

	CHECK_INT("a section that is not there: SIGSEGV", status & 127, SIGSEGV);
}

static void on_segv(int sig)
{
	raise(SIGUSR2);
	_exit(sig);
}

/*
 * A handler of SIGSEGV is entered through the same broken area. Linux lets it begin if no other
 * task had a turn (the second SIGSEGV is blocked by the first then), but not past the next signal.
 */
static void bad_section_handled(void)
{
	int status = IN_CHILD({
		signal(SIGUSR1, on_signal);
		signal(SIGUSR2, on_signal);
		signal(SIGSEGV, on_segv);
		area()->rseq_cs = 0x1000;
		raise(SIGUSR1);
	});

	CHECK_INT("its handler does not help", status & 127, SIGSEGV);
}

int main(void)
{
	struct rseq *r = area();
	static struct rseq other;
	int aborted = 0;

	CHECK("glibc registered an area", __rseq_size > 0);
	CHECK("the processor's number is in it", r->cpu_id == (unsigned)sched_getcpu());
	CHECK_ERRNO("the same again", sys_rseq(r, 32, 0, RSEQ_SIG), EBUSY);
	CHECK_ERRNO("another signature", sys_rseq(r, 32, 0, 1), EPERM);
	CHECK_ERRNO("another area", sys_rseq(&other, 32, 0, RSEQ_SIG), EINVAL);
	CHECK_ERRNO("unknown flags", sys_rseq(r, 32, 4, RSEQ_SIG), EINVAL);
	CHECK_ERRNO("unregister another", sys_rseq(&other, 32, RSEQ_FLAG_UNREGISTER, RSEQ_SIG), EINVAL);
	CHECK_ERRNO("unregister with another signature", sys_rseq(r, 32, RSEQ_FLAG_UNREGISTER, 1), EPERM);

	signal(SIGALRM, on_alarm);
	struct itimerval t = { .it_value = { 0, 2000 } };
	setitimer(ITIMER_REAL, &t, NULL);
	/* Another thread's turn aborts it as well, so perhaps not only once. */
	while (!alarms && (aborted = spin_in_section(r)))
		;
	CHECK("a signal inside a section aborts it", aborted == 1);
	CHECK("its handler ran", alarms == 1);
	CHECK("the section is over", r->rseq_cs == 0);
	bad_section();
	bad_section_handled();

	CHECK("unregister", sys_rseq(r, 32, RSEQ_FLAG_UNREGISTER, RSEQ_SIG) == 0);
	CHECK("no number any more", r->cpu_id == (unsigned)RSEQ_CPU_ID_UNINITIALIZED);
	CHECK_ERRNO("an unaligned area", sys_rseq((char *)&other + 4, 32, 0, RSEQ_SIG), EINVAL);
	CHECK_ERRNO("a wrong length", sys_rseq(r, 31, 0, RSEQ_SIG), EINVAL);
	CHECK_ERRNO("memory that is not there", sys_rseq((void *)0x7ffffffff000, 32, 0, RSEQ_SIG), EFAULT);
	CHECK("register", sys_rseq(r, 32, 0, RSEQ_SIG) == 0);
	return tap_done();
}
