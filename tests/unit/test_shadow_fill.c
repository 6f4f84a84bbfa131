/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stage-2 aborts of an inner guest: whose they are, and what is put into the shadow. L1's stage 2
 * is a list here (the walk of real tables is test_mm_walk_s2.c's).
 *
 * links: hyp/nested/shadow.c hyp/nested/shadow_fill.c hyp/nested/shadow_table.c hyp/vdev/device.c
 * mm/stage2.c mm/stage2_end.c mm/stage2_regs.c mm/vmid.c mm/pgtable.c mm/pgtable_desc.c mm/page.c
 * mm/page_init.c mm/page_table.c hyp/base/bitmap.c hyp/base/format.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/arch/at.h"
#include "hyp/arch/esr.h"
#include "hyp/nested/shadow_state.h"
#include "hyp/vdev/device.h"
#include "mm/page.h"
#include "mm/pgtable_desc.h"
#include "mm/stage2_regs.h"
#include "mm/vmid.h"
#include "mm/walk_attr.h"
#include "mm/walk_s2.h"
#include "tests/unit/fake/cpu.h"
#include "tests/unit/fake/memory.h"

static void take_shadow(struct nested *nested)
{
	shadow_enter(nested, shadow_take(nested));
}

#define RAM      UINT64_C(0x80000000)
#define RAM_SIZE MIB(64)
#define VM_RAM   UINT64_C(0x40000000)
#define VM_ROM   UINT64_C(0x10000000)
#define VM_SHARE UINT64_C(0x20000000)
#define DEVICE   UINT64_C(0x09000000)
#define FAR      UINT64_C(0xffff000012345678)

static struct nested nested, nested2;

/* --- L1's stage 2 --- */

static struct s2_result l1;   /* what a walk says */
static enum status l1_status; /* and how */
static uint64_t l1_ipa;       /* and what was asked */
static unsigned l1_access;
static struct s2_regime l1_regime;
static void (*l1_meanwhile)(void);
static const struct stage2 *l1_vm_stage2;

void walk_s2_prepare(const struct s2_regime *regime, struct s2_setup *setup)
{
	assert_true(setup == &nested.s2_setup || setup == &nested2.s2_setup);
	l1_regime = *regime;
	*setup = (struct s2_setup){ .regime = *regime, .prepared = true };
}

enum status walk_s2(const struct s2_setup *setup, const struct walk_memory *memory, ipa_t ipa,
	unsigned access, struct s2_result *result)
{
	(void)setup;
	(void)memory;
	l1_ipa = ipa.ipa;
	l1_access = access;
	*result = l1;
	if (l1_meanwhile)
		l1_meanwhile();
	return l1_status;
}

/* What a look says. */
static uint8_t l1_look;
static uint64_t l1_looked_at;

uint8_t walk_s2_look(const struct s2_setup *setup, const struct stage2 *s2, ipa_t ipa)
{
	assert_ptr_equal(s2, l1_vm_stage2);
	(void)setup;
	l1_looked_at = ipa.ipa;
	return l1_look;
}

struct walk_memory walk_memory_updating(struct stage2 *s2)
{
	return (struct walk_memory){ .windows = s2 };
}

uint8_t attr_of_s2(unsigned mem_attr)
{
	static const uint8_t of[16] = { 0x00, 0x04, 0x08, 0x0c, 0x44, 0x44, 0x4a, 0x4f, 0x44, 0xa4,
		0xaa, 0xaf, 0x44, 0xf4, 0xfa, 0xff };

	return of[mem_attr];
}

/* --- the VM --- */

static const struct device_ops device_ops;

static struct vm vm;
static struct vcpu vcpu, second;
static uint64_t page[512], page2[512];
static struct shadows *set;
static uint64_t at_result;

static uint64_t at_hook(uint64_t va)
{
	assert_int_equal(va, FAR);
	return at_result;
}

static void give(uint64_t ipa)
{
	enum status status;

	while ((status = stage2_fault_in(&vm.stage2, IPA(ipa))) == ERR_BUSY)
		;
	assert_int_equal(status, OK);
}

static void make_vm(bool fwb)
{
	struct page_range ram = { RAM, RAM_SIZE, 0 };
	struct stage2_share share = { IPA(VM_SHARE), PAGE_SIZE, MEM_R, OWNER_FIRST_SHARED, false,
		false };

	fake_cpu_reset();
	fake_memory_reset();
	fake_memory_add(RAM, RAM_SIZE);
	assert_int_equal(page_init(&ram, 1, NULL, 0), OK);
	stage2_init(48, 16);
	if (fwb)
		stage2_force_write_back();
	memset(&vm, 0, sizeof(vm));
	assert_int_equal(stage2_create(&vm.stage2, OWNER_FIRST_VM, 40, 0), OK);
	assert_int_equal(stage2_add_ram(&vm.stage2, IPA(VM_RAM), MIB(16), MEM_RWX), OK);
	assert_int_equal(stage2_add_ram(&vm.stage2, IPA(VM_ROM), MIB(2), MEM_RX), OK);
	assert_int_equal(stage2_share(&vm.stage2, &share), OK);
	vm.nr_vcpus = 2;
	vm.vcpus[0] = &vcpu;
	vm.vcpus[1] = &second;
	vm.ram_size = MIB(16);
	assert_int_equal(device_table_create(&vm, 1), OK);
	assert_int_equal(device_add(&vm, DEVICE, PAGE_SIZE, &vm, &device_ops, WIDTHS_ALL), OK);
	assert_int_equal(device_table_seal(&vm), OK);
}

static void begin_with(bool fwb)
{
	vcpu = (struct vcpu){ .vm = &vm, .part[PART_NESTED] = &nested };
	second = (struct vcpu){ .vm = &vm, .id = 1, .part[PART_NESTED] = &nested2 };
	make_vm(fwb);
	nested = (struct nested){ .vcpu = &vcpu, .page = page, .inner = true };
	nested2 = (struct nested){ .vcpu = &second, .page = page2, .inner = true };
	memset(page, 0, sizeof(page));
	memset(page2, 0, sizeof(page2));
	vcpu.regs.pstate = PSTATE_EL1H;
	assert_int_equal(shadow_create(&vm), OK);
	set = shadows_of(&vm);
	give(VM_RAM);
	give(VM_ROM);
	VNCR_REG(&nested, HCR_EL2) = HCR_EL2_VM;
	VNCR_REG(&nested, VTTBR_EL2) = BIT(48) | 0x40200000;
	VNCR_REG(&nested, VTCR_EL2) = 24;
	take_shadow(&nested);
	fake_reg(FAR_EL2) = FAR;
	fake_at_hook = at_hook;
	l1_meanwhile = NULL;
	l1_vm_stage2 = &vm.stage2;
	l1_look = 0;
	l1_status = OK;
	l1 = (struct s2_result){
		.output = IPA(VM_RAM + 0x3678),
		.level = 3,
		.page_shift = 12,
		.span = PAGE_SIZE,
		.mem_attr = 0xf,
		.priv = MEM_RWX,
		.user = MEM_RWX,
	};
	fake_op_count = 0;
}

static int begin(void **state)
{
	(void)state;
	begin_with(false);
	return 0;
}

static int begin_fwb(void **state)
{
	(void)state;
	begin_with(true);
	return 0;
}

static int end(void **state)
{
	unsigned steps = 0;

	(void)state;
	shadow_destroy(&vm);
	device_table_destroy(&vm);
	while (!stage2_destroy_step(&vm.stage2))
		assert_true(steps++ < 1000);
	return 0;
}

#define L2_IPA     UINT64_C(0x700003678)
#define L2_PAGE    UINT64_C(0x700003000)
#define READ(fsc)  (ESR_MAKE(EC_DATA_ABORT_LOWER, (fsc)) | ISS_ISV)
#define WRITE(fsc) (READ(fsc) | ISS_WNR)
#define FETCH(fsc) ESR_MAKE(EC_INSN_ABORT_LOWER, fsc)

static uint64_t said_esr, said_hpfar;
static ipa_t said_ipa;

static enum shadow_verdict abort_with(uint64_t esr)
{
	bool permission = (esr & FSC_TYPE_MASK) == FSC_PERMISSION && !(esr & ISS_S1PTW);

	/* UNKNOWN where it isn't defined */
	fake_reg(HPFAR_EL2) = permission ? 0xdead0 : L2_PAGE >> 12 << 4;
	at_result = L2_PAGE | 0xff00000000000b80;
	said_esr = esr;
	said_hpfar = 0x1234;
	said_ipa = IPA(0);
	return shadow_abort(&nested, &said_esr, &said_hpfar, &said_ipa);
}

static uint64_t desc(void)
{
	return shadow_lookup(set, nested.shadow, L2_PAGE);
}

static pa_t pa_of(uint64_t ipa)
{
	struct stage2_page found;

	assert_true(stage2_lookup(&vm.stage2, IPA(ipa), &found));
	return found.pa;
}

/* A page of L1's RAM: there it is, with its rights. */
static void test_maps(void **state)
{
	(void)state;
	assert_int_equal(abort_with(READ(FSC_TRANSLATION | 1)), SHADOW_RESUME);
	assert_int_equal(l1_ipa, L2_IPA);
	assert_int_equal(l1_access, WALK_JUDGE);
	assert_int_equal(l1_regime.vttbr, BIT(48) | 0x40200000);
	assert_int_equal(l1_regime.vtcr, 24);
	assert_int_equal(l1_regime.pa_bits, 40);
	assert_int_equal(desc() & DESC_ADDRESS, pa_of(VM_RAM + 0x3000).pa);
	assert_int_equal(desc() & ~DESC_ADDRESS & ~LEAF_L1,
		DESC_TABLE | DESC_AF | DESC_S2_READ | DESC_S2_WRITE | FIELD_PREP(DESC_SH, 3) |
			FIELD_PREP(DESC_S2_MEM_ATTR, 0xf));
	assert_int_equal(set->fills, 1);
	/* nothing else */
	assert_int_equal(shadow_lookup(set, nested.shadow, L2_PAGE + PAGE_SIZE), 0);
	assert_int_equal(shadow_lookup(set, nested.shadow, L2_PAGE - PAGE_SIZE), 0);
	assert_int_equal(fake_op_count, 0);
	/* the same again: a TLB has something old */
	assert_int_equal(abort_with(READ(FSC_PERMISSION | 3)), SHADOW_RESUME);
	assert_int_equal(fake_ops_of(FAKE_TLB_IPA), 1);
	assert_int_not_equal(desc(), 0);
}

/* The larger leaf of both that fits into both. */
static void test_sizes(void **state)
{
	static const struct {
		uint64_t l1;
		unsigned shift;
	} rows[] = { { KIB(4), 12 }, { KIB(16), 12 }, { KIB(64), 12 }, { MIB(2), 21 },
		{ MIB(32), 21 }, { GIB(1), 21 } };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t span = BIT(rows[i].shift);

		spin_lock(&set->lock);
		shadow_drop(set, nested.shadow);
		spin_unlock(&set->lock);
		l1.span = rows[i].l1;
		assert_int_equal(abort_with(READ(FSC_TRANSLATION)), SHADOW_RESUME);
		assert_int_equal(
			desc() & DESC_ADDRESS, ALIGN_DOWN(pa_of(VM_RAM + 0x3000).pa, span));
		assert_int_not_equal(
			shadow_lookup(set, nested.shadow, ALIGN_DOWN(L2_PAGE, span)), 0);
		assert_int_equal(
			shadow_lookup(set, nested.shadow, ALIGN_DOWN(L2_PAGE, span) + span), 0);
		assert_int_equal(nested.shadow->max_shift, 63 - __builtin_clzll(rows[i].l1));
	}
	/* the VM's own are pages */
	assert_int_equal(stage2_protect(&vm.stage2, IPA(VM_RAM + MIB(1)), PAGE_SIZE, MEM_R), OK);
	assert_int_equal(desc(), 0);
	l1.span = MIB(2);
	assert_int_equal(abort_with(READ(FSC_TRANSLATION)), SHADOW_RESUME);
	assert_int_equal(desc() & DESC_ADDRESS, pa_of(VM_RAM + 0x3000).pa);
	assert_int_equal(shadow_lookup(set, nested.shadow, L2_PAGE + PAGE_SIZE), 0);
	/* joined again: what is small in the shadow stays small */
	assert_int_equal(stage2_protect(&vm.stage2, IPA(VM_RAM + MIB(1)), PAGE_SIZE, MEM_RWX), OK);
	spin_lock(&vm.stage2.lock);
	pgtable_join(&vm.stage2.table, VM_RAM);
	spin_unlock(&vm.stage2.lock);
	assert_int_equal(abort_with(READ(FSC_TRANSLATION)), SHADOW_RESUME);
	assert_int_equal(desc() & DESC_ADDRESS, pa_of(VM_RAM + 0x3000).pa);
	/* a large one gives way to a small one */
	spin_lock(&set->lock);
	shadow_drop(set, nested.shadow);
	spin_unlock(&set->lock);
	assert_int_equal(abort_with(READ(FSC_TRANSLATION)), SHADOW_RESUME);
	assert_int_not_equal(shadow_lookup(set, nested.shadow, L2_PAGE + PAGE_SIZE), 0);
	l1.span = PAGE_SIZE;
	assert_int_equal(abort_with(READ(FSC_TRANSLATION)), SHADOW_RESUME);
	assert_int_equal(shadow_lookup(set, nested.shadow, L2_PAGE + PAGE_SIZE), 0);
	assert_int_not_equal(desc(), 0);
}

