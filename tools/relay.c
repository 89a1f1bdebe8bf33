/* SPDX-License-Identifier: MIT */
/*
 * Starts a virtual machine and stands between it and whoever typed ./linnet run.
 *
 *	relay [--tty] [--verbose] [--lenient] [--timeout SECONDS] [--unlink FILE]
 *	      -- QEMU ARGUMENTS…
 *
 * The machine's two serial ports arrive as sockets: QEMU is started with file
 * descriptor 10 as the console (ttyS0) and 11 as the channel (ttyS1), and is
 * told so in ARGUMENTS. The channel speaks user/channel.h with process 1.
 *
 *	--tty		the terminal is passed through to the console, raw; Ctrl-]
 *			typed twice ends the machine
 *	otherwise	standard input, output and error travel over the channel, and
 *			the console is kept back, to be shown if the machine dies
 *	--verbose	shows the console on standard error as it comes
 *	--lenient	a machine that powers off without a report ended well
 *
 * The exit status is the program's; 124 after a timeout; 125 if the machine ended
 * without a report; 128+n if a signal ended the relay before the program ran.
 *
 * One thread, one loop around poll(). Nothing is read that cannot be passed on:
 * while output waits for its reader the channel is left alone, and standard input
 * is read as far as the guest's window allows.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "../user/channel.h"

#define CONSOLE_FD 10
#define CHANNEL_FD 11
#define ESCAPE 0x1d		/* Ctrl-] */
#define KEEP 16384		/* how much of the console is kept back */
#define STATUS_TIMEOUT 124
#define STATUS_DIED 125
#define PATIENCE 3		/* signals until the machine is ended by force */

static bool tty, verbose, lenient;
static int timeout_seconds;
static const char *to_unlink;

static pid_t qemu;
static int console, channel, signals;
static bool said_hello, input_done, qemu_gone;
static int status = -1;			/* the program's, once reported */
static int qemu_status, signal_count;
static struct termios saved_terminal;
static bool terminal_is_raw;

static char kept[KEEP];
static size_t kept_total;

/* What came over the channel and is not yet complete. */
static unsigned char inbox[4 * (CHANNEL_HEADER + CHANNEL_PAYLOAD)];
static size_t inbox_have;

/* What waits for standard output or error; empty when left == 0. */
static struct {
	unsigned char bytes[CHANNEL_PAYLOAD];
	size_t at, left;
	int fd;
} pending;
static bool closed[3];			/* by descriptor: has no reader left */

/* What waits to be written to a serial port. */
struct outbox {
	unsigned char bytes[16384];
	size_t have;
};
static struct outbox to_channel, to_console;
static int window = CHANNEL_WINDOW;
static int escapes;

static void terminal_restore(void)
{
	if (terminal_is_raw)
		tcsetattr(0, TCSADRAIN, &saved_terminal);
	terminal_is_raw = false;
}

static void terminal_make_raw(void)
{
	struct termios raw;

	if (tcgetattr(0, &saved_terminal))
		return;
	raw = saved_terminal;
	cfmakeraw(&raw);
	tcsetattr(0, TCSADRAIN, &raw);
	terminal_is_raw = true;
}

static _Noreturn void finish(int code)
{
	terminal_restore();
	if (!qemu_gone) {
		kill(qemu, SIGKILL);
		waitpid(qemu, NULL, 0);
	}
	if (to_unlink)
		unlink(to_unlink);
	exit(code);
}

static void box_put(struct outbox *box, const void *bytes, size_t n)
{
	if (n > sizeof(box->bytes) - box->have)
		n = sizeof(box->bytes) - box->have;
	memcpy(box->bytes + box->have, bytes, n);
	box->have += n;
}

