/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Instructions for each operation of a hypervisor at (virtual) EL2, in the manner of guest/bench:
 * a line `BENCH key number`, the number being the median of `count=` samples (101), less what the
 * same takes with a NOP. Under QEMU's `-icount shift=0,sleep=off` a tick is an instruction.
 *
 *   at_hw               AT that the CPU's own AT can answer: of EL2's own translation
 *   at_walk             AT S1E1R of EL1's, four levels, no stage 2
 *   at_walk_two_stages  AT S12E1R, both of four levels
 *   vel2_sysreg         a read of HPFAR_EL2
 *   vel2_eret           from ERET to the inner guest's first instruction
 *   vel2_exit           from the inner guest's HVC to EL2's vector
 *   nested_hvc          from the inner guest's HVC to the instruction behind it
 *   nested_gicd_typer_read, nested_sgi_self, nested_timer_irq: the same operations of an inner
 *                       guest that guest/bench has of a guest
 *
 * Boot arguments besides: bench; suffix=TEXT; inner, without AT and registers.
 */
#include "gic.h"
#include "hyp.h"
#include "mmio.h"
#include "mmu.h"
#include "print.h"
#include "timer.h"

#define SAMPLES     101
#define VA          UINT64_C(0x123456789000)
#define IPA         UINT64_C(0x0241234000)
#define TIMER_AHEAD 20000
#define SGI1R       (UINT64_C(1) << 24 | 1)
#define NANOSECOND  UINT64_C(1000000000)
#define ICH_HCR_EL2 S3_4_C12_C11_0
#define ICH_VMCR    S3_4_C12_C11_7
#define ICH_LR0     S3_4_C12_C12_0
#define VMCR_ON     (UINT64_C(0xff) << 24 | 2)

/* bench.S */
u64 time_nop(u64 va);
u64 time_sysreg(u64 va);
u64 time_s1e1r(u64 va);
u64 time_s1e2r(u64 va);
u64 time_s12e1r(u64 va);
u64 bench_enter(void (*code)(void), u64 x0, u64 x1);
void bench_vectors(void);
void inner_bench_vectors(void);
void inner_nop(void);
void inner_hvc(void);
void inner_exit_time(void);
void inner_entry_time(void);
void inner_load(void);
void inner_sgi(void);
void inner_timer(void);
extern u32 bench_typer;

static u64 samples[SAMPLES];
static char suffix[32];

/* The median, or where a tick is many instructions the mean, in instructions; -1: no result. */
static s64 evaluate(void)
{
	u64 frequency = mrs(cntfrq_el0);
	u64 sum = 0;

	sort_u64(samples, SAMPLES);
	if ((s64)samples[SAMPLES - 1] < 0 || (s64)samples[0] < 0)
		return -1;
	if (frequency == NANOSECOND)
		return (s64)samples[SAMPLES / 2];
	for (u32 i = 0; i < SAMPLES; i++)
		sum += samples[i];
	return (s64)(sum * (NANOSECOND / 1000) / (frequency / 1000) / SAMPLES);
}

static s64 own(u64 (*run)(u64 va), u64 va)
{
	for (u32 i = 0; i < SAMPLES; i++)
		samples[i] = run(va);
	return evaluate();
}

static s64 inner(void (*code)(void), u64 x0, u64 x1)
{
	for (u32 i = 0; i < SAMPLES; i++)
		samples[i] = bench_enter(code, x0, x1);
	return evaluate();
}

static void report(const char *key, s64 found, s64 overhead)
{
	if (!tap_ok(found >= 0, "%s%s", key, suffix))
		return;
	print("BENCH %s%s %ld\n", key, suffix, found < overhead ? 0 : found - overhead);
	tap_note("fastest %lu, slowest %lu", samples[0], samples[SAMPLES - 1]);
}

static void bench_at(void)
{
	static struct tables el1, stage2;
	u32 bits = tables_pa_bits() > 48 ? 48 : tables_pa_bits();
	s64 overhead = own(time_nop, 0);

	report("vel2_sysreg", own(time_sysreg, 0), overhead);
	msr(HCR_EL2, el2_hcr() | (vhe() ? HCR_TGE : 0));
	isb();
	report("at_hw", own(vhe() ? time_s1e1r : time_s1e2r, RAM_BASE), overhead);
	msr(HCR_EL2, el2_hcr());
	tables_init(&el1, 12, 48, false);
	tables_map(&el1, VA, IPA, KIB(4), 3, MAP_NORMAL | MAP_AF | MAP_USER);
	el1_set_mair(UINT64_C(0x44ff04));
	el1_set_tcr(tables_tcr(&el1));
	el1_set_ttbr0((u64)el1.root);
	el1_set_sctlr(SCTLR_RES1 | SCTLR_M | SCTLR_C | SCTLR_I);
	isb();
	report("at_walk", own(time_s1e1r, VA), overhead);
	tables_init(&stage2, 12, bits, true);
	for (u64 at = 0; at < machine.memory_size; at += KIB(4))
		tables_map(&stage2, RAM_BASE + at, RAM_BASE + at, KIB(4), 3, S2_RW);
	tables_map(&stage2, IPA, test_block(0), KIB(4), 3, S2_RW);
	stage2_on(&stage2, 1);
	stage2_tlbi();
	tap_note("stage 2 of %u bits begins at level %u", bits, stage2.start);
	report("at_walk_two_stages", own(time_s12e1r, VA), overhead);
	stage2_off();
	inner_plain();
}

/* The inner guest's virtual CPU interface, and EL2's own with two steps to the end. */
static void prepare_gic(void)
{
	gic_init();
	gic_init_cpu();
	gic_enable(TIMER_VIRT_INTID);
	msr(ICC_CTLR_EL1, ICC_CTLR_EOIMODE);
	msr(ICH_LR0, 0);
	msr(ICH_VMCR, VMCR_ON);
	msr(ICH_HCR_EL2, 1);
	isb();
}

static void bench_inner(void)
{
	static struct tables stage2;
	u64 vbar = mrs(VBAR_EL2);
	s64 overhead;

	stage2_build(&stage2);
	stage2_on(&stage2, 1);
	stage2_tlbi();
	prepare_gic();
	bench_typer = mmio_read32(GICD_BASE + GICD_TYPER);
	el1_set_vbar((u64)inner_bench_vectors);
	msr(VBAR_EL2, bench_vectors);
	isb();
	overhead = inner(inner_nop, 0, 0);
	report("vel2_eret", inner(inner_entry_time, 0, 0), 0);
	report("vel2_exit", inner(inner_exit_time, 0, 0), 0);
	report("nested_hvc", inner(inner_hvc, 0, 0), overhead);
	report("nested_gicd_typer_read", inner(inner_load, GICD_BASE + GICD_TYPER, bench_typer),
		overhead);
	report("nested_sgi_self", inner(inner_sgi, 0, SGI1R), overhead);
	report("nested_timer_irq", inner(inner_timer, TIMER_AHEAD, 0), 0);
	msr(VBAR_EL2, vbar);
	msr(ICH_HCR_EL2, 0);
	msr(ICC_CTLR_EL1, 0);
	isb();
	stage2_off();
}

void bench(void)
{
	(void)arg_text("suffix", suffix, sizeof(suffix));
	if (mrs(cntfrq_el0) != NANOSECOND)
		tap_note("CNTFRQ_EL0 is %lu: a tick is not an instruction", mrs(cntfrq_el0));
	if (!arg_flag("inner"))
		bench_at();
	pool_reset();
	bench_inner();
}
