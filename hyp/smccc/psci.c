/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PSCI: what there is, and vCPUs on and off.
 */
#include "hyp/smccc/psci.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/smccc/psci_state.h"
#include "hyp/smccc/sdei.h"

#define PSCI_VERSION_1_3     UINT32_C(0x10003)

/* AFFINITY_INFO (DEN0022 5.7) */
#define AFFINITY_ON          0
#define AFFINITY_OFF         1
#define AFFINITY_LEVELS      4

#define MIGRATE_NOT_REQUIRED 2

/* PSCI_FEATURES (DEN0022 5.15) */
#define FUNCTION_CPU_SUSPEND 0x01
#define FUNCTION_SYSTEM_OFF2 0x15
#define SUSPEND_OS_INITIATED BIT(0)
#define SUSPEND_EXTENDED     BIT(1)
#define OFF2_HIBERNATE       BIT(0)

enum exit_result psci_version(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	return smccc_return(vcpu, conduit, PSCI_VERSION_1_3);
}

static int flags_of(const struct vm *vm, uint32_t number)
{
	switch (number) {
	case FUNCTION_CPU_SUSPEND:
		return (int)(SUSPEND_OS_INITIATED |
			(vm->policy.extended_states ? SUSPEND_EXTENDED : 0));
	case FUNCTION_SYSTEM_OFF2:
		return OFF2_HIBERNATE;
	default:
		return 0;
	}
}

enum exit_result psci_features(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	uint32_t wanted = (uint32_t)psci_args_of(vcpu, function).a1;
	uint32_t number = (wanted & ~(uint32_t)SMCCC_64) - PSCI_BASE;

	if (wanted == SMCCC_VERSION)
		return psci_return(vcpu, conduit, PSCI_SUCCESS);
	if (number >= PSCI_FUNCTIONS || !smccc_offers(wanted) || smccc_too_wide(vcpu, wanted))
		return psci_return(vcpu, conduit, PSCI_NOT_SUPPORTED);
	return psci_return(vcpu, conduit, flags_of(vcpu->vm, number));
}

/* ---- on and off ---- */

bool psci_is_entry(const struct vm *vm, uint64_t address)
{
	bool thumb = vm->policy.aarch32 && (address & 1);

	return address - vm->ram_base.ipa < vm->ram_size && (thumb || IS_ALIGNED(address, 4));
}

/*
 * Callers pass MPIDR_EL1 as they read it, in which bit 31 is RES1. Every other bit that isn't
 * affinity must be zero.
 */
static uint64_t affinity_of(uint64_t mpidr)
{
	return mpidr & ~BIT(31);
}

struct vcpu *psci_find_target(const struct vm *vm, uint64_t mpidr)
{
	uint64_t affinity = affinity_of(mpidr);

	return affinity < vm->nr_vcpus ? vm->vcpus[affinity] : NULL;
}

bool psci_others_are_off(const struct vcpu *vcpu)
{
	const struct vm *vm = vcpu->vm;

	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		if (vm->vcpus[i] != vcpu && READ_ONCE(vm->vcpus[i]->state) != VCPU_OFF)
			return false;
	}
	return true;
}

enum exit_result psci_cpu_off(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	sdei_cpu_off(vcpu);
	/*
	 * Seen before it enters the guest again; what it finds in x0 then is not looked at by
	 * anybody.
	 */
	vcpu_request_local(vcpu, WORK_STOP);
	return psci_return(vcpu, conduit, PSCI_INTERNAL_FAILURE);
}

enum exit_result psci_cpu_on(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct psci_args args = psci_args_of(vcpu, function);
	struct vcpu *target = psci_find_target(vcpu->vm, args.a1);

	if (!target)
		return psci_return(vcpu, conduit, PSCI_INVALID_PARAMETERS);
	if (READ_ONCE(target->state) != VCPU_OFF)
		return psci_return(vcpu, conduit, PSCI_ALREADY_ON);
	if (!psci_is_entry(vcpu->vm, args.a2))
		return psci_return(vcpu, conduit, PSCI_INVALID_ADDRESS);
	/* Another caller may have been faster. */
	if (vcpu_power_on(target, args.a2, args.a3) != OK)
		return psci_return(vcpu, conduit, PSCI_ALREADY_ON);
	return psci_return(vcpu, conduit, PSCI_SUCCESS);
}

enum exit_result psci_affinity_info(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct psci_args args = psci_args_of(vcpu, function);
	uint64_t affinity = affinity_of(args.a1);
	uint32_t level = (uint32_t)args.a2;

	if (level >= AFFINITY_LEVELS || (affinity & ~MPIDR_AFFINITY_MASK))
		return psci_return(vcpu, conduit, PSCI_INVALID_PARAMETERS);
	if (level == 0) {
		struct vcpu *target = psci_find_target(vcpu->vm, args.a1);

		if (!target)
			return psci_return(vcpu, conduit, PSCI_INVALID_PARAMETERS);
		return psci_return(vcpu, conduit,
			READ_ONCE(target->state) == VCPU_OFF ? AFFINITY_OFF : AFFINITY_ON);
	}
	/*
	 * Fields below the level don't count. All vCPUs of a VM share those above Aff0; the caller
	 * is on.
	 */
	if (level < 3 && ((affinity & GENMASK(31, 0)) >> (8 * level)) != 0)
		return psci_return(vcpu, conduit, PSCI_INVALID_PARAMETERS);
	return psci_return(vcpu, conduit, affinity >> 32 ? PSCI_INVALID_PARAMETERS : AFFINITY_ON);
}

enum exit_result psci_migrate_info_type(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	return psci_return(vcpu, conduit, MIGRATE_NOT_REQUIRED);
}
