/* SPDX-License-Identifier: BSD-3-Clause */
#include "drivers/gic/gicv3.h"
#include "hyp/arch/mmio.h"
#include "hyp/base/log.h"

#define SGIS_ENABLE GENMASK(15, 0)

void gicv3_redist_wait(unsigned cpu)
{
	for (unsigned polls = GIC_POLLS_MAX; polls; polls--) {
		if (!(mmio_read32(gicv3.frames[cpu] + GICR_CTLR) & GICR_CTLR_RWP))
			return;
		cpu_relax();
	}
	log_error("GIC: the redistributor of CPU %u does not finish a register write", cpu);
}

/* MPIDR's affinity fields side by side, as TYPER has them. */
static uint32_t packed_affinity(uint64_t mpidr)
{
	return (uint32_t)((mpidr >> 32 & 0xff) << 24 | (mpidr & 0xffffff));
}

/* Distance to the next redistributor of the region. */
static uint64_t stride_of(uint64_t typer)
{
	if (gicv3.redist_stride)
		return gicv3.redist_stride;
	return typer & GICR_TYPER_VLPIS ? GICR_FRAMES_SIZE_V4 : GICR_FRAMES_SIZE;
}

static volatile uint8_t *find_in_region(unsigned region, uint32_t affinity)
{
	uint64_t offset = 0, typer;

	while (gicv3.redist_size[region] >= GICR_FRAMES_SIZE &&
		offset <= gicv3.redist_size[region] - GICR_FRAMES_SIZE) {
		volatile uint8_t *frame = gicv3.redist[region] + offset;
		uint64_t arch = FIELD_GET(GIC_PIDR2_ARCH, mmio_read32(frame + GIC_PIDR2));

		if (arch != GIC_ARCH_V3 && arch != GIC_ARCH_V4)
			return NULL;
		typer = mmio_read64(frame + GICR_TYPER);
		if (FIELD_GET(GICR_TYPER_AFFINITY, typer) == affinity)
			return frame;
		if (typer & GICR_TYPER_LAST)
			return NULL;
		offset += stride_of(typer);
	}
	return NULL;
}

/* Where EL3 owns the register it reads as zero and the redistributor is awake already. */
static bool wake(volatile uint8_t *frame)
{
	uint32_t waker = mmio_read32(frame + GICR_WAKER);

	mmio_write32(frame + GICR_WAKER, waker & (uint32_t)~GICR_WAKER_SLEEP);
	for (unsigned polls = GIC_POLLS_MAX; polls; polls--) {
		if (!(mmio_read32(frame + GICR_WAKER) & GICR_WAKER_CHILDREN))
			return true;
		cpu_relax();
	}
	return false;
}

enum status gicv3_redist_init(unsigned cpu, uint64_t mpidr)
{
	volatile uint8_t *frame = NULL;

	for (unsigned region = 0; !frame && region < gicv3.redist_count; region++)
		frame = find_in_region(region, packed_affinity(mpidr));
	if (!frame) {
		log_error("GIC: no redistributor for CPU %u, affinity 0x%llx", cpu,
			(unsigned long long)mpidr);
		return ERR_NOT_FOUND;
	}
	if (!wake(frame)) {
		log_error("GIC: the redistributor of CPU %u does not wake up", cpu);
		return ERR_IO;
	}
	gicv3.frames[cpu] = frame;
	gicv3_reset_word(frame + GICR_SGI_FRAME, 0);
	gicv3_redist_wait(cpu);
	mmio_write32(frame + GICR_SGI_FRAME + GICD_ISENABLER, SGIS_ENABLE);
	return OK;
}
