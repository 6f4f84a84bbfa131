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

/* Fields of TCR_EL1 that come in pairs are these many bits apart: T0SZ, EPD0, IRGN0, ORGN0, SH0,
 * and those above bit 37. TG1 has codes of its own. */
#define PAIR_LOW  16
#define PAIR_HIGH 1

/* TCR_EL2 of one range, as TCR_EL1 would say it. */
static uint64_t tcr_as_el1(uint64_t tcr)
{
	uint64_t same = TCR_T0SZ | TCR_IRGN0 | TCR_ORGN0 | TCR_SH0 | TCR_TG0;

	return (tcr & same) | FIELD_PREP(TCR_IPS, FIELD_GET(TCR_EL2_PS, tcr)) |
		(tcr & TCR_EL2_TBI ? TCR_TBI0 : 0) | (tcr & TCR_EL2_HA ? TCR_HA : 0) |
		(tcr & TCR_EL2_HD ? TCR_HD : 0) | (tcr & TCR_EL2_HPD ? TCR_HPD0 : 0) |
		(tcr & TCR_EL2_TBID ? TCR_TBID0 : 0) | (tcr & TCR_EL2_DS ? TCR_DS : 0);
}

static __always_inline uint64_t tcr_of(const struct regime *regime)
{
	return likely(two_ranges(regime)) ? regime->tcr : tcr_as_el1(regime->tcr);
}

/* log2 of the granule's size; 0: there is none at all. */
static __always_inline unsigned granule_shift(const struct regime *regime, uint64_t tcr, bool upper)
{
	static const uint8_t shifts[2][4] = { { 12, 16, 14, 0 }, { 0, 14, 12, 16 } };
	unsigned shift = shifts[upper][upper ? FIELD_GET(TCR_TG1, tcr) : FIELD_GET(TCR_TG0, tcr)];
	unsigned needs = shift == 12 ? REGIME_4K : shift == 14 ? REGIME_16K : REGIME_64K;

	if (likely(shift != 0 && (regime->granules & needs)))
		return shift;
	return regime_smallest_granule(regime->granules);
}

/* Bits above ia_bits must be copies of bit 55, but for those that don't count. */
static __always_inline bool canonical(uint64_t va, unsigned ia_bits, bool upper, bool tbi)
{
	uint64_t odd = (upper ? ~va : va) >> ia_bits << ia_bits;

	return (tbi ? odd << (63 - VA_SELECT) : odd) == 0;
}

/* Output size and format of addresses; and whether TxSZ is one there is. */
static __always_inline bool sizes(
	struct s1_walk *walk, uint64_t tcr, unsigned page_shift, unsigned txsz)
{
	const struct regime *regime = walk->regime;
	unsigned size = walk_size_bits(FIELD_GET(TCR_IPS, tcr));
	unsigned txsz_max = TXSZ_MAX, txsz_min = TXSZ_MIN;
	bool large = page_shift == 16 && size == 52 && regime->pa_bits == 52;
	uint64_t lpa2 = page_shift == 12 ? REGIME_LPA2_4K : REGIME_LPA2_16K;

	walk->ds = unlikely(tcr & TCR_DS) && page_shift != 16 && (regime->features & lpa2);
	if (walk->ds || (page_shift == 16 && (regime->features & REGIME_LVA)))
		txsz_min = TXSZ_MIN_LARGE;
	if (regime->features & REGIME_TTST)
		txsz_max = TXSZ_MAX_SMALL - (page_shift == 16);
	walk->table.page_shift = (uint8_t)page_shift;
	walk->table.pa_bits = regime->pa_bits;
	walk->table.high = (uint8_t)(walk->ds ? HIGH_LPA2 : large ? HIGH_64K : HIGH_NONE);
	walk->table.oa_bits =
		(uint8_t)MIN(MIN(size, regime->pa_bits), walk->ds || large ? 52U : 48U);
	return txsz - txsz_min <= txsz_max - txsz_min;
}

/* low, high: TCR with the fields of the range where the lower one's are. */
static __always_inline void read_flags(
	struct s1_walk *walk, uint64_t tcr, uint64_t low, uint64_t high)
{
	const struct regime *regime = walk->regime;

