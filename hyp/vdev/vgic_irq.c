/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rules of the distributor and the redistributors: when an interrupt is pending, for whom, and
 * who must be told.
 */
#include "drivers/gic/gicv3_cpu.h"
#include "hyp/arch/barrier.h"
#include "hyp/vdev/vgic_fast.h"
#include "hyp/vdev/vgic_state.h"
#include "hyp/vdev/vtimer.h"

#define APR_BITS 32

void vgic_unlock_and_kick(struct vgic *vgic)
{
	uint32_t kicks = vgic->kicks;

	if (unlikely(kicks & (VGIC_KICK_ENDED | VGIC_KICK_BOUND))) {
		vgic_unlock_and_tell(vgic);
		return;
	}
	vgic->kicks = 0;
	spin_unlock(&vgic->lock);
	for_each_bit(id, kicks) vcpu_request(vgic->cpus[id]->vcpu, WORK_VGIC);
}

void vgic_notify(struct vgic_cpu *cpu, unsigned word)
{
	cpu->look |= (uint32_t)BIT(word);
	cpu->vgic->kicks |= (uint32_t)BIT(cpu->vcpu->id);
}

static bool group_enabled(const struct vgic_cpu *cpu, bool group1)
{
	return cpu->vmcr & (group1 ? VIF_VMCR_VENG1 : VIF_VMCR_VENG0);
}

/*
 * One of the vCPUs for an SPI that any of them may take: the lowest that has the group enabled (as
 * far as Lintel has seen), else the lowest that is on. IHI 0069 4.7: the choice is the
 * implementation's.
 */
static struct vgic_cpu *choose_any(const struct vgic *vgic, bool group1)
{
	struct vgic_cpu *second = NULL;

	for_each_bit(id, vgic->all)
	{
		struct vgic_cpu *cpu = vgic->cpus[id];

		if (READ_ONCE(cpu->vcpu->state) == VCPU_OFF || cpu->leaving)
			continue;
		if (group_enabled(cpu, group1))
			return cpu;
		if (!second)
			second = cpu;
	}
	return second;
}

uint32_t vgic_ready(struct vgic_cpu *cpu, unsigned word)
{
	struct vgic_bank *bank = vgic_bank_of(cpu, word);
	uint32_t ready = word == 0 ? vgic_pending_private(cpu) : vgic_pending(bank);
	uint32_t any;

	ready &= ~(bank->active | bank->in_lr | bank->bound) & bank->targets[cpu->vcpu->id] &
		vgic_deliverable(cpu->vgic, bank);
	any = ready & bank->any;
	for_each_bit(n, any)
	{
		bool group1 = (bank->group >> n) & 1;

		if (!group_enabled(cpu, group1) && choose_any(cpu->vgic, group1) != cpu)
			ready &= ~(uint32_t)BIT(n);
	}
	return ready;
}

void vgic_route_pending(struct vgic *vgic, struct vgic_cpu *owner, unsigned word, uint32_t bits)
{
	struct vgic_bank *bank = owner ? &owner->bank : &vgic->spi[word - 1];

	if (unlikely(bits & bank->bound)) {
		vgic_tell_bound(vgic, owner, word, bits & bank->bound & ~bank->taken);
		bits &= ~bank->bound;
	}
	/* Of those in a list register already only an edge is news. */
	bits &= vgic_deliverable(vgic, bank) & (~bank->in_lr | bank->latch);
	if (!bits)
		return;
	if (owner) {
		vgic_notify(owner, word);
		return;
	}
	for_each_bit(n, bits)
	{
		struct vgic_cpu *cpu = NULL;

		if ((bank->in_lr >> n) & 1)
			cpu = vgic->cpus[bank->home[n]];
		else if (!((bank->active >> n) & 1) && bank->target[n] == VGIC_ANYBODY)
			cpu = choose_any(vgic, (bank->group >> n) & 1);
		else if (!((bank->active >> n) & 1) && bank->target[n] != VGIC_NOBODY)
			cpu = vgic->cpus[bank->target[n]];
		if (cpu)
			vgic_notify(cpu, word);
	}
}

/* ---- asking the CPU that has them for changes to interrupts in list registers ---- */

