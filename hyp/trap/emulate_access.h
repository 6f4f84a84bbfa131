/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A load or store of whatever form (INSN_ACCESS), performed by Lintel: steps 4 to 8 of emulate.h.
 */
#ifndef HYP_TRAP_EMULATE_ACCESS_H
#define HYP_TRAP_EMULATE_ACCESS_H

#include "hyp/arch/insn.h"
#include "hyp/vm/vcpu.h"

/* The most that one instruction accesses: LD1 of four registers. */
#define ACCESS_BYTES_MAX (INSN_REGS_MAX * 16)

/*
 * Performs it, the writeback of the base excepted. address: of its first byte, with tags; esr: of
 * the abort, for triage_retry(). EXIT_SKIP: it is done; anything else: no register has changed.
 */
enum exit_result emulate_access(
	struct vcpu *vcpu, uint64_t esr, const struct insn *insn, uint64_t address);

/* What a store writes, as it is in memory: count * width bytes. FP/SIMD registers are the live
 * ones. */
void emulate_collect(const struct insn *insn, const struct guest_regs *regs, bool big_endian,
	uint8_t data[ACCESS_BYTES_MAX]);

/* The registers of a load, from what it found in memory. */
void emulate_load_done(const struct insn *insn, struct guest_regs *regs, bool big_endian,
	const uint8_t data[ACCESS_BYTES_MAX]);

#endif
