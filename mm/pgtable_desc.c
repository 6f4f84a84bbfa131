/* SPDX-License-Identifier: BSD-3-Clause */
#include "mm/pgtable_desc.h"

/* MemAttr of stage 2 without FEAT_S2FWB (Arm ARM D8.6.4); for stage 1 the index is the type
 * (PGTABLE_MAIR_EL2). */
static const uint8_t s2_mem_attr[MEM_TYPE_COUNT] = {
	[MEM_NORMAL] = 0xf,
	[MEM_NORMAL_NC] = 0x5,
	[MEM_DEVICE_nGnRE] = 0x1,
	[MEM_DEVICE_nGnRnE] = 0x0,
};

/*
 * With HCR_EL2.FWB = 1 (Arm ARM, S2ApplyFWBMemAttrs): write-back whatever stage 1 says, also where
 * it is off; not cacheable, unless stage 1 says Device; Device of that kind, or of a stricter one
 * that stage 1 asks for.
 */
static const uint8_t s2_mem_attr_fwb[MEM_TYPE_COUNT] = {
	[MEM_NORMAL] = 0x6,
	[MEM_NORMAL_NC] = 0x5,
	[MEM_DEVICE_nGnRE] = 0x1,
	[MEM_DEVICE_nGnRnE] = 0x0,
};

static const uint8_t *mem_attrs_of(enum pgtable_kind kind)
{
	return kind == PGTABLE_STAGE2_FWB ? s2_mem_attr_fwb : s2_mem_attr;
}

static uint64_t s1_bits(uint64_t prot, enum mem_type type, bool guarded)
{
	uint64_t bits = DESC_S1_AP1 | FIELD_PREP(DESC_S1_ATTR_INDEX, type);

	if (!(prot & MEM_W))
		bits |= DESC_S1_AP2;
	if (!(prot & MEM_X))
		bits |= DESC_S1_XN;
	else if (guarded && !(prot & MEM_UNGUARDED))
		bits |= DESC_S1_GP;
	return bits;
}

static uint64_t s2_bits(uint64_t prot, uint8_t mem_attr)
{
	uint64_t bits = FIELD_PREP(DESC_S2_MEM_ATTR, mem_attr);

	if (prot & MEM_R)
		bits |= DESC_S2_READ;
	if (prot & MEM_W)
		bits |= DESC_S2_WRITE;
	if (!(prot & MEM_X))
		bits |= DESC_S2_XN;
	return bits;
}

bool pgtable_leaf_bits(const struct pgtable *table, unsigned level, uint64_t prot,
	enum mem_type type, uint64_t *bits)
{
	uint64_t allowed = MEM_RWX;

	if (table->kind == PGTABLE_EL2 && (prot & MEM_X))
		allowed |= MEM_UNGUARDED;
	if ((prot & ~allowed) || (unsigned)type >= MEM_TYPE_COUNT || level == 0 ||
		level > PGTABLE_LEVEL_LAST)
		return false;
	if ((prot & MEM_X) && mem_is_device(type))
		return false;
	if (table->kind == PGTABLE_EL2) {
		if (!(prot & MEM_R) || (prot & (MEM_W | MEM_X)) == (MEM_W | MEM_X))
			return false;
		*bits = s1_bits(prot, type, table->guarded);
	} else {
		*bits = s2_bits(prot, mem_attrs_of(table->kind)[type]);
	}
	*bits |= DESC_VALID | DESC_AF;
	if (level == PGTABLE_LEVEL_LAST)
		*bits |= DESC_PAGE;
	if (!mem_is_device(type))
		*bits |= FIELD_PREP(DESC_SH, DESC_SH_ISH);
	return true;
}

uint64_t desc_type_mask(enum pgtable_kind kind)
{
	return DESC_SH | (kind == PGTABLE_EL2 ? DESC_S1_ATTR_INDEX : DESC_S2_MEM_ATTR);
}

uint64_t desc_prot(enum pgtable_kind kind, uint64_t desc)
{
	uint64_t prot = 0;

	if (kind == PGTABLE_EL2) {
		prot = MEM_R;
		if (!(desc & DESC_S1_AP2))
			prot |= MEM_W;
		if (!(desc & DESC_S1_XN))
			prot |= MEM_X;
		return prot;
	}
	if (desc & DESC_S2_READ)
		prot |= MEM_R;
	if (desc & DESC_S2_WRITE)
		prot |= MEM_W;
	if (!(desc & DESC_S2_XN))
		prot |= MEM_X;
	return prot;
}

enum mem_type desc_type(enum pgtable_kind kind, uint64_t desc)
{
	unsigned attr = (unsigned)FIELD_GET(DESC_S2_MEM_ATTR, desc);
	const uint8_t *attrs = mem_attrs_of(kind);
	unsigned type = 0;

	if (kind == PGTABLE_EL2)
		return (enum mem_type)FIELD_GET(DESC_S1_ATTR_INDEX, desc);
	while (type < MEM_TYPE_COUNT - 1 && attrs[type] != attr)
		type++;
	return (enum mem_type)type;
}