void vgic_ask_cpu_fold(struct vgic_cpu *cpu)
{
	uint32_t self = (uint32_t)BIT(cpu->vcpu->id);

	if (!cpu->loaded_on) {
		vgic_do_requests(cpu);
		return;
	}
	cpu->look |= (uint32_t)VGIC_LOOK_FOLD;
	cpu->vgic->unsettled |= self;
	cpu->vgic->kicks |= self;
}

void vgic_ask_fold(struct vgic *vgic, const struct vgic_bank *bank, uint32_t bits)
{
	for_each_bit(n, bits & bank->in_lr) vgic_ask_cpu_fold(vgic->cpus[bank->home[n]]);
}

void vgic_release_hw(struct vgic_cpu *cpu, unsigned intid)
{
	cpu->hw_held &= ~vgic_bit(intid);
	gicv3_deactivate(cpu->pintid[intid]);
}

static uint32_t at_home(const struct vgic_cpu *cpu, const struct vgic_bank *bank, uint32_t bits)
{
	uint32_t mine = 0;

	for_each_bit(n, bits)
	{
		if (bank->home[n] == cpu->vcpu->id)
			mine |= (uint32_t)BIT(n);
	}
	return mine;
}

static void do_bank_requests(struct vgic_cpu *cpu, unsigned word)
{
	struct vgic_bank *bank = vgic_bank_of(cpu, word);
	uint32_t bits = bank->clear_pending | bank->set_active | bank->clear_active;

	if (likely(!bits))
		return;
	bits = at_home(cpu, bank, bits);
	cpu->look |= bits ? (uint32_t)BIT(word) : 0;
	bank->latch &= ~(bits & bank->clear_pending);
	if (word == 0) {
		for_each_bit(n, bits & bank->clear_active & bank->active & cpu->hw_held)
			vgic_release_hw(cpu, n);
	}
	if (word != 0)
		vgic_end_lines(cpu->vgic, word, bits & bank->clear_active & bank->active);
	bank->active &= ~(bits & bank->clear_active);
	bank->active |= bits & bank->set_active;
	bank->clear_pending &= ~bits;
	bank->set_active &= ~bits;
	bank->clear_active &= ~bits;
	/* What is not active any more may be for another vCPU now. */
	if (word != 0)
		vgic_route(cpu->vgic, NULL, word, bits & ~bank->targets[cpu->vcpu->id]);
}

void vgic_do_requests(struct vgic_cpu *cpu)
{
	do_bank_requests(cpu, 0);
	for_each_bit(word, cpu->look & VGIC_LOOK_BANKS & ~UINT32_C(1)) do_bank_requests(cpu, word);
}

void vgic_clear_active(struct vgic *vgic, struct vgic_cpu *owner, unsigned word, uint32_t bits)
{
	struct vgic_bank *bank = owner ? &owner->bank : &vgic->spi[word - 1];
	uint32_t asked = bits & bank->in_lr;

	if (owner) {
		uint32_t held = bits & ~asked & bank->active & owner->hw_held;

		if (vgic_is_here(owner)) {
			for_each_bit(n, held) vgic_release_hw(owner, n);
		} else {
			asked |= held;
		}
	}
	if (!owner)
		vgic_end_lines(vgic, word, bits & ~asked & bank->active);
	bank->active &= ~(bits & ~asked);
	bank->clear_active |= asked;
	if (asked && owner)
		vgic_ask_cpu_fold(owner);
	else
		vgic_ask_fold(vgic, bank, asked);
	vgic_route(vgic, owner, word, bits & ~asked);
}

void vgic_update_private(struct vgic_cpu *cpu, uint32_t bits)
{
	const struct vgic_bank *bank = &cpu->bank;

	WRITE_ONCE(cpu->deliverable, vgic_deliverable(cpu->vgic, bank));
	for_each_bit(n, bits)
	{
		uint64_t lr = n | FIELD_PREP(LR_PRIORITY, bank->priority[n]) | LR_PENDING;

		if ((bank->group >> n) & 1)
			lr |= LR_GROUP1;
		if ((cpu->hw_named >> n) & 1)
			lr |= LR_HW | FIELD_PREP(LR_PINTID, cpu->pintid[n]);
		WRITE_ONCE(cpu->template[n], lr);
	}
}

/* ---- reading ---- */

