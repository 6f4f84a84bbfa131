/* SPDX-License-Identifier: BSD-3-Clause */
#include "mm/walk_s1.h"

#include "mm/guest_mem.h"

#define LEVEL_LAST      3

/* More needs FEAT_TTST; less FEAT_LVA, and 64 KiB granules. */
#define TXSZ_MAX        39
#define TXSZ_MIN        16
#define TXSZ_MIN_LVA    12

#define IPS_52_BITS     6

#define VA_SELECT       55 /* which of the two ranges */

/* Descriptors, as the guest wrote them. */
#define DESC_VALID      BIT(0)
#define DESC_TABLE      BIT(1) /* or page, at level 3 */
#define DESC_ATTR_INDEX GENMASK(4, 2)
#define DESC_AP1        BIT(6) /* EL0 too */
#define DESC_AP2        BIT(7) /* read-only */
#define DESC_SH         GENMASK(9, 8)
#define DESC_AF         BIT(10)
#define DESC_DBM        BIT(51)
#define DESC_PXN        BIT(53)
#define DESC_UXN        BIT(54) /* with one range: XN */
#define DESC_PXN_TABLE  BIT(59)
#define DESC_UXN_TABLE  BIT(60)
#define DESC_AP_TABLE1  BIT(61) /* no access from EL0 */
#define DESC_AP_TABLE2  BIT(62) /* no writes */
#define DESC_TABLE_ATTR (DESC_PXN_TABLE | DESC_UXN_TABLE | DESC_AP_TABLE1 | DESC_AP_TABLE2)

#define ATTR_NORMAL_NC  0x44
#define ATTR_NORMAL_WB  0xff
#define SH_OUTER        2

/* What the registers say about one walk. */
struct walk {
	const struct regime *regime;
	uint64_t va; /* the bits below ia_bits */
	uint64_t ttbr;
	unsigned ia_bits;
	unsigned oa_bits; /* size of what tables may point to */
	unsigned page_shift;
	unsigned stride; /* bits for each level */
	bool hpd, ha, hd;
	bool uncached;       /* the tables are */
	uint64_t table_attr; /* collected on the way */
	struct s1_result *result;
};

static enum status fault(struct s1_result *result, unsigned fst_class, unsigned level)
{
	result->fst = (uint8_t)(fst_class | level);
	return ERR_FAULT;
}

