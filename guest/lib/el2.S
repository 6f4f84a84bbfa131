/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EL2: vectors, set-up of a CPU, and the way into an inner guest and back (el2.h).
 */
#include "frame.h"

#define INNER_PC 248
#define INNER_VECTOR 264
#define INNER_ESR 272
#define INNER_SP 296

	.macro	vector_el2 number
	.balign	0x80
	sub	sp, sp, #FRAME_SIZE
	stp	x0, x1, [sp]
	mov	x1, #\number
	.if	\number >= 8
	/* From an inner guest? TPIDR_EL2 says which. */
	mrs	x0, tpidr_el2
	cbnz	x0, inner_exit
	.endif
	b	vector_el2_common
	.endm

	.section .vectors, "ax"
	.arch_extension fp
	.arch_extension simd
	.balign	0x800
	.globl	vectors_el2
vectors_el2:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vector_el2 \n
	.endr

	.balign	0x80
vector_el2_common:
	save_x2_x29 sp
	mov	x0, x1
	add	x1, sp, #FRAME_SIZE
	stp	x30, x1, [sp, #240]
	mrs	x1, elr_el2
	mrs	x2, spsr_el2
	stp	x1, x2, [sp, #FRAME_ELR]
	mrs	x1, esr_el2
	mrs	x2, far_el2
	stp	x1, x2, [sp, #FRAME_ESR]
	stp	x0, xzr, [sp, #FRAME_VECTOR]
	save_fp
	mov	x0, sp
	bl	exception_entry
	load_fp
	ldp	x1, x2, [sp, #FRAME_ELR]
	msr	elr_el2, x1
	msr	spsr_el2, x2
	ldp	x0, x1, [sp]
	load_x2_x29 sp
	ldr	x30, [sp, #240]
	add	sp, sp, #FRAME_SIZE
	eret

/* x0 = the struct inner, x1 = the vector; its x0 and x1 are on the stack. */
inner_exit:
	save_x2_x29 x0
	ldp	x2, x3, [sp]
	stp	x2, x3, [x0]
	mrs	x2, elr_el2
	stp	x30, x2, [x0, #240]
	mrs	x2, spsr_el2
	stp	x2, x1, [x0, #(INNER_VECTOR - 8)]
	mrs	x2, esr_el2
	mrs	x3, far_el2
	stp	x2, x3, [x0, #INNER_ESR]
	msr	tpidr_el2, xzr
	ldr	x2, [x0, #INNER_SP]
	mov	sp, x2
	mov	x0, x1
	restore_callee
	ret

	.text
/* u64 inner_enter(struct inner *inner) */
	.globl	inner_enter
inner_enter:
	save_callee
	mov	x1, sp
	str	x1, [x0, #INNER_SP]
	msr	tpidr_el2, x0
	ldp	x1, x2, [x0, #INNER_PC]
	msr	elr_el2, x1
	msr	spsr_el2, x2
	load_x2_x29 x0
	ldr	x30, [x0, #240]
	ldp	x0, x1, [x0]
	eret

/* cpu_setup's part at EL2: as EL2's own E2H says; el2_setup() may change that. Uses x1, x2. */
	.globl	el2_cpu_setup
el2_cpu_setup:
	ldr	x1, =0x30c50830
	msr	sctlr_el2, x1
	msr	tpidr_el2, xzr
	mrs	x1, hcr_el2
	mov	x2, #0x33ff
	tbz	x1, #34, 1f
	mov	x2, #(3 << 20)
1:	msr	cptr_el2, x2
	adr	x1, vectors_el2
	msr	vbar_el2, x1
	isb
	ret

/* el2_reset[] of el2.h: once, before anything is changed. Uses x1, x2. */
	.globl	el2_note_reset
el2_note_reset:
	mrs	x1, CurrentEL
	tbz	x1, #3, 1f
	adr	x2, el2_reset
	mrs	x1, hcr_el2
	str	x1, [x2]
	mrs	x1, sctlr_el2
	str	x1, [x2, #8]
	mrs	x1, cptr_el2
	str	x1, [x2, #16]
	mrs	x1, vttbr_el2
	str	x1, [x2, #24]
	mrs	x1, vtcr_el2
	str	x1, [x2, #32]
	mrs	x1, hstr_el2
	str	x1, [x2, #40]
	mrs	x1, vpidr_el2
	str	x1, [x2, #48]
	mrs	x1, vmpidr_el2
	str	x1, [x2, #56]
	mrs	x1, cnthp_ctl_el2
	str	x1, [x2, #64]
	mrs	x1, daif
	str	x1, [x2, #72]
	mrs	x1, spsel
	str	x1, [x2, #80]
1:	ret

/* void el2_set_form(u64 hcr, u64 cptr): both at once, since CPTR_EL2 has another format. */
	.globl	el2_set_form
el2_set_form:
	msr	hcr_el2, x0
	isb
	msr	cptr_el2, x1
	isb
	ret

	.ltorg

	/* Not what start.S clears. */
	.data
	.balign	8
	.globl	el2_reset
el2_reset:
	.skip	88
