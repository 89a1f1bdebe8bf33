/* SPDX-License-Identifier: MIT */
/*
 * Threads that write to memory while its mappings change under them. Every worker
 * owns one word of each page and knows what it should hold; a lost or foreign
 * write shows. A fault that cannot be served yet is taken again until it can.
 *
 * The word memory_race=N on the kernel's command line makes it N times as long.
 */
#include "tap.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

#define PAGE    4096ul
#define WORKERS 3
#define PAGES   2200ul			/* over several page tables, and some large pages */
#define SPAN    (PAGES * PAGE)

static char *region;
static volatile bool over;
static bool may_vanish;			/* a word may be zero again */
static unsigned long errors;
static unsigned long rounds = 1;
static uint64_t expect[WORKERS][PAGES];

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static uint64_t seed = 88172645463325252ul;

static unsigned long below(unsigned long n)
{
	return next_random(&seed) % n;
}

static void try_again(int n, siginfo_t *info, void *context)
{
	(void)n, (void)info, (void)context;
	sched_yield();
}

static volatile uint64_t *word(unsigned worker, unsigned long page)
{
	return (volatile uint64_t *)(region + page * PAGE) + worker * 9 + page % 40;
}

static void fail(void)
{
	__atomic_add_fetch(&errors, 1, __ATOMIC_RELAXED);
}

static void check_word(unsigned me, unsigned long page)
{
	uint64_t seen = *word(me, page);

	if (seen == 0 && may_vanish)
		expect[me][page] = 0;
	else if (seen != expect[me][page])
		fail();
}

static void *worker(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;
	uint64_t state = 1234567 + me * 7919;

	while (!over) {
		unsigned long page = next_random(&state) % PAGES, run = next_random(&state) % 30;

		for (; run && page < PAGES; run--, page++) {
			check_word(me, page);
			*word(me, page) = ++expect[me][page];
			if (!may_vanish && *word(me, page) != expect[me][page])
				fail();
		}
	}
	return NULL;
}

/* Runs the step often beside the workers; the number of errors. */
static unsigned long race(void (*step)(void), unsigned times)
{
	pthread_t thread[WORKERS];

	errors = 0;
	over = false;
	memset(expect, 0, sizeof(expect));
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_create(&thread[i], NULL, worker, (void *)(uintptr_t)i);
	for (unsigned long i = 0; i < times * rounds; i++) {
		step();
		sched_yield();
	}
	over = true;
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_join(thread[i], NULL);
	for (unsigned i = 0; i < WORKERS; i++)
		for (unsigned long page = 0; page < PAGES; page++)
			check_word(i, page);
	return errors;
}

static void take_range(char **at, size_t *length)
{
	unsigned long first = below(PAGES), n = 1 + below(PAGES - first);

	if (below(3) && n > 20)
		n = 1 + below(20);
	*at = region + first * PAGE;
	*length = n * PAGE;
}

