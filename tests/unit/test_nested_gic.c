/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The nested GIC: what follows from the page, cell by cell; list registers of an inner guest in the
 * CPU and back; those with HW; the maintenance interrupt; nonsense.
 *
 * links: tests/unit/vgic_model.c hyp/nested/gic.c hyp/nested/gic_status.c hyp/vdev/device.c
 * hyp/vdev/vgic.c hyp/vdev/vgic_lr.c hyp/vdev/vgic_irq.c hyp/vdev/vgic_sgi.c hyp/vdev/vgic_cpu.c
 * hyp/vdev/vgic_reg.c hyp/vdev/vgic_dist.c hyp/vdev/vgic_redist.c hyp/vdev/vgic_line.c
 * hyp/vdev/vgic_bound.c hyp/vdev/vgic_detached.c hyp/vdev/vtimer.c
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "drivers/timer/timer.h"
#include "hyp/nested/gic.h"
#include "hyp/nested/gic_status.h"
#include "tests/unit/fake/cpu.h"
#include "tests/unit/vgic_model.h"

#define PRIORITY 0x80
#define TIMER    30 /* hardware-backed */
#define PPI      22 /* not */
#define SPI      40
#define LRS      4
#define VMCR     (VIF_VMCR_VENG1 | VIF_VMCR_VFIQEN | FIELD_PREP(VIF_VMCR_VPMR, 0xf8))

static uint64_t page[512];
static struct nested nested, other;
static unsigned logged;
static bool taken; /* L1 would take an interrupt: its inner guest is over */

void vcpu_log(struct vcpu *vcpu, const char *fmt, ...)
{
	(void)vcpu, (void)fmt;
	logged++;
}

/* Those registers of the CPU's of which the model has none. */
static struct vif_aprs more_aprs;

void vif_more_aprs_save(struct vif_aprs *to)
{
	for (unsigned i = 1; i < vif.aprs; i++) {
		to->ap0[i] = more_aprs.ap0[i];
		to->ap1[i] = more_aprs.ap1[i];
	}
}

void vif_more_aprs_restore(const struct vif_aprs *from)
{
	for (unsigned i = 1; i < vif.aprs; i++) {
		more_aprs.ap0[i] = from->ap0[i];
		more_aprs.ap1[i] = from->ap1[i];
	}
}

static void enter(void)
{
	nested.inner_lrs = true;
	taken = false;
	nested_gic_enter(&nested);
}

static void leave(void)
{
	nested_gic_leave(&nested);
	nested.inner_lrs = false;
}

static void before_entry(struct vcpu *vcpu)
{
	if (vcpu == nested.vcpu && nested.inner_lrs && nested_gic_signals(&nested))
		taken = true;
}

static int begin(void **state)
{
	(void)state;
	model_create(2, LRS);
	model_on_work = before_entry;
	guest_setup(PRIORITY);
	guest_set_eoimode(0, true);
	memset(page, 0xa5, sizeof(page));
	memset(&nested, 0, sizeof(nested));
	nested.page = other.page = page;
	nested.vcpu = model_vcpu(0);
	model_vcpu(0)->part[PART_NESTED] = &nested;
	model_vcpu(1)->part[PART_NESTED] = &other;
	assert_int_equal(nested_gic_create(model_vm), OK);
	memset(page, 0, sizeof(page));
	nested_gic_reset(&nested);
	VNCR_REG(&nested, HCR_EL2) = HCR_EL2_IMO | HCR_EL2_FMO;
	PAGE_ICH_HCR(page) = VIF_HCR_EN;
	PAGE_ICH_VMCR(page) = VMCR;
	logged = 0;
	return 0;
}

static int end(void **state)
{
	(void)state;
	if (nested.inner_lrs)
		leave();
	PAGE_ICH_HCR(page) = 0;
	model_switch(0, NULL);
	nested_gic_destroy(model_vm);
	assert_null(nested.gic);
	nested_gic_destroy(model_vm);
	for (unsigned i = 0; i < 2; i++)
		model_vcpu(i)->part[PART_NESTED] = NULL;
	model_destroy();
	return 0;
}

static uint64_t lr_of(unsigned intid, uint64_t state)
{
	return intid | FIELD_PREP(LR_PRIORITY, PRIORITY) | LR_GROUP1 | state;
}

static uint64_t hw_lr(unsigned intid, unsigned pintid, uint64_t state)
{
	return lr_of(intid, state) | LR_HW | FIELD_PREP(LR_PINTID, pintid);
}

static uint64_t in_cpu(unsigned index)
{
	return model_cpus[0].lr[index];
}

static void expect_loaded(unsigned index, uint64_t lr)
{
	assert_int_equal(in_cpu(index), lr);
}

/* ---- what follows from the page ---- */

static void set_vif(void)
{
	vif = (struct vif_info){ .lrs = LRS,
		.aprs = 1,
		.priority_bits = 5,
		.preemption_bits = 5,
		.id_bits = 24,
		.a3v = true,
		.tdir = true };
}

/* Each state of a list register: does it owe a maintenance interrupt, is it empty? */
static void one_register(void **state)
{
	static const struct {
		uint64_t lr;
		bool owes, empty;
	} cells[] = {
		{ 0, false, true },
		{ LR_EOI, true, false },
		{ LR_HW, false, true },
		{ LR_HW | LR_EOI, false, true }, /* EOI is a bit of pINTID */
		{ LR_PENDING, false, false },
		{ LR_PENDING | LR_EOI, false, false },
		{ LR_PENDING | LR_HW, false, false },
		{ LR_PENDING | LR_HW | LR_EOI, false, false },
		{ LR_ACTIVE, false, false },
		{ LR_ACTIVE | LR_EOI, false, false },
		{ LR_ACTIVE | LR_HW, false, false },
		{ LR_ACTIVE | LR_HW | LR_EOI, false, false },
		{ LR_STATE, false, false },
		{ LR_STATE | LR_EOI, false, false },
		{ LR_STATE | LR_HW, false, false },
		{ LR_STATE | LR_HW | LR_EOI, false, false },
	};
	const uint64_t rest = ~(LR_STATE | LR_HW | LR_EOI);

	(void)state;
	set_vif();
	for (unsigned lrs = 1; lrs <= VIF_LRS_MAX; lrs += 5) {
		vif.lrs = lrs;
		for (unsigned i = 0; i < ARRAY_SIZE(cells); i++) {
			for (unsigned n = 0; n < VIF_LRS_MAX; n++) {
				uint32_t bit = n < lrs ? (uint32_t)BIT(n) : 0;
				uint32_t all = (uint32_t)(BIT(lrs) - 1);

				memset(page, 0, sizeof(page));
				PAGE_ICH_LR(page, n) = cells[i].lr;
				assert_int_equal(gic_eisr(page), cells[i].owes ? bit : 0);
				assert_int_equal(
					gic_elrsr(page), cells[i].empty ? all : all & ~bit);
				/* The rest of it says nothing. */
				PAGE_ICH_LR(page, n) |= rest;
				assert_int_equal(gic_eisr(page), cells[i].owes ? bit : 0);
				assert_int_equal(
					gic_elrsr(page), cells[i].empty ? all : all & ~bit);
			}
		}
	}
	set_vif();
}

