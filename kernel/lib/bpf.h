/* SPDX-License-Identifier: MIT */
/*
 * lib/bpf.h: programs of the classic packet filter: an accumulator, an index register,
 * sixteen words of memory, jumps forward only, so that each ends. They are checked once:
 * every jump stays inside, the last instruction returns, no word of memory is read before
 * it was written on every way that leads there, nothing is divided by a constant zero.
 * Then they run unchecked. What they load from is their owner's: seccomp (proc/), which
 * asks about system calls, or a socket (net/filter.c), which asks about packets.
 */
#ifndef LIB_BPF_H
#define LIB_BPF_H

#include "lib/types.h"
#include <linux/filter.h>

/* May this load from the data stand in a program? It may be changed to another instruction. */
typedef bool bpf_may_load(struct sock_filter *i);
/* Does it, into *a or, for BPF_LDX, *x. False: there is no such data; the program ends with 0. */
typedef bool bpf_load(const void *data, const struct sock_filter *i, uint32_t *a, uint32_t *x);

/* length is at least 1; scratch: a word for each instruction. 0 or -EINVAL. */
int bpf_check(struct sock_filter *program, unsigned length, bpf_may_load *may_load, uint16_t *scratch);
/* What it returns; 0 after a division by zero. load: NULL for aligned words at constant offsets only. */
uint32_t bpf_run(const struct sock_filter *i, const void *data, bpf_load *load);

#endif
