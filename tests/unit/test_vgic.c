/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The vGIC, case by case: the registers of both frames at every width, SGIs, list register
 * overflow, other vCPUs' state.
 *
 * links: tests/unit/vgic_model.c hyp/vdev/device.c hyp/vdev/vgic.c hyp/vdev/vgic_lr.c
 * hyp/vdev/vgic_irq.c hyp/vdev/vgic_sgi.c hyp/vdev/vgic_cpu.c hyp/vdev/vgic_reg.c
 * hyp/vdev/vgic_dist.c hyp/vdev/vgic_redist.c hyp/vdev/vgic_line.c hyp/vdev/vgic_bound.c
 * hyp/vdev/vgic_detached.c hyp/vdev/vtimer.c
 */
#include <stdarg.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/fake/cpu.h"
#include "tests/unit/vgic_model.h"

#define PRIORITY 0x80
#define ALL      UINT32_MAX

static int begin_with(unsigned vcpus, unsigned lrs)
{
	model_create(vcpus, lrs);
	guest_setup(PRIORITY);
	return 0;
}

static int begin_one(void **state)
{
	(void)state;
	return begin_with(1, 4);
}

static int begin_two(void **state)
{
	(void)state;
	return begin_with(2, 4);
}

static int begin_reset(void **state)
{
	(void)state;
	model_create(3, 4);
	return 0;
}

static int end(void **state)
{
	(void)state;
	model_destroy();
	return 0;
}

static void expect_taken(unsigned cpu, unsigned intid)
{
	assert_int_equal(guest_ack(cpu, true), intid);
}

static void take(unsigned cpu, unsigned intid)
{
	expect_taken(cpu, intid);
	guest_eoi(cpu, intid, true);
	model_run_all();
}

static void expect_nothing(unsigned cpu)
{
	assert_int_equal(guest_signalled(cpu, NULL), MODEL_SPURIOUS);
}

/* ---- registers ---- */

static const unsigned widths[] = { 1, 2, 4, 8 };

/* Reads back what one may write, at every width; other widths do nothing. */
static void check_register(uint64_t ipa, unsigned legal, uint64_t written, uint64_t expected)
{
	for (unsigned i = 0; i < ARRAY_SIZE(widths); i++) {
		unsigned width = widths[i];
		uint64_t mask = width == 8 ? UINT64_MAX : BIT(8 * width) - 1;
		uint64_t before = guest_read(0, ipa, legal & BIT(4) ? 4 : 8), value;

		guest_write(0, ipa, width, written);
		value = guest_read(0, ipa, width);
		if (legal & BIT(width)) {
			assert_int_equal(model_mmio_result, MMIO_DONE);
			assert_int_equal(value, expected & mask);
		} else {
			assert_int_equal(model_mmio_result, MMIO_RAZ_WI);
			assert_int_equal(value, 0);
			assert_int_equal(guest_read(0, ipa, legal & BIT(4) ? 4 : 8), before);
		}
	}
}

static void after_reset(void **state)
{
	(void)state;
	assert_int_equal(guest_read(0, GICD(0x0), 4), 0x50);
	/* 288 INTIDs, 10 bits, A3V, one security state, no LPIs, 1 of N. */
	assert_int_equal(guest_read(0, GICD(0x4), 4), 0x01480008);
	assert_int_equal(guest_read(0, GICD(0x8), 4), 0x43b);
	for (uint64_t offset = 0x80; offset < 0x8000; offset += 4) {
		uint64_t value = guest_read(0, GICD(offset), 4);

		assert_int_equal(value, 0);
	}
	for (unsigned cpu = 0; cpu < 3; cpu++) {
		assert_int_equal(guest_read(0, GICR(cpu, 0x0), 4), 0);
		assert_int_equal(guest_read(0, GICR(cpu, 0x4), 4), 0x43b);
		assert_int_equal(guest_read(0, GICR(cpu, 0x8), 8),
			(uint64_t)cpu << 32 | cpu << 8 | (cpu == 2 ? 0x10 : 0));
		assert_int_equal(guest_read(0, GICR(cpu, 0x14), 4), 6);
		for (uint64_t offset = 0x80; offset < 0xc00; offset += 4)
			assert_int_equal(guest_read(0, SGI_FRAME(cpu, offset), 4), 0);
		assert_int_equal(guest_read(0, SGI_FRAME(cpu, 0xc00), 4), 0xaaaaaaaa);
		assert_int_equal(guest_read(0, SGI_FRAME(cpu, 0xc04), 4), 0);
	}
}

static void identification(void **state)
{
	static const uint8_t ids[] = { 0x44, 0, 0, 0, 0x92, 0xb4, 0x3b, 0, 0x0d, 0xf0, 0x05, 0xb1 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(ids) - 1; i++) {
		check_register(GICD(0xffd0 + 4 * i), BIT(4), ALL, ids[i]);
		check_register(GICR(0, 0xffd0 + 4 * i), BIT(4), ALL, ids[i]);
		check_register(GICR(1, 0xffd0 + 4 * i), BIT(4), ALL, ids[i]);
	}
	/* Eight bytes at the last one are not in the frame. */
	assert_int_equal(guest_read(0, GICD(0xfffc), 4), ids[11]);
	assert_int_equal(guest_read(0, GICR(1, 0xfffc), 4), ids[11]);
	assert_null(device_find(model_vm->devices, GICD(0xfffc), 8));
	assert_null(device_find(model_vm->devices, GICR(1, 0xfffc), 8));
	/* Each frame is a device. */
	for (unsigned cpu = 0; cpu < 2; cpu++) {
		assert_int_equal(
			device_find(model_vm->devices, GICR(cpu, 8), 8)->first, GICR(cpu, 0));
		assert_int_equal(device_find(model_vm->devices, SGI_FRAME(cpu, 8), 8)->first,
			SGI_FRAME(cpu, 0));
	}
	assert_int_equal(guest_read(0, GICD(0xffcc), 4), 0);
	assert_int_equal(guest_read(0, GICR(0, 0xffcc), 4), 0);
}