static void expect_misr(uint64_t hcr, uint64_t vmcr, uint64_t expected)
{
	PAGE_ICH_VMCR(page) = vmcr;
	for (unsigned en = 0; en < 2; en++) {
		PAGE_ICH_HCR(page) = hcr | (en ? VIF_HCR_EN : 0);
		assert_int_equal(gic_misr(page), expected);
	}
}

static void misr_cells(void **state)
{
	const uint64_t eoicount = FIELD_PREP(VIF_HCR_EOICOUNT, 1);

	(void)state;
	set_vif();
	memset(page, 0, sizeof(page));
	expect_misr(0, 0, 0);
	/* U: none or one is in use. */
	expect_misr(VIF_HCR_UIE, 0, VIF_MISR_U);
	PAGE_ICH_LR(page, 3) = LR_ACTIVE;
	expect_misr(VIF_HCR_UIE, 0, VIF_MISR_U);
	PAGE_ICH_LR(page, 0) = LR_STATE;
	expect_misr(VIF_HCR_UIE, 0, 0);
	/* NP: none is pending; pending and active is not pending. */
	expect_misr(VIF_HCR_NPIE, 0, VIF_MISR_NP);
	PAGE_ICH_LR(page, 1) = LR_PENDING;
	expect_misr(VIF_HCR_NPIE, 0, 0);
	/* What L1 doesn't have does not count. */
	PAGE_ICH_LR(page, 1) = 0;
	PAGE_ICH_LR(page, LRS) = LR_PENDING;
	expect_misr(VIF_HCR_NPIE, 0, VIF_MISR_NP);
	/* EOI needs no enable. */
	PAGE_ICH_LR(page, 2) = LR_EOI;
	expect_misr(0, 0, VIF_MISR_EOI);
	PAGE_ICH_LR(page, 2) = 0;
	/* LRENP */
	expect_misr(eoicount, 0, 0);
	expect_misr(VIF_HCR_LRENPIE, 0, 0);
	expect_misr(VIF_HCR_LRENPIE | eoicount, 0, VIF_MISR_LRENP);
	expect_misr(VIF_HCR_LRENPIE | VIF_HCR_EOICOUNT, 0, VIF_MISR_LRENP);
	/* Groups */
	expect_misr(VIF_HCR_VGRP0EIE, 0, 0);
	expect_misr(VIF_HCR_VGRP0EIE, VIF_VMCR_VENG0, VIF_MISR_VGRP0E);
	expect_misr(VIF_HCR_VGRP0DIE, VIF_VMCR_VENG0, 0);
	expect_misr(VIF_HCR_VGRP0DIE, VIF_VMCR_VENG1, VIF_MISR_VGRP0D);
	expect_misr(VIF_HCR_VGRP1EIE, VIF_VMCR_VENG0, 0);
	expect_misr(VIF_HCR_VGRP1EIE, VIF_VMCR_VENG1, VIF_MISR_VGRP1E);
	expect_misr(VIF_HCR_VGRP1DIE, VIF_VMCR_VENG1, 0);
	expect_misr(VIF_HCR_VGRP1DIE, VIF_VMCR_VENG0, VIF_MISR_VGRP1D);
	expect_misr(VIF_HCR_VGRP0EIE | VIF_HCR_VGRP0DIE | VIF_HCR_VGRP1EIE | VIF_HCR_VGRP1DIE,
		VIF_VMCR_VENG0, VIF_MISR_VGRP0E | VIF_MISR_VGRP1D);
}

static void vtr(void **state)
{
	(void)state;
	set_vif();
	/* QEMU's, less nothing: 4 list registers, 5 bits, 24 bits of INTID, A3V, nV4, TDS. */
	assert_int_equal(gic_vtr(), 0x90b80003);
	vif = (struct vif_info){ .lrs = 16,
		.aprs = 4,
		.priority_bits = 8,
		.preemption_bits = 7,
		.id_bits = 16,
		.seis = true };
	assert_int_equal(gic_vtr(), UINT64_C(7) << 29 | 6 << 26 | 1 << 22 | 1 << 20 | 15);
	set_vif();
}

static void which_trap(void **state)
{
	static const struct {
		unsigned encoding;
		uint64_t traps;
	} cells[] = {
		{ SYS_ICC_PMR_EL1, VIF_HCR_TC },
		{ SYS_ICC_CTLR_EL1, VIF_HCR_TC },
		{ SYS_ICC_RPR_EL1, VIF_HCR_TC },
		{ SYS_ICC_DIR_EL1, VIF_HCR_TC | VIF_HCR_TDIR },
		{ SYS_ICC_SGI1R_EL1, VIF_HCR_TC },
		{ SYS_ICC_ASGI1R_EL1, VIF_HCR_TC },
		{ SYS_ICC_SGI0R_EL1, VIF_HCR_TC },
		{ SYS_ICC_IAR0_EL1, VIF_HCR_TALL0 },
		{ SYS_ICC_EOIR0_EL1, VIF_HCR_TALL0 },
		{ SYS_ICC_HPPIR0_EL1, VIF_HCR_TALL0 },
		{ SYS_ICC_BPR0_EL1, VIF_HCR_TALL0 },
		{ SYS_ICC_AP0R0_EL1, VIF_HCR_TALL0 },
		{ SYSREG_ENC(3, 0, 12, 8, 7), VIF_HCR_TALL0 },
		{ SYS_ICC_IGRPEN0_EL1, VIF_HCR_TALL0 },
		{ SYS_ICC_IAR1_EL1, VIF_HCR_TALL1 },
		{ SYS_ICC_EOIR1_EL1, VIF_HCR_TALL1 },
		{ SYS_ICC_HPPIR1_EL1, VIF_HCR_TALL1 },
		{ SYS_ICC_BPR1_EL1, VIF_HCR_TALL1 },
		{ SYS_ICC_AP1R0_EL1, VIF_HCR_TALL1 },
		{ SYSREG_ENC(3, 0, 12, 9, 3), VIF_HCR_TALL1 },
		{ SYS_ICC_IGRPEN1_EL1, VIF_HCR_TALL1 },
		{ SYS_ICC_SRE_EL1, 0 },
		{ SYSREG_ENC(3, 0, 12, 9, 4), 0 },
		{ SYSREG_ENC(3, 0, 12, 11, 0), 0 },
		{ SYSREG_ENC(3, 0, 12, 7, 0), 0 },
		{ SYSREG_ENC(3, 0, 12, 13, 0), 0 },
		{ SYSREG_ENC(3, 1, 12, 12, 0), 0 },
		{ SYSREG_ENC(2, 0, 12, 12, 0), 0 },
		{ SYS_ICH_LR0_EL2, 0 },
		{ SYS_VBAR_EL1, 0 },
		{ SYS_SCTLR_EL1, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cells); i++)
		assert_int_equal(gic_traps_of(cells[i].encoding), cells[i].traps);
}

