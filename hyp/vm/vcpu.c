/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/vm/vcpu.h"
#include "hyp/arch/barrier.h"
#include "hyp/arch/features.h"
#include "hyp/arch/fpsimd.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/arch/tlb.h"
#include "hyp/base/string.h"
#include "hyp/vm/aarch32.h"
#include "hyp/vm/bank.h"
#include "hyp/vm/sched.h"
#include "hyp/vm/vm.h"

_Static_assert(
	offsetof(struct vcpu, regs) == 0, "a vCPU's address is its registers', hyp/trap/exit.c");

const struct vm_part *vm_parts;
enum exit_result (*const *vcpu_exit_table)(struct vcpu *vcpu, uint64_t esr);

/* What the parts do when a vCPU comes and goes, in their order, without those that do nothing or
 * are on demand; NULL ends it. */
typedef void (*part_call)(struct vcpu *vcpu);
static part_call loads[NR_PARTS + 1], puts[NR_PARTS + 1], enters[NR_PARTS + 1];

void vcpu_list_parts(void)
{
	part_call *load = loads, *put = puts, *enter = enters;

	for (unsigned i = 0; i < NR_PARTS; i++) {
		if (vm_parts[i].vcpu_load && !vm_parts[i].on_demand)
			*load++ = vm_parts[i].vcpu_load;
		if (vm_parts[NR_PARTS - 1 - i].vcpu_put && !vm_parts[NR_PARTS - 1 - i].on_demand)
			*put++ = vm_parts[NR_PARTS - 1 - i].vcpu_put;
	}
	for (unsigned i = 0; i < NR_PARTS; i++) {
		if (vm_parts[i].vcpu_enter)
			*enter++ = vm_parts[i].vcpu_enter;
	}
	*load = *put = *enter = NULL;
}

static __always_inline void call_all(const part_call *calls, struct vcpu *vcpu)
{
	for (part_call call; (call = *calls) != NULL; calls++)
		call(vcpu);
}

void vcpu_enter_parts(struct vcpu *vcpu)
{
	call_all(enters, vcpu);
}

/* They belong to the vCPU alone: it is the same before the others or after. */
static __noinline void call_on_demand(struct vcpu *vcpu, bool load)
{
	for (uint32_t left = vcpu->on_demand; left != 0; left &= left - 1) {
		const struct vm_part *part = &vm_parts[__builtin_ctz(left)];
		part_call call = load ? part->vcpu_load : part->vcpu_put;

		if (call)
			call(vcpu);
	}
}

/* DAIF masked, EL1h: how a CPU comes out of reset and PSCI CPU_ON (DEN0022 6.4). */
#define PSTATE_RESET (PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F | PSTATE_EL1H)

static void reset_registers(struct vcpu *vcpu, uint64_t pc, uint64_t x0)
{
	memset(&vcpu->regs, 0, sizeof(vcpu->regs));
	vcpu->regs.pc = pc;
	vcpu->regs.x[0] = x0;
	vcpu->regs.pstate = PSTATE_RESET;
	bank_reset(vcpu->bank);
	if (vcpu->vm->policy.aarch32)
		aarch32_begin(vcpu);
	vcpu->inject = (struct injection){ 0 };
	vcpu->access.size = 0;
}

void vcpu_reset(struct vcpu *vcpu, uint64_t pc, uint64_t x0)
{
	reset_registers(vcpu, pc, x0);
	vcpu->hcr = guest_hcr();
	vcpu->mdcr = guest_mdcr();
	vcpu->cptr = guest_cptr();
	vcpu->vtcr = vcpu->vm->stage2.vtcr;
	vcpu->vttbr = vcpu->vm->stage2.vttbr;
	vcpu->exit_table = vcpu_exit_table;
	vcpu->take = NULL;
	vcpu->waits = 0;
	vcpu->el2 = NULL;
	vcpu->on_demand = 0;
	vcpu->signalled = false;
	vcpu->wait_over = NULL;
	vcpu->parts_wait = false;
	for (unsigned i = 0; i < NR_PARTS; i++) {
		if (vm_parts[i].vcpu_reset)
			vm_parts[i].vcpu_reset(vcpu);
	}
}

static enum status power_on(struct vcpu *vcpu, const struct vm_entry *entry)
{
	struct vm *vm = vcpu->vm;

	bool pausing = vm->state == VM_PAUSING;

	if ((vm->state != VM_RUNNING && !pausing) || vcpu->state != VCPU_OFF)
		return ERR_BUSY;
	vcpu_reset(vcpu, entry->pc, entry->x0);
	vcpu->regs.x[1] = entry->x1;
	vcpu->regs.x[2] = entry->x2;
	__atomic_store_n(&vcpu->work, WORK_VGIC | (pausing ? WORK_PAUSE : 0), __ATOMIC_RELAXED);
	vm->live_vcpus++;
	sched_power_on(vcpu);
	return OK;
}