void vgic_synced(struct vgic_cpu *cpu)
{
	struct vgic *vgic = cpu->vgic;
	uint32_t self = (uint32_t)BIT(cpu->vcpu->id);

	if (likely(!(vgic->unsettled & self)))
		return;
	vgic->unsettled &= ~self;
	cpu->look &= ~(uint32_t)VGIC_LOOK_FOLD;
	cpu->bank.line =
		(cpu->bank.line & ~cpu->hw_backed) | (vtimer_lines(cpu->vcpu) & cpu->hw_backed);
	for_each_bit(id, vgic->all) vgic->cpus[id]->sync_wait &= ~self;
}

/* The other vCPUs that have interrupts of the bank in list registers of theirs. */
static uint32_t others_with(
	const struct vgic_cpu *reader, const struct vgic_cpu *owner, const struct vgic_bank *bank)
{
	uint32_t others = 0;

	if (owner) {
		if (owner != reader && owner->loaded_on)
			others = (uint32_t)BIT(owner->vcpu->id);
		return others;
	}
	for_each_bit(n, bank->in_lr) others |= (uint32_t)BIT(bank->home[n]);
	return others & ~(uint32_t)BIT(reader->vcpu->id);
}

bool vgic_sync(struct vgic_cpu *reader, struct vgic_cpu *owner, unsigned word, uint64_t key)
{
	struct vgic *vgic = reader->vgic;
	struct vgic_bank *bank = owner ? &owner->bank : &vgic->spi[word - 1];

	if (reader->sync_key != key) {
		reader->sync_wait = others_with(reader, owner, bank);
		for_each_bit(id, reader->sync_wait) vgic_ask_cpu_fold(vgic->cpus[id]);
	}
	if (reader->sync_wait) {
		reader->sync_key = key;
		return false;
	}
	reader->sync_key = 0;
	if (unlikely(reader->sampled) && owner == reader)
		vgic_sample(reader);
	if (reader->used) {
		vgic_fold(reader);
		vgic_do_requests(reader);
		vgic_fill(reader);
	}
	return true;
}

/* ---- inputs ---- */

static void set_line(struct vgic *vgic, struct vgic_cpu *owner, unsigned intid, bool level)
{
	unsigned word = vgic_word(intid);
	struct vgic_bank *bank = owner ? &owner->bank : &vgic->spi[word - 1];
	uint32_t bit = vgic_bit(intid);

	if (level == !!(bank->line & bit))
		return;
	bank->line ^= bit;
	if (level) {
		bank->latch |= bit & bank->edge;
		vgic_route(vgic, owner, word, bit);
	} else if (bank->in_lr & bit & ~bank->edge) {
		struct vgic_cpu *home = vgic->cpus[bank->home[intid % VGIC_BANK_INTIDS]];

		if (vgic_is_here(home))
			vgic_withdraw(home, intid);
		else
			vgic_ask_cpu_fold(home);
	}
}

void vgic_set_spi(struct vm *vm, unsigned intid, bool level)
{
	struct vgic *vgic = vgic_of(vm);

	if (intid < VGIC_SPI_FIRST || intid >= VGIC_NR_INTIDS)
		return;
	vgic_lock(vgic);
	set_line(vgic, NULL, intid, level);
	vgic_unlock(vgic);
}

void vgic_set_ppi(struct vcpu *vcpu, unsigned intid, bool level)
{
	struct vgic_cpu *cpu = vgic_cpu_of(vcpu);

	if (intid < GIC_PPI_FIRST || intid >= VGIC_SPI_FIRST || (cpu->hw_backed & vgic_bit(intid)))
		return;
	vgic_lock(cpu->vgic);
	set_line(cpu->vgic, cpu, intid, level);
	vgic_unlock(cpu->vgic);
}

void vgic_pend_hw_slow(struct vgic_cpu *cpu, unsigned intid)
{
	vgic_lock(cpu->vgic);
	/* The time before is over: folding that register would end this one too. */
	if (vgic_is_detached(cpu)) {
		/* It was active, so somebody has ended it. */
		cpu->bank.active &= ~(vgic_bit(intid) & cpu->hw_held);
		vcpu_request_local(cpu->vcpu, WORK_VGIC);
	} else {
		vgic_reclaim(cpu, intid);
	}
	cpu->hw_held |= vgic_bit(intid);
	cpu->look |= 1;
	vgic_settle(cpu);
	vgic_unlock(cpu->vgic);
}

