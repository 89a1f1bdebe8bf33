/* SPDX-License-Identifier: MIT */
/*
 * Rows of ./linnet bench sched: faults and changes of the address space. Large pages
 * are forbidden, since these rows are about single ones.
 */
#include "bench.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul
#define PART 256ul		/* pages mapped at a time by the fault rows */

static int fd;
static char *area;

static char *map_any(size_t size)
{
	char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(at != MAP_FAILED, "mmap");
	return at;
}

static char *map(size_t size)
{
	char *at = map_any(size);

	madvise(at, size, MADV_NOHUGEPAGE);
	return at;
}

static uint64_t touch(volatile char *at, unsigned pages)
{
	return TIMED(pages, at[i_ * PAGE] = 1);
}

static uint64_t run_anonymous(unsigned n)
{
	uint64_t took = 0;

	for (unsigned done = 0; done < n; done += PART) {
		char *at = map(PART * PAGE);

		took += touch(at, n - done < PART ? n - done : PART);
		munmap(at, PART * PAGE);
	}
	return took;
}

static void make_file(void)
{
	static const char page[PAGE];

	MUST(fd = open("/tmp/mapped", O_RDWR | O_CREAT, 0644));
	for (unsigned i = 0; i < PART; i++)
		MUST(write(fd, page, PAGE));
}

static void remove_file(void)
{
	close(fd);
	unlink("/tmp/mapped");
}

static char *map_file(int protection, int flags)
{
	char *at = mmap(NULL, PART * PAGE, protection, flags, fd, 0);

	must(at != MAP_FAILED, "mmap");
	return at;
}

/* Reads one page in every step, n in all. */
static uint64_t read_mapped(unsigned n, unsigned step)
{
	uint64_t took = 0;

	for (unsigned done = 0, pages; done < n; done += pages) {
		volatile char *at = map_file(PROT_READ, MAP_SHARED);

		pages = n - done < PART / step ? n - done : PART / step;
		took += TIMED(pages, (void)at[i_ * step * PAGE]);
		munmap((void *)at, PART * PAGE);
	}
	return took;
}

/* Kernels map the neighbours along: few of these accesses fault. */
static uint64_t run_file_map(unsigned n)
{
	return read_mapped(n, 1);
}

/* Here all do, and each brings its neighbours. */
static uint64_t run_file_apart(unsigned n)
{
	return read_mapped(n, 16);
}

static uint64_t write_mapped(unsigned n, int flags)
{
	uint64_t took = 0;

	for (unsigned done = 0; done < n; done += PART) {
		char *at = map_file(PROT_READ | PROT_WRITE, flags);

		took += touch(at, n - done < PART ? n - done : PART);
		munmap(at, PART * PAGE);
	}
	return took;
}

static uint64_t run_file_shared(unsigned n)
{
	return write_mapped(n, MAP_SHARED);
}

static uint64_t run_file_private(unsigned n)
{
	return write_mapped(n, MAP_PRIVATE);
}

/* The child writes to pages that its parent has too, and reports through shared memory. */
static uint64_t run_copy_on_write(unsigned n)
{
	uint64_t *report = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t took = 0;

	for (unsigned done = 0; done < n; done += PART) {
		pid_t child = fork();

		MUST(child);
		if (!child) {
			*report = touch(area, n - done < PART ? n - done : PART);
			_exit(0);
		}
		MUST(waitpid(child, NULL, 0));
		took += *report;
	}
	munmap(report, PAGE);
	return took;
}

static void make_area(void)
{
	area = map(PART * PAGE);
	touch(area, PART);
}

static void remove_area(void)
{
	munmap(area, PART * PAGE);
}

static uint64_t run_mmap(unsigned n)
{
	return TIMED(n, char *at = map_any(16 * PAGE);
		     *(volatile char *)at = 1;
		     munmap(at, 16 * PAGE));
}

static uint64_t run_mprotect(unsigned n)
{
	return TIMED(n, MUST(mprotect(area, 16 * PAGE, PROT_READ));
		     MUST(mprotect(area, 16 * PAGE, PROT_READ | PROT_WRITE)));
}

static uint64_t run_brk(unsigned n)
{
	return TIMED(n, MUST(sbrk(16 * PAGE));
		     MUST(sbrk(-16l * (long)PAGE)));
}

const struct row memory_rows[] = {
	{ "anonymous fault", run_anonymous, NULL, NULL, 8 * PART, 0 },
	{ "file-map fault", run_file_map, make_file, remove_file, 8 * PART, 0 },
	{ "file-map fault, one in 16 pages", run_file_apart, make_file, remove_file, PART, 0 },
	{ "file-map fault, shared write", run_file_shared, make_file, remove_file, 8 * PART, 0 },
	{ "file-map fault, private write", run_file_private, make_file, remove_file, 8 * PART, 0 },
	{ "copy-on-write fault", run_copy_on_write, make_area, remove_area, 8 * PART, 0 },
	{ "mmap+munmap 64 KiB", run_mmap, NULL, NULL, 2000, 0 },
	{ "mprotect 16 pages", run_mprotect, make_area, remove_area, 1000, 2 },
	{ "brk", run_brk, NULL, NULL, 2000, 2 },
	{ 0 }
};
