/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * HCR_EL2.TGE: an application at EL0 directly under EL2. In VHE form ({E2H,TGE} = {1,1}) it has
 * EL2's own translation; without VHE it has none, and no EL1 is between.
 */
#include "gic.h"
#include "hyp.h"
#include "mmu.h"
#include "timer.h"

#define CODE_SLOT    10
#define DATA_SLOT    11
#define PRIVATE_SLOT 12
#define SGI          3
#define INSN_B_SELF  0x14000000u
#define INSN_FMOV_D0 0x9e670000u
#define SCTLR_NTWI   BIT(16)
#define SCTLR_UCT    BIT(15)
#define PSTATE_I     BIT(7)
#define CPTR_FPEN    (UINT64_C(3) << 20)
#define CPTR_NOT_EL0 (UINT64_C(1) << 20)

static u64 code_va;

/* Like inner_words(), at the address where EL0 may execute. */
static void run(struct inner *inner, const u32 *words, u32 count)
{
	u64 page = inner_code(INNER_EL0, words, count);

	inner->pc = vhe() ? code_va : page;
	inner->pstate = INNER_EL0;
	inner_run(inner);
}
#define RUN(inner, ...) \
	run(inner, (const u32[]){ __VA_ARGS__ }, sizeof((const u32[]){ __VA_ARGS__ }) / sizeof(u32))

static u64 entry(void)
{
	return vhe() ? code_va : inner_code_page();
}

static void exceptions(void)
{
	static const struct {
		const char *what;
		u32 insn;
		u64 esr;
		u32 past;
	} rows[] = {
		{ "SVC", INSN_SVC(0x123), ESR_SVC(0x123), 4 },
		{ "BRK", INSN_BRK(5), ESR_OF(EC_BRK, 5), 0 },
		{ "UDF", INSN_UDF, ESR_UNDEF, 0 },
		{ "HVC", INSN_HVC(0), ESR_UNDEF, 0 },
		{ "a register of EL1", INSN_MRS(SYSREG(3, 0, 1, 0, 0), 0), ESR_UNDEF, 0 },
		{ "a register of EL2", INSN_MRS(SYSREG(3, 4, 1, 1, 0), 0), ESR_UNDEF, 0 },
		{ "AT", INSN_SYS(0, 7, 8, 0, 0), ESR_UNDEF, 0 },
		{ "TLBI", INSN_SYS(0, 8, 7, 0, 31), ESR_UNDEF, 0 },
		{ "ERET", INSN_ERET, ESR_UNDEF, 0 },
	};
	struct inner inner = { .x = { 7, 8, 9 } };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		RUN(&inner, rows[i].insn);
		left_by(&inner, INNER_SYNC, rows[i].esr, rows[i].what);
		tap_is(inner.pc, entry() + rows[i].past, "%s: the return address", rows[i].what);
		tap_is(inner.pstate, INNER_EL0, "%s: from EL0", rows[i].what);
	}
	tap_is(inner.x[2], 9, "x2 is as it was");
}

/* EL2's own tables. */
static void translation(void)
{
	u64 data = mmu_window_page(
		DATA_SLOT, test_block(0), MAP_NORMAL | MAP_AF | MAP_USER | MAP_UXN | MAP_PXN);
	u64 private = mmu_window_page(
		PRIVATE_SLOT, test_block(1), MAP_NORMAL | MAP_AF | MAP_UXN | MAP_PXN);
	struct inner inner = { .x = { 0x1234, data } };

	RUN(&inner, INSN_STR_X0_X1, 0xf9400022u /* ldr x2, [x1] */);
	left_by(&inner, INNER_SYNC, ESR_SVC(SVC_DONE), "its own page");
	tap_is(inner.x[2], 0x1234, "what it wrote there");
	tap_is(*(volatile u64 *)test_block(0), 0x1234, "EL2 sees it");
	inner.x[1] = private;
	RUN(&inner, INSN_LDR_X0_X1);
	left_by(&inner, INNER_SYNC, ESR_OF(EC_DABORT_EL0, FSC_PERMISSION(3)), "a page of EL2's");
	tap_is(inner.far, private, "FAR_EL2 of it");
	RUN(&inner, INSN_BR_X1);
	left_by(&inner, INNER_SYNC, ESR_OF(EC_IABORT_EL0, FSC_PERMISSION(3)), "a fetch from it");
	tap_is(inner.pc, private, "the return address of that");
	inner.x[1] = mmu_unmap_page(PRIVATE_SLOT) + 16;
	RUN(&inner, INSN_STR_X0_X1);
	left_by(&inner, INNER_SYNC, ESR_OF(EC_DABORT_EL0, ESR_WNR | FSC_TRANSLATION(3)),
		"a store to nothing");
	tap_is(inner.far, inner.x[1], "FAR_EL2 of it");
	(void)mmu_unmap_page(DATA_SLOT);
}

