/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/forward_table.h"
#include "hyp/arch/esr.h"

/* ---- coarse traps ---- */

#define ICH_HCR_TC    BIT(10)
#define ICH_HCR_TALL0 BIT(11)
#define ICH_HCR_TALL1 BIT(12)
#define ICH_HCR_TDIR  BIT(14)

/* MDCR_EL2.TDE makes the other three as if they were set. */
const struct gate gates[NR_GATES] = {
	[GATE_WRITE_VM] = { .hcr = HCR_EL2_TVM },
	[GATE_READ_VM] = { .hcr = HCR_EL2_TRVM },
	[GATE_TCPAC] = { .cptr = CPTR_EL2_TCPAC },
	[GATE_TACR] = { .hcr = HCR_EL2_TACR },
	[GATE_TID1] = { .hcr = HCR_EL2_TID1 },
	[GATE_TID2] = { .hcr = HCR_EL2_TID2 },
	[GATE_CACHES] = { .hcr = HCR_EL2_TID2 | HCR_EL2_TID4 },
	[GATE_APK] = { .hcr_clear = HCR_EL2_APK },
	[GATE_TERR] = { .hcr = HCR_EL2_TERR },
	[GATE_TSW] = { .hcr = HCR_EL2_TSW },
	[GATE_TPCP] = { .hcr = HCR_EL2_TPCP },
	[GATE_POU] = { .hcr = HCR_EL2_TPU | HCR_EL2_TOCU },
	[GATE_POUIS] = { .hcr = HCR_EL2_TPU | HCR_EL2_TICAB },
	[GATE_TDZ] = { .hcr = HCR_EL2_TDZ },
	[GATE_AT] = { .hcr = HCR_EL2_AT },
	[GATE_TDA] = { .mdcr = MDCR_EL2_TDA | MDCR_EL2_TDE },
	[GATE_TDCC] = { .mdcr = MDCR_EL2_TDA | MDCR_EL2_TDE | MDCR_EL2_TDCC },
	[GATE_TDOSA] = { .mdcr = MDCR_EL2_TDOSA | MDCR_EL2_TDE },
	[GATE_TDRA] = { .mdcr = MDCR_EL2_TDRA | MDCR_EL2_TDE },
	[GATE_PCT] = { .cnthctl_clear = CNTHCTL_EL2_EL1PCTEN },
	[GATE_PT] = { .cnthctl_clear = CNTHCTL_EL2_EL1PCEN },
	[GATE_VCT] = { .cnthctl = CNTHCTL_EL2_EL1TVCT },
	[GATE_VT] = { .cnthctl = CNTHCTL_EL2_EL1TVT },
	[GATE_ICC] = { .ich_hcr = ICH_HCR_TC },
	[GATE_ICC_DIR] = { .ich_hcr = ICH_HCR_TC | ICH_HCR_TDIR },
	[GATE_ICC_SGI] = { .hcr = HCR_EL2_IMO | HCR_EL2_FMO, .ich_hcr = ICH_HCR_TC },
	[GATE_ICC_0] = { .ich_hcr = ICH_HCR_TALL0 },
	[GATE_ICC_1] = { .ich_hcr = ICH_HCR_TALL1 },
};

/* ---- the rows ---- */

#define FINES_NONE         FINE_NONE, FINE_NONE
#define FINES_R(n)         FINE(HFGRTR, n), FINE_NONE
#define FINES_W(n)         FINE_NONE, FINE(HFGWTR, n)
#define FINES_RW(n)        FINE(HFGRTR, n), FINE(HFGWTR, n)
#define FINES_DEBUG_R(n)   FINE(HDFGRTR, n), FINE_NONE
#define FINES_DEBUG_W(n)   FINE_NONE, FINE(HDFGWTR, n)
#define FINES_DEBUG_RW(n)  FINE(HDFGRTR, n), FINE(HDFGWTR, n)
#define FINES_INSN(n)      FINE_NONE, FINE(HFGITR, n)
#define FINES_(x)          FINES_##x
#define FINES(x)           FINES_(x)

#define GATE_VM            GATE_WRITE_VM
#define GATE_(x)           GATE_##x
#define GATE_OF(x)         GATE_(x)
/* Of a register's reads, where they have a gate of their own. */
#define GATE_TO_READ(gate) ((gate) == GATE_WRITE_VM ? GATE_READ_VM : (gate))

