/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory-mapped registers of the vGIC: ranges of them as rows of a table, found in one indexed
 * step.
 *
 * The registers with a field for each interrupt are the same in the distributor (SPIs; word 0 is
 * RAZ/WI) and in the SGI frame of a redistributor (word 0 only).
 */
#ifndef HYP_VDEV_VGIC_REG_H
#define HYP_VDEV_VGIC_REG_H

#include "hyp/vdev/device.h"
#include "hyp/vdev/vgic_state.h"

struct vgic_register;

/* offset: from the device's start. vcpu: who makes the access. The arguments are those of struct
 * device_ops, and the row. */
typedef enum mmio_result (*vgic_reader)(struct vcpu *vcpu, struct vgic_frame *frame,
	uint64_t offset, unsigned width, uint64_t *value, const struct vgic_register *row);
typedef enum mmio_result (*vgic_writer)(struct vcpu *vcpu, struct vgic_frame *frame,
	uint64_t offset, unsigned width, uint64_t value, const struct vgic_register *row);

struct vgic_register {
	vgic_reader read;
	vgic_writer write;
	uint16_t widths; /* as device_region.widths; other widths, and misaligned accesses, are
			    RAZ/WI */
	uint16_t field;  /* offset in struct vgic_bank */
} __aligned(32);         /* so that its number is shifted, not multiplied */

/* Devices are cut into pieces of this size; a byte for each names the row. */
#define VGIC_PIECE               128
#define VGIC_PIECES(first, last) [(first) / VGIC_PIECE...(last) / VGIC_PIECE]

/* device: struct vgic_frame, the same for both of a redistributor */
extern const struct device_ops vgic_dist_ops, vgic_rd_ops, vgic_sgi_ops;

/* What TYPER reads as. */
uint64_t vgic_dist_typer(void);
uint64_t vgic_redist_typer(const struct vgic_cpu *cpu);

/* GICD_IROUTER of an SPI (32..287). The lock is held. */
void vgic_set_router(struct vgic *vgic, unsigned intid, uint64_t value);

/* GICD_TYPER: the same for every VM of this machine. */
uint32_t vgic_typer(void);

/* GICD_IIDR, GICR_IIDR: implementer Arm, as QEMU's. */
#define VGIC_IIDR     0x43b

/* The identification registers at 0xffd0..0xfffc of both. */
#define VGIC_ID_FIRST 0xffd0

#define VGIC_READER(name)                                                                   \
	enum mmio_result name(struct vcpu *vcpu, struct vgic_frame *frame, uint64_t offset, \
		unsigned width, uint64_t *value, const struct vgic_register *row)
#define VGIC_WRITER(name)                                                                   \
	enum mmio_result name(struct vcpu *vcpu, struct vgic_frame *frame, uint64_t offset, \
		unsigned width, uint64_t value, const struct vgic_register *row)

VGIC_READER(vgic_read_zero);
VGIC_READER(vgic_read_id);
VGIC_WRITER(vgic_write_ignored);

/* Which of the registers in the first piece of both. */
#define VGIC_HEAD_OFFSET(offset) ((offset) % VGIC_PIECE)

/* The rows that both have. */
enum vgic_bank_row {
	ROW_NONE,
	ROW_IGROUPR,
	ROW_ISENABLER,
	ROW_ICENABLER,
	ROW_ISPENDR,
	ROW_ICPENDR,
	ROW_ISACTIVER,
	ROW_ICACTIVER,
	ROW_IPRIORITYR,
	ROW_ICFGR,
	ROW_ID,
	ROW_OWN, /* the device's own rows begin here */
};

/* Offsets of IHI 0069 12.8, 12.11; the redistributor's are in its SGI frame. */
#define VGIC_IGROUPR        0x080
#define VGIC_ISENABLER      0x100
#define VGIC_ICENABLER      0x180
#define VGIC_ISPENDR        0x200
#define VGIC_ICPENDR        0x280
#define VGIC_ISACTIVER      0x300
#define VGIC_ICACTIVER      0x380
#define VGIC_IPRIORITYR     0x400
#define VGIC_ICFGR          0xc00

#define VGIC_PRIORITYR_SIZE 0x400
#define VGIC_ICFGR_SIZE     0x100

