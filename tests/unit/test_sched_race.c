/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The scheduler on CPUs that are threads, each as fast as the machine has it: vCPUs wake each
 * other, sleep, are paused and asked to stop, are switched off and on, and move between the CPUs
 * all the time. No wake-up may be lost, no vCPU may run on two CPUs, and none may be left over.
 *
 * links: hyp/vm/sched.c hyp/vm/sched_turn.c hyp/vm/sched_queue.c hyp/vm/sched_balance.c
 * hyp/vm/sched_config.c drivers/timer/timer.c hyp/arch/features.c
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "drivers/gic/irq.h"
#include "hyp/vm/sched_state.h"
#include "tests/unit/fake/cpu.h"

#define CPUS    4
#define VCPUS   7
#define LIMIT_S 20

struct vm *vms[MAX_VMS];
unsigned nr_vms;
static struct vm vm;

static struct guest {
	struct vcpu vcpu;
	uint64_t sent, taken; /* wake-ups, each after a number went up */
	uint64_t seed;
	unsigned on_cpus; /* how many run it: 1 */
	bool off;
} guests[VCPUS];

static uint64_t quota;    /* wake-ups still to be sent */
static unsigned finished; /* everything was sent and taken */
static bool failed;

#define CHECK(condition) check(condition, #condition, __LINE__)

static void check(bool holds, const char *what, int line)
{
	if (holds)
		return;
	fprintf(stderr, "line %d: %s\n", line, what);
	failed = true;
	abort();
}

/* --- the machine --- */

struct irq_row irq_table[GIC_INTID_LIMIT];
static bool kicked[CPUS];
static _Thread_local struct soft_timer *armed;
static _Thread_local jmp_buf out_of_loop;

enum status irq_register(uint32_t intid, irq_handler handler, void *context, enum irq_flags flags)
{
	irq_table[intid] = (struct irq_row){ handler, context, flags };
	return OK;
}

