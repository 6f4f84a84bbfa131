/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * void smc_call(struct smc_regs *regs)
 *
 * x0-x17 from regs, SMC #0, and back; x18-x30 are preserved by the callee (SMCCC 1.1 and later; 1.0 firmware may
 * corrupt x4-x17 only).
 */
	.section .text.smc, "ax"
	.globl	smc_call
	.type	smc_call, %function
smc_call:
	hint	#34			/* bti c */
	stp	x29, x30, [sp, #-32]!
	mov	x29, sp
	str	x0, [sp, #16]
	mov	x30, x0
	ldp	x0, x1, [x30]
	ldp	x2, x3, [x30, #16 * 1]
	ldp	x4, x5, [x30, #16 * 2]
	ldp	x6, x7, [x30, #16 * 3]
	ldp	x8, x9, [x30, #16 * 4]
	ldp	x10, x11, [x30, #16 * 5]
	ldp	x12, x13, [x30, #16 * 6]
	ldp	x14, x15, [x30, #16 * 7]
	ldp	x16, x17, [x30, #16 * 8]
	smc	#0
	ldr	x30, [sp, #16]
	stp	x0, x1, [x30]
	stp	x2, x3, [x30, #16 * 1]
	stp	x4, x5, [x30, #16 * 2]
	stp	x6, x7, [x30, #16 * 3]
	stp	x8, x9, [x30, #16 * 4]
	stp	x10, x11, [x30, #16 * 5]
	stp	x12, x13, [x30, #16 * 6]
	stp	x14, x15, [x30, #16 * 7]
	stp	x16, x17, [x30, #16 * 8]
	ldp	x29, x30, [sp], #32
	ret
	.size	smc_call, . - smc_call
