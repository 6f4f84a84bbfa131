/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The CPU's controls while an inner guest runs: Lintel's and its hypervisor's, bit by bit; what is
 * written when the inner guest begins, and put back when it ends.
 *
 * links: hyp/nested/forward.c hyp/nested/forward_controls.c hyp/nested/forward_table.c
 * hyp/arch/sysreg_index.c hyp/arch/el2_controls.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/arch/features.h"
#include "hyp/nested/forward.h"
#include "tests/unit/fake/cpu.h"

struct cpu_features cpu_features;

static struct vcpu vcpu;
static struct nested nested;
static uint64_t page[512];

#define HCR  page[0x078 / 8]
#define HCRX page[0x0a0 / 8]
#define HSTR page[0x080 / 8]

/* Lintel's own: VM, SWIO, PTW, FMO, IMO, AMO, FB, BSU, TID1, TID3, TSC, TIDCP, TACR, TSW, RW, API,
 * APK, FWB, TLOR, TERR, TEA. */
#define OWN_HCR                                                                                 \
	(BIT(0) | BIT(1) | BIT(2) | BIT(3) | BIT(4) | BIT(5) | BIT(9) | BIT(10) | BIT(16) |     \
		BIT(18) | BIT(19) | BIT(20) | BIT(21) | BIT(22) | BIT(31) | BIT(35) | BIT(36) | \
		BIT(37) | BIT(40) | BIT(41) | BIT(46))

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	cpu_features = (struct cpu_features){ .fgt = true,
		.hcrx = true,
		.mops = true,
		.pauth = true,
		.ras = true,
		.fwb = true,
		.lor = true,
		.spe = true };
	memset(&vcpu, 0, sizeof(vcpu));
	memset(&nested, 0, sizeof(nested));
	memset(page, 0, sizeof(page));
	nested.page = page;
	nested.vcpu = &vcpu;
	nested.vhe = true;
	nested.base_hcr = guest_hcr();
	nested.base_cptr = guest_cptr();
	HCR = BIT(40) | BIT(41);
	HCRX = BIT(11);
	nested.values[VEL2_CPTR] = 0x300000;
	forward_init();
	write_sysreg(guest_hcrx(), HCRX_EL2);
	write_sysreg(guest_hdfgrtr(), HDFGRTR_EL2);
	return 0;
}

/* --- HCR_EL2 --- */

static void test_hcr(void **state)
{
	/* What is passed on: TWI, TWE, TID0, TID1, TID2, TID3, TSC, TIDCP, TACR, TSW, TPCP, TPU,
	 * TTLB, TVM, TDZ, HCD, TRVM, TERR, TEA, AT, TID4, TICAB, TOCU, TTLBIS, TTLBOS; DC, PTW. */
	const uint64_t passed = GENMASK(26, 13) | BIT(28) | BIT(29) | BIT(30) | BIT(36) | BIT(37) |
		BIT(44) | BIT(49) | BIT(50) | BIT(52) | BIT(54) | BIT(55) | BIT(12) | BIT(2);

	(void)state;
	assert_int_equal(nested.base_hcr, OWN_HCR);
	assert_int_equal(forward_hcr(&nested), OWN_HCR);
	for (unsigned bit = 0; bit < 64; bit++) {
		HCR = BIT(40) | BIT(41) | BIT(bit);
		assert_int_equal(forward_hcr(&nested), OWN_HCR | (BIT(bit) & passed));
	}
	/* NV, NV1, NV2, E2H, TGE: nothing, with all others there, too */
	HCR = UINT64_MAX;
	assert_int_equal(
		forward_hcr(&nested) & (BIT(42) | BIT(43) | BIT(45) | BIT(34) | BIT(27)), 0);
}

/* L0's traps of cache maintenance are for L1's own address space. */
static void test_hcr_cmo(void **state)
{
	(void)state;
	nested.base_hcr |= HCR_EL2_TPCP | HCR_EL2_TPU;
	assert_int_equal(forward_hcr(&nested), OWN_HCR);
	HCR |= HCR_EL2_TPCP;
	assert_int_equal(forward_hcr(&nested), OWN_HCR | HCR_EL2_TPCP);
	HCR ^= HCR_EL2_TPCP | HCR_EL2_TPU;
	assert_int_equal(forward_hcr(&nested), OWN_HCR | HCR_EL2_TPU);
}

