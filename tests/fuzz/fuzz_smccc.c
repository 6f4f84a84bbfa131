/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes become rules for a VM's calls, and then calls by its vCPUs on both conduits, from AArch64
 * and AArch32, while others run, wait, or are off. After each: what the rules say has happened, a
 * call that failed has changed nothing, and the registers that no call may change are as they were.
 *
 * links: hyp/smccc/dispatch.c hyp/smccc/call_table.c hyp/smccc/call_row.c hyp/smccc/call_rule.c
 * hyp/smccc/psci.c hyp/smccc/psci_suspend.c hyp/smccc/psci_stat.c hyp/smccc/psci_system.c
 * hyp/base/format.c tests/unit/smccc_stubs.c
 *
 * covers: hyp/smccc/dispatch.c hyp/smccc/call_table.c hyp/smccc/call_row.c hyp/smccc/call_rule.c
 * hyp/smccc/psci.c hyp/smccc/psci_suspend.c hyp/smccc/psci_stat.c hyp/smccc/psci_system.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/timer/timer.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/smccc/call_table.h"
#include "hyp/smccc/firmware.h"
#include "hyp/smccc/monitor.h"
#include "hyp/smccc/psci.h"
#include "hyp/smccc/psci_state.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vm/inject.h"
#include "mm/page.h"
#include "tests/unit/fake/cpu.h"
#include "tests/unit/smccc_stubs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

#define VCPUS     4
#define RULES     8
#define CALLS_MAX 64
#define RAM_BASE  UINT64_C(0x40000000)
#define RAM_SIZE  MIB(64)

static struct vm vm;
static struct vcpu vcpus[VCPUS];

static struct {
	const uint8_t *data;
	size_t size, left;
} input;

/* What has been done below since the call was made. */
static struct {
	unsigned power_ons, ends, firmware, monitor, injected, services;
} done;
static bool pending, blocks, no_memory;

struct timer_scale timer_scale = {
	.ns_per_tick = UINT64_C(1) << 32,
	.ticks_per_ns = UINT64_C(1) << 32,
	.hz = 1000000000,
};

/* --- input --- */

static uint8_t byte(void)
{
	if (input.left == 0)
		return 0;
	input.left--;
	return *input.data++;
}

static uint64_t number(unsigned bytes)
{
	uint64_t value = 0;

	while (bytes-- > 0)
		value = value << 8 | byte();
	return value;
}

/* --- what is below --- */

void *mm_zalloc(size_t size)
{
	/* Not the rules', of which there is one array for ever. */
	static void *rules;

	if (no_memory)
		return NULL;
	if (size != CALL_RULES_MAX * sizeof(struct call_rule))
		return calloc(1, size);
	if (!rules)
		rules = calloc(1, size);
	return rules;
}

void mm_free(void *memory, size_t size)
{
	(void)size;
	free(memory);
}

enum status vcpu_power_on(struct vcpu *vcpu, uint64_t pc, uint64_t x0)
{
	MUST(!spin_is_locked(&vm.lock));
	MUST(vcpu->vm == &vm && pc - RAM_BASE < RAM_SIZE);
	(void)x0;
	if (vcpu->state != VCPU_OFF || blocks)
		return ERR_BUSY;
	vcpu->state = VCPU_READY;
	done.power_ons++;
	return OK;
}

void vm_power_off(struct vm *of)
{
	MUST(of == &vm && !spin_is_locked(&vm.lock));
	done.ends++;
}

void vm_reset(struct vm *of)
{
	vm_power_off(of);
}

bool vgic_has_pending(struct vcpu *vcpu)
{
	MUST(vcpu->wait_over && !spin_is_locked(&vm.lock));
	return pending;
}

bool vgic_requests_wake(struct vcpu *vcpu)
{
	return vgic_has_pending(vcpu);
}

bool sched_block(struct vcpu *vcpu)
{
	MUST(!spin_is_locked(&vm.lock));
	if (blocks)
		vcpu->state = VCPU_BLOCKED;
	return blocks;
}

