/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/arch/insn.h"

#define XZR         31
#define EXTEND_UXTW 2
#define EXTEND_SXTW 6

static uint64_t general_register(const struct guest_regs *regs, unsigned n)
{
	return n == XZR ? 0 : regs->x[n];
}

static uint64_t base_of(const struct insn *insn, const struct guest_regs *regs, uint64_t sp)
{
	return insn->base == INSN_SP ? sp : regs->x[insn->base];
}

static uint64_t extended(const struct insn *insn, const struct guest_regs *regs)
{
	uint64_t value = general_register(regs, insn->index);

	switch (insn->extend) {
	case EXTEND_UXTW:
		value = (uint32_t)value;
		break;
	case EXTEND_SXTW:
		value = (uint64_t)(int64_t)(int32_t)value;
		break;
	default:
		break;
	}
	return value << insn->shift;
}

uint64_t insn_address(const struct insn *insn, const struct guest_regs *regs, uint64_t sp)
{
	if (insn->class == INSN_MAINTENANCE)
		return general_register(regs, insn->reg[0]);
	switch (insn->address) {
	case INSN_OFFSET:
	case INSN_PRE_INDEX:
		return base_of(insn, regs, sp) + (uint64_t)insn->offset;
	case INSN_REGISTER:
		return base_of(insn, regs, sp) + extended(insn, regs);
	case INSN_LITERAL:
		return regs->pc + (uint64_t)insn->offset;
	default:
		return base_of(insn, regs, sp);
	}
}

/* It loads its own base: see the header. */
static bool loads_base(const struct insn *insn)
{
	if (insn->write || insn->simd || insn->base == INSN_SP)
		return false;
	for (unsigned n = 0; n < insn->count; n++) {
		if (insn->reg[n] == insn->base)
			return true;
	}
	return false;
}

bool insn_writeback(
	const struct insn *insn, const struct guest_regs *regs, uint64_t sp, uint64_t *value)
{
	if (insn->class != INSN_ACCESS || loads_base(insn))
		return false;
	switch (insn->address) {
	case INSN_PRE_INDEX:
	case INSN_POST_INDEX:
		*value = base_of(insn, regs, sp) + (uint64_t)insn->offset;
		return true;
	case INSN_POST_REG:
		*value = base_of(insn, regs, sp) + regs->x[insn->index];
		return true;
	default:
		return false;
	}
}
