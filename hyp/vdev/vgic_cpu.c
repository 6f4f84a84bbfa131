/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The CPU interface registers that trap while ICH_HCR_EL2.{TDIR,TC} are set (IHI
 * 0069 12.2, 12.4.5).
 */
#include "hyp/vdev/vgic_state.h"
#include "hyp/vm/inject.h"

/* ICC_CTLR_EL1 */
#define CTLR_CBPR      BIT(0)
#define CTLR_EOIMODE   BIT(1)
#define CTLR_PRIBITS   GENMASK(10, 8)
#define CTLR_IDBITS    GENMASK(13, 11)
#define CTLR_SEIS      BIT(14)
#define CTLR_A3V       BIT(15)

#define CTLR_IDBITS_24 1

#define PMR_MASK       0xff
#define RPR_IDLE       0xff
#define DIR_INTID      GENMASK(23, 0)

/* ICC_DIR_EL1: in EOImode 1 a vCPU may deactivate what is active anywhere. In EOImode 0 it has no
 * effect. */
static void deactivate(struct vgic_cpu *cpu, uint64_t intid)
{
	if (!(vif_vmcr_read() & VIF_VMCR_VEOIM) || intid >= VGIC_NR_INTIDS)
		return;
	vgic_lock(cpu->vgic);
	vgic_clear_active(cpu->vgic, intid < VGIC_SPI_FIRST ? cpu : NULL,
		vgic_word((unsigned)intid), vgic_bit((unsigned)intid));
	vgic_unlock(cpu->vgic);
}

static void write_priority_mask(struct vgic_cpu *cpu, uint64_t value)
{
	uint64_t vmcr = vif_vmcr_read() & ~VIF_VMCR_VPMR;

	vif_vmcr_write(
		vmcr | FIELD_PREP(VIF_VMCR_VPMR, value & PMR_MASK & cpu->vgic->priority_mask));
}

static uint64_t read_control(void)
{
	uint64_t vmcr = vif_vmcr_read();

	return FIELD_PREP(CTLR_PRIBITS, vif.priority_bits - 1) |
		FIELD_PREP(CTLR_IDBITS, vif.id_bits == 24 ? CTLR_IDBITS_24 : 0) |
		(vif.seis ? CTLR_SEIS : 0) | (vif.a3v ? CTLR_A3V : 0) |
		(vmcr & VIF_VMCR_VEOIM ? CTLR_EOIMODE : 0) |
		(vmcr & VIF_VMCR_VCBPR ? CTLR_CBPR : 0);
}

static void write_control(struct vgic_cpu *cpu, uint64_t value)
{
	uint64_t vmcr = vif_vmcr_read() & ~(VIF_VMCR_VEOIM | VIF_VMCR_VCBPR);

	if (value & CTLR_EOIMODE)
		vmcr |= VIF_VMCR_VEOIM;
	if (value & CTLR_CBPR)
		vmcr |= VIF_VMCR_VCBPR;
	vif_vmcr_write(vmcr);
	/* What is trapped depends on EOImode. */
	vgic_lock(cpu->vgic);
	vgic_notify(cpu, 0);
	vgic_unlock(cpu->vgic);
}

static uint64_t read_running_priority(void)
{
	struct vif_aprs aprs;
	unsigned priority;

	vif_aprs_save(&aprs);
	priority = vgic_running_priority(&aprs);
	return MIN(priority, (unsigned)RPR_IDLE);
}

enum exit_result vgic_icc_access(struct vcpu *vcpu, unsigned encoding, bool write, uint64_t *value)
{
	struct vgic_cpu *cpu = vgic_cpu_of(vcpu);

	switch (encoding) {
	case SYS_ICC_DIR_EL1:
		if (!write)
			break;
		deactivate(cpu, *value & DIR_INTID);
		return EXIT_SKIP;
	case SYS_ICC_PMR_EL1:
		if (write)
			write_priority_mask(cpu, *value);
		else
			*value = FIELD_GET(VIF_VMCR_VPMR, vif_vmcr_read());
		return EXIT_SKIP;
	case SYS_ICC_CTLR_EL1:
		if (write)
			write_control(cpu, *value);
		else
			*value = read_control();
		return EXIT_SKIP;
	case SYS_ICC_RPR_EL1:
		if (write)
			break;
		*value = read_running_priority();
		return EXIT_SKIP;
	default:
		break;
	}
	return inject_undefined(vcpu);
}