	walk->table.big_endian = regime->sctlr & SCTLR_EE;
	walk->table.uncached =
		!(regime->sctlr & SCTLR_C) || !(low & TCR_IRGN0) || !(low & TCR_ORGN0);
	walk->sh = (uint8_t)FIELD_GET(TCR_SH0, low);
	walk->hpd = (high & TCR_HPD0) && (regime->features & REGIME_HPD);
	walk->ha = (tcr & TCR_HA) && (regime->features & REGIME_HA);
	walk->hd = walk->ha && (tcr & TCR_HD) && (regime->features & REGIME_HD);
	walk->one_range = !two_ranges(regime);
	walk->el2_format = walk->one_range || is_nv1(regime);
	walk->user_off = (high & TCR_E0PD0) && (regime->features & REGIME_E0PD);
	walk->tbi = high & TCR_TBI0;
	walk->tbi_fetch = walk->tbi && !(high & TCR_TBID0);
}

static __noinline void prepare(struct s1_walk *walk, const struct regime *regime, bool upper)
{
	uint64_t tcr = tcr_of(regime), low = tcr >> (upper ? PAIR_LOW : 0);
	unsigned page_shift = granule_shift(regime, tcr, upper), stride = page_shift - 3;
	unsigned txsz = (unsigned)FIELD_GET(TCR_T0SZ, low), ia_bits = 64 - txsz;

	walk->regime = regime;
	walk->upper = upper;
	walk->plain = false;
	walk->no_granule = page_shift == 0;
	if (unlikely(walk->no_granule))
		return;
	walk->off = !sizes(walk, tcr, page_shift, txsz) || (low & TCR_EPD0);
	if (walk->off)
		return;
	walk->ia_bits = (uint8_t)ia_bits;
	read_flags(walk, tcr, low, tcr >> (upper ? PAIR_HIGH : 0));
	walk->base_too_large = !walk_lay_out(&walk->table, upper ? regime->ttbr1 : regime->ttbr0,
		ia_bits, page_shift + (ia_bits - 1 - page_shift) / stride * stride);
	walk->plain = !walk->base_too_large && !s1_is_off(regime) &&
		walk->table.high == HIGH_NONE && !walk->table.big_endian && !walk->table.uncached;
}

_Static_assert(offsetof(struct regime, ttbr0) == sizeof(uint64_t), "machine is all before it");

static __always_inline bool same_regime(const struct regime *a, const struct regime *b)
{
	return ((a->machine ^ b->machine) | (a->ttbr0 ^ b->ttbr0) | (a->ttbr1 ^ b->ttbr1) |
		       (a->tcr ^ b->tcr) | (a->sctlr ^ b->sctlr) | (a->hcr ^ b->hcr)) == 0;
}

const struct s1_walk *s1_walk_of(
	const struct regime *regime, struct walk_memo *memo, uint64_t va, struct s1_walk *scratch)
{
	bool upper = two_ranges(regime) && (va & BIT(VA_SELECT));

	if (!memo) {
		prepare(scratch, regime, upper);
		return scratch;
	}
	if (unlikely(!memo->range[upper].valid) ||
		unlikely(!same_regime(&memo->range[upper].regime, regime))) {
		memo->range[upper].regime = *regime;
		memo->range[upper].valid = true;
		prepare(&memo->range[upper].walk, regime, upper);
	}
	memo->range[upper].walk.regime = regime; /* of which MAIR may be another */
	return &memo->range[upper].walk;
}

static __always_inline bool is_in_range(const struct s1_walk *walk, uint64_t va, unsigned access)
{
	if ((access & WALK_USER) && walk->user_off)
		return false;
	return canonical(
		va, walk->ia_bits, walk->upper, access & WALK_FETCH ? walk->tbi_fetch : walk->tbi);
}

enum status s1_enter(
	const struct s1_walk *walk, uint64_t va, unsigned access, struct s1_result *result)
{
	/* Then nothing else was prepared. */
	if (unlikely(walk->no_granule))
		return ERR_NOT_SUPPORTED;
	if (walk->off || !is_in_range(walk, va, access))
		return fault(result, FST_TRANSLATION);
	return walk->base_too_large ? fault(result, FST_ADDRESS_SIZE) : OK;
}

