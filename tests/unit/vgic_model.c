/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/vgic_model.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "drivers/gic/gic.h"
#include "drivers/gic/irq.h"
#include "drivers/timer/timer.h"
#include "hyp/vdev/line.h"
#include "hyp/vdev/vgic_fast.h"
#include "hyp/vm/inject.h"
#include "hyp/vm/timer.h"
#include "mm/page.h"
#include "tests/unit/fake/cpu.h"

#define MAINTENANCE 25
#define EL2_TIMER   26
#define ROUNDS_MAX  200

struct model_cpu model_cpus[MAX_VCPUS];
uint64_t model_counter, model_pace;
struct vm *model_vm;
unsigned model_kicks, model_undefined, model_retries;
bool model_has_tdir = true;
enum mmio_result model_mmio_result;
unsigned model_ended[VGIC_NR_INTIDS];
void (*model_on_end)(unsigned intid);
void (*model_on_work)(struct vcpu *vcpu);

static unsigned nr_lrs;
static struct irq_row rows[64];

/* ---- what Lintel's other rooms do ---- */

struct vif_info vif;
struct timer_scale timer_scale = {
	.hz = 1000000000,
	.ns_per_tick = UINT64_C(1) << 32,
	.ticks_per_ns = UINT64_C(1) << 32,
};

void line_ended(struct vm *vm, unsigned intid)
{
	assert_ptr_equal(vm, model_vm);
	assert_false(spin_is_locked(&vgic_of(vm)->lock));
	model_ended[intid]++;
	if (model_on_end)
		model_on_end(intid);
}

/* The model's CPUs have one register of each group. */
__weak void vif_more_aprs_save(struct vif_aprs *to)
{
	(void)to;
	fail();
}

__weak void vif_more_aprs_restore(const struct vif_aprs *from)
{
	(void)from;
	fail();
}

void *mm_zalloc(size_t size)
{
	return calloc(1, size);
}

void mm_free(void *memory, size_t size)
{
	(void)size;
	free(memory);
}

enum exit_result inject_undefined(struct vcpu *vcpu)
{
	(void)vcpu;
	model_undefined++;
	return EXIT_INJECT;
}

void vcpu_request(struct vcpu *vcpu, uint64_t work)
{
	vcpu->work |= work;
	model_kicks++;
	if (vcpu->state == VCPU_BLOCKED)
		vcpu->state = VCPU_READY;
}

void vcpu_wake(struct vcpu *vcpu)
{
	vcpu_request(vcpu, WORK_WAKE);
}

enum status irq_register(uint32_t intid, irq_handler handler, void *context, enum irq_flags flags)
{
	rows[intid] = (struct irq_row){ handler, context, flags };
	return OK;
}

uint32_t gic_maintenance_intid(void)
{
	return MAINTENANCE;
}

uint32_t timer_intid(enum machine_timer_ppi which)
{
	static const uint32_t intids[TIMER_PPI_COUNT] = { 29, 30, 27, 26, 28 };

	return intids[which];
}

void gic_enable(unsigned cpu, uint32_t intid)
{
	model_cpus[cpu].phys_enabled |= (uint32_t)BIT(intid);
}

void gic_disable(unsigned cpu, uint32_t intid)
{
	model_cpus[cpu].phys_enabled &= ~(uint32_t)BIT(intid);
}

void gic_set_active(unsigned cpu, uint32_t intid)
{
	model_cpus[cpu].phys_active |= (uint32_t)BIT(intid);
}

bool gic_is_active(unsigned cpu, uint32_t intid)
{
	return model_cpus[cpu].phys_active & (uint32_t)BIT(intid);
}

__weak void timer_arm(struct soft_timer *timer, uint64_t deadline)
{
	timer->deadline = deadline;
	timer->queue = (struct timer_queue *)timer;
}

__weak void timer_disarm(struct soft_timer *timer)
{
	timer->queue = NULL;
}

/* ---- the virtual CPU interface ---- */

static struct model_cpu *here(void)
{
	return &model_cpus[this_cpu()->index];
}

