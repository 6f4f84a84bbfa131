/* SPDX-License-Identifier: BSD-3-Clause */
#include "mm/walk_s1.h"

#include "mm/guest_mem.h"
#include "mm/walk_attr.h"
#include "mm/walk_s1_parts.h"

#define TXSZ_MAX       39
#define TXSZ_MAX_SMALL 48 /* one less with 64 KiB granules */
#define TXSZ_MIN       16
#define TXSZ_MIN_LARGE 12

#define VA_SELECT      55 /* which of the two ranges */

#define ENTRY_INDEX    GENMASK(4, 2)
#define ENTRY_AP1      BIT(6) /* EL0 too */
#define ENTRY_AP2      BIT(7) /* read-only */
#define ENTRY_PXN      BIT(53)
#define ENTRY_UXN      BIT(54) /* with one range: XN; with NV1: PXN */
#define TABLE_PXN      BIT(59)
#define TABLE_UXN      BIT(60)
#define TABLE_AP1      BIT(61) /* no access from EL0 */
#define TABLE_AP2      BIT(62) /* no writes */

static enum status fault(struct s1_result *result, uint8_t fst)
{
	result->fst = fst;
	return ERR_FAULT;
}

static bool two_ranges(const struct regime *regime)
{
	return regime->kind != REGIME_EL2;
}

/* EL1&0 with descriptors like EL2's. */
static bool is_nv1(const struct regime *regime)
{
	return regime->kind == REGIME_EL10 && (regime->hcr & HCR_NV) && (regime->hcr & HCR_NV1);
}

/* --- which range, and what the registers say about it --- */

/* Does the top byte of this address count for nothing? */
static bool top_byte_ignored(const struct regime *regime, bool upper, bool fetch)
{
	uint64_t tbi = TCR_EL2_TBI, tbid = TCR_EL2_TBID;

	if (two_ranges(regime)) {
		tbi = upper ? TCR_TBI1 : TCR_TBI0;
		tbid = upper ? TCR_TBID1 : TCR_TBID0;
	}
	return (regime->tcr & tbi) && !(fetch && (regime->tcr & tbid));
}

/* log2 of the granule's size; 0: there is none at all. */
static unsigned granule_shift(const struct regime *regime, bool upper)
{
	static const uint8_t tg0[] = { 12, 16, 14, 0 }, tg1[] = { 0, 14, 12, 16 };
	unsigned shift =
		upper ? tg1[FIELD_GET(TCR_TG1, regime->tcr)] : tg0[FIELD_GET(TCR_TG0, regime->tcr)];
	unsigned needs = shift == 12 ? REGIME_4K : shift == 14 ? REGIME_16K : REGIME_64K;

	if (likely(shift != 0 && (regime->granules & needs)))
		return shift;
	return regime_smallest_granule(regime->granules);
}

static bool has_ds(const struct regime *regime, unsigned page_shift)
{
	if (!(regime->tcr & (two_ranges(regime) ? TCR_DS : TCR_EL2_DS)) || page_shift == 16)
		return false;
	return regime->features & (page_shift == 12 ? REGIME_LPA2_4K : REGIME_LPA2_16K);
}

/* Fields of TCR that come in pairs. */
static bool range_disabled(const struct regime *regime, bool upper, bool user)
{
	if (!two_ranges(regime))
		return false;
	if (regime->tcr & (upper ? TCR_EPD1 : TCR_EPD0))
		return true;
	return user && (regime->tcr & (upper ? TCR_E0PD1 : TCR_E0PD0)) &&
		(regime->features & REGIME_E0PD);
}

/* The address must be all zeros, or in the upper range all ones, above the bits that are
 * translated. */
static bool canonical(uint64_t va, unsigned ia_bits, bool upper, bool tbi)
{
	uint64_t mask = GENMASK(tbi ? VA_SELECT : 63, 0) & ~(BIT(ia_bits) - 1);

	return (va & mask) == (upper ? mask : 0);
}