enum status vcpu_power_on_locked(struct vcpu *vcpu, uint64_t pc, uint64_t x0)
{
	return power_on(vcpu, &(struct vm_entry){ .pc = pc, .x0 = x0 });
}

enum status vcpu_boot_locked(struct vcpu *vcpu)
{
	return power_on(vcpu, &vcpu->vm->entry);
}

enum status vcpu_power_on(struct vcpu *vcpu, uint64_t pc, uint64_t x0)
{
	enum status status;

	spin_lock(&vcpu->vm->lock);
	status = vcpu_power_on_locked(vcpu, pc, x0);
	spin_unlock(&vcpu->vm->lock);
	return status;
}

/* These mean nothing to Lintel's own accesses. */
static __always_inline void load_controls(const struct vcpu *vcpu)
{
	restore_sysreg(vcpu->hcr, HCR_EL2);
	restore_sysreg(vcpu->mdcr, MDCR_EL2);
	restore_sysreg(vcpu->cptr, CPTR_EL2);
	restore_sysreg(vcpu->vmpidr, VMPIDR_EL2);
	restore_sysreg(vcpu->vtcr, VTCR_EL2);
	restore_sysreg(vcpu->vttbr, VTTBR_EL2);
}

/*
 * The vCPUs of a VM share its VMID, but each may use an ASID for tables of its own (nothing says
 * that ASIDs mean the same on all CPUs of a guest). Where two take turns on a CPU, what one left in
 * its TLB must not serve the other.
 */
static __always_inline void flush_what_others_left(
	const struct vcpu *vcpu, struct vm *vm, const struct cpu *cpu)
{
	uint8_t *last = &vm->last_vcpu[cpu->index], own = (uint8_t)(vcpu->id + 1);

	if (*last == own)
		return;
	if (*last != 0)
		tlb_flush_local_stage1();
	*last = own;
}

static __always_inline void put(struct cpu *cpu, struct vcpu *vcpu)
{
	if (unlikely(vcpu->on_demand))
		call_on_demand(vcpu, false);
	fpsimd_save(vcpu->part[PART_FPSIMD]);
	call_all(puts, vcpu);
	bank_save(vcpu->bank);
	/* A virtual SError that the guest has taken is no longer pending: the CPU says so here. */
	if (unlikely(vcpu->hcr & HCR_EL2_VSE))
		vcpu->hcr &= ~HCR_EL2_VSE | read_sysreg(HCR_EL2);
	cpu->current = NULL;
	/* From here on another CPU may load it. */
	__atomic_store_n(&vcpu->loaded, false, __ATOMIC_RELEASE);
}

void vcpu_load(struct vcpu *vcpu)
{
	struct cpu *cpu = this_cpu();
	struct vm *vm = vcpu->vm;

	if (cpu->current == vcpu)
		return;
	if (likely(cpu->current))
		put(cpu, cpu->current);
	load_controls(vcpu);
	/* VTTBR and HCR must be in force before a register of the guest's regime is written
	 * (speculative walks). */
	isb();
	flush_what_others_left(vcpu, vm, cpu);
	bank_load(vcpu->bank);
	cpu->current = vcpu;
	vcpu->loaded = true;
	call_all(loads, vcpu);
	fpsimd_restore(vcpu->part[PART_FPSIMD]);
	if (unlikely(vcpu->on_demand))
		call_on_demand(vcpu, true);
}

void vcpu_put(struct vcpu *vcpu)
{
	struct cpu *cpu = this_cpu();

	if (cpu->current != vcpu)
		return;
	trace_record(&cpu->trace, TRACE_WHAT(TRACE_PUT) | vcpu->trace_id, vcpu->regs.pc);
	put(cpu, vcpu);
}

void vcpu_power_down(struct vcpu *vcpu, uint64_t pc, uint64_t x0)
{
	static const enum vm_part_id lost[] = { PART_FPSIMD, PART_DEBUG };

	vcpu_put(vcpu);
	reset_registers(vcpu, pc, x0);
	vcpu->hcr &= ~HCR_EL2_VSE;
	for (unsigned i = 0; i < ARRAY_SIZE(lost); i++) {
		if (vm_parts[lost[i]].vcpu_reset)
			vm_parts[lost[i]].vcpu_reset(vcpu);
	}
	for (unsigned i = 0; i < NR_PARTS; i++) {
		if (vm_parts[i].vcpu_power_down)
			vm_parts[i].vcpu_power_down(vcpu);
	}
	vcpu_load(vcpu);
}
