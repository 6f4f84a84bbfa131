/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TLBI of a guest hypervisor's: every encoding there could be, and what each takes out of the TLBs
 * and out of the shadows, and what it leaves there.
 *
 * links: hyp/nested/tlbi.c hyp/nested/tlbi_op.c hyp/nested/shadow.c hyp/nested/shadow_table.c
 * mm/stage2.c mm/stage2_end.c mm/stage2_regs.c mm/vmid.c mm/pgtable.c mm/pgtable_desc.c mm/page.c
 * mm/page_init.c mm/page_table.c hyp/base/bitmap.c hyp/base/format.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/nested/shadow_state.h"
#include "hyp/nested/tlbi.h"
#include "hyp/nested/tlbi_op.h"
#include "mm/page.h"
#include "mm/pgtable_desc.h"
#include "mm/stage2_regs.h"
#include "mm/vmid.h"
#include "tests/unit/fake/cpu.h"
#include "tests/unit/fake/memory.h"

static void take_shadow(struct nested *nested)
{
	shadow_enter(nested, shadow_take(nested));
}

#define TLBI(op1, crn, crm, op2) SYSREG_ENC(1, op1, crn, crm, op2)

enum exit_result inject_undefined(struct vcpu *vcpu)
{
	(void)vcpu;
	return EXIT_INJECT;
}

/* --- encodings --- */

/* DDI 0487 C5.5, by name; CRm of this CPU's, the inner and the outer shareable one, then op2 of
 * each. */
static const struct row {
	const char *name;
	uint8_t op1, crm[3], op2[3];
	enum tlbi_kind kind;
	enum tlb_guest_op op;
	bool range;
} rows[] = {
	{ "VMALLE1", 0, { 7, 3, 1 }, { 0, 0, 0 }, TLBI_STAGE1, TLB_VMALLE1, false },
	{ "VAE1", 0, { 7, 3, 1 }, { 1, 1, 1 }, TLBI_STAGE1, TLB_VAE1, false },
	{ "ASIDE1", 0, { 7, 3, 1 }, { 2, 2, 2 }, TLBI_STAGE1, TLB_ASIDE1, false },
	{ "VAAE1", 0, { 7, 3, 1 }, { 3, 3, 3 }, TLBI_STAGE1, TLB_VAAE1, false },
	{ "VALE1", 0, { 7, 3, 1 }, { 5, 5, 5 }, TLBI_STAGE1, TLB_VALE1, false },
	{ "VAALE1", 0, { 7, 3, 1 }, { 7, 7, 7 }, TLBI_STAGE1, TLB_VAALE1, false },
	{ "RVAE1", 0, { 6, 2, 5 }, { 1, 1, 1 }, TLBI_STAGE1, TLB_RVAE1, true },
	{ "RVAAE1", 0, { 6, 2, 5 }, { 3, 3, 3 }, TLBI_STAGE1, TLB_RVAAE1, true },
	{ "RVALE1", 0, { 6, 2, 5 }, { 5, 5, 5 }, TLBI_STAGE1, TLB_RVALE1, true },
	{ "RVAALE1", 0, { 6, 2, 5 }, { 7, 7, 7 }, TLBI_STAGE1, TLB_RVAALE1, true },
	{ "ALLE2", 4, { 7, 3, 1 }, { 0, 0, 0 }, TLBI_EL2, TLB_VMALLE1, false },
	{ "VAE2", 4, { 7, 3, 1 }, { 1, 1, 1 }, TLBI_EL2, TLB_VAE1, false },
	{ "ALLE1", 4, { 7, 3, 1 }, { 4, 4, 4 }, TLBI_ALL, 0, false },
	{ "VALE2", 4, { 7, 3, 1 }, { 5, 5, 5 }, TLBI_EL2, TLB_VALE1, false },
	{ "VMALLS12E1", 4, { 7, 3, 1 }, { 6, 6, 6 }, TLBI_BOTH, 0, false },
	{ "RVAE2", 4, { 6, 2, 5 }, { 1, 1, 1 }, TLBI_EL2, TLB_RVAE1, true },
	{ "RVALE2", 4, { 6, 2, 5 }, { 5, 5, 5 }, TLBI_EL2, TLB_RVALE1, true },
	{ "IPAS2E1", 4, { 4, 0, 4 }, { 1, 1, 0 }, TLBI_IPA, 0, false },
	{ "IPAS2LE1", 4, { 4, 0, 4 }, { 5, 5, 4 }, TLBI_IPA, 0, false },
	{ "RIPAS2E1", 4, { 4, 0, 4 }, { 2, 2, 3 }, TLBI_IPA_RANGE, 0, true },
	{ "RIPAS2LE1", 4, { 4, 0, 4 }, { 6, 6, 7 }, TLBI_IPA_RANGE, 0, true },
};

