/* SPDX-License-Identifier: MIT */
/*
 * Extended registers (SSE, AVX where there is one): each thread's own, over signals,
 * fork and switches; how a signal frame holds them, and what sigreturn makes of a frame
 * that the handler changed.
 */
#include "tap.h"
#include <cpuid.h>
#include <immintrin.h>
#include <pthread.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>

#define MAGIC1 0x46505853u
#define MAGIC2 0x46505845u
#define UC_FP_XSTATE 1
#define UC_SIGCONTEXT_SS 2
#define UC_STRICT_RESTORE_SS 4
#define AVX __attribute__((target("avx")))

struct software { uint32_t magic1, extended_size; uint64_t xfeatures; uint32_t xstate_size, padding[7]; };

static bool avx;
static uint32_t area_size, ymm_at;

static struct software *software_of(const void *fp)
{
	return (struct software *)((char *)fp + 464);
}

static uint32_t *u32_at(void *fp, size_t at)
{
	return (uint32_t *)((char *)fp + at);
}

static uint64_t *u64_at(void *fp, size_t at)
{
	return (uint64_t *)((char *)fp + at);
}

static uint64_t _xgetbv_(void)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

/* All sixteen registers hold values made from seed. */
AVX static void fill(uint64_t seed)
{
	uint64_t v[4] = { seed, seed * 3, seed * 5, seed * 7 };

#define PUT(n) do { if (avx) __asm__ volatile("vmovdqu %0, %%ymm" #n : : "m"(v)); \
	else __asm__ volatile("movdqu %0, %%xmm" #n : : "m"(v)); \
	for (int i = 0; i < 4; i++) v[i]++; } while (0);
	PUT(0) PUT(1) PUT(2) PUT(3) PUT(4) PUT(5) PUT(6) PUT(7) PUT(8) PUT(9) PUT(10) PUT(11) PUT(12) PUT(13) PUT(14) PUT(15)
}

