/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AT: what the files about it share. Facts of DDI 0487 by the instruction and v{E2H,TGE}:
 *
 *              (0,0), (1,0)            (0,1)                     (1,1)
 *   S1E1, S1E0 EL1&0, stage 1          stage 1 off               EL2&0
 *   S12E1,S12E0 EL1&0, both stages     stage 1 off, stage 2      EL2&0, stage 1
 *   S1E2       EL2, or EL2&0 where E2H = 1
 */
#ifndef GUEST_HYP_AT_H
#define GUEST_HYP_AT_H

#include "hyp.h"

u64 at_s1e1r(u64 va);
u64 at_s1e1w(u64 va);
u64 at_s1e0r(u64 va);
u64 at_s1e0w(u64 va);
u64 at_s1e1rp(u64 va);
u64 at_s1e1wp(u64 va);
u64 at_s1e2r(u64 va);
u64 at_s1e2w(u64 va);
u64 at_s12e1r(u64 va);
u64 at_s12e1w(u64 va);
u64 at_s12e0r(u64 va);
u64 at_s12e0w(u64 va);

/* As whom an instruction asks; a write is the odd ones. PAN's are like EL1's without PSTATE.PAN. */
enum at_as { AS_EL1, AS_EL0 = 2, AS_PAN = 4, NR_AS = 6 };

struct at_op {
	const char *name;
	u64 (*run)(u64 va);
	u32 as;    /* enum at_as, + 1: a write */
	bool both; /* stages */
	bool el2;
};

#define NR_AT_OPS 12
extern const struct at_op at_ops[NR_AT_OPS];

#define PAR_F                BIT(0)
#define PAR_RES1             BIT(11)
#define PAR_NS               BIT(9) /* no meaning without Secure state */
#define PAR_FAULT(fst)       (PAR_F | PAR_RES1 | (u64)(fst) << 1)
#define PAR_STAGE2           BIT(9)
#define PAR_PTW              BIT(8)
#define PAR_OK(pa, attr, sh) ((pa) | PAR_RES1 | (u64)(attr) << 56 | (u64)(sh) << 7)
#define SH_NONE              0
#define SH_OUTER             2
#define SH_INNER             3
#define ATTR_WB              0xff
#define ATTR_NC              0x44
#define ATTR_NGNRE           0x04
#define ATTR_NGNRNE          0x00

/* Is that PAR_EL1? NS is not looked at where it succeeded. */
static inline bool par_is(u64 par, u64 expected)
{
	return (expected & PAR_F ? par : par & ~PAR_NS) == expected;
}

/* par_is() as a row. */
bool par_row(u64 par, u64 expected, const char *format, ...) __attribute__((format(printf, 3, 4)));

#define PAN_SET()   __asm__ volatile(".inst 0xd500419f" ::: "memory")
#define PAN_CLEAR() __asm__ volatile(".inst 0xd500409f" ::: "memory")

#endif
