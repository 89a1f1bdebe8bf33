/* SPDX-License-Identifier: MIT */
/* /proc/locks: locks of every kind, on which bytes, and who waits for them. */
#include "tap.h"
#include <sys/file.h>

static const char *const names[] = { "one", "two", "three" };
static int fds[3];

/* The lines that tell of our files, without number and device, with our names for files and processes. */
static void tell_locks(const char *title, pid_t child)
{
	FILE *f = fopen("/proc/locks", "r");
	char line[200], out[900] = "";

	while (f && fgets(line, sizeof(line), f)) {
		char *p = strchr(line, ':') + 2, kind[40], from[30], to[30];
		int waits = !strncmp(p, "-> ", 3), pid;
		unsigned long ino;

		p += waits * 3;
		memcpy(kind, p, 23);
		kind[22] = 0;
		if (sscanf(p + 17, "%*s %d %*x:%*x:%lu %29s %29s", &pid, &ino, from, to) != 4)
			continue;
		for (int i = 0; i < 3; i++) {
			struct stat st;

			fstat(fds[i], &st);
			if (st.st_ino == ino)
				snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s[%s] %s %s %s-%s; ", waits ? "-> " : "", kind,
					 names[i], pid == getpid() ? "me" : pid == child ? "child" : pid == -1 ? "-1" : "?", from, to);
		}
	}
	if (f)
		fclose(f);
	TELL(title, "%s", out);
}

static int record(int fd, int command, int type, off_t start, off_t length)
{
	struct flock l = { .l_type = (short)type, .l_whence = SEEK_SET, .l_start = start, .l_len = length };

	return fcntl(fd, command, &l);
}

/* A child that waits for a lock, until it is killed. */
static pid_t waiter(int fd, int kind, int type)
{
	pid_t pid = fork();

	if (!pid) {
		if (kind)
			flock(open(names[fd], O_RDWR), type);
		else
			record(fds[fd], F_SETLKW, type, 5, 10);
		_exit(0);
	}
	sleep_ms(200);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int main(void)
{
	pid_t child;
	struct stat st;

	for (int i = 0; i < 3; i++)
		fds[i] = open(names[i], O_RDWR | O_CREAT, 0644);
	stat("/proc/locks", &st);
	TELL("mode", "%o", st.st_mode);
	tell_locks("none", 0);
	record(fds[0], F_SETLK, F_WRLCK, 0, 0);
	tell_locks("a whole file", 0);
	record(fds[0], F_SETLK, F_UNLCK, 100, 0);
	tell_locks("the start of it", 0);
	record(fds[0], F_SETLK, F_RDLCK, 0, 100);
	tell_locks("for reading", 0);
	child = waiter(0, 0, F_WRLCK);
	tell_locks("somebody waits", child);
	end(child);
	tell_locks("not any more", child);
	record(fds[0], F_SETLK, F_UNLCK, 0, 0);
	record(fds[1], F_OFD_SETLK, F_WRLCK, 10, 20);
	tell_locks("of an open file", 0);
	child = waiter(1, 0, F_RDLCK);
	tell_locks("waited for", child);
	end(child);
	record(fds[1], F_OFD_SETLK, F_UNLCK, 0, 0);
	flock(fds[2], LOCK_SH);
	tell_locks("flock", 0);
	child = waiter(2, 1, LOCK_EX);
	tell_locks("waited for", child);
	end(child);
	flock(fds[2], LOCK_EX);
	tell_locks("exclusively", 0);
	flock(fds[2], LOCK_UN);
	child = fork();
	if (!child) {
		record(fds[0], F_SETLK, F_WRLCK, 7, 1);
		pause();
	}
	sleep_ms(100);
	tell_locks("of another process", child);
	end(child);
	tell_locks("gone with it", child);
	flock(fds[2], LOCK_EX);
	close(fds[2]);
	fds[2] = open(names[2], O_RDWR);
	tell_locks("gone with its file", 0);
	return tap_done();
}
