/* SPDX-License-Identifier: MIT */
/*
 * Terminals above a driver that is a buffer: lines, echo, waiting, back pressure
 * in both directions, hang-up; and the random generator.
 */
#include "base/ktest.h"
#include "base/random.h"
#include "hal/clock.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "sched/thread.h"
#include "tty/tty.h"
#include <linux/eventpoll.h>
#include <linux/fcntl.h>

#define SINK 1024

static struct sink {
	struct tty tty;
	char sent[SINK]; /* what the device got */
	size_t length, room;
	bool resumed;
} *sink;

static struct file file;

static size_t sink_write(struct tty *tty, const uint8_t *p, size_t n)
{
	n = min(n, sink->room - sink->length);
	memcpy(sink->sent + sink->length, p, n);
	sink->length += n;
	return n;
}

static size_t sink_room(struct tty *tty)
{
	return sink->room - sink->length;
}

static void sink_resume(struct tty *tty)
{
	sink->resumed = true;
}

static const struct tty_ops sink_ops = {
	.write = sink_write,
	.write_room = sink_room,
	.resume_input = sink_resume,
};

static bool sink_open(void)
{
	sink = kzalloc(sizeof(*sink), ALLOC_KERNEL);
	if (!sink)
		return false;
	tty_init(&sink->tty, "sink", -1, &sink_ops, NULL);
	sink->room = SINK;
	file.flags = O_RDWR | O_NOCTTY;
	file.mode = FILE_READ | FILE_WRITE;
	file.cred = &cred_root;
	return tty_open_as(&sink->tty, &file, false, true) == 0;
}

static void sink_close(void)
{
	tty_release(&file);
	work_flush(); /* the input work may still be queued */
	kfree(sink);
	sink = NULL;
}

static ssize_t sink_read(void *buf, size_t n, unsigned flags)
{
	struct io io = { .file = &file, .flags = flags };
	struct iter it;

	iter_init_kernel(&it, buf, n, false);
	return tty_read(&io, &it);
}

static ssize_t sink_print(const char *s, size_t n, unsigned flags)
{
	struct io io = { .file = &file, .flags = flags };
	struct iter it;

	iter_init_kernel(&it, (void *)s, n, true);
	return tty_write(&io, &it);
}

static void sink_type(const char *s)
{
	tty_input(&sink->tty, (const uint8_t *)s, strlen(s));
}

static void sink_raw(uint8_t least, uint8_t tenths)
{
	struct termios2 t = sink->tty.ldisc.termios;

	t.c_iflag = t.c_oflag = t.c_lflag = 0;
	t.c_cc[VMIN] = least;
	t.c_cc[VTIME] = tenths;
	mutex_lock(&sink->tty.lock);
	ldisc_set_termios(&sink->tty.ldisc, &t);
	mutex_unlock(&sink->tty.lock);
}

KTEST(tty_reads_lines)
{
	char buf[64];

	check(sink_open());
	check_equal(sink_read(buf, sizeof(buf), IO_NOWAIT), -EAGAIN);
	sink_type("half");
	check_equal(sink_read(buf, sizeof(buf), IO_NOWAIT), -EAGAIN);
	sink_type(" line\rnext\r");
	check_equal(sink_read(buf, sizeof(buf), 0), 10);
	check(!memcmp(buf, "half line\n", 10));
	check_equal(tty_poll(&file, NULL) & EPOLLIN, EPOLLIN);
	check_equal(sink_read(buf, 2, 0), 2);
	check_equal(sink_read(buf, sizeof(buf), 0), 3);
	check_equal(sink_read(buf, sizeof(buf), IO_NOWAIT), -EAGAIN);
	check(sink->length == 17 && !memcmp(sink->sent, "half line\r\nnext\r\n", 17));
	sink_close();
}

static void type_later(void *arg)
{
	sleep_until(clock_now() + NSEC_PER_SEC / 50, 0);
	sink_type(arg);
	thread_exit();
}

