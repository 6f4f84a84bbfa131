/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PSCI on CPUs that are threads, under the real run loop, scheduler and life cycle: vCPUs switch
 * each other on and themselves off, suspend, and wake each other, all the time. Each SUCCESS of
 * CPU_ON is one start of its target, with that context; all other answers are ALREADY_ON. No
 * wake-up is lost, nobody runs twice, and SYSTEM_SUSPEND is granted only to the last one.
 *
 * links: hyp/smccc/psci.c hyp/smccc/psci_suspend.c hyp/smccc/psci_stat.c hyp/smccc/psci_system.c
 * hyp/trap/exit.c hyp/vm/lifecycle.c hyp/vm/vcpu.c hyp/vm/bank.c hyp/vm/sched.c hyp/vm/sched_turn.c
 * hyp/vm/sched_queue.c hyp/vm/sched_balance.c hyp/vm/sched_config.c drivers/timer/timer.c
 * hyp/arch/features.c hyp/arch/el2_controls.c
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
#include "drivers/pmu/pmu.h"
#include "drivers/timer/timer.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/features.h"
#include "hyp/arch/fpsimd.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/smccc/psci.h"
#include "hyp/smccc/psci_state.h"
#include "hyp/smccc/sdei.h"
#include "hyp/trap/abort.h"
#include "hyp/trap/exit.h"
#include "hyp/trap/sysreg.h"
#include "hyp/trap/sysreg32.h"
#include "hyp/trap/triage.h"
#include "hyp/trap/wfx.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vm/inject.h"
#include "hyp/vm/lifecycle.h"
#include "hyp/vm/sched_state.h"
#include "mm/page.h"
#include "tests/unit/fake/cpu.h"

#define CPUS       4
#define VCPUS      6
#define LIMIT_S    60
#define STARTS     20000 /* or as many as there are in so many seconds */
#define STORM_S    3
#define RAM        UINT64_C(0x40000000)
#define ENTRY_ON   (RAM + 0x1000)
#define ENTRY_DOWN (RAM + 0x2000)
#define BODY       (RAM + 0x100000)
#define DOWN       BIT(16)
#define CLUSTER    BIT(24)

struct vm *vms[MAX_VMS];
unsigned nr_vms;
static struct vm vm;
static struct vm_part parts[NR_PARTS];

/* A guest: the call that it has made, and what it is told. */
static struct guest {
	struct vcpu vcpu;
	uint64_t seed;
	unsigned on_cpus; /* how many run it: 1 */
	smccc_service asked;
	uint64_t context; /* of its last power down, or of the CPU_ON that it asked for */
	unsigned target;
	/* as a target: how often somebody was told SUCCESS, and how often it began */
	uint64_t won, won_contexts, begun, begun_contexts;
	uint64_t asleep, system_suspends;
} guests[VCPUS];

static uint64_t starts, next_context, storm_since;
static bool draining;
static unsigned finished;

#define CHECK(condition) check(condition, #condition, __LINE__)

