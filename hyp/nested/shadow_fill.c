/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stage-2 aborts of the inner guest: sorted into L1's and L0's, and shadows filled.
 *
 *   what L1's stage 2 says            what the VM's own says        verdict
 *   no (any fault of a walk)          -                             FAULT
 *   yes                               memory, given, allowed        RESUME: mapped
 *                                     memory, being given           RESUME
 *                                     memory, a write not allowed   ROM
 *                                     a device                      DEVICE
 *                                     anything else                 ABSENT
 *
 * The access that is judged: of a walk of stage 1 a read, but a permission fault is of one that
 * sets flags; of cache maintenance a read, but a permission fault is of one that needs a write.
 *
 * The usual abort is at an address of a device that L1 emulates: nothing is mapped there, whatever
 * the access. That is looked at first, by itself (shadow_look()).
 */
#include "hyp/arch/at.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/tlb.h"
#include "hyp/nested/shadow_state.h"
#include "hyp/vdev/device.h"
#include "mm/pgtable_desc.h"
#include "mm/walk_attr.h"
#include "mm/walk_s2.h"

/* HPFAR_EL2.FIPA is IPA[47:12] at bit 4. */
#define HPFAR_TO_IPA   (PAGE_SHIFT - 4)

/* XN[0] of a stage-2 leaf, with FEAT_XNX: what is the same for EL1 and EL0 has it 0. */
#define DESC_S2_XN_LOW BIT(53)

/* An abort, and what is known of it so far. */
struct fault {
	struct shadow *shadow;
	struct vm *vm;
	uint64_t esr;
	uint64_t ipa;      /* L2's, with the low bits where they are known */
	uint64_t need;     /* MEM_R, MEM_W or MEM_X */
	unsigned access;   /* the same for walk_s2() */
	uint64_t sequence; /* of the shadows, before L1's tables are read */
	struct s2_result walk;
};

static bool is_permission(uint64_t esr)
{
	return (esr & FSC_TYPE_MASK) == FSC_PERMISSION;
}

/* --- what it is about --- */

static uint64_t need_of(uint64_t esr)
{
	if (esr & ISS_S1PTW)
		return is_permission(esr) ? MEM_W : MEM_R;
	if (ESR_GET_EC(esr) == EC_INSN_ABORT_LOWER)
		return MEM_X;
	if (esr & ISS_CM)
		return is_permission(esr) ? MEM_W : MEM_R;
	return esr & ISS_WNR ? MEM_W : MEM_R;
}

static unsigned access_of(const struct fault *fault, bool user)
{
	unsigned access = WALK_JUDGE;

	if (fault->need == MEM_W)
		access |= WALK_WRITE | WALK_DIRTY;
	if (fault->need == MEM_X)
		access |= WALK_FETCH;
	return user && !(fault->esr & ISS_S1PTW) ? access | WALK_USER : access;
}

static uint64_t ipa_of_hpfar(void)
{
	return (read_sysreg(HPFAR_EL2) << HPFAR_TO_IPA) & DESC_ADDRESS;
}

/*
 * HPFAR_EL2 where the architecture defines it; of a permission fault by the CPU's AT, the guest's
 * registers being live. False: it finds nothing, for the guest's tables, or the shadow's, have
 * changed since.
 */
static bool find_ipa(struct fault *fault)
{
	uint64_t far = read_sysreg(FAR_EL2), par;

	if (fault->esr & ISS_S1PTW) {
		fault->ipa = ipa_of_hpfar();
		return true;
	}
	fault->ipa = far & (PAGE_SIZE - 1);
	if (!is_permission(fault->esr)) {
		fault->ipa |= ipa_of_hpfar();
		return true;
	}
	par = at_s1e1r(far);
	fault->ipa |= par & PAR_PA;
	return !(par & PAR_F);
}

/* --- L1's stage 2 --- */

void nested_prepare_s2(struct nested *nested)
{
	struct s2_regime regime = nested_s2_regime(nested);

	walk_s2_prepare(&regime, &nested->s2_setup);
}

static enum status walk(struct nested *nested, struct fault *fault)
{
	struct walk_memory memory = walk_memory_updating(&fault->vm->stage2);

	return walk_s2(
		nested_s2_setup(nested), &memory, IPA(fault->ipa), fault->access, &fault->walk);
}

