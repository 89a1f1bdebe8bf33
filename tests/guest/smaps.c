/* SPDX-License-Identifier: MIT */
/* What /proc/PID/smaps, smaps_rollup, numa_maps, pagemap, clear_refs and children tell of a program. */
#include "tap.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define PAGE  4096UL
#define PAGES 8

/* smaps of an area, but for its first line and what depends on the kernel's set-up. */
static void tell_area(const char *name, const char *of, void *area)
{
	char line[512], start[32], all[4096] = "";
	FILE *f = fopen(of, "r");
	bool inside = false;

	snprintf(start, sizeof(start), "%lx-", (unsigned long)area);
	while (f && fgets(line, sizeof(line), f)) {
		char *soft = strstr(line, "sd ");

		if (strchr(line, '-') && !strchr(line, ':') == 0 && strstr(line, " 00:") && line[0] >= '0')
			inside = !strncmp(line, start, strlen(start));
		else if (inside && strncmp(line, "Protection", 10) && strncmp(line, "THPel", 5)) {
			if (soft && !strncmp(line, "VmFlags", 7))
				memmove(soft, soft + 3, strlen(soft + 3) + 1);
			strncat(all, line, sizeof(all) - strlen(all) - 1);
		}
	}
	if (f)
		fclose(f);
	for (char *p = all; (p = strchr(p, '\n')); *p = '|')
		;
	TELL(name, "%s", all);
}

static long field(const char *of, void *area, const char *field)
{
	char line[512], start[32];
	FILE *f = fopen(of, "r");
	bool inside = !area;
	long value = -1;

	snprintf(start, sizeof(start), "%lx-", (unsigned long)area);
	while (f && value < 0 && fgets(line, sizeof(line), f)) {
		inside |= area && !strncmp(line, start, strlen(start));
		if (inside && !strncmp(line, field, strlen(field)))
			value = atol(line + strlen(field));
	}
	if (f)
		fclose(f);
	return value;
}

static void *map(int flags)
{
	return mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0);
}

static void touch(char *p, int pages)
{
	for (int i = 0; i < pages; i++)
		p[i * PAGE] = 1;
}

