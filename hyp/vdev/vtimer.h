/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The timers of a vCPU: the EL1 virtual timer (PPI 27) and the EL1 physical timer (PPI 30).
 *
 * The guest programs the CPU's own timers while it is loaded; their physical interrupts become its
 * PPIs, ended through a list register with the HW bit. While it is not loaded its compare values
 * are watched by soft timers (hyp/vm/timer.h). The virtual counter is the physical one minus
 * vm->cntvoff. Arm ARM D12.
 *
 * A vCPU with a virtual EL2 has four timers; hyp/nested/timer.c moves them into the CPU and out
 * while the vCPU is loaded. Here they are off (vgic_share_hw()), but for their interrupts, which
 * come to the PPI that vgic_switch_hw() names.
 */
#ifndef HYP_VDEV_VTIMER_H
#define HYP_VDEV_VTIMER_H

#include "hyp/arch/sysreg_fields.h"
#include "hyp/vm/vm.h"

/* What the guest's devicetree says. */
#define VTIMER_PPI_VIRTUAL     27
#define VTIMER_PPI_PHYSICAL    30
/* Of a vCPU with a virtual EL2, besides: CNTHV, with VHE, and CNTHP. */
#define VTIMER_PPI_HYP_VIRTUAL 28
#define VTIMER_PPI_HYP         26

/* The CPU's timers for guests: CNTV, CNTP. */
enum { VTIMER_CNTV, VTIMER_CNTP, VTIMER_SOURCES };

/* Their interrupts on the CPU: bits as the PPIs of the guest. */
#define VTIMER_PHYSICAL_PPIS ((uint32_t)(BIT(VTIMER_PPI_VIRTUAL) | BIT(VTIMER_PPI_PHYSICAL)))

/* CNTHCTL_EL2, E2H = 0, while a vCPU is loaded that has no virtual EL2: EL1 may use the physical
 * counter and timer; nothing else of it. */
#define VTIMER_CNTHCTL       (CNTHCTL_EL2_EL1PCTEN | CNTHCTL_EL2_EL1PCEN)

/* May a vCPU that waits with its timer's interrupt pending, which it can't get, be looked at again?
 * So often. */
#define VTIMER_LOOK_AGAIN_MS 10

/* The row for boot/parts.c, after vgic_part. */
extern const struct vm_part vtimer_part;

/*
 * Boot CPU, once, after timer_init() and irq_init(): registers the physical interrupts of both
 * timers. ERR_NOT_FOUND when the devicetree has no virtual timer. Then on each CPU, after
 * gic_cpu_init(): both off, and the guest may use them (CNTHCTL_EL2).
 */
enum status vtimer_init(void) __must_check;
void vtimer_init_cpu(void);

/*
 * Bit n: the output of the timer with PPI n is high (ENABLE, not IMASK, condition met). The vCPU is
 * loaded on this CPU, or nowhere. Arm ARM D12.2.4.
 */
uint32_t vtimer_lines(const struct vcpu *vcpu);

/* Which of the physical interrupts are enabled on each CPU: bits as the PPIs of the guest. */
extern uint32_t vtimer_enabled_ppis[MAX_CPUS];

void vtimer_ppi_change(const struct cpu *cpu, uint32_t changed, uint32_t enabled);

/*
 * The physical interrupts of the timers whose bits are set in `changed` may come on `cpu` or not,
 * as `enabled` says. From the vGIC, with its lock held. They stay as they are when nobody is
 * loaded.
 */
static inline void vtimer_ppi_enable(const struct cpu *cpu, uint32_t changed, uint32_t enabled)
{
	if (unlikely((vtimer_enabled_ppis[cpu->index] ^ enabled) & changed))
		vtimer_ppi_change(cpu, changed, enabled);
}

#endif