static void every_width(void **state)
{
	(void)state;
	check_register(GICD(0x4), BIT(4), ALL, 0x01480008);
	check_register(GICR(1, 0x8), BIT(4) | BIT(8), UINT64_MAX, UINT64_C(0x100000110));
	check_register(GICR(1, 0xc), BIT(4), UINT64_MAX, 1);
	check_register(GICD(0x80 + 8 * 4), BIT(4), 0x12345678, 0x12345678);
	check_register(SGI_FRAME(1, 0x80), BIT(4), 0x12345678, 0x12345678);
	for (unsigned byte = 0; byte < 4; byte++) {
		guest_write(0, GICD(0x400 + 40 + byte), 1, 0xff);
		assert_int_equal(guest_read(0, GICD(0x400 + 40 + byte), 1), 0xf8);
		guest_write(0, SGI_FRAME(1, 0x400 + byte), 1, 0x17);
		assert_int_equal(guest_read(0, SGI_FRAME(1, 0x400 + byte), 1), 0x10);
	}
	assert_int_equal(guest_read(0, GICD(0x400 + 40), 4), 0xf8f8f8f8);
	assert_int_equal(guest_read(0, SGI_FRAME(1, 0x400), 4), 0x10101010);
	check_register(GICD(0x420), BIT(4) | BIT(1), 0x89abcdef, 0x88a8c8e8);
	/* Halves and wholes of IROUTER; bits that don't exist stay zero. */
	guest_write(0, GICD(0x6100), 8, UINT64_MAX);
	assert_int_equal(guest_read(0, GICD(0x6100), 8), UINT64_C(0xff80ffffff));
	assert_int_equal(guest_read(0, GICD(0x6104), 4), 0xff);
	guest_write(0, GICD(0x6104), 4, 0x12);
	assert_int_equal(guest_read(0, GICD(0x6100), 8), UINT64_C(0x1280ffffff));
	guest_write(0, GICD(0x6100), 4, 1);
	assert_int_equal(guest_read(0, GICD(0x6100), 8), UINT64_C(0x1200000001));
	check_register(GICD(0x6100 + 255 * 8), BIT(4) | BIT(8), 2, 2);
	/* Beyond the last SPI, and the SGIs' and PPIs' place. */
	guest_write(0, GICD(0x6100 + 256 * 8), 8, 1);
	assert_int_equal(guest_read(0, GICD(0x6100 + 256 * 8), 8), 0);
	guest_write(0, GICD(0x6000), 8, 1);
	assert_int_equal(guest_read(0, GICD(0x6000), 8), 0);
}

static void misaligned_and_beyond(void **state)
{
	static const unsigned offsets[] = { 0x0, 0x4, 0x84, 0x104, 0x184, 0x204, 0x284, 0x304,
		0x384, 0xc08, 0x6100 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(offsets); i++) {
		for (unsigned by = 1; by < 4; by++) {
			assert_int_equal(guest_read(0, GICD(offsets[i] + by), 4), 0);
			assert_int_equal(model_mmio_result, MMIO_RAZ_WI);
			guest_write(0, GICD(offsets[i] + by), 4, ALL);
			assert_int_equal(model_mmio_result, MMIO_RAZ_WI);
		}
	}
	/* Word 0 is the redistributors', the words after the eighth nobody's. */
	for (unsigned base = 0x80; base < 0x400; base += 0x80) {
		for (unsigned word = 0; word < 32; word++) {
			if (word >= 1 && word <= 8)
				continue;
			guest_write(0, GICD(base + 4 * word), 4, ALL);
			assert_int_equal(model_mmio_result, MMIO_RAZ_WI);
			assert_int_equal(guest_read(0, GICD(base + 4 * word), 4), 0);
		}
		for (unsigned word = 1; word < 32; word++) {
			guest_write(0, SGI_FRAME(1, base + 4 * word), 4, ALL);
			assert_int_equal(guest_read(0, SGI_FRAME(1, base + 4 * word), 4), 0);
		}
	}
	assert_int_equal(guest_read(0, GICD(0x400 + 288), 4), 0);
	guest_write(0, GICD(0x400 + 288), 4, ALL);
	assert_int_equal(guest_read(0, GICD(0x400 + 288), 4), 0);
	assert_int_equal(guest_read(0, SGI_FRAME(0, 0x420), 4), 0);
}