void vcpu_power_down(struct vcpu *vcpu, uint64_t pc, uint64_t x0)
{
	MUST(pc - RAM_BASE < RAM_SIZE);
	memset(&vcpu->regs, 0, sizeof(vcpu->regs));
	vcpu->regs.pc = pc;
	vcpu->regs.x[0] = x0;
	vcpu->regs.pstate = PSTATE_EL1H;
}

enum exit_result inject_undefined(struct vcpu *vcpu)
{
	(void)vcpu;
	done.injected++;
	return EXIT_INJECT;
}

enum exit_result firmware_forward(
	struct vcpu *vcpu, enum conduit conduit, const struct call_rule *rule, uint32_t function)
{
	MUST(rule->action == CALL_TO_FIRMWARE && rule->immediate_last == 0);
	MUST(function >= rule->function_first && function <= rule->function_last);
	MUST(function >= 0x80000000 && (function & ~SMCCC_64) - PSCI_BASE >= 0x40);
	done.firmware++;
	return smccc_return(vcpu, conduit, 0);
}

enum exit_result monitor_forward(
	struct vcpu *vcpu, enum conduit conduit, const struct call_rule *rule, uint16_t immediate)
{
	(void)vcpu;
	(void)conduit;
	MUST(rule->action == CALL_TO_MONITOR);
	MUST(immediate >= rule->immediate_first && immediate <= rule->immediate_last);
	done.monitor++;
	return EXIT_INJECT;
}

/* Everybody's but PSCI. */
static enum exit_result service(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	MUST(!(function & SMCCC_HINT) && smccc_offers(function));
	done.services++;
	return smccc_return(vcpu, conduit, 0);
}

/* --- rules --- */

static uint32_t any_function(void)
{
	uint8_t how = byte();
	const struct smccc_call *call = &smccc_calls[byte() % nr_smccc_calls];
	const struct call_service *of = &call_services[how / 8 % NR_CALL_SERVICES];
	uint32_t function = call->function;

	switch (how % 8) {
	case 0:
		return (uint32_t)number(4);
	case 1:
		function = of->base;
		break;
	case 2:
		function = of->base + of->count - 1;
		break;
	default:
		break;
	}
	return (function | (how & 64 ? (uint32_t)SMCCC_64 : 0)) ^ (how & 128 ? SMCCC_HINT : 0);
}

static void name(char *into, uint8_t which)
{
	static const char *const names[] = { "guest", "a", "b", "" };

	snprintf(into, VM_NAME_MAX + 1, "%s", names[which % ARRAY_SIZE(names)]);
}

static void any_rule(unsigned i)
{
	uint8_t what = byte(), who = byte();
	const char *why = NULL;
	struct call_rule rule = { .smc = what & 1, .hvc = what & 2, .timeout_ms = 1 };

	snprintf(rule.name, sizeof(rule.name), "rule%u", i);
	name(rule.vm, who & 4 ? 0 : who);
	name(rule.monitor, who >> 3);
	rule.action = (enum call_action)(what >> 2 & 7);
	rule.function_first = what & 64 ? 0 : any_function();
	rule.function_last = what & 128 ? rule.function_first : any_function();
	if (what & 64) {
		rule.function_last = who & 32 ? 1 : 0;
		rule.immediate_first = (uint16_t)number(2);
		rule.immediate_last = (uint16_t)number(2);
	}
	if (who & 64) {
		rule.arguments = (uint32_t)number(3);
		rule.addresses = (uint32_t)number(3);
		rule.results = (uint32_t)number(3);
		rule.address_size = number(2);
	}
	if (who & 128)
		rule.timeout_ms = number(3);
	if (call_rule_add(&rule, &why) != OK)
		MUST(why && why[0]);
}

