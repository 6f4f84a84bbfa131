/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From an encoding to its row of sysreg.def in two indexed steps: the upper nine bits (op0, op1,
 * CRn) choose a group, the lower seven (CRm, op2) a cell in it, which holds the row's number.
 */
#ifndef HYP_ARCH_SYSREG_INDEX_H
#define HYP_ARCH_SYSREG_INDEX_H

#include "hyp/arch/sysreg.h"

/* A row's number, from 1 on in the order of the table. */
enum sysreg_row {
	SYSREG_ROW_NONE,
#define SYSREG(name, ...) SYSREG_ROW_##name,
#include "hyp/arch/sysreg.def"
#undef SYSREG
	NR_SYSREG_ROWS,
};

#define SYSREG_GROUP_SHIFT 7
#define SYSREG_GROUP_CELLS 128
#define SYSREG_GROUPS_MAX  64

extern uint8_t sysreg_groups[1 << (16 - SYSREG_GROUP_SHIFT)];
extern uint16_t sysreg_cells[SYSREG_GROUPS_MAX][SYSREG_GROUP_CELLS];

/* Builds the index; again is no harm. */
void sysreg_index_init(void);

/* The row of an encoding (SYSREG_ENC()); SYSREG_ROW_NONE. */
static inline unsigned sysreg_row(unsigned encoding)
{
	return sysreg_cells[sysreg_groups[encoding >> SYSREG_GROUP_SHIFT]]
			   [encoding % SYSREG_GROUP_CELLS];
}

#endif
