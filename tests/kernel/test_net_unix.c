/* SPDX-License-Identifier: MIT */
/* Tests of Unix sockets that look inside: nothing stays behind, whatever is on its way. */
#include "base/ktest.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/inject.h"
#include "mem/slab.h"
#include "net/unix.h"
#include "sched/work.h"
#include <linux/fcntl.h>

/* Objects in use that a socket, a file or a message could leave behind. */
static void count_one(void *arg, const struct kcache_stats *s)
{
	static const char *const names[] = { "file", "inode", "dentry", "kmalloc-768", "kmalloc-1024", "kmalloc-8192" };

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(s->name, names[i]))
			*(uint64_t *)arg += s->used;
}

static uint64_t objects(void)
{
	uint64_t n = 0;

	for (int i = 0; i < 3; i++) /* what is freed may free more, each after a grace period */
		work_settle();
	kcache_for_each(count_one, &n);
	return n;
}

static ssize_t put(struct file *f, const void *buf, size_t n)
{
	struct iter it;

	iter_init_kernel(&it, (void *)(uintptr_t)buf, n, true);
	return file_write(f, &it, NULL);
}

static ssize_t get(struct file *f, void *buf, size_t n)
{
	struct iter it;

	iter_init_kernel(&it, buf, n, false);
	return file_read(f, &it, NULL);
}

/* One byte over `to` with files along. */
static ssize_t send_files(struct file *to, struct file *a, struct file *b)
{
	struct control c = { .rights = rights_grow(NULL, 2) };
	struct socket_message m = { .control = &c, .flags = MSG_DONTWAIT };
	struct iter it;
	ssize_t n;

	if (!c.rights)
		return -ENOMEM;
	file_get(a);
	c.rights->file[c.rights->count++] = a;
	if (b) {
		file_get(b);
		c.rights->file[c.rights->count++] = b;
	}
	iter_init_kernel(&it, "f", 1, true);
	m.data = &it;
	n = socket_send(socket_of_file(to), &m);
	control_free(&c);
	return n;
}

static int pair(int type, struct file *p[2])
{
	return socket_create_pair(AF_UNIX, type, 0, O_NONBLOCK, p);
}

static void use_stream(void)
{
	struct file *p[2];
	char *big = kzalloc(KiB(100), ALLOC_KERNEL);
	ssize_t n;

	check_equal(pair(SOCK_STREAM, p), 0);
	check_equal(put(p[0], "hello", 5), 5);
	check_equal(get(p[1], big, 3), 3);
	check_equal(get(p[1], big + 3, 100), 2);
	check(!memcmp(big, "hello", 5));
	n = put(p[0], big, KiB(100));
	check_equal(n, KiB(100));
	check_equal(get(p[1], big, KiB(50)), KiB(50));
	check(file_poll(p[1], NULL) & EPOLLIN);
	file_put(p[1]); /* half of it unread */
	check_equal(atomic_load(&socket_of_file(p[0])->send_charge), 0);
	check_equal(get(p[0], big, 1), -ECONNRESET);
	file_put(p[0]);
	kfree(big);
}

KTEST(net_unix_stream_leaves_nothing_behind)
{
	uint64_t before;

	use_stream();
	before = objects();
	for (int i = 0; i < 10; i++)
		use_stream();
	check_equal(objects(), before);
}

/* Every kind of thing in flight when both ends go. */
static void close_in_flight(int type)
{
	struct file *p[2], *q[2], *r, *w;

	check_equal(pair(type, p), 0);
	check_equal(pair(SOCK_DGRAM, q), 0);
	check_equal(pipe_create_files(O_NONBLOCK, &r, &w), 0);
	check_equal(send_files(p[0], r, w), 1);
	check_equal(send_files(q[0], r, p[1]), 1);
	check_equal(send_files(p[0], q[1], NULL), 1); /* p[1] is in q[1], and q[1] in p[1] */
	check_equal(send_files(p[1], p[0], q[0]), 1);
	file_put(r);
	check_equal(put(w, "x", 1), 1);
	file_put(p[0]);
	file_put(p[1]);
	file_put(q[0]);
	file_put(q[1]);
	check_equal(pair(SOCK_STREAM, p), 0); /* closing any looks for circles */
	file_put(p[0]);
	file_put(p[1]);
	work_flush();
	file_put(w);
}

KTEST(net_unix_circles_in_flight_are_found)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
	uint64_t before;

	close_in_flight(SOCK_STREAM);
	before = objects();
	for (unsigned i = 0; i < ARRAY_SIZE(types); i++)
		close_in_flight(types[i]);
	check_equal(objects(), before);
}