static unsigned state_of(uint64_t lr)
{
	return (unsigned)FIELD_GET(LR_STATE, lr);
}

static bool owes_eoi(uint64_t lr)
{
	return state_of(lr) == 0 && !(lr & LR_HW) && (lr & LR_EOI);
}

static uint64_t elrsr(const struct model_cpu *cpu)
{
	uint64_t free = 0;

	for (unsigned i = 0; i < nr_lrs; i++) {
		if (state_of(cpu->lr[i]) == 0 && !owes_eoi(cpu->lr[i]))
			free |= BIT(i);
	}
	return free;
}

static uint64_t eisr(const struct model_cpu *cpu)
{
	uint64_t ended = 0;

	for (unsigned i = 0; i < nr_lrs; i++) {
		if (owes_eoi(cpu->lr[i]))
			ended |= BIT(i);
	}
	return ended;
}

static uint64_t misr(const struct model_cpu *cpu)
{
	uint64_t why = 0;
	unsigned valid = 0, pending = 0;

	for (unsigned i = 0; i < nr_lrs; i++) {
		valid += state_of(cpu->lr[i]) != 0;
		pending += state_of(cpu->lr[i]) == 1;
	}
	if (eisr(cpu))
		why |= VIF_MISR_EOI;
	if ((cpu->hcr & VIF_HCR_UIE) && valid <= 1)
		why |= VIF_MISR_U;
	if ((cpu->hcr & VIF_HCR_LRENPIE) && (cpu->hcr & VIF_HCR_EOICOUNT))
		why |= VIF_MISR_LRENP;
	if ((cpu->hcr & VIF_HCR_NPIE) && pending == 0)
		why |= VIF_MISR_NP;
	if (cpu->hcr & (cpu->vmcr & VIF_VMCR_VENG0 ? VIF_HCR_VGRP0EIE : VIF_HCR_VGRP0DIE))
		why |= BIT(4);
	if (cpu->hcr & (cpu->vmcr & VIF_VMCR_VENG1 ? VIF_HCR_VGRP1EIE : VIF_HCR_VGRP1DIE))
		why |= BIT(6);
	return why;
}

static uint64_t ctl_now(const struct model_cpu *cpu, unsigned which)
{
	uint64_t counter = model_counter - (which == 0 ? cpu->cntvoff : 0);
	uint64_t ctl = cpu->ctl[which] & (TIMER_CTL_ENABLE | TIMER_CTL_IMASK);

	return (ctl & TIMER_CTL_ENABLE) && counter >= cpu->cval[which] ? ctl | TIMER_CTL_ISTATUS
								       : ctl;
}

static int lr_number(unsigned encoding)
{
	static const unsigned encodings[] = {
#define LR_ENCODING(n) SYS_ICH_LR##n##_EL2,
		VIF_LR_EACH(LR_ENCODING)
	};

	for (unsigned i = 0; i < ARRAY_SIZE(encodings); i++) {
		if (encodings[i] == encoding) {
			/* The others are UNDEFINED. */
			assert_true(i < nr_lrs);
			return (int)i;
		}
	}
	return -1;
}

static uint64_t read_hook(unsigned encoding, uint64_t value)
{
	struct model_cpu *cpu = here();
	int lr = lr_number(encoding);

	if (lr >= 0)
		return cpu->lr[lr];
	switch (encoding) {
	case SYS_ICH_ELRSR_EL2:
		return elrsr(cpu);
	case SYS_ICH_EISR_EL2:
		return eisr(cpu);
	case SYS_ICH_MISR_EL2:
		return misr(cpu);
	case SYS_ICH_HCR_EL2:
		return cpu->hcr;
	case SYS_ICH_VMCR_EL2:
		return cpu->vmcr;
	case SYS_ICH_AP0R0_EL2:
		return cpu->ap0;
	case SYS_ICH_AP1R0_EL2:
		return cpu->ap1;
	case SYS_CNTPCT_EL0:
		return model_counter += model_pace;
	case SYS_CNTV_CTL_EL0:
		return ctl_now(cpu, 0);
	case SYS_CNTP_CTL_EL0:
		return ctl_now(cpu, 1);
	case SYS_CNTV_CVAL_EL0:
		return cpu->cval[0];
	case SYS_CNTP_CVAL_EL0:
		return cpu->cval[1];
	default:
		return value;
	}
}

