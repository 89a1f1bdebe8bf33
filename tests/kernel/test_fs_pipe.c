/* SPDX-License-Identifier: MIT */
/* Tests of pipes, eventfd, poll and epoll within one thread: nothing here waits for long. */
#include "base/ktest.h"
#include "fs/poll.h"
#include "hal/clock.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include <linux/fcntl.h>

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

KTEST(fs_pipe_keeps_order_and_counts_bytes)
{
	struct file *r, *w;
	char buf[64];

	check_equal(pipe_create_files(O_NONBLOCK, &r, &w), 0);
	check_equal(get(r, buf, sizeof(buf)), -EAGAIN);
	check_equal(put(w, "hello", 5), 5);
	check_equal(put(w, " world", 6), 6);
	check_equal(get(r, buf, 3), 3);
	check_equal(get(r, buf + 3, sizeof(buf)), 8);
	check(memcmp(buf, "hello world", 11) == 0);
	check_equal(get(w, buf, 1), -EBADF);
	check_equal(put(r, buf, 1), -EBADF);
	file_put(w);
	check_equal(get(r, buf, 1), 0);
	file_put(r);
	check_equal(pipe_create_files(O_NONBLOCK, &r, &w), 0);
	file_put(r);
	check_equal(put(w, "x", 1), -EPIPE);
	check(file_poll(w, NULL) & EPOLLERR);
	file_put(w);
}

KTEST(fs_pipe_fills_to_its_size_and_small_writes_are_whole)
{
	uint8_t *big = kzalloc(KiB(72), ALLOC_KERNEL);
	struct file *r, *w;

	check(big != NULL);
	check_equal(pipe_create_files(O_NONBLOCK, &r, &w), 0);
	check_equal(put(w, big, KiB(72)), KiB(64));
	check_equal(put(w, big, 1), -EAGAIN);
	check(!(file_poll(w, NULL) & EPOLLOUT));
	check_equal(get(r, big, 100), 100);
	check_equal(put(w, big, 100), -EAGAIN); /* the first page is not empty yet */
	check_equal(get(r, big, 4000), 4000);
	check_equal(put(w, big, 4096), 4096);
	check_equal(put(w, big, 4096), -EAGAIN);
	check_equal(pipe_set_size(w, KiB(128), true), KiB(128));
	check_equal(put(w, big, KiB(72)), KiB(64));
	check_equal(pipe_set_size(w, KiB(64), true), -EBUSY);
	check_equal(get(r, big, KiB(72)), KiB(72));
	check_equal(get(r, big, KiB(72)), KiB(56) - 4);
	file_put(r);
	file_put(w);
	kfree(big);
}

KTEST(fs_pipe_packets_end_a_read)
{
	struct file *r, *w;
	char buf[64];

	check_equal(pipe_create_files(O_NONBLOCK | O_DIRECT, &r, &w), 0);
	check_equal(put(w, "one", 3), 3);
	check_equal(put(w, "second", 6), 6);
	check_equal(get(r, buf, sizeof(buf)), 3);
	check_equal(get(r, buf, 2), 2); /* the rest of the packet is lost */
	check_equal(get(r, buf, 2), -EAGAIN);
	file_put(r);
	file_put(w);
}

KTEST(fs_eventfd_counts)
{
	struct file *e;
	uint64_t v = 5;

	check_equal(eventfd_create_file(0, O_NONBLOCK, &e), 0);
	check_equal(get(e, &v, 8), -EAGAIN);
	check_equal(put(e, &v, 4), -EINVAL);
	check_equal(put(e, &v, 8), 8);
	check_equal(put(e, &v, 8), 8);
	check_equal(get(e, &v, 8), 8);
	check_equal(v, 10);
	v = UINT64_MAX;
	check_equal(put(e, &v, 8), -EINVAL);
	v = UINT64_MAX - 1;
	check_equal(put(e, &v, 8), 8);
	v = 1;
	check_equal(put(e, &v, 8), -EAGAIN);
	file_put(e);
	check_equal(eventfd_create_file(2, O_NONBLOCK | 1, &e), 0);
	check_equal(get(e, &v, 8), 8);
	check_equal(v, 1);
	file_put(e);
}

KTEST(fs_poll_finds_what_is_ready)
{
	struct file *r, *w;
	struct poll_item items[3];

	check_equal(pipe_create_files(0, &r, &w), 0);
	items[0] = (struct poll_item){ .file = r, .events = EPOLLIN };
	items[1] = (struct poll_item){ .events = EPOLLIN };
	check_equal(poll_files(items, 2, 0, 0), 0);
	check_equal(poll_files(items, 2, clock_now() + 2000000, 0), 0);
	check_equal(put(w, "x", 1), 1);
	check_equal(poll_files(items, 2, INT64_MAX, 0), 1);
	check_equal(items[0].revents, EPOLLIN);
	file_put(w);
	check_equal(poll_files(items, 1, INT64_MAX, 0), 1);
	check_equal(items[0].revents, EPOLLIN | EPOLLHUP);
	file_put(r);
}

KTEST(fs_epoll_sees_edges_levels_and_loops)
{
	struct file *r, *w, *a, *b;
	struct epoll_event in = { .events = EPOLLIN }, edge = { .events = EPOLLIN | EPOLLET };

	check_equal(pipe_create_files(O_NONBLOCK, &r, &w), 0);
	check_equal(epoll_create_file(0, &a), 0);
	check_equal(epoll_create_file(0, &b), 0);
	check_equal(epoll_control(a, EPOLL_CTL_ADD, a, 1, &in), -EINVAL);
	check_equal(epoll_control(a, EPOLL_CTL_ADD, r, 1, &in), 0);
	check_equal(epoll_control(a, EPOLL_CTL_ADD, r, 1, &in), -EEXIST);
	check_equal(epoll_control(a, EPOLL_CTL_MOD, r, 2, &in), -ENOENT);
	check_equal(epoll_control(a, EPOLL_CTL_ADD, r, 2, &edge), 0);
	check_equal(epoll_control(b, EPOLL_CTL_ADD, a, 1, &in), 0);
	check_equal(epoll_control(a, EPOLL_CTL_ADD, b, 1, &in), -ELOOP);
	check_equal(file_poll(a, NULL), 0);
	check_equal(file_poll(b, NULL), 0);
	check_equal(put(w, "x", 1), 1);
	check(file_poll(a, NULL) & EPOLLIN);
	check(file_poll(b, NULL) & EPOLLIN);
	check_equal(epoll_control(a, EPOLL_CTL_DEL, r, 2, NULL), 0);
	file_put(r); /* the other item goes with the file */
	check_equal(file_poll(a, NULL), 0);
	file_put(a);
	file_put(b);
	file_put(w);
}