static enum shadow_verdict say(uint64_t ipa, unsigned fst, uint64_t *esr, uint64_t *hpfar)
{
	*esr = (*esr & ~FSC_MASK) | fst;
	*hpfar = ipa >> PAGE_SHIFT << 4;
	return SHADOW_FAULT;
}

uint64_t shadow_look(struct nested *nested, uint64_t esr)
{
	uint8_t fst;

	if (unlikely((esr & FSC_TYPE_MASK) != FSC_TRANSLATION) || unlikely(!nested->shadow->on))
		return 0;
	fst = walk_s2_look(nested_s2_setup(nested), &nested->vcpu->vm->stage2, IPA(ipa_of_hpfar()));
	return likely(fst != 0) ? (esr & ~FSC_MASK) | fst : 0;
}

/* --- both in one --- */

static enum mem_type l1_type(const struct shadow_key *key, const struct s2_result *walk)
{
	unsigned mem_attr = walk->mem_attr;
	uint8_t attr = ATTR_NORMAL_WB;

	if (!(key->hcr & HCR_EL2_FWB))
		attr = attr_of_s2(mem_attr);
	else if ((mem_attr & 7) < 4)
		attr = (uint8_t)((mem_attr & 3) << 2);
	else if ((mem_attr & 7) == 5)
		attr = ATTR_NORMAL_NC;
	if (attr_is_device(attr))
		return attr == ATTR_DEVICE_nGnRnE ? MEM_DEVICE_nGnRnE : MEM_DEVICE_nGnRE;
	if ((attr & 0xf) == 4 || attr >> 4 == 4 || (key->hcr & HCR_EL2_CD))
		return MEM_NORMAL_NC;
	return MEM_NORMAL;
}

/* The stricter of the two; but where guests' memory is cacheable whatever they say, L1's word
 * doesn't change that either. */
static enum mem_type type_of(const struct fault *fault, const struct stage2_page *page)
{
	enum mem_type type = l1_type(&fault->shadow->key, &fault->walk);

	if (fault->vm->stage2.table.kind == PGTABLE_STAGE2_FWB && page->type == MEM_NORMAL)
		return MEM_NORMAL;
	return MAX(type, page->type);
}

/* False: it can't be what is asked for (instructions in Device memory). */
static bool leaf_bits(const struct fault *fault, const struct stage2_page *page, uint64_t *bits)
{
	const struct s2_result *walk = &fault->walk;
	enum mem_type type = type_of(fault, page);
	uint64_t priv = walk->priv & page->prot, user = walk->user & page->prot;

	if (walk->clean)
		priv &= ~(uint64_t)MEM_W;
	if (mem_is_device(type)) {
		priv &= ~(uint64_t)MEM_X;
		user &= ~(uint64_t)MEM_X;
		if (fault->need == MEM_X)
			return false;
	}
	if (!pgtable_leaf_bits(&fault->vm->stage2.table, PGTABLE_LEVEL_LAST,
		    (priv & ~(uint64_t)MEM_X) | (user & MEM_X), type, bits))
		return false;
	if ((priv ^ user) & MEM_X)
		*bits |= DESC_S2_XN_LOW;
	*bits &= ~(DESC_VALID | DESC_PAGE);
	return true;
}

static unsigned log2_of(uint64_t size)
{
	return 63 - (unsigned)__builtin_clzll(size);
}

/* A walk of stage 1 through Device memory that HCR_EL2.PTW forbids: what the leaf would be is what
 * it is. (Of other memory it is one that another CPU has put there just now.) */
static bool is_forbidden_walk(const struct fault *fault, uint64_t bits, uint64_t old)
{
	const uint64_t same = DESC_ADDRESS | LEAF_L1 | DESC_VALID | DESC_PAGE;

	return (fault->esr & ISS_S1PTW) && is_permission(fault->esr) &&
		mem_is_device(desc_type(fault->vm->stage2.table.kind, bits)) &&
		(old & DESC_VALID) && ((old ^ bits) & ~same) == 0;
}

/*
 * The VM's memory is there and allowed: into the shadow, unless L1 has invalidated something
 * meanwhile. With both locks held. False: it isn't possible, or would change nothing.
 */
