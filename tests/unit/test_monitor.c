/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls that another VM answers: who gets which call, what an answer may change, and every end that
 * a call can have, in all states of the call and of its record.
 *
 * links: hyp/smccc/monitor.c hyp/smccc/monitor_record.c hyp/smccc/monitor_part.c hyp/base/bitmap.c
 * hyp/base/status.c hyp/base/format.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/timer/timer.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/smccc/monitor_state.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vm/inject.h"
#include "mm/page.h"
#include "tests/unit/fake/cpu.h"

#define HZ         1000000
#define TIMEOUT_MS 10
#define TICKS      (TIMEOUT_MS * HZ / 1000)
#define FUNCTION   UINT64_C(0xc2000001)
#define FUNCTION32 UINT64_C(0x82000001)
#define PC         UINT64_C(0x40001000)

enum { TEE, APP, WEB, PLAIN, NR_VMS };

/* ---- the rooms around it ---- */

static struct vm all_vms[NR_VMS];
static struct vcpu all_vcpus[NR_VMS][MAX_VCPUS];
struct vm *vms[MAX_VMS];
unsigned nr_vms;

static struct call_rule rules[4];
static unsigned nr_rules;
static unsigned wakes[NR_VMS][MAX_VCPUS];
static unsigned raised, logged, injected, allocations, pages_given;
static char last_log[256];
static bool pending;
static struct soft_timer *armed;
static enum status page_status, share_status, map_status;
static size_t fail_size;
static struct stage2_share last_share;
static struct line_config lines[2] = { { .name = "bell", .vm = "tee" },
	{ .name = "other", .vm = "app" } };
static char pages[MONITOR_RECORDS_SIZE];

const struct call_rule *call_rule_nth(unsigned n)
{
	return n < nr_rules ? &rules[n] : NULL;
}

void vcpu_wake(struct vcpu *vcpu)
{
	wakes[vcpu->vm->id][vcpu->id]++;
}

static unsigned hand_overs;

void vcpu_hand_over(struct vcpu *vcpu)
{
	hand_overs++;
	vcpu_wake(vcpu);
}

bool vgic_has_pending(struct vcpu *vcpu)
{
	assert_non_null(vcpu);
	return pending;
}

void timer_arm(struct soft_timer *timer, uint64_t deadline)
{
	armed = timer;
	timer->deadline = deadline;
}

void vcpu_log(struct vcpu *vcpu, const char *fmt, ...)
{
	va_list arguments;

	assert_non_null(vcpu);
	logged++;
	va_start(arguments, fmt);
	vsnprintf(last_log, sizeof(last_log), fmt, arguments);
	va_end(arguments);
}

void inject_undefined_at(struct vcpu *vcpu, uint64_t pc, uint64_t pstate)
{
	injected++;
	vcpu->regs.pc = pc;
	vcpu->regs.pstate = pstate;
}

enum exit_result smccc_not_supported(struct vcpu *vcpu, enum conduit conduit, uint32_t function)
{
	(void)function;
	vcpu->calls[CALL_REFUSED]++;
	return smccc_return(vcpu, conduit, SMCCC_NOT_SUPPORTED);
}

unsigned line_total(void)
{
	return ARRAY_SIZE(lines);
}

bool line_view(const struct vm *vm, unsigned n, struct line_view *view)
{
	view->config = &lines[n];
	return strcmp(lines[n].vm, vm->name) == 0;
}

struct line *line_find(const char *name)
{
	assert_string_equal(name, "bell");
	return (struct line *)&lines[0];
}

bool line_raise(struct line *line)
{
	assert_ptr_equal(line, &lines[0]);
	/* It takes the vGIC's lock, which may be taken with a monitor's held: but need not. */
	assert_false(spin_is_locked(&monitor_vm_of(&all_vms[TEE])->monitor->lock));
	raised++;
	return true;
}

void *mm_zalloc(size_t size)
{
	if (size == fail_size)
		return NULL;
	allocations++;
	return calloc(1, size);
}

void mm_free(void *memory, size_t size)
{
	(void)size;
	allocations -= memory != NULL;
	free(memory);
}

enum status page_alloc_contiguous(owner_t owner, unsigned n, pa_t *first)
{
	assert_int_equal(n * PAGE_SIZE, MONITOR_RECORDS_SIZE);
	assert_in_range(owner, OWNER_COUNT - MAX_VMS, OWNER_COUNT - 1);
	if (page_status == OK)
		pages_given++;
	memset(pages, 0, sizeof(pages));
	*first = PA((uintptr_t)pages);
	return page_status;
}

enum status page_free(pa_t first, uint64_t n, owner_t owner)
{
	assert_int_equal(first.pa, (uintptr_t)pages);
	assert_int_equal(n * PAGE_SIZE, MONITOR_RECORDS_SIZE);
	assert_int_equal(owner, last_share.owner);
	pages_given--;
	return OK;
}

enum status stage2_share(struct stage2 *s2, const struct stage2_share *share)
{
	assert_non_null(s2);
	last_share = *share;
	return share_status;
}

enum status stage2_map_share(struct stage2 *s2, ipa_t ipa, pa_t pa, uint64_t size)
{
	assert_non_null(s2);
	assert_int_equal(ipa.ipa, 0x0a310000);
	assert_int_equal(pa.pa, (uintptr_t)pages);
	assert_int_equal(size, KIB(64));
	return map_status;
}

struct timer_scale timer_scale;

/* ---- the machine ---- */

static struct vcpu *vcpu_of(unsigned vm, unsigned id)
{
	return &all_vcpus[vm][id];
}

static struct monitor *tee(void)
{
	return monitor_vm_of(&all_vms[TEE])->monitor;
}

static struct forward *call_of(struct vcpu *vcpu)
{
	return &monitor_vcpu_of(vcpu)->call;
}

static struct monitor_record *record_of(uint64_t ticket)
{
	return (struct monitor_record *)(void *)pages + (ticket & 0xff);
}

static void make_vm(unsigned id, const char *name, unsigned nr_vcpus)
{
	struct vm *vm = &all_vms[id];

	memset(vm, 0, sizeof(*vm));
	vm->id = id;
	strcpy(vm->name, name);
	vm->nr_vcpus = nr_vcpus;
	vm->state = VM_RUNNING;
	for (unsigned i = 0; i < nr_vcpus; i++) {
		memset(&all_vcpus[id][i], 0, sizeof(all_vcpus[id][i]));
		vm->vcpus[i] = &all_vcpus[id][i];
		vm->vcpus[i]->vm = vm;
		vm->vcpus[i]->id = i;
		vm->vcpus[i]->cpu = &cpus[0];
		vm->vcpus[i]->regs.pstate = PSTATE_EL1H;
		vm->vcpus[i]->regs.pc = PC;
	}
	vms[id] = vm;
}

