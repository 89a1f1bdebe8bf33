/* SPDX-License-Identifier: MIT */
/*
 * Rows of ./linnet bench ipc: two processes of one machine that talk. Each row gives
 * the child an answer() to repeat until it is killed; the parent asks and waits.
 */
#include "bench.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define BULK 65536

static int to[2], from[2];	/* what each end reads and writes is the row's business */
static char buffer[BULK];

static void stop(void)
{
	partner_stop();
	for (int i = 0; i < 2; i++) {
		close(to[i]);
		close(from[i]);
	}
}

/* ---- bytes through descriptors --------------------------------------------------- */

static void answer_byte(void)
{
	char byte;

	if (read(to[0], &byte, 1) != 1 || write(from[1], &byte, 1) != 1)
		_exit(1);
}

static uint64_t run_byte(unsigned n)
{
	char byte = 0;

	return TIMED(n, MUST(write(to[1], &byte, 1));
		     MUST(read(from[0], &byte, 1)));
}

static void make_pipes(void)
{
	MUST(pipe(to));
	MUST(pipe(from));
	partner_start(answer_byte);
}

static void make_pair(int type)
{
	MUST(socketpair(AF_UNIX, type, 0, to));
	memcpy(from, (int[]){ to[1], to[0] }, sizeof(from));
	partner_start(answer_byte);
}

static void make_stream(void)
{
	make_pair(SOCK_STREAM);
}

static void make_datagram(void)
{
	make_pair(SOCK_DGRAM);
}

static void make_packet(void)
{
	make_pair(SOCK_SEQPACKET);
}

static void answer_event(void)
{
	uint64_t value;

	if (read(to[0], &value, sizeof(value)) < 0 || write(from[0], &value, sizeof(value)) < 0)
		_exit(1);
}

static void make_eventfds(void)
{
	MUST(to[0] = eventfd(0, 0));
	MUST(from[0] = eventfd(0, 0));
	to[1] = from[1] = -1;
	partner_start(answer_event);
}

static uint64_t run_eventfds(unsigned n)
{
	uint64_t value = 1;

	return TIMED(n, MUST(write(to[0], &value, sizeof(value)));
		     MUST(read(from[0], &value, sizeof(value))));
}

static void answer_bulk(void)
{
	if (write(to[1], buffer, BULK) < 0)
		_exit(1);
}

static void make_bulk(void)
{
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, to));
	from[0] = from[1] = -1;
	partner_start(answer_bulk);
}

static void read_bulk(void)
{
	for (long got = 0, part; got < BULK; got += part)
		MUST(part = read(to[0], buffer, (size_t)(BULK - got)));
}

static uint64_t run_bulk(unsigned n)
{
	return TIMED(n, read_bulk());
}

/* ---- sockets with names, and descriptors in messages ------------------------------- */

static struct sockaddr_un name = { AF_UNIX, "\0bench" };

static void make_listener(void)
{
	MUST(to[0] = socket(AF_UNIX, SOCK_STREAM, 0));
	MUST(bind(to[0], (struct sockaddr *)&name, sizeof(name)));
	MUST(listen(to[0], 8));
}

static void close_listener(void)
{
	close(to[0]);
}

static void connect_once(void)
{
	int here, there;

	MUST(here = socket(AF_UNIX, SOCK_STREAM, 0));
	MUST(connect(here, (struct sockaddr *)&name, sizeof(name)));
	MUST(there = accept(to[0], NULL, NULL));
	close(here);
	close(there);
}

static uint64_t run_connect(unsigned n)
{
	return TIMED(n, connect_once());
}

static void make_sockets(void)
{
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, to));
}

static void close_sockets(void)
{
	close(to[0]);
	close(to[1]);
}

