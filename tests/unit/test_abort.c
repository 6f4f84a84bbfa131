/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Plain loads and stores to devices, by syndromes made up here: what hyp/trap/abort.c does itself,
 * and what it leaves to triage (test_triage.c, test_triage_table.c). The VM has one fake device.
 *
 * links: hyp/trap/abort.c hyp/trap/guest_walk.c hyp/nested/vel2.c hyp/arch/sysreg_index.c
 * hyp/vdev/device.c hyp/vm/inject.c hyp/arch/features.c hyp/vm/aarch32.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/arch/at.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/features.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/trap/abort.h"
#include "hyp/trap/triage.h"
#include "hyp/vdev/device.h"
#include "hyp/vm/inject.h"
#include "mm/walk_s1.h"
#include "tests/unit/fake/cpu.h"

#define RAM_BASE    UINT64_C(0x40000000)
#define DEVICE_BASE UINT64_C(0x09000000)
#define DEVICE_SIZE UINT64_C(0x1000)
#define OTHER_BASE  UINT64_C(0x09800000)
#define HOLE        UINT64_C(0x0a000000)
#define IPA_BITS    36
#define BEYOND      UINT64_C(0x1000000000)
#define VA          UINT64_C(0xffff000012340000)
#define AT          (VA + 0x10) /* not at the beginning of a page */
#define PC          UINT64_C(0xffff800080001000)

#define LEVEL3      UINT64_C(3)
#define DABT(iss)   (ESR_MAKE(EC_DATA_ABORT_LOWER, iss))
/* ldr x2 */
#define LOAD64      (ISS_ISV | FIELD_PREP(ISS_SAS, 3) | FIELD_PREP(ISS_SRT, 2) | ISS_SF)

static struct vm vm;
static struct vcpu vcpu;

/* --- what an access to a device never needs --- */

struct walk_memory walk_memory_of(struct stage2 *s2)
{
	(void)s2;
	fail();
	return (struct walk_memory){ 0 };
}

enum status walk_s1(const struct regime *regime, const struct walk_memory *memory, gva_t gva,
	bool fetch, bool user, struct s1_result *result)
{
	(void)regime, (void)memory, (void)gva, (void)fetch, (void)user, (void)result;
	fail();
	return ERR_FAULT;
}

enum status walk_s1_fetch(
	const struct regime *regime, struct stage2 *s2, gva_t gva, bool user, uint32_t *instruction)
{
	(void)regime, (void)s2, (void)gva, (void)user, (void)instruction;
	fail();
	return ERR_FAULT;
}

/* --- what is there before a page --- */

static uint64_t memory_page; /* of RAM, or shared */
static bool memory_is_shared;

const struct stage2_region *stage2_region_find(const struct stage2 *s2, ipa_t ipa)
{
	static const struct stage2_region region;

	assert_ptr_equal(s2, &vm.stage2);
	return !memory_is_shared && ipa.ipa >> PAGE_SHIFT == memory_page >> PAGE_SHIFT ? &region
										       : NULL;
}

const struct stage2_share *stage2_share_find(const struct stage2 *s2, ipa_t ipa)
{
	static const struct stage2_share share;

	assert_ptr_equal(s2, &vm.stage2);
	return memory_is_shared && ipa.ipa >> PAGE_SHIFT == memory_page >> PAGE_SHIFT ? &share
										      : NULL;
}

static unsigned translations;
static uint64_t translation;

static uint64_t translate(uint64_t va)
{
	assert_int_equal(va, fake_reg(FAR_EL2) - 1);
	translations++;
	return translation;
}

/* --- triage --- */

static struct {
	unsigned calls;
	uint64_t esr;
} triaged;

enum exit_result triage_data(struct vcpu *by, uint64_t esr)
{
	(void)by;
	triaged.calls++;
	triaged.esr = esr;
	return EXIT_WAIT; /* nobody else's answer */
}

/* --- the device --- */

static struct {
	unsigned reads, writes, width;
	uint64_t offset, value;
	enum mmio_result result;
} dev;

static enum mmio_result dev_read(
	struct vcpu *by, void *device, uint64_t offset, unsigned width, uint64_t *value)
{
	assert_ptr_equal(by, &vcpu);
	assert_ptr_equal(device, &dev);
	dev.reads++;
	dev.offset = offset;
	dev.width = width;
	*value = dev.value;
	return dev.result;
}