static const struct row *find_row(unsigned encoding, unsigned *form)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		for (*form = 0; *form < 3; ++*form)
			for (unsigned crn = 8; crn <= 9; crn++)
				if (encoding ==
					TLBI(rows[i].op1, crn, rows[i].crm[*form],
						rows[i].op2[*form]))
					return &rows[i];
	return NULL;
}

static void test_decode(void **state)
{
	unsigned known = 0;

	(void)state;
	for (unsigned encoding = 0; encoding < 65536; encoding++) {
		unsigned form;
		const struct row *row = find_row(encoding, &form);
		struct tlbi_op op;
		bool is = tlbi_decode(encoding, &op);

		if (is != (row != NULL))
			fail_msg("0x%x: %s", encoding, row ? row->name : "none");
		if (!row)
			continue;
		known++;
		if (op.kind != row->kind || op.op != row->op || op.range != row->range ||
			op.outer != (form == 2) || op.nxs != (SYSREG_CRN(encoding) == 9))
			fail_msg("%s, form %u", row->name, form);
	}
	assert_int_equal(known, ARRAY_SIZE(rows) * 3 * 2);
}

static void test_operands(void **state)
{
	uint64_t ipa, size;

	(void)state;
	assert_int_equal(tlbi_ipa(UINT64_C(0x80001fffffffffff)), UINT64_C(0xfffffffff000));
	assert_int_equal(tlbi_ipa(UINT64_C(0x0000f00000040123)), 0x40123000);
	/* 4 KiB, SCALE 0, NUM 0 */
	assert_true(tlbi_ipa_range(BIT(46) | 0x40123, &ipa, &size));
	assert_int_equal(ipa, 0x40123000);
	assert_int_equal(size, 2 * PAGE_SIZE);
	/* 16 KiB, SCALE 1, NUM 2 */
	assert_true(tlbi_ipa_range(BIT(47) | BIT(44) | UINT64_C(2) << 39 | 0x10001, &ipa, &size));
	assert_int_equal(ipa, 0x40004000);
	assert_int_equal(size, 3 * 64 * KIB(16));
	/* 64 KiB, everything; TTL is no part of it */
	assert_true(tlbi_ipa_range(GENMASK(47, 37) | 0x4000, &ipa, &size));
	assert_int_equal(ipa, 0x40000000);
	assert_int_equal(size, 32 * UINT64_C(65536) * KIB(64));
	assert_false(tlbi_ipa_range(0x40123, &ipa, &size));
}

/* --- effects --- */

#define RAM       UINT64_C(0x80000000)
#define RAM_SIZE  MIB(64)
#define VM_RAM    UINT64_C(0x40000000)
#define VCPUS     2
#define ALL_THERE (UINT64_C(2) << 56)

static struct vm vm;
static struct vcpu vcpus[VCPUS];
static struct nested nesteds[VCPUS];
static uint64_t pages[VCPUS][512];
static struct shadows *set;

