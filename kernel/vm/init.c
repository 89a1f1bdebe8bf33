/* SPDX-License-Identifier: MIT */
/*
 * Set-up of vm/: its caches. After slab_init().
 */
#include "vm/huge.h"

void vm_init(void)
{
	area_init();
	space_cache_init();
	object_cache_init();
	huge_init();
}
