/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/at/maker.h"

#include "hyp/arch/sysreg_fields.h"

/* Descriptors of both stages. */
#define VALID      BIT(0)
#define TABLE      BIT(1) /* or page */
#define AF         BIT(10)
#define DBM        BIT(51)
#define CONTIGUOUS BIT(52)
#define SH         GENMASK(9, 8)
#define XN         GENMASK(54, 53)
/* Stage 1. */
#define ATTR_INDEX GENMASK(4, 2)
#define AP         GENMASK(7, 6)
#define TABLE_BITS GENMASK(62, 59)
/* Stage 2. */
#define MEM_ATTR   GENMASK(5, 2)
#define S2AP       GENMASK(7, 6)
/* Software's, and others that mean nothing. */
#define IGNORED    (GENMASK(58, 55) | BIT(11))

#define VTCR_T0SZ  GENMASK(5, 0)
#define VTCR_SL0   GENMASK(7, 6)
#define VTCR_TG0   GENMASK(15, 14)
#define VTCR_PS    GENMASK(18, 16)
#define VTCR_HA    BIT(21)
#define VTCR_HD    BIT(22)
#define VTCR_RES1  BIT(31)
#define VTCR_DS    BIT(32)
#define VTCR_SL2   BIT(33)

#define SCTLR_EPAN BIT(57)

struct maker {
	struct at_case *made;
	const struct at_cpu *cpu;
	uint64_t random;
	struct at_op op;
};

/* --- chance --- */

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

uint64_t at_seed(uint64_t seed, uint64_t n)
{
	return mix(mix(seed + UINT64_C(0x5851f42d4c957f2d)) + n * UINT64_C(0x9e3779b97f4a7c15));
}

static uint64_t any(struct maker *maker)
{
	maker->random += UINT64_C(0x9e3779b97f4a7c15);
	return mix(maker->random);
}

static unsigned below(struct maker *maker, unsigned n)
{
	return (unsigned)((any(maker) >> 32) * n >> 32);
}

/* In n of 64 times. */
static bool chance(struct maker *maker, unsigned n)
{
	return (any(maker) >> 58) < n;
}

static unsigned between(struct maker *maker, unsigned low, unsigned high)
{
	return low + below(maker, high - low + 1);
}

/* Each bit of the mask with n of 64. */
static uint64_t bits(struct maker *maker, uint64_t mask, unsigned n)
{
	uint64_t result = 0;

	for (; mask; mask &= mask - 1)
		if (chance(maker, n))
			result |= mask & -mask;
	return result;
}

/* --- what is wanted: granules, sizes --- */

static unsigned pick_shift(struct maker *maker, uint8_t granules)
{
	static const unsigned shifts[] = { 12, 14, 16 };

	for (;;) {
		unsigned i = below(maker, 3);

		if (granules & (REGIME_4K << i))
			return shifts[i];
	}
}

static unsigned tg0_of(unsigned shift)
{
	return shift == 12 ? 0 : shift == 16 ? 1 : 2;
}

static unsigned tg1_of(unsigned shift)
{
	return shift == 12 ? 2 : shift == 16 ? 3 : 1;
}

static unsigned size_of_field(unsigned field)
{
	static const unsigned sizes[] = { 32, 36, 40, 42, 44, 48, 52, 52 };

	return sizes[field];
}

/* Not the reserved one. */
static unsigned pick_sh(struct maker *maker)
{
	static const unsigned sh[] = { 0, 2, 3, 3 };

	return sh[below(maker, 4)];
}

/* IPS or PS: mostly large. */
static unsigned pick_size(struct maker *maker)
{
	if (chance(maker, 40))
		return 5;
	return chance(maker, 32) ? between(maker, 0, 6) : between(maker, 2, 6);
}

static void set_output(const struct maker *maker, struct at_shape *shape, unsigned field)
{
	shape->oa_bits = MIN(size_of_field(field), maker->cpu->pa_bits);
	if (shape->shift != 16 && !shape->ds)
		shape->oa_bits = MIN(shape->oa_bits, 48U);
	shape->high = shape->shift == 16 && shape->oa_bits > 48;
}

/*
 * The largest address that a descriptor can have. With LPA2 and an output of 48 bits or fewer QEMU
 * 10.0 doesn't look at [51:50], where a CPU would find the address too large.
 */
