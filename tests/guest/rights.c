/* SPDX-License-Identifier: MIT */
/*
 * Rights one at a time: which numbers and modes a permission check looks at, what each
 * capability alone lets its owner do, what securebits forbid, which bits of a mode are
 * lost on the way, and what a change of user takes away.
 */
#include "tap.h"
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/xattr.h>

#define NOBODY 65534
#define BIT(n) (1ull << (n))

static char *line; /* shared with children */
static size_t used;

static void add(long result)
{
	const char *sep = used ? " " : "";

	if (result == -1)
		used += (size_t)snprintf(line + used, 2000 - used, "%s%s", sep, strerrorname_np(errno));
	else
		used += (size_t)snprintf(line + used, 2000 - used, "%s%ld", sep, result);
}

static void add_mode(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		add(-1);
	else
		used += (size_t)snprintf(line + used, 2000 - used, "%s%o:%u:%u", used ? " " : "", st.st_mode, st.st_uid, st.st_gid);
}

#define DO(call) ({ errno = 0; add((long)(call)); })
#define OPEN(path, flags) ({ errno = 0; int fd_ = open(path, flags, 0666); add(fd_ < 0 ? -1 : 0); close(fd_); })

#define TOLD(name, ...)                                            \
	do {                                                       \
		line[0] = 0;                                       \
		int status_ = IN_CHILD(used = 0; __VA_ARGS__);     \
		TELL(name, "%s (%x)", line, (unsigned)status_);    \
	} while (0)

static int set_caps(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = {
		{ (uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable },
		{ (uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32) },
	};

	return (int)syscall(SYS_capset, &head, d);
}

static void add_caps(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2];

	syscall(SYS_capget, &head, d);
	used += (size_t)snprintf(line + used, 2000 - used, " [%x%08x %x%08x %x%08x]", d[1].effective, d[0].effective,
				 d[1].permitted, d[0].permitted, d[1].inheritable, d[0].inheritable);
}

/* User nobody with these capabilities and no others. */
static void become(uint64_t caps)
{
	prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY) ||
	    set_caps(caps, caps, 0))
		_exit(90);
}

static void make(const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	fchown(fd, uid, gid);
	fchmod(fd, mode);
	close(fd);
}

/* ---- which class ------------------------------------------------------------------------ */

static void classes(void)
{
	static const char *const names[] = { "owner", "group", "other", "none", "execute" };
	gid_t groups[] = { 20, 10, 1000 };

	make("owner", 0077, 500, 500);
	make("group", 0707, 7, 1000);
	make("other", 0770, 7, 7);
	make("none", 0000, 500, 500);
	make("execute", 0001, 7, 7);
	for (unsigned i = 0; i < 5; i++)
		TOLD(names[i], {
			setgroups(3, groups);
			setresgid(500, 500, 500);
			setresuid(500, 500, 500);
			OPEN(names[i], O_RDONLY);
			OPEN(names[i], O_WRONLY);
			OPEN(names[i], O_RDWR);
			OPEN(names[i], O_PATH);
			for (int mode = 0; mode < 9; mode++)
				DO(access(names[i], mode));
		});
	TOLD("root, whatever the mode", {
		for (unsigned i = 0; i < 5; i++) {
			OPEN(names[i], O_RDWR);
			DO(access(names[i], X_OK));
		}
	});
	TOLD("real and effective", {
		setresgid(500, 0, 0);
		setresuid(500, 0, 0);
		for (unsigned i = 0; i < 4; i++) {
			DO(access(names[i], R_OK));
			DO(faccessat(AT_FDCWD, names[i], R_OK, AT_EACCESS));
			OPEN(names[i], O_RDONLY);
		}
		DO(syscall(SYS_faccessat2, AT_FDCWD, "none", R_OK, 0x4000));
		DO(syscall(SYS_faccessat2, AT_FDCWD, "none", 8, 0));
		setresuid(0, 500, 0);
		DO(access("none", R_OK));
		DO(faccessat(AT_FDCWD, "none", R_OK, AT_EACCESS));
		OPEN("none", O_RDONLY);
	});
	TOLD("by fsuid", {
		setgroups(0, NULL);
		DO(syscall(SYS_setfsgid, 500));
		DO(syscall(SYS_setfsuid, 500));
		OPEN("owner", O_RDONLY);
		OPEN("none", O_RDONLY);
		OPEN("created", O_CREAT | O_WRONLY);
		DO(chmod("none", 0100));
		DO(chmod("other", 0100));
		DO(kill(1, 0));
	});
}