static uint64_t counter(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

void timer_arm_own(struct soft_timer *timer, uint64_t deadline)
{
	timer->deadline = deadline;
	armed = timer;
}

static bool interrupts(void)
{
	struct soft_timer *timer = armed;
	bool some = false;

	if (__atomic_exchange_n(&kicked[this_cpu()->index], false, __ATOMIC_SEQ_CST)) {
		irq_table[SGI_KICK].handler(NULL, SGI_KICK);
		some = true;
	}
	if (timer && timer->deadline <= counter()) {
		armed = NULL;
		timer->fn(timer);
		some = true;
	}
	return some;
}

/* Called with locks held, too, so that others find things half done. */
static void shake(void)
{
	static _Thread_local unsigned calls;

	if ((++calls & 15) == 0)
		sched_yield();
}

uint64_t fake_sysreg_read(unsigned encoding)
{
	shake();
	if (encoding == SYS_CNTPCT_EL0)
		return counter();
	if (encoding == SYS_ICC_IAR1_EL1)
		interrupts();
	return encoding == SYS_ICC_IAR1_EL1 ? 1023 : 0;
}

void fake_sysreg_write(unsigned encoding, uint64_t value)
{
	if (encoding == SYS_ICC_SGI1R_EL1)
		__atomic_store_n(&kicked[value - 1], true, __ATOMIC_SEQ_CST);
}

void fake_wfi(void)
{
	uint64_t since = counter();

	while (!__atomic_load_n(&kicked[this_cpu()->index], __ATOMIC_SEQ_CST)) {
		if (__atomic_load_n(&finished, __ATOMIC_SEQ_CST))
			longjmp(out_of_loop, 1);
		CHECK(counter() - since < LIMIT_S * UINT64_C(1000000));
		sched_yield();
	}
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
	CHECK(vcpu->cpu == this_cpu());
	CHECK(vcpu->state == VCPU_RUNNING);
	if (this_cpu()->current == vcpu)
		return;
	CHECK(!vcpu->loaded);
	if (this_cpu()->current)
		vcpu_put(this_cpu()->current);
	this_cpu()->current = vcpu;
	vcpu->loaded = true;
}

/* --- guests --- */

static unsigned roll(struct guest *guest, unsigned n)
{
	guest->seed = guest->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(guest->seed >> 33) % n;
}

static bool may_send(void)
{
	uint64_t left = __atomic_load_n(&quota, __ATOMIC_SEQ_CST);

	while (left != 0) {
		if (__atomic_compare_exchange_n(
			    &quota, &left, left - 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			return true;
	}
	return false;
}

static void send(struct guest *to)
{
	__atomic_fetch_add(&to->sent, 1, __ATOMIC_SEQ_CST);
	vcpu_wake(&to->vcpu);
}

static void look_whether_finished(void)
{
	bool all = __atomic_load_n(&quota, __ATOMIC_SEQ_CST) == 0;

	for (unsigned i = 0; i < VCPUS; i++) {
		all &= __atomic_load_n(&guests[i].sent, __ATOMIC_SEQ_CST) ==
			__atomic_load_n(&guests[i].taken, __ATOMIC_SEQ_CST);
	}
	if (all)
		__atomic_store_n(&finished, 1, __ATOMIC_SEQ_CST);
}

/* The others are told in turns: a paused one must go on, and one that is off must be on. */
static void send_some(struct guest *guest)
{
	for (unsigned n = roll(guest, 3); n > 0 && may_send(); n--) {
		struct guest *to = &guests[roll(guest, VCPUS)];

		send(to);
		sched_unpause(&to->vcpu);
		spin_lock(&vm.lock);
		if (READ_ONCE(to->vcpu.state) == VCPU_OFF && to->off) {
			to->off = false;
			sched_power_on(&to->vcpu);
		}
		spin_unlock(&vm.lock);
	}
}

static void take(struct guest *guest)
{
	__atomic_store_n(
		&guest->taken, __atomic_load_n(&guest->sent, __ATOMIC_SEQ_CST), __ATOMIC_SEQ_CST);
}

static void go_off(struct guest *guest)
{
	sched_power_off(&guest->vcpu);
	spin_lock(&vm.lock);
	guest->off = true;
	/* What was sent since nobody was on is seen at once. */
	if (guest->sent != guest->taken) {
		guest->off = false;
		sched_power_on(&guest->vcpu);
	}
	spin_unlock(&vm.lock);
}

static void go_paused(struct guest *guest)
{
	struct vcpu *vcpu = &guest->vcpu;

	if (roll(guest, 2)) {
		vcpu_request(vcpu, WORK_STOP);
		CHECK(!sched_pause(vcpu));
		return;
	}
	if (!sched_pause(vcpu))
		return;
	/* Who has sent something before it was PAUSED has found nothing to unpause. */
	if (__atomic_load_n(&guest->sent, __ATOMIC_SEQ_CST) !=
		__atomic_load_n(&guest->taken, __ATOMIC_SEQ_CST))
		sched_unpause(vcpu);
}

/* GONE: its state is put away, another CPU may run it already. */
enum step { STAYS, LEAVES, GONE };

static enum step one_step(struct guest *guest)
{
	struct vcpu *vcpu = &guest->vcpu;
	uint64_t work = __atomic_exchange_n(&vcpu->work, 0, __ATOMIC_SEQ_CST);

	take(guest);
	if (work & WORK_RESCHED)
		return LEAVES;
	send_some(guest);
	look_whether_finished();
	interrupts();
	/* One always has something to say, or nobody would be there to wake anybody. */
	if (guest == &guests[0])
		return STAYS;
	switch (roll(guest, 16)) {
	case 0:
		CHECK(__atomic_sub_fetch(&guest->on_cpus, 1, __ATOMIC_SEQ_CST) == 0);
		go_paused(guest);
		return GONE;
	case 1:
		CHECK(__atomic_sub_fetch(&guest->on_cpus, 1, __ATOMIC_SEQ_CST) == 0);
		go_off(guest);
		return GONE;
	case 2 ... 4:
		return sched_yield_to_sibling(vcpu) ? LEAVES : STAYS;
	case 5 ... 12:
		return sched_block(vcpu) ? LEAVES : STAYS;
	default:
		return STAYS;
	}
}

static void run_guest(struct vcpu *vcpu)
{
	struct guest *guest = container_of(vcpu, struct guest, vcpu);
	enum step step;

	CHECK(__atomic_fetch_add(&guest->on_cpus, 1, __ATOMIC_SEQ_CST) == 0);
	while ((step = one_step(guest)) == STAYS) {
		if (__atomic_load_n(&finished, __ATOMIC_SEQ_CST))
			longjmp(out_of_loop, 1);
	}
	/* Who leaves by sched_block() stays in this CPU's registers until the next one is loaded.
	 */
	if (step == LEAVES)
		CHECK(__atomic_sub_fetch(&guest->on_cpus, 1, __ATOMIC_SEQ_CST) == 0);
}

static void *cpu_thread(void *argument)
{
	fake_cpu_switch((unsigned)(uintptr_t)argument);
	if (setjmp(out_of_loop) == 0)
		sched_loop(run_guest);
	return NULL;
}

static void start_machine(unsigned count)
{
	fake_cpu_reset();
	fake_cpu_count(count);
	memset(guests, 0, sizeof(guests));
	memset(kicked, 0, sizeof(kicked));
	sched_idle_cpus = sched_pinned_cpus = 0;
	finished = 0;
	for (unsigned i = count; i-- > 0;) {
		cpus[i].kick = 1 + i;
		fake_cpu_switch(i);
		sched_queues[i].placed = 0;
		sched_init_cpu();
	}
	vm = (struct vm){ .nr_vcpus = VCPUS };
	for (unsigned i = 0; i < VCPUS; i++) {
		guests[i].vcpu.vm = &vm;
		guests[i].vcpu.id = i;
		guests[i].seed = i * 77 + count;
		list_init(&guests[i].vcpu.run_link);
		vm.vcpus[i] = &guests[i].vcpu;
	}
	sched_place(&vm);
}

static void storm(unsigned count, uint64_t wakes)
{
	pthread_t threads[CPUS];
	uint64_t migrations = 0;

	start_machine(count);
	quota = wakes;
	for (unsigned i = 0; i < VCPUS; i++)
		sched_power_on(&guests[i].vcpu);
	for (unsigned i = 0; i < count; i++)
		pthread_create(&threads[i], NULL, cpu_thread, (void *)(uintptr_t)i);
	for (unsigned i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	for (unsigned i = 0; i < VCPUS; i++) {
		assert_int_equal(guests[i].sent, guests[i].taken);
		migrations += guests[i].vcpu.migrations;
	}
	if (count > 1)
		assert_true(migrations > 0); /* how many is up to the machine's own scheduler */
	assert_false(failed);
}

static uint64_t wakes_of(uint64_t normal)
{
	const char *text = getenv("SCHED_WAKES");

	return text ? strtoull(text, NULL, 10) : normal;
}

static void one_cpu(void **state)
{
	(void)state;
	storm(1, wakes_of(200000));
}

static void two_cpus(void **state)
{
	(void)state;
	storm(2, wakes_of(2000000));
}

static void four_cpus(void **state)
{
	(void)state;
	storm(4, wakes_of(2000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_cpu),
		cmocka_unit_test(two_cpus),
		cmocka_unit_test(four_cpus),
	};

	timer_scale = (struct timer_scale){ .ns_per_tick = (UINT64_C(1000) << 32),
		.ticks_per_ns = (UINT64_C(1) << 32) / 1000,
		.hz = 1000000 };
	return cmocka_run_group_tests_name("sched_race", tests, NULL, NULL);
}
