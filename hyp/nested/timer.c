/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/timer.h"
#include "drivers/timer/timer.h"
#include "hyp/arch/barrier.h"
#include "hyp/arch/features.h"
#include "hyp/nested/timer_state.h"
#include "hyp/vdev/vgic_fast.h"
#include "mm/page.h"

static const struct vgic_hw hw_none;
static const struct vgic_hw hw_hyp = {
	.ppis = (uint32_t)(BIT(VTIMER_PPI_HYP_VIRTUAL) | BIT(VTIMER_PPI_HYP)),
	.source = VGIC_SOURCE(VTIMER_CNTV, VTIMER_PPI_HYP_VIRTUAL) |
		VGIC_SOURCE(VTIMER_CNTP, VTIMER_PPI_HYP),
};
static const struct vgic_hw hw_inner = {
	.ppis = VTIMER_PHYSICAL_PPIS,
	.source = VGIC_SOURCE(VTIMER_CNTV, VTIMER_PPI_VIRTUAL) |
		VGIC_SOURCE(VTIMER_CNTP, VTIMER_PPI_PHYSICAL),
};

static const uint8_t ppi_of[NR_NESTED_TIMERS] = {
	[NESTED_CNTV] = VTIMER_PPI_VIRTUAL,
	[NESTED_CNTP] = VTIMER_PPI_PHYSICAL,
	[NESTED_CNTHV] = VTIMER_PPI_HYP_VIRTUAL,
	[NESTED_CNTHP] = VTIMER_PPI_HYP,
};

#define LINE_MASK (TIMER_CTL_ENABLE | TIMER_CTL_IMASK | TIMER_CTL_ISTATUS)
#define LINE_HIGH (TIMER_CTL_ENABLE | TIMER_CTL_ISTATUS)
#define ON_MASK   (TIMER_CTL_ENABLE | TIMER_CTL_IMASK)
#define ON        TIMER_CTL_ENABLE

/* ---- one timer, in memory ---- */

uint64_t *nested_timer_ctl(const struct nested *nested, enum nested_timer_id which)
{
	switch (which) {
	case NESTED_CNTV:
		return &VNCR_REG(nested, CNTV_CTL_EL0);
	case NESTED_CNTP:
		return &VNCR_REG(nested, CNTP_CTL_EL0);
	default:
		return &nested->timer->ctl[which - NESTED_CNTHV];
	}
}

uint64_t *nested_timer_cval(const struct nested *nested, enum nested_timer_id which)
{
	switch (which) {
	case NESTED_CNTV:
		return &VNCR_REG(nested, CNTV_CVAL_EL0);
	case NESTED_CNTP:
		return &VNCR_REG(nested, CNTP_CVAL_EL0);
	default:
		return &nested->timer->cval[which - NESTED_CNTHV];
	}
}

uint64_t nested_timer_count(const struct nested *nested, enum nested_timer_id which)
{
	uint64_t now = timer_now();

	if (which == NESTED_CNTV)
		return now - nested->vcpu->vm->cntvoff - VNCR_REG(nested, CNTVOFF_EL2);
	return which == NESTED_CNTHV ? now - nested->vcpu->vm->cntvoff : now;
}

bool nested_timer_met(const struct nested *nested, enum nested_timer_id which)
{
	return (*nested_timer_ctl(nested, which) & TIMER_CTL_ENABLE) &&
		nested_timer_count(nested, which) >= *nested_timer_cval(nested, which);
}

static bool is_high(const struct nested *nested, enum nested_timer_id which)
{
	return !(*nested_timer_ctl(nested, which) & TIMER_CTL_IMASK) &&
		nested_timer_met(nested, which);
}

static bool is_live_in(const struct nested *nested, bool inner, enum nested_timer_id which)
{
	if (inner)
		return which < NESTED_CNTHV;
	return nested->vhe && which >= NESTED_CNTHV;
}

bool nested_timer_is_live(const struct nested *nested, enum nested_timer_id which)
{
	return is_live_in(nested, nested->inner, which);
}

