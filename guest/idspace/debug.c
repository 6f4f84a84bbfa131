/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The debug registers: switched with the vCPU, or RAZ/WI; never undefined.
 */
#include "exception.h"
#include "features.h"
#include "tap.h"

#define BRPS_SHIFT 12
#define WRPS_SHIFT 20
#define ADDRESS    UINT64_C(0x0000123456789abc)

void test_debug(u64 dfr0);

/* Writes `value` and reads it back into *found; false when either is an exception. */
static bool write_read(u32 mrs_word, u64 value, u64 *found)
{
	struct probe p = { .x = { value } };

	probe_insn(&p, mrs_word & ~0x00200000u);
	if (p.taken)
		return false;
	p.x[0] = ~value;
	probe_insn(&p, mrs_word);
	*found = p.x[0];
	return !p.taken;
}

static void test_pairs(u32 count, u32 value_op2, u32 control_op2, const char *name)
{
	for (u32 i = 0; i < count; i++) {
		u64 value = 0;
		u64 control = 0;
		bool good = write_read(MRS_X0(2u, 0u, 0u, i, control_op2), 0, &control) &&
			write_read(MRS_X0(2u, 0u, 0u, i, value_op2), ADDRESS + i * 16, &value);
		u64 kept = value & ~UINT64_C(3);

		tap_ok(good && !(control & 1) && (!kept || kept == (ADDRESS + i * 16)),
			"%s %u: kept or zero (%lx)", name, i, value);
		(void)write_read(MRS_X0(2u, 0u, 0u, i, value_op2), 0, &value);
	}
}

static const struct {
	const char *name;
	u32 insn;
	bool not_in_qemu;
} accesses[] = {
	{ "MRS MDSCR_EL1", MRS_X0(2u, 0u, 0u, 2u, 2u), false },
	{ "MSR MDSCR_EL1", MSR_X0(2u, 0u, 0u, 2u, 2u), false },
	{ "MRS MDCCINT_EL1", MRS_X0(2u, 0u, 0u, 2u, 0u), false },
	{ "MSR MDCCINT_EL1", MSR_X0(2u, 0u, 0u, 2u, 0u), false },
	{ "MRS MDCCSR_EL0", MRS_X0(2u, 3u, 0u, 1u, 0u), false },
	{ "MRS MDRAR_EL1", MRS_X0(2u, 0u, 1u, 0u, 0u), false },
	{ "MSR OSLAR_EL1", MSR_X0(2u, 0u, 1u, 0u, 4u), false },
	{ "MRS OSLSR_EL1", MRS_X0(2u, 0u, 1u, 1u, 4u), false },
	{ "MRS OSDLR_EL1", MRS_X0(2u, 0u, 1u, 3u, 4u), false },
	{ "MSR OSDLR_EL1", MSR_X0(2u, 0u, 1u, 3u, 4u), false },
	{ "MRS DBGPRCR_EL1", MRS_X0(2u, 0u, 1u, 4u, 4u), true },
	{ "MSR DBGPRCR_EL1", MSR_X0(2u, 0u, 1u, 4u, 4u), true },
	{ "MRS DBGCLAIMSET_EL1", MRS_X0(2u, 0u, 7u, 8u, 6u), false },
	{ "MRS DBGCLAIMCLR_EL1", MRS_X0(2u, 0u, 7u, 9u, 6u), false },
	{ "MRS DBGAUTHSTATUS_EL1", MRS_X0(2u, 0u, 7u, 14u, 6u), true },
	{ "MRS OSDTRRX_EL1", MRS_X0(2u, 0u, 0u, 0u, 2u), false },
	{ "MRS OSDTRTX_EL1", MRS_X0(2u, 0u, 0u, 3u, 2u), false },
	{ "MRS OSECCR_EL1", MRS_X0(2u, 0u, 0u, 6u, 2u), false },
};

void test_debug(u64 dfr0)
{
	for (u32 i = 0; i < ARRAY_SIZE(accesses); i++) {
		struct probe p = { 0 };

		probe_insn(&p, accesses[i].insn);
		if (p.taken && accesses[i].not_in_qemu)
			tap_skip(accesses[i].name, "QEMU's CPUs lack it");
		else if (!tap_ok(!p.taken, "%s", accesses[i].name))
			tap_note("ESR %lx", p.esr);
	}
	test_pairs((u32)(dfr0 >> BRPS_SHIFT & 0xf) + 1, 4, 5, "breakpoint");
	test_pairs((u32)(dfr0 >> WRPS_SHIFT & 0xf) + 1, 6, 7, "watchpoint");
}
