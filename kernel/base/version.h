/* SPDX-License-Identifier: MIT */
/*
 * base/version.h: what the kernel calls itself, for uname(2), /proc/version and
 * the boot log. The release is Linux's number of which the interface is a part.
 */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define VERSION_SYSTEM  "Linux"
#define VERSION_RELEASE "6.1.0-linnet"
#define VERSION_BUILD   "#1 SMP PREEMPT"
#define VERSION_MACHINE "x86_64"

#endif