/* An interrupt with HW can't be pending and active, nor active while the physical one is not (IHI
 * 0069 6.3). */
static void check_lr(const struct model_cpu *cpu, uint64_t lr)
{
	unsigned intid = (unsigned)FIELD_GET(LR_VINTID, lr);
	unsigned same = 0;

	if (state_of(lr) == 0)
		return;
	for (unsigned i = 0; i < nr_lrs; i++)
		same += state_of(cpu->lr[i]) != 0 && FIELD_GET(LR_VINTID, cpu->lr[i]) == intid;
	assert_int_equal(same, 1);
	if (lr & LR_HW) {
		assert_int_not_equal(state_of(lr), 3);
		assert_true(cpu->phys_active & BIT(FIELD_GET(LR_PINTID, lr)));
	}
}

static uint64_t write_hook(unsigned encoding, uint64_t value)
{
	struct model_cpu *cpu = here();
	int lr = lr_number(encoding);

	if (lr >= 0) {
		cpu->lr[lr] = value;
		check_lr(cpu, value);
		return value;
	}
	switch (encoding) {
	case SYS_ICH_HCR_EL2:
		cpu->hcr = value;
		break;
	case SYS_ICH_VMCR_EL2:
		cpu->vmcr = value;
		break;
	case SYS_ICH_AP0R0_EL2:
		cpu->ap0 = (uint32_t)value;
		break;
	case SYS_ICH_AP1R0_EL2:
		cpu->ap1 = (uint32_t)value;
		break;
	case SYS_CNTVOFF_EL2:
		cpu->cntvoff = value;
		break;
	case SYS_CNTV_CTL_EL0:
		cpu->ctl[0] = value;
		break;
	case SYS_CNTP_CTL_EL0:
		cpu->ctl[1] = value;
		break;
	case SYS_CNTV_CVAL_EL0:
		cpu->cval[0] = value;
		break;
	case SYS_CNTP_CVAL_EL0:
		cpu->cval[1] = value;
		break;
	case SYS_ICC_DIR_EL1:
		assert_true(cpu->phys_active & BIT(value));
		cpu->phys_active &= ~(uint32_t)BIT(value);
		break;
	}
	return value;
}

/* ---- the run loop ---- */

static bool phys_pending(unsigned cpu, unsigned which)
{
	const struct model_cpu *model = &model_cpus[cpu];
	uint64_t bit = BIT(which == 0 ? VTIMER_PPI_VIRTUAL : VTIMER_PPI_PHYSICAL);
	uint64_t high = TIMER_CTL_ENABLE | TIMER_CTL_ISTATUS;

	return (ctl_now(model, which) & (high | TIMER_CTL_IMASK)) == high &&
		(model->phys_enabled & ~model->phys_active & bit);
}

static bool maintenance_pending(unsigned cpu)
{
	return (model_cpus[cpu].hcr & VIF_HCR_EN) && misr(&model_cpus[cpu]);
}

/* EL2's own timer, when hyp/vm/timer.c is linked. */
static bool alarm_pending(unsigned cpu)
{
	unsigned before = this_cpu()->index;
	bool pending;

	if (!rows[EL2_TIMER].handler)
		return false;
	fake_cpu_switch(cpu);
	pending = (fake_sysreg_get(SYS_CNTHP_CTL_EL2) & TIMER_CTL_ENABLE) &&
		model_counter >= fake_sysreg_get(SYS_CNTHP_CVAL_EL2) &&
		(model_cpus[cpu].phys_enabled & BIT(EL2_TIMER));
	fake_cpu_switch(before);
	return pending;
}

bool model_busy(unsigned cpu)
{
	struct vcpu *vcpu = cpus[cpu].current;

	return (vcpu && (vcpu->work & WORK_VGIC)) || maintenance_pending(cpu) ||
		phys_pending(cpu, 0) || phys_pending(cpu, 1) || alarm_pending(cpu);
}

