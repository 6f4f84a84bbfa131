/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/gic.h"
#include "hyp/arch/barrier.h"
#include "hyp/base/string.h"
#include "hyp/nested/gic_status.h"
#include "hyp/vdev/vgic_fast.h"
#include "mm/page.h"

/* INTIDs 1020 to 1023 mean something else. */
#define INTID_SPECIAL     1020
#define INTID_SPECIAL_END 1024

/* What of a list register, ICH_HCR_EL2 and ICH_VMCR_EL2 means something to a guest that is shown no
 * NMI and no direct injection. */
#define LR_PLAIN          (LR_VINTID | LR_EOI | LR_PRIORITY | LR_GROUP1 | LR_STATE)
#define HCR_CAUSES                                                                            \
	(VIF_HCR_UIE | VIF_HCR_LRENPIE | VIF_HCR_NPIE | VIF_HCR_VGRP0EIE | VIF_HCR_VGRP0DIE | \
		VIF_HCR_VGRP1EIE | VIF_HCR_VGRP1DIE)
#define HCR_MASK                                                                               \
	(VIF_HCR_EN | HCR_CAUSES | VIF_HCR_TC | VIF_HCR_TALL0 | VIF_HCR_TALL1 | VIF_HCR_TSEI | \
		VIF_HCR_TDIR | VIF_HCR_EOICOUNT)
#define VMCR_MASK                                                                                \
	(VIF_VMCR_VENG0 | VIF_VMCR_VENG1 | VIF_VMCR_VACKCTL | VIF_VMCR_VFIQEN | VIF_VMCR_VCBPR | \
		VIF_VMCR_VEOIM | VIF_VMCR_VBPR1 | VIF_VMCR_VBPR0 | VIF_VMCR_VPMR)

/* ICC_SRE_EL2: SRE, DFB, DIB, Enable; all RAO/WI (IHI 0069H 12.2.36). */
#define SRE_ALL 0xf

/* gic.h says what loaded, linked and backed are. */
struct nested_gic {
	uint32_t special; /* SPECIAL_* */
	bool in_cpu;      /* between nested_gic_enter() and nested_gic_leave() */
	bool split_logged;
	uint32_t loaded, linked, backed;
	uint64_t hcr; /* ICH_HCR_EL2 as written last */
};

/* nested_gic.special: what the short ways in and out don't know of */
#define SPECIAL_LINE BIT(0) /* PPI 25 is high, as far as the vGIC knows */
#define SPECIAL_APRS BIT(1) /* more than one active priority register for each group */

/* ---- the maintenance interrupt of L1 ---- */

static bool is_due(const struct nested *nested)
{
	return (PAGE_ICH_HCR(nested->page) & VIF_HCR_EN) && gic_misr(nested->page) != 0;
}

static bool line(const struct nested_gic *gic)
{
	return gic->special & SPECIAL_LINE;
}

static void set_line(struct nested *nested, bool due)
{
	struct nested_gic *gic = nested->gic;

	if (due == line(gic))
		return;
	gic->special ^= (uint32_t)SPECIAL_LINE;
	vgic_set_ppi(nested->vcpu, NESTED_PPI_MAINTENANCE, due);
}

static __noinline void update_line(struct nested *nested)
{
	set_line(nested, is_due(nested));
}

/* Can the level be another than the vGIC knows? `ended`: list registers that became inactive, in
 * one word. */
static bool may_change(const struct nested *nested, uint64_t ended)
{
	return line(nested->gic) || (PAGE_ICH_HCR(nested->page) & HCR_CAUSES) || (ended & LR_EOI);
}

/* The vGIC asks. While the CPU has the list registers the page is stale. */
static bool level(struct vcpu *vcpu)
{
	const struct nested *nested = nested_of(vcpu);
	struct nested_gic *gic = nested->gic;

	if (!gic->in_cpu && is_due(nested) != line(gic))
		gic->special ^= (uint32_t)SPECIAL_LINE;
	return line(gic);
}

/* ---- into the CPU ---- */

static bool is_possible(uint64_t lr)
{
	uint32_t intid = (uint32_t)FIELD_GET(LR_VINTID, lr);

	return intid < INTID_SPECIAL || (intid >= INTID_SPECIAL_END && intid >> vif.id_bits == 0);
}

/* Is a list register in the CPU that has the same in this field? */
static bool is_double(const struct nested *nested, uint32_t among, uint64_t lr, uint64_t field)
{
	for (; among != 0; among &= among - 1) {
		uint64_t other = PAGE_ICH_LR(nested->page, (unsigned)__builtin_ctz(among));

		if (((lr ^ other) & field) == 0)
			return true;
	}
	return false;
}

/*
 * List register `index` has HW in the page: its value in the CPU. With HW there is no state pending
 * and active: it is active then.
 */
