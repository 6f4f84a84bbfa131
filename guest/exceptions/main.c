/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exceptions that EL1 takes from itself and from EL0, and registers that nothing may change.
 */
#include "exception.h"
#include "gic.h"
#include "machine.h"
#include "mmu.h"
#include "regs.h"
#include "smp.h"
#include "tap.h"
#include "timer.h"
#include "exceptions.h"
#include "modes.h"

#define INSN_UDF       0x00000000u
#define INSN_SVC(imm)  (0xd4000001u | (imm) << 5)
#define INSN_HVC(imm)  (0xd4000002u | (imm) << 5)
#define INSN_SMC(imm)  (0xd4000003u | (imm) << 5)
#define INSN_BRK(imm)  (0xd4200000u | (imm) << 5)
#define INSN_LDXR      0xc85f7c20u /* ldxr x0, [x1] */
#define INSN_LDR_X0_X1 0xf9400020u

#define MAP_RAM        (MAP_NORMAL | MAP_AF | MAP_UXN)

static u64 scratch[64] __attribute__((aligned(4096)));

static bool is(const struct probe *p, u64 esr, u64 elr)
{
	if (p->taken && p->count == 1 && p->esr == esr && p->elr == elr)
		return true;
	tap_note("taken %u ESR %lx FAR %lx ELR %lx (insn %lx), expected ESR %lx ELR %lx", p->count,
		p->esr, p->far, p->elr, p->pc, esr, elr);
	return false;
}

static void test_instructions(void)
{
	struct probe p = { 0 };

	probe_insn(&p, INSN_UDF);
	tap_ok(is(&p, ESR_UNDEF, p.pc), "UDF is undefined");
	probe_insn(&p, INSN_SVC(0x1234u));
	tap_ok(is(&p, 0x56001234, p.pc + 4), "SVC: immediate in the syndrome, returns after it");
	probe_insn(&p, INSN_BRK(0x77u));
	tap_ok(is(&p, 0xf2000077, p.pc), "BRK: immediate in the syndrome, returns to it");
	probe_insn(&p, 0xd4400000u); /* HLT #0 without a debugger */
	tap_ok(is(&p, ESR_UNDEF, p.pc), "HLT is undefined");
	p.x[0] = 0;
	probe_call(&p, illegal_return);
	tap_ok(is(&p, 0x3a000000, p.x[0]), "illegal execution state");
	p.x[0] = (u64)scratch + 8;
	probe_call(&p, load_from_stack);
	if (p.taken)
		tap_ok(p.esr == 0x9a000000 && VECTOR_GROUP(p.vector) == VECTOR_FROM_EL1T,
			"SP alignment fault");
	else
		tap_skip("SP alignment fault", "this CPU does not check (QEMU)");
	probe_fetch(&p, (u64)scratch + 2);
	tap_ok(is(&p, 0x8a000000, (u64)scratch + 2), "PC alignment fault");
	probe_call(&p, use_fp_when_off);
	msr(cpacr_el1, CPACR_FPEN);
	isb();
	tap_is(p.esr, 0x1fe00000, "FP instruction with CPACR_EL1.FPEN off");
}

static void data_abort(u64 va, bool write, u64 esr, const char *what)
{
	struct probe p = { 0 };

	if (write)
		probe_store(&p, va, 1, 8);
	else
		probe_load(&p, va, 8);
	tap_ok(is(&p, esr | (write ? BIT(6) : 0), p.pc) && p.far == va, "%s %s", what,
		write ? "write" : "read");
}

static void test_aborts(void)
{
	u64 pa = (u64)scratch;
	struct probe p = { 0 };

	for (int write = 0; write < 2; write++) {
		data_abort(
			UINT64_C(0x7000000000), write, 0x96000005, "stage-1 level 1 translation");
		data_abort(mmu_unmap(0), write, 0x96000006, "stage-1 level 2 translation");
		data_abort(mmu_unmap_page(0) + 8, write, 0x96000007, "stage-1 level 3 translation");
		data_abort(mmu_window_page(0, pa, MAP_NORMAL | MAP_UXN), write, 0x9600000b,
			"access flag");
		data_abort(mmu_window(0, pa, MAP_NORMAL | MAP_UXN), write, 0x9600000a,
			"access flag of a block");
		data_abort(BIT(40), write, 0x96000004, "beyond TTBR0's range");
	}
	data_abort(mmu_window_page(0, pa, MAP_RAM | MAP_RO), true, 0x9600000f, "read-only page");
	probe_fetch(&p, mmu_window_page(0, pa, MAP_RAM | MAP_PXN));
	tap_ok(is(&p, 0x8600000f, p.x[0]) && p.far == p.x[0], "fetch from an execute-never page");
	probe_fetch(&p, mmu_unmap_page(0));
	tap_ok(is(&p, 0x86000007, p.x[0]) && p.far == p.x[0], "fetch from an unmapped page");
}

static void test_alignment(void)
{
	u64 sctlr = mrs(sctlr_el1);
	struct probe p = { .x = { 0, (u64)scratch + 12 } };
	u64 device;

	probe_insn(&p, INSN_LDXR);
	p.esr &= ~ESR_WNR; /* QEMU calls it a write */
	tap_ok(is(&p, 0x96000021, p.pc) && p.far == p.x[1], "unaligned exclusive");
	p.x[1] = (u64)scratch + 1;
	probe_insn(&p, INSN_LDR_X0_X1);
	tap_ok(!p.taken, "unaligned load from normal memory works");
	msr(sctlr_el1, sctlr | SCTLR_A);
	isb();
	probe_insn(&p, INSN_LDR_X0_X1);
	msr(sctlr_el1, sctlr);
	isb();
	tap_ok(is(&p, 0x96000021, p.pc) && p.far == p.x[1], "the same with SCTLR_EL1.A");
	device = mmu_window_page(0, (u64)scratch, MAP_DEVICE | MAP_AF | MAP_UXN | MAP_PXN);
	p.x[1] = device + 1;
	probe_insn(&p, INSN_LDR_X0_X1);
	if (p.taken)
		tap_ok(is(&p, 0x96000021, p.pc) && p.far == p.x[1],
			"unaligned load from device memory");
	else
		tap_skip("unaligned load from device memory", "this CPU lets it through (QEMU)");
}

void payload_main(void)
{
	test_instructions();
	test_aborts();
	test_alignment();
	test_el0();
	test_preserved();
}
