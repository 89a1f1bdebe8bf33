/* SPDX-License-Identifier: MIT */
/* Files: open's flags and errors, reading, writing, positions, sizes, descriptors. */
#include "tap.h"
#include <sys/uio.h>
#include <sys/sendfile.h>
#include <utime.h>

static void opening(void)
{
	int fd;

	CHECK_ERRNO("open what is not there", open("none", O_RDONLY), ENOENT);
	CHECK_ERRNO("empty name", open("", O_RDONLY), ENOENT);
	CHECK("create", (fd = open("f", O_RDWR | O_CREAT | O_EXCL, 0644)) >= 0);
	close(fd);
	CHECK_ERRNO("O_EXCL again", open("f", O_RDWR | O_CREAT | O_EXCL, 0644), EEXIST);
	CHECK_ERRNO("through a file", open("f/x", O_RDONLY), ENOTDIR);
	CHECK_ERRNO("file with a slash", open("f/", O_RDONLY), ENOTDIR);
	CHECK_ERRNO("O_DIRECTORY on a file", open("f", O_RDONLY | O_DIRECTORY), ENOTDIR);
	CHECK_ERRNO("folder for writing", open(".", O_WRONLY), EISDIR);
	CHECK_ERRNO("folder with O_CREAT", open(".", O_RDONLY | O_CREAT, 0600), EISDIR);
	CHECK_ERRNO("create with a slash", open("new/", O_RDWR | O_CREAT, 0600), EISDIR);
	CHECK_ERRNO("create in no folder", open("no/new", O_RDWR | O_CREAT, 0600), ENOENT);
	CHECK("folder for reading", (fd = open(".", O_RDONLY)) >= 0);
	char c;
	CHECK_ERRNO("read a folder", read(fd, &c, 1), EISDIR);
	close(fd);
	char name[300];
	memset(name, 'n', sizeof(name));
	name[299] = 0;
	CHECK_ERRNO("name too long", open(name, O_RDONLY), ENAMETOOLONG);
	name[255] = 0;
	CHECK("255 letters are fine", (fd = open(name, O_RDWR | O_CREAT, 0600)) >= 0);
	close(fd);
	char *path = malloc(5000);
	memset(path, '/', 4999);
	path[4999] = 0;
	CHECK_ERRNO("path too long", open(path, O_RDONLY), ENAMETOOLONG);
	path[4095] = 0;
	CHECK("4095 slashes are the root", (fd = open(path, O_RDONLY)) >= 0);
	close(fd);
	free(path);
	CHECK("O_PATH", (fd = open("f", O_PATH)) >= 0);
	CHECK_ERRNO("reading an O_PATH", read(fd, &c, 1), EBADF);
	CHECK_OK("fstat an O_PATH", fstat(fd, &(struct stat){ 0 }));
	close(fd);
	CHECK_ERRNO("openat, bad descriptor", openat(99, "f", O_RDONLY), EBADF);
	CHECK("openat, absolute path ignores it", (fd = openat(99, "/", O_RDONLY)) >= 0);
	close(fd);
	fd = open("f", O_RDONLY);
	CHECK_ERRNO("openat through a file", openat(fd, "x", O_RDONLY), ENOTDIR);
	CHECK_ERRNO("write to O_RDONLY", write(fd, "x", 1), EBADF);
	CHECK_ERRNO("truncate O_RDONLY", ftruncate(fd, 0), EINVAL);
	close(fd);
	fd = open("f", O_WRONLY);
	CHECK_ERRNO("read from O_WRONLY", read(fd, &c, 1), EBADF);
	close(fd);
	fd = open("tmp", O_RDWR | O_CREAT | O_TRUNC, 07777);
	struct stat st;
	fstat(fd, &st);
	TELL("mode after umask", "%o", st.st_mode);
	close(fd);
	CHECK("O_TMPFILE", (fd = open(".", O_TMPFILE | O_RDWR, 0600)) >= 0);
	CHECK_INT("can be written", write(fd, "x", 1), 1);
	fstat(fd, &st);
	CHECK_INT("and has no name", st.st_nlink, 0);
	close(fd);
}

