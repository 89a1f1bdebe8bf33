/* SPDX-License-Identifier: MIT */
/*
 * base/acpi over a machine of 64 KiB: each mapping is a copy of exactly the
 * bytes asked for, so that the sanitizer sees any step outside. The machine has
 * the root pointer at 0x100 and tables behind it.
 */
#include "unit.h"

#include "base/acpi.c"

#define MEMORY 0x10000
#define RSDP   0x100
#define XSDT   0x200
#define RSDT   0x300
#define FADT   0x400
#define DSDT   0x800
#define HPET   0xc00

static uint8_t memory[MEMORY];
static void *mapped[4096];
static unsigned mappings;
static const char *option_acpi;

void *mmu_map_fixed(paddr_t pa, size_t n, unsigned prot)
{
	if (n == 0 || pa >= MEMORY || n > MEMORY - pa || mappings == ARRAY_SIZE(mapped))
		return NULL;
	return mapped[mappings++] = unit_exact_copy(memory + pa, n);
}

const char *cmdline_get(const char *name)
{
	return strcmp(name, "acpi") == 0 ? option_acpi : NULL;
}

void log_printf(enum log_level level, const char *fmt, ...)
{
}

static void forget(void)
{
	while (mappings)
		free(mapped[--mappings]);
	memset(entries, 0, sizeof(entries));
	memset(&fadt, 0, sizeof(fadt));
	entry_count = 0;
	fadt_found = false;
	dsdt = NULL;
	option_acpi = NULL;
}

static void sum_fix(size_t at, size_t n, size_t checksum)
{
	uint8_t sum = 0;

	memory[at + checksum] = 0;
	for (size_t i = 0; i < n; i++)
		sum += memory[at + i];
	memory[at + checksum] = (uint8_t)-sum;
}

static void table_put(size_t at, const char *signature, const void *body, size_t n)
{
	struct acpi_header h = { .length = (uint32_t)(sizeof(h) + n), .revision = 1 };

	memcpy(h.signature, signature, 4);
	memcpy(memory + at, &h, sizeof(h));
	if (n)
		memcpy(memory + at + sizeof(h), body, n);
	sum_fix(at, sizeof(h) + n, offsetof(struct acpi_header, checksum));
}

static void rsdp_put(size_t at, uint8_t revision, uint32_t rsdt, uint64_t xsdt)
{
	struct acpi_rsdp r = { .revision = revision, .rsdt = rsdt, .length = sizeof(r), .xsdt = xsdt };

	memcpy(r.signature, "RSD PTR ", 8);
	memcpy(memory + at, &r, sizeof(r));
	sum_fix(at, RSDP_SIZE_V0, offsetof(struct acpi_rsdp, checksum));
	sum_fix(at, sizeof(r), offsetof(struct acpi_rsdp, extended_checksum));
}

static void dsdt_put(const char *aml, size_t n)
{
	table_put(DSDT, "DSDT", aml, n);
}

/* A machine with a revision 0 FADT, both roots, and a table "HPET". */
static int machine(void **state)
{
	static const char sleep[] = "junk_S5_no\x08_S5_\x12\x06\x04\x0a\x05\x01\x00\x00";
	uint32_t fadt_v0[20] = { 0 };
	uint64_t xsdt[] = { FADT, HPET };
	uint32_t rsdt[] = { FADT, HPET };

	memset(memory, 0, sizeof(memory));
	fadt_v0[1] = DSDT;
	fadt_v0[7] = 0x604;                 /* PM1a control block */
	fadt_v0[10] = 0x608;                /* PM timer block */
	((uint8_t *)fadt_v0)[53] = 2;       /* its lengths */
	((uint8_t *)fadt_v0)[55] = 4;
	table_put(FADT, "FACP", fadt_v0, sizeof(fadt_v0));
	table_put(HPET, "HPET", "12345678", 8);
	table_put(XSDT, "XSDT", xsdt, sizeof(xsdt));
	table_put(RSDT, "RSDT", rsdt, sizeof(rsdt));
	dsdt_put(sleep, sizeof(sleep) - 1);
	rsdp_put(RSDP, 2, RSDT, XSDT);
	return 0;
}

