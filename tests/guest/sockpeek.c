/* SPDX-License-Identifier: MIT */
/* SO_PEEK_OFF (socket(7)): peeking goes on where the last one stopped, and what is read moves the place back. */
#include "sockscript.h"

static const char *const kinds[] = { "stream", "datagram", "packet", "UDP", "TCP" };

static const char *const scripts[] = {
	"g k0 g sabcdef p2 g p2 g p5 g p1 g r1 g p3 g r9 g",
	"k2 sabcdef p2 p2 p2 p2 sgh p9 g r9 g p9",
	"sabc sdef k0 p2 p2 p2 p2 p2 g r2 g p2 r9 g p9 g",
	"sabc sdef k3 p9 g k4 p9 g k6 p9 g k7 p9 g k2 p9 g",
	"k-1 g k-5 g sabc p2 p2 k0 p2 p2 k-1 p2 p2 g",
	"k0 sabcdef T2 g T2 g T9 g t2 g",
	"s s k0 p1 p1 p1 g r1 g p1",
	"k5 sabc p1 g r3 g p1 w p1 r1 g",
	"k0 sabc q n p9 q n g p9 c p9 q r9 r9 g",
};

/* A peek that waits for more than is there is woken by what comes. (Of a stream, Linux gives it what was there, too.) */
static void waiting(const char *kind)
{
	char data[10] = "";
	int fd[2], zero = 0;
	ssize_t n;

	script_pair(kind, fd);
	setsockopt(fd[1], SOL_SOCKET, SO_PEEK_OFF, &zero, sizeof(zero));
	send(fd[0], "ab", 2, 0);
	recv(fd[1], data, 9, MSG_PEEK);
	if (!fork()) {
		sleep_ms(100);
		send(fd[0], "cd", 2, 0);
		_exit(0);
	}
	n = recv(fd[1], data, 9, MSG_PEEK);
	TELL(kind, "waited for %zd %.*s", n, n > 0 ? (int)n : 0, data);
	wait(NULL);
	close(fd[0]);
	close(fd[1]);
}

int main(void)
{
	static const char *const pool[] = { "s1", "s3", "s6", "s0", "p1", "p2", "p4", "p30", "r1", "r3", "r30", "k0", "k2", "k-1", "g",
					    "p2", "p3", "T2", "s4", "n" };
	uint32_t seed = 1;

	lo_set(1);
	for (unsigned k = 0; k < 5; k++)
		for (unsigned i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
			script_tell(kinds[k], scripts[i]);
	for (unsigned k = 1; k < 4; k++)
		waiting(kinds[k]);
	for (unsigned k = 0; k < 4; k++)
		for (int i = 0; i < 50; i++)
			script_random(kinds[k], pool, sizeof(pool) / sizeof(pool[0]), 40, &seed);
	return tap_done();
}
