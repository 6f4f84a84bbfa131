/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/trap/triage.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/insn.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/arch/tlb.h"
#include "hyp/trap/abort.h"
#include "hyp/trap/cmo.h"
#include "hyp/trap/emulate.h"
#include "hyp/trap/exit.h"
#include "hyp/trap/guest_walk.h"
#include "hyp/trap/triage_table.h"
#include "hyp/vdev/device.h"
#include "hyp/vm/aarch32.h"
#include "hyp/vm/inject.h"
#include "hyp/vm/inject32.h"
#include "hyp/vm/vm.h"

struct guest_abort {
	uint64_t esr, far;
	uint64_t ipa; /* where the place had a say */
	bool fetch;
	struct placed placed;
};

/* --- the answers --- */

static enum exit_result retry(struct vcpu *vcpu, const struct guest_abort *abort)
{
	return triage_retry(vcpu, abort->esr, abort->far);
}

static enum exit_result flush(struct vcpu *vcpu, const struct guest_abort *abort)
{
	tlb_flush_ipa(vcpu->vttbr, IPA(abort->ipa));
	return retry(vcpu, abort);
}

static enum exit_result flush_all(struct vcpu *vcpu, const struct guest_abort *abort)
{
	tlb_flush_vmid(vcpu->vttbr);
	return retry(vcpu, abort);
}

static enum exit_result external(struct vcpu *vcpu, const struct guest_abort *abort)
{
	return inject_external_abort(vcpu, abort->esr, abort->far);
}

/* Nothing is there (absent), or a flag can't be written there. */
static enum exit_result on_walk_as(struct vcpu *vcpu, const struct guest_abort *abort, bool absent)
{
	unsigned level;
	enum status status =
		guest_walk_level(vcpu, abort->far, abort->fetch, IPA(abort->ipa), absent, &level);

	if (status == ERR_BUSY)
		return EXIT_RESUME;
	if (status == ERR_NOT_SUPPORTED) /* it can't be said which level */
		return external(vcpu, abort);
	if (status != OK)
		return retry(vcpu, abort);
	return inject_external_abort_on_walk(vcpu, abort->esr, abort->far, level);
}

static enum exit_result on_walk(struct vcpu *vcpu, const struct guest_abort *abort)
{
	return on_walk_as(vcpu, abort, abort->placed.place != PLACE_ROM);
}

static enum exit_result give(struct vcpu *vcpu, const struct guest_abort *abort)
{
	enum status status = stage2_fault_in(&vcpu->vm->stage2, IPA(abort->ipa));

	/* Another vCPU is having it wiped right now: the guest tries again until it is there. */
	if (status == OK || status == ERR_BUSY)
		return EXIT_RESUME;
	/* Taken away on purpose: as if there were none. */
	if (abort->esr & ISS_S1PTW)
		return on_walk_as(vcpu, abort, true);
	return external(vcpu, abort);
}

static enum exit_result address_size(struct vcpu *vcpu, const struct guest_abort *abort)
{
	if (abort->fetch)
		return inject_instruction_abort(vcpu, FSC_ADDRESS_SIZE, abort->far);
	return inject_data_abort(vcpu, (abort->esr & ISS_WNR) | FSC_ADDRESS_SIZE, abort->far);
}

/* No walk of Lintel's leads there; all that matters is whether it was cache maintenance. */
static enum exit_result decode_beyond(struct vcpu *vcpu, const struct guest_abort *abort)
{
	uint32_t instruction;
	enum status status;
	struct insn insn;

	if (vcpu->regs.pstate & PSTATE_NRW)
		return address_size(vcpu, abort);
	status = guest_fetch(vcpu, &instruction);
	if (status != OK)
		return status == ERR_BUSY ? EXIT_RESUME : address_size(vcpu, abort);
	insn = insn_decode(instruction);
	if (insn.class != INSN_MAINTENANCE)
		return address_size(vcpu, abort);
	return cmo_handle_insn(vcpu, abort->esr, insn.op, IPA(abort->ipa));
}

/* It takes the instruction to know what the access is. */
static enum exit_result decode(struct vcpu *vcpu, const struct guest_abort *abort)
{
	if (abort->placed.place == PLACE_BEYOND)
		return decode_beyond(vcpu, abort);
	return emulate_instruction(vcpu, abort->esr, abort->far);
}

