/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cache maintenance by address: the tables of docs/aborts.md, cell by cell, against what the code
 * does, by abort (through hyp/trap/abort.c, with syndromes made up here) and by trap, at EL1 and
 * EL0, with stage 1 on and off. The VM has a piece of RAM, one of ROM and two of shared memory that
 * it may only read, and one device; a 2 MiB window of each piece isn't given yet.
 *
 * links: hyp/trap/cmo.c hyp/trap/abort.c hyp/trap/triage.c hyp/trap/triage_table.c
 * hyp/trap/triage_retry.c hyp/trap/emulate.c hyp/trap/emulate_access.c hyp/trap/emulate_regs.c
 * hyp/trap/place.c hyp/trap/guest_walk.c hyp/nested/vel2.c hyp/arch/sysreg_index.c hyp/arch/insn.c
 * hyp/arch/insn_address.c hyp/vdev/device.c hyp/vm/inject.c hyp/arch/features.c mm/walk_s1.c
 * mm/walk_table.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "doc_aborts.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/features.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/trap/abort.h"
#include "hyp/trap/cmo.h"
#include "hyp/trap/emulate.h"
#include "hyp/trap/exit.h"
#include "hyp/vdev/device.h"
#include "hyp/vm/inject.h"
#include "hyp/vm/vm.h"
#include "mm/guest_mem.h"
#include "mm/phys.h"
#include "mm/walk_s1.h"
#include "tests/unit/fake/cpu.h"

#define IPA_BITS      36
#define RAM           UINT64_C(0x40000000)
#define RAM_SIZE      MIB(8)
#define ROM           UINT64_C(0x60000000)
#define ROM_SIZE      MIB(4)
#define SHARED        UINT64_C(0x10000000) /* stores abort */
#define SHARED_QUIET  UINT64_C(0x12000000) /* stores are ignored */
#define SHARED_SIZE   MIB(4)
#define DEVICE        UINT64_C(0x09000000)
#define NOTHING       UINT64_C(0x0a000000)
#define BEYOND        BIT(IPA_BITS)
/* In all pieces of memory the second 2 MiB aren't given yet. */
#define NOT_GIVEN     BLOCK_SIZE
/* Where the machine has what the VM sees. */
#define PA_OFFSET     UINT64_C(0x100000000)
/* With stage 1 on: VA = IPA + VA_OFFSET, in blocks of 1 GiB. */
#define VA_OFFSET     GIB(128)
#define TABLE         (RAM + 0x3000)
#define CODE          (RAM + 0x1000)
#define IN_PAGE       UINT64_C(0x1248)

#define DESC_BLOCK    1
#define DESC_EL0      BIT(6)
#define DESC_READONLY BIT(7)
#define DESC_AF_BIT   BIT(10)

static struct vm vm;
static struct vcpu vcpu;
static uint64_t pc;

/* --- stage 2 --- */

static enum status fault_in_status;
static uint64_t faulted_in;
static unsigned fault_ins;
static bool vanishes; /* what was mapped when it was placed is gone when it is to be cleaned */
static unsigned lookups;
static enum mem_type page_type;

static struct stage2_region ram = { .ipa = { RAM }, .size = RAM_SIZE, .prot = MEM_RWX };
static struct stage2_region rom = { .ipa = { ROM }, .size = ROM_SIZE, .prot = MEM_R | MEM_X };
static struct stage2_share reader = { .ipa = { SHARED }, .size = SHARED_SIZE, .prot = MEM_R };
static struct stage2_share quiet = {
	.ipa = { SHARED_QUIET }, .size = SHARED_SIZE, .prot = MEM_R, .ignore_stores = true
};

#define IS_IN(piece, address) ((address).ipa - (piece)->ipa.ipa < (piece)->size)

const struct stage2_region *stage2_region_find(const struct stage2 *s2, ipa_t ipa)
{
	assert_ptr_equal(s2, &vm.stage2);
	return IS_IN(&ram, ipa) ? &ram : IS_IN(&rom, ipa) ? &rom : NULL;
}

const struct stage2_share *stage2_share_find(const struct stage2 *s2, ipa_t ipa)
{
	assert_ptr_equal(s2, &vm.stage2);
	return IS_IN(&reader, ipa) ? &reader : IS_IN(&quiet, ipa) ? &quiet : NULL;
}

bool stage2_lookup(struct stage2 *s2, ipa_t ipa, struct stage2_page *page)
{
	if (!stage2_region_find(s2, ipa) && !stage2_share_find(s2, ipa))
		return false;
	if ((ipa.ipa & NOT_GIVEN) || (lookups++ > 0 && vanishes))
		return false;
	*page = (struct stage2_page){ .pa = PA(ipa.ipa + PA_OFFSET), .type = page_type };
	return true;
}