static void pass_descriptor(void)
{
	char room[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
	struct iovec part = { &byte, 1 };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = room,
			    .msg_controllen = sizeof(room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int fd;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &(int){ 0 }, sizeof(int));
	MUST(sendmsg(to[0], &m, 0));
	MUST(recvmsg(to[1], &m, 0));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	MUST(close(fd));
}

static uint64_t run_pass(unsigned n)
{
	return TIMED(n, pass_descriptor());
}

/* ---- signals ------------------------------------------------------------------------ */

static sigset_t both;

static void answer_signal(void)
{
	siginfo_t info;

	if (sigwaitinfo(&both, &info) < 0 || kill(getppid(), SIGUSR2))
		_exit(1);
}

static void make_signals(void)
{
	sigemptyset(&both);
	sigaddset(&both, SIGUSR1);
	sigaddset(&both, SIGUSR2);
	MUST(sigprocmask(SIG_BLOCK, &both, NULL));
	to[0] = to[1] = from[0] = from[1] = -1;
	partner_start(answer_signal);
}

static uint64_t run_signals(unsigned n)
{
	siginfo_t info;

	return TIMED(n, MUST(kill(bench_partner, SIGUSR1));
		     MUST(sigwaitinfo(&both, &info)));
}

/* ---- System V and POSIX ---------------------------------------------------------------- */

static int id;

static void change(unsigned short which, short by)
{
	struct sembuf s = { which, by, 0 };

	MUST(semop(id, &s, 1));
}

static void make_semaphore(void)
{
	MUST(id = semget(IPC_PRIVATE, 2, 0600));
}

static void drop_semaphore(void)
{
	semctl(id, 0, IPC_RMID);
}

static uint64_t run_semaphore(unsigned n)
{
	return TIMED(n, change(0, 1);
		     change(0, -1));
}

static void answer_semaphore(void)
{
	change(0, -1);
	change(1, 1);
}

static void make_semaphores(void)
{
	make_semaphore();
	to[0] = to[1] = from[0] = from[1] = -1;
	partner_start(answer_semaphore);
}

static void drop_semaphores(void)
{
	stop();
	drop_semaphore();
}

static uint64_t run_semaphores(unsigned n)
{
	return TIMED(n, change(0, 1);
		     change(1, -1));
}

struct message {
	long type;
	char text[64];
};

static void answer_message(void)
{
	struct message m;

	if (msgrcv(id, &m, sizeof(m.text), 1, 0) < 0)
		_exit(1);
	m.type = 2;
	if (msgsnd(id, &m, sizeof(m.text), 0))
		_exit(1);
}

static void make_messages(void)
{
	MUST(id = msgget(IPC_PRIVATE, 0600));
	to[0] = to[1] = from[0] = from[1] = -1;
	partner_start(answer_message);
}

static void drop_messages(void)
{
	stop();
	msgctl(id, IPC_RMID, NULL);
}

static uint64_t run_messages(unsigned n)
{
	struct message m = { .text = "" };

	return TIMED(n, m.type = 1;
		     MUST(msgsnd(id, &m, sizeof(m.text), 0));
		     MUST(msgrcv(id, &m, sizeof(m.text), 2, 0)));
}

static void make_shared(void)
{
	MUST(id = shmget(IPC_PRIVATE, 65536, 0600));
}

static void drop_shared(void)
{
	shmctl(id, IPC_RMID, NULL);
}

static void attach_once(void)
{
	void *at = shmat(id, NULL, 0);

	must(at != (void *)-1, "shmat");
	*(volatile char *)at = 1;
	MUST(shmdt(at));
}

static uint64_t run_shared(unsigned n)
{
	return TIMED(n, attach_once());
}

/* ---- a pseudo-terminal ------------------------------------------------------------------- */

static void open_terminal(void)
{
	MUST(to[1] = open("/dev/ptmx", O_RDWR | O_NOCTTY));
	MUST(grantpt(to[1]));
	MUST(unlockpt(to[1]));
	MUST(to[0] = open(ptsname(to[1]), O_RDWR | O_NOCTTY));
	from[0] = from[1] = -1;
}

static uint64_t run_echo(unsigned n)
{
	char byte = 'x';

	return TIMED(n, MUST(write(to[1], &byte, 1));
		     MUST(read(to[1], &byte, 1));
		     if (i_ % 1024 == 0)
			     tcflush(to[0], TCIFLUSH));
}

static void close_terminal(void)
{
	close(to[0]);
	close(to[1]);
}

static void answer_line(void)
{
	char line[64];
	ssize_t n = read(to[0], line, sizeof(line));

	if (n < 0 || write(to[0], line, (size_t)n) != n)
		_exit(1);
}

static void make_terminal(void)
{
	struct termios t;

	open_terminal();
	MUST(tcgetattr(to[0], &t));
	t.c_lflag &= ~(tcflag_t)ECHO;
	MUST(tcsetattr(to[0], TCSANOW, &t));
	partner_start(answer_line);
}

static void ask_line(void)
{
	char line[64];
	ssize_t n;

	MUST(write(to[1], "a line\n", 7));
	do
		MUST(n = read(to[1], line, sizeof(line)));
	while (line[n - 1] != '\n');
}

static uint64_t run_line(unsigned n)
{
	return TIMED(n, ask_line());
}

const struct row message_rows[] = {
	{ "AF_UNIX stream, round trip", run_byte, make_stream, stop, 1000, 0 },
	{ "AF_UNIX datagram, round trip", run_byte, make_datagram, stop, 1000, 0 },
	{ "AF_UNIX seqpacket, round trip", run_byte, make_packet, stop, 1000, 0 },
	{ "AF_UNIX stream, 64 KiB", run_bulk, make_bulk, stop, 50, 0 },
	{ "AF_UNIX, connect+accept+close", run_connect, make_listener, close_listener, 500, 0 },
	{ "AF_UNIX, pass a descriptor", run_pass, make_sockets, close_sockets, 1000, 0 },
	{ "pipe, round trip", run_byte, make_pipes, stop, 1000, 0 },
	{ "eventfd, round trip", run_eventfds, make_eventfds, stop, 1000, 0 },
	{ "signals, round trip", run_signals, make_signals, stop, 1000, 0 },
	{ "semop, up+down", run_semaphore, make_semaphore, drop_semaphore, 5000, 0 },
	{ "semop, round trip", run_semaphores, make_semaphores, drop_semaphores, 1000, 0 },
	{ "System V message, round trip", run_messages, make_messages, drop_messages, 1000, 0 },
	{ "shmat+touch+shmdt", run_shared, make_shared, drop_shared, 1000, 0 },
	{ "pty, echo of a byte", run_echo, open_terminal, close_terminal, 2000, 0 },
	{ "pty, a line and its answer", run_line, make_terminal, stop, 500, 0 },
	{ 0 }
};
