/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ID registers a guest sees, field by field, from CPUs with nothing, with everything, and with
 * real values.
 *
 * links: hyp/trap/idreg.c hyp/arch/features.c mm/stage2_regs.c mm/pgtable_desc.c mm/pgtable.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/arch/features.h"
#include "hyp/trap/idreg.h"
#include "hyp/vm/vm.h"
#include "tests/unit/fake/cpu.h"

static struct vm vm;
static struct vcpu vcpu = { .vm = &vm };

#define SPACE(crm, op2) SYSREG_ENC(3, 0, 0, crm, op2)

static void fill(uint64_t value)
{
	for (unsigned crm = 0; crm < 8; crm++) {
		for (unsigned op2 = 0; op2 < 8; op2++)
			fake_sysreg_set(SPACE(crm, op2), value);
	}
}

static void init(void)
{
	cpu_features_init();
	idreg_init();
}

static uint64_t get(unsigned encoding)
{
	uint64_t value = ~UINT64_C(0);

	assert_true(idreg_read(&vcpu, encoding, &value));
	return value;
}

static unsigned field(unsigned encoding, unsigned shift)
{
	return (unsigned)(get(encoding) >> shift) & 15;
}

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	vm.stage2.ipa_bits = 40;
	return 0;
}

/* A CPU with nothing but zeros: only what Lintel itself gives. */
static void test_nothing(void **state)
{
	(void)state;
	fill(0);
	init();
	for (unsigned crm = 1; crm < 8; crm++) {
		for (unsigned op2 = 0; op2 < 8; op2++) {
			unsigned encoding = SPACE(crm, op2);
			uint64_t expected = 0;

			if (encoding == SYS_ID_AA64PFR0_EL1)
				expected = UINT64_C(0x01000010); /* GIC, EL1 */
			else if (encoding == SYS_ID_AA64DFR0_EL1)
				expected = UINT64_C(0xf) << 36; /* no double lock */
			else if (encoding == SYS_ID_AA64MMFR0_EL1)
				expected = 2; /* 40 bits */
			assert_int_equal(get(encoding), expected);
		}
	}
}