/* Rights are those of both; execution can differ between EL1 and EL0. */
static void test_rights(void **state)
{
	static const struct {
		uint64_t priv, user, bits; /* of S2AP and XN */
	} rows[] = {
		{ MEM_R, MEM_R, DESC_S2_READ | DESC_S2_XN },
		{ MEM_RW, MEM_RW, DESC_S2_READ | DESC_S2_WRITE | DESC_S2_XN },
		{ MEM_RX, MEM_RX, DESC_S2_READ },
		{ MEM_RX, MEM_R, DESC_S2_READ | DESC_S2_XN | BIT(53) }, /* EL1 only */
		{ MEM_R, MEM_RX, DESC_S2_READ | BIT(53) },              /* EL0 only */
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		l1.priv = rows[i].priv;
		l1.user = rows[i].user;
		assert_int_equal(abort_with(READ(FSC_TRANSLATION)), SHADOW_RESUME);
		assert_int_equal(
			desc() & (DESC_S2_READ | DESC_S2_WRITE | GENMASK(54, 53)), rows[i].bits);
	}
	/* ROM of the VM's */
	l1.priv = l1.user = MEM_RWX;
	l1.output = IPA(VM_ROM + 0x5678);
	assert_int_equal(abort_with(READ(FSC_TRANSLATION)), SHADOW_RESUME);
	assert_int_equal(desc() & (DESC_S2_READ | DESC_S2_WRITE | GENMASK(54, 53)), DESC_S2_READ);
	assert_int_equal(abort_with(WRITE(FSC_PERMISSION | 3)), SHADOW_ROM);
	assert_int_equal(said_ipa.ipa, VM_ROM + 0x5678);
	/* dirty state: written only when it has been set */
	l1.output = IPA(VM_RAM + 0x5678);
	l1.clean = true;
	assert_int_equal(abort_with(READ(FSC_TRANSLATION)), SHADOW_RESUME);
	assert_int_equal(desc() & DESC_S2_WRITE, 0);
	assert_int_equal(l1_access & (WALK_WRITE | WALK_DIRTY), 0);
	l1.clean = false;
	assert_int_equal(abort_with(WRITE(FSC_PERMISSION | 3)), SHADOW_RESUME);
	assert_int_equal(l1_access, WALK_JUDGE | WALK_WRITE | WALK_DIRTY);
	assert_int_equal(desc() & DESC_S2_WRITE, DESC_S2_WRITE);
}

