/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cache maintenance by address: aborts by region and fault. Stage 2 is two pieces of RAM and one of
 * ROM made up here, some of it not given yet.
 *
 * links: hyp/trap/cmo.c hyp/vm/inject.c hyp/arch/features.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/arch/esr.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/trap/cmo.h"
#include "hyp/vm/vm.h"
#include "mm/phys.h"
#include "tests/unit/fake/cpu.h"
#include "tests/unit/fake/memory.h"

#define RAM0            UINT64_C(0x40000000)
#define SHARED          (RAM0 - BLOCK_SIZE) /* a page of no region: memory that VMs share */
#define RAM0_SIZE       MIB(8)
#define ROM             UINT64_C(0x60000000)
#define ROM_SIZE        MIB(1)
#define RAM1            UINT64_C(0x80000000)
#define RAM1_SIZE       MIB(2)
#define IPA_BITS        36
#define VA              UINT64_C(0xffff000000001234)
/* Where the machine has what the VM sees. */
#define PA_OFFSET       UINT64_C(0x100000000)
#define CACHES          (SCTLR_EL1_M | SCTLR_EL1_C)
/* Translation fault, permission fault, level 3, as Arm's CPUs report them for maintenance. */
#define ESR_TRANSLATION UINT64_C(0x92000147)
#define ESR_PERMISSION  UINT64_C(0x9200014f)

static struct vm vm;
static struct vcpu vcpu, other;
static enum status fault_in_status;
static unsigned fault_ins, lookups;
static uint64_t absent; /* the 2 MiB window that isn't given */
static bool is_device;

const struct stage2_region *stage2_region_find(const struct stage2 *s2, ipa_t ipa)
{
	for (unsigned i = 0; i < s2->region_count; i++) {
		if (ipa.ipa - s2->regions[i].ipa.ipa < s2->regions[i].size)
			return &s2->regions[i];
	}
	return NULL;
}

enum status stage2_fault_in(struct stage2 *s2, ipa_t ipa)
{
	assert_ptr_equal(s2, &vm.stage2);
	assert_non_null(stage2_region_find(s2, ipa));
	fault_ins++;
	return fault_in_status;
}

/* In blocks of 2 MiB, but the first, which is in pages. */
bool stage2_lookup(struct stage2 *s2, ipa_t ipa, struct stage2_page *page)
{
	uint64_t span = ipa.ipa < RAM0 + BLOCK_SIZE ? PAGE_SIZE : BLOCK_SIZE;

	lookups++;
	if (!(stage2_region_find(s2, ipa) || ipa.ipa - SHARED < PAGE_SIZE) ||
		ALIGN_DOWN(ipa.ipa, BLOCK_SIZE) == absent)
		return false;
	*page = (struct stage2_page){
		.pa = PA(ipa.ipa + PA_OFFSET),
		.prot = MEM_RWX,
		.type = is_device ? MEM_DEVICE_nGnRE : MEM_NORMAL,
		.left = ALIGN_DOWN(ipa.ipa, span) + span - ipa.ipa,
	};
	return true;
}

static void add(uint64_t base, uint64_t size, uint64_t prot)
{
	vm.stage2.regions[vm.stage2.region_count++] =
		(struct stage2_region){ .ipa = IPA(base), .size = size, .prot = prot };
}

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	memset(&vm, 0, sizeof(vm));
	memset(&vcpu, 0, sizeof(vcpu));
	memset(&other, 0, sizeof(other));
	vcpu.vm = other.vm = &vm;
	other.id = 1;
	vm.stage2.ipa_bits = IPA_BITS;
	add(RAM0, RAM0_SIZE, MEM_RWX);
	add(ROM, ROM_SIZE, MEM_R | MEM_X);
	add(RAM1, RAM1_SIZE, MEM_RWX);
	fault_in_status = OK;
	fault_ins = lookups = 0;
	absent = RAM0 + 2 * BLOCK_SIZE;
	is_device = false;
	fake_reg(FAR_EL2) = VA;
	vcpu.hcr = other.hcr = HCR_EL2_VM | HCR_EL2_TSW;
	return 0;
}

/* --- aborts --- */