enum status stage2_fault_in(struct stage2 *s2, ipa_t ipa)
{
	assert_ptr_equal(s2, &vm.stage2);
	fault_ins++;
	faulted_in = ipa.ipa;
	return fault_in_status;
}

/* --- the guest's memory: its table and its instruction --- */

static uint64_t block_bits; /* of every descriptor */
static bool no_block;
static uint32_t instruction;
static enum status fetch_status, table_status;

enum status guest_read_u64(struct stage2 *s2, ipa_t ipa, uint64_t *value)
{
	assert_ptr_equal(s2, &vm.stage2);
	if (ipa.ipa - TABLE >= PAGE_SIZE)
		return ERR_FAULT;
	*value = ((ipa.ipa - TABLE) / 8) * GIB(1) - VA_OFFSET;
	*value = no_block ? 0 : (*value & GENMASK(47, 30)) | block_bits;
	return table_status;
}

enum status guest_read(struct stage2 *s2, ipa_t ipa, void *destination, size_t size)
{
	assert_ptr_equal(s2, &vm.stage2);
	assert_int_equal(size, sizeof(instruction));
	assert_int_equal(ipa.ipa, CODE);
	memcpy(destination, &instruction, size);
	return fetch_status;
}

/* --- what is beside --- */

enum status guest_write(struct stage2 *s2, ipa_t ipa, const void *source, size_t size)
{
	(void)s2, (void)ipa, (void)source, (void)size;
	fail_msg("maintenance writes no memory");
	return OK;
}

void guest_sync(struct stage2 *s2, ipa_t ipa, uint64_t size)
{
	(void)s2, (void)ipa, (void)size;
}

static enum mmio_result no_read(
	struct vcpu *by, void *device, uint64_t offset, unsigned width, uint64_t *value)
{
	(void)by, (void)device, (void)offset, (void)width, (void)value;
	fail_msg("maintenance reads no device");
	return MMIO_DONE;
}

static enum mmio_result no_write(
	struct vcpu *by, void *device, uint64_t offset, unsigned width, uint64_t value)
{
	(void)by, (void)device, (void)offset, (void)width, (void)value;
	fail_msg("maintenance writes no device");
	return MMIO_DONE;
}

static const struct device_ops ops = { .name = "none", .read = no_read, .write = no_write };

void *mm_zalloc(size_t size)
{
	return calloc(1, size);
}

void mm_free(void *pointer, size_t size)
{
	(void)size;
	free(pointer);
}

static unsigned logs;

void vcpu_log(struct vcpu *by, const char *fmt, ...)
{
	assert_ptr_equal(by, &vcpu);
	(void)fmt;
	logs++;
}

void vm_fail(struct vcpu *by, const char *fmt, ...)
{
	(void)by;
	fail_msg("%s", fmt);
}

const char *exit_class_name(unsigned ec)
{
	(void)ec;
	return "";
}

/* --- one case --- */

static const char *const op_names[NR_CMO_OPS] = {
	[CMO_DC_IVAC] = "DC IVAC",
	[CMO_DC_CVAC] = "DC CVAC",
	[CMO_DC_CVAU] = "DC CVAU",
	[CMO_DC_CVAP] = "DC CVAP",
	[CMO_DC_CVADP] = "DC CVADP",
	[CMO_DC_CIVAC] = "DC CIVAC",
	[CMO_DC_ZVA] = "DC ZVA",
	[CMO_IC_IVAU] = "IC IVAU",
};

/* The words, and for the trap the encodings. */
static const struct {
	uint32_t word;
	unsigned encoding;
} op_codes[NR_CMO_OPS] = {
	[CMO_DC_IVAC] = { 0xd5087620, SYS_DC_IVAC },
	[CMO_DC_CVAC] = { 0xd50b7a20, SYS_DC_CVAC },
	[CMO_DC_CVAU] = { 0xd50b7b20, SYS_DC_CVAU },
	[CMO_DC_CVAP] = { 0xd50b7c20, SYS_DC_CVAP },
	[CMO_DC_CVADP] = { 0xd50b7d20, SYS_DC_CVADP },
	[CMO_DC_CIVAC] = { 0xd50b7e20, SYS_DC_CIVAC },
	[CMO_DC_ZVA] = { 0xd50b7420, 0 },
	[CMO_IC_IVAU] = { 0xd50b7520, SYS_IC_IVAU },
};

