/* SPDX-License-Identifier: MIT */
/*
 * Where programs' addresses end: 47 bits, or 56 where the processor has five levels of
 * page tables, but there only for those who ask. Addresses are told relative to the borders,
 * so that the answers are the same wherever things happen to lie.
 */
#include "tap.h"
#include <asm/prctl.h>
#include <linux/futex.h>
#include <setjmp.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/uio.h>
#include <ucontext.h>

#define PAGE   4096L
#define WINDOW ((1L << 47) - PAGE) /* what everybody gets */
#define HIGH   (1L << 48)
#define ANON   (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW     (PROT_READ | PROT_WRITE)

static sigjmp_buf jump;
static siginfo_t fault;
static long pc;

static void on_fault(int n, siginfo_t *info, void *context)
{
	(void)n;
	fault = *info;
	pc = ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
	siglongjmp(jump, 1);
}

static void get_byte(long p) { (void)*(volatile char *)p; }
static void put_byte(long p) { *(volatile char *)p = 99; }
static void run_it(long p) { (void)((int (*)(void))p)(); }
static void raise_it(long p) { (void)p, raise(SIGUSR1); }

/* Does what this does with the address fault? What the signal said is in "fault". */
static __attribute__((noinline)) int faults(void (*does)(long), long p)
{
	if (sigsetjmp(jump, 1))
		return 1;
	does(p);
	return 0;
}

/* The address, if it is what was asked for; else the part it lies in, or the error. */
static const char *place(long got, long asked)
{
	static char text[64];

	if (got == -1)
		snprintf(text, sizeof(text), "error %d", errno);
	else if (got == asked)
		snprintf(text, sizeof(text), "there");
	else
		snprintf(text, sizeof(text), "%s", got < WINDOW ? "below" : "above");
	return text;
}

static void told_mmap(const char *what, long addr, long length, int flags)
{
	long got = (long)mmap((void *)addr, length, RW, ANON | MAP_NORESERVE | flags, -1, 0);

	TELL(what, "%s", place(got, addr));
	if (got != -1)
		munmap((void *)got, length);
}

static void hints(void)
{
	char *p;

	told_mmap("no hint", 0, PAGE, 0);
	told_mmap("a hint of 2^48", HIGH, PAGE, 0);
	told_mmap("a hint of 2^47", 1L << 47, PAGE, 0);
	told_mmap("a hint of the first page above the window", WINDOW, PAGE, 0);
	told_mmap("a hint of the last page of the window", WINDOW - PAGE, PAGE, 0);
	told_mmap("a hint whose end is above", WINDOW - PAGE, 2 * PAGE, 0);
	told_mmap("a hint of 2^55", 1L << 55, 8 * PAGE, 0);
	told_mmap("a hint of 2^56", 1L << 56, PAGE, 0);
	told_mmap("a hint of 2^57", 1L << 57, PAGE, 0);
	told_mmap("a hint of -1 page", -PAGE, PAGE, 0);
	told_mmap("a hint of -2 pages, too long", -2 * PAGE, 8 * PAGE, 0);
	told_mmap("a hint of the last page of 56 bits", (1L << 56) - 2 * PAGE, PAGE, 0);
	told_mmap("a hint of the page after that", (1L << 56) - PAGE, PAGE, 0);
	told_mmap("an odd hint", HIGH + 1, PAGE, 0);
	told_mmap("a hint above, MAP_32BIT", HIGH, PAGE, MAP_32BIT);
	told_mmap("2^48 bytes, no hint", 0, 1L << 48, 0);
	told_mmap("2^48 bytes, a hint above", HIGH, 1L << 48, 0);
	told_mmap("2^52 bytes, a hint above", HIGH, 1L << 52, 0);
	told_mmap("2^46 bytes, no hint", 0, 1L << 46, 0);
	p = mmap((void *)HIGH, PAGE, RW, ANON, -1, 0);
	TELL("a hint that is taken", "%s", place((long)mmap((void *)HIGH, PAGE, RW, ANON, -1, 0), HIGH));
	TELL("a hint within what is taken", "%s",
	     place((long)mmap((void *)(HIGH - PAGE), 3 * PAGE, RW, ANON, -1, 0), HIGH - PAGE));
	munmap(p, PAGE);
	p = mmap((void *)0x12345678800, PAGE, RW, ANON, -1, 0);
	CHECK("a hint is rounded down", p == (void *)0x12345678000);
	munmap(p, PAGE);
}

