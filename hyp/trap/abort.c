/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/trap/abort.h"
#include "hyp/arch/barrier.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/mmio_access.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/trap/cmo.h"
#include "hyp/trap/exit.h"
#include "hyp/vdev/device.h"
#include "hyp/vm/inject.h"
#include "hyp/vm/vm.h"
#include "mm/walk_s1.h"

/* Instruction words without Rt. */
#define DC_RT_MASK   UINT32_C(0x1f)
#define DC_CVAP      UINT32_C(0xd50b7c20)
#define DC_CVADP     UINT32_C(0xd50b7d20)

/* HPFAR_EL2.FIPA is IPA[47:12] at bit 4. */
#define HPFAR_TO_IPA (PAGE_SHIFT - 4)

static uint64_t hpfar_page(void)
{
	return FIELD_GET(HPFAR_EL2_FIPA, read_sysreg(HPFAR_EL2)) << PAGE_SHIFT;
}

/* The same with the offset in the page. Two instructions: the bits beside FIPA are RES0 but for NS,
 * the topmost, which is shifted out. */
static __always_inline uint64_t hpfar_ipa(uint64_t far)
{
	return ((read_sysreg(HPFAR_EL2) << HPFAR_TO_IPA) & ~(PAGE_SIZE - 1)) |
		(far & (PAGE_SIZE - 1));
}

/* The guest's EL1&0 regime as it is now: the vCPU is loaded. */
static struct regime regime_of(const struct vcpu *vcpu)
{
	return (struct regime){
		.kind = REGIME_EL10,
		.pa_bits = vcpu->vm->stage2.ipa_bits,
		.granules = regime_granules(read_sysreg(ID_AA64MMFR0_EL1)),
		.ttbr0 = read_sysreg(TTBR0_EL1),
		.ttbr1 = read_sysreg(TTBR1_EL1),
		.tcr = read_sysreg(TCR_EL1),
		.sctlr = read_sysreg(SCTLR_EL1),
		.mair = read_sysreg(MAIR_EL1),
		.hcr = vcpu->hcr,
	};
}

static bool at_el0(const struct vcpu *vcpu)
{
	return (vcpu->regs.pstate & (PSTATE_MODE_MASK & ~PSTATE_SP)) == 0;
}

static enum status walk(struct vcpu *vcpu, uint64_t far, bool fetch, struct s1_result *result)
{
	struct regime regime = regime_of(vcpu);
	struct s1_memory memory = s1_memory_of(&vcpu->vm->stage2);

	return walk_s1(&regime, &memory, GVA(far), fetch, at_el0(vcpu), result);
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
	enum status status = walk(vcpu, far, fetch, &result);

	if (status == ERR_NOT_SUPPORTED) /* it can't be said which level */
		return inject_external_abort(vcpu, fetch, far);
	if (status != ERR_FAULT || (result.fst & ~3U) != S1_FST_WALK_SEA)
		return EXIT_RESUME; /* the guest has changed its tables meanwhile */
	return inject_external_abort_on_walk(vcpu, fetch, far, result.fst & 3);
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

/* The guest's data accesses at its present EL. */
static bool is_big_endian(const struct vcpu *vcpu, uint64_t sctlr)
{
	if (vcpu->regs.pstate & PSTATE_NRW)
		return vcpu->regs.pstate & PSTATE_AA32_E;
	return sctlr & (at_el0(vcpu) ? SCTLR_EL1_E0E : SCTLR_EL1_EE);
}

static __noinline enum exit_result finish_mmio(struct vcpu *vcpu, enum mmio_result result)
{
	switch (result) {
	case MMIO_RETRY:
		return EXIT_RESCHEDULE;
	case MMIO_STOP_VM:
		return EXIT_STOP_VM;
	default:
		return inject_external_abort(vcpu, false, vcpu->fault_address);
	}
}

static __always_inline enum exit_result load_done(struct vcpu *vcpu, uint64_t esr, bool big_endian)
{
	struct mmio_access access = mmio_access_from_esr(esr, 0, big_endian);

	mmio_load_done(&access, &vcpu->regs, vcpu->mmio_value);
	return EXIT_SKIP;
}

static __noinline enum exit_result load_done_little(struct vcpu *vcpu, uint64_t esr)
{
	return load_done(vcpu, esr, false);
}

static __noinline enum exit_result load_done_big(struct vcpu *vcpu, uint64_t esr)
{
	return load_done(vcpu, esr, true);
}

/*
 * Performs an access; vcpu->fault_address is set. The value passes through the vCPU: a local whose
 * address is taken costs a stack guard. Little but the vCPU and the syndrome lives across the
 * device's function, so that little is saved.
 */
static __always_inline enum exit_result perform(struct vcpu *vcpu, struct device_region *region,
	uint64_t esr, uint64_t offset, bool big_endian)
{
	struct mmio_access access = mmio_access_from_esr(esr, 0, big_endian);
	enum mmio_result result;

	if (access.write) {
		device_count(vcpu, region)->writes++;
		result = region->ops->write(vcpu, region->device, offset, access.width,
			mmio_store_value(&access, &vcpu->regs));
		if (unlikely(result > MMIO_RAZ_WI))
			return finish_mmio(vcpu, result);
		return EXIT_SKIP;
	}
	device_count(vcpu, region)->reads++;
	result = region->ops->read(vcpu, region->device, offset, access.width, &vcpu->mmio_value);
	if (unlikely(result != MMIO_DONE)) {
		if (result != MMIO_RAZ_WI)
			return finish_mmio(vcpu, result);
		vcpu->mmio_value = 0;
	}
	return big_endian ? load_done_big(vcpu, esr) : load_done_little(vcpu, esr);
}

/* An access with acquire or release semantics, or of a guest that may be big-endian. */
static __noinline enum exit_result emulate_other(
	struct vcpu *vcpu, struct device_region *region, uint64_t esr, uint64_t offset)
{
	bool big_endian = is_big_endian(vcpu, read_sysreg(SCTLR_EL1));
	enum exit_result result;