static bool fill(struct shadows *set, const struct fault *fault, const struct stage2_page *page)
{
	struct shadow_leaf leaf = {
		.ipa = ALIGN_DOWN(fault->ipa, PAGE_SIZE),
		.origin = ALIGN_DOWN(fault->walk.output.ipa, PAGE_SIZE),
		.pa = ALIGN_DOWN(page->pa.pa, PAGE_SIZE),
		.l1_shift = (uint8_t)log2_of(fault->walk.span),
		.l0_shift = (uint8_t)desc_shift(page->level),
	};

	if (leaf.ipa >> fault->vm->stage2.ipa_bits || !leaf_bits(fault, page, &leaf.bits))
		return false;
	if (set->sequence != fault->sequence)
		return true;
	if (is_forbidden_walk(fault, leaf.bits, shadow_lookup(set, fault->shadow, leaf.ipa)))
		return false;
	shadow_map(set, fault->shadow, &leaf);
	return true;
}

enum found { FOUND_NONE, FOUND_DONE, FOUND_DENIED, FOUND_IMPOSSIBLE };

static enum found look_and_fill(struct shadows *set, const struct fault *fault)
{
	struct stage2 *s2 = &fault->vm->stage2;
	enum found found = FOUND_NONE;
	struct stage2_page page;

	spin_lock(&s2->lock);
	if (stage2_lookup_locked(s2, fault->walk.output, &page)) {
		found = FOUND_DENIED;
		if (page.prot & fault->need) {
			spin_lock(&set->lock);
			found = fill(set, fault, &page) ? FOUND_DONE : FOUND_IMPOSSIBLE;
			spin_unlock(&set->lock);
		}
	}
	spin_unlock(&s2->lock);
	return found;
}

/* Nothing is mapped at L1's address. */
static enum shadow_verdict nothing(const struct fault *fault, ipa_t ipa)
{
	enum status status = stage2_fault_in(&fault->vm->stage2, ipa);

	if (status == OK || status == ERR_BUSY)
		return SHADOW_RESUME;
	return device_find(fault->vm->devices, ipa.ipa, 1) ? SHADOW_DEVICE : SHADOW_ABSENT;
}

/* --- the abort --- */

static enum shadow_verdict abort_on(
	struct nested *nested, struct fault *fault, uint64_t *esr, uint64_t *hpfar, ipa_t *ipa)
{
	struct shadows *set;
	enum status status;

	/* One by one: the result of the walk needs no zeros. */
	fault->shadow = nested->shadow;
	fault->vm = nested->vcpu->vm;
	fault->esr = *esr;
	set = shadows_of(fault->vm);
	fault->sequence = __atomic_load_n(&set->sequence, __ATOMIC_ACQUIRE);
	fault->need = need_of(fault->esr);
	fault->access =
		access_of(fault, (nested->vcpu->regs.pstate & PSTATE_MODE_MASK) == PSTATE_EL0T);
	if (!find_ipa(fault)) {
		/* What a TLB has of it goes, so that the guest itself finds out. */
		tlb_flush_vmid(fault->shadow->vttbr);
		return SHADOW_RESUME;
	}
	status = walk(nested, fault);
	if (status == ERR_FAULT)
		return say(fault->ipa, fault->walk.fst, esr, hpfar);
	if (status != OK)
		return SHADOW_RESUME;
	*ipa = fault->walk.output;
	switch (look_and_fill(set, fault)) {
	case FOUND_NONE:
		return nothing(fault, *ipa);
	case FOUND_DONE:
		return SHADOW_RESUME;
	case FOUND_DENIED:
		return fault->need == MEM_W ? SHADOW_ROM : SHADOW_ABSENT;
	default:
		return say(
			fault->ipa, FST_PERMISSION | (fault->walk.level & FST_LEVEL), esr, hpfar);
	}
}

/* What isn't of a stage 2: as the CPU reports it. */
static bool is_stage2(uint64_t esr)
{
	return (esr & FSC_MASK) < FSC_EXTERNAL;
}

enum shadow_verdict shadow_abort(struct nested *nested, uint64_t *esr, uint64_t *hpfar, ipa_t *ipa)
{
	struct shadow *shadow = nested->shadow;
	struct fault fault;

	if (!shadow->on)
		return SHADOW_PLAIN;
	if ((*esr & FSC_MASK) == FSC_TLB_CONFLICT) {
		tlb_flush_vmid(shadow->vttbr);
		return SHADOW_RESUME;
	}
	if (!is_stage2(*esr)) {
		*hpfar = 0;
		return (*esr & FSC_MASK) == FSC_EXTERNAL ||
				(*esr & FSC_TYPE_MASK) == FSC_EXTERNAL_ON_WALK
			? SHADOW_ABSENT
			: SHADOW_FAULT;
	}
	return abort_on(nested, &fault, esr, hpfar, ipa);
}
