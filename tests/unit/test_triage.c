/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stage-2 aborts from the syndrome to what is done, by syndromes made up here: the order of checks
 * of hyp/trap/triage.h, each answer of the table (whose cells are test_triage_table.c's). The
 * guest's tables are real ones, in a fake memory; stage 2 is fake.
 *
 * links: hyp/trap/triage.c hyp/trap/triage_table.c hyp/trap/triage_retry.c hyp/trap/abort.c
 * hyp/trap/place.c hyp/trap/guest_walk.c hyp/nested/vel2.c hyp/arch/sysreg_index.c mm/walk_s1.c
 * mm/walk_table.c hyp/vdev/device.c hyp/vm/inject.c hyp/arch/features.c hyp/arch/insn.c
 * hyp/arch/insn_address.c hyp/vm/inject32.c
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
#include "hyp/trap/cmo.h"
#include "hyp/trap/emulate.h"
#include "hyp/trap/guest_walk.h"
#include "hyp/trap/triage.h"
#include "hyp/vdev/device.h"
#include "hyp/vm/inject.h"
#include "mm/guest_mem.h"
#include "mm/regime.h"
#include "tests/unit/fake/cpu.h"

/* ID_AA64MMFR0_EL1 of a CPU whose tables can't be walked. */
#define NO_GRANULES      UINT64_C(0xff001125)

#define RAM_BASE         UINT64_C(0x40000000)
#define RAM_SIZE         MIB(16)
#define ROM_BASE         UINT64_C(0x50000000)
#define ROM_SIZE         MIB(2)
#define SHARE_BASE       UINT64_C(0x60000000) /* of all VMs, the guest may write it */
#define READER_BASE      UINT64_C(0x70000000) /* and this it may only read */
#define SHARE_SIZE       MIB(2)
#define DEVICE_BASE      UINT64_C(0x09000000)
#define DEVICE_SIZE      UINT64_C(0x1000)
#define SMALL_BASE       UINT64_C(0x09001000)
#define SMALL_SIZE       UINT64_C(0x14)
#define HOLE             UINT64_C(0x0a000000)
#define IPA_BITS         36
#define BEYOND           UINT64_C(0x1000000000)
#define GARBAGE          UINT64_C(0x0000123456789abc)
#define VTTBR            UINT64_C(0x0007000081234000)

/* 48 bits, 4 KiB: one descriptor of each table. */
#define VA               UINT64_C(0xffff000012345008)
#define VA_PAGE          (VA & ~(PAGE_SIZE - 1))
#define PC               UINT64_C(0xffff000012346000)
#define INDEX(va, level) (((va) >> (39 - 9 * (level))) & 511)
#define TABLE(level)     (RAM_BASE + PAGE_SIZE * (1 + (level)))
#define TCR                                                                             \
	(FIELD_PREP(TCR_T0SZ, 16) | FIELD_PREP(TCR_T1SZ, 16) | FIELD_PREP(TCR_TG1, 2) | \
		FIELD_PREP(TCR_IPS, 5))
#define DESC_TABLE UINT64_C(3)
#define DESC_PAGE  UINT64_C(0x403)

#define LEVEL3     UINT64_C(3)
#define DABT(iss)  (ESR_MAKE(EC_DATA_ABORT_LOWER, iss))
#define IABT(iss)  (ESR_MAKE(EC_INSN_ABORT_LOWER, iss))
/* ldr x2 */
#define LOAD64     (ISS_ISV | FIELD_PREP(ISS_SAS, 3) | FIELD_PREP(ISS_SRT, 2) | ISS_SF)
#define STORE64    (LOAD64 | ISS_WNR)

static struct vm vm;
static struct vcpu vcpu;

/* --- stage 2 --- */

static struct stage2_region regions[] = {
	{ .ipa = { RAM_BASE }, .size = RAM_SIZE, .prot = MEM_RWX },
	{ .ipa = { ROM_BASE }, .size = ROM_SIZE, .prot = MEM_R | MEM_X },
};
static struct stage2_share shares[] = {
	{ .ipa = { SHARE_BASE }, .size = SHARE_SIZE, .prot = MEM_RW },
	{ .ipa = { READER_BASE }, .size = SHARE_SIZE, .prot = MEM_R },
};
static bool mapped; /* all of them */
static enum status fault_in_status;
static uint64_t faulted_in;
static unsigned fault_ins;

const struct stage2_region *stage2_region_find(const struct stage2 *s2, ipa_t ipa)
{
	assert_ptr_equal(s2, &vm.stage2);
	for (unsigned i = 0; i < ARRAY_SIZE(regions); i++)
		if (ipa.ipa - regions[i].ipa.ipa < regions[i].size)
			return &regions[i];
	return NULL;
}

const struct stage2_share *stage2_share_find(const struct stage2 *s2, ipa_t ipa)
{
	assert_ptr_equal(s2, &vm.stage2);
	for (unsigned i = 0; i < ARRAY_SIZE(shares); i++)
		if (ipa.ipa - shares[i].ipa.ipa < shares[i].size)
			return &shares[i];
	return NULL;
}

bool stage2_lookup(struct stage2 *s2, ipa_t ipa, struct stage2_page *page)
{
	(void)s2, (void)ipa;
	*page = (struct stage2_page){ 0 };
	return mapped;
}

enum status stage2_fault_in(struct stage2 *s2, ipa_t ipa)
{
	fault_ins++;
	faulted_in = ipa.ipa;
	return stage2_region_find(s2, ipa) ? fault_in_status : ERR_NOT_FOUND;
}

/* --- the guest's memory: the first pages of RAM, and of ROM --- */

static uint64_t ram[8 * PAGE_SIZE / 8], rom[PAGE_SIZE / 8];

static enum status read_status; /* of all of it */

static uint64_t *memory_at(uint64_t ipa)
{
	if (ipa - RAM_BASE < sizeof(ram))
		return &ram[(ipa - RAM_BASE) / 8];
	return ipa - ROM_BASE < sizeof(rom) ? &rom[(ipa - ROM_BASE) / 8] : NULL;
}

enum status guest_read_u64(struct stage2 *s2, ipa_t ipa, uint64_t *value)
{
	const uint64_t *at = memory_at(ipa.ipa);

	(void)s2;
	if (ipa.ipa >= BEYOND)
		return ERR_RANGE;
	if (!at)
		return ERR_FAULT;
	*value = *at;
	return read_status;
}

enum status guest_read(struct stage2 *s2, ipa_t ipa, void *destination, size_t size)
{
	uint64_t value;
	enum status status = guest_read_u64(s2, IPA(ALIGN_DOWN(ipa.ipa, 8)), &value);

	if (status != OK)
		return status;
	memcpy(destination, (uint8_t *)&value + (ipa.ipa & 7), size);
	return OK;
}

void guest_sync(struct stage2 *s2, ipa_t ipa, uint64_t size)
{
	(void)s2, (void)ipa, (void)size;
}

static void set_desc(uint64_t table, unsigned level, uint64_t va, uint64_t desc)
{
	memory_at(table)[INDEX(va, level)] = desc;
}

/* Where VA leads. */
static void map_va(uint64_t ipa)
{
	for (unsigned level = 0; level < 3; level++)
		set_desc(TABLE(level), level, VA, TABLE(level + 1) | DESC_TABLE);
	set_desc(TABLE(3), 3, VA, ALIGN_DOWN(ipa, PAGE_SIZE) | DESC_PAGE);
}

/* Has the table of that level, 0 to 3, elsewhere. */
static void move_table(unsigned level, uint64_t to)
{
	map_va(RAM_BASE);
	if (level == 0)
		fake_reg(TTBR1_EL1) = to;
	else
		set_desc(TABLE(level - 1), level - 1, VA, to | DESC_TABLE);
}

/* --- the device --- */

static struct {
	unsigned reads, writes;
	uint64_t offset;
} dev;

static enum mmio_result dev_read(
	struct vcpu *by, void *device, uint64_t offset, unsigned width, uint64_t *value)
{
	(void)by, (void)device, (void)width;
	dev.reads++;
	dev.offset = offset;
	*value = 77;
	return MMIO_DONE;
}

static enum mmio_result dev_write(
	struct vcpu *by, void *device, uint64_t offset, unsigned width, uint64_t value)
{
	(void)by, (void)device, (void)width, (void)value;
	dev.writes++;
	dev.offset = offset;
	return MMIO_DONE;
}

static const struct device_ops dev_ops = { "fake", dev_read, dev_write };

void *mm_zalloc(size_t size)
{
	return calloc(1, size);
}

void mm_free(void *memory, size_t size)
{
	(void)size;
	free(memory);
}

/* --- who else is asked --- */

static unsigned logs, failures;

void vcpu_log(struct vcpu *by, const char *fmt, ...)
{
	assert_ptr_equal(by, &vcpu);
	(void)fmt;
	logs++;
}

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

static struct {
	unsigned calls;
	uint64_t esr, ipa;
	enum exit_result result;
} cmo;

enum exit_result cmo_handle_abort(struct vcpu *by, uint64_t esr, ipa_t ipa)
{
	assert_ptr_equal(by, &vcpu);
	cmo.calls++;
	cmo.esr = esr;
	cmo.ipa = ipa.ipa;
	return cmo.result;
}

enum exit_result cmo_handle_insn(struct vcpu *by, uint64_t esr, enum cmo_op op, ipa_t ipa)
{
	assert_int_equal(op, CMO_DC_CVAP);
	return cmo_handle_abort(by, esr, ipa);
}

static struct {
	unsigned calls;
	uint64_t esr, far;
} decoded;

enum exit_result emulate_instruction(struct vcpu *by, uint64_t esr, uint64_t far)
{
	assert_ptr_equal(by, &vcpu);
	decoded.calls++;
	decoded.esr = esr;
	decoded.far = far;
	return EXIT_SKIP;
}

/* --- */

static void fault_at(uint64_t ipa, uint64_t far)
{
	fake_reg(FAR_EL2) = far;
	fake_reg(HPFAR_EL2) = ipa >> PAGE_SHIFT << 4;
}

/* A permission fault: HPFAR_EL2 is not defined. */
static void permission_at(uint64_t ipa)
{
	map_va(ipa);
	fake_reg(FAR_EL2) = VA_PAGE | (ipa & (PAGE_SIZE - 1));
	fake_reg(HPFAR_EL2) = GARBAGE;
}

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	cpu_features = (struct cpu_features){ 0 };
	memset(&dev, 0, sizeof(dev));
	memset(&cmo, 0, sizeof(cmo));
	memset(&decoded, 0, sizeof(decoded));
	memset(ram, 0, sizeof(ram));
	memset(rom, 0, sizeof(rom));
	memset(&vcpu, 0, sizeof(vcpu));
	memset(&vcpu.regs, 0x5a, sizeof(vcpu.regs));
	vm = (struct vm){ .stage2.ipa_bits = IPA_BITS,
		.stage2.vttbr = VTTBR,
		.nr_vcpus = 1,
		.vcpus = { &vcpu } };
	assert_int_equal(device_add(&vm, DEVICE_BASE, DEVICE_SIZE, &dev, &dev_ops, WIDTHS_ALL), OK);
	assert_int_equal(device_add(&vm, SMALL_BASE, SMALL_SIZE, &dev, &dev_ops, WIDTHS_ALL), OK);
	assert_int_equal(device_table_seal(&vm), OK);
	vcpu.vm = &vm;
	vcpu.vttbr = VTTBR;
	vcpu.regs.pc = PC;
	vcpu.regs.pstate = PSTATE_EL1H;
	vcpu.hcr = HCR_EL2_VM | HCR_EL2_RW;
	fake_reg(SCTLR_EL1) = SCTLR_EL1_M;
	fake_reg(TCR_EL1) = TCR;
	fake_reg(TTBR0_EL1) = fake_reg(TTBR1_EL1) = TABLE(0);
	fake_reg(ID_AA64MMFR0_EL1) = 0x00001125;
	fake_reg(VBAR_EL1) = 0x1000;
	map_va(RAM_BASE);
	cmo.result = EXIT_SKIP;
	fault_in_status = read_status = OK;
	mapped = false;
	shares[0].ignore_stores = shares[1].ignore_stores = false;
	fault_ins = logs = failures = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	device_table_destroy(&vm);
	/* No walk of Lintel's is one of the CPU's. */
	assert_int_equal(fake_sysreg_writes(SYS_PAR_EL1), 0);
	return 0;
}

