/* SPDX-License-Identifier: MIT */
/* Rows of ./linnet bench sched: files and names, all in a tmpfs. */
#include "bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ENTRIES 1000

static int fd;
static char block[65536];

static void make_file(void)
{
	MUST(fd = open("/tmp/file", O_RDWR | O_CREAT | O_TRUNC, 0644));
	MUST(write(fd, block, sizeof(block)));
}

static void remove_file(void)
{
	close(fd);
	MUST(unlink("/tmp/file"));
}

static uint64_t run_stat(unsigned n)
{
	struct stat st;

	return TIMED(n, MUST(stat("/tmp/file", &st)));
}

static uint64_t run_fstat(unsigned n)
{
	struct stat st;

	return TIMED(n, MUST(fstat(fd, &st)));
}

static uint64_t run_open(unsigned n)
{
	return TIMED(n, int opened = open("/tmp/file", O_RDONLY);
		     MUST(opened);
		     close(opened));
}

static uint64_t run_pread(unsigned n)
{
	return TIMED(n, MUST(pread(fd, block, 4096, 4096 * (i_ & 7))));
}

static uint64_t run_create(unsigned n)
{
	return TIMED(n, int made = open("/tmp/made", O_RDWR | O_CREAT | O_EXCL, 0644);
		     MUST(made);
		     close(made);
		     MUST(unlink("/tmp/made")));
}

static uint64_t run_rename(unsigned n)
{
	return TIMED(n, MUST(rename("/tmp/file", "/tmp/other"));
		     MUST(rename("/tmp/other", "/tmp/file")));
}

static void entry_name(char *path, size_t size, int i)
{
	snprintf(path, size, "/tmp/many/entry-%04d", i);
}

static void make_entries(void)
{
	char path[64];

	MUST(mkdir("/tmp/many", 0755));
	for (int i = 0; i < ENTRIES; i++) {
		entry_name(path, sizeof(path), i);
		close(open(path, O_RDWR | O_CREAT, 0644));
	}
	MUST(fd = open("/tmp/many", O_RDONLY | O_DIRECTORY));
}

static void remove_entries(void)
{
	char path[64];

	for (int i = 0; i < ENTRIES; i++) {
		entry_name(path, sizeof(path), i);
		MUST(unlink(path));
	}
	close(fd);
	MUST(rmdir("/tmp/many"));
}

static void list_all(void)
{
	long got;

	MUST(lseek(fd, 0, SEEK_SET));
	while ((got = syscall(SYS_getdents64, fd, block, 32768)) > 0)
		;
	MUST(got);
}

static uint64_t run_getdents(unsigned n)
{
	return TIMED(n, list_all());
}

const struct row file_rows[] = {
	{ "stat", run_stat, make_file, remove_file, 5000, 0 },
	{ "fstat", run_fstat, make_file, remove_file, 5000, 0 },
	{ "open+close", run_open, make_file, remove_file, 3000, 0 },
	{ "pread 4 KiB", run_pread, make_file, remove_file, 5000, 0 },
	{ "create+delete", run_create, NULL, NULL, 1000, 0 },
	{ "rename", run_rename, make_file, remove_file, 1000, 2 },
	{ "getdents of 1,000", run_getdents, make_entries, remove_entries, 16, 0 },
	{ 0 }
};