static void check(bool holds, const char *what, int line)
{
	if (holds)
		return;
	fprintf(stderr, "line %d: %s\n", line, what);
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

static uint64_t microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void timer_arm_own(struct soft_timer *timer, uint64_t deadline)
{
	timer->deadline = deadline;
	armed = timer;
}

void timer_disarm(struct soft_timer *timer)
{
	(void)timer;
}

static void interrupts(void)
{
	struct soft_timer *timer = armed;

	if (__atomic_exchange_n(&kicked[this_cpu()->index], false, __ATOMIC_SEQ_CST))
		irq_table[SGI_KICK].handler(NULL, SGI_KICK);
	if (timer && timer->deadline <= microseconds()) {
		armed = NULL;
		timer->fn(timer);
	}
}

/* Called with locks held, too, so that others find things half done. */
static void shake(void)
{
	static _Thread_local unsigned calls;

	if ((++calls & 63) == 0)
		sched_yield();
}

uint64_t fake_sysreg_read(unsigned encoding)
{
	switch (encoding) {
	case SYS_CNTPCT_EL0:
		shake();
		return microseconds();
	case SYS_ICC_IAR1_EL1:
		interrupts();
		return 1023;
	default:
		return 0;
	}
}

void fake_sysreg_write(unsigned encoding, uint64_t value)
{
	if (encoding == SYS_ICC_SGI1R_EL1)
		__atomic_store_n(&kicked[value - 1], true, __ATOMIC_SEQ_CST);
}

void fake_wfi(void)
{
	uint64_t since = microseconds();

	while (!__atomic_load_n(&kicked[this_cpu()->index], __ATOMIC_SEQ_CST)) {
		if (__atomic_load_n(&finished, __ATOMIC_SEQ_CST))
			longjmp(out_of_loop, 1);
		CHECK(microseconds() - since < LIMIT_S * UINT64_C(1000000));
		sched_yield();
	}
}

void *mm_zalloc(size_t size)
{
	return calloc(1, size);
}

void mm_free(void *memory, size_t size)
{
	(void)size;
	free(memory);
}

/* --- what is not in this test --- */

void fpsimd_save(struct fpsimd_state *state)
{
	(void)state;
}

void fpsimd_restore(const struct fpsimd_state *state)
{
	(void)state;
}

bool pmu_count_read(uint64_t *instructions)
{
	*instructions = 0;
	return false;
}

#define NEVER(name)                                             \
	enum exit_result name(struct vcpu *vcpu, uint64_t with) \
	{                                                       \
		(void)vcpu;                                     \
		(void)with;                                     \
		abort();                                        \
	}
NEVER(wfx_handle)
NEVER(sysreg_handle)
NEVER(abort_handle_data)
NEVER(triage_instruction)
NEVER(inject_sync)
NEVER(sysreg32_handle)
NEVER(sysreg32_handle_pair)
NEVER(sysreg32_handle_memory)
NEVER(sysreg32_handle_vmrs)

void nested_reflect(struct vcpu *vcpu, uint64_t esr)
{
	(void)vcpu;
	(void)esr;
	abort();
}

bool nested_take_serror(struct vcpu *vcpu_of_it, uint64_t iss)
{
	(void)vcpu_of_it;
	(void)iss;
	abort();
}

void nested_before_entry(struct vcpu *vcpu)
{
	(void)vcpu;
	abort();
}
NEVER(smccc_smc32)
NEVER(smccc_hvc32)

enum exit_result inject_undefined(struct vcpu *vcpu)
{
	(void)vcpu;
	abort();
}

void inject_undefined_at(struct vcpu *vcpu, uint64_t pc, uint64_t pstate)
{
	(void)vcpu;
	(void)pc;
	(void)pstate;
	abort();
}

void inject_now(struct vcpu *vcpu)
{
	(void)vcpu;
	abort();
}

void inject_serror(struct vcpu *vcpu, uint64_t syndrome)
{
	(void)vcpu;
	(void)syndrome;
	abort();
}

void vcpu_log(struct vcpu *vcpu, const char *fmt, ...)
{
	(void)vcpu;
	(void)fmt;
	abort();
}

/* The VM never ends: vCPU 0 stays on. */
void lifecycle_start_job(struct vm *of)
{
	(void)of;
	abort();
}

void lifecycle_begin_loading(struct vm *of)
{
	(void)of;
	abort();
}

bool lifecycle_set_stopped(struct vm *of)
{
	(void)of;
	abort();
}

void lifecycle_all_stopped(void)
{
	abort();
}

void sdei_cpu_off(struct vcpu *vcpu)
{
	(void)vcpu;
}

void sdei_woken(struct vcpu *vcpu)
{
	(void)vcpu;
}

void vgic_flush(struct vcpu *vcpu)
{
	(void)vcpu;
}

bool smccc_offers(uint32_t function)
{
	(void)function;
	return true;
}

/* --- guests --- */

static struct guest *guest_of(struct vcpu *vcpu)
{
	return container_of(vcpu, struct guest, vcpu);
}

static unsigned roll(struct guest *guest, unsigned n)
{
	guest->seed = guest->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(guest->seed >> 33) % n;
}

/* vCPU 0 always has an interrupt, so that somebody is there to wake the others. */
bool vgic_has_pending(struct vcpu *vcpu)
{
	struct guest *guest = guest_of(vcpu);

	return guest == &guests[0] || roll(guest, 8) == 0;
}

bool vgic_requests_wake(struct vcpu *vcpu)
{
	return vgic_has_pending(vcpu);
}

static enum exit_result serve(struct vcpu *vcpu, enum conduit conduit)
{
	struct guest *guest = guest_of(vcpu);
	enum exit_result result = guest->asked(vcpu, conduit, (uint32_t)(SMCCC_FAST | SMCCC_64));

	/* Granted: everybody else is off, and stays so, for only this one could change that. */
	if (guest->asked == psci_system_suspend && vcpu->regs.pc == ENTRY_DOWN) {
		CHECK(guest == &guests[0]);
		guest->system_suspends++;
		for (unsigned i = 1; i < VCPUS; i++)
			CHECK(READ_ONCE(guests[i].vcpu.state) == VCPU_OFF);
	}
	return result;
}

enum exit_result smccc_smc(struct vcpu *vcpu, uint64_t syndrome)
{
	(void)syndrome;
	return serve(vcpu, SMCCC_SMC);
}

enum exit_result smccc_hvc(struct vcpu *vcpu, uint64_t syndrome)
{
	(void)syndrome;
	return serve(vcpu, SMCCC_HVC);
}

static void won(struct guest *guest)
{
	struct guest *target = &guests[guest->target];

	__atomic_fetch_add(&target->won, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&target->won_contexts, guest->context, __ATOMIC_SEQ_CST);
	if (__atomic_add_fetch(&starts, 1, __ATOMIC_SEQ_CST) >= STARTS ||
		microseconds() - storm_since > STORM_S * UINT64_C(1000000))
		__atomic_store_n(&draining, true, __ATOMIC_SEQ_CST);
}

/* The call has returned behind itself. */
static void judge(struct guest *guest, int64_t answer)
{
	if (guest->asked == psci_cpu_on) {
		CHECK(answer == PSCI_SUCCESS || answer == PSCI_ALREADY_ON);
		if (answer == PSCI_SUCCESS)
			won(guest);
	} else if (guest->asked == psci_affinity_info) {
		CHECK(answer == 0 || answer == 1);
	} else if (guest->asked == psci_cpu_suspend) {
		CHECK(answer == PSCI_SUCCESS || answer == PSCI_DENIED ||
			answer == PSCI_INVALID_PARAMETERS);
	} else if (guest->asked == psci_set_suspend_mode) {
		CHECK(answer == PSCI_SUCCESS || answer == PSCI_DENIED);
	} else if (guest->asked == psci_system_suspend) {
		CHECK(answer == PSCI_DENIED);
	} else {
		CHECK(guest->asked != psci_cpu_off && guest->asked != psci_cpu_default_suspend);
	}
	guest->asked = NULL;
}

static void begin(struct guest *guest)
{
	uint64_t context = guest->vcpu.regs.x[0];

	if (guest->vcpu.regs.pc == ENTRY_ON) {
		__atomic_fetch_add(&guest->begun, 1, __ATOMIC_SEQ_CST);
		__atomic_fetch_add(&guest->begun_contexts, context, __ATOMIC_SEQ_CST);
	} else if (guest->vcpu.regs.pc == ENTRY_DOWN) {
		CHECK(context == guest->context);
		guest->asleep++;
	} else if (guest->asked) {
		judge(guest, (int64_t)context);
		return;
	}
	guest->vcpu.regs.pc = BODY;
	guest->asked = NULL;
}

static void ask(struct guest *guest, smccc_service service, uint64_t a1, uint64_t a2, uint64_t a3)
{
	uint64_t *x = guest->vcpu.regs.x;

	guest->asked = service;
	x[1] = a1;
	x[2] = a2;
	x[3] = a3;
}

static void ask_cpu_on(struct guest *guest)
{
	guest->target = roll(guest, VCPUS);
	guest->context = __atomic_add_fetch(&next_context, 1, __ATOMIC_SEQ_CST);
	ask(guest, psci_cpu_on, guest->target, ENTRY_ON, guest->context);
}

static void wake_some(struct guest *guest)
{
	struct vcpu *other = &guests[roll(guest, VCPUS)].vcpu;

	if (roll(guest, 4) == 0)
		vcpu_signal(other);
	else
		vcpu_wake(other);
}

static void ask_something(struct guest *guest)
{
	bool first = guest == &guests[0];

	wake_some(guest);
	guest->context = guest->seed;
	switch (roll(guest, 12)) {
	case 0 ... 4:
		return ask_cpu_on(guest);
	case 5:
		return ask(guest, psci_affinity_info, roll(guest, VCPUS), 0, 0);
	case 6:
		return ask(guest, psci_cpu_suspend, roll(guest, 2) ? 0 : CLUSTER, 0, 0);
	case 7:
		return ask(guest, psci_cpu_suspend, DOWN | (roll(guest, 2) ? 0 : CLUSTER),
			ENTRY_DOWN, guest->context);
	case 8:
		return ask(guest, psci_cpu_default_suspend, ENTRY_DOWN, guest->context, 0);
	case 9:
		return ask(guest, psci_system_suspend, ENTRY_DOWN, guest->context, 0);
	case 10:
		return ask(guest, psci_set_suspend_mode, roll(guest, 2), 0, 0);
	default:
		return first ? ask_cpu_on(guest) : ask(guest, psci_cpu_off, 0, 0, 0);
	}
}

/* At the end all but the first go off; it wakes them until they have. */
static void drain(struct guest *guest)
{
	bool all_off = true;

	if (guest != &guests[0])
		return ask(guest, psci_cpu_off, 0, 0, 0);
	for (unsigned i = 1; i < VCPUS; i++) {
		vcpu_signal(&guests[i].vcpu);
		all_off = all_off && READ_ONCE(guests[i].vcpu.state) == VCPU_OFF;
	}
	if (all_off) {
		__atomic_store_n(&finished, 1, __ATOMIC_SEQ_CST);
		longjmp(out_of_loop, 1);
	}
	ask(guest, psci_affinity_info, 1, 0, 0);
}

static enum exit_kind play(struct guest_regs *regs)
{
	struct guest *guest = guest_of(container_of(regs, struct vcpu, regs));

	CHECK(__atomic_fetch_add(&guest->on_cpus, 1, __ATOMIC_SEQ_CST) == 0);
	CHECK(guest->vcpu.wait_over == NULL);
	CHECK(vpsci_cpu_of(&guest->vcpu)->suspended == PSCI_RUNNING);
	begin(guest);
	interrupts();
	if (__atomic_load_n(&draining, __ATOMIC_SEQ_CST))
		drain(guest);
	else
		ask_something(guest);
	fake_sysreg_set(SYS_ESR_EL2, ESR_MAKE(roll(guest, 2) ? EC_HVC64 : EC_SMC64, 0));
	CHECK(__atomic_sub_fetch(&guest->on_cpus, 1, __ATOMIC_SEQ_CST) == 0);
	return EXIT_SYNC;
}

/* --- the storm --- */

static void *cpu_thread(void *argument)
{
	fake_cpu_switch((unsigned)(uintptr_t)argument);
	if (setjmp(out_of_loop) == 0)
		exit_loop();
	return NULL;
}

static void make_vm(void)
{
	vm = (struct vm){ .nr_vcpus = VCPUS, .ram_base = IPA(RAM), .ram_size = MIB(2) };
	for (unsigned i = 0; i < VCPUS; i++) {
		guests[i].vcpu.vm = &vm;
		guests[i].vcpu.id = i;
		guests[i].seed = i * 77 + 1;
		list_init(&guests[i].vcpu.run_link);
		vm.vcpus[i] = &guests[i].vcpu;
	}
	vm.state = VM_RUNNING;
	parts[PART_PSCI] = psci_part;
	vm_parts = parts;
	vcpu_exit_table = exit_table;
	vcpu_list_parts();
	assert_int_equal(psci_part.create(&vm), OK);
	sched_place(&vm);
}

static void start_machine(unsigned count)
{
	fake_cpu_reset();
	fake_cpu_count(count);
	memset(guests, 0, sizeof(guests));
	memset(kicked, 0, sizeof(kicked));
	sched_idle_cpus = sched_pinned_cpus = 0;
	finished = 0;
	draining = false;
	starts = 0;
	storm_since = microseconds();
	for (unsigned i = count; i-- > 0;) {
		cpus[i].kick = 1 + i;
		fake_cpu_switch(i);
		sched_queues[i].placed = 0;
		sched_init_cpu();
	}
	fake_enter_hook = play;
	make_vm();
}

static void storm(unsigned count)
{
	pthread_t threads[CPUS];
	uint64_t asleep = 0;

	start_machine(count);
	assert_int_equal(vcpu_power_on(&guests[0].vcpu, BODY, 0), OK);
	for (unsigned i = 0; i < count; i++)
		pthread_create(&threads[i], NULL, cpu_thread, (void *)(uintptr_t)i);
	for (unsigned i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	for (unsigned i = 1; i < VCPUS; i++) {
		assert_int_equal(guests[i].won, guests[i].begun);
		assert_int_equal(guests[i].won_contexts, guests[i].begun_contexts);
		asleep += guests[i].asleep;
	}
	assert_int_equal(guests[0].won, 0);
	assert_true(starts > 0);
	assert_true(asleep > 0);
	psci_part.destroy(&vm);
}

static void one_cpu(void **state)
{
	(void)state;
	storm(1);
}

static void two_cpus(void **state)
{
	(void)state;
	storm(2);
}

static void four_cpus(void **state)
{
	(void)state;
	storm(4);
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
	return cmocka_run_group_tests_name("psci_race", tests, NULL, NULL);
}
