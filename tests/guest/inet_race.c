/* SPDX-License-Identifier: MIT */
/* Sockets that several threads use, part and close at once: nothing to see but that all of it ends. */
#include "net.h"
#include <pthread.h>

#define TURNS 300

static int server, udp, shared[2];
static volatile int stop;
static long accepted;

static void *accept_all(void *arg)
{
	char b[64];
	int fd;

	while ((fd = accept(server, NULL, NULL)) >= 0) {
		__atomic_fetch_add(&accepted, 1, __ATOMIC_SEQ_CST);
		if (fd % 3 == 0)
			recv(fd, b, sizeof(b), MSG_DONTWAIT);
		if (fd % 3 == 1)
			send(fd, "bye", 3, MSG_NOSIGNAL | MSG_DONTWAIT);
		close(fd);
	}
	return arg;
}

static void *connect_often(void *arg)
{
	long me = (long)arg, joined = 0;
	char b[64];

	for (int i = 0; i < TURNS; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | (i % 5 == 4 ? SOCK_NONBLOCK : 0), 0);

		if (i % 7 == 3)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 }, sizeof(struct linger));
		joined += do_connect(fd, "127.0.0.1", port_of(server)) == 0;
		send(fd, "hello", 5, MSG_NOSIGNAL | MSG_DONTWAIT | (i % 4 == 2 ? MSG_OOB : 0));
		if ((i + me) % 3 == 0)
			shutdown(fd, SHUT_WR);
		if ((i + me) % 3 == 1)
			recv(fd, b, sizeof(b), MSG_DONTWAIT);
		if (i % 11 == 5)
			connect(fd, &(struct sockaddr){ .sa_family = AF_UNSPEC }, sizeof(struct sockaddr));
		close(fd);
	}
	return (void *)joined;
}

/* Both ends of one connection, by everybody. */
static void *use_shared(void *arg)
{
	int fd = shared[(long)arg & 1];
	char b[600];

	while (!stop) {
		send(fd, b, sizeof(b), MSG_NOSIGNAL | MSG_DONTWAIT);
		recv(fd, b, sizeof(b), MSG_DONTWAIT);
		poll_of(fd);
	}
	return arg;
}

static void *datagrams(void *arg)
{
	char b[16];

	for (int i = 0; i < TURNS; i++) {
		int fd = socket(AF_INET, SOCK_DGRAM, 0);

		do_connect(fd, "127.0.0.1", i % 4 ? port_of(udp) : 9);
		send(fd, "x", 1, MSG_DONTWAIT);
		send(fd, "x", 1, MSG_DONTWAIT);
		recv(udp, b, 16, MSG_DONTWAIT);
		close(fd);
	}
	return arg;
}

static void *look(void *arg)
{
	static const char *files[] = { "/proc/net/tcp", "/proc/net/udp", "/proc/net/sockstat" };
	static __thread char text[65536];

	for (int i = 0; !stop; i++) {
		int fd = open(files[i % 3], O_RDONLY);

		while (read(fd, text, sizeof(text)) > 0)
			;
		close(fd);
	}
	return arg;
}

int main(void)
{
	pthread_t t[4], a[2], u[4], d[2], l;
	void *joined;
	long sum = 0;

	signal(SIGPIPE, SIG_IGN);
	lo_set(1);
	server = listener("127.0.0.1", 4);
	udp = socket(AF_INET, SOCK_DGRAM, 0);
	do_bind(udp, "127.0.0.1", 0);
	tcp_pair(shared);
	pthread_create(&l, NULL, look, NULL);
	for (long i = 0; i < 4; i++)
		pthread_create(&u[i], NULL, use_shared, (void *)i);
	for (long i = 0; i < 2; i++) {
		pthread_create(&a[i], NULL, accept_all, (void *)i);
		pthread_create(&d[i], NULL, datagrams, (void *)i);
	}
	for (long i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, connect_often, (void *)i);
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &joined);
		sum += (long)joined;
	}
	connect(shared[0], &(struct sockaddr){ .sa_family = AF_UNSPEC }, sizeof(struct sockaddr));
	shutdown(server, SHUT_RDWR);
	for (int i = 0; i < 2; i++) {
		pthread_join(a[i], NULL);
		pthread_join(d[i], NULL);
	}
	stop = 1;
	for (int i = 0; i < 4; i++)
		pthread_join(u[i], NULL);
	pthread_join(l, NULL);
	CHECK("blocking connections were joined", sum == 4 * TURNS * 4 / 5);
	CHECK("and accepted", accepted >= sum);
	CHECK("the shared one is reset", ({ char b[8]; recv(shared[1], b, 8, MSG_DONTWAIT) <= 8; }));
	return tap_done();
}
