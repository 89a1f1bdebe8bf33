/* SPDX-License-Identifier: MIT */
/*
 * Promised memory in the three modes of vm.overcommit_memory; and how many inotify
 * instances and watches a user may have.
 */
#include "tap.h"
#include <sys/inotify.h>
#include <sys/mman.h>

#define MB (1UL << 20)

static int set(const char *name, long value)
{
	char path[80], text[32];
	int fd, result;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	result = write(fd, text, (size_t)snprintf(text, sizeof(text), "%ld", value)) < 0 ? -errno : 0;
	close(fd);
	return result;
}

static long get(const char *name)
{
	char path[80], text[32] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	fd = open(path, O_RDONLY);
	read(fd, text, sizeof(text) - 1);
	close(fd);
	return atol(text);
}

static long meminfo(const char *name)
{
	static char text[8192];
	int fd = open("/proc/meminfo", O_RDONLY);

	memset(text, 0, sizeof(text));
	read(fd, text, sizeof(text) - 1);
	close(fd);
	char *at = strstr(text, name);
	return at ? atol(at + strlen(name) + 1) : -1;
}

/* 0 or errno; unmapped again. */
static int try_map(size_t size, int prot, int flags)
{
	void *p = mmap(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (p == MAP_FAILED)
		return errno;
	munmap(p, size);
	return 0;
}

static int try_fork(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid < 0)
		return errno;
	waitpid(pid, NULL, 0);
	return 0;
}

#define RW (PROT_READ | PROT_WRITE)

static void modes(void)
{
	TELL("bad", "%d %d", set("vm/overcommit_memory", 3), set("vm/overcommit_memory", -1));
	set("vm/overcommit_kbytes", 1234);
	TELL("ratio and kbytes", "%ld %ld", get("vm/overcommit_kbytes"), get("vm/overcommit_ratio"));
	TELL("the limit", "%d", labs(meminfo("CommitLimit:") - 1234) < 8);
	set("vm/overcommit_ratio", 50);
	TELL("back to a ratio", "%ld %ld", get("vm/overcommit_kbytes"), get("vm/overcommit_ratio"));
	TELL("half of memory", "%d", labs(meminfo("CommitLimit:") * 2 - meminfo("MemTotal:")) < 16);
	TELL("mode 0", "%d %d %d", try_map(1UL << 40, RW, 0), try_map(1UL << 40, RW, MAP_NORESERVE), try_map(1UL << 40, PROT_NONE, 0));
	set("vm/overcommit_memory", 1);
	TELL("mode 1", "%d %ld", try_map(1UL << 40, RW, 0), get("vm/overcommit_memory"));
	set("vm/admin_reserve_kbytes", 0), set("vm/user_reserve_kbytes", 0);
	set("vm/overcommit_kbytes", meminfo("Committed_AS:") + 64 * 1024);
	set("vm/overcommit_memory", 2);
	TELL("mode 2", "%d %d %d", try_map(32 * MB, RW, 0), try_map(128 * MB, RW, 0), try_map(128 * MB, RW, MAP_NORESERVE));
	TELL("what is not counted", "%d %d", try_map(128 * MB, PROT_NONE, 0), try_map(128 * MB, PROT_READ, 0));
	void *none = mmap(NULL, 128 * MB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	TELL("made writable", "%d", mprotect(none, 128 * MB, RW) ? errno : 0);
	TELL("a part of it", "%d", mprotect(none, 16 * MB, RW) ? errno : 0);
	munmap(none, 128 * MB);
	TELL("shared", "%d", ({
		     void *p = mmap(NULL, 128 * MB, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		     p == MAP_FAILED ? errno : 0;
	     }));
	TELL("fork", "%d", try_fork());
	void *most = mmap(NULL, 40 * MB, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	TELL("fork with most of it", "%d %d", most != MAP_FAILED, try_fork());
	TELL("mremap", "%d", mremap(most, 40 * MB, 100 * MB, MREMAP_MAYMOVE) == MAP_FAILED ? errno : 0);
	munmap(most, 40 * MB);
	TELL("fork again", "%d", try_fork());
	long before = meminfo("Committed_AS:");
	most = mmap(NULL, 20 * MB, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	TELL("Committed_AS", "%d", labs(meminfo("Committed_AS:") - before - 20 * 1024) < 2048);
	munmap(most, 20 * MB);
	set("vm/overcommit_memory", 0), set("vm/overcommit_ratio", 50);
	set("vm/admin_reserve_kbytes", 8192), set("vm/user_reserve_kbytes", 8192);
}

static int as_nobody(int (*call)(void))
{
	int p[2], got = 12345;

	pipe(p);
	if (!fork()) {
		setgid(65534), setuid(65534);
		int answer = call();
		write(p[1], &answer, sizeof(answer)), _exit(0);
	}
	close(p[1]), wait(NULL);
	read(p[0], &got, sizeof(got)), close(p[0]);
	return got;
}

static int instances(void)
{
	int n = 0;

	while (n < 1000 && inotify_init1(IN_CLOEXEC) >= 0)
		n++;
	return n * 1000 + errno;
}

static int watches(void)
{
	int n = 0, fd = inotify_init();
	char name[16];

	for (; n < 100; n++) {
		snprintf(name, sizeof(name), "w%d", n);
		if (inotify_add_watch(fd, name, IN_MODIFY) < 0)
			break;
	}
	int error = errno;
	inotify_rm_watch(fd, 1);
	return (n * 1000 + error) * 10 + (inotify_add_watch(fd, name, IN_MODIFY) > 0);
}

static void inotify_limits(void)
{
	char name[16];

	for (int i = 0; i < 60; i++)
		snprintf(name, sizeof(name), "w%d", i), file_write(name, "");
	TELL("instances", "%d", as_nobody(instances));
	set("fs/inotify/max_user_instances", 5);
	TELL("fewer", "%d %d", as_nobody(instances), as_nobody(instances));
	set("fs/inotify/max_user_instances", 128);
	set("fs/inotify/max_user_watches", 50);
	TELL("watches", "%d %d", as_nobody(watches), as_nobody(watches));
	set("fs/inotify/max_user_watches", 8192);
	TELL("bad", "%d %d", set("fs/inotify/max_user_watches", -1), set("fs/inotify/max_queued_events", -5));
}

int main(void)
{
	modes();
	inotify_limits();
	return tap_done();
}