static void fixed(void)
{
	static const struct { const char *what; long addr; } place_of[] = {
		{ "fixed at 2^47", 1L << 47 }, { "fixed at the end of the window", WINDOW },
		{ "fixed just below it", WINDOW - PAGE }, { "fixed at 2^48", HIGH },
		{ "fixed at 2^55", 1L << 55 }, { "fixed at the last page", (1L << 56) - 2 * PAGE },
		{ "fixed after the last page", (1L << 56) - PAGE }, { "fixed at 2^56", 1L << 56 },
		{ "fixed at 2^57", 1L << 57 }, { "fixed at the end", -PAGE },
	};

	for (unsigned i = 0; i < sizeof(place_of) / sizeof(*place_of); i++) {
		long addr = place_of[i].addr;

		told_mmap(place_of[i].what, addr, PAGE, MAP_FIXED_NOREPLACE);
		errno = 0;
		TELL("munmap", "%d, error %d", munmap((void *)addr, PAGE), errno);
		errno = 0;
		TELL("mprotect", "%d, error %d", mprotect((void *)addr, PAGE, PROT_READ), errno);
		errno = 0;
		TELL("madvise", "%d, error %d", madvise((void *)addr, PAGE, MADV_DONTNEED), errno);
		errno = 0;
		TELL("msync", "%d, error %d", msync((void *)addr, PAGE, MS_ASYNC), errno);
		errno = 0;
		TELL("mlock", "%d, error %d", mlock((void *)addr, PAGE), errno);
	}
	told_mmap("across the window's end", WINDOW - 4 * PAGE, 16 * PAGE, MAP_FIXED_NOREPLACE);
	told_mmap("across two top entries", 2 * HIGH - 4 * PAGE, 16 * PAGE, MAP_FIXED_NOREPLACE);
}

/* What lies in four different top entries, the same in a child, and copied on write. */
static void contents(void)
{
	static const long at[] = { HIGH, 3 * HIGH + 8 * PAGE, (1L << 55) + (1L << 39), (1L << 56) - 5 * PAGE };
	int good = 0, alone = 0, status;

	for (int i = 0; i < 4; i++) {
		char *p = mmap((void *)at[i], 4 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);

		if (p != (void *)at[i])
			continue;
		for (int j = 0; j < 4; j++)
			p[j * PAGE] = (char)(16 * i + j + 1);
	}
	status = IN_CHILD(
		for (int i = 0; i < 4; i++)
			if (!faults(get_byte, at[i] + PAGE) && *(char *)(at[i] + PAGE) == 16 * i + 2 &&
			    !faults(put_byte, at[i] + PAGE))
				good += *(char *)(at[i] + PAGE) == 99;
		_exit(good));
	TELL("a child sees and changes them", "%d", WEXITSTATUS(status));
	for (int i = 0; i < 4; i++)
		alone += !faults(get_byte, at[i] + PAGE) && *(char *)(at[i] + PAGE) == 16 * i + 2;
	TELL("the parent's are as before", "%d", alone);
	for (int i = 0; i < 4; i++) {
		TELL("unmapped", "%d", munmap((void *)at[i], 4 * PAGE));
		CHECK_INT("is gone", faults(get_byte, (long)at[i]), 1);
		TELL("signal code", "%d", fault.si_code);
	}
}

static void large(void)
{
	long size = 8L << 20, sum = 0;
	char *p = mmap((void *)(5 * HIGH), size, RW, ANON, -1, 0);

	memset(p, 1, size);
	int status = IN_CHILD(
		for (long i = 0; i < size; i += PAGE) {
			sum += p[i];
			p[i] = 2;
		}
		_exit(sum == size / PAGE ? 7 : 8));
	CHECK_INT("a child writes to 8 MiB", WEXITSTATUS(status), 7);
	for (long i = 0; i < size; i += PAGE)
		sum += p[i];
	CHECK_INT("which leaves the parent's alone", sum, size / PAGE);
	CHECK_INT("munmap a part", munmap(p + (3L << 20), 1L << 20), 0);
	CHECK_INT("munmap all", munmap(p, size), 0);
}

static void moving(void)
{
	char *p = mmap((void *)HIGH, PAGE, RW, ANON, -1, 0), *q;

	p[0] = 5;
	mmap(p + PAGE, PAGE, RW, ANON, -1, 0);
	q = mremap(p, PAGE, 4 * PAGE, MREMAP_MAYMOVE);
	TELL("mremap of what cannot grow there", "%s, %d", place((long)q, (long)p), q[0]);
	p = mremap(q, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, 7 * HIGH);
	TELL("mremap to 7 * 2^48", "%s", place((long)p, 7 * HIGH));
	if (p != MAP_FAILED)
		q = p;
	CHECK_INT("the content comes with it", q[0], 5);
	TELL("mremap beyond the end", "%s",
	     place((long)mremap(q, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, (1L << 56) - 4 * PAGE), 0));
	munmap(q, 4 * PAGE);
}

