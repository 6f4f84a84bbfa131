/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TLB invalidation, broadcast to the inner shareable domain, complete (DSB ISH, ISB) on return.
 *
 * Stage-2 invalidation works on the VMID in VTTBR_EL2 (Arm ARM D8.14): the functions load the given
 * VTTBR for the time and put the old one back.
 */
#ifndef HYP_ARCH_TLB_H
#define HYP_ARCH_TLB_H

#include "hyp/arch/barrier.h"
#include "hyp/base/types.h"

/* Everything of the VMID in `vttbr`, both stages. */
void tlb_flush_vmid(uint64_t vttbr);

/* The stage-2 entries of one IPA (any level), and the combined entries that may hold it. */
void tlb_flush_ipa(uint64_t vttbr, ipa_t ipa);

/* What this CPU's TLB holds of stage 1 for the VMID that is loaded (VTTBR_EL2); other CPUs keep
 * theirs. */
#ifdef LINTEL_HOST
void tlb_flush_local_stage1(void);
#else
static inline void tlb_flush_local_stage1(void)
{
	__asm__ volatile("tlbi vmalle1" : : : "memory");
	dsb_nsh();
	isb();
}
#endif

/* What this CPU's TLB holds of the VMID in `vttbr`, of stage 1 and combined; other CPUs keep
 * theirs. */
void tlb_flush_local_vmid(uint64_t vttbr);

/*
 * A guest's own invalidations of stage 1, as TLBI ...IS under the VMID in `vttbr`; the operand is
 * Xt as the guest had it. R*: only where the CPU has FEAT_TLBIRANGE.
 */
#define TLB_GUEST_OPS(X)         \
	X(VMALLE1, "c8, c3, #0") \
	X(VAE1, "c8, c3, #1")    \
	X(ASIDE1, "c8, c3, #2")  \
	X(VAAE1, "c8, c3, #3")   \
	X(VALE1, "c8, c3, #5")   \
	X(VAALE1, "c8, c3, #7")  \
	X(RVAE1, "c8, c2, #1")   \
	X(RVAAE1, "c8, c2, #3")  \
	X(RVALE1, "c8, c2, #5")  \
	X(RVAALE1, "c8, c2, #7")

enum tlb_guest_op {
#define X(name, encoding) TLB_##name,
	TLB_GUEST_OPS(X)
#undef X
};

void tlb_guest(uint64_t vttbr, enum tlb_guest_op op, uint64_t operand);

/* All VMIDs, both stages (when VMIDs are used anew). */
void tlb_flush_all_guests(void);

/* EL2's own entries: of one address, or all. */
void tlb_flush_el2_va(uint64_t va);
void tlb_flush_el2_all(void);

#endif
