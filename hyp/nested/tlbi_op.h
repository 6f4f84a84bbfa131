/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a TLBI instruction asks for, by its encoding and its operand (DDI 0487 C5.5, D8.14). Whether
 * it is for this CPU alone, the inner or the outer shareable domain makes no difference to what is
 * done: vCPUs move between CPUs, all of which are inner shareable.
 *
 *   op1 0, CRm 7 3 1, op2 0 1 2 3 5 7   VMALLE1, VAE1, ASIDE1, VAAE1, VALE1, VAALE1
 *   op1 0, CRm 6 2 5, op2 1 3 5 7       RVAE1, RVAAE1, RVALE1, RVAALE1
 *   op1 4, CRm 7 3 1, op2 0 1 4 5 6     ALLE2, VAE2, ALLE1, VALE2, VMALLS12E1
 *   op1 4, CRm 6 2 5, op2 1 5           RVAE2, RVALE2
 *   op1 4, CRm 4 0,   op2 1 2 5 6       IPAS2E1, RIPAS2E1, IPAS2LE1, RIPAS2LE1
 *   op1 4, CRm 4,     op2 0 3 4 7       the same, outer shareable
 *
 * CRm: of this CPU, inner, outer shareable. CRn is 8; 9: nXS.
 */
#ifndef HYP_NESTED_TLBI_OP_H
#define HYP_NESTED_TLBI_OP_H

#include "hyp/arch/tlb.h"

enum tlbi_kind {
	TLBI_STAGE1, /* of one VMID, stage 1: `op` */
	TLBI_EL2,    /* of vEL2: `op` under the VM's own VMID */
	TLBI_BOTH,   /* VMALLS12E1: of one VMID */
	TLBI_ALL,    /* ALLE1: of all VMIDs */
	TLBI_IPA,    /* stage 2 of one VMID */
	TLBI_IPA_RANGE,
};

struct tlbi_op {
	enum tlbi_kind kind;
	enum tlb_guest_op op;
	bool range; /* is there with FEAT_TLBIRANGE alone */
	bool outer; /* FEAT_TLBIOS */
	bool nxs;   /* FEAT_XS */
};

/* False: not a TLBI. */
bool tlbi_decode(unsigned encoding, struct tlbi_op *op);

/* The same whatever the ASID: what *E2 is to vEL2 without VHE. */
enum tlb_guest_op tlbi_any_asid(enum tlb_guest_op op);

/* What the operand of TLBI_IPA says. */
uint64_t tlbi_ipa(uint64_t operand);

/* And of TLBI_IPA_RANGE; false: it has a reserved granule. */
bool tlbi_ipa_range(uint64_t operand, uint64_t *ipa, uint64_t *size);

#endif
