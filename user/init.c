/* SPDX-License-Identifier: MIT */
/*
 * Process 1. It mounts what programs expect, runs one program (a login shell
 * unless told otherwise), reaps orphans, passes signals on, reports how the
 * program ended and powers the machine off.
 *
 * ./linnet puts its wishes into /.linnet/run: records ended by a zero byte,
 *
 *	mode=tty|pipe	the program gets the console, or three pipes
 *	size=ROWSxCOLS	of the terminal
 *	env=NAME=VALUE	added to the environment
 *	arg=WORD	the program and its arguments
 *
 * With that file there is a channel to the host on the second serial port
 * (channel.h); without it this is an init like any other, with a shell on the
 * console. Everything happens in one loop around ppoll(); SIGCHLD and the
 * signals of poweroff(8) and its like are let in only there.
 */
#include "rt.h"
#include "channel.h"

#include <asm/errno.h>
#include <asm/ioctls.h>
#include <asm/poll.h>
#include <asm/signal.h>
#include <asm/termbits.h>
#include <asm/termios.h>
#include <linux/fcntl.h>
#include <linux/mount.h>
#include <linux/reboot.h>
#include <linux/sockios.h>
#include <linux/time.h>
#include <linux/wait.h>

#define MAX_WORDS 512
#define RUN_FILE "/.linnet/run"
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct child_pipe {
	int ours;		/* -1 when closed */
	int theirs;
};

static char run_text[128 * 1024];
static char *run_argv[MAX_WORDS + 1];
static char *run_envp[MAX_WORDS + 1];
static int run_argc, run_envc;
static int run_pipes;			/* mode=pipe */
static struct winsize run_size;

static int channel = -1;
static struct child_pipe in, out, err;
static char held[CHANNEL_WINDOW];	/* standard input not yet taken */
static size_t held_start, held_end;
static int input_ended;
static long child;
static volatile int got_signal[32];

static void note_signal(int number)
{
	got_signal[number] = 1;
}

static void signal_catch(int number, __sighandler_t handler)
{
	struct sigaction action = {
		.sa_handler = handler,
		.sa_flags = SA_RESTORER,
		.sa_restorer = rt_sigreturn,
	};

	SYS(rt_sigaction, number, &action, 0, sizeof(sigset_t));
}

static void complain(const char *what, long error)
{
	char text[256], *end = text;

	rt_print(2, "linnet: ");
	rt_print(2, what);
	switch (error) {
	case -ENOENT:
		rt_print(2, ": not found\n");
		return;
	case -EACCES:
		rt_print(2, ": permission denied\n");
		return;
	case -ENOEXEC:
		rt_print(2, ": not a program this system can run\n");
		return;
	}
	rt_print(2, ": error ");
	end = rt_decimal(end, (unsigned long)-error);
	*end++ = '\n';
	SYS(write, 2, text, end - text);
}

/* Folders and file systems may be there already, or be unknown to the kernel. */
static void mount_all(void)
{
	static const struct {
		const char *type, *where, *options;
	} wanted[] = {
		{ "devtmpfs", "/dev", "mode=0755" },
		{ "proc", "/proc", NULL },
		{ "sysfs", "/sys", NULL },
		{ "devpts", "/dev/pts", "mode=0620,ptmxmode=0666" },
		{ "tmpfs", "/dev/shm", "mode=1777" },
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		SYS(mkdir, wanted[i].where, 0755);
		SYS(mount, wanted[i].type, wanted[i].where, wanted[i].type, 0, wanted[i].options);
	}
	SYS(symlink, "/proc/self/fd", "/dev/fd");
	SYS(symlink, "/proc/self/fd/0", "/dev/stdin");
	SYS(symlink, "/proc/self/fd/1", "/dev/stdout");
	SYS(symlink, "/proc/self/fd/2", "/dev/stderr");
	SYS(mkdir, "/tmp", 01777);
	SYS(mkdir, "/root", 0700);
}

/* What "ip link set lo up" does: programs expect to reach themselves. */
static void loopback_up(void)
{
	struct { char name[16]; short flags; char rest[22]; } request = { "lo", 0x1 /* IFF_UP */, "" };
	long fd = SYS(socket, 2 /* AF_INET */, 2 /* SOCK_DGRAM */, 0);

	if (fd < 0)
		return;
	SYS(ioctl, fd, SIOCSIFFLAGS, &request);
	SYS(close, fd);
}

