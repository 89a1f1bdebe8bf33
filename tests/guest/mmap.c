/* SPDX-License-Identifier: MIT */
/* Address spaces: mmap, munmap, mprotect, mremap, madvise, brk, faults' signals. */
#include "tap.h"
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define PAGE 4096L
static sigjmp_buf jump;
static siginfo_t fault;

static void on_fault(int n, siginfo_t *info, void *context)
{
	(void)n, (void)context;
	fault = *info;
	siglongjmp(jump, 1);
}

/* Do the statements fault? What the signal said is in "fault". */
#define FAULTS(...) (sigsetjmp(jump, 1) ? 1 : ({ __VA_ARGS__; 0; }))
#define PEEK(p) ((void)*(volatile char *)(p))
#define POKE(p) (*(volatile char *)(p) = 1)

static char *anon(size_t size, int prot)
{
	return mmap(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void anonymous(void)
{
	char *p = anon(3 * PAGE, PROT_READ | PROT_WRITE);

	CHECK("mmap", p != MAP_FAILED);
	CHECK("page aligned", ((uintptr_t)p & (PAGE - 1)) == 0);
	CHECK("zeroed", !p[0] && !p[3 * PAGE - 1]);
	memset(p, 7, 3 * PAGE);
	CHECK_INT("munmap the middle", munmap(p + PAGE, PAGE), 0);
	CHECK_INT("the hole faults", FAULTS(PEEK(p + PAGE)), 1);
	CHECK_INT("SIGSEGV", fault.si_signo, SIGSEGV);
	CHECK_INT("SEGV_MAPERR", fault.si_code, SEGV_MAPERR);
	CHECK("si_addr", fault.si_addr == p + PAGE);
	CHECK("both sides stay", p[0] == 7 && p[2 * PAGE] == 7);
	CHECK("MAP_FIXED fills the hole", mmap(p + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS |
	      MAP_FIXED, -1, 0) == p + PAGE);
	CHECK("with zeros", p[PAGE] == 0);
	CHECK_INT("read only", FAULTS(POKE(p + PAGE)), 1);
	CHECK_INT("SEGV_ACCERR", fault.si_code, SEGV_ACCERR);
	CHECK_ERRNO("MAP_FIXED_NOREPLACE", mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS |
		    MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
	CHECK_INT("munmap all", munmap(p, 3 * PAGE), 0);
	CHECK_INT("munmap nothing there", munmap(p, 3 * PAGE), 0);
	CHECK("a hint is taken when free", mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
	      == p);
	munmap(p, PAGE);
}

static void errors(void)
{
	int fd = open("e", O_RDWR | O_CREAT, 0600), ro = open("e", O_RDONLY);
	int wo = open("e", O_WRONLY), p[2];

	CHECK_ERRNO("length 0", anon(0, PROT_READ), EINVAL);
	CHECK_ERRNO("length too big", anon(~0UL - PAGE, PROT_READ), ENOMEM);
	CHECK_ERRNO("neither private nor shared", mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0),
		    EINVAL);
	CHECK_ERRNO("closed descriptor", mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 99, 0), EBADF);
	CHECK_ERRNO("offset inside a page", mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 100), EINVAL);
	CHECK_ERRNO("fixed inside a page", mmap((void *)0x10000100, PAGE, PROT_READ, MAP_PRIVATE |
		    MAP_ANONYMOUS | MAP_FIXED, -1, 0), EINVAL);
	CHECK_ERRNO("shared and writable, file read only", mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		    MAP_SHARED, ro, 0), EACCES);
	CHECK("private and writable is fine", mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, ro,
	      0) != MAP_FAILED);
	CHECK_ERRNO("write only file", mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, wo, 0), EACCES);
	pipe(p);
	CHECK_ERRNO("a pipe", mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, p[0], 0), ENODEV);
	CHECK_ERRNO("munmap unaligned", munmap((void *)0x10001, PAGE), EINVAL);
	CHECK_ERRNO("munmap length 0", munmap((void *)0x10000, 0), EINVAL);
	CHECK_ERRNO("munmap kernel", munmap((void *)0xffff800000000000, PAGE), EINVAL);
	CHECK_ERRNO("mprotect unaligned", mprotect((void *)0x10001, PAGE, PROT_READ), EINVAL);
	CHECK_ERRNO("mprotect nothing", mprotect((void *)0x10000, PAGE, PROT_READ), ENOMEM);
	CHECK_ERRNO("mprotect bits", mprotect((void *)0x10000, PAGE, 0x100), EINVAL);
	CHECK_INT("mprotect length 0", mprotect((void *)0x10000, 0, PROT_READ), 0);
	close(fd), close(ro), close(wo), close(p[0]), close(p[1]);
}

