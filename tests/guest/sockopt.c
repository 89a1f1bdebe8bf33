/* SPDX-License-Identifier: MIT */
/* Every option of every socket: what it is at first, what setting it to 1 gives, and what it is then. */
#include "sockopt.h"

static void ask(const struct kind *k, int level, int option, char *out)
{
	int fd = socket(k->family, k->type, k->protocol), one = 1;

	out += show_get(fd, level, option, out);
	if (level == SOL_SOCKET && option == SO_DEBUG)
		one = 0;
	out += sprintf(out, " %ld ", RESULT(setsockopt(fd, level, option, &one, sizeof(one))));
	show_get(fd, level, option, out);
	close(fd);
}

int main(void)
{
	lo_set(1);
	tell_all(ask);
	return tap_done();
}
