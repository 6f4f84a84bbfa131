/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/smccc/psci.h"
#include "drivers/psci/psci_client.h"
#include "hyp/arch/barrier.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/base/string.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vm/bank.h"
#include "hyp/vm/vm.h"

#define PSCI_VERSION_1_1     UINT32_C(0x10001)

/* AFFINITY_INFO (DEN0022 5.7) */
#define AFFINITY_ON          0
#define AFFINITY_OFF         1
#define AFFINITY_LEVELS      4

#define MIGRATE_NOT_REQUIRED 2

/* CPU_SUSPEND's power_state, original format (DEN0022 5.4.2): everything but these is reserved. */
#define POWER_STATE_ID       GENMASK(15, 0)
#define POWER_STATE_DOWN     BIT(16)
#define POWER_STATE_LEVEL    GENMASK(25, 24)
#define POWER_STATE_VALID    (POWER_STATE_ID | POWER_STATE_DOWN | POWER_STATE_LEVEL)

/* What a PSCI call begins a vCPU with (DEN0022 6.4). */
#define PSTATE_ENTRY         (PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F | PSTATE_EL1H)

#define SYSTEM_RESET2_WARM   0

struct psci_args {
	uint64_t a1, a2, a3;
};

/* Narrow calls have 32-bit arguments: what is in the upper halves doesn't count. */
static struct psci_args args_of(const struct vcpu *vcpu, uint32_t function)
{
	const uint64_t *x = vcpu->regs.x;

	if (function & SMCCC_64)
		return (struct psci_args){ x[1], x[2], x[3] };
	return (struct psci_args){ (uint32_t)x[1], (uint32_t)x[2], (uint32_t)x[3] };
}

static enum exit_result done(struct vcpu *vcpu, enum conduit conduit, int result)
{
	return smccc_return(vcpu, conduit, (uint64_t)result);
}

enum exit_result psci_version(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	return smccc_return(vcpu, conduit, PSCI_VERSION_1_1);
}

static bool is_entry(const struct vm *vm, uint64_t address)
{
	return address - vm->ram_base.ipa < vm->ram_size && IS_ALIGNED(address, 4);
}

/*
 * The state is lost and the vCPU is made to go on at `entry`, when something wakes it. Nothing of
 * what could do that is lost: list registers and timers stay as they are.
 */
static enum exit_result power_down(struct vcpu *vcpu, uint64_t entry, uint64_t context)
{
	memset(&vcpu->regs, 0, sizeof(vcpu->regs));
	vcpu->regs.pc = entry;
	vcpu->regs.x[0] = context;
	vcpu->regs.pstate = PSTATE_ENTRY;
	bank_reset(vcpu->bank);
	bank_load(vcpu->bank);
	isb();
	if (!vgic_has_pending(vcpu) && sched_block(vcpu))
		return EXIT_RESCHEDULE;
	return EXIT_SWITCH;
}

enum exit_result psci_cpu_suspend(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct psci_args args = args_of(vcpu, function);

	if (args.a1 & ~POWER_STATE_VALID)
		return done(vcpu, conduit, PSCI_INVALID_PARAMETERS);
	if (args.a1 & POWER_STATE_DOWN) {
		if (!is_entry(vcpu->vm, args.a2))
			return done(vcpu, conduit, PSCI_INVALID_ADDRESS);
		return power_down(vcpu, args.a2, args.a3);
	}
	vcpu->regs.x[0] = PSCI_SUCCESS;
	return vgic_has_pending(vcpu) ? (enum exit_result)conduit : EXIT_WAIT;
}

enum exit_result psci_cpu_off(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	/*
	 * Seen before it enters the guest again; what it finds in x0 then is not looked at by
	 * anybody.
	 */
	vcpu_request_local(vcpu, WORK_STOP);
	return done(vcpu, conduit, PSCI_INTERNAL_FAILURE);
}

