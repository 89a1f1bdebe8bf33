/* SPDX-License-Identifier: MIT */
/* Process groups, sessions, credentials and the rules about them. */
#include "tap.h"
#include <grp.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

static void sessions(void)
{
	pid_t me = getpid();

	CHECK_INT("the test leads its session", getsid(0), me);
	CHECK_INT("and its group", getpgrp(), me);
	CHECK_ERRNO("a group leader cannot setsid", setsid(), EPERM);
	CHECK_INT("a child can", IN_CHILD({
		pid_t s = setsid();
		_exit(s == getpid() && getsid(0) == s && getpgrp() == s ? 3 : 1);
	}), EXITED(3));
	CHECK_INT("a child is born into our group", IN_CHILD(_exit(getpgrp() == me)), EXITED(1));
	CHECK_ERRNO("setpgid of a session leader", setpgid(0, 0), EPERM);
	CHECK_ERRNO("setpgid, negative", setpgid(0, -1), EINVAL);
	CHECK_ERRNO("setpgid of a stranger", setpgid(1, 1), ESRCH);
	CHECK_INT("setpgid", IN_CHILD(_exit(setpgid(0, 0) == 0 && getpgrp() == getpid())), EXITED(1));
	CHECK_INT("into no group", IN_CHILD(_exit(setpgid(0, 99999) == -1 ? errno : 0)), EXITED(EPERM));
	CHECK_ERRNO("getpgid of nobody", getpgid(99999), ESRCH);
	CHECK_ERRNO("getsid of nobody", getsid(99999), ESRCH);
	CHECK_INT("getsid of process 1 differs", getsid(1) != me, 1);
	pid_t child = fork();
	if (!child) {
		setsid();
		sleep_ms(1000);
		_exit(0);
	}
	sleep_ms(30);
	CHECK_ERRNO("setpgid into another session", setpgid(child, me), EPERM);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	child = fork();
	if (!child) {
		char *argv[] = { "session", "sleep", NULL };

		execv("/proc/self/exe", argv);
		_exit(1);
	}
	sleep_ms(100);
	CHECK_ERRNO("setpgid after the child's exec", setpgid(child, child), EACCES);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	CHECK_ERRNO("no terminal", open("/dev/tty", O_RDWR), ENXIO);
	int fd = open("/dev/null", O_RDWR), value;
	CHECK_ERRNO("null is no terminal", ioctl(fd, TCGETS, &value), ENOTTY);
	CHECK_ERRNO("a pipe is no terminal", ({ int p[2]; pipe(p); tcgetpgrp(p[0]); }), ENOTTY);
	close(fd);
}

/* A stopped orphaned group gets SIGHUP and SIGCONT when its last tie ends. */
static void orphaned_groups(void)
{
	int p[2];
	char c = 0;
	pid_t middle;

	pipe(p);
	middle = fork();
	if (!middle) {
		pid_t leaf = fork();

		if (!leaf) {
			setpgid(0, 0);
			signal(SIGHUP, SIG_DFL);
			raise(SIGSTOP);
			_exit(0);
		}
		setpgid(leaf, leaf);
		waitpid(leaf, NULL, WUNTRACED);
		_exit(0);
	}
	close(p[1]);
	waitpid(middle, NULL, 0);
	CHECK_INT("a stopped orphan is ended by SIGHUP", read(p[0], &c, 1), 0);
	close(p[0]);
}

