/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of a VM's life share: rooms below and parts that say what was called of them, a
 * loader in three steps, a guest that is a function. The scheduler is the real one.
 */
#ifndef TESTS_UNIT_TEST_LIFECYCLE_H
#define TESTS_UNIT_TEST_LIFECYCLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/gic/irq.h"
#include "drivers/pmu/pmu.h"
#include "hyp/arch/fpsimd.h"
#include "hyp/arch/features.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/vm/timer.h"
#include "hyp/vm/vm.h"
#include "mm/page.h"
#include "tests/unit/fake/cpu.h"

#define RAM_BASE IPA(UINT64_C(0x40000000))
#define RAM_SIZE MIB(64)
#define ENTRY    UINT64_C(0x40080000)
#define DT       UINT64_C(0x44000000)

/* --- memory that counts, and fails when told to --- */

static int allocated, fail_in; /* fail_in: that many succeed; negative: all */

void *mm_zalloc(size_t size)
{
	if (fail_in == 0)
		return NULL;
	if (fail_in > 0)
		fail_in--;
	allocated++;
	return calloc(1, size);
}

void mm_free(void *memory, size_t size)
{
	(void)size;
	if (memory)
		allocated--;
	free(memory);
}

/* --- stage 2 --- */

static int stage2s;
static enum status create_status, add_status;
static bool touched[RAM_SIZE / BLOCK_SIZE];
static unsigned destroy_steps;
static unsigned empty_left, emptied; /* steps of the emptying under way; how often it was done */

unsigned stage2_ipa_bits(unsigned wanted, unsigned pa_bits)
{
	return wanted <= pa_bits ? wanted : 0;
}

enum status stage2_create(
	struct stage2 *s2, owner_t owner, unsigned ipa_bits, unsigned table_pages_max)
{
	(void)owner;
	(void)table_pages_max;
	if (create_status == OK) {
		stage2s++;
		s2->ipa_bits = (uint8_t)ipa_bits;
		s2->vtcr = 0x12340000;
		s2->vttbr = 0x56780000;
		destroy_steps = 3;
	}
	return create_status;
}

enum status stage2_add_ram(struct stage2 *s2, ipa_t ipa, uint64_t size, uint64_t prot)
{
	(void)prot;
	assert_int_equal(ipa.ipa, RAM_BASE.ipa);
	assert_int_equal(size, RAM_SIZE);
	return (ipa.ipa + size - 1) >> s2->ipa_bits ? ERR_RANGE : add_status;
}

bool stage2_destroy_step(struct stage2 *s2)
{
	(void)s2;
	if (--destroy_steps != 0)
		return false;
	stage2s--;
	return true;
}

bool stage2_empty_step(struct stage2 *s2)
{
	(void)s2;
	if (empty_left == 0)
		empty_left = 3;
	if (--empty_left != 0)
		return false;
	emptied++;
	memset(touched, 0, sizeof(touched));
	return true;
}

static void (*lookup_hook)(void); /* called in each look-up */

/* Of RAM's windows of 2 MiB, those that have memory: at a PA that is the IPA. */
bool stage2_lookup(struct stage2 *s2, ipa_t ipa, struct stage2_page *page)
{
	uint64_t offset = ipa.ipa - RAM_BASE.ipa;

	(void)s2;
	assert_true(offset < RAM_SIZE);
	if (lookup_hook)
		lookup_hook();
	if (!touched[offset / BLOCK_SIZE])
		return false;
	*page = (struct stage2_page){ .pa = PA(ipa.ipa), .left = BLOCK_SIZE - offset % BLOCK_SIZE };
	return true;
}

/* --- the machine --- */

struct irq_row irq_table[GIC_INTID_LIMIT];

enum status irq_register(uint32_t intid, irq_handler handler, void *context, enum irq_flags flags)
{
	irq_table[intid] = (struct irq_row){ handler, context, flags };
	return OK;
}

