/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/trap/cmo.h"
#include "hyp/arch/cache.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/features.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/trap/guest_walk.h"
#include "hyp/vm/inject.h"
#include "hyp/vm/vm.h"
#include "mm/pgtable_desc.h"
#include "mm/phys.h"

/*
 * Columns: RAM, RAM not given yet, ROM, ROM not given yet, device, nothing, beyond the IPA space.
 *
 * By abort: the CPU performs it when it may, so an abort where it may is out of date. A translation
 * fault counts as a read, also where the syndrome says WnR: memory is given by its region's rights,
 * and DC IVAC on ROM comes again with a permission fault.
 *
 * DC ZVA is a store. No control of Lintel's traps it: HCR_EL2.TDZ would show in DCZID_EL0.
 */
/* clang-format off */
static const uint8_t table[NR_CMO_HOWS][NR_CMO_OPS][NR_PLACES] = {
#define U CMO_UNDEFINED
#define A CMO_AGAIN
#define G CMO_GIVE
#define P CMO_PERFORM
#define S CMO_SKIP
#define I CMO_RO_IVAC
#define W CMO_RO_STORE
#define N CMO_ABSENT
#define M CMO_ABSENT_STORE
#define L CMO_ALIGNMENT
#define Z CMO_ADDRESS_SIZE
	[CMO_BY_TRANSLATION] = {
		[CMO_DC_IVAC]  = { A, G, A, G, S, N, Z },
		[CMO_DC_CVAC]  = { A, G, A, G, S, N, Z },
		[CMO_DC_CVAU]  = { A, G, A, G, S, N, Z },
		[CMO_DC_CVAP]  = { A, G, A, G, S, N, Z },
		[CMO_DC_CVADP] = { A, G, A, G, S, N, Z },
		[CMO_DC_CIVAC] = { A, G, A, G, S, N, Z },
		[CMO_DC_ZVA]   = { A, G, A, G, L, M, Z },
		[CMO_IC_IVAU]  = { A, G, A, G, S, N, Z },
	},
	[CMO_BY_PERMISSION] = {
		[CMO_DC_IVAC]  = { A, G, I, G, S, N, Z },
		[CMO_DC_CVAC]  = { A, G, P, G, S, N, Z },
		[CMO_DC_CVAU]  = { A, G, P, G, S, N, Z },
		[CMO_DC_CVAP]  = { A, G, P, G, S, N, Z },
		[CMO_DC_CVADP] = { A, G, P, G, S, N, Z },
		[CMO_DC_CIVAC] = { A, G, P, G, S, N, Z },
		[CMO_DC_ZVA]   = { A, G, W, G, L, M, Z },
		[CMO_IC_IVAU]  = { A, G, P, G, S, N, Z },
	},
	[CMO_BY_TRAP] = {
		[CMO_DC_IVAC]  = { P, G, I, G, S, N, Z },
		[CMO_DC_CVAC]  = { P, G, P, G, S, N, Z },
		[CMO_DC_CVAU]  = { P, G, P, G, S, N, Z },
		[CMO_DC_CVAP]  = { P, G, P, G, S, N, Z },
		[CMO_DC_CVADP] = { P, G, P, G, S, N, Z },
		[CMO_DC_CIVAC] = { P, G, P, G, S, N, Z },
		[CMO_DC_ZVA]   = { U, U, U, U, U, U, U },
		[CMO_IC_IVAU]  = { P, G, P, G, S, N, Z },
	},
#undef U
#undef A
#undef G
#undef P
#undef S
#undef I
#undef W
#undef N
#undef M
#undef L
#undef Z
};
/* clang-format on */

/* One operation that is to be answered. */
struct request {
	enum cmo_how how;
	enum cmo_op op;
	ipa_t ipa;
	uint64_t far; /* what a fault of the guest's reports */
};

enum cmo_action cmo_decide(enum cmo_how how, enum cmo_op op, enum place place)
{
	return (enum cmo_action)table[how][op][place];
}

/* Maintenance that faults counts as a write, whatever it is (Arm ARM, ESR_ELx.WnR). */
static enum exit_result fault(struct vcpu *vcpu, enum cmo_op op, uint64_t status_code, uint64_t far)
{
	return inject_data_abort(
		vcpu, status_code | ISS_WNR | (op == CMO_DC_ZVA ? 0 : ISS_CM), far);
}

static enum exit_result perform(struct vcpu *vcpu, const struct request *request)
{
	struct stage2_page page;

	if (!stage2_lookup(&vcpu->vm->stage2, request->ipa, &page))
		return EXIT_RESUME; /* gone meanwhile: it comes again, otherwise */
	if (!mem_is_device(page.type))
		cache_maintain(request->op, pa_to_ptr(page.pa));
	return EXIT_SKIP;
}