/* --- stage 1 off --- */

enum status s1_flat(
	const struct regime *regime, uint64_t va, unsigned access, struct s1_result *result)
{
	bool upper = two_ranges(regime) && (va & BIT(VA_SELECT));
	bool dc = regime->kind == REGIME_EL10 && (regime->hcr & HCR_DC);

	uint64_t high = tcr_of(regime) >> (upper ? PAIR_HIGH : 0);

	if ((high & TCR_TBI0) && !((access & WALK_FETCH) && (high & TCR_TBID0)))
		va &= GENMASK(VA_SELECT, 0);
	if (va >> regime->pa_bits)
		return fault(result, FST_ADDRESS_SIZE);
	result->ipa = IPA(va);
	result->level = 0;
	result->page_shift = PAGE_SHIFT;
	result->span = PAGE_SIZE;
	result->desc = 0;
	result->attr = dc ? ATTR_NORMAL_WB : ATTR_DEVICE_nGnRnE;
	result->sh = dc ? SH_NON : SH_OUTER;
	result->off = true;
	result->priv = MEM_RWX;
	result->user = regime->kind == REGIME_EL2 ? 0 : MEM_RWX;
	return OK;
}

/* --- a leaf --- */

/* What may be done. A table's PXN and UXN are 6 bits above a leaf's. */
static __always_inline void rights(
	const struct s1_walk *walk, const struct walk_place *place, struct s1_result *result)
{
	uint64_t tables = walk->hpd ? 0 : place->table_attr;
	uint64_t desc = place->desc | ((tables >> 6) & (ENTRY_PXN | ENTRY_UXN));
	bool read_only = (desc & ENTRY_AP2) || (tables & TABLE_AP2), wxn;
	uint64_t priv, user = 0;

	if (unlikely(read_only && walk->hd && (desc & ENTRY_DBM) && !(tables & TABLE_AP2))) {
		read_only = false;
		result->clean = desc & ENTRY_AP2;
	}
	priv = read_only ? MEM_R : MEM_RW;
	if (unlikely(walk->el2_format)) {
		desc = desc & ENTRY_UXN ? ENTRY_PXN : 0;
	} else if ((desc & ENTRY_AP1) && !(tables & TABLE_AP1)) {
		user = priv;
	}
	wxn = walk->regime->sctlr & SCTLR_WXN;
	/* What EL0 can write is never executable at the higher level. */
	result->priv = priv;
	if (!(desc & ENTRY_PXN) && !(user & MEM_W) && !(wxn && !read_only))
		result->priv |= MEM_X;
	if (!(desc & ENTRY_UXN) && !(wxn && (user & MEM_W)) && !walk->one_range)
		user |= MEM_X;
	result->user = user;
}

static __always_inline void attributes(
	const struct s1_walk *walk, uint64_t desc, struct s1_result *result)
{
	unsigned index = (unsigned)FIELD_GET(ENTRY_INDEX, desc);
	uint8_t attr = (uint8_t)(walk->regime->mair >> (8 * index));

	/* With the caches off, normal memory is not cacheable. */
	if (!(walk->regime->sctlr & SCTLR_C) && !attr_is_device(attr))
		attr = ATTR_NORMAL_NC;
	result->attr = attr;
	result->sh = walk->ds ? walk->sh : (uint8_t)FIELD_GET(ENTRY_SH, desc);
}

static __always_inline enum status judge(
	const struct regime *regime, struct s1_result *result, unsigned access)
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

enum status s1_judge(const struct regime *regime, struct s1_result *result, unsigned access)
{
	return judge(regime, result, access);
}

unsigned s1_contiguous(const struct s1_result *result)
{
	return walk_contiguous(result->desc, result->page_shift, result->level);
}

