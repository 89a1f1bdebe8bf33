/* SPDX-License-Identifier: MIT */
/* The links of /proc/PID: what they say of files that were renamed, replaced or removed; and to whom. */
#include "tap.h"
#include <dirent.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#define NOBODY 65534
#define LONG   "a-name-that-is-longer-than-thirty-two-bytes-by-far"
#define LONGER "another-name-that-is-longer-than-thirty-two-bytes-by-even-more"

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif

/* The last component of where a descriptor's link leads, with "(deleted)" if it says so. */
static const char *shown(int fd)
{
	static char text[PATH_MAX];
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, text, sizeof(text) - 1);
	if (n < 0)
		return strerror(errno);
	text[n] = 0;
	return strrchr(text, '/') ? strrchr(text, '/') + 1 : text;
}

static int make(const char *name)
{
	return open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
}

/* A file that was renamed over showed the name of the one that took its place, if one of them was long. */
static void replaced_file_showed_anothers_name(void)
{
	static const char *const names[] = { "short", LONG, "brief", LONGER };

	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 4; j++) {
			int a, b;

			if (i == j)
				continue;
			a = make(names[i]);
			b = make(names[j]);
			rename(names[i], names[j]);
			TELL("the replaced one", "%s", shown(b));
			TELL("the other", "%s", shown(a));
			CHECK("it is found", !access(names[j], F_OK) && access(names[i], F_OK));
			close(a);
			close(b);
			unlink(names[j]);
		}
}

static void names_change_places(void)
{
	int a = make("short"), b = make(LONG), c = make(LONGER);

	syscall(SYS_renameat2, AT_FDCWD, "short", AT_FDCWD, LONG, RENAME_EXCHANGE);
	TELL("exchanged", "%s %s", shown(a), "");
	TELL("with", "%s", shown(b));
	syscall(SYS_renameat2, AT_FDCWD, LONG, AT_FDCWD, LONGER, RENAME_EXCHANGE);
	TELL("exchanged long ones", "%s", shown(a));
	TELL("with", "%s", shown(c));
	rename(LONGER, LONG);
	TELL("the replaced one", "%s", shown(c));
	unlink(LONG);
	TELL("removed", "%s", shown(a));
	close(a);
	close(b);
	close(c);
	unlink("short");
}

static long link_of(pid_t pid, const char *name)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return readlink(path, text, sizeof(text)) < 0 ? -errno : 1;
}

static long opened(pid_t pid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -errno;
	close(fd);
	return 1;
}

static const char *const links[] = { "exe", "cwd", "root", "fd/0", "task/1/cwd" };

/* Five digits in an exit status would not do: a bit a link. */
static int may_read(pid_t pid)
{
	int bits = 0;

	for (int i = 0; i < 5; i++)
		bits |= (link_of(pid, links[i]) == 1) << i;
	return bits;
}

/* Anybody could read where the links of another's process lead. */
static void links_could_be_read_by_anybody(void)
{
	pid_t other;
	int status;

	CHECK_INT("root reads those of process 1", may_read(1), 31);
	CHECK_INT("nobody reads none of them", IN_CHILD({
		setgid(NOBODY);
		setuid(NOBODY);
		_exit(may_read(1));
	}), 0);
	for (int i = 0; i < 5; i++)
		CHECK_INT(links[i], (IN_CHILD({
			setgid(NOBODY);
			setuid(NOBODY);
			_exit(link_of(1, links[i]) == -EACCES && opened(1, links[i]) == -EACCES);
		})), EXITED(1));
	CHECK_INT("but its own, which exec made readable again", IN_CHILD({
		setgid(NOBODY);
		setuid(NOBODY);
		prctl(PR_SET_DUMPABLE, 1);
		_exit(may_read(getpid()));
	}), EXITED(15));
	other = fork();
	if (!other) {
		setgid(NOBODY);
		setuid(NOBODY);
		prctl(PR_SET_DUMPABLE, 1);
		for (;;)
			pause();
	}
	sleep_ms(50);
	status = IN_CHILD({
		setgid(NOBODY);
		setuid(NOBODY);
		_exit(link_of(other, "cwd") == 1 && link_of(other, "exe") == 1);
	});
	CHECK_INT("and those of another of its processes", status, EXITED(1));
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
}