void vgic_flush(struct vcpu *vcpu)
{
	struct vgic_cpu *cpu = vgic_cpu_of(vcpu);
	uint32_t left = 0;

	/* First what was asked before the SGIs in the inbox were sent: ICPENDR must not clear them.
	 */
	if (READ_ONCE(cpu->look)) {
		vgic_lock(cpu->vgic);
		vgic_settle(cpu);
		vgic_unlock(cpu->vgic);
	}
	if (!READ_ONCE(cpu->inbox))
		return;
	for_each_bit(sgi, __atomic_exchange_n(&cpu->inbox, 0, __ATOMIC_ACQUIRE))
	{
		if (unlikely(!vgic_pend_fast(cpu, sgi)))
			left |= (uint32_t)BIT(sgi);
	}
	if (left) {
		vgic_lock(cpu->vgic);
		cpu->bank.latch |= left;
		cpu->look |= 1;
		vgic_settle(cpu);
		vgic_unlock(cpu->vgic);
	}
}

/* ---- would the vCPU be interrupted? ---- */

/* Bit n of the active priority registers stands for priority n << (8 - preemption bits). */
unsigned vgic_running_priority(const struct vif_aprs *aprs)
{
	for (unsigned i = 0; i < vif.aprs; i++) {
		uint32_t active = aprs->ap0[i] | (uint32_t)aprs->ap1[i];

		if (active)
			return (i * APR_BITS + (unsigned)__builtin_ctz(active))
				<< (8 - vif.preemption_bits);
	}
	return VGIC_PRIORITY_IDLE;
}

bool vgic_signals(uint64_t vmcr, const struct vif_aprs *aprs, unsigned priority, bool group1)
{
	unsigned subpriority_bits;

	if (!(vmcr & (group1 ? VIF_VMCR_VENG1 : VIF_VMCR_VENG0)) ||
		priority >= FIELD_GET(VIF_VMCR_VPMR, vmcr))
		return false;
	if (group1 && !(vmcr & VIF_VMCR_VCBPR))
		subpriority_bits = (unsigned)FIELD_GET(VIF_VMCR_VBPR1, vmcr);
	else
		subpriority_bits = (unsigned)FIELD_GET(VIF_VMCR_VBPR0, vmcr) + 1;
	return (priority >> subpriority_bits) << subpriority_bits < vgic_running_priority(aprs);
}

bool vgic_software_signals(struct vgic_cpu *cpu, uint32_t words, uint32_t extra)
{
	for_each_bit(word, words)
	{
		uint32_t ready = vgic_ready(cpu, word) | (word == 0 ? extra : 0);
		const struct vgic_bank *bank = vgic_bank_of(cpu, word);

		for_each_bit(n, ready)
		{
			if (vgic_signals(cpu->vmcr, &cpu->aprs, bank->priority[n],
				    (bank->group >> n) & 1))
				return true;
		}
	}
	return false;
}

/* Of a vCPU that is loaded nowhere: everything is in software state. */
static bool unloaded_has_pending(struct vgic_cpu *cpu)
{
	uint32_t extra = READ_ONCE(cpu->inbox) | (vtimer_lines(cpu->vcpu) & cpu->hw_backed);

	return vgic_software_signals(
		cpu, VGIC_LOOK_BANKS, extra & ~cpu->bank.active & cpu->deliverable);
}

bool vgic_has_pending(struct vcpu *vcpu)
{
	struct vgic_cpu *cpu = vgic_cpu_of(vcpu);
	bool pending;

	if (vgic_is_here(cpu)) {
		vgic_flush(vcpu);
		return vgic_is_detached(cpu) ? vgic_detached_signals(cpu) : vgic_lr_signals(cpu);
	}
	vgic_lock(cpu->vgic);
	pending = !cpu->loaded_on && unloaded_has_pending(cpu);
	vgic_unlock(cpu->vgic);
	return pending;
}

bool vgic_requests_wake(struct vcpu *vcpu)
{
	struct vgic_cpu *cpu = vgic_cpu_of(vcpu);
	uint32_t ready = 0;

	vgic_flush(vcpu);
	if (vgic_lr_pending(cpu))
		return true;
	vgic_lock(cpu->vgic);
	for (unsigned word = 0; word < VGIC_BANKS; word++)
		ready |= vgic_ready(cpu, word);
	vgic_unlock(cpu->vgic);
	return ready != 0;
}
