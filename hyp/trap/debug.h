/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The debug registers of a guest: MDSCR_EL1, breakpoints, watchpoints, the OS lock, the debug
 * communications channel.
 *
 * They are always trapped (MDCR_EL2.TDA, TDOSA, TDRA) and kept in memory. The CPU's own are quiet
 * (MDSCR_EL1 = 0, nothing enabled) but while a vCPU is loaded that has debug exceptions switched on
 * (MDSCR_EL1.MDE, KDE or SS, and the OS lock open): then they follow what it writes. So no guest
 * ever reads a real one, and a vCPU that does no debugging costs nothing at a switch. But for one
 * field: a debug exception of AArch32, BKPT among them, writes DBGDSCR.MOE, which is MDSCR_EL1[5:2]
 * of the CPU. That is an AArch32 vCPU's own as long as it is loaded, and moves with it. Source: Arm
 * ARM D2 (self-hosted debug), G2, H9.
 */
#ifndef HYP_TRAP_DEBUG_H
#define HYP_TRAP_DEBUG_H

#include "hyp/vm/part.h"
#include "hyp/vm/vcpu.h"

extern const struct vm_part debug_part;

/*
 * A trapped access to a register of trap class DEBUG (hyp/arch/sysreg.def); the vCPU is loaded.
 * encoding: SYS_*; rt: the X register, 31 is XZR. Breakpoints and watchpoints beyond
 * ID_AA64DFR0_EL1.BRPs and WRPs are undefined.
 */
enum exit_result debug_access(struct vcpu *vcpu, unsigned encoding, bool write, unsigned rt);

#endif
