/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/nested.h"
#include "hyp/arch/features.h"
#include "hyp/arch/sysreg_index.h"

/* SCTLR_EL1 for SCTLR_EL2 without VHE: bits that are at the same place and mean the same, and what
 * is RES1 in the other (DDI 0487 D19.2, SCTLR_EL1, SCTLR_EL2). */
#define SCTLR_SAME                                                                             \
	(BIT(0) | BIT(1) | BIT(2) | BIT(3) | BIT(12) | BIT(13) | BIT(19) | BIT(21) | BIT(25) | \
		BIT(27) | BIT(30) | BIT(31) | BIT(36) | BIT(44))
#define SCTLR_EL1_RES1 UINT64_C(0x30d00800)

/* TCR_EL2 without VHE: T0SZ, IRGN0, ORGN0, SH0 and TG0 are where TCR_EL1 has them. */
#define TCR_EL2_SAME   (TCR_T0SZ | TCR_IRGN0 | TCR_ORGN0 | GENMASK(13, 12) | TCR_TG0)

/* CPTR_EL2 without VHE. */
#define CPTR_TFP       BIT(10)
#define CPTR_TTA       BIT(20)
#define CPACR_TTA      BIT(28)

static uint64_t sctlr_of_el2(uint64_t sctlr)
{
	return (sctlr & SCTLR_SAME) | SCTLR_EL1_RES1;
}

static uint64_t tcr_of_el2(uint64_t tcr)
{
	uint64_t el1 =
		(tcr & TCR_EL2_SAME) | TCR_EPD1 | FIELD_PREP(TCR_IPS, FIELD_GET(TCR_EL2_PS, tcr));

	el1 |= tcr & TCR_EL2_TBI ? TCR_TBI0 : 0;
	el1 |= tcr & TCR_EL2_TBID ? TCR_TBID0 : 0;
	el1 |= tcr & TCR_EL2_HA ? TCR_HA : 0;
	el1 |= tcr & TCR_EL2_HD ? TCR_HD : 0;
	el1 |= tcr & TCR_EL2_HPD ? TCR_HPD0 : 0;
	return el1 | (tcr & TCR_EL2_DS ? TCR_DS : 0);
}

/* CPACR_EL1 in the CPU while vEL2 runs, for vCPTR_EL2 in the format of the form. */
static uint64_t cpacr_of_cptr(const struct nested *nested, uint64_t cptr)
{
	if (nested->vhe)
		return guest_cpacr(cptr);
	return guest_cpacr(cptr & CPTR_TFP ? 0 : CPACR_EL1_FPEN) |
		(cptr & CPTR_TTA ? CPACR_TTA : 0);
}

/* ---- where they are ---- */

/* name: of EL2; in values[], or -1; switched, as the register of that name of EL1's, or -1. */
#define PLACES(X)                                           \
	X(SCTLR, VEL2_SCTLR, SWITCHED_SCTLR)                \
	X(TCR, VEL2_TCR, SWITCHED_TCR)                      \
	X(TTBR0, VEL2_TTBR0, SWITCHED_TTBR0)                \
	X(TTBR1, VEL2_TTBR1, SWITCHED_TTBR1)                \
	X(MAIR, VEL2_MAIR, SWITCHED_MAIR)                   \
	X(AMAIR, VEL2_AMAIR, SWITCHED_AMAIR)                \
	X(VBAR, VEL2_VBAR, SWITCHED_VBAR)                   \
	X(CONTEXTIDR, VEL2_CONTEXTIDR, SWITCHED_CONTEXTIDR) \
	X(AFSR0, VEL2_AFSR0, SWITCHED_AFSR0)                \
	X(AFSR1, VEL2_AFSR1, SWITCHED_AFSR1)                \
	X(CPTR, VEL2_CPTR, SWITCHED_CPACR)                  \
	X(ESR, -1, SWITCHED_ESR)                            \
	X(FAR, -1, SWITCHED_FAR)                            \
	X(SPSR, -1, SWITCHED_SPSR)                          \
	X(ELR, -1, SWITCHED_ELR)                            \
	X(SP, -1, SWITCHED_SP)                              \
	X(CNTHCTL, VEL2_CNTHCTL, -1)                        \
	X(MDCR, VEL2_MDCR, -1)                              \
	X(HPFAR, VEL2_HPFAR, -1)

static const struct place {
	int8_t value;    /* enum vel2_value, -1: none */
	int8_t switched; /* enum switched, -1: none */
} places[] = { { -1, -1 },
#define X(name, value, switched) { value, switched },
	PLACES(X)
#undef X
};

enum {
	NO_PLACE,
#define X(name, value, switched) PLACE_##name,
	PLACES(X)
#undef X
};

/* By sysreg_row(). */
static const uint8_t place_numbers[NR_SYSREG_ROWS] = {
#define X(name, value, switched) [SYSREG_ROW_##name##_EL2] = PLACE_##name,
	PLACES(X)
#undef X
};

