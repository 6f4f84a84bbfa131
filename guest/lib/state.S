/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Operations between a full load and a full store of the registers: state.h.
 */
	.arch_extension fp
	.arch_extension simd

#define STATE_NZCV 248
#define STATE_FPSR 256
#define STATE_FPCR 264
#define STATE_Q 272

	.macro	operation name
	.section .text.\name, "ax"
	.globl	\name
\name:
	stp	x29, x30, [sp, #-176]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	stp	d8, d9, [sp, #96]
	stp	d10, d11, [sp, #112]
	stp	d12, d13, [sp, #128]
	stp	d14, d15, [sp, #144]
	str	x1, [sp, #160]
	add	x1, x0, #STATE_Q
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	ldr	q\n, [x1], #16
	.endr
	ldp	x1, x2, [x0, #STATE_FPSR]
	msr	fpsr, x1
	msr	fpcr, x2
	ldr	x1, [x0, #STATE_NZCV]
	msr	nzcv, x1
	ldp	x2, x3, [x0, #16]
	ldp	x4, x5, [x0, #32]
	ldp	x6, x7, [x0, #48]
	ldp	x8, x9, [x0, #64]
	ldp	x10, x11, [x0, #80]
	ldp	x12, x13, [x0, #96]
	ldp	x14, x15, [x0, #112]
	ldp	x16, x17, [x0, #128]
	ldp	x18, x19, [x0, #144]
	ldp	x20, x21, [x0, #160]
	ldp	x22, x23, [x0, #176]
	ldp	x24, x25, [x0, #192]
	ldp	x26, x27, [x0, #208]
	ldp	x28, x29, [x0, #224]
	ldr	x30, [x0, #240]
	ldp	x0, x1, [x0]
	.endm

	.macro	end_operation
	stp	x0, x1, [sp, #-16]!
	ldr	x0, [sp, #176]			/* out */
	stp	x2, x3, [x0, #16]
	stp	x4, x5, [x0, #32]
	stp	x6, x7, [x0, #48]
	stp	x8, x9, [x0, #64]
	stp	x10, x11, [x0, #80]
	stp	x12, x13, [x0, #96]
	stp	x14, x15, [x0, #112]
	stp	x16, x17, [x0, #128]
	stp	x18, x19, [x0, #144]
	stp	x20, x21, [x0, #160]
	stp	x22, x23, [x0, #176]
	stp	x24, x25, [x0, #192]
	stp	x26, x27, [x0, #208]
	stp	x28, x29, [x0, #224]
	str	x30, [x0, #240]
	ldp	x1, x2, [sp], #16
	stp	x1, x2, [x0]
	mrs	x1, nzcv
	str	x1, [x0, #STATE_NZCV]
	mrs	x1, fpsr
	mrs	x2, fpcr
	stp	x1, x2, [x0, #STATE_FPSR]
	add	x1, x0, #STATE_Q
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	str	q\n, [x1], #16
	.endr
	msr	fpcr, xzr
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	d8, d9, [sp, #96]
	ldp	d10, d11, [sp, #112]
	ldp	d12, d13, [sp, #128]
	ldp	d14, d15, [sp, #144]
	ldp	x29, x30, [sp], #176
	ret
	.endm

	operation state_nothing
	nop
	end_operation

	operation state_hvc
	hvc	#0
	end_operation

	operation state_smc
	smc	#0
	end_operation

	operation state_svc
	svc	#0x1f
	end_operation

	operation state_load
	ldr	w5, [x6]
	end_operation

	operation state_load64
	ldr	x5, [x6]
	end_operation

	operation state_store
	str	w5, [x6]
	end_operation

	operation state_load_pair
	ldp	w4, w5, [x6]
	end_operation

	operation state_load_post
	ldr	w5, [x6], #4
	end_operation

	operation state_load_fp
	ldr	s5, [x6]
	end_operation

	operation state_id_register
	mrs	x5, id_aa64pfr0_el1
	end_operation

	operation state_wfi
	wfi
	end_operation

	operation state_spin
1:	isb
	mrs	x5, cntvct_el0
	cmp	x5, x6
	b.lo	1b
	end_operation

	operation state_sgi
	msr	S3_0_C12_C11_5, x6
	isb
	end_operation

/* void state_look(struct state *out): the FP registers as they are. */
	.section .text.state_look, "ax"
	.globl	state_look
state_look:
	add	x1, x0, #STATE_Q
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	str	q\n, [x1], #16
	.endr
	ret