static void folders(void)
{
	mkdir("d", 0755);
	make("d/file", 0666, 500, 500);
	mkdir("d/mine", 0700);
	chown("d/mine", 500, 500);
	chmod("d", 0711);
	TOLD("execute only", {
		become(0);
		OPEN("d", O_RDONLY);
		OPEN("d/file", O_RDWR);
		OPEN("d/new", O_CREAT | O_RDWR);
		DO(unlink("d/file"));
		DO(chdir("d"));
		OPEN("/proc/self/cwd", O_RDONLY);
	});
	chmod("d", 0766);
	TOLD("read and write without execute", {
		become(0);
		OPEN("d", O_RDONLY);
		OPEN("d/file", O_RDWR);
		OPEN("d/new", O_CREAT | O_RDWR);
		DO(unlink("d/file"));
		DO(mkdir("d/x", 0777));
		DO(chdir("d"));
		DO(rename("d/file", "d/other"));
		DO(access("d/nothing", F_OK));
	});
	chmod("d", 01777);
	chown("d", 700, 700);
	TOLD("sticky: by whom", {
		DO(rename("d/file", "d/f"));
		DO(rename("d/f", "d/file"));
		become(0);
		DO(unlink("d/file"));
		DO(rmdir("d/mine"));
		DO(rename("d/file", "d/f"));
		DO(link("d/file", "d/linked"));
		setresuid(-1, -1, -1);
	});
	TOLD("sticky: the folder's owner", {
		setresuid(700, 700, 700);
		DO(rename("d/file", "d/f"));
		DO(rename("d/f", "d/file"));
	});
	TOLD("sticky: with CAP_FOWNER", {
		become(BIT(CAP_FOWNER));
		DO(rename("d/file", "d/f"));
		DO(rename("d/f", "d/file"));
	});
	chmod("d", 0777);
}

/* ---- one capability ------------------------------------------------------------------------ */

static void actions(pid_t other)
{
	struct rlimit more = { 77, RLIM_INFINITY };
	struct sched_param first = { 1 };
	char byte;
	int fd;

	OPEN("none", O_RDONLY);
	OPEN("none", O_WRONLY);
	OPEN("locked", O_RDONLY);
	DO(access("locked/in", F_OK));
	OPEN("locked/new", O_CREAT | O_WRONLY);
	DO(chmod("cap", 04755));
	DO(chown("cap", 4, 4));
	DO(utimes("none", (struct timeval[2]){{ 1, 0 }, { 1, 0 }}));
	add_mode("cap");
	chown("cap", 500, 500);
	fd = open("both", O_WRONLY);
	write(fd, "x", 1);
	close(fd);
	add_mode("both");
	DO(kill(other, 0));
	DO(setpriority(PRIO_PROCESS, other, 5));
	DO(setpriority(PRIO_PROCESS, 0, -1));
	DO(sched_setscheduler(0, SCHED_FIFO, &first));
	DO(setrlimit(RLIMIT_NPROC, &more));
	DO(ptrace(PTRACE_SEIZE, other, 0, 0));
	DO(setuid(500) ? -1 : setresuid(-1, -1, -1));
	DO(setgroups(0, NULL));
	DO(mknod("device", S_IFCHR | 0600, 0x103));
	DO(unlink("device"));
	DO(sethostname("linnet", 6));
	DO(chroot("."));
	DO(mount("none", "d", "tmpfs", 0, NULL));
	DO(umount("d"));
	DO(syscall(SYS_clock_settime, CLOCK_REALTIME, &(struct timespec){ 1, -1 }));
	DO(setxattr("own", "trusted.x", "1", 1, 0));
	DO(setxattr("own", "security.capability", "1", 1, 0));
	DO(prctl(PR_CAPBSET_DROP, CAP_MKNOD, 0, 0, 0));
	DO(prctl(PR_SET_SECUREBITS, SECBIT_NOROOT, 0, 0, 0));
	DO(mlock(&byte, 1));
	DO(syscall(SYS_syslog, 3, line + 1900, 1) >= 0 ? 0 : -1);
	DO(socket(AF_INET, SOCK_RAW, 99));
}

