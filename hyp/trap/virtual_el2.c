/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/trap/virtual_el2.h"
#include "hyp/arch/esr.h"
#include "hyp/nested/at.h"
#include "hyp/nested/forward.h"
#include "hyp/nested/gic.h"
#include "hyp/nested/services.h"
#include "hyp/nested/shadow.h"
#include "hyp/nested/sysreg.h"
#include "hyp/nested/tlbi.h"
#include "hyp/trap/abort.h"
#include "hyp/trap/sysreg.h"
#include "hyp/trap/wfx.h"
#include "hyp/vdev/device.h"
#include "hyp/vdev/vgic.h"
#include "hyp/vm/inject.h"

/* ---- at vEL2 ---- */

static enum exit_result hyp_hvc(struct vcpu *vcpu, uint64_t esr)
{
	nested_take_sync(vcpu, esr);
	return EXIT_RESUME;
}

/* ---- the inner guest ---- */

/* An external abort of the inner guest's: vEL2's if vHCR_EL2.TEA says so, then with the syndrome
 * that inject_external_abort() makes. */
static enum exit_result inner_external(struct vcpu *vcpu, uint64_t esr, uint64_t far)
{
	const struct nested *nested = nested_of(vcpu);
	uint64_t kept = ESR_EC_MASK | ESR_IL;

	if (!(VNCR_REG(nested, HCR_EL2) & HCR_EL2_TEA))
		return inject_external_abort(vcpu, esr, far);
	if (ESR_GET_EC(esr) == EC_DATA_ABORT_LOWER)
		kept |= ISS_CM | ISS_WNR;
	nested_take_abort(vcpu, (esr & kept) | FSC_EXTERNAL, far, 0);
	return EXIT_RESUME;
}

/* The device of the VM's that L1 has mapped for its guest. Without a syndrome that says what to do
 * it is an external abort; so is an access that the device doesn't take. */
static enum exit_result inner_device(struct vcpu *vcpu, uint64_t esr, ipa_t ipa, uint64_t far)
{
	struct device_region *region = device_find(vcpu->devices, ipa.ipa, 1);

	if (!region || !(esr & ISS_ISV) || (esr & (ISS_CM | ISS_S1PTW)) ||
		!device_takes(region, ipa.ipa - region->first, FIELD_GET(ISS_SAS, esr)))
		return inner_external(vcpu, esr, far);
	return abort_emulate(vcpu, region, esr, ipa.ipa, far);
}

static __noinline enum exit_result inner_other_abort(struct vcpu *vcpu, uint64_t esr)
{
	uint64_t far = read_sysreg(FAR_EL2), hpfar;
	ipa_t ipa;

	switch (shadow_abort(nested_of(vcpu), &esr, &hpfar, &ipa)) {
	case SHADOW_RESUME:
		return EXIT_RESUME;
	case SHADOW_FAULT:
		nested_take_abort(vcpu, esr, far, hpfar);
		return EXIT_RESUME;
	case SHADOW_DEVICE:
		return inner_device(vcpu, esr, ipa, far);
	case SHADOW_PLAIN:
		return exit_table[ESR_GET_EC(esr)](vcpu, esr);
	default:
		return inner_external(vcpu, esr, far);
	}
}

static enum exit_result inner_abort(struct vcpu *vcpu, uint64_t esr)
{
	struct nested *nested = nested_of(vcpu);
	uint64_t said;

	nested->exits[1][ESR_GET_EC(esr)]++;
	said = shadow_look(nested, esr);
	if (unlikely(said == 0))
		return inner_other_abort(vcpu, esr);
	nested_take_abort(
		vcpu, said, read_sysreg(FAR_EL2), read_sysreg(HPFAR_EL2) & HPFAR_EL2_FIPA);
	return EXIT_RESUME;
}

static enum exit_result inner_sysreg(struct vcpu *vcpu, uint64_t esr)
{
	struct nested *nested = nested_of(vcpu);

	nested->exits[1][EC_SYSREG]++;
	if (forward_sysreg(nested, esr) || nested_gic_forwards(nested, sysreg_encoding_of(esr)))
		return EXIT_REFLECT;
	return sysreg_handle(vcpu, esr);
}

static enum exit_result inner_wfx(struct vcpu *vcpu, uint64_t esr)
{
	struct nested *nested = nested_of(vcpu);

	nested->exits[1][EC_WFX]++;
	if (forward_class(nested, esr))
		return EXIT_REFLECT;
	/* What is pending in the CPU itself would have ended it. */
	if (read_sysreg(HCR_EL2) & (HCR_EL2_VI | HCR_EL2_VF | HCR_EL2_VSE))
		return EXIT_SKIP;
	if (nested->inner_lrs && nested_gic_inner_signals(nested))
		return EXIT_SKIP;
	return wfx_handle(vcpu, esr);
}

static enum exit_result inner_smc(struct vcpu *vcpu, uint64_t esr)
{
	struct nested *nested = nested_of(vcpu);

	nested->exits[1][EC_SMC64]++;
	if (forward_class(nested, esr))
		return EXIT_REFLECT;
	return nested_inner_smc(vcpu, esr);
}

static enum exit_result inner_other(struct vcpu *vcpu, uint64_t esr)
{
	struct nested *nested = nested_of(vcpu);
	unsigned ec = (unsigned)ESR_GET_EC(esr);

	nested->exits[1][ec]++;
	if (forward_class(nested, esr))
		return EXIT_REFLECT;
	return exit_table[ec](vcpu, esr);
}

/* Where L1 has switched it off (vHCR_EL2.HCD) it is UNDEFINED: L0 offers no calls there. */
static enum exit_result inner_hvc(struct vcpu *vcpu, uint64_t esr)
{
	struct nested *nested = nested_of(vcpu);