static int machine_end(void **state)
{
	forget();
	return 0;
}

static void both_roots_are_read(void **state)
{
	for (int kind = 0; kind < 3; kind++) {
		forget();
		rsdp_put(RSDP, kind == 0 ? 0 : 2, kind == 1 ? 0 : RSDT, kind == 2 ? 0 : XSDT);
		acpi_init(RSDP);
		assert_non_null(acpi_table("HPET", 0));
		assert_ptr_equal(acpi_table("HPET", 0), acpi_table("HPET", 0));
		assert_null(acpi_table("HPET", 1));
		assert_null(acpi_table("APIC", 0));
		assert_memory_equal(acpi_table("HPET", 0) + 1, "12345678", 8);
	}
}

static void off_finds_nothing(void **state)
{
	option_acpi = "off";
	acpi_init(RSDP);
	assert_null(acpi_table("HPET", 0));
	assert_null(acpi_fadt());
	assert_int_equal(mappings, 0);
}

static void short_fadt_is_filled_up(void **state)
{
	acpi_init(RSDP);
	assert_non_null(acpi_fadt());
	assert_int_equal(acpi_fadt()->x_dsdt, DSDT);
	assert_int_equal(acpi_fadt()->x_pm1a_control.address, 0x604);
	assert_int_equal(acpi_fadt()->x_pm1a_control.bit_width, 16);
	assert_int_equal(acpi_fadt()->x_pm_timer.address, 0x608);
	assert_int_equal(acpi_fadt()->x_pm_timer.bit_width, 32);
	assert_int_equal(acpi_fadt()->x_pm1b_control.address, 0);
	assert_int_equal(acpi_fadt()->reset_register.address, 0);
}