/* No access of any width anywhere does harm, and where there is no register it reads as zero. */
static void the_whole_space(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(widths); i++) {
		for (uint64_t offset = 0; offset + 8 <= VGIC_GICD_SIZE;
			offset += widths[i] == 8 ? 8 : 4) {
			guest_write(0, GICD(offset), widths[i], 0);
			guest_read(0, GICD(offset), widths[i]);
			assert_true(model_mmio_result <= MMIO_RAZ_WI);
		}
		for (uint64_t offset = 0; offset + 8 <= VGIC_GICR_STRIDE; offset += 8) {
			guest_write(0, GICR(1, offset), widths[i], UINT64_MAX);
			guest_read(0, GICR(1, offset), widths[i]);
			assert_true(model_mmio_result <= MMIO_RAZ_WI);
		}
	}
}

static void waker(void **state)
{
	(void)state;
	assert_int_equal(guest_read(0, GICR(1, 0x14), 4), 6);
	guest_write(0, GICR(1, 0x14), 4, 4);
	assert_int_equal(guest_read(0, GICR(1, 0x14), 4), 0);
	guest_write(0, GICR(1, 0x14), 4, 2);
	assert_int_equal(guest_read(0, GICR(1, 0x14), 4), 6);
}

static void config(void **state)
{
	(void)state;
	guest_write(0, GICD(0xc08), 4, 0xfffffffd);
	assert_int_equal(guest_read(0, GICD(0xc08), 4), 0xaaaaaaa8);
	guest_write(0, SGI_FRAME(0, 0xc00), 4, 0);
	assert_int_equal(guest_read(0, SGI_FRAME(0, 0xc00), 4), 0xaaaaaaaa);
	/* All PPIs but the timers' (11 and 14). */
	guest_write(0, SGI_FRAME(0, 0xc04), 4, ALL);
	assert_int_equal(guest_read(0, SGI_FRAME(0, 0xc04), 4), 0x8a2aaaaa);
}

/* ---- SGIs ---- */

static void sgi_to_self_goes_straight_in(void **state)
{
	(void)state;
	guest_sgi(0, UINT64_C(3) << 24 | 1);
	model_run(0);
	take(0, 3);
	/* From now on it has a list register: no work for the run loop. */
	model_kicks = 0;
	for (unsigned i = 0; i < 5; i++) {
		guest_sgi(0, UINT64_C(3) << 24 | 1);
		assert_int_equal(model_kicks, 0);
		take(0, 3);
	}
	expect_nothing(0);
}

static void sgi_to_others(void **state)
{
	(void)state;
	guest_sgi(0, UINT64_C(5) << 24 | 2);
	model_run_all();
	take(1, 5);
	expect_nothing(0);
	guest_sgi(1, UINT64_C(5) << 24 | BIT(40));
	model_run_all();
	take(0, 5);
	expect_nothing(1);
	/* Nobody: other clusters, another range, vCPUs that do not exist. */
	guest_sgi(0, BIT(16) | 3);
	guest_sgi(0, BIT(32) | 3);
	guest_sgi(0, BIT(48) | 3);
	guest_sgi(0, BIT(44) | 3);
	guest_sgi(0, 0xfffc);
	model_run_all();
	expect_nothing(0);
	expect_nothing(1);
}

static void sgi_group_rule(void **state)
{
	struct vcpu *vcpu = model_vcpu(0);

	(void)state;
	guest_write(0, SGI_FRAME(1, 0x80), 4, ~BIT(2));
	guest_set_groups(1, true, true);
	guest_sgi(0, UINT64_C(2) << 24 | 2);
	model_run_all();
	expect_nothing(1);
	vgic_sgi_write(vcpu, SYS_ICC_SGI0R_EL1, UINT64_C(2) << 24 | 3);
	model_run_all();
	expect_nothing(0);
	assert_int_equal(guest_ack(1, true), MODEL_SPURIOUS);
	assert_int_equal(guest_ack(1, false), 2);
	guest_eoi(1, 2, false);
	vgic_sgi_write(vcpu, SYS_ICC_ASGI1R_EL1, UINT64_C(2) << 24 | 2);
	model_run_all();
	assert_int_equal(guest_ack(1, false), 2);
}

static void sgi_while_active_comes_again(void **state)
{
	(void)state;
	guest_sgi(0, 1);
	model_run(0);
	expect_taken(0, 0);
	guest_sgi(0, 1);
	guest_sgi(0, 1);
	model_run(0);
	expect_nothing(0);
	assert_int_equal(guest_read(0, SGI_FRAME(0, 0x200), 4), 1);
	assert_int_equal(guest_read(0, SGI_FRAME(0, 0x300), 4), 1);
	guest_eoi(0, 0, true);
	model_run(0);
	take(0, 0);
	expect_nothing(0);
}

/* ---- more than there are list registers ---- */

static void sixty_four_at_once_in_order(void **state)
{
	unsigned last = 0;

	(void)state;
	guest_set_pmr(0, 0);
	for (unsigned i = 0; i < 64; i++)
		guest_write(0, GICD(0x420 + i), 1, (i * 37 % 29) << 3);
	guest_write(0, GICD(0x208), 4, ALL);
	guest_write(0, GICD(0x204), 4, ALL);
	guest_set_pmr(0, 0xf8);
	for (unsigned i = 0; i < 64; i++) {
		unsigned intid = guest_ack(0, true), key;

		assert_in_range(intid, 32, 95);
		key = ((intid - 32) * 37 % 29) << 8 | intid;
		assert_true(i == 0 || key > last);
		last = key;
		model_run(0);
		guest_eoi(0, intid, true);
		model_run(0);
	}
	expect_nothing(0);
}

