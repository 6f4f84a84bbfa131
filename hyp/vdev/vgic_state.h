/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The vGIC's own state. Only hyp/vdev/vgic*.c and vgic_fast.h include this.
 *
 * Interrupts are kept in banks of 32: one for each vCPU's SGIs and PPIs (word 0), eight for the
 * VM's SPIs (words 1..8).
 *
 * Who may touch what:
 *  - everything is under vgic->lock, but:
 *  - `inbox` is atomic: SGIs that were sent and that the vCPU has not seen;
 *  - the CPU on which a vCPU is loaded reads template, lr_of and look without the lock
 * (vgic_fast.h). lr_of changes only there (or while the vCPU is loaded nowhere); whoever changes
 * the others sees to it that that CPU looks;
 *  - list registers and ICH_HCR_EL2 belong to the CPU on which the vCPU is loaded.
 *
 * The truth about an interrupt whose bit in_lr is set is in a list register; latch, active and
 * lr_latch are then what they were when the list registers were last folded (and filled again). To
 * change such an interrupt, set a bit in one of the bank's requests and ask for a fold
 * (vgic_ask_fold()).
 *
 * A vCPU comes to a CPU with empty list registers; when its `look` is 0, it may enter the guest so.
 * For `look` says all there is to say about it while it is unloaded, too: folding leaves a bit for
 * each bank that has something pending or active, and whoever changes that later sets it, under the
 * lock, loaded or not. So nothing is lost between the look at `look` in vgic_load() and the entry:
 *  - who had the lock before vgic_load() has set `look`, which sees it;
 *  - who has it after asks for WORK_VGIC when it gives the lock back. WORK_VGIC stays in vcpu->work
 *    until the run loop has taken it; the vCPU is RUNNING before it is loaded, so who sets the bit
 *    after the loop's last look kicks the CPU (hyp/vm/sched.h: no wake-up is lost);
 *  - SGIs go into `inbox`, with WORK_VGIC after it in the same way.
 * A vCPU that is loaded may have its CPU interface detached (vgic_detach(): the list registers of
 * the CPU are those of its guest hypervisor's guest then). It is as one that is unloaded: all is in
 * software state, no in_lr, lr_of or used is set, so that nobody has a reason to look into a list
 * register; but the physical interrupts in hw_held stay active, for requests it is asked to fold as
 * any other that is loaded, and `look` keeps what is pending until vgic_attach(). Only the CPU that
 * has it asks whether it is detached, where `look` is settled.
 *
 * Nor has a vCPU that leaves anything to do for requests unless its bit is in `unsettled`: who
 * makes a request while it is loaded sets it.
 */
#ifndef HYP_VDEV_VGIC_STATE_H
#define HYP_VDEV_VGIC_STATE_H

#include "drivers/gic/vif.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vdev/vtimer.h"

#define VGIC_BANK_INTIDS    32
#define VGIC_BANKS          (VGIC_NR_INTIDS / VGIC_BANK_INTIDS)
#define VGIC_SPI_BANKS      (VGIC_BANKS - 1)
#define VGIC_SGIS           UINT32_C(0x0000ffff) /* of word 0 */

/* lr_of: in none. ICH_ELRSR_EL2's bit of that number is RES0, so that it never looks free. */
#define VGIC_NO_LR          31

/* vgic_cpu.look: bit n (0..8): bank n may hold interrupts for this vCPU that are not in a list
 * register; and: */
#define VGIC_LOOK_BANKS     GENMASK(VGIC_BANKS - 1, 0)
#define VGIC_LOOK_FOLD      BIT(31) /* fold the list registers, for requests or to be read */

/* vgic_cpu.special */
#define VGIC_ACTIVE_OUTSIDE BIT(0) /* active interrupts did not all fit */
#define VGIC_MANY_APRS      BIT(1) /* more than one active priority register for each group */
#define VGIC_DETACHED       BIT(2) /* list registers, ICH_HCR_EL2 and the rest are not its own */

/* vgic_bank.target, beside ids of vCPUs. */
#define VGIC_ANYBODY        0xfe /* IROUTER.IRM */
#define VGIC_NOBODY         0xff /* IROUTER names a CPU that does not exist */

/* vgic.kicks, beside a bit for each vCPU: some bank's `ended`, or `tell`, is not 0. */
#define VGIC_KICK_ENDED     BIT(31)
#define VGIC_KICK_BOUND     BIT(30)
_Static_assert(MAX_VCPUS <= 30, "the bits above are nobody's number");

/* vgic.groups: GICD_CTLR. */
#define VGIC_GROUP0 1U
#define VGIC_GROUP1 2U

struct vgic_bank {
	uint32_t enable;
	uint32_t group; /* 1: group 1 */
	uint32_t edge;
	uint32_t line;  /* level of the wire; not for those in hw_backed */
	uint32_t latch; /* pending: an edge came, or ISPENDR was written */
	uint32_t active;
	uint32_t in_lr;    /* in a list register of vCPU home[] */
	uint32_t lr_latch; /* pending in the list register because of latch, which was cleared then
			    */
	uint32_t any;      /* SPIs routed to any vCPU (IROUTER.IRM) */
	uint32_t clear_pending, set_active,
		clear_active;             /* requests, for interrupts in a list register */
	uint32_t targets[MAX_VCPUS];      /* bit n: interrupt n may be signalled to that vCPU */
	uint8_t target[VGIC_BANK_INTIDS]; /* the vCPU of `targets`, or VGIC_NOBODY, VGIC_ANYBODY */
	uint8_t home[VGIC_BANK_INTIDS];   /* vCPU that has it in a list register, or active */
	uint8_t priority[VGIC_BANK_INTIDS];
	/* SPIs that are lines (hyp/vdev/line.h): */
	uint32_t lines;    /* vgic_open_line(), and the VM has not been reset since */
	uint32_t resample; /* of those, the ones that fall when the guest ends the interrupt */
	uint32_t again;    /* of those, raised while the guest may have had the interrupt active */
	uint32_t ended;    /* line_ended() is to be called when the lock is given back */
	/* vgic_bind(): */
	uint32_t bound; /* not interrupts, but events */
	uint32_t taken; /* of those, the ones whose event has begun and not ended */
	uint8_t unused[24];
};

_Static_assert(sizeof(struct vgic_bank) == 256, "a bank's number is shifted, not multiplied");

/*
 * What the memory-mapped registers of the distributor or of a redistributor need to know: the
 * device of a row of the device table.
 */
struct vgic_frame {
	struct vgic *vgic;
	struct vgic_cpu *owner; /* whose redistributor it is; NULL: the distributor */
	struct vgic_bank *banks;
	unsigned first_word, words; /* which words the banks are */
	uint64_t typer;             /* GICD_TYPER, GICR_TYPER */
};

struct vgic_cpu {
	uint64_t template[VGIC_BANK_INTIDS]; /* list register value of a pending interrupt of word 0
					      */
	uint8_t lr_of[VGIC_BANK_INTIDS];     /* list register that has an interrupt of word 0, or
						VGIC_NO_LR */
	uint32_t look; /* not 0: something may be outside the list registers that belongs there */
	uint32_t deliverable; /* word 0: enabled, and so is the group in the distributor */
	uint32_t inbox;
	uint32_t used;      /* bit n: list register n was written since it was last folded */
	uint32_t hw_backed; /* word 0: vgic_map_hw(), and the source is in the CPU */
	uint32_t hw_held;   /* of those: the physical interrupt is active on this vCPU's behalf; 0
			       when it isn't loaded */
	uint16_t lr_intid[VIF_LRS_MAX];
	uint64_t hcr;                /* ICH_HCR_EL2 as written last */
	bool asleep;                 /* GICR_WAKER.ProcessorSleep */
	uint64_t vmcr;               /* ICH_VMCR_EL2: of an unloaded vCPU, or as seen last */
	const struct cpu *loaded_on; /* NULL: nowhere */
	struct vcpu *vcpu;
	struct vgic *vgic;
	struct vif_aprs aprs; /* of an unloaded vCPU */
	uint32_t special;     /* VGIC_*: what the short ways out and in don't know of */
	bool leaving;         /* being unloaded: others take SPIs that are for anybody */
	uint32_t pintid[VGIC_BANK_INTIDS]; /* 0: not one of vgic_map_hw() */
	uint32_t hw_named;                 /* word 0: vgic_map_hw(), whether hw_backed now or not */
	bool hw_shared;                    /* vgic_share_hw() */
	uint32_t hw_source;                /* VGIC_SOURCE(): the PPIs of the CPU's timers now */
	/* PPIs whose level is asked for: vgic_sample_ppi() */
	uint32_t sampled;
	bool (*sample)(struct vcpu *vcpu);

	/* a read by this vCPU that waits for other vCPUs to fold: vgic_sync() */
	uint32_t sync_wait; /* bit n: vCPU n has not done so yet */
	uint64_t sync_key;  /* which read */

	struct vgic_frame frame;
	struct vgic_bank bank;
};

struct vgic {
	struct spinlock lock;
	uint32_t groups;       /* GICD_CTLR: bit 0 group 0 enabled, bit 1 group 1 */
	uint32_t unsettled;    /* bit n: vCPU n is loaded and has been asked to fold */
	uint32_t kicks;        /* bit n: vCPU n is to be told when the lock is given back; and
				  VGIC_KICK_ENDED */
	uint32_t all;          /* bit n: vCPU n exists */
	uint32_t typer;        /* GICD_TYPER */
	uint8_t priority_mask; /* bits of a priority that exist */
	struct vm *vm;
	struct vgic_cpu *cpus[MAX_VCPUS];
	struct vgic_frame frame;
	struct vgic_bank spi[VGIC_SPI_BANKS];
	uint64_t router[VGIC_NR_SPIS];
	unsigned nr_bound; /* bits in all banks' `bound` */
	uint32_t tell;     /* bit n: vCPU n gets WORK_PARTS when the lock is given back */
	uint8_t bound_to[VGIC_NR_SPIS]; /* who is told, or VGIC_NOBODY */
};

/* For each set bit of a word, lowest first; the word is read once. */
#define for_each_bit(n, bits)                                              \
	for (uint32_t n, left_##n = (bits);                                \
		left_##n && (n = (uint32_t)__builtin_ctz(left_##n), true); \
		left_##n &= left_##n - 1)

static inline struct vgic *vgic_of(const struct vm *vm)
{
	return vm->part[PART_VGIC];
}

static inline struct vgic_cpu *vgic_cpu_of(const struct vcpu *vcpu)
{
	return vcpu->part[PART_VGIC];
}

/* The bank with word `word` (0..8) as this vCPU sees it. */
static inline struct vgic_bank *vgic_bank_of(struct vgic_cpu *cpu, unsigned word)
{
	return word == 0 ? &cpu->bank : &cpu->vgic->spi[word - 1];
}

static inline unsigned vgic_word(unsigned intid)
{
	return intid / VGIC_BANK_INTIDS;
}

static inline uint32_t vgic_bit(unsigned intid)
{
	return UINT32_C(1) << (intid % VGIC_BANK_INTIDS);
}

/* Bit n: interrupt n is enabled, and its group too. */
static inline uint32_t vgic_deliverable(const struct vgic *vgic, const struct vgic_bank *bank)
{
	uint32_t group0 = vgic->groups & VGIC_GROUP0 ? ~bank->group : 0;
	uint32_t group1 = vgic->groups & VGIC_GROUP1 ? bank->group : 0;

	return bank->enable & (group0 | group1);
}

/* Of the vCPU that is loaded here. */
static inline bool vgic_is_detached(const struct vgic_cpu *cpu)
{
	return unlikely(cpu->special & VGIC_DETACHED);
}

/* Is the vCPU loaded on the CPU that asks? The lock is held, or the vCPU runs here. */
static inline bool vgic_is_here(const struct vgic_cpu *cpu)
{
	return cpu->loaded_on == this_cpu();
}

static inline void vgic_lock(struct vgic *vgic)
{
	spin_lock(&vgic->lock);
}

/* Gives the lock back, then tells the vCPUs in vgic->kicks to look (the one that runs here, too:
 * before it goes on), and lines that their interrupts were ended. */
void vgic_unlock_and_kick(struct vgic *vgic);

static inline void vgic_unlock(struct vgic *vgic)
{
	if (unlikely(vgic->kicks))
		vgic_unlock_and_kick(vgic);
	else
		spin_unlock(&vgic->lock);
}

/* Pending SPIs of a bank. */
static inline uint32_t vgic_pending(const struct vgic_bank *bank)
{
	return bank->latch | (bank->line & ~bank->edge);
}

/* Pending SGIs and PPIs of a vCPU: for some wires a physical interrupt stands. */
static inline uint32_t vgic_pending_private(const struct vgic_cpu *cpu)
{
	const struct vgic_bank *bank = &cpu->bank;

	return bank->latch | (bank->line & ~bank->edge & ~cpu->hw_backed) | cpu->hw_held;
}

/* ---- vgic_irq.c: the rules of pending and active. The lock is held. ---- */

/*
 * Bit n: interrupt n of word `word` is to be signalled to the vCPU and is not in a list register:
 * pending, enabled, targeted, not active.
 */
uint32_t vgic_ready(struct vgic_cpu *cpu, unsigned word);

/* Tells the vCPUs concerned that something is new about the interrupts `bits`. `owner`: the vCPU of
 * word 0, else NULL. */
void vgic_route_pending(struct vgic *vgic, struct vgic_cpu *owner, unsigned word, uint32_t bits);

static inline void vgic_route(
	struct vgic *vgic, struct vgic_cpu *owner, unsigned word, uint32_t bits)
{
	bits &= owner ? vgic_pending_private(owner) : vgic_pending(&vgic->spi[word - 1]);
	if (unlikely(bits))
		vgic_route_pending(vgic, owner, word, bits);
}

/* Asks one vCPU to look at a bank. */
void vgic_notify(struct vgic_cpu *cpu, unsigned word);

/* Asks the vCPUs that have any of `bits` in a list register to fold them; see vgic_do_requests().
 */
void vgic_ask_fold(struct vgic *vgic, const struct vgic_bank *bank, uint32_t bits);
void vgic_ask_cpu_fold(struct vgic_cpu *cpu);

/* Does what the requests say that concern interrupts whose home is this vCPU. Its list registers
 * are folded. */
void vgic_do_requests(struct vgic_cpu *cpu);

/* The interrupts `bits` stop being active, now or when their vCPU has looked. `owner` as above. */
void vgic_clear_active(struct vgic *vgic, struct vgic_cpu *owner, unsigned word, uint32_t bits);

/* Remakes `deliverable` of a vCPU, after a change to enables or groups, and the templates of
 * `bits`. */
void vgic_update_private(struct vgic_cpu *cpu, uint32_t bits);

/*
 * Makes software state exact for reading a bank: folds and fills this CPU's list registers; false:
 * other vCPUs must do so first and were asked to, the access is to be tried again. `owner` as
 * above; `key`: which access it is, not 0.
 */
bool vgic_sync(struct vgic_cpu *reader, struct vgic_cpu *owner, unsigned word, uint64_t key);

/* This vCPU's list registers were folded: those who waited for it need not any more. */
void vgic_synced(struct vgic_cpu *cpu);

/* Ends the physical interrupt of a PPI in hw_held. The vCPU is loaded here. */
void vgic_release_hw(struct vgic_cpu *cpu, unsigned intid);

/* The highest active priority, or VGIC_PRIORITY_IDLE. */
#define VGIC_PRIORITY_IDLE 0x100
unsigned vgic_running_priority(const struct vif_aprs *aprs);

/* Is there one among the interrupts in software state that would be? `words`: bit n: look at word
 * n; `extra`: interrupts of word 0 that are as good as pending. The lock is held. */
bool vgic_software_signals(struct vgic_cpu *cpu, uint32_t words, uint32_t extra);

/* Would an interrupt of this priority and group be signalled, with these VMCR and active
 * priorities? IHI 0069 4.8. */
bool vgic_signals(uint64_t vmcr, const struct vif_aprs *aprs, unsigned priority, bool group1);

/* ICH_HCR_EL2 while everything fits, by cpu->vmcr. ICC_DIR may be for an interrupt that is active
 * on another vCPU: it is trapped. */
static inline uint64_t vgic_plain_hcr(const struct vgic_cpu *cpu)
{
	if (unlikely(cpu->vmcr & VIF_VMCR_VEOIM) && cpu->vgic->vm->nr_vcpus > 1)
		return VIF_HCR_EN | (vif.tdir ? VIF_HCR_TDIR : VIF_HCR_TC);
	return VIF_HCR_EN;
}

/* ---- vgic_line.c: SPIs that are lines. The lock is held. ---- */

/*
 * Of the SPIs `bits` of a word, which were active and are not any more, the lines that were high
 * have been answered: they fall, or stay high for one more interrupt, and are told when the lock is
 * given back.
 */
void vgic_end_lines(struct vgic *vgic, unsigned word, uint32_t bits);

/* What a list register that is folded says about a line in it: ended, or not even acknowledged. */
void vgic_fold_line(struct vgic_cpu *cpu, unsigned intid, uint64_t lr);

/* vgic_unlock_and_kick(), when VGIC_KICK_ENDED or VGIC_KICK_BOUND is set: calls line_ended(), tells
 * vCPUs that something is pending for an event. */
void vgic_unlock_and_tell(struct vgic *vgic);

/* ---- vgic_bound.c. The lock is held. ---- */

/* Bound interrupts are pending and not taken: has a vCPU told. */
void vgic_tell_bound(struct vgic *vgic, struct vgic_cpu *owner, unsigned word, uint32_t bits);

/* ---- vgic_lr.c: list registers. The lock is held and the vCPU is loaded here. ---- */

/* Empties the list registers into software state. */
void vgic_fold(struct vgic_cpu *cpu);

/* Fills the list registers, which are folded, with the best there is; sets ICH_HCR_EL2. */
void vgic_fill(struct vgic_cpu *cpu);

/* If the guest has ended the interrupt in its list register, so that it is in none any more. */
void vgic_reclaim(struct vgic_cpu *cpu, unsigned intid);

/* The wire of a level-sensitive interrupt went low: if it is pending in a list register for nothing
 * else, it goes. */
void vgic_withdraw(struct vgic_cpu *cpu, unsigned intid);

/* Brings the list registers up to date with what `look` says, the short way if there is one. */
void vgic_settle(struct vgic_cpu *cpu);

/* The same for a vCPU that is detached: only software state has to be brought up to date. */
void vgic_settle_detached(struct vgic_cpu *cpu);

/* Would one of its interrupts be signalled to a vCPU that is detached? Takes the lock. */
bool vgic_detached_signals(struct vgic_cpu *cpu);

/* Asks for the level of the wires that are sampled. The lock is held, the vCPU is loaded here. */
void vgic_sample(struct vgic_cpu *cpu);

/* Is it in a list register of this vCPU's, and pending there: so the guest has not acknowledged it.
 */
bool vgic_lr_waits(struct vgic_cpu *cpu, unsigned intid);

/* Is one of the list registers pending, so that it would be signalled? */
bool vgic_lr_signals(struct vgic_cpu *cpu);

/* Is one pending in a list register, signalled or not? The same holds. */
bool vgic_lr_pending(const struct vgic_cpu *cpu);

#endif