static int begin(void **state)
{
	struct page_range ram = { RAM, RAM_SIZE, 0 };

	(void)state;
	fake_cpu_reset();
	fake_memory_reset();
	fake_memory_add(RAM, RAM_SIZE);
	assert_int_equal(page_init(&ram, 1, NULL, 0), OK);
	stage2_init(48, 16);
	memset(&vm, 0, sizeof(vm));
	memset(vcpus, 0, sizeof(vcpus));
	memset(nesteds, 0, sizeof(nesteds));
	memset(pages, 0, sizeof(pages));
	assert_int_equal(stage2_create(&vm.stage2, OWNER_FIRST_VM, 40, 0), OK);
	assert_int_equal(stage2_add_ram(&vm.stage2, IPA(VM_RAM), MIB(16), MEM_RWX), OK);
	vm.nr_vcpus = VCPUS;
	vm.ram_size = MIB(16);
	for (unsigned i = 0; i < VCPUS; i++) {
		vcpus[i].vm = &vm;
		vcpus[i].id = i;
		vcpus[i].part[PART_NESTED] = &nesteds[i];
		vm.vcpus[i] = &vcpus[i];
		nesteds[i].vcpu = &vcpus[i];
		nesteds[i].page = pages[i];
		nesteds[i].vhe = true;
	}
	fake_cpu_count(1);
	fake_reg(ID_AA64ISAR0_EL1) = ALL_THERE;
	fake_reg(ID_AA64ISAR1_EL1) = BIT(56);
	assert_int_equal(shadow_create(&vm), OK);
	set = shadows_of(&vm);
	fake_op_count = 0;
	return 0;
}

static int end(void **state)
{
	unsigned steps = 0;

	(void)state;
	shadow_destroy(&vm);
	while (!stage2_destroy_step(&vm.stage2))
		assert_true(steps++ < 1000);
	return 0;
}

/* The one of that vVMID, with stage 2 or without. L1's registers are its own afterwards. */
static struct shadow *take(unsigned vvmid, uint64_t root)
{
	struct nested *nested = &nesteds[0];
	struct shadow *shadow;

	VNCR_REG(nested, HCR_EL2) = root ? HCR_EL2_VM : 0;
	VNCR_REG(nested, VTTBR_EL2) = FIELD_PREP(VTTBR_VMID, vvmid) | root;
	VNCR_REG(nested, VTCR_EL2) = VTCR_VS | 24;
	take_shadow(nested);
	shadow = nested->shadow;
	shadow_release(nested);
	return shadow;
}

static void put(struct shadow *shadow, uint64_t ipa, unsigned l1_shift, unsigned l0_shift)
{
	struct shadow_leaf leaf = {
		.ipa = ipa,
		.origin = VM_RAM + (ipa & (MIB(16) - 1)),
		.pa = RAM + (ipa & (MIB(16) - 1)),
		.bits = DESC_AF | DESC_S2_READ,
		.l1_shift = (uint8_t)l1_shift,
		.l0_shift = (uint8_t)l0_shift,
	};

	shadow_map(set, shadow, &leaf);
}

static bool has(const struct shadow *shadow, uint64_t ipa)
{
	return shadow_lookup(set, shadow, ipa) != 0;
}

static enum exit_result tlbi(unsigned op1, unsigned crm, unsigned op2, uint64_t operand)
{
	fake_op_count = 0;
	return nested_tlbi(&vcpus[0], TLBI(op1, 8, crm, op2), operand);
}

static unsigned count_op(enum fake_op_kind kind, uint64_t address, uint64_t extra)
{
	unsigned count = 0;

	for (unsigned i = 0; i < fake_op_count; i++)
		count += fake_ops[i].kind == kind && fake_ops[i].address == address &&
			fake_ops[i].extra == extra;
	return count;
}

#define OPERAND UINT64_C(0x0042000000012345)

