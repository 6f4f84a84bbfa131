/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Why an inner guest leaves: calls, what HCR_EL2 and its kin trap, interrupts; and that it comes
 * back with all its registers.
 */
#include "gic.h"
#include "hyp.h"
#include "timer.h"

#define SGI          3
#define CNTHP_INTID  26
#define BUSY_MS      50
#define INSN_B_SELF  0x14000000u
#define INSN_FMOV_D0 0x9e670000u /* fmov d0, x0 */
#define ESR_WFI      ESR_OF(EC_WFX, 0x1e00000)
#define ESR_WFE      ESR_OF(EC_WFX, 0x1e00001)
#define ESR_FP_TRAP  ESR_OF(EC_FP, 0x1e00000)
#define CPTR_TFP     BIT(10)
#define CPTR_TCPAC   BIT(31)
#define CPTR_VHE_ON  (UINT64_C(3) << 20)
#define PFR0_EL3     GENMASK(15, 12)

static void calls(void)
{
	static const u16 numbers[] = { 0, 1, 0x7ff, 0xffff };
	struct inner inner = { 0 };

	for (u32 i = 0; i < ARRAY_SIZE(numbers); i++) {
		INNER_RUN(&inner, INNER_EL1, INSN_HVC(numbers[i]));
		left_by(&inner, INNER_SYNC, ESR_HVC(numbers[i]), "HVC of an inner guest");
		tap_is(inner.pc, inner_code_page() + 4, "it returns behind the HVC");
	}
	INNER_RUN(&inner, INNER_EL0, INSN_HVC(0));
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_VECTOR + 8), "HVC at its EL0");
	tap_is(el1_esr(), ESR_UNDEF, "is undefined to its EL1");
	INNER_RUN(&inner, INNER_EL1, INSN_SVC(12));
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_VECTOR + 4), "SVC at its EL1 is its own");
	tap_is(el1_esr(), ESR_SVC(12), "ESR_EL1 of it");
	tap_is(el1_spsr(), INNER_EL1, "SPSR_EL1 of it");
	INNER_RUN(&inner, INNER_EL1, INSN_MRS(SYSREG(3, 4, 1, 1, 0), 0));
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_VECTOR + 4), "HCR_EL2 at its EL1");
	tap_is(el1_esr(), ESR_UNDEF, "is undefined");
	INNER_RUN(&inner, INNER_EL1, INSN_MRS(SYSREG(3, 5, 1, 0, 0), 0));
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_VECTOR + 4), "SCTLR_EL12 at its EL1");
	tap_is(el1_esr(), ESR_UNDEF, "is undefined");
	if (mrs(id_aa64pfr0_el1) & PFR0_EL3) {
		tap_skip("HCR_EL2.HCD", "there is an EL3");
		return;
	}
	msr(HCR_EL2, el2_hcr() | HCR_HCD | HCR_TSC);
	isb();
	el1_set_vbar((u64)inner_vectors_smc);
	INNER_RUN(&inner, INNER_EL1, INSN_HVC(1));
	left_by(&inner, INNER_SYNC, ESR_OF(EC_SMC, HVC_VECTOR + 4),
		"HCR_EL2.HCD: HVC does not come here");
	tap_is(el1_esr(), ESR_UNDEF, "it is undefined");
}

struct trap {
	const char *what;
	u64 hcr;
	u32 insn;
	u64 esr;
	u64 pstate;
};

#define READ(name, bit, op0, op1, crn, crm, op2)                             \
	{                                                                    \
		name, bit, INSN_MRS(SYSREG(op0, op1, crn, crm, op2), 3),     \
			ESR_SYSREG(op0, op1, crn, crm, op2, 3, 1), INNER_EL1 \
	}
#define WRITE(name, bit, op0, op1, crn, crm, op2)                            \
	{                                                                    \
		name, bit, INSN_MSR(SYSREG(op0, op1, crn, crm, op2), 3),     \
			ESR_SYSREG(op0, op1, crn, crm, op2, 3, 0), INNER_EL1 \
	}

