/* SPDX-License-Identifier: MIT */
/*
 * Packet filters of sockets: SO_ATTACH_FILTER and its kin. What a program loads is seen by how
 * many bytes it leaves of a datagram: it returns the byte, and one.
 */
#include "sockscript.h"
#include <linux/filter.h>
#include <linux/netlink.h>

#define LENGTH 600

static int attach(int fd, struct sock_filter *f, unsigned n)
{
	struct sock_fprog p = { (unsigned short)n, f };

	return RESULT(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof(p)));
}

#define ATTACH(fd, ...) ({ struct sock_filter f_[] = { __VA_ARGS__ }; attach(fd, f_, sizeof(f_) / sizeof(f_[0])); })
#define LD(mode, k)  BPF_STMT(BPF_LD | (mode), (uint32_t)(k))
#define LDX(mode, k) BPF_STMT(BPF_LDX | (mode), (uint32_t)(k))
#define ALU(op, k)   BPF_STMT(BPF_ALU | (op) | BPF_K, (uint32_t)(k))
#define RET(k)       BPF_STMT(BPF_RET | BPF_K, (uint32_t)(k))
#define RETA         BPF_STMT(BPF_RET | BPF_A, 0)

static int pair_of(const char *kind, int fd[2])
{
	if (strcmp(kind, "UDP6"))
		return script_pair(kind, fd);
	fd[0] = socket(AF_INET6, SOCK_DGRAM, 0);
	fd[1] = socket(AF_INET6, SOCK_DGRAM, 0);
	return do_bind(fd[1], "::1", 0) || do_connect(fd[0], "::1", port_of(fd[1]));
}

/* What is left of a datagram whose bytes are 10, 11, 12 ..., or -1. */
static int left_of(int fd[2])
{
	unsigned char data[LENGTH];

	for (int i = 0; i < LENGTH; i++)
		data[i] = (unsigned char)(i + 10);
	if (send(fd[0], data, sizeof(data), MSG_DONTWAIT) != sizeof(data))
		return -2;
	return (int)recv(fd[1], data, sizeof(data), MSG_DONTWAIT);
}

static void loads(const char *kind)
{
	static const int at[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 20, 300, LENGTH - 1, LENGTH, LENGTH + 7, LENGTH + 8, -1, -100 };
	char text[600] = "";
	int fd[2];

	pair_of(kind, fd);
	for (unsigned i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		bool port = *kind == 'U' && at[i] < 4; /* they differ */
		int result = ATTACH(fd[1], LD(BPF_B | BPF_ABS, at[i]), ALU(BPF_ADD, 9), RETA), left = left_of(fd);

		sprintf(text + strlen(text), "%d:%d,%d ", at[i], result, port ? 0 : left);
	}
	TELL(kind, "%s", text);
	*text = 0;
	for (int k = -4; k < 72; k++) {
		bool differs = k == SKF_AD_CPU || k == SKF_AD_RANDOM || k == SKF_AD_RXHASH || k == SKF_AD_QUEUE || k == SKF_AD_PAY_OFFSET;
		int result = ATTACH(fd[1], LD(BPF_W | BPF_ABS, SKF_AD_OFF + k), ALU(BPF_AND, 0xff), ALU(BPF_ADD, 9), RETA);
		int left = left_of(fd);

		if (result != -EINVAL)
			sprintf(text + strlen(text), "%d:%d,%d ", k, result, differs ? 0 : left);
	}
	TELL("facts", "%s %s", kind, text);
	close(fd[0]);
	close(fd[1]);
}

/* The headers' bytes; some differ each time. */
static void headers(const char *kind)
{
	bool six = !strcmp(kind, "UDP6");
	char text[900] = "";
	int fd[2];

	pair_of(kind, fd);
	for (int i = 0; i < (six ? 48 : 28); i++) {
		bool differs = (six ? i >= 40 : i >= 20) || (!six && (i == 4 || i == 5 || i == 10 || i == 11)) || (six && i >= 1 && i < 4);

		ATTACH(fd[1], LD(BPF_B | BPF_ABS, SKF_NET_OFF + i), ALU(BPF_ADD, 9), RETA);
		sprintf(text + strlen(text), "%d ", differs ? 0 : left_of(fd));
	}
	TELL("network header", "%s: %s", kind, text);
	*text = 0;
	for (int i = 0; i < 20; i++) {
		ATTACH(fd[1], LD(BPF_B | BPF_ABS, SKF_LL_OFF + i), ALU(BPF_ADD, 9), RETA);
		sprintf(text + strlen(text), "%d ", i >= 15 ? 0 : left_of(fd));
	}
	TELL("link header", "%s: %s", kind, text);
	close(fd[0]);
	close(fd[1]);
}