/* The parts here are none, so there is no state to save to. */
static unsigned fp_saves, fp_restores;

void fpsimd_save(struct fpsimd_state *state)
{
	(void)state;
	fp_saves++;
}

void fpsimd_restore(const struct fpsimd_state *state)
{
	(void)state;
	fp_restores++;
}

static struct soft_timer *start_timer; /* armed for a VM's delay */

void timer_arm_own(struct soft_timer *timer, uint64_t deadline)
{
	timer->deadline = deadline;
	for (unsigned i = 0; i < nr_vms; i++)
		if (timer == &vms[i]->start_timer)
			start_timer = timer;
}

void timer_arm(struct soft_timer *timer, uint64_t deadline)
{
	timer->deadline = deadline;
	for (unsigned i = 0; i < nr_vms; i++)
		if (timer == &vms[i]->start_timer)
			start_timer = timer;
}

void timer_disarm(struct soft_timer *timer)
{
	if (timer == start_timer)
		start_timer = NULL;
}

bool pmu_count_start(void)
{
	return false;
}

bool pmu_count_read(uint64_t *instructions)
{
	*instructions = 0;
	return false;
}

/* Interrupts are looked at after each step of a job too; after that many looks in vain the CPU
 * counts as idle. */
#define POLLS (16 + 6 * NR_PARTS)

static jmp_buf idle;
static unsigned polls_left;

static inline uint64_t go_idle(unsigned encoding, uint64_t value)
{
	if (encoding != SYS_ICC_IAR1_EL1)
		return value;
	if (polls_left-- == 0)
		longjmp(idle, 1);
	return 1023;
}

static inline void loop_on(unsigned cpu, void (*run)(struct vcpu *vcpu))
{
	fake_cpu_switch(cpu);
	polls_left = POLLS;
	if (setjmp(idle) == 0)
		sched_loop(run);
}

/* --- parts that say what was called --- */

static char calls[4096];

static inline void note(const char *what)
{
	assert_true(strlen(calls) + strlen(what) < sizeof(calls));
	strcat(calls, what);
}

static enum status part_status[NR_PARTS];
static uint64_t seen_cntvoff; /* by a part's resume */