static void read_flags(struct s1_walk *walk, bool upper)
{
	const struct regime *regime = walk->regime;
	bool two = two_ranges(regime);
	uint64_t tcr = regime->tcr, features = regime->features;

	/* SH0, IRGN0 and ORGN0 are at the same place with one range. */
	walk->table.big_endian = regime->sctlr & SCTLR_EE;
	walk->table.uncached = !(regime->sctlr & SCTLR_C) ||
		!(tcr & (upper ? TCR_IRGN1 : TCR_IRGN0)) ||
		!(tcr & (upper ? TCR_ORGN1 : TCR_ORGN0));
	walk->sh = (uint8_t)(upper ? FIELD_GET(TCR_SH1, tcr) : FIELD_GET(TCR_SH0, tcr));
	walk->hpd = (tcr &
			    (!two                   ? TCR_EL2_HPD
					    : upper ? TCR_HPD1
						    : TCR_HPD0)) &&
		(features & REGIME_HPD);
	walk->ha = (tcr & (two ? TCR_HA : TCR_EL2_HA)) && (features & REGIME_HA);
	walk->hd = walk->ha && (tcr & (two ? TCR_HD : TCR_EL2_HD)) && (features & REGIME_HD);
}

/* Sizes of addresses: into the walk, and whether TxSZ is one there is. */
static bool sizes(struct s1_walk *walk, unsigned page_shift, unsigned txsz)
{
	const struct regime *regime = walk->regime;
	unsigned size = walk_size_bits(two_ranges(regime) ? FIELD_GET(TCR_IPS, regime->tcr)
							  : FIELD_GET(TCR_EL2_PS, regime->tcr));
	unsigned txsz_max = TXSZ_MAX, txsz_min = TXSZ_MIN;
	bool large = page_shift == 16 && size == 52 && regime->pa_bits == 52;

	walk->ds = has_ds(regime, page_shift);
	if (walk->ds || (page_shift == 16 && (regime->features & REGIME_LVA)))
		txsz_min = TXSZ_MIN_LARGE;
	if (regime->features & REGIME_TTST)
		txsz_max = TXSZ_MAX_SMALL - (page_shift == 16);
	walk->table.page_shift = (uint8_t)page_shift;
	walk->table.pa_bits = regime->pa_bits;
	walk->table.high = (uint8_t)(walk->ds ? HIGH_LPA2 : large ? HIGH_64K : HIGH_NONE);
	walk->table.oa_bits =
		(uint8_t)MIN(MIN(size, regime->pa_bits), walk->ds || large ? 52U : 48U);
	return txsz >= txsz_min && txsz <= txsz_max;
}

enum status s1_set_up(struct s1_walk *walk, const struct regime *regime, uint64_t va,
	unsigned access, struct s1_result *result)
{
	bool upper = two_ranges(regime) && (va & BIT(VA_SELECT));
	unsigned txsz = (unsigned)(upper ? FIELD_GET(TCR_T1SZ, regime->tcr)
					 : FIELD_GET(TCR_T0SZ, regime->tcr));
	unsigned page_shift = granule_shift(regime, upper), ia_bits = 64 - txsz;
	int level;

	if (unlikely(page_shift == 0))
		return ERR_NOT_SUPPORTED;
	walk->regime = regime;
	if (!sizes(walk, page_shift, txsz) || range_disabled(regime, upper, access & WALK_USER) ||
		!canonical(
			va, ia_bits, upper, top_byte_ignored(regime, upper, access & WALK_FETCH)))
		return fault(result, FST_TRANSLATION);
	read_flags(walk, upper);
	level = LEVEL_LAST - (int)((ia_bits - 1 - page_shift) / (page_shift - 3));
	if (walk_table_lay_out(
		    &walk->table, upper ? regime->ttbr1 : regime->ttbr0, ia_bits, level) != OK)
		return fault(result, FST_ADDRESS_SIZE);
	return OK;
}

/* --- stage 1 off --- */

enum status s1_flat(
	const struct regime *regime, uint64_t va, unsigned access, struct s1_result *result)
{
	bool upper = two_ranges(regime) && (va & BIT(VA_SELECT));
	bool dc = regime->kind == REGIME_EL10 && (regime->hcr & HCR_DC);

	if (top_byte_ignored(regime, upper, access & WALK_FETCH))
		va &= GENMASK(VA_SELECT, 0);
	if (va >> regime->pa_bits)
		return fault(result, FST_ADDRESS_SIZE);
	result->ipa = IPA(va);
	result->page_shift = PAGE_SHIFT;
	result->span = PAGE_SIZE;
	result->attr = dc ? ATTR_NORMAL_WB : ATTR_DEVICE_nGnRnE;
	result->sh = dc ? SH_NON : SH_OUTER;
	result->off = true;
	result->priv = MEM_RWX;
	result->user = regime->kind == REGIME_EL2 ? 0 : MEM_RWX;
	return OK;
}