static void assert_injected(enum exit_result result, uint64_t esr, uint64_t far)
{
	assert_int_equal(result, EXIT_INJECT);
	assert_int_equal(vcpu.inject.esr, esr);
	assert_true(vcpu.inject.has_far);
	assert_int_equal(vcpu.inject.far, far);
	assert_int_equal(vcpu.regs.pc, PC);
	vcpu.inject = (struct injection){ 0 };
}

/* 1. External aborts come first, whatever else the syndrome says. */
static void test_hardware(void **state)
{
	static const uint64_t codes[] = { 0x10, 0x14, 0x15, 0x16, 0x17 };

	(void)state;
	fault_at(DEVICE_BASE, VA);
	for (unsigned i = 0; i < ARRAY_SIZE(codes); i++) {
		assert_injected(triage_data(&vcpu, DABT(LOAD64 | ISS_S1PTW | ISS_CM | codes[i])),
			DABT(ISS_CM | 0x10), VA);
		assert_injected(
			triage_instruction(&vcpu, IABT(ISS_S1PTW | codes[i])), IABT(0x10), VA);
	}
	assert_int_equal(logs, 2 * ARRAY_SIZE(codes));
	/* FAR is not valid: neither is the guest's. */
	assert_injected(triage_data(&vcpu, DABT(ISS_FNV | 0x10)), DABT(ISS_FNV | 0x10), 0);
	assert_injected(triage_instruction(&vcpu, IABT(ISS_FNV | 0x10)), IABT(ISS_FNV | 0x10), 0);
	/* Only FSC 0x10 has that bit. */
	assert_injected(triage_data(&vcpu, DABT(ISS_FNV | 0x15)), DABT(0x10), VA);
	assert_int_equal(dev.reads + fault_ins, 0);
	assert_int_equal(vcpu.aborts[ANSWER_HARDWARE], 13);
	assert_int_equal(fake_sysreg_reads(SYS_HPFAR_EL2), 0);
}

