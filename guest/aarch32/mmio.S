/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Loads and stores of an emulated device: each size and extension, in ARM and Thumb code, with the
 * registers of each mode, big-endian.
 */
#include "macros.h"

#define PATTERN 0x8384f5f6

function test_mmio
	push	{r4-r11, lr}
	ldr	r4, =SCRATCH
	ldr	r5, =PATTERN
	str	r5, [r4, #8]
	ldr	r0, [r4, #8]
	is	PATTERN, "LDR gives what STR stored"
	ldrh	r0, [r4, #8]
	is	0xf5f6, "LDRH"
	ldrsh	r0, [r4, #8]
	is	0xfffff5f6, "LDRSH"
	ldrb	r0, [r4, #9]
	is	0xf5, "LDRB"
	ldrsb	r0, [r4, #9]
	is	0xfffffff5, "LDRSB"
	ldrsb	r0, [r4, #11]
	is	0xffffff83, "LDRSB of the last byte"
	mov	r0, #0
	str	r0, [r4, #12]
	strh	r5, [r4, #12]
	ldr	r0, [r4, #12]
	is	0xf5f6, "STRH"
	strb	r5, [r4, #14]
	ldr	r0, [r4, #12]
	is	0x00f6f5f6, "STRB"
	blx	thumb_mmio
	bl	test_big_endian
	bl	test_banked_loads
	bl	test_banked_stores
	pop	{r4-r11, pc}
	.ltorg

/* 16-bit and 32-bit encodings. r4: the device. */
	.macro	thumb_is expected, string:vararg
	ldr	r1, =\expected
	ldr	r2, =5f
	.pushsection .rodata
5:	.asciz	\string
	.popsection
	blx	tap_is
	.endm

thumb_function thumb_mmio
	push	{lr}
	ldr.n	r0, [r4, #8]
	thumb_is PATTERN, "Thumb: LDR"
	ldrh.n	r0, [r4, #8]
	thumb_is 0xf5f6, "Thumb: LDRH"
	movs	r1, #8
	ldrsh.n	r0, [r4, r1]
	thumb_is 0xfffff5f6, "Thumb: LDRSH"
	movs	r1, #9
	ldrsb.n	r0, [r4, r1]
	thumb_is 0xfffffff5, "Thumb: LDRSB"
	ldrsh.w	r0, [r4, #10]
	thumb_is 0xffff8384, "Thumb: LDRSH, 32-bit encoding"
	ldr.w	r9, [r4, #8]
	mov	r0, r9
	thumb_is PATTERN, "Thumb: LDR of r9"
	movs	r0, #0x99
	strb.n	r0, [r4, #16]
	strh.w	r0, [r4, #18]
	ldr.n	r0, [r4, #16]
	thumb_is 0x00990099, "Thumb: STRB, STRH"
	pop	{pc}
	.ltorg

function test_big_endian
	push	{r4-r6, lr}
	setend	be
	ldr	r0, [r4, #8]
	ldrsh	r6, [r4, #10]
	str	r5, [r4, #20]
	setend	le
	is	0xf6f58483, "big-endian LDR"
	mov	r0, r6
	is	0xffff8483, "big-endian LDRSH"
	ldr	r0, [r4, #20]
	is	0xf6f58483, "big-endian STR"
	pop	{r4-r6, pc}
	.ltorg

/* r13 and r14 of each mode, and r8 to r12 of FIQ mode. r4: the device, r5: what is there. */
function test_banked_loads
	push	{r4-r11, lr}
	mrs	r6, cpsr
	mov	r7, sp
	.irp	mode, MODE_IRQ, MODE_ABT, MODE_UND, MODE_SYS, MODE_FIQ, MODE_SVC
	msr	cpsr_c, #(PSR_IF | \mode)
	mov	r3, sp
	mov	lr, #0
	ldr	lr, [r4, #8]
	mov	r0, lr
	ldr	sp, [r4, #8]
	mov	r2, sp
	mov	sp, r3
	msr	cpsr_c, r6
	eor	r0, r0, r5
	eor	r2, r2, r5
	orr	r0, r0, r2
	is	0, "LDR of lr and sp in mode \mode"
	.endr
	mov	r0, sp
	mov	r1, r7
	is_r1	"... and SVC mode's sp is its own"
	.irp	reg, 8, 9, 10, 11, 12
	mov	r\reg, #\reg
	msr	cpsr_c, #(PSR_IF | MODE_FIQ)
	ldr	r\reg, [r4, #8]
	mov	r0, r\reg
	msr	cpsr_c, r6
	sub	r2, r\reg, #\reg
	eor	r0, r0, r5
	orr	r0, r0, r2
	is	0, "LDR of r\reg in FIQ mode"
	.endr
	pop	{r4-r11, pc}
	.ltorg

function test_banked_stores
	push	{r4-r11, lr}
	mrs	r6, cpsr
	.irp	mode, MODE_IRQ, MODE_ABT, MODE_UND, MODE_SYS, MODE_FIQ
	msr	cpsr_c, #(PSR_IF | \mode)
	ldr	lr, =(0xa0b0c000 + \mode)
	str	lr, [r4, #24]
	mrc	p15, 0, lr, c0, c1, 0		/* ID_PFR0, trapped */
	mov	r3, lr
	msr	cpsr_c, r6
	mrc	p15, 0, r2, c0, c1, 0
	ldr	r0, [r4, #24]
	eor	r3, r3, r2
	orr	r0, r0, r3
	is	(0xa0b0c000 + \mode), "STR and MRC of lr in mode \mode"
	.endr
	pop	{r4-r11, pc}
	.ltorg