static void credentials(void)
{
	uid_t r, e, s;
	gid_t groups[4] = { 5, 6, 7, 0 };

	CHECK("root", getuid() == 0 && geteuid() == 0 && getgid() == 0 && getegid() == 0);
	CHECK_INT("setuid drops all", IN_CHILD({
		setuid(1000);
		getresuid(&r, &e, &s);
		_exit(r == 1000 && e == 1000 && s == 1000 && setuid(0) == -1 && errno == EPERM);
	}), EXITED(1));
	CHECK_INT("seteuid comes back", IN_CHILD({
		_exit(seteuid(1000) == 0 && geteuid() == 1000 && seteuid(0) == 0 && geteuid() == 0);
	}), EXITED(1));
	CHECK_INT("setresuid", IN_CHILD({
		setresuid(1, 2, 3);
		getresuid(&r, &e, &s);
		_exit(r == 1 && e == 2 && s == 3);
	}), EXITED(1));
	CHECK_OK("setgroups", setgroups(3, groups));
	CHECK_INT("getgroups", getgroups(0, NULL), 3);
	CHECK_ERRNO("getgroups, no room", getgroups(2, groups), EINVAL);
	setgroups(0, NULL);
	file_write("secret", "s");
	chmod("secret", 0600);
	chmod(".", 0777);
	CHECK_INT("others may not read", IN_CHILD({
		setuid(1000);
		_exit(open("secret", O_RDONLY) == -1 ? errno : 0);
	}), EXITED(EACCES));
	chmod("secret", 0640);
	chown("secret", 0, 50);
	CHECK_INT("the group may", IN_CHILD({
		setgid(50);
		setuid(1000);
		_exit(open("secret", O_RDONLY) >= 0 && open("secret", O_RDWR) == -1);
	}), EXITED(1));
	CHECK_INT("chmod is the owner's", IN_CHILD({
		setuid(1000);
		_exit(chmod("secret", 0777) == -1 ? errno : 0);
	}), EXITED(EPERM));
	CHECK_INT("chown is root's", IN_CHILD({
		setuid(1000);
		file_write("mine", "");
		_exit(chown("mine", 0, 0) == -1 ? errno : 0);
	}), EXITED(EPERM));
	CHECK_INT("kill needs the same user", IN_CHILD({
		setuid(1000);
		_exit(kill(1, 0) == -1 ? errno : 0);
	}), EXITED(EPERM));
	mkdir("sticky", 01777);
	chmod("sticky", 01777);
	file_write("sticky/f", "");
	CHECK_INT("a sticky folder keeps others' files", IN_CHILD({
		setuid(1000);
		_exit(unlink("sticky/f") == -1 ? errno : 0);
	}), EXITED(EPERM));
	mkdir("closed", 0700);
	CHECK_INT("no way through a closed folder", IN_CHILD({
		setuid(1000);
		_exit(open("closed/x", O_RDONLY) == -1 ? errno : 0);
	}), EXITED(EACCES));
	mkdir("readable", 0755);
	CHECK_INT("nor names into one not ours", IN_CHILD({
		setuid(1000);
		_exit(mkdir("readable/x", 0700) == -1 ? errno : 0);
	}), EXITED(EACCES));
	CHECK_INT("mount is root's", IN_CHILD({
		setuid(1000);
		_exit(syscall(SYS_mount, "tmpfs", "sticky", "tmpfs", 0, 0) == -1 ? errno : 0);
	}), EXITED(EPERM));
	CHECK_INT("reboot too", IN_CHILD({
		setuid(1000);
		_exit(syscall(SYS_reboot, 0xfee1dead, 672274793, 0, 0) == -1 ? errno : 0);
	}), EXITED(EPERM));
}

static void names(void)
{
	char name[17] = "";

	CHECK_OK("PR_SET_NAME", prctl(PR_SET_NAME, "a-long-name-that-is-cut"));
	prctl(PR_GET_NAME, name);
	TELL("PR_GET_NAME", "%s", name);
	CHECK_ERRNO("unknown prctl", prctl(9999), EINVAL);
	CHECK_INT("PR_SET_PDEATHSIG", IN_CHILD({
		int p[2];
		int ready[2];
		char c;

		pipe(p);
		pipe(ready);
		if (!fork()) {
			if (!fork()) {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				write(ready[1], "r", 1);
				sleep_ms(10000);
				_exit(0);
			}
			read(ready[0], &c, 1);
			_exit(0);
		}
		close(p[1]);
		_exit(read(p[0], &c, 1) == 0 ? 5 : 6);
	}), EXITED(5));
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		sleep_ms(5000);
		return 0;
	}
	sessions();
	orphaned_groups();
	credentials();
	names();
	return tap_done();
}
