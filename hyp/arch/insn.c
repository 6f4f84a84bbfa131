/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/arch/insn.h"

#define FIELD_RT     GENMASK(4, 0)
#define FIELD_RN     GENMASK(9, 5)
#define FIELD_RT2    GENMASK(14, 10)
#define FIELD_RM     GENMASK(20, 16)
#define FIELD_OPC    GENMASK(23, 22)
#define FIELD_SIZE   GENMASK(31, 30)
#define BIT_SIMD     BIT(26)
#define BIT_LOAD     BIT(22) /* pairs, exclusives, structures */

#define FIELD_IMM12  GENMASK(21, 10)
#define FIELD_OPTION GENMASK(15, 13) /* register offset */
#define BIT_SHIFTED  BIT(12)

#define BIT_O3       BIT(15) /* atomics */
#define FIELD_ATOMIC GENMASK(14, 12)
#define BIT_DOUBLE   BIT(30) /* LDXP, CASP: of 64 bits */

#define FIELD_MODE   GENMASK(24, 23) /* pairs */

#define BIT_FULL     BIT(30)         /* structures: Q */
#define FIELD_OPCODE GENMASK(15, 12) /* several */
#define BIT_R        BIT(21)         /* single */
#define FIELD_SCALE  GENMASK(15, 14)
#define BIT_THREE    BIT(13)
#define BIT_S        BIT(12)
#define FIELD_LANE   GENMASK(11, 10)
#define BIT_POST     BIT(23)
#define XZR          31

static unsigned field(uint32_t word, uint64_t mask)
{
	return (unsigned)FIELD_GET(mask, word);
}

/* The field of `bits` bits from bit `low` on, signed. */
static int64_t signed_field(uint32_t word, unsigned low, unsigned bits)
{
	return (int32_t)(word << (32 - low - bits)) >> (32 - bits);
}

static void base_and_first(uint32_t word, struct insn *insn)
{
	insn->base = (uint8_t)field(word, FIELD_RN);
	insn->reg[0] = (uint8_t)field(word, FIELD_RT);
	insn->count = 1;
	insn->lane = -1;
}

/* --- one register --- */

/*
 * size and opc of the loads and stores of one general register, as one table: the manual's "Loads
 * and stores, immediate" and its neighbours.
 */
enum single_kind { NONE, STORE, LOAD, SIGNED64, SIGNED32, PREFETCH };

static const uint8_t single_kinds[4][4] = {
	{ STORE, LOAD, SIGNED64, SIGNED32 },
	{ STORE, LOAD, SIGNED64, SIGNED32 },
	{ STORE, LOAD, SIGNED64, NONE },
	{ STORE, LOAD, PREFETCH, NONE },
};

static void general(unsigned size, enum single_kind kind, struct insn *insn)
{
	insn->width = insn->element = (uint8_t)(1U << size);
	insn->write = kind == STORE;
	insn->sign_extend = kind == SIGNED64 || kind == SIGNED32;
	insn->reg64 = kind == SIGNED64 || size == 3;
	insn->class = INSN_ACCESS;
}

static void vector(unsigned bytes, bool write, struct insn *insn)
{
	insn->simd = true;
	insn->width = insn->element = (uint8_t)bytes;
	insn->write = write;
	insn->class = INSN_ACCESS;
}

/* Everything but the address; false: no such instruction, or a prefetch. */
static bool single(uint32_t word, struct insn *insn)
{
	unsigned size = field(word, FIELD_SIZE), opc = field(word, FIELD_OPC);

	base_and_first(word, insn);
	if (word & BIT_SIMD) {
		/* opc<1>: 128 bits, which size has no room for. */
		if (opc & 2 && size != 0)
			return false;
		vector(opc & 2 ? 16 : 1U << size, !(opc & 1), insn);
		return true;
	}
	if (single_kinds[size][opc] == PREFETCH)
		insn->class = INSN_PREFETCH;
	if (single_kinds[size][opc] == PREFETCH || single_kinds[size][opc] == NONE)
		return false;
	general(size, single_kinds[size][opc], insn);
	return true;
}

/* log2 of the width: what the offset is counted in. */
static unsigned scale_of(const struct insn *insn)
{
	return (unsigned)__builtin_ctz(insn->width);
}

static void decode_unsigned_offset(uint32_t word, struct insn *insn)
{
	if (single(word, insn))
		insn->offset = (int64_t)field(word, FIELD_IMM12) << scale_of(insn);
}

