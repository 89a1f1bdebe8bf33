/* SPDX-License-Identifier: MIT */
/*
 * ACPI's static tables: the root pointer, the list of tables, and the two
 * things of the DSDT that need no interpreter. acpi_init() runs once on the
 * boot processor; afterwards only the cached mappings change, each from NULL
 * to its one value, so no lock is needed.
 *
 * Nothing in the tables is trusted: a length is bounded before it is mapped,
 * a checksum holds before a field is used, and what is malformed is absent.
 */
#include "base/acpi.h"
#include "base/cmdline.h"
#include "base/log.h"
#include "hal/mmu.h"
#include "lib/atomic.h"
#include "lib/string.h"

#define ACPI_TABLES_MAX 64
#define ACPI_LENGTH_MAX MiB(1)

#define BIOS_EBDA_SEGMENT 0x40eUL /* word: real-mode segment of the extended BIOS data area */
#define BIOS_ROM_START    0xe0000UL
#define BIOS_ROM_END      0x100000UL

/* Root system description pointer (5.2.5.3). Revision 0 ends before length. */
struct acpi_rsdp {
	char signature[8];
	uint8_t checksum;
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum;
	uint8_t reserved[3];
} __packed;

#define RSDP_SIZE_V0 offsetof(struct acpi_rsdp, length)

struct acpi_entry {
	paddr_t pa;                      /* immutable after acpi_init() */
	char signature[4];               /* immutable after acpi_init() */
	bool bad;                        /* atomic: found malformed when it was asked for */
	const struct acpi_header *table; /* atomic: NULL until it was asked for */
};

static struct acpi_entry entries[ACPI_TABLES_MAX]; /* immutable after acpi_init() but for the above */
static unsigned entry_count;                       /* immutable after acpi_init() */
static struct acpi_fadt fadt;                      /* immutable after acpi_init() */
static bool fadt_found;                            /* immutable after acpi_init() */

static bool sum_is_zero(const void *p, size_t n)
{
	const uint8_t *byte = p;
	uint8_t sum = 0;

	while (n--)
		sum += *byte++;
	return sum == 0;
}

/* Maps a whole table and checks it. NULL if it is malformed. */
static const struct acpi_header *map_table(paddr_t pa, const char signature[4])
{
	const struct acpi_header *h = mmu_map_fixed(pa, sizeof(*h), MMU_READ);
	uint32_t length;

	if (!h || memcmp(h->signature, signature, 4) != 0)
		return NULL;
	length = h->length;
	if (length < sizeof(*h) || length > ACPI_LENGTH_MAX)
		return NULL;
	h = mmu_map_fixed(pa, length, MMU_READ);
	if (!h || !sum_is_zero(h, length)) {
		log_warn("acpi: table %.4s at %#lx is malformed\n", signature, pa);
		return NULL;
	}
	return h;
}

static bool rsdp_valid(const struct acpi_rsdp *r)
{
	return memcmp(r->signature, "RSD PTR ", 8) == 0 && sum_is_zero(r, RSDP_SIZE_V0);
}

static paddr_t rsdp_search(paddr_t start, paddr_t end)
{
	const char *p = mmu_map_fixed(start, end - start, MMU_READ);

	for (size_t at = 0; p && at + sizeof(struct acpi_rsdp) <= end - start; at += 16)
		if (rsdp_valid((const struct acpi_rsdp *)(p + at)))
			return start + at;
	return 0;
}

/* Where PC firmware puts the root pointer (5.2.5.1). 0 if it did not. */
static paddr_t rsdp_find(void)
{
	const uint16_t *segment = mmu_map_fixed(BIOS_EBDA_SEGMENT, sizeof(*segment), MMU_READ);
	paddr_t ebda = segment ? (paddr_t)*segment << 4 : 0;
	paddr_t found = 0;

	if (ebda >= 0x80000 && ebda <= 0x9fc00)
		found = rsdp_search(ebda, ebda + 1024);
	return found ? found : rsdp_search(BIOS_ROM_START, BIOS_ROM_END);
}

