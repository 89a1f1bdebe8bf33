/* SPDX-License-Identifier: MIT */
/*
 * PR_SET_THP_DISABLE and MADV_NOHUGEPAGE: what is touched in one byte is there in one page. That it is 512
 * without them cannot be compared: Linux has no large pages in a machine of 512 MiB.
 */
#include "tap.h"
#include <sys/mman.h>
#include <sys/prctl.h>

#define LARGE (2UL << 20)
#define PAGES (LARGE / 4096)

/* Pages there after one write into a fresh range of 2 MiB. */
static int pages_touched(int advice)
{
	char *p = mmap(NULL, 2 * LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *aligned = (char *)(((uintptr_t)p + LARGE - 1) & ~(LARGE - 1));
	unsigned char there[PAGES];
	int count = 0;

	if (advice)
		madvise(p, 2 * LARGE, advice);
	aligned[12345] = 1;
	mincore(aligned, LARGE, there);
	for (unsigned i = 0; i < PAGES; i++)
		count += there[i] & 1;
	munmap(p, 2 * LARGE);
	return count;
}

int main(int argc, char **argv)
{
	char *again[] = { argv[0], "again", NULL };

	if (argc > 1) /* what exec keeps */
		return 2 * prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) + (pages_touched(0) == 1);
	CHECK_INT("off at first", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 0);
	CHECK_INT("MADV_NOHUGEPAGE", pages_touched(MADV_NOHUGEPAGE), 1);
	CHECK_ERRNO("arguments must be zero", prctl(PR_SET_THP_DISABLE, 1, 1, 0, 0), EINVAL);
	CHECK_ERRNO("of asking too", prctl(PR_GET_THP_DISABLE, 1, 0, 0, 0), EINVAL);
	CHECK_INT("set", prctl(PR_SET_THP_DISABLE, 7, 0, 0, 0), 0);
	CHECK_INT("reads as one", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 1);
	CHECK_INT("a small page", pages_touched(0), 1);
	CHECK_INT("advice does not help", pages_touched(MADV_HUGEPAGE), 1);
	CHECK_INT("a child has it", IN_CHILD(_exit(2 * prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) + pages_touched(0))), EXITED(3));
	CHECK_INT("exec keeps it", IN_CHILD(execv("/proc/self/exe", again)), EXITED(3));
	CHECK_INT("unset", prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0), 0);
	return tap_done();
}
