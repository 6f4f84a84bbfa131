/* SPDX-License-Identifier: BSD-3-Clause */
#include "exceptions.h"
#include "exception.h"
#include "gic.h"
#include "machine.h"
#include "regs.h"
#include "state.h"
#include "tap.h"
#include "timer.h"

#define ALL_X     UINT64_C(0x7fffffff)
#define NZCV_BITS GENMASK(31, 28)
#define UARTFR    (UART_BASE + 0x18)
#define UARTIMSC  (UART_BASE + 0x38)
#define ROUNDS    8
#define SPIN_MS   20
#define TEST_SGI  3

/* x registers and flags that an operation may change. */
struct operation {
	const char *what;
	state_operation run;
	u64 x0;
	u64 x5;
	u64 x6;
	u64 changes; /* bit per x register */
	bool changes_flags;
	bool changes_q5;
	bool lintel_only;
};

static void fill(struct state *s, u64 seed)
{
	for (u32 i = 0; i < ARRAY_SIZE(s->x); i++)
		s->x[i] = seed * 0x9e3779b97f4a7c15 + i * UINT64_C(0x0101010101010101);
	for (u32 i = 0; i < ARRAY_SIZE(s->q); i++) {
		s->q[i][0] = ~seed * 0xc2b2ae3d27d4eb4f + i;
		s->q[i][1] = seed * 0x165667b19e3779f9 - i;
	}
	s->nzcv = (seed << 28) & NZCV_BITS;
	s->fpsr = seed & 1 ? 0x0800001f & 0x1f : 0;
	s->fpcr = seed & 1 ? UINT64_C(0x00c00000) : UINT64_C(0x01000000);
}

static bool compare(const struct operation *op, const struct state *in, const struct state *out)
{
	bool same = true;

	for (u32 i = 0; i < ARRAY_SIZE(in->x); i++) {
		if (!(op->changes & BIT(i)) && in->x[i] != out->x[i]) {
			tap_note("%s: x%u was %lx, is %lx", op->what, i, in->x[i], out->x[i]);
			same = false;
		}
	}
	for (u32 i = 0; i < ARRAY_SIZE(in->q); i++) {
		if (!(op->changes_q5 && i == 5) && memcmp(in->q[i], out->q[i], sizeof(in->q[i]))) {
			tap_note("%s: q%u changed", op->what, i);
			same = false;
		}
	}
	if (!op->changes_flags && in->nzcv != out->nzcv) {
		tap_note("%s: NZCV was %lx, is %lx", op->what, in->nzcv, out->nzcv);
		same = false;
	}
	if (in->fpsr != out->fpsr || in->fpcr != out->fpcr) {
		tap_note("%s: FPSR/FPCR was %lx/%lx, is %lx/%lx", op->what, in->fpsr, in->fpcr,
			out->fpsr, out->fpcr);
		same = false;
	}
	return same;
}

static bool try_operation(const struct operation *op)
{
	static struct state in;
	static struct state out;
	bool same = true;

	for (u64 round = 0; round < ROUNDS; round++) {
		fill(&in, round);
		if (op->x0)
			in.x[0] = op->x0;
		if (op->x6) {
			in.x[5] = op->x5;
			in.x[6] = op->x6;
		}
		op->run(&in, &out);
		same &= compare(op, &in, &out);
	}
	return same;
}

/* SVC returns after itself; a refused load is skipped. */
static bool return_from_sync(struct regs *regs)
{
	if (regs->esr >> 26 == EC_SVC)
		return true;
	if (regs->esr != ESR_DATA_SEA)
		return false;
	regs->elr += 4;
	return true;
}

static void count_only(u32 intid, struct regs *regs)
{
	(void)regs;
	if (intid == TIMER_VIRT_INTID)
		timer_set_ctl(TIMER_VIRT, 0);
}

