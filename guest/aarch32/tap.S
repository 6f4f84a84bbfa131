/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TAP on the PL011, in ARM and Thumb code.
 */
#include "macros.h"

/* r0: a character. Keeps all but r0, r1, r2. */
thumb_function put_char
	ldr	r1, =UART
1:	ldr	r2, [r1, #UART_FR]
	lsls	r2, r2, #26			/* TXFF is bit 5 */
	bmi	1b
	strb	r0, [r1]
	bx	lr
	.ltorg

/* r0: a string. */
thumb_function put_text
	push	{r4, lr}
	mov	r4, r0
1:	ldrb	r0, [r4], #1
	cbz	r0, 2f
	bl	put_char
	b	1b
2:	pop	{r4, pc}

/* r0: below 1000. */
function put_decimal
	push	{r4-r6, lr}
	mov	r4, r0
	mov	r5, #100
	mov	r6, #0				/* something was printed */
1:	udiv	r0, r4, r5
	mls	r4, r0, r5, r4
	orrs	r6, r6, r0
	cmpeq	r5, #1
	beq	3f
	cmp	r6, #0
	beq	2f
3:	add	r0, r0, #'0'
	blx	put_char
2:	mov	r0, #10
	udiv	r5, r5, r0
	cmp	r5, #0
	bne	1b
	pop	{r4-r6, pc}

/* r0: printed as 0x and eight digits. */
function put_hex
	push	{r4, r5, lr}
	mov	r4, r0
	text	r0, "0x"
	blx	put_text
	mov	r5, #28
1:	lsr	r0, r4, r5
	and	r0, r0, #15
	cmp	r0, #10
	addlo	r0, r0, #'0'
	addhs	r0, r0, #('a' - 10)
	blx	put_char
	subs	r5, r5, #4
	bpl	1b
	pop	{r4, r5, pc}

/*
 * QEMU 10 has one SPSR for the mode that AArch32 is in, which EL2 can't write: then the handler
 * finds what the test had in its own, SPSR_MARK (or, when the CPU was another's meanwhile, what that
 * left there). If the last exception shows that, it is kept in mind: nothing of SPSR is tested then.
 */
function tap_spsr_probe
	ldr	r3, =record
	ldr	r3, [r3, #REC_SPSR]
	ldr	r0, =SPSR_MARK
	cmp	r3, r0
	ldreq	r3, =unwritable
	moveq	r0, #1
	streq	r0, [r3]
	bx	lr
	.ltorg

/* r0: which bits of the last exception's SPSR, r1: what they must be, r2: what is tested. */
function tap_spsr_is
	push	{r4, lr}
	ldr	r3, =unwritable
	ldr	r4, [r3]
	cmp	r4, #0
	ldrne	r3, =skipped
	strne	r4, [r3]
	movne	r0, r1
	ldreq	r3, =record
	ldreq	r3, [r3, #REC_SPSR]
	andeq	r0, r3, r0
	bl	tap_is
	pop	{r4, pc}
	.ltorg

/* r0: found, r1: expected, r2: what is tested. Keeps r4 to r11. */
function tap_is
	push	{r4-r7, lr}
	mov	r4, r0
	mov	r5, r1
	mov	r6, r2
	ldr	r7, =counts
	ldr	r0, [r7]
	add	r0, r0, #1
	str	r0, [r7]
	cmp	r4, r5
	beq	1f
	ldr	r0, [r7, #4]
	add	r0, r0, #1
	str	r0, [r7, #4]
	text	r0, "not "
	blx	put_text
1:	text	r0, "ok "
	blx	put_text
	ldr	r0, [r7]
	bl	put_decimal
	text	r0, " - "
	blx	put_text
	mov	r0, r6
	blx	put_text
	ldr	r7, =skipped
	ldr	r0, [r7]
	cmp	r0, #0
	beq	3f
	mov	r0, #0
	str	r0, [r7]
	text	r0, " # SKIP this CPU's SPSR is not to be written at EL2"
	blx	put_text
3:	text	r0, "\n"
	blx	put_text
	cmp	r4, r5
	beq	2f
	text	r0, "# found "
	blx	put_text
	mov	r0, r4
	bl	put_hex
	text	r0, ", expected "
	blx	put_text
	mov	r0, r5
	bl	put_hex
	text	r0, "\n"
	blx	put_text
2:	pop	{r4-r7, pc}
	.ltorg

/* The plan, and the totals. */
function tap_done
	push	{r4, lr}
	ldr	r4, =counts
	text	r0, "1.."
	blx	put_text
	ldr	r0, [r4]
	bl	put_decimal
	text	r0, "\n# passed "
	blx	put_text
	ldr	r0, [r4]
	ldr	r1, [r4, #4]
	sub	r0, r0, r1
	bl	put_decimal
	text	r0, " failed "
	blx	put_text
	ldr	r0, [r4, #4]
	bl	put_decimal
	text	r0, "\n"
	blx	put_text
	pop	{r4, pc}
	.ltorg

	.bss
	.balign	4
counts:
	.space	8
skipped:
	.space	4
unwritable:
	.space	4