static unsigned top_bit(const struct at_shape *shape)
{
	if (shape->ds && shape->oa_bits <= 48)
		return 49;
	return shape->high || shape->ds ? 51 : 47;
}

/* LPA2, where this granule has it? */
static bool pick_ds(struct maker *maker, unsigned shift, unsigned of_4k, unsigned of_16k)
{
	unsigned feature = shift == 12 ? of_4k : shift == 14 ? of_16k : 0;

	return (maker->cpu->features & feature) && chance(maker, 20);
}

/* --- memory --- */

static bool in_pool(const struct maker *maker, uint64_t address)
{
	return address >= maker->cpu->pool && address < maker->cpu->pool + AT_POOL_SIZE;
}

static struct at_descriptor *find(const struct maker *maker, uint64_t address)
{
	for (unsigned i = 0; i < maker->made->count; i++)
		if (maker->made->descriptors[i].address == address)
			return &maker->made->descriptors[i];
	return NULL;
}

/* Writes what isn't written yet; what is there now. False: the address is out of reach. */
static bool put(
	struct maker *maker, const struct at_shape *shape, uint64_t address, uint64_t *value)
{
	struct at_case *made = maker->made;
	struct at_descriptor *old = find(maker, address);

	if (old) {
		*value = shape->big_endian ? __builtin_bswap64(old->value) : old->value;
		return true;
	}
	if (!in_pool(maker, address) || made->count == AT_DESCRIPTORS)
		return false;
	made->descriptors[made->count++] = (struct at_descriptor){ address,
		shape->big_endian ? __builtin_bswap64(*value) : *value };
	return true;
}

/* A place for a table of 2^align_bits bytes, or (rarely) one that can't be. */
static uint64_t table_place(struct maker *maker, const struct at_shape *shape, unsigned align_bits)
{
	uint64_t align = GENMASK(63, align_bits);

	if (chance(maker, 1) && shape->oa_bits <= top_bit(shape))
		return BIT(shape->oa_bits) |
			(any(maker) & GENMASK(top_bit(shape), shape->oa_bits) & align);
	if (chance(maker, 1) && shape->oa_bits > 40)
		return (AT_NOWHERE | (any(maker) & (AT_NOWHERE - 1))) & align;
	return (maker->cpu->pool + (any(maker) & (AT_POOL_SIZE - 1))) & align;
}

/*
 * The base of a start table with so many bits of index. QEMU 10.0 takes TTBR[5:4] for a part of the
 * address in place, too, if the table is smaller than the 64 bytes that 52-bit addresses ask for.
 */
static uint64_t start_place(const struct at_shape *shape, unsigned index_bits, uint64_t place)
{
	return shape->oa_bits > 48 && index_bits < 3 ? place & ~GENMASK(51, 50) : place;
}

static uint64_t address_field(const struct at_shape *shape, uint64_t address)
{
	uint64_t field = address & GENMASK(shape->ds ? 49 : 47, shape->shift);

	if (shape->high)
		field |= FIELD_PREP(GENMASK(15, 12), address >> 48);
	if (shape->ds && top_bit(shape) == 51)
		field |= FIELD_PREP(SH, address >> 50);
	return field;
}

/* --- descriptors --- */

static uint64_t leaf_bits(struct maker *maker, const struct at_shape *shape)
{
	static const unsigned normal[] = { 5, 6, 7, 9, 10, 11, 13, 14, 15, 15 };
	uint64_t desc = bits(maker, IGNORED, 16) | bits(maker, DBM | CONTIGUOUS | XN, 16);

	if (!shape->ds)
		desc |= FIELD_PREP(SH, pick_sh(maker));
	if (!chance(maker, 6))
		desc |= AF;
	if (!shape->stage2)
		return desc | FIELD_PREP(ATTR_INDEX, below(maker, 8)) |
			FIELD_PREP(AP, below(maker, 4));
	desc |= chance(maker, 56) ? S2AP : FIELD_PREP(S2AP, below(maker, 4));
	if (maker->made->hcr & HCR_EL2_FWB) {
		static const unsigned forced[] = { 0, 1, 2, 3, 5, 5, 6, 6, 7, 7 };

		return desc | FIELD_PREP(MEM_ATTR, forced[below(maker, 10)]);
	}
	return desc |
		FIELD_PREP(MEM_ATTR, chance(maker, 8) ? below(maker, 4) : normal[below(maker, 10)]);
}

