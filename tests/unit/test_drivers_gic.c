/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * GICv3 on frames that are plain memory, and system registers of the fake CPU.
 *
 * links: drivers/gic/gic.c drivers/gic/gicv3_dist.c drivers/gic/gicv3_redist.c
 * drivers/gic/gicv3_cpu.c drivers/gic/irq.c drivers/gic/vif.c hyp/base/log.c hyp/base/format.c
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/gic/gic.h"
#include "drivers/gic/gicv3.h"
#include "drivers/gic/gicv3_cpu.h"
#include "drivers/gic/irq.h"
#include "drivers/gic/vif.h"
#include "hyp/arch/cpu.h"
#include "hyp/base/log.h"
#include "mm/el2_map.h"
#include "tests/unit/fake/cpu.h"

#define DIST_SIZE   KIB(64)
#define REGION_SIZE (4 * KIB(128))
#define LINES       4 /* TYPER.ITLinesNumber: 160 INTIDs */

static uint8_t dist[DIST_SIZE] __attribute__((aligned(4096)));
static uint8_t regions[2][REGION_SIZE] __attribute__((aligned(4096)));
static struct machine machine;
static enum status map_result;
static unsigned maps_left; /* before map_result is returned */

static char logged[4096];

static void sink(const char *text, size_t length)
{
	size_t used = strlen(logged);

	if (used + length < sizeof(logged)) {
		memcpy(logged + used, text, length);
		logged[used + length] = '\0';
	}
}

/* The real one belongs to mm: here a register's address is a pointer. */
enum status el2_map_device(pa_t pa, uint64_t size, volatile void **at)
{
	assert_true(size != 0);
	if (maps_left-- == 0)
		return map_result;
	*at = (volatile void *)pa.pa;
	return OK;
}

static uint32_t get32(const uint8_t *frame, unsigned offset)
{
	uint32_t value;

	memcpy(&value, frame + offset, sizeof(value));
	return value;
}

static uint64_t get64(const uint8_t *frame, unsigned offset)
{
	uint64_t value;

	memcpy(&value, frame + offset, sizeof(value));
	return value;
}

static void put32(uint8_t *frame, unsigned offset, uint32_t value)
{
	memcpy(frame + offset, &value, sizeof(value));
}

static void put64(uint8_t *frame, unsigned offset, uint64_t value)
{
	memcpy(frame + offset, &value, sizeof(value));
}

static uint8_t *redist(unsigned region, uint64_t offset, uint32_t affinity, uint64_t typer)
{
	uint8_t *frame = regions[region] + offset;

	put32(frame, GIC_PIDR2, 0x3b);
	put64(frame, GICR_TYPER, (uint64_t)affinity << 32 | typer);
	return frame;
}

static int setup(void **state)
{
	(void)state;
	fake_cpu_reset();
	memset(dist, 0, sizeof(dist));
	memset(regions, 0, sizeof(regions));
	memset(&gicv3, 0, sizeof(gicv3));
	memset(&vif, 0, sizeof(vif));
	logged[0] = '\0';
	log_set_sink(sink);
	maps_left = 100;
	map_result = ERR_NO_MEMORY;
	put32(dist, GIC_PIDR2, 0x3b);
	put32(dist, GICD_TYPER, 0x037a0200 | LINES);
	machine = (struct machine){
		.gic = {
			.version = GIC_V3,
			.dist = { PA((uintptr_t)dist), sizeof(dist) },
			.redist = { { PA((uintptr_t)regions[0]), REGION_SIZE },
				{ PA((uintptr_t)regions[1]), REGION_SIZE } },
			.redist_count = 2,
			.maintenance_intid = 25,
		},
	};
	write_sysreg(UINT64_C(0x81000203), MPIDR_EL1);
	write_sysreg(BIT(24), ID_AA64PFR0_EL1);
	write_sysreg(UINT64_C(0x90b80003), ICH_VTR_EL2);
	return 0;
}

/* --- the distributor --- */