static void decode_unscaled(uint32_t word, struct insn *insn)
{
	if (single(word, insn))
		insn->offset = signed_field(word, 12, 9);
}

static void indexed(uint32_t word, enum insn_address address, struct insn *insn)
{
	if (!single(word, insn)) {
		insn->class = INSN_OTHER; /* no prefetch writes back */
		return;
	}
	insn->offset = signed_field(word, 12, 9);
	insn->address = address;
}

static void decode_post_index(uint32_t word, struct insn *insn)
{
	indexed(word, INSN_POST_INDEX, insn);
}

static void decode_pre_index(uint32_t word, struct insn *insn)
{
	indexed(word, INSN_PRE_INDEX, insn);
}

/* Of general registers only. */
static void decode_unprivileged(uint32_t word, struct insn *insn)
{
	indexed(word, INSN_OFFSET, insn);
	insn->unprivileged = true;
}

static void decode_register_offset(uint32_t word, struct insn *insn)
{
	unsigned option = field(word, FIELD_OPTION);

	if (!(option & 2))
		return; /* would extend from less than 32 bits */
	if (!single(word, insn))
		return;
	insn->address = INSN_REGISTER;
	insn->index = (uint8_t)field(word, FIELD_RM);
	insn->extend = (uint8_t)option;
	insn->shift = word & BIT_SHIFTED ? (uint8_t)scale_of(insn) : 0;
}

static void decode_literal(uint32_t word, struct insn *insn)
{
	unsigned opc = field(word, FIELD_SIZE);

	base_and_first(word, insn);
	insn->base = 0;
	insn->address = INSN_LITERAL;
	insn->offset = signed_field(word, 5, 19) * 4;
	if (word & BIT_SIMD) {
		if (opc < 3)
			vector(4U << opc, false, insn);
	} else if (opc == 3) {
		insn->class = INSN_PREFETCH;
	} else {
		general(opc == 1 ? 3 : 2, opc == 2 ? SIGNED64 : LOAD, insn);
	}
}

/* LDAPUR, STLUR. */
static void decode_ordered_unscaled(uint32_t word, struct insn *insn)
{
	decode_unscaled(word, insn);
	insn->acquire_release = true;
	if (insn->class == INSN_PREFETCH)
		insn->class = INSN_OTHER;
}

/* LDAR, LDLAR, STLR, STLLR. */
static void decode_ordered(uint32_t word, struct insn *insn)
{
	base_and_first(word, insn);
	general(field(word, FIELD_SIZE), word & BIT_LOAD ? LOAD : STORE, insn);
	insn->acquire_release = true;
}

static void decode_ldapr(uint32_t word, struct insn *insn)
{
	decode_ordered(word | BIT_LOAD, insn);
}

/* --- two registers --- */

static void decode_pair(uint32_t word, struct insn *insn)
{
	static const uint8_t address[4] = { INSN_OFFSET, INSN_POST_INDEX, INSN_OFFSET,
		INSN_PRE_INDEX };
	unsigned opc = field(word, FIELD_SIZE), mode = field(word, FIELD_MODE);
	bool load = word & BIT_LOAD;

	if (opc == 3)
		return;
	base_and_first(word, insn);
	if (word & BIT_SIMD) {
		vector(4U << opc, !load, insn);
	} else if (opc == 1) {
		/* LDPSW. As a store, it would be STGP; without a hint that memory is not used
		 * again, it has no form. */
		if (!load || mode == 0)
			return;
		general(2, SIGNED64, insn);
	} else {
		general(opc == 2 ? 3 : 2, load ? LOAD : STORE, insn);
	}
	insn->count = 2;
	insn->reg[1] = (uint8_t)field(word, FIELD_RT2);
	insn->address = address[mode];
	insn->offset = signed_field(word, 15, 7) * insn->width;
}

/* --- exclusives, atomics, 64 bytes: what they are, where, and how much --- */

static void described(uint32_t word, enum insn_class class, unsigned width, unsigned count,
	bool write, struct insn *insn)
{
	insn->class = class;
	insn->base = (uint8_t)field(word, FIELD_RN);
	insn->width = (uint8_t)width;
	insn->count = (uint8_t)count;
	insn->write = write;
}

static void decode_exclusive(uint32_t word, struct insn *insn)
{
	described(word, INSN_EXCLUSIVE, 1U << field(word, FIELD_SIZE), 1, !(word & BIT_LOAD), insn);
}

