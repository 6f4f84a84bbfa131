/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The registers with a field for each interrupt, of the distributor and of the redistributors (IHI
 * 0069 12.9, 12.11).
 *
 * Nothing here touches a list register: software state is changed, and the vCPUs concerned are
 * asked to look. The vCPU that makes the access does so before its next instruction.
 */
#include "hyp/vdev/vgic_reg.h"
#include "hyp/base/string.h"
#include "hyp/vdev/vtimer.h"

#define CONFIG_INTIDS 16 /* in one ICFGR: two bits each, of which the upper one says edge */

VGIC_READER(vgic_read_zero)
{
	(void)vcpu, (void)frame, (void)row, (void)offset, (void)width, (void)value;
	return MMIO_RAZ_WI;
}

VGIC_WRITER(vgic_write_ignored)
{
	(void)vcpu, (void)frame, (void)row, (void)offset, (void)width, (void)value;
	return MMIO_RAZ_WI;
}

VGIC_READER(vgic_read_id)
{
	/* PIDR4..7, PIDR0..3, CIDR0..3: an Arm GICv3. */
	static const uint8_t ids[] = { 0x44, 0, 0, 0, 0x92, 0xb4, 0x3b, 0, 0x0d, 0xf0, 0x05, 0xb1 };
	uint64_t first = VGIC_ID_FIRST % VGIC_PIECE, at = offset % VGIC_PIECE;

	(void)vcpu, (void)frame, (void)width, (void)row;
	if (at < first)
		return MMIO_RAZ_WI;
	*value = ids[(at - first) / sizeof(uint32_t)];
	return MMIO_DONE;
}

/* Which word a register with a bit for each interrupt is about. */
static __always_inline unsigned word_of(uint64_t offset)
{
	return (unsigned)(offset % VGIC_PIECE / sizeof(uint32_t));
}

/* Which interrupt a byte of IPRIORITYR, or the first field of an ICFGR, is about. */
static unsigned priority_intid(uint64_t offset)
{
	return (unsigned)(offset % VGIC_PRIORITYR_SIZE);
}

static unsigned config_intid(uint64_t offset)
{
	return (unsigned)(offset % VGIC_ICFGR_SIZE / sizeof(uint32_t) * CONFIG_INTIDS);
}

/* The bank of a word, or NULL where there are no such interrupts in this device. */
static __always_inline struct vgic_bank *find_bank(const struct vgic_frame *frame, unsigned word)
{
	unsigned index = word - frame->first_word;

	return likely(index < frame->words) ? &frame->banks[index] : NULL;
}

/* A request that concerns one of `bits` has not been done yet: later ones must not overtake it. */
static bool is_asked(const struct vgic_bank *bank, uint32_t bits)
{
	return (bank->clear_pending | bank->set_active | bank->clear_active) & bits;
}

/* Word 0's groups or enables changed. */
static void update(struct vgic_cpu *owner, uint32_t templates)
{
	if (owner)
		vgic_update_private(owner, templates);
}

static void ask_fold(struct vgic *vgic, struct vgic_bank *bank, uint32_t bits)
{
	if (unlikely(bits & bank->in_lr))
		vgic_ask_fold(vgic, bank, bits);
}

/* ---- IGROUPR, ISENABLER, ICENABLER ---- */

VGIC_READER(vgic_read_word)
{
	const struct vgic_bank *bank = find_bank(frame, word_of(offset));

	(void)vcpu, (void)width;
	if (!bank)
		return MMIO_RAZ_WI;
	*value = READ_ONCE(*(const uint32_t *)((const char *)bank + row->field));
	return MMIO_DONE;
}

VGIC_WRITER(vgic_write_group)
{
	struct vgic_cpu *owner = frame->owner;
	struct vgic *vgic = frame->vgic;
	unsigned word = word_of(offset);
	struct vgic_bank *bank = find_bank(frame, word);
	uint32_t changed;

	(void)vcpu, (void)row, (void)width;
	if (!bank)
		return MMIO_RAZ_WI;
	vgic_lock(vgic);
	changed = bank->group ^ (uint32_t)value;
	bank->group = (uint32_t)value;
	update(owner, changed);
	ask_fold(vgic, bank, changed);
	vgic_route(vgic, owner, word, changed);
	vgic_unlock(vgic);
	return MMIO_DONE;
}