static void add_rule(const char *vm, const char *monitor, const char *line)
{
	struct call_rule *rule = &rules[nr_rules++];

	*rule = (struct call_rule){
		.smc = true, .hvc = true, .action = CALL_TO_MONITOR, .timeout_ms = TIMEOUT_MS
	};
	snprintf(rule->name, sizeof(rule->name), "rule%u", nr_rules);
	strcpy(rule->vm, vm);
	strcpy(rule->monitor, monitor);
	strcpy(rule->line, line);
}

static void make_parts(void)
{
	for (unsigned i = 0; i < nr_vms; i++)
		assert_int_equal(monitor_part.create(vms[i]), OK);
	monitor_connect();
	memset(wakes, 0, sizeof(wakes));
}

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	fake_cpu_count(2);
	timer_scale = (struct timer_scale){ .hz = HZ, .ticks_per_ns = (1ull << 32) / 1000 + 1 };
	fake_reg(CNTPCT_EL0) = 1000;
	nr_rules = raised = logged = injected = hand_overs = 0;
	pending = false;
	armed = NULL;
	fail_size = 0;
	page_status = share_status = map_status = OK;
	nr_vms = NR_VMS;
	make_vm(TEE, "tee", 3);
	make_vm(APP, "app", 3);
	make_vm(WEB, "web", 2);
	make_vm(PLAIN, "plain", 1);
	add_rule("app", "tee", "bell");
	add_rule("web", "tee", "");
	make_parts();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned i = 0; i < nr_vms; i++) {
		monitor_part.destroy(vms[i]);
		assert_null(vms[i]->part[PART_MONITOR]);
		assert_null(vms[i]->vcpus[0]->part[PART_MONITOR]);
	}
	assert_int_equal(allocations, 0);
	assert_int_equal(pages_given, 0);
	return 0;
}

static const struct call_rule *rule_of(const struct vcpu *vcpu)
{
	return &rules[vcpu->vm->id == APP ? 0 : 1];
}

/* A caller's registers: xn = n * 0x100000001, but the function. */
static void fill(struct vcpu *vcpu, uint64_t function)
{
	for (unsigned i = 0; i < 31; i++)
		vcpu->regs.x[i] = i * UINT64_C(0x100000001);
	vcpu->regs.x[0] = function;
	vcpu->regs.pc = PC;
}

static enum exit_result forward(struct vcpu *vcpu)
{
	fill(vcpu, FUNCTION);
	return monitor_forward(vcpu, SMCCC_HVC, rule_of(vcpu), 0);
}

static void begin(struct vcpu *vcpu)
{
	assert_int_equal(forward(vcpu), EXIT_WAIT);
	assert_non_null(vcpu->wait_over);
	assert_false(vcpu->wait_over(vcpu));
	assert_int_equal(vcpu->regs.x[0], FUNCTION);
}

/* MONITOR_NEXT, by a vCPU of the monitor's. */
static enum exit_result next(unsigned id, uint64_t ticket, uint64_t flags)
{
	struct vcpu *vcpu = vcpu_of(TEE, id);

	vcpu->regs.x[0] = 0xc6000011;
	vcpu->regs.x[1] = ticket;
	vcpu->regs.x[2] = flags;
	return monitor_next(vcpu, SMCCC_HVC, 0xc6000011);
}

/* What it returns at once. */
static uint64_t next_now(unsigned id, uint64_t ticket)
{
	assert_int_equal(next(id, ticket, MONITOR_DONT_WAIT), EXIT_RESUME);
	assert_null(vcpu_of(TEE, id)->wait_over);
	return vcpu_of(TEE, id)->regs.x[0];
}

static uint64_t take_call(void)
{
	uint64_t ticket = next_now(0, MONITOR_NO_TICKET);

	assert_true((int64_t)ticket > 0);
	return ticket;
}

static void wait_for_call(unsigned id)
{
	assert_int_equal(next(id, MONITOR_NO_TICKET, 0), EXIT_WAIT);
	assert_non_null(vcpu_of(TEE, id)->wait_over);
}

static void assert_goes_on(struct vcpu *vcpu, uint64_t x0)
{
	assert_non_null(vcpu->wait_over);
	assert_true(vcpu->wait_over(vcpu));
	assert_null(vcpu->wait_over);
	assert_int_equal(vcpu->regs.x[0], x0);
	if (vcpu->vm->id != TEE)
		assert_int_equal(call_of(vcpu)->state, FORWARD_NONE);
}

static void assert_unchanged_from(const struct vcpu *vcpu, unsigned first)
{
	for (unsigned i = first; i < 31; i++)
		assert_int_equal(vcpu->regs.x[i], i * UINT64_C(0x100000001));
	assert_int_equal(vcpu->regs.pc, PC);
	assert_int_equal(vcpu->regs.pstate, PSTATE_EL1H);
}

/* The alarm, at that time. */
static void fire(uint64_t now)
{
	struct soft_timer *timer = armed;

	assert_non_null(timer);
	fake_reg(CNTPCT_EL0) = now;
	armed = NULL;
	timer->fn(timer);
}

/* ---- who is a monitor ---- */

static void test_made(void **state)
{
	(void)state;
	assert_true(monitor_is_named("tee"));
	assert_false(monitor_is_named("app"));
	assert_false(monitor_is_named("te"));
	rules[0].action = CALL_TO_FIRMWARE;
	rules[1].action = CALL_DENY;
	assert_false(monitor_is_named("tee"));
	rules[0].action = rules[1].action = CALL_TO_MONITOR;
	assert_null(all_vms[PLAIN].part[PART_MONITOR]);
	assert_non_null(tee());
	assert_null(monitor_vm_of(&all_vms[APP])->monitor);
	assert_int_equal(last_share.ipa.ipa, MONITOR_RECORDS_BASE);
	assert_int_equal(last_share.size, KIB(64));
	assert_int_equal(last_share.prot, MEM_RW);
	assert_true(last_share.cached);
	assert_int_equal(logged, 0);
	assert_int_equal(fake_log_messages, 0);
}

static void test_not_made(void **state)
{
	struct vm *vm = &all_vms[TEE];
	static const struct {
		enum status page, share, map, expected;
	} rows[] = {
		{ ERR_NO_MEMORY, OK, OK, ERR_NO_MEMORY },
		{ OK, ERR_EXISTS, OK, ERR_EXISTS },
		{ OK, OK, ERR_NO_MEMORY, ERR_NO_MEMORY },
	};
	const size_t sizes[] = { sizeof(struct monitor), sizeof(struct monitor_vm),
		3 * sizeof(struct monitor_vcpu) };

	(void)state;
	monitor_part.destroy(vm);
	unsigned before = allocations;

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		page_status = rows[i].page;
		share_status = rows[i].share;
		map_status = rows[i].map;
		assert_int_equal(monitor_part.create(vm), rows[i].expected);
		assert_null(vm->part[PART_MONITOR]);
		assert_int_equal(allocations, before);
		assert_int_equal(pages_given, 0);
	}
	page_status = share_status = map_status = OK;
	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		fail_size = sizes[i];
		assert_int_equal(monitor_part.create(vm), ERR_NO_MEMORY);
		assert_null(vm->part[PART_MONITOR]);
		assert_int_equal(allocations, before);
	}
	fail_size = 0;
}