/* What must be zero whatever the CPU has: register, shift. */
static const struct {
	const char *name;
	unsigned encoding, shift;
} hidden[] = {
	{ "EL2", SYS_ID_AA64PFR0_EL1, 8 },
	{ "EL3", SYS_ID_AA64PFR0_EL1, 12 },
	{ "SVE", SYS_ID_AA64PFR0_EL1, 32 },
	{ "SEL2", SYS_ID_AA64PFR0_EL1, 36 },
	{ "MPAM", SYS_ID_AA64PFR0_EL1, 40 },
	{ "AMU", SYS_ID_AA64PFR0_EL1, 44 },
	{ "RME", SYS_ID_AA64PFR0_EL1, 52 },
	{ "MTE", SYS_ID_AA64PFR1_EL1, 8 },
	{ "RAS_frac", SYS_ID_AA64PFR1_EL1, 12 },
	{ "MPAM_frac", SYS_ID_AA64PFR1_EL1, 16 },
	{ "SME", SYS_ID_AA64PFR1_EL1, 24 },
	{ "RNDR_trap", SYS_ID_AA64PFR1_EL1, 28 },
	{ "CSV2_frac", SYS_ID_AA64PFR1_EL1, 32 },
	{ "NMI", SYS_ID_AA64PFR1_EL1, 36 },
	{ "MTE_frac", SYS_ID_AA64PFR1_EL1, 40 },
	{ "GCS", SYS_ID_AA64PFR1_EL1, 44 },
	{ "THE", SYS_ID_AA64PFR1_EL1, 48 },
	{ "MTEX", SYS_ID_AA64PFR1_EL1, 52 },
	{ "DF2", SYS_ID_AA64PFR1_EL1, 56 },
	{ "PFAR", SYS_ID_AA64PFR1_EL1, 60 },
	{ "TraceVer", SYS_ID_AA64DFR0_EL1, 4 },
	{ "PMUVer", SYS_ID_AA64DFR0_EL1, 8 },
	{ "PMSS", SYS_ID_AA64DFR0_EL1, 16 },
	{ "SEBEP", SYS_ID_AA64DFR0_EL1, 24 },
	{ "PMSVer", SYS_ID_AA64DFR0_EL1, 32 },
	{ "TraceFilt", SYS_ID_AA64DFR0_EL1, 40 },
	{ "TraceBuffer", SYS_ID_AA64DFR0_EL1, 44 },
	{ "MTPMU", SYS_ID_AA64DFR0_EL1, 48 },
	{ "BRBE", SYS_ID_AA64DFR0_EL1, 52 },
	{ "ExtTrcBuff", SYS_ID_AA64DFR0_EL1, 56 },
	{ "HPMN0", SYS_ID_AA64DFR0_EL1, 60 },
	{ "TME", SYS_ID_AA64ISAR0_EL1, 24 },
	{ "LS64", SYS_ID_AA64ISAR1_EL1, 60 },
	{ "WFxT", SYS_ID_AA64ISAR2_EL1, 0 },
	{ "SYSREG_128", SYS_ID_AA64ISAR2_EL1, 32 },
	{ "SYSINSTR_128", SYS_ID_AA64ISAR2_EL1, 36 },
	{ "SNSMem", SYS_ID_AA64MMFR0_EL1, 12 },
	{ "TGran16_2", SYS_ID_AA64MMFR0_EL1, 32 },
	{ "TGran64_2", SYS_ID_AA64MMFR0_EL1, 36 },
	{ "TGran4_2", SYS_ID_AA64MMFR0_EL1, 40 },
	{ "FGT", SYS_ID_AA64MMFR0_EL1, 56 },
	{ "VMIDBits", SYS_ID_AA64MMFR1_EL1, 4 },
	{ "VH", SYS_ID_AA64MMFR1_EL1, 8 },
	{ "LO", SYS_ID_AA64MMFR1_EL1, 16 },
	{ "XNX", SYS_ID_AA64MMFR1_EL1, 28 },
	{ "TWED", SYS_ID_AA64MMFR1_EL1, 32 },
	{ "HCX", SYS_ID_AA64MMFR1_EL1, 40 },
	{ "TIDCP1", SYS_ID_AA64MMFR1_EL1, 52 },
	{ "CMOW", SYS_ID_AA64MMFR1_EL1, 56 },
	{ "NV", SYS_ID_AA64MMFR2_EL1, 24 },
	{ "ST", SYS_ID_AA64MMFR2_EL1, 28 },
	{ "FWB", SYS_ID_AA64MMFR2_EL1, 40 },
	{ "EVT", SYS_ID_AA64MMFR2_EL1, 56 },
	{ "TCRX", SYS_ID_AA64MMFR3_EL1, 0 },
	{ "SCTLRX", SYS_ID_AA64MMFR3_EL1, 4 },
	{ "S1PIE", SYS_ID_AA64MMFR3_EL1, 8 },
	{ "S1POE", SYS_ID_AA64MMFR3_EL1, 16 },
	{ "AIE", SYS_ID_AA64MMFR3_EL1, 24 },
	{ "MEC", SYS_ID_AA64MMFR3_EL1, 28 },
	{ "D128", SYS_ID_AA64MMFR3_EL1, 32 },
	{ "CopTrc", SYS_ID_DFR0_EL1, 12 },
	{ "MMapTrc", SYS_ID_DFR0_EL1, 16 },
	{ "MProfDbg", SYS_ID_DFR0_EL1, 20 },
	{ "PerfMon", SYS_ID_DFR0_EL1, 24 },
	{ "TraceFilt32", SYS_ID_DFR0_EL1, 28 },
	{ "AMU32", SYS_ID_PFR0_EL1, 20 },
	{ "Security32", SYS_ID_PFR1_EL1, 4 },
	{ "Virtualization32", SYS_ID_PFR1_EL1, 12 },
	{ "EVT32", SYS_ID_MMFR4_EL1, 28 },
};

