/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stage-2 aborts, by syndromes made up here: the order of checks of hyp/trap/abort.h, each row,
 * from every side. The VM has one fake device, one region of RAM, and stage-1 tables of which the
 * test says where they lead.
 *
 * links: hyp/trap/abort.c hyp/trap/triage.c hyp/trap/guest_walk.c hyp/vdev/device.c hyp/vm/inject.c
 * hyp/arch/features.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/arch/esr.h"
#include "hyp/arch/features.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/trap/abort.h"
#include "hyp/trap/triage.h"
#include "hyp/trap/cmo.h"
#include "hyp/trap/emulate.h"
#include "hyp/vdev/device.h"
#include "hyp/vm/inject.h"
#include "mm/guest_mem.h"
#include "mm/walk_s1.h"
#include "tests/unit/fake/cpu.h"

#define RAM_BASE    UINT64_C(0x40000000)
#define RAM_SIZE    MIB(16)
#define DEVICE_BASE UINT64_C(0x09000000)
#define DEVICE_SIZE UINT64_C(0x1000)
#define OTHER_BASE  UINT64_C(0x09800000)
#define HOLE        UINT64_C(0x0a000000)
#define IPA_BITS    36
#define BEYOND      UINT64_C(0x1000000000)
#define VA          UINT64_C(0xffff000012340000)
#define PC          UINT64_C(0xffff800080001000)

#define LEVEL3      UINT64_C(3)
#define DABT(iss)   (ESR_MAKE(EC_DATA_ABORT_LOWER, iss))
#define IABT(iss)   (ESR_MAKE(EC_INSN_ABORT_LOWER, iss))
/* ldr x2 */
#define LOAD64      (ISS_ISV | FIELD_PREP(ISS_SAS, 3) | FIELD_PREP(ISS_SRT, 2) | ISS_SF)

static struct vm vm;
static struct vcpu vcpu;
static struct stage2_region ram = { .ipa = { RAM_BASE }, .size = RAM_SIZE };

/* --- stage 2 --- */

static enum status fault_in_status;
static uint64_t faulted_in;
static unsigned fault_ins;

const struct stage2_region *stage2_region_find(const struct stage2 *s2, ipa_t ipa)
{
	assert_ptr_equal(s2, &vm.stage2);
	return ipa.ipa - RAM_BASE < RAM_SIZE ? &ram : NULL;
}

enum status stage2_fault_in(struct stage2 *s2, ipa_t ipa)
{
	assert_ptr_equal(s2, &vm.stage2);
	fault_ins++;
	faulted_in = ipa.ipa;
	return ipa.ipa - RAM_BASE < RAM_SIZE ? fault_in_status : ERR_NOT_FOUND;
}

/* --- stage 1 --- */

static enum status walk_status, fetch_status;
static struct s1_result walk_result;
static unsigned walks;
static bool walked_fetch, walked_user;
static struct regime walked_regime;
static uint32_t instruction_there;

struct s1_memory s1_memory_of(struct stage2 *s2)
{
	return (struct s1_memory){ .context = s2 };
}

enum status walk_s1(const struct regime *regime, const struct s1_memory *memory, gva_t gva,
	bool fetch, bool user, struct s1_result *result)
{
	assert_ptr_equal(memory->context, &vm.stage2);
	assert_int_equal(gva.gva, fake_reg(FAR_EL2));
	walks++;
	walked_fetch = fetch;
	walked_user = user;
	walked_regime = *regime;
	*result = walk_result;
	return walk_status;
}

