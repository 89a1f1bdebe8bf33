/* SPDX-License-Identifier: MIT */
/*
 * syscall/rw.h: vectors of user memory, for the calls that take struct iovec.
 */
#ifndef SYSCALL_RW_H
#define SYSCALL_RW_H

#include "vm/iter.h"

#define IOVEC_FAST 8 /* without allocation */

struct iovec_copy {
	struct iter_segment *segment;
	struct iter_segment fast[IOVEC_FAST];
};

/*
 * Copies n segment descriptions in and sets up it over them. -EINVAL (more than
 * UIO_MAXIOV, or a length that is negative), -EFAULT, -ENOMEM. iovec_free()
 * afterwards, on success only. May sleep.
 */
int iovec_read(struct iovec_copy *v, struct iter *it, uaddr_t from, uint64_t n, bool source);
void iovec_free(struct iovec_copy *v);

struct file;
/* Writing to f gave EPIPE: SIGPIPE for the running task, if f is a pipe or a byte stream. */
void raise_pipe_signal(const struct file *f);

#endif
