/* SPDX-License-Identifier: BSD-3-Clause */
#include "mm/walk_s2.h"

#include "mm/stage2_regs.h"
#include "mm/walk_table.h"

#define VTCR_TG0          GENMASK(15, 14)
#define VTCR_IRGN0        GENMASK(9, 8)
#define VTCR_ORGN0        GENMASK(11, 10)
#define VTCR_SH0          GENMASK(13, 12)
#define VTCR_HA           BIT(21)
#define VTCR_HD           BIT(22)
#define VTCR_DS           BIT(32)
#define VTCR_SL2          BIT(33)

#define ENTRY_MEM_ATTR    GENMASK(5, 2)
#define ENTRY_MEM_OUTER   GENMASK(5, 4) /* 0: a device */
#define ENTRY_MEM_NOT_DEV BIT(4)        /* with FWB */
#define ENTRY_XN          GENMASK(54, 53)

#define LEVEL_INVALID     (-2)
#define TXSZ_MAX          39
#define TXSZ_MAX_SMALL    48 /* one less with 64 KiB granules */
#define CONCATENATED_BITS 4

/* --- what the registers say --- */

static unsigned granule_shift(const struct s2_regime *regime)
{
	static const uint8_t shifts[] = { 12, 16, 14, 0 };
	unsigned shift = shifts[FIELD_GET(VTCR_TG0, regime->vtcr)];
	unsigned needs = shift == 12 ? REGIME_4K : shift == 14 ? REGIME_16K : REGIME_64K;

	return shift != 0 && (regime->granules & needs) ? shift
							: regime_smallest_granule(regime->granules);
}

static bool has_ds(const struct s2_regime *regime, unsigned page_shift)
{
	if (!(regime->vtcr & VTCR_DS) || page_shift == 16)
		return false;
	return regime->features & (page_shift == 12 ? REGIME_LPA2_4K_S2 : REGIME_LPA2_16K_S2);
}

/* The start level, by the size of the physical address space, too: levels that it has no use for
 * aren't there (AArch64.S2InvalidSL). */
static int start_level(const struct s2_regime *regime, unsigned page_shift, bool ds)
{
	unsigned sl0 = (unsigned)FIELD_GET(VTCR_SL0, regime->vtcr);

	if (page_shift == 12 && ds && (regime->vtcr & VTCR_SL2))
		return sl0 == 0 ? -1 : LEVEL_INVALID;
	if (sl0 == 2 && regime->pa_bits < (page_shift == 14 ? 42 : 44))
		return LEVEL_INVALID;
	if (page_shift != 12)
		return sl0 < 3 || (page_shift == 14 && ds) ? 3 - (int)sl0 : LEVEL_INVALID;
	if (sl0 == 3)
		return regime->features & REGIME_TTST ? LEVEL_LAST : LEVEL_INVALID;
	return 2 - (int)sl0;
}

/* T0SZ, and whether tables from that level on, up to 16 side by side, cover just that. */
static bool size_fits(const struct s2_regime *regime, unsigned page_shift, bool ds, int level)
{
	unsigned most = MIN(regime->pa_bits, ds || page_shift == 16 ? 52U : 48U);
	unsigned t0sz = (unsigned)FIELD_GET(VTCR_T0SZ, regime->vtcr), stride = page_shift - 3;
	unsigned txsz_max = TXSZ_MAX, below, ia_bits = 64 - t0sz;

	if (regime->features & REGIME_TTST)
		txsz_max = TXSZ_MAX_SMALL - (page_shift == 16);
	if (level == LEVEL_INVALID || t0sz > txsz_max || ia_bits > most)
		return false;
	below = (unsigned)(LEVEL_LAST - level) * stride + page_shift;
	return ia_bits > below && ia_bits <= below + stride + CONCATENATED_BITS;
}

static uint64_t memory_mask(uint64_t hcr)
{
	if (!(hcr & HCR_PTW))
		return ENTRY_VALID;
	return hcr & HCR_FWB ? ENTRY_MEM_NOT_DEV : ENTRY_MEM_OUTER;
}

