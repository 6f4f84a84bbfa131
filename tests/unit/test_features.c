/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is read from the ID registers, and the controls of EL2 that follow: registers that a CPU
 * hasn't got are never touched, hidden features are trapped.
 *
 * links: hyp/arch/features.c hyp/arch/el2_controls.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hyp/arch/features.h"
#include "tests/unit/fake/cpu.h"

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	return 0;
}

/* --- features --- */

struct row {
	unsigned encoding;
	uint64_t mask;
	unsigned least; /* value from which on the feature is there */
	size_t feature;
};

#define ROW(reg, field, least, name)                                                 \
	{                                                                            \
		SYS_##reg, reg##_##field, least, offsetof(struct cpu_features, name) \
	}

static const struct row rows[] = {
	ROW(ID_AA64PFR0_EL1, EL0, 2, aarch32_el0),
	ROW(ID_AA64PFR0_EL1, EL1, 2, aarch32_el1),
	ROW(ID_AA64PFR0_EL1, RAS, 1, ras),
	ROW(ID_AA64PFR0_EL1, SVE, 1, sve),
	ROW(ID_AA64PFR0_EL1, AMU, 1, amu),
	ROW(ID_AA64PFR0_EL1, MPAM, 1, mpam),
	ROW(ID_AA64PFR1_EL1, MPAM_FRAC, 1, mpam),
	ROW(ID_AA64PFR1_EL1, BT, 1, bti),
	ROW(ID_AA64PFR1_EL1, SSBS, 1, ssbs),
	ROW(ID_AA64PFR1_EL1, MTE, 1, mte),
	ROW(ID_AA64PFR1_EL1, SME, 1, sme),
	ROW(ID_AA64PFR1_EL1, NMI, 1, nmi),
	ROW(ID_AA64PFR1_EL1, GCS, 1, gcs),
	ROW(ID_AA64ISAR1_EL1, APA, 1, pauth),
	ROW(ID_AA64ISAR1_EL1, API, 1, pauth),
	ROW(ID_AA64ISAR2_EL1, APA3, 1, pauth),
	ROW(ID_AA64ISAR2_EL1, MOPS, 1, mops),
	ROW(ID_AA64MMFR0_EL1, FGT, 1, fgt),
	ROW(ID_AA64MMFR0_EL1, FGT, 2, fgt2),
	ROW(ID_AA64MMFR1_EL1, PAN, 1, pan),
	ROW(ID_AA64MMFR1_EL1, LO, 1, lor),
	ROW(ID_AA64MMFR1_EL1, HCX, 1, hcrx),
	ROW(ID_AA64MMFR2_EL1, FWB, 1, fwb),
	ROW(ID_AA64MMFR3_EL1, TCRX, 1, tcr2),
	ROW(ID_AA64MMFR3_EL1, SCTLRX, 1, sctlr2),
	ROW(ID_AA64DFR0_EL1, PMUVER, 1, pmu),
	ROW(ID_AA64DFR0_EL1, TRACEVER, 1, trace),
	ROW(ID_AA64DFR0_EL1, TRACEFILT, 1, trace_filter),
	ROW(ID_AA64DFR0_EL1, TRACEBUFFER, 1, trbe),
	ROW(ID_AA64DFR0_EL1, PMSVER, 1, spe),
	ROW(ID_AA64DFR0_EL1, BRBE, 1, brbe),
};

static bool feature(size_t offset)
{
	return *(const bool *)((const char *)&cpu_features + offset);
}

static void test_features(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		for (unsigned value = 0; value < 15; value++) {
			setup(state);
			fake_sysreg_set(
				rows[i].encoding, (uint64_t)value << __builtin_ctzll(rows[i].mask));
			cpu_features_init();
			if (rows[i].feature == offsetof(struct cpu_features, aarch32_el0) ||
				rows[i].feature == offsetof(struct cpu_features, aarch32_el1))
				assert_int_equal(feature(rows[i].feature), value == 2);
			else
				assert_int_equal(feature(rows[i].feature), value >= rows[i].least);
		}
	}
}