static void test_connect(void **state)
{
	(void)state;
	assert_non_null(monitor_vm_of(&all_vms[APP])->bindings[0].line);
	assert_null(monitor_vm_of(&all_vms[WEB])->bindings[0].line);
	assert_int_equal(monitor_vm_of(&all_vms[APP])->bindings[0].timeout, TICKS);
	/* A line that is another VM's. */
	strcpy(rules[1].line, "other");
	monitor_connect();
	assert_null(monitor_vm_of(&all_vms[WEB])->bindings[0].line);
	assert_non_null(strstr(fake_log, "VM tee has no line other"));
	/* A monitor that was not made, and a VM that is none. */
	strcpy(rules[1].monitor, "gone");
	monitor_connect();
	assert_non_null(strstr(fake_log, "rule2: no VM gone was made"));
	assert_int_equal(forward(vcpu_of(WEB, 0)), EXIT_RESUME);
	assert_int_equal(vcpu_of(WEB, 0)->regs.x[0], (uint64_t)-1);
	strcpy(rules[1].monitor, "app");
	monitor_connect();
	assert_int_equal(forward(vcpu_of(WEB, 0)), EXIT_RESUME);
	assert_int_equal(vcpu_of(WEB, 0)->calls[CALL_UNANSWERED], 2);
}

static void test_version(void **state)
{
	struct vcpu *vcpu = vcpu_of(TEE, 0);

	(void)state;
	assert_int_equal(monitor_version(vcpu, SMCCC_SMC, 0xc6000010), EXIT_SKIP);
	assert_int_equal(vcpu->regs.x[0], 0x10000);
	assert_int_equal(vcpu->regs.x[1], 0x0a310000);
	assert_int_equal(vcpu->regs.x[2], 256);
	vcpu = vcpu_of(APP, 0);
	fill(vcpu, 0xc6000010);
	assert_int_equal(monitor_version(vcpu, SMCCC_HVC, 0xc6000010), EXIT_RESUME);
	assert_int_equal(vcpu->regs.x[0], (uint64_t)-1);
	assert_unchanged_from(vcpu, 1);
}

/* ---- a call, and its answer ---- */

static void test_record(void **state)
{
	struct vcpu *caller = vcpu_of(APP, 2);
	const struct monitor_record *record;
	uint64_t ticket;

	(void)state;
	fill(caller, FUNCTION);
	assert_int_equal(monitor_forward(caller, SMCCC_SMC, &rules[0], 0), EXIT_WAIT);
	ticket = take_call();
	record = record_of(ticket);
	assert_memory_equal(record->x, caller->regs.x, 18 * 8);
	assert_int_equal(record->flags, 0);
	assert_int_equal(record->ticket, ticket);
	assert_int_equal(record->address, PC);
	assert_int_equal(record->pstate, PSTATE_EL1H);
	assert_int_equal(record->esr, 0x5e000000);
	assert_int_equal(record->vm, APP);
	assert_int_equal(record->vcpu, 2);
	assert_int_equal(record->conduit, 0);
	assert_int_equal(record->immediate, 0);
	assert_int_equal(record->calling, 0);
	assert_int_equal(record->function, FUNCTION);
	assert_string_equal((const char *)record->name, "app");
	assert_int_equal(next_now(0, ticket), MONITOR_NO_CALL);
	assert_goes_on(caller, FUNCTION);

	/* An HVC is past itself; its immediate; a 32-bit call. */
	fill(caller, FUNCTION32);
	assert_int_equal(monitor_forward(caller, SMCCC_HVC, &rules[0], 0), EXIT_WAIT);
	ticket = take_call();
	record = record_of(ticket);
	assert_int_equal(record->address, PC - 4);
	assert_int_equal(record->esr, 0x5a000000);
	assert_int_equal(record->conduit, 1);
	assert_int_equal(record->calling, MONITOR_CALL_32);
	for (unsigned i = 1; i < 18; i++)
		assert_int_equal(record->x[i], i);
	assert_int_equal(next_now(0, ticket), MONITOR_NO_CALL);
	assert_goes_on(caller, FUNCTION32);
	assert_unchanged_from(caller, 1);
	assert_int_equal(monitor_forward(caller, SMCCC_HVC, &rules[0], 0xbeef), EXIT_WAIT);
	record = record_of(take_call());
	assert_int_equal(record->immediate, 0xbeef);
	assert_int_equal(record->function, 0);
	assert_int_equal(record->esr, 0x5a00beef);
	assert_int_equal(record->calling, 0);
	assert_int_equal(record->x[3], UINT64_C(0x300000003));
}

/* A call is known by its function, whatever else is in x0. */
static void test_function(void **state)
{
	static const struct {
		uint64_t x0;
		uint32_t function;
	} calls[] = { { 0xc2010001, 0xc2000001 }, { UINT64_C(0xffffffffc2000001), 0xc2000001 },
		{ UINT64_C(0x1234567882010001), 0x82000001 }, { 0x02010001, 0x02010001 } };
	struct vcpu *caller = vcpu_of(APP, 0);

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		uint64_t ticket;

		fill(caller, calls[i].x0);
		assert_int_equal(monitor_forward(caller, SMCCC_SMC, &rules[0], 0), EXIT_WAIT);
		ticket = take_call();
		assert_int_equal(record_of(ticket)->function, calls[i].function);
		assert_int_equal(next_now(0, ticket), MONITOR_NO_CALL);
		assert_goes_on(caller, calls[i].x0);
	}
}

static void test_aarch32(void **state)
{
	struct vcpu *caller = vcpu_of(APP, 0);
	struct monitor_record *record;

	(void)state;
	for (unsigned smc = 0; smc < 2; smc++) {
		uint64_t ticket;

		fill(caller, FUNCTION32);
		caller->regs.pstate = PSTATE_NRW | 0x13;
		assert_int_equal(monitor_forward(caller, smc ? SMCCC_SMC : SMCCC_HVC, &rules[0], 7),
			EXIT_WAIT);
		ticket = take_call();
		record = record_of(ticket);
		assert_int_equal(record->esr, smc ? 0x4e000007 : 0x4a000007);
		assert_int_equal(record->calling, MONITOR_CALL_AARCH32 | MONITOR_CALL_32);
		for (unsigned i = 1; i < 18; i++)
			assert_int_equal(record->x[i], i <= 12 ? i : 0);
		for (unsigned i = 0; i < 18; i++)
			record->x[i] = UINT64_C(0xff00000050) + i;
		assert_int_equal(next_now(0, ticket), MONITOR_NO_CALL);
		assert_goes_on(caller, 0x50);
		for (unsigned i = 1; i < 31; i++)
			assert_int_equal(
				caller->regs.x[i], i < 8 ? 0x50 + i : i * UINT64_C(0x100000001));
	}
	caller->regs.pstate = PSTATE_EL1H;
}

