/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Saved and restored by hyp/vm/vcpu.c, for every vCPU uses it.
 */
#include "hyp/vm/fpsimd_part.h"
#include "hyp/arch/fpsimd.h"
#include "hyp/base/string.h"
#include "hyp/vm/vm.h"
#include "mm/page.h"

static struct fpsimd_state *state_of(const struct vcpu *vcpu)
{
	return vcpu->part[PART_FPSIMD];
}

static enum status create(struct vm *vm)
{
	struct fpsimd_state *states = mm_zalloc(vm->nr_vcpus * sizeof(*states));

	if (!states)
		return ERR_NO_MEMORY;
	vm->part[PART_FPSIMD] = states;
	for (unsigned i = 0; i < vm->nr_vcpus; i++)
		vm->vcpus[i]->part[PART_FPSIMD] = &states[i];
	return OK;
}

static void destroy(struct vm *vm)
{
	mm_free(vm->part[PART_FPSIMD], vm->nr_vcpus * sizeof(struct fpsimd_state));
	vm->part[PART_FPSIMD] = NULL;
}

static void reset_vcpu(struct vcpu *vcpu)
{
	memset(state_of(vcpu), 0, sizeof(struct fpsimd_state));
}

const struct vm_part fpsimd_part = {
	.name = "FP/SIMD",
	.create = create,
	.destroy = destroy,
	.vcpu_reset = reset_vcpu,
};