static void forwards(void **state)
{
	(void)state;
	nested.inner_lrs = true;
	assert_false(nested_gic_forwards(&nested, SYS_ICC_PMR_EL1));
	assert_true(nested_gic_forwards(&nested, SYS_ICC_SGI1R_EL1));
	assert_true(nested_gic_forwards(&nested, SYS_ICC_ASGI1R_EL1));
	assert_true(nested_gic_forwards(&nested, SYS_ICC_SGI0R_EL1));
	assert_false(nested_gic_forwards(&nested, SYS_VBAR_EL1));
	PAGE_ICH_HCR(page) = VIF_HCR_EN | VIF_HCR_TDIR;
	assert_true(nested_gic_forwards(&nested, SYS_ICC_DIR_EL1));
	assert_false(nested_gic_forwards(&nested, SYS_ICC_PMR_EL1));
	PAGE_ICH_HCR(page) = VIF_HCR_TC;
	assert_true(nested_gic_forwards(&nested, SYS_ICC_DIR_EL1));
	assert_true(nested_gic_forwards(&nested, SYS_ICC_PMR_EL1));
	/* L1's own interface is the inner guest's: nothing of it is L1's business. */
	nested.inner_lrs = false;
	assert_false(nested_gic_forwards(&nested, SYS_ICC_SGI1R_EL1));
	assert_false(nested_gic_forwards(&nested, SYS_ICC_PMR_EL1));
}

static void registers(void **state)
{
	uint64_t value = 0;

	(void)state;
	PAGE_ICH_LR(page, 1) = LR_EOI;
	PAGE_ICH_LR(page, 2) = LR_PENDING;
	assert_true(nested_gic_read(&nested, SYS_ICH_ELRSR_EL2, &value));
	assert_int_equal(value, 9);
	assert_true(nested_gic_read(&nested, SYS_ICH_EISR_EL2, &value));
	assert_int_equal(value, 2);
	assert_true(nested_gic_read(&nested, SYS_ICH_MISR_EL2, &value));
	assert_int_equal(value, VIF_MISR_EOI);
	assert_true(nested_gic_read(&nested, SYS_ICH_VTR_EL2, &value));
	assert_int_equal(value, 0x90b80003);
	assert_true(nested_gic_read(&nested, SYS_ICC_SRE_EL2, &value));
	assert_int_equal(value, 0xf);
	assert_true(nested_gic_write(&nested, SYS_ICC_SRE_EL2, 0));
	assert_true(nested_gic_read(&nested, SYS_ICC_SRE_EL2, &value));
	assert_int_equal(value, 0xf);
	assert_false(nested_gic_read(&nested, SYS_ICH_HCR_EL2, &value));
	assert_false(nested_gic_write(&nested, SYS_ICH_VTR_EL2, 0));
	assert_false(nested_gic_write(&nested, SYS_ICH_MISR_EL2, 0));
	assert_false(nested_gic_write(&nested, SYS_ICH_EISR_EL2, 0));
	assert_false(nested_gic_write(&nested, SYS_ICH_ELRSR_EL2, 0));
}

static void reset(void **state)
{
	(void)state;
	memset(page, 0, sizeof(page));
	nested_gic_reset(&nested);
	/* VBPR0 = 2, VBPR1 = 3, VFIQEn */
	assert_int_equal(PAGE_ICH_VMCR(page), 0x004c0008);
}

/* ---- in and out ---- */

static void nothing(void **state)
{
	struct model_cpu before = model_cpus[0];

	(void)state;
	enter();
	for (unsigned i = 0; i < LRS; i++)
		expect_loaded(i, 0);
	assert_int_equal(model_cpus[0].hcr, VIF_HCR_EN);
	assert_int_equal(model_cpus[0].vmcr, VMCR);
	leave();
	assert_int_equal(model_cpus[0].hcr & VIF_HCR_EN, VIF_HCR_EN);
	assert_int_equal(model_cpus[0].vmcr, before.vmcr);
	assert_false(model_vcpu(0)->work & WORK_VGIC);
	assert_int_equal(logged, 0);
}

static void plain(void **state)
{
	(void)state;
	PAGE_ICH_LR(page, 2) = lr_of(27, LR_PENDING);
	PAGE_ICH_LR(page, 3) = lr_of(8192, LR_PENDING) | LR_EOI;
	PAGE_ICH_AP1R(page, 0) = 0;
	enter();
	expect_loaded(0, 0);
	expect_loaded(2, PAGE_ICH_LR(page, 2));
	expect_loaded(3, PAGE_ICH_LR(page, 3));
	assert_int_equal(guest_ack(0, true), 27);
	guest_set_pmr(0, 0xf0);
	leave();
	assert_int_equal(PAGE_ICH_LR(page, 2), lr_of(27, LR_ACTIVE));
	assert_int_equal(PAGE_ICH_LR(page, 3), lr_of(8192, LR_PENDING) | LR_EOI);
	assert_int_equal(PAGE_ICH_AP1R(page, 0), BIT(PRIORITY >> 3));
	assert_int_equal(FIELD_GET(VIF_VMCR_VPMR, PAGE_ICH_VMCR(page)), 0xf0);
	assert_int_equal(FIELD_GET(VIF_VMCR_VPMR, model_cpus[0].vmcr), 0xf8);
	assert_int_equal(model_cpus[0].ap1, 0);
	enter();
	guest_eoi(0, 27, true);
	assert_int_equal(guest_ack(0, true), 8192);
	leave();
	assert_int_equal(PAGE_ICH_LR(page, 2), lr_of(27, 0));
	assert_int_equal(PAGE_ICH_LR(page, 3), lr_of(8192, LR_ACTIVE) | LR_EOI);
}

