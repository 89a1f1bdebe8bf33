/* SPDX-License-Identifier: MIT */
/*
 * What the processor can do, and the A20 gate: the 8086 wrapped at 1 MiB, programs came to rely
 * on it, so the PC/AT masked address line 20 until told otherwise by a spare pin of the keyboard
 * controller. Three ways to open it, gentlest first; only the test at the end is believed.
 */
#include "bios.h"
#include "loader.h"

#define EFLAGS_ID		(1u << 21)
#define CPUID_EXT_MAX		0x80000000
#define CPUID_EXT_FEATURES	0x80000001
#define CPUID_EDX_LONG_MODE	(1u << 29)

#define KBC_DATA		0x60
#define KBC_COMMAND		0x64
#define KBC_STATUS_FULL		0x02	/* it has not yet taken the last byte */
#define KBC_WRITE_OUTPUT	0xd1
#define KBC_OUTPUT_A20		0xdf	/* A20 open, reset not pulled */
#define KBC_NO_COMMAND		0xff
#define KBC_PATIENCE		100000

#define FAST_GATE		0x92
#define FAST_GATE_RESET		0x01
#define FAST_GATE_A20		0x02

#define A20_TEST_LOW		0x500	/* free in every BIOS's use of low memory */
#define A20_TEST_HIGH		(A20_TEST_LOW + 0x100000)
#define A20_PATIENCE		1000	/* tests after each way: some gates are slow */

/* The 486 and older: bit 21 of the flags cannot be changed where there is no CPUID. */
static bool cpu_has_cpuid(void)
{
	uint32_t before, after;

	__asm__ volatile("pushfl\n\t"
			 "popl %0\n\t"
			 "movl %0, %1\n\t"
			 "xorl %2, %1\n\t"
			 "pushl %1\n\t"
			 "popfl\n\t"
			 "pushfl\n\t"
			 "popl %1\n\t"
			 : "=&r" (before), "=&r" (after) : "i" (EFLAGS_ID) : "cc");
	return (before ^ after) & EFLAGS_ID;
}

static void cpuid(uint32_t leaf, uint32_t *eax, uint32_t *edx)
{
	uint32_t ebx, ecx = 0;

	*eax = leaf;
	__asm__ volatile("cpuid" : "+a" (*eax), "=b" (ebx), "+c" (ecx), "=d" (*edx));
}

bool cpu_has_long_mode(void)
{
	uint32_t eax, edx;

	if (!cpu_has_cpuid())
		return false;
	cpuid(CPUID_EXT_MAX, &eax, &edx);
	if (eax < CPUID_EXT_FEATURES)
		return false;
	cpuid(CPUID_EXT_FEATURES, &eax, &edx);
	return edx & CPUID_EDX_LONG_MODE;
}

/* Whether a word 1 MiB up is another word than the low one. */
static bool a20_is_open(void)
{
	volatile uint32_t *low = phys_pointer(A20_TEST_LOW);
	volatile uint32_t *high = phys_pointer(A20_TEST_HIGH);
	uint32_t saved = *low;
	bool open = false;

	for (uint32_t i = 0; i < A20_PATIENCE && !open; i++) {
		*low = ~*high;
		open = *low != *high;
	}
	*low = saved;
	return open;
}

static void a20_by_bios(void)
{
	struct bios_regs regs = { .eax = 0x2401 };

	bios_interrupt(0x15, &regs);
}

static void keyboard_write(uint16_t port, uint8_t value)
{
	for (uint32_t i = 0; i < KBC_PATIENCE && (port_in(KBC_COMMAND) & KBC_STATUS_FULL); i++)
		;
	port_out(port, value);
}

static void a20_by_keyboard(void)
{
	keyboard_write(KBC_COMMAND, KBC_WRITE_OUTPUT);
	keyboard_write(KBC_DATA, KBC_OUTPUT_A20);
	keyboard_write(KBC_COMMAND, KBC_NO_COMMAND);
}

static void a20_by_fast_gate(void)
{
	uint8_t value = port_in(FAST_GATE);

	port_out(FAST_GATE, (value | FAST_GATE_A20) & ~FAST_GATE_RESET);
}

void a20_enable(void)
{
	static void (*const ways[])(void) = { a20_by_bios, a20_by_keyboard, a20_by_fast_gate };

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (a20_is_open())
			return;
		ways[i]();
	}
	if (!a20_is_open())
		die("the A20 line is stuck: no memory above 1 MiB");
}
