/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/nested.h"
#include "hyp/arch/features.h"
#include "hyp/nested/context.h"
#include "hyp/nested/gic.h"
#include "hyp/nested/services.h"
#include "hyp/nested/shadow.h"
#include "hyp/nested/sysreg.h"
#include "hyp/nested/timer.h"
#include "mm/page.h"

static void free_vcpus(struct vm *vm)
{
	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		struct nested *nested = nested_of(vm->vcpus[i]);

		if (!nested)
			continue;
		mm_free(nested->page, PAGE_SIZE);
		mm_free(nested, sizeof(*nested));
		vm->vcpus[i]->part[PART_NESTED] = NULL;
	}
}

static enum status create_vcpus(struct vm *vm)
{
	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		struct nested *nested = mm_zalloc(sizeof(*nested));

		if (!nested)
			return ERR_NO_MEMORY;
		vm->vcpus[i]->part[PART_NESTED] = nested;
		nested->vcpu = vm->vcpus[i];
		nested->vmpidr = vm->vcpus[i]->vmpidr;
		nested->vhe = vm->policy.virtual_el2 == VIRTUAL_EL2_VHE;
		nested->page = mm_zalloc(PAGE_SIZE);
		if (!nested->page)
			return ERR_NO_MEMORY;
	}
	return OK;
}

static bool is_one(const struct vm *vm)
{
	return nested_of(vm->vcpus[0]) != NULL;
}

static void destroy(struct vm *vm)
{
	if (!is_one(vm))
		return;
	nested_gic_destroy(vm);
	nested_timer_destroy(vm);
	shadow_destroy(vm);
	free_vcpus(vm);
}

enum status nested_create(struct vm *vm)
{
	static enum status (*const create[])(struct vm * vm) = { create_vcpus, shadow_create,
		nested_timer_create, nested_gic_create, nested_services_create };
	enum status status = OK;

	for (unsigned i = 0; status == OK && i < ARRAY_SIZE(create); i++)
		status = create[i](vm);
	if (status != OK)
		destroy(vm);
	return status;
}

static void reset(struct vm *vm)
{
	if (is_one(vm))
		shadow_reset(vm);
}

void nested_reset_registers(struct nested *nested)
{
	struct vcpu *vcpu = nested->vcpu;

	if (nested->inner) {
		nested->inner_irq_exits += vcpu->irq_exits;
		/* Nothing of L1's controls is to stay. */
		vcpu->hcr = nested->base_hcr;
		vcpu->mdcr &= ~nested->inner_mdcr;
	}
	nested->shadow = NULL;
	vcpu->vttbr = vcpu->vm->stage2.vttbr;
	vcpu->vtcr = vcpu->vm->stage2.vtcr;
	nested->inner = nested->inner_lrs = nested->el0 = false;
	/* It may be one that was powered down. */
	nested->base_hcr = vcpu->hcr & ~NESTED_HCR_BITS;
	nested->base_cptr = guest_cptr();
	nested->midr = read_sysreg(MIDR_EL1);
	nested_sysreg_reset(nested);
	vel2_reset(nested);
	nested_gic_reset(nested);
	vcpu->vmpidr = nested->vmpidr;
	vcpu->waits = 0;
	nested_reset_controls(nested);
	vcpu->hcr = nested->hyp_hcr;
	vcpu->cptr = nested->hyp_cptr;
	vcpu->exit_table = nested_exit_table[NESTED_EXITS_HYP];
	vcpu->take = nested_take_recorded;
	vcpu->el2 = &nested_el2_ops;
	vcpu->on_demand |= (uint32_t)BIT(PART_NESTED);
}

/* Behind the parts that have a say in the controls of every vCPU of the VM. */
static void vcpu_reset_part(struct vcpu *vcpu)
{
	struct nested *nested = nested_of(vcpu);

	if (!nested)
		return;
	nested_reset_registers(nested);
	nested_timer_reset(nested);
}

static void load(struct vcpu *vcpu)
{
	nested_load(nested_of(vcpu));
}

static void put(struct vcpu *vcpu)
{
	nested_put(nested_of(vcpu));
}

const struct vm_part nested_part = {
	.name = "virtual EL2",
	.reset = reset,
	.vcpu_reset = vcpu_reset_part,
	.vcpu_power_down = nested_power_down,
	.destroy = destroy,
	.vcpu_load = load,
	.vcpu_put = put,
	.on_demand = true,
};