static void test_tlb_conflict(void **state)
{
	(void)state;
	fault_at(RAM_BASE, VA);
	assert_int_equal(triage_data(&vcpu, DABT(0x30)), EXIT_RESUME);
	assert_int_equal(triage_instruction(&vcpu, IABT(0x30)), EXIT_RESUME);
	assert_int_equal(fake_op_count, 2);
	assert_int_equal(fake_ops_of(FAKE_TLB_VMID), 2);
	assert_int_equal(fake_ops[0].extra, VTTBR);
}

/* Alignment, exclusive and atomic accesses that memory doesn't take: as they are, but for what only
 * EL2 is told. */
static void test_reflected(void **state)
{
	static const uint64_t codes[] = { 0x21, 0x35 };

	(void)state;
	fault_at(RAM_BASE, VA);
	for (unsigned i = 0; i < ARRAY_SIZE(codes); i++) {
		assert_injected(triage_data(&vcpu, DABT(codes[i])), DABT(codes[i]), VA);
		assert_injected(triage_data(&vcpu, DABT(STORE64 | ISS_S1PTW | ISS_EA | codes[i])),
			DABT(ISS_WNR | codes[i]), VA);
		assert_injected(triage_data(&vcpu, DABT(ISS_CM | ISS_WNR | codes[i])),
			DABT(ISS_CM | ISS_WNR | codes[i]), VA);
	}
	assert_int_equal(logs, 0);
}

/* Hardware updates of flags that memory can't do (Lintel has none), lockdown, tag checks, what is
 * reserved: logged, and an external abort. */
static void test_odd(void **state)
{
	static const uint64_t codes[] = { 0x11, 0x12, 0x20, 0x31, 0x34, 0x3f };

	(void)state;
	fault_at(RAM_BASE, VA);
	for (unsigned i = 0; i < ARRAY_SIZE(codes); i++) {
		assert_injected(triage_data(&vcpu, DABT(LOAD64 | codes[i])), DABT(0x10), VA);
		assert_injected(triage_instruction(&vcpu, IABT(codes[i])), IABT(0x10), VA);
	}
	assert_injected(triage_instruction(&vcpu, IABT(0x35)), IABT(0x10), VA);
	assert_int_equal(logs, 2 * ARRAY_SIZE(codes) + 1);
	assert_int_equal(fault_ins, 0);
}

/* The walk of the guest's tables: memory is given, even where CM or ISV are set. */
static void test_walk_in_memory(void **state)
{
	static const uint64_t places[] = { RAM_BASE + 0x3000, ROM_BASE + 0x1000 };
	static const uint64_t types[] = { FSC_TRANSLATION, FSC_ACCESS_FLAG, FSC_PERMISSION,
		FSC_ADDRESS_SIZE };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		fault_at(places[i], VA);
		for (unsigned t = 0; t < ARRAY_SIZE(types); t++) {
			assert_int_equal(
				triage_data(&vcpu,
					DABT(LOAD64 | ISS_S1PTW | ISS_CM | types[t] | LEVEL3)),
				EXIT_RESUME);
			assert_int_equal(faulted_in, places[i]);
			assert_int_equal(triage_instruction(&vcpu, IABT(ISS_S1PTW | types[t] | 1)),
				EXIT_RESUME);
		}
	}
	assert_int_equal(fault_ins, 16);
	fault_in_status = ERR_BUSY;
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(triage_data(&vcpu, DABT(ISS_S1PTW | FSC_TRANSLATION | LEVEL3)),
			EXIT_RESUME);
	assert_int_equal(vcpu.aborts[ANSWER_GIVE], 116);
	assert_int_equal(fake_op_count + cmo.calls + logs, 0);
}

/* Elsewhere the level is that of the guest's own walk, not that of stage 2's. */
static void test_walk_elsewhere(void **state)
{
	static const uint64_t places[] = { HOLE, DEVICE_BASE, BEYOND,
		UINT64_C(0x0000fffffffff000) };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		for (unsigned level = 0; level < 4; level++) {
			uint64_t table = places[i] + (places[i] == BEYOND ? level * PAGE_SIZE : 0);

			fake_reg(TTBR1_EL1) = TABLE(0);
			move_table(level, table);
			fault_at(table, VA);
			assert_injected(
				triage_data(&vcpu, DABT(ISS_S1PTW | LOAD64 | FSC_TRANSLATION | 1)),
				DABT(0x14 + level), VA);
			assert_injected(
				triage_data(&vcpu,
					DABT(ISS_S1PTW | ISS_CM | ISS_WNR | FSC_PERMISSION | 1)),
				DABT(ISS_WNR | ISS_CM | (0x14 + level)), VA);
			assert_injected(
				triage_instruction(&vcpu, IABT(ISS_S1PTW | FSC_TRANSLATION)),
				IABT(0x14 + level), VA);
		}
	}
	assert_int_equal(dev.reads + fault_ins, 0);
	assert_int_equal(vcpu.aborts[ANSWER_ON_WALK], 48);
}

/* RAM that has been taken away is no RAM; its table was at level 2. */
static void test_walk_taken_away(void **state)
{
	(void)state;
	fault_in_status = ERR_NOT_FOUND;
	fault_at(TABLE(2), VA);
	assert_injected(
		triage_data(&vcpu, DABT(ISS_S1PTW | FSC_TRANSLATION | LEVEL3)), DABT(0x16), VA);
}