static void programs(const char *kind)
{
	char text[600] = "";
	int fd[2];

	pair_of(kind, fd);
#define TRY(...) sprintf(text + strlen(text), "%d,%d ", ATTACH(fd[1], __VA_ARGS__), left_of(fd))
	TRY(RET(0));
	TRY(RET(1));
	TRY(RET(8));
	TRY(RET(9));
	TRY(RET(20));
	TRY(RET(LENGTH));
	TRY(RET(LENGTH + 8));
	TRY(RET(0xffffffff));
	TRY(LD(BPF_W | BPF_LEN, 0), RETA);
	TRY(LD(BPF_W | BPF_LEN, 0), ALU(BPF_SUB, 5), RETA);
	TRY(LDX(BPF_W | BPF_LEN, 0), BPF_STMT(BPF_MISC | BPF_TXA, 0), ALU(BPF_DIV, 3), RETA);
	TRY(LDX(BPF_B | BPF_MSH, 12), BPF_STMT(BPF_MISC | BPF_TXA, 0), ALU(BPF_ADD, 10), RETA);
	TRY(LDX(BPF_W | BPF_IMM, 30), LD(BPF_B | BPF_IND, 3), RETA);
	TRY(LDX(BPF_W | BPF_IMM, 30), LD(BPF_B | BPF_IND, -3), RETA);
	TRY(LDX(BPF_W | BPF_IMM, 3), LD(BPF_B | BPF_IND, -30), RETA);
	TRY(LD(BPF_H | BPF_ABS, 20), ALU(BPF_AND, 0xff), RETA);
	TRY(LD(BPF_W | BPF_ABS, 20), ALU(BPF_RSH, 24), RETA);
	TRY(LD(BPF_W | BPF_ABS, LENGTH - 2), RET(50));
	TRY(LD(BPF_W | BPF_IMM, 1000), ALU(BPF_MOD, 300), RETA);
	TRY(LD(BPF_W | BPF_IMM, 1000), BPF_STMT(BPF_ALU | BPF_MOD | BPF_X, 0), RET(30));
	TRY(LD(BPF_W | BPF_IMM, 1000), BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0), RET(30));
	TRY(LD(BPF_W | BPF_IMM, 100), LDX(BPF_W | BPF_IMM, 60), LD(BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_ALU_XOR_X), RETA);
	TELL(kind, "%s", text);
	close(fd[0]);
	close(fd[1]);
}

static void refused(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), n = 1;
	struct sock_filter many[4096];
	struct sock_fprog p = { 1, NULL };
	char text[600] = "";

#define REFUSED(...) sprintf(text + strlen(text), "%d ", ATTACH(fd, __VA_ARGS__))
	REFUSED(LD(BPF_B | BPF_ABS, 0));
	REFUSED(ALU(BPF_DIV, 0), RET(0));
	REFUSED(ALU(BPF_MOD, 0), RET(0));
	REFUSED(ALU(BPF_LSH, 32), RET(0));
	REFUSED(LD(BPF_W | BPF_MEM, 0), RET(0));
	REFUSED(LD(BPF_W | BPF_MEM, 16), RET(0));
	REFUSED(LDX(BPF_W | BPF_ABS, 0), RET(0));
	REFUSED(LDX(BPF_H | BPF_MSH, 0), RET(0));
	REFUSED(LD(BPF_B | BPF_LEN, 0), RET(0));
	REFUSED(LD(BPF_B | BPF_MSH, 0), RET(0));
	REFUSED(BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0), RET(0));
	REFUSED(BPF_JUMP(BPF_JMP | BPF_JEQ, 1, 0, 1), RET(0));
	REFUSED(BPF_STMT(0xffff, 0), RET(0));
	REFUSED(BPF_STMT(BPF_RET | BPF_X, 0));
	TELL("refused", "%s", text);
	TELL("no program", "%ld %ld", RESULT(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof(p))),
	     RESULT(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof(p) - 1)));
	p.filter = (struct sock_filter *)8;
	TELL("no memory there", "%ld", RESULT(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof(p))));
	for (int i = 0; i < 4096; i++)
		many[i] = (struct sock_filter)RET(i + 1);
	TELL("lengths", "%d %d %d %d", attach(fd, many, 0), attach(fd, many, 1000), attach(fd, many, 4096), attach(fd, many, 4097));
	TELL("descriptors", "%ld %ld %ld", RESULT(setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &n, sizeof(n))),
	     (n = 12345, RESULT(setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &n, sizeof(n)))),
	     RESULT(setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &n, 8)));
	close(fd);
}

static void options(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), one = 1, zero = 0;
	struct sock_filter f[3] = { { 0 } };
	socklen_t n = 3;
	long result;

	TELL("detach nothing", "%ld", RESULT(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &one, sizeof(one))));
	result = RESULT(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, f, &n));
	TELL("get nothing", "%ld %u", result, n);
	ATTACH(fd, LD(BPF_W | BPF_LEN, 0), RETA);
	for (int room = 3; room >= 0; room--) {
		n = (socklen_t)room;
		result = RESULT(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, f, &n));
		TELL("get", "%d: %ld %u, %x %x", room, result, n, f[0].code, f[1].code);
	}
	TELL("lock", "%d %ld %d", opt_get(fd, SOL_SOCKET, SO_LOCK_FILTER),
	     RESULT(setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &one, sizeof(one))), opt_get(fd, SOL_SOCKET, SO_LOCK_FILTER));
	TELL("locked", "%ld %ld %d %ld %ld", RESULT(setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &zero, sizeof(zero))),
	     RESULT(setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &one, sizeof(one))), ATTACH(fd, RET(1)),
	     RESULT(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &one, sizeof(one))),
	     RESULT(setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &one, sizeof(one))));
	close(fd);
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	ATTACH(fd, RET(1));
	TELL("detach", "%ld %ld %d", RESULT(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &one, 3)),
	     RESULT(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &one, 4)), opt_get(fd, SOL_SOCKET, SO_BPF_EXTENSIONS));
	close(fd);
}