KTEST(net_unix_what_can_be_received_is_not_collected)
{
	struct file *p[2], *q[2], *r, *w;
	struct control c = { .rights = NULL };
	struct socket_message m = { .control = &c, .flags = MSG_DONTWAIT };
	struct iter it;
	char byte;

	check_equal(pair(SOCK_STREAM, p), 0);
	check_equal(pair(SOCK_STREAM, q), 0);
	check_equal(pipe_create_files(O_NONBLOCK, &r, &w), 0);
	check_equal(send_files(q[0], r, NULL), 1);
	file_put(r);
	check_equal(send_files(q[0], q[1], NULL), 1); /* a circle in q[1] ... */
	check_equal(send_files(p[0], q[1], NULL), 1); /* ... which p[1] leads to */
	file_put(q[1]);
	file_put(q[0]);
	work_flush();
	check_equal(put(w, "x", 1), 1);
	iter_init_kernel(&it, &byte, 1, false);
	m.data = &it;
	check_equal(socket_receive(socket_of_file(p[1]), &m), 1);
	check(c.rights != NULL);
	check_equal(c.rights->count, 1);
	check_equal(get(c.rights->file[0], &byte, 1), 1);
	check_equal(put(w, "x", 1), -EPIPE); /* that read dropped the pipe */
	control_free(&c);
	file_put(w);
	file_put(p[0]);
	file_put(p[1]);
	work_flush();
}

/* Sockets inside of sockets, deeper than a kernel stack could follow. */
KTEST(net_unix_deep_nesting_is_dropped_without_recursion)
{
	struct file *outer[2] = { NULL, NULL }, *p[2];
	uint64_t before = objects();

	for (int i = 0; i < 500; i++) {
		check_equal(pair(SOCK_STREAM, p), 0);
		if (outer[1]) {
			check_equal(send_files(p[0], outer[1], NULL), 1);
			file_put(outer[0]);
			file_put(outer[1]);
		}
		outer[0] = p[0];
		outer[1] = p[1];
	}
	file_put(outer[0]);
	file_put(outer[1]);
	check(objects() <= before + 16);
}

static int connect_once(const struct socket_name *name)
{
	struct file *server, *client = NULL, *far = NULL;
	int error = socket_create_file(AF_UNIX, SOCK_STREAM, 0, O_NONBLOCK, &server);

	if (error)
		return error;
	error = socket_bind(socket_of_file(server), name);
	if (!error)
		error = socket_listen(socket_of_file(server), 1);
	if (!error)
		error = socket_create_file(AF_UNIX, SOCK_STREAM, 0, O_NONBLOCK, &client);
	if (!error)
		error = socket_connect(socket_of_file(client), name);
	if (!error && put(client, "x", 1) != 1)
		error = -ENOMEM;
	if (!error)
		error = socket_accept(socket_of_file(server), 0, &far);
	if (far)
		file_put(far);
	file_put(server);
	if (client)
		file_put(client);
	return error;
}

KTEST(net_unix_connections_survive_the_lack_of_memory)
{
	struct socket_name name = { .length = sizeof(name.family) + 5, .un = { AF_UNIX, "\0test" } };
	uint64_t before;
	int error;

	check_equal(connect_once(&name), 0);
	before = objects();
	for (uint32_t nth = 1; nth < 200; nth++) {
		check_equal(inject_arm(nth), 0);
		error = connect_once(&name);
		check(error == 0 || error == -ENOMEM);
		if (inject_left()) { /* there are not so many */
			check_equal(inject_arm(0), 0);
			check_equal(error, 0);
			break;
		}
	}
	check_equal(objects(), before);
}

/* A connection that nobody accepts goes with its listener, and what was sent to it. */
KTEST(net_unix_backlog_goes_with_the_listener)
{
	struct socket_name name = { .length = sizeof(name.family) + 5, .un = { AF_UNIX, "\0back" } };
	struct file *server, *client, *p[2];
	char byte;

	check_equal(socket_create_file(AF_UNIX, SOCK_STREAM, 0, O_NONBLOCK, &server), 0);
	check_equal(socket_create_file(AF_UNIX, SOCK_STREAM, 0, O_NONBLOCK, &client), 0);
	check_equal(socket_bind(socket_of_file(server), &name), 0);
	check_equal(socket_listen(socket_of_file(server), 0), 0);
	check_equal(socket_connect(socket_of_file(client), &name), 0);
	check_equal(send_files(client, server, NULL), 1); /* the listener, in its own backlog */
	file_put(server);
	check_equal(get(client, &byte, 1), -EAGAIN);
	check_equal(pair(SOCK_STREAM, p), 0);
	file_put(p[0]);
	file_put(p[1]);
	work_flush();
	check_equal(get(client, &byte, 1), -ECONNRESET);
	file_put(client);
}
