/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who gets how much of which CPU: the scheduler on several CPUs, in time that a test counts. Each
 * CPU is a coroutine that runs the real loop, so every run is the same. A guest computes for some
 * time, sleeps for some, and again.
 *
 * links: hyp/vm/sched.c hyp/vm/sched_turn.c hyp/vm/sched_queue.c hyp/vm/sched_balance.c
 * hyp/vm/sched_config.c drivers/timer/timer.c hyp/arch/features.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

#include <cmocka.h>

#include "drivers/gic/irq.h"
#include "hyp/vm/sched_state.h"
#include "tests/unit/fake/cpu.h"

#define CPUS    4
#define GUESTS  8
#define HZ      1000000 /* a tick is a microsecond */
#define STEP_US 50

struct vm *vms[MAX_VMS];
unsigned nr_vms;
static struct vm all_vms[GUESTS];

/* One vCPU's guest. */
static struct guest {
	struct vcpu vcpu;
	uint64_t busy_us, sleep_us; /* sleep_us 0: never */
	uint64_t left_us;           /* to compute until it sleeps */
	uint64_t wake_at;           /* 0: it doesn't sleep */
	uint64_t woken_at;
	uint64_t worst_latency;
	uint64_t got; /* time it had */
	uint64_t cpus_seen;
} guests[GUESTS];
static unsigned nr_guests;

static uint64_t now;

/* --- the CPUs' stacks --- */

static ucontext_t test_context, cpu_contexts[CPUS];
static uint8_t stacks[CPUS][256 << 10];

/* --- what the scheduler calls --- */

struct irq_row irq_table[GIC_INTID_LIMIT];

enum status irq_register(uint32_t intid, irq_handler handler, void *context, enum irq_flags flags)
{
	irq_table[intid] = (struct irq_row){ handler, context, flags };
	return OK;
}

void vcpu_put(struct vcpu *vcpu)
{
	if (this_cpu()->current != vcpu)
		return;
	this_cpu()->current = NULL;
	__atomic_store_n(&vcpu->loaded, false, __ATOMIC_RELEASE);
}

void vcpu_load(struct vcpu *vcpu)
{
	assert_ptr_equal(vcpu->cpu, this_cpu());
	if (this_cpu()->current == vcpu)
		return;
	assert_false(vcpu->loaded);
	if (this_cpu()->current)
		vcpu_put(this_cpu()->current);
	this_cpu()->current = vcpu;
	vcpu->loaded = true;
}

static struct soft_timer *armed[CPUS];
static bool kicked[CPUS];
static unsigned ticks_taken[CPUS]; /* how often the slice timer fired */

void timer_arm_own(struct soft_timer *timer, uint64_t deadline)
{
	armed[this_cpu()->index] = timer;
	timer->deadline = deadline;
}

static uint64_t read_hook(unsigned encoding, uint64_t value)
{
	return encoding == SYS_CNTPCT_EL0 ? now : value;
}

static uint64_t write_hook(unsigned encoding, uint64_t value)
{
	if (encoding == SYS_ICC_SGI1R_EL1)
		kicked[value - 1] = true;
	return value;
}

/* --- one CPU --- */

static void interrupts(void)
{
	unsigned me = this_cpu()->index;
	struct soft_timer *timer = armed[me];

	if (kicked[me]) {
		kicked[me] = false;
		irq_table[SGI_KICK].handler(NULL, SGI_KICK);
	}
	if (timer && timer->deadline <= now) {
		armed[me] = NULL;
		ticks_taken[me]++;
		timer->fn(timer);
	}
}

/* Sleepers' timers belong to the CPU where they slept. */
static void alarms(void)
{
	for (unsigned i = 0; i < nr_guests; i++) {
		struct guest *guest = &guests[i];

		if (guest->wake_at == 0 || guest->wake_at > now ||
			READ_ONCE(guest->vcpu.cpu) != this_cpu())
			continue;
		guest->wake_at = 0;
		guest->woken_at = now;
		vcpu_wake(&guest->vcpu);
	}
}

static void let_time_pass(void)
{
	swapcontext(&cpu_contexts[this_cpu()->index], &test_context);
}

static bool pending(void)
{
	unsigned me = this_cpu()->index;
	bool some = kicked[me] || (armed[me] && armed[me]->deadline <= now);

	for (unsigned i = 0; i < nr_guests; i++)
		some |= guests[i].wake_at != 0 && guests[i].wake_at <= now &&
			READ_ONCE(guests[i].vcpu.cpu) == this_cpu();
	return some;
}