static void test_results(void **state)
{
	struct vcpu *caller = vcpu_of(APP, 0);
	struct monitor_record *record;
	uint64_t ticket;

	(void)state;
	begin(caller);
	ticket = take_call();
	record = record_of(ticket);
	memset(record, 0xa5, sizeof(*record));
	record->flags = 0;
	for (unsigned i = 0; i < 18; i++)
		record->x[i] = UINT64_MAX - i;
	assert_int_equal(next_now(0, ticket), MONITOR_NO_CALL);
	assert_int_equal(wakes[APP][0], 1);
	assert_goes_on(caller, UINT64_MAX);
	for (unsigned i = 0; i < 18; i++)
		assert_int_equal(caller->regs.x[i], UINT64_MAX - i);
	assert_unchanged_from(caller, 18);

	/* 32 bits: eight results; what doesn't change keeps its upper half. */
	fill(caller, FUNCTION32);
	assert_int_equal(monitor_forward(caller, SMCCC_HVC, &rules[0], 0), EXIT_WAIT);
	ticket = take_call();
	record = record_of(ticket);
	for (unsigned i = 0; i < 18; i++)
		record->x[i] = i == 5 ? 5 : UINT64_C(0x1200000077) + i;
	assert_int_equal(next_now(0, ticket), MONITOR_NO_CALL);
	assert_goes_on(caller, 0x77);
	assert_int_equal(caller->regs.x[1], 0x78);
	assert_int_equal(caller->regs.x[5], UINT64_C(0x500000005));
	assert_int_equal(caller->regs.x[7], 0x7e);
	assert_unchanged_from(caller, 8);
	assert_int_equal(injected, 0);
}

static void test_undefined(void **state)
{
	struct vcpu *caller = vcpu_of(APP, 0);
	uint64_t ticket;

	(void)state;
	begin(caller);
	ticket = take_call();
	record_of(ticket)->flags = MONITOR_ANSWER_UNDEFINED;
	record_of(ticket)->x[0] = 1;
	caller->regs.pstate = PSTATE_EL1H | PSTATE_Z;
	assert_int_equal(next_now(0, ticket), MONITOR_NO_CALL);
	assert_int_equal(injected, 0); /* not before it is loaded */
	assert_goes_on(caller, FUNCTION);
	assert_int_equal(injected, 1);
	assert_int_equal(caller->regs.pc, PC - 4);
	assert_int_equal(caller->regs.pstate, PSTATE_EL1H);
	/* The next one isn't. */
	begin(caller);
	assert_int_equal(next_now(0, take_call()), MONITOR_NO_CALL);
	assert_goes_on(caller, FUNCTION);
	assert_int_equal(injected, 1);
}

/* ---- waiting for calls ---- */

static void test_handed_over(void **state)
{
	struct vcpu *caller = vcpu_of(APP, 0), *server = vcpu_of(TEE, 1);
	uint64_t ticket;

	(void)state;
	wait_for_call(1);
	assert_false(server->wait_over(server));
	begin(caller);
	assert_int_equal(wakes[TEE][1], 1);
	assert_int_equal(raised, 0); /* nobody need be told */
	assert_int_equal(call_of(caller)->state, FORWARD_TAKEN);
	ticket = monitor_vcpu_of(server)->handed;
	assert_goes_on(server, ticket);
	assert_int_equal(record_of(ticket)->x[0], FUNCTION);
	/* Answers, and waits for the next: whoever is going to wait gives its turn to the other. */
	assert_int_equal(hand_overs, 1);
	record_of(ticket)->x[0] = 5;
	assert_int_equal(next(1, ticket, 0), EXIT_WAIT);
	assert_int_equal(hand_overs, 2);
	assert_goes_on(caller, 5);
	assert_false(server->wait_over(server));
	assert_int_equal(server->regs.x[0], 0xc6000011);
}

/* A call that is there is returned at once; in the order of arrival. */
static void test_order(void **state)
{
	static const struct {
		unsigned vm, vcpu;
	} order[] = { { APP, 1 }, { WEB, 0 }, { APP, 0 }, { WEB, 1 }, { APP, 2 } };
	uint64_t ticket = MONITOR_NO_TICKET;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(order); i++)
		begin(vcpu_of(order[i].vm, order[i].vcpu));
	assert_int_equal(raised, 3); /* the rule of "web" has no line */
	for (unsigned i = 0; i < ARRAY_SIZE(order); i++) {
		ticket = next_now(i % 3, ticket);
		assert_int_equal(record_of(ticket)->vm, order[i].vm);
		assert_int_equal(record_of(ticket)->vcpu, order[i].vcpu);
	}
	assert_int_equal(next_now(0, ticket), MONITOR_NO_CALL);
	for (unsigned i = 0; i < ARRAY_SIZE(order); i++)
		assert_goes_on(vcpu_of(order[i].vm, order[i].vcpu), FUNCTION);
}

static void test_several_wait(void **state)
{
	(void)state;
	wait_for_call(0);
	wait_for_call(1);
	wait_for_call(2);
	/* This CPU's own first, else the first. */
	vcpu_of(TEE, 0)->cpu = vcpu_of(TEE, 2)->cpu = &cpus[1];
	begin(vcpu_of(APP, 0));
	assert_int_equal(wakes[TEE][1], 1);
	begin(vcpu_of(APP, 1));
	assert_int_equal(wakes[TEE][0], 1);
	begin(vcpu_of(APP, 2));
	assert_int_equal(wakes[TEE][2], 1);
	begin(vcpu_of(WEB, 0));
	assert_int_equal(call_of(vcpu_of(WEB, 0))->state, FORWARD_QUEUED);
	assert_goes_on(vcpu_of(TEE, 1), 1 << 8);
	assert_goes_on(vcpu_of(TEE, 0), 2 << 8 | 1);
	assert_goes_on(vcpu_of(TEE, 2), 3 << 8 | 2);
	/* In any order, by any of them. */
	assert_int_equal(next_now(0, 3 << 8 | 2), 4 << 8 | 2);
	assert_int_equal(next_now(0, 1 << 8), MONITOR_NO_CALL);
	assert_goes_on(vcpu_of(APP, 2), FUNCTION);
	assert_goes_on(vcpu_of(APP, 0), FUNCTION);
	assert_false(vcpu_of(APP, 1)->wait_over(vcpu_of(APP, 1)));
}