static const struct place_case {
	const char *name; /* its column */
	uint64_t ipa;
	bool stores_ignored;
} places[] = {
	{ "RAM", RAM + IN_PAGE, false },
	{ "RAM", RAM + RAM_SIZE - BLOCK_SIZE - 1, false },
	{ "RAM, not given", RAM + NOT_GIVEN + IN_PAGE, false },
	{ "ROM", ROM + IN_PAGE, false },
	{ "ROM", SHARED + IN_PAGE, false },
	{ "ROM", SHARED_QUIET + IN_PAGE, true },
	{ "ROM, not given", ROM + NOT_GIVEN + IN_PAGE, false },
	{ "device", DEVICE + 0x48, false },
	{ "nothing", NOTHING + IN_PAGE, false },
	{ "nothing", BEYOND - 1, false },
	{ "beyond", BEYOND + IN_PAGE, false },
	{ "beyond", BIT(37) + IN_PAGE, false },
};

static bool same(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* A cell of one of the tables by row and column; the test fails where there is none. */
#define CELL(table, row, column) \
	cell(&(table)[0][0], ARRAY_SIZE(table), ARRAY_SIZE((table)[0]), row, column)

static const char *cell(
	const char *const *table, size_t rows, size_t columns, const char *row, const char *column)
{
	for (size_t r = 1; r < rows; r++) {
		for (size_t c = 1; c < columns && same(table[r * columns], row); c++) {
			if (same(table[c], column))
				return table[r * columns + c];
		}
	}
	fail_msg("docs/aborts.md has no cell for %s, %s", row, column);
	return "";
}

static const char *word_of(enum cmo_how how, enum cmo_op op, const char *place)
{
	switch (how) {
	case CMO_BY_TRANSLATION:
		return CELL(cmo_by_translation, op_names[op], place);
	case CMO_BY_PERMISSION:
		return CELL(cmo_by_permission, op_names[op], place);
	default:
		return CELL(cmo_by_trap, op_names[op], place);
	}
}

/* What the manifest says, in its own words. */
static const char *value_of(const char *word, bool stores_ignored)
{
	if (same(word, "ro-dc-ivac"))
		return vm.policy.ivac_faults ? "fault" : "clean";
	if (same(word, "absent-cmo"))
		return vm.policy.absent_cmo_aborts ? "abort" : "skip";
	if (same(word, "absent-access"))
		return vm.policy.absent_ignored ? "ignore" : "abort";
	return stores_ignored ? "ignore" : "abort";
}

static const char *answer_of(const char *word, bool stores_ignored)
{
	for (size_t r = 1; r < ARRAY_SIZE(cmo_policy); r++) {
		if (same(cmo_policy[r][0], word) &&
			same(cmo_policy[r][1], value_of(word, stores_ignored)))
			return cmo_policy[r][2];
	}
	return word;
}

static uint64_t iss_of(const char *answer, enum cmo_op op)
{
	const char *kind = op == CMO_DC_ZVA ? "DC ZVA" : "DC, IC";

	for (size_t r = 1; r < ARRAY_SIZE(cmo_syndromes); r++) {
		const char *const *row = cmo_syndromes[r];

		if (same(row[0], answer) && same(row[1], kind))
			return strtoul(row[2], NULL, 0) | (same(row[3], "1") ? ISS_CM : 0) |
				(same(row[4], "1") ? ISS_WNR : 0);
	}
	fail_msg("docs/aborts.md has no syndrome for %s of %s", answer, kind);
	return 0;
}

static void expect_fault(enum exit_result result, uint64_t iss, uint64_t far)
{
	assert_int_equal(result, EXIT_INJECT);
	assert_int_equal(vcpu.inject.esr, ESR_MAKE(EC_DATA_ABORT_LOWER, iss));
	assert_true(vcpu.inject.has_far);
	assert_int_equal(vcpu.inject.far, far);
	assert_int_equal(fault_ins + fake_op_count, 0);
}

static void expect_performed(enum exit_result result, enum cmo_op op, uint64_t ipa)
{
	assert_int_equal(result, EXIT_SKIP);
	assert_int_equal(fake_op_count, 1);
	assert_int_equal(fake_ops[0].kind, FAKE_CACHE_MAINTAIN);
	assert_int_equal(fake_ops[0].address, (uintptr_t)pa_to_ptr(PA(ipa + PA_OFFSET)));
	assert_int_equal(fake_ops[0].extra, op);
	assert_int_equal(fault_ins, 0);
}

static void expect_untouched(enum exit_result result, enum exit_result expected)
{
	assert_int_equal(result, expected);
	assert_int_equal(fault_ins + fake_op_count, 0);
	assert_int_equal(vcpu.inject.esr, 0);
}

static void expect(const char *answer, enum exit_result result, enum cmo_op op,
	const struct place_case *place, uint64_t far)
{
	assert_int_equal(vcpu.regs.pc, pc);
	if (same(answer, "again")) {
		/* Triage has an old entry dropped from the TLB. */
		fake_op_count -= fake_ops_of(FAKE_TLB_IPA);
		expect_untouched(result, EXIT_RESUME);
	} else if (same(answer, "skip")) {
		expect_untouched(result, EXIT_SKIP);
	} else if (same(answer, "perform")) {
		expect_performed(result, op, place->ipa);
	} else if (same(answer, "give")) {
		assert_int_equal(result, EXIT_RESUME);
		assert_int_equal(fault_ins, 1);
		assert_int_equal(faulted_in, place->ipa);
		assert_int_equal(fake_op_count, 0);
	} else if (same(answer, "-")) {
		assert_int_equal(result, EXIT_INJECT);
		assert_int_equal(ESR_GET_EC(vcpu.inject.esr), EC_UNKNOWN);
	} else {
		expect_fault(result, iss_of(answer, op), far);
	}
}

static void forget(void)
{
	fake_op_count = 0;
	fault_ins = lookups = logs = 0;
	vcpu.inject = (struct injection){ 0 };
	vcpu.retry.count = 0;
}

static void at_el(unsigned el)
{
	vcpu.regs.pstate = el == 1 ? PSTATE_EL1H : 0;
}

/* The address by which the guest names that place. */
static uint64_t stage1(bool on, uint64_t ipa)
{
	fake_reg(SCTLR_EL1) = on ? SCTLR_EL1_M | SCTLR_EL1_C : 0;
	vcpu.regs.pc = pc = CODE + (on ? VA_OFFSET : 0);
	return ipa + (on ? VA_OFFSET : 0);
}

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	memset(&vm, 0, sizeof(vm));
	memset(&vcpu, 0, sizeof(vcpu));
	vcpu.vm = &vm;
	vm.stage2.ipa_bits = IPA_BITS;
	assert_int_equal(device_table_create(&vm, 1), OK);
	assert_int_equal(device_add(&vm, DEVICE, PAGE_SIZE, NULL, &ops, WIDTHS_ALL), OK);
	vcpu.devices = vm.devices;
	vcpu.hcr = HCR_EL2_VM;
	at_el(1);
	fake_reg(ID_AA64MMFR0_EL1) = 0;
	fake_reg(TTBR0_EL1) = TABLE;
	fake_reg(TCR_EL1) = 25 | FIELD_PREP(TCR_IPS, 2) | TCR_EPD1; /* 39 bits of VA, 40 of PA */
	stage1(false, 0);
	block_bits = DESC_BLOCK | DESC_AF_BIT | DESC_EL0;
	no_block = vanishes = false;
	page_type = MEM_NORMAL;
	fault_in_status = fetch_status = table_status = OK;
	forget();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	device_table_destroy(&vm);
	return 0;
}

