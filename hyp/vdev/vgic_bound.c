/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bound interrupts: SPIs and PPIs that signal events (SDEI) instead of being interrupts.
 *
 * A bound interrupt goes into no list register, whatever the guest has enabled; what its registers
 * say is kept, and pending is as it always is: a level that is high, an edge that came, ISPENDR.
 * From its event's begin to its end it is `taken`: that is its active state, and the one in which a
 * line that falls at the end (vgic_line.c) is still high. Whoever makes it pending tells one vCPU,
 * when the lock is given back: vgic_unlock() finds VGIC_KICK_BOUND among what it looks for anyway.
 */
#include "drivers/gic/gicv3_cpu.h"
#include "hyp/vdev/vgic_state.h"

/* Where an interrupt of a vCPU's is. */
struct where {
	struct vgic *vgic;
	struct vgic_cpu *cpu;
	struct vgic_cpu *owner; /* as vgic_route() wants it */
	struct vgic_bank *bank;
	unsigned word;
	uint32_t bit;
};

static struct where find(const struct vcpu *vcpu, unsigned intid)
{
	struct vgic_cpu *cpu = vgic_cpu_of(vcpu);
	unsigned word = vgic_word(intid);

	return (struct where){
		.vgic = cpu->vgic,
		.cpu = cpu,
		.owner = word == 0 ? cpu : NULL,
		.bank = vgic_bank_of(cpu, word),
		.word = word,
		.bit = vgic_bit(intid),
	};
}

/* Those of SPIs; and of any word of a vCPU's. */
static uint32_t pending_spis(const struct vgic_bank *bank)
{
	return vgic_pending(bank) & bank->bound & ~bank->taken;
}

static uint32_t pending(struct vgic_cpu *cpu, unsigned word)
{
	if (word == 0)
		return vgic_pending_private(cpu) & cpu->bank.bound & ~cpu->bank.taken;
	return pending_spis(vgic_bank_of(cpu, word));
}

bool vgic_can_bind(const struct vm *vm, unsigned intid)
{
	if (intid >= VGIC_SPI_FIRST)
		return intid < VGIC_NR_INTIDS;
	return intid >= GIC_PPI_FIRST && !(vgic_of(vm)->cpus[0]->hw_named & vgic_bit(intid));
}

void vgic_tell_bound(struct vgic *vgic, struct vgic_cpu *owner, unsigned word, uint32_t bits)
{
	uint32_t whom = owner ? (uint32_t)BIT(owner->vcpu->id) : 0;

	if (!owner) {
		for_each_bit(n, bits)
		{
			uint8_t id = vgic->bound_to[(word - 1) * VGIC_BANK_INTIDS + n];

			whom |= id == VGIC_NOBODY ? 0 : (uint32_t)BIT(id);
		}
	}
	vgic->tell |= whom;
	vgic->kicks |= whom ? (uint32_t)VGIC_KICK_BOUND : 0;
}

/*
 * False: it is in a list register of another vCPU, which has to fold it before anybody knows
 * whether it is active. A call that was told so goes on here when it comes again, wherever the
 * interrupt is then.
 */
static bool is_known(const struct where *at, const struct vcpu *vcpu, unsigned intid)
{
	/* Bit 0 is clear: no access to a register (vgic_reg.c) has that name. */
	uint64_t key = vcpu->regs.pc << 24 | intid << 1;
	bool elsewhere =
		(at->bank->in_lr & at->bit) && at->bank->home[intid % VGIC_BANK_INTIDS] != vcpu->id;

	if (likely(!elsewhere && at->cpu->sync_key != key))
		return true;
	return vgic_sync(at->cpu, at->owner, at->word, key);
}

/*
 * What is in this CPU's list registers is known when they are folded, and does not go back there.
 * Those of other vCPUs are folded when they look: what one of them has pending becomes the event,
 * what it has taken since it looked stays an interrupt until its end.
 */
enum vgic_bind_result vgic_bind(struct vcpu *vcpu, unsigned intid)
{
	struct where at = find(vcpu, intid);
	bool here = vgic_is_here(at.cpu) && at.cpu->used, inactive;

	vgic_lock(at.vgic);
	if (!is_known(&at, vcpu, intid)) {
		vgic_unlock(at.vgic);
		return VGIC_BIND_AGAIN;
	}
	if (here) {
		vgic_fold(at.cpu);
		vgic_do_requests(at.cpu);
	}
	inactive = !(at.bank->active & at.bit);
	if (inactive && !(at.bank->bound & at.bit)) {
		at.bank->bound |= at.bit;
		at.vgic->nr_bound++;
		vgic_ask_fold(at.vgic, at.bank, at.bit);
	}
	if (here)
		vgic_fill(at.cpu);
	vgic_unlock(at.vgic);
	return inactive ? VGIC_BIND_DONE : VGIC_BIND_ACTIVE;
}

void vgic_unbind(struct vcpu *vcpu, unsigned intid)
{
	struct where at = find(vcpu, intid);

	vgic_lock(at.vgic);
	if (at.bank->bound & at.bit) {
		at.bank->bound &= ~at.bit;
		at.vgic->nr_bound--;
		at.bank->latch &= ~at.bit;
		if (at.word != 0)
			vgic_end_lines(at.vgic, at.word, at.bank->taken & at.bit);
		at.bank->taken &= ~at.bit;
		vgic_route(at.vgic, at.owner, at.word, at.bit);
	}
	vgic_unlock(at.vgic);
}

void vgic_bound_tell(struct vm *vm, unsigned intid, struct vcpu *vcpu)
{
	struct vgic *vgic = vgic_of(vm);
	unsigned word = vgic_word(intid);
	struct vgic_bank *bank = &vgic->spi[word - 1];

	vgic_lock(vgic);
	vgic->bound_to[intid - VGIC_SPI_FIRST] = vcpu ? (uint8_t)vcpu->id : VGIC_NOBODY;
	vgic_tell_bound(vgic, NULL, word, pending_spis(bank) & vgic_bit(intid));
	vgic_unlock(vgic);
}

bool vgic_any_bound(const struct vm *vm)
{
	return READ_ONCE(vgic_of(vm)->nr_bound);
}

bool vgic_bound_pending(struct vcpu *vcpu, struct vgic_bound *found)
{
	struct vgic_cpu *cpu = vgic_cpu_of(vcpu);
	uint32_t any = 0;

	if (likely(!READ_ONCE(cpu->vgic->nr_bound)))
		return false;
	vgic_lock(cpu->vgic);
	for (unsigned word = 0; word < VGIC_BOUND_WORDS; word++)
		any |= found->pending[word] = pending(cpu, word);
	vgic_unlock(cpu->vgic);
	return any;
}

bool vgic_bound_take(struct vcpu *vcpu, unsigned intid)
{
	struct where at = find(vcpu, intid);
	bool taken;

	vgic_lock(at.vgic);
	taken = pending(at.cpu, at.word) & at.bit;
	if (taken) {
		at.bank->latch &= ~at.bit;
		at.bank->taken |= at.bit;
	}
	vgic_unlock(at.vgic);
	return taken;
}

void vgic_bound_end(struct vcpu *vcpu, unsigned intid)
{
	struct where at = find(vcpu, intid);

	vgic_lock(at.vgic);
	if (at.word != 0)
		vgic_end_lines(at.vgic, at.word, at.bank->taken & at.bit);
	at.bank->taken &= ~at.bit;
	vgic_route(at.vgic, at.owner, at.word, at.bit);
	vgic_unlock(at.vgic);
}