static void test_interrupted(void **state)
{
	struct vcpu *server = vcpu_of(TEE, 0);

	(void)state;
	/* Before it waits. */
	pending = true;
	assert_int_equal(next(0, MONITOR_NO_TICKET, 0), EXIT_RESUME);
	assert_int_equal(server->regs.x[0], MONITOR_INTERRUPTED);
	assert_null(server->wait_over);
	/* While it does: calls that come then wait for the next one. */
	pending = false;
	wait_for_call(0);
	pending = true;
	assert_goes_on(server, MONITOR_INTERRUPTED);
	begin(vcpu_of(APP, 0));
	assert_int_equal(wakes[TEE][0], 0);
	assert_int_equal(call_of(vcpu_of(APP, 0))->state, FORWARD_QUEUED);
	assert_int_equal(raised, 1);
	/* A call is more than an interrupt, which comes by itself. */
	assert_int_equal(next(0, MONITOR_NO_TICKET, 0), EXIT_RESUME);
	assert_int_equal(server->regs.x[0], 1 << 8);
	/* Both at once. */
	pending = false;
	assert_int_equal(next(0, 1 << 8, 0), EXIT_WAIT);
	begin(vcpu_of(APP, 1));
	pending = true;
	assert_goes_on(server, 2 << 8);
	/* It answers one and is interrupted: the answer counts. */
	assert_int_equal(next(0, 2 << 8, 0), EXIT_RESUME);
	assert_int_equal(server->regs.x[0], MONITOR_INTERRUPTED);
	assert_goes_on(vcpu_of(APP, 1), FUNCTION);
	/* So does what its parts have for the guest. */
	pending = false;
	wait_for_call(1);
	assert_false(vcpu_of(TEE, 1)->wait_over(vcpu_of(TEE, 1)));
	vcpu_of(TEE, 1)->parts_wait = true;
	assert_goes_on(vcpu_of(TEE, 1), MONITOR_INTERRUPTED);
}

/* ---- what is refused ---- */

static void test_bad_answers(void **state)
{
	struct vcpu *caller = vcpu_of(APP, 0);
	struct monitor_view view;
	uint64_t ticket;

	(void)state;
	/* Nothing was taken. */
	assert_int_equal(next_now(0, 0), MONITOR_INVALID);
	assert_int_equal(next_now(0, 1), MONITOR_INVALID);
	assert_int_equal(next_now(0, 1 << 8), MONITOR_INVALID);
	assert_int_equal(next_now(0, UINT64_MAX - 1), MONITOR_INVALID);
	begin(caller);
	assert_int_equal(next_now(0, 1 << 8), MONITOR_INVALID);
	assert_int_equal(call_of(caller)->state, FORWARD_QUEUED);
	ticket = take_call();
	/* Another record, another ticket of this one. */
	assert_int_equal(next_now(0, ticket + 1), MONITOR_INVALID);
	assert_int_equal(next_now(0, ticket + 0x100), MONITOR_INVALID);
	assert_int_equal(next_now(0, ticket - 0x100), MONITOR_INVALID);
	/* Flags of the call, flags of the answer: nothing changes, and it may be answered. */
	assert_int_equal(next(0, ticket, 2), EXIT_RESUME);
	assert_int_equal(vcpu_of(TEE, 0)->regs.x[0], MONITOR_INVALID);
	assert_int_equal(next(0, ticket, UINT64_C(1) << 63), EXIT_RESUME);
	assert_int_equal(vcpu_of(TEE, 0)->regs.x[0], MONITOR_INVALID);
	record_of(ticket)->flags = 2;
	assert_int_equal(next_now(0, ticket), MONITOR_INVALID);
	record_of(ticket)->flags = UINT64_C(1) << 32 | MONITOR_ANSWER_UNDEFINED;
	assert_int_equal(next_now(0, ticket), MONITOR_INVALID);
	assert_int_equal(call_of(caller)->state, FORWARD_TAKEN);
	assert_false(call_of(caller)->undefined);
	assert_int_equal(wakes[APP][0], 0);
	record_of(ticket)->flags = 0;
	assert_int_equal(next_now(0, ticket), MONITOR_NO_CALL);
	assert_int_equal(wakes[APP][0], 1);
	/* Twice: before the caller has gone on, and after. */
	record_of(ticket)->x[0] = 9;
	assert_int_equal(next_now(0, ticket), MONITOR_INVALID);
	assert_goes_on(caller, FUNCTION);
	assert_int_equal(next_now(0, ticket), MONITOR_INVALID);
	assert_int_equal(wakes[APP][0], 1);
	/* An invalid one waits for nothing. */
	assert_int_equal(next(0, ticket, 0), EXIT_RESUME);
	assert_int_equal(tee()->waiting, 0);
	assert_true(monitor_view(&all_vms[TEE], &view));
	assert_int_equal(view.taken, 1);
	assert_int_equal(view.answered, 1);
	assert_int_equal(view.late, 11);
	assert_false(monitor_view(&all_vms[APP], &view));
	assert_false(monitor_view(&all_vms[PLAIN], &view));
}

/* A VM that is no monitor: a caller, and one that has nothing to do with it. */
static void test_no_monitor(void **state)
{
	(void)state;
	for (unsigned vm = APP; vm <= PLAIN; vm++) {
		struct vcpu *vcpu = vcpu_of(vm, 0);

		fill(vcpu, 0xc6000011);
		assert_int_equal(monitor_next(vcpu, SMCCC_SMC, 0xc6000011), EXIT_SKIP);
		assert_int_equal(vcpu->regs.x[0], (uint64_t)-1);
		assert_unchanged_from(vcpu, 1);
		assert_int_equal(vcpu->calls[CALL_REFUSED], 1);
	}
}

static void test_not_running(void **state)
{
	static const struct {
		enum vm_state state;
		enum vm_end end;
		bool there;
	} rows[] = {
		{ VM_STOPPED, VM_END_POWER_OFF, false },
		{ VM_WAITING, VM_END_NONE, false },
		{ VM_LOADING, VM_END_NONE, false },
		{ VM_STOPPING, VM_END_STOPPED, false },
		{ VM_RESETTING, VM_END_RESET, false },
		{ VM_PAUSING, VM_END_FAULT, false },
		{ VM_PAUSED, VM_END_FAULT, false },
		{ VM_PAUSING, VM_END_NONE, true },
		{ VM_PAUSED, VM_END_NONE, true },
		{ VM_RUNNING, VM_END_RESET, true },
	};
	struct vcpu *caller = vcpu_of(WEB, 1);
	unsigned refused = 0;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		all_vms[TEE].state = rows[i].state;
		all_vms[TEE].end = rows[i].end;
		if (rows[i].there) {
			begin(caller);
			monitor_cancel(call_of(caller));
			continue;
		}
		assert_int_equal(forward(caller), EXIT_RESUME);
		assert_int_equal(caller->regs.x[0], (uint64_t)-1);
		assert_null(caller->wait_over);
		assert_unchanged_from(caller, 1);
		assert_int_equal(call_of(caller)->state, FORWARD_NONE);
		assert_int_equal(caller->calls[CALL_UNANSWERED], ++refused);
		assert_int_equal(logged, refused);
	}
	/* A call under a rule of another VM: Lintel's own mistake, with no other effect. */
	assert_int_equal(monitor_forward(caller, SMCCC_SMC, &rules[0], 0), EXIT_SKIP);
}

/* ---- ends without an answer ---- */

