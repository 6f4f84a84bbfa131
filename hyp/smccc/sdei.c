/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/smccc/sdei.h"
#include "hyp/arch/at.h"
#include "hyp/arch/sysreg_fields.h"

/* VERSION (DEN0054 5.1.1): major, minor, and the vendor's, which is none. */
#define VERSION_1_1      (BIT(48) | BIT(32))

/* EVENT_REGISTER: flags */
#define FLAG_RM_PE       BIT(0)
#define FLAG_RELATIVE    BIT(1)

/* EVENT_GET_INFO */
#define INFO_TYPE        0 /* 1: shared */
#define INFO_SIGNALED    1 /* 1: EVENT_SIGNAL signals it */
#define INFO_PRIORITY    2 /* 1: critical */
#define INFO_MODE        3 /* 1: RM_PE */
#define INFO_AFFINITY    4

/* FEATURES */
#define FEATURE_SLOTS    0
#define FEATURE_RELATIVE 1

/* ---- what all calls do ---- */

static struct sdei_vm *begin(const struct vcpu *vcpu)
{
	struct sdei_vm *sdei = sdei_of(vcpu->vm);

	spin_lock(&sdei->lock);
	return sdei;
}

static enum exit_result end(struct vcpu *vcpu, enum conduit conduit, int64_t result)
{
	spin_unlock(&sdei_of(vcpu->vm)->lock);
	return smccc_return(vcpu, conduit, (uint64_t)result);
}

/* The number of the vCPU with these affinity fields (in which bit 31, as in MPIDR_EL1, may be set),
 * or SDEI_NOTHING. */
static unsigned find_cpu(const struct sdei_vm *sdei, uint64_t mpidr)
{
	uint64_t affinity = mpidr & ~BIT(31);

	return affinity < sdei->nr_cpus ? (unsigned)affinity : SDEI_NOTHING;
}

/* A step of an event that is given by its number, and which event it was. */
static enum sdei_error step(
	struct sdei_vm *sdei, const struct vcpu *vcpu, enum sdei_step step, unsigned *place)
{
	*place = sdei_find(sdei, vcpu->regs.x[1]);
	if (*place == SDEI_NOTHING)
		return SDEI_INVALID_PARAMETERS;
	return sdei_step(sdei_registration(sdei, vcpu->id, *place), step);
}

/* ---- registration ---- */

static bool is_handler(const struct vm *vm, uint64_t entry, bool relative)
{
	uint64_t par;

	if (!IS_ALIGNED(entry, 4) || (entry == 0 && !relative))
		return false;
	par = at_s1e1r(relative ? read_sysreg(VBAR_EL1) + entry : entry);
	return !(par & PAR_F) && (par & PAR_PA) - vm->ram_base.ipa < vm->ram_size;
}

/* *again: there is no answer yet, the call is to be repeated. */
static enum sdei_error bind_interrupt(struct vcpu *vcpu, unsigned intid, bool *again)
{
	enum vgic_bind_result result = vgic_bind(vcpu, intid);

	*again = result == VGIC_BIND_AGAIN;
	return result == VGIC_BIND_DONE ? SDEI_SUCCESS : SDEI_DENIED;
}

static enum sdei_error register_event(struct sdei_vm *sdei, struct vcpu *vcpu, bool *again)
{
	const uint64_t *x = vcpu->regs.x;
	unsigned place = sdei_find(sdei, x[1]), target = SDEI_NOTHING;
	bool to_one = x[4] & FLAG_RM_PE;
	struct sdei_registration *registration;
	enum sdei_error error;

	if (place == SDEI_NOTHING || (x[4] & ~(FLAG_RM_PE | FLAG_RELATIVE)) ||
		!is_handler(vcpu->vm, x[2], x[4] & FLAG_RELATIVE))
		return SDEI_INVALID_PARAMETERS;
	if (sdei->events[place].shared && to_one) {
		target = find_cpu(sdei, x[5]);
		if (target == SDEI_NOTHING)
			return SDEI_INVALID_PARAMETERS;
	}
	registration = sdei_registration(sdei, vcpu->id, place);
	error = sdei_may(registration->state, SDEI_STEP_REGISTER);
	if (error == SDEI_SUCCESS && place != SDEI_EVENT_0)
		error = bind_interrupt(vcpu, sdei->events[place].intid, again);
	if (error != SDEI_SUCCESS)
		return error;
	*registration = (struct sdei_registration){
		.entry = x[2],
		.argument = x[3],
		.relative = x[4] & FLAG_RELATIVE,
		.to_one = target != SDEI_NOTHING,
		.target = (uint8_t)target,
	};
	return sdei_step(registration, SDEI_STEP_REGISTER);
}

enum exit_result sdei_event_register(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct sdei_vm *sdei = begin(vcpu);
	bool again = false;
	enum sdei_error error = register_event(sdei, vcpu, &again);

	(void)function;
	if (!again)
		return end(vcpu, conduit, error);
	spin_unlock(&sdei->lock);
	return EXIT_REPEAT;
}