/* The levels of all of them, if all are in memory. */
static uint32_t lines_of(const struct nested *nested)
{
	uint32_t lines = 0;

	for (enum nested_timer_id which = 0; which < NR_NESTED_TIMERS; which++) {
		if (is_high(nested, which))
			lines |= (uint32_t)BIT(ppi_of[which]);
	}
	return lines;
}

/* ---- those in memory are watched ---- */

static bool is_line_high(const struct nested *nested, enum nested_timer_id which)
{
	return (vgic_cpu_of(nested->vcpu)->bank.line >> ppi_of[which]) & 1;
}

/*
 * When it fires, in ticks of the physical counter; TIMER_NEVER: not by itself, or it has, and the
 * vGIC knows. One that has fired since its level was looked at does so now.
 */
static uint64_t deadline_of(const struct nested *nested, enum nested_timer_id which)
{
	uint64_t now = timer_now(), count = nested_timer_count(nested, which);
	uint64_t cval = *nested_timer_cval(nested, which);

	if ((*nested_timer_ctl(nested, which) & ON_MASK) != ON)
		return TIMER_NEVER;
	if (count >= cval)
		return is_line_high(nested, which) ? TIMER_NEVER : now;
	return cval - count < TIMER_NEVER - now ? now + (cval - count) : TIMER_NEVER;
}

static void disarm(struct nested_timer *timer)
{
	if (timer->armed != TIMER_NEVER)
		timer_disarm(&timer->soft);
	timer->armed = TIMER_NEVER;
}

static void arm(struct nested_timer *timer, uint64_t deadline)
{
	if (deadline == TIMER_NEVER)
		return;
	timer->armed = deadline;
	timer_arm(&timer->soft, deadline);
}

/* Those that are not in the CPU in that context. Without FEAT_ECV L1 writes to vEL1's unseen while
 * hyp. */
static __noinline void watch(struct nested *nested, bool inner)
{
	uint64_t first = TIMER_NEVER;

	for (enum nested_timer_id which = 0; which < NR_NESTED_TIMERS; which++) {
		if (!is_live_in(nested, inner, which))
			first = MIN(first, deadline_of(nested, which));
	}
	if (!inner && !cpu_features.ecv)
		first = MIN(first, timer_now() + timer_ms_to_ticks(VTIMER_LOOK_AGAIN_MS));
	if (first < nested->timer->armed)
		arm(nested->timer, first);
}

/* Only this CPU changes the level. */
static void set_line(struct nested *nested, enum nested_timer_id which)
{
	uint64_t *ctl = nested_timer_ctl(nested, which);
	bool high;

	*ctl = (*ctl & ON_MASK) | (nested_timer_met(nested, which) ? TIMER_CTL_ISTATUS : 0);
	high = (*ctl & LINE_MASK) == LINE_HIGH;
	if (high != is_line_high(nested, which))
		vgic_set_ppi(nested->vcpu, ppi_of[which], high);
}

void nested_timer_changed(struct nested *nested, enum nested_timer_id which)
{
	uint64_t deadline;

	set_line(nested, which);
	deadline = deadline_of(nested, which);
	if (deadline < nested->timer->armed)
		arm(nested->timer, deadline);
}

/*
 * It is loaded here, or it has blocked here and is loaded nowhere, or it is just being woken. Then
 * it looks itself when it is loaded.
 */
static void expired(struct soft_timer *soft)
{
	struct nested_timer *timer = container_of(soft, struct nested_timer, soft);
	struct nested *nested = timer->nested;

	if (this_cpu()->current != nested->vcpu) {
		vcpu_wake(nested->vcpu);
		return;
	}
	timer->armed = TIMER_NEVER;
	for (enum nested_timer_id which = 0; which < NR_NESTED_TIMERS; which++) {
		if (!nested_timer_is_live(nested, which))
			set_line(nested, which);
	}
	watch(nested, nested->inner);
}

/* ---- into the CPU, and out of it ---- */

/* CNTHCTL_EL2 while inner. L1's event stream is where its CNTHCTL_EL2 is: with VHE in the CPU's
 * CNTKCTL_EL1, or in what was that. */
