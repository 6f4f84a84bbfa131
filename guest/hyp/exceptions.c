/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exceptions that EL2 takes from itself: vector, syndrome, FAR, SPSR and PSTATE as they should be.
 */
#include "hyp.h"
#include "mmu.h"

#define PSTATE_PAN   S3_0_C4_C2_3
#define PSTATE_SPSEL S3_0_C4_C2_0
#define PSTATE_DAIF  S3_3_C4_C2_1
#define INSN_PAN_ON  0xd500419fu
#define INSN_PAN_OFF 0xd500409fu
#define SLOT         5

#define VECTOR_EL2H  4
#define VECTOR_EL2T  0
#define SPSR_MODE    GENMASK(4, 0)

static void expect(const struct probe *p, u64 esr, u64 pc, const char *what)
{
	bool right = p->count == 1 && p->vector == VECTOR_EL2H && p->esr == esr && p->elr == pc &&
		(p->spsr & (SPSR_MODE | SPSR_IL)) == SPSR_EL2H;

	if (!tap_ok(right, "%s", what))
		tap_note(
			"count %u vector %lu ESR %lx (expected %lx) ELR %lx (%lx) SPSR %lx FAR %lx",
			p->count, p->vector, p->esr, esr, p->elr, pc, p->spsr, p->far);
}