/* EOIs of what is in no list register are counted. */
static void eoicount(void **state)
{
	(void)state;
	PAGE_ICH_AP1R(page, 0) = BIT(3) | BIT(4);
	PAGE_ICH_HCR(page) = VIF_HCR_EN | FIELD_PREP(VIF_HCR_EOICOUNT, 1);
	enter();
	guest_eoi(0, 50, true);
	guest_eoi(0, 51, true);
	leave();
	assert_int_equal(FIELD_GET(VIF_HCR_EOICOUNT, PAGE_ICH_HCR(page)), 3);
	assert_int_equal(PAGE_ICH_AP1R(page, 0), 0);
}

static void many_active_priorities(void **state)
{
	(void)state;
	vif.aprs = 4;
	nested_gic_reset(&nested);
	memset(&more_aprs, 0, sizeof(more_aprs));
	for (unsigned i = 0; i < 4; i++) {
		PAGE_ICH_AP0R(page, i) = UINT64_MAX << i;
		PAGE_ICH_AP1R(page, i) = UINT64_MAX << (i + 8);
	}
	enter();
	for (unsigned i = 1; i < 4; i++) {
		assert_int_equal(more_aprs.ap0[i], UINT32_MAX << i);
		assert_int_equal(more_aprs.ap1[i], UINT32_MAX << (i + 8));
		more_aprs.ap0[i] = i;
		more_aprs.ap1[i] = i + 4;
	}
	leave();
	for (unsigned i = 1; i < 4; i++) {
		assert_int_equal(PAGE_ICH_AP0R(page, i), i);
		assert_int_equal(PAGE_ICH_AP1R(page, i), i + 4);
	}
	assert_int_equal(PAGE_ICH_AP0R(page, 0), UINT32_MAX);
	vif.aprs = 1;
	nested_gic_reset(&nested);
}

/* As many list registers as there can be, or few. */
static void other_numbers_of_registers(void **state)
{
	(void)state;
	model_switch(0, NULL);
	vif.lrs = 3;
	model_switch(0, model_vcpu(0));
	for (unsigned i = 0; i < 4; i++)
		PAGE_ICH_LR(page, i) = lr_of(40 + i, LR_PENDING);
	enter();
	expect_loaded(2, lr_of(42, LR_PENDING));
	expect_loaded(3, 0);
	assert_int_equal(guest_ack(0, true), 40);
	leave();
	assert_int_equal(PAGE_ICH_LR(page, 0), lr_of(40, LR_ACTIVE));
	assert_int_equal(PAGE_ICH_LR(page, 2), lr_of(42, LR_PENDING));
	expect_loaded(2, 0);
	vif.lrs = LRS;
}

static void interface_of_outer_is_kept(void **state)
{
	(void)state;
	vgic_set_spi(model_vm, SPI, true);
	model_run_all();
	assert_int_equal(guest_ack(0, true), SPI);
	PAGE_ICH_LR(page, 0) = lr_of(SPI, LR_PENDING);
	enter();
	assert_int_equal(guest_ack(0, true), SPI);
	guest_eoi(0, SPI, true);
	leave();
	/* It was another SPI of that number. */
	assert_int_equal(guest_read(1, GICD(0x304), 4), BIT(SPI - 32));
	assert_int_equal(model_cpus[0].ap1, BIT(PRIORITY >> 3));
	vgic_set_spi(model_vm, SPI, false);
	guest_eoi(0, SPI, true);
	guest_dir(0, SPI);
	assert_int_equal(guest_read(1, GICD(0x304), 4), 0);
}

static void split(void **state)
{
	(void)state;
	VNCR_REG(&nested, HCR_EL2) = HCR_EL2_IMO;
	for (unsigned i = 0; i < 3; i++) {
		enter();
		leave();
	}
	assert_int_equal(logged, 1);
}

/* ---- interrupts for L1 meanwhile ---- */

static void spi_for_outer(void **state)
{
	(void)state;
	PAGE_ICH_LR(page, 0) = lr_of(27, LR_PENDING);
	enter();
	model_run_all();
	assert_false(taken);
	vgic_set_spi(model_vm, SPI, true);
	model_run_all();
	assert_true(taken);
	expect_loaded(0, lr_of(27, LR_PENDING));
	leave();
	assert_int_equal(guest_signalled(0, NULL), SPI);
}

static void pending_before_entry(void **state)
{
	(void)state;
	vgic_set_spi(model_vm, SPI, true);
	model_run_all();
	enter();
	model_run_all();
	assert_true(taken);
}

static void goes_and_comes(void **state)
{
	(void)state;
	PAGE_ICH_LR(page, 0) = lr_of(27, LR_PENDING);
	enter();
	assert_int_equal(guest_ack(0, true), 27);
	nested_gic_leave(&nested);
	model_switch(0, NULL);
	assert_int_equal(PAGE_ICH_LR(page, 0), lr_of(27, LR_ACTIVE));
	vgic_set_spi(model_vm, SPI, true);
	/* Not from the list registers of nobody. */
	assert_true(model_has_pending(1) || vgic_has_pending(model_vcpu(0)));
	model_switch(0, model_vcpu(0));
	nested_gic_enter(&nested);
	expect_loaded(0, lr_of(27, LR_ACTIVE));
	assert_int_equal(model_cpus[0].ap1, BIT(PRIORITY >> 3));
	model_run_all();
	assert_true(taken);
	guest_eoi(0, 27, true);
	leave();
	assert_int_equal(PAGE_ICH_LR(page, 0), lr_of(27, 0));
}

/* ---- hardware-linked ones ---- */

static void timer_on(uint64_t in)
{
	model_cpus[0].cval[1] = model_counter + in;
	model_cpus[0].ctl[1] = TIMER_CTL_ENABLE;
}