static __always_inline uint64_t inner_cnthctl(const struct nested *nested, uint64_t cntkctl)
{
	uint64_t cnthctl = nested->timer->cnthctl[1];

	return nested->vhe ? cnthctl | (cntkctl & CNTHCTL_EL2_EVENTS) : cnthctl;
}

/* Of the two that are in the CPU. */
static __always_inline void take_out(
	uint64_t *virt_ctl, uint64_t *virt_cval, uint64_t *phys_ctl, uint64_t *phys_cval)
{
	*virt_ctl = save_sysreg(CNTV_CTL_EL0);
	*virt_cval = save_sysreg(CNTV_CVAL_EL0);
	*phys_ctl = save_sysreg(CNTP_CTL_EL0);
	*phys_cval = save_sysreg(CNTP_CVAL_EL0);
	restore_sysreg(0, CNTV_CTL_EL0);
	restore_sysreg(0, CNTP_CTL_EL0);
}

/* May one of these, which are not in the CPU any more, have its interrupt pending? */
static __always_inline bool may_be_high(uint64_t virt_ctl, uint64_t phys_ctl)
{
	return (virt_ctl | phys_ctl) & TIMER_CTL_ISTATUS;
}

/* Is one of them to be watched from now on? */
static __always_inline bool is_news(const struct nested_timer *timer, uint64_t virt_ctl,
	uint64_t virt_deadline, uint64_t phys_ctl, uint64_t phys_deadline)
{
	if (!((virt_ctl | phys_ctl) & TIMER_CTL_ENABLE))
		return false;
	return ((virt_ctl & ON_MASK) == ON && virt_deadline < timer->armed) ||
		((phys_ctl & ON_MASK) == ON && phys_deadline < timer->armed);
}

/* An interrupt of one of the four is pending or active: the physical ones go with it. All four are
 * in memory, and off in the CPU. */
static __noinline void switch_more(struct nested *nested, const struct vgic_hw *hw)
{
	(void)vgic_switch_hw_more(nested->vcpu, hw, lines_of(nested));
}

void nested_timer_enter(struct nested *nested)
{
	struct nested_timer *timer = nested->timer;
	uint64_t off = nested->vcpu->vm->cntvoff, virt = 0, phys = 0;

	if (nested->vhe) {
		take_out(&timer->ctl[0], &timer->cval[0], &timer->ctl[1], &timer->cval[1]);
		virt = timer->ctl[0];
		phys = timer->ctl[1];
	}
	restore_sysreg(VNCR_REG(nested, CNTV_CVAL_EL0), CNTV_CVAL_EL0);
	restore_sysreg(VNCR_REG(nested, CNTP_CVAL_EL0), CNTP_CVAL_EL0);
	restore_sysreg(off + VNCR_REG(nested, CNTVOFF_EL2), CNTVOFF_EL2);
	restore_sysreg(
		inner_cnthctl(nested, nested->vhe ? save_sysreg(CNTKCTL_EL1) : 0), CNTHCTL_EL2);
	/* Compare values and offset before the timers are on; outputs low before their interrupts
	 * are let go. */
	isb();
	if (unlikely(may_be_high(virt, phys)) || unlikely(!vgic_switch_hw(nested->vcpu, &hw_inner)))
		switch_more(nested, &hw_inner);
	restore_sysreg(VNCR_REG(nested, CNTV_CTL_EL0), CNTV_CTL_EL0);
	restore_sysreg(VNCR_REG(nested, CNTP_CTL_EL0), CNTP_CTL_EL0);
	if (unlikely(is_news(timer, virt, timer->cval[0] + off, phys, timer->cval[1])))
		watch(nested, true);
}

