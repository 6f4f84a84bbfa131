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
#include "hyp/arch/sysreg_fields.h"
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

/* Where the encodings differ: op1 (0 or 4), CRm (8 or 9) and op2. */
#define AT_OP1_4 SYSREG_ENC(0, 4, 0, 0, 0)
#define AT_CRM_9 SYSREG_ENC(0, 0, 0, 1, 0)
#define AT_OP2   SYSREG_ENC(0, 0, 0, 0, 7)
#define AT_INDEX(encoding) \
	(((encoding)&AT_OP1_4 ? 16 : 0) + ((encoding)&AT_CRM_9 ? 8 : 0) + SYSREG_OP2(encoding))

/* What the names say, by AT_INDEX(): WALK_*, and these. 0: there is none. */
#define AT_OF_EL2 BIT(14)
#define AT_KNOWN  BIT(15)
extern const uint16_t at_op_traits[32];

/* False: not an AT instruction. e2h is given, since a virtual EL2 has it as its form says. */
static __always_inline bool at_op_decode(
	unsigned encoding, bool e2h, uint64_t hcr, struct at_op *op)
{
	bool tge = hcr & HCR_EL2_TGE;
	unsigned has = at_op_traits[AT_INDEX(encoding)];

	if ((encoding & ~(AT_OP1_4 | AT_CRM_9 | AT_OP2)) != SYS_AT_S1E1R || !(has & AT_KNOWN))
		return false;
	op->regime = REGIME_EL10;
	op->access = has & ~(AT_KNOWN | AT_OF_EL2);
	op->off = op->stage2 = false;
	if (has & AT_OF_EL2) {
		op->regime = e2h ? REGIME_EL20 : REGIME_EL2;
	} else if (e2h && tge) {
		op->regime = REGIME_EL20;
	} else {
		op->off = tge || (hcr & HCR_EL2_DC);
		op->stage2 = hcr & (HCR_EL2_VM | HCR_EL2_DC);
	}
	if (!op->stage2)
		op->access &= ~WALK_FINAL;
	return true;
}

#endif
