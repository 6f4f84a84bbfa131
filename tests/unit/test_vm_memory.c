/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Making a VM with its real parts on the real page allocator, with too little memory: one page less
 * each time. Whatever was made is given back, down to the last page, promise and VMID.
 *
 * links: hyp/vm/vm.c hyp/vdev/device.c hyp/vdev/vgic.c hyp/vdev/vgic_lr.c hyp/vdev/vgic_irq.c
 * hyp/vdev/vgic_sgi.c hyp/vdev/vgic_cpu.c hyp/vdev/vgic_reg.c hyp/vdev/vgic_dist.c
 * hyp/vdev/vgic_redist.c hyp/vdev/vgic_line.c hyp/vdev/vgic_bound.c hyp/vdev/vgic_detached.c
 * hyp/vdev/vtimer.c hyp/vdev/vuart.c hyp/vm/fpsimd_part.c mm/stage2.c mm/stage2_end.c
 * mm/stage2_regs.c mm/vmid.c mm/pgtable.c mm/pgtable_desc.c mm/page.c mm/page_init.c
 * mm/page_table.c hyp/base/bitmap.c hyp/base/format.c hyp/base/status.c hyp/vm/inject.c
 * hyp/arch/features.c drivers/timer/timer.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/gic/gic.h"
#include "drivers/gic/irq.h"
#include "drivers/gic/vif.h"
#include "hyp/arch/features.h"
#include "hyp/vdev/line.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vdev/vtimer.h"
#include "hyp/vdev/vuart.h"
#include "hyp/vm/fpsimd_part.h"
#include "hyp/vm/inject.h"
#include "hyp/vm/timer.h"
#include "mm/page.h"
#include "tests/unit/fake/cpu.h"
#include "tests/unit/fake/memory.h"

#define RAM       UINT64_C(0x80000000)
#define RAM_SIZE  MIB(16)
#define VM_BASE   IPA(UINT64_C(0x40000000))
#define VCPUS     4
#define PAGES_MAX 4096

/* --- the rooms around --- */

struct vif_info vif = {
	.lrs = 4, .aprs = 1, .priority_bits = 5, .preemption_bits = 5, .id_bits = 16
};
struct irq_row irq_table[GIC_INTID_LIMIT];

enum status irq_register(uint32_t intid, irq_handler handler, void *context, enum irq_flags flags)
{
	(void)intid;
	(void)handler;
	(void)context;
	(void)flags;
	return OK;
}

void gic_enable(unsigned cpu, uint32_t intid)
{
	(void)cpu;
	(void)intid;
}

void gic_disable(unsigned cpu, uint32_t intid)
{
	(void)cpu;
	(void)intid;
}

void gic_set_active(unsigned cpu, uint32_t intid)
{
	(void)cpu;
	(void)intid;
}

void vcpu_list_parts(void)
{
}

bool gic_is_active(unsigned cpu, uint32_t intid)
{
	(void)cpu;
	(void)intid;
	return false;
}

uint32_t gic_maintenance_intid(void)
{
	return 25;
}

void vif_more_aprs_save(struct vif_aprs *aprs)
{
	(void)aprs;
}

void vif_more_aprs_restore(const struct vif_aprs *aprs)
{
	(void)aprs;
}

void timer_arm(struct soft_timer *timer, uint64_t deadline)
{
	(void)timer;
	(void)deadline;
}

void timer_disarm(struct soft_timer *timer)
{
	(void)timer;
}

void sched_unplace(struct vm *vm)
{
	(void)vm;
}

void sched_place(struct vm *vm)
{
	for (unsigned i = 0; i < vm->nr_vcpus; i++)
		vm->vcpus[i]->cpu = &cpus[0];
}

void line_ended(struct vm *vm, unsigned intid)
{
	(void)vm;
	(void)intid;
	fail();
}

void vcpu_request(struct vcpu *vcpu, uint64_t work)
{
	(void)vcpu;
	(void)work;
}

