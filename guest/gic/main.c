/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The interrupt controller: registers, the life of interrupts, priorities, routes, a storm.
 * Boot argument: count=N interrupts in the storm (30000).
 */
#include "parts.h"

u32 take_one(void)
{
	if (!wait_for(BOUND_MS, mrs(ICC_HPPIR1_EL1) < INTID_NONE - 3))
		return INTID_NONE;
	return gic_ack();
}

bool quiet(void)
{
	u64 end = counter() + us_ticks(QUIET_US);

	while (counter() < end) {
		if (mrs(ISR_EL1) & ISR_IRQ)
			return false;
	}
	return true;
}

void gic_fresh(void)
{
	irq_disable();
	gic_init();
	gic_init_cpu();
	msr(ICC_IGRPEN0_EL1, 0);
	isb();
	gic_clear_counts();
}

void payload_main(void)
{
	tap_note("%u CPU(s), %u INTIDs", machine.cpus, gic_intids());
	test_distributor_registers();
	test_redistributor_registers();
	test_cpu_interface_registers();
	test_states();
	test_priorities();
	test_preemption();
	test_end_of_interrupt();
	test_groups();
	test_sgis();
	if (machine.cpus > 1)
		test_routes();
	test_storm();
}