/* L1 has taken it, dropped its priority, and gives it to its guest. */
static void give(unsigned intid, unsigned index)
{
	assert_int_equal(guest_ack(0, true), intid);
	guest_eoi(0, intid, true);
	model_run_all();
	PAGE_ICH_LR(page, index) = hw_lr(27, intid, LR_PENDING);
}

static bool outer_active(unsigned intid)
{
	return guest_read(1, SGI_FRAME(0, 0x300), 4) & BIT(intid);
}

static void backed(void **state)
{
	(void)state;
	timer_on(0);
	model_run_all();
	give(TIMER, 1);
	enter();
	model_run_all();
	assert_false(taken);
	expect_loaded(1, hw_lr(27, TIMER, LR_PENDING));
	assert_int_equal(guest_ack(0, true), 27);
	model_cpus[0].ctl[1] = 0;
	assert_true(model_cpus[0].phys_active & BIT(TIMER));
	guest_eoi(0, 27, true);
	assert_int_equal(model_cpus[0].phys_active, 0);
	assert_false(model_busy(0));
	leave();
	assert_int_equal(PAGE_ICH_LR(page, 1), hw_lr(27, TIMER, 0));
	assert_false(outer_active(TIMER));
	assert_int_equal(guest_signalled(0, NULL), MODEL_SPURIOUS);
}

/* Not ended: it stays active. And ended after the next begin. */
static void backed_twice(void **state)
{
	(void)state;
	timer_on(0);
	model_run_all();
	give(TIMER, 0);
	enter();
	assert_int_equal(guest_ack(0, true), 27);
	leave();
	assert_true(outer_active(TIMER));
	assert_true(model_cpus[0].phys_active & BIT(TIMER));
	assert_int_equal(PAGE_ICH_LR(page, 0), hw_lr(27, TIMER, LR_ACTIVE));
	enter();
	expect_loaded(0, hw_lr(27, TIMER, LR_ACTIVE));
	model_cpus[0].ctl[1] = 0;
	guest_eoi(0, 27, true);
	leave();
	assert_false(outer_active(TIMER));
	assert_int_equal(model_cpus[0].phys_active, 0);
}

/* It fires again as soon as it has been ended: that is L1's next one. */
static void backed_fires_again(void **state)
{
	(void)state;
	timer_on(0);
	model_run_all();
	give(TIMER, 0);
	enter();
	assert_int_equal(guest_ack(0, true), 27);
	guest_eoi(0, 27, true);
	model_run_all();
	assert_true(taken);
	leave();
	assert_int_equal(guest_signalled(0, NULL), TIMER);
	assert_true(model_cpus[0].phys_active & BIT(TIMER));
	model_cpus[0].ctl[1] = 0;
	assert_int_equal(guest_ack(0, true), TIMER);
	guest_eoi(0, TIMER, true);
	guest_dir(0, TIMER);
	assert_int_equal(model_cpus[0].phys_active, 0);
}

/* The vCPU is elsewhere for a while: then its interrupt is active on the CPU again. */
static void backed_goes_and_comes(void **state)
{
	(void)state;
	timer_on(0);
	model_run_all();
	give(TIMER, 0);
	enter();
	assert_int_equal(guest_ack(0, true), 27);
	nested_gic_leave(&nested);
	model_switch(0, NULL);
	assert_int_equal(model_cpus[0].phys_active, 0);
	model_switch(0, model_vcpu(0));
	nested_gic_enter(&nested);
	expect_loaded(0, hw_lr(27, TIMER, LR_ACTIVE));
	model_cpus[0].ctl[1] = 0;
	guest_eoi(0, 27, true);
	leave();
	assert_false(outer_active(TIMER));
}

/* A wire of L1's that is no physical interrupt: it comes again when the inner guest has ended it.
 */
static void soft(void **state)
{
	(void)state;
	vgic_set_ppi(model_vcpu(0), PPI, true);
	model_run_all();
	give(PPI, 0);
	enter();
	expect_loaded(0, lr_of(27, LR_PENDING) | LR_EOI);
	model_run_all();
	assert_int_equal(guest_ack(0, true), 27);
	model_run_all();
	assert_false(taken);
	guest_eoi(0, 27, true);
	model_run_all();
	assert_true(taken);
	/* L1's own maintenance interrupt has nothing to do with it. */
	leave();
	assert_int_equal(PAGE_ICH_LR(page, 0), hw_lr(27, PPI, 0));
	assert_int_equal(guest_signalled(0, NULL), PPI);
	assert_int_equal(guest_read(0, SGI_FRAME(0, 0x200), 4), BIT(PPI));
	vgic_set_ppi(model_vcpu(0), PPI, false);
}

static void soft_ends_quietly(void **state)
{
	(void)state;
	vgic_set_spi(model_vm, SPI, true);
	model_run_all();
	give(SPI, 3);
	vgic_set_spi(model_vm, SPI, false);
	enter();
	assert_int_equal(guest_ack(0, true), 27);
	guest_eoi(0, 27, true);
	leave();
	model_run_all();
	assert_int_equal(guest_read(1, GICD(0x304), 4), 0);
	assert_int_equal(guest_signalled(0, NULL), MODEL_SPURIOUS);
}

/* L1 says that one is behind it which is not active, or is none at all. */
static void nothing_behind(void **state)
{
	static const unsigned nonsense[] = { 0, 15, 700, 1020, 8191 };

	(void)state;
	PAGE_ICH_LR(page, 0) = hw_lr(27, PPI, LR_PENDING);
	PAGE_ICH_LR(page, 1) = hw_lr(28, TIMER, LR_PENDING);
	enter();
	expect_loaded(0, lr_of(27, LR_PENDING));
	expect_loaded(1, lr_of(28, LR_PENDING));
	leave();
	memset(&PAGE_ICH_LR(page, 0), 0, 16);
	for (unsigned i = 0; i < ARRAY_SIZE(nonsense); i++) {
		PAGE_ICH_LR(page, 2) = hw_lr(27, nonsense[i], LR_PENDING);
		enter();
		expect_loaded(2, lr_of(27, LR_PENDING));
		assert_int_equal(guest_ack(0, true), 27);
		guest_eoi(0, 27, true);
		leave();
		assert_int_equal(PAGE_ICH_LR(page, 2), hw_lr(27, nonsense[i], 0));
	}
	assert_int_equal(model_cpus[0].phys_active, 0);
}

