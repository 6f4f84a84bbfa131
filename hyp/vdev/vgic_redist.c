/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A redistributor: the RD frame and the SGI frame of one vCPU, GICR (IHI 0069 12.10, 12.11). No LPIs.
 */
#include "hyp/vdev/vgic_reg.h"

#define SGI_FRAME 0x10000

/* The first 128 bytes of the RD frame. */
#define GICR_CTLR  0x00
#define GICR_IIDR  0x04
#define GICR_TYPER 0x08
#define GICR_TYPER_HIGH 0x0c
#define GICR_WAKER 0x14

#define CTLR_RWP BIT(3)

#define WAKER_PROCESSOR_SLEEP BIT(1)
#define WAKER_CHILDREN_ASLEEP BIT(2)

enum redist_row { ROW_HEAD = ROW_OWN };

static VGIC_READER(read_head)
{
	(void)vcpu, (void)row;
	if (offset == GICR_TYPER) {
		*value = width == 8 ? owner->typer : (uint32_t)owner->typer;
		return MMIO_DONE;
	}
	/* PROPBASER and PENDBASER, the other 64-bit ones, are RES0 without LPIs. */
	if (width != 4)
		return MMIO_RAZ_WI;
	switch (offset) {
	case GICR_TYPER_HIGH:
		*value = owner->typer >> 32;
		return MMIO_DONE;
	case GICR_CTLR:
		*value = READ_ONCE(owner->vgic->unsettled) ? CTLR_RWP : 0;
		return MMIO_DONE;
	case GICR_IIDR:
		*value = VGIC_IIDR;
		return MMIO_DONE;
	case GICR_WAKER:
		*value = owner->asleep ? WAKER_PROCESSOR_SLEEP | WAKER_CHILDREN_ASLEEP : 0;
		return MMIO_DONE;
	default:
		return MMIO_RAZ_WI;
	}
}

static VGIC_WRITER(write_head)
{
	(void)vcpu, (void)row;
	if (offset != GICR_WAKER || width != 4)
		return MMIO_RAZ_WI;
	/* It falls asleep and wakes at once. Interrupts come either way: one that sleeps would be woken by them. */
	owner->asleep = value & WAKER_PROCESSOR_SLEEP;
	return MMIO_DONE;
}

static const struct vgic_register rows[] = {
	VGIC_BANK_ROWS(SGI_FRAME),
	[ROW_ID] = VGIC_ROW(ALIGN_DOWN(VGIC_ID_FIRST, VGIC_PIECE), BIT(4), enable, vgic_read_id,
		vgic_write_ignored),
	[ROW_HEAD] = VGIC_ROW(0, BIT(4) | BIT(8), enable, read_head, write_head),
};

static const uint8_t row_of[VGIC_GICR_STRIDE / VGIC_PIECE] = {
	VGIC_BANK_PIECES(SGI_FRAME),
	[0] = ROW_HEAD,
	[VGIC_ID_FIRST / VGIC_PIECE] = ROW_ID,
};

static enum mmio_result redist_read(
	struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t *value)
{
	return vgic_read_row(
		&rows[row_of[offset / VGIC_PIECE]], vcpu, device, offset, width, value);
}

static enum mmio_result redist_write(
	struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t value)
{
	return vgic_write_row(
		&rows[row_of[offset / VGIC_PIECE]], vcpu, device, offset, width, value);
}

const struct device_ops vgic_redist_ops = { "GICR", redist_read, redist_write };