static enum mmio_result dev_write(
	struct vcpu *by, void *device, uint64_t offset, unsigned width, uint64_t value)
{
	assert_ptr_equal(by, &vcpu);
	assert_ptr_equal(device, &dev);
	dev.writes++;
	dev.offset = offset;
	dev.width = width;
	dev.value = value;
	return dev.result;
}

static const struct device_ops dev_ops = { "fake", dev_read, dev_write };
static struct device_region *row;

void *mm_zalloc(size_t size)
{
	return calloc(1, size);
}

void mm_free(void *memory, size_t size)
{
	(void)size;
	free(memory);
}

static void fault_at(uint64_t ipa, uint64_t far)
{
	fake_reg(FAR_EL2) = far;
	fake_reg(HPFAR_EL2) = ipa >> PAGE_SHIFT << 4;
}

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	cpu_features = (struct cpu_features){ 0 };
	memset(&dev, 0, sizeof(dev));
	memset(&vcpu, 0x5a, sizeof(vcpu));
	vm = (struct vm){ .stage2.ipa_bits = IPA_BITS, .nr_vcpus = 1, .vcpus = { &vcpu } };
	assert_int_equal(device_add(&vm, DEVICE_BASE, DEVICE_SIZE, &dev, &dev_ops, WIDTHS_ALL), OK);
	assert_int_equal(device_table_seal(&vm), OK);
	row = device_find(vm.devices, DEVICE_BASE, 1);
	assert_non_null(row);
	vcpu.vm = &vm;
	vcpu.regs.pc = PC;
	vcpu.regs.pstate = PSTATE_EL1H;
	vcpu.hcr = HCR_EL2_VM | HCR_EL2_RW;
	vcpu.inject = (struct injection){ 0 };
	triaged.calls = 0;
	memory_page = 0;
	memory_is_shared = false;
	translations = 0;
	fake_at_hook = translate;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	device_table_destroy(&vm);
	return 0;
}

static void assert_injected(enum exit_result result, uint64_t esr, uint64_t far)
{
	assert_int_equal(result, EXIT_INJECT);
	assert_int_equal(vcpu.inject.esr, esr);
	assert_true(vcpu.inject.has_far);
	assert_int_equal(vcpu.inject.far, far);
	assert_int_equal(vcpu.regs.pc, PC);
}

/* The handler gets the vCPU, the offset and the width; the value goes to the register.
 */
static void test_device_read(void **state)
{
	(void)state;
	for (unsigned sas = 0; sas < 4; sas++) {
		uint64_t iss = ISS_ISV | FIELD_PREP(ISS_SAS, sas) | FIELD_PREP(ISS_SRT, 7) |
			ISS_SF | FSC_TRANSLATION | LEVEL3;

		fault_at(DEVICE_BASE, VA + 0x18);
		dev.value = UINT64_C(0x1122334455667788) & (~UINT64_C(0) >> (64 - (8 << sas)));
		assert_int_equal(abort_handle_data(&vcpu, DABT(iss)), EXIT_SKIP);
		assert_int_equal(dev.offset, 0x18);
		assert_int_equal(dev.width, 1 << sas);
		assert_int_equal(vcpu.regs.x[7], dev.value);
	}
	assert_int_equal(device_count(&vcpu, row)->reads, 4);
	assert_int_equal(device_count(&vcpu, row)->writes, 0);
	assert_int_equal(vcpu.regs.pc, PC); /* exit_finish() moves it */
}

static void test_device_write(void **state)
{
	uint64_t iss = ISS_ISV | FIELD_PREP(ISS_SAS, 1) | FIELD_PREP(ISS_SRT, 7) | ISS_WNR |
		ISS_AR | FSC_TRANSLATION | LEVEL3;

	(void)state;
	vcpu.regs.x[7] = 0x12345678;
	fault_at(DEVICE_BASE, VA + 0xffe);
	assert_int_equal(abort_handle_data(&vcpu, DABT(iss)), EXIT_SKIP);
	assert_int_equal(dev.value, 0x5678);
	assert_int_equal(dev.offset, 0xffe);
	assert_int_equal(device_count(&vcpu, row)->writes, 1);
	assert_int_equal(vcpu.regs.x[7], 0x12345678);
	/* from XZR */
	iss |= FIELD_PREP(ISS_SRT, 31);
	assert_int_equal(abort_handle_data(&vcpu, DABT(iss)), EXIT_SKIP);
	assert_int_equal(dev.value, 0);
}

