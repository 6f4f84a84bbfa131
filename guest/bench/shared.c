/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vCPUs that share the machine's CPUs. The manifests (guest/bench-*.dts) say on how many CPUs each
 * figure is measured; the VM's vCPUs are 0 and 2 on the first, 1 and 3 on the second.
 */
#include "bench.h"

#define JOIN_MS    20000
#define PV_TIME_ST 0xc5000021u
/* Asleep so long that nobody could say it has just had its turn. */
#define SLEEP_US   2000

static struct switches switches = { .owner = 2, .samples = samples };
static bool stolen_time; /* each has its stolen time counted */
static volatile u64 stop;
static volatile u64 slot;
static volatile u64 ready;

/* With the interrupts on that a kernel has on, on each of its CPUs. */
static void take_turns(void *arg)
{
	(void)arg;
	gic_init_cpu();
	gic_enable(BENCH_SGI);
	gic_enable(TIMER_VIRT_INTID);
	if (stolen_time)
		(void)smccc_call(CONDUIT_HVC, PV_TIME_ST, 0, 0, 0);
	spin_for_switches(&switches, cpu_id());
}

/* Two that compute on one CPU: what the end of a time slice takes. */
static void bench_switch(const char *key, bool stolen)
{
	stolen_time = stolen;
	switches.wanted = sample_count;
	if (!tap_ok(smp_start(1, take_turns, NULL) == PSCI_SUCCESS, "CPU 1 starts"))
		return;
	take_turns(NULL);
	report(key, evaluate(sample_count), 0);
	(void)smp_join(1, JOIN_MS);
}

static void compute(void *arg)
{
	gic_init_cpu();
	gic_enable(TIMER_VIRT_INTID);
	store_release((u32 *)arg, 1);
	spin_with_fp(&stop);
}

static bool start_computing(u32 cpu)
{
	static u32 computing[MAX_CPUS];

	return tap_ok(smp_start(cpu, compute, &computing[cpu]) == PSCI_SUCCESS &&
			wait_for(READY_MS, load_acquire(&computing[cpu])),
		"CPU %u computes", cpu);
}

/* The timer of one that sleeps, while another computes on the same CPU. */
static void bench_wake(void)
{
	if (!start_computing(1))
		return;
	bench_vectors_on();
	report("wake_latency", sample(measure_timer_wfi, us_ticks(SLEEP_US), 0), 0);
	bench_vectors_off();
	stop = 1;
	(void)smp_join(1, JOIN_MS);
}

static void receiver(void *arg)
{
	(void)arg;
	gic_init_cpu();
	gic_enable(BENCH_SGI);
	gic_enable(TIMER_VIRT_INTID);
	bench_vectors_on();
	for (u32 i = 0; i < sample_count; i++)
		receive_asleep(&slot, &ready);
	bench_vectors_off();
}

static u64 one_wake(u64 unused, u64 sgi1r)
{
	(void)unused;
	if (!wait_for(READY_MS, ready))
		return BENCH_TIMEOUT;
	ready = 0;
	delay_us(SLEEP_US);
	return measure_ipi(&slot, sgi1r);
}

static void sleep_forever(void *arg)
{
	store_release((u32 *)arg, 1);
	for (;;)
		wfi();
}

static bool start_sleeping(u32 cpu)
{
	static u32 asleep[MAX_CPUS];

	return tap_ok(smp_start(cpu, sleep_forever, &asleep[cpu]) == PSCI_SUCCESS &&
			wait_for(READY_MS, load_acquire(&asleep[cpu])),
		"CPU %u is on, asleep", cpu);
}

/* An SGI to one that sleeps on another CPU, which is idle or where another computes. */
static void bench_wake_other(const char *key, bool (*start_neighbour)(u32 cpu))
{
	u64 sgi1r = BIT(machine.mpidr[1] & 0xf) | (u64)BENCH_SGI << 24;
	s64 overhead = sample(measure_nop, 0, 0);

	if (!start_neighbour(3) ||
		!tap_ok(smp_start(1, receiver, NULL) == PSCI_SUCCESS, "CPU 1 starts"))
		return;
	report(key, sample(one_wake, 0, sgi1r), overhead);
	(void)smp_join(1, READY_MS);
}

void bench_shared(void)
{
	if (asked_for("switch_vcpu"))
		bench_switch("switch_vcpu", false);
	if (asked_for("switch_vcpu_stolen"))
		bench_switch("switch_vcpu_stolen", true);
	if (asked_for("wake_latency"))
		bench_wake();
	if (asked_for("wake_other_cpu"))
		bench_wake_other("wake_other_cpu", start_sleeping);
	if (asked_for("wake_other_cpu_busy"))
		bench_wake_other("wake_other_cpu_busy", start_computing);
}