static void any_rules(uint8_t count)
{
	const char *why = NULL;

	call_rules_forget();
	no_memory = (count & 0xf0) == 0x20;
	for (unsigned i = 0; i < count % (RULES + 1); i++)
		any_rule(i);
	/* As many as there can be, and one more: takes long, so only for an input of that byte. */
	if (count >= 0xf8 && input.size == 1) {
		struct call_rule rule = { .vm = "a", .smc = true, .action = CALL_DENY };

		struct call_rule watched = { .vm = "b",
			.monitor = "a",
			.smc = true,
			.function_first = 1,
			.function_last = 1,
			.action = CALL_TO_MONITOR,
			.timeout_ms = 1 };

		/* Its monitor takes no calls; and one that no call comes to. */
		rule.hvc = true;
		rule.function_first = rule.function_last = 0xc6000011;
		MUST(call_rule_add(&rule, &why) == OK && call_rule_add(&watched, &why) == OK);
		MUST(call_rules_check(&why) != OK);
		call_rules_forget();
		rule.function_first = rule.function_last = 0xb2010000;
		MUST(call_rule_add(&rule, &why) == ERR_INVALID);
		why = NULL;
		for (unsigned i = 0; i <= CALL_RULES_MAX; i++) {
			rule.function_first = rule.function_last = 0x10000000 + i;
			if (call_rule_add(&rule, &why) != OK)
				break;
		}
		MUST(why);
	}
	if (call_rules_check(&why) != OK) {
		MUST(why && why[0]);
		call_rules_forget();
	}
	no_memory = false;
}

/* --- calls --- */

static uint64_t any_argument(void)
{
	uint8_t how = byte();

	switch (how % 8) {
	case 0:
		return number(8);
	case 1:
		return RAM_BASE + 4 * number(2);
	case 2:
		return RAM_BASE + RAM_SIZE - how / 8;
	case 3:
		return smccc_calls[how / 8 % nr_smccc_calls].function;
	case 4:
		return UINT64_C(1) << (how / 8 + 8);
	case 5:
		return UINT64_C(0x10000) | (uint64_t)(how / 8 & 3) << 24;
	case 6:
		return UINT64_C(0x80000000) | how / 8;
	default:
		return how / 8;
	}
}

/* What must be as before after a call that failed. */
struct snapshot {
	enum vcpu_state states[VCPUS];
	struct vpsci psci;
	bool memory_protected;
	uint64_t work[VCPUS];
};

static struct snapshot take(void)
{
	struct snapshot now;

	memset(&now, 0, sizeof(now));
	for (unsigned i = 0; i < VCPUS; i++) {
		now.states[i] = vcpus[i].state;
		now.work[i] = vcpus[i].work;
	}
	memcpy(&now.psci, vpsci_of(&vm), sizeof(now.psci));
	now.memory_protected = vm.memory_protected;
	return now;
}

static bool is_end(uint32_t function)
{
	uint32_t n = (function & ~(uint32_t)SMCCC_64) - PSCI_BASE;

	return n == 2 || n == 8 || n == 9 || n == 0x12 || n == 0x15;
}

static enum exit_result trap(struct vcpu *vcpu, enum conduit conduit, uint16_t immediate)
{
	if (vcpu->regs.pstate & PSTATE_NRW)
		return conduit == SMCCC_HVC ? smccc_hvc32(vcpu, ESR_MAKE(EC_HVC32, immediate))
					    : smccc_smc32(vcpu, ESR_MAKE(EC_SMC32, immediate));
	return conduit == SMCCC_HVC ? smccc_hvc(vcpu, ESR_MAKE(EC_HVC64, immediate))
				    : smccc_smc(vcpu, ESR_MAKE(EC_SMC64, immediate));
}

/* The call that was made says what must have been done. */
static void check_action(enum call_action action, bool offered, uint64_t x0)
{
	unsigned forwarded = done.firmware + done.monitor + done.injected;

	switch (action) {
	case CALL_HANDLE:
		MUST(forwarded == 0);
		MUST(offered || x0 == SMCCC_NOT_SUPPORTED);
		break;
	case CALL_UNDEFINED:
		MUST(done.injected == 1 && forwarded == 1);
		break;
	case CALL_TO_FIRMWARE:
		MUST(done.firmware == 1 && forwarded == 1);
		break;
	case CALL_TO_MONITOR:
		MUST(done.monitor == 1 && forwarded == 1);
		break;
	default:
		MUST(forwarded == 0 && x0 == SMCCC_NOT_SUPPORTED);
	}
	if (action != CALL_HANDLE)
		MUST(done.services + done.power_ons + done.ends == 0);
}

