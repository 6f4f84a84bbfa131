/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/trap/abort.h"
#include "hyp/arch/at.h"
#include "hyp/arch/barrier.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/mmio_access.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/trap/guest_walk.h"
#include "hyp/trap/triage.h"
#include "hyp/vdev/device.h"
#include "hyp/vm/aarch32.h"
#include "hyp/vm/inject.h"
#include "hyp/vm/vm.h"

/* HPFAR_EL2.FIPA is IPA[47:12] at bit 4. */
#define HPFAR_TO_IPA (PAGE_SHIFT - 4)

/* The address that stage 2 could not translate. Two instructions: the bits beside FIPA are RES0 but
 * for NS, the topmost, which is shifted out. */
static __always_inline uint64_t hpfar_ipa(uint64_t far)
{
	return ((read_sysreg(HPFAR_EL2) << HPFAR_TO_IPA) & ~(PAGE_SIZE - 1)) |
		(far & (PAGE_SIZE - 1));
}

/*
 * The usual access: its syndrome is valid, the address is one that stage 2 could not translate, and
 * it is neither of cache maintenance nor of a walk; without sign extension, acquire or release.
 */
#define USUAL_MASK  (FSC_TYPE_MASK | ISS_ISV | ISS_SSE | ISS_AR | ISS_CM | ISS_S1PTW)
#define USUAL       (FSC_TRANSLATION | ISS_ISV)
/* The same, with those. */
#define PLAIN_MASK  (FSC_TYPE_MASK | ISS_ISV | ISS_CM | ISS_S1PTW)

/* The syndrome of any store, as far as an abort is concerned: a constant need not be kept. */
#define STORE_ABORT ESR_MAKE(EC_DATA_ABORT_LOWER, ISS_WNR)

static __noinline enum exit_result finish_mmio(
	struct vcpu *vcpu, uint64_t esr, enum mmio_result result)
{
	switch (result) {
	case MMIO_RETRY:
		return EXIT_RESCHEDULE;
	case MMIO_STOP_VM:
		return EXIT_STOP_VM;
	default:
		return inject_external_abort(vcpu, esr, vcpu->fault_address);
	}
}

/* A load that is not done, or that read zero. */
static __noinline enum exit_result finish_load(
	struct vcpu *vcpu, uint64_t esr, enum mmio_result result)
{
	if (result != MMIO_RAZ_WI)
		return finish_mmio(vcpu, esr, result);
	mmio_load_plain(&vcpu->regs, FIELD_GET(ISS_SRT, esr), 0);
	return EXIT_SKIP;
}

static __always_inline enum exit_result store(struct vcpu *vcpu, struct device_region *region,
	uint64_t offset, unsigned width, uint64_t value)
{
	enum mmio_result result;

	device_count(vcpu, region)->writes++;
	result = region->ops->write(vcpu, region->device, offset, width, value);
	if (unlikely(result > MMIO_RAZ_WI))
		return finish_mmio(vcpu, STORE_ABORT, result);
	return EXIT_SKIP;
}

/* The value passes through the vCPU: a local whose address is taken costs a stack guard. */
static __always_inline enum mmio_result load(
	struct vcpu *vcpu, struct device_region *region, uint64_t offset, unsigned width)
{
	device_count(vcpu, region)->reads++;
	return region->ops->read(vcpu, region->device, offset, width, &vcpu->mmio_value);
}

/* By the syndrome, whatever it says; vcpu->fault_address is set. */
static enum exit_result perform(
	struct vcpu *vcpu, struct device_region *region, uint64_t esr, uint64_t offset)
{
	struct mmio_access access = mmio_access_from_esr(esr, 0, guest_big_endian(vcpu));
	enum mmio_result result;

	if (access.write)
		return store(
			vcpu, region, offset, access.width, mmio_store_value(&access, &vcpu->regs));
	result = load(vcpu, region, offset, access.width);
	if (result != MMIO_DONE)
		return finish_load(vcpu, esr, result);
	mmio_load_done(&access, &vcpu->regs, vcpu->mmio_value);
	return EXIT_SKIP;
}

enum exit_result abort_emulate(
	struct vcpu *vcpu, struct device_region *region, uint64_t esr, uint64_t ipa, uint64_t far)
{
	enum exit_result result;

	vcpu->fault_address = far;
	if (!device_takes(region, ipa - region->first, FIELD_GET(ISS_SAS, esr)))
		return inject_external_abort(vcpu, esr, far);
	if (esr & ISS_AR)
		dmb_ish();
	result = perform(vcpu, region, esr, ipa - region->first);
	if (esr & ISS_AR)
		dmb_ish();
	return result;
}