void fake_wfi(void)
{
	while (!pending())
		let_time_pass();
}

uint64_t fake_sysreg_read(unsigned encoding)
{
	if (encoding == SYS_ICC_IAR1_EL1) {
		interrupts();
		alarms();
		return 1023;
	}
	return read_hook(encoding, 0);
}

void fake_sysreg_write(unsigned encoding, uint64_t value)
{
	write_hook(encoding, value);
}

static void run_guest(struct vcpu *vcpu)
{
	struct guest *guest = container_of(vcpu, struct guest, vcpu);

	guest->cpus_seen |= BIT(this_cpu()->index);
	if (guest->woken_at != 0) {
		guest->worst_latency = MAX(guest->worst_latency, now - guest->woken_at);
		guest->woken_at = 0;
	}
	for (;;) {
		uint64_t work = __atomic_exchange_n(&vcpu->work, 0, __ATOMIC_SEQ_CST);

		if (work & WORK_RESCHED)
			return;
		if (guest->sleep_us != 0 && guest->left_us == 0) {
			guest->left_us = guest->busy_us;
			guest->wake_at = now + guest->sleep_us;
			if (sched_block(vcpu))
				return;
			guest->wake_at = 0;
		}
		let_time_pass();
		guest->got += STEP_US;
		guest->left_us -= MIN(guest->left_us, STEP_US);
		interrupts();
		alarms();
	}
}

static void cpu_main(void)
{
	sched_loop(run_guest);
}

/* --- the machine --- */

static void machine(unsigned count)
{
	fake_cpu_reset();
	fake_cpu_count(count);
	memset(guests, 0, sizeof(guests));
	memset(all_vms, 0, sizeof(all_vms));
	memset(armed, 0, sizeof(armed));
	memset(kicked, 0, sizeof(kicked));
	memset(ticks_taken, 0, sizeof(ticks_taken));
	nr_guests = nr_vms = 0;
	sched_pinned_cpus = sched_idle_cpus = 0;
	now = 1000;
	for (unsigned i = 0; i < count; i++) {
		cpus[i].kick = 1 + i;
		sched_queues[i].placed = 0;
		fake_cpu_switch(i);
		sched_init_cpu();
	}
	fake_cpu_switch(0);
}

/* A VM with one vCPU. */
static struct guest *add(uint64_t busy_us, uint64_t sleep_us, const struct sched_config *config)
{
	struct guest *guest = &guests[nr_guests];
	struct vm *vm = &all_vms[nr_guests++];

	guest->vcpu.vm = vm;
	guest->busy_us = guest->left_us = busy_us;
	guest->sleep_us = sleep_us;
	list_init(&guest->vcpu.run_link);
	vm->nr_vcpus = 1;
	vm->vcpus[0] = &guest->vcpu;
	if (config)
		vm->sched = *config;
	sched_place(vm);
	vms[nr_vms++] = vm;
	return guest;
}

static void power_all_on(void)
{
	for (unsigned i = 0; i < nr_guests; i++)
		sched_power_on(&guests[i].vcpu);
}

static void forget_shares(void)
{
	for (unsigned i = 0; i < nr_guests; i++)
		guests[i].got = guests[i].worst_latency = 0;
}

static void start_cpu(ucontext_t *context, uint8_t *stack)
{
	getcontext(context);
	context->uc_stack.ss_sp = stack;
	context->uc_stack.ss_size = sizeof(stacks[0]);
	makecontext(context, cpu_main, 0);
}

static void start_cpus(void)
{
	for (unsigned i = 0; i < nr_cpus; i++)
		start_cpu(&cpu_contexts[i], stacks[i]);
}

static void pass_ms(uint64_t ms)
{
	for (uint64_t end = now + ms * 1000; now < end; now += STEP_US) {
		for (unsigned i = 0; i < nr_cpus; i++) {
			fake_cpu_switch(i);
			swapcontext(&test_context, &cpu_contexts[i]);
		}
	}
}

static void run_ms(uint64_t ms)
{
	power_all_on();
	start_cpus();
	pass_ms(100);
	forget_shares();
	pass_ms(ms);
}