/* What an output address is: wanted if it can be, or anything. */
static uint64_t leaf_address(
	struct maker *maker, const struct at_shape *shape, unsigned shift, uint64_t wanted)
{
	uint64_t address = wanted;

	if (chance(maker, 2) && shape->oa_bits <= top_bit(shape))
		address = BIT(shape->oa_bits) |
			(any(maker) & GENMASK(top_bit(shape), shape->oa_bits));
	return address & GENMASK(51, shift);
}

/* Does the maker want to stop here, with a leaf (right or wrong at that level)? */
static bool wants_leaf(struct maker *maker, const struct at_shape *shape, int level)
{
	if (level == 3)
		return true;
	if (level == 2)
		return chance(maker, 12);
	if (level == 1)
		return chance(maker, shape->shift == 12 ? 8 : 2);
	return chance(maker, 1);
}

static uint64_t make_descriptor(struct maker *maker, const struct at_shape *shape, int level,
	unsigned shift, uint64_t wanted)
{
	uint64_t desc;

	if (wants_leaf(maker, shape, level)) {
		desc = leaf_bits(maker, shape) |
			address_field(shape, leaf_address(maker, shape, shift, wanted)) | VALID |
			(level == 3 ? TABLE : 0);
	} else {
		desc = address_field(shape, table_place(maker, shape, shape->shift)) | VALID |
			TABLE | bits(maker, IGNORED, 16);
		if (!shape->stage2)
			desc |= bits(maker, TABLE_BITS, 5);
	}
	if (chance(maker, 1))
		desc &= ~VALID;
	if (chance(maker, 1))
		desc ^= TABLE;
	return desc;
}

static uint64_t address_of(const struct at_shape *shape, uint64_t desc)
{
	uint64_t address = desc & GENMASK(shape->ds ? 49 : 47, shape->shift);

	if (shape->high)
		address |= FIELD_GET(GENMASK(15, 12), desc) << 48;
	if (shape->ds)
		address |= FIELD_GET(SH, desc) << 50;
	return address;
}

/* --- stage 2 --- */

/*
 * Makes a way for ipa that leads to `wanted`, or joins the one that is there. What comes out; 0:
 * the maker doesn't know.
 */
static uint64_t way(struct maker *maker, const struct at_shape *shape, uint64_t base,
	uint64_t input, uint64_t wanted, uint64_t (*place)(struct maker *maker, uint64_t address));

static uint64_t in_place(struct maker *maker, uint64_t address)
{
	(void)maker;
	return address;
}

/* Where in real memory a descriptor of stage 1 is. */
static uint64_t through_stage2(struct maker *maker, uint64_t ipa)
{
	uint64_t size = BIT(maker->made->s2.shift), wanted;

	if (!maker->made->s2.sane)
		return 0;
	wanted = maker->cpu->pool + (any(maker) & (AT_POOL_SIZE - 1) & ~(size - 1));
	return way(maker, &maker->made->s2, maker->made->s2.base, ipa, wanted, in_place);
}

/* Blocks too large to be in the pool: around it, or where nothing is. */
static uint64_t block_place(const struct maker *maker, uint64_t size, uint64_t wanted)
{
	if (size <= AT_POOL_SIZE)
		return wanted;
	return size <= GIB(1) ? maker->cpu->memory_base : ALIGN_UP(AT_NOWHERE, size);
}

static uint64_t way(struct maker *maker, const struct at_shape *shape, uint64_t base,
	uint64_t input, uint64_t wanted, uint64_t (*place)(struct maker *maker, uint64_t address))
{
	unsigned stride = shape->shift - 3;
	unsigned top = shape->ia_bits;

	for (int level = shape->level; level <= 3; level++) {
		unsigned shift = shape->shift + (unsigned)(3 - level) * stride;
		uint64_t index = FIELD_GET(GENMASK(top - 1, shift), input);
		uint64_t at = place(maker, base + index * 8);
		uint64_t offset = BIT(shift) - 1, desc;

		desc = make_descriptor(maker, shape, level, shift,
			shape->stage2 ? block_place(maker, offset + 1, wanted) : wanted);
		if (!at || !put(maker, shape, at, &desc) || !(desc & VALID))
			return 0;
		if (level == 3 || !(desc & TABLE))
			return (address_of(shape, desc) & ~offset) | (input & offset);
		base = address_of(shape, desc);
		top = shift;
	}
	return 0;
}