/*
 * The usual access, little-endian; vcpu->fault_address is set. Little but the vCPU and the syndrome
 * lives across the device's function, so that little is saved.
 */
static __always_inline enum exit_result perform_usual(
	struct vcpu *vcpu, struct device_region *region, uint64_t esr, uint64_t offset)
{
	unsigned width = 1U << FIELD_GET(ISS_SAS, esr);
	enum mmio_result result;

	if (esr & ISS_WNR)
		return store(vcpu, region, offset, width,
			vcpu_get_x(vcpu, (unsigned)FIELD_GET(ISS_SRT, esr)) & mmio_mask(width));
	result = load(vcpu, region, offset, width);
	forget_value(esr);
	if (unlikely(result != MMIO_DONE))
		return finish_load(vcpu, esr, result);
	mmio_load_plain(&vcpu->regs, FIELD_GET(ISS_SRT, esr), vcpu->mmio_value);
	return EXIT_SKIP;
}

/*
 * Where an access runs from one page into another that aborts, FAR is the beginning of the second,
 * and the syndrome describes the access as a whole. So of one at the beginning of a page it must be
 * known whether it began there: it did, unless the byte before it is Normal memory of the guest's
 * that is there. (In Device memory an access that is not aligned aborts in stage 1; so does
 * one that can't be translated. Another device's page would have aborted first.) With stage 1 off
 * all is Device memory, but QEMU 10 doesn't mind.
 */
static bool may_have_begun_before(struct vcpu *vcpu, uint64_t esr, uint64_t far, uint64_t ipa)
{
	const struct stage2 *s2 = &vcpu->vm->stage2;
	ipa_t before = IPA(ipa - 1);

	if ((far & (PAGE_SIZE - 1)) != 0 || FIELD_GET(ISS_SAS, esr) == 0)
		return false;
	if (read_sysreg(SCTLR_EL1) & SCTLR_EL1_M) {
		uint64_t par = at_s1e1r(far - 1);

		if ((par & PAR_F) || !(par & PAR_ATTR_MEMORY))
			return false;
		before = IPA(par & PAR_PA);
	}
	return stage2_region_find(s2, before) || stage2_share_find(s2, before);
}

/* The register of an AArch32 load or store, as an x register: a CPU says that, QEMU 10 the number
 * in the instruction. */
static uint64_t with_x_register(const struct vcpu *vcpu, uint64_t esr)
{
	unsigned mode = (unsigned)(vcpu->regs.pstate & AARCH32_MODE_MASK);
	unsigned reg = aarch32_register(mode, (unsigned)FIELD_GET(ISS_SRT, esr));

	return (esr & ~ISS_SRT) | FIELD_PREP(ISS_SRT, reg);
}

/* All but the usual. */
static __noinline enum exit_result handle_other(struct vcpu *vcpu, uint64_t esr)
{
	if ((vcpu->regs.pstate & PSTATE_NRW) && (esr & ISS_ISV))
		esr = with_x_register(vcpu, esr);
	if ((esr & PLAIN_MASK) == USUAL) {
		uint64_t far = read_sysreg(FAR_EL2);
		uint64_t ipa = hpfar_ipa(far);
		struct device_region *region = device_guess(vcpu->devices, ipa);

		if (device_takes(region, ipa - region->first, FIELD_GET(ISS_SAS, esr)) &&
			!may_have_begun_before(vcpu, esr, far, ipa))
			return abort_emulate(vcpu, region, esr, ipa, far);
	}
	return triage_data(vcpu, esr);
}

enum exit_result abort_handle_data(struct vcpu *vcpu, uint64_t esr)
{
	uint64_t far, ipa, offset, kind = esr ^ ISS_ISV;
	struct device_region *region;

	/* Else the compiler compares with a number that takes two instructions to make. */
	forget_value(kind);
	if (unlikely((kind & USUAL_MASK) != (USUAL ^ ISS_ISV)))
		return handle_other(vcpu, esr);
	far = read_sysreg(FAR_EL2);
	if (unlikely((far & (PAGE_SIZE - 1)) == 0))
		return handle_other(vcpu, esr);
	ipa = hpfar_ipa(far);
	region = device_guess(vcpu->devices, ipa);
	offset = ipa - region->first;
	if (unlikely(!device_takes(region, offset, FIELD_GET(ISS_SAS, esr))))
		return handle_other(vcpu, esr);
	if (unlikely(read_sysreg(SCTLR_EL1) & (SCTLR_EL1_EE | SCTLR_EL1_E0E)))
		return handle_other(vcpu, esr);
	if (unlikely(vcpu->regs.pstate & PSTATE_NRW))
		return handle_other(vcpu, esr);
	vcpu->fault_address = far;
	return perform_usual(vcpu, region, esr, offset);
}
