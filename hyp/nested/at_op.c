/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/at_op.h"

#include "hyp/arch/sysreg_fields.h"

/* What the names say, besides WALK_*. */
#define OF_EL2 BIT(14)

/* By op1 (0 or 4), CRm (8 or 9) and op2: where the encodings differ. */
#define KNOWN  BIT(15)
#define OP1_4  SYSREG_ENC(0, 4, 0, 0, 0)
#define CRM_9  SYSREG_ENC(0, 0, 0, 1, 0)
#define OP2    SYSREG_ENC(0, 0, 0, 0, 7)
#define INDEX(encoding) \
	(((encoding)&OP1_4 ? 16 : 0) + ((encoding)&CRM_9 ? 8 : 0) + SYSREG_OP2(encoding))

#define READ  (KNOWN | WALK_JUDGE)
#define WRITE (READ | WALK_WRITE)

static const uint16_t traits_of[32] = {
	[INDEX(SYS_AT_S1E1R)] = READ,
	[INDEX(SYS_AT_S1E1W)] = WRITE,
	[INDEX(SYS_AT_S1E0R)] = READ | WALK_USER,
	[INDEX(SYS_AT_S1E0W)] = WRITE | WALK_USER,
	[INDEX(SYS_AT_S1E1RP)] = READ | WALK_PAN,
	[INDEX(SYS_AT_S1E1WP)] = WRITE | WALK_PAN,
	[INDEX(SYS_AT_S1E1A)] = KNOWN,
	[INDEX(SYS_AT_S1E2R)] = READ | OF_EL2,
	[INDEX(SYS_AT_S1E2W)] = WRITE | OF_EL2,
	[INDEX(SYS_AT_S12E1R)] = READ | WALK_FINAL,
	[INDEX(SYS_AT_S12E1W)] = WRITE | WALK_FINAL,
	[INDEX(SYS_AT_S12E0R)] = READ | WALK_USER | WALK_FINAL,
	[INDEX(SYS_AT_S12E0W)] = WRITE | WALK_USER | WALK_FINAL,
	[INDEX(SYS_AT_S1E2A)] = KNOWN | OF_EL2,
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
	op->regime = REGIME_EL10;
	op->access = has & ~(KNOWN | OF_EL2);
	op->off = op->stage2 = false;
	if (has & OF_EL2) {
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