static __noinline uint64_t link(struct nested *nested, unsigned index, uint64_t lr)
{
	struct nested_gic *gic = nested->gic;
	uint64_t value = lr & LR_PLAIN & ~LR_EOI;
	uint32_t bit = (uint32_t)BIT(index), pintid = 0;
	enum vgic_link what = VGIC_LINK_NONE;

	if ((value & LR_STATE) == LR_STATE)
		value &= ~LR_PENDING;
	if (!is_double(nested, gic->linked, lr, LR_PINTID))
		what = vgic_link(nested->vcpu, (unsigned)FIELD_GET(LR_PINTID, lr), &pintid);
	if (what == VGIC_LINK_NONE)
		return value;
	gic->linked |= bit;
	if (what == VGIC_LINK_SOFT)
		return value | LR_EOI;
	if (what == VGIC_LINK_HW) {
		gic->backed |= bit;
		return value | LR_HW | FIELD_PREP(LR_PINTID, pintid);
	}
	return value;
}

/* In a word, bit 41 of which says whether an inactive list register owes a maintenance interrupt:
 * EOI without HW. */
#define HW_TO_EOI 20
_Static_assert(LR_HW >> HW_TO_EOI == LR_EOI, "the bits are so far apart");

/* Is a list register for the CPU, beside those that are there? */
static __always_inline bool is_fit(const struct nested *nested, uint32_t there, uint64_t lr)
{
	return likely(is_possible(lr)) &&
		likely(!there || !is_double(nested, there, lr, LR_VINTID));
}

/* One list register; `index` is a constant where that saves looking it up. Inactive ones are
 * gathered in words as HW_TO_EOI says. */
static __always_inline void load_lr(
	struct nested *nested, unsigned index, uint32_t *loaded, uint64_t *owing)
{
	uint64_t lr = PAGE_ICH_LR(nested->page, index);

	if (likely(!(lr & LR_STATE))) {
		*owing |= lr & ~(lr >> HW_TO_EOI);
	} else if (is_fit(nested, *loaded, lr)) {
		vif_lr_write(index, unlikely(lr & LR_HW) ? link(nested, index, lr) : lr & LR_PLAIN);
		*loaded |= (uint32_t)BIT(index);
	}
}

/* What most machines have. */
#define COMMON_LRS 4

/* Has any of them a state, or owes an interrupt? All together. */
static __always_inline uint64_t common_lrs(const struct nested *nested)
{
	const uint64_t *page = nested->page;

	return PAGE_ICH_LR(page, 0) | PAGE_ICH_LR(page, 1) | PAGE_ICH_LR(page, 2) |
		PAGE_ICH_LR(page, 3);
}

static __always_inline uint64_t load_lrs(struct nested *nested, struct nested_gic *gic)
{
	uint32_t loaded = 0;
	uint64_t owing = 0;

	gic->linked = gic->backed = 0;
	if (likely(vif.lrs == COMMON_LRS) && likely(!(common_lrs(nested) & (LR_STATE | LR_EOI)))) {
		gic->loaded = 0;
		return 0;
	}
	if (likely(vif.lrs == COMMON_LRS)) {
		load_lr(nested, 0, &loaded, &owing);
		load_lr(nested, 1, &loaded, &owing);
		load_lr(nested, 2, &loaded, &owing);
		load_lr(nested, 3, &loaded, &owing);
	} else {
		for (unsigned i = 0; i < vif.lrs; i++)
			load_lr(nested, i, &loaded, &owing);
	}
	gic->loaded = loaded;
	return owing;
}

static __noinline void more_aprs_in(const uint64_t *page)
{
	struct vif_aprs aprs;

	for (unsigned i = 0; i < VIF_APRS_MAX; i++) {
		aprs.ap0[i] = (uint32_t)PAGE_ICH_AP0R(page, i);
		aprs.ap1[i] = (uint32_t)PAGE_ICH_AP1R(page, i);
	}
	vif_more_aprs_restore(&aprs);
}

static __noinline void more_aprs_out(uint64_t *page)
{
	struct vif_aprs aprs = { 0 };

	vif_more_aprs_save(&aprs);
	for (unsigned i = 1; i < vif.aprs; i++) {
		PAGE_ICH_AP0R(page, i) = aprs.ap0[i];
		PAGE_ICH_AP1R(page, i) = aprs.ap1[i];
	}
}

static __noinline void log_split(struct nested *nested)
{
	if (nested->gic->split_logged)
		return;
	nested->gic->split_logged = true;
	vcpu_log(nested->vcpu,
		"its guest has HCR_EL2.IMO without FMO, which is not supported: FMO is taken to be "
		"set");
}

/* The line may go, or rise where a list register owes a maintenance interrupt from the start. */
static __noinline void enter_more(struct nested *nested)
{
	if (nested->gic->special & SPECIAL_APRS)
		more_aprs_in(nested->page);
	update_line(nested);
}

