/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A redistributor: the RD frame and the SGI frame of one vCPU, GICR (IHI 0069 12.10, 12.11), a
 * device each. No LPIs.
 */
#include "hyp/vdev/vgic_reg.h"

/* The first 128 bytes of the RD frame. */
#define GICR_CTLR             0x00
#define GICR_IIDR             0x04
#define GICR_TYPER            0x08
#define GICR_TYPER_HIGH       0x0c
#define GICR_WAKER            0x14

#define CTLR_RWP              BIT(3)

#define WAKER_PROCESSOR_SLEEP BIT(1)
#define WAKER_CHILDREN_ASLEEP BIT(2)

#define TYPER_LAST            BIT(4)
#define TYPER_PROCESSOR       GENMASK(23, 8)
#define TYPER_AFFINITY        GENMASK(63, 32)

enum redist_row { ROW_HEAD = ROW_OWN };

uint64_t vgic_redist_typer(const struct vgic_cpu *cpu)
{
	uint64_t id = cpu->vcpu->id;

	return FIELD_PREP(TYPER_AFFINITY, id) | FIELD_PREP(TYPER_PROCESSOR, id) |
		(id == cpu->vgic->vm->nr_vcpus - 1 ? TYPER_LAST : 0);
}

static VGIC_READER(read_head)
{
	(void)vcpu, (void)row;
	if (likely(VGIC_HEAD_OFFSET(offset) == GICR_TYPER)) {
		*value = width == 8 ? frame->typer : (uint32_t)frame->typer;
		return MMIO_DONE;
	}
	/* PROPBASER and PENDBASER, the other 64-bit ones, are RES0 without LPIs. */
	if (width == 8)
		return MMIO_RAZ_WI;
	switch (VGIC_HEAD_OFFSET(offset)) {
	case GICR_TYPER_HIGH:
		*value = frame->typer >> 32;
		return MMIO_DONE;
	case GICR_CTLR:
		*value = READ_ONCE(frame->vgic->unsettled) ? CTLR_RWP : 0;
		return MMIO_DONE;
	case GICR_IIDR:
		*value = VGIC_IIDR;
		return MMIO_DONE;
	case GICR_WAKER:
		*value = frame->owner->asleep ? WAKER_PROCESSOR_SLEEP | WAKER_CHILDREN_ASLEEP : 0;
		return MMIO_DONE;
	default:
		return MMIO_RAZ_WI;
	}
}

static VGIC_WRITER(write_head)
{
	(void)vcpu, (void)row;
	if (VGIC_HEAD_OFFSET(offset) != GICR_WAKER || width != 4)
		return MMIO_RAZ_WI;
	/* It falls asleep and wakes at once. Interrupts come either way: one that sleeps would be
	 * woken by them. */
	WRITE_ONCE(frame->owner->asleep, !!(value & WAKER_PROCESSOR_SLEEP));
	return MMIO_DONE;
}

static const struct vgic_register rows[] = {
	VGIC_BANK_ROWS,
	[ROW_HEAD] = VGIC_ROW(BIT(4) | BIT(8), enable, read_head, write_head),
};

static const uint8_t rd_row_of[VGIC_FRAME_SIZE / VGIC_PIECE] = {
	[0] = ROW_HEAD,
	[VGIC_ID_FIRST / VGIC_PIECE] = ROW_ID,
};

static const uint8_t sgi_row_of[VGIC_FRAME_SIZE / VGIC_PIECE] = { VGIC_BANK_PIECES(0) };

static enum mmio_result rd_read(
	struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t *value)
{
	return vgic_read_row(
		&rows[rd_row_of[offset / VGIC_PIECE]], vcpu, device, offset, width, value);
}

static enum mmio_result rd_write(
	struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t value)
{
	return vgic_write_row(
		&rows[rd_row_of[offset / VGIC_PIECE]], vcpu, device, offset, width, value);
}

static enum mmio_result sgi_read(
	struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t *value)
{
	return vgic_read_row(
		&rows[sgi_row_of[offset / VGIC_PIECE]], vcpu, device, offset, width, value);
}

static enum mmio_result sgi_write(
	struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t value)
{
	return vgic_write_row(
		&rows[sgi_row_of[offset / VGIC_PIECE]], vcpu, device, offset, width, value);
}

const struct device_ops vgic_rd_ops = { "GICR", rd_read, rd_write };
const struct device_ops vgic_sgi_ops = { "GICR SGI", sgi_read, sgi_write };