static void lines_of_maps(void)
{
	char line[256], *p = mmap((void *)HIGH, PAGE, PROT_READ, ANON, -1, 0);
	FILE *f = fopen("/proc/self/maps", "r");
	int found = 0, high = 0, stack = 0, heap = 0;

	while (fgets(line, sizeof(line), f)) {
		unsigned long from = strtoul(line, NULL, 16);

		if (from == HIGH) {
			line[strcspn(line, "\n")] = 0;
			TELL("its line in maps", "%s", line);
			found = 1;
		} else {
			high += from > (unsigned long)WINDOW && from < 1UL << 63;
		}
		if (strstr(line, "[stack]"))
			stack = from < (unsigned long)WINDOW;
		if (strstr(line, "[heap]"))
			heap = from < (unsigned long)WINDOW;
	}
	fclose(f);
	TELL("found, others above, stack below, heap below", "%d %d %d %d", found, high, stack, heap);
	munmap(p, PAGE);
}

/* System calls with addresses near the borders. */
static void transfers(void)
{
	static const unsigned long at[] = {
		1UL << 47, HIGH, (1UL << 56) - 3 * PAGE, (1UL << 56) - 2 * PAGE, (1UL << 56) - 1, 1UL << 56, 1UL << 57,
		0xff00000000000000, 0xffff000000000000, 0xffff800000000000, 0xfffffffffffff000,
	};
	int fd = open("/dev/zero", O_RDWR), pipes[2];
	uint32_t *word = mmap((void *)HIGH, PAGE, RW, ANON, -1, 0);
	char *name = (char *)(word + 16);
	struct iovec to, from;

	pipe(pipes);
	for (unsigned i = 0; i < sizeof(at) / sizeof(*at); i++) {
		long got;

		errno = 0;
		got = read(fd, (void *)at[i], 8);
		TELL("read into", "%ld, error %d", got, errno);
		errno = 0;
		got = write(pipes[1], (void *)at[i], 8);
		TELL("write from", "%ld, error %d", got, errno);
		errno = 0;
		got = access((void *)at[i], F_OK);
		TELL("a name at", "%ld, error %d", got, errno);
		errno = 0;
		got = syscall(SYS_futex, at[i], FUTEX_WAIT, 1, NULL, NULL, 0);
		TELL("a futex at", "%ld, error %d", got, errno);
	}
	memcpy(name, "/dev/null", 10);
	CHECK_OK("a name is read there", access(name, F_OK));
	CHECK_INT("a system call's length reaches over the end", read(fd, (void *)HIGH, -1L - HIGH), -1);
	from = (struct iovec){ name, 10 };
	to = (struct iovec){ (char *)word + 100, 10 };
	CHECK_INT("process_vm_readv", process_vm_readv(getpid(), &to, 1, &from, 1, 0), 10);
	CHECK_INT("and it is right", strcmp((char *)word + 100, "/dev/null"), 0);
	fd = open("/proc/self/mem", O_RDWR);
	CHECK_INT("pread of /proc/self/mem", pread(fd, (char *)word + 200, 10, (long)name), 10);
	CHECK_INT("pwrite too", pwrite(fd, "x", 1, (long)word), 1);
	CHECK_INT("and it is there", *(char *)word, 'x');
	errno = 0;
	TELL("pread beyond the end", "%ld, error %d", (long)pread(fd, name, 1, 1L << 56), errno);
	munmap(word, PAGE);
}

static void bases(void)
{
	static const unsigned long at[] = {
		1UL << 46, WINDOW - 1, WINDOW, 1UL << 47, HIGH, (1UL << 56) - PAGE - 1, (1UL << 56) - PAGE, 1UL << 56,
		1UL << 57, 0xff00000000000000, 0xffff800000000000,
	};
	unsigned long got;

	for (unsigned i = 0; i < sizeof(at) / sizeof(*at); i++) {
		errno = 0;
		TELL("ARCH_SET_GS", "%ld, error %d", syscall(SYS_arch_prctl, ARCH_SET_GS, at[i]), errno);
		syscall(SYS_arch_prctl, ARCH_GET_GS, &got);
		TELL("ARCH_GET_GS", "%lx", got);
	}
	syscall(SYS_arch_prctl, ARCH_SET_GS, 0);
}