/* SCTLR_EL2 and CPTR_EL2 have what EL0 may, as EL1's have otherwise. */
static void controls(void)
{
	u64 sctlr = mrs(SCTLR_EL2);
	struct inner inner = { 0 };

	msr(SCTLR_EL2, sctlr & ~(SCTLR_NTWI | SCTLR_UCT));
	isb();
	RUN(&inner, INSN_WFI);
	left_by(&inner, INNER_SYNC, ESR_OF(EC_WFX, 0x1e00000), "SCTLR_EL2.nTWI: WFI at EL0");
	RUN(&inner, INSN_MRS(SYSREG(3, 3, 0, 0, 1), 0));
	left_by(&inner, INNER_SYNC, ESR_SYSREG(3, 3, 0, 0, 1, 0, 1),
		"SCTLR_EL2.UCT: CTR_EL0 at EL0");
	msr(SCTLR_EL2, sctlr | SCTLR_UCT);
	isb();
	RUN(&inner, INSN_MRS(SYSREG(3, 3, 0, 0, 1), 0));
	left_by(&inner, INNER_SYNC, ESR_SVC(SVC_DONE), "and with UCT set");
	tap_is(inner.x[0], mrs(ctr_el0), "CTR_EL0 at EL0");
	msr(SCTLR_EL2, sctlr);
	inner.pc = inner_code(INNER_EL0, (const u32[]){ INSN_FMOV_D0 }, 1);
	inner.pc = code_va;
	inner.pstate = INNER_EL0;
	msr(CPTR_EL2, CPTR_NOT_EL0);
	isb();
	inner_run(&inner);
	msr(CPTR_EL2, CPTR_FPEN);
	isb();
	left_by(&inner, INNER_SYNC, ESR_OF(EC_FP, 0x1e00000), "CPTR_EL2.FPEN: FP at EL0");
	RUN(&inner, INSN_FMOV_D0);
	left_by(&inner, INNER_SYNC, ESR_SVC(SVC_DONE), "FP at EL0 again");
}

static void interrupts(void)
{
	struct inner inner = { 0 };

	gic_init();
	gic_init_cpu();
	gic_clear_counts();
	gic_set_handler(NULL);
	gic_enable(SGI);
	gic_send_sgi(SGI, cpu_id());
	/* PSTATE.I of such an EL0 counts in VHE form. */
	(void)inner_code(INNER_EL0, (const u32[]){ INSN_B_SELF }, 1);
	inner.pc = entry();
	inner.pstate = INNER_EL0 & ~PSTATE_I;
	inner_run(&inner);
	left_by(&inner, INNER_IRQ, 0, "an interrupt takes EL0 out");
	tap_is(inner.pstate, INNER_EL0 & ~PSTATE_I, "from EL0");
	irq_enable();
	isb();
	irq_disable();
	tap_is(gic_taken(cpu_id(), SGI), 1, "EL2 takes it");
}

void test_tge(void)
{
	struct inner inner = { 0 };

	code_va = mmu_window_page(
		CODE_SLOT, inner_code_page(), MAP_NORMAL | MAP_AF | MAP_USER | MAP_RO | MAP_PXN);
	msr(HCR_EL2, el2_hcr() | HCR_TGE);
	isb();
	exceptions();
	interrupts();
	if (vhe()) {
		translation();
		controls();
	} else if (under_lintel()) {
		/* Stage 1 of EL1 counts as off, whatever SCTLR_EL1 says. */
		el1_set_sctlr(SCTLR_RES1 | SCTLR_M);
		isb();
		RUN(&inner, INSN_NOP);
		left_by(&inner, INNER_SYNC, ESR_SVC(SVC_DONE), "SCTLR_EL1.M counts as 0");
		el1_set_sctlr(SCTLR_RES1);
	}
	msr(HCR_EL2, el2_hcr());
	isb();
	(void)mmu_unmap_page(CODE_SLOT);
	INNER_RUN(&inner, INNER_EL0, INSN_NOP);
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_VECTOR + 8), "without TGE EL0 has an EL1 again");
}