/* What is pending already begins: the vCPU that is told looks, here or elsewhere. */
enum exit_result sdei_event_enable(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct sdei_vm *sdei = begin(vcpu);
	unsigned place;
	enum sdei_error error = step(sdei, vcpu, SDEI_STEP_ENABLE, &place);

	(void)function;
	if (error == SDEI_SUCCESS && sdei->events[place].shared)
		sdei_retarget(sdei, vcpu->vm, place);
	else if (error == SDEI_SUCCESS)
		vcpu_request_local(vcpu, WORK_PARTS);
	return end(vcpu, conduit, error);
}

enum exit_result sdei_event_disable(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct sdei_vm *sdei = begin(vcpu);
	unsigned place;
	enum sdei_error error = step(sdei, vcpu, SDEI_STEP_DISABLE, &place);

	(void)function;
	if (error == SDEI_SUCCESS && sdei->events[place].shared)
		sdei_retarget(sdei, vcpu->vm, place);
	return end(vcpu, conduit, error);
}

static void unregister(struct sdei_vm *sdei, struct vcpu *vcpu, unsigned place)
{
	if (sdei_step(sdei_registration(sdei, vcpu->id, place), SDEI_STEP_UNREGISTER) ==
		SDEI_SUCCESS)
		sdei_forget(sdei, vcpu, place);
}

enum exit_result sdei_event_unregister(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct sdei_vm *sdei = begin(vcpu);
	unsigned place;
	enum sdei_error error = step(sdei, vcpu, SDEI_STEP_UNREGISTER, &place);

	(void)function;
	if (error == SDEI_SUCCESS)
		sdei_forget(sdei, vcpu, place);
	return end(vcpu, conduit, error);
}

static enum sdei_error set_routing(struct sdei_vm *sdei, const struct vcpu *vcpu)
{
	uint64_t mode = vcpu->regs.x[2];
	unsigned place = sdei_find(sdei, vcpu->regs.x[1]), target = SDEI_NOTHING;
	enum sdei_error error;

	if (place == SDEI_NOTHING || !sdei->events[place].shared || mode > FLAG_RM_PE)
		return SDEI_INVALID_PARAMETERS;
	if (mode == FLAG_RM_PE) {
		target = find_cpu(sdei, vcpu->regs.x[3]);
		if (target == SDEI_NOTHING)
			return SDEI_INVALID_PARAMETERS;
	}
	error = sdei_step(&sdei->shared[place], SDEI_STEP_ROUTING_SET);
	if (error == SDEI_SUCCESS) {
		sdei->shared[place].to_one = target != SDEI_NOTHING;
		sdei->shared[place].target = (uint8_t)target;
	}
	return error;
}

enum exit_result sdei_event_routing_set(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct sdei_vm *sdei = begin(vcpu);

	(void)function;
	return end(vcpu, conduit, set_routing(sdei, vcpu));
}

/* ---- what there is to know ---- */

enum exit_result sdei_version(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	return smccc_return(vcpu, conduit, VERSION_1_1);
}

enum exit_result sdei_features(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	switch (vcpu->regs.x[1]) {
	case FEATURE_SLOTS:
		return smccc_return(vcpu, conduit, SDEI_PRIVATE_SLOTS | SDEI_SHARED_SLOTS << 16);
	case FEATURE_RELATIVE:
		return smccc_return(vcpu, conduit, 1);
	default:
		return smccc_return(vcpu, conduit, (uint64_t)SDEI_INVALID_PARAMETERS);
	}
}

enum exit_result sdei_event_status(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct sdei_vm *sdei = begin(vcpu);
	unsigned place = sdei_find(sdei, vcpu->regs.x[1]);

	(void)function;
	if (place == SDEI_NOTHING)
		return end(vcpu, conduit, SDEI_INVALID_PARAMETERS);
	return end(vcpu, conduit, sdei_registration(sdei, vcpu->id, place)->state);
}

/* The routing is one of shared events that are registered. */
static int64_t get_routing(const struct sdei_vm *sdei, unsigned place, uint64_t info)
{
	const struct sdei_registration *registration = &sdei->shared[place];

	if (!sdei->events[place].shared)
		return SDEI_INVALID_PARAMETERS;
	if (!(registration->state & SDEI_REGISTERED))
		return SDEI_DENIED;
	if (info == INFO_MODE)
		return registration->to_one;
	return registration->to_one ? registration->target : SDEI_INVALID_PARAMETERS;
}

static int64_t get_info(const struct sdei_vm *sdei, unsigned place, uint64_t info)
{
	if (place == SDEI_NOTHING)
		return SDEI_INVALID_PARAMETERS;
	switch (info) {
	case INFO_TYPE:
		return sdei->events[place].shared;
	case INFO_SIGNALED:
		return place == SDEI_EVENT_0;
	case INFO_PRIORITY:
		return sdei->events[place].critical;
	case INFO_MODE:
	case INFO_AFFINITY:
		return get_routing(sdei, place, info);
	default:
		return SDEI_INVALID_PARAMETERS;
	}
}

enum exit_result sdei_event_get_info(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct sdei_vm *sdei = begin(vcpu);
	unsigned place = sdei_find(sdei, vcpu->regs.x[1]);

	(void)function;
	return end(vcpu, conduit, get_info(sdei, place, vcpu->regs.x[2]));
}

