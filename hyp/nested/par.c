/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/par.h"

#include "mm/walk_attr.h"

uint64_t par_bits = PAR_EL1_RES1;

uint64_t par_fault(unsigned fst, bool s2, bool walk)
{
	return PAR_EL1_F | FIELD_PREP(PAR_EL1_FST, fst) | (s2 ? PAR_EL1_S : 0) |
		(s2 && walk ? PAR_EL1_PTW : 0) | PAR_EL1_RES1;
}

uint64_t par_address(uint64_t pa, uint8_t attr, uint8_t sh)
{
	return (pa & PAR_EL1_PA) | FIELD_PREP(PAR_EL1_ATTR, attr) |
		FIELD_PREP(PAR_EL1_SH, attr_par_sh(attr, sh)) | par_bits;
}
