/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shadows of a guest hypervisor's stage 2: which one is in force, recycling, and what a change of
 * the VM's own stage 2 does.
 *
 * links: hyp/nested/shadow.c hyp/nested/shadow_table.c mm/stage2.c mm/stage2_end.c mm/stage2_regs.c
 * mm/vmid.c mm/pgtable.c mm/pgtable_desc.c mm/page.c mm/page_init.c mm/page_table.c
 * hyp/base/bitmap.c hyp/base/format.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/nested/shadow_state.h"
#include "mm/page.h"
#include "mm/stage2_regs.h"
#include "mm/vmid.h"
#include "tests/unit/fake/cpu.h"
#include "tests/unit/fake/memory.h"

static void take_shadow(struct nested *nested)
{
	shadow_enter(nested, shadow_take(nested));
}

#define RAM      UINT64_C(0x80000000)
#define RAM_SIZE MIB(64)
#define VM_RAM   UINT64_C(0x40000000)
#define VCPUS    2

static struct vm vm;
static struct vcpu vcpus[VCPUS];
static struct nested nesteds[VCPUS];
static uint64_t pages[VCPUS][512];
static struct shadows *set;

static void build(void)
{
	struct page_range ram = { RAM, RAM_SIZE, 0 };

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
		vcpus[i].vttbr = vm.stage2.vttbr;
		vcpus[i].vtcr = vm.stage2.vtcr;
		vcpus[i].part[PART_NESTED] = &nesteds[i];
		vm.vcpus[i] = &vcpus[i];
		nesteds[i].vcpu = &vcpus[i];
		nesteds[i].page = pages[i];
	}
}

static int begin(void **state)
{
	(void)state;
	build();
	fake_cpu_count(2);
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
	assert_null(vm.stage2.watcher);
	while (!stage2_destroy_step(&vm.stage2))
		assert_true(steps++ < 1000);
	return 0;
}

static void off(struct nested *nested, unsigned vmid)
{
	VNCR_REG(nested, HCR_EL2) = 0;
	VNCR_REG(nested, VTTBR_EL2) = FIELD_PREP(VTTBR_VMID, vmid) | 0x1234000;
	VNCR_REG(nested, VTCR_EL2) = VTCR_VS;
}

static void on(struct nested *nested, unsigned vmid, uint64_t root)
{
	VNCR_REG(nested, HCR_EL2) = HCR_EL2_VM;
	VNCR_REG(nested, VTTBR_EL2) = FIELD_PREP(VTTBR_VMID, vmid) | root;
	VNCR_REG(nested, VTCR_EL2) = VTCR_VS | 25;
}

static unsigned vmid_in_force(const struct nested *nested)
{
	return (unsigned)FIELD_GET(VTTBR_VMID, nested->vcpu->vttbr);
}

/* With L1's stage 2 off: the VM's own tables, by a VMID for each of L1's. */
static void test_off(void **state)
{
	struct nested *nested = &nesteds[0];
	unsigned first;

	(void)state;
	off(nested, 7);
	take_shadow(nested);
	assert_non_null(nested->shadow);
	assert_int_equal(vcpus[0].vttbr & VTTBR_BADDR, vm.stage2.table.root.pa);
	assert_int_equal(vcpus[0].vtcr, vm.stage2.vtcr);
	first = vmid_in_force(nested);
	assert_int_not_equal(first, vm.stage2.vmid);
	shadow_release(nested);
	assert_null(nested->shadow);
	assert_int_equal(vcpus[0].vttbr, vm.stage2.vttbr);

	VNCR_REG(nested, VTTBR_EL2) ^= 0xff000; /* the rest of it is nobody's business */
	take_shadow(nested);
	assert_int_equal(vmid_in_force(nested), first);
	shadow_release(nested);

	off(nested, 8);
	take_shadow(nested);
	assert_int_not_equal(vmid_in_force(nested), first);
	shadow_release(nested);

	off(nested, 0x107);
	VNCR_REG(nested, VTCR_EL2) = 0; /* 8 bits */
	take_shadow(nested);
	assert_int_equal(vmid_in_force(nested), first);
	assert_int_equal(shadow_vvmid(nested), 7);
	shadow_release(nested);
	assert_int_equal(set->recycled, 0);
}

