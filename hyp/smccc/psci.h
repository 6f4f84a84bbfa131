/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PSCI 1.3 for guests (Arm DEN0022F), by HVC and SMC. The functions are rows of calls.def; this
 * says in which order each checks what, and what a VM is to PSCI.
 *
 * Order of checks: the first one that fails answers, and a call that fails has changed nothing.
 * Narrow calls (SMC32) have 32-bit arguments and contexts: upper halves don't count; nor do those
 * of a power_state, a level or a type in wide ones.
 *
 *   CPU_SUSPEND            power_state has the VM's format, else INVALID_PARAMETERS
 *                          to power down: entry point, else INVALID_ADDRESS
 *                          OS-initiated, level above 0: every other vCPU is OFF or suspended, else
 *                          DENIED; to power down: none is only in standby, else INVALID_PARAMETERS
 *   CPU_DEFAULT_SUSPEND    entry point, else INVALID_ADDRESS
 *   SYSTEM_SUSPEND         all others are OFF, else DENIED
 *                          entry point, else INVALID_ADDRESS
 *   SET_SUSPEND_MODE       0 or 1, else INVALID_PARAMETERS
 *                          it is the other mode, else SUCCESS at once
 *                          to OS-initiated: no CPU_SUSPEND since the VM's start or the last change,
 *                          else DENIED; back: all others are OFF, else DENIED
 *   CPU_ON                 target exists, else INVALID_PARAMETERS
 *                          it is OFF, else ALREADY_ON
 *                          entry point, else INVALID_ADDRESS
 *                          it is still OFF, else ALREADY_ON
 *   AFFINITY_INFO          level up to 3, only affinity bits, there is such a vCPU or node: else
 *                          INVALID_PARAMETERS; then 0 ON, 1 OFF
 *   NODE_HW_STATE          target exists, level up to 2: else INVALID_PARAMETERS; then 0 ON, 1 OFF
 *                          (or powered down), 2 STANDBY
 *   STAT_RESIDENCY, COUNT  target exists, power_state has the VM's format: else 0
 *   SYSTEM_RESET2          type 0 (warm), else INVALID_PARAMETERS
 *   SYSTEM_OFF2            type 0 or 1 (HIBERNATE_OFF is the default), cookie 0: else
 *                          INVALID_PARAMETERS
 *   MEM_PROTECT_...        CHECK_RANGE: not empty, doesn't wrap, all in the VM's RAM: else DENIED
 *   PSCI_FEATURES          a function that is there, in this width: else NOT_SUPPORTED
 *   CPU_OFF, SYSTEM_OFF, SYSTEM_RESET; and behind their checks SYSTEM_RESET2, SYSTEM_OFF2:
 *                          INTERNAL_FAILURE is in x0 then, but no guest sees it: its vCPU
 *                          is asked to stop, or to pause for good in a VM that has crashed
 *                          meanwhile, before it would be entered again
 *
 * Targets: MPIDR values as read from MPIDR_EL1, bit 31 with or without; every other bit that is not
 * affinity must be 0. Entry points: in the VM's RAM and 4-byte aligned; in an AArch32 VM bit 0 says
 * Thumb, and then halfwords will do. PSCI_FEATURES of CPU_SUSPEND: bit 0, OS-initiated mode is
 * there; bit 1, the extended format (only in a VM whose policy says so); of SYSTEM_OFF2: bit 0,
 * HIBERNATE_OFF; of everything else, and of SMCCC_VERSION: 0.
 *
 * CPU_ON. There is no window between OFF and ON: of any number of callers one gets SUCCESS, the
 * others ALREADY_ON, and nobody ever ON_PENDING. AFFINITY_INFO says OFF when the vCPU's state has
 * left its CPU, which is when CPU_ON can succeed. The last vCPU's CPU_OFF switches the VM off.
 *
 * Suspending. Levels: 0 the vCPU, 1 and 2 its cluster and the system, which are all of the VM's
 * vCPUs. power_state, of which everything but these fields must be 0:
 *   original   StateID [15:0], power down [16], level [25:24]
 *   extended   StateID [15:0], power down [30]; the level is that of the highest of the StateID's
 *              fields that is not 0: core [3:0], cluster [7:4], system [11:8]
 * What else is in a StateID doesn't matter. A suspended vCPU goes on at whatever would end a WFI,
 * or as soon as one is there already: behind the call in standby, at the entry point when it was
 * powered down, with general, system, debug and FP/SIMD registers as CPU_ON would have them.
 * Interrupts and timers are kept; so are SDEI's events, but who comes back from a power-down is
 * masked for them. A state above level 0 has no effect of its own; platform-coordinated, it is a
 * wish.
 *
 *   vCPU:  RUNNING --CPU_SUSPEND, CPU_DEFAULT_SUSPEND, SYSTEM_SUSPEND--> STANDBY or DOWN
 *          STANDBY, DOWN --an interrupt, signal or event (suspend_over())--> RUNNING
 *          any --the VM's end--> RUNNING
 * Mode, vCPU states and statistics are of the VM's part PSCI, under the VM's lock, so that no vCPU
 * is switched on while others are counted. A restart sets them back.
 *
 * MEM_PROTECT is vm->memory_protected (it returns what that was): set, a reset wipes RAM even where
 * on-reset is "keep". Like the firmware's own it is kept over resets and power-offs, as long as
 * Lintel runs.
 *
 * Not there (NOT_SUPPORTED), since they make no sense here: MIGRATE, MIGRATE_INFO_UP_CPU (there is
 * no Trusted OS, which MIGRATE_INFO_TYPE says), CPU_FREEZE (every vCPU can be switched off),
 * CLEAN_INV_MEMREGION and its ATTRIBUTES (a guest's cache maintenance by address reaches all of its
 * memory). Errors that are never answered: ON_PENDING and INTERNAL_FAILURE (above), NOT_PRESENT (a
 * Trusted OS's), DISABLED (every vCPU of a VM can be switched on).
 */
#ifndef HYP_SMCCC_PSCI_H
#define HYP_SMCCC_PSCI_H

#include "hyp/smccc/dispatch.h"
#include "hyp/vm/part.h"

#define PSCI_BASE      UINT32_C(0x84000000)
#define PSCI_FUNCTIONS 32 /* numbers 0 to 31, both widths */

/* Row of boot/parts.c. */
extern const struct vm_part psci_part;

#endif
