/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts from one CPU to another: SGIs, SPI routes, deactivation from elsewhere.
 */
#include "parts.h"

#define JOIN_MS    5000
#define TYPER_NO1N BIT(25)
#define SGI_COUNT  16
#define SETTLE_US  20000

static u32 ready;
static u32 stop;
static u32 eoi_mode;

static void nothing(u32 intid, struct regs *regs)
{
	(void)intid;
	(void)regs;
}

/* The other CPUs take what comes until told to stop. */
static void listen(void *arg)
{
	(void)arg;
	gic_init_cpu();
	msr(ICC_CTLR_EL1, load_acquire(&eoi_mode));
	isb();
	for (u32 intid = 0; intid < SGI_COUNT; intid++)
		gic_enable(intid);
	irq_enable();
	atomic_add(&ready, 1);
	while (!load_acquire(&stop))
		cpu_relax();
	irq_disable();
}

static void start_listeners(void)
{
	store_release(&stop, 0);
	store_release(&ready, 0);
	gic_fresh();
	gic_set_handler(nothing);
	for (u32 intid = 0; intid < SGI_COUNT; intid++)
		gic_enable(intid);
	for (u32 cpu = 1; cpu < machine.cpus; cpu++)
		(void)smp_start(cpu, listen, NULL);
	tap_ok(wait_for(JOIN_MS, load_acquire(&ready) == machine.cpus - 1), "all CPUs listen");
	irq_enable();
}

static void stop_listeners(void)
{
	irq_disable();
	store_release(&stop, 1);
	for (u32 cpu = 1; cpu < machine.cpus; cpu++)
		tap_ok(smp_join(cpu, JOIN_MS), "CPU %u has stopped", cpu);
}

/* True when `intid` was taken `expected` times on `cpu` since the last call, and nowhere else. */
static bool only_on(u32 intid, u64 cpus)
{
	bool right = true;

	for (u32 cpu = 0; cpu < machine.cpus; cpu++) {
		u32 expected = cpus >> cpu & 1;

		right &= wait_for(BOUND_MS, gic_taken(cpu, intid) >= expected);
	}
	delay_us(100);
	for (u32 cpu = 0; cpu < machine.cpus; cpu++)
		right &= gic_taken(cpu, intid) == (cpus >> cpu & 1);
	gic_clear_counts();
	return right;
}

static u64 all_cpus(void)
{
	return BIT(machine.cpus) - 1;
}

static void send(u64 value)
{
	dsb(sy);
	msr(ICC_SGI1R_EL1, value);
	isb();
}

static void test_targets(void)
{
	u64 id = (u64)6 << 24;
	bool right = true;

	for (u32 cpu = 0; cpu < machine.cpus; cpu++) {
		gic_send_sgi(6, cpu);
		right &= only_on(6, BIT(cpu));
	}
	tap_ok(right, "an SGI to each CPU is taken there alone");
	send(id | SGI1R_IRM);
	tap_ok(only_on(6, all_cpus() & ~UINT64_C(1)), "IRM: all but self");
	send(id | SGI1R_IRM | 1);
	tap_ok(only_on(6, all_cpus() & ~UINT64_C(1)), "IRM: the target list means nothing");
	send(id | all_cpus());
	tap_ok(only_on(6, all_cpus()), "all by the target list");
	send(id | (0xffff & ~all_cpus()));
	tap_ok(only_on(6, 0), "targets that do not exist are ignored");
	send(id | 0xffff);
	tap_ok(only_on(6, all_cpus()), "also beside those that do");
	send(id | 1 | UINT64_C(7) << 16);
	send(id | 1 | UINT64_C(7) << 32);
	send(id | 1 | UINT64_C(7) << 48);
	if (mrs(ICC_CTLR_EL1) & ICC_CTLR_RSS)
		send(id | 1 | UINT64_C(3) << 44);
	tap_ok(only_on(6, 0), "and so are clusters that do not exist");
	send(id);
	tap_ok(only_on(6, 0), "and an empty target list");
}

void test_sgis(void)
{
	bool right = true;

	start_listeners();
	for (u32 intid = 0; intid < SGI_COUNT; intid++) {
		u32 cpu = intid % machine.cpus;

		gic_send_sgi(intid, cpu);
		right &= only_on(intid, BIT(cpu));
	}
	tap_ok(right, "all 16 SGIs are sent and taken");
	test_targets();
	irq_disable();
	gic_send_sgi(9, 0);
	gic_send_sgi(9, 0);
	tap_ok(wait_for(BOUND_MS, gic_is_pending(9)), "an SGI sent twice is pending");
	irq_enable();
	tap_ok(only_on(9, 1), "and taken once");
	stop_listeners();
}