/* Of stage 1: for all of the VM's that have the current vVMID, and for no other. */
static void test_stage1(void **state)
{
	struct shadow *off, *on, *same, *other;

	(void)state;
	other = take(8, 0x40200000);
	off = take(7, 0);
	same = take(7, 0x40201000);
	on = take(7, 0x40200000);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];

		if (row->kind != TLBI_STAGE1)
			continue;
		for (unsigned form = 0; form < 3; form++) {
			assert_int_equal(
				tlbi(0, row->crm[form], row->op2[form], OPERAND), EXIT_SKIP);
			assert_int_equal(count_op(FAKE_TLB_GUEST, OPERAND, on->vttbr | row->op), 1);
			assert_int_equal(
				count_op(FAKE_TLB_GUEST, OPERAND, same->vttbr | row->op), 1);
			assert_int_equal(
				count_op(FAKE_TLB_GUEST, OPERAND, off->vttbr | row->op), 1);
			assert_int_equal(fake_op_count, 3);
		}
	}
	/* {E2H,TGE} = {1,1}: its own */
	VNCR_REG(&nesteds[0], HCR_EL2) |= HCR_EL2_TGE;
	assert_int_equal(tlbi(0, 3, 1, OPERAND), EXIT_SKIP);
	assert_int_equal(count_op(FAKE_TLB_GUEST, OPERAND, vm.stage2.vttbr | TLB_VAE1), 1);
	assert_int_equal(fake_op_count, 1);
	/* {0,1}: not */
	nesteds[0].vhe = false;
	assert_int_equal(tlbi(0, 3, 1, OPERAND), EXIT_SKIP);
	assert_int_equal(fake_op_count, 3);
	assert_int_equal(set->sequence, 0);
	assert_non_null(other);
}

/* Of vEL2: the VM's own VMID; without VHE whatever the ASID. */
static void test_el2(void **state)
{
	static const enum tlb_guest_op any[][2] = { { TLB_VMALLE1, TLB_VMALLE1 },
		{ TLB_VAE1, TLB_VAAE1 }, { TLB_VALE1, TLB_VAALE1 }, { TLB_RVAE1, TLB_RVAAE1 },
		{ TLB_RVALE1, TLB_RVAALE1 } };

	(void)state;
	take(7, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		unsigned n = 0;

		if (row->kind != TLBI_EL2)
			continue;
		while (any[n][0] != row->op)
			n++;
		for (unsigned vhe = 0; vhe < 2; vhe++) {
			nesteds[0].vhe = vhe;
			assert_int_equal(tlbi(4, row->crm[1], row->op2[1], OPERAND), EXIT_SKIP);
			assert_int_equal(fake_op_count, 1);
			assert_int_equal(count_op(FAKE_TLB_GUEST, OPERAND,
						 vm.stage2.vttbr | any[n][1 - vhe]),
				1);
		}
	}
}

/* Both stages: of the current vVMID, or of all. */
static void test_both(void **state)
{
	struct shadow *other = take(8, 0x40200000), *off = take(7, 0), *on = take(7, 0x40200000);

	(void)state;
	put(on, 0x1000, 12, 21);
	put(other, 0x1000, 12, 21);
	assert_int_equal(tlbi(4, 7, 6, 0), EXIT_SKIP);
	assert_false(has(on, 0x1000));
	assert_true(has(other, 0x1000));
	assert_true(count_op(FAKE_TLB_VMID, 0, on->vttbr) >= 1);
	assert_int_equal(count_op(FAKE_TLB_VMID, 0, off->vttbr), 1);
	assert_int_equal(count_op(FAKE_TLB_VMID, 0, other->vttbr), 0);
	assert_int_equal(set->sequence, 1);

	put(on, 0x1000, 12, 21);
	assert_int_equal(tlbi(4, 3, 4, 0), EXIT_SKIP);
	assert_false(has(on, 0x1000));
	assert_false(has(other, 0x1000));
	assert_true(count_op(FAKE_TLB_VMID, 0, other->vttbr) >= 1);
	assert_int_equal(set->free_count, set->table_count);
	assert_int_equal(set->sequence, 2);
}

#define IPA_OP(ipa) ((ipa) >> PAGE_SHIFT)