void nested_timer_leave(struct nested *nested)
{
	struct nested_timer *timer = nested->timer;
	const struct vgic_hw *hw = nested->vhe ? &hw_hyp : &hw_none;
	uint64_t off = nested->vcpu->vm->cntvoff;
	uint64_t virt_off = off + VNCR_REG(nested, CNTVOFF_EL2), virt, phys;

	take_out(&VNCR_REG(nested, CNTV_CTL_EL0), &VNCR_REG(nested, CNTV_CVAL_EL0),
		&VNCR_REG(nested, CNTP_CTL_EL0), &VNCR_REG(nested, CNTP_CVAL_EL0));
	virt = VNCR_REG(nested, CNTV_CTL_EL0);
	phys = VNCR_REG(nested, CNTP_CTL_EL0);
	if (nested->vhe) {
		restore_sysreg(timer->cval[0], CNTV_CVAL_EL0);
		restore_sysreg(timer->cval[1], CNTP_CVAL_EL0);
		restore_sysreg(off, CNTVOFF_EL2);
	}
	restore_sysreg(timer->cnthctl[0], CNTHCTL_EL2);
	isb();
	if (unlikely(may_be_high(virt, phys)) || unlikely(!vgic_switch_hw(nested->vcpu, hw)))
		switch_more(nested, hw);
	if (nested->vhe) {
		restore_sysreg(timer->ctl[0], CNTV_CTL_EL0);
		restore_sysreg(timer->ctl[1], CNTP_CTL_EL0);
	}
	if (unlikely(!cpu_features.ecv) ||
		unlikely(is_news(timer, virt, VNCR_REG(nested, CNTV_CVAL_EL0) + virt_off, phys,
			VNCR_REG(nested, CNTP_CVAL_EL0))))
		watch(nested, false);
}

/* ---- a vCPU comes and goes ---- */

static const struct vgic_hw *hw_of(const struct nested *nested)
{
	if (nested->inner)
		return &hw_inner;
	return nested->vhe ? &hw_hyp : &hw_none;
}

/* Which of the four is in that timer of the CPU; NR_NESTED_TIMERS: none. */
static enum nested_timer_id live_in(const struct nested *nested, unsigned source)
{
	if (nested->inner)
		return source == VTIMER_CNTV ? NESTED_CNTV : NESTED_CNTP;
	if (!nested->vhe)
		return NR_NESTED_TIMERS;
	return source == VTIMER_CNTV ? NESTED_CNTHV : NESTED_CNTHP;
}

void nested_timer_load(struct nested *nested)
{
	enum nested_timer_id virt = live_in(nested, VTIMER_CNTV),
			     phys = live_in(nested, VTIMER_CNTP);
	uint64_t off = nested->vcpu->vm->cntvoff;

	disarm(nested->timer);
	vtimer_ppi_enable(this_cpu(), VTIMER_PHYSICAL_PPIS, VTIMER_PHYSICAL_PPIS);
	if (nested->inner || !nested->vhe)
		off += VNCR_REG(nested, CNTVOFF_EL2);
	write_sysreg(off, CNTVOFF_EL2);
	write_sysreg(nested->inner ? inner_cnthctl(nested, nested->hyp_live[SWITCHED_CNTKCTL])
				   : nested->timer->cnthctl[0],
		CNTHCTL_EL2);
	if (virt != NR_NESTED_TIMERS) {
		write_sysreg(*nested_timer_cval(nested, virt), CNTV_CVAL_EL0);
		write_sysreg(*nested_timer_cval(nested, phys), CNTP_CVAL_EL0);
	}
	isb();
	switch_more(nested, hw_of(nested));
	if (virt != NR_NESTED_TIMERS) {
		write_sysreg(*nested_timer_ctl(nested, virt), CNTV_CTL_EL0);
		write_sysreg(*nested_timer_ctl(nested, phys), CNTP_CTL_EL0);
	}
	watch(nested, nested->inner);
}

/* It waits, unloaded: all of them are to wake it. One that is high already has: the vCPU waits with
 * an interrupt that it can't get. */
static void watch_blocked(struct nested *nested, uint32_t lines, uint32_t known)
{
	uint64_t first = TIMER_NEVER;

	for (enum nested_timer_id which = 0; which < NR_NESTED_TIMERS; which++)
		first = MIN(first, deadline_of(nested, which));
	if (lines & ~known)
		first = timer_now();
	else if (lines)
		first = MIN(first, timer_now() + timer_ms_to_ticks(VTIMER_LOOK_AGAIN_MS));
	arm(nested->timer, first);
}

