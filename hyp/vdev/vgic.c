/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/vdev/vgic.h"
#include "drivers/gic/gic.h"
#include "drivers/gic/irq.h"
#include "hyp/arch/barrier.h"
#include "hyp/base/panic.h"
#include "hyp/base/string.h"
#include "hyp/vdev/device.h"
#include "hyp/vdev/vgic_fast.h"
#include "hyp/vdev/vgic_reg.h"
#include "hyp/vdev/vgic_state.h"
#include "hyp/vdev/vtimer.h"
#include "mm/page.h"

#define PRIORITY_BITS_MAX 8

/* ---- a vCPU comes and goes ---- */

/*
 * Reset of the CPU interface (IHI 0069 12.4 ICH_VMCR_EL2): nothing enabled, binary points at their
 * smallest, which follows from the number of preemption bits; group 0 as FIQ.
 */
static void reset_cpu_interface(struct vgic_cpu *cpu)
{
	unsigned bpr0 = PRIORITY_BITS_MAX - 1 - vif.preemption_bits;

	cpu->vmcr = FIELD_PREP(VIF_VMCR_VBPR0, bpr0) | FIELD_PREP(VIF_VMCR_VBPR1, bpr0 + 1) |
		VIF_VMCR_VFIQEN;
	memset(&cpu->aprs, 0, sizeof(cpu->aprs));
}

static void vcpu_reset_part(struct vcpu *vcpu)
{
	struct vgic_cpu *cpu = vgic_cpu_of(vcpu);

	vgic_lock(cpu->vgic);
	reset_cpu_interface(cpu);
	vgic_unlock(cpu->vgic);
}

/*
 * The rest of vgic_load(), with the lock held, where there is more to do. The physical interrupts
 * `held` belong to this vCPU's PPIs: those that are pending go into list registers without coming
 * as physical interrupts first; those that are active must not come. Both are ended by the guest.
 */
static __noinline void load_more(struct vgic_cpu *cpu, uint32_t enabled, uint32_t held)
{
	if (held) {
		cpu->hw_held = held;
		cpu->look |= 1;
		for_each_bit(n, held) gic_set_active(cpu->loaded_on->index, cpu->pintid[n]);
	}
	vtimer_ppi_enable(cpu->loaded_on, cpu->hw_backed, enabled);
	/* Filled on the way into the guest, when the timers have been loaded too. */
	if (cpu->look)
		vcpu_request_local(cpu->vcpu, WORK_VGIC);
	vgic_unlock(cpu->vgic);
	vgic_load_interface(cpu);
	if (cpu->special & VGIC_MANY_APRS)
		vif_more_aprs_restore(&cpu->aprs);
}

void vgic_load(struct vcpu *vcpu, uint32_t lines)
{
	struct vgic_cpu *cpu = vgic_cpu_of(vcpu);
	uint32_t enabled;

	vgic_lock(cpu->vgic);
	cpu->loaded_on = this_cpu();
	enabled = cpu->bank.enable & cpu->hw_backed;
	load_more(cpu, enabled, (lines & enabled) | (cpu->bank.active & cpu->hw_backed));
}

/* SPIs for anybody that wait for this vCPU may be taken by another one. */
static void offer_to_others(struct vgic_cpu *cpu)
{
	cpu->leaving = true;
	for_each_bit(word, cpu->look & VGIC_LOOK_BANKS & ~UINT32_C(1))
		vgic_route(cpu->vgic, NULL, word, vgic_bank_of(cpu, word)->any);
	cpu->leaving = false;
}

/* This CPU's interface into the vCPU's. */
static __always_inline void put_interface(struct vgic_cpu *cpu)
{
	cpu->vmcr = vif_vmcr_read();
	vif_first_aprs_save(&cpu->aprs);
	vif_hcr_write(0);
	cpu->loaded_on = NULL;
}

/* The lock is held. */
static __noinline void put_more(struct vgic_cpu *cpu)
{
	assert(!vgic_is_detached(cpu));
	vgic_fold(cpu);
	cpu->special &= ~(uint32_t)VGIC_ACTIVE_OUTSIDE;
	vgic_do_requests(cpu);
	vgic_synced(cpu);
	/* The next vCPU's timers need the physical interrupts. */
	for_each_bit(n, cpu->hw_held) vgic_release_hw(cpu, n);
	if (cpu->special & VGIC_MANY_APRS)
		vif_more_aprs_save(&cpu->aprs);
	put_interface(cpu);
	offer_to_others(cpu);
	vgic_unlock(cpu->vgic);
}