static void assert_share(const struct guest *guest, uint64_t us, unsigned percent)
{
	if (guest->got < us - us * percent / 100 || guest->got > us + us * percent / 100)
		print_error("guest %u: %u us, expected %u\n", (unsigned)(guest - guests),
			(unsigned)guest->got, (unsigned)us);
	assert_in_range(guest->got, us - us * percent / 100, us + us * percent / 100);
}

/* --- the tests --- */

static void test_weights(void **state)
{
	struct sched_config one = { .weight = 100 }, two = { .weight = 200 },
			    four = { .weight = 400 };

	(void)state;
	machine(1);
	add(0, 0, &one);
	add(0, 0, &two);
	add(0, 0, &four);
	run_ms(700);
	assert_share(&guests[0], 100000, 5);
	assert_share(&guests[1], 200000, 5);
	assert_share(&guests[2], 400000, 5);
	/* What was charged is what they had, from the beginning. */
	uint64_t charged = 0;

	for (unsigned i = 0; i < 3; i++)
		charged += guests[i].vcpu.run_ticks;
	assert_in_range(charged, 800000 - 2 * SCHED_SLICE_MS * 1000, 800000);
}

static void test_three_on_two(void **state)
{
	(void)state;
	machine(2);
	for (unsigned i = 0; i < 3; i++)
		add(0, 0, NULL);
	run_ms(1500);
	for (unsigned i = 0; i < 3; i++) {
		assert_share(&guests[i], 1000000, 5);
		assert_true(guests[i].vcpu.migrations > 0);
		/* Not more than once in a few slices. */
		assert_true(guests[i].vcpu.migrations < 1600 / SCHED_SLICE_MS / 2);
	}
}

static void test_five_on_three_weighted(void **state)
{
	struct sched_config heavy = { .weight = 200 };

	(void)state;
	machine(3);
	for (unsigned i = 0; i < 5; i++)
		add(0, 0, i == 0 ? &heavy : NULL);
	run_ms(1500);
	/* The heavy one has what a CPU can give, or its share: 2/6 of 3 CPUs is one. */
	assert_share(&guests[0], 1500000, 7);
	for (unsigned i = 1; i < 5; i++)
		assert_share(&guests[i], 750000, 7);
}

/* One that sleeps much runs at once when it wakes, and has what it wants. */
static void test_wake_latency(void **state)
{
	(void)state;
	machine(1);
	add(500, 9500, NULL);
	add(0, 0, NULL);
	add(0, 0, NULL);
	run_ms(1000);
	assert_share(&guests[0], 50000, 7);
	assert_true(guests[0].worst_latency <= STEP_US);
	assert_share(&guests[1], 475000, 5);
	assert_share(&guests[2], 475000, 5);
}

/* One that wakes up all the time is charged for what it takes, and for taking it: the other keeps
 * more than its half. */
static void test_wake_flood(void **state)
{
	struct vcpu *flooder = &guests[0].vcpu;
	uint64_t taken;

	(void)state;
	machine(1);
	add(50, 50, NULL);
	add(0, 0, NULL);
	run_ms(1000);
	assert_true(guests[0].got + guests[1].got == 1000000);
	taken = guests[1].vcpu.preempted;
	assert_true(taken > 5000);
	assert_true(guests[1].got > guests[0].got + taken * SCHED_TAKE_US / 4);
	/* They have come as far: the one by time it had, the other by that and by what it took. */
	assert_true(flooder->vruntime - guests[1].vcpu.vruntime + 8000 * VTIME_TICK <
		16000 * VTIME_TICK);
}

/* Sleep saves up no claim. */
static void test_credit(void **state)
{
	struct guest *sleeper;

	(void)state;
	machine(1);
	sleeper = add(1000000, 300000, NULL);
	sleeper->left_us = 50;
	add(0, 0, NULL);
	power_all_on();
	start_cpus();
	pass_ms(301);
	forget_shares();
	pass_ms(100);
	assert_share(sleeper, 50000, 16);
}

/* Two busy CPUs, two idle ones: who wakes goes where nobody runs, and nobody waits. */
static void test_wake_elsewhere(void **state)
{
	(void)state;
	machine(3);
	add(0, 0, NULL);
	add(0, 0, NULL);
	add(1000, 7000, NULL);
	add(1000, 9100, NULL);
	add(1000, 12300, NULL);
	run_ms(1000);
	/* Now and then two of them wake together, and one has to go where somebody runs. */
	assert_share(&guests[0], 1000000, 4);
	assert_share(&guests[1], 1000000, 4);
	assert_share(&guests[2], 125000, 7);
	assert_share(&guests[3], 99000, 7);
	assert_share(&guests[4], 75000, 7);
	assert_int_equal(guests[4].worst_latency / 1000, 0);
}