static unsigned mem_attr(void)
{
	return (unsigned)FIELD_GET(DESC_S2_MEM_ATTR, desc());
}

static void test_types(void **state)
{
	/* L1's, and the shadow's */
	static const uint8_t rows[][2] = { { 0x0, 0x0 }, { 0x1, 0x1 }, { 0x2, 0x1 }, { 0x3, 0x1 },
		{ 0x5, 0x5 }, { 0x6, 0x5 }, { 0x9, 0x5 }, { 0xa, 0xf }, { 0xb, 0xf }, { 0xd, 0x5 },
		{ 0xe, 0xf }, { 0xf, 0xf } };
	static const uint8_t fwb_rows[][2] = { { 0x0, 0x0 }, { 0x1, 0x1 }, { 0x3, 0x1 },
		{ 0x5, 0x5 }, { 0x6, 0xf }, { 0x7, 0xf } };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		l1.mem_attr = rows[i][0];
		assert_int_equal(abort_with(READ(FSC_TRANSLATION)), SHADOW_RESUME);
		assert_int_equal(mem_attr(), rows[i][1]);
		assert_int_equal((desc() & DESC_S2_XN) != 0, rows[i][1] < 4);
	}
	VNCR_REG(&nested, HCR_EL2) |= HCR_EL2_CD;
	take_shadow(&nested);
	assert_int_equal(abort_with(READ(FSC_TRANSLATION)), SHADOW_RESUME);
	assert_int_equal(mem_attr(), 0x5);
	VNCR_REG(&nested, HCR_EL2) ^= HCR_EL2_CD | HCR_EL2_FWB;
	take_shadow(&nested);
	for (unsigned i = 0; i < ARRAY_SIZE(fwb_rows); i++) {
		l1.mem_attr = fwb_rows[i][0];
		assert_int_equal(abort_with(READ(FSC_TRANSLATION)), SHADOW_RESUME);
		assert_int_equal(mem_attr(), fwb_rows[i][1]);
	}
	/* instructions from Device memory */
	l1.mem_attr = 0x1;
	assert_int_equal(abort_with(FETCH(FSC_PERMISSION | 3)), SHADOW_FAULT);
	assert_int_equal(said_esr, FETCH(FSC_PERMISSION | 3));
}

