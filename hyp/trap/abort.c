/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/trap/abort.h"
#include "hyp/arch/barrier.h"
#include "hyp/arch/esr.h"
#include "hyp/arch/mmio_access.h"
#include "hyp/arch/sysreg_fields.h"
#include "hyp/trap/guest_walk.h"
#include "hyp/trap/triage.h"
#include "hyp/vdev/device.h"
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
	bool big_endian = guest_big_endian(vcpu);
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
	return triage_data(vcpu, esr);
}

enum exit_result abort_emulate(
	struct vcpu *vcpu, struct device_region *region, uint64_t esr, uint64_t ipa, uint64_t far)
{
	return emulate(vcpu, region, esr, ipa, far);
}
