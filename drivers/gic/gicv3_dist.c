/* SPDX-License-Identifier: BSD-3-Clause */
#include "drivers/gic/gicv3.h"
#include "hyp/arch/cpu.h"
#include "hyp/arch/mmio.h"
#include "hyp/arch/sysreg.h"
#include "hyp/base/log.h"

#define PRIORITY_WORD (GIC_PRIORITY * UINT32_C(0x01010101))

void gicv3_reset_word(volatile uint8_t *frame, unsigned word)
{
	volatile uint8_t *bits = frame + word * sizeof(uint32_t);
	volatile uint8_t *priorities = frame + GICD_IPRIORITYR + word * GIC_WORD_INTIDS;
	volatile uint8_t *configs = frame + GICD_ICFGR +
		word * (GIC_WORD_INTIDS / GIC_CONFIG_INTIDS) * sizeof(uint32_t);

	mmio_write32(bits + GICD_ICENABLER, UINT32_MAX);
	mmio_write32(bits + GICD_ICACTIVER, UINT32_MAX);
	mmio_write32(bits + GICD_ICPENDR, UINT32_MAX);
	mmio_write32(bits + GICD_IGROUPR, UINT32_MAX);
	for (unsigned i = 0; i < GIC_WORD_INTIDS; i += sizeof(uint32_t))
		mmio_write32(priorities + i, PRIORITY_WORD);
	mmio_write32(configs, 0);
	mmio_write32(configs + sizeof(uint32_t), 0);
}

void gicv3_dist_wait(void)
{
	for (unsigned polls = GIC_POLLS_MAX; polls; polls--) {
		if (!(mmio_read32(gicv3.dist + GICD_CTLR) & GICD_CTLR_RWP))
			return;
		cpu_relax();
	}
	log_error("GIC: the distributor does not finish a register write");
}

enum status gicv3_dist_init(void)
{
	uint64_t arch = FIELD_GET(GIC_PIDR2_ARCH, mmio_read32(gicv3.dist + GIC_PIDR2));
	uint64_t boot_cpu = read_sysreg(MPIDR_EL1) & MPIDR_AFFINITY_MASK;

	if (arch != GIC_ARCH_V3 && arch != GIC_ARCH_V4) {
		log_error("GIC: the distributor says architecture %u, expected 3 or 4",
			(unsigned)arch);
		return ERR_IO;
	}
	gicv3.typer = mmio_read32(gicv3.dist + GICD_TYPER);

	unsigned words = (unsigned)FIELD_GET(GICD_TYPER_LINES, gicv3.typer) + 1;

	gicv3.intid_limit = MIN(words * GIC_WORD_INTIDS, GIC_INTID_LIMIT);

	/* Affinity routing may only be changed, and SPIs only be reset, with the groups off
	 * (12.9.4). */
	mmio_write32(gicv3.dist + GICD_CTLR, 0);
	gicv3_dist_wait();
	mmio_write32(gicv3.dist + GICD_CTLR, GICD_CTLR_ARE);
	gicv3_dist_wait();
	for (unsigned word = 1; word < words; word++)
		gicv3_reset_word(gicv3.dist, word);
	for (uint32_t intid = GIC_SPI_FIRST; intid < gicv3.intid_limit; intid++)
		gic_route(intid, boot_cpu);
	gicv3_dist_wait();
	mmio_write32(gicv3.dist + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_GROUP1);
	gicv3_dist_wait();
	return OK;
}

void gic_route(uint32_t intid, uint64_t mpidr)
{
	mmio_write64(
		gicv3.dist + GICD_IROUTER + intid * sizeof(uint64_t), mpidr & MPIDR_AFFINITY_MASK);
}
