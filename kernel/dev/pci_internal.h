/* SPDX-License-Identifier: MIT */
/* dev/pci_internal.h: between the files of PCI. */
#ifndef DEV_PCI_INTERNAL_H
#define DEV_PCI_INTERNAL_H

#include "dev/pci.h"

/* Fills in bars: where firmware put them and how large they are. Nobody uses the device. */
void pci_read_bars(struct pci_device *d);

#endif
