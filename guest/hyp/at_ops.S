/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * u64 at_NAME(u64 va): the instruction, and PAR_EL1 after it, which was something else before.
 */
	.text

	.macro	at_function name, op1, crm, op2
	.globl	at_\name
at_\name:
	mov	x1, #0x5a5a
	lsl	x1, x1, #16
	msr	par_el1, x1
	isb
	sys	#\op1, c7, c\crm, #\op2, x0
	isb
	mrs	x0, par_el1
	ret
	.endm

	at_function s1e1r, 0, 8, 0
	at_function s1e1w, 0, 8, 1
	at_function s1e0r, 0, 8, 2
	at_function s1e0w, 0, 8, 3
	at_function s1e1rp, 0, 9, 0
	at_function s1e1wp, 0, 9, 1
	at_function s1e2r, 4, 8, 0
	at_function s1e2w, 4, 8, 1
	at_function s12e1r, 4, 8, 4
	at_function s12e1w, 4, 8, 5
	at_function s12e0r, 4, 8, 6
	at_function s12e0w, 4, 8, 7