/* Bits that trap when they are clear. */
static void test_hcr_clear(void **state)
{
	(void)state;
	HCR = BIT(40);
	assert_int_equal(forward_hcr(&nested), OWN_HCR & ~BIT(41));
	HCR = BIT(41);
	assert_int_equal(forward_hcr(&nested), OWN_HCR & ~BIT(40));
	/* what the CPU hasn't got is not made by L1 */
	cpu_features.pauth = false;
	nested.base_hcr = guest_hcr();
	HCR = BIT(40) | BIT(41);
	assert_int_equal(forward_hcr(&nested), OWN_HCR & ~(BIT(40) | BIT(41)));
}

/* VF with FMO, VI with IMO. */
static void test_virtual_interrupts(void **state)
{
	const uint64_t keys = BIT(40) | BIT(41);

	(void)state;
	HCR = keys | BIT(6) | BIT(7);
	assert_int_equal(forward_hcr(&nested), OWN_HCR);
	HCR = keys | BIT(6) | BIT(7) | BIT(3);
	assert_int_equal(forward_hcr(&nested), OWN_HCR | BIT(6));
	HCR = keys | BIT(6) | BIT(7) | BIT(4);
	assert_int_equal(forward_hcr(&nested), OWN_HCR | BIT(7));
}

/* --- CPTR_EL2, MDCR_EL2 --- */

static void test_cptr(void **state)
{
	uint64_t own = guest_cptr();

	(void)state;
	assert_int_equal(forward_cptr(&nested), own);
	for (unsigned bit = 0; bit < 64; bit++) {
		nested.vhe = true;
		nested.values[VEL2_CPTR] = 0x300000 | BIT(bit);
		assert_int_equal(forward_cptr(&nested), own | (BIT(bit) & BIT(31)));
		nested.vhe = false;
		nested.values[VEL2_CPTR] = BIT(bit);
		assert_int_equal(forward_cptr(&nested), own | (BIT(bit) & (BIT(31) | BIT(10))));
	}
	nested.vhe = true;
	nested.values[VEL2_CPTR] = 0;
	assert_int_equal(forward_cptr(&nested), own | BIT(10));
}

static void test_mdcr(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		uint64_t traps = BIT(8) | BIT(9) | BIT(10) | BIT(11);

		nested.values[VEL2_MDCR] = BIT(bit);
		cpu_features.fgt = true;
		assert_int_equal(forward_mdcr(&nested), BIT(bit) & (traps | BIT(27)));
		cpu_features.fgt = false;
		assert_int_equal(forward_mdcr(&nested), BIT(bit) & traps);
	}
}

/* --- the others --- */

static const struct {
	unsigned encoding, place;
} fine[] = {
	{ SYS_HFGRTR_EL2, 0x1b8 },
	{ SYS_HFGWTR_EL2, 0x1c0 },
	{ SYS_HFGITR_EL2, 0x1c8 },
	{ SYS_HDFGRTR_EL2, 0x1d0 },
	{ SYS_HDFGWTR_EL2, 0x1d8 },
};

/* The bits, from the list of those that are there and whose feature is shown. */
static uint64_t may_set(unsigned i)
{
	switch (i) {
	case 0: /* all but SCXTNUM 30, 31, LORegions 19..23, ERXPFG* 46..48, n... */
		return GENMASK(49, 0) & ~(GENMASK(31, 30) | GENMASK(23, 19) | GENMASK(48, 46));
	case 1: /* nor what is read only */
		return GENMASK(49, 0) &
			~(GENMASK(31, 30) | GENMASK(23, 19) | GENMASK(48, 46) | BIT(2) | BIT(9) |
				BIT(10) | BIT(14) | BIT(15) | BIT(18) | BIT(25) | BIT(26) |
				BIT(28) | BIT(40) | BIT(42));
	case 2: /* all but CFP, DVP, CPP, BRB*, GCS*, COSP, PSB */
		return GENMASK(47, 0) | GENMASK(54, 51) | BIT(62);
	case 3:
		return GENMASK(11, 0) & ~BIT(8);
	default:
		return GENMASK(11, 0) & ~(BIT(6) | BIT(9));
	}
}

static void check_restored(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(fine); i++)
		assert_int_equal(fake_sysreg_read(fine[i].encoding), i == 3 ? BIT(63) : 0);
	assert_int_equal(read_sysreg(HCRX_EL2), guest_hcrx());
	assert_int_equal(read_sysreg(HSTR_EL2), 0);
	assert_int_equal(nested.forwarded, 0);
}