/* A walker that would set a flag in a table that is ROM. */
static void test_walk_update(void **state)
{
	(void)state;
	mapped = true;
	move_table(3, ROM_BASE);
	set_desc(ROM_BASE, 3, VA, RAM_BASE | DESC_PAGE);
	fault_at(ROM_BASE, VA);
	assert_injected(
		triage_data(&vcpu, DABT(ISS_S1PTW | FSC_PERMISSION | LEVEL3)), DABT(0x17), VA);
	assert_injected(triage_instruction(&vcpu, IABT(ISS_S1PTW | FSC_PERMISSION | LEVEL3)),
		IABT(0x17), VA);
	/* An entry on the way. */
	move_table(2, ROM_BASE);
	set_desc(ROM_BASE, 2, VA, TABLE(3) | DESC_TABLE);
	assert_injected(triage_data(&vcpu, DABT(ISS_S1PTW | ISS_WNR | FSC_PERMISSION | LEVEL3)),
		DABT(ISS_WNR | 0x16), VA);
	/* Tables that look into themselves: it is the last one that was to be written. */
	set_desc(ROM_BASE, 2, VA, ROM_BASE | DESC_TABLE);
	set_desc(ROM_BASE, 3, VA, RAM_BASE | DESC_PAGE);
	assert_injected(
		triage_data(&vcpu, DABT(ISS_S1PTW | FSC_PERMISSION | LEVEL3)), DABT(0x17), VA);
	/* The tables have changed. */
	map_va(RAM_BASE);
	assert_int_equal(
		triage_data(&vcpu, DABT(ISS_S1PTW | FSC_PERMISSION | LEVEL3)), EXIT_RESUME);
	/* A translation fault there, and it is there by now. */
	assert_int_equal(
		triage_data(&vcpu, DABT(ISS_S1PTW | FSC_TRANSLATION | LEVEL3)), EXIT_RESUME);
	assert_int_equal(vcpu.aborts[ANSWER_RETRY], 1);
}

/* The guest has changed its tables between its walk and ours: it tries again. A set-up we can't
 * walk: no level. */
static void test_walk_changed(void **state)
{
	uint64_t esr = DABT(ISS_S1PTW | FSC_TRANSLATION | LEVEL3);

	(void)state;
	fault_at(HOLE, VA);
	assert_int_equal(triage_data(&vcpu, esr), EXIT_RESUME);
	set_desc(TABLE(2), 2, VA, 0);
	assert_int_equal(triage_data(&vcpu, esr), EXIT_RESUME);
	fake_reg(SCTLR_EL1) = 0;
	assert_int_equal(triage_data(&vcpu, esr), EXIT_RESUME);
	fake_reg(SCTLR_EL1) = SCTLR_EL1_M;
	fake_reg(ID_AA64MMFR0_EL1) = NO_GRANULES;
	assert_injected(triage_data(&vcpu, esr), DABT(0x10), VA);
}

/* Where Lintel would read a table or the instruction, memory is being given: again, as often as it
 * takes. */
static void test_busy(void **state)
{
	(void)state;
	read_status = ERR_BUSY;
	for (unsigned i = 0; i < 2 * RETRIES_MAX; i++) {
		permission_at(DEVICE_BASE + 0x10);
		assert_int_equal(
			triage_data(&vcpu, DABT(LOAD64 | FSC_PERMISSION | LEVEL3)), EXIT_RESUME);
		fault_at(HOLE, VA);
		assert_int_equal(triage_data(&vcpu, DABT(ISS_S1PTW | FSC_TRANSLATION | LEVEL3)),
			EXIT_RESUME);
		fault_at(BEYOND, VA);
		assert_int_equal(triage_data(&vcpu, DABT(FSC_TRANSLATION | LEVEL3)), EXIT_RESUME);
	}
	assert_int_equal(vcpu.aborts[ANSWER_GIVE], 2 * RETRIES_MAX);
	assert_int_equal(vcpu.aborts[ANSWER_RETRY] + vcpu.retry.count + logs, 0);
}

/* The guest is shown VARange as it is, so its tables are walked accordingly. */
static void test_large_addresses(void **state)
{
	(void)state;
	fake_reg(ID_AA64MMFR2_EL1) = ~ID_AA64MMFR2_EL1_VARANGE;
	assert_false(guest_regime(&vcpu).features & REGIME_LVA);
	fake_reg(ID_AA64MMFR2_EL1) = FIELD_PREP(ID_AA64MMFR2_EL1_VARANGE, 1);
	assert_true(guest_regime(&vcpu).features & REGIME_LVA);
}

/* 2. On a permission fault HPFAR_EL2 is garbage, and not even read: the walk of FAR says where. */
static void test_permission(void **state)
{
	(void)state;
	permission_at(RAM_BASE + 0x5008);
	assert_int_equal(triage_data(&vcpu, DABT(LOAD64 | FSC_PERMISSION | LEVEL3)), EXIT_RESUME);
	assert_int_equal(faulted_in, RAM_BASE + 0x5008);
	permission_at(ROM_BASE + 0x10);
	assert_int_equal(triage_instruction(&vcpu, IABT(FSC_PERMISSION | LEVEL3)), EXIT_RESUME);
	assert_int_equal(faulted_in, ROM_BASE + 0x10);
	/* The tables say nothing of it any more. */
	set_desc(TABLE(1), 1, VA, 0);
	assert_int_equal(triage_data(&vcpu, DABT(LOAD64 | FSC_PERMISSION | LEVEL3)), EXIT_RESUME);
	assert_int_equal(vcpu.aborts[ANSWER_RETRY], 1);
	assert_int_equal(fault_ins, 2);
	assert_int_equal(fake_sysreg_reads(SYS_HPFAR_EL2), 0);
}

/* It leads where no memory is, so nothing there can have lacked a right. */
static void test_permission_elsewhere(void **state)
{
	static const uint64_t places[] = { DEVICE_BASE + 0x10, HOLE };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		permission_at(places[i]);
		assert_int_equal(
			triage_data(&vcpu, DABT(LOAD64 | FSC_PERMISSION | LEVEL3)), EXIT_RESUME);
		assert_int_equal(
			triage_data(&vcpu, DABT(STORE64 | FSC_PERMISSION | LEVEL3)), EXIT_RESUME);
		assert_int_equal(
			triage_instruction(&vcpu, IABT(FSC_PERMISSION | LEVEL3)), EXIT_RESUME);
	}
	assert_int_equal(dev.reads + dev.writes, 0);
	assert_int_equal(vcpu.aborts[ANSWER_RETRY], 6);
}

/* The guest's tables are where hardware can read them and Lintel doesn't (shared memory): it must
 * not try for ever. */