static void route_raw(u32 intid, u64 value)
{
	mmio_write64(GICD_BASE + GICD_IROUTER + intid * 8, value);
}

static void test_moves(void)
{
	u32 last = machine.cpus - 1;
	bool right = true;

	for (u32 cpu = 0; cpu < machine.cpus; cpu++) {
		gic_route(FREE_SPI, cpu);
		gic_set_pending(FREE_SPI);
		right &= only_on(FREE_SPI, BIT(cpu));
	}
	tap_ok(right, "an SPI is taken where IROUTER says");
	route_raw(FREE_SPI, 0x00070707);
	gic_set_pending(FREE_SPI);
	delay_us(SETTLE_US);
	tap_ok(gic_is_pending(FREE_SPI), "routed to no CPU: stays pending");
	gic_route(FREE_SPI, last);
	tap_ok(only_on(FREE_SPI, BIT(last)), "then taken where it is routed to");
	gic_route(FREE_SPI, 0);
	irq_disable();
	gic_set_pending(FREE_SPI);
	tap_ok(wait_for(BOUND_MS, mrs(ICC_HPPIR1_EL1) == FREE_SPI), "pending at CPU 0, masked");
	gic_route(FREE_SPI, last);
	tap_ok(only_on(FREE_SPI, BIT(last)), "moved away while pending");
	irq_enable();
	tap_ok(only_on(FREE_SPI, 0), "and not taken here any more");
}

static void test_one_of_n(void)
{
	bool no1n = mmio_read32(GICD_BASE + GICD_TYPER) & TYPER_NO1N;
	u32 sum = 0;

	route_raw(FREE_SPI, IROUTER_IRM);
	tap_note("GICD_TYPER.No1N %u, IROUTER reads %lx", no1n,
		mmio_read64(GICD_BASE + GICD_IROUTER + FREE_SPI * 8));
	gic_set_pending(FREE_SPI);
	delay_us(SETTLE_US);
	for (u32 cpu = 0; cpu < machine.cpus; cpu++)
		sum += gic_taken(cpu, FREE_SPI);
	tap_ok(sum == 1 || (no1n && !sum), "IRM: %u of %u CPUs took it", sum, machine.cpus);
	gic_clear_pending(FREE_SPI);
	gic_route(FREE_SPI, 0);
	gic_clear_counts();
}

/* Taken on CPU 0 and priority dropped there; another CPU deactivates it. */
static volatile u32 deactivated;

static void deactivate_elsewhere(u32 intid, struct regs *regs)
{
	(void)regs;
	if (intid != 6)
		return;
	gic_deactivate(FREE_SPI);
	store_release(&deactivated, 1);
}

static void test_remote_deactivate(void)
{
	irq_disable();
	gic_set_handler(deactivate_elsewhere);
	gic_set_pending(FREE_SPI);
	tap_is(take_one(), FREE_SPI, "taken on CPU 0");
	gic_eoi(FREE_SPI);
	tap_ok(gic_is_active(FREE_SPI), "active after EOIR in EOImode 1");
	gic_set_pending(FREE_SPI);
	gic_send_sgi(6, 1);
	tap_ok(wait_for(BOUND_MS, load_acquire(&deactivated)), "CPU 1 writes DIR");
	tap_is(take_one(), FREE_SPI, "which makes it inactive: taken again");
	gic_eoi(FREE_SPI);
	gic_write_bit(0, FREE_SPI, GIC_ICACTIVER);
	tap_ok(!gic_is_active(FREE_SPI) && quiet(), "ICACTIVER makes it inactive as well");
	gic_clear_counts();
}

/* PPIs of CPU 1, pended by CPU 0 through CPU 1's frame. */
static void test_other_frame(void)
{
	gic_write_bit(1, 22, GIC_ISENABLER);
	gic_write_bit(1, 22, GIC_ISPENDR);
	tap_ok(only_on(22, BIT(1)), "a PPI pended through its CPU's frame is taken there");
	gic_write_bit(1, 8, GIC_ISPENDR);
	tap_ok(only_on(8, BIT(1)), "and an SGI too");
}

void test_routes(void)
{
	store_release(&eoi_mode, 0);
	start_listeners();
	gic_enable(FREE_SPI);
	test_moves();
	test_one_of_n();
	test_other_frame();
	stop_listeners();

	store_release(&eoi_mode, ICC_CTLR_EOIMODE);
	start_listeners();
	gic_enable(FREE_SPI);
	msr(ICC_CTLR_EL1, ICC_CTLR_EOIMODE);
	isb();
	test_remote_deactivate();
	stop_listeners();
	msr(ICC_CTLR_EL1, 0);
	isb();
}
