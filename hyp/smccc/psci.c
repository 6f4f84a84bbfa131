/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/smccc/psci.h"
#include "drivers/psci/psci_client.h"
#include "hyp/smccc/arch_calls.h"
#include "hyp/smccc/dispatch.h"
#include "hyp/vm/vm.h"

#define PSCI_VERSION_1_1 UINT32_C(0x10001)

#define PSCI_FEATURES_NUMBER 10

/* AFFINITY_INFO (DEN0022 5.7) */
#define AFFINITY_ON    0
#define AFFINITY_OFF   1
#define AFFINITY_LEVELS 4

#define MIGRATE_NOT_REQUIRED 2

/* CPU_SUSPEND's power_state, original format (DEN0022 5.4.2): everything but these is reserved. */
#define POWER_STATE_VALID (GENMASK(15, 0) | BIT(16) | GENMASK(25, 24))

struct psci_args {
	uint64_t a1, a2, a3;
	bool smc64;
};

/* Returns what goes into x0; *result may be changed to EXIT_WAIT. */
typedef int64_t (*psci_function)(struct vcpu *vcpu, const struct psci_args *args,
	enum exit_result *result);

static int64_t version(struct vcpu *vcpu, const struct psci_args *args, enum exit_result *result)
{
	(void)vcpu;
	(void)args;
	(void)result;
	return PSCI_VERSION_1_1;
}

static int64_t cpu_suspend(struct vcpu *vcpu, const struct psci_args *args,
	enum exit_result *result)
{
	(void)vcpu;
	if (args->a1 & ~POWER_STATE_VALID)
		return PSCI_INVALID_PARAMETERS;
	*result = EXIT_WAIT;
	return PSCI_SUCCESS;
}

static int64_t cpu_off(struct vcpu *vcpu, const struct psci_args *args, enum exit_result *result)
{
	(void)args;
	(void)result;
	/* Seen before it enters the guest again; what it finds in x0 then is not looked at by anybody. */
	vcpu_request_local(vcpu, WORK_STOP);
	return PSCI_INTERNAL_FAILURE;
}

/* The vCPU with these affinity fields; NULL if there is none, or other bits are set. */
static struct vcpu *find_target(struct vm *vm, uint64_t mpidr)
{
	/* Callers pass MPIDR_EL1 as they read it: bit 31 is RES1 there. */
	mpidr &= ~BIT(31);
	return mpidr < vm->nr_vcpus ? vm->vcpus[mpidr] : NULL;
}

static bool is_in_ram(const struct vm *vm, uint64_t address)
{
	return address - vm->ram_base.ipa < vm->ram_size;
}

static int64_t cpu_on(struct vcpu *vcpu, const struct psci_args *args, enum exit_result *result)
{
	struct vcpu *target = find_target(vcpu->vm, args->a1);

	(void)result;
	if (!target)
		return PSCI_INVALID_PARAMETERS;
	if (READ_ONCE(target->state) != VCPU_OFF)
		return PSCI_ALREADY_ON;
	if (!is_in_ram(vcpu->vm, args->a2) || !IS_ALIGNED(args->a2, 4))
		return PSCI_INVALID_ADDRESS;
	return vcpu_power_on(target, args->a2, args->a3) == OK ? PSCI_SUCCESS : PSCI_ALREADY_ON;
}

static int64_t affinity_info(struct vcpu *vcpu, const struct psci_args *args,
	enum exit_result *result)
{
	struct vm *vm = vcpu->vm;
	/* Affinity levels above 0 hold all vCPUs of a VM: their MPIDRs differ in Aff0 only. */
	uint64_t affinity = args->a1 & ~BIT(31);

	(void)result;
	if (args->a2 >= AFFINITY_LEVELS)
		return PSCI_INVALID_PARAMETERS;
	if (args->a2 == 0) {
		struct vcpu *target = find_target(vm, affinity);

		if (!target)
			return PSCI_INVALID_PARAMETERS;
		return READ_ONCE(target->state) == VCPU_OFF ? AFFINITY_OFF : AFFINITY_ON;
	}
	if (affinity & ~UINT64_C(0xff))
		return PSCI_INVALID_PARAMETERS;
	return AFFINITY_ON; /* the caller is in it */
}

static int64_t migrate_info_type(struct vcpu *vcpu, const struct psci_args *args,
	enum exit_result *result)
{
	(void)vcpu;
	(void)args;
	(void)result;
	return MIGRATE_NOT_REQUIRED;
}

static int64_t system_off(struct vcpu *vcpu, const struct psci_args *args,
	enum exit_result *result)
{
	(void)args;
	(void)result;
	vm_power_off(vcpu->vm);
	return PSCI_INTERNAL_FAILURE;
}

static int64_t system_reset(struct vcpu *vcpu, const struct psci_args *args,
	enum exit_result *result)
{
	(void)args;
	(void)result;
	vm_reset(vcpu->vm);
	return PSCI_INTERNAL_FAILURE;
}

static int64_t system_reset2(struct vcpu *vcpu, const struct psci_args *args,
	enum exit_result *result)
{
	if (args->a1 != 0) /* vendor resets have bit 31; there are none */
		return PSCI_INVALID_PARAMETERS;
	return system_reset(vcpu, args, result);
}

static int64_t features(struct vcpu *vcpu, const struct psci_args *args, enum exit_result *result);

struct psci_row {
	psci_function call;
	bool both_widths; /* else SMC32 only */
};

static const struct psci_row rows[PSCI_NUMBER_MASK + 1] = {
	[0] = { version, false },
	[1] = { cpu_suspend, true },
	[2] = { cpu_off, false },
	[3] = { cpu_on, true },
	[4] = { affinity_info, true },
	[6] = { migrate_info_type, false },
	[8] = { system_off, false },
	[9] = { system_reset, false },
	[PSCI_FEATURES_NUMBER] = { features, false },
	[18] = { system_reset2, true },
};

/* NULL: not implemented, or not in this width. */
static const struct psci_row *find(uint32_t function)
{
	const struct psci_row *row = &rows[function & PSCI_NUMBER_MASK];

	if (!row->call || ((function & SMCCC_64) && !row->both_widths))
		return NULL;
	return row;
}

static int64_t features(struct vcpu *vcpu, const struct psci_args *args, enum exit_result *result)
{
	uint32_t function = (uint32_t)args->a1;

	(void)vcpu;
	(void)result;
	if (function == SMCCC_VERSION)
		return PSCI_SUCCESS;
	if ((function & ~(uint32_t)(SMCCC_64 | PSCI_NUMBER_MASK)) != PSCI_BASE || !find(function))
		return PSCI_NOT_SUPPORTED;
	return 0; /* CPU_SUSPEND: original format, platform-coordinated */
}

enum exit_result psci_call(struct vcpu *vcpu, uint32_t function)
{
	const struct psci_row *row = find(function);
	enum exit_result result = EXIT_RESUME;
	uint64_t *x = vcpu->regs.x;

	if (unlikely(!row)) {
		x[0] = SMCCC_NOT_SUPPORTED;
		return EXIT_RESUME;
	}

	struct psci_args args = { x[1], x[2], x[3], function & SMCCC_64 };

	if (!args.smc64) {
		args.a1 = (uint32_t)args.a1;
		args.a2 = (uint32_t)args.a2;
		args.a3 = (uint32_t)args.a3;
	}
	x[0] = (uint64_t)row->call(vcpu, &args, &result);
	return result;
}
