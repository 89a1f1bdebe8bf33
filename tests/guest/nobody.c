/* SPDX-License-Identifier: MIT */
/*
 * What must not be possible: attempts of user nobody at other users' files, processes
 * and memory, at rights, at the machine, and at more than its share. Each is refused,
 * with the errno that Linux has for it.
 *
 * A child becomes nobody and makes the attempts of one kind; the outcomes come back
 * through shared memory.
 */
#include "tap.h"
#include <grp.h>
#include <linux/capability.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/fsuid.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/swap.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <termios.h>

#define NOBODY 65534
#define MOST   128

static struct outcome {
	char name[56];
	long result;
	int error;
} *outcome;
static int *made;
static pid_t victim;
static char proc[64];

static void note(const char *name, long result, int error)
{
	struct outcome *o = &outcome[(*made)++];

	snprintf(o->name, sizeof(o->name), "%s", name);
	o->result = result;
	o->error = error;
}

#define TRY(name, call) do {			\
		errno = 0;			\
		long r_ = (long)(call);		\
		note(name, r_, errno);		\
	} while (0)

static void become_nobody(void)
{
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
		_exit(1);
}

/* Every attempt has to fail; how, says Linux. */
static void attempts(void (*make)(void))
{
	*made = 0;
	int status = IN_CHILD(become_nobody(); make());

	for (int i = 0; i < *made; i++)
		TELL(outcome[i].name, "%s", outcome[i].result == -1 ? strerrorname_np(outcome[i].error) : "DONE");
	CHECK_INT("and lived", status, 0);
}

/* A path in the victim's folder of /proc. */
static const char *of_victim(const char *what)
{
	snprintf(proc, sizeof(proc), "/proc/%d/%s", victim, what);
	return proc;
}

/* ---- files ------------------------------------------------------------------------- */

static void files(void)
{
	struct timespec times[2] = {{ 1, 0 }, { 1, 0 }};
	char byte;

	TRY("read a secret", open("secret", O_RDONLY));
	TRY("write to a secret", open("secret", O_WRONLY));
	TRY("write to what may be read", open("public", O_WRONLY));
	TRY("truncate on the way", open("public", O_RDONLY | O_TRUNC));
	TRY("truncate", truncate("public", 0));
	TRY("append", open("public", O_WRONLY | O_APPEND));
	TRY("no access time", open("public", O_RDONLY | O_NOATIME));
	TRY("chmod", chmod("public", 0777));
	TRY("chown to oneself", chown("public", NOBODY, NOBODY));
	TRY("give away", chown("mine", 0, 0));
	TRY("group of others", chown("mine", -1, 0));
	TRY("times of others", utimensat(AT_FDCWD, "public", times, 0));
	TRY("create in a folder of others", open("closed/x", O_CREAT | O_WRONLY, 0600));
	TRY("mkdir there", mkdir("closed/d", 0700));
	TRY("mknod there", mknod("closed/f", S_IFIFO | 0600, 0));
	TRY("symlink there", symlink("x", "closed/l"));
	TRY("look into a folder", open("private", O_RDONLY));
	TRY("walk through a folder", access("private/inner", F_OK));
	TRY("chdir into it", chdir("private"));
	TRY("unlink of others", unlink("closed/kept"));
	TRY("unlink in a sticky folder", unlink("sticky/kept"));
	TRY("rename in a sticky folder", rename("sticky/kept", "sticky/taken"));
	TRY("rename over it", rename("sticky/mine", "sticky/kept"));
	TRY("rmdir of others", rmdir("closed/folder"));
	TRY("link to a secret", link("secret", "sticky/link"));
	TRY("link to a set-id program", link("setuid", "sticky/link"));
	TRY("link to a device", link("device", "sticky/link"));
	TRY("follow another's link", open("sticky/other", O_RDONLY));
	TRY("create through it", open("sticky/other", O_WRONLY | O_CREAT, 0600));
	TRY("walk on from it", access("sticky/folder/..", F_OK) ? -1 : -1);
	TRY("a device", mknod("sticky/null", S_IFCHR | 0666, makedev(1, 3)));
	TRY("a disk", mknod("sticky/disk", S_IFBLK | 0666, makedev(8, 0)));
	TRY("execute what is not executable", execl("./public", "public", NULL));
	TRY("execute a secret", execl("./secret", "secret", NULL));
	TRY("trusted attribute", setxattr("mine", "trusted.x", "1", 1, 0));
	TRY("security attribute", setxattr("mine", "security.capability", "1", 1, 0));
	TRY("attribute of others", setxattr("public", "user.x", "1", 1, 0));
	TRY("reopen for writing", open("/proc/self/fd/9", O_WRONLY));
	TRY("the machine's ports", open("/dev/port", O_RDONLY));
	TRY("the console", open("/dev/console", O_WRONLY));
	TRY("password file", open("/proc/self/root/dev/kmsg", O_WRONLY));
	TRY("a lock that needs writing", ({
		int fd = open("public", O_RDONLY);
		fcntl(fd, F_SETLK, &(struct flock){ .l_type = F_WRLCK }); }));
	TRY("write by a mapping", mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, 9, 0) == MAP_FAILED ? -1 : 0);
	TRY("write by a descriptor for reading", write(9, "x", 1));
	TRY("read by a descriptor for a path", read(8, &byte, 1));
	TRY("a handle of a file", syscall(SYS_open_by_handle_at, AT_FDCWD, &(long[4]){ 8, 1 }, O_RDONLY));
}