static void decode_exclusive_pair(uint32_t word, struct insn *insn)
{
	described(word, INSN_EXCLUSIVE, word & BIT_DOUBLE ? 8 : 4, 2, !(word & BIT_LOAD), insn);
}

static void decode_compare(uint32_t word, struct insn *insn)
{
	described(word, INSN_ATOMIC, 1U << field(word, FIELD_SIZE), 1, true, insn);
}

static void decode_compare_pair(uint32_t word, struct insn *insn)
{
	/* Pairs begin at even registers. */
	if (!((field(word, FIELD_RT) | field(word, FIELD_RM)) & 1))
		described(word, INSN_ATOMIC, word & BIT_DOUBLE ? 8 : 4, 2, true, insn);
}

static void decode_atomic(uint32_t word, struct insn *insn)
{
	/* LDADD to LDUMIN are all eight; the other half of the table has only SWP. */
	if (!(word & BIT_O3) || field(word, FIELD_ATOMIC) == 0)
		described(word, INSN_ATOMIC, 1U << field(word, FIELD_SIZE), 1, true, insn);
}

/* LDCLRP, LDSETP, SWPP: FEAT_LSE128. */
static void decode_atomic_pair(uint32_t word, struct insn *insn)
{
	if (field(word, FIELD_RT) != XZR && field(word, FIELD_RM) != XZR)
		described(word, INSN_ATOMIC, 8, 2, true, insn);
}

static void ls64(uint32_t word, bool write, struct insn *insn)
{
	unsigned rt = field(word, FIELD_RT);

	/* Eight registers from an even one on, none of them beyond X29. */
	if (rt % 2 == 0 && rt <= 22)
		described(word, INSN_LS64, 8, 8, write, insn);
}

static void decode_ld64b(uint32_t word, struct insn *insn)
{
	ls64(word, false, insn);
}

static void decode_st64b(uint32_t word, struct insn *insn)
{
	ls64(word, true, insn);
}

/* --- LD1, ST1, LD1R --- */

/* Rm of the post-indexed forms; 31 says that it is what was accessed. */
static void structure_address(uint32_t word, struct insn *insn)
{
	if (!(word & BIT_POST))
		return;
	if (field(word, FIELD_RM) == XZR) {
		insn->address = INSN_POST_INDEX;
		insn->offset = insn->count * insn->width;
		return;
	}
	insn->address = INSN_POST_REG;
	insn->index = (uint8_t)field(word, FIELD_RM);
}

static void decode_structures(uint32_t word, struct insn *insn)
{
	/* How many registers, by opcode; 0: LD2 to LD4, or none. */
	static const uint8_t counts[16] = { [2] = 4, [6] = 3, [7] = 1, [10] = 2 };
	unsigned count = counts[field(word, FIELD_OPCODE)];

	if (count == 0)
		return;
	base_and_first(word, insn);
	vector(word & BIT_FULL ? 16 : 8, !(word & BIT_LOAD), insn);
	insn->full = word & BIT_FULL;
	insn->element = (uint8_t)(1U << field(word, FIELD_LANE));
	insn->count = (uint8_t)count;
	for (unsigned n = 1; n < count; n++)
		insn->reg[n] = (uint8_t)((insn->reg[0] + n) % 32);
	structure_address(word, insn);
}

/* The lane that LD1 and ST1 of one element name: Q, S and size are its number, from whose end the
 * width takes its bits. */
static bool lane_of(uint32_t word, unsigned *scale, int8_t *lane)
{
	unsigned number =
		(word & BIT_FULL ? 8U : 0U) | (word & BIT_S ? 4U : 0U) | field(word, FIELD_LANE);

	if (*scale == 2 && (number & 3) == 1) {
		*scale = 3;
		number &= ~1U;
	}
	if (number & ((1U << *scale) - 1))
		return false;
	*lane = (int8_t)(number >> *scale);
	return true;
}

static void decode_structure(uint32_t word, struct insn *insn)
{
	unsigned scale = field(word, FIELD_SCALE);
	bool load = word & BIT_LOAD, replicate = scale == 3;
	int8_t lane = -1;

	if (word & (BIT_R | BIT_THREE))
		return; /* of two, three or four registers */
	if (replicate) {
		if (!load || word & BIT_S)
			return;
		scale = field(word, FIELD_LANE);
	} else if (!lane_of(word, &scale, &lane)) {
		return;
	}
	base_and_first(word, insn);
	vector(1U << scale, !load, insn);
	insn->replicate = replicate;
	insn->full = replicate ? word & BIT_FULL : true;
	insn->lane = lane;
	structure_address(word, insn);
}