static void sleep_type_forms(void **state)
{
	static const struct {
		const char *aml;
		size_t n;
		int a, b; /* -1: not found */
	} form[] = {
		{ "_S5_\x12\x06\x04\x0a\x05\x0a\x07", 11, 5, 7 },
		{ "_S5_\x12\x06\x04\x00\x01\x00\x00", 11, 0, 1 },
		{ "_S5_\x12\x47\x00\x04\x0b\x07\x00\x01", 12, 7, 1 },
		{ "_S5_\x12\x03\x01\x0a\x05", 9, 5, 5 },
		{ "_S5_\x12\x06\x04\x0a", 8, -1, 0 },
		{ "_S5_\x12\x06\x00\x0a\x05", 9, -1, 0 },
		{ "_S5_\x12\xc6", 6, -1, 0 },
		{ "_S5_\x12", 5, -1, 0 },
		{ "_S5_", 4, -1, 0 },
		{ "_S4_\x12\x06\x04\x0a\x05\x0a\x07", 11, -1, 0 },
		{ "", 0, -1, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(form); i++) {
		uint8_t a = 0xee, b = 0xee;

		forget();
		dsdt_put(form[i].aml, form[i].n);
		acpi_init(RSDP);
		assert_int_equal(acpi_sleep_type_s5(&a, &b), form[i].a >= 0);
		if (form[i].a >= 0) {
			assert_int_equal(a, form[i].a);
			assert_int_equal(b, form[i].b);
		}
	}
}

#define AML_MEMORY    "\x86\x09\x00\x01"     /* and address, size */
#define AML_INTERRUPT "\x89\x06\x00"       /* and flags, count, number */

/* Devices as QEMU's microvm has them, one of another kind, some that are not whole. */
static void devices_by_identity(void **state)
{
	static const char aml[] =
		"LNRO0005\0xx" AML_MEMORY "\x00\x00\xb0\xfe\x00\x02\x00\x00" AML_INTERRUPT "\x09\x01\x18\x00\x00\x00"
		"PNP0501\0xx" AML_MEMORY "\x00\x10\xb0\xfe\x00\x02\x00\x00" AML_INTERRUPT "\x03\x01\x04\x00\x00\x00"
		"LNRO0005\0no resources "
		"LNRO0005\0only memory" AML_MEMORY "\x00\x20\xb0\xfe\x00\x02\x00\x00"
		"LNRO0005\0" AML_MEMORY "\x00\x30\xb0\xfe\x00\x02\x00\x00" AML_INTERRUPT "\x07\x01\x19\x00\x00\x00"
		"LNRO0005\0cut" AML_MEMORY "\x00\x40\xb0\xfe\x00\x02\x00\x00" AML_INTERRUPT "\x09";
	struct acpi_simple_device d;
	size_t from = 0;

	forget();
	dsdt_put(aml, sizeof(aml) - 1);
	acpi_init(RSDP);
	assert_true(acpi_next_device("LNRO0005", &from, &d));
	assert_int_equal(d.address, 0xfeb00000);
	assert_int_equal(d.length, 0x200);
	assert_int_equal(d.gsi, 24);
	assert_true(d.level && !d.low);
	assert_true(acpi_next_device("LNRO0005", &from, &d));
	assert_int_equal(d.address, 0xfeb03000);
	assert_int_equal(d.gsi, 25);
	assert_true(!d.level && d.low);
	assert_false(acpi_next_device("LNRO0005", &from, &d));
	assert_false(acpi_next_device("LNRO0005", &from, &d));
	from = 0;
	assert_true(acpi_next_device("PNP0501", &from, &d));
	assert_int_equal(d.gsi, 4);
	from = 0;
	assert_false(acpi_next_device("PNP0A08", &from, &d));
}

static void malformed_is_absent(void **state)
{
	memory[HPET + sizeof(struct acpi_header)] ^= 1;
	acpi_init(RSDP);
	assert_null(acpi_table("HPET", 0));
	assert_null(acpi_table("HPET", 0));
	assert_non_null(acpi_fadt());

	forget();
	machine(NULL);
	memcpy(memory + HPET + 4, "\xff\xff\xff\xff", 4); /* length */
	acpi_init(RSDP);
	assert_null(acpi_table("HPET", 0));

	forget();
	machine(NULL);
	memcpy(memory + HPET + 4, "\x07\0\0\0", 4);
	acpi_init(RSDP);
	assert_null(acpi_table("HPET", 0));

	forget();
	machine(NULL);
	memory[RSDP + 1] ^= 1;
	acpi_init(RSDP);
	assert_null(acpi_table("HPET", 0));
}

/* Any byte may be anything, with checksums right again: nothing is read outside of a mapping. */
static void hostile_tables(void **state)
{
	unit_random_start("hostile_tables");
	for (int round = 0; round < 3000; round++) {
		static const size_t table[] = { XSDT, RSDT, FADT, DSDT, HPET };
		uint8_t a, b;

		forget();
		machine(NULL);
		for (uint64_t n = 1 + unit_random_below(6); n; n--) {
			size_t at = table[unit_random_below(ARRAY_SIZE(table))];
			size_t length;

			memory[at + 4 + unit_random_below(80)] = (uint8_t)unit_random();
			length = memory[at + 4] | (size_t)memory[at + 5] << 8;
			if (at + length <= MEMORY && length > 9)
				sum_fix(at, length, offsetof(struct acpi_header, checksum));
		}
		acpi_init(RSDP);
		acpi_table("HPET", 0);
		acpi_table("\0\0\0\0", 3);
		acpi_sleep_type_s5(&a, &b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(both_roots_are_read, machine, machine_end),
		cmocka_unit_test_setup_teardown(off_finds_nothing, machine, machine_end),
		cmocka_unit_test_setup_teardown(short_fadt_is_filled_up, machine, machine_end),
		cmocka_unit_test_setup_teardown(sleep_type_forms, machine, machine_end),
		cmocka_unit_test_setup_teardown(devices_by_identity, machine, machine_end),
		cmocka_unit_test_setup_teardown(malformed_is_absent, machine, machine_end),
		cmocka_unit_test_setup_teardown(hostile_tables, machine, machine_end),
	};
	return cmocka_run_group_tests_name("acpi", tests, NULL, NULL);
}
