/* SPDX-License-Identifier: MIT */
/*
 * The CMOS clock (Motorola MC146818 data sheet): date and time in binary or
 * decimal digits, 12 or 24 hours, and a century where ACPI says so. It changes
 * under the reader once a second; two readings that agree, with no update
 * announced before the first, are a date. Boot only: no lock.
 */
#include "arch/x86/rtc.h"
#include "base/acpi.h"
#include "hal/clock.h"
#include "hal/cpu.h"
#include "hal/io.h"
#include "lib/string.h"

#define RTC_INDEX 0x70
#define RTC_DATA  0x71

#define RTC_STATUS_A 0x0a
#define RTC_STATUS_B 0x0b
#define RTC_UPDATING 0x80
#define RTC_BINARY   0x04
#define RTC_24_HOURS 0x02
#define RTC_PM       0x80

#define RTC_UPDATE_NS 3000000 /* more than an update lasts with its announcement */

struct rtc_date {
	uint8_t second, minute, hour, day, month, year, century, status;
};

static uint8_t rtc_register(uint8_t n)
{
	port_write8(RTC_INDEX, n);
	return port_read8(RTC_DATA);
}

static struct rtc_date rtc_registers(uint8_t century)
{
	return (struct rtc_date){
		.second = rtc_register(0), .minute = rtc_register(2), .hour = rtc_register(4),
		.day = rtc_register(7), .month = rtc_register(8), .year = rtc_register(9),
		.century = century ? rtc_register(century) : 0, .status = rtc_register(RTC_STATUS_B),
	};
}

/* Two equal readings outside of an update; after a few milliseconds, two equal readings at all. */
static bool rtc_date_read(struct rtc_date *date)
{
	const struct acpi_fadt *fadt = acpi_fadt();
	uint8_t century = fadt && fadt->century < 0x80 ? fadt->century : 0;
	nsec_t patience = clock_now() + RTC_UPDATE_NS;
	struct rtc_date again;

	if (rtc_register(RTC_STATUS_A) == 0xff && rtc_register(RTC_STATUS_B) == 0xff)
		return false; /* nobody drives the bus */
	do {
		bool updating = rtc_register(RTC_STATUS_A) & RTC_UPDATING;

		if (updating && clock_now() < patience) {
			cpu_relax();
			continue;
		}
		*date = rtc_registers(century);
		again = rtc_registers(century);
		if (memcmp(date, &again, sizeof(again)) == 0)
			return true;
	} while (clock_now() < patience + RTC_UPDATE_NS);
	return false;
}

static unsigned rtc_number(uint8_t value, bool binary)
{
	return binary ? value : (value >> 4) * 10u + (value & 15);
}

static unsigned rtc_hour(const struct rtc_date *date, bool binary)
{
	unsigned hour;

	if (date->status & RTC_24_HOURS)
		return rtc_number(date->hour, binary);
	hour = rtc_number(date->hour & ~RTC_PM, binary) % 12;
	return date->hour & RTC_PM ? hour + 12 : hour;
}

/* Days from 1970-01-01 in the Gregorian calendar; years begin in March, so that leap days end them. */
static int64_t days_since_1970(unsigned year, unsigned month, unsigned day)
{
	unsigned y = month > 2 ? year : year - 1;
	unsigned m = month > 2 ? month - 3 : month + 9;

	return (int64_t)y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

bool rtc_read(nsec_t *wall)
{
	struct rtc_date date;
	unsigned year, month, day, hour;
	bool binary;

	if (!rtc_date_read(&date))
		return false;
	binary = date.status & RTC_BINARY;
	year = rtc_number(date.year, binary);
	month = rtc_number(date.month, binary);
	day = rtc_number(date.day, binary);
	hour = rtc_hour(&date, binary);
	if (date.century)
		year += rtc_number(date.century, binary) * 100;
	else
		year += year < 70 ? 2000 : 1900;
	if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || year < 1970 || year > 2200)
		return false;
	*wall = (days_since_1970(year, month, day) * 86400 + hour * 3600 +
		 rtc_number(date.minute, binary) * 60 + rtc_number(date.second, binary)) * NSEC_PER_SEC;
	return true;
}