static const struct trap traps[] = {
	{ "TSC: SMC", HCR_TSC, INSN_SMC(9), ESR_OF(EC_SMC, 9), INNER_EL1 },
	{ "TWI: WFI", HCR_TWI, INSN_WFI, ESR_WFI, INNER_EL1 },
	WRITE("TVM: SCTLR_EL1", HCR_TVM, 3, 0, 1, 0, 0),
	WRITE("TVM: TTBR0_EL1", HCR_TVM, 3, 0, 2, 0, 0),
	WRITE("TVM: TCR_EL1", HCR_TVM, 3, 0, 2, 0, 2),
	WRITE("TVM: CONTEXTIDR_EL1", HCR_TVM, 3, 0, 13, 0, 1),
	READ("TRVM: SCTLR_EL1", HCR_TRVM, 3, 0, 1, 0, 0),
	READ("TRVM: MAIR_EL1", HCR_TRVM, 3, 0, 10, 2, 0),
	READ("TRVM: FAR_EL1", HCR_TRVM, 3, 0, 6, 0, 0),
	READ("TID3: ID_AA64PFR0_EL1", HCR_TID3, 3, 0, 0, 4, 0),
	READ("TID3: ID_AA64MMFR2_EL1", HCR_TID3, 3, 0, 0, 7, 2),
	READ("TID1: REVIDR_EL1", HCR_TID1, 3, 0, 0, 0, 6),
	READ("TID2: CTR_EL0", HCR_TID2, 3, 3, 0, 0, 1),
	READ("TID2: CCSIDR_EL1", HCR_TID2, 3, 1, 0, 0, 0),
	READ("TACR: ACTLR_EL1", HCR_TACR, 3, 0, 1, 0, 1),
	WRITE("TSW: DC ISW", HCR_TSW, 1, 0, 7, 6, 2),
	WRITE("TPCP: DC CIVAC", HCR_TPCP, 1, 3, 7, 14, 1),
	WRITE("TPU: IC IVAU", HCR_TPU, 1, 3, 7, 5, 1),
	WRITE("TDZ: DC ZVA", HCR_TDZ, 1, 3, 7, 4, 1),
	WRITE("TTLB: TLBI VMALLE1", HCR_TTLB, 1, 0, 8, 7, 0),
	WRITE("TTLB: TLBI VAE1IS", HCR_TTLB, 1, 0, 8, 3, 1),
	WRITE("IMO: ICC_SGI1R_EL1", 0, 3, 0, 12, 11, 5),
};

static void trapped(void)
{
	struct inner inner = { 0 };

	inner.x[3] = test_block(0);
	for (u32 i = 0; i < ARRAY_SIZE(traps); i++) {
		msr(HCR_EL2, el2_hcr() | traps[i].hcr);
		isb();
		INNER_RUN(&inner, traps[i].pstate, traps[i].insn);
		left_by(&inner, INNER_SYNC, traps[i].esr, traps[i].what);
		tap_is(inner.pc, inner_code_page(), "%s: at the instruction", traps[i].what);
	}
	/* A WFE may end at once, whatever is set. */
	msr(HCR_EL2, el2_hcr() | HCR_TWE);
	isb();
	INNER_RUN(&inner, INNER_EL1, INSN_WFE);
	tap_ok(inner_done(&inner, INNER_EL1) ||
			(inner.esr == ESR_WFE && inner.pc == inner_code_page()),
		"TWE: WFE, which ends at once or comes here");
	msr(HCR_EL2, el2_hcr());
	isb();
	/* And with none of them: the plain registers again. */
	inner.x[3] = SCTLR_RES1;
	INNER_RUN(&inner, INNER_EL1, INSN_MSR(SYSREG(3, 0, 1, 0, 0), 3),
		INSN_MRS(SYSREG(3, 0, 1, 0, 0), 4), INSN_MRS(SYSREG(3, 0, 0, 4, 0), 5));
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_DONE), "without them nothing traps");
	tap_is(inner.x[4], SCTLR_RES1, "SCTLR_EL1 as it wrote it");
	tap_is(el1_sctlr(), SCTLR_RES1, "and as EL2 reads it");
}