static void set_policy(unsigned bits)
{
	vm.policy.ivac_faults = bits & 1;
	vm.policy.absent_cmo_aborts = bits & 2;
	vm.policy.absent_ignored = bits & 4;
}
#define POLICIES 8

/* --- the tables themselves --- */

/* Each operation has a row, each place a column, and nothing else is there. */
static void test_tables_whole(void **state)
{
	static const char *const *const tables[] = { &cmo_by_translation[0][0],
		&cmo_by_permission[0][0], &cmo_by_trap[0][0] };

	(void)state;
	assert_int_equal(ARRAY_SIZE(cmo_by_translation), NR_CMO_OPS + 1);
	assert_int_equal(ARRAY_SIZE(cmo_by_permission), NR_CMO_OPS + 1);
	assert_int_equal(ARRAY_SIZE(cmo_by_trap), NR_CMO_OPS + 1);
	assert_int_equal(ARRAY_SIZE(cmo_by_trap[0]), NR_PLACES + 1);
	assert_int_equal(ARRAY_SIZE(cmo_rights), NR_CMO_OPS);
	for (unsigned t = 0; t < ARRAY_SIZE(tables); t++) {
		for (unsigned op = 0; op < NR_CMO_OPS; op++)
			assert_string_equal(tables[t][(op + 1) * (NR_PLACES + 1)], op_names[op]);
	}
}

/* --- by abort --- */

static const uint64_t translation_codes[] = { FSC_TRANSLATION, FSC_ACCESS_FLAG, FSC_ADDRESS_SIZE };
static const uint64_t permission_codes[] = { FSC_PERMISSION };

