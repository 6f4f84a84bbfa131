/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stolen time: what is counted and what isn't, with the scheduler that knows it; the calls; the
 * page.
 *
 * links: hyp/smccc/stolen_time.c hyp/vm/sched.c hyp/vm/sched_turn.c hyp/vm/sched_queue.c
 * hyp/vm/sched_balance.c hyp/vm/sched_config.c drivers/timer/timer.c hyp/arch/features.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/gic/irq.h"
#include "hyp/smccc/stolen_time.h"
#include "hyp/vdev/device.h"
#include "hyp/vm/sched_state.h"
#include "mm/page.h"
#include "tests/unit/fake/cpu.h"

#define HZ      1000000 /* a tick is a microsecond */
#define CPUS    2
#define VCPUS   3
#define SLICE   5000
#define FEATURE 0xc5000020
#define ST      0xc5000021

static struct vm vm;
static struct vcpu vcpus[VCPUS];
struct vm *vms[MAX_VMS];
unsigned nr_vms;

/* --- the rooms below --- */

struct irq_row irq_table[GIC_INTID_LIMIT];

enum status irq_register(uint32_t intid, irq_handler handler, void *context, enum irq_flags flags)
{
	irq_table[intid] = (struct irq_row){ handler, context, flags };
	return OK;
}

void timer_arm_own(struct soft_timer *timer, uint64_t deadline)
{
	(void)timer;
	(void)deadline;
}

void timer_disarm(struct soft_timer *timer)
{
	(void)timer;
}

void vcpu_load(struct vcpu *vcpu)
{
	struct cpu *cpu = this_cpu();

	if (cpu->current == vcpu)
		return;
	if (cpu->current)
		vcpu_put(cpu->current);
	cpu->current = vcpu;
	vcpu->loaded = true;
	if (vcpu->on_demand & BIT(PART_STOLEN_TIME))
		stolen_time_part.vcpu_load(vcpu);
}

void vcpu_put(struct vcpu *vcpu)
{
	if (this_cpu()->current != vcpu)
		return;
	this_cpu()->current = NULL;
	vcpu->loaded = false;
}

static unsigned allocations, pages;
static enum status page_status, share_status, map_status;
static struct stage2_share shared;
static uint8_t page[PAGE_SIZE] __attribute__((aligned(4096)));

void *mm_zalloc(size_t size)
{
	allocations++;
	return calloc(1, size);
}

void mm_free(void *memory, size_t size)
{
	(void)size;
	allocations -= memory != NULL;
	free(memory);
}

enum status page_alloc(owner_t owner, pa_t *out)
{
	if (page_status)
		return page_status;
	assert_true(owner >= OWNER_FIRST_SHARED && owner < OWNER_COUNT);
	memset(page, 0, sizeof(page));
	*out = PA((uintptr_t)page);
	pages++;
	return OK;
}

enum status page_free(pa_t first, uint64_t n, owner_t owner)
{
	assert_int_equal(first.pa, (uintptr_t)page);
	assert_int_equal(n, 1);
	assert_int_equal(owner, shared.owner);
	pages--;
	return OK;
}

enum status stage2_share(struct stage2 *s2, const struct stage2_share *share)
{
	assert_ptr_equal(s2, &vm.stage2);
	shared = *share;
	return share_status;
}

enum status stage2_map_share(struct stage2 *s2, ipa_t ipa, pa_t pa, uint64_t size)
{
	assert_ptr_equal(s2, &vm.stage2);
	assert_int_equal(ipa.ipa, shared.ipa.ipa);
	assert_int_equal(pa.pa, (uintptr_t)page);
	assert_int_equal(size, shared.size);
	return map_status;
}

/* --- the tests' own --- */

static struct cpu_queue *queue;

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	fake_cpu_count(CPUS);
	fake_reg(CNTFRQ_EL0) = HZ;
	assert_int_equal(timer_init(&(struct machine_timer){ 0 }), OK);
	page_status = share_status = map_status = OK;
	vm = (struct vm){ .nr_vcpus = VCPUS, .id = 3 };
	for (unsigned i = 0; i < VCPUS; i++) {
		vcpus[i] = (struct vcpu){ .vm = &vm, .id = i };
		list_init(&vcpus[i].run_link);
		vm.vcpus[i] = &vcpus[i];
	}
	for (unsigned i = CPUS; i-- > 0;) {
		cpus[i].kick = 1 + i;
		fake_cpu_switch(i);
		fake_reg(CNTPCT_EL0) = 1000;
		sched_init_cpu();
	}
	queue = sched_own_queue();
	assert_int_equal(stolen_time_part.create(&vm), OK);
	stolen_time_part.reset(&vm);
	nr_cpus = 1;
	sched_place(&vm);
	nr_cpus = CPUS;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_cpu_switch(0);
	sched_unplace(&vm);
	stolen_time_part.destroy(&vm);
	assert_int_equal(allocations, 0);
	assert_int_equal(pages, 0);
	return 0;
}