static void test_timeout(void **state)
{
	struct vcpu *queued = vcpu_of(APP, 0), *taken = vcpu_of(APP, 1);
	uint64_t ticket;

	(void)state;
	begin(taken);
	assert_int_equal(armed->deadline, 1000 + TICKS);
	ticket = take_call();
	fake_reg(CNTPCT_EL0) = 1500;
	begin(queued);
	/* One alarm, for the first. */
	assert_int_equal(armed->deadline, 1000 + TICKS);
	fire(1000 + TICKS - 1); /* too early: nothing, and again */
	assert_int_equal(armed->deadline, 1000 + TICKS);
	assert_int_equal(wakes[APP][1], 0);
	fire(1000 + TICKS);
	assert_int_equal(wakes[APP][1], 1);
	assert_goes_on(taken, (uint64_t)-1);
	assert_unchanged_from(taken, 1);
	assert_int_equal(taken->calls[CALL_UNANSWERED], 1);
	assert_int_equal(logged, 1);
	assert_non_null(strstr(last_log, "HVC #0x0 (x0 = 0xc2000001) from VM tee"));
	assert_false(queued->wait_over(queued));
	assert_int_equal(armed->deadline, 1500 + TICKS);
	/* The late answer. Its record comes back by it. */
	record_of(ticket)->x[0] = 3;
	assert_int_equal(bitmap_test(tee()->free, ticket & 0xff), false);
	assert_int_equal(next_now(0, ticket), MONITOR_INVALID);
	assert_true(bitmap_test(tee()->free, ticket & 0xff));
	assert_int_equal(next_now(0, ticket), MONITOR_INVALID);
	assert_int_equal(taken->regs.x[0], (uint64_t)-1);
	fire(1500 + TICKS);
	assert_goes_on(queued, (uint64_t)-1);
	assert_null(armed);
	assert_int_equal(tee()->alarm_at, TIMER_NEVER);
	assert_int_equal(next_now(0, MONITOR_NO_TICKET), MONITOR_NO_CALL);
	/* A longer one doesn't move the alarm, a shorter one does. */
	monitor_vm_of(&all_vms[WEB])->bindings[0].timeout = 10;
	fake_reg(CNTPCT_EL0) = 20000;
	begin(vcpu_of(APP, 0));
	begin(vcpu_of(WEB, 0));
	assert_int_equal(armed->deadline, 20010);
	begin(vcpu_of(APP, 1));
	assert_int_equal(armed->deadline, 20010);
}

/* It answers at the same time: one of the two is first. */
static void test_answer_and_timeout(void **state)
{
	struct vcpu *caller = vcpu_of(APP, 0);
	uint64_t ticket;

	(void)state;
	begin(caller);
	ticket = take_call();
	record_of(ticket)->x[0] = 7;
	assert_int_equal(next_now(0, ticket), MONITOR_NO_CALL);
	fire(1000 + TICKS);
	assert_int_equal(wakes[APP][0], 1);
	assert_goes_on(caller, 7);
	assert_int_equal(caller->calls[CALL_UNANSWERED], 0);
	/* Its time is up when it was handed over, but not picked up yet. */
	fake_reg(CNTPCT_EL0) = 50000;
	wait_for_call(0);
	begin(caller);
	fire(50000 + TICKS);
	assert_goes_on(caller, (uint64_t)-1);
	ticket = monitor_vcpu_of(vcpu_of(TEE, 0))->handed;
	assert_goes_on(vcpu_of(TEE, 0), ticket);
	assert_int_equal(next_now(0, ticket), MONITOR_INVALID);
}

/* A monitor that never answers keeps no records: the first that was abandoned is taken again. */
static void test_never(void **state)
{
	struct vcpu *caller = vcpu_of(APP, 0);
	uint64_t first = 0;

	(void)state;
	for (unsigned i = 0; i < MONITOR_RECORDS + 2; i++) {
		uint64_t ticket, now = fake_reg(CNTPCT_EL0);

		begin(caller);
		ticket = take_call();
		if (i == 0)
			first = ticket;
		assert_int_equal(ticket & 0xff, i % MONITOR_RECORDS);
		fire(now + TICKS);
		assert_goes_on(caller, (uint64_t)-1);
	}
	assert_int_equal(next_now(0, first), MONITOR_INVALID);
	assert_int_equal(next_now(0, first + (MONITOR_RECORDS << 8)), MONITOR_INVALID);
	assert_true(bitmap_test(tee()->free, first & 0xff));
	assert_int_equal(caller->calls[CALL_UNANSWERED], MONITOR_RECORDS + 2);
}

/* All records in use: the next one waits until one is free, by an answer or by a timeout. */
static void test_no_record(void **state)
{
	struct vcpu *server = vcpu_of(TEE, 0);

	(void)state;
	for (unsigned i = 0; i < MONITOR_RECORDS; i++) {
		tee()->slots[i].call = call_of(vcpu_of(WEB, 0));
		tee()->slots[i].ticket = i + 1;
		bitmap_clear(tee()->free, i);
	}
	begin(vcpu_of(APP, 0));
	assert_int_equal(next_now(1, MONITOR_NO_TICKET), MONITOR_NO_CALL);
	wait_for_call(0);
	begin(vcpu_of(APP, 1));
	assert_int_equal(call_of(vcpu_of(APP, 0))->state, FORWARD_QUEUED);
	assert_int_equal(wakes[TEE][0], 0);
	/* One is abandoned: the alarm finds a record for the one that waits. */
	tee()->slots[17].call = NULL;
	call_of(vcpu_of(APP, 1))->deadline = 1;
	fire(2000);
	assert_goes_on(vcpu_of(APP, 1), (uint64_t)-1);
	assert_int_equal(wakes[TEE][0], 1);
	assert_goes_on(server, 1 << 8 | 17);
	assert_int_equal(call_of(vcpu_of(APP, 0))->state, FORWARD_TAKEN);
	for (unsigned i = 0; i < MONITOR_RECORDS; i++) {
		if (i != 17)
			tee()->slots[i].call = NULL;
	}
}

/* The caller's VM stops or restarts, in each state of its calls. */
static void test_caller_reset(void **state)
{
	struct vcpu *queued = vcpu_of(APP, 0), *taken = vcpu_of(APP, 1), *ended = vcpu_of(APP, 2);
	uint64_t ticket, other;

	(void)state;
	monitor_part.reset(&all_vms[PLAIN]);
	monitor_part.reset(&all_vms[APP]); /* none has ever called */
	begin(taken);
	ticket = take_call();
	begin(ended);
	other = take_call();
	assert_int_equal(next_now(1, other), MONITOR_NO_CALL);
	begin(queued);
	begin(vcpu_of(WEB, 0));
	monitor_part.reset(&all_vms[APP]);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(call_of(vcpu_of(APP, i))->state, FORWARD_NONE);
	assert_true(list_empty(&tee()->taken));
	/* The late answer; others' calls go on; and its next life calls again. */
	memset(queued->regs.x, 0, sizeof(queued->regs.x));
	memset(taken->regs.x, 0, sizeof(taken->regs.x));
	assert_int_equal(next_now(0, ticket), MONITOR_INVALID);
	assert_int_equal(taken->regs.x[0], 0);
	assert_int_equal(record_of(take_call())->vm, WEB);
	assert_int_equal(next_now(0, MONITOR_NO_TICKET), MONITOR_NO_CALL);
	begin(taken);
	ticket = take_call();
	assert_int_equal(next_now(0, ticket), MONITOR_NO_CALL);
	assert_goes_on(taken, FUNCTION);
	assert_int_equal(taken->calls[CALL_UNANSWERED], 0);
	/* The alarm finds nothing of it. */
	begin(queued);
	monitor_part.reset(&all_vms[APP]);
	monitor_part.reset(&all_vms[WEB]);
	fire(1000 + 2 * TICKS);
	assert_int_equal(wakes[APP][0], 0);
	assert_null(armed);
}