	nested->exits[1][EC_HVC64]++;
	if (unlikely(!forward_hvc(nested)))
		return inject_undefined(vcpu);
	nested_take_sync(vcpu, esr);
	return EXIT_RESUME;
}

/* ---- EL0 directly under vEL2, without VHE ---- */

/* Timers, 3, 3, c14: what EL1 lets EL0 have of them (CNTKCTL_EL1). */
#define CRN_TIMER     14
#define KCTL_EL0PCTEN BIT(0)
#define KCTL_EL0VCTEN BIT(1)
#define KCTL_EL0VTEN  BIT(8)
#define KCTL_EL0PTEN  BIT(9)
#define OP2_VIRTUAL   BIT(1) /* of the counters: CNTVCT_EL0, CNTVCTSS_EL0 */

static bool is_timer(unsigned encoding)
{
	return SYSREG_OP0(encoding) == 3 && SYSREG_OP1(encoding) == 3 &&
		SYSREG_CRN(encoding) == CRN_TIMER && SYSREG_CRM(encoding) <= 3 &&
		encoding != SYS_CNTFRQ_EL0;
}

static bool el0_has_timer(unsigned encoding)
{
	uint64_t enable = SYSREG_OP2(encoding) & OP2_VIRTUAL ? KCTL_EL0VCTEN : KCTL_EL0PCTEN;

	if (SYSREG_CRM(encoding) != 0)
		enable = SYSREG_CRM(encoding) == 3 ? KCTL_EL0VTEN : KCTL_EL0PTEN;
	return read_sysreg(CNTKCTL_EL1) & enable;
}

/* What EL1 denies goes before what EL2 traps; then what L1 traps; the rest traps for L0 alone. */
static enum exit_result el0_sysreg(struct vcpu *vcpu, uint64_t esr)
{
	struct nested *nested = nested_of(vcpu);
	unsigned encoding = sysreg_encoding_of(esr);
	bool maintains = SYSREG_OP0(encoding) == 1 && (read_sysreg(SCTLR_EL1) & SCTLR_EL1_UCI) &&
		encoding != SYS_DC_ZVA;

	if (forward_sysreg(nested, esr))
		return EXIT_REFLECT;
	if (is_timer(encoding))
		return el0_has_timer(encoding) ? nested_sysreg(vcpu, esr) : EXIT_REFLECT;
	if (maintains || sysreg_is_own_at_el0(encoding))
		return sysreg_handle(vcpu, esr);
	return EXIT_REFLECT;
}

static enum exit_result el0_wfx(struct vcpu *vcpu, uint64_t esr)
{
	unsigned which = (unsigned)FIELD_GET(ISS_WFX_TI, esr);
	bool event = which == ISS_WFX_WFE || which == ISS_WFX_WFET;

	if (!(read_sysreg(SCTLR_EL1) & (event ? SCTLR_EL1_NTWE : SCTLR_EL1_NTWI)) ||
		forward_class(nested_of(vcpu), esr))
		return EXIT_REFLECT;
	return wfx_handle(vcpu, esr);
}

/* All else that comes here is vEL2's, but for what stage 2 says: with stage 1 off only an address
 * too large, or not aligned, is not that. */
static enum exit_result el0_abort(struct vcpu *vcpu, uint64_t esr)
{
	uint64_t fsc = esr & FSC_MASK;

	if (fsc == FSC_ADDRESS_SIZE || fsc == FSC_ALIGNMENT)
		return EXIT_REFLECT;
	return exit_table[ESR_GET_EC(esr)](vcpu, esr);
}

static enum exit_result el0_other(struct vcpu *vcpu, uint64_t esr)
{
	(void)vcpu;
	(void)esr;
	return EXIT_REFLECT;
}

/* Of features that L1 isn't shown: undefined, as any guest finds them. */
static const uint8_t hidden_classes[] = { EC_SVE, EC_SME, EC_GCS, EC_LS64, EC_TSTART };

static exit_handler hyp_table[NR_EXIT_CLASSES], inner_table[NR_EXIT_CLASSES],
	el0_table[NR_EXIT_CLASSES];

void virtual_el2_init(void)
{
	for (unsigned ec = 0; ec < NR_EXIT_CLASSES; ec++) {
		hyp_table[ec] = exit_table[ec];
		inner_table[ec] = inner_other;
		el0_table[ec] = el0_other;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(hidden_classes); i++)
		el0_table[hidden_classes[i]] = exit_table[hidden_classes[i]];
	hyp_table[EC_SYSREG] = nested_sysreg;
	hyp_table[EC_HVC64] = hyp_hvc;
	hyp_table[EC_ERET] = nested_eret;
	inner_table[EC_SYSREG] = inner_sysreg;
	inner_table[EC_WFX] = inner_wfx;
	inner_table[EC_HVC64] = inner_hvc;
	inner_table[EC_SMC64] = inner_smc;
	inner_table[EC_INSN_ABORT_LOWER] = inner_abort;
	inner_table[EC_DATA_ABORT_LOWER] = inner_abort;
	el0_table[EC_SYSREG] = el0_sysreg;
	el0_table[EC_WFX] = el0_wfx;
	el0_table[EC_INSN_ABORT_LOWER] = el0_abort;
	el0_table[EC_DATA_ABORT_LOWER] = el0_abort;
	nested_exit_table[NESTED_EXITS_HYP] = hyp_table;
	nested_exit_table[NESTED_EXITS_INNER] = inner_table;
	nested_exit_table[NESTED_EXITS_EL0] = el0_table;
}
