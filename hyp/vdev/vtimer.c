/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/vdev/vtimer.h"
#include "drivers/gic/irq.h"
#include "drivers/timer/timer.h"
#include "hyp/arch/barrier.h"
#include "hyp/vdev/vgic_fast.h"
#include "hyp/vm/timer.h"
#include "mm/page.h"

/* CNT*_CTL: the output is high. */
#define CTL_LINE_MASK (TIMER_CTL_ENABLE | TIMER_CTL_IMASK | TIMER_CTL_ISTATUS)
#define CTL_LINE_HIGH (TIMER_CTL_ENABLE | TIMER_CTL_ISTATUS)

enum which { VIRTUAL = VTIMER_CNTV, PHYSICAL = VTIMER_CNTP, TIMERS = VTIMER_SOURCES };

static const uint8_t ppi_of[TIMERS] = { VTIMER_PPI_VIRTUAL, VTIMER_PPI_PHYSICAL };
static const uint8_t source_of[TIMERS] = { TIMER_PPI_VIRTUAL, TIMER_PPI_PHYSICAL };

struct vtimer_state {
	struct vcpu *vcpu;
	uint64_t ctl, cval; /* while it isn't loaded */
	struct soft_timer soft;
};

struct vtimer {
	bool loaded;
	bool watched; /* a soft timer was armed when it was put */
	struct vtimer_state timers[TIMERS];
};

uint32_t vtimer_enabled_ppis[MAX_CPUS];

static struct vtimer *vtimer_of(const struct vcpu *vcpu)
{
	return vcpu->part[PART_VTIMER];
}

/* ---- the hardware ---- */

static uint64_t read_ctl(enum which which)
{
	return which == VIRTUAL ? read_sysreg(CNTV_CTL_EL0) : read_sysreg(CNTP_CTL_EL0);
}

static void write_ctl(enum which which, uint64_t value)
{
	if (which == VIRTUAL)
		write_sysreg(value, CNTV_CTL_EL0);
	else
		write_sysreg(value, CNTP_CTL_EL0);
}

void vtimer_ppi_change(const struct cpu *cpu, uint32_t changed, uint32_t enabled)
{
	uint32_t *now = &vtimer_enabled_ppis[cpu->index];

	for (enum which which = VIRTUAL; which < TIMERS; which++) {
		uint32_t bit = (uint32_t)BIT(ppi_of[which]);

		if (!((*now ^ enabled) & changed & bit))
			continue;
		if (enabled & bit)
			gic_enable(cpu->index, timer_intid(source_of[which]));
		else
			gic_disable(cpu->index, timer_intid(source_of[which]));
		*now ^= bit;
	}
}

/* ---- interrupts ---- */

/* The output may have gone low again, or belong to a vCPU that just left: then it was nothing. */
static __always_inline void fired(enum which which, uint32_t intid)
{
	struct vcpu *vcpu = this_cpu()->current;
	unsigned ppi;

	if (unlikely(!vcpu) || unlikely((read_ctl(which) & CTL_LINE_MASK) != CTL_LINE_HIGH)) {
		gicv3_deactivate(intid);
		return;
	}
	ppi = vgic_hw_source(vcpu, which);
	if (unlikely(ppi == 0)) {
		/* None of the vCPU's timers is in it, but EL0 of a guest hypervisor can write it.
		 */
		write_ctl(which, 0);
		isb();
		gicv3_deactivate(intid);
		return;
	}
	vgic_pend_hw(vcpu, ppi);
	/* It is loaded, but waits: the CPU is idle. */
	if (unlikely(READ_ONCE(vcpu->state) != VCPU_RUNNING))
		vcpu_wake(vcpu);
}

static void virtual_fired(void *context, uint32_t intid)
{
	(void)context;
	fired(VIRTUAL, intid);
}

static void physical_fired(void *context, uint32_t intid)
{
	(void)context;
	fired(PHYSICAL, intid);
}

enum status vtimer_init(void)
{
	static const irq_handler handlers[TIMERS] = { virtual_fired, physical_fired };

	for (enum which which = VIRTUAL; which < TIMERS; which++) {
		uint32_t intid = timer_intid(source_of[which]);
		enum status status = ERR_NOT_FOUND;

		if (intid != MACHINE_NO_INTID)
			status = irq_register(intid, handlers[which], NULL, IRQ_KEEP_ACTIVE);
		if (status != OK)
			return status;
	}
	return OK;
}

