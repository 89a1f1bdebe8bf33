/* SPDX-License-Identifier: MIT */
/*
 * The files of /proc/sys: which spellings of numbers are taken, who may write, and that what is
 * set counts at once. Each is set back: the tests after this one share the machine.
 */
#include "tap.h"
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sched.h>

#define SYS	"/proc/sys/"
#define NOBODY	65534

static char text[512];

static const char *get(const char *name)
{
	char path[100];
	int fd;
	ssize_t n;

	snprintf(path, sizeof(path), SYS "%s", name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return strerror(errno);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n < 0 ? 0 : n] = 0;
	text[strcspn(text, "\n")] = 0;
	return text;
}

/* Bytes written or -errno. */
static int put_bytes(const char *name, const char *what, size_t n)
{
	char path[100];
	int fd, result;

	snprintf(path, sizeof(path), SYS "%s", name);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	result = (int)write(fd, what, n);
	if (result < 0)
		result = -errno;
	close(fd);
	return result;
}

static int put(const char *name, const char *what)
{
	return put_bytes(name, what, strlen(what));
}

static void spellings(void)
{
	static const char *const words[] = {
		"10", "0x11", "012", " 13\n", "\t14 ", "15x", "x", "", " ", "-1", "-", "08", "0x", "+5", "16 17", "18,19",
		"2147483647", "2147483648", "4294967297", "18446744073709551617", "000000000000000000000021",
		"21                                21", "1 2 3 4 5",
	};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		int result = put("vm/dirty_expire_centisecs", words[i]);

		TELL("one number", "%u: %d %s", i, result, get("vm/dirty_expire_centisecs"));
	}
	put("vm/dirty_expire_centisecs", "3000");
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		int result = put("kernel/ctrl-alt-del", words[i]);

		TELL("with a sign", "%u: %d %s", i, result, get("kernel/ctrl-alt-del"));
	}
	put("kernel/ctrl-alt-del", "1");
	TELL("a zero in the middle", "%d %s", put_bytes("vm/dirty_expire_centisecs", "22\0" "33", 5), get("vm/dirty_expire_centisecs"));
	put("vm/dirty_expire_centisecs", "3000");
}

static void several_numbers(void)
{
	static const char *const words[] = { "7", "6 5", "4 4 1 7 9", "3 x", "8\n3\t2  6 ", "4 4 1 7" };
	char first[64];

	snprintf(first, sizeof(first), "%s", get("kernel/printk"));
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		int result = put("kernel/printk", words[i]);

		TELL("several numbers", "%u: %d %s", i, result, get("kernel/printk"));
	}
	klogctl(8, NULL, 6);
	TELL("syslog(2) sets the first", "%s", get("kernel/printk"));
	put("kernel/printk", "4 4 3 7");
	klogctl(8, NULL, 1);
	TELL("not below the third", "%s", get("kernel/printk"));
	klogctl(6, NULL, 0);
	TELL("off", "%s", get("kernel/printk"));
	klogctl(7, NULL, 0);
	TELL("on", "%s", get("kernel/printk"));
	put("kernel/printk", first);
}

static void positions(void)
{
	int fd = open(SYS "vm/swappiness", O_RDWR);
	char c[8] = "";

	TELL("behind the start it is ignored", "%zd %zd %zd", pwrite(fd, "7", 1, 3), write(fd, "50\n", 3), write(fd, "51\n", 3));
	TELL("the first counts", "%s", get("vm/swappiness"));
	TELL("back to the start", "%d", (int)lseek(fd, 0, SEEK_SET));
	TELL("it reads", "%zd %s", read(fd, c, 7), c);
	TELL("and no more", "%zd", read(fd, c, 7));
	close(fd);
	put("vm/swappiness", "60");
}

