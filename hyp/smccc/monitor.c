/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What becomes of a call. Its record: monitor_record.c; how monitors are made and found:
 * monitor_part.c.
 */
#include "hyp/arch/sysreg_fields.h"
#include "drivers/timer/timer.h"
#include "hyp/smccc/monitor_state.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vm/inject.h"

/* So many calls are ended at a time, each some hundred instructions, and the next so much later:
 * an alarm whose time has come already would be taken before interrupts are. */
#define ENDS_PER_STEP     16
#define STEP_US           100

#define INSTRUCTION_BYTES 4 /* of HVC and SMC, in T32 too */

/* ---- calls; the monitor's lock is held ---- */

/* A vCPU of the monitor's that waits for calls, this CPU's if there is one. */
static struct vcpu *find_waiting(const struct monitor *monitor)
{
	uint32_t waiting = monitor->waiting;
	struct vcpu *first = NULL;

	for (; waiting != 0; waiting &= waiting - 1) {
		struct vcpu *vcpu = monitor->vm->vcpus[__builtin_ctz(waiting)];

		if (READ_ONCE(vcpu->cpu) == this_cpu())
			return vcpu;
		if (!first)
			first = vcpu;
	}
	return first;
}

/* The first call of the queue goes to one that waits, which `wake` wakes. False: there is none, or
 * no call. */
static __always_inline bool hand_over(struct monitor *monitor, void (*wake)(struct vcpu *vcpu))
{
	struct vcpu *server = find_waiting(monitor);
	uint64_t ticket;

	if (!server || list_empty(&monitor->queue))
		return false;
	ticket = monitor_take(monitor);
	if (unlikely(!ticket))
		return false;
	monitor->waiting &= ~(uint32_t)BIT(server->id);
	monitor_vcpu_of(server)->handed = ticket;
	wake(server);
	return true;
}

/* The caller's registers hold what it gets. It looks at the state without the lock. */
static void end(struct forward *call)
{
	list_remove(&call->link);
	__atomic_store_n(&call->state, FORWARD_ENDED, __ATOMIC_RELEASE);
}

/* The monitor doesn't answer this one any more; if it has it already, its record is abandoned. */
static void disown(struct monitor *monitor, struct forward *call)
{
	if (call->state == FORWARD_TAKEN)
		monitor->slots[call->record].call = NULL;
}

static void fail(struct monitor *monitor, struct forward *call)
{
	struct vcpu *caller = call->caller;

	disown(monitor, call);
	caller->regs.x[0] = SMCCC_NOT_SUPPORTED;
	caller->calls[CALL_UNANSWERED]++;
	end(call);
	vcpu_wake(caller);
}

static void set_alarm(struct monitor *monitor, uint64_t deadline)
{
	if (likely(deadline >= monitor->alarm_at))
		return;
	monitor->alarm_at = deadline;
	timer_arm(&monitor->alarm, deadline);
}

/* Of a list: those whose time is up, as long as *left says; the earliest end of the others. */
static uint64_t end_overdue_of(
	struct monitor *monitor, struct list *list, uint64_t now, unsigned *left)
{
	uint64_t earliest = TIMER_NEVER;

	for (struct list *link = list->next, *next; link != list; link = next) {
		struct forward *call = container_of(link, struct forward, link);

		next = link->next;
		if (call->deadline > now || *left == 0) {
			earliest = MIN(earliest, call->deadline);
			continue;
		}
		if ((*left)-- == ENDS_PER_STEP)
			vcpu_log(call->caller, "no answer to %s #0x%x (x0 = 0x%llx) from VM %s: %s",
				call->conduit == SMCCC_HVC ? "HVC" : "SMC", call->immediate,
				(unsigned long long)call->caller->regs.x[0], monitor->vm->name,
				"not supported");
		fail(monitor, call);
	}
	return earliest;
}

static void end_overdue(struct monitor *monitor)
{
	uint64_t now = timer_now();
	unsigned left = ENDS_PER_STEP;
	uint64_t taken = end_overdue_of(monitor, &monitor->taken, now, &left);
	uint64_t queued = end_overdue_of(monitor, &monitor->queue, now, &left);
	uint64_t earliest = MIN(taken, queued);

	set_alarm(monitor, earliest > now ? earliest : now + timer_us_to_ticks(STEP_US));
	/* There are records again for those who wait because there were none. */
	while (hand_over(monitor, vcpu_wake))
		;
}

void monitor_alarm(struct soft_timer *timer)
{
	struct monitor *monitor = container_of(timer, struct monitor, alarm);

	spin_lock(&monitor->lock);
	monitor->alarm_at = TIMER_NEVER;
	end_overdue(monitor);
	spin_unlock(&monitor->lock);
}

