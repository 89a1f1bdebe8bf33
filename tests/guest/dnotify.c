/* SPDX-License-Identifier: MIT */
/* F_NOTIFY: which events of a directory send signals, how often, what they say, and when that ends. */
#include "told.h"
#include "fdsignal.h"

static int want(int fd, unsigned what)
{
	return fcntl(fd, F_NOTIFY, what);
}

/* How many signals each of these causes. */
#define SENT(call) ({ int before_ = came; (void)(call); came - before_; })

static void tell_each(const char *title, const int *n, int count)
{
	char out[200] = "";

	for (int i = 0; i < count; i++)
		snprintf(out + strlen(out), sizeof(out) - strlen(out), "%d ", n[i]);
	TELL(title, "%s", out);
}

/* One after the other, which the arguments of a function need not be. */
#define TELL_EACH(title, ...)                                           \
	do {                                                            \
		int n_[] = { __VA_ARGS__ };                             \
		tell_each(title, n_, sizeof(n_) / sizeof(*n_));         \
	} while (0)

static void wrong(void)
{
	int dir = open("d", O_RDONLY), file = open("file", O_RDWR | O_CREAT, 0644), path = open("d", O_PATH), p[2];

	pipe(p);
	CHECK_ERRNO("a file", want(file, DN_ACCESS), ENOTDIR);
	CHECK_ERRNO("a pipe", want(p[0], DN_ACCESS), ENOTDIR);
	CHECK_OK("nothing of a file", want(file, 0));
	CHECK_OK("nothing of it, often", want(file, DN_MULTISHOT));
	CHECK_ERRNO("path only", want(path, DN_ACCESS), EBADF);
	CHECK_ERRNO("no file", want(99, DN_ACCESS), EBADF);
	CHECK_INT("no owner", fcntl(dir, F_GETOWN), 0);
	CHECK_OK("nothing", want(dir, 0));
	CHECK_INT("no owner", fcntl(dir, F_GETOWN), 0);
	CHECK_OK("an event that does not exist", want(dir, 0x40));
	CHECK("owner", fcntl(dir, F_GETOWN) == getpid());
	file_write("/proc/sys/fs/dir-notify-enable", "0");
	CHECK_ERRNO("switched off", want(dir, DN_ACCESS), EINVAL);
	CHECK_ERRNO("a file then", want(file, DN_ACCESS), EINVAL);
	CHECK_ERRNO("nothing", want(dir, 0), EINVAL);
	file_write("/proc/sys/fs/dir-notify-enable", "1");
	close(dir);
	close(file);
	close(path);
	close(p[0]);
	close(p[1]);
}

static int touch(const char *name)
{
	return close(open(name, O_WRONLY | O_CREAT, 0644));
}

static int put(const char *name, const char *what)
{
	int fd = open(name, O_WRONLY), n = write(fd, what, strlen(what));

	close(fd);
	return n;
}

static int get(const char *name)
{
	char c[10];
	int fd = open(name, O_RDONLY), n = read(fd, c, sizeof(c));

	close(fd);
	return n;
}

static int list(const char *name)
{
	char c[1000];
	int fd = open(name, O_RDONLY | O_DIRECTORY), n = syscall(SYS_getdents64, fd, c, sizeof(c));

	close(fd);
	return n;
}

/* What happens in d, and how many signals each step sends. */
static void life(const char *title, unsigned what)
{
	int fd = open("d", O_RDONLY), n[24], i = 0;
	struct timespec times[2] = { { 1, 0 }, { 2, 0 } };
	struct timespec first[2] = { { 1, 0 }, { 0, UTIME_OMIT } };

	CHECK_OK(title, want(fd, what | DN_MULTISHOT));
	n[i++] = SENT(touch("d/a"));
	n[i++] = SENT(touch("d/a"));
	n[i++] = SENT(put("d/a", "hello"));
	n[i++] = SENT(get("d/a"));
	n[i++] = SENT(truncate("d/a", 2));
	n[i++] = SENT(chmod("d/a", 0600));
	n[i++] = SENT(chown("d/a", 1, 1));
	n[i++] = SENT(utimensat(AT_FDCWD, "d/a", times, 0));
	n[i++] = SENT(utimensat(AT_FDCWD, "d/a", first, 0));
	n[i++] = SENT(link("d/a", "d/b"));
	n[i++] = SENT(rename("d/a", "d/c"));
	n[i++] = SENT(rename("d/c", "c"));
	n[i++] = SENT(rename("c", "d/c"));
	n[i++] = SENT(syscall(SYS_renameat2, AT_FDCWD, "d/c", AT_FDCWD, "d/b", 2));
	n[i++] = SENT(symlink("x", "d/l"));
	n[i++] = SENT(mkdir("d/sub", 0755));
	n[i++] = SENT(touch("d/sub/x"));
	n[i++] = SENT(unlink("d/sub/x"));
	n[i++] = SENT(list("d"));
	n[i++] = SENT(chmod("d", 0700));
	n[i++] = SENT(rmdir("d/sub"));
	n[i++] = SENT(unlink("d/b"));
	n[i++] = SENT(unlink("d/c"));
	n[i++] = SENT(unlink("d/l"));
	close(fd);
	tell_each(title, n, i);
	chmod("d", 0755);
}

