/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Accesses that the syndrome does not describe (ISV = 0), and those that it describes wrongly
 * because they run over the end of a page: the instruction itself says what they are.
 *
 * Order of checks; nothing of the guest's has changed before the last of them:
 *   1. AArch64 only; else an external abort.
 *   2. the instruction is fetched at the PC through the guest's stage 1, as a fetch, with its
 * rights; what can't be fetched, or is none that could have made this abort (its address is not
 * FAR's), has changed meanwhile: the guest tries again.
 *   3. by its class: insn_table below.
 *   4. the access is cut into elements, and these where they cross a page; each page is walked in
 * the guest's stage 1 (a fault there is the guest's own: data abort, FAR of that byte), with its
 *      rights, and placed (place.h).
 *   5. alignment: an element that is not aligned to its size and touches a device is an alignment
 *      fault (FSC 0x21) where stage 1 says Device (or is off); where it says Normal it is made byte
 *      by byte.
 *   6. each piece is judged by its place:
 *        RAM            done by Lintel, as the guest could
 *        not given yet  given first; the guest tries again
 *        ROM            loads as RAM; stores: external abort, or ignored
 *        device         must lie in one region, of a width that it allows; else external abort
 *        nothing        external abort, or RAZ/WI (absent-access = "ignore")
 *        beyond         address size fault, level 0
 *   7. the pieces are performed, lowest address first. A device that says external abort ends it:
 *      registers stay as they were, also the base. MMIO_RETRY: the whole instruction again.
 *   8. registers are written, then the base; the PC moves on.
 *
 * | class          | answer at a device                                                       |
 * | -------------- | ------------------------------------------------------------------------ |
 * | access         | emulated, as above                                                       |
 * | exclusive, atomic, 64 bytes | data abort FSC 0x35 (device-atomics = "abort": external abort) |
 * | maintenance    | cmo.h; DC ZVA: alignment fault                                           |
 * | prefetch       | skipped                                                                  |
 * | other          | external abort, logged: never guessed                                    |
 */
#ifndef HYP_TRAP_EMULATE_H
#define HYP_TRAP_EMULATE_H

#include "hyp/vm/vcpu.h"

/*
 * A data abort at `far` of an instruction that has to be looked at. The vCPU is loaded. esr is only
 * used for what it says of any abort (WnR, IL), and for the checks above.
 */
enum exit_result emulate_instruction(struct vcpu *vcpu, uint64_t esr, uint64_t far);

#endif