/* All the traps of above are no business of EL2's own. */
static void not_our_own(void)
{
	struct probe p = { 0 };
	u32 taken = 0;

	msr(HCR_EL2,
		el2_hcr() | HCR_TVM | HCR_TRVM | HCR_TID3 | HCR_TID1 | HCR_TID2 | HCR_TPCP |
			HCR_TPU | HCR_TTLB | HCR_TSW | HCR_TACR | HCR_TDZ | HCR_AT);
	isb();
	for (u32 i = 0; i < ARRAY_SIZE(traps); i++) {
		bool reads = FIELD_GET(BIT(21), traps[i].insn);

		if (FIELD_GET(ESR_EC, traps[i].esr) != EC_SYSREG || !reads)
			continue;
		probe_insn(&p, traps[i].insn);
		taken += p.taken;
	}
	p.x[3] = test_block(0);
	probe_insn(&p, INSN_SYS(3, 7, 14, 1, 3));
	taken += p.taken;
	probe_insn(&p, INSN_SYS(0, 8, 7, 0, 31));
	taken += p.taken;
	tap_is(taken, 0, "the traps of HCR_EL2 are not for EL2");
	msr(HCR_EL2, el2_hcr());
	isb();
}

/* With FP trapped, which is EL2's own trap, too: nothing between that the compiler could do. */
static void run_without_fp(struct inner *inner, const u32 *words, u32 count)
{
	inner->pc = inner_code(INNER_EL1, words, count);
	inner->pstate = INNER_EL1;
	msr(CPTR_EL2, vhe() ? 0 : CPTR_EL2_RES1 | CPTR_TFP);
	isb();
	inner_run(inner);
	msr(CPTR_EL2, vhe() ? CPTR_VHE_ON : CPTR_EL2_RES1);
	isb();
}

static void fp(void)
{
	static const u32 busy[] = { INSN_MRS(SYSREG(3, 3, 14, 0, 2), 0),
		0xeb01001fu /* cmp x0, x1 */, 0x54ffffc3u /* b.lo to the first */ };
	static const u32 fmov[] = { INSN_FMOV_D0 };
	struct inner inner = { 0 };

	/* Long enough for others to have the CPU meanwhile. */
	inner.x[1] = counter() + ms_ticks(BUSY_MS);
	run_without_fp(&inner, busy, ARRAY_SIZE(busy));
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_DONE), "it computes while FP is trapped");
	run_without_fp(&inner, fmov, ARRAY_SIZE(fmov));
	left_by(&inner, INNER_SYNC, ESR_FP_TRAP, "CPTR_EL2: FP of an inner guest");
	msr(CPTR_EL2, (vhe() ? CPTR_VHE_ON : CPTR_EL2_RES1) | CPTR_TCPAC);
	isb();
	INNER_RUN(&inner, INNER_EL1, INSN_MRS(SYSREG(3, 0, 1, 0, 2), 0));
	left_by(&inner, INNER_SYNC, ESR_SYSREG(3, 0, 1, 0, 2, 0, 1), "CPTR_EL2.TCPAC: CPACR_EL1");
	msr(CPTR_EL2, vhe() ? CPTR_VHE_ON : CPTR_EL2_RES1);
	isb();
	INNER_RUN(&inner, INNER_EL1, INSN_FMOV_D0);
	left_by(&inner, INNER_SYNC, ESR_HVC(HVC_DONE), "FP of an inner guest, not trapped");
}

/* x0-x30 go in and come out, and so do the registers of its EL1. */
static void registers(void)
{
	struct inner inner;
	bool same = true;

	for (u32 i = 0; i < 31; i++)
		inner.x[i] = UINT64_C(0x0101010101010101) * (i + 1);
	INNER_RUN(&inner, INNER_EL1, INSN_NOP);
	for (u32 i = 0; i < 31; i++)
		same &= inner.x[i] == UINT64_C(0x0101010101010101) * (i + 1);
	tap_ok(same, "x0-x30 of an inner guest go in and come out");
	msr(SP_EL1, UINT64_C(0x1234567890));
	el1_set_contextidr(0x77);
	el1_set_far(UINT64_C(0xabcdef));
	msr(VPIDR_EL2, 0x12345678);
	msr(VMPIDR_EL2, UINT64_C(0x80000055));
	INNER_RUN(&inner, INNER_EL1, 0x910003e0u /* mov x0, sp */,
		INSN_MRS(SYSREG(3, 0, 13, 0, 1), 1), INSN_MRS(SYSREG(3, 0, 6, 0, 0), 2),
		INSN_MRS(SYSREG(3, 0, 0, 0, 0), 3), INSN_MRS(SYSREG(3, 0, 0, 0, 5), 4),
		INSN_MSR(SYSREG(3, 0, 13, 0, 1), 5), 0x9100401fu /* add sp, x0, #16 */);
	tap_is(inner.x[0], UINT64_C(0x1234567890), "SP_EL1 is its SP");
	tap_is(inner.x[1], 0x77, "CONTEXTIDR_EL1");
	tap_is(inner.x[2], UINT64_C(0xabcdef), "FAR_EL1");
	tap_is(inner.x[3], 0x12345678, "MIDR_EL1 is VPIDR_EL2");
	tap_is(inner.x[4], UINT64_C(0x80000055), "MPIDR_EL1 is VMPIDR_EL2");
	tap_is((u32)el1_contextidr(), (u32)inner.x[5], "what it wrote is seen here");
	tap_is(mrs(SP_EL1), UINT64_C(0x12345678a0), "and its SP");
	msr(VPIDR_EL2, mrs(midr_el1));
	msr(VMPIDR_EL2, mrs(mpidr_el1));
}

