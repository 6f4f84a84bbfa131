/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/at.h"

#include "hyp/arch/at.h"
#include "hyp/nested/at_walk.h"
#include "hyp/nested/par.h"
#include "hyp/vm/inject.h"

void nested_at_init(void)
{
	/* Of an address that there is: this function's. */
	uint64_t par = at_s1e2r((uintptr_t)nested_at_init);

	if (!(par & PAR_EL1_F))
		par_bits |= par & PAR_EL1_NS;
}

/* Is it there, and for who executes it? */
static bool exists(const struct nested *nested, unsigned encoding, const struct at_op *op)
{
	if (nested->inner && SYSREG_OP1(encoding) != 0)
		return false;
	if (op->access & WALK_PAN)
		return FIELD_GET(ID_AA64MMFR1_EL1_PAN, read_sysreg(ID_AA64MMFR1_EL1)) >= 2;
	if (!(op->access & WALK_JUDGE))
		return FIELD_GET(ID_AA64ISAR2_EL1_ATS1A, read_sysreg(ID_AA64ISAR2_EL1)) != 0;
	return true;
}

/* --- by the CPU --- */

/* Are the CPU's EL1 registers those of the regime, and stage 1 as they say? */
static bool is_live(const struct nested *nested, const struct at_op *op)
{
	if (op->off || (op->access & (WALK_JUDGE | WALK_FINAL)) != WALK_JUDGE)
		return false;
	return nested->inner == (op->regime == REGIME_EL10);
}

static enum at_kind kind_of(const struct at_op *op, bool pan)
{
	bool write = op->access & WALK_WRITE;

	if (op->access & WALK_USER)
		return write ? AT_S1E0W : AT_S1E0R;
	if ((op->access & WALK_PAN) && pan)
		return write ? AT_S1E1WP : AT_S1E1RP;
	return write ? AT_S1E1W : AT_S1E1R;
}

static bool is_believed(uint64_t par, unsigned pa_bits)
{
	unsigned fst_class = (unsigned)FIELD_GET(PAR_EL1_FST, par) & ~FST_LEVEL;

	if (!(par & PAR_EL1_F))
		return !((par & PAR_EL1_PA) >> pa_bits);
	return !(par & PAR_EL1_S) && (fst_class == FST_PERMISSION || fst_class == FST_ACCESS_FLAG);
}

/* --- by a walk --- */

/* Where walks read: once. */
static __noinline void make_memory(struct nested *nested)
{
	struct walk_memory memory = walk_memory_updating(&nested->vcpu->vm->stage2);

	memory.memo = &nested->el2_memo;
	nested->el2_memory = memory;
	memory.memo = &nested->el1_memo;
	nested->el1_memory = memory;
}

static __always_inline enum status walk(
	struct nested *nested, uint64_t va, struct at_op op, bool pan, uint64_t *par)
{
	bool el1 = op.regime == REGIME_EL10;
	struct regime regime = el1 ? nested_el1_regime(nested) : nested_el2_regime(nested);

	if (unlikely(!nested->el1_memory.context))
		make_memory(nested);
	return at_walk(&regime, el1 ? &nested->el1_memory : &nested->el2_memory, va, &op,
		op.stage2 ? nested_s2_setup(nested) : NULL, pan, par);
}

enum exit_result nested_at(struct vcpu *vcpu, unsigned encoding, uint64_t va)
{
	struct nested *nested = nested_of(vcpu);
	bool pan = vcpu->regs.pstate & PSTATE_PAN;
	struct at_op op;
	uint64_t par;

	if (!at_op_decode(encoding, nested->vhe, VNCR_REG(nested, HCR_EL2), &op) ||
		!exists(nested, encoding, &op))
		return inject_undefined(vcpu);
	if (is_live(nested, &op)) {
		par = at_s1(kind_of(&op, pan), va);
		if (is_believed(par, vcpu->vm->stage2.ipa_bits)) {
			write_sysreg(par, PAR_EL1);
			return EXIT_SKIP;
		}
	}
	if (walk(nested, va, op, pan, &par) != OK)
		return EXIT_RESUME;
	write_sysreg(par, PAR_EL1);
	return EXIT_SKIP;
}