/* HPFAR_EL2 is not defined on a permission fault: it then points somewhere else. */
static void fault_at(enum cmo_how how, uint64_t va, const struct place_case *place)
{
	uint64_t ipa = how == CMO_BY_PERMISSION ? NOTHING + 0x5000 : place->ipa;

	fake_reg(FAR_EL2) = va;
	fake_reg(HPFAR_EL2) = ipa >> PAGE_SHIFT << 4;
}

/* With all that the syndrome may say besides: WnR, ISV with what it describes, the level. */
static void check_syndromes(
	enum cmo_how how, enum cmo_op op, const struct place_case *place, const char *answer)
{
	const uint64_t *codes = how == CMO_BY_PERMISSION ? permission_codes : translation_codes;
	size_t count = how == CMO_BY_PERMISSION ? 1 : ARRAY_SIZE(translation_codes);

	for (size_t n = 0; n < count * 4 * 4; n++) {
		uint64_t iss = ISS_CM | codes[n / 16] | (n & 3) | (n & 4 ? ISS_WNR : 0) |
			(n & 8 ? ISS_ISV | ISS_SF | FIELD_PREP(ISS_SAS, 3) : 0);

		forget();
		expect(answer, abort_handle_data(&vcpu, ESR_MAKE(EC_DATA_ABORT_LOWER, iss)), op,
			place, fake_reg(FAR_EL2));
	}
}

/*
 * What QEMU reports without CM: DC CVAP and DC CVADP as loads, FAR at the start of the line, and DC
 * ZVA, a store, as every CPU does. The instruction says what it is.
 */
static void check_by_instruction(
	enum cmo_how how, enum cmo_op op, const struct place_case *place, const char *answer)
{
	uint64_t iss = (how == CMO_BY_PERMISSION ? FSC_PERMISSION : FSC_TRANSLATION) | 3, far;

	/* What isn't mapped can't lack a right: triage lets the guest try again. */
	if (how == CMO_BY_PERMISSION && !same(place->name, "RAM") && !same(place->name, "ROM"))
		return;
	/* There a store is all that triage need know; and a walk says no more than that. */
	if (same(place->name, "beyond") && op == CMO_DC_ZVA)
		return;
	if (op == CMO_DC_ZVA)
		iss |= ISS_WNR;
	else if ((op != CMO_DC_CVAP && op != CMO_DC_CVADP) || how == CMO_BY_PERMISSION)
		return; /* loads are permitted everywhere */
	else
		fake_reg(FAR_EL2) = ALIGN_DOWN(fake_reg(FAR_EL2), 64);
	far = fake_reg(FAR_EL2);
	forget();
	expect(answer, abort_handle_data(&vcpu, ESR_MAKE(EC_DATA_ABORT_LOWER, iss)), op,
		&(struct place_case){ .ipa = place->ipa - (vcpu.regs.x[7] - far) }, far);
}

static void check_abort(enum cmo_how how, enum cmo_op op, const struct place_case *place)
{
	uint64_t esr = ESR_MAKE(
		EC_DATA_ABORT_LOWER, how == CMO_BY_PERMISSION ? FSC_PERMISSION : FSC_TRANSLATION);
	const char *answer = answer_of(word_of(how, op, place->name), place->stores_ignored);

	for (unsigned el = 0; el < 2; el++) {
		for (unsigned on = 0; on < 2; on++) {
			at_el(el);
			fault_at(how, stage1(on, place->ipa), place);
			instruction = op_codes[op].word | 7;
			vcpu.regs.x[7] = fake_reg(FAR_EL2);
			forget();
			expect(answer, cmo_handle_insn(&vcpu, esr, op, IPA(place->ipa)), op, place,
				fake_reg(FAR_EL2));
			/* Of what is performed elsewhere than in ROM the syndrome is enough, and it
			 * is the same for all. A walk never leads beyond. */
			if (op != CMO_DC_ZVA &&
				!(how == CMO_BY_PERMISSION && same(place->name, "beyond")))
				check_syndromes(how, op, place, answer);
			check_by_instruction(how, op, place, answer);
		}
	}
}

static void test_aborts(void **state)
{
	(void)state;
	block_bits |= DESC_READONLY; /* else EL1 may not execute it */
	for (unsigned policy = 0; policy < POLICIES; policy++) {
		set_policy(policy);
		for (enum cmo_op op = 0; op < NR_CMO_OPS; op++) {
			for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
				check_abort(CMO_BY_TRANSLATION, op, &places[i]);
				check_abort(CMO_BY_PERMISSION, op, &places[i]);
			}
		}
	}
}