static void test_permission_without_tables(void **state)
{
	(void)state;
	permission_at(ROM_BASE);
	move_table(2, SHARE_BASE);
	assert_injected(triage_data(&vcpu, DABT(STORE64 | FSC_PERMISSION | LEVEL3)),
		DABT(ISS_WNR | 0x16), VA_PAGE);
	assert_injected(
		triage_instruction(&vcpu, IABT(FSC_PERMISSION | LEVEL3)), IABT(0x16), VA_PAGE);
	assert_int_equal(vcpu.aborts[ANSWER_ON_WALK], 2);
	fake_reg(ID_AA64MMFR0_EL1) = NO_GRANULES;
	assert_injected(triage_data(&vcpu, DABT(STORE64 | FSC_PERMISSION | LEVEL3)),
		DABT(ISS_WNR | 0x10), VA_PAGE);
}

/* Cache maintenance is never an access, whatever is there. */
static void test_maintenance(void **state)
{
	static const uint64_t places[] = { DEVICE_BASE, HOLE, BEYOND, RAM_BASE };
	uint64_t esr = DABT(ISS_CM | ISS_WNR | FSC_TRANSLATION | LEVEL3);

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		fault_at(places[i], VA);
		cmo.result = i & 1 ? EXIT_SKIP : EXIT_RESUME;
		assert_int_equal(triage_data(&vcpu, esr), cmo.result);
		assert_int_equal(cmo.esr, esr);
		assert_int_equal(cmo.ipa, places[i] + (VA & (PAGE_SIZE - 1)));
	}
	permission_at(ROM_BASE + 0x40);
	esr = DABT(ISS_CM | ISS_WNR | FSC_PERMISSION | LEVEL3);
	assert_int_equal(triage_data(&vcpu, esr), cmo.result);
	assert_int_equal(cmo.esr, esr);
	assert_int_equal(cmo.ipa, ROM_BASE + 0x40);
	assert_int_equal(cmo.calls, 5);
	assert_int_equal(dev.reads + dev.writes + fault_ins, 0);
}

/* What cmo.h has executed again while memory is there: guarded, and no old TLB entry is left. */
static void test_maintenance_again(void **state)
{
	(void)state;
	mapped = true;
	cmo.result = EXIT_RESUME;
	permission_at(ROM_BASE);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(triage_data(&vcpu, DABT(ISS_CM | ISS_WNR | FSC_PERMISSION)),
			i < RETRIES_MAX ? EXIT_RESUME : EXIT_RESCHEDULE);
	assert_int_equal(fake_ops_of(FAKE_TLB_IPA), 20);
	assert_int_equal(fake_ops[0].address, ROM_BASE);
	fault_at(RAM_BASE, VA);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(triage_data(&vcpu, DABT(ISS_CM | ISS_WNR | FSC_TRANSLATION)),
			i < RETRIES_MAX ? EXIT_RESUME : EXIT_RESCHEDULE);
	assert_int_equal(fake_ops_of(FAKE_TLB_IPA), 20);
	/* Memory that is being wiped is not. */
	mapped = false;
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(
			triage_data(&vcpu, DABT(ISS_CM | ISS_WNR | FSC_TRANSLATION)), EXIT_RESUME);
}

/* 3. What is there, with the right that was asked for: the TLB is behind the times. */
static void test_stale(void **state)
{
	static const uint64_t esrs[] = { DABT(LOAD64 | FSC_PERMISSION | LEVEL3),
		DABT(ISS_WNR | FSC_PERMISSION | LEVEL3), DABT(LOAD64 | FSC_ACCESS_FLAG | 2),
		DABT(LOAD64 | FSC_ADDRESS_SIZE), DABT(ISS_S1PTW | FSC_ACCESS_FLAG | LEVEL3),
		DABT(ISS_S1PTW | FSC_PERMISSION | LEVEL3) };

	(void)state;
	mapped = true;
	for (unsigned i = 0; i < ARRAY_SIZE(esrs); i++) {
		permission_at(RAM_BASE + 0x6010);
		if (esrs[i] & ISS_S1PTW)
			fault_at(RAM_BASE + 0x6000, VA);
		else if ((esrs[i] & FSC_TYPE_MASK) != FSC_PERMISSION)
			fault_at(RAM_BASE + 0x6010, VA_PAGE | 0x10);
		assert_int_equal(triage_data(&vcpu, esrs[i]), EXIT_RESUME);
		assert_int_equal(fake_op_count, i + 1);
		assert_int_equal(fake_ops[i].kind, FAKE_TLB_IPA);
		assert_int_equal(fake_ops[i].extra, VTTBR);
		assert_int_equal(ALIGN_DOWN(fake_ops[i].address, PAGE_SIZE), RAM_BASE + 0x6000);
	}
	permission_at(RAM_BASE + 0x6010);
	assert_int_equal(triage_instruction(&vcpu, IABT(FSC_PERMISSION | LEVEL3)), EXIT_RESUME);
	assert_int_equal(vcpu.aborts[ANSWER_FLUSH], ARRAY_SIZE(esrs) + 1);
	/* A translation fault is in no TLB: somebody else has had it mapped. */
	fault_at(RAM_BASE, VA);
	assert_int_equal(triage_data(&vcpu, DABT(LOAD64 | FSC_TRANSLATION | LEVEL3)), EXIT_RESUME);
	assert_int_equal(triage_instruction(&vcpu, IABT(FSC_TRANSLATION | LEVEL3)), EXIT_RESUME);
	assert_int_equal(fake_op_count, ARRAY_SIZE(esrs) + 1);
	assert_int_equal(fault_ins + logs, 0);
}

/* Memory that VMs share is never code. */
static void test_fetch_from_shared(void **state)
{
	static const uint64_t places[] = { SHARE_BASE, READER_BASE };

	(void)state;
	mapped = true;
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		permission_at(places[i]);
		assert_injected(triage_instruction(&vcpu, IABT(FSC_PERMISSION | LEVEL3)),
			IABT(0x10), VA_PAGE);
	}
}