/* Access where there is nothing, by border. */
static void accesses(void)
{
	static const unsigned long at[] = {
		WINDOW, 1UL << 47, HIGH, (1UL << 56) - PAGE, 1UL << 56, 1UL << 57, 0xff00000000000000,
		0xffff000000000000, 0xffff800000000000, 0xffffffff80100000,
	};

	for (unsigned i = 0; i < sizeof(at) / sizeof(*at); i++) {
		CHECK_INT("an access faults", faults(get_byte, (long)at[i]), 1);
		TELL("signal, code, address", "%d %d %lx", fault.si_signo, fault.si_code, (long)fault.si_addr);
	}
}

static unsigned long target;

static void on_usr1(int n, siginfo_t *info, void *context)
{
	(void)n, (void)info;
	((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] = (long)target;
}

/* sigreturn(2) to addresses where no code is. */
static void returns(void)
{
	static const unsigned long at[] = {
		0, HIGH, WINDOW, (1UL << 47) - 1, 1UL << 47, (1UL << 56) - PAGE, 1UL << 56, 1UL << 57,
	};
	struct sigaction a = { .sa_sigaction = on_usr1, .sa_flags = SA_SIGINFO };

	sigaction(SIGUSR1, &a, NULL);
	for (unsigned i = 0; i < sizeof(at) / sizeof(*at); i++) {
		target = at[i];
		CHECK_INT("a return to nowhere", faults(raise_it, 0), 1);
		TELL("signal, code, address", "%d %d %lx", fault.si_signo, fault.si_code, (long)fault.si_addr);
		TELL("rip", "%lx", pc);
	}
}

/* mov $39,%eax; syscall; ret: getpid(2). And ud2. */
static const unsigned char code[] = { 0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3, 0x0f, 0x0b };

static void runs_there(void)
{
	static const long at[] = { WINDOW - PAGE, HIGH, (1L << 56) - 2 * PAGE };

	for (int i = 0; i < 3; i++) {
		char *p = mmap((void *)at[i], PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);

		TELL("a place for code", "%s", place((long)p, at[i]));
		if (p == MAP_FAILED)
			continue;
		/* At the end of the page: what comes after it is not there. */
		memcpy(p + PAGE - sizeof(code), code, sizeof(code));
		mprotect(p, PAGE, PROT_READ | PROT_EXEC);
		CHECK_INT("a system call from there", ((int (*)(void))(p + PAGE - sizeof(code)))(), getpid());
		CHECK_INT("an exception there", faults(run_it, (long)(p + PAGE - 2)), 1);
		TELL("signal, code", "%d %d %d", fault.si_signo, fault.si_code, fault.si_addr == p + PAGE - 2);
		munmap(p, PAGE);
	}
}

static void others(void)
{
	int id = shmget(IPC_PRIVATE, PAGE, 0600), fd = memfd_create("m", 0);
	unsigned char vec = 0;
	char *p, *old = sbrk(0);

	errno = 0;
	p = shmat(id, (void *)(9 * HIGH), 0);
	TELL("shmat", "%s", place((long)p, 9 * HIGH));
	shmdt(p);
	shmctl(id, IPC_RMID, NULL);
	ftruncate(fd, 3 * PAGE);
	p = mmap((void *)(11 * HIGH), 3 * PAGE, RW, MAP_SHARED, fd, 0);
	TELL("a file", "%s", place((long)p, 11 * HIGH));
	p[PAGE] = 3;
	CHECK_INT("mincore", mincore(p + PAGE, PAGE, &vec), 0);
	CHECK_INT("which is there", vec & 1, 1);
	ftruncate(fd, 0);
	CHECK_INT("behind the file's end", faults(get_byte, (long)(p + PAGE)), 1);
	CHECK_INT("SIGBUS", fault.si_signo, SIGBUS);
	munmap(p, 3 * PAGE);
	p = mmap((void *)(13 * HIGH), PAGE, RW, ANON | MAP_GROWSDOWN, -1, 0);
	CHECK_INT("a stack grows", faults(put_byte, (long)(p - 3 * PAGE)), 0);
	munmap(p - 3 * PAGE, 4 * PAGE);
	CHECK("brk does not go there", brk((void *)HIGH) == -1 && sbrk(0) == old);
	CHECK("a stack is below", (long)&vec < WINDOW);
}

int main(void)
{
	struct sigaction a = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };

	sigaction(SIGSEGV, &a, NULL);
	sigaction(SIGBUS, &a, NULL);
	sigaction(SIGILL, &a, NULL);
	hints();
	fixed();
	contents();
	large();
	moving();
	lines_of_maps();
	transfers();
	bases();
	accesses();
	returns();
	runs_there();
	others();
	return tap_done();
}