static unsigned width_of(const struct guest_abort *abort)
{
	return 1U << FIELD_GET(ISS_SAS, abort->esr);
}

/* The syndrome describes the access as a whole, but a part of it may be in another page: the one
 * behind, or, where FAR is what of it is in this page, the one before. */
static bool may_span_pages(const struct guest_abort *abort)
{
	uint64_t offset = abort->far & (PAGE_SIZE - 1);

	return width_of(abort) > 1 && (offset == 0 || offset + width_of(abort) > PAGE_SIZE);
}

/* By its syndrome. AArch32 is never decoded. */
static enum exit_result emulate(struct vcpu *vcpu, const struct guest_abort *abort)
{
	if (may_span_pages(abort) && !(vcpu->regs.pstate & PSTATE_NRW))
		return decode(vcpu, abort);
	return abort_emulate(vcpu, abort->placed.device, abort->esr, abort->ipa, abort->far);
}

/* A load gives zero, a store does nothing. */
static enum exit_result ignore(struct vcpu *vcpu, const struct guest_abort *abort)
{
	bool spans = may_span_pages(abort);

	if (spans && !(vcpu->regs.pstate & PSTATE_NRW))
		return decode(vcpu, abort);
	if (spans && (abort->far & (PAGE_SIZE - 1)) != 0)
		return external(vcpu, abort);
	if (!(abort->esr & ISS_WNR))
		vcpu_set_x(vcpu, (unsigned)FIELD_GET(ISS_SRT, abort->esr), 0);
	return EXIT_SKIP;
}

/* To be executed again where memory is there already means the same as for other accesses. */
static enum exit_result maintain(struct vcpu *vcpu, const struct guest_abort *abort)
{
	enum exit_result result = cmo_handle_abort(vcpu, abort->esr, IPA(abort->ipa));

	if (result != EXIT_RESUME ||
		(abort->placed.place != PLACE_RAM && abort->placed.place != PLACE_ROM))
		return result;
	if ((abort->esr & FSC_TYPE_MASK) == FSC_TRANSLATION)
		return retry(vcpu, abort);
	return flush(vcpu, abort);
}

static enum exit_result reflect(struct vcpu *vcpu, const struct guest_abort *abort)
{
	return inject_data_abort(vcpu, abort->esr & (ISS_CM | ISS_WNR | FSC_MASK), abort->far);
}

/* An abort of the memory itself, while the guest used it. */
static enum exit_result hardware(struct vcpu *vcpu, const struct guest_abort *abort)
{
	vcpu_log(vcpu, "external abort on a real access, ESR 0x%lx: given to the guest",
		(unsigned long)abort->esr);
	if (!(abort->esr & ISS_FNV) || (abort->esr & FSC_MASK) != FSC_EXTERNAL)
		return external(vcpu, abort);
	if (abort->fetch)
		return inject_instruction_abort(vcpu, ISS_FNV | FSC_EXTERNAL, 0);
	return inject_data_abort(vcpu, ISS_FNV | FSC_EXTERNAL, 0);
}

static enum exit_result odd(struct vcpu *vcpu, const struct guest_abort *abort)
{
	vcpu_log(vcpu,
		"an abort of a kind that this CPU should not report here, ESR 0x%lx, address "
		"0x%lx: given to the guest as an external abort",
		(unsigned long)abort->esr, (unsigned long)abort->far);
	return external(vcpu, abort);
}

static enum exit_result (*const answer_with[NR_ABORT_ANSWERS])(
	struct vcpu *vcpu, const struct guest_abort *abort) = {
	[ANSWER_RETRY] = retry,
	[ANSWER_FLUSH] = flush,
	[ANSWER_FLUSH_ALL] = flush_all,
	[ANSWER_GIVE] = give,
	[ANSWER_EMULATE] = emulate,
	[ANSWER_DECODE] = decode,
	[ANSWER_MAINTAIN] = maintain,
	[ANSWER_IGNORE] = ignore,
	[ANSWER_EXTERNAL] = external,
	[ANSWER_ON_WALK] = on_walk,
	[ANSWER_ADDRESS_SIZE] = address_size,
	[ANSWER_REFLECT] = reflect,
	[ANSWER_HARDWARE] = hardware,
	[ANSWER_ODD] = odd,
};

/* --- a guest that can't even take an exception --- */