void model_irq(unsigned cpu, unsigned intid)
{
	unsigned before = this_cpu()->index;

	fake_cpu_switch(cpu);
	rows[intid].handler(rows[intid].context, intid);
	fake_cpu_switch(before);
}

static void run_once(unsigned cpu)
{
	struct vcpu *vcpu = cpus[cpu].current;

	if (vcpu && (vcpu->work & WORK_VGIC)) {
		vcpu->work &= ~(uint64_t)WORK_VGIC;
		vgic_flush(vcpu);
		if (model_on_work)
			model_on_work(vcpu);
	}
	if (maintenance_pending(cpu))
		rows[MAINTENANCE].handler(rows[MAINTENANCE].context, MAINTENANCE);
	if (alarm_pending(cpu))
		rows[EL2_TIMER].handler(rows[EL2_TIMER].context, EL2_TIMER);
	for (unsigned which = 0; which < 2; which++) {
		unsigned intid = which == 0 ? VTIMER_PPI_VIRTUAL : VTIMER_PPI_PHYSICAL;

		if (!phys_pending(cpu, which))
			continue;
		assert_int_equal(rows[intid].flags, IRQ_KEEP_ACTIVE);
		model_cpus[cpu].phys_active |= (uint32_t)BIT(intid);
		rows[intid].handler(rows[intid].context, intid);
	}
}

void model_run(unsigned cpu)
{
	unsigned before = this_cpu()->index, rounds = 0;

	fake_cpu_switch(cpu);
	while (model_busy(cpu)) {
		assert_true(rounds++ < ROUNDS_MAX);
		run_once(cpu);
	}
	fake_cpu_switch(before);
}

void model_run_all(void)
{
	unsigned rounds = 0;
	bool busy;

	do {
		assert_true(rounds++ < ROUNDS_MAX);
		busy = false;
		for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
			busy |= model_busy(cpu);
			model_run(cpu);
		}
	} while (busy);
}

struct vcpu *model_vcpu(unsigned id)
{
	return model_vm->vcpus[id];
}

void model_switch(unsigned cpu, struct vcpu *vcpu)
{
	unsigned before = this_cpu()->index;
	struct vcpu *old = cpus[cpu].current;

	fake_cpu_switch(cpu);
	if (old) {
		vtimer_part.vcpu_put(old);
		cpus[cpu].current = NULL;
		old->loaded = false;
		old->cpu = &cpus[cpu];
		if (old->state == VCPU_RUNNING)
			old->state = VCPU_READY;
		/* Nothing of it may stay behind. */
		for (unsigned i = 0; i < nr_lrs; i++)
			assert_int_equal(state_of(model_cpus[cpu].lr[i]), 0);
		assert_int_equal(model_cpus[cpu].phys_active, 0);
		assert_int_equal(model_cpus[cpu].hcr, 0);
	}
	if (vcpu) {
		vcpu->state = VCPU_RUNNING;
		vcpu->cpu = &cpus[cpu];
		cpus[cpu].current = vcpu;
		vtimer_part.vcpu_load(vcpu);
	}
	fake_cpu_switch(before);
}

static uint64_t foreign_lr(unsigned index)
{
	return LR_PENDING | FIELD_PREP(LR_PRIORITY, 8) | (4000 + index);
}

void model_detach(unsigned cpu)
{
	unsigned before = this_cpu()->index;

	fake_cpu_switch(cpu);
	vgic_detach(cpus[cpu].current);
	for (unsigned i = 0; i < nr_lrs; i++) {
		assert_int_equal(model_cpus[cpu].lr[i], 0);
		model_cpus[cpu].lr[i] = foreign_lr(i);
	}
	model_cpus[cpu].hcr = model_cpus[cpu].vmcr = 0;
	model_cpus[cpu].ap0 = model_cpus[cpu].ap1 = UINT32_MAX;
	fake_cpu_switch(before);
}