/* By IPA: as large as L1's leaf is, wherever in it the address lies. */
static void test_ipa(void **state)
{
	static const unsigned shifts[] = { 12, 14, 16, 21, 25, 29, 30 };
	struct shadow *other = take(8, 0x40200000), *on = take(7, 0x40200000);

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(shifts); i++) {
		uint64_t size = BIT(shifts[i]), base = 4 * BIT(30) + 2 * size;

		assert_int_equal(tlbi(4, 7, 4, 0), EXIT_SKIP);
		put(other, base, shifts[i], 12);
		put(on, base, shifts[i], 12);
		put(on, base + size - PAGE_SIZE, shifts[i], 12);
		put(on, base - PAGE_SIZE, 12, 12);
		put(on, base + size, shifts[i], 21);
		assert_int_equal(tlbi(4, 4, 1, IPA_OP(base)), EXIT_SKIP);
		assert_false(has(on, base));
		assert_false(has(on, base + size - PAGE_SIZE));
		assert_true(has(on, base - PAGE_SIZE));
		assert_true(has(on, base + size));
		assert_true(has(other, base));
		assert_int_equal(count_op(FAKE_TLB_VMID, 0, on->vttbr), 1);
		/* nothing of it here: as if L1's were the largest it has */
		put(on, base + size - PAGE_SIZE, shifts[i], 12);
		assert_int_equal(tlbi(4, 0, 5, IPA_OP(base)), EXIT_SKIP);
		assert_false(has(on, base + size - PAGE_SIZE));
		assert_true(has(on, base + size));
		/* and again: there is nothing to be told */
		assert_int_equal(tlbi(4, 4, 4, IPA_OP(base)), EXIT_SKIP);
		assert_int_equal(fake_op_count, 0);
	}
	/* beyond everything */
	assert_int_equal(tlbi(4, 4, 1, GENMASK(35, 0)), EXIT_SKIP);
	assert_true(has(on, 4 * BIT(30) + 3 * BIT(30)));
	take(7, 0);
	assert_int_equal(tlbi(4, 4, 1, 0), EXIT_SKIP);
}

static uint64_t range_of(uint64_t ipa, unsigned scale, unsigned num)
{
	return BIT(46) | (uint64_t)scale << 44 | (uint64_t)num << 39 | ipa >> PAGE_SHIFT;
}

static void test_range(void **state)
{
	struct shadow *on = take(7, 0x40200000);
	uint64_t base = MIB(1022);

	(void)state;
	for (uint64_t at = base; at < base + MIB(8); at += MIB(1))
		put(on, at, 12, 12);
	/* 1 MiB: within a table */
	assert_int_equal(tlbi(4, 4, 2, range_of(base + MIB(1), 1, 3)), EXIT_SKIP);
	assert_true(has(on, base));
	assert_false(has(on, base + MIB(1)));
	assert_true(has(on, base + MIB(2)));
	/* 4 MiB from the middle of a table on, whole tables go back */
	assert_int_equal(tlbi(4, 0, 6, range_of(base + MIB(1), 1, 15)), EXIT_SKIP);
	assert_true(has(on, base));
	for (uint64_t at = base + MIB(1); at < base + MIB(5); at += MIB(1))
		assert_false(has(on, at));
	assert_true(has(on, base + MIB(5)));
	assert_int_equal(count_op(FAKE_TLB_VMID, 0, on->vttbr), 1);
	/* more than 1 GiB, or a granule that there isn't: everything */
	assert_int_equal(tlbi(4, 4, 3, range_of(GIB(8), 3, 31)), EXIT_SKIP);
	assert_false(has(on, base));
	put(on, base, 12, 12);
	assert_int_equal(tlbi(4, 4, 7, IPA_OP(GIB(8))), EXIT_SKIP);
	assert_false(has(on, base));
	/* past the end */
	put(on, base, 12, 12);
	assert_int_equal(tlbi(4, 4, 2, range_of(BIT(40), 3, 31)), EXIT_SKIP);
	assert_int_equal(tlbi(4, 4, 2, range_of(BIT(40) - PAGE_SIZE, 0, 0)), EXIT_SKIP);
	assert_true(has(on, base));
	/* 1 GiB of a shadow of large leaves */
	put(on, GIB(1), 30, 21);
	put(on, GIB(1) + MIB(4), 30, 12);
	assert_int_equal(tlbi(4, 4, 2, range_of(GIB(1) + MIB(512), 0, 0)), EXIT_SKIP);
	assert_false(has(on, GIB(1)));
	assert_false(has(on, GIB(1) + MIB(4)));
	assert_true(has(on, base));
	assert_int_equal(set->free_count, set->table_count - 2);
}