VGIC_READER(vgic_read_word);
VGIC_READER(vgic_read_pending);
VGIC_READER(vgic_read_active);
VGIC_READER(vgic_read_priority);
VGIC_READER(vgic_read_config);
VGIC_WRITER(vgic_write_group);
VGIC_WRITER(vgic_write_enable_set);
VGIC_WRITER(vgic_write_enable_clear);
VGIC_WRITER(vgic_write_pending_set);
VGIC_WRITER(vgic_write_pending_clear);
VGIC_WRITER(vgic_write_active_set);
VGIC_WRITER(vgic_write_active_clear);
VGIC_WRITER(vgic_write_priority);
VGIC_WRITER(vgic_write_config);

#define VGIC_ROW(width_bits, bank_field, reader, writer)                               \
	{                                                                              \
		.read = (reader), .write = (writer), .widths = (uint16_t)(width_bits), \
		.field = offsetof(struct vgic_bank, bank_field)                        \
	}

#define VGIC_BANK_ROWS                                                                         \
	[ROW_NONE] = VGIC_ROW(WIDTHS_ALL, enable, vgic_read_zero, vgic_write_ignored),         \
	[ROW_IGROUPR] = VGIC_ROW(BIT(4), group, vgic_read_word, vgic_write_group),             \
	[ROW_ISENABLER] = VGIC_ROW(BIT(4), enable, vgic_read_word, vgic_write_enable_set),     \
	[ROW_ICENABLER] = VGIC_ROW(BIT(4), enable, vgic_read_word, vgic_write_enable_clear),   \
	[ROW_ISPENDR] = VGIC_ROW(BIT(4), latch, vgic_read_pending, vgic_write_pending_set),    \
	[ROW_ICPENDR] = VGIC_ROW(BIT(4), latch, vgic_read_pending, vgic_write_pending_clear),  \
	[ROW_ISACTIVER] = VGIC_ROW(BIT(4), active, vgic_read_active, vgic_write_active_set),   \
	[ROW_ICACTIVER] = VGIC_ROW(BIT(4), active, vgic_read_active, vgic_write_active_clear), \
	[ROW_IPRIORITYR] =                                                                     \
		VGIC_ROW(BIT(1) | BIT(4), priority, vgic_read_priority, vgic_write_priority),  \
	[ROW_ICFGR] = VGIC_ROW(BIT(4), edge, vgic_read_config, vgic_write_config),             \
	[ROW_ID] = VGIC_ROW(BIT(4), enable, vgic_read_id, vgic_write_ignored)

#define VGIC_BANK_PIECES(base)                                                                \
	[((base) + VGIC_IGROUPR) /                                                            \
		VGIC_PIECE] = ROW_IGROUPR,                                                    \
		[((base) + VGIC_ISENABLER) / VGIC_PIECE] = ROW_ISENABLER,                     \
		[((base) + VGIC_ICENABLER) / VGIC_PIECE] = ROW_ICENABLER,                     \
		[((base) + VGIC_ISPENDR) / VGIC_PIECE] = ROW_ISPENDR,                         \
		[((base) + VGIC_ICPENDR) / VGIC_PIECE] = ROW_ICPENDR,                         \
		[((base) + VGIC_ISACTIVER) / VGIC_PIECE] = ROW_ISACTIVER,                     \
		[((base) + VGIC_ICACTIVER) / VGIC_PIECE] = ROW_ICACTIVER,                     \
		VGIC_PIECES((base) + VGIC_IPRIORITYR,                                         \
			(base) + VGIC_IPRIORITYR + VGIC_PRIORITYR_SIZE - 1) = ROW_IPRIORITYR, \
		VGIC_PIECES((base) + VGIC_ICFGR, (base) + VGIC_ICFGR + VGIC_ICFGR_SIZE - 1) = \
			ROW_ICFGR

static __always_inline enum mmio_result vgic_read_row(const struct vgic_register *row,
	struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t *value)
{
	if (unlikely(!((row->widths >> width) & 1)) || unlikely(offset & (width - 1)))
		return MMIO_RAZ_WI;
	return row->read(vcpu, device, offset, width, value, row);
}

static __always_inline enum mmio_result vgic_write_row(const struct vgic_register *row,
	struct vcpu *vcpu, void *device, uint64_t offset, unsigned width, uint64_t value)
{
	if (unlikely(!((row->widths >> width) & 1)) || unlikely(offset & (width - 1)))
		return MMIO_RAZ_WI;
	return row->write(vcpu, device, offset, width, value, row);
}

#endif