/*
 * The guest's own vector for exceptions of its EL1 can't be fetched: whatever it is given now it
 * would take at the same place, for ever. What it wanted to report is still in its registers.
 */
static bool is_dead_vector(const struct vcpu *vcpu)
{
	if (vcpu->aarch32)
		return inject32_at_vector(vcpu);
	return vcpu->regs.pc == read_sysreg(VBAR_EL1) + inject_vector_offset(PSTATE_EL1H) &&
		(vcpu->regs.pstate & (PSTATE_NRW | PSTATE_MODE_MASK)) == PSTATE_EL1H;
}

static enum exit_result fail_dead_vector(struct vcpu *vcpu)
{
	uint64_t esr = read_sysreg(ESR_EL1);

	if (vcpu->aarch32) {
		vm_fail(vcpu,
			"no memory at its exception vectors; LR_abt is 0x%lx, LR_und 0x%lx (set "
			"VBAR to see such things in the guest, or give the VM more memory)",
			(unsigned long)(uint32_t)vcpu->regs.x[AARCH32_LR_ABT],
			(unsigned long)(uint32_t)vcpu->regs.x[AARCH32_LR_UND]);
		return EXIT_STOP_VM;
	}
	vm_fail(vcpu,
		"no memory at its exception vector; it took an exception from 0x%lx: %s, ESR "
		"0x%lx, "
		"FAR 0x%lx (set VBAR_EL1 to see such things in the guest, or give the VM more "
		"memory)",
		(unsigned long)read_sysreg(ELR_EL1), exit_class_name((unsigned)ESR_GET_EC(esr)),
		(unsigned long)esr, (unsigned long)read_sysreg(FAR_EL1));
	return EXIT_STOP_VM;
}

/* --- the order of checks --- */

static uint64_t hpfar_page(void)
{
	return FIELD_GET(HPFAR_EL2_FIPA, read_sysreg(HPFAR_EL2)) << PAGE_SHIFT;
}

static enum exit_result answer(
	struct vcpu *vcpu, const struct guest_abort *abort, enum abort_answer answer)
{
	vcpu->aborts[answer]++;
	return answer_with[answer](vcpu, abort);
}

/* Where a permission fault was. False: no walk leads there, and *result is the answer. */
static bool find_by_walk(struct vcpu *vcpu, struct guest_abort *abort, enum exit_result *result)
{
	struct s1_result walk;
	enum status status = guest_walk(vcpu, abort->far, abort->fetch, &walk);

	if (status == OK) {
		abort->ipa = walk.ipa.ipa;
		return true;
	}
	if (guest_walk_failed(vcpu, status, &walk, abort->esr, abort->far, result))
		vcpu->aborts[*result == EXIT_RESUME ? ANSWER_GIVE : ANSWER_ON_WALK]++;
	else
		*result = answer(vcpu, abort, ANSWER_RETRY);
	return false;
}

/* What the place has a say in. */
static enum exit_result judge(struct vcpu *vcpu, struct guest_abort *abort)
{
	enum exit_result result;

	if (abort->esr & ISS_S1PTW)
		abort->ipa = hpfar_page();
	else if (triage_has_hpfar(abort->esr))
		abort->ipa = hpfar_page() | (abort->far & (PAGE_SIZE - 1));
	else if (!find_by_walk(vcpu, abort, &result))
		return result;
	abort->placed = place_find(vcpu, IPA(abort->ipa));
	return answer(vcpu, abort,
		triage_answer(abort->esr, &abort->placed, vcpu->vm->policy.absent_ignored));
}

static enum exit_result triage(struct vcpu *vcpu, uint64_t esr, bool fetch)
{
	struct guest_abort abort = { .esr = esr, .far = read_sysreg(FAR_EL2), .fetch = fetch };
	enum exit_result result;

	if (!triage_has_place(triage_kind(esr)))
		return answer(vcpu, &abort, triage_answer(esr, NULL, false));
	result = judge(vcpu, &abort);
	if (fetch && result == EXIT_INJECT && is_dead_vector(vcpu))
		return fail_dead_vector(vcpu);
	return result;
}

enum exit_result triage_data(struct vcpu *vcpu, uint64_t esr)
{
	return triage(vcpu, esr, false);
}

enum exit_result triage_instruction(struct vcpu *vcpu, uint64_t esr)
{
	return triage(vcpu, esr, true);
}