/* Guests' memory is cacheable whatever anybody says. */
static void test_types_fwb(void **state)
{
	(void)state;
	for (l1.mem_attr = 0; l1.mem_attr < 16; l1.mem_attr++) {
		assert_int_equal(abort_with(READ(FSC_TRANSLATION)), SHADOW_RESUME);
		assert_int_equal(mem_attr(), 0x6);
	}
}

/* L1's fault: class and level of its own, the rest of the syndrome as it is, L2's address. */
static void test_faults(void **state)
{
	static const uint8_t fsts[] = { FST_TRANSLATION | 0, FST_TRANSLATION | 2,
		FST_ADDRESS_SIZE | 1, FST_ACCESS_FLAG | 3, FST_PERMISSION | 2, FST_WALK_SEA | 1 };

	(void)state;
	l1_status = ERR_FAULT;
	for (unsigned i = 0; i < ARRAY_SIZE(fsts); i++) {
		uint64_t extra = ISS_SRT | ISS_SF | ISS_SAS;

		l1.fst = fsts[i];
		assert_int_equal(abort_with(WRITE(FSC_TRANSLATION | 3) | extra), SHADOW_FAULT);
		assert_int_equal(said_esr, WRITE(fsts[i]) | extra);
		assert_int_equal(said_hpfar, L2_PAGE >> 12 << 4);
		assert_int_equal(abort_with(READ(FSC_PERMISSION | 3) | ISS_S1PTW), SHADOW_FAULT);
		assert_int_equal(said_esr, READ(fsts[i]) | ISS_S1PTW);
		assert_int_equal(said_hpfar, L2_PAGE >> 12 << 4);
		/* HPFAR_EL2 isn't there: AT says it */
		assert_int_equal(abort_with(FETCH(FSC_PERMISSION | 1)), SHADOW_FAULT);
		assert_int_equal(said_hpfar, L2_PAGE >> 12 << 4);
	}
	assert_int_equal(set->fills, 0);
	/* memory is being given where its tables are */
	l1_status = ERR_BUSY;
	assert_int_equal(abort_with(READ(FSC_TRANSLATION)), SHADOW_RESUME);
}