/* S1PTW: it is the guest's table that was not there, whatever else the syndrome says. */
static void test_abort_on_walk(void **state)
{
	uint64_t iss = ISS_CM | ISS_WNR | ISS_S1PTW | FSC_TRANSLATION | 3;
	const struct place_case place = { "RAM, not given", RAM + NOT_GIVEN, false };

	(void)state;
	vm.policy.absent_cmo_aborts = true;
	fault_at(CMO_BY_TRANSLATION, stage1(true, NOTHING), &place);
	assert_int_equal(abort_handle_data(&vcpu, ESR_MAKE(EC_DATA_ABORT_LOWER, iss)), EXIT_RESUME);
	assert_int_equal(faulted_in, place.ipa);
}

/* Only where it makes a difference is the instruction looked at; then it must be one. */
static void test_instruction(void **state)
{
	static const uint32_t others[] = {
		0, 0xf9400041, /* ldr x1, [x2] */
		0xd50b7420,    /* dc zva, x0 */
		0xd5087640,    /* dc isw, x0 */
		0xd528762f,    /* sysl */
		0xd5187621,    /* msr S3_0_C7_C6_1, x1 */
	};
	uint64_t esr = ESR_MAKE(EC_DATA_ABORT_LOWER, ISS_CM | ISS_WNR | FSC_PERMISSION | 3);

	(void)state;
	block_bits |= DESC_READONLY;
	stage1(true, ROM);
	for (unsigned i = 0; i < ARRAY_SIZE(others); i++) {
		instruction = others[i];
		expect_untouched(cmo_handle_abort(&vcpu, esr, IPA(ROM)), EXIT_RESUME);
	}
	instruction = op_codes[CMO_DC_IVAC].word;
	fetch_status = ERR_FAULT;
	expect_untouched(cmo_handle_abort(&vcpu, esr, IPA(ROM)), EXIT_RESUME);
	/* It will never be readable. */
	for (unsigned i = 0; i < 2; i++) {
		fetch_status = i == 0 ? ERR_IO : ERR_NOT_SUPPORTED;
		assert_int_equal(cmo_handle_abort(&vcpu, esr, IPA(ROM)), EXIT_INJECT);
		assert_int_equal(vcpu.inject.esr & 0x17f, ISS_CM | ISS_WNR | FSC_EXTERNAL);
		assert_int_equal(fake_op_count, 0);
		vcpu.inject = (struct injection){ 0 };
	}
	fetch_status = OK;
	vcpu.regs.pstate = PSTATE_NRW;
	expect_untouched(cmo_handle_abort(&vcpu, esr, IPA(ROM)), EXIT_RESUME);
	/* An AArch32 EL1 has maintenance; which isn't known. */
	vcpu.aarch32 = true;
	expect_performed(cmo_handle_abort(&vcpu, esr, IPA(ROM)), CMO_DC_CIVAC, ROM);
	vcpu.aarch32 = false;
	forget();
	at_el(1);
	expect_performed(cmo_handle_abort(&vcpu, esr, IPA(ROM)), CMO_DC_IVAC, ROM);
	/* Elsewhere it need not be readable. */
	forget();
	fetch_status = ERR_FAULT;
	expect_untouched(cmo_handle_abort(&vcpu, esr, IPA(NOTHING)), EXIT_SKIP);
	expect_untouched(cmo_handle_abort(&vcpu, esr, IPA(RAM)), EXIT_RESUME);
}

/* --- giving, and what goes away meanwhile --- */

static void test_give(void **state)
{
	uint64_t esr = ESR_MAKE(EC_DATA_ABORT_LOWER, ISS_CM | ISS_WNR | FSC_TRANSLATION | 3);
	uint64_t lazy = RAM + NOT_GIVEN;

	(void)state;
	fake_reg(FAR_EL2) = lazy;
	fault_in_status = ERR_BUSY;
	assert_int_equal(cmo_handle_abort(&vcpu, esr, IPA(lazy)), EXIT_RESUME);
	/* Taken away on purpose: nothing is there. */
	fault_in_status = ERR_NOT_FOUND;
	assert_int_equal(cmo_handle_abort(&vcpu, esr, IPA(lazy)), EXIT_SKIP);
	assert_int_equal(cmo_handle_trap(&vcpu, SYS_DC_CIVAC, lazy), EXIT_SKIP);
	vm.policy.absent_cmo_aborts = true;
	assert_int_equal(cmo_handle_abort(&vcpu, esr, IPA(lazy)), EXIT_INJECT);
	assert_int_equal(
		vcpu.inject.esr, ESR_MAKE(EC_DATA_ABORT_LOWER, ISS_CM | ISS_WNR | FSC_EXTERNAL));
	assert_int_equal(fault_ins, 4);
	assert_int_equal(fake_op_count, 0);
}

