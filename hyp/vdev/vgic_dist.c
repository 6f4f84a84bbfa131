/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The distributor: GICD (IHI 0069 12.9).
 */
#include "hyp/vdev/vgic_reg.h"

/* The first 128 bytes. */
#define GICD_CTLR         0x0
#define GICD_TYPER        0x4
#define GICD_IIDR         0x8
#define GICD_IROUTER      0x6000
#define GICD_IROUTER_LAST 0x7fff

#define CTLR_GROUPS       (VGIC_GROUP0 | VGIC_GROUP1)
#define CTLR_ARE          BIT(4)
#define CTLR_DS           BIT(6)
#define CTLR_RWP          BIT(31)

#define TYPER_LINES       GENMASK(4, 0) /* 32 * (n + 1) INTIDs */
#define TYPER_IDBITS      GENMASK(23, 19)
#define TYPER_A3V         BIT(24)
#define ID_BITS           10

#define ROUTER_AFF0       GENMASK(7, 0)
#define ROUTER_IRM        BIT(31)
#define ROUTER_MASK       (GENMASK(39, 32) | ROUTER_IRM | GENMASK(23, 0))
#define ROUTER_HIGHER     (GENMASK(39, 32) | GENMASK(23, 8))

enum dist_row { ROW_HEAD = ROW_OWN, ROW_IROUTER };

/* The groups were enabled or disabled: everything of everybody is looked at again. */
static void set_groups(struct vgic *vgic, uint32_t groups)
{
	if (groups == vgic->groups)
		return;
	vgic->groups = groups;
	for_each_bit(id, vgic->all)
	{
		vgic_update_private(vgic->cpus[id], 0);
		for (unsigned word = 0; word < VGIC_BANKS; word++)
			vgic_notify(vgic->cpus[id], word);
		vgic_ask_cpu_fold(vgic->cpus[id]);
	}
}

uint32_t vgic_typer(void)
{
	return (uint32_t)(FIELD_PREP(TYPER_LINES, VGIC_BANKS - 1) |
		FIELD_PREP(TYPER_IDBITS, ID_BITS - 1) | (vif.a3v ? TYPER_A3V : 0));
}

uint64_t vgic_dist_typer(void)
{
	return FIELD_PREP(TYPER_LINES, VGIC_BANKS - 1) | FIELD_PREP(TYPER_IDBITS, ID_BITS - 1) |
		(vif.a3v ? TYPER_A3V : 0);
}

static VGIC_READER(read_head)
{
	(void)vcpu, (void)row, (void)width;
	if (likely(VGIC_HEAD_OFFSET(offset) == GICD_TYPER)) {
		*value = frame->typer;
		return MMIO_DONE;
	}
	switch (VGIC_HEAD_OFFSET(offset)) {
	case GICD_CTLR:
		*value = CTLR_ARE | CTLR_DS | READ_ONCE(frame->vgic->groups) |
			(READ_ONCE(frame->vgic->unsettled) ? CTLR_RWP : 0);
		return MMIO_DONE;
	case GICD_IIDR:
		*value = VGIC_IIDR;
		return MMIO_DONE;
	default:
		/* TYPER2: nothing of it; STATUSR: not implemented; SETSPI and CLRSPI are
		 * write-only, and MBIS is 0. */
		return MMIO_RAZ_WI;
	}
}

static VGIC_WRITER(write_head)
{
	struct vgic *vgic = frame->vgic;

	(void)vcpu, (void)row, (void)width;
	if (VGIC_HEAD_OFFSET(offset) != GICD_CTLR)
		return MMIO_RAZ_WI;
	vgic_lock(vgic);
	set_groups(vgic, (uint32_t)value & CTLR_GROUPS);
	vgic_unlock(vgic);
	return MMIO_DONE;
}

void vgic_set_router(struct vgic *vgic, unsigned intid, uint64_t value)
{
	struct vgic_bank *bank = &vgic->spi[vgic_word(intid) - 1];
	unsigned n = intid % VGIC_BANK_INTIDS;
	uint32_t bit = vgic_bit(intid);
	unsigned target = (unsigned)(value & ROUTER_AFF0);

	value &= ROUTER_MASK;
	vgic->router[intid - VGIC_SPI_FIRST] = value;
	if (value & ROUTER_IRM)
		target = VGIC_ANYBODY;
	else if ((value & ROUTER_HIGHER) || target >= vgic->vm->nr_vcpus)
		target = VGIC_NOBODY;
	bank->target[n] = (uint8_t)target;
	bank->any = target == VGIC_ANYBODY ? bank->any | bit : bank->any & ~bit;
	for_each_bit(id, vgic->all)
	{
		if (target == id || target == VGIC_ANYBODY)
			bank->targets[id] |= bit;
		else
			bank->targets[id] &= ~bit;
	}
	/* Pending in a list register of the one it was routed to before: that one gives it to the
	 * new one. */
	vgic_ask_fold(vgic, bank, bit);
	vgic_route(vgic, NULL, vgic_word(intid), bit);
}

static VGIC_READER(read_router)
{
	unsigned intid = (unsigned)(offset - GICD_IROUTER) / 8;

	(void)vcpu, (void)row;
	if (intid < VGIC_SPI_FIRST || intid >= VGIC_NR_INTIDS)
		return MMIO_RAZ_WI;
	*value = READ_ONCE(frame->vgic->router[intid - VGIC_SPI_FIRST]);
	if (offset % 8)
		*value >>= 32;
	if (width == 4)
		*value = (uint32_t)*value;
	return MMIO_DONE;
}

static VGIC_WRITER(write_router)
{
	struct vgic *vgic = frame->vgic;
	unsigned intid = (unsigned)(offset - GICD_IROUTER) / 8;
	uint64_t old;

	(void)vcpu, (void)row;
	if (intid < VGIC_SPI_FIRST || intid >= VGIC_NR_INTIDS)
		return MMIO_RAZ_WI;
	vgic_lock(vgic);
	old = vgic->router[intid - VGIC_SPI_FIRST];
	if (width == 4 && offset % 8)
		value = (value << 32) | (uint32_t)old;
	else if (width == 4)
		value = (old & GENMASK(63, 32)) | (uint32_t)value;
	if ((value & ROUTER_MASK) != old)
		vgic_set_router(vgic, intid, value);
	vgic_unlock(vgic);
	return MMIO_DONE;
}

static const struct vgic_register rows[] = {
	VGIC_BANK_ROWS,
	[ROW_HEAD] = VGIC_ROW(BIT(4), enable, read_head, write_head),
	[ROW_IROUTER] = VGIC_ROW(BIT(4) | BIT(8), enable, read_router, write_router),
};

/* ITARGETSR, IGRPMODR, NSACR, SGIR are RAZ/WI with affinity routing and one security state. */
static const uint8_t row_of[VGIC_GICD_SIZE / VGIC_PIECE] = {
	VGIC_BANK_PIECES(0),
	[0] = ROW_HEAD,
	VGIC_PIECES(GICD_IROUTER, GICD_IROUTER_LAST) = ROW_IROUTER,
	[VGIC_ID_FIRST / VGIC_PIECE] = ROW_ID,
};

static enum mmio_result dist_read(
	struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t *value)
{
	return vgic_read_row(
		&rows[row_of[offset / VGIC_PIECE]], vcpu, device, offset, width, value);
}

static enum mmio_result dist_write(
	struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t value)
{
	return vgic_write_row(
		&rows[row_of[offset / VGIC_PIECE]], vcpu, device, offset, width, value);
}

const struct device_ops vgic_dist_ops = { "GICD", dist_read, dist_write };