/* What tells shadows with tables apart. */
static void test_key(void **state)
{
	static const struct {
		unsigned offset;
		uint64_t change;
		bool same;
	} rows[] = {
		{ VNCR_VTTBR_EL2, 1, true }, /* CnP */
		{ VNCR_VTTBR_EL2, 0x10000, false },
		{ VNCR_VTTBR_EL2, BIT(48), false },
		{ VNCR_VTCR_EL2, BIT(0), false },
		{ VNCR_HCR_EL2, HCR_EL2_TWI, true },
		{ VNCR_HCR_EL2, HCR_EL2_DC, true },
		{ VNCR_HCR_EL2, HCR_EL2_FWB, false },
		{ VNCR_HCR_EL2, HCR_EL2_CD, false },
		{ VNCR_HCR_EL2, HCR_EL2_VM, false },
		{ VNCR_HCR_EL2, HCR_EL2_VM | HCR_EL2_DC, true },
	};
	struct nested *nested = &nesteds[0];

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct shadow *first;

		on(nested, 5, 0x40200000);
		take_shadow(nested);
		first = nested->shadow;
		assert_int_not_equal(vcpus[0].vttbr & VTTBR_BADDR, vm.stage2.table.root.pa);
		shadow_release(nested);
		nested->page[rows[i].offset / 8] ^= rows[i].change;
		take_shadow(nested);
		if ((nested->shadow == first) != rows[i].same)
			fail_msg("row %u", i);
		shadow_release(nested);
	}
}

/* The vCPUs of a VM share them; those that nobody holds are used anew, the oldest first. */
static void test_recycle(void **state)
{
	struct nested *nested = &nesteds[0];
	struct shadow *shared, *oldest;

	(void)state;
	on(&nesteds[1], 1, 0x40200000);
	take_shadow(&nesteds[1]);
	on(nested, 1, 0x40200000);
	take_shadow(nested);
	shared = nested->shadow;
	assert_ptr_equal(shared, nesteds[1].shadow);
	assert_int_equal(shared->holders, 2);
	shadow_release(nested);

	on(nested, 2, 0x40200000);
	take_shadow(nested);
	oldest = nested->shadow;
	assert_int_equal(shared->holders, 1);
	for (unsigned vmid = 3; vmid < set->count + 1; vmid++) {
		on(nested, vmid, 0x40200000);
		take_shadow(nested);
		assert_int_equal(set->recycled, 0);
	}
	on(nested, 100, 0x40200000);
	take_shadow(nested);
	assert_ptr_equal(nested->shadow, oldest);
	assert_int_equal(set->recycled, 1);
	assert_int_equal(shared->holders, 1);

	/* thousands of them */
	for (unsigned vmid = 200; vmid < 5000; vmid++) {
		on(nested, vmid, 0x40200000);
		take_shadow(nested);
		assert_ptr_not_equal(nested->shadow, shared);
	}
	assert_true(shared->used);
	shadow_reset(&vm);
	for (unsigned i = 0; i < set->count; i++)
		assert_false(set->slots[i].used);
}

static unsigned local_flushes(uint64_t vttbr)
{
	unsigned count = 0;

	for (unsigned i = 0; i < fake_op_count; i++)
		count += fake_ops[i].kind == FAKE_TLB_LOCAL_VMID && fake_ops[i].extra == vttbr;
	fake_op_count = 0;
	return count;
}

/* Two vCPUs take turns on a CPU: what one left under the shadow's VMID, or under the VM's own, goes
 * from that CPU. */
