/* SPDX-License-Identifier: MIT */
/* arch/x86/rtc.h: the battery clock. */
#ifndef ARCH_X86_RTC_H
#define ARCH_X86_RTC_H

#include "lib/types.h"

/*
 * Nanoseconds since 1970-01-01 by the CMOS clock, taken as UTC, whole seconds.
 * False if there is none or it tells no valid date. Takes at most a few
 * milliseconds, when it is just being updated. After clock_now() works.
 */
bool rtc_read(nsec_t *wall);

#endif
