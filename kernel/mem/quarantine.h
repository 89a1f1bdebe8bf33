/* SPDX-License-Identifier: MIT */
/*
 * mem/quarantine.h: freed objects of slabs wait here before they are used
 * again, so that who still uses them is found. SAN=address only; inside mem/.
 */
#ifndef MEM_QUARANTINE_H
#define MEM_QUARANTINE_H

#include "mem/slab_impl.h"

/* Takes a freed object, and gives one that waited long enough and may be used again; NULL if there is none. Any context. */
void *quarantine_put(struct kcache *c, void *p);
/* One of this processor's that wait, the oldest; NULL when it has none. */
void *quarantine_take(void);

#endif
