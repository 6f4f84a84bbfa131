/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Instructions for each operation: under QEMU's `-icount shift=0,sleep=off` with `-cpu max` one
 * instruction is one nanosecond and one tick, whichever CPU and exception level executes it.
 * Prints a line `BENCH key number` for each; the number is the median of `count=` samples less
 * the same with a NOP in place of the operation.
 *
 * Boot arguments: count=N samples (101); only=key[,key…]; suffix=TEXT behind each key;
 * neighbour: the other vCPUs are on and asleep in WFI; blocks=N fresh 2 MiB blocks (16).
 */
#include "bench.h"
#include "print.h"

#define SAMPLES_DEFAULT 101
#define BLOCKS_DEFAULT  16
#define NANOSECOND      UINT64_C(1000000000)
#define UARTFR          (UART_BASE + 0x18)

u64 samples[SAMPLES_MAX];
u32 sample_count;
static char suffix[32];
static char only[128];

bool asked_for(const char *key)
{
	size_t length = strlen(key);

	for (const char *at = only; *at;) {
		if (str_starts(at, key) && (!at[length] || at[length] == ','))
			return true;
		while (*at && *at++ != ',')
			;
	}
	return false;
}

bool wanted(const char *key)
{
	return !only[0] || asked_for(key);
}

/* The median, or where a tick is many instructions the mean, in instructions. */
s64 evaluate(u32 count)
{
	u64 frequency = mrs(cntfrq_el0);
	u64 sum = 0;

	sort_u64(samples, count);
	if (samples[count - 1] == BENCH_TIMEOUT)
		return -1;
	if (frequency == NANOSECOND)
		return (s64)samples[count / 2];
	for (u32 i = 0; i < count; i++)
		sum += samples[i];
	return (s64)(sum * (NANOSECOND / 1000) / (frequency / 1000) / count);
}

s64 sample(measurement run, u64 a, u64 b)
{
	for (u32 i = 0; i < sample_count; i++)
		samples[i] = run(a, b);
	return evaluate(sample_count);
}

void report(const char *key, s64 found, s64 overhead)
{
	print("BENCH %s%s %ld\n", key, suffix, found < overhead ? 0 : found - overhead);
	if (tap_ok(found >= 0, "%s%s", key, suffix))
		tap_note("fastest %lu, slowest %lu", samples[0], samples[sample_count - 1]);
}

/* One instruction that traps. */
struct single {
	const char *key;
	measurement run;
	u64 a;
	u64 b;
};

static const struct single singles[] = {
	{ "hvc_psci_version", measure_hvc, PSCI_VERSION, 0 },
	{ "smc_psci_version", measure_smc, PSCI_VERSION, 0 },
	{ "hvc_refused", measure_hvc, 0x8300ffffu, 0 },
	{ "workaround_hvc", measure_hvc, SMCCC_ARCH_WORKAROUND_1, 0 },
	{ "workaround_3_hvc", measure_hvc, SMCCC_ARCH_WORKAROUND_3, 0 },
	{ "workaround_smc", measure_smc, SMCCC_ARCH_WORKAROUND_1, 0 },
	{ "workaround_3_smc", measure_smc, SMCCC_ARCH_WORKAROUND_3, 0 },
	{ "trng_rnd", measure_hvc, TRNG_RND_64, 192 },
	{ "gicd_typer_read", measure_load32, GICD_BASE + GICD_TYPER, 0 },
	{ "gicr_typer_read", measure_load64, GICR_BASE + GICR_TYPER, 0 },
	{ "gicd_isenabler1_read", measure_load32, GICD_BASE + GIC_ISENABLER + 4, 0 },
	{ "gicr_isenabler0_write", measure_store32, GICR_BASE + GICR_SGI_BASE + GIC_ISENABLER,
		1u << BENCH_SGI },
	{ "uart_read", measure_load32, UARTFR, 0 },
};

static bool smc_works(void)
{
	struct probe p = { .x = { PSCI_VERSION } };

	probe_insn(&p, 0xd4000003u);
	return !p.taken;
}

/* An enable that changes something: the other row writes a bit that is set already, which is less
 * work. */
static u64 enable_after_disable(u64 frame, u64 bit)
{
	mmio_write32(frame + GIC_ICENABLER, (u32)bit);
	return measure_store32(frame + GIC_ISENABLER, bit);
}

static void bench_singles(void)
{
	s64 overhead = sample(measure_nop, 0, 0);

	tap_note("with a NOP: %ld", overhead);
	if (wanted("gicr_isenabler0_change"))
		report("gicr_isenabler0_change",
			sample(enable_after_disable, GICR_BASE + GICR_SGI_BASE, 1u << BENCH_SGI),
			overhead);
	for (u32 i = 0; i < ARRAY_SIZE(singles); i++) {
		if (!wanted(singles[i].key))
			continue;
		if (singles[i].run == measure_smc && !smc_works())
			tap_skip(singles[i].key, "no SMC here");
		else
			report(singles[i].key, sample(singles[i].run, singles[i].a, singles[i].b),
				overhead);
	}
}

