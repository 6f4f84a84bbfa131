/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * List registers: which interrupts are in them, and how they get in and out.
 *
 * As long as everything fits, each interrupt goes into a free list register and stays known there
 * after the guest ended it (used, lr_of, in_lr), until the register is needed for another. When
 * something does not fit, all are folded into software state and filled again with the best, in
 * order:
 *
 *  - active interrupts keep their registers, highest priority first, but leave one for a pending
 * one;
 *  - pending ones by priority, then by INTID; those whose group the guest has disabled in its CPU
 * interface come last.
 *
 * What is left waits: NPIE brings the vCPU back when no pending interrupt is left in the registers,
 * VGrp*IE when the guest changes the enables of a group. Since what waits never has a higher
 * priority than what is pending in a register, the guest takes them in strict order. Active
 * interrupts outside are ended by EOIcount (EOImode 0: the highest active priority first, IHI
 * 0069 6.2.2), or by a trapped ICC_DIR_EL1 (EOImode 1).
 */
#include "drivers/gic/vif.h"
#include "hyp/arch/barrier.h"
#include "hyp/vdev/vgic_state.h"
#include "hyp/vdev/vtimer.h"

/* The best few of the interrupts of one kind, in order, and how many there are in all. */
struct choice {
	uint32_t keys[VIF_LRS_MAX];
	unsigned kept, total;
};

/* Keys sort by: group disabled, priority, INTID. */
#define KEY_INTID    GENMASK(15, 0)
#define KEY_PRIORITY GENMASK(23, 16)
#define KEY_DISABLED BIT(24)

static __noinline uint64_t lr_read(unsigned index)
{
	return vif_lr_read(index);
}

static __noinline void lr_write(unsigned index, uint64_t value)
{
	vif_lr_write(index, value);
}

/* ---- out of the list registers ---- */

static unsigned find_lr(const struct vgic_cpu *cpu, unsigned intid)
{
	if (intid < VGIC_SPI_FIRST)
		return cpu->lr_of[intid];
	for_each_bit(index, cpu->used)
	{
		if (cpu->lr_intid[index] == intid)
			return index;
	}
	return VGIC_NO_LR;
}

/*
 * One list register back into software state. What it means is in vgic_state.h. True: the interrupt
 * may have to go into a list register again. Of word 0 most are known to be at rest: the guest has
 * ended them. SPIs may be asked for by requests, which go by `look`.
 */
static bool fold_one(struct vgic_cpu *cpu, unsigned index)
{
	uint64_t lr = lr_read(index);
	unsigned intid = cpu->lr_intid[index];
	struct vgic_bank *bank = vgic_bank_of(cpu, vgic_word(intid));
	uint32_t bit = vgic_bit(intid);

	if ((lr & LR_PENDING) && ((bank->edge | bank->lr_latch) & bit))
		bank->latch |= bit;
	if (lr & LR_ACTIVE)
		bank->active |= bit;
	else
		bank->active &= ~bit;
	bank->lr_latch &= ~bit;
	bank->in_lr &= ~bit;
	/* The guest has ended the physical interrupt too: if its source is still high it comes
	 * again. */
	if ((lr & LR_HW) && !(lr & LR_STATE))
		cpu->hw_held &= ~bit;
	cpu->used &= ~(uint32_t)BIT(index);
	if (intid >= VGIC_SPI_FIRST) {
		if (unlikely(bank->resample & bit))
			vgic_fold_line(cpu, intid, lr);
		return true;
	}
	cpu->lr_of[intid] = VGIC_NO_LR;
	if (unlikely(cpu->sampled & bit))
		vgic_sample(cpu);
	return (lr & LR_STATE) || (vgic_pending_private(cpu) & bit);
}

/* Of the active interrupts outside the list registers, the one the guest ended: the highest
 * priority (IHI 0069 6.2.2). */
static void end_one_outside(struct vgic_cpu *cpu)
{
	uint32_t best = UINT32_MAX;

	for_each_bit(word, cpu->look & VGIC_LOOK_BANKS)
	{
		struct vgic_bank *bank = vgic_bank_of(cpu, word);

		for_each_bit(n, bank->active & ~bank->in_lr)
		{
			uint32_t key =
				(uint32_t)bank->priority[n] << 16 | (word * VGIC_BANK_INTIDS + n);

			if (bank->home[n] == cpu->vcpu->id && key < best)
				best = key;
		}
	}
	if (best != UINT32_MAX) {
		unsigned intid = (unsigned)FIELD_GET(KEY_INTID, best);

		vgic_clear_active(cpu->vgic, intid < VGIC_SPI_FIRST ? cpu : NULL, vgic_word(intid),
			vgic_bit(intid));
	}
}