static void test_abort_ram(void **state)
{
	static const uint64_t at[] = { RAM0, RAM0 + RAM0_SIZE - 1, ROM + 0x40, RAM1 + 0x1000 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(at); i++) {
		fault_in_status = OK;
		assert_int_equal(
			cmo_handle_abort(&vcpu, ESR_TRANSLATION, IPA(at[i]), false), EXIT_RESUME);
		fault_in_status = ERR_BUSY;
		assert_int_equal(
			cmo_handle_abort(&vcpu, ESR_TRANSLATION, IPA(at[i]), false), EXIT_RESUME);
		assert_int_equal(fault_ins, 2 * (i + 1));
		/* Taken away on purpose: nothing is there. */
		fault_in_status = ERR_NOT_FOUND;
		assert_int_equal(
			cmo_handle_abort(&vcpu, ESR_TRANSLATION, IPA(at[i]), false), EXIT_SKIP);
		fault_ins--;
	}
	assert_int_equal(fake_op_count, 0);
}

static void test_abort_elsewhere(void **state)
{
	static const uint64_t at[] = { 0, RAM0 - 1, RAM0 + RAM0_SIZE, ROM - 1, BIT(IPA_BITS) - 1 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(at); i++) {
		assert_int_equal(
			cmo_handle_abort(&vcpu, ESR_TRANSLATION, IPA(at[i]), false), EXIT_SKIP);
		assert_int_equal(
			cmo_handle_abort(&vcpu, ESR_TRANSLATION, IPA(at[i]), true), EXIT_SKIP);
	}
	assert_int_equal(fault_ins + fake_op_count, 0);
}

static void test_abort_beyond(void **state)
{
	(void)state;
	assert_int_equal(
		cmo_handle_abort(&vcpu, ESR_TRANSLATION, IPA(BIT(IPA_BITS)), false), EXIT_INJECT);
	assert_int_equal(ESR_GET_EC(vcpu.inject.esr), EC_DATA_ABORT_LOWER);
	assert_int_equal(vcpu.inject.esr & ESR_ISS_MASK, ISS_CM | ISS_WNR | FSC_ADDRESS_SIZE);
	assert_int_equal(vcpu.inject.far, VA);
	assert_true(vcpu.inject.has_far);
}

/* DC IVAC on ROM: one line, done for the guest. */
static void test_abort_rom_permission(void **state)
{
	(void)state;
	assert_int_equal(
		cmo_handle_abort(&vcpu, ESR_PERMISSION, IPA(ROM + 0x1040), false), EXIT_SKIP);
	assert_int_equal(fake_op_count, 1);
	assert_int_equal(fake_ops[0].kind, FAKE_CACHE_CLEAN_INVALIDATE);
	assert_int_equal(fake_ops[0].address, (uintptr_t)pa_to_ptr(PA(ROM + 0x1040 + PA_OFFSET)));
	assert_int_equal(fake_ops[0].extra, 1);
	assert_int_equal(fault_ins, 0);
	/* Gone in between: the guest tries again. */
	absent = ALIGN_DOWN(ROM, BLOCK_SIZE);
	assert_int_equal(
		cmo_handle_abort(&vcpu, ESR_PERMISSION, IPA(ROM + 0x1040), false), EXIT_RESUME);
	assert_int_equal(fake_op_count, 1);
	/* RAM may be written: a stale entry of the TLB. */
	assert_int_equal(cmo_handle_abort(&vcpu, ESR_PERMISSION, IPA(RAM0), false), EXIT_RESUME);
	assert_int_equal(fake_op_count, 1);
}

/* The same where the VM may only read what it shares with others. */
static void test_abort_shared_permission(void **state)
{
	(void)state;
	assert_int_equal(
		cmo_handle_abort(&vcpu, ESR_PERMISSION, IPA(SHARED + 0x40), false), EXIT_SKIP);
	assert_int_equal(fake_op_count, 1);
	assert_int_equal(fake_ops[0].kind, FAKE_CACHE_CLEAN_INVALIDATE);
	assert_int_equal(fake_ops[0].address, (uintptr_t)pa_to_ptr(PA(SHARED + 0x40 + PA_OFFSET)));
	assert_int_equal(fault_ins, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_abort_ram, setup),
		cmocka_unit_test_setup(test_abort_elsewhere, setup),
		cmocka_unit_test_setup(test_abort_beyond, setup),
		cmocka_unit_test_setup(test_abort_rom_permission, setup),
		cmocka_unit_test_setup(test_abort_shared_permission, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
