/* SPDX-License-Identifier: MIT */
/*
 * base/version.h: what the kernel calls itself, for uname(2), /proc/version and
 * the boot log. The release is Linux's number of which the interface is a part.
 */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define VERSION_SYSTEM  "Linux"
#define VERSION_RELEASE "6.1.0-linnet"
#if CONFIG_DEBUG
#define VERSION_BUILD   "#1 SMP PREEMPT DEBUG" /* which is slower, and takes more memory */
#else
#define VERSION_BUILD   "#1 SMP PREEMPT"
#endif
#define VERSION_MACHINE "x86_64"

#endif