/* What is on, and that more can be: somebody's file in a folder for all, opened with O_CREAT. */
static void open_another(void)
{
	TRY("another's file", open("sticky/theirs", O_RDWR | O_CREAT, 0600));
	TRY("another's pipe", open("sticky/pipe", O_RDWR | O_CREAT | O_NONBLOCK, 0600));
	TRY("without O_CREAT", -1 + (open("sticky/theirs", O_RDWR) < 0));
	TRY("in a group's folder", open("groups/theirs", O_RDWR | O_CREAT, 0600));
}

static void shared_folders(void)
{
	static const char *const names[] = { "hardlinks", "symlinks", "fifos", "regular" };
	char path[64], text[8] = "";

	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "/proc/sys/fs/protected_%s", names[i]);
		int fd = open(path, O_RDWR);
		ssize_t n = read(fd, text, sizeof(text));

		TELL(names[i], "%.*s", (int)n - 1, text);
		CHECK_ERRNO("no more than there is", pwrite(fd, "3\n", 2, 0), EINVAL);
		if (i > 1)
			pwrite(fd, "2\n", 2, 0);
		close(fd);
	}
	attempts(open_another);
	file_write("/proc/sys/fs/protected_fifos", "0");
	file_write("/proc/sys/fs/protected_regular", "0");
}

/* ---- processes ----------------------------------------------------------------------- */

static void processes(void)
{
	struct sched_param first = { 1 };
	struct rlimit limit = { 1, 1 };
	struct iovec here = { &limit, 8 }, there = { (void *)0x400000, 8 };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	TRY("kill", kill(victim, SIGKILL));
	TRY("whether it is there", kill(victim, 0));
	TRY("continue", kill(victim, SIGCONT));
	TRY("its group", kill(-getpgid(victim), SIGTERM));
	TRY("process 1", kill(1, SIGTERM));
	TRY("its thread", syscall(SYS_tgkill, victim, victim, SIGTERM));
	TRY("queue a signal", sigqueue(victim, SIGUSR1, (union sigval){ 0 }));
	TRY("a signal by pidfd", syscall(SYS_pidfd_send_signal, syscall(SYS_pidfd_open, victim, 0), SIGTERM, NULL, 0));
	TRY("its descriptor", syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, victim, 0), 0, 0));
	TRY("trace it", ptrace(PTRACE_ATTACH, victim, 0, 0));
	TRY("seize it", ptrace(PTRACE_SEIZE, victim, 0, 0));
	TRY("peek", ptrace(PTRACE_PEEKTEXT, victim, 0x400000, 0));
	TRY("read its memory", process_vm_readv(victim, &here, 1, &there, 1, 0));
	TRY("write its memory", process_vm_writev(victim, &here, 1, &there, 1, 0));
	TRY("its priority", setpriority(PRIO_PROCESS, victim, 10));
	TRY("a better one", setpriority(PRIO_PROCESS, 0, -1));
	TRY("nice down", nice(-5));
	TRY("real-time class", sched_setscheduler(0, SCHED_FIFO, &first));
	TRY("its class", sched_setscheduler(victim, SCHED_OTHER, &(struct sched_param){ 0 }));
	TRY("its processors", sched_setaffinity(victim, sizeof(set), &set));
	TRY("its limits", prlimit(victim, RLIMIT_NOFILE, &limit, NULL));
	TRY("look at its limits", prlimit(victim, RLIMIT_NOFILE, NULL, &limit));
	TRY("its list of locks", syscall(SYS_get_robust_list, victim, &here.iov_base, &here.iov_len));
	TRY("its group of processes", setpgid(victim, 0));
	TRY("join its group", setpgid(0, getpgid(victim)));
	TRY("its I/O priority", syscall(SYS_ioprio_set, 1, victim, 2 << 13 | 4));
	TRY("compare descriptors", syscall(SYS_kcmp, getpid(), victim, KCMP_FILES, 0, 0));
	TRY("wait for it", waitpid(victim, NULL, WNOHANG));
	TRY("its processor time", clock_settime((~victim << 3) | 2, &(struct timespec){ 1, 0 }));
}

