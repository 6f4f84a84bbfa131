/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vCPUs whose EL1 is AArch32 (vm->policy.aarch32): how they begin, what they have that others
 * haven't, and which of the x registers is which of theirs.
 *
 * Such a vCPU has vcpu->aarch32 set, and HCR_EL2.RW = 0. It begins in SVC mode with asynchronous
 * exceptions masked, MMU off, vectors at VBAR = 0. A CPU keeps its banked general registers in x13
 * to x30 (Arm ARM D1.20.2), which every exit stores, and most of its CP15 registers in EL1's; those
 * that have a register of their own are the AARCH32 rows of hyp/arch/sysreg.def, saved and loaded
 * by this part for such vCPUs alone.
 */
#ifndef HYP_VM_AARCH32_H
#define HYP_VM_AARCH32_H

#include "hyp/arch/sysreg_fields.h"
#include "hyp/vm/vcpu.h"

/* PSTATE.M with PSTATE_NRW: the modes of AArch32 (Arm ARM G1.7). */
#define AARCH32_MODE_MASK GENMASK(4, 0)
#define AARCH32_USR       0x10
#define AARCH32_FIQ       0x11
#define AARCH32_IRQ       0x12
#define AARCH32_SVC       0x13
#define AARCH32_ABT       0x17
#define AARCH32_UND       0x1b
#define AARCH32_SYS       0x1f

/* Link registers, as x registers. */
#define AARCH32_LR_ABT    20
#define AARCH32_LR_UND    22

extern const struct vm_part aarch32_part;

/*
 * Of a vCPU whose registers and bank are as an AArch64 one begins: makes them those of an AArch32
 * one. Bit 0 of its PC goes to PSTATE.T.
 */
void aarch32_begin(struct vcpu *vcpu);

/*
 * The x register that register n of an instruction, executed in `mode`, is; 31 for the PC (n = 15),
 * as in a syndrome. A CPU reports that number already, and then it stays: there is none that could
 * be taken for a banked register's own. QEMU 10 reports n for data aborts. Pure.
 */
unsigned aarch32_register(unsigned mode, unsigned n);

#endif