static void equals_in_order_of_intid(void **state)
{
	static const unsigned order[] = { 40, 33, 37, 35, 34 };

	(void)state;
	guest_set_pmr(0, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(order); i++)
		guest_write(0, GICD(0x204), 4, BIT(order[i] - 32));
	guest_set_pmr(0, 0xf8);
	take(0, 33);
	take(0, 34);
	take(0, 35);
	take(0, 37);
	take(0, 40);
}

static void higher_one_displaces(void **state)
{
	(void)state;
	guest_set_pmr(0, 0);
	guest_write(0, GICD(0x204), 4, 0xff);
	guest_write(0, GICD(0x400 + 60), 1, 0x10);
	guest_write(0, GICD(0x204), 4, BIT(28));
	guest_set_pmr(0, 0xf8);
	take(0, 60);
	take(0, 32);
}

/* Preempting each other: more active than list registers, ended in EOImode 0. */
static void deep_nesting(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20; i++)
		guest_write(0, GICD(0x420 + i), 1, (25 - i) << 3);
	for (unsigned i = 0; i < 20; i++) {
		guest_write(0, GICD(0x204), 4, BIT(i));
		expect_taken(0, 32 + i);
		model_run(0);
	}
	assert_int_equal(guest_read(0, GICD(0x304), 4), BIT(20) - 1);
	for (unsigned i = 20; i-- > 0;) {
		guest_eoi(0, 32 + i, true);
		model_run(0);
		assert_int_equal(guest_read(0, GICD(0x304), 4), BIT(i) - 1);
	}
	expect_nothing(0);
}

static void many_active_in_eoimode_1(void **state)
{
	(void)state;
	guest_set_eoimode(0, true);
	for (unsigned i = 0; i < 12; i++) {
		guest_write(0, GICD(0x204), 4, BIT(i));
		expect_taken(0, 32 + i);
		guest_eoi(0, 32 + i, true);
		model_run(0);
	}
	assert_int_equal(guest_read(0, GICD(0x304), 4), 0xfff);
	for (unsigned i = 0; i < 12; i += 2) {
		guest_dir(0, 32 + i);
		model_run(0);
	}
	assert_int_equal(guest_read(0, GICD(0x304), 4), 0xaaa);
	guest_write(0, GICD(0x384), 4, 0xaaa);
	assert_int_equal(guest_read(0, GICD(0x304), 4), 0);
	assert_int_equal(model_cpus[0].hcr, VIF_HCR_EN);
}

static void disabled_group_does_not_block_the_other(void **state)
{
	(void)state;
	/* Four group 0 interrupts of the highest priority, which the guest does not take. */
	guest_write(0, GICD(0x84), 4, ~0xfU);
	guest_write(0, GICD(0x420), 4, 0);
	guest_write(0, GICD(0x204), 4, 0x1f);
	take(0, 36);
	expect_nothing(0);
	guest_set_groups(0, true, true);
	model_run(0);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(guest_ack(0, false), 32 + i);
		guest_eoi(0, 32 + i, false);
		model_run(0);
	}
	expect_nothing(0);
}

/* ---- SPIs ---- */

static void level_is_looked_at_again(void **state)
{
	(void)state;
	vgic_set_spi(model_vm, 33, true);
	model_run(0);
	take(0, 33);
	take(0, 33);
	expect_taken(0, 33);
	vgic_set_spi(model_vm, 33, false);
	guest_eoi(0, 33, true);
	model_run(0);
	expect_nothing(0);
}

static void level_that_drops_is_withdrawn(void **state)
{
	(void)state;
	vgic_set_spi(model_vm, 33, true);
	model_run(0);
	assert_int_equal(guest_signalled(0, NULL), 33);
	vgic_set_spi(model_vm, 33, false);
	model_run(0);
	expect_nothing(0);
	/* Seen from another CPU too. */
	vgic_set_spi(model_vm, 33, true);
	model_run(0);
	fake_cpu_switch(1);
	vgic_set_spi(model_vm, 33, false);
	fake_cpu_switch(0);
	model_run_all();
	expect_nothing(0);
	/* But not what ISPENDR made pending. */
	guest_write(0, GICD(0x204), 4, 2);
	vgic_set_spi(model_vm, 33, true);
	vgic_set_spi(model_vm, 33, false);
	model_run(0);
	take(0, 33);
	expect_nothing(0);
}

static void edge_comes_once_for_each_rise(void **state)
{
	(void)state;
	guest_write(0, GICD(0x184), 4, 4);
	guest_write(0, GICD(0xc08), 4, ALL);
	guest_write(0, GICD(0x104), 4, 4);
	vgic_set_spi(model_vm, 34, true);
	vgic_set_spi(model_vm, 34, true);
	model_run(0);
	take(0, 34);
	expect_nothing(0);
	vgic_set_spi(model_vm, 34, false);
	expect_nothing(0);
	vgic_set_spi(model_vm, 34, true);
	model_run(0);
	take(0, 34);
	expect_nothing(0);
}

static void intids_that_do_not_exist(void **state)
{
	(void)state;
	vgic_set_spi(model_vm, 31, true);
	vgic_set_spi(model_vm, 288, true);
	vgic_set_spi(model_vm, UINT32_MAX, true);
	vgic_set_ppi(model_vcpu(0), 15, true);
	vgic_set_ppi(model_vcpu(0), 27, true);
	vgic_set_ppi(model_vcpu(0), 32, true);
	model_run_all();
	expect_nothing(0);
}