void vcpu_wake(struct vcpu *vcpu)
{
	(void)vcpu;
}

const struct vm_part *vm_parts;
static struct vm_part parts[NR_PARTS];

/* --- the machine's pages --- */

static pa_t taken[PAGES_MAX];

static int setup(void **state)
{
	static const struct page_range ram = { RAM, RAM_SIZE, OWNER_NONE };

	(void)state;
	fake_cpu_reset();
	fake_memory_reset();
	fake_memory_add(RAM, RAM_SIZE);
	assert_int_equal(page_init(&ram, 1, NULL, 0), OK);
	cpu_features = (struct cpu_features){ .pa_bits = 40, .vmid_bits = 8 };
	stage2_init(40, 8);
	parts[PART_VGIC] = vgic_part;
	parts[PART_VTIMER] = vtimer_part;
	parts[PART_VUART] = vuart_part;
	parts[PART_FPSIMD] = fpsimd_part;
	vm_parts = parts;
	nr_vms = 0;
	return 0;
}

static struct page_stats stats(void)
{
	struct page_stats now;

	page_get_stats(&now);
	return now;
}

/* So many pages are left beside the blocks that the VM is promised. */
static unsigned leave(uint64_t pages, uint64_t blocks)
{
	unsigned count = 0;

	while (stats().free_pages - blocks * PAGES_PER_BLOCK > pages) {
		assert_true(count < PAGES_MAX);
		if (page_alloc(OWNER_LINTEL, &taken[count]) != OK)
			break;
		count++;
	}
	return count;
}

static void give_back(unsigned count)
{
	while (count-- > 0)
		assert_int_equal(page_free(taken[count], 1, OWNER_LINTEL), OK);
}

static bool fails_without_a_trace(uint64_t pages, uint64_t blocks)
{
	unsigned count = leave(pages, blocks);
	struct page_stats before = stats();
	struct vm *vm;
	enum status status = vm_create("it", VM_BASE, blocks * BLOCK_SIZE, VCPUS, &vm);

	if (status == OK)
		return false;
	struct page_stats after = stats();

	assert_int_equal(status, ERR_NO_MEMORY);
	assert_int_equal(after.free_pages, before.free_pages);
	assert_int_equal(after.promised_blocks, before.promised_blocks);
	assert_int_equal(after.lintel_pages, before.lintel_pages);
	assert_int_equal(nr_vms, 0);
	give_back(count);
	return true;
}

static void one_page_more_each_time(void **state)
{
	uint64_t pages = 0;

	(void)state;
	/* More often than there are VMIDs. */
	for (unsigned i = 0; i < 300; i++)
		assert_true(fails_without_a_trace(1, 4));
	while (fails_without_a_trace(pages, 4))
		pages++;
	assert_in_range(pages, 10, 500);
	assert_int_equal(nr_vms, 1);
	assert_int_equal(stats().promised_blocks, 4);
}

static void more_memory_than_there_is(void **state)
{
	struct page_stats before = stats();
	struct vm *vm;

	(void)state;
	assert_int_equal(vm_create("it", VM_BASE, GIB(1), 1, &vm), ERR_NO_MEMORY);
	assert_int_equal(stats().free_pages, before.free_pages);
	assert_int_equal(stats().promised_blocks, 0);
	/* What others were promised is not there. */
	assert_int_equal(vm_create("one", VM_BASE, MIB(8), 1, &vm), OK);
	before = stats();
	assert_int_equal(vm_create("two", VM_BASE, MIB(8), 1, &vm), ERR_NO_MEMORY);
	assert_int_equal(stats().free_pages, before.free_pages);
	assert_int_equal(stats().promised_blocks, before.promised_blocks);
	assert_int_equal(vm_create("three", VM_BASE, MIB(2), 1, &vm), OK);
	assert_int_equal(vm->id, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(one_page_more_each_time, setup),
		cmocka_unit_test_setup(more_memory_than_there_is, setup),
	};

	return cmocka_run_group_tests_name("vm_memory", tests, NULL, NULL);
}
