/* SPDX-License-Identifier: MIT */
/*
 * madvise in all advice that has effects a program can see, mlock in all its forms, mincore:
 * what is in memory after each, what is read, and what is refused.
 */
#include "raw.h"
#include <sys/mman.h>
#include <sys/resource.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif
#define PAGE 4096L
#define PAGES 8

static char *map(int prot, int flags, int fd)
{
	return mmap(NULL, PAGES * PAGE, prot, flags | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
}

static char *private(void)
{
	char *p = map(PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);

	madvise(p, PAGES * PAGE, MADV_NOHUGEPAGE);
	return p;
}

static void unmap(char *p) { munmap(p, PAGES * PAGE); }

/* Which of the pages are there, one digit each. */
static const char *there(char *p)
{
	static char text[PAGES + 1];
	unsigned char v[PAGES] = { 0 };

	if (mincore(p, PAGES * PAGE, v))
		return strerror(errno);
	for (int i = 0; i < PAGES; i++)
		text[i] = '0' + (v[i] & 1);
	return text;
}

static const char *bytes(const char *p)
{
	static char text[PAGES + 1];

	for (int i = 0; i < PAGES; i++)
		text[i] = p[i * PAGE] ? p[i * PAGE] : '.';
	return text;
}

static void fill(char *p)
{
	for (int i = 0; i < PAGES; i++)
		p[i * PAGE] = 'a' + i;
}

static int file(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);

	for (int i = 0; i < PAGES; i++)
		pwrite(fd, &(char){ 'A' + i }, 1, i * PAGE);
	ftruncate(fd, PAGES * PAGE);
	return fd;
}

