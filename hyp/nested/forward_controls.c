/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/arch/features.h"
#include "hyp/nested/forward.h"
#include "hyp/nested/forward_table.h"

/* ---- HCR_EL2, CPTR_EL2, MDCR_EL2 ---- */

/*
 * Of vHCR_EL2: what traps when it is set, what the inner guest's memory is, and interrupts that L1
 * makes pending by hand. AMO, FMO, IMO, FB, BSU and stage 2 are L0's; CD and ID do nothing: memory
 * is cacheable, which is all they could take away.
 */
#define HCR_TRAPS                                                                                \
	(HCR_EL2_TWI | HCR_EL2_TWE | HCR_EL2_TID0 | HCR_EL2_TID1 | HCR_EL2_TID2 | HCR_EL2_TID3 | \
		HCR_EL2_TSC | HCR_EL2_TIDCP | HCR_EL2_TACR | HCR_EL2_TSW | HCR_EL2_TPCP |        \
		HCR_EL2_TPU | HCR_EL2_TTLB | HCR_EL2_TVM | HCR_EL2_TDZ | HCR_EL2_HCD |           \
		HCR_EL2_TRVM | HCR_EL2_TERR | HCR_EL2_TEA | HCR_EL2_AT | HCR_EL2_TID4 |          \
		HCR_EL2_TICAB | HCR_EL2_TOCU | HCR_EL2_TTLBIS | HCR_EL2_TTLBOS)
#define HCR_MEMORY    (HCR_EL2_DC | HCR_EL2_PTW)
#define HCR_ENABLES   (HCR_EL2_API | HCR_EL2_APK)
/* trap-cmo looks addresses up in L1's address space (hyp/trap/cmo.c); the inner guest's are others.
 * What it maintains is the CPU's to find, through the shadow. */
#define HCR_NOT_INNER (HCR_EL2_TPCP | HCR_EL2_TPU)
#define MDCR_TRAPS    (MDCR_EL2_TDE | MDCR_EL2_TDA | MDCR_EL2_TDOSA | MDCR_EL2_TDRA | MDCR_EL2_TDCC)

uint64_t forward_hcr(const struct nested *nested)
{
	uint64_t vhcr = VNCR_REG(nested, HCR_EL2), hcr = nested->base_hcr;

	hcr &= (~HCR_ENABLES | vhcr) & ~HCR_NOT_INNER;
	hcr |= vhcr & (HCR_TRAPS | HCR_MEMORY);
	/* There with IMO and FMO; VSE: forward_enter(). */
	if (unlikely(vhcr & (HCR_EL2_VI | HCR_EL2_VF)))
		hcr |= (vhcr & HCR_EL2_IMO ? vhcr & HCR_EL2_VI : 0) |
			(vhcr & HCR_EL2_FMO ? vhcr & HCR_EL2_VF : 0);
	return hcr;
}

uint64_t forward_cptr(const struct nested *nested)
{
	uint64_t cptr = nested->base_cptr;

	if (forward_traps_fp(nested))
		cptr |= CPTR_EL2_TFP;
	return cptr | (nested->values[VEL2_CPTR] & CPTR_EL2_TCPAC);
}

uint64_t forward_mdcr(const struct nested *nested)
{
	uint64_t traps = nested->values[VEL2_MDCR] & MDCR_TRAPS;

	return cpu_features.fgt ? traps : traps & ~MDCR_EL2_TDCC;
}

/* ---- the others ---- */

/* What of L1's is in the CPU: nested->forwarded. */
#define FORWARDED_FINE BIT(0)
#define FORWARDED_HSTR BIT(1)

/* Bits that L1 may set, and L0's own; the same for all of its guests. */
static struct {
	uint64_t fine[NR_FINE_REGISTERS]; /* 0 without FEAT_FGT */
	uint64_t hcrx, own_hcrx;          /* 0 without FEAT_HCX */
} masks;

void forward_init(void)
{
	sysreg_index_init();
	for (unsigned i = FINE_HFGRTR; i < NR_FINE_REGISTERS; i++)
		masks.fine[i] = cpu_features.fgt ? forward_fine_mask((enum fine_register)i) : 0;
	masks.hcrx = masks.own_hcrx = 0;
	if (!cpu_features.hcrx)
		return;
	masks.hcrx = HCRX_EL2_MCE2 | HCRX_EL2_FNXS | HCRX_EL2_FGTNXS;
	masks.own_hcrx = guest_hcrx();
}

#define FINE_BITS(nested, name) (VNCR_REG(nested, name##_EL2) & masks.fine[FINE_##name])

static __always_inline bool uses_fine(const struct nested *nested)
{
	return (FINE_BITS(nested, HFGRTR) | FINE_BITS(nested, HFGWTR) | FINE_BITS(nested, HFGITR) |
		       FINE_BITS(nested, HDFGRTR) | FINE_BITS(nested, HDFGWTR)) != 0;
}