#define PART(n)                                              \
	static enum status create_##n(struct vm *vm)         \
	{                                                    \
		assert_non_null(vm->vcpus[0]);               \
		note("c" #n);                                \
		return part_status[n];                       \
	}                                                    \
	static void reset_##n(struct vm *vm)                 \
	{                                                    \
		(void)vm;                                    \
		note("r" #n);                                \
	}                                                    \
	static void vcpu_reset_##n(struct vcpu *vcpu)        \
	{                                                    \
		assert_false(vcpu->loaded);                  \
		note("v" #n);                                \
	}                                                    \
	static void destroy_##n(struct vm *vm)               \
	{                                                    \
		(void)vm;                                    \
		note("d" #n);                                \
	}                                                    \
	static void load_##n(struct vcpu *vcpu)              \
	{                                                    \
		assert_ptr_equal(this_cpu()->current, vcpu); \
		note("l" #n);                                \
	}                                                    \
	static void put_##n(struct vcpu *vcpu)               \
	{                                                    \
		assert_ptr_equal(this_cpu()->current, vcpu); \
		note("p" #n);                                \
	}                                                    \
	static void pause_##n(struct vm *vm)                 \
	{                                                    \
		assert_int_equal(vm->state, VM_PAUSED);      \
		assert_true(spin_is_locked(&vm->lock));      \
		note("P" #n);                                \
	}                                                    \
	static void resume_##n(struct vm *vm)                \
	{                                                    \
		assert_true(spin_is_locked(&vm->lock));      \
		seen_cntvoff = vm->cntvoff;                  \
		note("R" #n);                                \
	}
PART(0)
PART(1)
PART(2)

#define ROW(n)                                                                               \
	{                                                                                    \
		.name = "part " #n, .create = create_##n, .reset = reset_##n,                \
		.vcpu_reset = vcpu_reset_##n, .destroy = destroy_##n, .vcpu_load = load_##n, \
		.vcpu_put = put_##n, .pause = pause_##n, .resume = resume_##n                \
	}

static void load_3(struct vcpu *vcpu)
{
	(void)vcpu;
	note("l3");
}

static void put_3(struct vcpu *vcpu)
{
	(void)vcpu;
	note("p3");
}

/* The others have no functions at all. */
static const struct vm_part parts[NR_PARTS] = { ROW(0), ROW(1), ROW(2),
	{ .name = "on demand", .vcpu_load = load_3, .vcpu_put = put_3, .on_demand = true } };

/* --- loading --- */

static enum status load_status;
static void (*load_hook)(struct vm *vm); /* called in each step */

static inline enum status load(struct vm *vm, uint64_t *position, bool *done)
{
	assert_int_equal(vm->state, VM_LOADING);
	assert_in_range(*position, 0, 2);
	*done = ++*position == 3;
	touched[0] = true;
	if (*done)
		vm->entry = (struct vm_entry){ .pc = ENTRY, .x0 = DT };
	if (load_hook)
		load_hook(vm);
	return *position == 2 ? load_status : OK;
}

static unsigned all_stopped;

static inline void count_all_stopped(void)
{
	all_stopped++;
}

static struct vm *vm;

static inline struct vm *make(const char *name, unsigned vcpus)
{
	struct vm *made = NULL;

	assert_int_equal(vm_create(name, RAM_BASE, RAM_SIZE, vcpus, &made), OK);
	made->load_step = load;
	return made;
}

static inline int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	fake_cpu_count(2);
	fake_reg(CNTFRQ_EL0) = 1000000;
	cpu_features = (struct cpu_features){ .pa_bits = 48 };
	for (unsigned i = 2; i-- > 0;) {
		fake_cpu_switch(i);
		sched_init_cpu();
	}
	fake_sysreg_read_hook = go_idle;
	vm_parts = parts;
	memset(part_status, 0, sizeof(part_status));
	create_status = add_status = load_status = OK;
	fail_in = -1;
	allocated = stage2s = 0;
	all_stopped = 0;
	load_hook = NULL;
	lookup_hook = NULL;
	empty_left = emptied = 0;
	start_timer = NULL;
	memset(touched, 0, sizeof(touched));
	vm_all_stopped = count_all_stopped;
	nr_vms = 0;
	calls[0] = '\0';
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	for (unsigned i = 0; i < nr_vms; i++) {
		sched_unplace(vms[i]);
		for (unsigned v = 0; v < vms[i]->nr_vcpus; v++)
			mm_free(vms[i]->vcpus[v], sizeof(struct vcpu));
		mm_free(vms[i], sizeof(struct vm));
	}
	nr_vms = 0;
	return allocated;
}

/* --- running --- */

static struct vcpu *seen[8];
static unsigned runs;
static void (*guest_does)(struct vcpu *vcpu);

/* As the run loop does: work first. */
static inline void guest(struct vcpu *vcpu)
{
	uint64_t work = vcpu->work;

	vcpu->work = 0;
	if (work & WORK_STOP) {
		vm_vcpu_stopped(vcpu);
		return;
	}
	if (work & WORK_PAUSE) {
		vm_vcpu_paused(vcpu);
		return;
	}
	assert_true(runs < ARRAY_SIZE(seen));
	seen[runs++] = vcpu;
	guest_does(vcpu);
}

static inline void does_nothing(struct vcpu *vcpu)
{
	assert_true(sched_block(vcpu));
}

static inline void start(unsigned vcpus, void (*does)(struct vcpu *vcpu))
{
	runs = 0;
	guest_does = does;
	vm = make("test", vcpus);
	calls[0] = '\0';
	fake_cpu_switch(0);
	assert_int_equal(vm_start(vm), OK);
	assert_int_equal(vm->state, VM_LOADING);
	loop_on(0, guest);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
