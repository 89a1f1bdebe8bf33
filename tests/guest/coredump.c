/* SPDX-License-Identifier: MIT */
/*
 * Core files: which signals make one, limits, rights, names, what is in it: notes
 * of every thread, memory as the filter says.
 */
#include "tap.h"
#include <dirent.h>
#include <elf.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/procfs.h>
#include <sys/resource.h>
#include <sys/user.h>

static void set_limit(rlim_t n)
{
	struct rlimit r = { n, RLIM_INFINITY };

	setrlimit(RLIMIT_CORE, &r);
}

/* Status of a child, and whether there is a core file behind it, which goes. */
#define DIES(...) ({								\
	unlink("core");								\
	int st_ = IN_CHILD(__VA_ARGS__);					\
	struct stat s_;								\
	TELL(#__VA_ARGS__, "signal %d, dumped %d, exit %d, core %d", WIFSIGNALED(st_) ? WTERMSIG(st_) : 0, \
	     WIFSIGNALED(st_) && WCOREDUMP(st_), WIFEXITED(st_) ? WEXITSTATUS(st_) : -1, !stat("core", &s_)); })

static void when(void)
{
	static const int sigs[] = { SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGSEGV, SIGBUS, SIGSYS, SIGXCPU, SIGXFSZ,
				    SIGTERM, SIGHUP, SIGKILL, SIGUSR1, SIGALRM, SIGCHLD };
	struct stat st;

	set_limit(RLIM_INFINITY);
	for (size_t i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++) {
		unlink("core");
		int s = IN_CHILD(signal(sigs[i], SIG_DFL); raise(sigs[i]));
		TELL("raise", "%d: 0x%x, core %d", sigs[i], s, !stat("core", &st));
	}
	DIES(*(volatile int *)8 = 1);
	DIES(set_limit(0); abort());
	DIES(set_limit(4095); abort());
	DIES(set_limit(4096); abort());
	DIES(set_limit(20000); abort());
	stat("core", &st);
	CHECK("it is cut", st.st_size <= 65536);
	DIES(prctl(PR_SET_DUMPABLE, 0); abort());
	DIES(setuid(65534); abort());
	chmod(".", 0777);
	DIES(setuid(65534); prctl(PR_SET_DUMPABLE, 1); abort());
	stat("core", &st);
	TELL("mode and owner", "%o %d", st.st_mode, st.st_uid);
	chmod(".", 0755);
	DIES(setuid(65534); prctl(PR_SET_DUMPABLE, 1); abort());
	siginfo_t info;
	pid_t p = fork();
	if (!p)
		abort();
	memset(&info, 0, sizeof(info));
	waitid(P_PID, p, &info, WEXITED);
	TELL("waitid", "%d %d", info.si_code, info.si_status);

	/* What lies there. */
	unlink("core");
	symlink("elsewhere", "core");
	TELL("a link", "0x%x %d", IN_CHILD(abort()), stat("elsewhere", &st));
	unlink("core");
	mkdir("core", 0700);
	TELL("a folder", "0x%x", IN_CHILD(abort()));
	rmdir("core");
	mkfifo("core", 0600);
	TELL("a fifo", "0x%x", IN_CHILD(alarm(5); abort()));
	unlink("core");
	file_write("core", "old old old");
	chmod("core", 0644);
	TELL("a file that others may read", "0x%x", IN_CHILD(abort()));
	chmod("core", 0600);
	TELL("a file of ours", "0x%x", IN_CHILD(abort()));
	link("core", "second");
	TELL("a file with two names", "0x%x", IN_CHILD(abort()));
	unlink("second");
	unlink("core");
	TELL("the folder is gone", "0x%x", IN_CHILD(mkdir("x", 0700); chdir("x"); rmdir("../x"); abort()));
}