static void one_by_one(void)
{
	static const struct { int cap; const char *name; } caps[] = {
		{ 63, "none" }, { CAP_CHOWN, "chown" }, { CAP_DAC_OVERRIDE, "dac_override" },
		{ CAP_DAC_READ_SEARCH, "dac_read_search" }, { CAP_FOWNER, "fowner" }, { CAP_FSETID, "fsetid" },
		{ CAP_KILL, "kill" }, { CAP_SETGID, "setgid" }, { CAP_SETUID, "setuid" }, { CAP_SETPCAP, "setpcap" },
		{ CAP_SYS_CHROOT, "sys_chroot" }, { CAP_SYS_PTRACE, "sys_ptrace" }, { CAP_SYS_ADMIN, "sys_admin" },
		{ CAP_SYS_NICE, "sys_nice" }, { CAP_SYS_RESOURCE, "sys_resource" }, { CAP_SYS_TIME, "sys_time" },
		{ CAP_MKNOD, "mknod" }, { CAP_SETFCAP, "setfcap" }, { CAP_SYSLOG, "syslog" }, { CAP_IPC_LOCK, "ipc_lock" },
	};
	pid_t other = fork();

	if (!other) {
		for (;;)
			pause();
	}
	mkdir("locked", 0700);
	make("locked/in", 0600, 0, 0);
	make("own", 0644, NOBODY, NOBODY);
	chmod(".", 0777);
	for (unsigned i = 0; i < sizeof(caps) / sizeof(*caps); i++) {
		make("cap", 0755, 500, 500);
		make("both", 06777, 500, 500);
		TOLD(caps[i].name, {
			struct rlimit few = { 70, 70 };

			setrlimit(RLIMIT_NPROC, &few);
			setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ 0, 0 });
			become(caps[i].cap == 63 ? 0 : BIT(caps[i].cap));
			actions(other);
		});
		unlink("device");
		unlink("locked/new");
		removexattr("own", "security.capability");
	}
	chmod(".", 0755);
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
}

/* ---- bits of modes ---------------------------------------------------------------------------- */

static void modes(void)
{
	mkdir("sg", 0777);
	chown("sg", 0, 300);
	chmod("sg", 02777);
	TOLD("set-gid folders, for one outside the group", {
		become(0);
		umask(022);
		OPEN("sg/file", O_CREAT | O_WRONLY);
		add_mode("sg/file");
		mkdir("sg/dir", 0777);
		add_mode("sg/dir");
		mkdir("sg/dir2", 03777);
		add_mode("sg/dir2");
		mknod("sg/fifo", S_IFIFO | 02777, 0);
		add_mode("sg/fifo");
		symlink("x", "sg/link");
		add_mode("sg/link");
		close(open("sg/set", O_CREAT | O_WRONLY, 06777));
		add_mode("sg/set");
		DO(chmod("sg/set", 06777));
		add_mode("sg/set");
		close(open("sg", O_TMPFILE | O_RDWR, 02777));
	});
	TOLD("for one in the group", {
		gid_t g = 300;
		setgroups(1, &g);
		setresuid(NOBODY, NOBODY, NOBODY);
		umask(0);
		close(open("sg/in", O_CREAT | O_WRONLY, 06777));
		add_mode("sg/in");
		DO(chmod("sg/in", 02666));
		add_mode("sg/in");
		DO(chown("sg/in", -1, 300));
		add_mode("sg/in");
		DO(chmod("sg/in", 06777));
		DO(chown("sg/in", -1, -1));
		add_mode("sg/in");
	});
	TOLD("root changes an owner", {
		make("set", 06777, 0, 0);
		DO(chown("set", 1, -1));
		add_mode("set");
		chmod("set", 06767);
		DO(chown("set", 1, 1));
		add_mode("set");
		chmod("set", 07777);
		DO(chown("set", -1, -1));
		add_mode("set");
		mkdir("setd", 0777);
		chmod("setd", 07777);
		DO(chown("setd", 1, 1));
		add_mode("setd");
	});
	TOLD("by who may not", {
		make("set", 06755, 500, 500);
		make("plain", 0755, 500, 500);
		IN_CHILD(become(0); DO(chown("set", -1, -1)); DO(chown("plain", -1, -1)));
		used = strlen(line);
		IN_CHILD(become(BIT(CAP_CHOWN)); DO(chown("set", 501, 501)); DO(chown("plain", 501, 501)));
		used = strlen(line);
		add_mode("set");
		add_mode("plain");
		IN_CHILD(become(BIT(CAP_FOWNER)); DO(chown("set", -1, -1)); DO(chmod("set", 06755)));
		used = strlen(line);
		add_mode("set");
	});
	TOLD("who writes counts, not who opened it", {
		make("set", 06777, 500, 500);
		int fd = open("set", O_RDWR);
		IN_CHILD(become(0); write(fd, "x", 1));
		add_mode("set");
		chmod("set", 06777);
		IN_CHILD(become(0); ftruncate(fd, 3));
		add_mode("set");
		chmod("set", 06777);
		DO(setresuid(-1, NOBODY, -1));
		int other = open("set", O_RDWR);
		DO(setresuid(-1, 0, -1));
		write(other, "x", 1);
		ftruncate(other, 5);
		add_mode("set");
	});
	TOLD("what takes them off", {
		for (int mode = 04777; mode <= 06777; mode += 02000 - 0) {
			make("set", (mode_t)mode, NOBODY, NOBODY);
			IN_CHILD(become(0); int fd = open("set", O_RDWR); write(fd, "", 0); close(fd));
			add_mode("set");
			IN_CHILD(become(0); int fd = open("set", O_RDWR); write(fd, "x", 1); close(fd));
			add_mode("set");
			chmod("set", (mode_t)mode);
			IN_CHILD(become(0); truncate("set", 3));
			add_mode("set");
			chmod("set", (mode_t)mode);
			IN_CHILD(become(0); open("set", O_RDWR | O_TRUNC));
			add_mode("set");
			chmod("set", (mode_t)mode);
			IN_CHILD(become(0); int fd = open("set", O_RDWR); fallocate(fd, 0, 0, 10));
			add_mode("set");
			chmod("set", (mode_t)mode);
			int fd = open("set", O_RDWR);
			write(fd, "x", 1);
			close(fd);
			add_mode("set");
		}
	});
	TOLD("the mask", {
		DO(umask(01777));
		DO(umask(-1));
		DO(umask(077));
		OPEN("masked", O_CREAT | O_WRONLY);
		add_mode("masked");
		mkdir("maskedd", 07777);
		add_mode("maskedd");
		int status = IN_CHILD(umask(0));
		(void)status;
		DO(umask(0));
	});
}