enum status walk_s1_fetch(
	const struct regime *regime, struct stage2 *s2, gva_t gva, bool user, uint32_t *instruction)
{
	(void)regime;
	(void)user;
	assert_ptr_equal(s2, &vm.stage2);
	assert_int_equal(gva.gva, PC);
	*instruction = instruction_there;
	return fetch_status;
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

static unsigned logs;

void vcpu_log(struct vcpu *by, const char *fmt, ...)
{
	assert_ptr_equal(by, &vcpu);
	(void)fmt;
	logs++;
}

static struct {
	unsigned calls;
	uint64_t esr, ipa;
	enum exit_result result;
} cmo;

static unsigned failures;

void vm_fail(struct vcpu *by, const char *fmt, ...)
{
	(void)by, (void)fmt;
	failures++;
}

const char *exit_class_name(unsigned ec)
{
	(void)ec;
	return "";
}

enum exit_result cmo_handle_abort(struct vcpu *by, uint64_t esr, ipa_t ipa)
{
	assert_ptr_equal(by, &vcpu);
	cmo.calls++;
	cmo.esr = esr;
	cmo.ipa = ipa.ipa;
	return cmo.result;
}

static struct {
	unsigned calls;
	uint64_t esr, far;
} emulated;

enum exit_result emulate_instruction(struct vcpu *by, uint64_t esr, uint64_t far)
{
	assert_ptr_equal(by, &vcpu);
	emulated.calls++;
	emulated.esr = esr;
	emulated.far = far;
	return EXIT_SKIP;
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
	memset(&emulated, 0, sizeof(emulated));
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
	cmo.result = EXIT_SKIP;
	fault_in_status = OK;
	fault_ins = walks = logs = 0;
	walk_status = OK;
	fetch_status = ERR_FAULT;
	memset(&walk_result, 0, sizeof(walk_result));
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

/* 1. External aborts come first, whatever else the syndrome says. */
static void test_external(void **state)
{
	static const uint64_t codes[] = { FSC_EXTERNAL, FSC_EXTERNAL_ON_WALK,
		FSC_EXTERNAL_ON_WALK + 1, FSC_EXTERNAL_ON_WALK + 2, FSC_EXTERNAL_ON_WALK + 3 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(codes); i++) {
		fault_at(DEVICE_BASE, VA);
		assert_injected(
			abort_handle_data(&vcpu, DABT(LOAD64 | ISS_S1PTW | ISS_CM | codes[i])),
			DABT(FSC_EXTERNAL), VA);
		assert_injected(triage_instruction(&vcpu, IABT(ISS_S1PTW | codes[i])),
			IABT(FSC_EXTERNAL), VA);
	}
	assert_int_equal(logs, 2 * ARRAY_SIZE(codes));
	assert_int_equal(dev.reads + fault_ins + walks, 0);
}

/* 2. The walk of the guest's tables: RAM is given, even where CM or ISV are set. */
static void test_walk_in_ram(void **state)
{
	uint64_t esr = DABT(ISS_S1PTW | ISS_CM | ISS_WNR | FSC_TRANSLATION | LEVEL3);

	(void)state;
	fault_at(RAM_BASE + 0x3000, VA);
	assert_int_equal(abort_handle_data(&vcpu, esr), EXIT_RESUME);
	assert_int_equal(faulted_in, RAM_BASE + 0x3000);
	assert_int_equal(
		triage_instruction(&vcpu, IABT(ISS_S1PTW | FSC_TRANSLATION | 1)), EXIT_RESUME);
	assert_int_equal(fault_ins, 2);
	fault_in_status = ERR_BUSY;
	assert_int_equal(abort_handle_data(&vcpu, esr), EXIT_RESUME);
	assert_int_equal(walks, 0);
}

/* Else the level is that of the guest's own walk, not that of stage 2's. */
static void test_walk_elsewhere(void **state)
{
	static const uint64_t places[] = { HOLE, DEVICE_BASE, BEYOND };

	(void)state;
	walk_status = ERR_FAULT;
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		fault_at(places[i], VA);
		for (unsigned level = 0; level < 4; level++) {
			walk_result.fst = (uint8_t)(S1_FST_WALK_SEA | level);
			assert_injected(abort_handle_data(&vcpu,
						DABT(ISS_S1PTW | LOAD64 | FSC_TRANSLATION | 1)),
				DABT(FSC_EXTERNAL_ON_WALK + level), VA);
			assert_false(walked_fetch);
			assert_injected(
				triage_instruction(&vcpu, IABT(ISS_S1PTW | FSC_TRANSLATION | 1)),
				IABT(FSC_EXTERNAL_ON_WALK + level), VA);
			assert_true(walked_fetch);
		}
	}
	assert_int_equal(dev.reads, 0);
}

/* The guest has changed its tables between its walk and ours: it tries again. A set-up we can't
 * walk: no level. */
static void test_walk_changed(void **state)
{
	uint64_t esr = DABT(ISS_S1PTW | FSC_TRANSLATION | LEVEL3);

	(void)state;
	fault_at(HOLE, VA);
	walk_status = OK;
	assert_int_equal(abort_handle_data(&vcpu, esr), EXIT_RESUME);
	walk_status = ERR_FAULT;
	walk_result.fst = S1_FST_TRANSLATION | 2;
	assert_int_equal(abort_handle_data(&vcpu, esr), EXIT_RESUME);
	walk_status = ERR_NOT_SUPPORTED;
	assert_injected(abort_handle_data(&vcpu, esr), DABT(FSC_EXTERNAL), VA);
}

/* 3. On a permission fault HPFAR_EL2 is garbage: the walk of FAR says where, as the guest's regime
 * is. */
static void test_permission(void **state)
{
	(void)state;
	fault_at(HOLE, VA + 0x8);
	fake_reg(TTBR0_EL1) = 0x1000;
	fake_reg(TTBR1_EL1) = 0x2000;
	fake_reg(TCR_EL1) = 0x3000;
	fake_reg(SCTLR_EL1) = SCTLR_EL1_M;
	fake_reg(MAIR_EL1) = 0x44ff;
	fake_reg(ID_AA64MMFR0_EL1) = 0x00001122;
	walk_result.ipa = IPA(RAM_BASE + 0x5008);
	assert_int_equal(
		abort_handle_data(&vcpu, DABT(LOAD64 | FSC_PERMISSION | LEVEL3)), EXIT_RESUME);
	assert_int_equal(faulted_in, RAM_BASE + 0x5008);
	assert_int_equal(walked_regime.kind, REGIME_EL10);
	assert_int_equal(walked_regime.pa_bits, IPA_BITS);
	assert_int_equal(walked_regime.granules, REGIME_4K | REGIME_64K);
	assert_int_equal(walked_regime.ttbr0, 0x1000);
	assert_int_equal(walked_regime.ttbr1, 0x2000);
	assert_int_equal(walked_regime.tcr, 0x3000);
	assert_int_equal(walked_regime.sctlr, SCTLR_EL1_M);
	assert_int_equal(walked_regime.mair, 0x44ff);
	assert_int_equal(walked_regime.hcr, vcpu.hcr);
	assert_false(walked_user);
	assert_false(walked_fetch);

	vcpu.regs.pstate = PSTATE_EL0T;
	assert_int_equal(triage_instruction(&vcpu, IABT(FSC_PERMISSION | LEVEL3)), EXIT_RESUME);
	assert_true(walked_user);
	assert_true(walked_fetch);
	walk_status = ERR_FAULT;
	assert_int_equal(
		abort_handle_data(&vcpu, DABT(LOAD64 | FSC_PERMISSION | LEVEL3)), EXIT_RESUME);
	assert_int_equal(fault_ins, 2);
}

/* The guest's tables are where hardware can read them and Lintel doesn't (shared memory): it must
 * not try for ever. */
static void test_permission_without_tables(void **state)
{
	(void)state;
	fault_at(HOLE, VA + 0x8);
	walk_status = ERR_FAULT;
	walk_result.fst = S1_FST_WALK_SEA | 2;
	assert_injected(abort_handle_data(&vcpu, DABT(LOAD64 | FSC_PERMISSION | LEVEL3)),
		DABT(FSC_EXTERNAL_ON_WALK + 2), VA + 0x8);
	assert_injected(triage_instruction(&vcpu, IABT(FSC_PERMISSION | LEVEL3)),
		IABT(FSC_EXTERNAL_ON_WALK + 2), VA + 0x8);
}

/* 4. Cache maintenance is never an access, whatever is there: it goes to hyp/trap/cmo.c with its
 * address. */
static void test_maintenance(void **state)
{
	static const uint64_t places[] = { DEVICE_BASE + 8, HOLE, BEYOND, RAM_BASE };
	uint64_t esr = DABT(ISS_CM | ISS_WNR | FSC_TRANSLATION | LEVEL3);

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		fault_at(places[i], VA | (places[i] & 0xfff));
		cmo.calls = 0;
		cmo.result = i & 1 ? EXIT_SKIP : EXIT_RESUME;
		assert_int_equal(abort_handle_data(&vcpu, esr), cmo.result);
		assert_int_equal(cmo.calls, 1);
		assert_int_equal(cmo.esr, esr);
		assert_int_equal(cmo.ipa, places[i]);
	}
	/* With a syndrome too, and where only the walk says where it was. */
	fault_at(HOLE, VA);
	walk_result.ipa = IPA(RAM_BASE + 0x40);
	cmo.calls = 0;
	(void)abort_handle_data(&vcpu, DABT(LOAD64 | ISS_CM | FSC_PERMISSION | LEVEL3));
	assert_int_equal(cmo.calls, 1);
	assert_int_equal(cmo.ipa, RAM_BASE + 0x40);
	assert_int_equal(dev.reads + dev.writes + fault_ins, 0);
	assert_int_equal(vcpu.inject.esr, 0);
}

