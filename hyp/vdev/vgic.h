/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The virtual GICv3 of a VM (IHI 0069): a distributor with 256 SPIs, and a redistributor with 16
 * SGIs and 16 PPIs for each vCPU. Single security state (DS = 1), affinity routing only, no LPIs.
 * The CPU interface is the hardware's virtual one.
 *
 * While a vCPU is loaded its interrupts live in that CPU's list registers, across exits; software
 * state holds the rest. Nothing but the CPU on which a vCPU is loaded touches its list registers:
 * whoever changes something that concerns them says so in software state and asks that CPU to look
 * (WORK_VGIC; the run loop then calls vgic_flush()).
 *
 * Every function but the few that say so may be called on any CPU, with locks held that are above
 * the vGIC's in the order of hyp/arch/lock.h.
 */
#ifndef HYP_VDEV_VGIC_H
#define HYP_VDEV_VGIC_H

#include "hyp/vdev/vtimer.h"

/* Where the frames are in the guest's physical address space, as on QEMU's virt. */
#define VGIC_GICD_BASE   UINT64_C(0x08000000)
#define VGIC_GICD_SIZE   KIB(64)
#define VGIC_GICR_BASE   UINT64_C(0x080a0000)
#define VGIC_GICR_STRIDE KIB(128) /* RD frame and SGI frame of one vCPU */
#define VGIC_FRAME_SIZE  KIB(64)

#define VGIC_SPI_FIRST   32
#define VGIC_NR_SPIS     256
#define VGIC_NR_INTIDS   (VGIC_SPI_FIRST + VGIC_NR_SPIS)

/* The row for boot/parts.c. Its create adds the frames to the VM's device table. */
extern const struct vm_part vgic_part;

/*
 * Boot CPU, once, after gic_init() and irq_init(): registers the maintenance interrupt.
 * ERR_NOT_SUPPORTED when the devicetree names none. Then on each CPU, after gic_cpu_init(): enables
 * it.
 */
enum status vgic_init(void) __must_check;
void vgic_init_cpu(void);

/* The level of the wire of an SPI (32..287; others are ignored). Edge-triggered SPIs become pending
 * when it rises. */
void vgic_set_spi(struct vm *vm, unsigned intid, bool level);

/*
 * Lines (hyp/vdev/line.h): SPIs that are raised by others and fall by themselves. Open until the VM
 * is reset; opening one that is open changes nothing. `resample`: it falls when the guest ends the
 * interrupt (it becomes inactive: EOI, in EOImode 1 DIR; ICACTIVER), then line_ended() is called,
 * with no vGIC's lock held. Else a rise is a pulse.
 */
void vgic_open_line(struct vm *vm, unsigned intid, bool resample);

enum vgic_rise {
	VGIC_RISE_DOWN, /* it isn't open, or it is a pulse and the guest has it level-sensitive:
			   nothing was done */
	VGIC_RISE_DONE,
	VGIC_RISE_HIGH, /* it was high. It is high again after the end, unless the guest is known
			   not to have acknowledged it: Lintel can't see that while the vCPU that
			   has it in a list register runs on another CPU, and rather rings twice. */
};
enum vgic_rise vgic_raise_line(struct vm *vm, unsigned intid);

/* vgic_set_spi() for a PPI (16..31) of one vCPU. Not for those that vgic_map_hw() named. */
void vgic_set_ppi(struct vcpu *vcpu, unsigned intid, bool level);

/*
 * A PPI of the vCPU that is a physical interrupt `pintid` of whatever CPU the vCPU is loaded on
 * (timers; `source` is VTIMER_CNTV or VTIMER_CNTP): ended by the guest through the HW bit of a list
 * register. At the vCPU's creation.
 */
void vgic_map_hw(struct vcpu *vcpu, unsigned intid, unsigned source, uint32_t pintid);