static bool two_ranges(const struct regime *regime)
{
	return regime->kind != REGIME_EL2;
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

/* log2 of the granule's size; 0 for a reserved value or one the CPU lacks. */
static unsigned granule_shift(const struct regime *regime, bool upper)
{
	static const uint8_t tg0[] = { 12, 16, 14, 0 }, tg1[] = { 0, 14, 12, 16 };
	unsigned shift =
		upper ? tg1[FIELD_GET(TCR_TG1, regime->tcr)] : tg0[FIELD_GET(TCR_TG0, regime->tcr)];
	unsigned needs = shift == 12 ? REGIME_4K : shift == 14 ? REGIME_16K : REGIME_64K;

	return regime->granules & needs ? shift : 0;
}

static unsigned output_bits(const struct regime *regime)
{
	static const uint8_t sizes[] = { 32, 36, 40, 42, 44, 48, 48, 48 };
	unsigned field = (unsigned)(two_ranges(regime) ? FIELD_GET(TCR_IPS, regime->tcr)
						       : FIELD_GET(TCR_EL2_PS, regime->tcr));

	return MIN(sizes[field], regime->pa_bits);
}

/* LPA2 and 52-bit addresses change the descriptors. */
static bool supported(const struct regime *regime, unsigned page_shift)
{
	uint64_t tcr = regime->tcr;
	unsigned size = (unsigned)(two_ranges(regime) ? FIELD_GET(TCR_IPS, tcr)
						      : FIELD_GET(TCR_EL2_PS, tcr));

	if (page_shift == 0 || (tcr & (two_ranges(regime) ? TCR_DS : TCR_EL2_DS)))
		return false;
	return page_shift != 16 || size < IPS_52_BITS;
}

/* Fields of TCR that come in pairs. */
static bool range_disabled(const struct regime *regime, bool upper, bool user)
{
	if (!two_ranges(regime))
		return false;
	if (regime->tcr & (upper ? TCR_EPD1 : TCR_EPD0))
		return true;
	return user && (regime->tcr & (upper ? TCR_E0PD1 : TCR_E0PD0));
}

static void read_flags(struct walk *walk, bool upper)
{
	uint64_t tcr = walk->regime->tcr;

	/* IRGN0 and ORGN0 are at the same place with one range. */
	walk->uncached = !(walk->regime->sctlr & SCTLR_C) ||
		!(tcr & (upper ? TCR_IRGN1 : TCR_IRGN0)) ||
		!(tcr & (upper ? TCR_ORGN1 : TCR_ORGN0));
	if (two_ranges(walk->regime)) {
		walk->hpd = tcr & (upper ? TCR_HPD1 : TCR_HPD0);
		walk->ha = tcr & TCR_HA;
		walk->hd = tcr & TCR_HD;
	} else {
		walk->hpd = tcr & TCR_EL2_HPD;
		walk->ha = tcr & TCR_EL2_HA;
		walk->hd = tcr & TCR_EL2_HD;
	}
}

/* The address must be all zeros, or in the upper range all ones, above the bits that are
 * translated. */
static bool canonical(uint64_t va, unsigned ia_bits, bool upper, bool tbi)
{
	uint64_t mask = GENMASK(tbi ? VA_SELECT : 63, 0) & ~(BIT(ia_bits) - 1);

	return (va & mask) == (upper ? mask : 0);
}

static enum status set_up(struct walk *walk, uint64_t va, bool fetch, bool user)
{
	const struct regime *regime = walk->regime;
	bool upper = two_ranges(regime) && (va & BIT(VA_SELECT));
	unsigned txsz = (unsigned)(upper ? FIELD_GET(TCR_T1SZ, regime->tcr)
					 : FIELD_GET(TCR_T0SZ, regime->tcr));
	bool large;

	walk->page_shift = granule_shift(regime, upper);
	if (!supported(regime, walk->page_shift) || txsz > TXSZ_MAX)
		return ERR_NOT_SUPPORTED;
	large = walk->page_shift == 16 && txsz < TXSZ_MIN && txsz >= TXSZ_MIN_LVA;
	/* Without FEAT_LVA it is the CPU's choice what that means. */
	if (large && !(regime->features & REGIME_LVA))
		return ERR_NOT_SUPPORTED;
	walk->ia_bits = 64 - txsz;
	if ((txsz < TXSZ_MIN && !large) || range_disabled(regime, upper, user) ||
		!canonical(va, walk->ia_bits, upper, top_byte_ignored(regime, upper, fetch)))
		return fault(walk->result, FST_TRANSLATION, 0);
	walk->stride = walk->page_shift - 3;
	walk->oa_bits = output_bits(regime);
	walk->ttbr = upper ? regime->ttbr1 : regime->ttbr0;
	walk->va = va & (BIT(walk->ia_bits) - 1);
	read_flags(walk, upper);
	return OK;
}

/* --- stage 1 off --- */

static bool stage1_off(const struct regime *regime)
{
	if (!(regime->sctlr & SCTLR_M))
		return true;
	return regime->kind == REGIME_EL10 && (regime->hcr & (HCR_DC | HCR_TGE));
}

static enum status flat(
	const struct regime *regime, uint64_t va, bool fetch, struct s1_result *result)
{
	bool upper = two_ranges(regime) && (va & BIT(VA_SELECT));
	bool dc = regime->kind == REGIME_EL10 && (regime->hcr & HCR_DC);

	if (top_byte_ignored(regime, upper, fetch))
		va &= GENMASK(VA_SELECT, 0);
	if (va >> regime->pa_bits)
		return fault(result, FST_ADDRESS_SIZE, 0);
	result->ipa = IPA(va);
	result->page_shift = PAGE_SHIFT;
	result->span = PAGE_SIZE;
	result->attr = dc ? ATTR_NORMAL_WB : 0;
	result->sh = dc ? 0 : SH_OUTER;
	result->priv = MEM_RWX;
	result->user = regime->kind == REGIME_EL2 ? 0 : MEM_RWX;
	return OK;
}

/* --- the walk --- */

/* Address bits that a descriptor has for this granule. */
static uint64_t address_of(const struct walk *walk, uint64_t desc)
{
	return desc & GENMASK(47, walk->page_shift);
}

static bool too_large(const struct walk *walk, uint64_t address)
{
	return address >> walk->oa_bits;
}

/* Rights of a leaf in the EL1&0 or EL2&0 regime. */
static void rights_two_ranges(const struct walk *walk, uint64_t desc)
{
	bool read_only = desc & DESC_AP2, el0 = desc & DESC_AP1;
	bool pxn = (desc & DESC_PXN) || (walk->table_attr & DESC_PXN_TABLE);
	bool uxn = (desc & DESC_UXN) || (walk->table_attr & DESC_UXN_TABLE);
	bool wxn = walk->regime->sctlr & SCTLR_WXN;
	uint64_t priv = MEM_R, user = 0;

	if (walk->ha && walk->hd && (desc & DESC_DBM))
		read_only = false;
	read_only |= (walk->table_attr & DESC_AP_TABLE2) != 0;
	el0 &= !(walk->table_attr & DESC_AP_TABLE1);
	if (!read_only)
		priv |= MEM_W;
	if (el0)
		user = priv;
	/* What EL0 can write is never executable at the higher level. */
	if (!pxn && !(user & MEM_W) && !(wxn && (priv & MEM_W)))
		priv |= MEM_X;
	if (!uxn && !(wxn && (user & MEM_W)))
		user |= MEM_X;
	walk->result->priv = priv;
	walk->result->user = user;
}

static void rights_one_range(const struct walk *walk, uint64_t desc)
{
	bool read_only = desc & DESC_AP2;
	bool xn = (desc & DESC_UXN) || (walk->table_attr & DESC_UXN_TABLE);
	uint64_t priv = MEM_R;

	if (walk->ha && walk->hd && (desc & DESC_DBM))
		read_only = false;
	read_only |= (walk->table_attr & DESC_AP_TABLE2) != 0;
	if (!read_only)
		priv |= MEM_W;
	if (!xn && !((walk->regime->sctlr & SCTLR_WXN) && !read_only))
		priv |= MEM_X;
	walk->result->priv = priv;
	walk->result->user = 0;
}

static void attributes(const struct walk *walk, uint64_t desc)
{
	unsigned index = (unsigned)FIELD_GET(DESC_ATTR_INDEX, desc);
	uint8_t attr = (uint8_t)(walk->regime->mair >> (8 * index));

	/* With the caches off, normal memory is not cacheable. */
	if (!(walk->regime->sctlr & SCTLR_C) && (attr & 0xf0))
		attr = ATTR_NORMAL_NC;
	walk->result->attr = attr;
	walk->result->sh = (uint8_t)FIELD_GET(DESC_SH, desc);
}

static enum status leaf(const struct walk *walk, uint64_t desc, unsigned level, unsigned shift)
{
	struct s1_result *result = walk->result;
	uint64_t offset = BIT(shift) - 1;
	uint64_t address = address_of(walk, desc) & ~offset;

	if (too_large(walk, address_of(walk, desc)))
		return fault(result, FST_ADDRESS_SIZE, level);
	if (!(desc & DESC_AF) && !walk->ha)
		return fault(result, FST_ACCESS_FLAG, level);
	result->ipa = IPA(address | (walk->va & offset));
	result->level = (uint8_t)level;
	result->page_shift = (uint8_t)walk->page_shift;
	result->span = BIT(shift);
	result->desc = desc;
	if (two_ranges(walk->regime))
		rights_two_ranges(walk, desc);
	else
		rights_one_range(walk, desc);
	attributes(walk, desc);
	return OK;
}

/* Without LPA2 a block may be at level 1 or 2 with 4 KiB granules, else only at level 2. */
static bool is_leaf(const struct walk *walk, uint64_t desc, unsigned level)
{
	if (level == LEVEL_LAST)
		return desc & DESC_TABLE;
	return !(desc & DESC_TABLE) && (level == 2 || (level == 1 && walk->page_shift == 12));
}

static enum status read_desc(const struct walk *walk, const struct walk_memory *memory, uint64_t at,
	unsigned level, uint64_t *desc)
{
	enum status status;

	if (walk->uncached && memory->sync)
		memory->sync(memory->context, IPA(at));
	status = memory->read(memory->context, IPA(at), desc);
	if (status == ERR_FAULT || status == ERR_RANGE || status == ERR_IO) {
		walk->result->fault_ipa = IPA(at);
		return fault(walk->result, FST_WALK_SEA, level);
	}
	if (status != OK)
		return status;
	if (walk->regime->sctlr & SCTLR_EE)
		*desc = __builtin_bswap64(*desc);
	return OK;
}

static enum status descend(struct walk *walk, const struct walk_memory *memory)
{
	unsigned level = LEVEL_LAST - (walk->ia_bits - 1 - walk->page_shift) / walk->stride;
	unsigned shift = walk->page_shift + (LEVEL_LAST - level) * walk->stride;
	uint64_t base = walk->ttbr & GENMASK(47, 3 + walk->ia_bits - shift);

	if (too_large(walk, base))
		return fault(walk->result, FST_ADDRESS_SIZE, 0);
	for (unsigned bits = walk->ia_bits - shift;; bits = walk->stride) {
		uint64_t index = (walk->va >> shift) & (BIT(bits) - 1), desc;
		enum status status = read_desc(walk, memory, base | index * 8, level, &desc);

		if (status != OK)
			return status;
		if (!(desc & DESC_VALID))
			return fault(walk->result, FST_TRANSLATION, level);
		if (is_leaf(walk, desc, level))
			return leaf(walk, desc, level, shift);
		if (level == LEVEL_LAST || !(desc & DESC_TABLE))
			return fault(walk->result, FST_TRANSLATION, level);
		base = address_of(walk, desc);
		if (too_large(walk, base))
			return fault(walk->result, FST_ADDRESS_SIZE, level);
		if (!walk->hpd)
			walk->table_attr |= desc & DESC_TABLE_ATTR;
		level++;
		shift -= walk->stride;
	}
}

enum status walk_s1(const struct regime *regime, const struct walk_memory *memory, gva_t gva,
	bool fetch, bool user, struct s1_result *result)
{
	struct walk walk = { .regime = regime, .result = result };
	enum status status;

	*result = (struct s1_result){ 0 };
	if (stage1_off(regime))
		return flat(regime, gva.gva, fetch, result);
	status = set_up(&walk, gva.gva, fetch, user);
	if (status != OK)
		return status;
	return descend(&walk, memory);
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
	return (struct walk_memory){ .read = read_guest, .sync = sync_guest, .context = s2 };
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
