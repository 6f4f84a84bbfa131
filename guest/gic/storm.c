/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every CPU sends SGIs to the next one, pends SPIs that are routed around, and takes its own
 * timer's interrupts, until `count=` of them were sent in all: sent = taken, by each kind.
 * A number is sent again only when it was taken: pending ones would merge.
 * Boot argument `shared`: vCPUs share CPUs, so one with nothing to send sleeps a little.
 */
#include "parts.h"

#define COUNT_DEFAULT 30000
#define SGIS          8
#define SPIS          8
#define TIMER_US      50
#define PAUSE_US      200
#define JOIN_MS       600000
#define STALL_MS      20000

static struct channel {
	u32 sent;
	u32 taken;
} sgi[MAX_CPUS][SGIS], spi[MAX_CPUS][SPIS], timer[MAX_CPUS];

static u32 quota[3]; /* for each CPU: SGIs, SPIs, timer interrupts */
static u32 prepared;
static u32 done;

static void count(u32 intid, struct regs *regs)
{
	u32 cpu = cpu_id();

	(void)regs;
	if (intid < SGIS) {
		u32 from = (cpu + machine.cpus - 1) % machine.cpus;

		atomic_add(&sgi[from][intid].taken, 1);
	} else if (intid == TIMER_VIRT_INTID) {
		timer_set_ctl(TIMER_VIRT, 0);
		atomic_add(&timer[cpu].taken, 1);
	} else if (intid == TIMER_PHYS_INTID) {
		timer_set_ctl(TIMER_PHYS, 0);
	} else if (intid >= FREE_SPI && intid < FREE_SPI + MAX_CPUS * SPIS) {
		u32 index = intid - FREE_SPI;

		atomic_add(&spi[index / SPIS][index % SPIS].taken, 1);
	}
}

static bool idle(const struct channel *channel)
{
	return load_acquire(&channel->taken) == channel->sent;
}

static u32 send_sgis(u32 cpu, u32 left)
{
	u32 sent = 0;

	for (u32 i = 0; i < SGIS && sent < left; i++) {
		if (!idle(&sgi[cpu][i]))
			continue;
		sgi[cpu][i].sent++;
		gic_send_sgi(i, (cpu + 1) % machine.cpus);
		sent++;
	}
	return sent;
}

static u32 send_spis(u32 cpu, u32 left)
{
	u32 sent = 0;

	for (u32 i = 0; i < SPIS && sent < left; i++) {
		u32 intid = FREE_SPI + cpu * SPIS + i;

		if (!idle(&spi[cpu][i]))
			continue;
		spi[cpu][i].sent++;
		if (!(spi[cpu][i].sent & 15))
			gic_route(intid, (cpu + spi[cpu][i].sent / 16) % machine.cpus);
		gic_set_pending(intid);
		sent++;
	}
	return sent;
}

static u32 send_timer(u32 cpu, u32 left)
{
	if (!left || !idle(&timer[cpu]))
		return 0;
	timer[cpu].sent++;
	timer_set_cval(TIMER_VIRT, counter() + us_ticks(TIMER_US));
	timer_set_ctl(TIMER_VIRT, TIMER_ENABLE);
	return 1;
}

static void prepare(u32 cpu)
{
	gic_init_cpu();
	for (u32 i = 0; i < SGIS; i++)
		gic_enable(i);
	gic_enable(TIMER_VIRT_INTID);
	gic_enable(TIMER_PHYS_INTID);
	for (u32 i = 0; i < SPIS; i++) {
		u32 intid = FREE_SPI + cpu * SPIS + i;

		gic_set_edge(intid, i & 1);
		gic_set_priority(intid, (u8)(0x40 + 0x10 * i));
		gic_enable(intid);
	}
}

static bool all_idle(u32 cpu)
{
	bool all = idle(&timer[cpu]);

	for (u32 i = 0; i < SGIS; i++)
		all &= idle(&sgi[cpu][i]);
	for (u32 i = 0; i < SPIS; i++)
		all &= idle(&spi[cpu][i]);
	return all;
}

static void pause(bool shared)
{
	if (!shared) {
		cpu_relax();
		return;
	}
	/* Masked: taken before the WFI, the interrupt that is to end it would not. */
	irq_disable();
	timer_set_cval(TIMER_PHYS, counter_phys() + us_ticks(PAUSE_US));
	timer_set_ctl(TIMER_PHYS, TIMER_ENABLE);
	wfi();
	irq_enable();
}

/* Sends this CPU's share; when nothing can be sent, others may run. */
static void storm(void *arg)
{
	u32 cpu = cpu_id();
	u32 left[3] = { quota[0], quota[1], quota[2] };
	u64 last = counter();
	bool shared = arg_flag("shared");

	(void)arg;
	prepare(cpu);
	atomic_add(&prepared, 1);
	(void)wait_for(STALL_MS, load_acquire(&prepared) == machine.cpus);
	irq_enable();
	while (left[0] || left[1] || left[2]) {
		u32 sgis = send_sgis(cpu, left[0]);
		u32 spis = send_spis(cpu, left[1]);
		u32 timers = send_timer(cpu, left[2]);

		left[0] -= sgis;
		left[1] -= spis;
		left[2] -= timers;
		if (sgis + spis + timers)
			last = counter();
		else if (counter() - last > ms_ticks(STALL_MS))
			break;
		else
			pause(shared);
	}
	(void)wait_for(STALL_MS, all_idle(cpu));
	/* Others may still send to us. */
	atomic_add(&done, 1);
	(void)wait_for(STALL_MS, load_acquire(&done) == machine.cpus);
	irq_disable();
}

static void report(const char *name, u32 wanted, const struct channel *channel, u32 each)
{
	u64 sent = 0;
	u64 taken = 0;

	for (u32 i = 0; i < machine.cpus * each; i++) {
		sent += channel[i].sent;
		taken += channel[i].taken;
	}
	tap_note("%s: sent %lu, taken %lu", name, sent, taken);
	tap_ok(sent == (u64)wanted * machine.cpus && taken == sent, "storm: %s sent = taken", name);
}

void test_storm(void)
{
	u32 total = (u32)arg_number("count", COUNT_DEFAULT) / machine.cpus;
	u64 start = counter();
	u32 strays = 0;

	quota[0] = total / 2;
	quota[1] = total / 4;
	quota[2] = total / 4;
	gic_fresh();
	gic_set_handler(count);
	tap_ok(smp_run(storm, NULL, JOIN_MS), "storm: all CPUs come through");
	report("SGIs", quota[0], &sgi[0][0], SGIS);
	report("SPIs", quota[1], &spi[0][0], SPIS);
	report("timer interrupts", quota[2], timer, 1);
	for (u32 cpu = 0; cpu < machine.cpus; cpu++)
		strays += gic_spurious(cpu);
	tap_note("storm: %lu ms, %u spurious", (counter() - start) / ms_ticks(1), strays);
}