/* What an emulator reports without CM is known by its instruction: DC CVAP, DC CVADP. */
static void test_maintenance_by_instruction(void **state)
{
	uint64_t esr = DABT(FSC_TRANSLATION | LEVEL3);

	(void)state;
	fault_at(DEVICE_BASE, VA);
	fetch_status = OK;
	for (uint32_t rt = 0; rt < 32; rt++) {
		instruction_there = 0xd50b7c20 | rt; /* DC CVAP, Xt */
		assert_int_equal(abort_handle_data(&vcpu, esr), EXIT_SKIP);
		instruction_there = 0xd50b7d20 | rt; /* DC CVADP, Xt */
		assert_int_equal(abort_handle_data(&vcpu, esr), EXIT_SKIP);
	}
	assert_int_equal(emulated.calls, 0);
	instruction_there = 0xa9400440; /* ldp x0, x1, [x2] */
	assert_int_equal(abort_handle_data(&vcpu, esr), EXIT_SKIP);
	assert_int_equal(emulated.calls, 1);
	instruction_there = 0xd50b7420; /* DC ZVA is a store */
	assert_int_equal(abort_handle_data(&vcpu, esr | ISS_WNR), EXIT_SKIP);
	assert_int_equal(emulated.calls, 2);
}

/* 5. A device: the handler gets the vCPU, the offset and the width; the value goes to the register.
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
	assert_int_equal(fault_ins, 0);
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
	fault_at(DEVICE_BASE, VA);
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
	fault_at(DEVICE_BASE, VA);
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

/* What a handler says; only a read that was done changes a register. */
static void test_device_results(void **state)
{
	uint64_t load = DABT(LOAD64 | FSC_TRANSLATION | LEVEL3), before;

	(void)state;
	fault_at(DEVICE_BASE, VA);
	before = vcpu.regs.x[2];
	dev.value = 99;
	dev.result = MMIO_RETRY;
	assert_int_equal(abort_handle_data(&vcpu, load), EXIT_RESCHEDULE);
	dev.result = MMIO_STOP_VM;
	assert_int_equal(abort_handle_data(&vcpu, load), EXIT_STOP_VM);
	dev.result = MMIO_EXTERNAL_ABORT;
	assert_injected(abort_handle_data(&vcpu, load), DABT(FSC_EXTERNAL), VA);
	assert_injected(abort_handle_data(&vcpu, load | ISS_WNR), DABT(FSC_EXTERNAL), VA);
	assert_int_equal(vcpu.regs.x[2], before);
	dev.result = MMIO_RAZ_WI;
	assert_int_equal(abort_handle_data(&vcpu, load | ISS_WNR), EXIT_SKIP);
	assert_int_equal(vcpu.regs.x[2], before);
	assert_int_equal(abort_handle_data(&vcpu, load), EXIT_SKIP);
	assert_int_equal(vcpu.regs.x[2], 0);
}