static void console_open(void)
{
	long fd = SYS(open, "/dev/console", O_RDWR, 0);

	if (fd < 0)
		return;
	for (int i = 0; i < 3; i++)
		if (fd != i)
			SYS(dup2, fd, i);
	if (fd > 2)
		SYS(close, fd);
	if (run_size.ws_row)
		SYS(ioctl, 0, TIOCSWINSZ, &run_size);
}

static void run_record(char *record)
{
	char *value;

	if ((value = rt_after(record, "mode="))) {
		run_pipes = *value == 'p';
	} else if ((value = rt_after(record, "size="))) {
		run_size.ws_row = (unsigned short)rt_number(&value);
		if (*value)
			value++;
		run_size.ws_col = (unsigned short)rt_number(&value);
	} else if ((value = rt_after(record, "env="))) {
		if (run_envc < MAX_WORDS)
			run_envp[run_envc++] = value;
	} else if ((value = rt_after(record, "arg="))) {
		if (run_argc < MAX_WORDS)
			run_argv[run_argc++] = value;
	}
}

/* Reads RUN_FILE; returns whether it is there. */
static int run_read(void)
{
	long fd = SYS(open, RUN_FILE, O_RDONLY, 0), n;
	size_t length = 0;

	if (fd < 0)
		return 0;
	while (length < sizeof(run_text) - 1 &&
	       (n = SYS(read, fd, run_text + length, sizeof(run_text) - 1 - length)) > 0)
		length += (size_t)n;
	SYS(close, fd);
	for (char *s = run_text; s < run_text + length; s += rt_strlen(s) + 1)
		run_record(s);
	return 1;
}

static int channel_open(void)
{
	struct termios raw = { .c_cflag = CS8 | CREAD | CLOCAL | B115200 };
	long fd;

	/* Without O_NONBLOCK the open may wait for a carrier. */
	fd = SYS(open, "/dev/ttyS1", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0);
	if (fd < 0) {
		complain("/dev/ttyS1", fd);
		return -1;
	}
	raw.c_cc[VMIN] = 1;
	SYS(ioctl, fd, TCSETS, &raw);
	SYS(fcntl, fd, F_SETFL, O_RDWR);
	return (int)fd;
}

static void channel_write(const char *bytes, size_t n)
{
	while (n) {
		long done = SYS(write, channel, bytes, n);

		if (done == -EINTR)
			continue;
		if (done <= 0)
			return;
		bytes += done;
		n -= (size_t)done;
	}
}

/* One write per frame: each call costs more than the bytes. */
static void channel_send(char type, const void *payload, size_t n)
{
	char frame[CHANNEL_HEADER + CHANNEL_PAYLOAD];

	if (channel < 0)
		return;
	frame[0] = type;
	frame[1] = (char)n;
	frame[2] = (char)(n >> 8);
	memcpy(frame + CHANNEL_HEADER, payload, n);
	channel_write(frame, CHANNEL_HEADER + n);
}

static void pipe_close(struct child_pipe *p)
{
	if (p->ours >= 0)
		SYS(close, p->ours);
	p->ours = -1;
}

/* Hands held input to the program; a program that closed it loses the rest. */
static void input_push(void)
{
	unsigned char ack[2];
	size_t n = held_end - held_start;
	long done = (long)n;

	if (n && in.ours >= 0) {
		done = SYS(write, in.ours, held + held_start, n);
		if (done == -EAGAIN || done == -EINTR)
			return;
		if (done < 0) {
			pipe_close(&in);
			done = (long)n;
		}
	}
	held_start += (size_t)done;
	if (done) {
		ack[0] = (unsigned char)done;
		ack[1] = (unsigned char)(done >> 8);
		channel_send(FRAME_ACK, ack, 2);
	}
	if (held_start == held_end) {
		held_start = held_end = 0;
		if (input_ended)
			pipe_close(&in);
	}
}

static void input_hold(const char *bytes, size_t n)
{
	if (held_start) {
		for (size_t i = held_start; i < held_end; i++)
			held[i - held_start] = held[i];
		held_end -= held_start;
		held_start = 0;
	}
	if (n > sizeof(held) - held_end)
		n = sizeof(held) - held_end;
	memcpy(held + held_end, bytes, n);
	held_end += n;
	input_push();
}