void vgic_fold(struct vgic_cpu *cpu)
{
	if (unlikely(cpu->special & VGIC_ACTIVE_OUTSIDE)) {
		unsigned ended = (unsigned)FIELD_GET(VIF_HCR_EOICOUNT, vif_hcr_read());

		while (ended-- > 0)
			end_one_outside(cpu);
		vif_hcr_write(cpu->hcr);
	}
	for_each_bit(index, cpu->used)
	{
		unsigned intid = cpu->lr_intid[index], word = vgic_word(intid);
		const struct vgic_bank *bank;

		cpu->look |= fold_one(cpu, index) ? (uint32_t)BIT(word) : 0;
		lr_write(index, 0);
		if (word == 0)
			continue;
		/* It was routed elsewhere meanwhile, or bound: others are to know. */
		bank = vgic_bank_of(cpu, word);
		if ((~bank->targets[cpu->vcpu->id] | bank->bound) & vgic_bit(intid))
			vgic_route(cpu->vgic, NULL, word, vgic_bit(intid));
	}
}

void vgic_reclaim(struct vgic_cpu *cpu, unsigned intid)
{
	unsigned index = find_lr(cpu, intid);

	if (index != VGIC_NO_LR && !(lr_read(index) & LR_STATE))
		(void)fold_one(cpu, index);
}

void vgic_withdraw(struct vgic_cpu *cpu, unsigned intid)
{
	struct vgic_bank *bank = vgic_bank_of(cpu, vgic_word(intid));
	unsigned index = find_lr(cpu, intid);

	if (index == VGIC_NO_LR || (bank->lr_latch & vgic_bit(intid)) ||
		(lr_read(index) & LR_STATE) != LR_PENDING)
		return;
	(void)fold_one(cpu, index);
	lr_write(index, 0);
}

/* ---- into the list registers ---- */

/*
 * The value for an interrupt, and what becomes of its software state. A level-sensitive one gets
 * EOI, so that its wire is looked at again when the guest has ended it, and is never pending and
 * active at once; nor is one with HW. A line that falls then is one of these, even where the guest
 * has made it edge-triggered.
 */
static uint64_t build(struct vgic_cpu *cpu, unsigned intid, bool pending, bool active)
{
	struct vgic_bank *bank = vgic_bank_of(cpu, vgic_word(intid));
	unsigned n = intid % VGIC_BANK_INTIDS;
	uint32_t bit = vgic_bit(intid);
	uint64_t lr = intid | FIELD_PREP(LR_PRIORITY, bank->priority[n]);

	if (bank->group & bit)
		lr |= LR_GROUP1;
	if (intid < VGIC_SPI_FIRST && (cpu->hw_held & ~bank->latch & bit))
		return lr | LR_HW | FIELD_PREP(LR_PINTID, cpu->pintid[n]) |
			(active ? LR_ACTIVE : LR_PENDING);
	if (!(bank->edge & ~bank->resample & bit)) {
		lr |= LR_EOI;
		pending &= !active;
	}
	if (pending) {
		lr |= LR_PENDING;
		bank->lr_latch |= bank->latch & bit;
		bank->latch &= ~bit;
	}
	return active ? lr | LR_ACTIVE : lr;
}

static void put_in(struct vgic_cpu *cpu, unsigned index, unsigned intid, bool pending, bool active)
{
	struct vgic_bank *bank = vgic_bank_of(cpu, vgic_word(intid));

	lr_write(index, build(cpu, intid, pending, active));
	bank->in_lr |= vgic_bit(intid);
	bank->home[intid % VGIC_BANK_INTIDS] = (uint8_t)cpu->vcpu->id;
	cpu->used |= (uint32_t)BIT(index);
	cpu->lr_intid[index] = (uint16_t)intid;
	if (intid < VGIC_SPI_FIRST)
		cpu->lr_of[intid] = (uint8_t)index;
}

static void choose(struct choice *choice, uint32_t key)
{
	unsigned at = choice->kept;

	choice->total++;
	if (at == vif.lrs && at != 0) {
		if (key > choice->keys[at - 1])
			return;
		at--;
	} else {
		choice->kept++;
	}
	for (; at > 0 && choice->keys[at - 1] > key; at--)
		choice->keys[at] = choice->keys[at - 1];
	choice->keys[at] = key;
}

/* The timers whose wire went low since their physical interrupt was taken are not pending any more.
 */
