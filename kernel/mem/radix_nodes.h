/* SPDX-License-Identifier: MIT */
/* mem/radix_nodes.h: memory for the nodes of radix trees (lib/radix.h) that are read under RCU. */
#ifndef MEM_RADIX_NODES_H
#define MEM_RADIX_NODES_H

#include "lib/radix.h"

/* From kmalloc(); may sleep. */
extern const struct radix_ops radix_kmalloc_ops;

#endif