void model_attach(unsigned cpu)
{
	unsigned before = this_cpu()->index;

	fake_cpu_switch(cpu);
	for (unsigned i = 0; i < nr_lrs; i++) {
		assert_int_equal(model_cpus[cpu].lr[i], foreign_lr(i));
		model_cpus[cpu].lr[i] = 0;
	}
	assert_int_equal(model_cpus[cpu].hcr, 0);
	assert_int_equal(model_cpus[cpu].vmcr, 0);
	vgic_attach(cpus[cpu].current);
	fake_cpu_switch(before);
}

bool model_detached(unsigned cpu)
{
	return cpus[cpu].current && vgic_is_detached(vgic_cpu_of(cpus[cpu].current));
}

bool model_has_pending(unsigned cpu)
{
	unsigned before = this_cpu()->index;
	bool pending;

	fake_cpu_switch(cpu);
	pending = vgic_has_pending(cpus[cpu].current);
	fake_cpu_switch(before);
	return pending;
}

void model_create(unsigned nr_vcpus, unsigned lrs)
{
	fake_cpu_reset();
	fake_cpu_count(nr_vcpus);
	fake_sysreg_read_hook = read_hook;
	fake_sysreg_write_hook = write_hook;
	memset(model_cpus, 0, sizeof(model_cpus));
	model_counter = 1000;
	model_pace = 0;
	model_kicks = model_undefined = model_retries = 0;
	memset(model_ended, 0, sizeof(model_ended));
	model_on_end = NULL;
	model_on_work = NULL;
	memset(rows, 0, sizeof(rows));
	nr_lrs = lrs;
	vif = (struct vif_info){ .lrs = lrs,
		.aprs = 1,
		.priority_bits = 5,
		.preemption_bits = 5,
		.id_bits = 24,
		.a3v = true,
		.tdir = model_has_tdir };
	assert_int_equal(vgic_init(), OK);
	assert_int_equal(vtimer_init(), OK);
	model_vm = calloc(1, sizeof(*model_vm));
	model_vm->nr_vcpus = nr_vcpus;
	model_vm->ram_base = IPA(GIB(1));
	model_vm->ram_size = MIB(2);
	model_vm->cntvoff = 500;
	for (unsigned i = 0; i < nr_vcpus; i++) {
		struct vcpu *vcpu = calloc(1, sizeof(*vcpu));

		vcpu->id = i;
		vcpu->vm = model_vm;
		vcpu->cpu = &cpus[i];
		model_vm->vcpus[i] = vcpu;
	}
	assert_int_equal(vgic_part.create(model_vm), OK);
	assert_int_equal(vtimer_part.create(model_vm), OK);
	vgic_part.reset(model_vm);
	vtimer_part.reset(model_vm);
	for (unsigned i = 0; i < nr_vcpus; i++) {
		fake_cpu_switch(i);
		vgic_init_cpu();
		vtimer_init_cpu();
		vgic_part.vcpu_reset(model_vm->vcpus[i]);
		vtimer_part.vcpu_reset(model_vm->vcpus[i]);
		model_switch(i, model_vm->vcpus[i]);
	}
	fake_cpu_switch(0);
	model_run_all();
}

void model_destroy(void)
{
	for (unsigned cpu = 0; cpu < nr_cpus; cpu++)
		model_switch(cpu, NULL);
	vtimer_part.destroy(model_vm);
	vgic_part.destroy(model_vm);
	assert_null(model_vm->devices);
	for (unsigned i = 0; i < model_vm->nr_vcpus; i++)
		free(model_vm->vcpus[i]);
	free(model_vm);
	model_vm = NULL;
	fake_cpu_reset();
}

/* ---- the guest ---- */

static struct device_region *region_at(uint64_t ipa, unsigned width)
{
	struct device_region *region = device_find(model_vm->devices, ipa, width);

	assert_non_null(region);
	return region;
}