static const char *const ranges[][6] = {
	{ "kernel/pid_max", "300", "301", "32768", "0" },
	{ "fs/nr_open", "63", "64", "2147483584", "2147483585" },
	{ "fs/overflowuid", "-1", "0", "65535", "65536" },
	{ "kernel/overflowgid", "-1", "0", "65535", "65536" },
	{ "fs/protected_hardlinks", "-1", "0", "1", "2" },
	{ "fs/protected_fifos", "-1", "0", "2", "3" },
	{ "fs/protected_regular", "-1", "0", "2", "3" },
	{ "kernel/dmesg_restrict", "-1", "0", "1", "2" },
	{ "kernel/threads-max", "0", "5000", "-1" },
	{ "kernel/panic", "0", "-1" },
	{ "kernel/sysrq", "1", "0" },
	{ "kernel/randomize_va_space", "0", "1", "2" },
	{ "vm/max_map_count", "-1", "65531" },
	{ "vm/swappiness", "-1", "0", "200", "201" },
	{ "vm/page-cluster", "-1", "0", "8" },
	{ "vm/overcommit_memory", "-1", "3", "1" },
	{ "fs/inotify/max_user_watches", "-1", "0", "9000" },
	{ "vm/drop_caches", "0", "1", "5" },
};

static void limits(void)
{
	char first[100];

	for (unsigned i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		snprintf(first, sizeof(first), "%s", get(ranges[i][0]));
		for (int j = 1; ranges[i][j]; j++) {
			int result = put(ranges[i][0], ranges[i][j]);

			TELL(ranges[i][0], "%s %d%s", ranges[i][j], result, !strcmp(get(ranges[i][0]), ranges[i][j]) ? " is set" : "");
		}
		put(ranges[i][0], first);
		CHECK("it is set back", !strcmp(get(ranges[i][0]), first));
	}
}

static unsigned mode_of(const char *name)
{
	char path[100];
	struct stat st;

	snprintf(path, sizeof(path), SYS "%s", name);
	return lstat(path, &st) ? (unsigned)errno : st.st_mode;
}