static void pass(uint64_t microseconds)
{
	fake_reg(CNTPCT_EL0) += microseconds;
}

static uint64_t call(struct vcpu *vcpu, uint64_t function, uint64_t argument)
{
	vcpu->regs.x[0] = function;
	vcpu->regs.x[1] = argument;
	assert_int_equal((function == ST ? pv_time_st : pv_time_features)(
				 vcpu, SMCCC_HVC, (uint32_t)function),
		EXIT_RESUME);
	return vcpu->regs.x[0];
}

/* Runs until that vCPU's turn. */
static void until(struct vcpu *vcpu)
{
	for (unsigned i = 0; sched_turn(queue) != vcpu; i++) {
		assert_true(i < 10);
		pass(SLICE);
	}
}

static uint64_t stolen_of(unsigned n)
{
	const struct stolen_time_structure *structure = (const void *)&page[n * 64];

	assert_int_equal(structure->revision, 0);
	assert_int_equal(structure->attributes, 0);
	/* What the guest sees is what Lintel says. */
	assert_int_equal(structure->stolen_ns, stolen_time_ns(&vcpus[n]));
	return structure->stolen_ns / 1000;
}

/* 0 and 1 are on, on CPU 0, and it is 0's turn, which has asked. */
static void two_compute(void)
{
	sched_power_on(&vcpus[0]);
	assert_ptr_equal(sched_turn(queue), &vcpus[0]);
	(void)call(&vcpus[0], ST, 0);
	sched_power_on(&vcpus[1]);
}

/* --- what is counted --- */

static void while_another_runs(void **state)
{
	(void)state;
	two_compute();
	pass(SLICE);
	assert_ptr_equal(sched_turn(queue), &vcpus[1]);
	pass(1234);
	assert_int_equal(stolen_of(0), 0);
	sched_block(&vcpus[1]);
	assert_ptr_equal(sched_turn(queue), &vcpus[0]);
	assert_int_equal(stolen_of(0), 1234);
	/* The other one never asked. */
	assert_int_equal(stolen_of(1), 0);
	assert_int_equal(vcpus[1].on_demand, 0);
	/* What it runs now is its own. */
	pass(100);
	assert_ptr_equal(sched_turn(queue), &vcpus[0]);
	assert_int_equal(stolen_of(0), 1234);
}

/* Together they have lost what the CPU had to give, to the tick. */
static void all_adds_up(void **state)
{
	uint64_t begin, end;

	(void)state;
	two_compute();
	pass(100);
	assert_ptr_equal(sched_turn(queue), &vcpus[1]);
	(void)call(&vcpus[1], ST, 0);
	until(&vcpus[0]);
	begin = fake_reg(CNTPCT_EL0);
	uint64_t before[2] = { stolen_of(0), stolen_of(1) }, ran = vcpus[1].run_ticks;

	for (unsigned i = 0; i < 100; i++) {
		pass(17 * i);
		(void)sched_turn(queue);
	}
	until(&vcpus[0]);
	end = fake_reg(CNTPCT_EL0);
	assert_int_equal(stolen_of(0) - before[0], vcpus[1].run_ticks - ran);
	until(&vcpus[1]);
	assert_int_equal(
		stolen_of(0) - before[0] + stolen_of(1) - before[1], fake_reg(CNTPCT_EL0) - begin);
	assert_true(end > begin + 50000);
}

static void before_it_asked(void **state)
{
	(void)state;
	sched_power_on(&vcpus[1]);
	assert_ptr_equal(sched_turn(queue), &vcpus[1]);
	sched_power_on(&vcpus[0]);
	pass(SLICE);
	assert_ptr_equal(sched_turn(queue), &vcpus[0]);
	assert_int_equal(call(&vcpus[0], ST, 0), STOLEN_TIME_IPA);
	/* Its state leaves the CPU and comes back within the turn. */
	vcpu_put(&vcpus[0]);
	vcpu_load(&vcpus[0]);
	assert_int_equal(stolen_of(0), 0);
}

static void once_for_a_turn(void **state)
{
	(void)state;
	two_compute();
	pass(SLICE);
	assert_ptr_equal(sched_turn(queue), &vcpus[1]);
	pass(SLICE);
	until(&vcpus[0]);
	assert_int_equal(stolen_of(0), SLICE);
	pass(10);
	vcpu_put(&vcpus[0]);
	vcpu_load(&vcpus[0]);
	assert_int_equal(stolen_of(0), SLICE);
	/* Asking again changes nothing. */
	assert_int_equal(call(&vcpus[0], ST, 0), STOLEN_TIME_IPA);
	assert_int_equal(stolen_of(0), SLICE);
}