/* Whether they still do. No call may come between, as the registers are anybody's then. */
AVX static bool holds(uint64_t seed)
{
	uint64_t v[16][4] = { { 0 } };
	bool good = true;

#define GET(n) do { if (avx) __asm__ volatile("vmovdqu %%ymm" #n ", %0" : "=m"(v[n])); \
	else __asm__ volatile("movdqu %%xmm" #n ", %0" : "=m"(v[n])); } while (0);
	GET(0) GET(1) GET(2) GET(3) GET(4) GET(5) GET(6) GET(7) GET(8) GET(9) GET(10) GET(11) GET(12) GET(13) GET(14) GET(15)
	for (unsigned i = 0; i < 16; i++)
		good &= v[i][0] == seed + i && v[i][1] == seed * 3 + i &&
			(!avx || (v[i][2] == seed * 5 + i && v[i][3] == seed * 7 + i));
	return good;
}

static volatile int handled, told;
static void (*volatile look)(ucontext_t *uc);

static void on_signal(int n, siginfo_t *info, void *context)
{
	(void)n, (void)info;
	handled++;
	fill(0x1111111111111111);
	if (look)
		look(context);
}

/* A signal to ourselves with the registers filled: whether they are the same after it. */
static __attribute__((noinline)) bool over_signal(uint64_t seed)
{
	long result;

	fill(seed);
	__asm__ volatile("syscall" : "=a"(result) : "0"(SYS_tgkill), "D"((long)getpid()), "S"((long)getpid()), "d"((long)SIGUSR1)
			 : "rcx", "r11", "memory");
	return holds(seed);
}

static void frame(ucontext_t *uc)
{
	void *fp = uc->uc_mcontext.fpregs;
	struct software *sw = software_of(fp);

	told = 1;
	CHECK_INT("state is aligned", (uintptr_t)fp % 64, 0);
	CHECK("above the frame", (char *)fp > (char *)uc);
	CHECK_INT("flags", uc->uc_flags, UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS);
	CHECK("first mark", sw->magic1 == MAGIC1);
	CHECK("size is the processor's", sw->xstate_size == area_size);
	CHECK("and that with the second mark", sw->extended_size == area_size + 4);
	CHECK("second mark", *u32_at(fp, sw->xstate_size) == MAGIC2);
	CHECK("features are in what is on", (sw->xfeatures & 3) == 3 && !(sw->xfeatures & ~_xgetbv_()));
	CHECK("those of the frame too", (*u64_at(fp, 512) & 3) == 3 && !(*u64_at(fp, 512) & ~sw->xfeatures));
	CHECK_INT("header: no compaction", *u64_at(fp, 520), 0);
	CHECK("header: the rest is zeros", !*u64_at(fp, 528) && !*u64_at(fp, 536) && !*u64_at(fp, 568));
	CHECK("a register as it was", *u64_at(fp, 160 + 16 * 3) == 1000 + 3);
	CHECK("its upper half", !avx || *u64_at(fp, ymm_at + 16 * 3) == 5000 + 3);
	CHECK_INT("stack segment", (uc->uc_mcontext.gregs[REG_CSGSFS] >> 48) & 0xffff, 0x2b);
	CHECK_INT("code segment", uc->uc_mcontext.gregs[REG_CSGSFS] & 0xffff, 0x33);
}

static void change(ucontext_t *uc)
{
	*u64_at(uc->uc_mcontext.fpregs, 160 + 16 * 2) = 77;
	if (avx)
		*u64_at(uc->uc_mcontext.fpregs, ymm_at + 16 * 2) = 88;
}

static void drop_upper(ucontext_t *uc)
{
	*u64_at(uc->uc_mcontext.fpregs, 512) &= ~4UL;
}

static void drop_all(ucontext_t *uc)
{
	*u64_at(uc->uc_mcontext.fpregs, 512) = 0;
}

static void unmark(ucontext_t *uc)
{
	software_of(uc->uc_mcontext.fpregs)->magic1 = 0;
}

static void unmark_end(ucontext_t *uc)
{
	*u32_at(uc->uc_mcontext.fpregs, area_size) = 0;
}

static void small_size(ucontext_t *uc)
{
	software_of(uc->uc_mcontext.fpregs)->xstate_size = 100;
}

static void large_size(ucontext_t *uc)
{
	software_of(uc->uc_mcontext.fpregs)->xstate_size = 1 << 20;
}

static void no_state(ucontext_t *uc)
{
	uc->uc_mcontext.fpregs = NULL;
}

static void control(ucontext_t *uc)
{
	*u32_at(uc->uc_mcontext.fpregs, 24) = 0x1f80 | 0x6000;
}

static void bad_header(ucontext_t *uc)
{
	*u64_at(uc->uc_mcontext.fpregs, 512) = ~0UL;
}

static void compact(ucontext_t *uc)
{
	*u64_at(uc->uc_mcontext.fpregs, 520) = 1UL << 63;
}

static void reserved(ucontext_t *uc)
{
	*u64_at(uc->uc_mcontext.fpregs, 560) = 5;
}

static void bad_address(ucontext_t *uc)
{
	uc->uc_mcontext.fpregs = (void *)8;
}

static void unaligned(ucontext_t *uc)
{
	uc->uc_mcontext.fpregs = (void *)((char *)uc->uc_mcontext.fpregs + 8);
}

static void beyond(ucontext_t *uc)
{
	uc->uc_mcontext.fpregs = (void *)0x7ffffffff000;
}

/* Register 2 of what the handler left: low half, high half, and the control word; or what it died by. */
AVX static void after(const char *name, void (*how)(ucontext_t *))
{
	uint64_t *seen = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = IN_CHILD({
		uint64_t v[4];
		uint32_t csr;

		look = how;
		fill(1000);
		long result;
		__asm__ volatile("syscall" : "=a"(result) : "0"(SYS_tgkill), "D"((long)getpid()), "S"((long)getpid()),
				 "d"((long)SIGUSR1) : "rcx", "r11", "memory");
		if (avx)
			__asm__ volatile("vmovdqu %%ymm2, %0" : "=m"(v));
		else
			__asm__ volatile("movdqu %%xmm2, %0" : "=m"(v));
		__asm__ volatile("stmxcsr %0" : "=m"(csr));
		seen[0] = v[0];
		seen[1] = avx ? v[2] : 0;
		seen[2] = csr;
		_exit(0);
	});

	TELL(name, "status %x, %ld %ld, control %lx", status, (long)seen[0], (long)seen[1], (long)seen[2]);
	munmap(seen, 4096);
}

static void signals(void)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };

	sigaction(SIGUSR1, &sa, NULL);
	CHECK("registers outlive a signal", over_signal(42));
	look = frame;
	over_signal(1000);
	look = NULL;
	CHECK_INT("it was looked at", told, 1);
	after("unchanged", NULL);
	after("changed", change);
	after("upper halves not there", drop_upper);
	after("nothing there: initial", drop_all);
	after("no first mark: the old part only", unmark);
	after("no second mark", unmark_end);
	after("size too small", small_size);
	after("size too large", large_size);
	after("no state at all", no_state);
	after("rounding control", control);
	after("a pointer to nowhere", bad_address);
	after("a pointer beyond memory", beyond);
	after("unknown features", bad_header);
	after("compacted", compact);
	after("reserved part of the header", reserved);
	after("not aligned", unaligned);
}