/* Nothing is mapped: the look says it, whatever the access, and no walk is made. */
static void test_unmapped(void **state)
{
	static const uint64_t esrs[] = { READ(FSC_TRANSLATION | 3), WRITE(FSC_TRANSLATION | 1),
		FETCH(FSC_TRANSLATION), WRITE(FSC_TRANSLATION | 2) | ISS_S1PTW,
		WRITE(FSC_TRANSLATION) | ISS_CM };

	(void)state;
	fake_reg(HPFAR_EL2) = L2_PAGE >> 12 << 4;
	for (unsigned i = 0; i < ARRAY_SIZE(esrs); i++) {
		l1_looked_at = 0;
		l1_look = FST_TRANSLATION | 1;
		assert_int_equal(
			shadow_look(&nested, esrs[i]), (esrs[i] & ~FSC_MASK) | FST_TRANSLATION | 1);
		assert_int_equal(l1_looked_at, L2_PAGE);
		l1_look = 0;
		assert_int_equal(shadow_look(&nested, esrs[i]), 0);
	}
	/* Others aren't looked at: HPFAR_EL2 isn't always there, and flags may have to be set. */
	l1_look = FST_TRANSLATION | 1;
	l1_looked_at = 0;
	assert_int_equal(shadow_look(&nested, READ(FSC_PERMISSION | 3)), 0);
	assert_int_equal(shadow_look(&nested, READ(FSC_ACCESS_FLAG | 3)), 0);
	assert_int_equal(shadow_look(&nested, READ(FSC_EXTERNAL)), 0);
	assert_int_equal(shadow_look(&nested, READ(FSC_TLB_CONFLICT)), 0);
	assert_int_equal(l1_looked_at, 0);
	/* L1 has no stage 2. */
	VNCR_REG(&nested, HCR_EL2) = 0;
	take_shadow(&nested);
	assert_int_equal(shadow_look(&nested, READ(FSC_TRANSLATION)), 0);
	assert_int_equal(l1_looked_at, 0);
}

