/* SPDX-License-Identifier: MIT */
/* Names: mkdir, rmdir, link, unlink, rename, symlinks, getdents, cwd, chroot. */
#include "tap.h"
#include <dirent.h>
#include <sys/statfs.h>
#include <sys/vfs.h>

static ino_t inode(const char *path)
{
	struct stat st;

	return lstat(path, &st) ? 0 : st.st_ino;
}

static long links(const char *path)
{
	struct stat st;

	return lstat(path, &st) ? -1 : (long)st.st_nlink;
}

static void folders(void)
{
	CHECK_OK("mkdir", mkdir("d", 0755));
	CHECK_ERRNO("mkdir again", mkdir("d", 0755), EEXIST);
	CHECK_ERRNO("mkdir over dot", mkdir(".", 0755), EEXIST);
	CHECK_ERRNO("mkdir in nothing", mkdir("x/y", 0755), ENOENT);
	CHECK_OK("mkdir with a slash", mkdir("d/e/", 0700));
	CHECK_INT("links of a folder with one inside", links("d"), 3);
	CHECK_ERRNO("rmdir full", rmdir("d"), ENOTEMPTY);
	CHECK_ERRNO("rmdir dot", rmdir("d/e/."), EINVAL);
	CHECK_ERRNO("rmdir dot dot", rmdir("d/e/.."), ENOTEMPTY);
	CHECK_ERRNO("unlink a folder", unlink("d/e"), EISDIR);
	CHECK_OK("rmdir", rmdir("d/e"));
	CHECK_INT("links now", links("d"), 2);
	CHECK_ERRNO("rmdir nothing", rmdir("d/e"), ENOENT);
	file_write("f", "x");
	CHECK_ERRNO("rmdir a file", rmdir("f"), ENOTDIR);
	CHECK_ERRNO("mkdir under a file", mkdir("f/g", 0700), ENOTDIR);
	CHECK_ERRNO("rmdir root", rmdir("/"), EBUSY);
	CHECK_INT("dot dot of a folder", inode("d/.."), inode("."));
	CHECK_INT("dot dot of the root", inode("/.."), inode("/"));
	CHECK_OK("unlinkat", unlinkat(AT_FDCWD, "d", AT_REMOVEDIR));
	CHECK_ERRNO("unlinkat flags", unlinkat(AT_FDCWD, "f", 0x8000), EINVAL);
}

static void hard_links(void)
{
	int fd;
	char c = 0;

	file_write("l1", "1");
	CHECK_OK("link", link("l1", "l2"));
	CHECK_INT("same file", inode("l1"), inode("l2"));
	CHECK_INT("two names", links("l1"), 2);
	CHECK_ERRNO("link over a name", link("l1", "l2"), EEXIST);
	CHECK_ERRNO("link of nothing", link("none", "l3"), ENOENT);
	CHECK_ERRNO("link of a folder", link(".", "l3"), EPERM);
	CHECK_ERRNO("link across mounts", link("l1", "/dev/l1"), EXDEV);
	CHECK_OK("unlink", unlink("l1"));
	CHECK_INT("one name left", links("l2"), 1);
	CHECK_ERRNO("unlink again", unlink("l1"), ENOENT);
	fd = open("l2", O_RDONLY);
	unlink("l2");
	CHECK_INT("an open file outlives its name", read(fd, &c, 1), 1);
	CHECK_INT("its byte", c, '1');
	struct stat st;
	fstat(fd, &st);
	CHECK_INT("no names", st.st_nlink, 0);
	close(fd);
	CHECK_ERRNO("gone", open("l2", O_RDONLY), ENOENT);
}

static void renames(void)
{
	file_write("a", "A");
	file_write("b", "B");
	ino_t a = inode("a");
	CHECK_OK("rename over a file", rename("a", "b"));
	CHECK_INT("it is the first", inode("b"), a);
	CHECK_INT("old name gone", inode("a"), 0);
	CHECK_ERRNO("rename nothing", rename("a", "c"), ENOENT);
	CHECK_OK("rename onto itself", rename("b", "b"));
	link("b", "b2");
	CHECK_OK("rename onto another name of it", rename("b", "b2"));
	CHECK_INT("both names stay", links("b"), 2);
	mkdir("p", 0700);
	mkdir("q", 0700);
	mkdir("q/r", 0700);
	CHECK_ERRNO("folder onto a file", rename("p", "b"), ENOTDIR);
	CHECK_ERRNO("file onto a folder", rename("b", "p"), EISDIR);
	CHECK_ERRNO("folder onto a full one", rename("p", "q"), ENOTEMPTY);
	CHECK_ERRNO("folder into itself", rename("q", "q/r/s"), EINVAL);
	CHECK_ERRNO("onto its parent", rename("q/r", "q"), ENOTEMPTY);
	CHECK_OK("folder onto an empty one", rename("q", "p"));
	CHECK_INT("child moved along", inode("p/r") != 0, 1);
	CHECK_OK("into a folder", rename("p/r", "r"));
	CHECK_INT("dot dot follows", inode("r/.."), inode("."));
	CHECK_ERRNO("dot", rename("r/.", "x"), EBUSY);
	CHECK_ERRNO("across mounts", rename("b", "/dev/b"), EXDEV);
	CHECK_ERRNO("renameat2 NOREPLACE", renameat2(AT_FDCWD, "b", AT_FDCWD, "b2", RENAME_NOREPLACE),
		    EEXIST);
	file_write("x1", "1");
	a = inode("x1");
	CHECK_OK("renameat2 EXCHANGE", renameat2(AT_FDCWD, "x1", AT_FDCWD, "r", RENAME_EXCHANGE));
	CHECK_INT("exchanged", inode("r"), a);
	CHECK_ERRNO("renameat2 flags", renameat2(AT_FDCWD, "r", AT_FDCWD, "b", 3), EINVAL);
}