static const struct operation exits[] = {
	{ .what = "nothing", .run = state_nothing },
	{ .what = "SVC", .run = state_svc },
	{ .what = "HVC PSCI_VERSION", .run = state_hvc, .x0 = PSCI_VERSION, .changes = 0xf },
	{ .what = "HVC unknown", .run = state_hvc, .x0 = 0xc6001234, .changes = 0xf },
	/* Answered by the vector itself. */
	{ .what = "HVC WORKAROUND_1",
		.run = state_hvc,
		.x0 = SMCCC_ARCH_WORKAROUND_1,
		.changes = 1,
		.lintel_only = true },
	{ .what = "HVC WORKAROUND_2",
		.run = state_hvc,
		.x0 = SMCCC_ARCH_WORKAROUND_2,
		.changes = 1,
		.lintel_only = true },
	{ .what = "HVC WORKAROUND_3, and a full x0",
		.run = state_hvc,
		.x0 = UINT64_C(0xabcdabcd) << 32 | SMCCC_ARCH_WORKAROUND_3,
		.changes = 1,
		.lintel_only = true },
	{ .what = "SMC WORKAROUND_1",
		.run = state_smc,
		.x0 = SMCCC_ARCH_WORKAROUND_1,
		.changes = 1,
		.lintel_only = true },
	{ .what = "SMC WORKAROUND_3",
		.run = state_smc,
		.x0 = SMCCC_ARCH_WORKAROUND_3,
		.changes = 1,
		.lintel_only = true },
	{ .what = "SMC PSCI_VERSION",
		.run = state_smc,
		.x0 = PSCI_VERSION,
		.changes = 0xf,
		.lintel_only = true },
	{ .what = "GICD_TYPER read",
		.run = state_load,
		.x6 = GICD_BASE + GICD_TYPER,
		.changes = BIT(5) },
	{ .what = "GICR_TYPER read", .run = state_load64, .x6 = GICR_BASE + 8, .changes = BIT(5) },
	{ .what = "UARTFR read", .run = state_load, .x6 = UARTFR, .changes = BIT(5) },
	{ .what = "UARTIMSC write", .run = state_store, .x6 = UARTIMSC },
	{ .what = "ID register read", .run = state_id_register, .changes = BIT(5) },
};

/* Loads whose abort carries no syndrome: emulated from the instruction, or refused by an abort. */
static const struct operation undescribed[] = {
	{ .what = "LDP from GICD", .run = state_load_pair, .x6 = GICD_BASE, .changes = 0x30 },
	{ .what = "LDR post-index from GICD",
		.run = state_load_post,
		.x6 = GICD_BASE + GICD_TYPER,
		.changes = 0x60 },
	{ .what = "LDR s5 from GICD",
		.run = state_load_fp,
		.x6 = GICD_BASE + GICD_TYPER,
		.changes_q5 = true },
};

static void test_wait_and_interrupts(void)
{
	struct operation wait = { .what = "WFI until the timer", .run = state_wfi };
	struct operation spin = {
		.what = "spinning across a timer interrupt",
		.run = state_spin,
		.changes = BIT(5),
		.changes_flags = true,
	};
	struct operation sgi = {
		.what = "SGI to self", .run = state_sgi, .x6 = TEST_SGI << 24 | 1
	};
	u32 before;

	gic_init();
	gic_init_cpu();
	gic_set_handler(count_only);
	gic_enable(TIMER_VIRT_INTID);
	gic_enable(TEST_SGI);
	irq_disable();
	timer_set_tval(TIMER_VIRT, us_ticks(2000));
	timer_set_ctl(TIMER_VIRT, TIMER_ENABLE);
	tap_ok(try_operation(&wait), "registers kept over %s", wait.what);
	irq_enable();
	before = gic_taken(0, TIMER_VIRT_INTID);
	spin.x6 = counter() + ms_ticks(SPIN_MS);
	timer_set_tval(TIMER_VIRT, us_ticks(1000));
	timer_set_ctl(TIMER_VIRT, TIMER_ENABLE);
	tap_ok(try_operation(&spin), "registers kept over %s", spin.what);
	tap_is(gic_taken(0, TIMER_VIRT_INTID), before + 1, "the timer interrupt was taken");
	before = gic_taken(0, TEST_SGI);
	tap_ok(try_operation(&sgi), "registers kept over %s", sgi.what);
	tap_is(gic_taken(0, TEST_SGI), before + ROUNDS, "all SGIs were taken");
	irq_disable();
}

void test_preserved(void)
{
	exception_set_sync(return_from_sync);
	for (u32 i = 0; i < ARRAY_SIZE(exits); i++) {
		if (exits[i].lintel_only && !under_lintel())
			tap_skip(exits[i].what, "not under Lintel");
		else
			tap_ok(try_operation(&exits[i]), "registers kept over %s", exits[i].what);
	}
	for (u32 i = 0; i < ARRAY_SIZE(undescribed); i++)
		tap_ok(try_operation(&undescribed[i]), "registers kept over %s",
			undescribed[i].what);
	test_wait_and_interrupts();
	exception_set_sync(NULL);
}
