/* SPDX-License-Identifier: MIT */
/*
 * init/init.h: what process 1 does before it is a program.
 */
#ifndef INIT_INIT_H
#define INIT_INIT_H

/* Drivers, initramfs, console, then the first program. 0, or the errno of the last try. Process 1, may sleep. */
int first_program(void);

#endif