/* in_place: no bit of an address is elsewhere in a descriptor. */
static __always_inline enum status leaf(const struct s1_walk *walk, const struct walk_place *place,
	uint64_t va, unsigned access, bool in_place, struct s1_result *result)
{
	uint64_t desc = place->desc;

	result->ipa = IPA(in_place ? walk_output_in_place(&walk->table, desc, place->shift, va)
				   : walk_output(&walk->table, desc, place->shift, va));
	result->level = (int8_t)walk_level(&walk->table, place);
	result->page_shift = walk->table.page_shift;
	result->span = BIT(place->shift);
	result->desc = desc;
	result->desc_ipa = IPA(place->at);
	result->clean = false;
	rights(walk, place, result);
	attributes(walk, desc, result);
	if (unlikely(!(desc & ENTRY_AF) && !walk->ha))
		return fault(result, fst_of(FST_ACCESS_FLAG, result->level));
	return access & WALK_JUDGE ? judge(walk->regime, result, access) : OK;
}

enum status s1_leaf(const struct s1_walk *walk, const struct walk_place *place, uint64_t va,
	unsigned access, struct s1_result *result)
{
	return leaf(walk, place, va, access, false, result);
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

static enum status walk_once(const struct s1_walk *walk, const struct walk_memory *memory,
	uint64_t va, unsigned access, struct s1_result *result)
{
	struct walk_place place;
	enum status status;
	enum walk_step step = walk_down(memory, &walk->table, va, &place, &status);
	uint64_t desc;

	if (unlikely(step != STEP_LEAF)) {
		if (step == STEP_UNREADABLE)
			result->fault_ipa = IPA(place.at);
		return status != OK ? status
				    : fault(result, walk_step_fst(step, &walk->table, &place));
	}
	status = s1_leaf(walk, &place, va, access, result);
	if (status != OK || !memory->update)
		return status;
	desc = s1_with_flags(walk, result, access);
	if (desc == result->desc)
		return OK;
	return s1_flags_set(
		walk_update(memory, &walk->table, place.at, result->desc, desc), desc, result);
}

/* All of it, whatever there is. */
static __noinline enum status walk_slowly(const struct regime *regime,
	const struct walk_memory *memory, uint64_t va, unsigned access, struct s1_result *result)
{
	const struct s1_walk *walk;
	struct s1_walk scratch;
	enum status status;

	if (s1_is_off(regime))
		return s1_flat(regime, va, access, result);
	walk = s1_walk_of(regime, memory->memo, va, &scratch);
	status = s1_enter(walk, va, access, result);
	if (status != OK)
		return status;
	for (unsigned i = 0; i < WALK_TRIES; i++) {
		status = walk_once(walk, memory, va, access, result);
		if (status != ERR_EXISTS)
			return status;
	}
	return ERR_BUSY;
}

/* Through windows, to a leaf whose flags stay as they are: without a call. */
static __noinline enum status walk_quickly(const struct regime *regime,
	const struct walk_memory *memory, uint64_t va, unsigned access, struct s1_result *result,
	struct s1_walk *walk)
{
	struct guest_windows windows;
	struct walk_place place;
	enum status status;

	if (unlikely(!memory->windows))
		return walk_slowly(regime, memory, va, access, result);
	windows = guest_windows_of(&memory->windows->generation);
	if (unlikely(windows.begun == 0) || unlikely(!is_in_range(walk, va, access)) ||
		unlikely(walk_fast(&windows, &walk->table, va, NULL, &place) != STEP_LEAF) ||
		unlikely(!guest_windows_held(&windows)))
		return walk_slowly(regime, memory, va, access, result);
	walk->regime = regime;
	status = leaf(walk, &place, va, access, true, result);
	if (unlikely(status == OK && !(place.desc & ENTRY_AF)))
		return walk_slowly(regime, memory, va, access, result);
	return status;
}

enum status walk_s1_for(const struct regime *regime, const struct walk_memory *memory, gva_t gva,
	unsigned access, struct s1_result *result)
{
	bool upper = two_ranges(regime) && (gva.gva & BIT(VA_SELECT));
	struct walk_memo *memo = memory->memo;

	s1_result_clear(result);
	if (unlikely(access & WALK_DIRTY) || unlikely(!memo) ||
		unlikely(!memo->range[upper].walk.plain) ||
		unlikely(!same_regime(&memo->range[upper].regime, regime)))
		return walk_slowly(regime, memory, gva.gva, access, result);
	return walk_quickly(regime, memory, gva.gva, access, result, &memo->range[upper].walk);
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