static volatile bool stop;

static void *keeps(void *arg)
{
	uint64_t seed = (uint64_t)(uintptr_t)arg * 1000003;
	long good = 1;

	for (int i = 0; i < 300 && good; i++) {
		fill(seed);
		for (volatile int n = 0; n < 2000; n++)
			;
		long result;
		if (i % 3 == 0)
			__asm__ volatile("syscall" : "=a"(result) : "0"(SYS_sched_yield) : "rcx", "r11", "memory");
		good = holds(seed);
		seed++;
	}
	return (void *)good;
}

static void *never_uses(void *arg)
{
	while (!stop)
		sched_yield();
	return arg;
}

static void threads(void)
{
	pthread_t t[6], idle;
	void *good;
	long all = 0;

	pthread_create(&idle, NULL, never_uses, NULL);
	for (long i = 0; i < 6; i++)
		pthread_create(&t[i], NULL, keeps, (void *)(i + 1));
	for (int i = 0; i < 6; i++) {
		pthread_join(t[i], &good);
		all += (long)good;
	}
	stop = true;
	pthread_join(idle, NULL);
	CHECK_INT("each thread has its own", all, 6);
	struct itimerval t1 = { { 0, 1000 }, { 0, 1000 } };
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &t1, NULL);
	pthread_create(&t[0], NULL, keeps, (void *)77);
	pthread_join(t[0], &good);
	setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
	CHECK_INT("likewise with signals all the time", (long)good, 1);
}

static void *fills(void *arg)
{
	while (!stop)
		fill(0x2222222222222222);
	return arg;
}

static volatile uint64_t in_frame;

static void remember(ucontext_t *uc)
{
	in_frame = *u64_at(uc->uc_mcontext.fpregs, 160 + 16 * 3);
}

/*
 * A thread that slept, while another filled the registers, and is sent a signal before it
 * has used its own: a kernel that loads them at the first use may save the other's. One
 * that counts uses to know when, in a byte perhaps, needs some hundred rounds for that.
 */
static __attribute__((noinline)) bool signal_after_sleep(uint64_t seed)
{
	struct timespec t = { 0, 1000 };
	long pid = getpid(), result;

	fill(seed);
	__asm__ volatile("syscall" : "=a"(result) : "0"(SYS_nanosleep), "D"(&t), "S"(0L) : "rcx", "r11", "memory");
	__asm__ volatile("syscall" : "=a"(result) : "0"(SYS_tgkill), "D"(pid), "S"(pid), "d"((long)SIGUSR1)
			 : "rcx", "r11", "memory");
	return holds(seed) && in_frame == seed + 3;
}

static void signals_after_sleep(void)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	cpu_set_t all, first;
	pthread_t t;
	int good = 0;

	sigaction(SIGUSR1, &sa, NULL);
	sched_getaffinity(0, sizeof(all), &all);
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	sched_setaffinity(0, sizeof(first), &first);
	stop = false;
	pthread_create(&t, NULL, fills, NULL);
	look = remember;
	for (uint64_t i = 0; i < 300; i++)
		good += signal_after_sleep(100 * i);
	look = NULL;
	stop = true;
	pthread_join(t, NULL);
	sched_setaffinity(0, sizeof(all), &all);
	CHECK_INT("a signal after a sleep finds the thread's own", good, 300);
}