void vgic_put(struct vcpu *vcpu)
{
	struct vgic_cpu *cpu = vgic_cpu_of(vcpu);
	struct vgic *vgic = cpu->vgic;

	vgic_lock(vgic);
	if (cpu->used | cpu->hw_held | cpu->look | cpu->special | vgic->kicks) {
		put_more(cpu);
		return;
	}
	put_interface(cpu);
	spin_unlock(&vgic->lock);
}

/* ---- the maintenance interrupt ---- */

static void maintenance(void *context, uint32_t intid)
{
	struct vcpu *vcpu = this_cpu()->current;
	struct vgic_cpu *cpu;

	(void)context;
	(void)intid;
	if (unlikely(!vcpu)) {
		vif_hcr_write(0);
		return;
	}
	cpu = vgic_cpu_of(vcpu);
	if (vgic_is_detached(cpu)) {
		vcpu_request_local(vcpu, WORK_VGIC);
	} else {
		vgic_lock(cpu->vgic);
		vgic_fold(cpu);
		vgic_do_requests(cpu);
		vgic_fill(cpu);
		vgic_synced(cpu);
		vgic_unlock(cpu->vgic);
	}
	if (unlikely(READ_ONCE(vcpu->state) != VCPU_RUNNING))
		vcpu_wake(vcpu);
}

enum status vgic_init(void)
{
	uint32_t intid = gic_maintenance_intid();

	if (intid == MACHINE_NO_INTID)
		return ERR_NOT_SUPPORTED;
	return irq_register(intid, maintenance, NULL, IRQ_NORMAL);
}

void vgic_init_cpu(void)
{
	gic_enable(this_cpu()->index, gic_maintenance_intid());
}

/* ---- a VM comes and goes ---- */

/* Wires keep their level: what drives them resets itself. Lines are let go, and are closed. */
static void reset_bank(struct vgic_bank *bank)
{
	bank->enable = bank->group = bank->edge = 0;
	bank->latch = bank->active = 0;
	bank->line &= ~bank->lines;
	bank->lines = bank->resample = bank->again = bank->ended = 0;
	bank->in_lr = bank->lr_latch = 0;
	bank->clear_pending = bank->set_active = bank->clear_active = 0;
	bank->bound = bank->taken = 0;
	memset(bank->priority, 0, sizeof(bank->priority));
}

static void reset_cpu(struct vgic_cpu *cpu)
{
	reset_bank(&cpu->bank);
	cpu->bank.edge = VGIC_SGIS;
	memset(cpu->lr_of, VGIC_NO_LR, sizeof(cpu->lr_of));
	cpu->look = cpu->inbox = cpu->used = cpu->hw_held = 0;
	cpu->sync_wait = 0;
	cpu->sync_key = 0;
	cpu->asleep = true;
	vgic_update_private(cpu, UINT32_MAX);
	reset_cpu_interface(cpu);
}

static void reset(struct vm *vm)
{
	struct vgic *vgic = vgic_of(vm);

	vgic_lock(vgic);
	vgic->groups = vgic->unsettled = 0;
	for (unsigned i = 0; i < VGIC_SPI_BANKS; i++)
		reset_bank(&vgic->spi[i]);
	for_each_bit(id, vgic->all) reset_cpu(vgic->cpus[id]);
	for (unsigned intid = VGIC_SPI_FIRST; intid < VGIC_NR_INTIDS; intid++)
		vgic_set_router(vgic, intid, 0);
	vgic->nr_bound = vgic->tell = 0;
	memset(vgic->bound_to, VGIC_NOBODY, sizeof(vgic->bound_to));
	vgic_unlock(vgic);
}

