/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/vm/vm.h"
#include "hyp/arch/features.h"
#include "hyp/base/format.h"
#include "hyp/base/panic.h"
#include "hyp/base/string.h"
#include "hyp/vm/sched.h"
#include "drivers/timer/timer.h"
#include "mm/page.h"

struct vm *vms[MAX_VMS];
unsigned nr_vms;

#define MPIDR_RES1   BIT(31)

/* What a VM sees at least (ID_AA64MMFR0_EL1.PARange), where the CPU has as many: room for what
 * boards put high up. */
#define IPA_BITS_MIN 40

static void free_vcpus(struct vm *vm)
{
	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		mm_free(vm->vcpus[i], sizeof(struct vcpu));
		vm->vcpus[i] = NULL;
	}
}

static enum status create_vcpus(struct vm *vm)
{
	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		struct vcpu *vcpu = mm_zalloc(sizeof(*vcpu));

		if (!vcpu) {
			free_vcpus(vm);
			return ERR_NO_MEMORY;
		}
		vcpu->vm = vm;
		vcpu->id = i;
		vcpu->trace_id = TRACE_VCPU(vm->id, i);
		vcpu->vmpidr = MPIDR_RES1 | i;
		list_init(&vcpu->run_link);
		vm->vcpus[i] = vcpu;
	}
	return OK;
}

/* Rows [0, count) back to nothing, last first. */
static void destroy_parts(struct vm *vm, unsigned count)
{
	for (unsigned i = count; i-- > 0;) {
		if (vm_parts[i].destroy)
			vm_parts[i].destroy(vm);
	}
}

static enum status create_parts(struct vm *vm)
{
	for (unsigned i = 0; i < NR_PARTS; i++) {
		enum status status = vm_parts[i].create ? vm_parts[i].create(vm) : OK;

		if (status != OK) {
			log_error("VM %s: no %s: %s", vm->name, vm_parts[i].name,
				status_name(status));
			destroy_parts(vm, i);
			return status;
		}
	}
	return OK;
}

static enum status create_memory(struct vm *vm)
{
	unsigned bits = 64 - (unsigned)__builtin_clzll(vm->ram_base.ipa + vm->ram_size - 1);
	enum status status;

	if (bits < IPA_BITS_MIN)
		bits = MIN(IPA_BITS_MIN, cpu_features.pa_bits);
	bits = stage2_ipa_bits(bits, cpu_features.pa_bits);
	if (bits == 0)
		return ERR_RANGE;
	status = stage2_create(&vm->stage2, (owner_t)(OWNER_FIRST_VM + vm->id), bits, 0);
	if (status != OK)
		return status;
	status = stage2_add_ram(&vm->stage2, vm->ram_base, vm->ram_size, MEM_RWX);
	if (status != OK) {
		while (!stage2_destroy_step(&vm->stage2))
			;
	}
	return status;
}

static enum status build(struct vm *vm)
{
	enum status status = create_memory(vm);

	if (status != OK)
		return status;
	status = create_vcpus(vm);
	if (status == OK) {
		status = create_parts(vm);
		if (status == OK) {
			sched_place(vm);
			return OK;
		}
		free_vcpus(vm);
	}
	while (!stage2_destroy_step(&vm->stage2))
		;
	return status;
}

enum status vm_create(
	const char *name, ipa_t ram_base, uint64_t ram_size, unsigned nr_vcpus, struct vm **out)
{
	struct vm *vm;
	enum status status;

	if (nr_vcpus == 0 || nr_vcpus > MAX_VCPUS || ram_size == 0 ||
		!IS_ALIGNED(ram_base.ipa | ram_size, BLOCK_SIZE) ||
		ram_base.ipa + ram_size < ram_base.ipa)
		return ERR_INVALID;
	if (nr_vms == MAX_VMS)
		return ERR_NO_MEMORY;
	vm = mm_zalloc(sizeof(*vm));
	if (!vm)
		return ERR_NO_MEMORY;
	if (nr_vms == 0)
		vcpu_list_parts();
	vm->id = nr_vms;
	vm->nr_vcpus = nr_vcpus;
	vm->ram_base = ram_base;
	vm->ram_size = ram_size;
	format(vm->name, sizeof(vm->name), "%s", name);
	status = build(vm);
	if (status != OK) {
		mm_free(vm, sizeof(*vm));
		return status;
	}
	vms[nr_vms++] = vm;
	*out = vm;
	return OK;
}

void vm_discard(struct vm *vm)
{
	assert(nr_vms && vms[nr_vms - 1] == vm);
	vms[--nr_vms] = NULL;
	sched_unplace(vm);
	destroy_parts(vm, NR_PARTS);
	free_vcpus(vm);
	while (!stage2_destroy_step(&vm->stage2))
		;
	mm_free(vm, sizeof(*vm));
}

uint64_t vm_now_ms(void)
{
	return timer_ticks_to_ms(timer_now());
}