static void make_overdue(struct list *list)
{
	list_for_each (link, list)
		container_of(link, struct forward, link)->deadline = 0;
}

void monitor_end_all(struct monitor *monitor)
{
	spin_lock(&monitor->lock);
	monitor->waiting = 0;
	for (unsigned i = 0; i < monitor->vm->nr_vcpus; i++)
		monitor_vcpu_of(monitor->vm->vcpus[i])->handed = 0;
	make_overdue(&monitor->taken);
	make_overdue(&monitor->queue);
	end_overdue(monitor);
	/* The guest that had them abandoned is no more. */
	for (unsigned i = 0; i < MONITOR_RECORDS; i++) {
		if (!monitor->slots[i].call)
			monitor_release(monitor, i);
	}
	spin_unlock(&monitor->lock);
}

void monitor_cancel(struct forward *call)
{
	struct monitor *monitor = call->monitor;

	if (!monitor)
		return;
	spin_lock(&monitor->lock);
	if (call->state == FORWARD_QUEUED || call->state == FORWARD_TAKEN) {
		disown(monitor, call);
		list_remove(&call->link);
	}
	call->state = FORWARD_NONE;
	spin_unlock(&monitor->lock);
}

/* ---- the caller ---- */

static const struct monitor_binding *find_binding(const struct vm *vm, const struct call_rule *rule)
{
	const struct monitor_vm *part = monitor_vm_of(vm);

	for (unsigned i = 0; i < part->nr_bindings; i++) {
		if (part->bindings[i].rule == rule)
			return &part->bindings[i];
	}
	return NULL;
}

/* A paused one goes on in time, or doesn't; not one that has crashed. */
static bool is_there(const struct vm *vm)
{
	enum vm_state state = READ_ONCE(vm->state);

	if (likely(state == VM_RUNNING))
		return true;
	return (state == VM_PAUSING || state == VM_PAUSED) && vm->end != VM_END_FAULT;
}

/* vcpu->wait_over of a caller. */
static bool caller_goes_on(struct vcpu *vcpu)
{
	struct forward *call = &monitor_vcpu_of(vcpu)->call;

	if (__atomic_load_n(&call->state, __ATOMIC_ACQUIRE) != FORWARD_ENDED)
		return false;
	call->state = FORWARD_NONE;
	vcpu->wait_over = NULL;
	if (unlikely(call->undefined))
		inject_undefined_at(vcpu, call->address, call->pstate);
	return true;
}

static void describe(struct forward *call, enum conduit conduit, uint16_t immediate)
{
	const struct vcpu *vcpu = call->caller;

	call->conduit = conduit;
	call->immediate = immediate;
	call->pstate = vcpu->regs.pstate;
	call->address = vcpu->regs.pc - (conduit == SMCCC_HVC ? INSTRUCTION_BYTES : 0);
	call->narrow =
		(call->pstate & PSTATE_NRW) || (immediate == 0 && !(vcpu->regs.x[0] & SMCCC_64));
	call->undefined = false;
	call->deadline = timer_now() + call->binding->timeout;
}

static __noinline enum exit_result refuse(
	struct vcpu *vcpu, enum conduit conduit, const struct call_rule *rule)
{
	vcpu_log(vcpu, "a call for VM %s, which doesn't run: not supported (rule %s)",
		rule->monitor, rule->name);
	vcpu->calls[CALL_UNANSWERED]++;
	return smccc_return(vcpu, conduit, SMCCC_NOT_SUPPORTED);
}

/* False: the monitor isn't there. */
static bool begin(struct forward *call, struct monitor *monitor)
{
	bool handed;

	spin_lock(&monitor->lock);
	if (unlikely(!is_there(monitor->vm))) {
		spin_unlock(&monitor->lock);
		return false;
	}
	call->monitor = monitor;
	call->state = FORWARD_QUEUED;
	call->caller->wait_over = caller_goes_on;
	list_push_back(&monitor->queue, &call->link);
	handed = hand_over(monitor, vcpu_hand_over);
	set_alarm(monitor, call->deadline);
	spin_unlock(&monitor->lock);
	if (!handed && call->binding->line)
		line_raise(call->binding->line);
	return true;
}

enum exit_result monitor_forward(
	struct vcpu *vcpu, enum conduit conduit, const struct call_rule *rule, uint16_t immediate)
{
	struct forward *call = &monitor_vcpu_of(vcpu)->call;

	if (unlikely(!call->binding) || call->binding->rule != rule)
		call->binding = find_binding(vcpu->vm, rule);
	if (unlikely(!call->binding) || unlikely(!call->binding->monitor))
		return refuse(vcpu, conduit, rule);
	describe(call, conduit, immediate);
	if (unlikely(!begin(call, call->binding->monitor)))
		return refuse(vcpu, conduit, rule);
	return EXIT_WAIT;
}