static void files(void)
{
	int fd = open("m", O_RDWR | O_CREAT, 0600);
	char b[8] = "";

	ftruncate(fd, 2 * PAGE);
	pwrite(fd, "file", 4, 0);
	char *s = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK("contents", !memcmp(s, "file", 4) && !memcmp(p, "file", 4));
	s[0] = 'F';
	pread(fd, b, 4, 0);
	CHECK("shared writes reach the file", !memcmp(b, "File", 4));
	CHECK("and an untouched private page", p[0] == 'F');
	pwrite(fd, "w", 1, 1);
	CHECK("writes to the file reach both", s[1] == 'w' && p[1] == 'w');
	p[2] = '!';
	pread(fd, b, 4, 0);
	CHECK("private writes stay", b[2] == 'l' && s[2] == 'l');
	pwrite(fd, "z", 1, 3);
	CHECK("and the copied page is its own now", s[3] == 'z' && p[3] == 'e');
	CHECK_INT("a child shares the shared", IN_CHILD({ s[10] = 9; p[10] = 9; }), 0);
	CHECK("shared seen, private not", s[10] == 9 && p[10] == 0);
	close(fd);
	s[5] = 5;
	CHECK("the map outlives the descriptor", s[5] == 5);
	truncate("m", PAGE);
	CHECK_INT("past the end faults", FAULTS(PEEK(s + PAGE)), 1);
	CHECK_INT("SIGBUS", fault.si_signo, SIGBUS);
	CHECK_INT("BUS_ADRERR", fault.si_code, BUS_ADRERR);
	CHECK_INT("msync", msync(s, PAGE, MS_SYNC), 0);
	CHECK_ERRNO("msync flags", msync(s, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
	munmap(s, 2 * PAGE);
	munmap(p, 2 * PAGE);
	truncate("m", 100);
	fd = open("m", O_RDWR);
	s = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK("zeros after the end of the file", s[100] == 0 && s[PAGE - 1] == 0);
	munmap(s, PAGE);
	close(fd);
	s = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	IN_CHILD(s[0] = 42);
	CHECK_INT("shared anonymous memory", s[0], 42);
	munmap(s, PAGE);
}

static void protection(void)
{
	char *p = anon(4 * PAGE, PROT_READ | PROT_WRITE);

	memset(p, 1, 4 * PAGE);
	CHECK_INT("mprotect the middle", mprotect(p + PAGE, 2 * PAGE, PROT_READ), 0);
	CHECK_INT("write faults", FAULTS(POKE(p + PAGE)), 1);
	CHECK("where", fault.si_addr == p + PAGE && fault.si_code == SEGV_ACCERR);
	CHECK_INT("neighbours do not", FAULTS({ POKE(p); POKE(p + 3 * PAGE); }), 0);
	mprotect(p + PAGE, PAGE, PROT_NONE);
	CHECK_INT("PROT_NONE", FAULTS(PEEK(p + PAGE)), 1);
	CHECK_INT("SEGV_ACCERR", fault.si_code, SEGV_ACCERR);
	mprotect(p + PAGE, PAGE, PROT_READ | PROT_WRITE);
	CHECK_INT("data survives it", p[PAGE], 1);
	p[0] = (char)0xc3;		/* ret */
	CHECK_INT("data is not executable", FAULTS(((void (*)(void))p)()), 1);
	CHECK("at the instruction", fault.si_addr == p);
	mprotect(p, PAGE, PROT_READ | PROT_EXEC);
	CHECK_INT("until made so", FAULTS(((void (*)(void))p)()), 0);
	CHECK_INT("text cannot be written", FAULTS(POKE((uintptr_t)protection)), 1);
	CHECK_INT("kernel memory", FAULTS(PEEK(0xffffffff81000000)), 1);
	TELL("code", "%d", fault.si_code);
	CHECK_INT("a wild address", FAULTS(PEEK(0x8000000000000000)), 1);
	TELL("code and address", "%d %lx", fault.si_code, (long)fault.si_addr);
	munmap(p + 2 * PAGE, PAGE);
	CHECK_ERRNO("mprotect over a hole", mprotect(p, 4 * PAGE, PROT_READ), ENOMEM);
	CHECK_INT("what came before the hole is done", FAULTS(POKE(p + PAGE)), 1);
	munmap(p, 4 * PAGE);
}

static void moving(void)
{
	char *p = anon(8 * PAGE, PROT_READ | PROT_WRITE), *q;

	memset(p, 3, 8 * PAGE);
	CHECK("shrink", mremap(p, 8 * PAGE, 4 * PAGE, 0) == p);
	CHECK_INT("the end is gone", FAULTS(PEEK(p + 4 * PAGE)), 1);
	CHECK("grow in place", mremap(p, 4 * PAGE, 6 * PAGE, 0) == p);
	CHECK("old data, new zeros", p[4 * PAGE - 1] == 3 && p[4 * PAGE] == 0);
	mmap(p + 6 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	CHECK_ERRNO("no room to grow", mremap(p, 6 * PAGE, 10 * PAGE, 0), ENOMEM);
	q = mremap(p, 6 * PAGE, 10 * PAGE, MREMAP_MAYMOVE);
	CHECK("moves", q != MAP_FAILED && q != p && q[0] == 3);
	CHECK_INT("old place is gone", FAULTS(PEEK(p)), 1);
	p = anon(4 * PAGE, PROT_READ);
	CHECK("to a fixed place", mremap(q, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p) == p);
	CHECK_INT("with its data", p[0], 3);
	CHECK_ERRNO("of nothing", mremap((void *)0x10000, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
	CHECK_ERRNO("fixed without maymove", mremap(p, PAGE, PAGE, MREMAP_FIXED, q), EINVAL);
	CHECK_ERRNO("to length 0", mremap(p, PAGE, 0, 0), EINVAL);
	CHECK_ERRNO("onto itself", mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		    p + PAGE), EINVAL);
}

static void advice(void)
{
	char *p = anon(2 * PAGE, PROT_READ | PROT_WRITE);
	unsigned char v[2];

	memset(p, 5, 2 * PAGE);
	CHECK_INT("DONTNEED", madvise(p, PAGE, MADV_DONTNEED), 0);
	CHECK("gives zeros", p[0] == 0 && p[PAGE] == 5);
	CHECK_INT("WILLNEED", madvise(p, PAGE, MADV_WILLNEED), 0);
	CHECK_ERRNO("unknown advice", madvise(p, PAGE, 999), EINVAL);
	CHECK_ERRNO("unaligned", madvise(p + 1, PAGE, MADV_DONTNEED), EINVAL);
	CHECK_INT("mincore", mincore(p, 2 * PAGE, v), 0);
	CHECK("resident", v[1] & 1);
	munmap(p + PAGE, PAGE);
	CHECK_ERRNO("over a hole", madvise(p, 2 * PAGE, MADV_DONTNEED), ENOMEM);
	CHECK_ERRNO("mincore over a hole", mincore(p, 2 * PAGE, v), ENOMEM);
	CHECK_INT("mlock", mlock(p, PAGE), 0);
	CHECK_INT("munlock", munlock(p, PAGE), 0);
	munmap(p, PAGE);
}

static void heap(void)
{
	char *start = sbrk(0);

	CHECK("sbrk grows", sbrk(10 * PAGE) == start);
	memset(start, 1, 10 * PAGE);
	CHECK("and shrinks", sbrk(-5 * PAGE) == start + 10 * PAGE);
	CHECK("brk", brk(start + 10 * PAGE) == 0);
	CHECK("memory given back comes zeroed", start[9 * PAGE] == 0 && start[4 * PAGE] == 1);
	CHECK_INT("brk to nowhere stays", syscall(SYS_brk, 0) == (long)start + 10 * PAGE, 1);
	CHECK_INT("past the end faults", FAULTS(PEEK(start + 20 * PAGE)), 1);
	brk(start);
}

static int deep(int n)
{
	volatile char frame[16384];

	frame[0] = (char)n;
	return n ? deep(n - 1) + frame[0] : 0;
}

static void stack(void)
{
	CHECK_INT("the stack grows by megabytes", IN_CHILD(deep(300)), 0);
	CHECK_INT("but not without end", IN_CHILD({
		struct rlimit r = { 1 << 20, 1 << 20 };
		setrlimit(RLIMIT_STACK, &r);
		signal(SIGSEGV, SIG_DFL);
		deep(100);
	}) & 0x7f, SIGSEGV);
}

static void pressure(void)
{
	struct rlimit r = { 64 << 20, 64 << 20 };

	CHECK_INT("RLIMIT_AS", IN_CHILD({
		setrlimit(RLIMIT_AS, &r);
		_exit(anon(128 << 20, PROT_READ) == MAP_FAILED && errno == ENOMEM ? 1 : 2);
	}), EXITED(1));
	char *p = anon(1UL << 30, PROT_NONE);
	CHECK("reserving a gigabyte costs nothing", p != MAP_FAILED);
	munmap(p, 1UL << 30);
	p = anon(4096 * PAGE, PROT_READ | PROT_WRITE);
	for (int i = 0; i < 4096; i += 2)
		mprotect(p + i * PAGE, PAGE, PROT_READ);
	CHECK_INT("four thousand areas", FAULTS(POKE(p + 4001 * PAGE)), 0);
	CHECK_INT("each with its rights", FAULTS(POKE(p + 4000 * PAGE)), 1);
	munmap(p, 4096 * PAGE);
}

static void copy_on_write(void)
{
	char *p = anon(64 * PAGE, PROT_READ | PROT_WRITE);

	memset(p, 'p', 64 * PAGE);
	CHECK_INT("grandchildren each have their own", IN_CHILD({
		memset(p, 'c', 32 * PAGE);
		int st = IN_CHILD({
			memset(p + 16 * PAGE, 'g', 32 * PAGE);
			_exit(p[0] == 'c' && p[20 * PAGE] == 'g' && p[60 * PAGE] == 'p');
		});
		_exit(st == EXITED(1) && p[20 * PAGE] == 'c' && p[40 * PAGE] == 'p' ? 5 : 1);
	}), EXITED(5));
	CHECK("and so has the parent", p[0] == 'p' && p[20 * PAGE] == 'p' && p[40 * PAGE] == 'p');
	munmap(p, 64 * PAGE);
}

/* Below vm.mmap_min_addr: who has CAP_SYS_RAWIO may, named exactly. */
static void lowest_addresses(void)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, rw = PROT_READ | PROT_WRITE;
	char *low = (char *)0x3000, *volatile p = mmap(NULL, PAGE, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK("root maps low", mmap(low, 2 * PAGE, rw, flags, -1, 0) == low);
	CHECK_INT("and writes there", FAULTS(POKE(low + PAGE)), 0);
	CHECK("a hint is not enough", mmap((void *)0x1000, PAGE, rw, flags & ~MAP_FIXED, -1, 0) >= (void *)0x10000);
	CHECK("address 0", mmap(NULL, PAGE, rw, flags, -1, 0) == NULL);
	CHECK_INT("is written to by a child too", IN_CHILD({
		volatile char *volatile null = NULL;

		*null = 5;
		_exit(*null);
	}), EXITED(5));
	CHECK_INT("unmapped again", munmap(NULL, PAGE) | munmap(low, PAGE), 0);
	CHECK_INT("it faults", FAULTS(PEEK(low)), 1);
	p[0] = 7;
	CHECK("moved there", mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, low) == low);
	CHECK_INT("others may not", IN_CHILD({
		setuid(65534);
		p = mmap(NULL, PAGE, rw, flags & ~MAP_FIXED, -1, 0);
		int good = mmap(low, PAGE, rw, flags, -1, 0) == MAP_FAILED && errno == EPERM && *(volatile char *)low == 7;

		_exit(good && mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, low) == MAP_FAILED && errno == EPERM);
	}), EXITED(1));
	munmap((void *)0x1000, 15 * PAGE);
}

int main(void)
{
	struct sigaction a = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &a, NULL);
	sigaction(SIGBUS, &a, NULL);
	anonymous();
	errors();
	files();
	protection();
	moving();
	advice();
	heap();
	stack();
	pressure();
	copy_on_write();
	lowest_addresses();
	return tap_done();
}