static enum call_action action_of(
	const struct vcpu *vcpu, enum conduit conduit, uint16_t immediate, uint32_t function)
{
	static const struct call_rule *of[CALL_RULES_MAX];
	unsigned count = call_rules_of(vm.name, conduit == SMCCC_SMC, of);

	if (immediate != 0)
		return call_row_at(of, count, CALL_KEY(immediate, 0)).action;
	if ((vcpu->regs.pstate & PSTATE_NRW) && (function & SMCCC_64))
		return CALL_DENY;
	return call_rule_action(vm.name, conduit == SMCCC_SMC, function);
}

static void check_registers(
	const struct guest_regs *now, const struct guest_regs *before, enum exit_result result)
{
	/* Another context, after the state was lost. */
	if (result == EXIT_SWITCH || result == EXIT_RESCHEDULE)
		return;
	MUST(now->pc == before->pc && now->pstate == before->pstate);
	/* No function here has more than one result. */
	MUST(memcmp(&now->x[1], &before->x[1], 30 * sizeof(now->x[0])) == 0);
}

/* A vCPU that waits goes on when there is a reason, and only then. */
static void wake(struct vcpu *vcpu)
{
	bool had = pending;

	if (!had && !vcpu->signalled)
		MUST(!vcpu->wait_over(vcpu) && vcpu->wait_over);
	pending = true;
	MUST(vcpu->wait_over(vcpu) && !vcpu->wait_over);
	pending = had;
}

/* What the run loop would do. */
static void finish(struct vcpu *vcpu, enum exit_result result)
{
	if (result == EXIT_WAIT && sched_block(vcpu))
		MUST(vcpu->wait_over);
	if (vcpu->work & WORK_STOP) {
		vcpu->work = 0;
		vcpu->wait_over = NULL;
		vcpu->state = VCPU_OFF;
	}
	if (vcpu->state != VCPU_OFF && vcpu->state != VCPU_BLOCKED && vcpu->wait_over)
		wake(vcpu);
}

static void one_call(struct vcpu *vcpu, uint8_t how)
{
	enum conduit conduit = how & 1 ? SMCCC_HVC : SMCCC_SMC;
	uint16_t immediate = how & 2 && how & 4 ? (uint16_t)number(2) : 0;
	uint32_t raw = any_function();
	uint32_t function = raw & SMCCC_FAST ? raw & ~SMCCC_HINT : raw;
	struct guest_regs before;
	struct snapshot old;
	enum call_action action;
	enum exit_result result;

	for (unsigned i = 4; i < 31; i++)
		vcpu->regs.x[i] = i;
	vcpu->regs.x[0] = (uint64_t)how << 32 | raw;
	for (unsigned i = 1; i < 4; i++)
		vcpu->regs.x[i] = any_argument();
	vcpu->regs.pstate = how & 8 && how & 16 ? PSTATE_NRW | 3 : PSTATE_EL1H;
	memset(&done, 0, sizeof(done));
	before = vcpu->regs;
	old = take();
	action = action_of(vcpu, conduit, immediate, function);
	result = trap(vcpu, conduit, immediate);

	MUST(!spin_is_locked(&vm.lock));
	check_action(action, smccc_offered_to(vcpu, conduit, function), vcpu->regs.x[0]);
	check_registers(&vcpu->regs, &before, result);
	if (result == (enum exit_result)conduit && (int64_t)vcpu->regs.x[0] < 0 &&
		!is_end(function)) {
		struct snapshot new = take();

		MUST(memcmp(&old, &new, sizeof(old)) == 0);
	}
	finish(vcpu, result);
}

