/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/trap/emulate.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/sysreg.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/trap/cmo.h"
#include "hyp/trap/emulate_access.h"
#include "hyp/trap/guest_walk.h"
#include "hyp/trap/place.h"
#include "hyp/trap/triage.h"
#include "hyp/vm/inject.h"
#include "hyp/vm/vm.h"

/* An address without its tag: the hardware has translated it, so that the topmost byte is either
 * ignored or a copy of bit 55. */
#define UNTAGGED           GENMASK(55, 0)

/* Cache maintenance and DC ZVA may report any address in their line or block, of at most so much.
 */
#define LINE_MAX           KIB(2)

/* Loads and stores, by bits 28:25; SVE and SME; system instructions. All else touches no memory. */
#define ENCODING_GROUP     GENMASK(28, 25)
#define ENCODING_MEMORY    BIT(27) /* loads and stores: x1x0 */
#define ENCODING_NO_MEMORY BIT(25)
#define ENCODING_SVE       2
#define ENCODING_SYSTEM    UINT32_C(0xffc00000)
#define SYSTEM             UINT32_C(0xd5000000)

struct aborted {
	struct vcpu *vcpu;
	uint64_t esr, far;
	uint32_t instruction;
	struct insn insn;
	uint64_t sp, address;
};

/* It has changed meanwhile. */
static enum exit_result again(const struct aborted *aborted)
{
	return triage_retry(aborted->vcpu, aborted->esr, aborted->far);
}

/* --- registers --- */

/* EL0 and EL1t use SP_EL0. */
static bool uses_sp_el1(const struct vcpu *vcpu)
{
	return vcpu->regs.pstate & PSTATE_SP;
}

static uint64_t read_sp(const struct vcpu *vcpu)
{
	return uses_sp_el1(vcpu) ? read_sysreg(SP_EL1) : read_sysreg(SP_EL0);
}

static void write_base(struct vcpu *vcpu, unsigned base, uint64_t value)
{
	if (base != INSN_SP)
		vcpu_set_x(vcpu, base, value);
	else if (uses_sp_el1(vcpu))
		write_sysreg(value, SP_EL1);
	else
		write_sysreg(value, SP_EL0);
}

/* --- answers for what is not performed, by the place that FAR leads to --- */

enum answer {
	AGAIN,       /* the guest doesn't need Lintel any more */
	GIVE,        /* memory, then the guest tries again */
	ABORT,       /* external abort */
	REFUSE,      /* the same, with a message that names the instruction */
	UNSUPPORTED, /* FSC 0x35, or as the policy has it */
	ADDRESS_SIZE,
};

static const enum answer other_answers[NR_PLACES] = {
	[PLACE_RAM] = AGAIN,
	[PLACE_RAM_LAZY] = GIVE,
	[PLACE_ROM] = REFUSE,
	[PLACE_ROM_LAZY] = GIVE,
	[PLACE_DEVICE] = REFUSE,
	[PLACE_NOTHING] = ABORT,
	[PLACE_BEYOND] = ADDRESS_SIZE,
};

static const enum answer atomic_answers[NR_PLACES] = {
	[PLACE_RAM] = AGAIN,
	[PLACE_RAM_LAZY] = GIVE,
	[PLACE_ROM] = ABORT,
	[PLACE_ROM_LAZY] = GIVE,
	[PLACE_DEVICE] = UNSUPPORTED,
	[PLACE_NOTHING] = ABORT,
	[PLACE_BEYOND] = ADDRESS_SIZE,
};

static enum exit_result abort_with(const struct aborted *aborted, uint64_t fsc)
{
	return inject_data_abort(aborted->vcpu, (aborted->esr & ISS_WNR) | fsc, aborted->far);
}

static enum exit_result external_abort(const struct aborted *aborted)
{
	return inject_external_abort(aborted->vcpu, aborted->esr, aborted->far);
}

static enum exit_result refuse(const struct aborted *aborted, ipa_t ipa)
{
	vcpu_log(aborted->vcpu,
		"instruction 0x%08x accesses 0x%lx, no plain memory, in a way that can't be "
		"emulated "
		"(use loads and stores of general or FP/SIMD registers): external abort",
		aborted->instruction, (unsigned long)ipa.ipa);
	return external_abort(aborted);
}

static enum exit_result give(const struct aborted *aborted, ipa_t ipa)
{
	enum status status = stage2_fault_in(&aborted->vcpu->vm->stage2, ipa);

	return status == OK || status == ERR_BUSY ? EXIT_RESUME : external_abort(aborted);
}

static enum exit_result perform_answer(const struct aborted *aborted, enum answer answer, ipa_t ipa)
{
	const struct vm_policy *policy = &aborted->vcpu->vm->policy;

	switch (answer) {
	case AGAIN:
		return again(aborted);
	case GIVE:
		return give(aborted, ipa);
	case REFUSE:
		return refuse(aborted, ipa);
	case UNSUPPORTED:
		return policy->atomics_abort ? external_abort(aborted)
					     : abort_with(aborted, FSC_EXCLUSIVE);
	case ADDRESS_SIZE:
		return abort_with(aborted, FSC_ADDRESS_SIZE);
	default:
		return external_abort(aborted);
	}
}

