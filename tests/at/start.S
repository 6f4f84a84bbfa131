/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EL3, with its own translation off: so tables and registers of EL1 and EL2 may say anything.
 */
#define STACK_SIZE 0x10000
#define SCR_EL3 0x501	/* NS, HCE, RW */

	.section .start, "ax"
	.globl	_start
_start:
	mrs	x0, mpidr_el1
	and	x0, x0, #0xff
	cbnz	x0, .
	adrp	x0, stack_end
	add	x0, x0, :lo12:stack_end
	mov	sp, x0
	adr	x0, vectors
	msr	vbar_el3, x0
	mov	x0, #SCR_EL3
	msr	scr_el3, x0
	msr	cptr_el3, xzr
	isb
	bl	at_main
	b	.

/*
 * An abort of an AT: its syndrome is kept, and it is passed over. All others are fatal.
 */
	.balign	0x800
vectors:
	.irp	n, 0, 1, 2, 3
	.balign	0x80
	mov	x0, #\n
	b	fatal
	.endr
	.balign	0x80
	b	own_sync
	.irp	n, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	.balign	0x80
	mov	x0, #\n
	b	fatal
	.endr

	.balign	0x80
own_sync:
	stp	x0, x1, [sp, #-32]!
	str	x2, [sp, #16]
	adrp	x0, at_expected
	ldr	w1, [x0, :lo12:at_expected]
	cbz	w1, 1f
	mrs	x1, esr_el3
	adrp	x0, at_syndrome
	str	x1, [x0, :lo12:at_syndrome]
	mrs	x1, elr_el3
	add	x1, x1, #4
	msr	elr_el3, x1
	ldr	x2, [sp, #16]
	ldp	x0, x1, [sp], #32
	eret
1:	mov	x0, #4
fatal:
	mrs	x1, esr_el3
	mrs	x2, elr_el3
	mrs	x3, far_el3
	bl	at_fatal
	b	.

	.bss
	.balign	16
	.space	STACK_SIZE
stack_end:
