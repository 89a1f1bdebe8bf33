/* SPDX-License-Identifier: MIT */
/* ptrace(2): steps and blocks, breakpoints and watchpoints of the processor, registers. */
#include "traced.h"
#include <elf.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/user.h>

static volatile int counted;
static volatile long watched[4];

__attribute__((noinline)) static void count(int n)
{
	for (int i = 0; i < n; i++)
		counted++;
}

static void steps(void)
{
	struct user_regs_struct r;
	unsigned long before;
	siginfo_t info;
	pid_t child;
	long word;
	int n = 0, status;

	child = TRACED_CHILD(__asm__ volatile("int3; nop; nop; nop"); syscall(SYS_getpid); _exit(9));
	pt(PTRACE_CONT, child, 0, 0);
	wait_for(child);
	pt(PTRACE_GETREGS, child, 0, (long)&r);
	before = r.rip;
	for (int i = 0; i < 3; i++) {
		CHECK_OK("step", pt(PTRACE_SINGLESTEP, child, 0, 0));
		status = wait_for(child);
		pt(PTRACE_GETREGS, child, 0, (long)&r);
		pt(PTRACE_GETSIGINFO, child, 0, (long)&info);
		TELL("a step", "%s %ld, code %d, trap flag %d", told(status), (long)(r.rip - before), info.si_code, !!(r.eflags & 0x100));
	}
	TELL("dr6", "%lx", (pt(PTRACE_PEEKUSER, child, offsetof(struct user, u_debugreg[6]), (long)&word), word));
	for (n = 0; n < 1000; n++) {
		pt(PTRACE_SINGLESTEP, child, 0, 0);
		wait_for(child);
		pt(PTRACE_GETREGS, child, 0, (long)&r);
		word = 0;
		pt(PTRACE_PEEKTEXT, child, r.rip, (long)&word);
		if ((word & 0xffff) == 0x050f)
			break;
	}
	CHECK("stepped to a system call", n < 1000);
	before = r.rip;
	pt(PTRACE_SINGLESTEP, child, 0, 0);
	status = wait_for(child);
	pt(PTRACE_GETREGS, child, 0, (long)&r);
	pt(PTRACE_GETSIGINFO, child, 0, (long)&info);
	TELL("over it", "%s %ld, code %d, result %d", told(status), (long)(r.rip - before), info.si_code, (long)r.rax == child);
	pt(PTRACE_SINGLESTEP, child, 0, 0);
	status = wait_for(child);
	pt(PTRACE_GETSIGINFO, child, 0, (long)&info);
	TELL("and on", "%s code %d", told(status), info.si_code);
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("no more steps", child);

	/* A breakpoint as gdb sets it. */
	child = TRACED_CHILD(count(3); _exit(counted));
	word = 0;
	pt(PTRACE_PEEKTEXT, child, (long)count, (long)&word);
	CHECK_OK("poke int3", pt(PTRACE_POKETEXT, child, (long)count, (word & ~0xffL) | 0xcc));
	pt(PTRACE_CONT, child, 0, 0);
	status = wait_for(child);
	pt(PTRACE_GETREGS, child, 0, (long)&r);
	TELL("breakpoint", "%s %ld", told(status), (long)(r.rip - (unsigned long)count));
	pt(PTRACE_POKETEXT, child, (long)count, word);
	r.rip--;
	r.rdi = 20;
	pt(PTRACE_SETREGS, child, 0, (long)&r);
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("goes on, with another argument", child);

	/* A handler entered by a step. */
	child = TRACED_CHILD(signal(SIGUSR1, (void (*)(int))count); raise(SIGUSR1); _exit(counted > 3));
	pt(PTRACE_CONT, child, 0, 0);
	wait_for(child);
	pt(PTRACE_SINGLESTEP, child, 0, SIGUSR1);
	status = wait_for(child);
	pt(PTRACE_GETREGS, child, 0, (long)&r);
	TELL("step into a handler", "%s %d %d", told(status), r.rip == (unsigned long)count, (int)r.rdi);
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("its end", child);

	/* The trap flag that a program sets itself. */
	child = TRACED_CHILD(__asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq; nop; nop" ::: "memory", "cc"); _exit(1));
	pt(PTRACE_CONT, child, 0, 0);
	status = wait_for(child);
	pt(PTRACE_GETREGS, child, 0, (long)&r);
	pt(PTRACE_GETSIGINFO, child, 0, (long)&info);
	TELL("own trap flag", "%s code %d, seen %d", told(status), info.si_code, !!(r.eflags & 0x100));
	finish(child);
}

#define DR(n) offsetof(struct user, u_debugreg[n])

static void hardware(void)
{
	struct user_regs_struct r;
	siginfo_t info;
	pid_t child;
	long word;
	int status;

	child = TRACED_CHILD(
		for (int i = 0; i < 3; i++)
			watched[i] = 1;
		long x = watched[1];
		count(1);
		read(open("/dev/zero", O_RDONLY), (void *)watched, sizeof(watched));
		_exit((int)x));
	CHECK_OK("dr0", pt(PTRACE_POKEUSER, child, DR(0), (long)&watched[1]));
	CHECK_OK("dr1", pt(PTRACE_POKEUSER, child, DR(1), (long)count));
	CHECK_ERRNO("dr7: ports", pt(PTRACE_POKEUSER, child, DR(7), 1 | 2 << 16), EINVAL);
	CHECK_ERRNO("dr7: a long instruction", pt(PTRACE_POKEUSER, child, DR(7), 4 | 0xcL << 20), EINVAL);
	CHECK_OK("dr7: write of 8, execution", pt(PTRACE_POKEUSER, child, DR(7), 1 | 4 | 9 << 16));
	pt(PTRACE_PEEKUSER, child, DR(7), (long)&word);
	TELL("dr7", "%lx", word);
	pt(PTRACE_PEEKUSER, child, DR(0), (long)&word);
	CHECK("dr0 is what was set", word == (long)&watched[1]);
	CHECK_ERRNO("dr0: not aligned", pt(PTRACE_POKEUSER, child, DR(0), (long)&watched[1] + 1), EINVAL);
	pt(PTRACE_CONT, child, 0, 0);
	status = wait_for(child);
	pt(PTRACE_GETSIGINFO, child, 0, (long)&info);
	pt(PTRACE_PEEKUSER, child, DR(6), (long)&word);
	TELL("a write", "%s code %d, dr6 %lx", told(status), info.si_code, word);
	pt(PTRACE_PEEKDATA, child, (long)&watched[1], (long)&word);
	TELL("is done", "%ld", word);
	CHECK_OK("dr6", pt(PTRACE_POKEUSER, child, DR(6), 0));
	pt(PTRACE_CONT, child, 0, 0);
	status = wait_for(child);
	pt(PTRACE_GETREGS, child, 0, (long)&r);
	pt(PTRACE_PEEKUSER, child, DR(6), (long)&word);
	pt(PTRACE_GETSIGINFO, child, 0, (long)&info);
	TELL("an instruction", "%s code %d, dr6 %lx, at it %d", told(status), info.si_code, word, r.rip == (unsigned long)count);
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("the kernel's own accesses do not count", child);

	child = TRACED_CHILD(long x = watched[2]; watched[2] = x + 1; _exit(0));
	pt(PTRACE_POKEUSER, child, DR(3), (long)&watched[2]);
	CHECK_OK("dr7: any access to 4", pt(PTRACE_POKEUSER, child, DR(7), 0xfUL << 28 | 1 << 6));
	pt(PTRACE_CONT, child, 0, 0);
	status = wait_for(child);
	pt(PTRACE_PEEKUSER, child, DR(6), (long)&word);
	TELL("a read", "%s dr6 %lx", told(status), word);
	CHECK_OK("dr7: off", pt(PTRACE_POKEUSER, child, DR(7), 0));
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("off", child);
}

static void registers(void)
{
	struct user_regs_struct r, part;
	struct user_fpregs_struct fp;
	struct iovec v;
	static char xstate[8192] __attribute__((aligned(64)));
	pid_t child;

	child = TRACED_CHILD(
		register long a __asm__("r12") = 1;
		register double d __asm__("xmm3") = 2.5;
		__asm__ volatile("int3" : "+r"(a), "+x"(d));
		_exit((int)a + (int)(d * 10)));
	pt(PTRACE_CONT, child, 0, 0);
	wait_for(child);
	CHECK_OK("getregs", pt(PTRACE_GETREGS, child, 0, (long)&r));
	TELL("selectors", "%llx %llx %llx %llx %llx %llx", r.cs, r.ss, r.ds, r.es, r.fs, r.gs);
	TELL("orig_rax", "%lld", r.orig_rax);
	CHECK("fs_base", r.fs_base != 0 && r.gs_base == 0);
	v = (struct iovec){ &part, 1000 };
	CHECK_OK("getregset", pt(PTRACE_GETREGSET, child, NT_PRSTATUS, (long)&v));
	TELL("as long as", "%zu", v.iov_len);
	CHECK("the same", !memcmp(&r, &part, sizeof(r)));
	r.r12 = 100;
	v = (struct iovec){ &r, offsetof(struct user_regs_struct, rbp) };
	CHECK_OK("setregset of a part", pt(PTRACE_SETREGSET, child, NT_PRSTATUS, (long)&v));
	CHECK_OK("getfpregs", pt(PTRACE_GETFPREGS, child, 0, (long)&fp));
	TELL("fp", "%x %x %x", fp.cwd, fp.ftw, fp.mxcsr);
	double d;
	memcpy(&d, (char *)fp.xmm_space + 3 * 16, 8);
	TELL("xmm3", "%g", d);
	d = 6.5;
	memcpy((char *)fp.xmm_space + 3 * 16, &d, 8);
	CHECK_OK("setfpregs", pt(PTRACE_SETFPREGS, child, 0, (long)&fp));
	unsigned mxcsr = fp.mxcsr;
	fp.mxcsr = 0xffffffff;
	CHECK_ERRNO("setfpregs, bad mxcsr", pt(PTRACE_SETFPREGS, child, 0, (long)&fp), EINVAL);
	fp.mxcsr = mxcsr;
	v = (struct iovec){ xstate, sizeof(xstate) };
	CHECK_OK("xstate", pt(PTRACE_GETREGSET, child, NT_X86_XSTATE, (long)&v));
	memcpy(&d, xstate + 160 + 3 * 16, 8);
	TELL("xmm3 there", "%g", d);
	CHECK("components", (*(uint64_t *)(xstate + 464) & 7) == 7);
	CHECK_OK("set it", pt(PTRACE_SETREGSET, child, NT_X86_XSTATE, (long)&v));
	*(uint64_t *)(xstate + 512) |= 1UL << 62;
	CHECK_ERRNO("set unknown components", pt(PTRACE_SETREGSET, child, NT_X86_XSTATE, (long)&v), EINVAL);
	*(uint64_t *)(xstate + 512) &= ~(1UL << 62);
	*(uint64_t *)(xstate + 520) = 1;
	CHECK_ERRNO("set a compacted one", pt(PTRACE_SETREGSET, child, NT_X86_XSTATE, (long)&v), EINVAL);
	unsigned long base = 0;
	CHECK_OK("arch_prctl", pt(30, child, (long)&base, 0x1003));
	CHECK("it is fs_base", base == r.fs_base);
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("what was set is there", child);

	/* Memory that its owner may not write. */
	child = TRACED_CHILD(_exit(*(volatile const char *)"Z"));
	static const char *const text = "constant";
	long word;
	pt(PTRACE_PEEKDATA, child, (long)text, (long)&word);
	CHECK("peek", !memcmp(&word, "constant", 8));
	memcpy(&word, "CONSTANT", 8);
	CHECK_OK("poke what is read-only", pt(PTRACE_POKEDATA, child, (long)text, word));
	CHECK("ours is as it was", !strcmp(text, "constant"));
	pt(PTRACE_PEEKDATA, child, (long)text, (long)&word);
	CHECK("the child's is not", !memcmp(&word, "CONSTANT", 8));
	char path[32], buf[8] = "";
	snprintf(path, sizeof(path), "/proc/%d/mem", child);
	int fd = open(path, O_RDWR);
	CHECK_INT("/proc/PID/mem: read", pread(fd, buf, 8, (long)text), 8);
	CHECK("is the child's", !memcmp(buf, "CONSTANT", 8));
	CHECK_INT("/proc/PID/mem: write", pwrite(fd, "again...", 8, (long)text), 8);
	CHECK_ERRNO("/proc/PID/mem: nothing there", pread(fd, buf, 8, 8), EIO);
	close(fd);
	FILE *f;
	snprintf(path, sizeof(path), "/proc/%d/status", child);
	f = fopen(path, "r");
	char line[100];
	while (f && fgets(line, sizeof(line), f)) {
		int tracer;

		if (!strncmp(line, "State:", 6))
			TELL("state", "%.24s", line + 7);
		if (sscanf(line, "TracerPid: %d", &tracer) == 1)
			CHECK_INT("TracerPid", tracer, getpid());
	}
	fclose(f);
	finish(child);
}

int main(void)
{
	steps();
	hardware();
	registers();
	return tap_done();
}
