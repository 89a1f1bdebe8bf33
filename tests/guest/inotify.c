/* SPDX-License-Identifier: MIT */
/* inotify(7): what is told of files and folders, in which order, and when a watch ends. */
#include "tap.h"
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/time.h>
#include <sys/xattr.h>

static int fd;

static const char *mask_name(uint32_t mask)
{
	static const char *const names[32] = {
		"access", "modify", "attrib", "close-write", "close", "open", "from", "to", "create", "delete",
		"delete-self", "move-self", [13] = "unmount", "overflow", "ignored", [30] = "dir",
	};
	static char text[200];

	*text = 0;
	for (int i = 0; i < 32; i++)
		if (mask & (1u << i))
			sprintf(text + strlen(text), "%s%s", *text ? "+" : "", names[i] ? names[i] : "?");
	return text;
}

/* All events that are there, as one line. */
static const char *events(void)
{
	static char text[3000];
	char bytes[4096] __attribute__((aligned(8)));
	uint32_t cookie = 0;
	ssize_t n;

	*text = 0;
	while ((n = read(fd, bytes, sizeof(bytes))) > 0) {
		for (char *p = bytes; p < bytes + n;) {
			struct inotify_event *e = (void *)p;

			sprintf(text + strlen(text), "%s%d:%s%s%s", *text ? " " : "", e->wd, mask_name(e->mask),
				e->len ? ":" : "", e->len ? e->name : "");
			if (e->cookie)
				strcat(text, e->cookie == cookie ? ":same" : ":cookie");
			cookie = e->cookie;
			p += sizeof(*e) + e->len;
		}
	}
	return text;
}

static void touch(const char *name)
{
	close(open(name, O_CREAT | O_WRONLY, 0644));
}