void vtimer_init_cpu(void)
{
	write_sysreg(VTIMER_CNTHCTL, CNTHCTL_EL2);
	for (enum which which = VIRTUAL; which < TIMERS; which++)
		write_ctl(which, 0);
	isb();
}

/* ---- a vCPU comes and goes ---- */

/* When the timer fires, in ticks of the physical counter. */
static uint64_t deadline_of(const struct vcpu *vcpu, enum which which, uint64_t cval)
{
	uint64_t deadline;

	if (which == PHYSICAL)
		return cval;
	if (__builtin_add_overflow(cval, vcpu->vm->cntvoff, &deadline))
		return UINT64_MAX;
	return deadline;
}

static bool is_on(uint64_t ctl)
{
	return (ctl & (TIMER_CTL_ENABLE | TIMER_CTL_IMASK)) == TIMER_CTL_ENABLE;
}

uint32_t vtimer_lines(const struct vcpu *vcpu)
{
	const struct vtimer *vtimer = vtimer_of(vcpu);
	uint32_t lines = 0;

	for (enum which which = VIRTUAL; which < TIMERS; which++) {
		const struct vtimer_state *timer = &vtimer->timers[which];
		bool high;

		if (vtimer->loaded)
			high = (read_ctl(which) & CTL_LINE_MASK) == CTL_LINE_HIGH;
		else
			high = is_on(timer->ctl) &&
				timer_now() >= deadline_of(vcpu, which, timer->cval);
		if (high)
			lines |= (uint32_t)BIT(vgic_hw_source(vcpu, which));
	}
	return lines;
}

static void expired(struct soft_timer *timer)
{
	vcpu_wake(container_of(timer, struct vtimer_state, soft)->vcpu);
}

/* The soft timers have done what they were for. */
static void forget(struct vtimer *vtimer)
{
	vtimer->watched = false;
	for (enum which which = VIRTUAL; which < TIMERS; which++)
		timer_disarm(&vtimer->timers[which].soft);
}

/* The vGIC is loaded. */
static __always_inline void start(struct vcpu *vcpu, struct vtimer *vtimer)
{
	const struct vtimer_state *virt = &vtimer->timers[VIRTUAL];
	const struct vtimer_state *phys = &vtimer->timers[PHYSICAL];

	/* Not before: others who see under the vGIC's lock that it isn't loaded look at what is in
	 * memory. */
	vtimer->loaded = true;
	restore_sysreg(vcpu->vm->cntvoff, CNTVOFF_EL2);
	restore_sysreg(virt->cval, CNTV_CVAL_EL0);
	restore_sysreg(phys->cval, CNTP_CVAL_EL0);
	/* The new compare values and offset must be in force before the timers are on. */
	isb();
	restore_sysreg(virt->ctl, CNTV_CTL_EL0);
	restore_sysreg(phys->ctl, CNTP_CTL_EL0);
}

static __noinline void load_more(struct vcpu *vcpu)
{
	struct vtimer *vtimer = vtimer_of(vcpu);

	if (vtimer->watched)
		forget(vtimer);
	vgic_load(vcpu, vtimer_lines(vcpu));
	start(vcpu, vtimer);
}

/* May its output be high? */
static __always_inline bool may_be_high(
	const struct vcpu *vcpu, enum which which, const struct vtimer_state *timer)
{
	uint64_t counter;

	if (likely(!(timer->ctl & TIMER_CTL_ENABLE)))
		return false;
	counter = timer_now() - (which == VIRTUAL ? vcpu->vm->cntvoff : 0);
	return counter >= timer->cval;
}

static void load(struct vcpu *vcpu)
{
	struct vtimer *vtimer = vtimer_of(vcpu);

	if (unlikely(vtimer->watched) ||
		unlikely(may_be_high(vcpu, VIRTUAL, &vtimer->timers[VIRTUAL])) ||
		unlikely(may_be_high(vcpu, PHYSICAL, &vtimer->timers[PHYSICAL])) ||
		unlikely(!vgic_load_fast(vcpu)))
		load_more(vcpu);
	else
		start(vcpu, vtimer);
}