const struct forward_row forward_rows[NR_SYSREG_ROWS] = {
#define SYSREG(name, op0, op1, crn, crm, op2, bank, trap, vncr, ...)    \
	[SYSREG_ROW_##name] = {                                         \
		GATE_TO_READ(GATE_OF(SYSREG_COLUMN_GATE(__VA_ARGS__))), \
		GATE_OF(SYSREG_COLUMN_GATE(__VA_ARGS__)),               \
		FINES(SYSREG_COLUMN_FINE(__VA_ARGS__)),                 \
	},
#include "hyp/arch/sysreg.def"
#undef SYSREG
};

/* ---- TLBI ---- */

/*
 * By CRm: whose TLBs, and the first bit of HFGITR_EL2. Forms by address, ASID or all have six bits,
 * for op2 = 0, 1, 2, 3, 5, 7; those of a range four, for op2 = 1, 3, 5, 7.
 */
static const struct tlbi_row {
	uint8_t crm, first_bit;
	bool inner, outer, range;
} tlbi_rows[] = {
	{ 1, 18, false, true, false },
	{ 3, 28, true, false, false },
	{ 7, 42, false, false, false },
	{ 5, 24, false, true, true },
	{ 2, 34, true, false, true },
	{ 6, 38, false, false, true },
};

/* By op2: which of the bits; -1: no such form. */
static const int tlbi_bits[2][8] = {
	{ 0, 1, 2, 3, -1, 4, -1, 5 },
	{ -1, 0, -1, 1, -1, 2, -1, 3 },
};

bool tlbi_form_of(unsigned encoding, struct tlbi_form *form)
{
	if (SYSREG_OP1(encoding) != 0)
		return false;
	for (unsigned i = 0; i < ARRAY_SIZE(tlbi_rows); i++) {
		const struct tlbi_row *row = &tlbi_rows[i];
		int bit = tlbi_bits[row->range][SYSREG_OP2(encoding)];

		if (row->crm != SYSREG_CRM(encoding) || bit < 0)
			continue;
		*form = (struct tlbi_form){
			.fine = (fine_t)FINE(HFGITR, row->first_bit + bit),
			.inner = row->inner,
			.outer = row->outer,
		};
		return true;
	}
	return false;
}

/* ---- what L1 may set ---- */

#define HFGITR_TLBI_OS       GENMASK(23, 18)
#define HFGITR_TLBI_OS_RANGE GENMASK(27, 24)
#define HFGITR_TLBI_IS       GENMASK(33, 28)
#define HFGITR_TLBI_RANGE    GENMASK(41, 34)
#define HFGITR_TLBI          GENMASK(47, 42)
#define HFGITR_OTHERS                                                                 \
	(HFGITR_TLBI_OS | HFGITR_TLBI_OS_RANGE | HFGITR_TLBI_IS | HFGITR_TLBI_RANGE | \
		HFGITR_TLBI | BIT(HFGITR_ERET) | BIT(HFGITR_SVC_EL0) | BIT(HFGITR_SVC_EL1))

uint64_t forward_fine_mask(enum fine_register number)
{
	uint64_t mask = number == FINE_HFGITR ? HFGITR_OTHERS : 0;

	for (unsigned i = 0; i < NR_SYSREG_ROWS; i++) {
		fine_t read = forward_rows[i].fine_read, write = forward_rows[i].fine_write;

		if (read != FINE_NONE && FINE_REGISTER(read) == number)
			mask |= BIT(FINE_BIT(read));
		if (write != FINE_NONE && FINE_REGISTER(write) == number)
			mask |= BIT(FINE_BIT(write));
	}
	return mask;
}

/* ---- AArch32 at EL0 ---- */

#define ISS_PAIR_OPC1 GENMASK(19, 16)

