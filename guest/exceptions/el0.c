/* SPDX-License-Identifier: BSD-3-Clause */
#include "exceptions.h"
#include "exception.h"
#include "mmu.h"
#include "regs.h"
#include "modes.h"
#include "tap.h"

#define CODE_SLOT 1
#define DATA_SLOT 2
#define MMFR2_IDS GENMASK(39, 36)

static u32 user_code[16] __attribute__((aligned(4096)));
static u64 user_stack[64] __attribute__((aligned(4096)));

/* One instruction at EL0 and what EL1 must see of it. */
struct el0_row {
	const char *what;
	u32 insn;
	u64 esr;
	bool returns_after; /* ELR is the next instruction */
};

static const struct el0_row rows[] = {
	{ "SVC", 0xd4000541, 0x5600002a, true },
	{ "UDF", 0x00000000, ESR_UNDEF, false },
	{ "HVC", 0xd4000002, ESR_UNDEF, false },
	{ "SMC", 0xd4000003, ESR_UNDEF, false },
	{ "ERET", 0xd69f03e0, ESR_UNDEF, false },
	{ "BRK", 0xd4200060, 0xf2000003, false },
	{ "MRS SCTLR_EL1", 0xd5381000, ESR_UNDEF, false },
	{ "MRS VBAR_EL1", 0xd538c000, ESR_UNDEF, false },
	{ "MRS ICC_IAR1_EL1", 0xd538cc00, ESR_UNDEF, false },
	{ "DC IVAC", 0xd5087620, ESR_UNDEF, false },
	{ "TLBI VMALLE1", 0xd508871f, ESR_UNDEF, false },
	{ "AT S1E1R", 0xd5087800, ESR_UNDEF, false },
	{ "DC CIVAC with UCI off", 0xd50b7e20, 0x6212dc1c, false },
	{ "MRS CNTVCT_EL0 with CNTKCTL off", 0xd53be040, 0x6234f801, false },
	{ "WFI with nTWI off", 0xd503207f, 0x07e00000, false },
};

static void run_at_el0(struct probe *p, u32 insn)
{
	u64 at = mmu_window_page(
		CODE_SLOT, (u64)user_code, MAP_NORMAL | MAP_AF | MAP_USER | MAP_RO | MAP_PXN);
	u64 stack = mmu_window_page(
		DATA_SLOT, (u64)user_stack, MAP_NORMAL | MAP_AF | MAP_USER | MAP_UXN | MAP_PXN);

	*(volatile u32 *)&user_code[0] = insn;
	*(volatile u32 *)&user_code[1] = 0xd4001fe1; /* SVC #0xff: it came through */
	sync_code(user_code, 8);
	p->x[0] = at;
	p->x[1] = stack;
	p->x[2] = SPSR_EL0 | SPSR_DAIF;
	probe_call(p, enter_el0);
}

static void check(const char *what, const struct probe *p, u64 esr, u64 elr)
{
	bool good = p->taken && p->count == 1 && p->esr == esr && p->elr == elr &&
		VECTOR_GROUP(p->vector) == VECTOR_FROM_EL0 && p->spsr == SPSR_DAIF;

	if (!good)
		tap_note("count %u ESR %lx ELR %lx SPSR %lx vector %lu, expected ESR %lx ELR %lx",
			p->count, p->esr, p->elr, p->spsr, p->vector, esr, elr);
	tap_ok(good, "EL0: %s", what);
}

static void test_id_register(void)
{
	bool idst = mrs(S3_0_C0_C7_2) & MMFR2_IDS;
	struct probe p = { 0 };

	run_at_el0(&p, 0xd5380400); /* MRS x0, ID_AA64PFR0_EL1 */
	check("an ID register", &p, idst ? 0x62300009 : ESR_UNDEF, p.x[0]);
}

void test_el0(void)
{
	struct probe p = { 0 };

	msr(cntkctl_el1, 0);
	isb();
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		run_at_el0(&p, rows[i].insn);
		check(rows[i].what, &p, rows[i].esr, p.x[0] + (rows[i].returns_after ? 4 : 0));
	}
	test_id_register();
	run_at_el0(&p, 0xf9400041); /* LDR x1, [x2], x2 being SPSR's value: nothing is there */
	tap_ok(p.esr >> 26 == EC_DABORT_EL0 || p.esr >> 26 == EC_SVC, "EL0: a load");
	run_at_el0(&p, 0xf94003e0); /* LDR x0, [sp] */
	check("a load from its own stack works", &p, 0x560000ff, p.x[0] + 8);
}