static void test_numbers(void **state)
{
	static const uint8_t bits[16] = { 32, 36, 40, 42, 44, 48, 48, 48, 48, 48, 48, 48, 48, 48,
		48, 48 };

	(void)state;
	for (unsigned range = 0; range < 16; range++) {
		fake_reg(ID_AA64MMFR0_EL1) = range;
		cpu_features_init();
		assert_int_equal(cpu_features.pa_bits, bits[range]);
	}
	assert_int_equal(cpu_features.vmid_bits, 8);
	assert_true(cpu_features.double_lock);
	fake_reg(ID_AA64MMFR1_EL1) = FIELD_PREP(ID_AA64MMFR1_EL1_VMIDBITS, 2);
	fake_reg(ID_AA64DFR0_EL1) = FIELD_PREP(ID_AA64DFR0_EL1_BRPS, 5) |
		FIELD_PREP(ID_AA64DFR0_EL1_WRPS, 3) | FIELD_PREP(ID_AA64DFR0_EL1_PMUVER, 15) |
		FIELD_PREP(ID_AA64DFR0_EL1_DOUBLELOCK, 15);
	cpu_features_init();
	assert_int_equal(cpu_features.vmid_bits, 16);
	assert_int_equal(cpu_features.breakpoints, 6);
	assert_int_equal(cpu_features.watchpoints, 4);
	assert_false(cpu_features.pmu); /* not Arm's */
	assert_false(cpu_features.double_lock);
}

/* --- controls --- */

/* Registers that exist since Armv8.0, or whatever the CPU. */
static const unsigned base_registers[] = { SYS_HCR_EL2, SYS_VTTBR_EL2, SYS_HSTR_EL2, SYS_HACR_EL2,
	SYS_ACTLR_EL2, SYS_VPIDR_EL2, SYS_CPTR_EL2, SYS_MDSCR_EL1, SYS_OSLAR_EL1, SYS_MDCR_EL2,
	SYS_CNTHCTL_EL2, SYS_CNTVOFF_EL2 };

/* On an Armv8.0 CPU: those, and the lock it has, and nothing else, which would be UNDEFINED. */
static void test_controls_of_the_least_cpu(void **state)
{
	unsigned expected = ARRAY_SIZE(base_registers) + 1; /* CPTR_EL2 is written twice */

	(void)state;
	fake_reg(ID_AA64DFR0_EL1) = FIELD_PREP(ID_AA64DFR0_EL1_DOUBLELOCK, 15);
	fake_reg(MIDR_EL1) = 0x410fd034;
	cpu_features_init();
	fake_sysreg_accesses = 0;
	el2_setup_controls();
	for (unsigned i = 0; i < ARRAY_SIZE(base_registers); i++)
		assert_true(fake_sysreg_writes(base_registers[i]) >= 1);
	assert_int_equal(fake_sysreg_accesses, expected + 2); /* MIDR_EL1, ID_AA64PFR0_EL1 read */
	assert_int_equal(fake_reg(HCR_EL2), guest_hcr() & ~HCR_EL2_VM);
	assert_int_equal(fake_reg(VPIDR_EL2), 0x410fd034);
	assert_int_equal(fake_reg(CPTR_EL2), 0x33ff);
	assert_int_equal(fake_reg(CNTHCTL_EL2), 3);
	assert_int_equal(fake_reg(MDCR_EL2), MDCR_EL2_TDA | MDCR_EL2_TDOSA | MDCR_EL2_TDRA);
	fake_reg(ID_AA64DFR0_EL1) = 0;
	cpu_features_init();
	el2_setup_controls();
	assert_int_equal(fake_sysreg_writes(SYS_OSDLR_EL1), 1);
}