/* RAM and ROM that isn't there yet, by any kind of access. */
static void test_given(void **state)
{
	static const uint64_t accesses[] = { LOAD64, STORE64, 0, ISS_WNR };

	(void)state;
	fault_at(RAM_BASE + 0x7000, VA);
	for (unsigned i = 0; i < ARRAY_SIZE(accesses); i++) {
		for (unsigned level = 0; level < 4; level++) {
			assert_int_equal(
				triage_data(&vcpu, DABT(accesses[i] | FSC_TRANSLATION | level)),
				EXIT_RESUME);
			assert_int_equal(faulted_in, RAM_BASE + 0x7008);
		}
	}
	assert_int_equal(triage_instruction(&vcpu, IABT(FSC_TRANSLATION | LEVEL3)), EXIT_RESUME);
	fault_at(ROM_BASE, VA);
	assert_int_equal(triage_data(&vcpu, DABT(STORE64 | FSC_TRANSLATION | LEVEL3)), EXIT_RESUME);
	assert_int_equal(fault_ins, 18);
	fault_in_status = ERR_BUSY;
	assert_int_equal(triage_data(&vcpu, DABT(LOAD64 | FSC_TRANSLATION | LEVEL3)), EXIT_RESUME);
	/* Taken away on purpose: as if there were none. */
	fault_in_status = ERR_NOT_FOUND;
	assert_injected(
		triage_data(&vcpu, DABT(LOAD64 | FSC_TRANSLATION | LEVEL3)), DABT(0x10), VA);
	fault_at(SHARE_BASE, VA);
	assert_injected(triage_instruction(&vcpu, IABT(FSC_TRANSLATION)), IABT(0x10), VA);
}

/* The instruction says what it was. */
static void assert_decoded(uint64_t esr, uint64_t far)
{
	decoded.calls = 0;
	assert_int_equal(triage_data(&vcpu, esr), EXIT_SKIP);
	assert_int_equal(decoded.calls, 1);
	assert_int_equal(decoded.esr, esr);
	assert_int_equal(decoded.far, far);
}

/* Stores to ROM: by the region's policy. */
static void test_store_to_rom(void **state)
{
	static const uint64_t places[] = { ROM_BASE + 8, READER_BASE + 8 };
	uint64_t store = DABT(STORE64 | FSC_PERMISSION | LEVEL3);
	struct guest_regs before;

	(void)state;
	mapped = true;
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		permission_at(places[i]);
		assert_injected(triage_data(&vcpu, store), DABT(ISS_WNR | 0x10), VA_PAGE | 8);
		assert_injected(triage_data(&vcpu, DABT(ISS_WNR | FSC_PERMISSION | LEVEL3)),
			DABT(ISS_WNR | 0x10), VA);
	}
	shares[1].ignore_stores = true;
	before = vcpu.regs;
	assert_int_equal(triage_data(&vcpu, store), EXIT_SKIP);
	assert_memory_equal(&before, &vcpu.regs, sizeof(before));
	assert_int_equal(vcpu.aborts[ANSWER_IGNORE], 1);
	/* Without a syndrome it has to be looked at: a base may be to be written back. */
	assert_decoded(DABT(ISS_WNR | FSC_PERMISSION | LEVEL3), VA_PAGE | 8);
	/* A load has the right. */
	assert_int_equal(triage_data(&vcpu, DABT(LOAD64 | FSC_PERMISSION | LEVEL3)), EXIT_RESUME);
	assert_int_equal(fake_ops_of(FAKE_TLB_IPA), 1);
}

/* 4. A device, by the syndrome; the whole access must be inside. */
static void test_device(void **state)
{
	(void)state;
	fault_at(DEVICE_BASE, VA);
	assert_int_equal(triage_data(&vcpu, DABT(LOAD64 | FSC_TRANSLATION)), EXIT_SKIP);
	assert_int_equal(dev.offset, 8);
	assert_int_equal(vcpu.regs.x[2], 77);
	assert_int_equal(triage_data(&vcpu, DABT(STORE64 | FSC_TRANSLATION)), EXIT_SKIP);
	assert_int_equal(dev.writes, 1);
	fault_at(SMALL_BASE, VA_PAGE | 0x10);
	assert_injected(
		triage_data(&vcpu, DABT(LOAD64 | FSC_TRANSLATION)), DABT(0x10), VA_PAGE | 0x10);
	/* AArch32, the same by its syndrome alone */
	vcpu.regs.pstate = PSTATE_NRW;
	fault_at(DEVICE_BASE, VA_PAGE | 0xffc);
	assert_injected(
		triage_data(&vcpu, DABT(LOAD64 | FSC_TRANSLATION)), DABT(0x10), VA_PAGE | 0xffc);
	fault_at(DEVICE_BASE, VA_PAGE);
	assert_int_equal(triage_data(&vcpu, DABT(LOAD64 | FSC_TRANSLATION)), EXIT_SKIP);
	assert_int_equal(dev.offset, 0);
	/* code in device memory */
	vcpu.regs.pstate = PSTATE_EL1H;
	assert_injected(
		triage_instruction(&vcpu, IABT(FSC_TRANSLATION | LEVEL3)), IABT(0x10), VA_PAGE);
	assert_int_equal(dev.reads, 2);
	assert_int_equal(vcpu.aborts[ANSWER_EMULATE], 5);
}

/* Without a syndrome, or with one that may describe what another page has a part of. */
static void test_decoded(void **state)
{
	static const uint64_t accesses[] = { 0, ISS_WNR, LOAD64, STORE64 };
	static const uint64_t places[] = { DEVICE_BASE, HOLE };

	(void)state;
	vm.policy.absent_ignored = true;
	for (unsigned p = 0; p < ARRAY_SIZE(places); p++) {
		for (unsigned i = 0; i < ARRAY_SIZE(accesses); i++) {
			uint64_t esr = DABT(accesses[i] | FSC_TRANSLATION | LEVEL3);

			fault_at(places[p], VA_PAGE);
			assert_decoded(esr, VA_PAGE);
			fault_at(places[p], VA_PAGE | 0xff9);
			assert_decoded(esr, VA_PAGE | 0xff9);
		}
		/* A byte is never in two pages. */
		fault_at(places[p], VA_PAGE);
		decoded.calls = 0;
		assert_int_equal(
			triage_data(&vcpu, DABT(ISS_ISV | FSC_TRANSLATION | LEVEL3)), EXIT_SKIP);
		fault_at(places[p], VA_PAGE | 0xff8);
		assert_int_equal(
			triage_data(&vcpu, DABT(LOAD64 | FSC_TRANSLATION | LEVEL3)), EXIT_SKIP);
		assert_int_equal(decoded.calls, 0);
	}
	assert_int_equal(dev.reads, 2);
	assert_int_equal(dev.writes, 0);
	/* Where the answer does not depend on what it was, it isn't asked. */
	vm.policy.absent_ignored = false;
	assert_injected(triage_data(&vcpu, DABT(ISS_WNR | FSC_TRANSLATION)), DABT(ISS_WNR | 0x10),
		VA_PAGE | 0xff8);
	/* An emulator reports DC CVAP as such a load. */
	assert_decoded(DABT(FSC_TRANSLATION), VA_PAGE | 0xff8);
}

