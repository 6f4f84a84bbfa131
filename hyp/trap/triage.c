/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/trap/triage.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/trap/abort.h"
#include "hyp/trap/cmo.h"
#include "hyp/trap/emulate.h"
#include "hyp/trap/exit.h"
#include "hyp/trap/guest_walk.h"
#include "hyp/vdev/device.h"
#include "hyp/vm/inject.h"
#include "hyp/vm/vm.h"

/* Instruction words without Rt. */
#define DC_RT_MASK UINT32_C(0x1f)
#define DC_CVAP    UINT32_C(0xd50b7c20)
#define DC_CVADP   UINT32_C(0xd50b7d20)

static uint64_t hpfar_page(void)
{
	return FIELD_GET(HPFAR_EL2_FIPA, read_sysreg(HPFAR_EL2)) << PAGE_SHIFT;
}

/* Gives RAM on first touch. False: there is none at that address. */
static bool give_ram(struct vcpu *vcpu, uint64_t ipa)
{
	enum status status = stage2_fault_in(&vcpu->vm->stage2, IPA(ipa));

	/* Another vCPU is having it wiped right now: the guest tries again until it is there. */
	return status == OK || status == ERR_BUSY;
}

/* Lintel can't read the guest's tables, or has found them changed: which, and at which level, a
 * walk says. */
static enum exit_result judge_walk(struct vcpu *vcpu, bool fetch, uint64_t far)
{
	struct s1_result result;
	enum status status = guest_walk(vcpu, far, fetch, &result);

	if (status == OK || !guest_walk_aborts(vcpu, status, &result, fetch, far))
		return EXIT_RESUME; /* the guest has changed its tables meanwhile */
	return EXIT_INJECT;
}

/* The guest's tables are where there is no memory. */
static enum exit_result abort_on_walk(struct vcpu *vcpu, bool fetch, uint64_t far)
{
	return give_ram(vcpu, hpfar_page()) ? EXIT_RESUME : judge_walk(vcpu, fetch, far);
}

/* An abort of the memory itself, while the guest used it. */
static enum exit_result external(struct vcpu *vcpu, uint64_t esr, bool fetch)
{
	vcpu_log(vcpu, "external abort on a real access, ESR 0x%lx: given to the guest",
		(unsigned long)esr);
	return inject_external_abort(vcpu, fetch, read_sysreg(FAR_EL2));
}

/*
 * The guest's own vector for exceptions of its EL1 can't be fetched: whatever it is given now it
 * would take at the same place, for ever. What it wanted to report is still in its registers.
 */
static bool is_dead_vector(const struct vcpu *vcpu)
{
	return vcpu->regs.pc == read_sysreg(VBAR_EL1) + inject_vector_offset(PSTATE_EL1H) &&
		(vcpu->regs.pstate & (PSTATE_NRW | PSTATE_MODE_MASK)) == PSTATE_EL1H;
}

static enum exit_result fail_dead_vector(struct vcpu *vcpu)
{
	uint64_t esr = read_sysreg(ESR_EL1);

	vm_fail(vcpu,
		"no memory at its exception vector; it took an exception from 0x%lx: %s, ESR "
		"0x%lx, "
		"FAR 0x%lx (set VBAR_EL1 to see such things in the guest, or give the VM more "
		"memory)",
		(unsigned long)read_sysreg(ELR_EL1), exit_class_name((unsigned)ESR_GET_EC(esr)),
		(unsigned long)esr, (unsigned long)read_sysreg(FAR_EL1));
	return EXIT_STOP_VM;
}

/* Not a device: RAM, beyond the IPA space, or nothing. */
static enum exit_result not_a_device(
	struct vcpu *vcpu, uint64_t esr, bool fetch, uint64_t ipa, uint64_t far)
{
	const struct stage2 *s2 = &vcpu->vm->stage2;

	if (stage2_region_find(s2, IPA(ipa))) {
		if (give_ram(vcpu, ipa))
			return EXIT_RESUME;
	} else if (fetch && is_dead_vector(vcpu)) {
		return fail_dead_vector(vcpu);
	} else if (ipa >> s2->ipa_bits) {
		if (fetch)
			return inject_instruction_abort(vcpu, FSC_ADDRESS_SIZE, far);
		return inject_data_abort(vcpu, (esr & ISS_WNR) | FSC_ADDRESS_SIZE, far);
	}
	return inject_external_abort(vcpu, fetch, far);
}

/* HPFAR_EL2 is not defined on a permission fault: the IPA comes from a walk of FAR. False: that
 * failed, see judge_walk(). */
static bool find_ipa(struct vcpu *vcpu, uint64_t esr, bool fetch, uint64_t far, uint64_t *ipa)
{
	struct s1_result result;

	if ((esr & FSC_TYPE_MASK) != FSC_PERMISSION) {
		*ipa = hpfar_page() | (far & (PAGE_SIZE - 1));
		return true;
	}
	if (guest_walk(vcpu, far, fetch, &result) != OK)
		return false;
	*ipa = result.ipa.ipa;
	return true;
}

/*
 * Cache maintenance by address has CM = 1, but QEMU 10 reports DC CVAP and CVADP as plain reads
 * without a syndrome: the instruction says what it was.
 */
static bool is_maintenance(struct vcpu *vcpu, uint64_t esr)
{
	uint32_t instruction;

	if (esr & ISS_CM)
		return true;
	if ((esr & (ISS_ISV | ISS_WNR)) || (vcpu->regs.pstate & PSTATE_NRW) ||
		guest_fetch(vcpu, &instruction) != OK)
		return false;
	instruction &= ~DC_RT_MASK;
	return instruction == DC_CVAP || instruction == DC_CVADP;
}

enum exit_result triage_data(struct vcpu *vcpu, uint64_t esr)
{
	uint64_t far = read_sysreg(FAR_EL2), ipa;
	struct device_region *region;

	if ((esr & FSC_MASK) == FSC_EXTERNAL || (esr & FSC_TYPE_MASK) == FSC_EXTERNAL_ON_WALK)
		return external(vcpu, esr, false);
	if (esr & ISS_S1PTW)
		return abort_on_walk(vcpu, false, far);
	if (!find_ipa(vcpu, esr, false, far, &ipa))
		return judge_walk(vcpu, false, far);
	region = device_find(vcpu->vm->devices, ipa, 1);
	if (is_maintenance(vcpu, esr))
		return cmo_handle_abort(vcpu, esr, IPA(ipa));
	if (!region)
		return not_a_device(vcpu, esr, false, ipa, far);
	if (esr & ISS_ISV) {
		/* On a permission fault; or, what device_find() did not take before, it runs over
		 * the region's end. */
		if (!device_find(vcpu->vm->devices, ipa, 1U << FIELD_GET(ISS_SAS, esr)))
			return inject_external_abort(vcpu, false, far);
		return abort_emulate(vcpu, region, esr, ipa, far);
	}
	return emulate_instruction(vcpu, esr, far);
}

enum exit_result triage_instruction(struct vcpu *vcpu, uint64_t esr)
{
	uint64_t far = read_sysreg(FAR_EL2), ipa;

	if ((esr & FSC_MASK) == FSC_EXTERNAL || (esr & FSC_TYPE_MASK) == FSC_EXTERNAL_ON_WALK)
		return external(vcpu, esr, true);
	if (esr & ISS_S1PTW)
		return abort_on_walk(vcpu, true, far);
	if (!find_ipa(vcpu, esr, true, far, &ipa))
		return judge_walk(vcpu, true, far);
	return not_a_device(vcpu, esr, true, ipa, far);
}