/* Where FAR leads to; false: *result is what to return. */
static bool find_ipa(const struct aborted *aborted, ipa_t *ipa, enum exit_result *result)
{
	struct s1_result page;
	enum status status = guest_walk(aborted->vcpu, aborted->far, false, &page);

	if (status == OK) {
		*ipa = page.ipa;
		return true;
	}
	/* The CPU's addresses are larger than those that the guest is shown: its own walk went on.
	 */
	if (status == ERR_FAULT && (page.fst & FSC_TYPE_MASK) == FST_ADDRESS_SIZE) {
		*ipa = IPA(BIT(aborted->vcpu->vm->stage2.ipa_bits));
		return true;
	}
	if (!guest_walk_failed(aborted->vcpu, status, &page, aborted->esr, aborted->far, result))
		*result = again(aborted);
	return false;
}

static enum exit_result answer_by_place(
	const struct aborted *aborted, const enum answer answers[NR_PLACES])
{
	enum exit_result result;
	ipa_t ipa;

	if (!find_ipa(aborted, &ipa, &result))
		return result;
	return perform_answer(aborted, answers[place_find(aborted->vcpu, ipa).place], ipa);
}

/* --- the classes --- */

/* FAR is one of the bytes that the instruction accesses. */
static bool explains_far(const struct aborted *aborted)
{
	uint64_t distance = (aborted->far - aborted->address) & UNTAGGED;

	return distance < (uint64_t)aborted->insn.count * aborted->insn.width;
}

static enum exit_result load_or_store(const struct aborted *aborted)
{
	struct vcpu *vcpu = aborted->vcpu;
	enum exit_result result;
	bool writeback;
	uint64_t base;

	if (!explains_far(aborted) || aborted->insn.write != !!(aborted->esr & ISS_WNR))
		return again(aborted);
	writeback = insn_writeback(&aborted->insn, &vcpu->regs, aborted->sp, &base);
	result = emulate_access(vcpu, aborted->esr, &aborted->insn, aborted->address);
	if (result == EXIT_SKIP && writeback)
		write_base(vcpu, aborted->insn.base, base);
	return result;
}

static enum exit_result prefetch(const struct aborted *aborted)
{
	(void)aborted;
	return EXIT_SKIP;
}

static enum exit_result atomic(const struct aborted *aborted)
{
	return explains_far(aborted) ? answer_by_place(aborted, atomic_answers) : again(aborted);
}

static enum exit_result maintenance(const struct aborted *aborted)
{
	enum exit_result result;
	ipa_t ipa;

	if (((aborted->far ^ aborted->address) & UNTAGGED) / LINE_MAX != 0)
		return again(aborted);
	if (!find_ipa(aborted, &ipa, &result))
		return result;
	return cmo_handle_insn(aborted->vcpu, aborted->esr, aborted->insn.op, ipa);
}

/* Can this have been it? Of what we don't know we only know what it is not. */
static bool may_access_memory(uint32_t instruction)
{
	if ((instruction & (ENCODING_MEMORY | ENCODING_NO_MEMORY)) == ENCODING_MEMORY)
		return true;
	return FIELD_GET(ENCODING_GROUP, instruction) <= ENCODING_SVE ||
		(instruction & ENCODING_SYSTEM) == SYSTEM;
}

static enum exit_result other(const struct aborted *aborted)
{
	if (!may_access_memory(aborted->instruction))
		return again(aborted);
	return answer_by_place(aborted, other_answers);
}

static enum exit_result (*const insn_table[NR_INSN_CLASSES])(const struct aborted *) = {
	[INSN_OTHER] = other,
	[INSN_ACCESS] = load_or_store,
	[INSN_PREFETCH] = prefetch,
	[INSN_EXCLUSIVE] = atomic,
	[INSN_ATOMIC] = atomic,
	[INSN_LS64] = atomic,
	[INSN_MAINTENANCE] = maintenance,
};

enum exit_result emulate_instruction(struct vcpu *vcpu, uint64_t esr, uint64_t far)
{
	struct aborted aborted = { .vcpu = vcpu, .esr = esr, .far = far };
	enum status status;

	if (vcpu->regs.pstate & PSTATE_NRW) {
		vcpu_log(vcpu,
			"an AArch32 instruction of a kind that has no syndrome accesses 0x%lx, no "
			"plain "
			"memory (use LDR and STR of one register): external abort",
			(unsigned long)far);
		return external_abort(&aborted);
	}
	status = guest_fetch(vcpu, &aborted.instruction);
	if (status == ERR_BUSY) /* memory is being given: that takes as long as it takes */
		return EXIT_RESUME;
	if (status == ERR_NOT_SUPPORTED || status == ERR_IO) {
		vcpu_log(vcpu, "the instruction that accesses 0x%lx can't be read: external abort",
			(unsigned long)far);
		return external_abort(&aborted);
	}
	if (status != OK)
		return again(&aborted);
	aborted.insn = insn_decode(aborted.instruction);
	/* The trap of a guest hypervisor's is there for EL2, too: the instruction was another one
	 * when it was executed, and takes the trap when it is again. */
	if (aborted.insn.simd && (read_sysreg(CPTR_EL2) & CPTR_EL2_TFP))
		return again(&aborted);
	aborted.sp = read_sp(vcpu);
	aborted.address = insn_address(&aborted.insn, &vcpu->regs, aborted.sp);
	return insn_table[aborted.insn.class](&aborted);
}