static uint64_t access(unsigned cpu, uint64_t ipa, unsigned width, bool write, uint64_t value)
{
	struct device_region *region = region_at(ipa, width);
	struct vcpu *vcpu = cpus[cpu].current;
	uint64_t offset = ipa - region->first;
	unsigned tries = 0;

	assert_non_null(vcpu);
	vcpu->regs.pc += 4;
	for (;;) {
		unsigned before = this_cpu()->index;

		fake_cpu_switch(cpu);
		if (write)
			model_mmio_result =
				region->ops->write(vcpu, region->device, offset, width, value);
		else
			model_mmio_result =
				region->ops->read(vcpu, region->device, offset, width, &value);
		fake_cpu_switch(before);
		model_run(cpu);
		if (model_mmio_result != MMIO_RETRY)
			return model_mmio_result == MMIO_RAZ_WI ? 0 : value;
		assert_true(tries++ < 10);
		model_retries++;
		model_run_all();
	}
}

uint64_t guest_read(unsigned cpu, uint64_t ipa, unsigned width)
{
	return access(cpu, ipa, width, false, 0);
}

void guest_write(unsigned cpu, uint64_t ipa, unsigned width, uint64_t value)
{
	access(cpu, ipa, width, true, value);
}

static unsigned running(const struct model_cpu *cpu)
{
	uint32_t active = cpu->ap0 | cpu->ap1;

	return active ? (unsigned)__builtin_ctz(active) << 3 : 0x100;
}

static int best_lr(const struct model_cpu *cpu)
{
	int best = -1;

	for (unsigned i = 0; i < nr_lrs; i++) {
		uint64_t lr = cpu->lr[i];

		if (state_of(lr) != 1 ||
			!(cpu->vmcr & (lr & LR_GROUP1 ? VIF_VMCR_VENG1 : VIF_VMCR_VENG0)))
			continue;
		if (best < 0 || FIELD_GET(LR_PRIORITY, lr) < FIELD_GET(LR_PRIORITY, cpu->lr[best]))
			best = (int)i;
	}
	return best;
}

/* With the smallest binary points every priority is a group priority of its own: the tests leave
 * them so. */
static int signalled_lr(const struct model_cpu *cpu)
{
	int best = (cpu->hcr & VIF_HCR_EN) ? best_lr(cpu) : -1;
	unsigned priority;

	if (best < 0)
		return -1;
	priority = (unsigned)FIELD_GET(LR_PRIORITY, cpu->lr[best]);
	if (priority >= FIELD_GET(VIF_VMCR_VPMR, cpu->vmcr) || priority >= running(cpu))
		return -1;
	return best;
}

unsigned guest_signalled(unsigned cpu, bool *group1)
{
	int lr = signalled_lr(&model_cpus[cpu]);

	if (lr < 0)
		return MODEL_SPURIOUS;
	if (group1)
		*group1 = model_cpus[cpu].lr[lr] & LR_GROUP1;
	return (unsigned)FIELD_GET(LR_VINTID, model_cpus[cpu].lr[lr]);
}

unsigned guest_ack(unsigned cpu, bool group1)
{
	struct model_cpu *model = &model_cpus[cpu];
	int lr = signalled_lr(model);
	uint32_t bit;

	if (lr < 0 || !!(model->lr[lr] & LR_GROUP1) != group1)
		return MODEL_SPURIOUS;
	model->lr[lr] ^= LR_STATE; /* pending becomes active */
	bit = (uint32_t)BIT(FIELD_GET(LR_PRIORITY, model->lr[lr]) >> 3);
	if (group1)
		model->ap1 |= bit;
	else
		model->ap0 |= bit;
	return (unsigned)FIELD_GET(LR_VINTID, model->lr[lr]);
}

static void count_eoi(struct model_cpu *cpu)
{
	unsigned count = (unsigned)FIELD_GET(VIF_HCR_EOICOUNT, cpu->hcr);

	if (count < FIELD_GET(VIF_HCR_EOICOUNT, VIF_HCR_EOICOUNT))
		cpu->hcr += FIELD_PREP(VIF_HCR_EOICOUNT, 1);
}