static void drop_stale_hw(struct vgic_cpu *cpu)
{
	uint32_t stale = cpu->hw_held & ~cpu->bank.active & ~cpu->bank.in_lr;

	if (likely(!stale))
		return;
	stale &= ~vtimer_lines(cpu->vcpu);
	for_each_bit(n, stale) vgic_release_hw(cpu, n);
}

static uint32_t key_of(
	const struct vgic_cpu *cpu, const struct vgic_bank *bank, unsigned word, unsigned n)
{
	uint64_t enable = (bank->group >> n) & 1 ? VIF_VMCR_VENG1 : VIF_VMCR_VENG0;

	return (uint32_t)bank->priority[n] << 16 | (word * VGIC_BANK_INTIDS + n) |
		(cpu->vmcr & enable ? 0 : (uint32_t)KEY_DISABLED);
}

static void gather(struct vgic_cpu *cpu, struct choice *pending, struct choice *active)
{
	drop_stale_hw(cpu);
	for_each_bit(word, cpu->look & VGIC_LOOK_BANKS)
	{
		struct vgic_bank *bank = vgic_bank_of(cpu, word);

		for_each_bit(n, vgic_ready(cpu, word)) choose(pending, key_of(cpu, bank, word, n));
		for_each_bit(n, bank->active & ~bank->in_lr)
		{
			if (bank->home[n] == cpu->vcpu->id)
				choose(active,
					(uint32_t)bank->priority[n] << 16 |
						(word * VGIC_BANK_INTIDS + n));
		}
	}
}

static bool is_latched(struct vgic_cpu *cpu, unsigned intid)
{
	const struct vgic_bank *bank = vgic_bank_of(cpu, vgic_word(intid));

	return bank->latch & ~bank->bound & vgic_deliverable(cpu->vgic, bank) & vgic_bit(intid);
}

static uint64_t plain_hcr(struct vgic_cpu *cpu)
{
	cpu->vmcr = vif_vmcr_read();
	return vgic_plain_hcr(cpu);
}

static void set_hcr(struct vgic_cpu *cpu, uint64_t hcr, bool pending_left, bool active_left)
{
	if (pending_left) {
		hcr |= VIF_HCR_NPIE;
		hcr |= cpu->vmcr & VIF_VMCR_VENG0 ? VIF_HCR_VGRP0DIE : VIF_HCR_VGRP0EIE;
		hcr |= cpu->vmcr & VIF_VMCR_VENG1 ? VIF_HCR_VGRP1DIE : VIF_HCR_VGRP1EIE;
	}
	if (active_left) {
		hcr |= VIF_HCR_LRENPIE;
		if (cpu->vmcr & VIF_VMCR_VEOIM)
			hcr |= vif.tdir ? VIF_HCR_TDIR : VIF_HCR_TC;
	}
	/* Also to clear EOIcount, which must begin at 0. */
	if (hcr != cpu->hcr || active_left) {
		cpu->hcr = hcr;
		vif_hcr_write(hcr);
	}
	if (active_left)
		cpu->special |= (uint32_t)VGIC_ACTIVE_OUTSIDE;
	else
		cpu->special &= ~(uint32_t)VGIC_ACTIVE_OUTSIDE;
}

void vgic_fill(struct vgic_cpu *cpu)
{
	struct choice pending, active;
	uint64_t hcr = plain_hcr(cpu);
	unsigned index = 0, actives;

	pending.kept = pending.total = active.kept = active.total = 0;
	gather(cpu, &pending, &active);
	actives = MIN(active.total, vif.lrs - (pending.total ? 1 : 0));
	for (; index < pending.kept && index < vif.lrs - actives; index++)
		put_in(cpu, index, (unsigned)FIELD_GET(KEY_INTID, pending.keys[index]), true,
			false);
	pending.total -= index;
	for (unsigned i = 0; i < actives; i++) {
		unsigned intid = (unsigned)FIELD_GET(KEY_INTID, active.keys[i]);

		put_in(cpu, index++, intid, is_latched(cpu, intid), true);
	}
	active.total -= actives;
	set_hcr(cpu, hcr, pending.total, active.total);
	/* What is left is in one of the banks that were looked at. */
	if (!pending.total && !active.total)
		cpu->look &= ~(uint32_t)VGIC_LOOK_BANKS;
	/* The short ways look at ICH_ELRSR_EL2. */
	isb();
}

/* ---- the short way ---- */

/* An edge-triggered interrupt came again while it is in a list register. */
static bool pend_again(struct vgic_cpu *cpu, unsigned intid)
{
	struct vgic_bank *bank = vgic_bank_of(cpu, vgic_word(intid));
	unsigned index = find_lr(cpu, intid);
	uint64_t lr;

	if (index == VGIC_NO_LR)
		return false;
	lr = lr_read(index);
	if ((lr & LR_HW) || !(bank->edge & vgic_bit(intid)))
		return false;
	lr_write(index, build(cpu, intid, true, lr & LR_ACTIVE));
	return true;
}

