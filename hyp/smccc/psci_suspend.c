/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PSCI: vCPUs that wait, and in which mode they do.
 */
#include "hyp/arch/sysreg_fields.h"
#include "hyp/smccc/psci.h"
#include "hyp/smccc/psci_state.h"
#include "hyp/smccc/sdei.h"
#include "hyp/vdev/vgic.h"

/* power_state, original format (DEN0022 5.4.2) */
#define ORIGINAL_ID       GENMASK(15, 0)
#define ORIGINAL_DOWN     BIT(16)
#define ORIGINAL_LEVEL    GENMASK(25, 24)

/* power_state, extended format, with a StateID as DEN0022 6.5 recommends */
#define EXTENDED_CORE     GENMASK(3, 0)
#define EXTENDED_CLUSTER  GENMASK(7, 4)
#define EXTENDED_SYSTEM   GENMASK(11, 8)
#define EXTENDED_ID       GENMASK(15, 0)
#define EXTENDED_DOWN     BIT(30)

#define MODE_PLATFORM     0
#define MODE_OS_INITIATED 1

static const struct power_state core_down = { .level = 0, .down = true };
static const struct power_state system_down = { .level = PSCI_LEVELS - 1, .down = true };

static uint8_t extended_level(uint32_t value)
{
	if (value & EXTENDED_SYSTEM)
		return 2;
	return value & EXTENDED_CLUSTER ? 1 : 0;
}

bool psci_read_power_state(const struct vm *vm, uint32_t value, struct power_state *state)
{
	if (vm->policy.extended_states) {
		*state = (struct power_state){ extended_level(value), value & EXTENDED_DOWN };
		return !(value & ~(EXTENDED_ID | EXTENDED_DOWN));
	}
	*state = (struct power_state){ (uint8_t)FIELD_GET(ORIGINAL_LEVEL, value),
		value & ORIGINAL_DOWN };
	return !(value & ~(ORIGINAL_ID | ORIGINAL_DOWN | ORIGINAL_LEVEL)) &&
		state->level < PSCI_LEVELS;
}

/* ---- waiting ---- */

/*
 * vcpu->wait_over: it goes on when there is what ends a WFI; without power, when the GIC wants it
 * to wake. It is woken for less, too: by a pause that is over, by interrupts that it has disabled.
 * The vCPU is loaded.
 */
static bool suspend_over(struct vcpu *vcpu)
{
	bool down = vpsci_cpu_of(vcpu)->suspended == PSCI_DOWN;

	if (!READ_ONCE(vcpu->signalled) && !vcpu->parts_wait &&
		!(down ? vgic_requests_wake(vcpu) : vgic_has_pending(vcpu)))
		return false;
	spin_lock(&vcpu->vm->lock);
	psci_stat_end(vcpu);
	spin_unlock(&vcpu->vm->lock);
	/* Not before: an event for any CPU may wake the last one that isn't masked. */
	if (down)
		sdei_woken(vcpu);
	vcpu->wait_over = NULL;
	/* What would have ended a WFI has ended this; and what was written before is seen. */
	(void)__atomic_exchange_n(&vcpu->signalled, false, __ATOMIC_ACQUIRE);
	return true;
}

/*
 * It is noted as suspended. True: it need not wait. From here on who wakes it is noticed: by
 * vcpu->work when it is about to block.
 */
static bool is_awake(struct vcpu *vcpu)
{
	vcpu->wait_over = suspend_over;
	return suspend_over(vcpu);
}

static enum exit_result standby(struct vcpu *vcpu, enum conduit conduit)
{
	enum exit_result result = psci_return(vcpu, conduit, PSCI_SUCCESS);

	return is_awake(vcpu) ? result : EXIT_WAIT;
}

/*
 * The state is lost and the vCPU is made to go on at `entry`, when something wakes it. Nothing of
 * what could do that is lost: the virtual GIC and timers stay as they are. It blocks here: nothing
 * may move the PC afterwards.
 */
static enum exit_result power_down(struct vcpu *vcpu, uint64_t entry, uint64_t context)
{
	vcpu_power_down(vcpu, entry, context);
	if (!is_awake(vcpu) && sched_block(vcpu))
		return EXIT_RESCHEDULE;
	return EXIT_SWITCH;
}

