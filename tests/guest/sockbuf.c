/* SPDX-License-Identifier: MIT */
/*
 * What a socket's buffer may hold is a limit of memory: full ones take no more than they are
 * allowed, whatever the size of the writes. Writes of a page took twice that once.
 */
#include "net.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#define PAIRS 100

static char data[40000];

/* With red zones behind them objects of a power of two take twice their size. */
static int checked_build(void)
{
	struct utsname u;

	return !uname(&u) && strstr(u.version, "DEBUG") != NULL;
}

static long free_kb(void)
{
	struct sysinfo s;

	sysinfo(&s);
	return (long)(s.freeram * s.mem_unit / 1024);
}

/* KiB that a pair filled by writes of n bytes takes. */
static long taken_by_each(int type, size_t n)
{
	int fd[PAIRS][2];
	long before;

	for (int i = 0; i < PAIRS; i++) {
		int size = 50000;

		if (type)
			socketpair(AF_UNIX, type, 0, fd[i]);
		else
			tcp_pair(fd[i]);
		setsockopt(fd[i][0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
		setsockopt(fd[i][1], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
		fcntl(fd[i][0], F_SETFL, O_NONBLOCK);
	}
	before = free_kb();
	for (int i = 0; i < PAIRS; i++)
		while (write(fd[i][0], data, n) > 0)
			;
	before -= free_kb();
	for (int i = 0; i < PAIRS; i++) {
		close(fd[i][0]);
		close(fd[i][1]);
	}
	return before / PAIRS;
}

int main(void)
{
	static const struct { const char *name; int type; int limit; } kinds[] = {
		{ "stream", SOCK_STREAM, 100000 }, { "packets", SOCK_SEQPACKET, 100000 }, { "TCP", 0, 300000 },
	};
	static const size_t sizes[] = { 64, 4096, 5000, 9000, 33000 };

	lo_set(1);
	for (int k = 0; k < 3; k++) {
		for (int i = 0; i < 5; i++) {
			char name[64];
			long kb = taken_by_each(kinds[k].type, sizes[i]) >> checked_build();

			/* One write goes beyond the limit, and frames come in caches. */
			snprintf(name, sizeof(name), "%s, writes of %zu", kinds[k].name, sizes[i]);
			if (kb > kinds[k].limit * 5 / 4 / 1024 + 40)
				printf("# %ld KiB\n", kb);
			CHECK(name, kb <= kinds[k].limit * 5 / 4 / 1024 + 40);
		}
	}
	return tap_done();
}
