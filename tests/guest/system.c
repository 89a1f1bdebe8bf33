/* SPDX-License-Identifier: MIT */
/* What the system tells about itself: uname, sysinfo, limits, /proc, mounts. */
#include "tap.h"
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

/* However many there are, all say the same. */
static void processors(void)
{
	FILE *f = fopen("/proc/cpuinfo", "r");
	char line[2048];
	cpu_set_t set;
	int n = 0;

	while (f && fgets(line, sizeof(line), f))
		n += !strncmp(line, "processor\t", 10);
	CPU_ZERO(&set);
	CHECK_OK("sched_getaffinity", sched_getaffinity(0, sizeof(set), &set));
	CHECK("processors", n > 0 && n == sysconf(_SC_NPROCESSORS_ONLN) && n == CPU_COUNT(&set));
	if (f)
		fclose(f);
}

static void identity(void)
{
	struct utsname u;
	struct sysinfo s;
	char name[65];

	CHECK_OK("uname", uname(&u));
	TELL("system and machine", "%s %s", u.sysname, u.machine);
	int major = 0, minor = 0;
	sscanf(u.release, "%d.%d", &major, &minor);
	CHECK("release is 6.1 or newer", major > 6 || (major == 6 && minor >= 1));
	CHECK("version has a build", u.version[0] == '#');
	CHECK_OK("sethostname", sethostname("another", 7));
	gethostname(name, sizeof(name));
	CHECK("is taken", !strcmp(name, "another"));
	CHECK_ERRNO("too long", sethostname(name, 65), EINVAL);
	CHECK_ERRNO("uname, bad address", uname((void *)8), EFAULT);
	CHECK_OK("sysinfo", sysinfo(&s));
	CHECK("memory is plausible", s.totalram * s.mem_unit > 300UL << 20 &&
	      s.totalram * s.mem_unit <= 512UL << 20 && s.freeram < s.totalram && s.procs > 0);
	processors();
}

static void limits(void)
{
	struct rlimit r, set;

	for (int i = 0; i < RLIM_NLIMITS; i++) {
		if (i == RLIMIT_NPROC || i == RLIMIT_SIGPENDING || i == RLIMIT_MEMLOCK)
			continue;	/* these depend on the memory */
		getrlimit(i, &r);
		TELL("limit", "%d %ld %ld", i, (long)r.rlim_cur, (long)r.rlim_max);
	}
	CHECK_ERRNO("unknown limit", getrlimit(99, &r), EINVAL);
	set = (struct rlimit){ 20, 10 };
	CHECK_ERRNO("soft over hard", setrlimit(RLIMIT_NOFILE, &set), EINVAL);
	CHECK_INT("RLIMIT_NOFILE", IN_CHILD({
		set = (struct rlimit){ 10, 10 };
		setrlimit(RLIMIT_NOFILE, &set);
		int fd = 0;
		while (fd >= 0)
			fd = open("/dev/null", O_RDONLY);
		_exit(errno);
	}), EXITED(EMFILE));
	CHECK_INT("RLIMIT_FSIZE", IN_CHILD({
		set = (struct rlimit){ 1000, 1000 };
		setrlimit(RLIMIT_FSIZE, &set);
		int fd = open("big", O_RDWR | O_CREAT, 0600);
		char b[2000];
		int first = (int)write(fd, b, 2000);
		signal(SIGXFSZ, SIG_IGN);
		_exit(first == 1000 && write(fd, b, 1) == -1 && errno == EFBIG);
	}), EXITED(1));
	CHECK_INT("RLIMIT_CPU", IN_CHILD({
		set = (struct rlimit){ 1, 3 };
		setrlimit(RLIMIT_CPU, &set);
		for (;;)
			;
	}) & 0x7f, SIGXCPU);
	CHECK_OK("prlimit", prlimit(0, RLIMIT_STACK, NULL, &r));
	CHECK_INT("raising is root's", IN_CHILD({
		set = (struct rlimit){ 10, 10 };
		setrlimit(RLIMIT_NOFILE, &set);
		setuid(1000);
		set.rlim_max = 20;
		_exit(setrlimit(RLIMIT_NOFILE, &set) == -1 ? errno : 0);
	}), EXITED(EPERM));
	CHECK_INT("nice", IN_CHILD(_exit(nice(5) == 5 && getpriority(PRIO_PROCESS, 0) == 5)), EXITED(1));
	CHECK_INT("others may not be nicer to themselves", IN_CHILD({
		setuid(1000);
		errno = 0;
		_exit(nice(-5) == -1 ? errno : 0);
	}), EXITED(EPERM));
}