/* Loads that are sign-extended, to 32 bits and to 64; with acquire semantics. */
static void test_device_signed(void **state)
{
	static const struct {
		uint64_t iss, value, result;
	} cases[] = {
		{ ISS_SSE | ISS_SF, 0x80, UINT64_C(0xffffffffffffff80) },
		{ ISS_SSE, 0x80, 0xffffff80 },
		{ ISS_SSE | ISS_SF, 0x7f, 0x7f },
		{ ISS_SSE | ISS_SF | FIELD_PREP(ISS_SAS, 1), 0x8001, UINT64_C(0xffffffffffff8001) },
		{ ISS_SSE | ISS_SF | FIELD_PREP(ISS_SAS, 2), 0x80000001,
			UINT64_C(0xffffffff80000001) },
		{ ISS_AR | FIELD_PREP(ISS_SAS, 2), 0x80000001, 0x80000001 },
		{ 0, 0xff, 0xff },
	};

	(void)state;
	fault_at(DEVICE_BASE, AT);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		dev.value = cases[i].value;
		assert_int_equal(abort_handle_data(&vcpu,
					 DABT(ISS_ISV | FIELD_PREP(ISS_SRT, 30) | cases[i].iss |
						 FSC_TRANSLATION | LEVEL3)),
			EXIT_SKIP);
		assert_int_equal(vcpu.regs.x[30], cases[i].result);
		/* to XZR: the device is read all the same */
		assert_int_equal(abort_handle_data(&vcpu,
					 DABT(ISS_ISV | FIELD_PREP(ISS_SRT, 31) | cases[i].iss |
						 FSC_TRANSLATION | LEVEL3)),
			EXIT_SKIP);
		assert_int_equal(dev.reads, 2 * (i + 1));
		assert_int_equal(vcpu.regs.host_sp, UINT64_C(0x5a5a5a5a5a5a5a5a));
	}
}

/* Byte order: SCTLR_EL1.EE at EL1, E0E at EL0, PSTATE.E in AArch32. */
static void test_device_endian(void **state)
{
	static const struct {
		uint64_t pstate, sctlr;
		bool big;
	} cases[] = {
		{ PSTATE_EL1H, 0, false },
		{ PSTATE_EL1H, SCTLR_EL1_EE, true },
		{ PSTATE_EL1T, SCTLR_EL1_EE, true },
		{ PSTATE_EL1H, SCTLR_EL1_E0E, false },
		{ PSTATE_EL0T, SCTLR_EL1_E0E, true },
		{ PSTATE_EL0T, SCTLR_EL1_EE, false },
		{ PSTATE_EL0T | PSTATE_NRW, SCTLR_EL1_E0E, false },
		{ PSTATE_EL0T | PSTATE_NRW | PSTATE_AA32_E, 0, true },
	};

	(void)state;
	fault_at(DEVICE_BASE, AT);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		vcpu.regs.pstate = cases[i].pstate;
		fake_reg(SCTLR_EL1) = cases[i].sctlr;
		dev.value = UINT64_C(0x0102030405060708);
		assert_int_equal(abort_handle_data(&vcpu, DABT(LOAD64 | FSC_TRANSLATION | LEVEL3)),
			EXIT_SKIP);
		assert_int_equal(
			vcpu.regs.x[2], cases[i].big ? UINT64_C(0x0807060504030201) : dev.value);
		vcpu.regs.x[2] = 0xaabb0304;
		assert_int_equal(
			abort_handle_data(&vcpu,
				DABT(ISS_ISV | FIELD_PREP(ISS_SAS, 1) | ISS_WNR |
					FIELD_PREP(ISS_SRT, 2) | FSC_TRANSLATION | LEVEL3)),
			EXIT_SKIP);
		assert_int_equal(dev.value, cases[i].big ? 0x0403 : 0x0304);
	}
}