/*
 * Callers pass MPIDR_EL1 as they read it, in which bit 31 is RES1. Every other bit that isn't
 * affinity must be zero.
 */
static uint64_t affinity_of(uint64_t mpidr)
{
	return mpidr & ~BIT(31);
}

/* The vCPU with these affinity fields (they differ in Aff0 only), or NULL. */
static struct vcpu *find_target(const struct vm *vm, uint64_t mpidr)
{
	uint64_t affinity = affinity_of(mpidr);

	return affinity < vm->nr_vcpus ? vm->vcpus[affinity] : NULL;
}

enum exit_result psci_cpu_on(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct psci_args args = args_of(vcpu, function);
	struct vcpu *target = find_target(vcpu->vm, args.a1);

	if (!target)
		return done(vcpu, conduit, PSCI_INVALID_PARAMETERS);
	if (READ_ONCE(target->state) != VCPU_OFF)
		return done(vcpu, conduit, PSCI_ALREADY_ON);
	if (!is_entry(vcpu->vm, args.a2))
		return done(vcpu, conduit, PSCI_INVALID_ADDRESS);
	/* Another caller may have been faster. */
	if (vcpu_power_on(target, args.a2, args.a3) != OK)
		return done(vcpu, conduit, PSCI_ALREADY_ON);
	return done(vcpu, conduit, PSCI_SUCCESS);
}

enum exit_result psci_affinity_info(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct psci_args args = args_of(vcpu, function);
	uint64_t affinity = affinity_of(args.a1);

	if (args.a2 >= AFFINITY_LEVELS || (affinity & ~MPIDR_AFFINITY_MASK))
		return done(vcpu, conduit, PSCI_INVALID_PARAMETERS);
	if (args.a2 == 0) {
		struct vcpu *target = find_target(vcpu->vm, args.a1);

		if (!target)
			return done(vcpu, conduit, PSCI_INVALID_PARAMETERS);
		return done(vcpu, conduit,
			READ_ONCE(target->state) == VCPU_OFF ? AFFINITY_OFF : AFFINITY_ON);
	}
	/*
	 * Fields below the level don't count. All vCPUs of a VM share those above Aff0; the caller
	 * is on.
	 */
	if (args.a2 < 3 && ((affinity & GENMASK(31, 0)) >> (8 * args.a2)) != 0)
		return done(vcpu, conduit, PSCI_INVALID_PARAMETERS);
	return done(vcpu, conduit, affinity >> 32 ? PSCI_INVALID_PARAMETERS : AFFINITY_ON);
}

enum exit_result psci_migrate_info_type(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	return done(vcpu, conduit, MIGRATE_NOT_REQUIRED);
}

enum exit_result psci_system_off(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	vm_power_off(vcpu->vm);
	return done(vcpu, conduit, PSCI_INTERNAL_FAILURE);
}

enum exit_result psci_system_reset(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	vm_reset(vcpu->vm);
	return done(vcpu, conduit, PSCI_INTERNAL_FAILURE);
}

/* Vendor resets have bit 31 of the type: there are none. */
enum exit_result psci_system_reset2(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	if ((uint32_t)vcpu->regs.x[1] != SYSTEM_RESET2_WARM)
		return done(vcpu, conduit, PSCI_INVALID_PARAMETERS);
	return psci_system_reset(vcpu, conduit, function);
}

enum exit_result psci_features(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	uint32_t wanted = args_of(vcpu, function).a1;

	if (wanted == SMCCC_VERSION)
		return done(vcpu, conduit, PSCI_SUCCESS);
	if ((wanted & ~(uint32_t)SMCCC_64) - PSCI_BASE >= PSCI_FUNCTIONS || !smccc_offers(wanted))
		return done(vcpu, conduit, PSCI_NOT_SUPPORTED);
	return done(vcpu, conduit, 0); /* CPU_SUSPEND: original format, platform-coordinated */
}
