/* SPDX-License-Identifier: MIT */
/*
 * The local APIC: switching it on, its timer, and interrupts between
 * processors. apic_init() and apic_init_cpu() run at boot; afterwards every
 * processor uses only its own registers, interrupts off, so no lock is needed.
 * In register-page mode all processors see their own at the same address.
 */
#include "arch/x86/apic.h"
#include "arch/x86/interrupt.h"
#include "arch/x86/ipi.h"
#include "arch/x86/madt.h"
#include "arch/x86/msr.h"
#include "base/cmdline.h"
#include "base/log.h"
#include "hal/io.h"
#include "hal/irq.h"
#include "hal/mmu.h"
#include "lib/atomic.h"

#define APIC_BASE_X2     BIT(10)
#define APIC_BASE_ENABLE BIT(11)
#define APIC_BASE_DEFAULT 0xfee00000UL

/* Offsets in the register page. */
#define APIC_ID              0x20u
#define APIC_TASK_PRIORITY   0x80u
#define APIC_EOI             0xb0u
#define APIC_SPURIOUS        0xf0u
#define APIC_ERROR_STATUS    0x280u
#define APIC_COMMAND         0x300u
#define APIC_COMMAND_HIGH    0x310u
#define APIC_LVT_TIMER       0x320u
#define APIC_LVT_LINT0       0x350u
#define APIC_LVT_LINT1       0x360u
#define APIC_LVT_ERROR       0x370u
#define APIC_TIMER_INITIAL   0x380u
#define APIC_TIMER_CURRENT   0x390u
#define APIC_TIMER_DIVIDE    0x3e0u

#define APIC_SOFTWARE_ENABLE 0x100u
#define APIC_DIVIDE_BY_1     0xbu
#define LVT_MASKED           0x10000u
#define LVT_NMI              0x400u
#define LVT_EXTERNAL         0x700u
#define LVT_TSC_DEADLINE     0x40000u
#define COMMAND_PENDING      0x1000u
#define COMMAND_ASSERT       0x4000u

#define CPUID_1_EDX_APIC         BIT(9)
#define CPUID_1_ECX_X2APIC       BIT(21)
#define CPUID_1_ECX_TSC_DEADLINE BIT(24)

static volatile uint8_t *apic_page;       /* immutable after boot: NULL in x2APIC mode */
static bool apic_found, apic_x2;          /* immutable after boot */
static uint32_t timer_mode;               /* immutable after boot: LVT_TSC_DEADLINE or 0 */
static uint32_t cpu_apic_id[CPU_MAX];     /* immutable once that processor runs */

static uint32_t apic_read(uint32_t reg)
{
	if (apic_x2)
		return (uint32_t)msr_read(MSR_X2APIC_FIRST + (reg >> 4));
	return mmio_read32(apic_page + reg);
}

static void apic_write(uint32_t reg, uint32_t value)
{
	if (apic_x2)
		msr_write(MSR_X2APIC_FIRST + (reg >> 4), value);
	else
		mmio_write32(apic_page + reg, value);
}

/* Processor 0 is the one that boots; the others follow in the MADT's order. */
static void cpus_number(void)
{
	unsigned n = 1;

	cpu_apic_id[0] = apic_id();
	for (unsigned i = 0; i < madt.cpus && n < CPU_MAX; i++)
		if (madt.apic_id[i] != cpu_apic_id[0])
			cpu_apic_id[n++] = madt.apic_id[i];
}

bool apic_init(void)
{
	struct cpuid features = cpuid_read(1, 0);
	uint64_t base;

	if (!(features.edx & CPUID_1_EDX_APIC) || cmdline_flag("nolapic"))
		return false;
	base = msr_read(MSR_APIC_BASE);
	apic_x2 = (features.ecx & CPUID_1_ECX_X2APIC) != 0;
	if (!apic_x2) {
		paddr_t pa = base & 0x000ffffffffff000UL;

		apic_page = mmu_map_fixed(pa ? pa : APIC_BASE_DEFAULT, PAGE_SIZE,
					  MMU_READ | MMU_WRITE | MMU_NOCACHE);
		if (!apic_page)
			return false;
	}
	apic_found = true;
	return true;
}

