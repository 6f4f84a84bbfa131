/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Accesses that the syndrome does not describe (ISV = 0), and those that it describes wrongly
 * because they run over the end of a page: the instruction itself says what they are.
 *
 * Order of checks; nothing of the guest's has changed before the last of them:
 *   1. AArch64 only; else an external abort.
 *   2. the instruction is fetched at the PC through the guest's stage 1, as a fetch, with its
 *      rights. What can't be fetched, or is none that could have made this abort (FAR is none of
 *      its bytes, it loads where the abort says store), has changed meanwhile: the guest tries
 *      again. An external abort where Lintel can't walk the guest's tables at all.
 *   3. by its class: insn_table.
 *   4. the pages that the access reaches into, one or two, are walked in the guest's stage 1, with
 *      the rights of the access (and PSTATE.PAN). A fault there is the guest's own: data abort, FAR
 *      is the first byte in that page.
 *   5. alignment: elements that are not aligned to their size are an alignment fault (FSC 0x21)
 *      where stage 1 says Device (or is off), whatever stage 2 has there.
 *   6. the access is cut into pieces, and each is placed (place.h) and judged. Memory is one piece,
 *      up to the end of its page. All else is cut into elements, or what a register gets, but
 *      into at most 8 bytes; where LD1 and ST1 are only aligned to their elements, into these; and
 *      what is not even aligned so (in Normal memory) into bytes.
 *        RAM            done by Lintel, as the guest could
 *        not given yet  given first; the guest tries again
 *        ROM            loads as RAM; stores: external abort, or ignored
 *        device         must lie in one region, of a width that it allows; else external abort
 *        nothing        external abort, or RAZ/WI (absent-access = "ignore")
 *        beyond         address size fault, level 0
 *      Memory that Lintel can't use as the guest would is an external abort: what VMs share, and
 *      pages of which the CPU has yet to note that they are accessed, or for a store that they are
 *      dirty (TCR.HA, HD). When there is nothing but memory that the guest may access by itself, it
 *      tries again.
 *   7. the pieces are performed, lowest address first, each once. A device that says external abort
 *      ends it: registers stay as they were, also the base. MMIO_RETRY: the instruction again,
 *      later, and it goes on with that piece, unless the vCPU had another data abort in between, or
 *      comes back with another access.
 *   8. registers are written, and the base; the PC moves on.
 *
 * | class          | answer at a device                                                       |
 * | -------------- | ------------------------------------------------------------------------ |
 * | access         | emulated, as above                                                       |
 * | exclusive, atomic, 64 bytes | data abort FSC 0x35 (device-atomics = "abort": external abort) |
 * | maintenance    | cmo.h; DC ZVA: alignment fault                                           |
 * | prefetch       | skipped                                                                  |
 * | other          | external abort, logged: never guessed                                    |
 *
 * What the last four get elsewhere: the tables in emulate.c.
 */
#ifndef HYP_TRAP_EMULATE_H
#define HYP_TRAP_EMULATE_H

#include "hyp/vm/vcpu.h"

/*
 * A data abort at `far` of an instruction that has to be looked at. The vCPU is loaded. esr is only
 * used for what it says of any abort (WnR), and for the checks above.
 */
enum exit_result emulate_instruction(struct vcpu *vcpu, uint64_t esr, uint64_t far);

#endif