	if (esr & ISS_AR)
		dmb_ish();
	result = perform(vcpu, region, esr, offset, big_endian);
	if (esr & ISS_AR)
		dmb_ish();
	return result;
}

static __always_inline enum exit_result emulate(
	struct vcpu *vcpu, struct device_region *region, uint64_t esr, uint64_t ipa, uint64_t far)
{
	/* Before anything is written, so that the region's start isn't read again. */
	uint64_t offset = ipa - region->first;

	vcpu->fault_address = far;
	if (unlikely(!(region->widths & BIT(1U << FIELD_GET(ISS_SAS, esr)))))
		return inject_external_abort(vcpu, false, far);
	if (unlikely((esr & ISS_AR) || (read_sysreg(SCTLR_EL1) & (SCTLR_EL1_EE | SCTLR_EL1_E0E)) ||
		    (vcpu->regs.pstate & PSTATE_NRW)))
		return emulate_other(vcpu, region, esr, offset);
	return perform(vcpu, region, esr, offset, false);
}

/* Not a device: RAM, beyond the IPA space, or nothing. */
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

static enum exit_result place(
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
	if (walk(vcpu, far, fetch, &result) != OK)
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
	struct regime regime = regime_of(vcpu);
	uint32_t instruction;

	if (esr & ISS_CM)
		return true;
	if ((esr & (ISS_ISV | ISS_WNR)) || (vcpu->regs.pstate & PSTATE_NRW) ||
		walk_s1_fetch(&regime, &vcpu->vm->stage2, GVA(vcpu->regs.pc), at_el0(vcpu),
			&instruction) != OK)
		return false;
	instruction &= ~DC_RT_MASK;
	return instruction == DC_CVAP || instruction == DC_CVADP;
}

static __noinline enum exit_result slow_data(struct vcpu *vcpu, uint64_t esr)
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
		return cmo_handle_abort(vcpu, esr, IPA(ipa), region != NULL);
	if (!region)
		return place(vcpu, esr, false, ipa, far);
	if (esr & ISS_ISV) {
		/* On a permission fault; or, what device_find() did not take before, it runs over
		 * the region's end. */
		if (!device_find(vcpu->vm->devices, ipa, 1U << FIELD_GET(ISS_SAS, esr)))
			return inject_external_abort(vcpu, false, far);
		return emulate(vcpu, region, esr, ipa, far);
	}
	vcpu_log(vcpu,
		"access to device %s at 0x%lx by an instruction without a syndrome "
		"(use plain loads and stores of one register): external abort",
		region->ops->name, (unsigned long)ipa);
	return inject_external_abort(vcpu, false, far);
}

enum exit_result abort_handle_data(struct vcpu *vcpu, uint64_t esr)
{
	/* The usual case first: a plain load or store to a device. */
	if (likely((esr & (FSC_TYPE_MASK | ISS_ISV | ISS_CM | ISS_S1PTW)) ==
		    (FSC_TRANSLATION | ISS_ISV))) {
		uint64_t far = read_sysreg(FAR_EL2);
		uint64_t ipa = hpfar_ipa(far);
		struct device_region *region = device_guess(vcpu->devices, ipa);

		if (device_holds(region, ipa, 1U << FIELD_GET(ISS_SAS, esr)))
			return emulate(vcpu, region, esr, ipa, far);
	}
	return slow_data(vcpu, esr);
}

enum exit_result abort_handle_instruction(struct vcpu *vcpu, uint64_t esr)
{
	uint64_t far = read_sysreg(FAR_EL2), ipa;

	if ((esr & FSC_MASK) == FSC_EXTERNAL || (esr & FSC_TYPE_MASK) == FSC_EXTERNAL_ON_WALK)
		return external(vcpu, esr, true);
	if (esr & ISS_S1PTW)
		return abort_on_walk(vcpu, true, far);
	if (!find_ipa(vcpu, esr, true, far, &ipa))
		return judge_walk(vcpu, true, far);
	return place(vcpu, esr, true, ipa, far);
}
