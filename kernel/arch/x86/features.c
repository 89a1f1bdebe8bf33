/* SPDX-License-Identifier: MIT */
/*
 * What this processor can do, from CPUID, once at boot; and the names of it in
 * Linux's order for /proc/cpuinfo. Intel SDM volume 2, CPUID; AMD APM volume 3,
 * appendix E. cpu_features is immutable afterwards; no locks.
 */
#include "arch/x86/processor.h"
#include "hal/cpu.h"
#include "lib/format.h"
#include "lib/string.h"

struct cpu_features cpu_features;

enum feature_register { REG_EAX, REG_EBX, REG_ECX, REG_EDX };

static uint32_t cpuid_word(uint32_t leaf, uint32_t subleaf, enum feature_register reg)
{
	struct cpuid r;

	if (leaf > cpuid_read(leaf & 0x80000000, 0).eax)
		return 0;
	r = cpuid_read(leaf, subleaf);
	return reg == REG_EAX ? r.eax : reg == REG_EBX ? r.ebx : reg == REG_ECX ? r.ecx : r.edx;
}

static void names_init(void)
{
	struct cpu_features *f = &cpu_features;
	struct cpuid r = cpuid_read(0, 0);
	const char *start = f->model;
	size_t n;

	memcpy(f->vendor, &r.ebx, 4);
	memcpy(f->vendor + 4, &r.edx, 4);
	memcpy(f->vendor + 8, &r.ecx, 4);
	for (unsigned i = 0; i < 3; i++)
		for (unsigned reg = 0; reg < 4; reg++) {
			uint32_t word = cpuid_word(0x80000002 + i, 0, reg);

			memcpy(f->model + 16 * i + 4 * reg, &word, 4);
		}
	while (*start == ' ')
		start++;
	n = strlen(start);
	while (n && start[n - 1] == ' ')
		n--;
	memmove(f->model, start, n);
	f->model[n] = '\0';
}

static void version_init(void)
{
	struct cpu_features *f = &cpu_features;
	uint32_t eax = cpuid_word(1, 0, REG_EAX);

	f->stepping = eax & 15;
	f->model_number = eax >> 4 & 15;
	f->family = eax >> 8 & 15;
	if (f->family == 15)
		f->family += eax >> 20 & 255;
	if (f->family >= 6)
		f->model_number += (eax >> 16 & 15) << 4;
}

void features_init(void)
{
	struct cpu_features *f = &cpu_features;
	uint32_t ecx1 = cpuid_word(1, 0, REG_ECX), ebx7 = cpuid_word(7, 0, REG_EBX);
	uint32_t ecx7 = cpuid_word(7, 0, REG_ECX), edx81 = cpuid_word(0x80000001, 0, REG_EDX);
	uint32_t sizes = cpuid_word(0x80000008, 0, REG_EAX);

	names_init();
	version_init();
	f->hwcap = cpuid_word(1, 0, REG_EDX);
	f->nx = edx81 & BIT(20);
	f->page1g = edx81 & BIT(26);
	f->fsgsbase = ebx7 & BIT(0);
	f->smep = ebx7 & BIT(7);
	f->rdseed = ebx7 & BIT(18);
	f->smap = ebx7 & BIT(20);
	f->umip = ecx7 & BIT(2);
	f->la57 = mmu_levels() == 5;
	f->xsave = ecx1 & BIT(26);
	f->rdrand = ecx1 & BIT(30);
	f->invariant_tsc = cpuid_word(0x80000007, 0, REG_EDX) & BIT(8);
	f->hwcap2 = f->fsgsbase ? BIT(1) : 0;
	f->address_bits_physical = sizes ? sizes & 255 : 36;
	f->address_bits_virtual = sizes ? sizes >> 8 & 255 : 48;
}

/*
 * The names of one CPUID word's bits, lowest first, separated by blanks; "-"
 * for a bit without a name. The words come in the order in which Linux has them.
 * hide: bits that the kernel does not turn on.
 */
struct feature_word {
	uint32_t leaf, subleaf;
	enum feature_register reg;
	uint32_t hide;
	const char *names;
};