/* SL2 and SL0 by level -1 to 3; 0xff: not with that granule. */
static unsigned start_field(const struct at_shape *s2)
{
	static const uint8_t of_4k[] = { 4, 2, 1, 0, 0xff }, of_others[] = { 0xff, 3, 2, 1, 0 };

	return (s2->shift == 12 ? of_4k : of_others)[s2->level + 1];
}

/* Sizes that go together. */
static void size_stage2(struct maker *maker)
{
	struct at_shape *s2 = &maker->made->s2;
	unsigned stride = s2->shift - 3, tables, low, high;

	do {
		s2->level = (int)below(maker, 5) - 1;
		tables = s2->shift + (unsigned)(3 - s2->level) * stride;
		low = MAX(tables + 1, 25U);
		high = MIN(tables + stride + 4, maker->cpu->pa_bits);
		if (!s2->ds && s2->shift != 16)
			high = MIN(high, 48U);
	} while (low > high || start_field(s2) == 0xff ||
		(!s2->ds && s2->level <= (s2->shift == 12 ? -1 : 0)));
	s2->ia_bits = between(maker, low, high);
}

/*
 * Sizes that need not go together. An input larger than the physical addresses is left out: a CPU
 * may take that as it is, as QEMU does, or fault.
 */
static void spoil_vtcr(struct maker *maker)
{
	uint64_t vtcr = maker->made->vtcr ^ (any(maker) & (VTCR_T0SZ | VTCR_SL0));

	maker->made->s2.sane = false;
	if (64 - FIELD_GET(VTCR_T0SZ, vtcr) <= maker->cpu->pa_bits)
		maker->made->vtcr = vtcr;
}

static void make_vtcr(struct maker *maker)
{
	struct at_shape *s2 = &maker->made->s2;
	unsigned ps = pick_size(maker), field;

	s2->shift = pick_shift(maker, maker->cpu->granules_s2);
	s2->ds = pick_ds(maker, s2->shift, REGIME_LPA2_4K_S2, REGIME_LPA2_16K_S2);
	s2->stage2 = true;
	size_stage2(maker);
	set_output(maker, s2, ps);
	field = start_field(s2);
	maker->made->s2.sane = true;
	maker->made->vtcr = FIELD_PREP(VTCR_T0SZ, 64 - s2->ia_bits) |
		FIELD_PREP(VTCR_SL0, field & 3) | (field & 4 ? VTCR_SL2 : 0) |
		(s2->ds ? VTCR_DS : 0) | FIELD_PREP(VTCR_TG0, tg0_of(s2->shift)) |
		FIELD_PREP(VTCR_PS, ps) | VTCR_RES1 | bits(maker, VTCR_HA | VTCR_HD, 20) |
		FIELD_PREP(GENMASK(11, 8), any(maker) & 0xf) |
		FIELD_PREP(GENMASK(13, 12), pick_sh(maker));
	if (chance(maker, 2))
		spoil_vtcr(maker);
}

static void make_stage2(struct maker *maker)
{
	struct at_shape *s2 = &maker->made->s2;
	unsigned entries;

	s2->big_endian = maker->made->el2.sctlr & SCTLR_EE;
	make_vtcr(maker);
	entries = s2->ia_bits - (s2->shift + (unsigned)(3 - s2->level) * (s2->shift - 3));
	maker->made->s2.base =
		start_place(s2, entries, table_place(maker, s2, MAX(entries + 3, 6U)));
	maker->made->vttbr = (maker->made->s2.base & GENMASK(47, 1)) | any(maker) << 56;
	if (s2->oa_bits > 48)
		maker->made->vttbr |= FIELD_PREP(GENMASK(5, 2), maker->made->s2.base >> 48);
}

/* --- stage 1 --- */

static unsigned pick_txsz(struct maker *maker, const struct at_shape *shape)
{
	unsigned high = !(maker->cpu->features & REGIME_TTST) ? 39 : shape->shift == 16 ? 47 : 48;
	bool wide = shape->ds || (shape->shift == 16 && (maker->cpu->features & REGIME_LVA));

	if (chance(maker, 2))
		return below(maker, 64);
	if (chance(maker, 20))
		return between(maker, wide ? 12 : 16, high);
	return chance(maker, 32) ? (wide ? 12 : 16) : between(maker, 16, 32);
}

