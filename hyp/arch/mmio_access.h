/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One access of a guest to an emulated device, whoever decoded it: a syndrome or an instruction.
 */
#ifndef HYP_ARCH_MMIO_ACCESS_H
#define HYP_ARCH_MMIO_ACCESS_H

#include "hyp/arch/esr.h"
#include "hyp/arch/guest_regs.h"
#include "hyp/arch/insn.h"
#include "hyp/base/types.h"

struct mmio_access {
	uint64_t ipa;
	unsigned width; /* bytes: 1, 2, 4, 8 */
	unsigned reg;   /* X register, 31: XZR */
	bool write;
	bool sign_extend;
	bool reg64; /* the loaded value fills 64 bits (after sign extension), else 32 and the upper
		       half is zero */
	bool acquire_release;
	bool big_endian;
};

/* From the syndrome of a data abort with ISV = 1. big_endian: the guest's data accesses are, at its
 * present EL. */
static __always_inline struct mmio_access mmio_access_from_esr(
	uint64_t esr, uint64_t ipa, bool big_endian)
{
	return (struct mmio_access){
		.ipa = ipa,
		.width = 1U << FIELD_GET(ISS_SAS, esr),
		.reg = (unsigned)FIELD_GET(ISS_SRT, esr),
		.write = esr & ISS_WNR,
		.sign_extend = esr & ISS_SSE,
		.reg64 = esr & ISS_SF,
		.acquire_release = esr & ISS_AR,
		.big_endian = big_endian,
	};
}

/* Element n of an instruction that accesses X registers, of at most 8 bytes. */
static inline struct mmio_access mmio_access_from_insn(
	const struct insn *insn, unsigned n, uint64_t ipa, bool big_endian)
{
	return (struct mmio_access){
		.ipa = ipa,
		.width = insn->width,
		.reg = insn->reg[n],
		.write = insn->write,
		.sign_extend = insn->sign_extend,
		.reg64 = insn->reg64,
		.acquire_release = insn->acquire_release,
		.big_endian = big_endian,
	};
}

/* The low `width` bytes of value, bytes reversed. */
static inline uint64_t mmio_swap(uint64_t value, unsigned width)
{
	return __builtin_bswap64(value) >> (64 - 8 * width);
}

static inline uint64_t mmio_mask(unsigned width)
{
	return ~UINT64_C(0) >> ((64 - 8 * width) % 64);
}

/* What a store puts on the bus: `width` bytes, zero-extended. */
static inline uint64_t mmio_store_value(
	const struct mmio_access *access, const struct guest_regs *regs)
{
	uint64_t value = access->reg == 31 ? 0 : regs->x[access->reg];

	if (unlikely(access->big_endian))
		return mmio_swap(value, access->width);
	return value & mmio_mask(access->width);
}

/* A register of a load that needs neither: little-endian, zero-extended. */
static __always_inline void mmio_load_plain(struct guest_regs *regs, uint64_t reg, uint64_t value)
{
	if (likely(reg != 31))
		regs->x[reg] = value;
}

/*
 * Puts the loaded value (width bytes, zero-extended) into the register: byte order, then sign
 * extension, then SF (Arm ARM: LDR and its kin). With mmio_load_plain() the one place that does,
 * for a VM's accesses and for a REC's.
 */
static inline void mmio_load_done(
	const struct mmio_access *access, struct guest_regs *regs, uint64_t value)
{
	if (unlikely(access->big_endian))
		value = mmio_swap(value, access->width);
	if (unlikely(access->sign_extend)) {
		unsigned shift = 64 - 8 * access->width;

		value = (uint64_t)((int64_t)(value << shift) >> shift);
		if (!access->reg64)
			value = (uint32_t)value;
	}
	mmio_load_plain(regs, access->reg, value);
}

#endif