static void routing(void **state)
{
	(void)state;
	guest_write(0, GICD(0x6000 + 8 * 40), 8, 1);
	guest_write(0, GICD(0x204), 4, BIT(8));
	model_run_all();
	expect_nothing(0);
	take(1, 40);
	/* Pending there, and routed back before it is taken. */
	guest_write(0, GICD(0x204), 4, BIT(8));
	model_run_all();
	guest_write(0, GICD(0x6000 + 8 * 40), 8, 0);
	model_run_all();
	expect_nothing(1);
	take(0, 40);
	/* To nobody: stays pending until it is routed to somebody. */
	guest_write(0, GICD(0x6000 + 8 * 40), 8, 2);
	guest_write(0, GICD(0x204), 4, BIT(8));
	model_run_all();
	expect_nothing(0);
	expect_nothing(1);
	assert_int_equal(guest_read(0, GICD(0x204), 4), BIT(8));
	guest_write(0, GICD(0x6000 + 8 * 40), 8, 1);
	model_run_all();
	take(1, 40);
}

static void one_of_n(void **state)
{
	(void)state;
	guest_write(0, GICD(0x6000 + 8 * 40), 8, BIT(31));
	guest_write(1, GICD(0x204), 4, BIT(8));
	model_run_all();
	take(0, 40);
	expect_nothing(1);
	/* vCPU 0 leaves with it: vCPU 1 gets it. */
	guest_write(1, GICD(0x204), 4, BIT(8));
	model_run_all();
	assert_int_equal(guest_signalled(0, NULL), 40);
	model_vcpu(0)->state = VCPU_OFF;
	model_switch(0, NULL);
	model_run_all();
	take(1, 40);
	/* And while vCPU 0 is off. */
	guest_write(1, GICD(0x204), 4, BIT(8));
	model_run_all();
	take(1, 40);
}

static void one_of_n_avoids_a_closed_interface(void **state)
{
	(void)state;
	guest_set_groups(0, false, false);
	for (unsigned cpu = 0; cpu < 2; cpu++) {
		model_switch(cpu, NULL);
		model_switch(cpu, model_vcpu(cpu));
	}
	model_run_all();
	guest_write(1, GICD(0x6000 + 8 * 40), 8, BIT(31));
	guest_write(1, GICD(0x204), 4, BIT(8));
	model_run_all();
	take(1, 40);
}

/* ---- what another vCPU has in its list registers ---- */

static void others_state_is_read_exactly(void **state)
{
	(void)state;
	guest_write(0, GICD(0x6000 + 8 * 40), 8, 1);
	guest_write(0, GICD(0x204), 4, BIT(8));
	model_run_all();
	assert_int_equal(guest_read(0, GICD(0x204), 4), BIT(8));
	assert_true(model_retries > 0);
	expect_taken(1, 40);
	assert_int_equal(guest_read(0, GICD(0x204), 4), 0);
	assert_int_equal(guest_read(0, GICD(0x304), 4), BIT(8));
	guest_eoi(1, 40, true);
	assert_int_equal(guest_read(0, GICD(0x304), 4), 0);
	guest_sgi(1, UINT64_C(4) << 24 | 2);
	model_run_all();
	assert_int_equal(guest_read(0, SGI_FRAME(1, 0x200), 4), BIT(4));
	expect_taken(1, 4);
	assert_int_equal(guest_read(0, SGI_FRAME(1, 0x200), 4), 0);
	assert_int_equal(guest_read(0, SGI_FRAME(1, 0x300), 4), BIT(4));
}

static void others_state_is_changed(void **state)
{
	(void)state;
	guest_sgi(1, UINT64_C(4) << 24 | 2);
	model_run_all();
	guest_write(0, SGI_FRAME(1, 0x280), 4, BIT(4));
	model_run_all();
	expect_nothing(1);
	guest_write(0, SGI_FRAME(1, 0x200), 4, BIT(4));
	model_run_all();
	expect_taken(1, 4);
	guest_write(0, SGI_FRAME(1, 0x200), 4, BIT(4));
	guest_write(0, SGI_FRAME(1, 0x380), 4, BIT(4));
	model_run_all();
	/* Not active any more, pending again, but the running priority is still that of the first.
	 */
	expect_nothing(1);
	guest_eoi(1, 4, true);
	take(1, 4);
	guest_write(0, SGI_FRAME(1, 0x300), 4, BIT(6));
	guest_sgi(1, UINT64_C(6) << 24 | 2);
	model_run_all();
	expect_nothing(1);
	guest_write(0, SGI_FRAME(1, 0x380), 4, BIT(6));
	model_run_all();
	take(1, 6);
}

/* A later write must not overtake one that the other vCPU has not done yet. */
static void writes_keep_their_order(void **state)
{
	struct device_region *region;
	struct vcpu *vcpu = model_vcpu(0);

	(void)state;
	guest_sgi(1, UINT64_C(4) << 24 | 2);
	model_run_all();
	region = device_find(model_vm->devices, SGI_FRAME(1, 0x280), 4);
	assert_int_equal(region->ops->write(vcpu, region->device, 0x280, 4, BIT(4)), MMIO_DONE);
	assert_int_equal(region->ops->write(vcpu, region->device, 0x200, 4, BIT(4)), MMIO_RETRY);
	assert_int_equal(region->ops->write(vcpu, region->device, 0x200, 4, BIT(5)), MMIO_DONE);
	/* An SGI that is sent after the clearing stays. */
	guest_sgi(0, UINT64_C(4) << 24 | 2);
	model_run_all();
	take(1, 4);
	take(1, 5);
	expect_nothing(1);
}

