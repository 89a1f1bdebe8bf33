/* SPDX-License-Identifier: MIT */
/*
 * What /proc says of a process and of the system's settings, where it must say the
 * same as Linux; who may look; and that a file opened before execve(2) shows nothing
 * of the new program.
 */
#include "tap.h"
#include <dirent.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static char text[4096];

static const char *slurp(const char *path)
{
	int fd = open(path, O_RDONLY), n;

	memset(text, 0, sizeof(text));
	if (fd < 0)
		snprintf(text, sizeof(text), "open: %s", strerror(errno));
	n = fd < 0 ? 0 : (int)read(fd, text, sizeof(text) - 1);
	if (n < 0)
		snprintf(text, sizeof(text), "read: %s", strerror(errno));
	for (char *p = text; *p; p++)
		if (*p == '\n' || *p == '\t')
			*p = *p == '\n' ? '|' : ' ';
	if (fd >= 0)
		close(fd);
	return text;
}

static int put(const char *path, const char *what)
{
	int fd = open(path, O_WRONLY), result;

	if (fd < 0)
		return -errno;
	result = write(fd, what, strlen(what)) < 0 ? -errno : 0;
	close(fd);
	return result;
}

static unsigned mode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) ? (unsigned)errno : st.st_mode;
}

static void settings(void)
{
	static const char *const same[] = {
		"fs/overflowuid", "fs/overflowgid", "fs/nr_open", "fs/pipe-max-size", "fs/lease-break-time", "fs/aio-nr",
		"fs/aio-max-nr", "fs/suid_dumpable",
		"fs/inotify/max_user_instances", "fs/inotify/max_user_watches", "fs/inotify/max_queued_events",
		"kernel/overflowuid", "kernel/overflowgid", "kernel/cap_last_cap", "kernel/ngroups_max", "kernel/arch",
		"kernel/tainted", "kernel/random/poolsize", "kernel/random/entropy_avail", "kernel/pid_max", "kernel/shmmni",
		"kernel/sem", "kernel/msgmax", "kernel/numa_balancing", "kernel/shm_rmid_forced", "kernel/auto_msgmni",
		"kernel/perf_event_paranoid", "kernel/unprivileged_bpf_disabled", "kernel/ostype", "kernel/pty/max",
		"vm/overcommit_memory", "vm/overcommit_ratio", "vm/overcommit_kbytes", "vm/mmap_min_addr", "vm/max_map_count",
		"vm/swappiness", "vm/vfs_cache_pressure", "vm/dirty_ratio", "vm/dirty_background_ratio", "vm/page-cluster",
		"vm/dirty_expire_centisecs", "vm/dirty_writeback_centisecs", "vm/nr_hugepages", "vm/panic_on_oom",
		"vm/oom_kill_allocating_task", "vm/legacy_va_layout", "vm/zone_reclaim_mode", "vm/laptop_mode",
		"vm/unprivileged_userfaultfd", "vm/admin_reserve_kbytes",
	};

	for (unsigned i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		char path[80];

		snprintf(path, sizeof(path), "/proc/sys/%s", same[i]);
		TELL(same[i], "%s", slurp(path));
	}
	TELL("swappiness: bad", "%d %d %d", put("/proc/sys/vm/swappiness", "201"), put("/proc/sys/vm/swappiness", "x"), put("/proc/sys/vm/swappiness", "-1"));
	TELL("swappiness: good", "%d", put("/proc/sys/vm/swappiness", "10\n"));
	TELL("it is kept", "%s", slurp("/proc/sys/vm/swappiness"));
	put("/proc/sys/vm/swappiness", "60");
	TELL("drop_caches", "%o %d %d %d", mode_of("/proc/sys/vm/drop_caches"), put("/proc/sys/vm/drop_caches", "2"), put("/proc/sys/vm/drop_caches", "9"), put("/proc/sys/vm/drop_caches", "0"));
	slurp("/proc/sys/kernel/random/uuid");
	TELL("uuid", "%zu %c %d", strlen(text), text[14], strchr("89ab", text[19]) != NULL);
	char first[64];
	strcpy(first, slurp("/proc/sys/kernel/random/boot_id"));
	TELL("boot_id", "%d %zu", strcmp(first, slurp("/proc/sys/kernel/random/boot_id")), strlen(first));
	strcpy(first, slurp("/proc/sys/kernel/random/uuid"));
	TELL("another each time", "%d", strcmp(first, slurp("/proc/sys/kernel/random/uuid")) != 0);
	TELL("swaps", "%s", slurp("/proc/swaps"));
	TELL("execdomains", "%s", slurp("/proc/execdomains"));
}

