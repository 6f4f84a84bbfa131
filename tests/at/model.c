/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/at/model.h"

#include "hyp/arch/sysreg_fields.h"
#include "hyp/nested/at_walk.h"

static struct regime regime_of(
	const struct at_case *made, const struct at_cpu *cpu, enum regime_kind kind)
{
	const struct at_registers *registers = kind == REGIME_EL10 ? &made->el1 : &made->el2;

	return (struct regime){
		.kind = kind,
		.pa_bits = (uint8_t)cpu->pa_bits,
		.granules = cpu->granules,
		.features = cpu->features,
		.ttbr0 = registers->ttbr0,
		.ttbr1 = registers->ttbr1,
		.tcr = registers->tcr,
		.sctlr = registers->sctlr,
		.mair = registers->mair,
		.hcr = made->hcr,
	};
}

static struct s2_regime stage2_of(const struct at_case *made, const struct at_cpu *cpu)
{
	return (struct s2_regime){
		.vttbr = made->vttbr,
		.vtcr = made->vtcr,
		.sctlr = made->el2.sctlr,
		.hcr = made->hcr,
		.pa_bits = (uint8_t)cpu->pa_bits,
		.granules = cpu->granules_s2,
		.features = cpu->features,
	};
}

uint64_t model_at(
	const struct at_case *made, const struct at_cpu *cpu, const struct walk_memory *memory)
{
	struct at_op op;
	struct regime regime;
	struct s2_regime stage2;
	struct s2_setup setup;
	uint64_t par = 0;

	if (!at_op_decode(made->encoding, made->hcr & HCR_EL2_E2H, made->hcr, &op))
		return 0;
	regime = regime_of(made, cpu, op.regime);
	if (op.stage2) {
		stage2 = stage2_of(made, cpu);
		walk_s2_prepare(&stage2, &setup);
	}
	if (at_walk(&regime, memory, made->va, &op, op.stage2 ? &setup : NULL, made->pan, &par) !=
		OK)
		return 0;
	return par;
}