static void not_while_it_sleeps(void **state)
{
	(void)state;
	two_compute();
	assert_true(sched_block(&vcpus[0]));
	assert_ptr_equal(sched_turn(queue), &vcpus[1]);
	pass(100000);
	vcpu_wake(&vcpus[0]);
	vcpus[0].work = 0;
	pass(77);
	assert_ptr_equal(sched_turn(queue), &vcpus[0]);
	/* But from when it woke, while the other still had the CPU. */
	assert_int_equal(stolen_of(0), 77);
}

static void not_while_it_is_paused(void **state)
{
	(void)state;
	two_compute();
	assert_true(sched_pause(&vcpus[0]));
	assert_ptr_equal(sched_turn(queue), &vcpus[1]);
	pass(100000);
	sched_unpause(&vcpus[0]);
	pass(SLICE);
	assert_ptr_equal(sched_turn(queue), &vcpus[0]);
	assert_int_equal(stolen_of(0), SLICE);
}

/* It waits on one CPU, and goes on on another. */
static void over_migration(void **state)
{
	(void)state;
	two_compute();
	pass(SLICE);
	assert_ptr_equal(sched_turn(queue), &vcpus[1]);
	pass(300);
	vcpus[0].cpus = BIT(0) | BIT(1);
	fake_cpu_switch(1);
	fake_reg(CNTPCT_EL0) = 1000 + SLICE + 300;
	assert_true(sched_steal(sched_own_queue()));
	pass(40);
	sched_own_queue()->charged_at = fake_reg(CNTPCT_EL0);
	assert_ptr_equal(sched_turn(sched_own_queue()), &vcpus[0]);
	assert_int_equal(vcpus[0].migrations, 1);
	assert_int_equal(stolen_of(0), 340);
	fake_cpu_switch(0);
}

static unsigned steps;

static bool step(struct sched_job *job)
{
	(void)job;
	pass(50);
	return --steps != 0;
}

/* A VM is loaded on its CPU. */
static void while_a_job_is_done(void **state)
{
	static struct sched_job job = { .step = step };

	(void)state;
	sched_power_on(&vcpus[0]);
	assert_ptr_equal(sched_turn(queue), &vcpus[0]);
	(void)call(&vcpus[0], ST, 0);
	list_init(&job.link);
	steps = 3;
	sched_add_job(&cpus[0], &job);
	for (unsigned i = 1; i <= 3; i++) {
		pass(SLICE);
		assert_ptr_equal(sched_turn(queue), &vcpus[0]);
		assert_int_equal(stolen_of(0), 50 * i);
	}
	pass(SLICE);
	assert_ptr_equal(sched_turn(queue), &vcpus[0]);
	assert_int_equal(stolen_of(0), 150);
}

/* A CPU that wakes for an interrupt charges the vCPU from before it was READY. */
static void never_less_than_nothing(void **state)
{
	(void)state;
	two_compute();
	assert_true(sched_block(&vcpus[0]));
	assert_ptr_equal(sched_turn(queue), &vcpus[1]);
	assert_true(sched_block(&vcpus[1]));
	queue->charged_at = fake_reg(CNTPCT_EL0);
	pass(3);
	vcpu_wake(&vcpus[0]);
	assert_ptr_equal(sched_turn(queue), &vcpus[0]);
	assert_int_equal(stolen_of(0), 0);
	assert_int_equal(sched_take_wait(&vcpus[0]), 0);
}

/* --- off and on, and from the beginning --- */

static void over_cpu_off(void **state)
{
	(void)state;
	two_compute();
	pass(SLICE);
	assert_ptr_equal(sched_turn(queue), &vcpus[1]);
	pass(SLICE);
	until(&vcpus[0]);
	sched_power_off(&vcpus[0]);
	pass(70000);
	assert_int_equal(stolen_of(0), SLICE);
	vcpus[0].on_demand = 0; /* vcpu_reset() */
	stolen_time_part.vcpu_reset(&vcpus[0]);
	sched_power_on(&vcpus[0]);
	until(&vcpus[1]);
	pass(SLICE);
	until(&vcpus[0]);
	assert_int_equal(stolen_of(0), 2 * SLICE);
	/* Who never asked isn't counted then, either. */
	stolen_time_part.vcpu_reset(&vcpus[1]);
	assert_int_equal(vcpus[1].on_demand, 0);
}

static void over_a_restart(void **state)
{
	(void)state;
	two_compute();
	pass(SLICE);
	assert_ptr_equal(sched_turn(queue), &vcpus[1]);
	pass(SLICE);
	until(&vcpus[0]);
	assert_int_equal(stolen_of(0), SLICE);
	vcpu_put(&vcpus[0]);
	fake_op_count = 0;
	stolen_time_part.reset(&vm);
	assert_int_equal(stolen_of(0), 0);
	/* A guest with its caches off finds zeros, too. */
	assert_int_equal(fake_ops[0].kind, FAKE_CACHE_CLEAN);
	assert_int_equal(fake_ops[0].address, (uintptr_t)page);
	assert_true(fake_ops[0].extra >= 64 * VCPUS);
	vcpus[0].on_demand = 0;
	stolen_time_part.vcpu_reset(&vcpus[0]);
	assert_int_equal(vcpus[0].on_demand, 0);
}