/* Vector catch, of which a reset makes nothing, is off where there is a register for it. */
static void test_vector_catch(void **state)
{
	(void)state;
	for (unsigned value = 0; value < 4; value++) {
		fake_cpu_reset();
		fake_reg(ID_AA64PFR0_EL1) = FIELD_PREP(ID_AA64PFR0_EL1_EL1, value);
		fake_reg(DBGVCR32_EL2) = 0xffffffff;
		cpu_features_init();
		el2_setup_controls();
		assert_int_equal(fake_reg(DBGVCR32_EL2), value == 2 ? 0 : 0xffffffff);
		assert_int_equal(fake_sysreg_writes(SYS_DBGVCR32_EL2), value == 2);
	}
}

static void test_hcr(void **state)
{
	uint64_t least;

	(void)state;
	cpu_features = (struct cpu_features){ 0 };
	least = guest_hcr();
	assert_int_equal(least & (HCR_EL2_VM | HCR_EL2_RW | HCR_EL2_TSC | HCR_EL2_TID3),
		HCR_EL2_VM | HCR_EL2_RW | HCR_EL2_TSC | HCR_EL2_TID3);
	assert_int_equal(least & (HCR_EL2_IMO | HCR_EL2_FMO | HCR_EL2_AMO),
		HCR_EL2_IMO | HCR_EL2_FMO | HCR_EL2_AMO);
	assert_int_equal(least & (HCR_EL2_TSW | HCR_EL2_TACR | HCR_EL2_TIDCP | HCR_EL2_TID1),
		HCR_EL2_TSW | HCR_EL2_TACR | HCR_EL2_TIDCP | HCR_EL2_TID1);
	/* Neither another regime nor nesting, nor anything that lets hidden features be used. */
	assert_int_equal(least &
			(HCR_EL2_E2H | HCR_EL2_TGE | HCR_EL2_NV | HCR_EL2_NV2 | HCR_EL2_ATA |
				HCR_EL2_ENSCXT | HCR_EL2_HCD | HCR_EL2_DC | HCR_EL2_CD |
				HCR_EL2_ID),
		0);
	cpu_features.pauth = true;
	assert_int_equal(guest_hcr(), least | HCR_EL2_APK | HCR_EL2_API);
	cpu_features = (struct cpu_features){ .ras = true };
	assert_int_equal(guest_hcr(), least | HCR_EL2_TERR | HCR_EL2_TEA);
	cpu_features = (struct cpu_features){ .lor = true };
	assert_int_equal(guest_hcr(), least | HCR_EL2_TLOR);
	cpu_features = (struct cpu_features){ .mte = true };
	assert_int_equal(guest_hcr(), least | HCR_EL2_TID5);
	cpu_features = (struct cpu_features){ .fwb = true };
	assert_int_equal(guest_hcr(), least | HCR_EL2_FWB);
}

/* Tables with the meaning of FWB can't be used by a CPU without it; the other way round they can.
 */
static void test_suffice(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 4; n++) {
		fake_reg(ID_AA64MMFR2_EL1) = FIELD_PREP(ID_AA64MMFR2_EL1_FWB, n & 1);
		cpu_features = (struct cpu_features){ .fwb = n & 2 };
		assert_int_equal(cpu_features_suffice(), n != 2);
	}
}

/* AArch32 at EL1 is there if every CPU has it. */
static void test_limit(void **state)
{
	(void)state;
	for (unsigned value = 0; value < 4; value++) {
		cpu_features = (struct cpu_features){ .aarch32_el1 = true };
		fake_reg(ID_AA64PFR0_EL1) = FIELD_PREP(ID_AA64PFR0_EL1_EL1, value);
		cpu_features_limit();
		assert_int_equal(cpu_features.aarch32_el1, value == 2);
	}
	cpu_features.aarch32_el1 = false;
	fake_reg(ID_AA64PFR0_EL1) = FIELD_PREP(ID_AA64PFR0_EL1_EL1, 2);
	cpu_features_limit();
	assert_false(cpu_features.aarch32_el1);
}

