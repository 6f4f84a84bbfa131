/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lines: SPIs whose wire goes up when somebody raises it, and down when the guest has ended the
 * interrupt.
 *
 * The end is where an SPI stops being active: its list register is found inactive (it has LR_EOI,
 * so that the maintenance interrupt says so at once), or `active` is cleared on behalf of a trapped
 * ICC_DIR_EL1, of EOIcount or of ICACTIVER. All these call vgic_end_lines(), under the vGIC's lock.
 * What follows from it may concern another VM's vGIC, so it is done when the lock has been given
 * back: vgic_unlock() finds VGIC_KICK_ENDED among what it looks for anyway.
 */
#include "drivers/gic/vif.h"
#include "hyp/vdev/line.h"
#include "hyp/vdev/vgic_state.h"

void vgic_end_lines(struct vgic *vgic, unsigned word, uint32_t bits)
{
	struct vgic_bank *bank = &vgic->spi[word - 1];
	uint32_t again, ended;

	bits &= bank->resample & (bank->line | bank->again);
	if (likely(!bits))
		return;
	again = bits & bank->again;
	/* Nothing is told of one that the guest made pending itself (ISPENDR). */
	ended = bits & bank->line;
	bank->again &= ~bits;
	bank->line = (bank->line & ~bits) | again;
	bank->latch |= again & bank->edge;
	bank->ended |= ended;
	vgic->kicks |= ended ? (uint32_t)VGIC_KICK_ENDED : 0;
	/* Nobody routes one that was active, as an interrupt, when it was bound. */
	if (unlikely(again & bank->bound))
		vgic_tell_bound(vgic, NULL, word, again & bank->bound & ~bank->taken);
}

/* What a list register says about a line: the guest has ended it, or not even acknowledged it. */
void vgic_fold_line(struct vgic_cpu *cpu, unsigned intid, uint64_t lr)
{
	unsigned word = vgic_word(intid);
	struct vgic_bank *bank = vgic_bank_of(cpu, word);
	uint32_t bit = vgic_bit(intid);

	if (!(lr & LR_STATE)) {
		vgic_end_lines(cpu->vgic, word, bit);
	} else if (!(lr & LR_ACTIVE)) {
		bank->line |= bank->again & bit;
		bank->again &= ~bit;
	}
}

void vgic_unlock_and_tell(struct vgic *vgic)
{
	uint32_t ended[VGIC_SPI_BANKS], tell = vgic->tell;

	for (unsigned i = 0; i < VGIC_SPI_BANKS; i++) {
		ended[i] = vgic->spi[i].ended;
		vgic->spi[i].ended = 0;
	}
	vgic->tell = 0;
	vgic->kicks &= ~(uint32_t)(VGIC_KICK_ENDED | VGIC_KICK_BOUND);
	vgic_unlock(vgic);
	for_each_bit(id, tell) vcpu_request(vgic->cpus[id]->vcpu, WORK_PARTS);
	for (unsigned i = 0; i < VGIC_SPI_BANKS; i++) {
		for_each_bit(n, ended[i]) line_ended(vgic->vm, (i + 1) * VGIC_BANK_INTIDS + n);
	}
}

void vgic_open_line(struct vm *vm, unsigned intid, bool resample)
{
	struct vgic *vgic = vgic_of(vm);
	struct vgic_bank *bank = &vgic->spi[vgic_word(intid) - 1];

	vgic_lock(vgic);
	bank->lines |= vgic_bit(intid);
	bank->resample |= resample ? vgic_bit(intid) : 0;
	vgic_unlock(vgic);
}

/* May the guest have acknowledged it since it became pending? */
static bool may_be_acknowledged(struct vgic *vgic, const struct vgic_bank *bank, unsigned intid)
{
	struct vgic_cpu *home = vgic->cpus[bank->home[intid % VGIC_BANK_INTIDS]];

	if ((bank->active | bank->taken) & vgic_bit(intid))
		return true;
	if (!(bank->in_lr & vgic_bit(intid)))
		return false;
	return !vgic_is_here(home) || !vgic_lr_waits(home, intid);
}

/* Of an edge-triggered one it is known as long as it is in no list register. A level that is high
 * for no time is nothing. */
static enum vgic_rise pulse(struct vgic *vgic, struct vgic_bank *bank, unsigned intid)
{
	uint32_t bit = vgic_bit(intid) & bank->edge;
	bool again = bank->latch & bit;

	if (unlikely(!bit))
		return VGIC_RISE_DOWN;
	bank->latch |= bit;
	vgic_route(vgic, NULL, vgic_word(intid), bit);
	return again ? VGIC_RISE_HIGH : VGIC_RISE_DONE;
}

static enum vgic_rise rise(struct vgic *vgic, struct vgic_bank *bank, unsigned intid)
{
	uint32_t bit = vgic_bit(intid);

	bool high = (bank->line | bank->again) & bit;

	if (may_be_acknowledged(vgic, bank, intid)) {
		bank->again |= bit;
	} else {
		bank->line |= bit;
		/* An edge may be missing where the guest has made it edge-triggered while it was
		 * high. */
		bank->latch |= bit & bank->edge;
		vgic_route(vgic, NULL, vgic_word(intid), bit);
	}
	return high ? VGIC_RISE_HIGH : VGIC_RISE_DONE;
}

enum vgic_rise vgic_raise_line(struct vm *vm, unsigned intid)
{
	struct vgic *vgic = vgic_of(vm);
	struct vgic_bank *bank = &vgic->spi[vgic_word(intid) - 1];
	uint32_t bit = vgic_bit(intid);
	enum vgic_rise result = VGIC_RISE_DOWN;

	vgic_lock(vgic);
	if (likely(bank->lines & bit))
		result = bank->resample & bit ? rise(vgic, bank, intid) : pulse(vgic, bank, intid);
	vgic_unlock(vgic);
	return result;
}
