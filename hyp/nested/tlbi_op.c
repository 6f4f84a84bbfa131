/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/tlbi_op.h"

#include "hyp/arch/sysreg.h"

#define CRN_TLBI      8
#define CRN_TLBI_NXS  9

/* The operand by IPA, and of a range. */
#define IPA_PAGE      GENMASK(35, 0)
#define RANGE_TG      GENMASK(47, 46)
#define RANGE_SCALE   GENMASK(45, 44)
#define RANGE_NUM     GENMASK(43, 39)
#define RANGE_BASE    GENMASK(36, 0)

/* A row for each op2: what it is; 0: nothing. */
#define KNOWN         BIT(7)
#define ROW(kind, op) (KNOWN | ((kind) << 4) | (op))

static const uint8_t el1_rows[8] = {
	[0] = ROW(TLBI_STAGE1, TLB_VMALLE1),
	[1] = ROW(TLBI_STAGE1, TLB_VAE1),
	[2] = ROW(TLBI_STAGE1, TLB_ASIDE1),
	[3] = ROW(TLBI_STAGE1, TLB_VAAE1),
	[5] = ROW(TLBI_STAGE1, TLB_VALE1),
	[7] = ROW(TLBI_STAGE1, TLB_VAALE1),
};

static const uint8_t el1_range_rows[8] = {
	[1] = ROW(TLBI_STAGE1, TLB_RVAE1),
	[3] = ROW(TLBI_STAGE1, TLB_RVAAE1),
	[5] = ROW(TLBI_STAGE1, TLB_RVALE1),
	[7] = ROW(TLBI_STAGE1, TLB_RVAALE1),
};

static const uint8_t el2_rows[8] = {
	[0] = ROW(TLBI_EL2, TLB_VMALLE1),
	[1] = ROW(TLBI_EL2, TLB_VAE1),
	[4] = ROW(TLBI_ALL, 0),
	[5] = ROW(TLBI_EL2, TLB_VALE1),
	[6] = ROW(TLBI_BOTH, 0),
};

static const uint8_t el2_range_rows[8] = {
	[1] = ROW(TLBI_EL2, TLB_RVAE1),
	[5] = ROW(TLBI_EL2, TLB_RVALE1),
};

/* CRm 4 and 0; of the outer shareable ones CRm is 4, too. */
static const uint8_t ipa_rows[8] = {
	[1] = ROW(TLBI_IPA, 0),
	[2] = ROW(TLBI_IPA_RANGE, 0),
	[5] = ROW(TLBI_IPA, 0),
	[6] = ROW(TLBI_IPA_RANGE, 0),
};

static const uint8_t ipa_outer_rows[8] = {
	[0] = ROW(TLBI_IPA, 0),
	[3] = ROW(TLBI_IPA_RANGE, 0),
	[4] = ROW(TLBI_IPA, 0),
	[7] = ROW(TLBI_IPA_RANGE, 0),
};

static bool decode_ipa(unsigned crm, unsigned op2, struct tlbi_op *op)
{
	unsigned row = ipa_rows[op2];

	if (crm == 4 && ipa_outer_rows[op2]) {
		row = ipa_outer_rows[op2];
		op->outer = true;
	}
	op->kind = (enum tlbi_kind)(row >> 4 & 7);
	op->range = op->kind == TLBI_IPA_RANGE;
	return row != 0;
}

bool tlbi_decode(unsigned encoding, struct tlbi_op *op)
{
	/* By CRm: of this CPU, inner shareable, outer shareable. */
	static const uint8_t plain = BIT(7) | BIT(3) | BIT(1), range = BIT(6) | BIT(2) | BIT(5);
	unsigned op1 = SYSREG_OP1(encoding), crn = SYSREG_CRN(encoding);
	unsigned crm = SYSREG_CRM(encoding), op2 = SYSREG_OP2(encoding), row;

	if (SYSREG_OP0(encoding) != 1 || (op1 != 0 && op1 != 4) ||
		(crn != CRN_TLBI && crn != CRN_TLBI_NXS))
		return false;
	*op = (struct tlbi_op){ .nxs = crn == CRN_TLBI_NXS };
	if (op1 == 4 && (crm == 0 || crm == 4))
		return decode_ipa(crm, op2, op);
	if (crm < 8 && (plain & BIT(crm)))
		row = op1 ? el2_rows[op2] : el1_rows[op2];
	else if (crm < 8 && (range & BIT(crm)))
		row = op1 ? el2_range_rows[op2] : el1_range_rows[op2];
	else
		return false;
	op->kind = (enum tlbi_kind)(row >> 4 & 7);
	op->op = (enum tlb_guest_op)(row & 0xf);
	op->range = range & BIT(crm);
	op->outer = crm == 1 || crm == 5;
	return row != 0;
}

enum tlb_guest_op tlbi_any_asid(enum tlb_guest_op op)
{
	switch (op) {
	case TLB_VAE1:
		return TLB_VAAE1;
	case TLB_VALE1:
		return TLB_VAALE1;
	case TLB_RVAE1:
		return TLB_RVAAE1;
	case TLB_RVALE1:
		return TLB_RVAALE1;
	default:
		return op;
	}
}

uint64_t tlbi_ipa(uint64_t operand)
{
	return FIELD_GET(IPA_PAGE, operand) << PAGE_SHIFT;
}

bool tlbi_ipa_range(uint64_t operand, uint64_t *ipa, uint64_t *size)
{
	static const uint8_t shifts[] = { 0, 12, 14, 16 };
	unsigned shift = shifts[FIELD_GET(RANGE_TG, operand)];

	*ipa = FIELD_GET(RANGE_BASE, operand) << shift;
	*size = (FIELD_GET(RANGE_NUM, operand) + 1)
		<< (5 * FIELD_GET(RANGE_SCALE, operand) + 1) << shift;
	return shift != 0;
}
