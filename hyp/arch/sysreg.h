/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System registers by name: read_sysreg(NAME), write_sysreg(value, NAME), for every row of
 * sysreg.def.
 *
 * SYS_NAME is the encoding, packed as SYSREG_ENC() does. On the build machine the registers are an
 * array in a fake CPU (tests/unit/fake/cpu.c).
 */
#ifndef HYP_ARCH_SYSREG_H
#define HYP_ARCH_SYSREG_H

#include "hyp/base/types.h"

/* op0[15:14] op1[13:11] CRn[10:7] CRm[6:3] op2[2:0], as in the MRS instruction's bits 20:5. */
#define SYSREG_ENC(op0, op1, crn, crm, op2) \
	((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
#define SYSREG_OP0(enc) (((enc) >> 14) & 3)
#define SYSREG_OP1(enc) (((enc) >> 11) & 7)
#define SYSREG_CRN(enc) (((enc) >> 7) & 15)
#define SYSREG_CRM(enc) (((enc) >> 3) & 15)
#define SYSREG_OP2(enc) ((enc)&7)

enum {
#define SYSREG(name, op0, op1, crn, crm, op2, bank, trap, ...) \
	SYS_##name = SYSREG_ENC(op0, op1, crn, crm, op2),
#include "hyp/arch/sysreg.def"
#undef SYSREG
};

/*
 * The columns of sysreg.def that a row may leave out, for who has them as "...": NONE, or what is
 * there.
 */
#define SYSREG_FIRST(_0, _1, ...)         _1
#define SYSREG_SECOND(_0, _1, _2, ...)    _2
#define SYSREG_THIRD(_0, _1, _2, _3, ...) _3
#define SYSREG_COLUMN_VEL2(...)           SYSREG_FIRST(0, ##__VA_ARGS__, NONE, NONE)
#define SYSREG_COLUMN_GATE(...)           SYSREG_SECOND(0, ##__VA_ARGS__, NONE, NONE, NONE)
#define SYSREG_COLUMN_FINE(...)           SYSREG_THIRD(0, ##__VA_ARGS__, NONE, NONE, NONE, NONE)

/* The encoding in the syndrome of a trapped access (EC 0x18), as SYS_* are. */
static inline unsigned sysreg_encoding_of(uint64_t esr)
{
	/* op0[21:20] op2[19:17] op1[16:14] CRn[13:10] Rt[9:5] CRm[4:1] */
	return (unsigned)(((esr >> 20) & 3) << 14 | ((esr >> 14) & 7) << 11 |
		((esr >> 10) & 15) << 7 | ((esr >> 1) & 15) << 3 | ((esr >> 17) & 7));
}

/* Offsets in the page of VNCR_EL2; -1: it has none. */
enum {
#define SYSREG(name, op0, op1, crn, crm, op2, bank, trap, vncr, ...) VNCR_##name = (vncr),
#include "hyp/arch/sysreg.def"
#undef SYSREG
};

#ifdef LINTEL_HOST

uint64_t fake_sysreg_read(unsigned encoding);
void fake_sysreg_write(unsigned encoding, uint64_t value);
#define read_sysreg(name)           fake_sysreg_read(SYS_##name)
#define write_sysreg(value, name)   fake_sysreg_write(SYS_##name, value)
#define save_sysreg(name)           read_sysreg(name)
#define restore_sysreg(value, name) write_sysreg(value, name)

#else

#define SYSREG_ASM_OPERANDS(enc)                                                                \
	"i"(SYSREG_OP0(enc)), "i"(SYSREG_OP1(enc)), "i"(SYSREG_CRN(enc)), "i"(SYSREG_CRM(enc)), \
		"i"(SYSREG_OP2(enc))

#define read_sysreg(name)                                          \
	({                                                         \
		uint64_t value_;                                   \
		__asm__ volatile("mrs %0, S%c1_%c2_C%c3_C%c4_%c5"  \
				 : "=r"(value_)                    \
				 : SYSREG_ASM_OPERANDS(SYS_##name) \
				 : "memory");                      \
		value_;                                            \
	})

#define write_sysreg(value, name)                                                   \
	__asm__ volatile("msr S%c1_%c2_C%c3_C%c4_%c5, %x0"                          \
			 :                                                          \
			 : "rZ"((uint64_t)(value)), SYSREG_ASM_OPERANDS(SYS_##name) \
			 : "memory")

/*
 * The same for registers that mean nothing to Lintel's own accesses to memory, a guest's: those may
 * move across, so that the compiler can load and store two at a time. Not across an isb().
 */
#define save_sysreg(name)                                            \
	({                                                           \
		uint64_t value_;                                     \
		__asm__ volatile("mrs %0, S%c1_%c2_C%c3_C%c4_%c5"    \
				 : "=r"(value_)                      \
				 : SYSREG_ASM_OPERANDS(SYS_##name)); \
		value_;                                              \
	})

#define restore_sysreg(value, name)                        \
	__asm__ volatile("msr S%c1_%c2_C%c3_C%c4_%c5, %x0" \
			 :                                 \
			 : "rZ"((uint64_t)(value)), SYSREG_ASM_OPERANDS(SYS_##name))

#endif

#endif
