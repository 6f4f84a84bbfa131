/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Set/way with what follows from it. Stage 2 is two pieces of RAM and one of ROM made up here, some
 * of it not given yet.
 *
 * links: hyp/trap/setway.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/arch/esr.h"
#include "hyp/arch/features.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/trap/setway.h"
#include "hyp/vm/vm.h"
#include "mm/phys.h"
#include "tests/unit/fake/cpu.h"
#include "tests/unit/fake/memory.h"

#define RAM0      UINT64_C(0x40000000)
#define RAM0_SIZE MIB(8)
#define ROM       UINT64_C(0x60000000)
#define ROM_SIZE  MIB(1)
#define RAM1      UINT64_C(0x80000000)
#define RAM1_SIZE MIB(2)
#define IPA_BITS  36
/* Where the machine has what the VM sees. */
#define PA_OFFSET UINT64_C(0x100000000)
#define CACHES    (SCTLR_EL1_M | SCTLR_EL1_C)

struct cpu_features cpu_features;

static struct vm vm;
static struct vcpu vcpu, other;
static unsigned lookups;
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

/* In blocks of 2 MiB, but the first, which is in pages. */
bool stage2_lookup(struct stage2 *s2, ipa_t ipa, struct stage2_page *page)
{
	uint64_t span = ipa.ipa < RAM0 + BLOCK_SIZE ? PAGE_SIZE : BLOCK_SIZE;

	lookups++;
	if (!stage2_region_find(s2, ipa) || ALIGN_DOWN(ipa.ipa, BLOCK_SIZE) == absent)
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
	cpu_features.fwb = false;
	memset(&vm, 0, sizeof(vm));
	memset(&vcpu, 0, sizeof(vcpu));
	memset(&other, 0, sizeof(other));
	vcpu.vm = other.vm = &vm;
	other.id = 1;
	vm.stage2.ipa_bits = IPA_BITS;
	add(RAM0, RAM0_SIZE, MEM_RWX);
	add(ROM, ROM_SIZE, MEM_R | MEM_X);
	add(RAM1, RAM1_SIZE, MEM_RWX);
	lookups = 0;
	absent = RAM0 + 2 * BLOCK_SIZE;
	is_device = false;
	vcpu.hcr = other.hcr = HCR_EL2_VM | HCR_EL2_TSW;
	return 0;
}

static uint64_t flushed(uint64_t base, uint64_t size)
{
	uint64_t total = 0, first = (uintptr_t)pa_to_ptr(PA(base + PA_OFFSET));

	for (unsigned i = 0; i < fake_op_count; i++) {
		assert_int_equal(fake_ops[i].kind, FAKE_CACHE_CLEAN_INVALIDATE);
		if (fake_ops[i].address - first < size)
			total += fake_ops[i].extra;
	}
	return total;
}

/* Until the instruction is past. How many steps that took; none may be long. */
static unsigned set_way(struct vcpu *by)
{
	unsigned steps = 1;

	for (;; steps++) {
		unsigned before = fake_op_count;
		enum exit_result result = setway_handle(by);
		uint64_t bytes = 0;

		for (unsigned i = before; i < fake_op_count; i++)
			bytes += fake_ops[i].extra;
		assert_true(bytes <= MIB(1) && fake_op_count - before <= 256);
		if (result == EXIT_SKIP)
			return steps;
		assert_int_equal(result, EXIT_RESCHEDULE);
		assert_true(steps < 100);
	}
}

static void expect_all_flushed(void)
{
	assert_int_equal(flushed(RAM0, RAM0_SIZE), RAM0_SIZE - BLOCK_SIZE);
	assert_int_equal(flushed(absent, BLOCK_SIZE), 0);
	assert_int_equal(flushed(ROM, ROM_SIZE), ROM_SIZE);
	assert_int_equal(flushed(RAM1, RAM1_SIZE), RAM1_SIZE);
	fake_op_count = 0;
}

static void test_set_way_flushes_once(void **state)
{
	(void)state;
	assert_true(set_way(&vcpu) > 1);
	expect_all_flushed();
	assert_true(vcpu.hcr & HCR_EL2_TVM);
	assert_int_equal(fake_reg(HCR_EL2), vcpu.hcr);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(setway_handle(&vcpu), EXIT_SKIP);
	assert_int_equal(fake_op_count, 0);
	/* Another vCPU has caches of its own. */
	assert_false(other.hcr & HCR_EL2_TVM);
	set_way(&other);
	expect_all_flushed();
	/* After its reset, which clears TVM, a vCPU begins anew: even in the middle of it. */
	vcpu.hcr &= ~HCR_EL2_TVM;
	assert_int_equal(setway_handle(&vcpu), EXIT_RESCHEDULE);
	fake_op_count = 0;
	vcpu.hcr &= ~HCR_EL2_TVM;
	set_way(&vcpu);
	expect_all_flushed();
}

static void test_set_way_skips_devices(void **state)
{
	(void)state;
	is_device = true;
	set_way(&vcpu);
	assert_int_equal(fake_op_count, 0);
	assert_true(lookups > 0);
}

/* Nothing at all is mapped: a step only has so many look-ups. */
static void test_set_way_large_and_empty(void **state)
{
	unsigned steps;

	(void)state;
	vm.stage2.region_count = 0;
	add(BIT(IPA_BITS - 1), GIB(8), MEM_RWX);
	absent = 0;
	vm.stage2.regions[0].size = 0;
	assert_int_equal(set_way(&vcpu), 1);
	vcpu.hcr &= ~HCR_EL2_TVM;
	vm.stage2.regions[0].size = GIB(8);
	is_device = true;
	lookups = 0;
	steps = set_way(&vcpu);
	assert_true(steps > 1);
	assert_true(lookups / steps <= 256);
}

