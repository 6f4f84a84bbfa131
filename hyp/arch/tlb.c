/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyp/arch/tlb.h"
#include "hyp/arch/barrier.h"
#include "hyp/arch/sysreg.h"

/* The operand of TLBI by IPA or VA: address bits 55:12 in bits 43:0. */
#define TLBI_ADDRESS(address) FIELD_PREP(GENMASK(43, 0), (address) >> PAGE_SHIFT)

#define TLBI(operation)       __asm__ volatile("tlbi " operation ::: "memory")
#define TLBI_REG(operation, operand) \
	__asm__ volatile("tlbi " operation ", %0" ::"r"(operand) : "memory")

/* Runs the invalidation with `vttbr` loaded: TLBI of the EL1&0 regime works on the current VMID. */
#define WITH_VTTBR(vttbr, invalidation)                 \
	do {                                            \
		uint64_t old_ = read_sysreg(VTTBR_EL2); \
                                                        \
		dsb_ishst();                            \
		if (old_ != (vttbr)) {                  \
			write_sysreg(vttbr, VTTBR_EL2); \
			isb();                          \
		}                                       \
		invalidation;                           \
		dsb_ish();                              \
		isb();                                  \
		if (old_ != (vttbr)) {                  \
			write_sysreg(old_, VTTBR_EL2);  \
			isb();                          \
		}                                       \
	} while (0)

void tlb_flush_vmid(uint64_t vttbr)
{
	WITH_VTTBR(vttbr, TLBI("vmalls12e1is"));
}

static void flush_ipa(uint64_t operand)
{
	TLBI_REG("ipas2e1is", operand);
	/* The combined entries are tagged by VA only: all of the VMID's must go. */
	dsb_ish();
	TLBI("vmalle1is");
}

void tlb_flush_ipa(uint64_t vttbr, ipa_t ipa)
{
	WITH_VTTBR(vttbr, flush_ipa(TLBI_ADDRESS(ipa.ipa)));
}

void tlb_flush_local_vmid(uint64_t vttbr)
{
	WITH_VTTBR(vttbr, TLBI("vmalle1"));
}

static void guest_op(enum tlb_guest_op op, uint64_t operand)
{
	switch (op) {
#define X(name, encoding)                                                               \
	case TLB_##name:                                                                \
		__asm__ volatile("sys #0, " encoding ", %0" ::"r"(operand) : "memory"); \
		break;
		TLB_GUEST_OPS(X)
#undef X
	}
}

void tlb_guest(uint64_t vttbr, enum tlb_guest_op op, uint64_t operand)
{
	WITH_VTTBR(vttbr, guest_op(op, operand));
}

void tlb_flush_all_guests(void)
{
	dsb_ishst();
	TLBI("alle1is");
	dsb_ish();
	isb();
}

void tlb_flush_el2_va(uint64_t va)
{
	dsb_ishst();
	TLBI_REG("vae2is", TLBI_ADDRESS(va));
	dsb_ish();
	isb();
}

void tlb_flush_el2_all(void)
{
	dsb_ishst();
	TLBI("alle2is");
	dsb_ish();
	isb();
}
