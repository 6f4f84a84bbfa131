/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One instruction at any EL, with stage 1 on or off: run.h. Nothing is loaded or stored from the
 * write to SCTLR_EL1 until it is written back, so that it doesn't matter what is in a cache then.
 */
	.text

/* void run(u32 *at, u64 x0, u64 spsr, u64 sctlr, struct run *result) */
	.globl	run
run:
	mrs	x9, vbar_el1
	mrs	x10, daif
	mrs	x11, sctlr_el1
	mov	x12, x30
	msr	daifset, #15
	adr	x13, run_vectors
	msr	vbar_el1, x13
	msr	elr_el1, x0
	msr	spsr_el1, x2
	isb
	mov	x0, x1
	msr	sctlr_el1, x3
	isb
	eret

/* It always comes back by an exception: its own, or that of the SVC behind it. */
run_back:
	msr	sctlr_el1, x11
	isb
	mrs	x5, esr_el1
	mrs	x6, far_el1
	mrs	x7, elr_el1
	msr	vbar_el1, x9
	isb
	stp	x5, x6, [x4]
	str	x7, [x4, #16]
	msr	daif, x10
	ret	x12

	.balign	0x800
run_vectors:
	.rept	16
	.balign	0x80
	b	run_back
	.endr
	.balign	0x80
