/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tables behind hyp/nested/forward.h: for each row of hyp/arch/sysreg.def which bits of L1's
 * registers trap an access by its guest; the same for TLBI, and for the coprocessor registers that
 * AArch32 has at EL0. Source: DDI 0487 D19.2 (HCR_EL2, MDCR_EL2, HFGITR_EL2 ...).
 */
#ifndef HYP_NESTED_FORWARD_TABLE_H
#define HYP_NESTED_FORWARD_TABLE_H

#include "hyp/arch/sysreg_index.h"
#include "hyp/nested/nested.h"

/* ---- coarse traps ---- */

/* Any of these bits, set (or clear), traps. cnthctl: in the format of E2H = 0. */
struct gate {
	uint64_t hcr, hcr_clear, mdcr, cptr, cnthctl, cnthctl_clear, ich_hcr;
};

#define GATES(X)    \
	X(NONE)     \
	X(WRITE_VM) \
	X(READ_VM)  \
	X(TCPAC)    \
	X(TACR)     \
	X(TID1)     \
	X(TID2)     \
	X(CACHES)   \
	X(APK)      \
	X(TERR)     \
	X(TSW)      \
	X(TPCP)     \
	X(POU)      \
	X(POUIS)    \
	X(TDZ)      \
	X(AT)       \
	X(TDA)      \
	X(TDCC)     \
	X(TDOSA)    \
	X(TDRA)     \
	X(PCT)      \
	X(PT)       \
	X(VCT)      \
	X(VT)       \
	X(ICC)      \
	X(ICC_DIR)  \
	X(ICC_SGI)  \
	X(ICC_0)    \
	X(ICC_1)

enum gate_number {
#define X(name) GATE_##name,
	GATES(X)
#undef X
		NR_GATES,
};

extern const struct gate gates[NR_GATES];

/* ---- fine-grained traps ---- */

enum fine_register {
	FINE_HFGRTR = 1,
	FINE_HFGWTR,
	FINE_HFGITR,
	FINE_HDFGRTR,
	FINE_HDFGWTR,
	NR_FINE_REGISTERS,
};

/* A bit of one of them; FINE_NONE: none. */
typedef uint16_t fine_t;
#define FINE_NONE           0
#define FINE(reg, bit)      (FINE_##reg << 6 | (bit))
#define FINE_REGISTER(fine) ((enum fine_register)((fine) >> 6))
#define FINE_BIT(fine)      ((fine)&63)

#define HFGITR_ERET         51
#define HFGITR_SVC_EL0      52
#define HFGITR_SVC_EL1      53

struct forward_row {
	uint8_t gate_read, gate_write;
	fine_t fine_read, fine_write;
};

/* By sysreg_row(). */
extern const struct forward_row forward_rows[NR_SYSREG_ROWS];

/* Of a fine-grained trap register, the bits that L1 may set: of what it is shown. */
uint64_t forward_fine_mask(enum fine_register number);

/* What L1 has in it. */
uint64_t forward_fine(const struct nested *nested, enum fine_register number);

/* ---- TLBI of EL1's ---- */

#define CRN_TLBI     8
#define CRN_TLBI_NXS 9

struct tlbi_form {
	fine_t fine;
	bool inner, outer; /* shareable */
};

/* False: not one of EL1's. */
bool tlbi_form_of(unsigned encoding, struct tlbi_form *form);

/* ---- other ranges ---- */

/* HCR_EL2.TID3, allocated or not. */
#define ID_SPACE_FIRST SYSREG_ENC(3, 0, 0, 1, 0)
#define ID_SPACE_LAST  SYSREG_ENC(3, 0, 0, 7, 7)

/* ---- AArch32 at EL0 ---- */

#define HSTR_TRAPS     (GENMASK(15, 0) & ~(BIT(4) | BIT(14)))

/* The register of AArch64 that an MCR, MRC, MCRR, MRRC or LDC/STC (by its syndrome) is mapped to;
 * 0: none that EL0 has. */
unsigned forward32_register(uint64_t esr);

/* MCR or MRC of CP15 in the space that HCR_EL2.TIDCP traps: c9, c10, c11. */
bool forward32_is_implementation_defined(uint64_t esr);

/* L1 has FP and SIMD trapped for its guest (vCPTR_EL2). */
bool forward_traps_fp(const struct nested *nested);

#endif