/* Lets EL2 take what is pending: the handler counts. */
static void take_pending(void)
{
	irq_enable();
	isb();
	irq_disable();
}

static void timer_off(u32 intid, struct regs *regs)
{
	(void)regs;
	if (intid == CNTHP_INTID)
		msr(CNTHP_CTL_EL2, 0);
	isb();
}

static void interrupts(void)
{
	struct inner inner = { 0 };

	gic_init();
	gic_init_cpu();
	gic_clear_counts();
	gic_set_handler(timer_off);
	gic_enable(SGI);
	gic_enable(CNTHP_INTID);
	gic_send_sgi(SGI, cpu_id());
	take_pending();
	tap_is(gic_taken(cpu_id(), SGI), 1, "an SGI to EL2 itself");
	gic_send_sgi(SGI, cpu_id());
	INNER_RUN(&inner, INNER_EL1, INSN_B_SELF);
	left_by(&inner, INNER_IRQ, 0, "an interrupt takes EL1 out, which has it masked");
	tap_is(inner.pc, inner_code_page(), "at its first instruction");
	tap_is(gic_taken(cpu_id(), SGI), 1, "it is still pending");
	take_pending();
	tap_is(gic_taken(cpu_id(), SGI), 2, "EL2 takes it");
	msr(CNTHP_CVAL_EL2, counter_phys() + ms_ticks(2));
	msr(CNTHP_CTL_EL2, 1);
	isb();
	INNER_RUN(&inner, INNER_EL1, INSN_B_SELF);
	left_by(&inner, INNER_IRQ, 0, "EL2's timer takes a loop at EL1 out");
	tap_is(inner.pstate, INNER_EL1, "its PSTATE");
	take_pending();
	tap_is(gic_taken(cpu_id(), CNTHP_INTID), 1, "it was the timer's");
	msr(CNTHP_CVAL_EL2, counter_phys() + ms_ticks(2));
	msr(CNTHP_CTL_EL2, 1);
	isb();
	INNER_RUN(&inner, INNER_EL0, INSN_B_SELF);
	left_by(&inner, INNER_IRQ, 0, "and one at EL0");
	take_pending();
	tap_is(gic_taken(cpu_id(), CNTHP_INTID), 2, "the timer's again");
}

/* HCR_EL2.VI, VF and VSE: to the inner guest's EL1, when it has them unmasked. */
static void virtual_interrupts(void)
{
	static const struct {
		const char *what;
		u64 hcr, mask;
		u32 vector;
	} rows[] = {
		{ "VI: a virtual IRQ", HCR_VI, BIT(7), 5 },
		{ "VF: a virtual FIQ", HCR_VF, BIT(6), 6 },
		{ "VSE: a virtual SError", HCR_VSE, BIT(8), 7 },
	};
	struct inner inner = { 0 };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		msr(HCR_EL2, el2_hcr() | rows[i].hcr);
		isb();
		INNER_RUN(&inner, INNER_EL1, INSN_NOP, INSN_NOP);
		left_by(&inner, INNER_SYNC, ESR_HVC(HVC_DONE), "masked, it waits");
		INNER_RUN(&inner, INNER_EL1 & ~rows[i].mask, INSN_NOP, INSN_NOP);
		left_by(&inner, INNER_SYNC, ESR_HVC(HVC_VECTOR + rows[i].vector), rows[i].what);
		msr(HCR_EL2, el2_hcr());
		isb();
	}
}

void test_exits(void)
{
	calls();
	inner_plain();
	trapped();
	not_our_own();
	fp();
	registers();
	inner_plain();
	interrupts();
	virtual_interrupts();
}