static void box_flush(struct outbox *box, int fd)
{
	ssize_t n = send(fd, box->bytes, box->have, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		n = (ssize_t)box->have;		/* the machine is gone */
	if (n > 0) {
		box->have -= (size_t)n;
		memmove(box->bytes, box->bytes + n, box->have);
	}
}

static void frame_send(char type, const void *payload, size_t n)
{
	unsigned char header[CHANNEL_HEADER] = { (unsigned char)type, n & 0xff, n >> 8 };

	box_put(&to_channel, header, sizeof(header));
	box_put(&to_channel, payload, n);
}

static void size_send(void)
{
	struct winsize size;
	unsigned char payload[4];

	if (!tty || ioctl(0, TIOCGWINSZ, &size))
		return;
	payload[0] = size.ws_row & 0xff;
	payload[1] = size.ws_row >> 8;
	payload[2] = size.ws_col & 0xff;
	payload[3] = size.ws_col >> 8;
	frame_send(FRAME_SIZE, payload, 4);
}

static void kept_show(void)
{
	size_t n = kept_total < KEEP ? kept_total : KEEP;

	for (size_t i = kept_total - n; i < kept_total; i++)
		if (kept[i % KEEP] != '\r')
			fputc(kept[i % KEEP], stderr);
}

static void console_take(void)
{
	char bytes[4096];
	ssize_t n = recv(console, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		close(console);
		console = -1;
		return;
	}
	for (ssize_t i = 0; i < n; i++)
		kept[kept_total++ % KEEP] = bytes[i];
	if (tty || verbose)
		for (ssize_t at = 0, done; at < n; at += done)
			if ((done = write(tty ? 1 : 2, bytes + at, (size_t)(n - at))) < 0)
				return;
}

/* Writes what waits, as much as the reader takes without blocking us. */
static void pending_flush(void)
{
	ssize_t n = write(pending.fd, pending.bytes + pending.at, pending.left);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		char which = pending.fd == 1 ? FRAME_OUT : FRAME_ERR;

		closed[pending.fd] = true;
		frame_send(FRAME_CLOSED, &which, 1);
		pending.left = 0;
		return;
	}
	pending.at += (size_t)n;
	pending.left -= (size_t)n;
}

static void frame_take(char type, const unsigned char *payload, size_t n)
{
	switch (type) {
	case FRAME_OUT:
	case FRAME_ERR:
		pending.fd = type == FRAME_OUT ? 1 : 2;
		if (closed[pending.fd])
			return;
		memcpy(pending.bytes, payload, n);
		pending.at = 0;
		pending.left = n;
		break;
	case FRAME_ACK:
		window += payload[0] | payload[1] << 8;
		break;
	case FRAME_EXIT:
		status = payload[0];
		break;
	}
}

/* Waits for the magic; what comes before it is noise. */
static size_t hello_find(void)
{
	size_t length = sizeof(CHANNEL_MAGIC) - 1;
	unsigned char *at = memmem(inbox, inbox_have, CHANNEL_MAGIC, length);

	if (!at)
		return inbox_have < length ? 0 : inbox_have - length + 1;
	said_hello = true;
	size_send();
	return (size_t)(at - inbox) + length;
}

/* Takes whole frames from the inbox until one has to wait for its reader. */
static void inbox_work(void)
{
	size_t at = 0, need;

	if (!said_hello)
		at = hello_find();
	while (said_hello && !pending.left && inbox_have - at >= CHANNEL_HEADER) {
		size_t n = inbox[at + 1] | (size_t)inbox[at + 2] << 8;

		need = CHANNEL_HEADER + n;
		if (n > CHANNEL_PAYLOAD) {
			fprintf(stderr, "linnet: the channel to the machine is garbled\n");
			finish(STATUS_DIED);
		}
		if (inbox_have - at < need)
			break;
		frame_take((char)inbox[at], inbox + at + CHANNEL_HEADER, n);
		at += need;
		if (pending.left)
			break;
	}
	inbox_have -= at;
	memmove(inbox, inbox + at, inbox_have);
}

static void channel_take(void)
{
	ssize_t n = recv(channel, inbox + inbox_have, sizeof(inbox) - inbox_have, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		close(channel);
		channel = -1;
		return;
	}
	inbox_have += (size_t)n;
}

/* Keys go to the console; the escape typed twice ends the machine. */
static void keys_take(void)
{
	unsigned char keys[256];
	ssize_t n = read(0, keys, sizeof(keys));

	if (n <= 0) {
		input_done = n == 0 || errno != EINTR;
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		static const unsigned char one = ESCAPE;

		if (keys[i] == ESCAPE) {
			if (++escapes == 2) {
				terminal_restore();
				fprintf(stderr, "\nlinnet: machine ended\n");
				finish(status < 0 ? 128 + SIGTERM : status);
			}
			continue;
		}
		if (escapes)
			box_put(&to_console, &one, 1);
		escapes = 0;
		box_put(&to_console, keys + i, 1);
	}
}

static void input_take(void)
{
	char bytes[CHANNEL_PAYLOAD];
	size_t room = window < CHANNEL_PAYLOAD ? (size_t)window : CHANNEL_PAYLOAD;
	ssize_t n = read(0, bytes, room);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		input_done = true;
		frame_send(FRAME_EOF, NULL, 0);
		return;
	}
	window -= (int)n;
	frame_send(FRAME_IN, bytes, (size_t)n);
}

static void signal_pass_on(int number)
{
	char n = (char)number;

	if (!said_hello || ++signal_count > PATIENCE)
		finish(128 + number);
	frame_send(FRAME_SIGNAL, &n, 1);
}