static enum exit_result ivac_on_rom(struct vcpu *vcpu, const struct request *request)
{
	if (!vcpu->vm->policy.ivac_faults)
		return perform(vcpu, request);
	vcpu_log(vcpu, "DC IVAC on read-only memory at 0x%lx: permission fault (ro-dc-ivac)",
		(unsigned long)request->ipa.ipa);
	return fault(vcpu, request->op, FSC_PERMISSION | FSC_LEVEL_MASK, request->far);
}

static enum exit_result absent(struct vcpu *vcpu, const struct request *request)
{
	if (!vcpu->vm->policy.absent_cmo_aborts)
		return EXIT_SKIP;
	vcpu_log(vcpu, "cache maintenance at 0x%lx, where nothing is: external abort (absent-cmo)",
		(unsigned long)request->ipa.ipa);
	return fault(vcpu, request->op, FSC_EXTERNAL, request->far);
}

/* DC ZVA where no memory is to be written, unless nobody shall notice. */
static enum exit_result refuse_store(struct vcpu *vcpu, const struct request *request, bool ignored)
{
	return ignored ? EXIT_SKIP : fault(vcpu, request->op, FSC_EXTERNAL, request->far);
}

/* False: there is none. Another vCPU may be having it wiped right now: the guest tries again until
 * it is there. */
static bool give(struct vcpu *vcpu, ipa_t ipa)
{
	enum status status = stage2_fault_in(&vcpu->vm->stage2, ipa);

	return status == OK || status == ERR_BUSY;
}

static enum exit_result answer(
	struct vcpu *vcpu, const struct request *request, const struct placed *placed)
{
	enum cmo_action action = cmo_decide(request->how, request->op, placed->place);

	if (action == CMO_GIVE) {
		if (give(vcpu, request->ipa))
			return EXIT_RESUME;
		action = cmo_decide(request->how, request->op, PLACE_NOTHING);
	}
	switch (action) {
	case CMO_AGAIN:
		return EXIT_RESUME;
	case CMO_PERFORM:
		return perform(vcpu, request);
	case CMO_SKIP:
		return EXIT_SKIP;
	case CMO_RO_IVAC:
		return ivac_on_rom(vcpu, request);
	case CMO_RO_STORE:
		return refuse_store(vcpu, request, placed->stores_ignored);
	case CMO_ABSENT:
		return absent(vcpu, request);
	case CMO_ABSENT_STORE:
		return refuse_store(vcpu, request, vcpu->vm->policy.absent_ignored);
	case CMO_ALIGNMENT:
		return fault(vcpu, request->op, FSC_ALIGNMENT, request->far);
	case CMO_ADDRESS_SIZE:
		return fault(vcpu, request->op, FSC_ADDRESS_SIZE, request->far);
	default:
		return inject_undefined(vcpu);
	}
}

/* By the encoding of the system instruction. False: it is not by address. */
static bool operation_of(unsigned encoding, enum cmo_op *op)
{
	static const struct {
		uint16_t encoding;
		uint8_t op;
	} rows[] = {
		{ SYS_DC_IVAC, CMO_DC_IVAC },
		{ SYS_DC_CVAC, CMO_DC_CVAC },
		{ SYS_DC_CVAU, CMO_DC_CVAU },
		{ SYS_DC_CVAP, CMO_DC_CVAP },
		{ SYS_DC_CVADP, CMO_DC_CVADP },
		{ SYS_DC_CIVAC, CMO_DC_CIVAC },
		{ SYS_IC_IVAU, CMO_IC_IVAU },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].encoding == encoding) {
			*op = (enum cmo_op)rows[i].op;
			return true;
		}
	}
	return false;
}

static enum cmo_how how_of(uint64_t esr)
{
	return (esr & FSC_TYPE_MASK) == FSC_PERMISSION ? CMO_BY_PERMISSION : CMO_BY_TRANSLATION;
}

/* Every operation that sets CM has the same answer there. */
static bool any_operation(enum cmo_how how, enum place place)
{
	for (enum cmo_op op = 0; op < NR_CMO_OPS; op++) {
		if (op != CMO_DC_ZVA &&
			cmo_decide(how, op, place) != cmo_decide(how, CMO_DC_CIVAC, place))
			return false;
	}
	return true;
}

/* SYS, without the encoding of what it is to do and Xt. */
#define INSN_SYS(instruction)      ((instruction) >> 21 == 0x6a8)
#define INSN_ENCODING(instruction) ((instruction) >> 5 & UINT16_MAX)

/*
 * EXIT_SKIP: it is *op. Else what is to be done: again, where the guest has changed its code or its
 * tables meanwhile; an external abort, where Lintel can't read them.
 */
static enum exit_result find_operation(struct vcpu *vcpu, uint64_t esr, enum cmo_op *op)
{
	uint32_t instruction;
	enum status status;

