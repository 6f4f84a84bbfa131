/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * size_t copy_fault_safe(void *destination, const void *source, size_t n)
 *
 * By the largest unit that both addresses and n are multiples of, of 8, 4, 2 and 1 bytes, each with one load and one
 * store: what another CPU writes at the same time is never seen in halves.
 *
 * An abort between __uaccess_start and __uaccess_end continues at __uaccess_fixup (el2_exception.c). The vectors use
 * SP_EL0, which is the guest's, as scratch register: it is kept here.
 */
	.section .text.uaccess, "ax"
	.globl	copy_fault_safe, __uaccess_start, __uaccess_end, __uaccess_fixup
	.type	copy_fault_safe, %function
copy_fault_safe:
	hint	#34			/* bti c */
	mrs	x5, sp_el0
	mov	x6, x2
	orr	x3, x0, x1
	orr	x3, x3, x2
__uaccess_start:
	tst	x3, #7			/* all multiples of eight? */
	b.ne	2f
1:	cbz	x2, 6f
	ldr	x4, [x1], #8
	str	x4, [x0], #8
	sub	x2, x2, #8
	b	1b
2:	tst	x3, #3			/* of four? */
	b.ne	4f
3:	cbz	x2, 6f
	ldr	w4, [x1], #4
	str	w4, [x0], #4
	sub	x2, x2, #4
	b	3b
4:	tst	x3, #1			/* of two? */
	b.ne	5f
	cbz	x2, 6f
	ldrh	w4, [x1], #2
	strh	w4, [x0], #2
	sub	x2, x2, #2
	b	4b
5:	cbz	x2, 6f
	ldrb	w4, [x1], #1
	strb	w4, [x0], #1
	sub	x2, x2, #1
	b	5b
__uaccess_end:
6:	mov	x0, #0
	ret
__uaccess_fixup:
	msr	sp_el0, x5
	mov	x0, x6
	ret
	.size	copy_fault_safe, . - copy_fault_safe