static void test_dist_init(void **state)
{
	(void)state;
	assert_int_equal(gic_init(&machine), OK);
	assert_int_equal(gic_intid_limit(), 160);
	assert_int_equal(gic_maintenance_intid(), 25);
	assert_int_equal(gic_typer(), 0x037a0204);
	assert_int_equal(get32(dist, GICD_CTLR), 0x12);
	for (unsigned word = 0; word <= LINES + 1; word++) {
		uint32_t all = word >= 1 && word <= LINES ? UINT32_MAX : 0;

		assert_int_equal(get32(dist, GICD_IGROUPR + word * 4), all);
		assert_int_equal(get32(dist, GICD_ICENABLER + word * 4), all);
		assert_int_equal(get32(dist, GICD_ICPENDR + word * 4), all);
		assert_int_equal(get32(dist, GICD_ICACTIVER + word * 4), all);
		assert_int_equal(get32(dist, GICD_ISENABLER + word * 4), 0);
	}
	for (unsigned intid = 0; intid < 192; intid++) {
		bool is_spi = intid >= 32 && intid < 160;

		assert_int_equal(dist[GICD_IPRIORITYR + intid], is_spi ? 0xa0 : 0);
		assert_int_equal(get64(dist, GICD_IROUTER + intid * 8), is_spi ? 0x000203 : 0);
	}
}

/* Level everywhere, whatever it was before. */
static void test_dist_config(void **state)
{
	(void)state;
	memset(dist + GICD_ICFGR, 0xaa, 64);
	assert_int_equal(gic_init(&machine), OK);
	for (unsigned word = 2; word < 10; word++)
		assert_int_equal(get32(dist, GICD_ICFGR + word * 4), 0);
	assert_int_equal(get32(dist, GICD_ICFGR + 40), 0xaaaaaaaa);
}

static void test_dist_largest(void **state)
{
	(void)state;
	put32(dist, GICD_TYPER, 31);
	assert_int_equal(gic_init(&machine), OK);
	assert_int_equal(gic_intid_limit(), 1020);
	assert_int_equal(get64(dist, GICD_IROUTER + 1019 * 8), 0x000203);
	assert_int_equal(get64(dist, GICD_IROUTER + 1020 * 8), 0);
}

static void test_init_refused(void **state)
{
	(void)state;
	machine.gic.version = GIC_V2;
	assert_int_equal(gic_init(&machine), ERR_NOT_SUPPORTED);
	assert_non_null(strstr(logged, "GICv2 is not supported yet"));
	machine.gic.version = GIC_NONE;
	assert_int_equal(gic_init(&machine), ERR_NOT_SUPPORTED);
	assert_non_null(strstr(logged, "none found"));
	machine.gic.version = GIC_V3;
	for (unsigned arch = 0; arch < 16; arch++) {
		put32(dist, GIC_PIDR2, arch << 4 | 0xb);
		assert_int_equal(gic_init(&machine), arch == 3 || arch == 4 ? OK : ERR_IO);
	}
	machine.gic.dist.size = KIB(32);
	assert_int_equal(gic_init(&machine), ERR_INVALID);
	machine.gic.dist.size = KIB(64);
	for (unsigned i = 0; i < 3; i++) {
		maps_left = i;
		assert_int_equal(gic_init(&machine), ERR_NO_MEMORY);
	}
}

/* A distributor that never finishes is reported and doesn't hang Lintel. */
static void test_dist_wait(void **state)
{
	(void)state;
	assert_int_equal(gic_init(&machine), OK);
	put32(dist, GICD_CTLR, 0x80000012);
	gic_disable(0, 40);
	assert_non_null(strstr(logged, "the distributor does not finish"));
}

/* --- redistributors --- */

static void test_redist_found(void **state)
{
	uint8_t *frame;

	(void)state;
	redist(0, 0, 0x000000, 0);
	redist(0, 0x20000, 0x000001, GICR_TYPER_LAST);
	redist(0, 0x40000, 0x01000203, GICR_TYPER_LAST); /* behind the last: not there */
	redist(1, 0, 0x000100, GICR_TYPER_VLPIS);
	frame = redist(1, 0x40000, 0x01000203, GICR_TYPER_LAST);
	put32(frame, GICR_WAKER, 0x2);
	assert_int_equal(gic_init(&machine), OK);
	assert_int_equal(gic_cpu_init(5, UINT64_C(0x0100000203)), OK);
	assert_ptr_equal(gicv3.frames[5], frame);
	assert_int_equal(get32(frame, GICR_WAKER), 0);

	uint8_t *sgi = frame + GICR_SGI_FRAME;

	assert_int_equal(get32(sgi, GICD_IGROUPR), UINT32_MAX);
	assert_int_equal(get32(sgi, GICD_ICENABLER), UINT32_MAX);
	assert_int_equal(get32(sgi, GICD_ICACTIVER), UINT32_MAX);
	assert_int_equal(get32(sgi, GICD_ICPENDR), UINT32_MAX);
	assert_int_equal(get32(sgi, GICD_ISENABLER), 0xffff);
	assert_int_equal(get32(sgi, GICD_IGROUPR + 4), 0);
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(sgi[GICD_IPRIORITYR + i], i < 32 ? 0xa0 : 0);
}