/* The same for the vCPU that is asked: it sends itself an SGI before it has looked. */
static void asked_before_it_sent_itself(void **state)
{
	struct device_region *region = device_find(model_vm->devices, SGI_FRAME(1, 0x280), 4);

	(void)state;
	guest_sgi(1, UINT64_C(4) << 24 | 2);
	model_run_all();
	assert_int_equal(
		region->ops->write(model_vcpu(0), region->device, 0x280, 4, BIT(4)), MMIO_DONE);
	expect_taken(1, 4);
	guest_eoi(1, 4, true);
	guest_sgi(1, UINT64_C(4) << 24 | 2);
	model_run_all();
	take(1, 4);
	expect_nothing(1);
}

/* An SGI that had a list register is disabled: sent, it stays pending. */
static void disabled_sgi_stays_pending(void **state)
{
	(void)state;
	guest_sgi(0, UINT64_C(4) << 24 | 1);
	model_run_all();
	take(0, 4);
	guest_write(0, SGI_FRAME(0, 0x180), 4, BIT(4));
	guest_sgi(0, UINT64_C(4) << 24 | 1);
	model_run_all();
	expect_nothing(0);
	assert_int_equal(guest_read(0, SGI_FRAME(0, 0x200), 4), BIT(4));
	guest_write(0, SGI_FRAME(0, 0x100), 4, BIT(4));
	take(0, 4);
	/* By the distributor's group, too. */
	guest_write(0, GICD(0), 4, 1);
	guest_sgi(0, UINT64_C(4) << 24 | 1);
	model_run_all();
	expect_nothing(0);
	guest_write(0, GICD(0), 4, 3);
	take(0, 4);
}

static void rwp_until_the_other_has_looked(void **state)
{
	struct device_region *region = device_find(model_vm->devices, SGI_FRAME(1, 0x180), 4);

	(void)state;
	guest_sgi(1, UINT64_C(4) << 24 | 2);
	model_run_all();
	assert_int_equal(
		region->ops->write(model_vcpu(0), region->device, 0x180, 4, BIT(4)), MMIO_DONE);
	assert_int_equal(guest_read(0, GICR(1, 0), 4), BIT(3));
	assert_int_equal(guest_read(0, GICD(0), 4), 0x53 | BIT(31));
	model_run_all();
	assert_int_equal(guest_read(0, GICR(1, 0), 4), 0);
	assert_int_equal(guest_read(0, GICD(0), 4), 0x53);
	expect_nothing(1);
}

static void deactivated_by_another_vcpu(void **state)
{
	(void)state;
	for (unsigned cpu = 0; cpu < 2; cpu++) {
		guest_set_eoimode(cpu, true);
		model_switch(cpu, NULL);
		model_switch(cpu, model_vcpu(cpu));
	}
	model_run_all();
	guest_write(0, GICD(0x204), 4, 1);
	expect_taken(0, 32);
	guest_eoi(0, 32, true);
	guest_write(0, GICD(0x204), 4, 1);
	expect_nothing(0);
	guest_dir(1, 32);
	model_run_all();
	take(0, 32);
}

/* ---- WFI, vCPU switches, traps ---- */

static void has_pending(void **state)
{
	struct vcpu *vcpu = model_vcpu(1);

	(void)state;
	fake_cpu_switch(1);
	assert_false(vgic_has_pending(vcpu));
	guest_sgi(0, UINT64_C(4) << 24 | 2);
	assert_true(vgic_has_pending(vcpu));
	guest_set_pmr(1, PRIORITY);
	assert_false(vgic_has_pending(vcpu));
	guest_set_pmr(1, 0xf8);
	guest_set_groups(1, true, false);
	assert_false(vgic_has_pending(vcpu));
	guest_set_groups(1, false, true);
	expect_taken(1, 4);
	assert_false(vgic_has_pending(vcpu));
	guest_sgi(0, UINT64_C(5) << 24 | 2);
	assert_false(vgic_has_pending(vcpu)); /* of the same priority */
	fake_cpu_switch(0);
	model_switch(1, NULL);
	assert_false(vgic_has_pending(vcpu));
	guest_write(0, SGI_FRAME(1, 0x405), 1, 0);
	assert_true(vgic_has_pending(vcpu));
	guest_write(0, SGI_FRAME(1, 0x180), 4, BIT(5));
	assert_false(vgic_has_pending(vcpu));
}

/* What a CPU without power is woken for: its CPU interface doesn't count, what is enabled does. */
static void requests_wake(void **state)
{
	struct vcpu *vcpu = model_vcpu(1);

	(void)state;
	fake_cpu_switch(1);
	guest_set_groups(1, false, false);
	guest_set_pmr(1, 0);
	assert_false(vgic_requests_wake(vcpu));
	guest_sgi(0, UINT64_C(4) << 24 | 2);
	assert_false(vgic_has_pending(vcpu));
	assert_true(vgic_requests_wake(vcpu));
	guest_write(1, SGI_FRAME(1, 0x180), 4, BIT(4));
	assert_false(vgic_requests_wake(vcpu));
	guest_write(1, SGI_FRAME(1, 0x100), 4, BIT(4));
	assert_true(vgic_requests_wake(vcpu));
	guest_write(1, SGI_FRAME(1, 0x280), 4, BIT(4));
	assert_false(vgic_requests_wake(vcpu));
}