/* Accesses the device does not take, and those that run over its end, never reach the handler. */
static void test_device_refused(void **state)
{
	uint64_t load = DABT(LOAD64 | FSC_TRANSLATION | LEVEL3);

	(void)state;
	fault_at(DEVICE_BASE, VA + 0xffc);
	assert_injected(abort_handle_data(&vcpu, load), DABT(FSC_EXTERNAL), VA + 0xffc);
	/* one that takes words and doublewords only */
	assert_int_equal(device_add(&vm, OTHER_BASE, DEVICE_SIZE, &dev, &dev_ops, WIDTHS_4_8), OK);
	row = device_find(vm.devices, OTHER_BASE, 1);
	fault_at(OTHER_BASE, VA);
	assert_injected(abort_handle_data(&vcpu,
				DABT(ISS_ISV | FIELD_PREP(ISS_SAS, 1) | FSC_TRANSLATION | LEVEL3)),
		DABT(FSC_EXTERNAL), VA);
	/* no syndrome: the instruction says what it is */
	assert_int_equal(abort_handle_data(&vcpu, DABT(FSC_TRANSLATION | LEVEL3)), EXIT_SKIP);
	assert_int_equal(emulated.esr, DABT(FSC_TRANSLATION | LEVEL3));
	assert_int_equal(emulated.far, VA);
	assert_int_equal(
		abort_handle_data(&vcpu, DABT(ISS_WNR | FSC_TRANSLATION | LEVEL3)), EXIT_SKIP);
	assert_int_equal(emulated.calls, 2);
	/* code in device memory */
	assert_injected(
		triage_instruction(&vcpu, IABT(FSC_TRANSLATION | LEVEL3)), IABT(FSC_EXTERNAL), VA);
	assert_int_equal(dev.reads + dev.writes, 0);
	assert_int_equal(device_count(&vcpu, row)->reads + device_count(&vcpu, row)->writes, 0);
}