static void test_redist_stride(void **state)
{
	uint8_t *frame;

	(void)state;
	redist(0, 0, 0, 0);
	redist(0, 0x20000, 1, 0);
	frame = redist(0, 0x40000, 1, GICR_TYPER_LAST);
	machine.gic.redist_stride = 0x40000;
	assert_int_equal(gic_init(&machine), OK);
	assert_int_equal(gic_cpu_init(1, 1), OK);
	assert_ptr_equal(gicv3.frames[1], frame);
}

static void test_redist_not_found(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++)
		redist(0, i * 0x20000, i, 0); /* no Last: the region's end ends it */
	assert_int_equal(gic_init(&machine), OK);
	assert_int_equal(gic_cpu_init(0, 7), ERR_NOT_FOUND);
	assert_non_null(strstr(logged, "no redistributor for CPU 0, affinity 0x7"));
	assert_int_equal(gic_cpu_init(0, 3), OK);
	machine.gic.redist[0].size = KIB(64);
	assert_int_equal(gic_init(&machine), OK);
	assert_int_equal(gic_cpu_init(0, 0), ERR_NOT_FOUND);
	assert_int_equal(gic_cpu_init(MACHINE_CPUS_MAX, 0), ERR_RANGE);
}

static void test_redist_asleep(void **state)
{
	uint8_t *frame = redist(0, 0, 0, GICR_TYPER_LAST);

	(void)state;
	put32(frame, GICR_WAKER, 0x6);
	assert_int_equal(gic_init(&machine), OK);
	assert_int_equal(gic_cpu_init(0, 0), ERR_IO);
	assert_non_null(strstr(logged, "does not wake up"));
	put32(frame, GICR_WAKER, 0);
	assert_int_equal(gic_cpu_init(0, 0), OK);
	put32(frame, GICR_CTLR, 0x8);
	gic_disable(0, 27);
	assert_non_null(strstr(logged, "the redistributor of CPU 0 does not finish"));
}

/* --- one interrupt --- */

/* The set and clear registers are separate memory here: each function writes exactly its bit to
 * exactly its register. */
static void test_bits(void **state)
{
	static const struct {
		void (*function)(unsigned cpu, uint32_t intid);
		unsigned registers;
	} rows[] = {
		{ gic_enable, GICD_ISENABLER },
		{ gic_disable, GICD_ICENABLER },
		{ gic_set_active, GICD_ISACTIVER },
		{ gic_clear_active, GICD_ICACTIVER },
		{ gic_set_pending, GICD_ISPENDR },
		{ gic_clear_pending, GICD_ICPENDR },
	};
	static const uint32_t intids[] = { 0, 15, 27, 31, 32, 63, 64, 159 };
	uint8_t *frame = redist(0, 0x20000, 1, 0);

	(void)state;
	redist(0, 0, 0, 0);
	assert_int_equal(gic_init(&machine), OK);
	assert_int_equal(gic_cpu_init(3, 1), OK);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		for (unsigned j = 0; j < ARRAY_SIZE(intids); j++) {
			uint8_t *base = intids[j] < 32 ? frame + GICR_SGI_FRAME : dist;
			unsigned offset = rows[i].registers + intids[j] / 32 * 4;

			put32(base, offset, 0);
			rows[i].function(3, intids[j]);
			assert_int_equal(get32(base, offset), UINT32_C(1) << intids[j] % 32);
		}
	}
	put32(dist, GICD_ISENABLER + 4, 0x2);
	put32(dist, GICD_ISACTIVER + 4, 0x4);
	put32(dist, GICD_ISPENDR + 4, 0x8);
	for (uint32_t intid = 32; intid < 64; intid++) {
		assert_int_equal(gic_is_enabled(3, intid), intid == 33);
		assert_int_equal(gic_is_active(3, intid), intid == 34);
		assert_int_equal(gic_is_pending(3, intid), intid == 35);
	}
}