/* What the interrupted context has in a register is no error, whatever it is. */
enum exit_result sdei_event_context(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct sdei_vm *sdei = begin(vcpu);
	const struct sdei_cpu *cpu = &sdei->cpus[vcpu->id];
	unsigned priority = sdei_innermost(cpu);
	uint64_t number = vcpu->regs.x[1];

	(void)function;
	if (number >= SDEI_CONTEXT_REGISTERS)
		return end(vcpu, conduit, SDEI_INVALID_PARAMETERS);
	if (priority == NR_SDEI_PRIORITIES)
		return end(vcpu, conduit, SDEI_DENIED);
	return end(vcpu, conduit, (int64_t)cpu->saved[priority].x[number]);
}

/* ---- masks and signals ---- */

/* False: it is masked already. */
static bool mask(struct sdei_vm *sdei, const struct vcpu *vcpu)
{
	struct sdei_cpu *cpu = &sdei->cpus[vcpu->id];

	if (cpu->masked)
		return false;
	cpu->masked = true;
	sdei_retarget_all(sdei, vcpu->vm);
	return true;
}

enum exit_result sdei_pe_mask(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct sdei_vm *sdei = begin(vcpu);

	(void)function;
	return end(vcpu, conduit, mask(sdei, vcpu));
}

void sdei_woken(struct vcpu *vcpu)
{
	struct sdei_vm *sdei = begin(vcpu);

	(void)mask(sdei, vcpu);
	spin_unlock(&sdei->lock);
}

enum exit_result sdei_pe_unmask(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct sdei_vm *sdei = begin(vcpu);
	struct sdei_cpu *cpu = &sdei->cpus[vcpu->id];

	(void)function;
	if (cpu->masked) {
		cpu->masked = false;
		sdei_retarget_all(sdei, vcpu->vm);
		vcpu_request_local(vcpu, WORK_PARTS);
	}
	return end(vcpu, conduit, SDEI_SUCCESS);
}

enum exit_result sdei_event_signal(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct sdei_vm *sdei = begin(vcpu);
	unsigned target = find_cpu(sdei, vcpu->regs.x[2]);

	(void)function;
	if (vcpu->regs.x[1] != 0 || target == SDEI_NOTHING)
		return end(vcpu, conduit, SDEI_INVALID_PARAMETERS);
	WRITE_ONCE(sdei->cpus[target].signalled, true);
	if (target == vcpu->id)
		vcpu_request_local(vcpu, WORK_PARTS);
	else
		vcpu_request(vcpu->vm->vcpus[target], WORK_PARTS);
	return end(vcpu, conduit, SDEI_SUCCESS);
}

/* ---- interrupts ---- */

enum exit_result sdei_interrupt_bind(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct sdei_vm *sdei = begin(vcpu);
	uint64_t intid = vcpu->regs.x[1];
	enum sdei_error error = SDEI_INVALID_PARAMETERS;
	unsigned place = 0;

	(void)function;
	if (intid < VGIC_NR_INTIDS && vgic_can_bind(vcpu->vm, (unsigned)intid))
		error = sdei_take_slot(sdei, (unsigned)intid, &place);
	if (error != SDEI_SUCCESS)
		return end(vcpu, conduit, error);
	return end(vcpu, conduit, sdei->events[place].number);
}

enum exit_result sdei_interrupt_release(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct sdei_vm *sdei = begin(vcpu);
	unsigned place = sdei_find(sdei, vcpu->regs.x[1]);

	(void)function;
	if (!sdei_is_slot(place))
		return end(vcpu, conduit, SDEI_INVALID_PARAMETERS);
	if (sdei_is_used(sdei, place))
		return end(vcpu, conduit, SDEI_DENIED);
	sdei_free_slot(sdei, place);
	return end(vcpu, conduit, SDEI_SUCCESS);
}

/* ---- resets ---- */

enum exit_result sdei_private_reset(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct sdei_vm *sdei = begin(vcpu);

	(void)function;
	if (sdei_innermost(&sdei->cpus[vcpu->id]) != NR_SDEI_PRIORITIES)
		return end(vcpu, conduit, SDEI_DENIED);
	for (unsigned place = 0; place < SDEI_SHARED_BOUND; place++) {
		if (!sdei->events[place].shared)
			unregister(sdei, vcpu, place);
	}
	/* It may have been signalled without being registered. */
	sdei->cpus[vcpu->id].signalled = false;
	return end(vcpu, conduit, SDEI_SUCCESS);
}

enum exit_result sdei_shared_reset(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct sdei_vm *sdei = begin(vcpu);

	(void)function;
	if (sdei_any_running(sdei) || sdei_any_private(sdei))
		return end(vcpu, conduit, SDEI_DENIED);
	for (unsigned place = SDEI_CONFIGURED; place < SDEI_EVENTS; place++) {
		if (sdei->events[place].shared)
			unregister(sdei, vcpu, place);
		if (sdei_is_slot(place) && sdei->events[place].present)
			sdei_free_slot(sdei, place);
	}
	return end(vcpu, conduit, SDEI_SUCCESS);
}