static void deactivate(struct model_cpu *cpu, unsigned intid)
{
	for (unsigned i = 0; i < nr_lrs; i++) {
		uint64_t *lr = &cpu->lr[i];

		if (!(*lr & LR_ACTIVE) || FIELD_GET(LR_VINTID, *lr) != intid)
			continue;
		*lr &= ~LR_ACTIVE;
		if (*lr & LR_HW)
			cpu->phys_active &= ~(uint32_t)BIT(FIELD_GET(LR_PINTID, *lr));
		return;
	}
	count_eoi(cpu);
}

void guest_eoi(unsigned cpu, unsigned intid, bool group1)
{
	struct model_cpu *model = &model_cpus[cpu];
	uint32_t *active = group1 ? &model->ap1 : &model->ap0;

	if (!*active)
		return;
	*active &= *active - 1;
	if (!(model->vmcr & VIF_VMCR_VEOIM))
		deactivate(model, intid);
}

static void trapped(unsigned cpu, unsigned encoding, uint64_t value)
{
	unsigned before = this_cpu()->index;

	fake_cpu_switch(cpu);
	assert_int_equal(vgic_icc_access(cpus[cpu].current, encoding, true, &value), EXIT_SKIP);
	fake_cpu_switch(before);
	model_run(cpu);
}

void guest_dir(unsigned cpu, unsigned intid)
{
	struct model_cpu *model = &model_cpus[cpu];

	if (model->hcr & (VIF_HCR_TDIR | VIF_HCR_TC))
		trapped(cpu, SYS_ICC_DIR_EL1, intid);
	else if (model->vmcr & VIF_VMCR_VEOIM)
		deactivate(model, intid);
}

void guest_sgi(unsigned cpu, uint64_t value)
{
	unsigned before = this_cpu()->index;

	fake_cpu_switch(cpu);
	assert_int_equal(vgic_sgi_write(cpus[cpu].current, SYS_ICC_SGI1R_EL1, value), EXIT_SKIP);
	fake_cpu_switch(before);
}

void guest_set_pmr(unsigned cpu, unsigned priority)
{
	struct model_cpu *model = &model_cpus[cpu];

	if (model->hcr & VIF_HCR_TC)
		trapped(cpu, SYS_ICC_PMR_EL1, priority);
	else
		model->vmcr = (model->vmcr & ~VIF_VMCR_VPMR) | FIELD_PREP(VIF_VMCR_VPMR, priority);
}

void guest_set_groups(unsigned cpu, bool group0, bool group1)
{
	model_cpus[cpu].vmcr &= ~(VIF_VMCR_VENG0 | VIF_VMCR_VENG1);
	model_cpus[cpu].vmcr |= (group0 ? VIF_VMCR_VENG0 : 0) | (group1 ? VIF_VMCR_VENG1 : 0);
}

void guest_set_eoimode(unsigned cpu, bool eoimode)
{
	model_cpus[cpu].vmcr &= ~VIF_VMCR_VEOIM;
	model_cpus[cpu].vmcr |= eoimode ? VIF_VMCR_VEOIM : 0;
}

void guest_setup(unsigned priority)
{
	uint64_t four = priority * UINT64_C(0x01010101);

	guest_write(0, GICD(0), 4, 3);
	for (unsigned word = 1; word < VGIC_BANKS; word++) {
		guest_write(0, GICD(0x080 + 4 * word), 4, UINT32_MAX);
		guest_write(0, GICD(0x100 + 4 * word), 4, UINT32_MAX);
		for (unsigned i = 0; i < 8; i++)
			guest_write(0, GICD(0x400 + 32 * word + 4 * i), 4, four);
	}
	for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
		guest_write(cpu, SGI_FRAME(cpu, 0x080), 4, UINT32_MAX);
		guest_write(cpu, SGI_FRAME(cpu, 0x100), 4, UINT32_MAX);
		for (unsigned i = 0; i < 8; i++)
			guest_write(cpu, SGI_FRAME(cpu, 0x400 + 4 * i), 4, four);
		guest_set_pmr(cpu, 0xf8);
		guest_set_groups(cpu, false, true);
	}
	model_run_all();
}