/* FEAT_NV2 by either field, NV1 unless it is said to be absent; and both on every CPU. */
static void test_nesting(void **state)
{
	static const struct {
		unsigned nv, frac, e2h0;
		bool nv2, nv1;
	} rows[] = {
		{ 0, 0, 0, false, false },
		{ 1, 0, 0, false, false },
		{ 2, 0, 0, true, true },
		{ 3, 0, 0, true, true },
		{ 0, 1, 0, true, true },
		{ 0, 2, 0xf, true, true },
		{ 2, 0, 0xe, true, false },
		{ 0, 1, 0xe, true, false },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		fake_reg(ID_AA64MMFR2_EL1) = FIELD_PREP(ID_AA64MMFR2_EL1_NV, rows[i].nv);
		fake_reg(ID_AA64MMFR4_EL1) = FIELD_PREP(ID_AA64MMFR4_EL1_NV_FRAC, rows[i].frac) |
			FIELD_PREP(ID_AA64MMFR4_EL1_E2H0, rows[i].e2h0);
		cpu_features_init();
		assert_int_equal(cpu_features.nv2, rows[i].nv2);
		assert_int_equal(cpu_features.nv1, rows[i].nv1);
		for (unsigned boot = 0; boot < 4; boot++) {
			cpu_features =
				(struct cpu_features){ .nv2 = boot & 1, .nv1 = (boot & 2) != 0 };
			cpu_features_limit();
			assert_int_equal(cpu_features.nv2, (boot & 1) && rows[i].nv2);
			assert_int_equal(cpu_features.nv1, (boot & 2) && rows[i].nv1);
		}
	}
}

static void test_cptr(void **state)
{
	(void)state;
	cpu_features = (struct cpu_features){ 0 };
	assert_int_equal(guest_cptr(), 0x33ff);
	cpu_features.trace = true;
	assert_int_equal(guest_cptr(), 0x33ff | CPTR_EL2_TTA);
	cpu_features = (struct cpu_features){ .amu = true };
	assert_int_equal(guest_cptr(), 0x33ff | CPTR_EL2_TAM);
	cpu_features = (struct cpu_features){ .sve = true };
	assert_int_equal(guest_cptr(), 0x33ff | CPTR_EL2_TCPAC);
	cpu_features = (struct cpu_features){ .sme = true };
	assert_int_equal(guest_cptr(), 0x33ff | CPTR_EL2_TCPAC);
}

static void test_cpacr(void **state)
{
	(void)state;
	cpu_features = (struct cpu_features){ 0 };
	assert_int_equal(guest_cpacr(0), 0);
	assert_int_equal(guest_cpacr(~UINT64_C(0)), CPACR_EL1_FPEN);
	cpu_features.sve = true;
	assert_int_equal(guest_cpacr(0), CPACR_EL1_ZEN);
	cpu_features.sme = true;
	assert_int_equal(guest_cpacr(1 << 20), 1 << 20 | CPACR_EL1_ZEN | CPACR_EL1_SMEN);
}

static void test_mdcr(void **state)
{
	uint64_t least = MDCR_EL2_TDA | MDCR_EL2_TDOSA | MDCR_EL2_TDRA;

	(void)state;
	cpu_features = (struct cpu_features){ 0 };
	assert_int_equal(guest_mdcr(), least);
	assert_int_equal(fake_sysreg_reads(SYS_PMCR_EL0), 0);
	cpu_features.pmu = true;
	fake_reg(PMCR_EL0) = FIELD_PREP(PMCR_EL0_N, 6) | PMCR_EL0_E;
	assert_int_equal(guest_mdcr(), least | MDCR_EL2_TPM | MDCR_EL2_TPMCR | 6);
	cpu_features = (struct cpu_features){ .spe = true };
	assert_int_equal(guest_mdcr(), least | MDCR_EL2_TPMS);
	cpu_features = (struct cpu_features){ .trace_filter = true };
	assert_int_equal(guest_mdcr(), least | MDCR_EL2_TTRF);
	cpu_features = (struct cpu_features){ .fgt = true };
	assert_int_equal(guest_mdcr(), least | MDCR_EL2_TDCC);
}