/* ---- changing sets -------------------------------------------------------------------------------- */

static void sets(void)
{
	TOLD("capset", {
		DO(set_caps(0, BIT(CAP_KILL), BIT(CAP_CHOWN)));
		add_caps();
		DO(set_caps(BIT(CAP_KILL), BIT(CAP_KILL), BIT(CAP_CHOWN) | BIT(CAP_KILL)));
		add_caps();
		DO(set_caps(0, 0, BIT(CAP_FOWNER) | BIT(CAP_CHOWN)));
		DO(set_caps(BIT(CAP_CHOWN), BIT(CAP_KILL), 0));
		DO(set_caps(0, BIT(CAP_CHOWN), 0));
		DO(set_caps(0, BIT(60), 0));
		add_caps();
	});
	TOLD("inheritable beyond the bounding set", {
		prctl(PR_CAPBSET_DROP, CAP_KILL, 0, 0, 0);
		DO(set_caps(BIT(CAP_SETPCAP), BIT(CAP_SETPCAP) | BIT(CAP_KILL), BIT(CAP_KILL)));
		DO(set_caps(BIT(CAP_SETPCAP), BIT(CAP_SETPCAP), BIT(CAP_CHOWN)));
		add_caps();
		DO(set_caps(0, 0, BIT(CAP_CHOWN) | BIT(CAP_FOWNER)));
		DO(set_caps(0, 0, 0));
		DO(set_caps(0, 0, BIT(CAP_CHOWN)));
	});
	TOLD("ambient goes with the others", {
		set_caps(BIT(CAP_KILL) | BIT(CAP_CHOWN), BIT(CAP_KILL) | BIT(CAP_CHOWN), BIT(CAP_KILL) | BIT(CAP_CHOWN));
		DO(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
		DO(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0));
		DO(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_FOWNER, 0, 0));
		DO(set_caps(BIT(CAP_KILL), BIT(CAP_KILL), BIT(CAP_KILL) | BIT(CAP_CHOWN)));
		DO(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0));
		DO(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0));
		DO(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, CAP_KILL, 0, 0));
		DO(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0));
		DO(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 1, 0, 0));
		DO(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 41, 0, 0));
		DO(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 64, 0, 0));
		DO(prctl(PR_CAP_AMBIENT, 0, CAP_KILL, 0, 0));
		DO(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 1, 0));
	});
	TOLD("securebits", {
		DO(prctl(PR_SET_SECUREBITS, 1 << 8, 0, 0, 0));
		DO(prctl(PR_SET_SECUREBITS, 1ul << 32, 0, 0, 0));
		DO(prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS | SECBIT_NO_CAP_AMBIENT_RAISE, 0, 0, 0));
		DO(prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0));
		DO(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
		DO(prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS | SECBIT_KEEP_CAPS_LOCKED, 0, 0, 0));
		DO(prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0));
		DO(prctl(PR_SET_KEEPCAPS, 2, 0, 0, 0));
		DO(prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS_LOCKED, 0, 0, 0));
		DO(prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS, 0, 0, 0));
		DO(prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NOROOT, 0, 0, 0));
		DO(prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
	});
	TOLD("no fix-up of sets", {
		DO(prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0));
		DO(setfsuid(500));
		add_caps();
		DO(setresuid(500, 500, 500));
		add_caps();
		DO(access("none", R_OK));
		OPEN("none", O_RDONLY);
	});
	TOLD("with it", {
		DO(setfsuid(500));
		add_caps();
		DO(setfsuid(0));
		add_caps();
		DO(setresuid(-1, 500, -1));
		add_caps();
		DO(setresuid(-1, 0, -1));
		add_caps();
		DO(setresuid(500, 500, 500));
		add_caps();
	});
	TOLD("the death signal goes with the user", {
		int sig = 0;

		prctl(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0);
		setresuid(-1, 0, -1);
		prctl(PR_GET_PDEATHSIG, &sig, 0, 0, 0);
		DO(sig);
		setgroups(0, NULL);
		prctl(PR_GET_PDEATHSIG, &sig, 0, 0, 0);
		DO(sig);
		DO(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
		setresgid(-1, 5, -1);
		prctl(PR_GET_PDEATHSIG, &sig, 0, 0, 0);
		DO(sig);
		DO(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	});
	TOLD("setting the real user alone", {
		int sig = 0;

		prctl(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0);
		setresuid(5, -1, -1);
		prctl(PR_GET_PDEATHSIG, &sig, 0, 0, 0);
		DO(sig);
		DO(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
		set_caps(0, 0, 0);
		prctl(PR_GET_PDEATHSIG, &sig, 0, 0, 0);
		DO(sig);
		DO(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	});
}

/* ---- whom a signal reaches --------------------------------------------------------------------------- */

static void signals(void)
{
	static const struct { uid_t r, e, s; } of[] = {
		{ 10, 10, 10 }, { 10, 20, 20 }, { 20, 10, 20 }, { 20, 20, 10 }, { 20, 20, 20 }, { 0, 10, 0 },
	};

	for (unsigned i = 0; i < sizeof(of) / sizeof(*of); i++) {
		int ready[2];
		char byte;
		pid_t other;

		pipe(ready);
		other = fork();
		if (!other) {
			setresuid(of[i].r, of[i].e, of[i].s);
			write(ready[1], "x", 1);
			for (;;)
				pause();
		}
		read(ready[0], &byte, 1);
		close(ready[0]), close(ready[1]);
		TOLD("a process of 10, or not quite", {
			setresuid(10, 30, 40);
			DO(kill(other, 0));
			DO(kill(other, SIGCONT));
			DO(sched_setscheduler(other, SCHED_OTHER, &(struct sched_param){ 0 }));
			DO(setpriority(PRIO_PROCESS, other, 3));
			DO(prlimit(other, RLIMIT_CORE, NULL, &(struct rlimit){ 0, 0 }));
		});
		TOLD("by its effective user", {
			setresuid(30, 10, 30);
			DO(kill(other, 0));
			DO(sched_setscheduler(other, SCHED_OTHER, &(struct sched_param){ 0 }));
			DO(setpriority(PRIO_PROCESS, other, 3));
			DO(getpriority(PRIO_PROCESS, other));
			setsid();
			DO(kill(other, SIGCONT));
		});
		kill(other, SIGKILL);
		waitpid(other, NULL, 0);
	}
}

int main(void)
{
	line = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	umask(0);
	chmod(".", 0755);
	classes();
	folders();
	one_by_one();
	modes();
	sets();
	signals();
	return tap_done();
}