/* Registers of which a guest sees nothing at all. */
static const unsigned all_zero[] = {
	SYS_ID_AFR0_EL1,
	SYS_ID_DFR1_EL1,
	SYS_ID_AA64PFR2_EL1,
	SYS_ID_AA64ZFR0_EL1,
	SYS_ID_AA64SMFR0_EL1,
	SYS_ID_AA64FPFR0_EL1,
	SYS_ID_AA64DFR1_EL1,
	SYS_ID_AA64AFR0_EL1,
	SYS_ID_AA64AFR1_EL1,
	SYS_ID_AA64MMFR4_EL1,
	SPACE(3, 3),
	SPACE(3, 7),
	SPACE(4, 3),
	SPACE(4, 6),
	SPACE(5, 2),
	SPACE(5, 3),
	SPACE(5, 6),
	SPACE(5, 7),
	SPACE(6, 4),
	SPACE(6, 5),
	SPACE(6, 6),
	SPACE(6, 7),
	SPACE(7, 5),
	SPACE(7, 6),
	SPACE(7, 7),
};

/* Two CPUs that have more than anybody: every field 7 (positive) and every field 15. */
static void test_hidden(void **state)
{
	static const uint64_t everything[] = { UINT64_C(0x7777777777777777), ~UINT64_C(0) };

	(void)state;
	for (unsigned n = 0; n < ARRAY_SIZE(everything); n++) {
		fill(everything[n]);
		/* A plausible EL0 with AArch32, so that the 32-bit registers are looked at. */
		fake_sysreg_set(SYS_ID_AA64PFR0_EL1, (everything[n] & ~UINT64_C(0xff)) | 0x22);
		init();
		for (unsigned i = 0; i < ARRAY_SIZE(hidden); i++) {
			if (field(hidden[i].encoding, hidden[i].shift) != 0)
				fail_msg("%s is shown", hidden[i].name);
		}
		for (unsigned i = 0; i < ARRAY_SIZE(all_zero); i++)
			assert_int_equal(get(all_zero[i]), 0);
	}
}

/* The highest value of each field that may be passed on: from a CPU whose every field is 7, and
 * below it unchanged. */
static const struct {
	const char *name;
	unsigned encoding, shift, limit;
} limits[] = {
	{ "EL0", SYS_ID_AA64PFR0_EL1, 0, 2 },
	{ "FP", SYS_ID_AA64PFR0_EL1, 16, 1 },
	{ "AdvSIMD", SYS_ID_AA64PFR0_EL1, 20, 1 },
	{ "RAS", SYS_ID_AA64PFR0_EL1, 28, 1 },
	{ "DIT", SYS_ID_AA64PFR0_EL1, 48, 1 },
	{ "CSV2", SYS_ID_AA64PFR0_EL1, 56, 1 },
	{ "CSV3", SYS_ID_AA64PFR0_EL1, 60, 1 },
	{ "BT", SYS_ID_AA64PFR1_EL1, 0, 1 },
	{ "SSBS", SYS_ID_AA64PFR1_EL1, 4, 2 },
	{ "BRPs", SYS_ID_AA64DFR0_EL1, 12, 15 },
	{ "WRPs", SYS_ID_AA64DFR0_EL1, 20, 15 },
	{ "AES", SYS_ID_AA64ISAR0_EL1, 4, 2 },
	{ "CRC32", SYS_ID_AA64ISAR0_EL1, 16, 1 },
	{ "Atomic", SYS_ID_AA64ISAR0_EL1, 20, 3 },
	{ "TS", SYS_ID_AA64ISAR0_EL1, 52, 2 },
	{ "TLB", SYS_ID_AA64ISAR0_EL1, 56, 2 },
	{ "RNDR", SYS_ID_AA64ISAR0_EL1, 60, 1 },
	{ "DPB", SYS_ID_AA64ISAR1_EL1, 0, 2 },
	{ "APA", SYS_ID_AA64ISAR1_EL1, 4, 5 },
	{ "API", SYS_ID_AA64ISAR1_EL1, 8, 5 },
	{ "LRCPC", SYS_ID_AA64ISAR1_EL1, 20, 3 },
	{ "GPA", SYS_ID_AA64ISAR1_EL1, 24, 1 },
	{ "GPI", SYS_ID_AA64ISAR1_EL1, 28, 1 },
	{ "SPECRES", SYS_ID_AA64ISAR1_EL1, 40, 2 },
	{ "GPA3", SYS_ID_AA64ISAR2_EL1, 8, 1 },
	{ "APA3", SYS_ID_AA64ISAR2_EL1, 12, 5 },
	{ "CSSC", SYS_ID_AA64ISAR2_EL1, 52, 1 },
	{ "ASIDBits", SYS_ID_AA64MMFR0_EL1, 4, 2 },
	{ "TGran16", SYS_ID_AA64MMFR0_EL1, 20, 1 },
	{ "TGran64", SYS_ID_AA64MMFR0_EL1, 24, 0 },
	{ "TGran4", SYS_ID_AA64MMFR0_EL1, 28, 0 },
	{ "ECV", SYS_ID_AA64MMFR0_EL1, 60, 1 },
	{ "HAFDBS", SYS_ID_AA64MMFR1_EL1, 0, 2 },
	{ "PAN", SYS_ID_AA64MMFR1_EL1, 20, 3 },
	{ "CnP", SYS_ID_AA64MMFR2_EL1, 0, 1 },
	{ "VARange", SYS_ID_AA64MMFR2_EL1, 16, 1 },
	{ "BBM", SYS_ID_AA64MMFR2_EL1, 52, 2 },
	{ "E0PD", SYS_ID_AA64MMFR2_EL1, 60, 1 },
};