static void test_config(void **state)
{
	uint8_t *sgi = redist(0, 0, 0, GICR_TYPER_LAST) + GICR_SGI_FRAME;

	(void)state;
	assert_int_equal(gic_init(&machine), OK);
	assert_int_equal(gic_cpu_init(0, 0), OK);
	gic_set_edge(0, 5, true);
	assert_int_equal(get32(sgi, GICD_ICFGR), 0);
	gic_set_edge(0, 27, true);
	gic_set_edge(0, 31, true);
	assert_int_equal(get32(sgi, GICD_ICFGR + 4), 0x80800000);
	gic_set_edge(0, 27, false);
	assert_int_equal(get32(sgi, GICD_ICFGR + 4), 0x80000000);
	gic_set_edge(0, 49, true);
	assert_int_equal(get32(dist, GICD_ICFGR + 12), 0x8);
	gic_set_priority(0, 49, 0x50);
	assert_int_equal(dist[GICD_IPRIORITYR + 49], 0x50);
	gic_set_priority(0, 20, 0x58);
	assert_int_equal(sgi[GICD_IPRIORITYR + 20], 0x58);
	gic_route(49, UINT64_C(0x8101020304));
	assert_int_equal(get64(dist, GICD_IROUTER + 49 * 8), UINT64_C(0x8100020304));
	assert_false(spin_is_locked(&gicv3.lock));
}

/* --- the CPU interface --- */

static void test_cpu_interface(void **state)
{
	(void)state;
	redist(0, 0, 0, GICR_TYPER_LAST);
	write_sysreg(0xff, ICC_AP1R0_EL1);
	assert_int_equal(gic_init(&machine), OK);
	assert_int_equal(gic_cpu_init(0, 0), OK);
	assert_int_equal(read_sysreg(ICC_SRE_EL2), 0xf);
	assert_int_equal(read_sysreg(ICC_SRE_EL1), 0x7);
	assert_int_equal(read_sysreg(ICC_PMR_EL1), 0xff);
	assert_int_equal(read_sysreg(ICC_CTLR_EL1), 2);
	assert_int_equal(read_sysreg(ICC_AP1R0_EL1), 0);
	assert_int_equal(read_sysreg(ICC_IGRPEN1_EL1), 1);
	write_sysreg(0, ID_AA64PFR0_EL1);
	assert_int_equal(gic_cpu_init(0, 0), ERR_NOT_SUPPORTED);
	assert_non_null(strstr(logged, "no GIC system registers"));
}

/* ICC_SRE_EL2 that firmware keeps at 0. */
static uint64_t sre_stays_zero(unsigned encoding, uint64_t value)
{
	return encoding == SYS_ICC_SRE_EL2 ? 0 : value;
}

static void test_cpu_interface_denied(void **state)
{
	(void)state;
	redist(0, 0, 0, GICR_TYPER_LAST);
	assert_int_equal(gic_init(&machine), OK);
	fake_sysreg_write_hook = sre_stays_zero;
	assert_int_equal(gic_cpu_init(0, 0), ERR_NOT_SUPPORTED);
	assert_non_null(strstr(logged, "firmware denies EL2"));
	/* Nothing that would be UNDEFINED then. */
	assert_int_equal(fake_sysreg_writes(SYS_ICC_PMR_EL1), 0);
	assert_int_equal(fake_sysreg_writes(SYS_ICC_SRE_EL1), 0);
	assert_int_equal(fake_sysreg_reads(SYS_ICH_VTR_EL2), 0);
}

static void test_sgi_values(void **state)
{
	(void)state;
	assert_int_equal(gicv3_sgi_value(0, 0), 1);
	assert_int_equal(gicv3_sgi_value(3, 7), UINT64_C(0x07000008));
	assert_int_equal(gicv3_sgi_value(UINT64_C(0x8144332215), 9), UINT64_C(0x0081103309220020));
	gicv3_send_sgi(5);
	assert_int_equal(read_sysreg(ICC_SGI1R_EL1), 5);
	gicv3_send_sgi_others(2);
	assert_int_equal(read_sysreg(ICC_SGI1R_EL1), UINT64_C(0x0000010002000000));
}

/* --- the virtual interface --- */