/* Waiting that is not over yet included. */
static uint64_t idle_ticks(unsigned index)
{
	const struct cpu *cpu = &cpus[index];

	return cpu->idle_ticks + (cpu->idle_since ? timer_now() - cpu->idle_since : 0);
}

/* A CPU whose vCPU goes off takes one that waits elsewhere. */
static void test_steal(void **state)
{
	(void)state;
	machine(2);
	add(0, 0, NULL);
	add(0, 0, NULL);
	add(100000, 10000000, NULL);
	power_all_on();
	start_cpus();
	pass_ms(300);
	forget_shares();
	pass_ms(200);
	assert_share(&guests[0], 200000, 1);
	assert_share(&guests[1], 200000, 1);
	assert_int_equal(guests[0].cpus_seen | guests[1].cpus_seen, BIT(0) | BIT(1));
	assert_true(idle_ticks(0) + idle_ticks(1) < 1000);
}

/* Idle CPUs count it. */
static void test_idle_ticks(void **state)
{
	(void)state;
	machine(2);
	add(1000, 3000, NULL);
	run_ms(400);
	assert_in_range(idle_ticks(0) + idle_ticks(1), 800000, 900000);
}

static void test_affinity(void **state)
{
	struct sched_config only0 = { .cpus = BIT(0) }, only1 = { .cpus = BIT(1) };

	(void)state;
	machine(2);
	add(0, 0, &only0);
	add(0, 0, &only0);
	add(0, 0, &only0);
	add(3000, 2000, &only1);
	run_ms(900);
	for (unsigned i = 0; i < 3; i++) {
		assert_share(&guests[i], 300000, 5);
		assert_int_equal(guests[i].cpus_seen, BIT(0));
		assert_int_equal(guests[i].vcpu.migrations, 0);
	}
	assert_int_equal(guests[3].cpus_seen, BIT(1));
}

/* A light one alone on its CPU runs far ahead; others that come there and go back are not held back
 * for it. */
static void test_drifted_queues(void **state)
{
	struct sched_config light = { .weight = 1, .cpus = BIT(1) };

	(void)state;
	machine(2);
	add(0, 0, &light);
	add(0, 0, NULL);
	add(0, 0, NULL);
	run_ms(2000);
	assert_true(guests[0].got > 5000);
	assert_in_range(guests[1].got + guests[2].got, 3800000, 4000000);
	assert_true(guests[1].got > 1800000);
	assert_true(guests[2].got > 1800000);
}

static void test_pinned(void **state)
{
	struct sched_config pinned = { .pinned = true };
	struct guest *own;

	(void)state;
	machine(3);
	for (unsigned i = 0; i < 4; i++)
		add(0, 0, NULL);
	own = add(2000, 3000, &pinned);
	assert_int_equal(sched_pinned_cpus, BIT(2)); /* the highest number */
	run_ms(1000);
	assert_int_equal(own->cpus_seen, BIT(2));
	assert_true(own->vcpu.exclusive);
	assert_int_equal(own->worst_latency, 0);
	assert_int_equal(own->vcpu.preempted, 0);
	assert_int_equal(ticks_taken[2], 0);
	for (unsigned i = 0; i < 4; i++) {
		assert_share(&guests[i], 500000, 5);
		assert_int_equal(guests[i].cpus_seen & BIT(2), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_weights),
		cmocka_unit_test(test_three_on_two),
		cmocka_unit_test(test_five_on_three_weighted),
		cmocka_unit_test(test_wake_latency),
		cmocka_unit_test(test_wake_flood),
		cmocka_unit_test(test_credit),
		cmocka_unit_test(test_wake_elsewhere),
		cmocka_unit_test(test_steal),
		cmocka_unit_test(test_idle_ticks),
		cmocka_unit_test(test_affinity),
		cmocka_unit_test(test_drifted_queues),
		cmocka_unit_test(test_pinned),
	};

	timer_scale = (struct timer_scale){ .ns_per_tick = (UINT64_C(1000) << 32),
		.ticks_per_ns = (UINT64_C(1) << 32) / 1000,
		.hz = HZ };
	return cmocka_run_group_tests_name("sched_fair", tests, NULL, NULL);
}