static void one_behind_two(void **state)
{
	(void)state;
	timer_on(0);
	model_run_all();
	give(TIMER, 0);
	PAGE_ICH_LR(page, 1) = hw_lr(26, TIMER, LR_PENDING);
	enter();
	expect_loaded(0, hw_lr(27, TIMER, LR_PENDING));
	expect_loaded(1, lr_of(26, LR_PENDING));
	assert_int_equal(guest_ack(0, true), 27);
	model_cpus[0].ctl[1] = 0;
	guest_eoi(0, 27, true);
	leave();
	assert_false(outer_active(TIMER));
}

/* With HW there is no pending and active. */
static void pending_and_active(void **state)
{
	(void)state;
	timer_on(0);
	model_run_all();
	give(TIMER, 0);
	PAGE_ICH_LR(page, 0) |= LR_STATE;
	PAGE_ICH_LR(page, 1) = lr_of(33, LR_STATE);
	enter();
	expect_loaded(0, hw_lr(27, TIMER, LR_ACTIVE));
	expect_loaded(1, lr_of(33, LR_STATE));
	model_cpus[0].ctl[1] = 0;
}

/* ---- nonsense ---- */

static void not_loaded(void **state)
{
	static const uint32_t intids[] = { 1020, 1021, 1023, 1 << 24, UINT32_MAX };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(intids); i++) {
		PAGE_ICH_LR(page, 0) = lr_of(0, LR_PENDING) | intids[i];
		PAGE_ICH_LR(page, 1) = lr_of(1019, LR_PENDING);
		PAGE_ICH_LR(page, 2) = lr_of(1024, LR_PENDING);
		PAGE_ICH_LR(page, 3) = lr_of((1 << 24) - 1, LR_PENDING);
		enter();
		expect_loaded(0, 0);
		expect_loaded(1, lr_of(1019, LR_PENDING));
		expect_loaded(2, lr_of(1024, LR_PENDING));
		expect_loaded(3, lr_of((1 << 24) - 1, LR_PENDING));
		leave();
		assert_int_equal(PAGE_ICH_LR(page, 0), lr_of(0, LR_PENDING) | intids[i]);
	}
	vif.id_bits = 16;
	PAGE_ICH_LR(page, 0) = lr_of(1 << 16, LR_PENDING);
	enter();
	expect_loaded(0, 0);
	expect_loaded(3, 0);
}

static void twice_the_same(void **state)
{
	(void)state;
	PAGE_ICH_LR(page, 0) = lr_of(33, 0);
	PAGE_ICH_LR(page, 1) = lr_of(33, LR_ACTIVE);
	PAGE_ICH_LR(page, 2) = lr_of(34, LR_PENDING);
	PAGE_ICH_LR(page, 3) = lr_of(33, LR_PENDING);
	enter();
	expect_loaded(0, 0);
	expect_loaded(1, lr_of(33, LR_ACTIVE));
	expect_loaded(2, lr_of(34, LR_PENDING));
	expect_loaded(3, 0);
	leave();
	assert_int_equal(PAGE_ICH_LR(page, 3), lr_of(33, LR_PENDING));
}

static void reserved_bits(void **state)
{
	const uint64_t lr = ~LR_HW & ~LR_VINTID;

	(void)state;
	PAGE_ICH_LR(page, 0) = lr | 33;
	/* All that L1 doesn't have. */
	for (unsigned i = LRS; i < VIF_LRS_MAX; i++)
		PAGE_ICH_LR(page, i) = lr_of(100 + i, LR_PENDING);
	PAGE_ICH_HCR(page) = UINT64_MAX;
	PAGE_ICH_VMCR(page) = UINT64_MAX;
	PAGE_ICH_AP0R(page, 0) = PAGE_ICH_AP1R(page, 0) = UINT64_MAX;
	enter();
	expect_loaded(0, 33 | LR_EOI | LR_PRIORITY | LR_GROUP1 | LR_STATE);
	assert_int_equal(model_cpus[0].hcr, 0xf8007cff);
	assert_int_equal(model_cpus[0].vmcr, 0xfffc021f);
	assert_int_equal(fake_sysreg_get(SYS_ICH_AP1R0_EL2), UINT32_MAX);
	leave();
	assert_int_equal(PAGE_ICH_HCR(page), UINT64_MAX);
	assert_int_equal(PAGE_ICH_LR(page, 0), lr | 33);
	PAGE_ICH_HCR(page) = 0;
}

/* ---- the maintenance interrupt ---- */

static void maintenance_ends(void)
{
	assert_int_equal(guest_ack(0, true), NESTED_PPI_MAINTENANCE);
	guest_eoi(0, NESTED_PPI_MAINTENANCE, true);
	guest_dir(0, NESTED_PPI_MAINTENANCE);
	model_run_all();
}

static void underflow(void **state)
{
	(void)state;
	PAGE_ICH_HCR(page) = VIF_HCR_EN | VIF_HCR_UIE;
	PAGE_ICH_LR(page, 0) = lr_of(33, LR_PENDING);
	PAGE_ICH_LR(page, 1) = lr_of(34, LR_PENDING);
	enter();
	model_run_all();
	assert_false(taken);
	assert_int_equal(guest_ack(0, true), 33);
	guest_eoi(0, 33, true);
	model_run_all();
	assert_true(taken);
	leave();
	assert_int_equal(PAGE_ICH_HCR(page), VIF_HCR_EN | VIF_HCR_UIE);
	assert_int_equal(guest_signalled(0, NULL), NESTED_PPI_MAINTENANCE);
	/* L1 deals with it, unseen: it does not come again. */
	PAGE_ICH_HCR(page) = VIF_HCR_EN;
	maintenance_ends();
	assert_int_equal(guest_signalled(0, NULL), MODEL_SPURIOUS);
}

/* Or it does not, and it comes again. */
static void underflow_stays(void **state)
{
	(void)state;
	PAGE_ICH_HCR(page) = VIF_HCR_EN | VIF_HCR_UIE;
	enter();
	model_run_all();
	assert_true(taken);
	leave();
	maintenance_ends();
	assert_int_equal(guest_signalled(0, NULL), NESTED_PPI_MAINTENANCE);
	PAGE_ICH_HCR(page) = 0;
	assert_int_equal(guest_read(0, SGI_FRAME(0, 0x200), 4), 0);
	assert_int_equal(guest_signalled(0, NULL), MODEL_SPURIOUS);
}