static void symlinks(void)
{
	char b[64];

	file_write("target", "T");
	CHECK_OK("symlink", symlink("target", "s"));
	CHECK_ERRNO("symlink again", symlink("x", "s"), EEXIST);
	CHECK_ERRNO("empty symlink", symlink("", "e"), ENOENT);
	CHECK_INT("readlink", readlink("s", b, sizeof(b)), 6);
	CHECK("its text", !memcmp(b, "target", 6));
	CHECK_INT("readlink cuts", readlink("s", b, 3), 3);
	CHECK_ERRNO("readlink size 0", readlink("s", b, 0), EINVAL);
	CHECK_ERRNO("readlink of a file", readlink("target", b, 64), EINVAL);
	CHECK_ERRNO("readlink of nothing", readlink("none", b, 64), ENOENT);
	struct stat st;
	lstat("s", &st);
	TELL("lstat", "%o %ld", st.st_mode, (long)st.st_size);
	stat("s", &st);
	TELL("stat", "%o %ld", st.st_mode, (long)st.st_size);
	symlink("loop2", "loop1");
	symlink("loop1", "loop2");
	CHECK_ERRNO("a loop", open("loop1", O_RDONLY), ELOOP);
	CHECK_OK("a loop can be looked at", lstat("loop1", &st));
	CHECK_ERRNO("O_NOFOLLOW", open("s", O_RDONLY | O_NOFOLLOW), ELOOP);
	symlink("nowhere", "dangling");
	CHECK_ERRNO("dangling", open("dangling", O_RDONLY), ENOENT);
	CHECK_ERRNO("dangling, O_EXCL", open("dangling", O_CREAT | O_EXCL | O_RDWR, 0600), EEXIST);
	int fd = open("dangling", O_CREAT | O_RDWR, 0600);
	CHECK("dangling, O_CREAT makes its target", fd >= 0 && inode("nowhere"));
	close(fd);
	char from[16], to[16];
	symlink("target", "c0");
	for (int i = 0; i < 41; i++) {
		sprintf(from, "c%d", i);
		sprintf(to, "c%d", i + 1);
		symlink(from, to);
	}
	CHECK_OK("a chain of 40", stat("c39", &st));
	CHECK_ERRNO("a chain of 41", stat("c40", &st), ELOOP);
	mkdir("dir", 0700);
	symlink("dir", "ds");
	CHECK_OK("through a link to a folder", mkdir("ds/in", 0700));
	CHECK_ERRNO("rmdir of the link", rmdir("ds"), ENOTDIR);
	CHECK_ERRNO("rmdir of the link with a slash", rmdir("ds/"), ENOTDIR);
	CHECK_OK("unlink takes the link", unlink("ds"));
	CHECK_INT("not the folder", inode("dir") != 0, 1);
	symlink("/proc/self/exe", "exe");
	CHECK("absolute link", readlink("/proc/self/exe", b, 64) > 0);
	CHECK_OK("link to a link is to itself", link("s", "s2"));
	CHECK_INT("two names of a link", links("s"), 2);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void listing(void)
{
	char *names[600], name[32];
	int n = 0;
	struct dirent *e;

	mkdir("many", 0700);
	for (int i = 0; i < 500; i++) {
		sprintf(name, "many/file%03d", i);
		file_write(name, "");
	}
	DIR *d = opendir("many");
	while ((e = readdir(d)) && n < 600)
		names[n++] = strdup(e->d_name);
	CHECK_INT("all are listed, and dots", n, 502);
	qsort(names, (size_t)n, sizeof(char *), by_name);
	CHECK("first ones", !strcmp(names[0], ".") && !strcmp(names[1], ".."));
	CHECK("last one", !strcmp(names[501], "file499"));
	int twice = 0;
	for (int i = 1; i < n; i++)
		twice += !strcmp(names[i], names[i - 1]);
	CHECK_INT("none twice", twice, 0);
	rewinddir(d);
	n = 0;
	while ((e = readdir(d))) {
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
		n++;
	}
	CHECK_INT("removing while listing misses none", n, 502);
	closedir(d);
	CHECK_OK("it is empty", rmdir("many"));
	char b[64];
	int fd = open(".", O_RDONLY | O_DIRECTORY);
	CHECK_ERRNO("getdents with no room", syscall(SYS_getdents64, fd, b, 3), EINVAL);
	close(fd);
	fd = open("target", O_RDONLY);
	CHECK_ERRNO("getdents of a file", syscall(SYS_getdents64, fd, b, 64), ENOTDIR);
	close(fd);
	mkdir("types", 0700);
	file_write("types/r", "");
	mkdir("types/d", 0700);
	symlink("x", "types/l");
	mkfifo("types/p", 0600);
	d = opendir("types");
	int types[128] = { 0 };
	while ((e = readdir(d)))
		types[(unsigned char)e->d_name[0] % 128] = e->d_type;
	closedir(d);
	TELL("types", "r %d d %d l %d p %d . %d", types['r'], types['d'], types['l'], types['p'],
	     types['.']);
	d = opendir("types");
	mkdir("gone", 0700);
	closedir(d);
	d = opendir("gone");
	rmdir("gone");
	CHECK("a removed folder lists nothing", !readdir(d));
	CHECK_ERRNO("nor takes new names", openat(dirfd(d), "x", O_CREAT | O_RDWR, 0600), ENOENT);
	closedir(d);
}

static void working_folder(void)
{
	char b[PATH_MAX], start[PATH_MAX];

	getcwd(start, sizeof(start));
	mkdir("w", 0700);
	CHECK_OK("chdir", chdir("w"));
	getcwd(b, sizeof(b));
	CHECK("getcwd", !strncmp(b, start, strlen(start)) && !strcmp(b + strlen(start), "/w"));
	CHECK_ERRNO("getcwd with no room", syscall(SYS_getcwd, b, 2), ERANGE);
	CHECK_ERRNO("chdir to nothing", chdir("none"), ENOENT);
	CHECK_ERRNO("chdir to a file", chdir("../target"), ENOTDIR);
	rmdir("../w");
	CHECK_ERRNO("removed: getcwd", getcwd(b, sizeof(b)) ? 0 : -1, ENOENT);
	CHECK_ERRNO("removed: create", open("x", O_CREAT | O_RDWR, 0600), ENOENT);
	CHECK_OK("removed: dot dot", chdir(".."));
	CHECK("back", !strcmp(getcwd(b, sizeof(b)), start));
	int fd = open("/", O_RDONLY);
	CHECK_OK("fchdir", fchdir(fd));
	CHECK("root", !strcmp(getcwd(b, sizeof(b)), "/"));
	close(fd);
	CHECK_ERRNO("fchdir closed", fchdir(fd), EBADF);
	chdir(start);
	mkdir("jail", 0700);
	file_write("jail/in", "");
	CHECK_INT("chroot", IN_CHILD({
		_exit(chroot("jail") || chdir("/") || access("/in", F_OK) ||
		      !access("/../jail", F_OK) || !access("/tests", F_OK));
	}), EXITED(0));
}

static void others(void)
{
	struct statfs fs;

	CHECK_OK("statfs", statfs(".", &fs));
	TELL("type, block, name", "%lx %ld %ld", (long)fs.f_type, (long)fs.f_bsize, (long)fs.f_namelen);
	CHECK_ERRNO("statfs nothing", statfs("none", &fs), ENOENT);
	umask(0);
	CHECK_INT("umask", umask(027), 0);
	mkdir("um", 0777);
	struct stat st;
	stat("um", &st);
	TELL("mode", "%o", st.st_mode);
	umask(022);
	CHECK_OK("mknod a file", mknod("node", S_IFREG | 0600, 0));
	CHECK_OK("mknod a device", mknod("null", S_IFCHR | 0666, 0x103));
	int fd = open("null", O_RDWR);
	CHECK_INT("it works", write(fd, "x", 1), 1);
	close(fd);
	CHECK_ERRNO("mknod a folder", mknod("nd", S_IFDIR | 0700, 0), EPERM);
	mkdir("sg", 02755);
	chmod("sg", 02755);
	chown("sg", 0, 77);
	file_write("sg/f", "");
	stat("sg/f", &st);
	CHECK_INT("a set-group folder hands on its group", st.st_gid, 77);
}

int main(void)
{
	folders();
	hard_links();
	renames();
	symlinks();
	listing();
	working_folder();
	others();
	return tap_done();
}