static void reading_and_writing(void)
{
	int fd = open("rw", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char b[64] = "";
	struct stat st;

	CHECK_INT("write", write(fd, "hello world", 11), 11);
	CHECK_INT("position", lseek(fd, 0, SEEK_CUR), 11);
	CHECK_INT("at the end", read(fd, b, 10), 0);
	CHECK_INT("pread", pread(fd, b, 5, 6), 5);
	CHECK("bytes", !memcmp(b, "world", 5));
	CHECK_INT("pwrite", pwrite(fd, "W", 1, 6), 1);
	CHECK_INT("position unmoved", lseek(fd, 0, SEEK_CUR), 11);
	CHECK_ERRNO("pread before 0", pread(fd, b, 1, -1), EINVAL);
	CHECK_INT("pread past the end", pread(fd, b, 1, 100), 0);
	CHECK_INT("SEEK_END", lseek(fd, -5, SEEK_END), 6);
	CHECK_INT("read there", read(fd, b, 64), 5);
	CHECK_ERRNO("seek before 0", lseek(fd, -1, SEEK_SET), EINVAL);
	CHECK_ERRNO("seek whence", lseek(fd, 0, 9), EINVAL);
	CHECK_ERRNO("seek, overflow", lseek(fd, LONG_MAX, SEEK_END), EINVAL);
	CHECK_INT("past the end", lseek(fd, 10000, SEEK_SET), 10000);
	CHECK_INT("write there", write(fd, "x", 1), 1);
	fstat(fd, &st);
	CHECK_INT("size", st.st_size, 10001);
	memset(b, 'q', sizeof(b));
	CHECK_INT("read in the hole", pread(fd, b, 64, 5000), 64);
	CHECK("zeros", b[0] == 0 && b[63] == 0);
	CHECK_INT("SEEK_HOLE past data", lseek(fd, 10000, SEEK_HOLE), 10001);
	CHECK_ERRNO("SEEK_DATA past the end", lseek(fd, 10001, SEEK_DATA), ENXIO);
	CHECK_INT("read of nothing", read(fd, b, 0), 0);
	struct iovec v[2] = { { b, 3 }, { b + 8, 3 } };
	CHECK_INT("preadv", preadv(fd, v, 2, 0), 6);
	CHECK("scattered", !memcmp(b, "hel", 3) && !memcmp(b + 8, "lo ", 3));
	CHECK_INT("pwritev", pwritev(fd, v, 2, 20), 6);
	CHECK_OK("fsync", fsync(fd));
	CHECK_OK("fdatasync", fdatasync(fd));
	close(fd);
	CHECK_ERRNO("read closed", read(fd, b, 1), EBADF);
	CHECK_ERRNO("close closed", close(fd), EBADF);
	CHECK_ERRNO("close -1", close(-1), EBADF);
	CHECK_ERRNO("fsync closed", fsync(fd), EBADF);
}

static void appending(void)
{
	int a = open("app", O_WRONLY | O_CREAT | O_APPEND, 0600), b = open("app", O_RDWR);

	write(b, "12345", 5);
	CHECK_INT("O_APPEND goes to the end", write(a, "67", 2), 2);
	CHECK_INT("position follows", lseek(a, 0, SEEK_CUR), 7);
	lseek(a, 0, SEEK_SET);
	write(a, "8", 1);
	char text[16] = "";
	CHECK_INT("size", pread(b, text, 16, 0), 8);
	CHECK("contents", !strcmp(text, "12345678"));
	CHECK_INT("pwrite appends too, on Linux", pwrite(a, "9", 1, 0), 1);
	CHECK_INT("size", pread(b, text, 16, 0), 9);
	close(a);
	close(b);
}

static void sizes(void)
{
	int fd = open("size", O_RDWR | O_CREAT, 0600);
	char b[8];
	struct stat st;

	write(fd, "abcdefgh", 8);
	CHECK_OK("shrink", ftruncate(fd, 3));
	CHECK_OK("grow", ftruncate(fd, 8));
	CHECK("what was cut is zero", pread(fd, b, 8, 0) == 8 && !memcmp(b, "abc\0\0\0\0\0", 8));
	CHECK_ERRNO("negative", ftruncate(fd, -1), EINVAL);
	CHECK_OK("truncate by name", truncate("size", 5000));
	fstat(fd, &st);
	CHECK_INT("size", st.st_size, 5000);
	CHECK_ERRNO("truncate nothing", truncate("none", 0), ENOENT);
	CHECK_ERRNO("truncate a folder", truncate(".", 0), EISDIR);
	close(open("size", O_WRONLY | O_TRUNC));
	fstat(fd, &st);
	CHECK_INT("O_TRUNC", st.st_size, 0);
	CHECK_OK("fallocate", posix_fallocate(fd, 0, 8192) ? -1 : 0);
	fstat(fd, &st);
	CHECK_INT("size", st.st_size, 8192);
	CHECK_INT("blocks", st.st_blocks, 16);
	close(fd);
}

static void copies(void)
{
	int fd = open("dup", O_RDWR | O_CREAT, 0600), d, e;

	write(fd, "0123456789", 10);
	d = dup(fd);
	CHECK("dup takes the lowest", d > fd);
	lseek(fd, 4, SEEK_SET);
	CHECK_INT("position is shared", lseek(d, 0, SEEK_CUR), 4);
	e = open("dup", O_RDONLY);
	CHECK_INT("a second open has its own", lseek(e, 0, SEEK_CUR), 0);
	CHECK_INT("dup2", dup2(fd, 50), 50);
	CHECK_INT("dup2 onto itself", dup2(fd, fd), fd);
	CHECK_ERRNO("dup2 of nothing", dup2(99, 50), EBADF);
	CHECK_ERRNO("dup2 too high", dup2(fd, 1 << 20), EBADF);
	CHECK_ERRNO("dup3 onto itself", dup3(fd, fd, 0), EINVAL);
	CHECK_ERRNO("dup3 flags", dup3(fd, 51, O_RDWR), EINVAL);
	CHECK_INT("dup3 cloexec", dup3(fd, 51, O_CLOEXEC), 51);
	CHECK_INT("is set", fcntl(51, F_GETFD), FD_CLOEXEC);
	CHECK_ERRNO("dup closed", dup(60), EBADF);
	CHECK_OK("close_range", syscall(SYS_close_range, 50, 51, 0));
	CHECK_ERRNO("both are closed", fcntl(51, F_GETFD), EBADF);
	close(fd);
	CHECK_INT("lowest number again", open("dup", O_RDONLY), fd);
	close(d);
	close(e);
	close(fd);
}

static void status(void)
{
	struct stat st, lt;
	struct timespec t[2] = { { 1000, 5 }, { 2000, 7 } };

	file_write("st", "12345");
	CHECK_OK("stat", stat("st", &st));
	TELL("mode, links, owner, size", "%o %lu %u:%u %ld", st.st_mode, (long)st.st_nlink, st.st_uid,
	     st.st_gid, (long)st.st_size);
	CHECK_OK("chmod", chmod("st", 04751));
	stat("st", &st);
	TELL("mode", "%o", st.st_mode);
	CHECK_OK("chown", chown("st", 12, 34));
	stat("st", &st);
	TELL("owner and mode", "%u:%u %o", st.st_uid, st.st_gid, st.st_mode);
	CHECK_OK("utimensat", utimensat(AT_FDCWD, "st", t, 0));
	stat("st", &st);
	TELL("times", "%ld.%ld %ld.%ld", st.st_atim.tv_sec, st.st_atim.tv_nsec, st.st_mtim.tv_sec,
	     st.st_mtim.tv_nsec);
	CHECK_ERRNO("stat nothing", stat("none", &st), ENOENT);
	CHECK_ERRNO("lstat through a file", lstat("st/x", &lt), ENOTDIR);
	CHECK_ERRNO("chmod nothing", chmod("none", 0), ENOENT);
	CHECK_ERRNO("utimensat, bad nanoseconds", utimensat(AT_FDCWD, "st",
		    (struct timespec[2]){ { 0, 1000000000 }, { 0, 0 } }, 0), EINVAL);
	CHECK_OK("access", access("st", R_OK | W_OK));
	CHECK_ERRNO("access nothing", access("none", F_OK), ENOENT);
	CHECK_ERRNO("access, bad mode", access("st", 8), EINVAL);
	chmod("st", 0644);
	CHECK_ERRNO("root needs an x to execute", access("st", X_OK), EACCES);
	struct statx sx;
	CHECK_OK("statx", statx(AT_FDCWD, "st", 0, STATX_BASIC_STATS, &sx));
	TELL("statx", "%o %llu %u", sx.stx_mode, (unsigned long long)sx.stx_size, sx.stx_nlink);
	CHECK_OK("fstatat, empty path", fstatat(0, "", &st, AT_EMPTY_PATH));
	stat(".", &st);
	CHECK("folder", S_ISDIR(st.st_mode));
	stat("/dev/null", &st);
	TELL("/dev/null", "%o %lx", st.st_mode, (long)st.st_rdev);
}

static void devices(void)
{
	int fd = open("/dev/null", O_RDWR);
	char b[32];
	memset(b, 'x', 32);
	CHECK_INT("null reads the end", read(fd, b, 32), 0);
	CHECK_INT("null takes all", write(fd, b, 32), 32);
	close(fd);
	fd = open("/dev/zero", O_RDWR);
	CHECK_INT("zero reads", read(fd, b, 32), 32);
	CHECK("zeros", !b[0] && !b[31]);
	close(fd);
	fd = open("/dev/full", O_RDWR);
	CHECK_ERRNO("full refuses", write(fd, b, 1), ENOSPC);
	CHECK_INT("full reads zeros", read(fd, b, 1), 1);
	close(fd);
	fd = open("/dev/urandom", O_RDONLY);
	CHECK_INT("urandom", read(fd, b, 32), 32);
	close(fd);
	CHECK_INT("getrandom", syscall(SYS_getrandom, b, 32, 0), 32);
	CHECK_ERRNO("getrandom flags", syscall(SYS_getrandom, b, 32, 0x80), EINVAL);
}

static void sending(void)
{
	int from = open("from", O_RDWR | O_CREAT, 0600), to = open("to", O_RDWR | O_CREAT, 0600);
	char b[16] = "";
	off_t at = 2;

	write(from, "0123456789", 10);
	CHECK_INT("sendfile with an offset", sendfile(to, from, &at, 5), 5);
	CHECK_INT("offset moved", at, 7);
	CHECK_INT("position did not", lseek(from, 0, SEEK_CUR), 10);
	lseek(from, 0, SEEK_SET);
	CHECK_INT("sendfile at the position", sendfile(to, from, NULL, 100), 10);
	CHECK_INT("at the end", sendfile(to, from, NULL, 100), 0);
	pread(to, b, 15, 0);
	CHECK("bytes", !strcmp(b, "234560123456789"));
	off_t in = 0, out = 20;
	CHECK_INT("copy_file_range", copy_file_range(from, &in, to, &out, 4, 0), 4);
	close(from);
	close(to);
}

int main(void)
{
	opening();
	reading_and_writing();
	appending();
	sizes();
	copies();
	status();
	devices();
	sending();
	return tap_done();
}