KTEST(tty_read_waits_for_input)
{
	char buf[16];

	check(sink_open());
	check(kthread_create("typist", type_later, "word\n") != NULL);
	check_equal(sink_read(buf, sizeof(buf), 0), 5);
	sink_close();
}

KTEST(tty_min_and_time)
{
	char buf[16];
	nsec_t start;

	check(sink_open());
	sink_raw(0, 0);
	check_equal(sink_read(buf, sizeof(buf), 0), 0);
	sink_raw(3, 0);
	sink_type("ab");
	check_equal(sink_read(buf, 2, 0), 2); /* fewer were asked for */
	sink_type("ab");
	check(kthread_create("typist", type_later, "cd") != NULL);
	check_equal(sink_read(buf, sizeof(buf), 0), 4);
	sink_raw(3, 1);
	sink_type("x");
	start = clock_now();
	check_equal(sink_read(buf, sizeof(buf), 0), 1); /* the gap after the first byte was too long */
	check(clock_now() - start >= NSEC_PER_SEC / 11);
	sink_raw(0, 1);
	check_equal(sink_read(buf, sizeof(buf), 0), 0);
	sink_close();
}

KTEST(tty_write_waits_for_room)
{
	static char text[2 * SINK];
	ssize_t first;

	memset(text, 'x', sizeof(text));
	check(sink_open());
	sink_raw(1, 0);
	first = sink_print(text, sizeof(text), IO_NOWAIT);
	check(first > 0 && first < SINK);
	check_equal(sink_print(text, sizeof(text), IO_NOWAIT), -EAGAIN);
	check_equal(tty_poll(&file, NULL) & EPOLLOUT, 0);
	sink->length = 0;
	tty_output_ready(&sink->tty);
	check_equal(sink_print(text, 100, 0), 100);
	check_equal(sink->length, 100);
	sink_close();
}

/* Far more than all buffers hold comes in before anybody reads. */
KTEST(tty_input_is_held_back_not_lost)
{
	uint8_t out = 0, in = 0, buf[200];
	size_t total = 0, taken;

	check(sink_open());
	sink_raw(1, 0);
	while (total < 40000) {
		for (size_t i = 0; i < sizeof(buf); i++)
			buf[i] = (uint8_t)(out + i);
		taken = tty_input(&sink->tty, buf, sizeof(buf));
		out = (uint8_t)(out + taken);
		total += taken;
		if (taken == sizeof(buf))
			continue;
		sink->resumed = false;
		while (!sink->resumed) {
			ssize_t n = sink_read(buf, sizeof(buf), IO_NOWAIT);

			check(n > 0);
			for (ssize_t i = 0; i < n; i++)
				check_equal(buf[i], in++);
		}
	}
	sink_close();
}

KTEST(tty_hang_up_ends_reads_and_writes)
{
	char buf[16];

	check(sink_open());
	sink_type("gone\n");
	tty_hangup(&sink->tty);
	check_equal(sink_read(buf, sizeof(buf), 0), 0);
	check_equal(sink_print("x", 1, 0), -EIO);
	check_equal(tty_poll(&file, NULL) & EPOLLHUP, EPOLLHUP);
	check_equal(tty_ioctl(&file, TCFLSH, 0), -EIO);
	sink_close();
}

KTEST(tty_signal_keys_flush)
{
	char buf[16];

	check(sink_open());
	sink_type("lost\x03kept\n");
	check_equal(sink_read(buf, sizeof(buf), 0), 5);
	check(!memcmp(buf, "kept\n", 5));
	sink_close();
}

KTEST(random_numbers_differ)
{
	static uint8_t a[1000], b[1000];
	unsigned ones = 0;

	random_bytes(a, sizeof(a));
	random_bytes(b, sizeof(b));
	check(memcmp(a, b, sizeof(a)) != 0);
	for (size_t i = 0; i < sizeof(a); i++)
		ones += (unsigned)__builtin_popcount(a[i]);
	check(ones > 3700 && ones < 4300); /* 4000 expected, deviation 45 */
	check(random_u64() != random_u64());
	for (unsigned i = 0; i < 1000; i++)
		check(random_below(7) < 7);
}