static void test_limits(void **state)
{
	(void)state;
	for (unsigned value = 0; value < 8; value++) {
		fill(value * UINT64_C(0x1111111111111111));
		init();
		for (unsigned i = 0; i < ARRAY_SIZE(limits); i++) {
			unsigned expected = MIN(value, limits[i].limit);

			if (field(limits[i].encoding, limits[i].shift) != expected)
				fail_msg("%s: %u of the CPU's is shown as %u, not %u",
					limits[i].name, value,
					field(limits[i].encoding, limits[i].shift), expected);
		}
		assert_int_equal(field(SYS_ID_AA64PFR0_EL1, 4), 1);  /* EL1 */
		assert_int_equal(field(SYS_ID_AA64PFR0_EL1, 24), 1); /* GIC */
	}
}

/* Negative values of signed fields say "not there" and stay. */
static void test_signed(void **state)
{
	(void)state;
	fill(~UINT64_C(0));
	init();
	assert_int_equal(field(SYS_ID_AA64PFR0_EL1, 16), 15);  /* FP */
	assert_int_equal(field(SYS_ID_AA64PFR0_EL1, 20), 15);  /* AdvSIMD */
	assert_int_equal(field(SYS_ID_AA64MMFR0_EL1, 24), 15); /* TGran64 */
	assert_int_equal(field(SYS_ID_AA64MMFR0_EL1, 28), 15); /* TGran4 */
}

/* Each PARange is that of the VM's stage 2, not the CPU's. */
static void test_pa_range(void **state)
{
	static const uint8_t bits[] = { 32, 36, 40, 42, 44, 48 };

	(void)state;
	fill(0);
	fake_sysreg_set(SYS_ID_AA64MMFR0_EL1, 6);
	init();
	for (unsigned i = 0; i < ARRAY_SIZE(bits); i++) {
		vm.stage2.ipa_bits = bits[i];
		assert_int_equal(field(SYS_ID_AA64MMFR0_EL1, 0), i);
	}
}

/* MOPS needs HCRX_EL2.MSCEn. */
static void test_mops(void **state)
{
	(void)state;
	for (unsigned hcx = 0; hcx < 2; hcx++) {
		fill(0);
		fake_sysreg_set(SYS_ID_AA64ISAR2_EL1, UINT64_C(1) << 16);
		fake_sysreg_set(SYS_ID_AA64MMFR1_EL1, (uint64_t)hcx << 40);
		init();
		assert_int_equal(field(SYS_ID_AA64ISAR2_EL1, 16), hcx);
	}
}