static void each_cause(void **state)
{
	static const struct {
		uint64_t hcr, vmcr, lr, misr;
	} causes[] = {
		{ VIF_HCR_UIE, 0, 0, VIF_MISR_U },
		{ VIF_HCR_NPIE, 0, 0, VIF_MISR_NP },
		{ VIF_HCR_LRENPIE | BIT(27), 0, 0, VIF_MISR_LRENP },
		{ VIF_HCR_VGRP0EIE, VIF_VMCR_VENG0, 0, VIF_MISR_VGRP0E },
		{ VIF_HCR_VGRP0DIE, 0, 0, VIF_MISR_VGRP0D },
		{ VIF_HCR_VGRP1EIE, VIF_VMCR_VENG1, 0, VIF_MISR_VGRP1E },
		{ VIF_HCR_VGRP1DIE, 0, 0, VIF_MISR_VGRP1D },
		{ 0, 0, LR_EOI, VIF_MISR_EOI },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(causes); i++) {
		PAGE_ICH_LR(page, 0) = causes[i].lr;
		PAGE_ICH_VMCR(page) = causes[i].vmcr;
		/* Not without En. */
		PAGE_ICH_HCR(page) = causes[i].hcr;
		enter();
		model_run_all();
		assert_false(taken);
		leave();
		PAGE_ICH_HCR(page) |= VIF_HCR_EN;
		assert_int_equal(gic_misr(page), causes[i].misr);
		enter();
		model_run_all();
		assert_true(taken);
		leave();
		assert_int_equal(gic_misr(page), causes[i].misr);
		PAGE_ICH_HCR(page) = PAGE_ICH_LR(page, 0) = 0;
		maintenance_ends();
		assert_int_equal(guest_signalled(0, NULL), MODEL_SPURIOUS);
	}
}

/* L1 doesn't have it enabled: its guest goes on, and is not interrupted again and again. */
static void nobody_wants_it(void **state)
{
	(void)state;
	guest_write(0, SGI_FRAME(0, 0x180), 4, BIT(NESTED_PPI_MAINTENANCE));
	PAGE_ICH_HCR(page) = VIF_HCR_EN | VIF_HCR_UIE | VIF_HCR_TC;
	PAGE_ICH_LR(page, 0) = lr_of(33, LR_PENDING) | LR_EOI;
	PAGE_ICH_AP1R(page, 0) = BIT(20);
	enter();
	model_run_all();
	assert_false(taken);
	assert_int_equal(model_cpus[0].hcr, VIF_HCR_EN | VIF_HCR_TC);
	guest_eoi(0, 60, true);
	assert_int_equal(guest_ack(0, true), 33);
	guest_eoi(0, 33, true);
	model_run_all();
	assert_false(taken);
	leave();
	assert_int_equal(FIELD_GET(VIF_HCR_EOICOUNT, PAGE_ICH_HCR(page)), 1);
	assert_int_equal(PAGE_ICH_LR(page, 0), lr_of(33, 0) | LR_EOI);
	assert_int_equal(gic_misr(page), VIF_MISR_EOI | VIF_MISR_U);
	assert_true(guest_read(0, SGI_FRAME(0, 0x200), 4) & BIT(NESTED_PPI_MAINTENANCE));
}

/* Its cause has gone before the inner guest begins again: that is not interrupted. */
static void gone_at_the_next_begin(void **state)
{
	(void)state;
	PAGE_ICH_HCR(page) = VIF_HCR_EN | VIF_HCR_UIE;
	enter();
	model_run_all();
	leave();
	PAGE_ICH_HCR(page) = VIF_HCR_EN;
	enter();
	model_run_all();
	assert_false(taken);
	leave();
	assert_int_equal(guest_signalled(0, NULL), MODEL_SPURIOUS);
}

static void seen_by_reading(void **state)
{
	uint64_t misr = 0;

	(void)state;
	PAGE_ICH_HCR(page) = VIF_HCR_EN | VIF_HCR_NPIE;
	assert_int_equal(guest_signalled(0, NULL), MODEL_SPURIOUS);
	assert_true(nested_gic_read(&nested, SYS_ICH_MISR_EL2, &misr));
	model_run_all();
	assert_int_equal(misr, VIF_MISR_NP);
	assert_int_equal(guest_signalled(0, NULL), NESTED_PPI_MAINTENANCE);
	PAGE_ICH_HCR(page) = 0;
	assert_true(nested_gic_read(&nested, SYS_ICH_MISR_EL2, &misr));
	model_run_all();
	assert_int_equal(misr, 0);
	assert_int_equal(guest_signalled(0, NULL), MODEL_SPURIOUS);
}

/* The page is stale while inner: nobody may look into it. */
static void read_while_inner(void **state)
{
	(void)state;
	PAGE_ICH_HCR(page) = VIF_HCR_EN | VIF_HCR_NPIE;
	PAGE_ICH_LR(page, 0) = lr_of(33, LR_PENDING);
	enter();
	assert_int_equal(guest_ack(0, true), 33);
	assert_false(guest_read(0, SGI_FRAME(0, 0x200), 4) & BIT(NESTED_PPI_MAINTENANCE));
	model_run_all();
	assert_true(guest_read(0, SGI_FRAME(0, 0x200), 4) & BIT(NESTED_PPI_MAINTENANCE));
}

static void reset_ends_it(void **state)
{
	(void)state;
	PAGE_ICH_HCR(page) = VIF_HCR_EN | VIF_HCR_UIE;
	enter();
	model_run_all();
	leave();
	assert_int_equal(guest_signalled(0, NULL), NESTED_PPI_MAINTENANCE);
	PAGE_ICH_HCR(page) = 0;
	nested_gic_reset(&nested);
	assert_int_equal(guest_signalled(0, NULL), MODEL_SPURIOUS);
}

/* ---- WFI of the inner guest ---- */