static void map_region(int flags, int fd)
{
	char *room = mmap(NULL, SPAN + (2ul << 20), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *start = (char *)(((uintptr_t)room + (2ul << 20) - 1) & -(2ul << 20));

	region = mmap(start, SPAN, PROT_READ | PROT_WRITE, MAP_FIXED | flags, fd, 0);
	if (region == MAP_FAILED)
		fail();
}

static void unmap_region(void)
{
	munmap(region, SPAN);
}

static void only_wait(void)
{
	sleep_ms(3);
}

static void protect(void)
{
	char *at;
	size_t length;

	take_range(&at, &length);
	if (mprotect(at, length, below(2) ? PROT_READ : PROT_NONE) || mprotect(at, length, PROT_READ | PROT_WRITE))
		fail();
}

static void drop(void)
{
	char *at;
	size_t length;

	take_range(&at, &length);
	if (madvise(at, length, MADV_DONTNEED))
		fail();
}

static void replace(void)
{
	char *at;
	size_t length;

	take_range(&at, &length);
	if (mmap(at, length, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != at)
		fail();
}

/* Out of the way and back. A range over several areas is refused. */
static void move(void)
{
	char *at, *room;
	size_t length;

	take_range(&at, &length);
	room = mmap(NULL, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mremap(at, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, room) == room) {
		if (mremap(room, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, at) != at)
			fail();
	} else {
		munmap(room, length);
	}
}

/* In a child nobody but us writes: what it has stays as it is, and it may do what it likes with it. */
static void check_child(void)
{
	static uint64_t copy[WORKERS][PAGES];
	char *at;
	size_t length;

	for (unsigned i = 0; i < WORKERS; i++)
		for (unsigned long page = 0; page < PAGES; page++)
			copy[i][page] = *word(i, page);
	sched_yield();
	for (unsigned n = 0; n < 3; n++) {
		take_range(&at, &length);
		mprotect(at, length, PROT_READ);
		mprotect(at, length, PROT_READ | PROT_WRITE);
	}
	for (unsigned i = 0; i < WORKERS; i++)
		for (unsigned long page = 0; page < PAGES; page += 1 + page % 7) {
			if (*word(i, page) != copy[i][page])
				_exit(1);
			*word(i, page) = ~0ul;
		}
	take_range(&at, &length);
	munmap(at, length);
	_exit(0);
}

static void fork_and_check(void)
{
	unsigned quick = below(4);
	pid_t child = fork();
	int status;

	if (child == 0 && quick)
		_exit(0);
	if (child == 0)
		check_child();
	if (child < 0 || (quick != 1 && (waitpid(child, &status, 0) != child || status)))
		fail();
}

static void fork_two(void)
{
	pid_t child = fork();

	if (child == 0) {
		fork_and_check();
		while (waitpid(-1, NULL, 0) > 0)
			;
		_exit(errors ? 1 : 0);
	}
	fork_and_check();
	for (int status; waitpid(-1, &status, 0) > 0;)
		if (status)
			fail();
}

static int file;

static void cut_and_grow(void)
{
	if (ftruncate(file, (off_t)(below(PAGES) * PAGE + below(2) * 100)) || ftruncate(file, SPAN))
		fail();
}

static void run(const char *name, int flags, bool vanishing, void (*step)(void), unsigned times)
{
	may_vanish = vanishing;
	ftruncate(file, 0);
	ftruncate(file, SPAN);
	map_region(flags, file);
	CHECK_INT(name, race(step, times), 0);
	unmap_region();
}

static void *cut_often(void *arg)
{
	for (unsigned i = 0; !over; i++) {
		cut_and_grow();
		sched_yield();
	}
	return arg;
}

/* A page that is cut off must not be written to through its old place. */
static void move_beside_cutting(void)
{
	pthread_t cutter;

	over = false;
	pthread_create(&cutter, NULL, cut_often, NULL);
	run("a shared file that is cut while it moves", MAP_SHARED, true, move, 60);
	pthread_join(cutter, NULL);
}

/* Tables were looked through after they were freed. */
static void look_at_the_dying(void)
{
	char path[64], buf[64];

	for (unsigned i = 0; i < 60 * rounds; i++) {
		pid_t child = fork();
		int fd;

		if (child == 0) {
			for (unsigned page = 0; page < i % 8; page++)
				expect[0][page * 512 % PAGES] = 1;
			_exit(0);
		}
		snprintf(path, sizeof(path), i % 2 ? "/proc/%d/mem" : "/proc/%d/environ", child);
		fd = open(path, O_RDONLY);
		for (unsigned n = 0; n < 30; n++)
			pread(fd, buf, sizeof(buf), i % 2 ? (off_t)(uintptr_t)expect : 0);
		close(fd);
		waitpid(child, NULL, 0);
	}
	CHECK("the memory of processes that end is looked at", true);
}

static void anything(void)
{
	void (*const all[])(void) = { protect, drop, replace, move, fork_and_check };

	all[below(5)]();
}

/* Threads with memory of their own in one address space. */
static void *map_and_unmap(void *arg)
{
	uint64_t state = 99 + (uintptr_t)arg;

	for (unsigned i = 0; i < 60 * rounds; i++) {
		size_t n = 1 + next_random(&state) % (i % 8 ? 40 : 1500);
		char *at = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (size_t page = 0; page < n; page++) {
			if (at[page * PAGE])
				fail();
			at[page * PAGE] = 1 + (char)(uintptr_t)arg;
		}
		for (size_t page = 0; page < n; page++)
			if (at[page * PAGE] != 1 + (char)(uintptr_t)arg)
				fail();
		munmap(at, n / 2 * PAGE);
		munmap(at + n / 2 * PAGE, (n - n / 2) * PAGE);
	}
	return NULL;
}

static void own_memory(void)
{
	pthread_t thread[WORKERS];

	errors = 0;
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_create(&thread[i], NULL, map_and_unmap, (void *)(uintptr_t)i);
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_join(thread[i], NULL);
	CHECK_INT("threads that map and unmap side by side", errors, 0);
}

static void read_rounds(void)
{
	char line[512] = "", *at;
	int fd = open("/proc/cmdline", O_RDONLY);

	if (fd >= 0 && read(fd, line, sizeof(line) - 1) > 0 && (at = strstr(line, "memory_race=")))
		rounds = strtoul(at + 12, NULL, 10);
	close(fd);
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = try_again, .sa_flags = SA_SIGINFO };
	int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;

	read_rounds();
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	file = open("mapped", O_RDWR | O_CREAT, 0644);
	run("faults side by side", anonymous, false, only_wait, 30);
	run("mprotect beside writers", anonymous, false, protect, 150);
	run("mremap beside writers", anonymous, false, move, 150);
	run("fork beside writers", anonymous, false, fork_and_check, 25);
	run("children that fork beside writers", anonymous, false, fork_two, 12);
	run("MADV_DONTNEED beside writers", anonymous, true, drop, 150);
	run("mmap over what is written to", anonymous, true, replace, 150);
	run("all at once", anonymous, true, anything, 100);
	run("a shared file, mprotect", MAP_SHARED, false, protect, 80);
	run("a shared file that is cut and grows", MAP_SHARED, true, cut_and_grow, 60);
	run("a private file, fork", MAP_PRIVATE, false, fork_and_check, 20);
	run("a private file that is cut and grows", MAP_PRIVATE, true, cut_and_grow, 60);
	run("a private file, all at once", MAP_PRIVATE, true, anything, 60);
	own_memory();
	move_beside_cutting();
	look_at_the_dying();
	return tap_done();
}