/* Nothing there: an external abort, or, as the VM's policy may be, zeros. */
static void test_nothing(void **state)
{
	(void)state;
	fault_at(HOLE, VA);
	assert_injected(
		triage_data(&vcpu, DABT(LOAD64 | FSC_TRANSLATION | LEVEL3)), DABT(0x10), VA);
	assert_injected(
		triage_data(&vcpu, DABT(STORE64 | FSC_TRANSLATION | 1)), DABT(ISS_WNR | 0x10), VA);
	assert_injected(
		triage_data(&vcpu, DABT(ISS_WNR | FSC_TRANSLATION | 1)), DABT(ISS_WNR | 0x10), VA);
	assert_injected(triage_instruction(&vcpu, IABT(FSC_TRANSLATION | 2)), IABT(0x10), VA);
	/* just below and just above */
	fault_at(DEVICE_BASE - PAGE_SIZE, VA);
	assert_injected(triage_data(&vcpu, DABT(LOAD64 | FSC_TRANSLATION)), DABT(0x10), VA);
	fault_at(RAM_BASE + RAM_SIZE, VA);
	assert_injected(triage_data(&vcpu, DABT(LOAD64 | FSC_TRANSLATION)), DABT(0x10), VA);
	assert_int_equal(dev.reads + dev.writes + fault_ins, 0);
}

static void test_nothing_ignored(void **state)
{
	struct guest_regs before;

	(void)state;
	vm.policy.absent_ignored = true;
	fault_at(HOLE, VA);
	before = vcpu.regs;
	assert_int_equal(triage_data(&vcpu, DABT(STORE64 | FSC_TRANSLATION)), EXIT_SKIP);
	assert_memory_equal(&before, &vcpu.regs, sizeof(before));
	assert_int_equal(triage_data(&vcpu, DABT(LOAD64 | FSC_TRANSLATION)), EXIT_SKIP);
	before.x[2] = 0;
	assert_memory_equal(&before, &vcpu.regs, sizeof(before));
	/* to XZR */
	assert_int_equal(triage_data(&vcpu, DABT(LOAD64 | ISS_SRT | FSC_TRANSLATION)), EXIT_SKIP);
	assert_memory_equal(&before, &vcpu.regs, sizeof(before));
	/* It is only about loads and stores. */
	assert_injected(triage_instruction(&vcpu, IABT(FSC_TRANSLATION)), IABT(0x10), VA);
	/* AArch32 over the end of the page: not by its syndrome, and not otherwise */
	vcpu.regs.pstate = PSTATE_NRW;
	fault_at(HOLE, VA_PAGE | 0xffd);
	assert_injected(
		triage_data(&vcpu, DABT(LOAD64 | FSC_TRANSLATION)), DABT(0x10), VA_PAGE | 0xffd);
	fault_at(HOLE, VA_PAGE | 0xff8);
	assert_int_equal(triage_data(&vcpu, DABT(LOAD64 | FSC_TRANSLATION)), EXIT_SKIP);
	fault_at(HOLE, VA_PAGE);
	assert_int_equal(triage_data(&vcpu, DABT(LOAD64 | FSC_TRANSLATION)), EXIT_SKIP);
	assert_int_equal(vcpu.aborts[ANSWER_IGNORE], 6);
}

/* Beyond what the VM's stage 2 takes: an address size fault, level 0, that says whether it was a
 * write. */
static void test_beyond(void **state)
{
	static const uint64_t places[] = { BEYOND, UINT64_C(0xfffffffff000) };
	static const uint64_t codes[] = { FSC_TRANSLATION, FSC_ADDRESS_SIZE, FSC_TRANSLATION | 3 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		fault_at(places[i], VA);
		for (unsigned c = 0; c < ARRAY_SIZE(codes); c++) {
			assert_injected(triage_data(&vcpu, DABT(LOAD64 | codes[c])), DABT(0), VA);
			assert_injected(
				triage_data(&vcpu, DABT(STORE64 | codes[c])), DABT(ISS_WNR), VA);
			assert_injected(
				triage_data(&vcpu, DABT(ISS_WNR | codes[c])), DABT(ISS_WNR), VA);
			assert_injected(triage_instruction(&vcpu, IABT(codes[c])), IABT(0), VA);
		}
	}
	/* It may be cache maintenance, by an emulator that doesn't say so. */
	assert_injected(triage_data(&vcpu, DABT(FSC_TRANSLATION)), DABT(0), VA);
	memory_at(RAM_BASE)[0] = 0xd50b7c22; /* dc cvap, x2 */
	set_desc(TABLE(3), 3, PC, RAM_BASE | DESC_PAGE);
	cmo.result = EXIT_SKIP;
	assert_int_equal(triage_data(&vcpu, DABT(FSC_TRANSLATION)), EXIT_SKIP);
	assert_int_equal(cmo.calls, 1);
	assert_int_equal(cmo.ipa, UINT64_C(0xfffffffff008));
	memory_at(RAM_BASE)[0] = 0xa9400c41; /* ldp x1, x3, [x2] */
	assert_injected(triage_data(&vcpu, DABT(FSC_TRANSLATION)), DABT(0), VA);
	assert_int_equal(decoded.calls, 0);
	/* The last page below is not beyond. */
	fault_at(BEYOND - PAGE_SIZE, VA);
	assert_injected(triage_data(&vcpu, DABT(LOAD64 | FSC_TRANSLATION)), DABT(0x10), VA);
}

/* 5. Nothing at the guest's own vector: it can't go on, and the VM is stopped. */
static void test_dead_vector(void **state)
{
	static const uint64_t places[] = { HOLE, DEVICE_BASE, BEYOND };

	(void)state;
	fake_reg(VBAR_EL1) = PC - 0x200;
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		fault_at(places[i], PC);
		assert_int_equal(
			triage_instruction(&vcpu, IABT(FSC_TRANSLATION | LEVEL3)), EXIT_STOP_VM);
		assert_int_equal(failures, i + 1);
	}
	/* At another place of the same page, from EL0, or for data, it is an abort like any other.
	 */
	fake_reg(VBAR_EL1) = PC - 0x204;
	assert_int_equal(triage_instruction(&vcpu, IABT(FSC_TRANSLATION | LEVEL3)), EXIT_INJECT);
	fake_reg(VBAR_EL1) = PC - 0x200;
	assert_int_equal(triage_data(&vcpu, DABT(LOAD64 | FSC_TRANSLATION)), EXIT_INJECT);
	vcpu.regs.pstate = PSTATE_EL0T;
	assert_int_equal(triage_instruction(&vcpu, IABT(FSC_TRANSLATION | LEVEL3)), EXIT_INJECT);
	vcpu.regs.pstate = PSTATE_EL1H;
	/* What is memory, and gave an abort of its own, is there. */
	assert_int_equal(triage_instruction(&vcpu, IABT(FSC_EXTERNAL)), EXIT_INJECT);
	fault_at(RAM_BASE, PC);
	assert_int_equal(triage_instruction(&vcpu, IABT(FSC_TRANSLATION)), EXIT_RESUME);
	assert_int_equal(failures, 3);
}