static void read_flags(const struct s2_regime *regime, struct s2_setup *setup)
{
	uint64_t vtcr = regime->vtcr;

	setup->table.big_endian = regime->sctlr & SCTLR_EE;
	setup->table.uncached =
		!(vtcr & VTCR_IRGN0) || !(vtcr & VTCR_ORGN0) || (regime->hcr & HCR_CD);
	setup->hcr = regime->hcr & S2_HCR;
	setup->memory_mask = memory_mask(regime->hcr);
	setup->ha = (vtcr & VTCR_HA) && (regime->features & REGIME_HA);
	setup->hd = setup->ha && (vtcr & VTCR_HD) && (regime->features & REGIME_HD);
	setup->xnx = regime->features & REGIME_XNX;
	setup->sh = (uint8_t)FIELD_GET(VTCR_SH0, vtcr);
}

void walk_s2_prepare(const struct s2_regime *regime, struct s2_setup *setup)
{
	unsigned page_shift = granule_shift(regime);
	uint64_t ps = FIELD_GET(VTCR_PS, regime->vtcr);
	bool large = page_shift == 16 && regime->pa_bits == 52 && walk_size_bits(ps) == 52;
	int level;

	*setup = (struct s2_setup){ .regime = *regime, .prepared = true, .invalid = true };
	if (page_shift == 0)
		return;
	setup->ds = has_ds(regime, page_shift);
	level = start_level(regime, page_shift, setup->ds);
	if (!size_fits(regime, page_shift, setup->ds, level))
		return;
	setup->invalid = false;
	setup->ia_bits = (uint8_t)(64 - FIELD_GET(VTCR_T0SZ, regime->vtcr));
	setup->table.page_shift = (uint8_t)page_shift;
	setup->table.pa_bits = regime->pa_bits;
	setup->table.high = (uint8_t)(setup->ds ? HIGH_LPA2 : large ? HIGH_64K : HIGH_NONE);
	setup->table.oa_bits = (uint8_t)MIN(
		MIN(walk_size_bits(ps), regime->pa_bits), setup->ds || large ? 52U : 48U);
	read_flags(regime, setup);
	setup->base_too_large = !walk_lay_out(&setup->table, regime->vttbr, setup->ia_bits,
		page_shift + (unsigned)(LEVEL_LAST - level) * (page_shift - 3));
}

/* --- a leaf --- */

static void rights(const struct s2_setup *setup, uint64_t desc, struct s2_result *result)
{
	unsigned xn = (unsigned)FIELD_GET(ENTRY_XN, desc);
	uint64_t data = (desc & S2_ENTRY_READ ? MEM_R : 0) | (desc & S2_ENTRY_WRITE ? MEM_W : 0);
	bool user_x = !(xn & 2), priv_x = user_x;

	if (!(desc & S2_ENTRY_WRITE) && (desc & ENTRY_DBM) && setup->hd) {
		result->clean = true;
		data |= MEM_W;
	}
	/* 0b01: EL0 alone; 0b11: EL1 alone. */
	if (setup->xnx && (xn & 1))
		priv_x = !user_x;
	result->user = data | (user_x ? MEM_X : 0);
	result->priv = data | (priv_x ? MEM_X : 0);
}

static void describe(const struct s2_setup *setup, const struct walk_place *place, uint64_t ipa,
	struct s2_result *result)
{
	uint64_t desc = place->desc;

	result->output = IPA(walk_output(&setup->table, desc, place->shift, ipa));
	result->level = (int8_t)walk_level(&setup->table, place);
	result->page_shift = setup->table.page_shift;
	result->span = BIT(place->shift);
	result->desc = desc;
	result->desc_ipa = IPA(place->at);
	result->mem_attr = (uint8_t)FIELD_GET(ENTRY_MEM_ATTR, desc);
	result->sh = setup->ds ? setup->sh : (uint8_t)FIELD_GET(ENTRY_SH, desc);
	rights(setup, desc, result);
}

enum status s2_judge(struct s2_result *result, unsigned access)
{
	uint64_t has = access & WALK_USER ? result->user : result->priv;
	uint64_t needs = access & WALK_FETCH ? MEM_X : access & WALK_WRITE ? MEM_W : MEM_R;

	if (has & needs)
		return OK;
	result->fst = fst_of(FST_PERMISSION, result->level);
	return ERR_FAULT;
}