static char *read_text(const char *path)
{
	static char text[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/* The one file in ./names, which goes; numbers that differ by themselves replaced. */
static const char *only_file(pid_t pid)
{
	static char name[300];
	DIR *d = opendir("names");
	struct dirent *e;

	strcpy(name, "none");
	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.') {
			char path[600], number[16], *at;

			strcpy(name, e->d_name);
			snprintf(path, sizeof(path), "names/%s", name);
			unlink(path);
			snprintf(number, sizeof(number), "%d", pid);
			while ((at = strstr(name, number))) {
				memmove(at + 3, at + strlen(number), strlen(at + strlen(number)) + 1);
				memcpy(at, "PID", 3);
			}
		}
	if (d)
		closedir(d);
	return name;
}

static void named(const char *pattern, int pid_too)
{
	char all[200], dir[100];
	int status;

	getcwd(dir, sizeof(dir));
	snprintf(all, sizeof(all), "%s\n", pattern);
	file_write("/proc/sys/kernel/core_pattern", all);
	file_write("/proc/sys/kernel/core_uses_pid", pid_too ? "1" : "0");
	pid_t p = fork();
	if (!p) {
		prctl(PR_SET_NAME, "a/b c");
		set_limit(1 << 30);
		abort();
	}
	waitpid(p, &status, 0);
	TELL("pattern", "%s, %d: 0x%x %s", pattern, pid_too, status, only_file(p));
}

static void names(void)
{
	TELL("core_pattern", "%s", read_text("/proc/sys/kernel/core_pattern"));
	TELL("core_uses_pid", "%s", read_text("/proc/sys/kernel/core_uses_pid"));
	TELL("core_pipe_limit", "%s", read_text("/proc/sys/kernel/core_pipe_limit"));
	mkdir("names", 0777);
	named("names/plain", 0);
	named("names/plain", 1);
	named("names/p%p", 0);
	named("names/p%p", 1);
	named("names/i%i-%I-%P", 0);
	named("names/u%u-g%g-s%s-d%d", 0);
	named("names/e%e", 0);
	named("names/f%f", 0);
	named("names/c%c", 0);
	named("names/%%-%z-end%", 0);
	named("names/none/there", 0);
	named("names/.%p", 0);
	sethostname("a.host", 6);
	named("names/h%h", 0);
	file_write("/proc/sys/kernel/core_pattern", "core\n");
	file_write("/proc/sys/kernel/core_uses_pid", "0");
	TELL("core_pattern", "%s", read_text("/proc/sys/kernel/core_pattern"));
	rmdir("names");

	TELL("filter", "%s", read_text("/proc/self/coredump_filter"));
	int fd = open("/proc/self/coredump_filter", O_RDWR);
	CHECK_OK("filter: hex", write(fd, "0x7f", 4));
	TELL("filter", "%s", read_text("/proc/self/coredump_filter"));
	CHECK_INT("a child has it", IN_CHILD(_exit(strcmp(read_text("/proc/self/coredump_filter"), "0000007f"))), 0);
	CHECK_OK("filter: decimal", pwrite(fd, "51\n", 3, 0));
	TELL("filter", "%s", read_text("/proc/self/coredump_filter"));
	CHECK_ERRNO("filter: word", pwrite(fd, "all", 3, 0), EINVAL);
	close(fd);
}

/* ---- what is in it ------------------------------------------------------------ */

static char *core;
static size_t core_bytes;

static bool load_core(void)
{
	struct stat st;
	int fd = open("core", O_RDONLY);

	if (fd < 0 || fstat(fd, &st))
		return false;
	core_bytes = (size_t)st.st_size;
	core = mmap(NULL, core_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	return core != MAP_FAILED;
}

/* The bytes of memory at addr, or NULL; *known: there is a header for it. */
static const char *memory(const void *addr, bool *known)
{
	const Elf64_Ehdr *e = (Elf64_Ehdr *)core;
	const Elf64_Phdr *p = (Elf64_Phdr *)(core + e->e_phoff);

	*known = false;
	for (int i = 0; i < e->e_phnum; i++) {
		uint64_t off = (uint64_t)addr - p[i].p_vaddr;

		if (p[i].p_type != PT_LOAD || off >= p[i].p_memsz)
			continue;
		*known = true;
		return off < p[i].p_filesz && p[i].p_offset + off < core_bytes ? core + p[i].p_offset + off : NULL;
	}
	return NULL;
}

static const Elf64_Nhdr *next_note(const Elf64_Nhdr *n)
{
	return (Elf64_Nhdr *)((char *)(n + 1) + ((n->n_namesz + 3) & ~3U) + ((n->n_descsz + 3) & ~3U));
}

static const void *content(const Elf64_Nhdr *n)
{
	return (char *)(n + 1) + ((n->n_namesz + 3) & ~3U);
}

static volatile bool ready[4];
static char *private_map, *shared_map, *dont_map, *none_map, *untouched;

static void *wait_here(void *arg)
{
	long n = (long)arg;

	ready[n] = true;
	if (n == 0) { /* in user mode, with something to know it by */
		__asm__ volatile("mov $0x1234567, %%r12\n1: pause; jmp 1b" ::: "r12");
	} else if (n == 1) {
		pause();
	} else {
		int fd[2];
		char c;

		pipe(fd);
		read(fd[0], &c, 1);
	}
	return NULL;
}

static void make_maps(void)
{
	private_map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	strcpy(private_map, "private");
	shared_map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	strcpy(shared_map, "shared");
	dont_map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	strcpy(dont_map, "secret");
	madvise(dont_map, 4096, MADV_DONTDUMP);
	none_map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	strcpy(none_map, "hidden");
	mprotect(none_map, 4096, PROT_NONE);
	untouched = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void tell_memory(const char *name, const char *at)
{
	bool known;
	const char *m = memory(at, &known);

	TELL(name, "known %d, there %d, %.7s", known, m != NULL, m ? m : "-");
}

static void tell_notes(pid_t pid)
{
	const Elf64_Ehdr *e = (Elf64_Ehdr *)core;
	const Elf64_Phdr *p = (Elf64_Phdr *)(core + e->e_phoff);
	const Elf64_Nhdr *n = (Elf64_Nhdr *)(core + p->p_offset);
	const char *end = (char *)n + p->p_filesz;
	int status = 0, marked = 0, first = 0, xstate = 0, fp = 0;

	TELL("header", "%x %d %d %d, %d", e->e_ident[EI_CLASS], e->e_type, e->e_machine, e->e_phentsize, p->p_type);
	for (; (char *)n < end; n = next_note(n)) {
		if (n->n_type == NT_PRSTATUS) {
			const struct elf_prstatus *s = content(n);
			const struct user_regs_struct *r = (void *)s->pr_reg;

			if (!status++) {
				first = s->pr_pid == pid;
				TELL("prstatus", "%d %d %d %d, parent %d, fp %d, %d", n->n_descsz, s->pr_info.si_signo, s->pr_cursig,
				     first, s->pr_ppid == getpid(), s->pr_fpvalid, r->cs == 0x33 && r->rip != 0);
			}
			marked += r->r12 == 0x1234567;
		} else if (n->n_type == NT_PRPSINFO) {
			const struct elf_prpsinfo *s = content(n);

			TELL("prpsinfo", "%d %c %d %d %s", n->n_descsz, s->pr_sname, s->pr_uid, s->pr_pid == pid, s->pr_fname);
		} else if (n->n_type == NT_SIGINFO) {
			const siginfo_t *s = content(n);

			TELL("siginfo", "%d %d %d %p", n->n_descsz, s->si_signo, s->si_code, s->si_addr);
		} else if (n->n_type == NT_AUXV) {
			TELL("auxv", "%d", n->n_descsz % 16);
		} else if (n->n_type == NT_FILE) {
			const uint64_t *f = content(n);

			TELL("files", "%d %lu", f[0] > 0, f[1]);
		} else if (n->n_type == NT_PRFPREG) {
			fp += n->n_descsz == 512;
		} else if (n->n_type == NT_X86_XSTATE) {
			xstate++;
		}
	}
	TELL("threads", "%d, marked %d, fp %d, xstate %d", status, marked, fp, xstate);
}

static void contents(void)
{
	pid_t p;
	int status;
	bool known;

	unlink("core");
	make_maps();
	p = fork();
	if (!p) {
		pthread_t t;

		set_limit(RLIM_INFINITY);
		for (long i = 0; i < 3; i++)
			pthread_create(&t, NULL, wait_here, (void *)i);
		while (!ready[0] || !ready[1] || !ready[2])
			sched_yield();
		sleep_ms(20);
		*(volatile int *)24 = 1;
	}
	waitpid(p, &status, 0);
	TELL("status", "0x%x", status);
	if (!CHECK("the core is there", load_core()))
		return;
	tell_notes(p);
	tell_memory("private", private_map);
	tell_memory("shared", shared_map);
	tell_memory("not to be dumped", dont_map);
	tell_memory("not to be read", none_map);
	const char *m = memory(untouched, &known);
	TELL("untouched", "known %d, %d", known, m ? *m : 0);
	m = memory(&core_bytes, &known);
	CHECK("data", known && m);
	m = memory(&p, &known);
	CHECK("stack", known && m && *(int *)m == 0);
	m = memory((void *)wait_here, &known);
	CHECK("text is not, but for its first page", known && !m);

	/* Another filter. */
	unlink("core");
	status = IN_CHILD(
		file_write("/proc/self/coredump_filter", "2");
		abort());
	load_core();
	tell_memory("private", private_map);
	tell_memory("shared", shared_map);
	unlink("core");
	status = IN_CHILD(
		file_write("/proc/self/coredump_filter", "4");
		abort());
	load_core();
	tell_memory("private", private_map);
	m = memory((void *)wait_here, &known);
	CHECK("text is", known && m && !memcmp(m, (void *)wait_here, 16));
	unlink("core");
}

/* Threads that come and go while it is dumped, and SIGKILL from outside. */
static void *nothing(void *arg)
{
	return arg;
}

static void *busy(void *arg)
{
	for (;;) {
		pthread_t t;

		if (!pthread_create(&t, NULL, nothing, arg))
			pthread_join(t, NULL);
	}
	return NULL;
}

static void races(void)
{
	int bad = 0, status, killed = 0;

	for (int round = 0; round < 20; round++) {
		status = IN_CHILD(
			pthread_t t;
			for (long i = 0; i < 3; i++)
				pthread_create(&t, NULL, busy, NULL);
			sleep_ms(round % 5);
			abort());
		bad += status != (SIGABRT | 0x80);
	}
	CHECK_INT("threads come and go", bad, 0);
	for (int round = 0; round < 10; round++) {
		pid_t p = fork();
		if (!p) {
			char *big = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			memset(big, 1, 8 << 20);
			abort();
		}
		sleep_ms(round);
		kill(p, SIGKILL);
		waitpid(p, &status, 0);
		killed += WIFSIGNALED(status) && (WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGABRT);
	}
	CHECK_INT("killed meanwhile", killed, 10);
	unlink("core");
}

/* A program that gets them: what it was called with, and what came. */
static int handle(int argc, char **argv)
{
	char head[4] = "", buf[4096], path[256];
	ssize_t n = read(0, head, 4), more;
	long all = n;

	while ((more = read(0, buf, sizeof(buf))) > 0)
		all += more;
	struct rlimit r;
	getrlimit(RLIMIT_CORE, &r);
	snprintf(path, sizeof(path), "%s/handled.new", argv[2]);
	FILE *f = fopen(path, "w");
	fprintf(f, "%d words, %s, signal %s, %s, big %d, uid %d, limit %ld, fd 1 %d, in %s\n", argc, argv[3], argv[4],
		memcmp(head, ELFMAG, 4) ? "no core" : "a core", all > 20000, getuid(), (long)r.rlim_cur,
		fcntl(1, F_GETFD), getcwd(buf, sizeof(buf)));
	fclose(f);
	snprintf(buf, sizeof(buf), "%s/handled", argv[2]);
	rename(path, buf);
	return 0;
}

static void handled(const char *name, const char *pattern, rlim_t limit)
{
	char self[256] = "", dir[200], text[600];
	struct stat st;
	int status;

	readlink("/proc/self/exe", self, sizeof(self) - 1);
	getcwd(dir, sizeof(dir));
	unlink("handled");
	snprintf(text, sizeof(text), pattern, self, dir);
	file_write("/proc/sys/kernel/core_pattern", text);
	status = IN_CHILD(prctl(PR_SET_NAME, "two words"); set_limit(limit); abort());
	for (int i = 0; i < 200 && stat("handled", &st); i++)
		if (status & 0x80)
			sleep_ms(5);
	TELL(name, "0x%x, %s", status, read_text("handled"));
	file_write("/proc/sys/kernel/core_pattern", "core\n");
}

static void handlers(void)
{
	handled("a handler", "|%s handle %s %%e %%s\n", RLIM_INFINITY);
	handled("with no limit it is called, too", "|%s handle %s  %%e  %%s \n", 0);
	handled("but not with a limit of 1", "|%s handle %s %%e %%s\n", 1);
	handled("none there", "|/none%s handle %s %%e %%s\n", RLIM_INFINITY);
	handled("nothing", "|%.0s%.0s\n", RLIM_INFINITY);
	handled("not absolute", "|x%s handle %s %%e %%s\n", RLIM_INFINITY);
}

int main(int argc, char **argv)
{
	if (argc > 2)
		return handle(argc, argv);
	when();
	names();
	set_limit(RLIM_INFINITY);
	contents();
	handlers();
	races();
	return tap_done();
}