/* The same of an AArch32 EL1: the vector of Prefetch Aborts, in the mode that takes them. */
static void test_dead_vector32(void **state)
{
	(void)state;
	vcpu.aarch32 = true;
	vcpu.regs.pc = 0x4000200c;
	fake_reg(VBAR_EL1) = 0x40002000;
	fault_at(HOLE, vcpu.regs.pc);
	vcpu.regs.pstate = PSTATE_NRW | 0x17; /* abt */
	assert_int_equal(triage_instruction(&vcpu, IABT(FSC_TRANSLATION | LEVEL3)), EXIT_STOP_VM);
	assert_int_equal(failures, 1);
	vcpu.regs.pstate = PSTATE_NRW | 0x13; /* svc */
	assert_int_equal(triage_instruction(&vcpu, IABT(FSC_TRANSLATION | LEVEL3)), EXIT_INJECT);
	vcpu.regs.pstate = PSTATE_NRW | 0x17;
	fake_reg(VBAR_EL1) = 0x40002020;
	assert_int_equal(triage_instruction(&vcpu, IABT(FSC_TRANSLATION | LEVEL3)), EXIT_INJECT);
	assert_int_equal(failures, 1);
}

/* The guard of those that try again. */
static void test_retry(void **state)
{
	uint64_t esr = DABT(LOAD64 | FSC_PERMISSION | LEVEL3);

	(void)state;
	for (unsigned i = 0; i < RETRIES_MAX; i++)
		assert_int_equal(triage_retry(&vcpu, esr, VA), EXIT_RESUME);
	assert_int_equal(logs, 0);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(triage_retry(&vcpu, esr, VA), EXIT_RESCHEDULE);
	assert_int_equal(logs, 1);
	/* The level and the access's syndrome make no difference. */
	assert_int_equal(triage_retry(&vcpu, DABT(FSC_PERMISSION | 1), VA), EXIT_RESCHEDULE);
}

/* Anything that is another: it starts anew. */
static void test_retry_progress(void **state)
{
	uint64_t esr = DABT(LOAD64 | FSC_PERMISSION | LEVEL3);

	(void)state;
	for (unsigned change = 0; change < 6; change++) {
		for (unsigned i = 0; i <= RETRIES_MAX; i++)
			(void)triage_retry(&vcpu, esr, VA);
		assert_int_equal(triage_retry(&vcpu, esr, VA), EXIT_RESCHEDULE);
		switch (change) {
		case 0:
			vcpu.regs.pc += 4;
			break;
		case 1:
			vcpu.regs.x[30] ^= 1;
			break;
		case 2:
			vcpu.regs.x[0] ^= BIT(63);
			break;
		case 3:
			vcpu.regs.pstate ^= PSTATE_Z;
			break;
		case 4:
			esr ^= ISS_WNR;
			break;
		default:
			assert_int_equal(triage_retry(&vcpu, esr, VA + 8), EXIT_RESUME);
			break;
		}
		assert_int_equal(triage_retry(&vcpu, esr, VA), EXIT_RESUME);
	}
	assert_int_equal(logs, 6);
}

/* Through triage: a TLB that does not learn hurts nobody else, and is not given what the
 * architecture would not. */
static void test_retry_for_ever(void **state)
{
	uint64_t esr = DABT(LOAD64 | FSC_PERMISSION | LEVEL3);

	(void)state;
	mapped = true;
	permission_at(RAM_BASE);
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(
			triage_data(&vcpu, esr), i < RETRIES_MAX ? EXIT_RESUME : EXIT_RESCHEDULE);
	assert_int_equal(fake_ops_of(FAKE_TLB_IPA), 50);
	assert_int_equal(logs, 1);
}

/* No syndrome at all, however odd, does more than stop, skip, resume or inject, and what is
 * injected is one that a CPU could report. */
static void test_any_syndrome(void **state)
{
	static const uint64_t places[] = { RAM_BASE, ROM_BASE, SHARE_BASE, READER_BASE, DEVICE_BASE,
		HOLE, BEYOND };

	(void)state;
	for (unsigned p = 0; p < 2 * ARRAY_SIZE(places); p++) {
		uint64_t place = places[p / 2];

		mapped = p & 1;
		map_va(place);
		fault_at(place, VA);
		for (uint64_t upper = 0; upper < 1 << 9; upper++) {
			for (uint64_t fsc = 0; fsc < 64; fsc++) {
				/* ISV, SAS, SSE; EA, CM, S1PTW, WnR; FSC */
				uint64_t iss = (upper & 0xf0) << 17 | (upper & 0xf) << 6 | fsc;
				enum exit_result result = triage_data(&vcpu, DABT(iss));

				assert_true(result == EXIT_RESUME || result == EXIT_SKIP ||
					result == EXIT_INJECT || result == EXIT_RESCHEDULE);
				result = triage_instruction(&vcpu, IABT(iss));
				assert_true(result == EXIT_RESUME || result == EXIT_INJECT ||
					result == EXIT_RESCHEDULE);
				assert_int_equal(vcpu.inject.esr &
						(ISS_ISV | ISS_SAS | ISS_SSE | ISS_SRT | ISS_SF |
							ISS_AR | ISS_VNCR | ISS_EA | ISS_S1PTW),
					0);
			}
		}
	}
	assert_int_equal(vcpu.regs.pc, PC);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_hardware),
		TEST(test_tlb_conflict),
		TEST(test_reflected),
		TEST(test_odd),
		TEST(test_walk_in_memory),
		TEST(test_walk_elsewhere),
		TEST(test_walk_taken_away),
		TEST(test_walk_update),
		TEST(test_walk_changed),
		TEST(test_busy),
		TEST(test_large_addresses),
		TEST(test_permission),
		TEST(test_permission_elsewhere),
		TEST(test_permission_without_tables),
		TEST(test_maintenance),
		TEST(test_stale),
		TEST(test_fetch_from_shared),
		TEST(test_given),
		TEST(test_store_to_rom),
		TEST(test_device),
		TEST(test_decoded),
		TEST(test_nothing),
		TEST(test_maintenance_again),
		TEST(test_nothing_ignored),
		TEST(test_beyond),
		TEST(test_dead_vector),
		TEST(test_dead_vector32),
		TEST(test_retry),
		TEST(test_retry_progress),
		TEST(test_retry_for_ever),
		TEST(test_any_syndrome),
	};

	return cmocka_run_group_tests_name("triage", tests, NULL, NULL);
}
