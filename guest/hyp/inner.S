/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The inner guest's EL1 vectors: each reports itself to EL2 (inner.h).
 */
	.text

	.macro	report_vectors name, instruction
	.balign	0x800
	.globl	\name
\name:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	.balign	0x80
	\instruction	#(0x100 + \n)
	eret
	.endr
	.endm

	report_vectors inner_vectors, hvc
	report_vectors inner_vectors_smc, smc