static void inner_signals(void **state)
{
	(void)state;
	assert_false(nested_gic_inner_signals(&nested));
	PAGE_ICH_LR(page, 1) = lr_of(33, LR_PENDING);
	enter();
	assert_true(nested_gic_inner_signals(&nested));
	guest_set_pmr(0, PRIORITY);
	assert_false(nested_gic_inner_signals(&nested));
	guest_set_pmr(0, 0xf8);
	guest_set_groups(0, true, false);
	assert_false(nested_gic_inner_signals(&nested));
	guest_set_groups(0, true, true);
	assert_int_equal(guest_ack(0, true), 33);
	assert_false(nested_gic_inner_signals(&nested));
	leave();
	PAGE_ICH_LR(page, 1) = lr_of(33, LR_PENDING);
	PAGE_ICH_AP1R(page, 0) = 0;
	PAGE_ICH_HCR(page) = 0;
	enter();
	assert_false(nested_gic_inner_signals(&nested));
	leave();
	assert_false(nested_gic_inner_signals(&nested));
	/* Nor is L1 asked for what its list registers are not in the CPU for. */
	assert_false(nested_gic_signals(&nested));
}

/* ---- at random ---- */

static uint64_t random_state;

static uint64_t roll(unsigned n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (random_state >> 33) % n;
}

static uint64_t random_lr(void)
{
	static const unsigned ids[] = { 0, 16, 22, 25, 27, 30, 40, 41, 1021, 9000 };
	uint64_t lr = roll(4) << LR_STATE_SHIFT | ids[roll(ARRAY_SIZE(ids))] |
		FIELD_PREP(LR_PRIORITY, roll(32) << 3) | (roll(2) ? LR_GROUP1 : 0);

	if (roll(8) == 0)
		lr |= roll(UINT32_MAX) << 32;
	if (roll(2))
		return lr | LR_HW | FIELD_PREP(LR_PINTID, ids[roll(ARRAY_SIZE(ids))] & 0x1fff);
	return lr | (roll(3) == 0 ? LR_EOI : 0);
}

static void random_page(uint64_t before[512])
{
	for (unsigned i = 0; i < VIF_LRS_MAX; i++)
		PAGE_ICH_LR(page, i) = random_lr();
	PAGE_ICH_HCR(page) = roll(2) ? roll(256) : roll(UINT32_MAX);
	PAGE_ICH_VMCR(page) = VMCR | roll(UINT32_MAX);
	PAGE_ICH_AP0R(page, 0) = roll(4) ? 0 : roll(UINT32_MAX);
	PAGE_ICH_AP1R(page, 0) = roll(4) ? 0 : roll(UINT32_MAX);
	memcpy(before, page, sizeof(page));
}

/* Something happens to L1's interrupts, here or from elsewhere. */
static void outer_step(void)
{
	switch (roll(6)) {
	case 0:
		vgic_set_spi(model_vm, SPI + (unsigned)roll(2), roll(2));
		break;
	case 1:
		vgic_set_ppi(model_vcpu(0), PPI, roll(2));
		break;
	case 2:
		timer_on(roll(4) * 10);
		break;
	case 3:
		model_cpus[0].ctl[1] = 0;
		break;
	case 4:
		guest_write(
			1, SGI_FRAME(0, roll(2) ? 0x300 : 0x380), 4, BIT(roll(2) ? PPI : TIMER));
		break;
	default:
		model_counter += 10;
		break;
	}
}

static void inner_step(void)
{
	bool group1 = roll(2);
	unsigned intid = guest_ack(0, group1);

	if (intid != MODEL_SPURIOUS && roll(4))
		guest_eoi(0, intid, group1);
	else if (roll(3) == 0)
		guest_eoi(0, 22, group1);
}

static void hyp_step(void)
{
	unsigned intid = guest_ack(0, true);

	if (intid == MODEL_SPURIOUS)
		return;
	guest_eoi(0, intid, true);
	if (roll(2))
		guest_dir(0, intid);
}

/* Only states may have changed, and what is not loaded not at all. */
static void check_page(const uint64_t before[512])
{
	for (unsigned i = 0; i < 512; i++) {
		uint64_t change = page[i] ^ before[i];

		if (i >= 0x80 && i < 0x80 + LRS)
			assert_int_equal(change & ~LR_STATE, 0);
		else if (&page[i] == &PAGE_ICH_HCR(page))
			assert_int_equal(change & ~VIF_HCR_EOICOUNT, 0);
		else if (&page[i] != &PAGE_ICH_VMCR(page) && &page[i] != &PAGE_ICH_AP0R(page, 0) &&
			&page[i] != &PAGE_ICH_AP1R(page, 0))
			assert_int_equal(change, 0);
	}
}

/* The model itself fails when a list register is written that the architecture does not allow, when
 * there is always more to do, and when something stays behind. */
static void random_walk(void **state)
{
	static uint64_t before[512];
	unsigned told = 0;

	(void)state;
	random_state = 1;
	guest_set_groups(0, true, true);
	for (unsigned round = 0; round < 4000; round++) {
		bool pending;

		for (unsigned i = (unsigned)roll(4); i > 0; i--) {
			outer_step();
			model_run_all();
			hyp_step();
		}
		random_page(before);
		enter();
		for (unsigned i = (unsigned)roll(8); i > 0 && !taken; i--) {
			if (roll(3) == 0)
				outer_step();
			else
				inner_step();
			model_run_all();
		}
		model_run_all();
		pending = nested_gic_signals(&nested);
		told += taken;
		leave();
		assert_int_equal(guest_signalled(0, NULL) != MODEL_SPURIOUS, pending);
		check_page(before);
		if (roll(16) == 0) {
			model_switch(0, NULL);
			model_switch(0, model_vcpu(0));
		}
		model_run_all();
	}
	assert_in_range(told, 100, 3900);
	model_cpus[0].ctl[1] = 0;
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_register),
		cmocka_unit_test(misr_cells),
		cmocka_unit_test(vtr),
		cmocka_unit_test(which_trap),
		test(forwards),
		test(registers),
		test(reset),
		test(nothing),
		test(plain),
		test(eoicount),
		test(many_active_priorities),
		test(other_numbers_of_registers),
		test(interface_of_outer_is_kept),
		test(split),
		test(spi_for_outer),
		test(pending_before_entry),
		test(goes_and_comes),
		test(backed),
		test(backed_twice),
		test(backed_fires_again),
		test(backed_goes_and_comes),
		test(soft),
		test(soft_ends_quietly),
		test(nothing_behind),
		test(one_behind_two),
		test(pending_and_active),
		test(not_loaded),
		test(twice_the_same),
		test(reserved_bits),
		test(underflow),
		test(underflow_stays),
		test(each_cause),
		test(nobody_wants_it),
		test(gone_at_the_next_begin),
		test(seen_by_reading),
		test(read_while_inner),
		test(reset_ends_it),
		test(inner_signals),
		test(random_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