/* --- cache maintenance --- */

static const uint32_t maintenance[NR_CMO_OPS] = {
	[CMO_DC_IVAC] = 0xd5087620,
	[CMO_DC_CVAC] = 0xd50b7a20,
	[CMO_DC_CVAU] = 0xd50b7b20,
	[CMO_DC_CVAP] = 0xd50b7c20,
	[CMO_DC_CVADP] = 0xd50b7d20,
	[CMO_DC_CIVAC] = 0xd50b7e20,
	[CMO_DC_ZVA] = 0xd50b7420,
	[CMO_IC_IVAU] = 0xd50b7520,
};

static void decode_maintenance(uint32_t word, struct insn *insn)
{
	for (unsigned op = 0; op < NR_CMO_OPS; op++) {
		if ((word & ~FIELD_RT) != maintenance[op])
			continue;
		insn->class = INSN_MAINTENANCE;
		insn->op = (enum cmo_op)op;
		insn->write = op == CMO_DC_ZVA;
		insn->reg[0] = (uint8_t)field(word, FIELD_RT);
		return;
	}
}

/* --- the table --- */

/* The first row that fits decides. Should-be-one bits are in the masks. */
static const struct {
	uint32_t mask;
	uint32_t value;
	void (*decode)(uint32_t word, struct insn *insn);
} rows[] = {
	{ 0x3b000000, 0x39000000, decode_unsigned_offset },
	{ 0x3b200c00, 0x38000000, decode_unscaled },
	{ 0x3b200c00, 0x38000400, decode_post_index },
	{ 0x3f200c00, 0x38000800, decode_unprivileged },
	{ 0x3b200c00, 0x38000c00, decode_pre_index },
	{ 0x3b200c00, 0x38200800, decode_register_offset },
	{ 0x3b000000, 0x18000000, decode_literal },
	{ 0x3a000000, 0x28000000, decode_pair },
	{ 0x3f200c00, 0x19000000, decode_ordered_unscaled },
	{ 0x3fbf7c00, 0x089f7c00, decode_ordered }, /* LDAR, STLR, LDLAR, STLLR */
	{ 0x3ffffc00, 0x38bfc000, decode_ldapr },
	{ 0x3fff7c00, 0x085f7c00, decode_exclusive },      /* LDXR, LDAXR */
	{ 0x3fe07c00, 0x08007c00, decode_exclusive },      /* STXR, STLXR */
	{ 0xbfff0000, 0x887f0000, decode_exclusive_pair }, /* LDXP, LDAXP */
	{ 0xbfe00000, 0x88200000, decode_exclusive_pair }, /* STXP, STLXP */
	{ 0x3fa07c00, 0x08a07c00, decode_compare },        /* CAS */
	{ 0xbfa07c00, 0x08207c00, decode_compare_pair },   /* CASP */
	{ 0xfffffc00, 0xf83fd000, decode_ld64b },
	{ 0xfffffc00, 0xf83f9000, decode_st64b },
	{ 0xffe0fc00, 0xf820b000, decode_st64b }, /* ST64BV */
	{ 0xffe0fc00, 0xf820a000, decode_st64b }, /* ST64BV0 */
	{ 0x3f200c00, 0x38200000, decode_atomic },
	{ 0xff20fc00, 0x19201000, decode_atomic_pair }, /* LDCLRP */
	{ 0xff20fc00, 0x19203000, decode_atomic_pair }, /* LDSETP */
	{ 0xff20fc00, 0x19208000, decode_atomic_pair }, /* SWPP */
	{ 0xbfbf0000, 0x0c000000, decode_structures },
	{ 0xbfa00000, 0x0c800000, decode_structures },
	{ 0xbf9f0000, 0x0d000000, decode_structure },
	{ 0xbf800000, 0x0d800000, decode_structure },
	{ 0xfff8f000, 0xd5087000, decode_maintenance },
};

struct insn insn_decode(uint32_t instruction)
{
	struct insn insn = { 0 };

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		if ((instruction & rows[i].mask) != rows[i].value)
			continue;
		rows[i].decode(instruction, &insn);
		break;
	}
	if (insn.class == INSN_OTHER || insn.class == INSN_PREFETCH)
		return (struct insn){ .class = insn.class };
	return insn;
}