/* All fields that only say yes or no, or nothing at all to a translation. */
static uint64_t tcr_flags(struct maker *maker, bool two_ranges)
{
	uint64_t tcr = any(maker) & (TCR_IRGN0 | TCR_ORGN0);

	tcr |= FIELD_PREP(GENMASK(13, 12), pick_sh(maker));
	if (!two_ranges)
		return tcr | BIT(31) | BIT(23) | bits(maker, TCR_EL2_TBI | TCR_EL2_TBID, 32) |
			bits(maker, TCR_EL2_HA | TCR_EL2_HD, 20) | bits(maker, TCR_EL2_HPD, 12);
	tcr |= any(maker) & (TCR_IRGN1 | TCR_ORGN1);
	tcr |= FIELD_PREP(GENMASK(29, 28), pick_sh(maker));
	return tcr | bits(maker, TCR_TBI0 | TCR_TBI1 | TCR_TBID0 | TCR_TBID1, 32) |
		bits(maker, TCR_HA | TCR_HD, 20) | bits(maker, TCR_HPD0 | TCR_HPD1, 12) |
		bits(maker, TCR_EPD0 | TCR_EPD1, 2) | bits(maker, TCR_E0PD0 | TCR_E0PD1, 4) |
		bits(maker, BIT(22) | BIT(36), 32); /* A1, AS */
}

static uint64_t make_mair(struct maker *maker)
{
	static const uint8_t devices[] = { 0x00, 0x04, 0x08, 0x0c };
	static const uint8_t halves[] = { 0x4, 0x4, 0x3, 0x5, 0x7, 0x8, 0x9, 0xa, 0xb, 0xc, 0xd,
		0xe, 0xf, 0xf };
	uint64_t mair = 0;

	for (unsigned i = 0; i < 8; i++) {
		uint64_t byte = chance(maker, 16)
			? devices[below(maker, 4)]
			: (uint64_t)halves[below(maker, 14)] << 4 | halves[below(maker, 14)];

		mair |= byte << (8 * i);
	}
	return mair;
}

static uint64_t make_sctlr(struct maker *maker)
{
	return BIT(11) | (chance(maker, 62) ? SCTLR_M : 0) | (chance(maker, 56) ? SCTLR_C : 0) |
		bits(maker, SCTLR_WXN | SCTLR_EPAN, 20) | bits(maker, SCTLR_EE, 8) |
		bits(maker, BIT(23), 32); /* SPAN */
}

static struct at_registers *registers_of(struct maker *maker)
{
	return maker->op.regime == REGIME_EL10 ? &maker->made->el1 : &maker->made->el2;
}

/* An address of the range, and a few that are in neither. */
static uint64_t make_va(struct maker *maker, unsigned ia_bits, bool upper, bool tbi)
{
	uint64_t va = any(maker) & (BIT(ia_bits) - 1);

	if (upper)
		va |= ~(BIT(ia_bits) - 1);
	if (tbi && chance(maker, 32))
		va ^= any(maker) & GENMASK(63, 56);
	if (chance(maker, 1))
		va ^= BIT(between(maker, MIN(ia_bits, 63U), 63));
	return va;
}

/* Where stage 1 has its tables, and where it leads to, with a stage 2 beneath. */
static uint64_t make_ipa(struct maker *maker, uint64_t limit)
{
	uint64_t ipa = any(maker) & (limit - 1);

	if (limit > GIB(1))
		ipa = (ipa & ~(GIB(1) - 1)) |
			((maker->cpu->pool + (ipa & (AT_POOL_SIZE - 1))) & (GIB(1) - 1));
	return ipa;
}

static uint64_t output_limit(const struct maker *maker, const struct at_shape *shape)
{
	return maker->op.stage2 ? BIT(MIN(maker->made->s2.ia_bits, shape->oa_bits))
				: BIT(shape->oa_bits);
}

/* With a stage 2 the next tables are where it may lead to; make_descriptor() knows only the
 * pool. */
static uint64_t s1_table(struct maker *maker, const struct at_shape *shape, unsigned align_bits)
{
	if (maker->op.stage2 && !chance(maker, 1))
		return make_ipa(maker, output_limit(maker, shape)) & GENMASK(63, align_bits);
	return table_place(maker, shape, align_bits);
}

