/* SPDX-License-Identifier: MIT */
/* Rows of ./linnet bench ipc: TCP and UDP through the loopback device. */
#include "bench.h"

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define BULK 65536

static int listener, here, there;
static struct sockaddr_in address;
static char buffer[BULK];

static void bring_up(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd;

	MUST(fd = socket(AF_INET, SOCK_DGRAM, 0));
	MUST(ioctl(fd, SIOCSIFFLAGS, &lo));
	close(fd);
}

/* A socket of this type at a free port of 127.0.0.1, which address then names. */
static int bound(int type)
{
	socklen_t size = sizeof(address);
	int fd;

	address = (struct sockaddr_in){ AF_INET, 0, { htonl(INADDR_LOOPBACK) }, "" };
	MUST(fd = socket(AF_INET, type, 0));
	MUST(bind(fd, (struct sockaddr *)&address, size));
	MUST(getsockname(fd, (struct sockaddr *)&address, &size));
	return fd;
}

static void listen_here(void)
{
	bring_up();
	listener = bound(SOCK_STREAM);
	MUST(listen(listener, 64));
}

static void connect_both(void)
{
	int on = 1;

	MUST(here = socket(AF_INET, SOCK_STREAM, 0));
	MUST(connect(here, (struct sockaddr *)&address, sizeof(address)));
	MUST(there = accept(listener, NULL, NULL));
	MUST(setsockopt(here, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
	MUST(setsockopt(there, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
}

static void stop(void)
{
	partner_stop();
	close(here);
	close(there);
	close(listener);
}

static void answer_byte(void)
{
	char byte;

	if (recv(there, &byte, 1, 0) != 1 || send(there, &byte, 1, 0) != 1)
		_exit(1);
}

static uint64_t run_byte(unsigned n)
{
	char byte = 0;

	return TIMED(n, MUST(send(here, &byte, 1, 0));
		     MUST(recv(here, &byte, 1, 0)));
}

static void make_tcp(void)
{
	listen_here();
	connect_both();
	partner_start(answer_byte);
}

static void make_udp(void)
{
	struct sockaddr_in first;

	bring_up();
	listener = -1;
	here = bound(SOCK_DGRAM);
	first = address;
	there = bound(SOCK_DGRAM);
	MUST(connect(here, (struct sockaddr *)&address, sizeof(address)));
	MUST(connect(there, (struct sockaddr *)&first, sizeof(first)));
	partner_start(answer_byte);
}

static void answer_bulk(void)
{
	if (send(there, buffer, BULK, 0) < 0)
		_exit(1);
}

static void make_bulk(void)
{
	listen_here();
	connect_both();
	partner_start(answer_bulk);
}

static void read_bulk(void)
{
	for (long got = 0, part; got < BULK; got += part)
		MUST(part = recv(here, buffer, (size_t)(BULK - got), 0));
}

static uint64_t run_bulk(unsigned n)
{
	return TIMED(n, read_bulk());
}

/* The end that connected closes last, so that nothing lingers in its name. */
static void connect_once(void)
{
	MUST(here = socket(AF_INET, SOCK_STREAM, 0));
	MUST(connect(here, (struct sockaddr *)&address, sizeof(address)));
	MUST(there = accept(listener, NULL, NULL));
	close(there);
	close(here);
}

static void close_listener(void)
{
	close(listener);
}

static uint64_t run_connect(unsigned n)
{
	return TIMED(n, connect_once());
}

const struct row inet_rows[] = {
	{ "TCP, round trip", run_byte, make_tcp, stop, 1000, 0 },
	{ "TCP, 64 KiB", run_bulk, make_bulk, stop, 50, 0 },
	{ "TCP, connect+accept+close", run_connect, listen_here, close_listener, 200, 0 },
	{ "UDP, round trip", run_byte, make_udp, stop, 1000, 0 },
	{ 0 }
};
