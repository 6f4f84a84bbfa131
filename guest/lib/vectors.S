/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The 16 vectors: each saves everything into a struct regs (exception.h), FP state too if FP is
 * on, and calls exception_entry(regs).
 */
#define FRAME_SIZE 832
#define FRAME_SP 248
#define FRAME_ELR 256
#define FRAME_ESR 272
#define FRAME_VECTOR 288
#define FRAME_FPSR 304
#define FRAME_Q 320

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
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
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
	mrs	x1, fpsr
	mrs	x2, fpcr
	stp	x1, x2, [sp, #FRAME_FPSR]
	add	x1, sp, #FRAME_Q
	stp	q0, q1, [x1]
	stp	q2, q3, [x1, #32]
	stp	q4, q5, [x1, #64]
	stp	q6, q7, [x1, #96]
	stp	q8, q9, [x1, #128]
	stp	q10, q11, [x1, #160]
	stp	q12, q13, [x1, #192]
	stp	q14, q15, [x1, #224]
	stp	q16, q17, [x1, #256]
	stp	q18, q19, [x1, #288]
	stp	q20, q21, [x1, #320]
	stp	q22, q23, [x1, #352]
	stp	q24, q25, [x1, #384]
	stp	q26, q27, [x1, #416]
	stp	q28, q29, [x1, #448]
	stp	q30, q31, [x1, #480]
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
	ldp	x1, x2, [sp, #FRAME_FPSR]
	msr	fpsr, x1
	msr	fpcr, x2
	add	x1, sp, #FRAME_Q
	ldp	q0, q1, [x1]
	ldp	q2, q3, [x1, #32]
	ldp	q4, q5, [x1, #64]
	ldp	q6, q7, [x1, #96]
	ldp	q8, q9, [x1, #128]
	ldp	q10, q11, [x1, #160]
	ldp	q12, q13, [x1, #192]
	ldp	q14, q15, [x1, #224]
	ldp	q16, q17, [x1, #256]
	ldp	q18, q19, [x1, #288]
	ldp	q20, q21, [x1, #320]
	ldp	q22, q23, [x1, #352]
	ldp	q24, q25, [x1, #384]
	ldp	q26, q27, [x1, #416]
	ldp	q28, q29, [x1, #448]
	ldp	q30, q31, [x1, #480]
4:	ldp	x1, x2, [sp, #FRAME_ELR]
	msr	elr_el1, x1
	msr	spsr_el1, x2
	ldp	x0, x1, [sp]
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldp	x18, x19, [sp, #144]
	ldp	x20, x21, [sp, #160]
	ldp	x22, x23, [sp, #176]
	ldp	x24, x25, [sp, #192]
	ldp	x26, x27, [sp, #208]
	ldp	x28, x29, [sp, #224]
	ldr	x30, [sp, #240]
	add	sp, sp, #FRAME_SIZE
	eret