static void signals_take(void)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGCHLD:
		if (waitpid(qemu, &qemu_status, WNOHANG) == qemu)
			qemu_gone = true;
		break;
	case SIGWINCH:
		if (said_hello)
			size_send();
		break;
	case SIGALRM:
		terminal_restore();
		fprintf(stderr, "linnet: no end after %d seconds; the console said:\n",
			timeout_seconds);
		kept_show();
		finish(STATUS_TIMEOUT);
	default:
		signal_pass_on((int)info.ssi_signo);
	}
}

static void signals_set(void)
{
	static const int wanted[] = { SIGCHLD, SIGWINCH, SIGALRM, SIGINT, SIGTERM, SIGHUP,
				      SIGQUIT, SIGUSR1, SIGUSR2 };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		sigaddset(&set, wanted[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	signal(SIGPIPE, SIG_IGN);
}

/* A process group of its own keeps the terminal's Ctrl-C from ending QEMU. */
static void qemu_start(char **arguments)
{
	int one[2], two[2];
	sigset_t none;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, one) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, two)) {
		perror("linnet: socketpair");
		exit(STATUS_DIED);
	}
	console = one[0];
	channel = two[0];
	qemu = fork();
	if (qemu) {
		close(one[1]);
		close(two[1]);
		return;
	}
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(open("/dev/null", O_RDONLY), 0);
	dup2(2, 1);
	/* Both may already sit on the numbers wanted: move them out of the way first. */
	one[1] = fcntl(one[1], F_DUPFD_CLOEXEC, 20);
	two[1] = fcntl(two[1], F_DUPFD_CLOEXEC, 20);
	dup2(one[1], CONSOLE_FD);
	dup2(two[1], CHANNEL_FD);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	execvp(arguments[0], arguments);
	fprintf(stderr, "linnet: cannot start %s: %s\n", arguments[0], strerror(errno));
	_exit(127);
}

/* One turn: wait for anything that can be passed on, and pass it on. */
static void turn(void)
{
	bool keys = tty && to_console.have < sizeof(to_console.bytes) / 2;
	bool input = !tty && said_hello && window > 0 &&
		     to_channel.have < sizeof(to_channel.bytes) / 2;
	bool listen = !pending.left && inbox_have < sizeof(inbox);
	struct pollfd fds[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = console, .events = (short)(POLLIN | (to_console.have ? POLLOUT : 0)) },
		{ .fd = listen || to_channel.have ? channel : -1,
		  .events = (short)((listen ? POLLIN : 0) | (to_channel.have ? POLLOUT : 0)) },
		{ .fd = (keys || input) && !input_done ? 0 : -1, .events = POLLIN },
		{ .fd = pending.left ? pending.fd : -1, .events = POLLOUT },
	};

	if (poll(fds, 5, -1) < 0)
		return;
	if (fds[0].revents)
		signals_take();
	if (fds[1].revents & POLLOUT)
		box_flush(&to_console, console);
	if (fds[1].revents & ~POLLOUT)
		console_take();
	if (fds[2].revents & POLLOUT)
		box_flush(&to_channel, channel);
	if (listen && fds[2].revents & ~POLLOUT)
		channel_take();
	if (fds[3].revents)
		tty ? keys_take() : input_take();
	if (fds[4].revents)
		pending_flush();
	inbox_work();
}

static int verdict(void)
{
	bool ended_well = WIFEXITED(qemu_status) && WEXITSTATUS(qemu_status) == 0;

	if (status >= 0)
		return status;
	if (ended_well && lenient)
		return 0;
	terminal_restore();
	if (!tty && !verbose)
		kept_show();
	fprintf(stderr, "linnet: the machine ended before the program did\n");
	return STATUS_DIED;
}

static char **options_read(char **a)
{
	for (; *a && strcmp(*a, "--"); a++) {
		if (!strcmp(*a, "--tty"))
			tty = true;
		else if (!strcmp(*a, "--verbose"))
			verbose = true;
		else if (!strcmp(*a, "--lenient"))
			lenient = true;
		else if (!strcmp(*a, "--timeout") && a[1])
			timeout_seconds = atoi(*++a);
		else if (!strcmp(*a, "--unlink") && a[1])
			to_unlink = *++a;
		else
			break;
	}
	if (!*a || strcmp(*a, "--") || !a[1]) {
		fprintf(stderr, "usage: relay [--tty] [--verbose] [--lenient] "
				"[--timeout SECONDS] [--unlink FILE] -- QEMU ARGUMENTS...\n");
		exit(2);
	}
	return a + 1;
}

int main(int argc, char **argv)
{
	char **command = options_read(argv + 1);

	(void)argc;
	signals_set();
	qemu_start(command);
	if (qemu < 0) {
		perror("linnet: fork");
		return STATUS_DIED;
	}
	if (tty)
		terminal_make_raw();
	alarm((unsigned)timeout_seconds);
	while (!qemu_gone || console >= 0 || channel >= 0 || pending.left)
		turn();
	finish(verdict());
}