/* ---- what /proc tells ------------------------------------------------------------------ */

static void told(void)
{
	char text[64];
	int fd;

	TRY("its memory", open(of_victim("mem"), O_RDONLY));
	TRY("its mappings", open(of_victim("maps"), O_RDONLY));
	TRY("its environment", open(of_victim("environ"), O_RDONLY));
	TRY("its vector", open(of_victim("auxv"), O_RDONLY));
	TRY("its descriptors", open(of_victim("fd"), O_RDONLY));
	TRY("one of them", open(of_victim("fd/0"), O_RDONLY));
	TRY("its folder", readlink(of_victim("cwd"), text, sizeof(text)));
	TRY("its root", readlink(of_victim("root"), text, sizeof(text)));
	TRY("its program", readlink(of_victim("exe"), text, sizeof(text)));
	TRY("into its folder", chdir(of_victim("cwd")));
	TRY("its pages", open(of_victim("pagemap"), O_RDONLY));
	TRY("its I/O", open(of_victim("io"), O_RDONLY) < 0 ? -1 : read(open(proc, O_RDONLY), text, 1));
	TRY("its kernel stack", open(of_victim("stack"), O_RDONLY));
	TRY("its system call", read(open(of_victim("syscall"), O_RDONLY), text, 1));
	TRY("its name", open(of_victim("comm"), O_WRONLY) < 0 ? -1 : write(open(proc, O_WRONLY), "x", 1));
	TRY("its score", open(of_victim("oom_score_adj"), O_WRONLY));
	TRY("its accounting", open(of_victim("clear_refs"), O_WRONLY));
	TRY("settings of the machine", open("/proc/sys/kernel/hostname", O_WRONLY));
	TRY("the keys", open("/proc/sysrq-trigger", O_WRONLY));
	TRY("slabs", open("/proc/slabinfo", O_RDONLY));
	fd = open("/proc/self/oom_score_adj", O_WRONLY);
	TRY("a lower score of its own", write(fd, "-100\n", 5));
	TRY("an unprintable number", write(fd, "9999999\n", 8));
}

/* Where the kernel lies must not be seen: all that look like its addresses in a file. */
static int kernel_addresses(const char *path)
{
	static char text[65536];
	int fd = open(path, O_RDONLY), found = 0;
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = 0;
	for (char *at = text; (at = strstr(at, "ffff")); at++)
		found += strspn(at, "0123456789abcdef") == 16 && strncmp(at, "ffffffffffffffff", 16) &&
			 strncmp(at, "ffffffffff60", 12);
	close(fd);
	return found;
}

static void addresses(void)
{
	static const char *const paths[] = {
		"/proc/self/stat", "/proc/self/maps", "/proc/self/wchan", "/proc/kallsyms", "/proc/modules",
		"/proc/net/unix", "/proc/iomem", "/proc/timer_list", "/proc/self/syscall", "/proc/self/status",
	};

	for (unsigned i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		errno = 0;
		note(paths[i], kernel_addresses(paths[i]) ? 0 : -1, ENOENT);
	}
}

/* ---- rights ----------------------------------------------------------------------------- */