static void discards(void)
{
	char *p = private();
	int fd = file("f");

	fill(p);
	SAY("DONTNEED", CALL(madvise, p + PAGE, 2 * PAGE, MADV_DONTNEED));
	TELL("is gone", "%s", there(p));
	TELL("and reads as zeros", "%s", bytes(p));
	SAY("a length inside of a page", CALL(madvise, p, 1, MADV_DONTNEED), CALL(madvise, p, 0, MADV_DONTNEED),
	    CALL(madvise, p, -1L, MADV_DONTNEED), CALL(madvise, p, -PAGE, MADV_DONTNEED));
	TELL("takes all of it", "%s", bytes(p));
	mlock(p + 4 * PAGE, PAGE);
	SAY("locked", CALL(madvise, p, PAGES * PAGE, MADV_DONTNEED), CALL(madvise, p + 4 * PAGE, PAGE, MADV_DONTNEED_LOCKED),
	    CALL(madvise, p + 4 * PAGE, PAGE, MADV_COLD), CALL(madvise, p + 4 * PAGE, PAGE, MADV_PAGEOUT),
	    CALL(madvise, p + 4 * PAGE, PAGE, MADV_FREE));
	TELL("what came before it went", "%s", bytes(p));
	unmap(p);
	p = map(PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
	fill(p);
	madvise(p, 3 * PAGE, MADV_DONTNEED);
	TELL("a file's copies go, its pages do not", "%s", bytes(p));
	SAY("FREE of a file", CALL(madvise, p, PAGE, MADV_FREE));
	unmap(p);
	p = map(PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	fill(p);
	madvise(p, 3 * PAGE, MADV_DONTNEED);
	TELL("shared ones stay", "%s", bytes(p));
	SAY("REMOVE", CALL(madvise, p + PAGE, 2 * PAGE, MADV_REMOVE));
	TELL("a hole in the file", "%s", bytes(p));
	struct stat s;
	fstat(fd, &s);
	SAY("its size and blocks", s.st_size, s.st_blocks);
	TELL("there", "%s", there(p));
	unmap(p);
	p = map(PROT_READ, MAP_SHARED, fd);
	SAY("REMOVE without the right", CALL(madvise, p, PAGE, MADV_REMOVE));
	unmap(p);
	p = map(PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
	SAY("of a private one", CALL(madvise, p, PAGE, MADV_REMOVE));
	unmap(p);
	p = private();
	SAY("of no file", CALL(madvise, p, PAGE, MADV_REMOVE));
	unmap(p);
	p = map(PROT_READ | PROT_WRITE, MAP_SHARED, -1);
	fill(p);
	SAY("of shared memory", CALL(madvise, p, 2 * PAGE, MADV_REMOVE), CALL(madvise, p + 3 * PAGE, PAGE, MADV_DONTNEED),
	    CALL(madvise, p, PAGE, MADV_FREE));
	TELL("goes, and DONTNEED's stays", "%s", bytes(p));
	mlock(p, PAGE);
	SAY("REMOVE, locked", CALL(madvise, p, PAGE, MADV_REMOVE));
	unmap(p);
	close(fd);
}

static void frees(void)
{
	char *p = private();

	fill(p);
	SAY("FREE", CALL(madvise, p, 4 * PAGE, MADV_FREE));
	p[0] = 'z';
	TELL("what is written then stays", "%c", p[0]);
	CHECK("the rest is old or zero", (!p[PAGE] || p[PAGE] == 'b') && p[4 * PAGE] == 'e');
	SAY("COLD, PAGEOUT", CALL(madvise, p + 4 * PAGE, PAGE, MADV_COLD), CALL(madvise, p + 5 * PAGE, PAGE, MADV_PAGEOUT));
	CHECK("lose nothing", p[4 * PAGE] == 'e' && p[5 * PAGE] == 'f');
	unmap(p);
}

static void forks(void)
{
	char *p = private();

	fill(p);
	SAY("DONTFORK", CALL(madvise, p + PAGE, PAGE, MADV_DONTFORK), IN_CHILD(_exit(p[0])), IN_CHILD(_exit(p[PAGE])),
	    IN_CHILD(_exit(mincore(p + PAGE, PAGE, (void *)p) ? errno : 0)));
	SAY("DOFORK", CALL(madvise, p + PAGE, PAGE, MADV_DOFORK), IN_CHILD(_exit(p[PAGE])));
	SAY("WIPEONFORK", CALL(madvise, p + PAGE, PAGE, MADV_WIPEONFORK), IN_CHILD(_exit(p[PAGE] == 0 && p[2 * PAGE] == 'c')),
	    p[PAGE], IN_CHILD(p[PAGE] = 'x'; _exit(IN_CHILD(_exit(p[PAGE])) >> 8)));
	SAY("KEEPONFORK", CALL(madvise, p + PAGE, PAGE, MADV_KEEPONFORK), IN_CHILD(_exit(p[PAGE])));
	unmap(p);
	int fd = file("f");
	char *shared = map(PROT_READ | PROT_WRITE, MAP_SHARED, -1), *mapped = map(PROT_READ, MAP_PRIVATE, fd);
	SAY("WIPEONFORK of others", CALL(madvise, shared, PAGE, MADV_WIPEONFORK), CALL(madvise, mapped, PAGE, MADV_WIPEONFORK),
	    CALL(madvise, shared, PAGE, MADV_KEEPONFORK), CALL(madvise, mapped, PAGE, MADV_KEEPONFORK),
	    CALL(madvise, mapped, PAGE, MADV_DONTFORK));
	unmap(shared), unmap(mapped), close(fd);
}

static void populates(void)
{
	char *p = private();
	int fd = file("f");

	TELL("untouched", "%s", there(p));
	SAY("POPULATE_WRITE", CALL(madvise, p, 2 * PAGE, MADV_POPULATE_WRITE));
	TELL("there", "%s", there(p));
	SAY("POPULATE_READ", CALL(madvise, p + 3 * PAGE, PAGE, MADV_POPULATE_READ));
	TELL("there", "%s", there(p));
	mprotect(p + 4 * PAGE, PAGE, PROT_READ);
	mprotect(p + 5 * PAGE, PAGE, PROT_NONE);
	SAY("without the right", CALL(madvise, p, PAGES * PAGE, MADV_POPULATE_WRITE), CALL(madvise, p, PAGES * PAGE, MADV_POPULATE_READ));
	TELL("what came before it is there", "%s", there(p));
	munmap(p + 6 * PAGE, PAGE);
	SAY("a hole", CALL(madvise, p + 6 * PAGE, PAGE, MADV_POPULATE_READ));
	unmap(p);
	p = map(PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	ftruncate(fd, 4 * PAGE);
	SAY("past the end", CALL(madvise, p, PAGES * PAGE, MADV_POPULATE_READ), CALL(madvise, p, PAGES * PAGE, MADV_POPULATE_WRITE),
	    CALL(madvise, p, 4 * PAGE, MADV_POPULATE_WRITE));
	TELL("there", "%s", there(p));
	unmap(p), close(fd);
}

static void others(void)
{
	char *p = private();

	SAY("WILLNEED", CALL(madvise, p, PAGE, MADV_WILLNEED), CALL(madvise, p, PAGE, MADV_SEQUENTIAL), CALL(madvise, p, PAGE, MADV_RANDOM),
	    CALL(madvise, p, PAGE, MADV_NORMAL));
	SAY("huge", CALL(madvise, p, PAGE, MADV_HUGEPAGE), CALL(madvise, p, PAGE, MADV_NOHUGEPAGE), CALL(madvise, p, PAGE, MADV_COLLAPSE));
	SAY("merge", CALL(madvise, p, PAGE, MADV_MERGEABLE), CALL(madvise, p, PAGE, MADV_UNMERGEABLE));
	SAY("dump", CALL(madvise, p, PAGE, MADV_DONTDUMP), CALL(madvise, p, PAGE, MADV_DODUMP));
	SAY("unknown", CALL(madvise, p, PAGE, 5), CALL(madvise, p, PAGE, 7), CALL(madvise, p, PAGE, 26), CALL(madvise, p, PAGE, -1),
	    CALL(madvise, p, PAGE, 102), CALL(madvise, p, 0, 26), CALL(madvise, p + 1, 0, 0));
	SAY("poison, nobody", IN_CHILD(setuid(7); _exit(madvise(p, PAGE, MADV_HWPOISON) ? errno : 0)) >> 8,
	    IN_CHILD(setuid(7); _exit(madvise(p, PAGE, MADV_SOFT_OFFLINE) ? errno : 0)) >> 8);
	unmap(p);
}

static void holes(void)
{
	char *p = private();

	for (int i = 0; i < PAGES; i++)
		p[i * PAGE] = 'a' + i;
	munmap(p + 2 * PAGE, PAGE);
	SAY("a hole in the middle", CALL(madvise, p, PAGES * PAGE, MADV_DONTNEED), p[0], p[PAGES * PAGE - PAGE],
	    CALL(madvise, p, PAGES * PAGE, MADV_RANDOM), CALL(madvise, p + 2 * PAGE, PAGE, MADV_NORMAL),
	    CALL(madvise, p, PAGES * PAGE, MADV_WILLNEED), CALL(mlock, p, PAGES * PAGE), CALL(munlock, p, PAGES * PAGE),
	    CALL(msync, p, PAGES * PAGE, MS_SYNC), CALL(mprotect, p, PAGES * PAGE, PROT_READ));
	unmap(p);
}

static long number(const char *file, const char *key)
{
	FILE *f = fopen(file, "r");
	char line[200];
	long n = -1;

	while (f && n < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			n = strtol(line + strlen(key), NULL, 10);
	if (f)
		fclose(f);
	return n;
}

static long locked_kb(void) { return number("/proc/self/status", "VmLck:"); }

static void locks(void)
{
	char *p = private();

	SAY("mlock", CALL(mlock, p + PAGE + 5, PAGE), locked_kb());
	TELL("there", "%s", there(p));
	SAY("on fault", CALL(mlock2, p + 4 * PAGE, 2 * PAGE, MLOCK_ONFAULT), locked_kb());
	TELL("not there", "%s", there(p));
	p[4 * PAGE] = 1;
	TELL("but at the fault", "%s", there(p));
	SAY("mlock after it", CALL(mlock, p + 4 * PAGE, 2 * PAGE), locked_kb());
	TELL("there", "%s", there(p));
	SAY("munlock", CALL(munlock, p, PAGES * PAGE), locked_kb(), IN_CHILD(_exit(locked_kb())));
	TELL("stay", "%s", there(p));
	mlock(p, 2 * PAGE);
	SAY("a child has none", locked_kb(), IN_CHILD(_exit(locked_kb())));
	SAY("lengths", CALL(mlock, p, 0), CALL(mlock, p, -1L), CALL(mlock, p, -PAGE), CALL(munlock, p, -1L), CALL(mlock2, p, PAGE, 2));
	mprotect(p + 5 * PAGE, PAGE, PROT_NONE);
	SAY("what cannot be read", CALL(mlock, p + 4 * PAGE, 3 * PAGE), locked_kb());
	unmap(p);
	SAY("unmapped", locked_kb());
	p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
	TELL("MAP_LOCKED", "%s", there(p));
	unmap(p);
	p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	TELL("MAP_POPULATE", "%s", there(p));
	unmap(p);
}

static void lock_all(void)
{
	char *p = private();

	SAY("mlockall: wrong", CALL(mlockall, 0), CALL(mlockall, 8), CALL(mlockall, MCL_ONFAULT), CALL(mlockall, -1));
	SAY("current, on fault", CALL(mlockall, MCL_CURRENT | MCL_ONFAULT));
	TELL("not there", "%s", there(p));
	SAY("future", CALL(mlockall, MCL_FUTURE));
	char *q = map(PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);
	TELL("there", "%s", there(q));
	unmap(q);
	SAY("future, on fault", CALL(mlockall, MCL_FUTURE | MCL_ONFAULT));
	q = map(PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);
	TELL("not there", "%s", there(q));
	long before = locked_kb();
	SAY("a child does not go on so", IN_CHILD(_exit(locked_kb())),
	    IN_CHILD(map(PROT_READ, MAP_PRIVATE, -1); _exit(locked_kb())));
	SAY("current", CALL(mlockall, MCL_CURRENT), locked_kb() >= before);
	TELL("there", "%s", there(p));
	SAY("none", CALL(munlockall), locked_kb());
	unmap(p), unmap(q);
}

static void limits(void)
{
	struct rlimit few = { 4 * PAGE, 4 * PAGE }, none = { 0, 0 };
	char *p = private();

	SAY("as nobody", IN_CHILD(
		setrlimit(RLIMIT_MEMLOCK, &few); setresuid(7, 7, 7);
		int a = mlock(p, 4 * PAGE) ? errno : 0, b = mlock(p, 2 * PAGE) ? errno : 0, c = mlock(p, 5 * PAGE) ? errno : 0;
		_exit(a | b << 1 | (c == ENOMEM) << 6)) >> 8,
	    IN_CHILD(setrlimit(RLIMIT_MEMLOCK, &few); setresuid(7, 7, 7); _exit(mlockall(MCL_CURRENT) ? errno : 0)) >> 8,
	    IN_CHILD(setrlimit(RLIMIT_MEMLOCK, &few); setresuid(7, 7, 7); _exit(mlockall(MCL_FUTURE) ? errno : 0)) >> 8,
	    IN_CHILD(setrlimit(RLIMIT_MEMLOCK, &few); setresuid(7, 7, 7); mlockall(MCL_FUTURE);
		     _exit(map(PROT_READ, MAP_PRIVATE, -1) == MAP_FAILED ? errno : 0)) >> 8,
	    IN_CHILD(setrlimit(RLIMIT_MEMLOCK, &few); setresuid(7, 7, 7);
		     _exit(map(PROT_READ, MAP_PRIVATE | MAP_LOCKED, -1) == MAP_FAILED ? errno : 0)) >> 8,
	    IN_CHILD(setrlimit(RLIMIT_MEMLOCK, &none); setresuid(7, 7, 7); _exit(mlock(p, PAGE) ? errno : 0)) >> 8,
	    IN_CHILD(setrlimit(RLIMIT_MEMLOCK, &none); setresuid(7, 7, 7); _exit(mlock(p, 0) ? errno : 0)) >> 8,
	    IN_CHILD(setrlimit(RLIMIT_MEMLOCK, &none); setresuid(7, 7, 7); _exit(munlockall() ? errno : 0)) >> 8);
	unmap(p);
}

static void incore(void)
{
	unsigned char v[PAGES];
	int fd = file("f");
	char *p = map(PROT_READ | PROT_WRITE, MAP_PRIVATE, -1);

	SAY("mincore: wrong", CALL(mincore, p + 1, PAGE, v), CALL(mincore, p, PAGE, 8), CALL(mincore, p, 0, v), CALL(mincore, p, 0, 8),
	    CALL(mincore, p, -1L, v), CALL(mincore, p, 1, v), CALL(mincore, 0, PAGE, v), CALL(mincore, -PAGE, PAGE, v));
	unmap(p);
	p = map(PROT_READ, MAP_PRIVATE, fd);
	TELL("a file that nobody mapped before", "%s", there(p));
	unmap(p);
	ftruncate(fd, 0);
	ftruncate(fd, PAGES * PAGE);
	p = map(PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	TELL("a file of holes", "%s", there(p));
	p[2 * PAGE] = 1;
	TELL("one written", "%s", there(p));
	unmap(p);
	ftruncate(fd, PAGE);
	p = map(PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	TELL("past the end", "%s", there(p));
	unmap(p);
	p = private();
	fill(p);
	mprotect(p + PAGE, PAGE, PROT_NONE);
	TELL("without a right", "%s", there(p));
	SAY("of a child", IN_CHILD(_exit(strcmp(there(p), "11111111") != 0)));
	unmap(p), close(fd);
}

int main(void)
{
	discards();
	frees();
	forks();
	populates();
	others();
	holes();
	locks();
	lock_all();
	limits();
	incore();
	return tap_done();
}