/* The links to files that are mapped. */
static void mapped_files_have_links(void)
{
	int fd = open("mapped", O_RDWR | O_CREAT, 0644), ro;
	char path[100], text[PATH_MAX];
	struct stat st, other;
	struct dirent *e;
	ssize_t n;
	int listed = 0;

	stat("/proc/self/map_files", &st);
	TELL("the directory", "%o", st.st_mode);
	CHECK_ERRNO("none of a thread", access("/proc/thread-self/map_files", F_OK), ENOENT);
	ftruncate(fd, 3 * 4096);
	char *p = mmap(NULL, 3 * 4096, PROT_READ, MAP_SHARED, fd, 0);
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (long)p, (long)p + 3 * 4096);
	lstat(path, &st);
	TELL("its link", "%o %ld", st.st_mode, (long)st.st_size);
	n = readlink(path, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = 0;
	CHECK("leads there", !strcmp(strrchr(text, '/') + 1, "mapped"));
	stat(path, &st), fstat(fd, &other);
	CHECK("and is followed", st.st_ino == other.st_ino);
	DIR *d = opendir("/proc/self/map_files");
	while ((e = readdir(d)))
		listed += !strcmp(e->d_name, strrchr(path, '/') + 1);
	closedir(d);
	CHECK_INT("listed once", listed, 1);
	CHECK_INT("nobody may read where it leads, but not follow", IN_CHILD({
		setresgid(NOBODY, NOBODY, NOBODY), setresuid(NOBODY, NOBODY, NOBODY);
		prctl(PR_SET_DUMPABLE, 1);
		char self[100];
		snprintf(self, sizeof(self), "/proc/%d/map_files/%s", getpid(), strrchr(path, '/') + 1);
		_exit((readlink(self, text, 99) > 0) | (open(self, O_RDONLY) < 0 && errno == EPERM) << 1);
	}), EXITED(3));
	CHECK_INT("nor of another's", IN_CHILD({
		setresgid(NOBODY, NOBODY, NOBODY), setresuid(NOBODY, NOBODY, NOBODY);
		_exit(open("/proc/1/map_files", O_RDONLY) < 0 ? errno : 0);
	}), EXITED(EACCES));
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (long)p, (long)p + 4096);
	CHECK_ERRNO("other addresses", lstat(path, &st), ENOENT);
	munmap(p + 4096, 4096);
	TELL("split", "%d", lstat(path, &st));
	snprintf(path, sizeof(path), "/proc/self/map_files/0%lx-%lx", (long)p, (long)p + 4096);
	CHECK_ERRNO("with a zero in front", lstat(path, &st), ENOENT);
	snprintf(path, sizeof(path), "/proc/self/map_files/%lX-%lX", (long)p | 0xa000000, (long)p + 4096);
	CHECK_ERRNO("in capitals", lstat(path, &st), ENOENT);
	CHECK_ERRNO("no addresses", lstat("/proc/self/map_files/x", &st), ENOENT);
	ro = open("mapped", O_RDONLY);
	char *q = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, ro, 0);
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (long)q, (long)q + 4096);
	lstat(path, &st);
	TELL("for reading only", "%o", st.st_mode);
	char *anonymous = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (long)anonymous, (long)anonymous + 4096);
	CHECK_ERRNO("without a file", lstat(path, &st), ENOENT);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	lstat(path, &st);
	TELL("size of a descriptor's link", "%ld", (long)st.st_size);
	close(fd), close(ro), unlink("mapped");
}

static const char *target(const char *link)
{
	static char text[64];
	ssize_t n = readlink(link, text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = 0;
	return text;
}

/* The network's files are in every process's directory. */
static void net_is_a_link(void)
{
	struct stat a, b;

	TELL("net", "%s", target("/proc/net"));
	TELL("mounts", "%s", target("/proc/mounts"));
	lstat("/proc/net", &a), lstat("/proc/mounts", &b);
	TELL("modes and sizes", "%o %ld %o %ld", a.st_mode, (long)a.st_size, b.st_mode, (long)b.st_size);
	CHECK_INT("through it", access("/proc/net/dev", R_OK), 0);
	CHECK_INT("of process 1", access("/proc/1/net/tcp", R_OK), 0);
	CHECK_INT("of a thread", access("/proc/self/task/1/../../net/unix", F_OK) ? errno : 0, ENOENT);
	CHECK_INT("of this thread", access("/proc/thread-self/net/unix", R_OK), 0);
	CHECK_INT("it is a directory", stat("/proc/net", &a) || !S_ISDIR(a.st_mode), 0);
	TELL("its mode", "%o", a.st_mode);
	CHECK_ERRNO("nothing can be made there", open("/proc/net/new", O_CREAT | O_RDWR, 0600), ENOENT);
}

int main(void)
{
	net_is_a_link();
	mapped_files_have_links();
	replaced_file_showed_anothers_name();
	names_change_places();
	links_could_be_read_by_anybody();
	return tap_done();
}
