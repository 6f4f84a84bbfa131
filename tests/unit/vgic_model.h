/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine for the tests of the vGIC: CPUs with a virtual CPU interface (IHI 0069 chapter 6: list
 * registers, VMCR, active priorities, maintenance interrupt), timers and their physical interrupts,
 * and one VM. It stands on the fake CPU's hooks.
 *
 * What a guest does is done by the functions guest_*(), for the vCPU that is loaded on a CPU; what
 * Lintel's run loop would do after it is done by model_run().
 */
#ifndef TESTS_UNIT_VGIC_MODEL_H
#define TESTS_UNIT_VGIC_MODEL_H

#include "hyp/vdev/device.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vdev/vgic_state.h"
#include "hyp/vdev/vtimer.h"

#define MODEL_SPURIOUS 1023

struct model_cpu {
	uint64_t lr[VIF_LRS_MAX];
	uint64_t hcr, vmcr;
	uint32_t ap0, ap1;
	uint32_t phys_active, phys_enabled; /* of PPIs 27 and 30 */
	uint64_t cntvoff;
	uint64_t ctl[2], cval[2]; /* virtual, physical */
};

extern struct model_cpu model_cpus[MAX_VCPUS];
extern uint64_t model_counter;
extern uint64_t model_pace; /* ticks that each look at the counter takes */
extern struct vm *model_vm;
extern unsigned model_kicks;     /* vcpu_request() calls */
extern unsigned model_undefined; /* inject_undefined() calls */
extern bool model_has_tdir;
extern unsigned model_ended[VGIC_NR_INTIDS];     /* line_ended() calls */
extern void (*model_on_end)(unsigned intid);     /* called by it; NULL: nothing */
extern void (*model_on_work)(struct vcpu *vcpu); /* after vgic_flush(); NULL: nothing */

/* A VM with nr_vcpus vCPUs on as many CPUs, each loaded on the CPU with its number; `lrs` list
 * registers. */
void model_create(unsigned nr_vcpus, unsigned lrs);
void model_destroy(void);

/* Loads another vCPU (NULL: none) on a CPU; what was there before is put. */
void model_switch(unsigned cpu, struct vcpu *vcpu);

/* Work, maintenance and timer interrupts of one CPU, of all, until nothing is left to do; fails
 * when that has no end. */
void model_run(unsigned cpu);
void model_run_all(void);

/* Is there anything model_run() would do? */
bool model_busy(unsigned cpu);

/* Calls the handler of a physical interrupt. */
void model_irq(unsigned cpu, unsigned intid);

struct vcpu *model_vcpu(unsigned id);

/* Its CPU interface is detached, and back. Meanwhile its list registers hold what no vGIC has
 * written, and must still hold it in the end. */
void model_detach(unsigned cpu);
void model_attach(unsigned cpu);
bool model_detached(unsigned cpu);

/* vgic_has_pending() of the vCPU there. */
bool model_has_pending(unsigned cpu);

/* ---- the guest ---- */

/* MMIO; repeated, with model_run_all(), while it is to be retried. Result of the last try in
 * model_mmio_result. */
uint64_t guest_read(unsigned cpu, uint64_t ipa, unsigned width);
void guest_write(unsigned cpu, uint64_t ipa, unsigned width, uint64_t value);
extern enum mmio_result model_mmio_result;
extern unsigned model_retries;

/* IAR of a group: the INTID, or MODEL_SPURIOUS. */
unsigned guest_ack(unsigned cpu, bool group1);
/* HPPI of either group: which interrupt is signalled now; MODEL_SPURIOUS when none is. */
unsigned guest_signalled(unsigned cpu, bool *group1);
void guest_eoi(unsigned cpu, unsigned intid, bool group1);
void guest_dir(unsigned cpu, unsigned intid);
void guest_sgi(unsigned cpu, uint64_t value);
void guest_set_pmr(unsigned cpu, unsigned priority);
void guest_set_groups(unsigned cpu, bool group0, bool group1);
void guest_set_eoimode(unsigned cpu, bool eoimode);

/* All SGIs and PPIs or SPIs: group 1, one priority, enabled; distributor on, PMR open, group 1 on,
 * on every CPU. */
void guest_setup(unsigned priority);

/* The offset of a register frame. */
#define GICD(offset)           (VGIC_GICD_BASE + (offset))
#define GICR(cpu, offset)      (VGIC_GICR_BASE + (cpu)*VGIC_GICR_STRIDE + (offset))
#define SGI_FRAME(cpu, offset) GICR(cpu, 0x10000 + (offset))

#endif