static void walk_stage1(struct maker *maker, const struct at_shape *shape, uint64_t base)
{
	uint64_t (*place)(struct maker * maker, uint64_t address) =
		maker->op.stage2 ? through_stage2 : in_place;
	unsigned stride = shape->shift - 3, top = shape->ia_bits;
	uint64_t wanted = make_ipa(maker, output_limit(maker, shape));

	for (int level = shape->level; level <= 3; level++) {
		unsigned shift = shape->shift + (unsigned)(3 - level) * stride;
		uint64_t index = FIELD_GET(GENMASK(top - 1, shift), maker->made->va), at, desc;

		at = place(maker, base + index * 8);
		desc = make_descriptor(maker, shape, level, shift, wanted);
		if (level < 3 && (desc & TABLE)) {
			desc &= ~address_field(shape, ~UINT64_C(0));
			desc |= address_field(shape, s1_table(maker, shape, shape->shift));
		}
		if (!at || !put(maker, shape, at, &desc) || !(desc & VALID))
			return;
		if (level == 3 || !(desc & TABLE)) {
			uint64_t offset = BIT(shift) - 1;

			if (maker->op.access & WALK_FINAL)
				through_stage2(maker,
					(address_of(shape, desc) & ~offset) |
						(maker->made->va & offset));
			return;
		}
		base = address_of(shape, desc);
		top = shift;
	}
}

static void make_ttbr(struct maker *maker, const struct at_shape *shape, bool upper, uint64_t base)
{
	struct at_registers *registers = registers_of(maker);
	uint64_t ttbr = (base & GENMASK(47, 1)) | any(maker) << 56;

	if (shape->oa_bits > 48)
		ttbr |= FIELD_PREP(GENMASK(5, 2), base >> 48);
	registers->ttbr0 = upper ? any(maker) & GENMASK(47, 12) : ttbr;
	registers->ttbr1 = upper ? ttbr : any(maker) & GENMASK(47, 12);
}

/* TCR_ELx, with the range that is asked as the shape says. */
static uint64_t make_tcr(struct maker *maker, const struct at_shape *shape, bool two_ranges,
	bool upper, unsigned txsz, unsigned ips)
{
	unsigned other = below(maker, 64);
	uint64_t tcr = tcr_flags(maker, two_ranges);

	tcr |= FIELD_PREP(TCR_T0SZ, upper ? other : txsz) |
		FIELD_PREP(TCR_TG0, upper ? below(maker, 3) : tg0_of(shape->shift));
	if (!two_ranges)
		return tcr | FIELD_PREP(TCR_EL2_PS, ips) | (shape->ds ? TCR_EL2_DS : 0);
	return tcr | FIELD_PREP(TCR_T1SZ, upper ? txsz : other) |
		FIELD_PREP(TCR_TG1, upper ? tg1_of(shape->shift) : 1 + below(maker, 3)) |
		FIELD_PREP(TCR_IPS, ips) | (shape->ds ? TCR_DS : 0);
}

static void make_stage1(struct maker *maker)
{
	bool two_ranges = maker->op.regime != REGIME_EL2;
	bool upper = two_ranges && chance(maker, 32);
	struct at_shape shape = { .shift = pick_shift(maker, maker->cpu->granules) };
	unsigned stride = shape.shift - 3, txsz, ips = pick_size(maker), entries;
	uint64_t tcr, base;

	shape.ds = pick_ds(maker, shape.shift, REGIME_LPA2_4K, REGIME_LPA2_16K);
	shape.big_endian = registers_of(maker)->sctlr & SCTLR_EE;
	txsz = pick_txsz(maker, &shape);
	set_output(maker, &shape, ips);
	shape.ia_bits = 64 - MIN(MAX(txsz, 12U), 48U);
	shape.level = 3 - (int)((shape.ia_bits - 1 - shape.shift) / stride);
	tcr = make_tcr(maker, &shape, two_ranges, upper, txsz, ips);
	registers_of(maker)->tcr = tcr;
	maker->made->va = make_va(maker, shape.ia_bits, upper,
		tcr & (two_ranges ? (upper ? TCR_TBI1 : TCR_TBI0) : TCR_EL2_TBI));
	entries = shape.ia_bits - (shape.shift + (unsigned)(3 - shape.level) * stride);
	base = start_place(&shape, entries, s1_table(maker, &shape, MAX(entries + 3, 6U)));
	make_ttbr(maker, &shape, upper, base);
	walk_stage1(maker, &shape, base);
}

