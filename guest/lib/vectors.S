/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The 16 vectors: each saves everything into a struct regs (exception.h), FP state too if FP is
 * on, and calls exception_entry(regs).
 */
#include "frame.h"

	.macro	vector number
	.balign	0x80
	sub	sp, sp, #FRAME_SIZE
	stp	x0, x1, [sp]
	mov	x0, #\number
	b	vector_common
	.endm

	.section .vectors, "ax"
	.arch_extension fp
	.arch_extension simd
	.balign	0x800
	.globl	vectors
vectors:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vector	\n
	.endr

	.balign	0x80
vector_common:
	save_x2_x29 sp
	add	x1, sp, #FRAME_SIZE
	stp	x30, x1, [sp, #240]
	mrs	x1, elr_el1
	mrs	x2, spsr_el1
	stp	x1, x2, [sp, #FRAME_ELR]
	mrs	x1, esr_el1
	mrs	x2, far_el1
	stp	x1, x2, [sp, #FRAME_ESR]
	mrs	x1, cpacr_el1
	and	x2, x1, #(3 << 20)
	stp	x0, x1, [sp, #FRAME_VECTOR]
	cmp	x2, #(3 << 20)
	b.eq	1f
	/* FP was off: there is nothing to save, but C may use it. */
	orr	x1, x1, #(3 << 20)
	msr	cpacr_el1, x1
	isb
	b	2f
1:
	save_fp
2:	mov	x0, sp
	bl	exception_entry

	ldr	x1, [sp, #(FRAME_VECTOR + 8)]
	and	x2, x1, #(3 << 20)
	cmp	x2, #(3 << 20)
	b.eq	3f
	msr	cpacr_el1, x1
	isb
	b	4f
3:
	load_fp
4:	ldp	x1, x2, [sp, #FRAME_ELR]
	msr	elr_el1, x1
	msr	spsr_el1, x2
	ldp	x0, x1, [sp]
	load_x2_x29 sp
	ldr	x30, [sp, #240]
	add	sp, sp, #FRAME_SIZE
	eret