/* A vCPU is woken, signalled, or the VM begins anew. */
static void event(struct vcpu *vcpu, uint8_t how)
{
	if (how & 8) {
		for (unsigned i = 0; i < VCPUS; i++) {
			vcpus[i].state = i == 0 ? VCPU_RUNNING : VCPU_OFF;
			vcpus[i].work = 0;
			vcpus[i].wait_over = NULL;
		}
		psci_part.reset(&vm);
	}
	if (how & 1)
		vcpu->signalled = true;
	if (vcpu->state == VCPU_BLOCKED) {
		vcpu->state = VCPU_RUNNING;
		if (vcpu->wait_over)
			wake(vcpu);
	}
	if (vcpu->state == VCPU_READY)
		vcpu->state = VCPU_RUNNING;
	fake_reg(CNTPCT_EL0) += number(4);
}

static void create(uint8_t how)
{
	memset(&vm, 0, sizeof(vm));
	memset(vcpus, 0, sizeof(vcpus));
	snprintf(vm.name, sizeof(vm.name), "guest");
	vm.ram_base = IPA(RAM_BASE);
	vm.ram_size = RAM_SIZE;
	vm.nr_vcpus = VCPUS;
	vm.policy.extended_states = how & 1;
	vm.policy.aarch32 = how & 2;
	for (unsigned i = 0; i < VCPUS; i++) {
		vm.vcpus[i] = &vcpus[i];
		vcpus[i].vm = &vm;
		vcpus[i].id = i;
		vcpus[i].state = i == 0 ? VCPU_RUNNING : VCPU_OFF;
		vcpus[i].regs.pstate = PSTATE_EL1H;
	}
}

/* Before its tables are made: calls come to the defaults, but by the long way. */
static void call_without_tables(void)
{
	vcpus[0].regs.x[0] = PSCI_BASE;
	MUST(smccc_handle(&vcpus[0], SMCCC_SMC, 0) == EXIT_SKIP);
	MUST(vcpus[0].regs.x[0] >> 16 == 1);
	MUST(smccc_handle(&vcpus[0], SMCCC_HVC, 1) == EXIT_RESUME);
	MUST(vcpus[0].regs.x[0] == SMCCC_NOT_SUPPORTED);
}

/* A VM with a virtual EL2: every HVC is for that, and for nobody where a vCPU has none. */
static void call_reflected(void)
{
	static const struct vcpu_el2_ops any;
	struct vcpu *vcpu = &vcpus[0];

	no_memory = true;
	(void)call_tables_reflect_hvc(&vm);
	no_memory = false;
	MUST(call_tables_reflect_hvc(&vm) == OK);
	vcpu->regs.pstate = PSTATE_EL1H;
	vcpu->regs.x[0] = PSCI_BASE;
	MUST(smccc_handle(vcpu, SMCCC_HVC, 0) == EXIT_RESUME);
	MUST(vcpu->regs.x[0] == SMCCC_NOT_SUPPORTED);
	vcpu->el2 = &any;
	MUST(smccc_handle(vcpu, SMCCC_HVC, 1) == EXIT_REFLECT);
	vcpu->el2 = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input.data = data;
	input.size = input.left = size;
	if (!smccc_stub_hook)
		fake_cpu_reset();
	fake_reg(CNTPCT_EL0) = 0;
	smccc_stub_hook = service;
	any_rules(byte());
	create(byte());
	no_memory = true;
	MUST(psci_part.create(&vm) == ERR_NO_MEMORY);
	no_memory = false;
	MUST(psci_part.create(&vm) == OK);
	psci_part.reset(&vm);
	call_without_tables();
	no_memory = true;
	if (smccc_part.create(&vm) == OK)
		smccc_part.destroy(&vm);
	no_memory = false;
	MUST(smccc_part.create(&vm) == OK);
	for (unsigned i = 0; i < CALLS_MAX && input.left > 0; i++) {
		uint8_t how = byte(), more = byte();
		struct vcpu *vcpu = &vcpus[more % VCPUS];

		pending = more & 4;
		blocks = more & 8;
		if (more & 16)
			event(vcpu, how);
		else if (vcpu->state == VCPU_RUNNING)
			one_call(vcpu, how);
	}
	call_reflected();
	smccc_part.destroy(&vm);
	psci_part.destroy(&vm);
	return 0;
}