/* The same by a permission fault: the whole access must lie in the device. */
static void test_device_by_permission(void **state)
{
	uint64_t load = DABT(LOAD64 | FSC_PERMISSION | LEVEL3);

	(void)state;
	fault_at(HOLE, VA);
	walk_result.ipa = IPA(DEVICE_BASE + 0x10);
	dev.value = 77;
	assert_int_equal(abort_handle_data(&vcpu, load), EXIT_SKIP);
	assert_int_equal(dev.offset, 0x10);
	assert_int_equal(vcpu.regs.x[2], 77);
	walk_result.ipa = IPA(DEVICE_BASE + DEVICE_SIZE - 4);
	assert_injected(abort_handle_data(&vcpu, load), DABT(FSC_EXTERNAL), VA);
	assert_int_equal(dev.reads, 1);
}

/* 6. RAM that isn't there yet, by any kind of access. */
static void test_ram(void **state)
{
	static const uint64_t accesses[] = { LOAD64, LOAD64 | ISS_WNR, 0, ISS_WNR };

	(void)state;
	fault_at(RAM_BASE + 0x7000, VA + 0x123);
	for (unsigned i = 0; i < ARRAY_SIZE(accesses); i++) {
		for (unsigned level = 0; level < 4; level++) {
			assert_int_equal(abort_handle_data(&vcpu,
						 DABT(accesses[i] | FSC_TRANSLATION | level)),
				EXIT_RESUME);
			assert_int_equal(faulted_in, RAM_BASE + 0x7123);
		}
	}
	assert_int_equal(triage_instruction(&vcpu, IABT(FSC_TRANSLATION | LEVEL3)), EXIT_RESUME);
	assert_int_equal(fault_ins, 17);
	fault_in_status = ERR_BUSY;
	assert_int_equal(
		abort_handle_data(&vcpu, DABT(LOAD64 | FSC_TRANSLATION | LEVEL3)), EXIT_RESUME);
	/* Taken away on purpose: as if there were none. */
	fault_in_status = ERR_NOT_FOUND;
	assert_injected(abort_handle_data(&vcpu, DABT(LOAD64 | FSC_TRANSLATION | LEVEL3)),
		DABT(FSC_EXTERNAL), VA + 0x123);
}

/* 7. Beyond what the VM's stage 2 takes: an address size fault, level 0, that says whether it was a
 * write. */
static void test_beyond(void **state)
{
	static const uint64_t places[] = { BEYOND, UINT64_C(0xfffffffff000) };
	static const uint64_t codes[] = { FSC_TRANSLATION, FSC_ADDRESS_SIZE };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		fault_at(places[i], VA);
		for (unsigned c = 0; c < ARRAY_SIZE(codes); c++) {
			assert_injected(abort_handle_data(&vcpu, DABT(LOAD64 | codes[c])),
				DABT(FSC_ADDRESS_SIZE), VA);
			assert_injected(abort_handle_data(&vcpu, DABT(LOAD64 | ISS_WNR | codes[c])),
				DABT(ISS_WNR | FSC_ADDRESS_SIZE), VA);
			assert_injected(triage_instruction(&vcpu, IABT(codes[c])),
				IABT(FSC_ADDRESS_SIZE), VA);
		}
	}
	/* The last page below is not beyond. */
	fault_at(BEYOND - PAGE_SIZE, VA);
	assert_injected(
		abort_handle_data(&vcpu, DABT(LOAD64 | FSC_TRANSLATION)), DABT(FSC_EXTERNAL), VA);
}

