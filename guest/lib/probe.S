/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ways into probed code and back: exception.c.
 */
#include "frame.h"

	.text

/* void probe_enter(u32 *at, u64 *x): run *at with x0-x7 from and to x. */
	.globl	probe_enter
probe_enter:
	save_callee
	mov	x19, x1
	mov	x9, x0
	ldp	x0, x1, [x19]
	ldp	x2, x3, [x19, #16]
	ldp	x4, x5, [x19, #32]
	ldp	x6, x7, [x19, #48]
	blr	x9
	stp	x0, x1, [x19]
	stp	x2, x3, [x19, #16]
	stp	x4, x5, [x19, #32]
	stp	x6, x7, [x19, #48]
	restore_callee
	ret

/* void probe_enter_call(fn, u64 *x, u64 *unwind_sp): fn(x), an exception returns from here. */
	.globl	probe_enter_call
probe_enter_call:
	save_callee
	mov	x9, sp
	str	x9, [x2]
	mov	x9, x0
	mov	x0, x1
	blr	x9
	mov	x0, sp
/* After an exception: x0 = the stack pointer of above. */
	.globl	probe_unwind
probe_unwind:
	msr	spsel, #1
	mov	sp, x0
	restore_callee
	ret