static const struct feature_word feature_words[] = {
	{ 1, 0, REG_EDX, 0,
	  "fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov pat pse36 pn clflush - dts "
	  "acpi mmx fxsr sse sse2 ss ht tm ia64 pbe" },
	{ 0x80000001, 0, REG_EDX, 0,
	  "- - - - - - - - - - - syscall - - - - - - - mp nx - mmxext - - fxsr_opt pdpe1gb rdtscp - lm "
	  "3dnowext 3dnow" },
	{ 1, 0, REG_ECX, BIT(17),
	  "pni pclmulqdq dtes64 monitor ds_cpl vmx smx est tm2 ssse3 cid sdbg fma cx16 xtpr pdcm - pcid "
	  "dca sse4_1 sse4_2 x2apic movbe popcnt tsc_deadline_timer aes xsave - avx f16c rdrand hypervisor" },
	{ 0x80000001, 0, REG_ECX, 0,
	  "lahf_lm cmp_legacy svm extapic cr8_legacy abm sse4a misalignsse 3dnowprefetch osvw ibs xop "
	  "skinit wdt - lwp fma4 tce - nodeid_msr - tbm topoext perfctr_core perfctr_nb - bpext ptsc "
	  "perfctr_llc mwaitx" },
	{ 7, 0, REG_EBX, BIT(14),
	  "fsgsbase tsc_adjust sgx bmi1 hle avx2 - smep bmi2 erms invpcid rtm cqm - mpx rdt_a avx512f "
	  "avx512dq rdseed adx smap avx512ifma - clflushopt clwb intel_pt avx512pf avx512er avx512cd "
	  "sha_ni avx512bw avx512vl" },
	{ 13, 1, REG_EAX, 0, "xsaveopt xsavec xgetbv1 xsaves" },
	{ 7, 1, REG_EAX, 0, "- - - - avx_vnni avx512_bf16" },
	{ 0x80000008, 0, REG_EBX, 0,
	  "clzero irperf xsaveerptr - rdpru - - - - wbnoinvd" },
	{ 6, 0, REG_EAX, 0, "dtherm ida arat - pln - pts hwp hwp_notify hwp_act_window hwp_epp hwp_pkg_req" },
	{ 0x8000000a, 0, REG_EDX, 0,
	  "npt lbrv svm_lock nrip_save tsc_scale vmcb_clean flushbyasid decodeassists - - pausefilter - "
	  "pfthreshold avic - v_vmsave_vmload vgif" },
	{ 7, 0, REG_ECX, BIT(3) | BIT(4),
	  "- avx512vbmi umip pku ospke waitpkg avx512_vbmi2 - gfni vaes vpclmulqdq avx512_vnni "
	  "avx512_bitalg tme avx512_vpopcntdq - la57 - - - - - rdpid - bus_lock_detect cldemote - movdiri "
	  "movdir64b enqcmd" },
	{ 0x80000007, 0, REG_EBX, 0, "overflow_recov succor - smca" },
	{ 7, 0, REG_EDX, 0,
	  "- - avx512_4vnniw avx512_4fmaps fsrm - - - avx512_vp2intersect - md_clear - - - serialize - "
	  "tsxldtrk - pconfig arch_lbr - - amx_bf16 avx512_fp16 amx_tile amx_int8" },
};

static size_t word_format(char *buf, size_t size, const char *names, uint32_t bits)
{
	size_t at = 0;

	for (unsigned bit = 0; *names; bit++) {
		size_t n = 0;

		while (names[n] && names[n] != ' ')
			n++;
		if ((bits >> bit & 1) && *names != '-')
			at += format_cut(buf + at, size - at, "%.*s ", (int)n, names);
		names += n + (names[n] == ' ');
	}
	return at;
}

/* What the command line turned off: five levels of page tables. */
static uint32_t turned_off(const struct feature_word *w)
{
	return w->leaf == 7 && w->subleaf == 0 && w->reg == REG_ECX && !cpu_features.la57 ? BIT(16) : 0;
}

size_t cpu_flags_format(char *buf, size_t size)
{
	size_t at = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(feature_words); i++) {
		const struct feature_word *w = &feature_words[i];

		at += word_format(buf + at, size - at, w->names,
				  cpuid_word(w->leaf, w->subleaf, w->reg) & ~(w->hide | turned_off(w)));
	}
	if (at)
		buf[--at] = '\0';
	return at;
}