/* Between pages that nobody may use, so that it merges with nothing. */
static char *map_alone(int flags)
{
	char *p = mmap(NULL, (PAGES + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mmap(p + PAGE, PAGES * PAGE, PROT_READ | PROT_WRITE, flags | MAP_FIXED, -1, 0);
}

static void areas(void)
{
	char *p = map_alone(MAP_PRIVATE | MAP_ANONYMOUS);
	volatile char sink;

	tell_area("untouched", "/proc/self/smaps", p);
	touch(p, 3);
	tell_area("three pages written", "/proc/self/smaps", p);
	sink = p[4 * PAGE];
	(void)sink;
	tell_area("and one read", "/proc/self/smaps", p);
	madvise(p, PAGES * PAGE, MADV_DONTFORK);
	madvise(p, PAGES * PAGE, MADV_DONTDUMP);
	madvise(p, PAGES * PAGE, MADV_RANDOM);
	mlock(p, PAGES * PAGE);
	tell_area("advice, and locked", "/proc/self/smaps", p);
	mprotect(p, PAGES * PAGE, PROT_NONE);
	tell_area("nobody may", "/proc/self/smaps", p);
	munmap(p, PAGES * PAGE);

	p = map_alone(MAP_SHARED | MAP_ANONYMOUS);
	touch(p, 2);
	tell_area("shared", "/proc/self/smaps", p);
	p = map_alone(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
	tell_area("no reserve", "/proc/self/smaps", p);
}

static void shares(void)
{
	char *p = map_alone(MAP_PRIVATE | MAP_ANONYMOUS), path[64];
	int go[2];
	pid_t child;

	touch(p, PAGES);
	pipe(go);
	child = fork();
	if (!child) {
		close(go[1]);
		read(go[0], path, 1);
		_exit(0);
	}
	close(go[0]);
	snprintf(path, sizeof(path), "/proc/%d/smaps", child);
	CHECK_INT("parent and child map it", field("/proc/self/smaps", p, "Rss:"), PAGES * 4);
	CHECK_INT("each has half", field("/proc/self/smaps", p, "Pss:"), PAGES * 2);
	CHECK_INT("it is shared", field("/proc/self/smaps", p, "Shared_Dirty:"), PAGES * 4);
	CHECK_INT("the child's too", field(path, p, "Pss:"), PAGES * 2);
	touch(p, 2);
	CHECK_INT("written since: two alone", field("/proc/self/smaps", p, "Private_Dirty:"), 8);
	CHECK_INT("the rest not", field("/proc/self/smaps", p, "Shared_Dirty:"), (PAGES - 2) * 4);
	CHECK_INT("share of it", field("/proc/self/smaps", p, "Pss:"), 8 + (PAGES - 2) * 2);
	close(go[1]);
	waitpid(child, NULL, 0);
	CHECK_INT("alone again", field("/proc/self/smaps", p, "Private_Dirty:"), PAGES * 4);
}

static void many_shares(void)
{
	size_t length = 100 * PAGE;
	char *p = mmap(NULL, length + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), c;
	int go[2];

	p = mmap(p + PAGE, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	touch(p, 100);
	pipe(go);
	for (int i = 0; i < 3; i++) {
		if (!fork()) {
			close(go[1]);
			read(go[0], &c, 1);
			_exit(0);
		}
	}
	close(go[0]);
	CHECK_INT("a hundred pages in four processes", field("/proc/self/smaps", p, "Rss:"), 400);
	CHECK_INT("a quarter each", field("/proc/self/smaps", p, "Pss:"), 100);
	close(go[1]);
	while (wait(NULL) > 0)
		;
	CHECK_INT("all alone", field("/proc/self/smaps", p, "Pss:"), 400);
}

static void rollup(void)
{
	char line[256], names[1024] = "";
	FILE *f = fopen("/proc/self/smaps_rollup", "r");

	fgets(line, sizeof(line), f);
	TELL("rollup's first line", "%s", strchr(line, ' '));
	while (fgets(line, sizeof(line), f)) {
		*strchr(line, ':') = 0;
		strcat(strcat(names, line), " ");
	}
	fclose(f);
	TELL("rollup's lines", "%s", names);
	CHECK("rollup's parts", field("/proc/self/smaps_rollup", NULL, "Rss:") > 100);
}

static uint64_t entry(int fd, void *at)
{
	uint64_t e = 0;

	return pread(fd, &e, 8, (off_t)((uintptr_t)at / PAGE * 8)) == 8 ? e & ~(1UL << 55) : 0;
}

static void pagemap(void)
{
	char *p = map_alone(MAP_PRIVATE | MAP_ANONYMOUS), *shared = map(MAP_SHARED | MAP_ANONYMOUS);
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t many[PAGES], frame;
	int go[2];

	touch(p, 2);
	touch(shared, 1);
	CHECK_INT("a page of one's own", entry(fd, p) >> 55, 0x102);
	CHECK_INT("not there", entry(fd, p + 2 * PAGE), 0);
	CHECK_INT("shared memory", entry(fd, shared) >> 55, 0x142);
	frame = entry(fd, p) & ((1UL << 55) - 1);
	CHECK("its frame", frame && frame != (entry(fd, p + PAGE) & ((1UL << 55) - 1)));
	CHECK_INT("several", pread(fd, many, sizeof(many), (off_t)((uintptr_t)p / PAGE * 8)), sizeof(many));
	CHECK("each its own", (many[0] >> 63) && (many[1] >> 63) && !(many[2] >> 56) && !(many[7] >> 56));
	CHECK_ERRNO("half an entry", pread(fd, many, 4, 0), EINVAL);
	CHECK_ERRNO("between entries", pread(fd, many, 8, 4), EINVAL);
	CHECK_INT("beyond all memory", pread(fd, many, 8, 1L << 52), 0);
	pipe(go);
	if (!fork()) {
		close(go[1]);
		read(go[0], many, 1);
		_exit(0);
	}
	close(go[0]);
	CHECK_INT("with a child", entry(fd, p) >> 55, 0x100);
	close(go[1]);
	wait(NULL);
	CHECK_INT("without", entry(fd, p) >> 55, 0x102);
	CHECK_INT("nobody sees no frames", IN_CHILD({
		int mine;

		setuid(65534);
		prctl(PR_SET_DUMPABLE, 1);
		mine = open("/proc/self/pagemap", O_RDONLY);
		_exit(mine < 0 ? errno : entry(mine, p) & ((1UL << 55) - 1) ? 100 : (int)(entry(mine, p) >> 63));
	}), EXITED(1));
}

static void forgetting(void)
{
	char *p = map_alone(MAP_PRIVATE | MAP_ANONYMOUS);
	int fd = open("/proc/self/clear_refs", O_WRONLY);

	touch(p, PAGES);
	CHECK_INT("all used", field("/proc/self/smaps", p, "Referenced:"), PAGES * 4);
	CHECK_OK("forget", write(fd, "1", 1) - 1);
	CHECK_INT("none", field("/proc/self/smaps", p, "Referenced:"), 0);
	touch(p, 2);
	CHECK_INT("two since", field("/proc/self/smaps", p, "Referenced:"), 8);
	CHECK_OK("of files only", write(fd, "3\n", 2) - 2);
	CHECK_INT("two still", field("/proc/self/smaps", p, "Referenced:"), 8);
	CHECK_OK("anonymous ones", write(fd, "2\n", 2) - 2);
	CHECK_INT("none again", field("/proc/self/smaps", p, "Referenced:"), 0);
	CHECK_OK("soft-dirty bits", write(fd, "4", 1) - 1);
	CHECK_OK("greatest size", write(fd, "5", 1) - 1);
	CHECK_ERRNO("zero", write(fd, "0", 1), EINVAL);
	CHECK_ERRNO("six", write(fd, "6", 1), EINVAL);
	CHECK_ERRNO("a word", write(fd, "x", 1), EINVAL);
	CHECK_ERRNO("to read", open("/proc/self/clear_refs", O_RDONLY) < 0 ? -1 : read(open("/proc/self/clear_refs", O_RDONLY), p, 1), EINVAL);
}

static void numa(void)
{
	char *p = map_alone(MAP_PRIVATE | MAP_ANONYMOUS), line[512], start[32];
	FILE *f;

	touch(p, 3);
	snprintf(start, sizeof(start), "%lx ", (unsigned long)p);
	f = fopen("/proc/self/numa_maps", "r");
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, start, strlen(start))) {
			char *active = strstr(line, "active=0 "); /* nothing ages here */

			if (active)
				memmove(active, active + 9, strlen(active + 9) + 1);
			TELL("numa_maps", "%s", line + strlen(start));
		}
	fclose(f);
}

static void children(void)
{
	char path[64], text[128] = "", expected[64];
	pid_t a = fork(), b;

	if (!a) {
		pause();
		_exit(0);
	}
	b = fork();
	if (!b) {
		pause();
		_exit(0);
	}
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	snprintf(expected, sizeof(expected), "%d %d ", a, b);
	read(open(path, O_RDONLY), text, sizeof(text) - 1);
	CHECK("children", !strcmp(text, expected));
	CHECK_ERRNO("of a thread only", open("/proc/self/children", O_RDONLY), ENOENT);
	snprintf(path, sizeof(path), "/proc/self/task/%d/timers", getpid());
	CHECK_ERRNO("of a process only", open(path, O_RDONLY), ENOENT);
	kill(a, SIGKILL);
	kill(b, SIGKILL);
	while (wait(NULL) > 0)
		;
}

int main(void)
{
	areas();
	shares();
	many_shares();
	rollup();
	pagemap();
	forgetting();
	numa();
	children();
	return tap_done();
}
