/* SPDX-License-Identifier: BSD-3-Clause */
	.text

	.macro	full_call name, instruction:vararg
	.globl	\name
\name:
	stp	x29, x30, [sp, #-112]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	str	x0, [sp, #96]
	mov	x30, x0
	ldp	x0, x1, [x30]
	.irp	n, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28
	pair	ldp, \n
	.endr
	ldr	x30, [x30, #240]
	\instruction
	str	x30, [sp, #104]
	ldr	x30, [sp, #96]
	stp	x0, x1, [x30]
	.irp	n, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28
	pair	stp, \n
	.endr
	ldr	x0, [sp, #104]
	str	x0, [x30, #240]
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #112
	ret
	.endm

	/* Registers n and n + 1. */
	.altmacro
	.macro	pair_of instruction, n, m
	\instruction	x\n, x\m, [x30, #8 * \n]
	.endm
	.macro	pair instruction, n
	pair_of	\instruction, \n, %(\n + 1)
	.endm

	full_call call_hvc, hvc #0
	full_call call_smc, smc #0
	full_call call_hvc_immediate, hvc #0x100
	full_call call_smc_immediate, smc #0x1ff

/* void echo_for_ever(u64 records) */
	.globl	echo_for_ever
echo_for_ever:
	mov	x5, x0
	ldr	x3, =0xc6000011
	ldr	x4, =0xc200000b
	mov	x1, #-1
	mov	x2, #0
1:	mov	x0, x3
	hvc	#0
	mov	x1, x0
	ubfiz	x0, x0, #8, #8
	ldr	x6, [x5, x0]
	str	xzr, [x5, x0]
	cmp	x6, x4
	b.ne	1b
	mov	x0, x3
	mov	x2, #1
	hvc	#0
	ret