static void rights(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct all[2] = {{ -1, -1, -1 }, { -1, -1, -1 }};
	gid_t root = 0;

	TRY("setuid", setuid(0));
	TRY("setreuid", setreuid(0, 0));
	TRY("setresuid", setresuid(-1, 0, -1));
	TRY("setgid", setgid(0));
	TRY("setregid", setregid(-1, 0));
	TRY("setresgid", setresgid(-1, -1, 0));
	TRY("setgroups", setgroups(1, &root));
	TRY("all capabilities", syscall(SYS_capset, &head, all));
	TRY("drop one from the bounds", prctl(PR_CAPBSET_DROP, CAP_KILL, 0, 0, 0));
	TRY("an ambient one", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
	TRY("secure bits", prctl(PR_SET_SECUREBITS, 1, 0, 0, 0));
	TRY("keep them", prctl(PR_SET_MM, PR_SET_MM_BRK, 0, 0, 0));
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	TRY("take back no_new_privs", prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

/* Set-id programs: what /bin/id-like helper "whoami" says about itself, as its exit status. */
static int run_as_helper(const char *path, char *const environment[])
{
	return IN_CHILD(execve(path, (char *[]){ (char *)path, "--who", NULL }, environment); _exit(99)) >> 8;
}

static void set_id(void)
{
	char *none[] = { NULL };

	note("set-id gives its user", run_as_helper("./setuid", none) == 3 ? -1 : 0, 0);
	note("and its group", run_as_helper("./setgid", none) == 2 ? -1 : 0, 0);
	note("not without execute for the group", run_as_helper("./notgid", none) == 0 ? -1 : 0, 0);
	TRY("rewrite it", open("setuid", O_WRONLY));
	int fd = open("mineid", O_WRONLY);
	struct stat st;
	write(fd, "x", 1);
	close(fd);
	stat("mineid", &st);
	note("written to, it loses its bits", st.st_mode & (S_ISUID | S_ISGID) ? 0 : -1, 0);
	chmod("mine", 06777);
	stat("mine", &st);
	note("no set-gid for a group one is not in", st.st_mode & S_ISGID ? 0 : -1, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	note("nothing under no_new_privs", run_as_helper("./setuid", none) == 0 ? -1 : 0, 0);
}

static int who(void)
{
	return (geteuid() == 0 ? 1 : 0) + (getegid() == 0 ? 2 : 0);
}

/* ---- the machine --------------------------------------------------------------------------- */

static void machine(void)
{
	struct timespec now = { 1, 0 };
	struct timex adjust = { .modes = ADJ_FREQUENCY };

	TRY("mount", mount("none", "sticky", "tmpfs", 0, NULL));
	TRY("unmount", umount2("/proc", MNT_DETACH));
	TRY("bind", mount("/", "sticky", NULL, MS_BIND, NULL));
	TRY("chroot", chroot("sticky"));
	TRY("pivot_root", syscall(SYS_pivot_root, ".", "."));
	TRY("reboot", reboot(RB_AUTOBOOT));
	TRY("host name", sethostname("x", 1));
	TRY("domain name", syscall(SYS_setdomainname, "x", 1));
	TRY("the clock", clock_settime(CLOCK_REALTIME, &now));
	TRY("settimeofday", settimeofday(&(struct timeval){ 1, 0 }, NULL));
	TRY("the clock's rate", adjtimex(&adjust));
	TRY("swap", swapon("/dev/null", 0));
	TRY("no swap", swapoff("/dev/null"));
	TRY("a module", syscall(SYS_init_module, "x", 1, ""));
	TRY("no module", syscall(SYS_delete_module, "x", 0));
	TRY("a kernel", syscall(SYS_kexec_load, 0, 0, NULL, 0));
	TRY("ports", syscall(SYS_iopl, 3));
	TRY("a port", syscall(SYS_ioperm, 0x80, 1, 1));
	TRY("clear the log", klogctl(5, NULL, 0));
	TRY("console log level", klogctl(8, NULL, 1));
	TRY("accounting", syscall(SYS_acct, "mine"));
	TRY("hang up", syscall(SYS_vhangup));
	TRY("quotas", syscall(SYS_quotactl, 0x800007 << 8, "/dev/null", 0, NULL));
	TRY("a user's name space", syscall(SYS_unshare, CLONE_NEWNS));
	TRY("its host name", syscall(SYS_unshare, CLONE_NEWUTS));
	TRY("join one", syscall(SYS_setns, 0, 0));
	TRY("type for others", ioctl(open("/dev/tty", O_RDWR), TIOCSTI, "x"));
}

/* ---- more than its share ----------------------------------------------------------------------- */

static void shares(void)
{
	struct rlimit more = { RLIM_INFINITY, RLIM_INFINITY }, small;
	int pair[2], count = 0;

	small = (struct rlimit){ 16, 16 };
	setrlimit(RLIMIT_NOFILE, &small);
	TRY("raise a hard limit", setrlimit(RLIMIT_NOFILE, &more));
	while (dup(0) >= 0)
		;
	TRY("more files than that", dup(0));
	TRY("a pipe then", pipe(pair));
	small = (struct rlimit){ 0, 0 };
	setrlimit(RLIMIT_NPROC, &small);
	TRY("more processes", fork());
	setrlimit(RLIMIT_MEMLOCK, &small);
	TRY("lock memory", mlock(outcome, 4096));
	TRY("lock all of it", mlockall(MCL_CURRENT));
	TRY("locked mapping", mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0) ==
	    MAP_FAILED ? -1 : 0);
	TRY("more than all memory", mmap(NULL, 1ul << 45, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
					-1, 0) == MAP_FAILED ? -1 : 0);
	TRY("page zero", mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	    MAP_FAILED ? -1 : 0);
	small = (struct rlimit){ 1 << 20, 1 << 20 };
	setrlimit(RLIMIT_AS, &small);
	TRY("more addresses", mmap(NULL, 1 << 24, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	    MAP_FAILED ? -1 : 0);
	small = (struct rlimit){ 4, 4 };
	setrlimit(RLIMIT_SIGPENDING, &small);
	signal(SIGRTMIN, SIG_IGN);
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	signal(SIGRTMIN, SIG_DFL);
	while (count < 100 && !sigqueue(getpid(), SIGRTMIN, (union sigval){ 0 }))
		count++;
	TRY("more signals", sigqueue(getpid(), SIGRTMIN, (union sigval){ 0 }));
	TRY("a timer's signal", timer_create(CLOCK_MONOTONIC, NULL, &(timer_t){ 0 }));
	signal(SIGXFSZ, SIG_IGN);
	small = (struct rlimit){ 10, 10 };
	setrlimit(RLIMIT_FSIZE, &small);
	TRY("a longer file", ftruncate(10, 11));
	TRY("a longer pipe", fcntl(11, F_SETPIPE_SZ, 1 << 24));
}

/* ---- objects of others with no file ------------------------------------------------------------- */

static int queue_id, semaphore_id, memory_id;

static void objects(void)
{
	struct sembuf up = { 0, 1, 0 };
	struct sockaddr_un name = { AF_UNIX, "private/socket" }, listening = { AF_UNIX, "listening" };
	struct { long type; char text[8]; } message = { 1, "" };
	struct msqid_ds queue = {0};
	int fd;

	TRY("receive", msgrcv(queue_id, &message, 8, 0, IPC_NOWAIT));
	TRY("send", msgsnd(queue_id, &message, 8, IPC_NOWAIT));
	TRY("look at a queue", msgctl(queue_id, IPC_STAT, &queue));
	TRY("set a queue", msgctl(queue_id, IPC_SET, &queue));
	TRY("remove a queue", msgctl(queue_id, IPC_RMID, NULL));
	TRY("semaphore up", semop(semaphore_id, &up, 1));
	TRY("semaphore value", semctl(semaphore_id, 0, GETVAL));
	TRY("set it", semctl(semaphore_id, 0, SETVAL, 1));
	TRY("remove it", semctl(semaphore_id, 0, IPC_RMID));
	TRY("attach", shmat(memory_id, NULL, SHM_RDONLY) == (void *)-1 ? -1 : 0);
	TRY("remove memory", shmctl(memory_id, IPC_RMID, NULL));
	TRY("lock memory", shmctl(memory_id, SHM_LOCK, NULL));
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	TRY("a socket behind a closed folder", connect(fd, (struct sockaddr *)&name, sizeof(name)));
	TRY("a socket without the right to write", connect(fd, (struct sockaddr *)&listening, sizeof(listening)));
	snprintf(name.sun_path, sizeof(name.sun_path), "closed/socket");
	TRY("bind in a folder of others", bind(fd, (struct sockaddr *)&name, sizeof(name)));
	TRY("debugging a socket", setsockopt(fd, SOL_SOCKET, SO_DEBUG, &(int){ 1 }, sizeof(int)));
	TRY("forced buffer", setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &(int){ 1 << 20 }, sizeof(int)));
	char room[CMSG_SPACE(sizeof(struct ucred))] = {0};
	int pair[2];
	struct iovec part = { "x", 1 };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
	*c = (struct cmsghdr){ CMSG_LEN(sizeof(struct ucred)), SOL_SOCKET, SCM_CREDENTIALS };
	*(struct ucred *)CMSG_DATA(c) = (struct ucred){ getpid(), 0, 0 };
	TRY("say to be root", sendmsg(pair[0], &m, 0));
	*(struct ucred *)CMSG_DATA(c) = (struct ucred){ victim, NOBODY, NOBODY };
	TRY("say to be another process", sendmsg(pair[0], &m, 0));
	TRY("watch a secret", inotify_add_watch(inotify_init(), "secret", IN_ALL_EVENTS));
	TRY("watch behind a closed folder", inotify_add_watch(inotify_init(), "private/inner", IN_ALL_EVENTS));
}

/* ---- what root prepares ---------------------------------------------------------------------------- */

static void copy_self(const char *to, mode_t mode)
{
	char text[65536];
	int in = open("/proc/self/exe", O_RDONLY), out = open(to, O_WRONLY | O_CREAT, 0755);

	for (ssize_t n; (n = read(in, text, sizeof(text))) > 0;)
		write(out, text, (size_t)n);
	close(in);
	close(out);
	chmod(to, mode);
}

static void prepare(void)
{
	int pair[2], fd;

	chmod(".", 0755);
	umask(0);
	file_write("secret", "s");
	chmod("secret", 0600);
	file_write("public", "p");
	chmod("public", 0644);
	file_write("mine", "m");
	chown("mine", NOBODY, 0);
	file_write("mineid", "m");
	chown("mineid", NOBODY, NOBODY);
	chmod("mineid", 06777);
	mkdir("closed", 0755);
	mkdir("closed/folder", 0755);
	file_write("closed/kept", "");
	mkdir("private", 0700);
	file_write("private/inner", "");
	mkdir("sticky", 01777);
	mknod("device", S_IFCHR | 0666, makedev(1, 3));
	symlink("../public", "sticky/other");
	symlink("../closed", "sticky/folder");
	lchown("sticky/other", 1234, 1234);
	lchown("sticky/folder", 1234, 1234);
	file_write("sticky/kept", "");
	file_write("sticky/mine", "");
	chown("sticky/mine", NOBODY, NOBODY);
	file_write("sticky/theirs", "");
	mkfifo("sticky/pipe", 0666);
	mkdir("groups", 01775);
	file_write("groups/theirs", "");
	chmod("groups/theirs", 0666);
	chmod("sticky/theirs", 0666);
	chown("sticky/theirs", 1234, 1234);
	chown("sticky/pipe", 1234, 1234);
	chown("groups/theirs", 1234, 1234);
	copy_self("setuid", 06755);
	copy_self("setgid", 02755);
	copy_self("notgid", 02745);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	bind(fd, (struct sockaddr *)&(struct sockaddr_un){ AF_UNIX, "listening" }, sizeof(struct sockaddr_un));
	listen(fd, 1);
	chmod("listening", 0644);
	dup2(open("secret", O_PATH), 8);
	dup2(open("public", O_RDONLY), 9);
	dup2(open("mine", O_RDWR), 10);
	pipe(pair);
	dup2(pair[0], 11);
	queue_id = msgget(IPC_PRIVATE, 0600);
	semaphore_id = semget(IPC_PRIVATE, 1, 0600);
	memory_id = shmget(IPC_PRIVATE, 4096, 0600);
	victim = fork();
	if (!victim) {
		setpgid(0, 0);
		for (;;)
			pause();
	}
	setpgid(victim, victim);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--who"))
		return who();
	outcome = mmap(NULL, sizeof(*outcome) * MOST + sizeof(*made), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	made = (int *)&outcome[MOST];
	prepare();
	attempts(files);
	shared_folders();
	attempts(processes);
	attempts(told);
	attempts(addresses);
	attempts(rights);
	attempts(set_id);
	attempts(machine);
	attempts(shares);
	attempts(objects);
	kill(victim, SIGKILL);
	waitpid(victim, NULL, 0);
	msgctl(queue_id, IPC_RMID, NULL);
	semctl(semaphore_id, 0, IPC_RMID);
	shmctl(memory_id, IPC_RMID, NULL);
	return tap_done();
}