/* The monitor stops, crashes or restarts. */
static void test_monitor_reset(void **state)
{
	struct vcpu *queued = vcpu_of(APP, 0), *taken = vcpu_of(APP, 1), *late = vcpu_of(APP, 2);
	struct vcpu *server = vcpu_of(TEE, 2);
	uint64_t ticket, before;

	(void)state;
	begin(late);
	before = take_call();
	fire(1000 + TICKS);
	assert_goes_on(late, (uint64_t)-1);
	begin(taken);
	ticket = take_call();
	wait_for_call(2);
	begin(vcpu_of(WEB, 0)); /* handed over, not picked up */
	begin(queued);
	all_vms[TEE].state = VM_RESETTING;
	monitor_part.reset(&all_vms[TEE]);
	assert_goes_on(queued, (uint64_t)-1);
	assert_goes_on(taken, (uint64_t)-1);
	assert_goes_on(vcpu_of(WEB, 0), (uint64_t)-1);
	assert_int_equal(queued->calls[CALL_UNANSWERED], 1);
	assert_int_equal(monitor_vcpu_of(server)->handed, 0);
	assert_int_equal(bitmap_find_clear(tee()->free, MONITOR_RECORDS, 0), MONITOR_RECORDS);
	/* Its next life knows nothing of it. */
	all_vms[TEE].state = VM_RUNNING;
	server->wait_over = NULL;
	wait_for_call(1);
	monitor_part.reset(&all_vms[TEE]);
	assert_int_equal(tee()->waiting, 0);
	vcpu_of(TEE, 1)->wait_over = NULL;
	assert_int_equal(next_now(0, ticket), MONITOR_INVALID);
	assert_int_equal(next_now(0, before), MONITOR_INVALID);
	begin(queued);
	assert_int_equal(wakes[TEE][1], 0);
	ticket = take_call();
	assert_int_equal(next_now(0, ticket), MONITOR_NO_CALL);
	assert_goes_on(queued, FUNCTION);
}

/* Paused it keeps its calls, but not when it has crashed: it is not resumed then. */
static void test_monitor_paused(void **state)
{
	struct vcpu *queued = vcpu_of(APP, 0), *taken = vcpu_of(APP, 1);

	(void)state;
	begin(taken);
	assert_int_not_equal(take_call(), 0);
	begin(queued);
	all_vms[TEE].state = VM_PAUSED;
	monitor_part.pause(&all_vms[TEE]);
	monitor_part.pause(&all_vms[PLAIN]);
	assert_false(taken->wait_over(taken));
	assert_false(queued->wait_over(queued));
	all_vms[TEE].end = all_vms[APP].end = all_vms[PLAIN].end = VM_END_FAULT;
	monitor_part.pause(&all_vms[APP]);
	monitor_part.pause(&all_vms[PLAIN]);
	assert_false(taken->wait_over(taken));
	monitor_part.pause(&all_vms[TEE]);
	assert_goes_on(taken, (uint64_t)-1);
	assert_goes_on(queued, (uint64_t)-1);
	assert_unchanged_from(taken, 1);
	assert_int_equal(forward(queued), EXIT_RESUME);
}

/* So many calls that they don't end in one go. */
static void test_many_end(void **state)
{
	static struct vm crowd_vms[5];
	static struct vcpu crowd[5][16];
	static struct monitor_vcpu parts[5][16];
	struct monitor_binding binding = { &rules[0], tee(), NULL, TICKS };
	uint64_t now = 1000;

	(void)state;
	for (unsigned i = 0; i < 80; i++) {
		struct vcpu *vcpu = &crowd[i / 16][i % 16];

		memset(vcpu, 0, sizeof(*vcpu));
		crowd_vms[i / 16].id = PLAIN;
		vcpu->vm = &crowd_vms[i / 16];
		vcpu->id = i % 16;
		parts[i / 16][i % 16] =
			(struct monitor_vcpu){ .call = { .binding = &binding, .caller = vcpu } };
		vcpu->part[PART_MONITOR] = &parts[i / 16][i % 16];
		vcpu->vm->part[PART_MONITOR] = monitor_vm_of(&all_vms[APP]);
		assert_int_equal(monitor_forward(vcpu, SMCCC_SMC, &rules[0], 0), EXIT_WAIT);
		if (i % 2)
			take_call();
	}
	monitor_part.reset(&all_vms[TEE]);
	for (unsigned step = 1; step <= 5; step++) {
		unsigned ended = 0;

		for (unsigned i = 0; i < 80; i++)
			ended += crowd[i / 16][i % 16].calls[CALL_UNANSWERED];
		assert_int_equal(ended, step * 16);
		assert_int_equal(logged, step);
		if (step == 5)
			break;
		/* Not now: the CPU's timers would fire it within the same interrupt. */
		assert_int_equal(armed->deadline, now + 100);
		now = armed->deadline;
		fire(now);
	}
	for (unsigned i = 0; i < 80; i++)
		assert_goes_on(&crowd[i / 16][i % 16], (uint64_t)-1);
	assert_null(armed);
}

/* A monitor that calls itself, while it serves: it waits, as any caller, and its time runs. */
static void test_recursion(void **state)
{
	struct vcpu *server = vcpu_of(TEE, 0);
	uint64_t ticket;

	(void)state;
	strcpy(rules[1].vm, "tee");
	monitor_part.destroy(&all_vms[TEE]);
	monitor_part.destroy(&all_vms[WEB]);
	assert_int_equal(monitor_part.create(&all_vms[TEE]), OK);
	monitor_connect();
	begin(vcpu_of(APP, 0));
	ticket = take_call();
	fill(server, FUNCTION);
	assert_int_equal(monitor_forward(server, SMCCC_SMC, &rules[1], 0), EXIT_WAIT);
	assert_false(server->wait_over(server));
	/* Another vCPU of it could answer; nobody does. */
	fire(1000 + TICKS);
	assert_true(server->wait_over(server));
	assert_int_equal(server->regs.x[0], (uint64_t)-1);
	assert_goes_on(vcpu_of(APP, 0), (uint64_t)-1);
	assert_int_equal(next_now(0, ticket), MONITOR_INVALID);
	/* And its restart cancels what it asked itself. */
	assert_int_equal(monitor_forward(server, SMCCC_SMC, &rules[1], 0), EXIT_WAIT);
	monitor_part.reset(&all_vms[TEE]);
	assert_int_equal(call_of(server)->state, FORWARD_NONE);
	server->wait_over = NULL;
}

/* ---- anything in any order ---- */

