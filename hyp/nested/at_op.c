/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/at_op.h"

#include "hyp/arch/sysreg_fields.h"

/* What the names say. */
#define OF_EL2  BIT(0)
#define AS_EL0  BIT(1)
#define WRITE   BIT(2)
#define ANY     BIT(3)
#define PAN     BIT(4)
#define THROUGH BIT(5)

/* By op1 (0 or 4), CRm (8 or 9) and op2: where the encodings differ. */
#define KNOWN   BIT(7)
#define OP1_4   SYSREG_ENC(0, 4, 0, 0, 0)
#define CRM_9   SYSREG_ENC(0, 0, 0, 1, 0)
#define OP2     SYSREG_ENC(0, 0, 0, 0, 7)
#define INDEX(encoding) \
	(((encoding)&OP1_4 ? 16 : 0) + ((encoding)&CRM_9 ? 8 : 0) + SYSREG_OP2(encoding))

static const uint8_t traits_of[32] = {
	[INDEX(SYS_AT_S1E1R)] = KNOWN,
	[INDEX(SYS_AT_S1E1W)] = KNOWN | WRITE,
	[INDEX(SYS_AT_S1E0R)] = KNOWN | AS_EL0,
	[INDEX(SYS_AT_S1E0W)] = KNOWN | AS_EL0 | WRITE,
	[INDEX(SYS_AT_S1E1RP)] = KNOWN | PAN,
	[INDEX(SYS_AT_S1E1WP)] = KNOWN | PAN | WRITE,
	[INDEX(SYS_AT_S1E1A)] = KNOWN | ANY,
	[INDEX(SYS_AT_S1E2R)] = KNOWN | OF_EL2,
	[INDEX(SYS_AT_S1E2W)] = KNOWN | OF_EL2 | WRITE,
	[INDEX(SYS_AT_S12E1R)] = KNOWN | THROUGH,
	[INDEX(SYS_AT_S12E1W)] = KNOWN | THROUGH | WRITE,
	[INDEX(SYS_AT_S12E0R)] = KNOWN | THROUGH | AS_EL0,
	[INDEX(SYS_AT_S12E0W)] = KNOWN | THROUGH | AS_EL0 | WRITE,
	[INDEX(SYS_AT_S1E2A)] = KNOWN | OF_EL2 | ANY,
};

static unsigned traits(unsigned encoding)
{
	if ((encoding & ~(OP1_4 | CRM_9 | OP2)) != SYS_AT_S1E1R)
		return 0;
	return traits_of[INDEX(encoding)];
}

bool at_op_decode(unsigned encoding, bool e2h, uint64_t hcr, struct at_op *op)
{
	unsigned has = traits(encoding);
	bool tge = hcr & HCR_EL2_TGE;

	if (!(has & KNOWN))
		return false;
	*op = (struct at_op){
		.regime = REGIME_EL10,
		.user = has & AS_EL0,
		.write = has & WRITE,
		.any = has & ANY,
		.pan = has & PAN,
	};
	if (has & OF_EL2) {
		op->regime = e2h ? REGIME_EL20 : REGIME_EL2;
	} else if (e2h && tge) {
		op->regime = REGIME_EL20;
	} else {
		op->off = tge || (hcr & HCR_EL2_DC);
		op->stage2 = hcr & (HCR_EL2_VM | HCR_EL2_DC);
		op->through = op->stage2 && (has & THROUGH);
	}
	return true;
}