static const struct place *find(unsigned encoding)
{
	unsigned number = place_numbers[sysreg_row(encoding)];

	return number == NO_PLACE ? NULL : &places[number];
}

/* Is what L1 wrote in values[]? Else the register of the CPU is it. */
static bool in_values(bool vhe, const struct place *place)
{
	return place->value >= 0 && (place->switched < 0 || !vhe || place->value == VEL2_CPTR);
}

bool vel2_where(bool vhe, unsigned encoding, struct vel2_place *where)
{
	const struct place *place = find(encoding);

	if (!place)
		return false;
	*where = (struct vel2_place){
		.value = in_values(vhe, place) ? place->value : -1,
		.switched = place->switched,
		.translated = encoding == SYS_CPTR_EL2 ||
			(!vhe && (encoding == SYS_SCTLR_EL2 || encoding == SYS_TCR_EL2)),
	};
	return true;
}

uint64_t vel2_read(const struct nested *nested, unsigned encoding)
{
	const struct place *place = find(encoding);

	if (!place)
		return 0;
	if (in_values(nested->vhe, place))
		return nested->values[place->value];
	if (nested->inner)
		return nested->hyp_live[place->switched];
	return switched_read((enum switched)place->switched);
}

uint64_t vel2_form(const struct nested *nested, unsigned encoding, uint64_t value)
{
	if (encoding == SYS_CPTR_EL2)
		return cpacr_of_cptr(nested, value);
	if (nested->vhe)
		return value;
	if (encoding == SYS_SCTLR_EL2)
		return sctlr_of_el2(value);
	return encoding == SYS_TCR_EL2 ? tcr_of_el2(value) : value;
}

void vel2_write(struct nested *nested, unsigned encoding, uint64_t value)
{
	const struct place *place = find(encoding);
	uint64_t form;

	if (!place)
		return;
	if (in_values(nested->vhe, place))
		nested->values[place->value] = value;
	if (place->switched < 0)
		return;
	form = vel2_form(nested, encoding, value);
	if (nested->inner)
		nested->hyp_live[place->switched] = form;
	else
		switched_write((enum switched)place->switched, form);
}

/* The CPU's registers for the reset values; those of the others are UNKNOWN, zero here. */
void vel2_reset(struct nested *nested)
{
	uint64_t *bank = nested->vcpu->bank;
	uint64_t mmfr0 = read_sysreg(ID_AA64MMFR0_EL1);

	nested->granules = regime_granules(mmfr0);
	nested->granules_s2 = regime_granules_s2(mmfr0);
	nested->features = regime_features(
		mmfr0, read_sysreg(ID_AA64MMFR1_EL1), read_sysreg(ID_AA64MMFR2_EL1));
	bank[BANK_SCTLR_EL1] = vel2_form(nested, SYS_SCTLR_EL2, nested->values[VEL2_SCTLR]);
	bank[BANK_TCR_EL1] = vel2_form(nested, SYS_TCR_EL2, nested->values[VEL2_TCR]);
	bank[BANK_CPACR_EL1] = vel2_form(nested, SYS_CPTR_EL2, nested->values[VEL2_CPTR]);
}

/* ---- as regimes ---- */

/* L1 is shown no FEAT_NV: what it writes there has no effect. */
static uint64_t effective_hcr(const struct nested *nested)
{
	return VNCR_REG(nested, HCR_EL2) & ~(HCR_EL2_NV | HCR_EL2_NV1 | HCR_EL2_NV2);
}

static void set_machine(const struct nested *nested, struct regime *regime)
{
	regime->pa_bits = nested->vcpu->vm->stage2.ipa_bits;
	regime->granules = nested->granules;
	regime->features = nested->features;
	regime->hcr = effective_hcr(nested);
}

struct regime nested_el2_regime(const struct nested *nested)
{
	struct regime regime = {
		.kind = nested->vhe ? REGIME_EL20 : REGIME_EL2,
		.ttbr0 = vel2_read(nested, SYS_TTBR0_EL2),
		.ttbr1 = vel2_read(nested, SYS_TTBR1_EL2),
		.tcr = vel2_read(nested, SYS_TCR_EL2),
		.sctlr = vel2_read(nested, SYS_SCTLR_EL2),
		.mair = vel2_read(nested, SYS_MAIR_EL2),
	};

	set_machine(nested, &regime);
	return regime;
}

struct regime nested_el1_regime(const struct nested *nested)
{
	struct regime regime = {
		.kind = REGIME_EL10,
		.ttbr0 = VEL1_REG(nested, TTBR0_EL1),
		.ttbr1 = VEL1_REG(nested, TTBR1_EL1),
		.tcr = VEL1_REG(nested, TCR_EL1),
		.sctlr = VEL1_REG(nested, SCTLR_EL1),
		.mair = VEL1_REG(nested, MAIR_EL1),
	};

	set_machine(nested, &regime);
	return regime;
}
