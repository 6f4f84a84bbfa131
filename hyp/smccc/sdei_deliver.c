/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Into a handler and out of it (DEN0054 chapters 5 and 6).
 *
 * A handler is entered when the vCPU is about to enter its guest (WORK_PARTS), whatever PSTATE.DAIF
 * is. x0-x3 say what happened, all other registers are those of what was interrupted; ELR_EL1 and
 * SPSR_EL1, too. x0-x17, PC and PSTATE are kept here until it is complete.
 *
 * The client is the guest's highest EL: with a virtual EL2 that (vcpu->el2), whose registers EL1's
 * of the CPU are then. What is kept, and said in x3, is PSTATE as it has it.
 *
 * Nothing that is pending is forgotten. What a vCPU that looks can't begin, it leaves to another
 * one (RM_ANY), or it, or its VM, `waits`: then it looks again when its handler is complete. Who
 * unmasks its vCPU or enables an event looks in any case.
 */
#include "hyp/arch/features.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/smccc/sdei.h"
#include "hyp/vm/inject.h"
#include "mm/page.h"

/* x0-x17, by pairs: for so few a call of memcpy(), which a simpler loop becomes, takes four times
 * as long. */
static __always_inline void copy_x(uint64_t *to, const uint64_t *from)
{
	for (unsigned i = 0; i < SDEI_CONTEXT_REGISTERS; i += 6) {
		uint64_t a = from[i], b = from[i + 1], c = from[i + 2], d = from[i + 3],
			 e = from[i + 4], f = from[i + 5];

		to[i] = a;
		to[i + 1] = b;
		to[i + 2] = c;
		to[i + 3] = d;
		to[i + 4] = e;
		to[i + 5] = f;
	}
}
_Static_assert(SDEI_CONTEXT_REGISTERS % 6 == 0, "three times six");

/* ---- in ---- */

static uint64_t handler_pstate(const struct vcpu *vcpu, uint64_t interrupted)
{
	if (vcpu->el2)
		return vcpu->el2->new_pstate(vcpu, interrupted);
	return inject_new_pstate(
		interrupted, read_sysreg(SCTLR_EL1), cpu_features.pan, cpu_features.ssbs);
}

static void enter_handler(struct sdei_vm *sdei, struct vcpu *vcpu, unsigned place)
{
	const struct sdei_registration *to = sdei_registration(sdei, vcpu->id, place);
	struct sdei_context *context = sdei_begin(sdei, vcpu->id, place);
	struct guest_regs *regs = &vcpu->regs;

	copy_x(context->x, regs->x);
	context->pc = regs->pc;
	context->pstate = vcpu->el2 ? vcpu->el2->enter(vcpu) : regs->pstate;
	regs->x[0] = sdei->events[place].number;
	regs->x[1] = to->argument;
	regs->x[2] = context->pc;
	regs->x[3] = context->pstate;
	regs->pstate = handler_pstate(vcpu, context->pstate);
	regs->pc = to->relative ? read_sysreg(VBAR_EL1) + to->entry : to->entry;
}

/* It is signalled, but can't begin here. */
static void leave(struct sdei_vm *sdei, struct vcpu *vcpu, unsigned place)
{
	const struct sdei_registration *registration = sdei_registration(sdei, vcpu->id, place);

	if (!(registration->state & SDEI_ENABLED))
		return;
	if (!sdei->events[place].shared ||
		(registration->to_one && registration->target == vcpu->id)) {
		sdei->cpus[vcpu->id].waits = true;
	} else if (!registration->to_one && !(registration->state & SDEI_RUNNING)) {
		sdei_hand_over(sdei, vcpu->vm, place);
	}
}

/* The event whose turn it is, so far; and is there another one? */
struct turn {
	unsigned place;
	bool more;
};

static void consider(struct sdei_vm *sdei, struct vcpu *vcpu, unsigned place, struct turn *turn)
{
	if (!sdei_may_begin(sdei, vcpu->id, place)) {
		leave(sdei, vcpu, place);
		return;
	}
	turn->more |= turn->place != SDEI_NOTHING;
	if (turn->place == SDEI_NOTHING || sdei_is_before(sdei, place, turn->place))
		turn->place = place;
}

static void consider_bound(
	struct sdei_vm *sdei, struct vcpu *vcpu, const struct vgic_bound *bound, struct turn *turn)
{
	for (unsigned word = 0; word < VGIC_BOUND_WORDS; word++) {
		for (uint32_t left = bound->pending[word]; left; left &= left - 1) {
			unsigned intid = word * 32 + (unsigned)__builtin_ctz(left);

			consider(sdei, vcpu, sdei->of_intid[intid], turn);
		}
	}
}

/* False: it is not signalled any more. */
static bool take(struct sdei_vm *sdei, struct vcpu *vcpu, unsigned place)
{
	if (place != SDEI_EVENT_0)
		return vgic_bound_take(vcpu, sdei->events[place].intid);
	sdei->cpus[vcpu->id].signalled = false;
	return true;
}

static void deliver(struct vcpu *vcpu)
{
	struct sdei_vm *sdei = sdei_of(vcpu->vm);
	struct turn turn = { .place = SDEI_NOTHING };
	struct vgic_bound bound;

	if (!READ_ONCE(sdei->cpus[vcpu->id].signalled) && !vgic_any_bound(vcpu->vm))
		return;
	spin_lock(&sdei->lock);
	sdei->waits = sdei->cpus[vcpu->id].waits = false;
	if (sdei->cpus[vcpu->id].signalled)
		consider(sdei, vcpu, SDEI_EVENT_0, &turn);
	if (vgic_bound_pending(vcpu, &bound))
		consider_bound(sdei, vcpu, &bound, &turn);
	if (turn.place != SDEI_NOTHING && take(sdei, vcpu, turn.place))
		enter_handler(sdei, vcpu, turn.place);
	spin_unlock(&sdei->lock);
	/* Where the others go, or which of them waits, is found out with this one running. */
	if (turn.more)
		vcpu_request_local(vcpu, WORK_PARTS);
}

