/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Words become instructions: what the decoder says of each must be sound, and complete. A second
 * encoder, which knows only what the decoder said, makes an instruction of it again, and that must
 * be decoded to the same.
 *
 * links: hyp/arch/insn.c hyp/arch/insn_address.c
 * covers: hyp/arch/insn.c hyp/arch/insn_address.c
 */
#include <stdlib.h>
#include <string.h>

#include "hyp/arch/insn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

#define LOAD_BIT(insn) ((insn)->write ? 0U : 1U << 22)
#define SIMD_BIT(insn) ((insn)->simd ? 1U << 26 : 0U)

static bool power_of_two(unsigned n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

static uint32_t log2_of(unsigned n)
{
	return (uint32_t)__builtin_ctz(n);
}

/* --- encoding --- */

static uint32_t signed_bits(int64_t value, unsigned bits)
{
	MUST(value >= -(INT64_C(1) << (bits - 1)) && value < INT64_C(1) << (bits - 1));
	return (uint32_t)value & ((1U << bits) - 1);
}

static uint32_t registers(const struct insn *insn)
{
	return (uint32_t)insn->base << 5 | insn->reg[0];
}

static uint32_t encode_literal(const struct insn *insn)
{
	uint32_t opc = insn->simd   ? log2_of(insn->width) - 2
		: insn->sign_extend ? 2
				    : insn->width == 8;

	MUST(!insn->write && insn->base == 0);
	return 0x18000000 | opc << 30 | SIMD_BIT(insn) | signed_bits(insn->offset / 4, 19) << 5 |
		insn->reg[0];
}

static uint32_t encode_pair(const struct insn *insn)
{
	static const uint32_t modes[] = {
		[INSN_OFFSET] = 2, [INSN_PRE_INDEX] = 3, [INSN_POST_INDEX] = 1
	};
	uint32_t opc = insn->simd   ? log2_of(insn->width) - 2
		: insn->sign_extend ? 1
		: insn->width == 8  ? 2
				    : 0;

	MUST(insn->address <= INSN_POST_INDEX && insn->offset % insn->width == 0);
	return 0x28000000 | opc << 30 | SIMD_BIT(insn) | modes[insn->address] << 23 |
		LOAD_BIT(insn) | signed_bits(insn->offset / insn->width, 7) << 15 |
		(uint32_t)insn->reg[1] << 10 | registers(insn);
}

static uint32_t encode_structure(const struct insn *insn)
{
	static const uint32_t opcodes[] = { 0, 7, 10, 6, 2 };
	uint32_t word = LOAD_BIT(insn) | registers(insn), number;

	if (insn->address == INSN_POST_REG)
		word |= 1U << 23 | (uint32_t)insn->index << 16;
	else if (insn->address == INSN_POST_INDEX)
		word |= 1U << 23 | 31U << 16;
	if (insn->address == INSN_POST_REG)
		MUST(insn->index < 31);
	if (insn->address == INSN_POST_INDEX)
		MUST(insn->offset == insn->count * insn->width);
	if (insn->replicate)
		return word | 0x0d00c000 | log2_of(insn->width) << 10 | (uint32_t)insn->full << 30;
	if (insn->lane < 0) {
		MUST(insn->width == (insn->full ? 16 : 8));
		return word | 0x0c000000 | opcodes[insn->count] << 12 |
			log2_of(insn->element) << 10 | (uint32_t)insn->full << 30;
	}
	/* Q, S and size: the number of the lane, scaled; D has a one where S has none. */
	number = (uint32_t)insn->lane * insn->width;
	MUST(number < 16);
	word |= 0x0d000000 | (number >> 3) << 30 | (number >> 2 & 1) << 12 | (number & 3) << 10;
	if (insn->width == 8)
		return word | 2U << 14 | 1U << 10;
	return word | log2_of(insn->width) << 14;
}

static uint32_t size_and_opc(const struct insn *insn)
{
	if (insn->width == 16)
		return SIMD_BIT(insn) | (insn->write ? 2U : 3U) << 22;
	if (insn->sign_extend)
		return log2_of(insn->width) << 30 | (insn->reg64 ? 2U : 3U) << 22;
	return log2_of(insn->width) << 30 | SIMD_BIT(insn) | LOAD_BIT(insn);
}

static uint32_t encode_single(const struct insn *insn)
{
	uint32_t word = size_and_opc(insn) | registers(insn);

	if (insn->address == INSN_REGISTER) {
		MUST(insn->shift == 0 || insn->shift == log2_of(insn->width));
		return word | 0x38200800 | (uint32_t)insn->index << 16 |
			(uint32_t)insn->extend << 13 | (insn->shift ? 1U << 12 : 0);
	}
	if (insn->address == INSN_OFFSET && !insn->unprivileged && !insn->acquire_release &&
		insn->offset >= 0 && insn->offset % insn->width == 0)
		return word | 0x39000000 | signed_bits(insn->offset / insn->width, 13) << 10;
	word |= signed_bits(insn->offset, 9) << 12;
	if (insn->acquire_release)
		return word | 0x19000000;
	if (insn->unprivileged)
		return word | 0x38000800;
	return word |
		(insn->address == INSN_PRE_INDEX                   ? 0x38000c00
				: insn->address == INSN_POST_INDEX ? 0x38000400
								   : 0x38000000);
}

static bool is_structure(const struct insn *insn)
{
	return insn->simd &&
		(insn->full || insn->lane >= 0 || insn->replicate || insn->element != insn->width ||
			insn->count > 2 || insn->address == INSN_POST_REG);
}

static uint32_t encode_access(const struct insn *insn)
{
	if (insn->address == INSN_LITERAL)
		return encode_literal(insn);
	if (is_structure(insn))
		return encode_structure(insn);
	if (insn->count == 2)
		return encode_pair(insn);
	if (insn->acquire_release && insn->offset == 0 && !insn->sign_extend)
		return 0x089ffc00 | log2_of(insn->width) << 30 | LOAD_BIT(insn) | registers(insn);
	return encode_single(insn);
}

static uint32_t encode_maintenance(const struct insn *insn)
{
	/* op1, CRm, op2 */
	static const uint8_t codes[NR_CMO_OPS][3] = {
		[CMO_DC_IVAC] = { 0, 6, 1 },
		[CMO_DC_CVAC] = { 3, 10, 1 },
		[CMO_DC_CVAU] = { 3, 11, 1 },
		[CMO_DC_CVAP] = { 3, 12, 1 },
		[CMO_DC_CVADP] = { 3, 13, 1 },
		[CMO_DC_CIVAC] = { 3, 14, 1 },
		[CMO_DC_ZVA] = { 3, 4, 1 },
		[CMO_IC_IVAU] = { 3, 5, 1 },
	};
	const uint8_t *code = codes[insn->op];

	return 0xd5080000 | (uint32_t)code[0] << 16 | 7 << 12 | (uint32_t)code[1] << 8 |
		(uint32_t)code[2] << 5 | insn->reg[0];
}

/* Some instruction of which the decoder says the same. */
static uint32_t encode(const struct insn *insn)
{
	uint32_t size = insn->width ? log2_of(insn->width) << 30 : 0;

	switch (insn->class) {
	case INSN_ACCESS:
		return encode_access(insn);
	case INSN_MAINTENANCE:
		return encode_maintenance(insn);
	case INSN_PREFETCH:
		return 0xf9800000;
	case INSN_EXCLUSIVE:
		return (insn->count == 2 ? 0x08200000 : 0x08000000) | size | LOAD_BIT(insn) |
			(insn->write && insn->count == 2 ? 0 : 31U << 10) |
			(insn->write ? 0 : 31U << 16) | registers(insn);
	case INSN_ATOMIC:
		if (insn->count == 2)
			return 0x08207c00 | (size & 1U << 30) | registers(insn);
		return 0x38208000 | size | registers(insn);
	case INSN_LS64:
		return (insn->write ? 0xf83f9000 : 0xf83fd000) | registers(insn);
	default:
		return 0;
	}
}

/* --- what must hold --- */

static bool same(const struct insn *a, const struct insn *b)
{
	return a->class == b->class && a->op == b->op && a->address == b->address &&
		a->write == b->write && a->simd == b->simd && a->sign_extend == b->sign_extend &&
		a->reg64 == b->reg64 && a->acquire_release == b->acquire_release &&
		a->unprivileged == b->unprivileged && a->replicate == b->replicate &&
		a->full == b->full && a->width == b->width && a->count == b->count &&
		memcmp(a->reg, b->reg, sizeof(a->reg)) == 0 && a->element == b->element &&
		a->lane == b->lane && a->base == b->base && a->index == b->index &&
		a->extend == b->extend && a->shift == b->shift && a->offset == b->offset;
}

static void check_access(const struct insn *insn)
{
	MUST(power_of_two(insn->width) && insn->width <= (insn->simd ? 16 : 8));
	MUST(insn->count >= 1 && insn->count <= INSN_REGS_MAX);
	MUST(insn->width * insn->count <= 64);
	MUST(insn->simd || (insn->count <= 2 && insn->element == insn->width));
	MUST(power_of_two(insn->element) && insn->element <= insn->width);
	MUST(!insn->sign_extend || (!insn->write && !insn->simd && insn->width <= 4));
	MUST(insn->simd || !(insn->replicate || insn->full || insn->lane >= 0));
	MUST(!insn->simd || !(insn->reg64 || insn->acquire_release || insn->unprivileged));
	MUST(insn->lane >= -1 && (insn->lane + 1) * insn->width <= 16);
	MUST(!insn->replicate || (!insn->write && insn->lane == -1 && insn->count == 1));
	MUST(insn->address <= INSN_LITERAL && insn->shift <= 4 && insn->base < 32);
	MUST(insn->address == INSN_REGISTER || (insn->extend == 0 && insn->shift == 0));
	MUST(insn->address == INSN_REGISTER || insn->address == INSN_POST_REG || insn->index == 0);
	for (unsigned n = 0; n < INSN_REGS_MAX; n++)
		MUST(insn->reg[n] < 32 && (n < insn->count || insn->reg[n] == 0));
}

static void check_described(const struct insn *insn)
{
	MUST(insn->address == INSN_OFFSET && insn->offset == 0 && insn->base < 32);
	MUST(power_of_two(insn->width) && insn->width <= 8 && insn->width * insn->count <= 64);
	MUST(!insn->simd && insn->reg[0] == 0);
}

static bool loads_base(const struct insn *insn)
{
	bool found = false;

	for (unsigned n = 0; n < insn->count; n++)
		found |= insn->reg[n] == insn->base;
	return found && !insn->simd && !insn->write && insn->base != INSN_SP;
}

/* Only what is indexed writes back, by its own offset, and never over what it loads. */
static void check_writeback(const struct insn *insn, const struct guest_regs *regs, uint64_t sp)
{
	uint64_t address = insn_address(insn, regs, sp), value = 0;
	uint64_t base = insn->base == INSN_SP ? sp : regs->x[insn->base];
	bool indexed = insn->address == INSN_PRE_INDEX || insn->address == INSN_POST_INDEX ||
		insn->address == INSN_POST_REG;

	if (!insn_writeback(insn, regs, sp, &value)) {
		MUST(insn->class != INSN_ACCESS || !indexed || loads_base(insn));
		return;
	}
	MUST(insn->class == INSN_ACCESS && indexed && !loads_base(insn));
	if (insn->address == INSN_PRE_INDEX)
		MUST(address == value);
	else
		MUST(address == base);
	if (insn->address == INSN_POST_REG)
		MUST(value - base == regs->x[insn->index]);
	else
		MUST(value - base == (uint64_t)insn->offset);
}

static void check(uint32_t word)
{
	struct insn insn = insn_decode(word), again;
	struct guest_regs regs = { .pc = word };
	static const struct insn other = { .class = INSN_OTHER },
				 prefetch = { .class = INSN_PREFETCH };

	for (unsigned n = 0; n < 31; n++)
		regs.x[n] = word * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)n * n;
	MUST(insn.class < NR_INSN_CLASSES);
	if (insn.class == INSN_OTHER)
		MUST(same(&insn, &other));
	else if (insn.class == INSN_PREFETCH)
		MUST(same(&insn, &prefetch));
	else if (insn.class == INSN_ACCESS)
		check_access(&insn);
	else if (insn.class == INSN_MAINTENANCE)
		MUST(insn.op < NR_CMO_OPS && insn.reg[0] < 32 && insn.count == 0);
	else
		check_described(&insn);
	check_writeback(&insn, &regs, ~regs.x[0]);
	again = insn_decode(encode(&insn));
	MUST(same(&insn, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (size_t at = 0; at + sizeof(uint32_t) <= size; at += sizeof(uint32_t)) {
		uint32_t word;

		memcpy(&word, data + at, sizeof(word));
		check(word);
	}
	return 0;
}