/* A register for it, among those in *free. */
static bool pend_new(struct vgic_cpu *cpu, unsigned intid, uint32_t *free)
{
	struct vgic_bank *bank = vgic_bank_of(cpu, vgic_word(intid));
	uint32_t unused = *free & ~cpu->used;
	unsigned index;

	if (!*free)
		return false;
	/* Among equals the hardware takes the lowest register: keep to the order of INTIDs. */
	for_each_bit(other, cpu->used & ~*free)
	{
		uint64_t lr = lr_read(other);

		if ((lr & LR_PENDING) && cpu->lr_intid[other] > intid &&
			FIELD_GET(LR_PRIORITY, lr) == bank->priority[intid % VGIC_BANK_INTIDS])
			return false;
	}
	index = (unsigned)__builtin_ctz(unused ? unused : *free);
	if (!unused)
		(void)fold_one(cpu, index);
	put_in(cpu, index, intid, true, false);
	*free &= ~(uint32_t)BIT(index);
	return true;
}

static bool settle_bank(struct vgic_cpu *cpu, unsigned word, uint32_t *free)
{
	struct vgic_bank *bank = vgic_bank_of(cpu, word);
	uint32_t again =
		bank->in_lr & bank->latch & ~bank->bound & vgic_deliverable(cpu->vgic, bank);

	for_each_bit(n, bank->active & ~bank->in_lr)
	{
		if (bank->home[n] == cpu->vcpu->id)
			return false;
	}
	for_each_bit(n, again)
	{
		if (bank->home[n] == cpu->vcpu->id && !pend_again(cpu, word * VGIC_BANK_INTIDS + n))
			return false;
	}
	for_each_bit(n, vgic_ready(cpu, word))
	{
		if (!pend_new(cpu, word * VGIC_BANK_INTIDS + n, free))
			return false;
	}
	return true;
}

/* False: not everything that `look` is about could be put into free registers. */
static bool settle_short(struct vgic_cpu *cpu)
{
	uint32_t free;

	if (cpu->hcr != plain_hcr(cpu))
		return false;
	drop_stale_hw(cpu);
	/* Registers that were written since the exit. */
	isb();
	free = vif_free() & (uint32_t)(BIT(vif.lrs) - 1);
	for_each_bit(word, cpu->look & VGIC_LOOK_BANKS)
	{
		if (!settle_bank(cpu, word, &free))
			return false;
	}
	cpu->look = 0;
	isb();
	return true;
}

void vgic_settle_detached(struct vgic_cpu *cpu)
{
	vgic_do_requests(cpu);
	drop_stale_hw(cpu);
	vgic_synced(cpu);
}

void vgic_settle(struct vgic_cpu *cpu)
{
	if (vgic_is_detached(cpu)) {
		vgic_settle_detached(cpu);
	} else if ((cpu->look & VGIC_LOOK_FOLD) || !settle_short(cpu)) {
		vgic_fold(cpu);
		vgic_do_requests(cpu);
		vgic_fill(cpu);
		vgic_synced(cpu);
	}
	/* Whatever this has asked of the vCPU itself is done. */
	cpu->vgic->kicks &= ~(uint32_t)BIT(cpu->vcpu->id);
}

bool vgic_lr_waits(struct vgic_cpu *cpu, unsigned intid)
{
	unsigned index = find_lr(cpu, intid);

	return index != VGIC_NO_LR && (lr_read(index) & LR_STATE) == LR_PENDING;
}

bool vgic_lr_pending(const struct vgic_cpu *cpu)
{
	isb();
	for_each_bit(index, cpu->used & ~vif_free())
	{
		if (lr_read(index) & LR_PENDING)
			return true;
	}
	return false;
}

bool vgic_vif_signals(uint32_t registers)
{
	struct vif_aprs aprs;
	uint64_t vmcr;

	isb();
	registers &= ~vif_free();
	if (!registers)
		return false;
	vif_aprs_save(&aprs);
	vmcr = vif_vmcr_read();
	for_each_bit(index, registers)
	{
		uint64_t lr = lr_read(index);

		if ((lr & LR_STATE) == LR_PENDING &&
			vgic_signals(
				vmcr, &aprs, (unsigned)FIELD_GET(LR_PRIORITY, lr), lr & LR_GROUP1))
			return true;
	}
	return false;
}

bool vgic_lr_signals(struct vgic_cpu *cpu)
{
	return vgic_vif_signals(cpu->used);
}