/* The register of an AArch32 access is its mode's, whether the CPU says which or not. */
static void test_device_banked(void **state)
{
	static const struct {
		uint64_t mode;
		unsigned says, x;
	} cases[] = {
		{ 0x10, 14, 14 },
		{ 0x1f, 13, 13 },
		{ 0x12, 14, 16 },
		{ 0x12, 16, 16 },
		{ 0x13, 13, 19 },
		{ 0x13, 19, 19 },
		{ 0x17, 14, 20 },
		{ 0x1b, 13, 23 },
		{ 0x11, 8, 24 },
		{ 0x11, 24, 24 },
		{ 0x1b, 8, 8 },
	};

	(void)state;
	fault_at(DEVICE_BASE, AT);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t iss = ISS_ISV | FIELD_PREP(ISS_SAS, 2) |
			FIELD_PREP(ISS_SRT, cases[i].says) | FSC_TRANSLATION | LEVEL3;

		for (unsigned n = 0; n < 31; n++)
			vcpu.regs.x[n] = 0x100 + n;
		vcpu.regs.pstate = PSTATE_NRW | cases[i].mode;
		assert_int_equal(abort_handle_data(&vcpu, DABT(iss | ISS_WNR)), EXIT_SKIP);
		assert_int_equal(dev.value, 0x100 + cases[i].x);
		dev.value = 0x87654321;
		assert_int_equal(abort_handle_data(&vcpu, DABT(iss)), EXIT_SKIP);
		for (unsigned n = 0; n < 31; n++)
			assert_int_equal(vcpu.regs.x[n], n == cases[i].x ? 0x87654321 : 0x100 + n);
	}
}

/* What a handler says; only a read that was done changes a register. */
static void test_device_results(void **state)
{
	uint64_t load = DABT(LOAD64 | FSC_TRANSLATION | LEVEL3), before;

	(void)state;
	fault_at(DEVICE_BASE, AT);
	before = vcpu.regs.x[2];
	dev.value = 99;
	dev.result = MMIO_RETRY;
	assert_int_equal(abort_handle_data(&vcpu, load), EXIT_RESCHEDULE);
	dev.result = MMIO_STOP_VM;
	assert_int_equal(abort_handle_data(&vcpu, load), EXIT_STOP_VM);
	dev.result = MMIO_EXTERNAL_ABORT;
	assert_injected(abort_handle_data(&vcpu, load), DABT(FSC_EXTERNAL), AT);
	assert_injected(abort_handle_data(&vcpu, load | ISS_WNR), DABT(ISS_WNR | FSC_EXTERNAL), AT);
	assert_int_equal(vcpu.regs.x[2], before);
	dev.result = MMIO_RAZ_WI;
	assert_int_equal(abort_handle_data(&vcpu, load | ISS_WNR), EXIT_SKIP);
	assert_int_equal(vcpu.regs.x[2], before);
	assert_int_equal(abort_handle_data(&vcpu, load), EXIT_SKIP);
	assert_int_equal(vcpu.regs.x[2], 0);
}

static void assert_triaged(uint64_t esr)
{
	triaged.calls = 0;
	assert_int_equal(abort_handle_data(&vcpu, esr), EXIT_WAIT);
	assert_int_equal(triaged.calls, 1);
	assert_int_equal(triaged.esr, esr);
}

/* Widths the device does not take never reach the handler. */
static void test_device_refused(void **state)
{
	(void)state;
	/* one that takes words and doublewords only */
	assert_int_equal(device_add(&vm, OTHER_BASE, DEVICE_SIZE, &dev, &dev_ops, WIDTHS_4_8), OK);
	row = device_find(vm.devices, OTHER_BASE, 1);
	fault_at(OTHER_BASE, AT);
	assert_triaged(DABT(ISS_ISV | FIELD_PREP(ISS_SAS, 1) | FSC_TRANSLATION | LEVEL3));
	assert_injected(abort_emulate(&vcpu, row, DABT(ISS_ISV | FIELD_PREP(ISS_SAS, 1)),
				OTHER_BASE + 0x10, AT),
		DABT(FSC_EXTERNAL), AT);
	assert_int_equal(dev.reads + dev.writes, 0);
	assert_int_equal(device_count(&vcpu, row)->reads + device_count(&vcpu, row)->writes, 0);
}

/* Everything but a translation fault of a load or store, with a syndrome, that lies in a device as
 * a whole. */