/* 8. Nothing there. */
static void test_hole(void **state)
{
	(void)state;
	fault_at(HOLE, VA + 0x44);
	assert_injected(abort_handle_data(&vcpu, DABT(LOAD64 | FSC_TRANSLATION | LEVEL3)),
		DABT(FSC_EXTERNAL), VA + 0x44);
	assert_injected(abort_handle_data(&vcpu, DABT(LOAD64 | ISS_WNR | FSC_TRANSLATION | 1)),
		DABT(FSC_EXTERNAL), VA + 0x44);
	assert_injected(abort_handle_data(&vcpu, DABT(FSC_TRANSLATION | LEVEL3)),
		DABT(FSC_EXTERNAL), VA + 0x44);
	assert_injected(triage_instruction(&vcpu, IABT(FSC_TRANSLATION | 2)), IABT(FSC_EXTERNAL),
		VA + 0x44);
	/* just below and just above the device and RAM */
	fault_at(DEVICE_BASE - PAGE_SIZE, VA);
	assert_injected(abort_handle_data(&vcpu, DABT(LOAD64 | FSC_TRANSLATION | LEVEL3)),
		DABT(FSC_EXTERNAL), VA);
	fault_at(RAM_BASE + RAM_SIZE, VA);
	assert_injected(abort_handle_data(&vcpu, DABT(LOAD64 | FSC_TRANSLATION | LEVEL3)),
		DABT(FSC_EXTERNAL), VA);
	assert_int_equal(dev.reads + dev.writes + fault_ins, 0);
}

/* No syndrome at all, however odd, does more than stop, skip, resume or inject. */
/* Nothing at the guest's own vector: it can't go on, and the VM is stopped. */
static void test_dead_vector(void **state)
{
	(void)state;
	failures = 0;
	fake_sysreg_write(SYS_VBAR_EL1, HOLE);
	fake_sysreg_write(SYS_FAR_EL2, HOLE + 0x200);
	fake_sysreg_write(SYS_HPFAR_EL2, HOLE >> 8);
	vcpu.regs.pc = HOLE + 0x200;
	vcpu.regs.pstate = PSTATE_EL1H;
	assert_int_equal(triage_instruction(&vcpu, IABT(FSC_TRANSLATION | LEVEL3)), EXIT_STOP_VM);
	assert_int_equal(failures, 1);
	/* At another place of the same page, or from EL0, it is an abort like any other. */
	vcpu.regs.pc = HOLE + 0x204;
	assert_int_equal(triage_instruction(&vcpu, IABT(FSC_TRANSLATION | LEVEL3)), EXIT_INJECT);
	vcpu.regs.pc = HOLE + 0x200;
	vcpu.regs.pstate = PSTATE_EL0T;
	assert_int_equal(triage_instruction(&vcpu, IABT(FSC_TRANSLATION | LEVEL3)), EXIT_INJECT);
	assert_int_equal(failures, 1);
}

static void test_any_syndrome(void **state)
{
	static const uint64_t places[] = { RAM_BASE, DEVICE_BASE, DEVICE_BASE + 0xff8, HOLE,
		BEYOND };

	(void)state;
	walk_status = ERR_FAULT;
	for (unsigned p = 0; p < ARRAY_SIZE(places); p++) {
		fault_at(places[p], VA | (places[p] & 0xfff));
		for (uint64_t upper = 0; upper < 1 << 9; upper++) {
			for (uint64_t fsc = 0; fsc < 64; fsc++) {
				/* ISV, SAS, SSE; EA, CM, S1PTW, WnR; FSC */
				uint64_t iss = (upper & 0xf0) << 17 | (upper & 0xf) << 6 | fsc;
				enum exit_result result;

				result = abort_handle_data(&vcpu, DABT(iss));
				assert_true(result == EXIT_RESUME || result == EXIT_SKIP ||
					result == EXIT_INJECT);
				result = triage_instruction(&vcpu, IABT(iss));
				assert_true(result == EXIT_RESUME || result == EXIT_INJECT);
			}
		}
	}
	assert_int_equal(vcpu.regs.pc, PC);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_external),
		TEST(test_walk_in_ram),
		TEST(test_walk_elsewhere),
		TEST(test_walk_changed),
		TEST(test_permission),
		TEST(test_permission_without_tables),
		TEST(test_maintenance),
		TEST(test_maintenance_by_instruction),
		TEST(test_device_read),
		TEST(test_device_write),
		TEST(test_device_signed),
		TEST(test_device_endian),
		TEST(test_device_results),
		TEST(test_device_refused),
		TEST(test_device_by_permission),
		TEST(test_ram),
		TEST(test_beyond),
		TEST(test_hole),
		TEST(test_dead_vector),
		TEST(test_any_syndrome),
	};

	return cmocka_run_group_tests_name("abort", tests, NULL, NULL);
}