/* The first word of each line of a table, or of the first line. */
static void tables(void)
{
	char names[200] = "", word[40];
	FILE *f = fopen("/proc/softirqs", "r");
	char line[300];

	while (f && fgets(line, sizeof(line), f) && sscanf(line, "%39s", word) == 1)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s ", word);
	if (f)
		fclose(f);
	TELL("softirqs", "%s", names);
	slurp("/proc/buddyinfo");
	unsigned node, n = 0;
	TELL("buddyinfo", "%d", sscanf(text, "Node %u, zone %39s", &node, word));
	for (char *p = strtok(text, " "); p && *p != '|'; p = strtok(NULL, " "))
		n++;
	TELL("its orders", "%u", n - 4);
	f = fopen("/proc/stat", "r");
	n = 0;
	while (f && fscanf(f, "%39s%*[^\n]", word) == 1)
		n += !strcmp(word, "softirq") || !strcmp(word, "cpu") || !strcmp(word, "intr") || !strcmp(word, "procs_blocked");
	if (f)
		fclose(f);
	TELL("stat", "%u", n);
}

/* /proc/kmsg: what nobody read yet. */
static void log_text(void)
{
	int fd = open("/proc/kmsg", O_RDONLY | O_NONBLOCK);

	TELL("kmsg", "%o %d", mode_of("/proc/kmsg"), fd >= 0);
	while (read(fd, text, sizeof(text)) > 0)
		;
	TELL("at the end", "%d", errno);
	close(fd);
	CHECK_INT("not for nobody", IN_CHILD({
		setgid(65534), setuid(65534);
		_exit(open("/proc/kmsg", O_RDONLY) < 0 ? errno : 0);
	}), EXITED(EACCES));
}

static void of_self(void)
{
	static const char *const same[] = { "oom_adj", "oom_score_adj", "sessionid", "loginuid", "uid_map", "gid_map", "projid_map",
					    "setgroups", "personality", "timerslack_ns", "timers", "comm" };
	static const char *const modes[] = { "fd", "fdinfo", "ns", "mountstats", "wchan", "stack", "syscall", "personality", "schedstat",
					     "timers", "timerslack_ns", "oom_score", "oom_adj", "sessionid", "loginuid", "uid_map", "setgroups",
					     "mem", "environ", "auxv", "limits", "io", "maps", "cmdline", "comm", "task", "exe", "cwd", "status" };
	char path[80];

	for (unsigned i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		snprintf(path, sizeof(path), "/proc/self/%s", same[i]);
		TELL(same[i], "%s", slurp(path));
	}
	for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		snprintf(path, sizeof(path), "/proc/self/%s", modes[i]);
		TELL(modes[i], "%o", mode_of(path));
	}
	personality(ADDR_NO_RANDOMIZE);
	TELL("personality", "%s", slurp("/proc/self/personality"));
	personality(0);
	TELL("oom_adj written", "%d %d %d", put("/proc/self/oom_adj", "15"), put("/proc/self/oom_adj", "16"), put("/proc/self/oom_adj", "-18"));
	TELL("as score", "%s", slurp("/proc/self/oom_score_adj"));
	TELL("oom_score_adj", "%d %d %d", put("/proc/self/oom_score_adj", "1001"), put("/proc/self/oom_score_adj", "-1001"), put("/proc/self/oom_score_adj", "0"));
	TELL("slack", "%d %s", put("/proc/self/timerslack_ns", "1234"), slurp("/proc/self/timerslack_ns"));
	TELL("slack back", "%d %s %d", put("/proc/self/timerslack_ns", "0"), slurp("/proc/self/timerslack_ns"), put("/proc/self/timerslack_ns", "x"));
	int r = open("/dev/null", O_RDONLY), w = open("/dev/null", O_WRONLY), p = open("/dev/null", O_PATH);
	for (int fd = 0; fd <= p; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		TELL("mode of a descriptor", "%d %o", fd, mode_of(path));
	}
	close(r), close(w), close(p);
}

static void timers(void)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_ptr = (void *)0x1234 };
	struct sigevent none = { .sigev_notify = SIGEV_NONE };
	timer_t a, b;

	timer_create(CLOCK_MONOTONIC, &e, &a);
	timer_create(CLOCK_REALTIME, &none, &b);
	slurp("/proc/self/timers");
	char *dot = strchr(text, '.'); /* the process's number follows */
	if (dot)
		*dot = 0;
	TELL("timers", "%s", text);
	timer_delete(a), timer_delete(b);
}

static void namespaces(void)
{
	static const char *const names[] = { "cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children", "user", "uts" };
	char path[80], link[80], child[80];
	struct dirent *e;
	struct stat st;
	int n = 0;

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		memset(link, 0, sizeof(link));
		readlink(path, link, 79);
		link[strcspn(link, "[")] = 0; /* the number is a matter of the build */
		int fd = open(path, O_RDONLY);
		fstat(fd, &st);
		TELL(names[i], "%s %o %d", link, st.st_mode, fd >= 0);
		close(fd);
	}
	DIR *d = opendir("/proc/self/ns");
	while ((e = readdir(d)))
		n++;
	closedir(d);
	TELL("names", "%d", n);
	memset(link, 0, 80), memset(child, 0, 80);
	readlink("/proc/self/ns/mnt", link, 79), readlink("/proc/1/ns/mnt", child, 79);
	TELL("the same for all", "%d", strcmp(link, child));
	TELL("none such", "%d", access("/proc/self/ns/none", F_OK) ? errno : 0);
}