/* --- calls --- */

static void says_what_there_is(void **state)
{
	(void)state;
	assert_int_equal(call(&vcpus[0], FEATURE, FEATURE), 0);
	assert_int_equal(call(&vcpus[0], FEATURE, ST), 0);
	/* Of 32 bits. */
	assert_int_equal(call(&vcpus[0], FEATURE, 0xffffffff00000000 | ST), 0);
	assert_true(call(&vcpus[0], FEATURE, 0xc5000022) == SMCCC_NOT_SUPPORTED);
	assert_true(call(&vcpus[0], FEATURE, 0x85000020) == SMCCC_NOT_SUPPORTED);
	assert_true(call(&vcpus[0], FEATURE, 0) == SMCCC_NOT_SUPPORTED);
	for (unsigned i = 0; i < VCPUS; i++) {
		sched_power_on(&vcpus[i]);
		assert_int_equal(call(&vcpus[i], ST, 0), 0x0a300000 + 64 * i);
		assert_int_equal(vcpus[i].on_demand, BIT(PART_STOLEN_TIME));
	}
	vcpus[1].regs.x[0] = ST;
	assert_int_equal(pv_time_st(&vcpus[1], SMCCC_SMC, ST), EXIT_SKIP);
}

/* --- the page --- */

static void gives_a_page(void **state)
{
	struct vm *was = &vm;

	(void)state;
	assert_int_equal(shared.ipa.ipa, STOLEN_TIME_IPA);
	assert_int_equal(shared.size, PAGE_SIZE);
	assert_int_equal(shared.prot, MEM_R);
	assert_true(shared.cached);
	assert_false(shared.ignore_stores);
	assert_true(stolen_time_part.on_demand);
	stolen_time_part.destroy(was);
	assert_null(vm.part[PART_STOLEN_TIME]);
	assert_int_equal(stolen_time_ns(&vcpus[0]), 0);
	/* Each VM's is its own. */
	owner_t owner = shared.owner;

	vm.id = 4;
	page_status = ERR_NO_MEMORY;
	assert_int_equal(stolen_time_part.create(&vm), ERR_NO_MEMORY);
	page_status = OK;
	share_status = ERR_EXISTS;
	assert_int_equal(stolen_time_part.create(&vm), ERR_EXISTS);
	assert_int_not_equal(shared.owner, owner);
	share_status = OK;
	map_status = ERR_NO_MEMORY;
	assert_int_equal(stolen_time_part.create(&vm), ERR_NO_MEMORY);
	map_status = OK;
	assert_int_equal(allocations + pages, 0);
	assert_int_equal(stolen_time_part.create(&vm), OK);
}

static void nothing_else_is_there(void **state)
{
	static const struct device_ops ops = { .name = "scratch" };
	struct device_region row = { .ops = &ops };
	struct device_table devices = { .rows = &row, .count = 1 };
	static const struct {
		uint64_t first, size;
		enum status status;
	} cases[] = {
		{ STOLEN_TIME_IPA - 8, 8, OK },
		{ STOLEN_TIME_IPA - 8, 9, ERR_EXISTS },
		{ STOLEN_TIME_IPA + PAGE_SIZE - 1, 1, ERR_EXISTS },
		{ STOLEN_TIME_IPA + PAGE_SIZE, 1, OK },
	};

	(void)state;
	vm.devices = &devices;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		stolen_time_part.destroy(&vm);
		row.first = cases[i].first;
		row.size = cases[i].size & DEVICE_SIZE_MAX;
		assert_int_equal(stolen_time_part.create(&vm), cases[i].status);
		if (cases[i].status != OK) {
			vm.devices = NULL;
			assert_int_equal(stolen_time_part.create(&vm), OK);
			vm.devices = &devices;
		}
	}
	vm.devices = NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(while_another_runs),
		TEST(all_adds_up),
		TEST(before_it_asked),
		TEST(once_for_a_turn),
		TEST(not_while_it_sleeps),
		TEST(not_while_it_is_paused),
		TEST(over_migration),
		TEST(while_a_job_is_done),
		TEST(never_less_than_nothing),
		TEST(over_cpu_off),
		TEST(over_a_restart),
		TEST(says_what_there_is),
		TEST(gives_a_page),
		TEST(nothing_else_is_there),
	};

	return cmocka_run_group_tests_name("stolen_time", tests, NULL, NULL);
}