	/* AArch32 is not decoded: at EL1 it counts as what *op is, at EL0 it has no maintenance. */
	if (vcpu->regs.pstate & PSTATE_NRW)
		return vcpu->aarch32 ? EXIT_SKIP : EXIT_RESUME;
	status = guest_fetch(vcpu, &instruction);
	if (status == ERR_IO || status == ERR_NOT_SUPPORTED)
		return inject_external_abort(vcpu, esr, read_sysreg(FAR_EL2));
	if (status != OK || !INSN_SYS(instruction) || !operation_of(INSN_ENCODING(instruction), op))
		return EXIT_RESUME;
	return EXIT_SKIP;
}

enum exit_result cmo_handle_abort(struct vcpu *vcpu, uint64_t esr, ipa_t ipa)
{
	struct placed placed = place_find(vcpu, ipa);
	struct request request = {
		.how = how_of(esr), .op = CMO_DC_CIVAC, .ipa = ipa, .far = read_sysreg(FAR_EL2)
	};

	if (!any_operation(request.how, placed.place)) {
		enum exit_result result = find_operation(vcpu, esr, &request.op);

		if (result != EXIT_SKIP)
			return result;
	}
	return answer(vcpu, &request, &placed);
}

enum exit_result cmo_handle_insn(struct vcpu *vcpu, uint64_t esr, enum cmo_op op, ipa_t ipa)
{
	struct placed placed = place_find(vcpu, ipa);
	struct request request = {
		.how = how_of(esr), .op = op, .ipa = ipa, .far = read_sysreg(FAR_EL2)
	};

	return answer(vcpu, &request, &placed);
}

/* --- by trap --- */

/*
 * What stage 1 asks for (Arm ARM D7.5.9): DC IVAC the right to write, since it may discard data;
 * the others at EL0 the right to read, at EL1 none. FEAT_CMOW is hidden.
 */
static bool permitted(const struct vcpu *vcpu, enum cmo_op op, const struct s1_result *result)
{
	if (op == CMO_DC_IVAC)
		return result->priv & MEM_W;
	return !guest_at_el0(vcpu) || (result->user & MEM_R);
}

static enum exit_result at_address(struct vcpu *vcpu, enum cmo_op op, uint64_t va)
{
	struct request request = { .how = CMO_BY_TRAP, .op = op, .far = va };
	struct s1_result result;
	struct placed placed;
	enum status status = guest_walk(vcpu, va, false, &result);

	if (status == ERR_FAULT)
		return fault(vcpu, op, result.fst, va);
	if (status == ERR_BUSY) /* memory is being given where they are */
		return EXIT_RESUME;
	if (status != OK) /* tables of a kind that Lintel doesn't know */
		return fault(vcpu, op, FSC_EXTERNAL, va);
	if (!permitted(vcpu, op, &result))
		return fault(vcpu, op, FSC_PERMISSION | result.level, va);
	request.ipa = result.ipa;
	placed = place_find(vcpu, result.ipa);
	return answer(vcpu, &request, &placed);
}

enum exit_result cmo_handle_trap(struct vcpu *vcpu, unsigned encoding, uint64_t va)
{
	enum cmo_op op;

	if (operation_of(encoding, &op))
		return at_address(vcpu, op, va);
	/* IC IALLU, IC IALLUIS: to the inner shareable domain, as HCR_EL2.FB has it. */
	cache_invalidate_code();
	return EXIT_SKIP;
}

/* --- what traps it --- */

static void reset(struct vcpu *vcpu)
{
	switch (vcpu->vm->policy.trap_cmo) {
	case TRAP_CMO_ALL:
		vcpu->hcr |= HCR_EL2_TPCP | HCR_EL2_TPU;
		break;
	case TRAP_CMO_IVAC:
		/* The fine-grained trap isn't for AArch32, and a guest hypervisor may want it. */
		if (cpu_features.fgt && !vcpu->vm->policy.aarch32 &&
			vcpu->vm->policy.virtual_el2 == VIRTUAL_EL2_NONE)
			vcpu->on_demand |= BIT(PART_CMO);
		else
			vcpu->hcr |= HCR_EL2_TPCP;
		break;
	default:
		break;
	}
}

/* HFGITR_EL2 is 0 for all others, so that they need not write it. */
static void load(struct vcpu *vcpu)
{
	(void)vcpu;
	write_sysreg(HFGITR_EL2_DCIVAC, HFGITR_EL2);
}

static void put(struct vcpu *vcpu)
{
	(void)vcpu;
	write_sysreg(0, HFGITR_EL2);
}

const struct vm_part cmo_part = {
	.name = "cmo",
	.vcpu_reset = reset,
	.vcpu_load = load,
	.vcpu_put = put,
	.on_demand = true,
};