/*
 * A vCPU with more timers than the CPU has for it (hyp/nested/timer.c): of its PPIs named by
 * vgic_map_hw(), two at a time are those of the CPU's timers, and come as physical interrupts. The
 * others are wires as any, by vgic_set_ppi(). At the vCPU's creation; none is in the CPU then, nor
 * whenever it isn't loaded. vgic_switch_hw() is in vgic_fast.h, inline.
 */
struct vgic_hw {
	uint32_t ppis;   /* bit n: PPI n is in the CPU */
	uint32_t source; /* VGIC_SOURCE(): in which of its timers */
};
/* A byte for each; 0: none. */
#define VGIC_SOURCE(source, ppi)         ((uint32_t)(ppi) << (8 * (source)))
#define VGIC_SOURCE_PPI(sources, source) ((sources) >> (8 * (source)) & 0xff)

void vgic_share_hw(struct vcpu *vcpu);

/*
 * Whoever drives a PPI (not one of vgic_map_hw()) may be asked for its level, besides telling it by
 * vgic_set_ppi(): when the guest has ended the interrupt, so that one whose cause is gone does not
 * come again, and when the guest reads its pending state. `level` is called for the vCPU that runs
 * here, with the vGIC's lock held. At the vCPU's creation; one PPI.
 */
void vgic_sample_ppi(struct vcpu *vcpu, unsigned intid, bool (*level)(struct vcpu *vcpu));

/*
 * The vCPU is being loaded on this CPU, and of the PPIs that vgic_map_hw() named those with their
 * bits set in `lines` are high. Before their sources are switched on; so the timers' part calls
 * this, and the vGIC's has no vcpu_load of its own.
 */
void vgic_load(struct vcpu *vcpu, uint32_t lines);

/* The vCPU leaves this CPU. After the sources have been switched off: from the timers' part, too.
 */
void vgic_put(struct vcpu *vcpu);

/*
 * The CPU interface of the vCPU that is loaded here is detached: its interrupts are all in software
 * state from now on, list registers are empty, and the interface (ICH_*_EL2) is free for another
 * use until vgic_attach(). Everything else of this file works on, but nothing reaches the guest:
 * when there is an interrupt that would be signalled, now or later, WORK_VGIC is asked for, and
 * vgic_has_pending() says so. Physical interrupts of vgic_map_hw() that are active stay so. The
 * maintenance interrupt of the CPU only asks for WORK_VGIC.
 * vgic_detach() and vgic_attach() are in vgic_fast.h, inline. A vCPU is put attached. To attach,
 * the user has emptied the list registers.
 */

/* What an interrupt of the vCPU's own GIC is that a list register of its inner guest's names as the
 * physical one behind it. The vCPU is loaded here and detached. */
enum vgic_link {
	VGIC_LINK_NONE,     /* no PPI or SPI that there is */
	VGIC_LINK_INACTIVE, /* not active now */
	VGIC_LINK_SOFT,     /* active */
	VGIC_LINK_HW,       /* active, and the physical interrupt *pintid behind it is, too */
};
enum vgic_link vgic_link(struct vcpu *vcpu, unsigned intid, uint32_t *pintid);

/* The inner guest has ended it, so it is active no more; `hw`: the CPU has deactivated the physical
 * interrupt already, by the HW bit. */
void vgic_end_link(struct vcpu *vcpu, unsigned intid, bool hw);

/* Is one of these list registers of this CPU (bit n: register n) pending so that it would be
 * signalled, by ICH_VMCR_EL2 and the active priorities as they are now? */
bool vgic_vif_signals(uint32_t registers);

/*
 * The physical interrupt of a PPI that vgic_map_hw() named came, was acknowledged and dropped, and
 * stays active. Only for the vCPU that is loaded on this CPU. In vgic_fast.h, inline:
 * vgic_pend_hw(vcpu, intid).
 */