static void test_vanishes(void **state)
{
	(void)state;
	vanishes = true;
	expect_untouched(cmo_handle_trap(&vcpu, SYS_DC_CVAC, RAM), EXIT_RESUME);
}

/* Real registers that a VM was given aren't in Lintel's tables, nor in a cache. */
static void test_real_device(void **state)
{
	(void)state;
	page_type = MEM_DEVICE_nGnRE;
	expect_untouched(cmo_handle_trap(&vcpu, SYS_DC_CVAC, RAM), EXIT_SKIP);
}

/* --- by trap --- */

static void check_trap(enum cmo_op op, const struct place_case *place, unsigned el, bool on)
{
	uint64_t va = stage1(on, place->ipa);
	const char *answer =
		answer_of(word_of(CMO_BY_TRAP, op, place->name), place->stores_ignored);
	enum exit_result result;

	at_el(el);
	forget();
	result = cmo_handle_trap(&vcpu, op_codes[op].encoding, va);
	/* Such tables are themselves at fault, at the level where they say so. */
	if (on && same(place->name, "beyond"))
		expect_fault(result, ISS_CM | ISS_WNR | FST_ADDRESS_SIZE | 1, va);
	else
		expect(answer, result, op, place, va);
}

static void test_traps(void **state)
{
	(void)state;
	for (unsigned n = 0; n < POLICIES * NR_CMO_OPS * ARRAY_SIZE(places) * 4; n++) {
		enum cmo_op op = n / 4 % NR_CMO_OPS;
		unsigned el = n & 1;

		set_policy(n / 4 / NR_CMO_OPS % POLICIES);
		if (op == CMO_DC_ZVA || (op == CMO_DC_IVAC && el == 0))
			continue;
		check_trap(op, &places[n / 4 / NR_CMO_OPS / POLICIES], el, n & 2);
	}
}

/* No trap brings DC ZVA here, so the table says that nothing is known of it. */
static void test_no_trap_of_zva(void **state)
{
	(void)state;
	for (unsigned place = 0; place < NR_PLACES; place++) {
		assert_int_equal(cmo_decide(CMO_BY_TRAP, CMO_DC_ZVA, place), CMO_UNDEFINED);
		assert_string_equal(cmo_by_trap[CMO_DC_ZVA + 1][place + 1], "-");
	}
}

/* Faults of the guest's own tables, as the CPU would report them. */
static void test_stage1_faults(void **state)
{
	uint64_t va = stage1(true, RAM + IN_PAGE), walk = ISS_CM | ISS_WNR;

	(void)state;
	no_block = true;
	expect_fault(cmo_handle_trap(&vcpu, SYS_DC_CIVAC, va), walk | FSC_TRANSLATION | 1, va);
	no_block = false;
	block_bits &= ~DESC_AF_BIT;
	expect_fault(cmo_handle_trap(&vcpu, SYS_IC_IVAU, va), walk | FSC_ACCESS_FLAG | 1, va);
	/* Memory is being given where they are. */
	forget();
	table_status = ERR_BUSY;
	expect_untouched(cmo_handle_trap(&vcpu, SYS_DC_CVAU, va), EXIT_RESUME);
	fake_reg(TTBR0_EL1) = NOTHING;
	expect_fault(cmo_handle_trap(&vcpu, SYS_DC_CVAU, va), walk | FSC_EXTERNAL_ON_WALK | 1, va);
	/* A granule that this CPU hasn't got is another; where there is none nothing is walked. */
	fake_reg(TCR_EL1) |= FIELD_PREP(TCR_TG0, 2);
	expect_fault(cmo_handle_trap(&vcpu, SYS_DC_CVAU, va), walk | FSC_EXTERNAL_ON_WALK | 1, va);
	fake_reg(ID_AA64MMFR0_EL1) = UINT64_C(0xff000000);
	expect_fault(cmo_handle_trap(&vcpu, SYS_DC_CVAC, va), walk | FSC_EXTERNAL, va);
}

static bool has_right(const char *right, bool may_read, bool may_write)
{
	return same(right, "none") || (same(right, "read") && may_read) ||
		(same(right, "write") && may_write);
}