/* Stage 1 is off: the address is what stage 2 gets. */
static void make_flat(struct maker *maker)
{
	maker->made->va = make_ipa(maker, BIT(maker->op.stage2 ? maker->made->s2.ia_bits : 48));
	registers_of(maker)->tcr = bits(maker, TCR_TBI0 | TCR_TBI1, 32);
	if (chance(maker, 8))
		maker->made->va ^= any(maker) & ~(BIT(maker->cpu->pa_bits) - 1);
	if (maker->op.access & WALK_FINAL)
		through_stage2(maker, maker->made->va);
}

uint64_t at_pin(struct at_case *made, const struct at_cpu *cpu, uint64_t pa)
{
	const struct at_shape *s2 = &made->s2;
	struct maker maker = { .made = made, .cpu = cpu, .random = ~made->seed };
	uint64_t leaf = address_field(s2, pa) | VALID | TABLE | AF | S2AP |
		FIELD_PREP(MEM_ATTR, made->hcr & HCR_EL2_FWB ? 6 : 15);

	for (unsigned tries = 0; s2->sane && tries < 8; tries++) {
		uint64_t ipa = any(&maker) & (BIT(s2->ia_bits) - BIT(s2->shift)), base = s2->base;
		unsigned top = s2->ia_bits;

		for (int level = s2->level; level <= 3; level++) {
			unsigned shift = s2->shift + (unsigned)(3 - level) * (s2->shift - 3);
			uint64_t at = base + FIELD_GET(GENMASK(top - 1, shift), ipa) * 8;
			uint64_t desc = cpu->pool + (any(&maker) & (AT_POOL_SIZE - 1));
			bool own = level == 3 && !find(&maker, at);

			desc = level == 3 ? leaf : address_field(s2, desc) | VALID | TABLE;
			if (!put(&maker, s2, at, &desc) || !(desc & VALID) || !(desc & TABLE))
				break;
			if (own && ipa != 0)
				return ipa;
			base = address_of(s2, desc);
			top = shift;
		}
	}
	return 0;
}

static void make_operation(struct maker *maker)
{
	static const unsigned encodings[] = { SYS_AT_S1E1R, SYS_AT_S1E1W, SYS_AT_S1E0R,
		SYS_AT_S1E0W, SYS_AT_S1E1RP, SYS_AT_S1E1WP, SYS_AT_S1E2R, SYS_AT_S1E2W,
		SYS_AT_S12E1R, SYS_AT_S12E1W, SYS_AT_S12E0R, SYS_AT_S12E0W };
	struct at_case *made = maker->made;
	bool e2h = chance(maker, 32);

	made->encoding = encodings[below(maker, ARRAY_SIZE(encodings))];
	made->hcr = e2h ? HCR_EL2_E2H : 0;
	if (e2h && chance(maker, 32))
		made->hcr |= HCR_EL2_TGE;
	/* While nothing but the EL2 regime is asked of {0,1}: facts of QEMU, see cpu.c. */
	if (!e2h && chance(maker, 8))
		made->hcr |= HCR_EL2_TGE;
	if (chance(maker, 40))
		made->hcr |= HCR_EL2_VM;
	made->hcr |=
		bits(maker, HCR_EL2_DC, 3) | bits(maker, maker->cpu->fwb ? HCR_EL2_FWB : 0, 16);
	/* QEMU 10.0 looks at PTW without a stage 2, too. */
	if (made->hcr & (HCR_EL2_VM | HCR_EL2_DC))
		made->hcr |= bits(maker, HCR_EL2_PTW, 16);
	made->pan = chance(maker, 32);
}

void at_make(struct at_case *made, const struct at_cpu *cpu, uint64_t seed)
{
	struct maker maker = { .made = made, .cpu = cpu, .random = seed };
	bool off;

	*made = (struct at_case){ .seed = seed };
	make_operation(&maker);
	made->el1.mair = make_mair(&maker);
	made->el2.mair = make_mair(&maker);
	made->el1.sctlr = make_sctlr(&maker);
	made->el2.sctlr = make_sctlr(&maker);
	at_op_decode(made->encoding, made->hcr & HCR_EL2_E2H, made->hcr, &maker.op);
	if (!(made->hcr & HCR_EL2_E2H) && (made->hcr & HCR_EL2_TGE))
		made->el1.sctlr &= ~SCTLR_M;
	off = maker.op.off || !(registers_of(&maker)->sctlr & SCTLR_M);
	if (maker.op.stage2)
		make_stage2(&maker);
	if (off)
		make_flat(&maker);
	else
		make_stage1(&maker);
}
