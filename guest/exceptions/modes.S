/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Into other modes, to fault there: modes.h.
 */
	.text
	.arch_extension fp

	.globl	enter_el0
enter_el0:
	ldp	x1, x2, [x0]
	ldr	x3, [x0, #16]
	msr	elr_el1, x1
	msr	sp_el0, x2
	msr	spsr_el1, x3
	eret

	.globl	load_from_stack
load_from_stack:
	ldr	x1, [x0]
	msr	sp_el0, x1
	msr	spsel, #0
	ldr	x2, [sp]
	msr	spsel, #1
	ret

	.globl	illegal_return
illegal_return:
	adr	x1, 1f
	msr	elr_el1, x1
	mov	x2, #0x3c5
	orr	x2, x2, #(1 << 20)
	msr	spsr_el1, x2
	str	x1, [x0]
	eret
1:	nop
	ret

	.globl	use_fp_when_off
use_fp_when_off:
	msr	cpacr_el1, xzr
	isb
	fmov	d0, x0
	ret