static void test_errors(void)
{
	int other = eventfd(0, 0);

	CHECK_ERRNO("flags", inotify_init1(1), EINVAL);
	fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	CHECK("made", fd >= 0);
	CHECK_INT("close on exec", fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_ERRNO("nothing to read", read(fd, &other, sizeof(other)), EAGAIN);
	CHECK_ERRNO("write", write(fd, "x", 1), EBADF);
	CHECK_ERRNO("no mask", inotify_add_watch(fd, ".", 0), EINVAL);
	CHECK_ERRNO("no file", inotify_add_watch(99, ".", IN_OPEN), EBADF);
	CHECK_ERRNO("another file", inotify_add_watch(other, ".", IN_OPEN), EINVAL);
	CHECK_ERRNO("no such name", inotify_add_watch(fd, "none", IN_OPEN), ENOENT);
	CHECK_ERRNO("bad address", inotify_add_watch(fd, (char *)1, IN_OPEN), EFAULT);
	touch("plain");
	CHECK_ERRNO("not a folder", inotify_add_watch(fd, "plain", IN_OPEN | IN_ONLYDIR), ENOTDIR);
	CHECK_ERRNO("add and create", inotify_add_watch(fd, "plain", IN_OPEN | IN_MASK_ADD | IN_MASK_CREATE), EINVAL);
	CHECK_ERRNO("remove none", inotify_rm_watch(fd, 1), EINVAL);
	CHECK_ERRNO("remove, negative", inotify_rm_watch(fd, -1), EINVAL);
	CHECK_ERRNO("remove, another file", inotify_rm_watch(other, 1), EINVAL);
	CHECK_ERRNO("remove, no file", inotify_rm_watch(99, 1), EBADF);
	CHECK_INT("without the right to read", IN_CHILD(
		chmod("plain", 0);
		setresuid(65534, 65534, 65534);
		_exit(inotify_add_watch(fd, "plain", IN_OPEN) == -1 ? errno : 0)), EXITED(EACCES));
	unlink("plain");
	close(other);
}

static void test_folder(void)
{
	int f, n = -1;
	char text[10];
	struct timeval times[2] = { { 1, 0 }, { 2, 0 } };

	mkdir("d", 0755);
	CHECK_INT("first number", inotify_add_watch(fd, "d", IN_ALL_EVENTS), 1);
	CHECK_INT("the same again", inotify_add_watch(fd, "d", IN_ALL_EVENTS), 1);
	CHECK_ERRNO("must be new", inotify_add_watch(fd, "d", IN_ALL_EVENTS | IN_MASK_CREATE), EEXIST);
	f = open("d/f", O_CREAT | O_RDWR, 0644);
	TELL("create", "%s", events());
	write(f, "hello", 5);
	TELL("write", "%s", events());
	write(f, "hello", 5);
	write(f, "hello", 5);
	TELL("two writes are one", "%s", events());
	pread(f, text, 5, 0);
	pread(f, text, 0, 0);
	TELL("read", "%s", events());
	ftruncate(f, 3);
	TELL("ftruncate", "%s", events());
	fchmod(f, 0600);
	TELL("fchmod", "%s", events());
	fchown(f, 0, 0);
	TELL("fchown", "%s", events());
	close(f);
	TELL("close", "%s", events());
	close(open("d/f", O_RDONLY));
	TELL("open and close", "%s", events());
	close(open("d/f", O_WRONLY | O_TRUNC));
	TELL("truncating open", "%s", events());
	truncate("d/f", 10);
	TELL("truncate", "%s", events());
	utimes("d/f", times);
	TELL("utimes", "%s", events());
	setxattr("d/f", "user.a", "b", 1, 0);
	(void)events();
	setxattr("d/f", "trusted.a", "b", 1, 0);
	TELL("setxattr", "%s", events());
	link("d/f", "d/g");
	TELL("link", "%s", events());
	symlink("f", "d/s");
	TELL("symlink", "%s", events());
	mkdir("d/sub", 0755);
	TELL("mkdir", "%s", events());
	mknod("d/pipe", S_IFIFO | 0644, 0);
	TELL("mknod", "%s", events());
	rename("d/g", "d/h");
	TELL("rename", "%s", events());
	rename("d/h", "out");
	TELL("rename out", "%s", events());
	rename("out", "d/s");
	TELL("rename in, over another", "%s", events());
	rename("d/sub", "d/sub2");
	TELL("rename a folder", "%s", events());
	rmdir("d/sub2");
	TELL("rmdir", "%s", events());
	unlink("d/s");
	TELL("unlink", "%s", events());
	unlink("d/pipe");
	ioctl(fd, FIONREAD, &n);
	TELL("FIONREAD", "%d", n);
	TELL("unlink a pipe", "%s", events());
	CHECK_ERRNO("small buffer", (close(open("d/f", 0)), read(fd, text, 10)), EINVAL);
	TELL("is not lost", "%s", events());
	close(open("d", O_RDONLY | O_DIRECTORY));
	TELL("the folder itself", "%s", events());
	chmod("d", 0700);
	TELL("its mode", "%s", events());
	chmod("d/none", 0700);
	open("d/none", O_RDONLY);
	open("d/f", O_PATH);
	TELL("nothing", "%s", events());
}

static void test_file(void)
{
	int wd = inotify_add_watch(fd, "d/f", IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_MODIFY), f;

	CHECK_INT("second number", wd, 2);
	CHECK_INT("stop watching the folder", inotify_rm_watch(fd, 1), 0);
	TELL("told so", "%s", events());
	rename("d/f", "d/f2");
	TELL("moved", "%s", events());
	link("d/f2", "d/f3");
	unlink("d/f2");
	TELL("one of two names goes", "%s", events());
	f = open("d/f3", O_RDWR);
	unlink("d/f3");
	TELL("the last name goes, still open", "%s", events());
	write(f, "x", 1);
	TELL("written", "%s", events());
	close(f);
	TELL("closed", "%s", events());
	CHECK_ERRNO("the watch is gone", inotify_rm_watch(fd, wd), EINVAL);
	touch("d/f");
	wd = inotify_add_watch(fd, "d/f", IN_ALL_EVENTS);
	CHECK_INT("a new number", wd, 3);
	unlink("d/f");
	TELL("unlinked", "%s", events());
}

static void test_flags(void)
{
	int wd, f;

	touch("d/f");
	symlink("f", "d/s");
	wd = inotify_add_watch(fd, "d/f", IN_OPEN | IN_ONESHOT);
	close(open("d/f", 0));
	close(open("d/f", 0));
	TELL("once", "%s", events());
	wd = inotify_add_watch(fd, "d/f", IN_OPEN);
	inotify_add_watch(fd, "d/f", IN_CLOSE_NOWRITE | IN_MASK_ADD);
	close(open("d/f", 0));
	TELL("added", "%s", events());
	inotify_add_watch(fd, "d/f", IN_MODIFY);
	close(open("d/f", 0));
	TELL("replaced", "%s", events());
	inotify_rm_watch(fd, wd);
	(void)events();
	wd = inotify_add_watch(fd, "d/s", IN_ALL_EVENTS | IN_DONT_FOLLOW);
	unlink("d/s");
	TELL("a link itself", "%s", events());
	wd = inotify_add_watch(fd, "d", IN_ALL_EVENTS | IN_EXCL_UNLINK);
	f = open("d/f", O_RDWR);
	unlink("d/f");
	write(f, "x", 1);
	close(f);
	TELL("not of what is unlinked", "%s", events());
	inotify_rm_watch(fd, wd);
	(void)events();
	wd = inotify_add_watch(fd, "d", IN_ALL_EVENTS);
	rmdir("d");
	TELL("the folder goes", "%s", events());
}

static void test_unmount(void)
{
	mkdir("m", 0755);
	mount("none", "m", "tmpfs", 0, NULL);
	touch("m/f");
	inotify_add_watch(fd, "m/f", IN_OPEN);
	CHECK_INT("umount", umount("m"), 0);
	sleep_ms(50);
	TELL("told so", "%s", events());
}

static void test_waiting(void)
{
	struct pollfd p = { fd, POLLIN, 0 };
	int wd = inotify_add_watch(fd, ".", IN_CREATE), status;
	char bytes[100];
	pid_t child;

	CHECK_INT("not ready", poll(&p, 1, 0), 0);
	child = fork();
	if (child == 0) {
		sleep_ms(20);
		touch("new");
		_exit(0);
	}
	CHECK_INT("ready", poll(&p, 1, 2000), 1);
	waitpid(child, &status, 0);
	TELL("what", "%s", events());
	fcntl(fd, F_SETFL, 0);
	child = fork();
	if (child == 0) {
		sleep_ms(20);
		touch("newer");
		_exit(0);
	}
	CHECK_INT("read waits", read(fd, bytes, sizeof(bytes)), 32);
	waitpid(child, &status, 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	inotify_rm_watch(fd, wd);
	(void)events();
}

static void test_overflow(void)
{
	struct inotify_event *e;
	static char bytes[1 << 20];
	long n, count = 0;
	uint32_t last = 0;

	inotify_add_watch(fd, ".", IN_CREATE | IN_DELETE);
	for (int i = 0; i < 8200; i++) {
		touch("again");
		unlink("again");
	}
	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		for (char *p = bytes; p < bytes + n; p += sizeof(*e) + e->len) {
			e = (void *)p;
			last = e->mask;
			count++;
		}
	CHECK_INT("events", count, 16385);
	CHECK_INT("the last tells of it", last, IN_Q_OVERFLOW);
	touch("after");
	CHECK("it goes on", strstr(events(), "create:after") != NULL);
}

/* The filesystem goes while an instance that watches its files is closed. */
static void test_unmount_while_closing(void)
{
	int done = 0;

	mkdir("going", 0700);
	for (int i = 0; i < 200; i++) {
		int n = inotify_init(), go = eventfd(0, 0), child;
		uint64_t one = 1;

		mount("none", "going", "tmpfs", 0, NULL);
		for (int j = 0; j < 20; j++) {
			char name[20];

			snprintf(name, sizeof(name), "going/%d", j);
			file_write(name, "x");
			inotify_add_watch(n, name, IN_ALL_EVENTS);
			unlink(name);
		}
		inotify_add_watch(n, "going", IN_ALL_EVENTS);
		child = fork();
		if (!child) {
			read(go, &one, sizeof(one));
			close(n);
			_exit(0);
		}
		close(n);
		write(go, &one, sizeof(one));
		done += umount("going") == 0;
		waitpid(child, NULL, 0);
		close(go);
	}
	CHECK_INT("unmounted while a watcher ends", done, 200);
	rmdir("going");
}

int main(void)
{
	test_errors();
	test_folder();
	test_file();
	test_flags();
	test_unmount();
	test_unmount_while_closing();
	test_waiting();
	test_overflow();
	close(fd);
	return tap_done();
}