/* ---- out ---- */

void sdei_finish(struct sdei_vm *sdei, struct vcpu *vcpu)
{
	unsigned place = sdei_end(sdei, vcpu->id);

	if (sdei_registration(sdei, vcpu->id, place)->state == 0)
		sdei_forget(sdei, vcpu, place);
	else if (place != SDEI_EVENT_0)
		vgic_bound_end(vcpu, sdei->events[place].intid);
	if (sdei->waits || sdei->cpus[vcpu->id].waits)
		vcpu_request_local(vcpu, WORK_PARTS);
}

static void leave_handler(struct vcpu *vcpu, const struct sdei_context *context)
{
	copy_x(vcpu->regs.x, context->x);
	if (vcpu->el2) {
		vcpu->el2->leave(vcpu, context->pstate, context->pc);
		return;
	}
	vcpu->regs.pc = context->pc;
	vcpu->regs.pstate = context->pstate;
}

/* As if what was interrupted had taken an exception to EL1, to `address`. */
static void resume_at(struct vcpu *vcpu, const struct sdei_context *context, uint64_t address)
{
	copy_x(vcpu->regs.x, context->x);
	write_sysreg(context->pc, ELR_EL1);
	write_sysreg(context->pstate, SPSR_EL1);
	vcpu->regs.pc = address;
	vcpu->regs.pstate = handler_pstate(vcpu, context->pstate);
}

/* The lock is given back. */
static enum exit_result refuse(
	struct sdei_vm *sdei, struct vcpu *vcpu, enum conduit conduit, enum sdei_error error)
{
	spin_unlock(&sdei->lock);
	return smccc_return(vcpu, conduit, (uint64_t)error);
}

/* What its status says, whether the event was handled, is the guest's affair. */
enum exit_result sdei_event_complete(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct sdei_vm *sdei = sdei_of(vcpu->vm);
	struct sdei_cpu *cpu = sdei_cpu_of(vcpu);
	unsigned priority;

	(void)function;
	spin_lock(&sdei->lock);
	priority = sdei_innermost(cpu);
	if (priority == NR_SDEI_PRIORITIES)
		return refuse(sdei, vcpu, conduit, SDEI_DENIED);
	leave_handler(vcpu, &cpu->saved[priority]);
	sdei_finish(sdei, vcpu);
	spin_unlock(&sdei->lock);
	return EXIT_SWITCH;
}

enum exit_result sdei_event_complete_and_resume(
	struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct sdei_vm *sdei = sdei_of(vcpu->vm);
	struct sdei_cpu *cpu = sdei_cpu_of(vcpu);
	uint64_t address = vcpu->regs.x[1];
	unsigned priority;

	(void)function;
	spin_lock(&sdei->lock);
	priority = sdei_innermost(cpu);
	if (priority == NR_SDEI_PRIORITIES)
		return refuse(sdei, vcpu, conduit, SDEI_DENIED);
	if (!IS_ALIGNED(address, 4))
		return refuse(sdei, vcpu, conduit, SDEI_INVALID_PARAMETERS);
	resume_at(vcpu, &cpu->saved[priority], address);
	sdei_finish(sdei, vcpu);
	spin_unlock(&sdei->lock);
	return EXIT_SWITCH;
}

/* ---- the lives of VMs and vCPUs ---- */

void sdei_cpu_off(struct vcpu *vcpu)
{
	struct sdei_vm *sdei = sdei_of(vcpu->vm);
	struct sdei_cpu *cpu = sdei_cpu_of(vcpu);

	spin_lock(&sdei->lock);
	while (sdei_innermost(cpu) != NR_SDEI_PRIORITIES)
		sdei_finish(sdei, vcpu);
	for (unsigned place = SDEI_CONFIGURED; place < SDEI_SHARED_BOUND; place++) {
		if (!sdei->events[place].shared && cpu->private[place].state)
			sdei_forget(sdei, vcpu, place);
	}
	sdei_state_reset_cpu(sdei, vcpu->id);
	sdei_retarget_all(sdei, vcpu->vm);
	spin_unlock(&sdei->lock);
}

static void reset(struct vm *vm)
{
	struct sdei_vm *sdei = sdei_of(vm);

	spin_lock(&sdei->lock);
	sdei_state_reset(sdei);
	spin_unlock(&sdei->lock);
}

static size_t size_of(const struct vm *vm)
{
	return sizeof(struct sdei_vm) + vm->nr_vcpus * sizeof(struct sdei_cpu);
}

static void destroy(struct vm *vm)
{
	mm_free(sdei_of(vm), size_of(vm));
	vm->part[PART_SDEI] = NULL;
}

static enum status create(struct vm *vm)
{
	struct sdei_vm *sdei = mm_zalloc(size_of(vm));
	enum status status;

	if (!sdei)
		return ERR_NO_MEMORY;
	vm->part[PART_SDEI] = sdei;
	sdei_state_create(sdei, vm->nr_vcpus);
	status = sdei_configure_vm(sdei, vm);
	if (status != OK)
		destroy(vm);
	return status;
}

const struct vm_part sdei_part = {
	.name = "SDEI",
	.create = create,
	.reset = reset,
	.vcpu_reset = sdei_cpu_off,
	.destroy = destroy,
	.vcpu_enter = deliver,
};