/* Without AArch32 at EL0 its registers are zero; with it they are shown, and without their upper
 * half. */
static void test_aarch32(void **state)
{
	(void)state;
	fill(UINT64_C(0x1111111111111111));
	init();
	for (unsigned crm = 1; crm < 4; crm++) {
		for (unsigned op2 = 0; op2 < 8; op2++)
			assert_int_equal(get(SPACE(crm, op2)), 0);
	}
	fake_sysreg_set(SYS_ID_AA64PFR0_EL1, 0x12);
	init();
	assert_int_equal(get(SYS_ID_PFR0_EL1), 0x11011111);
	assert_int_equal(get(SYS_ID_PFR1_EL1), 0x10010000);
	/* With AArch32 at EL1 there are all its modes. */
	vcpu.aarch32 = true;
	assert_int_equal(get(SYS_ID_PFR1_EL1), 0x10010001);
	vcpu.aarch32 = false;
	assert_int_equal(get(SYS_ID_PFR2_EL1), 0x11);
	assert_int_equal(get(SYS_ID_DFR0_EL1), 0x1);
	assert_int_equal(get(SYS_ID_MMFR0_EL1), 0x11111111);
	assert_int_equal(get(SYS_ID_MMFR4_EL1), 0x01111011);
	assert_int_equal(get(SYS_ID_MMFR5_EL1), 0x11);
	assert_int_equal(get(SYS_ID_ISAR0_EL1), 0x11111111);
	assert_int_equal(get(SYS_ID_ISAR5_EL1), 0x11011111);
	assert_int_equal(get(SYS_ID_ISAR6_EL1), 0x11111111);
	assert_int_equal(get(SYS_MVFR0_EL1), 0x11111111);
	assert_int_equal(get(SYS_MVFR2_EL1), 0x11111111);
}

/* The rest of what HCR_EL2.TID1 traps, and what isn't an ID register. */
static void test_others(void **state)
{
	uint64_t value = 42;

	(void)state;
	fill(0);
	fake_sysreg_set(SYS_REVIDR_EL1, 0x123);
	fake_sysreg_set(SYS_AIDR_EL1, 0x456);
	init();
	assert_int_equal(get(SYS_REVIDR_EL1), 0x123);
	assert_int_equal(get(SYS_AIDR_EL1), 0x456);
	assert_false(idreg_read(&vcpu, SYS_MIDR_EL1, &value));
	assert_false(idreg_read(&vcpu, SYS_MPIDR_EL1, &value));
	assert_false(idreg_read(&vcpu, SYS_GMID_EL1, &value));
	assert_false(idreg_read(&vcpu, SYS_SCTLR_EL1, &value));
	assert_false(idreg_read(&vcpu, SPACE(0, 7), &value));
	assert_false(idreg_read(&vcpu, SYSREG_ENC(3, 0, 0, 8, 0), &value));
	assert_int_equal(value, 42);
}

/* The real registers are read at boot and never again. */
static void test_read_once(void **state)
{
	unsigned before;

	(void)state;
	fill(0);
	init();
	before = fake_sysreg_accesses;
	for (unsigned crm = 1; crm < 8; crm++)
		(void)get(SPACE(crm, 0));
	assert_int_equal(fake_sysreg_accesses, before);
}