static enum exit_result write_register(unsigned encoding, uint64_t value)
{
	enum exit_result result;
	unsigned steps = 0;

	do {
		result = setway_write_vm_register(&vcpu, encoding, value);
		assert_true(++steps < 100);
	} while (result == EXIT_RESCHEDULE);
	return result;
}

/* As Arm's own boot code does it: flush, caches off; later flush, caches on. */
static void test_switching_caches(void **state)
{
	(void)state;
	fake_reg(SCTLR_EL1) = CACHES | BIT(23);
	set_way(&vcpu);
	expect_all_flushed();
	/* Nothing of the caches changes. */
	assert_int_equal(write_register(SYS_SCTLR_EL1, CACHES | BIT(12)), EXIT_SKIP);
	assert_int_equal(fake_reg(SCTLR_EL1), CACHES | BIT(12));
	assert_int_equal(fake_op_count, 0);
	/* On as before: no more traps. */
	assert_false(vcpu.hcr & HCR_EL2_TVM);
	set_way(&vcpu);
	expect_all_flushed();
	assert_int_equal(write_register(SYS_SCTLR_EL1, SCTLR_EL1_M), EXIT_SKIP);
	assert_int_equal(fake_reg(SCTLR_EL1), SCTLR_EL1_M);
	expect_all_flushed();
	assert_true(vcpu.hcr & HCR_EL2_TVM);
	assert_int_equal(write_register(SYS_SCTLR_EL1, SCTLR_EL1_C), EXIT_SKIP); /* still off */
	assert_int_equal(fake_op_count, 0);
	assert_int_equal(setway_handle(&vcpu), EXIT_SKIP);
	assert_int_equal(fake_op_count, 0);
	assert_int_equal(write_register(SYS_SCTLR_EL1, CACHES), EXIT_SKIP);
	expect_all_flushed();
	assert_false(vcpu.hcr & HCR_EL2_TVM);
	assert_int_equal(fake_reg(HCR_EL2), vcpu.hcr);
}

/* The register is written at once: what comes between two steps already sees it. */
static void test_sctlr_first(void **state)
{
	(void)state;
	set_way(&vcpu);
	fake_op_count = 0;
	assert_int_equal(setway_write_vm_register(&vcpu, SYS_SCTLR_EL1, CACHES), EXIT_RESCHEDULE);
	assert_int_equal(fake_reg(SCTLR_EL1), CACHES);
	assert_true(vcpu.hcr & HCR_EL2_TVM);
	assert_int_equal(write_register(SYS_SCTLR_EL1, CACHES), EXIT_SKIP);
	expect_all_flushed();
}

/* With its caches on it does so again and again: each time is one, once it has written any of those
 * registers. Until the flush is complete they change nothing. */
static void test_caches_stay_on(void **state)
{
	(void)state;
	fake_reg(SCTLR_EL1) = CACHES;
	assert_int_equal(setway_handle(&vcpu), EXIT_RESCHEDULE);
	assert_int_equal(setway_write_vm_register(&vcpu, SYS_TTBR0_EL1, 0x1000), EXIT_SKIP);
	assert_true(vcpu.hcr & HCR_EL2_TVM);
	set_way(&vcpu);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(setway_write_vm_register(&vcpu, SYS_TTBR0_EL1, 0x1000), EXIT_SKIP);
		assert_false(vcpu.hcr & HCR_EL2_TVM);
		fake_op_count = 0;
		assert_true(set_way(&vcpu) > 1);
		expect_all_flushed();
		assert_true(vcpu.hcr & HCR_EL2_TVM);
	}
}

static void test_other_registers(void **state)
{
	static const unsigned registers[] = { SYS_TTBR0_EL1, SYS_TTBR1_EL1, SYS_TCR_EL1,
		SYS_ESR_EL1, SYS_FAR_EL1, SYS_AFSR0_EL1, SYS_AFSR1_EL1, SYS_MAIR_EL1, SYS_AMAIR_EL1,
		SYS_CONTEXTIDR_EL1 };

	(void)state;
	set_way(&vcpu);
	fake_op_count = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(registers); i++) {
		assert_int_equal(
			setway_write_vm_register(&vcpu, registers[i], 0x1000 + i), EXIT_SKIP);
		assert_int_equal(fake_sysreg_get(registers[i]), 0x1000 + i);
		assert_int_equal(fake_sysreg_writes(registers[i]), 1);
	}
	assert_int_equal(fake_op_count, 0);
	assert_true(vcpu.hcr & HCR_EL2_TVM);
}

/* Guests' memory is cacheable whatever they do: nothing is done, and nothing trapped. */
static void test_write_back_forced(void **state)
{
	(void)state;
	cpu_features.fwb = true;
	assert_int_equal(setway_handle(&vcpu), EXIT_SKIP);
	assert_int_equal(fake_op_count + lookups, 0);
	assert_false(vcpu.hcr & HCR_EL2_TVM);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_set_way_flushes_once, setup),
		cmocka_unit_test_setup(test_set_way_skips_devices, setup),
		cmocka_unit_test_setup(test_set_way_large_and_empty, setup),
		cmocka_unit_test_setup(test_switching_caches, setup),
		cmocka_unit_test_setup(test_sctlr_first, setup),
		cmocka_unit_test_setup(test_other_registers, setup),
		cmocka_unit_test_setup(test_caches_stay_on, setup),
		cmocka_unit_test_setup(test_write_back_forced, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