/* The first N words of a file, or of its line that starts with KEY. */
static void words(const char *path, const char *key, int n, char *out)
{
	char line[1024];
	FILE *f = fopen(path, "r");

	*out = 0;
	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, key, strlen(key)))
			continue;
		char *save, *w = strtok_r(line, " \t\n", &save);
		for (; w && n--; w = strtok_r(NULL, " \t\n", &save))
			strcat(strcat(out, w), " ");
		break;
	}
	if (f)
		fclose(f);
}

static long number(const char *path, const char *key)
{
	char text[1024];
	long n = -1;

	words(path, key, 2, text);
	sscanf(text, "%*s %ld", &n);
	return n;
}

static void proc_refusals(void)
{
	int fd = open("/proc/version", O_WRONLY);

	CHECK_ERRNO("write to what is only read", write(fd, "x", 1), EIO);
	close(fd);
	CHECK_ERRNO("mkdir in /proc", mkdir("/proc/new", 0700), ENOENT);
	CHECK_ERRNO("new file in /proc", open("/proc/new", O_CREAT | O_WRONLY, 0600), ENOENT);
	CHECK_ERRNO("new file in /proc/self", open("/proc/self/new", O_CREAT | O_WRONLY, 0600), ENOENT);
	CHECK_ERRNO("unlink in /proc", unlink("/proc/version"), EPERM);
}

static void proc(void)
{
	char text[1024], path[64];
	struct stat st;

	CHECK("meminfo: MemTotal", number("/proc/meminfo", "MemTotal:") > 300 * 1024);
	CHECK("meminfo: MemFree", number("/proc/meminfo", "MemFree:") > 0);
	CHECK("meminfo: MemAvailable", number("/proc/meminfo", "MemAvailable:") > 0);
	words("/proc/self/status", "Name:", 2, text);
	TELL("status: Name", "%s", text);
	words("/proc/self/status", "State:", 3, text);
	TELL("status: State", "%s", text);
	CHECK_INT("status: Pid", number("/proc/self/status", "Pid:"), getpid());
	CHECK_INT("status: PPid", number("/proc/self/status", "PPid:"), getppid());
	words("/proc/self/status", "Uid:", 5, text);
	TELL("status: Uid", "%s", text);
	CHECK("status: VmRSS", number("/proc/self/status", "VmRSS:") > 0);
	CHECK_INT("status: Threads", number("/proc/self/status", "Threads:"), 1);
	words("/proc/self/stat", "", 3, text);
	sprintf(path, "%d (system) R ", getpid());
	CHECK("stat", !strcmp(text, path));
	FILE *f = fopen("/proc/self/stat", "r");
	int fields = 0;
	while (fscanf(f, "%*s") != EOF)
		fields++;
	fclose(f);
	CHECK_INT("stat: fields", fields, 52);
	sprintf(path, "/proc/%d", getpid());
	CHECK_OK("by number", stat(path, &st));
	CHECK("a folder", S_ISDIR(st.st_mode));
	CHECK_ERRNO("nobody", stat("/proc/99999", &st), ENOENT);
	CHECK_ERRNO("nothing is made there", open("/proc/new", O_CREAT | O_RDWR, 0600), ENOENT);
	int fd = open("/proc/self/cmdline", O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text));
	close(fd);
	CHECK("cmdline", n == 14 && !strcmp(text, "/tests/system"));
	readlink("/proc/self/cwd", text, sizeof(text));
	CHECK("cwd", !strncmp(text, "/tmp/system", 11));
	fd = open("thing", O_RDWR | O_CREAT, 0600);
	sprintf(path, "/proc/self/fd/%d", fd);
	memset(text, 0, sizeof(text));
	readlink(path, text, sizeof(text));
	TELL("fd", "%s", text);
	unlink("thing");
	memset(text, 0, sizeof(text));
	readlink(path, text, sizeof(text));
	TELL("fd of a removed file", "%s", text);
	int again = open(path, O_RDWR);
	CHECK("opens it all the same", again >= 0);
	close(fd), close(again);
	words("/proc/mounts", "proc", 3, text);
	TELL("mounts", "%s", text);
	words("/proc/uptime", "", 1, text);
	CHECK("uptime", atof(text) > 0);
	words("/proc/loadavg", "", 9, text);
	int parts = 0;
	for (char *c = text; *c; c++)
		parts += *c == ' ';
	CHECK_INT("loadavg", parts, 5);
	words("/proc/version", "", 2, text);
	TELL("version", "%s", text);
	words("/proc/stat", "cpu ", 1, text);
	TELL("stat", "%s", text);
	words("/proc/cpuinfo", "processor", 3, text);
	TELL("cpuinfo", "%s", text);
	words("/proc/filesystems", "nodev\ttmpfs", 2, text);
	TELL("filesystems", "%s", text);
	f = fopen("/proc/self/maps", "r");
	int stack = 0, heap = 0, vdso = 0, own = 0;
	while (fgets(text, sizeof(text), f)) {
		stack += !!strstr(text, "[stack]");
		heap += !!strstr(text, "[heap]");
		vdso += !!strstr(text, "[vdso]");
		own += !!strstr(text, "/tests/system") && !!strstr(text, "r-xp");
	}
	fclose(f);
	TELL("maps", "stack %d heap %d vdso %d text %d", stack, heap, vdso, own);
}