/* Vector registers may only be written while CPTR_EL2 lets them: what it was at that moment. */
static uint64_t cptr_at_zcr, cptr_at_smcr, cptr_at_svcr;

static uint64_t note_cptr(unsigned encoding, uint64_t value)
{
	if (encoding == SYS_ZCR_EL2)
		cptr_at_zcr = fake_reg(CPTR_EL2);
	else if (encoding == SYS_SMCR_EL2)
		cptr_at_smcr = fake_reg(CPTR_EL2);
	else if (encoding == SYS_SVCR)
		cptr_at_svcr = fake_reg(CPTR_EL2);
	return value;
}

static void test_vectors(void **state)
{
	(void)state;
	cpu_features = (struct cpu_features){ .sve = true, .sme = true };
	cptr_at_zcr = cptr_at_smcr = cptr_at_svcr = ~UINT64_C(0);
	fake_reg(ZCR_EL2) = fake_reg(SMCR_EL2) = fake_reg(SVCR) = ~UINT64_C(0);
	fake_reg(CPTR_EL2) = ~UINT64_C(0);
	fake_sysreg_write_hook = note_cptr;
	el2_setup_controls();
	assert_int_equal(
		(cptr_at_zcr | cptr_at_smcr | cptr_at_svcr) & (CPTR_EL2_TZ | CPTR_EL2_TSM), 0);
	assert_int_equal(fake_reg(ZCR_EL2) | fake_reg(SMCR_EL2) | fake_reg(SVCR), 0);
	assert_int_equal(fake_reg(CPTR_EL2), guest_cptr());
}

static void test_fine_grained_traps(void **state)
{
	static const unsigned first[] = { SYS_HFGRTR_EL2, SYS_HFGWTR_EL2, SYS_HFGITR_EL2,
		SYS_HDFGRTR_EL2, SYS_HDFGWTR_EL2 };
	static const unsigned second[] = { SYS_HFGRTR2_EL2, SYS_HFGWTR2_EL2, SYS_HFGITR2_EL2,
		SYS_HDFGRTR2_EL2, SYS_HDFGWTR2_EL2 };

	(void)state;
	cpu_features = (struct cpu_features){ .fgt = true };
	for (unsigned i = 0; i < ARRAY_SIZE(first); i++)
		fake_sysreg_set(first[i], ~UINT64_C(0));
	el2_setup_controls();
	for (unsigned i = 0; i < ARRAY_SIZE(first); i++) {
		assert_int_equal(fake_sysreg_get(first[i]), 0);
		assert_int_equal(fake_sysreg_writes(second[i]), 0);
	}
	assert_int_equal(fake_sysreg_writes(SYS_HAFGRTR_EL2), 0);
	cpu_features = (struct cpu_features){
		.fgt = true, .fgt2 = true, .amu = true, .spe = true, .trbe = true
	};
	el2_setup_controls();
	for (unsigned i = 0; i < ARRAY_SIZE(second); i++)
		assert_int_equal(fake_sysreg_writes(second[i]), 1);
	assert_int_equal(fake_sysreg_writes(SYS_HAFGRTR_EL2), 1);
	assert_int_equal(fake_reg(HDFGRTR_EL2), HDFGRTR_EL2_PMBIDR | HDFGRTR_EL2_TRBIDR);
}

static void test_hcrx(void **state)
{
	(void)state;
	cpu_features = (struct cpu_features){ .hcrx = true };
	fake_reg(HCRX_EL2) = ~UINT64_C(0);
	el2_setup_controls();
	assert_int_equal(fake_reg(HCRX_EL2), 0);
	cpu_features.mops = cpu_features.nmi = true;
	el2_setup_controls();
	assert_int_equal(fake_reg(HCRX_EL2), HCRX_EL2_MSCEN | HCRX_EL2_TALLINT);
}

