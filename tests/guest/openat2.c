/* SPDX-License-Identifier: MIT */
/* openat2(2) with RESOLVE_CACHED; and pidfd_send_signal(2) through directories of /proc. */
#include "tap.h"

#include <linux/openat2.h>

static long opened(int dir, const char *name, uint64_t flags, uint64_t mode, uint64_t resolve)
{
	struct open_how how = { .flags = flags, .mode = mode, .resolve = resolve };
	long fd = syscall(SYS_openat2, dir, name, &how, sizeof(how));

	if (fd < 0)
		return -1;
	close((int)fd);
	return 0;
}

static long cached(const char *name, uint64_t flags)
{
	return opened(AT_FDCWD, name, flags, 0, RESOLVE_CACHED);
}

static void cache(void)
{
	struct stat st;

	mkdir("dir", 0755);
	mkdir("closed", 0700);
	file_write("dir/file", "x");
	symlink("dir/file", "link");
	symlink("nowhere", "dangling");
	stat("dir/file", &st);
	CHECK_ERRNO("a flag that does not exist", opened(AT_FDCWD, "dir/file", 0, 0, RESOLVE_CACHED | 0x40), EINVAL);
	CHECK_ERRNO("mode without O_CREAT", opened(AT_FDCWD, "dir/file", 0, 0600, RESOLVE_CACHED), EINVAL);
	CHECK_ERRNO("to be made", opened(AT_FDCWD, "dir/file", O_CREAT | O_RDWR, 0600, RESOLVE_CACHED), EAGAIN);
	CHECK_ERRNO("to be cut", cached("dir/file", O_RDWR | O_TRUNC), EAGAIN);
	CHECK_ERRNO("without a name", opened(AT_FDCWD, "dir", O_TMPFILE | O_RDWR, 0600, RESOLVE_CACHED), EAGAIN);
	CHECK_OK("a file", cached("dir/file", O_RDONLY));
	CHECK_OK("to write", cached("dir/file", O_WRONLY));
	CHECK_OK("a path", cached("dir/file", O_PATH));
	CHECK_OK("a directory", cached("dir", O_DIRECTORY));
	CHECK_OK("up and down", cached("dir/../dir/./file", O_RDONLY));
	CHECK_ERRNO("not through links", opened(AT_FDCWD, "link", 0, 0, RESOLVE_CACHED | RESOLVE_NO_SYMLINKS), ELOOP);
	CHECK_OK("beneath", opened(AT_FDCWD, "dir/file", 0, 0, RESOLVE_CACHED | RESOLVE_BENEATH));
	CHECK_ERRNO("no name", cached("", O_RDONLY), ENOENT);
	CHECK_ERRNO("a name that is not there", cached("dir/none", O_RDONLY), EAGAIN);
	CHECK_ERRNO("a directory that is not there", cached("none/file", O_RDONLY), EAGAIN);
	CHECK_ERRNO("a link to nothing", cached("dangling", O_RDONLY), EAGAIN);
	CHECK_ERRNO("no directory", cached("dir/file", O_DIRECTORY), ENOTDIR);
	CHECK_ERRNO("a directory to write", cached("dir", O_RDWR), EISDIR);
	CHECK_ERRNO("no descriptor", opened(99, "file", 0, 0, RESOLVE_CACHED), EBADF);
	CHECK_INT("not permitted", IN_CHILD(setuid(1000); _exit(cached("closed/x", O_RDONLY) ? errno : 0)), EXITED(EACCES));
}

static int send_to(const char *path, int flags, int sig)
{
	int fd = open(path, flags), result, error;

	if (fd < 0)
		return -1;
	result = (int)syscall(SYS_pidfd_send_signal, fd, sig, NULL, 0);
	error = errno;
	close(fd);
	errno = error;
	return result;
}

static void directories(void)
{
	char path[60], task[90];
	pid_t pid = fork();
	int fd, status;

	if (!pid)
		for (;;)
			pause();
	snprintf(path, sizeof(path), "/proc/%d", pid);
	CHECK_OK("a directory of /proc", send_to(path, O_RDONLY, 0));
	CHECK_ERRNO("no signal", send_to(path, O_RDONLY, 65), EINVAL);
	CHECK_ERRNO("its path only", send_to(path, O_PATH, 0), EBADF);
	snprintf(task, sizeof(task), "%s/task", path);
	CHECK_ERRNO("its threads", send_to(task, O_RDONLY, 0), EBADF);
	snprintf(task, sizeof(task), "%s/task/%d", path, pid);
	CHECK_ERRNO("its first thread", send_to(task, O_RDONLY, 0), EBADF);
	snprintf(task, sizeof(task), "%s/stat", path);
	CHECK_ERRNO("a file of it", send_to(task, O_RDONLY, 0), EBADF);
	CHECK_ERRNO("all of /proc", send_to("/proc", O_RDONLY, 0), EBADF);
	CHECK_ERRNO("another directory", send_to(".", O_RDONLY, 0), EBADF);
	CHECK_OK("oneself", send_to("/proc/self", O_RDONLY, 0));
	status = IN_CHILD(setuid(1000); _exit(send_to(path, O_RDONLY, 0) ? errno : 0));
	CHECK_INT("somebody else's", status, EXITED(EPERM));
	fd = open(path, O_RDONLY);
	CHECK_ERRNO("with flags", syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 1), EINVAL);
	CHECK_OK("ended", syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0));
	CHECK_OK("a zombie", (sleep_ms(50), syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0)));
	waitpid(pid, &status, 0);
	CHECK_INT("by that", status, SIGTERM);
	CHECK_ERRNO("gone", syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0), ESRCH);
	close(fd);
}

int main(void)
{
	cache();
	directories();
	return tap_done();
}
