/* SPDX-License-Identifier: MIT */
/*
 * base/table.h: registration tables. A leaf registers itself in one line; the
 * linker gathers the entries, and the owner of the table walks them. Nobody
 * includes a leaf, and no order is promised.
 *
 *   TABLE_ENTRY(drivers, struct driver, serial) = { .name = "serial", … };
 *   TABLE_FOREACH(drivers, struct driver, d) d->probe();
 *
 * The linker itself provides __start_ and __stop_ symbols for a section whose
 * name is a C identifier; the linker script keeps the sections named table_*.
 */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include "lib/types.h"

#define TABLE_ENTRY(table, type, name)                                                             \
	static const type table##_entry_##name __attribute__((used, aligned(8), section("table_" #table)))

#define TABLE_FOREACH(table, type, var)                                                            \
	extern const type __start_table_##table[] __attribute__((weak));                           \
	extern const type __stop_table_##table[] __attribute__((weak));                            \
	for (const type *var = __start_table_##table; var < __stop_table_##table; var++)

#endif