/*
 * Its output is high and the vGIC has it: the physical interrupt came, and is active until the
 * guest has ended its own, or can't come, because the guest has disabled its own.
 */
static bool is_delivered(enum which which, uint64_t ctl)
{
	unsigned cpu = this_cpu()->index;

	return (ctl & CTL_LINE_MASK) == CTL_LINE_HIGH &&
		(!(vtimer_enabled_ppis[cpu] & BIT(ppi_of[which])) ||
			gic_is_active(cpu, timer_intid(source_of[which])));
}

/*
 * When a vCPU that waits is to be woken. One that waits with an interrupt that it can't get (masked
 * by priority, or disabled) would be back at once, again and again; what changes that comes from
 * other vCPUs.
 */
static uint64_t wake_at(const struct vcpu *vcpu, enum which which, const struct vtimer_state *timer)
{
	if (is_delivered(which, timer->ctl))
		return timer_now() + timer_ms_to_ticks(VTIMER_LOOK_AGAIN_MS);
	return deadline_of(vcpu, which, timer->cval);
}

/* It waits, unloaded: its timers are to wake it. */
static __noinline void watch(struct vcpu *vcpu)
{
	struct vtimer *vtimer = vtimer_of(vcpu);

	for (enum which which = VIRTUAL; which < TIMERS; which++) {
		struct vtimer_state *timer = &vtimer->timers[which];

		if (!is_on(timer->ctl))
			continue;
		vtimer->watched = true;
		timer_arm(&timer->soft, wake_at(vcpu, which, timer));
	}
}

static void put(struct vcpu *vcpu)
{
	struct vtimer *vtimer = vtimer_of(vcpu);
	struct vtimer_state *virt = &vtimer->timers[VIRTUAL], *phys = &vtimer->timers[PHYSICAL];

	virt->ctl = save_sysreg(CNTV_CTL_EL0);
	virt->cval = save_sysreg(CNTV_CVAL_EL0);
	restore_sysreg(0, CNTV_CTL_EL0);
	phys->ctl = save_sysreg(CNTP_CTL_EL0);
	phys->cval = save_sysreg(CNTP_CVAL_EL0);
	restore_sysreg(0, CNTP_CTL_EL0);
	vtimer->loaded = false;
	/* The outputs must be low before the vGIC deactivates the physical interrupts. */
	isb();
	if (unlikely(READ_ONCE(vcpu->state) == VCPU_BLOCKED))
		watch(vcpu);
	vgic_put(vcpu);
}

static void vcpu_reset_part(struct vcpu *vcpu)
{
	struct vtimer *vtimer = vtimer_of(vcpu);

	forget(vtimer);
	for (enum which which = VIRTUAL; which < TIMERS; which++) {
		vtimer->timers[which].ctl = 0;
		vtimer->timers[which].cval = 0;
	}
}

static void reset(struct vm *vm)
{
	for (unsigned i = 0; i < vm->nr_vcpus; i++)
		vcpu_reset_part(vm->vcpus[i]);
}

static void destroy(struct vm *vm)
{
	reset(vm);
	mm_free(vtimer_of(vm->vcpus[0]), vm->nr_vcpus * sizeof(struct vtimer));
	for (unsigned i = 0; i < vm->nr_vcpus; i++)
		vm->vcpus[i]->part[PART_VTIMER] = NULL;
}

static enum status create(struct vm *vm)
{
	struct vtimer *vtimers = mm_zalloc(vm->nr_vcpus * sizeof(*vtimers));

	if (!vtimers)
		return ERR_NO_MEMORY;
	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		vm->vcpus[i]->part[PART_VTIMER] = &vtimers[i];
		for (enum which which = VIRTUAL; which < TIMERS; which++) {
			vtimers[i].timers[which].vcpu = vm->vcpus[i];
			soft_timer_init(&vtimers[i].timers[which].soft, expired);
			vgic_map_hw(
				vm->vcpus[i], ppi_of[which], which, timer_intid(source_of[which]));
		}
	}
	return OK;
}

const struct vm_part vtimer_part = {
	.name = "timers",
	.create = create,
	.reset = reset,
	.vcpu_reset = vcpu_reset_part,
	.destroy = destroy,
	.vcpu_load = load,
	.vcpu_put = put,
};