static void bench_interrupts(void)
{
	/* Between two reads of the counter lies one instruction: the operation itself. */
	s64 overhead = sample(measure_nop, 0, 0);

	bench_vectors_on();
	if (wanted("sgi_self"))
		report("sgi_self", sample(measure_sgi, 0, (u64)BENCH_SGI << 24 | 1), overhead);
	if (wanted("timer_irq"))
		report("timer_irq", sample(measure_timer_spin, TIMER_AHEAD, 0), 0);
	if (wanted("wfi_wake"))
		report("wfi_wake", sample(measure_timer_wfi, TIMER_AHEAD, 0), 0);
	bench_vectors_off();
}

static volatile u64 ipi_slot;
static volatile u64 ipi_ready;

static void receiver(void *arg)
{
	(void)arg;
	gic_init_cpu();
	gic_enable(BENCH_SGI);
	bench_vectors_on();
	for (u32 i = 0; i < sample_count; i++)
		receive_ipi(&ipi_slot, &ipi_ready);
	bench_vectors_off();
}

static u64 one_ipi(u64 unused, u64 sgi1r)
{
	(void)unused;
	if (!wait_for(READY_MS, ipi_ready))
		return BENCH_TIMEOUT;
	ipi_ready = 0;
	/* Let the receiver get into its loop. */
	for (u32 i = 0; i < 4; i++)
		cpu_relax();
	return measure_ipi(&ipi_slot, sgi1r);
}

static void bench_ipi(void)
{
	u64 mpidr = machine.mpidr[1];
	s64 overhead = sample(measure_nop, 0, 0);

	if (smp_start(1, receiver, NULL) != PSCI_SUCCESS) {
		tap_ok(false, "CPU 1 starts");
		return;
	}
	report("ipi", sample(one_ipi, 0, BIT(mpidr & 0xf) | (u64)BENCH_SGI << 24), overhead);
	(void)smp_join(1, READY_MS);
}

/* The first touch of blocks that nobody has touched, at the end of RAM. */
static void bench_stage2(void)
{
	u64 end = ALIGN_DOWN(machine.memory_base + machine.memory_size, MIB(2));
	u64 most = machine.memory_size / MIB(2) / 2;
	u32 blocks = (u32)arg_number("blocks", BLOCKS_DEFAULT);
	s64 overhead = sample(measure_nop, 0, 0);

	if (blocks > most)
		blocks = (u32)most;
	if (!blocks || blocks > sample_count)
		return;
	for (u32 i = 0; i < blocks; i++)
		samples[i] = measure_load32(end - (i + 1) * MIB(2), 0);
	tap_note("s2_fault is the first touch of a 2 MiB block, wiping it included");
	print("BENCH s2_fault%s %ld\n", suffix, evaluate(blocks) - overhead);
	tap_note("fastest %lu, slowest %lu", samples[0], samples[blocks - 1]);
}

static void sleep_forever(void *arg)
{
	store_release((u32 *)arg, 1);
	for (;;)
		wfi();
}

static void start_neighbours(void)
{
	static u32 asleep[MAX_CPUS];

	for (u32 cpu = 1; cpu < machine.cpus; cpu++)
		tap_ok(smp_start(cpu, sleep_forever, &asleep[cpu]) == PSCI_SUCCESS &&
				wait_for(READY_MS, load_acquire(&asleep[cpu])),
			"CPU %u is on, asleep", cpu);
}

void payload_main(void)
{
	sample_count = (u32)arg_number("count", SAMPLES_DEFAULT);
	if (!sample_count || sample_count > SAMPLES_MAX)
		sample_count = SAMPLES_DEFAULT;
	(void)arg_text("suffix", suffix, sizeof(suffix));
	(void)arg_text("only", only, sizeof(only));
	if (mrs(cntfrq_el0) != NANOSECOND)
		tap_note(
			"CNTFRQ_EL0 is %lu: a tick is not an instruction, means instead of medians",
			mrs(cntfrq_el0));
	if (arg_flag("neighbour"))
		start_neighbours();
	gic_init();
	gic_init_cpu();
	gic_enable(BENCH_SGI);
	gic_enable(TIMER_VIRT_INTID);
	bench_singles();
	bench_interrupts();
	if (wanted("ipi") && machine.cpus > 1 && !arg_flag("neighbour"))
		bench_ipi();
	if (wanted("s2_fault"))
		bench_stage2();
	bench_events();
	bench_table();
	bench_bells();
	bench_monitor();
	bench_shared();
}