static void sleeping(void)
{
	char path[80];
	pid_t pid = fork();

	if (!pid)
		pause(), _exit(0);
	sleep_ms(100);
	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	TELL("syscall of one that sleeps", "%d", atoi(slurp(path)));
	snprintf(path, sizeof(path), "/proc/%d/wchan", pid);
	slurp(path);
	TELL("where it sleeps", "%d", strlen(text) > 1 && strcmp(text, "0") != 0);
	snprintf(path, sizeof(path), "/proc/%d/stack", pid);
	slurp(path);
	TELL("its stack", "%d", strncmp(text, "[<0>]", 5));
	snprintf(path, sizeof(path), "/proc/%d/timerslack_ns", pid);
	TELL("its slack", "%s", slurp(path));
	kill(pid, SIGKILL), waitpid(pid, NULL, 0);
}

/* As nobody, of process 1. */
static void nobody(void)
{
	static const char *const files[] = { "environ", "auxv", "mem", "io", "stack", "syscall", "personality", "mountstats", "timerslack_ns",
					     "wchan", "sessionid", "oom_score_adj", "comm", "schedstat", "timers", "fd", "fdinfo", "ns", "ns/mnt", "exe" };
	char path[80];
	int p[2], got;

	for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		pipe(p);
		if (!fork()) {
			setgid(65534), setuid(65534);
			snprintf(path, sizeof(path), "/proc/1/%s", files[i]);
			char c, link[10];
			int fd = -1, answer = 0;
			if (!strcmp(files[i], "exe") || !strcmp(files[i], "ns/mnt"))
				answer = readlink(path, link, 10) < 0 ? errno : 0;
			else if ((fd = open(path, O_RDONLY)) < 0)
				answer = errno;
			else if (strncmp(files[i], "fd", 2) && strcmp(files[i], "ns"))
				answer = read(fd, &c, 1) < 0 ? 1000 + errno : 0;
			write(p[1], &answer, sizeof(answer));
			_exit(0);
		}
		close(p[1]);
		got = 12345;
		read(p[0], &got, sizeof(got));
		close(p[0]), wait(NULL);
		TELL(files[i], "%d", got);
	}
}

/* Opened before its process executes another program. */
static void stale(void)
{
	char path[80], c[16];
	int p[2];

	pipe(p);
	pid_t pid = fork();
	if (!pid) {
		read(p[0], c, 1);
		execl("/proc/self/exe", "procfiles", "sleep", NULL);
		_exit(1);
	}
	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	int e = open(path, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	int m = open(path, O_RDWR);
	TELL("before", "%d %d", read(e, c, 4) > 0, pread(m, c, 4, (off_t)(uintptr_t)text) == 4);
	write(p[1], "x", 1);
	sleep_ms(200);
	TELL("environ after", "%zd", pread(e, c, 4, 0));
	TELL("mem after", "%zd %zd", pread(m, c, 4, (off_t)(uintptr_t)text), pwrite(m, "abcd", 4, (off_t)(uintptr_t)text));
	close(e), close(m);
	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	e = open(path, O_RDONLY);
	TELL("opened anew", "%d", read(e, c, 4) >= 0);
	close(e), close(p[0]), close(p[1]);
	kill(pid, SIGKILL), waitpid(pid, NULL, 0);
}

/* A number of /proc/vmstat, or -1. */
static long counted(const char *name)
{
	char row[64];
	long n = -1;
	FILE *f = fopen("/proc/vmstat", "r");

	while (f && fscanf(f, "%63s %ld", row, &n) == 2 && strcmp(row, name))
		n = -1;
	if (f)
		fclose(f);
	return n;
}

static void memory_events(void)
{
	enum { PAGES = 300 };
	static const char *const rows[] = {
		"nr_free_pages", "nr_anon_pages", "nr_file_pages", "nr_dirty", "nr_writeback", "nr_slab_reclaimable",
		"nr_slab_unreclaimable", "nr_shmem", "nr_anon_transparent_hugepages", "nr_page_table_pages",
		"nr_kernel_stack", "pgpgin", "pgpgout", "pswpin", "pswpout", "pgmajfault", "oom_kill", "thp_fault_alloc", "thp_split_page",
	};
	long faults = counted("pgfault");
	char *p;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		TELL(rows[i], "%d", counted(rows[i]) >= 0);
	p = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < PAGES; i++)
		p[4096 * i] = 1;
	TELL("faults", "%d", counted("pgfault") >= faults + PAGES);
	munmap(p, PAGES * 4096);
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return pause();
	settings();
	memory_events();
	tables();
	log_text();
	of_self();
	timers();
	namespaces();
	sleeping();
	nobody();
	stale();
	return tap_done();
}