void nested_gic_enter(struct nested *nested)
{
	struct nested_gic *gic = nested->gic;
	uint64_t *page = nested->page;
	uint64_t owing;

	vgic_detach(nested->vcpu);
	if (unlikely(!(VNCR_REG(nested, HCR_EL2) & HCR_EL2_FMO)))
		log_split(nested);
	owing = load_lrs(nested, gic);
	vif_vmcr_write(PAGE_ICH_VMCR(page) & VMCR_MASK);
	write_sysreg((uint32_t)PAGE_ICH_AP0R(page, 0), ICH_AP0R0_EL2);
	write_sysreg((uint32_t)PAGE_ICH_AP1R(page, 0), ICH_AP1R0_EL2);
	gic->hcr = PAGE_ICH_HCR(page) & HCR_MASK;
	vif_hcr_write(gic->hcr);
	gic->in_cpu = true;
	if (unlikely((owing & LR_EOI) | gic->special))
		enter_more(nested);
}

/* ---- out of the CPU ---- */

/* List register `index` is linked and has ended. */
static __noinline void end_link(struct nested *nested, unsigned index)
{
	struct nested_gic *gic = nested->gic;
	uint32_t bit = (uint32_t)BIT(index);
	uint64_t lr = PAGE_ICH_LR(nested->page, index);

	vgic_end_link(nested->vcpu, (unsigned)FIELD_GET(LR_PINTID, lr), gic->backed & bit);
	gic->linked &= ~bit;
	gic->backed &= ~bit;
}

/* The state of one list register that was loaded into the page, and it is emptied. Those that are
 * inactive now are gathered in one word. */
static __always_inline void store_lr(struct nested *nested, unsigned index, uint64_t *ended)
{
	uint64_t *at = &PAGE_ICH_LR(nested->page, index);
	uint64_t state = vif_lr_take(index) & LR_STATE, lr = (*at & ~LR_STATE) | state;

	*at = lr;
	if (!state)
		*ended |= lr;
}

/* Of all: returns that word. */
static __always_inline uint64_t store_lrs(struct nested *nested, uint32_t loaded)
{
	uint64_t ended = 0;

	if (loaded & BIT(0))
		store_lr(nested, 0, &ended);
	if (loaded & BIT(1))
		store_lr(nested, 1, &ended);
	for (uint32_t left = loaded & ~(uint32_t)GENMASK(1, 0); left != 0; left &= left - 1)
		store_lr(nested, (unsigned)__builtin_ctz(left), &ended);
	return ended;
}

static __always_inline void store_interface(struct nested *nested)
{
	uint64_t *page = nested->page;

	PAGE_ICH_HCR(page) =
		(PAGE_ICH_HCR(page) & ~VIF_HCR_EOICOUNT) | (vif_hcr_read() & VIF_HCR_EOICOUNT);
	PAGE_ICH_VMCR(page) = vif_vmcr_read();
}

static __noinline void end_links(struct nested *nested)
{
	for (uint32_t left = nested->gic->linked; left != 0; left &= left - 1) {
		unsigned index = (unsigned)__builtin_ctz(left);

		if (!(PAGE_ICH_LR(nested->page, index) & LR_STATE))
			end_link(nested, index);
	}
}

static __noinline void leave_more(struct nested *nested, uint64_t ended)
{
	if (nested->gic->special & SPECIAL_APRS)
		more_aprs_out(nested->page);
	end_links(nested);
	if (may_change(nested, ended))
		update_line(nested);
}

void nested_gic_leave(struct nested *nested)
{
	struct nested_gic *gic = nested->gic;
	uint64_t *page = nested->page;
	uint64_t ended = store_lrs(nested, gic->loaded);

	store_interface(nested);
	PAGE_ICH_AP0R(page, 0) = read_sysreg(ICH_AP0R0_EL2);
	PAGE_ICH_AP1R(page, 0) = read_sysreg(ICH_AP1R0_EL2);
	gic->in_cpu = false;
	if (unlikely(gic->linked | gic->special | (PAGE_ICH_HCR(page) & HCR_CAUSES) |
		    (ended & LR_EOI)))
		leave_more(nested, ended);
	vgic_attach(nested->vcpu);
}

void nested_gic_detach(struct nested *nested)
{
	vgic_detach(nested->vcpu);
	/* Nor does it say that list registers are empty, again and again. */
	vif_hcr_write(0);
}

void nested_gic_attach(struct nested *nested)
{
	vgic_attach(nested->vcpu);
}

/* ---- while inner ---- */

/*
 * What has ended leaves the CPU; what else would have the CPU's maintenance interrupt come again is
 * disarmed, until the next begin.
 */