static void test_profiling(void **state)
{
	(void)state;
	cpu_features = (struct cpu_features){
		.pmu = true, .spe = true, .trbe = true, .brbe = true, .trace_filter = true
	};
	fake_reg(PMBLIMITR_EL1) = fake_reg(TRBLIMITR_EL1) = fake_reg(BRBCR_EL2) = 1;
	fake_reg(TRFCR_EL2) = fake_reg(PMSCR_EL2) = fake_reg(PMUSERENR_EL0) = 3;
	fake_reg(PMCR_EL0) = 1;
	el2_setup_controls();
	assert_int_equal(
		fake_reg(PMBLIMITR_EL1) | fake_reg(TRBLIMITR_EL1) | fake_reg(BRBCR_EL2), 0);
	assert_int_equal(fake_reg(TRFCR_EL2) | fake_reg(PMSCR_EL2) | fake_reg(PMUSERENR_EL0), 0);
	assert_int_equal(fake_reg(PMCR_EL0), 0);
	assert_int_equal(fake_reg(PMCNTENCLR_EL0), 0xffffffff);
	/* EL3 keeps the buffers: an access would go there. */
	setup(state);
	fake_reg(PMBIDR_EL1) = fake_reg(TRBIDR_EL1) = BIT(4);
	el2_setup_controls();
	assert_int_equal(fake_sysreg_writes(SYS_PMBLIMITR_EL1), 0);
	assert_int_equal(fake_sysreg_writes(SYS_PMSCR_EL2), 0);
	assert_int_equal(fake_sysreg_writes(SYS_TRBLIMITR_EL1), 0);
}

static void test_mpam(void **state)
{
	(void)state;
	cpu_features = (struct cpu_features){ .mpam = true };
	el2_setup_controls();
	assert_int_equal(fake_reg(MPAM2_EL2), MPAM2_EL2_TRAPMPAM0EL1 | MPAM2_EL2_TRAPMPAM1EL1);
	assert_int_equal(fake_sysreg_writes(SYS_MPAMHCR_EL2), 0);
	fake_reg(MPAMIDR_EL1) = MPAMIDR_EL1_HAS_HCR | MPAMIDR_EL1_HAS_TIDR;
	el2_setup_controls();
	assert_int_equal(fake_reg(MPAM2_EL2),
		MPAM2_EL2_TRAPMPAM0EL1 | MPAM2_EL2_TRAPMPAM1EL1 | MPAM2_EL2_TIDR);
	assert_int_equal(fake_reg(MPAMHCR_EL2), MPAMHCR_EL2_TRAP_MPAMIDR_EL1);
}

static void test_newer_registers(void **state)
{
	(void)state;
	cpu_features = (struct cpu_features){ .tcr2 = true, .sctlr2 = true, .gcs = true };
	fake_reg(TCR2_EL2) = fake_reg(SCTLR2_EL2) = fake_reg(GCSCR_EL2) = ~UINT64_C(0);
	el2_setup_controls();
	assert_int_equal(fake_reg(TCR2_EL2) | fake_reg(SCTLR2_EL2) | fake_reg(GCSCR_EL2), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_features, setup),
		cmocka_unit_test_setup(test_numbers, setup),
		cmocka_unit_test_setup(test_controls_of_the_least_cpu, setup),
		cmocka_unit_test_setup(test_hcr, setup),
		cmocka_unit_test_setup(test_suffice, setup),
		cmocka_unit_test_setup(test_limit, setup),
		cmocka_unit_test_setup(test_nesting, setup),
		cmocka_unit_test_setup(test_vector_catch, setup),
		cmocka_unit_test_setup(test_cptr, setup),
		cmocka_unit_test_setup(test_cpacr, setup),
		cmocka_unit_test_setup(test_mdcr, setup),
		cmocka_unit_test_setup(test_vectors, setup),
		cmocka_unit_test_setup(test_fine_grained_traps, setup),
		cmocka_unit_test_setup(test_hcrx, setup),
		cmocka_unit_test_setup(test_profiling, setup),
		cmocka_unit_test_setup(test_mpam, setup),
		cmocka_unit_test_setup(test_newer_registers, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