static void test_rights(void **state)
{
	static const struct {
		uint64_t bits;
		bool read[2], write[2]; /* at EL0, EL1 */
	} rights[] = {
		{ 0, { false, true }, { false, true } },
		{ DESC_EL0, { true, true }, { true, true } },
		{ DESC_READONLY, { false, true }, { false, false } },
		{ DESC_READONLY | DESC_EL0, { true, true }, { false, false } },
	};
	uint64_t va = stage1(true, RAM + IN_PAGE);

	(void)state;
	for (unsigned n = 0; n < NR_CMO_OPS * 2 * ARRAY_SIZE(rights); n++) {
		enum cmo_op op = n / 2 % NR_CMO_OPS;
		unsigned el = n & 1, r = n / 2 / NR_CMO_OPS;
		const char *right;
		enum exit_result result;

		if (op == CMO_DC_ZVA)
			continue;
		right = CELL(cmo_rights, op_names[op], el ? "at EL1" : "at EL0");
		assert_false(el == 1 && same(right, "read")); /* it has that where anything is */
		if (same(right, "undefined"))                 /* the CPU says so */
			continue;
		block_bits = DESC_BLOCK | DESC_AF_BIT | rights[r].bits;
		at_el(el);
		forget();
		result = cmo_handle_trap(&vcpu, op_codes[op].encoding, va);
		if (has_right(right, rights[r].read[el], rights[r].write[el]))
			expect_performed(result, op, RAM + IN_PAGE);
		else
			expect_fault(result, ISS_CM | ISS_WNR | FSC_PERMISSION | 1, va);
	}
}

/* Without an address: done, whatever Xt is. */
static void test_all_code(void **state)
{
	static const unsigned encodings[] = { SYS_IC_IALLU, SYS_IC_IALLUIS };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(encodings); i++) {
		forget();
		assert_int_equal(cmo_handle_trap(&vcpu, encodings[i], BEYOND), EXIT_SKIP);
		assert_int_equal(fake_op_count, 1);
		assert_int_equal(fake_ops[0].kind, FAKE_CACHE_CODE);
	}
}

/* A fault that a policy makes is said in the log: it may be a surprise. */
static void test_said(void **state)
{
	(void)state;
	assert_int_equal(cmo_handle_trap(&vcpu, SYS_DC_IVAC, ROM), EXIT_SKIP);
	assert_int_equal(cmo_handle_trap(&vcpu, SYS_DC_IVAC, NOTHING), EXIT_SKIP);
	assert_int_equal(logs, 0);
	set_policy(3);
	assert_int_equal(cmo_handle_trap(&vcpu, SYS_DC_IVAC, ROM), EXIT_INJECT);
	assert_int_equal(logs, 1);
	assert_int_equal(cmo_handle_trap(&vcpu, SYS_DC_IVAC, NOTHING), EXIT_INJECT);
	assert_int_equal(logs, 2);
}

/* --- what traps it --- */

static void expect_trapped(enum trap_cmo policy, bool fgt, uint64_t hcr, bool loads)
{
	vm.policy.trap_cmo = policy;
	cpu_features.fgt = fgt;
	vcpu.hcr = HCR_EL2_VM;
	vcpu.on_demand = 0;
	cmo_part.vcpu_reset(&vcpu);
	assert_int_equal(vcpu.hcr, HCR_EL2_VM | hcr);
	assert_int_equal(vcpu.on_demand, loads ? BIT(PART_CMO) : 0);
}

static void test_part(void **state)
{
	uint64_t all = HCR_EL2_TPCP | HCR_EL2_TPU;

	(void)state;
	expect_trapped(TRAP_CMO_NONE, true, 0, false);
	expect_trapped(TRAP_CMO_NONE, false, 0, false);
	expect_trapped(TRAP_CMO_ALL, true, all, false);
	expect_trapped(TRAP_CMO_ALL, false, all, false);
	expect_trapped(TRAP_CMO_IVAC, true, 0, true);
	expect_trapped(TRAP_CMO_IVAC, false, HCR_EL2_TPCP, false);
	/* The fine-grained trap isn't for AArch32. */
	vm.policy.aarch32 = true;
	expect_trapped(TRAP_CMO_IVAC, true, HCR_EL2_TPCP, false);
	vm.policy.aarch32 = false;
	assert_true(cmo_part.on_demand);
	cmo_part.vcpu_load(&vcpu);
	assert_int_equal(fake_reg(HFGITR_EL2), BIT(3));
	cmo_part.vcpu_put(&vcpu);
	assert_int_equal(fake_reg(HFGITR_EL2), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_tables_whole),
		TEST(test_aborts),
		TEST(test_abort_on_walk),
		TEST(test_instruction),
		TEST(test_give),
		TEST(test_vanishes),
		TEST(test_real_device),
		TEST(test_traps),
		TEST(test_no_trap_of_zva),
		TEST(test_stage1_faults),
		TEST(test_rights),
		TEST(test_all_code),
		TEST(test_said),
		TEST(test_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