/*
 * Bound interrupts (hyp/smccc/sdei_bind.c): while one is bound the guest never gets it as an
 * interrupt. Bound are SPIs, of a VM, and PPIs, each vCPU's own, but not those that vgic_map_hw()
 * named, nor SGIs. `vcpu` is the one that runs here, or one that isn't loaded; SPIs are those of
 * its VM. The enable bit, group, priority and route that the guest has given to a bound interrupt
 * don't matter, its trigger does. A reset of the VM unbinds all.
 */
bool vgic_can_bind(const struct vm *vm, unsigned intid);

/*
 * What is pending stays pending, but for a vCPU that runs on another CPU and takes it at this
 * moment: to that one it is an interrupt for the last time. Else nothing was done: it is active; or
 * another CPU must first say what it has in its list registers, and was asked to: the guest's call
 * is to be repeated.
 */
enum vgic_bind_result {
	VGIC_BIND_DONE,
	VGIC_BIND_ACTIVE,
	VGIC_BIND_AGAIN,
};
enum vgic_bind_result vgic_bind(struct vcpu *vcpu, unsigned intid);

/* No longer, if it was; an edge that came and was not taken is forgotten. */
void vgic_unbind(struct vcpu *vcpu, unsigned intid);

/*
 * Who gets WORK_PARTS when that bound SPI becomes pending, or is already; NULL: nobody. Nobody is
 * told of one that is taken. A bound PPI tells its own vCPU.
 */
void vgic_bound_tell(struct vm *vm, unsigned intid, struct vcpu *vcpu);

/* Is any bound at all? */
bool vgic_any_bound(const struct vm *vm);

/* The bound interrupts of that vCPU and its VM that are pending and not taken: bit n of word w is
 * INTID 32 * w + n. False: there are none, and *found is not set. */
#define VGIC_BOUND_WORDS (VGIC_NR_INTIDS / 32)
struct vgic_bound {
	uint32_t pending[VGIC_BOUND_WORDS];
};
bool vgic_bound_pending(struct vcpu *vcpu, struct vgic_bound *found);

/* Takes one: false: it isn't pending any more. And its end: a level that is still high, or an edge
 * that came meanwhile, makes it pending again; lines that fall at the end of an interrupt fall. */
bool vgic_bound_take(struct vcpu *vcpu, unsigned intid);
void vgic_bound_end(struct vcpu *vcpu, unsigned intid);

/*
 * Would an interrupt be signalled to the vCPU (and end its WFI): pending, enabled, its groups
 * enabled, of higher priority than the priority mask and what is active. PSTATE.{I,F} are not
 * looked at. The vCPU is loaded on this CPU (then the list registers are brought up to date too),
 * or nowhere.
 */
bool vgic_has_pending(struct vcpu *vcpu);

/*
 * The WakeRequest of a vCPU without power, whose CPU interface says nothing (software has switched
 * its groups off before, IHI 0069 section 11): is an interrupt for it pending, enabled, and its
 * group enabled in the distributor? The vCPU is loaded here.
 */
bool vgic_requests_wake(struct vcpu *vcpu);

/* Brings the list registers up to date: the vCPU is loaded here, WORK_VGIC was set (and is cleared
 * already). */
void vgic_flush(struct vcpu *vcpu);

/*
 * A write to ICC_SGI1R_EL1, ICC_ASGI1R_EL1 or ICC_SGI0R_EL1 (`encoding`: SYS_...) by the vCPU that
 * runs here. Unknown targets are ignored. IHI 0069 12.2.
 */
enum exit_result vgic_sgi_write(struct vcpu *vcpu, unsigned encoding, uint64_t value);

/*
 * An access to one of the registers with trap class ICC, which reaches EL2 only while
 * ICH_HCR_EL2.{TDIR,TC} are set (more active interrupts than list registers, or EOImode 1 with
 * several vCPUs). *value is read or set. What isn't trapped then is UNDEFINED (ICC_* of a GIC
 * without it). IHI 0069 12.2.
 */
enum exit_result vgic_icc_access(struct vcpu *vcpu, unsigned encoding, bool write, uint64_t *value);

#endif