#define CALLERS 5
#define HANDS   8 /* tickets that are remembered */

static struct {
	struct vcpu *vcpu;
	uint64_t mark; /* x1 of its call */
	bool calling;
	bool answered; /* with mark + 1; else not supported, when it ends */
} model[CALLERS];
static uint64_t hands[HANDS], marks[HANDS];
static unsigned nr_hands;
static uint32_t seed;

static unsigned dice(unsigned n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 10) % n;
}

/* Whose call it is; CALLERS: nobody's any more. */
static unsigned caller_with(uint64_t mark)
{
	unsigned i = 0;

	while (i < CALLERS && !(model[i].calling && model[i].mark == mark))
		i++;
	return i;
}

/* A vCPU of the monitor's got that from MONITOR_NEXT. */
static void got(uint64_t value)
{
	unsigned who;

	if ((int64_t)value < 0)
		return;
	who = caller_with(record_of(value)->x[1]);
	/* Its time may have been up before this vCPU looked. */
	assert_true(who < CALLERS || tee()->slots[value & 0xff].ticket != value ||
		!tee()->slots[value & 0xff].call);
	hands[nr_hands % HANDS] = value;
	marks[nr_hands++ % HANDS] = record_of(value)->x[1];
}

static void random_call(void)
{
	unsigned i = dice(CALLERS);
	static uint64_t mark;

	if (model[i].calling)
		return;
	fill(model[i].vcpu, FUNCTION);
	model[i].vcpu->regs.x[1] = mark += 2;
	if (monitor_forward(model[i].vcpu, SMCCC_HVC, rule_of(model[i].vcpu), 0) != EXIT_WAIT)
		return;
	model[i].calling = true;
	model[i].answered = false;
	model[i].mark = mark;
}

/* Some vCPU of the monitor's answers a ticket, old or new, and takes another. */
static void random_next(void)
{
	unsigned id = dice(3), n = nr_hands ? dice(nr_hands < HANDS ? nr_hands : HANDS) : 0;
	struct vcpu *server = vcpu_of(TEE, id);
	uint64_t ticket = nr_hands && dice(4) ? hands[n] : MONITOR_NO_TICKET;
	struct monitor_slot *slot = &tee()->slots[ticket & 0xff];
	bool good = ticket != MONITOR_NO_TICKET && slot->ticket == ticket && slot->call;

	if (server->wait_over)
		return;
	if (good) {
		unsigned who = caller_with(marks[n]);

		assert_true(who < CALLERS);
		assert_false(model[who].answered);
		model[who].answered = true;
		record_of(ticket)->x[0] = model[who].mark + 1;
	}
	if (next(id, ticket, dice(2)) == EXIT_WAIT)
		return;
	if (ticket != MONITOR_NO_TICKET)
		assert_int_equal(server->regs.x[0] == MONITOR_INVALID, !good);
	got(server->regs.x[0]);
}

/* Woken or not, they look. */
static void all_look(void)
{
	for (unsigned i = 0; i < 3; i++) {
		struct vcpu *server = vcpu_of(TEE, i);

		if (server->wait_over && server->wait_over(server))
			got(server->regs.x[0]);
	}
	for (unsigned i = 0; i < CALLERS; i++) {
		struct vcpu *vcpu = model[i].vcpu;

		if (!model[i].calling || !vcpu->wait_over(vcpu))
			continue;
		assert_null(vcpu->wait_over);
		assert_int_equal(
			vcpu->regs.x[0], model[i].answered ? model[i].mark + 1 : (uint64_t)-1);
		assert_int_equal(vcpu->regs.x[1], model[i].mark);
		model[i].calling = false;
	}
}

static void random_reset(unsigned vm)
{
	monitor_part.reset(&all_vms[vm]);
	for (unsigned i = 0; i < all_vms[vm].nr_vcpus; i++)
		vcpu_of(vm, i)->wait_over = NULL;
	for (unsigned i = 0; i < CALLERS; i++) {
		if (model[i].vcpu->vm->id == vm)
			model[i].calling = false;
	}
}

static unsigned length_of(struct list *list)
{
	unsigned length = 0;

	list_for_each (link, list)
		length++;
	return length;
}

/* Each call that isn't over is in one list; each record is free, in use, or abandoned. */
static void check_invariants(void)
{
	unsigned live = 0, in_use = 0;

	for (unsigned i = 0; i < CALLERS; i++) {
		enum forward_state is = call_of(model[i].vcpu)->state;

		live += is == FORWARD_QUEUED || is == FORWARD_TAKEN;
		assert_int_equal(is != FORWARD_NONE, model[i].calling);
	}
	for (unsigned i = 0; i < MONITOR_RECORDS; i++) {
		in_use += tee()->slots[i].call != NULL;
		assert_int_equal(bitmap_test(tee()->free, i), tee()->slots[i].ticket == 0);
	}
	assert_int_equal(length_of(&tee()->queue) + length_of(&tee()->taken), live);
	assert_int_equal(length_of(&tee()->taken), in_use);
	/* Nobody waits while there is something to do. */
	assert_true(tee()->waiting == 0 || list_empty(&tee()->queue));
	assert_true(live == 0 || tee()->alarm_at != TIMER_NEVER);
	assert_false(spin_is_locked(&tee()->lock));
}

static void test_random(void **state)
{
	(void)state;
	seed = 1;
	nr_hands = 0;
	for (unsigned i = 0; i < CALLERS; i++) {
		memset(&model[i], 0, sizeof(model[i]));
		model[i].vcpu = i < 3 ? vcpu_of(APP, i) : vcpu_of(WEB, i - 3);
	}
	for (unsigned i = 0; i < 100000; i++) {
		unsigned what = dice(1000);

		if (what < 350)
			random_call();
		else if (what < 800)
			random_next();
		else if (what < 990)
			all_look();
		else if (what < 994)
			random_reset(dice(3));
		else if (what < 997)
			pending = !pending;
		else if (armed)
			fire(fake_reg(CNTPCT_EL0) + dice(2 * TICKS));
		fake_reg(CNTPCT_EL0) += dice(30);
		check_invariants();
	}
	assert_true(nr_hands > 5000 && tee()->counts.answered > 4000);
	assert_true(tee()->counts.late > 4000);
	random_reset(APP);
	random_reset(WEB);
	random_reset(TEE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_made),
		TEST(test_not_made),
		TEST(test_connect),
		TEST(test_version),
		TEST(test_record),
		TEST(test_function),
		TEST(test_aarch32),
		TEST(test_results),
		TEST(test_undefined),
		TEST(test_handed_over),
		TEST(test_order),
		TEST(test_several_wait),
		TEST(test_interrupted),
		TEST(test_bad_answers),
		TEST(test_no_monitor),
		TEST(test_not_running),
		TEST(test_timeout),
		TEST(test_answer_and_timeout),
		TEST(test_never),
		TEST(test_no_record),
		TEST(test_caller_reset),
		TEST(test_monitor_reset),
		TEST(test_monitor_paused),
		TEST(test_many_end),
		TEST(test_recursion),
		TEST(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