/* --- a leaf --- */

/* Rights of EL1 (EL2) to data, and of EL0 where the regime has it and descriptors say so. */
static void data_rights(
	const struct s1_walk *walk, const struct walk_place *place, struct s1_result *result)
{
	uint64_t desc = place->desc, tables = walk->hpd ? 0 : place->table_attr;
	bool read_only = desc & ENTRY_AP2;

	result->priv = MEM_R;
	if (read_only && walk->hd && (desc & ENTRY_DBM) && !(tables & TABLE_AP2)) {
		read_only = false;
		result->clean = true;
	}
	if (!read_only && !(tables & TABLE_AP2))
		result->priv |= MEM_W;
	result->user = 0;
	if (two_ranges(walk->regime) && (desc & ENTRY_AP1) && !(tables & TABLE_AP1) &&
		!is_nv1(walk->regime))
		result->user = result->priv;
}

static void execute_rights(
	const struct s1_walk *walk, const struct walk_place *place, struct s1_result *result)
{
	uint64_t desc = place->desc, tables = walk->hpd ? 0 : place->table_attr;
	bool uxn = (desc & ENTRY_UXN) || (tables & TABLE_UXN);
	bool pxn = (desc & ENTRY_PXN) || (tables & TABLE_PXN);
	bool wxn = walk->regime->sctlr & SCTLR_WXN;

	if (!two_ranges(walk->regime) || is_nv1(walk->regime)) {
		pxn = uxn;
		uxn = false;
	}
	/* What EL0 can write is never executable at the higher level. */
	if (!pxn && !(result->user & MEM_W) && !(wxn && (result->priv & MEM_W)))
		result->priv |= MEM_X;
	if (!uxn && !(wxn && (result->user & MEM_W)) && two_ranges(walk->regime))
		result->user |= MEM_X;
}

static void attributes(const struct s1_walk *walk, uint64_t desc, struct s1_result *result)
{
	unsigned index = (unsigned)FIELD_GET(ENTRY_INDEX, desc);
	uint8_t attr = (uint8_t)(walk->regime->mair >> (8 * index));

	/* With the caches off, normal memory is not cacheable. */
	if (!(walk->regime->sctlr & SCTLR_C) && !attr_is_device(attr))
		attr = ATTR_NORMAL_NC;
	result->attr = attr;
	result->sh = walk->ds ? walk->sh : (uint8_t)FIELD_GET(ENTRY_SH, desc);
}

enum status s1_judge(const struct regime *regime, struct s1_result *result, unsigned access)
{
	bool user = access & WALK_USER;
	uint64_t has = user ? result->user : result->priv;
	uint64_t needs = access & WALK_FETCH ? MEM_X : access & WALK_WRITE ? MEM_W : MEM_R;
	bool pan = (access & WALK_PAN) && !user && !(access & WALK_FETCH) && !is_nv1(regime) &&
		two_ranges(regime);

	if (result->off)
		return OK;
	if (pan) {
		bool epan = (regime->sctlr & SCTLR_EPAN) && (regime->features & REGIME_PAN3);

		if (result->user & (epan ? MEM_RWX : MEM_RW))
			has = 0;
	}
	if (has & needs)
		return OK;
	return fault(result, fst_of(FST_PERMISSION, result->level));
}

unsigned s1_contiguous(const struct s1_result *result)
{
	return walk_contiguous(result->desc, result->page_shift, result->level);
}

enum status s1_leaf(const struct s1_walk *walk, const struct walk_place *place, uint64_t va,
	unsigned access, struct s1_result *result)
{
	uint64_t desc = place->desc, offset = BIT(place->shift) - 1;

	result->ipa = IPA(walk_leaf_address(&walk->table, desc, place->shift) | (va & offset));
	result->level = (int8_t)place->level;
	result->page_shift = walk->table.page_shift;
	result->span = offset + 1;
	result->desc = desc;
	result->desc_ipa = IPA(place->at);
	result->clean = false;
	data_rights(walk, place, result);
	execute_rights(walk, place, result);
	attributes(walk, desc, result);
	if (unlikely(!(desc & ENTRY_AF) && !walk->ha))
		return fault(result, fst_of(FST_ACCESS_FLAG, place->level));
	return access & WALK_JUDGE ? s1_judge(walk->regime, result, access) : OK;
}

