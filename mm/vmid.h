/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VMIDs: the numbers by which TLBs tell guests' translations apart.
 */
#ifndef MM_VMID_H
#define MM_VMID_H

#include "hyp/base/status.h"
#include "hyp/base/types.h"

#define VMID_NONE 0    /* never given to a guest: what VTTBR_EL2 holds while none runs */
#define VMID_MAX  1024 /* at most this many, whatever the CPU has */

/* bits: 8 or 16, the machine's ID_AA64MMFR1_EL1.VMIDBits (the least of its CPUs'). Forgets
 * everything. */
void vmid_init(unsigned bits);

/* VMIDBits of an ID_AA64MMFR1_EL1 value, as a number of bits: 8 or 16. */
unsigned vmid_bits(uint64_t id_aa64mmfr1);

/* A number nobody uses; no TLB holds anything of it. ERR_NO_MEMORY when all are taken. */
__must_check enum status vmid_alloc(uint16_t *vmid);

/* Gives it back. The caller has made sure that no CPU runs under it; its TLB entries are dropped
 * here. */
void vmid_free(uint16_t vmid);

#endif
