/* SPDX-License-Identifier: BSD-3-Clause */
#include "gic.h"
#include "machine.h"
#include "spinlock.h"
#include "timer.h"

#define PRIORITIES_DEFAULT 0xa0a0a0a0u
#define WAKER_SLEEP        BIT(1)
#define WAKER_ASLEEP       BIT(2)
#define RWP_TIMEOUT_MS     100

static gic_handler on_interrupt;
static u32 taken[MAX_CPUS][GIC_COUNTED];
static u32 spurious[MAX_CPUS];

u32 gic_intids(void)
{
	return 32 * ((mmio_read32(GICD_BASE + GICD_TYPER) & 0x1f) + 1);
}

static void wait_rwp(u64 address, u64 bit)
{
	(void)wait_for(RWP_TIMEOUT_MS, !(mmio_read32(address) & bit));
}

static void init_bank(u64 base, u32 word, bool config)
{
	mmio_write32(base + GIC_ICENABLER + word * 4, ~0u);
	mmio_write32(base + GIC_ICPENDR + word * 4, ~0u);
	mmio_write32(base + GIC_ICACTIVER + word * 4, ~0u);
	mmio_write32(base + GIC_IGROUPR + word * 4, ~0u);
	for (u32 i = 0; i < 8; i++)
		mmio_write32(base + GIC_IPRIORITYR + word * 32 + i * 4, PRIORITIES_DEFAULT);
	for (u32 i = 0; config && i < 2; i++)
		mmio_write32(base + GIC_ICFGR + word * 8 + i * 4, 0);
}

void gic_init(void)
{
	u32 words = gic_intids() / 32;

	mmio_write32(GICD_BASE + GICD_CTLR, 0);
	wait_rwp(GICD_BASE + GICD_CTLR, GICD_CTLR_RWP);
	for (u32 word = 1; word < words; word++)
		init_bank(GICD_BASE, word, true);
	for (u32 intid = SPI_BASE; intid < words * 32 && intid < GIC_COUNTED; intid++)
		gic_route(intid, 0);
	mmio_write32(GICD_BASE + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_GRP0 | GICD_CTLR_GRP1);
	wait_rwp(GICD_BASE + GICD_CTLR, GICD_CTLR_RWP);
}

void gic_init_cpu(void)
{
	u64 frame = gicr(cpu_id());

	mmio_write32(frame + GICR_WAKER, mmio_read32(frame + GICR_WAKER) & ~(u32)WAKER_SLEEP);
	wait_rwp(frame + GICR_WAKER, WAKER_ASLEEP);
	init_bank(frame + GICR_SGI_BASE, 0, false);
	msr(ICC_SRE_EL1, mrs(ICC_SRE_EL1) | 1);
	isb();
	msr(ICC_CTLR_EL1, 0);
	msr(ICC_PMR_EL1, GIC_PMR_ALL);
	msr(ICC_BPR1_EL1, 0);
	msr(ICC_IGRPEN1_EL1, 1);
	isb();
}

void gic_write_bit(u32 cpu, u32 intid, u64 bank)
{
	mmio_write32(gic_bank(cpu, intid, bank) + intid / 32 * 4, 1u << intid % 32);
	dsb(sy);
}

bool gic_read_bit(u32 cpu, u32 intid, u64 bank)
{
	return mmio_read32(gic_bank(cpu, intid, bank) + intid / 32 * 4) >> intid % 32 & 1;
}

void gic_enable(u32 intid)
{
	gic_write_bit(cpu_id(), intid, GIC_ISENABLER);
}

void gic_disable(u32 intid)
{
	gic_write_bit(cpu_id(), intid, GIC_ICENABLER);
}

void gic_set_pending(u32 intid)
{
	gic_write_bit(cpu_id(), intid, GIC_ISPENDR);
}

void gic_clear_pending(u32 intid)
{
	gic_write_bit(cpu_id(), intid, GIC_ICPENDR);
}

bool gic_is_pending(u32 intid)
{
	return gic_read_bit(cpu_id(), intid, GIC_ISPENDR);
}

bool gic_is_active(u32 intid)
{
	return gic_read_bit(cpu_id(), intid, GIC_ISACTIVER);
}

void gic_clear_active(u32 intid)
{
	gic_write_bit(cpu_id(), intid, GIC_ICACTIVER);
}

void gic_set_priority(u32 intid, u8 priority)
{
	mmio_write8(gic_bank(cpu_id(), intid, GIC_IPRIORITYR) + intid, priority);
	dsb(sy);
}

void gic_set_group(u32 intid, u32 group)
{
	u64 address = gic_bank(cpu_id(), intid, GIC_IGROUPR) + intid / 32 * 4;
	u32 value = mmio_read32(address) & ~(1u << intid % 32);

	mmio_write32(address, value | group << intid % 32);
	dsb(sy);
}

void gic_set_edge(u32 intid, bool edge)
{
	u64 address = gic_bank(cpu_id(), intid, GIC_ICFGR) + intid / 16 * 4;
	u32 bit = 2u << intid % 16 * 2;
	u32 value = mmio_read32(address) & ~bit;

	mmio_write32(address, edge ? value | bit : value);
	dsb(sy);
}

void gic_route(u32 intid, u32 cpu)
{
	mmio_write64(GICD_BASE + GICD_IROUTER + intid * 8, machine.mpidr[cpu]);
	dsb(sy);
}

void gic_send_sgi(u32 intid, u32 cpu)
{
	u64 mpidr = machine.mpidr[cpu];
	u64 value = BIT(mpidr & 0xf) | (mpidr >> 8 & 0xff) << 16 | (u64)intid << 24 |
		(mpidr >> 16 & 0xff) << 32 | (mpidr >> 4 & 0xf) << 44;

	dsb(sy);
	msr(ICC_SGI1R_EL1, value);
	isb();
}

static void take_irq(struct regs *regs)
{
	u32 intid = gic_ack();
	u32 cpu = cpu_id();

	if (intid >= INTID_NONE - 3) {
		atomic_add(&spurious[cpu], 1);
		return;
	}
	if (intid < GIC_COUNTED)
		store_release(&taken[cpu][intid], taken[cpu][intid] + 1);
	if (on_interrupt)
		on_interrupt(intid, regs);
	gic_eoi(intid);
	if (mrs(ICC_CTLR_EL1) & ICC_CTLR_EOIMODE)
		gic_deactivate(intid);
}

void gic_set_handler(gic_handler handler)
{
	on_interrupt = handler;
	exception_set_irq(take_irq);
}

u32 gic_taken(u32 cpu, u32 intid)
{
	return load_acquire(&taken[cpu][intid]);
}

u32 gic_spurious(u32 cpu)
{
	return load_acquire(&spurious[cpu]);
}

void gic_clear_counts(void)
{
	memset(taken, 0, sizeof(taken));
	memset(spurious, 0, sizeof(spurious));
}