/* Which access it was. */
static void test_access(void **state)
{
	static const struct {
		uint64_t esr;
		bool user;
		unsigned access;
	} rows[] = {
		{ READ(FSC_TRANSLATION), false, WALK_JUDGE },
		{ READ(FSC_TRANSLATION), true, WALK_JUDGE | WALK_USER },
		{ WRITE(FSC_TRANSLATION), false, WALK_JUDGE | WALK_WRITE | WALK_DIRTY },
		{ FETCH(FSC_TRANSLATION), false, WALK_JUDGE | WALK_FETCH },
		{ FETCH(FSC_PERMISSION), true, WALK_JUDGE | WALK_FETCH | WALK_USER },
		{ FETCH(FSC_TRANSLATION) | ISS_S1PTW, true, WALK_JUDGE },
		{ WRITE(FSC_TRANSLATION) | ISS_S1PTW, true, WALK_JUDGE },
		{ READ(FSC_PERMISSION) | ISS_S1PTW, true, WALK_JUDGE | WALK_WRITE | WALK_DIRTY },
		/* AT of the guest's */
		{ WRITE(FSC_TRANSLATION) | ISS_S1PTW | ISS_CM, false, WALK_JUDGE },
		/* DC and IC */
		{ WRITE(FSC_TRANSLATION) | ISS_CM, false, WALK_JUDGE },
		{ WRITE(FSC_PERMISSION) | ISS_CM, false, WALK_JUDGE | WALK_WRITE | WALK_DIRTY },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		vcpu.regs.pstate = rows[i].user ? PSTATE_EL0T : PSTATE_EL1H;
		assert_int_equal(abort_with(rows[i].esr), SHADOW_RESUME);
		if (l1_access != rows[i].access)
			fail_msg("row %u: 0x%x", i, l1_access);
	}
}

/* What L1 maps isn't memory, or not given. */
static void test_places(void **state)
{
	(void)state;
	l1.output = IPA(DEVICE + 0x678);
	assert_int_equal(abort_with(WRITE(FSC_TRANSLATION)), SHADOW_DEVICE);
	assert_int_equal(said_ipa.ipa, DEVICE + 0x678);
	l1.output = IPA(DEVICE + 0x1678);
	assert_int_equal(abort_with(WRITE(FSC_TRANSLATION)), SHADOW_ABSENT);
	l1.output = IPA(VM_SHARE + 0x678); /* promised, nobody has mapped it */
	assert_int_equal(abort_with(READ(FSC_TRANSLATION)), SHADOW_ABSENT);
	l1.output = IPA(VM_RAM + MIB(4) + 0x678);
	for (unsigned i = 0; desc() == 0; i++) {
		assert_true(i < 10);
		assert_int_equal(abort_with(READ(FSC_TRANSLATION)), SHADOW_RESUME);
	}
	assert_int_equal(desc() & DESC_ADDRESS, pa_of(VM_RAM + MIB(4)).pa);
	/* taken away on purpose */
	assert_int_equal(stage2_unmap(&vm.stage2, IPA(VM_RAM + MIB(4)), PAGE_SIZE), OK);
	assert_int_equal(desc(), 0);
	assert_int_equal(abort_with(READ(FSC_TRANSLATION)), SHADOW_ABSENT);
	/* readable, no more */
	l1.output = IPA(VM_RAM + MIB(4) + 0x1678);
	assert_int_equal(
		stage2_protect(&vm.stage2, IPA(VM_RAM + MIB(4) + PAGE_SIZE), PAGE_SIZE, MEM_R), OK);
	assert_int_equal(abort_with(FETCH(FSC_TRANSLATION)), SHADOW_ABSENT);
	assert_int_equal(abort_with(WRITE(FSC_TRANSLATION)), SHADOW_ROM);
	assert_int_equal(abort_with(READ(FSC_TRANSLATION)), SHADOW_RESUME);
}