void nested_timer_put(struct nested *nested)
{
	enum nested_timer_id virt = live_in(nested, VTIMER_CNTV),
			     phys = live_in(nested, VTIMER_CNTP);
	uint32_t lines, known;

	if (virt != NR_NESTED_TIMERS)
		take_out(nested_timer_ctl(nested, virt), nested_timer_cval(nested, virt),
			nested_timer_ctl(nested, phys), nested_timer_cval(nested, phys));
	write_sysreg(VTIMER_CNTHCTL, CNTHCTL_EL2);
	/* Outputs low before their interrupts are let go. */
	isb();
	lines = lines_of(nested);
	known = vgic_switch_hw_more(nested->vcpu, &hw_none, lines);
	disarm(nested->timer);
	if (READ_ONCE(nested->vcpu->state) == VCPU_BLOCKED)
		watch_blocked(nested, lines, known);
}

/* ---- a VM comes and goes ---- */

/* CNTHCTL_EL2 of the CPU, E2H = 0, in each context. */
void nested_timer_set_controls(struct nested *nested)
{
	struct nested_timer *timer = nested->timer;
	uint64_t virt = nested->values[VEL2_CNTHCTL];
	uint64_t pct = nested->vhe ? CNTHCTL_EL2_VHE_EL1PCTEN : CNTHCTL_EL2_EL1PCTEN;
	uint64_t pt = nested->vhe ? CNTHCTL_EL2_VHE_EL1PTEN : CNTHCTL_EL2_EL1PCEN;

	timer->cnthctl[1] =
		(virt & pct ? CNTHCTL_EL2_EL1PCTEN : 0) | (virt & pt ? CNTHCTL_EL2_EL1PCEN : 0);
	timer->cnthctl[0] = CNTHCTL_EL2_EL1PCTEN;
	if (cpu_features.ecv)
		timer->cnthctl[1] |= virt & (CNTHCTL_EL2_EL1TVT | CNTHCTL_EL2_EL1TVCT);
	if (nested->vhe) {
		timer->cnthctl[0] |= CNTHCTL_EL2_EL1PCEN;
		if (cpu_features.ecv)
			timer->cnthctl[0] |= CNTHCTL_EL2_EL1NVPCT | CNTHCTL_EL2_EL1NVVCT;
		return;
	}
	timer->cnthctl[0] |= virt & CNTHCTL_EL2_EVENTS;
	timer->cnthctl[1] |= virt & CNTHCTL_EL2_EVENTS;
	if (cpu_features.ecv)
		timer->cnthctl[0] |= CNTHCTL_EL2_EL1TVT | CNTHCTL_EL2_EL1TVCT;
}

void nested_timer_reset(struct nested *nested)
{
	disarm(nested->timer);
	for (enum nested_timer_id which = 0; which < NR_NESTED_TIMERS; which++)
		*nested_timer_ctl(nested, which) = *nested_timer_cval(nested, which) = 0;
	nested_timer_set_controls(nested);
}

void nested_timer_destroy(struct vm *vm)
{
	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		struct nested *nested = nested_of(vm->vcpus[i]);

		if (!nested || !nested->timer)
			continue;
		disarm(nested->timer);
		mm_free(nested->timer, sizeof(*nested->timer));
		nested->timer = NULL;
	}
}

enum status nested_timer_create(struct vm *vm)
{
	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		struct nested *nested = nested_of(vm->vcpus[i]);
		struct nested_timer *timer = mm_zalloc(sizeof(*timer));

		if (!timer)
			return ERR_NO_MEMORY;
		nested->timer = timer;
		timer->nested = nested;
		timer->armed = TIMER_NEVER;
		soft_timer_init(&timer->soft, expired);
		vgic_map_hw(vm->vcpus[i], VTIMER_PPI_HYP_VIRTUAL, VTIMER_CNTV,
			timer_intid(TIMER_PPI_VIRTUAL));
		vgic_map_hw(
			vm->vcpus[i], VTIMER_PPI_HYP, VTIMER_CNTP, timer_intid(TIMER_PPI_PHYSICAL));
		vgic_share_hw(vm->vcpus[i]);
	}
	return OK;
}