/* Timers come as physical interrupts only while they are enabled; or always, where several share
 * one. */
static void enable_physical(struct vgic_cpu *owner, uint32_t changed)
{
	changed &= owner->hw_backed;
	if (unlikely(changed) && owner->loaded_on && !owner->hw_shared)
		vtimer_ppi_enable(owner->loaded_on, changed, owner->bank.enable);
}

VGIC_WRITER(vgic_write_enable_set)
{
	struct vgic_cpu *owner = frame->owner;
	struct vgic *vgic = frame->vgic;
	unsigned word = word_of(offset);
	struct vgic_bank *bank = find_bank(frame, word);
	uint32_t added;

	(void)vcpu, (void)row, (void)width;
	if (!bank)
		return MMIO_RAZ_WI;
	if (!((uint32_t)value & ~READ_ONCE(bank->enable)))
		return MMIO_DONE;
	vgic_lock(vgic);
	added = (uint32_t)value & ~bank->enable;
	bank->enable |= added;
	if (owner) {
		WRITE_ONCE(owner->deliverable, vgic_deliverable(vgic, bank));
		enable_physical(owner, added);
	}
	vgic_route(vgic, owner, word, added);
	vgic_unlock(vgic);
	return MMIO_DONE;
}

VGIC_WRITER(vgic_write_enable_clear)
{
	struct vgic_cpu *owner = frame->owner;
	struct vgic *vgic = frame->vgic;
	unsigned word = word_of(offset);
	struct vgic_bank *bank = find_bank(frame, word);
	uint32_t removed;

	(void)vcpu, (void)row, (void)width;
	if (!bank)
		return MMIO_RAZ_WI;
	if (!((uint32_t)value & READ_ONCE(bank->enable)))
		return MMIO_DONE;
	vgic_lock(vgic);
	removed = (uint32_t)value & bank->enable;
	bank->enable &= ~removed;
	if (owner) {
		WRITE_ONCE(owner->deliverable, vgic_deliverable(vgic, bank));
		enable_physical(owner, removed);
	}
	ask_fold(vgic, bank, removed);
	vgic_unlock(vgic);
	return MMIO_DONE;
}

/* ---- ISPENDR, ICPENDR, ISACTIVER, ICACTIVER ---- */

/* Names an access, so that it is known when it is tried again. Not 0. */
static uint64_t key_of(const struct vcpu *vcpu, const struct vgic_frame *frame, uint64_t offset)
{
	uint64_t who = frame->owner ? frame->owner->vcpu->id + 1 : 0;

	return vcpu->regs.pc << 24 | who << 18 | offset << 1 | 1;
}

VGIC_READER(vgic_read_pending)
{
	struct vgic_cpu *owner = frame->owner;
	struct vgic *vgic = frame->vgic;
	unsigned word = word_of(offset);
	struct vgic_bank *bank = find_bank(frame, word);
	uint32_t pending, wires;

	(void)row, (void)width;
	if (!bank)
		return MMIO_RAZ_WI;
	vgic_lock(vgic);
	if (!vgic_sync(vgic_cpu_of(vcpu), owner, word, key_of(vcpu, frame, offset))) {
		vgic_unlock(vgic);
		return MMIO_RETRY;
	}
	wires = bank->line;
	if (owner) {
		/* Wires of timers are not kept: what they are now, or were when the owner folded.
		 */
		if (!owner->loaded_on || vgic_is_here(owner))
			wires = (wires & ~owner->hw_backed) |
				(vtimer_lines(owner->vcpu) & owner->hw_backed);
	}
	pending = bank->latch | bank->lr_latch | (wires & ~bank->edge);
	if (owner)
		pending |= READ_ONCE(owner->inbox);
	vgic_unlock(vgic);
	*value = pending;
	return MMIO_DONE;
}