/* Not of a stage 2, or not of L1's. */
static void test_others(void **state)
{
	(void)state;
	assert_int_equal(abort_with(READ(FSC_EXTERNAL)), SHADOW_ABSENT);
	assert_int_equal(abort_with(READ(FSC_EXTERNAL_ON_WALK | 2)), SHADOW_ABSENT);
	assert_int_equal(abort_with(READ(FSC_EXCLUSIVE)), SHADOW_FAULT);
	assert_int_equal(said_esr, READ(FSC_EXCLUSIVE));
	assert_int_equal(said_hpfar, 0);
	assert_int_equal(abort_with(READ(FSC_TLB_CONFLICT)), SHADOW_RESUME);
	assert_int_equal(fake_ops_of(FAKE_TLB_VMID), 1);
	/* AT fails: its tables have changed */
	at_result = 1;
	fake_reg(HPFAR_EL2) = 0xdead0;
	said_esr = READ(FSC_PERMISSION);
	assert_int_equal(shadow_abort(&nested, &said_esr, &said_hpfar, &said_ipa), SHADOW_RESUME);
	assert_int_equal(fake_ops_of(FAKE_TLB_VMID), 2);
	assert_int_equal(set->fills, 0);
	/* the VM's tables have no such address */
	l1.span = PAGE_SIZE;
	fake_reg(HPFAR_EL2) = BIT(40) >> 12 << 4;
	said_esr = READ(FSC_TRANSLATION);
	assert_int_equal(shadow_abort(&nested, &said_esr, &said_hpfar, &said_ipa), SHADOW_FAULT);
	VNCR_REG(&nested, HCR_EL2) = 0;
	take_shadow(&nested);
	assert_int_equal(abort_with(READ(FSC_TRANSLATION)), SHADOW_PLAIN);
}

/* A walk of stage 1 through Device memory that HCR_EL2.PTW forbids isn't tried for ever. */
static void test_walk_of_device(void **state)
{
	(void)state;
	l1.mem_attr = 0;
	assert_int_equal(abort_with(READ(FSC_TRANSLATION) | ISS_S1PTW), SHADOW_RESUME);
	assert_int_equal(abort_with(READ(FSC_PERMISSION | 3) | ISS_S1PTW), SHADOW_FAULT);
	assert_int_equal(said_esr, READ(FSC_PERMISSION | 3) | ISS_S1PTW);
}

static void invalidate(void)
{
	set->sequence++;
}

/* L1 invalidates between the walk of its tables and what is made of it. */
static void test_race(void **state)
{
	(void)state;
	l1_meanwhile = invalidate;
	assert_int_equal(abort_with(READ(FSC_TRANSLATION)), SHADOW_RESUME);
	assert_int_equal(desc(), 0);
	l1_meanwhile = NULL;
	assert_int_equal(abort_with(READ(FSC_TRANSLATION)), SHADOW_RESUME);
	assert_int_not_equal(desc(), 0);
}

static void fill_at(struct nested *of, uint64_t ipa, uint64_t output)
{
	uint64_t esr = READ(FSC_TRANSLATION), hpfar;
	ipa_t at;

	l1.output = IPA(output);
	fake_reg(HPFAR_EL2) = ipa >> 12 << 4;
	assert_int_equal(shadow_abort(of, &esr, &hpfar, &at), SHADOW_RESUME);
	assert_int_not_equal(shadow_lookup(set, of->shadow, ipa), 0);
}

/* One page of the VM's own stage 2 changes: what was made of it goes, and nothing else. */
static void test_own_changes(void **state)
{
	struct shadow *other;

	(void)state;
	VNCR_REG(&nested2, HCR_EL2) = HCR_EL2_VM;
	take_shadow(&nested2);
	other = nested2.shadow;
	for (unsigned i = 0; i < 16; i++) {
		fill_at(&nested, i * PAGE_SIZE, VM_RAM + i * PAGE_SIZE);
		fill_at(&nested2, GIB(3) + i * PAGE_SIZE, VM_RAM + i * PAGE_SIZE);
	}
	give(VM_RAM + MIB(2));
	l1.span = MIB(2);
	fill_at(&nested, MIB(8), VM_RAM + MIB(2));
	fake_op_count = 0;
	assert_int_equal(
		stage2_protect(&vm.stage2, IPA(VM_RAM + 5 * PAGE_SIZE), PAGE_SIZE, MEM_R), OK);
	/* the VM's block is in pieces now: all of it went through an invalid entry */
	for (unsigned i = 0; i < 16; i++) {
		assert_int_equal(shadow_lookup(set, nested.shadow, i * PAGE_SIZE), 0);
		assert_int_equal(shadow_lookup(set, other, GIB(3) + i * PAGE_SIZE), 0);
	}
	assert_int_not_equal(shadow_lookup(set, nested.shadow, MIB(8)), 0);
	assert_true(fake_ops_of(FAKE_TLB_VMID) >= 2);
	l1.span = PAGE_SIZE;
	for (unsigned i = 0; i < 16; i++) {
		fill_at(&nested, i * PAGE_SIZE, VM_RAM + i * PAGE_SIZE);
		fill_at(&nested2, GIB(3) + i * PAGE_SIZE, VM_RAM + i * PAGE_SIZE);
	}
	assert_int_equal(
		stage2_protect(&vm.stage2, IPA(VM_RAM + 5 * PAGE_SIZE), PAGE_SIZE, MEM_RW), OK);
	for (unsigned i = 0; i < 16; i++) {
		bool there = i != 5;

		assert_int_equal(shadow_lookup(set, nested.shadow, i * PAGE_SIZE) != 0, there);
		assert_int_equal(shadow_lookup(set, other, GIB(3) + i * PAGE_SIZE) != 0, there);
	}
	assert_int_equal(stage2_unmap(&vm.stage2, IPA(VM_RAM + MIB(2)), PAGE_SIZE), OK);
	assert_int_equal(shadow_lookup(set, nested.shadow, MIB(8)), 0);
	assert_int_equal(set->drops, 0);
}

