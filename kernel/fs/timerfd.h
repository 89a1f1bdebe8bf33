/* SPDX-License-Identifier: MIT */
/* fs/timerfd.h: timers as files, see timerfd_create(2). fs/anon/timerfd.c */
#ifndef FS_TIMERFD_H
#define FS_TIMERFD_H

#include "fs/file.h"

/* flags TFD_*. -EINVAL, -EPERM (an alarm clock), -ENOMEM. May sleep. */
int timerfd_create_file(int clock, uint32_t flags, const struct cred *cred, struct file **out);
/* flags TFD_TIMER_*; value 0 switches it off. What it was set to goes to the last two. -EINVAL: f is none. May sleep. */
int timerfd_set(struct file *f, unsigned flags, nsec_t value, nsec_t interval, nsec_t *old_left, nsec_t *old_interval);
int timerfd_get(struct file *f, nsec_t *left, nsec_t *interval);
/* The wall clock was set: timers that wait for its times are armed anew. May sleep. */
void timerfd_clock_was_set(void);

#endif