/* Real CPUs: what a Cortex-A53 and a Neoverse N1 show (their technical reference manuals). */
static void test_real(void **state)
{
	(void)state;
	fill(0);
	fake_sysreg_set(SYS_ID_AA64PFR0_EL1, 0x01002222);
	fake_sysreg_set(SYS_ID_AA64DFR0_EL1, 0x10305106);
	fake_sysreg_set(SYS_ID_AA64ISAR0_EL1, 0x00011120);
	fake_sysreg_set(SYS_ID_AA64MMFR0_EL1, 0x00001122);
	init();
	assert_int_equal(get(SYS_ID_AA64PFR0_EL1), 0x01000012);
	assert_int_equal(get(SYS_ID_AA64DFR0_EL1), UINT64_C(0xf010305006));
	assert_int_equal(get(SYS_ID_AA64ISAR0_EL1), 0x00011120);
	assert_int_equal(get(SYS_ID_AA64MMFR0_EL1), 0x00000122);

	fill(0);
	fake_sysreg_set(SYS_ID_AA64PFR0_EL1, UINT64_C(0x1100000011111112));
	fake_sysreg_set(SYS_ID_AA64PFR1_EL1, 0x20);
	fake_sysreg_set(SYS_ID_AA64MMFR0_EL1, 0x00101125);
	fake_sysreg_set(SYS_ID_AA64MMFR1_EL1, 0x10212122);
	fake_sysreg_set(SYS_ID_AA64MMFR2_EL1, 0x00001011);
	fake_sysreg_set(SYS_ID_AA64ISAR1_EL1, 0x00100001);
	init();
	assert_int_equal(get(SYS_ID_AA64PFR0_EL1), UINT64_C(0x1100000011110012));
	assert_int_equal(get(SYS_ID_AA64PFR1_EL1), 0x20);
	assert_int_equal(get(SYS_ID_AA64MMFR0_EL1), 0x00100122);
	assert_int_equal(get(SYS_ID_AA64MMFR1_EL1), 0x00202002);
	assert_int_equal(get(SYS_ID_AA64MMFR2_EL1), 0x00001011);
	assert_int_equal(get(SYS_ID_AA64ISAR1_EL1), 0x00100001);
}

/* --- a guest hypervisor --- */

/* What differs for it from what others see, by a CPU whose every field is `value`: else the same.
 */
static const struct {
	const char *name;
	unsigned encoding, shift, limit;
	bool fixed;
} of_el2[] = {
	{ "EL2", SYS_ID_AA64PFR0_EL1, 8, 1, true },
	{ "SPECRES", SYS_ID_AA64ISAR1_EL1, 40, 0, true },
	{ "ExS", SYS_ID_AA64MMFR0_EL1, 44, 0, true },
	{ "FGT", SYS_ID_AA64MMFR0_EL1, 56, 1, false },
	{ "VMIDBits", SYS_ID_AA64MMFR1_EL1, 4, 2, false },
	{ "XNX", SYS_ID_AA64MMFR1_EL1, 28, 1, false },
	{ "ETS", SYS_ID_AA64MMFR1_EL1, 36, 0, true },
	{ "HCX", SYS_ID_AA64MMFR1_EL1, 40, 1, false },
	{ "nTLBPA", SYS_ID_AA64MMFR1_EL1, 48, 0, true },
	{ "FWB", SYS_ID_AA64MMFR2_EL1, 40, 1, false },
	{ "BBM", SYS_ID_AA64MMFR2_EL1, 52, 0, true },
	{ "EVT", SYS_ID_AA64MMFR2_EL1, 56, 2, false },
};

static bool is_of_el2(unsigned encoding, unsigned shift)
{
	for (unsigned i = 0; i < ARRAY_SIZE(of_el2); i++) {
		if (of_el2[i].encoding == encoding && of_el2[i].shift == shift)
			return true;
	}
	return false;
}

/* TGranN_2, VH, E2H0. */
static bool is_of_form(unsigned encoding, unsigned shift)
{
	if (encoding == SYS_ID_AA64MMFR0_EL1)
		return shift >= 32 && shift <= 40;
	return (encoding == SYS_ID_AA64MMFR1_EL1 && shift == 8) ||
		(encoding == SYS_ID_AA64MMFR4_EL1 && shift == 24);
}