static void blocked_vcpu_is_woken(void **state)
{
	(void)state;
	model_vcpu(1)->state = VCPU_BLOCKED;
	model_switch(1, NULL);
	guest_sgi(0, UINT64_C(4) << 24 | 2);
	assert_int_equal(model_vcpu(1)->state, VCPU_READY);
	model_vcpu(1)->state = VCPU_BLOCKED;
	guest_write(0, GICD(0x6000 + 8 * 40), 8, 1);
	guest_write(0, GICD(0x204), 4, BIT(8));
	assert_int_equal(model_vcpu(1)->state, VCPU_READY);
	model_switch(1, model_vcpu(1));
	model_run_all();
	take(1, 4);
	take(1, 40);
}

static void state_survives_a_switch(void **state)
{
	(void)state;
	guest_sgi(0, UINT64_C(4) << 24 | 1);
	guest_sgi(0, UINT64_C(5) << 24 | 1);
	model_run(0);
	expect_taken(0, 4);
	guest_write(0, GICD(0x204), 4, 1);
	model_switch(0, NULL);
	model_switch(0, model_vcpu(0));
	model_run(0);
	expect_nothing(0);
	guest_eoi(0, 4, true);
	model_run(0);
	take(0, 5);
	take(0, 32);
	expect_nothing(0);
}

/* Loaded with nothing to say: no list register is looked for, nothing is asked of the run loop. */
static void comes_back_with_nothing(void **state)
{
	struct vcpu *vcpu = model_vcpu(1);

	(void)state;
	guest_sgi(0, UINT64_C(5) << 24 | 2);
	model_run_all();
	take(1, 5);
	assert_int_not_equal(vgic_cpu_of(vcpu)->used, 0);
	model_switch(1, NULL);
	assert_int_equal(vgic_cpu_of(vcpu)->look, 0);
	model_switch(1, vcpu);
	assert_false(vcpu->work & WORK_VGIC);
	assert_int_equal(model_cpus[1].hcr, VIF_HCR_EN);
	expect_nothing(1);
	/* It can still get all it could. */
	guest_sgi(0, UINT64_C(5) << 24 | 2);
	model_run_all();
	take(1, 5);
}

/* ICC_DIR is trapped from the first instruction on. */
static void comes_back_in_eoimode_1(void **state)
{
	(void)state;
	guest_set_eoimode(1, true);
	model_switch(1, NULL);
	model_switch(1, model_vcpu(1));
	assert_false(model_vcpu(1)->work & WORK_VGIC);
	assert_int_equal(model_cpus[1].hcr, VIF_HCR_EN | VIF_HCR_TDIR);
}

/* What comes while it is away, or after it was loaded and before it goes on, makes the loop look.
 */
static void comes_back_to_news(void **state)
{
	struct vcpu *vcpu = model_vcpu(1);

	(void)state;
	guest_write(0, GICD(0x6100), 8, 1); /* SPI 32: to vCPU 1 */
	for (unsigned late = 0; late < 2; late++) {
		model_switch(1, NULL);
		vcpu->work = 0;
		if (late)
			model_switch(1, vcpu);
		assert_false(vcpu->work & WORK_VGIC);
		guest_sgi(0, UINT64_C(5) << 24 | 2);
		assert_true(vcpu->work & WORK_VGIC);
		vgic_set_spi(model_vm, 32, true);
		if (!late)
			model_switch(1, vcpu);
		assert_true(vcpu->work & WORK_VGIC);
		model_run(1);
		expect_taken(1, 5);
		guest_eoi(1, 5, true);
		expect_taken(1, 32);
		vgic_set_spi(model_vm, 32, false);
		guest_eoi(1, 32, true);
		model_run_all();
		expect_nothing(1);
	}
}

/* The guest has ended it, but its wire is still high: nobody has looked again before it left. */
static void level_that_stays_high_comes_along(void **state)
{
	struct vcpu *vcpu = model_vcpu(0);

	(void)state;
	vgic_set_ppi(vcpu, 23, true);
	model_run(0);
	expect_taken(0, 23);
	guest_eoi(0, 23, true);
	model_switch(0, NULL);
	assert_int_equal(vgic_cpu_of(vcpu)->look, 1);
	model_switch(0, vcpu);
	model_run(0);
	take(0, 23);
}

/* Asked for by another vCPU while it was loaded, seen only when it leaves. */
static void made_active_when_it_leaves(void **state)
{
	struct vcpu *vcpu = model_vcpu(1);

	(void)state;
	guest_sgi(0, UINT64_C(5) << 24 | 2);
	model_run_all();
	take(1, 5);
	guest_write(0, SGI_FRAME(1, 0x300), 4, BIT(5));
	model_switch(1, NULL);
	assert_int_equal(vgic_cpu_of(vcpu)->look & VGIC_LOOK_BANKS, 1);
	model_switch(1, vcpu);
	model_run_all();
	guest_sgi(0, UINT64_C(5) << 24 | 2);
	model_run_all();
	expect_nothing(1);
	assert_int_equal(guest_read(0, SGI_FRAME(1, 0x300), 4), BIT(5));
}