static void test_fine(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(fine); i++) {
		for (unsigned bit = 0; bit < 64; bit++) {
			uint64_t own = i == 3 ? BIT(63) : 0;

			page[fine[i].place / 8] = BIT(bit);
			forward_enter(&nested);
			assert_int_equal(
				fake_sysreg_read(fine[i].encoding), own | (BIT(bit) & may_set(i)));
			forward_leave(&nested);
			check_restored();
			page[fine[i].place / 8] = 0;
		}
	}
}

/* What costs nothing: L1 uses none, or the CPU hasn't got them. */
static void test_nothing_written(void **state)
{
	(void)state;
	fake_sysreg_accesses = 0;
	forward_enter(&nested);
	forward_leave(&nested);
	assert_int_equal(fake_sysreg_accesses, 2); /* VDISR_EL2, is it 0? */
	fake_sysreg_accesses = 0;
	cpu_features = (struct cpu_features){ 0 };
	forward_init();
	for (unsigned i = 0; i < ARRAY_SIZE(fine); i++)
		page[fine[i].place / 8] = UINT64_MAX;
	HCRX = UINT64_MAX;
	forward_enter(&nested);
	forward_leave(&nested);
	assert_int_equal(fake_sysreg_accesses, 0);
}

static void test_hcrx(void **state)
{
	const uint64_t own = BIT(11); /* MSCEn */

	(void)state;
	assert_int_equal(guest_hcrx(), own);
	for (unsigned bit = 0; bit < 64; bit++) {
		HCRX = own | BIT(bit);
		/* FnXS, FGTnXS, MCE2 */
		assert_int_equal(
			forward_hcrx(&nested), own | (BIT(bit) & (BIT(3) | BIT(4) | BIT(10))));
	}
	HCRX = 0;
	assert_int_equal(forward_hcrx(&nested), 0);
	/* memory instructions that no guest is shown aren't switched on by one */
	cpu_features.mops = false;
	forward_init();
	HCRX = own;
	assert_int_equal(forward_hcrx(&nested), 0);
}

/* What there is to be done at all. */
static void test_needed(void **state)
{
	(void)state;
	assert_false(forward_always(&nested));
	assert_false(forward_needed(&nested, false));
	assert_true(forward_needed(&nested, true));
	for (unsigned i = 0; i < ARRAY_SIZE(fine); i++) {
		page[fine[i].place / 8] = 1;
		assert_true(forward_needed(&nested, false));
		page[fine[i].place / 8] = 0;
	}
	write_sysreg(1, VDISR_EL2);
	assert_true(forward_needed(&nested, false));
	write_sysreg(0, VDISR_EL2);
	VNCR_REG(&nested, HCR_EL2) |= HCR_EL2_VSE;
	assert_true(forward_always(&nested));
	assert_true(forward_hvc(&nested));
	VNCR_REG(&nested, HCR_EL2) |= HCR_EL2_HCD;
	assert_false(forward_hvc(&nested));
}

static void test_hstr(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		HSTR = BIT(bit);
		forward_enter(&nested);
		assert_int_equal(
			read_sysreg(HSTR_EL2), bit < 16 && bit != 4 && bit != 14 ? BIT(bit) : 0);
		forward_leave(&nested);
		check_restored();
	}
}

/* --- a virtual SError of L1's --- */

#define VSE BIT(8)
#define AMO BIT(5)

static void test_serror(void **state)
{
	(void)state;
	vcpu.hcr = OWN_HCR;
	write_sysreg(vcpu.hcr, HCR_EL2);
	HCR |= VSE | AMO;
	page[0x508 / 8] = 0x1234;
	assert_int_equal(forward_hcr(&nested), OWN_HCR);
	forward_enter(&nested);
	assert_int_equal(vcpu.hcr, OWN_HCR | VSE);
	assert_int_equal(read_sysreg(HCR_EL2), OWN_HCR | VSE);
	assert_int_equal(read_sysreg(VSESR_EL2), 0x1234);

	/* still pending: it is L1's to have pending, and not vEL2's */
	forward_leave(&nested);
	assert_true(HCR & VSE);
	assert_int_equal(vcpu.hcr, OWN_HCR);
	assert_int_equal(read_sysreg(HCR_EL2), OWN_HCR);

	/* taken, or deferred */
	forward_enter(&nested);
	write_sysreg(OWN_HCR, HCR_EL2);
	write_sysreg(BIT(31) | 5, VDISR_EL2);
	forward_leave(&nested);
	assert_false(HCR & VSE);
	assert_int_equal(page[0x500 / 8], BIT(31) | 5);
	assert_int_equal(read_sysreg(VDISR_EL2), 0);

	/* the deferred one is the inner guest's still */
	forward_enter(&nested);
	assert_int_equal(vcpu.hcr, OWN_HCR);
	assert_int_equal(read_sysreg(VDISR_EL2), BIT(31) | 5);
	write_sysreg(0, VDISR_EL2);
	forward_leave(&nested);
	assert_int_equal(page[0x500 / 8], 0);
	fake_sysreg_accesses = 0;
	forward_enter(&nested);
	assert_int_equal(fake_sysreg_accesses, 1);
	fake_sysreg_accesses = 0;
	forward_leave(&nested);
	assert_int_equal(fake_sysreg_accesses, 1);
}