uint64_t s1_with_flags(const struct s1_walk *walk, const struct s1_result *result, unsigned access)
{
	uint64_t desc = result->desc | (walk->ha ? ENTRY_AF : 0);

	if (result->clean && (access & WALK_WRITE) && (access & WALK_DIRTY))
		desc &= ~ENTRY_AP2;
	return desc;
}

enum status s1_flags_set(enum status status, uint64_t desc, struct s1_result *result)
{
	if (status == OK) {
		result->clean = result->clean && (desc & ENTRY_AP2);
		result->desc = desc;
		return OK;
	}
	if (!walk_is_sea(status))
		return status;
	result->fault_ipa = result->desc_ipa;
	return fault(result, fst_of(FST_WALK_SEA, result->level));
}

/* --- the walk --- */

static enum status descend(const struct s1_walk *walk, const struct walk_memory *memory,
	uint64_t va, struct walk_place *place, struct s1_result *result)
{
	struct walk_source source = walk_source_of(memory, &walk->table);
	enum walk_step step;

	walk_begin(&walk->table, place);
	do {
		enum status status;

		walk_find(place, va);
		status = walk_read(&source, &walk->table, place->at, &place->desc);
		if (unlikely(status != OK)) {
			if (!walk_is_sea(status))
				return status;
			result->fault_ipa = IPA(place->at);
			return fault(result, fst_of(FST_WALK_SEA, place->level));
		}
		step = walk_next(&walk->table, place);
	} while (step == STEP_DOWN);
	return step == STEP_LEAF ? OK : fault(result, place->fst);
}

static enum status walk_once(const struct s1_walk *walk, const struct walk_memory *memory,
	uint64_t va, unsigned access, struct s1_result *result)
{
	struct walk_place place;
	enum status status = descend(walk, memory, va, &place, result);
	uint64_t desc;

	if (status == OK)
		status = s1_leaf(walk, &place, va, access, result);
	if (status != OK || !memory->update)
		return status;
	desc = s1_with_flags(walk, result, access);
	if (likely(desc == result->desc))
		return OK;
	return s1_flags_set(
		walk_update(memory, &walk->table, place.at, result->desc, desc), desc, result);
}

enum status walk_s1_for(const struct regime *regime, const struct walk_memory *memory, gva_t gva,
	unsigned access, struct s1_result *result)
{
	struct s1_walk walk;
	enum status status;

	*result = (struct s1_result){ 0 };
	if (s1_is_off(regime))
		return s1_flat(regime, gva.gva, access, result);
	status = s1_set_up(&walk, regime, gva.gva, access, result);
	if (status != OK)
		return status;
	for (unsigned i = 0; i < WALK_TRIES; i++) {
		status = walk_once(&walk, memory, gva.gva, access, result);
		if (likely(status != ERR_EXISTS))
			return status;
	}
	return ERR_BUSY;
}

enum status walk_s1(const struct regime *regime, const struct walk_memory *memory, gva_t gva,
	bool fetch, bool user, struct s1_result *result)
{
	struct walk_memory to_look = *memory;

	to_look.update = NULL;
	return walk_s1_for(
		regime, &to_look, gva, (fetch ? WALK_FETCH : 0) | (user ? WALK_USER : 0), result);
}

static enum status read_guest(void *context, ipa_t ipa, uint64_t *value)
{
	return guest_read_u64(context, ipa, value);
}

static void sync_guest(void *context, ipa_t ipa)
{
	guest_sync(context, ipa, sizeof(uint64_t));
}

struct walk_memory walk_memory_of(struct stage2 *s2)
{
	return (struct walk_memory){
		.read = read_guest, .sync = sync_guest, .context = s2, .windows = s2
	};
}

enum status walk_s1_fetch(
	const struct regime *regime, struct stage2 *s2, gva_t gva, bool user, uint32_t *instruction)
{
	struct walk_memory memory = walk_memory_of(s2);
	struct s1_result result;
	enum status status;

	if (!IS_ALIGNED(gva.gva, sizeof(*instruction)))
		return ERR_INVALID;
	status = walk_s1(regime, &memory, gva, true, user, &result);
	if (status == ERR_FAULT && (result.fst & ~FST_LEVEL) == FST_WALK_SEA)
		return ERR_IO;
	if (status != OK)
		return status;
	if (!((user ? result.user : result.priv) & MEM_X))
		return ERR_FAULT;
	if (s1_uncached(&result))
		guest_sync(s2, result.ipa, sizeof(*instruction));
	return guest_read(s2, result.ipa, instruction, sizeof(*instruction));
}