static void who_may(void)
{
	static const char *const names[] = { "fs", "fs/file-nr", "fs/inode-nr", "fs/inode-state", "fs/dentry-state", "fs/nr_open",
					     "fs/protected_symlinks", "kernel/printk", "kernel/ns_last_pid", "kernel/pid_max", "vm/drop_caches" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		TELL(names[i], "%o", mode_of(names[i]));
	CHECK_INT("root writes no file that tells", put("fs/file-nr", "1"), -EACCES);
	CHECK("nor reads one that is set", !strcmp(get("vm/drop_caches"), strerror(EACCES)));
	CHECK_ERRNO("nor changes a mode", chmod(SYS "kernel/panic", 0666), EPERM);
	CHECK_ERRNO("or an owner", chown(SYS "kernel/panic", NOBODY, NOBODY), EPERM);
	CHECK_ERRNO("nor makes a file", open(SYS "kernel/other", O_CREAT | O_RDWR, 0600), ENOENT);
	CHECK_ERRNO("nor removes one", unlink(SYS "kernel/panic"), EACCES);
	CHECK_ERRNO("nor executes it", access(SYS "kernel/panic", X_OK), EACCES);
	CHECK_INT("nobody writes none", IN_CHILD({
		setresgid(NOBODY, NOBODY, NOBODY), setresuid(NOBODY, NOBODY, NOBODY);
		_exit(-put("kernel/panic", "0"));
	}), EXITED(EACCES));
	CHECK_INT("nor with all capabilities", IN_CHILD({
		prctl(PR_SET_KEEPCAPS, 1), syscall(SYS_setfsuid, NOBODY);
		setresuid(-1, NOBODY, -1);
		_exit(-put("kernel/panic", "0"));
	}), EXITED(EACCES));
	CHECK_INT("but reads", IN_CHILD({
		setresgid(NOBODY, NOBODY, NOBODY), setresuid(NOBODY, NOBODY, NOBODY);
		_exit(strcmp(get("fs/overflowuid"), "65534"));
	}), EXITED(0));
	CHECK_INT("the next number is not for nobody", IN_CHILD({
		setresgid(NOBODY, NOBODY, NOBODY), setresuid(NOBODY, NOBODY, NOBODY);
		_exit(-put("kernel/ns_last_pid", "1000"));
	}), EXITED(EPERM));
}

static int log_as_nobody(void)
{
	return IN_CHILD({
		char c[100];
		setresgid(NOBODY, NOBODY, NOBODY), setresuid(NOBODY, NOBODY, NOBODY);
		int log = klogctl(3, c, 100) < 0 ? errno : 0;
		int size = klogctl(10, NULL, 0) < 0 ? errno : 0;
		int device = open("/dev/kmsg", O_RDONLY) < 0 ? errno : 0;
		_exit((log == EPERM) | (size == EPERM) << 1 | (device == EPERM) << 2);
	});
}

static void effects(void)
{
	struct rlimit l;
	pid_t pid;

	put("fs/nr_open", "2048");
	getrlimit(RLIMIT_NOFILE, &l);
	l.rlim_max = 2049;
	CHECK_ERRNO("no limit above nr_open", setrlimit(RLIMIT_NOFILE, &l), EPERM);
	put("fs/nr_open", "1048576");

	put("kernel/ns_last_pid", "20000");
	TELL("the number after", "%s", get("kernel/ns_last_pid"));
	pid = fork();
	if (!pid)
		_exit(0);
	TELL("is given", "%d", pid);
	waitpid(pid, NULL, 0);
	put("kernel/pid_max", "20003");
	pid = fork();
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	TELL("the last below pid_max", "%d", pid);
	pid = fork();
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	CHECK("then from the start", pid >= 300 && pid < 20000);
	put("kernel/pid_max", "32768");

	put("vm/max_map_count", "100");
	CHECK_INT("mappings are counted", IN_CHILD({
		int n = 0;
		while (n < 200 && mmap(NULL, 4096, n % 2 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
			n++;
		_exit(n > 50 && n < 100 && errno == ENOMEM);
	}), EXITED(1));
	put("vm/max_map_count", "65530");

	put("kernel/dmesg_restrict", "1");
	TELL("the log is not for nobody", "%x", log_as_nobody());
	put("kernel/dmesg_restrict", "0");
	TELL("now it is", "%x", log_as_nobody());
	put("kernel/dmesg_restrict", "1");

	long files = atol(get("fs/file-nr"));
	int fd[500];
	for (int i = 0; i < 500; i++)
		fd[i] = open("/proc/self/stat", O_RDONLY);
	CHECK("open files are counted", atol(get("fs/file-nr")) - files > 300);
	for (int i = 0; i < 500; i++)
		close(fd[i]);
	long a = 0, b = 0, c = 0;
	TELL("numbers of file-nr", "%d %ld", sscanf(get("fs/file-nr"), "%ld %ld %ld", &a, &b, &c), b);
	TELL("of inode-nr", "%d", sscanf(get("fs/inode-nr"), "%ld %ld", &a, &b));
	CHECK_INT("of dentry-state", sscanf(get("fs/dentry-state"), "%ld %ld %ld", &a, &b, &c), 3);
	TELL("unused ones are of all", "%d %ld", a >= b, c);
}

static uintptr_t place(int which)
{
	int p[2];
	uintptr_t at[2] = { 0 };

	pipe(p);
	if (!fork()) {
		dup2(p[1], 1);
		execl("/proc/self/exe", "sysctl", "places", NULL);
		_exit(1);
	}
	wait(NULL);
	read(p[0], at, sizeof(at));
	close(p[0]), close(p[1]);
	return at[which];
}

static void randomness(void)
{
	put("kernel/randomize_va_space", "0");
	CHECK("the same stack", place(0) == place(0));
	CHECK("and heap", place(1) == place(1));
	put("kernel/randomize_va_space", "1");
	CHECK("another stack", place(0) != place(0) || place(0) != place(0));
	put("kernel/randomize_va_space", "2");
	CHECK("and another heap", place(1) != place(1) || place(1) != place(1));
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		uintptr_t at[2] = { (uintptr_t)&argc, (uintptr_t)sbrk(0) };

		return write(1, at, sizeof(at)) < 0;
	}
	spellings();
	several_numbers();
	positions();
	limits();
	who_may();
	effects();
	randomness();
	return tap_done();
}