/* A VMID of more shadows than can be looked through: from some on, all of it goes. */
static void test_many(void **state)
{

	(void)state;
	shadow_destroy(&vm);
	vm.nr_vcpus = 8;
	assert_int_equal(shadow_create(&vm), OK);
	set = shadows_of(&vm);
	for (unsigned i = 0; i < 10; i++) {
		struct shadow *shadow = take(7, 0x40200000 + i * PAGE_SIZE);

		put(shadow, 0, 12, 12);
		put(shadow, PAGE_SIZE, 12, 12);
	}
	assert_int_equal(tlbi(4, 4, 1, 0), EXIT_SKIP);
	for (unsigned i = 0; i < 10; i++) {
		struct shadow *shadow = take(7, 0x40200000 + i * PAGE_SIZE);

		assert_false(has(shadow, 0));
		assert_int_equal(has(shadow, PAGE_SIZE), i < 4);
	}
}

/* What L1's ID registers don't have. */
static void test_absent(void **state)
{
	(void)state;
	take(7, 0);
	for (unsigned has_tlb = 0; has_tlb < 3; has_tlb++)
		for (unsigned xs = 0; xs < 2; xs++)
			for (unsigned i = 0; i < ARRAY_SIZE(rows) * 6; i++) {
				const struct row *row = &rows[i / 6];
				unsigned form = i % 3, crn = 8 + i % 2;
				bool there = (!row->range || has_tlb == 2) &&
					(form != 2 || has_tlb != 0) && (crn == 8 || xs);

				fake_reg(ID_AA64ISAR0_EL1) = (uint64_t)has_tlb << 56;
				fake_reg(ID_AA64ISAR1_EL1) = (uint64_t)xs << 56;
				assert_int_equal(
					nested_tlbi(&vcpus[0],
						TLBI(row->op1, crn, row->crm[form], row->op2[form]),
						0),
					there ? EXIT_SKIP : EXIT_INJECT);
			}
	assert_int_equal(tlbi(0, 7, 4, 0), EXIT_INJECT);
}

/* The inner guest's own, where L0 traps it: EL1's, under the VMID in force. */
static void test_inner(void **state)
{
	struct shadow *same;

	(void)state;
	same = take(7, 0x40201000);
	take(7, 0x40200000);
	take_shadow(&nesteds[0]);
	nesteds[0].inner = true;
	assert_int_equal(tlbi(0, 7, 2, OPERAND), EXIT_SKIP);
	assert_int_equal(fake_op_count, 1);
	assert_int_equal(count_op(FAKE_TLB_GUEST, OPERAND, vcpus[0].vttbr | TLB_ASIDE1), 1);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].op1 == 4)
			assert_int_equal(tlbi(4, rows[i].crm[0], rows[i].op2[0], 0), EXIT_INJECT);
	assert_ptr_not_equal(same, nesteds[0].shadow);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_operands),
		cmocka_unit_test_setup_teardown(test_stage1, begin, end),
		cmocka_unit_test_setup_teardown(test_el2, begin, end),
		cmocka_unit_test_setup_teardown(test_both, begin, end),
		cmocka_unit_test_setup_teardown(test_ipa, begin, end),
		cmocka_unit_test_setup_teardown(test_range, begin, end),
		cmocka_unit_test_setup_teardown(test_many, begin, end),
		cmocka_unit_test_setup_teardown(test_absent, begin, end),
		cmocka_unit_test_setup_teardown(test_inner, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