static __attribute__((noinline)) int child_holds(uint64_t seed)
{
	long pid;
	int status;

	fill(seed);
	__asm__ volatile("syscall" : "=a"(pid) : "0"(SYS_fork) : "rcx", "r11", "memory");
	bool good = holds(seed);
	if (!pid)
		_exit(good ? 11 : 12);
	waitpid((pid_t)pid, &status, 0);
	return good ? WEXITSTATUS(status) : -1;
}

static void forks(void)
{
	uint32_t csr = 0x1f80 | 0x2000;
	uint16_t fcw = 0x27f;

	CHECK_INT("a child has the parent's", child_holds(99), 11);
	__asm__ volatile("ldmxcsr %0" : : "m"(csr));
	__asm__ volatile("fldcw %0" : : "m"(fcw));
	CHECK_INT("and its controls", IN_CHILD({
		__asm__ volatile("stmxcsr %0" : "=m"(csr));
		__asm__ volatile("fnstcw %0" : "=m"(fcw));
		_exit(csr == (0x1f80 | 0x2000) && fcw == 0x27f ? 5 : 6);
	}), EXITED(5));
	CHECK_INT("a new program has initial ones", IN_CHILD({
		char *argv[] = { "/proc/self/exe", "controls", NULL };
		execv(argv[0], argv);
	}), EXITED(15));
	csr = 0x1f80;
	fcw = 0x37f;
	__asm__ volatile("ldmxcsr %0" : : "m"(csr));
	__asm__ volatile("fldcw %0" : : "m"(fcw));
}

static void nested(ucontext_t *uc)
{
	(void)uc;
	look = NULL;
	told = over_signal(5555) ? 2 : 3;
}

static void handlers(void)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NODEFER };
	size_t least = getauxval(AT_MINSIGSTKSZ);
	stack_t small = { .ss_size = 1024 }, large = { .ss_size = least + 8192 };

	sigaction(SIGUSR1, &sa, NULL);
	look = nested;
	CHECK("a handler within a handler", over_signal(4444));
	CHECK_INT("the inner one's outlive it too", told, 2);
	CHECK("a least size of stacks is told", least >= area_size + 4);
	small.ss_sp = large.ss_sp = mmap(NULL, least + 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK_ERRNO("a stack below the old least", sigaltstack(&small, NULL), ENOMEM);
	CHECK_OK("one large enough", sigaltstack(&large, NULL));
	sa.sa_flags |= SA_ONSTACK;
	sigaction(SIGUSR1, &sa, NULL);
	look = NULL;
	CHECK("registers outlive a signal on it", over_signal(31337));
	CHECK_INT("a handler's control is initial", IN_CHILD({
		uint32_t csr = 0x1f80 | 0x6000;
		handled = 0;
		__asm__ volatile("ldmxcsr %0" : : "m"(csr));
		raise(SIGUSR1);
		__asm__ volatile("stmxcsr %0" : "=m"(csr));
		_exit(csr == (0x1f80 | 0x6000) ? handled : 9);
	}), EXITED(1));
}

int main(int argc, char **argv)
{
	uint32_t a, b, c, d;

	(void)argv;
	if (argc > 1) {
		uint32_t csr;
		uint16_t fcw;

		__asm__ volatile("stmxcsr %0" : "=m"(csr));
		__asm__ volatile("fnstcw %0" : "=m"(fcw));
		return csr == 0x1f80 && fcw == 0x37f ? 15 : 16;
	}
	__cpuid_count(13, 0, a, b, c, d);
	area_size = b;
	avx = __builtin_cpu_supports("avx");
	__cpuid_count(13, 2, a, b, c, d);
	ymm_at = b;
	CHECK("extended state is there", area_size >= 576);
	signals();
	threads();
	signals_after_sleep();
	forks();
	handlers();
	return tap_done();
}