/* More tables would have to be looked through than there is time for: shadows are emptied. */
static void test_many_origins(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20; i++)
		fill_at(&nested, i * MIB(2), VM_RAM);
	assert_int_equal(stage2_unmap(&vm.stage2, IPA(VM_RAM), MIB(2)), OK);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(shadow_lookup(set, nested.shadow, i * MIB(2)), 0);
}

/* The budget: of others that nobody is on first, then its own, then those of others. */
static void test_budget(void **state)
{
	struct shadow *idle = nested.shadow, *busy, *own;
	unsigned used;

	(void)state;
	fill_at(&nested, 0, VM_RAM);
	VNCR_REG(&nested, VTTBR_EL2) += 0x1000;
	take_shadow(&nested);
	own = nested.shadow;
	assert_ptr_not_equal(own, idle);
	VNCR_REG(&nested2, HCR_EL2) = HCR_EL2_VM;
	take_shadow(&nested2);
	busy = nested2.shadow;
	fill_at(&nested2, 0, VM_RAM);
	used = set->table_count - set->free_count;
	assert_int_equal(used, 4);
	for (unsigned i = 0; set->drops == 0; i++) {
		assert_true(i < set->table_count);
		fill_at(&nested, i * MIB(2), VM_RAM);
	}
	assert_int_equal(idle->max_shift, 0);
	assert_int_not_equal(busy->max_shift, 0);
	for (unsigned i = 0; set->drops == 1; i++) {
		assert_true(i < set->table_count);
		fill_at(&nested, GIB(1) + i * MIB(2), VM_RAM);
	}
	assert_int_equal(shadow_lookup(set, own, 0), 0);
	assert_int_not_equal(busy->max_shift, 0);
	/* what there is is busy's */
	shadow_reset(&vm);
	assert_int_equal(set->free_count, set->table_count);
	take_shadow(&nested);
	take_shadow(&nested2);
	for (unsigned i = 0; set->free_count > 1; i++)
		fill_at(&nested2, GIB(1) + i * MIB(2), VM_RAM);
	fill_at(&nested, 0, VM_RAM);
	assert_int_equal(nested2.shadow->max_shift, 0);
	assert_int_not_equal(nested.shadow->max_shift, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_maps, begin, end),
		cmocka_unit_test_setup_teardown(test_sizes, begin, end),
		cmocka_unit_test_setup_teardown(test_rights, begin, end),
		cmocka_unit_test_setup_teardown(test_types, begin, end),
		cmocka_unit_test_setup_teardown(test_types_fwb, begin_fwb, end),
		cmocka_unit_test_setup_teardown(test_faults, begin, end),
		cmocka_unit_test_setup_teardown(test_unmapped, begin, end),
		cmocka_unit_test_setup_teardown(test_access, begin, end),
		cmocka_unit_test_setup_teardown(test_places, begin, end),
		cmocka_unit_test_setup_teardown(test_others, begin, end),
		cmocka_unit_test_setup_teardown(test_walk_of_device, begin, end),
		cmocka_unit_test_setup_teardown(test_race, begin, end),
		cmocka_unit_test_setup_teardown(test_own_changes, begin, end),
		cmocka_unit_test_setup_teardown(test_many_origins, begin, end),
		cmocka_unit_test_setup_teardown(test_budget, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