static void once(void)
{
	int fd = open("d", O_RDONLY);

	want(fd, DN_CREATE | DN_DELETE);
	TELL_EACH("once", SENT(touch("d/a")), SENT(unlink("d/a")), SENT(touch("d/a")));
	want(fd, DN_CREATE);
	want(fd, DN_DELETE);
	TELL_EACH("requests add up", SENT(unlink("d/a")), SENT(touch("d/a")));
	want(fd, DN_CREATE | DN_MULTISHOT);
	want(fd, DN_DELETE);
	TELL_EACH("and stay", SENT(unlink("d/a")), SENT(touch("d/a")), SENT(unlink("d/a")));
	want(fd, 0);
	TELL_EACH("until taken back", SENT(touch("d/a")));
	want(fd, DN_DELETE | DN_MULTISHOT);
	want(fd, DN_MULTISHOT);
	TELL_EACH("in either way", SENT(unlink("d/a")));
	CHECK("the owner stays", fcntl(fd, F_GETOWN) == getpid());
	close(fd);
}

static void says(void)
{
	int fd = open("d", O_RDONLY), copy = dup(fd), other = open("d", O_RDONLY);

	fcntl(fd, F_SETSIG, SIGRTMIN);
	want(fd, DN_CREATE | DN_MULTISHOT);
	touch("d/a");
	TELL("a signal", "%d %x %lx", last_fd == fd, last_code, last_band);
	want(copy, DN_DELETE);
	unlink("d/a");
	TELL("of a copy", "%d %x", last_fd == copy, last_code);
	CHECK_INT("two files", SENT(want(other, DN_CREATE) + touch("d/a")), 2);
	close(copy);
	CHECK_INT("closing a copy ends it", SENT(unlink("d/a") + touch("d/a")), 0);
	fcntl(fd, F_SETSIG, 0);
	fcntl(fd, F_SETOWN, 0);
	want(fd, DN_CREATE | DN_DELETE | DN_MULTISHOT);
	CHECK("owner again", fcntl(fd, F_GETOWN) == getpid());
	fcntl(fd, F_SETOWN, 0);
	CHECK_INT("nobody", SENT(unlink("d/a")), 0);
	fcntl(fd, F_SETOWN, -getpgrp());
	CHECK_INT("a group", SENT(touch("d/a")), 1);
	unlink("d/a");
	close(fd);
	CHECK_INT("closed", SENT(touch("d/a")), 0);
	unlink("d/a");
	close(other);
}

static void children(void)
{
	int fd = open("d", O_RDONLY), status;

	want(fd, DN_CREATE | DN_DELETE | DN_MULTISHOT);
	status = IN_CHILD(came = 0; touch("d/a"); close(fd); unlink("d/a"); _exit(came));
	CHECK_INT("not the child is told", status, EXITED(0));
	CHECK_INT("and its close ends nothing", SENT(touch("d/a")), 1);
	status = IN_CHILD(came = 0; want(fd, 0); unlink("d/a"); _exit(came));
	CHECK_INT("nor what it takes back", SENT(touch("d/a")), 1);
	close(fd);
	CHECK_INT("the parent's does", SENT(unlink("d/a")), 0);
	TOLD("killed by it", signal(SIGIO, SIG_DFL); fd = open("d", O_RDONLY); want(fd, DN_CREATE); touch("d/a"); say("not"));
	unlink("d/a");
	fd = open("d", O_RDONLY);
	status = IN_CHILD(want(fd, DN_CREATE | DN_MULTISHOT));
	CHECK_INT("who asked is gone", SENT(touch("d/a")), 0);
	unlink("d/a");
	close(fd);
}

static void removed(void)
{
	int fd, up = open(".", O_RDONLY);

	mkdir("e", 0755);
	fd = open("e", O_RDONLY);
	want(fd, DN_DELETE | DN_ATTRIB | DN_RENAME | DN_MULTISHOT);
	want(up, DN_DELETE | DN_ATTRIB | DN_RENAME | DN_MULTISHOT);
	TELL_EACH("moved", SENT(rename("e", "f")));
	TELL_EACH("changed", SENT(fchmod(fd, 0700)));
	TELL_EACH("removed", SENT(rmdir("f")));
	TELL_EACH("changed then", SENT(fchmod(fd, 0755)));
	close(fd);
	close(up);
}

int main(void)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART };
	char value[10] = "";

	sigaction(SIGIO, &sa, NULL);
	sigaction(SIGRTMIN, &sa, NULL);
	mkdir("d", 0755);
	read(open("/proc/sys/fs/dir-notify-enable", O_RDONLY), value, 9);
	TELL("by default", "%c", value[0]);
	wrong();
	life("access", DN_ACCESS);
	life("modify", DN_MODIFY);
	life("create", DN_CREATE);
	life("delete", DN_DELETE);
	life("rename", DN_RENAME);
	life("attributes", DN_ATTRIB);
	life("all", DN_ACCESS | DN_MODIFY | DN_CREATE | DN_DELETE | DN_RENAME | DN_ATTRIB);
	once();
	says();
	children();
	removed();
	return tap_done();
}