static void entry_add(paddr_t pa)
{
	const struct acpi_header *h;

	if (!pa || entry_count == ACPI_TABLES_MAX)
		return;
	h = mmu_map_fixed(pa, sizeof(*h), MMU_READ);
	if (!h)
		return;
	entries[entry_count].pa = pa;
	memcpy(entries[entry_count].signature, h->signature, 4);
	entry_count++;
}

/* The list of tables: 64-bit addresses in the XSDT, 32-bit ones in the RSDT (5.2.7, 5.2.8). */
static bool root_read(paddr_t pa, const char signature[4], size_t width)
{
	const struct acpi_header *root = map_table(pa, signature);
	const char *list;
	size_t count;

	if (!root)
		return false;
	list = (const char *)(root + 1);
	count = (root->length - sizeof(*root)) / width;
	for (size_t i = 0; i < count; i++) {
		uint64_t table = 0;

		memcpy(&table, list + i * width, width);
		entry_add(table);
	}
	return true;
}

static struct acpi_address port_address(uint32_t port, uint8_t bytes)
{
	return (struct acpi_address){
		.space = ACPI_SPACE_IO, .bit_width = bytes * 8, .address = port,
	};
}

/* Copies the FADT to full length, and fills the 64-bit fields from the old ones. */
static void fadt_read(void)
{
	const struct acpi_header *h = acpi_table("FACP", 0);

	if (!h)
		return;
	memcpy(&fadt, h, min_t(size_t, h->length, sizeof(fadt)));
	if (!fadt.x_dsdt)
		fadt.x_dsdt = fadt.dsdt;
	if (!fadt.x_pm1a_control.address)
		fadt.x_pm1a_control = port_address(fadt.pm1a_control, fadt.pm1_control_length);
	if (!fadt.x_pm1b_control.address)
		fadt.x_pm1b_control = port_address(fadt.pm1b_control, fadt.pm1_control_length);
	if (!fadt.x_pm_timer.address)
		fadt.x_pm_timer = port_address(fadt.pm_timer, fadt.pm_timer_length);
	fadt_found = true;
}

static void root_find(const struct acpi_rsdp *r)
{
	bool extended = r->revision >= 2 && r->length >= sizeof(*r) &&
			sum_is_zero(r, sizeof(*r));

	if (extended && r->xsdt && root_read(r->xsdt, "XSDT", 8))
		return;
	if (r->rsdt)
		root_read(r->rsdt, "RSDT", 4);
}

void acpi_init(paddr_t rsdp)
{
	const char *option = cmdline_get("acpi");
	const struct acpi_rsdp *r;

	if (option && strcmp(option, "off") == 0)
		return;
	if (!rsdp)
		rsdp = rsdp_find();
	r = rsdp ? mmu_map_fixed(rsdp, sizeof(*r), MMU_READ) : NULL;
	if (!r || !rsdp_valid(r))
		return;
	root_find(r);
	fadt_read();
}

static const struct acpi_header *entry_table(struct acpi_entry *e)
{
	const struct acpi_header *table = atomic_load_acquire(&e->table);

	if (!table && !atomic_load(&e->bad)) {
		table = map_table(e->pa, e->signature);
		if (table)
			atomic_store_release(&e->table, table);
		else
			atomic_store(&e->bad, true);
	}
	return table;
}

const struct acpi_header *acpi_table(const char signature[4], unsigned index)
{
	for (unsigned i = 0; i < entry_count; i++) {
		if (memcmp(entries[i].signature, signature, 4) != 0)
			continue;
		if (index-- == 0)
			return entry_table(&entries[i]);
	}
	return NULL;
}

const struct acpi_fadt *acpi_fadt(void)
{
	return fadt_found ? &fadt : NULL;
}

/*
 * One small integer of AML (20.2.3) at *at, which moves behind it. False if
 * something else stands there, or the end.
 */