/* ---- the monitor ---- */

/* The lock is held. Who made the call; NULL: the answer is to nothing, or no answer. */
static struct vcpu *answer(struct monitor *monitor, uint64_t ticket)
{
	unsigned n = (unsigned)FIELD_GET(MONITOR_TICKET_RECORD, ticket);
	const struct monitor_record *record = &monitor->records[n];
	struct monitor_slot *slot = &monitor->slots[n];
	struct forward *call = slot->call;
	uint64_t flags;

	if (unlikely(ticket == 0) || unlikely(slot->ticket != ticket) || unlikely(!call)) {
		monitor->counts.late++;
		if (ticket != 0 && slot->ticket == ticket)
			monitor_release(monitor, n);
		return NULL;
	}
	flags = READ_ONCE(record->flags);
	if (unlikely(flags & ~(uint64_t)MONITOR_ANSWER_UNDEFINED))
		return NULL;
	if (unlikely(flags & MONITOR_ANSWER_UNDEFINED))
		call->undefined = true;
	else
		monitor_give_results(call);
	monitor->counts.answered++;
	monitor_release(monitor, n);
	end(call);
	return call->caller;
}

/* vcpu->wait_over of a vCPU in MONITOR_NEXT. */
static bool server_goes_on(struct vcpu *vcpu)
{
	struct monitor *monitor = monitor_vm_of(vcpu->vm)->monitor;
	struct monitor_vcpu *server = monitor_vcpu_of(vcpu);
	bool over = true;

	spin_lock(&monitor->lock);
	if (likely(server->handed)) {
		vcpu->regs.x[0] = server->handed;
		server->handed = 0;
	} else if (vcpu->parts_wait || vgic_has_pending(vcpu)) {
		monitor->waiting &= ~(uint32_t)BIT(vcpu->id);
		vcpu->regs.x[0] = MONITOR_INTERRUPTED;
	} else {
		over = false;
	}
	if (over)
		vcpu->wait_over = NULL;
	spin_unlock(&monitor->lock);
	return over;
}

/* The lock is held. What x0 becomes; 0: nothing yet, the vCPU waits. */
static uint64_t next_call(struct monitor *monitor, struct vcpu *vcpu, bool wait)
{
	if (!list_empty(&monitor->queue)) {
		uint64_t ticket = monitor_take(monitor);

		if (likely(ticket))
			return ticket;
	}
	if (!wait)
		return MONITOR_NO_CALL;
	if (vgic_has_pending(vcpu))
		return MONITOR_INTERRUPTED;
	monitor->waiting |= (uint32_t)BIT(vcpu->id);
	vcpu->wait_over = server_goes_on;
	return 0;
}

static struct monitor *monitor_of(const struct vm *vm)
{
	const struct monitor_vm *part = monitor_vm_of(vm);

	return part ? part->monitor : NULL;
}

enum exit_result monitor_next(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	struct monitor *monitor = monitor_of(vcpu->vm);
	uint64_t ticket = vcpu->regs.x[1], flags = vcpu->regs.x[2], value = MONITOR_INVALID;
	struct vcpu *caller = NULL;

	if (unlikely(!monitor))
		return smccc_not_supported(vcpu, conduit, function);
	if (unlikely(flags & ~(uint64_t)MONITOR_DONT_WAIT))
		return smccc_return(vcpu, conduit, MONITOR_INVALID);
	spin_lock(&monitor->lock);
	if (likely(ticket != MONITOR_NO_TICKET))
		caller = answer(monitor, ticket);
	if (likely(caller) || ticket == MONITOR_NO_TICKET)
		value = next_call(monitor, vcpu, !(flags & MONITOR_DONT_WAIT));
	if (likely(caller))
		(value ? vcpu_wake : vcpu_hand_over)(caller);
	spin_unlock(&monitor->lock);
	return value ? smccc_return(vcpu, conduit, value) : EXIT_WAIT;
}

enum exit_result monitor_version(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	if (!monitor_of(vcpu->vm))
		return smccc_not_supported(vcpu, conduit, function);
	vcpu->regs.x[1] = MONITOR_RECORDS_BASE;
	vcpu->regs.x[2] = MONITOR_RECORDS;
	return smccc_return(vcpu, conduit, MONITOR_VERSION_1_0);
}

bool monitor_view(const struct vm *vm, struct monitor_view *view)
{
	struct monitor *monitor = monitor_of(vm);

	if (!monitor)
		return false;
	spin_lock(&monitor->lock);
	*view = monitor->counts;
	spin_unlock(&monitor->lock);
	return true;
}