VGIC_WRITER(vgic_write_pending_set)
{
	struct vgic_cpu *owner = frame->owner;
	struct vgic *vgic = frame->vgic;
	unsigned word = word_of(offset);
	struct vgic_bank *bank = find_bank(frame, word);
	uint32_t bits = (uint32_t)value;

	(void)vcpu, (void)row, (void)width;
	if (!bank)
		return MMIO_RAZ_WI;
	vgic_lock(vgic);
	if (is_asked(bank, bits)) {
		vgic_unlock(vgic);
		return MMIO_RETRY;
	}
	bank->latch |= bits;
	vgic_route(vgic, owner, word, bits);
	vgic_unlock(vgic);
	return MMIO_DONE;
}

VGIC_WRITER(vgic_write_pending_clear)
{
	struct vgic_cpu *owner = frame->owner;
	struct vgic *vgic = frame->vgic;
	unsigned word = word_of(offset);
	struct vgic_bank *bank = find_bank(frame, word);
	uint32_t bits = (uint32_t)value;

	(void)vcpu, (void)row, (void)width;
	if (!bank)
		return MMIO_RAZ_WI;
	vgic_lock(vgic);
	if (is_asked(bank, bits)) {
		vgic_unlock(vgic);
		return MMIO_RETRY;
	}
	/* SGIs that are sent after this stay: they are taken out of the inbox after the request was
	 * done. */
	if (owner)
		__atomic_fetch_and(&owner->inbox, ~bits, __ATOMIC_RELAXED);
	bank->latch &= ~bits;
	bank->clear_pending |= bits & bank->in_lr;
	ask_fold(vgic, bank, bits);
	vgic_unlock(vgic);
	return MMIO_DONE;
}

VGIC_READER(vgic_read_active)
{
	struct vgic_cpu *owner = frame->owner;
	struct vgic *vgic = frame->vgic;
	unsigned word = word_of(offset);
	struct vgic_bank *bank = find_bank(frame, word);

	(void)row, (void)width;
	if (!bank)
		return MMIO_RAZ_WI;
	vgic_lock(vgic);
	if (!vgic_sync(vgic_cpu_of(vcpu), owner, word, key_of(vcpu, frame, offset))) {
		vgic_unlock(vgic);
		return MMIO_RETRY;
	}
	*value = bank->active;
	vgic_unlock(vgic);
	return MMIO_DONE;
}

/* Interrupts that were inactive and in no list register become active: on the vCPU they are for. */
static void activate(struct vgic *vgic, struct vgic_cpu *owner, unsigned word, uint32_t bits)
{
	struct vgic_bank *bank = owner ? &owner->bank : &vgic->spi[word - 1];

	bank->active |= bits;
	for_each_bit(n, bits)
	{
		unsigned target = bank->target[n];

		if (!owner)
			bank->home[n] = target < vgic->vm->nr_vcpus ? (uint8_t)target : 0;
		vgic_notify(vgic->cpus[bank->home[n]], word);
	}
}

VGIC_WRITER(vgic_write_active_set)
{
	struct vgic_cpu *owner = frame->owner;
	struct vgic *vgic = frame->vgic;
	unsigned word = word_of(offset);
	struct vgic_bank *bank = find_bank(frame, word);
	uint32_t bits = (uint32_t)value;

	(void)vcpu, (void)row, (void)width;
	if (!bank)
		return MMIO_RAZ_WI;
	vgic_lock(vgic);
	if (is_asked(bank, bits)) {
		vgic_unlock(vgic);
		return MMIO_RETRY;
	}
	bank->set_active |= bits & bank->in_lr;
	ask_fold(vgic, bank, bits);
	activate(vgic, owner, word, bits & ~bank->in_lr & ~bank->active);
	vgic_unlock(vgic);
	return MMIO_DONE;
}