static bool aml_integer(const uint8_t *aml, size_t end, size_t *at, uint8_t *value)
{
	enum { ZERO_OP = 0x00, ONE_OP = 0x01, BYTE_PREFIX = 0x0a, WORD_PREFIX = 0x0b, DWORD_PREFIX = 0x0c };
	size_t i = *at, width = 0;

	if (i >= end)
		return false;
	switch (aml[i++]) {
	case ZERO_OP:
		*value = 0;
		break;
	case ONE_OP:
		*value = 1;
		break;
	case BYTE_PREFIX:
		width = 1;
		break;
	case WORD_PREFIX:
		width = 2;
		break;
	case DWORD_PREFIX:
		width = 4;
		break;
	default:
		return false;
	}
	if (width > end - i)
		return false;
	if (width)
		*value = aml[i];
	*at = i + width;
	return true;
}

/* The package that should follow the name _S5_: PackageOp PkgLength NumElements type-a type-b … */
static bool aml_sleep_package(const uint8_t *aml, size_t end, size_t at, uint8_t *a, uint8_t *b)
{
	const uint8_t package_op = 0x12;

	if (end - at < 3 || aml[at++] != package_op)
		return false;
	at += 1 + (aml[at] >> 6); /* PkgLength (20.2.4): the top bits count the bytes that follow */
	if (at >= end || aml[at++] == 0 || !aml_integer(aml, end, &at, a))
		return false;
	if (!aml_integer(aml, end, &at, b))
		*b = *a;
	return true;
}

static const struct acpi_header *dsdt; /* once it was asked for */

static const struct acpi_header *find_dsdt(void)
{
	if (!dsdt && fadt_found && fadt.x_dsdt)
		dsdt = map_table(fadt.x_dsdt, "DSDT");
	return dsdt;
}

bool acpi_sleep_type_s5(uint8_t *type_a, uint8_t *type_b)
{
	const uint8_t *aml = (const uint8_t *)find_dsdt();

	if (!aml)
		return false;
	for (size_t at = sizeof(*dsdt); at + 4 < dsdt->length; at++)
		if (memcmp(aml + at, "_S5_", 4) == 0 &&
		    aml_sleep_package(aml, dsdt->length, at + 4, type_a, type_b))
			return true;
	return false;
}

/* Descriptors of resources: a tag, the length of what follows in two bytes, and that. */
struct memory32_fixed { uint8_t tag; uint16_t length; uint8_t writable; uint32_t address, size; } __packed;
struct extended_interrupt { uint8_t tag; uint16_t length; uint8_t flags, count; uint32_t gsi; } __packed;

#define TAG_MEMORY32_FIXED     0x86
#define TAG_EXTENDED_INTERRUPT 0x89

static bool read_resources(const uint8_t *aml, size_t end, struct acpi_simple_device *d)
{
	const struct memory32_fixed *memory = NULL;

	for (size_t at = 0; at + sizeof(struct extended_interrupt) <= end; at++) {
		const struct memory32_fixed *m = (const void *)(aml + at);
		const struct extended_interrupt *i = (const void *)(aml + at);

		if (!memory && m->tag == TAG_MEMORY32_FIXED && m->length == sizeof(*m) - 3 && at + sizeof(*m) <= end) {
			memory = m;
			at += sizeof(*m) - 1;
		} else if (memory && i->tag == TAG_EXTENDED_INTERRUPT && i->length == sizeof(*i) - 3 && i->count == 1) {
			*d = (struct acpi_simple_device){ .address = memory->address, .length = memory->size, .gsi = i->gsi,
							  .level = !(i->flags & BIT(1)), .low = i->flags & BIT(2) };
			return true;
		}
	}
	return false;
}

static size_t find_text(const uint8_t *aml, size_t end, size_t at, const char *text, size_t n)
{
	while (at + n <= end && memcmp(aml + at, text, n))
		at++;
	return at + n <= end ? at : end;
}

bool acpi_next_device(const char *identity, size_t *from, struct acpi_simple_device *d)
{
	const uint8_t *aml = (const uint8_t *)find_dsdt();
	size_t n = strlen(identity) + 1, at, next;

	if (!aml)
		return false;
	at = find_text(aml, dsdt->length, *from ? *from : sizeof(*dsdt), identity, n);
	for (; at < dsdt->length; at = next) {
		next = find_text(aml, dsdt->length, at + n, identity, n);
		*from = next;
		if (read_resources(aml + at + n, next - at - n, d))
			return true;
	}
	*from = dsdt->length;
	return false;
}
