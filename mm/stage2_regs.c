/* SPDX-License-Identifier: BSD-3-Clause */
#include "mm/stage2_regs.h"

#include "mm/stage2.h"

/* The sizes of physical address space there are, by PARange; more than 48 bits would need LPA2 or
 * larger granules. */
static const uint8_t pa_sizes[] = { 32, 36, 40, 42, 44, 48 };

unsigned stage2_pa_bits(uint64_t id_aa64mmfr0)
{
	uint64_t range = FIELD_GET(ID_AA64MMFR0_PARANGE, id_aa64mmfr0);

	return pa_sizes[MIN(range, ARRAY_SIZE(pa_sizes) - 1)];
}

unsigned pa_bits_field(unsigned pa_bits)
{
	unsigned field = 0;

	while (field < ARRAY_SIZE(pa_sizes) - 1 && pa_sizes[field] < pa_bits)
		field++;
	return field;
}

unsigned stage2_ipa_bits(unsigned wanted, unsigned pa_bits)
{
	unsigned bits = pa_sizes[pa_bits_field(wanted)];

	return bits >= wanted && bits <= pa_bits ? bits : 0;
}

uint64_t stage2_vtcr(unsigned ipa_bits, unsigned pa_bits, unsigned vmid_bits)
{
	unsigned start_level, root_pages;

	if (!pgtable_geometry(PGTABLE_STAGE2, ipa_bits, &start_level, &root_pages))
		return 0;
	return FIELD_PREP(VTCR_T0SZ, 64 - ipa_bits) | FIELD_PREP(VTCR_SL0, 2 - start_level) |
		VTCR_IRGN0_WB | VTCR_ORGN0_WB | VTCR_SH0_ISH | VTCR_TG0_4K |
		FIELD_PREP(VTCR_PS, pa_bits_field(pa_bits)) | (vmid_bits == 16 ? VTCR_VS : 0) |
		VTCR_RES1;
}
