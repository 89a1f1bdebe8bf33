/* SPDX-License-Identifier: MIT */
/*
 * Every option of every socket, with values that are too small, too large, too short, too long; and
 * without privilege.
 */
#include "sockopt.h"

static int set(int fd, int level, int option, int value, socklen_t n)
{
	int v[16] = { value };

	return (int)RESULT(setsockopt(fd, level, option, v, n));
}

static void ask_values(const struct kind *k, int level, int option, char *out)
{
	static const int values[] = { 0, -1, 2, 3, 100, 256, 70000, INT_MAX };
	int fd;

	for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		fd = socket(k->family, k->type, k->protocol);
		out += sprintf(out, "%d ", level == SOL_SOCKET && option == SO_DEBUG ? 0 : set(fd, level, option, values[i], 4));
		close(fd);
	}
}

static void ask_lengths(const struct kind *k, int level, int option, char *out)
{
	static const socklen_t lengths[] = { 0, 1, 3, 8, 40, 64 };
	char data[300] = "";
	int fd;

	for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		fd = socket(k->family, k->type, k->protocol);
		out += sprintf(out, "%d ", level == SOL_SOCKET && option == SO_DEBUG ? 0 : set(fd, level, option, 1, lengths[i]));
		close(fd);
	}
	for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		socklen_t n = lengths[i];

		memset(data, 0, sizeof(data));
		fd = socket(k->family, k->type, k->protocol);
		out += sprintf(out, "%ld", RESULT(getsockopt(fd, level, option, data, &n)));
		out += sprintf(out, "/%u ", n);
		close(fd);
	}
}

static void ask_unprivileged(const struct kind *k, int level, int option, char *out)
{
	static const int values[] = { 0, 1, 2, 100 };

	if (k->type == SOCK_RAW && k->family != AF_NETLINK)
		return;
	for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		int fd = socket(k->family, k->type, k->protocol);

		out += sprintf(out, "%d ", set(fd, level, option, values[i], 4));
		close(fd);
	}
}

int main(void)
{
	lo_set(1);
	tell_all(ask_values);
	tell_all(ask_lengths);
	setresgid(65534, 65534, 65534);
	setresuid(65534, 65534, 65534);
	tell_all(ask_unprivileged);
	return tap_done();
}