/* Which of three sockets that share a port gets it: the program says. */
static void shared(void)
{
	static const struct sock_filter program[] = { LD(BPF_B | BPF_ABS, 0), RETA };
	struct sock_fprog p = { 2, (struct sock_filter *)program };
	int fd[3], from = socket(AF_INET, SOCK_DGRAM, 0), one = 1;
	char text[200] = "";

	for (int i = 0; i < 3; i++)
		fd[i] = socket(AF_INET, SOCK_DGRAM, 0);
	TELL("not shared", "%ld %ld", RESULT(setsockopt(fd[0], SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &p, sizeof(p))),
	     RESULT(setsockopt(fd[0], SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &one, sizeof(one))));
	for (int i = 0; i < 3; i++) {
		opt_set(fd[i], SOL_SOCKET, SO_REUSEPORT, 1);
		do_bind(fd[i], "127.0.0.1", i ? port_of(fd[0]) : 0);
	}
	TELL("no program yet", "%ld", RESULT(setsockopt(fd[1], SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &one, sizeof(one))));
	TELL("for three", "%ld", RESULT(setsockopt(fd[1], SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &p, sizeof(p))));
	for (int i = 0; i < 6; i++) {
		char c = (char)(i % 3), d;

		sendto(from, &c, 1, 0, NULL, 0);
		do_connect(from, "127.0.0.1", port_of(fd[0]));
		send(from, &c, 1, 0);
		for (int k = 0; k < 3; k++)
			if (recv(fd[k], &d, 1, MSG_DONTWAIT) == 1)
				sprintf(text + strlen(text), "%d:%d ", k, d);
	}
	TELL("chosen", "%s", text);
	TELL("gone", "%ld %ld", RESULT(setsockopt(fd[2], SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &one, sizeof(one))),
	     RESULT(setsockopt(fd[2], SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &one, sizeof(one))));
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	close(from);
}

/* The same for listeners, with a program that was there before bind(2). */
static void shared_listeners(void)
{
	struct sock_filter program[] = { RET(1) };
	struct sock_fprog p = { 1, program };
	int fd[2], c;

	for (int i = 0; i < 2; i++) {
		fd[i] = socket(AF_INET, SOCK_STREAM, 0);
		opt_set(fd[i], SOL_SOCKET, SO_REUSEPORT, 1);
	}
	TELL("before bind", "%ld", RESULT(setsockopt(fd[0], SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &p, sizeof(p))));
	for (int i = 0; i < 2; i++) {
		do_bind(fd[i], "127.0.0.1", i ? port_of(fd[0]) : 0);
		listen(fd[i], 5);
	}
	for (int i = 0; i < 4; i++) {
		c = socket(AF_INET, SOCK_STREAM, 0);
		do_connect(c, "127.0.0.1", port_of(fd[0]));
		TELL("listener", "%d %d", poll_of(fd[0]), poll_of(fd[1]));
		close(accept(poll_of(fd[0]) ? fd[0] : fd[1], NULL, NULL));
		close(c);
	}
	close(fd[0]);
	close(fd[1]);
}

static void netlink(void)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK };
	int fd[2] = { socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK), socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK) };
	socklen_t n = sizeof(a);
	char data[100] = { 1, 2, 3, 4, 5, 6 };

	bind(fd[1], (struct sockaddr *)&a, sizeof(a));
	getsockname(fd[1], (struct sockaddr *)&a, &n);
	connect(fd[0], (struct sockaddr *)&a, sizeof(a));
	TELL("netlink", "%d", left_of(fd));
	ATTACH(fd[1], RET(0));
	TELL("netlink, nothing", "%d", left_of(fd));
	ATTACH(fd[1], LD(BPF_W | BPF_LEN, 0), RETA);
	TELL("netlink, all", "%d", left_of(fd));
	ATTACH(fd[1], LD(BPF_B | BPF_ABS, 5), RETA);
	TELL("netlink, a part, which the sender sees", "%ld %zd", RESULT(send(fd[0], data, sizeof(data), MSG_DONTWAIT)),
	     recv(fd[1], data, sizeof(data), MSG_DONTWAIT));
	TELL("what is left", "%zd", recv(fd[1], data, sizeof(data), MSG_DONTWAIT));
	close(fd[0]);
	close(fd[1]);
}

int main(void)
{
	static const char *const kinds[] = { "datagram", "packet", "UDP", "UDP6" };

	lo_set(1);
	for (int i = 0; i < 4; i++) {
		loads(kinds[i]);
		programs(kinds[i]);
	}
	headers("UDP");
	headers("UDP6");
	refused();
	options();
	netlink();
	shared();
	shared_listeners();
	return tap_done();
}
