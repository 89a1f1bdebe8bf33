/* SPDX-License-Identifier: MIT */
/* Urgent bytes between Unix stream sockets (MSG_OOB): sent, read, marked, told by poll and SIGURG. */
#include "sockscript.h"

static const char *const scripts[] = {
	"oa q n m R1 q n m R1 r1 q n",
	"oabc q n m r9 m R1 m r9 q n",
	"oabc P1 P1 R1 P1 r9 r9",
	"sabc ox sdef m r9 m r9 m R1",
	"sabc ox sdef R1 r9 r9",
	"sabc ox sdef r2 m r2 m r2",
	"oa ob r9 r9 R1 R1",
	"sab oc sde of r9 R1 r9 r9 r9",
	"i1 oabc R1 m r9 m r9 m R1",
	"i1 sab oc sde r9 q r9 q r9",
	"oa i1 R1 r1 i0 R1 r1",
	"i1 oa i0 r1 R1",
	"o R1 r1 q",
	"oabc R0 R1",
	"oabc r0 r2 r0 m",
	"oabc R9 r9",
	"oa c q R1 r1 r1",
	"oa w q r1 r1 R1",
	"sab oc p9 p9 R1 p9 r9",
	"sab oc sde p9 r2 m p9 r9",
	"oa sbc p9 r9",
	"oa R1 sbc p9 r9",
	"oa R1 q n sb oc q n r9 R1 r9",
	"sab oc R1 sd r9 r9",
	"k0 sab oc sde p1 p9 p9 p9 g r9 g",
	"t1 oab t9 T9 R1 t1",
};

static volatile sig_atomic_t urgent;

static void on_urgent(int number)
{
	urgent += number == SIGURG;
}

static void signals(void)
{
	int fd[2];

	signal(SIGURG, on_urgent);
	socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	send(fd[0], "a", 1, MSG_OOB);
	TELL("SIGURG without an owner", "%d", (int)urgent);
	fcntl(fd[1], F_SETOWN, getpid());
	send(fd[0], "b", 1, MSG_OOB);
	TELL("SIGURG", "%d", (int)urgent);
	send(fd[0], "cd", 2, MSG_OOB);
	send(fd[0], "e", 1, 0);
	TELL("another SIGURG", "%d", (int)urgent);
	close(fd[0]);
	close(fd[1]);
}

static void others(void)
{
	char c;
	int fd[2];

	for (int type = SOCK_DGRAM; type <= SOCK_SEQPACKET; type += SOCK_SEQPACKET - SOCK_DGRAM) {
		socketpair(AF_UNIX, type, 0, fd);
		TELL("not for messages", "%ld %ld", RESULT(send(fd[0], "a", 1, MSG_OOB)), RESULT(recv(fd[1], &c, 1, MSG_OOB | MSG_DONTWAIT)));
		close(fd[0]);
		close(fd[1]);
	}
	fd[0] = socket(AF_UNIX, SOCK_STREAM, 0);
	TELL("not connected", "%ld %ld", RESULT(send(fd[0], "a", 1, MSG_OOB)), RESULT(recv(fd[0], &c, 1, MSG_OOB | MSG_DONTWAIT)));
	close(fd[0]);
}

int main(void)
{
	static const char *const pool[] = { "s1", "s3", "o1", "o2", "r1", "r30", "R1", "m", "n", "q", "P1", "r2", "i1", "i0", "s2", "r4" };
	static const char *const peeks[] = { "s1", "s3", "o1", "o2", "r1", "r30", "R1", "m", "n", "q", "p1", "p2", "p9", "r2" };
	uint32_t seed = 7;

	for (unsigned i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
		script_tell("stream", scripts[i]);
	signals();
	others();
	for (int i = 0; i < 100; i++)
		script_random("stream", pool, sizeof(pool) / sizeof(pool[0]), 40, &seed);
	for (int i = 0; i < 100; i++)
		script_random("stream", peeks, sizeof(peeks) / sizeof(peeks[0]), 40, &seed);
	return tap_done();
}