static void instructions(void)
{
	static const struct {
		const char *what;
		u32 insn;
		u64 esr;
		u32 past; /* the return address is behind the instruction */
	} rows[] = {
		{ "HVC at EL2", INSN_HVC(5), ESR_HVC(5), 4 },
		{ "HVC at EL2, largest number", INSN_HVC(0xffff), ESR_HVC(0xffff), 4 },
		{ "SVC at EL2", INSN_SVC(3), ESR_SVC(3), 4 },
		{ "BRK at EL2", INSN_BRK(7), ESR_OF(EC_BRK, 7), 0 },
		{ "UDF at EL2", INSN_UDF, ESR_UNDEF, 0 },
		{ "an EL3 register at EL2", INSN_MRS(SYSREG(3, 6, 1, 1, 0), 0), ESR_UNDEF, 0 },
		{ "SP_EL2 at EL2", INSN_MRS(SYSREG(3, 6, 4, 1, 0), 0), ESR_UNDEF, 0 },
		{ "a register that isn't, at EL2", INSN_MRS(SYSREG(3, 4, 1, 7, 7), 0), ESR_UNDEF,
			0 },
		{ "a read-only register written at EL2", INSN_MSR(SYSREG(3, 4, 12, 11, 1), 0),
			ESR_UNDEF, 0 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct probe p = { 0 };

		probe_insn(&p, rows[i].insn);
		expect(&p, rows[i].esr, p.pc + rows[i].past, rows[i].what);
	}
}

static void aborts(void)
{
	struct probe p = { 0 };
	u64 at = mmu_unmap_page(SLOT);
	u64 block = mmu_unmap(SLOT);

	probe_load(&p, at + 8, 8);
	expect(&p, ESR_OF(EC_DABORT, FSC_TRANSLATION(3)), p.pc, "a load from an unmapped page");
	tap_is(p.far, at + 8, "FAR of it");
	probe_store(&p, block + 16, 1, 4);
	expect(&p, ESR_OF(EC_DABORT, ESR_WNR | FSC_TRANSLATION(2)), p.pc,
		"a store to an unmapped block");
	tap_is(p.far, block + 16, "FAR of it");
	probe_fetch(&p, at);
	expect(&p, ESR_OF(EC_IABORT, FSC_TRANSLATION(3)), at, "a fetch from an unmapped page");
	tap_is(p.far, at, "FAR of it");
	at = mmu_window_page(SLOT, test_block(0), MAP_NORMAL | MAP_AF | MAP_RO | MAP_PXN | MAP_UXN);
	probe_load(&p, at, 8);
	tap_ok(!p.taken, "a page that is read-only can be read");
	probe_store(&p, at, 1, 8);
	expect(&p, ESR_OF(EC_DABORT, ESR_WNR | FSC_PERMISSION(3)), p.pc,
		"a store to a read-only page");
	probe_fetch(&p, at);
	expect(&p, ESR_OF(EC_IABORT, FSC_PERMISSION(3)), at, "a fetch that may not be executed");
	at = mmu_window_page(SLOT, test_block(0), MAP_NORMAL | MAP_PXN | MAP_UXN);
	probe_load(&p, at, 8);
	expect(&p, ESR_OF(EC_DABORT, FSC_ACCESS(3)), p.pc, "a page without access flag");
	(void)mmu_unmap_page(SLOT);
	probe_fetch(&p, (u64)&p | 2);
	expect(&p, ESR_OF(EC_PC_ALIGN, 0), (u64)&p | 2, "a PC that is not aligned");
}

static void on_sp0(u64 *x)
{
	(void)x;
	__asm__ volatile("msr spsel, #0\n\tsvc #1");
}

static void on_sp0_hvc(u64 *x)
{
	(void)x;
	__asm__ volatile("msr spsel, #0\n\thvc #2");
}

static void sp0(void)
{
	struct probe p = { 0 };

	probe_call(&p, on_sp0);
	tap_is(p.vector, VECTOR_EL2T, "SVC with SP_EL0 goes to the first vector");
	tap_is(p.esr, ESR_SVC(1), "ESR of it");
	tap_is(p.spsr & SPSR_MODE, SPSR_EL2T, "SPSR says EL2t");
	probe_call(&p, on_sp0_hvc);
	tap_is(p.vector, VECTOR_EL2T, "HVC with SP_EL0 goes to the first vector");
	tap_is(p.esr, ESR_HVC(2), "ESR of it");
	tap_is(mrs(PSTATE_SPSEL), 1, "SP_EL2 again");
}

static u64 seen_pan, seen_daif, seen_spsel;

static bool look(struct regs *regs)
{
	(void)regs;
	seen_pan = mrs(PSTATE_PAN);
	seen_daif = mrs(PSTATE_DAIF);
	seen_spsel = mrs(PSTATE_SPSEL);
	return true;
}

static void take_svc(void)
{
	seen_pan = ~UINT64_C(0);
	__asm__ volatile("msr daifclr, #0xf\n\tsvc #9\n\tmsr daifset, #0xf" ::: "memory");
}

/* PSTATE.PAN is set by exceptions to EL2 under {E2H,TGE} = {1,1} alone, and not where SPAN = 1. */
static void pstate_on_entry(void)
{
	u64 sctlr = mrs(SCTLR_EL2);

	exception_set_sync(look);
	take_svc();
	tap_is(seen_daif, SPSR_DAIF, "an exception masks all of DAIF");
	tap_is(seen_spsel, 1, "it selects SP_EL2");
	for (u32 i = 0; i < 4; i++) {
		bool tge = i & 1;
		bool span = i & 2;
		bool sets = vhe() && tge && !span;

		/* A virtual EL2 can't know TGE at an exception that no one sees. */
		if (vhe() && under_lintel() && !tge && !span)
			continue;
		msr(HCR_EL2, el2_hcr() | (tge ? HCR_TGE : 0));
		msr(SCTLR_EL2, span || !vhe() ? sctlr | SCTLR_SPAN : sctlr & ~SCTLR_SPAN);
		isb();
		take_svc();
		tap_is(seen_pan, sets ? SPSR_PAN : 0, "PAN after an exception, TGE=%u SPAN=%u", tge,
			span);
		__asm__ volatile(".inst %0" ::"i"(INSN_PAN_ON));
		take_svc();
		tap_is(seen_pan, SPSR_PAN, "PAN stays set, TGE=%u SPAN=%u", tge, span);
		tap_is(mrs(PSTATE_PAN), SPSR_PAN, "and is so after ERET");
		__asm__ volatile(".inst %0" ::"i"(INSN_PAN_OFF));
	}
	msr(HCR_EL2, el2_hcr());
	msr(SCTLR_EL2, sctlr);
	isb();
	exception_set_sync(NULL);
}

void test_exceptions(void)
{
	instructions();
	aborts();
	sp0();
	pstate_on_entry();
}