void apic_init_cpu(bool external)
{
	uint64_t base = msr_read(MSR_APIC_BASE) | APIC_BASE_ENABLE;

	msr_write(MSR_APIC_BASE, base);
	if (apic_x2)
		msr_write(MSR_APIC_BASE, base | APIC_BASE_X2);
	if (cpu_id() == 0)
		cpus_number();
	apic_write(APIC_TASK_PRIORITY, 0);
	apic_write(APIC_LVT_TIMER, LVT_MASKED);
	apic_write(APIC_LVT_LINT0, external ? LVT_EXTERNAL : LVT_MASKED);
	apic_write(APIC_LVT_LINT1, LVT_NMI);
	apic_write(APIC_LVT_ERROR, VECTOR_ERROR);
	apic_write(APIC_SPURIOUS, APIC_SOFTWARE_ENABLE | VECTOR_SPURIOUS);
	if ((madt.nmi_pins & BIT(0)) && !external)
		apic_write(APIC_LVT_LINT0, LVT_NMI);
	apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_1);
	apic_eoi();
}

bool apic_present(void)
{
	return apic_found;
}

uint32_t apic_id(void)
{
	uint32_t id = apic_read(APIC_ID);

	return apic_x2 ? id : id >> 24;
}

uint32_t apic_id_of(unsigned cpu)
{
	return cpu_apic_id[cpu];
}

void apic_set_id_of(unsigned cpu, uint32_t id)
{
	cpu_apic_id[cpu] = id;
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

/* The page's two registers need the last command to have left. */
void apic_send(uint32_t destination, uint32_t command)
{
	command |= COMMAND_ASSERT;
	if (apic_x2) {
		/* the write may overtake earlier stores (11.12.3), which the other is to see */
		__asm__ volatile("mfence\n\tlfence" : : : "memory");
		msr_write(MSR_X2APIC_FIRST + (APIC_COMMAND >> 4), (uint64_t)destination << 32 | command);
		return;
	}
	uint64_t irq = irq_save();

	while (apic_read(APIC_COMMAND) & COMMAND_PENDING)
		cpu_relax();
	apic_write(APIC_COMMAND_HIGH, destination << 24);
	apic_write(APIC_COMMAND, command);
	irq_restore(irq);
}

static void apic_error(void)
{
	apic_write(APIC_ERROR_STATUS, 0);
	log_warn("apic: processor %u: error %#x\n", cpu_id(), apic_read(APIC_ERROR_STATUS));
}

bool apic_interrupt(unsigned vector)
{
	if (vector == VECTOR_SPURIOUS) { /* is not to be acknowledged (11.9) */
		irq_note(IRQ_KIND_SPURIOUS);
		return true;
	}
	if (vector == VECTOR_ERROR)
		apic_error();
	else if (!ipi_interrupt(vector))
		return false;
	apic_eoi();
	return true;
}

void apic_timer_set(uint32_t count)
{
	apic_write(APIC_TIMER_INITIAL, count);
}

uint32_t apic_timer_count(void)
{
	return apic_read(APIC_TIMER_CURRENT);
}

bool apic_timer_use_deadline(void)
{
	if (cpuid_read(1, 0).ecx & CPUID_1_ECX_TSC_DEADLINE)
		timer_mode = LVT_TSC_DEADLINE;
	return timer_mode != 0;
}

void apic_timer_set_deadline(uint64_t tsc)
{
	msr_write(MSR_TSC_DEADLINE, tsc);
}

void apic_timer_unmask(void)
{
	apic_write(APIC_LVT_TIMER, timer_mode | VECTOR_TIMER);
	atomic_fence(); /* the mode is set before the deadline register is written (11.5.4.1) */
}
