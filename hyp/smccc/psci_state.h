/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of PSCI share: arguments, answers, and the state of a VM. The picture is in
 * psci.h.
 */
#ifndef HYP_SMCCC_PSCI_STATE_H
#define HYP_SMCCC_PSCI_STATE_H

#include "drivers/psci/psci_client.h"
#include "hyp/smccc/dispatch.h"
#include "hyp/vm/vm.h"

/* Power levels: the vCPU, cluster, system. */
#define PSCI_LEVELS 3

/* What a power_state asks for. */
struct power_state {
	uint8_t level;
	bool down; /* else standby */
};
#define NR_POWER_STATES (PSCI_LEVELS * 2)

static inline unsigned power_state_index(struct power_state state)
{
	return state.level * 2u + state.down;
}

struct vpsci_cpu {
	enum { PSCI_RUNNING, PSCI_STANDBY, PSCI_DOWN } suspended;
	struct power_state state; /* while it is suspended */
	uint64_t since;           /* the VM's time then */
	struct {
		uint64_t count, ticks;
	} stats[NR_POWER_STATES];
};

struct vpsci {
	bool os_initiated;
	bool was_suspended; /* CPU_SUSPEND was called since the mode was chosen */
	struct vpsci_cpu cpus[MAX_VCPUS];
};

static inline struct vpsci *vpsci_of(const struct vm *vm)
{
	return vm->part[PART_PSCI];
}

static inline struct vpsci_cpu *vpsci_cpu_of(const struct vcpu *vcpu)
{
	return &vpsci_of(vcpu->vm)->cpus[vcpu->id];
}

struct psci_args {
	uint64_t a1, a2, a3;
};

/*
 * Narrow calls have 32-bit arguments: what is in the upper halves doesn't count. Nor does it in a
 * wide call's power_state, level or type, which are 32 bits in both (DEN0022 5): their users cut
 * them.
 */
static inline struct psci_args psci_args_of(const struct vcpu *vcpu, uint32_t function)
{
	const uint64_t *x = vcpu->regs.x;

	if (function & SMCCC_64)
		return (struct psci_args){ x[1], x[2], x[3] };
	return (struct psci_args){ (uint32_t)x[1], (uint32_t)x[2], (uint32_t)x[3] };
}

static inline enum exit_result psci_return(struct vcpu *vcpu, enum conduit conduit, int result)
{
	return smccc_return(vcpu, conduit, (uint64_t)result);
}

/* May a vCPU of this VM begin there? */
bool psci_is_entry(const struct vm *vm, uint64_t address);

/* The vCPU with these affinity fields (they differ in Aff0 only), or NULL. */
struct vcpu *psci_find_target(const struct vm *vm, uint64_t mpidr);

/* Is every other vCPU OFF? With the VM's lock held: then none is switched on meanwhile. */
bool psci_others_are_off(const struct vcpu *vcpu);

/* Reads a power_state in the VM's format. False: it isn't one. */
bool psci_read_power_state(const struct vm *vm, uint32_t value, struct power_state *state);

/*
 * The beginning and the end of a stay in a state, with the VM's lock held: for NODE_HW_STATE and
 * the statistics.
 */
void psci_stat_begin(struct vcpu *vcpu, struct power_state state);
void psci_stat_end(struct vcpu *vcpu);

#endif