static void frame_take(char type, const unsigned char *payload, size_t n)
{
	switch (type) {
	case FRAME_IN:
		input_hold((const char *)payload, n);
		break;
	case FRAME_EOF:
		input_ended = 1;
		input_push();
		break;
	case FRAME_SIGNAL:
		SYS(kill, -child, payload[0]);
		break;
	case FRAME_SIZE:
		run_size.ws_row = (unsigned short)(payload[0] | payload[1] << 8);
		run_size.ws_col = (unsigned short)(payload[2] | payload[3] << 8);
		SYS(ioctl, 0, TIOCSWINSZ, &run_size);
		break;
	case FRAME_CLOSED:
		pipe_close(payload[0] == FRAME_OUT ? &out : &err);
		break;
	}
}

/* Reads what the host sent; frames may come in pieces. */
static void channel_read(void)
{
	static unsigned char buffer[2 * (CHANNEL_HEADER + CHANNEL_PAYLOAD)];
	static size_t have;
	size_t at = 0, need;
	long n = SYS(read, channel, buffer + have, sizeof(buffer) - have);

	if (n <= 0)
		return;
	have += (size_t)n;
	while (have - at >= CHANNEL_HEADER) {
		need = CHANNEL_HEADER + (buffer[at + 1] | (size_t)buffer[at + 2] << 8);
		if (have - at < need)
			break;
		frame_take((char)buffer[at], buffer + at + CHANNEL_HEADER, need - CHANNEL_HEADER);
		at += need;
	}
	for (size_t i = at; i < have; i++)
		buffer[i - at] = buffer[i];
	have -= at;
}

/* Passes on what the program wrote; returns whether there was anything. */
static int output_take(struct child_pipe *p, char type)
{
	char bytes[CHANNEL_PAYLOAD];
	long n;

	if (p->ours < 0)
		return 0;
	n = SYS(read, p->ours, bytes, sizeof(bytes));
	if (n == 0 || (n < 0 && n != -EAGAIN && n != -EINTR))
		pipe_close(p);
	if (n > 0)
		channel_send(type, bytes, (size_t)n);
	return n > 0;
}

static int pipes_make(void)
{
	int ends[2];
	long error;

	if ((error = SYS(pipe2, ends, O_CLOEXEC)))
		return (int)error;
	in = (struct child_pipe){ .ours = ends[1], .theirs = ends[0] };
	if ((error = SYS(pipe2, ends, O_CLOEXEC)))
		return (int)error;
	out = (struct child_pipe){ .ours = ends[0], .theirs = ends[1] };
	if ((error = SYS(pipe2, ends, O_CLOEXEC)))
		return (int)error;
	err = (struct child_pipe){ .ours = ends[0], .theirs = ends[1] };
	SYS(fcntl, in.ours, F_SETFL, O_NONBLOCK);
	SYS(fcntl, out.ours, F_SETFL, O_NONBLOCK);
	SYS(fcntl, err.ours, F_SETFL, O_NONBLOCK);
	return 0;
}

static const char *env_find(const char *name)
{
	for (int i = run_envc - 1; i >= 0; i--) {
		char *value = rt_after(run_envp[i], name);

		if (value)
			return value;
	}
	return "";
}

/* execve() along PATH, as a shell looks a program up; returns the error. */
static long program_exec(const char *name)
{
	char file[4096];
	const char *path = env_find("PATH=");
	size_t length = rt_strlen(name), n;
	long error, last = -ENOENT;

	for (const char *s = name; *s; s++)
		if (*s == '/')
			return SYS(execve, name, run_argv, run_envp);
	while (*path) {
		for (n = 0; path[n] && path[n] != ':'; n++)
			;
		if (n && n + length + 2 <= sizeof(file)) {
			memcpy(file, path, n);
			file[n] = '/';
			memcpy(file + n + 1, name, length + 1);
			error = SYS(execve, file, run_argv, run_envp);
			if (error != -ENOENT && error != -ENOTDIR)
				last = error;
		}
		path += n + (path[n] == ':');
	}
	return last;
}

/* Linux has no job control on /dev/console itself: use the terminal behind it. */
static void terminal_reopen(void)
{
	long fd = SYS(open, "/dev/tty", O_RDWR, 0);

	if (fd < 0)
		return;
	for (int i = 0; i < 3; i++)
		SYS(dup2, fd, i);
	SYS(close, fd);
}

/* In the child: a session of its own, the console or the pipes, the program. */
static void program_become(const char *name, const sigset_t *mask)
{
	long error;

	SYS(setsid);
	if (run_pipes) {
		SYS(dup2, in.theirs, 0);
		SYS(dup2, out.theirs, 1);
		SYS(dup2, err.theirs, 2);
	} else {
		SYS(ioctl, 0, TIOCSCTTY, 1);
		terminal_reopen();
	}
	signal_catch(SIGPIPE, SIG_DFL);
	SYS(rt_sigprocmask, SIG_SETMASK, mask, 0, sizeof(sigset_t));
	if (SYS(chdir, "/root") < 0)
		SYS(chdir, "/");
	error = program_exec(name);
	complain(name, error);
	SYS(exit_group, error == -ENOENT || error == -ENOTDIR ? 127 : 126);
}