static void test_vif_info(void **state)
{
	(void)state;
	vif_cpu_init();
	assert_int_equal(vif.lrs, 4);
	assert_int_equal(vif.aprs, 1);
	assert_int_equal(vif.priority_bits, 5);
	assert_int_equal(vif.preemption_bits, 5);
	assert_int_equal(vif.id_bits, 24);
	assert_true(vif.a3v);
	assert_true(vif.tdir);
	assert_false(vif.seis);
	assert_int_equal(fake_sysreg_writes(SYS_ICH_LR3_EL2), 1);
	assert_int_equal(fake_sysreg_writes(SYS_ICH_LR4_EL2), 0); /* would be UNDEFINED */
	assert_int_equal(fake_sysreg_writes(SYS_ICH_AP0R1_EL2), 0);
	assert_int_equal(fake_sysreg_writes(SYS_ICH_AP1R1_EL2), 0);

	/* A CPU with less, then one with more: what all have counts. */
	write_sysreg(UINT64_C(0x90000001), ICH_VTR_EL2);
	vif_cpu_init();
	assert_int_equal(vif.lrs, 2);
	assert_int_equal(vif.id_bits, 16);
	assert_false(vif.a3v);
	assert_false(vif.tdir);
	write_sysreg(UINT64_C(0xfcff000f), ICH_VTR_EL2);
	vif_cpu_init();
	assert_int_equal(vif.lrs, 2);
	assert_int_equal(vif.aprs, 1);

	memset(&vif, 0, sizeof(vif));
	vif_cpu_init();
	assert_int_equal(vif.lrs, 16);
	assert_int_equal(vif.aprs, 4);
	assert_int_equal(vif.priority_bits, 8);
	memset(&vif, 0, sizeof(vif));
	write_sysreg(UINT64_C(0xb400001f), ICH_VTR_EL2);
	vif_cpu_init();
	assert_int_equal(vif.lrs, 16);
	assert_int_equal(vif.aprs, 2);
}

static void test_vif_lrs(void **state)
{
	(void)state;
	write_sysreg(UINT64_C(0x9000000f), ICH_VTR_EL2);
	for (unsigned i = 0; i < VIF_LRS_MAX; i++)
		vif_lr_write(i, 0x1000 + i);
	for (unsigned i = 0; i < VIF_LRS_MAX; i++)
		assert_int_equal(vif_lr_read(i), 0x1000 + i);
	assert_int_equal(read_sysreg(ICH_LR0_EL2), 0x1000);
	assert_int_equal(read_sysreg(ICH_LR7_EL2), 0x1007);
	assert_int_equal(read_sysreg(ICH_LR8_EL2), 0x1008);
	assert_int_equal(read_sysreg(ICH_LR15_EL2), 0x100f);
	assert_int_equal(vif_lr_read(16), 0);
	vif_lr_write(16, 1);
	vif_hcr_write(VIF_HCR_EN);
	assert_int_equal(vif_hcr_read(), 1);
	vif_vmcr_write(0x1234);
	assert_int_equal(vif_vmcr_read(), 0x1234);
	write_sysreg(0xc, ICH_ELRSR_EL2);
	write_sysreg(0x2, ICH_EISR_EL2);
	write_sysreg(0x1, ICH_MISR_EL2);
	assert_int_equal(vif_free(), 0xc);
	assert_int_equal(vif_ended(), 2);
	assert_int_equal(vif_misr(), VIF_MISR_EOI);
	vif_cpu_init();
	for (unsigned i = 0; i < VIF_LRS_MAX; i++)
		assert_int_equal(vif_lr_read(i), 0);
	assert_int_equal(vif_hcr_read(), 0);
	assert_int_equal(vif_vmcr_read(), 0);
}

/* Only the registers that exist: the others keep what the test put there. */
static void test_vif_aprs(void **state)
{
	static const struct vif_aprs in = { { 1, 2, 3, 4 }, { BIT(63) | 5, 6, 7, 8 } };
	static const unsigned counts[] = { 1, 2, 4 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(counts); i++) {
		struct vif_aprs out = { 0 };
		unsigned n = counts[i];

		write_sysreg(77, ICH_AP0R1_EL2);
		write_sysreg(77, ICH_AP1R1_EL2);
		write_sysreg(77, ICH_AP0R3_EL2);
		write_sysreg(77, ICH_AP1R3_EL2);
		vif.aprs = n;
		vif_aprs_restore(&in);
		vif_aprs_save(&out);
		for (unsigned j = 0; j < VIF_APRS_MAX; j++) {
			assert_int_equal(out.ap0[j], j < n ? in.ap0[j] : 0);
			assert_int_equal(out.ap1[j], j < n ? in.ap1[j] : 0);
		}
		assert_int_equal(read_sysreg(ICH_AP1R1_EL2), n >= 2 ? 6 : 77);
		assert_int_equal(read_sysreg(ICH_AP0R3_EL2), n >= 4 ? 4 : 77);
	}
}

