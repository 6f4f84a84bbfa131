/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/nested/tlbi.h"

#include "hyp/arch/tlb.h"
#include "hyp/nested/shadow_state.h"
#include "hyp/nested/tlbi_op.h"
#include "hyp/vm/inject.h"

#define ID_AA64ISAR0_TLB GENMASK(59, 56)
#define TLB_HAS_OS       1
#define TLB_HAS_RANGE    2
#define ID_AA64ISAR1_XS  GENMASK(59, 56)

/* VTCR_EL2.DS: a range's base is in other units. */
#define VTCR_DS          BIT(32)

/* Of so many shadows a part is taken out; of more that are of the same VMID everything: it has to
 * be a matter of some ten thousand instructions. */
#define PARTS_MAX        4

/* As L1's ID registers say, which say what the CPU's say (hyp/trap/idreg.c). */
static bool is_there(const struct tlbi_op *op)
{
	uint64_t has = FIELD_GET(ID_AA64ISAR0_TLB, read_sysreg(ID_AA64ISAR0_EL1));

	if (op->range && has < TLB_HAS_RANGE)
		return false;
	if (op->outer && has < TLB_HAS_OS)
		return false;
	return !op->nxs || FIELD_GET(ID_AA64ISAR1_XS, read_sysreg(ID_AA64ISAR1_EL1)) != 0;
}

/* --- one shadow --- */

/* Nothing of either stage is left. */
static void forget(struct shadows *set, struct shadow *shadow)
{
	if (shadow->on)
		shadow_drop(set, shadow);
	tlb_flush_vmid(shadow->vttbr);
}

static void forget_ipas(struct shadows *set, struct shadow *shadow, const struct tlbi_op *op,
	uint64_t operand, unsigned nth)
{
	uint64_t ipa, size;

	if (!shadow->on)
		return;
	if (nth >= PARTS_MAX)
		shadow_drop(set, shadow);
	else if (op->kind == TLBI_IPA)
		shadow_unmap_leaf(set, shadow, tlbi_ipa(operand));
	else if (tlbi_ipa_range(operand, &ipa, &size) && !(shadow->key.vtcr & VTCR_DS))
		shadow_unmap_range(set, shadow, ipa, size);
	else
		shadow_drop(set, shadow);
}

/* --- all of the VM's that it is about --- */

static void apply(struct shadows *set, const struct tlbi_op *op, uint64_t operand, unsigned vvmid)
{
	unsigned nth = 0;

	spin_lock(&set->lock);
	if (op->kind != TLBI_STAGE1)
		__atomic_store_n(&set->sequence, set->sequence + 1, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < set->count; i++) {
		struct shadow *shadow = &set->slots[i];

		if (!shadow->used || (op->kind != TLBI_ALL && shadow->vvmid != vvmid))
			continue;
		if (op->kind == TLBI_STAGE1)
			tlb_guest(shadow->vttbr, op->op, operand);
		else if (op->kind == TLBI_ALL || op->kind == TLBI_BOTH)
			forget(set, shadow);
		else
			forget_ipas(set, shadow, op, operand, nth++);
	}
	spin_unlock(&set->lock);
}

static void at_hyp(struct nested *nested, const struct tlbi_op *op, uint64_t operand)
{
	struct vm *vm = nested->vcpu->vm;

	if (op->kind == TLBI_EL2)
		tlb_guest(vm->stage2.vttbr, nested->vhe ? op->op : tlbi_any_asid(op->op), operand);
	else if (op->kind == TLBI_STAGE1 && nested_host_el0(nested))
		tlb_guest(vm->stage2.vttbr, op->op, operand);
	else
		apply(shadows_of(vm), op, operand, shadow_vvmid(nested));
}

enum exit_result nested_tlbi(struct vcpu *vcpu, unsigned encoding, uint64_t operand)
{
	struct nested *nested = nested_of(vcpu);
	struct tlbi_op op;

	if (!tlbi_decode(encoding, &op) || !is_there(&op))
		return inject_undefined(vcpu);
	if (!nested->inner) {
		at_hyp(nested, &op, operand);
		return EXIT_SKIP;
	}
	if (op.kind != TLBI_STAGE1)
		return inject_undefined(vcpu);
	tlb_guest(nested->shadow->vttbr, op.op, operand);
	return EXIT_SKIP;
}