/*
 * OS-initiated, the caller says that it is the last one of a node (DEN0022 4.2.3): may it? The VM's
 * lock is held.
 */
static enum psci_result check_node(const struct vcpu *vcpu, struct power_state state)
{
	const struct vm *vm = vcpu->vm;
	enum psci_result result = PSCI_SUCCESS;

	if (!vpsci_of(vm)->os_initiated || state.level == 0)
		return PSCI_SUCCESS;
	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		const struct vcpu *other = vm->vcpus[i];

		if (other == vcpu || READ_ONCE(other->state) == VCPU_OFF)
			continue;
		if (vpsci_cpu_of(other)->suspended == PSCI_RUNNING)
			return PSCI_DENIED;
		if (vpsci_cpu_of(other)->suspended == PSCI_STANDBY && state.down)
			result = PSCI_INVALID_PARAMETERS;
	}
	return result;
}

enum exit_result psci_cpu_suspend(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct psci_args args = psci_args_of(vcpu, function);
	struct vm *vm = vcpu->vm;
	enum psci_result result;
	struct power_state state;

	if (!psci_read_power_state(vm, (uint32_t)args.a1, &state))
		return psci_return(vcpu, conduit, PSCI_INVALID_PARAMETERS);
	if (state.down && !psci_is_entry(vm, args.a2))
		return psci_return(vcpu, conduit, PSCI_INVALID_ADDRESS);
	spin_lock(&vm->lock);
	result = check_node(vcpu, state);
	if (result == PSCI_SUCCESS) {
		vpsci_of(vm)->was_suspended = true;
		psci_stat_begin(vcpu, state);
	}
	spin_unlock(&vm->lock);
	if (result != PSCI_SUCCESS)
		return psci_return(vcpu, conduit, result);
	return state.down ? power_down(vcpu, args.a2, args.a3) : standby(vcpu, conduit);
}

enum exit_result psci_cpu_default_suspend(
	struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct psci_args args = psci_args_of(vcpu, function);

	if (!psci_is_entry(vcpu->vm, args.a1))
		return psci_return(vcpu, conduit, PSCI_INVALID_ADDRESS);
	spin_lock(&vcpu->vm->lock);
	psci_stat_begin(vcpu, core_down);
	spin_unlock(&vcpu->vm->lock);
	return power_down(vcpu, args.a1, args.a2);
}

enum exit_result psci_system_suspend(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct psci_args args = psci_args_of(vcpu, function);
	enum psci_result result = PSCI_SUCCESS;

	spin_lock(&vcpu->vm->lock);
	if (!psci_others_are_off(vcpu))
		result = PSCI_DENIED;
	else if (!psci_is_entry(vcpu->vm, args.a1))
		result = PSCI_INVALID_ADDRESS;
	else
		psci_stat_begin(vcpu, system_down);
	spin_unlock(&vcpu->vm->lock);
	if (result != PSCI_SUCCESS)
		return psci_return(vcpu, conduit, result);
	return power_down(vcpu, args.a1, args.a2);
}

/* ---- the mode ---- */

/* DEN0022 5.20.2. The VM's lock is held. */
static bool may_change_mode(const struct vcpu *vcpu, bool os_initiated)
{
	return os_initiated ? !vpsci_of(vcpu->vm)->was_suspended : psci_others_are_off(vcpu);
}

enum exit_result psci_set_suspend_mode(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	uint64_t mode = psci_args_of(vcpu, function).a1;
	struct vpsci *psci = vpsci_of(vcpu->vm);
	bool os_initiated = mode == MODE_OS_INITIATED;
	bool denied = false;

	if (mode != MODE_PLATFORM && mode != MODE_OS_INITIATED)
		return psci_return(vcpu, conduit, PSCI_INVALID_PARAMETERS);
	spin_lock(&vcpu->vm->lock);
	if (psci->os_initiated != os_initiated) {
		denied = !may_change_mode(vcpu, os_initiated);
		if (!denied) {
			psci->os_initiated = os_initiated;
			psci->was_suspended = false;
		}
	}
	spin_unlock(&vcpu->vm->lock);
	return psci_return(vcpu, conduit, denied ? PSCI_DENIED : PSCI_SUCCESS);
}
