/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests do with an inner guest: a few instruction words at EL1 or EL0, with stage 1 and
 * stage 2 on or off, then back.
 *
 * Its EL1 has vectors that only report: HVC_VECTOR + n for vector n. So whatever ends an inner
 * guest, it ends in an exit to EL2.
 */
#ifndef GUEST_HYP_INNER_H
#define GUEST_HYP_INNER_H

#include "el2.h"
#include "tables.h"

#define INSN_NOP       0xd503201fu
#define INSN_ISB       0xd5033fdfu
#define INSN_HVC(n)    (0xd4000002u | (u32)(n) << 5)
#define INSN_SVC(n)    (0xd4000001u | (u32)(n) << 5)
#define INSN_SMC(n)    (0xd4000003u | (u32)(n) << 5)
#define INSN_BRK(n)    (0xd4200000u | (u32)(n) << 5)
#define INSN_WFI       0xd503207fu
#define INSN_WFE       0xd503205fu
#define INSN_ERET      0xd69f03e0u
#define INSN_LDR_X0_X1 0xf9400020u
#define INSN_STR_X0_X1 0xf9000020u
#define INSN_BR_X1     0xd61f0020u
#define INSN_UDF       0x00000000u
/* MSR and MRS of a register by its encoding, with Xt. */
#define SYSREG(op0, op1, crn, crm, op2) \
	((u32)(op0) << 19 | (u32)(op1) << 16 | (u32)(crn) << 12 | (u32)(crm) << 8 | (u32)(op2) << 5)
#define INSN_MSR(reg, rt)                (0xd5000000u | (reg) | (u32)(rt))
#define INSN_MRS(reg, rt)                (0xd5200000u | (reg) | (u32)(rt))
#define INSN_SYS(op1, crn, crm, op2, rt) (0xd5000000u | SYSREG(1, op1, crn, crm, op2) | (u32)(rt))

/* The last word of what the tests run: at EL1, and at EL0 under EL1. */
#define HVC_DONE                         0x7f
#define SVC_DONE                         0x7e
/* From the inner EL1's vectors. */
#define HVC_VECTOR                       0x100

#define ESR_HVC(n)                       ((u64)EC_HVC << 26 | ESR_IL | (n))
#define ESR_SVC(n)                       ((u64)EC_SVC << 26 | ESR_IL | (n))
#define ESR_OF(ec, iss)                  ((u64)(ec) << 26 | ESR_IL | (iss))
/* Of a trapped MSR (MRS with `read`). */
#define ESR_SYSREG(op0, op1, crn, crm, op2, rt, read)                                       \
	ESR_OF(EC_SYSREG,                                                                   \
		(u64)(op0) << 20 | (u64)(op2) << 17 | (u64)(op1) << 14 | (u64)(crn) << 10 | \
			(u64)(rt) << 5 | (u64)(crm) << 1 | (read))

/* EL1h and EL0, all masked. */
#define INNER_EL1 (SPSR_EL1H | SPSR_DAIF)
#define INNER_EL0 (SPSR_EL0 | SPSR_DAIF)

/*
 * EL1's registers and HCR_EL2 as an inner guest wants them that has neither MMU nor stage 2; x is
 * not touched. Done before every test.
 */
void inner_plain(void);

/*
 * Puts the words into this CPU's page for inner code, with the closing HVC or SVC behind them;
 * returns where it begins. For pstate's EL.
 */
u64 inner_code(u64 pstate, const u32 *words, u32 count);
/* That page. */
u64 inner_code_page(void);

/* Runs words: x is in and out, the rest as inner_run() leaves it. Returns the vector. */
u64 inner_words(struct inner *inner, u64 pstate, const u32 *words, u32 count);
#define INNER_RUN(inner, pstate, ...)                            \
	inner_words(inner, pstate, (const u32[]){ __VA_ARGS__ }, \
		sizeof((const u32[]){ __VA_ARGS__ }) / sizeof(u32))
/* Did it come to its end? */
bool inner_done(const struct inner *inner, u64 pstate);

/*
 * Stage 2 for the inner guest, under that VMID: RAM and the UART's page one to one, by 2 MiB
 * blocks but for what a test maps itself. 39 bits, 4 KiB granule.
 */
void stage2_build(struct tables *tables);
void stage2_on(const struct tables *tables, u64 vmid);
void stage2_off(void);
/* TLBI of all that stages 1 and 2 left of the current VMID, on all CPUs. */
void stage2_tlbi(void);

/* Stage 1 of EL1 likewise: RAM one to one, for EL1 alone but the code page, which EL0 may execute.
 */
void stage1_build(struct tables *tables);
void stage1_on(const struct tables *tables);

/* A page, and 2 MiB, of RAM that tests may use, of which nothing else is. Up to TEST_BLOCKS. */
#define TEST_BLOCKS 4
u64 test_block(u32 n);

/* inner.S */
void inner_vectors(void);
/* The same by SMC, for where HVC does nothing of the kind. */
void inner_vectors_smc(void);

#endif