/* --- dispatch --- */

static uint32_t handled;
static uint64_t active_in_handler;
static int context_of_test;

static void handler(void *context, uint32_t intid)
{
	assert_ptr_equal(context, &context_of_test);
	handled = intid;
	/* Dropped before, deactivated after. */
	assert_int_equal(read_sysreg(ICC_EOIR1_EL1), intid);
	active_in_handler = read_sysreg(ICC_DIR_EL1);
}

static void test_irq_take(void **state)
{
	(void)state;
	assert_int_equal(gic_init(&machine), OK);
	assert_int_equal(irq_register(27, handler, &context_of_test, IRQ_KEEP_ACTIVE), OK);
	assert_int_equal(irq_register(26, handler, &context_of_test, IRQ_NORMAL), OK);
	assert_int_equal(irq_register(26, handler, &context_of_test, IRQ_NORMAL), ERR_EXISTS);
	assert_int_equal(irq_register(160, handler, NULL, IRQ_NORMAL), ERR_RANGE);
	assert_int_equal(irq_register(40, NULL, NULL, IRQ_NORMAL), ERR_RANGE);

	write_sysreg(999, ICC_DIR_EL1);
	write_sysreg(26, ICC_IAR1_EL1);
	assert_true(irq_take());
	assert_int_equal(handled, 26);
	assert_int_equal(active_in_handler, 999);
	assert_int_equal(read_sysreg(ICC_DIR_EL1), 26);

	write_sysreg(27, ICC_IAR1_EL1);
	assert_true(irq_take());
	assert_int_equal(handled, 27);
	assert_int_equal(read_sysreg(ICC_DIR_EL1), 26);

	for (uint32_t intid = 1020; intid <= 1023; intid++) {
		write_sysreg(intid, ICC_IAR1_EL1);
		assert_false(irq_take());
		assert_int_equal(read_sysreg(ICC_EOIR1_EL1), 27);
	}
	irq_dispatch(27);
	irq_unregister(27);
	irq_unregister(1020);
	assert_int_equal(irq_register(27, handler, NULL, IRQ_NORMAL), OK);
}

static void test_irq_unexpected(void **state)
{
	uint8_t *sgi = redist(0, 0, 0, GICR_TYPER_LAST) + GICR_SGI_FRAME;
	uint64_t before = irq_unexpected_count();

	(void)state;
	assert_int_equal(gic_init(&machine), OK);
	assert_int_equal(gic_cpu_init(fake_this_cpu->index, 0), OK);
	put32(dist, GICD_ICENABLER + 4, 0);
	put32(sgi, GICD_ICENABLER, 0);
	write_sysreg(50, ICC_IAR1_EL1);
	assert_true(irq_take());
	assert_int_equal(get32(dist, GICD_ICENABLER + 4), 1 << 18);
	assert_non_null(strstr(logged, "interrupt 50"));
	write_sysreg(23, ICC_IAR1_EL1);
	assert_true(irq_take());
	assert_int_equal(get32(sgi, GICD_ICENABLER), 1 << 23);
	write_sysreg(3, ICC_IAR1_EL1);
	assert_true(irq_take());
	assert_int_equal(get32(sgi, GICD_ICENABLER), 1 << 23);
	assert_int_equal(irq_unexpected_count(), before + 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_dist_init, setup),
		cmocka_unit_test_setup(test_dist_config, setup),
		cmocka_unit_test_setup(test_dist_largest, setup),
		cmocka_unit_test_setup(test_init_refused, setup),
		cmocka_unit_test_setup(test_dist_wait, setup),
		cmocka_unit_test_setup(test_redist_found, setup),
		cmocka_unit_test_setup(test_redist_stride, setup),
		cmocka_unit_test_setup(test_redist_not_found, setup),
		cmocka_unit_test_setup(test_redist_asleep, setup),
		cmocka_unit_test_setup(test_bits, setup),
		cmocka_unit_test_setup(test_config, setup),
		cmocka_unit_test_setup(test_cpu_interface, setup),
		cmocka_unit_test_setup(test_cpu_interface_denied, setup),
		cmocka_unit_test_setup(test_sgi_values, setup),
		cmocka_unit_test_setup(test_vif_info, setup),
		cmocka_unit_test_setup(test_vif_lrs, setup),
		cmocka_unit_test_setup(test_vif_aprs, setup),
		cmocka_unit_test_setup(test_irq_take, setup),
		cmocka_unit_test_setup(test_irq_unexpected, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