/* MCR and MRC: opc2[19:17] opc1[16:14] CRn[13:10] CRm[4:1]. */
static const struct {
	uint8_t ec, opc1, crn, crm, opc2;
	uint16_t target;
} registers32[] = {
	{ EC_CP15_MCR, 0, 13, 0, 2, SYS_TPIDR_EL0 },   /* TPIDRURW */
	{ EC_CP15_MCR, 0, 13, 0, 3, SYS_TPIDRRO_EL0 }, /* TPIDRURO */
	{ EC_CP15_MCR, 0, 14, 2, 0, SYS_CNTP_TVAL_EL0 },
	{ EC_CP15_MCR, 0, 14, 2, 1, SYS_CNTP_CTL_EL0 },
	{ EC_CP15_MCR, 0, 14, 3, 0, SYS_CNTV_TVAL_EL0 },
	{ EC_CP15_MCR, 0, 14, 3, 1, SYS_CNTV_CTL_EL0 },
	{ EC_CP14_MCR, 0, 0, 0, 0, SYS_OSECCR_EL1 },   /* DBGDIDR: by TDA, too */
	{ EC_CP14_MCR, 0, 0, 1, 0, SYS_MDCCSR_EL0 },   /* DBGDSCRint */
	{ EC_CP14_MCR, 0, 0, 5, 0, SYS_DBGDTRTX_EL0 }, /* DBGDTRRXint, DBGDTRTXint */
	{ EC_CP14_MCR, 0, 1, 0, 0, SYS_MDRAR_EL1 },    /* DBGDRAR */
	{ EC_CP14_MCR, 0, 2, 0, 0, SYS_MDRAR_EL1 },    /* DBGDSAR */
};

/* MCRR and MRRC: opc1[19:16] CRm[4:1]. */
static const struct {
	uint8_t ec, opc1, crm;
	uint16_t target;
} pairs32[] = {
	{ EC_CP15_MCRR, 0, 14, SYS_CNTPCT_EL0 },
	{ EC_CP15_MCRR, 1, 14, SYS_CNTVCT_EL0 },
	{ EC_CP15_MCRR, 2, 14, SYS_CNTP_CVAL_EL0 },
	{ EC_CP15_MCRR, 3, 14, SYS_CNTV_CVAL_EL0 },
	{ EC_CP15_MCRR, 8, 14, SYS_CNTPCTSS_EL0 },
	{ EC_CP15_MCRR, 9, 14, SYS_CNTVCTSS_EL0 },
	{ EC_CP14_MRRC, 0, 1, SYS_MDRAR_EL1 },
	{ EC_CP14_MRRC, 0, 2, SYS_MDRAR_EL1 },
};

static unsigned find_register(unsigned ec, uint64_t esr)
{
	for (unsigned i = 0; i < ARRAY_SIZE(registers32); i++) {
		if (registers32[i].ec == ec && registers32[i].opc1 == FIELD_GET(ISS_SYS_OP1, esr) &&
			registers32[i].crn == FIELD_GET(ISS_SYS_CRN, esr) &&
			registers32[i].crm == FIELD_GET(ISS_SYS_CRM, esr) &&
			registers32[i].opc2 == FIELD_GET(ISS_SYS_OP2, esr))
			return registers32[i].target;
	}
	return 0;
}

static unsigned find_pair(unsigned ec, uint64_t esr)
{
	for (unsigned i = 0; i < ARRAY_SIZE(pairs32); i++) {
		if (pairs32[i].ec == ec && pairs32[i].opc1 == FIELD_GET(ISS_PAIR_OPC1, esr) &&
			pairs32[i].crm == FIELD_GET(ISS_SYS_CRM, esr))
			return pairs32[i].target;
	}
	return 0;
}

unsigned forward32_register(uint64_t esr)
{
	unsigned ec = ESR_GET_EC(esr);

	switch (ec) {
	case EC_CP15_MCR:
	case EC_CP14_MCR:
		return find_register(ec, esr);
	case EC_CP15_MCRR:
	case EC_CP14_MRRC:
		return find_pair(ec, esr);
	case EC_CP14_LDC: /* the debug communications channel has no other */
		return SYS_DBGDTRTX_EL0;
	default:
		return 0;
	}
}

/* By CRn: the values of CRm (bits). */
bool forward32_is_implementation_defined(uint64_t esr)
{
	static const uint16_t spaces[16] = {
		[9] = GENMASK(2, 0) | GENMASK(8, 5),
		[10] = GENMASK(1, 0) | BIT(4) | BIT(8),
		[11] = GENMASK(8, 0) | BIT(15),
	};

	return spaces[FIELD_GET(ISS_SYS_CRN, esr)] & BIT(FIELD_GET(ISS_SYS_CRM, esr));
}
