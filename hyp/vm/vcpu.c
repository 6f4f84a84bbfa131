/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/vm/vcpu.h"
#include "hyp/arch/barrier.h"
#include "hyp/arch/features.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/arch/tlb.h"
#include "hyp/base/string.h"
#include "hyp/vm/bank.h"
#include "hyp/vm/sched.h"
#include "hyp/vm/vm.h"

_Static_assert(
	offsetof(struct vcpu, regs) == 0, "a vCPU's address is its registers', hyp/trap/exit.c");

const struct vm_part *vm_parts;

/* What the parts do when a vCPU comes and goes, in their order, without those that do nothing. */
static struct calls {
	unsigned count;
	void (*call[NR_PARTS])(struct vcpu *vcpu);
} loads, puts;

void vcpu_list_parts(void)
{
	loads.count = puts.count = 0;
	for (unsigned i = 0; i < NR_PARTS; i++) {
		if (vm_parts[i].vcpu_load)
			loads.call[loads.count++] = vm_parts[i].vcpu_load;
		if (vm_parts[NR_PARTS - 1 - i].vcpu_put)
			puts.call[puts.count++] = vm_parts[NR_PARTS - 1 - i].vcpu_put;
	}
}

static void call_all(const struct calls *calls, struct vcpu *vcpu)
{
	for (unsigned i = 0; i < calls->count; i++)
		calls->call[i](vcpu);
}

/* DAIF masked, EL1h: how a CPU comes out of reset and PSCI CPU_ON (DEN0022 6.4). */
#define PSTATE_RESET (PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F | PSTATE_EL1H)

void vcpu_reset(struct vcpu *vcpu, uint64_t pc, uint64_t x0)
{
	memset(&vcpu->regs, 0, sizeof(vcpu->regs));
	vcpu->regs.pc = pc;
	vcpu->regs.x[0] = x0;
	vcpu->regs.pstate = PSTATE_RESET;
	bank_reset(vcpu->bank);
	vcpu->hcr = guest_hcr();
	vcpu->mdcr = guest_mdcr();
	vcpu->cptr = guest_cptr();
	vcpu->inject = (struct injection){ 0 };
	for (unsigned i = 0; i < NR_PARTS; i++) {
		if (vm_parts[i].vcpu_reset)
			vm_parts[i].vcpu_reset(vcpu);
	}
}

enum status vcpu_power_on_locked(struct vcpu *vcpu, uint64_t pc, uint64_t x0)
{
	struct vm *vm = vcpu->vm;

	bool pausing = vm->state == VM_PAUSING;

	if ((vm->state != VM_RUNNING && !pausing) || vcpu->state != VCPU_OFF)
		return ERR_BUSY;
	vcpu_reset(vcpu, pc, x0);
	__atomic_store_n(&vcpu->work, WORK_VGIC | (pausing ? WORK_PAUSE : 0), __ATOMIC_RELAXED);
	vm->live_vcpus++;
	sched_power_on(vcpu);
	return OK;
}

enum status vcpu_power_on(struct vcpu *vcpu, uint64_t pc, uint64_t x0)
{
	enum status status;

	spin_lock(&vcpu->vm->lock);
	status = vcpu_power_on_locked(vcpu, pc, x0);
	spin_unlock(&vcpu->vm->lock);
	return status;
}

static void load_controls(struct vcpu *vcpu)
{
	write_sysreg(vcpu->hcr, HCR_EL2);
	write_sysreg(vcpu->mdcr, MDCR_EL2);
	write_sysreg(vcpu->cptr, CPTR_EL2);
	write_sysreg(vcpu->vmpidr, VMPIDR_EL2);
	write_sysreg(vcpu->vm->stage2.vtcr, VTCR_EL2);
	write_sysreg(vcpu->vm->stage2.vttbr, VTTBR_EL2);
}

/*
 * The vCPUs of a VM share its VMID, but each may use an ASID for tables of its own (nothing says
 * that ASIDs mean the same on all CPUs of a guest). Where two take turns on a CPU, what one left in
 * its TLB must not serve the other.
 */
static void flush_what_others_left(struct vcpu *vcpu, const struct cpu *cpu)
{
	uint8_t *last = &vcpu->vm->last_vcpu[cpu->index];

	if (*last != 0 && *last != vcpu->id + 1)
		tlb_flush_local_stage1();
	*last = (uint8_t)(vcpu->id + 1);
}

void vcpu_load(struct vcpu *vcpu)
{
	struct cpu *cpu = this_cpu();

	if (cpu->current == vcpu)
		return;
	if (cpu->current)
		vcpu_put(cpu->current);
	load_controls(vcpu);
	/* VTTBR and HCR must be in force before a register of the guest's regime is written
	 * (speculative walks). */
	isb();
	flush_what_others_left(vcpu, cpu);
	bank_load(vcpu->bank);
	cpu->current = vcpu;
	vcpu->loaded = true;
	call_all(&loads, vcpu);
	trace_vcpu(vcpu, TRACE_LOAD, vcpu->regs.pc);
}

void vcpu_put(struct vcpu *vcpu)
{
	struct cpu *cpu = this_cpu();

	if (cpu->current != vcpu)
		return;
	trace_vcpu(vcpu, TRACE_PUT, vcpu->regs.pc);
	call_all(&puts, vcpu);
	bank_save(vcpu->bank);
	/* A virtual SError that the guest has taken is no longer pending: the CPU says so here. */
	vcpu->hcr &= ~HCR_EL2_VSE | read_sysreg(HCR_EL2);
	cpu->current = NULL;
	/* From here on another CPU may load it. */
	__atomic_store_n(&vcpu->loaded, false, __ATOMIC_RELEASE);
}
