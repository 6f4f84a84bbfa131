/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Features with the ID field that announces them and an instruction or register of theirs.
 */
#ifndef GUEST_IDSPACE_FEATURES_H
#define GUEST_IDSPACE_FEATURES_H

#include "base.h"

/* An instruction word that reads the system register into x0. */
#define MRS_X0(op0, op1, crn, crm, op2) \
	(0xd5200000u | (op0) << 19 | (op1) << 16 | (crn) << 12 | (crm) << 8 | (op2) << 5)
#define MSR_X0(op0, op1, crn, crm, op2) (MRS_X0(op0, op1, crn, crm, op2) & ~0x00200000u)
/* An ID register as CRm << 3 | op2. */
#define ID(crm, op2)                    ((crm) << 3 | (op2))
#define ID_PFR0                         ID(4, 0)
#define ID_PFR1                         ID(4, 1)
#define ID_PFR2                         ID(4, 2)
#define ID_DFR0                         ID(5, 0)
#define ID_DFR1                         ID(5, 1)
#define ID_ISAR0                        ID(6, 0)
#define ID_ISAR1                        ID(6, 1)
#define ID_ISAR2                        ID(6, 2)
#define ID_MMFR0                        ID(7, 0)
#define ID_MMFR1                        ID(7, 1)
#define ID_MMFR2                        ID(7, 2)
#define ID_MMFR3                        ID(7, 3)

/* What the ID field means. */
enum field_kind {
	FIELD_AT_LEAST, /* present from `least` on */
	FIELD_EXCEPT_F, /* the same, but 15 is absent (PMU) */
	FIELD_CSV2,     /* ID_AA64PFR0.CSV2 from 2 on, or PFR1.CSV2_frac 2 */
	FIELD_MPAM,     /* ID_AA64PFR0.MPAM or PFR1.MPAM_frac */
	FIELD_PAUTH,    /* any of the fields for address authentication */
};

struct feature {
	const char *name;
	u8 id; /* ID_... */
	u8 shift;
	u8 least;
	u8 kind; /* enum field_kind */
	/* EL2 can make it undefined where it is hidden; else only its presence is tested. */
	bool can_hide;
	u32 insn;
};

extern const struct feature features[];
extern const u32 feature_count;

#endif