static __noinline void look(struct nested *nested)
{
	struct nested_gic *gic = nested->gic;
	uint64_t ended = 0;

	for (uint32_t left = gic->loaded; left != 0; left &= left - 1) {
		unsigned index = (unsigned)__builtin_ctz(left);
		uint64_t state = vif_lr_read(index) & LR_STATE;
		uint64_t *lr = &PAGE_ICH_LR(nested->page, index);

		*lr = (*lr & ~LR_STATE) | state;
		if (state)
			continue;
		vif_lr_write(index, 0);
		gic->loaded &= ~(uint32_t)BIT(index);
		ended |= *lr;
	}
	store_interface(nested);
	end_links(nested);
	isb();
	if ((gic->hcr & VIF_HCR_EN) && vif_misr()) {
		gic->hcr &= ~HCR_CAUSES;
		vif_hcr_write((gic->hcr & ~VIF_HCR_EOICOUNT) |
			(PAGE_ICH_HCR(nested->page) & VIF_HCR_EOICOUNT));
	}
	if (may_change(nested, ended))
		update_line(nested);
}

bool nested_gic_signals(struct nested *nested)
{
	const struct nested_gic *gic = nested->gic;

	if (likely(gic->in_cpu) &&
		(unlikely(gic->linked && (gic->linked & vif_free())) || unlikely(vif_misr())))
		look(nested);
	return unlikely(vgic_may_have_pending(nested->vcpu)) && vgic_has_pending(nested->vcpu);
}

bool nested_gic_inner_signals(struct nested *nested)
{
	const struct nested_gic *gic = nested->gic;

	return gic->in_cpu && (gic->hcr & VIF_HCR_EN) && vgic_vif_signals(gic->loaded);
}

bool nested_gic_forwards(const struct nested *nested, unsigned encoding)
{
	uint64_t traps = gic_traps_of(encoding);

	if (!nested->inner_lrs || traps == 0)
		return false;
	return (PAGE_ICH_HCR(nested->page) & traps) || encoding == SYS_ICC_SGI1R_EL1 ||
		encoding == SYS_ICC_ASGI1R_EL1 || encoding == SYS_ICC_SGI0R_EL1;
}

/* ---- registers that trap at vEL2 ---- */

bool nested_gic_read(struct nested *nested, unsigned encoding, uint64_t *value)
{
	switch (encoding) {
	case SYS_ICH_ELRSR_EL2:
		*value = gic_elrsr(nested->page);
		return true;
	case SYS_ICH_EISR_EL2:
		*value = gic_eisr(nested->page);
		return true;
	case SYS_ICH_MISR_EL2:
		*value = gic_misr(nested->page);
		set_line(nested, *value && (PAGE_ICH_HCR(nested->page) & VIF_HCR_EN));
		return true;
	case SYS_ICH_VTR_EL2:
		*value = gic_vtr();
		return true;
	case SYS_ICC_SRE_EL2:
		*value = SRE_ALL;
		return true;
	default:
		return false;
	}
}

bool nested_gic_write(struct nested *nested, unsigned encoding, uint64_t value)
{
	(void)nested;
	(void)value;
	return encoding == SYS_ICC_SRE_EL2;
}

/* ---- a VM and its vCPUs ---- */

enum status nested_gic_create(struct vm *vm)
{
	struct nested_gic *gics = mm_zalloc(vm->nr_vcpus * sizeof(*gics));

	if (!gics)
		return ERR_NO_MEMORY;
	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		nested_of(vm->vcpus[i])->gic = &gics[i];
		vgic_sample_ppi(vm->vcpus[i], NESTED_PPI_MAINTENANCE, level);
	}
	return OK;
}

void nested_gic_destroy(struct vm *vm)
{
	struct nested *first = nested_of(vm->vcpus[0]);

	if (!first || !first->gic)
		return;
	mm_free(first->gic, vm->nr_vcpus * sizeof(*first->gic));
	for (unsigned i = 0; i < vm->nr_vcpus; i++)
		nested_of(vm->vcpus[i])->gic = NULL;
}

/* As the CPU interface of the vGIC (hyp/vdev/vgic.c): binary points at their smallest. */
void nested_gic_reset(struct nested *nested)
{
	unsigned bpr0 = 7 - vif.preemption_bits;

	vgic_set_ppi(nested->vcpu, NESTED_PPI_MAINTENANCE, false);
	memset(nested->gic, 0, sizeof(*nested->gic));
	nested->gic->special = vif.aprs > 1 ? SPECIAL_APRS : 0;
	PAGE_ICH_VMCR(nested->page) = FIELD_PREP(VIF_VMCR_VBPR0, bpr0) |
		FIELD_PREP(VIF_VMCR_VBPR1, bpr0 + 1) | VIF_VMCR_VFIQEN;
}