static void check_el2(enum virtual_el2 form, unsigned value)
{
	uint64_t ordinary[8][8];

	vm.policy.virtual_el2 = VIRTUAL_EL2_NONE;
	for (unsigned i = 8; i < 64; i++)
		ordinary[i / 8][i % 8] = get(SPACE(i / 8, i % 8));
	vm.policy.virtual_el2 = form;
	for (unsigned i = 8; i < 64; i++) {
		unsigned encoding = SPACE(i / 8, i % 8);

		for (unsigned shift = 0; shift < 64; shift += 4) {
			if (is_of_el2(encoding, shift) || is_of_form(encoding, shift))
				continue;
			assert_int_equal(
				field(encoding, shift), (ordinary[i / 8][i % 8] >> shift) & 15);
		}
	}
	for (unsigned i = 0; i < ARRAY_SIZE(of_el2); i++) {
		unsigned expected = of_el2[i].fixed ? of_el2[i].limit : MIN(value, of_el2[i].limit);

		if (field(of_el2[i].encoding, of_el2[i].shift) != expected)
			fail_msg("%s is %u", of_el2[i].name,
				field(of_el2[i].encoding, of_el2[i].shift));
	}
	assert_int_equal(field(SYS_ID_AA64MMFR1_EL1, 8), form == VIRTUAL_EL2_VHE ? 1 : 0); /* VH */
	assert_int_equal(
		field(SYS_ID_AA64MMFR4_EL1, 24), form == VIRTUAL_EL2_VHE ? 14 : 0); /* E2H0 */
	assert_int_equal(field(SYS_ID_AA64MMFR2_EL1, 24), 0);                       /* NV */
	assert_int_equal(field(SYS_ID_AA64MMFR4_EL1, 20), 0);                       /* NV_frac */
	vm.policy.virtual_el2 = VIRTUAL_EL2_NONE;
}

static void test_el2(void **state)
{
	(void)state;
	for (unsigned value = 0; value < 16; value++) {
		fill(value * UINT64_C(0x1111111111111111));
		init();
		check_el2(VIRTUAL_EL2_VHE, value);
		check_el2(VIRTUAL_EL2_NON_VHE, value);
	}
}

/* Granules of stage 2 are said in so many words: 1 none, 2 there; from the CPU's TGranN_2, or its
 * TGranN where that says "the same". */
static void test_granules(void **state)
{
	static const struct {
		unsigned stage1, stage2, shown;
	} rows_4k_64k[] = { { 0, 0, 2 }, { 15, 0, 1 }, { 0, 1, 1 }, { 15, 2, 2 }, { 0, 3, 2 } },
	  rows_16k[] = { { 1, 0, 2 }, { 0, 0, 1 }, { 2, 1, 1 }, { 0, 2, 2 }, { 1, 3, 2 } };

	(void)state;
	vm.policy.virtual_el2 = VIRTUAL_EL2_NON_VHE;
	for (unsigned i = 0; i < ARRAY_SIZE(rows_4k_64k); i++) {
		uint64_t same = rows_4k_64k[i].stage1, of_2 = rows_4k_64k[i].stage2;

		fake_sysreg_set(SYS_ID_AA64MMFR0_EL1,
			same << 28 | same << 24 | of_2 << 40 | of_2 << 36 |
				(uint64_t)rows_16k[i].stage1 << 20 |
				(uint64_t)rows_16k[i].stage2 << 32);
		init();
		assert_int_equal(field(SYS_ID_AA64MMFR0_EL1, 40), rows_4k_64k[i].shown);
		assert_int_equal(field(SYS_ID_AA64MMFR0_EL1, 36), rows_4k_64k[i].shown);
		assert_int_equal(field(SYS_ID_AA64MMFR0_EL1, 32), rows_16k[i].shown);
	}
	vm.policy.virtual_el2 = VIRTUAL_EL2_NONE;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_nothing, setup),
		cmocka_unit_test_setup(test_hidden, setup),
		cmocka_unit_test_setup(test_limits, setup),
		cmocka_unit_test_setup(test_signed, setup),
		cmocka_unit_test_setup(test_pa_range, setup),
		cmocka_unit_test_setup(test_el2, setup),
		cmocka_unit_test_setup(test_granules, setup),
		cmocka_unit_test_setup(test_mops, setup),
		cmocka_unit_test_setup(test_aarch32, setup),
		cmocka_unit_test_setup(test_others, setup),
		cmocka_unit_test_setup(test_read_once, setup),
		cmocka_unit_test_setup(test_real, setup),
	};

	return cmocka_run_group_tests_name("idreg", tests, NULL, NULL);
}