VGIC_WRITER(vgic_write_active_clear)
{
	struct vgic_cpu *owner = frame->owner;
	struct vgic *vgic = frame->vgic;
	unsigned word = word_of(offset);
	struct vgic_bank *bank = find_bank(frame, word);
	uint32_t bits = (uint32_t)value;

	(void)vcpu, (void)row, (void)width;
	if (!bank)
		return MMIO_RAZ_WI;
	vgic_lock(vgic);
	if (is_asked(bank, bits)) {
		vgic_unlock(vgic);
		return MMIO_RETRY;
	}
	vgic_clear_active(vgic, owner, word, bits);
	vgic_unlock(vgic);
	return MMIO_DONE;
}

/* ---- IPRIORITYR, ICFGR ---- */

VGIC_READER(vgic_read_priority)
{
	unsigned intid = priority_intid(offset);
	const struct vgic_bank *bank = find_bank(frame, vgic_word(intid));

	(void)vcpu, (void)row;
	if (!bank)
		return MMIO_RAZ_WI;
	*value = 0;
	for (unsigned i = 0; i < width; i++)
		*value |= (uint64_t)READ_ONCE(bank->priority[intid % VGIC_BANK_INTIDS + i])
			<< (8 * i);
	return MMIO_DONE;
}

VGIC_WRITER(vgic_write_priority)
{
	struct vgic_cpu *owner = frame->owner;
	struct vgic *vgic = frame->vgic;
	unsigned intid = priority_intid(offset), word = vgic_word(intid);
	struct vgic_bank *bank = find_bank(frame, word);
	uint32_t changed = 0;

	(void)vcpu, (void)row;
	if (!bank)
		return MMIO_RAZ_WI;
	vgic_lock(vgic);
	for (unsigned i = 0; i < width; i++) {
		unsigned n = intid % VGIC_BANK_INTIDS + i;
		uint8_t priority = (uint8_t)(value >> (8 * i)) & vgic->priority_mask;

		if (bank->priority[n] != priority)
			changed |= (uint32_t)BIT(n);
		bank->priority[n] = priority;
	}
	update(owner, changed);
	ask_fold(vgic, bank, changed);
	vgic_route(vgic, owner, word, changed);
	vgic_unlock(vgic);
	return MMIO_DONE;
}

VGIC_READER(vgic_read_config)
{
	unsigned intid = config_intid(offset);
	const struct vgic_bank *bank = find_bank(frame, vgic_word(intid));
	uint32_t edge;

	(void)vcpu, (void)row, (void)width;
	if (!bank)
		return MMIO_RAZ_WI;
	edge = READ_ONCE(bank->edge) >> (intid % VGIC_BANK_INTIDS);
	*value = 0;
	for (unsigned i = 0; i < CONFIG_INTIDS; i++)
		*value |= (uint64_t)((edge >> i) & 1) << (2 * i + 1);
	return MMIO_DONE;
}

VGIC_WRITER(vgic_write_config)
{
	struct vgic_cpu *owner = frame->owner;
	struct vgic *vgic = frame->vgic;
	unsigned intid = config_intid(offset), word = vgic_word(intid);
	struct vgic_bank *bank = find_bank(frame, word);
	uint32_t changed = 0;

	(void)vcpu, (void)row, (void)width;
	if (!bank)
		return MMIO_RAZ_WI;
	vgic_lock(vgic);
	for (unsigned i = 0; i < CONFIG_INTIDS; i++) {
		unsigned n = intid % VGIC_BANK_INTIDS + i;

		if (((value >> (2 * i + 1)) & 1) != ((bank->edge >> n) & 1))
			changed |= (uint32_t)BIT(n);
	}
	/* SGIs are edge-triggered and timers level-sensitive, whatever is written. */
	if (owner)
		changed &= ~(VGIC_SGIS | owner->hw_named);
	bank->edge ^= changed;
	ask_fold(vgic, bank, changed);
	vgic_route(vgic, owner, word, changed);
	vgic_unlock(vgic);
	return MMIO_DONE;
}