static void test_last_vcpu(void **state)
{
	uint64_t own = vm.stage2.vttbr, vttbr;

	(void)state;
	vm.last_vcpu[0] = 1; /* as vcpu_load() has it */
	off(&nesteds[0], 1);
	off(&nesteds[1], 1);
	take_shadow(&nesteds[0]);
	vttbr = vcpus[0].vttbr;
	assert_int_equal(local_flushes(vttbr), 0);
	shadow_release(&nesteds[0]);
	assert_int_equal(local_flushes(own), 0);
	take_shadow(&nesteds[0]);
	assert_int_equal(local_flushes(vttbr), 0);

	vm.last_vcpu[0] = 2;
	take_shadow(&nesteds[1]);
	assert_int_equal(local_flushes(vttbr), 1);

	/* vcpu_load(): it comes back while inner */
	vm.last_vcpu[0] = 1;
	shadow_load(&nesteds[0]);
	assert_int_equal(local_flushes(vttbr), 1);
	shadow_release(&nesteds[0]);
	assert_int_equal(local_flushes(own), 1);
	assert_int_equal(vm.last_vcpu[0], 1);

	fake_cpu_switch(1);
	take_shadow(&nesteds[0]);
	assert_int_equal(local_flushes(vttbr), 0);
	fake_cpu_switch(0);
}

static bool flushed(enum fake_op_kind kind, uint64_t address, uint64_t vttbr)
{
	for (unsigned i = 0; i < fake_op_count; i++)
		if (fake_ops[i].kind == kind && fake_ops[i].address == address &&
			fake_ops[i].extra == vttbr)
			return true;
	return false;
}

/* The VM's own stage 2 changes: also under the VMIDs of those that use its tables. */
static void test_own_changes(void **state)
{
	uint64_t vttbr;

	(void)state;
	off(&nesteds[0], 1);
	take_shadow(&nesteds[0]);
	vttbr = vcpus[0].vttbr;
	while (stage2_fault_in(&vm.stage2, IPA(VM_RAM)) == ERR_BUSY)
		;
	fake_op_count = 0;
	assert_int_equal(stage2_unmap(&vm.stage2, IPA(VM_RAM), MIB(2)), OK);
	assert_true(flushed(FAKE_TLB_IPA, VM_RAM, vttbr));
	assert_true(flushed(FAKE_TLB_IPA, VM_RAM, vm.stage2.vttbr));
	while (stage2_fault_in(&vm.stage2, IPA(VM_RAM + MIB(2))) == ERR_BUSY)
		;
	assert_int_equal(stage2_protect(&vm.stage2, IPA(VM_RAM + MIB(2)), KIB(256), MEM_R), OK);
	fake_op_count = 0;
	assert_int_equal(stage2_protect(&vm.stage2, IPA(VM_RAM + MIB(2)), KIB(256), MEM_RX), OK);
	assert_true(flushed(FAKE_TLB_VMID, 0, vttbr));
}

/* VMIDs or memory are used up: nothing is left behind. */
static void test_scarce(void **state)
{
	struct page_stats before, after;
	uint16_t vmid;
	unsigned vmids = 0;

	(void)state;
	shadow_destroy(&vm);
	page_get_stats(&before);
	while (vmid_alloc(&vmid) == OK)
		vmids++;
	assert_int_equal(shadow_create(&vm), ERR_NO_MEMORY);
	assert_null(vm.stage2.watcher);
	assert_non_null(strstr(fake_log, "needs 6 VMIDs"));
	vmid_free(vmid);
	vmid_free((uint16_t)(vmid - 1));
	assert_int_equal(shadow_create(&vm), ERR_NO_MEMORY);
	page_get_stats(&after);
	assert_int_equal(before.free_pages, after.free_pages);
	for (unsigned i = 2; i < 6; i++)
		vmid_free((uint16_t)(vmid - i));
	while (page_alloc(OWNER_FIRST_VM + 1, &(pa_t){ 0 }) == OK)
		;
	assert_int_equal(shadow_create(&vm), ERR_NO_MEMORY);
	shadow_destroy(&vm);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_off, begin, end),
		cmocka_unit_test_setup_teardown(test_key, begin, end),
		cmocka_unit_test_setup_teardown(test_recycle, begin, end),
		cmocka_unit_test_setup_teardown(test_last_vcpu, begin, end),
		cmocka_unit_test_setup_teardown(test_own_changes, begin, end),
		cmocka_unit_test_setup_teardown(test_scarce, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