unsigned s2_contiguous(const struct s2_result *result)
{
	return walk_contiguous(result->desc, result->page_shift, result->level);
}

/* The access flag and the dirty state, where the CPU sets them. */
static enum status set_flags(const struct s2_setup *setup, const struct walk_memory *memory,
	unsigned access, struct s2_result *result)
{
	uint64_t desc = result->desc | ENTRY_AF;
	enum status status;

	if (result->clean && (access & WALK_WRITE) && (access & WALK_DIRTY))
		desc |= S2_ENTRY_WRITE;
	if (desc == result->desc || !memory->update)
		return OK;
	status = walk_update(memory, &setup->table, result->desc_ipa.ipa, result->desc, desc);
	if (status == OK) {
		result->clean = result->clean && !(desc & S2_ENTRY_WRITE);
		result->desc = desc;
	} else if (walk_is_sea(status)) {
		result->fst = fst_of(FST_WALK_SEA, result->level);
		result->fault_ipa = result->desc_ipa;
		return ERR_FAULT;
	}
	return status;
}

static enum status leaf(const struct s2_setup *setup, const struct walk_memory *memory,
	unsigned access, struct s2_result *result)
{
	if (!(result->desc & ENTRY_AF) && !setup->ha) {
		result->fst = fst_of(FST_ACCESS_FLAG, result->level);
		return ERR_FAULT;
	}
	if (access & WALK_JUDGE) {
		enum status status = s2_judge(result, access);

		if (status != OK)
			return status;
	}
	return set_flags(setup, memory, access, result);
}

/* --- the walk --- */

static enum status fault(struct s2_result *result, uint8_t fst)
{
	result->fst = fst;
	return ERR_FAULT;
}

/* Without windows, or where there is more than a way to a leaf. OK: it is one. */
static __noinline enum status descend_slowly(const struct s2_setup *setup,
	const struct walk_memory *memory, uint64_t ipa, struct walk_place *place,
	struct s2_result *result)
{
	enum status status;
	enum walk_step step = walk_down_slowly(memory, &setup->table, ipa, place, &status);

	if (step == STEP_LEAF)
		return OK;
	if (step == STEP_UNREADABLE)
		result->fault_ipa = IPA(place->at);
	return status != OK ? status : fault(result, walk_step_fst(step, &setup->table, place));
}

static enum status walk_once(const struct s2_setup *setup, const struct walk_memory *memory,
	uint64_t ipa, unsigned access, struct s2_result *result)
{
	struct walk_place place;

	if (unlikely(!walk_down_fast(memory, &setup->table, ipa, &place))) {
		enum status status = descend_slowly(setup, memory, ipa, &place, result);

		if (status != OK)
			return status;
	}
	describe(setup, &place, ipa, result);
	return leaf(setup, memory, access, result);
}

enum status walk_s2(const struct s2_setup *setup, const struct walk_memory *memory, ipa_t ipa,
	unsigned access, struct s2_result *result)
{
	enum status status = ERR_EXISTS;

	result->fst = 0;
	result->fault_ipa = IPA(0);
	if (setup->invalid || ipa.ipa >> setup->ia_bits)
		return fault(result, FST_TRANSLATION);
	if (setup->base_too_large)
		return fault(result, FST_ADDRESS_SIZE);
	for (unsigned i = 0; i < WALK_TRIES && status == ERR_EXISTS; i++) {
		result->clean = false;
		status = walk_once(setup, memory, ipa.ipa, access, result);
	}
	return status == ERR_EXISTS ? ERR_BUSY : status;
}

uint8_t walk_s2_look(const struct s2_setup *setup, const struct stage2 *s2, ipa_t ipa)
{
	const struct walk_table *table = &setup->table;
	const uint64_t *generation = walk_generation(s2, table);
	struct guest_windows windows;
	struct walk_place place;

	if (unlikely(!generation) || unlikely(setup->invalid | setup->base_too_large) ||
		unlikely(ipa.ipa >> setup->ia_bits))
		return 0;
	windows = guest_windows_of(generation);
	if (unlikely(walk_fast(&windows, table, ipa.ipa, NULL, &place) != STEP_INVALID) ||
		unlikely(!guest_windows_held(&windows)))
		return 0;
	return walk_fst(FST_TRANSLATION, table, &place);
}