/* Behind L0's own, which are all that a VM without a virtual EL2 has. */
static __noinline void write_fine(const struct nested *nested)
{
	write_sysreg(FINE_BITS(nested, HFGRTR), HFGRTR_EL2);
	write_sysreg(FINE_BITS(nested, HFGWTR), HFGWTR_EL2);
	write_sysreg(FINE_BITS(nested, HFGITR), HFGITR_EL2);
	write_sysreg(FINE_BITS(nested, HDFGRTR) | guest_hdfgrtr(), HDFGRTR_EL2);
	write_sysreg(FINE_BITS(nested, HDFGWTR), HDFGWTR_EL2);
}

static __noinline void restore_fine(void)
{
	write_sysreg(0, HFGRTR_EL2);
	write_sysreg(0, HFGWTR_EL2);
	write_sysreg(0, HFGITR_EL2);
	write_sysreg(guest_hdfgrtr(), HDFGRTR_EL2);
	write_sysreg(0, HDFGWTR_EL2);
}

/* MSCEn lets the inner guest copy and set memory, if L1 has set it, too. */
uint64_t forward_hcrx(const struct nested *nested)
{
	uint64_t vhcrx = VNCR_REG(nested, HCRX_EL2);

	return (masks.own_hcrx & (~HCRX_EL2_MSCEN | vhcrx)) | (vhcrx & masks.hcrx);
}

/*
 * A virtual SError that L1 has made pending. vVSESR_EL2 and vVDISR_EL2 are in the page; the CPU's
 * are vEL2's own while hyp, where nobody but L0 makes one pending. EL1 reaches VDISR_EL2 as
 * DISR_EL1, writes it at any time, and no trap tells.
 */
static __noinline void enter_serror(struct nested *nested)
{
	struct vcpu *vcpu = nested->vcpu;
	uint64_t vhcr = VNCR_REG(nested, HCR_EL2);

	if ((vhcr & HCR_EL2_AMO) && (vhcr & HCR_EL2_VSE)) {
		vcpu->hcr |= HCR_EL2_VSE;
		write_sysreg(vcpu->hcr, HCR_EL2);
	}
	if (!cpu_features.ras)
		return;
	nested->vdisr = read_sysreg(VDISR_EL2);
	write_sysreg(VNCR_REG(nested, VSESR_EL2), VSESR_EL2);
	write_sysreg(VNCR_REG(nested, VDISR_EL2), VDISR_EL2);
}

/*
 * One that the inner guest has taken, or deferred, is not pending any more; one that is goes with
 * it. If it isn't L1's, but Lintel's (forward_serror()), L1 gets it, at vEL2: it has ended, or may
 * end, who it was for.
 */
static __noinline void leave_serror(struct nested *nested)
{
	struct vcpu *vcpu = nested->vcpu;

	if (vcpu->hcr & HCR_EL2_VSE) {
		uint64_t vhcr = VNCR_REG(nested, HCR_EL2);
		bool pending = read_sysreg(HCR_EL2) & HCR_EL2_VSE;

		if ((vhcr & HCR_EL2_AMO) && (vhcr & HCR_EL2_VSE)) {
			if (!pending)
				VNCR_REG(nested, HCR_EL2) &= ~HCR_EL2_VSE;
		} else if (pending) {
			nested->serror = HCR_EL2_VSE;
			nested->vsesr = cpu_features.ras ? read_sysreg(VSESR_EL2) : 0;
		}
		vcpu->hcr &= ~HCR_EL2_VSE;
		write_sysreg(vcpu->hcr, HCR_EL2);
	}
	if (!cpu_features.ras)
		return;
	VNCR_REG(nested, VDISR_EL2) = read_sysreg(VDISR_EL2);
	write_sysreg(nested->vdisr, VDISR_EL2);
	nested->vdisr = 0;
}

bool forward_always(const struct nested *nested)
{
	return VNCR_REG(nested, HCR_EL2) & HCR_EL2_VSE;
}

void forward_enter(struct nested *nested)
{
	uint64_t hstr = VNCR_REG(nested, HSTR_EL2) & HSTR_TRAPS;
	uint64_t done = 0;

	if (unlikely(uses_fine(nested))) {
		write_fine(nested);
		done |= FORWARDED_FINE;
	}
	if (unlikely(hstr != 0)) {
		write_sysreg(hstr, HSTR_EL2);
		done |= FORWARDED_HSTR;
	}
	if (unlikely((VNCR_REG(nested, HCR_EL2) & HCR_EL2_VSE) | VNCR_REG(nested, VDISR_EL2) |
		    forward_disr())) {
		enter_serror(nested);
		done |= FORWARDED_SERROR;
	}
	nested->forwarded = done;
}

void forward_leave(struct nested *nested)
{
	uint64_t done = nested->forwarded;

	if (unlikely(forward_disr() != 0))
		done |= FORWARDED_SERROR;
	if (done == 0)
		return;
	if (done & FORWARDED_FINE)
		restore_fine();
	if (done & FORWARDED_HSTR)
		write_sysreg(0, HSTR_EL2);
	if (done & FORWARDED_SERROR)
		leave_serror(nested);
	nested->forwarded = 0;
}