static void test_left_to_triage(void **state)
{
	static const uint64_t elsewhere[] = { DEVICE_BASE - 8, DEVICE_BASE + DEVICE_SIZE, HOLE,
		RAM_BASE, BEYOND };

	(void)state;
	for (uint64_t upper = 0; upper < 1 << 9; upper++) {
		for (uint64_t fsc = 0; fsc < 64; fsc++) {
			/* ISV, SAS, SSE; EA, CM, S1PTW, WnR; FSC */
			uint64_t iss = (upper & 0xf0) << 17 | (upper & 0xf) << 6 | fsc;

			fault_at(DEVICE_BASE, AT);
			if ((iss & ISS_ISV) && !(iss & (ISS_CM | ISS_S1PTW)) &&
				(fsc & FSC_TYPE_MASK) == FSC_TRANSLATION)
				assert_int_equal(abort_handle_data(&vcpu, DABT(iss)), EXIT_SKIP);
			else
				assert_triaged(DABT(iss));
			for (unsigned i = 0; i < ARRAY_SIZE(elsewhere); i++) {
				fault_at(elsewhere[i], AT | (elsewhere[i] & 0xfff));
				assert_triaged(DABT(iss));
			}
		}
	}
	/* over the end of the device */
	fault_at(DEVICE_BASE, VA + 0xffc);
	assert_triaged(DABT(LOAD64 | FSC_TRANSLATION | LEVEL3));
	assert_int_equal(vcpu.regs.pc, PC);
}

/*
 * At the beginning of a page, FAR may be where an access goes on that began before it: then the
 * syndrome is not what it seems.
 */
static void test_page_start(void **state)
{
	static const struct {
		uint64_t par;
		bool memory, shared, before;
	} cases[] = {
		{ FIELD_PREP(PAR_ATTR, 0xff) | RAM_BASE, true, false, true },
		{ FIELD_PREP(PAR_ATTR, 0x44) | RAM_BASE, true, true, true },
		{ FIELD_PREP(PAR_ATTR, 0xff) | RAM_BASE, false, false, false },
		{ FIELD_PREP(PAR_ATTR, 0x00) | RAM_BASE, true, false, false },
		{ FIELD_PREP(PAR_ATTR, 0x04) | RAM_BASE, true, false, false },
		{ FIELD_PREP(PAR_ATTR, 0x0d) | RAM_BASE, true, true, false },
		{ FIELD_PREP(PAR_ATTR, 0xff) | RAM_BASE | PAR_F, true, false, false },
	};

	(void)state;
	fake_reg(SCTLR_EL1) = SCTLR_EL1_M;
	fault_at(DEVICE_BASE, VA);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		translation = cases[i].par;
		memory_page = cases[i].memory ? RAM_BASE : 0;
		memory_is_shared = cases[i].shared;
		for (unsigned sas = 0; sas < 4; sas++) {
			uint64_t esr = DABT(LOAD64 | FSC_TRANSLATION | LEVEL3);

			esr = (esr & ~ISS_SAS) | FIELD_PREP(ISS_SAS, sas);
			/* A byte lies in one page. */
			if (cases[i].before && sas > 0) {
				assert_triaged(esr);
				assert_triaged(esr | ISS_WNR);
			} else {
				assert_int_equal(abort_handle_data(&vcpu, esr), EXIT_SKIP);
				assert_int_equal(dev.offset, 0);
				assert_int_equal(dev.width, 1 << sas);
			}
		}
	}
	assert_int_equal(translations, 3 * ARRAY_SIZE(cases) + 3 * 2);
	/* Anywhere else nobody looks. */
	translations = 0;
	fault_at(DEVICE_BASE, VA + 2);
	assert_int_equal(
		abort_handle_data(&vcpu, DABT(LOAD64 | FSC_TRANSLATION | LEVEL3)), EXIT_SKIP);
	assert_int_equal(translations, 0);
}

/* With stage 1 off the page before is the one before in the VM's memory map. */
static void test_page_start_without_stage1(void **state)
{
	uint64_t load = DABT(LOAD64 | FSC_TRANSLATION | LEVEL3);

	(void)state;
	fault_at(DEVICE_BASE, DEVICE_BASE);
	assert_int_equal(abort_handle_data(&vcpu, load), EXIT_SKIP);
	memory_page = DEVICE_BASE - PAGE_SIZE;
	assert_triaged(load);
	memory_is_shared = true;
	assert_triaged(load);
	memory_page = DEVICE_BASE - 2 * PAGE_SIZE;
	assert_int_equal(abort_handle_data(&vcpu, load), EXIT_SKIP);
	assert_int_equal(translations, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_device_read),
		TEST(test_device_write),
		TEST(test_device_signed),
		TEST(test_device_endian),
		TEST(test_device_banked),
		TEST(test_device_results),
		TEST(test_device_refused),
		TEST(test_left_to_triage),
		TEST(test_page_start),
		TEST(test_page_start_without_stage1),
	};

	return cmocka_run_group_tests_name("abort", tests, NULL, NULL);
}
