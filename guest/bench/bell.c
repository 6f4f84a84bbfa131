/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Doorbells, as guest/bench-bell.dts has them: one that is only counted, and one that raises a line
 * of this VM, for CPU 1, which sleeps on a CPU of its own.
 */
#include "bench.h"
#include "mmio.h"

#define BELL_COUNT UINT64_C(0x0b000010)
#define BELL_LINE  UINT64_C(0x0b000020)
#define LINE_INTID (SPI_BASE + 100)
/* Asleep so long that it is in its WFI. */
#define SLEEP_US   20

static volatile u64 slot;
static volatile u64 ready;

static void receiver(void *arg)
{
	(void)arg;
	gic_init_cpu();
	bench_vectors_on();
	for (u32 i = 0; i < sample_count; i++)
		receive_asleep(&slot, &ready);
	bench_vectors_off();
}

static u64 one_ring(u64 unused, u64 address)
{
	(void)unused;
	if (!wait_for(READY_MS, ready))
		return BENCH_TIMEOUT;
	ready = 0;
	delay_us(SLEEP_US);
	return measure_store_wake(&slot, address);
}

void bench_bells(void)
{
	s64 overhead = sample(measure_nop, 0, 0);

	if (asked_for("doorbell_write"))
		report("doorbell_write", sample(measure_store32, BELL_COUNT, 1), overhead);
	if (!asked_for("doorbell_line_wake"))
		return;
	gic_route(LINE_INTID, 1);
	gic_enable(LINE_INTID);
	if (!tap_ok(smp_start(1, receiver, NULL) == PSCI_SUCCESS, "CPU 1 starts"))
		return;
	report("doorbell_line_wake", sample(one_ring, 0, BELL_LINE), overhead);
	(void)smp_join(1, READY_MS);
}