static void init_cpu(struct vgic *vgic, struct vcpu *vcpu, struct vgic_cpu *cpu)
{
	unsigned id = vcpu->id;

	cpu->vcpu = vcpu;
	cpu->vgic = vgic;
	cpu->special = vif.aprs > 1 ? VGIC_MANY_APRS : 0;
	cpu->frame = (struct vgic_frame){ .vgic = vgic,
		.owner = cpu,
		.banks = &cpu->bank,
		.first_word = 0,
		.words = 1,
		.typer = vgic_redist_typer(cpu) };
	cpu->bank.targets[id] = UINT32_MAX;
	memset(cpu->bank.target, (int)id, sizeof(cpu->bank.target));
	memset(cpu->bank.home, (int)id, sizeof(cpu->bank.home));
	vcpu->part[PART_VGIC] = cpu;
	vgic->cpus[id] = cpu;
	vgic->all |= (uint32_t)BIT(id);
}

static enum status add_frames(struct vm *vm)
{
	struct vgic *vgic = vgic_of(vm);
	enum status status = device_add(
		vm, VGIC_GICD_BASE, VGIC_GICD_SIZE, &vgic->frame, &vgic_dist_ops, WIDTHS_ALL);

	for (unsigned i = 0; status == OK && i < vm->nr_vcpus; i++) {
		uint64_t rd = VGIC_GICR_BASE + i * VGIC_GICR_STRIDE;

		status = device_add(
			vm, rd, VGIC_FRAME_SIZE, &vgic->cpus[i]->frame, &vgic_rd_ops, WIDTHS_ALL);
		if (status == OK)
			status = device_add(vm, rd + VGIC_FRAME_SIZE, VGIC_FRAME_SIZE,
				&vgic->cpus[i]->frame, &vgic_sgi_ops, WIDTHS_ALL);
	}
	return status;
}

static void destroy(struct vm *vm)
{
	struct vgic *vgic = vgic_of(vm);

	mm_free(vgic->cpus[0], vm->nr_vcpus * sizeof(struct vgic_cpu));
	mm_free(vgic, sizeof(*vgic));
	vm->part[PART_VGIC] = NULL;
	for (unsigned i = 0; i < vm->nr_vcpus; i++)
		vm->vcpus[i]->part[PART_VGIC] = NULL;
	device_table_destroy(vm);
}

static enum status create(struct vm *vm)
{
	struct vgic *vgic = mm_zalloc(sizeof(*vgic));
	struct vgic_cpu *cpus_of_vm = mm_zalloc(vm->nr_vcpus * sizeof(*cpus_of_vm));
	enum status status;

	if (!vgic || !cpus_of_vm) {
		mm_free(vgic, sizeof(*vgic));
		mm_free(cpus_of_vm, vm->nr_vcpus * sizeof(*cpus_of_vm));
		return ERR_NO_MEMORY;
	}
	vm->part[PART_VGIC] = vgic;
	vgic->vm = vm;
	vgic->typer = vgic_typer();
	vgic->frame = (struct vgic_frame){ .vgic = vgic,
		.banks = vgic->spi,
		.first_word = 1,
		.words = VGIC_SPI_BANKS,
		.typer = vgic_dist_typer() };
	vgic->priority_mask = (uint8_t)(0xff << (PRIORITY_BITS_MAX - vif.priority_bits));
	for (unsigned i = 0; i < vm->nr_vcpus; i++)
		init_cpu(vgic, vm->vcpus[i], &cpus_of_vm[i]);
	reset(vm);
	status = add_frames(vm);
	if (status != OK)
		destroy(vm);
	return status;
}

void vgic_map_hw(struct vcpu *vcpu, unsigned intid, unsigned source, uint32_t pintid)
{
	struct vgic_cpu *cpu = vgic_cpu_of(vcpu);

	assert(intid < VGIC_SPI_FIRST);
	vgic_lock(cpu->vgic);
	cpu->hw_named |= vgic_bit(intid);
	cpu->hw_backed |= vgic_bit(intid);
	cpu->pintid[intid] = pintid;
	cpu->hw_source &= ~VGIC_SOURCE(source, 0xff);
	cpu->hw_source |= VGIC_SOURCE(source, intid);
	vgic_update_private(cpu, vgic_bit(intid));
	vgic_unlock(cpu->vgic);
}

const struct vm_part vgic_part = {
	.name = "vGIC",
	.create = create,
	.reset = reset,
	.vcpu_reset = vcpu_reset_part,
	.destroy = destroy,
};
