/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Loads, stores and cache maintenance of A64, decoded from the instruction itself: for data aborts
 * whose syndrome does not describe the access (ISV = 0).
 *
 * Pure: 32 bits in, a description out. What is not known for certain to be one of these is
 * INSN_OTHER; nothing is ever guessed. Reserved and unallocated encodings are INSN_OTHER, too, and
 * so are those whose should-be-one bits are not one. Deliberately INSN_OTHER: SVE and SME, MOPS,
 * tags (LDG, STGP, DC GVA ...), LDRAA and LDRAB (their address has to be authenticated), LD2 to LD4
 * and ST2 to ST4, the pairs and SIMD forms of FEAT_LRCPC3, FEAT_THE's RCW..., FEAT_LSUI.
 * Source: Arm ARM (DDI 0487) C4.1, loads and stores.
 *
 * CONSTRAINED UNPREDICTABLE, as decided here:
 *   a load that writes back a base which it loads, too: what was loaded stays, nothing is written
 *     back (insn_writeback() says so);
 *   a store that writes back a base which it stores, too: the base as it was is stored;
 *   LDP and LDPSW of one register twice: the second, at the higher address, stays.
 */
#ifndef HYP_ARCH_INSN_H
#define HYP_ARCH_INSN_H

#include "hyp/arch/guest_regs.h"
#include "hyp/base/types.h"

enum insn_class {
	INSN_OTHER,       /* anything else */
	INSN_ACCESS,      /* a load or store that struct insn describes as a whole */
	INSN_PREFETCH,    /* PRFM, PRFUM, RPRFM: never faults */
	INSN_EXCLUSIVE,   /* LDXR, STXR, LDAXP, ... */
	INSN_ATOMIC,      /* LSE: LDADD, SWP, CAS, CASP, LDCLRP ...; LDAPR is an INSN_ACCESS */
	INSN_LS64,        /* LD64B, ST64B, ST64BV, ST64BV0 */
	INSN_MAINTENANCE, /* DC and IC by address: `op`, `reg[0]` */
	NR_INSN_CLASSES,
};

/* Cache maintenance by virtual address. DC ZVA is a store, and is here because it has no register
 * to store. */
enum cmo_op {
	CMO_DC_IVAC,
	CMO_DC_CVAC,
	CMO_DC_CVAU,
	CMO_DC_CVAP,
	CMO_DC_CVADP,
	CMO_DC_CIVAC,
	CMO_DC_ZVA,
	CMO_IC_IVAU,
	NR_CMO_OPS,
};

enum insn_address {
	INSN_OFFSET,     /* base + offset */
	INSN_PRE_INDEX,  /* the same, and it is written back */
	INSN_POST_INDEX, /* base; base + offset is written back */
	INSN_REGISTER,   /* base + extended Xm << shift */
	INSN_POST_REG,   /* base; base + Xm is written back (LD1, ST1) */
	INSN_LITERAL,    /* PC + offset */
};

#define INSN_REGS_MAX 4 /* LD1 and ST1 of several registers */
#define INSN_SP       31

/*
 * An INSN_ACCESS: `count` elements of `width` bytes, one behind the other in memory from the lowest
 * address on; element n is register reg[n]. What a load puts into a register beyond its width is
 * zero, or the sign; `lane` >= 0 (LD1, ST1 of one element): only that element of the register is
 * concerned, the rest of it stays.
 *
 * Exclusives, atomics and LS64: `base` (there is no offset), `write` (true for atomics), and that
 * it is `count` times `width` bytes; no registers.
 */
struct insn {
	enum insn_class class;
	enum cmo_op op; /* INSN_MAINTENANCE, the address is in X reg[0] */
	enum insn_address address;
	bool write;
	bool simd;            /* registers are V registers, width up to 16 */
	bool sign_extend;     /* of a loaded value */
	bool reg64;           /* to 64 bits; else to 32, with the upper half zero */
	bool acquire_release; /* LDAPUR, STLUR, LDAR, STLR ... */
	bool unprivileged;    /* LDTR, STTR: checked as EL0's */
	bool replicate;       /* LD1R: the element fills the register's lanes */
	bool full;     /* SIMD lanes: the register has 128 bits, else 64 (and the rest is 0) */
	uint8_t width; /* bytes of an element: 1, 2, 4, 8, 16 */
	uint8_t count;
	uint8_t reg[INSN_REGS_MAX]; /* 31: XZR where simd is false */
	uint8_t element;            /* bytes that are swapped for big-endian guests: width, or the
				       vector's elements' (LD1, ST1) */
	int8_t lane;                /* -1: the whole register */
	uint8_t base;               /* INSN_SP: the stack pointer of the guest's EL */
	uint8_t index;  /* Xm of INSN_REGISTER, INSN_POST_REG; 31: XZR (INSN_REGISTER) */
	uint8_t extend; /* option: 2 UXTW, 3 LSL, 6 SXTW, 7 SXTX */
	uint8_t shift;
	int64_t offset;
};

/* What it is. Fields that don't belong to the class are zero. */
struct insn insn_decode(uint32_t instruction);

/*
 * The address of the first byte, before tags are removed; sp: what register 31 is as a base. Of
 * cache maintenance: the address that it is given. Of INSN_OTHER and INSN_PREFETCH it says nothing.
 */
uint64_t insn_address(const struct insn *insn, const struct guest_regs *regs, uint64_t sp);

/*
 * Has it a base to be written back: then what it becomes. Asked before registers are loaded (Xm may
 * be one of them), done after.
 */
bool insn_writeback(
	const struct insn *insn, const struct guest_regs *regs, uint64_t sp, uint64_t *value);

#endif