static void reset_forgets_everything(void **state)
{
	(void)state;
	guest_sgi(0, UINT64_C(4) << 24 | 3);
	guest_write(0, GICD(0x204), 4, ALL);
	expect_taken(0, 4);
	for (unsigned cpu = 0; cpu < 2; cpu++)
		model_switch(cpu, NULL);
	vgic_part.reset(model_vm);
	vtimer_part.reset(model_vm);
	for (unsigned cpu = 0; cpu < 2; cpu++)
		model_switch(cpu, model_vcpu(cpu));
	model_run_all();
	assert_int_equal(guest_read(0, GICD(0), 4), 0x50);
	assert_int_equal(guest_read(0, GICD(0x204), 4), 0);
	assert_int_equal(guest_read(0, SGI_FRAME(1, 0x200), 4), 0);
	assert_int_equal(guest_read(0, SGI_FRAME(0, 0x300), 4), 0);
	assert_int_equal(model_cpus[0].ap1, 0);
	assert_int_equal(model_cpus[0].vmcr, 0x004c0008);
	guest_setup(PRIORITY);
	expect_nothing(0);
	expect_nothing(1);
}

static uint64_t icc(unsigned encoding, bool write, uint64_t value, enum exit_result expected)
{
	assert_int_equal(vgic_icc_access(model_vcpu(0), encoding, write, &value), expected);
	return value;
}

static void trapped_registers(void **state)
{
	(void)state;
	assert_int_equal(icc(SYS_ICC_PMR_EL1, false, 0, EXIT_SKIP), 0xf8);
	icc(SYS_ICC_PMR_EL1, true, 0x1ff, EXIT_SKIP);
	assert_int_equal(icc(SYS_ICC_PMR_EL1, false, 0, EXIT_SKIP), 0xf8);
	icc(SYS_ICC_PMR_EL1, true, 0x47, EXIT_SKIP);
	assert_int_equal(FIELD_GET(VIF_VMCR_VPMR, model_cpus[0].vmcr), 0x40);
	assert_int_equal(icc(SYS_ICC_CTLR_EL1, false, 0, EXIT_SKIP), 0x8c00);
	icc(SYS_ICC_CTLR_EL1, true, UINT64_MAX, EXIT_SKIP);
	assert_int_equal(icc(SYS_ICC_CTLR_EL1, false, 0, EXIT_SKIP), 0x8c03);
	assert_int_equal(icc(SYS_ICC_RPR_EL1, false, 0, EXIT_SKIP), 0xff);
	model_cpus[0].ap1 = BIT(5) | BIT(9);
	assert_int_equal(icc(SYS_ICC_RPR_EL1, false, 0, EXIT_SKIP), 0x28);
	model_cpus[0].ap1 = 0;
	icc(SYS_ICC_DIR_EL1, true, 0xffffff, EXIT_SKIP);
	icc(SYS_ICC_DIR_EL1, true, 1020, EXIT_SKIP);
	icc(SYS_ICC_DIR_EL1, false, 0, EXIT_INJECT);
	icc(SYS_ICC_RPR_EL1, true, 0, EXIT_INJECT);
	icc(SYS_ICC_IAR1_EL1, false, 0, EXIT_INJECT);
	assert_int_equal(model_undefined, 3);
	model_run_all();
}

#define CASE(name, begin) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(after_reset, begin_reset),
		CASE(identification, begin_reset),
		CASE(every_width, begin_two),
		CASE(misaligned_and_beyond, begin_two),
		CASE(the_whole_space, begin_two),
		CASE(waker, begin_reset),
		CASE(config, begin_reset),
		CASE(sgi_to_self_goes_straight_in, begin_one),
		CASE(sgi_to_others, begin_two),
		CASE(sgi_group_rule, begin_two),
		CASE(sgi_while_active_comes_again, begin_one),
		CASE(sixty_four_at_once_in_order, begin_one),
		CASE(equals_in_order_of_intid, begin_one),
		CASE(higher_one_displaces, begin_one),
		CASE(deep_nesting, begin_one),
		CASE(many_active_in_eoimode_1, begin_one),
		CASE(disabled_group_does_not_block_the_other, begin_one),
		CASE(level_is_looked_at_again, begin_one),
		CASE(level_that_drops_is_withdrawn, begin_two),
		CASE(edge_comes_once_for_each_rise, begin_one),
		CASE(intids_that_do_not_exist, begin_one),
		CASE(routing, begin_two),
		CASE(one_of_n, begin_two),
		CASE(one_of_n_avoids_a_closed_interface, begin_two),
		CASE(others_state_is_read_exactly, begin_two),
		CASE(others_state_is_changed, begin_two),
		CASE(writes_keep_their_order, begin_two),
		CASE(asked_before_it_sent_itself, begin_two),
		CASE(disabled_sgi_stays_pending, begin_two),
		CASE(rwp_until_the_other_has_looked, begin_two),
		CASE(deactivated_by_another_vcpu, begin_two),
		CASE(has_pending, begin_two),
		CASE(requests_wake, begin_two),
		CASE(blocked_vcpu_is_woken, begin_two),
		CASE(state_survives_a_switch, begin_one),
		CASE(comes_back_with_nothing, begin_two),
		CASE(comes_back_in_eoimode_1, begin_two),
		CASE(comes_back_to_news, begin_two),
		CASE(level_that_stays_high_comes_along, begin_two),
		CASE(made_active_when_it_leaves, begin_two),
		CASE(reset_forgets_everything, begin_two),
		CASE(trapped_registers, begin_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