static void program_start(const sigset_t *mask)
{
	const char *name = run_argv[0];

	if (!run_argc) {
		name = "/bin/sh";
		run_argv[run_argc++] = run_pipes ? "sh" : "-sh";
	}
	child = SYS(fork);
	if (!child)
		program_become(name, mask);
	if (child < 0)
		complain("fork", child);
	if (run_pipes) {
		SYS(close, in.theirs);
		SYS(close, out.theirs);
		SYS(close, err.theirs);
	}
}

/* Does what reboot(2) calls how; drains the console first, never returns. */
static void machine_end(unsigned how)
{
	SYS(ioctl, 1, TCSBRK, 1);
	if (channel >= 0)
		SYS(ioctl, channel, TCSBRK, 1);
	SYS(sync);
	SYS(reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, how, 0);
	for (;;)
		SYS(pause);
}

static void program_report(int status)
{
	unsigned char code = (unsigned char)(status & 0x7f ? 128 + (status & 0x7f) : status >> 8);

	while (output_take(&out, FRAME_OUT) || output_take(&err, FRAME_ERR))
		;
	channel_send(FRAME_EXIT, &code, 1);
	machine_end(LINUX_REBOOT_CMD_POWER_OFF);
}

static void children_reap(void)
{
	int status;
	long pid;

	while ((pid = SYS(wait4, -1, &status, WNOHANG, 0)) > 0)
		if (pid == child)
			program_report(status);
}

/* The signals by which halt, poweroff and reboot of busybox address process 1. */
static void requests_obey(void)
{
	unsigned char none = 0;

	if (!got_signal[SIGUSR1] && !got_signal[SIGUSR2] && !got_signal[SIGTERM])
		return;
	channel_send(FRAME_EXIT, &none, 1);
	machine_end(got_signal[SIGTERM] ? LINUX_REBOOT_CMD_RESTART :
					  LINUX_REBOOT_CMD_POWER_OFF);
}

static void loop(const sigset_t *open_mask)
{
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = channel, .events = POLLIN },
			{ .fd = out.ours, .events = POLLIN },
			{ .fd = err.ours, .events = POLLIN },
			{ .fd = held_end ? in.ours : -1, .events = POLLOUT },
		};

		if (SYS(ppoll, fds, 4, 0, open_mask, sizeof(sigset_t)) > 0) {
			if (fds[0].revents)
				channel_read();
			if (fds[1].revents)
				output_take(&out, FRAME_OUT);
			if (fds[2].revents)
				output_take(&err, FRAME_ERR);
			if (fds[3].revents)
				input_push();
		}
		requests_obey();
		children_reap();
	}
}

/* Handlers for what the loop waits for; all of it is blocked outside ppoll(). */
static void signals_set(sigset_t *open_mask)
{
	static const int caught[] = { SIGCHLD, SIGUSR1, SIGUSR2, SIGTERM };
	sigset_t blocked = 0;

	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++) {
		signal_catch(caught[i], note_signal);
		blocked |= 1UL << (caught[i] - 1);
	}
	signal_catch(SIGPIPE, SIG_IGN);
	SYS(rt_sigprocmask, SIG_BLOCK, &blocked, open_mask, sizeof(sigset_t));
}

int rt_main(int argc, char **argv, char **envp)
{
	sigset_t open_mask;
	int told;

	(void)argc, (void)argv;
	in.ours = out.ours = err.ours = -1;
	run_envp[run_envc++] = "PATH=" DEFAULT_PATH;
	run_envp[run_envc++] = "HOME=/root";
	while (*envp && run_envc < MAX_WORDS / 2)
		run_envp[run_envc++] = *envp++;
	mount_all();
	loopback_up();
	told = run_read();
	console_open();
	SYS(sethostname, "linnet", 6);
	if (told)
		channel = channel_open();
	if (channel < 0)
		run_pipes = 0;
	else
		channel_write(CHANNEL_MAGIC, sizeof(CHANNEL_MAGIC) - 1);
	if (run_pipes && pipes_make())
		run_pipes = 0;
	signals_set(&open_mask);
	program_start(&open_mask);
	loop(&open_mask);
	return 0;
}