/* DISR_EL1 of vEL2 and of the inner guest, each written without a trap, are two. */
static void test_disr(void **state)
{
	(void)state;
	forward_enter(&nested);
	write_sysreg(0x11, VDISR_EL2);
	forward_leave(&nested);
	assert_int_equal(page[0x500 / 8], 0x11);
	assert_int_equal(read_sysreg(VDISR_EL2), 0);
	write_sysreg(0x22, VDISR_EL2);
	forward_enter(&nested);
	assert_int_equal(read_sysreg(VDISR_EL2), 0x11);
	write_sysreg(0, VDISR_EL2);
	forward_leave(&nested);
	assert_int_equal(page[0x500 / 8], 0);
	assert_int_equal(read_sysreg(VDISR_EL2), 0x22);
	forward_enter(&nested);
	assert_int_equal(read_sysreg(VDISR_EL2), 0);
	forward_leave(&nested);
	assert_int_equal(read_sysreg(VDISR_EL2), 0x22);
	cpu_features.ras = false;
	fake_sysreg_accesses = 0;
	forward_enter(&nested);
	forward_leave(&nested);
	assert_int_equal(fake_sysreg_accesses, 0);
}

/* One of Lintel's own that the inner guest has not taken is not lost. */
static void test_serror_own(void **state)
{
	(void)state;
	for (unsigned taken = 0; taken < 2; taken++) {
		nested.serror = 0;
		HCR |= VSE; /* not L1's doing: without AMO */
		forward_enter(&nested);
		forward_serror(&nested);
		vcpu.hcr = OWN_HCR | VSE;
		write_sysreg(taken ? OWN_HCR : vcpu.hcr, HCR_EL2);
		write_sysreg(0x55, VSESR_EL2);
		forward_leave(&nested);
		assert_int_equal(vcpu.hcr, OWN_HCR);
		assert_int_equal(read_sysreg(HCR_EL2), OWN_HCR);
		assert_int_equal(nested.serror, taken ? 0 : VSE);
		assert_true(taken || nested.vsesr == 0x55);
		assert_true(HCR & VSE);
	}
}

/* Not without AMO; and no syndromes without FEAT_RAS. */
static void test_serror_not(void **state)
{
	(void)state;
	vcpu.hcr = OWN_HCR;
	write_sysreg(vcpu.hcr, HCR_EL2);
	HCR |= VSE;
	forward_enter(&nested);
	assert_int_equal(read_sysreg(HCR_EL2), OWN_HCR);
	forward_leave(&nested);
	assert_true(HCR & VSE);
	cpu_features.ras = false;
	page[0x508 / 8] = 0x77;
	HCR |= AMO;
	forward_enter(&nested);
	assert_int_equal(read_sysreg(HCR_EL2), OWN_HCR | VSE);
	assert_int_equal(read_sysreg(VSESR_EL2), 0);
	forward_leave(&nested);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_hcr, setup),
		cmocka_unit_test_setup(test_hcr_cmo, setup),
		cmocka_unit_test_setup(test_hcr_clear, setup),
		cmocka_unit_test_setup(test_virtual_interrupts, setup),
		cmocka_unit_test_setup(test_cptr, setup),
		cmocka_unit_test_setup(test_mdcr, setup),
		cmocka_unit_test_setup(test_fine, setup),
		cmocka_unit_test_setup(test_nothing_written, setup),
		cmocka_unit_test_setup(test_hcrx, setup),
		cmocka_unit_test_setup(test_needed, setup),
		cmocka_unit_test_setup(test_hstr, setup),
		cmocka_unit_test_setup(test_serror, setup),
		cmocka_unit_test_setup(test_disr, setup),
		cmocka_unit_test_setup(test_serror_own, setup),
		cmocka_unit_test_setup(test_serror_not, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