static void mounting(void)
{
	struct stat st;

	mkdir("m", 0755);
	CHECK_OK("mount a tmpfs", mount("t", "m", "tmpfs", 0, "size=1m"));
	file_write("m/f", "x");
	CHECK_INT("it is full at a megabyte", IN_CHILD({
		int fd = open("m/big", O_RDWR | O_CREAT, 0600);
		static char b[65536];
		while (write(fd, b, sizeof(b)) > 0)
			;
		_exit(errno);
	}), EXITED(ENOSPC));
	struct statvfs v;
	statvfs("m", &v);
	TELL("statvfs", "%ld %ld", (long)v.f_blocks, (long)v.f_bsize);
	CHECK_ERRNO("busy", rmdir("m"), EBUSY);
	int fd = open("m/f", O_RDONLY);
	CHECK_ERRNO("umount of what is used", umount("m"), EBUSY);
	close(fd);
	CHECK_OK("umount", umount("m"));
	CHECK_ERRNO("its files are gone", stat("m/f", &st), ENOENT);
	CHECK_ERRNO("umount again", umount("m"), EINVAL);
	CHECK_ERRNO("unknown file system", mount("t", "m", "nofs", 0, NULL), ENODEV);
	CHECK_ERRNO("nowhere", mount("t", "none", "tmpfs", 0, NULL), ENOENT);
	file_write("f", "");
	CHECK_ERRNO("on a file", mount("t", "f", "tmpfs", 0, NULL), ENOTDIR);
	mount("t", "m", "tmpfs", 0, NULL);
	CHECK_OK("remount read only", mount("t", "m", "tmpfs", MS_REMOUNT | MS_RDONLY, NULL));
	CHECK_ERRNO("is", open("m/x", O_CREAT | O_RDWR, 0600), EROFS);
	CHECK_ERRNO("mkdir too", mkdir("m/x", 0700), EROFS);
	umount("m");
	mkdir("b", 0755);
	file_write("m/below", "");
	CHECK_OK("bind", mount("m", "b", NULL, MS_BIND, NULL));
	CHECK_OK("the same files", stat("b/below", &st));
	umount("b");
}

int main(void)
{
	identity();
	limits();
	proc();
	proc_refusals();
	mounting();
	return tap_done();
}
