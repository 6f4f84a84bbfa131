/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which translation an AT instruction asks for: by its encoding and by HCR_EL2.{E2H,TGE,VM,DC} of
 * the hypervisor that executes it, or whose guest does (DDI 0487 C5.4 and the pseudocode
 * AArch64.AT). The regime is EL1&0 unless said otherwise:
 *
 *   {E2H,TGE}        {0,0}       {0,1}           {1,0}    {1,1}
 *   S1E1*            privileged  stage 1 is off  as 0,0   EL2&0, privileged
 *   S1E0*            as EL0      stage 1 is off  as 0,0   EL2&0, as EL0
 *   S12E1*, S12E0*   the same, and stage 2       as 0,0   EL2&0, as EL1 and EL0: no stage 2
 *   S1E2*            EL2         EL2             EL2&0    EL2&0, privileged
 *
 * Stage 2 is there in the EL1&0 regime alone, while HCR_EL2.VM or DC is 1. With S1* it translates
 * where the descriptors are; with S12* also what comes out.
 *
 * PSTATE.PAN, of who executes it, counts for S1E1RP and S1E1WP (FEAT_PAN2), whatever E2H is. S1E1A
 * and S1E2A (FEAT_ATS1A) judge no permission.
 */
#ifndef HYP_NESTED_AT_OP_H
#define HYP_NESTED_AT_OP_H

#include "hyp/arch/sysreg.h"
#include "mm/walk.h"

struct at_op {
	enum regime_kind regime;
	/*
	 * WALK_*: USER, as EL0; WRITE, judge whether it may be written; JUDGE, neither that nor
	 * whether it may be read without it (FEAT_ATS1A); PAN, PSTATE.PAN counts (FEAT_PAN2);
	 * FINAL, stage 2 translates the output, too.
	 */
	unsigned access;
	bool off;    /* stage 1 is off, whatever SCTLR_ELx.M says */
	bool stage2; /* there is a stage 2 */
};

/* False: not an AT instruction. e2h is given, since a virtual EL2 has it as its form says. */
bool at_op_decode(unsigned encoding, bool e2h, uint64_t hcr, struct at_op *op);

#endif
